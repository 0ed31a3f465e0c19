// SPDX-License-Identifier: Apache-2.0
//
// The kernels from C, without Swift: each level against the portable one and GMP, the edges of
// every argument, cancellation. Built by `make test-c` with each compiler and with sanitizers,
// which watch for reads out of bounds: all inputs and outputs are malloc'ed to their exact size.

#include <gmp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../CKernels/numbers/scratch.h"
#include "../../CKernels/sieve/trial_primes.h"
#include "cpool.h"
#include "primality.h"
#include "prk_kernels.h"
#include "prk_numbers.h"
#include "prk_system.h"
#include "support.h"

// 0 …, the powers of two and what surrounds them, squares and products of neighbouring primes,
// Carmichael numbers, strong pseudoprimes to base 2, psi_k [OEIS A014233].
static size_t edges(uint64_t *n) {
    static const uint64_t known[] = {561,
                                     1105,
                                     1729,
                                     2465,
                                     2821,
                                     6601,
                                     8911,
                                     1194649,
                                     12327121,
                                     2047,
                                     3277,
                                     4033,
                                     4681,
                                     8321,
                                     15841,
                                     29341,
                                     42799,
                                     49141,
                                     52633,
                                     65281,
                                     74665,
                                     80581,
                                     85489,
                                     1373653,
                                     25326001,
                                     UINT64_C(3215031751),
                                     UINT64_C(2152302898747),
                                     UINT64_C(3474749660383),
                                     UINT64_C(341550071728321),
                                     UINT64_C(3825123056546413051),
                                     UINT64_C(18446744073709551557),
                                     UINT64_C(18446744065119617029),
                                     UINT64_C(18446743979220271189),
                                     5459,
                                     5777,
                                     10877,
                                     16109};
    size_t count = 0;
    for (uint64_t i = 0; i < 4000; i++) {
        n[count++] = i;
    }
    for (int bit = 12; bit < 65; bit++) {
        for (int64_t d = -40; d <= 40; d++) {
            n[count++] = (bit == 64 ? 0 : UINT64_C(1) << bit) + (uint64_t)d;
        }
    }
    memcpy(n + count, known, sizeof known);
    count += sizeof known / sizeof known[0];
    for (uint64_t base = 3; base < UINT64_C(1) << 32; base = base * 21 / 10 + 1) {
        uint64_t p = odd_prime_from(base, 2);
        uint64_t q = odd_prime_from(p + 2, 2);
        if (q < UINT64_C(1) << 32) {
            n[count++] = p * p;
            n[count++] = p * q;
        }
        if (p < UINT64_C(1) << 31) {
            n[count++] = p * (2 * p - 1);
        }
    }
    return count;
}

static void test_levels(void) {
    uint64_t *n = malloc(60000 * sizeof *n);
    size_t count = edges(n);
    while (count < 60000) {
        n[count++] = next_random() >> (next_random() & 63);
    }
    uint8_t *wanted = malloc(count);
    for (size_t i = 0; i < count; i++) {
        wanted[i] = expected(n[i]);
    }
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        if (kernels == NULL) {
            printf("kernels_test: level %s is not supported here\n",
                   prk_level_name((prk_level)level));
            continue;
        }
        EXPECT(kernels->level == (prk_level)level, "level %d", level);
        uint8_t *verdicts = malloc(count);
        kernels->test_batch(n, verdicts, count);
        for (size_t i = 0; i < count; i++) {
            prk_report report;
            kernels->test_with_report(n[i], &report);
            EXPECT(verdicts[i] == wanted[i] && report.verdict == wanted[i] &&
                       kernels->is_prime(n[i]) == (wanted[i] == PRK_PRIME),
                   "%s: %llu", kernels->name, (unsigned long long)n[i]);
            if (report.fields & PRK_REPORT_HAS_FACTOR) {
                EXPECT(report.factor > 1 && report.factor < n[i] && n[i] % report.factor == 0,
                       "%llu", (unsigned long long)n[i]);
            }
        }
        free(verdicts);
        // Batches of each length, at the end of memory that is not longer.
        for (size_t length = 0; length <= 33; length++) {
            uint64_t *exact = malloc(length * sizeof *exact + 1);
            uint8_t *out = malloc(length + 1);
            memcpy(exact, n + 3990, length * sizeof *exact);
            memset(out, 0x55, length + 1);
            kernels->test_batch(exact, out, length);
            EXPECT(memcmp(out, wanted + 3990, length) == 0 && out[length] == 0x55, "length %zu",
                   length);
            free(exact);
            free(out);
        }
    }
    free(wanted);
    free(n);
}

