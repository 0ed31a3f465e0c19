// SPDX-License-Identifier: Apache-2.0
//
// Each task is a fiber. When all of them wait, one kind of what they wait for is done: the one by
// which the least lanes are idle for the least time. So what takes long waits until many wait for
// it. Of a kind the largest come first, since an operation in lanes takes as long as its longest
// number: tasks that are behind catch up.

#include "share.h"

#include <stdlib.h>

#include "../long/long.h"
#include "../modular/modulus.h"
#include "../system/fiber.h"

typedef enum kind { STRONG, POWER, TERM, LUCAS, LOOK, KINDS } kind;

typedef struct seat seat;

// What is waited for.
typedef struct item {
    kind kind;
    size_t bits;
    prk_lane_power power; // POWER and TERM
    mpz_srcptr n;         // STRONG and LUCAS
    bool passed;
    uint32_t p, condition;
    const prk_curve_claim *claim; // LOOK
    prk_curve_answer answer;
    const uint32_t *cancel;
    prk_status status;
    seat *seat;
} item;

typedef struct share share;

// A task's.
struct seat {
    share *share;
    prk_fiber *fiber;
    prk_scratch *scratch;
    size_t task;
    size_t waits; // for so many items
    bool is_taken;
};

struct share {
    prk_shared_task task;
    void *context;
    prk_status status;
    prk_scratch *scratch; // of operations
    size_t seat_count;
    seat seats[PRK_SHARED_TASKS];
    item *waiting[PRK_SHARED_TASKS * PRK_LANES];
    size_t count; // of these
};

// --- Operations ----------------------------------------------------------------------------------

static prk_status raise(prk_scratch *s, const item *it) {
    const prk_lane_power *p = &it->power;
    if (mpz_sgn(p->exponent) == 0 || mpz_sgn(p->base) == 0) {
        mpz_set_ui(p->result, mpz_sgn(p->exponent) == 0);
        return PRK_STATUS_OK;
    }
    return prk_power(s, prk_arithmetic_for_power(p->n, NULL, p->exponent), p->result, p->base,
                     p->exponent, p->n, NULL, it->cancel);
}

static prk_status go_to_term(prk_scratch *s, const item *it) {
    const prk_lane_power *p = &it->power;
    if (mpz_sgn(p->exponent) == 0) {
        mpz_set_ui(p->result, 2);
        return PRK_STATUS_OK;
    }
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, prk_arithmetic_for_power(p->n, NULL, p->exponent), p->n, NULL,
                          p->base, p->exponent);
    const prk_status status = prk_chain_run(&chain, (mp_bitcnt_t)-1, it->cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, p->result);
    }
    prk_chain_end(&chain);
    return status;
}

static prk_status test_alone(prk_scratch *s, item *it) {
    static const mp_limb_t two = 2;
    mpz_t base;
    if (mpz_size(it->n) <= 1) {
        it->passed = prk_is_prime_u64(mpz_get_ui(it->n));
        return PRK_STATUS_OK;
    }
    return prk_strong_test(s, prk_arithmetic_for(it->n, NULL), it->n, NULL,
                           mpz_roinit_n(base, &two, 1), it->cancel, &it->passed);
}

static prk_status do_alone(prk_scratch *s, item *it) {
    switch (it->kind) {
    case STRONG:
        return test_alone(s, it);
    case POWER:
        return raise(s, it);
    case TERM:
        return go_to_term(s, it);
    case LUCAS:
        return prk_extra_strong_lucas_test(s, prk_arithmetic_for(it->n, NULL), it->n, NULL, it->p,
                                           it->cancel, &it->condition);
    default:
        return prk_curve_look(it->claim, s, it->cancel, &it->answer);
    }
}

static int by_bits(const void *a, const void *b) {
    const item *x = *(item *const *)a, *y = *(item *const *)b;
    return (x->bits < y->bits) - (x->bits > y->bits);
}

#if defined(__x86_64__)

static prk_status powers_in_lanes(prk_scratch *s, item *const *group, size_t count) {
    prk_lane_power list[PRK_LANES] = {0};
    for (size_t i = 0; i < count; i++) {
        list[i] = group[i]->power;
    }
    return prk_lanes_powers(list, count, group[0]->kind == TERM, s, group[0]->cancel);
}

