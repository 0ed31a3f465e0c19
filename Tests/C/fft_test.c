// SPDX-License-Identifier: Apache-2.0
//
// Transforms in double precision against GMP's integers: each kernel of each instruction set with
// products whose coefficients are known, each length with the largest numbers that it takes, the
// arithmetic modulo all kinds of numbers, known primes, and what becomes of a product that is
// spoiled. The standard deviation of what rounding does is held against what lengths are chosen by.

#include <math.h>
#include <string.h>

#include "../../CKernels/long/long.h"
// Its plans and residues are nobody else's to see; here they are spoiled, and given lengths that
// nothing would choose.
#include "../../CKernels/modular/fft.c"
#include "lucas_pair.h"
#include "support.h"
#include "transforms.h"

static prk_scratch *scratch;
static gmp_randstate_t state;
static const prk_fft_kernels *kernel_sets[MOST_KERNEL_SETS];
static size_t kernel_count;
static uint64_t spoiled_and_seen;
static double largest_seen; // error of any product that was right

static uint64_t below(uint64_t bound) { return next_random() % bound; }

// A length of every instruction set, so that all of them do the same.
static bool is_length(size_t points) {
    prk_fft f = {.points = 0};
    for (size_t i = 0; i < kernel_count; i++) {
        if (!prk_fft_set_radices(&f, points, kernel_sets[i]->lanes)) {
            return false;
        }
    }
    return true;
}

// The factors of x^(2 points) - 1 for these vectors. False: it has no such length.
static bool set_cycle(prk_fft_cycle *c, size_t points, unsigned lanes) {
    *c = (prk_fft_cycle){.points = points, .rest = {.ring = PRK_FFT_WHOLE}};
    size_t m = points;
    for (; m % 2 == 0 && c->halves < PRK_FFT_MOST_HALVES; m /= 2) {
        prk_fft *half = &c->half[c->halves];
        half->ring = PRK_FFT_RIGHT;
        if (!prk_fft_set_radices(half, m / 2, lanes)) {
            break;
        }
        c->halves++;
    }
    return c->halves > 0 && prk_fft_set_radices(&c->rest, 2 * m, lanes);
}

static bool has_cycle(size_t points) {
    prk_fft_cycle c;
    for (size_t i = 0; i < kernel_count; i++) {
        if (!set_cycle(&c, points, kernel_sets[i]->lanes)) {
            return false;
        }
    }
    return true;
}

// --- Products whose coefficients are known -------------------------------------------------------

// The integer sum of digits 2^(64 j).
static void pack(mpz_t x, const double *digits, size_t length) {
    mpz_t negative;
    mpz_init(negative);
    mp_limb_t *above = mpz_limbs_write(x, (mp_size_t)length),
              *less = mpz_limbs_write(negative, (mp_size_t)length);
    for (size_t j = 0; j < length; j++) {
        above[j] = digits[j] > 0 ? (mp_limb_t)digits[j] : 0;
        less[j] = digits[j] < 0 ? (mp_limb_t)-digits[j] : 0;
    }
    mpz_limbs_finish(x, (mp_size_t)length);
    mpz_limbs_finish(negative, (mp_size_t)length);
    mpz_sub(x, x, negative);
    mpz_clear(negative);
}

// The 2 length - 1 coefficients, below 2^63, of the product of two polynomials.
static void convolve(int64_t *product, const double *x, const double *y, size_t length) {
    mpz_t a, b;
    mpz_inits(a, b, (mpz_ptr)NULL);
    pack(a, x, length);
    pack(b, y, length);
    mpz_mul(a, a, b);
    uint64_t carried = 0;
    for (size_t j = 0; j < 2 * length; j++) {
        const uint64_t limb = mpz_getlimbn(a, (mp_size_t)j), sum = limb + carried;
        carried = sum >> 63 | (sum < limb);
        product[j] = mpz_sgn(a) < 0 ? -(int64_t)sum : (int64_t)sum;
    }
    mpz_clears(a, b, (mpz_ptr)NULL);
}

// Reduces those in a ring; `into` has half as many.
static void fold(int64_t *into, const int64_t *product, size_t length, prk_fft_ring ring) {
    int64_t *all = allocate_planes(2 * length * sizeof *all);
    memcpy(all, product, 2 * length * sizeof *all);
    for (size_t j = 2 * length; j-- > length;) {
        all[j - length] -= all[j];
        all[j - length / 2] += ring == PRK_FFT_SIXTH ? all[j] : ring == PRK_FFT_THIRD ? -all[j] : 0;
    }
    memcpy(into, all, length * sizeof *all);
    free(all);
}

// Coefficients of M times a product, as it leaves the transform.
static void unfold(double *coefficients, const double *work, const prk_fft *f) {
    const size_t m = f->points;
    const double scale = 1 / (double)m;
    for (size_t j = 0; j < m; j++) {
        const double re = work[j], im = work[m + j];
        coefficients[j] =
            f->ring == PRK_FFT_RIGHT ? re * scale : (re - im * (f->cosine / f->sine)) * scale;
        coefficients[m + j] = f->ring == PRK_FFT_RIGHT ? im * scale : im / f->sine * scale;
    }
}

typedef enum pattern {
    RANDOM,
    ALL_HIGH,
    ALL_LOW,
    ALTERNATING,
    ONE_DIGIT,
    HALVES,
    PATTERNS
} pattern;

static void make_digits(double *digits, size_t length, double most, pattern kind) {
    const size_t only = below(length);
    for (size_t j = 0; j < length; j++) {
        switch (kind) {
        case ALL_HIGH:
            digits[j] = most;
            break;
        case ALL_LOW:
            digits[j] = -most;
            break;
        case ALTERNATING:
            digits[j] = j % 2 == 0 ? most : -most;
            break;
        case ONE_DIGIT:
            digits[j] = j == only ? most : 0;
            break;
        case HALVES:
            digits[j] = j < length / 2 ? most : -most;
            break;
        default:
            digits[j] = (double)below(2 * (uint64_t)most + 1) - most;
            break;
        }
    }
}

typedef struct transform {
    const prk_fft_kernels *kernels;
    prk_fft f;
    double *twiddles, *work, *found;
} transform;

static void begin_transform(transform *t, const prk_fft_kernels *kernels, prk_fft_ring ring,
                            size_t points) {
    *t = (transform){.kernels = kernels, .f = {.ring = ring}};
    EXPECT(prk_fft_set_radices(&t->f, points, kernels->lanes), "%zu points", points);
    t->twiddles = allocate_digits(prk_fft_count_twiddles(&t->f, kernels->lanes));
    prk_fft_make_twiddles(&t->f, kernels->lanes, t->twiddles);
    t->work = allocate_digits(2 * points);
    t->found = allocate_digits(2 * points);
}

static void end_transform(transform *t) {
    free(t->twiddles);
    free(t->work);
    free(t->found);
}

// Into t->work. In place as a rule does the same as from elsewhere, so that both are tried.
static void transform_product(transform *t, prk_fft_product product, const double *x,
                              const double *a, const double *b) {
    const size_t m = t->f.points;
    if (below(2) == 0) {
        memcpy(t->work, x, 2 * m * sizeof *x);
        x = t->work;
    }
    t->kernels->multiply(&t->f, product, x, x + m, t->work, a, b);
}

static void expect_coefficients(transform *t, const int64_t *wanted, const int64_t *plus,
                                const char *what) {
    unfold(t->found, t->work, &t->f);
    for (size_t j = 0; j < 2 * t->f.points; j++) {
        const double is = (double)(wanted[j] + (plus == NULL ? 0 : plus[j]));
        if (!(fabs(t->found[j] - is) < 0.25)) {
            EXPECT(false, "%s: %s: %zu points, ring %d: coefficient %zu is %.2f, not %.0f",
                   t->kernels->name, what, t->f.points, t->f.ring, j, t->found[j], is);
            return;
        }
    }
}

// sum digits base^j.
static void value_of(mpz_t x, const double *digits, size_t length, uint64_t base) {
    mpz_set_ui(x, 0);
    for (size_t j = length; j-- > 0;) {
        mpz_mul_ui(x, x, base);
        if (digits[j] < 0) {
            mpz_sub_ui(x, x, (unsigned long)-digits[j]);
        } else {
            mpz_add_ui(x, x, (unsigned long)digits[j]);
        }
    }
}

