// SPDX-License-Identifier: Apache-2.0
//
// The 64-bit entry points: check the arguments, call the active level.

#include <string.h>

#include "../include/prk_kernels.h"

bool prk_is_prime_u64(uint64_t n) { return prk_kernels()->is_prime(n); }

static prk_status level_for_batches(void) {
    return prk_level_status() == PRK_STATUS_OK ? PRK_STATUS_OK : PRK_STATUS_LEVEL_UNAVAILABLE;
}

prk_status prk_test_u64_batch(const uint64_t *n, uint8_t *verdicts, size_t count) {
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    if (n == NULL || verdicts == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_status status = level_for_batches();
    if (status == PRK_STATUS_OK) {
        prk_kernels()->test_batch(n, verdicts, count);
    }
    return status;
}

prk_status prk_trial_range_u64(uint64_t n, uint64_t from, uint64_t to, uint64_t *divisor) {
    if (n < 2 || divisor == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_status status = level_for_batches();
    if (status == PRK_STATUS_OK) {
        *divisor = prk_kernels()->trial_range(n, from, to);
    }
    return status;
}

prk_status prk_trial_cancellable(uint64_t n, uint64_t from, uint64_t to, const uint32_t *cancel,
                                 uint64_t *divisor) {
    // A block is some milliseconds of work; the flag costs nothing that can be measured.
    const uint64_t block = UINT64_C(1) << 21;
    *divisor = 0;
    to = to < UINT32_MAX ? to : UINT32_MAX;
    for (; from <= to && from * from <= n; from += block) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        *divisor = prk_kernels()->trial_range(n, from, to - from < block ? to : from + block - 1);
        if (*divisor != 0) {
            break;
        }
    }
    return PRK_STATUS_OK;
}

prk_status prk_smallest_factor_u64(uint64_t n, uint64_t *factor) {
    if (n < 2 || factor == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_status status = level_for_batches();
    if (status == PRK_STATUS_OK) {
        uint64_t divisor = prk_kernels()->trial_range(n, 0, UINT32_MAX);
        *factor = divisor == 0 ? n : divisor;
    }
    return status;
}
