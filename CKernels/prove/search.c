// SPDX-License-Identifier: Apache-2.0
//
// The search for a proof: a stack of numbers, of which the one on top is worked at. A prime that
// its theorem needs, and that has no proof yet, goes on top of it. When that is given up, the
// number takes another theorem or other primes.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "prove.h"

// A goal by both ways where the form of the certificate has words for that. PARI's steps are all of
// one kind.
static unsigned ways_below(const prk_search *search, const prk_goal *goal) {
    const bool is_curve = goal->theorem == PRK_THEOREM_CURVE;
    if (search->options != NULL && search->options->only_curves) {
        return PRK_BY_CURVES;
    }
    return prk_search_form(search) != PRK_CERTIFICATE_PARI ? PRK_BY_FACTORS | PRK_BY_CURVES
           : is_curve                                      ? PRK_BY_CURVES
                                                           : PRK_BY_FACTORS;
}

static prk_goal *add_goal(prk_search *search, mpz_srcptr n) {
    prk_goal **grown = prk_memory_grown(search->goals, search->count, &search->room, sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    search->goals = grown;
    prk_goal *goal = malloc(sizeof *goal);
    if (goal == NULL) {
        return NULL;
    }
    *goal = (prk_goal){.state = PRK_GOAL_NEW, .limit = search->effort.most};
    mpz_init_set(goal->n, n);
    prk_down_init(&goal->down);
    prk_shown_init(&goal->shown);
    mpz_t side;
    mpz_init(side);
    mpz_sub_ui(side, n, 1);
    prk_status status = prk_factoring_begin(&goal->minus, side);
    mpz_add_ui(side, n, 1);
    const prk_status other = prk_factoring_begin(&goal->plus, side);
    mpz_clear(side);
    search->goals[search->count++] = goal;
    return status == PRK_STATUS_OK && other == PRK_STATUS_OK ? goal : NULL;
}

// With curves to come, small primes are all that is worth looking for: at every size the next curve
// takes less than the next method that factors would.
static void limit_factors(prk_search *search, prk_goal *goal, uint64_t most) {
    goal->limit = (goal->ways & PRK_BY_CURVES) != 0 ? search->effort.spent : most;
}

prk_status prk_search_begin(prk_search *search, mpz_srcptr n) {
    prk_goal *goal = add_goal(search, n);
    if (goal == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    const bool only_curves = search->options != NULL && search->options->only_curves;
    goal->ways = PRK_BY_CURVES | (only_curves ? 0 : PRK_BY_FACTORS);
    limit_factors(search, goal, search->effort.most);
    return PRK_STATUS_OK;
}

void prk_search_end(prk_search *search) {
    for (size_t i = 0; i < search->count; i++) {
        prk_goal *goal = search->goals[i];
        prk_factoring_end(&goal->minus);
        prk_factoring_end(&goal->plus);
        prk_way_destroy(goal->way);
        prk_down_clear(&goal->down);
        prk_shown_clear(&goal->shown);
        mpz_clear(goal->n);
        free(goal->used);
        free(goal);
    }
    free(search->goals);
}

// Takes a theorem if primes below 2^64 are enough for one, before anything costly is done.
static prk_status choose_early(const prk_search *search, prk_goal *goal) {
    const prk_status status =
        prk_choose_theorem(goal, prk_search_form(search), true, search->effort.cancel);
    if (goal->theorem != PRK_THEOREM_NONE) {
        goal->state = PRK_GOAL_WAITS;
    }
    return status;
}

// Takes the factors that the caller gave.
static prk_status take_factors(prk_search *search, prk_goal *goal) {
    const prk_prove_options *o = search->options;
    const size_t count = o == NULL ? 0 : o->factor_count;
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        size_t size = (size_t)(o->factor_offsets[i + 1] - o->factor_offsets[i]);
        const uint64_t *limbs = o->factors + o->factor_offsets[i];
        while (size > 0 && limbs[size - 1] == 0) {
            size--;
        }
        mpz_t view;
        mpz_srcptr q = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)size);
        if (mpz_cmp_ui(q, 1) <= 0) {
            continue;
        }
        for (int is_plus = 0; is_plus < 2 && status == PRK_STATUS_OK; is_plus++) {
            prk_factoring *f = prk_goal_side(goal, is_plus);
            bool is_prime = false;
            if (mpz_divisible_p(f->rest, q)) {
                status = prk_is_probable_prime(q, &search->effort, search->scratch, &is_prime);
            }
            if (is_prime && status == PRK_STATUS_OK) {
                status = prk_factoring_take(f, q);
            }
        }
    }
    return status;
}

static prk_status begin_goal(prk_search *search, prk_goal *goal) {
    if ((goal->ways & PRK_BY_FACTORS) == 0) {
        goal->state = PRK_GOAL_DESCENDS;
        return PRK_STATUS_OK;
    }
    prk_status status = take_factors(search, goal);
    if (status == PRK_STATUS_OK && goal->minus.prime_count + goal->plus.prime_count > 0) {
        status = choose_early(search, goal);
    }
    if (status == PRK_STATUS_OK && goal->state == PRK_GOAL_NEW) {
        status = prk_factoring_divide(&goal->minus, &goal->plus, goal->n);
        if (status == PRK_STATUS_OK) {
            status = choose_early(search, goal);
        }
    }
    if (status == PRK_STATUS_OK && goal->state == PRK_GOAL_NEW) {
        goal->state = PRK_GOAL_OPEN;
        status = prk_factoring_settle(&goal->minus, &search->effort, search->scratch);
        if (status == PRK_STATUS_OK) {
            status = prk_factoring_settle(&goal->plus, &search->effort, search->scratch);
        }
    }
    return status;
}

