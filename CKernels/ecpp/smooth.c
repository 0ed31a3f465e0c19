// SPDX-License-Identifier: Apache-2.0
//
// Smooth parts of many numbers at once [Bern04]: the product of all primes up to a bound modulo
// each of them, by a tree of products or in lanes, and what they have in common with it.

#include <stdatomic.h>
#include <stdlib.h>

#include "../ifma/lanes.h"
#include "down.h"

// Numbers of one tree: more would save less than the memory is worth. Fewer where they are long,
// since one operation is as long as an answer to the flag may take.
#define TREE 128
#define TREE_BITS ((size_t)1 << 20)

// Made by the first who asks, and kept for all. Several may make one at once, of whom one's is
// kept: a lock could be held by another thread for ever in a child that was forked meanwhile.
static _Atomic(prk_primorial *) primorials[PRK_SMOOTH_MOST_LOG + 1];

static const prk_primorial *primorial_of(unsigned log) {
    prk_primorial *p = atomic_load_explicit(&primorials[log], memory_order_acquire);
    if (p != NULL) {
        return p;
    }
    mpz_t product;
    mpz_init(product);
    mpz_primorial_ui(product, 1ul << log);
    mpz_tdiv_q_2exp(product, product, 1);
    const size_t most = mpz_sizeinbase(product, 2) / PRK_LIMB_BITS + 1;
    p = malloc(sizeof *p + (most + 1) * sizeof p->limbs[0]);
    if (p == NULL) {
        mpz_clear(product);
        return NULL;
    }
    mpz_export(p->limbs, &p->size, -1, sizeof p->limbs[0], 0, 64 - PRK_LIMB_BITS, product);
    p->limbs[p->size] = 0;
    p->product[0] = product[0];
    prk_primorial *other = NULL;
    if (!atomic_compare_exchange_strong(&primorials[log], &other, p)) {
        mpz_clear(p->product);
        free(p);
        p = other;
    }
    return p;
}

// g = gcd(n, product), to all powers, goes out of n.
static void remove_powers(mpz_ptr n, mpz_ptr g) {
    while (mpz_cmp_ui(g, 1) > 0) {
        mpz_divexact(n, n, g);
        mpz_gcd(g, n, g);
    }
}

static void remove_twos(mpz_ptr n) { mpz_tdiv_q_2exp(n, n, mpz_scan1(n, 0)); }

// Node i has the product of nodes 2 i and 2 i + 1, and the leaves are nodes count ….
static prk_status multiply_up(mpz_t *nodes, const mpz_ptr *numbers, size_t count,
                              const uint32_t *cancel) {
    for (size_t i = 0; i < count; i++) {
        remove_twos(numbers[i]);
        mpz_set(nodes[count + i], numbers[i]);
    }
    for (size_t i = count; i-- > 1;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        mpz_mul(nodes[i], nodes[2 * i], nodes[2 * i + 1]);
    }
    return PRK_STATUS_OK;
}

// Then each node gets `top` modulo its product.
static prk_status divide_down(mpz_t *nodes, size_t count, mpz_srcptr top, const uint32_t *cancel) {
    mpz_tdiv_r(nodes[1], top, nodes[1]);
    for (size_t i = 2; i < 2 * count; i++) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        mpz_tdiv_r(nodes[i], nodes[i / 2], nodes[i]);
    }
    return PRK_STATUS_OK;
}

static prk_status take_out(prk_scratch *s, mpz_t *nodes, const mpz_ptr *numbers, size_t count,
                           mpz_srcptr top, const uint32_t *cancel) {
    prk_status status = multiply_up(nodes, numbers, count, cancel);
    if (status == PRK_STATUS_OK) {
        status = divide_down(nodes, count, top, cancel);
    }
    mpz_ptr g = prk_scratch_take(s);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        mpz_gcd(g, numbers[i], nodes[count + i]);
        remove_powers(numbers[i], g);
        status = prk_is_cancelled(cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    }
    s->taken--;
    return status;
}

static size_t tree_of(const mpz_ptr *numbers, size_t count) {
    const size_t most = count == 0 ? 1 : TREE_BITS / mpz_sizeinbase(numbers[0], 2) + 1;
    return most < TREE ? most : TREE;
}

static prk_status take_out_by_trees(prk_scratch *s, const mpz_ptr *numbers, size_t count,
                                    mpz_srcptr top, const uint32_t *cancel) {
    const size_t tree = tree_of(numbers, count);
    mpz_t *nodes = malloc(2 * tree * sizeof *nodes);
    if (nodes == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < 2 * tree; i++) {
        mpz_init(nodes[i]);
    }
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i += tree) {
        const size_t some = count - i < tree ? count - i : tree;
        status = take_out(s, nodes, numbers + i, some, top, cancel);
    }
    for (size_t i = 0; i < 2 * tree; i++) {
        mpz_clear(nodes[i]);
    }
    free(nodes);
    return status;
}

static prk_status take_out_in_lanes(prk_scratch *s, const mpz_ptr *numbers, size_t count,
                                    size_t bits, const prk_primorial *p, const uint32_t *cancel) {
    mpz_ptr common[PRK_LANES];
    for (size_t l = 0; l < PRK_LANES; l++) {
        common[l] = prk_scratch_take(s);
    }
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i += PRK_LANES) {
        const size_t some = count - i < PRK_LANES ? count - i : PRK_LANES;
        for (size_t l = 0; l < some; l++) {
            remove_twos(numbers[i + l]);
        }
        status = prk_smooth_in_lanes(s, common, numbers + i, some, bits, p);
        for (size_t l = 0; l < some && status == PRK_STATUS_OK; l++) {
            remove_powers(numbers[i + l], common[l]);
        }
        if (status == PRK_STATUS_OK && prk_is_cancelled(cancel)) {
            status = PRK_STATUS_CANCELLED;
        }
    }
    s->taken -= PRK_LANES;
    return status;
}

// Fewer numbers than that would leave lanes empty that cost more than the tree.
static bool are_for_lanes(size_t count, size_t bits) {
    return bits <= 2048 * count && prk_lanes_take(bits);
}

prk_status prk_smooth_remove(prk_scratch *s, const mpz_ptr *numbers, size_t count, unsigned log,
                             const uint32_t *cancel) {
    assert(log >= PRK_SMOOTH_LEAST_LOG && log <= PRK_SMOOTH_MOST_LOG);
    const prk_primorial *p = primorial_of(log);
    if (p == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    size_t bits = 0; // of the longest
    for (size_t i = 0; i < count; i++) {
        const size_t own = mpz_sizeinbase(numbers[i], 2);
        bits = own > bits ? own : bits;
    }
    return are_for_lanes(count, bits) ? take_out_in_lanes(s, numbers, count, bits, p, cancel)
                                      : take_out_by_trees(s, numbers, count, p->product, cancel);
}
