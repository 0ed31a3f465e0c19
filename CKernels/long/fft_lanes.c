// SPDX-License-Identifier: Apache-2.0
//
// As in CKernels/ifma/lanes.c, exponents are aligned at their lowest bits: at level j a lane has
// the power, or the term, of the exponent's bits from j on, and lanes start when the level comes
// where theirs have some. With n - 1 = d 2^s, n passes the strong test when level s is ±1 or a
// lower one -1; with n + 1 = d 2^s the extra strong Lucas test when U_d = 0 and V_d = ±2 at level
// s, or V = 0 there or at a lower one above level 1 (CKernels/long/lucas.c).

#include "fft_lanes.h"

#include <string.h>

#include "../fft/lanes.h"
#include "../numbers/random_base.h"
#include "long.h"

// --- Groups --------------------------------------------------------------------------------------

#define MOST PRK_FFT_MOST_LANES

typedef struct group {
    prk_fft_lanes_run *run;
    prk_lane_number *const *numbers;
    size_t count;
    prk_fft_lanes l;
    mpz_t views[MOST];
    mpz_srcptr n[MOST];
    mpz_srcptr exponent[MOST];
    size_t twos[MOST], start[MOST];
    size_t highest, lookup; // of the lanes' starts and twos
    size_t taken;
    double *x, *y, *less_x, *less_y, *table;
    unsigned passed, is_next; // Lucas: x has V_k+1 and y has V_k
    uint64_t products;
    mpz_ptr value, room;
} group;

// `residues` arrays, one after the other in the group's memory. False: no memory.
static bool prepare(group *g, prk_fft_lanes_run *run, prk_lane_number *const *numbers, size_t count,
                    size_t residues) {
    *g = (group){.run = run, .numbers = numbers, .count = count, .taken = run->scratch->taken};
    prk_fft_shape shape;
    prk_fft_choose_lanes(&shape, numbers[0]->bits);
    if (shape.points == 0) {
        return false;
    }
    const size_t bytes = prk_fft_lanes_bytes(run->kernels, &shape);
    const size_t all = residues * prk_fft_lanes_size(run->kernels, &shape) * sizeof(double);
    unsigned char *memory = prk_memory_reserve(&run->scratch->lanes, bytes + all);
    if (memory == NULL) {
        return false;
    }
    g->value = prk_scratch_take(run->scratch);
    g->room = prk_scratch_take(run->scratch);
    for (size_t i = 0; i < count; i++) {
        g->n[i] = prk_lane_view(g->views[i], numbers[i]);
    }
    prk_fft_lanes_set(&g->l, run->kernels, &shape, g->n, count, memory, run->scratch);
    g->x = (double *)(void *)(memory + bytes);
    memset(g->x, 0, all);
    g->y = g->x + g->l.size;
    g->less_x = g->table = g->y + g->l.size;
    g->less_y = g->less_x + g->l.size;
    return true;
}

static void set_levels(group *g) {
    for (size_t i = 0; i < g->count; i++) {
        g->highest = g->start[i] > g->highest ? g->start[i] : g->highest;
        g->lookup = g->twos[i] > g->lookup ? g->twos[i] : g->lookup;
    }
}

// x = x y, as prk_fft_lanes_multiply().
static void multiply(group *g, double *x, const double *y, const double *times,
                     const double *less) {
    prk_fft_lanes_multiply(&g->l, x, y, times, less);
    const prk_fft_lanes_run *run = g->run;
    if (++g->products == run->fault_at) {
        for (size_t i = 0; i < g->count; i++) {
            x[i] += (run->fault_lanes >> i & 1) != 0 ? run->fault : 0;
        }
    }
}

// Whether lane i is looked at on this level: x is a power of which it is the question.
static bool is_looked_at(const group *g, size_t i, size_t level) {
    return level <= g->twos[i] && level <= g->start[i] && ((g->passed | g->l.out) >> i & 1) == 0;
}

