// SPDX-License-Identifier: Apache-2.0
//
// Python's ints as limbs, limbs as Python's ints, and statuses as exceptions. All of it is for
// threads that hold the interpreter's lock.

#ifndef PRK_PY_NUMBERS_H
#define PRK_PY_NUMBERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "primality.h"

/// An int of any size. Up to PRK_PY_FEW limbs take nothing from the heap.
#define PRK_PY_FEW 40
typedef struct prk_py_int {
    /// Least significant first, without leading zeros; of a negative number there are none.
    uint64_t *limbs;
    size_t count;
    bool is_negative;
    uint64_t few[PRK_PY_FEW];
} prk_py_int;

/// Finds what this interpreter has for large ints. Once, before the others.
void prk_py_numbers_prepare(void);

/// Reads an int, or what has __index__. False: an exception is set, and for whatever is no integer
/// it says what to do. `who` is the function that the caller called.
bool prk_py_int_read(prk_py_int *n, PyObject *object, const char *who);
void prk_py_int_free(prk_py_int *n);

/// What to do about floats.
#define PRK_PY_FLOATS                                                                              \
    "floats are not exact above 2**53, and NumPy makes them of a list that mixes negative ints "   \
    "with ints from 2**63 on: give int(x), x.astype(numpy.int64), or numpy.array(list, "           \
    "dtype=object)"
#define PRK_PY_MISSING "leave missing values out, by where= or by pandas' dtype Int64"
#define PRK_PY_TEXTS "read digits by int(text)"

/// The size of the number; 0 for 0.
size_t prk_py_int_bits(const prk_py_int *n);

/// NULL: an exception is set.
PyObject *prk_py_int_make(const uint64_t *limbs, size_t count);

/// Numbers of a batch, one behind the other, as prk_test_batch takes them. Each has a limb at
/// least, so that numbers of one word stand as in an array of words.
typedef struct prk_py_numbers {
    uint64_t *limbs;
    size_t limb_count, limb_room;
    uint64_t *offsets;
    size_t count, room;
    /// The limbs of the longest.
    size_t most;
} prk_py_numbers;

/// Appends an int; negative ones as 0, which is neither prime nor composite, as they are. False: an
/// exception is set.
bool prk_py_numbers_append(prk_py_numbers *numbers, PyObject *object, const char *who);
/// Takes all numbers away and keeps the memory.
void prk_py_numbers_clear(prk_py_numbers *numbers);
void prk_py_numbers_free(prk_py_numbers *numbers);

/// Reads a keyword that is a word: 0 <= value < 2^64. False: an exception is set.
bool prk_py_word_read(uint64_t *word, PyObject *object, const char *name);

/// Sets the exception that says why a call failed; for PRK_STATUS_CANCELLED one is set already.
/// NULL, for returning.
PyObject *prk_py_raise(prk_status status);

#endif
