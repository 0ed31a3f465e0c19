// SPDX-License-Identifier: Apache-2.0
//
// Verifies a certificate: how its steps hang together, down to numbers below 2^64, and that the
// conditions of each step hold. Nothing else makes a number prime here.

#include <stdlib.h>
#include <string.h>

#include "../ifma/lanes.h"
#include "../include/prk_kernels.h"
#include "conditions.h"
#include "ties.h"

typedef struct run {
    const prk_certificate *certificate;
    prk_verify_options options;
    prk_ties ties;
    prk_scratch *scratch;
    /// Where the first problem that is known stands among the steps; their number: none is known.
    size_t first;
    prk_certificate_problem *problem;
    uint64_t turn;
} run;

// The options of a caller who may know more fields, which are 0.
static bool read_options(prk_verify_options *own, const prk_verify_options *options) {
    memset(own, 0, sizeof *own);
    if (options != NULL) {
        const size_t size = options->size == 0 ? sizeof *own : options->size;
        if (size < sizeof *own || !prk_are_zero(options + 1, size - sizeof *own)) {
            return false; // the first version had these fields
        }
        memcpy(own, options, sizeof *own);
    }
    own->parts = own->parts == 0 ? 1 : own->parts;
    return own->part < own->parts;
}

static bool is_small_prime(mpz_srcptr n) { return prk_kernels()->is_prime(mpz_get_ui(n)); }

// --- Ties ----------------------------------------------------------------------------------------

static bool is_broken(const run *r) {
    return r->certificate->broken.verdict != PRK_CERTIFICATE_VALID;
}

// Of a text that was read in part only, it may be that the rest has them.
static bool has_steps(const run *r, mpz_srcptr n) {
    return is_broken(r) || prk_ties_of(r->certificate, &r->ties, n) < r->certificate->count;
}

static bool candidate_holds(const run *r) {
    const prk_certificate *c = r->certificate;
    if (prk_is_word(c->n)) {
        return is_small_prime(c->n) || prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, 0, c->line,
                                                  "the candidate is not prime");
    }
    return has_steps(r, c->n) || prk_refuse(r->problem, PRK_CERTIFICATE_INCOMPLETE, 0, c->line,
                                            "no step proves the candidate");
}

static bool refuse(const run *r, const prk_step *step, const char *why) {
    return prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step->number, step->line, "%s", why);
}

// A prime that a step needs.
static bool need_holds(const run *r, const prk_step *step, mpz_srcptr q) {
    if (mpz_cmp(q, step->n) >= 0) {
        return refuse(r, step, "q is not below N");
    }
    if (mpz_sgn(q) <= 0 || (prk_is_word(q) && !is_small_prime(q))) {
        return refuse(r, step, "q is not prime");
    }
    return prk_is_word(q) || has_steps(r, q) ||
           prk_refuse(r->problem, PRK_CERTIFICATE_INCOMPLETE, step->number, step->line,
                      "q is above 2^64 and no step proves it");
}

static bool tie_holds(const run *r, size_t place) {
    const prk_certificate *c = r->certificate;
    const prk_step *step = &c->steps[place];
    const bool is_ours = c->format == PRK_CERTIFICATE_JSON;
    // MPU's description of its form has such blocks; they prove nothing and need nothing.
    const bool is_lenient = c->format == PRK_CERTIFICATE_MPU;
    if (!r->ties.is_reached[place] && !is_broken(r)) {
        return is_lenient || refuse(r, step, "the candidate's proof does not need N");
    }
    if (is_ours && r->ties.order[prk_ties_of(c, &r->ties, step->n)] != place) {
        return refuse(r, step, "another step proves N already");
    }
    if (is_ours && prk_is_word(step->n) && mpz_cmp(step->n, c->n) != 0) {
        return refuse(r, step, "N is below 2^64 and needs no step");
    }
    for (size_t i = 0; i < prk_step_needs(step); i++) {
        if (!need_holds(r, step, prk_step_need(step, i))) {
            return false;
        }
    }
    return true;
}

// The end that our own form says is a number below 2^64 on which the steps rest.
static bool end_holds(const run *r) {
    const prk_certificate *c = r->certificate;
    bool is_there = c->end_line == 0 || (c->count == 0 && mpz_cmp(c->end, c->n) == 0);
    for (size_t i = 0; !is_there && prk_is_word(c->end) && i < c->count; i++) {
        for (size_t k = 0; k < prk_step_needs(&c->steps[i]); k++) {
            is_there |= mpz_cmp(prk_step_need(&c->steps[i], k), c->end) == 0;
        }
    }
    return is_there || prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, 0, c->end_line,
                                  "the end is no number below 2^64 that the steps rest on");
}

