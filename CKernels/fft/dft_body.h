// SPDX-License-Identifier: Apache-2.0
//
// Passes of transforms: what transform_body.h begins with. Their vectors are defined there.

#define KERNEL PRK_TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef struct complexes {
    reals re, im;
} complexes;

KERNEL reals load(const double *x) { return *(const reals *)x; }
KERNEL void store(double *x, reals a) { *(reals *)x = a; }

// --- Discrete Fourier transforms of R vectors ----------------------------------------------------
//
// z_k = sum z_u w^(k u) with w = e^(2 pi i/R), or its conjugate in the inverse, which divides by
// nothing.

KERNEL complexes plus(complexes a, complexes b) { return (complexes){a.re + b.re, a.im + b.im}; }
KERNEL complexes minus(complexes a, complexes b) { return (complexes){a.re - b.re, a.im - b.im}; }
// a + i b, with -i in the inverse.
KERNEL complexes plus_turned(bool inverse, complexes a, complexes b) {
    return inverse ? (complexes){a.re + b.im, a.im - b.re} : (complexes){a.re - b.im, a.im + b.re};
}
// a + s b.
KERNEL complexes plus_scaled(complexes a, reals s, complexes b) {
    return (complexes){fmadd(s, b.re, a.re), fmadd(s, b.im, a.im)};
}

KERNEL void dft_2(complexes z[2]) {
    const complexes a = z[0];
    z[0] = plus(a, z[1]);
    z[1] = minus(a, z[1]);
}

KERNEL void dft_3(bool inverse, complexes z[3]) {
    const reals half = all(-0.5), s = all(0.86602540378443864676);
    const complexes p = plus(z[1], z[2]), q = minus(z[1], z[2]);
    const complexes m = plus_scaled(z[0], half, p);
    z[0] = plus(z[0], p);
    const complexes n = {s * q.re, s * q.im};
    z[1] = plus_turned(inverse, m, n);
    z[2] = plus_turned(!inverse, m, n);
}

KERNEL void dft_4(bool inverse, complexes *a, complexes *b, complexes *c, complexes *d) {
    const complexes p = plus(*a, *c), q = minus(*a, *c), r = plus(*b, *d), t = minus(*b, *d);
    *a = plus(p, r);
    *c = minus(p, r);
    *b = plus_turned(inverse, q, t);
    *d = plus_turned(!inverse, q, t);
}

KERNEL void dft_5(bool inverse, complexes z[5]) {
    const reals c1 = all(0.30901699437494742410), c2 = all(-0.80901699437494742410),
                s1 = all(0.95105651629515357212), s2 = all(0.58778525229247312917);
    const complexes p1 = plus(z[1], z[4]), p2 = plus(z[2], z[3]);
    const complexes q1 = minus(z[1], z[4]), q2 = minus(z[2], z[3]);
    const complexes m1 = plus_scaled(plus_scaled(z[0], c1, p1), c2, p2);
    const complexes m2 = plus_scaled(plus_scaled(z[0], c2, p1), c1, p2);
    const complexes n1 = {fmadd(s2, q2.re, s1 * q1.re), fmadd(s2, q2.im, s1 * q1.im)};
    const complexes n2 = {fnmadd(s1, q2.re, s2 * q1.re), fnmadd(s1, q2.im, s2 * q1.im)};
    z[0] = plus(plus(z[0], p1), p2);
    z[1] = plus_turned(inverse, m1, n1);
    z[4] = plus_turned(!inverse, m1, n1);
    z[2] = plus_turned(inverse, m2, n2);
    z[3] = plus_turned(!inverse, m2, n2);
}

