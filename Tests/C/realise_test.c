// SPDX-License-Identifier: Apache-2.0
//
// Roots modulo primes, curves and points that show steps, and what is said of composites.

#define _GNU_SOURCE // clocks

#include <string.h>
#include <time.h>

#include "../../CKernels/ecpp/ecpp.h"
#include "../../CKernels/share/share.h"
#include "affine.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static uint64_t below(uint64_t n) { return next_random() % n; }

static double cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

// A prime of so many bits that is `rest` modulo 2^twos.
static void make_prime(mpz_ptr n, mp_bitcnt_t bits, unsigned long rest, mp_bitcnt_t twos) {
    do {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_fdiv_q_2exp(n, n, twos);
        mpz_mul_2exp(n, n, twos);
        mpz_add_ui(n, n, rest);
    } while (mpz_probab_prime_p(n, 25) == 0);
}

// --- Square roots --------------------------------------------------------------------------------

static void expect_square_root(mpz_srcptr a, mpz_srcptr n, bool wanted) {
    mpz_t root, square;
    mpz_inits(root, square, (mpz_ptr)NULL);
    bool found = !wanted;
    EXPECT(prk_square_root(scratch, root, a, n, NULL, &found) == PRK_STATUS_OK, "memory");
    EXPECT(found == wanted, "%zu bits", mpz_sizeinbase(n, 2));
    if (found) {
        mpz_mul(square, root, root);
        mpz_sub(square, square, a);
        EXPECT(mpz_divisible_p(square, n), "%zu bits: not a root", mpz_sizeinbase(n, 2));
        EXPECT(mpz_sgn(root) >= 0 && mpz_cmp(root, n) < 0, "the root is not below n");
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    mpz_clears(root, square, (mpz_ptr)NULL);
}

// Of every a below a small prime, or of random ones; Euler and Jacobi say which are squares.
static void test_square_roots(mpz_srcptr n, long count) {
    mpz_t a;
    mpz_init(a);
    const bool is_small = mpz_cmp_ui(n, 200) < 0;
    for (long i = 0; i < (is_small ? (long)mpz_get_ui(n) : count); i++) {
        if (is_small || i < 6) {
            mpz_set_ui(a, (unsigned long)i);
        } else {
            mpz_urandomm(a, state, n);
        }
        expect_square_root(a, n, mpz_jacobi(a, n) >= 0);
        if (i >= 6) { // its square is one for certain
            mpz_mul(a, a, a);
            mpz_mod(a, a, n);
            expect_square_root(a, n, true);
        }
    }
    mpz_clear(a);
}

static void test_all_square_roots(void) {
    static const unsigned sizes[] = {65, 66, 100, 128, 129, 256, 332, 512, 1026, 2048};
    mpz_t n;
    mpz_init(n);
    for (unsigned long p = 5; p < 200; p += 2) {
        mpz_set_ui(n, p);
        if (gmp_says_prime(p)) {
            test_square_roots(n, 0);
        }
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned long rest = 1; rest < 8; rest += 2) {
            make_prime(n, sizes[i], rest, 3);
            test_square_roots(n, scaled(sizes[i] > 600 ? 7 : 20));
        }
        make_prime(n, sizes[i], 1, 40);
        test_square_roots(n, scaled(sizes[i] > 600 ? 7 : 10));
        if (sizes[i] > 120) {
            make_prime(n, sizes[i], 1, 100);
            test_square_roots(n, scaled(sizes[i] > 600 ? 7 : 10));
        }
    }
    mpz_clear(n);
}

// --- Polynomials ---------------------------------------------------------------------------------

enum { MOST_DEGREE = 17 };

// c = the product of x - root.
static void multiply_out(mpz_t *c, mpz_t *root, size_t degree, mpz_srcptr n) {
    for (size_t d = 0; d < degree; d++) {
        mpz_set_ui(c[d], 1); // the highest coefficient so far
        for (size_t i = d; i > 0; i--) {
            mpz_t t;
            mpz_init(t);
            mpz_mul(t, c[i], root[d]);
            mpz_sub(t, c[i - 1], t);
            mpz_mod(c[i], t, n);
            mpz_clear(t);
        }
        mpz_mul(c[0], c[0], root[d]);
        mpz_neg(c[0], c[0]);
        mpz_mod(c[0], c[0], n);
    }
}

