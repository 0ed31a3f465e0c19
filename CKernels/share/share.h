// SPDX-License-Identifier: Apache-2.0
//
// Lanes that several computations share: where one alone would leave most of them empty, many that
// wait for the same kind of operation fill them. What each one gets does not depend on the others.

#ifndef PRK_SHARE_H
#define PRK_SHARE_H

#include "../curve/curve.h"
#include "../ifma/lanes.h"
#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// One of several computations: number `i`, with a scratch that is its own for the call. What it
/// returns other than PRK_STATUS_OK ends all that have not begun.
typedef prk_status (*prk_shared_task)(void *context, size_t i, prk_scratch *s);

/// Runs tasks 0 … count - 1. Where lanes take numbers of `bits` bits, `most` of them at once take
/// turns in this thread, and share lanes; else, and within a task, one runs after the other. The
/// first status that is not PRK_STATUS_OK.
prk_status prk_share_lanes(prk_scratch *s, size_t bits, size_t count, size_t most,
                           prk_shared_task task, void *context);
#define PRK_SHARED_TASKS 32

// What follows waits for others within a task of prk_share_lanes(), and does not elsewhere.

/// result = base^exponent modulo n, or V_exponent(base, 1), of up to PRK_LANES numbers n above 1
/// and odd, of any size; 0 <= base < n, exponent >= 0.
prk_status prk_shared_powers(prk_scratch *s, const prk_lane_power *list, size_t count,
                             bool is_lucas, const uint32_t *cancel);

/// Which of up to PRK_LANES odd numbers are strong probable primes to base 2, those below 2^64
/// prime.
prk_status prk_shared_strong_tests(prk_scratch *s, const mpz_srcptr *n, size_t count,
                                   const uint32_t *cancel, bool *passed);

/// prk_extra_strong_lucas_test() of an n above 2^64.
prk_status prk_shared_lucas_test(prk_scratch *s, mpz_srcptr n, uint32_t p, const uint32_t *cancel,
                                 uint32_t *condition);

/// prk_curve_look(), and where that is undecided prk_curve_decide().
prk_status prk_shared_look(prk_scratch *s, const prk_curve_claim *claim, const uint32_t *cancel,
                           prk_curve_answer *answer);

#pragma GCC visibility pop

#endif
