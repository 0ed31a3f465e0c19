// SPDX-License-Identifier: Apache-2.0
//
// Powers of x modulo polynomials: by definition where they are short, and in lanes as they are by
// limbs, with carries at their worst.

#include "../../CKernels/ecpp/quotient.h"
#include "../../CKernels/ifma/lanes.h"
#include "support.h"

enum { MOST_DEGREE = 18, LEAST_IN_LANES = 3, MOST_IN_LANES = 16 };

static prk_scratch *scratch;
static gmp_randstate_t state;

static uint64_t below(uint64_t n) { return next_random() % n; }

static void make_numbers(mpz_t *list) {
    for (size_t i = 0; i < MOST_DEGREE; i++) {
        mpz_init(list[i]);
    }
}

static void clear_numbers(mpz_t *list) {
    for (size_t i = 0; i < MOST_DEGREE; i++) {
        mpz_clear(list[i]);
    }
}

// --- Polynomials ---------------------------------------------------------------------------------

enum { RANDOM, ZERO, LARGEST, ENDS, RUNS, KINDS };

static void choose_polynomial(mpz_t *f, size_t degree, mpz_srcptr n, unsigned kind) {
    for (size_t i = 0; i < degree; i++) {
        mpz_urandomm(f[i], state, n);
        if (kind == ZERO) {
            mpz_set_ui(f[i], i == 0 && degree > 2); // x^d + 1: x^d has no values that are units
        } else if (kind == LARGEST || (kind == ENDS && below(2) == 0)) {
            mpz_sub_ui(f[i], n, 1);
        } else if (kind == ENDS) {
            mpz_set_ui(f[i], below(2));
        } else if (kind == RUNS) {
            mpz_rrandomb(f[i], state, mpz_sizeinbase(n, 2));
            mpz_mod(f[i], f[i], n);
        }
    }
}

// Whether lanes have to take it: all values at 0 … 2 degree - 1 are units, and their differences.
static bool has_units(mpz_t *f, size_t degree, mpz_srcptr n) {
    mpz_t value;
    mpz_init(value);
    bool are_units = true;
    for (size_t x = 0; x < 2 * degree && are_units; x++) {
        mpz_set_ui(value, x == 0 ? 1 : x);
        mpz_gcd(value, value, n);
        are_units = mpz_cmp_ui(value, 1) == 0;
        mpz_set_ui(value, 1);
        for (size_t i = degree; i-- > 0;) {
            mpz_mul_ui(value, value, x);
            mpz_add(value, value, f[i]);
        }
        mpz_gcd(value, value, n);
        are_units = are_units && (x >= degree || mpz_cmp_ui(value, 1) == 0);
    }
    mpz_clear(value);
    return are_units;
}

// --- By definition -------------------------------------------------------------------------------

static void multiply_by_x(mpz_t *r, mpz_t *f, size_t degree, mpz_srcptr n) {
    mpz_t top;
    mpz_init_set(top, r[degree - 1]);
    for (size_t i = degree; i-- > 0;) {
        mpz_set_ui(r[i], 0);
        if (i > 0) {
            mpz_swap(r[i], r[i - 1]);
        }
        mpz_submul(r[i], top, f[i]);
        mpz_mod(r[i], r[i], n);
    }
    mpz_clear(top);
}

static void expect_equal(mpz_t *r, mpz_t *wanted, size_t degree, mpz_srcptr n, const char *what) {
    for (size_t i = 0; i < degree; i++) {
        EXPECT(mpz_cmp(r[i], wanted[i]) == 0, "%s: degree %zu, %zu bits, coefficient %zu", what,
               degree, mpz_sizeinbase(n, 2), i);
    }
}

