// SPDX-License-Identifier: Apache-2.0
//
// Windows of any length: segments of odd numbers, which prk_sieve_window sieves.

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

#include "../include/prk_kernels.h"
#include "../include/prk_search.h"

// Odd numbers sieved at once: enough for a segment's divisions to cost less than its marks.
#define LONGEST_SEGMENT ((size_t)1 << 16)

struct prk_window {
    prk_direction direction;
    bool two_is_due;
    // How many odd numbers a segment has, and the current one.
    size_t most, length;
    // Up to which primes the segment is sieved, and up to which it pays.
    uint64_t depth, deepest;
    // How many words of marks were left behind.
    size_t words_done;
    // Limbs of each number below.
    size_t places;
    // What was not sieved yet, an odd number and an end; the segment's first number; the one that
    // was given last.
    uint64_t *low, *high, *first, *given;
    // Numbers that are left and not yet given.
    uint64_t *marks;
    uint64_t room[];
};

static size_t words_of(size_t count) { return (count + 63) / 64; }

static size_t room_of(size_t places, size_t most) { return 4 * places + words_of(most); }

static prk_window *allocate(size_t places, size_t most) {
    prk_window *w = calloc(1, sizeof *w + room_of(places, most) * sizeof(uint64_t));
    if (w != NULL) {
        w->places = places;
        w->most = most;
        w->low = w->room;
        w->high = w->low + places;
        w->first = w->high + places;
        w->given = w->first + places;
        w->marks = w->given + places;
    }
    return w;
}

static size_t significant(const uint64_t *limbs, size_t count) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

static size_t bits_of(const uint64_t *limbs, size_t count) {
    const size_t size = significant(limbs, count);
    return size == 0 ? 0 : 64 * size - (size_t)__builtin_clzll(limbs[size - 1]);
}

// One of ln n numbers is prime: as many odd ones as n has bits hold none with a probability of some
// 6 %.
static size_t segment_for(size_t bits, uint64_t expected) {
    uint64_t length;
    if (expected == 0 || __builtin_mul_overflow((uint64_t)bits, expected, &length)) {
        return LONGEST_SEGMENT;
    }
    return length < 64 ? 64 : length < LONGEST_SEGMENT ? (size_t)length : LONGEST_SEGMENT;
}

