// SPDX-License-Identifier: Apache-2.0
//
// Memory that held secrets, and who may look at it.

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../include/prk_keys.h"

void prk_wipe(void *start, size_t bytes) {
    if (bytes == 0) {
        return;
    }
    memset(start, 0, bytes);
    // The compiler has to believe that somebody reads the zeros, so it cannot leave them out.
    __asm__ volatile("" : : "r"(start) : "memory");
}

int prk_process_keep_secrets(void) {
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) {
        return errno;
    }
    return 0;
}
