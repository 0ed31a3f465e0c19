// SPDX-License-Identifier: Apache-2.0
//
// What random numbers never meet, at each level that the machine supports: all odd numbers below
// 2^24, composites made to pass a strong base-2 test, products and squares beside every boundary of
// a size class, published vectors, every batch length at every alignment up to the edge of a page
// that may not be read, and single survivors at each place of a batch.
//
// levels_test [FILE.tsv ...]
// Where PRIMALITY_TEST_MULTIPLIER is 10 or more: every length with every pair of alignments, not
// only every length with each of them.

// mmap's MAP_ANONYMOUS, getline
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "prk_kernels.h"
#include "support.h"

__extension__ typedef unsigned __int128 u128;

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

// The last number of each size class that a level may treat by itself.
static const uint64_t boundaries[] = {UINT32_MAX,
                                      (UINT64_C(1) << 50) - 1,
                                      (UINT64_C(1) << 52) - 1,
                                      (UINT64_C(1) << 60) - 1,
                                      INT64_MAX,
                                      UINT64_MAX};

// What runs, for the handler of the signal that a guard page raises.
static char running[160] = "levels_test: trapped outside of a batch\n";

static void trapped(int signal_number) {
    (void)signal_number;
    if (write(STDERR_FILENO, running, strlen(running)) < 0) {
        _exit(2);
    }
    _exit(1);
}

// --- Numbers with their verdicts -----------------------------------------------------------------

typedef struct numbers {
    uint64_t *n;
    uint8_t *wanted;
    size_t count, capacity;
} numbers;

static void add(numbers *list, uint64_t n, uint8_t wanted) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 1024 : 2 * list->capacity;
        list->n = realloc(list->n, list->capacity * sizeof *list->n);
        list->wanted = realloc(list->wanted, list->capacity);
        if (list->n == NULL || list->wanted == NULL) {
            perror("levels_test");
            exit(1);
        }
    }
    list->n[list->count] = n;
    list->wanted[list->count++] = wanted;
}

static void add_if_64_bit(numbers *list, u128 n) {
    if (n <= UINT64_MAX) {
        add(list, (uint64_t)n, expected((uint64_t)n));
    }
}

static void swap(numbers *list, size_t i, size_t j) {
    uint64_t n = list->n[i];
    uint8_t wanted = list->wanted[i];
    list->n[i] = list->n[j];
    list->wanted[i] = list->wanted[j];
    list->n[j] = n;
    list->wanted[j] = wanted;
}

static void shuffle(numbers *list) {
    for (size_t i = list->count; i > 1; i--) {
        swap(list, i - 1, next_random() % i);
    }
}

static void discard(numbers *list) {
    free(list->n);
    free(list->wanted);
    *list = (numbers){0};
}

// Independent of the kernels: plain remainders, no Montgomery form. n odd, n > 2.
static bool is_strong_probable_prime(uint64_t n, uint64_t base) {
    int s = __builtin_ctzll(n - 1);
    u128 x = 1;
    for (int bit = 63; bit >= s; bit--) {
        x = x * x % n;
        if ((n - 1) >> bit & 1) {
            x = base * x % n;
        }
    }
    bool passes = x == 1 || x == n - 1;
    while (--s > 0) {
        x = x * x % n;
        passes |= x == n - 1;
    }
    return passes;
}

// Below 2^32 a report names the base, and the number's strong test to it gives the verdict.
static void check_report(const prk_report *report, uint64_t n, const char *what,
                         const char *level) {
    if (report->method != PRK_METHOD_STRONG_HASHED_BASE) {
        EXPECT(n > UINT32_MAX || report->method == PRK_METHOD_DEFINITION ||
                   report->method == PRK_METHOD_TRIAL_DIVISION,
               "%s, %s: %llu by method %d", what, level, (unsigned long long)n, report->method);
        return;
    }
    EXPECT(n <= UINT32_MAX && report->fields == PRK_REPORT_HAS_BASE && report->base > 1 &&
               is_strong_probable_prime(n, report->base) == (report->verdict == PRK_PRIME),
           "%s, %s: %llu to base %llu", what, level, (unsigned long long)n,
           (unsigned long long)report->base);
}

