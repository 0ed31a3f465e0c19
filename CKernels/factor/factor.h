// SPDX-License-Identifier: Apache-2.0
//
// Factors of numbers, within a bound on effort. What is found depends on the number and the seed
// alone.

#ifndef PRK_FACTOR_H
#define PRK_FACTOR_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// What may be spent. A unit is about a nanosecond's share of a product, prk_product_cost.
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

/// One elliptic curve of Montgomery's form and Suyama's family, with a second stage up to 50 times
/// the bound [Lens87] [Mont87]. `exponent`: prk_smooth_exponent(bound).
prk_status prk_curve(mpz_ptr g, mpz_srcptr n, uint64_t bound, mpz_srcptr exponent,
                     prk_effort *effort, prk_scratch *s);
uint64_t prk_curve_cost(size_t limbs, uint64_t bound);

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
    uint64_t bound;       // no prime of `rest` is below
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
/// The next step, after prk_factoring_settle, and settles what it finds. `*found`: whether there is
/// another prime.
prk_status prk_factoring_step(prk_factoring *f, prk_effort *effort, prk_scratch *s, bool *found);

#pragma GCC visibility pop

#endif
