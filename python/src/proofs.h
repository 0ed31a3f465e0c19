// SPDX-License-Identifier: Apache-2.0
//
// Functions of the module: proofs and certificates. The package's Python makes objects of what
// they return.

#ifndef PRK_PY_PROOFS_H
#define PRK_PY_PROOFS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *prk_py_prove(PyObject *module, PyObject *args);
PyObject *prk_py_verify(PyObject *module, PyObject *args);
PyObject *prk_py_convert(PyObject *module, PyObject *args);

#endif
