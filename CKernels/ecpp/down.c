// SPDX-License-Identifier: Apache-2.0
//
// The way down: of the orders of curves modulo n those are tested whose q is expected to cost least
// for what it gains, and more orders are looked for while none has a prime q.

#include <stdlib.h>

#include "../long/long.h"
#include "../share/team.h"
#include "down.h"

void prk_down_init(prk_down *down) {
    down->d = 0;
    down->discriminant = NULL;
    mpz_inits(down->t, down->s, down->q, (mpz_ptr)NULL);
}

void prk_down_clear(prk_down *down) { mpz_clears(down->t, down->s, down->q, (mpz_ptr)NULL); }

prk_status prk_down_look(prk_down *down, mpz_srcptr n, prk_scratch *s, const uint32_t *cancel,
                         bool *holds) {
    *holds = false;
    if (down->d >= 0 || mpz_sgn(down->s) <= 0 || mpz_cmpabs(down->t, n) > 0) {
        return PRK_STATUS_OK;
    }
    mpz_ptr v = prk_scratch_take(s);
    mpz_add_ui(v, n, 1);
    mpz_sub(v, v, down->t);
    bool is_one = mpz_divisible_p(v, down->s) != 0;
    if (is_one) {
        mpz_divexact(down->q, v, down->s);
        mpz_mul_2exp(v, down->q, 1);
        is_one = mpz_cmp(v, n) <= 0 && prk_order_suffices(s, down->q, n) &&
                 prk_norm_of_trace(s, v, down->t, down->d, n);
    }
    s->taken--;
    prk_status status = PRK_STATUS_OK;
    if (is_one) {
        status = prk_discriminant_find(&down->discriminant, down->d, cancel);
        *holds = status == PRK_STATUS_OK && down->discriminant != NULL;
    }
    return status;
}

prk_status prk_way_make(prk_way **way, mpz_srcptr n, const uint32_t *cancel) {
    *way = NULL;
    if (mpz_sgn(n) <= 0 || mpz_size(n) < 2 || mpz_even_p(n)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_way *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    mpz_init_set(w->n, n);
    mpz_init(w->limit);
    mpz_mul_2exp(w->limit, n, 2);
    mpz_sqrt(w->limit, w->limit);
    w->bits = mpz_sizeinbase(n, 2);
    w->cancel = cancel;
    const prk_status status = prk_orders_begin(w);
    if (status != PRK_STATUS_OK) {
        prk_way_destroy(w);
        return status;
    }
    *way = w;
    return PRK_STATUS_OK;
}

void prk_way_destroy(prk_way *w) {
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->order_count; i++) {
        mpz_clears(w->orders[i].t, w->orders[i].q, (mpz_ptr)NULL);
    }
    for (size_t i = 0; i < w->root_count; i++) {
        mpz_clear(w->roots[i]);
    }
    for (size_t i = 0; i < w->given_count; i++) {
        mpz_clear(w->given[i]);
    }
    mpz_clears(w->n, w->limit, (mpz_ptr)NULL);
    free(w->given);
    free(w->orders);
    free(w->roots);
    free(w->queue);
    free(w->list);
    free(w);
}

// --- The queue -----------------------------------------------------------------------------------

static int by_score(const void *a, const void *b) {
    const prk_order *x = *(prk_order *const *)a, *y = *(prk_order *const *)b;
    if (x->score != y->score) {
        return x->score < y->score ? -1 : 1;
    }
    const int difference = mpz_cmp(x->q, y->q);
    return difference != 0 ? difference : (x > y) - (x < y);
}

// All orders that may still serve, and gain enough.
static prk_status queue_up(prk_way *w, prk_scratch *s) {
    if (w->queue_room < w->order_count) {
        prk_order **grown = realloc(w->queue, w->order_room * sizeof(prk_order *));
        if (grown == NULL) {
            return PRK_STATUS_NO_MEMORY;
        }
        w->queue = grown;
        w->queue_room = w->order_room;
    }
    mpz_ptr most = prk_scratch_take(s);
    mpz_tdiv_q_2exp(most, w->n, w->gain);
    w->queue_count = w->next = 0;
    for (size_t i = 0; i < w->order_count; i++) {
        prk_order *order = &w->orders[i];
        if (order->state != PRK_ORDER_OUT && mpz_cmp(order->q, most) <= 0) {
            w->queue[w->queue_count++] = order;
        }
    }
    s->taken--;
    if (w->queue_count > 0) {
        qsort(w->queue, w->queue_count, sizeof w->queue[0], by_score);
    }
    return PRK_STATUS_OK;
}

// More orders; when there are none any more, those that gain less; then larger discriminants.
static prk_status refill(prk_way *w, prk_scratch *s, bool *is_done) {
    const size_t before = w->order_count;
    *is_done = false;
    prk_status status = prk_orders_find(w, s);
    if (status == PRK_STATUS_OK && w->order_count == before) {
        if (w->gain > 1) {
            w->gain = 1;
        } else {
            status = prk_orders_extend(w, is_done);
        }
    }
    return status == PRK_STATUS_OK ? queue_up(w, s) : status;
}

