// SPDX-License-Identifier: Apache-2.0
//
// Proofs of the probable primes of a batch.

#include <stdlib.h>
#include <string.h>

#include "../include/prk_proof.h"
#include "../include/prk_system.h"
#include "job.h"

typedef struct proof_of {
    const prk_job *job;
    size_t i; // its place in the batch
    const uint64_t *limbs;
    size_t size;
    const uint32_t *cancel;
    bool is_valid;
    prk_status status;
} proof_of;

static bool is_about(const prk_certificate *certificate, const proof_of *p) {
    size_t size = 0;
    const uint64_t *limbs = prk_certificate_number(certificate, &size);
    return size == p->size && memcmp(limbs, p->limbs, size * sizeof *limbs) == 0;
}

// The sink of prk_prove, which hands over the whole text at once.
static bool verify_text(void *context, const char *text, size_t size) {
    proof_of *p = context;
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem = {.verdict = PRK_CERTIFICATE_INVALID};
    p->status = prk_certificate_read(text, size, &certificate, NULL, &problem);
    if (p->status == PRK_STATUS_OK && certificate != NULL) {
        const prk_verify_options options = {.size = sizeof options, .cancel = p->cancel};
        p->status = prk_certificate_verify(certificate, &options, &problem);
        p->is_valid = p->status == PRK_STATUS_OK && problem.verdict == PRK_CERTIFICATE_VALID &&
                      is_about(certificate, p);
    }
    if (p->is_valid && p->job->certificate_sink != NULL) {
        p->job->certificate_sink(p->job->certificate_context, p->i, text, size);
    }
    prk_certificate_destroy(certificate);
    return p->status == PRK_STATUS_OK;
}

static const prk_form *form_of(const prk_options *options, size_t i) {
    const size_t size = options->form_size == 0 ? sizeof(prk_form) : options->form_size;
    return options->forms == NULL
               ? NULL
               : (const prk_form *)(const void *)((const char *)options->forms + i * size);
}

// What a proof may cost, in strong tests; 0: whatever it does. False: none is looked for.
static bool has_cost(const prk_job *job, const proof_of *p, uint64_t *cost) {
    const uint64_t bits = 64 * p->size - (uint64_t)__builtin_clzll(p->limbs[p->size - 1]);
    *cost = bits <= job->proof_bits ? 0 : job->proof_cost;
    return bits <= job->proof_bits || job->proof_cost > 0;
}

// A probable prime is not 0.
static proof_of proof_begin(const prk_job *job, size_t i, const uint64_t *limbs, size_t size) {
    while (limbs[size - 1] == 0) {
        size--;
    }
    return (proof_of){
        .job = job, .i = i, .limbs = limbs, .size = size, .cancel = job->options.cancel};
}

// One of a batch on its way.
typedef struct waiting {
    size_t i;
    proof_of p;
    prk_prove_options options;
    prk_proof proof;
} waiting;

static void set_untested(uint8_t *verdict, prk_report *report) {
    *verdict = PRK_UNTESTED;
    if (report != NULL) {
        report->verdict = PRK_UNTESTED;
    }
}

static prk_status take_answer(const waiting *w, const prk_proof_asked *asked, uint8_t *verdict,
                              prk_report *report) {
    const prk_status status = w->p.status != PRK_STATUS_OK ? w->p.status : asked->status;
    if (status != PRK_STATUS_OK) {
        set_untested(verdict, report);
    } else if (w->p.is_valid) {
        *verdict = PRK_PRIME;
        if (report != NULL) {
            report->verdict = PRK_PRIME;
            report->method = w->proof.report.method;
        }
    }
    return status;
}

// Those of the batch that are to be proved.
static size_t choose(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                     size_t count, const uint8_t *verdicts, waiting *list, prk_proof_asked *asked) {
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i] != PRK_PROBABLE_PRIME) {
            continue;
        }
        waiting *w = &list[chosen];
        *w = (waiting){.i = i};
        w->p = proof_begin(job, i, limbs + offsets[i], (size_t)(offsets[i + 1] - offsets[i]));
        uint64_t cost = 0;
        if (!has_cost(job, &w->p, &cost)) {
            continue;
        }
        w->options = (prk_prove_options){.size = sizeof w->options,
                                         .max_cost = cost,
                                         .cancel = w->p.cancel,
                                         .form = form_of(&job->options, i)};
        asked[chosen++] = (prk_proof_asked){.limbs = w->p.limbs,
                                            .limb_count = w->p.size,
                                            .options = &w->options,
                                            .sink = verify_text,
                                            .context = &w->p,
                                            .proof = &w->proof};
    }
    return chosen;
}

prk_status prk_prove_batch(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                           size_t count, uint8_t *verdicts, prk_report *reports) {
    size_t room = 0;
    for (size_t i = 0; i < count; i++) {
        room += verdicts[i] == PRK_PROBABLE_PRIME;
    }
    if (room == 0) {
        return PRK_STATUS_OK;
    }
    waiting *list = malloc(room * sizeof *list);
    prk_proof_asked *asked = malloc(room * sizeof *asked);
    prk_status status = PRK_STATUS_NO_MEMORY;
    size_t chosen = 0;
    if (list != NULL && asked != NULL) {
        const uint64_t start = prk_thread_cpu_ns();
        chosen = choose(job, limbs, offsets, count, verdicts, list, asked);
        status = prk_prove_many(asked, chosen);
        const uint64_t each = chosen == 0 ? 0 : (prk_thread_cpu_ns() - start) / chosen;
        for (size_t k = 0; k < chosen; k++) {
            prk_report *report = reports == NULL ? NULL : &reports[list[k].i];
            const prk_status one = take_answer(&list[k], &asked[k], &verdicts[list[k].i], report);
            status = status == PRK_STATUS_OK ? one : status;
            if (report != NULL) {
                report->cpu_ns += each; // they took turns
            }
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            if (verdicts[i] == PRK_PROBABLE_PRIME) {
                set_untested(&verdicts[i], reports == NULL ? NULL : &reports[i]);
            }
        }
    }
    free(list);
    free(asked);
    return status;
}
