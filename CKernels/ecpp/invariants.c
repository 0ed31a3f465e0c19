// SPDX-License-Identifier: Apache-2.0
//
// Weber's functions f, f1 and f2, γ2 and j. A form of the system that makes their values conjugates
// is reduced again by translations and turns, under which the functions are permuted up to roots of
// unity; so the series are summed where they converge best.

#include "invariants.h"
#include "double_eta.h"

// --- Which one -----------------------------------------------------------------------------------

// D' = -4 m for D' = D or, where D = 1 modulo 8, 4 D: as many classes, and an odd prime that is a
// norm is one of that order.
static void choose_weber(prk_invariant *invariant, int64_t m) {
    const unsigned cubed = m % 3 == 0 ? 3 : 1;
    const unsigned residue = (unsigned)(m % 8);
    invariant->kind = PRK_INVARIANT_WEBER;
    invariant->discriminant = -4 * m;
    invariant->level = 48;
    invariant->function = residue % 2 == 0;
    invariant->power = cubed * (residue == 7 ? 1 : residue == 5 ? 4 : 2);
    invariant->halvings = cubed * (residue == 5 ? 2 : 1);
    invariant->has_sign = residue != 5;
    invariant->modulus = 96;
    invariant->factors = 72 / invariant->power;
}

// A root modulo n is what a quotient of η costs more, so there have to be coefficients enough.
static bool pays(const prk_double_eta *eta, const prk_invariant *other, size_t h) {
    return h * h * (eta->factors - other->factors) > 150 * (size_t)eta->factors * other->factors;
}

static prk_invariant of_quotient(const prk_double_eta *eta, int64_t discriminant) {
    const int64_t level = eta->p[0] * eta->p[1];
    return (prk_invariant){.discriminant = discriminant,
                           .kind = PRK_INVARIANT_ETA,
                           .level = level,
                           .modulus = 2 * level,
                           .b = prk_double_eta_b(eta, discriminant),
                           .power = eta->power,
                           .factors = eta->factors,
                           .eta = eta};
}

prk_invariant prk_invariant_of(int64_t discriminant, size_t h) {
    prk_invariant invariant = {.discriminant = discriminant,
                               .kind = PRK_INVARIANT_J,
                               .level = 1,
                               .power = 1,
                               .factors = 1};
    if (discriminant % 4 == 0) {
        choose_weber(&invariant, -discriminant / 4);
    } else if (-discriminant % 8 == 7) {
        choose_weber(&invariant, -discriminant);
    } else if (discriminant % 3 != 0) {
        invariant.kind = PRK_INVARIANT_GAMMA2;
        invariant.level = invariant.modulus = invariant.factors = 3;
    }
    const prk_double_eta *eta = prk_double_eta_of(discriminant, invariant.factors);
    const bool is_shorter = eta != NULL && pays(eta, &invariant, h);
    return is_shorter ? of_quotient(eta, discriminant) : invariant;
}

// --- Conjugates ----------------------------------------------------------------------------------

// r = s + t: f(s + 1) = ζ^-1 f1(s), f1(s + 1) = ζ^-1 f(s), f2(s + 1) = ζ^2 f2(s), ζ = e^(2πi / 48),
// and γ2(s + 1) = ζ^-16 γ2(s).
static void translate(prk_conjugate *c, prk_invariant_kind kind, int64_t t) {
    const int64_t each = kind == PRK_INVARIANT_GAMMA2 ? -16 : c->function == 2 ? 2 : -1;
    c->turn = (unsigned)(((c->turn + each * (t % 48)) % 48 + 48) % 48);
    if (kind == PRK_INVARIANT_WEBER && c->function != 2 && t % 2 != 0) {
        c->function = 1 - c->function;
    }
}

prk_conjugate prk_invariant_conjugate(const prk_invariant *invariant,
                                      const prk_quadratic *reduced) {
    prk_conjugate c = {.form = *reduced, .function = invariant->function};
    if (invariant->kind == PRK_INVARIANT_J) {
        return c;
    }
    c.form = prk_quadratic_in_system(reduced, invariant->level, invariant->modulus, invariant->b);
    if (invariant->kind == PRK_INVARIANT_ETA) {
        return c;
    }
    c.is_negative = invariant->has_sign && (c.form.a % 8 == 3 || c.form.a % 8 == 5);
    translate(&c, invariant->kind, prk_quadratic_translate(&c.form));
    while (!prk_quadratic_is_reduced(&c.form)) {
        prk_quadratic_turn(&c.form);
        if (c.function != 0 && invariant->kind == PRK_INVARIANT_WEBER) {
            c.function = 3 - c.function; // f1 and f2
        }
        translate(&c, invariant->kind, prk_quadratic_translate(&c.form));
    }
    return c;
}

