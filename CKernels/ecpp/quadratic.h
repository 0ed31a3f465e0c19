// SPDX-License-Identifier: Apache-2.0
//
// Binary quadratic forms of a small negative discriminant, and the group that their classes are.

#ifndef PRK_QUADRATIC_H
#define PRK_QUADRATIC_H

#include "../include/primality.h"

#pragma GCC visibility push(hidden)

/// a x^2 + b x y + c y^2, positive definite and primitive. Discriminants are above -2^26, so that
/// what is computed with reduced forms fits in int64_t.
typedef struct prk_quadratic {
    int64_t a, b, c;
} prk_quadratic;

#define PRK_LEAST_FORM_DISCRIMINANT (-(INT64_C(1) << 26))

/// f(x + t y, y), where t makes -a < b <= a; that t. The root (-b + √D) / 2a goes down by it.
int64_t prk_quadratic_translate(prk_quadratic *f);
/// f(-y, x). The root r becomes -1/r.
void prk_quadratic_turn(prk_quadratic *f);
/// Whether a translated form is reduced; if not, it has to be turned.
bool prk_quadratic_is_reduced(const prk_quadratic *f);
void prk_quadratic_reduce(prk_quadratic *f);
/// A form equivalent to a reduced one, with `a` coprime to `level`, a product of powers of two
/// primes at most, and this b modulo `modulus`: the level, or twice that where b and D have to be
/// as even as each other.
prk_quadratic prk_quadratic_in_system(const prk_quadratic *f, int64_t level, int64_t modulus,
                                      int64_t b);
/// The reduced form of the product of two classes of one discriminant.
prk_quadratic prk_quadratic_product(const prk_quadratic *f, const prk_quadratic *g,
                                    int64_t discriminant);

#define PRK_MOST_CLASSES 4096
#define PRK_MOST_GROUP_STEPS 12 // 2^12 = PRK_MOST_CLASSES

/// The class group in the order of a composition series: the first primes[0] forms are a subgroup,
/// so are the first primes[0] primes[1], and so on, and as long runs are its cosets.
typedef struct prk_class_group {
    int64_t discriminant;
    prk_quadratic *forms; // reduced, the unit first
    size_t h;
    unsigned primes[PRK_MOST_GROUP_STEPS]; // of h, descending
    size_t steps;
} prk_class_group;

/// `h`: the class number, 1 to PRK_MOST_CLASSES; PRK_STATUS_INVALID_ARGUMENT where it is another
/// one. Costs some h products.
prk_status prk_class_group_make(prk_class_group *group, int64_t discriminant, size_t h);
void prk_class_group_clear(prk_class_group *group);

/// The place of a reduced form in a group; h when it has none.
size_t prk_class_place(const prk_class_group *group, const prk_quadratic *f);

#pragma GCC visibility pop

#endif
