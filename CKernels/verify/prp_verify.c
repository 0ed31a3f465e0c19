// SPDX-License-Identifier: Apache-2.0
//
// The conditions of a PRP proof [Piet19], [GIMPSProof].
//
// B_0 = A_0^(2^t) is the claim, A_0 = 3^k, t = n. Each middle M halves it: B_i+1 = M^h B_i, or M^h
// B_i^2 where t is odd, and A_i+1 = A_i^h M, with h the hash of all residues so far, and ceil(t/2)
// for t. In the end t squarings of A have to give B. If a claim is wrong, so is the next one but
// for few of the 2^64 values of h.
//
// Few, as long as nobody knows a residue w != 1 of small order r: with w B in the place of B, one
// value of h in r passes, and the prover may try until he finds it. So -1 is always free where t is
// odd. For a composite N that means that the residue may be wrong by such a factor, which is
// composite all the same. Not so for a prime N, of which the residue would have told: r divides N -
// 1 then, so that a power of the residue to the small prime factors of N - 1 shows it.

#include <stdlib.h>

#include "../long/long.h"
#include "../long/prp.h"
#include "certificate.h"

// Orders that are looked at have primes below LEAST_UNKNOWN_PRIME, each to a power up to
// MOST_ORDER.
#define LEAST_UNKNOWN_PRIME (1 << 20)
#define MOST_ORDER (UINT64_C(1) << 40)
// Up to so many bits a residue that shows a number composite is simply computed, which takes less
// than to look at orders.
#define MOST_COMPUTED_BITS 8192

typedef struct run {
    prk_prp_head head;
    const unsigned char *residues;
    const uint32_t *cancel;
    uint32_t *progress;
    prk_certificate_problem *problem;
    prk_prp *result;
    prk_scratch *scratch;
    mpz_ptr n;
    prk_special_form form;
    bool has_form;
    prk_products products;
    uint64_t end; // squarings of the whole
} run;

static bool holds(const run *r) { return r->problem->verdict == PRK_CERTIFICATE_VALID; }

static void refuse(run *r, uint64_t step, const char *what) {
    prk_refuse(r->problem, PRK_CERTIFICATE_INVALID, step, 0, "%s", what);
}

static const unsigned char *residue_bytes(const run *r, uint64_t i) {
    return r->residues + i * r->head.each;
}

static void tell(const run *r, double share) {
    if (r->progress != NULL) {
        prk_store(r->progress, (uint32_t)(1e6 * share));
    }
}

// --- The residues --------------------------------------------------------------------------------

// All are below N, and so are their places among the squares: each is a power of 3, which N does
// not have as a factor, with an even exponent. So none has a factor in common with N, without which
// 0 would show anything, and their symbols are 1. Where N = 3 modulo 4, that of -1 is not.
static void look_at_residues(run *r) {
    const size_t taken = r->scratch->taken;
    mpz_ptr x = prk_scratch_take(r->scratch), product = prk_scratch_take(r->scratch);
    mpz_set_ui(product, 1);
    for (uint64_t i = 0; i <= r->head.power && holds(r); i++) {
        prk_prp_from_bytes(x, residue_bytes(r, i), (size_t)r->head.each);
        if (mpz_cmp(x, r->n) >= 0) {
            refuse(r, i,
                   i == 0 ? "the residue B is not below the number"
                          : "the middle is not below the number");
        } else if (i == 0) {
            if (mpz_jacobi(x, r->n) != 1) {
                refuse(r, 0, "the residue B is no power of 3");
            }
        } else {
            mpz_mul(product, product, x);
            mpz_tdiv_r(product, product, r->n);
        }
    }
    if (holds(r) && mpz_jacobi(product, r->n) != 1) {
        refuse(r, 0, "a middle is no power of 3");
    }
    r->scratch->taken = taken;
}

// --- The chain -----------------------------------------------------------------------------------

static prk_status run_down(run *r, mpz_ptr a, mpz_ptr b) {
    const size_t taken = r->scratch->taken, each = (size_t)r->head.each;
    mpz_ptr m = prk_scratch_take(r->scratch);
    uint8_t hash[PRK_SHA3_BYTES];
    prk_prp_hash(hash, true, residue_bytes(r, 0), each);
    uint64_t span = r->end;
    prk_status status = PRK_STATUS_OK;
    for (uint32_t i = 0; i < r->head.power && status == PRK_STATUS_OK; i++) {
        const unsigned char *middle = residue_bytes(r, i + 1);
        const uint64_t h = prk_prp_hash(hash, false, middle, each);
        prk_prp_from_bytes(m, middle, each);
        if (span % 2 != 0) {
            status = prk_products_squares(&r->products, b, 1, r->cancel);
        }
        if (status == PRK_STATUS_OK) {
            status = prk_products_power(&r->products, a, a, h, m, r->cancel);
        }
        if (status == PRK_STATUS_OK) {
            status = prk_products_power(&r->products, b, m, h, b, r->cancel);
        }
        span = (span + 1) / 2;
        tell(r, 0.1 * (i + 1) / r->head.power);
    }
    const uint64_t at_once = 1024, all = span;
    while (span > 0 && status == PRK_STATUS_OK) {
        const uint64_t count = span < at_once ? span : at_once;
        status = prk_products_squares(&r->products, a, count, r->cancel);
        span -= count;
        tell(r, 0.1 + 0.9 * (double)(all - span) / (double)all);
    }
    r->scratch->taken = taken;
    return status;
}

