// SPDX-License-Identifier: Apache-2.0
//
// What a batch calls for one number, or for those that wait for lanes.

#ifndef PRK_ENGINE_H
#define PRK_ENGINE_H

#include "../ifma/lanes.h"
#include "../modular/modulus.h"

#pragma GCC visibility push(hidden)

/// What the definition and small primes say of n, where they decide; takes no scratch. `report` is
/// zeroed by the caller. PRK_STATUS_NO_MEMORY decides nothing.
prk_status prk_test_by_division(mpz_srcptr n, prk_report *report, bool *is_decided);

/// All other tests of n, which division has left undecided: whether a special form proves or
/// refutes it, then Baillie-PSW and the random bases that the options ask for, in `arithmetic`.
prk_status prk_test_undivided(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                              const prk_options *options, prk_report *report);

/// Tries to prove or refute n by its form (Proth, LLR). `*is_special` says whether n has one.
prk_status prk_test_form(prk_scratch *scratch, mpz_srcptr n, const prk_options *options,
                         prk_report *report, bool *is_special);

/// RES64 of n >= 1.
prk_status prk_res64(prk_scratch *scratch, mpz_srcptr n, const uint32_t *cancel, uint64_t *residue);

// Numbers that are tested together at most.
#define PRK_LANE_BATCH 512

/// Baillie-PSW and random bases for `count` <= PRK_LANE_BATCH numbers of such sizes that small
/// primes do not divide. Of each, `limbs`, `size`, `bits` and `report` are set, and the report is
/// zeroed; CPU time is added to it where `timed`. PRK_STATUS_CANCELLED and PRK_STATUS_NO_MEMORY
/// leave PRK_UNTESTED where nothing was decided.
prk_status prk_lanes_test(prk_scratch *scratch, prk_lane_number *numbers, size_t count,
                          const prk_options *options, bool timed);

#pragma GCC visibility pop

#endif
