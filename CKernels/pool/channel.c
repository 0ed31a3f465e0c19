// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of a worker: making it, sending requests, taking answers, seeing it end. Nothing
// here waits for a worker, which may be stopped or slow: what does not go at once is kept.

// pipe2, MSG_NOSIGNAL, MAP_ANONYMOUS
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pool_internal.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/// What the answer to a request must look like, and what it takes of the rooms.
typedef struct held_request {
    size_t count, reports_size;
    uint64_t requests_start, requests_end, answers_start, answers_end;
} held_request;

/// A room, handed out round and round, and from its beginning when it is empty; places are counted
/// in lines.
typedef struct room_use {
    uint64_t start, end;
} room_use;

struct prk_worker {
    pid_t pid;
    /// -1 on Linux before 5.3 and when descriptors are scarce: then the channel's end tells.
    int pidfd;
    /// The nursery that forked this worker and reaps it; NULL: this process is its parent.
    prk_nursery *nursery;
    int in, out, bell;
    /// As in prk_channel_end.
    prk_mailbox *mailbox, *shared;
    bool is_pipe, wants_reports;
    /// The oldest answer is known to come through the socket.
    bool is_streaming;
    /// Requests that were ever sent and answered. What is between them the worker holds.
    uint64_t sent_count, answered_count;
    held_request held[PRK_WORKER_DEPTH];
    room_use requests, answers;
    /// Bytes that could not be sent yet.
    unsigned char *pending;
    size_t pending_size, pending_room, sent;
    /// The oldest answer so far, unless it is in the mailbox.
    unsigned char *answer;
    size_t answer_room, received;
};

void prk_futex_wait(uint32_t *word, uint32_t value, uint64_t nanoseconds) {
    const struct timespec limit = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                                   .tv_nsec = (long)(nanoseconds % 1000000000)};
    (void)syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

void prk_futex_wake(uint32_t *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int put_all(prk_worker *w, const struct iovec *parts, int count);

static void close_if_open(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static int open_pipes(prk_worker *w, int end[PRK_END_COUNT]) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0) {
        return errno;
    }
    end[PRK_END_IN] = pair[0];
    w->out = pair[1];
    if (pipe2(pair, O_CLOEXEC) != 0) {
        return errno;
    }
    w->in = pair[0];
    end[PRK_END_OUT] = pair[1];
    // The ends of a pipe have flags of their own: the worker's stay blocking.
    const bool is_set =
        fcntl(w->in, F_SETFL, O_NONBLOCK) == 0 && fcntl(w->out, F_SETFL, O_NONBLOCK) == 0;
    return is_set ? 0 : errno;
}

/// Both ends of a channel, with shared memory that has a descriptor if `is_foreign`.
static int open_channel(prk_channel channel, bool is_foreign, prk_worker *w,
                        int end[PRK_END_COUNT]) {
    w->is_pipe = channel == PRK_CHANNEL_PIPE;
    if (w->is_pipe) {
        const int error = open_pipes(w, end);
        if (error != 0) {
            return error;
        }
    } else {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return errno;
        }
        w->in = w->out = pair[0];
        end[PRK_END_IN] = end[PRK_END_OUT] = pair[1];
    }
    if (channel == PRK_CHANNEL_SHM) {
        w->bell = end[PRK_END_BELL] = prk_doorbell_create();
        if (w->bell < 0) {
            return errno;
        }
    } else if (!is_foreign) {
        return 0;
    }
    if (is_foreign) {
        end[PRK_END_SHARED] = memfd_create("primality-worker", MFD_CLOEXEC);
        if (end[PRK_END_SHARED] < 0 || ftruncate(end[PRK_END_SHARED], sizeof(prk_mailbox)) != 0) {
            return errno;
        }
    }
    // Pages that are never used cost nothing.
    void *mail =
        mmap(NULL, sizeof(prk_mailbox), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_NORESERVE | (is_foreign ? 0 : MAP_ANONYMOUS), end[PRK_END_SHARED], 0);
    if (mail == MAP_FAILED) {
        return errno;
    }
    w->shared = mail;
    w->mailbox = channel == PRK_CHANNEL_SHM ? mail : NULL;
    return 0;
}

void prk_worker_destroy(prk_worker *w) {
    if (w == NULL) {
        return;
    }
    if (w->out != w->in) {
        close_if_open(&w->out);
    }
    close_if_open(&w->in);
    close_if_open(&w->bell);
    close_if_open(&w->pidfd);
    if (w->shared != NULL) {
        munmap(w->shared, sizeof *w->shared);
    }
    free(w->pending);
    free(w->answer);
    free(w);
}

