// SPDX-License-Identifier: Apache-2.0
//
// The bytes that libFuzzer gives, taken from the front, and how a target says that something is
// wrong.

#ifndef PRK_TESTS_FUZZ_INPUT_H
#define PRK_TESTS_FUZZ_INPUT_H

#include <gmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// The message is one of gmp_printf.
#define FAIL_UNLESS(condition, ...)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s: ", #condition);                                                            \
            gmp_printf(__VA_ARGS__);                                                               \
            printf("\n");                                                                          \
            fflush(stdout);                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

// 0 at the end.
static inline uint8_t byte(input *in) {
    if (in->size == 0) {
        return 0;
    }
    in->size--;
    return *in->data++;
}

static inline uint64_t bytes(input *in, unsigned count) {
    uint64_t x = 0;
    for (unsigned i = 0; i < count; i++) {
        x = x << 8 | byte(in);
    }
    return x;
}

#endif