static int compare_numbers(const void *a, const void *b) {
    return mpz_cmp(*(const mpz_t *)a, *(const mpz_t *)b);
}

static void make_numbers(mpz_t *list) {
    for (size_t i = 0; i < MOST_DEGREE; i++) {
        mpz_init(list[i]);
    }
}

static void clear_numbers(mpz_t *list) {
    for (size_t i = 0; i < MOST_DEGREE; i++) {
        mpz_clear(list[i]);
    }
}

static void expect_roots(mpz_t *root, size_t degree, mpz_srcptr n) {
    mpz_t c[MOST_DEGREE], r[MOST_DEGREE];
    make_numbers(c);
    make_numbers(r);
    multiply_out(c, root, degree, n);
    bool found = false;
    EXPECT(prk_polynomial_roots(scratch, r, true, c, degree, n, NULL, &found) == PRK_STATUS_OK,
           "memory");
    EXPECT(found, "degree %zu, %zu bits", degree, mpz_sizeinbase(n, 2));
    if (found) {
        qsort(r, degree, sizeof r[0], compare_numbers);
        qsort(root, degree, sizeof root[0], compare_numbers);
        for (size_t i = 0; i < degree; i++) {
            EXPECT(mpz_cmp(r[i], root[i]) == 0, "root %zu of %zu", i, degree);
        }
    }
    found = false;
    EXPECT(prk_polynomial_roots(scratch, r, false, c, degree, n, NULL, &found) == PRK_STATUS_OK,
           "memory");
    bool is_root = false;
    for (size_t i = 0; i < degree; i++) {
        is_root = is_root || mpz_cmp(r[0], root[i]) == 0;
    }
    EXPECT(found && is_root, "one of degree %zu", degree);
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    clear_numbers(c);
    clear_numbers(r);
}

// Random roots; some of them the same, small or 0.
static void choose_roots(mpz_t *root, size_t degree, mpz_srcptr n, int kind) {
    for (size_t i = 0; i < degree; i++) {
        mpz_urandomm(root[i], state, n);
        if (kind == 1 && i > 0 && below(2) == 0) {
            mpz_set(root[i], root[below(i)]);
        } else if (kind == 2) {
            mpz_set_ui(root[i], below(4));
        } else if (kind == 3) {
            mpz_set(root[i], root[0]);
        } else if (kind == 4) {
            mpz_set_si(root[i], -(long)i);
        }
        mpz_mod(root[i], root[i], n);
    }
}

static void test_polynomials(void) {
    static const unsigned sizes[] = {3, 5, 8, 40, 64, 65, 128, 200};
    mpz_t n, root[MOST_DEGREE];
    mpz_init(n);
    make_numbers(root);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t degree = 1; degree <= MOST_DEGREE; degree++) {
            // Each kind where they are short, else one a degree.
            const int first = sizes[i] > 40 ? (int)((i + degree) % 5) : 0;
            for (int kind = first; kind < (sizes[i] > 40 ? first + 1 : 5); kind++) {
                make_prime(n, sizes[i], 1, 1);
                choose_roots(root, degree, n, kind);
                expect_roots(root, degree, n);
            }
        }
    }
    clear_numbers(root);
    mpz_clear(n);
}

