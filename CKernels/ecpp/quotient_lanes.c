// SPDX-License-Identifier: Apache-2.0
//
// Powers of x modulo a polynomial f and n, by the polynomial's values in the lanes of vectors.
//
// Residues have degree below d, and their values at 2d places are known: at a = 0 … d - 1, the
// roots of M, and at b = d … 2d - 1. A square is reduced as Montgomery reduces numbers [Mont85],
// with M instead of R: for c = r^2, or x r^2, and q = -c / f modulo M,
//
//   r' = (c + q f) / M
//
// has degree below d again. q has its values at a from those of c, and they give those at b by
// interpolation; there the division is one by numbers. r' at b gives r' at a in turn [BIN06]. So a
// square takes four products of values at d places, which are one or two vectors, and three
// reductions, instead of 3/2 d^2 products of numbers. x^e is kept as x^e M mod f.
//
// Interpolation between places so near to each other takes small integers, since what is large in
// its coefficients
//
//   q(b) = M(b) sum of q(a) / (M'(a) (b - a)),    r(a) = -N(a) sum of r(b) / (N'(b) (b - a)),
//
// N = the product of the x - b, goes into constants by which values are multiplied anyhow. Values
// are kept with factors, which are, R being that of Montgomery's form of numbers:
//
//   at b  u = ± r(b) R / M(b), so that u^2 / R is r^2(b) / M(b) with this factor, and the sign is
//         that of N'(b): r(b) / N'(b) = u k(b) / R, where k(b) = |M(b) / N'(b)| is an integer;
//   at a  v = r(a) A(a), where v is 2^-52 times the sum of l(a) k(b) / (b - a) u, l(a) the least
//         integer that makes these integers: A(a) = -l(a) R / (2^52 N(a));
//   of q  at a q(a) / M'(a); at b 2^-52 times the sum of m(b) / (b - a) times these, m(b) the least
//         common multiple of all b - a.
//
// For d <= 16 these integers are below 2^46: 2^-52 times a sum of 16 values of at most 2n times
// them, reduced by one limb, is below 2n.

#include "quotient.h"

#if defined(__x86_64__)

// Loops over rows are unrolled where k is a constant, and are not here.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#include <string.h>

#include "../ifma/columns.h"
#include "../ifma/lanes_arithmetic.h"

// With R >= 2^7 n and values of at most 2n: c(a) A(a)^2 / R is below 4 n^2 / R + n <= 2n, and so is
// that times a constant; what becomes u is below (31 * 4 n^2 + 2 n^2) / R + n <= 2n. Columns of
// R's k <= 158 limbs hold up to 2k halves of products of a square, as many of a product, as many of
// its reduction, and carries of less than three: 6k 2^52 < 2^62. Squares that are multiplied by b
// are carried before.
enum { SPARE_BITS = 7, MOST_DEGREE = 16, MOST_VECTORS = MOST_DEGREE / PRK_LANES };

#define QUOTIENT PRK_TARGET static

typedef struct evaluated {
    modulus m;
    size_t degree;
    int vectors; // of values at a, and at b
    __m512i *twice_n;
    __m512i *at_a, *at_b;     // the power's v and u
    __m512i *one_a, *one_b;   // those of 1, without M
    __m512i *kept_a, *kept_b; // of the power, while it is read
    __m512i *to_q[2];         // what makes q of r^2, and of x r^2
    __m512i *f_b;             // f at b, and what makes of q's value there that of u
    __m512i *q_a, *q_b;
    __m512i *b_from_a, *a_from_b; // the integers of interpolation, `degree` for each vector
    __m512i b[MOST_VECTORS];
    __mmask8 negative[MOST_VECTORS]; // where N'(b) is
    __m512i *t;                      // 2 k columns for each vector
} evaluated;

// --- Arithmetic ----------------------------------------------------------------------------------

QUOTIENT __attribute__((noinline)) void set_squares(__m512i *t, const __m512i *a, int k) {
    square_columns(t, a, k);
}

