// SPDX-License-Identifier: Apache-2.0
//
// The job that a pool runs on a chunk. Not installed, not part of the library's interface.

#ifndef PRK_JOB_H
#define PRK_JOB_H

#include "primality.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// A 64-bit engine from outside this library, as a plain function: it must allocate nothing and
/// take no lock, since it runs in forked children. Writes one verdict per number, and the evidence
/// when `reports` is not NULL (zeroed before). Polls `cancel`, which may be NULL, and leaves
/// PRK_UNTESTED where it stopped.
typedef void (*prk_word_engine)(const uint64_t *n, uint8_t *verdicts, prk_report *reports,
                                size_t count, const uint32_t *cancel);

/// A word engine that divides: the least divisor of n >= 2 in a range, as prk_trial_cancellable,
/// under the rules for prk_word_engine.
typedef prk_status (*prk_word_divider)(uint64_t n, uint64_t from, uint64_t to,
                                       const uint32_t *cancel, uint64_t *divisor);

enum {
    PRK_WORKER_TEXT = 120,
    /// What a task returns that failed; no prk_status has this value.
    PRK_TASK_FAILED = 100,
};

/// Takes what a task gives beside its verdicts; the pool carries it and does not look at it.
typedef struct prk_evidence prk_evidence;

/// What a worker runs instead of an engine: PRK_STATUS_OK, PRK_STATUS_NO_MEMORY, or PRK_TASK_FAILED
/// and in `text`, of PRK_WORKER_TEXT bytes and ended by a zero, why. It may call prk_evidence_put
/// for each number. What it has put is dropped when it fails. `forms` is NULL, or has the form of
/// each number. `first` is the place of the first number in the chunk of which these are a part.
/// `cancel` may be NULL.
typedef uint32_t (*prk_worker_task)(void *context, const uint64_t *limbs, const uint64_t *offsets,
                                    const prk_form *forms, size_t count, size_t first,
                                    const uint32_t *cancel, uint8_t *verdicts,
                                    prk_evidence *evidence, char *text);

/// Takes the certificate of number `i` of a chunk, which was verified: JSON lines.
typedef void (*prk_certificate_sink)(void *context, size_t i, const char *text, size_t size);

/// How the numbers of a run are tested: the same for every chunk and every worker.
typedef struct PRK_SWIFT_NAME("KernelJob") prk_job {
    /// Used when word_engine is NULL.
    prk_engine engine;
    /// What reports name as the engine when word_engine is used.
    uint8_t word_engine_name;
    bool wants_reports;
    /// Whether a worker process measures what a request takes: two system calls.
    bool wants_cpu_time;
    /// How much a proof of each probable prime may cost, in strong tests of it; 0: none is looked
    /// for. For kernels alone: word engines are exact.
    uint64_t proof_cost;
    /// Probable primes of up to so many bits are proved whatever that costs.
    uint64_t proof_bits;
    /// NULL: certificates are dropped when they were verified.
    prk_certificate_sink certificate_sink;
    void *certificate_context;
    prk_word_engine word_engine;
    /// NULL when word_engine does not divide.
    prk_word_divider word_divider;
    /// NULL, or what is run on chunks; in a process that runs C only it has to be C, too.
    prk_worker_task task;
    void *task_context;
    prk_options options;
} prk_job;

/// Runs a job on one chunk: prk_test_batch and, where the job asks for them, proofs of the probable
/// primes by prk_prove; or the same contract with a word engine. Cancelled while it proves: those
/// that were not looked at to the end are PRK_UNTESTED.
/// `reports` is written only when the job wants reports. The forms of a chunk's numbers, where some
/// are known, are the caller's to put into a copy of the job's options.
prk_status prk_job_run(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                       size_t count, prk_scratch *scratch, uint8_t *verdicts, prk_report *reports);

/// Runs a job on a part of one number, when its engine is complete trial division: the divisors of
/// n >= 2 in [from, to]. PRK_PRIME says that none of them divides n, and PRK_COMPOSITE comes with
/// the least that does, so that n is prime when each part says so, and else the smallest factor is
/// the least of all parts'. Writes the report whether the job wants it or not.
/// PRK_STATUS_INVALID_ARGUMENT for another engine.
prk_status prk_job_run_part(const prk_job *job, uint64_t n, uint64_t from, uint64_t to,
                            prk_scratch *scratch, uint8_t *verdict, prk_report *report);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
