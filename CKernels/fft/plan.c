// SPDX-License-Identifier: Apache-2.0
//
// Lengths and constants of transforms, and how they are chosen.

#include "plan.h"

#include <math.h>
#include <string.h>

#include "../tables/fft_lengths.h"

const prk_fft_kernels *prk_fft_active(void) {
#if defined(__x86_64__)
    if (prk_has_wide_doubles()) {
        return &prk_fft_avx512;
    }
    if (prk_kernels()->level == PRK_LEVEL_AVX2) {
        return &prk_fft_avx2;
    }
#endif
    return &prk_fft_portable;
}

// --- Lengths -------------------------------------------------------------------------------------

typedef struct lengths {
    const prk_fft_length *first;
    size_t count;
} lengths;

#define LENGTHS(table) {table, sizeof(table) / sizeof(table)[0]}

static lengths lengths_of(unsigned lanes) {
    static const lengths eight = LENGTHS(prk_fft_lengths_8), four = LENGTHS(prk_fft_lengths_4),
                         two = LENGTHS(prk_fft_lengths_2), one = LENGTHS(prk_fft_lengths_1);
    return lanes == 8 ? eight : lanes == 4 ? four : lanes == 2 ? two : one;
}

// NULL: it is not worth having, or longer than all that were measured.
static const prk_fft_length *find_length(unsigned lanes, size_t points) {
    const lengths all = lengths_of(lanes);
    size_t low = 0, high = all.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (all.first[middle].points < points) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < all.count && all.first[low].points == points ? &all.first[low] : NULL;
}

bool prk_fft_set_radices(prk_fft *f, size_t points, unsigned lanes) {
    const prk_fft_length *measured = find_length(lanes, points);
    f->points = points;
    // One number across a vector, whatever its lanes, has the same lengths; eight lanes have
    // shorter blocks for half of them.
    const bool is_across = lanes > 1;
    const size_t block = f->block = lanes == 8 && points % 64 != 0 ? 32 : 8 * (size_t)lanes;
    if (measured != NULL) {
        f->passes = measured->passes;
        memcpy(f->radices, measured->radices, sizeof measured->radices);
        return true;
    }
    static const uint8_t radices[] = {8, 4, 7, 5, 3, 2};
    f->passes = 0;
    if (points % block != 0 || (is_across && (points < PRK_FFT_LEAST_POINTS || points % 32 != 0))) {
        return false;
    }
    size_t left = points / block;
    for (size_t i = 0; i < sizeof radices; i++) {
        for (; left % radices[i] == 0 && f->passes < PRK_FFT_MOST_PASSES; left /= radices[i]) {
            f->radices[f->passes++] = radices[i];
        }
    }
    return left == 1;
}

// --- Precision -----------------------------------------------------------------------------------

// The standard deviation of a coefficient's error: (kappa/12) 2^(2 bits - 53) sqrt(L log2 L). These
// kappas are the largest that were measured over many lengths; fft_test measures them again.
#define RIGHT_KAPPA 2.4
#define PAIR_KAPPA 2.65
#define WEIGHT_KAPPA 4.4

static double sigma_of(double bits, double length, double kappa) {
    return kappa / 12 * exp2(2 * bits - 53) * sqrt(length * log2(length));
}

// Then 1/2 is twenty standard deviations away.
#define MOST_SIGMA 0.025

// n <= R/S with S = 2^22 >= 16 t^2 for products t < 2^8 times as large.
#define SPARE_BITS 22

static void try_pair(prk_fft_shape *s, size_t bits, size_t points, unsigned margin) {
    const size_t length = 2 * points;
    s->points = 0;
    s->is_pair = true;
    s->bits = (unsigned)((bits + SPARE_BITS + length - 1) / length);
    s->sigma = sigma_of(s->bits, (double)length, PAIR_KAPPA);
    if (s->bits >= 8 && ldexp(s->sigma, 2 * (int)margin) <= MOST_SIGMA) {
        s->points = points;
    }
}

