// SPDX-License-Identifier: Apache-2.0

#include "lanes.h"

#include <string.h>

const prk_fft_lane_kernels *prk_fft_lanes_active(void) {
#if defined(__x86_64__)
    if (prk_has_wide_doubles()) {
        return &prk_fft_lanes_avx512;
    }
    if (prk_kernels()->level == PRK_LEVEL_AVX2) {
        return &prk_fft_lanes_avx2;
    }
#endif
    return &prk_fft_lanes_portable;
}

// So far from an integer a coefficient may be. One that is wrong is farther than 1 less this.
#define MOST_ERROR 0.25

// --- Memory --------------------------------------------------------------------------------------

static size_t aligned(size_t bytes) {
    return (bytes + PRK_FFT_ALIGNMENT - 1) / PRK_FFT_ALIGNMENT * PRK_FFT_ALIGNMENT;
}

size_t prk_fft_lanes_size(const prk_fft_lane_kernels *kernels, const prk_fft_shape *shape) {
    return 2 * prk_fft_lane_plane(shape->points, kernels->lanes);
}

enum { ARRAYS = 5 };

static size_t digits_bytes(const prk_fft_shape *shape) {
    return aligned(2 * shape->points * sizeof(double));
}

static size_t twiddles_bytes(const prk_fft_shape *shape) {
    prk_fft f = {.points = 0};
    prk_fft_set_radices(&f, shape->points, 1);
    return aligned(prk_fft_count_twiddles(&f, 1) * sizeof(double));
}

size_t prk_fft_lanes_bytes(const prk_fft_lane_kernels *kernels, const prk_fft_shape *shape) {
    return ARRAYS * prk_fft_lanes_size(kernels, shape) * sizeof(double) + digits_bytes(shape) +
           2 * twiddles_bytes(shape);
}

// --- Digits --------------------------------------------------------------------------------------

// Digit j of lane i.
static double *digit_of(const prk_fft_lanes *l, double *x, size_t i, size_t j) {
    const size_t m = l->plan.shape.points, at = j < m ? 0 : l->size / 2;
    return x + at + (j < m ? j : j - m) * l->kernels->lanes + i;
}

static void give_digits(const prk_fft_lanes *l, double *x, size_t i, mpz_ptr value) {
    prk_fft_to_digits(&l->plan, l->digits, value);
    for (size_t j = 0; j < 2 * l->plan.shape.points; j++) {
        *digit_of(l, x, i, j) = l->digits[j];
    }
}

void prk_fft_lanes_to(prk_fft_lanes *l, double *x, size_t i, mpz_srcptr value) {
    const size_t taken = l->scratch->taken;
    mpz_ptr form = prk_scratch_take(l->scratch);
    mpz_mul(form, value, l->one[i]);
    mpz_tdiv_r(form, form, l->n[i]);
    give_digits(l, x, i, form);
    l->scratch->taken = taken;
}

void prk_fft_lanes_look(const prk_fft_lanes *l, mpz_ptr value, const double *x, size_t i) {
    for (size_t j = 0; j < 2 * l->plan.shape.points; j++) {
        l->digits[j] = *digit_of(l, (double *)x, i, j);
    }
    prk_fft_from_digits(&l->plan, value, l->digits);
    mpz_mod(value, value, l->n[i]);
}

// --- Moduli --------------------------------------------------------------------------------------

// The residue of x modulo r next to 0.
static void centre(mpz_ptr x, mpz_srcptr r, mpz_ptr half) {
    mpz_tdiv_q_2exp(half, r, 1);
    if (mpz_cmp(x, half) > 0) {
        mpz_sub(x, x, r);
    }
}

static void set_modulus(prk_fft_lanes *l, size_t i, mpz_srcptr r) {
    const size_t taken = l->scratch->taken;
    mpz_ptr x = prk_scratch_take(l->scratch), half = prk_scratch_take(l->scratch);
    mpz_ptr one = l->one[i];
    mpz_tdiv_r(one, r, l->n[i]);
    if (mpz_odd_p(one)) {
        mpz_add(one, one, l->n[i]);
    }
    mpz_tdiv_q_2exp(one, one, 1);
    if (mpz_invert(x, l->n[i], r) == 0) {
        l->out |= 1U << i;
        mpz_set_ui(x, 0);
    }
    centre(x, r, half);
    mpz_neg(x, x);
    give_digits(l, l->inverse, i, x);
    mpz_set(x, l->n[i]);
    give_digits(l, l->image, i, x);
    l->scratch->taken = taken;
}