static uint64_t naive_factor(uint64_t n) {
    for (uint64_t d = 2; d * d <= n; d++) {
        if (n % d == 0) {
            return d;
        }
    }
    return n;
}

static void test_trial_division(void) {
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        for (uint64_t n = 2; kernels != NULL && n < 40000; n++) {
            uint64_t d = kernels->trial_range(n, 0, UINT32_MAX);
            EXPECT((d == 0 ? n : d) == naive_factor(n), "%llu", (unsigned long long)n);
        }
        // Any cut of the range finds the same least divisor.
        for (int i = 0; kernels != NULL && i < 300; i++) {
            uint64_t n = next_random() >> (24 + (next_random() & 31)) | 1;
            n = n < 2 ? 3 : n;
            uint64_t whole = kernels->trial_range(n, 0, UINT32_MAX), least = 0;
            uint64_t step = 1 + next_random() % 100000;
            for (uint64_t from = 0; from * from <= n; from += step) {
                uint64_t d = kernels->trial_range(n, from, from + step - 1);
                EXPECT(d == 0 || (d >= from && d < from + step && n % d == 0), "%llu",
                       (unsigned long long)n);
                least = least == 0 ? d : least;
            }
            EXPECT(least == whole, "%llu", (unsigned long long)n);
        }
    }
    uint64_t factor = 99;
    EXPECT(prk_smallest_factor_u64(0, &factor) == PRK_STATUS_INVALID_ARGUMENT, "0");
    EXPECT(prk_smallest_factor_u64(1, &factor) == PRK_STATUS_INVALID_ARGUMENT, "1");
    EXPECT(prk_smallest_factor_u64(7, NULL) == PRK_STATUS_INVALID_ARGUMENT, "NULL");
    EXPECT(factor == 99, "nothing is written");
    EXPECT(prk_smallest_factor_u64(UINT64_MAX, &factor) == 0 && factor == 3, "2^64 - 1");
    EXPECT(prk_smallest_factor_u64(UINT64_C(4294967291) * 65537, &factor) == 0 && factor == 65537,
           "a large cofactor");
}

// Numbers of every size around the limb boundaries, against GMP.
static void test_big(void) {
    gmp_randstate_t state;
    gmp_randinit_default(state);
    enum { COUNT = 300 };
    mpz_t numbers[COUNT];
    size_t limb_count = 0;
    for (int i = 0; i < COUNT; i++) {
        mpz_init(numbers[i]);
        mpz_urandomb(numbers[i], state, (mp_bitcnt_t)(1 + i * 2 % 400));
        if (i % 3 != 0) {
            mpz_nextprime(numbers[i], numbers[i]);
        }
        if (i % 5 == 0) {
            mpz_mul(numbers[i], numbers[i], numbers[i]); // squares
        }
        limb_count += mpz_size(numbers[i]) + (i % 7 == 0); // a leading zero now and then
    }
    uint64_t *limbs = calloc(limb_count, sizeof *limbs);
    uint64_t *offsets = malloc((COUNT + 1) * sizeof *offsets);
    uint8_t *verdicts = malloc(COUNT);
    prk_report *reports = malloc(COUNT * sizeof *reports);
    offsets[0] = 0;
    for (int i = 0; i < COUNT; i++) {
        size_t size = mpz_size(numbers[i]);
        if (size > 0) {
            memcpy(limbs + offsets[i], mpz_limbs_read(numbers[i]), size * sizeof *limbs);
        }
        offsets[i + 1] = offsets[i] + size + (i % 7 == 0);
    }
    EXPECT(prk_test_big_batch(limbs, offsets, verdicts, COUNT) == PRK_STATUS_OK, "big batch");
    const prk_options options = {.seed = 7, .rounds = 3, .want_residue = true};
    mpz_t three, residue;
    mpz_init_set_ui(three, 3);
    mpz_init(residue);
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_GMP; engine += PRK_ENGINE_GMP) {
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, COUNT, &options, NULL, verdicts,
                              reports) == PRK_STATUS_OK,
               "engine %d", engine);
        for (int i = 0; i < COUNT; i++) {
            bool is_prime = mpz_probab_prime_p(numbers[i], 25) != 0;
            uint8_t wanted = mpz_cmp_ui(numbers[i], 2) < 0         ? PRK_NEITHER
                             : !is_prime                           ? PRK_COMPOSITE
                             : mpz_sizeinbase(numbers[i], 2) <= 64 ? PRK_PRIME
                                                                   : PRK_PROBABLE_PRIME;
            EXPECT(verdicts[i] == wanted && reports[i].verdict == wanted, "number %d: %d, not %d",
                   i, verdicts[i], wanted);
            if (mpz_cmp_ui(numbers[i], 1) > 0) {
                mpz_sub_ui(residue, numbers[i], 1);
                mpz_powm(residue, three, residue, numbers[i]);
                EXPECT((reports[i].fields & PRK_REPORT_HAS_RESIDUE) &&
                           reports[i].residue == mpz_getlimbn(residue, 0),
                       "residue of number %d", i);
            }
            if (reports[i].fields & PRK_REPORT_HAS_FACTOR) {
                EXPECT(mpz_divisible_ui_p(numbers[i], reports[i].factor), "factor of number %d", i);
            }
        }
    }
    for (int i = 0; i < COUNT; i++) {
        mpz_clear(numbers[i]);
    }
    mpz_clears(three, residue, (mpz_ptr)NULL);
    gmp_randclear(state);
    free(limbs);
    free(offsets);
    free(verdicts);
    free(reports);
}

