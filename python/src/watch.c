// SPDX-License-Identifier: Apache-2.0

// pthread_condattr_setclock
#define _GNU_SOURCE

#include "watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

// How often signals are looked at.
#define TICK_NS 20000000

// A test takes stack for some windows of numbers, GMP up to 64 KB.
#define STACK_BYTES (8 << 20)

typedef struct watch {
    pthread_mutex_t lock;
    pthread_cond_t all_done;
    prk_py_work *work;
    void *context;
    unsigned running;
    prk_status status;
    uint32_t cancel;
} watch;

prk_py_length prk_py_length_of(double nanoseconds) {
    return nanoseconds < 1.5e5 ? PRK_PY_SHORT : nanoseconds < 1e7 ? PRK_PY_MIDDLE : PRK_PY_LONG;
}

double prk_py_cost(size_t bits) {
    const double words = (double)(bits + 63) / 64;
    // 0.4 us for a word, 1 ms at 1024 bits, and from there on as the cube.
    return words <= 1 ? 400 : words < 16 ? 4000 * words * words : 250 * words * words * words;
}

static void *begin(void *argument) {
    watch *w = argument;
    const prk_status status = w->work(w->context, &w->cancel);
    pthread_mutex_lock(&w->lock);
    if (w->status == PRK_STATUS_OK && status != PRK_STATUS_OK) {
        w->status = status;
        // What is done by the others is of no use.
        __atomic_store_n(&w->cancel, 1, __ATOMIC_RELAXED);
    }
    if (--w->running == 0) {
        pthread_cond_signal(&w->all_done);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

// Starts threads with all signals blocked, so that handlers run where Python wants them. How many
// there are.
static unsigned start(watch *w, pthread_t *threads, unsigned wanted) {
    pthread_attr_t attributes;
    sigset_t all, before;
    unsigned started = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_attr_init(&attributes) == 0) {
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        pthread_mutex_lock(&w->lock);
        while (started < wanted && pthread_create(&threads[started], &attributes, begin, w) == 0) {
            started++;
            w->running++;
        }
        pthread_mutex_unlock(&w->lock);
        pthread_attr_destroy(&attributes);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

// Until all are done, or a tick has passed. Whether all are done.
static bool wait_for(watch *w) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&w->lock);
    int error = 0;
    while (w->running > 0 && error == 0) {
        error = pthread_cond_timedwait(&w->all_done, &w->lock, &until);
    }
    const bool are_done = w->running == 0;
    pthread_mutex_unlock(&w->lock);
    return are_done;
}

static prk_status run_long(watch *w, pthread_t *threads, unsigned wanted) {
    bool has_raised = false, are_done = false;
    unsigned started = 0;
    Py_BEGIN_ALLOW_THREADS started = start(w, threads, wanted);
    if (started == 0) {
        // No thread is to be had: it is done here, and Ctrl-C waits.
        w->status = w->work(w->context, &w->cancel);
    }
    are_done = started == 0 || wait_for(w);
    Py_END_ALLOW_THREADS while (!are_done) {
        if (!has_raised && PyErr_CheckSignals() != 0) {
            has_raised = true;
            __atomic_store_n(&w->cancel, 1, __ATOMIC_RELAXED);
        }
        Py_BEGIN_ALLOW_THREADS are_done = wait_for(w);
        Py_END_ALLOW_THREADS
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    // A signal that came with the end is Python's to look at after the call.
    return has_raised ? PRK_STATUS_CANCELLED : w->status;
}

prk_status prk_py_run(prk_py_work *work, void *context, unsigned threads, prk_py_length length) {
    prk_status status = PRK_STATUS_OK;
    uint32_t never = 0;
    if (length == PRK_PY_SHORT) {
        return work(context, &never);
    }
    if (length == PRK_PY_MIDDLE && threads <= 1) {
        Py_BEGIN_ALLOW_THREADS status = work(context, &never);
        Py_END_ALLOW_THREADS return status;
    }
    watch w = {.work = work, .context = context};
    pthread_condattr_t clock;
    pthread_t *started = calloc(threads, sizeof *started);
    if (started == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    pthread_mutex_init(&w.lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&w.all_done, &clock);
    pthread_condattr_destroy(&clock);
    status = run_long(&w, started, threads);
    pthread_cond_destroy(&w.all_done);
    pthread_mutex_destroy(&w.lock);
    free(started);
    return status;
}
