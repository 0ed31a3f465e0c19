// SPDX-License-Identifier: Apache-2.0
//
// The two chains of products that tests of large numbers consist of, as steps over any arithmetic:
// powers, and Lucas sequences V_m(P, 1). A chain can be stopped after any step, saved, and taken up
// again from what was saved, also by another arithmetic.

#ifndef PRK_CHAIN_H
#define PRK_CHAIN_H

#include "check.h"

#pragma GCC visibility push(hidden)

/// What is computed: base^exponent, or V_exponent and, when the exponent is odd, V_(exponent + 1).
typedef struct prk_chain {
    prk_modulus m;
    const prk_special_form *form; // NULL: none is used
    mpz_srcptr exponent;
    mpz_srcptr first; // the base, or V_1
    bool is_lucas;
    // Squares that are still to come, and the lowest bits of the exponent that are not in the power
    // yet: x = base^((exponent >> absorbed) 2^(absorbed - left)). A Lucas chain has x = V_(exponent
    // >> left), and `absorbed` is `left`.
    mp_bitcnt_t left, absorbed;
    mp_bitcnt_t zeros; // lowest bits of the exponent that are 0
    // The bits below `absorbed` and not below `end` come next, as one odd power or as none.
    mp_bitcnt_t end;
    unsigned power;
    // Of an arithmetic that rounds: what both ends have and what lies between, where the chain was
    // when it began, and products that were repaired in arithmetics it has no more.
    const prk_arithmetic *ends, *middle;
    mp_bitcnt_t first_left;
    uint64_t alarms;
    prk_check check;
    bool has_begun; // the scratch's watch knows of it
    size_t place;   // there, from 1
    uint64_t told_alarms;
    size_t taken;         // numbers of the scratch that were in use before
    mpz_ptr value;        // the power, when mpz_powm has computed it
    bool is_set;          // the memory is laid out
    bool is_number;       // `value` is there, and x is not
    size_t residue_bytes; // of each of these:
    prk_residue *x, *y;   // the power, and room; V_m and V_(m + 1)
    prk_residue *table;   // odd powers of a base that is not small, else NULL
    prk_residue *less_first, *less_two;
} prk_chain;

enum { PRK_CHAIN_NUMBERS = 5 };

/// Where a chain is, as numbers: independent of the arithmetic, and good for another machine.
typedef struct prk_chain_state {
    uint64_t left, absorbed;
    // Of the stretch that is not checked yet; 0 where there is none.
    uint64_t start, block, blocks, multiplied;
    /// x, and y of a Lucas chain; of the stretch x and y at its beginning, or x and the product.
    mpz_ptr numbers[PRK_CHAIN_NUMBERS];
    size_t count; // of the numbers that are in use
} prk_chain_state;

/// Who looks at the chains of a scratch: what its `watch` points to begins with this.
typedef struct prk_chain_watcher {
    /// A chain is about to take its first step.
    void (*begin)(prk_chain *c);
    /// Some steps are done. `is_stopping`: no more will come.
    void (*look)(prk_chain *c, bool is_stopping);
} prk_chain_watcher;

static inline bool prk_chain_is_watched(const prk_chain *c) { return c->m.scratch->watch != NULL; }

/// Begins base^exponent. 0 < base < n, exponent >= 1; both, n and `form` outlive the chain. Costs
/// nothing yet.
void prk_chain_begin_power(prk_chain *c, prk_scratch *scratch, const prk_arithmetic *arithmetic,
                           mpz_srcptr n, const prk_special_form *form, mpz_srcptr base,
                           mpz_srcptr exponent);

/// Begins V_exponent(P, 1), 0 <= P < n, as prk_chain_begin_power.
void prk_chain_begin_lucas(prk_chain *c, prk_scratch *scratch, const prk_arithmetic *arithmetic,
                           mpz_srcptr n, const prk_special_form *form, mpz_srcptr p,
                           mpz_srcptr exponent);

/// At most so many steps, a square each. PRK_STATUS_CANCELLED and PRK_STATUS_NO_MEMORY leave the
/// chain where it is, and it can go on; PRK_STATUS_UNRELIABLE, too, when checks failed again and
/// again. Without `cancel` a whole power may be one step. What the scratch's watch has of this
/// chain is taken up at the first call, and steps are repeated where a check fails.
prk_status prk_chain_run(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel);

/// Whether all is computed, and checked.
static inline bool prk_chain_is_done(const prk_chain *c) {
    return c->left == 0 && c->absorbed == 0 && !c->check.is_open;
}

/// By what a square is multiplied where the exponent has a bit set; 0: a product does that.
uint32_t prk_chain_times(const prk_chain *c);

/// x = x^2, or V_2m = V_m^2 - 2, of a chain that is done.
prk_status prk_chain_square(prk_chain *c, const uint32_t *cancel);

/// Which of -2, -1, 0, 1 and 2 x is modulo n, or PRK_NOT_SMALL. The chain has run; n > 4.
int prk_chain_small(prk_chain *c);

/// x, and y of a Lucas chain, as numbers below n. The chain has run.
void prk_chain_value(prk_chain *c, mpz_ptr x);
void prk_chain_next_value(prk_chain *c, mpz_ptr y);

/// Where the chain is. It has run. `s->numbers` are five, of which the first `s->count` are
/// written.
void prk_chain_save(prk_chain *c, prk_chain_state *s);

/// Takes up a chain that has just begun where another one was. PRK_STATUS_INVALID_ARGUMENT when no
/// chain of this exponent can have been there, or a value is not below n; PRK_STATUS_NO_MEMORY.
/// Both leave the chain at its beginning. A stretch is forgotten where the chain is not to be
/// checked.
prk_status prk_chain_resume(prk_chain *c, const prk_chain_state *s);

/// How many products of an arithmetic that rounds had to be repaired. A chain is right all the
/// same.
uint64_t prk_chain_alarms(const prk_chain *c);

/// Gives the scratch's numbers back.
void prk_chain_end(prk_chain *c);

#pragma GCC visibility pop

#endif
