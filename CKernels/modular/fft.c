// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo a number of thousands of bits, on transforms in double precision.
//
// A number of the form k b^e + 1 has a ring of its own, in which products come out reduced
// [CrFa94]; as x/k is the residue that stands for x, k times a product of two is the product's
// residue.
//
// Any other odd n takes two rings, R = X^2 - X + 1 and Q = X^2 + X + 1 with X = 2^(bits M), in a
// variation of Montgomery's reduction [McLa04]: with t = x y mod R and q = -t/n mod R, x y + q n is
// a multiple of R. Modulo Q it is divided by R: X^3 = 1 and R = -2 X there, so that 2/R = X + 1.
// What stands for 1 is R/2. With |x| = c n, n = R/S, |q| <= R/2 (1 + e) and t times the product, |t
// 2 (x^2 + q n)/R| is t n (1 + e + 2 c^2/S) at most: with S >= 16 t^2 it stays below 2 t n, and far
// below Q/2, so that digits in [-B/2, B/2] give it as it is. Hence the spare bits of a plan.
//
// Rounding is watched: a product of which a coefficient is too far from an integer is computed
// again by GMP from the operands, which are still there, and counted.

#include <math.h>
#include <string.h>

#include "../fft/plan.h"
#include "modulus.h"

// So far from an integer a coefficient may be. One that is wrong is farther than 1 less this.
#define MOST_ERROR 0.25

typedef struct own {
    prk_fft_plan plan;
    bool is_exact; // n has a factor in common with R: nothing but GMP's products
} own;

// Digits, in the planes that `current` says; the others are room for the next product.
struct prk_residue {
    uint64_t current;
    uint64_t padding[7]; // digits are aligned
    double digits[];
};

static own *own_of(const prk_modulus *m) { return m->own; }

static size_t plane_size(const own *o) { return o->plan.room; }

static double *digits_of(const own *o, const prk_residue *r) {
    return (double *)r->digits + r->current * plane_size(o);
}

static double *room_of(const own *o, const prk_residue *r) {
    return (double *)r->digits + (1 - r->current) * plane_size(o);
}

// --- Exactly -------------------------------------------------------------------------------------
//
// x stands for x u, and the product of two residues is theirs times u: 2/R, or k. Where GMP does it
// all, u is 1.

// R/2 modulo n.
static void set_half_modulus(const own *o, mpz_ptr r) {
    prk_fft_ring_modulus(r, &o->plan.shape, PRK_FFT_SIXTH);
    mpz_tdiv_r(r, r, o->plan.n);
    if (mpz_odd_p(r)) {
        mpz_add(r, r, o->plan.n);
    }
    mpz_tdiv_q_2exp(r, r, 1);
}

// x = x u modulo n.
static void multiply_unit(const own *o, mpz_ptr x, prk_scratch *scratch) {
    if (!o->plan.shape.is_pair) {
        mpz_mul_ui(x, x, o->plan.shape.form.k);
    } else if (!o->is_exact) {
        mpz_ptr unit = prk_scratch_take(scratch);
        set_half_modulus(o, unit);
        mpz_invert(unit, unit, o->plan.n);
        mpz_mul(x, x, unit);
        scratch->taken--;
    }
    mpz_mod(x, x, o->plan.n);
}

// x = x/u modulo n, 0 <= x < n.
static void divide_unit(const own *o, mpz_ptr x, prk_scratch *scratch) {
    const prk_fft_form *form = &o->plan.shape.form;
    if (o->is_exact) {
        return;
    }
    if (o->plan.shape.is_pair) {
        mpz_ptr half = prk_scratch_take(scratch);
        set_half_modulus(o, half);
        mpz_mul(x, x, half);
        mpz_tdiv_r(x, x, o->plan.n);
        scratch->taken--;
    } else if (form->k > 1) { // n = c modulo k: k divides x - c x n
        const unsigned long rest = mpz_tdiv_ui(x, form->k);
        if (form->c > 0) {
            mpz_submul_ui(x, o->plan.n, rest);
        } else {
            mpz_addmul_ui(x, o->plan.n, rest);
        }
        mpz_divexact_ui(x, x, form->k);
        mpz_mod(x, x, o->plan.n);
    }
}

