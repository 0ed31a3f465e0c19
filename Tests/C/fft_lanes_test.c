// SPDX-License-Identifier: Apache-2.0
//
// Numbers in the lanes of transforms against GMP, with the kernels of every instruction set that
// this machine has: products at every length, each test on groups of mixed sizes, a fault in some
// lanes, and batches through the public function.

#include <string.h>

#include "../../CKernels/fft/lanes.h"
#include "../../CKernels/long/fft_lanes.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/numbers/random_base.h"
#include "support.h"

static gmp_randstate_t state;
static prk_scratch *scratch;

static uint64_t below(uint64_t n) { return next_random() % n; }

// --- Numbers -------------------------------------------------------------------------------------

enum { SHAPES = 8, PATTERN = 3 };

// An odd number of `bits` bits.
static void make(mpz_t n, int shape, size_t bits) {
    mpz_set_ui(n, 0);
    switch (shape) {
    case 0: // beside a power of 2, from below
        mpz_setbit(n, bits);
        mpz_sub_ui(n, n, 1 + 2 * (unsigned long)below(100));
        break;
    case 1: // and from above
        mpz_setbit(n, bits - 1);
        mpz_add_ui(n, n, 1 + 2 * (unsigned long)below(100));
        break;
    case 2: // long runs of equal bits
        mpz_rrandomb(n, state, bits);
        break;
    case PATTERN: // over and over: rounding errors add up, and may take a lane out
        for (size_t i = 0; i < bits; i += 1 + bits % 7) {
            mpz_setbit(n, i);
        }
        break;
    case 4: // few bits
        for (int i = 0; i < 3; i++) {
            mpz_setbit(n, below(bits));
        }
        break;
    default:
        mpz_urandomb(n, state, bits);
        break;
    }
    mpz_setbit(n, bits - 1);
    mpz_setbit(n, 0);
}

// --- Products ------------------------------------------------------------------------------------

typedef struct lane {
    mpz_t n, x, y, less, value;
} lane;

static lane lanes[PRK_FFT_MOST_LANES];

// Whether lane i has x, times what stands for 1.
static void expect_lane(const prk_fft_lanes *l, const double *x, size_t i, mpz_srcptr expected,
                        const char *what) {
    mpz_t value, form;
    mpz_init(value);
    mpz_init(form);
    prk_fft_lanes_look(l, value, x, i);
    mpz_mul(form, expected, l->one[i]);
    mpz_mod(form, form, l->n[i]);
    EXPECT(mpz_cmp(value, form) == 0, "%s: %s of %zu points with %u bits, lane %zu",
           l->kernels->name, what, l->plan.shape.points, l->plan.shape.bits, i);
    mpz_clear(value);
    mpz_clear(form);
}

