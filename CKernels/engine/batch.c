// SPDX-License-Identifier: Apache-2.0
//
// Batches of numbers of any size: checks the arguments, hands each number to its engine.

#include <string.h>

#include "../cpu/report.h"
#include "../include/prk_system.h"
#include "../long/watch.h"
#include "../u64/u64_body.h"
#include "engine.h"

static size_t significant(const uint64_t *limbs, size_t count) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

// The first version that had sizes.
enum {
    LEAST_OPTIONS = offsetof(prk_options, long_tests),
    LEAST_REPORT = offsetof(prk_report, alarms),
    LEAST_FORM = sizeof(prk_form),
};

// The options of a caller who may know fewer fields, or more that are 0. False: more that are not.
static bool read_options(prk_options *own, const prk_options *options) {
    const size_t size = options->size == 0 ? sizeof *own : options->size;
    if (size < LEAST_OPTIONS) {
        return false;
    }
    if (size > sizeof *own &&
        !prk_are_zero((const unsigned char *)options + sizeof *own, size - sizeof *own)) {
        return false;
    }
    memset(own, 0, sizeof *own);
    memcpy(own, options, size < sizeof *own ? size : sizeof *own);
    return true;
}

// The forms of a caller who may know fewer fields, or more that are 0.
static bool check_forms(const prk_options *options, size_t count) {
    const size_t step = options->form_size == 0 ? sizeof(prk_form) : options->form_size;
    if (options->forms == NULL) {
        return true;
    }
    if (step < LEAST_FORM) {
        return false;
    }
    const unsigned char *next = (const unsigned char *)options->forms;
    for (size_t i = 0; i < count; i++, next += step) {
        prk_form form; // a copy, since only the caller knows how it is aligned
        memcpy(&form, next, sizeof form);
        if (!prk_form_is_valid(&form) || !prk_are_zero(next + sizeof form, step - sizeof form)) {
            return false;
        }
    }
    return true;
}

static prk_status check(prk_engine engine, const uint64_t *limbs, const uint64_t *offsets,
                        size_t count, const uint8_t *verdicts) {
    if ((unsigned)engine > PRK_ENGINE_FFT || offsets == NULL || verdicts == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < count; i++) {
        if (offsets[i] > offsets[i + 1]) {
            return PRK_STATUS_INVALID_ARGUMENT;
        }
        if (!prk_size_is_taken((size_t)(offsets[i + 1] - offsets[i]))) {
            return PRK_STATUS_TOO_LARGE;
        }
    }
    if (limbs == NULL && offsets[count] != offsets[0]) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (engine == PRK_ENGINE_TRIAL || engine == PRK_ENGINE_U64) {
        for (size_t i = 0; i < count; i++) {
            size_t size = (size_t)(offsets[i + 1] - offsets[i]);
            if (size > 1 && significant(limbs + offsets[i], size) > 1) {
                return PRK_STATUS_INVALID_ARGUMENT;
            }
        }
    }
    return prk_level_status() == PRK_STATUS_OK ? PRK_STATUS_OK : PRK_STATUS_LEVEL_UNAVAILABLE;
}

static prk_status test_trial(uint64_t n, const prk_options *options, prk_report *report) {
    report->method = n < 2 ? PRK_METHOD_DEFINITION : PRK_METHOD_TRIAL_DIVISION;
    if (n < 2) {
        report->verdict = PRK_NEITHER;
        return PRK_STATUS_OK;
    }
    uint64_t divisor = 0;
    prk_status status = prk_trial_cancellable(n, 0, UINT32_MAX, options->cancel, &divisor);
    report->verdict = divisor == 0 ? PRK_PRIME : PRK_COMPOSITE;
    if (divisor != 0) {
        report->factor = divisor;
        report->fields |= PRK_REPORT_HAS_FACTOR;
    }
    return status;
}

static size_t bit_length(const uint64_t *limbs, size_t size) {
    return size == 0 ? 0 : 64 * size - (size_t)__builtin_clzll(limbs[size - 1]);
}

// The engine that is to test a number of `size` significant limbs.
static prk_engine engine_for(prk_engine engine, const uint64_t *limbs, size_t size) {
    if (engine == PRK_ENGINE_AUTO && size <= 1) {
        return PRK_ENGINE_U64;
    }
    const size_t bits = bit_length(limbs, size);
    if ((engine == PRK_ENGINE_AUTO || engine == PRK_ENGINE_IFMA) && prk_lanes_take(bits)) {
        return PRK_ENGINE_IFMA;
    }
    const size_t least = engine == PRK_ENGINE_AUTO ? prk_fft_crossover() : PRK_FFT_LEAST_BITS;
    if ((engine == PRK_ENGINE_AUTO || engine == PRK_ENGINE_FFT) && bits >= least &&
        bits <= PRK_FFT_MOST_BITS) {
        return PRK_ENGINE_FFT;
    }
    return engine == PRK_ENGINE_TRIAL || engine == PRK_ENGINE_U64 ? engine : PRK_ENGINE_GMP;
}

