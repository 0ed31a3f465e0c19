// SPDX-License-Identifier: Apache-2.0
//
// NumPy's headers, for the files that know of arrays. One of them, module.c, defines
// PRK_PY_IMPORTS_NUMPY and fills the tables of functions.

#ifndef PRK_PY_NUMPY_API_H
#define PRK_PY_NUMPY_API_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_23_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL prk_py_array_api
#define PY_UFUNC_UNIQUE_SYMBOL prk_py_ufunc_api
// Under the limited API Python.h leaves it out, and they take it for granted.
#include <stdio.h>
#ifndef PRK_PY_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#endif