// STRONG or LUCAS.
static prk_status tests_in_lanes(prk_scratch *s, item *const *group, size_t count) {
    prk_lane_number numbers[PRK_LANES], *list[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        mpz_srcptr n = group[i]->n;
        numbers[i] = (prk_lane_number){.limbs = (const uint64_t *)mpz_limbs_read(n),
                                       .size = mpz_size(n),
                                       .bits = group[i]->bits,
                                       .k = (int32_t)prk_lane_limbs(group[i]->bits),
                                       .p = group[i]->p};
        list[i] = &numbers[i];
    }
    const size_t limbs = prk_lane_limbs(group[0]->bits);
    void *memory = prk_memory_reserve(&s->lanes, prk_lane_memory(limbs) * 64);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    const uint32_t *cancel = group[0]->cancel;
    const prk_status status = group[0]->kind == STRONG
                                  ? prk_lanes_strong(list, count, memory, s, cancel)
                                  : prk_lanes_lucas(list, count, memory, s, cancel);
    for (size_t i = 0; i < count; i++) {
        group[i]->passed = numbers[i].passed;
        group[i]->condition = numbers[i].condition;
    }
    return status;
}

static prk_status look_in_lanes(prk_scratch *s, item *const *group, size_t count) {
    prk_curve_claim claims[PRK_LANES] = {0};
    prk_curve_answer answers[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        claims[i] = *group[i]->claim;
    }
    const prk_status status = prk_curve_look_in_lanes(claims, count, s, group[0]->cancel, answers);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        group[i]->answer = answers[i];
    }
    return status;
}

static prk_status do_in_lanes(prk_scratch *s, item *const *group, size_t count) {
    switch (group[0]->kind) {
    case STRONG:
    case LUCAS:
        return tests_in_lanes(s, group, count);
    case LOOK:
        return look_in_lanes(s, group, count);
    default:
        return powers_in_lanes(s, group, count);
    }
}

#else

static prk_status do_in_lanes(prk_scratch *s, item *const *group, size_t count) {
    (void)s, (void)group, (void)count;
    assert(false); // prk_lanes_take() no number
    return PRK_STATUS_INVALID_ARGUMENT;
}

#endif

// At most PRK_LANES of one kind, the largest first.
static void perform(prk_scratch *s, item **group, size_t count) {
    const kind k = group[0]->kind;
    const size_t limbs = prk_lane_limbs(group[0]->bits);
    size_t in_lanes = 0; // those above 2^64 come first
    while (in_lanes < count && prk_lanes_take(group[in_lanes]->bits)) {
        in_lanes++;
    }
    const bool is_alone = k == LOOK ? in_lanes < 2 : prk_each_is_faster(in_lanes, limbs);
    prk_status status = PRK_STATUS_OK;
    if (in_lanes == 0 || is_alone) {
        in_lanes = 0;
    } else {
        status = do_in_lanes(s, group, in_lanes);
    }
    for (size_t i = 0; i < count; i++) {
        group[i]->status = i < in_lanes ? status : do_alone(s, group[i]);
        if (k == LOOK && group[i]->status == PRK_STATUS_OK &&
            group[i]->answer == PRK_CURVE_UNDECIDED) {
            group[i]->status =
                prk_curve_decide(group[i]->claim, s, group[i]->cancel, &group[i]->answer);
        }
    }
}

// --- Tasks ---------------------------------------------------------------------------------------

static void run_task(void *context) {
    seat *at = context;
    const prk_status status = at->share->task(at->share->context, at->task, at->scratch);
    if (at->share->status == PRK_STATUS_OK) {
        at->share->status = status;
    }
}

// The kind by which lanes are idle least, of what that would have been in powers.
static kind choose_kind(const share *sh) {
    static const unsigned costs[KINDS] = {
        [STRONG] = 1, [POWER] = 1, [TERM] = 2, [LUCAS] = 2, [LOOK] = 9};
    size_t counts[KINDS] = {0};
    for (size_t i = 0; i < sh->count; i++) {
        counts[sh->waiting[i]->kind]++;
    }
    kind chosen = sh->waiting[0]->kind;
    size_t least = SIZE_MAX;
    for (kind k = 0; k < KINDS; k++) {
        const size_t idle = counts[k] < PRK_LANES ? (PRK_LANES - counts[k]) * costs[k] : 0;
        if (counts[k] > 0 && idle < least) {
            chosen = k;
            least = idle;
        }
    }
    return chosen;
}

static void perform_next(share *sh) {
    item *group[PRK_LANES];
    size_t count = 0, left = 0;
    qsort(sh->waiting, sh->count, sizeof sh->waiting[0], by_bits);
    const kind k = choose_kind(sh);
    for (size_t i = 0; i < sh->count; i++) {
        item *it = sh->waiting[i];
        // What one may cancel is none of the others'.
        const bool is_alike = it->kind == k && (count == 0 || it->cancel == group[0]->cancel);
        if (count < PRK_LANES && is_alike) {
            group[count++] = it;
        } else {
            sh->waiting[left++] = sh->waiting[i];
        }
    }
    sh->count = left;
    perform(sh->scratch, group, count);
    for (size_t i = 0; i < count; i++) {
        group[i]->seat->waits--;
    }
}

