// SPDX-License-Identifier: Apache-2.0

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "peers.h"

static BIGNUM *numbers[MOST_NUMBERS];
static BN_CTX *context;

static const char *version(void) { return OpenSSL_version(OPENSSL_VERSION_STRING); }

static void load(const uint64_t *limbs, size_t size, size_t count) {
    if (context == NULL) {
        context = BN_CTX_new();
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] =
            BN_lebin2bn((const unsigned char *)(limbs + i * size), (int)(8 * size), numbers[i]);
    }
}

static void test(uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = BN_check_prime(numbers[i], context, NULL) == 1;
    }
}

const peer openssl_peer = {"OpenSSL", "BN_check_prime(n), 64 or 128 random bases", version, load,
                           test};
