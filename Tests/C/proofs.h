// SPDX-License-Identifier: Apache-2.0
//
// What the tests of proofs share: the text of a certificate, whether it proves a number, whether
// the evidence of a composite holds, and primes to prove.

#ifndef PRK_TESTS_PROOFS_H
#define PRK_TESTS_PROOFS_H

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

#include "../../CKernels/long/long.h"
#include "lucas_pair.h"
#include "prk_proof.h"

// --- The text of a certificate -------------------------------------------------------------------

typedef struct text {
    char *start; // NUL-terminated
    size_t size, room;
    int calls;
} text;

/// A prk_text_sink.
static inline bool keep(void *context, const char *bytes, size_t count) {
    text *t = (text *)context;
    if (t->room < t->size + count + 1) {
        t->room = 2 * (t->size + count + 1);
        t->start = realloc(t->start, t->room);
        if (t->start == NULL) {
            abort();
        }
    }
    memcpy(t->start + t->size, bytes, count);
    t->size += count;
    t->start[t->size] = 0;
    t->calls++;
    return true;
}

static inline bool texts_are_equal(const text *a, const text *b) {
    return a->size == b->size && (a->size == 0 || memcmp(a->start, b->start, a->size) == 0);
}

/// Whether the text is one certificate of n in that form, and valid. If not, `problem` may say why.
static inline bool proves(const text *t, const mpz_t n, prk_certificate_format form,
                          prk_certificate_problem *problem) {
    prk_certificate *certificate = NULL;
    size_t used = 0, limbs = 0;
    *problem = (prk_certificate_problem){.reason = "another number, form or status"};
    if (prk_certificate_read(t->start, t->size, &certificate, &used, problem) != PRK_STATUS_OK ||
        certificate == NULL) {
        return false;
    }
    const uint64_t *number = prk_certificate_number(certificate, &limbs);
    const bool is_alike =
        used == t->size && prk_certificate_form(certificate) == form && limbs == mpz_size(n) &&
        mpn_cmp((const mp_limb_t *)number, mpz_limbs_read(n), (mp_size_t)limbs) == 0;
    const bool is_valid = prk_certificate_verify(certificate, NULL, problem) == PRK_STATUS_OK &&
                          problem->verdict == PRK_CERTIFICATE_VALID;
    prk_certificate_destroy(certificate);
    return is_alike && is_valid;
}

/// Writes what a text of JSON lines says in another form. False: that form has no words for it.
static inline bool write_in(const text *json, prk_certificate_format form, text *written) {
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem = {.verdict = PRK_CERTIFICATE_UNREADABLE};
    const bool is_written =
        prk_certificate_read(json->start, json->size, &certificate, NULL, &problem) ==
            PRK_STATUS_OK &&
        certificate != NULL &&
        prk_certificate_write(certificate, form, keep, written, &problem) == PRK_STATUS_OK &&
        problem.verdict == PRK_CERTIFICATE_VALID;
    prk_certificate_destroy(certificate);
    return is_written;
}

// --- Composites ----------------------------------------------------------------------------------

/// Whether n fails what a prime passes of the (almost) extra strong Lucas test with P, or shares a
/// factor with the discriminant of a P that comes before.
static inline bool fails_lucas(const mpz_t n, uint64_t parameter, bool is_almost) {
    mpz_t d, p, one, g, u, v;
    mpz_inits(d, p, one, g, u, v, (mpz_ptr)NULL);
    bool fails = false;
    for (unsigned long other = 3; parameter == 0 && !fails && other < 100000; other++) {
        mpz_set_ui(d, other * other - 4);
        mpz_gcd(g, d, n);
        fails = mpz_cmp_ui(g, 1) > 0 && mpz_cmp(g, n) < 0;
    }
    mpz_set_ui(p, parameter);
    mpz_set_ui(one, 1);
    mpz_mul(d, p, p);
    mpz_sub_ui(d, d, 4);
    if (parameter != 0 && mpz_jacobi(d, n) == -1) {
        mpz_add_ui(g, n, 1); // d 2^twos
        const mp_bitcnt_t twos = mpz_scan1(g, 0);
        mpz_tdiv_q_2exp(d, g, twos);
        lucas_pair(n, p, one, d, u, v);
        mpz_sub_ui(g, n, 2);
        fails = !((is_almost || mpz_sgn(u) == 0) && (mpz_cmp_ui(v, 2) == 0 || mpz_cmp(v, g) == 0));
        for (mp_bitcnt_t r = 0; r < twos; r++) {
            fails = fails && mpz_sgn(v) != 0;
            mpz_mul(v, v, v);
            mpz_sub_ui(v, v, 2);
            mpz_mod(v, v, n);
        }
    }
    mpz_clears(d, p, one, g, u, v, (mpz_ptr)NULL);
    return fails;
}

