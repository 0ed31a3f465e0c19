// SPDX-License-Identifier: Apache-2.0
//
// How the steps of a certificate hang together: by falling n, each step marks those of its primes.
// A prime that is not below its n marks nothing, so that no ring is ever followed.

#include <stdlib.h>

#include "ties.h"

typedef struct place {
    mpz_srcptr n;
    size_t index;
} place;

static int compare(const void *left, const void *right) {
    const place *a = left, *b = right;
    const int order = mpz_cmp(b->n, a->n);
    return order != 0 ? order : a->index < b->index ? -1 : a->index > b->index;
}

size_t prk_ties_of(const prk_certificate *certificate, const prk_ties *ties, mpz_srcptr n) {
    size_t low = 0, high = certificate->count;
    while (low < high) { // the first that is not above n
        const size_t middle = low + (high - low) / 2;
        if (mpz_cmp(certificate->steps[ties->order[middle]].n, n) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool is_there =
        low < certificate->count && mpz_cmp(certificate->steps[ties->order[low]].n, n) == 0;
    return is_there ? low : certificate->count;
}

static void mark(const prk_certificate *certificate, prk_ties *ties, mpz_srcptr n) {
    size_t at = prk_ties_of(certificate, ties, n);
    // Those of one n are marked together, so that the first one tells.
    if (at < certificate->count && ties->is_reached[ties->order[at]]) {
        return;
    }
    for (; at < certificate->count && mpz_cmp(certificate->steps[ties->order[at]].n, n) == 0;
         at++) {
        ties->is_reached[ties->order[at]] = true;
    }
}

bool prk_ties_find(const prk_certificate *certificate, prk_ties *ties) {
    const size_t count = certificate->count;
    place *places = malloc((count + 1) * sizeof *places);
    ties->order = malloc((count + 1) * sizeof *ties->order);
    ties->is_reached = calloc(count + 1, sizeof *ties->is_reached);
    if (places == NULL || ties->order == NULL || ties->is_reached == NULL) {
        free(places);
        prk_ties_free(ties);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = (place){certificate->steps[i].n, i};
    }
    qsort(places, count, sizeof *places, compare);
    for (size_t i = 0; i < count; i++) {
        ties->order[i] = places[i].index;
    }
    free(places);
    mark(certificate, ties, certificate->n);
    for (size_t i = 0; i < count; i++) {
        const prk_step *step = &certificate->steps[ties->order[i]];
        if (!ties->is_reached[ties->order[i]]) {
            continue;
        }
        for (size_t k = 0; k < prk_step_needs(step); k++) {
            if (mpz_cmp(prk_step_need(step, k), step->n) < 0) {
                mark(certificate, ties, prk_step_need(step, k));
            }
        }
    }
    return true;
}

void prk_ties_free(prk_ties *ties) {
    free(ties->order);
    free(ties->is_reached);
    *ties = (prk_ties){NULL, NULL};
}
