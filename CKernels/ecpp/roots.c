// SPDX-License-Identifier: Apache-2.0
//
// Square roots and roots of polynomials modulo a probable prime n. What comes out was put in: it is
// a root whatever n is. All loops are bounded, since n may be composite all the same.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "../share/share.h"
#include "ecpp.h"
#include "quotient.h"

// --- Square roots --------------------------------------------------------------------------------

// Of a prime half of all t serve; a square has none.
#define MOST_NON_RESIDUES 200

static void multiply(mpz_ptr r, mpz_srcptr a, mpz_srcptr b, mpz_srcptr n) {
    mpz_mul(r, a, b);
    mpz_mod(r, r, n);
}

// The least t from 1 on with (a t^2 - 4|n) = -1, or with a t^2 = 4. 0: there is none.
static unsigned long choose_multiplier(prk_scratch *s, mpz_srcptr a, mpz_srcptr n) {
    mpz_ptr d = prk_scratch_take(s);
    unsigned long chosen = 0;
    for (unsigned long t = 1; t <= MOST_NON_RESIDUES && chosen == 0; t++) {
        mpz_mul_ui(d, a, t * t);
        mpz_sub_ui(d, d, 4);
        mpz_mod(d, d, n);
        if (mpz_sgn(d) == 0 || mpz_jacobi(d, n) == -1) {
            chosen = t;
        }
    }
    s->taken--;
    return chosen;
}

// How a root of a is had modulo n: by a power, or by a term of a Lucas sequence.
//
// n = 3 mod 4: a^((n+1)/4).
//
// n = 5 mod 8 [Atki92]: with v = (2 a)^((n-5)/8), i = 2 a v^2 is a root of -1, and a v (i - 1) is
// one of a.
//
// n = 1 mod 8 [Mull04]: with w + 1/w = a t^2 - 2 and r + 1/r = t sqrt(a), w = r^2. a t^2 - 4 is no
// square, so r^(n+1) = 1, and V_((n-1)/4)(w + 1/w) is r^((n-1)/2) + r^(-(n-1)/2) = ±(r + 1/r). It
// takes what a power and one of a non-residue take, as long as n - 1 may be divisible by 2.
typedef struct way {
    mpz_ptr base;
    unsigned long t; // n = 1 mod 8; 0: there is none
} way;

static void begin_root(prk_scratch *s, way *w, mpz_srcptr a, mpz_srcptr n, unsigned rest) {
    w->base = prk_scratch_take(s);
    w->t = 0;
    mpz_set(w->base, a);
    if (rest == 5) {
        mpz_mul_2exp(w->base, a, 1);
    } else if (rest == 1) {
        w->t = choose_multiplier(s, a, n);
        mpz_mul_ui(w->base, a, w->t * w->t);
        mpz_sub_ui(w->base, w->base, 2);
    }
    mpz_mod(w->base, w->base, n);
}

// Of what came of the base, whether that is a root of a.
static bool end_root(prk_scratch *s, const way *w, mpz_ptr root, mpz_srcptr a, mpz_srcptr n,
                     unsigned rest) {
    mpz_ptr r = prk_scratch_take(s);
    if (rest == 5) {
        multiply(r, root, root, n);
        multiply(r, r, w->base, n);
        mpz_sub_ui(r, r, 1);
        multiply(r, r, root, n);
        multiply(root, r, a, n);
    } else if (rest == 1) {
        mpz_set_ui(r, w->t);
        if (w->t == 0 || mpz_invert(r, r, n) == 0) {
            mpz_set_ui(r, 0);
        }
        multiply(root, root, r, n);
    }
    multiply(r, root, root, n);
    s->taken--;
    return mpz_cmp(r, a) == 0;
}

