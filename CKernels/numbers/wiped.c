// SPDX-License-Identifier: Apache-2.0
//
// GMP's memory, overwritten before it is given back.

#include <string.h>

#include <gmp.h>

#include "../include/prk_keys.h"
#include "integer.h"

// What GMP used before: set once, by prk_gmp_wipe_freed.
static void *(*take)(size_t);
static void (*give_back)(void *, size_t);

static void wipe_and_give_back(void *start, size_t bytes) {
    prk_wipe(start, bytes);
    give_back(start, bytes);
}

static void *move_and_wipe(void *start, size_t before, size_t after) {
    void *const moved = take(after); // ends the process where there is none, as GMP does
    memcpy(moved, start, before < after ? before : after);
    wipe_and_give_back(start, before);
    return moved;
}

void prk_gmp_wipe_freed(void) {
    if (take != NULL) {
        return;
    }
    mp_get_memory_functions(&take, NULL, &give_back);
    // What was taken before was taken by the same function, and its size is told as well.
    mp_set_memory_functions(take, move_and_wipe, wipe_and_give_back);
}

void prk_integer_destroy_wiped(prk_integer *a) {
    if (a == NULL) {
        return;
    }
    const size_t room = (size_t)a->value->_mp_alloc;
    if (room > 0) {
        prk_wipe(mpz_limbs_modify(a->value, (mp_size_t)room), room * sizeof(mp_limb_t));
        mpz_limbs_finish(a->value, 0);
    }
    prk_integer_destroy(a);
}
