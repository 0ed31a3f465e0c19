// SPDX-License-Identifier: Apache-2.0
//
// Claims about points on curves: in lanes, one by one and affine, against affine.h, modulo primes
// and modulo products of two, of which one alone may hold the claim. And steps of certificates:
// their bounds at the borders, small n by brute force, and forgeries that have every size right.

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/curve/curve.h"
#include "../../CKernels/verify/conditions.h"
#include "affine.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static uint64_t below(uint64_t n) { return next_random() % n; }

// --- Claims --------------------------------------------------------------------------------------

typedef struct numbers {
    mpz_t n, a, x, y, s, q;
} numbers;

static void make_numbers(numbers *c) {
    mpz_inits(c->n, c->a, c->x, c->y, c->s, c->q, (mpz_ptr)NULL);
}

static void clear_numbers(numbers *c) {
    mpz_clears(c->n, c->a, c->x, c->y, c->s, c->q, (mpz_ptr)NULL);
}

static prk_curve_claim claim_of(const numbers *c) {
    return (prk_curve_claim){c->n, c->a, c->x, c->y, c->s, c->q};
}

// What is true of the claim modulo a prime that divides n.
static prk_curve_answer answer_modulo(const numbers *c, mpz_srcptr p) {
    affine r = {.is_zero = false};
    mpz_t a;
    mpz_inits(r.x, r.y, a, (mpz_ptr)NULL);
    mpz_mod(r.x, c->x, p);
    mpz_mod(r.y, c->y, p);
    mpz_mod(a, c->a, p);
    affine_multiply(&r, c->s, a, p);
    prk_curve_answer answer = PRK_CURVE_NOT_A_UNIT;
    if (!r.is_zero) {
        affine_multiply(&r, c->q, a, p);
        answer = r.is_zero ? PRK_CURVE_SHOWN : PRK_CURVE_NOT_ZERO;
    }
    mpz_clears(r.x, r.y, a, (mpz_ptr)NULL);
    return answer;
}

static const char *name_of(prk_curve_answer answer) {
    static const char *const names[] = {"shown", "not a unit", "not zero", "undecided"};
    return names[answer];
}

// Each way to look at claims, 1 … 8 of them; `wanted` of each.
static void expect_answers(const numbers *list, const prk_curve_answer *wanted, size_t count) {
    prk_curve_claim claims[8];
    prk_curve_answer in_lanes[8], alone, affinely;
    size_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        claims[i] = claim_of(&list[i]);
        const size_t size = mpz_sizeinbase(list[i].n, 2);
        bits = size > bits ? size : bits;
        EXPECT(prk_curve_look(&claims[i], scratch, NULL, &alone) == PRK_STATUS_OK, "memory");
        EXPECT(alone == PRK_CURVE_UNDECIDED || alone == wanted[i], "%zu bits: %s, not %s", size,
               name_of(alone), name_of(wanted[i]));
        // Points as certificates have them leave nothing open.
        EXPECT(wanted[i] != PRK_CURVE_SHOWN || alone != PRK_CURVE_UNDECIDED ||
                   mpz_sizeinbase(list[i].q, 2) < 16,
               "%zu bits: undecided", size);
        if (size < 700 || below(4) == 0) {
            prk_curve_decide(&claims[i], scratch, NULL, &affinely);
            EXPECT(affinely == wanted[i], "affine, %zu bits: %s, not %s", size, name_of(affinely),
                   name_of(wanted[i]));
        }
    }
    if (prk_curve_lanes_take(bits)) {
        EXPECT(prk_curve_look_in_lanes(claims, count, scratch, NULL, in_lanes) == PRK_STATUS_OK,
               "memory");
        for (size_t i = 0; i < count; i++) {
            EXPECT(in_lanes[i] == PRK_CURVE_UNDECIDED || in_lanes[i] == wanted[i],
                   "lane %zu of %zu, %zu bits: %s, not %s", i, count, mpz_sizeinbase(list[i].n, 2),
                   name_of(in_lanes[i]), name_of(wanted[i]));
            EXPECT(wanted[i] != PRK_CURVE_SHOWN || in_lanes[i] != PRK_CURVE_UNDECIDED ||
                       mpz_sizeinbase(list[i].q, 2) < 16,
                   "lane %zu: undecided", i);
        }
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
}

