// SPDX-License-Identifier: Apache-2.0
//
// Work without the interpreter's lock, which Ctrl-C ends. Python runs handlers of signals in its
// main thread alone, between two of its own instructions: who computes there has to ask. So long
// work runs on threads of its own, while the caller asks every 20 ms.

#ifndef PRK_PY_WATCH_H
#define PRK_PY_WATCH_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "primality.h"

/// What a thread does. It returns PRK_STATUS_CANCELLED soon after `cancel` was raised. It holds no
/// lock and may not call Python.
typedef prk_status prk_py_work(void *context, const uint32_t *cancel);

/// How long work takes, as far as can be foretold.
typedef enum prk_py_length {
    /// Some dozens of microseconds: not worth giving the lock away, which others keep for 5 ms.
    PRK_PY_SHORT,
    /// Up to some 10 ms: without the lock, in the calling thread.
    PRK_PY_MIDDLE,
    /// Or longer, or unknown.
    PRK_PY_LONG,
} prk_py_length;

/// The length of so many nanoseconds.
prk_py_length prk_py_length_of(double nanoseconds);

/// About how many nanoseconds it takes to test a prime of so many bits: the most that a test does,
/// at the slower levels.
double prk_py_cost(size_t bits);

/// Runs the work, on so many threads if it is long, and waits for it. When a handler of a signal
/// raises, as that of Ctrl-C does, the work is cancelled and awaited: PRK_STATUS_CANCELLED, and the
/// exception is set. Else the first status of a thread that is not PRK_STATUS_OK.
prk_status prk_py_run(prk_py_work *work, void *context, unsigned threads, prk_py_length length);

#endif