prk_quadratic prk_invariant_partner(const prk_invariant *invariant, const prk_conjugate *c) {
    prk_quadratic partner = c->form;
    if (invariant->kind == PRK_INVARIANT_ETA) {
        // Conjugation and τ -> -N / τ, which changes nothing.
        partner.a = c->form.c / invariant->level;
        partner.c = c->form.a * invariant->level;
    } else {
        partner.b = -partner.b;
    }
    prk_quadratic_reduce(&partner);
    return partner;
}

int64_t prk_conjugate_size(const prk_invariant *invariant, const prk_conjugate *c) {
    if (invariant->kind == PRK_INVARIANT_ETA) {
        return prk_double_eta_size(invariant->eta, &c->form, invariant->discriminant);
    }
    const int64_t power = invariant->power;
    int64_t size =
        prk_period_size(invariant->discriminant) * power / (invariant->level * c->form.a);
    if (invariant->kind == PRK_INVARIANT_WEBER) {
        size = c->function == 2 ? 512 * power - 2 * size : size;
        size += 100 * power - 512 * (int64_t)invariant->halvings;
    } else { // what the products add, at i and ρ
        size += invariant->kind == PRK_INVARIANT_J ? 6 * 1024 : 2 * 1024;
    }
    return size < 0 ? 0 : size;
}

// --- Values --------------------------------------------------------------------------------------

static void negate(prk_complex *z) {
    mpz_neg(z->re, z->re);
    mpz_neg(z->im, z->im);
}

// ratio = E(top) / E(bottom) for Euler's product E.
static void euler_ratio(prk_complex *ratio, const prk_complex *top, const prk_complex *bottom,
                        prk_periods *p) {
    prk_complex divisor;
    prk_complex_init(&divisor);
    prk_complex_euler(ratio, top, p->bits, p->work);
    prk_complex_euler(&divisor, bottom, p->bits, p->work);
    prk_complex_div(ratio, ratio, &divisor, p->bits, p->work);
    prk_complex_clear(&divisor);
}

// f = q^(-1/48) E(-√q) / E(q), f1 = q^(-1/48) E(√q) / E(q), f2 = √2 q^(1/24) E(q^2) / E(q), and its
// power.
static int64_t weber(prk_complex *x, prk_complex z[3], const prk_invariant *invariant,
                     const prk_conjugate *c, prk_periods *p) {
    const bool is_f2 = c->function == 2;
    const int64_t turn = (c->turn * invariant->power + (c->is_negative ? 24 : 0)) % 48;
    // For f2 the small one will be squared, so half the turn is taken, the other way round.
    int64_t exponent = prk_exponentials(x, &z[0], &c->form, invariant->power, 48,
                                        is_f2 ? -turn : turn, is_f2 ? 96 : 48, p);
    int64_t root2s = -(int64_t)invariant->halvings;
    prk_complex_pow(&z[1], &z[0], 24 / invariant->power, p->bits, p->work); // ±√q, or times i
    prk_complex_mul(&z[2], &z[1], &z[1], p->bits, p->work);
    if (is_f2) {
        prk_complex_mul(x, &z[0], &z[0], p->bits, p->work);
        exponent = 0;
        root2s += invariant->power;
        if (c->turn % 2 != 0) {
            negate(&z[2]);
        }
        prk_complex_mul(&z[1], &z[2], &z[2], p->bits, p->work);
    } else if ((c->turn % 2 != 0) != (c->function == 0)) {
        negate(&z[1]);
    }
    euler_ratio(&z[0], &z[1], &z[2], p);
    prk_complex_pow(&z[1], &z[0], invariant->power, p->bits, p->work);
    prk_complex_mul(x, x, &z[1], p->bits, p->work);
    if (root2s % 2 != 0) {
        prk_complex_scale(x, x, p->root2, p->bits);
        root2s--;
    }
    return (int64_t)p->bits - exponent - root2s / 2;
}

