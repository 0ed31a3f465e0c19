// SPDX-License-Identifier: Apache-2.0
//
// The theorems of n - 1 and n + 1 by brute force. Of a prime n every factored part that is large
// enough is a proof, and none other; of a composite n nothing is. For composites, bases and Lucas
// sequences are made that fulfil a^(n-1) = 1 and U_(n+1) = 0, so that it is up to the other
// conditions to refuse: by sizes, squares, the cubic, or by a gcd where a power is not 1 modulo n
// and 1 modulo one of its primes.

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/long/long.h"
#include "../../CKernels/verify/conditions.h"
#include "support.h"

static prk_scratch *scratch;

static uint64_t below(uint64_t n) { return next_random() % n; }

__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 signed_wide;

// --- Arithmetic of this file ---------------------------------------------------------------------

static uint64_t multiply(uint64_t a, uint64_t b, uint64_t n) {
    return (n >> 32) == 0 ? a * b % n : (uint64_t)((wide)a * b % n);
}

static uint64_t power(uint64_t a, uint64_t e, uint64_t n) {
    uint64_t x = 1 % n;
    for (a %= n; e > 0; e >>= 1, a = multiply(a, a, n)) {
        x = (e & 1) != 0 ? multiply(x, a, n) : x;
    }
    return x;
}

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