// 2^bits - c, a prime that is 3 modulo 4: y^2 = x^3 + a x has n + 1 points.
static const struct {
    unsigned bits, c;
} primes[] = {{65, 49},     {66, 5},      {72, 93},    {80, 65},    {92, 149},   {93, 25},
              {96, 17},     {97, 141},    {128, 173},  {144, 369},  {145, 453},  {192, 237},
              {196, 533},   {197, 169},   {256, 189},  {300, 153},  {404, 257},  {512, 569},
              {560, 717},   {700, 1113},  {768, 825},  {1024, 105}, {1300, 489}, {1700, 2733},
              {2048, 1557}, {3000, 3533}, {4000, 6173}};
enum { PRIMES = sizeof primes / sizeof primes[0] };

// A point of y^2 = x^3 + a x modulo a prime n that is 3 modulo 4, with a that is not 0.
static void make_point(numbers *c) {
    mpz_t t, e;
    mpz_inits(t, e, (mpz_ptr)NULL);
    mpz_add_ui(e, c->n, 1);
    mpz_tdiv_q_2exp(e, e, 2);
    do {
        mpz_urandomm(c->a, state, c->n);
        mpz_urandomm(c->x, state, c->n);
        mpz_mul(t, c->x, c->x);
        mpz_add(t, t, c->a);
        mpz_mul(t, t, c->x);
        mpz_mod(t, t, c->n);
    } while (mpz_sgn(c->a) == 0 || mpz_jacobi(t, c->n) != 1);
    mpz_powm(c->y, t, e, c->n);
    mpz_clears(t, e, (mpz_ptr)NULL);
}

// n + 1 = s q of a claim: s gets the powers of 2 and of some small primes.
static void split_order(numbers *c) {
    mpz_add_ui(c->q, c->n, 1);
    mpz_set_ui(c->s, 1);
    for (unsigned long d = 2; d < 60; d++) {
        while (mpz_divisible_ui_p(c->q, d) && (d == 2 || below(3) != 0)) {
            mpz_divexact_ui(c->q, c->q, d);
            mpz_mul_ui(c->s, c->s, d);
        }
    }
}

static prk_curve_answer make_claim(numbers *c, size_t place) {
    mpz_set_ui(c->n, 0);
    mpz_setbit(c->n, primes[place].bits);
    mpz_sub_ui(c->n, c->n, primes[place].c);
    make_point(c);
    split_order(c);
    switch (below(6)) {
    case 0: // s odd, of a point that has lost its part of even order
    {
        affine p = {.is_zero = false};
        mpz_t even;
        mpz_init_set_ui(even, 1);
        mpz_mul_2exp(even, even, mpz_scan1(c->s, 0));
        mpz_init_set(p.x, c->x);
        mpz_init_set(p.y, c->y);
        affine_multiply(&p, even, c->a, c->n);
        if (!p.is_zero) {
            mpz_divexact(c->s, c->s, even);
            mpz_set(c->x, p.x);
            mpz_set(c->y, p.y);
        }
        mpz_clears(even, p.x, p.y, (mpz_ptr)NULL);
    } break;
    case 1: // another q
        mpz_add_ui(c->q, c->q, 2 * (1 + below(4)));
        break;
    case 2: // another s
        mpz_add_ui(c->s, c->s, 1 + below(4));
        break;
    case 3: // a long s
        mpz_swap(c->s, c->q);
        while (mpz_even_p(c->q)) {
            mpz_tdiv_q_2exp(c->q, c->q, 1);
            mpz_mul_2exp(c->s, c->s, 1);
        }
        if (mpz_cmp_ui(c->q, 1) == 0) {
            mpz_set_ui(c->q, 3);
        }
        break;
    default:
        break;
    }
    return answer_modulo(c, c->n);
}

// Claims of mixed sizes, some true and some not, in groups of each size.
static void test_claims(long groups) {
    numbers list[8];
    prk_curve_answer wanted[8];
    long shown = 0, all = 0;
    for (int i = 0; i < 8; i++) {
        make_numbers(&list[i]);
    }
    for (long turn = 0; turn < groups; turn++) {
        const size_t count = 1 + (size_t)turn % 8;
        // Long ones are rare; some groups have one size, some have all.
        const size_t most = turn % 16 == 0 ? PRIMES : turn % 4 == 0 ? 22 : 18;
        const size_t place = below(most);
        for (size_t i = 0; i < count; i++) {
            const size_t other = place > i ? place - i % 3 : place;
            wanted[i] = make_claim(&list[i], turn % 5 == 0 ? below(most) : other);
            shown += wanted[i] == PRK_CURVE_SHOWN;
            all++;
        }
        expect_answers(list, wanted, count);
    }
    EXPECT(4 * shown > all, "%ld of %ld claims hold", shown, all);
    EXPECT(shown < all, "all claims hold");
    for (int i = 0; i < 8; i++) {
        clear_numbers(&list[i]);
    }
}

