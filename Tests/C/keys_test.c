// SPDX-License-Identifier: Apache-2.0
//
// What keys are checked with, beside GMP and definitions.

#include <string.h>

#include "prk_keys.h"
#include "support.h"

static prk_integer *integer(mpz_srcptr z) {
    return prk_integer_create((const uint64_t *)mpz_limbs_read(z), mpz_size(z));
}

static void set(mpz_ptr z, const prk_integer *a) {
    size_t count;
    const uint64_t *limbs = prk_integer_limbs(a, &count);
    mpz_import(z, count, -1, sizeof *limbs, 0, 0, limbs);
    if (prk_integer_sign(a) < 0) {
        mpz_neg(z, z);
    }
}

static void set_random(mpz_ptr z, size_t bits) {
    mpz_set_ui(z, 1);
    for (size_t i = 1; i < bits; i++) {
        mpz_mul_2exp(z, z, 1);
        mpz_add_ui(z, z, next_random() & 1);
    }
}

// A prime of so many bits, or one more.
static void set_prime(mpz_ptr z, size_t bits) {
    set_random(z, bits);
    mpz_nextprime(z, z);
}

// --- Memory --------------------------------------------------------------------------------------

static size_t freed, not_wiped;
static bool watches;

static void *take(size_t bytes) {
    void *start = malloc(bytes);
    if (start == NULL) {
        abort();
    }
    return start;
}

static void *move(void *start, size_t before, size_t after) {
    (void)before;
    void *moved = realloc(start, after);
    if (moved == NULL) {
        abort();
    }
    return moved;
}

static void look_and_free(void *start, size_t bytes) {
    if (watches) {
        freed++;
        const unsigned char *all = start;
        bool is_zero = true;
        for (size_t i = 0; i < bytes; i++) {
            is_zero = is_zero && all[i] == 0;
        }
        not_wiped += !is_zero;
    }
    free(start);
}

// What GMP gives back is overwritten, whether it was taken before or after, and when it moves.
static void test_wiping(void) {
    unsigned char bytes[100];
    memset(bytes, 0xA5, sizeof bytes);
    prk_wipe(bytes + 1, 98);
    EXPECT(bytes[0] == 0xA5 && bytes[99] == 0xA5, "beyond its ends");
    for (int i = 1; i < 99; i++) {
        EXPECT(bytes[i] == 0, "byte %d", i);
    }
    prk_wipe(NULL, 0);

    mp_set_memory_functions(take, move, look_and_free);
    mpz_t before, after;
    mpz_init(before);
    set_random(before, 5000);
    prk_gmp_wipe_freed();
    prk_gmp_wipe_freed();
    watches = true;
    mpz_init(after);
    set_random(after, 300);
    mpz_mul(after, after, before); // moves
    mpz_mul(before, before, before);
    prk_integer *a = integer(after);
    prk_integer *b = prk_integer_copy(a);
    prk_integer_multiply(a, b);
    prk_integer_destroy_wiped(a);
    prk_integer_destroy(b);
    prk_integer_destroy_wiped(NULL);
    a = prk_integer_create(NULL, 0);
    prk_integer_destroy_wiped(a);
    mpz_clears(before, after, (mpz_ptr)NULL);
    watches = false;
    EXPECT(freed >= 5, "%zu", freed);
    EXPECT(not_wiped == 0, "%zu of %zu", not_wiped, freed);

    // A scratch that has tested something.
    prk_scratch *scratch = prk_scratch_create();
    uint64_t limbs[16];
    for (int i = 0; i < 16; i++) {
        limbs[i] = next_random() | 1;
    }
    const uint64_t offsets[2] = {0, 16};
    uint8_t verdict;
    EXPECT(prk_test_batch(PRK_ENGINE_GMP, limbs, offsets, 1, NULL, scratch, &verdict, NULL) ==
               PRK_STATUS_OK,
           "a test");
    prk_scratch_destroy_wiped(scratch);
    prk_scratch_destroy_wiped(NULL);
}

// --- Integers ------------------------------------------------------------------------------------

