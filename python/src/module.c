// SPDX-License-Identifier: Apache-2.0
//
// The module libprimality._core, in the stable ABI of CPython 3.11.

#define PRK_PY_IMPORTS_NUMPY
#include "numpy_api.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "batch.h"
#include "proofs.h"
#include "search.h"

static PyObject *level(PyObject *module, PyObject *none) {
    (void)module;
    (void)none;
    return PyUnicode_FromString(prk_level_name(prk_active_level()));
}

static PyObject *levels(PyObject *module, PyObject *none) {
    (void)module;
    (void)none;
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && i < PRK_LEVEL_COUNT; i++) {
        if (!prk_level_supported((prk_level)i)) {
            continue;
        }
        PyObject *name = PyUnicode_FromString(prk_level_name((prk_level)i));
        if (name == NULL || PyList_Append(list, name) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(name);
    }
    PyObject *result = list == NULL ? NULL : PyList_AsTuple(list);
    Py_XDECREF(list);
    return result;
}

static PyObject *version(PyObject *module, PyObject *none) {
    (void)module;
    (void)none;
    return PyUnicode_FromString(prk_version());
}

static PyObject *versions_below(PyObject *module, PyObject *none) {
    (void)module;
    (void)none;
    return Py_BuildValue("ss", prk_gmp_version(), prk_compiler());
}

