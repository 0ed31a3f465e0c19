// SPDX-License-Identifier: Apache-2.0
//
// Which arithmetic takes least time: the one table of sizes from which on transforms do, and
// vectors of limbs. `make bench-fft` prints what it rests on, microseconds a square of each
// arithmetic at each size, at the level that PRIMALITY_LEVEL names.

#include "../fft/plan.h"
#include "../include/prk_kernels.h"
#include "modulus.h"

// From how many bits on a test takes less time by transforms: of any odd n; of an n whose form, k
// b^e + 1 or k b^e - 1, has a ring of its own; and of a form k 2^e ± 1 that has none, against GMP's
// products with the form's reduction. To set up, three times a chain, takes some 10 % of a test of
// these sizes. Measured on a Sapphire Rapids Xeon that others used, too, 2026-11-30, with gcc 12.
typedef struct crossovers {
    size_t general, plus, minus, no_ring;
} crossovers;

// Lanes take general numbers up to 8192 bits. One alone has what it has among others, so that the
// evidence is the same, though transforms take less from 7700 on.
#define AVX512_IFMA 0
#define AVX512 1 // without IFMA
#define AVX2 2   // with fused multiply-add
#define PORTABLE 3
static const crossovers table[] = {
    [AVX512_IFMA] = {8193, 3300, 6300, 8193},
    [AVX512] = {2500, 3000, 5000, 5000},
    [AVX2] = {2700, 3700, 6300, 8800},
    [PORTABLE] = {4900, 9500, 10000, 66000},
};

static const crossovers *active(void) {
    if (prk_lanes_take(PRK_FFT_LEAST_BITS)) {
        return &table[AVX512_IFMA];
    }
    const unsigned lanes = prk_fft_active()->lanes;
    return &table[lanes == 8 ? AVX512 : lanes == 4 ? AVX2 : PORTABLE];
}

// k 2^e + 1 with k of 14 bits and more takes less from 5,000 to 6,000 bits on with AVX2, not 3,700.
#define LONG_K_BITS 12

// Below, products of GMP's or of comba.h take less than limbs across the vectors.
#define LEAST_ACROSS 417
#define LEAST_ACROSS_OF_FORM 1200

// A power with fewer squares than that has set-up to blame for most of its time: tables and, for a
// general n, an inverse, as often as a chain changes its length.
#define LEAST_SQUARES 256

size_t prk_fft_crossover(void) { return active()->general; }

size_t prk_fft_form_crossover(void) { return active()->plus; }

bool prk_fft_takes(mpz_srcptr n) {
    const size_t bits = mpz_sizeinbase(n, 2);
    return mpz_odd_p(n) && bits >= PRK_FFT_LEAST_BITS && bits <= PRK_FFT_MOST_BITS;
}

static bool is_binary(const prk_special_form *form) { return form != NULL && form->base == 2; }

const prk_arithmetic *prk_gmp_arithmetic(mpz_srcptr n, const prk_special_form *form) {
    return is_binary(form) ? &prk_special : prk_scalar_arithmetic(n);
}

const prk_arithmetic *prk_exact_arithmetic(mpz_srcptr n, const prk_special_form *form) {
#if defined(__x86_64__)
    const size_t bits = mpz_sizeinbase(n, 2);
    const size_t least = is_binary(form) ? LEAST_ACROSS_OF_FORM : LEAST_ACROSS;
    if (mpz_odd_p(n) && bits >= least && prk_lanes_take(bits)) {
        return &prk_across;
    }
#endif
    return prk_gmp_arithmetic(n, form);
}

static bool has_ring(mpz_srcptr n, const prk_special_form *form) {
    if (form == NULL || form->k == 0) {
        return false;
    }
    const prk_fft_form power = {form->k, form->base, form->exponent, form->sign};
    prk_fft_shape shape;
    prk_fft_choose(&shape, prk_fft_active(), n, &power, 0);
    return shape.points != 0 && !shape.is_pair;
}

