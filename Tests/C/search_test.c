// SPDX-License-Identifier: Apache-2.0
//
// Neighbours, windows and random primes, against GMP and against looking at each number.

#include <string.h>

#include "prk_kernels.h"
#include "prk_search.h"
#include "support.h"

enum { MOST = 64 };

static void read_number(mpz_t n, const uint64_t *limbs, size_t count) {
    mpz_import(n, count, -1, 8, 0, 0, limbs);
}

// As many limbs as are asked for, with leading zeros.
static void write_number(uint64_t *limbs, size_t count, const mpz_t n) {
    memset(limbs, 0, count * sizeof *limbs);
    mpz_export(limbs, NULL, -1, 8, 0, 0, n);
}

static bool passes(const mpz_t n) { return mpz_probab_prime_p(n, 25) != 0; }

// --- Neighbours ----------------------------------------------------------------------------------

static void check_next(const mpz_t n, size_t zeros) {
    uint64_t limbs[MOST], prime[MOST + 1];
    const size_t count = mpz_size(n) + zeros;
    write_number(limbs, count, n);
    mpz_t found, wanted;
    mpz_inits(found, wanted, NULL);
    mpz_nextprime(wanted, n);
    memset(prime, 0xAA, sizeof prime);
    prk_report report, again;
    const prk_options options = {.rounds = 1, .seed = 7, .want_residue = true};
    EXPECT(prk_next_prime(limbs, count, &options, NULL, prime, &report) == PRK_STATUS_OK, "next");
    read_number(found, prime, count + 1);
    EXPECT(mpz_cmp(found, wanted) == 0, "%s limbs: %zu", mpz_get_str(NULL, 10, n), count);
    EXPECT(prime[count + 1] == UINT64_C(0xAAAAAAAAAAAAAAAA), "one place too many is written");

    const uint64_t offsets[2] = {0, count + 1};
    uint8_t verdict;
    prk_test_batch(PRK_ENGINE_AUTO, prime, offsets, 1, &options, NULL, &verdict, &again);
    report.cpu_ns = again.cpu_ns = 0;
    EXPECT(report.engine == PRK_ENGINE_IFMA || memcmp(&report, &again, sizeof report) == 0,
           "the report of %s", mpz_get_str(NULL, 10, found));
    EXPECT(report.residue == again.residue && report.verdict == verdict, "the residue");

    // And back: the greatest below what comes after.
    uint64_t back[MOST + 1];
    memset(back, 0xAA, sizeof back);
    mpz_add_ui(wanted, found, 1);
    uint64_t above[MOST + 1];
    write_number(above, count + 1, wanted);
    EXPECT(prk_previous_prime(above, count + 1, NULL, NULL, back, NULL) == PRK_STATUS_OK, "back");
    EXPECT(memcmp(back, prime, (count + 1) * sizeof *prime) == 0, "back to the same prime");
    if (mpz_cmp_ui(n, 2) > 0 && passes(n)) {
        EXPECT(prk_previous_prime(prime, count + 1, NULL, NULL, back, NULL) == PRK_STATUS_OK, "%s",
               __func__);
        read_number(found, back, count + 1);
        EXPECT(mpz_cmp(found, n) == 0, "the prime before is the one that it came after");
    }
    mpz_clears(found, wanted, NULL);
}

static void test_neighbours(void) {
    mpz_t n;
    mpz_init(n);
    for (unsigned long small = 0; small < 3000; small++) {
        mpz_set_ui(n, small);
        check_next(n, small % 3);
        mpz_nextprime(n, n);
        EXPECT(prk_next_prime_u64(small) == mpz_get_ui(n), "%lu", small);
        uint64_t before = small < 3 ? 0 : small - 1;
        while (before > 2 && !gmp_says_prime(before)) {
            before--;
        }
        EXPECT(prk_previous_prime_u64(small) == before, "%lu", small);
    }
    for (unsigned bits = 4; bits <= 1024; bits += bits < 70 ? 1 : bits / 2) {
        for (long d = -70; d <= 70; d += bits < 130 ? 1 : 35) {
            mpz_set_ui(n, 1);
            mpz_mul_2exp(n, n, bits);
            if (d < 0) {
                mpz_sub_ui(n, n, (unsigned long)-d);
            } else {
                mpz_add_ui(n, n, (unsigned long)d);
            }
            if (mpz_sgn(n) > 0) {
                check_next(n, 0);
            }
        }
    }
    EXPECT(prk_next_prime_u64(UINT64_MAX) == 0 && prk_next_prime_u64(UINT64_MAX - 58) == 0, "none");
    EXPECT(prk_next_prime_u64(UINT64_MAX - 59) == UINT64_MAX - 58, "the last one below 2^64");
    EXPECT(prk_previous_prime_u64(UINT64_MAX) == UINT64_MAX - 58, "from above");
    gmp_randstate_t random;
    gmp_randinit_default(random);
    gmp_randseed_ui(random, next_random());
    for (long i = 0; i < scaled(60); i++) {
        mpz_urandomb(n, random, 1 + next_random() % 1200);
        check_next(n, next_random() % 2);
    }
    gmp_randclear(random);
    mpz_clear(n);
}