// A batch, single calls and reports of each level against what is known.
static void check(const numbers *list, const char *what) {
    uint8_t *verdicts = malloc(list->count + 1);
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        if (kernels == NULL) {
            continue;
        }
        snprintf(running, sizeof running, "levels_test: %s: trapped: %s numbers, %zu in a batch\n",
                 kernels->name, what, list->count);
        memset(verdicts, PRK_UNTESTED, list->count);
        kernels->test_batch(list->n, verdicts, list->count);
        for (size_t i = 0; i < list->count; i++) {
            unsigned long long n = list->n[i];
            uint8_t wanted = list->wanted[i];
            prk_report report;
            EXPECT(verdicts[i] == wanted, "%s, %s: %llu in a batch: %d, not %d", what,
                   kernels->name, n, verdicts[i], wanted);
            EXPECT(kernels->is_prime(n) == (wanted == PRK_PRIME), "%s, %s: %llu alone", what,
                   kernels->name, n);
            kernels->test_with_report(n, &report);
            EXPECT(report.verdict == wanted, "%s, %s: %llu explained: %d, not %d", what,
                   kernels->name, n, report.verdict, wanted);
            check_report(&report, n, what, kernels->name);
        }
    }
    free(verdicts);
}

// --- Constructed numbers -------------------------------------------------------------------------

static uint64_t floor_sqrt(uint64_t n) {
    mpz_t z;
    mpz_init_set_ui(z, n);
    mpz_sqrt(z, z);
    uint64_t root = mpz_get_ui(z);
    mpz_clear(z);
    return root;
}

// (a + 1)(ka + 1) with both factors prime, for the `wanted` even a that come next in the direction
// of `step`. Such numbers pass a strong base-2 test often enough to be most of those that do.
static void add_forms(numbers *list, uint64_t a, int step, uint64_t k, int wanted) {
    a &= ~UINT64_C(1);
    for (int tries = 0; wanted > 0 && tries < 20000 && a >= 2; tries++) {
        u128 n = (u128)(a + 1) * (k * a + 1);
        if (n > UINT64_MAX) {
            return;
        }
        if (gmp_says_prime(a + 1) && gmp_says_prime(k * a + 1)) {
            add_if_64_bit(list, n);
            wanted--;
        }
        a += (uint64_t)(int64_t)step;
    }
}

static void add_beside(numbers *list, uint64_t last) {
    for (int d = -300; d <= 300; d++) {
        add_if_64_bit(list, last + (uint64_t)(int64_t)d);
    }
    uint64_t root = floor_sqrt(last);
    for (int step = -2; step <= 2; step += 4) {
        uint64_t p = step < 0 ? root : root + 1;
        for (int i = 0; i < 12; i++) {
            p = odd_prime_from(p, step);
            add_if_64_bit(list, (u128)p * p);
            p += (uint64_t)(int64_t)step;
        }
        for (int bits = 1; UINT64_C(2) << bits <= root; bits++) {
            p = odd_prime_from((UINT64_C(1) << bits) + next_random() % (UINT64_C(1) << bits), 2);
            uint64_t q = step < 0 ? last / p : last / p + 1;
            for (int i = 0; i < 3; i++) {
                q = odd_prime_from(q, step);
                add_if_64_bit(list, (u128)p * q);
                q += (uint64_t)(int64_t)step;
            }
        }
        for (uint64_t k = 2; k <= 20; k++) {
            add_forms(list, floor_sqrt(last / k), step, k, 8);
        }
    }
    uint64_t k = floor_sqrt(last / 2);
    for (uint64_t i = k - 200; i <= k + 200; i++) {
        add_if_64_bit(list, (u128)i * (2 * i - 1));
    }
}

static numbers constructed(void) {
    numbers list = {0};
    for (size_t i = 0; i < LENGTH(boundaries); i++) {
        add_beside(&list, boundaries[i]);
    }
    for (int bits = 5; bits < 32; bits++) {
        for (uint64_t k = 2; k <= 20; k++) {
            uint64_t low = UINT64_C(1) << bits;
            add_forms(&list, low + next_random() % low, 2, k, 24);
        }
    }
    // Carmichael numbers (6m + 1)(12m + 1)(18m + 1), which pass a Fermat test to almost any base.
    for (int bits = 3; bits < 18; bits++) {
        uint64_t m = (UINT64_C(1) << bits) + next_random() % (UINT64_C(1) << bits);
        for (int found = 0; found < 3; m++) {
            if (gmp_says_prime(6 * m + 1) && gmp_says_prime(12 * m + 1) &&
                gmp_says_prime(18 * m + 1)) {
                add_if_64_bit(&list, (u128)(6 * m + 1) * (12 * m + 1) * (18 * m + 1));
                found++;
            }
        }
    }
    return list;
}

