// SPDX-License-Identifier: Apache-2.0
//
// What keys are checked with: integers that are overwritten before their memory is given back, weak
// moduli, factors that moduli share. Not installed, not part of the library's interface.

#ifndef PRK_KEYS_H
#define PRK_KEYS_H

#include "primality.h"
#include "prk_numbers.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

// --- Memory that held secrets --------------------------------------------------------------------

/// Overwrites memory with zeros, also when nobody reads it any more. NULL with 0 bytes is allowed.
void prk_wipe(void *start, size_t bytes);

/// From now on GMP overwrites what it gives back to the heap, in all of this process. What it has
/// on the stack, up to 64 KiB at a time, stays there. To be called before there are other threads;
/// once is enough.
void prk_gmp_wipe_freed(void);

/// As prk_scratch_destroy, and overwrites what tests have kept, apart from GMP's numbers, which
/// prk_gmp_wipe_freed sees to. What a scratch gave back while it grew was not overwritten: test
/// the largest number first.
void prk_scratch_destroy_wiped(prk_scratch *scratch);

/// Lets no core file be written of this process, and no other one that has no privileges look into
/// its memory. 0, or an errno.
int prk_process_keep_secrets(void);

// --- Integers ------------------------------------------------------------------------------------
//
// More functions on prk_integer. They change no argument that is const.

/// A number that is not negative, from its bytes, the most significant first. NULL: no memory.
prk_integer *prk_integer_from_bytes(const uint8_t *bytes, size_t count);
/// NULL: no memory.
prk_integer *prk_integer_copy(const prk_integer *a);
/// Overwrites the number; as prk_integer_destroy otherwise. What GMP gave back while the number
/// changed is prk_gmp_wipe_freed's.
void prk_integer_destroy_wiped(prk_integer *a);

/// Negative, 0 or positive as a is less than, equal to or greater than b.
int prk_integer_compare(const prk_integer *a, const prk_integer *b);
void prk_integer_add_word(prk_integer *a, uint64_t word);
void prk_integer_subtract_word(prk_integer *a, uint64_t word);
/// |a| / 2^bits without the fraction, with a's sign.
void prk_integer_shift_right(prk_integer *a, size_t bits);
/// a 2^bits.
void prk_integer_shift_left(prk_integer *a, size_t bits);
/// The least common multiple. a and b positive.
void prk_integer_lcm(prk_integer *a, const prk_integer *b);
/// a modulo m, from 0 to m - 1. m is not 0.
uint64_t prk_integer_modulo_word(const prk_integer *a, uint64_t m);
/// Jacobi's symbol (a | n). n odd and positive.
int prk_integer_jacobi(const prk_integer *a, const prk_integer *n);
/// a = a^exponent modulo m, for public numbers: its time depends on the exponent. exponent not
/// negative, m positive. false: `cancel`, which may be NULL, was raised; it is polled at each
/// product.
bool prk_integer_power_modulo(prk_integer *a, const prk_integer *exponent, const prk_integer *m,
                              const uint32_t *cancel);

/// a = floor(2^bits pi), by Machin's formula. bits below 2^20.
void prk_integer_set_pi(prk_integer *a, size_t bits);
/// a = floor(2^bits e), by the sum of 1/k!. bits below 2^20.
void prk_integer_set_e(prk_integer *a, size_t bits);

// --- Weak moduli ---------------------------------------------------------------------------------

/// The least prime factor of n that is not above `bound`; 0: there is none. n positive;
/// `primorial` is the product of the primes up to `bound`, which prk_integer_set_primorial gives.
uint64_t prk_integer_least_factor(const prk_integer *n, const prk_integer *primorial,
                                  uint64_t bound);

/// Fermat's method with `steps` steps at most: the step, from 1 on, at which it writes n as a
/// product of two factors; a square takes one. 0: it does not within these steps, or `cancel`,
/// which may be NULL, was raised, or n is even or below 9. A step adds one number of half the size
/// and looks for squares, nearly all of which their residues exclude.
uint64_t prk_integer_fermat_steps(const prk_integer *n, uint64_t steps, const uint32_t *cancel);

/// For each of `count` numbers its greatest common divisor with the product of all others
/// [HDWH12], by a product and a remainder tree. Number i is limbs[offsets[i] ..< offsets[i + 1]],
/// and positive; `divisors` has the same places, filled up with zeros. Numbers that are equal share
/// themselves.
///
/// 0 or decreasing offsets: PRK_STATUS_INVALID_ARGUMENT. Together above 2^32 bits:
/// PRK_STATUS_TOO_LARGE. When the trees do not fit in the memory that is available:
/// PRK_STATUS_NO_MEMORY. `cancel`, which may be NULL, is polled between products. Time is that of
/// log2(count) products and divisions of the size of all numbers together.
prk_status prk_batch_gcd(const uint64_t *limbs, const uint64_t *offsets, size_t count,
                         const uint32_t *cancel, uint64_t *divisors);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