// Looks for factors until another prime is found. When its effort is spent, curves are all that is
// left.
static prk_status look_further(prk_search *search, prk_goal *goal) {
    bool found = false;
    prk_status status = PRK_STATUS_OK;
    while (!found && status == PRK_STATUS_OK) {
        if (prk_is_cancelled(search->effort.cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const uint64_t minus = prk_factoring_next_cost(&goal->minus);
        const uint64_t plus = prk_factoring_next_cost(&goal->plus);
        const uint64_t cost = minus <= plus ? minus : plus;
        if (cost == UINT64_MAX || search->effort.spent >= goal->limit ||
            cost > goal->limit - search->effort.spent) {
            goal->state = (goal->ways & PRK_BY_CURVES) != 0 ? PRK_GOAL_DESCENDS : PRK_GOAL_FAILED;
            return PRK_STATUS_OK;
        }
        status = prk_factoring_step(minus <= plus ? &goal->minus : &goal->plus, goal->limit,
                                    &search->effort, search->scratch, &found);
    }
    return status;
}

static prk_status choose(prk_search *search, prk_goal *goal) {
    prk_status status =
        prk_choose_theorem(goal, prk_search_form(search), false, search->effort.cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (goal->theorem != PRK_THEOREM_NONE) {
        goal->state = PRK_GOAL_WAITS;
        return PRK_STATUS_OK;
    }
    return look_further(search, goal);
}

// A prime that a goal rests on, and how much may be spent on it.
static prk_status add_need(prk_search *search, prk_goal *goal, mpz_srcptr p, prk_goal **next) {
    prk_goal *other = add_goal(search, p);
    if (other == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    other->ways = ways_below(search, goal);
    uint64_t most = search->effort.most;
    if (goal->theorem != PRK_THEOREM_CURVE) {
        // Half of what is left: the other half remains for other primes if this one fails.
        const uint64_t spent = search->effort.spent;
        most = spent >= goal->limit ? spent : spent + (goal->limit - spent) / 2;
    }
    limit_factors(search, other, most);
    *next = other;
    return PRK_STATUS_OK;
}

// Without a proof of the i-th prime that it rests on, another theorem or curve has to be found.
static void do_without(prk_goal *goal, size_t i) {
    if (goal->theorem == PRK_THEOREM_CURVE) {
        goal->state = PRK_GOAL_DESCENDS;
    } else {
        prk_used_factor(goal, &goal->used[i])->is_avoided = true;
        goal->state = PRK_GOAL_OPEN;
    }
}

// The first prime that has no proof yet becomes `*next`. When all have one, looks for witnesses.
static prk_status go_on(prk_search *search, prk_goal *goal, prk_goal **next) {
    for (size_t i = 0; i < prk_goal_needs(goal); i++) {
        mpz_srcptr p = prk_goal_need(goal, i);
        prk_goal *other = mpz_size(p) <= 1 ? NULL : prk_search_goal(search, p);
        if (mpz_size(p) > 1 && other == NULL) {
            return add_need(search, goal, p, next);
        }
        if (other != NULL && other->state == PRK_GOAL_FAILED) {
            do_without(goal, i);
            return PRK_STATUS_OK;
        }
        if (other != NULL && other->state != PRK_GOAL_DONE) {
            *next = other;
            return PRK_STATUS_OK;
        }
    }
    if (goal->theorem == PRK_THEOREM_CURVE) {
        goal->state = PRK_GOAL_DONE;
        return PRK_STATUS_OK;
    }
    bool found = false;
    prk_refutation refutation = {.is_composite = false};
    const prk_status status =
        prk_find_witnesses(goal, &search->effort, search->scratch, &refutation, &found);
    if (status == PRK_STATUS_OK) {
        goal->state = found ? PRK_GOAL_DONE : PRK_GOAL_FAILED;
        if (goal == search->goals[0]) {
            search->refutation = refutation;
        }
    }
    return status;
}

static prk_status run(prk_search *search) {
    size_t room = 0, height = 0;
    prk_goal **stack = NULL, *next = search->goals[0];
    prk_status status = PRK_STATUS_OK;
    while (status == PRK_STATUS_OK && (next != NULL || height > 0)) {
        if (next != NULL) {
            prk_goal **grown = prk_memory_grown(stack, height, &room, sizeof *grown);
            if (grown == NULL) {
                status = PRK_STATUS_NO_MEMORY;
                break;
            }
            stack = grown;
            stack[height++] = next;
            next = NULL;
        }
        prk_goal *goal = stack[height - 1];
        switch (goal->state) {
        case PRK_GOAL_NEW:
            status = begin_goal(search, goal);
            break;
        case PRK_GOAL_OPEN:
            status = choose(search, goal);
            break;
        case PRK_GOAL_DESCENDS:
            status = prk_descend(search, goal);
            break;
        case PRK_GOAL_WAITS:
            status = go_on(search, goal, &next);
            break;
        default:
            height--;
            break;
        }
    }
    free(stack);
    return status;
}

// A curve without a point, which no prime has, is left for another one.
static void take_back(prk_search *search, prk_goal *failed) {
    for (size_t i = 0; i < search->count; i++) {
        prk_goal *goal = search->goals[i];
        if (goal->state == PRK_GOAL_DONE) {
            goal->state = PRK_GOAL_WAITS;
        }
    }
    failed->state = PRK_GOAL_DESCENDS;
}

prk_status prk_search_run(prk_search *search) {
    for (;;) {
        prk_status status = run(search);
        prk_goal *failed = NULL;
        if (status == PRK_STATUS_OK && search->goals[0]->state == PRK_GOAL_DONE) {
            status = prk_show_curves(search, &failed);
        }
        if (status != PRK_STATUS_OK || failed == NULL) {
            return status;
        }
        take_back(search, failed);
    }
}
