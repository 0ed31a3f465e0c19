// SPDX-License-Identifier: Apache-2.0
//
// The class group of a discriminant out of forms of prime norm, whose number is known beforehand.
// Subgroups grow by a prime at a time, Sylow group after Sylow group, the largest prime first.

#include <assert.h>
#include <stdlib.h>

#include "quadratic.h"

// Forms of prime norm below the first bound generate the group if GRH holds: 6 log(2^26)^2
// [Bach90]. A wrong class number is all that makes the search go on to the end.
#define MOST_NORM 2048

// --- Forms ---------------------------------------------------------------------------------------

static int64_t floor_quotient(int64_t a, int64_t b) {
    const int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t prk_quadratic_translate(prk_quadratic *f) {
    const int64_t t = floor_quotient(f->a - f->b, 2 * f->a);
    f->c += t * (f->b + f->a * t);
    f->b += 2 * f->a * t;
    return t;
}

void prk_quadratic_turn(prk_quadratic *f) {
    const int64_t a = f->a;
    f->a = f->c;
    f->b = -f->b;
    f->c = a;
}

bool prk_quadratic_is_reduced(const prk_quadratic *f) {
    return f->a < f->c || (f->a == f->c && f->b >= 0);
}

void prk_quadratic_reduce(prk_quadratic *f) {
    for (prk_quadratic_translate(f); !prk_quadratic_is_reduced(f); prk_quadratic_translate(f)) {
        prk_quadratic_turn(f);
    }
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b != 0) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}

// u a + v b = gcd(a, b) >= 0, which it returns.
static int64_t extended_gcd(int64_t a, int64_t b, int64_t *u, int64_t *v) {
    int64_t u0 = 1, u1 = 0, v0 = 0, v1 = 1;
    while (b != 0) {
        const int64_t q = a / b, r = a % b, u2 = u0 - q * u1, v2 = v0 - q * v1;
        a = b, b = r, u0 = u1, u1 = u2, v0 = v1, v1 = v2;
    }
    *u = a < 0 ? -u0 : u0;
    *v = a < 0 ? -v0 : v0;
    return a < 0 ? -a : a;
}

// f(p x + r y, q x + s y) with p s - q r = 1.
static prk_quadratic substituted(const prk_quadratic *f, int64_t p, int64_t q) {
    int64_t s, r;
    extended_gcd(p, q, &s, &r);
    r = -r;
    return (prk_quadratic){.a = f->a * p * p + f->b * p * q + f->c * q * q,
                           .b = 2 * f->a * p * r + f->b * (p * s + q * r) + 2 * f->c * q * s,
                           .c = f->a * r * r + f->b * r * s + f->c * s * s};
}

prk_quadratic prk_quadratic_in_system(const prk_quadratic *f, int64_t level, int64_t modulus,
                                      int64_t b) {
    // Twelve points that differ from each other modulo 6, 15, 21, 35 and 39, and so often modulo
    // their primes, that two of each, where the form may be 0, do not make up all.
    static const int8_t points[][2] = {{1, 0},  {0, 1},  {1, 1}, {1, -1}, {2, 1}, {1, 2},
                                       {2, -1}, {1, -2}, {3, 1}, {1, 3},  {3, 2}, {2, 3}};
    prk_quadratic g = *f;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        g = substituted(f, points[i][0], points[i][1]);
        if (gcd(g.a, level) == 1) {
            break;
        }
    }
    assert(gcd(g.a, level) == 1);
    while ((g.b - b) % modulus != 0) {
        g.c += g.b + g.a;
        g.b += 2 * g.a;
    }
    return g;
}

// [Cohe93, algorithm 5.4.7].
prk_quadratic prk_quadratic_product(const prk_quadratic *f, const prk_quadratic *g,
                                    int64_t discriminant) {
    if (f->a > g->a) {
        const prk_quadratic *swapped = f;
        f = g;
        g = swapped;
    }
    const int64_t s = (f->b + g->b) / 2, n = g->b - s;
    int64_t y1, ignored, x2, y2;
    const int64_t d = extended_gcd(g->a, f->a, &y1, &ignored);
    const int64_t d1 = extended_gcd(s, d, &x2, &y2);
    const int64_t v1 = f->a / d1, v2 = g->a / d1;
    const __int128 r = (-(__int128)y1 * y2 % v1 * n - (__int128)x2 * g->c) % v1;
    prk_quadratic product = {.a = v1 * v2, .b = (int64_t)(g->b + 2 * v2 * r)};
    product.c = (int64_t)(((__int128)product.b * product.b - discriminant) / (4 * product.a));
    prk_quadratic_reduce(&product);
    return product;
}

