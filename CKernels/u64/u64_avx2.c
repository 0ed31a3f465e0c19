// SPDX-License-Identifier: Apache-2.0
//
// Level avx2: vectors of doubles for numbers below 2^50 and for trial division, interleaved scalar
// code above. Below 2^32 one strong test decides, as in u64_word.h.
//
// AVX2 has no wide multiplication of integers, but a fused multiply-add gives a product of doubles
// with its error, exactly. From 2^50 on that is not enough, and four 64-bit squares from 32-bit
// products take eleven multiplications and all their carries: 0.98 ns a number, against 1.02 of the
// interleaved scalar code (Zen 4, clang 21), which is too little to pay for queues.

#if defined(__x86_64__)

#include <immintrin.h>

#include "trial_reciprocal.h"
#include "u64_interleaved.h"

#define PRK_TARGET __attribute__((target("avx2,fma,bmi,bmi2,lzcnt")))
#define PRK_SUFFIX avx2
#define PRK_LEVEL PRK_LEVEL_AVX2
#define PRK_NAME "avx2"

#define VECTOR PRK_TARGET static inline __attribute__((always_inline))

VECTOR __m256d all(double x) { return _mm256_set1_pd(x); }
VECTOR __m256i all_bits(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
VECTOR __m256i load(const uint64_t *x) { return _mm256_loadu_si256((const __m256i *)x); }
VECTOR unsigned lanes(__m256d mask) { return (unsigned)_mm256_movemask_pd(mask); }
VECTOR __m256d equal(__m256d a, __m256d b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
VECTOR __m256d either(__m256d a, __m256d b) { return _mm256_or_pd(a, b); }
VECTOR __m256d both(__m256d a, __m256d b) { return _mm256_and_pd(a, b); }

// The bounds of this file are for rounding to nearest, whatever the caller has set. Returns what it
// was. What computes is in functions of its own, never inlined, so that no arithmetic leaves them
// for where the mode is another one.
VECTOR unsigned round_to_nearest(void) {
    const unsigned state = _mm_getcsr();
    _mm_setcsr(0x1f80); // to nearest, no exception trapped
    return state;
}

// An integer below 2^52 as a double: exact.
VECTOR __m256d as_double(__m256i x) {
    const __m256i magic = all_bits(UINT64_C(0x4330000000000000)); // 2^52
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, magic)), all(0x1p52));
}

// Where bit `level` of `bits` is set b, else a.
VECTOR __m256d choose(__m256d a, __m256d b, __m256i bits, int level) {
    const __m256i sign = _mm256_sll_epi64(bits, _mm_cvtsi32_si128(63 - level));
    return _mm256_blendv_pd(a, b, _mm256_castsi256_pd(sign));
}

// --- Arithmetic modulo four odd n < 2^50 ---------------------------------------------------------
//
// Residues are whole numbers x in doubles, of either sign, |x| <= n.

typedef struct modulus {
    __m256d n, reciprocal;
} modulus;

VECTOR modulus modulus_make(__m256i n) {
    const __m256d d = as_double(n);
    return (modulus){d, _mm256_div_pd(all(1), d)};
}

// a b mod n, at most 3/4 n in magnitude, for |a b| <= 2^50 n.
//
// high + low is a b. The quotient q is rounded from high / n, which is wrong by 2^-53 of it in
// `high` and as much in the reciprocal: |q - a b / n| < 1/2 + 2^-52 2^50. The sum in which it is
// rounded has units of 1. Both high - q n and the result are whole numbers below 2^51, so that
// neither is rounded: only the size of the result depends on how q was, not its class.
VECTOR __m256d multiply(modulus m, __m256d a, __m256d b) {
    const __m256d high = _mm256_mul_pd(a, b), low = _mm256_fmsub_pd(a, b, high);
    const __m256d magic = all(0x1.8p52);
    const __m256d q = _mm256_sub_pd(_mm256_fmadd_pd(high, m.reciprocal, magic), magic);
    return _mm256_add_pd(_mm256_fnmadd_pd(q, m.n, high), low);
}