// A product by GMP, as multiply_digits().
static void multiply_exactly(const prk_modulus *m, double *into, const double *a, const double *b,
                             double times, const double *less) {
    own *o = own_of(m);
    const size_t taken = m->scratch->taken;
    mpz_ptr x = prk_scratch_take(m->scratch), y = prk_scratch_take(m->scratch);
    prk_fft_from_digits(&o->plan, x, a);
    prk_fft_from_digits(&o->plan, y, b);
    mpz_mul(x, x, y);
    mpz_mod(x, x, m->n);
    multiply_unit(o, x, m->scratch);
    mpz_mul_ui(x, x, (unsigned long)times);
    if (less != NULL) {
        prk_fft_put_weights(&o->plan, into, less);
        prk_fft_from_digits(&o->plan, y, into);
        mpz_sub(x, x, y);
    }
    mpz_mod(x, x, m->n);
    prk_fft_to_digits(&o->plan, into, x);
    m->scratch->taken = taken;
}

// --- By transforms -------------------------------------------------------------------------------

static double larger(double a, double b) { return b <= a || a != a ? a : b; } // NaN stays

// digits = a product, of digits `x`, with its carry. `f` is NULL for a cycle.
static double carried(prk_fft_plan *p, const prk_fft *f, prk_fft_product product, const double *x,
                      double *work, const double *a, const double *b, double times,
                      const double *less, double *digits) {
    const prk_fft_kernels *k = p->kernels;
    const size_t m = p->shape.points;
    const prk_fft_ring ring = f == NULL ? PRK_FFT_RIGHT : f->ring;
    const prk_fft_carry *c = &p->carries[ring == PRK_FFT_THIRD];
    const prk_fft_call call = {f, f == NULL ? &p->cycle : NULL, product, x, x + m, work, a, b};
    // The last one of a square is spoiled.
    const bool is_last = ring == PRK_FFT_RIGHT || ring == PRK_FFT_THIRD;
    if (__builtin_expect(p->fault_in != 0 && is_last && --p->fault_in == 0, 0)) {
        if (f == NULL) {
            k->multiply_cycle(&p->cycle, product, x, x + m, work, a, b);
        } else {
            k->multiply(f, product, x, x + m, work, a, b);
        }
        work[m / 2] *= p->fault_factor;
        return k->carry(c, ring, work, times, less, digits, digits + m);
    }
    return k->multiply_carry(&call, c, ring, times, less, digits, digits + m);
}

// into = a b u times `times` less `less`; a square where b is a. `into` is none of a and b. Returns
// the largest error.
static double try_digits(prk_fft_plan *p, double *into, const double *a, const double *b,
                         double times, const double *less) {
    const prk_fft_kernels *k = p->kernels;
    const size_t m = p->shape.points;
    const prk_fft *first = &p->rings[0], *second = &p->rings[1];
    double *work = p->work, *other = p->other;
    const bool is_square = a == b;
    const prk_fft_product product = is_square ? PRK_FFT_SQUARE : PRK_FFT_TIMES;
    const double *factor = is_square ? NULL : other;
    if (prk_fft_is_cycle(&p->shape)) {
        if (!is_square) {
            k->multiply_cycle(&p->cycle, PRK_FFT_STORE, b, b + m, other, NULL, NULL);
        }
        return carried(p, NULL, product, a, into, factor, NULL, times, less, into);
    }
    if (!is_square) {
        k->multiply(first, PRK_FFT_STORE, b, b + m, other, NULL, NULL);
    }
    if (!p->shape.is_pair) {
        return carried(p, first, product, a, into, factor, NULL, times, less, into);
    }
    // t = a b modulo R.
    double error = carried(p, first, product, a, work, factor, NULL, 1, NULL, work);
    // q = -t/n modulo R.
    error = larger(error,
                   carried(p, first, PRK_FFT_TIMES, work, work, p->inverse, NULL, 1, NULL, work));
    // a b + q n modulo Q.
    if (is_square) {
        k->multiply(second, PRK_FFT_STORE_SQUARE, a, a + m, other, NULL, NULL);
    } else {
        k->multiply(second, PRK_FFT_STORE, b, b + m, into, NULL, NULL);
        k->multiply(second, PRK_FFT_STORE_TIMES, a, a + m, other, into, NULL);
    }
    return larger(error, carried(p, second, PRK_FFT_TIMES_PLUS, work, work, p->image, other, times,
                                 less, into));
}

