// SPDX-License-Identifier: Apache-2.0
//
// The way down of proofs by elliptic curves. What a step claims is looked at with GMP's integers
// alone; class numbers are counted form by form.

#define _GNU_SOURCE // clocks

#include <string.h>
#include <time.h>

#include "../../CKernels/ecpp/down.h"
#include "support.h"

static gmp_randstate_t state;

static double cpu_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void random_prime(mpz_t n, unsigned bits) {
    do {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, 0);
    } while (mpz_probab_prime_p(n, 25) == 0);
}

// --- Discriminants -------------------------------------------------------------------------------

// Reduced forms of discriminant -n, one after the other.
static uint32_t count_forms(uint32_t n) {
    uint32_t h = 0;
    for (uint32_t b = n % 2; 3 * b * b <= n; b += 2) {
        const uint32_t product = (n + b * b) / 4;
        for (uint32_t a = b == 0 ? 1 : b; a * a <= product; a++) {
            if (product % a == 0) {
                h += b == 0 || a == b || a * a == product ? 1 : 2;
            }
        }
    }
    return h;
}

static bool is_squarefree(uint32_t n) {
    for (uint32_t p = 2; p * p <= n; p++) {
        if (n % (p * p) == 0) {
            return false;
        }
    }
    return true;
}

static bool is_fundamental(uint32_t n) {
    return n % 4 == 3   ? is_squarefree(n)
           : n % 4 == 0 ? n / 4 % 4 != 3 && n / 4 % 4 != 0 && is_squarefree(n / 4)
                        : false;
}

static bool is_smooth(uint32_t h) {
    for (uint32_t p = 2; p <= 13; p++) {
        while (h % p == 0) {
            h /= p;
        }
    }
    return h == 1;
}

static const prk_discriminant *find(const prk_discriminant *list, size_t count, int32_t d) {
    for (size_t i = 0; i < count; i++) {
        if (list[i].d == d) {
            return &list[i];
        }
    }
    return NULL;
}

static bool parts_are_good(const prk_discriminant *d) {
    int64_t product = 1;
    for (int i = 0; i < d->count; i++) {
        const int part = d->parts[i];
        const bool is_even = part == -4 || part == 8 || part == -8;
        if (is_even ? i != d->count - 1
                    : ((part % 4) + 4) % 4 != 1 || !gmp_says_prime((uint64_t)abs(part))) {
            return false;
        }
        product *= part;
    }
    return d->count >= 1 && product == d->d && d->o == d->h >> (d->count - 1);
}

static bool is_in_order(const prk_discriminant *a, const prk_discriminant *b) {
    return a->o != b->o ? a->o < b->o : a->h != b->h ? a->h < b->h : a->d > b->d;
}

// All of a bound.
static void test_all_discriminants(void) {
    size_t count = 0, wanted = 0;
    const prk_discriminant *list = prk_discriminants(1000, &count);
    for (uint32_t n = 3; n < 4096; n++) {
        const bool is_wanted = is_fundamental(n) && is_smooth(count_forms(n));
        wanted += is_wanted;
        const prk_discriminant *d = find(list, count, -(int32_t)n);
        EXPECT((d != NULL) == is_wanted, "%u", n);
        EXPECT(d == NULL || d->h == count_forms(n), "%u: %u", n, d->h);
    }
    EXPECT(count == wanted, "%zu, not %zu", count, wanted);
    EXPECT(list[0].d == -3 && list[1].d == -4, "%d %d", list[0].d, list[1].d);
    size_t same = 0;
    EXPECT(prk_discriminants(4096, &same) == list && same == count, "made twice");
}