prk_status prk_square_roots(prk_scratch *s, const prk_root *list, size_t count, mpz_srcptr n,
                            const uint32_t *cancel, bool *found) {
    assert(count <= PRK_LANES);
    const size_t taken = s->taken;
    const unsigned rest = (unsigned)mpz_fdiv_ui(n, 8);
    mpz_ptr exponent = prk_scratch_take(s);
    mpz_tdiv_q_2exp(exponent, n, rest == 5 ? 3 : 2);
    if (rest % 4 == 3) {
        mpz_add_ui(exponent, exponent, 1);
    }
    way ways[PRK_LANES];
    prk_lane_power powers[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        begin_root(s, &ways[i], list[i].a, n, rest);
        powers[i] = (prk_lane_power){n, ways[i].base, exponent, prk_scratch_take(s)};
    }
    const prk_status status = prk_shared_powers(s, powers, count, rest == 1, cancel);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        found[i] = end_root(s, &ways[i], powers[i].result, list[i].a, n, rest);
        if (found[i]) {
            mpz_set(list[i].root, powers[i].result);
        }
    }
    s->taken = taken;
    return status;
}

prk_status prk_square_root(prk_scratch *s, mpz_ptr root, mpz_srcptr a, mpz_srcptr n,
                           const uint32_t *cancel, bool *found) {
    const prk_root one = {.a = a, .root = root};
    *found = false;
    return prk_square_roots(s, &one, 1, n, cancel, found);
}

// --- Polynomials ---------------------------------------------------------------------------------
//
// Cubics by Cardano's formula where one power is enough, all others by splitting [CaZa81]. A monic
// polynomial of degree d is its d coefficients below the highest.

// For a prime n one in four fails, or fewer.
#define MOST_TRIES 40

typedef struct search {
    prk_scratch *s;
    mpz_srcptr n;
    const uint32_t *cancel;
    bool is_refuted; // n is not prime, or the polynomial does not split
    // A factor of degree degrees[i] begins at factors[i], and the next one where it ends; its roots
    // are those of the polynomial and offsets[i] more.
    mpz_t *factors;
    size_t *degrees;
    unsigned long *offsets;
    mpz_t *half, *whole, *u, *v; // rooms for a polynomial
} search;

static void copy(mpz_t *to, mpz_t *from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mpz_set(to[i], from[i]);
    }
}

// Divides w, monic of degree dw, by v, monic of degree dv: w gets the rest in its lowest dv places,
// and above them the quotient.
static void divide(mpz_t *w, size_t dw, mpz_t *v, size_t dv, mpz_srcptr n) {
    for (size_t j = 0; j < dv; j++) {
        mpz_sub(w[dw - dv + j], w[dw - dv + j], v[j]);
    }
    for (size_t i = dw; i-- > dv;) {
        mpz_mod(w[i], w[i], n);
        for (size_t j = 0; j < dv; j++) {
            mpz_submul(w[i - dv + j], w[i], v[j]);
        }
    }
    for (size_t i = 0; i < dv; i++) {
        mpz_mod(w[i], w[i], n);
    }
}

// Makes v of `count` coefficients monic, and says its degree; where it is constant, 0, and where it
// is 0, SIZE_MAX.
static size_t make_monic(search *r, mpz_t *v, size_t count) {
    while (count > 0 && mpz_sgn(v[count - 1]) == 0) {
        count--;
    }
    if (count <= 1) {
        return count == 0 ? SIZE_MAX : 0;
    }
    mpz_ptr inverse = prk_scratch_take(r->s);
    r->is_refuted |= mpz_invert(inverse, v[count - 1], r->n) == 0;
    for (size_t i = 0; i + 1 < count && !r->is_refuted; i++) {
        multiply(v[i], v[i], inverse, r->n);
    }
    r->s->taken--;
    return count - 1;
}

// r->u = gcd(r->u, r->v), and its degree; r->u is monic of degree `degree`, r->v has as many
// coefficients.
static size_t gcd(search *r, size_t degree) {
    size_t count = degree;
    for (;;) {
        const size_t next = make_monic(r, r->v, count);
        if (next == SIZE_MAX || next == 0 || r->is_refuted) {
            return next == SIZE_MAX ? degree : 0;
        }
        divide(r->u, degree, r->v, next, r->n);
        mpz_t *swap = r->u;
        r->u = r->v;
        r->v = swap;
        count = degree = next;
    }
}

