// SPDX-License-Identifier: Apache-2.0
//
// What is tried, in order: a test for numbers below 2^64, factors that the number's form shows, a
// test that tells composites, then the search for factors.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/engine.h"
#include "../factor/field.h"
#include "../include/prk_kernels.h"
#include "../long/long.h"
#include "../share/team.h"
#include "prove.h"

// From so many bits on no test comes before a proof by the number's form: a composite fails the
// proof's first power, which costs what a test costs.
#define LEAST_FORM_BITS 1024

// The default effort is the larger of two: about a second of products, or so many strong tests of
// n.
#define DEFAULT_EFFORT 300000000
#define LEAST_COST 1000

typedef struct prover {
    const prk_prove_options *options;
    const uint64_t *limbs;
    size_t limb_count;
    mpz_srcptr n;
    prk_search search;
    prk_proof *proof;
} prover;

// --- Composites ----------------------------------------------------------------------------------

// The report of a number that the search refuted. Sometimes it was a common factor with n that
// refuted it, and n passes the test to that base all the same. So the test that is reported is run
// here, and strong tests to further bases until one fails, as three in four do.
static prk_status report_composite(prover *p) {
    prk_report *report = &p->proof->report;
    const prk_refutation refutation = p->search.refutation;
    *report = (prk_report){.size = sizeof *report,
                           .verdict = PRK_COMPOSITE,
                           .engine = PRK_ENGINE_GMP,
                           .method = PRK_METHOD_STRONG_RANDOM_BASE};
    p->proof->verdict = PRK_PROOF_COMPOSITE;
    prk_scratch *s = p->search.scratch;
    if (refutation.lucas_p != 0 && refutation.lucas_p <= UINT32_MAX) {
        uint32_t condition = PRK_LUCAS_NONE;
        const prk_status status = prk_extra_strong_lucas_test(
            s, prk_arithmetic_for(p->n, NULL), p->n, NULL, (uint32_t)refutation.lucas_p,
            p->options->cancel, &condition);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (condition == PRK_LUCAS_NONE) {
            report->method = PRK_METHOD_EXTRA_STRONG_LUCAS;
            report->fields = PRK_REPORT_HAS_LUCAS;
            report->lucas_p = (int64_t)refutation.lucas_p;
            report->lucas_q = 1;
            return PRK_STATUS_OK;
        }
    }
    mpz_t base;
    mpz_init_set_ui(base, refutation.base > 1 ? refutation.base : 2);
    bool passed = true;
    prk_status status = PRK_STATUS_OK;
    while (passed && status == PRK_STATUS_OK) {
        status = prk_strong_test(s, prk_arithmetic_for(p->n, NULL), p->n, NULL, base,
                                 p->options->cancel, &passed);
        if (passed) {
            mpz_add_ui(base, base, 1);
        }
    }
    report->base = mpz_get_ui(base);
    report->fields = PRK_REPORT_HAS_BASE;
    if (report->base == 2) {
        report->method = PRK_METHOD_STRONG_BASE2;
    }
    mpz_clear(base);
    return status;
}

static void describe_side(const prk_factoring *f, mpz_srcptr n, char *text, size_t size) {
    const size_t bits = mpz_sizeinbase(n, 2);
    size_t rest = mpz_cmp_ui(f->rest, 1) == 0 ? 0 : mpz_sizeinbase(f->rest, 2);
    size_t avoided = 0;
    for (size_t i = 0; i < f->prime_count; i++) {
        if (f->primes[i].is_avoided) {
            avoided++;
            rest += mpz_sizeinbase(f->primes[i].p, 2) * f->primes[i].exponent;
        }
    }
    int used =
        snprintf(text, size, "%zu of %zu bits factored", rest < bits ? bits - rest : 0, bits);
    if (f->minus_bound > 0) {
        used += snprintf(text + used, size - (size_t)used, ", p - 1 to %llu",
                         (unsigned long long)f->minus_bound);
    }
    if (f->curves > 0) {
        used += snprintf(text + used, size - (size_t)used, ", %lu curves, the last to %llu",
                         f->curves, (unsigned long long)f->curve_bound);
    }
    if (avoided > 0) {
        snprintf(text + used, size - (size_t)used, ", %zu large prime%s without a proof", avoided,
                 avoided == 1 ? "" : "s");
    }
}

