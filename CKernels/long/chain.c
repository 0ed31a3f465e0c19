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
    c->check.is_on = c->left >= prk_check_least && mpz_cmp_ui(n, 4) > 0;
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

// Whether nothing but squares is to be done.
static bool is_all_squares(const prk_chain *c) {
    return !c->is_lucas && c->zeros + 1 == mpz_sizeinbase(c->exponent, 2);
}

// Twice x, after a square, is x times the base 2.
static bool is_doubling(const prk_chain *c) { return !c->is_lucas && mpz_cmp_ui(c->first, 2) == 0; }

// Whether a square times the base costs as much as a square.
static bool is_part_of_squares(const prk_chain *c) {
    return is_doubling(c) ||
           (!c->is_lucas && c->m.arithmetic->takes_times && mpz_cmp_ui(c->first, 1 << 8) < 0);
}

uint32_t prk_chain_times(const prk_chain *c) {
    return is_part_of_squares(c) ? (uint32_t)mpz_get_ui(c->first) : 0;
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
    const bool has_table = !c->is_lucas && !is_small(c) && !is_all_squares(c);
    const size_t residues = c->is_lucas ? 4 : has_table ? 2 + WINDOW_POWERS : 2;
    const size_t all = residues + prk_check_residues(&c->check, c->is_lucas);
    unsigned char *memory = prk_memory_reserve(&c->m.scratch->test, own + all * each);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    c->m.own = memory;
    c->x = (prk_residue *)(memory + own);
    c->y = (prk_residue *)(memory + own + each);
    prk_check_lay(&c->check, c->is_lucas, each, memory + own + residues * each);
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
    const mp_bitcnt_t stop = prk_check_stop(&c->check); // blocks end between windows
    c->end = c->absorbed > most + stop ? c->absorbed - most : stop;
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
        if (c->check.is_on) { // nothing has checked the table
            mpz_powm_ui(c->value, c->first, c->power, c->m.n);
            a->to(&c->m, c->x, c->value);
        } else {
            copy(c, c->x, power_in_table(c, c->power));
        }
        c->left = c->absorbed = c->end;
        return;
    }
    if (!is_small(c)) {
        a->to(&c->m, c->x, c->first);
        c->left = c->absorbed = c->zeros;
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
    const uint32_t base = prk_chain_times(c);
    const bool has_base = base != 0;
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
// Between looks at alarms, and at what time it is.
#define UNWATCHED_SQUARES 1024
// A square of so many bits takes a second, so that they come after fewer of them.
#define BITS_A_SECOND ((mp_bitcnt_t)1 << 28)

static void restore(prk_chain *c, const prk_chain_state *s);

static void to_beginning(prk_chain *c) {
    c->is_set = c->check.is_open = false;
    c->left = c->absorbed = mpz_sizeinbase(c->exponent, 2);
}

// The same residues in another arithmetic, and constants that are made anew. PRK_STATUS_NO_MEMORY:
// the chain is at its beginning.
static prk_status change(prk_chain *c, const prk_arithmetic *arithmetic) {
    const prk_arithmetic *before = c->m.arithmetic;
    const size_t taken = c->m.scratch->taken;
    prk_chain_state s = {.count = 0};
    for (int i = 0; i < PRK_CHAIN_NUMBERS; i++) {
        s.numbers[i] = prk_scratch_take(c->m.scratch);
    }
    prk_chain_save(c, &s);
    c->alarms += before->is_watched ? before->alarms(&c->m) : 0;
    c->m.arithmetic = arithmetic;
    const prk_status status = set(c);
    if (status == PRK_STATUS_OK) {
        restore(c, &s);
    } else {
        to_beginning(c);
    }
    c->m.scratch->taken = taken;
    return status;
}

// How many steps more the arithmetic at hand is for, which is changed where another one is.
static prk_status choose_arithmetic(prk_chain *c, mp_bitcnt_t *most) {
    if (!c->ends->is_watched) {
        return PRK_STATUS_OK;
    }
    const mp_bitcnt_t done = c->first_left > c->left ? c->first_left - c->left : 0;
    const bool is_begin = done < CAREFUL_SQUARES, is_end = c->left <= CAREFUL_SQUARES;
    const prk_arithmetic *wanted = is_begin || is_end ? c->ends : c->middle;
    const mp_bitcnt_t steps = is_end     ? c->left + 1
                              : is_begin ? CAREFUL_SQUARES - done
                                         : c->left - CAREFUL_SQUARES;
    *most = steps < *most ? steps : *most;
    return c->m.arithmetic == wanted ? PRK_STATUS_OK : change(c, wanted);
}

static void look_at_alarms(prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    const uint64_t alarms = prk_chain_alarms(c);
    c->m.scratch->repairs.alarms += alarms - c->told_alarms;
    c->told_alarms = alarms;
    if (a->is_watched && a->longer != NULL && a->alarms(&c->m) > 0) {
        c->ends = c->ends == a ? a->longer : c->ends;
        c->middle = c->middle == a ? a->longer : c->middle;
    }
}

uint64_t prk_chain_alarms(const prk_chain *c) {
    const prk_arithmetic *a = c->m.arithmetic;
    return c->alarms + (c->is_set && a->alarms != NULL ? a->alarms(&c->m) : 0);
}

// --- Saving --------------------------------------------------------------------------------------

// The residues of a chain that is set, in the order of a state's numbers.
static size_t residues_of(const prk_chain *c, prk_residue **list) {
    size_t count = 0;
    list[count++] = c->x;
    if (c->is_lucas) {
        list[count++] = c->y;
    }
    if (c->check.is_open) {
        list[count++] = c->check.x;
        list[count++] = c->is_lucas ? c->check.y : c->check.product;
    }
    return count;
}

void prk_chain_save(prk_chain *c, prk_chain_state *s) {
    const prk_check *k = &c->check;
    s->left = c->left;
    s->absorbed = c->absorbed;
    s->start = s->block = s->blocks = s->multiplied = 0;
    if (k->is_open) {
        s->start = k->start;
        s->block = k->block;
        s->blocks = k->blocks;
        s->multiplied = k->multiplied;
    }
    if (c->is_number) {
        mpz_set(s->numbers[0], c->value);
        s->count = 1;
        return;
    }
    prk_residue *list[PRK_CHAIN_NUMBERS];
    s->count = residues_of(c, list);
    for (size_t i = 0; i < s->count; i++) {
        c->m.arithmetic->from(&c->m, s->numbers[i], list[i]);
    }
}

static void restore(prk_chain *c, const prk_chain_state *s) {
    prk_residue *list[PRK_CHAIN_NUMBERS];
    const size_t count = residues_of(c, list);
    for (size_t i = 0; i < count; i++) {
        c->m.arithmetic->to(&c->m, list[i], s->numbers[i]);
    }
}

static bool is_possible_stretch(const prk_chain *c, const prk_chain_state *s) {
    // Sizes first, so that no product is too large.
    if (s->blocks == 0 || s->block == 0 || s->start > mpz_sizeinbase(c->exponent, 2) ||
        s->block > s->start || s->blocks > s->start / s->block || s->multiplied >= s->blocks ||
        (c->is_lucas && s->blocks != 1)) {
        return false;
    }
    const uint64_t from = s->start - s->multiplied * s->block;
    return s->left <= from && s->absorbed >= s->left && s->left >= from - s->block;
}

static bool is_possible(const prk_chain *c, const prk_chain_state *s) {
    const size_t alone = c->is_lucas ? 2 : 1;
    const bool is_open = s->blocks != 0;
    if (s->left > s->absorbed || s->absorbed >= mpz_sizeinbase(c->exponent, 2) ||
        (c->is_lucas && s->left != s->absorbed) || s->count != (is_open ? alone + 2 : alone) ||
        (is_open && !is_possible_stretch(c, s))) {
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (mpz_sgn(s->numbers[i]) < 0 || mpz_cmp(s->numbers[i], c->m.n) >= 0) {
            return false;
        }
    }
    return true;
}

prk_status prk_chain_resume(prk_chain *c, const prk_chain_state *s) {
    if (!is_possible(c, s)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_check *k = &c->check;
    c->left = s->left;
    c->absorbed = s->absorbed;
    k->is_open = k->is_on && s->blocks != 0;
    if (k->is_open) {
        k->start = s->start;
        k->block = s->block;
        k->blocks = s->blocks;
        k->multiplied = s->multiplied;
    }
    prk_status status = PRK_STATUS_OK;
    if (c->left < c->absorbed) {
        // The squares of a window come before its product: it cannot end above them.
        choose_window(c, WINDOW_BITS);
        status = c->left <= c->end ? PRK_STATUS_INVALID_ARGUMENT : PRK_STATUS_OK;
    }
    if (status == PRK_STATUS_OK && !c->is_set) {
        c->m.arithmetic = c->ends;
        status = set(c);
        c->first_left = c->left;
    }
    if (status != PRK_STATUS_OK) {
        to_beginning(c);
        return status;
    }
    restore(c, s);
    return PRK_STATUS_OK;
}

// --- Running -------------------------------------------------------------------------------------

// So often in a row a machine that is in order does not err.
#define MOST_FAILED 20

static prk_checked checked(const prk_chain *c) {
    return (prk_checked){.m = &c->m,
                         .exponent = c->exponent,
                         .first = c->first,
                         .is_lucas = c->is_lucas,
                         .times = prk_chain_times(c),
                         .left = c->left,
                         .zeros = c->zeros,
                         .residue_bytes = c->residue_bytes,
                         .x = c->x,
                         .y = c->y};
}

// After the end of a block. What failed once is done again with constants that are made anew; what
// fails again, by an arithmetic with more room, and in the end by integers.
static prk_status end_block(prk_chain *c, const uint32_t *cancel) {
    bool failed = false;
    const prk_checked here = checked(c);
    prk_status status = prk_check_block(&c->check, &here, cancel, &failed);
    if (status == PRK_STATUS_OK && !c->check.is_open) {
        c->m.scratch->repairs.checks += failed ? 0 : 1;
        c->m.scratch->repairs.repaired += failed ? 1 : 0;
    }
    if (status != PRK_STATUS_OK || !failed) {
        return status;
    }
    copy(c, c->x, c->check.x);
    if (c->is_lucas) {
        copy(c, c->y, c->check.y);
    }
    c->left = c->absorbed = c->check.start;
    if (c->check.failed >= MOST_FAILED) {
        return PRK_STATUS_UNRELIABLE;
    }
    if (c->check.failed > 1 && c->middle->is_watched) {
        c->middle = c->middle->longer;
        c->middle = c->middle == NULL ? prk_exact_arithmetic(c->m.n, c->form) : c->middle;
        c->ends = c->middle->is_watched && c->ends->is_watched ? c->ends : c->middle;
    }
    return change(c, c->middle);
}

static const prk_chain_watcher *watcher(const prk_chain *c) { return c->m.scratch->watch; }

static prk_status start_running(prk_chain *c) {
    if (!c->has_begun) {
        c->has_begun = true;
        if (prk_chain_is_watched(c)) {
            watcher(c)->begin(c);
        }
    }
    if (c->is_set) {
        return PRK_STATUS_OK;
    }
    c->m.arithmetic = c->ends;
    const prk_status status = start(c);
    if (status == PRK_STATUS_OK) {
        c->first_left = c->left;
    }
    return status;
}

// Steps until something is to be looked at, at most `*most`.
static prk_status run_piece(prk_chain *c, mp_bitcnt_t *most, const uint32_t *cancel) {
    prk_check *k = &c->check;
    if (k->is_on && !k->is_open && c->left == c->absorbed) {
        const prk_checked here = checked(c);
        prk_check_open(k, &here);
    }
    mp_bitcnt_t steps = *most;
    if (k->is_open || prk_chain_is_watched(c)) {
        const mp_bitcnt_t pause = 1 + BITS_A_SECOND / mpz_sizeinbase(c->m.n, 2);
        steps = pause < steps ? pause : steps;
    }
    if (c->ends->is_watched) {
        steps = steps < UNWATCHED_SQUARES ? steps : UNWATCHED_SQUARES;
    }
    if (k->is_open) {
        const mp_bitcnt_t stop = prk_check_stop(&c->check), rest = c->left - stop;
        if (rest == 0 && c->absorbed == stop) {
            return end_block(c, cancel);
        }
        steps = rest < steps ? rest : steps;
    }
    prk_status status = choose_arithmetic(c, &steps);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    mp_bitcnt_t left = steps;
    status = run(c, &left, cancel);
    *most -= steps - left;
    look_at_alarms(c);
    if (status == PRK_STATUS_OK && k->is_open && c->absorbed == prk_check_stop(&c->check)) {
        status = end_block(c, cancel);
    }
    return status;
}

prk_status prk_chain_run(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel) {
    if (prk_chain_is_done(c)) {
        return PRK_STATUS_OK;
    }
    if (prk_is_cancelled(cancel)) {
        return PRK_STATUS_CANCELLED;
    }
    const bool is_cut = cancel != NULL && mpz_sizeinbase(c->m.n, 2) > MOST_UNCUT_BITS;
    if (c->m.arithmetic->has_power && !c->is_lucas && !c->is_set && most >= c->left && !is_cut &&
        !c->check.is_on && !prk_chain_is_watched(c)) {
        mpz_powm(c->value, c->first, c->exponent, c->m.n);
        c->left = c->absorbed = 0;
        c->is_number = true;
        return PRK_STATUS_OK;
    }
    prk_status status = start_running(c);
    while (status == PRK_STATUS_OK && !prk_chain_is_done(c) && most > 0) {
        status = run_piece(c, &most, cancel);
        if (prk_chain_is_watched(c) && c->is_set &&
            (status == PRK_STATUS_OK || status == PRK_STATUS_CANCELLED)) {
            watcher(c)->look(c, status == PRK_STATUS_CANCELLED);
        }
    }
    return status;
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
