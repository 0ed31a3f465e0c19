// SPDX-License-Identifier: Apache-2.0
//
// Workers that run more than C. fork() in a process with threads leaves a child that may do little
// beyond C: a lock of a runtime that another thread held stays locked there. So they are forked by
// a process that never had a second thread, the nursery, or are new runs of the program.

// memfd, SCM_RIGHTS, SOCK_SEQPACKET
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool_internal.h"

int prk_end_map(prk_channel_end *end, prk_channel channel, const int descriptors[PRK_END_COUNT]) {
    end->in = descriptors[PRK_END_IN];
    end->out = descriptors[PRK_END_OUT];
    end->bell = descriptors[PRK_END_BELL];
    if (channel != PRK_CHANNEL_SHM) {
        close(end->bell); // it stood for none
        end->bell = -1;
    }
    void *shared = mmap(NULL, sizeof(prk_mailbox), PROT_READ | PROT_WRITE, MAP_SHARED,
                        descriptors[PRK_END_SHARED], 0);
    if (shared == MAP_FAILED) {
        return errno;
    }
    close(descriptors[PRK_END_SHARED]);
    end->shared = shared;
    end->mailbox = channel == PRK_CHANNEL_SHM ? shared : NULL;
    return 0;
}

// ---- The nursery. A request is one packet, and so is its reply.

typedef struct nursery_request {
    /// 0, or the worker to reap; else one is to be forked.
    pid_t reaped;
    prk_worker_setup setup;
} nursery_request;

typedef struct nursery_reply {
    /// The new worker, or -1.
    pid_t pid;
    /// An errno, or what prk_reap gave.
    int error, status, signal;
} nursery_reply;

typedef union rights {
    struct cmsghdr head;
    unsigned char bytes[CMSG_SPACE(PRK_END_COUNT * sizeof(int))];
} rights;

/// Sends one packet with its descriptors; a missing one is sent as the first.
static bool put_packet(int socket, const void *bytes, size_t size, const int *descriptors) {
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    rights control;
    if (descriptors != NULL) {
        int sent[PRK_END_COUNT];
        for (int i = 0; i < PRK_END_COUNT; i++) {
            sent[i] = descriptors[i] >= 0 ? descriptors[i] : descriptors[0];
        }
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.head = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof sent)};
        memcpy(CMSG_DATA(&control.head), sent, sizeof sent);
    }
    ssize_t put;
    do {
        put = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put == (ssize_t)size;
}

/// Receives one; descriptors that did not come are -1.
static bool get_packet(int socket, void *bytes, size_t size, int *descriptors) {
    struct iovec part = {bytes, size};
    rights control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got;
    do {
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)size) {
        return false;
    }
    for (int i = 0; descriptors != NULL && i < PRK_END_COUNT; i++) {
        descriptors[i] = -1;
    }
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (descriptors != NULL && head != NULL && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(PRK_END_COUNT * sizeof(int))) {
        memcpy(descriptors, CMSG_DATA(head), PRK_END_COUNT * sizeof(int));
    }
    return true;
}

static nursery_reply fork_in_nursery(const prk_worker_setup *setup, prk_worker_main main,
                                     const int descriptors[PRK_END_COUNT]) {
    if (descriptors[PRK_END_SHARED] < 0) {
        return (nursery_reply){.pid = -1, .error = EMFILE};
    }
    prk_channel_end end = {.parent = getpid()};
    const pid_t pid = prk_fork();
    if (pid != 0) {
        return (nursery_reply){.pid = pid, .error = pid < 0 ? errno : 0};
    }
    if (prk_end_map(&end, setup->channel, descriptors) != 0) {
        _exit(ENOMEM);
    }
    prctl(PR_SET_NAME, "prk-worker");
    prk_worker_begin(&end);
    prk_silence();
    main(setup, &end);
    _exit(0);
}

