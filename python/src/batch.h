// SPDX-License-Identifier: Apache-2.0
//
// Tests of one number and of many, below the ufuncs and test_batch().

#ifndef PRK_PY_BATCH_H
#define PRK_PY_BATCH_H

#include "numbers.h"
#include "watch.h"

/// Numbers to test, and where what comes of them goes.
typedef struct prk_py_batch {
    /// As prk_test_batch has them. `offsets` NULL: each number is a word.
    const uint64_t *limbs, *offsets;
    /// Words are signed: negative ones are neither prime nor composite.
    bool is_signed;
    size_t count;
    uint64_t seed;
    uint32_t rounds;
    unsigned threads;
    uint8_t *verdicts;
    /// Of the evidence; all are NULL, or none is.
    uint8_t *methods;
    uint64_t *factors, *residues, *times;
    /// Inside: how much a thread takes at once, and where the next one begins.
    size_t slice, next;
} prk_py_batch;

/// Tests all. The caller holds the lock, which is given away meanwhile unless they are few.
prk_status prk_py_batch_run(prk_py_batch *batch);

/// The verdict on one number. The caller holds the lock.
prk_status prk_py_test_one(const prk_py_int *n, uint8_t *verdict);

/// The seed of random bases where none is given. It is the process's, from the system's generator,
/// and never shown: who chose a number could not know it.
extern uint64_t prk_py_seed;

// --- Functions of the module
// ----------------------------------------------------------------------

PyObject *prk_py_is_prime_int(PyObject *module, PyObject *object);
PyObject *prk_py_test_batch(PyObject *module, PyObject *args);

/// Adds the ufuncs. False: an exception is set.
bool prk_py_add_ufuncs(PyObject *module);

#endif
