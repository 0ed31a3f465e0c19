// SPDX-License-Identifier: Apache-2.0
//
// prk_form_matches beside GMP, and forms among the options of a batch.

#include <string.h>
#include <unistd.h>

#include "support.h"

static prk_form power(uint64_t k, uint64_t b, uint64_t n, int64_t c) {
    return (prk_form){.kind = PRK_FORM_POWER, .k = k, .b = b, .n = n, .c = c};
}

static prk_form factorial(uint64_t n, uint64_t step, int64_t c) {
    return (prk_form){.kind = PRK_FORM_FACTORIAL, .n = n, .step = step, .c = c};
}

static prk_form primorial(uint64_t n, int64_t c) {
    return (prk_form){.kind = PRK_FORM_PRIMORIAL, .n = n, .c = c};
}

/// The form's value, by its definition.
static void set_value(mpz_t value, const prk_form *f) {
    mpz_set_ui(value, 1);
    if (f->kind == PRK_FORM_POWER) {
        mpz_ui_pow_ui(value, f->b, f->n);
        mpz_mul_ui(value, value, f->k);
    } else if (f->kind == PRK_FORM_FACTORIAL) {
        for (uint64_t i = f->n;; i -= f->step) {
            if (i == 0) {
                break;
            }
            mpz_mul_ui(value, value, i);
            if (i <= f->step) {
                break;
            }
        }
    } else {
        for (uint64_t p = 2; p <= f->n; p++) {
            if (gmp_says_prime(p)) {
                mpz_mul_ui(value, value, p);
            }
        }
    }
    if (f->c >= 0) {
        mpz_add_ui(value, value, (unsigned long)f->c);
    } else {
        mpz_sub_ui(value, value, (unsigned long)-f->c);
    }
}

/// Whether the form matches the number; a status is a failure.
static bool matches(const prk_form *f, mpz_srcptr n) {
    bool found = false;
    const prk_status status =
        prk_form_matches(f, (const uint64_t *)mpz_limbs_read(n), mpz_size(n), &found);
    EXPECT(status == PRK_STATUS_OK, "status %d", (int)status);
    return found;
}

static void check(prk_form f) {
    mpz_t value, other;
    mpz_inits(value, other, (mpz_ptr)NULL);
    set_value(value, &f);
    if (mpz_sgn(value) >= 0) {
        EXPECT(matches(&f, value), "kind %u, k %lu, b %lu, n %lu, step %lu, c %ld", f.kind,
               (unsigned long)f.k, (unsigned long)f.b, (unsigned long)f.n, (unsigned long)f.step,
               (long)f.c);
        // Leading zero limbs change nothing.
        uint64_t limbs[300] = {0};
        if (mpz_size(value) < 298) {
            memcpy(limbs, mpz_limbs_read(value), mpz_size(value) * sizeof *limbs);
            bool found = false;
            EXPECT(prk_form_matches(&f, limbs, mpz_size(value) + 2, &found) == PRK_STATUS_OK &&
                       found,
                   "leading zeros");
        }
        // Numbers beside it, one bit off anywhere, and twice it.
        for (int step = 1; step <= 2; step++) {
            mpz_add_ui(other, value, (unsigned long)step);
            EXPECT(!matches(&f, other), "%d more", step);
            if (mpz_cmp_ui(value, (unsigned long)step) >= 0) {
                mpz_sub_ui(other, value, (unsigned long)step);
                EXPECT(!matches(&f, other), "%d less", step);
            }
        }
        for (int i = 0; i < 8; i++) {
            mpz_set(other, value);
            mpz_combit(other, next_random() % (mpz_sizeinbase(value, 2) + 2));
            EXPECT(!matches(&f, other), "a bit off");
        }
        mpz_mul_2exp(other, value, 1);
        EXPECT(mpz_sgn(value) == 0 || !matches(&f, other), "twice");
        mpz_mul_2exp(other, value, 64);
        EXPECT(mpz_sgn(value) == 0 || !matches(&f, other), "a limb higher");
    }
    mpz_clears(value, other, (mpz_ptr)NULL);
}