// x^2 - b, b no square, times linear factors: never all roots, and of one root only a true one.
static void test_unsplit(void) {
    mpz_t n, b, root[MOST_DEGREE], c[MOST_DEGREE], r[MOST_DEGREE];
    mpz_inits(n, b, (mpz_ptr)NULL);
    make_numbers(root);
    make_numbers(c);
    make_numbers(r);
    for (long turn = 0; turn < scaled(40); turn++) {
        make_prime(n, 65 + below(100), 1, 1);
        do {
            mpz_urandomm(b, state, n);
        } while (mpz_jacobi(b, n) != -1);
        const size_t linear = (size_t)turn % 6;
        choose_roots(root, linear, n, 0);
        multiply_out(c, root, linear, n);
        mpz_set_ui(c[linear], 1);
        for (size_t i = linear + 2; i-- > 0;) { // times x^2 - b
            if (i < linear) {
                mpz_mul(c[i], c[i], b);
                mpz_neg(c[i], c[i]);
            } else {
                mpz_set_ui(c[i], 0);
            }
        }
        mpz_t plain[MOST_DEGREE];
        make_numbers(plain);
        multiply_out(plain, root, linear, n);
        mpz_set_ui(plain[linear], 1);
        mpz_submul(c[linear], b, plain[linear]);
        for (size_t i = 2; i < linear + 2; i++) {
            mpz_add(c[i], c[i], plain[i - 2]);
        }
        for (size_t i = 0; i < linear + 2; i++) {
            mpz_mod(c[i], c[i], n);
        }
        clear_numbers(plain);
        bool found = true;
        EXPECT(prk_polynomial_roots(scratch, r, true, c, linear + 2, n, NULL, &found) ==
                   PRK_STATUS_OK,
               "memory");
        EXPECT(!found, "all of %zu roots", linear);
        EXPECT(prk_polynomial_roots(scratch, r, false, c, linear + 2, n, NULL, &found) ==
                   PRK_STATUS_OK,
               "memory");
        EXPECT(found == (linear > 0), "one of %zu roots", linear);
        bool is_root = !found;
        for (size_t i = 0; i < linear; i++) {
            is_root = is_root || mpz_cmp(r[0], root[i]) == 0;
        }
        EXPECT(is_root, "of %zu", linear);
    }
    clear_numbers(root);
    clear_numbers(c);
    clear_numbers(r);
    mpz_clears(n, b, (mpz_ptr)NULL);
}

// A composite n: the calls end, and what they call a root is one.
static void test_composites(void) {
    static const char *const fixed[] = {
        "9", "15", "21", "25", "49", "561", "1729", "121", "65537000065537", "1194649"};
    mpz_t n, a, p, root[MOST_DEGREE], c[MOST_DEGREE], r[MOST_DEGREE];
    mpz_inits(n, a, p, (mpz_ptr)NULL);
    make_numbers(root);
    make_numbers(c);
    make_numbers(r);
    const size_t fixed_count = sizeof fixed / sizeof fixed[0];
    for (size_t turn = 0; turn < fixed_count + (size_t)scaled(40); turn++) {
        if (turn < fixed_count) {
            mpz_set_str(n, fixed[turn], 10);
        } else {
            make_prime(n, 20 + below(60), 1, 1 + below(4));
            make_prime(p, 20 + below(60), 1, 1 + below(4));
            mpz_mul(n, n, turn % 4 == 0 ? n : p);
        }
        for (int i = 0; i < 4; i++) {
            mpz_urandomm(a, state, n);
            bool found = false;
            EXPECT(prk_square_root(scratch, r[0], a, n, NULL, &found) == PRK_STATUS_OK, "memory");
            mpz_mul(p, r[0], r[0]);
            mpz_sub(p, p, a);
            EXPECT(!found || mpz_divisible_p(p, n), "no root of a composite's residue");
        }
        const size_t degree = 1 + turn % 8;
        choose_roots(root, degree, n, (int)(turn % 3));
        multiply_out(c, root, degree, n);
        bool found = false;
        EXPECT(prk_polynomial_roots(scratch, r, true, c, degree, n, NULL, &found) == PRK_STATUS_OK,
               "memory");
        if (found) {
            multiply_out(root, r, degree, n);
            for (size_t i = 0; i < degree; i++) {
                EXPECT(mpz_cmp(root[i], c[i]) == 0, "not the roots of degree %zu", degree);
            }
        }
    }
    clear_numbers(root);
    clear_numbers(c);
    clear_numbers(r);
    mpz_clears(n, a, p, (mpz_ptr)NULL);
}

// --- Steps ---------------------------------------------------------------------------------------

