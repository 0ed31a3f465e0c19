// SPDX-License-Identifier: Apache-2.0
//
// Level avx2: vectors for numbers below 2^32 and for trial division, interleaved scalar code above.
//
// AVX2 multiplies 32 bits by 32, four at once. Below 2^32 that is one step of Montgomery's in three
// multiplications for four numbers. A 64-bit number would take ten and the carries between its
// halves about as many additions again, for four numbers; the scalar multiplier does four in twelve
// multiplications with nothing between them, and is faster.

#if defined(__x86_64__)

#include <immintrin.h>

#include "trial_reciprocal.h"
#include "u64_interleaved.h"

#define PRK_TARGET __attribute__((target("avx2,fma,bmi,bmi2,lzcnt")))
#define PRK_SUFFIX avx2
#define PRK_LEVEL PRK_LEVEL_AVX2
#define PRK_NAME "avx2"

#define VECTOR PRK_TARGET static inline __attribute__((always_inline))

VECTOR __m256i all(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
VECTOR __m256i zero(void) { return _mm256_setzero_si256(); }
VECTOR __m256i high_half(__m256i x) { return _mm256_srli_epi64(x, 32); }
VECTOR __m256i load(const uint64_t *x) { return _mm256_loadu_si256((const __m256i *)x); }
VECTOR unsigned lanes(__m256i mask) {
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(mask));
}

// Where bit `level` of `bits` is set b, else a.
VECTOR __m256i choose(__m256i a, __m256i b, __m256i bits, int level) {
    const __m256i sign = _mm256_sll_epi64(bits, _mm_cvtsi32_si128(63 - level));
    return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b),
                                                _mm256_castsi256_pd(sign)));
}

// --- Arithmetic modulo four odd n < 2^32 ---------------------------------------------------------
//
// Montgomery's form with R = 2^32, a residue in each 64-bit lane, canonical.

typedef struct word_modulus {
    __m256i n, inverse; // n^-1 mod 2^32 in the low halves
} word_modulus;

VECTOR word_modulus word_make(__m256i n) {
    // As prk_inverse_u64; 32 bits are right after three steps.
    __m256i x = _mm256_xor_si256(_mm256_add_epi64(n, _mm256_add_epi64(n, n)), all(2));
    for (int i = 0; i < 3; i++) {
        x = _mm256_mul_epu32(x, _mm256_sub_epi64(all(2), _mm256_mul_epu32(n, x)));
    }
    return (word_modulus){n, x};
}

// x in -n … n - 1, as 64 bits, to 0 … n - 1.
VECTOR __m256i word_wrap(word_modulus m, __m256i x) {
    return _mm256_add_epi64(x, _mm256_and_si256(high_half(x), m.n));
}

VECTOR __m256i word_multiply(word_modulus m, __m256i a, __m256i b) {
    const __m256i product = _mm256_mul_epu32(a, b);
    const __m256i q = _mm256_mul_epu32(product, m.inverse);
    return word_wrap(m, _mm256_sub_epi64(high_half(product), high_half(_mm256_mul_epu32(q, m.n))));
}

// x / R mod n, in 1 … n: n stands for 0.
VECTOR __m256i word_leave(word_modulus m, __m256i x) {
    const __m256i q = _mm256_mul_epu32(x, m.inverse);
    return _mm256_sub_epi64(m.n, high_half(_mm256_mul_epu32(q, m.n)));
}

// --- The tests -----------------------------------------------------------------------------------
//
// As in u64_interleaved.h, four numbers in the place of one; five leading bits of the exponent are
// free. What is cheap for one number and dear for a vector is prepared when a number begins to
// wait.

enum { STRONG_GROUP = 16, LUCAS_GROUP = 8 };

typedef struct word_strong {
    word_modulus m;
    __m256i bits, last, start, x; // last: 2^s
} word_strong;

typedef struct word_candidates {
    int count;
    uint64_t n[STRONG_GROUP], start[STRONG_GROUP], power[STRONG_GROUP];
    size_t place[STRONG_GROUP];
} word_candidates;

VECTOR word_strong word_strong_begin(const word_candidates *c, int i) {
    const __m256i n = load(c->n + i);
    word_strong t = {.m = word_make(n), .bits = _mm256_sub_epi64(all(1), n)};
    t.last = _mm256_and_si256(t.bits, _mm256_sub_epi64(n, all(1)));
    t.start = load(c->start + i);
    t.x = load(c->power + i);
    return t;
}

