// SPDX-License-Identifier: Apache-2.0
//
// A program of somebody else's: C17 or C++17, the installed header, pkg-config's flags.

#include <primality.h>
#include <stdio.h>

static int failures;

static void expect(bool holds, const char *what) {
    if (!holds) {
        printf("client: %s\n", what);
        failures++;
    }
}

int main(void) {
    expect(prk_is_prime_u64(UINT64_C(18446744073709551557)), "2^64 - 59 is prime");

    const uint64_t numbers[4] = {0, 561, 25326001, 4294967311};
    uint8_t verdicts[4];
    expect(prk_test_u64_batch(numbers, verdicts, 4) == PRK_STATUS_OK, "a batch is tested");
    expect(verdicts[0] == PRK_NEITHER && verdicts[1] == PRK_COMPOSITE, "0 and 561");
    expect(verdicts[2] == PRK_COMPOSITE && verdicts[3] == PRK_PRIME, "25326001 and 2^32 + 15");

    // 2^89 - 1, 2^67 - 1, 2^89 + 29, nothing, and 7 with a leading zero.
    const uint64_t limbs[8] = {UINT64_MAX, 0x1ffffff, UINT64_MAX, 7, 29, 0x2000000, 7, 0};
    const uint64_t offsets[6] = {0, 2, 4, 6, 6, 8};
    uint8_t of_big[5];
    expect(prk_test_big_batch(limbs, offsets, of_big, 5) == PRK_STATUS_OK, "a big batch");
    expect(of_big[0] == PRK_PRIME && of_big[1] == PRK_COMPOSITE, "2^89 - 1, 2^67 - 1");
    expect(of_big[2] == PRK_PROBABLE_PRIME, "2^89 + 29");
    expect(of_big[3] == PRK_NEITHER && of_big[4] == PRK_PRIME, "an empty number and 7");

    uint64_t factor = 0;
    expect(prk_smallest_factor_u64(UINT64_C(1000003) * 1000033, &factor) == PRK_STATUS_OK &&
               factor == 1000003,
           "the smallest factor");
    expect(prk_smallest_factor_u64(1, &factor) == PRK_STATUS_INVALID_ARGUMENT, "1 has none");

    // The first and the last of these 37 odd numbers are prime: 2^64 - 59 and 2^64 + 13.
    const uint64_t start = UINT64_MAX - 58;
    uint64_t left = 0;
    expect(prk_sieve_window(&start, 1, 37, NULL, &left) == PRK_STATUS_OK && (left & 1) == 1 &&
               left >> 36 == 1,
           "primes of a window are left");
    if (failures == 0) {
        printf("client: libprimality %s, level %s\n", prk_version(),
               prk_level_name(prk_active_level()));
    }
    return failures != 0;
}