// What all numbers of a batch are tested with.
typedef struct run {
    prk_engine engine;
    const prk_options *options;
    prk_scratch *scratch; // NULL until a number needs one
    prk_scratch *own;     // that one, when the caller gave none
    bool timed;
    bool is_alone;  // there is but one number
    bool has_begun; // the test of one by itself
} run;

// Most numbers have a small factor, and need no scratch.
static prk_status reserve(run *r, size_t size) {
    if (r->scratch == NULL) {
        r->scratch = r->own = prk_scratch_create();
    }
    return r->scratch == NULL ? PRK_STATUS_NO_MEMORY : prk_scratch_reserve(r->scratch, size);
}

// By what one number is tested that is not for the lanes: as numbers in lanes are, for those of
// their sizes.
static prk_engine way_of(const run *r, const prk_report *report) {
    return r->engine == PRK_ENGINE_IFMA && report->engine != PRK_ENGINE_IFMA ? PRK_ENGINE_GMP
           : r->engine == PRK_ENGINE_IFMA                                    ? PRK_ENGINE_AUTO
                                                                             : r->engine;
}

// Begins and ends what is told, kept and counted of the test of one number by itself.
static void begin_test(run *r, mpz_srcptr n, const prk_form *form) {
    r->scratch->repairs = (prk_repairs){0};
    r->has_begun = true;
    if (r->options->long_tests != NULL && mpz_sizeinbase(n, 2) >= prk_watch_least_bits) {
        prk_watch_open(r->scratch, r->options->long_tests, n, form);
    }
}

static uint32_t counted(uint64_t count) {
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static void end_test(run *r, prk_report *report) {
    if (!r->has_begun) {
        return;
    }
    r->has_begun = false;
    prk_watch_close(r->scratch);
    const prk_repairs *repairs = &r->scratch->repairs;
    report->alarms = counted(repairs->alarms);
    report->checks = counted(repairs->checks);
    report->repaired = counted(repairs->repaired);
    if (repairs->alarms + repairs->checks + repairs->repaired > 0) {
        report->fields |= PRK_REPORT_HAS_CHECKS;
    }
}

static prk_status test_large(run *r, mpz_srcptr n, const prk_form *form, prk_report *report) {
    bool is_decided = false;
    prk_status status = prk_test_by_division(n, report, &is_decided);
    if (status == PRK_STATUS_OK && !is_decided) {
        status = reserve(r, mpz_size(n));
    }
    if (status != PRK_STATUS_OK || is_decided) {
        return status;
    }
    begin_test(r, n, form);
    // The same engine as among others, where no form is looked at.
    return prk_test_undivided(r->scratch, way_of(r, report), n,
                              r->engine == PRK_ENGINE_IFMA ? NULL : form, r->options, report);
}

// Form i of a batch, as its caller has laid them out.
static const prk_form *form_at(const prk_options *options, size_t i, prk_form *room) {
    if (options->forms == NULL) {
        return NULL;
    }
    const size_t step = options->form_size == 0 ? sizeof *room : options->form_size;
    memcpy(room, (const unsigned char *)options->forms + i * step, sizeof *room);
    return room;
}

// Whether transforms take less time for a number by itself than lanes do, since it is k b^n ± 1.
// What is k 2^e ± 1 leaves the lanes by itself.
static bool is_for_transforms(const run *r, mpz_srcptr n, const prk_form *form) {
    prk_special_form special;
    const bool is_asked = r->engine == PRK_ENGINE_AUTO || r->engine == PRK_ENGINE_FFT;
    return is_asked && form != NULL && form->kind == PRK_FORM_POWER &&
           mpz_sizeinbase(n, 2) >= prk_fft_form_crossover() &&
           prk_special_form_from(form, n, &special) && prk_arithmetic_for(n, &special)->is_watched;
}

// Whether numbers of this size wait for others, to be tested in lanes of transforms.
static bool has_lanes(const run *r, mpz_srcptr n) {
    return prk_fft_lanes_least(mpz_sizeinbase(n, 2), r->engine == PRK_ENGINE_FFT) != SIZE_MAX;
}

// One number of `size` significant limbs, with its evidence; `waits` when what is left of its test
// is to be done in lanes.
static prk_status test_one(run *r, const uint64_t *limbs, size_t size, const prk_form *form,
                           prk_report *report, bool *waits) {
    *report = (prk_report){.size = sizeof *report};
    *waits = false;
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)size);
    const prk_engine engine = engine_for(r->engine, limbs, size);
    report->engine = (uint8_t)engine;
    prk_status status = PRK_STATUS_OK;
    const uint64_t low = size == 0 ? 0 : limbs[0];
    switch (engine) {
    case PRK_ENGINE_TRIAL:
        status = test_trial(low, r->options, report);
        break;
    case PRK_ENGINE_IFMA:
        if (r->is_alone || is_for_transforms(r, n, form)) {
            status = test_large(r, n, form, report);
        } else if (low % 2 == 0) {
            prk_report_factor(report, 2);
        } else {
            status = reserve(r, size);
            *waits = true;
        }
        break;
    case PRK_ENGINE_FFT:
        if (r->is_alone || !has_lanes(r, n) || is_for_transforms(r, n, form)) {
            status = test_large(r, n, form, report);
        } else {
            bool is_decided = false;
            status = prk_test_by_division(n, report, &is_decided);
            *waits = status == PRK_STATUS_OK && !is_decided;
            status = *waits ? reserve(r, size) : status;
        }
        break;
    case PRK_ENGINE_GMP:
        status = test_large(r, n, form, report);
        break;
    default:
        prk_kernels()->test_with_report(low, report);
        break;
    }
    if (status == PRK_STATUS_OK && r->options->want_residue && size > 0) {
        status = reserve(r, size);
    }
    if (status == PRK_STATUS_OK && r->options->want_residue && size > 0) {
        status =
            prk_res64(r->scratch, way_of(r, report), n, form, r->options->cancel, &report->residue);
        report->fields |= PRK_REPORT_HAS_RESIDUE;
    }
    end_test(r, report);
    return status;
}

