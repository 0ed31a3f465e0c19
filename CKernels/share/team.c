// SPDX-License-Identifier: Apache-2.0

#include "team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct member {
    prk_team *team;
    pthread_t thread;
    prk_scratch *scratch;
} member;

struct prk_team {
    pthread_mutex_t lock;
    pthread_cond_t begins, ends;
    uint64_t round; // of tasks; the members wait for the next one
    size_t at_work; // members
    bool is_over;
    // Of the round.
    prk_shared_task task;
    void *context;
    size_t count;
    atomic_size_t next;
    size_t failed; // the first one by number
    prk_status status;
    size_t size; // members
    member members[];
};

static void work(prk_team *t, prk_scratch *s) {
    for (;;) {
        const size_t i = atomic_fetch_add(&t->next, 1);
        if (i >= t->count) {
            return;
        }
        const prk_status status = t->task(t->context, i, s);
        if (status != PRK_STATUS_OK) {
            pthread_mutex_lock(&t->lock);
            if (i < t->failed) {
                t->failed = i;
                t->status = status;
            }
            pthread_mutex_unlock(&t->lock);
            atomic_store(&t->next, t->count);
        }
    }
}

static void *run_member(void *argument) {
    member *m = argument;
    prk_team *t = m->team;
    uint64_t seen = 0;
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->is_over && t->round == seen) {
            pthread_cond_wait(&t->begins, &t->lock);
        }
        if (t->is_over) {
            break;
        }
        seen = t->round;
        pthread_mutex_unlock(&t->lock);
        work(t, m->scratch);
        pthread_mutex_lock(&t->lock);
        if (--t->at_work == 0) {
            pthread_cond_signal(&t->ends);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

prk_status prk_team_make(prk_team **team, size_t threads) {
    const size_t most = threads > 1 ? threads - 1 : 0;
    prk_team *t = calloc(1, sizeof *t + most * sizeof t->members[0]);
    *team = NULL;
    if (t == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->begins, NULL);
    pthread_cond_init(&t->ends, NULL);
    for (; t->size < most; t->size++) {
        member *m = &t->members[t->size];
        m->team = t;
        m->scratch = prk_scratch_create();
        if (m->scratch == NULL || pthread_create(&m->thread, NULL, run_member, m) != 0) {
            prk_scratch_destroy(m->scratch);
            break;
        }
    }
    *team = t;
    return PRK_STATUS_OK;
}

void prk_team_destroy(prk_team *t) {
    if (t == NULL) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->is_over = true;
    pthread_cond_broadcast(&t->begins);
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < t->size; i++) {
        pthread_join(t->members[i].thread, NULL);
        prk_scratch_destroy(t->members[i].scratch);
    }
    pthread_cond_destroy(&t->ends);
    pthread_cond_destroy(&t->begins);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

size_t prk_team_size(const prk_scratch *s) { return s->team == NULL ? 1 : s->team->size + 1; }

prk_status prk_team_run(prk_scratch *s, size_t count, prk_shared_task task, void *context) {
    prk_team *t = s->team;
    s->team = NULL; // a task of this thread is alone, too
    if (t == NULL || count < 2) {
        prk_status status = PRK_STATUS_OK;
        for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
            status = task(context, i, s);
        }
        s->team = t;
        return status;
    }
    pthread_mutex_lock(&t->lock);
    t->task = task;
    t->context = context;
    t->count = t->failed = count;
    t->status = PRK_STATUS_OK;
    atomic_store(&t->next, 0);
    t->at_work = t->size;
    t->round++;
    pthread_cond_broadcast(&t->begins);
    pthread_mutex_unlock(&t->lock);
    work(t, s);
    s->team = t;
    pthread_mutex_lock(&t->lock);
    while (t->at_work > 0) {
        pthread_cond_wait(&t->ends, &t->lock);
    }
    const prk_status status = t->status;
    pthread_mutex_unlock(&t->lock);
    return status;
}

typedef struct slicing {
    prk_slice_task task;
    void *context;
    size_t count, each;
} slicing;

static prk_status run_slice(void *context, size_t i, prk_scratch *s) {
    const slicing *all = context;
    const size_t first = i * all->each, left = all->count - first;
    return all->task(all->context, first, left < all->each ? left : all->each, s);
}

prk_status prk_team_run_slices(prk_scratch *s, size_t count, size_t each, prk_slice_task task,
                               void *context) {
    slicing all = {task, context, count, each};
    return count == 0 ? PRK_STATUS_OK : prk_team_run(s, (count + each - 1) / each, run_slice, &all);
}
