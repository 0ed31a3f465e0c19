// SPDX-License-Identifier: Apache-2.0
//
// The FLINT that python-flint brings, loaded where `make bench-flint` has put it: a newer one than
// distributions have.

// RTLD_DEEPBIND
#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "peers.h"

static int (*n_is_prime)(unsigned long n);
static const char *loaded_version;

// Another FLINT may be linked. This one is to find its own functions first, not that one's of the
// same names.
bool flint_wheel_load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == NULL) {
        fprintf(stderr, "bench-u64: %s\n", dlerror());
        return false;
    }
    const char *const version = dlsym(library, "flint_version");
    void *function = dlsym(library, "n_is_prime");
    if (version == NULL || function == NULL) {
        fprintf(stderr, "bench-u64: %s has no n_is_prime\n", path);
        return false;
    }
    memcpy(&n_is_prime, &function, sizeof function); // no cast from an object to a function
    loaded_version = version;
    return true;
}

static const char *version(void) { return loaded_version; }

static void test(const uint64_t *n, uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = n_is_prime(n[i]) != 0;
    }
}

const peer flint_wheel_peer = {"FLINT-new", "n_is_prime(n) of python-flint", NULL, version, test};