static void test_arguments(void) {
    uint64_t n[2] = {7, 8}, one_limb[3] = {0, 1, 2}, decreasing[3] = {0, 2, 1},
             empty[3] = {0, 0, 0};
    uint64_t two_limbs[2] = {0, 2}, padded[2] = {0, 2};
    uint64_t big[2] = {1, 1}, small_padded[2] = {7, 0};
    uint8_t v[2] = {9, 9};
    EXPECT(prk_test_u64_batch(NULL, NULL, 0) == PRK_STATUS_OK, "nothing to do");
    EXPECT(prk_test_u64_batch(NULL, v, 1) == PRK_STATUS_INVALID_ARGUMENT, "no numbers");
    EXPECT(prk_test_u64_batch(n, NULL, 1) == PRK_STATUS_INVALID_ARGUMENT, "no verdicts");
    EXPECT(prk_test_big_batch(NULL, NULL, NULL, 0) == PRK_STATUS_OK, "nothing to do");
    EXPECT(prk_test_big_batch(n, NULL, v, 1) == PRK_STATUS_INVALID_ARGUMENT, "no offsets");
    EXPECT(prk_test_big_batch(n, one_limb, NULL, 2) == PRK_STATUS_INVALID_ARGUMENT, "no verdicts");
    EXPECT(prk_test_big_batch(n, decreasing, v, 2) == PRK_STATUS_INVALID_ARGUMENT, "decreasing");
    EXPECT(prk_test_big_batch(NULL, one_limb, v, 2) == PRK_STATUS_INVALID_ARGUMENT, "no limbs");
    EXPECT(v[0] == 9 && v[1] == 9, "nothing is written");
    EXPECT(prk_test_big_batch(NULL, empty, v, 2) == PRK_STATUS_OK, "empty numbers");
    EXPECT(v[0] == PRK_NEITHER && v[1] == PRK_NEITHER, "an empty number is 0");
    for (int engine = PRK_ENGINE_TRIAL; engine <= PRK_ENGINE_U64; engine++) {
        EXPECT(prk_test_batch((prk_engine)engine, big, two_limbs, 1, NULL, NULL, v, NULL) ==
                   PRK_STATUS_INVALID_ARGUMENT,
               "two limbs");
        EXPECT(prk_test_batch((prk_engine)engine, small_padded, padded, 1, NULL, NULL, v, NULL) ==
                       PRK_STATUS_OK &&
                   v[0] == PRK_PRIME,
               "a leading zero");
    }
    EXPECT(prk_test_batch((prk_engine)17, n, one_limb, 2, NULL, NULL, v, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "no engine");
    prk_scratch_destroy(NULL);
    EXPECT(prk_level_name((prk_level)99) == NULL && !prk_level_supported((prk_level)99),
           "no level");
}

// Windows sieved twice, and single candidates, against GMP: every probable prime is left.
static void test_searches(void) {
    for (size_t limbs = 2; limbs < 8; limbs++) {
        uint64_t start[8], marks[8];
        for (size_t i = 0; i < limbs; i++) {
            start[i] = next_random() | (i == 0 ? limbs % 2 : 0);
        }
        const size_t count = 450;
        EXPECT(prk_sieve_window(start, limbs, count, NULL, marks) == PRK_STATUS_OK, "window");
        EXPECT(prk_sieve_window_further(start, limbs, count, 1 << 16, 1 << 18, NULL, marks) ==
                   PRK_STATUS_OK,
               "further");
        EXPECT(prk_sieve_window_further(start, limbs, count, (UINT64_C(1) << 32) - 100000,
                                        UINT64_C(1) << 32, NULL, marks) == PRK_STATUS_OK,
               "as far as it goes");
        mpz_t n;
        mpz_init(n);
        mpz_import(n, limbs, -1, sizeof *start, 0, 0, start);
        mpz_setbit(n, 0);
        size_t left = 0;
        for (size_t i = 0; i < count; i++, mpz_add_ui(n, n, 2)) {
            const bool is_marked = marks[i / 64] >> i % 64 & 1;
            const bool is_prime = mpz_probab_prime_p(n, 1) != 0;
            left += is_marked;
            EXPECT(is_marked || !is_prime, "%zu of a window of %zu limbs", i, limbs);
            bool survives = false;
            EXPECT(prk_candidate_survives(mpz_limbs_read(n), mpz_size(n), false, NULL, &survives) ==
                       PRK_STATUS_OK,
                   "candidate");
            EXPECT(survives || !is_prime, "%zu of %zu limbs alone", i, limbs);
            EXPECT(survives || !is_marked, "a window is sieved deeper than one number");
        }
        EXPECT(left < count / 5, "%zu are left", left);
        mpz_clear(n);
    }
    uint64_t word = 0;
    prk_random_words(42, 2, &word, 1);
    EXPECT(word == UINT64_C(0xe11a4bae0c6cb025), "a word of a sequence");
}

// Division by the table: the least prime of each, also where all primes of a product divide, and
// none beyond the depth of the size.
static void test_division(void) {
    const prk_trial_table *table = prk_trial_primes_table();
    gmp_randstate_t state;
    gmp_randinit_default(state);
    mpz_t n;
    mpz_init(n);
    for (size_t turn = 0; turn < 3 * PRK_TRIAL_PRODUCTS; turn++) {
        const prk_trial_product *p = &table->products[turn % PRK_TRIAL_PRODUCTS];
        mpz_rrandomb(n, state, 1 + (turn % 50 == 0 ? 4000 : 700) * (turn % 13) / 13);
        if (turn % 3 == 0) {
            mpz_mul_ui(n, n, turn % 2 == 0 ? p->product : table->primes[p->end - 1].prime);
        }
        mpz_setbit(n, 0);
        const size_t depth = prk_trial_depth(mpz_sizeinbase(n, 2));
        size_t i = 0;
        while (i < depth && mpz_divisible_ui_p(n, table->primes[i].prime) == 0) {
            i++;
        }
        uint64_t bound = 0;
        const uint64_t factor = prk_trial_primes_divisor(n, table, &bound);
        EXPECT(factor == (i < depth ? table->primes[i].prime : 0), "turn %zu: %" PRIu64, turn,
               factor);
    }
    mpz_clear(n);
    gmp_randclear(state);
}

// Callers of a later version, whose structures are larger.
static void test_structure_sizes(void) {
    typedef struct later_report {
        prk_report known;
        uint64_t more[3];
    } later_report;
    struct {
        prk_options known;
        uint64_t more;
    } later = {.known = {.size = sizeof later, .report_size = sizeof(later_report), .rounds = 1}};
    enum { COUNT = 700 }; // more than a block of lanes
    static uint64_t limbs[2 * COUNT], offsets[COUNT + 1];
    static prk_report wanted[COUNT];
    static later_report reports[COUNT + 1];
    static uint8_t verdicts[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        limbs[2 * i] = 1000003 + 2 * i;
        limbs[2 * i + 1] = i % 3; // some of one limb
        offsets[i + 1] = 2 * (i + 1);
    }
    const prk_options plain = {.rounds = 1};
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_FFT; engine++) {
        const size_t count = engine == PRK_ENGINE_TRIAL || engine == PRK_ENGINE_U64 ? 1 : COUNT;
        memset(reports, 0x55, sizeof reports);
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, count, &plain, NULL, verdicts,
                              wanted) == PRK_STATUS_OK,
               "engine %d", engine);
        EXPECT(prk_test_batch((prk_engine)engine, limbs, offsets, count, &later.known, NULL,
                              verdicts, &reports[0].known) == PRK_STATUS_OK,
               "engine %d, larger structures", engine);
        for (size_t i = 0; i < count; i++) {
            const prk_report *r = &reports[i].known;
            EXPECT(wanted[i].size == sizeof(prk_report) && r->size == sizeof(later_report) &&
                       r->verdict == wanted[i].verdict && r->method == wanted[i].method &&
                       r->factor == wanted[i].factor && r->round == wanted[i].round &&
                       r->engine == wanted[i].engine && verdicts[i] == r->verdict &&
                       reports[i].more[0] == 0 && reports[i].more[2] == 0,
                   "engine %d: report %zu", engine, i);
        }
        EXPECT(reports[count].more[1] == UINT64_C(0x5555555555555555), "one report too many");
    }
    later.more = 1; // a field that this version does not know
    EXPECT(prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, 1, &later.known, NULL, verdicts, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "an unknown option");
    const prk_options small = {.size = 8}, small_report = {.report_size = 8};
    EXPECT(prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, 1, &small, NULL, verdicts, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "options that are too small");
    EXPECT(prk_test_batch(PRK_ENGINE_AUTO, limbs, offsets, 1, &small_report, NULL, verdicts,
                          wanted) == PRK_STATUS_INVALID_ARGUMENT,
           "reports that are too small");
}