static bool has_weights(const prk_fft_form *form, size_t length) {
    return form->k != 1 || form->exponent % length != 0;
}

// Bits of a digit, on average.
static double form_bits(const prk_fft_form *form, size_t length) {
    return ((double)form->exponent * log2((double)form->b) + log2((double)form->k)) /
           (double)length;
}

// Bits of a short digit.
static double short_bits(const prk_fft_form *form, size_t length) {
    const double b = log2((double)form->b);
    return b * floor(form_bits(form, length) / b);
}

// How far a coefficient reaches beyond what so many carries leave in a digit.
static double bits_beyond(const prk_fft_form *form, size_t length, int carries) {
    const double spread = has_weights(form, length) ? log2((double)form->b) : 0;
    const double likely =
        2 * form_bits(form, length) + spread + log2((double)form->k) + log2((double)length) / 2 + 4;
    // A larger one is an alarm.
    const double most = fmin(likely, log2(PRK_FFT_MOST_COEFFICIENT));
    return most - (carries + 1) * short_bits(form, length) + 1;
}

// How many are enough. 0: more than there are.
static unsigned carries_of(const prk_fft_form *form, size_t length) {
    for (unsigned carries = 2; carries <= PRK_FFT_MOST_CARRIES; carries++) {
        if (bits_beyond(form, length, (int)carries) <= 0) {
            return carries;
        }
    }
    return 0;
}

// A coefficient is k times as large, and so is its error: with a longer k there is no length whose
// digits take four carries.
#define MOST_K_BITS 24

static void try_form(prk_fft_shape *s, size_t points, unsigned margin) {
    const size_t length = 2 * points;
    const double bits = form_bits(&s->form, length), k = (double)s->form.k;
    const double b = (double)s->form.b, least = short_bits(&s->form, length);
    double kappa = k * RIGHT_KAPPA;
    s->points = 0;
    s->is_pair = false;
    if (has_weights(&s->form, length)) {
        // Errors are divided by weights from 1 to b, so that some are larger than all together.
        kappa = k * WEIGHT_KAPPA * pow(b / 2, 1.5);
        // A digit has two powers of b at least, and k does not reach beyond eight digits.
        if (b > 16 || least < 2 * log2(b) || s->form.k >> MOST_K_BITS != 0) {
            return;
        }
    }
    s->sigma = sigma_of(bits, (double)length, kappa);
    // A factor has eight bits, and a carry of its own, which takes as many.
    const unsigned carries = carries_of(&s->form, length);
    if (least < 8 || bits > 26 || carries == 0 || (carries > 3 && !has_weights(&s->form, length)) ||
        ldexp(s->sigma, 2 * (int)margin) > MOST_SIGMA) {
        return;
    }
    s->points = points;
}

// --- Cycles --------------------------------------------------------------------------------------

// The factors of x^L - 1, L = 2 points. False: there is no such length.
static bool set_halves(prk_fft_cycle *c, size_t points, unsigned lanes) {
    c->points = points;
    c->halves = 0;
    size_t m = points; // of (x^m - 1) (x^m + 1)
    while (m % 2 == 0 && c->halves < PRK_FFT_MOST_HALVES &&
           prk_fft_set_radices(&c->half[c->halves], m / 2, lanes)) {
        c->half[c->halves++].ring = PRK_FFT_RIGHT;
        m /= 2;
    }
    c->rest.ring = PRK_FFT_WHOLE;
    return c->halves > 0 && prk_fft_set_radices(&c->rest, 2 * m, lanes);
}

// --- Choosing ------------------------------------------------------------------------------------

// Relative time of a product. Lengths beyond the table take what the longest one does for a point,
// and a little more for each doubling.
static double cost_of(const prk_fft_kernels *kernels, size_t points) {
    const lengths all = lengths_of(kernels->lanes);
    const prk_fft_length *measured = find_length(kernels->lanes, points),
                         *longest = &all.first[all.count - 1];
    prk_fft f;
    if (measured != NULL) {
        return measured->cost;
    }
    if (points < longest->points || !prk_fft_set_radices(&f, points, kernels->lanes)) {
        return INFINITY;
    }
    const double times = (double)points / longest->points;
    return longest->cost * times * (1 + 0.05 * log2(times));
}

