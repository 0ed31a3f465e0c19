// SPDX-License-Identifier: Apache-2.0
//
// Powers of eight numbers, or terms of eight Lucas sequences, each modulo a number of its own and
// to an exponent of its own, in the lanes of vectors. Exponents begin at the highest bit of the
// longest, since 1 and V_0 stay what they are until a lane begins. Lanes that nobody asked for hold
// the last one again.

#if defined(__x86_64__)

#include <string.h>

#include "lanes_arithmetic.h"

typedef struct group {
    const prk_lane_power *list;
    size_t count;
    int words, width;
    operations run;
    modulus m;
    __m512i *t, *n, *one, *x, *y, *addend, *addend2;
    __m512i *exponent; // words of 64 bits
    __m512i *table;    // powers 0 … 2^width - 1
} group;

static const prk_lane_power *asked(const group *g, int l) {
    return &g->list[(size_t)l < g->count ? (size_t)l : g->count - 1];
}

// R^2 modulo each n, by a division for each one that is not that of the lane before.
PRK_TARGET static void set_moduli(group *g, __m512i *form, prk_scratch *s) {
    mpz_ptr r = prk_scratch_take(s);
    for (int l = 0; l < PRK_LANES; l++) {
        mpz_srcptr n = asked(g, l)->n;
        load_mpz(g->n, l, n, g->m.k);
        if (l == 0 || asked(g, l - 1)->n != n) {
            mpz_set_ui(r, 0);
            mpz_setbit(r, 2 * (mp_bitcnt_t)g->m.k * PRK_LIMB_BITS);
            mpz_tdiv_r(r, r, n);
        }
        load_mpz(form, l, r, g->m.k);
    }
    s->taken--;
    g->m = (modulus){g->n, _mm512_sub_epi64(zero(), inverse_52(g->n[0])), g->m.k};
}

PRK_TARGET static void set_exponents(group *g) {
    for (int l = 0; l < PRK_LANES; l++) {
        mpz_srcptr e = asked(g, l)->exponent;
        for (int w = 0; w < g->words; w++) {
            *lane(g->exponent + w, l) = mpz_getlimbn(e, w);
        }
    }
}

PRK_TARGET static void set_bases(group *g, __m512i *to) {
    for (int l = 0; l < PRK_LANES; l++) {
        load_mpz(to, l, asked(g, l)->base, g->m.k);
    }
}

// Montgomery's form of 1, in `one`.
PRK_TARGET static void set_one(group *g, const __m512i *form) {
    memset(g->one, 0, (size_t)g->m.k * sizeof *g->one);
    g->one[0] = all(1);
    g->run.multiply(g->one, form, &g->m, g->t);
}

PRK_TARGET static void store_results(group *g) {
    prk_lanes_leave_form(g->x, g->x, &g->m, g->t);
    clear_n(g->x, g->n, g->m.k);
    for (size_t l = 0; l < g->count; l++) {
        store_mpz(g->list[l].result, g->x, (int)l, g->m.k);
    }
}

static size_t longest(const prk_lane_power *list, size_t count) {
    size_t bits = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t length = mpz_sizeinbase(list[i].exponent, 2);
        bits = length > bits ? length : bits;
    }
    return bits;
}

static size_t most_bits(const prk_lane_power *list, size_t count) {
    size_t bits = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t length = mpz_sizeinbase(list[i].n, 2);
        bits = length > bits ? length : bits;
    }
    return bits;
}

// With room for `entries` of a table.
static prk_status lay_out(group *g, size_t entries, prk_scratch *s) {
    const size_t k = (size_t)g->m.k, vectors = (4 + 6 + entries) * k + (size_t)g->words;
    __m512i *memory = prk_memory_reserve(&s->lanes, vectors * sizeof *memory);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    g->t = memory;
    g->n = g->t + 4 * k;
    g->one = g->n + k;
    g->x = g->one + k;
    g->y = g->x + k;
    g->addend = g->y + k;
    g->addend2 = g->addend + k;
    g->exponent = g->addend2 + k;
    g->table = g->exponent + g->words;
    return PRK_STATUS_OK;
}

// --- Powers --------------------------------------------------------------------------------------

static int width_of(size_t bits) { return bits < 100 ? 3 : bits < 400 ? 4 : 5; }

PRK_TARGET static void make_table(group *g, prk_scratch *s) {
    const size_t k = (size_t)g->m.k;
    set_moduli(g, g->y, s);
    set_exponents(g);
    set_one(g, g->y);
    memcpy(g->table, g->one, k * sizeof *g->one);
    set_bases(g, g->table + k);
    g->run.multiply(g->table + k, g->y, &g->m, g->t);
    for (size_t i = 2; i < (size_t)1 << g->width; i++) {
        memcpy(g->table + i * k, g->table + (i - 1) * k, k * sizeof *g->table);
        g->run.multiply(g->table + i * k, g->table + k, &g->m, g->t);
    }
    memcpy(g->x, g->one, k * sizeof *g->one);
}