// Published class numbers, and samples of each bound.
static void test_discriminants(void) {
    static const struct {
        int32_t d;
        uint16_t h, o;
    } known[] = {{-3, 1, 1},     {-4, 1, 1},      {-7, 1, 1},   {-8, 1, 1},    {-163, 1, 1},
                 {-23, 3, 3},    {-47, 5, 5},     {-84, 4, 1},  {-71, 7, 7},   {-104, 6, 3},
                 {-5460, 16, 1}, {-96052, 72, 0}, {-420, 8, 1}, {-1848, 8, 1}, {-120120, 128, 4}};
    static const uint32_t bounds[] = {1 << 12, 1 << 15, 1 << 18, 1 << 20};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        size_t count = 0;
        const double start = cpu_now();
        const prk_discriminant *list = prk_discriminants(bounds[b], &count);
        const double time = cpu_now() - start;
        bool is_sorted = true, is_good = true;
        for (size_t i = 0; i < count; i++) {
            is_sorted = is_sorted && (i == 0 || is_in_order(&list[i - 1], &list[i]));
            is_good = is_good && parts_are_good(&list[i]) && is_smooth(list[i].h);
        }
        EXPECT(is_sorted && is_good, "bound %u", bounds[b]);
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            const prk_discriminant *d = find(list, count, known[i].d);
            EXPECT((d != NULL) == ((uint32_t)-known[i].d < bounds[b]), "%d", known[i].d);
            EXPECT(d == NULL || (d->h == known[i].h && (known[i].o == 0 || d->o == known[i].o)),
                   "%d: %u %u", known[i].d, d->h, d->o);
        }
        for (long i = 0; i < scaled(200); i++) {
            const prk_discriminant *d = &list[next_random() % count];
            EXPECT(is_fundamental((uint32_t)-d->d) && d->h == count_forms((uint32_t)-d->d),
                   "%d: %u", d->d, d->h);
        }
        printf("down_test: %zu discriminants below %u in %.2f ms\n", count, bounds[b], time * 1e3);
    }
    uint32_t raised = 1;
    const prk_discriminant_table *none = NULL;
    EXPECT(prk_discriminant_table_get(&none, 1 << 22, &raised) == PRK_STATUS_CANCELLED, "goes on");
}

// --- Parts ---------------------------------------------------------------------------------------

// Euclid's algorithm, and the same in few steps.
static void test_remainders(prk_scratch *s) {
    mpz_t a, b, limit, x, y;
    mpz_inits(a, b, limit, x, y, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(20000); i++) {
        const unsigned bits = 2 + (unsigned)(next_random() % 700);
        mpz_rrandomb(a, state, bits);
        mpz_rrandomb(b, state, 1 + next_random() % bits);
        if (i % 2 == 0) {
            mpz_urandomb(a, state, bits);
            mpz_urandomb(b, state, bits);
        }
        mpz_rrandomb(limit, state, 1 + next_random() % bits);
        if (mpz_cmp(a, b) < 0) {
            mpz_swap(a, b);
        }
        if (i % 16 == 0) { // quotients are 1
            mpz_fib2_ui(a, b, 3 + next_random() % 1000);
        }
        mpz_set(x, a);
        mpz_set(y, b);
        while (mpz_cmp(y, limit) > 0) {
            mpz_tdiv_r(x, x, y);
            mpz_swap(x, y);
        }
        prk_remainders_until(s, a, b, limit);
        EXPECT(mpz_cmp(a, x) == 0 && mpz_cmp(b, y) == 0, "%u bits", bits);
    }
    mpz_clears(a, b, limit, x, y, (mpz_ptr)NULL);
}

