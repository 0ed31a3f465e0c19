// SPDX-License-Identifier: Apache-2.0
//
// Writes the vectors of PARI's primecert: a chain of curves, or a tree of n - 1.

#include <stdlib.h>

#include "writer.h"

static void put_row(prk_writer *w, const prk_step *step, const char *before, mpz_ptr t) {
    prk_set_trace(t, step);
    prk_text_put(&w->text, "%s[", before);
    mpz_srcptr const numbers[] = {step->n, t, step->s, step->a, step->x, step->y};
    for (int i = 0; i < 6; i++) {
        prk_text_put_decimal(&w->text, numbers[i]);
        prk_text_put(&w->text, "%s", i == 3 ? ", [" : i == 5 ? "]]" : ", ");
    }
}

static bool write_rows(prk_writer *w) {
    mpz_t t;
    mpz_init(t);
    const prk_step *step = prk_step_of(w, w->certificate->n);
    const char *before = "[";
    bool ok = true;
    while (ok && step != NULL) {
        if (step->kind != PRK_STEP_CURVE) {
            ok = prk_has_none(w, step, "PARI has no chain of curves with such a step");
        } else if (mpz_cmp(step->q, step->n) >= 0) {
            ok = prk_has_none(w, step, "q is not below N");
        } else {
            put_row(w, step, before, t);
            before = ", ";
            step = prk_step_of(w, step->q);
        }
    }
    prk_text_put(&w->text, "]\n");
    mpz_clear(t);
    return ok;
}

// What PARI asks of n - 1 = F R: F^3 > n and, with R = c2 F + c1, that c2 is 0 or c1^2 - 4 c2 no
// square. The step's own theorem may ask less.
static bool is_for_pari(const prk_step *step) {
    mpz_t f, r, c;
    mpz_inits(f, r, c, (mpz_ptr)NULL);
    mpz_sub_ui(r, step->n, 1);
    bool is = step->kind != PRK_STEP_CURVE && mpz_sgn(r) > 0;
    for (size_t i = 0; is && i < step->prime_count; i++) {
        is = !step->primes[i].is_plus && mpz_cmp_ui(step->primes[i].q, 1) > 0 &&
             mpz_remove(r, r, step->primes[i].q) > 0;
    }
    if (is) {
        mpz_sub_ui(f, step->n, 1);
        mpz_divexact(f, f, r);
        mpz_pow_ui(c, f, 3);
        is = mpz_cmp(c, step->n) > 0;
        mpz_fdiv_qr(c, r, r, f);
        mpz_mul(r, r, r);
        mpz_submul_ui(r, c, 4);
        is = is && (mpz_sgn(c) == 0 || mpz_sgn(r) < 0 || !mpz_perfect_square_p(r));
    }
    mpz_clears(f, r, c, (mpz_ptr)NULL);
    return is;
}

// A step that is being written, and the next of its primes.
typedef struct level {
    const prk_step *step;
    size_t next;
} level;

// [N, [p | [p, a, C], ...]], from the inside of C on again.
static bool write_tree(prk_writer *w) {
    // Each level's n is below the one before, so that there are no more than there are steps.
    level *levels = malloc((w->certificate->count + 1) * sizeof *levels);
    if (levels == NULL) {
        w->text.is_lost = true;
        return false;
    }
    size_t depth = 1;
    levels[0] = (level){prk_step_of(w, w->certificate->n), 0};
    bool ok = true;
    while (ok && depth > 0) {
        level *top = &levels[depth - 1];
        const prk_step *step = top->step;
        if (top->next == 0) {
            if (!is_for_pari(step)) {
                ok = prk_has_none(w, step, "PARI has no such step of n - 1");
                break;
            }
            prk_text_put(&w->text, "[");
            prk_text_put_decimal(&w->text, step->n);
            prk_text_put(&w->text, ", [");
        }
        if (top->next == step->prime_count) {
            depth--;
            prk_text_put(&w->text, depth == 0 ? "]]\n" : "]]]"); // and the entry that it proves
            continue;
        }
        const prk_step_prime *prime = &step->primes[top->next];
        prk_text_put(&w->text, "%s", top->next++ == 0 ? "" : ", ");
        if (prk_is_word(prime->q)) { // PARI finds its base
            prk_text_put_decimal(&w->text, prime->q);
            continue;
        }
        const prk_step *of = prk_step_of(w, prime->q);
        const bool has_own = step->kind == PRK_STEP_PRIMO_MINUS || step->kind == PRK_STEP_LUCAS;
        if (of == NULL || !(has_own || prime->has_base) || mpz_cmp(prime->q, step->n) >= 0) {
            ok = prk_has_none(w, step, "a prime of the step has no proof, or no base");
            break;
        }
        prk_text_put(&w->text, "[");
        prk_text_put_decimal(&w->text, prime->q);
        prk_text_put(&w->text, ", ");
        prk_text_put_decimal(&w->text, has_own ? step->a : prime->a);
        prk_text_put(&w->text, ", ");
        levels[depth++] = (level){of, 0};
    }
    free(levels);
    return ok;
}

bool prk_write_pari(prk_writer *w) {
    const prk_step *step = prk_step_of(w, w->certificate->n);
    if (prk_is_word(w->certificate->n)) {
        prk_text_put_decimal(&w->text, w->certificate->n);
        prk_text_put(&w->text, "\n");
        return true;
    }
    if (step == NULL) {
        return prk_refuse(w->problem, PRK_CERTIFICATE_INCOMPLETE, 0, w->certificate->line,
                          "no step proves the candidate");
    }
    return step->kind == PRK_STEP_CURVE ? write_rows(w) : write_tree(w);
}
