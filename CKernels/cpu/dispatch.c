// SPDX-License-Identifier: Apache-2.0
//
// Which kernels run: the only file that asks for CPU features and the only global state.

// secure_getenv
#define _GNU_SOURCE

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../u64/u64_levels.h"

typedef struct selection {
    const prk_kernel_set *kernels;
    prk_status status;
    bool has_wide_doubles;
} selection;

// Lowest level first, indexed by prk_level. NULL: not in this build.
static const prk_kernel_set *const sets[PRK_LEVEL_COUNT] = {
    [PRK_LEVEL_PORTABLE] = &prk_kernels_portable,
#if defined(__x86_64__)
    [PRK_LEVEL_BMI2] = &prk_kernels_bmi2,
    [PRK_LEVEL_AVX2] = &prk_kernels_avx2,
    [PRK_LEVEL_AVX512_IFMA] = &prk_kernels_avx512ifma,
#endif
};

static const char *const names[PRK_LEVEL_COUNT] = {"portable", "bmi2", "avx2", "avx512ifma"};

// Every selection there can be, so that choosing one is a single atomic store of a pointer: threads
// that race choose the same.
static const selection chosen[PRK_LEVEL_COUNT] = {
    {&prk_kernels_portable, PRK_STATUS_OK, false},
#if defined(__x86_64__)
    {&prk_kernels_bmi2, PRK_STATUS_OK, false},
    {&prk_kernels_avx2, PRK_STATUS_OK, false},
    {&prk_kernels_avx512ifma, PRK_STATUS_OK, true},
#endif
};
#if defined(__x86_64__)
// A machine with AVX-512 that lacks IFMA, when no level is forced.
static const selection wide = {&prk_kernels_avx2, PRK_STATUS_OK, true};
#endif
static const selection unknown = {&prk_kernels_portable, PRK_STATUS_LEVEL_UNKNOWN, false};
static const selection unavailable = {&prk_kernels_portable, PRK_STATUS_LEVEL_UNAVAILABLE, false};

static _Atomic(const selection *) selected;

// __builtin_cpu_supports also asks what the operating system saves. It is usable before main on
// gcc only after __builtin_cpu_init.
bool prk_level_supported(prk_level level) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    switch (level) {
    case PRK_LEVEL_PORTABLE:
        return true;
#if defined(__x86_64__)
    case PRK_LEVEL_BMI2: // each machine with BMI2 has BMI1 and lzcnt
        return __builtin_cpu_supports("bmi2");
    case PRK_LEVEL_AVX2:
        return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2") &&
               __builtin_cpu_supports("fma");
    case PRK_LEVEL_AVX512_IFMA:
        return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2") &&
               __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512ifma");
#endif
    default:
        return false;
    }
}

const char *prk_level_name(prk_level level) {
    return (unsigned)level < PRK_LEVEL_COUNT ? names[level] : NULL;
}

static const selection *choose(void) {
    const char *forced = secure_getenv("PRIMALITY_LEVEL");
    if (forced != NULL && forced[0] != '\0') {
        for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
            if (strcmp(forced, names[level]) == 0) {
                return prk_level_supported((prk_level)level) ? &chosen[level] : &unavailable;
            }
        }
        return &unknown;
    }
    int level = PRK_LEVEL_COUNT - 1;
    while (!prk_level_supported((prk_level)level)) {
        level--;
    }
#if defined(__x86_64__)
    if (level == PRK_LEVEL_AVX2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq")) {
        return &wide;
    }
#endif
    return &chosen[level];
}

static const selection *current(void) {
    const selection *s = atomic_load_explicit(&selected, memory_order_acquire);
    if (__builtin_expect(s == NULL, 0)) {
        s = choose();
        atomic_store_explicit(&selected, s, memory_order_release);
    }
    return s;
}

void prk_take_level(prk_level level) {
    if (prk_level_supported(level)) {
        atomic_store_explicit(&selected, &chosen[level], memory_order_release);
    }
}

const prk_kernel_set *prk_kernels(void) { return current()->kernels; }

const prk_kernel_set *prk_kernels_at(prk_level level) {
    return prk_level_supported(level) ? sets[level] : NULL;
}

bool prk_has_wide_doubles(void) { return current()->has_wide_doubles; }

prk_level prk_active_level(void) { return current()->kernels->level; }

prk_status prk_level_status(void) { return current()->status; }
