// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: the strong tests and the almost extra strong Lucas test, a number a lane.

#ifndef PRK_IFMA_TESTS_H
#define PRK_IFMA_TESTS_H

#include "ifma_arithmetic.h"
#include "u64_interleaved.h"

// --- Strong tests --------------------------------------------------------------------------------
//
// Below 2^32 to the base that a hash picks, which decides, as in u64_word.h; above to base 2.
//
// With n - 1 = d 2^s, powers of 1/2 serve as well as those of 2: n passes when 2^-d = ±1 or
// 2^-(d 2^r) = -1 for some 0 < r < s. The exponent at level j is -ceil((n - 1) / 2^j). Level j has
// twice that of level j + 1, plus one where bit j of 1 - n is set: its two's complement, read from
// the top. A power of two below R is the Montgomery form of a negative power, so that the five
// leading bits of the exponent cost nothing. Levels j <= s have whole quotients, and are those to
// look at.

// The classes by size: one limb with n < 2^32, one limb, two.
typedef enum width { WORD, NARROW, WIDE } width;

typedef struct strong {
    __m512i n, bits, last, start; // bits: 1 - n; last: its lowest set bit, 2^s
    narrow narrow;
    __m512i x;
    wide_modulus wide;
    wide y;
    __m512i base_less_one; // of WORD, whose bits are n - 1
} strong;

// The bases of u64_word.h. A gather reads eight bytes, of which one is taken.
VECTOR __m512i strong_bases(__m512i n) {
    const __m512i hash = _mm512_srli_epi64(
        _mm512_and_si512(low(zero(), n, all(PRK_STRONG_MULTIPLIER)), all(UINT32_MAX)),
        PRK_STRONG_SHIFT);
    const __m512i eight =
        _mm512_i64gather_epi64(_mm512_srli_epi64(hash, 3), (const void *)prk_strong_bases, 8);
    const __m512i byte = _mm512_slli_epi64(_mm512_and_si512(hash, all(7)), 3);
    return _mm512_and_si512(_mm512_srlv_epi64(eight, byte), all(0xff));
}

// The base to the power of the two leading bits of n - 1, 2 or 3, in Montgomery form.
VECTOR void strong_begin_word(strong *s) {
    const __m512i base = strong_bases(s->n), square = low(zero(), base, base);
    s->bits = _mm512_sub_epi64(s->n, all(1));
    s->start = _mm512_sub_epi64(bit_length(s->bits), all(2));
    const __mmask8 is_three = _mm512_test_epi64_mask(_mm512_srlv_epi64(s->bits, s->start), all(1));
    s->base_less_one = _mm512_sub_epi64(base, all(1));
    s->narrow = narrow_make(s->n);
    s->x = narrow_form(s->narrow,
                       _mm512_mask_madd52lo_epu64(square, is_three, square, s->base_less_one));
}

VECTOR strong strong_begin(width w, __m512i n) {
    strong s = {.n = n, .bits = _mm512_sub_epi64(all(1), n)};
    s.last = _mm512_and_si512(s.bits, _mm512_sub_epi64(zero(), s.bits));
    if (w == WORD) {
        strong_begin_word(&s);
        return s;
    }
    __m512i rest = _mm512_sub_epi64(n, all(2));
    s.start = _mm512_sub_epi64(bit_length(rest), all(5));
    // ceil((n - 1) / 2^j) is ((n - 2) >> j) + 1, here 17 … 32. The power is below 2^36.
    __m512i power =
        _mm512_sllv_epi64(all(1), _mm512_sub_epi64(all(51), _mm512_srlv_epi64(rest, s.start)));
    if (w == WIDE) {
        s.wide = wide_make(n);
        s.y = (wide){power, zero()};
    } else {
        s.narrow = narrow_make(n);
        s.x = power;
    }
    return s;
}

