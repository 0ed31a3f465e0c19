// SPDX-License-Identifier: Apache-2.0
//
// Each modular arithmetic against GMP's integers, operation by operation, and the chains of steps
// over them: stopped after any step, cancelled, taken up by another arithmetic, and asked to go on
// from where no chain has been.

#include <stdlib.h>
#include <string.h>

#include "../../CKernels/ifma/lanes.h"
#include "../../CKernels/long/long.h"
#include "lucas_pair.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static const mp_bitcnt_t whole = (mp_bitcnt_t)-1;

static uint64_t below(uint64_t bound) { return next_random() % bound; }

enum { MOST_ARITHMETICS = 5 };

// Which arithmetics compute modulo n, and by which form.
static size_t arithmetics_for(mpz_srcptr n, prk_special_form *form, const prk_arithmetic **list) {
    size_t count = 0;
    list[count++] = &prk_redc;
    if (prk_scalar_arithmetic(n) != &prk_redc) {
        list[count++] = prk_scalar_arithmetic(n);
    }
    if (mpz_cmp_ui(n, 1) > 0 && prk_special_form_of(n, form)) {
        list[count++] = &prk_special;
    }
    if (mpz_odd_p(n) && prk_lanes_take(mpz_sizeinbase(n, 2))) {
        list[count++] = &prk_across;
    }
    if (prk_fft_takes(n)) {
        list[count++] = &prk_fft_fast;
    }
    return count;
}

static const prk_special_form *form_for(const prk_arithmetic *a, const prk_special_form *form) {
    return a == &prk_special ? form : NULL;
}

// Moduli of all kinds: odd and even, long runs of equal bits, k 2^e + 1 and - 1, of one limb and
// beyond where division takes over.
static void make_modulus(mpz_t n, long turn) {
    mp_bitcnt_t bits = turn % 97 == 0 ? 6000 + below(400) : 3 + below(turn % 5 == 0 ? 1200 : 260);
    if (turn % 3 == 0) {
        bits = (bits + 63) / 64 * 64; // nothing is to spare in the highest limb
    }
    switch (turn % 4) {
    case 0:
        mpz_rrandomb(n, state, bits);
        break;
    case 1:
        mpz_urandomb(n, state, bits);
        break;
    default:
        mpz_urandomb(n, state, 1 + below(bits / 2));
        mpz_setbit(n, 0);
        mpz_mul_2exp(n, n, bits - bits / 4);
        mpz_add_ui(n, n, 1);
        if (turn % 4 == 3) {
            mpz_sub_ui(n, n, 2);
        }
        break;
    }
    if (turn % 8 != 0) {
        mpz_setbit(n, 0);
    }
    if (mpz_cmp_ui(n, 5) < 0) {
        mpz_set_ui(n, 5);
    }
}

static void make_residue(mpz_t x, const mpz_t n) {
    switch (below(5)) {
    case 0:
        mpz_set_ui(x, below(3));
        break;
    case 1:
        mpz_sub_ui(x, n, 1 + below(3));
        break;
    default:
        mpz_urandomm(x, state, n);
        break;
    }
}

// --- Operations ----------------------------------------------------------------------------------

// A modulus with residues x, y and less, in memory of just the size that is asked for.
typedef struct user {
    prk_modulus m;
    prk_residue *x, *y, *less, *less2;
} user;

static void *allocate(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

static void begin(user *u, const prk_arithmetic *a, mpz_srcptr n, const prk_special_form *form) {
    u->m = (prk_modulus){.arithmetic = a, .n = n, .scratch = scratch};
    u->m.own = allocate(a->own_bytes(n, form));
    prk_residue **const all[] = {&u->x, &u->y, &u->less, &u->less2};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = allocate(a->residue_bytes(n, NULL));
        memset((void *)*all[i], 0xa5,
               a->residue_bytes(n, NULL)); // what to() does not write is seen
    }
    a->set(&u->m, form);
}

static void end(user *u) {
    free(u->m.own);
    free(u->x);
    free(u->y);
    free(u->less);
    free(u->less2);
}

static mpz_t got;

static void expect(const user *u, const prk_residue *r, const mpz_t wanted, const char *what) {
    u->m.arithmetic->from(&u->m, got, r);
    if (mpz_cmp(got, wanted) != 0 && failures++ < 50) {
        gmp_printf("chain_test: %s: %s modulo %Zd is %Zd, not %Zd\n", u->m.arithmetic->name, what,
                   u->m.n, got, wanted);
    }
}

