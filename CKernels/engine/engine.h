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

/// In which arithmetic `way` tests n: PRK_ENGINE_GMP on GMP alone, PRK_ENGINE_FFT by transforms
/// where they take n, else whichever takes least time.
const prk_arithmetic *prk_arithmetic_of(prk_engine way, mpz_srcptr n, const prk_special_form *form);

/// All other tests of n, which division has left undecided: whether a special form proves or
/// refutes it, then Baillie-PSW and the random bases that the options ask for, in
/// prk_arithmetic_of(). `given`: NULL, or the form that n is said to have. Sets `report->engine`
/// where another one ran.
prk_status prk_test_undivided(prk_scratch *scratch, prk_engine way, mpz_srcptr n,
                              const prk_form *given, const prk_options *options,
                              prk_report *report);

/// Tries to prove or refute n by its form (Proth, LLR), as PRK_ENGINE_AUTO does. `*is_special` says
/// whether n has one.
prk_status prk_test_form(prk_scratch *scratch, mpz_srcptr n, const prk_options *options,
                         prk_report *report, bool *is_special);

/// A strong test to base 2 once more, of a probable prime that was found in `used`: `*passed` is
/// false when exact arithmetic refutes it. Costs nothing where `used` is exact.
prk_status prk_confirm_probable_prime(prk_scratch *scratch, const prk_arithmetic *used,
                                      mpz_srcptr n, const prk_special_form *form,
                                      const uint32_t *cancel, bool *passed);

/// RES64 of n >= 1, in prk_arithmetic_of(). `given` as above.
prk_status prk_res64(prk_scratch *scratch, prk_engine way, mpz_srcptr n, const prk_form *given,
                     const uint32_t *cancel, uint64_t *residue);

// Numbers that are tested together at most.
#define PRK_LANE_BATCH 512

/// Baillie-PSW and random bases for `count` <= PRK_LANE_BATCH numbers of sizes that lanes take, in
/// those of IFMA or of transforms, or one by one: as `way` says, PRK_ENGINE_AUTO, PRK_ENGINE_IFMA
/// or PRK_ENGINE_FFT. Of each, `limbs`, `size`, `bits`, `report` and `is_divided` are set, and the
/// report is zeroed but for its engine; CPU time is added to it where `timed`. Numbers that are not
/// divided by small primes have a size that prk_lanes_take(). PRK_STATUS_CANCELLED and
/// PRK_STATUS_NO_MEMORY leave PRK_UNTESTED where nothing was decided.
prk_status prk_lanes_test(prk_scratch *scratch, prk_engine way, prk_lane_number *numbers,
                          size_t count, const prk_options *options, bool timed);

/// What stands in the report is what ran, whichever engine was chosen by the number's size.
void prk_report_engine(prk_report *report, const prk_arithmetic *arithmetic);

#pragma GCC visibility pop

#endif