// One level down, in lanes that have started.
VECTOR void strong_step(width w, strong *s, int level, bool all_started, __mmask8 started) {
    const __m512i bit = all(UINT64_C(1) << level);
    const __mmask8 is_set = _mm512_test_epi64_mask(s->bits, bit);
    if (w == WIDE) {
        wide r = wide_square(s->wide, s->y, (wide){zero(), zero()});
        r.lo = _mm512_mask_add_epi64(r.lo, is_set, r.lo, r.lo);
        r.hi = _mm512_mask_add_epi64(r.hi, is_set, r.hi, r.hi);
        r = wide_carry(r);
        s->y.lo = all_started ? r.lo : _mm512_mask_blend_epi64(started, s->y.lo, r.lo);
        s->y.hi = all_started ? r.hi : _mm512_mask_blend_epi64(started, s->y.hi, r.hi);
    } else {
        // The base goes into one factor. x < 2n < 2^51 or x < 2^36 where it is 2, and x < 2^34
        // where it is below 2^6.
        __m512i factor = w == WORD
                             ? _mm512_mask_madd52lo_epu64(s->x, is_set, s->x, s->base_less_one)
                             : _mm512_mask_add_epi64(s->x, is_set, s->x, s->x);
        __m512i r = narrow_multiply(s->narrow, s->x, factor, s->n, w == WORD);
        s->x = all_started ? r : _mm512_mask_blend_epi64(started, s->x, r);
    }
}

// Which lanes pass at a level.
VECTOR __mmask8 strong_look(width w, const strong *s, int level) {
    __m512i y = w == WIDE ? wide_canonical(s->wide, s->n, s->y) : narrow_canonical(s->narrow, s->x);
    __m512i bit = all(UINT64_C(1) << level);
    __mmask8 is_minus_one = _mm512_cmpeq_epu64_mask(_mm512_add_epi64(y, all(1)), s->n);
    __mmask8 is_one = _mm512_cmpeq_epu64_mask(y, all(1));
    return (_mm512_cmpge_epu64_mask(s->last, bit) & is_minus_one) |
           (_mm512_cmpeq_epu64_mask(s->last, bit) & is_one);
}

// Lanes with so many zeros at the end of n - 1 that the levels to look at begin above the start.
VECTOR __mmask8 strong_undecided(const strong *s) {
    return _mm512_cmpge_epu64_mask(s->last, _mm512_sllv_epi64(all(1), s->start));
}

// --- Almost extra strong Lucas test --------------------------------------------------------------
//
// As in u64_body.h. With n + 1 = d 2^s, at level j the index is k = (n + 1) >> j. Of V_k and V_k+1
// one was just squared and the other one is a product, and the next level squares the same again
// unless its bit of n + 1 differs from the last one: this is all that has to be chosen, and the
// product is of both whatever the bit is.

typedef struct lucas {
    __m512i n, changes, last, start; // changes: where bits of n + 1 differ from the one above
    __mmask8 undecided;
    narrow narrow;
    __m512i squared, product, minus_two, minus_p; // the last two plus n
    wide_modulus wide;
    wide wide_squared, wide_product, wide_minus_two, wide_minus_p;
} lucas;

// n mod p for p < 2^5, by the fractional part of n / p [LKK19].
VECTOR __m512i remainder_small(__m512i n, uint64_t p) {
    const uint64_t step = (UINT64_C(1) << 32) % p, inverse = LOW_52 / p + 1;
    // Below 2^38, of which the error of the inverse, less than 2^-52, makes less than 2^-14 < 1 /
    // p.
    __m512i x = low(_mm512_and_si512(n, all(UINT32_MAX)), _mm512_srli_epi64(n, 32), all(step));
    return high(zero(), low(zero(), x, all(inverse)), all(p));
}

// P as prk_lucas_p_u64 finds it, where one of the table's primes decides it; 0 elsewhere.
VECTOR __m512i lucas_parameter(__m512i n) {
    __m512i parameter = zero();
    __mmask8 is_3_mod_4 = _mm512_test_epi64_mask(n, all(2));
    UNROLL for (int i = 0; i < PRK_SYMBOL_COUNT; i++) {
        const uint64_t p = prk_symbols[i].prime;
        __mmask8 is_negative; // (p|n) = -1
        if (p == 2) {
            is_negative =
                _mm512_test_epi64_mask(_mm512_xor_si512(n, _mm512_srli_epi64(n, 1)), all(2));
        } else {
            __m512i bit = _mm512_sllv_epi64(all(1), remainder_small(n, p));
            is_negative = _mm512_test_epi64_mask(bit, all(prk_symbols[i].non_residues));
            is_negative ^= p % 4 == 3 ? is_3_mod_4 : 0; // reciprocity
        }
        __mmask8 open = _mm512_testn_epi64_mask(parameter, parameter);
        parameter =
            _mm512_mask_blend_epi64(open & is_negative, parameter, all(prk_symbols[i].parameter));
    }
    return parameter;
}

