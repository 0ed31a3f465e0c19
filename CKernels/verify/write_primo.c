// SPDX-License-Identifier: Apache-2.0
//
// Writes Primo's format 4.

#include <stdlib.h>
#include <string.h>

#include "writer.h"

static void put_line(prk_writer *w, const char *key, mpz_srcptr value) {
    prk_text_put(&w->text, "%s=", key);
    if (mpz_sgn(value) == 0) {
        prk_text_put(&w->text, "0");
    } else {
        prk_text_put_hex(&w->text, value, "$", -16);
    }
    prk_text_put(&w->text, "\n");
}

static bool put_curve(prk_writer *w, const prk_step *step) {
    prk_primo_curve curve;
    const bool ok = prk_primo_curve_init(&curve, w, step);
    if (ok) {
        put_line(w, "S", step->s);
        put_line(w, "W", curve.w);
        if (curve.has_j) {
            put_line(w, "J", curve.j);
        } else {
            put_line(w, "A", curve.a);
            put_line(w, "B", curve.b);
        }
        put_line(w, "T", curve.t);
    }
    prk_primo_curve_clear(&curve);
    return ok;
}

// The largest prime of the step, on which alone a step of Primo rests: n - 1 = s q or n + 1 = s q
// with q > s. What a base or a sequence shows of a prime n by the step's theorem, it shows by
// Primo's. NULL: there is none such.
static const prk_step_prime *largest_prime(const prk_step *step, mpz_ptr s) {
    const prk_step_prime *largest = NULL;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (largest == NULL || mpz_cmp(step->primes[i].q, largest->q) > 0) {
            largest = &step->primes[i];
        }
    }
    if (largest == NULL || mpz_sgn(largest->q) <= 0) {
        return NULL;
    }
    if (largest->is_plus) {
        mpz_add_ui(s, step->n, 1);
    } else {
        mpz_sub_ui(s, step->n, 1);
    }
    if (!mpz_divisible_p(s, largest->q)) {
        return NULL;
    }
    mpz_divexact(s, s, largest->q);
    return mpz_cmp(largest->q, s) > 0 && mpz_even_p(s) ? largest : NULL;
}

static bool put_part(prk_writer *w, const prk_step *step, mpz_ptr s, mpz_ptr next) {
    const prk_step_prime *prime = largest_prime(step, s);
    if (prime == NULL) {
        return prk_has_none(w, step,
                            "Primo has no such step: no prime of it is above all the rest");
    }
    mpz_set(next, prime->q);
    const bool has_own = step->kind == PRK_STEP_PRIMO_MINUS || step->kind == PRK_STEP_PRIMO_PLUS ||
                         step->kind == PRK_STEP_LUCAS;
    put_line(w, "S", s);
    if (!prime->is_plus) {
        if (!has_own && !prime->has_base) {
            return prk_has_none(w, step, "a prime of the step has no base");
        }
        put_line(w, "B", has_own ? step->a : prime->a);
        return true;
    }
    // Primo takes P from Q.
    if (!has_own && (prime->lucas_q < 1 || prime->p != (prime->lucas_q % 2 == 0 ? 1 : 2))) {
        return prk_has_none(w, step, "Primo has no such Lucas sequence");
    }
    if (has_own) {
        put_line(w, "Q", step->a);
    } else {
        prk_text_put(&w->text, "Q=$%llX\n", (unsigned long long)prime->lucas_q);
    }
    return true;
}

// The steps of the chain that begins with the candidate, whose number is `*count`.
static bool put_chain(prk_writer *w, size_t *count) {
    mpz_t next, s;
    mpz_inits(next, s, (mpz_ptr)NULL);
    mpz_set(next, w->certificate->n);
    bool ok = true;
    const prk_step *step;
    for (*count = 0; ok && (step = prk_step_of(w, next)) != NULL;) {
        prk_text_put(&w->text, "\n[%zu]\n", ++*count);
        if (step->kind == PRK_STEP_CURVE) {
            ok = put_curve(w, step);
            mpz_set(next, step->q);
        } else {
            ok = put_part(w, step, s, next);
        }
        if (ok && (mpz_cmp(next, step->n) >= 0 || mpz_sgn(next) <= 0)) {
            ok = prk_has_none(w, step, "q is not between 1 and N");
        }
    }
    mpz_clears(next, s, (mpz_ptr)NULL);
    return ok;
}

bool prk_write_primo(prk_writer *w) {
    mpz_srcptr n = w->certificate->n;
    size_t count = 0;
    if (!put_chain(w, &count)) {
        return false;
    }
    // The head says how many steps there are.
    prk_writer head = {.certificate = w->certificate};
    prk_text_put(&head.text,
                 "[PRIMO - Primality Certificate]\nVersion=swift-primality %s\nFormat=4\n"
                 "ID=B000000000000\nTestCount=%zu\nStatus=Candidate certified prime\n\n"
                 "[Comments]\nWritten by swift-primality %s\n\n[Candidate]\n",
                 PRK_VERSION_STRING, count, PRK_VERSION_STRING);
    put_line(&head, "N", n);
    prk_text_put(&head.text, "HexadecimalSize=%zu\n", mpz_sizeinbase(n, 16));
    prk_text_put(&head.text, "BinarySize=%zu\n", mpz_sizeinbase(n, 2));
    if (prk_text_reserve(&w->text, head.text.size) && !head.text.is_lost) {
        memmove(w->text.start + head.text.size, w->text.start, w->text.size);
        memcpy(w->text.start, head.text.start, head.text.size);
        w->text.size += head.text.size;
    } else {
        w->text.is_lost = true;
    }
    free(head.text.start);
    return true;
}
