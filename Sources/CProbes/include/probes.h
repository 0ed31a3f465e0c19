// SPDX-License-Identifier: Apache-2.0
//
// Functions whose calls `primality bench` times: what they do is next to nothing.

#ifndef PRIMALITY_PROBES_H
#define PRIMALITY_PROBES_H

#include <stddef.h>
#include <stdint.h>

#include "prk_annotations.h"

/// A step of a generator that the next one waits for, and of which no compiler makes two at once.
static inline uint64_t probe_step_inline(uint64_t x) {
    return (x ^ x >> 32) * UINT64_C(6364136223846793005);
}

/// Nothing, out of line.
void probe_nothing(void);

/// The same step out of line.
uint64_t probe_step(uint64_t x);

typedef uint64_t (*probe_function)(uint64_t x);

/// That function's address, which the caller's compiler doesn't know.
probe_function probe_step_pointer(void);

/// A step from the first and the last number.
uint64_t probe_ends(const uint64_t *PRK_COUNTED_BY(count) numbers PRK_NOESCAPE, size_t count);

/// A step from an object's address.
uint64_t probe_object(const void *object);

/// `count` steps by a function of the caller's.
uint64_t probe_call_back(uint64_t (*step)(const void *context, uint64_t x), const void *context,
                         uint64_t x, size_t count);

/// Nanoseconds to fork a child, and until it has ended and is reaped; it does nothing. -1: it could
/// not be forked.
double probe_fork_ns(void);

#endif