// Squares, some of them doubled, a product and a difference modulo a group of numbers.
static void test_products(const prk_fft_lane_kernels *kernels, const prk_fft_shape *shape) {
    const size_t bits = 2 * shape->points * shape->bits - 22, width = kernels->lanes;
    mpz_srcptr n[PRK_FFT_MOST_LANES];
    const size_t size = prk_fft_lanes_size(kernels, shape);
    const size_t bytes = prk_fft_lanes_bytes(kernels, shape);
    const size_t count = below(4) == 0 ? 1 + below(width) : width, room = 3 * size;
    void *memory = aligned_alloc(PRK_FFT_ALIGNMENT, (bytes + 63) / 64 * 64);
    double *x = aligned_alloc(PRK_FFT_ALIGNMENT, room * sizeof(double));
    if (memory == NULL || x == NULL) {
        abort();
    }
    memset(x, 0, room * sizeof(double));
    double *y = x + size, *less = y + size;
    unsigned patterns = 0;
    for (size_t i = 0; i < count; i++) {
        const int kind = (int)below(SHAPES);
        patterns |= (kind == PATTERN ? 1U : 0) << i;
        make(lanes[i].n, kind, bits - (i == 0 ? 0 : below(bits / 4)));
        n[i] = lanes[i].n;
    }
    const size_t taken = scratch->taken;
    prk_fft_lanes l;
    prk_fft_lanes_set(&l, kernels, shape, n, count, memory, scratch);
    const unsigned without = l.out; // an inverse
    for (size_t i = 0; i < count; i++) {
        mpz_t r;
        mpz_init(r);
        prk_fft_ring_modulus(r, shape, PRK_FFT_SIXTH);
        mpz_gcd(r, r, n[i]);
        EXPECT((without >> i & 1) == (mpz_cmp_ui(r, 1) != 0), "%s: %zu points: an inverse",
               kernels->name, shape->points);
        mpz_clear(r);
        mpz_t *const values[] = {&lanes[i].x, &lanes[i].less};
        for (size_t k = 0; k < 2; k++) {
            mpz_urandomm(*values[k], state, n[i]);
            if (below(4) == 0) {
                mpz_sub_ui(*values[k], n[i], 1 + (unsigned long)below(2));
            }
            prk_fft_lanes_to(&l, k == 0 ? x : less, i, *values[k]);
        }
    }
    _Alignas(PRK_FFT_ALIGNMENT) double times[PRK_FFT_MOST_LANES];
    // Doubled in a row too, as by a base of 2.
    const uint64_t always = below(3);
    for (int step = 0; step < 12; step++) {
        for (size_t i = 0; i < PRK_FFT_MOST_LANES; i++) {
            times[i] = always == 0 ? 2 : 1 + (double)below(2);
        }
        prk_fft_lanes_multiply(&l, x, x, times, NULL);
        for (size_t i = 0; i < count; i++) {
            mpz_mul(lanes[i].x, lanes[i].x, lanes[i].x);
            mpz_mul_ui(lanes[i].x, lanes[i].x, (unsigned long)times[i]);
            mpz_mod(lanes[i].x, lanes[i].x, n[i]);
        }
    }
    memcpy(y, x, size * sizeof(double));
    for (size_t i = 0; i < count; i++) {
        if ((l.out >> i & 1) == 0) {
            expect_lane(&l, x, i, lanes[i].x, "a square");
        }
        mpz_set(lanes[i].y, lanes[i].x);
    }
    // x = x^2 - less, y = x y - less, some lanes exchanged, x = x y.
    prk_fft_lanes_multiply(&l, x, x, NULL, less);
    prk_fft_lanes_multiply(&l, y, x, NULL, less);
    const unsigned exchanged = (unsigned)below(1U << width);
    kernels->exchange(exchanged, x, y, size);
    for (size_t i = 0; i < count; i++) {
        mpz_mul(lanes[i].x, lanes[i].x, lanes[i].x);
        mpz_sub(lanes[i].x, lanes[i].x, lanes[i].less);
        mpz_mul(lanes[i].y, lanes[i].x, lanes[i].y);
        mpz_sub(lanes[i].y, lanes[i].y, lanes[i].less);
        if ((exchanged >> i & 1) != 0) {
            mpz_swap(lanes[i].x, lanes[i].y);
        }
        if ((l.out >> i & 1) == 0) {
            expect_lane(&l, x, i, lanes[i].x, "a difference");
            expect_lane(&l, y, i, lanes[i].y, "another difference");
        }
        mpz_mul(lanes[i].x, lanes[i].x, lanes[i].y);
    }
    prk_fft_lanes_multiply(&l, x, y, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        if ((l.out >> i & 1) == 0) {
            expect_lane(&l, x, i, lanes[i].x, "a product");
        }
    }
    EXPECT((l.out & ~patterns) == (without & ~patterns),
           "%s: %zu points with %u bits: an error of more than 1/4", kernels->name, shape->points,
           shape->bits);
    // What is no integer in a lane takes it out, and no other.
    const size_t spoiled = below(count);
    x[spoiled] = below(2) == 0 ? 0.0 / 0.0 : x[spoiled] + 0.3137;
    prk_fft_lanes_multiply(&l, x, x, NULL, NULL);
    EXPECT((l.out | patterns) == (without | patterns | 1U << spoiled) &&
               (l.out >> spoiled & 1) != 0,
           "%s: %zu points: lanes %x are out instead of %zu", kernels->name, shape->points, l.out,
           spoiled);
    scratch->taken = taken;
    free(memory);
    free(x);
}

static void test_every_length(const prk_fft_lane_kernels *kernels) {
    size_t before = 0;
    prk_fft_shape shape;
    for (size_t bits = 900; prk_fft_choose_lanes(&shape, bits), shape.points != 0; bits += 16) {
        prk_fft_shape next; // with the longest digits that this length may have
        prk_fft_choose_lanes(&next, bits + 16);
        EXPECT(shape.points >= before, "%zu bits have %zu points", bits, shape.points);
        before = shape.points;
        for (long i = 0; i < scaled(2) && next.points != shape.points; i++) {
            test_products(kernels, &shape);
        }
    }
    EXPECT(before >= 1568, "%zu points at most", before);
}

// --- Tests of groups -----------------------------------------------------------------------------