void prk_fft_lanes_set(prk_fft_lanes *l, const prk_fft_lane_kernels *kernels,
                       const prk_fft_shape *shape, const mpz_srcptr *n, size_t count, void *memory,
                       prk_scratch *scratch) {
    static const prk_fft_ring rings[2] = {PRK_FFT_SIXTH, PRK_FFT_THIRD};
    *l = (prk_fft_lanes){.kernels = kernels,
                         .plan = {.shape = *shape},
                         .scratch = scratch,
                         .size = prk_fft_lanes_size(kernels, shape)};
    prk_fft_set_carries(&l->plan);
    double *next = memory;
    double **const arrays[ARRAYS] = {&l->work, &l->other, &l->spare, &l->inverse, &l->image};
    for (int i = 0; i < ARRAYS; i++, next += l->size) {
        *arrays[i] = next;
        memset(next, 0, l->size * sizeof *next);
    }
    l->digits = next;
    next += digits_bytes(shape) / sizeof *next;
    for (int i = 0; i < 2; i++, next += twiddles_bytes(shape) / sizeof *next) {
        prk_fft *f = &l->plan.rings[i];
        f->ring = rings[i];
        prk_fft_set_radices(f, shape->points, 1);
        prk_fft_make_twiddles(f, 1, next);
    }
    mpz_ptr r = prk_scratch_take(scratch);
    prk_fft_ring_modulus(r, shape, PRK_FFT_SIXTH);
    for (size_t i = 0; i < count; i++) {
        l->n[i] = n[i];
        l->one[i] = prk_scratch_take(scratch);
        set_modulus(l, i, r);
    }
    const prk_fft *rings_of = l->plan.rings;
    l->kernels->multiply(&rings_of[0], PRK_FFT_STORE, l->inverse, l->inverse, NULL, NULL);
    l->kernels->multiply(&rings_of[1], PRK_FFT_STORE, l->image, l->image, NULL, NULL);
}

// --- Products ------------------------------------------------------------------------------------

static void watch(prk_fft_lanes *l, const double *errors) {
    for (unsigned i = 0; i < l->kernels->lanes; i++) {
        if (!(errors[i] <= MOST_ERROR)) { // NaN, too
            l->out |= 1U << i;
        } else if ((l->out >> i & 1) == 0 && errors[i] > l->largest) {
            l->largest = errors[i];
        }
    }
}

void prk_fft_lanes_multiply(prk_fft_lanes *l, double *x, const double *y, const double *times,
                            const double *less) {
    static const _Alignas(PRK_FFT_ALIGNMENT) double ones[PRK_FFT_MOST_LANES] = {1, 1, 1, 1,
                                                                                1, 1, 1, 1};
    _Alignas(PRK_FFT_ALIGNMENT) double errors[PRK_FFT_MOST_LANES] = {0};
    const prk_fft_lane_kernels *k = l->kernels;
    const prk_fft *first = &l->plan.rings[0], *second = &l->plan.rings[1];
    const prk_fft_carry *c = l->plan.carries;
    double *work = l->work, *other = l->other;
    const bool is_square = x == y;
    // t = x y modulo R.
    if (is_square) {
        k->multiply(first, PRK_FFT_SQUARE, x, work, NULL, NULL);
    } else {
        k->multiply(first, PRK_FFT_STORE, y, other, NULL, NULL);
        k->multiply(first, PRK_FFT_TIMES, x, work, other, NULL);
    }
    k->carry(&c[0], PRK_FFT_SIXTH, work, ones, NULL, work, errors);
    // q = -t/n modulo R.
    k->multiply(first, PRK_FFT_TIMES, work, work, l->inverse, NULL);
    k->carry(&c[0], PRK_FFT_SIXTH, work, ones, NULL, work, errors);
    // x y + q n modulo Q.
    if (is_square) {
        k->multiply(second, PRK_FFT_STORE_SQUARE, x, other, NULL, NULL);
    } else {
        k->multiply(second, PRK_FFT_STORE, y, l->spare, NULL, NULL);
        k->multiply(second, PRK_FFT_STORE_TIMES, x, other, l->spare, NULL);
    }
    k->multiply(second, PRK_FFT_TIMES_PLUS, work, work, l->image, other);
    k->carry(&c[1], PRK_FFT_THIRD, work, times == NULL ? ones : times, less, x, errors);
    watch(l, errors);
}
