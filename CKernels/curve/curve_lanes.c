// SPDX-License-Identifier: Apache-2.0
//
// Claims about eight points, each modulo a number of its own, in the lanes of vectors.

#include "curve.h"

#if defined(__x86_64__)

#include <string.h>

#include "../ifma/lanes_arithmetic.h"

typedef __m512i limb;

typedef struct field {
    modulus m;
    operations run;
    int size;
    const __m512i *one;
    __m512i *t; // 4 size columns
} field;

#define CURVE PRK_TARGET static
#define CURVE_LANES PRK_LANES

// Operands of products are below 2^5 n, and 2^10 n <= R suffices; this is for certain.
enum { SPARE_BITS = 12 };

static int limbs_for(size_t bits) {
    return (int)((bits + SPARE_BITS + PRK_LIMB_BITS - 1) / PRK_LIMB_BITS);
}

// --- Arithmetic ----------------------------------------------------------------------------------

CURVE void copy(const field *f, __m512i *to, const __m512i *from) {
    if (to != from) {
        memcpy(to, from, (size_t)f->size * sizeof *to);
    }
}

CURVE void multiply(const field *f, __m512i *out, const __m512i *a, const __m512i *b) {
    if (out == b) {
        b = a;
        a = out;
    }
    copy(f, out, a);
    f->run.multiply(out, b, &f->m, f->t);
}

CURVE void square(const field *f, __m512i *out, const __m512i *a) {
    copy(f, out, a);
    f->run.square(out, &f->m, &no_shift, f->t);
}

// out = a^2 and out2 = b^2, each of which waits for the other's products.
CURVE void square_two(const field *f, __m512i *out, const __m512i *a, __m512i *out2,
                      const __m512i *b) {
    copy(f, out, a);
    copy(f, out2, b);
    f->run.square_two(out, &f->m, &no_shift, out2, &f->m, &no_shift, f->t);
}

// c x of a few c, which are constants.
VECTOR __m512i times(int c, __m512i x) {
    const __m512i twice = _mm512_add_epi64(x, x);
    switch (c) {
    case 0:
        return zero();
    case 1:
        return x;
    case 2:
        return twice;
    case 3:
        return _mm512_add_epi64(twice, x);
    case 6:
        return _mm512_add_epi64(_mm512_slli_epi64(x, 2), twice);
    case -1:
        return _mm512_sub_epi64(zero(), x);
    case -2:
        return _mm512_sub_epi64(zero(), twice);
    default: // a power of two
        return _mm512_slli_epi64(x, (unsigned)__builtin_ctz((unsigned)c));
    }
}

// The sum is not negative and below R, so that nothing is carried from its highest limb.
VECTOR void combine(const field *f, __m512i *out, int ca, const __m512i *a, int cb,
                    const __m512i *b, int cc, const __m512i *c, int above) {
    __m512i carry = zero();
    for (int j = 0; j < f->size; j++) {
        __m512i sum = _mm512_add_epi64(carry, times(ca, a[j]));
        if (cb != 0) {
            sum = _mm512_add_epi64(sum, times(cb, b[j]));
        }
        if (cc != 0) {
            sum = _mm512_add_epi64(sum, times(cc, c[j]));
        }
        if (above != 0) {
            sum = _mm512_add_epi64(sum, times(above, f->m.n[j]));
        }
        out[j] = _mm512_and_si512(sum, all(LOW_52));
        carry = _mm512_srai_epi64(sum, PRK_LIMB_BITS);
    }
}

CURVE void keep(const field *f, __m512i *x, const __m512i *y, unsigned where) {
    blend(x, (__mmask8)where, y, f->size);
}

typedef struct table table;
CURVE void pick(const field *f, __m512i *x, __m512i *y, const table *t, const int8_t *digits);

#include "curve_body.h"

