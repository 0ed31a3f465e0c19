// SPDX-License-Identifier: Apache-2.0
//
// Numbers of thousands of bits: which arithmetic they get, that engines agree on them whatever form
// they are said to have, known primes, and what becomes of a prime that a second look does not
// confirm.

#include <string.h>

#include "../../CKernels/long/long.h"
#include "support.h"

static prk_scratch *scratch;

// --- A second look -------------------------------------------------------------------------------

enum { MOST_CALLS = 4 };

typedef struct looks {
    bool answers[MOST_CALLS];
    const prk_arithmetic *in[MOST_CALLS];
    size_t count;
    prk_status status;
} looks;

static prk_status look(void *context, prk_scratch *s, const prk_arithmetic *arithmetic,
                       bool *passed) {
    (void)s;
    looks *l = context;
    EXPECT(l->count < MOST_CALLS, "so many looks");
    *passed = l->answers[l->count];
    l->in[l->count++] = arithmetic;
    return l->status;
}

static void expect_looks(const prk_arithmetic *used, mpz_srcptr n, bool first, bool second,
                         size_t count, bool is_confirmed) {
    looks l = {.answers = {first, second}, .status = PRK_STATUS_OK};
    bool passed = !is_confirmed;
    EXPECT(prk_confirm(scratch, used, n, NULL, look, &l, &passed) == PRK_STATUS_OK, "status");
    EXPECT(l.count == count && passed == is_confirmed, "%s, %zu bits, %d %d: %zu looks, passed %d",
           used->name, mpz_sizeinbase(n, 2), first, second, l.count, passed);
    for (size_t i = 0; i < l.count; i++) {
        EXPECT(l.in[i] != used, "look %zu is the first once more", i);
    }
    EXPECT(l.count == 0 || !l.in[l.count - 1]->is_watched || passed,
           "what rounds refuted a number alone");
}

static void test_confirm(void) {
    mpz_t n;
    mpz_init(n);
    mpz_setbit(n, PRK_MOST_EXACT_AGAIN - 1);
    mpz_setbit(n, 0);
    // Integers are right.
    expect_looks(&prk_redc, n, false, false, 0, true);
    // Up to 65,536 bits integers look again, and decide.
    const prk_arithmetic *const by_transforms[] = {&prk_fft_fast, &prk_fft_careful,
                                                   &prk_fft_shortest};
    for (size_t i = 0; i < 3; i++) {
        expect_looks(by_transforms[i], n, true, false, 1, true);
        expect_looks(by_transforms[i], n, false, true, 1, false);
    }
    looks l = {.status = PRK_STATUS_CANCELLED};
    bool passed = false;
    EXPECT(prk_confirm(scratch, &prk_fft_fast, n, NULL, look, &l, &passed) == PRK_STATUS_CANCELLED,
           "cancelled");
    // Above, another length; if that disagrees, integers.
    mpz_setbit(n, PRK_MOST_EXACT_AGAIN);
    for (size_t i = 0; i < 3; i++) {
        expect_looks(by_transforms[i], n, true, false, 1, true);
        expect_looks(by_transforms[i], n, false, true, 2, true);
        expect_looks(by_transforms[i], n, false, false, 2, false);
    }
    mpz_clear(n);
}

// --- Which arithmetic ----------------------------------------------------------------------------

static void test_choice(void) {
    mpz_t n, exponent;
    mpz_inits(n, exponent, (mpz_ptr)NULL);
    for (size_t bits = 65; bits < 100000; bits += bits / 3) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits - 1);
        for (unsigned long i = 2; i < bits; i += 7) {
            mpz_setbit(n, 1 + i % (bits - 1));
        }
        EXPECT(!prk_arithmetic_for(n, NULL)->is_watched && !prk_fft_takes(n), "%zu bits, even",
               bits);
        mpz_setbit(n, 0);
        const prk_arithmetic *a = prk_arithmetic_for(n, NULL);
        EXPECT(a->is_watched == (bits >= prk_fft_crossover()), "%zu bits: %s", bits, a->name);
        EXPECT(!prk_exact_arithmetic(n, NULL)->is_watched, "exact, %zu bits", bits);
        EXPECT(prk_arithmetic_for_power(n, NULL, n) == a, "a long power, %zu bits", bits);
        mpz_set_ui(exponent, 12345);
        EXPECT(!prk_arithmetic_for_power(n, NULL, exponent)->is_watched, "a short one, %zu bits",
               bits);
        EXPECT(prk_arithmetic_to_verify(n, NULL, n) == (a->is_watched ? a->longer : a),
               "to verify, %zu bits", bits);
        // 3 2^e ± 1, and what is near but has a k without end.
        for (int sign = -1; sign <= 1; sign += 2) {
            mpz_set_ui(n, 3);
            mpz_mul_2exp(n, n, bits);
            if (sign > 0) {
                mpz_add_ui(n, n, 1);
            } else {
                mpz_sub_ui(n, n, 1);
            }
            prk_special_form form;
            EXPECT(prk_special_form_of(n, &form) && form.base == 2, "a form");
            a = prk_arithmetic_for(n, &form);
            // Short ones with -1 have no ring.
            EXPECT(a->is_watched == (bits + 2 >= prk_fft_form_crossover()) ||
                       (sign < 0 && bits < 10000),
                   "3 2^%zu %+d: %s", bits, sign, a->name);
            EXPECT(!prk_gmp_arithmetic(n, &form)->is_watched, "on GMP");
        }
    }
    mpz_clears(n, exponent, (mpz_ptr)NULL);
}

