// SPDX-License-Identifier: Apache-2.0
//
// Writes our own form.

#include "../include/prk_sha256.h"
#include "../numbers/digits.h"
#include "writer.h"

static void put_string(prk_writer *w, mpz_srcptr value) {
    prk_text_put(&w->text, "\"");
    prk_text_put_hex(&w->text, value, "0x", 16);
    prk_text_put(&w->text, "\"");
}

// Small numbers plain, as bases are.
static void put_number(prk_writer *w, mpz_srcptr value) {
    if (mpz_fits_sint_p(value)) {
        prk_text_put(&w->text, "%ld", mpz_get_si(value));
    } else {
        put_string(w, value);
    }
}

static void put_key(prk_writer *w, const char *key, mpz_srcptr value) {
    prk_text_put(&w->text, ",\"%s\":", key);
    put_number(w, value);
}

static void put_hex_key(prk_writer *w, const char *key, mpz_srcptr value) {
    prk_text_put(&w->text, ",\"%s\":", key);
    put_string(w, value);
}

static bool put_curve(prk_writer *w, const prk_step *step) {
    prk_primo_curve curve;
    const bool ok = prk_primo_curve_init(&curve, w, step);
    if (ok) {
        if (step->d != 0) {
            prk_text_put(&w->text, ",\"d\":%lld", (long long)step->d);
        }
        put_hex_key(w, "t", curve.w);
        put_hex_key(w, "s", step->s);
        if (curve.has_j) {
            put_hex_key(w, "j", curve.j);
        } else {
            put_key(w, "a", curve.a);
            put_key(w, "b", curve.b);
        }
        put_key(w, "x", curve.t);
    }
    prk_primo_curve_clear(&curve);
    return ok;
}

// "primes":[...] and, beside it, their bases or Lucas sequences.
static bool put_primes(prk_writer *w, const prk_step *step, bool is_plus) {
    const bool is_second = is_plus && step->kind == PRK_STEP_COMBINED;
    prk_text_put(&w->text, ",\"%s\":[", is_second ? "plus" : "q");
    const char *comma = "";
    for (size_t i = 0; i < step->prime_count; i++) {
        if (step->primes[i].is_plus == is_plus) {
            prk_text_put(&w->text, "%s", comma);
            put_string(w, step->primes[i].q);
            comma = ",";
        }
    }
    prk_text_put(&w->text, "]");
    if (step->kind == PRK_STEP_LUCAS) {
        put_key(w, "a", step->a);
        return true;
    }
    prk_text_put(&w->text, ",\"%s\":[", is_plus ? "l" : "a");
    comma = "";
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (prime->is_plus != is_plus) {
            continue;
        }
        prk_text_put(&w->text, "%s", comma);
        comma = ",";
        if (is_plus) {
            prk_text_put(&w->text, "[%lld,%lld]", (long long)prime->p, (long long)prime->lucas_q);
        } else if (prime->has_base) {
            put_number(w, prime->a);
        } else if (step->kind == PRK_STEP_PARI_MINUS) {
            prk_text_put(&w->text, "0");
        } else {
            return prk_has_none(w, step, "a prime of the step has no base");
        }
    }
    prk_text_put(&w->text, "]");
    return true;
}

static bool put_step(prk_writer *w, const prk_step *step) {
    switch (step->kind) {
    case PRK_STEP_CURVE:
        return put_curve(w, step);
    case PRK_STEP_PRIMO_MINUS:
    case PRK_STEP_PRIMO_PLUS:
        put_hex_key(w, "s", step->s);
        put_key(w, step->kind == PRK_STEP_PRIMO_PLUS ? "q" : "b", step->a);
        return true;
    case PRK_STEP_BLS3:
    case PRK_STEP_BLS15:
        put_hex_key(w, "q", step->primes[0].q);
        if (step->kind == PRK_STEP_BLS3) {
            put_key(w, "a", step->primes[0].a);
        } else {
            prk_text_put(&w->text, ",\"lp\":%lld,\"lq\":%lld", (long long)step->primes[0].p,
                         (long long)step->primes[0].lucas_q);
        }
        return true;
    case PRK_STEP_BLS7:
        put_hex_key(w, "bound", step->bound);
        put_key(w, "base", step->a);
        return put_primes(w, step, false);
    case PRK_STEP_MORRISON:
        return put_primes(w, step, true);
    case PRK_STEP_COMBINED:
        return put_primes(w, step, false) && put_primes(w, step, true);
    default:
        return put_primes(w, step, false);
    }
}

bool prk_write_json(prk_writer *w) {
    const prk_certificate *c = w->certificate;
    mpz_srcptr end = c->n;
    prk_text_put(&w->text, "{\"certificate\":1");
    put_hex_key(w, "n", c->n);
    prk_text_put(&w->text, ",\"bits\":%zu,\"digits\":%zu", mpz_sizeinbase(c->n, 2),
                 prk_decimal_digits(c->n));
    prk_text_put(&w->text, ",\"by\":\"swift-primality %s\"}\n", PRK_VERSION_STRING);
    size_t i = 0;
    for (size_t place = 0; place < c->count; place++) {
        const prk_step *step = &c->steps[place];
        if (!prk_is_written(w, place)) {
            continue;
        }
        prk_text_put(&w->text, "{\"i\":%zu,\"kind\":\"%s\"", i++, prk_step_kind_names[step->kind]);
        put_hex_key(w, "n", step->n);
        if (!put_step(w, step)) {
            return false;
        }
        prk_text_put(&w->text, "}\n");
        for (size_t k = 0; k < prk_step_needs(step); k++) {
            mpz_srcptr q = prk_step_need(step, k);
            end = mpz_cmp(q, end) < 0 ? q : end;
        }
    }
    char sum[65];
    prk_sha256_hex(w->text.start, w->text.size, sum);
    prk_text_put(&w->text, "{\"end\":");
    put_string(w, end);
    prk_text_put(&w->text, ",\"sha256\":\"%s\"}\n", sum);
    return true;
}
