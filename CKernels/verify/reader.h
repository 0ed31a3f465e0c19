// SPDX-License-Identifier: Apache-2.0
//
// What the readers of all forms share: lines, numbers within limits, and the step that a curve's or
// a quotient's fields make.

#ifndef PRK_READER_H
#define PRK_READER_H

#include "certificate.h"

#pragma GCC visibility push(hidden)

/// The largest number that is read: one of a million decimal digits. The largest that was ever
/// proved by curves has a tenth of that, and GMP makes limbs of so many digits in some 50 ms.
#define PRK_CERTIFICATE_MOST_DIGITS 1000000

/// A piece of the text.
typedef struct prk_span {
    const char *start;
    size_t length;
    uint64_t line;
} prk_span;

typedef struct prk_reader {
    const char *text;
    size_t size, at; // `at`: the next byte
    uint64_t line;   // the number of the line that was taken last
    prk_certificate *certificate;
    prk_certificate_problem *problem;
    prk_status status; // when not OK, there is no problem
    /// The size of the number that bounds the digits of the others; 0: of a number of
    /// PRK_CERTIFICATE_MOST_DIGITS.
    size_t bits;
    /// Bytes of the numbers so far, and how many there may be. A short text can ask for many large
    /// numbers: each step of Primo 4 says its n by dividing the one before.
    size_t held, most_held;
    size_t closed; // how many of the steps, from the first on, are complete
    char *digits;  // of the number that is read
    size_t digits_room;
} prk_reader;

/// One of each form; each fills the certificate, whose form is set. False: problem or status.
bool prk_read_primo(prk_reader *reader);
bool prk_read_mpu(prk_reader *reader);
bool prk_read_pari(prk_reader *reader);
bool prk_read_json(prk_reader *reader);

/// prk_refuse() with PRK_CERTIFICATE_UNREADABLE, for the certificate that is read.
#define PRK_UNREADABLE(reader, step, line, ...)                                                    \
    prk_refuse((reader)->problem, PRK_CERTIFICATE_UNREADABLE, step, line, __VA_ARGS__)
/// There is no memory: for `return prk_reader_starved(...)`.
bool prk_reader_starved(prk_reader *reader);

/// The next line without blanks at its ends; false: there is none.
bool prk_next_line(prk_reader *reader, prk_span *line);
/// Takes one back.
void prk_unread_line(prk_reader *reader, prk_span line);
/// Whether a span is this text.
bool prk_span_is(prk_span span, const char *text);
bool prk_span_begins(prk_span span, const char *text);
prk_span prk_span_trimmed(prk_span span);
/// The span from `from` on.
prk_span prk_span_from(prk_span span, size_t from);
/// A decimal number below 2^63; false: it is none.
bool prk_span_count(prk_span span, uint64_t *value);

/// How a number is written: a base, or several that a prefix tells apart.
enum {
    PRK_NUMBER_PRIMO4 = 1, // $ or 0x, else decimal
    PRK_NUMBER_JSON = 2,   // 0x, else decimal
    PRK_NUMBER_DECIMAL = 10,
    PRK_NUMBER_HEX = 16,
};
/// A number with or without "-". `name` is what the problem calls it.
bool prk_read_number(prk_reader *reader, prk_span span, int form, const char *name, uint64_t step,
                     mpz_t value);
/// One that fits 64 bits.
bool prk_read_int64(prk_reader *reader, prk_span span, int form, const char *name, uint64_t step,
                    int64_t *value);
/// The certificate's number, after which no number may be longer than it and three digits more.
bool prk_read_candidate(prk_reader *reader, prk_span span, int form);

/// A step at the end of the list; NULL: problem or status.
prk_step *prk_reader_add_step(prk_reader *reader, prk_step_kind kind, uint64_t number,
                              uint64_t line);
/// A prime of a step, of which there can be no more than n has bits. NULL: problem or status.
prk_step_prime *prk_reader_add_prime(prk_reader *reader, prk_step *step, uint64_t line);
/// Counts the memory of a step that is complete. False: problem.
bool prk_reader_close_step(prk_reader *reader, const prk_step *step);

/// What follows makes the canonical step of what the text gave, and says what keeps it from that:
/// the conditions without which there is no next number.

/// q = (n + 1 - t) / s and m, of n, s and the trace t.
bool prk_resolve_trace(prk_reader *reader, prk_step *step, mpz_srcptr trace);
/// m = s q, of n, s and q.
bool prk_resolve_product(prk_reader *reader, prk_step *step);
/// s = m / q, of m and q.
bool prk_resolve_quotient(prk_reader *reader, prk_step *step);
/// a, b, x and y, of Primo's j or primo_a, primo_b and t. `has_j` tells which. Primo's bound on j,
/// a and b is n / 2; with `is_centred` false it is n, and they become what Primo would write.
bool prk_resolve_point(prk_reader *reader, prk_step *step, bool has_j, bool is_centred);
/// The one prime of n - 1 = s q or, with `is_plus`, n + 1 = s q; of n and s.
bool prk_resolve_part(prk_reader *reader, prk_step *step, bool is_plus);
/// The same, of n, s and q.
bool prk_resolve_given_part(prk_reader *reader, prk_step *step, bool is_plus);

#pragma GCC visibility pop

#endif