// 2 x mod n.
VECTOR __m256d twice(modulus m, __m256d x) {
    const __m256d n_as_x = _mm256_or_pd(m.n, _mm256_and_pd(x, all(-0.0))); // the sign of x
    return _mm256_sub_pd(_mm256_add_pd(x, x), n_as_x);
}

// Where x is k modulo n, for a small k of either sign.
VECTOR __m256d is(modulus m, __m256d x, double k) {
    const __m256d other = k < 0 ? _mm256_add_pd(m.n, all(k)) : _mm256_sub_pd(all(k), m.n);
    return either(equal(x, all(k)), equal(x, other));
}

// --- The tests -----------------------------------------------------------------------------------
//
// As in u64_interleaved.h, four numbers in the place of one, and powers of 2 itself: residues need
// no form. The five leading bits of the exponent are free.

enum { STRONG_GROUP = 16, LUCAS_GROUP = 8 };

typedef struct strong {
    modulus m;
    __m256i bits, last, start; // bits: n - 1; last: its lowest set bit, 2^s
    __m256d x;
} strong;

typedef struct candidates {
    int count;
    uint64_t n[STRONG_GROUP], start[STRONG_GROUP];
    double power[STRONG_GROUP];
    size_t place[STRONG_GROUP];
} candidates;

VECTOR strong strong_begin(const candidates *c, int i) {
    const __m256i n = load(c->n + i);
    strong t = {.m = modulus_make(n), .bits = _mm256_sub_epi64(n, all_bits(1))};
    t.last = _mm256_and_si256(t.bits, _mm256_sub_epi64(all_bits(0), t.bits));
    t.start = load(c->start + i);
    t.x = _mm256_loadu_pd(c->power + i);
    return t;
}

VECTOR void strong_step(strong *t, int level) {
    const __m256d x = multiply(t->m, t->x, t->x);
    t->x = choose(x, twice(t->m, x), t->bits, level);
}

VECTOR unsigned strong_look(const strong *t, int level) {
    const __m256i bit = all_bits(UINT64_C(1) << level);
    const __m256d is_last = _mm256_castsi256_pd(_mm256_cmpeq_epi64(t->last, bit));
    const __m256d counts =
        _mm256_castsi256_pd(_mm256_cmpgt_epi64(t->last, _mm256_sub_epi64(bit, all_bits(1))));
    return lanes(either(both(counts, is(t->m, t->x, -1)), both(is_last, is(t->m, t->x, 1))));
}

// The test of u64_word.h. With a base below 2^6 the product of x and x times the base stays below
// 2^6 n^2 < 2^50 n.
typedef struct word {
    modulus m;
    __m256i bits, last, start; // as above
    __m256d base, x;
} word;

typedef struct words {
    int count;
    uint64_t n[STRONG_GROUP], start[STRONG_GROUP];
    double base[STRONG_GROUP], power[STRONG_GROUP];
    size_t place[STRONG_GROUP];
} words;

VECTOR word word_begin(const words *c, int i) {
    const __m256i n = load(c->n + i);
    word t = {.m = modulus_make(n), .bits = _mm256_sub_epi64(n, all_bits(1))};
    t.last = _mm256_and_si256(t.bits, _mm256_sub_epi64(all_bits(0), t.bits));
    t.start = load(c->start + i);
    t.base = _mm256_loadu_pd(c->base + i);
    t.x = multiply(t.m, _mm256_loadu_pd(c->power + i), all(1));
    return t;
}

VECTOR void word_step(word *t, int level) {
    t->x = multiply(t->m, t->x, choose(t->x, _mm256_mul_pd(t->x, t->base), t->bits, level));
}

VECTOR unsigned word_look(const word *t, int level) {
    const strong s = {.m = t->m, .last = t->last, .x = t->x};
    return strong_look(&s, level);
}