static bool sit_down(share *sh, seat *at, size_t task) {
    at->share = sh;
    at->task = task;
    if (at->scratch == NULL) {
        at->scratch = prk_scratch_create();
        at->fiber = prk_fiber_make();
    }
    if (at->scratch == NULL || at->fiber == NULL) {
        return false;
    }
    at->scratch->seat = at;
    at->is_taken = true;
    prk_fiber_begin(at->fiber, run_task, at);
    return true;
}

// Whether a task sits there, or the next one has sat down.
static bool is_taken(share *sh, seat *at, size_t *next, size_t count) {
    if (!at->is_taken && *next < count && sh->status == PRK_STATUS_OK &&
        !sit_down(sh, at, (*next)++)) {
        sh->status = PRK_STATUS_NO_MEMORY;
    }
    return at->is_taken;
}

static void take_turns(share *sh, size_t count) {
    size_t next = 0;
    bool is_anyone = true;
    while (is_anyone) {
        is_anyone = false;
        for (size_t i = 0; i < sh->seat_count; i++) {
            seat *at = &sh->seats[i];
            while (at->waits == 0 && is_taken(sh, at, &next, count)) {
                at->is_taken = prk_fiber_resume(at->fiber);
            }
            is_anyone = is_anyone || at->is_taken;
        }
        if (sh->count > 0) {
            perform_next(sh);
        }
    }
}

prk_status prk_share_lanes(prk_scratch *s, size_t bits, size_t count, size_t most,
                           prk_shared_task task, void *context) {
    assert(most <= PRK_SHARED_TASKS);
    if (count < 2 || most < 2 || s->seat != NULL || !prk_lanes_take(bits)) {
        prk_status status = PRK_STATUS_OK;
        for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
            status = task(context, i, s);
        }
        return status;
    }
    share *sh = calloc(1, sizeof *sh);
    if (sh == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    sh->task = task;
    sh->context = context;
    sh->scratch = s;
    sh->seat_count = count < most ? count : most;
    take_turns(sh, count);
    for (size_t i = 0; i < sh->seat_count; i++) {
        prk_scratch_destroy(sh->seats[i].scratch);
        prk_fiber_destroy(sh->seats[i].fiber);
    }
    const prk_status status = sh->status;
    free(sh);
    return status;
}

// --- Asking --------------------------------------------------------------------------------------

// At most PRK_LANES of one kind.
static prk_status ask(prk_scratch *s, item *items, size_t count, const uint32_t *cancel) {
    item *list[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        items[i].cancel = cancel;
        list[i] = &items[i];
    }
    seat *at = s->seat;
    if (at == NULL) {
        qsort(list, count, sizeof list[0], by_bits);
        perform(s, list, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            items[i].seat = at;
            at->share->waiting[at->share->count++] = &items[i];
        }
        at->waits = count;
        prk_fiber_wait(at->fiber);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].status != PRK_STATUS_OK) {
            return items[i].status;
        }
    }
    return PRK_STATUS_OK;
}

prk_status prk_shared_powers(prk_scratch *s, const prk_lane_power *list, size_t count,
                             bool is_lucas, const uint32_t *cancel) {
    item items[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        items[i] = (item){.kind = is_lucas ? TERM : POWER,
                          .bits = mpz_sizeinbase(list[i].n, 2),
                          .power = list[i]};
    }
    return count == 0 ? PRK_STATUS_OK : ask(s, items, count, cancel);
}

prk_status prk_shared_strong_tests(prk_scratch *s, const mpz_srcptr *n, size_t count,
                                   const uint32_t *cancel, bool *passed) {
    item items[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        items[i] = (item){.kind = STRONG, .bits = mpz_sizeinbase(n[i], 2), .n = n[i]};
    }
    const prk_status status = count == 0 ? PRK_STATUS_OK : ask(s, items, count, cancel);
    for (size_t i = 0; i < count; i++) {
        passed[i] = items[i].passed;
    }
    return status;
}

prk_status prk_shared_lucas_test(prk_scratch *s, mpz_srcptr n, uint32_t p, const uint32_t *cancel,
                                 uint32_t *condition) {
    item it = {.kind = LUCAS, .bits = mpz_sizeinbase(n, 2), .n = n, .p = p};
    const prk_status status = ask(s, &it, 1, cancel);
    *condition = it.condition;
    return status;
}

prk_status prk_shared_look(prk_scratch *s, const prk_curve_claim *claim, const uint32_t *cancel,
                           prk_curve_answer *answer) {
    item it = {.kind = LOOK, .bits = mpz_sizeinbase(claim->n, 2), .claim = claim};
    const prk_status status = ask(s, &it, 1, cancel);
    *answer = it.answer;
    return status;
}