static uint64_t inverse(uint64_t a, uint64_t n) {
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

static int jacobi(int64_t d, uint64_t n) {
    mpz_t z, of;
    mpz_init_set_si(z, d);
    mpz_init_set_ui(of, n);
    const int symbol = mpz_jacobi(z, of);
    mpz_clears(z, of, (mpz_ptr)NULL);
    return symbol;
}

static uint64_t reduced(int64_t x, uint64_t n) {
    const int64_t r = x % (int64_t)n;
    return (uint64_t)(r < 0 ? r + (int64_t)n : r);
}

typedef struct pair {
    uint64_t u, v;
} pair;

// U_k and V_k(p, q) modulo n by powers of the matrix (p, -q; 1, 0).
static pair lucas(uint64_t p, uint64_t q, uint64_t k, uint64_t n) {
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

static factors factor(uint64_t n) {
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
static uint64_t part_of(uint64_t n, uint64_t q) {
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

static void begin_step(prk_step_kind kind, uint64_t n) {
    step.kind = kind;
    mpz_set_ui(step.n, n);
    mpz_set_ui(step.s, 0);
    mpz_set_ui(step.a, 0);
    mpz_set_ui(step.bound, 0);
    step.prime_count = 0;
}

static prk_step_prime *add_prime(uint64_t q) {
    prk_step_prime *prime = &primes[step.prime_count++];
    mpz_set_ui(prime->q, q);
    prime->is_plus = prime->has_base = false;
    prime->p = prime->lucas_q = 0;
    return prime;
}

static void add_minus(uint64_t q, uint64_t a) {
    prk_step_prime *prime = add_prime(q);
    prime->has_base = a != 0;
    mpz_set_ui(prime->a, a);
}

static void add_plus(uint64_t q, int64_t p, int64_t lucas_q) {
    prk_step_prime *prime = add_prime(q);
    prime->is_plus = true;
    prime->p = p;
    prime->lucas_q = lucas_q;
}

static bool holds(void) {
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

static bool reason_has(const char *words) { return strstr(problem.reason, words) != NULL; }

// --- Sizes, by this file's own arithmetic --------------------------------------------------------

// base^e > n^k, or not below it, for numbers of any size.
static bool power_is_above(uint64_t base, unsigned long e, uint64_t n, unsigned long k) {
    mpz_t x, y;
    mpz_inits(x, y, (mpz_ptr)NULL);
    mpz_ui_pow_ui(x, base, e);
    mpz_ui_pow_ui(y, n, k);
    const bool is_above = mpz_cmp(x, y) > 0;
    mpz_clears(x, y, (mpz_ptr)NULL);
    return is_above;
}

// Of n below 2^20.
static bool bls_bound_holds(uint64_t n, uint64_t f, uint64_t b) {
    const uint64_t r = (n - 1) / f % (2 * f);
    const signed_wide right = ((signed_wide)b * f + 1) *
                              (2 * (signed_wide)f * f + ((signed_wide)r - (signed_wide)b) * f + 1);
    return f % 2 == 0 && (signed_wide)n < right;
}

static bool minus_is_enough(prk_step_kind kind, uint64_t n, uint64_t f, uint64_t b) {
    switch (kind) {
    case PRK_STEP_POCKLINGTON:
        return power_is_above(f, 2, n, 1);
    case PRK_STEP_BLS5:
        return bls_bound_holds(n, f, 1);
    case PRK_STEP_BLS7:
        return f < n - 1 && bls_bound_holds(n, f, b);
    case PRK_STEP_PARI_MINUS:
        return power_is_above(f, 3, n, 1);
    case PRK_STEP_KONYAGIN: // f^10 = n^3 has no solution here
        return power_is_above(f, 3, n, 1) || (n >= 214 && power_is_above(f, 10, n, 3));
    case PRK_STEP_LUCAS:
        return f == n - 1;
    default:
        return false;
    }
}

static const prk_step_kind minus_kinds[] = {PRK_STEP_POCKLINGTON, PRK_STEP_BLS5,
                                            PRK_STEP_BLS7,        PRK_STEP_PARI_MINUS,
                                            PRK_STEP_KONYAGIN,    PRK_STEP_LUCAS};
enum { MINUS_KINDS = sizeof minus_kinds / sizeof minus_kinds[0] };

// --- Primes n ------------------------------------------------------------------------------------

static uint64_t base_for(uint64_t n, uint64_t q) {
    uint64_t a = 2;
    while (power(a, (n - 1) / q, n) == 1) {
        a++;
    }
    return a;
}

// A generator modulo n.
static uint64_t generator(uint64_t n, const factors *f) {
    for (uint64_t a = 2;; a++) {
        bool is_one = true;
        for (int i = 0; i < f->count && is_one; i++) {
            is_one = power(a, (n - 1) / f->prime[i], n) != 1;
        }
        if (is_one) {
            return a;
        }
    }
}

// The primes of `chosen` as a step; true where the conditions must hold.
static bool make_minus(prk_step_kind kind, uint64_t n, const factors *f, unsigned chosen) {
    begin_step(kind, n);
    uint64_t part = 1;
    for (int i = 0; i < f->count; i++) {
        if ((chosen >> i & 1) != 0) {
            part *= part_of(n - 1, f->prime[i]);
            const bool is_found = kind == PRK_STEP_PARI_MINUS || kind == PRK_STEP_LUCAS;
            add_minus(f->prime[i], is_found ? 0 : base_for(n, f->prime[i]));
        }
    }
    uint64_t b = 1;
    if (kind == PRK_STEP_BLS7) {
        const factors rest = factor((n - 1) / part);
        b = rest.count > 0 ? rest.prime[0] : 3;
        mpz_set_ui(step.bound, b);
    }
    if (kind == PRK_STEP_BLS7 || kind == PRK_STEP_LUCAS) {
        mpz_set_ui(step.a, generator(n, f));
    }
    return minus_is_enough(kind, n, part, b);
}

static long proofs[PRK_STEP_KINDS], refusals[PRK_STEP_KINDS];

static void expect(bool wanted, uint64_t n) {
    const bool is_proof = holds();
    EXPECT(is_proof == wanted, "kind %d, n = %llu: %s", (int)step.kind, (unsigned long long)n,
           is_proof ? "held" : problem.reason);
    (is_proof ? proofs : refusals)[step.kind]++;
}

static void try_one_minus(uint64_t n, const factors *f) {
    for (int i = 0; i < f->count; i++) {
        const uint64_t q = f->prime[i], m = (n - 1) / q;
        begin_step(PRK_STEP_BLS3, n);
        uint64_t a = 2;
        while (power(a, (n - 1) / 2, n) != n - 1 || (q > 2 && power(a, m / 2, n) == n - 1)) {
            a++;
        }
        add_minus(q, a);
        mpz_set_ui(step.s, below(2) * m);
        expect(q > 2 && power_is_above(2 * q + 1, 2, n, 1), n);
        begin_step(PRK_STEP_PRIMO_MINUS, n);
        add_minus(q, 0);
        mpz_set_ui(step.s, m);
        mpz_set_ui(step.a, base_for(n, q));
        expect(q > 2 && q > m, n);
    }
}

// A Lucas sequence of that discriminant that does for q, or none.
static bool find_sequence(uint64_t n, uint64_t q, int64_t d, int64_t *p, int64_t *lucas_q) {
    for (*p = d & 1; *p < 200; *p += 2) {
        *lucas_q = (*p * *p - d) / 4;
        if (gcd(reduced(*lucas_q, n), n) == 1 &&
            gcd(lucas(reduced(*p, n), reduced(*lucas_q, n), (n + 1) / q, n).u, n) == 1) {
            return true;
        }
    }
    return false;
}

static const int64_t discriminants[] = {5, -7, -3, 8, -4, -11, 13, 17, -19, 29, -23, 12, 37, 41};
enum { DISCRIMINANTS = sizeof discriminants / sizeof discriminants[0] };

static int64_t discriminant_for(uint64_t n) {
    for (int i = 0; i < DISCRIMINANTS; i++) {
        if (jacobi(discriminants[i], n) == -1) {
            return discriminants[i];
        }
    }
    return 0;
}

// Morrison's theorem, and both sides together.
static void try_plus(uint64_t n, const factors *minus, unsigned chosen_minus, const factors *plus,
                     unsigned chosen, int64_t d) {
    for (int combined = 0; combined < 2; combined++) {
        begin_step(combined == 1 ? PRK_STEP_COMBINED : PRK_STEP_MORRISON, n);
        uint64_t f1 = 1, f2 = 1;
        for (int i = 0; i < plus->count; i++) {
            int64_t p, q;
            if ((chosen >> i & 1) != 0 && find_sequence(n, plus->prime[i], d, &p, &q)) {
                f2 *= part_of(n + 1, plus->prime[i]);
                add_plus(plus->prime[i], p, q);
            }
        }
        for (int i = 0; i < minus->count && combined == 1; i++) {
            if ((chosen_minus >> i & 1) != 0) {
                f1 *= part_of(n - 1, minus->prime[i]);
                add_minus(minus->prime[i], base_for(n, minus->prime[i]));
            }
        }
        const uint64_t lcm = f1 / gcd(f1, f2) * f2;
        const uint64_t other = f1 + 1 > f2 - 1 ? f1 + 1 : f2 - 1;
        const bool is_enough =
            combined == 1 ? (wide)n < ((wide)lcm + 1) * other : (wide)(f2 - 1) * (f2 - 1) > n;
        expect(is_enough && f2 > 1 && (combined == 0 || f1 > 1), n);
    }
}

static void try_one_plus(uint64_t n, const factors *f, int64_t d) {
    for (int i = 0; i < f->count; i++) {
        const uint64_t q = f->prime[i], m = (n + 1) / q;
        begin_step(PRK_STEP_BLS15, n);
        bool is_found = false;
        for (int64_t p = d & 1; p < 60 && !is_found; p += 2) {
            const int64_t lucas_q = (p * p - d) / 4;
            const uint64_t up = reduced(p, n), uq = reduced(lucas_q, n);
            is_found = uq != 0 && lucas(up, uq, (n + 1) / 2, n).v == 0 &&
                       (q == 2 || lucas(up, uq, m / 2, n).v != 0);
            if (is_found) {
                add_plus(q, p, lucas_q);
            }
        }
        if (is_found) {
            expect(q > 2 && power_is_above(2 * q - 1, 2, n, 1), n);
        }
        begin_step(PRK_STEP_PRIMO_PLUS, n);
        add_plus(q, 0, 0);
        mpz_set_ui(step.s, m);
        is_found = false;
        for (uint64_t a = 2; a < 100 && a < n && !is_found; a++) {
            const uint64_t p = a % 2 + 1;
            is_found =
                jacobi((int64_t)a, n) == -1 && jacobi((int64_t)(p * p) - 4 * (int64_t)a, n) == -1 &&
                lucas(p, a, (n + 1) / 2, n).v == 0 && (q == 2 || lucas(p, a, m / 2, n).v != 0);
            mpz_set_ui(step.a, a);
        }
        if (is_found) {
            expect(q > 2 && q > m, n);
        }
    }
}

static void try_prime(uint64_t n) {
    const factors minus = factor(n - 1), plus = factor(n + 1);
    const unsigned all = (1U << minus.count) - 1;
    for (int i = 0; i < MINUS_KINDS; i++) {
        for (unsigned turn = 0; turn < 3; turn++) {
            unsigned chosen = turn == 0 ? all : 1 + (unsigned)below(all);
            if (turn == 2) {
                chosen |= 1;
            }
            expect(make_minus(minus_kinds[i], n, &minus, chosen), n);
        }
    }
    try_one_minus(n, &minus);
    const int64_t d = discriminant_for(n);
    if (d != 0) {
        const unsigned both = (1U << plus.count) - 1;
        try_plus(n, &minus, all, &plus, both, d);
        try_plus(n, &minus, 1 + (unsigned)below(all), &plus, 1 + (unsigned)below(both), d);
        try_one_plus(n, &plus, d);
    }
}

// --- Composites n --------------------------------------------------------------------------------

// x modulo p^k and y modulo the others as one.
static uint64_t join(uint64_t x, uint64_t p, uint64_t y, uint64_t r) {
    const uint64_t t = multiply(reduced((int64_t)y - (int64_t)(x % r), r), inverse(p % r, r), r);
    return x + p * t;
}

// A base with a^(n-1) = 1 modulo n: modulo each prime power any of them is a power that is.
static uint64_t liar(uint64_t n, const factors *of) {
    uint64_t a = 0, modulus = 1;
    for (int i = 0; i < of->count; i++) {
        const uint64_t p = of->prime[i], pk = part_of(n, p);
        const uint64_t order = pk / p * (p - 1);
        uint64_t h;
        do {
            h = 1 + below(pk - 1);
        } while (h % p == 0);
        h = power(h, order / gcd(n - 1, p - 1), pk);
        a = modulus == 1 ? h : join(a, modulus, h, pk);
        modulus *= pk;
    }
    return a;
}

// P of a sequence with discriminant d and U_(n+1) = 0 modulo n, or 0.
static uint64_t lucas_liar(uint64_t n, const factors *of, int64_t d) {
    uint64_t a = 0, modulus = 1;
    for (int i = 0; i < of->count; i++) {
        const uint64_t p = of->prime[i];
        if (part_of(n, p) != p) {
            return 0;
        }
        const int64_t symbol = jacobi(d, p);
        const uint64_t order = p - (uint64_t)symbol;
        uint64_t h = 0;
        for (int tries = 0; tries < 20 && h == 0; tries++) {
            const uint64_t start = below(p);
            const uint64_t q =
                multiply(reduced((int64_t)multiply(start, start, p) - d, p), inverse(4 % p, p), p);
            if (q == 0) {
                continue;
            }
            // (P + sqrt(d)) / 2 to a power k is (V_k + U_k sqrt(d)) / 2.
            const pair at = lucas(start, q, order / gcd(n + 1, order), p);
            if (at.u != 0) {
                h = multiply(at.v, inverse(at.u, p), p);
            }
        }
        if (h == 0) {
            return 0;
        }
        a = modulus == 1 ? h : join(a, modulus, h, p);
        modulus *= p;
    }
    return a;
}

static long gcd_refusals, square_refusals, cubic_refusals;
static long plus_gcd_refusals, plus_power_refusals, plus_part_refusals;

// The prime of n + 1 that the reason names is one that fails, as it says.
static void expect_plus_prime(uint64_t n) {
    const char *name = strstr(problem.reason, " for q = ");
    const uint64_t q = name == NULL ? 0 : strtoull(name + 9, NULL, 10);
    bool fails = false;
    for (size_t i = 0; i < step.prime_count; i++) {
        if (primes[i].is_plus && mpz_cmp_ui(primes[i].q, q) == 0) {
            const bool is_power = !reason_has("gcd");
            const uint64_t k = is_power ? n + 1 : (n + 1) / q;
            const uint64_t u =
                lucas(reduced(primes[i].p, n), reduced(primes[i].lucas_q, n), k, n).u;
            fails = is_power ? u != 0 : gcd(u, n) != 1;
            plus_part_refusals += !is_power && u != 0;
        }
    }
    EXPECT(fails, "n = %llu: %s", (unsigned long long)n, problem.reason);
}

static void expect_refusal(uint64_t n) {
    EXPECT(!holds(), "kind %d holds for %llu = %llu …", (int)step.kind, (unsigned long long)n,
           (unsigned long long)factor(n).prime[0]);
    refusals[step.kind]++;
    square_refusals += reason_has("is a square");
    cubic_refusals += reason_has("a root of the cubic");
    plus_gcd_refusals += reason_has("gcd(U_((n+1)/q), n) is not 1");
    plus_power_refusals += reason_has("U_(n+1) is not 0");
    if (reason_has("gcd(U_((n+1)/q), n) is not 1") || reason_has("U_(n+1) is not 0")) {
        expect_plus_prime(n);
    }
    if (reason_has("gcd(a^((n-1)/q) - 1, n) is not 1 for q = ")) {
        gcd_refusals++;
        // The prime that it names is one that fails.
        const uint64_t q = strtoull(strstr(problem.reason, "q = ") + 4, NULL, 10);
        bool fails = false;
        for (size_t i = 0; i < step.prime_count; i++) {
            if (!primes[i].is_plus && mpz_cmp_ui(primes[i].q, q) == 0) {
                const uint64_t a = mpz_get_ui(primes[i].has_base ? primes[i].a : step.a);
                fails = a == 0 || gcd(power(a, (n - 1) / q, n) + n - 1, n) != 1;
            }
        }
        EXPECT(fails, "%s", problem.reason);
    }
}

enum { LIARS = 6 };

// Bases of the primes of n - 1: which fulfil the condition, and which only that a power is not 1.
typedef struct witnesses {
    uint64_t base[16];
    bool is_proper[16];
} witnesses;

static witnesses find_witnesses(uint64_t n, const factors *minus, const uint64_t *liars) {
    witnesses w = {{0}, {false}};
    for (int i = 0; i < minus->count; i++) {
        for (int j = 0; j < LIARS && !w.is_proper[i]; j++) {
            const uint64_t value = power(liars[j], (n - 1) / minus->prime[i], n);
            if (liars[j] > 1 && value != 1) {
                w.base[i] = liars[j];
                w.is_proper[i] = gcd(value + n - 1, n) == 1;
            }
        }
    }
    return w;
}

static void try_composite_minus(uint64_t n, const factors *minus, const witnesses *w,
                                bool only_proper) {
    uint64_t part = 1;
    unsigned chosen = 0;
    for (int i = 0; i < minus->count; i++) {
        if (w->base[i] != 0 && (w->is_proper[i] || !only_proper)) {
            part *= part_of(n - 1, minus->prime[i]);
            chosen |= 1U << i;
        }
    }
    if (chosen == 0) {
        return;
    }
    const uint64_t rest = (n - 1) / part;
    for (int kind = 0; kind < MINUS_KINDS; kind++) {
        begin_step(minus_kinds[kind], n);
        for (int i = 0; i < minus->count; i++) {
            if ((chosen >> i & 1) != 0) {
                add_minus(minus->prime[i], w->base[i]);
            }
        }
        const uint64_t base = primes[0].has_base ? mpz_get_ui(primes[0].a) : 2;
        if (minus_kinds[kind] == PRK_STEP_BLS7) {
            mpz_set_ui(step.a, base);
            mpz_set_ui(step.bound, rest > 1 && rest < 1 << 20 ? factor(rest).prime[0] : 1 << 20);
            expect_refusal(n);
            mpz_set_ui(step.bound, 2 + below(100));
        }
        expect_refusal(n);
    }
}

static void try_composite_one(uint64_t n, const factors *minus, const factors *plus,
                              const uint64_t *liars, const int64_t *lucas_liars, int64_t d) {
    for (int i = 0; i < minus->count; i++) {
        for (int j = 0; j < LIARS; j++) {
            begin_step(PRK_STEP_BLS3, n);
            add_minus(minus->prime[i], liars[j]);
            expect_refusal(n);
            begin_step(PRK_STEP_PRIMO_MINUS, n);
            add_minus(minus->prime[i], 0);
            mpz_set_ui(step.a, liars[j]);
            mpz_set_ui(step.s, (n - 1) / minus->prime[i]);
            expect_refusal(n);
        }
    }
    for (int i = 0; i < plus->count; i++) {
        for (int j = 0; j < LIARS && lucas_liars[j] != 0; j++) {
            begin_step(PRK_STEP_BLS15, n);
            add_plus(plus->prime[i], lucas_liars[j], (lucas_liars[j] * lucas_liars[j] - d) / 4);
            expect_refusal(n);
        }
    }
}

static void try_composite_plus(uint64_t n, const factors *minus, const witnesses *w,
                               const factors *plus, const int64_t *lucas_liars, int64_t d,
                               bool only_proper) {
    for (int kind = 0; kind < 2; kind++) {
        begin_step(kind == 0 ? PRK_STEP_MORRISON : PRK_STEP_COMBINED, n);
        for (int i = 0; i < plus->count; i++) {
            for (int j = 0; j < LIARS && lucas_liars[j] != 0; j++) {
                const int64_t p = lucas_liars[j], q = (p * p - d) / 4;
                const uint64_t u =
                    lucas(reduced(p, n), reduced(q, n), (n + 1) / plus->prime[i], n).u;
                if (u != 0 && (gcd(u, n) == 1 || !only_proper)) {
                    add_plus(plus->prime[i], p, q);
                    break;
                }
            }
        }
        if (step.prime_count == 0) {
            return;
        }
        for (int i = 0; i < minus->count && kind == 1; i++) {
            if (w->base[i] != 0 && (w->is_proper[i] || !only_proper)) {
                add_minus(minus->prime[i], w->base[i]);
            }
        }
        expect_refusal(n);
    }
}

// All primes of n - 1 and of n + 1, by a base and a sequence that are any.
static void try_any_witness(uint64_t n, const factors *minus, const factors *plus, int64_t d) {
    const uint64_t a = 2 + below(n - 3);
    for (int kind = 0; kind < MINUS_KINDS; kind++) {
        begin_step(minus_kinds[kind], n);
        for (int i = 0; i < minus->count; i++) {
            add_minus(minus->prime[i], a);
        }
        expect_refusal(n);
    }
    if (d == 0 || n >> 30 != 0) {
        return;
    }
    const int64_t p = 2 * (int64_t)below(n / 2) + (d & 1);
    for (int combined = 0; combined < 2; combined++) {
        begin_step(combined == 1 ? PRK_STEP_COMBINED : PRK_STEP_MORRISON, n);
        for (int i = 0; i < plus->count; i++) {
            add_plus(plus->prime[i], p, (p * p - d) / 4);
        }
        for (int i = 0; i < minus->count && combined == 1; i++) {
            add_minus(minus->prime[i], a);
        }
        expect_refusal(n);
    }
}

// n below 2^30 for sequences, which have Q in 64 bits.
static void try_composite(uint64_t n, const factors *of, const factors *minus,
                          const factors *plus) {
    uint64_t liars[LIARS];
    int64_t lucas_liars[LIARS] = {0};
    for (int j = 0; j < LIARS; j++) {
        liars[j] = liar(n, of);
        EXPECT(power(liars[j], n - 1, n) == 1, "a liar");
    }
    const witnesses w = find_witnesses(n, minus, liars);
    try_composite_minus(n, minus, &w, true);
    try_composite_minus(n, minus, &w, false);
    const int64_t d = discriminant_for(n);
    for (int j = 0; j < LIARS && d != 0 && n >> 30 == 0; j++) {
        const uint64_t p = lucas_liar(n, of, d);
        if (p == 0) {
            break;
        }
        lucas_liars[j] = (int64_t)(p % 2 == (uint64_t)(d & 1) ? p : p + n);
        const int64_t q = (lucas_liars[j] * lucas_liars[j] - d) / 4;
        EXPECT(lucas(reduced(lucas_liars[j], n), reduced(q, n), n + 1, n).u == 0,
               "a Lucas liar of %llu, P = %lld, D = %lld", (unsigned long long)n,
               (long long)lucas_liars[j], (long long)d);
    }
    try_composite_one(n, minus, plus, liars, lucas_liars, d);
    try_any_witness(n, minus, plus, d);
    if (lucas_liars[0] != 0) {
        try_composite_plus(n, minus, &w, plus, lucas_liars, d, true);
        try_composite_plus(n, minus, &w, plus, lucas_liars, d, false);
    }
}

static void test_all_below(uint64_t bound, double every) {
    for (uint64_t n = 5; n < bound; n += 2) {
        if (n > 2000 && !is_sampled(n, every)) {
            continue;
        }
        const factors of = factor(n);
        if (of.count == 1 && of.prime[0] == n) {
            try_prime(n);
        } else {
            const factors minus = factor(n - 1), plus = factor(n + 1);
            try_composite(n, &of, &minus, &plus);
        }
    }
    for (int kind = PRK_STEP_POCKLINGTON; kind < PRK_STEP_KINDS; kind++) {
        EXPECT(proofs[kind] > 0 && refusals[kind] > 0, "kind %d: %ld proofs, %ld refusals", kind,
               proofs[kind], refusals[kind]);
    }
}

// Products of two primes that are 1 modulo F, where F is about a power of n between n^(1/4) and
// n^(1/2): bases for all primes of F exist, and it is up to squares and the cubic.
static void test_products(long count) {
    for (long turn = 0; turn < count; turn++) {
        uint64_t f = 2;
        const uint64_t most = (uint64_t)1 << (5 + below(14));
        while (f < most) {
            static const uint64_t small[] = {2, 2, 3, 5, 7, 11, 13};
            f *= small[below(7)];
        }
        uint64_t p = 0, r = 0;
        const uint64_t spread = (uint64_t)1 << below(turn % 3 == 2 ? 3 : 12);
        uint64_t cube_root = 1;
        while (cube_root * cube_root * cube_root < f) {
            cube_root++;
        }
        // Up to the largest that leaves F above n^(3/10).
        const uint64_t wide_spread = turn % 3 == 0   ? (uint64_t)1 << below(12)
                                     : turn % 3 == 1 ? 3 * f + 8
                                                     : f * cube_root;
        for (int tries = 0; tries < 200 && (p == 0 || r == 0); tries++) {
            const uint64_t x = (1 + below(spread)) * f + 1, y = (1 + below(wide_spread)) * f + 1;
            p = p == 0 && gmp_says_prime(x) ? x : p;
            r = r == 0 && gmp_says_prime(y) && y != p ? y : r;
        }
        if (p == 0 || r == 0 || p == r || (wide)p * r >> 62 != 0) {
            continue;
        }
        const uint64_t n = p * r;
        const factors of = {.prime = {p, r}, .count = 2};
        const factors minus = factor(f), plus = {.count = 0};
        try_composite(n, &of, &minus, &plus);
    }
}

// Products p r with p = 1 and r = -1 modulo F, on both sides of (d|.), for n + 1.
static void test_plus_products(long count) {
    for (long turn = 0; turn < count; turn++) {
        uint64_t f = 2;
        const uint64_t most = (uint64_t)1 << (3 + below(7));
        while (f < most) {
            static const uint64_t small[] = {2, 2, 3, 5, 7};
            f *= small[below(5)];
        }
        uint64_t p = 1, r = 1, n = 1;
        for (int tries = 0; tries < 4000; tries++) {
            p = (1 + below(30)) * f + 1;
            r = (1 + below(30)) * f - 1;
            n = p * r;
            if (n >> 30 == 0 && gmp_says_prime(p) && gmp_says_prime(r) && r > 2 && p != r) {
                break;
            }
            n = 1;
        }
        if (n == 1) {
            continue;
        }
        const factors of = {.prime = {p < r ? p : r, p < r ? r : p}, .count = 2};
        const factors minus = factor(n - 1), plus = factor(n + 1);
        try_composite(n, &of, &minus, &plus);
    }
}

// --- Numbers that no theorem is of
// ----------------------------------------------------------------

static void expect_reason(const char *words) {
    EXPECT(!holds() && reason_has(words), "%s, not %s", problem.reason, words);
}

// 1009 - 1 = 2^4 3^2 7, 1009 + 1 = 2 5 101; 11 is a generator, and (5|1009) = 1, (-7|1009) = 1,
// (17|1009) = -1. 1019 - 1 = 2 509, 1019 + 1 = 2^2 3 5 17.
static void test_refusals(void) {
    for (int kind = PRK_STEP_POCKLINGTON; kind <= PRK_STEP_KINDS; kind++) {
        static const long no_prime[] = {-7, 0, 1, 2, 3, 10};
        for (int i = 0; i < 6; i++) {
            begin_step((prk_step_kind)kind, 0);
            mpz_set_si(step.n, no_prime[i]);
            add_minus(2, 2);
            expect_reason(i < 5 ? "n is not above 3" : "n is even");
        }
        begin_step((prk_step_kind)kind, 1009);
        expect_reason(kind == PRK_STEP_KINDS  ? "no theorem"
                      : kind == PRK_STEP_BLS3 ? "not one prime"
                                              : "");
        begin_step((prk_step_kind)kind, 1009); // of the other side, and of neither
        add_minus(13, 2);
        add_plus(13, 1, -4);
        expect_reason("");
        if (kind == PRK_STEP_BLS3 || kind >= PRK_STEP_BLS15) {
            continue;
        }
        begin_step((prk_step_kind)kind, 1009);
        add_minus(0, 11);
        expect_reason("q is not above 1 for q = 0, the step's prime 1");
        begin_step((prk_step_kind)kind, 1009);
        add_minus(7, 11);
        add_minus(1, 11);
        expect_reason("q is not above 1 for q = 1, the step's prime 2");
        begin_step((prk_step_kind)kind, 1009);
        add_minus(7, 11);
        add_minus(3, 11);
        add_minus(7, 11);
        expect_reason("q stands twice for q = 7, the step's prime 3");
        begin_step((prk_step_kind)kind, 1009);
        add_minus(5, 11);
        expect_reason("q does not divide n - 1 for q = 5, the step's prime 1");
        begin_step((prk_step_kind)kind, 1009);
        mpz_set_si(add_prime(0)->q, -7);
        expect_reason("q is not above 1");
    }
    static const long no_base[] = {-11, 0, 1, 1009, 1009 + 11};
    for (int i = 0; i < 5; i++) {
        begin_step(PRK_STEP_POCKLINGTON, 1009);
        add_minus(2, 11);
        add_minus(3, 11);
        add_minus(7, 11);
        mpz_set_si(primes[2].a, no_base[i]);
        expect_reason("the base is not between 2 and n - 1 for q = 7, the step's prime 3");
        begin_step(PRK_STEP_PRIMO_MINUS, 1019);
        add_minus(509, 0);
        mpz_set_ui(step.s, 2);
        mpz_set_si(step.a, no_base[i] > 1 ? no_base[i] + 10 : no_base[i]);
        expect_reason("the base is not between 2 and n - 1");
        begin_step(PRK_STEP_BLS3, 1019);
        add_minus(509, 0);
        primes[0].has_base = true;
        mpz_set_si(primes[0].a, no_base[i] > 1 ? no_base[i] + 10 : no_base[i]);
        expect_reason("the base is not between 2 and n - 1");
    }
    // a = 1008 = -1 has a^((n-1)/q) = ±1; 2 is a square, and 3 and 7 are no powers of theirs.
    begin_step(PRK_STEP_POCKLINGTON, 1009);
    add_minus(2, 11);
    add_minus(3, 1008);
    add_minus(7, 11);
    expect_reason("gcd(a^((n-1)/q) - 1, n) is not 1 for q = 3, the step's prime 2");
    primes[1].has_base = false; // one is found
    EXPECT(holds(), "%s", problem.reason);
    begin_step(PRK_STEP_BLS3, 1019);
    add_minus(509, 2);
    mpz_set_ui(step.s, 4);
    expect_reason("s is not (n - 1) / q");
    mpz_set_ui(step.s, 2);
    EXPECT(holds(), "%s", problem.reason);
    mpz_set_ui(primes[0].a, 1018); // -1
    expect_reason("a^(m/2) is -1");
    begin_step(PRK_STEP_PRIMO_MINUS, 1019);
    add_minus(509, 0);
    mpz_set_ui(step.a, 2);
    static const unsigned long no_s[] = {0, 1, 4, 510};
    for (int i = 0; i < 4; i++) {
        mpz_set_ui(step.s, no_s[i]);
        EXPECT(!holds(), "s = %lu", no_s[i]);
    }
    mpz_set_ui(step.s, 2);
    EXPECT(holds(), "%s", problem.reason);
    // Bounds of theorem 7 that are none.
    static const unsigned long no_bound[] = {0, (1 << 24) + 1};
    for (int i = 0; i < 2; i++) {
        begin_step(PRK_STEP_BLS7, 1009);
        add_minus(2, 11);
        mpz_set_ui(step.a, 11);
        mpz_set_ui(step.bound, no_bound[i]);
        expect_reason("the bound on the primes of R is not between");
    }
    begin_step(PRK_STEP_BLS7, 1009); // R = 63
    add_minus(2, 11);
    mpz_set_ui(step.a, 11);
    mpz_set_ui(step.bound, 5);
    expect_reason("R has a factor below the bound");
    mpz_set_ui(step.bound, 3);
    EXPECT(holds(), "%s", problem.reason);
    mpz_set_ui(step.a, 1009);
    expect_reason("the base for R is not between");

    // n + 1: 17 = 1^2 + 4 4 = 3^2 + 4 2 = 5^2 - 4 2.
    int64_t p = 0, q = 0, p2 = 0, q2 = 0;
    EXPECT(find_sequence(1009, 5, 17, &p, &q) && find_sequence(1009, 101, 17, &p2, &q2), "two");
    begin_step(PRK_STEP_MORRISON, 1009);
    add_plus(5, p, q);
    add_plus(101, p2, q2);
    EXPECT(holds(), "%s", problem.reason);
    primes[1].p += 2;
    expect_reason("another discriminant for q = 101, the step's prime 2");
    primes[0].p = primes[1].p = 1; // (5|n) = 1
    primes[0].lucas_q = primes[1].lucas_q = -1;
    expect_reason("(P^2 - 4 Q|n) is not -1");
    primes[0].p = primes[1].p = 1009 * 2 + 1;
    primes[0].lucas_q = primes[1].lucas_q = ((1009 * 2 + 1) * (1009 * 2 + 1) - 17) / 4;
    EXPECT(holds() || reason_has("gcd(U_"), "%s", problem.reason);
    primes[0].lucas_q = primes[1].lucas_q = 1009;
    primes[0].p = primes[1].p = 0; // D = -4 n
    expect_reason("(P^2 - 4 Q|n) is not -1");
    add_plus(5, 1, -4);
    expect_reason("q stands twice for q = 5, the step's prime 3");
    begin_step(PRK_STEP_MORRISON, 1009);
    add_plus(7, 1, -4);
    expect_reason("q does not divide n + 1 for q = 7");
    begin_step(PRK_STEP_MORRISON, 1009);
    add_plus(101, p2, q2);
    add_minus(7, 11);
    expect_reason("the theorem is not of primes that divide n - 1");
    begin_step(PRK_STEP_POCKLINGTON, 1009);
    add_minus(7, 11);
    add_plus(101, p2, q2);
    expect_reason("the theorem is not of primes that divide n + 1 for q = 101, the step's prime 2");
    // 45 = 3^2 5 divides U_46^2, and not U_46: U_2 = P is what refuses.
    begin_step(PRK_STEP_MORRISON, 45);
    add_plus(2, 15, -7);
    add_plus(23, 15, -7);
    EXPECT(lucas(15, 45 - 7, 46, 45).u % 15 == 0 && lucas(15, 45 - 7, 46, 45).u != 0, "U_46");
    expect_reason("gcd(U_((n+1)/q), n) is not 1 for q = 23, the step's prime 2");
    // Q and n = 7 13 with a common factor: D = 1 + 4 7 k.
    for (int64_t k = 1; k < 40; k++) {
        begin_step(PRK_STEP_BLS15, 91);
        add_plus(23, 1, -7 * k);
        EXPECT(!holds(), "%lld", (long long)k);
        static bool is_seen;
        is_seen |= reason_has("gcd(Q, n) is not 1");
        EXPECT(k < 39 || is_seen, "no common factor");
    }
    // Flags and memory.
    const uint32_t cancel = 1;
    prk_status status = PRK_STATUS_OK;
    begin_step(PRK_STEP_POCKLINGTON, 1009);
    add_minus(2, 11);
    add_minus(3, 11);
    add_minus(7, 11);
    mpz_ui_pow_ui(step.n, 2, 127);
    mpz_sub_ui(step.n, step.n, 1);
    primes[2].has_base = false;
    EXPECT(!prk_step_holds(&step, scratch, &cancel, &problem, &status), "cancelled");
}

// A number of several limbs, whose primes share bases and do not: 2^521 - 1 has what is left of
// 2^520
// - 1 and of n + 1 = 2^521.
static void test_long(void) {
    static const unsigned long small[] = {2,   3,   5,   11,   17,   31,   41,    53,
                                          131, 157, 521, 1613, 2731, 8191, 61681, 409891};
    begin_step(PRK_STEP_POCKLINGTON, 3);
    mpz_ui_pow_ui(step.n, 2, 521);
    mpz_sub_ui(step.n, step.n, 1);
    mpz_t f, t;
    mpz_inits(f, t, (mpz_ptr)NULL);
    mpz_set_ui(f, 1);
    mpz_sub_ui(t, step.n, 1);
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        if (mpz_divisible_ui_p(t, small[i]) == 0) {
            continue;
        }
        add_minus(small[i], 3);
        for (unsigned long a = 3;; a += 2) { // the least base that does
            mpz_t x, e;
            mpz_inits(x, e, (mpz_ptr)NULL);
            mpz_divexact_ui(e, t, small[i]);
            mpz_set_ui(x, a);
            mpz_powm(x, x, e, step.n);
            const bool is_one = mpz_cmp_ui(x, 1) == 0;
            mpz_clears(x, e, (mpz_ptr)NULL);
            if (!is_one) {
                mpz_set_ui(primes[step.prime_count - 1].a, a);
                break;
            }
        }
    }
    EXPECT(step.prime_count > 6, "%zu primes", step.prime_count);
    expect_reason("not above the square root");
    prk_look look = {&step, scratch, NULL, &problem, PRK_STATUS_OK};
    EXPECT(prk_minus_part_holds(&look, f, t), "%s", problem.reason);
    // One base that does for all but some of them, which the reason names.
    for (size_t i = 0; i < step.prime_count; i++) {
        mpz_set_ui(primes[i].a, 4); // a square
    }
    EXPECT(!prk_minus_part_holds(&look, f, t) &&
               reason_has("gcd(a^((n-1)/q) - 1, n) is not 1 for q = 2, the step's prime 1"),
           "%s", problem.reason);
    scratch->taken = 0;
    // n + 1 = 2^521: V_(n+1)/2 for 2^521 - 1 by Morrison with F = n + 1, P = 4 of Q = 1, D = 12.
    begin_step(PRK_STEP_MORRISON, 3);
    mpz_ui_pow_ui(step.n, 2, 521);
    mpz_sub_ui(step.n, step.n, 1);
    add_plus(2, 2, -2);
    EXPECT(holds(), "%s", problem.reason);
    mpz_sub_ui(step.n, step.n, 1UL << 40);
    mpz_sub_ui(step.n, step.n, 1UL << 41);
    EXPECT(!holds(), "another number");
    mpz_clears(f, t, (mpz_ptr)NULL);
}

// --- Hundreds of primes of n + 1 -----------------------------------------------------------------

// n = k p# - 1, and all primes to p with the sequence (2 j, j^2 - d) of j = 1.
static long make_primorial(unsigned long p, unsigned long k) {
    begin_step(PRK_STEP_MORRISON, 3);
    mpz_primorial_ui(step.n, p);
    mpz_mul_ui(step.n, step.n, k);
    mpz_sub_ui(step.n, step.n, 1);
    long d = 2;
    mpz_t z;
    mpz_init_set_si(z, d);
    while (mpz_jacobi(z, step.n) != -1) {
        mpz_set_si(z, ++d);
    }
    mpz_clear(z);
    for (uint64_t q = 2; q <= p; q++) {
        if (gmp_says_prime(q)) {
            add_plus(q, 2, 1 - d);
        }
    }
    return d;
}

// gcd(U_((n+1)/q), n) = 1, and U_(n+1) = 0, by chains of U and V.
static bool has_sequence(const prk_step_prime *prime) {
    mpz_t k, u, v, p, q;
    mpz_inits(k, u, v, (mpz_ptr)NULL);
    mpz_init_set_si(p, prime->p);
    mpz_init_set_si(q, prime->lucas_q);
    mpz_add_ui(k, step.n, 1);
    mpz_divexact(k, k, prime->q);
    prk_lucas_pair(scratch, step.n, p, q, k, NULL, u, v);
    mpz_gcd(v, u, step.n);
    bool has = mpz_cmp_ui(v, 1) == 0;
    mpz_add_ui(k, step.n, 1);
    prk_lucas_pair(scratch, step.n, p, q, k, NULL, u, v);
    has = has && mpz_sgn(u) == 0;
    mpz_clears(k, u, v, p, q, (mpz_ptr)NULL);
    return has;
}

// The place of the prime that a refusal by U's gcd names.
static size_t named_place(void) {
    const char *place = strstr(problem.reason, ", the step's prime ");
    EXPECT(reason_has("gcd(U_((n+1)/q), n) is not 1 for q = ") && place != NULL, "%s",
           problem.reason);
    const size_t named = place == NULL ? 1 : strtoull(place + 19, NULL, 10);
    EXPECT(named >= 1 && named <= step.prime_count, "%s", problem.reason);
    return named - 1;
}

static void set_sequence(size_t i, long j, long d) {
    primes[i].p = 2 * j;
    primes[i].lucas_q = j * j - d;
}

static void shuffle_primes(void) {
    for (size_t i = step.prime_count; i > 1; i--) {
        const size_t other = below(i);
        const prk_step_prime t = primes[i - 1];
        primes[i - 1] = primes[other];
        primes[other] = t;
    }
}

// p# - 1 is prime. Sequences that do not do are found by what the refusals name.
static void test_primorial(unsigned long p, double every) {
    const long d = make_primorial(p, 1);
    shuffle_primes();
    long j[512];
    for (size_t i = 0; i < step.prime_count; i++) {
        j[i] = 1;
    }
    bool is_proof = holds();
    for (int tries = 0; tries < 100 && !is_proof; tries++) {
        const size_t i = named_place();
        EXPECT(!has_sequence(&primes[i]), "%s", problem.reason);
        set_sequence(i, ++j[i], d);
        is_proof = holds();
    }
    EXPECT(is_proof, "%lu# - 1: %s", p, problem.reason);
    for (size_t i = 0; i < step.prime_count; i++) {
        if (mpz_cmp_ui(primes[i].q, 30) < 0 || is_sampled(i, every)) {
            EXPECT(has_sequence(&primes[i]), "%lu# - 1 and %lu", p, mpz_get_ui(primes[i].q));
        }
    }
    // With P = 0 the roots' quotient is -1, which has all of 2 in its order and nothing of others.
    for (size_t i = 0; i < step.prime_count; i++) {
        const bool is_two = mpz_cmp_ui(primes[i].q, 2) == 0;
        if (!is_two && !is_sampled(i, every / 4)) {
            continue;
        }
        set_sequence(i, 0, d);
        is_proof = holds();
        EXPECT(is_proof == is_two, "%lu# - 1 and %lu", p, mpz_get_ui(primes[i].q));
        EXPECT(is_proof || named_place() == i, "%s", problem.reason);
        primes[i].p = 1; // 1 + 4 d is another one than 4 d
        EXPECT(!holds() && reason_has("another discriminant for q = "), "%s", problem.reason);
        set_sequence(i, j[i], d);
    }
    // One without which the others are not enough, twice, and as a power.
    const size_t last = step.prime_count - 1;
    add_plus(mpz_get_ui(primes[last].q), primes[last].p, primes[last].lucas_q);
    expect_reason("q stands twice");
    step.prime_count--;
    mpz_mul(primes[last].q, primes[last].q, primes[last].q);
    expect_reason("q does not divide n + 1");
    step.prime_count /= 3;
    expect_reason("not above the square root of n plus 1");
}

// k p# - 1 for other k, composite.
static void test_no_primorial(unsigned long p) {
    for (unsigned long k = 2; k < 12; k++) {
        make_primorial(p, k);
        if (mpz_probab_prime_p(step.n, 10) == 0) {
            expect_reason("U_(n+1) is not 0 for q = ");
        }
    }
    const uint32_t cancel = 1;
    prk_status status = PRK_STATUS_OK;
    make_primorial(p, 1);
    EXPECT(!prk_step_holds(&step, scratch, &cancel, &problem, &status) &&
               status == PRK_STATUS_CANCELLED,
           "cancelled");
}

int main(void) {
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("conditions_test");
        return 1;
    }
    step.number = 3;
    step.primes = primes;
    mpz_inits(step.n, step.q, step.s, step.m, step.a, step.b, step.x, step.y, step.j, step.t,
              step.bound, (mpz_ptr)NULL);
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        mpz_inits(primes[i].q, primes[i].a, (mpz_ptr)NULL);
    }
    test_refusals();
    test_long();
    test_primorial(89, 1);
    test_primorial(991, 4);
    test_primorial(2377, 60);
    test_no_primorial(991);
    test_all_below(1000000, 60);
    test_products(scaled(3000));
    test_plus_products(scaled(2000));
    EXPECT(gcd_refusals > 0 && square_refusals > 0 && cubic_refusals > 0 && plus_gcd_refusals > 0,
           "refused %ld by a gcd, %ld by a square, %ld by the cubic, %ld by U's gcd", gcd_refusals,
           square_refusals, cubic_refusals, plus_gcd_refusals);
    EXPECT(plus_power_refusals > 0 && plus_part_refusals > 0,
           "refused %ld by U_(n+1), %ld by a U that is not 0 and no unit", plus_power_refusals,
           plus_part_refusals);
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        mpz_clears(primes[i].q, primes[i].a, (mpz_ptr)NULL);
    }
    mpz_clears(step.n, step.q, step.s, step.m, step.a, step.b, step.x, step.y, step.j, step.t,
               step.bound, (mpz_ptr)NULL);
    prk_scratch_destroy(scratch);
    printf("conditions_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