/// Whether the evidence shows that n is composite. What tests of special forms say is for their own
/// tests to look at.
static inline bool evidence_holds(const mpz_t n, const prk_report *report) {
    if (report->method >= PRK_METHOD_LUCAS_LEHMER &&
        report->method <= PRK_METHOD_LUCAS_LEHMER_RIESEL) {
        return true;
    }
    if ((report->fields & PRK_REPORT_HAS_FACTOR) != 0) {
        return report->factor > 1 && mpz_divisible_ui_p(n, report->factor) &&
               mpz_cmp_ui(n, report->factor) != 0;
    }
    if (report->method == PRK_METHOD_SQUARE) {
        return mpz_perfect_square_p(n) != 0;
    }
    if (report->method == PRK_METHOD_EXTRA_STRONG_LUCAS ||
        report->method == PRK_METHOD_ALMOST_EXTRA_STRONG_LUCAS) {
        return fails_lucas(n, (uint64_t)report->lucas_p,
                           report->method == PRK_METHOD_ALMOST_EXTRA_STRONG_LUCAS);
    }
    prk_scratch *s = prk_scratch_create();
    bool passed = true;
    mpz_t base;
    mpz_init_set_ui(base, report->method == PRK_METHOD_STRONG_BASE2 ? 2 : report->base);
    if (mpz_cmp_ui(base, 1) > 0) {
        prk_strong_test(s, prk_arithmetic_for(n, NULL), n, NULL, base, NULL, &passed);
    }
    mpz_clear(base);
    prk_scratch_destroy(s);
    return !passed;
}

// --- Primes --------------------------------------------------------------------------------------

static inline void random_prime_of(gmp_randstate_t source, mpz_t p, mp_bitcnt_t bits) {
    do {
        mpz_urandomb(p, source, bits);
        mpz_setbit(p, bits - 1);
        mpz_nextprime(p, p);
    } while (mpz_sizeinbase(p, 2) != bits);
}

/// Of RFC 2409 and RFC 3526: 2^bits - 2^(bits - 64) - 1 + 2^64 (floor(2^(bits - 130) pi) + c), by
/// Machin's pi = 16 arctan(1/5) - 4 arctan(1/239).
static inline void modp_prime(mpz_t p, mp_bitcnt_t bits, unsigned long c) {
    static const struct {
        unsigned long of;
        long times;
    } arctan[] = {{5, 16}, {239, -4}};
    mpz_t sum, power, term;
    mpz_inits(sum, power, term, (mpz_ptr)NULL);
    for (int i = 0; i < 2; i++) { // with 64 bits to spare
        mpz_set_si(power, arctan[i].times);
        mpz_mul_2exp(power, power, bits - 130 + 64);
        mpz_tdiv_q_ui(power, power, arctan[i].of);
        for (unsigned long k = 1; mpz_sgn(power) != 0; k += 2) {
            mpz_tdiv_q_ui(term, power, k);
            if (k % 4 == 1) {
                mpz_add(sum, sum, term);
            } else {
                mpz_sub(sum, sum, term);
            }
            mpz_tdiv_q_ui(power, power, arctan[i].of * arctan[i].of);
        }
    }
    mpz_tdiv_q_2exp(sum, sum, 64);
    mpz_add_ui(sum, sum, c);
    mpz_mul_2exp(sum, sum, 64);
    mpz_set_ui(p, 1);
    mpz_mul_2exp(p, p, 64);
    mpz_sub_ui(p, p, 1);
    mpz_mul_2exp(p, p, bits - 64);
    mpz_add(p, p, sum);
    mpz_sub_ui(p, p, 1);
    mpz_clears(sum, power, term, (mpz_ptr)NULL);
}

#endif