VECTOR lucas lucas_begin(width w, __m512i n) {
    __m512i p = lucas_parameter(n);
    __m512i successor = _mm512_add_epi64(n, all(1));
    lucas l = {.n = n, .undecided = _mm512_testn_epi64_mask(p, p)};
    l.changes = _mm512_xor_si512(successor, _mm512_srli_epi64(successor, 1));
    l.last = _mm512_and_si512(successor, _mm512_sub_epi64(zero(), successor));
    // From V_1 = P and V_2 = P^2 - 2, the bit of V_1 being set.
    l.start = _mm512_sub_epi64(bit_length(successor), all(1));
    if (w == WIDE) {
        __m512i square = low(zero(), p, p);
        l.wide = wide_make(n);
        l.wide_product = wide_form(p);
        l.wide_squared = wide_form(_mm512_sub_epi64(square, all(2)));
        l.wide_minus_two = wide_negated_form(n, all(2));
        l.wide_minus_p = wide_negated_form(n, p);
    } else {
        __m512i two;
        l.narrow = narrow_make(n);
        l.product = less(narrow_form(l.narrow, p), n);
        two = less(narrow_form(l.narrow, all(2)), n);
        l.minus_two = _mm512_sub_epi64(l.narrow.twice_n, two);
        l.minus_p = _mm512_sub_epi64(l.narrow.twice_n, l.product);
        l.squared = narrow_multiply(l.narrow, l.product, l.product, l.minus_two, false);
    }
    return l;
}

VECTOR void lucas_step(width w, lucas *l, int level, bool all_started, __mmask8 started) {
    const __m512i bit = all(UINT64_C(1) << level);
    __mmask8 change = opaque(_mm512_test_epi64_mask(l->changes, bit));
    if (w == WIDE) {
        wide a = {_mm512_mask_blend_epi64(change, l->wide_squared.lo, l->wide_product.lo),
                  _mm512_mask_blend_epi64(change, l->wide_squared.hi, l->wide_product.hi)};
        wide b =
            wide_carry(wide_multiply(l->wide, l->wide_squared, l->wide_product, l->wide_minus_p));
        a = wide_carry(wide_square(l->wide, a, l->wide_minus_two));
        if (all_started) {
            l->wide_squared = a;
            l->wide_product = b;
        } else {
            l->wide_squared.lo = _mm512_mask_blend_epi64(started, l->wide_squared.lo, a.lo);
            l->wide_squared.hi = _mm512_mask_blend_epi64(started, l->wide_squared.hi, a.hi);
            l->wide_product.lo = _mm512_mask_blend_epi64(started, l->wide_product.lo, b.lo);
            l->wide_product.hi = _mm512_mask_blend_epi64(started, l->wide_product.hi, b.hi);
        }
    } else {
        __m512i a = _mm512_mask_blend_epi64(change, l->squared, l->product);
        __m512i b = narrow_multiply(l->narrow, l->squared, l->product, l->minus_p, false);
        a = narrow_multiply(l->narrow, a, a, l->minus_two, false);
        l->squared = all_started ? a : _mm512_mask_blend_epi64(started, l->squared, a);
        l->product = all_started ? b : _mm512_mask_blend_epi64(started, l->product, b);
    }
}

// Which lanes pass at a level: V_d = ±2 at level s, and V_d 2^r = 0 at level s - r > 1. V is the
// product at level s, where the bit is set, and the squared one below.
VECTOR __mmask8 lucas_look(width w, const lucas *l, int level) {
    __m512i bit = all(UINT64_C(1) << level);
    __mmask8 is_last = _mm512_cmpeq_epu64_mask(l->last, bit);
    __m512i y;
    if (w == WIDE) {
        wide v = {_mm512_mask_blend_epi64(is_last, l->wide_squared.lo, l->wide_product.lo),
                  _mm512_mask_blend_epi64(is_last, l->wide_squared.hi, l->wide_product.hi)};
        y = wide_canonical(l->wide, l->n, v);
    } else {
        y = narrow_canonical(l->narrow, _mm512_mask_blend_epi64(is_last, l->squared, l->product));
    }
    __mmask8 is_two = _mm512_cmpeq_epu64_mask(y, all(2)) |
                      _mm512_cmpeq_epu64_mask(_mm512_add_epi64(y, all(2)), l->n);
    __mmask8 is_zero = level > 1 ? _mm512_cmpge_epu64_mask(l->last, bit) : 0;
    is_zero &= w == WIDE ? _mm512_testn_epi64_mask(y, y) : _mm512_cmpeq_epu64_mask(y, l->n);
    return (is_last & is_two) | is_zero;
}

// Lanes for which no parameter was found.
VECTOR __mmask8 lucas_undecided(const lucas *l) { return l->undecided; }

#endif
