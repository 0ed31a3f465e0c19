// SPDX-License-Identifier: Apache-2.0
//
// Writes Math::Prime::Util's form.

#include "writer.h"

static void put_line(prk_writer *w, const char *key, mpz_srcptr value) {
    prk_text_put(&w->text, "%s ", key);
    prk_text_put_decimal(&w->text, value);
    prk_text_put(&w->text, "\n");
}

// Q[i] or A[i].
static void put_entry(prk_writer *w, char key, size_t i, mpz_srcptr value) {
    prk_text_put(&w->text, "%c[%zu] ", key, i);
    prk_text_put_decimal(&w->text, value);
    prk_text_put(&w->text, "\n");
}

static void begin_block(prk_writer *w, const char *type, const prk_step *step) {
    prk_text_put(&w->text, "\nType %s\n", type);
    put_line(w, "N", step->n);
}

// Theorem 5, which has 2 as its prime 0 without saying so.
static bool put_bls5(prk_writer *w, const prk_step *step) {
    const prk_step_prime *two = NULL;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (!step->primes[i].has_base) {
            return prk_has_none(w, step, "a prime of the step has no base");
        }
        if (mpz_cmp_ui(step->primes[i].q, 2) == 0) {
            two = &step->primes[i];
        }
    }
    if (two == NULL) {
        return prk_has_none(w, step, "the form wants 2 among the primes");
    }
    begin_block(w, "BLS5", step);
    size_t place = 1;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (&step->primes[i] != two) {
            put_entry(w, 'Q', place++, step->primes[i].q);
        }
    }
    put_line(w, "A[0]", two->a);
    place = 1;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (&step->primes[i] != two) {
            put_entry(w, 'A', place++, step->primes[i].a);
        }
    }
    prk_text_put(&w->text, "----\n");
    return true;
}

// One prime q, n - 1 = m q with m even and below q. With a power of q, or with several primes, it
// is theorem 5, which asks for less of the same primes and 2.
static bool has_pocklington(const prk_step *step) {
    if (step->prime_count != 1 || !step->primes[0].has_base || mpz_sgn(step->primes[0].q) <= 0) {
        return false;
    }
    mpz_t m, r;
    mpz_inits(m, r, (mpz_ptr)NULL);
    mpz_sub_ui(m, step->n, 1);
    mpz_fdiv_qr(m, r, m, step->primes[0].q);
    const bool has = mpz_sgn(r) == 0 && mpz_even_p(m) && mpz_cmp(m, step->primes[0].q) < 0;
    mpz_clears(m, r, (mpz_ptr)NULL);
    return has;
}

static bool put_step(prk_writer *w, const prk_step *step) {
    switch (step->kind) {
    case PRK_STEP_CURVE:
        begin_block(w, "ECPP", step);
        put_line(w, "A", step->a);
        put_line(w, "B", step->b);
        put_line(w, "M", step->m);
        put_line(w, "Q", step->q);
        put_line(w, "X", step->x);
        put_line(w, "Y", step->y);
        return true;
    case PRK_STEP_BLS3:
        begin_block(w, "BLS3", step);
        put_line(w, "Q", step->primes[0].q);
        put_line(w, "A", step->primes[0].a);
        return true;
    case PRK_STEP_PRIMO_MINUS:
        begin_block(w, "Pocklington", step);
        put_line(w, "Q", step->primes[0].q);
        put_line(w, "A", step->a);
        return true;
    case PRK_STEP_BLS15:
        begin_block(w, "BLS15", step);
        put_line(w, "Q", step->primes[0].q);
        prk_text_put(&w->text, "LP %lld\nLQ %lld\n", (long long)step->primes[0].p,
                     (long long)step->primes[0].lucas_q);
        return true;
    case PRK_STEP_PRIMO_PLUS:
        if (!mpz_fits_slong_p(step->a)) {
            return prk_has_none(w, step, "Lucas' Q does not fit 64 bits");
        }
        begin_block(w, "BLS15", step);
        put_line(w, "Q", step->primes[0].q);
        prk_text_put(&w->text, "LP %d\n", mpz_odd_p(step->a) ? 2 : 1);
        put_line(w, "LQ", step->a);
        return true;
    case PRK_STEP_LUCAS:
        begin_block(w, "Lucas", step);
        for (size_t i = 0; i < step->prime_count; i++) {
            put_entry(w, 'Q', i + 1, step->primes[i].q);
        }
        put_line(w, "A", step->a);
        return true;
    case PRK_STEP_POCKLINGTON:
        if (has_pocklington(step)) {
            begin_block(w, "Pocklington", step);
            put_line(w, "Q", step->primes[0].q);
            put_line(w, "A", step->primes[0].a);
            return true;
        }
        return put_bls5(w, step);
    case PRK_STEP_BLS5:
    case PRK_STEP_PARI_MINUS:
        return put_bls5(w, step);
    default:
        return prk_has_none(w, step, "MPU has no such step");
    }
}

bool prk_write_mpu(prk_writer *w) {
    const prk_certificate *c = w->certificate;
    prk_text_put(&w->text, "[MPU - Primality Certificate]\nVersion 1.0\n\nProof for:\n");
    put_line(w, "N", c->n);
    for (size_t place = 0; place < c->count; place++) {
        if (prk_is_written(w, place) && !put_step(w, &c->steps[place])) {
            return false;
        }
    }
    if (prk_is_word(c->n) && c->count == 0) {
        prk_text_put(&w->text, "\nType Small\n");
        put_line(w, "N", c->n);
    }
    return true;
}
