// SPDX-License-Identifier: Apache-2.0
//
// The scalar batch: several numbers at once, so that the multiplications of one are done while
// those of another are waited for. One multiplication in Montgomery form takes about 12 cycles from
// operand to result, and three of the multiplier's time.
//
// Numbers are divided by small primes, one by one. What is left is tested in groups of four: below
// 2^32 by the one strong test that decides, and from there on for being a strong probable prime to
// base 2. What passes the latter is tested in groups of two by the almost extra strong Lucas test.
// u64_instance.h compiles this for each level.

#ifndef PRK_U64_INTERLEAVED_H
#define PRK_U64_INTERLEAVED_H

#include <string.h>

#include "u64_word.h"

#if defined(__clang__)
#define PRK_UNROLL_ALL _Pragma("clang loop unroll(full)")
#else
#define PRK_UNROLL_ALL _Pragma("GCC unroll 16")
#endif

enum {
    // Smaller numbers are tested by the reference: their exponents are short. All primes of the
    // table are below this.
    PRK_SMALL = 1 << 13,
    // How many primes a number is divided by: alone, alone below 2^32, and in a batch, whose tests
    // cost less.
    PRK_SINGLE_PRIMES = 64,
    PRK_WORD_PRIMES = 16,
    PRK_BATCH_PRIMES = 40,
};

// n^-1 mod 2^64 is all that a strong test needs: powers of 1/2 start from a bare power of two, and
// residues are taken out of Montgomery form where they are compared.
//
// With n - 1 = d 2^s, n passes when 2^-d = ±1 or 2^-(d 2^r) = -1 for some 0 < r < s. The exponent
// at level j is -ceil((n - 1) / 2^j): level j has twice that of level j + 1, plus one where bit j
// of 1 - n is set. Its six leading bits cost nothing: -64 … -33 are exponents of powers of two
// below 2^32 in Montgomery form.
typedef struct prk_strong {
    prk_mont64 m;
    uint64_t bits; // 1 - n
    int last;      // s
    int start;     // the level that x is at first
    uint64_t x;
} prk_strong;

PRK_INLINE prk_strong prk_strong_begin(uint64_t n) {
    prk_strong t = {.m = {.n = n, .inverse = prk_inverse_u64(n)}, .bits = 1 - n};
    t.last = __builtin_ctzll(n - 1);
    t.start = 58 - __builtin_clzll(n - 2);
    t.x = UINT64_C(1) << (63 - ((n - 2) >> t.start));
    return t;
}

// Below this residues stay as the reduction leaves them: below 2n here, where a doubled square is
// below 8 n^2 < n R, and below 3n in the Lucas test, where a product is below 9 n^2 < n R.
#define PRK_ROOMY (UINT64_C(1) << 60)

// `alone`: nothing else hides the latency. `roomy`: n < PRK_ROOMY.
PRK_INLINE void prk_strong_step(prk_strong *t, int level, bool alone, bool roomy) {
    const uint64_t bit = t->bits >> level & 1;
    if (roomy) {
        t->x = prk_mont64_multiply_lazy(t->m, t->x, t->x << bit, t->m.n);
        return;
    }
    if (alone) {
        t->x = prk_mont64_square_double(t->m, t->x, bit);
        return;
    }
    const uint64_t x = prk_mont64_multiply(t->m, t->x, t->x);
    const uint64_t twice = prk_mont64_add(t->m, x, x);
    t->x = bit ? twice : x;
}

PRK_INLINE bool prk_strong_look(const prk_strong *t, int level) {
    const uint64_t y = prk_mont64_leave(t->m, t->x);
    return (level <= t->last && y == t->m.n - 1) | (level == t->last && y == 1);
}

// With n + 1 = d 2^s, at level j the index is k = (n + 1) >> j. Of V_k and V_k+1 one was just
// squared and the other one is a product. The next level squares the same again unless its bit of n
// + 1 differs from the last one, and multiplies both whatever the bit is.
typedef struct prk_lucas {
    prk_mont64 m;
    uint64_t changes; // where bits of n + 1 differ from the one above
    int last;         // s
    int start;
    uint64_t two, p, squared, product;
    uint64_t minus_two, minus_p; // plus 2n
} prk_lucas;

