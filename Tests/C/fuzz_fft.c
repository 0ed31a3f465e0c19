// SPDX-License-Identifier: Apache-2.0
//
// What libFuzzer runs over products by transforms: bytes become a number, a length and digits for
// it, which may be far too long, an instruction set, residues, and what is done with them. Each
// product is the one that GMP finds, by transforms or, after an alarm, without.
//
// fuzz_fft [FOLDER OF INPUTS ...], linked with -fsanitize=fuzzer

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Its plans and residues are nobody else's to see; here they have lengths that nothing would
// choose.
#include "../../CKernels/modular/fft.c"
#include "fuzz_input.h"

enum { MOST_POINTS = 1024, MOST_STEPS = 12 };

// --- What the bytes say --------------------------------------------------------------------------

static const prk_fft_kernels *choose_kernels(input *in) {
    const prk_fft_kernels *all[3] = {&prk_fft_portable};
    size_t count = 1;
#if defined(__x86_64__)
    if (prk_level_supported(PRK_LEVEL_AVX2)) {
        all[count++] = &prk_fft_avx2;
    }
    if (prk_has_wide_doubles()) {
        all[count++] = &prk_fft_avx512;
    }
#endif
    return all[byte(in) % count];
}

// A number of so many bits at most, of a few patterns.
static void choose_number(mpz_t x, mp_bitcnt_t bits, input *in) {
    const uint8_t kind = byte(in);
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, bytes(in, 2));
    mpz_set_ui(x, 0);
    switch (kind % 6) {
    case 0:
        mpz_set_ui(x, byte(in));
        break;
    case 1: // ones but for the last bits
        mpz_setbit(x, bits);
        mpz_sub_ui(x, x, 1 + bytes(in, 2));
        break;
    case 2: // few bits
        for (unsigned i = 0; i < 4; i++) {
            mpz_setbit(x, bytes(in, 3) % bits);
        }
        break;
    case 3: // one pattern throughout
        for (mp_bitcnt_t period = 1 + byte(in) % 64, i = byte(in) % 64; i < bits; i += period) {
            mpz_setbit(x, i);
        }
        break;
    case 4:
        mpz_rrandomb(x, state, bits);
        break;
    default:
        mpz_urandomb(x, state, bits);
        break;
    }
    gmp_randclear(state);
}

// A length and digits of 8 bits and more, and an odd number that has room in them.
static void choose_pair(prk_fft_shape *s, mpz_t n, input *in) {
    s->is_pair = true;
    s->bits = 8 + byte(in) % 19;
    choose_number(n, s->bits * 2 * s->points - 22, in);
    mpz_setbit(n, 0);
    mpz_setbit(n, 1); // 3 at least
}

// A form. False: none that a plan can have.
static bool choose_form(prk_fft_shape *s, const prk_fft_kernels *kernels, mpz_t n, input *in) {
    const double length = 2 * (double)s->points;
    s->is_pair = false;
    prk_fft_form *f = &s->form;
    f->b = 2 + byte(in) % 15;
    f->k = 1 + bytes(in, 1 + byte(in) % 3);
    f->c = byte(in) % 2 == 0 ? 1 : -1;
    if (byte(in) % 4 == 0) {
        f->b = 2;
    }
    while (f->k % f->b == 0) {
        f->k /= f->b;
    }
    const double lg_b = log2((double)f->b), lg_k = log2((double)f->k);
    const double bits = 8 + byte(in) % 16 + byte(in) / 256.0;
    const double exponent = floor((bits * length - lg_k) / lg_b);
    f->exponent = (uint64_t)exponent;
    if (byte(in) % 4 == 0 && f->k == 1) { // no weights
        f->exponent -= f->exponent % (2 * s->points);
    }
    const double average = ((double)f->exponent * lg_b + lg_k) / length;
    prk_fft half;
    if ((f->b & (f->b - 1)) != 0 ? lg_b * floor(average / lg_b) < fmax(8, 2 * lg_b)
                                 : f->b != 2 || average < 8) {
        return false;
    }
    // A cycle has a half of as many points, at least.
    if (f->c < 0 && !prk_fft_set_radices(&half, s->points / 2, kernels->lanes)) {
        return false;
    }
    mpz_ui_pow_ui(n, f->b, f->exponent);
    mpz_mul_ui(n, n, f->k);
    if (f->c > 0) {
        mpz_add_ui(n, n, 1);
    } else {
        mpz_sub_ui(n, n, 1);
    }
    return true;
}

// --- Products ------------------------------------------------------------------------------------

