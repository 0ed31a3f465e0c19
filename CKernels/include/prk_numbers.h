// SPDX-License-Identifier: Apache-2.0
//
// Numbers of any size as text and as what expressions compute. Not installed, not part of the
// library's interface.

#ifndef PRK_NUMBERS_H
#define PRK_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

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
