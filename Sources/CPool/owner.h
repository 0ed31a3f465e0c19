// SPDX-License-Identifier: Apache-2.0
//
// A worker as its owner sees it: what birth.c, channel.c and mailbox.c share.

#ifndef PRK_OWNER_H
#define PRK_OWNER_H

#include <sys/uio.h>

#include "pool_internal.h"

#pragma GCC visibility push(hidden)

/// What the answer to a request must look like, and what it takes of the rooms.
typedef struct prk_held_request {
    size_t count, reports_size;
    uint64_t requests_start, requests_end, answers_start, answers_end;
} prk_held_request;

/// A room, handed out round and round, and from its beginning when it is empty; places are counted
/// in lines.
typedef struct prk_room_use {
    uint64_t start, end;
} prk_room_use;

/// The evidence of the oldest answer so far. Its size comes first, then a length a number, then the
/// bytes.
typedef struct prk_arriving_evidence {
    /// Of lengths and bytes together.
    uint64_t size;
    /// How many bytes of `size` itself and of the rest have come.
    size_t size_received, received;
    unsigned char *bytes;
    size_t room;
} prk_arriving_evidence;

struct prk_worker {
    pid_t pid;
    /// Or -1 (Linux before 5.3, or no descriptor left): a death is then noticed by end-of-file on
    /// the channel.
    int pidfd;
    /// The nursery that forked this worker and reaps it; NULL: this process is its parent.
    prk_nursery *nursery;
    int in, out, bell;
    /// As in prk_channel_end.
    prk_mailbox *mailbox, *shared;
    bool is_pipe, wants_reports;
    /// Its next request is the first of the job that is in `shared`.
    bool is_told;
    /// The oldest answer is known to come through the socket.
    bool is_streaming;
    /// Requests that were ever sent and answered. What is between them the worker holds.
    uint64_t sent_count, answered_count;
    prk_held_request held[PRK_WORKER_DEPTH];
    prk_room_use requests, answers;
    /// Bytes that could not be sent yet.
    unsigned char *pending;
    size_t pending_size, pending_room, sent;
    /// The oldest answer so far, unless it is in the mailbox.
    unsigned char *answer;
    size_t answer_room, received;
    prk_arriving_evidence evidence;
};

static inline prk_slot *prk_slot_of(const prk_worker *w, uint64_t number) {
    return &w->mailbox->slots[number % PRK_WORKER_DEPTH];
}

static inline prk_held_request *prk_oldest(prk_worker *w) {
    return &w->held[w->answered_count % PRK_WORKER_DEPTH];
}

static inline bool prk_is_idle(const prk_worker *w) { return w->sent_count == w->answered_count; }

static inline bool prk_is_done(const prk_worker *w) {
    return !prk_is_idle(w) && __atomic_load_n(&prk_slot_of(w, w->answered_count)->state,
                                              __ATOMIC_SEQ_CST) == PRK_SLOT_DONE;
}

/// Finds room in the mailbox: EAGAIN when there is none yet. What would not fit even into an empty
/// room streams, and only when nothing else is on its way.
int prk_place_request(prk_worker *w, const prk_request *request, size_t answer_size,
                      size_t reports_place, prk_slot *slot);

/// Sends, and keeps what does not go; nothing else is kept. 0, EPIPE or ENOMEM.
int prk_put_all(prk_worker *w, const struct iovec *parts, int count);

#pragma GCC visibility pop

#endif