// Reports all lanes but those that are out.
static void report(const group *g) {
    for (size_t i = 0; i < g->count; i++) {
        if ((g->l.out >> i & 1) == 0) {
            g->numbers[i]->passed = g->passed >> i & 1;
        }
    }
}

static void end(const group *g) { g->run->scratch->taken = g->taken; }

// --- Strong tests --------------------------------------------------------------------------------

static void look_strong(group *g, size_t level) {
    for (size_t i = 0; i < g->count; i++) {
        if (!is_looked_at(g, i, level)) {
            continue;
        }
        prk_fft_lanes_look(&g->l, g->value, g->x, i);
        bool is_passed = level == g->twos[i] && mpz_cmp(g->value, g->l.one[i]) == 0;
        mpz_add(g->value, g->value, g->l.one[i]);
        is_passed = is_passed || mpz_cmp(g->value, g->n[i]) == 0;
        g->passed |= (unsigned)is_passed << i;
    }
}

// Tests lanes that are out alone, to base 2 or to that of their round.
static prk_status strong_alone(const group *g, bool is_random) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < g->count && status == PRK_STATUS_OK; i++) {
        if ((g->l.out >> i & 1) != 0) {
            g->run->alarms++;
            mpz_set_ui(g->value, 2);
            if (is_random) {
                prk_random_base_mpz(g->value, g->n[i], g->run->seed, g->numbers[i]->round);
            }
            status = prk_strong_test(g->run->scratch, prk_exact_arithmetic(g->n[i], NULL), g->n[i],
                                     NULL, g->value, g->run->cancel, &g->numbers[i]->passed);
        }
    }
    return status;
}

// The bits of n and n - 1 are the same ones but for the lowest.
static void set_strong_exponents(group *g) {
    for (size_t i = 0; i < g->count; i++) {
        mpz_sub_ui(g->value, g->n[i], 1);
        g->twos[i] = mpz_scan1(g->value, 0);
        g->exponent[i] = g->n[i];
    }
}

static void start_strong(group *g, size_t level) {
    for (size_t i = 0; i < g->count; i++) {
        if (g->start[i] == level) {
            mpz_tdiv_q_2exp(g->room, g->n[i], level);
            const mp_bitcnt_t power = mpz_get_ui(g->room);
            mpz_set_ui(g->value, 0);
            mpz_setbit(g->value, power);
            prk_fft_lanes_to(&g->l, g->x, i, g->value);
        }
    }
}

