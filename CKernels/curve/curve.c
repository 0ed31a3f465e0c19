// SPDX-License-Identifier: Apache-2.0
//
// A claim about one point, on the limbs of residues modulo its number.

#include "curve.h"

#include <string.h>

#include "../modular/modulus.h"

typedef mp_limb_t limb;

// Residues of prk_scalar_arithmetic() are canonical limbs, as many as n has.
typedef struct field {
    prk_modulus m;
    const mp_limb_t *n;
    mp_size_t size;
    const mp_limb_t *one;
    mp_limb_t *sum; // size + 1 limbs
} field;

#define CURVE static
#define CURVE_LANES 1

// --- Arithmetic ----------------------------------------------------------------------------------

static void copy(const field *f, mp_limb_t *to, const mp_limb_t *from) {
    if (to != from) {
        mpn_copyi(to, from, f->size);
    }
}

static void multiply(const field *f, mp_limb_t *out, const mp_limb_t *a, const mp_limb_t *b) {
    if (out == b) {
        b = a;
        a = out;
    }
    copy(f, out, a);
    f->m.arithmetic->multiply(&f->m, (prk_residue *)out, (const prk_residue *)b);
}

static void square(const field *f, mp_limb_t *out, const mp_limb_t *a) {
    copy(f, out, a);
    f->m.arithmetic->square(&f->m, (prk_residue *)out, 1, NULL);
}

static void square_two(const field *f, mp_limb_t *out, const mp_limb_t *a, mp_limb_t *out2,
                       const mp_limb_t *b) {
    square(f, out, a);
    square(f, out2, b);
}

// sum += c a, below `*most` n. What is below 0 is made up for by multiples of n.
static void add_times(const field *f, int c, const mp_limb_t *a, int *most) {
    if (c > 0) {
        f->sum[f->size] += mpn_addmul_1(f->sum, a, f->size, (mp_limb_t)c);
    } else if (c < 0) {
        f->sum[f->size] += mpn_addmul_1(f->sum, f->n, f->size, (mp_limb_t)-c);
        f->sum[f->size] -= mpn_submul_1(f->sum, a, f->size, (mp_limb_t)-c);
    }
    *most += c > 0 ? c : -c;
}

// Canonical: `above` is for lanes.
static void combine(const field *f, mp_limb_t *out, int ca, const mp_limb_t *a, int cb,
                    const mp_limb_t *b, int cc, const mp_limb_t *c, int above) {
    (void)above;
    int most = ca; // the sum is below so many n
    if (ca == 1) {
        mpn_copyi(f->sum, a, f->size);
        f->sum[f->size] = 0;
    } else {
        f->sum[f->size] = mpn_mul_1(f->sum, a, f->size, (mp_limb_t)ca);
    }
    add_times(f, cb, b, &most);
    add_times(f, cc, c, &most);
    for (; most > 1; most--) {
        if (f->sum[f->size] == 0 && mpn_cmp(f->sum, f->n, f->size) < 0) {
            break;
        }
        f->sum[f->size] -= mpn_sub_n(f->sum, f->sum, f->n, f->size);
    }
    mpn_copyi(out, f->sum, f->size);
}

static void keep(const field *f, mp_limb_t *x, const mp_limb_t *y, unsigned where) {
    if (where != 0) {
        copy(f, x, y);
    }
}

typedef struct table table;
static void pick(const field *f, mp_limb_t *x, mp_limb_t *y, const table *t, const int8_t *digit);

#include "curve_body.h"

static void pick(const field *f, mp_limb_t *x, mp_limb_t *y, const table *t, const int8_t *digit) {
    const int d = *digit;
    const mp_limb_t *from = entry_of(f, t, (size_t)((d < 0 ? -d : d) - 1) / 2);
    copy(f, x, from);
    copy(f, y, from + f->size);
    if (d < 0 && mpn_zero_p(y, f->size) == 0) {
        mpn_sub_n(y, f->n, y, f->size);
    }
}

