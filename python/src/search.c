// SPDX-License-Identifier: Apache-2.0

#include "search.h"

#include <stdlib.h>

#include "../CKernels/factor/factor.h"
#include "batch.h"
#include "numpy_api.h"
#include "prk_search.h"

// --- Next to a number ----------------------------------------------------------------------------

typedef struct neighbour {
    const prk_py_int *n;
    bool is_above;
    uint64_t *prime;
} neighbour;

static prk_options options_with(const uint32_t *cancel) {
    return (prk_options){.size = sizeof(prk_options),
                         .seed = prk_py_seed,
                         .cancel = cancel,
                         .rounds = PRK_DEFAULT_ROUNDS};
}

static prk_status find_neighbour(void *context, const uint32_t *cancel) {
    const neighbour *const s = context;
    const prk_options options = options_with(cancel);
    return s->is_above
               ? prk_next_prime(s->n->limbs, s->n->count, &options, NULL, s->prime, NULL)
               : prk_previous_prime(s->n->limbs, s->n->count, &options, NULL, s->prime, NULL);
}

// About how long it takes to find a prime beside others of so many bits.
static double cost_of_search(size_t bits) {
    // One of 0.35 bits odd numbers is prime, and small primes leave a fifth of them. Composites
    // take half of what a prime does.
    return prk_py_cost(bits) * (2 + (double)bits / 20);
}

static PyObject *find(PyObject *object, bool is_above, const char *who) {
    prk_py_int n;
    PyObject *result = NULL;
    if (!prk_py_int_read(&n, object, who)) {
        return NULL;
    }
    const size_t places = n.count + 1;
    if (!is_above && (n.count == 0 || (n.count == 1 && n.limbs[0] <= 2))) {
        PyErr_SetString(PyExc_ValueError, "there is no prime below 2");
    } else if (n.is_negative) {
        result = PyLong_FromLong(2);
    } else {
        neighbour s = {.n = &n, .is_above = is_above, .prime = calloc(places, sizeof(uint64_t))};
        const prk_status status =
            s.prime == NULL ? PRK_STATUS_NO_MEMORY
                            : prk_py_run(find_neighbour, &s, 1,
                                         prk_py_length_of(cost_of_search(prk_py_int_bits(&n))));
        result = status == PRK_STATUS_OK ? prk_py_int_make(s.prime, places) : prk_py_raise(status);
        free(s.prime);
    }
    prk_py_int_free(&n);
    return result;
}

PyObject *prk_py_next_prime(PyObject *module, PyObject *object) {
    (void)module;
    return find(object, true, "next_prime");
}

PyObject *prk_py_prev_prime(PyObject *module, PyObject *object) {
    (void)module;
    return find(object, false, "prev_prime");
}

// --- Of a range ----------------------------------------------------------------------------------

// Places that the list begins with.
enum { FIRST_PLACES = 4096 };

typedef struct range {
    uint64_t low, high;
    uint64_t *primes;
    size_t count, room;
} range;

static prk_status list_primes(void *context, const uint32_t *cancel) {
    range *const r = context;
    for (;;) {
        if (r->count == r->room) {
            const size_t room = r->room == 0 ? FIRST_PLACES : 2 * r->room;
            uint64_t *const grown =
                room <= SIZE_MAX / 16 ? realloc(r->primes, room * sizeof *grown) : NULL;
            if (grown == NULL) {
                return PRK_STATUS_NO_MEMORY;
            }
            r->primes = grown;
            r->room = room;
        }
        size_t found = 0;
        const prk_status status = prk_primes_u64(r->low, r->high, cancel, r->primes + r->count,
                                                 r->room - r->count, &found);
        r->count += found;
        if (status != PRK_STATUS_OK || r->count < r->room || r->primes[r->count - 1] >= r->high) {
            return status;
        }
        r->low = r->primes[r->count - 1] + 1;
    }
}

static void free_primes(PyObject *capsule) { free(PyCapsule_GetPointer(capsule, NULL)); }

// An array of the primes, which it takes over.
static PyObject *array_of(range *r) {
    const npy_intp count = (npy_intp)r->count;
    if (count == 0) {
        return PyArray_SimpleNew(1, &count, NPY_UINT64);
    }
    uint64_t *const fitting = realloc(r->primes, r->count * sizeof *fitting);
    r->primes = fitting == NULL ? r->primes : fitting;
    PyObject *const capsule = PyCapsule_New(r->primes, NULL, free_primes);
    if (capsule == NULL) {
        return NULL;
    }
    PyObject *const array = PyArray_SimpleNewFromData(1, &count, NPY_UINT64, r->primes);
    r->primes = NULL;
    if (array == NULL) {
        Py_DECREF(capsule);
        return NULL;
    }
    // Takes the capsule, even when it fails.
    if (PyArray_SetBaseObject((PyArrayObject *)array, capsule) != 0) {
        Py_DECREF(array);
        return NULL;
    }
    return array;
}

