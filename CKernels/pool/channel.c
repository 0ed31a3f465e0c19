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
#include <unistd.h>

#include "pool_internal.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

struct prk_worker {
    pid_t pid;
    /// -1 on Linux before 5.3 and when descriptors are scarce: then the channel's end tells.
    int pidfd;
    int in, out, bell;
    prk_mailbox *mailbox;
    bool is_pipe, wants_reports, is_busy;
    /// The mailbox has said that the answer comes through the socket.
    bool is_streaming;
    /// What the last request's answer must look like.
    size_t count, reports_size;
    /// Bytes that could not be sent yet.
    unsigned char *pending;
    size_t pending_size, pending_room, sent;
    /// The answer so far, unless it is in the mailbox.
    unsigned char *answer;
    size_t answer_size, answer_room, received;
};

void prk_futex_wait(uint32_t *word, uint32_t value) {
    // The limit is for an owner that ended without the worker being told.
    const struct timespec limit = {.tv_sec = 1};
    (void)syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

void prk_futex_wake(uint32_t *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void close_if_open(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/// Both ends of a channel.
static int open_channel(prk_channel kind, prk_worker *w, prk_channel_end *end) {
    *end = (prk_channel_end){.in = -1, .out = -1, .bell = -1};
    int pair[2];
    if (kind == PRK_CHANNEL_PIPE) {
        w->is_pipe = true;
        if (pipe2(pair, O_CLOEXEC) != 0) {
            return errno;
        }
        end->in = pair[0];
        w->out = pair[1];
        if (pipe2(pair, O_CLOEXEC) != 0) {
            return errno;
        }
        w->in = pair[0];
        end->out = pair[1];
        // The ends of a pipe have flags of their own: the worker's stay blocking.
        if (fcntl(w->in, F_SETFL, O_NONBLOCK) != 0 || fcntl(w->out, F_SETFL, O_NONBLOCK) != 0) {
            return errno;
        }
        return 0;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return errno;
    }
    w->in = w->out = pair[0];
    end->in = end->out = pair[1];
    if (kind == PRK_CHANNEL_SHM) {
        w->bell = end->bell = prk_doorbell_create();
        if (w->bell < 0) {
            return errno;
        }
        // Pages that are never used cost nothing.
        void *mail = mmap(NULL, sizeof(prk_mailbox), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mail == MAP_FAILED) {
            return errno;
        }
        w->mailbox = end->mailbox = mail;
    }
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
    if (w->mailbox != NULL) {
        munmap(w->mailbox, sizeof *w->mailbox);
    }
    free(w->pending);
    free(w->answer);
    free(w);
}

prk_worker *prk_worker_create(prk_channel kind, const prk_job *job) {
    prk_worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return NULL;
    }
    w->pidfd = w->in = w->out = w->bell = -1;
    w->wants_reports = job->wants_reports;
    prk_channel_end end;
    int error = open_channel(kind, w, &end);
    if (error == 0) {
        w->pid = prk_worker_fork(end, job);
        error = w->pid < 0 ? errno : 0;
    }
    if (end.out != end.in) {
        close_if_open(&end.out);
    }
    close_if_open(&end.in);
    if (error != 0) {
        prk_worker_destroy(w);
        errno = error;
        return NULL;
    }
    if (w->mailbox != NULL) {
        // No business of the workers that come later.
        (void)madvise(w->mailbox, sizeof *w->mailbox, MADV_DONTFORK);
    }
    w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0); // close-on-exec by itself
    return w;
}

pid_t prk_worker_pid(const prk_worker *w) { return w->pid; }

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

/// Sends, and keeps what does not go.
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

int prk_worker_send(prk_worker *w, const prk_frame *frame, const uint64_t *offsets,
                    const uint64_t *limbs) {
    const bool has_arrays = frame->kind == PRK_FRAME_CHUNK;
    const size_t offsets_size = has_arrays ? ((size_t)frame->count + 1) * sizeof *offsets : 0;
    const size_t limbs_size = has_arrays ? (size_t)frame->limb_count * sizeof *limbs : 0;
    struct iovec parts[3] = {{(void *)frame, sizeof *frame},
                             {(void *)offsets, offsets_size},
                             {(void *)limbs, limbs_size}};
    w->count = (size_t)frame->count;
    w->reports_size = w->wants_reports ? w->count * sizeof(prk_report) : 0;
    w->answer_size = w->count + w->reports_size;
    w->received = 0;
    w->is_busy = frame->kind != PRK_FRAME_STOP;
    w->is_streaming = false;
    if (w->mailbox == NULL) {
        w->answer_size += sizeof(prk_frame);
        if (!reserve(&w->answer, &w->answer_room, w->answer_size)) {
            return ENOMEM;
        }
        return put_all(w, parts, 3);
    }
    prk_mailbox *mail = w->mailbox;
    mail->frame = *frame;
    mail->request_streams = offsets_size + limbs_size > PRK_REQUEST_ROOM;
    int error = 0;
    if (mail->request_streams) {
        error = put_all(w, parts + 1, 2);
    } else if (has_arrays) {
        memcpy(mail->request, offsets, offsets_size);
        memcpy(mail->request + offsets_size, limbs, limbs_size);
    }
    __atomic_store_n(&mail->state, PRK_MAIL_ASSIGNED, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&mail->worker_sleeps, __ATOMIC_SEQ_CST) != 0) {
        prk_futex_wake(&mail->state);
    }
    return error;
}

