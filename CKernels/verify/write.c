// SPDX-License-Identifier: Apache-2.0
//
// Writes a certificate in any form that has its steps. The whole text is made before any of it is
// given away, so that a step of which a form has none leaves nothing behind.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/sha256.h"
#include "ties.h"

typedef struct writer {
    const prk_certificate *certificate;
    prk_ties ties;
    prk_certificate_problem *problem;
    bool is_starved;
    char *text;
    size_t used, room;
} writer;

// --- Text ----------------------------------------------------------------------------------------

static bool make_room(writer *w, size_t more) {
    if (w->is_starved || more <= w->room - w->used) {
        return !w->is_starved;
    }
    const size_t room = 2 * w->room + more + 4096;
    char *moved = realloc(w->text, room);
    if (moved == NULL) {
        w->is_starved = true;
        return false;
    }
    w->text = moved;
    w->room = room;
    return true;
}

// As printf, 500 bytes at most.
__attribute__((format(printf, 2, 3))) static void put(writer *w, const char *format, ...) {
    enum { MOST = 500 };
    if (!make_room(w, MOST)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const int count = vsnprintf(w->text + w->used, MOST, format, arguments);
    va_end(arguments);
    w->used += count < MOST ? (size_t)count : MOST - 1;
}

static void put_digits(writer *w, mpz_srcptr value, int base) {
    if (make_room(w, mpz_sizeinbase(value, abs(base)) + 2)) {
        mpz_get_str(w->text + w->used, base, value);
        w->used += strlen(w->text + w->used);
    }
}

static void put_decimal(writer *w, mpz_srcptr value) { put_digits(w, value, 10); }

// -0x1f, or with "$" as a prefix and -16 as the base -$1F.
static void put_hex(writer *w, mpz_srcptr value, const char *prefix, int base) {
    put(w, "%s%s", mpz_sgn(value) < 0 ? "-" : "", prefix);
    mpz_t view;
    put_digits(w, mpz_roinit_n(view, mpz_limbs_read(value), (mp_size_t)mpz_size(value)), base);
}

static bool has_none(writer *w, const prk_step *step, const char *why) {
    return prk_refuse(w->problem, PRK_CERTIFICATE_INVALID, step->number, step->line, "%s", why);
}

// --- What the forms have in common ---------------------------------------------------------------

static bool is_word(mpz_srcptr n) { return mpz_size(n) <= 1; }

// Whether the step at a place is written: what the proof needs, once for each number, and not for
// numbers below 2^64.
static bool is_written(const writer *w, size_t place) {
    const prk_certificate *c = w->certificate;
    const prk_step *step = &c->steps[place];
    return w->ties.is_reached[place] && w->ties.order[prk_ties_of(c, &w->ties, step->n)] == place &&
           (!is_word(step->n) || mpz_cmp(step->n, c->n) == 0);
}

// The step that proves n; NULL: none does, or none is needed.
static const prk_step *step_of(const writer *w, mpz_srcptr n) {
    const size_t at = prk_ties_of(w->certificate, &w->ties, n);
    if (at == w->certificate->count || (is_word(n) && mpz_cmp(n, w->certificate->n) != 0)) {
        return NULL;
    }
    return &w->certificate->steps[w->ties.order[at]];
}

// n + 1 - m.
static void set_trace(mpz_ptr t, const prk_step *step) {
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

// How Primo gives a curve and a point: by J or A and B, and T. Any point has such a form: A = a, B
// = b, T = x, so that L = y^2 and the curve is the one that y scales.
typedef struct primo_curve {
    bool has_j;
    mpz_t j, a, b, t;
} primo_curve;

static bool set_primo_curve(writer *w, const prk_step *step, primo_curve *curve) {
    curve->has_j = step->is_primo && mpz_sgn(step->j) != 0;
    if (step->is_primo) {
        mpz_set(curve->j, step->j);
        mpz_set(curve->a, step->primo_a);
        mpz_set(curve->b, step->primo_b);
        mpz_set(curve->t, step->t);
        return true;
    }
    set_centred(curve->a, step->a, step->n);
    set_centred(curve->b, step->b, step->n);
    mpz_set(curve->t, step->x);
    return mpz_sgn(step->y) != 0 || has_none(w, step, "the form has no point with y = 0");
}

static void init_primo_curve(primo_curve *curve) {
    mpz_inits(curve->j, curve->a, curve->b, curve->t, (mpz_ptr)NULL);
}

static void clear_primo_curve(primo_curve *curve) {
    mpz_clears(curve->j, curve->a, curve->b, curve->t, (mpz_ptr)NULL);
}

// --- JSON ----------------------------------------------------------------------------------------

// Small numbers plain, as bases are.
static void put_json(writer *w, mpz_srcptr value) {
    if (mpz_fits_sint_p(value)) {
        put(w, "%ld", mpz_get_si(value));
    } else {
        put(w, "\"");
        put_hex(w, value, "0x", 16);
        put(w, "\"");
    }
}

static void put_json_key(writer *w, const char *key, mpz_srcptr value, bool is_plain) {
    put(w, ",\"%s\":", key);
    if (is_plain) {
        put_json(w, value);
    } else {
        put(w, "\"");
        put_hex(w, value, "0x", 16);
        put(w, "\"");
    }
}

static bool put_json_curve(writer *w, const prk_step *step) {
    primo_curve curve;
    mpz_t t;
    init_primo_curve(&curve);
    mpz_init(t);
    const bool ok = set_primo_curve(w, step, &curve);
    if (ok) {
        if (step->d != 0) {
            put(w, ",\"d\":%lld", (long long)step->d);
        }
        set_trace(t, step);
        put_json_key(w, "t", t, false);
        put_json_key(w, "s", step->s, false);
        if (curve.has_j) {
            put_json_key(w, "j", curve.j, false);
        } else {
            put_json_key(w, "a", curve.a, true);
            put_json_key(w, "b", curve.b, true);
        }
        put_json_key(w, "x", curve.t, true);
    }
    mpz_clear(t);
    clear_primo_curve(&curve);
    return ok;
}

// "primes":[...] and, beside it, their bases or Lucas sequences.
static bool put_json_primes(writer *w, const prk_step *step, bool is_plus) {
    const bool has_bases = step->kind != PRK_STEP_LUCAS;
    const bool is_second = is_plus && step->kind == PRK_STEP_COMBINED;
    put(w, ",\"%s\":[", is_second ? "plus" : "q");
    const char *comma = "";
    for (size_t i = 0; i < step->prime_count; i++) {
        if (step->primes[i].is_plus == is_plus) {
            put(w, "%s\"", comma);
            put_hex(w, step->primes[i].q, "0x", 16);
            put(w, "\"");
            comma = ",";
        }
    }
    put(w, "]");
    if (!has_bases) {
        put_json_key(w, "a", step->a, true);
        return true;
    }
    put(w, ",\"%s\":[", is_plus ? "l" : "a");
    comma = "";
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (prime->is_plus != is_plus) {
            continue;
        }
        put(w, "%s", comma);
        comma = ",";
        if (is_plus) {
            put(w, "[%lld,%lld]", (long long)prime->p, (long long)prime->lucas_q);
        } else if (prime->has_base) {
            put_json(w, prime->a);
        } else if (step->kind == PRK_STEP_PARI_MINUS) {
            put(w, "0");
        } else {
            return has_none(w, step, "a prime of the step has no base");
        }
    }
    put(w, "]");
    return true;
}

static bool put_json_step(writer *w, const prk_step *step) {
    switch (step->kind) {
    case PRK_STEP_CURVE:
        return put_json_curve(w, step);
    case PRK_STEP_PRIMO_MINUS:
    case PRK_STEP_PRIMO_PLUS:
        put_json_key(w, "s", step->s, false);
        put_json_key(w, step->kind == PRK_STEP_PRIMO_PLUS ? "q" : "b", step->a, true);
        return true;
    case PRK_STEP_BLS3:
    case PRK_STEP_BLS15:
        put_json_key(w, "q", step->primes[0].q, false);
        if (step->kind == PRK_STEP_BLS3) {
            put_json_key(w, "a", step->primes[0].a, true);
        } else {
            put(w, ",\"lp\":%lld,\"lq\":%lld", (long long)step->primes[0].p,
                (long long)step->primes[0].lucas_q);
        }
        return true;
    case PRK_STEP_BLS7:
        put_json_key(w, "bound", step->bound, false);
        put_json_key(w, "base", step->a, true);
        return put_json_primes(w, step, false);
    case PRK_STEP_MORRISON:
        return put_json_primes(w, step, true);
    case PRK_STEP_COMBINED:
        return put_json_primes(w, step, false) && put_json_primes(w, step, true);
    default:
        return put_json_primes(w, step, false);
    }
}

// mpz_sizeinbase may say one too many.
static size_t count_digits(writer *w, mpz_srcptr value) {
    const size_t used = w->used;
    put_decimal(w, value);
    const size_t count = w->used - used;
    w->used = used;
    return count;
}

static bool write_json(writer *w) {
    const prk_certificate *c = w->certificate;
    mpz_srcptr end = c->n;
    put(w, "{\"certificate\":1");
    put_json_key(w, "n", c->n, false);
    put(w, ",\"bits\":%zu,\"digits\":%zu", mpz_sizeinbase(c->n, 2), count_digits(w, c->n));
    put(w, ",\"by\":\"swift-primality %s\"}\n", PRK_VERSION_STRING);
    size_t i = 0;
    for (size_t place = 0; place < c->count; place++) {
        const prk_step *step = &c->steps[place];
        if (!is_written(w, place)) {
            continue;
        }
        put(w, "{\"i\":%zu,\"kind\":\"%s\"", i++, prk_step_kind_names[step->kind]);
        put_json_key(w, "n", step->n, false);
        if (!put_json_step(w, step)) {
            return false;
        }
        put(w, "}\n");
        for (size_t k = 0; k < prk_step_needs(step); k++) {
            mpz_srcptr q = prk_step_need(step, k);
            end = mpz_cmp(q, end) < 0 ? q : end;
        }
    }
    char sum[65];
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    prk_sha256_add(&hash, w->text, w->used);
    prk_sha256_end_hex(&hash, sum);
    put(w, "{\"end\":\"");
    put_hex(w, end, "0x", 16);
    put(w, "\",\"sha256\":\"%s\"}\n", sum);
    return true;
}

// --- MPU -----------------------------------------------------------------------------------------

static void put_line(writer *w, const char *key, mpz_srcptr value) {
    put(w, "%s ", key);
    put_decimal(w, value);
    put(w, "\n");
}

static void begin_block(writer *w, const char *type, const prk_step *step) {
    put(w, "\nType %s\n", type);
    put_line(w, "N", step->n);
}

// Theorem 5, which has 2 as its prime 0 without saying so.
static bool put_bls5(writer *w, const prk_step *step) {
    const prk_step_prime *two = NULL;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (!step->primes[i].has_base) {
            return has_none(w, step, "a prime of the step has no base");
        }
        if (mpz_cmp_ui(step->primes[i].q, 2) == 0) {
            two = &step->primes[i];
        }
    }
    if (two == NULL) {
        return has_none(w, step, "the form wants 2 among the primes");
    }
    begin_block(w, "BLS5", step);
    size_t place = 1;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (&step->primes[i] != two) {
            put(w, "Q[%zu] ", place++);
            put_decimal(w, step->primes[i].q);
            put(w, "\n");
        }
    }
    put_line(w, "A[0]", two->a);
    place = 1;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (&step->primes[i] != two) {
            put(w, "A[%zu] ", place++);
            put_decimal(w, step->primes[i].a);
            put(w, "\n");
        }
    }
    put(w, "----\n");
    return true;
}