static void test_operations(long moduli) {
    mpz_t n, x, y, c, d, wanted, other;
    mpz_inits(n, x, y, c, d, wanted, other, (mpz_ptr)NULL);
    for (long turn = 0; turn < moduli; turn++) {
        make_modulus(n, turn);
        prk_special_form form;
        const prk_arithmetic *list[MOST_ARITHMETICS];
        const size_t count = arithmetics_for(n, &form, list);
        for (size_t i = 0; i < count; i++) {
            const prk_arithmetic *a = list[i];
            user u;
            begin(&u, a, n, form_for(a, &form));
            for (int round = 0; round < 8; round++) {
                make_residue(x, n);
                make_residue(y, n);
                make_residue(c, n);
                make_residue(d, n);
                a->to(&u.m, u.less, c);
                a->to(&u.m, u.x, c);
                a->subtrahend(&u.m, u.less, u.x);
                a->to(&u.m, u.x, d);
                a->subtrahend(&u.m, u.less2, u.x);
                a->to(&u.m, u.x, x);
                expect(&u, u.x, x, "to and from");
                const int small = a->small(&u.m, u.x);
                mpz_sub(other, n, x);
                const int wanted_small = mpz_cmp_ui(x, 2) <= 0       ? (int)mpz_get_ui(x)
                                         : mpz_cmp_ui(other, 2) <= 0 ? -(int)mpz_get_ui(other)
                                                                     : PRK_NOT_SMALL;
                EXPECT(small == wanted_small, "%s: %d, not %d", a->name, small, wanted_small);
                a->to(&u.m, u.y, y);
                a->multiply(&u.m, u.y, u.x);
                mpz_mul(wanted, x, y);
                mpz_mod(wanted, wanted, n);
                expect(&u, u.y, wanted, "a product");
                a->multiply(&u.m, u.y, u.y);
                mpz_mul(wanted, wanted, wanted);
                mpz_mod(wanted, wanted, n);
                expect(&u, u.y, wanted, "a product by itself");

                a->to(&u.m, u.y, y);
                a->ladder(&u.m, u.x, u.y, u.less, u.less2);
                mpz_mul(wanted, x, y);
                mpz_sub(wanted, wanted, d);
                mpz_mod(wanted, wanted, n);
                expect(&u, u.y, wanted, "a ladder's product");
                mpz_mul(wanted, x, x);
                mpz_sub(wanted, wanted, c);
                mpz_mod(wanted, wanted, n);
                expect(&u, u.x, wanted, "a ladder's square");

                a->square(&u.m, u.x, 1, u.less);
                mpz_mul(wanted, wanted, wanted);
                mpz_sub(wanted, wanted, c);
                mpz_mod(wanted, wanted, n);
                expect(&u, u.x, wanted, "a square less something");
                for (int doubled = 1; doubled >= 0; doubled--) {
                    a->square(&u.m, u.x, doubled == 1 ? 2 : 1, NULL);
                    mpz_mul(wanted, wanted, wanted);
                    mpz_mul_ui(wanted, wanted, 1 + (unsigned long)doubled);
                    mpz_mod(wanted, wanted, n);
                    expect(&u, u.x, wanted, "a square");
                }
                if (a->times != NULL) {
                    const uint32_t factor = 1 + (uint32_t)below(round == 0 ? UINT32_MAX : 40);
                    a->times(&u.m, u.x, factor);
                    mpz_mul_ui(wanted, wanted, factor);
                    mpz_mod(wanted, wanted, n);
                    expect(&u, u.x, wanted, "a multiple");
                }
            }
            end(&u);
        }
    }
    mpz_clears(n, x, y, c, d, wanted, other, (mpz_ptr)NULL);
}

// --- Chains --------------------------------------------------------------------------------------

static void begin_chain(prk_chain *c, bool is_lucas, const prk_arithmetic *a, mpz_srcptr n,
                        const prk_special_form *form, mpz_srcptr first, mpz_srcptr exponent) {
    (is_lucas ? prk_chain_begin_lucas : prk_chain_begin_power)(c, scratch, a, n, form_for(a, form),
                                                               first, exponent);
}

// Takes up a chain that is not checked.
static prk_status resume(prk_chain *c, mp_bitcnt_t left, mp_bitcnt_t absorbed, mpz_ptr x,
                         mpz_ptr y) {
    const prk_chain_state s = {
        .left = left, .absorbed = absorbed, .numbers = {x, y}, .count = y == NULL ? 1 : 2};
    return prk_chain_resume(c, &s);
}

