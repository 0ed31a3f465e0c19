// SPDX-License-Identifier: Apache-2.0
//
// make bench-u64: the 64-bit tests of every level beside GMP, FLINT and PARI, in one process.
//
// Each round measures every contender once, in an order that rotates, so that what the machine does
// meanwhile meets all of them. A time is the CPU time of the thread; a ratio is the median of the
// rounds' ratios, not the ratio of medians, for the same reason. Verdicts are compared after every
// measurement, and a disagreement ends the program with status 70.
//
// PRK_HAS_FLINT and PRK_HAS_PARI say which libraries the program is linked with. The file that
// BENCH_FLINT_LIBRARY names, if any, is a second, newer FLINT, which is loaded.

// What measuring.h includes.
#define _GNU_SOURCE

#include "../measuring.h"
#include "peers.h"
#include "prk_kernels.h"
#include "workloads.h"

enum { MAX_CONTENDERS = 2 * PRK_LEVEL_COUNT + 1 + 4 };

static const char *const workload_names[WORKLOAD_COUNT] = {
    "primes just under 2^64", "random odd 64-bit", "random 64-bit", "semiprimes p q, 64-bit",
    "primes 50-bit",          "random odd 50-bit", "primes 32-bit",
};

// SINGLE is a level's is_prime; CALL is what a client calls, prk_is_prime_u64 at the active level.
typedef enum contender_kind { BATCH, SINGLE, CALL, PEER } contender_kind;

static const char *const kind_names[] = {"batch", "single", "call", "peer"};

typedef struct contender {
    contender_kind kind;
    const char *name;
    const prk_kernel_set *kernels; // of BATCH and SINGLE
    const peer *library;           // of PEER
} contender;

static contender contenders[MAX_CONTENDERS];
static size_t contender_count;
// Where FLINT stands among them, with which all are compared; -1: it is not here.
static int flint = -1;
// The newer one.
static int new_flint = -1;

static measurement results[WORKLOAD_COUNT][MAX_CONTENDERS];
// The median of the rounds' ratios to the newer FLINT.
static double new_ratios[WORKLOAD_COUNT][MAX_CONTENDERS];

// Complete trial division: the plain loop, then each level.
static const uint64_t trial_number = UINT64_C(5000111000222021);
static const prk_kernel_set *trial_kernels[1 + PRK_LEVEL_COUNT];
static measurement trial_results[1 + PRK_LEVEL_COUNT];
static size_t trial_count = 1;

static int round_count;
static size_t number_count;
static uint64_t seed = 20240229;

// What was set as the aim, at least; the peer is FLINT 2.9.
static const double ifma_targets[WORKLOAD_COUNT] = {9.5, 10, 9, 9.5, 20, 19, 18};
static const double other_target = 2, trial_target = 15;
static const struct {
    workload workload;
    double ratio;
} call_targets[] = {{PRIMES_64, 3.5}, {ODD_64, 1 / 0.55}};

// --- Measuring -----------------------------------------------------------------------------------

static void run(const contender *c, const uint64_t *n, uint8_t *out) {
    switch (c->kind) {
    case BATCH:
        c->kernels->test_batch(n, out, number_count);
        break;
    case SINGLE:
        for (size_t i = 0; i < number_count; i++) {
            out[i] = c->kernels->is_prime(n[i]);
        }
        break;
    case CALL:
        for (size_t i = 0; i < number_count; i++) {
            out[i] = prk_is_prime_u64(n[i]);
        }
        break;
    case PEER:
        c->library->test(n, out, number_count);
    }
    // What was written counts as used, in every turn of a loop around this.
    __asm__ volatile("" : : "r"(out) : "memory");
}

static void disagree(uint64_t n, const char *kind, const char *name, bool is_prime) {
    fprintf(stderr, "bench-u64: %" PRIu64 ": %s %s says %s, GMP says %s\n", n, kind, name,
            is_prime ? "prime" : "not prime", is_prime ? "not prime" : "prime");
    exit(70);
}

