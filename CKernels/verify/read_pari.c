// SPDX-License-Identifier: Apache-2.0
//
// Certificates of PARI's primecert, as GP prints them: an integer below 2^64, or a vector of the
// steps [N, t, s, a, [x, y]] of a chain of curves, or [N, [p | [p, a, C], ...]] of n - 1, where C
// is such a certificate for p. What is nested there is kept on a stack of our own.

#include <stdlib.h>

#include "../system/memory.h"
#include "reader.h"

typedef struct pari {
    prk_reader *reader;
    size_t *open; // the places of steps of n - 1 that are read, the outermost first
    size_t depth, room;
} pari;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void skip_space(prk_reader *r) {
    for (; r->at < r->size && is_space(r->text[r->at]); r->at++) {
        r->line += r->text[r->at] == '\n';
    }
}

static bool is_next(prk_reader *r, char c) {
    skip_space(r);
    return r->at < r->size && r->text[r->at] == c;
}

static uint64_t current(const prk_reader *r) { return r->certificate->count; }

static bool refuse_next(prk_reader *r, const char *expected) {
    if (r->at >= r->size) {
        return PRK_UNREADABLE(r, current(r), r->line, "the text ends where %s was expected",
                              expected);
    }
    return PRK_UNREADABLE(r, current(r), r->line, "'%c' stands where %s was expected",
                          r->text[r->at], expected);
}

static bool take(prk_reader *r, char c) {
    if (!is_next(r, c)) {
        const char expected[] = {'\'', c, '\'', '\0'};
        return refuse_next(r, expected);
    }
    r->at++;
    return true;
}

static bool take_span(prk_reader *r, prk_span *span) {
    skip_space(r);
    const size_t start = r->at;
    size_t end = start;
    while (end < r->size && ((end == start && r->text[end] == '-') ||
                             (r->text[end] >= '0' && r->text[end] <= '9'))) {
        end++;
    }
    if (end == start || (end == start + 1 && r->text[start] == '-')) {
        return refuse_next(r, "a number");
    }
    *span = (prk_span){r->text + start, end - start, r->line};
    r->at = end;
    return true;
}

static bool take_number(prk_reader *r, const char *name, mpz_t value) {
    prk_span span;
    return take_span(r, &span) &&
           prk_read_number(r, span, PRK_NUMBER_DECIMAL, name, current(r), value);
}

// The first number of the text, which is what is proved.
static bool take_candidate(prk_reader *r) {
    prk_span span;
    return take_span(r, &span) && prk_read_candidate(r, span, PRK_NUMBER_DECIMAL);
}

// --- Curves --------------------------------------------------------------------------------------

static bool resolve(prk_reader *r, prk_step *step, mpz_srcptr trace) {
    if (mpz_cmp_ui(step->n, 1) <= 0) {
        return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step->number, step->line,
                          "N is less than 2");
    }
    if (!prk_resolve_trace(r, step, trace)) {
        return false;
    }
    mpz_mod(step->a, step->a, step->n);
    mpz_mod(step->x, step->x, step->n);
    mpz_mod(step->y, step->y, step->n);
    // b is what puts the point on the curve: y^2 - (x^2 + a) x.
    mpz_mul(step->m, step->x, step->x);
    mpz_add(step->m, step->m, step->a);
    mpz_mul(step->m, step->m, step->x);
    mpz_mul(step->b, step->y, step->y);
    mpz_sub(step->b, step->b, step->m);
    mpz_mod(step->b, step->b, step->n);
    mpz_mul(step->m, step->s, step->q);
    return true;
}

static bool read_row(prk_reader *r, mpz_t trace) {
    const size_t count = r->certificate->count;
    skip_space(r);
    prk_step *step = prk_reader_add_step(r, PRK_STEP_CURVE, count + 1, r->line);
    if (step == NULL || !take(r, '[')) {
        return false;
    }
    if (count == 0) {
        if (!take_candidate(r)) {
            return false;
        }
        mpz_set(step->n, r->certificate->n);
    } else if (!take_number(r, "N", step->n)) {
        return false;
    } else if (mpz_cmp(step->n, r->certificate->steps[count - 1].q) != 0) {
        return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step->number, step->line,
                          "N is not (N + 1 - t) / s of the step before");
    }
    return take(r, ',') && take_number(r, "t", trace) && take(r, ',') &&
           take_number(r, "s", step->s) && take(r, ',') && take_number(r, "a", step->a) &&
           take(r, ',') && take(r, '[') && take_number(r, "x", step->x) && take(r, ',') &&
           take_number(r, "y", step->y) && take(r, ']') && take(r, ']') &&
           resolve(r, step, trace) && prk_reader_close_step(r, step);
}