// x^n - x is the product of all x - a. The first factor becomes what it has in common with that.
static prk_status keep_split_part(search *r) {
    const size_t degree = r->degrees[0];
    const prk_status status =
        prk_powers_of_x(r->s, r->half, r->whole, r->factors, degree, r->n, r->cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    copy(r->u, r->factors, degree);
    copy(r->v, r->whole, degree);
    mpz_sub_ui(r->v[1], r->v[1], 1);
    mpz_mod(r->v[1], r->v[1], r->n);
    r->degrees[0] = gcd(r, degree);
    r->is_refuted |= r->degrees[0] == 0;
    copy(r->factors, r->u, r->degrees[0]);
    return PRK_STATUS_OK;
}

// Adds 1 to all roots of f.
static void move(mpz_t *f, size_t degree, mpz_srcptr n) {
    for (size_t i = 0; i < degree; i++) { // f(x - 1) by Horner's rule
        mpz_sub_ui(f[degree - 1], f[degree - 1], 1);
        for (size_t j = degree - 1; j-- > i;) {
            mpz_sub(f[j], f[j], f[j + 1]);
        }
    }
    for (size_t i = 0; i < degree; i++) {
        mpz_mod(f[i], f[i], n);
    }
}

// Splits the factor at `start` by r->half, its x^((n-1)/2), which is 1 for those roots that are
// squares, if it has both kinds. The smaller part comes first.
static void split_by_half(search *r, size_t start) {
    const size_t degree = r->degrees[start];
    mpz_t *f = &r->factors[start];
    copy(r->u, f, degree);
    copy(r->v, r->half, degree);
    mpz_sub_ui(r->v[0], r->v[0], 1);
    mpz_mod(r->v[0], r->v[0], r->n);
    const size_t part = gcd(r, degree), other = degree - part;
    if (part == 0 || other == 0 || r->is_refuted) {
        return;
    }
    divide(f, degree, r->u, part, r->n); // the quotient is in place
    if (part <= other) {
        copy(f, r->u, part);
    } else {
        copy(r->v, r->u, part);
        copy(f, f + part, other);
        copy(f + other, r->v, part);
    }
    const size_t first = part <= other ? part : other;
    r->degrees[start] = first;
    r->degrees[start + first] = degree - first;
    r->offsets[start + first] = r->offsets[start];
}

static prk_status split(search *r, size_t start, bool has_half) {
    const size_t degree = r->degrees[start];
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        if (!has_half) {
            const prk_status status =
                prk_powers_of_x(r->s, r->half, NULL, &r->factors[start], degree, r->n, r->cancel);
            if (status != PRK_STATUS_OK) {
                return status;
            }
        }
        split_by_half(r, start);
        if (r->degrees[start] < degree || r->is_refuted) {
            return PRK_STATUS_OK;
        }
        has_half = false;
        move(&r->factors[start], degree, r->n);
        r->offsets[start]++;
    }
    r->is_refuted = true;
    return PRK_STATUS_OK;
}

