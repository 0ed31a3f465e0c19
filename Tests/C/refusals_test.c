// SPDX-License-Identifier: Apache-2.0
//
// Steps of the theorems of n - 1 and n + 1 in which one thing is wrong, and what the refusal says;
// every P of one theorem; numbers of several limbs, and hundreds of primes of n + 1.

#include "lucas_pair.h"
#include "steps.h"

// --- Numbers that no theorem is of ---------------------------------------------------------------

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
                      : kind == PRK_STEP_BLS3 ? "exactly one prime"
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
    EXPECT(!prk_step_holds(&step, scratch, &cancel, &problem, &status) &&
               status == PRK_STATUS_CANCELLED,
           "cancelled");
    // Before sizes, which refuse the step, are looked at: to divide n - 1 may take long.
    begin_step(PRK_STEP_POCKLINGTON, 1009);
    add_minus(7, 11);
    expect_reason("not above the square root");
    EXPECT(!prk_step_holds(&step, scratch, &cancel, &problem, &status) &&
               status == PRK_STATUS_CANCELLED,
           "cancelled");
}

// A number of several limbs, 2^521 - 1. Some of its primes of n - 1 share bases, others do not; n +
// 1 is 2^521.
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
    EXPECT(prk_witnesses_hold(&look, &prk_minus_side), "%s", problem.reason);
    // One base that does for all but some of them, which the reason names.
    for (size_t i = 0; i < step.prime_count; i++) {
        mpz_set_ui(primes[i].a, 4); // a square
    }
    EXPECT(!prk_witnesses_hold(&look, &prk_minus_side) &&
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

// Theorem 15 by all P, units and not, against the two V alone: a prime has none by a P that is no
// unit, a composite none at all.
static void test_every_p(uint64_t n, uint64_t q) {
    const uint64_t m = (n + 1) / q;
    for (uint64_t p = 0; p < n; p++) {
        for (uint64_t lucas_q = 1; lucas_q < n; lucas_q += 1 + n / 40) {
            if (gcd(lucas_q, n) != 1) {
                continue;
            }
            begin_step(PRK_STEP_BLS15, n);
            add_plus(q, (int64_t)p, (int64_t)lucas_q);
            const bool is_proof = jacobi((int64_t)(p * p) - 4 * (int64_t)lucas_q, n) == -1 &&
                                  lucas(p, lucas_q, (n + 1) / 2, n).v == 0 &&
                                  lucas(p, lucas_q, m / 2, n).v != 0;
            EXPECT(holds() == is_proof, "%llu, P = %llu, Q = %llu", (unsigned long long)n,
                   (unsigned long long)p, (unsigned long long)lucas_q);
            EXPECT(!is_proof || (gcd(p, n) == 1 && gmp_says_prime(n)), "%llu",
                   (unsigned long long)n);
        }
    }
    begin_step(PRK_STEP_BLS15, 1009); // (-4 11|1009) = -1
    add_plus(101, 1009, 11);
    expect_reason("gcd(P, n) is not 1");
    begin_step(PRK_STEP_BLS15, 91); // (7^2 - 4 3|91) = -1
    add_plus(23, 7, 3);
    expect_reason("gcd(P, n) is not 1");
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
    lucas_pair(step.n, p, q, k, u, v);
    mpz_gcd(v, u, step.n);
    bool has = mpz_cmp_ui(v, 1) == 0;
    mpz_add_ui(k, step.n, 1);
    lucas_pair(step.n, p, q, k, u, v);
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
    begin_conditions("refusals_test");
    test_refusals();
    test_long();
    test_every_p(1009, 101);
    test_every_p(1021, 73);
    test_every_p(1019, 17);
    test_every_p(91, 23);
    test_every_p(1005, 503);
    test_primorial(89, 1);
    test_primorial(991, 4);
    test_primorial(2377, 240);
    test_no_primorial(991);
    return end_conditions("refusals_test");
}
