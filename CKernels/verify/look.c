// SPDX-License-Identifier: Apache-2.0
//
// What conditions of all theorems have in common.

#include "conditions.h"

// The largest of the step's numbers, in limbs.
static size_t most_limbs(const prk_step *step) {
    mpz_srcptr const numbers[] = {step->n, step->q, step->s, step->m, step->a,    step->b,
                                  step->x, step->y, step->j, step->t, step->bound};
    size_t most = 1;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        most = mpz_size(numbers[i]) > most ? mpz_size(numbers[i]) : most;
    }
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        most = mpz_size(prime->q) > most ? mpz_size(prime->q) : most;
        most = mpz_size(prime->a) > most ? mpz_size(prime->a) : most;
    }
    return most;
}

prk_status prk_step_reserve(const prk_step *step, prk_scratch *scratch) {
    // Products of four of the numbers occur, besides what a test needs.
    return prk_scratch_reserve(scratch, 4 * most_limbs(step));
}

bool prk_is_unit(prk_scratch *scratch, mpz_srcptr x, mpz_srcptr n) {
    mpz_ptr divisor = prk_scratch_take(scratch);
    mpz_gcd(divisor, x, n);
    scratch->taken--;
    return mpz_cmp_ui(divisor, 1) == 0;
}

bool prk_refuse_prime(prk_look *l, const char *what, const prk_step_prime *prime) {
    const size_t place = (size_t)(prime - l->step->primes) + 1;
    if (prk_is_word(prime->q)) {
        return PRK_NO(l, "%s for q = %llu, the step's prime %zu", what,
                      (unsigned long long)mpz_get_ui(prime->q), place);
    }
    return PRK_NO(l, "%s for q of %zu bits, the step's prime %zu", what,
                  mpz_sizeinbase(prime->q, 2), place);
}
