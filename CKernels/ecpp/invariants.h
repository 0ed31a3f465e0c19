// SPDX-License-Identifier: Apache-2.0
//
// Class invariants: values at quadratic numbers that generate the field of the class polynomial,
// with smaller coefficients than j has [YuZa97] [Sche02] [EnSc04].

#ifndef PRK_INVARIANTS_H
#define PRK_INVARIANTS_H

#include "../numbers/scratch.h"
#include "periods.h"

#pragma GCC visibility push(hidden)

typedef enum prk_invariant_kind {
    PRK_INVARIANT_J,
    PRK_INVARIANT_GAMMA2, // its cube is j
    PRK_INVARIANT_WEBER,  // a power of one of Weber's functions over a power of √2
    PRK_INVARIANT_ETA,    // a power of a double quotient of η
} prk_invariant_kind;

typedef struct prk_invariant {
    int64_t discriminant; // of the forms: D, or 4 D
    prk_invariant_kind kind;
    int64_t level;      // the a of the forms are coprime to it,
    int64_t modulus, b; // and their b are this one to this modulus
    unsigned power;     // of the function
    unsigned halvings;  // the power is divided by √2 so many times
    unsigned function;  // of Weber's: 0 is f, 1 is f1
    bool has_sign;      // times (2/a)
    unsigned factors;   // how many times longer the coefficients of j are, about
    const struct prk_double_eta *eta;
} prk_invariant;

/// The one that costs least for a fundamental discriminant D and its class number.
prk_invariant prk_invariant_of(int64_t discriminant, size_t h);

/// An invariant at a form, moved to the reduced form: of e^(2πi turn / 48) times a function a
/// power. A double quotient of η has four such forms, and here the one from which they are made.
typedef struct prk_conjugate {
    prk_quadratic form;
    unsigned function, turn;
    bool is_negative; // the sign before the power
} prk_conjugate;

prk_conjugate prk_invariant_conjugate(const prk_invariant *invariant, const prk_quadratic *reduced);

/// The reduced form where the value is the complex conjugate of this one.
prk_quadratic prk_invariant_partner(const prk_invariant *invariant, const prk_conjugate *conjugate);

/// About the binary logarithm of its absolute value, at least 0, in parts of 1024.
int64_t prk_conjugate_size(const prk_invariant *invariant, const prk_conjugate *conjugate);

/// Its value, with a relative error of some 2^-bits; how many bits are after its point is returned.
int64_t prk_conjugate_value(prk_complex *x, const prk_invariant *invariant,
                            const prk_conjugate *conjugate, prk_periods *periods);

/// j modulo n of the invariant's value x modulo n. `*found` false: x is none.
prk_status prk_invariant_to_j(mpz_ptr j, const prk_invariant *invariant, mpz_srcptr x, mpz_srcptr n,
                              prk_scratch *s, const uint32_t *cancel, bool *found);

#pragma GCC visibility pop

#endif