// The carry of t->work, whose coefficients are `wanted`, in digits of `base`.
static void expect_carry(transform *t, const int64_t *wanted, uint64_t base, double times,
                         const double *less) {
    const size_t m = t->f.points, length = 2 * m;
    const prk_fft_ring ring = t->f.ring;
    prk_fft_carry c = {.points = m, .scale = 1 / (double)m, .wrap_low = -1};
    c.base[0] = c.base[1] = (double)base;
    c.inverse_base[0] = c.inverse_base[1] = 1 / (double)base;
    c.wrap_high = ring == PRK_FFT_SIXTH ? 1 : ring == PRK_FFT_THIRD ? -1 : 0;
    double error = 0, most = 0;
    unfold(t->found, t->work, &t->f);
    for (size_t j = 0; j < length; j++) {
        error = fmax(error, fabs(t->found[j] - (double)wanted[j]));
        most = fmax(most, fabs((double)wanted[j]));
    }
    double *digits = allocate_digits(length);
    const double said = t->kernels->carry(&c, ring, t->work, times, less, digits, digits + m);
    // Both are rounded where coefficients are that large.
    EXPECT(fabs(said - error) <= most * 0x1p-50 + 1e-9, "%s: an error of %g, not %g",
           t->kernels->name, said, error);
    const double slack =
        (less == NULL ? 0 : 2) + 4 * times * (most / (double)base / (double)base + 2);
    for (size_t j = 0; j < length; j++) {
        if (!(fabs(digits[j]) <= (double)base / 2 + slack) || digits[j] != rint(digits[j])) {
            EXPECT(false, "%s: %zu points: digit %zu in base %llu is %.2f", t->kernels->name, m, j,
                   (unsigned long long)base, digits[j]);
            break;
        }
    }
    mpz_t x, is, modulus;
    mpz_inits(x, is, modulus, (mpz_ptr)NULL);
    for (size_t j = 0; j < length; j++) {
        t->found[j] = (double)wanted[j];
    }
    value_of(is, t->found, length, base);
    mpz_ui_pow_ui(x, base, m); // X
    if (ring == PRK_FFT_THIRD) {
        mpz_addmul(is, is, x);
    }
    mpz_mul(modulus, x, x);
    mpz_add_ui(modulus, modulus, 1);
    if (ring == PRK_FFT_SIXTH) {
        mpz_sub(modulus, modulus, x);
    } else if (ring == PRK_FFT_THIRD) {
        mpz_add(modulus, modulus, x);
    }
    mpz_mul_ui(is, is, (unsigned long)times);
    if (less != NULL) {
        value_of(x, less, length, base);
        mpz_sub(is, is, x);
    }
    value_of(x, digits, length, base);
    mpz_sub(is, is, x);
    EXPECT(mpz_divisible_p(is, modulus) != 0,
           "%s: ring %d, %zu points, base %llu, times %.0f%s: digits of another number",
           t->kernels->name, ring, m, (unsigned long long)base, times,
           less == NULL ? "" : ", less something");
    mpz_clears(x, is, modulus, (mpz_ptr)NULL);
    free(digits);
}

// Products modulo x^L - 1, of which those modulo 2 L coefficients are given.
static void test_cycle(const prk_fft_kernels *kernels, size_t points, const double *x,
                       const double *y, const int64_t *square, const int64_t *product) {
    prk_fft_cycle c;
    if (!set_cycle(&c, points, kernels->lanes)) {
        return;
    }
    const size_t length = 2 * points, room = length + 2 * c.rest.points;
    double *twiddles[PRK_FFT_MOST_HALVES + 1];
    for (unsigned i = 0; i <= c.halves; i++) {
        prk_fft *f = i < c.halves ? &c.half[i] : &c.rest;
        twiddles[i] = allocate_digits(prk_fft_count_twiddles(f, kernels->lanes));
        prk_fft_make_twiddles(f, kernels->lanes, twiddles[i]);
    }
    double *work = allocate_digits(room), *a = allocate_digits(room);
    for (int use = 0; use < 3; use++) { // of others, in place, and with a stored one
        const int64_t *wanted = use < 2 ? square : product;
        if (use == 2) {
            kernels->multiply_cycle(&c, PRK_FFT_STORE, y, y + points, a, NULL, NULL);
            kernels->multiply_cycle(&c, PRK_FFT_TIMES, x, x + points, work, a, NULL);
        } else if (use == 1) {
            memcpy(work, x, length * sizeof *x);
            kernels->multiply_cycle(&c, PRK_FFT_SQUARE, work, work + points, work, NULL, NULL);
        } else {
            kernels->multiply_cycle(&c, PRK_FFT_SQUARE, x, x + points, work, NULL, NULL);
        }
        for (size_t j = 0; j < length; j++) {
            const double is = work[j] / (double)length,
                         other = (double)(wanted[j] + wanted[length + j]);
            if (!(fabs(is - other) < 0.25)) {
                EXPECT(false, "%s: %zu points of a cycle: coefficient %zu is %.2f, not %.0f",
                       kernels->name, points, j, is, other);
                break;
            }
        }
    }
    for (unsigned i = 0; i <= c.halves; i++) {
        free(twiddles[i]);
    }
    free(work);
    free(a);
}

static void test_products_at(size_t points) {
    const size_t length = 2 * points;
    const double most = ldexp(1, length <= 1024 ? 17 : length <= 8192 ? 15 : 13);
    double *x = allocate_digits(length), *y = allocate_digits(length),
           *one = allocate_digits(length), *a = allocate_digits(length),
           *b = allocate_digits(length), *less = allocate_digits(length);
    int64_t *square = allocate_planes(2 * length * sizeof *square),
            *product = allocate_planes(2 * length * sizeof *product),
            *folded_square = allocate_planes(length * sizeof *square),
            *folded_product = allocate_planes(length * sizeof *product),
            *plain = allocate_planes(length * sizeof *plain);
    for (int kind = 0; kind < PATTERNS; kind++) {
        make_digits(x, length, most, (pattern)kind);
        make_digits(y, length, most, below(2) == 0 ? RANDOM : (pattern)below(PATTERNS));
        make_digits(less, length, most, RANDOM);
        memset(one, 0, length * sizeof *one);
        one[0] = 1;
        convolve(square, x, x, length);
        convolve(product, x, y, length);
        for (size_t j = 0; j < length; j++) {
            plain[j] = (int64_t)x[j];
        }
        for (size_t i = 0; i < kernel_count; i++) {
            test_cycle(kernel_sets[i], points, x, y, square, product);
        }
        for (int ring = PRK_FFT_RIGHT; ring <= PRK_FFT_THIRD; ring++) {
            fold(folded_square, square, length, (prk_fft_ring)ring);
            fold(folded_product, product, length, (prk_fft_ring)ring);
            for (size_t i = 0; i < kernel_count; i++) {
                transform t;
                begin_transform(&t, kernel_sets[i], (prk_fft_ring)ring, points);
                transform_product(&t, PRK_FFT_STORE, one, NULL, NULL);
                memcpy(a, t.work, length * sizeof *a);
                transform_product(&t, PRK_FFT_TIMES, x, a, NULL);
                expect_coefficients(&t, plain, NULL, "there and back");
                transform_product(&t, PRK_FFT_STORE_SQUARE, x, NULL, NULL);
                memcpy(b, t.work, length * sizeof *b);
                transform_product(&t, PRK_FFT_TIMES_PLUS, x, a, b);
                expect_coefficients(&t, folded_square, plain, "x 1 + x x");
                transform_product(&t, PRK_FFT_STORE, y, NULL, NULL);
                memcpy(a, t.work, length * sizeof *a);
                transform_product(&t, PRK_FFT_TIMES_PLUS, x, a, b);
                expect_coefficients(&t, folded_square, folded_product, "x y + x x");
                transform_product(&t, PRK_FFT_STORE_TIMES, x, a, NULL);
                memcpy(b, t.work, length * sizeof *b);
                transform_product(&t, PRK_FFT_TIMES_PLUS, x, a, b);
                expect_coefficients(&t, folded_product, folded_product, "x y + x y");
                transform_product(&t, PRK_FFT_TIMES, x, a, NULL);
                expect_coefficients(&t, folded_product, NULL, "x y");
                transform_product(&t, PRK_FFT_SQUARE, x, NULL, NULL);
                expect_coefficients(&t, folded_square, NULL, "x x");
                // Not all of them at each length.
                const uint64_t base = kind % 2 == 0 ? 2 * (uint64_t)most : 2 * (uint64_t)most - 7;
                const double times =
                    below(3) == 0 ? (double)(1 + below(255)) : (double)(1 + below(2));
                expect_carry(&t, folded_square, base, times, NULL);
                if (below(2) == 0) {
                    expect_carry(&t, folded_square, base, 1, less);
                }
                end_transform(&t);
            }
        }
    }
    free(x);
    free(y);
    free(one);
    free(a);
    free(b);
    free(less);
    free(square);
    free(product);
    free(folded_square);
    free(folded_product);
    free(plain);
}

static void test_products(void) {
    // Each radix at the root, below it and last, for vectors of every width.
    for (size_t points = PRK_FFT_LEAST_POINTS; points <= 4096; points += 32) {
        if (is_length(points) &&
            (points <= 256 || is_sampled(points, fmax(1, (double)(points * points) / 102400)))) {
            test_products_at(points);
        }
    }
}

// --- Lengths -------------------------------------------------------------------------------------

// The rule by which digits are chosen: what was measured of each layout, the standard deviation
// that follows from it, and the most bits with which 1/2 is twenty of these away.
#define RIGHT_KAPPA 2.4
#define PAIR_KAPPA 2.65
#define WEIGHT_KAPPA 4.4
#define MOST_SIGMA 0.025

static double kappa_of(const prk_fft_form *form, bool has_weights) {
    return (double)form->k *
           (has_weights ? WEIGHT_KAPPA * pow((double)form->b / 2, 1.5) : RIGHT_KAPPA);
}

