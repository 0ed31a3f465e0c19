// SPDX-License-Identifier: Apache-2.0
//
// make bench-proof-parts: what the parts of a proof by curves take, of random primes, without the
// verifying. The linker puts the functions below in the place of the library's (--wrap), which they
// call; what one calls itself counts as its own.

#define _GNU_SOURCE

#include <gmp.h>

#include "../../CKernels/ecpp/down.h"
#include "../../CKernels/ecpp/quotient.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/share/share.h"
#include "../measuring.h"
#include "prk_proof.h"

typedef enum part { ROOTS, NORMS, SMOOTH, TESTS, CLASSES, SPLITTING, POINTS, PARTS } part;

static const char *const part_names[PARTS] = {"roots",  "norms",     "smooth", "tests",
                                              "towers", "splitting", "points"};

static double spent[PARTS];
static int depth;

static double enter(void) { return depth++ == 0 ? thread_ns() : 0; }

static void leave(part p, double start) {
    if (--depth == 0) {
        spent[p] += thread_ns() - start;
    }
}

// A function of the library's, with its arguments in parentheses twice: with types, and without.
#define WRAP(PART, RESULT, NAME, PARAMETERS, ARGUMENTS)                                            \
    RESULT __real_##NAME PARAMETERS;                                                               \
    RESULT __wrap_##NAME PARAMETERS;                                                               \
    RESULT __wrap_##NAME PARAMETERS {                                                              \
        const double start = enter();                                                              \
        const RESULT wrapped = __real_##NAME ARGUMENTS;                                            \
        leave(PART, start);                                                                        \
        return wrapped;                                                                            \
    }

WRAP(ROOTS, prk_status, prk_lanes_powers,
     (const prk_lane_power *list, size_t count, bool is_lucas, prk_scratch *s,
      const uint32_t *cancel),
     (list, count, is_lucas, s, cancel))
WRAP(ROOTS, prk_status, prk_power,
     (prk_scratch * s, const prk_arithmetic *a, mpz_ptr result, mpz_srcptr base, mpz_srcptr e,
      mpz_srcptr n, const uint32_t *cancel),
     (s, a, result, base, e, n, cancel))
WRAP(ROOTS, prk_status, prk_chain_run,
     (prk_chain * chain, mp_bitcnt_t most, const uint32_t *cancel), (chain, most, cancel))
WRAP(NORMS, bool, prk_norm,
     (prk_scratch * s, mpz_ptr t, mpz_ptr v, int32_t d, mpz_srcptr root, mpz_srcptr n,
      mpz_srcptr limit),
     (s, t, v, d, root, n, limit))
WRAP(SMOOTH, prk_status, prk_smooth_remove,
     (prk_scratch * s, const mpz_ptr *numbers, size_t count, unsigned log, const uint32_t *cancel),
     (s, numbers, count, log, cancel))
WRAP(TESTS, prk_status, prk_lanes_strong,
     (prk_lane_number *const *list, size_t count, void *memory, prk_scratch *s,
      const uint32_t *cancel),
     (list, count, memory, s, cancel))
WRAP(TESTS, prk_status, prk_lanes_lucas,
     (prk_lane_number *const *list, size_t count, void *memory, prk_scratch *s,
      const uint32_t *cancel),
     (list, count, memory, s, cancel))
WRAP(TESTS, prk_status, prk_strong_test,
     (prk_scratch * s, const prk_arithmetic *a, mpz_srcptr n, const prk_special_form *form,
      mpz_srcptr base, const uint32_t *cancel, bool *passed),
     (s, a, n, form, base, cancel, passed))
WRAP(TESTS, prk_status, prk_extra_strong_lucas_test,
     (prk_scratch * s, const prk_arithmetic *a, mpz_srcptr n, const prk_special_form *form,
      uint32_t p, const uint32_t *cancel, uint32_t *condition),
     (s, a, n, form, p, cancel, condition))
WRAP(CLASSES, prk_status, prk_tower_make,
     (prk_tower * *tower, const prk_discriminant *d, const uint32_t *cancel), (tower, d, cancel))
WRAP(SPLITTING, prk_status, prk_powers_of_x,
     (prk_scratch * s, mpz_t *half, mpz_t *whole, mpz_t *f, size_t degree, mpz_srcptr n,
      const uint32_t *cancel),
     (s, half, whole, f, degree, n, cancel))
WRAP(POINTS, prk_status, prk_curve_look_in_lanes,
     (const prk_curve_claim *claims, size_t count, prk_scratch *s, const uint32_t *cancel,
      prk_curve_answer *answers),
     (claims, count, s, cancel, answers))
WRAP(POINTS, prk_status, prk_curve_look,
     (const prk_curve_claim *claim, prk_scratch *s, const uint32_t *cancel,
      prk_curve_answer *answer),
     (claim, s, cancel, answer))

static void prove(gmp_randstate_t state, int digits, uint64_t count) {
    mpz_t n, least;
    mpz_inits(n, least, (mpz_ptr)NULL);
    mpz_ui_pow_ui(least, 10, (unsigned long)digits - 1);
    const prk_prove_options options = {.only_curves = true};
    double whole = 0, steps = 0;
    memset(spent, 0, sizeof spent);
    for (uint64_t i = 0; i < count; i++) {
        mpz_urandomm(n, state, least);
        mpz_addmul_ui(n, least, 1 + (unsigned long)(i % 9));
        mpz_nextprime(n, n);
        prk_proof proof;
        const double start = thread_ns();
        const prk_status status = prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n),
                                            &options, NULL, NULL, &proof);
        whole += thread_ns() - start;
        steps += proof.steps;
        if (status != PRK_STATUS_OK || proof.verdict != PRK_PROOF_PROVED) {
            gmp_fprintf(stderr, "bench-proof-parts: no proof of %Zd\n", n);
            exit(1);
        }
    }
    printf("%6d %6.1f", digits, steps / (double)count);
    double rest = whole;
    for (part p = 0; p < PARTS; p++) {
        printf(" %9.2f", spent[p] / (double)count / 1e6);
        rest -= spent[p];
    }
    printf(" %9.2f %9.2f\n", rest / (double)count / 1e6, whole / (double)count / 1e6);
    mpz_clears(n, least, (mpz_ptr)NULL);
}

int main(int argc, char **argv) {
    static const int sizes[] = {77, 100, 154, 200, 309, 500, 1000};
    uint64_t largest = 500, primes = 10, seed = 20240229;
    const number_option options[] = {{"largest", 77, 1000, &largest},
                                     {"primes", 1, 1000, &primes},
                                     {"seed", 0, UINT32_MAX, &seed}};
    const json_file json = read_command_line("bench-proof-parts", argc, argv, options, 3);
    if (json.file != NULL) {
        fputs("bench-proof-parts: there is no JSON form\n", stderr);
        return 64;
    }
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, seed);
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    print_machine(&e, "");
    printf("load       %.2f before\n", e.load_before[0]);
    printf("seed       %" PRIu64 "; CPU time of one thread, the mean of %" PRIu64
           " primes by curves alone\n\nms     steps",
           seed, primes);
    for (part p = 0; p < PARTS; p++) {
        printf(" %9s", part_names[p]);
    }
    printf(" %9s %9s\n", "rest", "whole");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] <= (int)largest; i++) {
        prove(state, sizes[i], primes);
    }
    gmp_randclear(state);
    return 0;
}
