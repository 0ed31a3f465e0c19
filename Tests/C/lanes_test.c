// SPDX-License-Identifier: Apache-2.0
//
// Large numbers in lanes, and across them, against GMP: products of operands at their bounds,
// carries at their worst, each test on numbers of every shape and group size, and batches of mixed
// numbers through the public function.

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/engine/engine.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/numbers/random_base.h"
#include "support.h"

#define MOST_LIMBS ((int)prk_lane_limbs(PRK_LANE_MOST_BITS))

static gmp_randstate_t state;
static prk_scratch *scratch;
static void *memory;

static uint64_t below(uint64_t n) { return next_random() % n; }

// --- Numbers -------------------------------------------------------------------------------------

enum { SHAPES = 8 };

// An odd number of at most `bits` bits, above 2.
static void make(mpz_t n, int shape, int bits, int place) {
    switch (shape) {
    case 0: // random
        mpz_urandomb(n, state, (mp_bitcnt_t)bits);
        break;
    case 1: // long runs of equal bits
        mpz_rrandomb(n, state, (mp_bitcnt_t)bits);
        break;
    case 2: // a prime, where that is quickly found
        mpz_urandomb(n, state, (mp_bitcnt_t)bits - 1);
        if (bits < 600) {
            mpz_nextprime(n, n);
        }
        break;
    case 3: // beside a power of two
        mpz_set_ui(n, 0);
        mpz_setbit(n, (mp_bitcnt_t)(bits - 1 - place % 3 % (bits - 2)));
        if (place % 2 == 0) {
            mpz_add_ui(n, n, 1 + 2 * (unsigned long)(place % 5));
        } else {
            mpz_sub_ui(n, n, 1 + 2 * (unsigned long)(place % 5));
        }
        break;
    case 4: // k 2^e ± 1: levels up to the top
        mpz_set_ui(n, below(256) | 1);
        mpz_mul_2exp(n, n, 1 + below((uint64_t)(bits > 12 ? bits - 10 : 1)));
        if (place % 2 == 0) {
            mpz_add_ui(n, n, 1);
        } else {
            mpz_sub_ui(n, n, 1);
        }
        break;
    case 5: // limbs all ones
        mpz_set_ui(n, 1);
        mpz_mul_2exp(n, n, (mp_bitcnt_t)bits);
        mpz_sub_ui(n, n, 1 + 2 * (unsigned long)(place / 8));
        break;
    case 6: // limbs of zeros between
        mpz_set_ui(n, 0);
        mpz_setbit(n, (mp_bitcnt_t)bits - 1);
        mpz_setbit(n, below((uint64_t)bits));
        break;
    default: // p (2p - 1), which base 2 takes for a prime more often
        mpz_urandomb(n, state, (mp_bitcnt_t)(bits / 2 - 1 > 2 ? bits / 2 - 1 : 2));
        if (bits < 600) {
            mpz_nextprime(n, n);
        }
        mpz_t twin;
        mpz_init(twin);
        mpz_mul_2exp(twin, n, 1);
        mpz_sub_ui(twin, twin, 1);
        mpz_mul(n, n, twin);
        mpz_clear(twin);
        break;
    }
    mpz_tdiv_r_2exp(n, n, (mp_bitcnt_t)bits);
    mpz_setbit(n, 0);
    if (mpz_cmp_ui(n, 3) < 0) {
        mpz_set_ui(n, 3);
    }
}

typedef struct numbers {
    mpz_t n[PRK_LANE_GROUP];
    prk_lane_number number[PRK_LANE_GROUP];
    prk_lane_number *list[PRK_LANE_GROUP];
    size_t count;
} numbers;

static void enter(numbers *all, size_t count, int k) {
    all->count = count;
    for (size_t i = 0; i < count; i++) {
        all->number[i] = (prk_lane_number){.limbs = (const uint64_t *)mpz_limbs_read(all->n[i]),
                                           .size = (uint32_t)mpz_size(all->n[i]),
                                           .bits = (uint32_t)mpz_sizeinbase(all->n[i], 2),
                                           .k = k};
        all->list[i] = &all->number[i];
    }
}

// --- Products ------------------------------------------------------------------------------------

// An operand below 4 n: often the largest, or one of ones and zeros.
static void make_operand(mpz_t x, const mpz_t n) {
    mpz_t bound;
    mpz_init(bound);
    mpz_mul_2exp(bound, n, 2);
    switch (below(4)) {
    case 0:
        mpz_sub_ui(x, bound, 1 + below(2));
        break;
    case 1:
        mpz_rrandomb(x, state, mpz_sizeinbase(n, 2) + 1);
        break;
    default:
        mpz_urandomm(x, state, bound);
        break;
    }
    mpz_tdiv_r(x, x, bound);
    mpz_clear(bound);
}

