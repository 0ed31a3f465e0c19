// SPDX-License-Identifier: Apache-2.0
//
// Below 2^32 one strong test decides, to the base that a hash of the number picks [FoJa15].
//
// A number has one word, so that its square fits the product of two. Barrett's reduction by the
// inverse in 64 bits leaves residues as they are: no form has to be made or left.

#ifndef PRK_U64_WORD_H
#define PRK_U64_WORD_H

#include "u64_body.h"
#include "u64_descend.h"

// With n - 1 = d 2^s the exponent at level j is (n - 1) >> j. Level j has twice that of level j +
// 1, plus one where bit j of n - 1 is set. The three leading bits are free: the base to the power
// of up to 7 fits a word of 64 bits.
typedef struct prk_word {
    uint64_t n;
    uint64_t bits;         // n - 1
    uint64_t factors[2];   // f = 1, and the base
    uint64_t quotients[2]; // c = floor(f 2^64 / n) + 1 of each
    int last;              // s
    int start;             // the level that x is at first
    uint64_t x;            // modulo 2^64 what may be negative
} prk_word;

_Static_assert(PRK_STRONG_LARGEST < 64, "seventh powers of bases are below 2^42");

// n odd, 2^13 < n < 2^32. Written where it stays: a copy would wait for the stores.
PRK_INLINE void prk_word_begin(prk_word *t, uint64_t n) {
    const uint64_t base = prk_strong_base_u32((uint32_t)n);
    const uint64_t inverse = UINT64_MAX / n; // floor(2^64 / n), since n does not divide 2^64
    const uint64_t rest = 0 - inverse * n;   // 2^64 mod n
    // floor(base rest / n): base rest (inverse + 1) / 2^64 is above it by less than 2^-26.
    const uint64_t product = base * rest;
    uint64_t whole = (uint64_t)(((prk_u128)product * (inverse + 1)) >> 64);
    whole -= (product - whole * n) >> 63;
    t->n = n;
    t->bits = n - 1;
    t->factors[0] = 1;
    t->factors[1] = base;
    t->quotients[0] = inverse + 1;
    t->quotients[1] = base * inverse + whole + 1;
    t->last = __builtin_ctzll(t->bits);
    t->start = 61 - __builtin_clzll(t->bits);
    const uint64_t exponent = t->bits >> t->start; // 4 ... 7
    const uint64_t square = base * base;
    // Without branches that nobody foretells. The one below is hardly ever taken.
    const uint64_t rest_of_power = (1 + ((base - 1) & (0 - (exponent & 1)))) *
                                   (1 + ((square - 1) & (0 - (exponent >> 1 & 1))));
    const uint64_t power = square * square * rest_of_power;
    t->x = power;
    if (__builtin_expect(power > UINT32_MAX, false)) {
        t->x -= (uint64_t)(((prk_u128)power * t->quotients[0]) >> 64) * n;
    }
}

// x^2 f mod n, between -n and n, for such an x. With c = f 2^64 / n + e, 0 < e <= 1, and x^2 <
// 2^64, x^2 c / 2^64 is above x^2 f / n by less than 1: so its whole part is that of x^2 f / n, or
// one more.
PRK_INLINE void prk_word_step(prk_word *t, int level) {
    const uint64_t bit = t->bits >> level & 1;
    uint64_t square = t->x * t->x;
    uint64_t quotient = (uint64_t)(((prk_u128)square * t->quotients[bit]) >> 64);
    // The quotient is what the next square waits for: its product has to be first at the
    // multiplier.
    __asm__("" : "+r"(square), "+r"(quotient));
    t->x = square * t->factors[bit] - quotient * t->n;
}

PRK_INLINE bool prk_word_is_minus_one(const prk_word *t) {
    return (t->x == t->n - 1) | (t->x == UINT64_MAX);
}

PRK_INLINE bool prk_word_is_one(const prk_word *t) { return (t->x == 1) | (t->x == 1 - t->n); }

PRK_INLINE bool prk_word_look(const prk_word *t, int level) {
    const bool is_minus_one = prk_word_is_minus_one(t), is_one = prk_word_is_one(t);
    return (level <= t->last && is_minus_one) | (level == t->last && is_one);
}

// Whether the levels to look at begin above the start.
PRK_INLINE bool prk_word_is_undecided(const prk_word *t) { return t->last >= t->start; }

// Whether n, odd and between 2^13 and 2^32, is prime. A chain of 29 steps of eleven cycles each.
PRK_INLINE bool prk_is_prime_word(uint64_t n) {
    prk_word t;
    prk_word_begin(&t, n);
    if (prk_word_is_undecided(&t)) {
        return prk_verdict_in_order(n) == PRK_PRIME;
    }
    int level = t.start;
    while (level > t.last) {
        prk_word_step(&t, --level);
    }
    const bool is_minus_one = prk_word_is_minus_one(&t), is_one = prk_word_is_one(&t);
    if (is_minus_one | is_one) {
        return true;
    }
    while (level > 1) {
        prk_word_step(&t, --level);
        if (prk_word_is_minus_one(&t)) {
            return true;
        }
    }
    return false;
}

// The members of a group are variables of their own: gcc 12 keeps arrays of structures in memory.
#define PRK_FOUR(statement) statement(0) statement(1) statement(2) statement(3)

// Which of four such numbers pass, a bit each; `undecided` those whose levels to look at begin
// above the start.
PRK_INLINE unsigned prk_word_four(const uint64_t *n, unsigned *undecided) {
    int level = 0, first_look = 0, all_started = 64;
    unsigned passed = 0;
    *undecided = 0;
#define PRK_BEGIN(i)                                                                               \
    prk_word t##i;                                                                                 \
    prk_word_begin(&t##i, n[i]);                                                                   \
    *undecided |= (unsigned)prk_word_is_undecided(&t##i) << i;                                     \
    level = level > t##i.start ? level : t##i.start;                                               \
    all_started = all_started < t##i.start ? all_started : t##i.start;                             \
    first_look = first_look > t##i.last ? first_look : t##i.last;
#define PRK_FIRST_STEP(i)                                                                          \
    if (level < t##i.start) {                                                                      \
        prk_word_step(&t##i, level);                                                               \
        passed |= (unsigned)prk_word_look(&t##i, level) << i;                                      \
    }
#define PRK_STEP(i) prk_word_step(&t##i, level);
#define PRK_LOOK(i) passed |= (unsigned)prk_word_look(&t##i, level) << i;
    PRK_FOUR(PRK_BEGIN)
    PRK_DESCEND(PRK_FOUR, PRK_FIRST_STEP, PRK_STEP, PRK_LOOK)
#undef PRK_BEGIN
#undef PRK_FIRST_STEP
#undef PRK_STEP
#undef PRK_LOOK
    return passed;
}

#endif
