// SPDX-License-Identifier: Apache-2.0
//
// Baillie-PSW for eight large numbers in the lanes of a vector: the strong test to base 2, the
// extra strong Lucas test and strong tests to random bases. Groups are vectors that are tested side
// by side. Lanes that no number is left for hold the last one again.

#if defined(__x86_64__)

#include <string.h>

#include "../numbers/random_base.h"
#include "lanes_arithmetic.h"

// --- Numbers in lanes ----------------------------------------------------------------------------

// Eight numbers on their way through a test.
typedef struct vector {
    modulus m;
    __m512i *n, *x, *y;          // the moduli; two residues
    __m512i *kept_x, *kept_y;    // of lanes that have not started
    __m512i *addend, *addend2;   // constants
    __m512i *exponent;           // words of 64 bits
    __m512i start;               // the level at which a lane starts
    __m512i twos;                // the level at which its exponent is odd
    int highest, lowest, lookup; // of the lanes' starts; the largest of `twos`
    __mmask8 passed;
    __mmask8 is_next; // Lucas: x holds V_k+1 and y holds V_k
} vector;

typedef struct group {
    prk_lane_number *const *numbers;
    size_t count;
    int k, words, vectors;
    operations run;
    __m512i *out, *t, *table;
    vector v[PRK_LANE_VECTORS];
} group;

#define TABLE_BITS 4
#define VECTOR_ARRAYS 8
#define MOST_WORDS(k) ((k) * PRK_LIMB_BITS / 64 + 2)

size_t prk_lane_memory(size_t k) {
    const size_t per_vector = VECTOR_ARRAYS * k + MOST_WORDS(k) + (k << TABLE_BITS);
    return PRK_LANE_VECTORS * per_vector + 6 * k;
}

static const prk_lane_number *number_of(const group *g, int vector, int i) {
    const size_t place = (size_t)vector * PRK_LANES + (size_t)i;
    return g->numbers[place < g->count ? place : g->count - 1];
}

PRK_TARGET static void prepare(group *g, prk_lane_number *const *numbers, size_t count,
                               void *memory) {
    g->numbers = numbers;
    g->count = count;
    g->k = numbers[0]->k;
    g->words = (int)MOST_WORDS((size_t)g->k);
    g->vectors = (int)((count + PRK_LANES - 1) / PRK_LANES);
    g->run = prk_lanes_operations(g->k);
    const size_t k = (size_t)g->k;
    __m512i *next = memory;
    g->t = next;
    g->out = g->t + 4 * k;
    next = g->out + 2 * k;
    for (int i = 0; i < g->vectors; i++) {
        vector *v = &g->v[i];
        __m512i **arrays[] = {&v->n,      &v->x,      &v->y,       &v->kept_x,
                              &v->kept_y, &v->addend, &v->addend2, &v->exponent};
        for (size_t a = 0; a < sizeof arrays / sizeof arrays[0]; a++) {
            *arrays[a] = next;
            next += k;
        }
        next += g->words - (int)k > 0 ? g->words - (int)k : 0;
        for (int l = 0; l < PRK_LANES; l++) {
            const prk_lane_number *number = number_of(g, i, l);
            load(v->n, l, number->limbs, number->size, g->k);
        }
        v->m = (modulus){v->n, _mm512_sub_epi64(zero(), inverse_52(v->n[0])), g->k};
        v->passed = 0;
        v->is_next = 0;
    }
    g->table = next;
}

// The words of n + d, d small and n + d >= 0, as a lane's exponent; their complement where
// `complement` is all ones.
static void set_exponent(const group *g, vector *v, int l, const prk_lane_number *number, int64_t d,
                         uint64_t complement) {
    uint64_t *to = lane(v->exponent, l);
    __extension__ __int128 carry = d;
    for (int w = 0; w < g->words; w++) {
        const uint64_t limb = (uint32_t)w < number->size ? number->limbs[w] : 0;
        carry += limb;
        to[(size_t)w * PRK_LANES] = (uint64_t)carry ^ complement;
        carry >>= 64;
    }
}

static uint64_t word_of(const vector *v, int l, int w) {
    return ((const uint64_t *)v->exponent)[(size_t)w * PRK_LANES + (size_t)l];
}

// How many low bits of n + 1, d = 1, or n - 1, d = -1, are clear.
static unsigned count_twos(const prk_lane_number *number, int64_t d) {
    __extension__ __int128 carry = d;
    for (uint32_t w = 0; w < number->size; w++) {
        carry += number->limbs[w];
        if ((uint64_t)carry != 0) {
            return 64 * w + (unsigned)__builtin_ctzll((uint64_t)carry);
        }
        carry >>= 64;
    }
    return 64 * number->size;
}

