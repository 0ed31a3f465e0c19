// SPDX-License-Identifier: Apache-2.0
//
// Ints come and go by the stable ABI of 3.11, which has no function for large ones: small ones are
// shifted out of the int word by word, large ones pass through bytes. From 3.13 on the interpreter
// has PyLong_AsNativeBytes, whose interface is fixed; it is looked up, since one wheel is for all.

#include "numbers.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef Py_ssize_t as_native_bytes(PyObject *n, void *bytes, Py_ssize_t size, int flags);
static as_native_bytes *as_native;
// Py_ASNATIVEBYTES_LITTLE_ENDIAN, in two's complement.
#define LITTLE_ENDIAN_SIGNED 1

// Words that are shifted out one by one, 25 ns each, before bytes are less work.
#define SHIFTED 4

static PyObject *sixty_four;

void prk_py_numbers_prepare(void) {
    if (sixty_four == NULL) {
        sixty_four = PyLong_FromLong(64);
        // A data pointer and a function pointer are the same wherever there is a dlsym().
        void *const found = dlsym(RTLD_DEFAULT, "PyLong_AsNativeBytes");
        memcpy(&as_native, &found, sizeof as_native);
    }
}

// --- What is no integer
// ---------------------------------------------------------------------------

// Of which type it is, as people write it.
static PyObject *type_name(PyObject *object) {
    return PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
}

// Says what to do about an object that has no __index__.
static void refuse(PyObject *object, const char *who) {
    PyObject *name = type_name(object);
    if (name == NULL) {
        return;
    }
    const char *advice = "give ints, or what has __index__";
    bool is_missing = object == Py_None;
    if (PyFloat_Check(object)) {
        const double value = PyFloat_AsDouble(object);
        is_missing = value != value;
    } else if (!is_missing) {
        const char *const names[] = {"NAType", "NaTType"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            is_missing = is_missing || PyUnicode_CompareWithASCIIString(name, names[i]) == 0;
        }
    }
    if (is_missing) {
        advice = PRK_PY_MISSING;
    } else if (PyUnicode_Check(object) || PyBytes_Check(object)) {
        advice = PRK_PY_TEXTS;
    } else if (PySequence_Check(object)) {
        advice = "it is one number that is wanted; is_prime() and test_batch() take arrays";
    } else if (PyNumber_Check(object)) {
        advice = PRK_PY_FLOATS;
    }
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s() takes integers, not %s%U: %s", who,
                 is_missing && PyFloat_Check(object) ? "a NaN of type " : "", name, advice);
    Py_DECREF(name);
}

// A new reference to an exact int. Of a subclass it is a copy, since its methods may be others.
static PyObject *index_of(PyObject *object, const char *who) {
    if (PyLong_CheckExact(object)) {
        Py_INCREF(object);
        return object;
    }
    if (PyLong_Check(object)) {
        return PyObject_CallMethod((PyObject *)&PyLong_Type, "__index__", "O", object);
    }
    PyObject *index = PyNumber_Index(object);
    if (index == NULL && PyErr_ExceptionMatches(PyExc_TypeError) &&
        PyType_GetSlot(Py_TYPE(object), Py_nb_index) == NULL) {
        refuse(object, who);
    }
    return index;
}

// --- Ints to limbs -------------------------------------------------------------------------------

// What comes of a small number. False: it is a large one.
static bool read_small(PyObject *index, uint64_t *limb, bool *is_negative, bool *has_failed) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(index, &overflow);
    *has_failed = value == -1 && overflow == 0 && PyErr_Occurred() != NULL;
    // Of large ones the value is -1.
    *is_negative = overflow < 0 || (overflow == 0 && value < 0);
    *limb = *is_negative ? 0 : (uint64_t)value;
    return overflow <= 0;
}

// How many limbs a positive int has, or 0 with an exception.
static size_t limbs_of(PyObject *index) {
    PyObject *bits = PyObject_CallMethod(index, "bit_length", NULL);
    if (bits == NULL) {
        return 0;
    }
    const size_t count = PyLong_AsSize_t(bits);
    Py_DECREF(bits);
    return count == (size_t)-1 ? 0 : (count + 63) / 64;
}