// Evidence on words comes from their batch; that of one number after the other is the definition.
static void test_reports_of_words(void) {
    enum { COUNT = 1300 }; // some blocks and a rest
    static uint64_t words[COUNT], offsets[COUNT + 1];
    static prk_report reports[COUNT + 1];
    static uint8_t verdicts[COUNT];
    mpz_t n;
    mpz_init(n);
    for (uint64_t i = 0; i < COUNT; i++) {
        const uint64_t random = (i + 1) * UINT64_C(0x9E3779B97F4A7C15) >> i % 61;
        words[i] = i < 300 ? i : i % 2 == 0 ? random : 4000 + i;
        if (i >= 900) {
            mpz_set_ui(n, random);
            mpz_nextprime(n, n);
            words[i] = i % 5 == 0 ? mpz_get_ui(n) * mpz_get_ui(n) : mpz_get_ui(n);
        }
        offsets[i + 1] = i + 1;
    }
    static const uint64_t pseudoprimes[] = {
        2047,  3277,   4033,       4681,    5459,     5777,       3481,           10877,
        75077, 100127, 3215031751, 1194649, 12327121, UINT64_MAX, UINT64_MAX - 58};
    memcpy(words + 300, pseudoprimes, sizeof pseudoprimes);
    const prk_options options = {.want_residue = true};
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_U64; engine++) {
        if (engine == PRK_ENGINE_TRIAL) {
            continue;
        }
        reports[COUNT].cpu_ns = 7;
        EXPECT(prk_test_batch((prk_engine)engine, words, offsets, COUNT, &options, NULL, verdicts,
                              reports) == PRK_STATUS_OK &&
                   reports[COUNT].cpu_ns == 7,
               "engine %d", engine);
        for (int i = 0; i < COUNT; i++) {
            prk_report wanted = {.size = sizeof wanted, .engine = PRK_ENGINE_U64};
            prk_kernels_at(PRK_LEVEL_PORTABLE)->test_with_report(words[i], &wanted);
            if (words[i] > 0) {
                wanted.fields |= PRK_REPORT_HAS_RESIDUE;
                mpz_set_ui(n, 3);
                mpz_t power, modulus;
                mpz_init_set_ui(power, words[i] - 1);
                mpz_init_set_ui(modulus, words[i]);
                mpz_powm(n, n, power, modulus);
                wanted.residue = mpz_get_ui(n);
                mpz_clears(power, modulus, (mpz_ptr)NULL);
            }
            wanted.cpu_ns = reports[i].cpu_ns;
            EXPECT(memcmp(&reports[i], &wanted, sizeof wanted) == 0 &&
                       verdicts[i] == wanted.verdict,
                   "engine %d: %llu: verdict %u, method %u", engine, (unsigned long long)words[i],
                   reports[i].verdict, reports[i].method);
        }
    }
    mpz_clear(n);
}