// Whether x < 2n is y z / R modulo n. Changes x and t.
static void expect_product(const char *where, mpz_t x, const mpz_t y, const mpz_t z, const mpz_t n,
                           int k, mpz_t t) {
    mpz_mul_2exp(t, n, 1);
    EXPECT(mpz_cmp(x, t) < 0, "%s: a product of %d limbs is not below 2n", where, k);
    mpz_mul_2exp(x, x, (mp_bitcnt_t)(k * PRK_LIMB_BITS));
    mpz_mul(t, y, z);
    mpz_sub(x, x, t);
    EXPECT(mpz_divisible_p(x, n), "%s: a %s of %d limbs", where, y == z ? "square" : "product", k);
}

// Operands for each modulus.
enum { OPERANDS = 16 };

static void test_products(int k, long products) {
    numbers all;
    mpz_t x[PRK_LANE_GROUP], y[PRK_LANE_GROUP], z[PRK_LANE_GROUP], t;
    mpz_init(t);
    for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
        mpz_inits(all.n[i], x[i], y[i], z[i], (mpz_ptr)NULL);
    }
    for (long done = 0; done < products; done += (long)PRK_LANE_GROUP) {
        const long turn = done / (long)PRK_LANE_GROUP;
        const bool squares = turn % 2 == 0;
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            if (turn % OPERANDS == 0) {
                const int shape = (int)below(3) == 0 ? 5 : (int)below(2);
                make(all.n[i], shape, k * PRK_LIMB_BITS - 4, (int)i);
            }
            make_operand(x[i], all.n[i]);
            make_operand(y[i], all.n[i]);
            mpz_set(z[i], x[i]);
        }
        enter(&all, PRK_LANE_GROUP, k);
        prk_lanes_product(all.list, all.count, z, squares ? NULL : y, memory);
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            expect_product("lane", z[i], x[i], squares ? x[i] : y[i], all.n[i], k, t);
        }
        // Modulo one of the numbers what was chosen for it and others.
        const size_t chosen = (size_t)turn % PRK_LANE_GROUP;
        mpz_mul_2exp(t, all.n[chosen], 2);
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            mpz_tdiv_r(x[i], x[i], t);
            mpz_tdiv_r(y[i], y[i], t);
            mpz_set(z[i], x[i]);
        }
        EXPECT(prk_across_products(scratch, all.n[chosen], z, squares ? NULL : y, PRK_LANE_GROUP) ==
                   PRK_STATUS_OK,
               "memory");
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            expect_product("across", z[i], x[i], squares ? x[i] : y[i], all.n[chosen], k, t);
        }
    }
    for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
        mpz_clears(all.n[i], x[i], y[i], z[i], (mpz_ptr)NULL);
    }
    mpz_clear(t);
}

// --- Carries -------------------------------------------------------------------------------------

#if defined(__x86_64__)

#include "../../CKernels/ifma/across_columns.h"

// Columns that carry far: ones that wait for a carry, ones that give one, full ones.
static uint64_t make_column(void) {
    switch (below(6)) {
    case 0:
        return LOW_52 + 1;
    case 1:
        return (UINT64_C(1) << 61) - 1;
    case 2:
        return below(UINT64_C(1) << 61);
    default:
        return LOW_52;
    }
}

static void add_columns(mpz_t sum, const uint64_t *columns, int count) {
    mpz_set_ui(sum, 0);
    for (int i = count; i-- > 0;) {
        mpz_mul_2exp(sum, sum, PRK_LIMB_BITS);
        mpz_add_ui(sum, sum, columns[i]);
    }
}

static void expect_limbs(const char *what, const uint64_t *x, int count, const mpz_t wanted) {
    mpz_t sum;
    mpz_init(sum);
    for (int i = 0; i < count; i++) {
        EXPECT(x[i] <= LOW_52, "%s: limb %d of %d is beyond 52 bits", what, i, count);
    }
    add_columns(sum, x, count);
    EXPECT(mpz_cmp(sum, wanted) == 0, "%s of %d limbs", what, count);
    mpz_clear(sum);
}

