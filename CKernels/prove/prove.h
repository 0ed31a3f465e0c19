// SPDX-License-Identifier: Apache-2.0
//
// How a proof is found. Nothing here says that a number is prime: what is found is a certificate,
// and the conditions that make it one are those of CKernels/verify, which shares nothing with this
// but the form of the text and the arithmetic below.

#ifndef PRK_PROVE_H
#define PRK_PROVE_H

#include "../ecpp/ecpp.h"
#include "../factor/factor.h"
#include "../factor/field.h"
#include "../include/prk_proof.h"
#include "../modular/modulus.h"
#include "../numbers/growing_text.h"

#pragma GCC visibility push(hidden)

/// Of certificates, in the order in which they are tried. The names of these methods are those of
/// the steps in a certificate's text, but for curves.
typedef enum prk_theorem {
    PRK_THEOREM_NONE = 0,
    PRK_THEOREM_POCKLINGTON = PRK_METHOD_POCKLINGTON,
    PRK_THEOREM_MORRISON = PRK_METHOD_MORRISON,
    PRK_THEOREM_BLS5 = PRK_METHOD_BLS5,
    PRK_THEOREM_BLS7 = PRK_METHOD_BLS7,
    PRK_THEOREM_KONYAGIN = PRK_METHOD_KONYAGIN,
    PRK_THEOREM_COMBINED = PRK_METHOD_COMBINED,
    PRK_THEOREM_BLS3 = PRK_METHOD_BLS3,
    PRK_THEOREM_BLS15 = PRK_METHOD_BLS15,
    PRK_THEOREM_CURVE = PRK_METHOD_ECPP,
} prk_theorem;

/// A prime of n - 1 or of n + 1 that a step uses, and its witness.
typedef struct prk_used_prime {
    size_t index; // of the side's primes
    bool is_plus;
    uint64_t a;   // n - 1
    int64_t p, q; // n + 1
} prk_used_prime;

/// What shows that a number is composite, when the test before the search did not see it.
typedef struct prk_refutation {
    bool is_composite;
    uint64_t base;    // it fails the strong test to this base; 0: no base is known
    uint64_t lucas_p; // V_(n + 1)(P, 1) is not 2; 0: none is known
} prk_refutation;

typedef enum prk_goal_state {
    PRK_GOAL_NEW,
    PRK_GOAL_OPEN,     // no theorem is chosen
    PRK_GOAL_DESCENDS, // the next curve is looked for
    PRK_GOAL_WAITS,    // its primes have to be proved first; then it needs witnesses
    PRK_GOAL_DONE,
    PRK_GOAL_FAILED,
} prk_goal_state;

/// By what a number may be proved.
enum {
    PRK_BY_FACTORS = 1,
    PRK_BY_CURVES = 2,
};

/// A number that is to be proved.
typedef struct prk_goal {
    mpz_t n;
    prk_special_form form; // the one that was given, with another base than 2
    bool has_form;
    prk_factoring minus, plus;
    prk_goal_state state;
    prk_theorem theorem;
    prk_used_prime *used;
    size_t used_count;
    uint64_t rest_base; // PRK_THEOREM_BLS7
    uint64_t limit;     // factors are given up when so much effort is spent
    unsigned ways;      // PRK_BY_…, that were not given up
    // PRK_THEOREM_CURVE: where further curves come from, the curve, and what shows it.
    prk_way *way;
    size_t kept; // lines of the journal about further curves that were looked at
    prk_down down;
    prk_shown shown;
    bool is_shown;
} prk_goal;

/// What an earlier search for the same proof has found, and who keeps what this one finds. All
/// zero: nothing, and nobody.
typedef struct prk_journal_line prk_journal_line;
typedef struct prk_journal {
    prk_text_sink sink; // NULL: lines are not wanted, or not any more
    void *context;
    uint64_t least_bits;     // of numbers whose steps have lines
    bool has_head;           // the text that is kept begins with that
    prk_journal_line *lines; // by numbers; they point into the caller's text
    size_t count, room;
    char *digits; // room for those of n
    size_t most_digits;
} prk_journal;

/// All numbers that were to be proved, the first one first.
typedef struct prk_search {
    const prk_prove_options *options; // of which the factors and the form of certificates are used
    prk_goal **goals;
    size_t count, room;
    prk_effort effort;
    prk_scratch *scratch;
    prk_journal journal;
    prk_refutation refutation; // of the first number
    // Of ways down, in a unit of curves.c: what they took so far, and what the first was to take.
    double descended, whole;
} prk_search;