// Primes and pseudoprimes k 2^e + c of some thousand bits, and (4^e + 1)/5 with k = 0: such a
// number passes the strong test to base 2 for every prime e, as 2^e - 1 does.
static const struct known {
    unsigned k, e;
    int c;
} known[] = {
    {1, 1279, -1}, {1, 2203, -1}, {1, 2281, -1}, {1, 3217, -1}, {3, 2208, 1},  {3, 2816, 1},
    {3, 3168, 1},  {3, 3189, 1},  {3, 3912, 1},  {1, 1283, -1}, {1, 2207, -1}, {1, 2213, -1},
    {1, 3001, -1}, {1, 4001, -1}, {0, 1009, 1},  {0, 1201, 1},  {0, 1499, 1},  {0, 2003, 1},
};

static void make_number(mpz_t n, size_t most) {
    const struct known *some = &known[below(sizeof known / sizeof known[0])];
    const size_t bits = 1000 + below(most - 1000);
    switch (below(4)) {
    case 0:
    case 1:
        mpz_set_ui(n, some->k == 0 ? 1 : some->k);
        mpz_mul_2exp(n, n, some->k == 0 ? 2 * some->e : some->e);
        if (some->c > 0) {
            mpz_add_ui(n, n, 1);
        } else {
            mpz_sub_ui(n, n, 1);
        }
        if (some->k == 0) {
            mpz_divexact_ui(n, n, 5);
        }
        break;
    case 2: // a prime, and a prime times 2 p - 1
        mpz_urandomb(n, state, 1000 / 2);
        mpz_setbit(n, 1000 / 2 - 1);
        mpz_nextprime(n, n);
        mpz_set(lanes[0].value, n);
        mpz_mul_2exp(n, n, 1);
        mpz_sub_ui(n, n, 1);
        mpz_mul(n, n, lanes[0].value);
        if (below(2) == 0) {
            mpz_nextprime(n, n);
        }
        break;
    default:
        make(n, (int)below(SHAPES), bits);
        break;
    }
}

enum { MOST_NUMBERS = 17 };

static mpz_t all[MOST_NUMBERS];
static prk_lane_number numbers[MOST_NUMBERS];
static prk_lane_number *list[MOST_NUMBERS];

static int by_size(const void *a, const void *b) {
    const prk_lane_number *x = *(prk_lane_number *const *)a, *y = *(prk_lane_number *const *)b;
    return (x->bits < y->bits) - (x->bits > y->bits);
}

static void enter(size_t count) {
    for (size_t i = 0; i < count; i++) {
        numbers[i] = (prk_lane_number){.limbs = (const uint64_t *)mpz_limbs_read(all[i]),
                                       .size = mpz_size(all[i]),
                                       .bits = mpz_sizeinbase(all[i], 2),
                                       .round = (uint32_t)i + 1};
        list[i] = &numbers[i];
    }
    qsort(list, count, sizeof list[0], by_size);
}

// All three tests of a group against those of GMP's arithmetic.
static void test_group(prk_fft_lanes_run *run, size_t count) {
    run->seed = 17;
    const size_t taken = scratch->taken;
    prk_status status = prk_fft_lanes_strong(run, list, count);
    EXPECT(status == PRK_STATUS_OK, "%s: a strong test of %zu", run->kernels->name, count);
    for (size_t i = 0; i < count; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, list[i]);
        bool passed = false;
        mpz_set_ui(lanes[0].value, 2);
        prk_strong_test(scratch, prk_scalar_arithmetic(n), n, NULL, lanes[0].value, NULL, &passed);
        EXPECT(passed == list[i]->passed, "%s: the strong test of one of %zu, %zu bits",
               run->kernels->name, count, list[i]->bits);
    }
    prk_lane_number *some[MOST_NUMBERS];
    size_t with_parameter = 0;
    for (size_t i = 0; i < count; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, list[i]);
        if (!mpz_perfect_square_p(n) && prk_lucas_parameter(n, &list[i]->p)) {
            some[with_parameter++] = list[i];
        }
    }
    if (with_parameter > 0) {
        status = prk_fft_lanes_lucas(run, some, with_parameter);
        EXPECT(status == PRK_STATUS_OK, "%s: a Lucas test of %zu", run->kernels->name, count);
    }
    for (size_t i = 0; i < with_parameter; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, some[i]);
        uint32_t condition = 0;
        prk_extra_strong_lucas_test(scratch, prk_scalar_arithmetic(n), n, NULL, some[i]->p, NULL,
                                    &condition);
        EXPECT(condition == some[i]->condition && some[i]->passed == (condition != PRK_LUCAS_NONE),
               "%s: the Lucas test of one of %zu, %zu bits: %u instead of %u", run->kernels->name,
               count, some[i]->bits, some[i]->condition, condition);
    }
    status = prk_fft_lanes_random_base(run, list, count);
    EXPECT(status == PRK_STATUS_OK, "%s: a random base of %zu", run->kernels->name, count);
    for (size_t i = 0; i < count; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, list[i]);
        bool passed = false;
        prk_random_base_mpz(lanes[0].value, n, run->seed, list[i]->round);
        prk_strong_test(scratch, prk_scalar_arithmetic(n), n, NULL, lanes[0].value, NULL, &passed);
        EXPECT(passed == list[i]->passed, "%s: a random base of one of %zu, %zu bits",
               run->kernels->name, count, list[i]->bits);
    }
    EXPECT(scratch->taken == taken, "%s: the scratch's numbers", run->kernels->name);
}

