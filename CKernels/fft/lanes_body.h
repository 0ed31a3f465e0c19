// SPDX-License-Identifier: Apache-2.0
//
// Several numbers of one length, one in each lane: transforms go down to single points without a
// transposition, and carries without a move between lanes. It is included after transform_body.h,
// whose transforms and passes it uses.

#include "lanes_kernels.h"

// --- The last eight points -----------------------------------------------------------------------

#define LEAF ((size_t)PRK_FFT_LANE_BLOCK)
#define LEAF_TWIDDLES 16

KERNEL void leaf(prk_fft_product product, const double *w, double *re, double *im,
                 const double *a_re, const double *a_im, const double *b_re, const double *b_im) {
    complexes z[8];
    UNROLL
    for (int u = 0; u < 8; u++) {
        z[u] = (complexes){load(re + V * u), load(im + V * u)};
    }
    turn_all(8, false, z, w);
    dft_8(false, z);
    multiply_points(product, 8, z, a_re, a_im, b_re, b_im);
    if (IS_INVERTED(product)) {
        dft_8(true, z);
        turn_all(8, true, z, w);
    }
    UNROLL
    for (int u = 0; u < 8; u++) {
        store(re + V * u, z[u].re);
        store(im + V * u, z[u].im);
    }
}

KERNEL void all_leaves(prk_fft_product product, size_t count, const double *w, double *re,
                       double *im, const double *a_re, const double *a_im, const double *b_re,
                       const double *b_im) {
    for (size_t i = 0; i < count; i++) {
        const size_t at = LEAF * V * i;
        leaf(product, w + LEAF_TWIDDLES * i, re + at, im + at, a_re + at, a_im + at, b_re + at,
             b_im + at);
    }
}

LEAVES(all_leaves, LEAF_TWIDDLES)

static size_t plane_of(size_t points) { return prk_fft_lane_plane(points, V); }

PRK_TARGET static void multiply_lanes(const prk_fft *f, prk_fft_product product, const double *x,
                                      double *work, const double *a, const double *b) {
    walk s = {.f = f,
              .leaves = &all_leaves_leaves,
              .product = product,
              .each = V,
              .plane = plane_of(f->points),
              .work = work};
    walk_all(&s, x, x + s.plane, a, b, &alone);
}

// --- Carries -------------------------------------------------------------------------------------
//
// One after the other in each lane. A plane is cut in runs, so that their chains of additions hide
// each other's latency.

#define RUNS (V == 8 ? 4 : 2)

// d = t less a multiple of the base, which becomes `carried`.
KERNEL reals take_carry(reals t, reals base, reals inverse, reals *carried) {
    const reals rounder = all(ROUNDER);
    *carried = fmadd(t, inverse, rounder) - rounder;
    return fnmadd(*carried, base, t);
}

// Plus what is carried to a run's first digits. As a rule two of them take it all.
KERNEL void add_to_run(double *digits, reals base, reals inverse, reals carried) {
    UNROLL
    for (int i = 0; i < 3; i++) {
        store(digits + V * i, take_carry(load(digits + V * i) + carried, base, inverse, &carried));
    }
    store(digits + V * 3, load(digits + V * 3) + carried);
}