// Of a length that a form prescribes, such as a half of another one, and that may not be worth
// having else: a little more than the next longer one that is.
static double cost_of_given(const prk_fft_kernels *kernels, size_t points) {
    const lengths all = lengths_of(kernels->lanes);
    const double cost = cost_of(kernels, points);
    prk_fft f;
    if (cost < INFINITY || !prk_fft_set_radices(&f, points, kernels->lanes)) {
        return cost;
    }
    size_t i = 0;
    while (all.first[i].points < points) {
        i++;
    }
    return 1.05 * all.first[i].cost;
}

// Weights, and each carry beyond the second, for each digit and lane of a vector.
#define CARRY_COST 2.4

static double cost_of_carries(const prk_fft_kernels *kernels, const prk_fft_form *form,
                              size_t points) {
    const size_t length = 2 * points;
    const unsigned carries = carries_of(form, length);
    if (!has_weights(form, length)) {
        return 0;
    }
    return carries == 0 ? INFINITY : CARRY_COST / kernels->lanes * (double)length * (carries - 1);
}

// Of a product of k b^exponent + c.
static double cost_of_form(const prk_fft_kernels *kernels, const prk_fft_form *form,
                           size_t points) {
    const double carries = cost_of_carries(kernels, form, points);
    if (form->c > 0) {
        return carries + cost_of_given(kernels, points);
    }
    prk_fft_cycle c;
    if (!set_halves(&c, points, kernels->lanes)) {
        return INFINITY;
    }
    double cost = carries + cost_of_given(kernels, c.rest.points) + 1.5 * (double)points;
    for (unsigned i = 0; i < c.halves; i++) {
        cost += cost_of_given(kernels, c.half[i].points);
    }
    return cost;
}

// With k no multiple of b. Then n + log_b k is no multiple of a length, but where k is 1, and
// digits' places are no integers, which no logarithm that is rounded could tell.
static prk_fft_form reduced(const prk_fft_form *form) {
    prk_fft_form f = *form;
    while (f.k % f.b == 0) {
        f.k /= f.b;
        f.exponent++;
    }
    return f;
}

void prk_fft_choose(prk_fft_shape *shape, const prk_fft_kernels *kernels, mpz_srcptr n,
                    const prk_fft_form *given, unsigned margin) {
    const size_t bits = mpz_sizeinbase(n, 2);
    prk_fft_shape s = {.points = 0};
    const prk_fft_form form = given == NULL ? (prk_fft_form){.k = 0} : reduced(given);
    *shape = s;
    // Digits have 8 to 24 bits.
    size_t least = bits / 48 / 32 * 32;
    least = least < PRK_FFT_LEAST_POINTS ? PRK_FFT_LEAST_POINTS : least;
    double best = INFINITY;
    for (int by_form = given != NULL; by_form >= 0; by_form--) {
        double first = INFINITY;
        for (size_t points = least; points <= bits / 8 + 4096 && (double)points < 2 * first;
             points += 32) {
            const double cost =
                by_form ? 2 * cost_of_form(kernels, &form, points) : 7 * cost_of(kernels, points);
            if (cost >= best) {
                continue;
            }
            if (by_form) {
                s.form = form;
                try_form(&s, points, margin);
            } else {
                try_pair(&s, bits, points, margin);
            }
            if (s.points != 0) {
                best = cost;
                *shape = s;
                first = fmin(first, (double)points);
            }
        }
    }
}

void prk_fft_choose_lanes(prk_fft_shape *shape, size_t bits) {
    const lengths all = lengths_of(1);
    for (size_t i = 0; i < all.count; i++) {
        try_pair(shape, bits, all.first[i].points, 0);
        if (shape->points != 0) {
            return;
        }
    }
}