static void *allocate(size_t size) {
    void *memory = aligned_alloc(PRK_FFT_ALIGNMENT, aligned(size));
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void set_residue(const own *o, prk_residue *r, const mpz_t x) {
    mpz_t copy;
    mpz_init_set(copy, x);
    r->current = 0;
    prk_fft_to_digits(&o->plan, digits_of(o, r), copy);
    mpz_clear(copy);
}

static void run_products(const prk_fft_kernels *kernels, const prk_fft_shape *s, mpz_srcptr n,
                         prk_scratch *scratch, input *in) {
    own *o = allocate(aligned(sizeof *o) + prk_fft_plan_bytes(s, kernels));
    const prk_modulus m = {.arithmetic = &prk_fft_fast, .n = n, .scratch = scratch, .own = o};
    o->is_exact = !prk_fft_plan_set(&o->plan, kernels, s, n,
                                    (unsigned char *)o + aligned(sizeof *o), scratch);
    const size_t bytes_each = sizeof(prk_residue) + 2 * prk_fft_room(s, kernels) * sizeof(double);
    prk_residue *x = allocate(bytes_each), *y = allocate(bytes_each), *less = allocate(bytes_each);
    mpz_t a, b, c, unit, is;
    mpz_inits(a, b, c, unit, is, (mpz_ptr)NULL);
    mpz_set_ui(unit, 1);
    multiply_unit(o, unit, scratch); // a product of two comes out times this
    const mp_bitcnt_t bits = mpz_sizeinbase(n, 2) - 1;
    choose_number(a, bits, in);
    choose_number(b, bits, in);
    choose_number(c, bits, in);
    mpz_mod(a, a, n);
    mpz_mod(b, b, n);
    mpz_mod(c, c, n);
    set_residue(o, x, a);
    set_residue(o, y, b);
    set_residue(o, less, c);
    prk_fft_take_weights(&o->plan, less->digits);
    for (unsigned step = 0; step < MOST_STEPS && in->size > 0; step++) {
        const uint8_t what = byte(in);
        const bool is_square = what % 4 != 0, has_less = what % 5 == 1;
        const double times = has_less ? 1 : what % 3 == 0 ? 1 + byte(in) % 255 : 1 + what % 2;
        multiply_digits(&m, x, is_square ? x : y, times, has_less ? less->digits : NULL);
        mpz_mul(a, a, is_square ? a : b);
        mpz_mod(a, a, n);
        mpz_mul(a, a, unit);
        mpz_mul_ui(a, a, (unsigned long)times);
        if (has_less) {
            mpz_sub(a, a, c);
        }
        mpz_mod(a, a, n);
        prk_fft_from_digits(&o->plan, is, digits_of(o, x));
        mpz_mod(is, is, n);
        FAIL_UNLESS(mpz_cmp(is, a) == 0,
                    "%s: %zu points, pair of %u bits or %llu %llu^%llu %+d, step %u, %u alarms",
                    kernels->name, s->points, s->bits, (unsigned long long)s->form.k,
                    (unsigned long long)s->form.b, (unsigned long long)s->form.exponent, s->form.c,
                    step, o->plan.alarms);
    }
    from(&m, is, x);
    mpz_mul(b, a, unit);
    mpz_mod(b, b, n);
    FAIL_UNLESS(mpz_cmp(is, b) == 0, "the number of a residue");
    FAIL_UNLESS(scratch->taken == 0, "%zu numbers are still taken", scratch->taken);
    mpz_clears(a, b, c, unit, is, (mpz_ptr)NULL);
    free(x);
    free(y);
    free(less);
    free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static prk_scratch *scratch; // so that inverses are kept, too
    if (scratch == NULL && (scratch = prk_scratch_create()) == NULL) {
        abort();
    }
    input in = {data, size};
    const prk_fft_kernels *kernels = choose_kernels(&in);
    const bool is_pair = byte(&in) % 2 == 0;
    prk_fft_shape s = {.points = PRK_FFT_LEAST_POINTS + 32 * (bytes(&in, 2) % 16)};
    if (byte(&in) % 8 == 0) {
        s.points = 32 * (3 + bytes(&in, 2) % (MOST_POINTS / 32 - 2));
    }
    prk_fft f;
    mpz_t n;
    mpz_init(n);
    if (prk_fft_set_radices(&f, s.points, kernels->lanes)) {
        if (is_pair) {
            choose_pair(&s, n, &in);
            run_products(kernels, &s, n, scratch, &in);
        } else if (choose_form(&s, kernels, n, &in)) {
            run_products(kernels, &s, n, scratch, &in);
        }
    }
    mpz_clear(n);
    return 0;
}