// For x^3 + p x + q and m = -p / 3, x = u + m / u with u^3 + m^3 / u^3 = -q. So w = u^2 / m has
// w^3 + 1 / w^3 = q^2 / m^3 - 2, and x^2 = m (w + 1 / w + 2), where x = -q / (x^2 + p). w has norm
// 1, modulo n or in the field of n^2 numbers: an order that divides n - 1 or n + 1, whichever 3
// divides. If 9 does not, w is a power of w^3. 0 where there is no such x.
static prk_status solve_depressed(search *r, mpz_ptr x, mpz_srcptr p, mpz_srcptr q) {
    const size_t taken = r->s->taken;
    mpz_srcptr n = r->n;
    mpz_ptr inverse = prk_scratch_take(r->s), trace = prk_scratch_take(r->s);
    mpz_ptr order = prk_scratch_take(r->s), k = prk_scratch_take(r->s);
    mpz_set_ui(x, 0);
    prk_status status = PRK_STATUS_OK;
    if (mpz_invert(inverse, p, n) != 0) {
        mpz_mul_si(inverse, inverse, -3);
        multiply(trace, inverse, q, n);
        multiply(trace, trace, trace, n);
        mpz_mul(trace, trace, inverse);
        mpz_sub_ui(trace, trace, 2);
        mpz_mod(trace, trace, n);
        mpz_add_ui(order, n, 1);
        mpz_tdiv_q_ui(order, order, 3); // (n ± 1) / 3, of which that of w^3 is a divisor
        mpz_set_ui(k, 3);
        mpz_invert(k, k, order);
        const prk_lane_power term = {n, trace, k, prk_scratch_take(r->s)};
        status = prk_shared_powers(r->s, &term, 1, true, r->cancel);
        mpz_swap(trace, term.result);
    }
    if (status == PRK_STATUS_OK && mpz_sgn(p) != 0) { // x = -q / (m (w + 1 / w - 1))
        mpz_sub_ui(trace, trace, 1);
        if (mpz_invert(trace, trace, n) != 0) {
            multiply(x, trace, inverse, n);
            mpz_mul(x, x, q);
            mpz_neg(x, x);
        }
    }
    r->s->taken = taken;
    return status;
}

// Splits a factor of degree 3 by a root, unless 9 divides n - 1 or n + 1 or there is none.
static prk_status split_cubic(search *r, size_t start) {
    mpz_srcptr n = r->n;
    const unsigned long rest = mpz_fdiv_ui(n, 9);
    if (rest % 3 == 0 || rest == 1 || rest == 8) {
        return PRK_STATUS_OK;
    }
    mpz_t *f = &r->factors[start];
    const size_t taken = r->s->taken;
    mpz_ptr shift = prk_scratch_take(r->s), x = prk_scratch_take(r->s);
    mpz_ptr p = prk_scratch_take(r->s), q = prk_scratch_take(r->s);
    mpz_set(shift, f[2]); // the roots' mean is -shift
    while (!mpz_divisible_ui_p(shift, 3)) {
        mpz_add(shift, shift, n);
    }
    mpz_divexact_ui(shift, shift, 3);
    multiply(q, shift, shift, n);
    mpz_set(p, f[1]);
    mpz_submul_ui(p, q, 3);
    mpz_mod(p, p, n);
    mpz_mul_2exp(q, q, 1);
    mpz_sub(q, q, f[1]);
    mpz_mul(q, q, shift);
    mpz_add(q, q, f[0]);
    mpz_mod(q, q, n);
    const prk_status status = solve_depressed(r, x, p, q);
    copy(r->u, f, 3);
    mpz_sub(r->v[0], shift, x);
    mpz_mod(r->v[0], r->v[0], n);
    divide(r->u, 3, r->v, 1, n);
    if (status == PRK_STATUS_OK && mpz_sgn(r->u[0]) == 0) {
        mpz_set(f[0], r->v[0]);
        copy(f + 1, r->u + 1, 2);
        r->degrees[start] = 1;
        r->degrees[start + 1] = 2;
        r->offsets[start + 1] = r->offsets[start];
    }
    r->s->taken = taken;
    return status;
}

// The factor's roots, of degree 1 or 2, in its places.
static prk_status solve(search *r, size_t start) {
    mpz_t *f = &r->factors[start];
    const size_t taken = r->s->taken;
    mpz_ptr d = prk_scratch_take(r->s), b = prk_scratch_take(r->s);
    prk_status status = PRK_STATUS_OK;
    if (r->degrees[start] == 1) {
        mpz_neg(f[0], f[0]);
    } else { // -b ± sqrt(b^2 - c) of x^2 + 2 b x + c
        mpz_set(b, f[1]);
        if (mpz_odd_p(b)) {
            mpz_add(b, b, r->n);
        }
        mpz_tdiv_q_2exp(b, b, 1);
        mpz_mul(d, b, b);
        mpz_sub(d, d, f[0]);
        mpz_mod(d, d, r->n);
        bool found = false;
        status = prk_square_root(r->s, d, d, r->n, r->cancel, &found);
        r->is_refuted |= !found;
        mpz_sub(f[0], d, b);
        mpz_add(f[1], d, b);
        mpz_neg(f[1], f[1]);
    }
    for (size_t i = 0; i < r->degrees[start]; i++) {
        mpz_sub_ui(f[i], f[i], r->offsets[start]);
        mpz_mod(f[i], f[i], r->n);
    }
    r->s->taken = taken;
    return status;
}

