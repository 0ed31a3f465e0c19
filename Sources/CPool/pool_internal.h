// SPDX-License-Identifier: Apache-2.0
//
// What the owner's and the worker's side of a channel share.

#ifndef PRK_POOL_INTERNAL_H
#define PRK_POOL_INTERNAL_H

#include <prk_kernels.h>
#include <prk_system.h>

#include "include/cpool.h"

#pragma GCC visibility push(hidden)

/// A request's way: the owner makes its slot ASSIGNED, the worker DONE, and the owner FREE again
/// when it has the answer. Each state has one side that may leave it, so there is no lock, and a
/// side that is killed anywhere leaves a state that tells how far it got.
enum { PRK_SLOT_FREE, PRK_SLOT_ASSIGNED, PRK_SLOT_DONE };

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

/// Memory that an owner and one worker share: slots that are used round and round, and the rooms
/// for what does not fit into a slot. Only the owner hands out places in the rooms, for requests
/// and for their answers, also round and round. What is too large for a room streams through the
/// socket: a mapping cannot grow after the fork.
typedef struct prk_mailbox {
    /// The worker waits on it as a futex.
    uint32_t bell;
    /// The worker is, or is about to be, in that futex.
    uint32_t worker_sleeps;
    /// The owner's flag, for a worker that does not share the job's own.
    uint32_t cancel;
    /// How many requests the worker has begun, in all.
    uint64_t started;
    /// 0, or which answer, counted from the first one ever, ends the owner's sleep in poll().
    _Alignas(PRK_LINE) uint64_t wake_at;
    /// The request, by its number from 1 on, that the owner is about to take back while the worker
    /// may be about to begin it; 0: none. Each writes its own word, this one or `started`, and then
    /// reads the other's, so at least one sees the other. When both do the worker has it, and waits
    /// until the owner has seen that. (Exchanging the slot's state would do, but that line is with
    /// the other side, and waiting for it costs more than a small request.)
    uint64_t taken_back;
    prk_slot slots[PRK_WORKER_DEPTH];
    /// Offsets, then limbs, then forms.
    _Alignas(PRK_LINE) unsigned char requests[PRK_REQUEST_ROOM];
    /// Verdicts, then reports, on a line of their own.
    _Alignas(PRK_LINE) unsigned char answers[PRK_ANSWER_ROOM];
    /// What tasks said of their failures, by slot.
    char texts[PRK_WORKER_DEPTH][PRK_WORKER_TEXT];
    /// The job of the requests from the next PRK_REQUEST_TOLD on. The owner writes it while the
    /// worker holds nothing.
    prk_worker_setup told;
} prk_mailbox;

/// A worker's end of its channel.
struct prk_channel_end {
    int in, out;
    /// The eventfd that wakes the owner.
    int bell;
    /// NULL on streams.
    prk_mailbox *mailbox;
    /// The same memory, or on streams that of which only the flag, the texts and the job are used;
    /// NULL for a worker that runs C only, streams and does not stay.
    prk_mailbox *shared;
    /// Its parent: the owner, or the nursery.
    pid_t parent;
};

/// Descriptors of a worker's end, as they are handed over: those of the channel and the shared
/// memory.
enum { PRK_END_IN, PRK_END_OUT, PRK_END_BELL, PRK_END_SHARED, PRK_END_COUNT };

/// The signals that a child leaves to its owner.
enum { PRK_LEFT_COUNT = 3 };
extern const int prk_left_signals[PRK_LEFT_COUNT];

/// prk_child_begin for a worker.
void prk_worker_begin(const prk_channel_end *end);

/// Maps the shared memory of an end and closes its descriptor. 0, or an errno.
int prk_end_map(prk_channel_end *end, prk_channel channel, const int descriptors[PRK_END_COUNT]);

/// Reads so many bytes from the owner; when it is gone the process ends.
void prk_get_all(int in, void *bytes, size_t size);

/// Leaves only these descriptors open, of which there are 8 at most; negative ones stand for none.
void prk_close_all_but(const int *kept, int count);

/// Asks the nursery to fork a worker with these descriptors, which stay the caller's. Its process
/// id, or -1 with errno set.
pid_t prk_nursery_fork(prk_nursery *nursery, const prk_worker_setup *setup,
                       const int descriptors[PRK_END_COUNT]);

/// Asks the nursery to reap `pid`; as prk_reap.
int prk_nursery_reap(prk_nursery *nursery, pid_t pid, int *signal);

/// Whether a child is stopped.
bool prk_is_stopped(pid_t child);

/// Starts this program with these descriptors, as prk_nursery_fork.
pid_t prk_program_start(const prk_worker_setup *setup, const int descriptors[PRK_END_COUNT]);

static inline size_t prk_whole_lines(size_t size) { return (size + PRK_LINE - 1) / PRK_LINE; }

/// Where the reports of an answer begin.
static inline size_t prk_reports_place(size_t count) { return prk_whole_lines(count) * PRK_LINE; }

/// Whether a request's number is in the request itself.
static inline bool prk_is_single(const prk_request *request) {
    return request->kind == PRK_REQUEST_CHUNK && request->count == 1 && request->limb_count == 1 &&
           request->has_forms == 0;
}

/// The size of the forms that come with a request.
static inline size_t prk_forms_size(const prk_request *request) {
    return request->kind == PRK_REQUEST_CHUNK && request->has_forms != 0
               ? (size_t)request->count * sizeof(prk_form)
               : 0;
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

#pragma GCC visibility pop

#endif