PRK_INLINE prk_lucas prk_lucas_begin(uint64_t n, uint64_t inverse, uint64_t p) {
    prk_lucas t = {.m = {.n = n, .inverse = inverse, .one = (0 - n) % n}};
    t.changes = (n + 1) ^ (n + 1) >> 1;
    t.last = __builtin_ctzll(n + 1);
    t.start = 63 - __builtin_clzll(n + 1);
    t.two = prk_mont64_add(t.m, t.m.one, t.m.one);
    t.p = prk_mont64_form_small(t.m, p);
    t.minus_two = 2 * n - t.two;
    t.minus_p = 2 * n - t.p;
    t.product = t.p;
    t.squared = prk_mont64_subtract(t.m, prk_mont64_multiply(t.m, t.p, t.p), t.two);
    return t;
}

PRK_INLINE void prk_lucas_step(prk_lucas *t, int level, bool roomy) {
    if (roomy) {
        const uint64_t b = t->changes >> level & 1 ? t->product : t->squared;
        t->product = prk_mont64_multiply_lazy(t->m, t->squared, t->product, t->minus_p);
        t->squared = prk_mont64_multiply_lazy(t->m, b, b, t->minus_two);
        return;
    }
    const uint64_t a = t->changes >> level & 1 ? t->product : t->squared;
    t->product = prk_mont64_multiply_less(t->m, t->squared, t->product, t->p);
    t->squared = prk_mont64_multiply_less(t->m, a, a, t->two);
}

// V_d = ±2 at level s, V_(d 2^r) = 0 at level s - r > 1. V is the product at level s, where the bit
// of n + 1 is set, and the squared one below.
PRK_INLINE bool prk_lucas_look(const prk_lucas *t, int level, bool roomy) {
    const uint64_t v = level == t->last ? t->product : t->squared;
    if (roomy) {
        const uint64_t y = prk_mont64_leave(t->m, v);
        return (level == t->last && (y == 2 || y == t->m.n - 2)) |
               (level <= t->last && level > 1 && y == t->m.n);
    }
    return (level == t->last && (v == t->two || v == t->m.n - t->two)) |
           (level <= t->last && level > 1 && v == 0);
}

// P as prk_lucas_p_u64 finds it: by the table, or by search when n is no square. 0: composite.
PRK_INLINE uint64_t prk_lucas_parameter_u64(uint64_t n) {
    PRK_UNROLL_ALL for (int i = 0; i < PRK_SYMBOL_COUNT; i++) {
        const uint64_t p = prk_symbols[i].prime;
        bool is_negative; // (p|n) = -1
        if (p == 2) {
            is_negative = ((n ^ n >> 1) & 2) != 0;
        } else {
            is_negative = (prk_symbols[i].non_residues >> n % p & 1) != 0;
            is_negative ^= p % 4 == 3 && (n & 2) != 0; // reciprocity
        }
        if (is_negative) {
            return prk_symbols[i].parameter;
        }
    }
    return prk_is_square_u64(n) ? 0 : prk_lucas_p_u64(n);
}

#define PRK_TWO(statement) statement(0) statement(1)
#define PRK_ONCE(statement) statement(0)