static void test_small(void) {
    mpz_t n, f[MOST_DEGREE], half[MOST_DEGREE], whole[MOST_DEGREE], r[MOST_DEGREE];
    mpz_init(n);
    make_numbers(f);
    make_numbers(half);
    make_numbers(whole);
    make_numbers(r);
    for (long turn = 0; turn < scaled(300); turn++) {
        const size_t degree = 2 + below(MOST_DEGREE - 1);
        const unsigned long odd = 3 + 2 * below(400);
        mpz_set_ui(n, odd);
        choose_polynomial(f, degree, n, (unsigned)turn % KINDS);
        EXPECT(prk_powers_of_x(scratch, half, whole, f, degree, n, NULL) == PRK_STATUS_OK,
               "memory");
        for (size_t i = 0; i < degree; i++) {
            mpz_set_ui(r[i], i == 0);
        }
        for (unsigned long e = 1; e <= odd; e++) {
            multiply_by_x(r, f, degree, n);
            if (e == (odd - 1) / 2) {
                expect_equal(half, r, degree, n, "half");
            }
        }
        expect_equal(whole, r, degree, n, "whole");
    }
    clear_numbers(f);
    clear_numbers(half);
    clear_numbers(whole);
    clear_numbers(r);
    mpz_clear(n);
}

// --- In lanes ------------------------------------------------------------------------------------

