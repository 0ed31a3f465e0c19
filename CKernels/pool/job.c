// SPDX-License-Identifier: Apache-2.0

// MAP_ANONYMOUS
#define _GNU_SOURCE

#include <string.h>
#include <sys/mman.h>

#include "../include/prk_pool.h"

uint32_t *prk_flag_create(void) {
    void *page =
        mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void prk_flag_destroy(uint32_t *flag) {
    if (flag != NULL) {
        munmap(flag, sizeof *flag);
    }
}

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

prk_status prk_job_run(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                       size_t count, prk_scratch *scratch, uint8_t *verdicts, prk_report *reports) {
    if (job->word_engine == NULL) {
        return prk_test_batch(job->engine, limbs, offsets, count, &job->options, scratch, verdicts,
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
