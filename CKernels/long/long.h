// SPDX-License-Identifier: Apache-2.0
//
// Tests of one large number by many steps, on GMP.

#ifndef PRK_LONG_H
#define PRK_LONG_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// result = base^exponent mod n, in pieces between which the flag is polled. base < n, n odd or
/// even, exponent >= 1. PRK_STATUS_CANCELLED leaves result undefined.
prk_status prk_pow_mod(prk_scratch *scratch, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                       mpz_srcptr n, const uint32_t *cancel);

/// Whether n is a strong probable prime to `base`; n_minus_1 in the scratch is set. n odd, n > 2.
prk_status prk_strong_test(prk_scratch *scratch, mpz_srcptr n, mpz_srcptr base,
                           const uint32_t *cancel, bool *passed);

/// The first D of 5, -7, 9, -11, … of which (D|n) = -1. When a common factor showed n composite
/// before, `*d` is 0 and the answer false. n odd, no square.
bool prk_selfridge_discriminant(mpz_srcptr n, int64_t *d);

/// Strong Lucas test with Selfridge's parameters, method A [BaWa80]. n odd, no square. `*d` is the
/// discriminant, of which (d|n) = -1, or 0 when a common factor with it showed n composite.
prk_status prk_strong_lucas_selfridge(prk_scratch *scratch, mpz_srcptr n, const uint32_t *cancel,
                                      bool *passed, int64_t *d);

#pragma GCC visibility pop

#endif