// Norms that are made, and where -d is no norm, a root of which nothing is found.
static void test_norms(prk_scratch *s) {
    static const int32_t discriminants[] = {-3, -4, -7, -8, -20, -23, -163, -5460, -96052};
    mpz_t n, t, v, root, limit, u;
    mpz_inits(n, t, v, root, limit, u, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(2000); i++) {
        const int32_t d = discriminants[next_random() % 9];
        do { // 4 n = t^2 - d v^2
            mpz_urandomb(t, state, 20 + next_random() % 300);
            mpz_urandomb(v, state, mpz_sizeinbase(t, 2));
            mpz_mul(n, v, v);
            mpz_mul_ui(n, n, (unsigned long)-d);
            mpz_addmul(n, t, t);
        } while (mpz_fdiv_ui(n, 4) != 0 || (mpz_tdiv_q_2exp(n, n, 2), mpz_sizeinbase(n, 2)) < 34 ||
                 mpz_probab_prime_p(n, 25) == 0);
        mpz_invert(root, v, n); // t / v
        mpz_mul(root, root, t);
        mpz_mod(root, root, n);
        mpz_mul_2exp(limit, n, 2);
        mpz_sqrt(limit, limit);
        mpz_ptr x = prk_scratch_take(s), y = prk_scratch_take(s);
        EXPECT(prk_norm(s, x, y, d, root, n, limit), "%d", d);
        mpz_mul(u, y, y);
        mpz_mul_ui(u, u, (unsigned long)-d);
        mpz_addmul(u, x, x);
        mpz_submul_ui(u, n, 4);
        EXPECT(mpz_sgn(u) == 0 && mpz_sgn(y) > 0, "%d", d);
        EXPECT(d >= -4 || (mpz_cmp(x, t) == 0 && mpz_cmp(y, v) == 0), "%d", d);
        mpz_add_ui(root, root, 1); // no root
        if (prk_norm(s, x, y, d, root, n, limit)) {
            mpz_mul(u, y, y);
            mpz_mul_ui(u, u, (unsigned long)-d);
            mpz_addmul(u, x, x);
            mpz_submul_ui(u, n, 4);
            EXPECT(mpz_sgn(u) == 0, "%d", d);
        }
        s->taken -= 2;
    }
    mpz_clears(n, t, v, root, limit, u, (mpz_ptr)NULL);
}

static void test_smooth(prk_scratch *s) {
    enum { MOST = 300 };
    mpz_t numbers[MOST], wanted[MOST];
    mpz_ptr list[MOST];
    static const size_t counts[] = {0, 1, 2, 3, 127, 128, 129, MOST};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        const unsigned log = 8 + (unsigned)(next_random() % 6);
        for (size_t i = 0; i < counts[c]; i++) {
            mpz_inits(numbers[i], wanted[i], (mpz_ptr)NULL);
            list[i] = numbers[i];
            do {
                mpz_urandomb(numbers[i], state, 1 + next_random() % 300);
            } while (mpz_sgn(numbers[i]) == 0);
            if (i % 3 == 0) { // powers, and nothing else
                mpz_ui_pow_ui(numbers[i], 2 + next_random() % 200, 1 + next_random() % 40);
            }
            mpz_set(wanted[i], numbers[i]);
            for (unsigned long p = 2; p < 1ul << log; p++) {
                while (mpz_divisible_ui_p(wanted[i], p)) {
                    mpz_divexact_ui(wanted[i], wanted[i], p);
                }
            }
        }
        EXPECT(prk_smooth_remove(s, list, counts[c], log, NULL) == PRK_STATUS_OK, "memory");
        for (size_t i = 0; i < counts[c]; i++) {
            EXPECT(mpz_cmp(numbers[i], wanted[i]) == 0, "%zu of %zu", i, counts[c]);
            mpz_clears(numbers[i], wanted[i], (mpz_ptr)NULL);
        }
    }
}