// x times the power that the window of the exponent from bit `level` on chooses.
PRK_TARGET static void multiply_power(group *g, size_t level) {
    const int word = (int)(level / 64);
    const unsigned offset = level % 64;
    __m512i window = _mm512_srl_epi64(g->exponent[word], _mm_cvtsi32_si128((int)offset));
    if (offset + (unsigned)g->width > 64 && word + 1 < g->words) {
        const __m128i up = _mm_cvtsi32_si128((int)(64 - offset));
        window = _mm512_or_si512(window, _mm512_sll_epi64(g->exponent[word + 1], up));
    }
    window = _mm512_and_si512(window, all((UINT64_C(1) << g->width) - 1));
    pick_entries(g->y, g->table, window, g->m.k);
    g->run.multiply(g->x, g->y, &g->m, g->t);
}

PRK_TARGET static prk_status raise(group *g, size_t bits, prk_scratch *s, const uint32_t *cancel) {
    make_table(g, s);
    const size_t width = (size_t)g->width, windows = (bits + width - 1) / width;
    for (size_t w = windows; w-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (size_t i = 0; i < width && w + 1 < windows; i++) {
            g->run.square(g->x, &g->m, &no_shift, g->t);
        }
        multiply_power(g, w * width);
    }
    return PRK_STATUS_OK;
}

// --- Lucas sequences -----------------------------------------------------------------------------
//
// V_m and V_(m+1) of V_m(P, 1), of which a bit of the exponent says which one is squared. One is at
// most n, as what comes of 1 R^2 / R, P is below 2n, and so are what is added for -P and for -2:
// with a product's 2n these stay below 4n.

// out = 2 (n - x), or 2 n - x.
PRK_TARGET static void subtract(const group *g, __m512i *out, const __m512i *x, bool is_twice) {
    __m512i carry = zero();
    for (int j = 0; j < g->m.k; j++) {
        const __m512i n = g->n[j], once = _mm512_sub_epi64(n, x[j]);
        const __m512i limb = _mm512_add_epi64(once, is_twice ? once : n);
        carry = _mm512_add_epi64(limb, carry);
        out[j] = _mm512_and_si512(carry, all(LOW_52));
        carry = _mm512_srai_epi64(carry, PRK_LIMB_BITS);
    }
}

PRK_TARGET static void begin_lucas(group *g, prk_scratch *s) {
    set_moduli(g, g->x, s);
    set_exponents(g);
    set_one(g, g->x);
    set_bases(g, g->y);
    g->run.multiply(g->y, g->x, &g->m, g->t);
    subtract(g, g->addend, g->y, false);
    subtract(g, g->addend2, g->one, true);
    __m512i carry = zero(); // V_0 = 2
    for (int j = 0; j < g->m.k; j++) {
        const __m512i limb = _mm512_add_epi64(_mm512_add_epi64(g->one[j], g->one[j]), carry);
        g->x[j] = _mm512_and_si512(limb, all(LOW_52));
        carry = _mm512_srli_epi64(limb, PRK_LIMB_BITS);
    }
}

PRK_TARGET static prk_status walk(group *g, size_t bits, prk_scratch *s, const uint32_t *cancel) {
    __mmask8 is_next = 0; // x has V_(m+1)
    begin_lucas(g, s);
    for (size_t level = bits; level-- > 0;) {
        if ((g->m.k > 10 || level % 16 == 0) && prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const __m512i bit = _mm512_slli_epi64(all(1), (unsigned)(level % 64));
        const __mmask8 next = _mm512_test_epi64_mask(g->exponent[level / 64], bit);
        g->run.ladder(g->x, g->y, next ^ is_next, &g->m, g->addend, g->addend2, g->t);
        is_next = next;
    }
    blend(g->x, is_next, g->y, g->m.k);
    return PRK_STATUS_OK;
}

// -------------------------------------------------------------------------------------------------

PRK_TARGET prk_status prk_lanes_powers(const prk_lane_power *list, size_t count, bool is_lucas,
                                       prk_scratch *s, const uint32_t *cancel) {
    const size_t bits = longest(list, count);
    const int k = (int)prk_lane_limbs(most_bits(list, count));
    group g = {.list = list,
               .count = count,
               .words = (int)((bits + 63) / 64),
               .width = is_lucas ? 0 : width_of(bits),
               .run = prk_lanes_operations(k),
               .m = {.k = k}};
    prk_status status = lay_out(&g, is_lucas ? 0 : (size_t)1 << g.width, s);
    if (status == PRK_STATUS_OK) {
        status = is_lucas ? walk(&g, bits, s, cancel) : raise(&g, bits, s, cancel);
    }
    if (status == PRK_STATUS_OK) {
        store_results(&g);
    }
    return status;
}

#endif