// Numbers of one limb each, back to back, need no look at their sizes.
static bool is_array_of_words(const uint64_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (offsets[i + 1] - offsets[i] != 1) {
            return false;
        }
    }
    return true;
}

static prk_status test_words(const uint64_t *words, size_t count, const uint32_t *cancel,
                             uint8_t *verdicts) {
    const size_t block = 4096; // at most about 4 ms
    for (size_t i = 0; i < count; i += block) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        prk_kernels()->test_batch(words + i, verdicts + i, count - i < block ? count - i : block);
    }
    return PRK_STATUS_OK;
}

// Words that share the CPU time of all: to look at that clock takes a system call, which takes
// longer than to test one of them.
enum { WORDS = 256 };

// The evidence on some words, at most WORDS. The batch's verdicts come first, since there primes
// cost least: of a prime no test is left, only the base or the parameter that its test had.
static prk_status report_words(run *r, const uint64_t *words, size_t count, uint8_t *verdicts,
                               prk_report *reports) {
    if (prk_is_cancelled(r->options->cancel)) {
        return PRK_STATUS_CANCELLED;
    }
    const prk_kernel_set *kernels = prk_kernels();
    const uint64_t start = prk_thread_cpu_ns();
    kernels->test_batch(words, verdicts, count);
    for (size_t i = 0; i < count; i++) {
        reports[i] = (prk_report){.size = sizeof *reports, .engine = PRK_ENGINE_U64};
        if (verdicts[i] == PRK_PRIME && words[i] >= PRK_SIEVE_BOUND) {
            prk_report_prime_u64(words[i], &reports[i]);
        } else {
            kernels->test_with_report(words[i], &reports[i]);
        }
    }
    prk_status status = r->options->want_residue ? reserve(r, 1) : PRK_STATUS_OK;
    for (size_t i = 0; r->options->want_residue && i < count; i++) {
        if (status == PRK_STATUS_OK && words[i] != 0) {
            mpz_t view;
            status = prk_res64(r->scratch, PRK_ENGINE_AUTO,
                               mpz_roinit_n(view, (const mp_limb_t *)&words[i], 1), NULL,
                               r->options->cancel, &reports[i].residue);
            reports[i].fields |= PRK_REPORT_HAS_RESIDUE;
        }
        if (status != PRK_STATUS_OK) {
            reports[i].verdict = verdicts[i] = PRK_UNTESTED;
        }
    }
    const uint64_t share = (prk_thread_cpu_ns() - start) / count;
    for (size_t i = 0; i < count; i++) {
        reports[i].cpu_ns = share;
    }
    return status;
}

typedef struct prk_block {
    prk_lane_number waiting[PRK_LANE_BATCH];
    prk_report reports[PRK_LANE_BATCH];
} prk_block;

