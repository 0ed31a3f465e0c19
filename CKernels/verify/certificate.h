// SPDX-License-Identifier: Apache-2.0
//
// A certificate as its readers leave it, whatever form it was written in.

#ifndef PRK_CERTIFICATE_H
#define PRK_CERTIFICATE_H

#include <gmp.h>

#include "../include/prk_proof.h"

#pragma GCC visibility push(hidden)

/// Which theorem a step rests on. Each says that n is prime if the step's conditions hold and its
/// q's are prime. Conditions are those of verify/conditions_*.c and stand nowhere else.
typedef enum prk_step_kind {
    /// A point of order q on a curve y^2 = x^3 + a x + b over Z/n, and s times it: q has m = s q.
    PRK_STEP_CURVE,
    /// Pocklington's theorem: F1 > sqrt(n).
    PRK_STEP_POCKLINGTON,
    /// [BLS75] theorem 5, of the factored part of n - 1.
    PRK_STEP_BLS5,
    /// [BLS75] theorem 7: theorem 5 with a bound on the primes of the other part, and a base for
    /// it.
    PRK_STEP_BLS7,
    /// [BLS75] theorem 3: n - 1 = m q with one prime q, 2q + 1 > sqrt(n).
    PRK_STEP_BLS3,
    /// [BLS75] theorem 15: n + 1 = m q with one prime q, 2q - 1 > sqrt(n).
    PRK_STEP_BLS15,
    /// Morrison's theorem: F2 > sqrt(n) + 1.
    PRK_STEP_MORRISON,
    /// Factored parts of n - 1 and of n + 1 together.
    PRK_STEP_COMBINED,
    /// Konyagin and Pomerance: F1 >= n^(3/10).
    PRK_STEP_KONYAGIN,
    /// All of n - 1 is factored, and one base shows n's order (Lucas).
    PRK_STEP_LUCAS,
    /// Primo's type 1: n - 1 = s q, base a.
    PRK_STEP_PRIMO_MINUS,
    /// Primo's type 2: n + 1 = s q, with Q in `a`.
    PRK_STEP_PRIMO_PLUS,
    /// PARI's n - 1: F > n^(1/3), and c1^2 - 4 c2 no square.
    PRK_STEP_PARI_MINUS,
    PRK_STEP_KINDS,
} prk_step_kind;

/// What our own form calls each of them.
extern const char *const prk_step_kind_names[PRK_STEP_KINDS];

/// A prime q of n - 1 with its base, or of n + 1 with its Lucas sequence.
typedef struct prk_step_prime {
    mpz_t q;
    bool is_plus;
    bool has_base;      // else the verifier looks for one, as PARI leaves it to do for small primes
    mpz_t a;            // n - 1
    int64_t p, lucas_q; // n + 1: the sequence of x^2 - p x + lucas_q
} prk_step_prime;

typedef struct prk_step {
    prk_step_kind kind;
    uint64_t number; // as the text numbers it, or from 1 on
    uint64_t line;   // where it begins
    mpz_t n;
    /// PRK_STEP_CURVE: q is the prime that n's proof needs, m = s q; a, b, x and y are below n.
    /// PRK_STEP_BLS3, _BLS15, _PRIMO_MINUS, _PRIMO_PLUS, _POCKLINGTON with one prime: `primes` has
    /// it, s = (n ∓ 1) / q where the text gives it, else 0.
    mpz_t q, s, m, a, b, x, y;
    /// How the text gave the curve, for writing it as briefly again: when is_primo, by Primo's T
    /// and either J or, when that is 0, A and B. The canonical a, b, x, y are made of them.
    bool is_primo;
    mpz_t j, t, primo_a, primo_b;
    int64_t d;   // the discriminant, if the text says it; counts for nothing
    mpz_t bound; // PRK_STEP_BLS7: on the primes of the other part; `a` is the base for it
    prk_step_prime *primes;
    size_t prime_count, prime_room;
} prk_step;

struct prk_certificate {
    prk_certificate_format format;
    mpz_t n;
    uint64_t line; // where n stands
    /// What our own form says of where the steps end, and the line; the line 0: nothing.
    mpz_t end;
    uint64_t end_line;
    prk_step *steps;
    size_t count, room;
    /// Where a condition did not hold without which there is no next step, and reading has ended:
    /// what is wrong with the steps before it comes first. PRK_CERTIFICATE_VALID: nowhere.
    prk_certificate_problem broken;
};

/// An empty one. NULL: no memory. prk_certificate_destroy() takes it.
prk_certificate *prk_certificate_create(prk_certificate_format format);
/// A step at the end of the list, zeroed, its numbers made. NULL: no memory, or too many. The
/// addresses of those before it change.
prk_step *prk_certificate_add(prk_certificate *certificate);
/// Takes away the steps from `count` on.
void prk_certificate_cut(prk_certificate *certificate, size_t count);
/// A prime at the end of a step's list, zeroed; NULL: no memory.
prk_step_prime *prk_step_add_prime(prk_step *step);
/// The primes that a step's n rests on: the q of a curve, or those of its list.
static inline size_t prk_step_needs(const prk_step *step) {
    return step->kind == PRK_STEP_CURVE ? 1 : step->prime_count;
}
static inline mpz_srcptr prk_step_need(const prk_step *step, size_t i) {
    return step->kind == PRK_STEP_CURVE ? step->q : step->primes[i].q;
}

/// Whether n is below 2^64, and so needs no step.
static inline bool prk_is_word(mpz_srcptr n) { return mpz_sgn(n) >= 0 && mpz_size(n) <= 1; }

/// Says what is wrong, as printf; returns false, for `return prk_refuse(...)`. What is no printable
/// ASCII becomes \xNN.
bool prk_refuse(prk_certificate_problem *problem, prk_certificate_verdict verdict, uint64_t step,
                uint64_t line, const char *format, ...) __attribute__((format(printf, 5, 6)));

#pragma GCC visibility pop

#endif
