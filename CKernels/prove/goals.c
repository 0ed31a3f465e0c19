// SPDX-License-Identifier: Apache-2.0
//
// Which of a search's goals are of one number, and of the proof.

#include <stdlib.h>

#include "prove.h"

prk_goal *prk_search_goal(const prk_search *search, mpz_srcptr n) {
    for (size_t i = 0; i < search->count; i++) {
        if (mpz_cmp(search->goals[i]->n, n) == 0) {
            return search->goals[i];
        }
    }
    return NULL;
}

prk_goal **prk_search_proof(const prk_search *search, size_t *count) {
    prk_goal **queue = malloc(search->count * sizeof(prk_goal *));
    *count = 0;
    if (queue == NULL) {
        return NULL;
    }
    queue[(*count)++] = search->goals[0];
    for (size_t i = 0; i < *count; i++) {
        for (size_t j = 0; j < prk_goal_needs(queue[i]); j++) {
            mpz_srcptr p = prk_goal_need(queue[i], j);
            prk_goal *other = mpz_size(p) <= 1 ? NULL : prk_search_goal(search, p);
            bool is_new = other != NULL;
            for (size_t k = 0; k < *count; k++) {
                is_new = is_new && queue[k] != other;
            }
            if (is_new) {
                queue[(*count)++] = other;
            }
        }
    }
    return queue;
}
