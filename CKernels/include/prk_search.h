// SPDX-License-Identifier: Apache-2.0
//
// prk_search.h: the next prime, the one before, those of a range, and random ones; and the windows
// that such searches sieve.
//
// Below 2^64 what is found is prime. Above, it is as a rule a probable prime: it passed
// Baillie-PSW and the random bases that the options ask for, and what lies between is composite all
// the same. Tests run on the calling thread.

#ifndef PRK_SEARCH_H
#define PRK_SEARCH_H

#include "primality.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- Next to a number ----------------------------------------------------------------------------

/// The least prime above n; exact. 0 when it is above 2^64, which it is from 2^64 - 59 on. Near
/// 2^64 a test for each of 22 odd numbers on average, of which three of four have a small factor.
PRK_API uint64_t prk_next_prime_u64(uint64_t n);

/// The greatest prime below n; exact. 0 when there is none, which is so up to 2.
PRK_API uint64_t prk_previous_prime_u64(uint64_t n);

/// The least prime or probable prime above a number, into `prime`, which has limb_count + 1 places;
/// all are written.
///
/// `options` and `scratch` are as in prk_test_batch, but for `forms`, which is NULL. `report` may
/// be NULL; else it gets the evidence, of the size that the options say. PRK_STATUS_CANCELLED:
/// nothing is written. Some 36 tests on average for numbers of 1024 bits and 300 for those of
/// 10^4000, since small primes take away the others: eight at a time, so that lanes fill.
PRK_API prk_status prk_next_prime(const uint64_t *limbs, size_t limb_count,
                                  const prk_options *options, prk_scratch *scratch, uint64_t *prime,
                                  prk_report *report);

/// The greatest prime or probable prime below a number, into `prime`, which has limb_count places.
/// As prk_next_prime; PRK_STATUS_INVALID_ARGUMENT up to 2, below which there is none.
PRK_API prk_status prk_previous_prime(const uint64_t *limbs, size_t limb_count,
                                      const prk_options *options, prk_scratch *scratch,
                                      uint64_t *prime, prk_report *report);

// --- Of a range ----------------------------------------------------------------------------------

/// The primes p with low <= p <= high, in order, into `primes`, which has `capacity` places; exact.
/// `*count` says how many there are; when it is the capacity there may be more, above the last one.
///
/// It sieves by small primes and tests what they leave, about a tenth of the odd numbers: it is
/// made for windows. For long dense ranges use a sieve that goes up to the square root. `cancel` is
/// as in prk_options; PRK_STATUS_CANCELLED leaves what was found. NULL for `primes` with a
/// capacity, or for `count`: PRK_STATUS_INVALID_ARGUMENT.
PRK_API prk_status prk_primes_u64(uint64_t low, uint64_t high, const uint32_t *cancel,
                                  uint64_t *primes, size_t capacity, size_t *count);

// --- Random --------------------------------------------------------------------------------------

/// Gives a random word: each bit is 0 or 1 with the same probability, whatever came before.
typedef uint64_t prk_word_source(void *context);

/// A place in the sequence of a seed; `word` is 0 at its beginning.
typedef struct prk_seeded {
    uint64_t seed;
    uint64_t word;
} prk_seeded;

/// A word source that a seed repeats, on any machine and in any version: SipHash-2-4 [AuBe12] in
/// counter mode. `context` is a prk_seeded, which goes on. It is for tests and experiments: a seed
/// of 64 bits can be found by trying, so keys take the system's words.
PRK_API uint64_t prk_seeded_word(void *context);

/// A random prime or probable prime of exactly so many bits, into `prime`, which has (bits + 63) /
/// 64 places.
///
/// Odd numbers of the size, the top bit set, are drawn independently and uniformly until one
/// passes: every prime of the size comes with the same probability, as far as the words are
/// uniform. Of two bits, 2 and 3 are drawn. A safe prime p is one whose half (p - 1)/2 is prime,
/// too: halves are drawn in the same way until both pass. There is no bias towards primes after
/// long gaps, as a search upward from a random start has it.
///
/// A draw takes as many words as the number, or the half, has limbs, least significant first; bits
/// of the last that are too many are not used. So the same words give the same prime.
///
/// `words` may be NULL: getrandom(2), by the system's generator; `context` is handed to it. Other
/// arguments are as in prk_next_prime; of a safe prime the report is that of p. Fewer than 2 bits,
/// or 3 for a safe prime, and a system that gives no words: PRK_STATUS_INVALID_ARGUMENT. 0.35 bits
/// draws on average, of which small primes leave one in five to ten to be tested; of a safe prime
/// some 0.2 bits^2, of which they leave one in some dozens.
PRK_API prk_status prk_random_prime(uint64_t bits, bool is_safe, prk_word_source *words,
                                    void *context, const prk_options *options, prk_scratch *scratch,
                                    uint64_t *prime, prk_report *report);

// --- Windows -------------------------------------------------------------------------------------

/// What is left of a window of numbers when multiples of small primes are taken away, one number
/// after the other: all primes of the window, and a few composites. For one thread at a time.
///
/// It sieves segment by segment, so that its memory does not grow with the window's length. What it
/// gives is to be tested, as by prk_test_batch.
typedef struct prk_window prk_window;

/// Where a window begins to give its numbers.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelDirection") prk_direction{
    PRK_ASCENDING PRK_SWIFT_NAME("ascending") = 0,
    PRK_DESCENDING PRK_SWIFT_NAME("descending") = 1,
} prk_direction;

/// The numbers n with low <= n < high; `high` NULL: up to 2^64 times the lower end and more, in
/// ascending order, for a search. A search that ends with the first `expected` primes takes
/// segments about as long as that needs; 0: the whole window is wanted.
///
/// Leading zero limbs are allowed. PRK_STATUS_NO_MEMORY, PRK_STATUS_TOO_LARGE; NULL for `low` with
/// limbs, or for `window`, or no upper end in descending order: PRK_STATUS_INVALID_ARGUMENT.
PRK_API prk_status prk_window_create(const uint64_t *low, size_t low_limbs, const uint64_t *high,
                                     size_t high_limbs, prk_direction direction, uint64_t expected,
                                     prk_window **window);

/// One that goes on from the same place. NULL: no memory.
PRK_API prk_window *prk_window_copy(const prk_window *window);

/// Accepts NULL.
PRK_API void prk_window_destroy(prk_window *window);

/// The next number, until the next call: `*limbs` is NULL at the end; no leading limb is 0.
///
/// About 1.5 ns an odd number of the window below 2^64, and some 60 us, or for large numbers 1577
/// divisions by one limb, for each 2^16 of them. After PRK_STATUS_CANCELLED the next call goes on.
PRK_API prk_status prk_window_next(prk_window *window, const uint32_t *cancel,
                                   const uint64_t **limbs, size_t *limb_count);

/// Sieves what is left of the segment twice as deep, if that takes less time than the tests that it
/// saves, and nothing below 2^64. To be called once before each batch that is tested, so that the
/// first ones can be tested early.
PRK_API prk_status prk_window_deepen(prk_window *window, const uint32_t *cancel);

#ifdef __cplusplus
}
#endif

#endif
