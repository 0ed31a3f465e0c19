// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: eight numbers a vector, several vectors interleaved.
//
// A batch goes through queues. Odd numbers are divided by small primes, eight numbers at once; what
// is left waits, by its size, until it fills a group of vectors, and is tested for being a strong
// probable prime to base 2; what passes waits again and has its almost extra strong Lucas test. A
// group is as many vectors as it takes to hide the latency of the multiplications.

#if defined(__x86_64__)

#include <string.h>

#include "trial_reciprocal.h"
#include "u64_interleaved.h"

#define PRK_SUFFIX avx512ifma
#define PRK_LEVEL PRK_LEVEL_AVX512_IFMA
#define PRK_NAME "avx512ifma"

#include "ifma_arithmetic.h"

// --- Strong test to base 2 -----------------------------------------------------------------------
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
} strong;

VECTOR strong strong_begin(width w, __m512i n) {
    strong s = {.n = n, .bits = _mm512_sub_epi64(all(1), n)};
    s.last = _mm512_and_si512(s.bits, _mm512_sub_epi64(zero(), s.bits));
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
    const __mmask8 doubled = _mm512_test_epi64_mask(s->bits, bit);
    if (w == WIDE) {
        wide r = wide_square(s->wide, s->y, (wide){zero(), zero()});
        r.lo = _mm512_mask_add_epi64(r.lo, doubled, r.lo, r.lo);
        r.hi = _mm512_mask_add_epi64(r.hi, doubled, r.hi, r.hi);
        r = wide_carry(r);
        s->y.lo = all_started ? r.lo : _mm512_mask_blend_epi64(started, s->y.lo, r.lo);
        s->y.hi = all_started ? r.hi : _mm512_mask_blend_epi64(started, s->y.hi, r.hi);
    } else {
        // Doubling one factor doubles the product: x < 2n < 2^51 or x < 2^36.
        __m512i factor = _mm512_mask_add_epi64(s->x, doubled, s->x, s->x);
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
        l.squared = narrow_multiply(l.narrow, l.product, l.product, l.minus_two, w == WORD);
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
        __m512i b = narrow_multiply(l->narrow, l->squared, l->product, l->minus_p, w == WORD);
        a = narrow_multiply(l->narrow, a, a, l->minus_two, w == WORD);
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

// --- Groups --------------------------------------------------------------------------------------

// How many vectors hide the latency: a strong test has one chain of multiplications, a Lucas test
// two.
enum {
    STRONG_NARROW_VECTORS = 4,
    STRONG_WIDE_VECTORS = 4,
    LUCAS_NARROW_VECTORS = 4,
    LUCAS_WIDE_VECTORS = 3,
    MOST_VECTORS = 4,
};

// Repeats a statement for each vector. The vectors are variables of their own, since gcc 12 keeps
// arrays of them in memory.
#define EACH(statement)                                                                            \
    statement(0);                                                                                  \
    if (vectors > 1) {                                                                             \
        statement(1);                                                                              \
    }                                                                                              \
    if (vectors > 2) {                                                                             \
        statement(2);                                                                              \
    }                                                                                              \
    if (vectors > 3) {                                                                             \
        statement(3);                                                                              \
    }

// Both tests descend the levels in step. The function tests 8 * vectors numbers; a bit each says
// which pass, and of which it cannot say.
#define GROUP(test)                                                                                \
    VECTOR uint32_t test##_group(width w, int vectors, const uint64_t *numbers,                    \
                                 uint32_t *undecided) {                                            \
        test t0, t1, t2, t3;                                                                       \
        uint32_t passed = 0;                                                                       \
        __m512i ends = zero(), earliest = zero(), latest = all(64);                                \
        *undecided = 0;                                                                            \
        EACH(BEGIN_##test)                                                                         \
        int level = (int)_mm512_reduce_max_epu64(earliest);                                        \
        const int all_started = (int)_mm512_reduce_min_epu64(latest);                              \
        const int first_look = 63 - __builtin_clzll((uint64_t)_mm512_reduce_or_epi64(ends));       \
        PRK_DESCEND(EACH, FIRST_STEP_##test, STEP_##test, LOOK_##test)                             \
        return passed;                                                                             \
    }

#define BEGIN(test, v)                                                                             \
    t##v = test##_begin(w, _mm512_loadu_si512(numbers + 8 * v));                                   \
    *undecided |= (uint32_t)test##_undecided(&t##v) << (8 * v);                                    \
    ends = _mm512_or_si512(ends, t##v.last);                                                       \
    earliest = _mm512_max_epu64(earliest, t##v.start);                                             \
    latest = _mm512_min_epu64(latest, t##v.start)
#define LOOK(test, v, which) passed |= (uint32_t)((which) & test##_look(w, &t##v, level)) << (8 * v)
#define FIRST_STEP(test, v)                                                                        \
    __mmask8 started##v = _mm512_cmpgt_epu64_mask(t##v.start, all((uint64_t)level));               \
    test##_step(w, &t##v, level, false, started##v);                                               \
    if (level <= first_look) {                                                                     \
        LOOK(test, v, started##v);                                                                 \
    }
#define BEGIN_strong(v) BEGIN(strong, v)
#define FIRST_STEP_strong(v) FIRST_STEP(strong, v)
#define STEP_strong(v) strong_step(w, &t##v, level, true, 0)
#define LOOK_strong(v) LOOK(strong, v, 0xff)
#define BEGIN_lucas(v) BEGIN(lucas, v)
#define FIRST_STEP_lucas(v) FIRST_STEP(lucas, v)
#define STEP_lucas(v) lucas_step(w, &t##v, level, true, 0)
#define LOOK_lucas(v) LOOK(lucas, v, 0xff)

GROUP(strong)
GROUP(lucas)

// --- The way of a batch --------------------------------------------------------------------------

// Where numbers wait. Each class by size has its own: a group takes as long as its largest number.
enum {
    ODD,
    SIFTED, // by the first primes
    CANDIDATES_32,
    CANDIDATES_50,
    CANDIDATES_64,
    SURVIVORS_32, // of the strong test
    SURVIVORS_50,
    SURVIVORS_64,
    QUEUE_COUNT,
    NOWHERE, // they are prime
    CLASSES = SURVIVORS_32 - CANDIDATES_32,
};

enum {
    SIEVE_VECTORS = 4,
    FIRST_PRIMES = 8, // after which what is left is compressed
    ALL_PRIMES = 38,  // 167: here one more costs what it saves below 2^50
    MOST_NUMBERS = 32,
    // How many wait before a stage runs: it takes the oldest, whose stores have left the store
    // buffer. Loads that span two stores wait for that.
    ENOUGH = 96,
    // Up to this many numbers are tested sooner one by one than in a vector that is mostly idle.
    FEW = 3,
};

typedef struct queue {
    size_t count;
    uint64_t n[ENOUGH + MOST_NUMBERS + 8];
    uint32_t place[ENOUGH + MOST_NUMBERS + 8]; // in the block
} queue;

typedef struct batch {
    uint8_t *verdicts; // of the block
    queue queues[QUEUE_COUNT];
} batch;

// Compressed in registers: compressing to memory is slow on Zen 4. Writes eight places.
VECTOR void push(queue *q, const uint64_t *n, const uint32_t *place, __mmask8 which) {
    _mm512_storeu_si512(q->n + q->count, _mm512_maskz_compress_epi64(which, _mm512_loadu_si512(n)));
    _mm256_storeu_si256(
        (__m256i *)(q->place + q->count),
        _mm256_maskz_compress_epi32(which, _mm256_loadu_si256((const __m256i *)place)));
    q->count += (size_t)__builtin_popcount(which);
}

// Small numbers, numbers of rare forms of which the vectors cannot say, and numbers too few for a
// vector. Those that are not small have been through the sieve.
PRK_TARGET static __attribute__((noinline)) void one_by_one(batch *b, const uint64_t *n,
                                                            const uint32_t *place, uint32_t which) {
    for (; which != 0; which &= which - 1) {
        const int i = __builtin_ctz(which);
        b->verdicts[place[i]] = n[i] < PRK_SMALL          ? prk_verdict_in_order(n[i])
                                : prk_is_prime_both(n[i]) ? PRK_PRIME
                                                          : PRK_COMPOSITE;
    }
}

// What is done with a group of numbers, of which those in `valid` are of the batch. Those that
// pass, a bit each, go to queue `next`.
typedef void stage(batch *b, const uint64_t *n, const uint32_t *place, uint32_t valid, int next);

VECTOR void pass_on(batch *b, const uint64_t *n, const uint32_t *place, uint32_t passed, int next) {
    if (next == NOWHERE) {
        for (; passed != 0; passed &= passed - 1) {
            b->verdicts[place[__builtin_ctz(passed)]] = PRK_PRIME;
        }
        return;
    }
    for (; passed != 0; passed >>= 8, n += 8, place += 8) {
        push(&b->queues[next], n, place, (__mmask8)passed);
    }
}

#define STAGE(name, test, w, vectors)                                                              \
    PRK_TARGET static __attribute__((noinline)) void name(                                         \
        batch *b, const uint64_t *n, const uint32_t *place, uint32_t valid, int next) {            \
        uint32_t undecided;                                                                        \
        uint32_t passed = test##_group(w, vectors, n, &undecided);                                 \
        pass_on(b, n, place, passed & ~undecided & valid, next);                                   \
        if ((undecided & valid) != 0) {                                                            \
            one_by_one(b, n, place, undecided & valid);                                            \
        }                                                                                          \
    }

STAGE(strong_word_group, strong, WORD, STRONG_NARROW_VECTORS)
STAGE(strong_word_vector, strong, WORD, 1)
STAGE(strong_narrow_group, strong, NARROW, STRONG_NARROW_VECTORS)
STAGE(strong_narrow_vector, strong, NARROW, 1)
STAGE(strong_wide_group, strong, WIDE, STRONG_WIDE_VECTORS)
STAGE(strong_wide_vector, strong, WIDE, 1)
STAGE(lucas_word_group, lucas, WORD, LUCAS_NARROW_VECTORS)
STAGE(lucas_word_vector, lucas, WORD, 1)
STAGE(lucas_narrow_group, lucas, NARROW, LUCAS_NARROW_VECTORS)
STAGE(lucas_narrow_vector, lucas, NARROW, 1)
STAGE(lucas_wide_group, lucas, WIDE, LUCAS_WIDE_VECTORS)
STAGE(lucas_wide_vector, lucas, WIDE, 1)

// Which of 32 numbers have none of the table's primes from `first` to below `end`.
//
// n p^-1 mod 2^64 <= limit says that p divides n. A comparison costs the units that multiply, so it
// is told by signs: the product less limit + 1 is negative, the product itself, that limit < 2^63,
// is not.
VECTOR uint32_t sieve(const uint64_t *numbers, int first, int end) {
    const __m512i n0 = _mm512_loadu_si512(numbers), n1 = _mm512_loadu_si512(numbers + 8),
                  n2 = _mm512_loadu_si512(numbers + 16), n3 = _mm512_loadu_si512(numbers + 24);
    __m512i divided0 = zero(), divided1 = zero(), divided2 = zero(), divided3 = zero();
    for (int i = first; i < end; i++) {
        const __m512i inverse = all(prk_sieve_inverses[i]), above = all(prk_sieve_limits[i] + 1);
        const __m512i x0 = _mm512_mullo_epi64(n0, inverse), x1 = _mm512_mullo_epi64(n1, inverse),
                      x2 = _mm512_mullo_epi64(n2, inverse), x3 = _mm512_mullo_epi64(n3, inverse);
        enum { OR_AND_NOT = 0xf4 }; // a | (b & ~c)
        divided0 = _mm512_ternarylogic_epi64(divided0, _mm512_sub_epi64(x0, above), x0, OR_AND_NOT);
        divided1 = _mm512_ternarylogic_epi64(divided1, _mm512_sub_epi64(x1, above), x1, OR_AND_NOT);
        divided2 = _mm512_ternarylogic_epi64(divided2, _mm512_sub_epi64(x2, above), x2, OR_AND_NOT);
        divided3 = _mm512_ternarylogic_epi64(divided3, _mm512_sub_epi64(x3, above), x3, OR_AND_NOT);
    }
    return ~(_mm512_movepi64_mask(divided0) | (uint32_t)_mm512_movepi64_mask(divided1) << 8 |
             (uint32_t)_mm512_movepi64_mask(divided2) << 16 |
             (uint32_t)_mm512_movepi64_mask(divided3) << 24);
}

PRK_TARGET static __attribute__((noinline)) void
first_sieve(batch *b, const uint64_t *n, const uint32_t *place, uint32_t valid, int next) {
    pass_on(b, n, place, sieve(n, 0, FIRST_PRIMES) & valid, next);
}

// By the other primes; what is left is sorted by size.
PRK_TARGET static __attribute__((noinline)) void
second_sieve(batch *b, const uint64_t *n, const uint32_t *place, uint32_t valid, int next) {
    uint32_t left = sieve(n, FIRST_PRIMES, ALL_PRIMES) & valid;
    for (; left != 0; left >>= 8, n += 8, place += 8) {
        const __m512i x = _mm512_loadu_si512(n);
        const __mmask8 is_32 = (__mmask8)left & _mm512_cmple_epu64_mask(x, all(UINT32_MAX));
        const __mmask8 is_64 = (__mmask8)left & _mm512_cmpge_epu64_mask(x, all(UINT64_C(1) << 50));
        const __mmask8 is_50 = (__mmask8)left & ~is_32 & ~is_64;
        if (is_32) {
            push(&b->queues[next], n, place, is_32);
        }
        if (is_50) {
            push(&b->queues[next + 1], n, place, is_50);
        }
        if (is_64) {
            push(&b->queues[next + 2], n, place, is_64);
        }
    }
}

static const struct {
    stage *group, *vector;
    int size, next;
} stages[QUEUE_COUNT] = {
    [ODD] = {first_sieve, first_sieve, 8 * SIEVE_VECTORS, SIFTED},
    [SIFTED] = {second_sieve, second_sieve, 8 * SIEVE_VECTORS, CANDIDATES_32},
    [CANDIDATES_32] = {strong_word_group, strong_word_vector, 8 * STRONG_NARROW_VECTORS,
                       SURVIVORS_32},
    [CANDIDATES_50] = {strong_narrow_group, strong_narrow_vector, 8 * STRONG_NARROW_VECTORS,
                       SURVIVORS_50},
    [CANDIDATES_64] = {strong_wide_group, strong_wide_vector, 8 * STRONG_WIDE_VECTORS,
                       SURVIVORS_64},
    [SURVIVORS_32] = {lucas_word_group, lucas_word_vector, 8 * LUCAS_NARROW_VECTORS, NOWHERE},
    [SURVIVORS_50] = {lucas_narrow_group, lucas_narrow_vector, 8 * LUCAS_NARROW_VECTORS, NOWHERE},
    [SURVIVORS_64] = {lucas_wide_group, lucas_wide_vector, 8 * LUCAS_WIDE_VECTORS, NOWHERE},
};

PRK_TARGET static void run_queue(batch *b, int id, bool flush);

// Runs what comes after a stage, where enough numbers wait.
PRK_TARGET static void run_next(batch *b, int id) {
    const int next = stages[id].next, last = id == SIFTED ? next + CLASSES - 1 : next;
    for (int q = next; q <= last && q != NOWHERE; q++) {
        if (b->queues[q].count >= ENOUGH) {
            run_queue(b, q, false);
        }
    }
}

// Runs a queue's stage, oldest first, while there are whole groups; all that is left if `flush`.
PRK_TARGET static void run_queue(batch *b, int id, bool flush) {
    queue *q = &b->queues[id];
    const size_t size = (size_t)stages[id].size;
    size_t from = 0;
    for (; q->count - from >= size; from += size) {
        stages[id].group(b, q->n + from, q->place + from, (uint32_t)((UINT64_C(1) << size) - 1),
                         stages[id].next);
        run_next(b, id);
    }
    const size_t left = q->count - from;
    q->count = 0;
    if (left == 0) {
        return;
    }
    uint64_t *n = q->n + from;
    uint32_t *place = q->place + from;
    if (!flush) {
        memmove(q->n, n, left * sizeof *n);
        memmove(q->place, place, left * sizeof *place);
        q->count = left;
    } else if (left <= FEW && id > SIFTED) {
        one_by_one(b, n, place, (UINT32_C(1) << left) - 1);
    } else {
        for (size_t i = left; i < size; i++) { // idle lanes: a modulus like the others
            n[i] = n[0];
        }
        (left <= 8 ? stages[id].vector : stages[id].group)(
            b, n, place, (uint32_t)((UINT64_C(1) << left) - 1), stages[id].next);
        run_next(b, id);
    }
}

// 32 numbers from `n` on, of which the first `count` are of the batch.
VECTOR void take(batch *b, const uint64_t *n, uint32_t first, uint32_t count) {
    uint32_t place[MOST_NUMBERS], odd = 0, small = 0;
    uint64_t copy[MOST_NUMBERS];
    for (int v = 0; v < SIEVE_VECTORS; v++) {
        const uint32_t rest = count > 8u * (uint32_t)v ? count - 8u * (uint32_t)v : 0;
        const __mmask8 valid = rest >= 8 ? 0xff : (__mmask8)((1u << rest) - 1);
        const __m512i x = _mm512_maskz_loadu_epi64(valid, n + 8 * v);
        odd |= (uint32_t)_mm512_test_epi64_mask(x, all(1)) << (8 * v);
        small |= (uint32_t)_mm512_mask_cmplt_epu64_mask(valid, x, all(PRK_SMALL)) << (8 * v);
        _mm512_storeu_si512(copy + 8 * v, x);
        _mm256_storeu_si256((__m256i *)(place + 8 * v),
                            _mm256_add_epi32(_mm256_set1_epi32((int)first + 8 * v),
                                             _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
    }
    if ((odd & ~small) == UINT32_MAX) {
        first_sieve(b, n, place, UINT32_MAX, SIFTED);
        run_next(b, ODD);
        return;
    }
    if (small != 0) {
        one_by_one(b, copy, place, small);
    }
    pass_on(b, copy, place, odd & ~small, ODD);
    if (b->queues[ODD].count >= ENOUGH) {
        run_queue(b, ODD, false);
    }
}

// --- One number ----------------------------------------------------------------------------------

// Whether one of the table's primes from `first` to below `end` divides n, eight at once.
VECTOR bool has_small_factor(uint64_t n, int first, int end) {
    unsigned divided = 0;
    for (int i = first; i < end; i += 8) {
        __m512i x = _mm512_mullo_epi64(all(n), _mm512_loadu_si512(prk_sieve_inverses + i));
        divided |= _mm512_cmple_epu64_mask(x, _mm512_loadu_si512(prk_sieve_limits + i));
    }
    return divided != 0;
}

PRK_TARGET static bool is_prime_avx512ifma(uint64_t n) {
    if (n < PRK_SMALL) {
        return prk_verdict_in_order(n) == PRK_PRIME;
    }
    return (n & 1) != 0 && !has_small_factor(n, 0, PRK_SINGLE_PRIMES) &&
           !has_small_factor(n, PRK_SINGLE_PRIMES, PRK_LONG_SIEVE_COUNT) && prk_is_prime_both(n);
}

// --- Batches -------------------------------------------------------------------------------------

PRK_TARGET static void test_block(const uint64_t *n, uint8_t *verdicts, uint32_t count) {
    batch b;
    b.verdicts = verdicts;
    for (int id = 0; id < QUEUE_COUNT; id++) {
        b.queues[id].count = 0;
    }
    memset(verdicts, PRK_COMPOSITE, count);
    for (uint32_t i = 0; i < count; i += MOST_NUMBERS) {
        take(&b, n + i, i, count - i);
    }
    for (int id = 0; id < QUEUE_COUNT; id++) {
        run_queue(&b, id, true);
    }
}

PRK_TARGET static void test_batch_avx512ifma(const uint64_t *n, uint8_t *verdicts, size_t count) {
    if (count <= FEW) {
        for (size_t i = 0; i < count; i++) {
            verdicts[i] = n[i] < 2                    ? PRK_NEITHER
                          : is_prime_avx512ifma(n[i]) ? PRK_PRIME
                                                      : PRK_COMPOSITE;
        }
        return;
    }
    while (count > 0) { // places have 32 bits
        uint32_t block = count < (UINT32_C(1) << 30) ? (uint32_t)count : UINT32_C(1) << 30;
        test_block(n, verdicts, block);
        n += block;
        verdicts += block;
        count -= block;
    }
}

// --- Trial division ------------------------------------------------------------------------------

// A turn of the wheel of 30 is one vector; so many of them hide the latency of a Newton step.
enum { TURNS = 4, TRIAL_BLOCK = 30 * TURNS };

#define NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

// The reciprocals and divisors of a turn. The integer in the low 52 bits of 2^52 + d is d.
typedef struct turn {
    __m512d x, d;
    __m512i whole;
} turn;

VECTOR turn turn_begin(uint64_t base) {
    turn t;
    t.whole = _mm512_add_epi64(all(base), _mm512_setr_epi64(1, 7, 11, 13, 17, 19, 23, 29));
    t.d = _mm512_cvt_roundepu64_pd(t.whole, NEAREST);
    t.x = _mm512_div_round_pd(_mm512_set1_pd(1), t.d, NEAREST);
    return t;
}

// Whether a divisor of the turn divides n; moves on by a block.
VECTOR __mmask8 turn_try(turn *t, __m512d n, __m512i low_of_n, int newton_steps) {
    for (int i = 0; i < newton_steps; i++) {
        __m512d e = _mm512_fnmadd_round_pd(t->d, t->x, _mm512_set1_pd(1), NEAREST);
        t->x = _mm512_fmadd_round_pd(t->x, e, t->x, NEAREST);
    }
    // n x + 2^52, rounded to an integer: its low 52 bits are the quotient.
    __m512d q = _mm512_fmadd_round_pd(n, t->x, _mm512_set1_pd(0x1p52), NEAREST);
    __mmask8 divides =
        _mm512_cmpeq_epi64_mask(low(zero(), _mm512_castpd_si512(q), t->whole), low_of_n);
    t->d = _mm512_add_round_pd(t->d, _mm512_set1_pd(TRIAL_BLOCK), NEAREST);
    t->whole = _mm512_add_epi64(t->whole, all(TRIAL_BLOCK));
    return divides;
}

VECTOR uint64_t trial_scan_steps(uint64_t number, uint64_t base, uint64_t *end, int newton_steps) {
    const __m512d n = _mm512_cvt_roundepu64_pd(all(number), NEAREST);
    const __m512i low_of_n = all(number & LOW_52);
    turn t0 = turn_begin(base), t1 = turn_begin(base + 30), t2 = turn_begin(base + 60),
         t3 = turn_begin(base + 90);
    for (; base + TRIAL_BLOCK <= *end; base += TRIAL_BLOCK) {
        const __mmask8 m0 = turn_try(&t0, n, low_of_n, newton_steps),
                       m1 = turn_try(&t1, n, low_of_n, newton_steps),
                       m2 = turn_try(&t2, n, low_of_n, newton_steps),
                       m3 = turn_try(&t3, n, low_of_n, newton_steps);
        if (__builtin_expect((m0 | m1 | m2 | m3) != 0, 0)) {
            uint64_t divisor = prk_trial_range_body(number, base, base + TRIAL_BLOCK - 1);
            if (divisor != 0) {
                return divisor;
            }
        }
    }
    *end = base;
    return 0;
}

PRK_TARGET static uint64_t trial_scan(uint64_t n, uint64_t base, uint64_t *end, int newton_steps) {
    return newton_steps == 1 ? trial_scan_steps(n, base, end, 1)
                             : trial_scan_steps(n, base, end, 2);
}

PRK_TARGET static uint64_t trial_range_avx512ifma(uint64_t n, uint64_t from, uint64_t to) {
    return prk_trial_range_by_reciprocals(n, from, to, TRIAL_BLOCK, trial_scan);
}

#define PRK_OWN_IS_PRIME
#define PRK_OWN_TEST_BATCH
#define PRK_OWN_TRIAL_RANGE
#include "u64_instance.h"

#else
typedef int prk_no_avx512ifma_here; // a translation unit may not be empty
#endif
