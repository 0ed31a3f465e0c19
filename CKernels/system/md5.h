// SPDX-License-Identifier: Apache-2.0
//
// MD5 [RFC1321], by which GIMPS names the file of a proof. It protects from nothing.

#ifndef PRK_MD5_H
#define PRK_MD5_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

typedef struct prk_md5 {
    uint32_t state[4];
    uint64_t length; // bytes so far
    uint8_t block[64];
} prk_md5;

void prk_md5_begin(prk_md5 *hash);
void prk_md5_add(prk_md5 *hash, const void *bytes, size_t count);
/// The digest of all that was added in 32 lower-case hexadecimal digits and a NUL. `hash` may not
/// be used any further.
void prk_md5_end_hex(prk_md5 *hash, char text[33]);

#pragma GCC visibility pop

#endif
