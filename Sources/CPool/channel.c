// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a channel: sending requests, taking answers, seeing the worker end. Nothing
// here waits for a worker, which may be stopped or slow: what does not go at once is kept.

// MSG_NOSIGNAL
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "owner.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

void prk_worker_raise(prk_worker *w) {
    if (w->shared != NULL) {
        __atomic_store_n(&w->shared->cancel, 1, __ATOMIC_RELAXED);
    }
}

void prk_worker_tell(prk_worker *w, const prk_worker_setup *setup) {
    w->shared->told = *setup;
    w->wants_reports = setup->job.wants_reports;
    w->is_told = true;
    __atomic_store_n(&w->shared->cancel, 0, __ATOMIC_RELAXED);
}

const char *prk_worker_text(const prk_worker *w) {
    return w->shared == NULL ? "" : w->shared->texts[w->answered_count % PRK_WORKER_DEPTH];
}

// A write to a pipe raises SIGPIPE when the worker is gone. It is kept from this thread and taken
// away, so that the program's own disposition is left alone; one that was pending before stays.
static ssize_t pipe_writev(int out, const struct iovec *parts, int count) {
    sigset_t broken, pending, saved;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &broken, &saved);
    const ssize_t put = writev(out, parts, count);
    const int error = errno;
    if (put < 0 && error == EPIPE && !was_pending) {
        const struct timespec at_once = {0};
        while (sigtimedwait(&broken, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    errno = error;
    return put;
}

/// As much as goes at once: its size, or -1 with errno set.
static ssize_t put_some(prk_worker *w, const struct iovec *parts, int count) {
    for (;;) {
        ssize_t put;
        if (w->is_pipe) {
            put = pipe_writev(w->out, parts, count);
        } else {
            const struct msghdr message = {.msg_iov = (struct iovec *)parts,
                                           .msg_iovlen = (size_t)count};
            put = sendmsg(w->out, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        if (put >= 0 || errno != EINTR) {
            return put;
        }
    }
}

static bool reserve(unsigned char **bytes, size_t *room, size_t size) {
    if (size > *room) {
        free(*bytes);
        *bytes = malloc(size);
        *room = *bytes == NULL ? 0 : size;
    }
    return size <= *room;
}

static bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

int prk_put_all(prk_worker *w, const struct iovec *parts, int count) {
    ssize_t put = put_some(w, parts, count);
    if (put < 0 && !is_full(errno)) {
        return EPIPE;
    }
    size_t gone = put < 0 ? 0 : (size_t)put, size = 0;
    for (int i = 0; i < count; i++) {
        size += parts[i].iov_len;
    }
    w->sent = 0;
    w->pending_size = size - gone;
    if (w->pending_size == 0) {
        return 0;
    }
    if (!reserve(&w->pending, &w->pending_room, w->pending_size)) {
        w->pending_size = 0;
        return ENOMEM;
    }
    unsigned char *to = w->pending;
    for (int i = 0; i < count; i++) {
        const size_t skipped = gone < parts[i].iov_len ? gone : parts[i].iov_len;
        const size_t rest = parts[i].iov_len - skipped;
        if (rest > 0) {
            memcpy(to, (const char *)parts[i].iov_base + skipped, rest);
        }
        to += rest;
        gone -= skipped;
    }
    return 0;
}

static int put_pending(prk_worker *w) {
    while (w->sent < w->pending_size) {
        const struct iovec rest = {w->pending + w->sent, w->pending_size - w->sent};
        const ssize_t put = put_some(w, &rest, 1);
        if (put < 0) {
            return is_full(errno) ? 0 : EPIPE;
        }
        w->sent += (size_t)put;
    }
    return 0;
}

/// Sends a request's arrays through the stream, after its `head` unless that is NULL. What they
/// are is read from the request, since the head's kind may say more.
static int stream_request(prk_worker *w, const prk_request *head, const prk_request *request,
                          const uint64_t *offsets, const uint64_t *limbs, const prk_form *forms) {
    const struct iovec parts[4] = {{(void *)head, head == NULL ? 0 : sizeof *head},
                                   {(void *)offsets, prk_offset_count(request) * sizeof *offsets},
                                   {(void *)limbs, prk_limb_count(request) * sizeof *limbs},
                                   {(void *)forms, prk_forms_size(request)}};
    return prk_put_all(w, parts, 4);
}

int prk_worker_send(prk_worker *w, const prk_request *request, const uint64_t *offsets,
                    const uint64_t *limbs) {
    return prk_worker_send_forms(w, request, offsets, limbs, NULL);
}

int prk_worker_send_forms(prk_worker *w, const prk_request *request, const uint64_t *offsets,
                          const uint64_t *limbs, const prk_form *forms) {
    // A second message behind one that waits would have to be copied whole.
    if (w->sent_count - w->answered_count == PRK_WORKER_DEPTH ||
        (w->sent < w->pending_size && !prk_is_idle(w))) {
        return EAGAIN;
    }
    const uint32_t told = w->is_told ? PRK_REQUEST_TOLD : 0;
    prk_held_request *held = &w->held[w->sent_count % PRK_WORKER_DEPTH];
    const size_t count = (size_t)request->count;
    *held = (prk_held_request){.count = count,
                               .reports_size = w->wants_reports ? count * sizeof(prk_report) : 0};
    if (w->mailbox == NULL) {
        prk_request head = *request;
        head.kind += told;
        w->sent_count++;
        w->is_told = false;
        return stream_request(w, &head, request, offsets, limbs, forms);
    }
    prk_slot *slot = prk_slot_of(w, w->sent_count);
    const size_t reports_place = held->reports_size > 0 ? prk_reports_place(count) : 0;
    const size_t answer_size = held->reports_size > 0 ? reports_place + held->reports_size : count;
    if (prk_is_idle(w)) {
        // The rooms are empty: begin again where the memory is warm.
        w->requests = w->answers = (prk_room_use){0};
    }
    held->requests_start = w->requests.end;
    held->answers_start = w->answers.end;
    int error = prk_place_request(w, request, answer_size, reports_place, slot);
    if (error != 0) {
        return error;
    }
    held->requests_end = w->requests.end;
    held->answers_end = w->answers.end;
    slot->u.request = *request;
    slot->u.request.kind += told;
    w->is_told = false;
    if (slot->request_streams) {
        error = stream_request(w, NULL, request, offsets, limbs, forms);
    } else if (prk_is_single(request)) {
        slot->u.request.n = limbs[0];
    } else if (prk_limb_count(request) > 0) {
        unsigned char *to = w->mailbox->requests + (size_t)slot->request_place * PRK_LINE;
        const size_t offsets_size = prk_offset_count(request) * sizeof *offsets;
        const size_t limbs_size = prk_limb_count(request) * sizeof *limbs;
        if (offsets_size > 0) {
            memcpy(to, offsets, offsets_size);
        }
        memcpy(to + offsets_size, limbs, limbs_size);
        if (forms != NULL) {
            memcpy(to + offsets_size + limbs_size, forms, prk_forms_size(request));
        }
    }
    w->sent_count++;
    __atomic_store_n(&slot->state, PRK_SLOT_ASSIGNED, __ATOMIC_RELEASE);
    return error;
}

/// Reads what is there of `size` bytes, of which `*received` have come before: 0 when all have,
/// else EAGAIN or EPIPE.
static int receive(prk_worker *w, unsigned char *bytes, size_t *received, size_t size) {
    while (*received < size) {
        unsigned char *to = bytes + *received;
        const ssize_t got = w->is_pipe ? read(w->in, to, size - *received)
                                       : recv(w->in, to, size - *received, MSG_DONTWAIT);
        if (got > 0) {
            *received += (size_t)got;
        } else if (got == 0 || (errno != EINTR && !is_full(errno))) {
            return EPIPE;
        } else if (errno != EINTR) {
            return EAGAIN;
        }
    }
    return 0;
}

/// Reads as much of an answer of `size` bytes as is there: 0 when it is whole, else EAGAIN, EPIPE
/// or ENOMEM.
static int get_answer(prk_worker *w, size_t size) {
    if (w->received == 0 && !reserve(&w->answer, &w->answer_room, size)) {
        return ENOMEM;
    }
    return receive(w, w->answer, &w->received, size);
}

/// Room for more of it. A length that is wrong costs no memory for bytes that never come.
static bool grow_evidence(prk_arriving_evidence *e) {
    enum { FIRST_ROOM = 64 << 10 };
    const size_t wanted = e->room < FIRST_ROOM ? FIRST_ROOM : 2 * e->room;
    const size_t room = wanted < e->size ? wanted : (size_t)e->size;
    unsigned char *bytes = realloc(e->bytes, room);
    if (bytes != NULL) {
        e->bytes = bytes;
        e->room = room;
    }
    return bytes != NULL;
}

/// Whether the lengths of `count` numbers are those of the bytes that follow them.
static bool is_evidence_sound(const prk_arriving_evidence *e, size_t count) {
    uint64_t left = e->size - count * sizeof(uint64_t);
    for (size_t i = 0; i < count; i++) {
        uint64_t length;
        memcpy(&length, e->bytes + i * sizeof length, sizeof length);
        if (length == PRK_NO_EVIDENCE) {
            continue;
        }
        if (length > left) {
            return false;
        }
        left -= length;
    }
    return left == 0;
}

/// Whether the caller will get memory for a copy: Swift ends the process when it gets none.
static bool has_memory(uint64_t size) {
    // Volatile: a compiler may take away an allocation that is only compared, and say that it
    // succeeded.
    void *volatile probe = malloc((size_t)size + 65536);
    free(probe);
    return probe != NULL;
}

/// As get_answer, for the evidence on `count` numbers.
static int get_evidence(prk_worker *w, size_t count) {
    prk_arriving_evidence *e = &w->evidence;
    int got = receive(w, (unsigned char *)&e->size, &e->size_received, sizeof e->size);
    if (got != 0) {
        return got;
    }
    const size_t lengths_size = count * sizeof(uint64_t);
    if (e->size < lengths_size || e->size - lengths_size > PRK_EVIDENCE_MOST) {
        return EPIPE;
    }
    while (e->received < e->size) {
        if (e->received == e->room && !grow_evidence(e)) {
            return ENOMEM;
        }
        const size_t end = e->room < e->size ? e->room : (size_t)e->size;
        got = receive(w, e->bytes, &e->received, end);
        if (got != 0) {
            return got;
        }
    }
    if (!is_evidence_sound(e, count)) {
        return EPIPE;
    }
    return has_memory(e->size) ? 0 : ENOMEM;
}

/// What follows an answer's head and arrays: as get_answer.
static inline int get_rest(prk_worker *w, const prk_answer *head, const prk_held_request *held) {
    if (head->count != held->count || head->has_evidence > 1) {
        return EPIPE;
    }
    if (head->has_evidence == 0) {
        // It cannot have begun to come.
        return w->evidence.size_received == 0 ? 0 : EPIPE;
    }
    return get_evidence(w, held->count);
}

/// EPIPE when the channel of a worker that has nothing to say has ended, or says what nobody asked
/// for.
static int look_for_end(prk_worker *w) {
    char byte;
    ssize_t got;
    do {
        got = w->is_pipe ? read(w->in, &byte, 1) : recv(w->in, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    return got < 0 && is_full(errno) ? EAGAIN : EPIPE;
}

int prk_worker_poll(prk_worker *w) {
    const int error = put_pending(w);
    if (w->mailbox == NULL) {
        // What was answered counts, though the worker be gone.
        if (prk_is_idle(w)) {
            return look_for_end(w);
        }
        const prk_held_request *held = prk_oldest(w);
        int got = get_answer(w, sizeof(prk_answer) + held->count + held->reports_size);
        if (got == 0) {
            prk_answer head;
            memcpy(&head, w->answer, sizeof head);
            got = get_rest(w, &head, held);
        }
        return got != 0 && error != 0 ? error : got;
    }
    if (!prk_is_done(w)) {
        prk_doorbell_clear(w->bell);
        const int end = error != 0 ? error : look_for_end(w);
        // What ended, or began to stream, may have been done in between.
        if (!prk_is_done(w)) {
            return end;
        }
    }
    const prk_held_request *held = prk_oldest(w);
    const prk_slot *slot = prk_slot_of(w, w->answered_count);
    if (slot->answer_streams) {
        w->is_streaming = true;
        const int got = get_answer(w, held->count + held->reports_size);
        if (got != 0) {
            return got;
        }
    }
    // A copy: the worker may write there as long as it lives.
    const prk_answer head = slot->u.answer.head;
    w->is_streaming = w->is_streaming || head.has_evidence != 0;
    return get_rest(w, &head, held);
}

const uint8_t *prk_worker_evidence(const prk_worker *w, const uint64_t **lengths) {
    const prk_arriving_evidence *e = &w->evidence;
    *lengths = NULL;
    if (e->size_received == 0) {
        return NULL;
    }
    // Aligned, since malloc's memory is.
    *lengths = (const uint64_t *)e->bytes;
    return e->bytes + w->held[w->answered_count % PRK_WORKER_DEPTH].count * sizeof(uint64_t);
}

/// Forgets the evidence that was taken, and gives back memory that few answers need.
static void drop_evidence(prk_arriving_evidence *e) {
    enum { KEPT_ROOM = 1 << 20 };
    if (e->room > KEPT_ROOM) {
        free(e->bytes);
        e->bytes = NULL;
        e->room = 0;
    }
    e->size_received = e->received = 0;
}

void prk_worker_answer(prk_worker *w, prk_answer *answer, uint8_t *verdicts, prk_report *reports) {
    const prk_held_request *held = prk_oldest(w);
    const unsigned char *from_verdicts, *from_reports;
    prk_slot *slot = NULL;
    if (w->mailbox == NULL) {
        memcpy(answer, w->answer, sizeof *answer);
        from_verdicts = w->answer + sizeof *answer;
        from_reports = from_verdicts + held->count;
    } else {
        slot = prk_slot_of(w, w->answered_count);
        *answer = slot->u.answer.head;
        if (slot->answer_streams) {
            from_verdicts = w->answer;
            from_reports = from_verdicts + held->count;
        } else if (held->reports_size > 0 || held->count > PRK_SLOT_VERDICTS) {
            from_verdicts = w->mailbox->answers + (size_t)slot->answer_place * PRK_LINE;
            from_reports = from_verdicts + prk_reports_place(held->count);
        } else {
            from_verdicts = slot->u.answer.verdicts;
            from_reports = NULL;
        }
    }
    memcpy(verdicts, from_verdicts, held->count);
    if (held->reports_size > 0) {
        memcpy(reports, from_reports, held->reports_size);
    }
    w->received = 0;
    w->is_streaming = false;
    if (w->evidence.size_received > 0) {
        drop_evidence(&w->evidence);
    }
    w->answered_count++;
    if (slot != NULL) {
        w->requests.start = held->requests_end;
        w->answers.start = held->answers_end;
        __atomic_store_n(&slot->state, PRK_SLOT_FREE, __ATOMIC_RELEASE);
    }
}

int prk_worker_watch(const prk_worker *w, struct pollfd *set) {
    const bool sends = w->sent < w->pending_size;
    int count = 0;
    if (w->pidfd >= 0) {
        set[count++] = (struct pollfd){.fd = w->pidfd, .events = POLLIN};
    }
    // Also for the end of the stream.
    set[count] = (struct pollfd){.fd = w->in, .events = POLLIN};
    if (sends && !w->is_pipe) {
        set[count].events |= POLLOUT;
    }
    count++;
    if (sends && w->is_pipe) {
        set[count++] = (struct pollfd){.fd = w->out, .events = POLLOUT};
    }
    if (w->mailbox != NULL) {
        set[count++] = (struct pollfd){.fd = w->bell, .events = POLLIN};
    }
    return count;
}

int prk_worker_process(const prk_worker *w) { return w->pidfd; }

void prk_worker_kill(const prk_worker *w) {
    // When its nursery has ended nobody keeps its number from another process.
    if (w->pidfd < 0 || syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0) != 0) {
        if (w->nursery == NULL || w->pidfd < 0 || errno == ENOSYS) {
            kill(w->pid, SIGKILL);
        }
    }
}

bool prk_worker_await_end(const prk_worker *w, int milliseconds) {
    // Without a pidfd its end of the channel closes, a moment before it can be waited for.
    struct pollfd end = {.fd = w->pidfd >= 0 ? w->pidfd : w->in, .events = POLLIN};
    int ready;
    do {
        ready = poll(&end, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

int prk_worker_reap(const prk_worker *w, int *signal) {
    return w->nursery == NULL ? prk_reap(w->pid, signal)
                              : prk_nursery_reap(w->nursery, w->pid, signal);
}