static bool is_faster_by_transforms(mpz_srcptr n, const prk_special_form *form) {
    const crossovers *c = active();
    const size_t bits = mpz_sizeinbase(n, 2);
    // Whether a form has a ring is looked at where it decides.
    const size_t without = is_binary(form) ? c->no_ring : c->general;
    size_t with = form == NULL ? without : form->sign > 0 ? c->plus : c->minus;
    // With a k as long as that a ring takes half-way as long as a pair.
    if (form != NULL && form->k_bits > LONG_K_BITS && with < without) {
        with += (without - with) / 2;
    }
    const bool can_decide = (bits < without) != (bits < with);
    return prk_fft_takes(n) && bits >= (can_decide && has_ring(n, form) ? with : without);
}

const prk_arithmetic *prk_arithmetic_for(mpz_srcptr n, const prk_special_form *form) {
    return is_faster_by_transforms(n, form) ? &prk_fft_fast : prk_exact_arithmetic(n, form);
}

const prk_arithmetic *prk_arithmetic_for_power(mpz_srcptr n, const prk_special_form *form,
                                               mpz_srcptr exponent) {
    return mpz_sizeinbase(exponent, 2) < LEAST_SQUARES ? prk_exact_arithmetic(n, form)
                                                       : prk_arithmetic_for(n, form);
}

const prk_arithmetic *prk_arithmetic_to_verify(mpz_srcptr n, const prk_special_form *form,
                                               mpz_srcptr exponent) {
    const prk_arithmetic *a = prk_arithmetic_for_power(n, form, exponent);
    return a->longer != NULL ? a->longer : a;
}

const prk_arithmetic *prk_other_arithmetic(const prk_arithmetic *used, mpz_srcptr n,
                                           const prk_special_form *form) {
    if (!used->is_watched) {
        return NULL;
    }
    if (mpz_sizeinbase(n, 2) <= PRK_MOST_EXACT_AGAIN) {
        return prk_exact_arithmetic(n, form);
    }
    return used->longer != NULL ? used->longer : &prk_fft_fast;
}

// --- Lanes of transforms -------------------------------------------------------------------------

// Lanes take one time however many of them have a number. So many numbers at least, from so many
// bits on, are tested in less than one after the other by the fastest arithmetic above. Measured on
// a Xeon (Sapphire Rapids, 2026-11-30).
typedef struct least_count {
    size_t bits, count;
} least_count;

enum { MOST_LEAST_COUNTS = 6 };

// Where lanes of IFMA are faster with eight numbers they are with fewer, too.
#define LANES_CROSSOVER 5000

size_t prk_fft_lanes_crossover(void) { return LANES_CROSSOVER; }

size_t prk_fft_lanes_least(size_t bits, bool is_alone_by_transforms) {
    static const least_count ifma[MOST_LEAST_COUNTS] = {{LANES_CROSSOVER, 6}, {33000, 8}};
    static const least_count avx512[MOST_LEAST_COUNTS] = {
        {PRK_FFT_LEAST_BITS, 3}, {3500, 4}, {4700, 5}, {8000, 6}, {33000, 8}};
    static const least_count avx2[MOST_LEAST_COUNTS] = {
        {PRK_FFT_LEAST_BITS, 2}, {4300, 3}, {45000, 4}};
    static const least_count portable[MOST_LEAST_COUNTS] = {{PRK_FFT_LEAST_BITS, 2}};
    const size_t most_bits = 65536; // beyond, what eight numbers need is cached nowhere near
    const unsigned lanes = prk_fft_active()->lanes;
    const bool has_ifma = !is_alone_by_transforms && prk_lanes_take(PRK_FFT_LEAST_BITS);
    const least_count *table = has_ifma ? ifma : lanes == 8 ? avx512 : lanes == 4 ? avx2 : portable;
    size_t count = SIZE_MAX;
    for (size_t i = 0; i < MOST_LEAST_COUNTS && table[i].bits != 0 && bits >= table[i].bits; i++) {
        count = table[i].count;
    }
    return bits <= most_bits ? count : SIZE_MAX;
}

bool prk_fft_lanes_take(size_t bits) {
    return bits >= prk_fft_crossover() && prk_fft_lanes_least(bits, false) != SIZE_MAX;
}