// --- Tests ---------------------------------------------------------------------------------------

// A group's orders that wait, of which there are at most PRK_LANES.
static prk_status strong(const prk_way *w, prk_scratch *s, prk_order *const *group, size_t count) {
    prk_order *waiting[PRK_LANES];
    mpz_srcptr numbers[PRK_LANES] = {NULL};
    bool passed[PRK_LANES] = {false};
    size_t waits = 0;
    for (size_t i = 0; i < count; i++) {
        if (group[i]->state == PRK_ORDER_WAITS) {
            numbers[waits] = group[i]->q;
            waiting[waits++] = group[i];
        }
    }
    const prk_status status = prk_shared_strong_tests(s, numbers, waits, w->cancel, passed);
    for (size_t i = 0; i < waits && status == PRK_STATUS_OK; i++) {
        waiting[i]->state = passed[i] ? PRK_ORDER_STRONG : PRK_ORDER_OUT;
    }
    return status;
}

// Whether an order with this q was given away before: curves of different orders may share it.
static bool is_known(const prk_way *w, const prk_order *order) {
    for (size_t i = 0; i < w->given_count; i++) {
        if (mpz_cmp(w->given[i], order->q) == 0) {
            return true;
        }
    }
    return false;
}

// The rest of Baillie-PSW for q that passed the strong test.
static prk_status lucas(const prk_way *w, prk_scratch *s, mpz_srcptr q, bool *passed) {
    uint32_t p = 0, condition = PRK_LUCAS_NONE;
    *passed = mpz_size(q) <= 1;
    if (*passed || mpz_perfect_square_p(q) || !prk_lucas_parameter(q, &p)) {
        return PRK_STATUS_OK;
    }
    const prk_status status = prk_shared_lucas_test(s, q, p, w->cancel, &condition);
    *passed = condition != PRK_LUCAS_NONE;
    return status;
}

static prk_status test_one_group(void *context, size_t first, size_t count, prk_scratch *s) {
    const prk_way *w = context;
    return strong(w, s, w->queue + w->next + first, count);
}

// Tests the next group of the queue, one for each thread, and chooses the best one that passes: the
// same one whatever the size of a group. The groups come again, until nothing is left of them.
static prk_status test_groups(prk_way *w, prk_scratch *s, prk_order **chosen) {
    const size_t left = w->queue_count - w->next, each = prk_lanes_take(w->bits) ? PRK_LANES : 1;
    const size_t most = each * prk_team_size(s);
    const size_t count = left < most ? left : most;
    prk_status status = prk_team_run_slices(s, count, each, test_one_group, w);
    *chosen = NULL;
    w->tests += count;
    if (w->watch != NULL) {
        w->watch(w->watch_context, w->tests);
    }
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        prk_order *order = w->queue[w->next + i];
        if (order->state != PRK_ORDER_STRONG) {
            continue;
        }
        order->state = PRK_ORDER_OUT;
        bool passed = false;
        if (!is_known(w, order)) {
            status = lucas(w, s, order->q, &passed);
        }
        if (passed) {
            *chosen = order;
            return status;
        }
    }
    w->next += count;
    return status;
}

static bool give(prk_way *w, const prk_order *order, prk_down *down) {
    mpz_t *grown = realloc(w->given, (w->given_count + 1) * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    w->given = grown;
    mpz_init_set(w->given[w->given_count++], order->q);
    down->d = order->d->d;
    down->discriminant = order->d;
    mpz_set(down->t, order->t);
    mpz_set(down->q, order->q);
    mpz_add_ui(down->s, w->n, 1);
    mpz_sub(down->s, down->s, order->t);
    mpz_divexact(down->s, down->s, order->q);
    return true;
}

prk_status prk_way_next(prk_way *w, prk_scratch *s, prk_down *down, bool *found) {
    *found = false;
    // A tree of products, beside a test.
    prk_status status = prk_scratch_reserve(s, 8 * mpz_size(w->n) + ((size_t)1 << w->log) / 64);
    prk_order *chosen = NULL;
    while (status == PRK_STATUS_OK && chosen == NULL) {
        if (prk_is_cancelled(w->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        if (w->next < w->queue_count) {
            status = test_groups(w, s, &chosen);
            continue;
        }
        bool is_done = false;
        status = refill(w, s, &is_done);
        if (is_done) {
            return status;
        }
    }
    if (status != PRK_STATUS_OK) {
        return status;
    }
    *found = give(w, chosen, down);
    return *found ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
}

size_t prk_way_tests(const prk_way *w) { return w->tests; }

void prk_way_watch(prk_way *w, void (*watch)(void *context, size_t tests), void *context) {
    w->watch = watch;
    w->watch_context = context;
}
