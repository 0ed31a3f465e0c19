// SPDX-License-Identifier: Apache-2.0
//
// The curves of curve.c, eight modulo one number, in the lanes of vectors.
//
// Residues are lazy: products are below 2n, and what is added or subtracted is carried and below
// 4n, in the second stage once below 6n. So operands' products are below 16 n^2, for which R >= 16
// n suffices. Products go in pairs, each of which waits for the other's.

#include "../ifma/lanes.h"
#include "factor.h"
#include "field.h"
#include "stage.h"

#if defined(__x86_64__)

#include <string.h>

#include "../ifma/lanes_arithmetic.h"

// x and z, below 2n.
typedef struct point {
    __m512i *x, *z;
} point;

typedef struct curves {
    operations run;
    modulus m;
    int k;
    __m512i *t; // 4 k columns
    __m512i *a24, *base, *one;
    __m512i *e, *w; // room
    point pair[2];  // of the first stage, of which the first is its result
    point odd[PRK_STAGE_SIDE];
    __m512i *xz[PRK_STAGE_SIDE];
    point step, three[3];
    __m512i *product, *next;
    uint64_t first, last; // multiples of 210
    const uint32_t *cancel;
} curves;

enum { CURVES_NUMBERS = 7 + 3 * PRK_STAGE_SIDE + 2 * 6 };

// --- Sums ----------------------------------------------------------------------------------------

VECTOR __m512i carry_limb(__m512i *carry, __m512i sum) {
    sum = _mm512_add_epi64(sum, *carry);
    *carry = _mm512_srai_epi64(sum, PRK_LIMB_BITS);
    return _mm512_and_si512(sum, all(LOW_52));
}

VECTOR __m512i twice_n(const curves *c, int j) { return _mm512_add_epi64(c->m.n[j], c->m.n[j]); }

// sum = a + b and difference = c - d + 2n of numbers below 2n. Each may be one of them.
VECTOR void add_subtract(const curves *v, __m512i *sum, const __m512i *a, const __m512i *b,
                         __m512i *difference, const __m512i *c, const __m512i *d) {
    __m512i carry = zero(), other = zero();
    for (int j = 0; j < v->k; j++) {
        const __m512i plus = _mm512_add_epi64(a[j], b[j]);
        const __m512i minus = _mm512_add_epi64(_mm512_sub_epi64(c[j], d[j]), twice_n(v, j));
        sum[j] = carry_limb(&carry, plus);
        difference[j] = carry_limb(&other, minus);
    }
}

// (x + z, x - z + 2n).
VECTOR void cross(const curves *c, point r, point p) {
    add_subtract(c, r.x, p.x, p.z, r.z, p.x, p.z);
}

VECTOR void copy(const curves *c, __m512i *r, const __m512i *x) {
    memcpy(r, x, (size_t)c->k * sizeof *r);
}

VECTOR void square_two(const curves *c, __m512i *x, __m512i *y) {
    c->run.square_two(x, &c->m, &no_shift, y, &c->m, &no_shift, c->t);
}

VECTOR void multiply_two(const curves *c, __m512i *x, const __m512i *y, __m512i *u,
                         const __m512i *v) {
    c->run.multiply_two(x, y, u, v, &c->m, c->t);
}

// --- Points --------------------------------------------------------------------------------------

// S = (x + z)^2 and D = (x - z)^2 in p become x = S D, z = D + a24 (S - D) and e = S - D, of which
// the last two have to be multiplied.
VECTOR void begin_double(const curves *c, point p, __m512i *e, __m512i *w) {
    __m512i carry = zero();
    for (int j = 0; j < c->k; j++) {
        const __m512i minus = _mm512_add_epi64(_mm512_sub_epi64(p.x[j], p.z[j]), twice_n(c, j));
        e[j] = w[j] = carry_limb(&carry, minus);
    }
    multiply_two(c, p.x, p.z, w, c->a24);
    carry = zero();
    for (int j = 0; j < c->k; j++) {
        p.z[j] = carry_limb(&carry, _mm512_add_epi64(p.z[j], w[j]));
    }
}

