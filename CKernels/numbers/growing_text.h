// SPDX-License-Identifier: Apache-2.0
//
// A text that grows while numbers and words are put at its end: a certificate, before it is handed
// over.

#ifndef PRK_GROWING_TEXT_H
#define PRK_GROWING_TEXT_H

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/// All zero is empty. Who made it frees `start`, which may be NULL.
typedef struct prk_growing_text {
    char *start; // no NUL ends it
    size_t size, room;
    bool is_lost; // there was no memory, and the text ends somewhere
} prk_growing_text;

/// Room for so many bytes more; false: no memory.
bool prk_text_reserve(prk_growing_text *text, size_t more);
/// As printf, 500 bytes at most.
void prk_text_put(prk_growing_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void prk_text_put_decimal(prk_growing_text *text, mpz_srcptr value);
/// -0x1f with the prefix "0x" and the base 16; -$1F with "$" and -16.
void prk_text_put_hex(prk_growing_text *text, mpz_srcptr value, const char *prefix, int base);

#pragma GCC visibility pop

#endif
