// SPDX-License-Identifier: Apache-2.0
//
// Computations of one thread that take turns: each has a stack of its own, and goes on where it
// was when it is resumed.

#ifndef PRK_FIBER_H
#define PRK_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef struct prk_fiber prk_fiber;

/// One that has nothing to do. NULL: no memory. It stays with the thread that made it.
prk_fiber *prk_fiber_make(void);
/// Has it call `run` from the next time on that it is resumed. It has ended, or never began.
void prk_fiber_begin(prk_fiber *fiber, void (*run)(void *context), void *context);
/// Lets it run until it waits or ends, and says whether it has not ended. Not from another fiber.
bool prk_fiber_resume(prk_fiber *fiber);
/// Called by the fiber itself: returns when it is resumed.
void prk_fiber_wait(prk_fiber *fiber);
/// Of one that has ended, or never began. Accepts NULL.
void prk_fiber_destroy(prk_fiber *fiber);

#pragma GCC visibility pop

#endif
