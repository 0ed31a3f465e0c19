// SPDX-License-Identifier: Apache-2.0
//
// What the writers of all forms share: which of the steps are written, and how Primo gives curves.

#include "writer.h"

bool prk_has_none(prk_writer *w, const prk_step *step, const char *why) {
    return prk_refuse(w->problem, PRK_CERTIFICATE_INVALID, step->number, step->line, "%s", why);
}

bool prk_is_written(const prk_writer *w, size_t place) {
    const prk_certificate *c = w->certificate;
    const prk_step *step = &c->steps[place];
    return w->ties.is_reached[place] && w->ties.order[prk_ties_of(c, &w->ties, step->n)] == place &&
           (!prk_is_word(step->n) || mpz_cmp(step->n, c->n) == 0);
}

const prk_step *prk_step_of(const prk_writer *w, mpz_srcptr n) {
    const size_t at = prk_ties_of(w->certificate, &w->ties, n);
    if (at == w->certificate->count || (prk_is_word(n) && mpz_cmp(n, w->certificate->n) != 0)) {
        return NULL;
    }
    return &w->certificate->steps[w->ties.order[at]];
}

void prk_set_trace(mpz_ptr t, const prk_step *step) {
    mpz_add_ui(t, step->n, 1);
    mpz_sub(t, t, step->m);
}

// x modulo n, between -n / 2 and n / 2.
static void set_centred(mpz_ptr r, mpz_srcptr x, mpz_srcptr n) {
    mpz_mod(r, x, n);
    mpz_t twice;
    mpz_init(twice);
    mpz_mul_2exp(twice, r, 1);
    if (mpz_cmp(twice, n) > 0) {
        mpz_sub(r, r, n);
    }
    mpz_clear(twice);
}

bool prk_primo_curve_init(prk_primo_curve *curve, prk_writer *w, const prk_step *step) {
    curve->has_j = step->is_primo && mpz_sgn(step->j) != 0;
    mpz_inits(curve->a, curve->b, curve->w, (mpz_ptr)NULL);
    mpz_init_set(curve->j, step->j);
    mpz_init_set(curve->t, step->is_primo ? step->t : step->x);
    prk_set_trace(curve->w, step);
    if (step->is_primo) {
        mpz_set(curve->a, step->primo_a);
        mpz_set(curve->b, step->primo_b);
        return true;
    }
    set_centred(curve->a, step->a, step->n);
    set_centred(curve->b, step->b, step->n);
    return mpz_sgn(step->y) != 0 || prk_has_none(w, step, "the form has no point with y = 0");
}

void prk_primo_curve_clear(prk_primo_curve *curve) {
    mpz_clears(curve->j, curve->a, curve->b, curve->t, curve->w, (mpz_ptr)NULL);
}
