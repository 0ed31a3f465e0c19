// SPDX-License-Identifier: Apache-2.0
//
// The ladder: what is below 2^64, composites, forms, then the search.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/engine.h"
#include "../factor/field.h"
#include "../include/prk_kernels.h"
#include "../long/long.h"
#include "prove.h"

// From here on a form's proof comes before any other test: it is one of them.
#define LEAST_FORM_BITS 1024

// About a second of products, and strong tests of n, of which the default is the larger.
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

// --- Evidence ------------------------------------------------------------------------------------

// What a proof's powers showed, as a report. A common factor may be what showed it, with powers
// that are those of a prime all the same: so each test is run whose evidence is given. The strong
// test fails to three bases in four.
static prk_status report_composite(prover *p) {
    prk_report *report = &p->proof->report;
    prk_evidence evidence = p->search.evidence;
    *report = (prk_report){.size = sizeof *report,
                           .verdict = PRK_COMPOSITE,
                           .engine = PRK_ENGINE_GMP,
                           .method = PRK_METHOD_STRONG_RANDOM_BASE};
    p->proof->verdict = PRK_PROOF_COMPOSITE;
    prk_scratch *s = p->search.scratch;
    if (evidence.lucas_p != 0 && evidence.lucas_p <= UINT32_MAX) {
        uint32_t condition = PRK_LUCAS_NONE;
        const prk_status status =
            prk_extra_strong_lucas_test(s, prk_fastest_arithmetic(p->n), p->n,
                                        (uint32_t)evidence.lucas_p, p->options->cancel, &condition);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (condition == PRK_LUCAS_NONE) {
            report->method = PRK_METHOD_EXTRA_STRONG_LUCAS;
            report->fields = PRK_REPORT_HAS_LUCAS;
            report->lucas_p = (int64_t)evidence.lucas_p;
            report->lucas_q = 1;
            return PRK_STATUS_OK;
        }
    }
    mpz_t base;
    mpz_init_set_ui(base, evidence.base > 1 ? evidence.base : 2);
    bool passed = true;
    prk_status status = PRK_STATUS_OK;
    while (passed && status == PRK_STATUS_OK) {
        status = prk_strong_test(s, prk_fastest_arithmetic(p->n), p->n, base, p->options->cancel,
                                 &passed);
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
        snprintf(text + used, size - (size_t)used, ", %zu large primes without a proof", avoided);
    }
}

static void describe(prover *p) {
    char minus[160], plus[160];
    if (p->options->only_curves) {
        snprintf(p->proof->tried, sizeof p->proof->tried,
                 "steps on elliptic curves were asked for, and this version finds none");
        return;
    }
    const prk_goal *goal = p->search.goals[0];
    describe_side(&goal->minus, p->n, minus, sizeof minus);
    describe_side(&goal->plus, p->n, plus, sizeof plus);
    snprintf(p->proof->tried, sizeof p->proof->tried, "n - 1: %s; n + 1: %s", minus, plus);
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

// k 2^e ± 1, k < 2^e, was proved by the test before: the power that it saw is the witness.
static bool adopt_special(prover *p, prk_goal *goal) {
    const prk_report *report = &p->proof->report;
    const bool is_minus = (report->fields & PRK_REPORT_HAS_BASE) != 0;
    const bool is_plus = (report->fields & PRK_REPORT_HAS_LUCAS) != 0;
    if (report->verdict != PRK_PRIME || is_minus == is_plus) {
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
        goal->theorem = is_plus ? PRK_THEOREM_MORRISON : PRK_THEOREM_POCKLINGTON;
        goal->state = PRK_GOAL_DONE;
    }
    mpz_clear(power);
    mpz_clear(two);
    return is_enough;
}

// What the form tells, and whether that is enough for a proof. Then small factors are looked for
// here, since no other test comes before.
static prk_status use_form(prover *p, prk_goal *goal, bool *is_decided, bool *needs_test) {
    bool matches = false, is_known = false;
    *is_decided = false;
    *needs_test = true;
    prk_status status = PRK_STATUS_OK;
    if (p->options->form != NULL && p->options->form->kind != PRK_FORM_NONE) {
        status = prk_form_matches(p->options->form, p->limbs, p->limb_count, &matches);
    }
    if (status == PRK_STATUS_OK && matches) {
        status = prk_take_form(goal, p->options->form, &is_known);
    }
    prk_special_form special;
    if (status != PRK_STATUS_OK || !is_known || mpz_sizeinbase(p->n, 2) < LEAST_FORM_BITS ||
        prk_special_form_of(p->n, &special)) {
        return status;
    }
    status = prk_choose_theorem(goal, true);
    if (status != PRK_STATUS_OK || goal->theorem == PRK_THEOREM_NONE) {
        return status;
    }
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
        p->proof->report.verdict = PRK_UNTESTED;
    }
    return status;
}