prk_status prk_window_create(const uint64_t *low, size_t low_limbs, const uint64_t *high,
                             size_t high_limbs, prk_direction direction, uint64_t expected,
                             prk_window **window) {
    if (window == NULL || (low == NULL && low_limbs > 0) || (unsigned)direction > PRK_DESCENDING ||
        (high == NULL && direction == PRK_DESCENDING)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    high_limbs = high == NULL ? 0 : high_limbs;
    if (!prk_size_is_taken(low_limbs) || !prk_size_is_taken(high_limbs)) {
        return PRK_STATUS_TOO_LARGE;
    }
    // Room for a carry, and for an end that no search reaches.
    const size_t places = (low_limbs > high_limbs ? low_limbs : high_limbs) + 2;
    const size_t bits =
        direction == PRK_DESCENDING ? bits_of(high, high_limbs) : bits_of(low, low_limbs);
    prk_window *w = allocate(places, segment_for(bits, expected));
    if (w == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    w->direction = direction;
    if (low_limbs > 0) {
        memcpy(w->low, low, low_limbs * sizeof *low);
    }
    if (high == NULL) {
        w->high[places - 1] = 1;
    } else if (high_limbs > 0) {
        memcpy(w->high, high, high_limbs * sizeof *high);
    }
    w->two_is_due = significant(w->low, places) <= 1 && w->low[0] <= 2 &&
                    (significant(w->high, places) > 1 || w->high[0] > 2);
    if (w->low[0] % 2 == 0) {
        w->low[0] |= 1;
    }
    *window = w;
    return PRK_STATUS_OK;
}

prk_window *prk_window_copy(const prk_window *window) {
    prk_window *w = allocate(window->places, window->most);
    if (w != NULL) {
        w->direction = window->direction;
        w->two_is_due = window->two_is_due;
        w->length = window->length;
        w->depth = window->depth;
        w->deepest = window->deepest;
        w->words_done = window->words_done;
        memcpy(w->room, window->room, room_of(w->places, w->most) * sizeof *w->room);
    }
    return w;
}

void prk_window_destroy(prk_window *window) { free(window); }

// How many odd numbers the next segment has; 0 when there is none. Takes the place of the number
// that was given last.
static size_t next_length(prk_window *w) {
    if (mpn_cmp(w->low, w->high, (mp_size_t)w->places) >= 0) {
        return 0;
    }
    mpn_sub_n(w->given, w->high, w->low, (mp_size_t)w->places);
    if (significant(w->given, w->places) > 1 || w->given[0] / 2 >= w->most) {
        return w->most;
    }
    return (size_t)(w->given[0] / 2 + w->given[0] % 2);
}

// Sieves the next segment; `*length` is 0 when there is none. What was not sieved yet stays that
// when this is cancelled.
static prk_status sieve_segment(prk_window *w, const uint32_t *cancel, size_t *length) {
    *length = next_length(w);
    if (*length == 0) {
        return PRK_STATUS_OK;
    }
    w->length = 0; // of marks that are about to be changed
    const mp_size_t places = (mp_size_t)w->places;
    const uint64_t behind = 2 * (uint64_t)*length; // from one segment's first number to the next's
    if (w->direction == PRK_DESCENDING) {
        // The greatest odd number below the end is the segment's last.
        mpn_sub_1(w->first, w->high, places, behind - 2 + (w->high[0] % 2 == 0 ? 1 : 2));
    } else {
        memcpy(w->first, w->low, w->places * sizeof *w->first);
    }
    const size_t limbs = significant(w->first, w->places);
    const prk_status status = prk_sieve_window(w->first, limbs, *length, cancel, w->marks);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    w->length = *length;
    w->words_done = 0;
    w->depth = 1 << 16;
    w->deepest = prk_sieve_window_depth(limbs, *length);
    if (w->direction == PRK_DESCENDING) {
        memcpy(w->high, w->first, w->places * sizeof *w->high);
    } else {
        mpn_add_1(w->low, w->first, places, behind);
    }
    return PRK_STATUS_OK;
}

// Takes the next mark of the segment, in the window's direction; false when there is none.
static bool take_mark(prk_window *w, uint64_t *place) {
    const size_t words = words_of(w->length);
    const bool descends = w->direction == PRK_DESCENDING;
    for (; w->words_done < words; w->words_done++) {
        const size_t i = descends ? words - 1 - w->words_done : w->words_done;
        const uint64_t word = w->marks[i];
        if (word != 0) {
            const int bit = descends ? 63 - __builtin_clzll(word) : __builtin_ctzll(word);
            w->marks[i] = word & ~(UINT64_C(1) << bit);
            *place = 64 * (uint64_t)i + (uint64_t)bit;
            return true;
        }
    }
    return false;
}

static void give(prk_window *w, const uint64_t **limbs, size_t *limb_count) {
    *limb_count = significant(w->given, w->places);
    *limbs = w->given;
}

static void give_two(prk_window *w, const uint64_t **limbs, size_t *limb_count) {
    w->two_is_due = false;
    memset(w->given, 0, w->places * sizeof *w->given);
    w->given[0] = 2;
    give(w, limbs, limb_count);
}

prk_status prk_window_next(prk_window *w, const uint32_t *cancel, const uint64_t **limbs,
                           size_t *limb_count) {
    if (w->two_is_due && w->direction == PRK_ASCENDING) {
        give_two(w, limbs, limb_count);
        return PRK_STATUS_OK;
    }
    *limbs = NULL;
    *limb_count = 0;
    uint64_t place;
    while (!take_mark(w, &place)) {
        size_t length;
        const prk_status status = sieve_segment(w, cancel, &length);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (length == 0) {
            if (w->two_is_due) {
                give_two(w, limbs, limb_count);
            }
            return PRK_STATUS_OK;
        }
    }
    mpn_add_1(w->given, w->first, (mp_size_t)w->places, 2 * place);
    give(w, limbs, limb_count);
    return PRK_STATUS_OK;
}

prk_status prk_window_deepen(prk_window *w, const uint32_t *cancel) {
    if (w->depth >= w->deepest || w->words_done >= words_of(w->length)) {
        return PRK_STATUS_OK;
    }
    const uint64_t next = 2 * w->depth < w->deepest ? 2 * w->depth : w->deepest;
    const prk_status status = prk_sieve_window_further(w->first, significant(w->first, w->places),
                                                       w->length, w->depth, next, cancel, w->marks);
    if (status == PRK_STATUS_OK) {
        w->depth = next;
    }
    return status;
}
