// SPDX-License-Identifier: Apache-2.0
//
// How a worker comes to be: its channel, its process, and what the owner holds of both.

// pipe2, memfd_create, MAP_ANONYMOUS, CPU_SET
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "owner.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

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

/// Both ends of a channel, with shared memory if the worker has a flag of its own; that has a
/// descriptor if `is_foreign`.
static int open_channel(prk_channel channel, bool is_foreign, bool has_flag, prk_worker *w,
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
    } else if (!has_flag) {
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
    free(w->evidence.bytes);
    free(w);
}

/// Forks a child that serves; its process id or -1 with errno set.
static pid_t fork_worker(prk_channel_end *end, const prk_job *job, bool stays) {
    end->parent = getpid();
    const pid_t pid = prk_fork();
    if (pid == 0) {
        prk_worker_begin(end);
        prk_job own = *job;
        if (stays) {
            own.options.cancel = prk_worker_cancel_flag(end);
        }
        prk_worker_serve(end, &own, NULL);
    }
    return pid;
}

/// The way of all workers into life: `setup` is NULL for a plain fork, the only kind that may not
/// stay.
static prk_worker *create(prk_channel channel, const prk_job *job, const prk_worker_setup *setup,
                          prk_nursery *nursery, bool stays) {
    prk_worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return NULL;
    }
    w->pidfd = w->in = w->out = w->bell = -1;
    w->nursery = nursery;
    w->wants_reports = job->wants_reports;
    int descriptors[PRK_END_COUNT] = {-1, -1, -1, -1};
    int error = open_channel(channel, setup != NULL, stays, w, descriptors);
    if (error == 0) {
        if (setup == NULL) {
            prk_channel_end end = {.in = descriptors[PRK_END_IN],
                                   .out = descriptors[PRK_END_OUT],
                                   .bell = descriptors[PRK_END_BELL],
                                   .mailbox = w->mailbox,
                                   .shared = w->shared};
            w->pid = fork_worker(&end, job, stays);
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
        (void)prk_put_all(w, parts, 1); // that it ended already shows as any other end does
    }
    return w;
}

prk_worker *prk_worker_create(prk_channel channel, const prk_job *job) {
    return create(channel, job, NULL, NULL, false);
}

prk_worker *prk_worker_create_to_stay(prk_channel channel, const prk_job *job) {
    return create(channel, job, NULL, NULL, true);
}

prk_worker *prk_worker_create_in(prk_nursery *nursery, const prk_worker_setup *setup) {
    return create(setup->channel, &setup->job, setup, nursery, true);
}

prk_worker *prk_worker_spawn(const prk_worker_setup *setup) {
    return create(setup->channel, &setup->job, setup, NULL, true);
}

void prk_worker_bring(const prk_worker *w) {
    cpu_set_t allowed, here;
    const int core = sched_getcpu();
    // When its nursery has ended a worker's number may be another process's. The worker's cores may
    // be others than this thread's.
    if (w->nursery != NULL || core < 0 || core >= CPU_SETSIZE ||
        sched_getaffinity(w->pid, sizeof allowed, &allowed) != 0 || !CPU_ISSET(core, &allowed)) {
        return;
    }
    CPU_ZERO(&here);
    CPU_SET(core, &here);
    if (sched_setaffinity(w->pid, sizeof here, &here) == 0) {
        (void)sched_setaffinity(w->pid, sizeof allowed, &allowed);
    }
}
