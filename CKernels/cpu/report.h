// SPDX-License-Identifier: Apache-2.0
//
// Evidence that several engines find.

#ifndef PRK_REPORT_H
#define PRK_REPORT_H

#include "../include/primality.h"

#pragma GCC visibility push(hidden)

/// A composite number's report, by a prime factor.
static inline void prk_report_factor(prk_report *report, uint64_t factor) {
    report->verdict = PRK_COMPOSITE;
    report->method = PRK_METHOD_TRIAL_DIVISION;
    report->factor = factor;
    report->fields |= PRK_REPORT_HAS_FACTOR;
}

#pragma GCC visibility pop

#endif