static bool read_chain(prk_reader *r) {
    mpz_t trace;
    mpz_init(trace);
    bool ok = read_row(r, trace);
    while (ok && is_next(r, ',')) {
        r->at++;
        ok = read_row(r, trace);
    }
    mpz_clear(trace);
    return ok && take(r, ']');
}

// --- n - 1 ---------------------------------------------------------------------------------------

static prk_step *innermost(const pari *p) {
    return &p->reader->certificate->steps[p->open[p->depth - 1]];
}

// "[N, [": a step that is read until its vector ends. `of`: the prime that it is for, or NULL.
static bool open_step(pari *p, mpz_srcptr of) {
    prk_reader *r = p->reader;
    size_t *grown = prk_memory_grown(p->open, p->depth, &p->room, sizeof *grown);
    if (grown == NULL) {
        return prk_reader_starved(r);
    }
    p->open = grown;
    skip_space(r);
    prk_step *step =
        prk_reader_add_step(r, PRK_STEP_PARI_MINUS, r->certificate->count + 1, r->line);
    if (step == NULL) {
        return false;
    }
    p->open[p->depth++] = r->certificate->count - 1;
    if (of == NULL) {
        if (!take_candidate(r)) {
            return false;
        }
        mpz_set(step->n, r->certificate->n);
    } else if (!take_number(r, "N", step->n)) {
        return false;
    } else if (mpz_cmp(step->n, of) != 0) {
        return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step->number, step->line,
                          "N is not the p that it is said to prove");
    }
    if (mpz_cmp_ui(step->n, 1) <= 0) {
        return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step->number, step->line,
                          "N is less than 2");
    }
    return take(r, ',') && take(r, '[');
}

// "p", or "[p, a, C" of which C may be a step that is opened: `*opened`.
static bool read_entry(pari *p, mpz_t value, bool *opened) {
    prk_reader *r = p->reader;
    *opened = false;
    skip_space(r);
    prk_step_prime *prime = prk_reader_add_prime(r, innermost(p), r->line);
    if (prime == NULL) {
        return false;
    }
    if (!is_next(r, '[')) {
        return take_number(r, "p", prime->q);
    }
    r->at++;
    prime->has_base = true;
    if (!take_number(r, "p", prime->q) || !take(r, ',') || !take_number(r, "a", prime->a) ||
        !take(r, ',')) {
        return false;
    }
    if (is_next(r, '[')) {
        r->at++;
        *opened = true;
        mpz_set(value, prime->q); // since the list of steps may move
        return open_step(p, value);
    }
    if (!take_number(r, "the certificate of p", value)) {
        return false;
    }
    if (mpz_cmp(value, prime->q) != 0) {
        return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, innermost(p)->number, r->line,
                          "the certificate of p is another number");
    }
    return take(r, ']');
}

static bool read_tree(pari *p) {
    prk_reader *r = p->reader;
    mpz_t value;
    mpz_init(value);
    bool ok = open_step(p, NULL);
    while (ok && p->depth > 0) {
        bool opened;
        ok = read_entry(p, value, &opened);
        if (!ok || opened) {
            continue;
        }
        // What ends here: vectors of primes, the steps that they belong to, and the entries that
        // those prove.
        while (ok && p->depth > 0 && !is_next(r, ',')) {
            ok = take(r, ']') && take(r, ']') && prk_reader_close_step(r, innermost(p));
            if (ok && --p->depth > 0) {
                ok = take(r, ']');
            }
        }
        if (ok && p->depth > 0) {
            ok = take(r, ',');
        }
    }
    mpz_clear(value);
    return ok;
}

bool prk_read_pari(prk_reader *reader) {
    reader->certificate->format = PRK_CERTIFICATE_PARI;
    reader->line++; // blank lines were taken
    pari p = {.reader = reader};
    bool ok;
    if (!is_next(reader, '[')) {
        ok = take_candidate(reader);
    } else {
        reader->at++;
        ok = is_next(reader, '[') ? read_chain(reader) : read_tree(&p);
    }
    free(p.open);
    if (!ok) {
        return false;
    }
    const uint64_t line = reader->line;
    skip_space(reader);
    // Another certificate may follow on a line of its own.
    return reader->at == reader->size || (reader->line > line && is_next(reader, '[')) ||
           refuse_next(reader, "the end");
}
