// SPDX-License-Identifier: Apache-2.0
//
// η at the roots of four forms, each moved to its reduced form by η((aρ + b) / (cρ + d)) = ε √(cρ +
// d) η(ρ) with a 24th root of unity ε, and which quotients generate the field of which D.

#include "double_eta.h"
#include "ecpp.h"

// --- Which one -----------------------------------------------------------------------------------

// Solved for by the series in q^(1/pq); they have no more coefficients than these, and the test
// takes both sides to more terms.
static const int64_t sum_3_5[] = {-1,      -15,    -46,    31,     45,      1482,  856,
                                  -12060,  -55530, 232560, 108900, -603410, 22770, 372510,
                                  -110520, -49284, 32715,  -7305,  810,     -45,   1};
static const int64_t product_3_5[] = {1,          24,         180,       -376,      -11646,
                                      -35256,     220196,     1215000,   -1222929,  -13369744,
                                      607080,     1325520,    158307100, -32874480, 2156520,
                                      -637399376, -118035729, 32461560,  874458596, 634858536,
                                      157098114,  13817896,   164340,    696,       1};
static const int64_t sum_3_7[] = {
    1,       -14,    49,      14,      -153,    8,      46,       1484,    -776,    -10500,
    87808,   178668, -985446, -736456, 3679260, 548940, -5737060, 1157016, 3786846, -1724548,
    -843444, 721764, -76244,  -75516,  34377,   -6818,  735,      -42,     1};
static const int64_t product_3_7[] = {1,           -20,        130,        504,        -10821,
                                      37632,       207550,     -1689884,   793513,     24678248,
                                      -45193372,   -128525320, 305714542,  333276832,  -767483048,
                                      -875048632,  740971730,  2564522408, -67668968,  -3827606048,
                                      -1740354098, 2111355800, 4507825988, -491168632, -2197442807,
                                      -1880028044, 548020270,  698037312,  172452939,  14157144,
                                      166450,      700,        1};
static const int64_t sum_3_13[] = {
    1,          -13,        52,         -26,        -247,       364,        221,        -650,
    221,        364,        -246,       -29,        49,         1486,       -740,       -9516,
    111436,     -44928,     -1885689,   4070053,    8835450,    -37909092,  6888479,    140684622,
    -179445279, -197238236, 607329720,  -158515461, -909996295, 963208272,  466517064,  -1429130144,
    477589944,  959457720,  -928366231, -137626281, 617987682,  -230086922, -168751479, 161476962,
    -11574823,  -40532700,  18277116,   1278901,    -3516903,   1082016,    18070,      -106392,
    35763,      -6331,      663,        -39,        1};
static const int64_t product_3_13[] = {1,
                                       -16,
                                       88,
                                       600,
                                       -9996,
                                       39936,
                                       177164,
                                       -2155088,
                                       5195450,
                                       25597000,
                                       -172600168,
                                       158103088,
                                       1333660406,
                                       -3926472080,
                                       -1731574864,
                                       24009911816,
                                       -26470898021,
                                       -59787354976,
                                       163453863300,
                                       -7261052136,
                                       -422841966612,
                                       441029439032,
                                       462040501468,
                                       -1229692547200,
                                       261124933147,
                                       1628026178168,
                                       -1540031876048,
                                       -911733108784,
                                       2218368968890,
                                       -345165085024,
                                       -1755072840368,
                                       966995235128,
                                       977815434427,
                                       -890017323520,
                                       -558265224452,
                                       735938431592,
                                       284363953068,
                                       -576339027576,
                                       -49301838300,
                                       327081484064,
                                       -12359340101,
                                       -154959173464,
                                       546780176,
                                       84188024320,
                                       -7097865034,
                                       -34331690432,
                                       4510900472,
                                       10302034600,
                                       1058251610,
                                       -3840625568,
                                       -6562036,
                                       744637296,
                                       187807764,
                                       14498520,
                                       168568,
                                       704,
                                       1};
static const int64_t sum_5_7[] = {
    -1,      -7,       -8,       9,        0,       19,       7,        1486,     176,
    -1120,   6475,     -34755,   -15582,   54915,   -395675,  1121960,  -1024275, 1729889,
    125335,  -2182740, 2737140,  -6807810, 2260650, -1645840, -1744085, 5781615,  -3033590,
    3217739, -647290,  -2493785, 1612065,  -969290, 671132,   272090,   -596085,  243035,
    22260,   -52507,   20825,    -4340,    525,     -35,      1};