// r = 2 p; r may be p.
PRK_TARGET static void twice(const curves *c, point r, point p) {
    cross(c, r, p);
    square_two(c, r.x, r.z);
    begin_double(c, r, c->e, c->w);
    c->run.multiply(r.z, c->e, &c->m, c->t);
}

// r = p + q, where d = p - q; r may be p or q.
PRK_TARGET static void sum(const curves *c, point r, point p, point q, point d) {
    const point room = {c->e, c->w};
    cross(c, room, q);
    cross(c, r, p);
    multiply_two(c, r.x, room.z, r.z, room.x);
    cross(c, r, r);
    square_two(c, r.x, r.z);
    multiply_two(c, r.x, d.z, r.z, d.x);
}

// q = p + q and p = 2 p, where their difference is the base.
PRK_TARGET static void climb(const curves *c, point p, point q) {
    cross(c, p, p);
    cross(c, q, q);
    multiply_two(c, q.z, p.x, q.x, p.z);
    square_two(c, p.x, p.z);
    cross(c, q, q);
    square_two(c, q.x, q.z);
    begin_double(c, p, c->e, c->w);
    multiply_two(c, p.z, c->e, q.z, c->base);
}

// --- Stages --------------------------------------------------------------------------------------

PRK_TARGET static prk_status first_stage(const curves *c, mpz_srcptr exponent) {
    copy(c, c->pair[0].x, c->base);
    copy(c, c->pair[0].z, c->one);
    twice(c, c->pair[1], c->pair[0]);
    for (mp_bitcnt_t bit = mpz_sizeinbase(exponent, 2) - 1; bit-- > 0;) {
        if (bit % 64 == 0 && prk_is_cancelled(c->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const int set = mpz_tstbit(exponent, bit);
        climb(c, c->pair[set], c->pair[1 - set]);
    }
    return PRK_STATUS_OK;
}

// p, 3 p, …, 105 p, of which those prime to 210 are kept, and 210 p.
PRK_TARGET static void make_sides(const curves *c) {
    const point *here = &c->pair[0];
    point before = c->three[0], latest = c->three[1], next = c->three[2];
    size_t sides = 0;
    twice(c, c->step, *here);
    copy(c, before.x, here->x); // -p has the same x and z
    copy(c, before.z, here->z);
    copy(c, latest.x, here->x);
    copy(c, latest.z, here->z);
    for (size_t i = 0; i < PRK_STAGE_ODD; i++) {
        if (i > 0) {
            sum(c, next, latest, c->step, before);
            const point oldest = before;
            before = latest;
            latest = next;
            next = oldest;
        }
        if (prk_stage_is_side(i)) {
            copy(c, c->odd[sides].x, latest.x);
            copy(c, c->odd[sides].z, latest.z);
            copy(c, c->xz[sides], latest.x);
            c->run.multiply(c->xz[sides++], latest.z, &c->m, c->t);
        }
    }
    twice(c, c->step, latest);
}

// first - 1 and first times 210 p, from the highest bit of first - 1 = m down; for m = 0 there is
// no `before`.
PRK_TARGET static void begin_walk(const curves *c, point before, point here) {
    const uint64_t m = c->first - 1;
    copy(c, before.x, c->step.x);
    copy(c, before.z, c->step.z);
    copy(c, here.x, c->step.x);
    copy(c, here.z, c->step.z);
    if (m > 0) {
        twice(c, here, c->step);
    }
    for (int bit = m > 0 ? 62 - __builtin_clzll(m) : -1; bit >= 0; bit--) {
        const bool is_set = (m >> bit & 1) != 0;
        const point odd = is_set ? before : here, even = is_set ? here : before;
        sum(c, odd, before, here, c->step);
        twice(c, even, even);
    }
}

// next = a - xz + other + 2n, below 6n.
VECTOR void finish_difference(const curves *c, const __m512i *a, const __m512i *xz,
                              const __m512i *other) {
    __m512i carry = zero();
    for (int j = 0; j < c->k; j++) {
        const __m512i plus = _mm512_add_epi64(_mm512_add_epi64(a[j], other[j]), twice_n(c, j));
        c->next[j] = carry_limb(&carry, _mm512_sub_epi64(plus, xz[j]));
    }
}

// x z' - x' z = (x - x') (z + z') - x z + x' z' for all sides; each goes into the product beside
// the next one's first factor. `xz` is room.
PRK_TARGET static void look_aside(const curves *c, point here, __m512i *xz) {
    __m512i *a = c->e, *b = c->w;
    copy(c, xz, here.x);
    c->run.multiply(xz, here.z, &c->m, c->t);
    for (size_t j = 0; j < PRK_STAGE_SIDE; j++) {
        const point p = c->odd[j];
        add_subtract(c, b, here.z, p.z, a, here.x, p.x);
        multiply_two(c, a, b, c->product, c->next);
        finish_difference(c, a, xz, c->xz[j]);
    }
}

PRK_TARGET static prk_status second_stage(const curves *c) {
    make_sides(c);
    point before = c->three[0], here = c->three[1], after = c->three[2];
    begin_walk(c, before, here);
    copy(c, c->product, c->one);
    copy(c, c->next, c->one);
    for (uint64_t i = c->first; i <= c->last; i++) {
        if (prk_is_cancelled(c->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        look_aside(c, here, c->pair[1].x);
        if (i == 1) {
            twice(c, after, here);
        } else {
            sum(c, after, here, c->step, before);
        }
        const point oldest = before;
        before = here;
        here = after;
        after = oldest;
    }
    c->run.multiply(c->product, c->next, &c->m, c->t);
    return PRK_STATUS_OK;
}

// --- Numbers in and out --------------------------------------------------------------------------

static __m512i *take(__m512i **memory, int k) {
    __m512i *number = *memory;
    *memory += k;
    return number;
}

static point take_point(__m512i **memory, int k) {
    __m512i *x = take(memory, k);
    return (point){x, take(memory, k)};
}

// CURVES_NUMBERS of them.
static void lay_out(curves *c, __m512i *memory) {
    __m512i **const numbers[] = {&c->a24, &c->base, &c->one, &c->e, &c->w, &c->product, &c->next};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i] = take(&memory, c->k);
    }
    for (int i = 0; i < PRK_STAGE_SIDE; i++) {
        c->odd[i] = take_point(&memory, c->k);
        c->xz[i] = take(&memory, c->k);
    }
    point *const points[] = {&c->pair[0],  &c->pair[1],  &c->step,
                             &c->three[0], &c->three[1], &c->three[2]};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        *points[i] = take_point(&memory, c->k);
    }
}

// x in Montgomery's form. x is changed.
static void load_form(const curves *c, __m512i *to, int l, mpz_ptr x, mpz_srcptr n) {
    mpz_mul_2exp(x, x, (mp_bitcnt_t)c->k * PRK_LIMB_BITS);
    mpz_tdiv_r(x, x, n);
    load_mpz(to, l, x, c->k);
}

// What is found is of the first lane that finds a factor: those after it need not go on.
typedef struct hunt {
    const mpz_ptr *g;
    mpz_srcptr n;
    int count;
    unsigned open; // lanes that may still find something
} hunt;

// Lane l has found g[l].
static void close_lane(hunt *h, int l) {
    h->open &= ~(1u << l);
    if (mpz_cmp(h->g[l], h->n) < 0) {
        h->open &= (1u << l) - 1;
        for (int later = l + 1; later < h->count; later++) {
            mpz_set_ui(h->g[later], 1);
        }
    }
}

// n in all lanes, and the curves; 0 where there is none.
PRK_TARGET static void load_curves(curves *c, __m512i *n, hunt *h, const uint64_t *sigmas,
                                   prk_scratch *s) {
    const size_t taken = s->taken, bytes = (size_t)c->k * sizeof *n;
    mpz_ptr x = prk_scratch_take(s), a24 = prk_scratch_take(s);
    memset(c->base, 0, bytes);
    memset(c->a24, 0, bytes);
    for (int l = 0; l < PRK_LANES; l++) {
        load_mpz(n, l, h->n, c->k);
        mpz_set_ui(x, 1);
        load_form(c, c->one, l, x, h->n);
    }
    for (int l = 0; l < h->count && (h->open >> l & 1) != 0; l++) {
        if (prk_curve_make(x, a24, h->g[l], h->n, sigmas[l], s)) {
            mpz_set_ui(h->g[l], 1);
            load_form(c, c->base, l, x, h->n);
            load_form(c, c->a24, l, a24, h->n);
        } else {
            close_lane(h, l);
        }
    }
    s->taken = taken;
    c->m = (modulus){n, _mm512_sub_epi64(zero(), inverse_52(n[0])), c->k};
}

// What the lanes of x have in common with n. One gcd of their product tells mostly that there is
// nothing.
static void look_for_divisors(const curves *c, hunt *h, const __m512i *x, prk_scratch *s) {
    const size_t taken = s->taken;
    mpz_ptr product = prk_scratch_take(s), each = prk_scratch_take(s);
    mpz_set_ui(product, 1);
    for (int l = 0; l < PRK_LANES; l++) {
        if ((h->open >> l & 1) != 0) {
            store_mpz(each, x, l, c->k);
            mpz_mul(product, product, each);
            mpz_tdiv_r(product, product, h->n);
        }
    }
    mpz_gcd(product, product, h->n);
    const bool is_any = mpz_cmp_ui(product, 1) != 0;
    for (int l = 0; l < PRK_LANES && is_any; l++) {
        if ((h->open >> l & 1) != 0) {
            store_mpz(each, x, l, c->k);
            mpz_gcd(h->g[l], each, h->n);
            if (mpz_cmp_ui(h->g[l], 1) != 0) {
                close_lane(h, l);
            }
        }
    }
    s->taken = taken;
}

static prk_status run_curves(curves *c, hunt *h, mpz_srcptr exponent, prk_scratch *s) {
    prk_status status = PRK_STATUS_OK;
    if (h->open != 0) {
        status = first_stage(c, exponent);
    }
    if (h->open != 0 && status == PRK_STATUS_OK) {
        look_for_divisors(c, h, c->pair[0].z, s);
    }
    if (h->open != 0 && status == PRK_STATUS_OK) {
        status = second_stage(c);
    }
    if (h->open != 0 && status == PRK_STATUS_OK) {
        look_for_divisors(c, h, c->product, s);
    }
    return status;
}

prk_status prk_curves_in_lanes(const mpz_ptr *g, mpz_srcptr n, const prk_curve_bound *b,
                               const uint64_t *sigmas, size_t count, prk_scratch *s,
                               const uint32_t *cancel) {
    assert(count >= 1 && count <= PRK_LANES && mpz_odd_p(n));
    const size_t k = prk_lane_limbs(mpz_sizeinbase(n, 2));
    __m512i *memory = prk_memory_reserve(&s->lanes, (4 + 1 + CURVES_NUMBERS) * k * sizeof *memory);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    curves c = {.run = prk_lanes_operations((int)k),
                .k = (int)k,
                .t = memory,
                .first = prk_stage_first(b->bound),
                .last = prk_stage_last(b->bound),
                .cancel = cancel};
    lay_out(&c, memory + 5 * k);
    hunt h = {.g = g, .n = n, .count = (int)count, .open = (1u << count) - 1};
    for (size_t i = 0; i < count; i++) {
        mpz_set_ui(g[i], 1);
    }
    load_curves(&c, memory + 4 * k, &h, sigmas, s);
    return run_curves(&c, &h, b->exponent, s);
}

#else

prk_status prk_curves_in_lanes(const mpz_ptr *g, mpz_srcptr n, const prk_curve_bound *b,
                               const uint64_t *sigmas, size_t count, prk_scratch *s,
                               const uint32_t *cancel) {
    prk_status status = PRK_STATUS_OK;
    bool is_found = false;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        mpz_set_ui(g[i], 1);
        if (!is_found) {
            status = prk_curve(g[i], n, b, sigmas[i], s, cancel);
            is_found = mpz_cmp_ui(g[i], 1) > 0 && mpz_cmp(g[i], n) < 0;
        }
    }
    return status;
}

#endif

// Eight curves in lanes are reckoned at one and a half to two and a half of curve.c's, from 66 to
// 2048 bits: by the instructions of their products. The result is the same whatever stands here.
#define LEAST_CURVES 3

bool prk_curves_pay(size_t bits, unsigned count) {
    return count >= LEAST_CURVES && bits <= (size_t)64 * PRK_FIELD_LIMBS && prk_lanes_take(bits);
}