// --- Windows -------------------------------------------------------------------------------------

// All that a window gives, in ascending order.
static size_t take_all(prk_window *window, uint64_t *numbers, size_t room) {
    size_t count = 0;
    for (;;) {
        const uint64_t *limbs;
        size_t limb_count;
        if (count % 3 == 0) {
            EXPECT(prk_window_deepen(window, NULL) == PRK_STATUS_OK, "deepen");
        }
        EXPECT(prk_window_next(window, NULL, &limbs, &limb_count) == PRK_STATUS_OK, "next");
        if (limbs == NULL) {
            return count;
        }
        EXPECT(limb_count == 1 && count < room, "a number of the window");
        numbers[count++] = limbs[0];
    }
}

static void check_window(uint64_t low, uint64_t high, prk_direction direction, uint64_t expected) {
    static uint64_t given[4096];
    prk_window *window;
    EXPECT(prk_window_create(&low, 1, &high, 1, direction, expected, &window) == PRK_STATUS_OK,
           "%s", __func__);
    const size_t count = take_all(window, given, 4096);
    prk_window_destroy(window);
    size_t at = 0;
    for (uint64_t i = low; i < high; i++) {
        const uint64_t n = direction == PRK_ASCENDING ? i : high - 1 - (i - low);
        const bool is_given = at < count && given[at] == n;
        at += is_given;
        EXPECT(is_given || !gmp_says_prime(n), "%lu of %lu..<%lu is left out", n, low, high);
    }
    EXPECT(at == count, "%lu..<%lu: order", low, high);
}

static void test_windows(void) {
    for (uint64_t low = 0; low < 40; low++) {
        for (uint64_t high = 0; high < 150; high++) {
            check_window(low, high, PRK_ASCENDING, 0);
            check_window(low, high, PRK_DESCENDING, high % 2);
        }
    }
    check_window(UINT64_MAX - 3000, UINT64_MAX, PRK_ASCENDING, 1);
    check_window(UINT64_MAX - 3000, UINT64_MAX, PRK_DESCENDING, 0);

    // A copy goes on from the same place, across a segment's end.
    const uint64_t low[3] = {5, 1, 0};
    prk_window *window;
    EXPECT(prk_window_create(low, 3, NULL, 0, PRK_ASCENDING, 1, &window) == PRK_STATUS_OK, "%s",
           __func__);
    const uint64_t *limbs, *copied;
    size_t limb_count, copied_count;
    for (int i = 0; i < 7; i++) {
        prk_window_next(window, NULL, &limbs, &limb_count);
    }
    prk_window *copy = prk_window_copy(window);
    uint32_t flag = 1;
    for (int i = 0; i < 300; i++) {
        EXPECT(prk_window_next(window, NULL, &limbs, &limb_count) == PRK_STATUS_OK, "next");
        prk_status status = prk_window_next(copy, &flag, &copied, &copied_count);
        if (status == PRK_STATUS_CANCELLED) { // and goes on, too
            EXPECT(copied == NULL, "nothing is given");
            status = prk_window_next(copy, NULL, &copied, &copied_count);
        }
        EXPECT(status == PRK_STATUS_OK && copied_count == limb_count && limb_count == 2 &&
                   memcmp(limbs, copied, limb_count * sizeof *limbs) == 0,
               "the copy's number %d", i);
    }
    prk_window_destroy(copy);
    prk_window_destroy(window);
    prk_window_destroy(NULL);
    EXPECT(prk_window_create(NULL, 1, NULL, 0, PRK_ASCENDING, 1, &window) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_window_create(low, 3, NULL, 0, PRK_DESCENDING, 1, &window) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_window_create(low, 3, low, 3, (prk_direction)2, 1, &window) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_window_create(low, SIZE_MAX, NULL, 0, PRK_ASCENDING, 1, &window) ==
               PRK_STATUS_TOO_LARGE,
           "%s", __func__);
}

