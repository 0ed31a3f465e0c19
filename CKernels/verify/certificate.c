// SPDX-License-Identifier: Apache-2.0
//
// A certificate as its readers leave it: its memory, and words for what is wrong with it.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/memory.h"
#include "certificate.h"

const char *const prk_step_kind_names[PRK_STEP_KINDS] = {
    [PRK_STEP_CURVE] = "ec",          [PRK_STEP_POCKLINGTON] = "pocklington",
    [PRK_STEP_BLS5] = "bls5",         [PRK_STEP_BLS7] = "bls7",
    [PRK_STEP_BLS3] = "bls3",         [PRK_STEP_BLS15] = "bls15",
    [PRK_STEP_MORRISON] = "morrison", [PRK_STEP_COMBINED] = "combined",
    [PRK_STEP_KONYAGIN] = "konyagin", [PRK_STEP_LUCAS] = "lucas",
    [PRK_STEP_PRIMO_MINUS] = "n-1",   [PRK_STEP_PRIMO_PLUS] = "n+1",
    [PRK_STEP_PARI_MINUS] = "pari",
};

prk_certificate *prk_certificate_create(prk_certificate_format format) {
    prk_certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate != NULL) {
        certificate->format = format;
        mpz_inits(certificate->n, certificate->end, (mpz_ptr)NULL); // which takes no memory
    }
    return certificate;
}

static void clear_step(prk_step *step) {
    mpz_clears(step->n, step->q, step->s, step->m, step->a, step->b, step->x, step->y, step->j,
               step->t, step->primo_a, step->primo_b, step->bound, (mpz_ptr)NULL);
    for (size_t i = 0; i < step->prime_count; i++) {
        mpz_clears(step->primes[i].q, step->primes[i].a, (mpz_ptr)NULL);
    }
    free(step->primes);
}

void prk_certificate_cut(prk_certificate *certificate, size_t count) {
    while (certificate->count > count) {
        clear_step(&certificate->steps[--certificate->count]);
    }
}

void prk_certificate_destroy(prk_certificate *certificate) {
    if (certificate == NULL) {
        return;
    }
    prk_certificate_cut(certificate, 0);
    free(certificate->steps);
    mpz_clears(certificate->n, certificate->end, (mpz_ptr)NULL);
    free(certificate);
}

prk_step *prk_certificate_add(prk_certificate *certificate) {
    if (certificate->count >= PRK_CERTIFICATE_MOST_STEPS) {
        return NULL;
    }
    prk_step *steps = prk_memory_grown(certificate->steps, certificate->count, &certificate->room,
                                       sizeof *steps); // mpz_t may be moved
    if (steps == NULL) {
        return NULL;
    }
    certificate->steps = steps;
    prk_step *step = &certificate->steps[certificate->count++];
    memset(step, 0, sizeof *step);
    mpz_inits(step->n, step->q, step->s, step->m, step->a, step->b, step->x, step->y, step->j,
              step->t, step->primo_a, step->primo_b, step->bound, (mpz_ptr)NULL);
    return step;
}

prk_step_prime *prk_step_add_prime(prk_step *step) {
    prk_step_prime *primes =
        prk_memory_grown(step->primes, step->prime_count, &step->prime_room, sizeof *primes);
    if (primes == NULL) {
        return NULL;
    }
    step->primes = primes;
    prk_step_prime *prime = &step->primes[step->prime_count++];
    memset(prime, 0, sizeof *prime);
    mpz_inits(prime->q, prime->a, (mpz_ptr)NULL);
    return prime;
}

bool prk_refuse(prk_certificate_problem *problem, prk_certificate_verdict verdict, uint64_t step,
                uint64_t line, const char *format, ...) {
    *problem = (prk_certificate_problem){.verdict = verdict, .step = step, .line = line};
    char text[sizeof problem->reason];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = 0;
    for (const char *c = text; *c != '\0'; c++) {
        const bool is_plain = *c >= ' ' && *c <= '~';
        if (used + (is_plain ? 1 : 4) >= sizeof problem->reason) {
            break;
        }
        if (is_plain) {
            problem->reason[used++] = *c;
        } else {
            used += (size_t)snprintf(problem->reason + used, sizeof problem->reason - used,
                                     "\\x%02X", (unsigned char)*c);
        }
    }
    return false;
}

prk_certificate_format prk_certificate_form(const prk_certificate *certificate) {
    return certificate == NULL ? PRK_CERTIFICATE_NONE : certificate->format;
}

size_t prk_certificate_steps(const prk_certificate *certificate) {
    return certificate == NULL ? 0 : certificate->count;
}

const uint64_t *prk_certificate_number(const prk_certificate *certificate, size_t *limbs) {
    *limbs = certificate == NULL ? 0 : mpz_size(certificate->n);
    return certificate == NULL ? NULL : (const uint64_t *)mpz_limbs_read(certificate->n);
}