// --- Engines -------------------------------------------------------------------------------------

// k b^e + c with k and c of any size, and the form that it is said to have.
typedef struct number {
    mpz_t n;
    prk_form form;
    uint8_t verdict;
    const char *name;
} number;

static prk_status run(prk_engine engine, mpz_srcptr n, const prk_form *form, uint32_t rounds,
                      prk_report *report) {
    const uint64_t offsets[2] = {0, mpz_size(n)};
    const prk_options options = {.seed = 3, .rounds = rounds, .want_residue = true, .forms = form};
    uint8_t verdict = PRK_UNTESTED;
    const prk_status status = prk_test_batch(engine, (const uint64_t *)mpz_limbs_read(n), offsets,
                                             1, &options, scratch, &verdict, report);
    EXPECT(verdict == report->verdict, "the verdict is also the report's");
    return status;
}

// All of it but who found it and what that took.
static void compare(const char *name, mpz_srcptr n, const prk_form *form, uint8_t verdict,
                    uint32_t rounds) {
    prk_report wanted, found;
    EXPECT(run(PRK_ENGINE_GMP, n, NULL, rounds, &wanted) == PRK_STATUS_OK, "%s on GMP", name);
    EXPECT(wanted.engine == PRK_ENGINE_GMP, "%s: engine %u", name, wanted.engine);
    EXPECT(verdict == PRK_UNTESTED || wanted.verdict == verdict, "%s is %u", name, wanted.verdict);
    static const prk_engine engines[] = {PRK_ENGINE_FFT, PRK_ENGINE_AUTO, PRK_ENGINE_IFMA};
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        EXPECT(run(engines[i], n, form, rounds, &found) == PRK_STATUS_OK, "%s by %s", name,
               prk_engine_name(engines[i]));
        EXPECT(engines[i] != PRK_ENGINE_FFT || found.engine == PRK_ENGINE_FFT, "%s: engine %u",
               name, found.engine);
        found.engine = wanted.engine;
        found.cpu_ns = wanted.cpu_ns;
        EXPECT(memcmp(&found, &wanted, sizeof found) == 0, "the evidence for %s by %s, verdict %u",
               name, prk_engine_name(engines[i]), found.verdict);
    }
}

static void set_power(mpz_ptr n, uint64_t k, uint64_t b, uint64_t e, int c) {
    mpz_ui_pow_ui(n, b, e);
    mpz_mul_ui(n, n, k);
    if (c > 0) {
        mpz_add_ui(n, n, (unsigned long)c);
    } else {
        mpz_sub_ui(n, n, (unsigned long)-c);
    }
}