static void test_flags(void) {
    uint32_t *whole = prk_flag_create();
    uint32_t *first = prk_flag_create_part(whole), *second = prk_flag_create_part(whole);
    uint32_t *inner = prk_flag_create_part(second);
    EXPECT(first != NULL && second != NULL && inner != NULL, "parts");
    prk_flag_raise(first);
    EXPECT(prk_is_cancelled(first) && !prk_is_cancelled(whole) && !prk_is_cancelled(second),
           "a part alone");
    const int bell = prk_flag_bell(inner);
    prk_flag_raise(whole);
    EXPECT(prk_is_cancelled(whole) && prk_is_cancelled(second) && prk_is_cancelled(inner),
           "the whole");
    struct pollfd ring = {.fd = bell, .events = POLLIN};
    EXPECT(bell >= 0 && poll(&ring, 1, 0) == 1, "the bell of a part");
    prk_flag_destroy(inner);
    prk_flag_destroy(first);
    // Its place is free again, and a part that comes late is raised at once.
    uint32_t *late = prk_flag_create_part(whole);
    EXPECT(late != NULL && prk_is_cancelled(late), "a part of what was raised");
    uint32_t *many[500];
    size_t count = 0;
    while (count < 500 && (many[count] = prk_flag_create_part(whole)) != NULL) {
        count++;
    }
    EXPECT(count == 498, "%zu parts beside two", count);
    while (count > 0) {
        prk_flag_destroy(many[--count]);
    }
    prk_flag_destroy(late);
    prk_flag_destroy(second);
    prk_flag_destroy(whole);
}

