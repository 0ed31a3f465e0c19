// SPDX-License-Identifier: Apache-2.0
//
// How both tests run through their levels, for any number of numbers in step.

#ifndef PRK_U64_DESCEND_H
#define PRK_U64_DESCEND_H

// The strong test and the Lucas test descend from the leading bits of n - 1 or n + 1, at `level`,
// to level 1. From `first_look` on a number may pass at each level. Until `all_started` some
// numbers, smaller ones, may not have begun. EACH(statement) repeats a statement for each number or
// vector.
//
// The variables level, all_started and first_look are the includer's; FIRST_STEP takes those to a
// level that have begun, and looks; STEP takes all; LOOK looks.
#define PRK_DESCEND(EACH, FIRST_STEP, STEP, LOOK)                                                  \
    while (level > all_started) {                                                                  \
        level--;                                                                                   \
        EACH(FIRST_STEP)                                                                           \
    }                                                                                              \
    while (level > first_look) {                                                                   \
        level--;                                                                                   \
        EACH(STEP)                                                                                 \
    }                                                                                              \
    for (;;) {                                                                                     \
        EACH(LOOK)                                                                                 \
        if (level <= 1) {                                                                          \
            break;                                                                                 \
        }                                                                                          \
        level--;                                                                                   \
        EACH(STEP)                                                                                 \
    }

#endif