static double expected_sigma(double bits, double length, double kappa) {
    return kappa / 12 * exp2(2 * bits - 53) * sqrt(length * log2(length));
}

static double most_bits(double length, double kappa) {
    return (log2(MOST_SIGMA * 12 / kappa / sqrt(length * log2(length))) + 53) / 2;
}

// A number, and the shape in which it is computed with.
typedef struct user {
    own *o;
    prk_modulus m;
    mpz_t n, unit; // x stands for x unit
} user;

static size_t length_of(const prk_fft_shape *shape) { return 2 * shape->points; }

// Of an array in which products are computed, for any instruction set.
static size_t room_for(const prk_fft_shape *shape) {
    size_t most = 0;
    for (size_t i = 0; i < kernel_count; i++) {
        const size_t room = prk_fft_room(shape, kernel_sets[i]);
        most = room > most ? room : most;
    }
    return most;
}

// u->n is set; the kernels are any.
static bool begin_user(user *u, const prk_fft_kernels *kernels, const prk_fft_shape *shape) {
    u->o = allocate_planes(aligned(sizeof *u->o) + prk_fft_plan_bytes(shape, kernels));
    u->m = (prk_modulus){.arithmetic = &prk_fft_fast, .n = u->n, .scratch = scratch, .own = u->o};
    u->o->is_exact = !prk_fft_plan_set(&u->o->plan, kernels, shape, u->n,
                                       (unsigned char *)u->o + aligned(sizeof *u->o), scratch);
    mpz_init(u->unit);
    if (shape->is_pair) {
        prk_fft_ring_modulus(u->unit, shape, PRK_FFT_SIXTH);
        if (mpz_invert(u->unit, u->unit, u->n) != 0) {
            mpz_mul_2exp(u->unit, u->unit, 1);
        } else {
            mpz_set_ui(u->unit, 1); // GMP does it all
        }
    } else {
        mpz_set_ui(u->unit, shape->form.k);
    }
    EXPECT(scratch->taken == 0, "%zu numbers are still taken", scratch->taken);
    return !u->o->is_exact;
}

static void end_user(user *u) {
    mpz_clear(u->unit);
    free(u->o);
}

static prk_residue *allocate_residue(const prk_fft_shape *shape) {
    const size_t bytes = sizeof(prk_residue) + 2 * room_for(shape) * sizeof(double);
    prk_residue *r = allocate_planes(bytes);
    memset((void *)r, 0xa5, bytes);
    return r;
}

// What the digits of a residue are modulo n.
static void digits_value(const user *u, mpz_t x, const prk_residue *r) {
    prk_fft_from_digits(&u->o->plan, x, digits_of(u->o, r));
    mpz_mod(x, x, u->n);
}

static void set_digits(const user *u, prk_residue *r, const mpz_t x) {
    mpz_t copy;
    mpz_init_set(copy, x);
    r->current = 0;
    prk_fft_to_digits(&u->o->plan, digits_of(u->o, r), copy);
    mpz_clear(copy);
}

static const char *describe(const prk_fft_shape *s) {
    static char text[160];
    if (s->is_pair) {
        snprintf(text, sizeof text, "pair of %zu points, %u bits", s->points, s->bits);
    } else {
        snprintf(text, sizeof text, "%zu points, %llu %llu^%llu %+d", s->points,
                 (unsigned long long)s->form.k, (unsigned long long)s->form.b,
                 (unsigned long long)s->form.exponent, s->form.c);
    }
    return text;
}

enum { STEPS_OF_A_KIND = 8 };

// `steps` products on each instruction set, of all kinds, beside GMP's. The first x is given.
// Returns the alarms.
static uint32_t run_shape(const prk_fft_shape *shape, const mpz_t n, const mpz_t first, long steps,
                          bool may_alarm) {
    static const double factors[] = {3, 10, 100, 255};
    const uint64_t seed = next_random();
    mpz_t x, y, less, wanted, is;
    mpz_inits(x, y, less, wanted, is, (mpz_ptr)NULL);
    mpz_urandomm(y, state, n);
    mpz_urandomm(less, state, n);
    bool has_wanted = false;
    uint32_t alarms_seen = 0;
    for (size_t i = 0; i < kernel_count; i++) {
        user u = {.o = NULL};
        mpz_init_set(u.n, n);
        begin_user(&u, kernel_sets[i], shape);
        prk_residue *r = allocate_residue(shape), *s = allocate_residue(shape),
                    *digits = allocate_residue(shape);
        set_digits(&u, r, first);
        set_digits(&u, s, y);
        set_digits(&u, digits, less);
        prk_fft_take_weights(&u.o->plan, digits->digits);
        mpz_set(x, first);
        random_state = seed;
        for (long step = 0; step < steps; step++) {
            double times = 1;
            bool is_square = true, has_less = false;
            switch (below(STEPS_OF_A_KIND)) {
            case 0:
            case 1:
                times = 2;
                break;
            case 2:
                times = factors[below(sizeof factors / sizeof factors[0])];
                break;
            case 3:
                has_less = true;
                break;
            case 4:
                is_square = false;
                break;
            default:
                break;
            }
            multiply_digits(&u.m, r, is_square ? r : s, times, has_less ? digits->digits : NULL);
            if (!has_wanted) {
                mpz_mul(x, x, is_square ? x : y);
                if (!shape->is_pair && shape->form.k == 1) {
                    mpz_mul_ui(x, x, (unsigned long)times);
                } else {
                    mpz_mod(x, x, n);
                    mpz_mul(x, x, u.unit);
                    mpz_mul_ui(x, x, (unsigned long)times);
                }
                if (has_less) {
                    mpz_sub(x, x, less);
                }
                mpz_mod(x, x, n);
            }
        }
        if (!has_wanted) {
            mpz_set(wanted, x);
            has_wanted = true;
        }
        digits_value(&u, is, r);
        EXPECT(mpz_cmp(is, wanted) == 0, "%s: %s: another residue after %ld products",
               kernel_sets[i]->name, describe(shape), steps);
        const prk_fft_plan *p = &u.o->plan;
        EXPECT(may_alarm || p->alarms == 0, "%s: %s: %u alarms, error %.3f, sigma %.4f",
               kernel_sets[i]->name, describe(shape), p->alarms, p->largest, shape->sigma);
        EXPECT(p->alarms == 0 ? p->largest <= MOST_ERROR : !(p->largest <= MOST_ERROR),
               "%s: %u alarms at an error of %.3f", kernel_sets[i]->name, p->alarms, p->largest);
        if (!may_alarm) {
            largest_seen = fmax(largest_seen, p->largest);
        }
        alarms_seen += p->alarms;
        free(r);
        free(s);
        free(digits);
        end_user(&u);
        mpz_clear(u.n);
    }
    mpz_clears(x, y, less, wanted, is, (mpz_ptr)NULL);
    return alarms_seen;
}

// Of t x x + t q n, over R/2, with |x| < c n and n < R/S comes at most t + 2 t c c/S times n, which
// stays below 2 t n for S >= 16 t t. So many bits hold for t < 2^8, and with what is subtracted.
#define PAIR_SPARE 22

// The largest number of a pair of that length, of the rule less `margin` bits.
static prk_fft_shape edge_of_pair(size_t points, unsigned margin) {
    const double length = 2 * (double)points;
    prk_fft_shape s = {.points = points, .is_pair = true};
    s.bits = (unsigned)most_bits(length, PAIR_KAPPA) - margin;
    s.sigma = expected_sigma(s.bits, length, PAIR_KAPPA);
    return s;
}

static void make_edge(mpz_t n, const prk_fft_shape *pair) {
    const mp_bitcnt_t bits = pair->bits * length_of(pair) - PAIR_SPARE;
    if (below(2) == 0) { // ones but for the last bits
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        mpz_sub_ui(n, n, 1 + 2 * below(100));
    } else {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, bits - 2);
        mpz_setbit(n, 0);
    }
}

// The largest k b^e + c of that length by its form. False: the length has none. Digits that are
// all alike have no weights.
static bool edge_of_form(prk_fft_shape *s, size_t points, uint64_t k, uint64_t b, int c,
                         bool is_even) {
    const double length = 2 * (double)points, lg_b = log2((double)b), lg_k = log2((double)k);
    *s = (prk_fft_shape){.points = points, .form = {k, b, 0, c}};
    const double kappa = kappa_of(&s->form, !is_even);
    const double bits = most_bits(length, kappa);
    double exponent = floor((bits * length - lg_k) / lg_b);
    if (is_even) {
        exponent -= fmod(exponent, length);
    } else if (fmod(exponent, length) == 0) {
        exponent--; // has weights
    }
    s->form.exponent = (uint64_t)exponent;
    s->sigma = expected_sigma((exponent * lg_b + lg_k) / length, length, kappa);
    // A digit has two powers of b at least, and so many carries are enough for a coefficient that
    // is no alarm.
    const double average = (exponent * lg_b + lg_k) / length, least = lg_b * floor(average / lg_b),
                 most = fmin(2 * average + lg_b + lg_k + log2(length) / 2 + 4, 50);
    return (c > 0 || has_cycle(points)) && exponent >= length && average <= 26 && least >= 8 &&
           (is_even || (least >= 2 * lg_b && k >> 24 == 0)) &&
           most + 1 <= (is_even ? 4 : 5) * least;
}

