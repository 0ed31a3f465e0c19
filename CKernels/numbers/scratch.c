// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "../include/prk_keys.h"
#include "scratch.h"

prk_scratch *prk_scratch_create(void) {
    prk_scratch *s = malloc(sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->reserved = s->taken = 0;
    s->seat = NULL;
    s->team = NULL;
    s->watch = NULL;
    s->repairs = (prk_repairs){0};
    s->threads = 1;
    s->crew = NULL;
    s->lanes = s->test = s->block = (prk_memory){0};
    // mpz_init takes no memory; the numbers grow with the first test and are kept.
    for (int i = 0; i < PRK_SCRATCH_NUMBERS; i++) {
        mpz_init(s->numbers[i]);
    }
    for (int i = 0; i < PRK_KEPT_INVERSES; i++) {
        mpz_init(s->inverses[i].n);
        mpz_init(s->inverses[i].inverse);
    }
    return s;
}

void prk_scratch_destroy(prk_scratch *s) {
    if (s == NULL) {
        return;
    }
    prk_crew_destroy(s->crew);
    for (int i = 0; i < PRK_SCRATCH_NUMBERS; i++) {
        mpz_clear(s->numbers[i]);
    }
    for (int i = 0; i < PRK_KEPT_INVERSES; i++) {
        mpz_clear(s->inverses[i].n);
        mpz_clear(s->inverses[i].inverse);
    }
    free(s->lanes.start);
    free(s->test.start);
    free(s->block.start);
    free(s);
}

void prk_scratch_destroy_wiped(prk_scratch *s) {
    if (s == NULL) {
        return;
    }
    prk_memory *const kept[] = {&s->lanes, &s->test, &s->block};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        prk_wipe(kept[i]->start, kept[i]->bytes);
    }
    prk_scratch_destroy(s);
}

#define LARGE ((size_t)1 << 14)

prk_status prk_scratch_reserve(prk_scratch *s, size_t limbs) {
    if (limbs <= s->reserved) {
        return PRK_STATUS_OK;
    }
    // The scratch itself, and what GMP's multiplication and division take for a while: measured at
    // about 30 n with windows, and 4 n for inverses that are kept; nearly twice that is asked for.
    // From a million bits on transforms need most: with a table of a random base's powers, and what
    // checks keep, 50 bytes a bit at most (measured: 15 without the table).
    const size_t each = limbs < LARGE ? 64 : 50 * GMP_NUMB_BITS / sizeof(mp_limb_t);
    if (limbs > SIZE_MAX / (each * sizeof(mp_limb_t))) {
        return PRK_STATUS_NO_MEMORY;
    }
    // malloc promises more than there is.
    if (limbs >= LARGE && each * sizeof(mp_limb_t) * limbs > prk_memory_available()) {
        return PRK_STATUS_NO_MEMORY;
    }
    // Volatile: a compiler may take away an allocation that is only compared, as clang does here.
    void *volatile probe = malloc(each * sizeof(mp_limb_t) * limbs);
    if (probe == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    free(probe);
    s->reserved = limbs;
    return PRK_STATUS_OK;
}

void prk_scratch_set_threads(prk_scratch *s, unsigned threads) {
    if (threads != s->threads) {
        prk_crew_destroy(s->crew);
        s->crew = NULL;
        s->threads = threads;
    }
}

prk_crew *prk_scratch_crew(prk_scratch *s) {
    if (s->crew == NULL && s->threads > 1) {
        s->crew = prk_crew_create(s->threads);
    }
    return s->crew;
}