PyObject *prk_py_primes(PyObject *module, PyObject *args) {
    PyObject *low_object = NULL, *high_object = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO:primes", &low_object, &high_object)) {
        return NULL;
    }
    prk_py_int low, high;
    if (!prk_py_int_read(&low, low_object, "primes")) {
        return NULL;
    }
    if (!prk_py_int_read(&high, high_object, "primes")) {
        prk_py_int_free(&low);
        return NULL;
    }
    PyObject *result = NULL;
    if (low.count > 1 || high.count > 1) {
        PyErr_SetString(PyExc_ValueError,
                        "primes() lists below 2**64: above, go on by next_prime()");
    } else {
        range r = {.low = low.count == 0 ? 0 : low.limbs[0],
                   .high = high.count == 0 ? 0 : high.limbs[0]};
        // The sieve takes 60 us for each of its segments.
        const bool is_short = r.high < r.low || r.high - r.low < 1000;
        const prk_status status =
            r.high < r.low ? PRK_STATUS_OK
                           : prk_py_run(list_primes, &r, 1, is_short ? PRK_PY_SHORT : PRK_PY_LONG);
        result = status == PRK_STATUS_OK ? array_of(&r) : prk_py_raise(status);
        free(r.primes);
    }
    prk_py_int_free(&low);
    prk_py_int_free(&high);
    return result;
}

// --- Random --------------------------------------------------------------------------------------

typedef struct draw {
    uint64_t bits;
    bool is_safe, is_seeded;
    prk_seeded seeded;
    uint64_t *prime;
} draw;

static prk_status draw_prime(void *context, const uint32_t *cancel) {
    draw *const d = context;
    const prk_options options = options_with(cancel);
    return prk_random_prime(d->bits, d->is_safe, d->is_seeded ? prk_seeded_word : NULL, &d->seeded,
                            &options, NULL, d->prime, NULL);
}

PyObject *prk_py_random_prime(PyObject *module, PyObject *args, PyObject *keywords) {
    static char *names[] = {"", "safe", "seed", NULL};
    PyObject *bits_object = NULL, *seed = Py_None;
    int is_safe = 0;
    draw d = {0};
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|$pO:random_prime", names, &bits_object,
                                     &is_safe, &seed) ||
        !prk_py_word_read(&d.bits, bits_object, "bits") ||
        (seed != Py_None && !prk_py_word_read(&d.seeded.seed, seed, "seed"))) {
        return NULL;
    }
    d.is_safe = is_safe != 0;
    d.is_seeded = seed != Py_None;
    if (d.bits < (is_safe ? 3 : 2)) {
        return PyErr_Format(PyExc_ValueError, "no %sprime has fewer than %d bits",
                            is_safe ? "safe " : "", is_safe ? 3 : 2);
    }
    if (d.bits > PRK_MOST_BITS) {
        return prk_py_raise(PRK_STATUS_TOO_LARGE);
    }
    const size_t places = (size_t)((d.bits + 63) / 64);
    d.prime = calloc(places, sizeof *d.prime);
    if (d.prime == NULL) {
        return PyErr_NoMemory();
    }
    double cost = cost_of_search((size_t)d.bits);
    cost = d.is_safe ? cost * (double)d.bits / 10 : cost;
    const prk_status status = prk_py_run(draw_prime, &d, 1, prk_py_length_of(cost));
    PyObject *const result =
        status == PRK_STATUS_OK ? prk_py_int_make(d.prime, places) : prk_py_raise(status);
    free(d.prime);
    return result;
}

// --- Factors -------------------------------------------------------------------------------------

static prk_status find_least(void *context, const uint32_t *cancel) {
    uint64_t *const n = context;
    uint64_t primes[16];
    (void)cancel;
    const int count = prk_primes_of_u64(*n, primes);
    for (int i = 0; i < count; i++) {
        *n = primes[i] < *n ? primes[i] : *n;
    }
    return PRK_STATUS_OK;
}

PyObject *prk_py_smallest_factor(PyObject *module, PyObject *object) {
    prk_py_int n;
    (void)module;
    if (!prk_py_int_read(&n, object, "smallest_factor")) {
        return NULL;
    }
    PyObject *result = NULL;
    if (n.count > 1) {
        PyErr_SetString(PyExc_ValueError, "smallest_factor() is for numbers below 2**64");
    } else if (n.count == 0 || n.limbs[0] < 2) {
        PyErr_SetString(PyExc_ValueError, "numbers below 2 have no prime factor");
    } else {
        // A product of two primes of 32 bits takes about half a millisecond.
        const prk_status status = prk_py_run(find_least, n.limbs, 1,
                                             n.limbs[0] >> 40 == 0 ? PRK_PY_SHORT : PRK_PY_MIDDLE);
        result = status == PRK_STATUS_OK ? prk_py_int_make(n.limbs, 1) : prk_py_raise(status);
    }
    prk_py_int_free(&n);
    return result;
}