static const struct {
    uint64_t k, b;
    int c;
    bool is_even;
} edges[] = {{1, 2, 1, true},
             {1, 2, 1, false},
             {3, 2, 1, false},
             {5, 2, 1, false},
             {321, 2, 1, false},
             {9999, 2, 1, false},
             {1, 3, 1, false},
             {1, 10, 1, true},
             {1, 5, 1, true},
             {1, 6, 1, false},
             {1, 7, 1, false},
             {1, 10, 1, false},
             {1, 1000, 1, true},
             {1, 1000000, 1, true},
             {4, 3, 1, false},
             {7, 6, 1, false},
             {1, 824, 1, true},
             {1, 2, -1, true},
             {1, 2, -1, false},
             {3, 2, -1, false},
             {321, 2, -1, false},
             {2, 3, -1, false},
             {1, 10, -1, true},
             {1, 6, -1, false},
             // With a k as long as a digit, and longer: it comes back to two or three digits.
             {8191, 2, 1, false},
             {8193, 2, -1, false},
             {16383, 2, 1, false},
             {32769, 2, -1, false},
             {65535, 2, 1, false},
             {65537, 2, -1, false},
             {131071, 2, 1, false},
             {262143, 2, 1, false},
             {262145, 2, -1, false},
             {524287, 2, 1, false},
             {1048575, 2, 1, false},
             {1048577, 2, -1, false},
             {2097151, 2, 1, false},
             {16777215, 2, 1, false},
             {10006, 3, 1, false},
             {59050, 3, -1, false},
             {78124, 5, 1, false},
             {15624, 5, -1, false},
             {30006, 6, -1, false},
             {46655, 6, 1, false},
             {66000, 10, 1, false},
             {99999, 10, -1, false},
             {16808, 7, 1, false},
             {20735, 12, 1, false}};

static void test_length(size_t points, double every) {
    const double size = (double)points / 512;
    const long steps = size <= 1.5 ? 100 : size <= 8 ? 30 : 10;
    mpz_t n, x;
    mpz_inits(n, x, (mpz_ptr)NULL);
    prk_fft_shape shape = edge_of_pair(points, 0);
    make_edge(n, &shape);
    mpz_urandomm(x, state, n);
    if (is_sampled(next_random(), every)) {
        run_shape(&shape, n, x, steps, false);
    }
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (!is_sampled(next_random(), 3 * every) ||
            !edge_of_form(&shape, points, edges[i].k, edges[i].b, edges[i].c, edges[i].is_even)) {
            continue;
        }
        form_value(n, &shape.form);
        mpz_urandomm(x, state, n);
        run_shape(&shape, n, x, steps, false);
    }
    mpz_clears(n, x, (mpz_ptr)NULL);
}

// Each square doubled, as in a power of 2 to an exponent of ones, modulo the largest n that a pair
// has room for: the residues may not grow.
static void test_doubling(long steps) {
    mpz_t n, x, is;
    mpz_inits(n, x, is, (mpz_ptr)NULL);
    for (int less = 1; less <= 3; less += 2) {
        prk_fft_shape shape = edge_of_pair(PRK_FFT_LEAST_POINTS, 1);
        user u = {.o = NULL};
        mpz_init(u.n);
        mpz_setbit(u.n, shape.bits * length_of(&shape) - PAIR_SPARE);
        mpz_sub_ui(u.n, u.n, (unsigned long)less);
        if (begin_user(&u, kernel_sets[kernel_count - 1], &shape)) {
            prk_residue *r = allocate_residue(&shape);
            mpz_urandomm(x, state, u.n);
            set_digits(&u, r, x);
            for (long step = 0; step < steps; step++) {
                multiply_digits(&u.m, r, r, 2, NULL);
                mpz_mul(x, x, x);
                mpz_mod(x, x, u.n);
                mpz_mul(x, x, u.unit);
                mpz_mul_2exp(x, x, 1);
                mpz_mod(x, x, u.n);
            }
            digits_value(&u, is, r);
            EXPECT(mpz_cmp(is, x) == 0, "%ld doubled squares", steps);
            free(r);
        }
        end_user(&u);
        mpz_clear(u.n);
    }
    mpz_clears(n, x, is, (mpz_ptr)NULL);
}

// With each k at the most of a length, residues whose digits are all alike, or that wrap at once:
// their coefficients are as large as can be, so that some products may be done again.
static void test_extremes(void) {
    static const size_t lengths[] = {96, 128, 160, 192, 320, 512};
    mpz_t n, x;
    mpz_inits(n, x, (mpz_ptr)NULL);
    for (size_t e = 0; e < sizeof edges / sizeof edges[0]; e++) {
        const size_t points = lengths[below(sizeof lengths / sizeof lengths[0])];
        prk_fft_shape shape;
        if (!edge_of_form(&shape, points, edges[e].k, edges[e].b, edges[e].c, edges[e].is_even)) {
            continue;
        }
        form_value(n, &shape.form);
        for (int kind = 0; kind < 7; kind++) {
            user u = {.o = NULL};
            switch (kind) {
            case 0:
                mpz_sub_ui(x, n, 1);
                break;
            case 1:
                mpz_tdiv_q_2exp(x, n, 1);
                break;
            case 2: // k, or n - k
                mpz_set_ui(x, shape.form.k);
                if (below(2) == 0) {
                    mpz_sub(x, n, x);
                }
                break;
            case 3: // a power of b: its square wraps
                mpz_ui_pow_ui(x, shape.form.b, shape.form.exponent - below(3));
                break;
            case 4: // a multiple of k
                mpz_urandomm(x, state, n);
                mpz_tdiv_q_ui(x, x, shape.form.k);
                mpz_mul_ui(x, x, shape.form.k);
                break;
            default: { // each digit B/2, or -B/2
                mpz_init_set(u.n, n);
                begin_user(&u, kernel_sets[0], &shape);
                double *digits = allocate_digits(length_of(&shape));
                const prk_fft_carry *c = u.o->plan.carries;
                for (size_t j = 0; j < length_of(&shape); j++) {
                    const bool is_longer = c->is_weighted && (c->longer[j / 8] >> (j % 8) & 1) != 0;
                    digits[j] = floor(c->base[is_longer] / 2) * (kind == 5 ? 1 : -1);
                }
                prk_fft_put_weights(&u.o->plan, digits, digits);
                prk_fft_from_digits(&u.o->plan, x, digits);
                mpz_mod(x, x, n);
                free(digits);
                end_user(&u);
                mpz_clear(u.n);
                break;
            }
            }
            run_shape(&shape, n, x, 6, true);
        }
    }
    mpz_clears(n, x, (mpz_ptr)NULL);
}

static void test_lengths(void) {
    for (size_t points = PRK_FFT_LEAST_POINTS; points <= 65536; points += 32) {
        const double size = (double)points / 512;
        if (is_length(points)) {
            test_length(points, fmax(1, 2.5 * size * sqrt(size)));
        }
    }
}

// --- What is chosen ------------------------------------------------------------------------------

// Of all sizes and forms no shape is bolder than the rule, and each has room for n.
static void test_choices(void) {
    mpz_t n;
    mpz_init(n);
    for (long turn = 0; turn < scaled(300); turn++) {
        mp_bitcnt_t bits = 1800 + below(UINT64_C(1) << (12 + below(9)));
        if (turn % 8 == 0) { // at the edge of a pair
            bits = (16 + below(6)) * 128 * (2 + below(50)) - below(PAIR_SPARE + 2);
        }
        prk_fft_form form = {1 + 2 * below(turn % 4 == 0   ? UINT64_C(1) << (5 + below(22))
                                           : turn % 8 == 1 ? 200000
                                                           : 3),
                             2, 0, turn % 3 == 0 ? -1 : 1};
        if (turn % 5 == 0) {
            form.b = 3 + below(20);
        }
        form.exponent = (uint64_t)((double)bits / log2((double)form.b));
        if (turn % 2 == 0) {
            mpz_set_ui(n, 0);
            mpz_setbit(n, bits - 1); // as many bits are all that counts
        } else if (bits < 50000) {
            form_value(n, &form);
        } else {
            mpz_set_ui(n, 0);
            mpz_setbit(n, (mp_bitcnt_t)((double)form.exponent * log2((double)form.b) +
                                        log2((double)form.k)));
        }
        const size_t size = mpz_sizeinbase(n, 2);
        for (unsigned margin = 0; margin <= 4; margin += 2) {
            prk_fft_shape s;
            prk_fft_choose(&s, prk_fft_active(), n, turn % 2 == 0 ? NULL : &form, margin);
            EXPECT(s.points != 0, "no length for %zu bits, margin %u", size, margin);
            if (s.points == 0) {
                continue;
            }
            const double length = (double)length_of(&s);
            const double kappa =
                s.is_pair
                    ? PAIR_KAPPA
                    : kappa_of(&s.form, s.form.k != 1 || s.form.exponent % length_of(&s) != 0);
            const double bits_each =
                s.is_pair
                    ? s.bits
                    : ((double)s.form.exponent * log2((double)s.form.b) + log2((double)s.form.k)) /
                          length;
            const double sigma = expected_sigma(bits_each + margin, length, kappa);
            EXPECT(sigma <= 1.01 * MOST_SIGMA, "%s: sigma is %.4f with a margin of %u",
                   describe(&s), sigma, margin);
            EXPECT(!s.is_pair || (double)s.bits * length >= (double)size + PAIR_SPARE,
                   "%s: %zu bits leave no room for multiples", describe(&s), size);
        }
    }
    mpz_clear(n);
}

