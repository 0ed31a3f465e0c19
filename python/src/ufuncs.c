// SPDX-License-Identifier: Apache-2.0
//
// The ufuncs is_prime and verdict. NumPy sees to shapes, strides, out=, where=, casts of smaller
// integers, and the lock around loops over words.

#include "batch.h"

#include <fenv.h>

#include "numpy_api.h"

// Words tested at once, on the stack: 18 KB.
enum { BLOCK = 2048 };

// Objects tested at once, and their limbs.
enum { OBJECTS = 16384, LIMBS = 1 << 20 };

// What the data of a loop says.
typedef struct kind {
    const char *name;
    bool gives_verdicts;
} kind;

static kind kinds[] = {{"is_prime", false}, {"verdict", true}};

static inline uint8_t answer(const kind *k, uint8_t verdict) {
    return k->gives_verdicts ? verdict : verdict == PRK_PRIME || verdict == PRK_PROBABLE_PRIME;
}

// Words of which negative ones are neither, when they are signed.
static inline void test_words(char **args, const npy_intp *dimensions, const npy_intp *steps,
                              const kind *k, bool is_signed) {
    const npy_intp count = dimensions[0];
    const char *in = args[0];
    char *out = args[1];
    uint64_t gathered[BLOCK];
    uint8_t verdicts[BLOCK];
    for (npy_intp done = 0; done < count;) {
        const npy_intp size = count - done < BLOCK ? count - done : BLOCK;
        const uint64_t *words = (const uint64_t *)in;
        if (is_signed || steps[0] != sizeof *words) {
            for (npy_intp i = 0; i < size; i++) {
                const uint64_t word = *(const uint64_t *)(in + i * steps[0]);
                gathered[i] = is_signed && (int64_t)word < 0 ? 0 : word;
            }
            words = gathered;
        }
        // The level was looked at when the module was imported, so that this cannot fail.
        (void)prk_test_u64_batch(words, verdicts, (size_t)size);
        for (npy_intp i = 0; i < size; i++) {
            *(uint8_t *)(out + i * steps[1]) = answer(k, verdicts[i]);
        }
        in += size * steps[0];
        out += size * steps[1];
        done += size;
    }
    // NumPy warns of flags that a loop leaves. Ours come from transforms, or mean nothing.
    feclearexcept(FE_ALL_EXCEPT);
}

static void loop_signed(char **args, const npy_intp *dimensions, const npy_intp *steps,
                        void *data) {
    test_words(args, dimensions, steps, data, true);
}

static void loop_unsigned(char **args, const npy_intp *dimensions, const npy_intp *steps,
                          void *data) {
    test_words(args, dimensions, steps, data, false);
}

// --- Objects -------------------------------------------------------------------------------------

// Reads as many objects as are tested at once. How many, or -1 with an exception.
static npy_intp read_objects(prk_py_numbers *numbers, const char *in, npy_intp step, npy_intp count,
                             const kind *k) {
    npy_intp read = 0;
    prk_py_numbers_clear(numbers);
    while (read < count && numbers->count < OBJECTS && numbers->limb_count < LIMBS) {
        // NULL stands for None in arrays that nobody filled. An __index__ may change the array.
        PyObject *item = *(PyObject **)(in + read * step);
        item = item == NULL ? Py_None : item;
        Py_INCREF(item);
        const bool is_read = prk_py_numbers_append(numbers, item, k->name);
        Py_DECREF(item);
        if (!is_read) {
            return -1;
        }
        read++;
    }
    return read;
}

// NumPy calls it with the lock, and looks whether there is an exception.
static void loop_objects(char **args, const npy_intp *dimensions, const npy_intp *steps,
                         void *data) {
    const kind *const k = data;
    const npy_intp count = dimensions[0];
    const char *in = args[0];
    char *out = args[1];
    uint8_t verdicts[OBJECTS];
    prk_py_numbers numbers = {0};
    for (npy_intp done = 0; done < count;) {
        const npy_intp size = read_objects(&numbers, in, steps[0], count - done, k);
        if (size < 0) {
            break;
        }
        prk_py_batch batch = {.limbs = numbers.limbs,
                              .offsets = numbers.most > 1 ? numbers.offsets : NULL,
                              .count = (size_t)size,
                              .seed = prk_py_seed,
                              .rounds = PRK_DEFAULT_ROUNDS,
                              .threads = 1,
                              .verdicts = verdicts};
        const prk_status status = prk_py_batch_run(&batch);
        if (status != PRK_STATUS_OK) {
            (void)prk_py_raise(status);
            break;
        }
        for (npy_intp i = 0; i < size; i++) {
            *(uint8_t *)(out + i * steps[1]) = answer(k, verdicts[i]);
        }
        in += size * steps[0];
        out += size * steps[1];
        done += size;
        if (PyErr_CheckSignals() != 0) {
            break;
        }
    }
    prk_py_numbers_free(&numbers);
    feclearexcept(FE_ALL_EXCEPT);
}