// Roots of r->factors[0 … r->degrees[0]] in their places, or only the first.
static prk_status find(search *r, bool all, size_t *count) {
    size_t degree = r->degrees[0];
    bool has_half = false;
    prk_status status = degree == 3 ? split_cubic(r, 0) : PRK_STATUS_OK;
    if (status == PRK_STATUS_OK && r->degrees[0] > 2) {
        status = keep_split_part(r);
        has_half = r->degrees[0] == degree;
        degree = r->degrees[0];
    }
    *count = all ? degree : 1;
    for (size_t start = 0; start < *count && status == PRK_STATUS_OK && !r->is_refuted;) {
        const size_t part = r->degrees[start];
        if (part <= 2) {
            status = solve(r, start);
            start += part;
            continue;
        }
        if (part == 3 && !has_half) {
            status = split_cubic(r, start);
        }
        if (status == PRK_STATUS_OK && r->degrees[start] == part) {
            status = split(r, start, has_half);
        }
        has_half = false;
    }
    return status;
}

// Whether f, of `degree`, is 0 for the root; then f is divided by x - root.
static bool divide_out(search *r, mpz_t *f, size_t degree, mpz_srcptr root) {
    copy(r->u, f, degree);
    mpz_ptr less = r->v[0];
    mpz_sub(less, r->n, root);
    divide(r->u, degree, r->v, 1, r->n);
    if (mpz_sgn(r->u[0]) != 0) {
        return false;
    }
    copy(f, r->u + 1, degree - 1);
    return true;
}

// Each of the `count` roots that were found as often as f has it.
static bool keep_roots(search *r, mpz_t *roots, bool all, size_t count, mpz_t *f, size_t degree) {
    size_t kept = 0;
    const size_t wanted = all ? degree : 1;
    for (size_t i = 0; i < count; i++) {
        while (kept < wanted && divide_out(r, f, degree - kept, r->factors[i])) {
            mpz_set(roots[kept++], r->factors[i]);
        }
    }
    return kept == wanted;
}

prk_status prk_polynomial_roots(prk_scratch *s, mpz_t *roots, bool all, mpz_t *c, size_t degree,
                                mpz_srcptr n, const uint32_t *cancel, bool *found) {
    enum { POLYNOMIALS = 6 };
    *found = false;
    mpz_t *numbers = malloc(POLYNOMIALS * degree * sizeof *numbers);
    size_t *degrees = malloc(degree * sizeof *degrees);
    unsigned long *offsets = calloc(degree, sizeof *offsets);
    prk_status status = PRK_STATUS_NO_MEMORY;
    if (numbers != NULL && degrees != NULL && offsets != NULL) {
        for (size_t i = 0; i < POLYNOMIALS * degree; i++) {
            mpz_init(numbers[i]);
        }
        mpz_t *f = numbers + 5 * degree;
        search r = {.s = s,
                    .n = n,
                    .cancel = cancel,
                    .factors = numbers,
                    .degrees = degrees,
                    .offsets = offsets,
                    .half = numbers + degree,
                    .whole = numbers + 2 * degree,
                    .u = numbers + 3 * degree,
                    .v = numbers + 4 * degree};
        for (size_t i = 0; i < degree; i++) {
            mpz_mod(f[i], c[i], n);
        }
        copy(r.factors, f, degree);
        degrees[0] = degree;
        size_t count = 0;
        status = find(&r, all, &count);
        *found = status == PRK_STATUS_OK && !r.is_refuted &&
                 keep_roots(&r, roots, all, count, f, degree);
        for (size_t i = 0; i < POLYNOMIALS * degree; i++) {
            mpz_clear(numbers[i]);
        }
    }
    free(numbers);
    free(degrees);
    free(offsets);
    return status;
}