typedef struct lucas {
    modulus m;
    __m256i changes, last, start;
    __m256d p, squared, product;
} lucas;

typedef struct survivors {
    int count;
    uint64_t n[LUCAS_GROUP], start[LUCAS_GROUP];
    double p[LUCAS_GROUP];
    size_t place[LUCAS_GROUP];
} survivors;

VECTOR lucas lucas_begin(const survivors *s, int i) {
    const __m256i n = load(s->n + i), successor = _mm256_add_epi64(n, all_bits(1));
    lucas t = {.m = modulus_make(n), .start = load(s->start + i)};
    t.changes = _mm256_xor_si256(successor, _mm256_srli_epi64(successor, 1));
    t.last = _mm256_and_si256(successor, _mm256_sub_epi64(all_bits(0), successor));
    t.p = t.product = _mm256_loadu_pd(s->p + i);
    t.squared = _mm256_fmsub_pd(t.p, t.p, all(2));
    return t;
}

// P < 2^17: |x| stays below 3/4 n + P < n.
VECTOR void lucas_step(lucas *t, int level) {
    const __m256d a = choose(t->squared, t->product, t->changes, level);
    t->product = _mm256_sub_pd(multiply(t->m, t->squared, t->product), t->p);
    t->squared = _mm256_sub_pd(multiply(t->m, a, a), all(2));
}

VECTOR unsigned lucas_look(const lucas *t, int level) {
    const __m256i bit = all_bits(UINT64_C(1) << level);
    const __m256d is_last = _mm256_castsi256_pd(_mm256_cmpeq_epi64(t->last, bit));
    const __m256d counts =
        _mm256_castsi256_pd(_mm256_cmpgt_epi64(t->last, _mm256_sub_epi64(bit, all_bits(1))));
    const __m256d v = _mm256_blendv_pd(t->squared, t->product, is_last);
    const __m256d is_zero = level > 1 ? both(counts, equal(v, all(0))) : all(0);
    return lanes(either(both(is_last, either(is(t->m, v, 2), is(t->m, v, -2))), is_zero));
}