// --- Products of two primes ----------------------------------------------------------------------

// x modulo p and y modulo r as one number modulo p r.
static void join(mpz_t z, const mpz_t x, const mpz_t p, const mpz_t y, const mpz_t r) {
    mpz_t t;
    mpz_init(t);
    mpz_invert(t, p, r);
    mpz_sub(z, y, x);
    mpz_mul(z, z, t);
    mpz_mod(z, z, r);
    mpz_mul(z, z, p);
    mpz_add(z, z, x);
    mpz_clear(t);
}

// A prime of so many bits that is 3 modulo 4.
static void make_prime(mpz_t p, mp_bitcnt_t bits) {
    do {
        mpz_urandomb(p, state, bits);
        mpz_setbit(p, bits - 1);
        mpz_nextprime(p, p);
    } while (mpz_fdiv_ui(p, 4) != 3);
}

static void set_prime(mpz_t n, size_t place) {
    mpz_set_ui(n, 0);
    mpz_setbit(n, primes[place].bits);
    mpz_sub_ui(n, n, primes[place].c);
}

// A claim modulo p r, of so many bits or, with 0, of the longest two primes: s P has a small order,
// or is 0, modulo the one and another order modulo the other.
static prk_curve_answer make_composite(numbers *c, mp_bitcnt_t bits) {
    numbers one, other;
    make_numbers(&one);
    make_numbers(&other);
    if (bits == 0) {
        set_prime(one.n, PRIMES - 1);
        set_prime(other.n, PRIMES - 2);
    } else {
        make_prime(one.n, bits / 2);
        do {
            make_prime(other.n, bits - bits / 2);
        } while (mpz_cmp(one.n, other.n) == 0);
    }
    make_point(&one);
    make_point(&other);
    split_order(&one);
    split_order(&other);
    mpz_mul(c->n, one.n, other.n);
    join(c->a, one.a, one.n, other.a, other.n);
    join(c->x, one.x, one.n, other.x, other.n);
    join(c->y, one.y, one.n, other.y, other.n);
    switch (bits == 0 ? 0 : below(4)) {
    case 0: // true of both
        mpz_mul(c->q, one.q, other.q);
        mpz_lcm(c->s, one.s, other.s);
        break;
    case 1: // s P = 0 modulo one
        mpz_mul(c->s, one.s, one.q);
        mpz_mul(c->s, c->s, other.s);
        mpz_set(c->q, other.q);
        break;
    case 2: // q s P = 0 modulo one
        mpz_mul(c->s, one.s, other.s);
        mpz_set(c->q, other.q);
        break;
    default: // s P of order 1, 3, 5, … modulo one
        mpz_mul(c->s, one.s, one.q);
        for (unsigned long d = 3; d < 40; d += 2) {
            if (mpz_divisible_ui_p(c->s, d)) {
                mpz_divexact_ui(c->s, c->s, d);
                break;
            }
        }
        mpz_lcm(c->s, c->s, other.s);
        mpz_mul_ui(c->q, other.q, 3 + 2 * below(3));
        break;
    }
    if (mpz_cmp_ui(c->q, 3) < 0) {
        mpz_set_ui(c->q, 3);
    }
    const prk_curve_answer first = answer_modulo(c, one.n), second = answer_modulo(c, other.n);
    clear_numbers(&one);
    clear_numbers(&other);
    return first == PRK_CURVE_SHOWN ? second : first;
}

