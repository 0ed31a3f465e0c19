// SPDX-License-Identifier: Apache-2.0
//
// What the readers of all forms share: lines, and numbers within limits.

#include <stdlib.h>
#include <string.h>

#include "reader.h"

bool prk_reader_starved(prk_reader *reader) {
    reader->status = PRK_STATUS_NO_MEMORY;
    return false;
}

// --- Lines ---------------------------------------------------------------------------------------

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

prk_span prk_span_trimmed(prk_span span) {
    while (span.length > 0 && is_blank(span.start[0])) {
        span.start++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.start[span.length - 1])) {
        span.length--;
    }
    return span;
}

prk_span prk_span_from(prk_span span, size_t from) {
    return (prk_span){span.start + from, span.length - from, span.line};
}

bool prk_next_line(prk_reader *reader, prk_span *line) {
    if (reader->at >= reader->size) {
        return false;
    }
    const char *start = reader->text + reader->at;
    const size_t left = reader->size - reader->at;
    const char *end = memchr(start, '\n', left);
    const size_t length = end == NULL ? left : (size_t)(end - start);
    reader->at += length + (end != NULL);
    reader->line++;
    *line = prk_span_trimmed((prk_span){start, length, reader->line});
    return true;
}

void prk_unread_line(prk_reader *reader, prk_span line) {
    reader->at = (size_t)(line.start - reader->text);
    while (reader->at > 0 && reader->text[reader->at - 1] != '\n') {
        reader->at--;
    }
    reader->line = line.line - 1;
}

bool prk_span_begins(prk_span span, const char *text) {
    const size_t length = strlen(text);
    return span.length >= length && memcmp(span.start, text, length) == 0;
}

bool prk_span_is(prk_span span, const char *text) {
    return span.length == strlen(text) && prk_span_begins(span, text);
}

bool prk_span_count(prk_span span, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < span.length; i++) {
        if (span.start[i] < '0' || span.start[i] > '9' || i == 18) {
            return false;
        }
        *value = 10 * *value + (uint64_t)(span.start[i] - '0');
    }
    return span.length > 0;
}

// --- Numbers -------------------------------------------------------------------------------------

// How many digits a number may have: for 1000 bits `rate` of them, which is 1000 log(2) /
// log(base).
static size_t most_digits(const prk_reader *reader, int base) {
    // log2(10^1000000) < 3321929.
    const size_t bits = reader->bits != 0 ? reader->bits : 3321929;
    const size_t rate = base == 10 ? 302 : base == 16 ? 250 : 168; // rounded up
    const size_t digits = (bits * rate + 999) / 1000;
    const size_t most = reader->bits == 0 && base == 10 ? PRK_CERTIFICATE_MOST_DIGITS : digits;
    return reader->bits == 0 ? most : most + 3;
}

static int digit_value(char c, int base) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'Z') {
        return c - 'A' + 10;
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + (base > 36 ? 36 : 10); // as GMP and MPU count
    }
    return 255;
}

bool prk_read_number(prk_reader *reader, prk_span span, int form, const char *name, uint64_t step,
                     mpz_t value) {
    if (span.length == 0) {
        return PRK_UNREADABLE(reader, step, span.line, "%s is empty", name);
    }
    const bool is_negative = span.start[0] == '-';
    span = prk_span_from(span, is_negative);
    int base = form;
    if (form == PRK_NUMBER_PRIMO4 || form == PRK_NUMBER_JSON) {
        const size_t prefix = prk_span_begins(span, "0x")                               ? 2
                              : form == PRK_NUMBER_PRIMO4 && prk_span_begins(span, "$") ? 1
                                                                                        : 0;
        base = prefix > 0 ? 16 : 10;
        span = prk_span_from(span, prefix);
    }
    if (span.length == 0) {
        return PRK_UNREADABLE(reader, step, span.line, "%s has no digits", name);
    }
    const size_t most = most_digits(reader, base);
    if (span.length > most) {
        return PRK_UNREADABLE(reader, step, span.line, "%s has more than %zu digits", name, most);
    }
    for (size_t i = 0; i < span.length; i++) {
        if (digit_value(span.start[i], base) >= base) {
            return PRK_UNREADABLE(reader, step, span.line,
                                  "%s has a character that is no digit to base %d: '%c'", name,
                                  base, span.start[i]);
        }
    }
    if (span.length + 1 > reader->digits_room) {
        free(reader->digits);
        reader->digits_room = 2 * span.length + 64;
        reader->digits = malloc(reader->digits_room);
        if (reader->digits == NULL) {
            reader->digits_room = 0;
            return prk_reader_starved(reader);
        }
    }
    memcpy(reader->digits, span.start, span.length);
    reader->digits[span.length] = '\0';
    mpz_set_str(value, reader->digits, base);
    if (is_negative) {
        mpz_neg(value, value);
    }
    return true;
}