prk_status prk_fft_lanes_strong(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                                size_t count) {
    group g;
    if (!prepare(&g, run, numbers, count, 1)) {
        end(&g);
        return PRK_STATUS_NO_MEMORY;
    }
    set_strong_exponents(&g);
    for (size_t i = 0; i < count; i++) {
        // A power of 2 that has no more bits than n, unless the first look comes before.
        const size_t bits = numbers[i]->bits;
        const size_t exponents = 63 - (size_t)__builtin_clzll(bits); // of so many bits are below it
        g.start[i] = bits - exponents > g.twos[i] ? bits - exponents : g.twos[i];
    }
    set_levels(&g);
    prk_status status = PRK_STATUS_OK;
    for (size_t level = g.highest;; level--) {
        start_strong(&g, level);
        if (level <= g.lookup) {
            look_strong(&g, level);
        }
        if (level == 1) {
            break;
        }
        if (prk_is_cancelled(run->cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
        _Alignas(PRK_FFT_ALIGNMENT) double times[MOST];
        for (size_t i = 0; i < MOST; i++) {
            times[i] = i < count && mpz_tstbit(g.n[i], level - 1) != 0 ? 2 : 1;
        }
        multiply(&g, g.x, g.x, times, NULL);
    }
    if (status == PRK_STATUS_OK) {
        report(&g);
        status = strong_alone(&g, false);
    }
    end(&g);
    return status;
}

// --- Strong tests to random bases ----------------------------------------------------------------
//
// By windows of the exponent, which do not wait for a lane's highest bit, and by single bits from
// where a lane may have to be looked at. A lane whose rounding was off is out, whatever it has
// then.

#define WINDOW 4

// x times the powers that `count` bits of the exponents from `level` on choose.
static void multiply_power(group *g, size_t level, size_t count) {
    const size_t size = g->l.size, lanes = g->l.kernels->lanes;
    const double *entry[MOST];
    for (size_t i = 0; i < lanes; i++) {
        size_t power = 0;
        for (size_t j = count; i < g->count && j-- > 0;) {
            power = 2 * power + (size_t)mpz_tstbit(g->exponent[i], level + j);
        }
        entry[i] = g->table + power * size + i;
    }
    for (size_t j = 0; j < size; j += lanes) {
        for (size_t i = 0; i < lanes; i++) {
            g->y[j + i] = entry[i][j];
        }
    }
    multiply(g, g->x, g->y, NULL, NULL);
}

prk_status prk_fft_lanes_random_base(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                                     size_t count) {
    group g;
    if (!prepare(&g, run, numbers, count, 2 + ((size_t)1 << WINDOW))) {
        end(&g);
        return PRK_STATUS_NO_MEMORY;
    }
    set_strong_exponents(&g);
    const size_t size = g.l.size;
    mpz_t view;
    static const mp_limb_t one = 1;
    for (size_t i = 0; i < count; i++) {
        g.start[i] = numbers[i]->bits;
        prk_fft_lanes_to(&g.l, g.table, i, mpz_roinit_n(view, &one, 1));
        prk_random_base_mpz(g.value, g.n[i], run->seed, numbers[i]->round);
        prk_fft_lanes_to(&g.l, g.table + size, i, g.value);
    }
    for (size_t i = 2; i < (size_t)1 << WINDOW; i++) {
        memcpy(g.table + i * size, g.table + (i - 1) * size, size * sizeof(double));
        multiply(&g, g.table + i * size, g.table + size, NULL, NULL);
    }
    memcpy(g.x, g.table, size * sizeof(double));
    set_levels(&g);
    const size_t end_level = (g.highest + WINDOW - 1) / WINDOW * WINDOW;
    const size_t tail = (g.lookup + WINDOW - 1) / WINDOW * WINDOW;
    prk_status status = PRK_STATUS_OK;
    for (size_t level = end_level; level > 1 && status == PRK_STATUS_OK;) {
        const size_t width = level > tail ? WINDOW : 1;
        level -= width;
        for (size_t j = 0; j < width && level + width < end_level; j++) {
            multiply(&g, g.x, g.x, NULL, NULL);
        }
        multiply_power(&g, level, width);
        if (level <= g.lookup && level >= 1) {
            look_strong(&g, level);
        }
        status = prk_is_cancelled(run->cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    }
    if (status == PRK_STATUS_OK) {
        report(&g);
        status = strong_alone(&g, true);
    }
    end(&g);
    return status;
}

// --- Extra strong Lucas test ---------------------------------------------------------------------

// less = `value` in the form of residues of lane i, to be subtracted.
static void start_lucas(group *g, size_t level) {
    for (size_t i = 0; i < g->count; i++) {
        if (g->start[i] == level) {
            // V_1 = P and V_2 = P^2 - 2.
            const unsigned long p = g->numbers[i]->p;
            mpz_set_ui(g->value, p);
            prk_fft_lanes_to(&g->l, g->x, i, g->value);
            mpz_set_ui(g->value, p);
            mpz_mul_ui(g->value, g->value, p);
            mpz_sub_ui(g->value, g->value, 2);
            prk_fft_lanes_to(&g->l, g->y, i, g->value);
            g->is_next &= ~(1U << i);
        }
    }
}

// Whether U_d = 0, given that V_d = ±2: V_(d+1) = ±P.
static bool is_u_zero(group *g, size_t i, bool is_minus) {
    prk_fft_lanes_look(&g->l, g->value, (g->is_next >> i & 1) != 0 ? g->x : g->y, i);
    mpz_mul_ui(g->room, g->l.one[i], g->numbers[i]->p);
    if (is_minus) {
        mpz_neg(g->room, g->room);
    }
    return mpz_congruent_p(g->value, g->room, g->n[i]) != 0;
}

static void look_lucas(group *g, size_t level) {
    for (size_t i = 0; i < g->count; i++) {
        if (!is_looked_at(g, i, level)) {
            continue;
        }
        prk_lane_number *number = g->numbers[i];
        prk_fft_lanes_look(&g->l, g->value, (g->is_next >> i & 1) != 0 ? g->y : g->x, i);
        if (mpz_sgn(g->value) == 0) {
            if (level > 1) {
                number->condition = PRK_LUCAS_V_IS_ZERO + (uint32_t)(g->twos[i] - level);
                g->passed |= 1U << i;
            }
        } else if (level == g->twos[i]) {
            mpz_mul_2exp(g->room, g->l.one[i], 1);
            const bool is_plus = mpz_congruent_p(g->value, g->room, g->n[i]) != 0;
            mpz_neg(g->room, g->room);
            const bool is_minus = mpz_congruent_p(g->value, g->room, g->n[i]) != 0;
            if ((is_plus || is_minus) && is_u_zero(g, i, is_minus)) {
                number->condition = PRK_LUCAS_U_IS_ZERO;
                g->passed |= 1U << i;
            }
        }
    }
}

static prk_status lucas_alone(const group *g) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < g->count && status == PRK_STATUS_OK; i++) {
        if ((g->l.out >> i & 1) != 0) {
            prk_lane_number *number = g->numbers[i];
            g->run->alarms++;
            status = prk_extra_strong_lucas_test(g->run->scratch,
                                                 prk_exact_arithmetic(g->n[i], NULL), g->n[i], NULL,
                                                 number->p, g->run->cancel, &number->condition);
            number->passed = number->condition != PRK_LUCAS_NONE;
        }
    }
    return status;
}

prk_status prk_fft_lanes_lucas(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                               size_t count) {
    group g;
    if (!prepare(&g, run, numbers, count, 4)) {
        end(&g);
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        mpz_ptr exponent = prk_scratch_take(run->scratch);
        mpz_add_ui(exponent, g.n[i], 1);
        g.exponent[i] = exponent;
        g.twos[i] = mpz_scan1(exponent, 0);
        g.start[i] = mpz_sizeinbase(exponent, 2) - 1;
        numbers[i]->condition = PRK_LUCAS_NONE;
        mpz_set_ui(g.value, numbers[i]->p);
        prk_fft_lanes_to(&g.l, g.less_y, i, g.value);
        mpz_set_ui(g.value, 2);
        prk_fft_lanes_to(&g.l, g.less_x, i, g.value);
    }
    set_levels(&g);
    prk_status status = PRK_STATUS_OK;
    for (size_t level = g.highest;; level--) {
        start_lucas(&g, level);
        if (level <= g.lookup) {
            look_lucas(&g, level);
        }
        if (level == 1) {
            break;
        }
        if (prk_is_cancelled(run->cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
        // What a bit says is squared becomes x: V_m, or V_m+1.
        unsigned squared_next = 0;
        for (size_t i = 0; i < count; i++) {
            squared_next |= (unsigned)mpz_tstbit(g.exponent[i], level - 1) << i;
        }
        const unsigned exchanged = squared_next ^ g.is_next;
        g.is_next = squared_next;
        if (exchanged != 0) {
            g.l.kernels->exchange(exchanged, g.x, g.y, g.l.size);
        }
        multiply(&g, g.y, g.x, NULL, g.less_y);
        multiply(&g, g.x, g.x, NULL, g.less_x);
    }
    if (status == PRK_STATUS_OK) {
        report(&g);
        status = lucas_alone(&g);
    }
    end(&g);
    return status;
}