// --- The arithmetics -----------------------------------------------------------------------------

static mpz_t got;

static void expect_residue(const prk_modulus *m, const prk_residue *r, const mpz_t wanted,
                           const char *what) {
    m->arithmetic->from(m, got, r);
    if (mpz_cmp(got, wanted) != 0 && failures++ < 50) {
        const own *o = own_of(m);
        gmp_printf("fft_test: %s: %s: not the residue (%s) modulo %Zx\n", o->plan.kernels->name,
                   what, describe(&o->plan.shape), m->n);
    }
}

typedef enum kind_of_number {
    RANDOM_BITS,
    TIMES_3,
    TIMES_7,
    TIMES_769, // which divides X^2 - X + 1 at many a length
    NEAR_POWER,
    PERIODIC,
    FEW_BITS,
    ALL_ONES,
    LONG_RUNS,
    KINDS,
} kind_of_number;

static void make_number(mpz_t n, kind_of_number kind, mp_bitcnt_t bits) {
    mpz_t x;
    mpz_init(x);
    mpz_urandomb(n, state, bits);
    mpz_setbit(n, bits - 1);
    mpz_setbit(n, 0);
    switch (kind) {
    case TIMES_3:
        mpz_mul_ui(n, n, 3);
        break;
    case TIMES_7:
        mpz_mul_ui(n, n, 7);
        break;
    case TIMES_769:
        mpz_mul_ui(n, n, 769);
        break;
    case NEAR_POWER:
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        if (below(2) == 0) {
            mpz_add_ui(n, n, 1 + 2 * below(5000));
        } else {
            mpz_sub_ui(n, n, 1 + 2 * below(5000));
        }
        break;
    case PERIODIC: { // (2^bits - 1)/(2^period - 1) times what is repeated
        const mp_bitcnt_t period = 2 + below(70);
        mpz_set_ui(n, 0);
        mpz_setbit(n, (bits + period - 1) / period * period);
        mpz_sub_ui(n, n, 1);
        mpz_set_ui(x, 0);
        mpz_setbit(x, period);
        mpz_sub_ui(x, x, 1);
        mpz_divexact(n, n, x);
        mpz_urandomb(x, state, period);
        mpz_setbit(x, 0);
        mpz_mul(n, n, x);
        break;
    }
    case FEW_BITS:
        mpz_set_ui(n, 1);
        mpz_setbit(n, bits - 1);
        for (int i = 0; i < 4; i++) {
            mpz_setbit(n, below(bits));
        }
        break;
    case ALL_ONES:
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        mpz_sub_ui(n, n, 1);
        break;
    case LONG_RUNS:
        mpz_rrandomb(n, state, bits);
        mpz_setbit(n, 0);
        break;
    default:
        break;
    }
    mpz_clear(x);
}

// x in [0, n): the ends too, and what is no more than a few digits.
static void make_residue(mpz_t x, const mpz_t n) {
    switch (below(6)) {
    case 0:
        mpz_set_ui(x, below(3));
        break;
    case 1:
        mpz_sub_ui(x, n, 1 + below(3));
        break;
    case 2:
        mpz_set_ui(x, 0);
        mpz_setbit(x, below(mpz_sizeinbase(n, 2) - 1));
        break;
    case 3:
        mpz_rrandomb(x, state, mpz_sizeinbase(n, 2) - 1);
        break;
    default:
        mpz_urandomm(x, state, n);
        break;
    }
}

// Each operation of an arithmetic. Returns whether it has done all exactly, for lack of a unit.
static bool test_operations(const prk_arithmetic *a, mpz_srcptr n, const prk_special_form *form,
                            int rounds) {
    mpz_t x, y, c, d, wanted, other;
    mpz_inits(x, y, c, d, wanted, other, (mpz_ptr)NULL);
    prk_modulus m = {.arithmetic = a, .n = n, .scratch = scratch};
    prk_residue *all[4];
    m.own = allocate_planes(a->own_bytes(n, form));
    for (size_t i = 0; i < 4; i++) {
        all[i] = allocate_planes(a->residue_bytes(n, form));
        memset((void *)all[i], 0xa5, a->residue_bytes(n, form)); // what to() leaves out is seen
    }
    a->set(&m, form);
    for (int round = 0; round < rounds; round++) {
        make_residue(x, n);
        make_residue(y, n);
        make_residue(c, n);
        make_residue(d, n);
        a->to(&m, all[0], c);
        a->subtrahend(&m, all[2], all[0]);
        a->to(&m, all[0], d);
        a->subtrahend(&m, all[3], all[0]);
        a->to(&m, all[0], x);
        a->to(&m, all[1], y);
        expect_residue(&m, all[0], x, "to and from");
        mpz_sub(other, n, x);
        const int wanted_small = mpz_cmp_ui(x, 2) <= 0       ? (int)mpz_get_ui(x)
                                 : mpz_cmp_ui(other, 2) <= 0 ? -(int)mpz_get_ui(other)
                                                             : PRK_NOT_SMALL;
        EXPECT(a->small(&m, all[0]) == wanted_small, "not %d", wanted_small);
        a->ladder(&m, all[0], all[1], all[2], all[3]);
        mpz_mul(y, y, x);
        mpz_sub(y, y, d);
        mpz_mod(y, y, n);
        expect_residue(&m, all[1], y, "a ladder's product");
        mpz_mul(x, x, x);
        mpz_sub(x, x, c);
        mpz_mod(x, x, n);
        expect_residue(&m, all[0], x, "a ladder's square");
        a->multiply(&m, all[1], all[0]);
        mpz_mul(y, y, x);
        mpz_mod(y, y, n);
        expect_residue(&m, all[1], y, "a product");
        a->multiply(&m, all[1], all[1]);
        mpz_mul(y, y, y);
        mpz_mod(y, y, n);
        expect_residue(&m, all[1], y, "a product by itself");
        a->square(&m, all[1], 1, all[3]);
        mpz_mul(y, y, y);
        mpz_sub(y, y, d);
        mpz_mod(y, y, n);
        expect_residue(&m, all[1], y, "a square less something");
        for (int i = 0; i < 4; i++) {
            const uint32_t times = i == 1                     ? 2
                                   : i == 3 && a->takes_times ? 1 + (uint32_t)below(255)
                                                              : 1;
            a->square(&m, all[1], times, NULL);
            mpz_mul(y, y, y);
            mpz_mul_ui(y, y, times);
            mpz_mod(y, y, n);
        }
        expect_residue(&m, all[1], y, "squares");
        if (a->times != NULL) {
            const uint32_t times = 1 + (uint32_t)below(255);
            a->times(&m, all[1], times);
            mpz_mul_ui(y, y, times);
            mpz_mod(y, y, n);
            expect_residue(&m, all[1], y, "a multiple");
        }
    }
    const own *o = own_of(&m);
    const bool is_exact = o->is_exact;
    // Few bits that are set may be too much for digits as long as they can be: what shorter ones
    // are for.
    EXPECT(is_exact ? a->alarms(&m) > 0 : a == &prk_fft_fast || a->alarms(&m) == 0,
           "%s: %u alarms at an error of %.3f", describe(&o->plan.shape), a->alarms(&m),
           o->plan.largest);
    EXPECT(scratch->taken == 0, "%zu numbers are still taken", scratch->taken);
    free(m.own);
    for (size_t i = 0; i < 4; i++) {
        free(all[i]);
    }
    mpz_clears(x, y, c, d, wanted, other, (mpz_ptr)NULL);
    return is_exact;
}

static const prk_arithmetic *const arithmetics[] = {&prk_fft_fast, &prk_fft_careful,
                                                    &prk_fft_shortest};
enum { ARITHMETICS = sizeof arithmetics / sizeof arithmetics[0] };

static void test_numbers(long turns) {
    mpz_t n;
    mpz_init(n);
    long exact = 0, with_factor = 0;
    for (long turn = 0; turn < turns; turn++) {
        const kind_of_number kind = (kind_of_number)(turn % KINDS);
        mp_bitcnt_t bits = 1800 + below(turn % 5 == 0 ? 30000 : 4000);
        for (prk_fft_shape s; kind == TIMES_769; bits = 1800 + below(20000)) {
            mpz_set_ui(n, 0);
            mpz_setbit(n, bits + 9); // 2 has order 384 modulo 769: X one of 6 at every third length
            choose_shape(&s, n, NULL, 0);
            if (s.points * s.bits % 384 == 64 || s.points * s.bits % 384 == 320) {
                break;
            }
        }
        make_number(n, kind, bits);
        for (int i = 0; i < ARITHMETICS; i++) {
            const bool is_exact = test_operations(arithmetics[i], n, NULL, 2);
            exact += is_exact;
            with_factor += kind == TIMES_769;
            prk_fft_shape s;
            mpz_t r;
            mpz_init(r);
            choose_shape(&s, n, NULL, (unsigned)(2 * i));
            prk_fft_ring_modulus(r, &s, PRK_FFT_SIXTH);
            mpz_gcd(r, r, n);
            EXPECT(is_exact == (mpz_cmp_ui(r, 1) != 0), "%s: exact or not", describe(&s));
            mpz_clear(r);
        }
    }
    EXPECT(turns < KINDS || exact >= with_factor / 6, "%ld without a unit of %ld with 769", exact,
           with_factor);
    mpz_clear(n);
}