KERNEL void dft_7(bool inverse, complexes z[7]) {
    const reals c1 = all(0.62348980185873353053), c2 = all(-0.22252093395631440429),
                c3 = all(-0.90096886790241912624), s1 = all(0.78183148246802980871),
                s2 = all(0.97492791218182360702), s3 = all(0.43388373911755812048);
    const complexes p1 = plus(z[1], z[6]), p2 = plus(z[2], z[5]), p3 = plus(z[3], z[4]);
    const complexes q1 = minus(z[1], z[6]), q2 = minus(z[2], z[5]), q3 = minus(z[3], z[4]);
    const complexes a = z[0];
    const complexes m1 = plus_scaled(plus_scaled(plus_scaled(a, c1, p1), c2, p2), c3, p3);
    const complexes m2 = plus_scaled(plus_scaled(plus_scaled(a, c2, p1), c3, p2), c1, p3);
    const complexes m3 = plus_scaled(plus_scaled(plus_scaled(a, c3, p1), c1, p2), c2, p3);
    const complexes n1 = {fmadd(s3, q3.re, fmadd(s2, q2.re, s1 * q1.re)),
                          fmadd(s3, q3.im, fmadd(s2, q2.im, s1 * q1.im))};
    const complexes n2 = {fnmadd(s1, q3.re, fnmadd(s3, q2.re, s2 * q1.re)),
                          fnmadd(s1, q3.im, fnmadd(s3, q2.im, s2 * q1.im))};
    const complexes n3 = {fmadd(s2, q3.re, fnmadd(s1, q2.re, s3 * q1.re)),
                          fmadd(s2, q3.im, fnmadd(s1, q2.im, s3 * q1.im))};
    z[0] = plus(plus(a, p1), plus(p2, p3));
    z[1] = plus_turned(inverse, m1, n1);
    z[6] = plus_turned(!inverse, m1, n1);
    z[2] = plus_turned(inverse, m2, n2);
    z[5] = plus_turned(!inverse, m2, n2);
    z[3] = plus_turned(inverse, m3, n3);
    z[4] = plus_turned(!inverse, m3, n3);
}

// 44 additions and 8 multiply-adds: the root of 1/2 is part of the last additions.
KERNEL void dft_8(bool inverse, complexes z[8]) {
    const reals h = all(0.70710678118654752440), minus_h = all(-0.70710678118654752440);
    complexes e0 = z[0], e1 = z[2], e2 = z[4], e3 = z[6];
    complexes o0 = z[1], o1 = z[3], o2 = z[5], o3 = z[7];
    dft_4(inverse, &e0, &e1, &e2, &e3);
    dft_4(inverse, &o0, &o1, &o2, &o3);
    // (1 + i) o1 and (-1 + i) o3, or their conjugates' products.
    const complexes t1 = plus_turned(inverse, o1, o1);
    const complexes t3 = plus_turned(!inverse, o3, o3); // less: (1 - i) o3
    z[0] = plus(e0, o0);
    z[4] = minus(e0, o0);
    z[1] = plus_scaled(e1, h, t1);
    z[5] = plus_scaled(e1, minus_h, t1);
    z[2] = plus_turned(inverse, e2, o2);
    z[6] = plus_turned(!inverse, e2, o2);
    z[3] = plus_scaled(e3, minus_h, t3);
    z[7] = plus_scaled(e3, h, t3);
}

KERNEL void dft(int radix, bool inverse, complexes *z) {
    switch (radix) {
    case 2:
        dft_2(z);
        break;
    case 3:
        dft_3(inverse, z);
        break;
    case 4:
        dft_4(inverse, z, z + 1, z + 2, z + 3);
        break;
    case 5:
        dft_5(inverse, z);
        break;
    case 7:
        dft_7(inverse, z);
        break;
    default:
        dft_8(inverse, z);
        break;
    }
}

// --- Twiddles ------------------------------------------------------------------------------------

// a w, or a times w's conjugate.
KERNEL complexes turned(bool inverse, complexes a, reals re, reals im) {
    const reals x = a.im * im, y = a.im * re;
    return inverse ? (complexes){fmadd(a.re, re, x), fnmadd(a.re, im, y)}
                   : (complexes){fmsub(a.re, re, x), fmadd(a.re, im, y)};
}

// Those of a node, w^1 to w^(R-1), one after the other.
KERNEL void turn_all(int radix, bool inverse, complexes *z, const double *w) {
    UNROLL
    for (int u = 1; u < radix; u++) {
        z[u] = turned(inverse, z[u], all(w[2 * u - 2]), all(w[2 * u - 1]));
    }
}

// --- Passes --------------------------------------------------------------------------------------

