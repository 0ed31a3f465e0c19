// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo one odd number, its limbs across the vectors: what few numbers meet that would
// leave most lanes idle.

#include "../ifma/lanes.h"
#include "modulus.h"

#if defined(__x86_64__)

#include <string.h>

#include "../ifma/across_columns.h"

// Of numbers with so many limbs, two to five cost what a vector of lanes does: where `make
// bench-big` finds the two alike. One number alone is always tested by itself.
bool prk_each_is_faster(size_t count, size_t limbs) {
    static const uint8_t least_limbs[] = {0, 0, 15, 28, 56, 100};
    return count < sizeof least_limbs && limbs >= least_limbs[count];
}

// --- Modular operations --------------------------------------------------------------------------

// What a product takes on its way. `quotient` begins as columns.
typedef struct room {
    uint64_t *product, *low, *quotient, *upper;
} room;

// Arrays as across_columns.h says.
typedef struct across {
    int k;
    uint64_t *n, *inverse; // -1 / n mod R
    room rooms[2];
} across;

static across *across_of(const prk_modulus *m) { return m->own; }

static size_t array_size(int k) {
    return (size_t)(PRK_ZEROS_BEFORE + k + PRK_ZEROS_AFTER + 7) / 8 * 8;
}

// Of 2k columns and what is read with them.
static size_t columns_size(int k) { return array_size(2 * k); }

static int limbs_for(mpz_srcptr n) { return (int)prk_lane_limbs(mpz_sizeinbase(n, 2)); }

static uint64_t *take(uint64_t **next, size_t size) {
    uint64_t *array = *next + PRK_ZEROS_BEFORE;
    *next += size;
    return array;
}

static uint64_t *limbs_of(const prk_residue *r) { return (uint64_t *)r + PRK_ZEROS_BEFORE; }

PRK_TARGET static __attribute__((noinline)) void
product_columns(uint64_t *t, const uint64_t *a, const uint64_t *b, int column, int vectors, int k) {
    sum_columns(false, t, a, b, column, vectors, k);
}

// All columns of a^2.
PRK_TARGET static __attribute__((noinline)) void square_columns(uint64_t *t, const uint64_t *a,
                                                                int k) {
    sum_columns(true, t, a, a, 0, (2 * k + 7) / 8, k);
}

VECTOR void finish(uint64_t *x, const room *r, int shift, const uint64_t *addend, int k) {
    finish_columns(x, r->product + k - 1, r->upper, shift, addend, k);
}

// The steps of a reduction. Those of two products are taken in turn, so that the carries of one go
// with the multiplications of the other. The lower columns end where a vector does.
VECTOR void carry_low(const room *r, int k) {
    const int vectors = (k + 7) / 8, first = k - 8 * vectors;
    carry_columns(r->low + first, r->product + first, vectors);
}

VECTOR void find_quotient(const across *w, const room *r) {
    const int k = w->k, vectors = (k + 7) / 8, first = k - 8 * vectors;
    product_columns(r->quotient + first, w->inverse, r->low, first, vectors, k);
    carry_columns(r->quotient + first, r->quotient + first, vectors);
}

VECTOR void multiply_quotient(const across *w, const room *r) {
    product_columns(r->upper, w->n, r->quotient, w->k - 1, w->k / 8 + 1, w->k);
}

VECTOR void reduce(const across *w, const room *r) {
    carry_low(r, w->k);
    find_quotient(w, r);
    multiply_quotient(w, r);
}

// x = x^2 / R, doubled where it is, or plus `addend`.
VECTOR void square_limbs(const across *w, uint64_t *x, bool twice, const uint64_t *addend) {
    square_columns(w->rooms[0].product, x, w->k);
    reduce(w, &w->rooms[0]);
    finish(x, &w->rooms[0], twice, addend, w->k);
}

// x = x y / R.
VECTOR void multiply_limbs(const across *w, uint64_t *x, const uint64_t *y) {
    product_columns(w->rooms[0].product, y, x, 0, (2 * w->k + 7) / 8, w->k);
    reduce(w, &w->rooms[0]);
    finish(x, &w->rooms[0], 0, NULL, w->k);
}

