// SPDX-License-Identifier: Apache-2.0

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growing_text.h"

bool prk_text_reserve(prk_growing_text *t, size_t more) {
    if (t->is_lost || more <= t->room - t->size) {
        return !t->is_lost;
    }
    const size_t room = 2 * t->room + more + 4096;
    char *moved = realloc(t->start, room);
    if (moved == NULL) {
        t->is_lost = true;
        return false;
    }
    t->start = moved;
    t->room = room;
    return true;
}

void prk_text_put(prk_growing_text *t, const char *format, ...) {
    enum { MOST = 500 };
    if (!prk_text_reserve(t, MOST)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const int count = vsnprintf(t->start + t->size, MOST, format, arguments);
    va_end(arguments);
    t->size += count < MOST ? (size_t)count : MOST - 1;
}

static void put_digits(prk_growing_text *t, mpz_srcptr value, int base) {
    if (prk_text_reserve(t, mpz_sizeinbase(value, abs(base)) + 2)) {
        mpz_get_str(t->start + t->size, base, value);
        t->size += strlen(t->start + t->size);
    }
}

void prk_text_put_decimal(prk_growing_text *t, mpz_srcptr value) { put_digits(t, value, 10); }

void prk_text_put_hex(prk_growing_text *t, mpz_srcptr value, const char *prefix, int base) {
    prk_text_put(t, "%s%s", mpz_sgn(value) < 0 ? "-" : "", prefix);
    mpz_t view;
    put_digits(t, mpz_roinit_n(view, mpz_limbs_read(value), (mp_size_t)mpz_size(value)), base);
}
