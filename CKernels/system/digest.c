// SPDX-License-Identifier: Apache-2.0
//
// What a file is recognised by.

#define _GNU_SOURCE // pread

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../include/prk_kernels.h"
#include "../include/prk_system.h"
#include "siphash.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they lie in memory");

int prk_file_digest(int file, uint64_t most, uint64_t k0, uint64_t k1, const uint32_t *cancel,
                    uint64_t *digest, uint64_t *size) {
    enum { BLOCK = 1 << 16 };
    uint64_t words[BLOCK / 8];
    unsigned char *bytes = (unsigned char *)words;
    sip s = sip_start(k0, k1);
    uint64_t offset = 0;
    size_t held = 0; // bytes of an incomplete word, at the front
    for (;;) {
        if (cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0) {
            return ECANCELED;
        }
        const uint64_t left = most - offset;
        const size_t wanted = left < BLOCK - held ? (size_t)left : BLOCK - held;
        ssize_t got = pread(file, bytes + held, wanted, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            break;
        }
        offset += (uint64_t)got;
        held += (size_t)got;
        const size_t whole = held / 8;
        for (size_t i = 0; i < whole; i++) {
            sip_word(&s, words[i]);
        }
        held %= 8;
        memmove(bytes, bytes + 8 * whole, held);
    }
    uint64_t last = 0;
    memcpy(&last, bytes, held);
    *digest = sip_finish(s, last | offset << 56);
    *size = offset;
    return 0;
}