// --- The verdict ---------------------------------------------------------------------------------

static uint64_t power_modulo(uint64_t base, uint64_t exponent, uint64_t modulus) {
    uint64_t result = 1 % modulus;
    base %= modulus;
    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            result = (uint64_t)((unsigned __int128)result * base % modulus);
        }
        base = (uint64_t)((unsigned __int128)base * base % modulus);
    }
    return result;
}

// Whether m divides N - 1. m < 2^41.
static bool divides_order(const run *r, uint64_t m) {
    const prk_prp_number *number = &r->head.number;
    const uint64_t power =
        (uint64_t)((unsigned __int128)power_modulo(2, number->n, m) * (number->k % m) % m);
    const int64_t less = (number->c - 1) % (int64_t)m;
    return (power + (uint64_t)(less < 0 ? less + (int64_t)m : less)) % m == 0;
}

// x and y to the small factors of N - 1, each with all its powers.
static prk_status raise_to_orders(run *r, mpz_ptr x, mpz_ptr y) {
    const prk_prp_number *number = &r->head.number;
    prk_status status = PRK_STATUS_OK;
    for (uint64_t q = 2; q < LEAST_UNKNOWN_PRIME && status == PRK_STATUS_OK; q += q == 2 ? 1 : 2) {
        if (q % 4096 == 1 && prk_is_cancelled(r->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        if (!prk_is_prime_u64(q) || !divides_order(r, q)) {
            continue;
        }
        uint64_t order = q;
        while (order * q <= MOST_ORDER && divides_order(r, order * q)) {
            order *= q;
        }
        status = prk_products_power(&r->products, x, x, order, NULL, r->cancel);
        if (status == PRK_STATUS_OK) {
            status = prk_products_power(&r->products, y, y, order, NULL, r->cancel);
        }
    }
    if (status == PRK_STATUS_OK && number->k == 1) { // 2 has the order n, or 2n
        status = prk_products_power(&r->products, x, x, number->n, NULL, r->cancel);
        if (status == PRK_STATUS_OK) {
            status = prk_products_power(&r->products, y, y, number->n, NULL, r->cancel);
        }
    }
    return status;
}

// Whether B is the residue, by all the squarings.
static prk_status compute(run *r, mpz_srcptr b) {
    const size_t taken = r->scratch->taken;
    mpz_ptr base = prk_scratch_take(r->scratch), exponent = prk_scratch_take(r->scratch),
            power = prk_scratch_take(r->scratch);
    mpz_set_ui(base, 3);
    mpz_set_ui(exponent, r->head.number.k);
    mpz_mul_2exp(exponent, exponent, r->end);
    const prk_special_form *form = r->has_form ? &r->form : NULL;
    const prk_status status = prk_power(r->scratch, prk_exact_arithmetic(r->n, form), power, base,
                                        exponent, r->n, form, r->cancel);
    if (status == PRK_STATUS_OK && mpz_cmp(power, b) != 0) {
        refuse(r, 0, "the residue B is not that of the number");
    }
    r->scratch->taken = taken;
    return status;
}

// A probable prime has B = 3^(1-c), squared as often as B was squared beyond n. Where c > 1, B
// 3^(c-1) = 1 is looked at.
static prk_status decide(run *r, mpz_ptr b) {
    const size_t taken = r->scratch->taken;
    const prk_prp_number *number = &r->head.number;
    mpz_ptr want = prk_scratch_take(r->scratch), three = prk_scratch_take(r->scratch);
    mpz_set_ui(three, 3);
    const uint64_t exponent = (uint64_t)(number->c > 1 ? number->c - 1 : 1 - number->c);
    prk_status status = prk_products_power(&r->products, want, three, exponent, NULL, r->cancel);
    mpz_ptr given = prk_scratch_take(r->scratch); // 3^(N-1), when there are no more squarings
    if (status == PRK_STATUS_OK && r->end == number->n) {
        if (number->c > 1) {
            mpz_mul(given, b, want);
        } else {
            mpz_invert(given, want, r->n); // 3 has an inverse
            mpz_mul(given, given, b);
        }
        mpz_tdiv_r(given, given, r->n);
        r->result->res64 = mpz_getlimbn(given, 0);
        r->result->has_res64 = true;
    } else if (status == PRK_STATUS_OK) {
        status = prk_products_squares(&r->products, want, r->end - number->n, r->cancel);
    }
    mpz_set(given, b);
    if (number->c > 1) {
        mpz_mul(given, b, want);
        mpz_tdiv_r(given, given, r->n);
        mpz_set_ui(want, 1);
    }
    const bool passed = status == PRK_STATUS_OK && mpz_cmp(given, want) == 0;
    r->result->verdict = passed ? PRK_PROBABLE_PRIME : PRK_COMPOSITE;
    if (status == PRK_STATUS_OK && !passed && r->head.bits <= MOST_COMPUTED_BITS) {
        status = compute(r, b);
    } else if (status == PRK_STATUS_OK && !passed) {
        status = raise_to_orders(r, given, want);
        if (status == PRK_STATUS_OK && mpz_cmp(given, want) == 0) {
            refuse(r, 0,
                   "the residue B is that of a probable prime times a root of unity: it shows "
                   "nothing");
        }
    }
    r->scratch->taken = taken;
    return status;
}

// --- All of it -----------------------------------------------------------------------------------

static prk_status verify(run *r) {
    const prk_prp_number *number = &r->head.number;
    r->n = prk_scratch_take(r->scratch);
    prk_prp_modulus(r->n, number);
    r->has_form = prk_special_form_of(r->n, &r->form);
    if (mpz_divisible_ui_p(r->n, 3) != 0) {
        refuse(r, 0, "3 divides the number, and no residue to base 3 shows anything");
        return PRK_STATUS_OK;
    }
    const uint64_t multiple = (uint64_t)1 << r->head.power;
    r->end = r->head.version == 1 ? (number->n + multiple - 1) / multiple * multiple : number->n;
    look_at_residues(r);
    if (!holds(r)) {
        return PRK_STATUS_OK;
    }
    prk_status status =
        prk_products_begin(&r->products, r->scratch, r->n, r->has_form ? &r->form : NULL);
    mpz_ptr a = prk_scratch_take(r->scratch), b = prk_scratch_take(r->scratch);
    if (status == PRK_STATUS_OK) {
        mpz_set_ui(a, 3);
        status = prk_products_power(&r->products, a, a, number->k, NULL, r->cancel);
    }
    prk_prp_from_bytes(b, residue_bytes(r, 0), (size_t)r->head.each);
    if (status == PRK_STATUS_OK) {
        status = run_down(r, a, b);
    }
    if (status == PRK_STATUS_OK && mpz_cmp(a, b) != 0) {
        refuse(r, r->head.power, "the squarings at the end do not give what the middles ask for");
    } else if (status == PRK_STATUS_OK) {
        prk_prp_from_bytes(b, residue_bytes(r, 0), (size_t)r->head.each);
        status = decide(r, b);
    }
    return status;
}

prk_status prk_prp_verify(const char *text, size_t size, const prk_prp_options *options,
                          prk_prp *result, prk_certificate_problem *problem) {
    run r = {.problem = problem, .result = result};
    if (result == NULL || problem == NULL || !prk_prp_options_hold(options)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (prk_level_status() != PRK_STATUS_OK) {
        return PRK_STATUS_LEVEL_UNAVAILABLE;
    }
    *result = (prk_prp){.outcome = PRK_PRP_DONE};
    prk_status status = prk_prp_read_head(text, size, &r.head, problem);
    if (status != PRK_STATUS_OK || !holds(&r)) {
        return status;
    }
    if (size != r.head.total) {
        const bool is_short = size < r.head.total;
        prk_refuse(problem, is_short ? PRK_CERTIFICATE_INCOMPLETE : PRK_CERTIFICATE_UNREADABLE, 0,
                   0, is_short ? "it ends after %llu of %llu bytes" : "bytes follow its end",
                   (unsigned long long)size, (unsigned long long)r.head.total);
        return PRK_STATUS_OK;
    }
    result->power = r.head.power;
    r.residues = (const unsigned char *)text + r.head.head;
    if (options != NULL) {
        r.cancel = options->cancel;
        r.progress = options->progress;
    }
    r.scratch = prk_scratch_create();
    status = r.scratch == NULL ? PRK_STATUS_NO_MEMORY
                               : prk_scratch_reserve(r.scratch, 2 * (size_t)(r.head.bits / 64 + 2));
    if (status == PRK_STATUS_OK) {
        status = verify(&r);
    }
    prk_scratch_destroy(r.scratch);
    return status;
}