static void test_values(void) {
    static const uint64_t bases[] = {2,
                                     3,
                                     4,
                                     6,
                                     7,
                                     10,
                                     12,
                                     1000,
                                     65536,
                                     1234567,
                                     4294967296,
                                     UINT64_MAX - 58,
                                     UINT64_C(1) << 63,
                                     UINT64_MAX};
    static const uint64_t multiples[] = {1, 2, 3, 15, 1000003, UINT64_C(1) << 40, UINT64_MAX};
    static const int64_t sums[] = {0, 1, -1, 7, -12345, INT64_MAX, -INT64_MAX};
    static const uint64_t exponents[] = {0, 1, 2, 3, 5, 31, 63, 64, 65, 127, 200};
    for (size_t b = 0; b < sizeof bases / 8; b++) {
        for (size_t k = 0; k < sizeof multiples / 8; k++) {
            for (size_t n = 0; n < sizeof exponents / 8; n++) {
                for (size_t c = 0; c < sizeof sums / 8; c++) {
                    check(power(multiples[k], bases[b], exponents[n], sums[c]));
                }
            }
        }
    }
    for (size_t c = 0; c < sizeof sums / 8; c++) {
        for (uint64_t n = 0; n < 300; n += n < 40 ? 1 : 13) {
            for (uint64_t step = 1; step < 12; step++) {
                check(factorial(n, step, sums[c]));
            }
            check(factorial(n, UINT64_MAX, sums[c]));
            check(primorial(n, sums[c]));
        }
        check(factorial(UINT64_MAX, UINT64_MAX - 1, sums[c]));
        check(factorial(UINT64_C(1) << 62, UINT64_C(1) << 61, sums[c]));
        check(factorial(UINT64_C(1) << 62, UINT64_C(1) << 59, sums[c]));
    }
    // n# > 2^n from 29 on, which the refusal by size relies on.
    for (uint64_t n = 20; n < 2000; n++) {
        check(primorial(n, 1));
    }
    check(power(3, 2, 123456, 1));
    check(power(1, 10, 9999, 7));
    check(factorial(3000, 1, -1));
    check(factorial(3000, 3, -1));
    check(primorial(30000, 1));
}

/// What looks like the number's form and is not.
static void test_mismatches(void) {
    mpz_t n;
    mpz_init(n);
    const prk_form right = power(15, 6, 100, 7);
    set_value(n, &right);
    const prk_form wrong[] = {
        power(15, 6, 100, 6),
        power(15, 6, 99, 7),
        power(15, 6, 101, 7),
        power(14, 6, 100, 7),
        power(15, 7, 100, 7),
        power(90, 6, 100, 7),
        power(15, 6, 100, -7),
        factorial(100, 1, 7),
        primorial(100, 7),
        power(UINT64_MAX, 6, 100, 7),
        power(15, UINT64_MAX, 100, 7),
        // k b^n wraps to less than it is, modulo 2^64.
        power(UINT64_C(1) << 63, 2, 1, 7),
        power(15, 6, 100 + (UINT64_C(1) << 32), 7),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT(!matches(&wrong[i], n), "mismatch %zu", i);
    }
    const prk_form same[] = {power(90, 6, 99, 7), power(5 * 1296 * 3, 6, 96, 7)};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        EXPECT(matches(&same[i], n), "the same number, %zu", i);
    }
    // The same low limb: only the whole comparison tells.
    mpz_ui_pow_ui(n, 3, 200);
    mpz_combit(n, 100);
    const prk_form three = power(1, 3, 200, 0);
    EXPECT(!matches(&three, n), "a bit in the middle");
    // A value below 0 is no number's.
    mpz_set_ui(n, 5);
    const prk_form negative = power(1, 2, 3, -13), none = {0};
    EXPECT(!matches(&negative, n) && !matches(&none, n), "-5");
    mpz_clear(n);
}

static void test_hostile_values(void) {
    // Any of these would take ages, or more memory than there is.
    alarm(60);
    const uint64_t huge = UINT64_C(1) << 63;
    const prk_form forms[] = {
        power(1, 2, huge, 1),
        power(1, 2, UINT64_MAX, -1),
        power(UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MAX),
        power(1, UINT64_MAX, huge, 0),
        power(1, 3, huge, -INT64_MAX),
        factorial(huge, 1, 1),
        factorial(UINT64_MAX, 2, -1),
        factorial(UINT64_MAX, 1 << 20, 1),
        factorial(huge, 3, 1),
        primorial(huge, 1),
        primorial(UINT64_MAX, -1),
        power(1, 2, 1 << 20, 1),
        factorial(1 << 20, 1, 1),
        primorial(1 << 20, 1),
    };
    static uint64_t limbs[1000];
    memset(limbs, 0xFF, sizeof limbs);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (size_t size = 0; size <= 1000; size += 250) {
            bool found = true;
            EXPECT(prk_form_matches(&forms[i], size == 0 ? NULL : limbs, size, &found) ==
                           PRK_STATUS_OK &&
                       !found,
                   "form %zu", i);
        }
    }
    // Exponents whose products wrap to 0, and numbers with the low limb of b^(2^63).
    static const uint64_t wrapping[] = {4, 5, 16, 25, 65536, UINT64_C(1) << 32, 12};
    for (size_t i = 0; i < sizeof wrapping / sizeof wrapping[0]; i++) {
        for (int shift = 58; shift < 64; shift++) {
            const prk_form form = power(1, wrapping[i], UINT64_C(1) << shift, 1);
            limbs[0] = 2;
            for (size_t size = 1; size <= 1000; size += 999) {
                bool found = true;
                EXPECT(prk_form_matches(&form, limbs, size, &found) == PRK_STATUS_OK && !found,
                       "%lu^(2^%d)", (unsigned long)wrapping[i], shift);
            }
        }
    }
    alarm(0);
}

