// SPDX-License-Identifier: Apache-2.0
//
// What eight numbers have in common with a product of primes, in the lanes of vectors: Montgomery's
// reduction of the product, which is far longer than they are, limb by limb, and then the greatest
// common divisors by steps that are alike for all lanes [BeYa19].

#include "down.h"

#if defined(__x86_64__)

// Loops over rows are unrolled where k is a constant, and are not here.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#include "../ifma/columns.h"
#include "../ifma/lanes_arithmetic.h"

// Columns of so many limbs stay in registers.
#define MOST_LIMBS 26
#define UNROLL_LIMBS _Pragma("GCC unroll 26")

// Of longer ones so many limbs of the product are added at a time.
#define BLOCK 40

// What is computed in the order in which it stands: compilers put first what no quotient waits for,
// which costs up to a fourth of the time.
VECTOR __m512i in_order(__m512i x) {
    __asm__ volatile("" : "+v"(x));
    return x;
}

// t = (t + p) / 2^52 modulo n for each limb p, from the lowest on. If t <= n then it stays so:
// (t + p + q n) / 2^52 < n + 1 for p, q < 2^52. After the highest limb comes a limb of 0.
VECTOR void divide_short(__m512i *t, const __m512i *n, __m512i negated_inverse,
                         const uint64_t *product, size_t size, const int k) {
    __m512i column[MOST_LIMBS + 1];
    UNROLL_LIMBS
    for (int j = 0; j <= k; j++) {
        column[j] = zero();
    }
    __m512i lowest = all(product[0]);
    for (size_t i = 0; i < size; i++) {
        const __m512i q = in_order(low(zero(), lowest, negated_inverse));
        // That column and the low half of q n_0 are the next multiple of 2^52 together.
        __m512i rest = _mm512_srli_epi64(_mm512_add_epi64(lowest, all(LOW_52)), 52);
        rest = in_order(_mm512_add_epi64(rest, all(product[i + 1])));
        // The next quotient waits for the next column, so that its sums do not wait for each other.
        const __m512i next = in_order(low(column[1], q, n[1]));
        rest = in_order(high(rest, q, n[0]));
        lowest = in_order(_mm512_add_epi64(next, rest));
        UNROLL_LIMBS
        for (int j = 1; j < k - 1; j++) {
            column[j] = in_order(low(column[j + 1], q, n[j + 1]));
        }
        column[k - 1] = zero();
        UNROLL_LIMBS
        for (int j = 1; j < k; j++) {
            column[j] = in_order(high(column[j], q, n[j]));
        }
    }
    column[0] = lowest;
    UNROLL_LIMBS
    for (int j = 0; j < k; j++) {
        t[j] = column[j];
    }
}

// The same, a block of limbs at a time. t has k + BLOCK columns.
PRK_TARGET static void divide_long(__m512i *t, const __m512i *n, __m512i negated_inverse,
                                   const uint64_t *product, size_t size, int k) {
    clear(t, k);
    for (size_t i = 0; i < size; i += BLOCK) {
        const int some = size - i < BLOCK ? (int)(size - i) : BLOCK;
        clear(t + k, BLOCK);
        for (int j = 0; j < some; j++) {
            t[j] = _mm512_add_epi64(t[j], all(product[i + (size_t)j]));
        }
        for (int j = 0; j < BLOCK; j += PRK_ROWS) {
            reduce_rows(PRK_ROWS, 1, &t, &n, &negated_inverse, j, k);
        }
        for (int j = 0; j < k; j++) {
            t[j] = t[BLOCK + j];
        }
    }
}

// t = the product, times a power of 2, modulo n: at most n.
PRK_TARGET static void divide(__m512i *t, const __m512i *n, const prk_primorial *p, int k) {
    const __m512i negated_inverse = _mm512_sub_epi64(zero(), inverse_52(n[0]));
#define SHORT(K)                                                                                   \
    case K:                                                                                        \
        divide_short(t, n, negated_inverse, p->limbs, p->size, K);                                 \
        break
    switch (k) {
        SHORT(2);
        SHORT(3);
        SHORT(4);
        SHORT(5);
        SHORT(6);
        SHORT(7);
        SHORT(8);
        SHORT(9);
        SHORT(10);
        SHORT(11);
        SHORT(12);
        SHORT(13);
        SHORT(14);
        SHORT(15);
        SHORT(16);
        SHORT(17);
        SHORT(18);
        SHORT(19);
        SHORT(20);
        SHORT(21);
        SHORT(22);
        SHORT(23);
        SHORT(24);
        SHORT(25);
        SHORT(26);
    default:
        divide_long(t, n, negated_inverse, p->limbs, p->size, k);
    }
    __m512i carry = zero();
    for (int j = 0; j < k; j++) {
        const __m512i sum = _mm512_add_epi64(t[j], carry);
        t[j] = _mm512_and_si512(sum, all(LOW_52));
        carry = _mm512_srli_epi64(sum, 52);
    }
}

