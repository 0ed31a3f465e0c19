// SPDX-License-Identifier: Apache-2.0
//
// The job that pools run on a chunk, and the child's side of a process pool. Not installed.

#ifndef PRK_POOL_H
#define PRK_POOL_H

#include <sys/types.h>

#include "prk_kernels.h"

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

/// How the numbers of a run are tested: the same for every chunk and every worker.
typedef struct PRK_SWIFT_NAME("KernelJob") prk_job {
    /// Used when word_engine is NULL.
    prk_engine engine;
    /// What reports name as the engine when word_engine is used.
    uint8_t word_engine_name;
    bool wants_reports;
    prk_word_engine word_engine;
    /// NULL when word_engine does not divide.
    prk_word_divider word_divider;
    prk_options options;
} prk_job;

/// Runs a job on one chunk: prk_test_batch, or the same contract with a word engine.
/// `reports` is written only when the job wants reports.
prk_status prk_job_run(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                       size_t count, prk_scratch *scratch, uint8_t *verdicts, prk_report *reports);

/// Runs a job on a part of one number, when its engine is complete trial division: the divisors of
/// n >= 2 in [from, to]. PRK_PRIME says that none of them divides n, and PRK_COMPOSITE comes with
/// the least that does, so that n is prime when each part says so, and else the smallest factor is
/// the least of all parts'. Writes the report whether the job wants it or not.
/// PRK_STATUS_INVALID_ARGUMENT for another engine.
prk_status prk_job_run_part(const prk_job *job, uint64_t n, uint64_t from, uint64_t to,
                            prk_scratch *scratch, uint8_t *verdict, prk_report *report);

/// What travels on a worker's channel, both ways. A chunk is followed by `count` + 1 offsets and
/// `limb_count` limbs, a part by nothing. An answer is followed by `count` verdict bytes (a part
/// has one) and, if the job wants them, `count` reports.
typedef struct PRK_SWIFT_NAME("KernelFrame") prk_frame {
    uint64_t count;
    uint64_t limb_count;
    /// Of a part: the arguments of prk_job_run_part.
    uint64_t n, from, to;
    /// CPU time that the request took, in nanoseconds.
    uint64_t cpu_ns;
    uint32_t kind;
    /// A prk_status.
    uint32_t status;
} prk_frame;

enum {
    PRK_FRAME_CHUNK = 1,
    PRK_FRAME_ANSWER = 2,
    /// The poison pill: the worker leaves its loop and exits with status 0.
    PRK_FRAME_STOP = 3,
    PRK_FRAME_PART = 4,
};

/// Forks a worker that serves `job` until it is told to stop, its channel closes or the calling
/// thread ends. The child runs C only, from fork() to _exit(): no Swift, no inherited descriptor
/// but its channel. Returns its process id and sets `*channel` (close-on-exec), or -1 with errno
/// set. The calling thread must outlive the worker (PR_SET_PDEATHSIG is tied to it).
pid_t prk_worker_fork(const prk_job *job, int *channel);

/// Sends one frame with its payload. 0, or an errno; EPIPE when the worker is gone. Never SIGPIPE.
int prk_channel_send(int channel, const prk_frame *frame, const void *first, size_t first_size,
                     const void *second, size_t second_size);

/// Receives exactly `size` bytes. 0, or an errno; EPIPE at the end of the stream.
int prk_channel_receive(int channel, void *bytes, size_t size);

/// A descriptor that prk_doorbell_ring makes readable until prk_doorbell_clear; -1 with errno set.
int prk_doorbell_create(void);
void prk_doorbell_ring(int doorbell);
void prk_doorbell_clear(int doorbell);

/// SipHash-2-4 [AuBe12] of a file's content under the key (k0, k1), from its beginning and without
/// moving its offset, and its size in bytes. 0, or an errno; ECANCELED when `cancel`, which may be
/// NULL, was raised.
int prk_file_digest(int file, uint64_t k0, uint64_t k1, const uint32_t *cancel, uint64_t *digest,
                    uint64_t *size);

/// Names the calling thread; the kernel keeps 15 bytes.
void prk_thread_set_name(const char *name);

/// Lets the calling thread run on one core alone: of those that it may use the one at `place`,
/// counted from 0 and round and round. 0, or an errno.
int prk_thread_pin(int place);

/// The cores that this process may use, at least 1.
int prk_core_count(void);

/// "KILL" for SIGKILL; NULL for a number that is no signal.
const char *prk_signal_name(int signal);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
