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

#include "modulus.h"

typedef struct limbs {
    const mp_limb_t *n;
    mp_size_t size;
    bool is_montgomery; // R = 2^(64 size), else 1: n is so short that a division costs no more
    int sign;
    size_t zeros, top_limbs;
    mp_limb_t *top; // T
    mp_limb_t *one;
    mp_limb_t *twofold; // 2 size limbs, of products
    mp_limb_t *spare;   // size + 1
} limbs;

// t = `twofold`, 0 <= t < n R, becomes r = t / R mod n in [0, n).
//
// What is subtracted is c q n with 0 <= q < R in all. So for c = 1 the quotient (t - q n) / R lies
// above -n and below n, and for c = -1 (t + q n) / R in [0, 2 n): in either case one correction
// reduces it, and the borrow or carry out of the top limb is at most 1.
static inline void reduce(const limbs *m, mp_limb_t *r) {
    const size_t size = (size_t)m->size, length = 2 * size;
    mp_limb_t *t = m->twofold;
    if (!m->is_montgomery) {
        mpn_tdiv_qr(m->spare, r, 0, t, (mp_size_t)length, m->n, m->size);
        return;
    }
    mp_limb_t carry = 0;
    // As a rule twice: `zeros` limbs, and as many as T has.
    for (size_t done = 0; done < size;) {
        const size_t left = size - done;
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
            const size_t both = count + m->top_limbs;
            if (count >= m->top_limbs) {
                mpn_mul(m->spare, q, (mp_size_t)count, m->top, (mp_size_t)m->top_limbs);
            } else {
                mpn_mul(m->spare, m->top, (mp_size_t)m->top_limbs, q, (mp_size_t)count);
            }
            carry += m->sign > 0 ? mpn_sub(into, into, rest, m->spare, (mp_size_t)both)
                                 : mpn_add(into, into, rest, m->spare, (mp_size_t)both);
        }
        done += count;
    }
    if (m->sign > 0 && carry != 0) {
        mpn_add_n(r, t + size, m->n, m->size);
    } else if (m->sign < 0 && (carry != 0 || mpn_cmp(t + size, m->n, m->size) >= 0)) {
        mpn_sub_n(r, t + size, m->n, m->size);
    } else {
        mpn_copyi(r, t + size, m->size);
    }
}

#include "limbs_body.h"

// Of 2^(64 z) - 1 no limb would be left for T: it is divided by.
static size_t zeros_of(mpz_srcptr n, const prk_special_form *form) {
    const size_t zeros = form->exponent / 64;
    return zeros < mpz_size(n) ? zeros : 0;
}

static size_t own_bytes(mpz_srcptr n, const prk_special_form *form) {
    return bytes_laid_out(n) + (mpz_size(n) - zeros_of(n, form)) * sizeof(mp_limb_t);
}

static void set(prk_modulus *modulus, const prk_special_form *form) {
    limbs *m = modulus->own;
    m->top = lay_out(m, modulus->n);
    m->sign = form->sign;
    m->zeros = zeros_of(modulus->n, form);
    m->is_montgomery = m->zeros > 0;
    // Above the zeros of T 2^(64 zeros) - 1 stands T - 1, of as many limbs: T is no power of 2^64.
    m->top_limbs = (size_t)m->size - m->zeros;
    mpn_copyi(m->top, m->n + m->zeros, (mp_size_t)m->top_limbs);
    if (m->sign < 0) {
        mpn_add_1(m->top, m->top, (mp_size_t)m->top_limbs, 1);
    }
    set_one(modulus, m);
}

const prk_arithmetic prk_special = {
    .name = "special",
    .own_bytes = own_bytes,
    .set = set,
    PRK_LIMB_OPERATIONS,
};
