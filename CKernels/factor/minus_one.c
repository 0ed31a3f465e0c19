// SPDX-License-Identifier: Apache-2.0
//
// Pollard's p - 1 method [Poll74]: a^E = 1 modulo a prime p of n when all powers of primes of p - 1
// are at most the bound, E their least common multiple. The second stage allows one larger prime.

#include "../long/long.h"
#include "factor.h"
#include "field.h"
#include "stage.h"

void prk_smooth_exponent(mpz_ptr exponent, uint64_t bound, mpz_ptr room) {
    mpz_set_ui(exponent, 1);
    // Each prime once, again those whose square is at most the bound, and so on.
    for (unsigned long power = 1;; power++) {
        mpz_set_ui(room, bound);
        mpz_root(room, room, power);
        const unsigned long most = mpz_get_ui(room);
        if (most < 2) {
            return;
        }
        mpz_primorial_ui(room, most);
        mpz_mul(exponent, exponent, room);
    }
}

uint64_t prk_minus_one_cost(size_t limbs, uint64_t bound) {
    // A square a bit of the exponent; a product for each pair.
    return (3 * bound / 2 + prk_stage_steps(bound) * (PRK_STAGE_SIDE + 1)) *
           prk_product_cost(limbs);
}

// With V_m = a^m + a^-m of a = the first stage's power: V_kD - V_j = 0 modulo p when a^(kD - j) or
// a^(kD + j) is 1, D = 210. V_2m = V_m^2 - 2 and V_(k+l) = V_k V_l - V_(k-l).
typedef struct second {
    const prk_field *f;
    uint64_t first, last; // k
    mp_limb_t two[PRK_FIELD_LIMBS], product[PRK_FIELD_LIMBS];
    mp_limb_t odd[PRK_STAGE_ODD][PRK_FIELD_LIMBS]; // V_1, V_3, …, V_105
    const uint32_t *cancel;
} second;

PRK_INLINE void v_sum(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a,
                      const mp_limb_t *b, const mp_limb_t *less) {
    mp_limb_t t[PRK_FIELD_LIMBS];
    prk_field_multiply(k, f, t, a, b);
    prk_field_subtract(k, f, r, t, less);
}

PRK_INLINE prk_status second_body(int k, second *s) {
    const prk_field *f = s->f;
    mp_limb_t step[PRK_FIELD_LIMBS], here[PRK_FIELD_LIMBS], before[PRK_FIELD_LIMBS];
    v_sum(k, f, step, s->odd[0], s->odd[0], s->two); // V_2
    v_sum(k, f, s->odd[1], s->odd[0], step, s->odd[0]);
    for (int i = 2; i < PRK_STAGE_ODD; i++) {
        v_sum(k, f, s->odd[i], s->odd[i - 1], step, s->odd[i - 2]);
    }
    v_sum(k, f, step, s->odd[PRK_STAGE_ODD - 1], s->odd[PRK_STAGE_ODD - 1], s->two); // V_210
    // V_210m and V_210(m+1) for m = first - 1, from its highest bit down.
    const uint64_t m = s->first - 1;
    prk_field_copy(k, f, before, s->two);
    prk_field_copy(k, f, here, step);
    for (int bit = 63; bit >= 0; bit--) {
        if (m >> bit == 0) {
            continue;
        }
        mp_limb_t *odd = m >> bit & 1 ? before : here, *even = m >> bit & 1 ? here : before;
        v_sum(k, f, odd, before, here, step);
        v_sum(k, f, even, even, even, s->two);
    }
    for (uint64_t i = s->first; i <= s->last; i++) {
        if (prk_is_cancelled(s->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (size_t j = 0; j < PRK_STAGE_ODD; j++) {
            if (!prk_stage_is_side(j)) {
                continue;
            }
            mp_limb_t difference[PRK_FIELD_LIMBS];
            prk_field_subtract(k, f, difference, here, s->odd[j]);
            prk_field_multiply(k, f, s->product, s->product, difference);
        }
        mp_limb_t after[PRK_FIELD_LIMBS];
        v_sum(k, f, after, here, step, before);
        prk_field_copy(k, f, before, here);
        prk_field_copy(k, f, here, after);
    }
    return PRK_STATUS_OK;
}

static prk_status run_second(second *s) { return PRK_FIELD_DISPATCH(s->f, second_body, s); }

static prk_status look_further(mpz_ptr g, mpz_srcptr n, mpz_srcptr power, uint64_t bound,
                               prk_effort *effort, prk_scratch *s) {
    mpz_ptr v = prk_scratch_take(s);
    if (mpz_invert(v, power, n) == 0) { // never: the base is prime to n
        mpz_gcd(g, power, n);
        s->taken--;
        return PRK_STATUS_OK;
    }
    mpz_add(v, v, power);
    prk_field f;
    prk_field_make(&f, n);
    second w = {.f = &f,
                .first = prk_stage_first(bound),
                .last = prk_stage_last(bound),
                .cancel = effort->cancel};
    prk_field_to(&f, w.odd[0], v, n, s);
    mpz_set_ui(v, 2);
    prk_field_to(&f, w.two, v, n, s);
    mpz_set_ui(v, 1);
    prk_field_to(&f, w.product, v, n, s);
    const prk_status status = run_second(&w);
    prk_field_from(&f, v, w.product);
    mpz_gcd(g, v, n);
    s->taken--;
    return status;
}

// power = 3^exponent. In two runs: the exponent may be much longer than n, and a run of the whole
// might be one call of GMP's, which no flag ends.
static prk_status raise(mpz_ptr power, mpz_srcptr exponent, mpz_srcptr n, prk_effort *effort,
                        prk_scratch *s) {
    mpz_t view;
    static const mp_limb_t three = 3;
    prk_chain chain;
    prk_chain_begin_power(&chain, s, prk_arithmetic_for_power(n, NULL, exponent), n, NULL,
                          mpz_roinit_n(view, &three, 1), exponent);
    prk_status status = prk_chain_run(&chain, mpz_sizeinbase(exponent, 2) / 2, effort->cancel);
    if (status == PRK_STATUS_OK) {
        status = prk_chain_run(&chain, (mp_bitcnt_t)-1, effort->cancel);
    }
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, power);
    }
    prk_chain_end(&chain);
    return status;
}

prk_status prk_minus_one(mpz_ptr g, mpz_srcptr n, uint64_t bound, prk_effort *effort,
                         prk_scratch *s) {
    mpz_set_ui(g, 1);
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), power = prk_scratch_take(s);
    prk_smooth_exponent(exponent, bound, power);
    prk_status status = raise(power, exponent, n, effort, s);
    if (status == PRK_STATUS_OK) {
        mpz_sub_ui(exponent, power, 1);
        mpz_gcd(g, exponent, n);
        if (mpz_cmp_ui(g, 1) == 0 && mpz_size(n) <= PRK_FIELD_LIMBS) {
            status = look_further(g, n, power, bound, effort, s);
        }
    }
    s->taken = taken;
    return status;
}