pid_t prk_fork(void) {
    sigset_t all, saved;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    // libc's fork, not a raw clone: its handlers keep malloc, and so GMP, usable in the child.
    const pid_t pid = fork();
    if (pid != 0) {
        const int error = errno;
        pthread_sigmask(SIG_SETMASK, &saved, NULL);
        errno = error;
    }
    return pid;
}

/// Forks a child that serves; its process id or -1 with errno set.
static pid_t fork_worker(prk_channel_end *end, const prk_job *job) {
    end->parent = getpid();
    const pid_t pid = prk_fork();
    if (pid == 0) {
        prk_worker_begin(end);
        prk_worker_serve(end, job);
    }
    return pid;
}

/// The way of all workers into life: `setup` is NULL for a plain fork.
static prk_worker *create(prk_channel channel, const prk_job *job, const prk_worker_setup *setup,
                          prk_nursery *nursery) {
    prk_worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return NULL;
    }
    w->pidfd = w->in = w->out = w->bell = -1;
    w->nursery = nursery;
    w->wants_reports = job->wants_reports;
    int descriptors[PRK_END_COUNT] = {-1, -1, -1, -1};
    int error = open_channel(channel, setup != NULL, w, descriptors);
    if (error == 0) {
        if (setup == NULL) {
            prk_channel_end end = {.in = descriptors[PRK_END_IN],
                                   .out = descriptors[PRK_END_OUT],
                                   .bell = descriptors[PRK_END_BELL],
                                   .mailbox = w->mailbox,
                                   .shared = w->shared};
            w->pid = fork_worker(&end, job);
        } else if (nursery != NULL) {
            w->pid = prk_nursery_fork(nursery, setup, descriptors);
        } else {
            w->pid = prk_program_start(setup, descriptors);
        }
        error = w->pid < 0 ? errno : 0;
    }
    if (descriptors[PRK_END_OUT] != descriptors[PRK_END_IN]) {
        close_if_open(&descriptors[PRK_END_OUT]);
    }
    close_if_open(&descriptors[PRK_END_IN]);
    close_if_open(&descriptors[PRK_END_SHARED]);
    if (error != 0) {
        prk_worker_destroy(w);
        errno = error;
        return NULL;
    }
    if (w->shared != NULL) {
        // No business of the workers that come later.
        (void)madvise(w->shared, sizeof *w->shared, MADV_DONTFORK);
    }
    w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0); // close-on-exec by itself
    if (setup != NULL && nursery == NULL) {
        // It is small, and the channel empty: it goes at once.
        const struct iovec parts[1] = {{(void *)setup, sizeof *setup}};
        (void)put_all(w, parts, 1); // that it ended already shows as any other end does
    }
    return w;
}

prk_worker *prk_worker_create(prk_channel channel, const prk_job *job) {
    return create(channel, job, NULL, NULL);
}

prk_worker *prk_worker_create_in(prk_nursery *nursery, const prk_worker_setup *setup) {
    return create(setup->channel, &setup->job, setup, nursery);
}

prk_worker *prk_worker_spawn(const prk_worker_setup *setup) {
    return create(setup->channel, &setup->job, setup, NULL);
}

