// SPDX-License-Identifier: Apache-2.0
//
// Baillie-PSW for one large number, its limbs across the vectors. The tests are those of the lanes,
// so that it does not matter which of the two a number meets.

#include "across.h"

#if defined(__x86_64__)

#include <string.h>

#include "../numbers/random_base.h"
#include "across_columns.h"

// Of numbers with so many limbs, two to eight cost what a vector of lanes does: where `make
// bench-big` finds the two alike. One number alone with fewer limbs is as fast in a lane.
bool prk_across_is_faster(size_t count, size_t limbs) {
    static const uint8_t least_limbs[] = {0, 8, 15, 28, 56, 100};
    return count < sizeof least_limbs && limbs >= least_limbs[count];
}

bool prk_across_takes(size_t bits) {
    return prk_lanes_take(bits) && prk_across_is_faster(1, prk_lane_limbs(bits));
}

// --- Modular operations --------------------------------------------------------------------------

// What a product takes on its way. `quotient` begins as columns.
typedef struct room {
    uint64_t *product, *low, *quotient, *upper;
} room;

#define WINDOW_BITS 5

// A number and the residues that its tests have. Arrays as across_columns.h says.
typedef struct across {
    int k;
    uint64_t *n, *inverse; // -1 / n mod R
    uint64_t *x, *y, *addend, *addend2;
    room rooms[2];
    uint64_t *table[1 << (WINDOW_BITS - 1)];
} across;

static size_t array_size(int k) {
    return (size_t)(PRK_ZEROS_BEFORE + k + PRK_ZEROS_AFTER + 7) / 8 * 8;
}

// Of 2k columns and what is read with them.
static size_t columns_size(int k) { return array_size(2 * k); }

#define ARRAYS 6
#define ARRAYS_OF_ROOM 3

static size_t words_needed(int k) {
    const size_t arrays = ARRAYS + 2 * ARRAYS_OF_ROOM + (1 << (WINDOW_BITS - 1));
    return arrays * array_size(k) + 2 * columns_size(k);
}

size_t prk_across_memory(size_t limbs) { return words_needed((int)limbs) * sizeof(uint64_t); }

static uint64_t *take(uint64_t **next, size_t size) {
    uint64_t *array = *next + PRK_ZEROS_BEFORE;
    *next += size;
    return array;
}

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

// x = x^2 / R, doubled where `shift` is 1, or plus `addend`.
PRK_TARGET static void square(across *w, uint64_t *x, int shift, const uint64_t *addend) {
    square_columns(w->rooms[0].product, x, w->k);
    reduce(w, &w->rooms[0]);
    finish(x, &w->rooms[0], shift, addend, w->k);
}

// x = x y / R.
PRK_TARGET static void multiply(across *w, uint64_t *x, const uint64_t *y) {
    product_columns(w->rooms[0].product, y, x, 0, (2 * w->k + 7) / 8, w->k);
    reduce(w, &w->rooms[0]);
    finish(x, &w->rooms[0], 0, NULL, w->k);
}

