// SPDX-License-Identifier: Apache-2.0
//
// The prime next to a number, and the primes of a range.

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

#include "../include/prk_kernels.h"
#include "../include/prk_search.h"

// Numbers tested at once in search of a single one: few enough that little is tested in vain, and
// what fills the lanes.
enum { TOGETHER = 8 };

// --- Below 2^64 ----------------------------------------------------------------------------------

uint64_t prk_next_prime_u64(uint64_t n) {
    if (n < 2) {
        return 2;
    }
    for (uint64_t odd = (n + 1) | 1; odd > n; odd += 2) { // until it wraps
        if (prk_is_prime_u64(odd)) {
            return odd;
        }
    }
    return 0;
}

uint64_t prk_previous_prime_u64(uint64_t n) {
    if (n <= 3) {
        return n == 3 ? 2 : 0;
    }
    uint64_t odd = (n - 2) | 1;
    while (!prk_is_prime_u64(odd)) {
        odd -= 2;
    }
    return odd;
}

// The primes that a window leaves.
static prk_status collect(prk_window *window, const uint32_t *cancel, uint64_t *primes,
                          size_t capacity, size_t *count) {
    enum { BATCH = 8192 };
    uint64_t *numbers = malloc(BATCH * (sizeof *numbers + 1));
    if (numbers == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    uint8_t *verdicts = (uint8_t *)(numbers + BATCH);
    prk_status status = PRK_STATUS_OK;
    size_t length = 1;
    while (status == PRK_STATUS_OK && length > 0 && *count < capacity) {
        const size_t wanted = capacity - *count < BATCH ? capacity - *count : BATCH;
        for (length = 0; length < wanted && status == PRK_STATUS_OK; length++) {
            const uint64_t *limbs;
            size_t limb_count;
            status = prk_window_next(window, cancel, &limbs, &limb_count);
            if (status != PRK_STATUS_OK || limbs == NULL) {
                break;
            }
            numbers[length] = limbs[0];
        }
        // What was taken before the flag was raised counts.
        const prk_status tested = prk_test_u64_batch(numbers, verdicts, length);
        status = tested == PRK_STATUS_OK ? status : tested;
        for (size_t i = 0; tested == PRK_STATUS_OK && i < length; i++) {
            if (verdicts[i] == PRK_PRIME) {
                primes[(*count)++] = numbers[i];
            }
        }
    }
    free(numbers);
    return status;
}

prk_status prk_primes_u64(uint64_t low, uint64_t high, const uint32_t *cancel, uint64_t *primes,
                          size_t capacity, size_t *count) {
    if (count == NULL || (primes == NULL && capacity > 0)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *count = 0;
    if (low > high) {
        return PRK_STATUS_OK;
    }
    const uint64_t end[2] = {high + 1, high == UINT64_MAX};
    prk_window *window;
    prk_status status = prk_window_create(&low, 1, end, 2, PRK_ASCENDING, 0, &window);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    status = collect(window, cancel, primes, capacity, count);
    prk_window_destroy(window);
    return status;
}

// --- Of any size ---------------------------------------------------------------------------------

// Candidates of a window that are tested at once.
typedef struct batch {
    size_t count, places;
    uint64_t offsets[TOGETHER + 1];
    uint8_t verdicts[TOGETHER];
    uint64_t *limbs;
    unsigned char *reports; // NULL: not wanted
    size_t report_size;
} batch;

static prk_status fill(batch *b, prk_window *window, const uint32_t *cancel) {
    b->count = 0;
    prk_status status = prk_window_deepen(window, cancel);
    while (status == PRK_STATUS_OK && b->count < TOGETHER) {
        const uint64_t *limbs;
        size_t limb_count;
        status = prk_window_next(window, cancel, &limbs, &limb_count);
        // One that has no room lies beyond twice the number below which there is a prime.
        if (status != PRK_STATUS_OK || limbs == NULL || limb_count > b->places) {
            break;
        }
        const uint64_t from = b->offsets[b->count];
        memcpy(b->limbs + from, limbs, limb_count * sizeof *limbs);
        b->offsets[++b->count] = from + limb_count;
    }
    return status;
}

// The first of a window's numbers that passes its test.
static prk_status find(batch *b, prk_window *window, const prk_options *options,
                       prk_scratch *scratch, uint64_t *prime, prk_report *report) {
    const uint32_t *cancel = options == NULL ? NULL : options->cancel;
    for (;;) {
        prk_status status = fill(b, window, cancel);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (b->count == 0) {
            return PRK_STATUS_INVALID_ARGUMENT; // there is none
        }
        status = prk_test_batch(PRK_ENGINE_AUTO, b->limbs, b->offsets, b->count, options, scratch,
                                b->verdicts, (prk_report *)(void *)b->reports);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < b->count; i++) {
            if (b->verdicts[i] == PRK_PRIME || b->verdicts[i] == PRK_PROBABLE_PRIME) {
                const size_t limb_count = (size_t)(b->offsets[i + 1] - b->offsets[i]);
                memset(prime, 0, b->places * sizeof *prime);
                memcpy(prime, b->limbs + b->offsets[i], limb_count * sizeof *prime);
                if (report != NULL) {
                    memcpy(report, b->reports + i * b->report_size, b->report_size);
                }
                return PRK_STATUS_OK;
            }
        }
    }
}

// The first of a window's numbers that passes, in as many places.
static prk_status find_first(prk_window *window, size_t places, const prk_options *options,
                             prk_scratch *scratch, uint64_t *prime, prk_report *report) {
    batch b = {.places = places};
    b.report_size =
        options == NULL || options->report_size == 0 ? sizeof *report : options->report_size;
    b.limbs = malloc(TOGETHER * places * sizeof *b.limbs);
    b.reports = report == NULL ? NULL : calloc(TOGETHER, b.report_size);
    prk_scratch *own = scratch == NULL ? prk_scratch_create() : NULL;
    prk_status status = PRK_STATUS_NO_MEMORY;
    if (b.limbs != NULL && (scratch != NULL || own != NULL) &&
        (report == NULL || b.reports != NULL)) {
        status = find(&b, window, options, scratch == NULL ? own : scratch, prime, report);
    }
    prk_scratch_destroy(own);
    free(b.reports);
    free(b.limbs);
    return status;
}

static prk_status check(const uint64_t *limbs, size_t limb_count, const prk_options *options,
                        const uint64_t *prime) {
    if ((limbs == NULL && limb_count > 0) || prime == NULL ||
        (options != NULL && options->forms != NULL)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    return prk_size_is_taken(limb_count) ? PRK_STATUS_OK : PRK_STATUS_TOO_LARGE;
}

prk_status prk_next_prime(const uint64_t *limbs, size_t limb_count, const prk_options *options,
                          prk_scratch *scratch, uint64_t *prime, prk_report *report) {
    prk_status status = check(limbs, limb_count, options, prime);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    const size_t places = limb_count + 1;
    uint64_t *above = calloc(places, sizeof *above);
    if (above == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    if (limb_count > 0) {
        above[limb_count] = mpn_add_1(above, limbs, (mp_size_t)limb_count, 1);
    } else {
        above[0] = 1;
    }
    prk_window *window;
    status = prk_window_create(above, places, NULL, 0, PRK_ASCENDING, 1, &window);
    free(above);
    if (status == PRK_STATUS_OK) {
        status = find_first(window, places, options, scratch, prime, report);
        prk_window_destroy(window);
    }
    return status;
}

prk_status prk_previous_prime(const uint64_t *limbs, size_t limb_count, const prk_options *options,
                              prk_scratch *scratch, uint64_t *prime, prk_report *report) {
    prk_status status = check(limbs, limb_count, options, prime);
    // Without limbs a number is 0.
    if (status != PRK_STATUS_OK || limb_count == 0) {
        return status != PRK_STATUS_OK ? status : PRK_STATUS_INVALID_ARGUMENT;
    }
    const uint64_t zero = 0;
    prk_window *window;
    status = prk_window_create(&zero, 1, limbs, limb_count, PRK_DESCENDING, 1, &window);
    if (status == PRK_STATUS_OK) {
        status = find_first(window, limb_count, options, scratch, prime, report);
        prk_window_destroy(window);
    }
    return status;
}