#define FOUR(statement) statement(0) statement(1) statement(2) statement(3)
#define TWO(statement) statement(0) statement(1)
#define BEGIN(test, waiting, i)                                                                    \
    test t##i = test##_begin(waiting, 4 * i);                                                      \
    ends = _mm256_or_si256(ends, t##i.last);
#define STEP_WHERE_STARTED(test, i)                                                                \
    {                                                                                              \
        const __m256d started =                                                                    \
            _mm256_castsi256_pd(_mm256_cmpgt_epi64(t##i.start, all_bits((uint64_t)level)));        \
        test next = t##i;                                                                          \
        test##_step(&next, level);                                                                 \
        HOLD_##test(i);                                                                            \
        passed |= (lanes(started) & test##_look(&t##i, level)) << (4 * i);                         \
    }
#define HOLD(i, x) t##i.x = _mm256_blendv_pd(t##i.x, next.x, started)
#define HOLD_strong(i) HOLD(i, x)
#define HOLD_word(i) HOLD(i, x)
#define HOLD_lucas(i)                                                                              \
    HOLD(i, squared);                                                                              \
    HOLD(i, product)
#define LOOK(test, i) passed |= test##_look(&t##i, level) << (4 * i);

VECTOR int top_bit(__m256i x) {
    __m128i half = _mm_or_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return 63 - __builtin_clzll((uint64_t)_mm_cvtsi128_si64(half) |
                                (uint64_t)_mm_extract_epi64(half, 1));
}

// From the first to begin to the last.
static void bounds(const uint64_t *start, int count, int *level, int *all_started) {
    *level = 0;
    *all_started = 64;
    for (int i = 0; i < count; i++) {
        *level = *level > (int)start[i] ? *level : (int)start[i];
        *all_started = *all_started < (int)start[i] ? *all_started : (int)start[i];
    }
}

PRK_TARGET static __attribute__((noinline)) unsigned strong_group(const candidates *c) {
    int level, all_started;
    unsigned passed = 0;
    bounds(c->start, STRONG_GROUP, &level, &all_started);
    __m256i ends = all_bits(0);
#define BEGIN_STRONG(i) BEGIN(strong, c, i)
#define FIRST_STEP(i) STEP_WHERE_STARTED(strong, i)
#define STEP(i) strong_step(&t##i, level);
#define LOOK_STRONG(i) LOOK(strong, i)
    FOUR(BEGIN_STRONG)
    const int first_look = top_bit(ends);
    PRK_DESCEND(FOUR, FIRST_STEP, STEP, LOOK_STRONG)
#undef FIRST_STEP
#undef STEP
    return passed;
}

PRK_TARGET static __attribute__((noinline)) unsigned word_group(const words *c) {
    int level, all_started;
    unsigned passed = 0;
    bounds(c->start, STRONG_GROUP, &level, &all_started);
    __m256i ends = all_bits(0);
#define BEGIN_WORD(i) BEGIN(word, c, i)
#define FIRST_STEP(i) STEP_WHERE_STARTED(word, i)
#define STEP(i) word_step(&t##i, level);
#define LOOK_WORD(i) LOOK(word, i)
    FOUR(BEGIN_WORD)
    const int first_look = top_bit(ends);
    PRK_DESCEND(FOUR, FIRST_STEP, STEP, LOOK_WORD)
#undef FIRST_STEP
#undef STEP
    return passed;
}

PRK_TARGET static __attribute__((noinline)) unsigned lucas_group(const survivors *s) {
    int level, all_started;
    unsigned passed = 0;
    bounds(s->start, LUCAS_GROUP, &level, &all_started);
    __m256i ends = all_bits(0);
#define BEGIN_LUCAS(i) BEGIN(lucas, s, i)
#define FIRST_STEP(i) STEP_WHERE_STARTED(lucas, i)
#define STEP(i) lucas_step(&t##i, level);
#define LOOK_LUCAS(i) LOOK(lucas, i)
    TWO(BEGIN_LUCAS)
    const int first_look = top_bit(ends);
    PRK_DESCEND(TWO, FIRST_STEP, STEP, LOOK_LUCAS)
#undef FIRST_STEP
#undef STEP
    return passed;
}

// --- The way of a batch --------------------------------------------------------------------------

PRK_GROUPS

typedef struct waiting {
    words words;
    candidates candidates;
    survivors survivors;
} waiting;

// A number that passed the strong test.
PRK_TARGET static void wait_for_lucas(waiting *w, uint64_t n, size_t place, uint8_t *verdicts) {
    survivors *s = &w->survivors;
    const uint64_t p = prk_lucas_parameter_u64(n);
    if (p == 0) {
        return; // composite
    }
    const int i = s->count++;
    s->n[i] = n;
    s->place[i] = place;
    s->start[i] = 63 - (uint64_t)__builtin_clzll(n + 1);
    s->p[i] = (double)p;
    if (s->count == LUCAS_GROUP) {
        unsigned passed = lucas_group(s);
        for (int k = 0; k < LUCAS_GROUP; k++) {
            verdicts[s->place[k]] = passed >> k & 1 ? PRK_PRIME : PRK_COMPOSITE;
        }
        s->count = 0;
    }
}

// A number below 2^32 without small factors.
PRK_TARGET static void wait_for_word(waiting *w, uint64_t n, size_t place, uint8_t *verdicts) {
    words *c = &w->words;
    const int start = 61 - __builtin_clzll(n - 1); // below which are three bits, 4 … 7
    if (__builtin_ctzll(n - 1) >= start) {         // the levels to look at begin above the start
        verdicts[place] = in_order(n);
        return;
    }
    const uint64_t base = prk_strong_base_u32((uint32_t)n), square = base * base;
    const uint64_t exponent = (n - 1) >> start;
    const int i = c->count++;
    c->n[i] = n;
    c->place[i] = place;
    c->start[i] = (uint64_t)start;
    c->base[i] = (double)base;
    c->power[i] =
        (double)(square * square * (exponent & 1 ? base : 1) * (exponent & 2 ? square : 1));
    if (c->count == STRONG_GROUP) {
        c->count = 0;
        for (unsigned passed = word_group(c); passed != 0; passed &= passed - 1) {
            verdicts[c->place[__builtin_ctz(passed)]] = PRK_PRIME;
        }
    }
}

PRK_TARGET static __attribute__((noinline)) void words_one_by_one(const words *c,
                                                                  uint8_t *verdicts) {
    for (int i = 0; i < c->count; i++) {
        verdicts[c->place[i]] = prk_is_prime_word(c->n[i]) ? PRK_PRIME : PRK_COMPOSITE;
    }
}

// A number from 2^32 to 2^50 without small factors.
PRK_TARGET static void wait_for_strong(waiting *w, uint64_t n, size_t place, uint8_t *verdicts) {
    candidates *c = &w->candidates;
    const int start = 59 - __builtin_clzll(n - 1); // below which are five bits, 16 … 31
    if (__builtin_ctzll(n - 1) >= start) {         // the levels to look at begin above the start
        verdicts[place] = in_order(n);
        return;
    }
    const int i = c->count++;
    c->n[i] = n;
    c->place[i] = place;
    c->start[i] = (uint64_t)start;
    c->power[i] = (double)(UINT64_C(1) << ((n - 1) >> start));
    if (c->count == STRONG_GROUP) {
        c->count = 0;
        for (unsigned passed = strong_group(c); passed != 0; passed &= passed - 1) {
            int k = __builtin_ctz(passed);
            wait_for_lucas(w, c->n[k], c->place[k], verdicts);
        }
    }
}

PRK_TARGET static __attribute__((noinline)) void test_numbers(const uint64_t *n, uint8_t *verdicts,
                                                              size_t count) {
    waiting vectors;
    prk_waiting others;
    vectors.words.count = vectors.candidates.count = vectors.survivors.count = 0;
    others.candidate_count = others.survivor_count = 0;
    memset(verdicts, PRK_COMPOSITE, count);
    for (size_t i = 0; i < count; i++) {
        if (n[i] < PRK_SMALL) {
            verdicts[i] = in_order(n[i]);
        } else if ((n[i] & 1) != 0 && !prk_has_small_factor(n[i], PRK_BATCH_PRIMES)) {
            if (n[i] <= UINT32_MAX) {
                wait_for_word(&vectors, n[i], i, verdicts);
            } else if (n[i] < UINT64_C(1) << 50) {
                wait_for_strong(&vectors, n[i], i, verdicts);
            } else {
                prk_wait_for_strong(&others, n[i], i, verdicts, &groups_here);
            }
        }
    }
    // Groups that were not filled.
    words_one_by_one(&vectors.words, verdicts);
    for (int i = 0; i < vectors.candidates.count; i++) {
        prk_wait_for_strong(&others, vectors.candidates.n[i], vectors.candidates.place[i], verdicts,
                            &groups_here);
    }
    for (int i = 0; i < vectors.survivors.count; i++) {
        prk_wait_for_lucas(&others, vectors.survivors.n[i], vectors.survivors.place[i], verdicts,
                           &groups_here);
    }
    prk_stop_waiting(&others, verdicts, &groups_here);
}

PRK_TARGET static void test_batch_avx2(const uint64_t *n, uint8_t *verdicts, size_t count) {
    const unsigned state = round_to_nearest();
    test_numbers(n, verdicts, count);
    _mm_setcsr(state);
}

// --- Trial division ------------------------------------------------------------------------------

// Two vectors are a turn of the wheel of 30; so many turns hide the latency of a Newton step.
enum { TURNS = 2, TRIAL_BLOCK = 30 * TURNS };

// What is added to a double below 2^52 to have it as an integer in the low 52 bits.
VECTOR __m256d magic(void) { return all(0x1p52); }

// Half a turn: divisors and the reciprocals of those before them.
typedef struct spokes {
    __m256d x, d;
} spokes;

VECTOR spokes spokes_begin(uint64_t base, __m256d offsets) {
    spokes s = {.d = _mm256_add_pd(all((double)base), offsets)};
    s.x = _mm256_div_pd(all(1), s.d);
    return s;
}

// All ones where a divisor divides n modulo 2^32; moves on by a block.
VECTOR __m256i spokes_try(spokes *s, __m256d n, __m256i low_of_n, int newton_steps) {
    for (int i = 0; i < newton_steps; i++) {
        __m256d e = _mm256_fnmadd_pd(s->d, s->x, all(1));
        s->x = _mm256_fmadd_pd(s->x, e, s->x);
    }
    const __m256i q = _mm256_castpd_si256(_mm256_fmadd_pd(n, s->x, magic())); // n / d, rounded
    const __m256i d = _mm256_castpd_si256(_mm256_add_pd(s->d, magic()));
    s->d = _mm256_add_pd(s->d, all(TRIAL_BLOCK));
    return _mm256_cmpeq_epi32(_mm256_mul_epu32(q, d), low_of_n);
}

VECTOR uint64_t trial_scan_steps(uint64_t number, uint64_t base, uint64_t *end, int newton_steps) {
    const __m256d n = all((double)number);
    const __m256i low_of_n = all_bits(number & UINT32_MAX);
    const __m256d near = _mm256_setr_pd(1, 7, 11, 13), far = _mm256_setr_pd(17, 19, 23, 29);
    spokes a0 = spokes_begin(base, near), b0 = spokes_begin(base, far);
    spokes a1 = spokes_begin(base + 30, near), b1 = spokes_begin(base + 30, far);
    for (; base + TRIAL_BLOCK <= *end; base += TRIAL_BLOCK) {
        const __m256i found =
            _mm256_or_si256(_mm256_or_si256(spokes_try(&a0, n, low_of_n, newton_steps),
                                            spokes_try(&b0, n, low_of_n, newton_steps)),
                            _mm256_or_si256(spokes_try(&a1, n, low_of_n, newton_steps),
                                            spokes_try(&b1, n, low_of_n, newton_steps)));
        if (__builtin_expect(lanes(_mm256_castsi256_pd(_mm256_slli_epi64(found, 32))) != 0, 0)) {
            uint64_t divisor = prk_trial_range_body(number, base, base + TRIAL_BLOCK - 1);
            if (divisor != 0) {
                return divisor;
            }
        }
    }
    *end = base;
    return 0;
}

// Functions of their own, so that no arithmetic leaves them for where the rounding mode is another
// one.
PRK_TARGET static __attribute__((noinline)) uint64_t trial_scan_one(uint64_t n, uint64_t base,
                                                                    uint64_t *end) {
    return trial_scan_steps(n, base, end, 1);
}

PRK_TARGET static __attribute__((noinline)) uint64_t trial_scan_two(uint64_t n, uint64_t base,
                                                                    uint64_t *end) {
    return trial_scan_steps(n, base, end, 2);
}

PRK_TARGET static uint64_t trial_scan(uint64_t n, uint64_t base, uint64_t *end, int newton_steps) {
    const unsigned state = round_to_nearest();
    uint64_t divisor =
        newton_steps == 1 ? trial_scan_one(n, base, end) : trial_scan_two(n, base, end);
    _mm_setcsr(state);
    return divisor;
}

PRK_TARGET static uint64_t trial_range_avx2(uint64_t n, uint64_t from, uint64_t to) {
    return prk_trial_range_by_reciprocals(n, from, to, TRIAL_BLOCK, trial_scan);
}

#define PRK_OWN_TEST_BATCH
#define PRK_OWN_TRIAL_RANGE
#include "u64_instance.h"

#else
typedef int prk_no_avx2_here; // a translation unit may not be empty
#endif