// j = (1 + 256 t)^3 / t and γ2 = (1 + 256 t) / q^(1/3) r^8, where t = q r^24, r = E(q^2) / E(q).
static int64_t cubic(prk_complex *x, prk_complex z[3], const prk_invariant *invariant,
                     const prk_conjugate *c, prk_periods *p) {
    const unsigned root = (unsigned)invariant->level;
    const int64_t exponent = prk_exponentials(x, &z[0], &c->form, 1, root, c->turn, 48, p);
    prk_complex_pow(&z[1], &z[0], root, p->bits, p->work); // q
    prk_complex_mul(&z[2], &z[1], &z[1], p->bits, p->work);
    euler_ratio(&z[0], &z[2], &z[1], p);
    prk_complex_pow(&z[2], &z[0], 24, p->bits, p->work);
    prk_complex_mul(&z[1], &z[1], &z[2], p->bits, p->work); // t
    prk_complex_pow(&z[2], &z[0], 24 / root, p->bits, p->work);
    prk_complex_div(x, x, &z[2], p->bits, p->work);
    mpz_mul_2exp(z[1].re, z[1].re, 8);
    mpz_mul_2exp(z[1].im, z[1].im, 8);
    mpz_set_ui(p->work[0], 1);
    mpz_mul_2exp(p->work[0], p->work[0], p->bits);
    mpz_add(z[1].re, z[1].re, p->work[0]);
    prk_complex_pow(&z[0], &z[1], 3 / root, p->bits, p->work);
    prk_complex_mul(x, x, &z[0], p->bits, p->work);
    return (int64_t)p->bits - exponent;
}

int64_t prk_conjugate_value(prk_complex *x, const prk_invariant *invariant, const prk_conjugate *c,
                            prk_periods *p) {
    if (invariant->kind == PRK_INVARIANT_ETA) {
        return prk_double_eta_value(x, invariant->eta, &c->form, p);
    }
    prk_complex z[3];
    for (int i = 0; i < 3; i++) {
        prk_complex_init(&z[i]);
    }
    const int64_t bits = invariant->kind == PRK_INVARIANT_WEBER ? weber(x, z, invariant, c, p)
                                                                : cubic(x, z, invariant, c, p);
    for (int i = 0; i < 3; i++) {
        prk_complex_clear(&z[i]);
    }
    return bits;
}

// --- Back to j -----------------------------------------------------------------------------------

// F = f^24, or -f1^24: 8 g^6 = f^12 for f^2 / √2, 8 g^6 = f^6 for f / √2, and 64 g^6 = f^24 for f^4
// / 2.
static void to_24th_power(mpz_ptr f, const prk_invariant *invariant, mpz_srcptr x, mpz_srcptr n) {
    const bool is_cubed = invariant->power % 3 == 0;
    const unsigned power = is_cubed ? invariant->power / 3 : invariant->power;
    mpz_powm_ui(f, x, is_cubed ? 2 : 6, n);
    mpz_mul_2exp(f, f, power == 4 ? 6 : 3);
    mpz_powm_ui(f, f, 4 / power, n);
}

static bool weber_to_j(mpz_ptr j, const prk_invariant *invariant, mpz_srcptr x, mpz_srcptr n) {
    mpz_t f;
    mpz_init(f);
    to_24th_power(f, invariant, x, n);
    const bool is_unit = mpz_invert(j, f, n) != 0;
    if (is_unit) {
        // (F - 16)^3 / F, and (F + 16)^3 / F for F = f1^24
        if (invariant->function == 0) {
            mpz_sub_ui(f, f, 16);
        } else {
            mpz_add_ui(f, f, 16);
        }
        mpz_powm_ui(f, f, 3, n);
        mpz_mul(j, j, f);
        mpz_mod(j, j, n);
    }
    mpz_clear(f);
    return is_unit;
}

prk_status prk_invariant_to_j(mpz_ptr j, const prk_invariant *invariant, mpz_srcptr x, mpz_srcptr n,
                              prk_scratch *s, const uint32_t *cancel, bool *found) {
    *found = true;
    switch (invariant->kind) {
    case PRK_INVARIANT_WEBER:
        *found = weber_to_j(j, invariant, x, n);
        return PRK_STATUS_OK;
    case PRK_INVARIANT_ETA:
        return prk_double_eta_to_j(j, invariant->eta, x, n, s, cancel, found);
    default:
        mpz_powm_ui(j, x, (unsigned)invariant->level, n); // γ2^3, or j itself
        return PRK_STATUS_OK;
    }
}