// Nothing is shown of a product that does not hold modulo both of its primes.
static void test_composites(long groups) {
    numbers list[8];
    prk_curve_answer wanted[8], answers[8];
    prk_curve_claim claims[8];
    long shown = 0, units = 0;
    for (int i = 0; i < 8; i++) {
        make_numbers(&list[i]);
    }
    for (long turn = 0; turn < groups; turn++) {
        const mp_bitcnt_t bits = 66 + below(turn % 8 == 0 ? 500 : 120);
        for (int i = 0; i < 8; i++) {
            wanted[i] = make_composite(&list[i], bits);
            claims[i] = claim_of(&list[i]);
            prk_curve_decide(&claims[i], scratch, NULL, &answers[i]);
            EXPECT(answers[i] != PRK_CURVE_UNDECIDED, "affine");
            EXPECT(answers[i] != PRK_CURVE_SHOWN || wanted[i] == PRK_CURVE_SHOWN,
                   "affine, %lu bits: %s", bits, name_of(wanted[i]));
            prk_curve_look(&claims[i], scratch, NULL, &answers[i]);
            EXPECT(answers[i] != PRK_CURVE_SHOWN || wanted[i] == PRK_CURVE_SHOWN,
                   "alone, %lu bits: %s", bits, name_of(wanted[i]));
            shown += answers[i] == PRK_CURVE_SHOWN;
            units += answers[i] != PRK_CURVE_UNDECIDED;
        }
        if (prk_curve_lanes_take(bits)) {
            prk_curve_look_in_lanes(claims, 8, scratch, NULL, answers);
            for (int i = 0; i < 8; i++) {
                EXPECT(answers[i] != PRK_CURVE_SHOWN || wanted[i] == PRK_CURVE_SHOWN,
                       "lane %d, %lu bits: %s", i, bits, name_of(wanted[i]));
            }
        }
    }
    EXPECT(shown > 0 && units > shown, "%ld shown, %ld units", shown, units);
    for (int i = 0; i < 8; i++) {
        clear_numbers(&list[i]);
    }
}

// Of about the most limbs that lanes take.
static void test_longest(void) {
    numbers c;
    make_numbers(&c);
    prk_curve_answer answers[8];
    make_composite(&c, 0);
    prk_curve_claim claims[8];
    for (int i = 0; i < 8; i++) {
        claims[i] = claim_of(&c);
    }
    for (int turn = 0; turn < 2; turn++) {
        const prk_curve_answer wanted = turn == 0 ? PRK_CURVE_SHOWN : PRK_CURVE_NOT_ZERO;
        prk_curve_look(&claims[0], scratch, NULL, &answers[0]);
        EXPECT(answers[0] == wanted, "alone: %s", name_of(answers[0]));
        if (prk_curve_lanes_take(mpz_sizeinbase(c.n, 2))) {
            prk_curve_look_in_lanes(claims, 8, scratch, NULL, answers);
            for (int i = 0; i < 8; i++) {
                EXPECT(answers[i] == wanted, "lane %d: %s", i, name_of(answers[i]));
            }
        }
        mpz_add_ui(c.q, c.q, 6);
        claims[0] = claims[7] = claim_of(&c);
        for (int i = 1; i < 7; i++) {
            claims[i] = claims[0];
        }
    }
    clear_numbers(&c);
}

// --- Steps ---------------------------------------------------------------------------------------

static void make_step(prk_step *step) {
    memset(step, 0, sizeof *step);
    step->kind = PRK_STEP_CURVE;
    step->number = 7;
    mpz_inits(step->n, step->q, step->s, step->m, step->a, step->b, step->x, step->y, step->j,
              step->t, step->bound, (mpz_ptr)NULL);
}

static void clear_step(prk_step *step) {
    mpz_clears(step->n, step->q, step->s, step->m, step->a, step->b, step->x, step->y, step->j,
               step->t, step->bound, (mpz_ptr)NULL);
}

static prk_certificate_problem problem;

static bool step_holds(const prk_step *step) {
    prk_status status = PRK_STATUS_OK;
    memset(&problem, 0, sizeof problem);
    const bool holds = prk_step_holds(step, scratch, NULL, &problem, &status);
    EXPECT(status == PRK_STATUS_OK, "status %d", (int)status);
    EXPECT(holds || (problem.reason[0] != '\0' && problem.step == 7 &&
                     problem.verdict == PRK_CERTIFICATE_INVALID),
           "a reason");
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    return holds;
}

static bool reason_is(const char *reason) {
    return strncmp(problem.reason, reason, strlen(reason)) == 0;
}

// b for a point with this a, x and y.
static void set_b(prk_step *step) {
    mpz_mul(step->b, step->x, step->x);
    mpz_add(step->b, step->b, step->a);
    mpz_mul(step->b, step->b, step->x);
    mpz_neg(step->b, step->b);
    mpz_addmul(step->b, step->y, step->y);
    mpz_mod(step->b, step->b, step->n);
}