// into = a u, of a pair: a product by 1, which is its own digits and its own remainder modulo R.
static double try_unit(prk_fft_plan *p, double *into, const double *a) {
    const prk_fft_kernels *k = p->kernels;
    const size_t m = p->shape.points;
    const prk_fft *first = &p->rings[0], *second = &p->rings[1];
    double *work = p->work, *other = p->other;
    const double error = carried(p, first, PRK_FFT_TIMES, a, work, p->inverse, NULL, 1, NULL, work);
    k->multiply(second, PRK_FFT_STORE, a, a + m, other, NULL, NULL);
    return larger(
        error, carried(p, second, PRK_FFT_TIMES_PLUS, work, work, p->image, other, 1, NULL, into));
}

// x = x y u times `times` less `less`.
static void multiply_digits(const prk_modulus *m, prk_residue *x, const prk_residue *y,
                            double times, const double *less) {
    own *o = own_of(m);
    prk_fft_plan *p = &o->plan;
    const double *a = digits_of(o, x), *b = digits_of(o, y);
    double *into = room_of(o, x);
    const double error = o->is_exact ? NAN : try_digits(p, into, a, b, times, less);
    p->largest = larger(p->largest, error);
    if (!(error <= MOST_ERROR)) {
        p->alarms++;
        multiply_exactly(m, into, a, b, times, less);
    }
    x->current = 1 - x->current;
}

// --- The table -----------------------------------------------------------------------------------

static void choose_shape(prk_fft_shape *shape, mpz_srcptr n, const prk_special_form *form,
                         unsigned margin) {
    const bool is_power = form != NULL && form->k != 0;
    prk_fft_form power = {.k = 0};
    if (is_power) {
        power = (prk_fft_form){form->k, form->base, form->exponent, form->sign};
    }
    prk_fft_choose(shape, prk_fft_active(), n, is_power ? &power : NULL, margin);
}

