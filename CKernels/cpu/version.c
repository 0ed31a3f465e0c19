// SPDX-License-Identifier: Apache-2.0

#include <gmp.h>

#include "../include/primality.h"

const char *prk_version(void) { return PRK_VERSION_STRING; }

const char *prk_gmp_version(void) { return gmp_version; }

const char *prk_compiler(void) {
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}
