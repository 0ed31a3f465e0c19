// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a mailbox in shared memory: where a request goes, taking one back, and who
// sleeps.

#include <errno.h>

#include "owner.h"

/// Lines for `size` bytes in one piece, in a room of `room` bytes. False when there are not enough.
static bool take_lines(prk_room_use *use, size_t room, size_t size, uint16_t *place) {
    const uint64_t all = room / PRK_LINE, lines = prk_whole_lines(size);
    uint64_t start = use->end;
    if (start % all + lines > all) {
        start += all - start % all; // the rest is too short
    }
    if (start + lines - use->start > all) {
        return false;
    }
    use->end = start + lines;
    *place = (uint16_t)(start % all);
    return true;
}

int prk_place_request(prk_worker *w, const prk_request *request, size_t answer_size,
                      size_t reports_place, prk_slot *slot) {
    const size_t offsets = prk_offset_count(request), limbs = prk_limb_count(request);
    const size_t size = request->kind == PRK_REQUEST_CHUNK && !prk_is_single(request)
                            ? (offsets + limbs) * sizeof(uint64_t) + prk_forms_size(request)
                            : 0;
    const bool in_slot = answer_size <= PRK_SLOT_VERDICTS && reports_place == 0;
    const prk_room_use requests = w->requests, answers = w->answers;
    slot->request_streams = slot->answer_streams = false;
    if ((size == 0 || take_lines(&w->requests, PRK_REQUEST_ROOM, size, &slot->request_place)) &&
        (in_slot || take_lines(&w->answers, PRK_ANSWER_ROOM, answer_size, &slot->answer_place))) {
        return 0;
    }
    w->requests = requests;
    w->answers = answers;
    if (!prk_is_idle(w)) {
        return EAGAIN;
    }
    slot->request_streams = !take_lines(&w->requests, PRK_REQUEST_ROOM, size, &slot->request_place);
    slot->answer_streams =
        !in_slot && !take_lines(&w->answers, PRK_ANSWER_ROOM, answer_size, &slot->answer_place);
    return 0;
}

bool prk_worker_take_back(prk_worker *w) {
    if (w->mailbox == NULL || prk_is_idle(w)) {
        return false;
    }
    prk_slot *slot = prk_slot_of(w, w->sent_count - 1);
    if (slot->request_streams) {
        return false; // it is on its way
    }
    prk_mailbox *mail = w->mailbox;
    __atomic_store_n(&mail->taken_back, w->sent_count, __ATOMIC_SEQ_CST);
    const bool is_mine = __atomic_load_n(&mail->started, __ATOMIC_SEQ_CST) < w->sent_count;
    if (is_mine) {
        __atomic_store_n(&slot->state, PRK_SLOT_FREE, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&mail->taken_back, 0, __ATOMIC_RELEASE);
    if (!is_mine) {
        return false;
    }
    w->is_told = slot->u.request.kind >= PRK_REQUEST_TOLD;
    w->sent_count--;
    const prk_held_request *held = &w->held[w->sent_count % PRK_WORKER_DEPTH];
    w->requests.end = held->requests_start;
    w->answers.end = held->answers_start;
    return true;
}

void prk_worker_wake(prk_worker *w) {
    prk_mailbox *mail = w->mailbox;
    if (mail == NULL) {
        return;
    }
    // Either the sleeper is seen here, or it sees what was sent.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&mail->worker_sleeps, __ATOMIC_SEQ_CST) != 0) {
        __atomic_store_n(&mail->worker_sleeps, 0, __ATOMIC_RELAXED); // one call is enough
        __atomic_fetch_add(&mail->bell, 1, __ATOMIC_RELEASE);
        prk_futex_wake(&mail->bell);
    }
}

bool prk_worker_has_mail(const prk_worker *w) {
    return w->mailbox != NULL && !w->is_streaming && prk_is_done(w);
}

bool prk_worker_has_started(const prk_worker *w) {
    return w->mailbox == NULL ||
           __atomic_load_n(&w->mailbox->started, __ATOMIC_ACQUIRE) > w->answered_count;
}

bool prk_worker_announce_sleep(prk_worker *w) {
    if (w->mailbox == NULL || prk_is_idle(w)) {
        return true;
    }
    // While the owner wakes up and sends more the worker has the other half.
    const uint64_t count = w->sent_count - w->answered_count;
    // As in the worker: either it sees the sleeper, or its answer is seen here.
    __atomic_store_n(&w->mailbox->wake_at, w->answered_count + (count + 1) / 2, __ATOMIC_SEQ_CST);
    return !prk_worker_has_mail(w);
}

void prk_worker_announce_return(prk_worker *w) {
    if (w->mailbox != NULL) {
        __atomic_store_n(&w->mailbox->wake_at, 0, __ATOMIC_RELAXED);
    }
}