/// The form that the proof is to have words in.
static inline prk_certificate_format prk_search_form(const prk_search *search) {
    return search->options == NULL ? PRK_CERTIFICATE_NONE
                                   : (prk_certificate_format)search->options->certificate_format;
}
static inline prk_factoring *prk_goal_side(prk_goal *goal, bool is_plus) {
    return is_plus ? &goal->plus : &goal->minus;
}
/// The effort of a strong test of n.
static inline uint64_t prk_test_cost(mpz_srcptr n) {
    return mpz_sizeinbase(n, 2) * prk_product_cost(mpz_size(n)) + 1;
}

/// How many primes a goal's theorem rests on, and which.
static inline size_t prk_goal_needs(const prk_goal *goal) {
    return goal->theorem == PRK_THEOREM_CURVE ? 1 : goal->used_count;
}
static inline mpz_srcptr prk_goal_need(const prk_goal *goal, size_t i) {
    if (goal->theorem == PRK_THEOREM_CURVE) {
        return goal->down.q;
    }
    const prk_used_prime *used = &goal->used[i];
    return (used->is_plus ? &goal->plus : &goal->minus)->primes[used->index].p;
}
static inline prk_prime_factor *prk_used_factor(prk_goal *goal, const prk_used_prime *used) {
    return &prk_goal_side(goal, used->is_plus)->primes[used->index];
}

/// Whether a form has words for every theorem.
static inline bool prk_form_has_all(prk_certificate_format form) {
    return form == PRK_CERTIFICATE_NONE || form == PRK_CERTIFICATE_JSON;
}
/// Whether a step by this theorem can be written in a form, if its primes suffice for
/// prk_choose_theorem() with that form.
bool prk_form_has_theorem(prk_certificate_format form, prk_theorem theorem);

/// Chooses, by sizes alone, what to prove the goal by with the primes that are known and not
/// avoided, in a form of certificates: the theorem that needs the cheapest ones. PRK_THEOREM_NONE:
/// there is none. `with_words_alone`: of primes below 2^64.
prk_status prk_choose_theorem(prk_goal *goal, prk_certificate_format form, bool with_words_alone,
                              const uint32_t *cancel);

/// Finds the witnesses of the theorem that was chosen. `*found` false: the number is composite, as
/// the refutation then says, or there was none among many.
prk_status prk_find_witnesses(prk_goal *goal, prk_effort *effort, prk_scratch *s,
                              prk_refutation *refutation, bool *found);

/// Begins the search with n, the options, the effort and the scratch being set.
prk_status prk_search_begin(prk_search *search, mpz_srcptr n);
void prk_search_end(prk_search *search);
/// The goal of that n, or NULL.
prk_goal *prk_search_goal(const prk_search *search, mpz_srcptr n);
/// Searches until the first goal is PRK_GOAL_DONE or PRK_GOAL_FAILED; a failed one may have a
/// refutation. n need not have passed a test: the first power of a witness refutes a composite.
prk_status prk_search_run(prk_search *search);

/// The next curve below a goal; with none left its factors are all that remains. The goal is then
/// PRK_GOAL_WAITS, PRK_GOAL_OPEN or PRK_GOAL_FAILED.
prk_status prk_descend(prk_search *search, prk_goal *goal);
/// Finds the points of all curves that the proof of the first goal, which is done, rests on.
/// `*failed`: NULL, or a goal whose curve has none, so that it needs another one.
prk_status prk_show_curves(prk_search *search, prk_goal **failed);
/// The goals on which the proof of the first one rests, itself first, in the order in which steps
/// are written; NULL: no memory. The caller frees it.
prk_goal **prk_search_proof(const prk_search *search, size_t *count);

/// Reads what was kept. `*problem`: NULL, or why the search must not go on with it. To be ended in
/// any case.
prk_status prk_journal_begin(prk_journal *journal, mpz_srcptr n, const prk_prove_options *options,
                             const char **problem);
void prk_journal_end(prk_journal *journal);
/// The next way down from the goal that was kept, holds and leads to a probable prime.
prk_status prk_journal_way(prk_search *search, prk_goal *goal, bool *found);
/// Whether the goal's way down was kept.
bool prk_journal_has_way(prk_search *search, const prk_goal *goal);
/// The j-invariant by which the goal's curve was shown, if its line is to be believed.
bool prk_journal_invariant(prk_search *search, const prk_goal *goal, mpz_ptr invariant);
void prk_journal_write_way(prk_search *search, const prk_goal *goal);
void prk_journal_write_invariant(prk_search *search, const prk_goal *goal);

/// What the form of n tells of the factors of n - 1 or n + 1. `*is_known`: all of one side.
prk_status prk_take_form(prk_goal *goal, const prk_form *form, const uint32_t *cancel,
                         bool *is_known);

/// The certificate of the first goal, which is done, or of a word with `search` NULL.
void prk_write_certificate(prk_growing_text *text, mpz_srcptr n, const prk_search *search,
                           uint64_t *steps);

#pragma GCC visibility pop

#endif