// --- Greatest common divisors --------------------------------------------------------------------

// Steps that look at the lowest limbs alone, of whose matrix all entries fit a limb with a sign.
#define STEPS 51

typedef struct matrix {
    __m512i u, v, q, r;
} matrix;

// So many steps of division [BeYa19], from the lowest limbs of an odd f and of g: (f, g) becomes
// (g, (g - f) / 2) where g is odd and d > 0, else (f, (g + f) / 2) or (f, g / 2). The matrix is
// that of all steps times 2^STEPS. d begins at 1: then g is 0 after (49 bits + 57) / 17 steps, and
// most often after two for each bit.
VECTOR matrix divide_steps(__m512i *d, __m512i f, __m512i g) {
    matrix m = {.u = all(1), .v = zero(), .q = zero(), .r = all(1)};
    for (int i = 0; i < STEPS; i++) {
        // What does not wait for g comes first.
        const __mmask8 positive = _mm512_cmpgt_epi64_mask(*d, zero());
        const __m512i more_f = _mm512_mask_sub_epi64(f, positive, zero(), f);
        const __m512i more_u = _mm512_mask_sub_epi64(m.u, positive, zero(), m.u);
        const __m512i more_v = _mm512_mask_sub_epi64(m.v, positive, zero(), m.v);
        const __mmask8 odd = _mm512_test_epi64_mask(g, all(1));
        const __mmask8 swaps = _kand_mask8(odd, positive);
        f = _mm512_mask_mov_epi64(f, swaps, g);
        m.u = _mm512_mask_mov_epi64(m.u, swaps, m.q);
        m.v = _mm512_mask_mov_epi64(m.v, swaps, m.r);
        g = _mm512_srli_epi64(_mm512_mask_add_epi64(g, odd, g, more_f), 1);
        m.q = _mm512_mask_add_epi64(m.q, odd, m.q, more_u);
        m.r = _mm512_mask_add_epi64(m.r, odd, m.r, more_v);
        m.u = _mm512_add_epi64(m.u, m.u);
        m.v = _mm512_add_epi64(m.v, m.v);
        *d = _mm512_add_epi64(_mm512_mask_sub_epi64(*d, swaps, zero(), *d), all(1));
    }
    return m;
}

// The next column of a x + b y, from limbs of x and y; `above` is what belongs to the one after.
VECTOR __m512i next_column(__m512i *above, __m512i a, __mmask8 a_negative, __m512i x, __m512i b,
                           __mmask8 b_negative, __m512i y) {
    const __m512i column = low(low(*above, a, x), b, y);
    *above = high(high(zero(), a, x), b, y);
    *above = _mm512_mask_sub_epi64(*above, a_negative, *above, x);
    *above = _mm512_mask_sub_epi64(*above, b_negative, *above, y);
    return column;
}

