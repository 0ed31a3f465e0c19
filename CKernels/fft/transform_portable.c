// SPDX-License-Identifier: Apache-2.0
//
// Transforms in vectors of two doubles, of whatever instructions the compiler has for them.

#include <stdbool.h>
#include <stdint.h>

#define PRK_TARGET
#define PRK_SUFFIX portable
#define PRK_NAME "portable"
#define V 2

#define VECTOR static inline __attribute__((always_inline))
typedef double reals __attribute__((vector_size(16)));

VECTOR reals all(double x) { return (reals){x, x}; }
VECTOR reals fmadd(reals a, reals b, reals c) { return a * b + c; }
VECTOR reals fmsub(reals a, reals b, reals c) { return a * b - c; }
VECTOR reals fnmadd(reals a, reals b, reals c) { return c - a * b; }
VECTOR reals following(reals h, reals before) { return (reals){before[1], h[0]}; }
typedef int64_t integers __attribute__((vector_size(16)));

// As integers, without a branch: NaN is larger than all, and stays.
VECTOR reals largest(reals a, reals b) {
    const integers x = (integers)a, y = (integers)b & INT64_MAX, is_more = y > x;
    return (reals)((y & is_more) | (x & ~is_more));
}
VECTOR reals larger(reals a, reals b) {
    const reals size = (reals)((integers)b & INT64_MAX);
    const integers is_a = (integers)(a > size);
    return (reals)((is_a & (integers)a) | (~is_a & (integers)size));
}
VECTOR reals choose(unsigned mask, reals a, reals b) {
    return (reals){(mask & 1) != 0 ? b[0] : a[0], (mask & 2) != 0 ? b[1] : a[1]};
}
VECTOR void transpose(reals r[2]) {
    const reals a = r[0];
    r[0] = (reals){a[0], r[1][0]};
    r[1] = (reals){a[1], r[1][1]};
}

#define fma fused
#include "transform_body.h"

#include "lanes_body.h"
