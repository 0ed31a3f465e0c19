// SPDX-License-Identifier: Apache-2.0
//
// Proofs by elliptic curves with complex multiplication [AtMo93] [FKMW04] [Mora07]. From n the way
// goes down to ever smaller primes: a discriminant D with 4 n = t^2 - D v^2 gives curves of n + 1 ±
// t points, and where that is s q with a prime q and a small s, n is prime if q is. Then, in any
// order, each step is realised: a root of D's class polynomial modulo n gives the curve, and a
// point on it is found that shows it. Nothing here is believed: the verifier has the last word.

#ifndef PRK_ECPP_H
#define PRK_ECPP_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

// --- Discriminants (discriminants.c) -------------------------------------------------------------

#define PRK_MOST_PRIME_DISCRIMINANTS 8

/// A fundamental discriminant D < 0 as the product of prime discriminants: -4, 8, -8, and p* = p or
/// -p, whichever is 1 modulo 4, of odd primes.
typedef struct prk_discriminant {
    int32_t d;
    uint16_t h; // the class number
    uint16_t o; // h / 2^(count - 1): of the n modulo which all prime discriminants are squares, one
                // in o is a norm
    uint8_t count;
    int16_t parts[PRK_MOST_PRIME_DISCRIMINANTS]; // the prime discriminants; -4, 8 or -8 is the last
} prk_discriminant;

/// Those with |D| < bound whose class number is at most 4096 and has no prime above 13, and which
/// are products of at most 8 prime discriminants below 2^15: the best first, by the order (units,
/// o, h, |D|). `bound` is rounded up to 2^12, 2^15, 2^18, 2^20 or 2^22. Made once a process and
/// kept; some 0.5, 1.6, 15, 90 and 700 ms. NULL: no memory.
const prk_discriminant *prk_discriminants(uint32_t bound, size_t *count);

// --- Roots modulo n (roots.c) --------------------------------------------------------------------
//
// n is a probable prime, odd and above 3. Where a loop does not end as it does for primes, `*found`
// is false.

typedef struct prk_root {
    mpz_srcptr a;
    mpz_ptr root; // where it is found
} prk_root;

/// root^2 = a modulo n, 0 <= a < n, of at most PRK_LANES such a.
prk_status prk_square_roots(prk_scratch *s, const prk_root *list, size_t count, mpz_srcptr n,
                            const uint32_t *cancel, bool *found);
/// The same of one.
prk_status prk_square_root(prk_scratch *s, mpz_ptr root, mpz_srcptr a, mpz_srcptr n,
                           const uint32_t *cancel, bool *found);

/// Roots of the polynomial x^degree + c[degree - 1] x^(degree - 1) + … + c[0] modulo n, 1 <= degree
/// <= 13 or more, which has `degree` roots if n is prime; one of them, or with `all` each into
/// roots[0 …]. Deterministic.
prk_status prk_polynomial_roots(prk_scratch *s, mpz_t *roots, bool all, mpz_t *c, size_t degree,
                                mpz_srcptr n, const uint32_t *cancel, bool *found);

// --- Class polynomials as towers (tower.c) -------------------------------------------------------

/// A tower of fields that gives the roots of a class polynomial one level at a time.
typedef struct prk_tower prk_tower;

/// Makes that of a fundamental discriminant below -4, or takes one that is kept.
/// PRK_STATUS_CANCELLED, PRK_STATUS_NO_MEMORY.
/// `*tower` NULL with PRK_STATUS_OK: its class number has a prime above 13, or is above 4096.
prk_status prk_tower_make(prk_tower **tower, const prk_discriminant *d, const uint32_t *cancel);
void prk_tower_destroy(prk_tower *tower);

/// j-invariants modulo n, a probable prime that is a norm of the discriminant (4 n = t^2 - D v^2),
/// of which one at least belongs to curves with complex multiplication by D; at most `room` of
/// them.
prk_status prk_tower_invariants(const prk_tower *tower, prk_scratch *s, mpz_srcptr n, mpz_t *j,
                                size_t room, size_t *count, const uint32_t *cancel);

// --- One step of the way down (down.c) -----------------------------------------------------------

/// n is prime if q is: a curve of D has m = n + 1 - t = s q points, 4 n = t^2 - D v^2, and
/// q > (n^(1/4) + 1)^2.
typedef struct prk_down {
    int32_t d;
    const prk_discriminant *discriminant; // of d; kept for the process
    mpz_t t, s, q;
} prk_down;

void prk_down_init(prk_down *down);
void prk_down_clear(prk_down *down);

/// Whether d, t and s that come from anywhere are a way down from n, an odd number above 2^64, as
/// prk_way_next() might have found it. If they are, q and the discriminant are set; that q is prime
/// is not looked at. PRK_STATUS_CANCELLED, PRK_STATUS_NO_MEMORY.
prk_status prk_down_look(prk_down *down, mpz_srcptr n, prk_scratch *s, const uint32_t *cancel,
                         bool *holds);

/// The ways down from one n: what was computed for one serves the next, too.
typedef struct prk_way prk_way;

/// n: a probable prime above 2^64, or else PRK_STATUS_INVALID_ARGUMENT. PRK_STATUS_NO_MEMORY.
prk_status prk_way_make(prk_way **way, mpz_srcptr n, const uint32_t *cancel);
/// Accepts NULL.
void prk_way_destroy(prk_way *way);

/// The next way down, to a q that is prime below 2^64 and a probable prime (Baillie-PSW) above, and
/// that is no earlier one: the first ones cost least. `*found` false: there is none within the
/// bounds on |D|, which says nothing about n. Ends for composite n, too. Depends on n alone, and is
/// the same at all levels. Polls the flag at least every 20 ms; after PRK_STATUS_CANCELLED or
/// PRK_STATUS_NO_MEMORY the way can only be destroyed.
prk_status prk_way_next(prk_way *way, prk_scratch *s, prk_down *down, bool *found);
/// Has the caller's thread told how many numbers the way has given to a test so far, which is most
/// of what it takes; NULL: no more.
void prk_way_watch(prk_way *way, void (*watch)(void *context, size_t tests), void *context);
/// How many these are.
size_t prk_way_tests(const prk_way *way);

// --- Points (realise.c) --------------------------------------------------------------------------

/// A curve and a point that show a step: as certificates have them, kind "ec" of docs/PROOFS.md: by
/// j and x, or, for D = -3 and D = -4, by a, b and x.
typedef struct prk_shown {
    bool has_j;
    mpz_t j, a, b;
    uint64_t x;
} prk_shown;

static inline void prk_shown_init(prk_shown *shown) {
    *shown = (prk_shown){.has_j = false};
    mpz_inits(shown->j, shown->a, shown->b, (mpz_ptr)NULL);
}
static inline void prk_shown_clear(prk_shown *shown) {
    mpz_clears(shown->j, shown->a, shown->b, (mpz_ptr)NULL);
}

/// Finds the curve and the point for n, D, t, s, q. `*found` false: none of the curves that the
/// invariants give has a point that shows it (n is composite, or q, or the invariants are wrong).
prk_status prk_realise(prk_scratch *s, mpz_srcptr n, const prk_down *down, mpz_t *j, size_t count,
                       prk_shown *shown, const uint32_t *cancel, bool *found);

#pragma GCC visibility pop

#endif