// Whether n, odd and without a prime of the table to 53, is prime: both tests in one loop, each of
// which hides the other's latency. Costs about 1.3 strong tests alone.
PRK_INLINE bool prk_is_prime_both_as(uint64_t n, bool roomy) {
    const uint64_t p = prk_lucas_parameter_u64(n);
    prk_strong strong = prk_strong_begin(n);
    if (p == 0 || strong.last >= strong.start) {
        return p != 0 && prk_verdict_in_order(n) == PRK_PRIME;
    }
    prk_lucas lucas = prk_lucas_begin(n, strong.m.inverse, p);
    const int first_look = strong.last > lucas.last ? strong.last : lucas.last;
    bool is_strong = false, is_lucas = false;
    int level = lucas.start;
    const int all_started = strong.start;
#define PRK_FIRST_STEP(unused)                                                                     \
    prk_lucas_step(&lucas, level, roomy);                                                          \
    is_lucas |= prk_lucas_look(&lucas, level, roomy);
#define PRK_STEP(unused)                                                                           \
    prk_strong_step(&strong, level, true, roomy);                                                  \
    prk_lucas_step(&lucas, level, roomy);
#define PRK_LOOK(unused)                                                                           \
    is_strong |= prk_strong_look(&strong, level);                                                  \
    is_lucas |= prk_lucas_look(&lucas, level, roomy);
    PRK_DESCEND(PRK_ONCE, PRK_FIRST_STEP, PRK_STEP, PRK_LOOK)
#undef PRK_FIRST_STEP
#undef PRK_STEP
#undef PRK_LOOK
    return is_strong & is_lucas;
}

PRK_INLINE bool prk_is_prime_both(uint64_t n) {
    return n < PRK_ROOMY ? prk_is_prime_both_as(n, true) : prk_is_prime_both_as(n, false);
}

// Whether n, odd and at least 2^13, is prime. Small primes may have been left to this.
PRK_INLINE bool prk_is_prime_sifted(uint64_t n) {
    return n <= UINT32_MAX ? prk_is_prime_word(n) : prk_is_prime_both(n);
}

// Whether one of the first primes of the table divides n.
PRK_INLINE bool prk_has_small_factor(uint64_t n, int primes) {
    for (int i = 0; i < primes; i++) {
        if (n * prk_sieve_inverses[i] <= prk_sieve_limits[i]) {
            return true;
        }
    }
    return false;
}

PRK_INLINE bool prk_is_prime_u64_body(uint64_t n) {
    if (n < PRK_SMALL) {
        return prk_verdict_in_order(n) == PRK_PRIME;
    }
    if ((n & 1) == 0) {
        return false;
    }
    if (n <= UINT32_MAX) {
        return !prk_has_small_factor(n, PRK_WORD_PRIMES) && prk_is_prime_word(n);
    }
    return !prk_has_small_factor(n, PRK_SINGLE_PRIMES) && prk_is_prime_both(n);
}