// The names of one kind, as they stand in JSON.
static PyObject *names_of(const char *(*name)(int)) {
    PyObject *list = PyList_New(0);
    for (int i = 0; list != NULL && name(i) != NULL; i++) {
        PyObject *text = PyUnicode_FromString(name(i));
        if (text == NULL || PyList_Append(list, text) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(text);
    }
    PyObject *result = list == NULL ? NULL : PyList_AsTuple(list);
    Py_XDECREF(list);
    return result;
}

static const char *method_at(int i) { return prk_method_name((prk_method)i); }
static const char *verdict_at(int i) { return prk_verdict_name((prk_verdict)i); }

static PyMethodDef methods[] = {
    {"is_prime_int", prk_py_is_prime_int, METH_O,
     "is_prime_int($module, n, /)\n--\n\n"
     "Whether one int is prime; above 2**64, prime or probably so.\n"
     "\n"
     "The quickest way for one number a call; is_prime() is for arrays. Ctrl-C ends it, and the\n"
     "interpreter's lock is released where it takes longer than some dozens of microseconds.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> libprimality.is_prime_int(2**61 - 1), libprimality.is_prime_int(2**67 - 1)\n"
     "(True, False)\n"},
    {"_test_batch", prk_py_test_batch, METH_VARARGS, NULL},
    {"smallest_factor", prk_py_smallest_factor, METH_O,
     "smallest_factor($module, n, /)\n--\n\n"
     "The smallest prime factor of an int from 2 to 2**64 - 1; n itself when it is prime.\n"
     "\n"
     "Exact. Others raise ValueError. Half a millisecond at the most.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> libprimality.smallest_factor(2**59 - 1)\n"
     "179951\n"},
    {"next_prime", prk_py_next_prime, METH_O,
     "next_prime($module, n, /)\n--\n\n"
     "The least prime above an int of any size; above 2**64, prime or probably so.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> libprimality.next_prime(10**30)\n"
     "1000000000000000000000000000057\n"},
    {"prev_prime", prk_py_prev_prime, METH_O,
     "prev_prime($module, n, /)\n--\n\n"
     "The greatest prime below an int of any size; above 2**64, prime or probably so.\n"
     "\n"
     "Up to 2 there is none: ValueError.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> libprimality.prev_prime(2**64)\n"
     "18446744073709551557\n"},
    {"primes", prk_py_primes, METH_VARARGS,
     "primes($module, lo, hi, /)\n--\n\n"
     "The primes p with lo <= p <= hi < 2**64, in order, as an array of uint64.\n"
     "\n"
     "Made for windows anywhere. For long dense ranges take a sieve such as primesieve.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> libprimality.primes(10**12, 10**12 + 100)\n"
     "array([1000000000039, 1000000000061, 1000000000063, 1000000000091],\n"
     "      dtype=uint64)\n"},
    {"random_prime", (PyCFunction)(void (*)(void))prk_py_random_prime, METH_VARARGS | METH_KEYWORDS,
     "random_prime($module, bits, /, *, safe=False, seed=None)\n--\n\n"
     "A random prime of exactly so many bits, each with the same probability.\n"
     "\n"
     "With safe=True (p - 1) / 2 is prime, too. Random words are the system's; a seed from 0 to\n"
     "2**64 - 1 repeats a prime, which is then for experiments and never for keys.\n"
     "\n"
     ">>> import libprimality\n"
     ">>> p = libprimality.random_prime(200, safe=True)\n"
     ">>> p.bit_length(), libprimality.is_prime_int((p - 1) // 2)\n"
     "(200, True)\n"},
    {"_prove", prk_py_prove, METH_VARARGS, NULL},
    {"_verify", prk_py_verify, METH_VARARGS, NULL},
    {"_convert", prk_py_convert, METH_VARARGS, NULL},
    {"level", level, METH_NOARGS,
     "level($module, /)\n--\n\n"
     "The instruction set in use: 'portable', 'bmi2', 'avx2' or 'avx512ifma'.\n"
     "\n"
     "The best that machine and system support, or what PRIMALITY_LEVEL in the environment "
     "says.\n"},
    {"levels", levels, METH_NOARGS,
     "levels($module, /)\n--\n\n"
     "The instruction sets that machine and system support, the best one last.\n"},
    {"version", version, METH_NOARGS,
     "version($module, /)\n--\n\n"
     "The version of the kernels, which is that of the package.\n"},
    {"_versions_below", versions_below, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

// PRIMALITY_LEVEL is looked at once: functions that cannot report would quietly go on without it.
static bool check_level(void) {
    const prk_status status = prk_level_status();
    if (status == PRK_STATUS_OK) {
        return true;
    }
    const char *const wanted = getenv("PRIMALITY_LEVEL");
    PyErr_Format(PyExc_ImportError, "PRIMALITY_LEVEL=%s: %s", wanted == NULL ? "" : wanted,
                 status == PRK_STATUS_LEVEL_UNKNOWN
                     ? "no level has this name (portable, bmi2, avx2, avx512ifma)"
                     : "this machine lacks that level");
    return false;
}

static bool draw_seed(void) {
    while (prk_py_seed == 0) {
        const ssize_t got = getrandom(&prk_py_seed, sizeof prk_py_seed, 0);
        if (got < 0 && errno != EINTR) {
            PyErr_SetFromErrno(PyExc_OSError);
            return false;
        }
        if (got >= 0 && got < (ssize_t)sizeof prk_py_seed) {
            prk_py_seed = 0;
        }
    }
    return true;
}

static int execute(PyObject *module) {
    if (PyArray_ImportNumPyAPI() < 0 || PyUFunc_ImportUFuncAPI() < 0) {
        return -1;
    }
    prk_py_numbers_prepare();
    if (!check_level() || !draw_seed() || !prk_py_add_ufuncs(module)) {
        return -1;
    }
    PyObject *const method_names = names_of(method_at), *const verdict_names = names_of(verdict_at);
    const bool are_added = method_names != NULL && verdict_names != NULL &&
                           PyModule_AddObjectRef(module, "_methods", method_names) == 0 &&
                           PyModule_AddObjectRef(module, "_verdicts", verdict_names) == 0;
    Py_XDECREF(method_names);
    Py_XDECREF(verdict_names);
    return are_added ? 0 : -1;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)(uintptr_t)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_core",    .m_doc = "The kernels of libprimality.",
    .m_size = 0,           .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
