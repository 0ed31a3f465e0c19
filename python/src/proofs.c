// SPDX-License-Identifier: Apache-2.0

#include "proofs.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"

enum { MOST_THREADS = 1024 };

// A text that grows. It is written without the interpreter's lock.
typedef struct text {
    char *bytes;
    size_t size, room;
    bool is_full;
} text;

static bool append(void *context, const char *bytes, size_t count) {
    text *const t = context;
    if (t->room - t->size < count) {
        const size_t room = t->size + count > 2 * t->room ? t->size + count : 2 * t->room;
        char *const grown = realloc(t->bytes, room);
        if (grown == NULL) {
            t->is_full = true;
            return false;
        }
        t->bytes = grown;
        t->room = room;
    }
    memcpy(t->bytes + t->size, bytes, count);
    t->size += count;
    return true;
}

static bool check_threads(Py_ssize_t threads) {
    if (threads >= 1 && threads <= MOST_THREADS) {
        return true;
    }
    PyErr_Format(PyExc_ValueError, "threads is to be from 1 to %d", MOST_THREADS);
    return false;
}

static bool check_format(int format) {
    if (format >= PRK_CERTIFICATE_NONE && format <= PRK_CERTIFICATE_PARI &&
        format != PRK_CERTIFICATE_PRIMO3) {
        return true;
    }
    PyErr_SetString(PyExc_ValueError, "no format that is written");
    return false;
}

// --- Proving -------------------------------------------------------------------------------------

typedef struct proving {
    const prk_py_int *n;
    prk_prove_options options;
    text certificate;
    prk_proof proof;
} proving;

static prk_status prove(void *context, const uint32_t *cancel) {
    proving *const p = context;
    p->options.cancel = cancel;
    const prk_status status =
        prk_prove(p->n->limbs, p->n->count, &p->options, append, &p->certificate, &p->proof);
    return p->certificate.is_full ? PRK_STATUS_NO_MEMORY : status;
}

// _prove(n, format, threads, seed, max_cost) -> (verdict, text or None, steps, method, factor,
// base, what was tried)
PyObject *prk_py_prove(PyObject *module, PyObject *args) {
    PyObject *object = NULL, *seed = NULL, *most = NULL;
    int format = 0;
    Py_ssize_t threads = 1;
    prk_py_int n;
    proving p = {.n = &n};
    (void)module;
    if (!PyArg_ParseTuple(args, "OinOO:_prove", &object, &format, &threads, &seed, &most) ||
        !check_threads(threads) || !check_format(format) ||
        !prk_py_word_read(&p.options.seed, seed, "seed") ||
        !prk_py_word_read(&p.options.max_cost, most, "max_cost") ||
        !prk_py_int_read(&n, object, "prove")) {
        return NULL;
    }
    p.options.size = sizeof p.options;
    p.options.proof_size = sizeof p.proof;
    p.options.certificate_format = (uint8_t)format;
    p.options.threads = (uint32_t)threads;
    // Below 2^64 a test decides. All else is long, or may be.
    const prk_status status = prk_py_run(prove, &p, 1, n.count <= 1 ? PRK_PY_SHORT : PRK_PY_LONG);
    PyObject *result = NULL;
    if (status != PRK_STATUS_OK) {
        prk_py_raise(status);
    } else {
        const prk_report *const r = &p.proof.report;
        result = Py_BuildValue(
            "iz#IiKKs", (int)p.proof.verdict, p.certificate.bytes, (Py_ssize_t)p.certificate.size,
            (unsigned)p.proof.steps, (int)r->method,
            (unsigned long long)((r->fields & PRK_REPORT_HAS_FACTOR) != 0 ? r->factor : 0),
            (unsigned long long)((r->fields & PRK_REPORT_HAS_BASE) != 0 ? r->base : 0),
            p.proof.tried);
    }
    free(p.certificate.bytes);
    prk_py_int_free(&n);
    return result;
}

// --- Reading and verifying -----------------------------------------------------------------------

typedef struct verifying {
    const char *bytes;
    size_t size;
    prk_certificate *certificate;
    size_t used;
    prk_certificate_problem problem;
    // Of the parts that threads take.
    uint32_t parts, next;
    bool is_locked;
} verifying;

static prk_status read_certificate(void *context, const uint32_t *cancel) {
    verifying *const v = context;
    (void)cancel; // reading cannot be cancelled
    return prk_certificate_read(v->bytes, v->size, &v->certificate, &v->used, &v->problem);
}