static void test_forms(long turns) {
    static const struct {
        uint64_t k, b;
    } kinds[] = {{1, 2},       {3, 2},     {5, 2},       {321, 2},   {9999, 2},  {1000005, 2},
                 {1, 1000000}, {1, 3},     {4, 3},       {2, 3},     {1, 5},     {1, 6},
                 {1, 7},       {1, 10},    {1, 824},     {7, 6},     {2, 10},    {1, 12},
                 {1000, 3},    {65537, 2}, {262143, 2},  {20001, 2}, {59048, 3}, {1000, 10},
                 {6561, 3},    {46656, 6}, {100002, 10}, {78124, 5}, {3, 9},     {15, 15}};
    mpz_t n;
    mpz_init(n);
    for (long turn = 0; turn < turns; turn++) {
        const size_t i = (size_t)turn % (sizeof kinds / sizeof kinds[0]);
        const double bits = 1900 + (double)below(turn % 7 == 0 ? 40000 : 6000);
        prk_special_form form = {
            .sign = turn / 20 % 2 == 0 ? 1 : -1, .k = kinds[i].k, .base = kinds[i].b};
        form.k_is_one = form.k == 1;
        form.k_bits = (mp_bitcnt_t)log2((double)form.k) + 1;
        form.exponent = (mp_bitcnt_t)(bits / log2((double)form.base));
        if (turn % 3 == 0 && form.k == 1) { // without weights, often
            form.exponent = (form.exponent + 1023) / 1024 * 1024;
        }
        const prk_fft_form plain = {form.k, form.base, form.exponent, form.sign};
        form_value(n, &plain);
        if (mpz_even_p(n)) {
            continue; // none of these arithmetics'
        }
        for (int j = 0; j < ARITHMETICS; j++) {
            test_operations(arithmetics[j], n, &form, 2);
        }
    }
    mpz_clear(n);
}

// Plans for some numbers in turns, of which a scratch keeps inverses: what it has kept, and what it
// has kept of others, is what a fresh one finds.
static void test_kept_inverses(long turns) {
    enum { NUMBERS = 3 };
    mpz_t numbers[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_init(numbers[i]);
        make_number(numbers[i], i == 2 ? TIMES_3 : RANDOM_BITS, 3000);
    }
    mpz_add_ui(numbers[1], numbers[0], 2); // differs in its last bits alone
    for (long turn = 0; turn < turns; turn++) {
        mpz_srcptr n = numbers[below(NUMBERS)];
        prk_fft_shape s;
        choose_shape(&s, n, NULL, 2 * (unsigned)below(3));
        user u = {.o = NULL}, v = {.o = NULL};
        mpz_init_set(u.n, n);
        mpz_init_set(v.n, n);
        prk_scratch *fresh = prk_scratch_create(), *used = scratch;
        const bool is_set = begin_user(&u, prk_fft_active(), &s);
        scratch = fresh;
        EXPECT(fresh != NULL && begin_user(&v, prk_fft_active(), &s) == is_set, "a unit or none");
        scratch = used;
        EXPECT(!is_set || memcmp(u.o->plan.inverse, v.o->plan.inverse,
                                 length_of(&s) * sizeof(double)) == 0,
               "%s: another inverse is kept", describe(&s));
        end_user(&u);
        end_user(&v);
        mpz_clears(u.n, v.n, (mpz_ptr)NULL);
        prk_scratch_destroy(fresh);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_clear(numbers[i]);
    }
}

// --- Known primes --------------------------------------------------------------------------------

static void expect_strong(const mpz_t n, unsigned long base, bool wanted, const char *name) {
    mpz_t b;
    mpz_init_set_ui(b, base);
    bool passed = !wanted;
    EXPECT(prk_strong_test(scratch, &prk_fft_fast, n, NULL, b, NULL, &passed) == PRK_STATUS_OK,
           "%s", name);
    EXPECT(passed == wanted, "%s: to base %lu", name, base);
    mpz_clear(b);
}

static void expect_proth(unsigned long k, mp_bitcnt_t e, unsigned a, bool wanted) {
    mpz_t n, residue;
    mpz_init_set_ui(n, k);
    mpz_init(residue);
    mpz_mul_2exp(n, n, e);
    mpz_add_ui(n, n, 1);
    prk_special_form form;
    bool passed = !wanted;
    EXPECT(prk_special_form_of(n, &form) && form.k == k && form.exponent == e, "%lu 2^%lu+1", k, e);
    for (int use = 0; use < (e < 5000 ? 2 : 1); use++) { // the second time without its form
        EXPECT(prk_proth_test(scratch, &prk_fft_fast, n, use == 0 ? &form : NULL, a, NULL, &passed,
                              residue) == PRK_STATUS_OK,
               "%lu 2^%lu+1", k, e);
        EXPECT(passed == wanted, "%lu 2^%lu+1, %s its form", k, e, use == 0 ? "by" : "without");
        EXPECT(passed == (mpz_sgn(residue) == 0), "the residue of %lu 2^%lu+1", k, e);
    }
    mpz_clears(n, residue, (mpz_ptr)NULL);
}

static void test_primes(void) {
    // OEIS A002253. 3 2^e + 1 with odd e is 0 modulo 7 or 2 modulo 5, or 0; 5 is no square then.
    static const mp_bitcnt_t exponents[] = {2816, 3168, 3189, 3912};
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        const mp_bitcnt_t e = exponents[i];
        for (unsigned a = 5;; a++) {
            mpz_t n, base;
            mpz_init_set_ui(n, 3);
            mpz_init_set_ui(base, a);
            mpz_mul_2exp(n, n, e);
            mpz_add_ui(n, n, 1);
            const int symbol = mpz_jacobi(base, n);
            mpz_clears(n, base, (mpz_ptr)NULL);
            if (symbol == -1) {
                expect_proth(3, e, a, true);
                expect_proth(3, e + 1, a, false);
                break;
            }
        }
    }
    // Seconds without vectors, and minutes under sanitizers.
    const bool is_fast = prk_fft_active()->lanes > 2 && test_multiplier() >= 1;
    if (is_fast) {
        expect_proth(3, 20909, 5, true);
    }
    mpz_t n;
    mpz_init(n);
    mpz_ui_pow_ui(n, 10, 999); // the least prime of 1000 digits: 10^999 + 7
    mpz_add_ui(n, n, 7);
    expect_strong(n, 2, true, "10^999+7");
    mpz_add_ui(n, n, 2);
    expect_strong(n, 2, false, "10^999+9");
    mpz_set_ui(n, 0);
    mpz_setbit(n, 4423);
    mpz_sub_ui(n, n, 1);
    expect_strong(n, 3, true, "2^4423-1");
    if (is_fast) {
        mpz_ui_pow_ui(n, 824, 1024); // OEIS A056993
        mpz_add_ui(n, n, 1);
        expect_strong(n, 3, true, "824^1024+1");
    }
    if (is_fast && prk_fft_active()->lanes == 8 && is_sampled(10000, 2)) {
        mpz_ui_pow_ui(n, 10, 9999); // and of 10,000
        mpz_add_ui(n, n, 33603);
        expect_strong(n, 2, true, "10^9999+33603");
    }
    mpz_clear(n);
}

// --- What is spoiled -----------------------------------------------------------------------------

typedef enum fault {
    SCALED_DIGITS,
    TWIDDLE_NAN,
    TWIDDLE_INFINITE,
    TWIDDLE_WRONG,
    CONSTANT_NAN,
    CONSTANT_INFINITE,
    FAULTS,
} fault;

