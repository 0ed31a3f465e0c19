// SPDX-License-Identifier: Apache-2.0
//
// The extra strong Lucas test over each arithmetic, which computes V alone, against the test as it
// is defined, by U and V: on all small numbers, on random ones and on published ones. Published
// extra strong Lucas pseudoprimes pass, and base 2 catches each.
//
// lucas_test [FILE.tsv ...]

// getline
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/long/long.h"
#include "support.h"

// Of published numbers longer ones are left out.
#define MOST_BITS 1400

static prk_scratch *scratch;
static gmp_randstate_t state;
static mpz_t k, u, v, t; // of the definition
static long tested, passed_count, by_u, pseudoprimes;

// x / 2 mod n, for x of either sign.
static void halve(mpz_t x, const mpz_t n) {
    if (mpz_odd_p(x)) {
        mpz_add(x, x, n);
    }
    mpz_tdiv_q_2exp(x, x, 1);
}

// n + 1 = k 2^twos, k odd: whether U_k = 0 and V_k = ±2, or V_(k 2^r) = 0 for an r below twos - 1.
static uint32_t by_definition(const mpz_t n, uint32_t p) {
    mpz_add_ui(k, n, 1);
    const mp_bitcnt_t twos = mpz_scan1(k, 0);
    mpz_tdiv_q_2exp(k, k, twos);
    mpz_set_ui(u, 1);
    mpz_set_ui(v, p);
    for (mp_bitcnt_t bit = mpz_sizeinbase(k, 2) - 1; bit-- > 0;) {
        // U_2k = U_k V_k, V_2k = V_k^2 - 2.
        mpz_mul(u, u, v);
        mpz_tdiv_r(u, u, n);
        mpz_mul(v, v, v);
        mpz_sub_ui(v, v, 2);
        mpz_mod(v, v, n);
        if (mpz_tstbit(k, bit)) {
            // U_k+1 = (P U_k + V_k) / 2, V_k+1 = (D U_k + P V_k) / 2.
            mpz_mul_ui(t, u, (unsigned long)p * p - 4);
            mpz_mul_ui(u, u, p);
            mpz_add(u, u, v);
            halve(u, n);
            mpz_mul_ui(v, v, p);
            mpz_add(v, v, t);
            halve(v, n);
            mpz_mod(u, u, n);
            mpz_mod(v, v, n);
        }
    }
    mpz_mod(u, u, n);
    mpz_mod(v, v, n);
    mpz_sub(t, n, v);
    if (mpz_sgn(u) == 0 && (mpz_cmp_ui(v, 2) == 0 || mpz_cmp_ui(t, 2) == 0)) {
        return PRK_LUCAS_U_IS_ZERO;
    }
    for (mp_bitcnt_t r = 0; r + 1 < twos; r++) {
        if (mpz_sgn(v) == 0) {
            return (uint32_t)(PRK_LUCAS_V_IS_ZERO + r);
        }
        mpz_mul(v, v, v);
        mpz_sub_ui(v, v, 2);
        mpz_mod(v, v, n);
    }
    return PRK_LUCAS_NONE;
}

// n odd, above 3; squares are left out, which have no parameter. Whether n passes.
static bool compare(const mpz_t n) {
    if (mpz_perfect_square_p(n)) {
        return false;
    }
    uint32_t p = 0, wanted = PRK_LUCAS_NONE;
    const uint32_t calm = 0;
    const bool has_p = prk_lucas_parameter(n, &p);
    if (has_p) {
        wanted = by_definition(n, p);
        EXPECT(mpz_ui_kronecker((unsigned long)p * p - 4, n) == -1, "P = %u", p);
    }
    const prk_arithmetic *const arithmetics[] = {&prk_redc, prk_scalar_arithmetic(n),
                                                 prk_arithmetic_for(n, NULL)};
    for (size_t i = 0; has_p && i < 3; i++) {
        if (i > 0 && arithmetics[i] == arithmetics[i - 1]) {
            continue;
        }
        uint32_t condition = 99;
        EXPECT(prk_extra_strong_lucas_test(scratch, arithmetics[i], n, NULL, p, &calm,
                                           &condition) == PRK_STATUS_OK,
               "status");
        if (condition != wanted && failures++ < 50) {
            gmp_printf("lucas_test: %s: %Zd: %u, not %u, P = %u\n", arithmetics[i]->name, n,
                       condition, wanted, p);
        }
    }
    tested++;
    passed_count += wanted != PRK_LUCAS_NONE;
    by_u += wanted == PRK_LUCAS_U_IS_ZERO;
    return wanted != PRK_LUCAS_NONE;
}