static void set_from(prk_step *step, const numbers *c) {
    mpz_set(step->n, c->n);
    mpz_set(step->a, c->a);
    mpz_set(step->x, c->x);
    mpz_set(step->y, c->y);
    mpz_set(step->s, c->s);
    mpz_set(step->q, c->q);
    mpz_mul(step->m, c->s, c->q);
    set_b(step);
}

// True steps, in lanes and alone; and not when any of their numbers is another one.
static void test_steps(void) {
    prk_step steps[8];
    numbers c;
    make_numbers(&c);
    for (int i = 0; i < 8; i++) {
        make_step(&steps[i]);
    }
    for (size_t place = 0; place < 22; place++) {
        const prk_step *list[8];
        const size_t count = 1 + place % 8;
        bool holds[8];
        for (size_t i = 0; i < count; i++) {
            prk_step *step = &steps[i];
            mpz_set_ui(c.n, 0);
            mpz_setbit(c.n, primes[place].bits);
            mpz_sub_ui(c.n, c.n, primes[place].c);
            make_point(&c);
            mpz_add_ui(c.q, c.n, 1); // the power of 2 alone, which leaves q large enough
            mpz_set_ui(c.s, 1);
            mpz_mul_2exp(c.s, c.s, mpz_scan1(c.q, 0));
            mpz_divexact(c.q, c.q, c.s);
            set_from(step, &c);
            list[i] = step;
            EXPECT(step_holds(step), "%u bits: %s", primes[place].bits, problem.reason);
        }
        const bool has_lanes = prk_curve_lanes_take(primes[place].bits);
        EXPECT(prk_steps_hold_in_lanes(list, count, scratch, NULL, holds) == PRK_STATUS_OK,
               "lanes");
        for (size_t i = 0; i < count; i++) {
            EXPECT(holds[i] == has_lanes, "%u bits in lane %zu", primes[place].bits, i);
        }
        mpz_ptr const fields[] = {steps->n, steps->q, steps->s, steps->m,
                                  steps->a, steps->b, steps->x, steps->y};
        for (int i = 0; i < 8; i++) {
            for (int sign = 0; sign < 2; sign++) {
                // By 12, so that n keeps being prime to 6 and q odd.
                (sign == 0 ? mpz_add_ui : mpz_sub_ui)(fields[i], fields[i], 12);
                EXPECT(!step_holds(steps), "field %d of %u bits", i, primes[place].bits);
                prk_steps_hold_in_lanes(list, count, scratch, NULL, holds);
                EXPECT(!holds[0], "field %d of %u bits in a lane", i, primes[place].bits);
                for (size_t j = 1; j < count; j++) {
                    EXPECT(holds[j] == has_lanes, "lane %zu beside another one", j);
                }
                (sign == 0 ? mpz_sub_ui : mpz_add_ui)(fields[i], fields[i], 12);
            }
        }
        EXPECT(step_holds(steps), "as it was");
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    const uint32_t cancel = 1;
    prk_status status;
    EXPECT(!prk_step_holds(steps, scratch, &cancel, &problem, &status) &&
               status == PRK_STATUS_CANCELLED,
           "cancelled");
    for (int i = 0; i < 8; i++) {
        clear_step(&steps[i]);
    }
    clear_numbers(&c);
}

// Numbers that no formula may be asked about.
static void test_refusals(void) {
    static const struct {
        long n, q, s, m;
        const char *reason;
    } refused[] = {{-35, 7, 5, 35, "n is not above 3"},
                   {0, 7, 1, 7, "n is not above 3"},
                   {1, 3, 1, 3, "n is not above 3"},
                   {3, 5, 1, 5, "n is not above 3"},
                   {100, 97, 1, 97, "n is even"},
                   {99, 97, 1, 97, "n is not above 3, or"},
                   {1009, 1, 1009, 1009, "q is not odd"},
                   {1009, -7, -144, 1008, "q is not odd"},
                   {1009, 504, 2, 1008, "q is not odd"},
                   {1009, 1009, 1, 1009, "q is not below n"},
                   {1009, 1013, 1, 1013, "q is not below n"},
                   {1009, 43, 23, 989, "q is not above"},
                   {1009, 101, 0, 0, "s is not above 0"},
                   {1009, 101, -10, -1010, "s is not above 0"},
                   {1009, 101, 10, 1011, "m is not s q"},
                   {1009, 101, 11, 1111, "no curve has m points"},
                   {1009, 101, 9, 909, "no curve has m points"},
                   {1009, 101, 10, 1010, "the point is not on the curve"}};
    prk_step step;
    make_step(&step);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        mpz_set_si(step.n, refused[i].n);
        mpz_set_si(step.q, refused[i].q);
        mpz_set_si(step.s, refused[i].s);
        mpz_set_si(step.m, refused[i].m);
        mpz_set_si(step.a, -1);
        mpz_set_si(step.x, -5);
        mpz_set_si(step.y, 3);
        EXPECT(!step_holds(&step) && reason_is(refused[i].reason), "%s, not %s", problem.reason,
               refused[i].reason);
        const prk_step *list = &step;
        bool holds = true;
        EXPECT(prk_steps_hold_in_lanes(&list, 1, scratch, NULL, &holds) == PRK_STATUS_OK && !holds,
               "%s", refused[i].reason);
    }
    clear_step(&step);
}