VECTOR void word_strong_step(word_strong *t, int level) {
    const __m256i x = word_multiply(t->m, t->x, t->x);
    const __m256i twice = word_wrap(t->m, _mm256_sub_epi64(_mm256_add_epi64(x, x), t->m.n));
    t->x = choose(x, twice, t->bits, level);
}

VECTOR unsigned word_strong_look(const word_strong *t, int level) {
    const __m256i y = word_leave(t->m, t->x), bit = all(UINT64_C(1) << level);
    const __m256i is_last = _mm256_cmpeq_epi64(t->last, bit);
    const __m256i counts = _mm256_cmpgt_epi64(t->last, _mm256_sub_epi64(bit, all(1)));
    const __m256i is_one = _mm256_cmpeq_epi64(y, all(1));
    const __m256i is_minus_one = _mm256_cmpeq_epi64(_mm256_add_epi64(y, all(1)), t->m.n);
    return lanes(
        _mm256_or_si256(_mm256_and_si256(counts, is_minus_one), _mm256_and_si256(is_last, is_one)));
}

typedef struct word_lucas {
    word_modulus m;
    __m256i changes, last, start, two, p, squared, product;
} word_lucas;

typedef struct word_survivors {
    int count;
    uint64_t n[LUCAS_GROUP], start[LUCAS_GROUP], two[LUCAS_GROUP], p[LUCAS_GROUP];
    size_t place[LUCAS_GROUP];
} word_survivors;

VECTOR __m256i word_multiply_less(word_modulus m, __m256i a, __m256i b, __m256i c) {
    return word_wrap(m, _mm256_sub_epi64(word_multiply(m, a, b), c));
}

VECTOR word_lucas word_lucas_begin(const word_survivors *s, int i) {
    const __m256i n = load(s->n + i), successor = _mm256_add_epi64(n, all(1));
    word_lucas t = {.m = word_make(n), .start = load(s->start + i)};
    t.changes = _mm256_xor_si256(successor, _mm256_srli_epi64(successor, 1));
    t.last = _mm256_and_si256(successor, _mm256_sub_epi64(zero(), successor));
    t.two = load(s->two + i);
    t.p = t.product = load(s->p + i);
    t.squared = word_multiply_less(t.m, t.p, t.p, t.two);
    return t;
}

VECTOR void word_lucas_step(word_lucas *t, int level) {
    const __m256i a = choose(t->squared, t->product, t->changes, level);
    t->product = word_multiply_less(t->m, t->squared, t->product, t->p);
    t->squared = word_multiply_less(t->m, a, a, t->two);
}

VECTOR unsigned word_lucas_look(const word_lucas *t, int level) {
    const __m256i bit = all(UINT64_C(1) << level);
    const __m256i is_last = _mm256_cmpeq_epi64(t->last, bit);
    const __m256i v = _mm256_blendv_epi8(t->squared, t->product, is_last);
    const __m256i is_two = _mm256_or_si256(_mm256_cmpeq_epi64(v, t->two),
                                           _mm256_cmpeq_epi64(_mm256_add_epi64(v, t->two), t->m.n));
    const __m256i counts = _mm256_cmpgt_epi64(t->last, _mm256_sub_epi64(bit, all(1)));
    const __m256i is_zero =
        level > 1 ? _mm256_and_si256(counts, _mm256_cmpeq_epi64(v, zero())) : zero();
    return lanes(_mm256_or_si256(_mm256_and_si256(is_last, is_two), is_zero));
}

