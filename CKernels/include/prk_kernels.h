// SPDX-License-Identifier: Apache-2.0
//
// The kernels of each level, for tests and benchmarks that compare levels, and the plumbing that
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
    void (*explain)(uint64_t n, prk_report *report);
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

/// The active kernels; portable ones when prk_level_status() is not PRK_STATUS_OK.
const prk_kernel_set *prk_kernels(void);

/// Words first, first + 1, ... of the sequence that `seed` gives, modulo 2^64: word i is
/// SipHash-2-4 [AuBe12] of the eight bytes of i, its key being `seed` and a constant. About 15 ns a
/// word.
void prk_random_words(uint64_t seed, uint64_t first, uint64_t *words, size_t count);

/// Whether n above 2^64, which is odd, has no factor among small primes and, with `is_safe`, 2 n +
/// 1 has none either; how many primes are tried depends on its size. What is smaller survives.
/// NULL: PRK_STATUS_INVALID_ARGUMENT. `cancel` is as in prk_options.
prk_status prk_candidate_survives(const uint64_t *limbs, size_t limb_count, bool is_safe,
                                  const uint32_t *cancel, bool *survives);

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

/// Whether the flag, which may be NULL, is raised.
static inline bool prk_is_cancelled(const uint32_t *cancel) {
    return cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

/// A zeroed flag on its own shared page, which forked children see raised; NULL: no memory.
uint32_t *prk_flag_create(void);
void prk_flag_destroy(uint32_t *flag);

/// Raises such a flag and rings its bell. A signal handler may do it.
void prk_flag_raise(uint32_t *flag);

/// A descriptor that becomes readable when the flag is raised: for who waits in poll(). It belongs
/// to the flag. To be asked for before the flag is looked at. -1 with errno set.
int prk_flag_bell(uint32_t *flag);

/// The test by which n = k 2^e ± 1, k odd and k < 2^e, is proved prime or composite, whatever its
/// size and without trial division. `*residue`: the low 64 bits of what that test wants to be 0
/// modulo n, a^((n-1)/2) + 1 or the last Lucas-Lehmer residue, when there was a test.
/// PRK_STATUS_INVALID_ARGUMENT: n is of no such form.
prk_status prk_special_test(const uint64_t *limbs, size_t limb_count, const uint32_t *cancel,
                            prk_report *report, uint64_t *residue);

/// CPU time of the calling thread in nanoseconds.
uint64_t prk_thread_cpu_ns(void);

/// Limbs of a decimal or hexadecimal number. `digits` holds `length` >= 1 characters, all of the
/// radix (10 or 16). `limbs` has room for prk_limbs_for_digits(radix, length); the used number,
/// without leading zeros, is returned, or SIZE_MAX when there is no memory.
size_t prk_limbs_from_digits(const char *digits, size_t length, int radix, uint64_t *limbs);
size_t prk_limbs_for_digits(int radix, size_t length);

/// Decimal digits of a number into `text`, which has room for prk_decimal_capacity(count); their
/// number is returned, or SIZE_MAX when there is no memory. Not terminated by NUL.
size_t prk_decimal_from_limbs(const uint64_t *limbs, size_t count, char *text);
size_t prk_decimal_capacity(size_t count);

/// A signed number of any size, while an expression is computed. GMP ends the process when it gets
/// no memory, so whoever computes knows how large a result can be, and asks prk_integers_fit first.
/// Functions change their first argument; one number may be both arguments.
typedef struct prk_integer prk_integer;

/// A number that is not negative, from limbs; NULL: no memory.
prk_integer *prk_integer_create(const uint64_t *limbs, size_t count);
void prk_integer_destroy(prk_integer *a);

/// Whether there is memory for a result of so many bits, and for computing it.
bool prk_integers_fit(size_t bits);

/// -1, 0 or 1.
int prk_integer_sign(const prk_integer *a);
/// The size of |a|; 0 for 0.
size_t prk_integer_bits(const prk_integer *a);
/// The limbs of |a|, valid until a changes.
const uint64_t *prk_integer_limbs(const prk_integer *a, size_t *count);
/// How many decimal digits |a| has; 1 for 0.
size_t prk_integer_digits(const prk_integer *a);

void prk_integer_negate(prk_integer *a);
void prk_integer_add(prk_integer *a, const prk_integer *b);
void prk_integer_subtract(prk_integer *a, const prk_integer *b);
void prk_integer_multiply(prk_integer *a, const prk_integer *b);
/// a / b; false when that is no integer, and a is then of no use. b is not 0.
bool prk_integer_divide(prk_integer *a, const prk_integer *b);
/// The rest of a / b, of a's sign. b is not 0.
void prk_integer_remainder(prk_integer *a, const prk_integer *b);
void prk_integer_power(prk_integer *a, uint64_t exponent);
void prk_integer_gcd(prk_integer *a, const prk_integer *b);
/// n (n - step) (n - 2 step) …, down to the last positive factor. step >= 1.
void prk_integer_set_multifactorial(prk_integer *a, uint64_t n, uint64_t step);
/// The product of the primes up to n.
void prk_integer_set_primorial(prk_integer *a, uint64_t n);
void prk_integer_set_binomial(prk_integer *a, uint64_t n, uint64_t k);
void prk_integer_set_fibonacci(prk_integer *a, uint64_t n);
void prk_integer_set_lucas_number(prk_integer *a, uint64_t n);
/// p = U_n(p, q), or V_n(p, q).
void prk_integer_lucas(prk_integer *p, const prk_integer *q, uint64_t n, bool wants_v);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