// n = p r with r + 1 = 2 q and P of order 2 modulo p: s P = 0 modulo p alone, and every size right.
// The curve modulo r, which is 2 modulo 3, is y^2 = x^3 + b with r + 1 points.
static void test_forgeries(long count) {
    prk_step forged, honest;
    make_step(&forged);
    make_step(&honest);
    numbers c;
    make_numbers(&c);
    mpz_t p, r, x, zero, t, b;
    mpz_inits(p, r, x, zero, t, b, (mpz_ptr)NULL);
    for (long turn = 0; turn < count; turn++) {
        const mp_bitcnt_t bits = 48 + below(80);
        do {
            mpz_urandomb(r, state, bits);
            mpz_setbit(r, bits - 1);
            mpz_nextprime(r, r);
        } while (mpz_fdiv_ui(r, 12) != 5);
        mpz_add_ui(forged.q, r, 1);
        mpz_tdiv_q_2exp(forged.q, forged.q, 1);
        mpz_mul_ui(t, r, 100); // p = r / 6.6
        mpz_tdiv_q_ui(t, t, 660);
        mpz_nextprime(p, t);
        mpz_mul(forged.n, p, r);
        // y = 0 modulo p: b = -x^3; modulo r any point.
        mpz_urandomm(x, state, p);
        mpz_urandomm(t, state, r);
        join(forged.x, x, p, t, r);
        mpz_urandomm(t, state, r);
        join(forged.y, zero, p, t, r);
        mpz_set_ui(forged.a, 0);
        set_b(&forged);
        // s is even, and m = s q beside n + 1.
        mpz_tdiv_q(forged.s, forged.n, forged.q);
        if (mpz_odd_p(forged.s)) {
            mpz_add_ui(forged.s, forged.s, 1);
        }
        mpz_mul(forged.m, forged.s, forged.q);
        const bool holds = step_holds(&forged);
        EXPECT(!holds, "a forgery of %lu bits", bits);
        // The trace is too large for some.
        EXPECT(reason_is("Z is not a unit") || reason_is("no curve has m points"), "%s",
               problem.reason);
        static long forgeries;
        forgeries += reason_is("Z is not a unit");
        EXPECT(turn + 1 < count || 2 * forgeries > count, "%ld of %ld are forged", forgeries,
               count);
        // A curve that is singular modulo p alone, y^2 = (x - c)^2 (x + 2 c), and one that is so
        // modulo n.
        if (reason_is("Z is not a unit")) {
            mpz_set(honest.n, forged.n);
            mpz_set(honest.q, forged.q);
            mpz_set(honest.s, forged.s);
            mpz_set(honest.m, forged.m);
            mpz_mul(x, forged.x, forged.x);
            mpz_mul_si(x, x, -3);
            mpz_mod(x, x, p);
            mpz_mod(t, forged.x, r);
            join(honest.a, x, p, t, r);
            mpz_mul(x, forged.x, forged.x);
            mpz_mul(x, x, forged.x);
            mpz_mul_ui(x, x, 2);
            mpz_mod(x, x, p);
            join(honest.b, x, p, t, r);
            EXPECT(!step_holds(&honest) && reason_is("the curve is singular"), "%s",
                   problem.reason);
            mpz_set_ui(honest.a, 0);
            mpz_set_ui(honest.b, 0);
            EXPECT(!step_holds(&honest) && reason_is("the curve is singular"), "%s",
                   problem.reason);
        }
        // In lanes, beside a step that holds.
        mpz_set_ui(c.n, 0);
        mpz_setbit(c.n, primes[8].bits);
        mpz_sub_ui(c.n, c.n, primes[8].c);
        make_point(&c);
        mpz_add_ui(c.q, c.n, 1);
        mpz_set_ui(c.s, 1);
        mpz_mul_2exp(c.s, c.s, mpz_scan1(c.q, 0));
        mpz_divexact(c.q, c.q, c.s);
        set_from(&honest, &c);
        const prk_step *list[8];
        bool shown[8];
        for (int i = 0; i < 8; i++) {
            list[i] = i % 2 == turn % 2 ? &forged : &honest;
        }
        prk_steps_hold_in_lanes(list, 8, scratch, NULL, shown);
        for (int i = 0; i < 8; i++) {
            EXPECT(list[i] == &forged ? !shown[i] : shown[i] == prk_curve_lanes_take(128),
                   "lane %d", i);
        }
    }
    mpz_clears(p, r, x, zero, t, b, (mpz_ptr)NULL);
    clear_numbers(&c);
    clear_step(&forged);
    clear_step(&honest);
}

