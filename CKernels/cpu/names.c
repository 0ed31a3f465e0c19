// SPDX-License-Identifier: Apache-2.0
//
// What the values of enumerations are called, and the one bound on the size of a number.

#include "../include/prk_kernels.h"

_Static_assert(PRK_MOST_BITS % 64 == 0, "the bound is kept in limbs");

size_t prk_most_limbs = PRK_MOST_BITS / 64;

#define NAME_IN(names, value)                                                                      \
    ((unsigned)(value) < sizeof(names) / sizeof(names)[0] ? (names)[value] : NULL)

const char *prk_status_name(prk_status status) {
    static const char *const names[] = {
        [PRK_STATUS_OK] = "ok",
        [PRK_STATUS_INVALID_ARGUMENT] = "invalid argument",
        [PRK_STATUS_NO_MEMORY] = "no memory",
        [PRK_STATUS_LEVEL_UNAVAILABLE] = "level unavailable",
        [PRK_STATUS_LEVEL_UNKNOWN] = "level unknown",
        [PRK_STATUS_CANCELLED] = "cancelled",
        [PRK_STATUS_TOO_LARGE] = "too large",
        [PRK_STATUS_UNRELIABLE] = "unreliable",
    };
    return NAME_IN(names, status);
}

const char *prk_verdict_name(prk_verdict verdict) {
    static const char *const names[] = {
        [PRK_NEITHER] = "neither",
        [PRK_COMPOSITE] = "composite",
        [PRK_PROBABLE_PRIME] = "probable-prime",
        [PRK_PRIME] = "prime",
    };
    return verdict == PRK_UNTESTED ? "untested" : NAME_IN(names, verdict);
}

const char *prk_engine_name(prk_engine engine) {
    static const char *const names[] = {
        [PRK_ENGINE_AUTO] = "auto", [PRK_ENGINE_TRIAL] = "trial", [PRK_ENGINE_U64] = "u64",
        [PRK_ENGINE_GMP] = "gmp",   [PRK_ENGINE_IFMA] = "ifma",   [PRK_ENGINE_FFT] = "fft",
    };
    return NAME_IN(names, engine);
}

const char *prk_method_name(prk_method method) {
    static const char *const names[] = {
        [PRK_METHOD_DEFINITION] = "definition",
        [PRK_METHOD_TRIAL_DIVISION] = "trial-division",
        [PRK_METHOD_STRONG_BASE2] = "strong-base-2",
        [PRK_METHOD_SQUARE] = "square",
        [PRK_METHOD_EXTRA_STRONG_LUCAS] = "extra-strong-lucas",
        [PRK_METHOD_ALMOST_EXTRA_STRONG_LUCAS] = "almost-extra-strong-lucas",
        [PRK_METHOD_STRONG_RANDOM_BASE] = "strong-random-base",
        [PRK_METHOD_BAILLIE_PSW] = "baillie-psw",
        [PRK_METHOD_LUCAS_LEHMER] = "lucas-lehmer",
        [PRK_METHOD_PEPIN] = "pepin",
        [PRK_METHOD_PROTH] = "proth",
        [PRK_METHOD_LUCAS_LEHMER_RIESEL] = "lucas-lehmer-riesel",
        [PRK_METHOD_STRONG_HASHED_BASE] = "strong-hashed-base",
        [PRK_METHOD_POCKLINGTON] = "pocklington",
        [PRK_METHOD_MORRISON] = "morrison",
        [PRK_METHOD_BLS5] = "bls5",
        [PRK_METHOD_BLS7] = "bls7",
        [PRK_METHOD_KONYAGIN] = "konyagin",
        [PRK_METHOD_COMBINED] = "combined",
        [PRK_METHOD_BLS3] = "bls3",
        [PRK_METHOD_BLS15] = "bls15",
        [PRK_METHOD_ECPP] = "ecpp",
    };
    return NAME_IN(names, method);
}
