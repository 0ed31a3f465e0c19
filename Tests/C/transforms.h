// SPDX-License-Identifier: Apache-2.0
//
// What the tests and benchmarks of transforms share. They include CKernels/modular/fft.c, whose
// plans are nobody else's to see.

#ifndef PRK_TESTS_TRANSFORMS_H
#define PRK_TESTS_TRANSFORMS_H

#include <stdio.h>
#include <stdlib.h>

#include "../../CKernels/fft/plan.h"
#include "../../CKernels/include/prk_kernels.h"

// n = k b^exponent + c.
static inline void form_value(mpz_t n, const prk_fft_form *form) {
    mpz_ui_pow_ui(n, form->b, form->exponent);
    mpz_mul_ui(n, n, form->k);
    if (form->c > 0) {
        mpz_add_ui(n, n, 1);
    } else {
        mpz_sub_ui(n, n, 1);
    }
}

// Memory for planes; without it the program ends.
static inline void *allocate_planes(size_t bytes) {
    void *memory = aligned_alloc(PRK_FFT_ALIGNMENT, (bytes + PRK_FFT_ALIGNMENT - 1) /
                                                        PRK_FFT_ALIGNMENT * PRK_FFT_ALIGNMENT);
    if (memory == NULL) {
        perror("memory for transforms");
        exit(74);
    }
    return memory;
}

static inline double *allocate_digits(size_t count) {
    return allocate_planes(count * sizeof(double));
}

enum { MOST_KERNEL_SETS = 3 };

// All that the machine has, or the one that PRIMALITY_LEVEL says; how many.
static inline size_t find_kernels(const prk_fft_kernels *sets[MOST_KERNEL_SETS]) {
    size_t count = 0;
    if (getenv("PRIMALITY_LEVEL") != NULL) {
        sets[count++] = prk_fft_active();
        return count;
    }
    sets[count++] = &prk_fft_portable;
#if defined(__x86_64__)
    if (prk_level_supported(PRK_LEVEL_AVX2)) {
        sets[count++] = &prk_fft_avx2;
    }
    if (prk_has_wide_doubles()) {
        sets[count++] = &prk_fft_avx512;
    }
#endif
    return count;
}

#endif
