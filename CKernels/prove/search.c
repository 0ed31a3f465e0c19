// SPDX-License-Identifier: Apache-2.0
//
// The search for a proof: a stack of numbers, of which the one on top is looked at. It waits for
// the primes that its theorem needs, which go on top; when one of them is given up, another theorem
// or other primes are looked for.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "prove.h"

static prk_goal *add_goal(prk_search *search, mpz_srcptr n) {
    if (search->count == search->room) {
        const size_t room = search->room == 0 ? 8 : 2 * search->room;
        prk_goal **goals = realloc(search->goals, room * sizeof(prk_goal *));
        if (goals == NULL) {
            return NULL;
        }
        search->goals = goals;
        search->room = room;
    }
    prk_goal *goal = malloc(sizeof *goal);
    if (goal == NULL) {
        return NULL;
    }
    *goal = (prk_goal){.state = PRK_GOAL_NEW, .limit = search->effort.most};
    mpz_init_set(goal->n, n);
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

prk_status prk_search_begin(prk_search *search, mpz_srcptr n) {
    return add_goal(search, n) == NULL ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
}

void prk_search_end(prk_search *search) {
    for (size_t i = 0; i < search->count; i++) {
        prk_goal *goal = search->goals[i];
        prk_factoring_end(&goal->minus);
        prk_factoring_end(&goal->plus);
        mpz_clear(goal->n);
        free(goal->used);
        free(goal);
    }
    free(search->goals);
}

prk_goal *prk_search_goal(const prk_search *search, mpz_srcptr n) {
    for (size_t i = 0; i < search->count; i++) {
        if (mpz_cmp(search->goals[i]->n, n) == 0) {
            return search->goals[i];
        }
    }
    return NULL;
}

// A theorem that words are enough for, before anything costly is done.
static prk_status choose_early(prk_goal *goal) {
    const prk_status status = prk_choose_theorem(goal, true);
    if (goal->theorem != PRK_THEOREM_NONE) {
        goal->state = PRK_GOAL_WAITS;
    }
    return status;
}

// Factors that the caller knows.
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
    prk_status status = take_factors(search, goal);
    if (status == PRK_STATUS_OK && goal->minus.prime_count + goal->plus.prime_count > 0) {
        status = choose_early(goal);
    }
    if (status == PRK_STATUS_OK && goal->state == PRK_GOAL_NEW) {
        status = prk_factoring_divide(&goal->minus, &goal->plus, goal->n);
        if (status == PRK_STATUS_OK) {
            status = choose_early(goal);
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

// Factors on until there is another prime, or the effort is spent: then the goal has failed.
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
            goal->state = PRK_GOAL_FAILED;
            return PRK_STATUS_OK;
        }
        status = prk_factoring_step(minus <= plus ? &goal->minus : &goal->plus, &search->effort,
                                    search->scratch, &found);
    }
    return status;
}

static prk_status choose(prk_search *search, prk_goal *goal) {
    prk_status status = prk_choose_theorem(goal, false);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (goal->theorem != PRK_THEOREM_NONE) {
        goal->state = PRK_GOAL_WAITS;
        return PRK_STATUS_OK;
    }
    return look_further(search, goal);
}

// The first prime that has no proof yet becomes `*next`; with proofs of all, witnesses are looked
// for.
static prk_status go_on(prk_search *search, prk_goal *goal, prk_goal **next) {
    for (size_t i = 0; i < goal->used_count; i++) {
        prk_prime_factor *prime = prk_used_factor(goal, &goal->used[i]);
        if (prime->is_word) {
            continue;
        }
        prk_goal *other = prk_search_goal(search, prime->p);
        if (other == NULL) {
            other = add_goal(search, prime->p);
            if (other == NULL) {
                return PRK_STATUS_NO_MEMORY;
            }
            // Half of what is left, so that something remains for other ways.
            const uint64_t spent = search->effort.spent;
            other->limit = spent >= goal->limit ? spent : spent + (goal->limit - spent) / 2;
            *next = other;
            return PRK_STATUS_OK;
        }
        if (other->state == PRK_GOAL_FAILED) {
            prime->is_avoided = true;
            goal->state = PRK_GOAL_OPEN;
            return PRK_STATUS_OK;
        }
    }
    bool found = false;
    prk_evidence evidence = {.is_composite = false};
    const prk_status status =
        prk_find_witnesses(goal, &search->effort, search->scratch, &evidence, &found);
    if (status == PRK_STATUS_OK) {
        goal->state = found ? PRK_GOAL_DONE : PRK_GOAL_FAILED;
        if (goal == search->goals[0]) {
            search->evidence = evidence;
        }
    }
    return status;
}

prk_status prk_search_run(prk_search *search) {
    size_t room = 16, height = 0;
    prk_goal **stack = malloc(room * sizeof(prk_goal *));
    prk_status status = stack == NULL ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    if (stack != NULL) {
        stack[height++] = search->goals[0];
    }
    while (height > 0 && status == PRK_STATUS_OK) {
        prk_goal *goal = stack[height - 1], *next = NULL;
        switch (goal->state) {
        case PRK_GOAL_NEW:
            status = begin_goal(search, goal);
            break;
        case PRK_GOAL_OPEN:
            status = choose(search, goal);
            break;
        case PRK_GOAL_WAITS:
            status = go_on(search, goal, &next);
            break;
        default:
            height--;
            break;
        }
        if (next != NULL && height == room) {
            prk_goal **moved = realloc(stack, 2 * room * sizeof(prk_goal *));
            status = moved == NULL ? PRK_STATUS_NO_MEMORY : status;
            stack = moved == NULL ? stack : moved;
            room = moved == NULL ? room : 2 * room;
        }
        if (next != NULL && status == PRK_STATUS_OK) {
            stack[height++] = next;
        }
    }
    free(stack);
    return status;
}