static void test_validation(void) {
    const uint64_t limb = 7;
    uint64_t offsets[3] = {0, 1, 2}, limbs[2] = {7, 8};
    const prk_form bad[] = {
        {.kind = 4},
        {.kind = UINT32_MAX},
        {.n = 1},
        {.c = 1},
        power(0, 2, 3, 1),
        power(1, 1, 3, 1),
        power(1, 0, 3, 1),
        power(1, 2, 3, INT64_MIN),
        factorial(5, 0, 1),
        factorial(5, 1, INT64_MIN),
        primorial(5, INT64_MIN),
        {.kind = PRK_FORM_POWER, .k = 1, .b = 2, .n = 3, .step = 1},
        {.kind = PRK_FORM_FACTORIAL, .k = 1, .n = 5, .step = 1},
        {.kind = PRK_FORM_FACTORIAL, .b = 1, .n = 5, .step = 1},
        {.kind = PRK_FORM_PRIMORIAL, .n = 5, .step = 1},
        {.kind = PRK_FORM_PRIMORIAL, .k = 1, .n = 5},
        {.kind = PRK_FORM_PRIMORIAL, .reserved = 1, .n = 5},
    };
    bool found = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT(prk_form_matches(&bad[i], &limb, 1, &found) == PRK_STATUS_INVALID_ARGUMENT && found,
               "form %zu", i);
        const prk_form two_forms[2] = {power(1, 2, 3, -1), bad[i]};
        const prk_options options = {.forms = two_forms};
        for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_FFT; engine++) {
            uint8_t verdicts[2] = {9, 9};
            EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, 2, &options, NULL, verdicts,
                                  NULL) == PRK_STATUS_INVALID_ARGUMENT &&
                       verdicts[0] == 9 && verdicts[1] == 9,
                   "form %zu, engine %d", i, engine);
        }
    }
    const prk_form good = power(1, 2, 3, -1);
    EXPECT(prk_form_matches(NULL, &limb, 1, &found) == PRK_STATUS_INVALID_ARGUMENT, "no form");
    EXPECT(prk_form_matches(&good, NULL, 1, &found) == PRK_STATUS_INVALID_ARGUMENT, "no limbs");
    EXPECT(prk_form_matches(&good, &limb, 1, NULL) == PRK_STATUS_INVALID_ARGUMENT, "no answer");
    EXPECT(prk_form_matches(&good, &limb, (PRK_MOST_BITS >> 6) + 1, &found) == PRK_STATUS_TOO_LARGE,
           "too large");
    EXPECT(prk_form_matches(&good, &limb, 1, &found) == PRK_STATUS_OK && found, "2^3-1");
}

/// Forms change no verdict, right ones and wrong ones; callers of a later version have larger ones.
static void test_batches(void) {
    struct later {
        prk_form known;
        uint64_t more;
    };
    uint64_t limbs[4] = {7, 8, 9, 11}, offsets[5] = {0, 1, 2, 3, 4};
    const uint8_t wanted[4] = {PRK_PRIME, PRK_COMPOSITE, PRK_COMPOSITE, PRK_PRIME};
    const prk_form forms[4] = {power(1, 2, 3, -1), primorial(1000, 1), {0}, factorial(3, 1, 5)};
    struct later larger[4] = {{forms[0], 0}, {forms[1], 0}, {forms[2], 0}, {forms[3], 0}};
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_FFT; engine++) {
        uint8_t verdicts[4];
        prk_options options = {.forms = forms};
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, 4, &options, NULL, verdicts,
                              NULL) == PRK_STATUS_OK &&
                   memcmp(verdicts, wanted, 4) == 0,
               "engine %d", engine);
        options.forms = &larger[0].known;
        options.form_size = sizeof larger[0];
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, 4, &options, NULL, verdicts,
                              NULL) == PRK_STATUS_OK,
               "engine %d, larger forms", engine);
        larger[3].more = 1;
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, 4, &options, NULL, verdicts,
                              NULL) == PRK_STATUS_INVALID_ARGUMENT,
               "engine %d, a field that is not known", engine);
        larger[3].more = 0;
        options.form_size = sizeof(prk_form) - 1;
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, 4, &options, NULL, verdicts,
                              NULL) == PRK_STATUS_INVALID_ARGUMENT,
               "engine %d, forms that are too small", engine);
    }
}

int main(void) {
    test_values();
    test_mismatches();
    test_hostile_values();
    test_validation();
    test_batches();
    if (failures > 0) {
        printf("form_test: %d failures\n", failures);
        return 1;
    }
    printf("form_test: passed\n");
    return 0;
}