// Splits a node of R `stride` points into R children, or joins them: the first `count` of each, and
// so a part of them for who adds to the pointers where it begins; from the last one down with
// `is_down`. `fold` is NULL, or has cosine and sine of theta, by which digits become points.
KERNEL void pass(int radix, bool inverse, const double *w, size_t stride, size_t count,
                 bool is_down, const double *from_re, const double *from_im, double *re, double *im,
                 const double *fold) {
    for (size_t i = 0; i < count; i += V) {
        const size_t j = is_down ? count - V - i : i;
        complexes z[8];
        UNROLL
        for (int u = 0; u < radix; u++) {
            z[u].re = load(from_re + (size_t)u * stride + j);
            z[u].im = load(from_im + (size_t)u * stride + j);
            if (fold != NULL) {
                z[u].re = fmadd(all(fold[0]), z[u].im, z[u].re);
                z[u].im = all(fold[1]) * z[u].im;
            }
        }
        if (!inverse) {
            turn_all(radix, false, z, w);
        }
        dft(radix, inverse, z);
        if (inverse) {
            turn_all(radix, true, z, w);
        }
        UNROLL
        for (int u = 0; u < radix; u++) {
            store(re + (size_t)u * stride + j, z[u].re);
            store(im + (size_t)u * stride + j, z[u].im);
        }
    }
}

#define EACH_RADIX(DO) DO(2) DO(3) DO(4) DO(5) DO(7) DO(8)

// What is known where this is compiled costs nothing in the loop: a whole node has one number less
// to keep.
#define BY_PART(R, INVERSE, FROM_RE, FROM_IM, FOLD)                                                \
    if (count == stride) {                                                                         \
        pass(R, INVERSE, w, stride, stride, false, FROM_RE, FROM_IM, re, im, FOLD);                \
    } else if (is_down) {                                                                          \
        pass(R, INVERSE, w, stride, count, true, FROM_RE, FROM_IM, re, im, FOLD);                  \
    } else {                                                                                       \
        pass(R, INVERSE, w, stride, count, false, FROM_RE, FROM_IM, re, im, FOLD);                 \
    }

#define PASSES(R)                                                                                  \
    PRK_TARGET static __attribute__((noinline)) void split_##R(                                    \
        const double *w, size_t stride, size_t count, bool is_down, double *re,                    \
        double *im){BY_PART(R, false, re, im, NULL)} PRK_TARGET static                             \
        __attribute__((noinline)) void join_##R(const double *w, size_t stride, size_t count,      \
                                                bool is_down, double *re, double *im){             \
            BY_PART(R, true, re, im, NULL)} PRK_TARGET static                                      \
        __attribute__((noinline)) void enter_##R(                                                  \
            const double *w, size_t stride, size_t count, bool is_down, const double *low,         \
            const double *high, double *re, double *im, const double *fold) {                      \
        if (fold == NULL) {                                                                        \
            BY_PART(R, false, low, high, NULL)                                                     \
        } else {                                                                                   \
            BY_PART(R, false, low, high, fold)                                                     \
        }                                                                                          \
    }
EACH_RADIX(PASSES)

#define SPLIT_CASE(R)                                                                              \
    case R:                                                                                        \
        split_##R(w, stride, count, is_down, re, im);                                              \
        break;
#define JOIN_CASE(R)                                                                               \
    case R:                                                                                        \
        join_##R(w, stride, count, is_down, re, im);                                               \
        break;
#define ENTER_CASE(R)                                                                              \
    case R:                                                                                        \
        enter_##R(w, stride, count, is_down, low, high, re, im, fold);                             \
        break;

PRK_TARGET static void split(int radix, const double *w, size_t stride, size_t count, bool is_down,
                             double *re, double *im) {
    switch (radix) { EACH_RADIX(SPLIT_CASE) }
}

PRK_TARGET static void join(int radix, const double *w, size_t stride, size_t count, bool is_down,
                            double *re, double *im) {
    switch (radix) { EACH_RADIX(JOIN_CASE) }
}

PRK_TARGET static void enter(int radix, const double *w, size_t stride, size_t count, bool is_down,
                             const double *low, const double *high, double *re, double *im,
                             const double *fold) {
    switch (radix) { EACH_RADIX(ENTER_CASE) }
}
