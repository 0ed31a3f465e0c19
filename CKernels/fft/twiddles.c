// SPDX-License-Identifier: Apache-2.0
//
// Tables of roots of unity, in the order in which transforms read them.

#include <math.h>
#include <string.h>

#include "plan.h"

// Writes cosine and sine of so many turns, p/q, where both may be added to a table at a distance.
static void put(double *re, double *im, uint64_t p, uint64_t q) {
    // To an eighth of a turn, in integers, so that the angle is exact.
    p %= q;
    const uint64_t octant = 8 * p / q;
    uint64_t rest = 8 * p - octant * q; // of q, in eighths
    if (octant % 2 != 0) {
        rest = q - rest;
    }
    const long double turn = 6.283185307179586476925286766559005768L;
    const long double angle = turn / 8 * (long double)rest / (long double)q;
    long double c = cosl(angle), s = sinl(angle);
    if ((octant + 1) / 2 % 2 != 0) {
        const long double other = c;
        c = s;
        s = other;
    }
    *re = (double)(octant >= 2 && octant < 6 ? -c : c);
    *im = (double)(octant >= 4 ? -s : s);
}

#define NODE_TWIDDLES(radix) ((radix) > 5 ? 16 : 8)

size_t prk_fft_count_twiddles(const prk_fft *f, unsigned lanes) {
    size_t nodes = 1, sum = 0;
    for (unsigned i = 0; i < f->passes; i++) {
        sum += nodes * NODE_TWIDDLES(f->radices[i]);
        nodes *= f->radices[i];
    }
    const size_t each =
        f->block < 8 * (size_t)lanes ? 8 + 14 * (size_t)lanes : 16 + 16 * ((size_t)lanes - 1);
    return sum + f->points / f->block * each;
}

// Of four rows: the node's, those of its four children between the halves of a row, of which the
// lower ones are 1, and those of their children, which are the lanes then.
static double *make_half_block(unsigned lanes, uint64_t p, uint64_t q, double *w) {
    memset(w, 0, 8 * sizeof *w);
    for (uint64_t u = 1; u < 4; u++) {
        put(w + 2 * u - 2, w + 2 * u - 1, p * u, 4 * q);
    }
    w += 8;
    for (uint64_t c = 0; c < 4; c++, w += 2 * (size_t)lanes) {
        for (uint64_t l = 0; l < lanes; l++) {
            put(w + l, w + lanes + l, l < lanes / 2 ? 0 : p + c * q, 8 * q);
        }
    }
    for (uint64_t u = 1; u < 4; u++, w += 2 * (size_t)lanes) {
        for (uint64_t l = 0; l < lanes; l++) {
            const uint64_t c = l % (lanes / 2), half = l / (lanes / 2);
            put(w + l, w + lanes + l, (p + c * q + 4 * half * q) * u, 32 * q);
        }
    }
    return w;
}

// Those of a node x^points = e^(2 pi i p/q) and of all below it. Returns where the next ones go.
static double *make_node(const prk_fft *f, unsigned lanes, unsigned done, size_t points, uint64_t p,
                         uint64_t q, double *w) {
    if (done == f->passes && f->block < 8 * (size_t)lanes) {
        return make_half_block(lanes, p, q, w);
    }
    if (done == f->passes) {
        memset(w, 0, 16 * sizeof *w);
        for (uint64_t u = 1; u < 8; u++) {
            put(w + 2 * u - 2, w + 2 * u - 1, p * u, 8 * q);
        }
        w += 16;
        for (uint64_t g = 0; g < 8; g += lanes) {
            for (uint64_t u = 1; u < lanes; u++, w += 2 * (size_t)lanes) {
                for (uint64_t c = 0; c < lanes; c++) {
                    put(w + c, w + lanes + c, (p + (g + c) * q) * u, 8 * q * lanes);
                }
            }
        }
        return w;
    }
    const uint64_t radix = f->radices[done];
    memset(w, 0, NODE_TWIDDLES(radix) * sizeof *w);
    for (uint64_t u = 1; u < radix; u++) {
        put(w + 2 * u - 2, w + 2 * u - 1, p * u, radix * q);
    }
    w += NODE_TWIDDLES(radix);
    for (uint64_t k = 0; k < radix; k++) {
        w = make_node(f, lanes, done + 1, points / radix, p + k * q, radix * q, w);
    }
    return w;
}

void prk_fft_make_twiddles(prk_fft *f, unsigned lanes, double *twiddles) {
    static const uint8_t parts[PRK_FFT_RINGS] = {4, 6, 3, 1};
    const uint64_t part = parts[f->ring];
    put(&f->cosine, &f->sine, 1, part);
    f->twiddles = twiddles;
    make_node(f, lanes, 0, f->points, 1, part, twiddles);
}
