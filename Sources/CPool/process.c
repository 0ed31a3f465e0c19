// SPDX-License-Identifier: Apache-2.0
//
// Child processes: how one begins, what it leaves to its owner, and how its end is seen.

// close_range, CLD_EXITED
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pool_internal.h"

/// The dynamic linker looks a function up when it is first called. One that the parent has never
/// called is looked up in every child, in the tables of all the program's libraries, which are not
/// mapped there yet. That took a third of a worker's start. So the parent calls here, to no effect,
/// what a child calls.
static void look_up(void) {
    int signal;
    (void)getppid();
    (void)prctl(PR_GET_PDEATHSIG, &signal);
    (void)prk_signal_is_ignored(SIGPIPE);
    (void)close_range(INT32_MAX, INT32_MAX, 0);
    prk_scratch_destroy(prk_scratch_create());
}

pid_t prk_fork(void) {
    look_up();
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

static void close_range_of(int first, int last) {
    if (first > last || close_range((unsigned)first, (unsigned)last, 0) == 0) {
        return;
    }
    const long limit = sysconf(_SC_OPEN_MAX); // Linux before 5.9
    for (int fd = first; fd <= last && fd < (limit > 0 ? limit : 1024); fd++) {
        close(fd);
    }
}

void prk_close_all_but(const int *kept, int count) {
    int next = 0;
    for (;;) {
        int least = -1;
        for (int i = 0; i < count; i++) {
            if (kept[i] >= next && (least < 0 || kept[i] < least)) {
                least = kept[i];
            }
        }
        if (least < 0) {
            break;
        }
        close_range_of(next, least - 1);
        next = least + 1;
    }
    close_range_of(next, INT32_MAX);
}

const int prk_left_signals[PRK_LEFT_COUNT] = {SIGHUP, SIGINT, SIGTERM};

static void leave_it(int number) { (void)number; }

// What ends a group (Ctrl-C, timeout, systemd, a terminal that goes away) is the owner's to obey:
// it decides what its children finish. They have a handler that does nothing, since SIG_IGN would
// last in the programs that a task starts. What the owner ignores they ignore, too.
static void leave_to_owner(void) {
    const struct sigaction nothing = {.sa_handler = leave_it, .sa_flags = SA_RESTART};
    for (int i = 0; i < PRK_LEFT_COUNT; i++) {
        if (!prk_signal_is_ignored(prk_left_signals[i])) {
            sigaction(prk_left_signals[i], &nothing, NULL);
        }
    }
}

void prk_child_begin(pid_t parent, const int *kept, int count) {
    // The order counts: the parent may have died before the signal was asked for.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
    // Swift's backtracer would print pages for a crash that the owner reports in one line.
    prk_signals_restore();
    leave_to_owner();
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignored, NULL);
    const sigset_t none = {0};
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    // An inherited end of a sibling's channel would keep that sibling alive after the owner's
    // death, and an inherited standard output would keep the reader of a pipe waiting.
    prk_close_all_but(kept, count);
}

void prk_silence(void) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++) {
        if (fd != null) {
            dup2(null, fd);
        }
    }
    if (null > 2) {
        close(null);
    }
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