// (f, g) = (u f + v g, q f + r g) / 2^STEPS. The highest limbs have a sign.
VECTOR void apply(const matrix *m, __m512i *f, __m512i *g, int k) {
    const __mmask8 u_negative = _mm512_movepi64_mask(m->u), v_negative = _mm512_movepi64_mask(m->v);
    const __mmask8 q_negative = _mm512_movepi64_mask(m->q), r_negative = _mm512_movepi64_mask(m->r);
    const __m512i f_sign = _mm512_srai_epi64(f[k - 1], 63);
    const __m512i g_sign = _mm512_srai_epi64(g[k - 1], 63);
    __m512i f_above = zero(), g_above = zero(), f_carry = zero(), g_carry = zero();
    f[k - 1] = _mm512_and_si512(f[k - 1], all(LOW_52));
    g[k - 1] = _mm512_and_si512(g[k - 1], all(LOW_52));
    for (int j = 0; j < k; j++) {
        const __m512i x = f[j], y = g[j];
        const __m512i f_column = next_column(&f_above, m->u, u_negative, x, m->v, v_negative, y);
        const __m512i g_column = next_column(&g_above, m->q, q_negative, x, m->r, r_negative, y);
        f_carry = _mm512_add_epi64(f_carry, _mm512_add_epi64(f_column, f_column));
        g_carry = _mm512_add_epi64(g_carry, _mm512_add_epi64(g_column, g_column));
        if (j > 0) { // the lowest limb is 0
            f[j - 1] = _mm512_and_si512(f_carry, all(LOW_52));
            g[j - 1] = _mm512_and_si512(g_carry, all(LOW_52));
        }
        f_carry = _mm512_srai_epi64(f_carry, 52);
        g_carry = _mm512_srai_epi64(g_carry, 52);
    }
    f_above = _mm512_sub_epi64(f_above, _mm512_and_si512(f_sign, m->u));
    f_above = _mm512_sub_epi64(f_above, _mm512_and_si512(g_sign, m->v));
    g_above = _mm512_sub_epi64(g_above, _mm512_and_si512(f_sign, m->q));
    g_above = _mm512_sub_epi64(g_above, _mm512_and_si512(g_sign, m->r));
    f[k - 1] = _mm512_add_epi64(f_carry, _mm512_add_epi64(f_above, f_above));
    g[k - 1] = _mm512_add_epi64(g_carry, _mm512_add_epi64(g_above, g_above));
}

// Whether x is 0 or -1 in all lanes.
VECTOR bool is_sign(__m512i x) {
    return _mm512_cmpneq_epi64_mask(x, _mm512_srai_epi64(x, 63)) == 0;
}

VECTOR void join_sign(__m512i *x, int k) {
    x[k - 2] = _mm512_add_epi64(x[k - 2], _mm512_slli_epi64(x[k - 1], 52));
}

// f = the greatest common divisor of an odd f and of g, of which the limbs are returned that are
// left. g is lost.
PRK_TARGET static int common_divisor(__m512i *f, __m512i *g, int k) {
    __m512i d = all(1);
    for (;;) {
        __m512i some = zero();
        for (int j = 0; j < k; j++) {
            some = _mm512_or_si512(some, g[j]);
        }
        if (_mm512_test_epi64_mask(some, some) == 0) {
            break;
        }
        const matrix m = divide_steps(&d, f[0], g[0]);
        apply(&m, f, g, k);
        while (k > 1 && is_sign(f[k - 1]) && is_sign(g[k - 1])) {
            join_sign(f, k);
            join_sign(g, k);
            k--;
        }
    }
    // The absolute value, from whose highest limb nothing is carried.
    const __m512i sign = _mm512_srai_epi64(f[k - 1], 63);
    __m512i carry = zero();
    for (int j = 0; j < k; j++) {
        carry = _mm512_add_epi64(carry, _mm512_sub_epi64(_mm512_xor_si512(f[j], sign), sign));
        f[j] = _mm512_and_si512(carry, all(LOW_52));
        carry = _mm512_srai_epi64(carry, 52);
    }
    return k;
}

// --- Together ------------------------------------------------------------------------------------

PRK_TARGET static void find_common(const mpz_ptr *common, __m512i *memory, int k,
                                   const mpz_ptr *numbers, size_t count, const prk_primorial *p) {
    __m512i *n = memory, *t = memory + k;
    for (size_t l = 0; l < PRK_LANES; l++) {
        load_mpz(n, (int)l, numbers[l < count ? l : 0], k);
    }
    divide(t, n, p, k);
    k = common_divisor(n, t, k);
    for (size_t l = 0; l < count; l++) {
        store_mpz(common[l], n, (int)l, k);
    }
}

prk_status prk_smooth_in_lanes(prk_scratch *s, const mpz_ptr *common, const mpz_ptr *numbers,
                               size_t count, size_t bits, const prk_primorial *p) {
    const size_t k = (bits + PRK_LIMB_BITS - 1) / PRK_LIMB_BITS;
    __m512i *memory = prk_memory_reserve(&s->lanes, (2 * k + BLOCK) * sizeof *memory);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    find_common(common, memory, (int)k, numbers, count, p);
    return PRK_STATUS_OK;
}

#else

prk_status prk_smooth_in_lanes(prk_scratch *s, const mpz_ptr *common, const mpz_ptr *numbers,
                               size_t count, size_t bits, const prk_primorial *p) {
    (void)s;
    (void)bits;
    for (size_t i = 0; i < count; i++) {
        mpz_gcd(common[i], numbers[i], p->product);
    }
    return PRK_STATUS_OK;
}

#endif
