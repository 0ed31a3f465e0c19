// SPDX-License-Identifier: Apache-2.0
//
// Chains of squares and products, from the exponent's highest bit down.

#include "chain.h"

#include <string.h>

// Odd powers of the base below 2^WINDOW_BITS are kept.
#define WINDOW_BITS 5
#define WINDOW_POWERS ((size_t)1 << (WINDOW_BITS - 1))

// One mpz_powm takes about 18 ms at this size on a current machine, and cannot be cut.
#define MOST_UNCUT_BITS 4096

// --- Beginning -----------------------------------------------------------------------------------

static void begin(prk_chain *c, prk_scratch *scratch, const prk_arithmetic *arithmetic,
                  mpz_srcptr n, const prk_special_form *form, mpz_srcptr first,
                  mpz_srcptr exponent) {
    *c = (prk_chain){.m = {.arithmetic = arithmetic, .n = n, .scratch = scratch},
                     .form = form,
                     .exponent = exponent,
                     .first = first,
                     .zeros = mpz_scan1(exponent, 0),
                     .taken = scratch->taken};
    c->middle = arithmetic;
    c->ends =
        arithmetic->is_watched && arithmetic->longer != NULL ? arithmetic->longer : arithmetic;
    c->value = prk_scratch_take(scratch);
    c->left = c->absorbed = mpz_sizeinbase(exponent, 2);
}

void prk_chain_begin_power(prk_chain *c, prk_scratch *scratch, const prk_arithmetic *arithmetic,
                           mpz_srcptr n, const prk_special_form *form, mpz_srcptr base,
                           mpz_srcptr exponent) {
    begin(c, scratch, arithmetic, n, form, base, exponent);
}

void prk_chain_begin_lucas(prk_chain *c, prk_scratch *scratch, const prk_arithmetic *arithmetic,
                           mpz_srcptr n, const prk_special_form *form, mpz_srcptr p,
                           mpz_srcptr exponent) {
    begin(c, scratch, arithmetic, n, form, p, exponent);
    c->is_lucas = true;
}

void prk_chain_end(prk_chain *c) { c->m.scratch->taken = c->taken; }

// Twice x, after a square, is x times the base 2.
static bool is_doubling(const prk_chain *c) { return !c->is_lucas && mpz_cmp_ui(c->first, 2) == 0; }

// Whether a square times the base costs as much as a square.
static bool is_part_of_squares(const prk_chain *c) {
    return is_doubling(c) ||
           (!c->is_lucas && c->m.arithmetic->takes_times && mpz_cmp_ui(c->first, 1 << 8) < 0);
}

static bool is_small(const prk_chain *c) {
    return is_part_of_squares(c) ||
           (c->m.arithmetic->times != NULL && mpz_cmp_ui(c->first, 1 << 16) < 0);
}

static prk_residue *power_in_table(const prk_chain *c, unsigned power) {
    return (prk_residue *)((unsigned char *)c->table + (power >> 1) * c->residue_bytes);
}

