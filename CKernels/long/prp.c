// SPDX-License-Identifier: Apache-2.0
//
// What both sides of a PRP proof need: products modulo k 2^n + c, and the hash that asks.

#include <string.h>

#include "prp.h"

// --- The number ----------------------------------------------------------------------------------

#define MOST_K ((UINT64_C(1) << 53) - 1)
#define MOST_C ((INT64_C(1) << 31) - 1)

prk_status prk_prp_check(const prk_prp_number *number, uint64_t *bits) {
    *bits = 0;
    if (number == NULL || number->k == 0 || number->k > MOST_K || number->n == 0 ||
        number->c % 2 == 0 || number->c > MOST_C || number->c < -MOST_C) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (number->n > PRK_MOST_BITS) {
        return PRK_STATUS_TOO_LARGE;
    }
    const uint64_t k_bits = 64 - (uint64_t)__builtin_clzll(number->k);
    if (number->n > 64) { // c, of 31 bits, takes a bit away from a power of two, and adds none
        const bool is_below = number->c < 0 && (number->k & (number->k - 1)) == 0;
        *bits = number->n + k_bits - (is_below ? 1 : 0);
    } else {
        const unsigned __int128 n =
            ((unsigned __int128)number->k << number->n) + (unsigned __int128)(__int128)number->c;
        const uint64_t high = (uint64_t)(n >> 64);
        if (number->n + k_bits <= 32 || high == 0) {
            return PRK_STATUS_INVALID_ARGUMENT;
        }
        *bits = 128 - (uint64_t)__builtin_clzll(high);
    }
    return prk_size_is_taken((size_t)((*bits + 63) / 64)) ? PRK_STATUS_OK : PRK_STATUS_TOO_LARGE;
}

bool prk_prp_options_hold(const prk_prp_options *o) {
    return o == NULL || o->size == 0 || o->size == sizeof *o ||
           (o->size > sizeof *o && prk_are_zero(o + 1, o->size - sizeof *o));
}

void prk_prp_modulus(mpz_ptr n, const prk_prp_number *number) {
    mpz_set_ui(n, number->k);
    mpz_mul_2exp(n, n, number->n);
    if (number->c > 0) {
        mpz_add_ui(n, n, (unsigned long)number->c);
    } else {
        mpz_sub_ui(n, n, (unsigned long)-number->c);
    }
}

// --- Products ------------------------------------------------------------------------------------

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static prk_status set(prk_products *p, const prk_arithmetic *a) {
    const size_t own = aligned(a->own_bytes(p->m.n, p->form));
    const size_t each = aligned(a->residue_bytes(p->m.n, p->form));
    unsigned char *memory = prk_memory_reserve(&p->m.scratch->test, own + 2 * each);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    p->m.arithmetic = a;
    p->m.own = memory;
    p->x = (prk_residue *)(memory + own);
    p->y = (prk_residue *)(memory + own + each);
    a->set(&p->m, p->form);
    return PRK_STATUS_OK;
}

prk_status prk_products_begin(prk_products *p, prk_scratch *scratch, mpz_srcptr n,
                              const prk_special_form *form) {
    *p = (prk_products){.m = {.n = n, .scratch = scratch}, .form = form};
    const prk_arithmetic *a = prk_arithmetic_for(n, form);
    return set(p, a->longer != NULL ? a->longer : a);
}

// Where products had to be repaired, which made them right, a longer arithmetic goes on.
static prk_status look(prk_products *p) {
    const prk_arithmetic *a = p->m.arithmetic;
    return a->alarms != NULL && a->longer != NULL && a->alarms(&p->m) > 0 ? set(p, a->longer)
                                                                          : PRK_STATUS_OK;
}

prk_status prk_products_power(prk_products *p, mpz_ptr r, mpz_srcptr base, uint64_t exponent,
                              mpz_srcptr times, const uint32_t *cancel) {
    const prk_status status = look(p);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (exponent == 0) {
        if (times != NULL) {
            mpz_set(r, times);
        } else {
            mpz_set_ui(r, 1);
        }
        return PRK_STATUS_OK;
    }
    const prk_arithmetic *a = p->m.arithmetic;
    a->to(&p->m, p->x, base);
    a->to(&p->m, p->y, base);
    for (int bit = 63 - __builtin_clzll(exponent); bit-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        a->square(&p->m, p->x, 1, NULL);
        if ((exponent >> bit & 1) != 0) {
            a->multiply(&p->m, p->x, p->y);
        }
    }
    if (times != NULL) {
        a->to(&p->m, p->y, times);
        a->multiply(&p->m, p->x, p->y);
    }
    a->from(&p->m, r, p->x);
    return PRK_STATUS_OK;
}

prk_status prk_products_squares(prk_products *p, mpz_ptr r, uint64_t count,
                                const uint32_t *cancel) {
    const prk_status status = look(p);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    const prk_arithmetic *a = p->m.arithmetic;
    a->to(&p->m, p->x, r);
    for (; count > 0; count--) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        a->square(&p->m, p->x, 1, NULL);
    }
    a->from(&p->m, r, p->x);
    return PRK_STATUS_OK;
}

// --- Bytes ---------------------------------------------------------------------------------------

uint64_t prk_prp_hash(uint8_t hash[PRK_SHA3_BYTES], bool is_first, const void *residue,
                      size_t count) {
    prk_sha3 state;
    prk_sha3_begin(&state);
    if (!is_first) {
        prk_sha3_add(&state, hash, PRK_SHA3_BYTES);
    }
    prk_sha3_add(&state, residue, count);
    prk_sha3_end(&state, hash);
    uint64_t low = 0;
    for (int i = 8; i-- > 0;) {
        low = low << 8 | hash[i];
    }
    return low;
}

void prk_prp_to_bytes(void *bytes, size_t count, mpz_srcptr residue) {
    size_t written = 0;
    mpz_export(bytes, &written, -1, 1, -1, 0, residue);
    memset((uint8_t *)bytes + written, 0, count - written);
}

void prk_prp_from_bytes(mpz_ptr residue, const void *bytes, size_t count) {
    mpz_import(residue, count, -1, 1, -1, 0, bytes);
}