// --- Plans ---------------------------------------------------------------------------------------

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

typedef struct layout {
    unsigned char *memory; // NULL: only how much it takes
    size_t used;
} layout;

static void *take(layout *l, size_t bytes) {
    void *taken = l->memory == NULL ? NULL : l->memory + l->used;
    l->used += aligned(bytes);
    return taken;
}

static void take_twiddles(layout *l, prk_fft *f, unsigned lanes) {
    double *twiddles = take(l, prk_fft_count_twiddles(f, lanes) * sizeof(double));
    if (twiddles != NULL) {
        prk_fft_make_twiddles(f, lanes, twiddles);
    }
}

size_t prk_fft_room(const prk_fft_shape *shape, const prk_fft_kernels *kernels) {
    const size_t length = 2 * shape->points;
    prk_fft_cycle c;
    if (!prk_fft_is_cycle(shape) || !set_halves(&c, shape->points, kernels->lanes)) {
        return length;
    }
    return length + 2 * c.rest.points;
}

// Memory of each kind, in one order.
static void lay_out(layout *l, prk_fft_plan *p, const prk_fft_kernels *kernels,
                    const prk_fft_shape *shape) {
    p->kernels = kernels;
    p->shape = *shape;
    if (prk_fft_is_cycle(shape)) {
        prk_fft_cycle *c = &p->cycle;
        set_halves(c, shape->points, kernels->lanes);
        for (unsigned i = 0; i < c->halves; i++) {
            take_twiddles(l, &c->half[i], kernels->lanes);
        }
        take_twiddles(l, &c->rest, kernels->lanes);
    } else {
        for (int i = 0; i < (shape->is_pair ? 2 : 1); i++) {
            prk_fft *f = &p->rings[i];
            f->ring = !shape->is_pair ? PRK_FFT_RIGHT : i == 0 ? PRK_FFT_SIXTH : PRK_FFT_THIRD;
            prk_fft_set_radices(f, shape->points, kernels->lanes);
            take_twiddles(l, f, kernels->lanes);
        }
    }
    p->room = prk_fft_room(shape, kernels);
    const size_t plane = p->room * sizeof(double);
    p->work = take(l, plane);
    p->other = take(l, plane);
    p->inverse = p->image = NULL;
    if (shape->is_pair) {
        p->inverse = take(l, plane);
        p->image = take(l, plane);
    } else if (has_weights(&shape->form, 2 * shape->points)) {
        const size_t vectors = 2 * shape->points / 8;
        p->carries[0].group = take(l, vectors * sizeof(double));
        p->carries[0].inverse_group = take(l, vectors * sizeof(double));
        p->carries[0].less = take(l, vectors);
        p->carries[0].longer = take(l, vectors);
    }
}

size_t prk_fft_plan_bytes(const prk_fft_shape *shape, const prk_fft_kernels *kernels) {
    prk_fft_plan p = {.n = NULL};
    layout l = {NULL, 0};
    lay_out(&l, &p, kernels, shape);
    return l.used;
}

static void set_base(prk_fft_carry *c, double base, double longer) {
    c->base[0] = base;
    c->base[1] = longer;
    c->inverse_base[0] = 1 / base;
    c->inverse_base[1] = 1 / longer;
}

// --- Weights -------------------------------------------------------------------------------------
//
// With n + log_b k for n: e_j = ceil(j n/L), and w_j = b^(e_j - j n/L). What is irrational is log_b
// k alone, and j n is reduced modulo L in integers.

static double power_of(double b, long double x) { return (double)powl((long double)b, x); }