static bool copy_bytes(PyObject *index, uint64_t *limbs, size_t count) {
    if (as_native != NULL) {
        return as_native(index, limbs, (Py_ssize_t)(count * sizeof *limbs), LITTLE_ENDIAN_SIGNED) >=
               0;
    }
    PyObject *bytes =
        PyObject_CallMethod(index, "to_bytes", "ns", (Py_ssize_t)(count * sizeof *limbs), "little");
    if (bytes == NULL) {
        return false;
    }
    char *from = PyBytes_AsString(bytes);
    if (from != NULL) {
        memcpy(limbs, from, count * sizeof *limbs);
    }
    Py_DECREF(bytes);
    return from != NULL;
}

// Shifts a number above 2^63 out word by word. The limbs that it had, or 0: it is too long for
// that, or an exception is set.
static size_t shift_out(PyObject *index, uint64_t limbs[SHIFTED]) {
    PyObject *rest = index;
    size_t count = 0;
    Py_INCREF(rest);
    for (bool is_last = false; !is_last;) {
        PyObject *next = count < SHIFTED ? PyNumber_Rshift(rest, sixty_four) : NULL;
        if (next == NULL) {
            count = 0;
            break;
        }
        limbs[count++] = PyLong_AsUnsignedLongLongMask(rest);
        Py_DECREF(rest);
        rest = next;
        uint64_t top = 0;
        bool is_negative = false, has_failed = false;
        is_last = read_small(rest, &top, &is_negative, &has_failed);
        if (is_last && top != 0) {
            if (count == SHIFTED) {
                count = 0;
                break;
            }
            limbs[count++] = top;
        }
    }
    Py_DECREF(rest);
    return count;
}

// Of an int above 2^63, into the room that `few` is, or memory that is the caller's to free.
static uint64_t *read_large(PyObject *index, uint64_t *few, size_t room, size_t *count) {
    if (as_native != NULL) {
        const Py_ssize_t size = (Py_ssize_t)(room * sizeof *few);
        const Py_ssize_t needed = as_native(index, few, size, LITTLE_ENDIAN_SIGNED);
        if (needed < 0) {
            return NULL;
        }
        if (needed <= size) {
            // With the sign's bit, for which there may be a limb more.
            *count = ((size_t)needed + 7) / 8;
            while (*count > 0 && few[*count - 1] == 0) {
                --*count;
            }
            return few;
        }
    } else {
        *count = room >= SHIFTED ? shift_out(index, few) : 0;
        if (*count > 0 || PyErr_Occurred() != NULL) {
            return *count > 0 ? few : NULL;
        }
    }
    *count = limbs_of(index);
    if (*count == 0) {
        return NULL;
    }
    uint64_t *limbs = *count <= room ? few : malloc(*count * sizeof *limbs);
    if (limbs == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!copy_bytes(index, limbs, *count)) {
        if (limbs != few) {
            free(limbs);
        }
        return NULL;
    }
    return limbs;
}

bool prk_py_int_read(prk_py_int *n, PyObject *object, const char *who) {
    PyObject *index = index_of(object, who);
    if (index == NULL) {
        return false;
    }
    bool has_failed = false;
    n->limbs = n->few;
    if (read_small(index, &n->few[0], &n->is_negative, &has_failed)) {
        n->count = n->few[0] != 0;
    } else {
        n->limbs = read_large(index, n->few, PRK_PY_FEW, &n->count);
        has_failed = n->limbs == NULL;
    }
    Py_DECREF(index);
    return !has_failed;
}

void prk_py_int_free(prk_py_int *n) {
    if (n->limbs != n->few) {
        free(n->limbs);
    }
}

size_t prk_py_int_bits(const prk_py_int *n) {
    return n->count == 0 ? 0 : 64 * n->count - (size_t)__builtin_clzll(n->limbs[n->count - 1]);
}