// q > (n^(1/4) + 1)^2 as n^(1/4) 2^200 rounded says it.
static bool is_above_bound(const mpz_t q, const mpz_t n) {
    enum { BITS = 200 };
    mpz_t root, left;
    mpz_inits(root, left, (mpz_ptr)NULL);
    mpz_mul_2exp(root, n, 4 * BITS);
    mpz_root(root, root, 4);
    mpz_setbit(left, BITS);
    mpz_add(root, root, left);
    mpz_mul_2exp(left, q, 2 * BITS);
    mpz_t square;
    mpz_init(square);
    mpz_mul(square, root, root);
    const bool is_above = mpz_cmp(left, square) > 0;
    mpz_add_ui(root, root, 1);
    mpz_mul(square, root, root);
    EXPECT(!is_above || mpz_cmp(left, square) >= 0 || mpz_perfect_power_p(n), "a border");
    mpz_clears(root, left, square, (mpz_ptr)NULL);
    return is_above;
}

static void test_bounds(long count) {
    prk_step step;
    make_step(&step);
    mpz_t t;
    mpz_init(t);
    long above = 0, all = 0;
    for (long turn = 0; turn < count; turn++) {
        do {
            const mp_bitcnt_t bits = 6 + below(turn % 4 == 0 ? 600 : 80);
            mpz_urandomb(step.n, state, bits);
            mpz_setbit(step.n, bits - 1);
            mpz_setbit(step.n, 0);
            if (turn % 5 == 0) { // fourth powers and beside them
                mpz_root(step.n, step.n, 4);
                mpz_pow_ui(step.n, step.n, 4);
                mpz_add_ui(step.n, step.n, 2 * below(3));
            }
        } while (mpz_even_p(step.n) || mpz_divisible_ui_p(step.n, 3) || mpz_cmp_ui(step.n, 25) < 0);
        mpz_root(t, step.n, 4);
        mpz_add_ui(t, t, 1);
        mpz_mul(t, t, t);
        mpz_sqrt(step.q, step.n);
        if (turn % 2 == 0) { // about the border
            mpz_set(step.q, t);
        }
        mpz_setbit(step.q, 0);
        for (int i = -3; i <= 12; i++) {
            mpz_set(t, step.q);
            if (i < 0) {
                mpz_sub_ui(step.q, step.q, (unsigned long)(-2 * i));
            } else {
                mpz_add_ui(step.q, step.q, (unsigned long)(2 * i));
            }
            mpz_tdiv_q(step.s, step.n, step.q);
            mpz_mul(step.m, step.s, step.q);
            if (mpz_cmp_ui(step.q, 1) > 0 && mpz_cmp(step.q, step.n) < 0) {
                EXPECT(!step_holds(&step), "no point");
                const bool is_above = is_above_bound(step.q, step.n);
                EXPECT(is_above == !reason_is("q is not above (n"), "%s", problem.reason);
                above += is_above;
                all++;
            }
            mpz_set(step.q, t);
        }
    }
    EXPECT(above > all / 16 && above < all, "%ld of %ld above", above, all);
    // (n + 1 - m)^2 < 4 n at its border: 4 n is a square and beside one.
    for (unsigned long root = 5; root < 400; root += 2) {
        for (int beside = -2; beside <= 2; beside += 2) {
            mpz_set_ui(step.n, root);
            mpz_mul(step.n, step.n, step.n);
            if (beside < 0) {
                mpz_sub_ui(step.n, step.n, 2);
            } else {
                mpz_add_ui(step.n, step.n, (unsigned long)beside);
            }
            for (int t2 = -3; t2 <= 3; t2++) {
                mpz_add_ui(step.m, step.n, 1 + 2 * root);
                mpz_sub_ui(step.m, step.m, (unsigned long)(3 + t2));
                mpz_set(step.q, step.m);
                mpz_set_ui(step.s, 1);
                while (mpz_even_p(step.q)) {
                    mpz_tdiv_q_2exp(step.q, step.q, 1);
                    mpz_mul_2exp(step.s, step.s, 1);
                }
                mpz_add_ui(t, step.n, 1);
                mpz_sub(t, t, step.m);
                mpz_mul(t, t, t);
                mpz_t four;
                mpz_init(four);
                mpz_mul_ui(four, step.n, 4);
                const bool is_near = mpz_cmp(t, four) < 0;
                mpz_clear(four);
                EXPECT(!step_holds(&step), "no point");
                EXPECT(!reason_is("no curve has m points") || !is_near, "%s", problem.reason);
                EXPECT(reason_is("no curve has m points") || reason_is("q is not") ||
                           reason_is("n is not above 3") || is_near,
                       "%s", problem.reason);
            }
        }
    }
    mpz_clear(t);
    clear_step(&step);
}