static void set_weights(prk_fft_carry *c, const prk_fft_shape *shape) {
    const prk_fft_form *form = &shape->form;
    const size_t length = 2 * shape->points, m = shape->points;
    double *group = (double *)c->group, *inverse = (double *)c->inverse_group;
    uint8_t *less = (uint8_t *)c->less, *longer = (uint8_t *)c->longer;
    c->is_weighted = true;
    c->b = (double)form->b;
    c->inverse_b = 1 / c->b;
    c->k = form->k;
    uint64_t powers = 0; // the integer part of log_b k
    for (uint64_t k = form->k; k >= form->b; k /= form->b) {
        powers++;
    }
    const unsigned shorter = (unsigned)((form->exponent + powers) / length);
    set_base(c, power_of(c->b, shorter), power_of(c->b, shorter + 1));
    long double lane[8], more = 0;
    for (unsigned l = 0; l < 8; l++) {
        prk_fft_place(form, length, l, &lane[l]);
        c->lane[l] = power_of(c->b, lane[l]);
        c->inverse_lane[l] = power_of(c->b, -lane[l]);
    }
    uint64_t place = 0;
    for (size_t v = 0; v < length / 8; v++) {
        long double first = 0;
        prk_fft_place(form, length, 8 * v, &first);
        group[v] = power_of(c->b, first);
        inverse[v] = c->scale * power_of(c->b, -first);
        less[v] = longer[v] = 0;
        for (unsigned l = 0; l < 8; l++) {
            const uint64_t j = 8 * v + l, next = prk_fft_place(form, length, j + 1, &more);
            long double own = 0;
            prk_fft_place(form, length, j, &own);
            // first + lane is own, or 1 more.
            less[v] |= (uint8_t)((first + lane[l] - own > 0.5L) << l);
            longer[v] |= (uint8_t)((next - place > shorter) << l);
            const size_t plane = j / m, at = j % m;
            if (at < 8) {
                c->first_weight[plane][at] = power_of(c->b, own);
                c->first_inverse[plane][at] = power_of(c->b, -own);
                c->first_base[plane][at] = c->base[next - place > shorter];
                c->first_inverse_base[plane][at] = c->inverse_base[next - place > shorter];
            }
            if (j + 8 >= length) {
                const size_t last = j + 8 - length;
                c->last_weight[last] = power_of(c->b, own);
                c->last_inverse[last] = power_of(c->b, -own);
                c->last_base[last] = c->base[next - place > shorter];
                c->last_inverse_base[last] = c->inverse_base[next - place > shorter];
                if (last == 0 || place <= form->exponent) {
                    c->top_at = (unsigned)last;
                    c->top_place = power_of(c->b, (long double)(form->exponent - place));
                }
                c->top = power_of(c->b, (long double)(next - form->exponent));
            }
            place = next;
        }
    }
}

void prk_fft_set_carries(prk_fft_plan *p) {
    const size_t m = p->shape.points;
    prk_fft_carry *c = p->carries;
    for (int i = 0; i < 2; i++) {
        c[i].points = m;
        c[i].scale = 1 / (double)m;
        c[i].wrap_low = -1;
        c[i].wrap_high = 0;
        c[i].is_weighted = false;
        c[i].carries = 2;
    }
    if (p->shape.is_pair) {
        const double base = ldexp(1, (int)p->shape.bits);
        set_base(&c[0], base, base);
        set_base(&c[1], base, base);
        c[0].wrap_high = 1;
        c[1].wrap_high = -1;
        return;
    }
    const prk_fft_form *form = &p->shape.form;
    const size_t length = 2 * m;
    c->wrap_low = -form->c;
    if (form->c < 0) {
        c->scale /= 2;
    }
    c->carries = carries_of(form, length);
    if (has_weights(form, length)) {
        c->scale *= (double)form->k;
        set_weights(c, &p->shape);
    } else {
        const double base = power_of((double)form->b, (long double)(form->exponent / length));
        set_base(c, base, base);
    }
}

// (X ± 1) X + 1.
void prk_fft_ring_modulus(mpz_ptr r, const prk_fft_shape *shape, prk_fft_ring ring) {
    const mp_bitcnt_t x = (mp_bitcnt_t)shape->bits * shape->points;
    mpz_set_ui(r, 1);
    mpz_mul_2exp(r, r, x);
    if (ring == PRK_FFT_SIXTH) {
        mpz_sub_ui(r, r, 1);
    } else {
        mpz_add_ui(r, r, 1);
    }
    mpz_mul_2exp(r, r, x);
    mpz_add_ui(r, r, 1);
}