static void compare_verdicts(const contender *c, const uint64_t *n, const uint8_t *out,
                             const bool *wanted) {
    for (size_t i = 0; i < number_count; i++) {
        bool is_prime = out[i] == (c->kind == BATCH ? PRK_PRIME : 1);
        if (is_prime != wanted[i]) {
            disagree(n[i], kind_names[c->kind], c->name, is_prime);
        }
    }
}

static void measure_workload(workload kind, uint64_t *n, uint8_t *out, bool *wanted) {
    fill_workload(kind, seed, n, number_count);
    for (size_t i = 0; i < number_count; i++) {
        wanted[i] = gmp_says_prime(n[i]);
    }
    // The clock costs some hundred nanoseconds: short runs are repeated until they take 1 ms.
    int repeats[MAX_CONTENDERS];
    for (size_t c = 0; c < contender_count; c++) {
        run(&contenders[c], n, out); // warms up
        compare_verdicts(&contenders[c], n, out, wanted);
        double start = thread_ns();
        run(&contenders[c], n, out);
        double took = thread_ns() - start;
        repeats[c] = repeats_of(took);
    }
    for (int round = 0; round < round_count; round++) {
        for (size_t turn = 0; turn < contender_count; turn++) {
            size_t c = (turn + (size_t)round) % contender_count;
            memset(out, PRK_UNTESTED, number_count);
            double start = thread_ns();
            for (int i = 0; i < repeats[c]; i++) {
                run(&contenders[c], n, out);
            }
            results[kind][c].rounds[round] =
                (thread_ns() - start) / repeats[c] / (double)number_count;
            compare_verdicts(&contenders[c], n, out, wanted);
        }
    }
    for (size_t c = 0; c < contender_count; c++) {
        if (new_flint >= 0) {
            summarise(&results[kind][c], &results[kind][new_flint], round_count);
            new_ratios[kind][c] = results[kind][c].ratio;
        }
        summarise(&results[kind][c], flint < 0 ? NULL : &results[kind][flint], round_count);
    }
}

// What a reader would write first, and what the ratio is against.
__attribute__((noinline)) static uint64_t plain_loop(uint64_t n) {
    for (uint64_t d = 3; d * d <= n; d += 2) {
        if (n % d == 0) {
            return d;
        }
    }
    return 0;
}

static void measure_trial_division(void) {
    bool is_prime = gmp_says_prime(trial_number);
    for (int round = 0; round < round_count; round++) {
        for (size_t turn = 0; turn < trial_count; turn++) {
            size_t c = (turn + (size_t)round) % trial_count;
            volatile uint64_t n = trial_number; // not a constant that a compiler may work with
            double start = thread_ns();
            uint64_t divisor =
                c == 0 ? plain_loop(n) : trial_kernels[c]->trial_range(n, 0, UINT32_MAX);
            trial_results[c].rounds[round] = thread_ns() - start;
            if ((divisor == 0) != is_prime) {
                disagree(trial_number, "trial", c == 0 ? "plain loop" : trial_kernels[c]->name,
                         !is_prime);
            }
        }
    }
    for (size_t c = 0; c < trial_count; c++) {
        summarise(&trial_results[c], &trial_results[0], round_count);
    }
}

// --- Tables --------------------------------------------------------------------------------------

static void print_header(const environment *e) {
    print_machine(e, ", used by the API's calls");
    for (size_t c = 0; c < contender_count; c++) {
        if (contenders[c].kind == PEER) {
            printf("%-10s %s, %s\n", contenders[c].name, contenders[c].library->version(),
                   contenders[c].library->call);
        }
    }
#if !defined(PRK_HAS_FLINT)
    printf("FLINT      not here, so no ratios: make bench-deps\n");
#endif
    if (new_flint < 0) {
        printf("FLINT-new  not here: make bench-flint\n");
    }
#if !defined(PRK_HAS_PARI)
    printf("PARI       not here: make bench-deps\n");
#endif
    print_load(e);
    printf("rounds     %d of %zu numbers, seed %" PRIu64 "\n", round_count, number_count, seed);
}