// --- The ufuncs ----------------------------------------------------------------------------------

static PyUFuncGenericFunction loops[] = {loop_signed, loop_unsigned, loop_objects};
static const char types_of_is_prime[] = {NPY_INT64, NPY_BOOL,   NPY_UINT64,
                                         NPY_BOOL,  NPY_OBJECT, NPY_BOOL};
static const char types_of_verdict[] = {NPY_INT64, NPY_UINT8,  NPY_UINT64,
                                        NPY_UINT8, NPY_OBJECT, NPY_UINT8};
static void *const data_of_is_prime[] = {&kinds[0], &kinds[0], &kinds[0]};
static void *const data_of_verdict[] = {&kinds[1], &kinds[1], &kinds[1]};

static const char doc_of_is_prime[] =
    "Whether integers are prime, element by element: a NumPy ufunc.\n"
    "\n"
    "Below 2**64 answers are exact. Above, True means prime or probably prime: passed\n"
    "Baillie-PSW and two strong tests to random bases. Negative numbers are not prime.\n"
    "Takes arrays of any integer dtype, and of ints of any size as objects; floats raise\n"
    "TypeError. The interpreter's lock is released while it computes.\n"
    "\n"
    ">>> import numpy, libprimality\n"
    ">>> libprimality.is_prime(numpy.arange(10))\n"
    "array([False, False,  True,  True, False,  True, False,  True, False,\n"
    "       False])\n"
    ">>> libprimality.is_prime([2**89 - 1, 2**89 + 1])\n"
    "array([ True, False])\n";

static const char doc_of_verdict[] =
    "What integers are, element by element: a NumPy ufunc with results of dtype uint8.\n"
    "\n"
    "0: neither prime nor composite (0, 1 and negative numbers); 1: composite; 2: probable\n"
    "prime; 3: prime. Below 2**64, and of forms k * 2**n +- 1 with k < 2**n, no answer is 2.\n"
    "\n"
    ">>> import libprimality\n"
    ">>> libprimality.verdict([1, 9, 11, 2**89 - 1, 2**100 + 277])\n"
    "array([0, 1, 3, 3, 2], dtype=uint8)\n";

static PyUFunc_TypeResolutionFunc *resolve_as_numpy;

// NumPy's own resolver, but for what is no integer: NumPy would speak of casting rules.
static int resolve(PyUFuncObject *ufunc, NPY_CASTING casting, PyArrayObject **operands,
                   PyObject *types, PyArray_Descr **descriptors) {
    PyArray_Descr *const given = PyArray_DESCR(operands[0]);
    const char *advice = "give arrays of ints";
    switch (given->kind) {
    case 'b':
    case 'i':
    case 'u':
    case 'O':
        return resolve_as_numpy(ufunc, casting, operands, types, descriptors);
    case 'f':
        advice = PRK_PY_FLOATS ". In place of NaN: " PRK_PY_MISSING;
        break;
    case 'c':
        advice = PRK_PY_FLOATS;
        break;
    case 'U':
    case 'S':
    case 'T':
        advice = PRK_PY_TEXTS;
        break;
    default:
        break;
    }
    PyErr_Format(PyExc_TypeError, "%s() takes integers, not %S: %s", ufunc->name, (PyObject *)given,
                 advice);
    return -1;
}

static bool add(PyObject *module, const char *name, const char *types, void *const *data,
                const char *doc) {
    // Until NumPy 2 the parameters were not const, and nothing was written to them.
    PyObject *ufunc =
        PyUFunc_FromFuncAndData(loops, (void **)(uintptr_t)data, (char *)(uintptr_t)types, 3, 1, 1,
                                PyUFunc_None, name, doc, 0);
    if (ufunc == NULL) {
        return false;
    }
    resolve_as_numpy = ((PyUFuncObject *)ufunc)->type_resolver;
    ((PyUFuncObject *)ufunc)->type_resolver = resolve;
    const bool is_added = PyModule_AddObjectRef(module, name, ufunc) == 0;
    Py_DECREF(ufunc);
    return is_added;
}

bool prk_py_add_ufuncs(PyObject *module) {
    return add(module, kinds[0].name, types_of_is_prime, data_of_is_prime, doc_of_is_prime) &&
           add(module, kinds[1].name, types_of_verdict, data_of_verdict, doc_of_verdict);
}