// Which proofs the form of certificates has no words for, when json has words for one.
static prk_status describe_form(prover *p, char *text, size_t size) {
    static const char *const names[] = {[PRK_CERTIFICATE_PRIMO4] = "primo",
                                        [PRK_CERTIFICATE_MPU] = "mpu",
                                        [PRK_CERTIFICATE_PARI] = "pari"};
    const prk_certificate_format form = prk_search_form(&p->search);
    prk_goal *goal = p->search.goals[0];
    text[0] = 0;
    if (prk_form_has_all(form)) {
        return PRK_STATUS_OK;
    }
    const prk_status status =
        prk_choose_theorem(goal, PRK_CERTIFICATE_JSON, true, p->options->cancel);
    if (goal->theorem == PRK_THEOREM_NONE) {
        snprintf(text, size, "%s has words for fewer proofs than json; ", names[form]);
    } else {
        snprintf(text, size, "%s has no words for proofs by %s with several primes, json has; ",
                 names[form],
                 goal->theorem == PRK_THEOREM_MORRISON   ? "n + 1"
                 : goal->theorem == PRK_THEOREM_COMBINED ? "n - 1 and n + 1"
                                                         : "n - 1");
    }
    return status;
}

static prk_status describe(prover *p) {
    char form[96], minus[160], plus[160];
    const prk_goal *goal = p->search.goals[0];
    const char *curves = goal->way == NULL ? "" : "no chain of elliptic curves was found; ";
    if (p->options->only_curves) {
        snprintf(p->proof->tried, sizeof p->proof->tried, "no chain of elliptic curves was found");
        return PRK_STATUS_OK;
    }
    const prk_status status = describe_form(p, form, sizeof form);
    describe_side(&goal->minus, p->n, minus, sizeof minus);
    describe_side(&goal->plus, p->n, plus, sizeof plus);
    snprintf(p->proof->tried, sizeof p->proof->tried, "%s%sn - 1: %s; n + 1: %s", curves, form,
             minus, plus);
    return status;
}

// --- The ladder ----------------------------------------------------------------------------------

static prk_status test_before(prover *p) {
    const uint64_t offsets[2] = {0, p->limb_count};
    const prk_options options = {.size = sizeof options, .cancel = p->options->cancel};
    uint8_t verdict = PRK_UNTESTED;
    prk_status status = prk_test_batch(PRK_ENGINE_AUTO, p->limbs, offsets, 1, &options,
                                       p->search.scratch, &verdict, &p->proof->report);
    if (status == PRK_STATUS_OK && verdict == PRK_COMPOSITE) {
        p->proof->verdict = PRK_PROOF_COMPOSITE;
    } else if (status == PRK_STATUS_OK && verdict == PRK_NEITHER) {
        p->proof->verdict = PRK_PROOF_NEITHER;
    }
    return status;
}

