// SPDX-License-Identifier: Apache-2.0
//
// What calls answer, and the one bound on the size of a number.

#include "../include/prk_kernels.h"

_Static_assert(PRK_MOST_BITS % 64 == 0, "the bound is kept in limbs");

size_t prk_most_limbs = PRK_MOST_BITS / 64;

const char *prk_status_name(prk_status status) {
    static const char *const names[] = {
        [PRK_STATUS_OK] = "ok",
        [PRK_STATUS_INVALID_ARGUMENT] = "invalid argument",
        [PRK_STATUS_NO_MEMORY] = "no memory",
        [PRK_STATUS_LEVEL_UNAVAILABLE] = "level unavailable",
        [PRK_STATUS_LEVEL_UNKNOWN] = "level unknown",
        [PRK_STATUS_CANCELLED] = "cancelled",
        [PRK_STATUS_TOO_LARGE] = "too large",
    };
    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : NULL;
}
