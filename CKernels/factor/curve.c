// SPDX-License-Identifier: Apache-2.0
//
// Lenstra's method [Lens87] on curves b y^2 = x^3 + a x^2 + x as Montgomery computes on them: by x
// and z alone, of points whose difference is known [Mont87]. Suyama's family has 12 points modulo
// each prime. The second stage goes from multiples of 210 to both sides.

#include "factor.h"
#include "field.h"
#include "stage.h"

// x, and z behind it: as near to each other as the size allows, so that the table of the second
// stage stays in the first cache.
#define POINT_LIMBS (2 * PRK_FIELD_LIMBS)

typedef struct curve {
    const prk_field *f;
    mp_limb_t a24[PRK_FIELD_LIMBS]; // (a + 2) / 4
    mp_limb_t base[POINT_LIMBS];    // z = 1
    mpz_srcptr exponent;
    mp_limb_t p[POINT_LIMBS];                   // the first stage's
    uint64_t first, last;                       // multiples of 210
    mp_limb_t odd[PRK_STAGE_ODD * POINT_LIMBS]; // p, 3 p, …, 105 p
    mp_limb_t xz[PRK_STAGE_SIDE * PRK_FIELD_LIMBS];
    mp_limb_t product[PRK_FIELD_LIMBS];
    const uint32_t *cancel;
} curve;

PRK_INLINE void copy_point(int k, const curve *c, mp_limb_t *r, const mp_limb_t *p) {
    prk_field_copy(k, c->f, r, p);
    prk_field_copy(k, c->f, r + prk_field_size(k, c->f), p + prk_field_size(k, c->f));
}

// r = 2 p.
PRK_INLINE void twice(int k, const curve *c, mp_limb_t *r, const mp_limb_t *p) {
    const prk_field *f = c->f;
    const size_t z = prk_field_size(k, f);
    mp_limb_t s[PRK_FIELD_LIMBS], d[PRK_FIELD_LIMBS], t[PRK_FIELD_LIMBS];
    prk_field_add(k, f, s, p, p + z);
    prk_field_square(k, f, s, s);
    prk_field_subtract(k, f, d, p, p + z);
    prk_field_square(k, f, d, d);
    prk_field_multiply(k, f, r, s, d);
    prk_field_subtract(k, f, s, s, d);
    prk_field_multiply(k, f, t, c->a24, s);
    prk_field_add(k, f, t, t, d);
    prk_field_multiply(k, f, r + z, s, t);
}

// The square of (x + z) (x' - z') + (x - z) (x' + z'), and that of the difference.
PRK_INLINE void cross(int k, const prk_field *f, mp_limb_t *sum, mp_limb_t *difference,
                      const mp_limb_t *p, const mp_limb_t *q) {
    const size_t z = prk_field_size(k, f);
    mp_limb_t a[PRK_FIELD_LIMBS], b[PRK_FIELD_LIMBS], c[PRK_FIELD_LIMBS], d[PRK_FIELD_LIMBS];
    prk_field_add(k, f, a, p, p + z);
    prk_field_subtract(k, f, b, q, q + z);
    prk_field_subtract(k, f, c, p, p + z);
    prk_field_add(k, f, d, q, q + z);
    prk_field_multiply(k, f, a, a, b);
    prk_field_multiply(k, f, c, c, d);
    prk_field_add(k, f, sum, a, c);
    prk_field_subtract(k, f, difference, a, c);
    prk_field_square(k, f, sum, sum);
    prk_field_square(k, f, difference, difference);
}

// r = p + q, where d = p - q; r may be any of them.
PRK_INLINE void sum(int k, const curve *c, mp_limb_t *r, const mp_limb_t *p, const mp_limb_t *q,
                    const mp_limb_t *d) {
    const size_t z = prk_field_size(k, c->f);
    mp_limb_t s[PRK_FIELD_LIMBS], t[PRK_FIELD_LIMBS];
    cross(k, c->f, s, t, p, q);
    prk_field_multiply(k, c->f, s, s, d + z);
    prk_field_multiply(k, c->f, r + z, t, d);
    prk_field_copy(k, c->f, r, s);
}

// The same for the base, of which z is 1.
PRK_INLINE void sum_base(int k, const curve *c, mp_limb_t *r, const mp_limb_t *p,
                         const mp_limb_t *q) {
    mp_limb_t t[PRK_FIELD_LIMBS];
    cross(k, c->f, r, t, p, q);
    prk_field_multiply(k, c->f, r + prk_field_size(k, c->f), t, c->base);
}