// Columns are the contenders whose kind is in `kinds`, a set of bits.
typedef enum figure { MEDIAN, RATIO, NEW_RATIO } figure;

static double figure_of(figure which, int w, size_t c) {
    return which == MEDIAN  ? results[w][c].median
           : which == RATIO ? results[w][c].ratio
                            : new_ratios[w][c];
}

static void print_table(const char *title, unsigned kinds, figure which) {
    printf("\n%-23s", title);
    for (size_t c = 0; c < contender_count; c++) {
        if (kinds >> contenders[c].kind & 1) {
            printf(" %10s", contenders[c].name);
        }
    }
    printf("\n");
    for (int w = 0; w < WORKLOAD_COUNT; w++) {
        printf("%-23s", workload_names[w]);
        for (size_t c = 0; c < contender_count; c++) {
            if (kinds >> contenders[c].kind & 1) {
                printf(" %10.*f", which == MEDIAN ? 1 : 2, figure_of(which, w, c));
            }
        }
        printf("\n");
    }
}

static void print_tables(void) {
    const unsigned batch = 1u << BATCH, single = 1u << SINGLE, call = 1u << CALL,
                   others = 1u << PEER;
    print_table("batch, ns per number", batch | others, MEDIAN);
    if (flint >= 0) {
        print_table("times FLINT's speed", batch, RATIO);
    }
    if (new_flint >= 0) {
        print_table("times FLINT-new's speed", batch, NEW_RATIO);
    }
    print_table("one a call, ns", single | call, MEDIAN);
    if (flint >= 0) {
        print_table("times FLINT's speed", single | call, RATIO);
    }
    if (new_flint >= 0) {
        print_table("times FLINT-new's speed", single | call, NEW_RATIO);
    }
    printf("\ntrial division of %" PRIu64 "\n", trial_number);
    for (size_t c = 0; c < trial_count; c++) {
        printf("%-23s %10.2f ms %10.2f times the plain loop's speed\n",
               c == 0 ? "plain loop over odd d" : trial_kernels[c]->name,
               trial_results[c].median / 1e6, trial_results[c].ratio);
    }
}

// --- Targets -------------------------------------------------------------------------------------

static void print_target(const char *what, const char *level, double reached, double target) {
    printf("%-23s %-11s %10.2f %10.2f  %s\n", what, level, reached, target,
           reached >= target ? "reached" : "missed");
}

static void print_targets(void) {
    printf("\n%-23s %-11s %10s %10s\n", "targets, in such ratios", "", "now", "at least");
    for (size_t c = 0; flint >= 0 && c < contender_count; c++) {
        if (contenders[c].kind == BATCH && contenders[c].kernels->level != PRK_LEVEL_PORTABLE) {
            for (int w = 0; w < WORKLOAD_COUNT; w++) {
                print_target(workload_names[w], contenders[c].name, results[w][c].ratio,
                             contenders[c].kernels->level == PRK_LEVEL_AVX512_IFMA ? ifma_targets[w]
                                                                                   : other_target);
            }
        }
    }
    for (size_t c = 0; flint >= 0 && c < contender_count; c++) {
        for (size_t i = 0;
             contenders[c].kind == CALL && i < sizeof call_targets / sizeof call_targets[0]; i++) {
            workload w = call_targets[i].workload;
            print_target(workload_names[w], "one call", results[w][c].ratio, call_targets[i].ratio);
        }
    }
    // Of the best level that this machine has.
    print_target("trial division", trial_kernels[trial_count - 1]->name,
                 trial_results[trial_count - 1].ratio, trial_target);
}

// --- JSON ----------------------------------------------------------------------------------------

