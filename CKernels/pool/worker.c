// SPDX-License-Identifier: Apache-2.0
//
// A worker process: from fork() to _exit() it runs this file and the kernels, nothing else.

// close_range, MSG_NOSIGNAL
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../include/prk_pool.h"

static int send_all(int channel, const void *bytes, size_t size, int flags) {
    const char *p = bytes;
    while (size > 0) {
        ssize_t sent = send(channel, p, size, MSG_NOSIGNAL | flags);
        if (sent >= 0) {
            p += sent;
            size -= (size_t)sent;
        } else if (errno != EINTR) {
            return errno == ECONNRESET ? EPIPE : errno;
        }
    }
    return 0;
}

int prk_channel_send(int channel, const prk_frame *frame, const void *first, size_t first_size,
                     const void *second, size_t second_size) {
    int error =
        send_all(channel, frame, sizeof *frame, first_size + second_size > 0 ? MSG_MORE : 0);
    if (error == 0) {
        error = send_all(channel, first, first_size, second_size > 0 ? MSG_MORE : 0);
    }
    return error != 0 ? error : send_all(channel, second, second_size, 0);
}

int prk_channel_receive(int channel, void *bytes, size_t size) {
    char *p = bytes;
    while (size > 0) {
        ssize_t got = recv(channel, p, size, 0);
        if (got > 0) {
            p += got;
            size -= (size_t)got;
        } else if (got == 0) {
            return EPIPE;
        } else if (errno != EINTR) {
            return errno == ECONNRESET ? EPIPE : errno;
        }
    }
    return 0;
}

typedef struct buffer {
    void *bytes;
    size_t size;
} buffer;

// Room for `size` bytes; what was there is gone. Grows, never shrinks: no allocation per chunk once
// the largest has been seen.
static void *room(buffer *b, size_t size) {
    if (size > b->size) {
        free(b->bytes);
        b->bytes = malloc(size);
        b->size = b->bytes == NULL ? 0 : size;
    }
    return b->bytes;
}

// A part has no arrays: its number is in the frame.
static int serve_part(int channel, const prk_job *job, prk_scratch *scratch, prk_frame *frame) {
    uint8_t verdict;
    prk_report report;
    const uint64_t start = prk_thread_cpu_ns();
    frame->status = (uint32_t)prk_job_run_part(job, frame->n, frame->from, frame->to, scratch,
                                               &verdict, &report);
    frame->cpu_ns = prk_thread_cpu_ns() - start;
    frame->kind = PRK_FRAME_ANSWER;
    return prk_channel_send(channel, frame, &verdict, 1, &report,
                            job->wants_reports ? sizeof report : 0);
}

static _Noreturn void serve(int channel, const prk_job *job) {
    prk_scratch *scratch = prk_scratch_create();
    buffer offsets = {0}, limbs = {0}, verdicts = {0}, reports = {0};
    for (;;) {
        prk_frame frame;
        if (prk_channel_receive(channel, &frame, sizeof frame) != 0) {
            _exit(0); // the owner is gone
        }
        if (frame.kind == PRK_FRAME_STOP) {
            _exit(0);
        }
        if (frame.kind == PRK_FRAME_PART && scratch != NULL) {
            if (serve_part(channel, job, scratch, &frame) != 0) {
                _exit(0);
            }
            continue;
        }
        const size_t count = (size_t)frame.count;
        const size_t offsets_size = (count + 1) * sizeof(uint64_t);
        const size_t limbs_size = (size_t)frame.limb_count * sizeof(uint64_t);
        const size_t reports_size = job->wants_reports ? count * sizeof(prk_report) : 0;
        if (scratch == NULL || room(&offsets, offsets_size) == NULL ||
            room(&limbs, limbs_size + 1) == NULL || room(&verdicts, count + 1) == NULL ||
            room(&reports, reports_size + 1) == NULL) {
            _exit(ENOMEM); // the owner sees the status and knows which chunk it was
        }
        if (prk_channel_receive(channel, offsets.bytes, offsets_size) != 0 ||
            prk_channel_receive(channel, limbs.bytes, limbs_size) != 0) {
            _exit(0);
        }
        const uint64_t start = prk_thread_cpu_ns();
        prk_status status = prk_job_run(job, limbs.bytes, offsets.bytes, count, scratch,
                                        verdicts.bytes, reports.bytes);
        frame.cpu_ns = prk_thread_cpu_ns() - start;
        frame.kind = PRK_FRAME_ANSWER;
        frame.status = (uint32_t)status;
        if (prk_channel_send(channel, &frame, verdicts.bytes, count, reports.bytes, reports_size)) {
            _exit(0);
        }
    }
}

static void close_all_but(int channel) {
    // An inherited end of a sibling's channel would keep that sibling alive after the owner's
    // death, and an inherited standard output would keep the reader of a pipe waiting.
    if ((channel == 0 || close_range(0, (unsigned)channel - 1, 0) == 0) &&
        close_range((unsigned)channel + 1, ~0U, 0) == 0) {
        return;
    }
    long limit = sysconf(_SC_OPEN_MAX); // Linux before 5.9
    for (int fd = 0; fd < (limit > 0 ? limit : 1024); fd++) {
        if (fd != channel) {
            close(fd);
        }
    }
}

static _Noreturn void child(int channel, const prk_job *job, pid_t owner) {
    // The order counts: the owner may have died before the signal was asked for.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != owner) {
        _exit(0);
    }
    // Swift's backtracer would print pages for a crash that the owner reports in one line.
    static const int fatal[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS,
                                SIGFPE, SIGSEGV, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        signal(fatal[i], SIG_DFL);
    }
    // Ctrl-C reaches the whole group; the owner decides what its workers finish.
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_all_but(channel);
    serve(channel, job);
}

pid_t prk_worker_fork(const prk_job *job, int *channel) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    const pid_t owner = getpid();
    // libc's fork, not a raw clone: its handlers keep malloc, and so GMP, usable in the child.
    pid_t pid = fork();
    if (pid == 0) {
        child(ends[1], job, owner);
    }
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *channel = ends[0];
    return pid;
}
