// SPDX-License-Identifier: Apache-2.0
//
// The numbers of points of curves modulo n: of the discriminants that are products of squares
// modulo n the best first, and of few different ones, since a square root takes as long as a test
// of primality.

#include <stdlib.h>

#include "../share/team.h"
#include "../sieve/trial_primes.h"
#include "down.h"

enum { UNKNOWN, NO_SQUARE, SQUARE, FIRST_ROOT };

// By the size of n; found by trial on GMP alone, with a model of what curves and points will take.
typedef struct effort {
    unsigned bits;
    uint8_t log;     // small primes are those below 2^log
    uint8_t squares; // prime discriminants to begin with
    uint8_t tenths;  // of a prime that a search expects to find, the first one twice as many
    uint8_t first;   // the first bound on |D|, and
    uint8_t last;    // the last one
} effort;

static const effort efforts[] = {
    {100, 13, 4, 5, 12, 20},   {160, 14, 4, 5, 12, 20},    {250, 15, 4, 5, 15, 20},
    {332, 15, 4, 5, 15, 20},   {512, 16, 4, 10, 15, 20},   {700, 17, 5, 10, 18, 20},
    {1030, 18, 7, 10, 18, 22}, {1660, 19, 10, 10, 20, 22}, {UINT32_MAX, 20, 12, 10, 20, 22},
};

static const effort *effort_of(size_t bits) {
    const effort *e = efforts;
    while (bits > e->bits) {
        e++;
    }
    return e;
}

// --- Prime discriminants -------------------------------------------------------------------------

static size_t place_of(int part) {
    static const int even[] = {-4, 8, -8};
    const size_t odd = PRK_PART_PLACES - 3;
    for (size_t i = 0; i < 3; i++) {
        if (part == even[i]) {
            return odd + i;
        }
    }
    return (unsigned)abs(part) / 2;
}

static uint16_t *part_of(prk_way *w, int part) { return &w->parts[place_of(part)]; }
static const uint16_t *state_of(const prk_way *w, int part) { return &w->parts[place_of(part)]; }

// Whether (a|p) = 1 for an odd prime p, 0 <= a < p, by the law of reciprocity for Jacobi's symbol.
static bool is_residue(uint32_t a, uint32_t p) {
    bool is_minus = false;
    while (a != 0) {
        const int twos = __builtin_ctz(a);
        a >>= twos;
        is_minus ^= twos % 2 == 1 && (p % 8 == 3 || p % 8 == 5);
        is_minus ^= a % 4 == 3 && p % 4 == 3;
        const uint32_t rest = p % a;
        p = a;
        a = rest;
    }
    return p == 1 && !is_minus;
}

// Whether (part|n) = 1: for an odd prime p that is (n|p).
static bool is_square(prk_way *w, int part) {
    uint16_t *state = part_of(w, part);
    if (*state == UNKNOWN) {
        const unsigned long n = mpz_fdiv_ui(w->n, 8);
        bool is_one = false;
        switch (part) {
        case -4:
            is_one = n % 4 == 1;
            break;
        case 8:
            is_one = n == 1 || n == 7;
            break;
        case -8:
            is_one = n == 1 || n == 3;
            break;
        default: {
            const uint32_t p = (uint32_t)abs(part);
            is_one = is_residue((uint32_t)mpz_fdiv_ui(w->n, p), p);
        }
        }
        *state = is_one ? SQUARE : NO_SQUARE;
    }
    return *state != NO_SQUARE;
}

