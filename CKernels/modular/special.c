// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo n = T 2^(64 z) + c with c = ±1: Montgomery's reduction [Mont85], for which n is
// as good as it gets. The quotient that makes the lowest z limbs vanish is these limbs themselves,
// since n = c modulo 2^(64 z): for q the lowest limbs of t,
//
//     t - c q n = t - q - c q T 2^(64 z),    (c^2 = 1)
//
// which is t without its lowest limbs, less c q T from limb z on. T = k 2^(e mod 64) has as few
// limbs as k: one multiplication by a limb for most numbers that anybody is after.

#include <assert.h>
#include <string.h>

#include "special.h"

// t = `twofold`, 0 <= t < n R, becomes r = t / R mod n in [0, n).
//
// What is subtracted is c q n with 0 <= q < R in all. So for c = 1 the quotient (t - q n) / R lies
// above -n and below n, and for c = -1 (t + q n) / R in [0, 2 n): in either case one correction
// reduces it, and the borrow or carry out of the top limb is at most 1.
static void reduce(const prk_special_modulus *m, mp_limb_t *r) {
    const size_t length = 2 * m->limbs;
    mp_limb_t *t = m->twofold;
    mp_limb_t carry = 0;
    // As a rule twice: `zeros` limbs, and as many as T has.
    for (size_t done = 0; done < m->limbs;) {
        const size_t left = m->limbs - done;
        const size_t count = left < m->zeros ? left : m->zeros;
        const mp_limb_t *q = t + done;
        mp_limb_t *into = t + done + m->zeros; // beyond q, since count <= zeros
        const mp_size_t rest = (mp_size_t)(length - done - m->zeros);
        if (m->top_limbs == 1) {
            // rest - count = limbs + 1 - done - count >= 1.
            const mp_size_t above = rest - (mp_size_t)count;
            if (m->sign > 0) {
                mp_limb_t c = mpn_submul_1(into, q, (mp_size_t)count, m->top[0]);
                carry += mpn_sub_1(into + count, into + count, above, c);
            } else {
                mp_limb_t c = mpn_addmul_1(into, q, (mp_size_t)count, m->top[0]);
                carry += mpn_add_1(into + count, into + count, above, c);
            }
        } else {
            const size_t size = count + m->top_limbs;
            if (count >= m->top_limbs) {
                mpn_mul(m->spare, q, (mp_size_t)count, m->top, (mp_size_t)m->top_limbs);
            } else {
                mpn_mul(m->spare, m->top, (mp_size_t)m->top_limbs, q, (mp_size_t)count);
            }
            carry += m->sign > 0 ? mpn_sub(into, into, rest, m->spare, (mp_size_t)size)
                                 : mpn_add(into, into, rest, m->spare, (mp_size_t)size);
        }
        done += count;
    }
    const mp_size_t limbs = (mp_size_t)m->limbs;
    if (m->sign > 0 && carry != 0) {
        mpn_add_n(r, t + limbs, m->n, limbs);
    } else if (m->sign < 0 && (carry != 0 || mpn_cmp(t + limbs, m->n, limbs) >= 0)) {
        mpn_sub_n(r, t + limbs, m->n, limbs);
    } else {
        mpn_copyi(r, t + limbs, limbs);
    }
}

// As `reduce` with R = 1, for numbers so short that a division costs no more.
static void divide(const prk_special_modulus *m, mp_limb_t *r) {
    const mp_size_t limbs = (mp_size_t)m->limbs;
    mpn_tdiv_qr(m->spare, r, 0, m->twofold, 2 * limbs, m->n, limbs);
}

void prk_special_multiply(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b) {
    if (a == b) {
        mpn_sqr(m->twofold, a, (mp_size_t)m->limbs);
    } else {
        mpn_mul_n(m->twofold, a, b, (mp_size_t)m->limbs);
    }
    // Below n^2, and so below n R.
    if (m->zeros > 0) {
        reduce(m, r);
    } else {
        divide(m, r);
    }
}

void prk_special_subtract(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b) {
    if (mpn_sub_n(r, a, b, (mp_size_t)m->limbs) != 0) {
        mpn_add_n(r, r, m->n, (mp_size_t)m->limbs);
    }
}

static void add(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                const mp_limb_t *b) {
    const mp_size_t limbs = (mp_size_t)m->limbs;
    if (mpn_add_n(r, a, b, limbs) != 0 || mpn_cmp(r, m->n, limbs) >= 0) {
        mpn_sub_n(r, r, m->n, limbs);
    }
}

void prk_special_times(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                       unsigned times) {
    mp_limb_t *sum = m->spare;
    mpn_copyi(sum, a, (mp_size_t)m->limbs);
    for (int bit = 31 - __builtin_clz(times); bit-- > 0;) {
        add(m, sum, sum, sum);
        if (times >> bit & 1) {
            add(m, sum, sum, a);
        }
    }
    mpn_copyi(r, sum, (mp_size_t)m->limbs);
}

void prk_special_value(const prk_special_modulus *m, mpz_ptr value, const mp_limb_t *x) {
    mp_limb_t *r = mpz_limbs_write(value, (mp_size_t)m->limbs);
    if (m->zeros > 0) {
        mpn_copyi(m->twofold, x, (mp_size_t)m->limbs);
        mpn_zero(m->twofold + m->limbs, (mp_size_t)m->limbs);
        reduce(m, r);
    } else {
        mpn_copyi(r, x, (mp_size_t)m->limbs);
    }
    mpz_limbs_finish(value, (mp_size_t)m->limbs);
}

static void set_top(prk_special_modulus *m, prk_scratch *s, mpz_srcptr n,
                    const prk_special_form *form) {
    m->sign = form->sign;
    m->zeros = form->exponent / 64;
    mpz_tdiv_q_2exp(s->base, n, 64 * (mp_bitcnt_t)m->zeros);
    if (form->sign < 0) {
        mpz_add_ui(s->base, s->base, 1); // of T 2^(64 zeros) - 1 the shift left T - 1
    }
    m->top = mpz_limbs_read(s->base);
    m->top_limbs = mpz_size(s->base);
}

void prk_special_modulus_set(prk_special_modulus *m, prk_scratch *s, mpz_srcptr n,
                             const prk_special_form *form) {
    const size_t limbs = mpz_size(n);
    m->n = mpz_limbs_read(n);
    m->limbs = limbs;
    set_top(m, s, n, form);
    // Else T would be a power of 2^64, which k = 1 alone could make it: 2^(64 z) - 1, whose
    // exponent is no prime.
    assert(m->zeros == 0 || m->zeros + m->top_limbs == limbs);
    mpz_set_ui(s->d, 1);
    mpz_mul_2exp(s->d, s->d, m->zeros > 0 ? 64 * (mp_bitcnt_t)limbs : 0);
    mpz_tdiv_r(s->qk, s->d, n);
    const size_t used = mpz_size(s->qk);
    m->one = mpz_limbs_modify(s->qk, (mp_size_t)limbs);
    memset(m->one + used, 0, (limbs - used) * sizeof *m->one);
    m->x = mpz_limbs_write(s->u, (mp_size_t)limbs);
    m->y = mpz_limbs_write(s->v, (mp_size_t)limbs);
    m->z = mpz_limbs_write(s->n_minus_1, (mp_size_t)limbs);
    m->twofold = mpz_limbs_write(s->product, 2 * (mp_size_t)limbs);
    m->spare = mpz_limbs_write(s->t, (mp_size_t)limbs + 1);
}