// Which of four numbers, odd and with n - 2 of more than 12 bits, are strong probable primes to
// base 2, a bit each; `undecided` those whose levels to look at begin above the start.
PRK_INLINE unsigned prk_strong_four_as(const uint64_t *n, unsigned *undecided, bool roomy) {
    int level = 0, first_look = 0, all_started = 64;
    unsigned passed = 0;
    *undecided = 0;
#define PRK_BEGIN(i)                                                                               \
    prk_strong t##i = prk_strong_begin(n[i]);                                                      \
    *undecided |= (unsigned)(t##i.last >= t##i.start) << i;                                        \
    level = level > t##i.start ? level : t##i.start;                                               \
    all_started = all_started < t##i.start ? all_started : t##i.start;                             \
    first_look = first_look > t##i.last ? first_look : t##i.last;
#define PRK_FIRST_STEP(i)                                                                          \
    if (level < t##i.start) {                                                                      \
        prk_strong_step(&t##i, level, false, roomy);                                               \
        passed |= (unsigned)prk_strong_look(&t##i, level) << i;                                    \
    }
#define PRK_STEP(i) prk_strong_step(&t##i, level, false, roomy);
#define PRK_LOOK(i) passed |= (unsigned)prk_strong_look(&t##i, level) << i;
    PRK_FOUR(PRK_BEGIN)
    PRK_DESCEND(PRK_FOUR, PRK_FIRST_STEP, PRK_STEP, PRK_LOOK)
#undef PRK_BEGIN
#undef PRK_FIRST_STEP
#undef PRK_STEP
#undef PRK_LOOK
    return passed;
}

PRK_INLINE unsigned prk_strong_four(const uint64_t *n, unsigned *undecided) {
    return (n[0] | n[1] | n[2] | n[3]) < PRK_ROOMY ? prk_strong_four_as(n, undecided, true)
                                                   : prk_strong_four_as(n, undecided, false);
}

// Which of two numbers pass the almost extra strong Lucas test with parameters p.
PRK_INLINE unsigned prk_lucas_two_as(const uint64_t *n, const uint64_t *p, bool roomy) {
    int level = 0, first_look = 0, all_started = 64;
    unsigned passed = 0;
#define PRK_BEGIN(i)                                                                               \
    prk_lucas t##i = prk_lucas_begin(n[i], prk_inverse_u64(n[i]), p[i]);                           \
    level = level > t##i.start ? level : t##i.start;                                               \
    all_started = all_started < t##i.start ? all_started : t##i.start;                             \
    first_look = first_look > t##i.last ? first_look : t##i.last;
#define PRK_FIRST_STEP(i)                                                                          \
    if (level < t##i.start) {                                                                      \
        prk_lucas_step(&t##i, level, roomy);                                                       \
        passed |= (unsigned)prk_lucas_look(&t##i, level, roomy) << i;                              \
    }
#define PRK_STEP(i) prk_lucas_step(&t##i, level, roomy);
#define PRK_LOOK(i) passed |= (unsigned)prk_lucas_look(&t##i, level, roomy) << i;
    PRK_TWO(PRK_BEGIN)
    PRK_DESCEND(PRK_TWO, PRK_FIRST_STEP, PRK_STEP, PRK_LOOK)
#undef PRK_BEGIN
#undef PRK_FIRST_STEP
#undef PRK_STEP
#undef PRK_LOOK
    return passed;
}

// The numbers of a batch that wait for their group. Places are those in the batch.
typedef struct prk_waiting {
    uint64_t words[4], candidates[4], survivors[2], parameters[2];
    size_t word_places[4], candidate_places[4], survivor_places[2];
    int word_count, candidate_count, survivor_count;
} prk_waiting;

PRK_INLINE unsigned prk_lucas_two(const uint64_t *n, const uint64_t *p) {
    return (n[0] | n[1]) < PRK_ROOMY ? prk_lucas_two_as(n, p, true) : prk_lucas_two_as(n, p, false);
}

// The groups as functions of their own, of the level's instruction set: inlined in one function
// they take registers from each other's loops.
typedef struct prk_groups {
    unsigned (*word_four)(const uint64_t *n, unsigned *undecided);
    unsigned (*strong_four)(const uint64_t *n, unsigned *undecided);
    unsigned (*lucas_two)(const uint64_t *n, const uint64_t *p);
    uint8_t (*in_order)(uint64_t n);
} prk_groups;

// They are defined where PRK_TARGET is.
#define PRK_GROUPS                                                                                 \
    PRK_TARGET static __attribute__((noinline)) unsigned word_four(const uint64_t *n,              \
                                                                   unsigned *undecided) {          \
        return prk_word_four(n, undecided);                                                        \
    }                                                                                              \
    PRK_TARGET static __attribute__((noinline)) unsigned strong_four(const uint64_t *n,            \
                                                                     unsigned *undecided) {        \
        return prk_strong_four(n, undecided);                                                      \
    }                                                                                              \
    PRK_TARGET static __attribute__((noinline)) unsigned lucas_two(const uint64_t *n,              \
                                                                   const uint64_t *p) {            \
        return prk_lucas_two(n, p);                                                                \
    }                                                                                              \
    PRK_TARGET static __attribute__((noinline)) uint8_t in_order(uint64_t n) {                     \
        return prk_verdict_in_order(n);                                                            \
    }                                                                                              \
    static const prk_groups groups_here = {word_four, strong_four, lucas_two, in_order};

// A number below 2^32 without small factors.
PRK_INLINE void prk_wait_for_word(prk_waiting *w, uint64_t n, size_t place, uint8_t *verdicts,
                                  const prk_groups *groups) {
    w->words[w->word_count] = n;
    w->word_places[w->word_count++] = place;
    if (w->word_count < 4) {
        return;
    }
    unsigned undecided;
    const unsigned passed = groups->word_four(w->words, &undecided);
    w->word_count = 0;
    for (int i = 0; i < 4; i++) {
        verdicts[w->word_places[i]] = undecided >> i & 1 ? groups->in_order(w->words[i])
                                      : passed >> i & 1  ? PRK_PRIME
                                                         : PRK_COMPOSITE;
    }
}

// A number that passed the strong test.
PRK_INLINE void prk_wait_for_lucas(prk_waiting *w, uint64_t n, size_t place, uint8_t *verdicts,
                                   const prk_groups *groups) {
    const uint64_t p = prk_lucas_parameter_u64(n);
    if (p == 0) {
        return; // composite
    }
    w->survivors[w->survivor_count] = n;
    w->parameters[w->survivor_count] = p;
    w->survivor_places[w->survivor_count++] = place;
    if (w->survivor_count == 2) {
        const unsigned passed = groups->lucas_two(w->survivors, w->parameters);
        verdicts[w->survivor_places[0]] = passed & 1 ? PRK_PRIME : PRK_COMPOSITE;
        verdicts[w->survivor_places[1]] = passed & 2 ? PRK_PRIME : PRK_COMPOSITE;
        w->survivor_count = 0;
    }
}

// A number from 2^32 on without small factors.
PRK_INLINE void prk_wait_for_strong(prk_waiting *w, uint64_t n, size_t place, uint8_t *verdicts,
                                    const prk_groups *groups) {
    w->candidates[w->candidate_count] = n;
    w->candidate_places[w->candidate_count++] = place;
    if (w->candidate_count < 4) {
        return;
    }
    unsigned undecided;
    const unsigned passed = groups->strong_four(w->candidates, &undecided);
    w->candidate_count = 0;
    for (int i = 0; i < 4; i++) {
        if (undecided >> i & 1) {
            verdicts[w->candidate_places[i]] = groups->in_order(w->candidates[i]);
        } else if (passed >> i & 1) {
            prk_wait_for_lucas(w, w->candidates[i], w->candidate_places[i], verdicts, groups);
        }
    }
}

// Groups that were not filled.
PRK_INLINE void prk_stop_waiting(const prk_waiting *w, uint8_t *verdicts,
                                 const prk_groups *groups) {
    for (int i = 0; i < w->candidate_count; i++) {
        if (prk_is_prime_both(w->candidates[i])) {
            verdicts[w->candidate_places[i]] = PRK_PRIME;
        }
    }
    if (w->survivor_count == 1) {
        verdicts[w->survivor_places[0]] = groups->in_order(w->survivors[0]);
    }
}

PRK_INLINE void prk_test_batch_interleaved(const uint64_t *n, uint8_t *verdicts, size_t count,
                                           const prk_groups *groups) {
    prk_waiting w;
    w.word_count = w.candidate_count = w.survivor_count = 0;
    memset(verdicts, PRK_COMPOSITE, count);
    for (size_t i = 0; i < count; i++) {
        if (n[i] < PRK_SMALL) {
            verdicts[i] = groups->in_order(n[i]);
        } else if ((n[i] & 1) != 0 && !prk_has_small_factor(n[i], PRK_BATCH_PRIMES)) {
            if (n[i] <= UINT32_MAX) {
                prk_wait_for_word(&w, n[i], i, verdicts, groups);
            } else {
                prk_wait_for_strong(&w, n[i], i, verdicts, groups);
            }
        }
    }
    prk_stop_waiting(&w, verdicts, groups);
    if (w.word_count > 0) { // the first one and copies of it complete the group
        const size_t place = w.word_places[0];
        while (w.word_count > 0) {
            prk_wait_for_word(&w, w.words[0], place, verdicts, groups);
        }
    }
}

#endif