static void test_integers(void) {
    mpz_t a, b, m, expected, found;
    mpz_inits(a, b, m, expected, found, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(200); i++) {
        const size_t bits = 2 + next_random() % 700;
        set_random(a, bits);
        set_random(b, 1 + next_random() % 200);
        set_random(m, 2 + next_random() % 500);
        mpz_setbit(m, 0);
        unsigned char bytes[100];
        size_t count;
        mpz_export(bytes + 3, &count, 1, 1, 1, 0, a);
        memset(bytes, 0, 3);
        prk_integer *x = prk_integer_from_bytes(bytes, count + 3);
        prk_integer *y = integer(b), *z = integer(m);
        set(found, x);
        EXPECT(mpz_cmp(found, a) == 0, "bytes of %zu bits", bits);
        EXPECT(prk_integer_jacobi(x, z) == mpz_jacobi(a, m), "Jacobi");
        EXPECT((prk_integer_compare(x, y) > 0) == (mpz_cmp(a, b) > 0), "order");
        const uint64_t word = (next_random() >> next_random() % 63) | 1;
        EXPECT(prk_integer_modulo_word(x, word) == mpz_fdiv_ui(a, word), "modulo a word");
        prk_integer *w = prk_integer_copy(x);
        EXPECT(prk_integer_power_modulo(w, y, z, NULL), "not cancelled");
        mpz_powm(expected, a, b, m);
        set(found, w);
        EXPECT(mpz_cmp(found, expected) == 0, "power");
        const uint32_t raised = 1;
        EXPECT(!prk_integer_power_modulo(w, y, z, &raised), "cancelled");
        prk_integer_lcm(x, y);
        mpz_lcm(expected, a, b);
        set(found, x);
        EXPECT(mpz_cmp(found, expected) == 0, "lcm");
        prk_integer_destroy(w);
        prk_integer_destroy(x);
        prk_integer_destroy(y);
        prk_integer_destroy(z);
    }
    prk_integer *one = prk_integer_create((const uint64_t[]){1}, 1);
    prk_integer *zero = prk_integer_from_bytes(NULL, 0);
    EXPECT(prk_integer_sign(zero) == 0, "no bytes");
    prk_integer *power = prk_integer_copy(one);
    EXPECT(prk_integer_power_modulo(power, zero, one, NULL) && prk_integer_sign(power) == 0,
           "modulo 1");
    prk_integer_subtract_word(power, 5);
    prk_integer_add_word(power, 3);
    EXPECT(prk_integer_sign(power) < 0 && prk_integer_bits(power) == 2, "-2");
    prk_integer_shift_left(power, 70);
    EXPECT(prk_integer_bits(power) == 72, "-2^71");
    prk_integer_shift_right(power, 71);
    EXPECT(prk_integer_bits(power) == 1 && prk_integer_sign(power) < 0, "-1");
    prk_integer_destroy(power);
    prk_integer_destroy(zero);
    prk_integer_destroy(one);
    mpz_clears(a, b, m, expected, found, (mpz_ptr)NULL);
}

// Leading digits as they are published, and each length's digits are those of a longer one.
static void test_constant(void (*set_constant)(prk_integer *, size_t), const char *digits) {
    mpz_t expected, found;
    mpz_init_set_str(expected, digits, 16);
    mpz_init(found);
    prk_integer *a = prk_integer_create(NULL, 0);
    for (size_t bits = 128; bits < 9000; bits += 1 + bits / 3) {
        set_constant(a, bits);
        set(found, a);
        mpz_tdiv_q_2exp(found, found, bits - 128);
        EXPECT(mpz_cmp(found, expected) == 0, "%.8s to %zu bits", digits, bits);
        set_constant(a, bits + 200);
        prk_integer_shift_right(a, 200);
        prk_integer *b = prk_integer_create(NULL, 0);
        set_constant(b, bits);
        EXPECT(prk_integer_compare(a, b) == 0, "%.8s, %zu and %zu bits", digits, bits, bits + 200);
        prk_integer_destroy(b);
    }
    prk_integer_destroy(a);
    mpz_clears(expected, found, (mpz_ptr)NULL);
}

// --- Weak moduli ---------------------------------------------------------------------------------

static void test_small_factors(void) {
    prk_integer *primorial = prk_integer_create(NULL, 0);
    prk_integer_set_primorial(primorial, 1000);
    mpz_t z;
    mpz_init(z);
    for (long i = 0; i < scaled(2000); i++) {
        set_random(z, 2 + next_random() % 200);
        uint64_t expected = 0;
        for (uint64_t d = 2; d <= 1000 && expected == 0; d++) {
            expected = mpz_divisible_ui_p(z, d) ? d : 0;
        }
        prk_integer *n = integer(z);
        EXPECT(prk_integer_least_factor(n, primorial, 1000) == expected, "%lu", mpz_get_ui(z));
        prk_integer_destroy(n);
    }
    prk_integer_destroy(primorial);
    mpz_clear(z);
}