static const int64_t product_5_7[] = {1,
                                      12,
                                      42,
                                      16,
                                      -105,
                                      -792,
                                      -5258,
                                      -6084,
                                      6771,
                                      0,
                                      211104,
                                      399000,
                                      -38632,
                                      1313040,
                                      -4585140,
                                      -3186512,
                                      -15703947,
                                      -42145404,
                                      103145994,
                                      -370697040,
                                      1183191681,
                                      -1967888032,
                                      5404139562,
                                      -8820058716,
                                      17438539150,
                                      -28638526644,
                                      38019611082,
                                      -66642524048,
                                      66862445601,
                                      -108382009680,
                                      91135898154,
                                      -93954247716,
                                      108236157813,
                                      -1509796288,
                                      141722714700,
                                      97918126080,
                                      155029457048,
                                      121198179480,
                                      108345969504,
                                      70108209360,
                                      42055238451,
                                      19325688804,
                                      6992359702,
                                      1763984952,
                                      248865015,
                                      15185504,
                                      171402,
                                      708,
                                      1};

const prk_double_eta prk_double_etas[PRK_DOUBLE_ETAS] = {
    {{3, 13}, 1, 28, sum_3_13, product_3_13},
    {{5, 7}, 1, 24, sum_5_7, product_5_7},
    {{3, 7}, 2, 16, sum_3_7, product_3_7},
    {{3, 5}, 3, 12, sum_3_5, product_3_5},
};

int64_t prk_double_eta_b(const prk_double_eta *eta, int64_t discriminant) {
    const int64_t modulus = 4 * eta->p[0] * eta->p[1];
    int64_t b = 0;
    while (b < modulus && (b * b - discriminant) % modulus != 0) {
        b++;
    }
    return b;
}

const prk_double_eta *prk_double_eta_of(int64_t discriminant, unsigned factors) {
    for (size_t i = 0; i < PRK_DOUBLE_ETAS && prk_double_etas[i].factors > factors; i++) {
        const prk_double_eta *eta = &prk_double_etas[i];
        const int64_t level = eta->p[0] * eta->p[1];
        // Where both are ramified, each value is that of several classes.
        if (discriminant % level != 0 && prk_double_eta_b(eta, discriminant) < 4 * level) {
            return eta;
        }
    }
    return NULL;
}

// --- Reduction -----------------------------------------------------------------------------------

// The root of a form is (a ρ + b) / (c ρ + d) for the root ρ of the reduced form.
typedef struct move {
    int64_t a, b, c, d;
    prk_quadratic from, to;
} move;

static void translate(move *m) {
    const int64_t t = prk_quadratic_translate(&m->to);
    m->b += m->a * t;
    m->d += m->c * t;
}

static move reduced(const prk_quadratic *form) {
    move m = {.a = 1, .d = 1, .from = *form, .to = *form};
    for (translate(&m); !prk_quadratic_is_reduced(&m.to); translate(&m)) {
        prk_quadratic_turn(&m.to);
        const int64_t a = m.a, c = m.c;
        m.a = m.b, m.b = -a, m.c = m.d, m.d = -c;
    }
    if (m.c < 0 || (m.c == 0 && m.d < 0)) {
        m.a = -m.a, m.b = -m.b, m.c = -m.c, m.d = -m.d;
    }
    return m;
}

// Those of τ, τ/p, τ/q, τ/pq.
static void set_moves(move moves[4], const prk_double_eta *eta, const prk_quadratic *form) {
    for (int i = 0; i < 4; i++) {
        const int64_t divisor = (i & 1 ? eta->p[0] : 1) * (i & 2 ? eta->p[1] : 1);
        const prk_quadratic f = {form->a * divisor, form->b, form->c / divisor};
        moves[i] = reduced(&f);
    }
}

// ε = e^(2πi k / 24); that k. c = 2^λ times an odd number, or both are 1 for c = 0 [EnSc04, theorem
// 3].
static int64_t epsilon(const move *m) {
    int64_t odd = m->c, lambda = 0;
    for (; odd != 0 && odd % 2 == 0; odd /= 2) {
        lambda++;
    }
    if (odd == 0) {
        odd = lambda = 1;
    }
    mpz_t modulus;
    mpz_init_set_si(modulus, odd);
    const int64_t sign = mpz_si_kronecker(m->a, modulus) < 0 ? 12 : 0;
    mpz_clear(modulus);
    const int64_t a = m->a % 48, b = m->b % 48, c = m->c % 48, d = m->d % 48;
    const int64_t k = a * b + c * (d * (1 - a * a) - a) + 3 * (odd % 48) * (a - 1) +
                      3 * (lambda % 48) * ((a * a - 1) / 2);
    return (k + sign) % 24;
}