static size_t residue_bytes_at(mpz_srcptr n, const prk_special_form *form, unsigned margin) {
    prk_fft_shape shape;
    choose_shape(&shape, n, form, margin);
    return sizeof(prk_residue) + 2 * prk_fft_room(&shape, prk_fft_active()) * sizeof(double);
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t own_bytes_at(mpz_srcptr n, const prk_special_form *form, unsigned margin) {
    prk_fft_shape shape;
    choose_shape(&shape, n, form, margin);
    return aligned(sizeof(own)) + prk_fft_plan_bytes(&shape, prk_fft_active());
}

static void set_at(prk_modulus *m, const prk_special_form *form, unsigned margin) {
    own *o = own_of(m);
    prk_fft_shape shape;
    choose_shape(&shape, m->n, form, margin);
    unsigned char *memory = (unsigned char *)o + aligned(sizeof *o);
    o->is_exact = !prk_fft_plan_set(&o->plan, prk_fft_active(), &shape, m->n, memory, m->scratch);
}

static void to(const prk_modulus *m, prk_residue *r, mpz_srcptr x) {
    const own *o = own_of(m);
    const size_t taken = m->scratch->taken;
    mpz_ptr value = prk_scratch_take(m->scratch);
    mpz_set(value, x);
    divide_unit(o, value, m->scratch);
    r->current = 0;
    prk_fft_to_digits(&o->plan, digits_of(o, r), value);
    m->scratch->taken = taken;
}

static void from(const prk_modulus *m, mpz_ptr x, const prk_residue *r) {
    own *o = own_of(m);
    double *into = room_of(o, r);
    if (o->plan.shape.is_pair && !o->is_exact &&
        try_unit(&o->plan, into, digits_of(o, r)) <= MOST_ERROR) {
        prk_fft_from_digits(&o->plan, x, into);
        mpz_mod(x, x, m->n);
        return;
    }
    prk_fft_from_digits(&o->plan, x, digits_of(o, r));
    multiply_unit(o, x, m->scratch);
}

// Digits alone, as they are.
static void subtrahend(const prk_modulus *m, prk_residue *less, const prk_residue *r) {
    const own *o = own_of(m);
    less->current = 0;
    memcpy(less->digits, digits_of(o, r), 2 * o->plan.shape.points * sizeof(double));
    prk_fft_take_weights(&o->plan, less->digits);
}

static void square(const prk_modulus *m, prk_residue *x, uint32_t times, const prk_residue *less) {
    multiply_digits(m, x, x, times, less == NULL ? NULL : less->digits);
}

static void multiply(const prk_modulus *m, prk_residue *x, const prk_residue *y) {
    multiply_digits(m, x, y, 1, NULL);
}

static void ladder(const prk_modulus *m, prk_residue *x, prk_residue *y, const prk_residue *less_x,
                   const prk_residue *less_y) {
    multiply_digits(m, y, x, 1, less_y->digits);
    multiply_digits(m, x, x, 1, less_x->digits);
}

static int small(const prk_modulus *m, const prk_residue *x) {
    const size_t taken = m->scratch->taken;
    mpz_ptr value = prk_scratch_take(m->scratch), room = prk_scratch_take(m->scratch);
    from(m, value, x);
    m->scratch->taken = taken;
    return prk_small_value(value, m->n, room);
}

static uint32_t alarms(const prk_modulus *m) { return own_of(m)->plan.alarms; }

// Digits are shorter by MARGIN bits than the rule allows; NEXT has still shorter ones.
#define TABLE(NAME, MARGIN, NEXT)                                                                  \
    static size_t own_bytes_##MARGIN(mpz_srcptr n, const prk_special_form *form) {                 \
        return own_bytes_at(n, form, MARGIN);                                                      \
    }                                                                                              \
    static size_t residue_bytes_##MARGIN(mpz_srcptr n, const prk_special_form *form) {             \
        return residue_bytes_at(n, form, MARGIN);                                                  \
    }                                                                                              \
    static void set_##MARGIN(prk_modulus *m, const prk_special_form *form) {                       \
        set_at(m, form, MARGIN);                                                                   \
    }                                                                                              \
    const prk_arithmetic NAME = {                                                                  \
        .name = "fft",                                                                             \
        .own_bytes = own_bytes_##MARGIN,                                                           \
        .residue_bytes = residue_bytes_##MARGIN,                                                   \
        .set = set_##MARGIN,                                                                       \
        .to = to,                                                                                  \
        .from = from,                                                                              \
        .subtrahend = subtrahend,                                                                  \
        .square = square,                                                                          \
        .multiply = multiply,                                                                      \
        .ladder = ladder,                                                                          \
        .small = small,                                                                            \
        .alarms = alarms,                                                                          \
        .longer = NEXT,                                                                            \
        .is_watched = true,                                                                        \
        .takes_times = true,                                                                       \
    };
TABLE(prk_fft_shortest, 4, NULL)
TABLE(prk_fft_careful, 2, &prk_fft_shortest)
TABLE(prk_fft_fast, 0, &prk_fft_careful)