// The step at which Fermat's method is through, by its definition.
static void test_fermat(void) {
    mpz_t p, q, n, a;
    mpz_inits(p, q, n, a, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(300); i++) {
        const size_t bits = 4 + next_random() % 300;
        set_prime(p, bits);
        // q = p + some 2^(bits / 2) takes some steps, one of another size takes too many.
        set_random(q, i % 5 == 0 ? bits : 1 + bits / 2 + next_random() % 4);
        if (i % 5 != 0) {
            mpz_add(q, q, p);
        }
        mpz_nextprime(q, q);
        if (i % 7 == 0) {
            mpz_set(q, p);
        }
        mpz_mul(n, p, q);
        // a = (p + q) / 2 is the last one, ceil(sqrt n) the first.
        mpz_sub_ui(a, n, 1);
        mpz_sqrt(a, a);
        mpz_add(p, p, q);
        mpz_tdiv_q_2exp(p, p, 1);
        mpz_sub(a, p, a);
        const uint64_t limit = 1000;
        const uint64_t expected = mpz_cmp_ui(a, limit) > 0 ? 0 : mpz_get_ui(a);
        prk_integer *x = integer(n);
        if (prk_integer_sign(x) > 0 && mpz_odd_p(n)) {
            EXPECT(prk_integer_fermat_steps(x, limit, NULL) == expected, "%zu bits, %lu", bits,
                   expected);
        }
        const uint32_t raised = 1;
        if (expected > 1) {
            EXPECT(prk_integer_fermat_steps(x, limit, &raised) == 0, "cancelled");
            EXPECT(prk_integer_fermat_steps(x, expected - 1, NULL) == 0, "too few");
        }
        prk_integer_destroy(x);
    }
    // Primes have the factors 1 and n alone, which are none; neither have small or even numbers
    // any.
    for (uint64_t small = 0; small < 2000; small++) {
        uint64_t least = 0;
        for (uint64_t d = 3; d * d <= small && small % 2 == 1 && least == 0; d += 2) {
            least = small % d == 0 ? d : 0;
        }
        prk_integer *x = prk_integer_create(&small, 1);
        EXPECT((prk_integer_fermat_steps(x, 5000, NULL) > 0) == (least > 0), "%lu", small);
        prk_integer_destroy(x);
    }
    mpz_clears(p, q, n, a, (mpz_ptr)NULL);
}

static void test_batch_gcd(void) {
    enum { MOST = 70, LIMBS = 6 };
    mpz_t n[MOST], expected, common;
    mpz_inits(expected, common, (mpz_ptr)NULL);
    for (size_t i = 0; i < MOST; i++) {
        mpz_init(n[i]);
    }
    uint64_t limbs[MOST * LIMBS + 1], divisors[MOST * LIMBS + 1], offsets[MOST + 1];
    for (size_t count = 0; count <= MOST; count += count < 20 ? 1 : 10) {
        offsets[0] = 1;
        for (size_t i = 0; i < count; i++) {
            set_prime(n[i], 3 + next_random() % 150);
            set_prime(common, 2 + next_random() % (i % 3 == 0 ? 6 : 150));
            mpz_mul(n[i], n[i], common);
            if (i % 11 == 10) {
                mpz_set(n[i], n[next_random() % i]);
            }
            offsets[i + 1] = offsets[i] + mpz_size(n[i]) + next_random() % 2;
            memset(limbs + offsets[i], 0, (offsets[i + 1] - offsets[i]) * sizeof *limbs);
            mpz_export(limbs + offsets[i], NULL, -1, 8, 0, 0, n[i]);
        }
        memset(divisors, 0xFF, sizeof divisors);
        EXPECT(prk_batch_gcd(limbs, offsets, count, NULL, divisors) == PRK_STATUS_OK, "%zu", count);
        EXPECT(divisors[0] == UINT64_MAX, "before the first");
        for (size_t i = 0; i < count; i++) {
            mpz_set_ui(expected, 1);
            for (size_t k = 0; k < count; k++) {
                if (k != i) {
                    mpz_mul(expected, expected, n[k]);
                }
            }
            mpz_gcd(expected, expected, n[i]);
            mpz_import(common, offsets[i + 1] - offsets[i], -1, 8, 0, 0, divisors + offsets[i]);
            EXPECT(mpz_cmp(expected, common) == 0, "%zu of %zu", i, count);
        }
        const uint32_t raised = 1;
        EXPECT(prk_batch_gcd(limbs, offsets, count, &raised, divisors) ==
                   (count > 1 ? PRK_STATUS_CANCELLED : PRK_STATUS_OK),
               "cancelled, %zu", count);
    }
    const uint64_t zero[3] = {7, 0, 0}, places[3] = {0, 1, 3};
    EXPECT(prk_batch_gcd(zero, places, 2, NULL, divisors) == PRK_STATUS_INVALID_ARGUMENT, "0");
    const uint64_t huge[2] = {0, (UINT64_C(1) << 26) + 1};
    uint64_t *many = calloc(huge[1], sizeof *many);
    if (many != NULL) {
        many[0] = 1;
        EXPECT(prk_batch_gcd(many, huge, 1, NULL, many) == PRK_STATUS_TOO_LARGE, "too large");
    }
    free(many);
    for (size_t i = 0; i < MOST; i++) {
        mpz_clear(n[i]);
    }
    mpz_clears(expected, common, (mpz_ptr)NULL);
}

int main(void) {
    test_wiping();
    test_integers();
    test_constant(prk_integer_set_pi, "3243F6A8885A308D313198A2E03707344");
    test_constant(prk_integer_set_e, "2B7E151628AED2A6ABF7158809CF4F3C7");
    test_small_factors();
    test_fermat();
    test_batch_gcd();
    printf("keys_test: %s\n", failures ? "FAILED" : "passed");
    return failures != 0;
}