static void test_ranges(void) {
    static uint64_t primes[70000];
    size_t count;
    EXPECT(prk_primes_u64(0, 800000, NULL, primes, 70000, &count) == PRK_STATUS_OK, "%s", __func__);
    EXPECT(count == 63951, "%zu primes below 800000", count); // pi(800000)
    size_t at = 0;
    for (uint64_t n = 0; n < 20000; n++) {
        EXPECT(!gmp_says_prime(n) || primes[at++] == n, "%lu", n);
    }
    for (size_t capacity = 1; capacity < 40; capacity += 13) { // piece by piece
        uint64_t low = 0;
        for (size_t i = 0; i < 300; i += count) {
            uint64_t part[40];
            prk_primes_u64(low, UINT64_MAX, NULL, part, capacity, &count);
            EXPECT(count == capacity && memcmp(part, primes + i, count * sizeof *part) == 0, "%s",
                   __func__);
            low = part[count - 1] + 1;
        }
    }
    EXPECT(prk_primes_u64(UINT64_MAX - 58, UINT64_MAX, NULL, primes, 9, &count) == PRK_STATUS_OK &&
               count == 1 && primes[0] == UINT64_MAX - 58,
           "the last one");
    EXPECT(prk_primes_u64(UINT64_MAX - 57, UINT64_MAX, NULL, primes, 9, &count) == PRK_STATUS_OK &&
               count == 0,
           "none behind it");
    EXPECT(prk_primes_u64(9, 8, NULL, primes, 9, &count) == PRK_STATUS_OK && count == 0, "empty");
    EXPECT(prk_primes_u64(2, 2, NULL, primes, 9, &count) == PRK_STATUS_OK && count == 1, "2");
    EXPECT(prk_primes_u64(2, 99, NULL, NULL, 0, &count) == PRK_STATUS_OK && count == 0, "no room");
    EXPECT(prk_primes_u64(2, 99, NULL, NULL, 1, &count) == PRK_STATUS_INVALID_ARGUMENT, "NULL");
    EXPECT(prk_primes_u64(2, 99, NULL, primes, 1, NULL) == PRK_STATUS_INVALID_ARGUMENT, "NULL");
    const uint32_t raised = 1;
    EXPECT(prk_primes_u64(2, 99, &raised, primes, 9, &count) == PRK_STATUS_CANCELLED, "cancel");
}

// --- Random --------------------------------------------------------------------------------------

static void check_random(uint64_t bits, bool is_safe, uint64_t seed) {
    uint64_t prime[MOST], again[MOST];
    prk_seeded words = {.seed = seed}, same = words;
    const size_t count = (size_t)(bits + 63) / 64;
    prk_report report;
    memset(prime, 0xAA, sizeof prime);
    EXPECT(prk_random_prime(bits, is_safe, prk_seeded_word, &words, NULL, NULL, prime, &report) ==
               PRK_STATUS_OK,
           "%lu bits", bits);
    mpz_t p;
    mpz_init(p);
    read_number(p, prime, count);
    EXPECT(mpz_sizeinbase(p, 2) == bits && passes(p), "%s", mpz_get_str(NULL, 10, p));
    EXPECT(report.verdict == (bits <= 64 ? PRK_PRIME : PRK_PROBABLE_PRIME) ||
               (report.verdict == PRK_PRIME && bits < 200), // a form's
           "%lu bits: verdict %d", bits, report.verdict);
    EXPECT(prime[count] == UINT64_C(0xAAAAAAAAAAAAAAAA), "one place too many is written");
    if (is_safe) {
        mpz_fdiv_q_2exp(p, p, 1);
        EXPECT(passes(p), "its half");
    }
    prk_random_prime(bits, is_safe, prk_seeded_word, &same, NULL, NULL, again, NULL);
    EXPECT(memcmp(prime, again, count * sizeof *prime) == 0 && words.word == same.word, "repeats");
    const prk_status status = prk_random_prime(bits, is_safe, NULL, NULL, NULL, NULL, again, NULL);
    read_number(p, again, count);
    EXPECT(status == PRK_STATUS_OK && mpz_sizeinbase(p, 2) == bits && passes(p), "the system's");
    mpz_clear(p);
}

