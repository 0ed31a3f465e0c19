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
#include <unistd.h>

#include "pool_internal.h"

// By read and write, which pipes have too: SIGPIPE is ignored here.
static void put_all(int out, const void *bytes, size_t size) {
    const char *p = bytes;
    while (size > 0) {
        ssize_t put = write(out, p, size);
        if (put >= 0) {
            p += put;
            size -= (size_t)put;
        } else if (errno != EINTR) {
            _exit(0); // the owner is gone
        }
    }
}

static void get_all(int in, void *bytes, size_t size) {
    char *p = bytes;
    while (size > 0) {
        ssize_t got = read(in, p, size);
        if (got > 0) {
            p += got;
            size -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            _exit(0); // the owner is gone
        }
    }
}

typedef struct buffer {
    void *bytes;
    size_t size;
} buffer;

// Room for `size` bytes; what was there is gone. Grows, never shrinks: no allocation per chunk once
// the largest has been seen.
static void *room(buffer *b, size_t size) {
    if (size > b->size || b->bytes == NULL) {
        free(b->bytes);
        b->bytes = malloc(size + 1);
        b->size = size;
    }
    if (b->bytes == NULL) {
        _exit(ENOMEM); // the owner sees the status and knows which chunk it was
    }
    return b->bytes;
}

typedef struct server {
    prk_channel_end end;
    const prk_job *job;
    pid_t owner;
    prk_scratch *scratch;
    buffer request, verdicts, reports;
} server;

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// A spin costs less than the wake-up that it may save, some 20 microseconds.
enum { SPINS = 200 };

static void await_mail(prk_mailbox *mail, pid_t owner) {
    for (;;) {
        for (int i = 0; i < SPINS; i++) {
            if (__atomic_load_n(&mail->state, __ATOMIC_ACQUIRE) == PRK_MAIL_ASSIGNED) {
                return;
            }
            relax();
        }
        // Sequentially consistent on both sides: either the owner sees the sleeper, or the sleeper
        // sees the request.
        __atomic_store_n(&mail->worker_sleeps, 1, __ATOMIC_SEQ_CST);
        const uint32_t seen = __atomic_load_n(&mail->state, __ATOMIC_SEQ_CST);
        if (seen != PRK_MAIL_ASSIGNED) {
            prk_futex_wait(&mail->state, seen);
        }
        __atomic_store_n(&mail->worker_sleeps, 0, __ATOMIC_RELAXED);
        // A futex does not tell of the owner's end, as a channel does.
        if (getppid() != owner) {
            _exit(0);
        }
    }
}

static prk_frame next_request(server *s) {
    prk_frame frame;
    prk_mailbox *mail = s->end.mailbox;
    if (mail == NULL) {
        get_all(s->end.in, &frame, sizeof frame);
        return frame;
    }
    await_mail(mail, s->owner);
    __atomic_store_n(&mail->state, PRK_MAIL_STARTED, __ATOMIC_RELAXED);
    return mail->frame;
}

static void answer(server *s, const prk_frame *frame, const void *verdicts, const void *reports,
                   bool in_place) {
    const size_t count = (size_t)frame->count;
    const size_t reports_size = s->job->wants_reports ? count * sizeof(prk_report) : 0;
    prk_mailbox *mail = s->end.mailbox;
    if (mail == NULL) {
        put_all(s->end.out, frame, sizeof *frame);
    } else {
        mail->frame = *frame;
        mail->answer_streams = !in_place;
        __atomic_store_n(&mail->state, PRK_MAIL_DONE, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&mail->owner_sleeps, __ATOMIC_SEQ_CST) != 0) {
            prk_doorbell_ring(s->end.bell);
        }
    }
    if (!in_place) {
        put_all(s->end.out, verdicts, count);
        put_all(s->end.out, reports, reports_size);
    }
}

static void serve_request(server *s, prk_frame frame) {
    const prk_job *job = s->job;
    prk_mailbox *mail = s->end.mailbox;
    // A part has no arrays: its number is in the frame.
    const bool is_part = frame.kind == PRK_FRAME_PART;
    const size_t count = is_part ? 1 : (size_t)frame.count;
    const size_t reports_size = (job->wants_reports || is_part) ? count * sizeof(prk_report) : 0;
    const size_t place = prk_reports_place(count);
    const bool in_place = mail != NULL && place + reports_size <= PRK_ANSWER_ROOM;
    uint8_t *verdicts = in_place ? mail->answer : room(&s->verdicts, count);
    prk_report *reports =
        in_place ? (void *)(mail->answer + place) : room(&s->reports, reports_size);

    const uint64_t *offsets = NULL;
    if (!is_part) {
        if (mail != NULL && !mail->request_streams) {
            offsets = (const uint64_t *)mail->request;
        } else {
            const size_t size = (count + 1 + (size_t)frame.limb_count) * sizeof(uint64_t);
            offsets = room(&s->request, size);
            get_all(s->end.in, s->request.bytes, size);
        }
    }
    const uint64_t start = prk_thread_cpu_ns();
    const prk_status status =
        is_part
            ? prk_job_run_part(job, frame.n, frame.from, frame.to, s->scratch, verdicts, reports)
            : prk_job_run(job, offsets + count + 1, offsets, count, s->scratch, verdicts, reports);
    frame.cpu_ns = prk_thread_cpu_ns() - start;
    frame.kind = PRK_FRAME_ANSWER;
    frame.status = (uint32_t)status;
    answer(s, &frame, verdicts, reports, in_place);
}

_Noreturn void prk_worker_serve(prk_channel_end end, const prk_job *job, pid_t owner) {
    server s = {.end = end, .job = job, .owner = owner, .scratch = prk_scratch_create()};
    if (s.scratch == NULL) {
        _exit(ENOMEM);
    }
    for (;;) {
        const prk_frame frame = next_request(&s);
        if (frame.kind == PRK_FRAME_STOP) {
            _exit(0);
        }
        serve_request(&s, frame);
    }
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

static void close_all_but(const prk_channel_end *end) {
    // An inherited end of a sibling's channel would keep that sibling alive after the owner's
    // death, and an inherited standard output would keep the reader of a pipe waiting.
    int kept[3] = {end->in, end->out, end->bell};
    for (int i = 0; i < 2; i++) {
        for (int j = i + 1; j < 3; j++) {
            if (kept[j] < kept[i]) {
                const int other = kept[i];
                kept[i] = kept[j];
                kept[j] = other;
            }
        }
    }
    int next = 0;
    for (int i = 0; i < 3; i++) {
        if (kept[i] >= next) { // -1: there is none
            close_range_of(next, kept[i] - 1);
            next = kept[i] + 1;
        }
    }
    close_range_of(next, INT32_MAX);
}

static _Noreturn void child(prk_channel_end end, const prk_job *job, pid_t owner) {
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
    close_all_but(&end);
    prk_worker_serve(end, job, owner);
}

pid_t prk_worker_fork(prk_channel_end end, const prk_job *job) {
    const pid_t owner = getpid();
    // libc's fork, not a raw clone: its handlers keep malloc, and so GMP, usable in the child.
    const pid_t pid = fork();
    if (pid == 0) {
        child(end, job, owner);
    }
    return pid;
}