static void test_engines(void) {
    static const struct {
        uint64_t k, b, e;
        int c;
        uint8_t verdict;
    } list[] = {
        {211, 10, 700, 1, PRK_PROBABLE_PRIME},
        {482, 10, 700, -1, PRK_PROBABLE_PRIME},
        {980, 3, 1500, 1, PRK_PROBABLE_PRIME},
        {392, 3, 1500, -1, PRK_PROBABLE_PRIME},
        {490, 7, 900, 1, PRK_PROBABLE_PRIME},
        {12, 6, 2000, 1, PRK_PROBABLE_PRIME},
        {1, 46, 512, 1, PRK_PROBABLE_PRIME},
        {1, 2, 2500, 15325, PRK_PROBABLE_PRIME},
        {1, 2, 2203, -1, PRK_PRIME},
        {1, 2, 4423, -1, PRK_PRIME},
        {1, 2, 9689, -1, PRK_PRIME},
        {3, 2, 2816, 1, PRK_PRIME},
        {3, 2, 3912, 1, PRK_PRIME},
        {7, 10, 1600, 3, PRK_COMPOSITE},
        {1000, 10, 765, 1,
         PRK_COMPOSITE}, // k is a power of b, and n + log k a multiple of a length
        {1000, 10, 1021, 1, PRK_COMPOSITE},
        {1000, 10, 2045, -1, PRK_COMPOSITE},
        {243, 3, 1531, -1, PRK_UNTESTED},
        {1, 2, 4099, -1, PRK_COMPOSITE},
        {1, 2, 4096, 1, PRK_COMPOSITE},
        {104729, 2, 5000, 1, PRK_UNTESTED},
        {104729, 2, 5001, -1, PRK_UNTESTED},
        {1000003, 10, 1501, 1, PRK_UNTESTED},
        {999983, 12, 1502, -1, PRK_UNTESTED},
        {UINT64_MAX, 2, 3000, 1, PRK_UNTESTED},
        {UINT64_MAX - 58, 3, 2000, 1, PRK_UNTESTED},
        {1, 65537, 200, 1, PRK_COMPOSITE},
        {2, UINT64_MAX - 58, 40, 1, PRK_UNTESTED},
    };
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        set_power(n, list[i].k, list[i].b, list[i].e, list[i].c);
        const prk_form form = {
            .kind = PRK_FORM_POWER, .k = list[i].k, .b = list[i].b, .n = list[i].e, .c = list[i].c};
        char name[80];
        snprintf(name, sizeof name, "%llu %llu^%llu%+d", (unsigned long long)list[i].k,
                 (unsigned long long)list[i].b, (unsigned long long)list[i].e, list[i].c);
        compare(name, n, &form, list[i].verdict, i % 3 == 0);
        // What is said of another number, and what is no power, changes nothing.
        prk_form wrong = form;
        wrong.n++;
        compare(name, n, i % 2 == 0 ? &wrong : NULL, list[i].verdict, 0);
    }
    // Without small factors, and with two large ones.
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, 18);
    for (long i = 0; i < scaled(12); i++) {
        mpz_urandomb(n, state, 1100 + next_random() % 5000);
        mpz_mul(n, n, n);
        mpz_add_ui(n, n, 2 + i);
        mpz_setbit(n, 0);
        while (mpz_gcd_ui(NULL, n, 3UL * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 * 37) != 1) {
            mpz_add_ui(n, n, 2);
        }
        compare("a random number", n, NULL, PRK_UNTESTED, 0);
    }
    gmp_randclear(state);
    mpz_clear(n);
}

// Many at once, forms beside the numbers that have one.
static void test_batch(void) {
    enum { COUNT = 40 };
    static uint64_t limbs[COUNT * 64], offsets[COUNT + 1];
    static prk_form forms[COUNT];
    static prk_report found[COUNT], wanted[COUNT];
    uint8_t verdicts[COUNT], others[COUNT];
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < COUNT; i++) {
        const uint64_t k = 2 * i + 2, b = i % 4 == 0 ? 2 : i % 4 == 1 ? 3 : 10;
        const uint64_t e = b == 2 ? 3501 : b == 3 ? 2000 : 1001;
        set_power(n, k, b, e, i % 5 == 0 ? -1 : 1);
        if (i % 7 != 0) {
            forms[i] = (prk_form){.kind = PRK_FORM_POWER, .k = k, .b = b, .n = e};
            forms[i].c = i % 5 == 0 ? -1 : 1;
        }
        memcpy(limbs + offsets[i], mpz_limbs_read(n), mpz_size(n) * sizeof *limbs);
        offsets[i + 1] = offsets[i] + mpz_size(n);
    }
    prk_options options = {.rounds = 1, .want_residue = true};
    EXPECT(prk_test_batch(PRK_ENGINE_GMP, limbs, offsets, COUNT, &options, scratch, others,
                          wanted) == PRK_STATUS_OK,
           "a batch on GMP");
    options.forms = forms;
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_FFT; engine++) {
        if (engine == PRK_ENGINE_TRIAL || engine == PRK_ENGINE_U64) {
            continue;
        }
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, COUNT, &options, scratch,
                              verdicts, found) == PRK_STATUS_OK,
               "a batch by engine %d", engine);
        for (size_t i = 0; i < COUNT; i++) {
            found[i].engine = wanted[i].engine;
            found[i].cpu_ns = wanted[i].cpu_ns;
            EXPECT(verdicts[i] == others[i] && memcmp(&found[i], &wanted[i], sizeof found[i]) == 0,
                   "number %zu of a batch by engine %d: %u, not %u", i, engine, verdicts[i],
                   others[i]);
        }
    }
    mpz_clear(n);
}