typedef struct example {
    mpz_t n, v;
    prk_down down;
    prk_shown shown;
    mpz_t j[5];
    size_t count;
} example;

static void make_example(example *e) {
    mpz_inits(e->n, e->v, e->down.t, e->down.s, e->down.q, e->shown.j, e->shown.a, e->shown.b,
              e->j[0], e->j[1], e->j[2], e->j[3], e->j[4], (mpz_ptr)NULL);
}

static void clear_example(example *e) {
    mpz_clears(e->n, e->v, e->down.t, e->down.s, e->down.q, e->shown.j, e->shown.a, e->shown.b,
               e->j[0], e->j[1], e->j[2], e->j[3], e->j[4], (mpz_ptr)NULL);
}

// Class polynomials: their coefficients from x^0 on, without the highest.
static const struct {
    int32_t d;
    size_t degree;
    const char *c[5];
} discriminants[] = {
    {-3, 0, {NULL}},
    {-4, 0, {NULL}},
    {-7, 1, {"3375"}},
    {-8, 1, {"-8000"}},
    {-11, 1, {"32768"}},
    {-19, 1, {"884736"}},
    {-43, 1, {"884736000"}},
    {-67, 1, {"147197952000"}},
    {-163, 1, {"262537412640768000"}},
    {-15, 2, {"-121287375", "191025"}},
    {-20, 2, {"-681472000", "-1264000"}},
    {-23, 3, {"12771880859375", "-5151296875", "3491750"}},
    {-47,
     5,
     {"16042929600623870849609375", "-14982472850828613281250", "5115161850595703125",
      "-9987963828125", "2257834125"}},
};
enum { DISCRIMINANTS = sizeof discriminants / sizeof discriminants[0] };

// n + 1 - t = s q with an odd q, which is a prime as large as proofs need if `is_prime`.
static bool factor_order(example *e, bool is_prime) {
    mpz_add_ui(e->down.q, e->n, 1);
    mpz_sub(e->down.q, e->down.q, e->down.t);
    mpz_set_ui(e->down.s, 1);
    for (unsigned long p = 2; p < 500; p++) {
        while (mpz_divisible_ui_p(e->down.q, p) && mpz_cmp_ui(e->down.q, p) > 0) {
            mpz_divexact_ui(e->down.q, e->down.q, p);
            mpz_mul_ui(e->down.s, e->down.s, p);
        }
    }
    return mpz_cmp_ui(e->down.q, 1) > 0 && mpz_odd_p(e->down.q) &&
           (!is_prime || (mpz_sizeinbase(e->down.q, 2) > mpz_sizeinbase(e->n, 2) / 2 + 2 &&
                          mpz_probab_prime_p(e->down.q, 25) != 0));
}

// A random 4 n = t^2 - D v^2 of so many bits.
static bool choose_norm(example *e, mp_bitcnt_t bits) {
    const unsigned long d = (unsigned long)-e->down.d;
    mpz_t rest;
    mpz_init(rest);
    mpz_urandomb(e->down.t, state, bits / 2 + 1);
    mpz_mul(e->n, e->down.t, e->down.t);
    mpz_set_ui(rest, 0);
    mpz_setbit(rest, bits + 2);
    mpz_sub_ui(rest, rest, 1);
    mpz_sub(rest, rest, e->n);
    const bool is_room = mpz_sgn(rest) > 0;
    if (is_room) {
        mpz_tdiv_q_ui(rest, rest, d);
        mpz_sqrt(rest, rest);
        mpz_sub_ui(e->v, rest, (unsigned long)below(1000));
        mpz_mul(rest, e->v, e->v);
        mpz_addmul_ui(e->n, rest, d);
    }
    const bool is_whole = mpz_divisible_ui_p(e->n, 4) != 0;
    mpz_tdiv_q_2exp(e->n, e->n, 2);
    if (below(2) != 0) {
        mpz_neg(e->down.t, e->down.t);
    }
    mpz_clear(rest);
    return is_room && is_whole && mpz_cmp_ui(e->n, 1000) > 0;
}

