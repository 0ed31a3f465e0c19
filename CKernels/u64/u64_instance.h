// SPDX-License-Identifier: Apache-2.0
//
// The scalar kernels for one level. The includer defines
//   PRK_TARGET   the function attribute that turns the instruction set on, or nothing,
//   PRK_SUFFIX   the level's name as a suffix,
//   PRK_LEVEL    its prk_level, and
//   PRK_NAME     its name as a string.
// A level with faster code of its own replaces pointers in its set, not this file.

#include "u64_interleaved.h"
#include "u64_levels.h"

#define PRK_PASTE_(name, suffix) name##_##suffix
#define PRK_PASTE(name, suffix) PRK_PASTE_(name, suffix)
#define PRK_KERNEL(name) PRK_PASTE(name, PRK_SUFFIX)

PRK_TARGET static void PRK_KERNEL(test_with_report)(uint64_t n, prk_report *report) {
    prk_report_u64_body(n, report);
}

#ifndef PRK_OWN_IS_PRIME
PRK_TARGET static bool PRK_KERNEL(is_prime)(uint64_t n) { return prk_is_prime_u64_body(n); }
#endif

#ifndef PRK_OWN_TEST_BATCH
PRK_GROUPS

PRK_TARGET static void PRK_KERNEL(test_batch)(const uint64_t *n, uint8_t *verdicts, size_t count) {
    prk_test_batch_interleaved(n, verdicts, count, &groups_here);
}
#endif

#ifndef PRK_OWN_TRIAL_RANGE
PRK_TARGET static uint64_t PRK_KERNEL(trial_range)(uint64_t n, uint64_t from, uint64_t to) {
    return prk_trial_range_body(n, from, to);
}
#endif

const prk_kernel_set PRK_PASTE(prk_kernels, PRK_SUFFIX) = {
    .level = PRK_LEVEL,
    .name = PRK_NAME,
    .is_prime = PRK_KERNEL(is_prime),
    .test_batch = PRK_KERNEL(test_batch),
    .test_with_report = PRK_KERNEL(test_with_report),
    .trial_range = PRK_KERNEL(trial_range),
};
