// SPDX-License-Identifier: Apache-2.0
//
// Parts of a step down, each of which knows nothing of the others.

#ifndef PRK_DOWN_H
#define PRK_DOWN_H

#include "ecpp.h"

#pragma GCC visibility push(hidden)

// --- Discriminants (discriminants.c) -------------------------------------------------------------

#define PRK_PART_BOUND 32768 // of the primes of prime discriminants

/// prk_discriminants(), and where they are by their largest odd prime p: those of 1, which have
/// none, and of 3, 5, 7, … at by_prime[starts[p / 2]] … by_prime[starts[p / 2 + 1] - 1], the best
/// first.
typedef struct prk_discriminant_table {
    size_t count;
    const prk_discriminant *entries;
    const uint32_t *by_prime;
    uint32_t starts[PRK_PART_BOUND / 2 + 1];
} prk_discriminant_table;

/// PRK_STATUS_CANCELLED, PRK_STATUS_NO_MEMORY.
prk_status prk_discriminant_table_get(const prk_discriminant_table **table, uint32_t bound,
                                      const uint32_t *cancel);

/// The discriminant d, d < 0, if it is one of prk_discriminants() of some bound; else NULL.
prk_status prk_discriminant_find(const prk_discriminant **found, int32_t d, const uint32_t *cancel);

/// The largest odd prime of d; 1 where it has none.
uint32_t prk_discriminant_prime(const prk_discriminant *d);

// --- Norms (cornacchia.c) ------------------------------------------------------------------------

/// t, v >= 0 with t^2 - d v^2 = 4 n, d < 0. `root`: d is its square modulo n, 0 <= root < n.
/// `limit` = floor(2 sqrt(n)). False: there are none, if n is prime. What is found holds whatever n
/// and `root` are.
bool prk_norm(prk_scratch *s, mpz_ptr t, mpz_ptr v, int32_t d, mpz_srcptr root, mpz_srcptr n,
              mpz_srcptr limit);

/// v >= 0 with t^2 - d v^2 = 4 n for a t that is there, d < 0. False: there is none.
bool prk_norm_of_trace(prk_scratch *s, mpz_ptr v, mpz_srcptr t, int32_t d, mpz_srcptr n);

/// The remainders of Euclid's algorithm for a > b >= 0, up to the first b <= limit, limit >= 1.
void prk_remainders_until(prk_scratch *s, mpz_ptr a, mpz_ptr b, mpz_srcptr limit);

// --- Smooth parts (smooth.c) ---------------------------------------------------------------------

#define PRK_SMOOTH_LEAST_LOG 8
#define PRK_SMOOTH_MOST_LOG 20

/// Takes all primes below 2^log out of each of the numbers, which are above 0; 8 <= log <= 20.
prk_status prk_smooth_remove(prk_scratch *s, const mpz_ptr *numbers, size_t count, unsigned log,
                             const uint32_t *cancel);

// --- Smooth parts in lanes (smooth_lanes.c) ------------------------------------------------------

/// A product of odd primes, and its limbs of 52 bits, after which comes one of 0.
typedef struct prk_primorial {
    mpz_t product;
    size_t size;
    uint64_t limbs[];
} prk_primorial;

/// common[i] = gcd(numbers[i], the product), of up to eight odd numbers of at most `bits` bits,
/// which prk_lanes_take().
prk_status prk_smooth_in_lanes(prk_scratch *s, const mpz_ptr *common, const mpz_ptr *numbers,
                               size_t count, size_t bits, const prk_primorial *p);

// --- Orders of curves (orders.c) -----------------------------------------------------------------

typedef enum prk_order_state {
    PRK_ORDER_WAITS,
    PRK_ORDER_STRONG, // q passed the strong test to base 2
    PRK_ORDER_OUT,    // q is too small, composite or one of another order, or was given away
} prk_order_state;

/// A curve of n + 1 - t points, whose number without small primes is q.
typedef struct prk_order {
    const prk_discriminant *d;
    mpz_t t, q;
    uint64_t score; // what it costs for each bit that it gains: the less the better
    prk_order_state state;
} prk_order;

// Places of the prime discriminants: p / 2 of an odd prime p, and those of -4, 8 and -8.
#define PRK_PART_PLACES ((size_t)(1 << 14) + 3)

/// What is known of one n.
struct prk_way {
    mpz_t n, limit; // floor(2 sqrt(n))
    size_t bits;
    unsigned log;  // small primes are those below 2^log
    unsigned gain; // n / q is at least 2^gain
    const uint32_t *cancel;
    // The discriminants with from <= |D| < bound.
    uint32_t from, bound;
    const prk_discriminant_table *pool;
    // Of these the ones that are tried now: whose prime discriminants are squares and up to that of
    // the prime before `next_prime` of the table, and whose o is at most this, or any.
    uint32_t most_o;
    bool is_any_o;
    size_t next_prime, squares; // how many prime discriminants are squares
    uint32_t *list;             // places in the pool, in order, from `place` on
    size_t list_count, list_room, place;
    uint16_t parts[PRK_PART_PLACES]; // 0: not asked yet, 1: no square, 2: a square, else 3 + root
    mpz_t *roots;
    size_t root_count, root_room;
    prk_order *orders;
    size_t order_count, order_room;
    // Orders that are tested, the best first, from `next` on.
    prk_order **queue;
    size_t queue_count, queue_room, next;
    size_t tests; // so many orders were tested
    void (*watch)(void *context, size_t tests);
    void *watch_context;
    mpz_t *given; // each q that was given away
    size_t given_count;
};

/// q > (n^(1/4) + 1)^2.
bool prk_order_suffices(prk_scratch *s, mpz_srcptr q, mpz_srcptr n);

/// Begins with the discriminants up to the bound that the size of n asks for.
prk_status prk_orders_begin(prk_way *w);
/// Goes on to a larger bound. `*is_done`: there is none.
prk_status prk_orders_extend(prk_way *w, bool *is_done);

/// Finds more orders, as many as let a prime q be expected, or as there are. None: no more are
/// within the bound.
prk_status prk_orders_find(prk_way *w, prk_scratch *s);

#pragma GCC visibility pop

#endif
