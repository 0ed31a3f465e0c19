// SPDX-License-Identifier: Apache-2.0
#include <primality.h>
#include <stdio.h>

int main(void) {
    const uint64_t n[3] = {2, 561, 4294967311};
    uint8_t verdicts[3];
    if (prk_test_u64_batch(n, verdicts, 3) == PRK_STATUS_OK) {
        printf("%d %d %d\n", verdicts[0], verdicts[1], verdicts[2]); // 3 1 3
    }
    return !prk_is_prime_u64(18446744073709551557u);
}