// y = x y / R + addend, x = x^2 / R + addend2.
PRK_TARGET static void ladder(across *w, uint64_t *x, uint64_t *y) {
    const room *r = &w->rooms[0], *o = &w->rooms[1];
    const int k = w->k;
    product_columns(r->product, y, x, 0, (2 * k + 7) / 8, k);
    carry_low(r, k);
    square_columns(o->product, x, k);
    carry_low(o, k);
    find_quotient(w, r);
    find_quotient(w, o);
    multiply_quotient(w, r);
    finish(y, r, 0, w->addend, k);
    multiply_quotient(w, o);
    finish(x, o, 0, w->addend2, k);
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

// Changes x and t of the scratch.
static void prepare(across *w, prk_scratch *s, mpz_srcptr n, int k, void *memory) {
    memset(memory, 0, words_needed(k) * sizeof(uint64_t));
    uint64_t *next = memory;
    w->k = k;
    uint64_t **arrays[ARRAYS] = {&w->n, &w->inverse, &w->x, &w->y, &w->addend, &w->addend2};
    for (int i = 0; i < ARRAYS; i++) {
        *arrays[i] = take(&next, array_size(k));
    }
    for (int i = 0; i < 2; i++) {
        room *r = &w->rooms[i];
        r->product = take(&next, columns_size(k));
        r->low = take(&next, array_size(k));
        r->quotient = take(&next, array_size(k));
        r->upper = take(&next, array_size(k));
    }
    for (int i = 0; i < 1 << (WINDOW_BITS - 1); i++) {
        w->table[i] = take(&next, array_size(k));
    }
    load(w->n, n, k);
    negated_inverse(s->x, s->t, n, (mp_bitcnt_t)k * PRK_LIMB_BITS);
    load(w->inverse, s->x, k);
}

// to = the form of x < n; t is room.
static void load_form(const across *w, uint64_t *to, mpz_srcptr x, mpz_ptr t, mpz_srcptr n) {
    mpz_mul_2exp(t, x, (mp_bitcnt_t)w->k * PRK_LIMB_BITS);
    mpz_tdiv_r(t, t, n);
    load(to, t, w->k);
}

// out = x / R mod n, in 0 … n - 1.
PRK_TARGET static void leave_form(across *w, mpz_ptr out, const uint64_t *x, mpz_srcptr n) {
    const room *r = &w->rooms[0];
    const int k = w->k;
    memset(r->product, 0, (2 * (size_t)k + 8) * sizeof(uint64_t));
    memcpy(r->product, x, (size_t)k * sizeof(uint64_t));
    reduce(w, r);
    finish(r->low, r, 0, NULL, k);
    store(out, r->low, k);
    // finish() has written zeros alone beyond, and none before.
    if (mpz_cmp(out, n) >= 0) {
        mpz_sub(out, out, n);
    }
}

static bool is_cancelled_at(const across *w, mp_bitcnt_t bit, const uint32_t *cancel) {
    return (w->k > 20 || bit % 16 == 0) && prk_is_cancelled(cancel);
}

// --- Powers --------------------------------------------------------------------------------------

// x = the form of 2^exponent.
static prk_status power_of_two(across *w, prk_scratch *s, mpz_srcptr exponent, mpz_srcptr n,
                               const uint32_t *cancel) {
    // The leading bits cost no more than a division.
    const int leading = 10;
    mp_bitcnt_t bit = mpz_sizeinbase(exponent, 2);
    bit = bit > leading ? bit - leading : 0;
    mpz_tdiv_q_2exp(s->t, exponent, bit);
    const mp_bitcnt_t first = mpz_get_ui(s->t);
    mpz_set_ui(s->t, 0);
    mpz_setbit(s->t, (mp_bitcnt_t)w->k * PRK_LIMB_BITS + first);
    mpz_tdiv_r(s->t, s->t, n);
    load(w->x, s->t, w->k);
    while (bit-- > 0) {
        if (is_cancelled_at(w, bit, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        square(w, w->x, mpz_tstbit(exponent, bit), NULL);
    }
    return PRK_STATUS_OK;
}

// x = the form of base^exponent, by windows that end in a set bit. base < n.
static prk_status power(across *w, prk_scratch *s, mpz_srcptr base, mpz_srcptr exponent,
                        mpz_srcptr n, const uint32_t *cancel) {
    const size_t bytes = (size_t)w->k * sizeof(uint64_t);
    load_form(w, w->table[0], base, s->t, n);
    memcpy(w->y, w->table[0], bytes);
    square(w, w->y, 0, NULL);
    for (int i = 1; i < 1 << (WINDOW_BITS - 1); i++) {
        memcpy(w->table[i], w->table[i - 1], bytes);
        multiply(w, w->table[i], w->y);
    }
    bool is_first = true;
    for (mp_bitcnt_t bit = mpz_sizeinbase(exponent, 2); bit > 0;) {
        if (is_cancelled_at(w, bit, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        if (!mpz_tstbit(exponent, bit - 1)) {
            square(w, w->x, 0, NULL);
            bit--;
            continue;
        }
        mp_bitcnt_t end = bit > WINDOW_BITS ? bit - WINDOW_BITS : 0;
        while (!mpz_tstbit(exponent, end)) {
            end++;
        }
        unsigned value = 0;
        while (bit > end) {
            value = value << 1 | (unsigned)mpz_tstbit(exponent, --bit);
            if (!is_first) {
                square(w, w->x, 0, NULL);
            }
        }
        if (is_first) {
            memcpy(w->x, w->table[value >> 1], bytes);
        } else {
            multiply(w, w->x, w->table[value >> 1]);
        }
        is_first = false;
    }
    return PRK_STATUS_OK;
}

prk_status prk_across_pow_mod(prk_scratch *s, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                              mpz_srcptr n, const uint32_t *cancel) {
    const size_t k = prk_lane_limbs(mpz_sizeinbase(n, 2));
    void *memory = prk_memory_reserve(&s->across, prk_across_memory(k));
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    across w;
    prepare(&w, s, n, (int)k, memory);
    const prk_status status = mpz_cmp_ui(base, 2) == 0 ? power_of_two(&w, s, exponent, n, cancel)
                                                       : power(&w, s, base, exponent, n, cancel);
    if (status == PRK_STATUS_OK) {
        leave_form(&w, result, w.x, n);
    }
    return status;
}

// --- Strong tests --------------------------------------------------------------------------------

// Base 2 where `base` is NULL.
static prk_status strong(across *w, prk_scratch *s, mpz_srcptr base, mpz_srcptr n, bool *passed,
                         const uint32_t *cancel) {
    mpz_sub_ui(s->n_minus_1, n, 1);
    mp_bitcnt_t twos = mpz_scan1(s->n_minus_1, 0);
    mpz_tdiv_q_2exp(s->d, s->n_minus_1, twos);
    const prk_status status =
        base == NULL ? power_of_two(w, s, s->d, n, cancel) : power(w, s, base, s->d, n, cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    leave_form(w, s->x, w->x, n);
    *passed = mpz_cmp_ui(s->x, 1) == 0 || mpz_cmp(s->x, s->n_minus_1) == 0;
    while (--twos > 0 && !*passed) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        square(w, w->x, 0, NULL);
        leave_form(w, s->x, w->x, n);
        if (mpz_cmp_ui(s->x, 1) <= 0) { // stays there
            break;
        }
        *passed = mpz_cmp(s->x, s->n_minus_1) == 0;
    }
    return PRK_STATUS_OK;
}

static prk_status strong_base2(across *w, prk_scratch *s, prk_lane_number *number, mpz_srcptr n,
                               uint64_t seed, const uint32_t *cancel) {
    (void)seed;
    return strong(w, s, NULL, n, &number->passed, cancel);
}

static prk_status strong_random_base(across *w, prk_scratch *s, prk_lane_number *number,
                                     mpz_srcptr n, uint64_t seed, const uint32_t *cancel) {
    prk_random_base_mpz(s->base, n, seed, number->round);
    return strong(w, s, s->base, n, &number->passed, cancel);
}

// --- Strong Lucas test ---------------------------------------------------------------------------

// Whether V'_m, m = (n + 1) / 2^level, or beside it V'_(m+1), shows that n passes; see lanes.c.
static bool passes_lucas(across *w, prk_scratch *s, mpz_srcptr n, mp_bitcnt_t level,
                         mp_bitcnt_t twos) {
    leave_form(w, s->x, w->x, n);
    if (mpz_sgn(s->x) == 0) {
        return level > 1;
    }
    const bool is_two = mpz_cmp_ui(s->x, 2) == 0;
    mpz_sub(s->x, n, s->x);
    const bool is_minus_two = mpz_cmp_ui(s->x, 2) == 0;
    if (level != twos || !(is_two || is_minus_two)) {
        return false;
    }
    leave_form(w, s->u, w->y, n);
    leave_form(w, s->v, w->addend, n); // -A
    if (is_minus_two && mpz_cmp(s->u, s->v) == 0) {
        return true;
    }
    mpz_add(s->u, s->u, s->v);
    return is_two && (mpz_sgn(s->u) == 0 || mpz_cmp(s->u, n) == 0);
}

static prk_status lucas(across *w, prk_scratch *s, prk_lane_number *number, mpz_srcptr n,
                        uint64_t seed, const uint32_t *cancel) {
    (void)seed;
    prk_lane_lucas_constants(s, number, w->k);
    load(w->x, s->u, w->k);
    load(w->y, s->u, w->k);
    mpz_sub(s->v, n, s->u); // -A
    load(w->addend, s->v, w->k);
    load(w->addend2, s->t, w->k);
    square(w, w->y, 0, w->addend2);
    mpz_add_ui(s->d, n, 1);
    const mp_bitcnt_t twos = mpz_scan1(s->d, 0);
    mp_bitcnt_t level = mpz_sizeinbase(s->d, 2) - 1;
    number->passed = level <= twos && passes_lucas(w, s, n, level, twos);
    while (--level > 0 && !number->passed) {
        if (is_cancelled_at(w, level, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        // x is V'_m and y is V'_(m+1).
        if (mpz_tstbit(s->d, level)) {
            ladder(w, w->y, w->x);
        } else {
            ladder(w, w->x, w->y);
        }
        number->passed = level <= twos && passes_lucas(w, s, n, level, twos);
    }
    return PRK_STATUS_OK;
}

// --- One number after the other ------------------------------------------------------------------

typedef prk_status (*single_test)(across *w, prk_scratch *s, prk_lane_number *number, mpz_srcptr n,
                                  uint64_t seed, const uint32_t *cancel);

static prk_status test_each(single_test test, prk_lane_number *const *numbers, size_t count,
                            void *memory, prk_scratch *s, uint64_t seed, const uint32_t *cancel) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        across w;
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, numbers[i]);
        prepare(&w, s, n, numbers[i]->k, memory);
        status = test(&w, s, numbers[i], n, seed, cancel);
    }
    return status;
}

prk_status prk_across_strong(prk_lane_number *const *numbers, size_t count, void *memory,
                             prk_scratch *s, const uint32_t *cancel) {
    return test_each(strong_base2, numbers, count, memory, s, 0, cancel);
}

prk_status prk_across_lucas(prk_lane_number *const *numbers, size_t count, void *memory,
                            prk_scratch *s, const uint32_t *cancel) {
    return test_each(lucas, numbers, count, memory, s, 0, cancel);
}

prk_status prk_across_random_base(prk_lane_number *const *numbers, size_t count, void *memory,
                                  prk_scratch *s, uint64_t seed, const uint32_t *cancel) {
    return test_each(strong_random_base, numbers, count, memory, s, seed, cancel);
}

// --- For tests -----------------------------------------------------------------------------------

PRK_TARGET void prk_across_products(prk_scratch *s, mpz_srcptr n, int k, mpz_t *x, mpz_t *y,
                                    size_t count, void *memory) {
    across w;
    prepare(&w, s, n, k, memory);
    for (size_t i = 0; i < count; i++) {
        load(w.x, x[i], k);
        if (y == NULL) {
            square(&w, w.x, 0, NULL);
        } else {
            load(w.y, y[i], k);
            multiply(&w, w.x, w.y);
        }
        store(x[i], w.x, k);
    }
}

#else

bool prk_across_takes(size_t bits) {
    (void)bits;
    return false;
}

prk_status prk_across_pow_mod(prk_scratch *s, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                              mpz_srcptr n, const uint32_t *cancel) {
    return prk_pow_mod(s, result, base, exponent, n, cancel);
}

#endif