// --- Values --------------------------------------------------------------------------------------

static prk_eta *eta_at(const prk_quadratic *form, prk_periods *p) {
    for (size_t i = 0; i < p->count; i++) {
        if (p->etas[i].form.a == form->a && p->etas[i].form.b == form->b) {
            return &p->etas[i];
        }
    }
    prk_eta *e = &p->etas[p->count++];
    prk_complex small, q;
    prk_complex_init(&small);
    prk_complex_init(&q);
    prk_complex_init(&e->inverse);
    e->form = *form;
    e->exponent = prk_exponentials(&e->inverse, &small, form, 1, 24, 0, 1, p);
    prk_complex_pow(&q, &small, 24, p->bits, p->work);
    prk_complex_euler(&small, &q, p->bits, p->work);
    prk_complex_div(&e->inverse, &e->inverse, &small, p->bits, p->work);
    prk_complex_clear(&small);
    prk_complex_clear(&q);
    return e;
}

// z = z / η, where the reduced form may have a negative b; η's power of two.
static int64_t divide_by_eta(prk_complex *z, const prk_quadratic *form, prk_periods *p) {
    prk_quadratic positive = *form;
    positive.b = form->b < 0 ? -form->b : form->b;
    prk_eta *e = eta_at(&positive, p);
    if (form->b < 0) { // its conjugate, for a while
        mpz_neg(e->inverse.im, e->inverse.im);
    }
    prk_complex_mul(z, z, &e->inverse, p->bits, p->work);
    if (form->b < 0) {
        mpz_neg(e->inverse.im, e->inverse.im);
    }
    return e->exponent;
}

// The unit e^(iφ / 2) of √(cρ + d), where cos φ = (2 a d - b c) / 2 √(a A) and sin φ = c √|D| / 2
// √(a A) for the `a` of ρ's form and the A of the other one.
static void set_half_angle(prk_complex *z, const move *m, prk_periods *p) {
    mpz_ptr size = p->work[0], cosine = p->work[1];
    mpz_set_si(size, m->to.a);
    mpz_mul_si(size, size, m->from.a);
    mpz_mul_2exp(size, size, 2 * p->bits + 2);
    mpz_sqrt(size, size);
    mpz_set_si(cosine, 2 * m->to.a * m->d - m->to.b * m->c);
    mpz_mul_2exp(cosine, cosine, 2 * p->bits);
    mpz_tdiv_q(cosine, cosine, size);
    mpz_mul_si(z->im, p->root, m->c);
    mpz_mul_2exp(z->im, z->im, p->bits);
    mpz_tdiv_q(z->im, z->im, size); // sin φ >= 0
    // The larger one of both by a root, and the other one by 2 sin cos = sin φ.
    const bool is_acute = mpz_sgn(cosine) >= 0;
    mpz_abs(cosine, cosine);
    mpz_set_ui(z->re, 1);
    mpz_mul_2exp(z->re, z->re, p->bits);
    mpz_add(z->re, z->re, cosine);
    mpz_mul_2exp(z->re, z->re, p->bits - 1);
    mpz_sqrt(z->re, z->re);
    mpz_mul_2exp(z->im, z->im, p->bits - 1);
    mpz_tdiv_q(z->im, z->im, z->re);
    if (!is_acute) {
        mpz_swap(z->re, z->im);
    }
}

// z = z / η at the root of a form, but for a root of unity and a real factor.
static int64_t divide_by_moved_eta(prk_complex *z, const move *m, prk_periods *p) {
    prk_complex half;
    prk_complex_init(&half);
    set_half_angle(&half, m, p);
    mpz_neg(half.im, half.im);
    prk_complex_mul(z, z, &half, p->bits, p->work);
    prk_complex_clear(&half);
    return divide_by_eta(z, &m->to, p);
}

// factor = (a_0 a_3 / a_1 a_2)^(1/4): the absolute values of all √(cρ + d), where the A cancel out.
static void set_factor(mpz_ptr factor, const move m[4], const prk_periods *p) {
    mpz_t divisor;
    mpz_init_set_si(divisor, m[1].to.a);
    mpz_mul_si(divisor, divisor, m[2].to.a);
    mpz_set_si(factor, m[0].to.a);
    mpz_mul_si(factor, factor, m[3].to.a);
    mpz_mul_2exp(factor, factor, 4 * p->bits);
    mpz_tdiv_q(factor, factor, divisor);
    mpz_sqrt(factor, factor);
    mpz_sqrt(factor, factor);
    mpz_clear(divisor);
}