// x = a number of about `bits` bits for smooth parts below 2^log, of one of several kinds.
static void make_smooth_case(mpz_t x, unsigned kind, unsigned log, unsigned bits) {
    mpz_t p;
    mpz_init(p);
    mpz_set_ui(x, 1);
    switch (kind) {
    case 0: // small primes alone, each to its power
        while (mpz_sizeinbase(x, 2) + log <= bits) {
            mpz_set_ui(p, 1 + next_random() % ((1ul << log) - 2));
            mpz_nextprime(p, p);
            if (mpz_sizeinbase(p, 2) <= log) {
                mpz_mul(x, x, p);
            }
        }
        break;
    case 1: // a high power, and a number beside it
        mpz_ui_pow_ui(x, 3 + next_random() % 5, bits / 4);
        mpz_urandomb(p, state, bits - (unsigned)mpz_sizeinbase(x, 2));
        mpz_setbit(p, 0);
        mpz_mul(x, x, p);
        break;
    case 2: // a number of twos, or 1
        mpz_mul_2exp(x, x, next_random() % 2 * (bits - 1));
        break;
    case 3: // ones alone
        mpz_mul_2exp(x, x, bits);
        mpz_sub_ui(x, x, 1);
        break;
    case 4: // the last prime that goes out and the first one that stays, to high powers
        mpz_set_ui(p, 1ul << log);
        mpz_nextprime(p, p);
        mpz_pow_ui(x, p, bits / 2 / (log + 1));
        do {
            mpz_sub_ui(p, p, 1);
        } while (mpz_sizeinbase(p, 2) > log || mpz_probab_prime_p(p, 25) == 0);
        mpz_pow_ui(p, p, bits / 2 / log);
        mpz_mul(x, x, p);
        break;
    case 5: // shorter than the others
        mpz_urandomb(x, state, 1 + next_random() % bits);
        break;
    default:
        mpz_urandomb(x, state, bits);
        mpz_setbit(x, bits - 1);
    }
    if (mpz_sgn(x) == 0) {
        mpz_set_ui(x, 1);
    }
    mpz_clear(p);
}

// At the lowest and the active level, by greatest common divisors with the product of all primes.
static void test_smooth_sizes(prk_scratch *s) {
    enum { MOST = 40, KINDS = 12 };
    static const unsigned sizes[] = {65,   66,   100,  103,  104,  105,  156,  157,  208,
                                     209,  332,  512,  1027, 1040, 1300, 1351, 1352, 1353,
                                     1404, 1405, 2048, 3322, 4096, 8190, 8191, 8192, 8193};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    const prk_level active = prk_kernels()->level;
    mpz_t all, common, given[MOST], wanted[MOST], numbers[MOST];
    mpz_ptr list[MOST];
    mpz_inits(all, common, (mpz_ptr)NULL);
    for (size_t i = 0; i < MOST; i++) {
        mpz_inits(given[i], wanted[i], numbers[i], (mpz_ptr)NULL);
        list[i] = numbers[i];
    }
    size_t turn = 0;
    for (unsigned log = PRK_SMOOTH_LEAST_LOG; log <= PRK_SMOOTH_MOST_LOG; log++) {
        mpz_primorial_ui(all, 1ul << log);
        for (size_t i = 0; i < SIZES; i++) {
            const size_t count = 1 + turn++ % MOST;
            for (size_t j = 0; j < count; j++) {
                make_smooth_case(given[j], (unsigned)(next_random() % KINDS), log, sizes[i]);
                mpz_set(wanted[j], given[j]);
                mpz_tdiv_r(common, all, wanted[j]);
                while (mpz_gcd(common, common, wanted[j]), mpz_cmp_ui(common, 1) > 0) {
                    mpz_divexact(wanted[j], wanted[j], common);
                }
            }
            for (int pass = 0; pass < 2; pass++) {
                prk_take_level(pass == 0 ? PRK_LEVEL_PORTABLE : active);
                for (size_t j = 0; j < count; j++) {
                    mpz_set(numbers[j], given[j]);
                }
                EXPECT(prk_smooth_remove(s, list, count, log, NULL) == PRK_STATUS_OK, "memory");
                for (size_t j = 0; j < count; j++) {
                    EXPECT(mpz_cmp(numbers[j], wanted[j]) == 0, "%u bits, 2^%u, %zu of %zu, %d",
                           sizes[i], log, j, count, pass);
                }
            }
        }
    }
    const uint32_t cancel = 1;
    EXPECT(prk_smooth_remove(s, list, MOST, 12, &cancel) == PRK_STATUS_CANCELLED, "goes on");
    prk_take_level(PRK_LEVEL_PORTABLE);
    EXPECT(prk_smooth_remove(s, list, MOST, 12, &cancel) == PRK_STATUS_CANCELLED, "goes on");
    prk_take_level(active);
    for (size_t i = 0; i < MOST; i++) {
        mpz_clears(given[i], wanted[i], numbers[i], (mpz_ptr)NULL);
    }
    mpz_clears(all, common, (mpz_ptr)NULL);
}

