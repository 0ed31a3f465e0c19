// SPDX-License-Identifier: Apache-2.0
//
// Functions of the module: searches for primes, and factors of words.

#ifndef PRK_PY_SEARCH_H
#define PRK_PY_SEARCH_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *prk_py_next_prime(PyObject *module, PyObject *object);
PyObject *prk_py_prev_prime(PyObject *module, PyObject *object);
PyObject *prk_py_primes(PyObject *module, PyObject *args);
PyObject *prk_py_random_prime(PyObject *module, PyObject *args, PyObject *keywords);
PyObject *prk_py_smallest_factor(PyObject *module, PyObject *object);

#endif