static void copy(const prk_chain *c, prk_residue *to, const prk_residue *from) {
    memcpy(to, from, c->residue_bytes);
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Lays the memory out and makes the constants.
static prk_status set(prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    const size_t own = aligned(a->own_bytes(c->m.n, c->form));
    const size_t each = c->residue_bytes = aligned(a->residue_bytes(c->m.n, c->form));
    const bool has_table = !c->is_lucas && !is_small(c);
    const size_t residues = c->is_lucas ? 4 : has_table ? 2 + WINDOW_POWERS : 2;
    unsigned char *memory = prk_memory_reserve(&c->m.scratch->test, own + residues * each);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    c->m.own = memory;
    c->x = (prk_residue *)(memory + own);
    c->y = (prk_residue *)(memory + own + each);
    a->set(&c->m, c->form);
    if (c->is_lucas) {
        c->less_first = (prk_residue *)(memory + own + 2 * each);
        c->less_two = (prk_residue *)(memory + own + 3 * each);
        mpz_t view;
        static const mp_limb_t two = 2;
        a->to(&c->m, c->x, mpz_roinit_n(view, &two, 1));
        a->subtrahend(&c->m, c->less_two, c->x);
        a->to(&c->m, c->x, c->first);
        a->subtrahend(&c->m, c->less_first, c->x);
    } else if (has_table) {
        c->table = (prk_residue *)(memory + own + 2 * each);
        a->to(&c->m, c->table, c->first);
        copy(c, c->y, c->table);
        a->square(&c->m, c->y, 1, NULL);
        for (unsigned i = 3; i < 2 * WINDOW_POWERS; i += 2) {
            copy(c, power_in_table(c, i), power_in_table(c, i - 2));
            a->multiply(&c->m, power_in_table(c, i), c->y);
        }
    }
    c->is_set = true;
    return PRK_STATUS_OK;
}

// --- Powers --------------------------------------------------------------------------------------

// A window of the exponent's next bits, at most so many, which ends in a set bit or is one that is
// 0.
static void choose_window(prk_chain *c, mp_bitcnt_t most) {
    c->power = 0;
    c->end = c->absorbed - 1;
    if (mpz_tstbit(c->exponent, c->end) == 0) {
        return;
    }
    c->end = c->absorbed > most ? c->absorbed - most : 0;
    while (mpz_tstbit(c->exponent, c->end) == 0) {
        c->end++;
    }
    for (mp_bitcnt_t bit = c->absorbed; bit-- > c->end;) {
        c->power = c->power << 1 | (unsigned)mpz_tstbit(c->exponent, bit);
    }
}

// A small base costs so little that there is no table.
static mp_bitcnt_t widest(const prk_chain *c) { return c->table == NULL ? 1 : WINDOW_BITS; }

// x times the window's power of the base.
static void multiply_power(prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    if (c->power == 0) {
        return;
    }
    if (c->table != NULL) {
        a->multiply(&c->m, c->x, power_in_table(c, c->power));
    } else if (c->power == 1 && a->times != NULL) {
        a->times(&c->m, c->x, (uint32_t)mpz_get_ui(c->first));
    } else { // of a window that an arithmetic with a table began
        mpz_pow_ui(c->value, c->first, c->power);
        mpz_tdiv_r(c->value, c->value, c->m.n);
        a->to(&c->m, c->y, c->value);
        a->multiply(&c->m, c->x, c->y);
    }
}

// x = the power of the exponent's leading bits, without a square.
static void start_power(prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    if (c->table != NULL) {
        choose_window(c, WINDOW_BITS);
        copy(c, c->x, power_in_table(c, c->power));
        c->left = c->absorbed = c->end;
        return;
    }
    // As many as leave the power below n.
    const unsigned long base = mpz_get_ui(c->first);
    const size_t bits = mpz_sizeinbase(c->m.n, 2),
                 each = base == 2 ? 1 : mpz_sizeinbase(c->first, 2);
    unsigned long leading = 1;
    while (--c->left > 0) {
        const unsigned long more = 2 * leading + (unsigned)mpz_tstbit(c->exponent, c->left - 1);
        if (more * each >= bits) {
            break;
        }
        leading = more;
    }
    c->absorbed = c->left;
    mpz_ui_pow_ui(c->value, base, leading);
    a->to(&c->m, c->x, c->value);
}

// Squares, less `less` each, until `end` are left or `most` are done.
static prk_status run_squares(prk_chain *c, mp_bitcnt_t end, const prk_residue *less,
                              mp_bitcnt_t *most, const uint32_t *cancel) {
    void (*const square)(const prk_modulus *, prk_residue *, uint32_t, const prk_residue *) =
        c->m.arithmetic->square;
    prk_status status = PRK_STATUS_OK;
    const mp_bitcnt_t steps = c->left - end < *most ? c->left - end : *most;
    mp_bitcnt_t done = 0;
    for (; done < steps; done++) {
        if (prk_is_cancelled(cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
        square(&c->m, c->x, 1, less);
    }
    c->left -= done;
    *most -= done;
    return status;
}

static prk_status run_power(prk_chain *c, mp_bitcnt_t *most, const uint32_t *cancel) {
    const prk_arithmetic *a = c->m.arithmetic;
    const bool has_base = is_part_of_squares(c);
    const uint32_t base = has_base ? (uint32_t)mpz_get_ui(c->first) : 0;
    while (c->left > 0 && *most > 0) {
        if (has_base && c->left == c->absorbed) {
            if (prk_is_cancelled(cancel)) {
                return PRK_STATUS_CANCELLED;
            }
            (*most)--;
            c->absorbed = --c->left;
            a->square(&c->m, c->x, mpz_tstbit(c->exponent, c->left) != 0 ? base : 1, NULL);
            continue;
        }
        const bool is_tail = c->left <= c->zeros; // a window ends in a set bit, and so above
        if (!is_tail && c->left == c->absorbed) {
            choose_window(c, widest(c));
        }
        const prk_status status = run_squares(c, is_tail ? 0 : c->end, NULL, most, cancel);
        if (is_tail) {
            c->absorbed = c->left;
        } else if (c->left == c->end) {
            c->absorbed = c->end;
            multiply_power(c);
        }
        if (status != PRK_STATUS_OK) {
            return status;
        }
    }
    return PRK_STATUS_OK;
}

// --- Lucas sequences -----------------------------------------------------------------------------

static void start_lucas(prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    copy(c, c->y, c->x); // V_1, of set()
    a->square(&c->m, c->y, 1, c->less_two);
    c->left = --c->absorbed;
}

static prk_status run_lucas(prk_chain *c, mp_bitcnt_t *most, const uint32_t *cancel) {
    const prk_arithmetic *a = c->m.arithmetic;
    for (; c->left > c->zeros && *most > 0; (*most)--) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        c->absorbed = --c->left;
        // V_(2m+1) and V_(2m+2), or V_2m and V_(2m+1).
        if (mpz_tstbit(c->exponent, c->left) != 0) {
            a->ladder(&c->m, c->y, c->x, c->less_two, c->less_first);
        } else {
            a->ladder(&c->m, c->x, c->y, c->less_two, c->less_first);
        }
    }
    if (c->left > c->zeros) {
        return PRK_STATUS_OK;
    }
    // The bits that are left are 0: V_(m+1) is not needed.
    const prk_status status = run_squares(c, 0, c->less_two, most, cancel);
    c->absorbed = c->left;
    return status;
}

// --- Both ----------------------------------------------------------------------------------------

static prk_status start(prk_chain *c) {
    const prk_status status = set(c);
    if (status == PRK_STATUS_OK && c->is_lucas) {
        start_lucas(c);
    } else if (status == PRK_STATUS_OK) {
        start_power(c);
    }
    return status;
}

static prk_status run(prk_chain *c, mp_bitcnt_t *most, const uint32_t *cancel) {
    return c->is_lucas ? run_lucas(c, most, cancel) : run_power(c, most, cancel);
}

// --- Arithmetic that rounds ----------------------------------------------------------------------
//
// What a chain begins and ends with is not as random as what lies between: few bits are set, or the
// result is near. So both ends have an arithmetic with more room for errors. Where an error was too
// large all the same, the product has been repaired, and an arithmetic with still more room goes
// on.

#define CAREFUL_SQUARES 30
// Between looks at alarms.
#define UNWATCHED_SQUARES 1024

// The same residues in another arithmetic. PRK_STATUS_NO_MEMORY: the chain is at its beginning.
static prk_status change(prk_chain *c, const prk_arithmetic *arithmetic) {
    const prk_arithmetic *before = c->m.arithmetic;
    const size_t taken = c->m.scratch->taken;
    mpz_ptr y = prk_scratch_take(c->m.scratch);
    before->from(&c->m, c->value, c->x);
    if (c->is_lucas) {
        before->from(&c->m, y, c->y);
    }
    c->alarms += before->alarms(&c->m);
    c->m.arithmetic = arithmetic;
    const prk_status status = set(c);
    if (status == PRK_STATUS_OK) {
        arithmetic->to(&c->m, c->x, c->value);
        if (c->is_lucas) {
            arithmetic->to(&c->m, c->y, y);
        }
    } else {
        c->is_set = false;
        c->left = c->absorbed = mpz_sizeinbase(c->exponent, 2);
    }
    c->m.scratch->taken = taken;
    return status;
}

static prk_status run_watched(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel) {
    if (!c->is_set) {
        c->m.arithmetic = c->ends;
        const prk_status status = start(c);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        c->first_left = c->left;
    }
    while (!prk_chain_is_done(c) && most > 0) {
        const mp_bitcnt_t done = c->first_left > c->left ? c->first_left - c->left : 0;
        const bool is_begin = done < CAREFUL_SQUARES, is_end = c->left <= CAREFUL_SQUARES;
        const prk_arithmetic *wanted = is_begin || is_end ? c->ends : c->middle;
        prk_status status = c->m.arithmetic == wanted ? PRK_STATUS_OK : change(c, wanted);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        mp_bitcnt_t steps = is_end     ? c->left + 1
                            : is_begin ? CAREFUL_SQUARES - done
                                       : c->left - CAREFUL_SQUARES;
        steps = steps < most ? steps : most;
        steps = steps < UNWATCHED_SQUARES ? steps : UNWATCHED_SQUARES;
        mp_bitcnt_t left = steps;
        status = run(c, &left, cancel);
        most -= steps - left;
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (wanted->longer != NULL && wanted->alarms(&c->m) > 0) {
            c->ends = c->ends == wanted ? wanted->longer : c->ends;
            c->middle = c->middle == wanted ? wanted->longer : c->middle;
        }
    }
    return PRK_STATUS_OK;
}

uint64_t prk_chain_alarms(const prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    return c->alarms + (c->is_set && a->alarms != NULL ? a->alarms(&c->m) : 0);
}

// --- Running -------------------------------------------------------------------------------------

prk_status prk_chain_run(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel) {
    if (prk_chain_is_done(c)) {
        return PRK_STATUS_OK;
    }
    if (prk_is_cancelled(cancel)) {
        return PRK_STATUS_CANCELLED;
    }
    const bool is_cut = cancel != NULL && mpz_sizeinbase(c->m.n, 2) > MOST_UNCUT_BITS;
    if (c->m.arithmetic->has_power && !c->is_lucas && !c->is_set && most >= c->left && !is_cut) {
        mpz_powm(c->value, c->first, c->exponent, c->m.n);
        c->left = c->absorbed = 0;
        c->is_number = true;
        return PRK_STATUS_OK;
    }
    if (c->m.arithmetic->is_watched) {
        return run_watched(c, most, cancel);
    }
    const prk_status status = c->is_set ? PRK_STATUS_OK : start(c);
    return status == PRK_STATUS_OK ? run(c, &most, cancel) : status;
}

prk_status prk_chain_square(prk_chain *c, const uint32_t *cancel) {
    if (prk_is_cancelled(cancel)) {
        return PRK_STATUS_CANCELLED;
    }
    if (!c->is_number) {
        c->m.arithmetic->square(&c->m, c->x, 1, c->less_two);
        return PRK_STATUS_OK;
    }
    mpz_ptr square = prk_scratch_take(c->m.scratch);
    mpz_mul(square, c->value, c->value);
    mpz_tdiv_r(c->value, square, c->m.n);
    c->m.scratch->taken--;
    return PRK_STATUS_OK;
}

// Whether squares stay with it: at 1 after -1, or 0; at 2 after -2 after 0.
static bool has_settled(const prk_chain *c, int small) {
    return c->is_lucas ? small == 0 || small == 2 || small == -2
                       : small == 0 || small == 1 || small == -1;
}

static prk_status square_often(prk_chain *c, mp_bitcnt_t count, const uint32_t *cancel) {
    prk_status status = PRK_STATUS_OK;
    for (; count > 0 && status == PRK_STATUS_OK; count--) {
        status = prk_chain_square(c, cancel);
    }
    return status;
}

// Between them a look costs more than squares.
#define MOST_LOOKS 16

// Looks at the last one first, and then halves what lies before.
static prk_status settle_far(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                             mp_bitcnt_t *squares, int *small) {
    const size_t taken = c->m.scratch->taken;
    mpz_ptr kept = prk_scratch_take(c->m.scratch); // after `low` squares, and has not settled
    prk_chain_value(c, kept);
    mp_bitcnt_t low = 0, high = most;
    prk_status status = c->m.arithmetic == c->middle ? PRK_STATUS_OK : change(c, c->middle);
    if (status == PRK_STATUS_OK) {
        status = square_often(c, most, cancel);
    }
    if (status == PRK_STATUS_OK) {
        *small = prk_chain_small(c);
        low = has_settled(c, *small) ? 0 : most;
    }
    while (status == PRK_STATUS_OK && high - low > 1) {
        const mp_bitcnt_t middle = low + (high - low) / 2;
        c->m.arithmetic->to(&c->m, c->x, kept);
        status = square_often(c, middle - low, cancel);
        const int there = status == PRK_STATUS_OK ? prk_chain_small(c) : 0;
        if (status == PRK_STATUS_OK && has_settled(c, there)) {
            high = middle;
            *small = there;
        } else if (status == PRK_STATUS_OK) {
            low = middle;
            prk_chain_value(c, kept);
        }
    }
    *squares = low < most ? high : most + 1;
    c->m.scratch->taken = taken;
    return status;
}

prk_status prk_chain_settle(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                            mp_bitcnt_t *squares, int *small) {
    *small = prk_chain_small(c);
    *squares = 0;
    if (has_settled(c, *small) || most == 0) {
        *squares = has_settled(c, *small) ? 0 : 1;
        return PRK_STATUS_OK;
    }
    if (most > MOST_LOOKS && c->m.arithmetic->is_watched) {
        return settle_far(c, most, cancel, squares, small);
    }
    while (*squares < most && !has_settled(c, *small)) {
        const prk_status status = prk_chain_square(c, cancel);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        *small = prk_chain_small(c);
        ++*squares;
    }
    *squares += has_settled(c, *small) ? 0 : 1;
    return PRK_STATUS_OK;
}

int prk_chain_small(prk_chain *c) {
    if (!c->is_number) {
        return c->m.arithmetic->small(&c->m, c->x);
    }
    mpz_ptr room = prk_scratch_take(c->m.scratch);
    c->m.scratch->taken--;
    return prk_small_value(c->value, c->m.n, room);
}

void prk_chain_value(prk_chain *c, mpz_ptr x) {
    if (c->is_number) {
        mpz_set(x, c->value);
    } else {
        c->m.arithmetic->from(&c->m, x, c->x);
    }
}

void prk_chain_next_value(prk_chain *c, mpz_ptr y) { c->m.arithmetic->from(&c->m, y, c->y); }

prk_status prk_chain_resume(prk_chain *c, mp_bitcnt_t left, mp_bitcnt_t absorbed, mpz_srcptr x,
                            mpz_srcptr y) {
    const mp_bitcnt_t bits = c->left;
    if (left > absorbed || absorbed >= bits || (c->is_lucas && left != absorbed) ||
        mpz_sgn(x) < 0 || mpz_cmp(x, c->m.n) >= 0 || c->is_lucas != (y != NULL) ||
        (y != NULL && (mpz_sgn(y) < 0 || mpz_cmp(y, c->m.n) >= 0))) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    c->left = left;
    c->absorbed = absorbed;
    prk_status status = PRK_STATUS_OK;
    if (left < absorbed) {
        // The squares of a window come before its product: it cannot end above them.
        choose_window(c, WINDOW_BITS);
        status = left <= c->end ? PRK_STATUS_INVALID_ARGUMENT : PRK_STATUS_OK;
    }
    if (status == PRK_STATUS_OK && !c->is_set) {
        c->m.arithmetic = c->ends;
        status = set(c);
        c->first_left = left;
    }
    if (status != PRK_STATUS_OK) {
        c->left = c->absorbed = bits;
        return status;
    }
    c->m.arithmetic->to(&c->m, c->x, x);
    if (y != NULL) {
        c->m.arithmetic->to(&c->m, c->y, y);
    }
    return PRK_STATUS_OK;
}