static void test_groups(const prk_fft_lane_kernels *kernels) {
    for (long i = 0; i < scaled(2); i++) {
        for (size_t count = 1; count <= kernels->lanes; count++) {
            for (size_t j = 0; j < count; j++) {
                make_number(all[j], 3000);
            }
            enter(count);
            prk_fft_lanes_run run = {.kernels = kernels, .scratch = scratch};
            test_group(&run, count);
        }
    }
}

// --- Faults --------------------------------------------------------------------------------------

// A digit that is no integer any more, or no number, in some lanes: their numbers are tested again
// alone. Numbers are random, since a power of 2 modulo others may have few digits, which do not
// tell.
static void test_faults(const prk_fft_lane_kernels *kernels) {
    static const double faults[] = {0.3137, 0x1p40 + 0.3137, 0.0 / 0.0, 1.0 / 0.0, -0.4142};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        for (size_t j = 0; j < kernels->lanes; j++) {
            make(all[j], SHAPES - 1, 1000 + below(300));
            if (below(2) == 0) {
                mpz_nextprime(all[j], all[j]);
            }
        }
        enter(kernels->lanes);
        prk_fft_lanes_run run = {.kernels = kernels,
                                 .scratch = scratch,
                                 .fault_at = 1 + below(900),
                                 .fault_lanes = 1 + (unsigned)below((1U << kernels->lanes) - 1),
                                 .fault = faults[i]};
        test_group(&run, kernels->lanes);
        const unsigned lanes_out = (unsigned)__builtin_popcount(run.fault_lanes);
        EXPECT(run.alarms >= lanes_out, "%s: a fault of %f in %u lanes: %u alarms", kernels->name,
               faults[i], lanes_out, run.alarms);
    }
}

static void test_cancelled(const prk_fft_lane_kernels *kernels) {
    const uint32_t cancel = 1;
    for (size_t j = 0; j < kernels->lanes; j++) {
        make_number(all[j], 1500);
    }
    enter(kernels->lanes);
    prk_fft_lanes_run run = {.kernels = kernels, .scratch = scratch, .cancel = &cancel};
    const size_t taken = scratch->taken;
    for (size_t j = 0; j < kernels->lanes; j++) {
        list[j]->p = 3;
        list[j]->passed = true;
    }
    EXPECT(prk_fft_lanes_strong(&run, list, kernels->lanes) == PRK_STATUS_CANCELLED, "strong");
    EXPECT(prk_fft_lanes_lucas(&run, list, kernels->lanes) == PRK_STATUS_CANCELLED, "Lucas");
    EXPECT(prk_fft_lanes_random_base(&run, list, kernels->lanes) == PRK_STATUS_CANCELLED,
           "a random base");
    for (size_t j = 0; j < kernels->lanes; j++) {
        EXPECT(list[j]->passed, "a cancelled test has passed none");
    }
    EXPECT(scratch->taken == taken, "%s: the scratch's numbers", kernels->name);
}

// --- Batches -------------------------------------------------------------------------------------

// Primes 3^e + c, of whose form no engine is told.
static const struct prime {
    unsigned e, c;
} primes[] = {{1500, 746}, {2000, 682}, {2600, 1228}, {3200, 3292}};

static uint64_t limbs[64 * MOST_NUMBERS * 5];
static uint64_t offsets[MOST_NUMBERS + 1];