PyObject *prk_py_int_make(const uint64_t *limbs, size_t count) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    if (count <= 1) {
        return PyLong_FromUnsignedLongLong(count == 0 ? 0 : limbs[0]);
    }
    return PyObject_CallMethod((PyObject *)&PyLong_Type, "from_bytes", "y#s", (const char *)limbs,
                               (Py_ssize_t)(count * sizeof *limbs), "little");
}

// --- Batches -------------------------------------------------------------------------------------

// Room for `more` elements of eight bytes behind `count`. False: no memory, and all is as it was.
static bool grow(uint64_t **words, size_t count, size_t more, size_t *room) {
    if (*room - count >= more) {
        return true;
    }
    const size_t wanted = count + more > 2 * *room ? count + more : 2 * *room;
    uint64_t *grown = wanted <= SIZE_MAX / 16 ? realloc(*words, wanted * sizeof *grown) : NULL;
    if (grown == NULL) {
        PyErr_NoMemory();
        return false;
    }
    *words = grown;
    *room = wanted;
    return true;
}

bool prk_py_numbers_append(prk_py_numbers *numbers, PyObject *object, const char *who) {
    // One more than there are numbers: where the first begins.
    if (!grow(&numbers->offsets, numbers->count, 2, &numbers->room) ||
        !grow(&numbers->limbs, numbers->limb_count, 1, &numbers->limb_room)) {
        return false;
    }
    PyObject *index = index_of(object, who);
    if (index == NULL) {
        return false;
    }
    bool is_negative = false, has_failed = false;
    size_t count = 1;
    if (!read_small(index, &numbers->limbs[numbers->limb_count], &is_negative, &has_failed)) {
        uint64_t few[PRK_PY_FEW];
        uint64_t *limbs = read_large(index, few, PRK_PY_FEW, &count);
        has_failed = limbs == NULL ||
                     !grow(&numbers->limbs, numbers->limb_count, count, &numbers->limb_room);
        if (!has_failed) {
            memcpy(numbers->limbs + numbers->limb_count, limbs, count * sizeof *limbs);
        }
        if (limbs != few) {
            free(limbs);
        }
    }
    Py_DECREF(index);
    if (has_failed) {
        return false;
    }
    numbers->offsets[numbers->count++] = numbers->limb_count;
    numbers->limb_count += count;
    numbers->offsets[numbers->count] = numbers->limb_count;
    numbers->most = count > numbers->most ? count : numbers->most;
    return true;
}

void prk_py_numbers_clear(prk_py_numbers *numbers) {
    numbers->count = numbers->limb_count = numbers->most = 0;
}

void prk_py_numbers_free(prk_py_numbers *numbers) {
    free(numbers->limbs);
    free(numbers->offsets);
    *numbers = (prk_py_numbers){0};
}

// --- The rest ------------------------------------------------------------------------------------

bool prk_py_word_read(uint64_t *word, PyObject *object, const char *name) {
    PyObject *index = PyNumber_Index(object);
    if (index == NULL) {
        return false;
    }
    const unsigned long long value = PyLong_AsUnsignedLongLong(index);
    Py_DECREF(index);
    if (value == (unsigned long long)-1 && PyErr_Occurred() != NULL) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s is to be from 0 to 2**64 - 1", name);
        return false;
    }
    *word = value;
    return true;
}

PyObject *prk_py_raise(prk_status status) {
    switch (status) {
    case PRK_STATUS_NO_MEMORY:
        return PyErr_NoMemory();
    case PRK_STATUS_TOO_LARGE:
        PyErr_SetString(PyExc_OverflowError, "a number has more than 2**33 bits");
        return NULL;
    case PRK_STATUS_UNRELIABLE:
        PyErr_SetString(PyExc_RuntimeError,
                        "checks of a long computation failed again and again: this machine errs");
        return NULL;
    case PRK_STATUS_CANCELLED:
        if (PyErr_Occurred() != NULL) {
            return NULL;
        }
        break;
    default:
        break;
    }
    const char *const name = prk_status_name(status);
    PyErr_Format(PyExc_RuntimeError, "the kernels answer: %s", name == NULL ? "?" : name);
    return NULL;
}