// --- The group -----------------------------------------------------------------------------------

static bool is_same(const prk_quadratic *f, const prk_quadratic *g) {
    return f->a == g->a && f->b == g->b;
}

size_t prk_class_place(const prk_class_group *group, const prk_quadratic *f) {
    size_t i = 0;
    while (i < group->h && !is_same(&group->forms[i], f)) {
        i++;
    }
    return i;
}

static prk_quadratic unit(int64_t discriminant) {
    const int64_t b = discriminant & 1;
    return (prk_quadratic){1, b, (b - discriminant) / 4};
}

static prk_quadratic power(const prk_quadratic *f, size_t exponent, int64_t discriminant) {
    prk_quadratic result = unit(discriminant), square = *f;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1) {
            result = prk_quadratic_product(&result, &square, discriminant);
        }
        square = prk_quadratic_product(&square, &square, discriminant);
    }
    return result;
}

// The subgroup and its `prime` - 1 cosets by powers of f, which is not in it but whose power is.
static void extend(prk_class_group *group, const prk_quadratic *f, unsigned prime) {
    const size_t h = group->h;
    for (size_t i = h; i < prime * h; i++) {
        group->forms[i] = prk_quadratic_product(&group->forms[i - h], f, group->discriminant);
    }
    group->h = prime * h;
    group->primes[group->steps++] = prime;
}

// Takes f in, whose order is a power of the prime.
static bool take_in(prk_class_group *group, const prk_quadratic *f, unsigned prime, size_t whole) {
    prk_quadratic powers[PRK_MOST_GROUP_STEPS + 1];
    size_t count = 0, h = group->h;
    powers[0] = *f;
    while (prk_class_place(group, &powers[count]) == group->h) {
        h *= prime;
        if (whole % h != 0) {
            return false;
        }
        powers[count + 1] = power(&powers[count], prime, group->discriminant);
        count++;
    }
    while (count-- > 0) {
        extend(group, &powers[count], prime);
    }
    return true;
}

// The next form of prime norm above `q`, which becomes that norm. False: there is none in reach.
static bool next_form(unsigned *q, int64_t discriminant, prk_quadratic *f) {
    while (++*q < MOST_NORM) {
        for (int64_t b = discriminant & 1; b <= *q; b += 2) {
            const int64_t product = (b * b - discriminant) / 4;
            if (product % *q == 0 && gcd(gcd(*q, b), product / *q) == 1) {
                *f = (prk_quadratic){*q, b, product / *q};
                prk_quadratic_reduce(f);
                return true;
            }
        }
    }
    return false;
}

// The Sylow group of a prime; `cofactor` is the largest divisor of the class number without it.
static bool take_in_all(prk_class_group *group, unsigned prime, size_t cofactor, size_t whole) {
    const size_t end = group->h * (whole / cofactor);
    prk_quadratic f;
    for (unsigned q = 1; group->h < end;) {
        if (!next_form(&q, group->discriminant, &f)) {
            return false;
        }
        f = power(&f, cofactor, group->discriminant);
        if (!take_in(group, &f, prime, whole)) {
            return false;
        }
    }
    return true;
}

static size_t without(size_t h, unsigned prime) {
    while (h % prime == 0) {
        h /= prime;
    }
    return h;
}

prk_status prk_class_group_make(prk_class_group *group, int64_t discriminant, size_t h) {
    assert(h >= 1 && h <= PRK_MOST_CLASSES && discriminant > PRK_LEAST_FORM_DISCRIMINANT);
    *group = (prk_class_group){.discriminant = discriminant, .h = 1};
    group->forms = malloc(h * sizeof *group->forms);
    if (group->forms == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    group->forms[0] = unit(discriminant);
    size_t left = h;
    for (unsigned prime = (unsigned)h; prime > 1; prime--) {
        // What is left has no prime above this one, so a divisor that is not prime has gone before.
        bool is_prime = left % prime == 0;
        for (unsigned p = 2; p * p <= prime; p++) {
            is_prime = is_prime && prime % p != 0;
        }
        if (!is_prime) {
            continue;
        }
        const size_t cofactor = without(h, prime);
        left = without(left, prime);
        if (!take_in_all(group, prime, cofactor, h)) {
            prk_class_group_clear(group);
            return PRK_STATUS_INVALID_ARGUMENT;
        }
    }
    return PRK_STATUS_OK;
}

void prk_class_group_clear(prk_class_group *group) {
    free(group->forms);
    group->forms = NULL;
}