static void find_invariants(example *e, size_t place) {
    mpz_t c[5];
    e->count = discriminants[place].degree;
    for (size_t i = 0; i < e->count; i++) {
        mpz_init_set_str(c[i], discriminants[place].c[i], 10);
        mpz_mod(c[i], c[i], e->n);
    }
    if (e->count > 0) {
        bool found = false;
        prk_polynomial_roots(scratch, e->j, true, c, e->count, e->n, NULL, &found);
        EXPECT(found, "D = %d has no roots", e->down.d);
    }
    for (size_t i = 0; i < e->count; i++) {
        mpz_clear(c[i]);
    }
}

// The order's large factor is a prime if `is_prime`, which nothing here asks for.
static void choose_example(example *e, size_t place, mp_bitcnt_t bits, bool is_prime) {
    e->down.d = discriminants[place].d;
    while (!choose_norm(e, bits) || mpz_probab_prime_p(e->n, 5) == 0 ||
           !factor_order(e, is_prime)) {
    }
    find_invariants(e, place);
}

// What the verifier makes of a, b or j and x; and s P is not 0, but q s P is.
static bool shows(const example *e) {
    mpz_t a, b, l, t;
    affine p = {.is_zero = false};
    mpz_inits(a, b, l, t, p.x, p.y, (mpz_ptr)NULL);
    mpz_set(a, e->shown.a);
    mpz_set(b, e->shown.b);
    if (e->shown.has_j) {
        mpz_ui_sub(t, 1728, e->shown.j);
        mpz_mul(b, t, e->shown.j);
        mpz_mul_ui(a, b, 3);
        mpz_mul(b, b, t);
        mpz_mul_ui(b, b, 2);
    }
    mpz_set_ui(p.x, e->shown.x);
    mpz_powm_ui(l, p.x, 3, e->n);
    mpz_addmul(l, a, p.x);
    mpz_add(l, l, b);
    mpz_mod(l, l, e->n);
    mpz_mul(p.x, p.x, l);
    mpz_mod(p.x, p.x, e->n);
    mpz_powm_ui(p.y, l, 2, e->n);
    mpz_mul(a, a, p.y);
    mpz_mod(a, a, e->n);
    affine_multiply(&p, e->down.s, a, e->n);
    bool is_shown = mpz_sgn(l) != 0 && !p.is_zero;
    affine_multiply(&p, e->down.q, a, e->n);
    is_shown = is_shown && p.is_zero;
    mpz_clears(a, b, l, t, p.x, p.y, (mpz_ptr)NULL);
    return is_shown;
}

static bool realise(example *e) {
    bool found = false;
    EXPECT(prk_realise(scratch, e->n, &e->down, e->j, e->count, &e->shown, NULL, &found) ==
               PRK_STATUS_OK,
           "memory");
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    return found;
}

static void expect_shown(const example *e, bool found) {
    EXPECT(found, "D = %d, %zu bits: not found", e->down.d, mpz_sizeinbase(e->n, 2));
    EXPECT(!found || shows(e), "D = %d, %zu bits: not shown", e->down.d, mpz_sizeinbase(e->n, 2));
    EXPECT(!found || e->shown.has_j == (e->down.d < -4), "D = %d", e->down.d);
    EXPECT(e->shown.x < 60, "x is %lu", (unsigned long)e->shown.x);
}

static void test_steps(void) {
    static const unsigned sizes[] = {20, 32, 50, 64, 65, 100, 128, 200, 300};
    example e;
    make_example(&e);
    for (size_t place = 0; place < DISCRIMINANTS; place++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const long turns = scaled(e.down.d > -5 ? 20 : 4);
            for (long turn = 0; turn < turns; turn++) {
                choose_example(&e, place, sizes[i], true);
                expect_shown(&e, realise(&e));
            }
        }
    }
    clear_example(&e);
}