// Some numbers, the first of them at a place of the batch, of which each is tested by itself or
// waits for the others.
static prk_status test_block(run *r, const uint64_t *limbs, const uint64_t *offsets, size_t place,
                             size_t count, uint8_t *verdicts, prk_report *reports,
                             prk_lane_number *waiting) {
    static const uint64_t zero = 0;
    prk_status status = PRK_STATUS_OK;
    size_t waits = 0;
    uint64_t before = r->timed ? prk_thread_cpu_ns() : 0;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        if (prk_is_cancelled(r->options->cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
        const size_t length = (size_t)(offsets[i + 1] - offsets[i]);
        const uint64_t *number = length == 0 ? &zero : limbs + offsets[i];
        const size_t size = significant(number, length);
        bool is_waiting = false;
        prk_form room;
        status = test_one(r, number, size, form_at(r->options, place + i, &room), &reports[i],
                          &is_waiting);
        const uint64_t after = r->timed ? prk_thread_cpu_ns() : 0;
        reports[i].cpu_ns = after - before;
        before = after;
        if (status != PRK_STATUS_OK) {
            reports[i].verdict = PRK_UNTESTED;
        } else if (is_waiting) {
            reports[i].verdict = PRK_UNTESTED;
            waiting[waits++] = (prk_lane_number){.limbs = number,
                                                 .size = size,
                                                 .bits = bit_length(number, size),
                                                 .report = &reports[i],
                                                 .is_divided = reports[i].engine == PRK_ENGINE_FFT};
        }
        verdicts[i] = reports[i].verdict;
    }
    if (status == PRK_STATUS_OK && waits > 0) {
        status = prk_lanes_test(r->scratch, r->engine, waiting, waits, r->options, r->timed);
        for (size_t i = 0; i < count; i++) {
            verdicts[i] = reports[i].verdict;
        }
    }
    return status;
}

// Reports to a caller who knows fewer fields, or more, which become 0.
static void give_reports(unsigned char *to, size_t step, const prk_report *reports, size_t count) {
    const size_t known = step < sizeof *reports ? step : sizeof *reports;
    for (size_t i = 0; i < count; i++, to += step) {
        memset(to, 0, step);
        memcpy(to, &reports[i], known);
        const uint32_t size = (uint32_t)step;
        memcpy(to, &size, sizeof size);
    }
}

prk_status prk_test_batch(prk_engine engine, const uint64_t *limbs, const uint64_t *offsets,
                          size_t count, const prk_options *options, prk_scratch *scratch,
                          uint8_t *verdicts, prk_report *reports) {
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    prk_options used = {0};
    if (options != NULL && !read_options(&used, options)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    // How far a report is from the next one.
    const size_t step = used.report_size == 0 ? sizeof(prk_report) : used.report_size;
    if (step < LEAST_REPORT || !check_forms(&used, count)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_status status = check(engine, limbs, offsets, count, verdicts);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    memset(verdicts, PRK_UNTESTED, count);
    const bool are_words = (engine == PRK_ENGINE_U64 || engine == PRK_ENGINE_AUTO) &&
                           is_array_of_words(offsets, count);
    if (reports == NULL && are_words) {
        return test_words(limbs + offsets[0], count, used.cancel, verdicts);
    }
    used.want_residue = used.want_residue && reports != NULL; // else there is no place for it
    const bool is_large = !are_words && engine != PRK_ENGINE_TRIAL && engine != PRK_ENGINE_U64;
    run r = {.engine = engine,
             .options = &used,
             .scratch = scratch,
             .timed = reports != NULL,
             .is_alone = count == 1};
    prk_report single;
    prk_block *block = NULL;
    if (is_large && count > 1) {
        status = reserve(&r, 0);
        block =
            status == PRK_STATUS_OK ? prk_memory_reserve(&r.scratch->block, sizeof *block) : NULL;
        status = block == NULL ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    }
    // Numbers of other engines do not wait for each other; words do where their reports have room.
    const bool is_in_place = reports != NULL && step == sizeof(prk_report);
    const size_t most = block != NULL ? PRK_LANE_BATCH : are_words && is_in_place ? WORDS : 1;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i += most) {
        const size_t some = count - i < most ? count - i : most;
        prk_report *to = is_in_place ? reports + i : block != NULL ? block->reports : &single;
        status = are_words ? report_words(&r, limbs + offsets[i], some, verdicts + i, to)
                           : test_block(&r, limbs, offsets + i, i, some, verdicts + i, to,
                                        block != NULL ? block->waiting : NULL);
        if (reports != NULL && !is_in_place) {
            give_reports((unsigned char *)reports + i * step, step, to, some);
        }
    }
    prk_scratch_destroy(r.own);
    return status;
}

prk_status prk_test_big_batch(const uint64_t *limbs, const uint64_t *offsets, uint8_t *verdicts,
                              size_t count) {
    return prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, count, NULL, NULL, verdicts, NULL);
}