PRK_INLINE prk_status first_body(int k, curve *c) {
    mp_limb_t pair[2][POINT_LIMBS], next[POINT_LIMBS];
    copy_point(k, c, pair[0], c->base);
    twice(k, c, pair[1], c->base);
    for (mp_bitcnt_t bit = mpz_sizeinbase(c->exponent, 2) - 1; bit-- > 0;) {
        if (bit % 64 == 0 && prk_is_cancelled(c->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const int set = mpz_tstbit(c->exponent, bit);
        sum_base(k, c, next, pair[0], pair[1]);
        twice(k, c, pair[set], pair[set]);
        copy_point(k, c, pair[1 - set], next);
    }
    copy_point(k, c, c->p, pair[0]);
    return PRK_STATUS_OK;
}

PRK_INLINE prk_status second_body(int k, curve *c) {
    const prk_field *f = c->f;
    const size_t z = prk_field_size(k, f), each = 2 * z;
    mp_limb_t step[POINT_LIMBS], three[3][POINT_LIMBS];
    mp_limb_t *before = three[0], *here = three[1], *after = three[2];
    copy_point(k, c, c->odd, c->p);
    twice(k, c, step, c->p);
    sum(k, c, c->odd + each, step, c->odd, c->odd);
    for (size_t i = 2; i < PRK_STAGE_ODD; i++) {
        sum(k, c, c->odd + i * each, c->odd + (i - 1) * each, step, c->odd + (i - 2) * each);
    }
    twice(k, c, step, c->odd + (PRK_STAGE_ODD - 1) * each); // 210 p
    // What is not prime to 210 goes.
    size_t sides = 0;
    for (size_t i = 0; i < PRK_STAGE_ODD; i++) {
        if (prk_stage_is_side(i)) {
            mp_limb_t *kept = c->odd + sides * each;
            copy_point(k, c, kept, c->odd + i * each);
            prk_field_multiply(k, f, c->xz + sides++ * z, kept, kept + z);
        }
    }
    // m and m + 1 times 210 p for m = first - 1, from its highest bit down; for m = 0 there is no
    // `before`.
    const uint64_t m = c->first - 1;
    copy_point(k, c, before, step);
    copy_point(k, c, here, step);
    if (m > 0) {
        twice(k, c, here, step);
    }
    for (int bit = m > 0 ? 62 - __builtin_clzll(m) : -1; bit >= 0; bit--) {
        mp_limb_t *const odd = m >> bit & 1 ? before : here;
        mp_limb_t *const even = m >> bit & 1 ? here : before;
        sum(k, c, odd, before, here, step);
        twice(k, c, even, even);
    }
    for (uint64_t i = c->first; i <= c->last; i++) {
        if (prk_is_cancelled(c->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        // x z' - x' z = (x - x') (z + z') - x z + x' z'
        mp_limb_t xz[PRK_FIELD_LIMBS], a[PRK_FIELD_LIMBS], b[PRK_FIELD_LIMBS];
        prk_field_multiply(k, f, xz, here, here + z);
        for (size_t j = 0; j < PRK_STAGE_SIDE; j++) {
            const mp_limb_t *p = c->odd + j * each;
            prk_field_subtract(k, f, a, here, p);
            prk_field_add(k, f, b, here + z, p + z);
            prk_field_multiply(k, f, a, a, b);
            prk_field_subtract(k, f, b, xz, c->xz + j * z);
            prk_field_subtract(k, f, a, a, b);
            prk_field_multiply(k, f, c->product, c->product, a);
        }
        if (i == 1) {
            twice(k, c, after, here);
        } else {
            sum(k, c, after, here, step, before);
        }
        mp_limb_t *const oldest = before;
        before = here;
        here = after;
        after = oldest;
    }
    return PRK_STATUS_OK;
}

static prk_status run_first(curve *c) { return PRK_FIELD_DISPATCH(c->f, first_body, c); }
static prk_status run_second(curve *c) { return PRK_FIELD_DISPATCH(c->f, second_body, c); }

uint64_t prk_curve_cost(size_t limbs, uint64_t bound) {
    // Bits of the exponent; the odd multiples; what each multiple of 210 takes.
    const uint64_t products = 3 * bound / 2 * 10 + 6 * PRK_STAGE_ODD + 40 +
                              prk_stage_steps(bound) * (2 * PRK_STAGE_SIDE + 7);
    return products * prk_product_cost(limbs);
}

// u = sigma^2 - 5, v = 4 sigma, the point (u^3 : v^3), and (a + 2) / 4 =
// (v - u)^3 (3 u + v) / (16 u^3 v).
bool prk_curve_make(mpz_ptr x, mpz_ptr a24, mpz_ptr g, mpz_srcptr n, uint64_t sigma,
                    prk_scratch *s) {
    const size_t taken = s->taken;
    mpz_ptr u = prk_scratch_take(s), v = prk_scratch_take(s), cube = prk_scratch_take(s);
    mpz_set_ui(u, sigma);
    mpz_mul(u, u, u);
    mpz_sub_ui(u, u, 5);
    mpz_mod(u, u, n);
    mpz_set_ui(v, sigma);
    mpz_mul_2exp(v, v, 2);
    mpz_mod(v, v, n);
    mpz_powm_ui(x, u, 3, n);
    mpz_powm_ui(cube, v, 3, n);
    mpz_mul(a24, x, v); // 16 u^3 v, and that times v^3
    mpz_mul_2exp(a24, a24, 4);
    mpz_mod(a24, a24, n);
    mpz_mul(g, a24, cube);
    mpz_mod(g, g, n);
    const bool has_inverse = mpz_invert(g, g, n) != 0;
    if (!has_inverse) {
        mpz_mul(g, a24, cube);
        mpz_gcd(g, g, n);
    } else {
        // 1 / v^3 = g 16 u^3 v; 1 / (16 u^3 v) = g v^3.
        mpz_mul(x, x, a24);
        mpz_mod(x, x, n);
        mpz_mul(x, x, g);
        mpz_mod(x, x, n);
        mpz_mul(a24, cube, g);
        mpz_mod(a24, a24, n);
        mpz_mul_ui(g, u, 3);
        mpz_add(g, g, v);
        mpz_mul(a24, a24, g);
        mpz_sub(g, v, u);
        mpz_powm_ui(g, g, 3, n);
        mpz_mul(a24, a24, g);
        mpz_mod(a24, a24, n);
    }
    s->taken = taken;
    return has_inverse;
}

static bool set_curve(curve *c, mpz_ptr g, mpz_srcptr n, uint64_t sigma, prk_scratch *s) {
    const size_t taken = s->taken;
    mpz_ptr x = prk_scratch_take(s), a24 = prk_scratch_take(s);
    const bool is_made = prk_curve_make(x, a24, g, n, sigma, s);
    if (is_made) {
        prk_field_to(c->f, c->base, x, n, s);
        prk_field_to(c->f, c->a24, a24, n, s);
        mpz_set_ui(x, 1);
        prk_field_to(c->f, c->product, x, n, s);
        mpn_copyi(c->base + c->f->size, c->product, c->f->size);
    }
    s->taken = taken;
    return is_made;
}

prk_status prk_curve(mpz_ptr g, mpz_srcptr n, const prk_curve_bound *b, uint64_t sigma,
                     prk_scratch *s, const uint32_t *cancel) {
    mpz_set_ui(g, 1);
    if (mpz_size(n) > PRK_FIELD_LIMBS) {
        return PRK_STATUS_OK;
    }
    curve *c = prk_memory_reserve(&s->test, sizeof *c);
    if (c == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_field f;
    prk_field_make(&f, n);
    c->f = &f;
    c->exponent = b->exponent;
    c->first = prk_stage_first(b->bound);
    c->last = prk_stage_last(b->bound);
    c->cancel = cancel;
    if (!set_curve(c, g, n, sigma, s)) {
        return PRK_STATUS_OK;
    }
    prk_status status = run_first(c);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    prk_field_from(&f, g, c->p + f.size);
    mpz_gcd(g, g, n);
    if (mpz_cmp_ui(g, 1) != 0) {
        return PRK_STATUS_OK;
    }
    status = run_second(c);
    if (status == PRK_STATUS_OK) {
        prk_field_from(&f, g, c->product);
        mpz_gcd(g, g, n);
    }
    return status;
}

uint64_t prk_curve_sigma(prk_effort *effort) { return 6 + (prk_effort_draw(effort) >> 8); }