static bool put_mpu_step(writer *w, const prk_step *step) {
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
        put(w, "LP %lld\nLQ %lld\n", (long long)step->primes[0].p,
            (long long)step->primes[0].lucas_q);
        return true;
    case PRK_STEP_PRIMO_PLUS:
        if (!mpz_fits_slong_p(step->a)) {
            return has_none(w, step, "Lucas' Q does not fit 64 bits");
        }
        begin_block(w, "BLS15", step);
        put_line(w, "Q", step->primes[0].q);
        put(w, "LP %d\n", mpz_odd_p(step->a) ? 2 : 1);
        put_line(w, "LQ", step->a);
        return true;
    case PRK_STEP_LUCAS:
        begin_block(w, "Lucas", step);
        for (size_t i = 0; i < step->prime_count; i++) {
            put(w, "Q[%zu] ", i + 1);
            put_decimal(w, step->primes[i].q);
            put(w, "\n");
        }
        put_line(w, "A", step->a);
        return true;
    case PRK_STEP_POCKLINGTON:
        if (step->prime_count == 1 && step->primes[0].has_base) {
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
        return has_none(w, step, "MPU has no such step");
    }
}

static bool write_mpu(writer *w) {
    const prk_certificate *c = w->certificate;
    put(w, "[MPU - Primality Certificate]\nVersion 1.0\n\nProof for:\n");
    put_line(w, "N", c->n);
    for (size_t place = 0; place < c->count; place++) {
        if (is_written(w, place) && !put_mpu_step(w, &c->steps[place])) {
            return false;
        }
    }
    if (is_word(c->n) && c->count == 0) {
        put(w, "\nType Small\n");
        put_line(w, "N", c->n);
    }
    return true;
}

