// SPDX-License-Identifier: Apache-2.0
//
// The kernels of each level, for tests and benchmarks that compare levels, and what
// the Swift targets share. Not installed, not part of the library's interface.

#ifndef PRK_KERNELS_H
#define PRK_KERNELS_H

#include "primality.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// One level's implementation of everything that is dispatched.
typedef struct prk_kernel_set {
    prk_level level;
    const char *name;
    bool (*is_prime)(uint64_t n);
    void (*test_batch)(const uint64_t *n, uint8_t *verdicts, size_t count);
    /// Fills verdict, method, fields, factor and Lucas parameters.
    void (*test_with_report)(uint64_t n, prk_report *report);
    /// As prk_trial_range_u64, n >= 2; not to be cancelled.
    uint64_t (*trial_range)(uint64_t n, uint64_t from, uint64_t to);
} prk_kernel_set;

/// PRK_MOST_BITS in limbs. A test may lower it, so that it needs no number of a gigabyte; nothing
/// else writes it.
extern size_t prk_most_limbs;

/// Whether a number of so many limbs is within the bound that all functions share.
static inline bool prk_size_is_taken(size_t limb_count) { return limb_count <= prk_most_limbs; }

/// The kernels of `level`, whatever level is active; NULL when the machine lacks it.
const prk_kernel_set *prk_kernels_at(prk_level level);

/// Makes a level the active one, which the machine has to have: for benchmarks that measure several
/// in turn. No call may be running.
void prk_take_level(prk_level level);

/// The active kernels; portable ones when prk_level_status() is not PRK_STATUS_OK.
const prk_kernel_set *prk_kernels(void);

/// Whether vectors of eight doubles may be used: AVX-512 F and DQ, which machines without IFMA
/// have, too.
bool prk_has_wide_doubles(void);

/// How many threads share one transform in tests with this scratch, from some 2^19 bits on (below,
/// a thread is slowed down more than helped): 0 and 1, as a new scratch has it, are the caller's
/// alone; above 64 means 64. The others are made with the first test that has use for them, sleep
/// between tests, take no signals and end with the scratch or the next call. Where the system gives
/// fewer, fewer do it. What comes out does not depend on them, bit for bit. A child that was forked
/// with such a scratch goes on with one thread. No test may be under way with it, nor one that is
/// to go on.
void prk_scratch_set_threads(prk_scratch *scratch, unsigned threads);

/// Whether kind and fields are within their ranges.
bool prk_form_is_valid(const prk_form *form);

/// Words first, first + 1, ... of the sequence that `seed` gives, modulo 2^64: word i is
/// SipHash-2-4 [AuBe12] of the eight bytes of i, its key being `seed` and a constant. About 15 ns a
/// word.
void prk_random_words(uint64_t seed, uint64_t first, uint64_t *words, size_t count);

/// Whether n above 2^64, which is odd, has no factor among small primes and, with `is_safe`, 2 n +
/// 1 has none either; how many primes are tried depends on its size. What is smaller survives.
/// NULL: PRK_STATUS_INVALID_ARGUMENT. `cancel` is as in prk_options.
prk_status prk_candidate_survives(const uint64_t *limbs, size_t limb_count, bool is_safe,
                                  const uint32_t *cancel, bool *survives);

/// A random number of `bits` >= 2 bits that prk_candidate_survives, above 2^64, into (bits + 63) /
/// 64 places: drawn as prk_random_prime says, or as the half of a safe prime.
prk_status prk_draw_candidate(uint64_t bits, bool is_safe, prk_word_source *words, void *context,
                              const uint32_t *cancel, uint64_t *limbs);

/// How far it pays to sieve a window of `count` candidates of that size, all of which are tested
/// otherwise; below 2^16 when prk_sieve_window has done it.
uint64_t prk_sieve_window_depth(size_t limb_count, size_t count);

/// Takes the multiples of the primes p with from <= p < to out of what prk_sieve_window left of the
/// same window, which begins above 2^64; 2^16 <= from, to <= 2^32. Anything else:
/// PRK_STATUS_INVALID_ARGUMENT. Half a division of the start by a 64-bit number, and some 25 ns, a
/// prime. PRK_STATUS_CANCELLED leaves some of them; the marks are as good as before.
prk_status prk_sieve_window_further(const uint64_t *start, size_t limb_count, size_t count,
                                    uint64_t from, uint64_t to, const uint32_t *cancel,
                                    uint64_t *survivors);

/// prk_trial_range_u64 in blocks, between which the flag is polled. PRK_STATUS_CANCELLED leaves
/// `*divisor` at 0.
prk_status prk_trial_cancellable(uint64_t n, uint64_t from, uint64_t to, const uint32_t *cancel,
                                 uint64_t *divisor);

/// Whether the active level tests numbers of this size several at once: the kernels of
/// PRK_ENGINE_IFMA.
bool prk_lanes_take(size_t bits);

/// Whether the active level tests numbers of this size several at once by transforms in double
/// precision.
bool prk_fft_lanes_take(size_t bits);

/// Whether the flag, which may be NULL, is raised.
static inline bool prk_is_cancelled(const uint32_t *cancel) {
    return cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

/// What another thread may be writing.
static inline uint32_t prk_load(const uint32_t *value) {
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/// Writes what other threads may read so.
static inline void prk_store(uint32_t *value, uint32_t now) {
    __atomic_store_n(value, now, __ATOMIC_RELAXED);
}

/// Whether all bytes are 0, as those of options that a caller knows and the library does not have
/// to be.
static inline bool prk_are_zero(const void *bytes, size_t count) {
    const unsigned char *byte = (const unsigned char *)bytes;
    for (size_t i = 0; i < count; i++) {
        if (byte[i] != 0) {
            return false;
        }
    }
    return true;
}

/// The test by which n = k 2^e ± 1, k odd and k < 2^e, is proved prime or composite, whatever its
/// size and without trial division. `*residue`: the low 64 bits of what that test wants to be 0
/// modulo n, a^((n-1)/2) + 1 or the last Lucas-Lehmer residue, when there was a test.
/// PRK_STATUS_INVALID_ARGUMENT: n is of no such form.
prk_status prk_special_test(const uint64_t *limbs, size_t limb_count, const uint32_t *cancel,
                            prk_report *report, uint64_t *residue);

/// Fermat's test of n > 3 to base 3 alone, as GIMPS's PRP tests are: `*residue` is the low 64 bits
/// of 3^(n-1) mod n, and `*passed` says whether that is 1. What passes in an arithmetic that rounds
/// is tested once more. `form`: NULL, or that of n. PRK_STATUS_INVALID_ARGUMENT for n <= 3.
prk_status prk_fermat_test(const uint64_t *limbs, size_t limb_count, const prk_form *form,
                           const uint32_t *cancel, bool *passed, uint64_t *residue);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