// Another number of points, other invariants, or neither a norm: nothing is found, and what is, is
// shown.
static void test_wrong_steps(void) {
    example e;
    make_example(&e);
    for (long turn = 0; turn < scaled(6 * DISCRIMINANTS); turn++) {
        const size_t place = (size_t)turn % DISCRIMINANTS;
        choose_example(&e, place, 80 + below(60), true);
        mpz_add_ui(e.down.t, e.down.t, 2);
        if (factor_order(&e, false)) {
            EXPECT(!realise(&e), "D = %d: found for another t", e.down.d);
        }
        mpz_sub_ui(e.down.t, e.down.t, 2);
        factor_order(&e, false);
        mpz_add_ui(e.down.s, e.down.s, 1);
        EXPECT(!realise(&e), "D = %d: found for another s", e.down.d);
        factor_order(&e, false);
        for (size_t i = 0; i < e.count; i++) {
            mpz_set_ui(e.j[i], turn % 3 == 0 ? 0 : turn % 3 == 1 ? 1728 : below(1000000));
        }
        if (e.count > 0) {
            EXPECT(!realise(&e), "D = %d: found for other invariants", e.down.d);
        }
        mpz_neg(e.down.t, e.down.t); // the twist
        find_invariants(&e, place);
        if (factor_order(&e, false)) {
            expect_shown(&e, realise(&e));
        }
    }
    clear_example(&e);
}

// n = 4 n - t^2 + … of composites, with invariants that are roots modulo n where there are some.
static void test_composite_steps(void) {
    example e;
    make_example(&e);
    long looked = 0;
    for (long turn = 0; looked < scaled(200); turn++) {
        const size_t place = (size_t)turn % DISCRIMINANTS;
        e.down.d = discriminants[place].d;
        e.count = discriminants[place].degree;
        if (!choose_norm(&e, 16 + below(80)) || mpz_even_p(e.n) ||
            mpz_probab_prime_p(e.n, 25) != 0 || !factor_order(&e, true)) {
            continue;
        }
        for (size_t i = 0; i < e.count; i++) {
            if (e.count == 1) {
                mpz_set_str(e.j[0], discriminants[place].c[0], 10);
                mpz_neg(e.j[0], e.j[0]);
                mpz_mod(e.j[0], e.j[0], e.n);
            } else {
                mpz_urandomm(e.j[i], state, e.n);
            }
        }
        EXPECT(!realise(&e), "D = %d: a composite is shown", e.down.d);
        looked++;
    }
    clear_example(&e);
}

typedef struct many {
    example *list;
    bool *found;
} many;

static prk_status realise_one(void *context, size_t i, prk_scratch *s) {
    const many *all = context;
    example *e = &all->list[i];
    return prk_realise(s, e->n, &e->down, e->j, e->count, &e->shown, NULL, &all->found[i]);
}

// As many at once as the lanes have, fewer and more, with wrong ones among them.
static void test_many(void) {
    enum { MOST = 19 };
    example list[MOST];
    bool found[MOST];
    for (size_t i = 0; i < MOST; i++) {
        make_example(&list[i]);
    }
    for (size_t count = 0; count <= MOST; count += count < 3 ? 1 : 4) {
        for (size_t i = 0; i < count; i++) {
            choose_example(&list[i], (i + count) % DISCRIMINANTS, 120 + i % 3, true);
            if (i % 5 == 4) {
                mpz_add_ui(list[i].down.s, list[i].down.s, 1);
            }
        }
        many all = {list, found};
        EXPECT(prk_share_lanes(scratch, 120, count, PRK_SHARED_TASKS, realise_one, &all) ==
                   PRK_STATUS_OK,
               "memory");
        for (size_t i = 0; i < count; i++) {
            if (i % 5 == 4) {
                EXPECT(!found[i], "step %zu of %zu", i, count);
            } else {
                expect_shown(&list[i], found[i]);
            }
        }
        EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    }
    for (size_t i = 0; i < MOST; i++) {
        clear_example(&list[i]);
    }
}

