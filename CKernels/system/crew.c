// SPDX-License-Identifier: Apache-2.0
//
// A run is between two waits of all members. To the first one the others go when the run before has
// ended, and there they sleep while there is none.

#define _GNU_SOURCE

#include "crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "../include/prk_system.h"

// So long a member waits awake. Waking one that sleeps takes tens of microseconds, and members that
// are at work are seldom farther apart than that.
#define AWAKE_NS 50000
// After that a member that sleeps looks on its own, for nothing.
#define SLEEP_NS (UINT64_C(3600) * 1000000000)
// So long a member stays where it is at least, with another one on its core.
#define STAY_NS 5000000
// The caller's thread looks so often whether the others are worth waiting for, and goes on alone
// for so long where they are not: where other programs have the cores.
#define LOOK_NS 20000000
static uint64_t alone_ns = 500000000; // for tests
// Of stack: transforms take some kilobytes.
#define STACK ((size_t)256 << 10)

typedef struct seat {
    _Alignas(64) int core; // on which it came to the wait before
    uint64_t moved;        // when it last went to another one
    prk_crew_member me;
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
    uint32_t members; // 0 until all are made
    // Of the caller's thread, since it last looked: what runs took, and how much of that it waited.
    uint64_t ran, waited;
    bool was_late; // it had better been alone
    uint64_t alone_until;
    seat seats[PRK_CREW_MOST];
    _Alignas(64) unsigned char rooms[]; // PRK_CREW_ROOM for each member
};

// --- Waiting -------------------------------------------------------------------------------------

// Whether another member was on this one's core when it was last seen: one of the two keeps the
// other from its work then.
static bool shares_core(const prk_crew *c, const prk_crew_member *me, int core) {
    for (unsigned i = 0; i < me->members; i++) {
        if (i != me->number && __atomic_load_n(&c->seats[i].core, __ATOMIC_RELAXED) == core) {
            return true;
        }
    }
    return false;
}

// Where other programs are at work a thread that is woken goes on next to the one that woke it, and
// would stay there.
static void leave_core(seat *s, int core) {
    cpu_set_t allowed, others;
    const uint64_t now = prk_clock_ns();
    if (now - s->moved < STAY_NS || sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return;
    }
    s->moved = now;
    others = allowed;
    CPU_CLR((unsigned)core, &others);
    if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0) {
        sched_setaffinity(0, sizeof allowed, &allowed); // and from there where it is sent
    }
}

static void wait_while(prk_crew *c, uint32_t step, bool is_awake, uint64_t begin) {
    while (is_awake) {
        for (int i = 0; i < 64; i++) {
            if (__atomic_load_n(&c->step, __ATOMIC_ACQUIRE) != step) {
                return;
            }
            prk_relax();
        }
        is_awake = prk_clock_ns() - begin < AWAKE_NS;
    }
    // In this order, and the other way round where the step is made: one of the two sees the other.
    __atomic_add_fetch(&c->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&c->step, __ATOMIC_SEQ_CST) == step) {
        prk_futex_wait(&c->step, step, SLEEP_NS);
    }
    __atomic_sub_fetch(&c->sleepers, 1, __ATOMIC_SEQ_CST);
}

void prk_crew_wait(const prk_crew_member *me) {
    if (me->members < 2) {
        return;
    }
    prk_crew *c = me->crew;
    seat *own = &c->seats[me->number];
    int core = sched_getcpu();
    bool is_shared = shares_core(c, me, core);
    if (is_shared && me->number > 0) { // the caller's thread stays where it is
        leave_core(own, core);
        core = sched_getcpu();
        is_shared = shares_core(c, me, core);
    }
    __atomic_store_n(&own->core, core, __ATOMIC_RELAXED);
    const uint32_t step = __atomic_load_n(&c->step, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&c->arrived, 1, __ATOMIC_ACQ_REL) < me->members) {
        const uint64_t begin = prk_clock_ns();
        wait_while(c, step, !is_shared, begin);
        if (me->number == 0) { // the others' time is nobody's
            c->waited += prk_clock_ns() - begin;
        }
        return;
    }
    __atomic_store_n(&c->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&c->step, step + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&c->sleepers, __ATOMIC_SEQ_CST) > 0) {
        prk_futex_wake_all(&c->step);
    }
}

// --- Members -------------------------------------------------------------------------------------

static void *run_member(void *argument) {
    seat *s = argument;
    prk_crew *c = s->me.crew;
    prk_thread_set_name("primality-crew");
    // How many could be made is known when all are.
    while ((s->me.members = __atomic_load_n(&c->members, __ATOMIC_ACQUIRE)) == 0) {
        prk_futex_wait(&c->members, 0, SLEEP_NS);
    }
    for (;;) {
        prk_crew_wait(&s->me);
        if (c->is_over) {
            return NULL;
        }
        c->work(c->context, &s->me);
        prk_crew_wait(&s->me);
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
    *c = (prk_crew){.process = getpid()};
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
        s->me = (prk_crew_member){c, made, 0};
        s->core = -1;
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
    c->seats[0].me = (prk_crew_member){c, 0, made};
    c->seats[0].core = -1;
    __atomic_store_n(&c->members, made, __ATOMIC_RELEASE);
    prk_futex_wake_all(&c->members);
    return c;
}

void prk_crew_destroy(prk_crew *c) {
    if (c == NULL) {
        return;
    }
    if (has_threads(c)) {
        c->is_over = true;
        prk_crew_wait(&c->seats[0].me);
        for (unsigned i = 1; i < c->members; i++) {
            pthread_join(c->seats[i].thread, NULL);
        }
    }
    free(c);
}

// With n members the caller computes an n-th of what it would compute alone. Where it waits for the
// rest of that time or longer, it had better be alone.
static void look(prk_crew *c, uint64_t now) {
    if (c->ran < LOOK_NS) {
        return;
    }
    const bool is_late = c->waited > c->ran / c->members * (c->members - 1);
    if (is_late && c->was_late) { // once may be chance
        c->alone_until = now + alone_ns;
    }
    c->was_late = is_late;
    c->ran = c->waited = 0;
}

void prk_crew_run(prk_crew *c, prk_crew_work *work, void *context) {
    const prk_crew_member alone = {c, 0, 1}, *me = &c->seats[0].me;
    const uint64_t begin = prk_clock_ns();
    if (!has_threads(c) || begin < c->alone_until) {
        work(context, &alone);
        return;
    }
    c->work = work;
    c->context = context;
    prk_crew_wait(me);
    work(context, me);
    prk_crew_wait(me);
    const uint64_t end = prk_clock_ns();
    c->ran += end - begin;
    look(c, end);
}

void *prk_crew_room(prk_crew *c, unsigned number) {
    return c->rooms + (size_t)number * PRK_CREW_ROOM;
}