// Those of `list` that are composite and pass a strong test to base 2.
static numbers pseudoprimes_of(const numbers *list) {
    numbers found = {0};
    for (size_t i = 0; i < list->count; i++) {
        uint64_t n = list->n[i];
        if (list->wanted[i] == PRK_COMPOSITE && (n & 1) && is_strong_probable_prime(n, 2)) {
            add(&found, n, PRK_COMPOSITE);
        }
    }
    return found;
}

// --- All odd numbers below 2^24
// -------------------------------------------------------------------

enum { LAST_BELOW_2_24 = (1 << 24) - 1, SEGMENT = 1 << 16 };

// A segment a batch, and each of its numbers alone.
static void test_below_2_24(void) {
    static bool composite[LAST_BELOW_2_24 + 1];
    static uint64_t n[SEGMENT];
    static uint8_t wanted[SEGMENT], verdicts[SEGMENT];
    for (uint32_t p = 3; p < 1 << 12; p += 2) {
        for (uint32_t m = p * p; !composite[p] && m <= LAST_BELOW_2_24; m += 2 * p) {
            composite[m] = true;
        }
    }
    for (uint32_t first = 1; first < LAST_BELOW_2_24; first += 2 * SEGMENT) {
        if (!is_sampled(first, 1)) {
            continue;
        }
        for (uint32_t i = 0; i < SEGMENT; i++) {
            n[i] = first + 2 * i;
            wanted[i] = n[i] == 1 ? PRK_NEITHER : composite[n[i]] ? PRK_COMPOSITE : PRK_PRIME;
        }
        for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
            const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
            if (kernels == NULL) {
                continue;
            }
            kernels->test_batch(n, verdicts, SEGMENT);
            for (size_t i = 0; i < SEGMENT; i++) {
                EXPECT(verdicts[i] == wanted[i] &&
                           kernels->is_prime(n[i]) == (wanted[i] == PRK_PRIME),
                       "%s: %llu", kernels->name, (unsigned long long)n[i]);
            }
        }
    }
}

// --- Published vectors ---------------------------------------------------------------------------

// Lines: number, tab, prime or composite, tab, origin. Numbers above 2^64 are left out.
static void read_vectors(const char *path, numbers *list) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    EXPECT(file != NULL, "%s: %s", path, strerror(errno));
    while (file != NULL && getline(&line, &capacity, file) > 0) {
        char *end;
        errno = 0;
        uint64_t n = strtoull(line, &end, 0);
        if (line[0] == '#' || errno == ERANGE) {
            continue;
        }
        bool prime = strncmp(end, "\tprime\t", 7) == 0;
        EXPECT(end != line && (prime || strncmp(end, "\tcomposite\t", 11) == 0),
               "%s: no vector: %s", path, line);
        add(list, n, n < 2 ? PRK_NEITHER : prime ? PRK_PRIME : PRK_COMPOSITE);
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
}

// --- Lengths, alignments, places -----------------------------------------------------------------

// Memory whose first and last byte have a page beside them that traps.
typedef struct guarded {
    uint8_t *start, *end;
} guarded;

static guarded guarded_create(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) / page * page;
    uint8_t *map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + page, size, PROT_READ | PROT_WRITE) != 0) {
        perror("levels_test");
        exit(1);
    }
    return (guarded){map + page, map + page + size};
}

enum { LONGEST = 4 * 64 + 1, CANARIES = 64, CANARY = 0x55 };

// One batch in memory of exactly its size, at the places given, with a canary wherever the output
// leaves room beside it.
static void run_at(const prk_kernel_set *kernels, const numbers *list, size_t first, size_t length,
                   uint8_t *input, uint8_t *output, const guarded *outputs) {
    snprintf(running, sizeof running,
             "levels_test: %s: trapped: length %zu, input at %zu, output at %zu modulo 64\n",
             kernels->name, length, (size_t)((uintptr_t)input % 64),
             (size_t)((uintptr_t)output % 64));
    memcpy(input, list->n + first, length * sizeof(uint64_t));
    size_t before = (size_t)(output - outputs->start);
    size_t after = (size_t)(outputs->end - (output + length));
    before = before < CANARIES ? before : CANARIES;
    after = after < CANARIES ? after : CANARIES;
    memset(output - before, CANARY, before + length + after);
    kernels->test_batch((const uint64_t *)(const void *)input, output, length);
    bool intact = true;
    for (size_t i = 0; i < before; i++) {
        intact &= output[-1 - (ptrdiff_t)i] == CANARY;
    }
    for (size_t i = 0; i < after; i++) {
        intact &= output[length + i] == CANARY;
    }
    EXPECT(intact, "%s: length %zu: written beside the output", kernels->name, length);
    EXPECT(memcmp(output, list->wanted + first, length) == 0, "%s: length %zu at number %zu",
           kernels->name, length, first);
    EXPECT(memcmp(input, list->n + first, length * sizeof(uint64_t)) == 0,
           "%s: length %zu: the input was changed", kernels->name, length);
}

