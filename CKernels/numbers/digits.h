// SPDX-License-Identifier: Apache-2.0
//
// How long a number is in decimal.

#ifndef PRK_DIGITS_H
#define PRK_DIGITS_H

#include <gmp.h>

#pragma GCC visibility push(hidden)

/// How many decimal digits n has without its sign; 0 has one.
size_t prk_decimal_digits(mpz_srcptr n);

#pragma GCC visibility pop

#endif
