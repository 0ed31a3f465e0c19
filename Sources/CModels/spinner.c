// SPDX-License-Identifier: Apache-2.0
//
// A spinner in a process of its own, as the chapter of the book has it: from fork() to _exit() the
// child runs this file, nothing else.

// MAP_ANONYMOUS
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cpool.h>
#include <prk_system.h>

#include "include/cmodels.h"

/// What both processes see.
typedef struct shared_page {
    /// The event: 1 ends the child. It waits on it as a futex.
    uint32_t done;
    /// Written by the child, read by its owner when it has ended.
    prk_spinner_tally tally;
} shared_page;

struct prk_spinner {
    shared_page *shared;
    pid_t pid;
};

static bool is_done(const shared_page *shared) {
    return __atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) != 0;
}

/// Waits for the event, for a period at most; whether it has come.
static bool wait_for_event(shared_page *shared, uint32_t period_ns) {
    const uint64_t start = prk_clock_ns();
    for (;;) {
        if (is_done(shared)) {
            return true;
        }
        const uint64_t passed = prk_clock_ns() - start;
        if (passed >= period_ns) {
            return false;
        }
        // Signals, as the one after a stop, end the wait early.
        prk_futex_wait(&shared->done, 0, period_ns - passed);
    }
}

static void draw(prk_spinner_tally *tally, int output, const unsigned char *picture, size_t size) {
    if (output >= 0) {
        // A terminal that is gone is the owner's affair.
        const ssize_t written = write(output, picture, size);
        (void)written;
    }
    const uint64_t now = prk_clock_ns();
    if (now - tally->last_ns > tally->longest_gap_ns) {
        tally->longest_gap_ns = now - tally->last_ns;
    }
    tally->last_ns = now;
    tally->frames++;
}

prk_spinner *prk_spinner_create(int output, const unsigned char *pictures, size_t size,
                                size_t count, uint32_t period_ns) {
    prk_spinner *spinner = malloc(sizeof *spinner);
    shared_page *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (spinner == NULL || shared == MAP_FAILED) {
        if (shared != MAP_FAILED) {
            munmap(shared, sizeof *shared);
        }
        free(spinner);
        errno = ENOMEM;
        return NULL;
    }
    shared->tally.last_ns = prk_clock_ns();
    const pid_t parent = getpid(), pid = prk_fork();
    if (pid == 0) {
        prk_child_begin(parent, &output, 1);
        size_t next = 0;
        do {
            draw(&shared->tally, output, pictures + next * size, size);
            next = (next + 1) % count;
        } while (!wait_for_event(shared, period_ns));
        _exit(0);
    }
    if (pid < 0) {
        const int error = errno;
        munmap(shared, sizeof *shared);
        free(spinner);
        errno = error;
        return NULL;
    }
    *spinner = (prk_spinner){.shared = shared, .pid = pid};
    return spinner;
}

pid_t prk_spinner_process(const prk_spinner *spinner) { return spinner->pid; }

int prk_spinner_stop(prk_spinner *spinner, prk_spinner_tally *tally) {
    __atomic_store_n(&spinner->shared->done, 1, __ATOMIC_SEQ_CST);
    prk_futex_wake(&spinner->shared->done);
    int signal = 0;
    (void)prk_end(spinner->pid, &signal);
    *tally = spinner->shared->tally;
    munmap(spinner->shared, sizeof *spinner->shared);
    free(spinner);
    return signal;
}