// Every kind of number, mixed, so that each batch has survivors of every stage.
static numbers mixture(const numbers *pseudoprimes) {
    numbers list = {0};
    for (int i = 0; i < 2048; i++) {
        uint64_t r = next_random();
        switch (i & 15) {
        case 0:
            add(&list, r & 7, expected(r & 7));
            break;
        case 1:
            add(&list, pseudoprimes->n[r % pseudoprimes->count], PRK_COMPOSITE);
            break;
        case 2: // a prime of any size
            add(&list, odd_prime_from(r >> (1 + (r & 31) * 15 / 8), 2), PRK_PRIME);
            break;
        case 3: // of 51 or 52 bits, which fit neither of the usual paths
            add(&list, odd_prime_from(UINT64_C(1) << 50 | r >> (12 + (r & 1)), 2), PRK_PRIME);
            break;
        default:
            r = r >> (r & 63) | ((i & 3) != 0);
            add(&list, r, expected(r));
        }
    }
    shuffle(&list);
    return list;
}

static void test_lengths(const numbers *pseudoprimes, bool every) {
    numbers list = mixture(pseudoprimes);
    guarded inputs = guarded_create(LONGEST * sizeof(uint64_t) + 64);
    guarded outputs = guarded_create(LONGEST + 64);
    // What a load that goes too far, or a lane that should be idle, finds beside the numbers.
    const uint64_t poison[] = {0, 1, UINT64_MAX, 2, pseudoprimes->n[0], (UINT64_C(1) << 52) + 2};
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        size_t turn = 0;
        for (size_t length = 0; kernels != NULL && length <= LONGEST; length++) {
            size_t size = length * sizeof(uint64_t);
            for (size_t pair = 0; pair < 8 * 64; pair++) {
                size_t in = pair / 64, out = pair % 64;
                if (!every && length > 65 && in != (out + length) % 8) {
                    continue;
                }
                for (uint64_t *p = (uint64_t *)(void *)inputs.start;
                     p < (uint64_t *)(void *)inputs.end; p++) {
                    *p = poison[turn % LENGTH(poison)];
                }
                run_at(kernels, &list, turn++ % (list.count - LONGEST), length,
                       inputs.end - size - 8 * in, outputs.end - length - out, &outputs);
            }
            run_at(kernels, &list, turn++ % (list.count - LONGEST), length, inputs.start,
                   outputs.start, &outputs);
        }
    }
    discard(&list);
}

// One number of a kind at each place among numbers of another kind: survivors are moved together
// between stages, and verdicts must find the way back.
static void test_places(const numbers *pseudoprimes) {
    static const size_t more_lengths[] = {63, 64, 65, 127, 128, 129, LONGEST};
    const uint64_t kinds[] = {0,
                              UINT64_MAX - 1,
                              4294967291,
                              1125899906842597,
                              4503599627370449,
                              UINT64_C(18446744073709551557),
                              pseudoprimes->n[pseudoprimes->count - 1]};
    numbers list = {0};
    for (size_t i = 0; i < LONGEST; i++) {
        add(&list, 0, 0);
    }
    uint8_t verdicts[LONGEST];
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        for (size_t many = 0; kernels != NULL && many < LENGTH(kinds); many++) {
            // Composites that the first look shows cost little, so they may be many.
            size_t lengths = 40 + (many < 2 ? LENGTH(more_lengths) : 0);
            for (size_t i = 0; i < LONGEST; i++) {
                list.n[i] = kinds[many];
                list.wanted[i] = expected(kinds[many]);
            }
            for (size_t l = 0; l < lengths; l++) {
                size_t length = l < 40 ? l + 1 : more_lengths[l - 40];
                for (size_t one = 0; one < LENGTH(kinds); one++) {
                    uint8_t wanted = expected(kinds[one]);
                    for (size_t place = 0; place < length; place++) {
                        uint8_t saved = list.wanted[place];
                        list.n[place] = kinds[one];
                        list.wanted[place] = wanted;
                        kernels->test_batch(list.n, verdicts, length);
                        EXPECT(memcmp(verdicts, list.wanted, length) == 0,
                               "%s: %llu at place %zu of %zu times %llu", kernels->name,
                               (unsigned long long)kinds[one], place, length,
                               (unsigned long long)kinds[many]);
                        list.n[place] = kinds[many];
                        list.wanted[place] = saved;
                    }
                }
            }
        }
    }
    discard(&list);
}