bool prk_read_int64(prk_reader *reader, prk_span span, int form, const char *name, uint64_t step,
                    int64_t *value) {
    _Static_assert(sizeof(long) == 8, "mpz_fits_slong_p asks for 64 bits");
    mpz_t z;
    mpz_init(z);
    bool ok = prk_read_number(reader, span, form, name, step, z);
    if (ok && !mpz_fits_slong_p(z)) {
        ok = PRK_UNREADABLE(reader, step, span.line, "%s does not fit 64 bits", name);
    }
    *value = ok ? mpz_get_si(z) : 0;
    mpz_clear(z);
    return ok;
}

bool prk_read_candidate(prk_reader *reader, prk_span span, int form) {
    mpz_ptr n = reader->certificate->n;
    reader->certificate->line = span.line;
    if (!prk_read_number(reader, span, form, "the candidate", 0, n)) {
        return false;
    }
    if (mpz_cmp_ui(n, 1) <= 0) {
        return prk_refuse(reader->problem, PRK_CERTIFICATE_INVALID, 0, span.line,
                          "the candidate is less than 2");
    }
    reader->bits = mpz_sizeinbase(n, 2);
    return true;
}

// --- Steps ---------------------------------------------------------------------------------------

prk_step *prk_reader_add_step(prk_reader *reader, prk_step_kind kind, uint64_t number,
                              uint64_t line) {
    if (reader->certificate->count >= PRK_CERTIFICATE_MOST_STEPS) {
        PRK_UNREADABLE(reader, number, line, "there are more than %d steps",
                       PRK_CERTIFICATE_MOST_STEPS);
        return NULL;
    }
    prk_step *step = prk_certificate_add(reader->certificate);
    if (step == NULL) {
        prk_reader_starved(reader);
        return NULL;
    }
    step->kind = kind;
    step->number = number;
    step->line = line;
    return step;
}

static bool hold(prk_reader *reader, const prk_step *step, size_t bytes) {
    reader->held += bytes;
    return reader->held <= reader->most_held ||
           PRK_UNREADABLE(reader, step->number, step->line, "its numbers need more than %zu bytes",
                          reader->most_held);
}

prk_step_prime *prk_reader_add_prime(prk_reader *reader, prk_step *step, uint64_t line) {
    // Of different primes of n - 1 the product is below n; of n + 1, 2 n.
    if (step->prime_count > 2 * mpz_sizeinbase(step->n, 2)) {
        PRK_UNREADABLE(reader, step->number, line, "there are more primes than N has bits");
        return NULL;
    }
    if (!hold(reader, step, sizeof *step->primes)) {
        return NULL;
    }
    prk_step_prime *prime = prk_step_add_prime(step);
    if (prime == NULL) {
        prk_reader_starved(reader);
    }
    return prime;
}

bool prk_reader_close_step(prk_reader *reader, const prk_step *step) {
    mpz_srcptr const numbers[] = {step->n,     step->q,       step->s,      step->m, step->a,
                                  step->b,     step->x,       step->y,      step->j, step->t,
                                  step->bound, step->primo_a, step->primo_b};
    size_t limbs = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        limbs += mpz_size(numbers[i]);
    }
    for (size_t i = 0; i < step->prime_count; i++) {
        limbs += mpz_size(step->primes[i].q) + mpz_size(step->primes[i].a);
    }
    if (!hold(reader, step, limbs * sizeof(mp_limb_t) + sizeof *step)) {
        return false;
    }
    reader->closed += step == &reader->certificate->steps[reader->closed];
    return true;
}