// Each call ends when it is told so, and leaves the scratch as it was.
static void test_cancel(void) {
    const uint32_t cancelled = 1;
    example e;
    make_example(&e);
    choose_example(&e, DISCRIMINANTS - 1, 200, true);
    bool found = true;
    EXPECT(prk_realise(scratch, e.n, &e.down, e.j, e.count, &e.shown, &cancelled, &found) ==
                   PRK_STATUS_CANCELLED &&
               !found,
           "a step");
    mpz_t c[5], root[5];
    for (size_t i = 0; i < 5; i++) {
        mpz_init_set(c[i], e.j[i]);
        mpz_init(root[i]);
    }
    for (size_t degree = 2; degree <= 5; degree++) {
        multiply_out(c, e.j, degree, e.n);
        EXPECT(prk_polynomial_roots(scratch, root, true, c, degree, e.n, &cancelled, &found) ==
                   PRK_STATUS_CANCELLED,
               "degree %zu", degree);
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    for (size_t i = 0; i < 5; i++) {
        mpz_clears(c[i], root[i], (mpz_ptr)NULL);
    }
    clear_example(&e);
}

static void measure_steps(void) {
    static const unsigned sizes[] = {332, 664, 1026, 1661};
    static const size_t places[] = {0, 1, 4, 8};
    enum { TURNS = 9 };
    example e;
    make_example(&e);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        printf("realise_test: %u bits, ms a step:", sizes[i]);
        for (size_t k = 0; k < 4; k++) {
            double times[TURNS], sum = 0;
            for (int turn = 0; turn < TURNS; turn++) {
                choose_example(&e, places[k], sizes[i], false);
                const double start = cpu_ms();
                const bool found = realise(&e);
                sum += times[turn] = cpu_ms() - start;
                expect_shown(&e, found);
            }
            printf(" D = %d %.2f (mean %.2f)", e.down.d, median(times, TURNS), sum / TURNS);
            fflush(stdout);
        }
        printf("\n");
    }
    clear_example(&e);
}

static void measure_roots(void) {
    static const unsigned sizes[] = {332, 664, 1026, 1661, 3322};
    enum { TURNS = 9 };
    mpz_t n, a, root[MOST_DEGREE], c[MOST_DEGREE], r[MOST_DEGREE];
    mpz_inits(n, a, (mpz_ptr)NULL);
    make_numbers(root);
    make_numbers(c);
    make_numbers(r);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        double times[TURNS];
        printf("realise_test: %u bits, ms: square root", sizes[i]);
        for (unsigned long rest = 1; rest < 8; rest += 2) {
            for (int turn = 0; turn < TURNS; turn++) {
                make_prime(n, sizes[i], rest, 3);
                mpz_urandomm(a, state, n);
                mpz_mul(a, a, a);
                mpz_mod(a, a, n);
                bool found = false;
                const double start = cpu_ms();
                prk_square_root(scratch, r[0], a, n, NULL, &found);
                times[turn] = cpu_ms() - start;
            }
            printf(" %.3f (%lu)", median(times, TURNS), rest);
        }
        static const size_t degrees[] = {3, 5, 7, 13};
        for (size_t k = 0; k < 4; k++) {
            if (sizes[i] > 2000 && degrees[k] > 5) {
                continue;
            }
            for (int turn = 0; turn < TURNS; turn++) {
                choose_roots(root, degrees[k], n, 0);
                multiply_out(c, root, degrees[k], n);
                bool found = false;
                const double start = cpu_ms();
                prk_polynomial_roots(scratch, r, false, c, degrees[k], n, NULL, &found);
                times[turn] = cpu_ms() - start;
            }
            printf(", degree %zu %.2f", degrees[k], median(times, TURNS));
        }
        printf("\n");
    }
    clear_numbers(root);
    clear_numbers(c);
    clear_numbers(r);
    mpz_clears(n, a, (mpz_ptr)NULL);
}

int main(int argc, char **argv) {
    scratch = prk_scratch_create();
    gmp_randinit_default(state);
    test_all_square_roots();
    test_polynomials();
    test_unsplit();
    test_composites();
    test_steps();
    test_wrong_steps();
    test_composite_steps();
    test_many();
    test_cancel();
    if (argc > 1 && strcmp(argv[1], "measure") == 0) {
        measure_roots();
        measure_steps();
    }
    gmp_randclear(state);
    prk_scratch_destroy(scratch);
    printf("realise_test: %d failures\n", failures);
    return failures != 0;
}