// False where lanes did not take it.
static bool compare(mpz_t *f, size_t degree, mpz_srcptr n) {
    mpz_t half[MOST_DEGREE], whole[MOST_DEGREE], lanes_half[MOST_DEGREE], lanes_whole[MOST_DEGREE];
    make_numbers(half);
    make_numbers(whole);
    make_numbers(lanes_half);
    make_numbers(lanes_whole);
    bool taken = false;
    EXPECT(prk_powers_of_x_in_lanes(scratch, lanes_half, lanes_whole, f, degree, n, NULL, &taken) ==
               PRK_STATUS_OK,
           "memory");
    const bool has_lanes =
        prk_lanes_take(mpz_sizeinbase(n, 2)) && degree >= LEAST_IN_LANES && degree <= MOST_IN_LANES;
    EXPECT(taken == (has_lanes && has_units(f, degree, n)), "degree %zu, %zu bits: %staken", degree,
           mpz_sizeinbase(n, 2), taken ? "" : "not ");
    if (taken) {
        EXPECT(prk_powers_of_x_by_limbs(half, whole, f, degree, n, NULL) == PRK_STATUS_OK,
               "memory");
        expect_equal(lanes_half, half, degree, n, "half");
        expect_equal(lanes_whole, whole, degree, n, "whole");
        EXPECT(prk_powers_of_x(scratch, whole, NULL, f, degree, n, NULL) == PRK_STATUS_OK,
               "memory");
        expect_equal(whole, half, degree, n, "half alone");
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    clear_numbers(half);
    clear_numbers(whole);
    clear_numbers(lanes_half);
    clear_numbers(lanes_whole);
    return taken;
}

// Odd and of so many bits: all of them ones, random, or a product.
static void make_modulus(mpz_ptr n, mp_bitcnt_t bits, unsigned kind) {
    mpz_set_ui(n, 0);
    mpz_setbit(n, bits);
    mpz_sub_ui(n, n, 1);
    if (kind % 3 == 1) {
        mpz_urandomb(n, state, bits);
    } else if (kind % 3 == 2) {
        mpz_t factor;
        mpz_init(factor);
        mpz_urandomb(n, state, bits / 2);
        mpz_setbit(n, bits / 2);
        mpz_nextprime(n, n);
        mpz_urandomb(factor, state, bits - bits / 2 - 1);
        mpz_mul(n, n, factor);
        mpz_clear(factor);
    }
    mpz_tdiv_r_2exp(n, n, bits);
    mpz_setbit(n, bits - 1);
    mpz_setbit(n, 0);
    // Small primes leave it to limbs.
    while (kind % 3 != 0 && mpz_gcd_ui(NULL, n, 3UL * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29) != 1) {
        mpz_sub_ui(n, n, 2);
    }
}

static void test_lanes(mp_bitcnt_t bits, size_t first, size_t last, unsigned *taken) {
    mpz_t n, f[MOST_DEGREE];
    mpz_init(n);
    make_numbers(f);
    for (size_t degree = first; degree <= last; degree++) {
        const unsigned kind = (unsigned)below(3 * KINDS);
        make_modulus(n, bits, kind);
        choose_polynomial(f, degree, n, kind / 3);
        *taken += compare(f, degree, n);
    }
    clear_numbers(f);
    mpz_clear(n);
}

static void test_sizes(void) {
    unsigned taken = 0;
    for (mp_bitcnt_t bits = 63; bits <= 400; bits++) { // all ends of limbs are among them
        const size_t degree = 2 + below(3);
        test_lanes(bits, degree, degree + 6, &taken);
    }
    for (mp_bitcnt_t limbs = 2; limbs <= 16; limbs++) { // with bits to spare, or none
        for (mp_bitcnt_t less = 0; less < 13; less++) {
            const size_t degree = LEAST_IN_LANES + below(MOST_IN_LANES - 3);
            test_lanes(52 * limbs + 5 - less, degree, degree + 1, &taken);
        }
    }
    test_lanes(128, 2, MOST_DEGREE, &taken);
    test_lanes(512, 2, MOST_DEGREE, &taken);
    test_lanes(1661, LEAST_IN_LANES, 5, &taken);
    const size_t one = LEAST_IN_LANES + below(4);
    test_lanes(PRK_LANE_MOST_BITS, one, one, &taken);
    EXPECT(taken > 1000 || !prk_lanes_take(65), "only %u", taken);
}

// A polynomial with a root among the places, of n with small primes, and beyond the sizes of lanes.
static void test_refused(void) {
    mpz_t n, f[MOST_DEGREE];
    mpz_init(n);
    make_numbers(f);
    for (unsigned long root = 0; root < 12; root++) {
        make_modulus(n, 150, 1);
        choose_polynomial(f, 5, n, RANDOM);
        mpz_set_ui(f[0], 0);
        for (size_t i = 5; i > 1; i--) { // f[0] = -f(root)
            if (i == 5) {
                mpz_ui_pow_ui(f[0], root, 5);
            }
            mpz_t power;
            mpz_init(power);
            mpz_ui_pow_ui(power, root, i - 1);
            mpz_addmul(f[0], power, f[i - 1]);
            mpz_clear(power);
        }
        mpz_neg(f[0], f[0]);
        mpz_mod(f[0], f[0], n);
        EXPECT(compare(f, 5, n) == (root >= 5 && prk_lanes_take(150)), "root %lu", root);
    }
    make_modulus(n, 150, 1);
    mpz_mul_ui(n, n, 5);
    choose_polynomial(f, 3, n, RANDOM);
    EXPECT(!compare(f, 3, n), "a small prime");
    make_modulus(n, PRK_LANE_MOST_BITS + 1, 0);
    EXPECT(!compare(f, 3, n), "too large");
    clear_numbers(f);
    mpz_clear(n);
}

// --- Carries -------------------------------------------------------------------------------------

static void expect_step(mpz_srcptr x, mpz_srcptr y, mpz_srcptr z, mpz_srcptr n) {
    mpz_t out[3], wanted, most;
    mpz_inits(out[0], out[1], out[2], wanted, most, (mpz_ptr)NULL);
    const size_t r_bits = prk_quotient_worst_step(scratch, out, x, y, z, n);
    EXPECT(r_bits > 0, "memory");
    mpz_mul_2exp(most, n, 1);
    mpz_mul(wanted, x, x);
    mpz_mul_ui(wanted, wanted, 31);
    mpz_addmul(wanted, y, z);
    for (int i = 0; i < 3; i++) {
        if (i == 2) {
            mpz_mul_ui(wanted, x, 16 * PRK_QUOTIENT_MOST_INTEGER);
        }
        EXPECT(mpz_sgn(out[i]) >= 0 && mpz_cmp(out[i], most) <= 0, "%d: %zu bits: bounds", i,
               mpz_sizeinbase(n, 2));
        mpz_mul_2exp(out[i], out[i], i == 2 ? 52 : r_bits);
        if (i == 1) {
            mpz_neg(out[i], out[i]);
        }
        EXPECT(mpz_congruent_p(out[i], wanted, n), "%d: %zu bits", i, mpz_sizeinbase(n, 2));
    }
    mpz_clears(out[0], out[1], out[2], wanted, most, (mpz_ptr)NULL);
}

// The reduction's quotient is R - 1, all ones, where the sum is n modulo R: for y = (n - 31 x^2) /
// z, which is at most 2n for one z of a hundred where R is no larger than it has to be.
static void test_quotient(mpz_srcptr n) {
    const mp_bitcnt_t r_bits = (mpz_sizeinbase(n, 2) / 52 + 1) * 52;
    mpz_t x, y, z, r;
    mpz_inits(x, y, z, r, (mpz_ptr)NULL);
    mpz_setbit(r, r_bits);
    mpz_mul_2exp(x, n, 1);
    bool is_found = false;
    for (int tries = 0; tries < 5000 && !is_found; tries++) {
        mpz_sub_ui(z, n, 2 + 2 * (unsigned long)tries);
        mpz_invert(z, z, r);
        mpz_mul(y, x, x);
        mpz_mul_si(y, y, -31);
        mpz_add(y, y, n);
        mpz_mul(y, y, z);
        mpz_mod(y, y, r);
        is_found = mpz_cmp(y, x) <= 0;
        mpz_sub_ui(z, n, 2 + 2 * (unsigned long)tries);
    }
    EXPECT(is_found, "%zu bits: no such sum", mpz_sizeinbase(n, 2));
    expect_step(x, y, z, n);
    mpz_clears(x, y, z, r, (mpz_ptr)NULL);
}

// Operands at their bounds. Of a modulus all of ones so are their limbs, but the highest.
static void test_worst(mp_bitcnt_t bits) {
    mpz_t n, x, y, z;
    mpz_inits(n, x, y, z, (mpz_ptr)NULL);
    for (unsigned kind = 0; kind < 2; kind++) {
        make_modulus(n, bits, kind);
        for (unsigned turn = 0; turn < 8; turn++) {
            mpz_mul_2exp(x, n, 1);
            mpz_set(y, x);
            mpz_sub_ui(z, n, 1);
            switch (turn) {
            case 0:
                break;
            case 1:
            case 2:
                mpz_sub_ui(x, x, turn);
                mpz_sub_ui(y, y, turn);
                break;
            case 3:
                mpz_set_ui(x, 0);
                break;
            case 4:
                mpz_set_ui(x, 0);
                mpz_set_ui(y, 0);
                break;
            case 5:
                mpz_set_ui(y, 0);
                break;
            default:
                mpz_rrandomb(x, state, bits + 1);
                mpz_mod(x, x, y);
                mpz_rrandomb(z, state, bits);
                mpz_mod(z, z, n);
                break;
            }
            expect_step(x, y, z, n);
        }
    }
    mpz_clears(n, x, y, z, (mpz_ptr)NULL);
}

static void test_carries(void) {
    for (mp_bitcnt_t bits = 65; bits < 700; bits++) {
        test_worst(bits);
    }
    for (mp_bitcnt_t limbs = 14; limbs <= 157; limbs += 11) { // to 157, of 8157 bits
        for (mp_bitcnt_t less = 6; less < 9; less++) {
            test_worst(52 * limbs - less);
        }
        mpz_t n;
        mpz_init(n);
        for (unsigned kind = 0; kind < 2; kind++) {
            make_modulus(n, 52 * limbs - 7, kind);
            test_quotient(n);
        }
        mpz_clear(n);
    }
    test_worst(PRK_LANE_MOST_BITS);
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
}

// -------------------------------------------------------------------------------------------------

static void test_cancel(void) {
    const uint32_t cancelled = 1;
    mpz_t n, f[MOST_DEGREE], half[MOST_DEGREE];
    mpz_init(n);
    make_numbers(f);
    make_numbers(half);
    make_modulus(n, 200, 1);
    for (size_t degree = 2; degree <= MOST_DEGREE; degree++) {
        choose_polynomial(f, degree, n, RANDOM);
        EXPECT(prk_powers_of_x(scratch, half, NULL, f, degree, n, &cancelled) ==
                   PRK_STATUS_CANCELLED,
               "degree %zu", degree);
        EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    }
    clear_numbers(f);
    clear_numbers(half);
    mpz_clear(n);
}

int main(void) {
    scratch = prk_scratch_create();
    gmp_randinit_default(state);
    test_small();
    test_sizes();
    test_refused();
    if (prk_lanes_take(65)) {
        test_carries();
    } else {
        printf("quotient_test: level %s has no lanes\n", prk_level_name(prk_active_level()));
    }
    test_cancel();
    gmp_randclear(state);
    prk_scratch_destroy(scratch);
    printf("quotient_test: %d failures\n", failures);
    return failures != 0;
}