// k 2^e ± 1 with k < 2^e was proved by the test before: its base, or its Lucas parameter, is the
// witness for 2.
static bool adopt_special(prover *p, prk_goal *goal) {
    const prk_report *report = &p->proof->report;
    const bool is_minus = (report->fields & PRK_REPORT_HAS_BASE) != 0;
    const bool is_plus = (report->fields & PRK_REPORT_HAS_LUCAS) != 0;
    const prk_certificate_format form_of_text = prk_search_form(&p->search);
    // Math::Prime::Util has theorem 5 in place of Pocklington's, and it holds for the same primes.
    const prk_theorem theorem = is_plus                               ? PRK_THEOREM_MORRISON
                                : form_of_text == PRK_CERTIFICATE_MPU ? PRK_THEOREM_BLS5
                                                                      : PRK_THEOREM_POCKLINGTON;
    if (report->verdict != PRK_PRIME || is_minus == is_plus ||
        !prk_form_has_theorem(form_of_text, theorem)) {
        return false;
    }
    prk_special_form form;
    prk_factoring *f = prk_goal_side(goal, is_plus);
    mpz_t power, two;
    mpz_init(power);
    mpz_init_set_ui(two, 2);
    size_t place = 0; // a form may have told of 2
    while (place < f->prime_count && mpz_cmp(f->primes[place].p, two) != 0) {
        place++;
    }
    bool is_enough = prk_special_form_of(p->n, &form);
    if (is_enough) {
        mpz_setbit(power, form.exponent);
        mpz_sub_ui(power, power, is_plus);
        mpz_mul(power, power, power);
        free(goal->used);
        goal->used = malloc(sizeof *goal->used);
        is_enough =
            mpz_cmp(power, p->n) > 0 && goal->used != NULL &&
            (place < f->prime_count || prk_factoring_note(f, two, form.exponent) == PRK_STATUS_OK);
    }
    if (is_enough) {
        // (P, 1) has V_((n+1)/2) = -2, and (P + 2, P + 2) is the sequence with that ratio of roots.
        const int64_t c = report->lucas_p + 2;
        goal->used[0] = (prk_used_prime){.index = place,
                                         .is_plus = is_plus,
                                         .a = report->base,
                                         .p = is_plus ? c : 0,
                                         .q = is_plus ? c : 0};
        goal->used_count = 1;
        goal->theorem = theorem;
        goal->state = PRK_GOAL_DONE;
    }
    mpz_clear(power);
    mpz_clear(two);
    return is_enough;
}

// Takes the factors that the form shows. When they are enough for a proof, no test comes before
// it, and small factors of n are looked for here.
static prk_status use_form(prover *p, prk_goal *goal, bool *is_decided, bool *needs_test) {
    bool matches = false, is_known = false;
    *is_decided = false;
    *needs_test = true;
    prk_status status = PRK_STATUS_OK;
    if (p->options->form != NULL && p->options->form->kind != PRK_FORM_NONE) {
        status = prk_form_matches(p->options->form, p->limbs, p->limb_count, &matches);
    }
    if (status == PRK_STATUS_OK && matches) {
        goal->has_form = prk_special_form_from(p->options->form, p->n, &goal->form);
        status = prk_take_form(goal, p->options->form, p->options->cancel, &is_known);
    }
    prk_special_form special;
    if (status != PRK_STATUS_OK || !is_known || mpz_sizeinbase(p->n, 2) < LEAST_FORM_BITS ||
        prk_special_form_of(p->n, &special)) {
        return status;
    }
    status = prk_choose_theorem(goal, prk_search_form(&p->search), true, p->options->cancel);
    if (status != PRK_STATUS_OK || goal->theorem == PRK_THEOREM_NONE) {
        return status;
    }
    goal->state = PRK_GOAL_WAITS;
    *needs_test = false;
    prk_report report = {.size = sizeof report, .engine = PRK_ENGINE_GMP};
    status = prk_test_by_division(p->n, &report, is_decided);
    if (status == PRK_STATUS_OK && !*is_decided && mpz_perfect_square_p(p->n)) {
        report.verdict = PRK_COMPOSITE;
        report.method = PRK_METHOD_SQUARE;
        *is_decided = true;
    }
    if (*is_decided) {
        p->proof->verdict = PRK_PROOF_COMPOSITE; // it is too long for anything else
        p->proof->report = report;
    } else {
        p->proof->report = (prk_report){.size = sizeof report, .verdict = PRK_UNTESTED};
    }
    return status;
}

// Of a number that has a proof in another form at once, one in this form is worth a second.
static prk_status spare_effort(prover *p) {
    prk_goal *goal = p->search.goals[0];
    if (goal->state != PRK_GOAL_NEW || p->options->max_cost != 0 ||
        prk_form_has_all(prk_search_form(&p->search))) {
        return PRK_STATUS_OK;
    }
    const prk_status status =
        prk_choose_theorem(goal, PRK_CERTIFICATE_JSON, true, p->options->cancel);
    if (goal->theorem != PRK_THEOREM_NONE || p->proof->report.verdict == PRK_PRIME) {
        p->search.effort.most = goal->limit = DEFAULT_EFFORT;
    }
    return status;
}

