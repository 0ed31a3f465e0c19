// SPDX-License-Identifier: Apache-2.0
//
// The conditions of each theorem: on curves against a multiplication of this file's own, in lanes,
// one by one and affine; of primes of n - 1 and n + 1 by brute force over small n. Composites that
// fulfil all but one condition are made here for each theorem, and have to be refused for that one.

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/curve/curve.h"
#include "../../CKernels/verify/conditions.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static uint64_t below(uint64_t n) { return next_random() % n; }

// --- Points, one formula at a time ---------------------------------------------------------------

typedef struct affine {
    bool is_zero;
    mpz_t x, y;
} affine;

// p = p + q modulo a prime n; p and q may be one.
static void add_points(affine *p, const affine *q, mpz_srcptr a, mpz_srcptr n) {
    if (q->is_zero) {
        return;
    }
    mpz_t slope, t, x;
    mpz_inits(slope, t, x, (mpz_ptr)NULL);
    if (p->is_zero) {
        mpz_set(p->x, q->x);
        mpz_set(p->y, q->y);
        p->is_zero = false;
    } else {
        if (mpz_cmp(p->x, q->x) == 0) {
            mpz_mul(slope, p->x, p->x);
            mpz_mul_ui(slope, slope, 3);
            mpz_add(slope, slope, a);
            mpz_add(t, p->y, q->y);
        } else {
            mpz_sub(slope, q->y, p->y);
            mpz_sub(t, q->x, p->x);
        }
        mpz_mod(t, t, n);
        if (mpz_sgn(t) == 0) {
            p->is_zero = true;
        } else {
            mpz_invert(t, t, n);
            mpz_mul(slope, slope, t);
            mpz_mul(x, slope, slope);
            mpz_sub(x, x, p->x);
            mpz_sub(x, x, q->x);
            mpz_mod(x, x, n);
            mpz_sub(t, p->x, x);
            mpz_mul(t, t, slope);
            mpz_sub(p->y, t, p->y);
            mpz_mod(p->y, p->y, n);
            mpz_set(p->x, x);
        }
    }
    mpz_clears(slope, t, x, (mpz_ptr)NULL);
}

// p = k p, k >= 0.
static void multiply_point(affine *p, mpz_srcptr k, mpz_srcptr a, mpz_srcptr n) {
    affine sum = {.is_zero = true}, twice = {.is_zero = true};
    mpz_inits(sum.x, sum.y, twice.x, twice.y, (mpz_ptr)NULL);
    for (size_t bit = mpz_sizeinbase(k, 2); bit-- > 0;) {
        twice.is_zero = true;
        add_points(&twice, &sum, a, n);
        add_points(&sum, &twice, a, n);
        if (mpz_tstbit(k, bit) != 0) {
            add_points(&sum, p, a, n);
        }
    }
    p->is_zero = sum.is_zero;
    mpz_swap(p->x, sum.x);
    mpz_swap(p->y, sum.y);
    mpz_clears(sum.x, sum.y, twice.x, twice.y, (mpz_ptr)NULL);
}

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
    multiply_point(&r, c->s, a, p);
    prk_curve_answer answer = PRK_CURVE_NOT_A_UNIT;
    if (!r.is_zero) {
        multiply_point(&r, c->q, a, p);
        answer = r.is_zero ? PRK_CURVE_SHOWN : PRK_CURVE_NOT_ZERO;
    }
    mpz_clears(r.x, r.y, a, (mpz_ptr)NULL);
    return answer;
}

static const char *name_of(prk_curve_answer answer) {
    static const char *const names[] = {"shown", "not a unit", "not zero", "undecided"};
    return names[answer];
}

static long undecided, decided;

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
        undecided += alone == PRK_CURVE_UNDECIDED;
        decided++;
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
            undecided += in_lanes[i] == PRK_CURVE_UNDECIDED;
            decided++;
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
        multiply_point(&p, even, c->a, c->n);
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

int main(void) {
    gmp_randinit_default(state);
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("conditions_test");
        return 1;
    }
    test_claims(scaled(60));
    printf("undecided %ld of %ld\n", undecided, decided);
    prk_scratch_destroy(scratch);
    gmp_randclear(state);
    printf("conditions_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