// As the GMP engine has it, but for which engine it was and what it took; and as GMP's own test.
static void compare(size_t count, prk_engine engine) {
    uint8_t verdicts[MOST_NUMBERS], wanted[MOST_NUMBERS];
    prk_report reports[MOST_NUMBERS], of_gmp[MOST_NUMBERS];
    const prk_options options = {.seed = 5, .rounds = (uint32_t)count % 2};
    for (size_t i = 0; i < count; i++) {
        const size_t size = mpz_size(all[i]);
        memcpy(limbs + offsets[i], mpz_limbs_read(all[i]), size * sizeof *limbs);
        offsets[i + 1] = offsets[i] + size;
    }
    EXPECT(prk_test_batch(engine, limbs, offsets, count, &options, scratch, verdicts, reports) ==
               PRK_STATUS_OK,
           "a batch of %zu", count);
    EXPECT(prk_test_batch(PRK_ENGINE_GMP, limbs, offsets, count, &options, scratch, wanted,
                          of_gmp) == PRK_STATUS_OK,
           "on GMP");
    for (size_t i = 0; i < count; i++) {
        EXPECT(verdicts[i] == wanted[i] && reports[i].verdict == wanted[i],
               "number %zu of %zu is %u, not %u", i, count, verdicts[i], wanted[i]);
        EXPECT((verdicts[i] == PRK_COMPOSITE) == (mpz_probab_prime_p(all[i], 1) == 0),
               "number %zu of %zu is %u", i, count, verdicts[i]);
        reports[i].cpu_ns = of_gmp[i].cpu_ns;
        reports[i].engine = of_gmp[i].engine;
        EXPECT(memcmp(&reports[i], &of_gmp[i], sizeof reports[i]) == 0,
               "the evidence for number %zu of %zu", i, count);
    }
}

static void test_batches(void) {
    for (size_t count = 1; count <= MOST_NUMBERS; count++) {
        // One size, like sizes, all sizes.
        const size_t kind = count % 3, bits = 5000 + below(1000);
        for (size_t i = 0; i < count; i++) {
            const struct prime *some = &primes[below(sizeof primes / sizeof primes[0])];
            const size_t size = kind == 0   ? bits
                                : kind == 1 ? bits + below(500)
                                            : 2000 + below(5000);
            if (below(6) == 0) {
                mpz_ui_pow_ui(all[i], 3, some->e);
                mpz_add_ui(all[i], all[i], some->c);
            } else {
                make(all[i], (int)below(SHAPES), size);
                while (below(4) != 0 && mpz_gcd_ui(NULL, all[i], 3UL * 5 * 7 * 11 * 13) != 1) {
                    mpz_add_ui(all[i], all[i], 2);
                }
            }
        }
        compare(count, count % 2 == 0 ? PRK_ENGINE_AUTO : PRK_ENGINE_FFT);
    }
}

int main(void) {
    gmp_randinit_default(state);
    gmp_randseed_ui(state, (unsigned long)next_random());
    scratch = prk_scratch_create();
    for (size_t i = 0; i < PRK_FFT_MOST_LANES; i++) {
        mpz_inits(lanes[i].n, lanes[i].x, lanes[i].y, lanes[i].less, lanes[i].value, (mpz_ptr)NULL);
    }
    for (size_t i = 0; i < MOST_NUMBERS; i++) {
        mpz_init(all[i]);
    }
    const prk_fft_lane_kernels *kernels[3] = {&prk_fft_lanes_portable};
    size_t sets = 1;
#if defined(__x86_64__)
    if (prk_level_supported(PRK_LEVEL_AVX2)) {
        kernels[sets++] = &prk_fft_lanes_avx2;
    }
    if (prk_has_wide_doubles() || prk_level_supported(PRK_LEVEL_AVX512_IFMA)) {
        kernels[sets++] = &prk_fft_lanes_avx512;
    }
#endif
    for (size_t i = 0; i < sets; i++) {
        test_every_length(kernels[i]);
        test_groups(kernels[i]);
        test_faults(kernels[i]);
        test_cancelled(kernels[i]);
    }
    test_batches();
    for (size_t i = 0; i < PRK_FFT_MOST_LANES; i++) {
        mpz_clears(lanes[i].n, lanes[i].x, lanes[i].y, lanes[i].less, lanes[i].value,
                   (mpz_ptr)NULL);
    }
    for (size_t i = 0; i < MOST_NUMBERS; i++) {
        mpz_clear(all[i]);
    }
    gmp_randclear(state);
    prk_scratch_destroy(scratch);
    printf("fft_lanes_test: %zu sets of kernels, %d failures\n", sets, failures);
    return failures == 0 ? 0 : 1;
}
