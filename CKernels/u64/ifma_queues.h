// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: a batch's way through queues.
//
// Odd numbers are divided by small primes, eight numbers at once; what is left waits, by its size,
// until it fills a group of vectors, and has its strong test. Below 2^32 that decides; what passes
// from there on waits again and has its almost extra strong Lucas test. A group is as many vectors
// as it takes to hide the latency of the multiplications.

#ifndef PRK_IFMA_QUEUES_H
#define PRK_IFMA_QUEUES_H

#include <string.h>

#include "ifma_tests.h"

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
    SURVIVORS_50, // of the strong test
    SURVIVORS_64,
    QUEUE_COUNT,
    NOWHERE, // they are prime
    CLASSES = SURVIVORS_50 - CANDIDATES_32,
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
        b->verdicts[place[i]] = n[i] < PRK_SMALL            ? prk_verdict_in_order(n[i])
                                : prk_is_prime_sifted(n[i]) ? PRK_PRIME
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
    [CANDIDATES_32] = {strong_word_group, strong_word_vector, 8 * STRONG_NARROW_VECTORS, NOWHERE},
    [CANDIDATES_50] = {strong_narrow_group, strong_narrow_vector, 8 * STRONG_NARROW_VECTORS,
                       SURVIVORS_50},
    [CANDIDATES_64] = {strong_wide_group, strong_wide_vector, 8 * STRONG_WIDE_VECTORS,
                       SURVIVORS_64},
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
    if ((n & 1) == 0) {
        return false;
    }
    if (n <= UINT32_MAX) {
        return !has_small_factor(n, 0, PRK_WORD_PRIMES) && prk_is_prime_word(n);
    }
    return !has_small_factor(n, 0, PRK_SINGLE_PRIMES) &&
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

#endif