QUOTIENT __attribute__((noinline)) void add_products(__m512i *t, const __m512i *a, const __m512i *b,
                                                     int k) {
    PRK_BY_ROWS(multiply_rows, t + i, b + i, a, k);
}

// Each of the 2 k columns is carried, and times `factor`.
QUOTIENT void scale(__m512i *t, __m512i factor, int k) {
    __m512i carry = zero();
    for (int j = 0; j < 2 * k; j++) {
        const __m512i column = _mm512_add_epi64(t[j], carry);
        t[j] = _mm512_mullo_epi64(_mm512_and_si512(column, all(LOW_52)), factor);
        carry = _mm512_srli_epi64(column, PRK_LIMB_BITS);
    }
}

QUOTIENT __attribute__((noinline)) void reduce_one(const modulus *m, __m512i *t) {
    const int k = m->k;
    reduce_columns(1, &t, &m->n, &m->negated_inverse, k);
}

QUOTIENT __attribute__((noinline)) void reduce_two(const modulus *m, __m512i *t) {
    const int k = m->k;
    __m512i *const sums[2] = {t, t + 2 * k};
    const __m512i *const moduli[2] = {m->n, m->n};
    const __m512i inverses[2] = {m->negated_inverse, m->negated_inverse};
    reduce_columns(2, sums, moduli, inverses, k);
}

// to = the columns / R, or 2n less that in some lanes.
QUOTIENT void reduce(const evaluated *e, __m512i *to, const __mmask8 *negative) {
    const int k = e->m.k;
    if (e->vectors == 1) {
        reduce_one(&e->m, e->t);
    } else {
        reduce_two(&e->m, e->t);
    }
    for (int v = 0; v < e->vectors; v++) {
        const __m512i *t = e->t + (2 * v + 1) * k;
        const __mmask8 minus = negative == NULL ? 0 : negative[v];
        __m512i carry = zero();
        for (int j = 0; j < k; j++) {
            const __m512i value = _mm512_mask_sub_epi64(t[j], minus, e->twice_n[j], t[j]);
            const __m512i sum = _mm512_add_epi64(value, carry);
            to[v * k + j] = _mm512_and_si512(sum, all(LOW_52));
            carry = _mm512_srai_epi64(sum, PRK_LIMB_BITS);
        }
    }
}

// t += the integers times limbs of the lanes; t[0] has what came from below, and t[rows] is set.
VECTOR void combine_rows(const int rows, __m512i *t, const __m512i *integers, const __m512i *limbs,
                         size_t count, int k) {
    __m512i lows[PRK_ROWS], highs[PRK_ROWS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        lows[r] = highs[r] = zero();
    }
    for (size_t s = 0; s < count; s++) {
        const __m512i integer = integers[s];
        const __m512i *from = limbs + s / PRK_LANES * (size_t)k;
        UNROLL
        for (int r = 0; r < rows; r++) {
            const __m512i limb = all(((const uint64_t *)(from + r))[s % PRK_LANES]);
            lows[r] = low(lows[r], limb, integer);
            highs[r] = high(highs[r], limb, integer);
        }
    }
    t[0] = _mm512_add_epi64(t[0], lows[0]);
    UNROLL
    for (int r = 1; r < rows; r++) {
        t[r] = _mm512_add_epi64(lows[r], highs[r - 1]);
    }
    t[rows] = highs[rows - 1];
}