static void set_levels(vector *v, const unsigned *start, const unsigned *twos) {
    v->highest = 0;
    v->lowest = INT32_MAX;
    v->lookup = 0;
    for (int l = 0; l < PRK_LANES; l++) {
        lane(&v->start, l)[0] = start[l];
        lane(&v->twos, l)[0] = twos[l];
        v->highest = (int)start[l] > v->highest ? (int)start[l] : v->highest;
        v->lowest = (int)start[l] < v->lowest ? (int)start[l] : v->lowest;
        v->lookup = (int)twos[l] > v->lookup ? (int)twos[l] : v->lookup;
    }
}

static int highest_of(const group *g) {
    int highest = 0;
    for (int i = 0; i < g->vectors; i++) {
        highest = g->v[i].highest > highest ? g->v[i].highest : highest;
    }
    return highest;
}

// The flag is looked at every few microseconds.
static bool is_cancelled_at(const group *g, int level, const uint32_t *cancel) {
    return (g->k > 10 || level % 64 == 0) && prk_is_cancelled(cancel);
}

static void report(const group *g) {
    for (size_t i = 0; i < g->count; i++) {
        g->numbers[i]->passed = g->v[i / PRK_LANES].passed >> i % PRK_LANES & 1;
    }
}

// Bit `level` of the exponents, in bit 0 of each lane.
VECTOR __m512i bits_at(const vector *v, int level) {
    const __m512i word = v->exponent[level / 64];
    return _mm512_and_si512(_mm512_srl_epi64(word, _mm_cvtsi32_si128(level % 64)), all(1));
}

// --- Strong test to base 2 -----------------------------------------------------------------------
//
// As the 64-bit kernel does it: powers of 1/2 serve as well as those of 2, and a power of two below
// R is the Montgomery form of a negative power, so that the first bits of the exponent cost nothing
// and no number has to be divided. Level j has the exponent -ceil((n - 1) / 2^j) = -(((n - 2) >> j)
// + 1), which is twice that of level j + 1, plus one where bit j of n - 2 is clear. At levels
// j <= s, with n - 1 = d 2^s, quotients are whole: n passes when level s is ±1 or a lower one -1.

PRK_TARGET static void begin_strong(group *g, vector *v, int index) {
    const unsigned length = (unsigned)(31 - __builtin_clz((unsigned)(g->k * PRK_LIMB_BITS)));
    unsigned start[PRK_LANES], twos[PRK_LANES];
    memset(v->x, 0, (size_t)g->k * sizeof *v->x);
    for (int l = 0; l < PRK_LANES; l++) {
        const prk_lane_number *number = number_of(g, index, l);
        set_exponent(g, v, l, number, -2, UINT64_MAX);
        twos[l] = count_twos(number, -1);
        // The leading bits of n - 2 that are less than the bits of R, unless level s is above.
        int top = g->words - 1;
        while (top > 0 && word_of(v, l, top) == UINT64_MAX) {
            top--;
        }
        const uint64_t highest = ~word_of(v, l, top);
        const unsigned bits =
            64 * (unsigned)top + (highest == 0 ? 0 : 64 - (unsigned)__builtin_clzll(highest));
        start[l] = bits > length ? bits - length : 0;
        start[l] = start[l] < twos[l] ? twos[l] : start[l];
        const unsigned w = start[l] / 64, offset = start[l] % 64;
        uint64_t quotient = ~word_of(v, l, (int)w) >> offset;
        if (offset > 0 && (int)w + 1 < g->words) {
            quotient |= ~word_of(v, l, (int)w + 1) << (64 - offset);
        }
        // Below R / 2, and what a doubled square makes of it below R / 4 + 2n, and so on.
        const unsigned power = (unsigned)g->k * PRK_LIMB_BITS - 1 - (unsigned)quotient;
        lane(v->x + power / PRK_LIMB_BITS, l)[0] = UINT64_C(1) << power % PRK_LIMB_BITS;
    }
    set_levels(v, start, twos);
}

