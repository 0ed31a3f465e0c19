// SPDX-License-Identifier: Apache-2.0
//
// Proofs by a worker process that runs C alone: what its owner and it share beside the channel.

#ifndef PRK_PROVER_H
#define PRK_PROVER_H

#include <primality.h>

#include "prk_job.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// How one worker proves, and memory that it shares with its owner: how far it is, and what it has
/// found on the way. That is there when the worker has died, and the next one goes on from there.
/// Made before the worker, of which it is the task's context; for one request at a time.
typedef struct prk_prover prk_prover;

/// The most numbers that are proved together.
enum { PRK_PROVER_MOST = 64 };

/// A copy of what is said of every number; what is of one number alone is ignored. NULL with errno
/// set.
prk_prover *prk_prover_create(const prk_prove_options *options);
void prk_prover_destroy(prk_prover *prover);

/// The evidence on a number begins with it; the certificate follows, if there is one.
typedef struct PRK_SWIFT_NAME("ProverAnswer") prk_prover_answer {
    prk_status status;
    prk_proof proof;
} prk_prover_answer;

/// The task: a `prk_worker_task`. Its verdicts say no more than what was not proved.
uint32_t prk_prover_task(void *prover, const uint64_t *limbs, const uint64_t *offsets,
                         const prk_form *forms, size_t count, size_t first, const uint32_t *cancel,
                         uint8_t *verdicts, prk_evidence *evidence, char *text);

/// Begins with nothing for a request of so many numbers, PRK_PROVER_MOST at most. What follows is
/// for the owner, too.
void prk_prover_begin(prk_prover *prover, size_t count);

/// Gives number `place` a journal, with what earlier proofs found. Of more than there is room for
/// only the beginning is kept; the numbers of a request share 64 MB.
void prk_prover_keep(prk_prover *prover, size_t place, const char *kept, size_t size);

/// What is done of number `place`, in millionths.
uint32_t prk_prover_progress(const prk_prover *prover, size_t place);

/// What the journal of number `place` has by now, what was kept included, and its size. Valid until
/// the next request.
const char *prk_prover_journal(const prk_prover *prover, size_t place, size_t *size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
