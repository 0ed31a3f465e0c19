// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the theorems of n - 1 and n + 1 share: arithmetic of their own on numbers of 64
// bits, and a step whose conditions are asked.

#ifndef PRK_TESTS_STEPS_H
#define PRK_TESTS_STEPS_H

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/long/long.h"
#include "../../CKernels/verify/conditions.h"
#include "support.h"

static prk_scratch *scratch;

static inline uint64_t below(uint64_t n) { return next_random() % n; }

__extension__ typedef unsigned __int128 wide;

// --- Arithmetic ----------------------------------------------------------------------------------

static inline uint64_t multiply(uint64_t a, uint64_t b, uint64_t n) {
    return (n >> 32) == 0 ? a * b % n : (uint64_t)((wide)a * b % n);
}

static inline uint64_t power(uint64_t a, uint64_t e, uint64_t n) {
    uint64_t x = 1 % n;
    for (a %= n; e > 0; e >>= 1, a = multiply(a, a, n)) {
        x = (e & 1) != 0 ? multiply(x, a, n) : x;
    }
    return x;
}

static inline uint64_t gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

static inline uint64_t inverse(uint64_t a, uint64_t n) {
    int64_t x = 1, y = 0;
    uint64_t b = n;
    a %= n;
    while (a > 1 && b != 0) {
        const uint64_t quotient = a / b, rest = a % b;
        const int64_t t = x - (int64_t)quotient * y;
        a = b;
        b = rest;
        x = y;
        y = t;
    }
    return x < 0 ? (uint64_t)(x + (int64_t)n) : (uint64_t)x;
}

static inline int jacobi(int64_t d, uint64_t n) {
    mpz_t z, of;
    mpz_init_set_si(z, d);
    mpz_init_set_ui(of, n);
    const int symbol = mpz_jacobi(z, of);
    mpz_clears(z, of, (mpz_ptr)NULL);
    return symbol;
}

static inline uint64_t reduced(int64_t x, uint64_t n) {
    const int64_t r = x % (int64_t)n;
    return (uint64_t)(r < 0 ? r + (int64_t)n : r);
}

typedef struct pair {
    uint64_t u, v;
} pair;

// U_k and V_k(p, q) modulo n by powers of the matrix (p, -q; 1, 0).
static inline pair lucas(uint64_t p, uint64_t q, uint64_t k, uint64_t n) {
    uint64_t a[4] = {p % n, (n - q % n) % n, 1 % n, 0}, x[4] = {1 % n, 0, 0, 1 % n};
    for (; k > 0; k >>= 1) {
        uint64_t t[4];
        if ((k & 1) != 0) {
            for (int i = 0; i < 4; i++) {
                t[i] = (multiply(x[i & 2], a[i & 1], n) +
                        multiply(x[(i & 2) + 1], a[2 + (i & 1)], n)) %
                       n;
            }
            memcpy(x, t, sizeof x);
        }
        for (int i = 0; i < 4; i++) {
            t[i] =
                (multiply(a[i & 2], a[i & 1], n) + multiply(a[(i & 2) + 1], a[2 + (i & 1)], n)) % n;
        }
        memcpy(a, t, sizeof a);
    }
    // The power is (U_(k+1), -q U_k; U_k, -q U_(k-1)), and V_k = 2 U_(k+1) - p U_k.
    return (pair){x[2], (2 * x[0] + multiply(n - p % n, x[2], n)) % n};
}

typedef struct factors {
    uint64_t prime[16];
    int count;
} factors;

static inline factors factor(uint64_t n) {
    factors f = {.count = 0};
    for (uint64_t d = 2; d * d <= n; d += d == 2 ? 1 : 2) {
        if (n % d == 0) {
            f.prime[f.count++] = d;
            while (n % d == 0) {
                n /= d;
            }
        }
    }
    if (n > 1) {
        f.prime[f.count++] = n;
    }
    return f;
}

// The full power of q in n.
static inline uint64_t part_of(uint64_t n, uint64_t q) {
    uint64_t part = 1;
    for (; n % q == 0; n /= q) {
        part *= q;
    }
    return part;
}

// --- Steps ---------------------------------------------------------------------------------------

static prk_step step;
static prk_step_prime primes[512];
static prk_certificate_problem problem;

static inline void begin_step(prk_step_kind kind, uint64_t n) {
    step.kind = kind;
    mpz_set_ui(step.n, n);
    mpz_set_ui(step.s, 0);
    mpz_set_ui(step.a, 0);
    mpz_set_ui(step.bound, 0);
    step.prime_count = 0;
}

static inline prk_step_prime *add_prime(uint64_t q) {
    prk_step_prime *prime = &primes[step.prime_count++];
    mpz_set_ui(prime->q, q);
    prime->is_plus = prime->has_base = false;
    prime->p = prime->lucas_q = 0;
    return prime;
}

static inline void add_minus(uint64_t q, uint64_t a) {
    prk_step_prime *prime = add_prime(q);
    prime->has_base = a != 0;
    mpz_set_ui(prime->a, a);
}

static inline void add_plus(uint64_t q, int64_t p, int64_t lucas_q) {
    prk_step_prime *prime = add_prime(q);
    prime->is_plus = true;
    prime->p = p;
    prime->lucas_q = lucas_q;
}

static inline bool holds(void) {
    prk_status status = PRK_STATUS_OK;
    memset(&problem, 0, sizeof problem);
    const bool it_holds = prk_step_holds(&step, scratch, NULL, &problem, &status);
    EXPECT(status == PRK_STATUS_OK, "status %d", (int)status);
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    EXPECT(it_holds || (problem.verdict == PRK_CERTIFICATE_INVALID && problem.step == step.number &&
                        problem.reason[0] != '\0'),
           "a reason");
    return it_holds;
}

static inline bool reason_has(const char *words) { return strstr(problem.reason, words) != NULL; }

// A Lucas sequence of that discriminant that does for q, or none.
static inline bool find_sequence(uint64_t n, uint64_t q, int64_t d, int64_t *p, int64_t *lucas_q) {
    for (*p = d & 1; *p < 200; *p += 2) {
        *lucas_q = (*p * *p - d) / 4;
        if (gcd(reduced(*lucas_q, n), n) == 1 &&
            gcd(lucas(reduced(*p, n), reduced(*lucas_q, n), (n + 1) / q, n).u, n) == 1) {
            return true;
        }
    }
    return false;
}

// --- The program ---------------------------------------------------------------------------------

static inline void begin_conditions(const char *program) {
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror(program);
        exit(1);
    }
    step.number = 3;
    step.primes = primes;
    mpz_inits(step.n, step.q, step.s, step.m, step.a, step.b, step.x, step.y, step.j, step.t,
              step.bound, (mpz_ptr)NULL);
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        mpz_inits(primes[i].q, primes[i].a, (mpz_ptr)NULL);
    }
}

// The program's status.
static inline int end_conditions(const char *program) {
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        mpz_clears(primes[i].q, primes[i].a, (mpz_ptr)NULL);
    }
    mpz_clears(step.n, step.q, step.s, step.m, step.a, step.b, step.x, step.y, step.j, step.t,
               step.bound, (mpz_ptr)NULL);
    prk_scratch_destroy(scratch);
    printf("%s: %s, level %s: %d failures\n", program, prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}

#endif
