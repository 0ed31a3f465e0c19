// SPDX-License-Identifier: Apache-2.0
//
// Random primes: numbers of a size are drawn until one passes.

#define _DEFAULT_SOURCE // explicit_bzero

#include <gmp.h>
#include <string.h>
#include <sys/random.h>

#include "../include/prk_kernels.h"
#include "../include/prk_search.h"

uint64_t prk_seeded_word(void *context) {
    prk_seeded *place = context;
    uint64_t word;
    prk_random_words(place->seed, place->word++, &word, 1);
    return word;
}

// The system's words, some at a time.
typedef struct system_words {
    uint64_t words[32];
    size_t left;
    bool has_failed;
} system_words;

static uint64_t system_word(void *context) {
    system_words *s = context;
    if (s->left == 0) {
        // Up to 256 bytes come whole, and no signal interrupts that.
        if (getrandom(s->words, sizeof s->words, 0) != (ssize_t)sizeof s->words) {
            s->has_failed = true;
            return 0;
        }
        s->left = sizeof s->words / sizeof s->words[0];
    }
    return s->words[--s->left];
}

// A random number of exactly so many bits; an odd one, when they are more than 2.
static prk_status draw(uint64_t bits, prk_word_source *words, void *context, const uint32_t *cancel,
                       uint64_t *limbs) {
    const size_t count = (size_t)((bits + 63) / 64);
    for (size_t i = 0; i < count; i++) {
        if (i % 65536 == 0 && prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        limbs[i] = words(context);
    }
    const unsigned top = (unsigned)((bits - 1) % 64);
    limbs[count - 1] = (limbs[count - 1] & UINT64_MAX >> (63 - top)) | UINT64_C(1) << top;
    limbs[0] |= bits > 2 ? 1 : 0;
    return PRK_STATUS_OK;
}

prk_status prk_draw_candidate(uint64_t bits, bool is_safe, prk_word_source *words, void *context,
                              const uint32_t *cancel, uint64_t *limbs) {
    const size_t count = (size_t)((bits + 63) / 64);
    for (;;) {
        prk_status status = draw(bits, words, context, cancel, limbs);
        // Below 2^64 dividing would cost as much as the test.
        if (status != PRK_STATUS_OK || bits <= 64) {
            return status;
        }
        bool survives;
        status = prk_candidate_survives(limbs, count, is_safe, cancel, &survives);
        if (status != PRK_STATUS_OK || survives) {
            return status;
        }
    }
}

// Tests one number, with the evidence.
static prk_status test(const uint64_t *limbs, size_t limb_count, const prk_options *options,
                       prk_scratch *scratch, bool *passed, prk_report *report) {
    const uint64_t offsets[2] = {0, limb_count};
    uint8_t verdict = PRK_UNTESTED;
    const prk_status status =
        prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, 1, options, scratch, &verdict, report);
    *passed = verdict == PRK_PRIME || verdict == PRK_PROBABLE_PRIME;
    return status;
}

static prk_status find(uint64_t bits, bool is_safe, prk_word_source *words, void *context,
                       const prk_options *options, prk_scratch *scratch, uint64_t *prime,
                       prk_report *report) {
    const uint32_t *cancel = options == NULL ? NULL : options->cancel;
    const size_t count = (size_t)((bits + 63) / 64);
    const uint64_t drawn = is_safe ? bits - 1 : bits;
    const size_t drawn_count = (size_t)((drawn + 63) / 64);
    for (;;) {
        prk_status status = prk_draw_candidate(drawn, is_safe, words, context, cancel, prime);
        if (status == PRK_STATUS_OK && words == system_word &&
            ((const system_words *)context)->has_failed) {
            status = PRK_STATUS_INVALID_ARGUMENT;
        }
        if (status != PRK_STATUS_OK) {
            return status;
        }
        bool passed = false;
        status = test(prime, drawn_count, options, scratch, &passed, is_safe ? NULL : report);
        if (status == PRK_STATUS_OK && passed && is_safe) {
            prime[count - 1] = drawn_count < count ? 0 : prime[count - 1];
            mpn_lshift(prime, prime, (mp_size_t)count, 1);
            prime[0] |= 1;
            status = test(prime, count, options, scratch, &passed, report);
        }
        if (status != PRK_STATUS_OK || passed) {
            return status;
        }
    }
}

prk_status prk_random_prime(uint64_t bits, bool is_safe, prk_word_source *words, void *context,
                            const prk_options *options, prk_scratch *scratch, uint64_t *prime,
                            prk_report *report) {
    if (prime == NULL || bits < (is_safe ? 3 : 2) || (options != NULL && options->forms != NULL)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (bits > PRK_MOST_BITS || !prk_size_is_taken((size_t)((bits + 63) / 64))) {
        return PRK_STATUS_TOO_LARGE;
    }
    prk_scratch *own = scratch == NULL ? prk_scratch_create() : NULL;
    if (scratch == NULL && own == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    system_words system = {.left = 0};
    if (words == NULL) {
        words = system_word;
        context = &system;
    }
    const prk_status status =
        find(bits, is_safe, words, context, options, own == NULL ? scratch : own, prime, report);
    explicit_bzero(&system, sizeof system); // half of it may be a key
    prk_scratch_destroy(own);
    return status;
}
