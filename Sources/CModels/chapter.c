// SPDX-License-Identifier: Apache-2.0
//
// The worker of the chapter's home-grown pool: one queue of numbers for all workers, one of
// results, and a 0 for a poison pill. It shows that shape; the pool that cannot lose a number is in
// channel.c and worker.c.

#define _GNU_SOURCE

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cpool.h>
#include <prk_system.h>

#include "include/cmodels.h"

int prk_packets_create(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

bool prk_packets_put(int end, const void *message, size_t size) {
    ssize_t put;
    do {
        put = send(end, message, size, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put == (ssize_t)size;
}

bool prk_packets_get(int end, void *message, size_t size) {
    ssize_t got;
    do {
        got = recv(end, message, size, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static prk_checked check(uint64_t n, const prk_job *job, prk_scratch *scratch) {
    const uint64_t offsets[2] = {0, 1};
    prk_checked result = {.n = n, .verdict = PRK_UNTESTED};
    const uint64_t start = prk_clock_ns();
    prk_job_run(job, &n, offsets, 1, scratch, &result.verdict, NULL);
    result.ns = prk_clock_ns() - start;
    return result;
}

pid_t prk_chapter_worker_create(int jobs, int results, const prk_job *job) {
    const pid_t parent = getpid(), pid = prk_fork();
    if (pid != 0) {
        return pid;
    }
    const int kept[] = {jobs, results};
    prk_child_begin(parent, kept, 2);
    prk_scratch *scratch = prk_scratch_create();
    if (scratch == NULL) {
        _exit(ENOMEM);
    }
    uint64_t n;
    while (prk_packets_get(jobs, &n, sizeof n) && n != 0) {
        const prk_checked result = check(n, job, scratch);
        if (!prk_packets_put(results, &result, sizeof result)) {
            _exit(0); // the owner is gone
        }
    }
    // The pill's echo: this worker is done.
    const prk_checked done = {.n = 0};
    prk_packets_put(results, &done, sizeof done);
    _exit(0);
}