// -1/n modulo R, the least in magnitude, which is its scratch's. NULL: n has none. A chain has two
// plans in turns, and a number several chains, so that the last two are kept: at a million bits
// one takes a hundred squares' time.
static mpz_srcptr negative_inverse(mpz_srcptr n, const prk_fft_shape *shape, prk_scratch *scratch) {
    const uint64_t modulus[2] = {shape->bits, shape->points};
    prk_kept_inverse *kept = scratch->inverses, last = kept[0];
    for (int i = 0; i < PRK_KEPT_INVERSES; i++) {
        if (memcmp(kept[i].modulus, modulus, sizeof modulus) == 0 && mpz_cmp(kept[i].n, n) == 0) {
            kept[0] = kept[i];
            kept[i] = last;
            return kept[0].inverse;
        }
    }
    // What has been used least recently makes room.
    kept[0] = kept[PRK_KEPT_INVERSES - 1];
    memmove(kept + 2, kept + 1, (PRK_KEPT_INVERSES - 2) * sizeof *kept);
    kept[1] = last;
    const size_t taken = scratch->taken;
    mpz_ptr r = prk_scratch_take(scratch), inverse = kept[0].inverse;
    prk_fft_ring_modulus(r, shape, PRK_FFT_SIXTH);
    const bool is_unit = mpz_invert(inverse, n, r) != 0;
    if (is_unit) {
        mpz_neg(inverse, inverse); // in (-R, 0]
        mpz_tdiv_q_2exp(r, r, 1);
        if (mpz_cmpabs(inverse, r) > 0) {
            prk_fft_ring_modulus(r, shape, PRK_FFT_SIXTH);
            mpz_add(inverse, inverse, r);
        }
        mpz_set(kept[0].n, n);
        memcpy(kept[0].modulus, modulus, sizeof modulus);
    } else {
        mpz_set_ui(kept[0].n, 0);
    }
    scratch->taken = taken;
    return is_unit ? inverse : NULL;
}

// By the crew of a scratch, where there is one and it pays.
static void share_work(prk_fft_plan *p, prk_scratch *scratch) {
    if (p->shape.points < PRK_FFT_LEAST_SHARED) {
        return;
    }
    prk_crew *crew = prk_scratch_crew(scratch);
    p->cycle.crew = crew;
    for (int i = 0; i < 2; i++) {
        p->rings[i].crew = p->carries[i].crew = crew;
        p->carries[i].rows = prk_fft_is_cycle(&p->shape) ? 1 : p->rings[0].radices[0];
    }
}

bool prk_fft_plan_set(prk_fft_plan *p, const prk_fft_kernels *kernels, const prk_fft_shape *shape,
                      mpz_srcptr n, void *memory, prk_scratch *scratch) {
    layout l = {memory, 0};
    *p = (prk_fft_plan){.n = n};
    lay_out(&l, p, kernels, shape);
    prk_fft_set_carries(p);
    share_work(p, scratch);
    if (!shape->is_pair) {
        return true;
    }
    mpz_srcptr inverse = negative_inverse(n, shape, scratch);
    if (inverse == NULL) {
        return false;
    }
    const size_t m = shape->points;
    mpz_ptr copy = prk_scratch_take(scratch);
    mpz_set(copy, inverse);
    prk_fft_to_digits(p, p->work, copy);
    kernels->multiply(&p->rings[0], PRK_FFT_STORE, p->work, p->work + m, p->inverse, NULL, NULL);
    mpz_set(copy, n);
    prk_fft_to_digits(p, p->work, copy);
    kernels->multiply(&p->rings[1], PRK_FFT_STORE, p->work, p->work + m, p->image, NULL, NULL);
    scratch->taken--;
    return true;
}