// --- Known primes --------------------------------------------------------------------------------

static void expect_prime(const char *name, mpz_srcptr n) {
    const uint64_t offsets[2] = {0, mpz_size(n)};
    prk_report report;
    uint8_t verdict = PRK_UNTESTED;
    EXPECT(prk_test_batch(PRK_ENGINE_FFT, (const uint64_t *)mpz_limbs_read(n), offsets, 1, NULL,
                          scratch, &verdict, &report) == PRK_STATUS_OK &&
               verdict == PRK_PRIME && report.engine == PRK_ENGINE_FFT,
           "%s: verdict %u, engine %u", name, verdict, report.engine);
}

// Two of them are looked at again by GMP, and the largest by another length. Sanitizers make
// kernels some ten times as slow, and do without.
static void test_known_primes(void) {
    mpz_t n;
    mpz_init(n);
    set_power(n, 3, 2, 20909, 1);
    expect_prime("3*2^20909+1", n);
    if (test_multiplier() >= 1) {
        set_power(n, 3, 2, 42294, 1);
        expect_prime("3*2^42294+1", n);
        set_power(n, 1, 2, 44497, -1);
        expect_prime("2^44497-1", n);
        set_power(n, 1, 2, 110503, -1);
        expect_prime("2^110503-1", n);
    }
    mpz_clear(n);
}

// --- Many squares after a chain ------------------------------------------------------------------

// n - 1 or n + 1 has so many twos that not each of the squares is looked at. What is found has to
// be what GMP's integers find one by one: for primes it lies anywhere, for composites nowhere.
static void test_many_twos(void) {
    static const struct {
        unsigned k, exponent;
        int sign;
    } forms[] = {{3, 2816, 1}, {3, 2818, 1}, {5, 3313, 1}, {3, 3276, -1}, {3, 3278, -1}};
    mpz_t n, base;
    mpz_init(n);
    mpz_init(base);
    unsigned passes = 0, by_zero = 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        mpz_set_ui(n, forms[i].k);
        mpz_mul_2exp(n, n, forms[i].exponent);
        mpz_add_ui(n, n, 1);
        mpz_sub_ui(n, n, forms[i].sign > 0 ? 0 : 2);
        for (unsigned b = 3; b < 12; b++) {
            bool passed = false, wanted = true;
            uint32_t found = 0, condition = 1;
            mpz_set_ui(base, b);
            const prk_status status =
                forms[i].sign > 0
                    ? prk_strong_test(scratch, &prk_fft_fast, n, NULL, base, NULL, &passed)
                    : prk_extra_strong_lucas_test(scratch, &prk_fft_fast, n, NULL, b, NULL, &found);
            const prk_status same =
                forms[i].sign > 0
                    ? prk_strong_test(scratch, &prk_redc, n, NULL, base, NULL, &wanted)
                    : prk_extra_strong_lucas_test(scratch, &prk_redc, n, NULL, b, NULL, &condition);
            const bool is_same = forms[i].sign > 0 ? passed == wanted : found == condition;
            EXPECT(status == PRK_STATUS_OK && same == PRK_STATUS_OK && is_same,
                   "%u 2^%u %+d, base or P %u: %d and %u, not %d and %u", forms[i].k,
                   forms[i].exponent, forms[i].sign, b, passed, found, wanted, condition);
            passes += passed;
            by_zero += found >= PRK_LUCAS_V_IS_ZERO;
        }
    }
    EXPECT(passes > 0 && passes < 27 && by_zero > 0, "%u strong tests and %u Lucas tests passed",
           passes, by_zero);
    mpz_clear(base);
    mpz_clear(n);
}

int main(void) {
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        printf("engine_test: no memory\n");
        return 1;
    }
    test_confirm();
    test_choice();
    test_engines();
    test_batch();
    test_many_twos();
    test_known_primes();
    prk_scratch_destroy(scratch);
    printf("engine_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
