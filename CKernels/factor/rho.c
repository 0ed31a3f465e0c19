// SPDX-License-Identifier: Apache-2.0
//
// Pollard's rho method, as Brent wrote it [Bren80]: x -> x^2 + c meets itself modulo a prime p of n
// after about sqrt(p) steps.

#include "../include/primality.h"
#include "factor.h"
#include "field.h"

// Steps between two looks at the product of differences.
#define BLOCK 128

typedef struct rho {
    const prk_field *f;
    mp_limb_t x[PRK_FIELD_LIMBS], y[PRK_FIELD_LIMBS], saved[PRK_FIELD_LIMBS], c[PRK_FIELD_LIMBS];
    mp_limb_t product[PRK_FIELD_LIMBS];
} rho;

PRK_INLINE void next(int k, rho *r) {
    prk_field_square(k, r->f, r->y, r->y);
    prk_field_add(k, r->f, r->y, r->y, r->c);
}

PRK_INLINE void run_body(int k, rho *r, uint64_t steps) {
    for (uint64_t i = 0; i < steps; i++) {
        next(k, r);
    }
}

PRK_INLINE void block_body(int k, rho *r, uint64_t steps) {
    prk_field_copy(k, r->f, r->saved, r->y);
    for (uint64_t i = 0; i < steps; i++) {
        next(k, r);
        mp_limb_t difference[PRK_FIELD_LIMBS];
        prk_field_subtract(k, r->f, difference, r->x, r->y);
        prk_field_multiply(k, r->f, r->product, r->product, difference);
    }
}

static void run(rho *r, uint64_t steps) { PRK_FIELD_DISPATCH(r->f, run_body, r, steps); }
static void block(rho *r, uint64_t steps) { PRK_FIELD_DISPATCH(r->f, block_body, r, steps); }

static void set_gcd(mpz_ptr g, const rho *r, const mp_limb_t *x, mpz_srcptr n) {
    prk_field_from(r->f, g, x);
    mpz_gcd(g, g, n);
}

// n divides the product: one difference after the other.
static void look_again(rho *r, mpz_ptr g, mpz_srcptr n) {
    mpn_copyi(r->y, r->saved, r->f->size);
    do {
        run(r, 1);
        mp_limb_t difference[PRK_FIELD_LIMBS];
        prk_field_subtract(0, r->f, difference, r->x, r->y);
        set_gcd(g, r, difference, n);
    } while (mpz_cmp_ui(g, 1) == 0);
}

uint64_t prk_rho_cost(size_t limbs, uint64_t steps) {
    return 5 * steps / 2 * prk_product_cost(limbs);
}

prk_status prk_rho(mpz_ptr g, mpz_srcptr n, uint64_t steps, prk_effort *effort, prk_scratch *s) {
    mpz_set_ui(g, 1);
    if (mpz_size(n) > PRK_FIELD_LIMBS) {
        return PRK_STATUS_OK;
    }
    prk_field f;
    prk_field_make(&f, n);
    rho r = {.f = &f};
    mpz_set_ui(g, 1 + prk_effort_draw(effort) % 1000000);
    prk_field_to(&f, r.c, g, n, s);
    mpz_set_ui(g, 2);
    prk_field_to(&f, r.y, g, n, s);
    mpz_set_ui(g, 1);
    prk_field_to(&f, r.product, g, n, s);
    uint64_t done = 0;
    for (uint64_t length = 1; mpz_cmp_ui(g, 1) == 0 && done < steps; length *= 2) {
        mpn_copyi(r.x, r.y, f.size);
        // What is nearer than half the length was looked at before.
        for (uint64_t i = 0; i < length; i += 4096) {
            if (prk_is_cancelled(effort->cancel)) {
                return PRK_STATUS_CANCELLED;
            }
            run(&r, length - i < 4096 ? length - i : 4096);
        }
        for (uint64_t i = 0; i < length && mpz_cmp_ui(g, 1) == 0; i += BLOCK) {
            if (prk_is_cancelled(effort->cancel)) {
                return PRK_STATUS_CANCELLED;
            }
            block(&r, length - i < BLOCK ? length - i : BLOCK);
            set_gcd(g, &r, r.product, n);
        }
        done += 2 * length;
    }
    if (mpz_cmp(g, n) == 0) {
        look_again(&r, g, n);
    }
    return PRK_STATUS_OK;
}

static uint64_t gcd_u64(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// The same for one limb, without memory, with one c after the other until there is a factor.
uint64_t prk_split_u64(uint64_t n) {
    const prk_mont64 m = prk_mont64_make(n);
    uint64_t g = 1;
    for (uint64_t c = 1; g == 1 || g == n; c++) {
        uint64_t x = 0, y = m.one, saved = y, product = m.one;
        g = 1;
        for (uint64_t length = 1; g == 1; length *= 2) {
            x = y;
            for (uint64_t i = 0; i < length; i++) {
                y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
            }
            for (uint64_t i = 0; i < length && g == 1; i += BLOCK) {
                saved = y;
                for (uint64_t j = i; j < length && j < i + BLOCK; j++) {
                    y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
                    product = prk_mont64_multiply(m, product, prk_mont64_subtract(m, x, y));
                }
                g = gcd_u64(n, product); // n for a product of 0
            }
        }
        for (y = saved; g == n;) {
            y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
            const uint64_t found = gcd_u64(n, prk_mont64_subtract(m, x, y));
            if (found != 1) {
                g = found;
                break;
            }
        }
    }
    return g;
}

int prk_primes_of_u64(uint64_t n, uint64_t primes[16]) {
    int count = 0;
    // Of very small primes the method's cycles are too short to be told apart.
    static const uint8_t small[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                                    43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
    for (size_t i = 0; i < sizeof small; i++) {
        if (n % small[i] == 0) {
            primes[count++] = small[i];
            while (n % small[i] == 0) {
                n /= small[i];
            }
        }
    }
    uint64_t open[16]; // products of 7 at most
    int opened = 0;
    open[opened++] = n;
    while (opened > 0) {
        const uint64_t m = open[--opened];
        if (m == 1) {
            continue;
        }
        if (!prk_is_prime_u64(m)) {
            const uint64_t g = prk_split_u64(m);
            open[opened++] = g;
            open[opened++] = m / g;
            continue;
        }
        bool is_new = true;
        for (int i = 0; i < count; i++) {
            is_new = is_new && primes[i] != m;
        }
        if (is_new) {
            primes[count++] = m;
        }
    }
    return count;
}
