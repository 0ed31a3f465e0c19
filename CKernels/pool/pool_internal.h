// SPDX-License-Identifier: Apache-2.0
//
// What the owner's and the worker's side of a channel share.

#ifndef PRK_POOL_INTERNAL_H
#define PRK_POOL_INTERNAL_H

#include "../include/prk_pool.h"

#pragma GCC visibility push(hidden)

/// A request's way: the owner makes it ASSIGNED, the worker STARTED and then DONE, the owner FREE
/// again when it has the answer. Each state has one side that may leave it, so there is no lock,
/// and a side that is killed anywhere leaves a state that tells how far it got.
enum { PRK_MAIL_FREE, PRK_MAIL_ASSIGNED, PRK_MAIL_STARTED, PRK_MAIL_DONE };

enum {
    PRK_REQUEST_ROOM = 256 << 10, // 16,383 numbers of one limb
    PRK_ANSWER_ROOM = 1 << 20,
};

/// Memory that an owner and one worker share. What does not fit streams through their socket: a
/// mapping cannot grow after the fork.
typedef struct prk_mailbox {
    /// The worker waits on it as a futex.
    uint32_t state;
    /// The worker is, or is about to be, in that futex.
    uint32_t worker_sleeps;
    /// The owner is, or is about to be, in poll().
    uint32_t owner_sleeps;
    /// The payload comes through the socket.
    uint32_t request_streams, answer_streams;
    /// The request, then the answer.
    prk_frame frame;
    /// Offsets, then limbs.
    _Alignas(64) unsigned char request[PRK_REQUEST_ROOM];
    /// Verdicts, then reports, on a line of their own.
    _Alignas(64) unsigned char answer[PRK_ANSWER_ROOM];
} prk_mailbox;

/// A worker's end of its channel.
typedef struct prk_channel_end {
    int in, out;
    /// Shared memory, or NULL, and the eventfd that wakes the owner.
    prk_mailbox *mailbox;
    int bell;
} prk_channel_end;

/// Serves until it is told to stop or the owner, a process id, is gone.
_Noreturn void prk_worker_serve(prk_channel_end end, const prk_job *job, pid_t owner);

/// Forks a child that serves; its process id or -1 with errno set.
pid_t prk_worker_fork(prk_channel_end end, const prk_job *job);

/// Where the reports of an answer begin in its room.
static inline size_t prk_reports_place(size_t count) { return (count + 63) & ~(size_t)63; }

void prk_futex_wait(uint32_t *word, uint32_t value);
void prk_futex_wake(uint32_t *word);

#pragma GCC visibility pop

#endif
