// SPDX-License-Identifier: Apache-2.0
//
// The inside of prk_integer.

#ifndef PRK_INTEGER_H
#define PRK_INTEGER_H

#include <gmp.h>

#include "../include/prk_numbers.h"

struct prk_integer {
    mpz_t value;
};

#endif