static prk_status search_proof(prover *p) {
    const prk_status status = prk_search_run(&p->search);
    if (status == PRK_STATUS_OK && p->search.evidence.is_composite) {
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
            status = use_form(p, goal, &is_decided, &needs_test);
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
    if (!p->options->only_curves && !adopt_special(p, goal)) {
        status = search_proof(p);
    }
    if (status == PRK_STATUS_OK && goal->state == PRK_GOAL_DONE) {
        p->proof->verdict = PRK_PROOF_PROVED;
    }
    // Without a proof, what was to be its first power has shown nothing.
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

static uint64_t product_of(uint64_t a, uint64_t b) { // or as much as there can be
    return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

static prk_status prove(prover *p, prk_text_sink sink, void *context) {
    const prk_prove_options *o = p->options;
    const uint64_t test = mpz_sizeinbase(p->n, 2) * prk_product_cost(mpz_size(p->n)) + 1;
    const uint64_t least = product_of(LEAST_COST, test);
    const uint64_t most = least < DEFAULT_EFFORT ? DEFAULT_EFFORT : least;
    p->search.options = o;
    p->search.effort = (prk_effort){.most = o->max_cost == 0 ? most : product_of(o->max_cost, test),
                                    .seed = o->seed ^ mpz_getlimbn(p->n, 0),
                                    .cancel = o->cancel};
    p->search.scratch = prk_scratch_create();
    if (p->search.scratch == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_status status = prk_scratch_reserve(p->search.scratch, p->limb_count);
    if (status == PRK_STATUS_OK) {
        status = climb(p);
    }
    p->proof->cost = p->search.effort.spent / test;
    if (status == PRK_STATUS_OK && p->proof->verdict == PRK_PROOF_PROVED) {
        status = hand_over(p, sink, context);
    } else if (status == PRK_STATUS_OK && p->proof->verdict == PRK_PROOF_GAVE_UP) {
        describe(p);
    }
    prk_search_end(&p->search);
    prk_scratch_destroy(p->search.scratch);
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

// The options of a caller who may know fewer fields, or more that are 0.
static bool are_options_valid(const prk_prove_options *o) {
    const unsigned char *bytes = (const unsigned char *)o;
    for (size_t i = sizeof *o; i < o->size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof o->reserved; i++) {
        if (o->reserved[i] != 0) {
            return false;
        }
    }
    // Those of the first version.
    return (o->size == 0 || o->size >= sizeof *o) &&
           (o->proof_size == 0 || o->proof_size >= sizeof(prk_proof)) && are_offsets_valid(o) &&
           (o->form == NULL || prk_form_is_valid(o->form));
}

prk_status prk_prove(const uint64_t *limbs, size_t limb_count, const prk_prove_options *options,
                     prk_text_sink sink, void *context, prk_proof *proof) {
    static const prk_prove_options defaults;
    options = options == NULL ? &defaults : options;
    if (proof == NULL || (limbs == NULL && limb_count > 0) || !are_options_valid(options)) {
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
                .proof = proof};
    memset(proof, 0, options->proof_size == 0 ? sizeof *proof : options->proof_size);
    proof->verdict = PRK_PROOF_GAVE_UP;
    return prove(&p, sink, context);
}