// --- Steps ---------------------------------------------------------------------------------------

// q > (n^(1/4) + 1)^2, with sqrt(q) to 100 bits after the point.
static bool is_above_bound(const mpz_t q, const mpz_t n) {
    mpz_t x, y;
    mpz_inits(x, y, (mpz_ptr)NULL);
    mpz_mul_2exp(x, q, 200);
    mpz_sqrt(x, x);
    mpz_set_ui(y, 1);
    mpz_mul_2exp(y, y, 100);
    mpz_sub(x, x, y);
    mpz_pow_ui(x, x, 4);
    mpz_mul_2exp(y, n, 400);
    const bool is_above = mpz_cmp(x, y) > 0;
    mpz_clears(x, y, (mpz_ptr)NULL);
    return is_above;
}

static bool step_is_good(const mpz_t n, const prk_down *down) {
    mpz_t x, v;
    mpz_inits(x, v, (mpz_ptr)NULL);
    mpz_mul(v, down->t, down->t);
    mpz_mul_2exp(x, n, 2);
    mpz_sub(v, x, v);
    bool is_good = down->d < 0 && mpz_divisible_ui_p(v, (unsigned long)-(int64_t)down->d);
    mpz_tdiv_q_ui(v, v, (unsigned long)-(int64_t)down->d);
    is_good = is_good && mpz_perfect_square_p(v) != 0;
    mpz_mul(x, down->s, down->q);
    mpz_add(x, x, down->t);
    mpz_sub_ui(x, x, 1);
    is_good = is_good && mpz_cmp(x, n) == 0 && mpz_sgn(down->s) > 0;
    mpz_mul_2exp(x, down->q, 1);
    is_good = is_good && mpz_cmp(x, n) <= 0 && mpz_probab_prime_p(down->q, 25) != 0 &&
              is_above_bound(down->q, n) && down->discriminant->d == down->d;
    mpz_clears(x, v, (mpz_ptr)NULL);
    return is_good;
}

typedef struct chain {
    long steps;
    double seconds;
    bool is_whole;
} chain;

// To below 2^64. Now and then not the first way is gone, but the third.
static chain go_down(prk_scratch *s, const mpz_t from, unsigned every) {
    chain c = {.is_whole = true};
    mpz_t n;
    mpz_init_set(n, from);
    prk_down down, other;
    prk_down_init(&down);
    prk_down_init(&other);
    while (c.is_whole && mpz_size(n) > 1) {
        prk_way *way = NULL;
        bool found = false;
        const double start = cpu_now();
        EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_OK, "no way");
        EXPECT(prk_way_next(way, s, &down, &found) == PRK_STATUS_OK, "no step");
        c.seconds += cpu_now() - start;
        c.is_whole = found;
        if (found) {
            EXPECT(step_is_good(n, &down), "D = %d", down.d);
        }
        if (found && every != 0 && c.steps % every == 0) {
            mpz_t seen[2];
            for (int i = 0; i < 2 && found; i++) {
                mpz_init_set(seen[i], down.q);
                EXPECT(prk_way_next(way, s, &down, &found) == PRK_STATUS_OK, "no step");
                EXPECT(!found || step_is_good(n, &down), "D = %d", down.d);
                for (int j = 0; j <= i; j++) {
                    EXPECT(!found || mpz_cmp(seen[j], down.q) != 0, "the same q again");
                }
            }
            EXPECT(found, "no third way");
            mpz_clears(seen[0], seen[1], (mpz_ptr)NULL);
            // And the same from the beginning.
            prk_way *again = NULL;
            EXPECT(prk_way_make(&again, n, NULL) == PRK_STATUS_OK, "no way");
            for (int i = 0; i < 3; i++) {
                prk_way_next(again, s, &other, &found);
            }
            EXPECT(found && mpz_cmp(other.q, down.q) == 0 && mpz_cmp(other.t, down.t) == 0,
                   "changes");
            prk_way_destroy(again);
        }
        prk_way_destroy(way);
        if (c.is_whole) {
            mpz_set(n, down.q);
            c.steps++;
        }
    }
    prk_down_clear(&down);
    prk_down_clear(&other);
    mpz_clear(n);
    EXPECT(s->taken == 0, "%zu numbers are taken", s->taken);
    return c;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_chains(prk_scratch *s, unsigned bits, long count) {
    mpz_t n;
    mpz_init(n);
    double *times = malloc((size_t)count * sizeof *times);
    long steps = 0;
    for (long i = 0; i < count; i++) {
        random_prime(n, bits);
        const chain c = go_down(s, n, i % 4 == 3 && bits < 600 ? 3 : 0);
        EXPECT(c.is_whole, "%u bits: the way ends", bits);
        times[i] = c.seconds;
        steps += c.steps;
    }
    qsort(times, (size_t)count, sizeof *times, by_value);
    printf("down_test: %4u bits: %5.1f steps, median %9.3f ms, most %9.3f ms\n", bits,
           (double)steps / (double)count, times[count / 2] * 1e3, times[count - 1] * 1e3);
    free(times);
    mpz_clear(n);
}

