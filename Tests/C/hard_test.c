// SPDX-License-Identifier: Apache-2.0
//
// Primes that are hard on some part of a proof: modulo which the discriminants of small numbers are
// no squares, or square roots take long, whose size is that of a limb or just above, of standards,
// and of forms that have shorter proofs than those by curves. Each has a proof, by what the prover
// chooses and by curves alone.

#include "proofs.h"
#include "support.h"

static gmp_randstate_t state;
static long proofs;

static void expect_proof(const mpz_t n, bool only_curves, const char *name, unsigned long which) {
    text t = {.start = NULL};
    const prk_prove_options options = {.only_curves = only_curves};
    prk_proof proof;
    prk_certificate_problem problem;
    const prk_status status =
        prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep, &t, &proof);
    EXPECT(status == PRK_STATUS_OK && proof.verdict == PRK_PROOF_PROVED, "%s %lu: status %d, %s",
           name, which, status, proof.tried);
    EXPECT(!only_curves || proof.report.method == PRK_METHOD_ECPP, "%s %lu: method %d", name, which,
           proof.report.method);
    EXPECT(proves(&t, n, PRK_CERTIFICATE_JSON, &problem), "%s %lu, step %d: %s", name, which,
           (int)problem.step, problem.reason);
    free(t.start);
    proofs++;
}

static void expect_proofs(const mpz_t n, const char *name, unsigned long which) {
    EXPECT(mpz_probab_prime_p(n, 25) != 0, "%s %lu is composite", name, which);
    expect_proof(n, false, name, which);
    expect_proof(n, true, name, which);
}

// The next prime from n on that is n modulo m.
static void next_in_class(mpz_t n, const mpz_t m) {
    while (mpz_probab_prime_p(n, 25) == 0) {
        mpz_add(n, n, m);
    }
}

// A random prime that is r modulo m.
static void prime_in_class(mpz_t n, mp_bitcnt_t bits, const mpz_t r, const mpz_t m) {
    mpz_urandomb(n, state, bits - 1);
    mpz_setbit(n, bits - 1);
    mpz_fdiv_q(n, n, m);
    mpz_mul(n, n, m);
    mpz_add(n, n, r);
    next_in_class(n, m);
}

// --- Residues ------------------------------------------------------------------------------------

// -1 modulo 4 and all odd primes to a bound: D < 0 is no square if it has only such primes.
static void test_few_discriminants(void) {
    static const unsigned long bounds[] = {7, 13, 23, 43, 67, 101, 150};
    mpz_t n, m, r;
    mpz_inits(n, m, r, (mpz_ptr)NULL);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        mpz_primorial_ui(m, bounds[i]);
        mpz_mul_2exp(m, m, 2);
        mpz_sub_ui(r, m, 1); // 7 modulo 8, too
        prime_in_class(n, mpz_sizeinbase(m, 2) + 60, r, m);
        expect_proofs(n, "-1 modulo primes to", bounds[i]);
        // Once more, of a size that takes several steps.
        prime_in_class(n, 256 + mpz_sizeinbase(m, 2) / 4, r, m);
        expect_proofs(n, "-1 modulo primes to", bounds[i]);
    }
    mpz_clears(n, m, r, (mpz_ptr)NULL);
}

// n - 1 has many twos, which square roots modulo n go through one after the other.
static void test_twos(void) {
    static const unsigned long twos[] = {20, 21, 40, 64, 100, 200, 230};
    mpz_t n, m, one;
    mpz_inits(n, m, one, (mpz_ptr)NULL);
    mpz_set_ui(one, 1);
    for (size_t i = 0; i < sizeof twos / sizeof twos[0]; i++) {
        mpz_set_ui(m, 0);
        mpz_setbit(m, twos[i]);
        prime_in_class(n, twos[i] < 100 ? 128 : 256, one, m);
        expect_proofs(n, "1 modulo 2 to the", twos[i]);
    }
    mpz_clears(n, m, one, (mpz_ptr)NULL);
}

// 1 and 8 modulo 9, 1 modulo 5 and 7, and all other classes of small moduli.
static void test_small_classes(void) {
    static const unsigned long moduli[] = {9, 27, 5, 25, 7, 49, 11, 13, 24};
    mpz_t n, m, r;
    mpz_inits(n, m, r, (mpz_ptr)NULL);
    for (size_t i = 0; i < sizeof moduli / sizeof moduli[0]; i++) {
        for (unsigned long class = 1; class < moduli[i]; class++) {
            mpz_set_ui(m, 2 * moduli[i]);
            mpz_set_ui(r, class % 2 == 1 ? class : class + moduli[i]);
            mpz_gcd(n, r, m);
            if (mpz_cmp_ui(n, 1) == 0) {
                prime_in_class(n, 90 + next_random() % 60, r, m);
                expect_proofs(n, "modulo", moduli[i]);
            }
        }
    }
    // 1 modulo all of them.
    mpz_set_ui(m, 8 * 27 * 25 * 49);
    mpz_mul_ui(m, m, 11 * 13);
    mpz_set_ui(r, 1);
    prime_in_class(n, 200, r, m);
    expect_proofs(n, "1 modulo", mpz_get_ui(m));
    mpz_clears(n, m, r, (mpz_ptr)NULL);
}

