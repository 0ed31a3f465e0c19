// SPDX-License-Identifier: Apache-2.0

#include "batch.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

#include "../CKernels/engine/engine.h"
#include "numpy_api.h"

// Slices: long enough that a kernel sorts and fills its lanes, short enough that threads end
// together. Those of words take some milliseconds.
enum { WORDS = 8192, NUMBERS = 4096, LEAST = 32 };

// Threads that may be asked for.
enum { MOST_THREADS = 1024 };

// How many ints are read between two looks at signals.
enum { READ = 4096 };

uint64_t prk_py_seed;

// --- Slices --------------------------------------------------------------------------------------

// What a thread has for itself.
typedef struct room {
    prk_scratch *scratch;
    uint64_t *words;
    uint64_t *offsets; // of words
    prk_report *reports;
} room;

static void room_destroy(room *r) {
    prk_scratch_destroy(r->scratch);
    free(r->words);
    free(r->offsets);
    free(r->reports);
}

static bool room_create(room *r, const prk_py_batch *b) {
    *r = (room){0};
    if (b->offsets != NULL || b->methods != NULL) {
        r->scratch = prk_scratch_create();
    }
    bool is_complete = r->scratch != NULL || (b->offsets == NULL && b->methods == NULL);
    if (b->offsets == NULL && (b->is_signed || b->methods != NULL)) {
        r->words = malloc(b->slice * sizeof *r->words);
        r->offsets = malloc((b->slice + 1) * sizeof *r->offsets);
        is_complete = is_complete && r->words != NULL && r->offsets != NULL;
        for (size_t i = 0; is_complete && i <= b->slice; i++) {
            r->offsets[i] = i;
        }
    }
    if (b->methods != NULL) {
        r->reports = malloc(b->slice * sizeof *r->reports);
        is_complete = is_complete && r->reports != NULL;
    }
    return is_complete;
}

static void keep_reports(const prk_py_batch *b, size_t begin, size_t count,
                         const prk_report *reports) {
    for (size_t i = 0; i < count; i++) {
        const prk_report *r = &reports[i];
        b->methods[begin + i] = r->method;
        b->factors[begin + i] = (r->fields & PRK_REPORT_HAS_FACTOR) != 0 ? r->factor : 0;
        b->residues[begin + i] = (r->fields & PRK_REPORT_HAS_RESIDUE) != 0 ? r->residue : 0;
        b->times[begin + i] = r->cpu_ns;
    }
}

static prk_status test_slice(const prk_py_batch *b, size_t begin, size_t count, room *r,
                             const prk_options *options) {
    const uint64_t *limbs = b->limbs, *offsets = b->offsets;
    if (offsets != NULL) {
        offsets += begin;
    } else {
        limbs += begin;
        if (r->words != NULL) {
            for (size_t i = 0; i < count; i++) {
                r->words[i] = b->is_signed && (int64_t)limbs[i] < 0 ? 0 : limbs[i];
            }
            limbs = r->words;
        }
        offsets = r->offsets;
    }
    if (b->methods == NULL && b->offsets == NULL) {
        return prk_test_u64_batch(limbs, b->verdicts + begin, count);
    }
    const prk_status status = prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, count, options,
                                             r->scratch, b->verdicts + begin, r->reports);
    if (status == PRK_STATUS_OK && b->methods != NULL) {
        keep_reports(b, begin, count, r->reports);
    }
    return status;
}

static prk_status test_slices(void *context, const uint32_t *cancel) {
    prk_py_batch *b = context;
    const prk_options options = {.size = sizeof options,
                                 .report_size = sizeof(prk_report),
                                 .seed = b->seed,
                                 .cancel = cancel,
                                 .rounds = b->rounds,
                                 .want_residue = b->methods != NULL};
    room r;
    prk_status status = room_create(&r, b) ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
    while (status == PRK_STATUS_OK) {
        const size_t begin = __atomic_fetch_add(&b->next, b->slice, __ATOMIC_RELAXED);
        if (begin >= b->count) {
            break;
        }
        const size_t left = b->count - begin;
        status = __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0
                     ? PRK_STATUS_CANCELLED
                     : test_slice(b, begin, left < b->slice ? left : b->slice, &r, &options);
    }
    room_destroy(&r);
    return status;
}