static prk_status verify_parts(void *context, const uint32_t *cancel) {
    verifying *const v = context;
    for (;;) {
        const uint32_t part = __atomic_fetch_add(&v->next, 1, __ATOMIC_RELAXED);
        if (part >= v->parts) {
            return PRK_STATUS_OK;
        }
        const prk_verify_options options = {
            .size = sizeof options, .part = part, .parts = v->parts, .cancel = cancel};
        prk_certificate_problem problem = {0};
        const prk_status status = prk_certificate_verify(v->certificate, &options, &problem);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        // The first problem is the one of the lowest step.
        while (__atomic_test_and_set(&v->is_locked, __ATOMIC_ACQUIRE)) {
        }
        if (problem.verdict != PRK_CERTIFICATE_VALID &&
            (v->problem.verdict == PRK_CERTIFICATE_VALID || problem.step < v->problem.step)) {
            v->problem = problem;
        }
        __atomic_clear(&v->is_locked, __ATOMIC_RELEASE);
    }
}

// Texts up to so many bytes are read and verified at once.
enum { SHORT_TEXT = 4096 };

// _verify(bytes, threads) -> (verdict, format, steps, number or None, step, line, reason, bytes
// that were used)
PyObject *prk_py_verify(PyObject *module, PyObject *args) {
    PyObject *object = NULL;
    Py_ssize_t threads = 1, size = 0;
    char *bytes = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "Sn:_verify", &object, &threads) || !check_threads(threads) ||
        PyBytes_AsStringAndSize(object, &bytes, &size) != 0) {
        return NULL;
    }
    // Of several parts each looks at every steps-th step: more parts than threads end together.
    verifying v = {
        .bytes = bytes, .size = (size_t)size, .parts = threads == 1 ? 1 : 4 * (uint32_t)threads};
    PyObject *number = NULL, *result = NULL;
    prk_status status =
        prk_py_run(read_certificate, &v, 1, size < SHORT_TEXT ? PRK_PY_SHORT : PRK_PY_LONG);
    if (status == PRK_STATUS_OK && v.certificate != NULL) {
        v.problem = (prk_certificate_problem){.verdict = PRK_CERTIFICATE_VALID};
        status = prk_py_run(verify_parts, &v, (unsigned)threads, PRK_PY_LONG);
    }
    int format = PRK_CERTIFICATE_NONE;
    size_t steps = 0;
    if (status != PRK_STATUS_OK) {
        prk_py_raise(status);
    } else if (v.certificate != NULL) {
        size_t count = 0;
        const uint64_t *const limbs = prk_certificate_number(v.certificate, &count);
        number = prk_py_int_make(limbs, count);
        format = prk_certificate_form(v.certificate);
        steps = prk_certificate_steps(v.certificate);
    } else {
        Py_INCREF(Py_None);
        number = Py_None;
    }
    if (number != NULL) {
        result =
            Py_BuildValue("iinOKKsn", (int)v.problem.verdict, format, (Py_ssize_t)steps, number,
                          (unsigned long long)v.problem.step, (unsigned long long)v.problem.line,
                          v.problem.reason, (Py_ssize_t)v.used);
        Py_DECREF(number);
    }
    prk_certificate_destroy(v.certificate);
    return result;
}

// _convert(bytes, format) -> (verdict, text or None, step, reason)
PyObject *prk_py_convert(PyObject *module, PyObject *args) {
    PyObject *object = NULL;
    int format = 0;
    Py_ssize_t size = 0;
    char *bytes = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "Si:_convert", &object, &format) || !check_format(format) ||
        PyBytes_AsStringAndSize(object, &bytes, &size) != 0) {
        return NULL;
    }
    verifying v = {.bytes = bytes, .size = (size_t)size};
    text written = {0};
    PyObject *result = NULL;
    prk_status status =
        prk_py_run(read_certificate, &v, 1, size < SHORT_TEXT ? PRK_PY_SHORT : PRK_PY_LONG);
    if (status == PRK_STATUS_OK && v.certificate != NULL) {
        status = prk_certificate_write(v.certificate, (prk_certificate_format)format, append,
                                       &written, &v.problem);
        status = written.is_full ? PRK_STATUS_NO_MEMORY : status;
    }
    if (status != PRK_STATUS_OK) {
        prk_py_raise(status);
    } else {
        result =
            Py_BuildValue("iz#Ks", (int)v.problem.verdict, written.bytes, (Py_ssize_t)written.size,
                          (unsigned long long)v.problem.step, v.problem.reason);
    }
    free(written.bytes);
    prk_certificate_destroy(v.certificate);
    return result;
}