static void test_cancellation(void) {
    uint32_t *flag = prk_flag_create();
    EXPECT(flag != NULL && !prk_is_cancelled(flag), "a new flag");
    prk_flag_raise(flag);
    const prk_options options = {.cancel = flag};
    uint64_t n[2] = {UINT64_C(18446744073709551557), 5}, offsets[3] = {0, 1, 2};
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_GMP; engine++) {
        uint8_t v[2] = {9, 9};
        EXPECT(prk_test_batch((prk_engine)engine, n, offsets, 2, &options, NULL, v, NULL) ==
                   PRK_STATUS_CANCELLED,
               "engine %d", engine);
        EXPECT(v[0] == PRK_UNTESTED && v[1] == PRK_UNTESTED, "engine %d", engine);
    }
    prk_flag_destroy(flag);
    // Long exponentiations go step by step when they can be cancelled, in one call otherwise: the
    // same result.
    gmp_randstate_t state;
    gmp_randinit_default(state);
    mpz_t z;
    mpz_init(z);
    mpz_urandomb(z, state, 4500);
    mpz_setbit(z, 4499);
    mpz_setbit(z, 0);
    uint64_t big_offsets[2] = {0, mpz_size(z)};
    uint32_t calm = 0;
    prk_options whole = {.want_residue = true}, steps = {.want_residue = true, .cancel = &calm};
    prk_report first, second;
    uint8_t v;
    const uint64_t *limbs = (const uint64_t *)mpz_limbs_read(z);
    EXPECT(prk_test_batch(PRK_ENGINE_GMP, limbs, big_offsets, 1, &whole, NULL, &v, &first) == 0 &&
               prk_test_batch(PRK_ENGINE_GMP, limbs, big_offsets, 1, &steps, NULL, &v, &second) ==
                   0,
           "4500 bits");
    EXPECT(first.residue == second.residue && first.verdict == second.verdict, "4500 bits");
    mpz_clear(z);
    gmp_randclear(state);
}

// A strong test to a random base in the range where it is one call, and where it is steps.
static void test_random_bases(void) {
    uint64_t n[3] = {UINT64_MAX, UINT64_MAX, 0x7ff}, a[3], b[3];
    for (uint32_t round = 1; round < 50; round++) {
        EXPECT(prk_random_base(n, 3, 5, round, a) == 0 && prk_random_base(n, 3, 5, round, b) == 0,
               "base");
        EXPECT(memcmp(a, b, sizeof a) == 0 && a[2] <= n[2], "the same again, below n");
        EXPECT(prk_random_base(n, 3, 6, round, b) == 0 && memcmp(a, b, sizeof a) != 0, "seed");
        EXPECT(prk_random_base(n, 3, 5, round + 1, b) == 0 && memcmp(a, b, sizeof a) != 0, "round");
    }
    uint64_t five = 5, base = 0;
    bool seen[6] = {false};
    for (uint32_t round = 1; round < 100; round++) {
        EXPECT(prk_random_base(&five, 1, 1, round, &base) == 0 && base >= 2 && base <= 3, "of 5");
        seen[base <= 5 ? base : 0] = true;
    }
    EXPECT(seen[2] && seen[3], "both bases of 5");
    uint64_t four = 4;
    EXPECT(prk_random_base(&four, 1, 1, 1, &base) == PRK_STATUS_INVALID_ARGUMENT, "of 4");
    // 2^4159 + 1779 is prime: bases of full size through the windows of the stepwise power.
    uint64_t prime[65] = {[0] = 1779, [64] = UINT64_C(1) << 63};
    uint64_t offsets[2] = {0, 65};
    uint32_t calm = 0;
    prk_options options = {.seed = 3, .rounds = 2, .cancel = &calm};
    prk_report report;
    uint8_t v = 0;
    EXPECT(prk_test_batch(PRK_ENGINE_AUTO, prime, offsets, 1, &options, NULL, &v, &report) == 0 &&
               v == PRK_PROBABLE_PRIME && report.round == 2,
           "2^4159 + 1779");
}