static double cost_of(const prk_py_batch *b) {
    double sum = 0;
    if (b->offsets == NULL) {
        sum = 400.0 * (double)b->count;
    } else {
        for (size_t i = 0; i < b->count; i++) {
            sum += prk_py_cost(64 * (size_t)(b->offsets[i + 1] - b->offsets[i]));
        }
    }
    return b->methods != NULL ? 2 * sum : sum;
}

prk_status prk_py_batch_run(prk_py_batch *b) {
    const size_t most = b->offsets == NULL ? WORDS : NUMBERS;
    const size_t each = b->count / (8 * (size_t)b->threads) + 1;
    b->slice = b->threads == 1 || each > most ? most : each < LEAST ? LEAST : each;
    // A single one leaves no room unused.
    b->slice = b->slice < b->count ? b->slice : b->count + (b->count == 0);
    b->next = 0;
    const double cost = cost_of(b);
    const prk_py_length length = prk_py_length_of(cost);
    // Starting a thread costs what some hundred words do.
    const unsigned useful = length == PRK_PY_LONG ? b->threads : 1;
    return prk_py_run(test_slices, b, useful, length);
}

// --- One number ----------------------------------------------------------------------------------

typedef struct one {
    const prk_py_int *n;
    prk_scratch *scratch;
    uint8_t verdict;
} one;

static prk_status test_one(void *context, const uint32_t *cancel) {
    one *o = context;
    const uint64_t offsets[] = {0, o->n->count};
    const prk_options options = {.size = sizeof options,
                                 .seed = prk_py_seed,
                                 .cancel = cancel,
                                 .rounds = PRK_DEFAULT_ROUNDS};
    return prk_test_batch(PRK_ENGINE_AUTO, o->n->limbs, offsets, 1, &options, o->scratch,
                          &o->verdict, NULL);
}

// Numbers that divide quickly: up to 65,536 bits.
enum { DIVIDED = 1024 };

// Memory of the last test of a number of some hundred bits, for the next one.
static prk_scratch *kept;

prk_status prk_py_test_one(const prk_py_int *n, uint8_t *verdict) {
    if (n->count <= 1) {
        const uint64_t word = n->count == 0 ? 0 : n->limbs[0];
        *verdict = word < 2 ? PRK_NEITHER : prk_is_prime_u64(word) ? PRK_PRIME : PRK_COMPOSITE;
        return PRK_STATUS_OK;
    }
    if ((n->limbs[0] & 1) == 0) {
        *verdict = PRK_COMPOSITE;
        return PRK_STATUS_OK;
    }
    const prk_py_length length = prk_py_length_of(prk_py_cost(prk_py_int_bits(n)));
    if (length != PRK_PY_SHORT && n->count <= DIVIDED) {
        // Most have a small factor, and need neither a thread nor the lock for others.
        mpz_t read_only;
        prk_report report = {0};
        bool is_decided = false;
        const prk_status status = prk_test_by_division(
            mpz_roinit_n(read_only, (const mp_limb_t *)n->limbs, (mp_size_t)n->count), &report,
            &is_decided);
        if (status != PRK_STATUS_OK || is_decided) {
            *verdict = report.verdict;
            return status;
        }
    }
    one o = {.n = n, .verdict = PRK_UNTESTED};
    if (length == PRK_PY_SHORT) {
        o.scratch = __atomic_exchange_n(&kept, NULL, __ATOMIC_ACQ_REL);
        if (o.scratch == NULL) {
            o.scratch = prk_scratch_create();
        }
    }
    const prk_status status = prk_py_run(test_one, &o, 1, length);
    if (o.scratch != NULL) {
        prk_scratch_destroy(__atomic_exchange_n(&kept, o.scratch, __ATOMIC_ACQ_REL));
    }
    *verdict = o.verdict;
    return status;
}

PyObject *prk_py_is_prime_int(PyObject *module, PyObject *object) {
    (void)module;
    if (PyLong_Check(object)) {
        int overflow = 0;
        const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (overflow == 0) {
            return PyBool_FromLong(value >= 2 && prk_is_prime_u64((uint64_t)value));
        }
        if (overflow < 0 || (PyLong_AsUnsignedLongLongMask(object) & 1) == 0) {
            return PyBool_FromLong(0);
        }
    }
    prk_py_int n;
    uint8_t verdict = PRK_UNTESTED;
    if (!prk_py_int_read(&n, object, "is_prime_int")) {
        return NULL;
    }
    const prk_status status = prk_py_test_one(&n, &verdict);
    prk_py_int_free(&n);
    if (status != PRK_STATUS_OK) {
        return prk_py_raise(status);
    }
    return PyBool_FromLong(verdict == PRK_PRIME || verdict == PRK_PROBABLE_PRIME);
}