PRK_TARGET static void test_carries(void) {
    enum { VECTORS = 21, WORDS = 8 * VECTORS };
    uint64_t t[WORDS + 8], u[WORDS + 8], room[PRK_ZEROS_BEFORE + WORDS],
        *x = room + PRK_ZEROS_BEFORE;
    mpz_t wanted;
    mpz_init(wanted);
    for (long i = scaled(20000); i-- > 0;) {
        const int vectors = 1 + i % VECTORS;
        for (int j = 0; j < WORDS + 8; j++) {
            t[j] = make_column();
            u[j] = below(3) == 0 ? make_column() : 0;
        }
        add_columns(wanted, t, 8 * vectors);
        mpz_fdiv_r_2exp(wanted, wanted, (mp_bitcnt_t)(8 * vectors * PRK_LIMB_BITS));
        carry_columns(x, t, vectors);
        expect_limbs("columns", x, 8 * vectors, wanted);

        // The last columns have nothing, as above a result.
        const int k = larger(1, 8 * vectors - 1 - i / VECTORS % 8);
        uint64_t addend_room[WORDS + 16] = {0}, *addend = addend_room + 1;
        for (int j = 0; j <= k; j++) {
            addend[j] = j < k - 1 ? make_column() & LOW_52 : 0;
        }
        for (int j = k - 1; j < WORDS + 8; j++) {
            t[j] = u[j] = 0;
        }
        const int kind = i % 3; // plus nothing, doubled, plus an addend
        uint64_t sums[WORDS] = {0};
        for (int j = 1; j < 8 * vectors; j++) {
            sums[j - 1] = ((t[j] + u[j]) << (kind == 1)) + (kind == 2 ? addend[j - 1] : 0);
        }
        add_columns(wanted, sums, 8 * vectors - 1);
        const uint64_t below_r = (t[0] + u[0] + LOW_52) >> 52;
        mpz_add_ui(wanted, wanted, below_r << (kind == 1));
        finish_columns(x, t, u, kind == 1, kind == 2 ? addend : NULL, k);
        expect_limbs("a finished product", x, 8 * vectors - 1, wanted);
        EXPECT(x[-1] == 0, "a limb before a finished product");
    }
    mpz_clear(wanted);
}

#else

static void test_carries(void) {}

#endif

// Powers as mpz_powm has them.
static void test_powers(void) {
    mpz_t n, base, exponent, wanted, power;
    mpz_inits(n, base, exponent, wanted, power, (mpz_ptr)NULL);
    for (int bits = 65; bits <= 2100; bits += bits < 600 ? 1 : 97) {
        for (int shape = 0; shape < 3; shape++) {
            make(n, shape == 2 ? 5 : shape, bits, shape);
            mpz_set_ui(base, (unsigned long)shape + 1); // 1, 2, and one that is long
            if (shape == 2) {
                mpz_urandomm(base, state, n);
            }
            mpz_urandomb(exponent, state, 1 + below((uint64_t)bits));
            mpz_add_ui(exponent, exponent, 1);
            mpz_powm(wanted, base, exponent, n);
            prk_power(scratch, &prk_across, power, base, exponent, n, NULL, NULL);
            EXPECT(mpz_cmp(power, wanted) == 0, "a power modulo a number of %d bits", bits);
        }
    }
    mpz_clears(n, base, exponent, wanted, power, (mpz_ptr)NULL);
}

// --- Each test by itself -------------------------------------------------------------------------

static void complain(const char *test, const numbers *all, const prk_lane_number *number) {
    if (failures < 50) {
        gmp_printf("lanes_test: %s, %zu numbers, k = %d, n = %Zd\n", test, all->count, number->k,
                   all->n[number - all->number]);
    }
    failures++;
}

// The tests of the lanes, or those across the vectors: each sets `passed` of all.
typedef struct tests {
    void (*strong)(prk_lane_number *const *, size_t);
    void (*lucas)(prk_lane_number *const *, size_t);
    void (*random_base)(prk_lane_number *const *, size_t, uint64_t seed);
} tests;

static void strong_in_lanes(prk_lane_number *const *list, size_t count) {
    prk_lanes_strong(list, count, memory, scratch, NULL);
}

static void lucas_in_lanes(prk_lane_number *const *list, size_t count) {
    prk_lanes_lucas(list, count, memory, scratch, NULL);
}

static void random_base_in_lanes(prk_lane_number *const *list, size_t count, uint64_t seed) {
    prk_lanes_random_base(list, count, memory, scratch, seed, NULL);
}