// Every function has the same bound on the size of a number, and what is within it is tested as it
// is, not as its low bits.
static void test_sizes(void) {
    const size_t bound = prk_most_limbs;
    uint64_t n[3] = {5, 1, 1}, base[3] = {9, 9, 9}, marks = 9, residue = 9;
    const uint64_t above[2] = {0, 3}, within[2] = {0, 2};
    const uint64_t fermat[3] = {1, 0, 1}; // 2^128 + 1
    uint8_t v = 9;
    bool survives = false;
    prk_report report = {0};
    prk_most_limbs = 2;
    EXPECT(prk_test_big_batch(n, above, &v, 1) == PRK_STATUS_TOO_LARGE && v == 9, "a batch");
    for (int engine = PRK_ENGINE_AUTO; engine <= PRK_ENGINE_FFT; engine++) {
        EXPECT(prk_test_batch((prk_engine)engine, n, above, 1, NULL, NULL, &v, &report) ==
                       PRK_STATUS_TOO_LARGE &&
                   v == 9,
               "engine %d", engine);
    }
    EXPECT(prk_test_big_batch(n, within, &v, 1) == PRK_STATUS_OK && v == PRK_COMPOSITE, "2^64 + 5");
    EXPECT(prk_random_base(n, 3, 1, 1, base) == PRK_STATUS_TOO_LARGE && base[0] == 9, "a base");
    EXPECT(prk_random_base(n, 2, 1, 1, base) == PRK_STATUS_OK, "a base within");
    EXPECT(prk_special_test(fermat, 3, NULL, &report, &residue) == PRK_STATUS_TOO_LARGE, "a form");
    EXPECT(prk_sieve_window(n, 3, 64, NULL, &marks) == PRK_STATUS_TOO_LARGE && marks == 9,
           "a window");
    EXPECT(prk_sieve_window(n, 2, 64, NULL, &marks) == PRK_STATUS_OK, "a window within");
    EXPECT(prk_sieve_window_further(n, 3, 64, 1 << 16, 1 << 17, NULL, &marks) ==
               PRK_STATUS_TOO_LARGE,
           "further");
    EXPECT(prk_candidate_survives(n, 3, false, NULL, &survives) == PRK_STATUS_TOO_LARGE,
           "a candidate");
    prk_most_limbs = bound;
    EXPECT(bound * 64 == PRK_MOST_BITS, "%zu limbs", bound);
    EXPECT(strcmp(prk_status_name(PRK_STATUS_TOO_LARGE), "too large") == 0 &&
               prk_status_name((prk_status)8) == NULL,
           "names");

    // 2^(2^32 + 64) + 5 is a multiple of 3, and a number of 65 bits modulo 2^(2^32). Its zeros take
    // no memory while nobody writes them, and the scratch is told that its own is there.
    const size_t count = ((size_t)1 << 26) + 2;
    const uint64_t offsets[2] = {0, count};
    uint64_t *large = calloc(count, sizeof *large);
    prk_scratch *scratch = prk_scratch_create();
    if (large == NULL || scratch == NULL) {
        printf("kernels_test: no memory for a number of 2^32 bits\n");
    } else {
        large[0] = 5;
        large[count - 1] = 1;
        scratch->reserved = SIZE_MAX;
        EXPECT(prk_test_batch(PRK_ENGINE_AUTO, large, offsets, 1, NULL, scratch, &v, &report) ==
                       PRK_STATUS_OK &&
                   v == PRK_COMPOSITE && report.factor == 3 && report.engine == PRK_ENGINE_GMP,
               "2^(2^32 + 64) + 5: verdict %d, factor %llu, engine %d", v,
               (unsigned long long)report.factor, report.engine);
    }
    prk_scratch_destroy(scratch);
    free(large);
}

