// SPDX-License-Identifier: Apache-2.0
//
// What a job does beside the engines.

#ifndef PRK_JOB_ROOM_H
#define PRK_JOB_ROOM_H

#include "../include/prk_job.h"

#pragma GCC visibility push(hidden)

/// Looks for proofs of the probable primes of a batch that was tested, as the job asks for them. A
/// number is called prime when the verifier has accepted the certificate; its report, when
/// `reports` is not NULL, then names the first step's kind, and has the time. What was found is
/// dropped after that. PRK_STATUS_CANCELLED and PRK_STATUS_NO_MEMORY leave PRK_UNTESTED for the
/// probable primes that were not looked at to the end.
prk_status prk_prove_batch(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                           size_t count, uint8_t *verdicts, prk_report *reports);

#pragma GCC visibility pop

#endif