static void strong_across(prk_lane_number *const *list, size_t count) {
    mpz_t n, base;
    mpz_init_set_ui(base, 2);
    for (size_t i = 0; i < count; i++) {
        prk_strong_test(scratch, &prk_across, prk_lane_view(n, list[i]), NULL, base, NULL,
                        &list[i]->passed);
    }
    mpz_clear(base);
}

static void lucas_across(prk_lane_number *const *list, size_t count) {
    mpz_t n;
    for (size_t i = 0; i < count; i++) {
        prk_extra_strong_lucas_test(scratch, &prk_across, prk_lane_view(n, list[i]), NULL,
                                    list[i]->p, NULL, &list[i]->condition);
        list[i]->passed = list[i]->condition != PRK_LUCAS_NONE;
    }
}

static void random_base_across(prk_lane_number *const *list, size_t count, uint64_t seed) {
    mpz_t n, base;
    mpz_init(base);
    for (size_t i = 0; i < count; i++) {
        prk_random_base_mpz(base, prk_lane_view(n, list[i]), seed, list[i]->round);
        prk_strong_test(scratch, &prk_across, n, NULL, base, NULL, &list[i]->passed);
    }
    mpz_clear(base);
}

static const tests in_lanes = {strong_in_lanes, lucas_in_lanes, random_base_in_lanes};
static const tests across_lanes = {strong_across, lucas_across, random_base_across};

static void test_each_by(const tests *by, numbers *all) {
    bool wanted = false;
    mpz_t base;
    mpz_init_set_ui(base, 2);
    by->strong(all->list, all->count);
    for (size_t i = 0; i < all->count; i++) {
        prk_strong_test(scratch, &prk_redc, all->n[i], NULL, base, NULL, &wanted);
        if (wanted != all->number[i].passed) {
            complain("strong test to base 2", all, &all->number[i]);
        }
    }
    prk_lane_number *list[PRK_LANE_GROUP];
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        all->number[i].round = 1 + (uint32_t)i % 3;
        if (mpz_cmp_ui(all->n[i], 5) >= 0) {
            list[count++] = &all->number[i];
        }
    }
    if (count > 0) {
        by->random_base(list, count, 77);
    }
    for (size_t i = 0; i < count; i++) {
        const size_t place = (size_t)(list[i] - all->number);
        prk_random_base_mpz(base, all->n[place], 77, list[i]->round);
        prk_strong_test(scratch, &prk_redc, all->n[place], NULL, base, NULL, &wanted);
        if (wanted != list[i]->passed) {
            complain("strong test to a random base", all, list[i]);
        }
    }
    mpz_clear(base);
    count = 0;
    for (size_t i = 0; i < all->count; i++) {
        prk_lane_number *number = &all->number[i];
        if (mpz_cmp_ui(all->n[i], 3) > 0 && !mpz_perfect_square_p(all->n[i]) &&
            prk_lucas_parameter(all->n[i], &number->p)) {
            list[count++] = number;
        }
    }
    if (count > 0) {
        by->lucas(list, count);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t condition = PRK_LUCAS_NONE;
        prk_extra_strong_lucas_test(scratch, &prk_redc, all->n[list[i] - all->number], NULL,
                                    list[i]->p, NULL, &condition);
        if (condition != list[i]->condition || list[i]->passed != (condition != PRK_LUCAS_NONE)) {
            complain("extra strong Lucas test", all, list[i]);
        }
    }
}

// The forms of P and -2, for any P and any width.
static void test_lucas_constants(void) {
    mpz_t n, form, wanted, p, minus_two;
    mpz_inits(n, form, wanted, p, minus_two, NULL);
    for (long i = 0, count = scaled(20000); i < count; i++) {
        const int bits = 4 + (int)below(i % 50 == 0 ? PRK_LANE_MOST_BITS - 4 : 400);
        make(n, (int)(i % 2), bits, 0);
        // Of the first ones mostly, as in a search.
        const prk_lane_number number = {.limbs = (const uint64_t *)mpz_limbs_read(n),
                                        .size = (uint32_t)mpz_size(n),
                                        .bits = (uint32_t)mpz_sizeinbase(n, 2),
                                        .p = 3 + (uint32_t)below(i % 3 == 0 ? 500000 : 30)};
        const int k = (int)prk_lane_limbs(number.bits) + (int)below(2);
        prk_lane_lucas_constants(scratch, &number, k, p, minus_two);
        mpz_set_ui(form, 0);
        mpz_setbit(form, (mp_bitcnt_t)k * PRK_LIMB_BITS);
        mpz_mul_ui(wanted, form, number.p);
        mpz_mod(wanted, wanted, n);
        const bool is_right = mpz_cmp(p, wanted) == 0;
        mpz_mul_2exp(form, form, 1);
        mpz_mod(form, form, n);
        mpz_sub(form, n, form);
        if (!is_right || mpz_cmp(minus_two, form) != 0) {
            failures++;
            gmp_printf("constants of the Lucas test: %Zd, P = %u, %d limbs\n", n, number.p, k);
        }
    }
    EXPECT(scratch->taken == 0, "%zu numbers are still taken", scratch->taken);
    mpz_clears(n, form, wanted, p, minus_two, NULL);
}