// The residue of the test of n by its definition: 0 when the report names none.
static void expected_special_residue(mpz_ptr x, mpz_srcptr n, const prk_report *report) {
    mpz_t m, y, product;
    mpz_inits(m, y, product, (mpz_ptr)NULL);
    mpz_set_ui(x, 0);
    if (report->fields & PRK_REPORT_HAS_BASE) {
        mpz_set_ui(x, report->base);
        mpz_tdiv_q_2exp(m, n, 1);
        mpz_powm(x, x, m, n);
        mpz_add_ui(x, x, 1);
    } else if (report->fields & PRK_REPORT_HAS_LUCAS) {
        // V_(n+1)/4 bit by bit.
        const unsigned long p = (unsigned long)report->lucas_p;
        mpz_add_ui(m, n, 1);
        mpz_tdiv_q_2exp(m, m, 2);
        mpz_set_ui(x, 2);
        mpz_set_ui(y, p);
        for (size_t bit = mpz_sizeinbase(m, 2); bit-- > 0;) {
            mpz_mul(product, x, y);
            mpz_sub_ui(product, product, p);
            mpz_ptr doubled = mpz_tstbit(m, bit) ? y : x, other = mpz_tstbit(m, bit) ? x : y;
            mpz_mul(doubled, doubled, doubled);
            mpz_sub_ui(doubled, doubled, 2);
            mpz_mod(doubled, doubled, n);
            mpz_mod(other, product, n);
        }
    }
    mpz_mod(x, x, n);
    mpz_clears(m, y, product, (mpz_ptr)NULL);
}

// k 2^e ± 1 with k of all sizes below 2^e, also with long runs of equal bits, which carry far.
static void test_special_forms(void) {
    gmp_randstate_t state;
    gmp_randinit_default(state);
    mpz_t n, wanted;
    mpz_inits(n, wanted, (mpz_ptr)NULL);
    int primes = 0;
    for (int i = 0; i < 6000; i++) {
        const mp_bitcnt_t e = 2 + (mp_bitcnt_t)(next_random() % (i % 16 == 0 ? 700 : 200));
        const mp_bitcnt_t k_bits = i % 4 == 0 ? e : 1 + (mp_bitcnt_t)(next_random() % e);
        (i & 1 ? mpz_urandomb : mpz_rrandomb)(n, state, k_bits);
        mpz_setbit(n, 0);
        mpz_mul_2exp(n, n, e);
        (i & 2 ? mpz_add_ui : mpz_sub_ui)(n, n, 1);
        prk_report report = {0};
        uint64_t residue = 0;
        prk_status status = prk_special_test((const uint64_t *)mpz_limbs_read(n), mpz_size(n), NULL,
                                             &report, &residue);
        const bool is_prime = mpz_probab_prime_p(n, 25) != 0;
        expected_special_residue(wanted, n, &report);
        EXPECT(status == PRK_STATUS_OK &&
                   report.verdict == (is_prime ? PRK_PRIME : PRK_COMPOSITE) &&
                   residue == mpz_get_ui(wanted),
               "number %d: e = %lu, k of %lu bits, method %d", i, e, k_bits, report.method);
        primes += is_prime;
    }
    EXPECT(primes > 100, "%d primes", primes);
    mpz_clears(n, wanted, (mpz_ptr)NULL);
    gmp_randclear(state);
}

static void test_text(void) {
    for (int digits = 1; digits < 120; digits++) {
        char text[128], back[256];
        for (int i = 0; i < digits; i++) {
            text[i] = (char)('0' + next_random() % 10);
        }
        text[0] = text[0] == '0' ? '1' : text[0];
        uint64_t *limbs = malloc(prk_limbs_for_digits(10, (size_t)digits) * sizeof *limbs);
        size_t count = prk_limbs_from_digits(text, (size_t)digits, 10, limbs);
        size_t length = prk_decimal_from_limbs(limbs, count, back);
        EXPECT(length <= prk_decimal_capacity(count), "%d digits", digits);
        EXPECT(length == (size_t)digits && memcmp(text, back, length) == 0, "%d digits", digits);
        free(limbs);
        limbs = malloc(prk_limbs_for_digits(16, (size_t)digits) * sizeof *limbs);
        memset(text, 'f', sizeof text);
        count = prk_limbs_from_digits(text, (size_t)digits, 16, limbs);
        EXPECT(count == (size_t)(digits + 15) / 16 && limbs[0] != 0, "%d hexadecimal digits",
               digits);
        free(limbs);
    }
}

int main(void) {
    test_levels();
    test_trial_division();
    test_big();
    test_arguments();
    test_division();
    test_searches();
    test_structure_sizes();
    test_reports_of_words();
    test_flags();
    test_cancellation();
    test_random_bases();
    test_sizes();
    test_special_forms();
    test_text();
    printf("kernels_test: %s, GMP %s, level %s: %d failures\n", prk_compiler(), prk_gmp_version(),
           prk_level_name(prk_active_level()), failures);
    return failures != 0;
}