static void test_random(void) {
    for (uint64_t bits = 2; bits <= 300; bits += bits < 132 ? 1 : 61) {
        check_random(bits, false, bits);
        if (bits >= 3 && bits <= 200) {
            check_random(bits, true, bits);
        }
    }
    check_random(1024, false, 1);
    // Each prime of a size comes, and as often as any other.
    unsigned seen[64] = {0};
    prk_seeded words = {.seed = 5};
    enum { DRAWS = 7000, PRIMES = 7 }; // 37 41 43 47 53 59 61
    for (int i = 0; i < DRAWS; i++) {
        uint64_t prime;
        prk_random_prime(6, false, prk_seeded_word, &words, NULL, NULL, &prime, NULL);
        seen[prime % 64]++;
    }
    for (int n = 32; n < 64; n++) {
        const bool is_prime = gmp_says_prime((uint64_t)n);
        EXPECT(is_prime ? seen[n] > 850 && seen[n] < 1150 : seen[n] == 0, "%d: %u times", n,
               seen[n]); // 1000 ± 29
    }
    uint64_t prime[2];
    EXPECT(prk_random_prime(1, false, NULL, NULL, NULL, NULL, prime, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_random_prime(2, true, NULL, NULL, NULL, NULL, prime, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_random_prime(64, true, NULL, NULL, NULL, NULL, NULL, NULL) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_random_prime(UINT64_MAX, false, NULL, NULL, NULL, NULL, prime, NULL) ==
               PRK_STATUS_TOO_LARGE,
           "%s", __func__);
}

// --- Arguments -----------------------------------------------------------------------------------

static void test_arguments(void) {
    const uint64_t limbs[2] = {9, 9};
    uint64_t prime[3];
    const uint32_t raised = 1;
    const prk_form form = {0};
    const prk_options cancelled = {.cancel = &raised}, with_form = {.forms = &form};
    EXPECT(prk_next_prime(NULL, 2, NULL, NULL, prime, NULL) == PRK_STATUS_INVALID_ARGUMENT, "%s",
           __func__);
    EXPECT(prk_next_prime(limbs, 2, NULL, NULL, NULL, NULL) == PRK_STATUS_INVALID_ARGUMENT, "%s",
           __func__);
    EXPECT(prk_next_prime(limbs, 2, &with_form, NULL, prime, NULL) == PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    EXPECT(prk_next_prime(limbs, SIZE_MAX, NULL, NULL, prime, NULL) == PRK_STATUS_TOO_LARGE, "%s",
           __func__);
    EXPECT(prk_next_prime(limbs, 2, &cancelled, NULL, prime, NULL) == PRK_STATUS_CANCELLED, "%s",
           __func__);
    EXPECT(prk_previous_prime(limbs, 2, &cancelled, NULL, prime, NULL) == PRK_STATUS_CANCELLED,
           "%s", __func__);
    EXPECT(prk_random_prime(128, false, NULL, NULL, &cancelled, NULL, prime, NULL) ==
               PRK_STATUS_CANCELLED,
           "%s", __func__);
    EXPECT(prk_next_prime(NULL, 0, NULL, NULL, prime, NULL) == PRK_STATUS_OK && prime[0] == 2, "0");
    for (uint64_t n = 0; n <= 2; n++) {
        EXPECT(prk_previous_prime(&n, 1, NULL, NULL, prime, NULL) == PRK_STATUS_INVALID_ARGUMENT,
               "none below %lu", n);
    }
    EXPECT(prk_previous_prime(NULL, 0, NULL, NULL, prime, NULL) == PRK_STATUS_INVALID_ARGUMENT,
           "%s", __func__);
    // With memory of the caller's, and evidence of another size.
    prk_scratch *scratch = prk_scratch_create();
    prk_report report;
    memset(&report, 0xAA, sizeof report);
    const prk_options older = {.report_size = offsetof(prk_report, alarms)};
    EXPECT(prk_next_prime(limbs, 2, &older, scratch, prime, &report) == PRK_STATUS_OK, "%s",
           __func__);
    EXPECT(report.size == older.report_size && report.alarms == 0xAAAAAAAA, "the size of a report");
    prk_scratch_destroy(scratch);
}

int main(void) {
    test_arguments();
    test_neighbours();
    test_windows();
    test_ranges();
    test_random();
    printf("search_test: %d failures\n", failures);
    return failures != 0;
}
