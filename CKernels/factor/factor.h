// SPDX-License-Identifier: Apache-2.0
//
// Factors of numbers, within a bound on effort. What is found depends on the number and the seed
// alone.

#ifndef PRK_FACTOR_H
#define PRK_FACTOR_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// What may be spent, in units of about a nanosecond: a product modulo n takes prk_product_cost().
typedef struct prk_effort {
    uint64_t spent, most;
    uint64_t seed, drawn; // random words that were taken
    const uint32_t *cancel;
} prk_effort;

/// The next random word.
uint64_t prk_effort_draw(prk_effort *effort);

// --- Methods -------------------------------------------------------------------------------------
//
// n is odd, composite and no perfect power; g becomes a factor, or 1 or n when none was found. Each
// method polls the flag at least every 20 ms for n up to PRK_FIELD_LIMBS limbs.

/// Pollard's p - 1 method with a second stage up to 50 times the bound [Poll74]. Any size; no
/// second stage above PRK_FIELD_LIMBS limbs.
prk_status prk_minus_one(mpz_ptr g, mpz_srcptr n, uint64_t bound, prk_effort *effort,
                         prk_scratch *s);
uint64_t prk_minus_one_cost(size_t limbs, uint64_t bound);

/// Of curves: at least 105, and prk_smooth_exponent(bound).
typedef struct prk_curve_bound {
    uint64_t bound;
    mpz_srcptr exponent;
} prk_curve_bound;

/// The elliptic curve of Montgomery's form and Suyama's family that belongs to sigma, with a second
/// stage up to 50 times the bound [Lens87] [Mont87]. sigma > 5. Up to PRK_FIELD_LIMBS limbs; longer
/// numbers have no curves.
prk_status prk_curve(mpz_ptr g, mpz_srcptr n, const prk_curve_bound *b, uint64_t sigma,
                     prk_scratch *s, const uint32_t *cancel);
uint64_t prk_curve_cost(size_t limbs, uint64_t bound);

/// The next random sigma.
uint64_t prk_curve_sigma(prk_effort *effort);

/// The point and the curve of sigma: (x : 1), and (a + 2) / 4. False: there is none, since g, a
/// divisor of n above 1, is in the way. Else g is any value.
bool prk_curve_make(mpz_ptr x, mpz_ptr a24, mpz_ptr g, mpz_srcptr n, uint64_t sigma,
                    prk_scratch *s);

/// Curves of the next sigmas, up to `most` of them and to 8, until one finds a factor g. `*run`:
/// how many there were, and so many sigmas were drawn. The result is the same at all levels; where
/// lanes take n they run at once.
prk_status prk_curves(mpz_ptr g, mpz_srcptr n, const prk_curve_bound *b, unsigned most,
                      prk_effort *effort, prk_scratch *s, unsigned *run);

/// Whether so many curves, 1 … 8, modulo a number of this size take less in lanes.
bool prk_curves_pay(size_t bits, unsigned count);

/// What prk_curve would say of 1 … 8 sigmas, but 1 for those after the first that finds a factor.
/// n: odd, and prk_lanes_take() its size.
prk_status prk_curves_in_lanes(const mpz_ptr *g, mpz_srcptr n, const prk_curve_bound *b,
                               const uint64_t *sigmas, size_t count, prk_scratch *s,
                               const uint32_t *cancel);

/// The least common multiple of 1, 2, …, bound.
void prk_smooth_exponent(mpz_ptr exponent, uint64_t bound, mpz_ptr room);

/// A proper factor of n, odd and composite, of one limb, by Pollard's rho method as Brent wrote it
/// [Bren80]. Always found; about n^(1/4) products.
uint64_t prk_split_u64(uint64_t n);

/// The different primes of n >= 1, at most 15; their number is returned.
int prk_primes_of_u64(uint64_t n, uint64_t primes[16]);

/// Whether n > 1 is prime: exact below 2^64, Baillie-PSW above.
prk_status prk_is_probable_prime(mpz_srcptr n, prk_effort *effort, prk_scratch *s, bool *is_prime);

// --- One number ----------------------------------------------------------------------------------

/// A prime factor, or above 2^64 a probable one.
typedef struct prk_prime_factor {
    mpz_t p;
    unsigned long exponent;
    bool is_word;    // below 2^64, and so prime
    bool is_avoided; // its user has no proof of it
} prk_prime_factor;

/// What is left to be factored: 1, or composite, or not looked at yet.
typedef struct prk_part {
    mpz_t n;
    bool is_composite;
    unsigned stage, round; // of the schedule: what comes next
} prk_part;

typedef struct prk_factoring {
    mpz_t rest; // the number without its primes
    prk_prime_factor *primes;
    size_t prime_count, prime_room;
    prk_part *parts; // rest is their product, but for powers
    size_t part_count, part_room;
    uint64_t bound;       // no prime of `rest` is below; for n - 1 alone, which has a use for it
    unsigned long curves; // done, and to which bounds, for people
    uint64_t minus_bound, curve_bound;
    mpz_t exponent; // prk_smooth_exponent(exponent_bound)
    uint64_t exponent_bound;
} prk_factoring;

/// Begins with n >= 1, of which nothing is known.
prk_status prk_factoring_begin(prk_factoring *f, mpz_srcptr n);
void prk_factoring_end(prk_factoring *f);

/// Takes all primes below 2^16 out of n - 1 and of n + 1. n odd.
prk_status prk_factoring_divide(prk_factoring *minus, prk_factoring *plus, mpz_srcptr n);

/// Takes a prime that the caller knows, to any power that it has. 1 and what does not divide is
/// ignored.
prk_status prk_factoring_take(prk_factoring *f, mpz_srcptr p);
/// The same without a division: p^exponent divides n, and `rest` is the caller's to set.
prk_status prk_factoring_note(prk_factoring *f, mpz_srcptr p, unsigned long exponent);

/// Says that what was taken or noted is all.
void prk_factoring_complete(prk_factoring *f);

/// Looks at the parts that nobody looked at: primes are taken, and what is below 2^64 is factored.
prk_status prk_factoring_settle(prk_factoring *f, prk_effort *effort, prk_scratch *s);

/// What the next step costs; UINT64_MAX: there is none.
uint64_t prk_factoring_next_cost(const prk_factoring *f);
/// The next step, after prk_factoring_settle, and settles what it finds. Several curves, up to what
/// `limit` says that may be spent in all, are one step. `*found`: whether there is another prime.
prk_status prk_factoring_step(prk_factoring *f, uint64_t limit, prk_effort *effort, prk_scratch *s,
                              bool *found);

#pragma GCC visibility pop

#endif
