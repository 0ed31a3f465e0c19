// SPDX-License-Identifier: Apache-2.0
//
// A batch of large numbers on its way through the tests in lanes. What small primes leave, and is
// of no special form, has the strong test to base 2; what passes is put together anew for the Lucas
// test, and again for each random base, so that lanes are filled by numbers that are still in
// doubt. A group of so few that most lanes would idle is tested number by number, to the same
// outcome.

#include <stdlib.h>

#include "../fft/lanes.h"
#include "../include/prk_kernels.h"
#include "../include/prk_system.h"
#include "../long/fft_lanes.h"
#include "../long/long.h"
#include "../numbers/random_base.h"
#include "engine.h"

// Up to here a group is several vectors.
#define INTERLEAVED_LIMBS 6

typedef struct run {
    prk_scratch *scratch;
    const prk_options *options;
    prk_engine way; // PRK_ENGINE_AUTO, PRK_ENGINE_IFMA or PRK_ENGINE_FFT
    bool timed;
} run;

// By what a group is tested.
typedef enum lanes { LANES_OF_IFMA, LANES_OF_TRANSFORMS } lanes;

static lanes lanes_of(const run *r, const prk_lane_number *number) {
    if (r->way == PRK_ENGINE_FFT || !prk_lanes_take(number->bits)) {
        return LANES_OF_TRANSFORMS;
    }
    return r->way == PRK_ENGINE_AUTO && number->bits >= prk_fft_lanes_crossover()
               ? LANES_OF_TRANSFORMS
               : LANES_OF_IFMA;
}

// Whether numbers of a group are tested sooner one by one.
static bool is_each(const run *r, prk_lane_number *const *numbers, size_t count) {
    return lanes_of(r, numbers[0]) == LANES_OF_TRANSFORMS
               ? count < prk_fft_lanes_least(numbers[0]->bits, r->way == PRK_ENGINE_FFT)
               : prk_each_is_faster(count, (size_t)numbers[0]->k);
}

// In what each is tested then.
static const prk_arithmetic *each_arithmetic(const run *r, prk_lane_number *number, mpz_srcptr n) {
    const prk_arithmetic *arithmetic = r->way == PRK_ENGINE_IFMA
                                           ? prk_exact_arithmetic(n, NULL)
                                           : prk_arithmetic_of(r->way, n, NULL);
    number->is_rounded = number->is_rounded || arithmetic->is_watched;
    prk_report_engine(number->report, arithmetic);
    return arithmetic;
}

typedef prk_status (*stage)(const run *r, prk_lane_number *const *numbers, size_t count);

// How many numbers from the first on are tested as a group: of its size, and in the last vector
// also somewhat smaller ones, which are tested for what an idle lane costs.
static size_t group_size(const run *r, prk_lane_number *const *numbers, size_t count) {
    const int k = numbers[0]->k;
    const lanes by = lanes_of(r, numbers[0]);
    const size_t width = by == LANES_OF_IFMA ? PRK_LANES : prk_fft_lanes_active()->lanes;
    const size_t most = by == LANES_OF_IFMA && k <= INTERLEAVED_LIMBS ? PRK_LANE_GROUP : width;
    size_t size = 1;
    while (size < most && size < count && numbers[size]->k == k) {
        size++;
    }
    while (size % width != 0 && size < count && 4 * numbers[size]->k >= 3 * k &&
           lanes_of(r, numbers[size]) == by) {
        size++;
    }
    return size;
}

// Tests a group in lanes of transforms.
typedef prk_status (*transforms)(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                                 size_t count);

static prk_status by_transforms(const run *r, transforms test, prk_lane_number *const *numbers,
                                size_t count) {
    for (size_t i = 0; i < count; i++) {
        numbers[i]->is_rounded = true;
        numbers[i]->report->engine = PRK_ENGINE_FFT;
    }
    prk_fft_lanes_run group = {.kernels = prk_fft_lanes_active(),
                               .scratch = r->scratch,
                               .cancel = r->options->cancel,
                               .seed = r->options->seed};
    return test(&group, numbers, count);
}