PRK_TARGET static void look_strong(group *g, vector *v, int level) {
    const __mmask8 whole = _mm512_cmple_epu64_mask(all((uint64_t)level), v->twos);
    const __mmask8 first = _mm512_cmpeq_epu64_mask(all((uint64_t)level), v->twos);
    prk_lanes_leave_form(g->out, v->x, &v->m, g->t);
    v->passed |=
        (whole & differ_by(g->out, v->n, 1, g->k)) | (first & equal_small(g->out, 1, g->k));
}

// One level down, in lanes that have started.
PRK_TARGET static void step_strong(group *g, vector *v, int level) {
    const bool waits = level >= v->lowest;
    if (waits) {
        memcpy(v->kept_x, v->x, (size_t)g->k * sizeof *v->x);
    }
    const __m512i shift = bits_at(v, level);
    g->run.square(v->x, &v->m, &shift, g->t);
    if (waits) {
        blend(v->x, _mm512_cmple_epu64_mask(v->start, all((uint64_t)level)), v->kept_x, g->k);
    }
}

PRK_TARGET prk_status prk_lanes_strong(prk_lane_number *const *numbers, size_t count, void *memory,
                                       prk_scratch *scratch, const uint32_t *cancel) {
    (void)scratch;
    group g;
    prepare(&g, numbers, count, memory);
    for (int i = 0; i < g.vectors; i++) {
        begin_strong(&g, &g.v[i], i);
    }
    for (int level = highest_of(&g); level >= 1; level--) {
        if (is_cancelled_at(&g, level, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (int i = 0; i < g.vectors; i++) {
            vector *v = &g.v[i];
            vector *next = i + 1 < g.vectors ? &g.v[i + 1] : NULL;
            if (next != NULL && level < v->lowest && level < next->lowest) {
                const __m512i shifts[2] = {bits_at(v, level), bits_at(next, level)};
                g.run.square_two(v->x, &v->m, &shifts[0], next->x, &next->m, &shifts[1], g.t);
                i++;
            } else if (level < v->highest) {
                step_strong(&g, v, level);
            }
        }
        for (int i = 0; i < g.vectors; i++) {
            if (level <= g.v[i].lookup) {
                look_strong(&g, &g.v[i], level);
            }
        }
    }
    report(&g);
    return PRK_STATUS_OK;
}

// --- Extra strong Lucas test
// -----------------------------------------------------------------------
//
// V_m = V_m(P, 1) with (P^2 - 4|n) = -1 [Grant01]. With n + 1 = d 2^s, n passes when U_d = 0 and
// V_d = ±2, or V_(d 2^r) = 0 for an r below s - 1. CKernels/long/lucas.c shows that U_d = 0 is
// V_(d+1) = ±P then.
//
// A lane has V_m and V_(m+1), of which a bit of n + 1 says which one is squared.

// x = R mod n; t is room.
static void set_form_of_one(mpz_ptr x, mpz_ptr t, mpz_srcptr n, int k) {
    mpz_set_ui(t, 0);
    mpz_setbit(t, (mp_bitcnt_t)k * PRK_LIMB_BITS);
    mpz_tdiv_r(x, t, n);
}

// The same in limbs, of which x has room for one more, where R is less than 2^50 times n: then the
// quotient is a double's, or beside it.
static bool set_limbs_of_one(mp_limb_t *x, const prk_lane_number *number, int k) {
    const mp_limb_t *n = (const mp_limb_t *)number->limbs;
    const mp_size_t size = (mp_size_t)number->size;
    const int above = k * PRK_LIMB_BITS - (int)number->bits;
    if (above > 50) {
        return false;
    }
    const int shift = __builtin_clzll(n[size - 1]);
    mp_limb_t high = n[size - 1] << shift;
    if (shift > 0 && size > 1) {
        high |= n[size - 2] >> (64 - shift);
    }
    // R / n = 2^above 2^bits / n, of which the second is between 1 and 2.
    const double quotient = (double)(UINT64_C(1) << above) * (0x1p64 / (double)high);
    x[size] = mpn_mul_1(x, n, size, (mp_limb_t)quotient);
    // R less that, between -n and 2n: modulo 2^64 of the limb above says which.
    const mp_size_t word = k * PRK_LIMB_BITS / 64;
    mpn_neg(x, x, size + 1);
    mpn_add_1(x + word, x + word, size + 1 - word, UINT64_C(1) << k * PRK_LIMB_BITS % 64);
    if (x[size] >> 63 != 0) {
        mpn_add_n(x, x, n, size);
    } else if (x[size] != 0 || mpn_cmp(x, n, size) >= 0) {
        mpn_sub_n(x, x, n, size);
    }
    return true;
}

// r = a + b modulo n; r may be either.
static void add_modulo(mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *b, const mp_limb_t *n,
                       mp_size_t size) {
    if (mpn_add_n(r, a, b, size) != 0 || mpn_cmp(r, n, size) >= 0) {
        mpn_sub_n(r, r, n, size);
    }
}

void prk_lane_lucas_constants(prk_scratch *s, const prk_lane_number *number, int k, mpz_ptr p,
                              mpz_ptr minus_two) {
    mpz_t view;
    const mp_size_t size = (mp_size_t)number->size;
    const mp_limb_t *n = (const mp_limb_t *)number->limbs;
    const size_t taken = s->taken;
    // Limbs instead of integers: of small numbers the calls are a tenth of the whole test.
    mpz_ptr form = prk_scratch_take(s);
    mp_limb_t *one = mpz_limbs_write(form, size + 1);
    if (!set_limbs_of_one(one, number, k)) {
        set_form_of_one(form, prk_scratch_take(s), prk_lane_view(view, number), k);
        const mp_size_t used = (mp_size_t)mpz_size(form);
        one = mpz_limbs_modify(form, size + 1);
        mpn_zero(one + used, size - used);
    }
    mp_limb_t *u = mpz_limbs_write(p, size), *t = mpz_limbs_write(minus_two, size);
    add_modulo(t, one, one, n, size);
    mpn_copyi(u, one, size);
    for (int bit = 31 - __builtin_clz(number->p); bit-- > 0;) {
        add_modulo(u, u, u, n, size);
        if ((number->p >> bit & 1) != 0) {
            add_modulo(u, u, one, n, size);
        }
    }
    mpn_sub_n(t, n, t, size);
    mpz_limbs_finish(p, size);
    mpz_limbs_finish(minus_two, size);
    s->taken = taken;
}

PRK_TARGET static void begin_lucas(group *g, vector *v, int index, prk_scratch *scratch) {
    unsigned start[PRK_LANES], twos[PRK_LANES];
    const size_t taken = scratch->taken;
    mpz_ptr p = prk_scratch_take(scratch), minus_two = prk_scratch_take(scratch);
    for (int l = 0; l < PRK_LANES; l++) {
        const prk_lane_number *number = number_of(g, index, l);
        prk_lane_lucas_constants(scratch, number, g->k, p, minus_two);
        load_mpz(v->x, l, p, g->k);
        load_mpz(v->addend2, l, minus_two, g->k);
        set_exponent(g, v, l, number, 1, 0);
        twos[l] = count_twos(number, 1);
        int top = g->words - 1;
        while (word_of(v, l, top) == 0) {
            top--;
        }
        start[l] = 64 * (unsigned)top + 63 - (unsigned)__builtin_clzll(word_of(v, l, top));
    }
    scratch->taken = taken;
    set_levels(v, start, twos);
    __m512i borrow = zero();
    for (int j = 0; j < g->k; j++) {
        const __m512i difference = _mm512_add_epi64(_mm512_sub_epi64(v->n[j], v->x[j]), borrow);
        v->addend[j] = _mm512_and_si512(difference, all(LOW_52));
        borrow = _mm512_srai_epi64(difference, PRK_LIMB_BITS);
    }
    // V_1 = P and V_2 = P^2 - 2.
    memcpy(v->y, v->x, (size_t)g->k * sizeof *v->y);
    memcpy(v->kept_x, v->x, (size_t)g->k * sizeof *v->x);
    g->run.ladder(v->y, v->kept_x, 0, &v->m, v->addend, v->addend2, g->t);
}

// Lanes where U_d = 0, given which of V_d = ±2 holds.
PRK_TARGET static __mmask8 is_u_zero(group *g, vector *v, __mmask8 plus, __mmask8 minus) {
    const int k = g->k;
    __m512i *next = g->out, *negated = g->out + k;
    memcpy(next, v->y, (size_t)k * sizeof *next);
    blend(next, v->is_next, v->x, k);
    prk_lanes_leave_form(next, next, &v->m, g->t);
    prk_lanes_leave_form(negated, v->addend, &v->m, g->t); // -P
    clear_n(next, v->n, k);
    clear_n(negated, v->n, k);
    // V_(d+1) = -P
    const __mmask8 minus_holds = minus & equal(next, negated, k);
    // V_(d+1) = P: the sum with -P is 0 or n.
    __m512i carry = zero();
    for (int j = 0; j < k; j++) {
        const __m512i sum = _mm512_add_epi64(_mm512_add_epi64(next[j], negated[j]), carry);
        next[j] = _mm512_and_si512(sum, all(LOW_52));
        carry = _mm512_srli_epi64(sum, 52);
    }
    return minus_holds | (plus & (equal(next, v->n, k) | equal_small(next, 0, k)));
}

// Lanes pass, each by the first condition that holds: of V_(d 2^r) = 0 at this level, or U_d = 0.
static void pass_lucas(const group *g, vector *v, __mmask8 where, int level, bool is_v) {
    for (int l = 0; l < PRK_LANES; l++) {
        const size_t place = (size_t)(v - g->v) * PRK_LANES + (size_t)l;
        if ((where & ~v->passed) >> l & 1 && place < g->count) {
            const uint32_t r = (uint32_t)lane(&v->twos, l)[0] - (uint32_t)level;
            g->numbers[place]->condition = is_v ? PRK_LUCAS_V_IS_ZERO + r : PRK_LUCAS_U_IS_ZERO;
        }
    }
    v->passed |= where;
}

PRK_TARGET static void look_lucas(group *g, vector *v, int level) {
    const int k = g->k;
    const __mmask8 whole = _mm512_cmple_epu64_mask(all((uint64_t)level), v->twos);
    const __mmask8 first = _mm512_cmpeq_epu64_mask(all((uint64_t)level), v->twos);
    memcpy(g->out, v->x, (size_t)k * sizeof *g->out);
    blend(g->out, v->is_next, v->y, k);
    prk_lanes_leave_form(g->out, g->out, &v->m, g->t);
    const __mmask8 is_zero = equal_small(g->out, 0, k) | equal(g->out, v->n, k);
    const __mmask8 plus = first & equal_small(g->out, 2, k);
    const __mmask8 minus = first & differ_by(g->out, v->n, 2, k);
    if (level > 1 && (whole & is_zero) != 0) {
        pass_lucas(g, v, whole & is_zero, level, true);
    }
    if ((plus | minus) != 0) {
        pass_lucas(g, v, is_u_zero(g, v, plus, minus), level, false);
    }
}

PRK_TARGET static void step_lucas(group *g, vector *v, int level) {
    const int k = g->k;
    const bool waits = level >= v->lowest;
    const __mmask8 waiting = _mm512_cmple_epu64_mask(v->start, all((uint64_t)level));
    if (waits) {
        memcpy(v->kept_x, v->x, (size_t)k * sizeof *v->x);
        memcpy(v->kept_y, v->y, (size_t)k * sizeof *v->y);
    }
    const __m512i bit = bits_at(v, level);
    const __mmask8 squared_next = _mm512_test_epi64_mask(bit, bit) & ~waiting;
    const __mmask8 exchanged = squared_next ^ v->is_next;
    v->is_next = squared_next;
    g->run.ladder(v->x, v->y, exchanged, &v->m, v->addend, v->addend2, g->t);
    if (waits) {
        blend(v->x, waiting, v->kept_x, k);
        blend(v->y, waiting, v->kept_y, k);
    }
}

PRK_TARGET prk_status prk_lanes_lucas(prk_lane_number *const *numbers, size_t count, void *memory,
                                      prk_scratch *scratch, const uint32_t *cancel) {
    group g;
    prepare(&g, numbers, count, memory);
    for (size_t i = 0; i < count; i++) {
        numbers[i]->condition = PRK_LUCAS_NONE;
    }
    for (int i = 0; i < g.vectors; i++) {
        begin_lucas(&g, &g.v[i], i, scratch);
    }
    for (int level = highest_of(&g); level >= 1; level--) {
        if (is_cancelled_at(&g, level, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (int i = 0; i < g.vectors; i++) {
            if (level < g.v[i].highest) {
                step_lucas(&g, &g.v[i], level);
            }
            if (level <= g.v[i].lookup) {
                look_lucas(&g, &g.v[i], level);
            }
        }
    }
    report(&g);
    return PRK_STATUS_OK;
}

// --- Strong test to a random base ----------------------------------------------------------------
//
// By windows of the exponent n - 1 from the top, down to where a lane may have to be looked at, and
// by bits from there.

// Powers 0 … 2^TABLE_BITS - 1 of the bases.
PRK_TARGET static void begin_random_base(group *g, vector *v, int index, __m512i *table,
                                         prk_scratch *s, uint64_t seed) {
    unsigned start[PRK_LANES], twos[PRK_LANES];
    const size_t k = (size_t)g->k, taken = s->taken;
    mpz_ptr form = prk_scratch_take(s), base = prk_scratch_take(s), t = prk_scratch_take(s);
    for (int l = 0; l < PRK_LANES; l++) {
        const prk_lane_number *number = number_of(g, index, l);
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, number);
        set_form_of_one(form, t, n, g->k);
        load_mpz(table, l, form, g->k);
        prk_random_base_mpz(base, n, seed, number->round);
        mpz_mul_2exp(t, base, k * PRK_LIMB_BITS);
        mpz_tdiv_r(form, t, n);
        load_mpz(table + k, l, form, g->k);
        set_exponent(g, v, l, number, -1, 0);
        twos[l] = count_twos(number, -1);
        start[l] = (unsigned)number->bits;
    }
    s->taken = taken;
    set_levels(v, start, twos);
    for (size_t i = 2; i < (size_t)1 << TABLE_BITS; i++) {
        memcpy(table + i * k, table + (i - 1) * k, k * sizeof *table);
        g->run.multiply(table + i * k, table + k, &v->m, g->t);
    }
    memcpy(v->x, table, k * sizeof *table);
}

// x times the power that `count` bits of the exponent from `level` on choose.
PRK_TARGET static void multiply_power(group *g, vector *v, const __m512i *table, int level,
                                      int count) {
    const __m512i word = _mm512_srl_epi64(v->exponent[level / 64], _mm_cvtsi32_si128(level % 64));
    const __m512i power = _mm512_and_si512(word, all((UINT64_C(1) << count) - 1));
    pick_entries(v->y, table, power, g->k);
    g->run.multiply(v->x, v->y, &v->m, g->t);
}

PRK_TARGET prk_status prk_lanes_random_base(prk_lane_number *const *numbers, size_t count,
                                            void *memory, prk_scratch *scratch, uint64_t seed,
                                            const uint32_t *cancel) {
    group g;
    prepare(&g, numbers, count, memory);
    const size_t table_size = (size_t)g.k << TABLE_BITS;
    int lookup = 0;
    for (int i = 0; i < g.vectors; i++) {
        begin_random_base(&g, &g.v[i], i, g.table + (size_t)i * table_size, scratch, seed);
        lookup = g.v[i].lookup > lookup ? g.v[i].lookup : lookup;
    }
    // Windows do not cross words.
    const int end = (highest_of(&g) + TABLE_BITS - 1) / TABLE_BITS * TABLE_BITS;
    const int tail = (lookup + TABLE_BITS - 1) / TABLE_BITS * TABLE_BITS;
    for (int level = end; level > 1;) {
        const int width = level > tail ? TABLE_BITS : 1;
        level -= width;
        if (is_cancelled_at(&g, level / width, cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (int i = 0; i < g.vectors; i++) {
            vector *v = &g.v[i];
            for (int j = 0; j < width && level + width < end; j++) {
                g.run.square(v->x, &v->m, &no_shift, g.t);
            }
            multiply_power(&g, v, g.table + (size_t)i * table_size, level, width);
            if (level <= v->lookup && level >= 1) {
                look_strong(&g, v, level);
            }
        }
    }
    report(&g);
    return PRK_STATUS_OK;
}

// --- For tests -----------------------------------------------------------------------------------

PRK_TARGET void prk_lanes_product(prk_lane_number *const *numbers, size_t count, mpz_t *x, mpz_t *y,
                                  void *memory) {
    group g;
    prepare(&g, numbers, count, memory);
    for (size_t i = 0; i < count; i++) {
        vector *v = &g.v[i / PRK_LANES];
        const int l = (int)(i % PRK_LANES);
        load_mpz(v->x, l, x[i], g.k);
        load_mpz(v->y, l, y == NULL ? x[i] : y[i], g.k);
    }
    for (int i = 0; i < g.vectors; i++) {
        vector *v = &g.v[i];
        if (y == NULL) {
            g.run.square(v->x, &v->m, &no_shift, g.t);
        } else {
            g.run.multiply(v->x, v->y, &v->m, g.t);
        }
    }
    for (size_t i = 0; i < count; i++) {
        mpz_set_ui(x[i], 0);
        for (int j = g.k; j-- > 0;) {
            mpz_mul_2exp(x[i], x[i], PRK_LIMB_BITS);
            mpz_add_ui(x[i], x[i], lane(g.v[i / PRK_LANES].x + j, (int)(i % PRK_LANES))[0]);
        }
    }
}

#endif