static _Noreturn void nursery(int socket, prk_worker_main main, pid_t owner) {
    prctl(PR_SET_NAME, "prk-nursery");
    // A worker's channel must not become its standard output.
    socket = fcntl(socket, F_DUPFD_CLOEXEC, 3);
    signal(SIGCHLD, SIG_DFL); // it must be able to reap
    prk_child_begin(owner, &socket, 1);
    prk_silence();
    for (;;) {
        nursery_request request;
        int descriptors[PRK_END_COUNT];
        if (!get_packet(socket, &request, sizeof request, descriptors)) {
            _exit(0); // the owner is gone
        }
        nursery_reply reply = {0};
        if (request.reaped != 0) {
            reply.status = prk_reap(request.reaped, &reply.signal);
        } else {
            reply = fork_in_nursery(&request.setup, main, descriptors);
        }
        for (int i = 0; i < PRK_END_COUNT; i++) {
            if (descriptors[i] >= 0) {
                close(descriptors[i]);
            }
        }
        if (!put_packet(socket, &reply, sizeof reply, NULL)) {
            _exit(0);
        }
    }
}

struct prk_nursery {
    int socket;
    /// -1 when it was ended.
    pid_t pid;
};

prk_nursery *prk_nursery_create(prk_worker_main main) {
    prk_nursery *n = malloc(sizeof *n);
    int pair[2];
    if (n == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(n);
        return NULL;
    }
    const pid_t owner = getpid();
    *n = (prk_nursery){.socket = pair[0], .pid = prk_fork()};
    if (n->pid == 0) {
        nursery(pair[1], main, owner);
    }
    const int error = errno;
    close(pair[1]);
    if (n->pid < 0) {
        close(n->socket);
        free(n);
        errno = error;
        return NULL;
    }
    return n;
}

/// Whether there is a reply, or the nursery's end. False when the nursery holds its owner up.
static bool await_reply(const prk_nursery *n) {
    // In slices: a stop of owner and nursery both, as by Ctrl-Z, costs one of them.
    enum { SLICE_MS = 20, SLICES = 500, STOPPED_SLICES = 3 };
    int stopped = 0;
    bool is_continued = false;
    for (int i = 0; i < SLICES; i++) {
        struct pollfd reply = {.fd = n->socket, .events = POLLIN};
        if (poll(&reply, 1, SLICE_MS) > 0) {
            return true;
        }
        stopped = prk_is_stopped(n->pid) ? stopped + 1 : 0;
        if (stopped == STOPPED_SLICES) {
            if (is_continued) {
                return false;
            }
            // It can reap its workers then, and is there for another run.
            kill(n->pid, SIGCONT);
            is_continued = true;
            stopped = 0;
        }
    }
    return false;
}

/// Ends the nursery, and with it its workers, which have asked for that.
static void end_nursery(prk_nursery *n) {
    siginfo_t state;
    int signal;
    // Unless somebody has reaped it: then its number may be another process's.
    if (n->pid > 0 && waitid(P_PID, (id_t)n->pid, &state, WEXITED | WNOHANG | WNOWAIT) == 0) {
        kill(n->pid, SIGKILL);
        (void)prk_reap(n->pid, &signal);
    }
    n->pid = -1;
}

static bool ask(prk_nursery *n, const nursery_request *request, const int *descriptors,
                nursery_reply *reply) {
    const bool is_answered = n->pid > 0 &&
                             put_packet(n->socket, request, sizeof *request, descriptors) &&
                             await_reply(n) && get_packet(n->socket, reply, sizeof *reply, NULL);
    if (!is_answered) {
        end_nursery(n);
        errno = ESRCH; // the nursery is gone, and its workers with it
    }
    return is_answered;
}

pid_t prk_nursery_fork(prk_nursery *nursery, const prk_worker_setup *setup,
                       const int descriptors[PRK_END_COUNT]) {
    const nursery_request request = {.setup = *setup};
    nursery_reply reply;
    if (!ask(nursery, &request, descriptors, &reply)) {
        return -1;
    }
    errno = reply.error;
    return reply.pid;
}