// The same in lanes of IFMA, of which there are none elsewhere.
typedef enum ifma_test { IFMA_STRONG, IFMA_LUCAS, IFMA_RANDOM_BASE } ifma_test;

static prk_status by_ifma(const run *r, ifma_test test, prk_lane_number *const *numbers,
                          size_t count) {
#if defined(__x86_64__)
    void *memory =
        prk_memory_reserve(&r->scratch->lanes, prk_lane_memory((size_t)numbers[0]->k) * 64);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i]->report->engine = PRK_ENGINE_IFMA;
    }
    const uint32_t *cancel = r->options->cancel;
    switch (test) {
    case IFMA_STRONG:
        return prk_lanes_strong(numbers, count, memory, r->scratch, cancel);
    case IFMA_LUCAS:
        return prk_lanes_lucas(numbers, count, memory, r->scratch, cancel);
    case IFMA_RANDOM_BASE:
        return prk_lanes_random_base(numbers, count, memory, r->scratch, r->options->seed, cancel);
    }
#endif
    (void)r, (void)test, (void)numbers, (void)count;
    return PRK_STATUS_INVALID_ARGUMENT;
}

// A group by what takes least time for it.
static prk_status by_fastest(const run *r, stage each, ifma_test ifma, transforms test,
                             prk_lane_number *const *numbers, size_t count) {
    if (is_each(r, numbers, count)) {
        return each(r, numbers, count);
    }
    return lanes_of(r, numbers[0]) == LANES_OF_IFMA ? by_ifma(r, ifma, numbers, count)
                                                    : by_transforms(r, test, numbers, count);
}

// Sends all numbers through a stage, and keeps those that pass.
static prk_status pass_through(const run *r, stage test, prk_lane_number **numbers, size_t *count) {
    size_t kept = 0;
    for (size_t i = 0; i < *count;) {
        const size_t size = group_size(r, numbers + i, *count - i);
        const uint64_t start = r->timed ? prk_thread_cpu_ns() : 0;
        const prk_status status = test(r, numbers + i, size);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        const uint64_t share = r->timed ? (prk_thread_cpu_ns() - start) / size : 0;
        for (const size_t end = i + size; i < end; i++) {
            numbers[i]->report->cpu_ns += share;
            if (numbers[i]->passed) {
                numbers[kept++] = numbers[i];
            }
        }
    }
    *count = kept;
    return PRK_STATUS_OK;
}

static void decide(const prk_lane_number *number, prk_method method) {
    number->report->method = (uint8_t)method;
    number->report->verdict = number->passed ? PRK_PROBABLE_PRIME : PRK_COMPOSITE;
}

// Proves numbers of special forms.
static prk_status special(const run *r, prk_lane_number *const *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mpz_t view;
        bool is_special = false;
        prk_report *report = numbers[i]->report;
        const prk_status status = prk_test_form(r->scratch, prk_lane_view(view, numbers[i]),
                                                r->options, report, &is_special);
        if (status != PRK_STATUS_OK) {
            report->verdict = PRK_UNTESTED;
            return status;
        }
        numbers[i]->passed = !is_special;
    }
    return PRK_STATUS_OK;
}

// The tests of the lanes, one number after the other.
static prk_status strong_each(const run *r, prk_lane_number *const *numbers, size_t count) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        mpz_t view, base;
        mpz_srcptr n = prk_lane_view(view, numbers[i]);
        static const mp_limb_t two = 2;
        status =
            prk_strong_test(r->scratch, each_arithmetic(r, numbers[i], n), n, NULL,
                            mpz_roinit_n(base, &two, 1), r->options->cancel, &numbers[i]->passed);
    }
    return status;
}

static prk_status lucas_each(const run *r, prk_lane_number *const *numbers, size_t count) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, numbers[i]);
        status =
            prk_extra_strong_lucas_test(r->scratch, each_arithmetic(r, numbers[i], n), n, NULL,
                                        numbers[i]->p, r->options->cancel, &numbers[i]->condition);
        numbers[i]->passed = numbers[i]->condition != PRK_LUCAS_NONE;
    }
    return status;
}