PRK_TARGET static void square(const prk_modulus *m, prk_residue *x, uint32_t times,
                              const prk_residue *less) {
    square_limbs(across_of(m), limbs_of(x), times == 2, less == NULL ? NULL : limbs_of(less));
}

PRK_TARGET static void multiply(const prk_modulus *m, prk_residue *x, const prk_residue *y) {
    multiply_limbs(across_of(m), limbs_of(x), limbs_of(y));
}

PRK_TARGET static void ladder(const prk_modulus *m, prk_residue *first, prk_residue *second,
                              const prk_residue *less_x, const prk_residue *less_y) {
    const across *w = across_of(m);
    const room *r = &w->rooms[0], *o = &w->rooms[1];
    uint64_t *x = limbs_of(first), *y = limbs_of(second);
    const int k = w->k;
    product_columns(r->product, y, x, 0, (2 * k + 7) / 8, k);
    carry_low(r, k);
    square_columns(o->product, x, k);
    carry_low(o, k);
    find_quotient(w, r);
    find_quotient(w, o);
    multiply_quotient(w, r);
    finish(y, r, 0, limbs_of(less_y), k);
    multiply_quotient(w, o);
    finish(x, o, 0, limbs_of(less_x), k);
}

// --- Numbers -------------------------------------------------------------------------------------

// 52 bits of 64 in each limb.
#define NAILS (64 - PRK_LIMB_BITS)

static void load(uint64_t *to, mpz_srcptr x, int k) {
    memset(to, 0, (size_t)k * sizeof *to);
    mpz_export(to, NULL, -1, sizeof *to, 0, NAILS, x);
}

static void store(mpz_ptr x, const uint64_t *limbs, int k) {
    mpz_import(x, (size_t)k, -1, sizeof *limbs, 0, NAILS, limbs);
}

// x = -1 / n mod 2^bits; t is room.
static void negated_inverse(mpz_ptr x, mpz_ptr t, mpz_srcptr n, mp_bitcnt_t bits) {
    // n n = 1 mod 8: right to three bits, and each Newton step doubles that.
    mpz_fdiv_r_2exp(x, n, 3);
    for (mp_bitcnt_t right = 3; right < bits;) {
        right = 2 * right < bits ? 2 * right : bits;
        mpz_fdiv_r_2exp(t, n, right);
        mpz_mul(t, t, x);
        mpz_ui_sub(t, 2, t);
        mpz_fdiv_r_2exp(t, t, right);
        mpz_mul(x, x, t);
        mpz_fdiv_r_2exp(x, x, right);
    }
    mpz_neg(x, x);
    mpz_fdiv_r_2exp(x, x, bits);
}

static size_t residue_bytes(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    return array_size(limbs_for(n)) * sizeof(uint64_t);
}

enum { ARRAYS = 2, ARRAYS_OF_ROOM = 3, ROOMS = 2 };

static size_t own_bytes(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    const int k = limbs_for(n);
    const size_t words =
        (ARRAYS + ROOMS * ARRAYS_OF_ROOM) * array_size(k) + ROOMS * columns_size(k);
    return (sizeof(across) + 63) / 64 * 64 + words * sizeof(uint64_t);
}

static void set(prk_modulus *m, const prk_special_form *form) {
    memset(m->own, 0, own_bytes(m->n, form));
    across *w = m->own;
    const int k = w->k = limbs_for(m->n);
    uint64_t *next = (uint64_t *)w + (sizeof *w + 63) / 64 * 8;
    w->n = take(&next, array_size(k));
    w->inverse = take(&next, array_size(k));
    for (int i = 0; i < ROOMS; i++) {
        room *r = &w->rooms[i];
        r->product = take(&next, columns_size(k));
        r->low = take(&next, array_size(k));
        r->quotient = take(&next, array_size(k));
        r->upper = take(&next, array_size(k));
    }
    load(w->n, m->n, k);
    const size_t taken = m->scratch->taken;
    mpz_ptr inverse = prk_scratch_take(m->scratch), t = prk_scratch_take(m->scratch);
    negated_inverse(inverse, t, m->n, (mp_bitcnt_t)k * PRK_LIMB_BITS);
    load(w->inverse, inverse, k);
    m->scratch->taken = taken;
}