// A product with a fault in it is counted, and right all the same.
static void test_fault(const prk_fft_kernels *kernels, const prk_fft_shape *shape, const mpz_t n,
                       fault kind) {
    mpz_t x, wanted, is;
    mpz_inits(x, wanted, is, (mpz_ptr)NULL);
    user u = {.o = NULL};
    mpz_init_set(u.n, n);
    begin_user(&u, kernels, shape);
    prk_fft_plan *p = &u.o->plan;
    prk_residue *r = allocate_residue(shape);
    mpz_urandomm(x, state, n);
    set_digits(&u, r, x);
    multiply_digits(&u.m, r, r, 1, NULL);
    EXPECT(p->alarms == 0, "an alarm before the fault");
    const size_t length = length_of(shape);
    // Ones that are used: a node's first ones, and not what fills them up.
    double *twiddle = (double *)p->rings[shape->is_pair && below(2) == 0].twiddles + below(2),
           *constant = shape->is_pair ? (below(2) == 0 ? p->inverse : p->image) + below(length)
                                      : &p->carries[0].scale;
    if (!shape->is_pair && p->carries[0].is_weighted) {
        constant = (double *)p->carries[0].inverse_group + below(length / 8);
    }
    double *spoiled = kind >= CONSTANT_NAN ? constant : twiddle;
    const double kept = *spoiled;
    switch (kind) {
    case SCALED_DIGITS: // another number, but too large for its length
        for (size_t j = 0; j < length; j++) {
            digits_of(u.o, r)[j] *= 4096;
        }
        break;
    case TWIDDLE_WRONG:
        *spoiled += 1e-3;
        break;
    case TWIDDLE_NAN:
    case CONSTANT_NAN:
        *spoiled = NAN;
        break;
    default:
        *spoiled = INFINITY;
        break;
    }
    digits_value(&u, wanted, r);
    multiply_digits(&u.m, r, r, 2, NULL);
    *spoiled = kept;
    mpz_mul(wanted, wanted, wanted);
    mpz_mul(wanted, wanted, u.unit);
    mpz_mul_2exp(wanted, wanted, 1);
    mpz_mod(wanted, wanted, n);
    digits_value(&u, is, r);
    EXPECT(p->alarms == 1, "%s: %s: %u alarms of fault %d", kernels->name, describe(shape),
           p->alarms, (int)kind);
    EXPECT(mpz_cmp(is, wanted) == 0, "%s: %s: another residue after fault %d", kernels->name,
           describe(shape), (int)kind);
    // And on.
    multiply_digits(&u.m, r, r, 1, NULL);
    mpz_mul(wanted, wanted, wanted);
    mpz_mul(wanted, wanted, u.unit);
    mpz_mod(wanted, wanted, n);
    digits_value(&u, is, r);
    EXPECT(p->alarms == 1 && mpz_cmp(is, wanted) == 0, "%s: %s: after what follows fault %d",
           kernels->name, describe(shape), (int)kind);
    free(r);
    end_user(&u);
    mpz_clears(u.n, x, wanted, is, (mpz_ptr)NULL);
}

static void test_faults(void) {
    static const size_t lengths[] = {96, 128, 192, 320, 448, 1024};
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        prk_fft_shape shapes[3] = {edge_of_pair(lengths[i], 0)};
        edge_of_form(&shapes[1], lengths[i], 1, 2, 1, true);
        edge_of_form(&shapes[2], lengths[i], 3, 2, 1, false);
        for (int s = 0; s < 3; s++) {
            if (s == 0) {
                make_edge(n, &shapes[s]);
            } else {
                form_value(n, &shapes[s].form);
            }
            for (int kind = 0; kind < FAULTS; kind++) {
                for (size_t k = 0; k < kernel_count; k++) {
                    test_fault(kernel_sets[k], &shapes[s], n, (fault)kind);
                }
            }
        }
    }
    mpz_clear(n);
}

// Digits longer by some bits than the rule allows: from errors that are seen now and then to
// coefficients that are mostly noise.
static void test_short_plans(void) {
    mpz_t n, x;
    mpz_inits(n, x, (mpz_ptr)NULL);
    for (long turn = 0; turn < scaled(6); turn++) {
        size_t points = 0;
        do {
            points = 32 * (3 + below(29));
        } while (!is_length(points));
        for (unsigned more = 1; more <= 4; more++) {
            prk_fft_shape s = edge_of_pair(points, 0);
            s.bits += more;
            make_edge(n, &s);
            mpz_urandomm(x, state, n);
            const uint32_t seen = run_shape(&s, n, x, 8, true);
            EXPECT(more < 3 || seen >= 8 * kernel_count, "%s: %u alarms", describe(&s), seen);
            const size_t i = below(sizeof edges / sizeof edges[0]);
            if (!edge_of_form(&s, points, edges[i].k, edges[i].b, edges[i].c, edges[i].is_even)) {
                continue;
            }
            const uint64_t by =
                (uint64_t)((double)(more * length_of(&s)) / log2((double)edges[i].b));
            s.form.exponent +=
                edges[i].is_even ? (by + length_of(&s) - 1) / length_of(&s) * length_of(&s) : by;
            form_value(n, &s.form);
            mpz_urandomm(x, state, n);
            run_shape(&s, n, x, 8, true);
        }
    }
    mpz_clears(n, x, (mpz_ptr)NULL);
}

// An arithmetic whose digits are longer than the rule allows, as a chain's middle.

static void choose_bold(prk_fft_shape *shape, mpz_srcptr n) {
    const size_t bits = mpz_sizeinbase(n, 2) + PAIR_SPARE;
    *shape = (prk_fft_shape){.points = PRK_FFT_LEAST_POINTS - 32, .is_pair = true};
    do {
        shape->points += 32;
        shape->bits = (unsigned)((bits + length_of(shape) - 1) / length_of(shape));
    } while (!is_length(shape->points) ||
             shape->bits > most_bits((double)length_of(shape), PAIR_KAPPA) + 3);
}

static size_t own_bytes_bold(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    prk_fft_shape shape;
    choose_bold(&shape, n);
    return aligned(sizeof(own)) + prk_fft_plan_bytes(&shape, prk_fft_active());
}

static size_t residue_bytes_bold(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    prk_fft_shape shape;
    choose_bold(&shape, n);
    return sizeof(prk_residue) + 2 * room_for(&shape) * sizeof(double);
}

static void set_bold(prk_modulus *m, const prk_special_form *form) {
    (void)form;
    own *o = own_of(m);
    prk_fft_shape shape;
    choose_bold(&shape, m->n);
    o->is_exact = !prk_fft_plan_set(&o->plan, prk_fft_active(), &shape, m->n,
                                    (unsigned char *)o + aligned(sizeof *o), m->scratch);
}

// A chain whose plan is too short comes to the right end by a longer one, and says so.
static void test_alarmed_chains(long chains) {
    mpz_t n, first, exponent, is, wanted, next;
    mpz_inits(n, first, exponent, is, wanted, next, (mpz_ptr)NULL);
    prk_arithmetic bold = prk_fft_fast;
    bold.own_bytes = own_bytes_bold;
    bold.residue_bytes = residue_bytes_bold;
    bold.set = set_bold;
    bold.longer = &prk_fft_fast;
    for (long turn = 0; turn < chains; turn++) {
        prk_fft_shape shape;
        do { // a length of which the most is made
            make_number(n, RANDOM_BITS, 2500 + below(9000));
            choose_bold(&shape, n);
        } while (shape.bits < most_bits((double)length_of(&shape), PAIR_KAPPA) + 1.5);
        mpz_urandomb(exponent, state, 200 + below(2000));
        mpz_setbit(exponent, 150);
        mpz_set_ui(first, 2 + below(2));
        if (turn % 3 == 0) {
            mpz_urandomm(first, state, n);
        }
        const bool is_lucas = turn % 4 == 3;
        prk_chain c;
        (is_lucas ? prk_chain_begin_lucas : prk_chain_begin_power)(&c, scratch, &bold, n, NULL,
                                                                   first, exponent);
        const uint32_t calm = 0;
        while (!prk_chain_is_done(&c)) {
            EXPECT(prk_chain_run(&c, 1 + below(900), &calm) == PRK_STATUS_OK, "a piece");
        }
        prk_chain_value(&c, is);
        if (is_lucas) {
            lucas_by_definition(wanted, next, first, exponent, n);
        } else {
            mpz_powm(wanted, first, exponent, n);
        }
        EXPECT(mpz_cmp(is, wanted) == 0, "%s: %s: another end of a chain", prk_fft_active()->name,
               describe(&shape));
        EXPECT(prk_chain_alarms(&c) > 0, "%s: no alarm of a chain", describe(&shape));
        prk_chain_end(&c);
    }
    mpz_clears(n, first, exponent, is, wanted, next, (mpz_ptr)NULL);
}