// --- A claim -------------------------------------------------------------------------------------

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static prk_curve_answer answer_of(const field *f, const look *l, bool is_plus, prk_scratch *s) {
    const size_t taken = s->taken;
    mpz_ptr product = prk_scratch_take(s), divisor = prk_scratch_take(s);
    f->m.arithmetic->from(&f->m, product, (const prk_residue *)l->product);
    mpz_gcd(divisor, product, f->m.n);
    const bool is_unit = mpz_cmp_ui(divisor, 1) == 0;
    s->taken = taken;
    if (!is_unit) {
        return PRK_CURVE_UNDECIDED;
    }
    // Both multiples are right, and neither is 0: they are each other's negatives or not.
    if (!is_plus) {
        combine(f, l->p.y, 1, l->p.y, 1, l->right, 0, NULL, 0);
    } else {
        combine(f, l->p.y, 1, l->p.y, -1, l->right, 0, NULL, 0);
    }
    const bool is_zero = mpn_cmp(l->p.x, l->left, f->size) == 0 && mpn_zero_p(l->p.y, f->size) != 0;
    return is_zero ? PRK_CURVE_SHOWN : PRK_CURVE_NOT_ZERO;
}

prk_status prk_curve_look(const prk_curve_claim *claim, prk_scratch *s, const uint32_t *cancel,
                          prk_curve_answer *answer) {
    const prk_arithmetic *a = prk_scalar_arithmetic(claim->n);
    const size_t size = mpz_size(claim->n), taken = s->taken;
    const size_t s_bits = mpz_sizeinbase(claim->s, 2), q_bits = mpz_sizeinbase(claim->q, 2) + 1;
    look l = {.first = {.width = prk_curve_width(s_bits)},
              .last = {.width = prk_curve_width(q_bits)},
              .even = mpz_even_p(claim->s) ? 1 : 0};
    l.first.count = prk_curve_windows(s_bits, l.first.width);
    l.last.count = prk_curve_windows(q_bits, l.last.width);
    const unsigned widest = l.first.width > l.last.width ? l.first.width : l.last.width;
    const size_t entries = (size_t)1 << (widest - 1);
    const size_t own = aligned(a->own_bytes(claim->n, NULL));
    const size_t limbs = limbs_laid_out(size, entries) + 2 * size + 1;
    unsigned char *memory =
        prk_memory_reserve(&s->test, own + limbs * sizeof(limb) + l.first.count + l.last.count);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    field f = {.m = {.arithmetic = a, .n = claim->n, .scratch = s, .own = memory},
               .n = mpz_limbs_read(claim->n),
               .size = (mp_size_t)size};
    a->set(&f.m, NULL);
    limb *next = (limb *)(memory + own), *one = next;
    f.one = one;
    f.sum = next + size;
    lay_out(&l, f.sum + size + 1, size, entries);
    int8_t *first = (int8_t *)(next + limbs), *last = first + l.first.count;
    l.first.digits = first;
    l.last.digits = last;

    mpz_ptr scalar = prk_scratch_take(s);
    mpz_set(scalar, claim->s);
    mpz_setbit(scalar, 0);
    prk_curve_digits(first, 1, l.first.count, l.first.width, scalar);
    bool is_plus = false;
    prk_curve_last_scalar(scalar, claim->q, l.last.width, &is_plus);
    prk_curve_digits(last, 1, l.last.count, l.last.width, scalar);
    mpz_set_ui(scalar, 1);
    a->to(&f.m, (prk_residue *)one, scalar);
    a->to(&f.m, (prk_residue *)l.x, claim->x);
    a->to(&f.m, (prk_residue *)l.y, claim->y);
    a->to(&f.m, (prk_residue *)l.a, claim->a);
    combine(&f, l.y, 2, l.y, 0, NULL, 0, NULL, 0);
    const prk_status status = run(&f, &l, cancel);
    if (status == PRK_STATUS_OK) {
        *answer = answer_of(&f, &l, is_plus, s);
    }
    s->taken = taken;
    return status;
}