void prk_worker_raise(prk_worker *w) {
    if (w->shared != NULL) {
        __atomic_store_n(&w->shared->cancel, 1, __ATOMIC_RELAXED);
    }
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

/// Sends, and keeps what does not go; nothing else is kept.
static int put_all(prk_worker *w, const struct iovec *parts, int count) {
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

static prk_slot *slot_of(const prk_worker *w, uint64_t number) {
    return &w->mailbox->slots[number % PRK_WORKER_DEPTH];
}

static held_request *oldest(prk_worker *w) {
    return &w->held[w->answered_count % PRK_WORKER_DEPTH];
}

static bool is_idle(const prk_worker *w) { return w->sent_count == w->answered_count; }

/// Lines for `size` bytes in one piece, in a room of `room` bytes. False when there are not enough.
static bool take_lines(room_use *use, size_t room, size_t size, uint16_t *place) {
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

/// Finds room in the mailbox: EAGAIN when there is none yet. What would not fit even into an empty
/// room streams, and only when nothing else is on its way.
static int place_request(prk_worker *w, const prk_request *request, size_t answer_size,
                         size_t reports_place, prk_slot *slot) {
    const size_t offsets = prk_offset_count(request), limbs = prk_limb_count(request);
    const size_t size =
        request->kind == PRK_REQUEST_CHUNK && !prk_is_single(request) ? (offsets + limbs) * 8 : 0;
    const bool in_slot = answer_size <= PRK_SLOT_VERDICTS && reports_place == 0;
    const room_use requests = w->requests, answers = w->answers;
    slot->request_streams = slot->answer_streams = false;
    if ((size == 0 || take_lines(&w->requests, PRK_REQUEST_ROOM, size, &slot->request_place)) &&
        (in_slot || take_lines(&w->answers, PRK_ANSWER_ROOM, answer_size, &slot->answer_place))) {
        return 0;
    }
    w->requests = requests;
    w->answers = answers;
    if (!is_idle(w)) {
        return EAGAIN;
    }
    slot->request_streams = !take_lines(&w->requests, PRK_REQUEST_ROOM, size, &slot->request_place);
    slot->answer_streams =
        !in_slot && !take_lines(&w->answers, PRK_ANSWER_ROOM, answer_size, &slot->answer_place);
    return 0;
}

int prk_worker_send(prk_worker *w, const prk_request *request, const uint64_t *offsets,
                    const uint64_t *limbs) {
    // A second message behind one that waits would have to be copied whole.
    if (w->sent_count - w->answered_count == PRK_WORKER_DEPTH ||
        (w->sent < w->pending_size && !is_idle(w))) {
        return EAGAIN;
    }
    const size_t offsets_size = prk_offset_count(request) * sizeof *offsets;
    const size_t limbs_size = prk_limb_count(request) * sizeof *limbs;
    struct iovec parts[3] = {{(void *)request, sizeof *request},
                             {(void *)offsets, offsets_size},
                             {(void *)limbs, limbs_size}};
    held_request *held = &w->held[w->sent_count % PRK_WORKER_DEPTH];
    const size_t count = (size_t)request->count;
    *held = (held_request){.count = count,
                           .reports_size = w->wants_reports ? count * sizeof(prk_report) : 0};
    if (w->mailbox == NULL) {
        w->sent_count++;
        return put_all(w, parts, 3);
    }
    prk_slot *slot = slot_of(w, w->sent_count);
    const size_t reports_place = held->reports_size > 0 ? prk_reports_place(count) : 0;
    const size_t answer_size = held->reports_size > 0 ? reports_place + held->reports_size : count;
    if (is_idle(w)) {
        // The rooms are empty: begin again where the memory is warm.
        w->requests = w->answers = (room_use){0};
    }
    held->requests_start = w->requests.end;
    held->answers_start = w->answers.end;
    int error = place_request(w, request, answer_size, reports_place, slot);
    if (error != 0) {
        return error;
    }
    held->requests_end = w->requests.end;
    held->answers_end = w->answers.end;
    slot->u.request = *request;
    if (slot->request_streams) {
        error = put_all(w, parts + 1, 2);
    } else if (prk_is_single(request)) {
        slot->u.request.n = limbs[0];
    } else if (limbs_size > 0) {
        unsigned char *to = w->mailbox->requests + (size_t)slot->request_place * PRK_LINE;
        if (offsets_size > 0) {
            memcpy(to, offsets, offsets_size);
        }
        memcpy(to + offsets_size, limbs, limbs_size);
    }
    w->sent_count++;
    // Sequentially consistent with the worker's going to sleep, for prk_worker_wake.
    __atomic_store_n(&slot->state, PRK_SLOT_ASSIGNED, __ATOMIC_SEQ_CST);
    return error;
}

bool prk_worker_take_back(prk_worker *w) {
    if (w->mailbox == NULL || is_idle(w)) {
        return false;
    }
    prk_slot *slot = slot_of(w, w->sent_count - 1);
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
    w->sent_count--;
    const held_request *held = &w->held[w->sent_count % PRK_WORKER_DEPTH];
    w->requests.end = held->requests_start;
    w->answers.end = held->answers_start;
    return true;
}

void prk_worker_wake(prk_worker *w) {
    prk_mailbox *mail = w->mailbox;
    // Either the sleeper is seen here, or it sees what was sent.
    if (mail != NULL && __atomic_load_n(&mail->worker_sleeps, __ATOMIC_SEQ_CST) != 0) {
        __atomic_store_n(&mail->worker_sleeps, 0, __ATOMIC_RELAXED); // one call is enough
        __atomic_fetch_add(&mail->bell, 1, __ATOMIC_RELEASE);
        prk_futex_wake(&mail->bell);
    }
}

/// Reads as much of an answer of `size` bytes as is there: 0 when it is whole, else EAGAIN, EPIPE
/// or ENOMEM.
static int get_answer(prk_worker *w, size_t size) {
    if (w->received == 0 && !reserve(&w->answer, &w->answer_room, size)) {
        return ENOMEM;
    }
    while (w->received < size) {
        unsigned char *to = w->answer + w->received;
        const ssize_t got = w->is_pipe ? read(w->in, to, size - w->received)
                                       : recv(w->in, to, size - w->received, MSG_DONTWAIT);
        if (got > 0) {
            w->received += (size_t)got;
        } else if (got == 0 || (errno != EINTR && !is_full(errno))) {
            return EPIPE;
        } else if (errno != EINTR) {
            return EAGAIN;
        }
    }
    return 0;
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

static bool is_done(const prk_worker *w) {
    return !is_idle(w) && __atomic_load_n(&slot_of(w, w->answered_count)->state,
                                          __ATOMIC_SEQ_CST) == PRK_SLOT_DONE;
}

int prk_worker_poll(prk_worker *w) {
    const int error = put_pending(w);
    if (w->mailbox == NULL) {
        // What was answered counts, though the worker be gone.
        if (is_idle(w)) {
            return look_for_end(w);
        }
        const held_request *held = oldest(w);
        const int got = get_answer(w, sizeof(prk_answer) + held->count + held->reports_size);
        if (got == 0) {
            prk_answer head;
            memcpy(&head, w->answer, sizeof head);
            return head.count == held->count ? 0 : EPIPE;
        }
        return error != 0 ? error : got;
    }
    if (!is_done(w)) {
        prk_doorbell_clear(w->bell);
        const int end = error != 0 ? error : look_for_end(w);
        // What ended, or began to stream, may have been done in between.
        if (!is_done(w)) {
            return end;
        }
    }
    const held_request *held = oldest(w);
    const prk_slot *slot = slot_of(w, w->answered_count);
    if (slot->answer_streams) {
        w->is_streaming = true;
        const int got = get_answer(w, held->count + held->reports_size);
        if (got != 0) {
            return got;
        }
    }
    return slot->u.answer.head.count == held->count ? 0 : EPIPE;
}

bool prk_worker_has_mail(const prk_worker *w) {
    return w->mailbox != NULL && !w->is_streaming && is_done(w);
}

void prk_worker_answer(prk_worker *w, prk_answer *answer, uint8_t *verdicts, prk_report *reports) {
    const held_request *held = oldest(w);
    const unsigned char *from_verdicts, *from_reports;
    prk_slot *slot = NULL;
    if (w->mailbox == NULL) {
        memcpy(answer, w->answer, sizeof *answer);
        from_verdicts = w->answer + sizeof *answer;
        from_reports = from_verdicts + held->count;
    } else {
        slot = slot_of(w, w->answered_count);
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
    w->answered_count++;
    if (slot != NULL) {
        w->requests.start = held->requests_end;
        w->answers.start = held->answers_end;
        __atomic_store_n(&slot->state, PRK_SLOT_FREE, __ATOMIC_RELEASE);
    }
}

bool prk_worker_has_started(const prk_worker *w) {
    return w->mailbox == NULL ||
           __atomic_load_n(&w->mailbox->started, __ATOMIC_ACQUIRE) > w->answered_count;
}

bool prk_worker_announce_sleep(prk_worker *w) {
    if (w->mailbox == NULL || is_idle(w)) {
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

bool prk_is_stopped(pid_t child) {
    siginfo_t state = {0};
    return waitid(P_PID, (id_t)child, &state, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           state.si_pid == child;
}

int prk_end(pid_t pid, int *signal) {
    siginfo_t state;
    for (int waited = 0; waited < 1000 && !prk_is_stopped(pid); waited++) {
        state.si_pid = 0;
        if (waitid(P_PID, (id_t)pid, &state, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            state.si_pid == pid) {
            return prk_reap(pid, signal);
        }
        const struct timespec moment = {.tv_nsec = 1000000};
        nanosleep(&moment, NULL);
    }
    kill(pid, SIGKILL);
    return prk_reap(pid, signal);
}

int prk_reap(pid_t pid, int *signal) {
    siginfo_t end = {0};
    *signal = 0;
    while (waitid(P_PID, (id_t)pid, &end, WEXITED) != 0) {
        if (errno != EINTR) {
            return -1; // the program ignores SIGCHLD, or waits for any child itself
        }
    }
    if (end.si_code != CLD_EXITED) {
        *signal = end.si_status;
        return 0;
    }
    return end.si_status;
}