// Runs a chain in pieces, each of which begins anew from what the one before saved, on any of the
// arithmetics.
static void run_in_pieces(bool is_lucas, mpz_srcptr n, mpz_srcptr first, mpz_srcptr exponent,
                          mpz_t x, mpz_t y) {
    prk_special_form form;
    const prk_arithmetic *list[MOST_ARITHMETICS];
    const size_t count = arithmetics_for(n, &form, list);
    mp_bitcnt_t left = 0, absorbed = 0;
    for (bool has_begun = false;; has_begun = true) {
        prk_chain c;
        begin_chain(&c, is_lucas, list[below(count)], n, &form, first, exponent);
        if (has_begun && resume(&c, left, absorbed, x, is_lucas ? y : NULL) != PRK_STATUS_OK) {
            EXPECT(false, "going on with %lu of %lu squares", left, absorbed);
            prk_chain_end(&c);
            return;
        }
        const uint32_t raised = 1, calm = 0;
        EXPECT(prk_chain_is_done(&c) || prk_chain_run(&c, 1, &raised) == PRK_STATUS_CANCELLED,
               "a raised flag");
        EXPECT(prk_chain_run(&c, 1 + below(12), &calm) == PRK_STATUS_OK, "a piece");
        prk_chain_value(&c, x);
        if (is_lucas) {
            prk_chain_next_value(&c, y);
        }
        left = c.left;
        absorbed = c.absorbed;
        const bool is_done = prk_chain_is_done(&c);
        prk_chain_end(&c);
        if (is_done) {
            return;
        }
    }
}

static void expect_value(const char *what, const mpz_t is, const mpz_t wanted, const mpz_t n) {
    if (mpz_cmp(is, wanted) != 0 && failures++ < 50) {
        gmp_printf("chain_test: %s modulo %Zd is %Zd, not %Zd\n", what, n, is, wanted);
    }
}

static void test_chains(long chains) {
    mpz_t n, first, exponent, x, y, wanted, next;
    mpz_inits(n, first, exponent, x, y, wanted, next, (mpz_ptr)NULL);
    for (long turn = 0; turn < chains; turn++) {
        make_modulus(n, turn % 97 == 0 ? turn + 1 : turn); // long ones are below
        if (turn % 3 == 0) {
            mpz_set_ui(first, 1 + below(5)); // small bases, 2 among them
            mpz_mod(first, first, n);
        } else {
            mpz_urandomm(first, state, n);
        }
        if (mpz_sgn(first) == 0) {
            mpz_set_ui(first, 1);
        }
        const mp_bitcnt_t bits = 1 + below(mpz_sizeinbase(n, 2) + 70);
        if (turn % 2 == 0) {
            mpz_rrandomb(exponent, state, bits);
        } else {
            mpz_urandomb(exponent, state, bits);
        }
        mpz_mul_2exp(exponent, exponent, turn % 5 == 0 ? below(100) : 0);
        if (mpz_sgn(exponent) == 0) {
            mpz_set_ui(exponent, 1);
        }
        mpz_powm(wanted, first, exponent, n);
        prk_special_form form;
        const prk_arithmetic *list[MOST_ARITHMETICS];
        const size_t count = arithmetics_for(n, &form, list);
        for (size_t i = 0; i < count; i++) {
            prk_chain c;
            const uint32_t calm = 0;
            begin_chain(&c, false, list[i], n, &form, first, exponent);
            EXPECT(prk_chain_run(&c, whole, &calm) == PRK_STATUS_OK, "a power");
            prk_chain_value(&c, x);
            expect_value("a power", x, wanted, n);
            mpz_mul(y, wanted, wanted);
            mpz_mod(y, y, n);
            EXPECT(prk_chain_square(&c, &calm) == PRK_STATUS_OK, "a square");
            prk_chain_value(&c, x);
            expect_value("the square of a power", x, y, n);
            prk_chain_end(&c);
        }
        run_in_pieces(false, n, first, exponent, x, y);
        expect_value("a power in pieces", x, wanted, n);

        lucas_by_definition(wanted, next, first, exponent, n);
        const bool has_next = mpz_odd_p(exponent) != 0;
        for (size_t i = 0; i < count; i++) {
            prk_chain c;
            begin_chain(&c, true, list[i], n, &form, first, exponent);
            EXPECT(prk_chain_run(&c, whole, NULL) == PRK_STATUS_OK, "a Lucas sequence");
            prk_chain_value(&c, x);
            expect_value("V", x, wanted, n);
            if (has_next) {
                prk_chain_next_value(&c, y);
                expect_value("the next V", y, next, n);
            }
            prk_chain_end(&c);
        }
        run_in_pieces(true, n, first, exponent, x, y);
        expect_value("V in pieces", x, wanted, n);
        if (has_next) {
            expect_value("the next V in pieces", y, next, n);
        }
    }
    EXPECT(scratch->taken == 0, "%zu numbers are still taken", scratch->taken);
    mpz_clears(n, first, exponent, x, y, wanted, next, (mpz_ptr)NULL);
}