int prk_nursery_reap(prk_nursery *nursery, pid_t pid, int *signal) {
    const nursery_request request = {.reaped = pid};
    nursery_reply reply;
    *signal = 0;
    if (!ask(nursery, &request, NULL, &reply)) {
        return -1;
    }
    *signal = reply.signal;
    return reply.status;
}

// ---- New runs of the program.

// Its value is "c:p" for channel c, by its number, and owner p.
static const char spawned[] = "PRIMALITY_WORKER";

// Where the descriptors are in the new program.
enum { FIRST_DESCRIPTOR = 3 };

extern char **environ;

/// The environment with the variable; the strings stay those of the environment. NULL without
/// memory.
static char **with_variable(char *variable) {
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL) {
        count++;
    }
    char **all = malloc((count + 2) * sizeof *all);
    if (all != NULL) {
        memcpy(all, environ, count * sizeof *all);
        all[count] = variable;
        all[count + 1] = NULL;
    }
    return all;
}

pid_t prk_program_start(const prk_worker_setup *setup, const int descriptors[PRK_END_COUNT]) {
    char variable[64];
    snprintf(variable, sizeof variable, "%s=%d:%d", spawned, (int)setup->channel,
             (int)setup->owner);
    char **environment = with_variable(variable);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    // Out of the way of the numbers that they get there; closed there by themselves.
    int high[PRK_END_COUNT] = {-1, -1, -1, -1};
    int error = environment == NULL ? ENOMEM : 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int fd = 0; fd <= 2 && error == 0; fd++) {
        error = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    for (int i = 0; i < PRK_END_COUNT && error == 0; i++) {
        high[i] = fcntl(descriptors[i] >= 0 ? descriptors[i] : descriptors[0], F_DUPFD_CLOEXEC,
                        FIRST_DESCRIPTOR + PRK_END_COUNT);
        error = high[i] < 0
                    ? errno
                    : posix_spawn_file_actions_adddup2(&actions, high[i], FIRST_DESCRIPTOR + i);
    }
    // What the worker leaves to its owner waits until it has begun, and is then taken away
    // (prk_child_begin). What is ignored stays so, but for what a task needs that starts programs.
    sigset_t left, restored;
    sigemptyset(&left);
    for (int i = 0; i < PRK_LEFT_COUNT; i++) {
        sigaddset(&left, prk_left_signals[i]);
    }
    sigemptyset(&restored);
    sigaddset(&restored, SIGCHLD);
    posix_spawnattr_setsigmask(&attributes, &left);
    posix_spawnattr_setsigdefault(&attributes, &restored);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    if (error == 0) {
        char name[] = "primality-worker";
        char *const arguments[] = {name, NULL};
        error = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
    }
    for (int i = 0; i < PRK_END_COUNT; i++) {
        if (high[i] >= 0) {
            close(high[i]);
        }
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    errno = error;
    return error == 0 ? pid : -1;
}

void prk_worker_adopt(prk_worker_main main) {
    const char *value = getenv(spawned);
    int channel = 0, owner = 0;
    if (value == NULL) {
        return;
    }
    int descriptors[PRK_END_COUNT];
    for (int i = 0; i < PRK_END_COUNT; i++) {
        descriptors[i] = FIRST_DESCRIPTOR + i;
    }
    prk_channel_end end = {0};
    if (sscanf(value, "%d:%d", &channel, &owner) != 2 ||
        prk_end_map(&end, (prk_channel)channel, descriptors) != 0) {
        fprintf(stderr, "%s is set, but no pool started this process: unset it\n", spawned);
        exit(EXIT_FAILURE);
    }
    end.parent = owner;
    unsetenv(spawned);
    prk_worker_begin(&end);
    prk_silence();
    prk_worker_setup setup;
    prk_get_all(end.in, &setup, sizeof setup);
    main(&setup, &end);
    _exit(0);
}