// --- test_batch ----------------------------------------------------------------------------------

static PyObject *array_of(npy_intp count, int type, bool is_wanted) {
    if (!is_wanted) {
        Py_RETURN_NONE;
    }
    return PyArray_SimpleNew(1, &count, type);
}

static void *data_of(PyObject *array) {
    return array == NULL || array == Py_None ? NULL : PyArray_DATA((PyArrayObject *)array);
}

static bool read_list(prk_py_numbers *numbers, PyObject *list) {
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        // An __index__ may change the list.
        PyObject *item = PyList_GetItem(list, i);
        if (item == NULL) {
            return false;
        }
        Py_INCREF(item);
        const bool is_read = prk_py_numbers_append(numbers, item, "test_batch");
        Py_DECREF(item);
        if (!is_read || (i % READ == READ - 1 && PyErr_CheckSignals() != 0)) {
            return false;
        }
    }
    return true;
}

// _test_batch(numbers, rounds, seed, threads, reports): numbers are a list, or an array of one
// dimension, contiguous, of int64 or uint64. The package's Python sees to that.
PyObject *prk_py_test_batch(PyObject *module, PyObject *args) {
    PyObject *source = NULL, *seed = NULL;
    unsigned long rounds = 0;
    Py_ssize_t threads = 0;
    int wants_reports = 0;
    prk_py_batch b = {.threads = 1};
    (void)module;
    if (!PyArg_ParseTuple(args, "OkOnp:_test_batch", &source, &rounds, &seed, &threads,
                          &wants_reports) ||
        !prk_py_word_read(&b.seed, seed, "seed")) {
        return NULL;
    }
    if (threads < 1 || threads > MOST_THREADS || rounds > UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "threads is to be from 1 to %d, and rounds below 2**32",
                     MOST_THREADS);
        return NULL;
    }
    b.threads = (unsigned)threads;
    b.rounds = (uint32_t)rounds;
    prk_py_numbers numbers = {0};
    if (PyList_Check(source)) {
        if (!read_list(&numbers, source)) {
            prk_py_numbers_free(&numbers);
            return NULL;
        }
        b.limbs = numbers.limbs;
        b.offsets = numbers.most > 1 ? numbers.offsets : NULL;
        b.count = numbers.count;
    } else if (PyArray_Check(source)) {
        PyArrayObject *array = (PyArrayObject *)source;
        const int type = PyArray_TYPE(array);
        if (PyArray_NDIM(array) != 1 || !PyArray_ISCARRAY_RO(array) ||
            (type != NPY_INT64 && type != NPY_UINT64)) {
            PyErr_SetString(PyExc_TypeError, "_test_batch: not such an array");
            return NULL;
        }
        b.limbs = PyArray_DATA(array);
        b.is_signed = type == NPY_INT64;
        b.count = (size_t)PyArray_DIM(array, 0);
    } else {
        PyErr_SetString(PyExc_TypeError, "_test_batch: neither a list nor an array");
        return NULL;
    }
    const npy_intp count = (npy_intp)b.count;
    PyObject *result = NULL;
    PyObject *verdicts = array_of(count, NPY_UINT8, true);
    PyObject *methods = array_of(count, NPY_UINT8, wants_reports);
    PyObject *factors = array_of(count, NPY_UINT64, wants_reports);
    PyObject *residues = array_of(count, NPY_UINT64, wants_reports);
    PyObject *times = array_of(count, NPY_UINT64, wants_reports);
    if (verdicts != NULL && methods != NULL && factors != NULL && residues != NULL &&
        times != NULL) {
        b.verdicts = data_of(verdicts);
        b.methods = data_of(methods);
        b.factors = data_of(factors);
        b.residues = data_of(residues);
        b.times = data_of(times);
        const prk_status status = b.count == 0 ? PRK_STATUS_OK : prk_py_batch_run(&b);
        result = status == PRK_STATUS_OK
                     ? PyTuple_Pack(5, verdicts, methods, factors, residues, times)
                     : prk_py_raise(status);
    }
    Py_XDECREF(verdicts);
    Py_XDECREF(methods);
    Py_XDECREF(factors);
    Py_XDECREF(residues);
    Py_XDECREF(times);
    prk_py_numbers_free(&numbers);
    return result;
}