int64_t prk_double_eta_value(prk_complex *x, const prk_double_eta *eta, const prk_quadratic *form,
                             prk_periods *p) {
    move moves[4];
    set_moves(moves, eta, form);
    prk_complex z[2];
    int64_t turn = 0, exponent = 0;
    for (int i = 0; i < 2; i++) { // η(τ) η(τ/pq), and η(τ/p) η(τ/q), of which one over each
        const move *first = &moves[i == 0 ? 0 : 1], *second = &moves[i == 0 ? 3 : 2];
        prk_complex_init(&z[i]);
        mpz_setbit(z[i].re, p->bits);
        const int64_t both =
            divide_by_moved_eta(&z[i], first, p) + divide_by_moved_eta(&z[i], second, p);
        const int64_t turns = epsilon(first) + epsilon(second);
        exponent += i == 0 ? both : -both;
        turn += i == 0 ? -turns : turns;
    }
    prk_complex_div(&z[0], &z[0], &z[1], p->bits, p->work);
    set_factor(x->re, moves, p);
    prk_complex_scale(&z[1], &z[0], x->re, p->bits);
    prk_complex_pow(x, &z[1], eta->power, p->bits, p->work);
    prk_complex_turn(&z[0], turn * eta->power, 12, p->pi, p->bits);
    prk_complex_mul(x, x, &z[0], p->bits, p->work);
    prk_complex_clear(&z[0]);
    prk_complex_clear(&z[1]);
    return (int64_t)p->bits - exponent * eta->power;
}

static int64_t length(int64_t n) {
    int64_t bits = 0;
    for (; n != 0; n >>= 1) {
        bits++;
    }
    return bits;
}

int64_t prk_double_eta_size(const prk_double_eta *eta, const prk_quadratic *form,
                            int64_t discriminant) {
    move moves[4];
    set_moves(moves, eta, form);
    const int64_t period = prk_period_size(discriminant) / 24;
    int64_t size = 512; // the lengths, in quarters, may be wrong by two, and the products a little
    for (int i = 0; i < 4; i++) {
        const int64_t a = moves[i].to.a, each = period / a + 256 * length(a);
        size += i == 0 || i == 3 ? each : -each;
    }
    size *= eta->power;
    return size < 0 ? 0 : size;
}

// --- Back to j -----------------------------------------------------------------------------------

// value = c[0] x^-low + … + c[low + high] x^high.
static void evaluate(mpz_ptr value, const int64_t *c, int64_t high, int64_t low, mpz_srcptr x,
                     mpz_srcptr inverse, mpz_srcptr n) {
    mpz_t t;
    mpz_init(t);
    mpz_set_ui(value, 0);
    for (int64_t i = high + low; i >= 0; i--) {
        mpz_mul(value, value, x);
        mpz_set_si(t, c[i]);
        mpz_add(value, value, t);
        mpz_mod(value, value, n);
    }
    mpz_powm_ui(t, inverse, (unsigned long)low, n);
    mpz_mul(value, value, t);
    mpz_mod(value, value, n);
    mpz_clear(t);
}

prk_status prk_double_eta_to_j(mpz_ptr j, const prk_double_eta *eta, mpz_srcptr x, mpz_srcptr n,
                               prk_scratch *s, const uint32_t *cancel, bool *found) {
    const int64_t p = eta->p[0], q = eta->p[1];
    mpz_t c[2], roots[2];
    mpz_inits(c[0], c[1], roots[0], roots[1], (mpz_ptr)NULL);
    prk_status status = PRK_STATUS_OK;
    *found = mpz_invert(roots[0], x, n) != 0;
    if (*found) {
        evaluate(c[0], eta->product, p * q + 1, p + q, x, roots[0], n);
        evaluate(c[1], eta->sum, p * q, p > q ? p : q, x, roots[0], n);
        mpz_neg(c[1], c[1]);
        mpz_mod(c[1], c[1], n);
        status = prk_polynomial_roots(s, roots, false, c, 2, n, cancel, found);
        mpz_set(j, roots[0]);
    }
    mpz_clears(c[0], c[1], roots[0], roots[1], (mpz_ptr)NULL);
    return status;
}