static prk_status random_base_each(const run *r, prk_lane_number *const *numbers, size_t count) {
    prk_status status = PRK_STATUS_OK;
    mpz_ptr base = prk_scratch_take(r->scratch);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        mpz_t view;
        mpz_srcptr n = prk_lane_view(view, numbers[i]);
        prk_random_base_mpz(base, n, r->options->seed, numbers[i]->round);
        status = prk_strong_test(r->scratch, each_arithmetic(r, numbers[i], n), n, NULL, base,
                                 r->options->cancel, &numbers[i]->passed);
    }
    r->scratch->taken--;
    return status;
}

static prk_status strong(const run *r, prk_lane_number *const *numbers, size_t count) {
    const prk_status status =
        by_fastest(r, strong_each, IFMA_STRONG, prk_fft_lanes_strong, numbers, count);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        if (!numbers[i]->passed) {
            decide(numbers[i], PRK_METHOD_STRONG_BASE2);
        }
    }
    return status;
}

// For three numbers in four 3 or 4 will do, and they are no squares then: (5|n) = (n|5), and
// (12|n) = (3|n) is 1 where n is 1 or 11 modulo 12.
static bool has_early_parameter(const prk_lane_number *number, uint32_t *p) {
    uint64_t rest = 0; // of n by 60, which divides 2^64 - 16
    for (size_t i = number->size; i-- > 0;) {
        rest = (16 * rest + number->limbs[i] % 60) % 60;
    }
    if (rest % 5 == 2 || rest % 5 == 3) {
        *p = 3;
        return true;
    }
    *p = 4;
    return rest % 12 == 5 || rest % 12 == 7;
}

// Finds the parameters; those that have none are composite.
static prk_status parameters(const run *r, prk_lane_number *const *numbers, size_t count) {
    (void)r;
    for (size_t i = 0; i < count; i++) {
        prk_lane_number *number = numbers[i];
        prk_report *report = number->report;
        number->passed = false;
        if (!has_early_parameter(number, &number->p)) {
            mpz_t view;
            mpz_srcptr n = prk_lane_view(view, number);
            if (mpz_perfect_square_p(n)) {
                decide(number, PRK_METHOD_SQUARE);
                continue;
            }
            if (!prk_lucas_parameter(n, &number->p)) {
                decide(number, PRK_METHOD_EXTRA_STRONG_LUCAS);
                continue;
            }
        }
        report->fields |= PRK_REPORT_HAS_LUCAS;
        report->lucas_p = number->p;
        report->lucas_q = 1;
        number->passed = true;
    }
    return PRK_STATUS_OK;
}

static prk_status lucas(const run *r, prk_lane_number *const *numbers, size_t count) {
    const prk_status status =
        by_fastest(r, lucas_each, IFMA_LUCAS, prk_fft_lanes_lucas, numbers, count);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        numbers[i]->report->lucas_condition = numbers[i]->condition;
        if (!numbers[i]->passed) {
            decide(numbers[i], PRK_METHOD_EXTRA_STRONG_LUCAS);
        } else if (r->options->rounds == 0) {
            decide(numbers[i], PRK_METHOD_BAILLIE_PSW);
        }
    }
    return status;
}

static prk_status random_base(const run *r, prk_lane_number *const *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        numbers[i]->round++;
    }
    const prk_status status = by_fastest(r, random_base_each, IFMA_RANDOM_BASE,
                                         prk_fft_lanes_random_base, numbers, count);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        numbers[i]->report->round = numbers[i]->round;
        numbers[i]->report->fields |= PRK_REPORT_HAS_ROUND;
        if (!numbers[i]->passed) {
            decide(numbers[i], PRK_METHOD_STRONG_RANDOM_BASE);
        } else if (numbers[i]->round == r->options->rounds) {
            decide(numbers[i], PRK_METHOD_BAILLIE_PSW);
        }
    }
    return status;
}