// to = 2^-52 times the sums of the integers times the values.
QUOTIENT __attribute__((noinline)) void
interpolate(const evaluated *e, __m512i *to, const __m512i *values, const __m512i *integers) {
    const int k = e->m.k;
    const __m512i *n = e->m.n;
    __m512i *t = e->t;
    for (int v = 0; v < e->vectors; v++) {
        t[0] = zero();
        PRK_BY_ROWS(combine_rows, t + i, integers + (size_t)v * e->degree, values + i, e->degree,
                    k);
        const __m512i q = low(zero(), t[0], e->m.negated_inverse);
        __m512i carry = _mm512_srli_epi64(_mm512_add_epi64(t[0], all(LOW_52)), PRK_LIMB_BITS);
        for (int j = 1; j <= k; j++) {
            __m512i sum = high(t[j], q, n[j - 1]);
            sum = j < k ? low(sum, q, n[j]) : sum;
            sum = _mm512_add_epi64(sum, carry); // last: all that the next limb has to wait for
            to[v * k + j - 1] = _mm512_and_si512(sum, all(LOW_52));
            carry = _mm512_srli_epi64(sum, PRK_LIMB_BITS);
        }
    }
}

// The columns of x^2 in each vector, or of x y.
QUOTIENT void begin(const evaluated *e, const __m512i *x, const __m512i *y) {
    const int k = e->m.k;
    for (int v = 0; v < e->vectors; v++) {
        __m512i *t = e->t + 2 * v * k;
        if (y == NULL) {
            set_squares(t, x + v * k, k);
        } else {
            clear(t, 2 * k);
            add_products(t, x + v * k, y + v * k, k);
        }
    }
}

// to = (x^2 or x y, times b or not, + q f) / R, or 2n less that.
QUOTIENT void renew_at_b(const evaluated *e, __m512i *to, const __m512i *x, const __m512i *y,
                         bool times_b) {
    const int k = e->m.k;
    begin(e, x, y);
    for (int v = 0; v < e->vectors; v++) {
        __m512i *t = e->t + 2 * v * k;
        if (times_b) {
            scale(t, e->b[v], k);
        }
        add_products(t, e->q_b + v * k, e->f_b + v * k, k);
    }
    reduce(e, to, e->negative);
}

// The power becomes its square, or x times that, or loses M, times 1.
QUOTIENT void step(const evaluated *e, bool times_x, bool times_one) {
    begin(e, e->at_a, times_one ? e->one_a : NULL);
    reduce(e, e->q_a, NULL);
    begin(e, e->q_a, e->to_q[times_x]);
    reduce(e, e->q_a, NULL);
    interpolate(e, e->q_b, e->q_a, e->b_from_a);
    renew_at_b(e, e->at_b, e->at_b, times_one ? e->one_b : NULL, times_x);
    interpolate(e, e->at_a, e->at_b, e->a_from_b);
}

// --- Small numbers -------------------------------------------------------------------------------

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t lcm(uint64_t a, uint64_t b) { return a / gcd(a, b) * b; }

static uint64_t binomial(uint64_t n, uint64_t k) {
    uint64_t x = 1;
    for (uint64_t i = 0; i < k; i++) {
        x = x * (n - i) / (i + 1);
    }
    return x;
}

// k(b) of b = d + j: (d + j)! / (j!^2 (d - 1 - j)!).
static uint64_t weight(uint64_t d, uint64_t j) {
    return (d + j) * binomial(d - 1 + j, j) * binomial(d - 1, j);
}

// l(a).
static uint64_t multiple_for_a(uint64_t d, uint64_t a) {
    uint64_t l = 1;
    for (uint64_t j = 0; j < d; j++) {
        l = lcm(l, (d + j - a) / gcd(weight(d, j), d + j - a));
    }
    return l;
}

// m(b).
static uint64_t multiple_for_b(uint64_t d, uint64_t b) {
    uint64_t m = 1;
    for (uint64_t a = 0; a < d; a++) {
        m = lcm(m, b - a);
    }
    return m;
}

// --- Constants -----------------------------------------------------------------------------------

// In turn to the values' vectors; `i` counts places.
static void set_value(__m512i *vectors, size_t i, mpz_srcptr x, int k) {
    load_mpz(vectors + i / PRK_LANES * (size_t)k, (int)(i % PRK_LANES), x, k);
}