static void test_smooth_neighbours(void) {
    mpz_t n;
    mpz_init(n);
    for (unsigned long bits = 70; bits < 300; bits += 45) {
        for (int sign = -1; sign <= 1; sign += 2) {
            do {
                mpz_set_ui(n, 2);
                while (mpz_sizeinbase(n, 2) < bits) {
                    mpz_mul_ui(n, n, odd_prime_from(3 + next_random() % 1100, -2));
                }
                mpz_add_ui(n, n, (unsigned long)(1 + sign));
                mpz_sub_ui(n, n, 1);
            } while (mpz_probab_prime_p(n, 25) == 0);
            expect_proofs(n, sign > 0 ? "n - 1 smooth" : "n + 1 smooth", bits);
        }
    }
    mpz_clear(n);
}

// --- Sizes ---------------------------------------------------------------------------------------

static void test_sizes(void) {
    mpz_t n;
    mpz_init(n);
    // The first primes above 2^64, of which the first is 2^64 + 13.
    mpz_setbit(n, 64);
    for (unsigned long i = 0; i < 60; i++) {
        mpz_nextprime(n, n);
        EXPECT(i > 0 || mpz_get_ui(n) == 13, "not 2^64 + 13");
        expect_proofs(n, "above 2^64:", i);
    }
    // The last prime below, and the first above, of whole limbs: 52 bits in lanes, 64 elsewhere.
    for (mp_bitcnt_t bits = 65; bits <= 520; bits++) {
        if (bits % 52 > 1 && bits % 64 > 1 && bits > 70) {
            continue;
        }
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        mpz_nextprime(n, n);
        expect_proofs(n, "above 2 to the", bits);
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        do {
            mpz_sub_ui(n, n, 1);
        } while (mpz_probab_prime_p(n, 25) == 0);
        if (mpz_size(n) > 1) {
            expect_proofs(n, "below 2 to the", bits);
        }
    }
    // 10^k + c, OEIS A033873 for some.
    static const struct {
        unsigned long k, c;
    } tens[] = {{20, 39}, {25, 13}, {30, 57}, {40, 121}, {50, 151}, {60, 7}, {70, 33}, {100, 267}};
    for (size_t i = 0; i < sizeof tens / sizeof tens[0]; i++) {
        mpz_ui_pow_ui(n, 10, tens[i].k);
        mpz_add_ui(n, n, tens[i].c);
        expect_proofs(n, "10 to the", tens[i].k);
    }
    mpz_clear(n);
}

// --- Known primes --------------------------------------------------------------------------------

// Fields and group orders of elliptic curves in use.
static void test_standards(void) {
    static const char *const known[] = {
        // P-192, P-224, P-256, P-384
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000000000000000000000001",
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF00000000"
        "00000000FFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77A"
        "ECEC196ACCC52973",
        // P-521's order
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F9"
        "66B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        // secp256k1
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
        // ed25519's order, ed448's field and order
        "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7CCA23E9C44EDB49AED63690"
        "216CC2728DC58F552378C292AB5844F3",
        // BLS12-381
        "1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFF"
        "B9FEFFFFFFFFAAAB",
        "73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001",
    };
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        mpz_set_str(n, known[i], 16);
        expect_proofs(n, "a curve's", i);
    }
    static const struct {
        mp_bitcnt_t bits;
        unsigned long c;
    } below[] = {{130, 5}, {222, 117}, {251, 9}, {255, 19}, {383, 187}, {414, 17}, {511, 187}};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, below[i].bits);
        mpz_sub_ui(n, n, below[i].c);
        expect_proofs(n, "below 2 to the", below[i].bits);
    }
    modp_prime(n, 768, 149686);
    expect_proofs(n, "RFC 2409", 768);
    modp_prime(n, 1024, 129093);
    expect_proofs(n, "RFC 2409", 1024);
    mpz_clear(n);
}

// What has a short proof, by curves alone.
static void test_forms(void) {
    static const unsigned long mersenne[] = {89, 107, 127, 521, 607};
    static const unsigned long wagstaff[] = {79, 101, 127, 167, 191, 199, 313, 347};
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < sizeof mersenne / sizeof mersenne[0]; i++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, mersenne[i]);
        mpz_sub_ui(n, n, 1);
        expect_proofs(n, "Mersenne's", mersenne[i]);
    }
    for (size_t i = 0; i < sizeof wagstaff / sizeof wagstaff[0]; i++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, wagstaff[i]);
        mpz_add_ui(n, n, 1);
        mpz_divexact_ui(n, n, 3);
        expect_proofs(n, "Wagstaff's", wagstaff[i]);
    }
    for (unsigned long k = 21; k < 90; k++) { // k! + 1, k! - 1, k# + 1, k# - 1
        for (int which = 0; which < 4; which++) {
            if (which < 2) {
                mpz_fac_ui(n, k);
            } else {
                mpz_primorial_ui(n, k + 40);
            }
            mpz_add_ui(n, n, which % 2 == 0 ? 2 : 0);
            mpz_sub_ui(n, n, 1);
            if (mpz_probab_prime_p(n, 25) != 0 && (which < 2 || gmp_says_prime(k + 40))) {
                expect_proofs(n, which < 2 ? "factorial" : "primorial", k);
            }
        }
    }
    mpz_clear(n);
}

int main(void) {
    gmp_randinit_default(state);
    gmp_randseed_ui(state, 20260730);
    test_few_discriminants();
    test_twos();
    test_small_classes();
    test_smooth_neighbours();
    test_sizes();
    test_standards();
    test_forms();
    gmp_randclear(state);
    printf("hard_test: %ld proofs, %d failures\n", proofs, failures);
    return failures != 0;
}