// Small n, every m that a curve may have and every prime q of it above the bound: for a prime n as
// the multiples say, for a composite one never.
static void test_small(long curves) {
    prk_step step;
    make_step(&step);
    numbers c;
    make_numbers(&c);
    long shown = 0, refused = 0;
    for (long turn = 0; turn < curves; turn++) {
        unsigned long n;
        do {
            n = 25 + below(turn % 4 == 0 ? 100000 : 3000);
        } while (n % 2 == 0 || n % 3 == 0);
        const bool is_prime = gmp_says_prime(n);
        if (is_prime && turn % 3 != 0) {
            continue;
        }
        mpz_set_ui(step.n, n);
        mpz_set_ui(step.a, below(n));
        mpz_set_ui(step.x, below(n));
        mpz_set_ui(step.y, below(n));
        set_b(&step);
        const long width = (long)(2 * 316.3);
        for (long t = -width; t <= width; t++) {
            const long m = (long)n + 1 - t;
            if (m < 3 || t * t >= 4 * (long)n) {
                continue;
            }
            long q = m; // its largest prime
            for (long d = 2; d * d <= q; d++) {
                while (q % d == 0 && q > d) {
                    q /= d;
                }
            }
            if (q % 2 == 0 || q * q < (long)n) {
                continue;
            }
            mpz_set_ui(step.q, (unsigned long)q);
            mpz_set_ui(step.m, (unsigned long)m);
            mpz_set_ui(step.s, (unsigned long)(m / q));
            const bool holds = step_holds(&step);
            if (!is_prime) {
                EXPECT(!holds, "%lu is composite: m = %ld, q = %ld", n, m, q);
                refused++;
                continue;
            }
            if (holds || reason_is("Z is not") || reason_is("m times")) {
                mpz_set(c.n, step.n);
                mpz_set(c.a, step.a);
                mpz_set(c.x, step.x);
                mpz_set(c.y, step.y);
                mpz_set(c.s, step.s);
                mpz_set(c.q, step.q);
                EXPECT(holds == (answer_modulo(&c, c.n) == PRK_CURVE_SHOWN),
                       "%lu: m = %ld, q = %ld", n, m, q);
                shown += holds;
            }
        }
    }
    EXPECT(shown > 0 && refused > 0, "%ld shown, %ld refused", shown, refused);
    clear_numbers(&c);
    clear_step(&step);
}

int main(void) {
    gmp_randinit_default(state);
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("curve_test");
        return 1;
    }
    test_claims(scaled(60));
    test_composites(scaled(60));
    if (test_multiplier() >= 10) {
        test_longest();
    }
    test_steps();
    test_refusals();
    test_forgeries(scaled(100));
    test_bounds(scaled(400));
    test_small(scaled(150));
    prk_scratch_destroy(scratch);
    gmp_randclear(state);
    printf("curve_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
