// SPDX-License-Identifier: Apache-2.0
//
// What a pool runs on a chunk.

#include <string.h>

#include "../engine/engine.h"
#include "../include/prk_system.h"
#include "job.h"

static prk_status run_words(const prk_job *job, const uint64_t *words, size_t count,
                            uint8_t *verdicts, prk_report *reports) {
    memset(verdicts, PRK_UNTESTED, count);
    if (!job->wants_reports) {
        job->word_engine(words, verdicts, NULL, count, job->options.cancel);
    }
    for (size_t i = 0; job->wants_reports && i < count; i++) {
        memset(&reports[i], 0, sizeof reports[i]);
        if (prk_is_cancelled(job->options.cancel)) {
            break;
        }
        uint64_t start = prk_thread_cpu_ns();
        job->word_engine(words + i, verdicts + i, reports + i, 1, job->options.cancel);
        reports[i].cpu_ns = prk_thread_cpu_ns() - start;
        reports[i].verdict = verdicts[i];
        reports[i].engine = job->word_engine_name;
    }
    return memchr(verdicts, PRK_UNTESTED, count) == NULL ? PRK_STATUS_OK : PRK_STATUS_CANCELLED;
}

static prk_status run_engine(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                             size_t count, prk_scratch *scratch, uint8_t *verdicts,
                             prk_report *reports) {
    prk_status status = prk_test_batch(job->engine, limbs, offsets, count, &job->options, scratch,
                                       verdicts, reports);
    if (status == PRK_STATUS_OK && (job->proof_cost > 0 || job->proof_bits > 0)) {
        status = prk_prove_batch(job, limbs, offsets, count, verdicts, reports);
    }
    return status;
}

prk_status prk_job_run(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                       size_t count, prk_scratch *scratch, uint8_t *verdicts, prk_report *reports) {
    if (job->word_engine == NULL) {
        return run_engine(job, limbs, offsets, count, scratch, verdicts,
                          job->wants_reports ? reports : NULL);
    }
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    // Word engines take one limb a number; who makes the chunk sees to it.
    for (size_t i = 0; i < count; i++) {
        if (offsets[i + 1] != offsets[i] + 1) {
            return PRK_STATUS_INVALID_ARGUMENT;
        }
    }
    return run_words(job, limbs + offsets[0], count, verdicts, reports);
}

// RES64 as prk_test_batch gives it.
static prk_status add_residue(uint64_t n, const prk_options *options, prk_scratch *scratch,
                              prk_report *report) {
    prk_status status = prk_scratch_reserve(scratch, 1);
    if (status == PRK_STATUS_OK) {
        mpz_t view;
        status = prk_res64(scratch, PRK_ENGINE_AUTO, mpz_roinit_n(view, (const mp_limb_t *)&n, 1),
                           NULL, options->cancel, &report->residue);
        report->fields |= PRK_REPORT_HAS_RESIDUE;
    }
    return status;
}

prk_status prk_job_run_part(const prk_job *job, uint64_t n, uint64_t from, uint64_t to,
                            prk_scratch *scratch, uint8_t *verdict, prk_report *report) {
    *verdict = PRK_UNTESTED;
    memset(report, 0, sizeof *report);
    const bool in_words = job->word_engine != NULL;
    if (in_words ? job->word_divider == NULL : job->engine != PRK_ENGINE_TRIAL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    const uint64_t start = prk_thread_cpu_ns();
    uint64_t divisor = 0;
    prk_status status = in_words
                            ? job->word_divider(n, from, to, job->options.cancel, &divisor)
                            : prk_trial_cancellable(n, from, to, job->options.cancel, &divisor);
    if (status == PRK_STATUS_OK && !in_words && job->wants_reports && job->options.want_residue) {
        status = add_residue(n, &job->options, scratch, report);
    }
    if (status != PRK_STATUS_OK) {
        return status;
    }
    report->verdict = *verdict = divisor == 0 ? PRK_PRIME : PRK_COMPOSITE;
    report->method = PRK_METHOD_TRIAL_DIVISION;
    report->engine = in_words ? job->word_engine_name : PRK_ENGINE_TRIAL;
    if (divisor != 0) {
        report->factor = divisor;
        report->fields |= PRK_REPORT_HAS_FACTOR;
    }
    report->cpu_ns = prk_thread_cpu_ns() - start;
    return PRK_STATUS_OK;
}
