// SPDX-License-Identifier: Apache-2.0
//
// The theorems of n - 1 and n + 1 by brute force. Of a prime n every factored part that is large
// enough is a proof, and none other; of a composite n nothing is. For composites, bases and Lucas
// sequences are made that fulfil a^(n-1) = 1 and U_(n+1) = 0, so that it is up to the other
// conditions to refuse: by sizes, squares, the cubic, or by a gcd where a power is not 1 modulo n
// and 1 modulo one of its primes.

#include "steps.h"

__extension__ typedef __int128 signed_wide;

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

int main(void) {
    begin_conditions("conditions_test");
    test_all_below(1000000, 60);
    test_products(scaled(3000));
    test_plus_products(scaled(2000));
    EXPECT(gcd_refusals > 0 && square_refusals > 0 && cubic_refusals > 0 && plus_gcd_refusals > 0,
           "refused %ld by a gcd, %ld by a square, %ld by the cubic, %ld by U's gcd", gcd_refusals,
           square_refusals, cubic_refusals, plus_gcd_refusals);
    EXPECT(plus_power_refusals > 0 && plus_part_refusals > 0,
           "refused %ld by U_(n+1), %ld by a U that is not 0 and no unit", plus_power_refusals,
           plus_part_refusals);
    return end_conditions("conditions_test");
}