// --- Steps ---------------------------------------------------------------------------------------

static void count_one(const run *r) {
    if (r->options.done != NULL) {
        __atomic_fetch_add(r->options.done, 1, __ATOMIC_RELAXED);
    }
}

static prk_status look(run *r, size_t place) {
    prk_certificate_problem problem;
    prk_status status = PRK_STATUS_OK;
    const prk_step *step = &r->certificate->steps[place];
    if (!prk_step_holds(step, r->scratch, r->options.cancel, &problem, &status) &&
        status == PRK_STATUS_OK) {
        r->first = place;
        *r->problem = problem;
    }
    if (status == PRK_STATUS_OK) {
        count_one(r);
    }
    return status;
}

// What stands behind the first problem need not be looked at.
static prk_status look_at_eight(run *r, const size_t *places, size_t count) {
    const prk_step *steps[PRK_LANES];
    size_t wanted[PRK_LANES], used = 0;
    bool holds[PRK_LANES] = {false};
    for (size_t i = 0; i < count; i++) {
        if (places[i] < r->first) {
            wanted[used] = places[i];
            steps[used++] = &r->certificate->steps[places[i]];
        }
    }
    prk_status status = PRK_STATUS_OK;
    if (used > 1) {
        status = prk_steps_hold_in_lanes(steps, used, r->scratch, r->options.cancel, holds);
    }
    for (size_t i = 0; status == PRK_STATUS_OK && i < used; i++) {
        if (holds[i]) {
            count_one(r);
        } else if (wanted[i] < r->first) {
            status = look(r, wanted[i]);
        }
    }
    return status;
}

// Steps are dealt to the parts by turns: curves in eights, the others one by one.
static bool is_mine(run *r) { return r->turn++ % r->options.parts == r->options.part; }

// The largest first, so that those of an eight have about the same size.
static prk_status look_at_steps(run *r) {
    const prk_certificate *c = r->certificate;
    size_t eight[PRK_LANES], held = 0;
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; status == PRK_STATUS_OK && i < c->count; i++) {
        const size_t place = r->ties.order[i];
        if (prk_is_cancelled(r->options.cancel)) {
            status = PRK_STATUS_CANCELLED;
        } else if (c->steps[place].kind != PRK_STEP_CURVE) {
            if (is_mine(r) && place < r->first) {
                status = look(r, place);
            }
        } else {
            eight[held++] = place;
            if (held == PRK_LANES) {
                held = 0;
                status = is_mine(r) ? look_at_eight(r, eight, PRK_LANES) : PRK_STATUS_OK;
            }
        }
    }
    if (status == PRK_STATUS_OK && held > 0 && is_mine(r)) {
        status = look_at_eight(r, eight, held);
    }
    return status;
}

static prk_status verify(run *r) {
    r->first = r->certificate->count;
    if (is_broken(r)) {
        *r->problem = r->certificate->broken;
    }
    if (!candidate_holds(r)) {
        return PRK_STATUS_OK;
    }
    for (size_t i = 0; i < r->first; i++) {
        if (!tie_holds(r, i)) {
            r->first = i;
        }
    }
    const prk_status status = look_at_steps(r);
    if (status == PRK_STATUS_OK && r->problem->verdict == PRK_CERTIFICATE_VALID) {
        end_holds(r);
    }
    return status;
}

prk_status prk_certificate_verify(const prk_certificate *certificate,
                                  const prk_verify_options *options,
                                  prk_certificate_problem *problem) {
    run r = {.certificate = certificate, .problem = problem};
    if (certificate == NULL || problem == NULL || !read_options(&r.options, options)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (prk_level_status() != PRK_STATUS_OK) {
        return PRK_STATUS_LEVEL_UNAVAILABLE;
    }
    *problem = (prk_certificate_problem){.verdict = PRK_CERTIFICATE_VALID};
    if (!prk_ties_find(certificate, &r.ties)) {
        return PRK_STATUS_NO_MEMORY;
    }
    r.scratch = prk_scratch_create();
    const prk_status status = r.scratch == NULL ? PRK_STATUS_NO_MEMORY : verify(&r);
    prk_scratch_destroy(r.scratch);
    prk_ties_free(&r.ties);
    return status;
}