static void test_each(numbers *all) {
    test_each_by(&in_lanes, all);
    bool are_taken = true;
    for (size_t i = 0; i < all->count; i++) {
        are_taken = are_taken && prk_lanes_take(all->number[i].bits);
    }
    if (are_taken) {
        test_each_by(&across_lanes, all);
    }
}

// Every odd number below 2^14, beside others of its size, in lanes of any width.
static void test_small(numbers *all) {
    for (int k = 2; k <= 4; k++) {
        for (uint64_t first = 3; first < 1 << 14; first += 2 * PRK_LANE_GROUP) {
            for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
                mpz_set_ui(all->n[i], first + 2 * i);
            }
            enter(all, PRK_LANE_GROUP, k);
            test_each(all);
        }
    }
}

static void test_shapes(numbers *all, int k) {
    for (size_t count = 1; count <= PRK_LANE_GROUP; count += k <= 10 ? 1 : k <= 40 ? 7 : 23) {
        for (int shape = 0; shape < SHAPES; shape++) {
            if (!is_sampled((uint64_t)k << 32 | count << 8 | (uint64_t)shape, k <= 40 ? 4 : 20)) {
                continue;
            }
            for (size_t i = 0; i < count; i++) {
                const int most = k * PRK_LIMB_BITS - 4;
                // Of one size, or of any that is smaller.
                const int bits = i == 0 || shape % 2 == 1 ? most : 4 + (int)below(most - 3);
                make(all->n[i], shape, bits, (int)i);
            }
            enter(all, count, k);
            test_each(all);
        }
    }
}

// --- Batches -------------------------------------------------------------------------------------

typedef struct batch {
    uint64_t *limbs, offsets[1024];
    size_t count;
} batch;

static void append(batch *b, const mpz_t n) {
    const size_t size = mpz_size(n);
    const uint64_t first = b->offsets[b->count];
    b->limbs = realloc(b->limbs, (first + size + 1) * sizeof *b->limbs);
    if (b->limbs == NULL) {
        perror("lanes_test");
        exit(1);
    }
    memcpy(b->limbs + first, mpz_limbs_read(n), size * sizeof *b->limbs);
    b->offsets[++b->count] = first + size;
}

// As the GMP engine has it, but for which engine it was and what it took.
static void compare(const batch *b, uint32_t rounds, prk_engine engine) {
    static uint8_t verdicts[1024], wanted[1024], alone[1024];
    static prk_report reports[1024], of_gmp[1024];
    const prk_options options = {.seed = 5, .rounds = rounds};
    EXPECT(prk_test_batch(engine, b->limbs, b->offsets, b->count, &options, scratch, verdicts,
                          reports) == PRK_STATUS_OK,
           "a batch of %zu", b->count);
    EXPECT(prk_test_batch(engine, b->limbs, b->offsets, b->count, &options, NULL, alone, NULL) ==
               PRK_STATUS_OK,
           "without reports");
    EXPECT(prk_test_batch(PRK_ENGINE_GMP, b->limbs, b->offsets, b->count, &options, scratch, wanted,
                          of_gmp) == PRK_STATUS_OK,
           "on GMP");
    for (size_t i = 0; i < b->count; i++) {
        EXPECT(verdicts[i] == wanted[i] && alone[i] == wanted[i] && reports[i].verdict == wanted[i],
               "number %zu of %zu is %u, not %u", i, b->count, verdicts[i], wanted[i]);
        reports[i].cpu_ns = of_gmp[i].cpu_ns;
        if (reports[i].engine != PRK_ENGINE_U64) { // which has a test of its own
            EXPECT(reports[i].engine == PRK_ENGINE_GMP || reports[i].engine == PRK_ENGINE_IFMA ||
                       reports[i].engine == PRK_ENGINE_FFT,
                   "engine %u", reports[i].engine);
            reports[i].engine = PRK_ENGINE_GMP;
            EXPECT(memcmp(&reports[i], &of_gmp[i], sizeof reports[i]) == 0,
                   "the evidence for number %zu of %zu", i, b->count);
        }
    }
}