// A chain in which a coefficient of some product is spoiled, wherever that is. What makes another
// integer of it no rounding can show.
static void test_spoiled_chains(long chains) {
    static const double factors[] = {1e30, (double)NAN, (double)INFINITY, -1e25};
    mpz_t n, first, exponent, is, wanted, next;
    mpz_inits(n, first, exponent, is, wanted, next, (mpz_ptr)NULL);
    for (long turn = 0; turn < chains; turn++) {
        prk_special_form form;
        const bool has_form = turn % 2 == 0;
        make_number(n, RANDOM_BITS, 2500 + below(3000));
        if (has_form) { // 3 2^e + 1, or less 1
            mpz_set_ui(n, 3);
            mpz_mul_2exp(n, n, 2500 + below(3000));
            mpz_add_ui(n, n, 1);
            if (turn % 4 == 0) {
                mpz_sub_ui(n, n, 2);
            }
            EXPECT(prk_special_form_of(n, &form), "a form");
        }
        mpz_urandomb(exponent, state, 300 + below(500));
        mpz_setbit(exponent, 250);
        mpz_set_ui(first, 2 + below(300));
        const bool is_lucas = turn % 3 == 2;
        prk_chain c;
        (is_lucas ? prk_chain_begin_lucas : prk_chain_begin_power)(
            &c, scratch, &prk_fft_fast, n, has_form ? &form : NULL, first, exponent);
        const uint32_t calm = 0;
        EXPECT(prk_chain_run(&c, 1 + below(100), &calm) == PRK_STATUS_OK, "a piece");
        prk_fft_plan *plan = &own_of(&c.m)->plan;
        plan->fault_in = 1 + (uint32_t)below(25);
        plan->fault_factor = factors[turn % (long)(sizeof factors / sizeof factors[0])];
        EXPECT(prk_chain_run(&c, 26, &calm) == PRK_STATUS_OK, "a piece");
        const uint64_t alarms_then = prk_chain_alarms(&c);
        EXPECT(prk_chain_run(&c, (mp_bitcnt_t)-1, &calm) == PRK_STATUS_OK, "an end");
        prk_chain_value(&c, is);
        if (is_lucas) {
            lucas_by_definition(wanted, next, first, exponent, n);
        } else {
            mpz_powm(wanted, first, exponent, n);
        }
        EXPECT(mpz_cmp(is, wanted) == 0, "%s: another end after a factor of %g",
               prk_fft_active()->name, factors[turn % (long)(sizeof factors / sizeof factors[0])]);
        EXPECT(alarms_then <= 1 && prk_chain_alarms(&c) == alarms_then, "%lu alarms, then %lu",
               (unsigned long)alarms_then, (unsigned long)prk_chain_alarms(&c));
        spoiled_and_seen += alarms_then == 1;
        prk_chain_end(&c);
    }
    // Where the careful beginning ends in between, the plan with the fault is gone.
    EXPECT(spoiled_and_seen >= (uint64_t)chains / 2, "%lu of %ld faults have been seen",
           (unsigned long)spoiled_and_seen, chains);
    mpz_clears(n, first, exponent, is, wanted, next, (mpz_ptr)NULL);
}

// --- Rounding ------------------------------------------------------------------------------------

typedef struct spread {
    double sum; // of squares of errors
    double count, largest;
} spread;

static void add_errors(spread *s, const prk_fft_plan *p, const prk_fft *f, const double *work) {
    const size_t m = p->shape.points;
    const prk_fft_carry *c = &p->carries[0];
    for (size_t j = 0; j < 2 * m; j++) {
        double y;
        if (c->is_weighted) {
            y = work[j] * (c->inverse_group[j / 8] * c->inverse_lane[j % 8] *
                           ((c->less[j / 8] >> (j % 8) & 1) != 0 ? c->b : 1));
        } else if (!p->shape.is_pair) {
            y = work[j] * c->scale;
        } else if (j >= m) {
            y = work[j] / (double)m / f->sine;
        } else {
            y = (work[j] - work[m + j] * (f->cosine / f->sine)) / (double)m;
        }
        const double error = y - rint(y);
        s->sum += error * error;
        s->largest = fmax(s->largest, fabs(error));
    }
    s->count += 2 * (double)m;
}

// A square as try_digits() has it, looked at before each carry.
static double watched_square(prk_fft_plan *p, double *into, const double *a, spread *s) {
    const prk_fft_kernels *k = p->kernels;
    const size_t m = p->shape.points;
    const prk_fft *first = &p->rings[0], *second = &p->rings[1];
    double *work = p->work;
    if (prk_fft_is_cycle(&p->shape)) {
        k->multiply_cycle(&p->cycle, PRK_FFT_SQUARE, a, a + m, into, NULL, NULL);
        add_errors(s, p, first, into);
        return k->carry(&p->carries[0], PRK_FFT_RIGHT, into, 1, NULL, into, into + m);
    }
    if (!p->shape.is_pair) {
        k->multiply(first, PRK_FFT_SQUARE, a, a + m, into, NULL, NULL);
        add_errors(s, p, first, into);
        return k->carry(&p->carries[0], PRK_FFT_RIGHT, into, 1, NULL, into, into + m);
    }
    k->multiply(first, PRK_FFT_SQUARE, a, a + m, work, NULL, NULL);
    add_errors(s, p, first, work);
    double error = k->carry(&p->carries[0], PRK_FFT_SIXTH, work, 1, NULL, work, work + m);
    k->multiply(first, PRK_FFT_TIMES, work, work + m, work, p->inverse, NULL);
    add_errors(s, p, first, work);
    error = larger(error, k->carry(&p->carries[0], PRK_FFT_SIXTH, work, 1, NULL, work, work + m));
    k->multiply(second, PRK_FFT_STORE_SQUARE, a, a + m, p->other, NULL, NULL);
    k->multiply(second, PRK_FFT_TIMES_PLUS, work, work + m, work, p->image, p->other);
    add_errors(s, p, second, work);
    return larger(error, k->carry(&p->carries[1], PRK_FFT_THIRD, work, 1, NULL, into, into + m));
}

static double worst_spread, worst_tail;
static char worst_spread_of[200];

// The standard deviation over some squares is below what the length was chosen by.
static void test_spread(const prk_fft_kernels *kernels, const prk_fft_shape *shape, const mpz_t n) {
    user u = {.o = NULL};
    mpz_init_set(u.n, n);
    if (!begin_user(&u, kernels, shape)) {
        end_user(&u);
        mpz_clear(u.n);
        return;
    }
    const size_t length = length_of(shape);
    prk_residue *r = allocate_residue(shape);
    double *into = allocate_digits(room_for(shape));
    mpz_t x;
    mpz_init(x);
    mpz_urandomm(x, state, n);
    set_digits(&u, r, x);
    spread s = {0, 0, 0};
    double said = 0;
    for (long i = 0; i < scaled(20000) / (long)length + 4; i++) {
        const double error = watched_square(&u.o->plan, into, digits_of(u.o, r), &s);
        said = fmax(said, error);
        if (i == 0) { // of the same digits
            EXPECT(try_digits(&u.o->plan, room_of(u.o, r), digits_of(u.o, r), digits_of(u.o, r), 1,
                              NULL) == error &&
                       memcmp(room_of(u.o, r), into, length * sizeof *into) == 0,
                   "%s: %s: a square by another way", kernels->name, describe(shape));
        }
        memcpy(digits_of(u.o, r), into, length * sizeof *into);
    }
    // Coefficients of 2^46 and more are rounded to 64ths before they are looked at.
    EXPECT(fabs(said - s.largest) <= 0.07, "%s: %s: an error of %g, not %g", kernels->name,
           describe(shape), said, s.largest);
    // Digits of so many whole bits have more to spare than what a length or two exceeds that by.
    const double limit = shape->sigma, sigma = sqrt(s.sum / s.count), ratio = sigma / limit;
    if (ratio > worst_spread) {
        worst_spread = ratio;
        snprintf(worst_spread_of, sizeof worst_spread_of, "%s, %s", kernels->name, describe(shape));
    }
    worst_tail = fmax(worst_tail, s.largest / sigma);
    EXPECT(ratio <= 1, "%s: %s: sigma %.5f of at most %.5f; the largest error is %.3f",
           kernels->name, describe(shape), sigma, limit, s.largest);
    free(r);
    free(into);
    end_user(&u);
    mpz_clears(u.n, x, (mpz_ptr)NULL);
}

static void test_spreads(void) {
    mpz_t n;
    mpz_init(n);
    for (size_t points = PRK_FFT_LEAST_POINTS; points <= 65536; points += 32) {
        const double size = (double)points / 512;
        if (!is_length(points) || (points > 256 && !is_sampled(points, fmax(1, 4 * size)))) {
            continue;
        }
        for (size_t i = 0; i < kernel_count; i++) {
            prk_fft_shape s = edge_of_pair(points, 0);
            make_edge(n, &s);
            test_spread(kernel_sets[i], &s, n);
            const size_t e = below(sizeof edges / sizeof edges[0]);
            if (edge_of_form(&s, points, edges[e].k, edges[e].b, edges[e].c, edges[e].is_even)) {
                form_value(n, &s.form);
                test_spread(kernel_sets[i], &s, n);
            }
        }
    }
    mpz_clear(n);
}

int main(void) {
    gmp_randinit_default(state);
    const char *shard = getenv("PRIMALITY_TEST_SHARD");
    const unsigned long seed = shard == NULL ? 0 : strtoul(shard, NULL, 10);
    gmp_randseed_ui(state, seed);
    random_state += seed;
    mpz_init(got);
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("fft_test");
        return 1;
    }
    kernel_count = find_kernels(kernel_sets);
    test_products();
    test_choices();
    test_lengths();
    test_extremes();
    test_doubling(scaled(4000));
    test_numbers(scaled(90));
    test_forms(scaled(80));
    test_kept_inverses(scaled(60));
    test_primes();
    test_faults();
    test_short_plans();
    test_alarmed_chains(scaled(8));
    test_spoiled_chains(scaled(24));
    test_spreads();
    prk_scratch_destroy(scratch);
    mpz_clear(got);
    gmp_randclear(state);
    printf("fft_test: %s, level %s: sigma %.2f of its limit at most (%s), %.1f sigma the largest "
           "error, %.3f the largest of all; %d failures\n",
           prk_compiler(), prk_level_name(prk_active_level()), worst_spread, worst_spread_of,
           worst_tail, largest_seen, failures);
    return failures > 0;
}
