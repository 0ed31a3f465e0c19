// SPDX-License-Identifier: Apache-2.0
//
// How a proof is found. Nothing here says that a number is prime: what is found is a certificate,
// and the conditions that make it one are those of CKernels/verify, which shares nothing with this
// but the form of the text and the arithmetic below.

#ifndef PRK_PROVE_H
#define PRK_PROVE_H

#include "../factor/factor.h"
#include "../include/prk_proof.h"
#include "../modular/modulus.h"

#pragma GCC visibility push(hidden)

/// Of certificates, as their text names them; in the order in which they are tried.
typedef enum prk_theorem {
    PRK_THEOREM_NONE,
    PRK_THEOREM_POCKLINGTON,
    PRK_THEOREM_MORRISON,
    PRK_THEOREM_BLS5,
    PRK_THEOREM_BLS7,
    PRK_THEOREM_KONYAGIN,
    PRK_THEOREM_COMBINED,
    PRK_THEOREM_BLS3,
    PRK_THEOREM_BLS15,
} prk_theorem;

/// A prime of n - 1 or of n + 1 that a step uses, and its witness.
typedef struct prk_used_prime {
    size_t index; // of the side's primes
    bool is_plus;
    uint64_t a;   // n - 1
    int64_t p, q; // n + 1
} prk_used_prime;

/// How a composite number shows, when the test before did not see it.
typedef struct prk_evidence {
    bool is_composite;
    uint64_t base;    // it fails the strong test to this base; 0: no base is known
    uint64_t lucas_p; // V_(n + 1)(P, 1) is not 2; 0: none is known
} prk_evidence;

typedef enum prk_goal_state {
    PRK_GOAL_NEW,
    PRK_GOAL_OPEN,  // no theorem is chosen
    PRK_GOAL_WAITS, // for proofs of its primes, then for witnesses
    PRK_GOAL_DONE,
    PRK_GOAL_FAILED,
} prk_goal_state;

/// A number that is to be proved.
typedef struct prk_goal {
    mpz_t n;
    prk_factoring minus, plus;
    prk_goal_state state;
    prk_theorem theorem;
    prk_used_prime *used;
    size_t used_count;
    uint64_t rest_base; // PRK_THEOREM_BLS7
    uint64_t limit;     // of effort spent, beyond which it is given up
} prk_goal;

/// All numbers that were to be proved, the first one first.
typedef struct prk_search {
    const prk_prove_options *options; // of which the factors are used
    prk_goal **goals;
    size_t count, room;
    prk_effort effort;
    prk_scratch *scratch;
    prk_evidence evidence; // of the first number
} prk_search;

static inline prk_factoring *prk_goal_side(prk_goal *goal, bool is_plus) {
    return is_plus ? &goal->plus : &goal->minus;
}
static inline prk_prime_factor *prk_used_factor(prk_goal *goal, const prk_used_prime *used) {
    return &prk_goal_side(goal, used->is_plus)->primes[used->index];
}

/// Chooses, by sizes alone, what to prove the goal by with the primes that are known and not
/// avoided: the theorem that needs the cheapest ones. PRK_THEOREM_NONE: there is none.
prk_status prk_choose_theorem(prk_goal *goal, bool with_words_alone);

/// Finds the witnesses of the theorem that was chosen. `*found` false: the number is composite, as
/// the evidence then says, or there was none among many.
prk_status prk_find_witnesses(prk_goal *goal, prk_effort *effort, prk_scratch *s,
                              prk_evidence *evidence, bool *found);

/// Begins the search with n, the options, the effort and the scratch being set.
prk_status prk_search_begin(prk_search *search, mpz_srcptr n);
void prk_search_end(prk_search *search);
/// The goal of that n, or NULL.
prk_goal *prk_search_goal(const prk_search *search, mpz_srcptr n);
/// Searches. The first goal is PRK_GOAL_DONE, or PRK_GOAL_FAILED, perhaps with evidence. It needs
/// no test of n before; composites without small factors show by the first power.
prk_status prk_search_run(prk_search *search);

/// What the form of n tells of the factors of n - 1 or n + 1. `*is_known`: all of one side.
prk_status prk_take_form(prk_goal *goal, const prk_form *form, bool *is_known);

/// A text that grows.
typedef struct prk_growing_text {
    char *start;
    size_t size, room;
    bool is_lost; // there was no memory
} prk_growing_text;

/// The certificate of the first goal, which is done, or of a word with `search` NULL.
void prk_write_certificate(prk_growing_text *text, mpz_srcptr n, const prk_search *search,
                           uint64_t *steps);

#pragma GCC visibility pop

#endif