static void test_batches(void) {
    mpz_t n, p;
    mpz_inits(n, p, (mpz_ptr)NULL);
    for (size_t count = 0; count <= 70; count += count < 20 ? 1 : 25) {
        for (int kind = 0; kind < 3; kind++) {
            batch b = {.count = 0};
            for (size_t i = 0; i < count; i++) {
                // One size, neighbouring sizes, all sizes.
                const int bits = kind == 0 ? 160 : kind == 1 ? 150 + (int)i : 2 + (int)below(700);
                make(n, (int)below(SHAPES), bits, (int)i);
                if (below(8) == 0) {
                    mpz_add_ui(n, n, 1); // even
                } else if (below(8) == 0) {
                    make(p, 2, bits / 2 + 2, (int)i);
                    mpz_mul(n, p, p); // a square
                } else if (below(3) == 0) {
                    mpz_nextprime(n, n);
                }
                append(&b, n);
            }
            compare(&b, (uint32_t)count % 3, PRK_ENGINE_IFMA);
            compare(&b, (uint32_t)count % 3, PRK_ENGINE_AUTO);
            free(b.limbs);
        }
    }
    // Beside both ends of what lanes take, and more than are tested together.
    batch b = {.count = 0};
    mpz_set_ui(n, 3);
    for (int bits = 0; bits < 6; bits++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, (mp_bitcnt_t)(bits < 3 ? 63 + bits : PRK_LANE_MOST_BITS - 4 + bits));
        mpz_sub_ui(n, n, 1);
        append(&b, n);
        mpz_add_ui(n, n, 2);
        append(&b, n);
    }
    for (int i = 0; i < PRK_LANE_BATCH + 3; i++) {
        make(n, 0, 65 + i % 60, i);
        mpz_nextprime(n, n);
        append(&b, n);
    }
    compare(&b, 1, PRK_ENGINE_AUTO);
    free(b.limbs);
    mpz_clears(n, p, (mpz_ptr)NULL);
}

static void test_cancelling(void) {
    batch b = {.count = 0};
    mpz_t n;
    mpz_init(n);
    for (int i = 0; i < 16; i++) {
        mpz_set_ui(n, 1);
        mpz_mul_2exp(n, n, 4253);
        mpz_sub_ui(n, n, 1);
        mpz_add_ui(n, n, 1000000 * (unsigned long)i);
        append(&b, n);
    }
    const uint32_t flag = 1;
    const prk_options options = {.cancel = &flag};
    uint8_t verdicts[16];
    EXPECT(prk_test_batch(PRK_ENGINE_IFMA, b.limbs, b.offsets, b.count, &options, scratch, verdicts,
                          NULL) == PRK_STATUS_CANCELLED,
           "a raised flag");
    for (size_t i = 0; i < b.count; i++) {
        EXPECT(verdicts[i] == PRK_UNTESTED, "verdict %u", verdicts[i]);
    }
    free(b.limbs);
    mpz_clear(n);
}

int main(void) {
    gmp_randinit_default(state);
    scratch = prk_scratch_create();
    memory = aligned_alloc(64, 64 * prk_lane_memory((size_t)MOST_LIMBS));
    if (scratch == NULL || memory == NULL) {
        perror("lanes_test");
        return 1;
    }
    test_batches();
    test_cancelling();
    if (prk_lanes_take(65)) {
        static const int some[] = {11, 12, 13, 14, 15, 16, 19, 20, 21, 29, 40, 79, 158};
        numbers all;
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            mpz_init(all.n[i]);
        }
        for (int k = 2; k <= MOST_LIMBS; k++) {
            test_products(k, scaled(96));
        }
        test_carries();
        test_powers();
        test_lucas_constants();
        test_small(&all);
        for (int k = 2; k <= 10; k++) {
            test_shapes(&all, k);
        }
        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
            test_shapes(&all, some[i]);
        }
        for (size_t i = 0; i < PRK_LANE_GROUP; i++) {
            mpz_clear(all.n[i]);
        }
    } else {
        printf("lanes_test: level %s has no lanes; batches go to GMP\n",
               prk_level_name(prk_active_level()));
    }
    free(memory);
    prk_scratch_destroy(scratch);
    gmp_randclear(state);
    printf("lanes_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
