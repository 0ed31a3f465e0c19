// SPDX-License-Identifier: Apache-2.0
//
// Proofs by elliptic curves: a goal rests on one prime, that of a curve's order. The points of all
// curves are looked for in the end, when the way down is known.

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../share/team.h"
#include "prove.h"

// What a step takes with its point, in strong tests of its number: 140 to 170 from 332 to 1661
// bits.
#define STEP_COST 150

static bool is_affordable(prk_search *search, const prk_goal *goal) {
    const prk_effort *e = &search->effort;
    return search->options == NULL || search->options->max_cost == 0 ||
           (e->spent < e->most && e->most - e->spent > STEP_COST * prk_test_cost(goal->n));
}

// Says what is done, and never less than before.
static void tell(const prk_search *search, double share) {
    uint32_t *progress = search->options == NULL ? NULL : search->options->progress;
    if (progress == NULL) {
        return;
    }
    const uint32_t millionths = (uint32_t)(1e6 * share);
    uint32_t before = __atomic_load_n(progress, __ATOMIC_RELAXED);
    while (before < millionths &&
           !__atomic_compare_exchange_n(progress, &before, millionths, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
}

// What a step down takes that gives so many numbers to a test: what is done once for a step takes
// as long as 15 tests. Fitted to random primes of 300 to 1000 digits, with and without lanes, as is
// what follows.
static double cost_of_step(double bits, double tests) {
    return (15 + tests) * bits * bits * (4000 + bits);
}

// What the steps from a number on are expected to take; each gains 28 bits.
static double cost_of_way(double bits) {
    double cost = 0;
    for (; bits > 64; bits -= 28) {
        cost += cost_of_step(bits, 8 + bits / 43);
    }
    return cost;
}

static double bits_of(mpz_srcptr n) { return (double)mpz_sizeinbase(n, 2); }

// What the curves are expected to take, of a proof 0.3 to 0.45 in lanes and 0.35 to 0.5 without.
static double cost_of_curves(const prk_search *search) {
    const bool is_in_lanes = prk_lanes_take(mpz_sizeinbase(search->goals[0]->n, 2));
    return search->whole * (is_in_lanes ? 0.35 / 0.65 : 0.42 / 0.58);
}

// What was spent beside what is still expected from a number on. Luck makes the steps of one way
// take up to one and a half times as long as those of another, and says nothing of those to come.
static void tell_descent(const prk_search *search, double spent, double bits) {
    const double left = cost_of_way(bits) + cost_of_curves(search);
    tell(search, spent / (spent + left));
}

// A step on its way.
typedef struct step {
    prk_search *search;
    double bits;
    size_t before; // tests of earlier curves of that number
} step;

static step begin_step(prk_search *search, const prk_goal *goal) {
    const step begun = {search, bits_of(goal->n), goal->way == NULL ? 0 : prk_way_tests(goal->way)};
    if (search->whole == 0) {
        search->whole = cost_of_way(begun.bits);
    }
    return begun;
}

static void watch_step(void *context, size_t tests) {
    const step *s = context;
    const double spent = cost_of_step(s->bits, (double)(tests - s->before));
    tell_descent(s->search, s->search->descended + spent, s->bits);
}

// What is looked up counts as what it took once.
static void end_step(const step *s, const prk_goal *goal, bool was_kept) {
    const double to = bits_of(goal->down.q);
    s->search->descended +=
        was_kept ? cost_of_way(s->bits) - cost_of_way(to)
                 : cost_of_step(s->bits, (double)(prk_way_tests(goal->way) - s->before));
    tell_descent(s->search, s->search->descended, to);
}

// The curves take about as the fourth power of the size, from the first and largest on.
static void tell_curves(const prk_search *search, mpz_srcptr first, mpz_srcptr next) {
    const double all = cost_of_curves(search), size = bits_of(next) / bits_of(first);
    tell(search, 1 - all * size * size * size * size / (search->descended + all));
}

// Of the curves below a goal the next one that was kept, or that is computed. A way is made anew
// for a goal whose first curves were kept, and gives these again.
static prk_status next_curve(prk_search *search, prk_goal *goal, bool *found) {
    step now = begin_step(search, goal);
    prk_status status = prk_journal_way(search, goal, found);
    if (status != PRK_STATUS_OK || *found) {
        if (*found) {
            end_step(&now, goal, true);
        }
        return status;
    }
    if (goal->way == NULL) {
        status = prk_way_make(&goal->way, goal->n, search->effort.cancel);
    }
    if (status == PRK_STATUS_OK) {
        prk_way_watch(goal->way, watch_step, &now);
        do {
            status = prk_way_next(goal->way, search->scratch, &goal->down, found);
        } while (status == PRK_STATUS_OK && *found && prk_journal_has_way(search, goal));
        prk_way_watch(goal->way, NULL, NULL);
    }
    if (status == PRK_STATUS_OK && *found) {
        prk_journal_write_way(search, goal);
        end_step(&now, goal, false);
    }
    return status;
}

prk_status prk_descend(prk_search *search, prk_goal *goal) {
    prk_status status = PRK_STATUS_OK;
    bool found = false;
    if (is_affordable(search, goal)) {
        search->effort.spent += STEP_COST * prk_test_cost(goal->n);
        status = next_curve(search, goal, &found);
    }
    if (found) {
        goal->theorem = PRK_THEOREM_CURVE;
        goal->is_shown = false;
        goal->state = PRK_GOAL_WAITS;
        return status;
    }
    goal->theorem = PRK_THEOREM_NONE;
    goal->ways &= ~(unsigned)PRK_BY_CURVES;
    goal->limit = search->effort.most;
    goal->state = (goal->ways & PRK_BY_FACTORS) != 0 ? PRK_GOAL_OPEN : PRK_GOAL_FAILED;
    return status;
}

enum { MOST_INVARIANTS = 8 };

typedef struct showing {
    prk_search *search;
    prk_goal **goals;
    size_t count, bits, parts;
    atomic_size_t done;
    pthread_mutex_t lock; // of the journal
} showing;

// j-invariants of the goal's curve; of D = -3 and D = -4 none are needed.
static prk_status find_invariants(const prk_search *search, prk_scratch *s, const prk_goal *goal,
                                  mpz_t *j, size_t *count) {
    const uint32_t *cancel = search->effort.cancel;
    *count = 0;
    if (goal->down.d >= -4) {
        return PRK_STATUS_OK;
    }
    prk_tower *tower = NULL;
    prk_status status = prk_tower_make(&tower, goal->down.discriminant, cancel);
    if (status == PRK_STATUS_OK && tower != NULL) {
        status = prk_tower_invariants(tower, s, goal->n, j, MOST_INVARIANTS, count, cancel);
    }
    prk_tower_destroy(tower);
    return status;
}

static prk_status realise(const showing *all, prk_goal *goal, bool is_kept, mpz_t *j,
                          prk_scratch *s) {
    size_t count = 1;
    prk_status status = PRK_STATUS_OK;
    if (!is_kept) {
        status = find_invariants(all->search, s, goal, j, &count);
    }
    if (status == PRK_STATUS_OK) {
        status = prk_realise(s, goal->n, &goal->down, j, count, &goal->shown,
                             all->search->effort.cancel, &goal->is_shown);
    }
    return status;
}

// By the journal's invariant, and where that has no point by those that are computed.
static prk_status show(showing *all, prk_goal *goal, prk_scratch *s) {
    mpz_t j[MOST_INVARIANTS];
    for (size_t k = 0; k < MOST_INVARIANTS; k++) {
        mpz_init(j[k]);
    }
    pthread_mutex_lock(&all->lock);
    bool is_kept = goal->down.d < -4 && prk_journal_invariant(all->search, goal, j[0]);
    pthread_mutex_unlock(&all->lock);
    prk_status status = realise(all, goal, is_kept, j, s);
    if (is_kept && !goal->is_shown && status == PRK_STATUS_OK) {
        is_kept = false;
        status = realise(all, goal, false, j, s);
    }
    if (status == PRK_STATUS_OK && goal->is_shown && goal->shown.has_j && !is_kept) {
        pthread_mutex_lock(&all->lock);
        prk_journal_write_invariant(all->search, goal);
        pthread_mutex_unlock(&all->lock);
    }
    for (size_t k = 0; k < MOST_INVARIANTS; k++) {
        mpz_clear(j[k]);
    }
    return status;
}

// One thread's.
typedef struct part {
    showing *all;
    size_t first;
} part;

static prk_status show_next(void *context, size_t i, prk_scratch *s) {
    const part *p = context;
    showing *all = p->all;
    const prk_status status = show(all, all->goals[p->first + i * all->parts], s);
    const size_t done = atomic_fetch_add(&all->done, 1);
    tell_curves(all->search, all->goals[0]->n, all->goals[done]->n);
    return status;
}

// Each so many-th goal, so that numbers of one size are in lanes at once and threads have as much
// to do.
static prk_status show_part(void *context, size_t i, prk_scratch *s) {
    showing *all = context;
    part p = {all, i};
    return prk_share_lanes(s, all->bits, (all->count - i + all->parts - 1) / all->parts, PRK_LANES,
                           show_next, &p);
}

prk_status prk_show_curves(prk_search *search, prk_goal **failed) {
    showing all = {.search = search, .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t count = 0;
    *failed = NULL;
    all.goals = prk_search_proof(search, &count);
    if (all.goals == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        prk_goal *goal = all.goals[i];
        if (goal->theorem == PRK_THEOREM_CURVE && !goal->is_shown) {
            all.goals[all.count++] = goal;
        }
    }
    all.bits = mpz_sizeinbase(search->goals[0]->n, 2);
    all.parts = prk_team_size(search->scratch);
    all.parts = all.parts > all.count ? all.count : all.parts;
    const prk_status status = prk_team_run(search->scratch, all.parts, show_part, &all);
    for (size_t i = 0; i < all.count && *failed == NULL; i++) {
        *failed = all.goals[i]->is_shown ? NULL : all.goals[i];
    }
    pthread_mutex_destroy(&all.lock);
    free(all.goals);
    return status;
}