/// Reads as much of an answer as is there: 0 when it is whole, else EAGAIN or EPIPE.
static int get_answer(prk_worker *w) {
    while (w->received < w->answer_size) {
        const ssize_t got =
            w->is_pipe
                ? read(w->in, w->answer + w->received, w->answer_size - w->received)
                : recv(w->in, w->answer + w->received, w->answer_size - w->received, MSG_DONTWAIT);
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

/// EPIPE when an idle worker's channel has ended, or says what nobody asked for.
static int look_for_end(prk_worker *w) {
    char byte;
    ssize_t got;
    do {
        got = w->is_pipe ? read(w->in, &byte, 1) : recv(w->in, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    return got < 0 && is_full(errno) ? EAGAIN : EPIPE;
}

static int check_answer(const prk_worker *w, const prk_frame *frame) {
    return frame->kind == PRK_FRAME_ANSWER && frame->count == w->count ? 0 : EPIPE;
}

static bool is_done(const prk_worker *w) {
    return w->is_busy && __atomic_load_n(&w->mailbox->state, __ATOMIC_SEQ_CST) == PRK_MAIL_DONE;
}

int prk_worker_poll(prk_worker *w) {
    const int error = put_pending(w);
    prk_mailbox *mail = w->mailbox;
    if (mail == NULL) {
        // What was answered counts, though the worker be gone.
        if (!w->is_busy) {
            return look_for_end(w);
        }
        const int got = get_answer(w);
        if (got == 0) {
            prk_frame frame;
            memcpy(&frame, w->answer, sizeof frame);
            return check_answer(w, &frame);
        }
        return error != 0 ? error : got;
    }
    prk_doorbell_clear(w->bell);
    if (!is_done(w)) {
        const int end = error != 0 ? error : look_for_end(w);
        // What ended, or began to stream, may have been done in between.
        if (!is_done(w)) {
            return end;
        }
    }
    if (mail->answer_streams) {
        w->is_streaming = true;
        if (!reserve(&w->answer, &w->answer_room, w->answer_size)) {
            return ENOMEM;
        }
        const int got = get_answer(w);
        if (got != 0) {
            return got;
        }
    }
    return check_answer(w, &mail->frame);
}

bool prk_worker_has_mail(const prk_worker *w) {
    return w->mailbox != NULL && !w->is_streaming && is_done(w);
}

void prk_worker_answer(prk_worker *w, prk_frame *frame, uint8_t *verdicts, prk_report *reports) {
    const unsigned char *from_verdicts, *from_reports;
    if (w->mailbox == NULL) {
        memcpy(frame, w->answer, sizeof *frame);
        from_verdicts = w->answer + sizeof *frame;
        from_reports = from_verdicts + w->count;
    } else {
        *frame = w->mailbox->frame;
        if (w->mailbox->answer_streams) {
            from_verdicts = w->answer;
            from_reports = from_verdicts + w->count;
        } else {
            from_verdicts = w->mailbox->answer;
            from_reports = from_verdicts + prk_reports_place(w->count);
        }
    }
    memcpy(verdicts, from_verdicts, w->count);
    if (w->reports_size > 0) {
        memcpy(reports, from_reports, w->reports_size);
    }
    w->is_busy = w->is_streaming = false;
    if (w->mailbox != NULL) {
        __atomic_store_n(&w->mailbox->state, PRK_MAIL_FREE, __ATOMIC_RELEASE);
    }
}

bool prk_worker_has_started(const prk_worker *w) {
    return w->mailbox == NULL ||
           __atomic_load_n(&w->mailbox->state, __ATOMIC_ACQUIRE) != PRK_MAIL_ASSIGNED;
}

bool prk_worker_announce_sleep(prk_worker *w, bool sleeps) {
    if (w->mailbox == NULL) {
        return true;
    }
    // As in the worker: either it sees the sleeper, or its answer is seen here.
    __atomic_store_n(&w->mailbox->owner_sleeps, sleeps, __ATOMIC_SEQ_CST);
    return !prk_worker_has_mail(w);
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

void prk_worker_kill(const prk_worker *w) { kill(w->pid, SIGKILL); }

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
    siginfo_t end = {0};
    *signal = 0;
    while (waitid(P_PID, (id_t)w->pid, &end, WEXITED) != 0) {
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
