// SPDX-License-Identifier: Apache-2.0
//
// What the owner's and the worker's side of a channel share.

#ifndef PRK_POOL_INTERNAL_H
#define PRK_POOL_INTERNAL_H

#include "../include/prk_pool.h"

#pragma GCC visibility push(hidden)

/// A request's way: the owner makes its slot ASSIGNED, the worker STARTED and then DONE, the owner
/// FREE again when it has the answer. Each state has one side that may leave it, so there is no lock,
/// and a side that is killed anywhere leaves a state that tells how far it got.
enum { PRK_SLOT_FREE, PRK_SLOT_ASSIGNED, PRK_SLOT_STARTED, PRK_SLOT_DONE };

enum {
    /// Places in the rooms are counted in lines.
    PRK_LINE = 64,
    PRK_REQUEST_ROOM = 256 << 10, // 32,768 numbers of one limb
    PRK_ANSWER_ROOM = 1 << 20,
    /// Verdicts that a slot takes itself.
    PRK_SLOT_VERDICTS = 24,
};

/// One request and its answer, on one line.
typedef struct prk_slot {
    _Alignas(PRK_LINE) uint32_t state;
    /// The arrays come through the socket.
    bool request_streams, answer_streams;
    /// Where the request's arrays and the answer's are. A single number of one limb is in the
    /// request itself, as `n`.
    uint16_t request_place, answer_place;
    union {
        prk_request request;
        struct {
            prk_answer head;
            uint8_t verdicts[PRK_SLOT_VERDICTS];
        } answer;
    } u;
} prk_slot;

/// Memory that an owner and one worker share: slots that are used round and round, and the rooms for
/// what does not fit into a slot. Only the owner hands out places in the rooms, for requests and for
/// their answers, also round and round. What is too large for a room streams through the socket: a
/// mapping cannot grow after the fork.
typedef struct prk_mailbox {
    /// The worker waits on it as a futex.
    uint32_t bell;
    /// The worker is, or is about to be, in that futex.
    uint32_t worker_sleeps;
    /// 0, or which answer, counted from the first one ever, ends the owner's sleep in poll().
    _Alignas(PRK_LINE) uint64_t wake_at;
    prk_slot slots[PRK_WORKER_DEPTH];
    /// Offsets, then limbs.
    _Alignas(PRK_LINE) unsigned char requests[PRK_REQUEST_ROOM];
    /// Verdicts, then reports, on a line of their own.
    _Alignas(PRK_LINE) unsigned char answers[PRK_ANSWER_ROOM];
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

static inline size_t prk_whole_lines(size_t size) { return (size + PRK_LINE - 1) / PRK_LINE; }

/// Where the reports of an answer begin.
static inline size_t prk_reports_place(size_t count) { return prk_whole_lines(count) * PRK_LINE; }

/// Whether a request's number is in the request itself.
static inline bool prk_is_single(const prk_request *request) {
    return request->kind == PRK_REQUEST_CHUNK && request->count == 1 && request->limb_count == 1;
}

/// How many offsets come with a request.
static inline size_t prk_offset_count(const prk_request *request) {
    return request->kind != PRK_REQUEST_CHUNK || request->count == request->limb_count
               ? 0
               : (size_t)request->count + 1;
}

static inline size_t prk_limb_count(const prk_request *request) {
    return request->kind == PRK_REQUEST_CHUNK ? (size_t)request->limb_count : 0;
}

void prk_futex_wait(uint32_t *word, uint32_t value);
void prk_futex_wake(uint32_t *word);

#pragma GCC visibility pop

#endif