static prk_status search_proof(prover *p) {
    prk_status status = spare_effort(p);
    if (status == PRK_STATUS_OK) {
        status = prk_search_run(&p->search);
    }
    if (status == PRK_STATUS_OK && p->search.refutation.is_composite) {
        return report_composite(p);
    }
    return status;
}

static prk_status climb(prover *p) {
    bool is_decided = false, needs_test = true;
    prk_status status = PRK_STATUS_OK;
    prk_goal *goal = NULL;
    if (mpz_size(p->n) > 1) {
        status = prk_search_begin(&p->search, p->n);
        if (status == PRK_STATUS_OK) {
            goal = p->search.goals[0];
            if (!p->options->only_curves) { // curves have no use for a form
                status = use_form(p, goal, &is_decided, &needs_test);
            }
        }
    }
    if (status != PRK_STATUS_OK || is_decided) {
        return status;
    }
    if (needs_test) {
        status = test_before(p);
        if (status != PRK_STATUS_OK || p->proof->verdict != PRK_PROOF_GAVE_UP) {
            return status;
        }
    }
    if (goal == NULL) { // a word
        p->proof->verdict = PRK_PROOF_PROVED;
        return PRK_STATUS_OK;
    }
    if (p->options->only_curves || !adopt_special(p, goal)) {
        status = search_proof(p);
    }
    if (status == PRK_STATUS_OK && goal->state == PRK_GOAL_DONE) {
        p->proof->verdict = PRK_PROOF_PROVED;
        p->proof->report.verdict = PRK_PRIME;
        p->proof->report.method = (uint8_t)goal->theorem;
    }
    // The test that the proof was to take the place of.
    if (status == PRK_STATUS_OK && p->proof->verdict == PRK_PROOF_GAVE_UP && !needs_test) {
        status = test_before(p);
    }
    return status;
}

static prk_status hand_over(prover *p, prk_text_sink sink, void *context) {
    prk_growing_text text = {.start = NULL};
    uint64_t steps = 0;
    prk_write_certificate(&text, p->n, p->search.count == 0 ? NULL : &p->search, &steps);
    prk_status status = text.is_lost ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    p->proof->steps = (uint32_t)steps;
    if (status == PRK_STATUS_OK && sink != NULL && !sink(context, text.start, text.size)) {
        status = PRK_STATUS_CANCELLED;
    }
    free(text.start);
    return status;
}