// Longer than mpz_powm may take at once, so that a flag cuts a chain of its own.
static void test_long_powers(void) {
    mpz_t n, base, exponent, x, wanted;
    mpz_inits(n, base, exponent, x, wanted, (mpz_ptr)NULL);
    static const int sizes[] = {4097, 6144, 6145, 9000}; // 96 limbs are the last with redc
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        mpz_urandomb(n, state, (mp_bitcnt_t)sizes[i / 2]);
        mpz_setbit(n, (mp_bitcnt_t)sizes[i / 2] - 1);
        mpz_setbit(n, 0);
        mpz_urandomb(exponent, state, 300);
        mpz_setbit(exponent, 299);
        for (unsigned long b = 2; b <= 4; b++) {
            mpz_set_ui(base, b);
            if (b == 4) {
                mpz_urandomm(base, state, n);
            }
            mpz_powm(wanted, base, exponent, n);
            const uint32_t calm = 0;
            EXPECT(prk_power(scratch, &prk_redc, x, base, exponent, n, NULL, &calm) ==
                       PRK_STATUS_OK,
                   "a long power");
            expect_value("a long power", x, wanted, n);
        }
        mpz_add_ui(n, n, 1); // even
        mpz_powm(wanted, base, exponent, n);
        const uint32_t calm = 0;
        prk_power(scratch, &prk_redc, x, base, exponent, n, NULL, &calm);
        expect_value("a power modulo an even number", x, wanted, n);
    }
    mpz_clears(n, base, exponent, x, wanted, (mpz_ptr)NULL);
}

// Where no chain of that exponent can have been, and residues that are none.
static void test_refusals(void) {
    mpz_t n, base, exponent, x, y;
    mpz_inits(n, base, exponent, x, y, (mpz_ptr)NULL);
    mpz_ui_pow_ui(n, 3, 200);
    mpz_set_ui(base, 1000003);
    mpz_set_ui(exponent, 0x2d0b); // 1011 0100 0010 11: windows 10110 (its end: 3 bits), …
    mpz_set_ui(x, 1);
    mpz_sub_ui(y, n, 1);
    const mp_bitcnt_t bits = mpz_sizeinbase(exponent, 2);
    long taken_up = 0;
    for (int lucas = 0; lucas < 2; lucas++) {
        for (mp_bitcnt_t left = 0; left <= bits + 1; left++) {
            for (mp_bitcnt_t absorbed = 0; absorbed <= bits + 1; absorbed++) {
                prk_chain c;
                begin_chain(&c, lucas == 1, &prk_redc, n, NULL, base, exponent);
                const prk_status status = resume(&c, left, absorbed, x, lucas == 1 ? y : NULL);
                const bool may_be = left == absorbed ? left < bits : lucas == 0;
                EXPECT(status != PRK_STATUS_OK || may_be, "%lu of %lu", left, absorbed);
                EXPECT(status == PRK_STATUS_OK || left != absorbed || left >= bits, "%lu", left);
                taken_up += status == PRK_STATUS_OK;
                // Whether it was taken up or not, it ends.
                EXPECT(prk_chain_run(&c, whole, NULL) == PRK_STATUS_OK && prk_chain_is_done(&c),
                       "an end");
                prk_chain_end(&c);
            }
        }
    }
    EXPECT(taken_up > 2 * (long)bits, "%ld places inside windows", taken_up - 2 * (long)bits);
    prk_chain c;
    prk_chain_begin_lucas(&c, scratch, &prk_redc, n, NULL, base, exponent);
    mpz_set(x, n);
    EXPECT(resume(&c, 3, 3, x, y) == PRK_STATUS_INVALID_ARGUMENT, "x = n");
    EXPECT(resume(&c, 3, 3, y, x) == PRK_STATUS_INVALID_ARGUMENT, "y = n");
    EXPECT(resume(&c, 3, 3, y, NULL) == PRK_STATUS_INVALID_ARGUMENT, "no y");
    mpz_neg(x, x);
    EXPECT(resume(&c, 3, 3, x, y) == PRK_STATUS_INVALID_ARGUMENT, "x < 0");
    prk_chain_end(&c);
    prk_chain_begin_power(&c, scratch, &prk_redc, n, NULL, base, exponent);
    EXPECT(resume(&c, 3, 3, y, y) == PRK_STATUS_INVALID_ARGUMENT, "a y for a power");
    prk_chain_end(&c);
    mpz_clears(n, base, exponent, x, y, (mpz_ptr)NULL);
}

int main(void) {
    gmp_randinit_default(state);
    mpz_init(got);
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("chain_test");
        return 1;
    }
    test_operations(scaled(4000));
    test_chains(scaled(1500));
    test_long_powers();
    test_refusals();
    prk_scratch_destroy(scratch);
    mpz_clear(got);
    gmp_randclear(state);
    printf("chain_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures > 0;
}