static void set_integer(const evaluated *e, __m512i *integers, size_t to, size_t from, uint64_t x) {
    lane(integers + to / PRK_LANES * e->degree + from, (int)(to % PRK_LANES))[0] = x;
}

// The product of x - other of the d places from `first` on, without x.
static void set_product(mpz_ptr product, size_t x, size_t first, size_t d) {
    mpz_set_ui(product, 1);
    for (size_t other = first; other < first + d; other++) {
        if (other != x) {
            mpz_mul_si(product, product, (long)x - (long)other);
        }
    }
}

static void multiply(mpz_ptr r, mpz_srcptr a, mpz_srcptr b, mpz_srcptr n) {
    mpz_mul(r, a, b);
    mpz_mod(r, r, n);
}

// x 2^bits mod n.
static void shift(mpz_ptr x, mp_bitcnt_t bits, mpz_srcptr n) {
    mpz_mul_2exp(x, x, bits);
    mpz_mod(x, x, n);
}

static void set_f(mpz_ptr value, size_t x, mpz_t *f, size_t d, mpz_srcptr n) {
    mpz_set_ui(value, 1);
    for (size_t i = d; i-- > 0;) {
        mpz_mul_ui(value, value, x);
        mpz_add(value, value, f[i]);
    }
    mpz_mod(value, value, n);
}

