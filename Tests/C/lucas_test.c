// SPDX-License-Identifier: Apache-2.0
//
// The strong Lucas test of the GMP engine, which computes V of other parameters, against the test
// as it is defined, by U and V of P = 1 and Q: on all small numbers, on random ones and on
// published ones.
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
static mpz_t k, u, v, qk, t; // of the definition
static long tested, passed_count;

// x / 2 mod n, for x of either sign.
static void halve(mpz_t x, const mpz_t n) {
    if (mpz_odd_p(x)) {
        mpz_add(x, x, n);
    }
    mpz_tdiv_q_2exp(x, x, 1);
}

// n + 1 = k 2^twos, k odd: whether U_k = 0 or V_(k 2^r) = 0 for an r below twos.
static bool is_by_definition(const mpz_t n, int64_t d) {
    const int64_t q = (1 - d) / 4;
    mpz_add_ui(k, n, 1);
    mp_bitcnt_t twos = mpz_scan1(k, 0);
    mpz_tdiv_q_2exp(k, k, twos);
    mpz_set_ui(u, 1);
    mpz_set_ui(v, 1);
    mpz_set_si(qk, q);
    for (mp_bitcnt_t bit = mpz_sizeinbase(k, 2) - 1; bit-- > 0;) {
        // U_2k = U_k V_k, V_2k = V_k^2 - 2 Q^k, Q^2k.
        mpz_mul(u, u, v);
        mpz_tdiv_r(u, u, n);
        mpz_mul(v, v, v);
        mpz_submul_ui(v, qk, 2);
        mpz_tdiv_r(v, v, n);
        mpz_mul(qk, qk, qk);
        mpz_tdiv_r(qk, qk, n);
        if (mpz_tstbit(k, bit)) {
            // U_k+1 = (U_k + V_k) / 2, V_k+1 = (D U_k + V_k) / 2, Q^k+1.
            mpz_mul_si(t, u, d);
            mpz_add(u, u, v);
            halve(u, n);
            mpz_add(v, v, t);
            halve(v, n);
            mpz_mul_si(qk, qk, q);
        }
    }
    mpz_mod(u, u, n);
    bool passed = mpz_sgn(u) == 0;
    for (; twos > 0; twos--) {
        mpz_mod(v, v, n);
        passed = passed || mpz_sgn(v) == 0;
        mpz_mul(v, v, v);
        mpz_submul_ui(v, qk, 2);
        mpz_mul(qk, qk, qk);
        mpz_tdiv_r(qk, qk, n);
    }
    return passed;
}

// n odd, above 1; squares are left out, which have no parameters.
static void compare(const mpz_t n) {
    if (mpz_perfect_square_p(n)) {
        return;
    }
    int64_t d = 0;
    bool passed = false;
    const uint32_t calm = 0;
    const bool has_d = prk_selfridge_discriminant(n, &d);
    if (has_d) {
        EXPECT(prk_strong_lucas_test(scratch, &prk_redc, n, d, &calm, &passed) == PRK_STATUS_OK,
               "status");
    }
    const bool wanted = has_d && is_by_definition(n, d);
    if (passed != wanted && failures++ < 50) {
        gmp_printf("lucas_test: %Zd: %d, not %d, D = %ld\n", n, passed, wanted, (long)d);
    }
    const int64_t q = (1 - d) / 4; // which is inverted
    EXPECT(!has_d || mpz_gcd_ui(NULL, n, (unsigned long)(q < 0 ? -q : q)) == 1, "Q = %ld", (long)q);
    tested++;
    passed_count += passed;
}

static void test_small(void) {
    mpz_t n;
    mpz_init(n);
    for (unsigned long i = 3; i < 200000; i += 2) {
        mpz_set_ui(n, i);
        compare(n);
    }
    // 17,983 odd primes; 13 strong Lucas pseudoprimes [OEIS A217255 begins with 5459].
    EXPECT(passed_count > 17983, "%ld pass", passed_count);
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
    mpz_t n;
    mpz_init(n);
    for (uint64_t place = 0; getline(&line, &capacity, file) > 0; place++) {
        line[strcspn(line, "\t\n")] = '\0';
        // Small pseudoprimes fill most files.
        if (mpz_set_str(n, line, 0) == 0 && mpz_odd_p(n) && mpz_cmp_ui(n, 1) > 0 &&
            mpz_sizeinbase(n, 2) <= MOST_BITS &&
            (mpz_sizeinbase(n, 2) > 64 || is_sampled(place, 4))) {
            compare(n);
        }
    }
    mpz_clear(n);
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
    mpz_inits(k, u, v, qk, t, (mpz_ptr)NULL);
    test_small();
    test_random(scaled(2000));
    test_long();
    for (int next = 1; next < argc; next++) {
        test_file(argv[next]);
    }
    mpz_clears(k, u, v, qk, t, (mpz_ptr)NULL);
    prk_scratch_destroy(scratch);
    gmp_randclear(state);
    printf("lucas_test: %s: %ld numbers, %ld pass: %d failures\n", prk_compiler(), tested,
           passed_count, failures);
    return failures > 0;
}