KERNEL void carry_lanes_in(const prk_fft_carry *c, prk_fft_ring ring, bool has_less,
                           const double *work, const double *times, const double *less,
                           double *digits, double *errors) {
    const size_t m = c->points, plane = plane_of(m), run = m / RUNS;
    const reals rounder = all(ROUNDER), scale = all(c->scale), factor = load(times);
    // high = im/sin theta, low = re - im cot theta.
    const double root = 0.57735026918962576451;
    const reals high_scale = all(c->scale * 2 * root);
    const reals part = all(ring == PRK_FFT_SIXTH ? -root * c->scale : root * c->scale);
    const reals base = all(c->base[0]), inverse = all(c->inverse_base[0]);
    // What has no room for a fraction has no error, but much to carry. NaN is seen by a sum, since
    // larger() may lose it.
    reals error = load(errors), most = all(0), sum = all(0);
    planes carried[RUNS];
    UNROLL
    for (int i = 0; i < RUNS; i++) {
        carried[i] = (planes){all(0), all(0)};
    }
    for (size_t j = 0; j < run; j++) {
        UNROLL
        for (size_t i = 0; i < RUNS; i++) {
            const size_t at = (i * run + j) * V;
            const reals re = load(work + at), im = load(work + plane + at);
            const reals y = fmadd(re, scale, im * part);
            planes r = {(y + rounder) - rounder, fmadd(im, high_scale, rounder) - rounder};
            error = larger(error, y - r.low);
            error = larger(error, fmsub(im, high_scale, r.high));
            if (ring == PRK_FFT_THIRD) { // times X + 1
                r = (planes){r.low - r.high, r.low};
            }
            r.low = fmadd(r.low, factor, carried[i].low);
            r.high = fmadd(r.high, factor, carried[i].high);
            if (has_less) {
                r = (planes){r.low - load(less + at), r.high - load(less + plane + at)};
            }
            store(digits + at, take_carry(r.low, base, inverse, &carried[i].low));
            store(digits + plane + at, take_carry(r.high, base, inverse, &carried[i].high));
            most = larger(most, carried[i].low);
            most = larger(most, carried[i].high);
            sum = fmadd(carried[i].low, carried[i].high, sum);
        }
    }
    for (size_t i = 0; i + 1 < RUNS; i++) {
        double *next = digits + (i + 1) * run * V;
        add_to_run(next, base, inverse, carried[i].low);
        add_to_run(next + plane, base, inverse, carried[i].high);
    }
    const planes out = carried[RUNS - 1];
    add_to_run(digits, base, inverse, out.high * all(c->wrap_low));
    add_to_run(digits + plane, base, inverse, fmadd(out.high, all(c->wrap_high), out.low));
    store(errors, error);
    for (int i = 0; i < V; i++) {
        if (!(most[i] < PRK_FFT_MOST_COEFFICIENT * c->inverse_base[0]) || sum[i] - sum[i] != 0) {
            errors[i] = 1;
        }
    }
}

#define LANE_CARRIES(NAME, RING, LESS)                                                             \
    PRK_TARGET static __attribute__((noinline)) void NAME(                                         \
        const prk_fft_carry *c, const double *work, const double *times, const double *less,       \
        double *digits, double *errors) {                                                          \
        carry_lanes_in(c, RING, LESS, work, times, less, digits, errors);                          \
    }
LANE_CARRIES(carry_lanes_sixth, PRK_FFT_SIXTH, false)
LANE_CARRIES(carry_lanes_third, PRK_FFT_THIRD, false)
LANE_CARRIES(carry_lanes_third_less, PRK_FFT_THIRD, true)

PRK_TARGET static void carry_lanes(const prk_fft_carry *c, prk_fft_ring ring, const double *work,
                                   const double *times, const double *less, double *digits,
                                   double *errors) {
    (ring == PRK_FFT_SIXTH ? carry_lanes_sixth
     : less == NULL        ? carry_lanes_third
                           : carry_lanes_third_less)(c, work, times, less, digits, errors);
}

PRK_TARGET static void exchange_lanes(unsigned lanes, double *x, double *y, size_t count) {
    for (size_t i = 0; i < count; i += V) {
        const reals a = load(x + i), b = load(y + i);
        store(x + i, choose(lanes, a, b));
        store(y + i, choose(lanes, b, a));
    }
}

#define LANES_NAME_OF(suffix) PASTE(prk_fft_lanes_, suffix)
const prk_fft_lane_kernels LANES_NAME_OF(PRK_SUFFIX) = {.name = PRK_NAME,
                                                        .lanes = V,
                                                        .multiply = multiply_lanes,
                                                        .carry = carry_lanes,
                                                        .exchange = exchange_lanes};