// The numbers' inverses, by one. False: they have none.
static bool invert_all(mpz_t *x, size_t count, mpz_srcptr n) {
    mpz_t products[2 * MOST_DEGREE], inverse;
    for (size_t i = 0; i < count; i++) {
        mpz_init(products[i]);
        if (i == 0) {
            mpz_mod(products[0], x[0], n);
        } else {
            multiply(products[i], products[i - 1], x[i], n);
        }
    }
    mpz_init(inverse);
    const bool are_units = mpz_invert(inverse, products[count - 1], n) != 0;
    for (size_t i = count; i-- > 0 && are_units;) {
        if (i == 0) {
            mpz_set(x[0], inverse);
        } else {
            multiply(products[i], inverse, products[i - 1], n); // of x[i]
            multiply(inverse, inverse, x[i], n);
            mpz_swap(x[i], products[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        mpz_clear(products[i]);
    }
    mpz_clear(inverse);
    return are_units;
}

typedef struct rooms {
    mpz_ptr x, y, z;
} rooms;

// Of a, f(a), and the inverse of f(a) M'(a) l(a)^2 N(a).
static void set_at_a(evaluated *e, size_t a, mpz_srcptr value, mpz_srcptr inverse, rooms r,
                     mpz_srcptr n) {
    const size_t d = e->degree;
    const int k = e->m.k;
    const uint64_t l = multiple_for_a(d, a);
    // A(a) = -l R / (2^52 N)
    set_product(r.x, a, 0, d);
    mpz_mul_ui(r.x, r.x, l * l);
    mpz_mul_ui(r.x, r.x, l);
    multiply(r.x, r.x, value, n);
    multiply(r.x, r.x, inverse, n);
    mpz_neg(r.x, r.x);
    shift(r.x, (mp_bitcnt_t)(k - 1) * PRK_LIMB_BITS, n);
    set_value(e->one_a, a, r.x, k);
    mpz_neg(r.x, r.x); // M - f is -f
    multiply(r.x, r.x, value, n);
    set_value(e->at_a, a, r.x, k);
    // With v^2 / R, and R gone once more: -R^2 / (f M' A^2) = -N^3 2^104 / (f M' l^2 N).
    set_product(r.x, a, d, d);
    mpz_pow_ui(r.x, r.x, 3);
    multiply(r.x, r.x, inverse, n);
    mpz_neg(r.x, r.x);
    shift(r.x, 2 * PRK_LIMB_BITS, n);
    set_value(e->to_q[0], a, r.x, k);
    mpz_mul_ui(r.x, r.x, a);
    mpz_mod(r.x, r.x, n);
    set_value(e->to_q[1], a, r.x, k);
    for (size_t j = 0; j < d; j++) {
        const uint64_t b = d + j;
        set_integer(e, e->a_from_b, a, j, weight(d, j) * l / (b - a));
        set_integer(e, e->b_from_a, j, a, multiple_for_b(d, b) / (b - a));
    }
}

// Of b, f(b), and the inverse of m(b) M(b).
static void set_at_b(evaluated *e, size_t j, mpz_srcptr value, mpz_srcptr inverse, rooms r,
                     mpz_srcptr n) {
    const size_t d = e->degree, b = d + j;
    const int k = e->m.k;
    const bool is_negative = (d - 1 - j) % 2 != 0;
    e->negative[j / PRK_LANES] |= (__mmask8)((unsigned)is_negative << j % PRK_LANES);
    lane(&e->b[j / PRK_LANES], (int)(j % PRK_LANES))[0] = b;
    // ± R / M
    mpz_mul_ui(r.x, inverse, multiple_for_b(d, b));
    if (is_negative) {
        mpz_neg(r.x, r.x);
    }
    shift(r.x, (mp_bitcnt_t)k * PRK_LIMB_BITS, n);
    set_value(e->one_b, j, r.x, k);
    set_product(r.y, b, 0, d);
    mpz_sub(r.y, r.y, value); // M - f
    multiply(r.x, r.x, r.y, n);
    set_value(e->at_b, j, r.x, k);
    // R^2 f / M^2 of q, by 2^-52 m / M q
    mpz_mul(r.x, value, inverse);
    shift(r.x, (mp_bitcnt_t)(2 * k + 1) * PRK_LIMB_BITS, n);
    set_value(e->f_b, j, r.x, k);
}

// False: n has a small prime, or one in common with a value of f.
static bool set(evaluated *e, mpz_t *f, mpz_srcptr n, rooms r) {
    const size_t d = e->degree;
    mpz_t values[2 * MOST_DEGREE], inverses[2 * MOST_DEGREE];
    for (size_t i = 0; i < 2 * d; i++) {
        mpz_inits(values[i], inverses[i], (mpz_ptr)NULL);
        set_f(values[i], i, f, d, n);
        set_product(inverses[i], i, 0, d); // M' or M
        if (i < d) {
            const uint64_t l = multiple_for_a(d, i);
            set_product(r.x, i, d, d);
            mpz_mul_ui(r.x, r.x, l * l);
            mpz_mul(r.x, r.x, values[i]);
            mpz_mul(inverses[i], inverses[i], r.x);
        } else {
            mpz_mul_ui(inverses[i], inverses[i], multiple_for_b(d, i));
        }
    }
    const bool are_units = invert_all(inverses, 2 * d, n);
    for (size_t i = 0; i < 2 * d; i++) {
        if (are_units && i < d) {
            set_at_a(e, i, values[i], inverses[i], r, n);
        } else if (are_units) {
            set_at_b(e, i - d, values[i], inverses[i], r, n);
        }
        mpz_clears(values[i], inverses[i], (mpz_ptr)NULL);
    }
    return are_units;
}

// --- Powers --------------------------------------------------------------------------------------

static __m512i *take(__m512i **next, size_t vectors) {
    __m512i *taken = *next;
    *next += vectors;
    return taken;
}

static bool lay_out(evaluated *e, prk_scratch *s, size_t bits) {
    const size_t k = (bits + SPARE_BITS + PRK_LIMB_BITS - 1) / PRK_LIMB_BITS;
    const size_t vectors = (e->degree + PRK_LANES - 1) / PRK_LANES;
    const size_t values = vectors * k, integers = vectors * e->degree;
    const size_t all_of_them = 2 * k + 13 * values + 2 * integers + 1;
    __m512i *next = prk_memory_reserve(&s->lanes, all_of_them * sizeof *next);
    if (next == NULL) {
        return false;
    }
    memset(next, 0, all_of_them * sizeof *next);
    e->vectors = (int)vectors;
    e->m.k = (int)k;
    e->m.n = take(&next, k);
    e->twice_n = take(&next, k);
    e->at_a = take(&next, values);
    e->at_b = take(&next, values);
    e->one_a = take(&next, values);
    e->one_b = take(&next, values);
    e->kept_a = take(&next, values);
    e->kept_b = take(&next, values);
    e->to_q[0] = take(&next, values);
    e->to_q[1] = take(&next, values);
    e->f_b = take(&next, values);
    e->q_a = take(&next, values);
    e->q_b = take(&next, values);
    e->b_from_a = take(&next, integers);
    e->a_from_b = take(&next, integers);
    e->t = take(&next, 2 * values + 1);
    return true;
}

QUOTIENT void set_modulus(evaluated *e, mpz_srcptr n, mpz_ptr room) {
    __m512i *limbs = (__m512i *)e->m.n;
    mpz_mul_2exp(room, n, 1);
    for (int l = 0; l < PRK_LANES; l++) {
        load_mpz(limbs, l, n, e->m.k);
        load_mpz(e->twice_n, l, room, e->m.k);
    }
    e->m.negated_inverse = _mm512_sub_epi64(zero(), inverse_52(limbs[0]));
}

// The power's coefficients: sums of r(b) / N'(b) times those of N / (x - b).
QUOTIENT void leave(evaluated *e, mpz_t *to, rooms r, mpz_srcptr n) {
    const size_t d = e->degree;
    const int k = e->m.k;
    memcpy(e->kept_a, e->at_a, (size_t)(e->vectors * k) * sizeof *e->at_a);
    memcpy(e->kept_b, e->at_b, (size_t)(e->vectors * k) * sizeof *e->at_b);
    step(e, false, true);
    mpz_t product[MOST_DEGREE + 1]; // N
    for (size_t i = 0; i <= d; i++) {
        mpz_init_set_ui(product[i], i == 0);
    }
    for (size_t j = 0; j < d; j++) {
        for (size_t i = j + 1; i > 0; i--) {
            mpz_set(r.x, product[i - 1]);
            mpz_submul_ui(r.x, product[i], d + j);
            mpz_swap(r.x, product[i]);
        }
        mpz_mul_si(product[0], product[0], -(long)(d + j));
    }
    for (size_t i = 0; i < d; i++) {
        mpz_set_ui(to[i], 0);
    }
    for (int v = 0; v < e->vectors; v++) {
        __m512i *values = e->at_b + v * k;
        prk_lanes_leave_form(values, values, &e->m, e->t);
    }
    for (size_t j = 0; j < d; j++) {
        store_mpz(r.y, e->at_b + j / PRK_LANES * (size_t)k, (int)(j % PRK_LANES), k);
        mpz_mul_ui(r.y, r.y, weight(d, j));
        mpz_set_ui(r.x, 1);
        for (size_t i = d; i-- > 0;) {
            mpz_addmul(to[i], r.y, r.x);
            mpz_mul_ui(r.x, r.x, d + j);
            mpz_add(r.x, r.x, product[i]);
        }
    }
    for (size_t i = 0; i < d; i++) {
        mpz_mod(to[i], to[i], n);
    }
    for (size_t i = 0; i <= d; i++) {
        mpz_clear(product[i]);
    }
    memcpy(e->at_a, e->kept_a, (size_t)(e->vectors * k) * sizeof *e->at_a);
    memcpy(e->at_b, e->kept_b, (size_t)(e->vectors * k) * sizeof *e->at_b);
}

QUOTIENT prk_status raise(evaluated *e, mpz_t *half, mpz_t *whole, rooms r, mpz_srcptr n,
                          const uint32_t *cancel) {
    for (mp_bitcnt_t bit = mpz_sizeinbase(n, 2); bit-- > 1;) { // from 1 on
        step(e, mpz_tstbit(n, bit) != 0, false);
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
    }
    leave(e, half, r, n);
    if (whole != NULL) {
        step(e, true, false);
        leave(e, whole, r, n);
    }
    return PRK_STATUS_OK;
}

QUOTIENT prk_status powers_in_lanes(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f,
                                    size_t degree, mpz_srcptr n, const uint32_t *cancel,
                                    bool *taken) {
    const size_t bits = mpz_sizeinbase(n, 2), numbers = s->taken;
    evaluated e = {.degree = degree};
    if (!lay_out(&e, s, bits)) {
        return PRK_STATUS_NO_MEMORY;
    }
    const rooms r = {prk_scratch_take(s), prk_scratch_take(s), prk_scratch_take(s)};
    set_modulus(&e, n, r.x);
    *taken = set(&e, f, n, r);
    const prk_status status = *taken ? raise(&e, half, whole, r, n, cancel) : PRK_STATUS_OK;
    s->taken = numbers;
    return status;
}

prk_status prk_powers_of_x_in_lanes(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f,
                                    size_t degree, mpz_srcptr n, const uint32_t *cancel,
                                    bool *taken) {
    // Of degree 2 numbers one after the other are as fast. What is compiled for the vectors is not
    // called without them: it may use them before it looks.
    *taken = degree > 2 && degree <= MOST_DEGREE && prk_lanes_take(mpz_sizeinbase(n, 2));
    return *taken ? powers_in_lanes(s, half, whole, f, degree, n, cancel, taken) : PRK_STATUS_OK;
}

// --- For tests -----------------------------------------------------------------------------------

QUOTIENT size_t worst_step(prk_scratch *s, mpz_t *out, mpz_srcptr x, mpz_srcptr y, mpz_srcptr z,
                           mpz_srcptr n) {
    evaluated e = {.degree = MOST_DEGREE, .negative = {0, 0xff}};
    if (!lay_out(&e, s, mpz_sizeinbase(n, 2))) {
        return 0;
    }
    const int k = e.m.k;
    set_modulus(&e, n, prk_scratch_take(s));
    s->taken--;
    for (size_t i = 0; i < MOST_DEGREE; i++) {
        set_value(e.at_b, i, x, k);
        set_value(e.q_b, i, y, k);
        set_value(e.f_b, i, z, k);
        lane(&e.b[i / PRK_LANES], (int)(i % PRK_LANES))[0] = 2 * MOST_DEGREE - 1;
        for (size_t j = 0; j < MOST_DEGREE; j++) {
            set_integer(&e, e.a_from_b, i, j, PRK_QUOTIENT_MOST_INTEGER);
        }
    }
    interpolate(&e, e.at_a, e.at_b, e.a_from_b);
    store_mpz(out[2], e.at_a + k, PRK_LANES - 1, k);
    renew_at_b(&e, e.at_a, e.at_b, NULL, true);
    store_mpz(out[0], e.at_a, 0, k);
    store_mpz(out[1], e.at_a + k, PRK_LANES - 1, k);
    return (size_t)k * PRK_LIMB_BITS;
}

size_t prk_quotient_worst_step(prk_scratch *s, mpz_t *out, mpz_srcptr x, mpz_srcptr y, mpz_srcptr z,
                               mpz_srcptr n) {
    return worst_step(s, out, x, y, z, n);
}

#else

size_t prk_quotient_worst_step(prk_scratch *s, mpz_t *out, mpz_srcptr x, mpz_srcptr y, mpz_srcptr z,
                               mpz_srcptr n) {
    (void)s, (void)out, (void)x, (void)y, (void)z, (void)n;
    return 0;
}

prk_status prk_powers_of_x_in_lanes(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f,
                                    size_t degree, mpz_srcptr n, const uint32_t *cancel,
                                    bool *taken) {
    (void)s, (void)half, (void)whole, (void)f, (void)degree, (void)n, (void)cancel;
    *taken = false;
    return PRK_STATUS_OK;
}

#endif