// Canonical.
static void to(const prk_modulus *m, prk_residue *r, mpz_srcptr x) {
    const across *w = across_of(m);
    memset(r, 0, array_size(w->k) * sizeof(uint64_t));
    mpz_ptr t = prk_scratch_take(m->scratch);
    mpz_mul_2exp(t, x, (mp_bitcnt_t)w->k * PRK_LIMB_BITS);
    mpz_tdiv_r(t, t, m->n);
    load(limbs_of(r), t, w->k);
    m->scratch->taken--;
}

PRK_TARGET static void from(const prk_modulus *m, mpz_ptr x, const prk_residue *r) {
    const across *w = across_of(m);
    const room *o = &w->rooms[0];
    const int k = w->k;
    memset(o->product, 0, (2 * (size_t)k + 8) * sizeof(uint64_t));
    memcpy(o->product, limbs_of(r), (size_t)k * sizeof(uint64_t));
    reduce(w, o);
    finish(o->low, o, 0, NULL, k);
    store(x, o->low, k);
    // finish() has written zeros alone beyond, and none before.
    if (mpz_cmp(x, m->n) >= 0) {
        mpz_sub(x, x, m->n);
    }
}

// n - r, which is added.
static void subtrahend(const prk_modulus *m, prk_residue *less, const prk_residue *r) {
    const across *w = across_of(m);
    memset(less, 0, array_size(w->k) * sizeof(uint64_t));
    uint64_t borrow = 0;
    for (int i = 0; i < w->k; i++) {
        const uint64_t limb = w->n[i] - limbs_of(r)[i] - borrow;
        limbs_of(less)[i] = limb & LOW_52;
        borrow = limb >> 63;
    }
}

static int small(const prk_modulus *m, const prk_residue *x) {
    const size_t taken = m->scratch->taken;
    mpz_ptr value = prk_scratch_take(m->scratch), room = prk_scratch_take(m->scratch);
    from(m, value, x);
    m->scratch->taken = taken;
    return prk_small_value(value, m->n, room);
}

const prk_arithmetic prk_across = {
    .name = "across",
    .own_bytes = own_bytes,
    .residue_bytes = residue_bytes,
    .set = set,
    .to = to,
    .from = from,
    .subtrahend = subtrahend,
    .square = square,
    .multiply = multiply,
    .ladder = ladder,
    .small = small,
};

// --- For tests -----------------------------------------------------------------------------------

prk_status prk_across_products(prk_scratch *s, mpz_srcptr n, mpz_t *x, mpz_t *y, size_t count) {
    const size_t own = own_bytes(n, NULL), bytes = residue_bytes(n, NULL);
    unsigned char *memory = prk_memory_reserve(&s->test, own + 2 * bytes);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_modulus m = {.arithmetic = &prk_across, .n = n, .scratch = s, .own = memory};
    set(&m, NULL);
    const across *w = across_of(&m);
    prk_residue *a = (prk_residue *)(memory + own), *b = (prk_residue *)(memory + own + bytes);
    memset(a, 0, 2 * bytes);
    for (size_t i = 0; i < count; i++) {
        load(limbs_of(a), x[i], w->k);
        if (y == NULL) {
            square(&m, a, false, NULL);
        } else {
            load(limbs_of(b), y[i], w->k);
            multiply(&m, a, b);
        }
        store(x[i], limbs_of(a), w->k);
    }
    return PRK_STATUS_OK;
}

#else

bool prk_each_is_faster(size_t count, size_t limbs) {
    (void)count, (void)limbs;
    return false;
}

#endif