static void write_json(FILE *file, const environment *e) {
    static const char *const variants[] = {"ours, %s, batch", "ours, %s, one a call",
                                           "ours, by the public function", "%s"};
    write_environment(file, e);
    for (size_t c = 0; c < contender_count; c++) {
        if (contenders[c].kind == PEER) {
            write_peer(file, contenders[c].name, contenders[c].library->version());
        }
    }
    char variant[64];
    for (int w = 0; w < WORKLOAD_COUNT; w++) {
        const workload_name name = {.room = "u64",
                                    .subject = "64-bit numbers",
                                    .input = workload_names[w],
                                    .per = "number",
                                    .command = "make bench-u64",
                                    .clock = "cpu",
                                    .reference = flint >= 0 ? "FLINT" : NULL};
        for (size_t c = 0; c < contender_count; c++) {
            snprintf(variant, sizeof variant, variants[contenders[c].kind], contenders[c].name);
            write_measurement(file, &name, variant, &results[w][c], round_count);
        }
    }
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, trial_number);
    const workload_name name = {.room = "trial",
                                .subject = "complete trial division",
                                .input = number,
                                .per = "number",
                                .command = "make bench-u64",
                                .clock = "cpu",
                                .reference = "plain loop"};
    for (size_t c = 0; c < trial_count; c++) {
        snprintf(variant, sizeof variant, c == 0 ? "plain loop" : "ours, %s",
                 c == 0 ? "" : trial_kernels[c]->name);
        write_measurement(file, &name, variant, &trial_results[c], round_count);
    }
}

// --- The program ---------------------------------------------------------------------------------

static void add_contender(contender c) { contenders[contender_count++] = c; }

static void add_peer(const peer *library) {
    if (library->prepare != NULL) {
        library->prepare();
    }
    add_contender((contender){.kind = PEER, .name = library->name, .library = library});
}

static void enlist(void) {
    for (int kind = BATCH; kind <= SINGLE; kind++) {
        for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
            const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
            if (kernels != NULL) {
                add_contender((contender){
                    .kind = (contender_kind)kind, .name = kernels->name, .kernels = kernels});
                if (kind == BATCH) {
                    trial_kernels[trial_count++] = kernels;
                }
            }
        }
    }
    add_contender((contender){.kind = CALL, .name = "API"});
    add_peer(&gmp_peer);
#if defined(PRK_HAS_FLINT)
    flint = (int)contender_count;
    add_peer(&flint_peer);
#endif
    const char *path = getenv("BENCH_FLINT_LIBRARY");
    if (path != NULL && path[0] != 0 && flint_wheel_load(path)) {
        new_flint = (int)contender_count;
        add_peer(&flint_wheel_peer);
    }
#if defined(PRK_HAS_PARI)
    add_peer(&pari_peer);
#endif
}

int main(int argc, char **argv) {
    uint64_t rounds = 15, numbers = 4096;
    const number_option options[] = {{"rounds", 9, MAX_ROUNDS, &rounds},
                                     {"numbers", 1, 1 << 24, &numbers},
                                     {"seed", 0, UINT64_MAX, &seed}};
    const json_file json = read_command_line("bench-u64", argc, argv, options, 3);
    round_count = (int)rounds;
    number_count = numbers;
    uint64_t *n = malloc(number_count * sizeof *n);
    uint8_t *out = malloc(number_count);
    bool *wanted = malloc(number_count * sizeof *wanted);
    if (n == NULL || out == NULL || wanted == NULL) {
        perror("bench-u64");
        return 74;
    }
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    enlist();
    for (int w = 0; w < WORKLOAD_COUNT; w++) {
        measure_workload((workload)w, n, out, wanted);
    }
    measure_trial_division();
    read_load(e.load_after);

    print_header(&e);
    print_tables();
    print_targets();
    if (json.file != NULL) {
        write_json(json.file, &e);
        close_json(&json);
    }
    free(n);
    free(out);
    free(wanted);
    return 0;
}