// --- Primo 4 -------------------------------------------------------------------------------------

static void put_primo(writer *w, const char *key, mpz_srcptr value) {
    put(w, "%s=", key);
    if (mpz_sgn(value) == 0) {
        put(w, "0");
    } else {
        put_hex(w, value, "$", -16);
    }
    put(w, "\n");
}

static bool put_primo_curve(writer *w, const prk_step *step) {
    primo_curve curve;
    mpz_t t;
    init_primo_curve(&curve);
    mpz_init(t);
    const bool ok = set_primo_curve(w, step, &curve);
    if (ok) {
        set_trace(t, step);
        put_primo(w, "S", step->s);
        put_primo(w, "W", t);
        if (curve.has_j) {
            put_primo(w, "J", curve.j);
        } else {
            put_primo(w, "A", curve.a);
            put_primo(w, "B", curve.b);
        }
        put_primo(w, "T", curve.t);
    }
    mpz_clear(t);
    clear_primo_curve(&curve);
    return ok;
}

// The largest prime of the step, on which alone a step of Primo rests: n - 1 = s q or n + 1 = s q
// with q > s. What a base or a sequence shows of a prime n by the step's theorem, it shows by
// Primo's. NULL: there is none such.
static const prk_step_prime *primo_prime(const prk_step *step, mpz_ptr s) {
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

static bool put_primo_part(writer *w, const prk_step *step, mpz_ptr s, mpz_ptr next) {
    const prk_step_prime *prime = primo_prime(step, s);
    if (prime == NULL) {
        return has_none(w, step, "Primo has no such step: no prime of it is above all the rest");
    }
    mpz_set(next, prime->q);
    const bool has_own = step->kind == PRK_STEP_PRIMO_MINUS || step->kind == PRK_STEP_PRIMO_PLUS ||
                         step->kind == PRK_STEP_LUCAS;
    put_primo(w, "S", s);
    if (!prime->is_plus) {
        if (!has_own && !prime->has_base) {
            return has_none(w, step, "a prime of the step has no base");
        }
        put_primo(w, "B", has_own ? step->a : prime->a);
        return true;
    }
    // Primo takes P from Q.
    if (!has_own && (prime->lucas_q < 1 || prime->p != (prime->lucas_q % 2 == 0 ? 1 : 2))) {
        return has_none(w, step, "Primo has no such Lucas sequence");
    }
    if (has_own) {
        put_primo(w, "Q", step->a);
    } else {
        put(w, "Q=$%llX\n", (unsigned long long)prime->lucas_q);
    }
    return true;
}

// The steps of the chain that begins with the candidate, whose number is `*count`.
static bool put_chain(writer *w, size_t *count) {
    mpz_t next, s;
    mpz_inits(next, s, (mpz_ptr)NULL);
    mpz_set(next, w->certificate->n);
    bool ok = true;
    const prk_step *step;
    for (*count = 0; ok && (step = step_of(w, next)) != NULL;) {
        put(w, "\n[%zu]\n", ++*count);
        if (step->kind == PRK_STEP_CURVE) {
            ok = put_primo_curve(w, step);
            mpz_set(next, step->q);
        } else {
            ok = put_primo_part(w, step, s, next);
        }
        if (ok && (mpz_cmp(next, step->n) >= 0 || mpz_sgn(next) <= 0)) {
            ok = has_none(w, step, "q is not between 1 and N");
        }
    }
    mpz_clears(next, s, (mpz_ptr)NULL);
    return ok;
}

static bool write_primo(writer *w) {
    mpz_srcptr n = w->certificate->n;
    size_t count = 0;
    if (!put_chain(w, &count)) {
        return false;
    }
    // The head says how many steps there are.
    writer head = {.certificate = w->certificate};
    put(&head,
        "[PRIMO - Primality Certificate]\nVersion=swift-primality %s\nFormat=4\n"
        "ID=B000000000000\nTestCount=%zu\nStatus=Candidate certified prime\n\n"
        "[Comments]\nWritten by swift-primality %s\n\n[Candidate]\n",
        PRK_VERSION_STRING, count, PRK_VERSION_STRING);
    put_primo(&head, "N", n);
    put(&head, "HexadecimalSize=%zu\n", mpz_sizeinbase(n, 16));
    put(&head, "BinarySize=%zu\n", mpz_sizeinbase(n, 2));
    if (make_room(w, head.used) && !head.is_starved) {
        memmove(w->text + head.used, w->text, w->used);
        memcpy(w->text, head.text, head.used);
        w->used += head.used;
    } else {
        w->is_starved = true;
    }
    free(head.text);
    return true;
}

// --- PARI ----------------------------------------------------------------------------------------

static void put_row(writer *w, const prk_step *step, const char *before, mpz_ptr t) {
    set_trace(t, step);
    put(w, "%s[", before);
    mpz_srcptr const numbers[] = {step->n, t, step->s, step->a, step->x, step->y};
    for (int i = 0; i < 6; i++) {
        put_decimal(w, numbers[i]);
        put(w, "%s", i == 3 ? ", [" : i == 5 ? "]]" : ", ");
    }
}

static bool write_rows(writer *w) {
    mpz_t t;
    mpz_init(t);
    const prk_step *step = step_of(w, w->certificate->n);
    const char *before = "[";
    bool ok = true;
    while (ok && step != NULL) {
        if (step->kind != PRK_STEP_CURVE) {
            ok = has_none(w, step, "PARI has no chain of curves with such a step");
        } else if (mpz_cmp(step->q, step->n) >= 0) {
            ok = has_none(w, step, "q is not below N");
        } else {
            put_row(w, step, before, t);
            before = ", ";
            step = step_of(w, step->q);
        }
    }
    put(w, "]\n");
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
static bool write_tree(writer *w) {
    // Each level's n is below the one before, so that there are no more than there are steps.
    level *levels = malloc((w->certificate->count + 1) * sizeof *levels);
    if (levels == NULL) {
        w->is_starved = true;
        return false;
    }
    size_t depth = 1;
    levels[0] = (level){step_of(w, w->certificate->n), 0};
    bool ok = true;
    while (ok && depth > 0) {
        level *top = &levels[depth - 1];
        const prk_step *step = top->step;
        if (top->next == 0) {
            if (!is_for_pari(step)) {
                ok = has_none(w, step, "PARI has no such step of n - 1");
                break;
            }
            put(w, "[");
            put_decimal(w, step->n);
            put(w, ", [");
        }
        if (top->next == step->prime_count) {
            depth--;
            put(w, depth == 0 ? "]]\n" : "]]]"); // and the entry that it proves
            continue;
        }
        const prk_step_prime *prime = &step->primes[top->next];
        put(w, "%s", top->next++ == 0 ? "" : ", ");
        if (is_word(prime->q)) { // PARI finds its base
            put_decimal(w, prime->q);
            continue;
        }
        const prk_step *of = step_of(w, prime->q);
        const bool has_own = step->kind == PRK_STEP_PRIMO_MINUS || step->kind == PRK_STEP_LUCAS;
        if (of == NULL || !(has_own || prime->has_base) || mpz_cmp(prime->q, step->n) >= 0) {
            ok = has_none(w, step, "a prime of the step has no proof, or no base");
            break;
        }
        put(w, "[");
        put_decimal(w, prime->q);
        put(w, ", ");
        put_decimal(w, has_own ? step->a : prime->a);
        put(w, ", ");
        levels[depth++] = (level){of, 0};
    }
    free(levels);
    return ok;
}

static bool write_pari(writer *w) {
    const prk_step *step = step_of(w, w->certificate->n);
    if (is_word(w->certificate->n)) {
        put_decimal(w, w->certificate->n);
        put(w, "\n");
        return true;
    }
    if (step == NULL) {
        return prk_refuse(w->problem, PRK_CERTIFICATE_INCOMPLETE, 0, w->certificate->line,
                          "no step proves the candidate");
    }
    return step->kind == PRK_STEP_CURVE ? write_rows(w) : write_tree(w);
}

// -------------------------------------------------------------------------------------------------

static bool write_form(writer *w, prk_certificate_format format) {
    switch (format) {
    case PRK_CERTIFICATE_JSON:
        return write_json(w);
    case PRK_CERTIFICATE_MPU:
        return write_mpu(w);
    case PRK_CERTIFICATE_PRIMO4:
        return write_primo(w);
    default:
        return write_pari(w);
    }
}

prk_status prk_certificate_write(const prk_certificate *certificate, prk_certificate_format format,
                                 prk_text_sink sink, void *context,
                                 prk_certificate_problem *problem) {
    if (certificate == NULL || sink == NULL || problem == NULL ||
        (format != PRK_CERTIFICATE_JSON && format != PRK_CERTIFICATE_MPU &&
         format != PRK_CERTIFICATE_PRIMO4 && format != PRK_CERTIFICATE_PARI)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *problem = certificate->broken;
    if (problem->verdict != PRK_CERTIFICATE_VALID) {
        return PRK_STATUS_OK; // of its last steps nothing is known
    }
    writer w = {.certificate = certificate, .problem = problem};
    if (!prk_ties_find(certificate, &w.ties)) {
        return PRK_STATUS_NO_MEMORY;
    }
    const bool is_made = write_form(&w, format);
    prk_status status = w.is_starved ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    if (status == PRK_STATUS_OK && is_made && !sink(context, w.text, w.used)) {
        status = PRK_STATUS_CANCELLED;
    }
    prk_ties_free(&w.ties);
    free(w.text);
    return status;
}