#define FOUR(statement) statement(0) statement(1) statement(2) statement(3)
#define TWO(statement) statement(0) statement(1)
#define BEGIN(test, waiting, i)                                                                    \
    word_##test t##i = word_##test##_begin(waiting, 4 * i);                                        \
    ends = _mm256_or_si256(ends, t##i.last);
#define STEP_WHERE_STARTED(test, i)                                                                \
    {                                                                                              \
        const __m256i started = _mm256_cmpgt_epi64(t##i.start, all((uint64_t)level));              \
        word_##test next = t##i;                                                                   \
        word_##test##_step(&next, level);                                                          \
        HOLD_##test(i);                                                                            \
        passed |= (lanes(started) & word_##test##_look(&t##i, level)) << (4 * i);                  \
    }
#define HOLD(i, x) t##i.x = _mm256_blendv_epi8(t##i.x, next.x, started)
#define HOLD_strong(i) HOLD(i, x)
#define HOLD_lucas(i)                                                                              \
    HOLD(i, squared);                                                                              \
    HOLD(i, product)
#define LOOK(test, i) passed |= word_##test##_look(&t##i, level) << (4 * i);

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

PRK_TARGET static __attribute__((noinline)) unsigned word_strong_group(const word_candidates *c) {
    int level, all_started;
    unsigned passed = 0;
    bounds(c->start, STRONG_GROUP, &level, &all_started);
    __m256i ends = zero();
#define BEGIN_STRONG(i) BEGIN(strong, c, i)
#define FIRST_STEP(i) STEP_WHERE_STARTED(strong, i)
#define STEP(i) word_strong_step(&t##i, level);
#define LOOK_STRONG(i) LOOK(strong, i)
    FOUR(BEGIN_STRONG)
    const int first_look = top_bit(ends);
    PRK_DESCEND(FOUR, FIRST_STEP, STEP, LOOK_STRONG)
#undef FIRST_STEP
#undef STEP
    return passed;
}

PRK_TARGET static __attribute__((noinline)) unsigned word_lucas_group(const word_survivors *s) {
    int level, all_started;
    unsigned passed = 0;
    bounds(s->start, LUCAS_GROUP, &level, &all_started);
    __m256i ends = zero();
#define BEGIN_LUCAS(i) BEGIN(lucas, s, i)
#define FIRST_STEP(i) STEP_WHERE_STARTED(lucas, i)
#define STEP(i) word_lucas_step(&t##i, level);
#define LOOK_LUCAS(i) LOOK(lucas, i)
    TWO(BEGIN_LUCAS)
    const int first_look = top_bit(ends);
    PRK_DESCEND(TWO, FIRST_STEP, STEP, LOOK_LUCAS)
#undef FIRST_STEP
#undef STEP
    return passed;
}

// --- The way of a batch --------------------------------------------------------------------------

typedef struct word_waiting {
    word_candidates candidates;
    word_survivors survivors;
} word_waiting;

// A number that passed the strong test.
PRK_TARGET static void word_wait_for_lucas(word_waiting *w, uint64_t n, size_t place,
                                           uint8_t *verdicts) {
    word_survivors *s = &w->survivors;
    const uint64_t p = prk_lucas_parameter_u64(n);
    if (p == 0) {
        return; // composite
    }
    const int i = s->count++;
    s->n[i] = n;
    s->place[i] = place;
    s->start[i] = 63 - (uint64_t)__builtin_clzll(n + 1);
    s->two[i] = (UINT64_C(2) << 32) % n;
    s->p[i] = (p << 32) % n;
    if (s->count == LUCAS_GROUP) {
        unsigned passed = word_lucas_group(s);
        for (int k = 0; k < LUCAS_GROUP; k++) {
            verdicts[s->place[k]] = passed >> k & 1 ? PRK_PRIME : PRK_COMPOSITE;
        }
        s->count = 0;
    }
}

// A number below 2^32 without small factors.
PRK_TARGET static void word_wait_for_strong(word_waiting *w, uint64_t n, size_t place,
                                            uint8_t *verdicts) {
    word_candidates *c = &w->candidates;
    const int start = 59 - __builtin_clzll(n - 2);
    if (__builtin_ctzll(n - 1) >= start) { // the levels to look at begin above the start
        verdicts[place] = prk_verdict_in_order(n);
        return;
    }
    const int i = c->count++;
    c->n[i] = n;
    c->place[i] = place;
    c->start[i] = (uint64_t)start;
    c->power[i] = UINT64_C(1) << (31 - ((n - 2) >> start));
    if (c->count == STRONG_GROUP) {
        c->count = 0;
        for (unsigned passed = word_strong_group(c); passed != 0; passed &= passed - 1) {
            int k = __builtin_ctz(passed);
            word_wait_for_lucas(w, c->n[k], c->place[k], verdicts);
        }
    }
}

PRK_TARGET static void test_batch_avx2(const uint64_t *n, uint8_t *verdicts, size_t count) {
    word_waiting words;
    prk_waiting others;
    words.candidates.count = words.survivors.count = 0;
    others.candidate_count = others.survivor_count = 0;
    memset(verdicts, PRK_COMPOSITE, count);
    for (size_t i = 0; i < count; i++) {
        if (n[i] < PRK_BATCH_SIEVE_BOUND) {
            verdicts[i] = prk_verdict_in_order(n[i]);
        } else if ((n[i] & 1) != 0 && !prk_has_small_factor(n[i])) {
            if (n[i] <= UINT32_MAX) {
                word_wait_for_strong(&words, n[i], i, verdicts);
            } else {
                prk_wait_for_strong(&others, n[i], i, verdicts);
            }
        }
    }
    // Groups that were not filled.
    for (int i = 0; i < words.candidates.count; i++) {
        prk_wait_for_strong(&others, words.candidates.n[i], words.candidates.place[i], verdicts);
    }
    for (int i = 0; i < words.survivors.count; i++) {
        prk_wait_for_lucas(&others, words.survivors.n[i], words.survivors.place[i], verdicts);
    }
    prk_stop_waiting(&others, verdicts);
}

// --- Trial division ------------------------------------------------------------------------------

// Two vectors are a turn of the wheel of 30; so many turns hide the latency of a Newton step.
enum { TURNS = 2, TRIAL_BLOCK = 30 * TURNS };

// What is added to a double below 2^52 to have it as an integer in the low 52 bits.
VECTOR __m256d magic(void) { return _mm256_set1_pd(0x1p52); }

// Half a turn: divisors and the reciprocals of those before them.
typedef struct spokes {
    __m256d x, d;
} spokes;

VECTOR spokes spokes_begin(uint64_t base, __m256d offsets) {
    spokes s = {.d = _mm256_add_pd(_mm256_set1_pd((double)base), offsets)};
    s.x = _mm256_div_pd(_mm256_set1_pd(1), s.d);
    return s;
}

// All ones where a divisor divides n modulo 2^32; moves on by a block.
VECTOR __m256i spokes_try(spokes *s, __m256d n, __m256i low_of_n, int newton_steps) {
    for (int i = 0; i < newton_steps; i++) {
        __m256d e = _mm256_fnmadd_pd(s->d, s->x, _mm256_set1_pd(1));
        s->x = _mm256_fmadd_pd(s->x, e, s->x);
    }
    const __m256i q = _mm256_castpd_si256(_mm256_fmadd_pd(n, s->x, magic())); // n / d, rounded
    const __m256i d = _mm256_castpd_si256(_mm256_add_pd(s->d, magic()));
    s->d = _mm256_add_pd(s->d, _mm256_set1_pd(TRIAL_BLOCK));
    return _mm256_cmpeq_epi32(_mm256_mul_epu32(q, d), low_of_n);
}

VECTOR uint64_t trial_scan_steps(uint64_t number, uint64_t base, uint64_t *end, int newton_steps) {
    const __m256d n = _mm256_set1_pd((double)number);
    const __m256i low_of_n = all(number & UINT32_MAX);
    const __m256d near = _mm256_setr_pd(1, 7, 11, 13), far = _mm256_setr_pd(17, 19, 23, 29);
    spokes a0 = spokes_begin(base, near), b0 = spokes_begin(base, far);
    spokes a1 = spokes_begin(base + 30, near), b1 = spokes_begin(base + 30, far);
    for (; base + TRIAL_BLOCK <= *end; base += TRIAL_BLOCK) {
        const __m256i found =
            _mm256_or_si256(_mm256_or_si256(spokes_try(&a0, n, low_of_n, newton_steps),
                                            spokes_try(&b0, n, low_of_n, newton_steps)),
                            _mm256_or_si256(spokes_try(&a1, n, low_of_n, newton_steps),
                                            spokes_try(&b1, n, low_of_n, newton_steps)));
        if (__builtin_expect(lanes(_mm256_slli_epi64(found, 32)) != 0, 0)) {
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

// The proof is for rounding to nearest, whatever the caller has set.
PRK_TARGET static uint64_t trial_scan(uint64_t n, uint64_t base, uint64_t *end, int newton_steps) {
    const unsigned state = _mm_getcsr();
    _mm_setcsr(0x1f80); // to nearest, all exceptions masked
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