// The longest first.
static int by_size(const void *a, const void *b) {
    const prk_lane_number *x = *(prk_lane_number *const *)a, *y = *(prk_lane_number *const *)b;
    return x->bits != y->bits ? (x->bits < y->bits ? 1 : -1) : (x > y) - (x < y);
}

// Numbers of one size, as a search has them, are in order as they come.
static void sort(prk_lane_number **list, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (by_size(&list[i - 1], &list[i]) > 0) {
            qsort(list, count, sizeof list[0], by_size);
            return;
        }
    }
}

// Takes numbers with small factors from the list, but for those that have been divided before,
// which are the longest.
static prk_status divide(const run *r, prk_lane_number **list, size_t *count) {
    size_t before = 0;
    while (before < *count && list[before]->is_divided) {
        before++;
    }
    size_t left = *count - before;
    prk_status status = PRK_STATUS_OK;
#if defined(__x86_64__)
    if (left > 0) {
        void *memory =
            prk_memory_reserve(&r->scratch->lanes, prk_lane_memory((size_t)list[before]->k) * 64);
        status = memory == NULL
                     ? PRK_STATUS_NO_MEMORY
                     : prk_lanes_divide(r->scratch, list + before, &left, r->options->cancel);
    }
#endif
    *count = before + left;
    return status;
}

// What rounding has had a part in is tested once more without.
static prk_status confirm(const run *r, prk_lane_number *numbers, size_t count) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        prk_report *report = numbers[i].report;
        if (!numbers[i].is_rounded || report->verdict != PRK_PROBABLE_PRIME) {
            continue;
        }
        mpz_t view;
        const uint64_t start = r->timed ? prk_thread_cpu_ns() : 0;
        bool passed = false;
        status =
            prk_confirm_probable_prime(r->scratch, &prk_fft_fast, prk_lane_view(view, &numbers[i]),
                                       NULL, r->options->cancel, &passed);
        report->cpu_ns += r->timed ? prk_thread_cpu_ns() - start : 0;
        if (status != PRK_STATUS_OK) {
            report->verdict = PRK_UNTESTED;
        } else if (!passed) {
            *report = (prk_report){.size = report->size,
                                   .engine = report->engine,
                                   .cpu_ns = report->cpu_ns,
                                   .verdict = PRK_COMPOSITE,
                                   .method = PRK_METHOD_STRONG_BASE2};
        }
    }
    return status;
}

prk_status prk_lanes_test(prk_scratch *scratch, prk_engine way, prk_lane_number *numbers,
                          size_t count, const prk_options *options, bool timed) {
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    const size_t all = count;
    prk_lane_number *list[PRK_LANE_BATCH];
    for (size_t i = 0; i < count; i++) {
        numbers[i].k = (int32_t)prk_lane_limbs(numbers[i].bits);
        numbers[i].round = 0;
        numbers[i].is_rounded = false;
        list[i] = &numbers[i];
        numbers[i].report->verdict = PRK_UNTESTED;
    }
    sort(list, count);
    const run r = {.scratch = scratch, .options = options, .way = way, .timed = timed};
    const uint64_t start = timed ? prk_thread_cpu_ns() : 0;
    prk_status status = divide(&r, list, &count);
    const uint64_t share = timed ? (prk_thread_cpu_ns() - start) / all : 0;
    for (size_t i = 0; i < all; i++) {
        numbers[i].report->cpu_ns += share;
    }
    static const stage stages[] = {special, strong, parameters, lucas};
    for (size_t i = 0; i < sizeof stages / sizeof stages[0] && status == PRK_STATUS_OK; i++) {
        status = pass_through(&r, stages[i], list, &count);
    }
    for (uint32_t round = 1; round <= options->rounds && count > 0 && status == PRK_STATUS_OK;
         round++) {
        status = pass_through(&r, random_base, list, &count);
    }
    return status == PRK_STATUS_OK ? confirm(&r, numbers, all) : status;
}