// Three ways from each n, at each level.
static void test_levels(prk_scratch *s) {
    static const unsigned sizes[] = {68, 100, 200, 400, 700};
    const prk_level active = prk_kernels()->level;
    prk_down first[3], other;
    mpz_t n;
    mpz_init(n);
    prk_down_init(&other);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        random_prime(n, sizes[i]);
        for (prk_level level = PRK_LEVEL_PORTABLE; level < PRK_LEVEL_COUNT; level++) {
            if (!prk_level_supported(level)) {
                continue;
            }
            prk_take_level(level);
            prk_way *way = NULL;
            EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_OK, "no way");
            for (int j = 0; j < 3; j++) {
                bool found = false;
                if (level == PRK_LEVEL_PORTABLE) {
                    prk_down_init(&first[j]);
                }
                prk_down *down = level == PRK_LEVEL_PORTABLE ? &first[j] : &other;
                EXPECT(prk_way_next(way, s, down, &found) == PRK_STATUS_OK && found, "no step");
                EXPECT(mpz_cmp(down->q, first[j].q) == 0 && mpz_cmp(down->t, first[j].t) == 0,
                       "%u bits, %s", sizes[i], prk_level_name(level));
            }
            prk_way_destroy(way);
        }
        for (int j = 0; j < 3; j++) {
            prk_down_clear(&first[j]);
        }
    }
    prk_take_level(active);
    prk_down_clear(&other);
    mpz_clear(n);
}

// From standards, and primes modulo which many small discriminants are no squares, or of whose
// n - 1 many twos go out.
static void test_hard(prk_scratch *s) {
    static const char *const known[] = {
        "57896044618658097711785492504343953926634992332820282019728792003956564819949",
        "100000000000000000000000000000000000000000000000151",
        "18446744073709551629", // the first above 2^64
        "36893488147419103363", // above 2^65
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F",
    };
    mpz_t n, k;
    mpz_inits(n, k, (mpz_ptr)NULL);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        mpz_set_str(n, known[i], known[i][0] == 'F' ? 16 : 10);
        EXPECT(mpz_probab_prime_p(n, 25) && go_down(s, n, 5).is_whole, "%s", known[i]);
    }
    mpz_set_ui(n, 1);
    mpz_mul_2exp(n, n, 521);
    mpz_sub_ui(n, n, 1);
    EXPECT(go_down(s, n, 0).is_whole, "2^521 - 1");
    for (long i = 0; i < scaled(10); i++) {
        do {
            random_prime(n, 200);
        } while (mpz_fdiv_ui(n, 840) != 839); // no squares: -3, -4, -7, -8 …
        EXPECT(go_down(s, n, 2).is_whole, "839 modulo 840");
        do {
            mpz_urandomb(k, state, 60);
            mpz_mul_2exp(n, k, i % 2 == 0 ? 40 : 150);
            mpz_add_ui(n, n, 1);
        } while (mpz_size(n) < 2 || mpz_probab_prime_p(n, 25) == 0);
        EXPECT(go_down(s, n, 2).is_whole, "1 modulo 2^40");
    }
    mpz_clears(n, k, (mpz_ptr)NULL);
}

