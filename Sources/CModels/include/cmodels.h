// SPDX-License-Identifier: Apache-2.0
//
// The C of the book's demonstrations: a spinner in a process of its own, and the worker of the
// chapter's pool.

#ifndef CMODELS_H
#define CMODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "prk_job.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// A process that draws pictures until it is told to stop.
typedef struct prk_spinner prk_spinner;

/// What it has drawn.
typedef struct PRK_SWIFT_NAME("SpinnerTally") prk_spinner_tally {
    uint64_t frames;
    /// When the last one was drawn, by prk_clock_ns; before the first one, when it was created.
    uint64_t last_ns;
    /// The longest time between two of them, or before the first one.
    uint64_t longest_gap_ns;
} prk_spinner_tally;

/// Forks a child that writes `count` pictures of `size` bytes each, one every `period_ns` (below
/// a second) and round and round, to the descriptor `output`; to none, which counts all the same,
/// when that is negative. The child runs C only, and ends with the calling thread, which must
/// therefore live until prk_spinner_stop. NULL with errno set.
prk_spinner *prk_spinner_create(int output, const unsigned char *pictures, size_t size,
                                size_t count, uint32_t period_ns);

/// Its process id.
pid_t prk_spinner_process(const prk_spinner *spinner);

/// Tells it to stop, waits for its end and frees it: once. 0, or the signal that ended it: SIGKILL
/// when it could not be told, since it was stopped.
int prk_spinner_stop(prk_spinner *spinner, prk_spinner_tally *tally);

/// A queue of messages of one size between processes, by its two ends: what is put into ends[1]
/// comes out of ends[0], whole, at one of the processes that wait for it. It has no lock, so none
/// is left behind by a process that is killed. 0, or -1 with errno set.
int prk_packets_create(int ends[2]);

/// Puts a message, waiting for room; false when nobody is left who could get it.
bool prk_packets_put(int end, const void *message, size_t size);

/// Waits for a message; false when nobody is left who could put one.
bool prk_packets_get(int end, void *message, size_t size);

/// A number that a worker of the chapter's pool has tested.
typedef struct PRK_SWIFT_NAME("CheckedNumber") prk_checked {
    /// 0: the worker has taken its pill.
    uint64_t n;
    /// Wall time of the test in nanoseconds.
    uint64_t ns;
    uint8_t verdict;
} prk_checked;

/// Forks a worker of the chapter's pool: it takes numbers, as uint64_t, out of `jobs` until it
/// takes a 0, and puts a prk_checked into `results` for each, and one for the pill. Its process id,
/// or -1 with errno set. Otherwise as prk_worker_create with a job for 64-bit numbers.
pid_t prk_chapter_worker_create(int jobs, int results, const prk_job *job);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