static void test_small(void) {
    mpz_t n;
    mpz_init(n);
    for (unsigned long i = 5; i < 200000; i += 2) {
        mpz_set_ui(n, i);
        compare(n);
    }
    // 17,982 primes above 3, and the extra strong Lucas pseudoprimes below [OEIS A217719]: 989,
    // 3239, 5777, 10877, 27971, 29681, 30739, 31631, 39059, 72389, 73919, 75077, 100127, 113573,
    // 125249, 137549, 137801, 153931, 155819, 161027, 162133, 189419.
    EXPECT(passed_count == 17982 + 22, "%ld pass", passed_count);
    mpz_clear(n);
}

// Of 65 to 1100 bits, the smaller ones more often, and squares of primes times what may be.
static void test_random(long count) {
    mpz_t n, p;
    mpz_inits(n, p, (mpz_ptr)NULL);
    for (long i = 0; i < count; i++) {
        const uint64_t size = next_random() % 1036;
        const mp_bitcnt_t bits = 65 + size * size / 1035;
        if (i % 3 == 0) {
            mpz_rrandomb(n, state, bits); // long runs of equal bits
        } else {
            mpz_urandomb(n, state, bits);
        }
        mpz_setbit(n, 0);
        mpz_setbit(n, bits - 1);
        if (i % 5 == 0 && bits < 400) {
            mpz_nextprime(n, n);
        } else if (i % 5 == 1) { // n + 1 = d 2^s, and k 2^e - 1
            mpz_tdiv_q_2exp(n, n, next_random() % bits / 2);
            mpz_setbit(n, 0);
            mpz_mul_2exp(n, n, bits - mpz_sizeinbase(n, 2));
            mpz_sub_ui(n, n, 1);
            mpz_setbit(n, 0);
        } else if (i % 5 == 2) {
            mpz_urandomb(p, state, 20);
            mpz_nextprime(p, p);
            mpz_mul(n, n, p);
            mpz_mul(n, n, p);
        }
        compare(n);
    }
    mpz_clears(n, p, (mpz_ptr)NULL);
}

// Where divisions begin to be the faster ones.
static void test_long(void) {
    mpz_t n;
    mpz_init(n);
    for (mp_bitcnt_t limbs = 96; limbs <= 97; limbs++) {
        mpz_urandomb(n, state, 64 * limbs);
        mpz_setbit(n, 64 * limbs - 1);
        mpz_setbit(n, 0);
        compare(n);
    }
    mpz_clear(n);
}

static void test_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    mpz_t n, two;
    mpz_init(n);
    mpz_init_set_ui(two, 2);
    const bool all_pass = strstr(path, "A217719") != NULL;
    for (uint64_t place = 0; getline(&line, &capacity, file) > 0; place++) {
        line[strcspn(line, "\t\n")] = '\0';
        // Small pseudoprimes fill most files.
        if (mpz_set_str(n, line, 0) != 0 || mpz_even_p(n) || mpz_cmp_ui(n, 3) <= 0 ||
            mpz_sizeinbase(n, 2) > MOST_BITS ||
            (mpz_sizeinbase(n, 2) <= 64 && !all_pass && !is_sampled(place, 4))) {
            continue;
        }
        const bool passes = compare(n);
        if (all_pass) {
            bool passed = true;
            prk_strong_test(scratch, &prk_redc, n, NULL, two, NULL, &passed);
            EXPECT(passes && !passed, "%s is an extra strong Lucas pseudoprime", line);
            pseudoprimes++;
        }
    }
    mpz_clears(n, two, (mpz_ptr)NULL);
    free(line);
    fclose(file);
}

int main(int argc, char **argv) {
    gmp_randinit_default(state);
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("lucas_test");
        return 1;
    }
    mpz_inits(k, u, v, t, (mpz_ptr)NULL);
    test_small();
    test_random(scaled(2000));
    test_long();
    for (int next = 1; next < argc; next++) {
        test_file(argv[next]);
    }
    mpz_clears(k, u, v, t, (mpz_ptr)NULL);
    prk_scratch_destroy(scratch);
    gmp_randclear(state);
    EXPECT(by_u > 0 && by_u < passed_count, "%ld pass by U", by_u);
    printf("lucas_test: %s: %ld numbers, %ld pass, %ld by U; %ld published pseudoprimes: %d "
           "failures\n",
           prk_compiler(), tested, passed_count, by_u, pseudoprimes, failures);
    return failures > 0;
}
