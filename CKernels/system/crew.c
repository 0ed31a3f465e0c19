// SPDX-License-Identifier: Apache-2.0
//
// A run is between two waits of all members: the caller's thread comes last to the first one, since
// the others go there when the run before has ended, and sleep there while there is none.

#define _GNU_SOURCE

#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "../include/prk_system.h"

// So long a member waits awake. Waking one that sleeps takes tens of microseconds, and members that
// are at work are seldom farther apart than that.
#define AWAKE_NS 50000
// What a member has to sleep before it looks again on its own, for nothing.
#define SLEEP_NS (UINT64_C(3600) * 1000000000)
// Of stack: transforms take some kilobytes.
#define STACK ((size_t)256 << 10)

typedef struct seat {
    prk_crew *crew;
    unsigned member;
    pthread_t thread;
} seat;

struct prk_crew {
    // Those who wait look at the first word all the time, so that what is written on the way there
    // has another cache line.
    _Alignas(64) uint32_t step; // that all have reached
    _Alignas(64) uint32_t arrived, sleepers;
    _Alignas(64) prk_crew_work *work;
    void *context;
    pid_t process;
    bool is_over;
    unsigned members;
    seat seats[PRK_CREW_MOST];
    _Alignas(64) unsigned char rooms[]; // PRK_CREW_ROOM for each member
};

static void wait_while(prk_crew *c, uint32_t step) {
    const uint64_t begin = prk_clock_ns();
    do {
        for (int i = 0; i < 64; i++) {
            if (__atomic_load_n(&c->step, __ATOMIC_ACQUIRE) != step) {
                return;
            }
            prk_relax();
        }
    } while (prk_clock_ns() - begin < AWAKE_NS);
    // In this order, and the other way round where the step is made: one of the two sees the other.
    __atomic_add_fetch(&c->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&c->step, __ATOMIC_SEQ_CST) == step) {
        prk_futex_wait(&c->step, step, SLEEP_NS);
    }
    __atomic_sub_fetch(&c->sleepers, 1, __ATOMIC_SEQ_CST);
}

void prk_crew_wait(prk_crew *c, unsigned members) {
    if (members < 2) {
        return;
    }
    const uint32_t step = __atomic_load_n(&c->step, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&c->arrived, 1, __ATOMIC_ACQ_REL) < members) {
        wait_while(c, step);
        return;
    }
    __atomic_store_n(&c->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&c->step, step + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&c->sleepers, __ATOMIC_SEQ_CST) > 0) {
        prk_futex_wake_all(&c->step);
    }
}

static void *run_member(void *argument) {
    const seat *s = argument;
    prk_crew *c = s->crew;
    prk_thread_set_name("primality-crew");
    for (;;) {
        // While threads are made there may turn out to be fewer of them. The caller's is the last
        // one to come here all the same.
        prk_crew_wait(c, __atomic_load_n(&c->members, __ATOMIC_RELAXED));
        if (c->is_over) {
            return NULL;
        }
        c->work(c->context, s->member, c->members);
        prk_crew_wait(c, c->members);
    }
}

// Whether threads are there: a forked child has the memory alone.
static bool has_threads(const prk_crew *c) { return c->process == getpid(); }

prk_crew *prk_crew_create(unsigned members) {
    const unsigned most = members < PRK_CREW_MOST ? members : PRK_CREW_MOST;
    if (most < 2) {
        return NULL;
    }
    prk_crew *c = aligned_alloc(64, sizeof *c + (size_t)most * PRK_CREW_ROOM);
    if (c == NULL) {
        return NULL;
    }
    *c = (prk_crew){.process = getpid(), .members = most};
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0) {
        free(c);
        return NULL;
    }
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned made = 1;
    for (; made < most; made++) {
        seat *s = &c->seats[made];
        s->crew = c;
        s->member = made;
        if (pthread_create(&s->thread, &attributes, run_member, s) != 0) {
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (made < 2) {
        free(c);
        return NULL;
    }
    __atomic_store_n(&c->members, made, __ATOMIC_RELAXED);
    return c;
}

void prk_crew_destroy(prk_crew *c) {
    if (c == NULL) {
        return;
    }
    if (has_threads(c)) {
        c->is_over = true;
        prk_crew_wait(c, c->members);
        for (unsigned i = 1; i < c->members; i++) {
            pthread_join(c->seats[i].thread, NULL);
        }
    }
    free(c);
}

void prk_crew_run(prk_crew *c, prk_crew_work *work, void *context) {
    if (!has_threads(c)) {
        work(context, 0, 1);
        return;
    }
    c->work = work;
    c->context = context;
    prk_crew_wait(c, c->members);
    work(context, 0, c->members);
    prk_crew_wait(c, c->members);
}

void *prk_crew_room(prk_crew *c, unsigned member) {
    return c->rooms + (size_t)member * PRK_CREW_ROOM;
}