// Limbs of the lanes' entries; 8 n - y where a digit is negative, since entries are below 8 n.
CURVE void pick(const field *f, __m512i *x, __m512i *y, const table *t, const int8_t *digits) {
    const __m512i digit =
        _mm512_cvtepi8_epi64(_mm_loadl_epi64((const __m128i *)(const void *)digits));
    const __mmask8 negative = _mm512_movepi64_mask(digit);
    const __m512i entry = _mm512_srli_epi64(_mm512_sub_epi64(_mm512_abs_epi64(digit), all(1)), 1);
    const uint64_t entry_size = 2 * (uint64_t)f->size * PRK_LANES;
    __m512i place = _mm512_add_epi64(_mm512_mullo_epi64(entry, all(entry_size)),
                                     _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    const long long *entries = (const long long *)t->entries;
    for (int j = 0; j < f->size; j++) {
        x[j] = _mm512_i64gather_epi64(place, entries, 8);
        place = _mm512_add_epi64(place, all(PRK_LANES));
    }
    __m512i carry = zero();
    for (int j = 0; j < f->size; j++) {
        const __m512i limb_of_y = _mm512_i64gather_epi64(place, entries, 8);
        place = _mm512_add_epi64(place, all(PRK_LANES));
        const __m512i sum = _mm512_add_epi64(
            carry, _mm512_mask_sub_epi64(limb_of_y, negative, times(8, f->m.n[j]), limb_of_y));
        y[j] = _mm512_and_si512(sum, all(LOW_52));
        carry = _mm512_srai_epi64(sum, PRK_LIMB_BITS);
    }
}

// --- Claims --------------------------------------------------------------------------------------

static const prk_curve_claim *claim_of(const prk_curve_claim *claims, size_t count, int l) {
    return &claims[(size_t)l < count ? (size_t)l : count - 1];
}

// Windows as long as the longest scalar's of up to `bits` bits.
static windows choose_windows(size_t bits) {
    const unsigned width = prk_curve_width(bits);
    return (windows){.width = width, .count = prk_curve_windows(bits, width)};
}

// x, y and a into Montgomery's form, and 1; the moduli.
CURVE void load_claims(field *f, look *l, __m512i *n, __m512i *one, const prk_curve_claim *claims,
                       size_t count, prk_scratch *s) {
    mpz_ptr t = prk_scratch_take(s);
    const int k = f->size;
    __m512i *form = l->product; // R^2 mod n
    memset(one, 0, (size_t)k * sizeof *one);
    one[0] = all(1);
    for (int i = 0; i < PRK_LANES; i++) {
        const prk_curve_claim *claim = claim_of(claims, count, i);
        load_mpz(n, i, claim->n, k);
        load_mpz(l->x, i, claim->x, k);
        load_mpz(l->y, i, claim->y, k);
        load_mpz(l->a, i, claim->a, k);
        mpz_set_ui(t, 0);
        mpz_setbit(t, 2 * (mp_bitcnt_t)k * PRK_LIMB_BITS);
        mpz_tdiv_r(t, t, claim->n);
        load_mpz(form, i, t, k);
    }
    s->taken--;
    f->m = (modulus){n, _mm512_sub_epi64(zero(), inverse_52(n[0])), k};
    f->one = one;
    multiply(f, one, one, form);
    multiply(f, l->x, l->x, form);
    multiply(f, l->y, l->y, form);
    multiply(f, l->a, l->a, form);
    combine(f, l->y, 2, l->y, 0, NULL, 0, NULL, 0);
}

// Lanes where x, below R, is 0 modulo n. x is changed.
CURVE __mmask8 is_zero(const field *f, __m512i *x) {
    prk_lanes_leave_form(x, x, &f->m, f->t);
    return (__mmask8)(equal_small(x, 0, f->size) | equal(x, f->m.n, f->size));
}

CURVE void answer_claims(const field *f, look *l, __mmask8 plus, const prk_curve_claim *claims,
                         size_t count, prk_scratch *s, prk_curve_answer *answers) {
    __m512i *x = l->p.x, *y = l->p.y, *difference = l->x;
    combine(f, x, 1, x, -1, l->left, 0, NULL, 2);
    combine(f, difference, 1, y, -1, l->right, 0, NULL, 2);
    combine(f, y, 1, y, 1, l->right, 0, NULL, 0);
    keep(f, y, difference, plus);
    const __mmask8 zero_x = is_zero(f, x), zero_y = is_zero(f, y);
    prk_lanes_leave_form(l->product, l->product, &f->m, f->t);
    mpz_ptr product = prk_scratch_take(s);
    for (size_t i = 0; i < count; i++) {
        store_mpz(product, l->product, (int)i, f->size);
        mpz_gcd(product, product, claims[i].n);
        const bool is_unit = mpz_cmp_ui(product, 1) == 0;
        const bool is_equal = ((zero_x & zero_y) >> i & 1) != 0;
        answers[i] = !is_unit   ? PRK_CURVE_UNDECIDED
                     : is_equal ? PRK_CURVE_SHOWN
                                : PRK_CURVE_NOT_ZERO;
    }
    s->taken--;
}

bool prk_curve_lanes_take(size_t bits) { return prk_lanes_take(bits); }

CURVE prk_status look_in_lanes(const prk_curve_claim *claims, size_t count, prk_scratch *s,
                               const uint32_t *cancel, prk_curve_answer *answers) {
    size_t bits = 1, s_bits = 1, q_bits = 1;
    for (size_t i = 0; i < count; i++) {
        const size_t n_size = mpz_sizeinbase(claims[i].n, 2);
        const size_t s_size = mpz_sizeinbase(claims[i].s, 2);
        const size_t q_size = mpz_sizeinbase(claims[i].q, 2) + 1;
        bits = n_size > bits ? n_size : bits;
        s_bits = s_size > s_bits ? s_size : s_bits;
        q_bits = q_size > q_bits ? q_size : q_bits;
    }
    look l = {.first = choose_windows(s_bits), .last = choose_windows(q_bits)};
    const unsigned widest = l.first.width > l.last.width ? l.first.width : l.last.width;
    const size_t entries = (size_t)1 << (widest - 1), k = (size_t)limbs_for(bits);
    const size_t vectors = 6 * k + limbs_laid_out(k, entries);
    const size_t digits = (l.first.count + l.last.count) * PRK_LANES;
    __m512i *memory = prk_memory_reserve(&s->lanes, vectors * sizeof *memory + digits);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    field f = {.run = prk_lanes_operations((int)k), .size = (int)k, .t = memory};
    __m512i *n = memory + 4 * k, *one = n + k;
    lay_out(&l, one + k, k, entries);
    int8_t *first = (int8_t *)(memory + vectors), *last = first + l.first.count * PRK_LANES;
    l.first.digits = first;
    l.last.digits = last;
    __mmask8 plus = 0;
    mpz_ptr scalar = prk_scratch_take(s);
    for (int i = 0; i < PRK_LANES; i++) {
        const prk_curve_claim *claim = claim_of(claims, count, i);
        mpz_set(scalar, claim->s);
        mpz_setbit(scalar, 0);
        prk_curve_digits(first + i, PRK_LANES, l.first.count, l.first.width, scalar);
        l.even |= (unsigned)mpz_even_p(claim->s) << i;
        bool is_plus = false;
        prk_curve_last_scalar(scalar, claim->q, l.last.width, &is_plus);
        prk_curve_digits(last + i, PRK_LANES, l.last.count, l.last.width, scalar);
        plus |= (__mmask8)(is_plus << i);
    }
    s->taken--;
    load_claims(&f, &l, n, one, claims, count, s);
    const prk_status status = run(&f, &l, cancel);
    if (status == PRK_STATUS_OK) {
        answer_claims(&f, &l, plus, claims, count, s, answers);
    }
    return status;
}

prk_status prk_curve_look_in_lanes(const prk_curve_claim *claims, size_t count, prk_scratch *s,
                                   const uint32_t *cancel, prk_curve_answer *answers) {
    return look_in_lanes(claims, count, s, cancel, answers);
}

#else

bool prk_curve_lanes_take(size_t bits) {
    (void)bits;
    return false;
}

prk_status prk_curve_look_in_lanes(const prk_curve_claim *claims, size_t count, prk_scratch *s,
                                   const uint32_t *cancel, prk_curve_answer *answers) {
    for (size_t i = 0; i < count; i++) {
        const prk_status status = prk_curve_look(&claims[i], s, cancel, &answers[i]);
        if (status != PRK_STATUS_OK) {
            return status;
        }
    }
    return PRK_STATUS_OK;
}

#endif