static uint64_t product_of(uint64_t a, uint64_t b) { // UINT64_MAX where it is larger
    return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

static prk_status begin_journal(prover *p) {
    const char *problem = NULL;
    const prk_status status = prk_journal_begin(&p->search.journal, p->n, p->options, &problem);
    if (problem != NULL) {
        snprintf(p->proof->tried, sizeof p->proof->tried, "%s", problem);
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    return status;
}

static prk_status prove(prover *p, prk_scratch *s, prk_text_sink sink, void *context) {
    const prk_prove_options *o = p->options;
    const uint64_t test = prk_test_cost(p->n);
    const uint64_t least = product_of(LEAST_COST, test);
    const uint64_t most = least < DEFAULT_EFFORT ? DEFAULT_EFFORT : least;
    p->search.options = o;
    p->search.effort = (prk_effort){.most = o->max_cost == 0 ? most : product_of(o->max_cost, test),
                                    .seed = o->seed ^ mpz_getlimbn(p->n, 0),
                                    .cancel = o->cancel};
    p->search.scratch = s;
    prk_team *team = NULL;
    prk_status status = prk_scratch_reserve(s, p->limb_count);
    if (status == PRK_STATUS_OK && o->threads > 1 && s->seat == NULL) {
        status = prk_team_make(&team, o->threads);
        s->team = team;
    }
    if (status == PRK_STATUS_OK) {
        status = begin_journal(p);
    }
    if (status == PRK_STATUS_OK) {
        status = climb(p);
    }
    p->proof->cost = p->search.effort.spent / test;
    if (status == PRK_STATUS_OK && p->proof->verdict == PRK_PROOF_PROVED) {
        status = hand_over(p, sink, context);
    } else if (status == PRK_STATUS_OK && p->proof->verdict == PRK_PROOF_GAVE_UP) {
        status = describe(p);
    }
    prk_search_end(&p->search);
    s->team = NULL;
    prk_team_destroy(team);
    prk_journal_end(&p->search.journal);
    return status;
}

static bool are_offsets_valid(const prk_prove_options *o) {
    if (o->factor_count == 0) {
        return true;
    }
    if (o->factor_offsets == NULL) {
        return false;
    }
    for (size_t i = 0; i < o->factor_count; i++) {
        if (o->factor_offsets[i] > o->factor_offsets[i + 1]) {
            return false;
        }
    }
    return o->factors != NULL || o->factor_offsets[o->factor_count] == o->factor_offsets[0];
}

#define MOST_THREADS 1024

// The options of a caller who may know fewer fields, or more that are 0.
static bool are_options_valid(const prk_prove_options *o) {
    if ((o->size > sizeof *o && !prk_are_zero(o + 1, o->size - sizeof *o)) ||
        !prk_are_zero(o->reserved, sizeof o->reserved)) {
        return false;
    }
    const unsigned form = o->certificate_format;
    if ((o->kept == NULL && o->kept_size > 0) || o->threads > MOST_THREADS) {
        return false;
    }
    if (form > PRK_CERTIFICATE_PARI || form == PRK_CERTIFICATE_PRIMO3) {
        return false;
    }
    // Those of the first version.
    return (o->size == 0 || o->size >= sizeof *o) &&
           (o->proof_size == 0 || o->proof_size >= sizeof(prk_proof)) && are_offsets_valid(o) &&
           (o->form == NULL || prk_form_is_valid(o->form));
}

// One number of prk_prove_many(), or the one of prk_prove().
static prk_status prove_asked(const prk_proof_asked *asked, prk_scratch *s) {
    static const prk_prove_options defaults;
    const prk_prove_options *options = asked->options == NULL ? &defaults : asked->options;
    const uint64_t *limbs = asked->limbs;
    size_t limb_count = asked->limb_count;
    if (asked->proof == NULL || (limbs == NULL && limb_count > 0) || !are_options_valid(options)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    while (limb_count > 0 && limbs[limb_count - 1] == 0) {
        limb_count--;
    }
    mpz_t view;
    prover p = {.options = options,
                .limbs = limbs,
                .limb_count = limb_count,
                .n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count),
                .proof = asked->proof};
    memset(p.proof, 0, options->proof_size == 0 ? sizeof *p.proof : options->proof_size);
    p.proof->verdict = PRK_PROOF_GAVE_UP;
    return prove(&p, s, asked->sink, asked->context);
}

prk_status prk_prove(const uint64_t *limbs, size_t limb_count, const prk_prove_options *options,
                     prk_text_sink sink, void *context, prk_proof *proof) {
    const prk_proof_asked asked = {limbs, limb_count, options, sink, context, proof, 0};
    prk_scratch *s = prk_scratch_create();
    const prk_status status = s == NULL ? PRK_STATUS_NO_MEMORY : prove_asked(&asked, s);
    prk_scratch_destroy(s);
    return status;
}

static prk_status prove_next(void *context, size_t i, prk_scratch *s) {
    prk_proof_asked *asked = &((prk_proof_asked *)context)[i];
    asked->status = prove_asked(asked, s);
    return PRK_STATUS_OK; // the others go on
}

enum { LANE_LIMBS = PRK_LANE_MOST_BITS / 64 };

prk_status prk_prove_many(prk_proof_asked *asked, size_t count) {
    size_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t size = asked[i].limb_count <= LANE_LIMBS ? 64 * asked[i].limb_count : 0;
        bits = size > bits ? size : bits; // of the largest that lanes take
        asked[i].status = PRK_STATUS_NO_MEMORY;
    }
    prk_scratch *s = prk_scratch_create();
    const prk_status status =
        s == NULL ? PRK_STATUS_NO_MEMORY
                  : prk_share_lanes(s, bits, count, PRK_SHARED_TASKS, prove_next, asked);
    prk_scratch_destroy(s);
    return status;
}