// --- Trial division ------------------------------------------------------------------------------

static uint64_t naive_range(uint64_t n, uint64_t from, uint64_t to) {
    for (uint64_t d = from < 2 ? 2 : from; d <= to && d <= n / d; d++) {
        bool tried = d == 2 || d == 3 || d == 5 || (d % 2 != 0 && d % 3 != 0 && d % 5 != 0);
        if (tried && n % d == 0) {
            return d;
        }
    }
    return 0;
}

// Ranges that begin, end or meet at a factor of a number beside a boundary.
static void test_trial_ranges(void) {
    for (size_t i = 0; i < LENGTH(boundaries); i++) {
        uint64_t root = floor_sqrt(boundaries[i]);
        for (int bits = 1; bits <= 32 && UINT64_C(1) << (bits - 1) <= root; bits++) {
            // 2^bits > root: the largest prime whose square is below the boundary.
            uint64_t p = UINT64_C(1) << bits > root
                             ? odd_prime_from(root, -2)
                             : odd_prime_from(next_random() % (UINT64_C(1) << bits) | 2, 2);
            p = p > root ? 3 : p;
            uint64_t q = odd_prime_from(boundaries[i] / p, -2);
            q = q < p ? p : q;
            const uint64_t numbers[] = {p * q, p * p, odd_prime_from(p * q, -2)};
            const uint64_t low = p < 70 ? 0 : p - 70;
            const uint64_t ranges[][2] = {
                {low, p + 70},
                {p, p},
                {p + 1, p + 70},
                {low, p - 1},
                {p, p + 1},
                {p - 1, p},
                {p, p - 1},
                {0, 0},
                {low, low + 1},
                {0, 200},
                {p, low},
                {7, 7},
                {root, root},
                {root, UINT64_MAX},
                {root + 1, root + 9},
                {root - 1, UINT64_MAX},
            };
            for (size_t number = 0; number < LENGTH(numbers); number++) {
                uint64_t n = numbers[number];
                for (size_t range = 0; range < LENGTH(ranges); range++) {
                    uint64_t from = ranges[range][0], to = ranges[range][1];
                    uint64_t wanted = naive_range(n, from, to);
                    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
                        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
                        if (kernels != NULL) {
                            uint64_t found = kernels->trial_range(n, from, to);
                            EXPECT(found == wanted, "%s: %llu in %llu ... %llu: %llu, not %llu",
                                   kernels->name, (unsigned long long)n, (unsigned long long)from,
                                   (unsigned long long)to, (unsigned long long)found,
                                   (unsigned long long)wanted);
                        }
                    }
                }
            }
        }
    }
}

int main(int argc, char **argv) {
    const struct sigaction action = {.sa_handler = trapped};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);

    test_below_2_24();

    numbers made = constructed();
    numbers pseudoprimes = pseudoprimes_of(&made);
    // Were they few, the second half of the test would hardly be tested here.
    EXPECT(pseudoprimes.count >= 500, "%zu strong pseudoprimes to base 2", pseudoprimes.count);
    check(&made, "constructed");
    shuffle(&made); // sizes that differ meet in one vector
    check(&made, "constructed, shuffled");
    check(&pseudoprimes, "pseudoprimes");

    numbers published = {0};
    for (int i = 1; i < argc; i++) {
        read_vectors(argv[i], &published);
    }
    check(&published, "published");
    shuffle(&published);
    check(&published, "published, shuffled");

    test_places(&pseudoprimes);
    test_lengths(&pseudoprimes, test_multiplier() >= 10);
    test_trial_ranges();

    printf("levels_test: %s: %zu constructed (%zu pass base 2), %zu published: %d failures\n",
           prk_compiler(), made.count, pseudoprimes.count, published.count, failures);
    discard(&made);
    discard(&pseudoprimes);
    discard(&published);
    return failures != 0;
}