// It ends, and what it finds holds.
static void look_at_composite(prk_scratch *s, const mpz_t n, const char *name) {
    prk_down down;
    prk_down_init(&down);
    prk_way *way = NULL;
    bool found = true;
    EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_OK, "%s", name);
    for (int i = 0; found && i < 20; i++) {
        EXPECT(prk_way_next(way, s, &down, &found) == PRK_STATUS_OK, "%s", name);
        EXPECT(!found || step_is_good(n, &down), "%s", name);
    }
    prk_way_destroy(way);
    prk_down_clear(&down);
}

static void test_composites(prk_scratch *s) {
    mpz_t n, p;
    mpz_inits(n, p, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(2); i++) {
        random_prime(n, 70);
        random_prime(p, 70);
        mpz_mul(n, n, p);
        look_at_composite(s, n, "of two primes");
        mpz_mul(n, p, p);
        look_at_composite(s, n, "a square");
    }
    // (6 k + 1) (12 k + 1) (18 k + 1) is Carmichael's.
    for (unsigned long k = 1 + (unsigned long)(next_random() >> 40);; k++) {
        mpz_set_ui(p, 6 * k + 1);
        mpz_set_ui(n, 12 * k + 1);
        if (gmp_says_prime(6 * k + 1) && gmp_says_prime(12 * k + 1) && gmp_says_prime(18 * k + 1)) {
            mpz_mul(n, n, p);
            mpz_mul_ui(n, n, 18 * k + 1);
            break;
        }
    }
    look_at_composite(s, n, "Carmichael's");
    mpz_primorial_ui(n, 300);
    mpz_tdiv_q_2exp(n, n, 1);
    look_at_composite(s, n, "of small primes");
    prk_way *way = NULL;
    mpz_set_str(n, "FFFFFFFFFFFFFFC5", 16);
    EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_INVALID_ARGUMENT && way == NULL, "a word");
    mpz_mul_2exp(n, n, 2);
    EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_INVALID_ARGUMENT && way == NULL, "even");
    mpz_set_si(n, -5);
    EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_INVALID_ARGUMENT && way == NULL, "negative");
    prk_way_destroy(NULL);
    mpz_clears(n, p, (mpz_ptr)NULL);
}

static void test_cancelling(prk_scratch *s) {
    mpz_t n;
    mpz_init(n);
    random_prime(n, 256);
    uint32_t flag = 0;
    prk_way *way = NULL;
    prk_down down;
    bool found = true;
    prk_down_init(&down);
    EXPECT(prk_way_make(&way, n, &flag) == PRK_STATUS_OK, "no way");
    flag = 1;
    EXPECT(prk_way_next(way, s, &down, &found) == PRK_STATUS_CANCELLED && !found, "goes on");
    prk_way_destroy(way);
    prk_down_clear(&down);
    mpz_clear(n);
}

int main(int count, char **arguments) {
    gmp_randinit_default(state);
    gmp_randseed_ui(state, 20260729);
    prk_scratch *s = prk_scratch_create();
    if (count > 1) { // bits of chains to be measured
        for (int i = 1; i < count; i++) {
            test_chains(s, (unsigned)atoi(arguments[i]), 1);
            test_chains(s, (unsigned)atoi(arguments[i]), 5);
        }
        return failures != 0;
    }
    test_all_discriminants();
    test_discriminants();
    test_remainders(s);
    test_norms(s);
    test_smooth(s);
    test_smooth_sizes(s);
    static const unsigned sizes[] = {65, 66, 70, 80, 100, 128, 200, 256, 332, 512};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        test_chains(s, sizes[i], scaled(20));
    }
    test_chains(s, 1024, scaled(3));
    test_levels(s);
    test_hard(s);
    test_composites(s);
    test_cancelling(s);
    prk_scratch_destroy(s);
    gmp_randclear(state);
    printf("down_test: %d failures\n", failures);
    return failures != 0;
}