static bool add_root(prk_way *w) {
    mpz_t *grown = prk_memory_grown(w->roots, w->root_count, &w->root_room, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    w->roots = grown;
    mpz_init(w->roots[w->root_count++]);
    return true;
}

// At most so many roots are taken at once: eight for each of many threads.
#define MOST_PARTS (8 * PRK_LANES)

// Parts whose roots are taken, by eights where lanes take them.
typedef struct taking {
    const prk_way *w;
    prk_root roots[MOST_PARTS];
    bool found[MOST_PARTS];
} taking;

static prk_status take_some(void *context, size_t first, size_t count, prk_scratch *s) {
    taking *t = context;
    return prk_square_roots(s, t->roots + first, count, t->w->n, t->w->cancel, t->found + first);
}

// Square roots modulo n of parts that are squares; a part that has none, since n is composite,
// becomes no square.
static prk_status take_roots(prk_way *w, prk_scratch *s, const int16_t *parts, size_t count) {
    taking t = {.w = w};
    const size_t first = w->root_count, each = prk_lanes_take(w->bits) ? PRK_LANES : 1;
    mpz_t squares[MOST_PARTS];
    for (size_t i = 0; i < count; i++) {
        if (!add_root(w)) {
            return PRK_STATUS_NO_MEMORY;
        }
    }
    for (size_t i = 0; i < count; i++) { // the list does not move any more
        mpz_init_set_si(squares[i], parts[i]);
        mpz_mod(squares[i], squares[i], w->n);
        t.roots[i] = (prk_root){.a = squares[i], .root = w->roots[first + i]};
    }
    const prk_status status = prk_team_run_slices(s, count, each, take_some, &t);
    for (size_t i = 0; i < count; i++) {
        mpz_clear(squares[i]);
        if (status == PRK_STATUS_OK) {
            *part_of(w, parts[i]) = t.found[i] ? (uint16_t)(FIRST_ROOT + first + i) : NO_SQUARE;
        }
    }
    return status;
}

// A square root of d modulo n, as the product of those of its parts, which were asked for.
static bool discriminant_root(const prk_way *w, const prk_discriminant *d, mpz_ptr root) {
    mpz_set_ui(root, 1);
    for (int i = 0; i < d->count; i++) {
        const uint16_t state = *state_of(w, d->parts[i]);
        if (state < FIRST_ROOT) {
            return false;
        }
        mpz_mul(root, root, w->roots[state - FIRST_ROOT]);
        if (i > 0) {
            mpz_tdiv_r(root, root, w->n);
        }
    }
    return true;
}

// --- Discriminants -------------------------------------------------------------------------------

static bool is_available(prk_way *w, const prk_discriminant *d) {
    for (int i = 0; i < d->count; i++) {
        if (!is_square(w, d->parts[i])) {
            return false;
        }
    }
    return (uint32_t)-d->d >= w->from;
}

static bool add_place(prk_way *w, uint32_t place) {
    uint32_t *grown = prk_memory_grown(w->list, w->list_count, &w->list_room, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    w->list = grown;
    w->list[w->list_count++] = place;
    return true;
}

// Those whose largest odd prime is p.
static bool add_with_prime(prk_way *w, uint32_t p) {
    const prk_discriminant_table *pool = w->pool;
    for (size_t i = pool->starts[p / 2]; i < pool->starts[p / 2 + 1]; i++) {
        const prk_discriminant *d = &pool->entries[pool->by_prime[i]];
        if (!w->is_any_o && d->o > w->most_o) {
            break; // and so are all that follow
        }
        if (is_available(w, d) && !add_place(w, pool->by_prime[i])) {
            return false;
        }
    }
    return true;
}

static bool add_with_large_o(prk_way *w) {
    for (size_t i = w->pool->count; i-- > 0 && w->pool->entries[i].o > w->most_o;) {
        if (is_available(w, &w->pool->entries[i]) && !add_place(w, (uint32_t)i)) {
            return false;
        }
    }
    return true;
}

static int by_place(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_list(prk_way *w) {
    w->place = 0;
    if (w->list_count > 1) {
        qsort(w->list, w->list_count, sizeof w->list[0], by_place);
    }
}

// When the list is tried: so many more prime discriminants that are squares, or then any o.
// `*is_done`: all have been in.
static prk_status widen(prk_way *w, size_t more, bool *is_done) {
    const prk_trial_table *table = prk_trial_primes_table();
    const uint32_t end = w->bound < PRK_PART_BOUND ? w->bound : PRK_PART_BOUND;
    w->list_count = 0;
    *is_done = true;
    bool fits = true;
    while (more > 0 && fits && table->primes[w->next_prime].prime < end) {
        const int p = (int)table->primes[w->next_prime++].prime;
        *is_done = false;
        if (is_square(w, p % 4 == 1 ? p : -p)) {
            w->squares++;
            more--;
            fits = add_with_prime(w, (uint32_t)p);
        }
    }
    if (*is_done && !w->is_any_o) {
        *is_done = false;
        w->is_any_o = true;
        fits = add_with_large_o(w);
    }
    sort_list(w);
    return fits ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
}

// A larger pool, of whose new ones those are in whose prime discriminants are.
static prk_status open_pool(prk_way *w, uint32_t bound) {
    const prk_status status = prk_discriminant_table_get(&w->pool, bound, w->cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    w->from = w->bound;
    w->bound = bound;
    w->list_count = 0;
    bool fits = add_with_prime(w, 1);
    for (size_t i = 0; i < w->next_prime && fits; i++) {
        fits = add_with_prime(w, prk_trial_primes_table()->primes[i].prime);
    }
    sort_list(w);
    return fits ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
}

prk_status prk_orders_begin(prk_way *w) {
    const effort *e = effort_of(w->bits);
    w->log = e->log;
    w->gain = w->bits < 300 ? 1 : w->log / 2 + 1;
    // Cornacchia's algorithm runs o times for each order, which is to take less than a root.
    w->most_o = 8 + (uint32_t)(w->bits * w->bits / 8192);
    return prk_trial_primes_table() == NULL ? PRK_STATUS_NO_MEMORY
                                            : open_pool(w, (uint32_t)1 << e->first);
}

prk_status prk_orders_extend(prk_way *w, bool *is_done) {
    static const uint8_t logs[] = {15, 18, 20, 22};
    const effort *e = effort_of(w->bits);
    *is_done = true;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        if ((uint32_t)1 << logs[i] > w->bound && logs[i] <= e->last) {
            *is_done = false;
            return open_pool(w, (uint32_t)1 << logs[i]);
        }
    }
    return PRK_STATUS_OK;
}

// --- Orders --------------------------------------------------------------------------------------

// q = n + 1 - t, for now.
static bool add_order(prk_way *w, const prk_discriminant *d, mpz_srcptr t, bool is_negative) {
    prk_order *grown = prk_memory_grown(w->orders, w->order_count, &w->order_room, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    w->orders = grown;
    prk_order *order = &w->orders[w->order_count++];
    order->d = d;
    order->state = PRK_ORDER_WAITS;
    mpz_init(order->q);
    mpz_init_set(order->t, t);
    if (is_negative) {
        mpz_neg(order->t, order->t);
    }
    mpz_add_ui(order->q, w->n, 1);
    mpz_sub(order->q, order->q, order->t);
    return true;
}

static bool add_both(prk_way *w, const prk_discriminant *d, mpz_srcptr t) {
    return add_order(w, d, t, false) && add_order(w, d, t, true);
}

// All t with t^2 - d v^2 = 4 n: with four units also 2 v, and with six (t ± 3 v) / 2.
static bool add_orders(prk_way *w, const prk_discriminant *d, mpz_ptr t, mpz_ptr v) {
    if (!add_both(w, d, t)) {
        return false;
    }
    if (d->d == -4) {
        mpz_mul_2exp(v, v, 1);
        return add_both(w, d, v);
    }
    if (d->d != -3) {
        return true;
    }
    mpz_mul_ui(v, v, 3);
    mpz_add(t, t, v);
    mpz_tdiv_q_2exp(t, t, 1);
    if (!add_both(w, d, t)) {
        return false;
    }
    mpz_sub(t, t, v);
    return add_both(w, d, t);
}

// Adds the parts of d that are squares without a root, to at most `most`; false: there are more.
static bool add_parts(const prk_way *w, const prk_discriminant *d, int16_t *parts, size_t *count,
                      size_t most) {
    for (int i = 0; i < d->count; i++) {
        bool is_new = *state_of(w, d->parts[i]) == SQUARE;
        for (size_t j = 0; j < *count && is_new; j++) {
            is_new = parts[j] != d->parts[i];
        }
        if (is_new && *count == most) {
            return false;
        }
        if (is_new) {
            parts[(*count)++] = d->parts[i];
        }
    }
    return true;
}

static const prk_discriminant *next_one(const prk_way *w, size_t i) {
    return w->place + i < w->list_count ? &w->pool->entries[w->list[w->place + i]] : NULL;
}

// How many orders one in o of which there are, in 1024ths.
static size_t expected_orders(const prk_discriminant *d) {
    const size_t units = d->d == -3 ? 6 : d->d == -4 ? 4 : 2;
    return 1024 * units / d->o;
}

// The roots that the next discriminant needs. Where more take no longer, since lanes or threads are
// idle, also those of the ones after it that will be tried until there are so many orders as are
// missing.
static prk_status find_roots(prk_way *w, prk_scratch *s, size_t missing) {
    int16_t parts[MOST_PARTS];
    size_t count = 0, expected = 0;
    add_parts(w, next_one(w, 0), parts, &count, MOST_PARTS);
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    const size_t at_once = prk_team_size(s) * (prk_lanes_take(w->bits) ? PRK_LANES : 1);
    const size_t most = at_once > MOST_PARTS ? MOST_PARTS : at_once;
    bool fits = count < most;
    const prk_discriminant *d;
    for (size_t i = 0; fits && expected < 1024 * missing && (d = next_one(w, i)) != NULL; i++) {
        fits = add_parts(w, d, parts, &count, most);
        expected += expected_orders(d);
    }
    return take_roots(w, s, parts, count);
}

// A discriminant whose norm is looked for.
typedef struct trial {
    mpz_t t, v;
    bool is_norm;
} trial;

typedef struct trials {
    const prk_way *w;
    trial *list;
} trials;

static prk_status try_some(void *context, size_t first, size_t count, prk_scratch *s) {
    const trials *all = context;
    const prk_way *w = all->w;
    mpz_ptr root = prk_scratch_take(s);
    prk_status status = PRK_STATUS_OK;
    for (size_t k = first; k < first + count; k++) {
        const prk_discriminant *d = next_one(w, k);
        trial *one = &all->list[k];
        one->is_norm = discriminant_root(w, d, root) &&
                       prk_norm(s, one->t, one->v, d->d, root, w->n, w->limit);
        if (prk_is_cancelled(w->cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
    }
    s->taken--;
    return status;
}

// Threads get so many discriminants each before all wait for all.
#define EACH_TRIES 8
#define MOST_TRIALS 256

// Tries the next discriminants that have all roots: one, or some for each of several threads. Those
// after the last one that is needed stay in the list.
static prk_status try_next(prk_way *w, prk_scratch *s, size_t wanted, size_t first) {
    const size_t team = prk_team_size(s), missing = wanted - (w->order_count - first);
    prk_status status = find_roots(w, s, missing);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    size_t most = team == 1 ? 1 : EACH_TRIES * team, expected = 0;
    most = most > MOST_TRIALS ? MOST_TRIALS : most;
    trial list[MOST_TRIALS];
    trials all = {.w = w, .list = list};
    size_t count = 0;
    const prk_discriminant *d;
    while (count < most && expected < 1024 * missing && (d = next_one(w, count)) != NULL) {
        int16_t parts[PRK_MOST_PRIME_DISCRIMINANTS];
        size_t without = 0;
        add_parts(w, d, parts, &without, PRK_MOST_PRIME_DISCRIMINANTS);
        if (without > 0) {
            break;
        }
        expected += expected_orders(d);
        mpz_inits(list[count].t, list[count].v, (mpz_ptr)NULL);
        count++;
    }
    status = prk_team_run_slices(s, count, EACH_TRIES, try_some, &all);
    for (size_t i = 0; i < count; i++) {
        if (status == PRK_STATUS_OK && w->order_count - first < wanted) {
            d = next_one(w, 0);
            w->place++;
            if (list[i].is_norm && !add_orders(w, d, list[i].t, list[i].v)) {
                status = PRK_STATUS_NO_MEMORY;
            }
        }
        mpz_clears(list[i].t, list[i].v, (mpz_ptr)NULL);
    }
    return status;
}

// --- What is left of them ------------------------------------------------------------------------

// q > (n^(1/4) + 1)^2: for x = q^2 + 6 q + 1 - n that is x > 4 (q + 1) sqrt(q), as the verifier
// asks.
bool prk_order_suffices(prk_scratch *s, mpz_srcptr q, mpz_srcptr n) {
    mpz_ptr x = prk_scratch_take(s), y = prk_scratch_take(s);
    mpz_add_ui(x, q, 6);
    mpz_mul(x, x, q);
    mpz_add_ui(x, x, 1);
    mpz_sub(x, x, n);
    bool is_above = mpz_sgn(x) > 0;
    if (is_above) {
        mpz_mul(x, x, x);
        mpz_add_ui(y, q, 1);
        mpz_mul(y, y, y);
        mpz_mul(y, y, q);
        mpz_mul_2exp(y, y, 4);
        is_above = mpz_cmp(x, y) > 0;
    }
    s->taken -= 2;
    return is_above;
}

// Of a power modulo n, in nanoseconds as GMP takes them; what lanes save they save alike of all but
// the class polynomial.
static uint64_t power_cost(size_t bits) {
    const uint64_t limbs = bits / 64 + 1;
    return bits * limbs * (limbs + 4);
}

// In powers: of a root of degree p, as trials of splitting take them.
static uint64_t roots_cost(uint32_t h) {
    static const struct {
        uint8_t degree, powers;
    } roots[] = {{2, 1}, {3, 17}, {5, 40}, {7, 80}, {11, 170}, {13, 220}};
    uint64_t cost = 0;
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        while (h % roots[i].degree == 0) {
            h /= roots[i].degree;
            cost += roots[i].powers;
        }
    }
    return cost;
}

// About 16 log2(x).
static uint64_t sixteenths(mpz_srcptr x) {
    const size_t bits = mpz_sizeinbase(x, 2);
    const mp_size_t top = (mp_size_t)mpz_size(x) - 1;
    const unsigned lead = bits % 64 == 0 ? 64 : bits % 64;
    uint64_t word = mpz_getlimbn(x, top) << (64 - lead);
    if (lead < 5 && top > 0) {
        word |= mpz_getlimbn(x, top - 1) >> lead;
    }
    return 16 * bits + (word << 1 >> 60);
}

// Curves and points take some 20 powers, and a search like this one as many as there are orders to
// one prime, twice.
static uint64_t score(const prk_way *w, const prk_order *order, uint64_t whole) {
    const uint64_t search = 20 + 2 * w->bits / w->log;
    const uint32_t h = order->d->h;
    uint64_t cost = (search + roots_cost(h)) * power_cost(w->bits);
    uint64_t root = 1;
    while ((root + 1) * (root + 1) <= h) {
        root++;
    }
    cost += h < 16 ? 0 : 6000 * h * root;       // the class polynomial: 6 h^1.5 microseconds
    const uint64_t rest = sixteenths(order->q); // more than all where there are no small primes
    return 16 * cost / (whole > rest ? whole - rest : 1);
}

typedef struct smoothing {
    const prk_way *w;
    mpz_ptr *numbers;
} smoothing;

static prk_status smooth_some(void *context, size_t first, size_t count, prk_scratch *s) {
    const smoothing *all = context;
    return prk_smooth_remove(s, all->numbers + first, count, all->w->log, all->w->cancel);
}

static prk_status finish(prk_way *w, prk_scratch *s, size_t first) {
    const size_t count = w->order_count - first;
    smoothing all = {.w = w, .numbers = malloc((count + 1) * sizeof(mpz_ptr))};
    if (all.numbers == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        all.numbers[i] = w->orders[first + i].q;
    }
    // As many for each thread, and whole vectors.
    const size_t vectors = count / prk_team_size(s) / PRK_LANES + 1;
    const prk_status status = prk_team_run_slices(s, count, vectors * PRK_LANES, smooth_some, &all);
    free(all.numbers);
    const uint64_t whole = sixteenths(w->n);
    for (size_t i = first; i < w->order_count && status == PRK_STATUS_OK; i++) {
        prk_order *order = &w->orders[i];
        if (prk_order_suffices(s, order->q, w->n)) {
            order->score = score(w, order, whole);
        } else {
            order->state = PRK_ORDER_OUT;
        }
    }
    return status;
}

// A number of this size without primes below 2^log is prime with probability e^gamma log / bits.
prk_status prk_orders_find(prk_way *w, prk_scratch *s) {
    const effort *e = effort_of(w->bits);
    const size_t first = w->order_count;
    const uint64_t each = 1781 * (uint64_t)w->log;
    const uint64_t chance = (uint64_t)(first == 0 ? 2 : 1) * e->tenths * 100 * w->bits;
    const size_t wanted = (size_t)((chance + each - 1) / each);
    while (w->order_count - first < wanted) {
        if (prk_is_cancelled(w->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        prk_status status = PRK_STATUS_OK;
        bool is_done = false;
        if (w->place < w->list_count) {
            status = try_next(w, s, wanted, first);
        } else {
            // Of roots no more than are needed, until there are many.
            const size_t more = w->squares < e->squares ? e->squares : 2 + w->squares / 16;
            status = widen(w, more, &is_done);
        }
        if (status != PRK_STATUS_OK) {
            return status;
        }
        if (is_done) {
            break;
        }
    }
    return finish(w, s, first);
}
