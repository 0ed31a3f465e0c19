// SPDX-License-Identifier: Apache-2.0
//
// make bench-big: our engines for large numbers beside GMP, FLINT, PARI and OpenSSL, in one
// process.
//
// As in bench-u64 each round measures every contender once, in an order that rotates; a time is the
// CPU time of the thread, a ratio the median of the rounds' ratios. Verdicts are compared after
// every measurement, and a disagreement ends the program with status 70. A unit is one strong test
// to base 2 in lanes, or of one number alone, beside one mpz_powm, whose residue says what the test
// has to.
//
// PRK_HAS_FLINT, PRK_HAS_PARI and PRK_HAS_OPENSSL say which libraries the program is linked with.

// What measuring.h includes.
#define _GNU_SOURCE

#include "../../CKernels/ifma/lanes.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/sieve/trial_primes.h"
#include "../measuring.h"
#include "peers.h"

enum { SIZES = 12, MAX_CONTENDERS = 8 };

static const int sizes[SIZES] = {128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192};

typedef enum workload { PRIMES, ODD, SURVIVORS, UNIT, WORKLOADS } workload;

static const char *const workload_names[WORKLOADS] = {
    "primes", "random odd", "survivors of trial division", "unit: one test to base 2"};

typedef struct contender {
    const char *name;
    prk_engine engine; // ours, when there is no library
    const peer *library;
    bool is_unit;
    bool is_alone; // a call for each number
    int most_bits; // of numbers that it is asked about; 0: any
} contender;

static contender contenders[MAX_CONTENDERS];
static size_t contender_count;
static int gmp = -1; // with which all are compared
// The lanes are the first contender, where there are any, and one number alone the second.
enum { LANES, ALONE };

static bool has_lanes(void) { return contenders[LANES].engine == PRK_ENGINE_IFMA; }

static measurement results[WORKLOADS][SIZES][MAX_CONTENDERS];

static int round_count, largest;
static uint64_t seed = 20240229;

// What was set as the aim, at least, against GMP with 24 repetitions and mpz_powm; 0: none.
static const double batch_targets[SIZES] = {17, 0, 18, 0, 11, 0, 8.4, 0, 7.8, 0, 6.5, 0};
static const double odd_targets[SIZES] = {0, 0, 0, 0, 0, 5, 5, 5, 0, 0, 0, 0};
static const double alone_targets[SIZES] = {2.5, 0, 2.5, 0, 3, 0, 3.8, 0, 5, 0, 6, 0};
static const double unit_targets[SIZES] = {9, 0, 8.5, 0, 8, 0, 6.5, 0, 6.5, 0, 6.4, 4};

// --- Numbers -------------------------------------------------------------------------------------

static prk_scratch *scratch;
static uint64_t *limbs, offsets[MOST_NUMBERS + 1];
static uint8_t wanted[MOST_NUMBERS];
static size_t number_count, limb_count;

// Fewer of the large ones, but always whole vectors. Of random odd numbers so many that what small
// primes leave of them fills vectors.
static size_t count_for(workload kind, int bits) {
    return kind == ODD && bits <= 2048 ? 1024
           : bits <= 512               ? 48
           : bits <= 1024              ? 24
           : bits <= 2048              ? 16
                                       : 8;
}

// The other libraries test primes one by one, so that fewer tell as much.
static size_t count_for_peers(int bits) {
    return bits <= 1024 ? count_for(PRIMES, bits) : bits <= 2048 ? 4 : 2;
}

static void random_number(gmp_randstate_t state, mpz_t n, int bits) {
    mpz_urandomb(n, state, (mp_bitcnt_t)bits);
    mpz_setbit(n, (mp_bitcnt_t)bits - 1);
    mpz_setbit(n, 0);
}

static void next_survivor(gmp_randstate_t state, mpz_t n, int bits) {
    uint64_t bound = 0;
    do {
        random_number(state, n, bits);
    } while (prk_trial_primes_divisor(n, prk_trial_primes_table(), &bound) != 0);
}

static void put(size_t place, const mpz_t n) {
    memset(limbs + place * limb_count, 0, limb_count * sizeof *limbs);
    mpz_export(limbs + place * limb_count, NULL, -1, sizeof *limbs, 0, 0, n);
}

enum { CANDIDATES = 64 };

// Primes are looked for among survivors with our own engine, and confirmed by GMP with other
// numbers.
static void put_prime(gmp_randstate_t state, size_t place, int bits) {
    mpz_t candidate[CANDIDATES];
    uint64_t *packed = malloc(CANDIDATES * limb_count * sizeof *packed);
    uint64_t ends[CANDIDATES + 1] = {0};
    uint8_t verdicts[CANDIDATES];
    for (size_t i = 0; i < CANDIDATES; i++) {
        mpz_init(candidate[i]);
    }
    for (bool found = false; !found && packed != NULL;) {
        for (size_t i = 0; i < CANDIDATES; i++) {
            next_survivor(state, candidate[i], bits);
            mpz_export(packed + i * limb_count, NULL, -1, sizeof *packed, 0, 0, candidate[i]);
            ends[i + 1] = ends[i] + limb_count;
        }
        prk_test_batch(PRK_ENGINE_AUTO, packed, ends, CANDIDATES, NULL, scratch, verdicts, NULL);
        for (size_t i = 0; i < CANDIDATES && !found; i++) {
            if (verdicts[i] != PRK_COMPOSITE) {
                put(place, candidate[i]);
                found = true;
            }
        }
    }
    for (size_t i = 0; i < CANDIDATES; i++) {
        mpz_clear(candidate[i]);
    }
    free(packed);
}

static void fill(workload kind, int bits) {
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, seed + (uint64_t)bits);
    mpz_t n;
    mpz_init(n);
    limb_count = ((size_t)bits + 63) / 64;
    number_count = count_for(kind, bits);
    // Large primes take long to find: some are there more than once.
    const size_t primes = bits <= 2048 ? number_count : 2;
    for (size_t i = 0; i < number_count; i++) {
        if (kind == PRIMES && i < primes) {
            put_prime(state, i, bits);
        } else if (kind == PRIMES) {
            memcpy(limbs + i * limb_count, limbs + i % primes * limb_count,
                   limb_count * sizeof *limbs);
        } else {
            if (kind == ODD) {
                random_number(state, n, bits);
            } else {
                next_survivor(state, n, bits);
            }
            put(i, n);
        }
        offsets[i + 1] = offsets[i] + limb_count;
        mpz_import(n, limb_count, -1, sizeof *limbs, 0, 0, limbs + i * limb_count);
        wanted[i] = (uint8_t)(mpz_probab_prime_p(n, 24) != 0);
    }
    mpz_clear(n);
    gmp_randclear(state);
}

// --- Measuring -----------------------------------------------------------------------------------

static void run(const contender *c, size_t count, uint8_t *out) {
    if (c->library != NULL) {
        c->library->test(out, count);
    } else {
        const size_t step = c->is_alone ? 1 : count;
        for (size_t i = 0; i < count; i += step) {
            prk_test_batch(c->engine, limbs, offsets + i, step, NULL, scratch, out + i, NULL);
        }
        for (size_t i = 0; i < count; i++) {
            out[i] = out[i] == PRK_PROBABLE_PRIME || out[i] == PRK_PRIME;
        }
    }
}

// The strong test of the numbers in lanes, or 2^(n-1) mod n of each, as one and the same answer.
static mpz_t powers[MOST_NUMBERS], two, exponent, residue;

static void run_unit(const contender *c, size_t count, uint8_t *out) {
    if (c->library != NULL) {
        for (size_t i = 0; i < count; i++) {
            mpz_sub_ui(exponent, powers[i], 1);
            mpz_powm(residue, two, exponent, powers[i]);
            out[i] = mpz_cmp_ui(residue, 1) == 0;
        }
        return;
    }
    prk_lane_number numbers[PRK_LANE_GROUP], *list[PRK_LANE_GROUP];
    const int bits = (int)mpz_sizeinbase(powers[0], 2);
    const size_t k = prk_lane_limbs((size_t)bits);
    const size_t group = c->is_alone ? 1 : k <= 6 ? PRK_LANE_GROUP : PRK_LANES;
    void *memory = prk_memory_reserve(&scratch->lanes, 64 * prk_lane_memory(k));
    for (size_t first = 0; first < count && memory != NULL; first += group) {
        size_t size = 0;
        for (; size < group && first + size < count; size++) {
            numbers[size] = (prk_lane_number){.limbs = limbs + (first + size) * limb_count,
                                              .size = (uint32_t)limb_count,
                                              .bits = (uint32_t)bits,
                                              .k = (int32_t)k};
            list[size] = &numbers[size];
        }
        if (c->is_alone) {
            prk_strong_test(scratch, prk_arithmetic_for(powers[first], NULL), powers[first], NULL,
                            two, NULL, &numbers[0].passed);
        } else {
            prk_lanes_strong(list, size, memory, scratch, NULL);
        }
        for (size_t i = 0; i < size; i++) {
            out[first + i] = numbers[i].passed;
        }
    }
}

// Dividing survivors in lanes by all primes of their depth, ns a number and prime.
static measurement division[SIZES];

static void measure_division(int size) {
    prk_lane_number numbers[MOST_NUMBERS], *list[MOST_NUMBERS];
    prk_report reports[MOST_NUMBERS];
    const int bits = sizes[size];
    fill(SURVIVORS, bits);
    prk_memory_reserve(&scratch->lanes, 64 * prk_lane_memory(prk_lane_limbs((size_t)bits)));
    const double primes = (double)prk_trial_depth((size_t)bits);
    const int repeats = 1 + (int)(1e6 / (primes * (double)number_count));
    for (int round = 0; round < round_count; round++) {
        const double start = thread_ns();
        for (int i = 0; i < repeats; i++) {
            size_t count = number_count;
            for (size_t j = 0; j < count; j++) {
                numbers[j] = (prk_lane_number){.limbs = limbs + j * limb_count,
                                               .size = (uint32_t)limb_count,
                                               .bits = (uint32_t)bits,
                                               .report = &reports[j],
                                               .k = (int32_t)prk_lane_limbs((size_t)bits)};
                list[j] = &numbers[j];
            }
            if (prk_lanes_divide(scratch, list, &count, NULL) != PRK_STATUS_OK ||
                count != number_count) {
                fprintf(stderr, "bench-big: a survivor of %d bits has a factor\n", bits);
                exit(70);
            }
        }
        division[size].rounds[round] =
            (thread_ns() - start) / repeats / (double)number_count / primes;
    }
    summarise(&division[size], NULL, round_count);
}

static size_t count_of(workload kind, const contender *c, int bits) {
    if (kind == ODD || kind == SURVIVORS) { // of which no two cost the same
        return number_count;
    }
    return c->library != NULL || c->engine == PRK_ENGINE_GMP || c->is_alone ? count_for_peers(bits)
                                                                            : number_count;
}

static void compare_verdicts(const contender *c, size_t count, const uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        if (out[i] != wanted[i]) {
            fprintf(stderr, "bench-big: number %zu of %zu bits: %s says %s\n", i, 64 * limb_count,
                    c->name, out[i] ? "prime" : "composite");
            exit(70);
        }
    }
}

static void pass(workload kind, const contender *c, size_t count, uint8_t *out) {
    if (kind == UNIT) {
        run_unit(c, count, out);
    } else {
        run(c, count, out);
    }
    __asm__ volatile("" : : "r"(out) : "memory");
}

// What takes less than a millisecond is warmed up: the contender before had the caches, and a
// processor that was given no long vectors for a while begins them slowly.
static double measure_once(workload kind, const contender *c, int bits, int repeats, uint8_t *out) {
    const size_t count = count_of(kind, c, bits);
    if (repeats > 1) {
        pass(kind, c, count, out);
    }
    const double start = thread_ns();
    for (int i = 0; i < repeats; i++) {
        pass(kind, c, count, out);
    }
    const double took = thread_ns() - start;
    compare_verdicts(c, count, out);
    return took / repeats / (double)count;
}

// Units are for lanes and GMP.
static bool has_column(workload kind, const contender *c) { return kind != UNIT || c->is_unit; }

static bool takes_part(workload kind, const contender *c, int bits) {
    return has_column(kind, c) && (c->most_bits == 0 || bits <= c->most_bits);
}

static void measure(workload kind, int size) {
    const int bits = sizes[size];
    uint8_t out[MOST_NUMBERS];
    fill(kind == UNIT ? PRIMES : kind, bits);
    int repeats[MAX_CONTENDERS];
    for (size_t i = 0; i < number_count; i++) {
        mpz_import(powers[i], limb_count, -1, sizeof *limbs, 0, 0, limbs + i * limb_count);
    }
    for (size_t c = 0; c < contender_count; c++) {
        if (contenders[c].library != NULL) {
            contenders[c].library->load(limbs, limb_count, number_count);
        }
        if (takes_part(kind, &contenders[c], bits)) {
            const double took = measure_once(kind, &contenders[c], bits, 1, out) *
                                (double)count_of(kind, &contenders[c], bits);
            repeats[c] = repeats_of(took);
        }
    }
    for (int round = 0; round < round_count; round++) {
        for (size_t turn = 0; turn < contender_count; turn++) {
            const size_t c = (turn + (size_t)round) % contender_count;
            if (takes_part(kind, &contenders[c], bits)) {
                results[kind][size][c].rounds[round] =
                    measure_once(kind, &contenders[c], bits, repeats[c], out);
            }
        }
    }
    for (size_t c = 0; c < contender_count; c++) {
        if (takes_part(kind, &contenders[c], bits)) {
            summarise(&results[kind][size][c], &results[kind][size][gmp], round_count);
        }
    }
}

// --- Tables --------------------------------------------------------------------------------------

static void print_header(const environment *e) {
    print_machine(e, "");
    for (size_t c = 0; c < contender_count; c++) {
        if (contenders[c].library != NULL) {
            printf("%-10s %s, %s\n", contenders[c].name, contenders[c].library->version(),
                   contenders[c].library->call);
        }
    }
    print_load(e);
    printf("rounds     %d, seed %" PRIu64 "; times per number, ratios to GMP's time\n", round_count,
           seed);
}

static void print_table(workload kind) {
    printf("\n%s, us\n%5s", workload_names[kind], "bits");
    for (size_t c = 0; c < contender_count; c++) {
        if (has_column(kind, &contenders[c])) {
            printf(" %11s", contenders[c].name);
        }
    }
    printf("   times GMP's speed:");
    for (int c = 0; c < gmp; c++) {
        if (has_column(kind, &contenders[c])) {
            printf(" %11s", contenders[c].name);
        }
    }
    for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
        printf("\n%5d", sizes[size]);
        for (size_t c = 0; c < contender_count; c++) {
            if (has_column(kind, &contenders[c])) {
                if (takes_part(kind, &contenders[c], sizes[size])) {
                    printf(" %11.3f", results[kind][size][c].median / 1e3);
                } else {
                    printf(" %11s", "-");
                }
            }
        }
        printf("%21s", "");
        for (int c = 0; c < gmp; c++) {
            if (has_column(kind, &contenders[c])) {
                printf(" %11.2f", results[kind][size][c].ratio);
            }
        }
    }
    printf("\n");
}

// How many numbers cost by one call each what a vector of lanes does, and for how many that is so
// decided.
static void print_few(void) {
    printf("\nnumbers that take as long one by one as a vector of lanes\n bits     numbers  are so "
           "tested to\n");
    for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
        size_t count = 0;
        while (prk_each_is_faster(count + 1, prk_lane_limbs((size_t)sizes[size]))) {
            count++;
        }
        printf("%5d %11.2f %11zu\n", sizes[size],
               PRK_LANES * results[UNIT][size][LANES].median / results[UNIT][size][ALONE].median,
               count);
    }
}

// Of a number that no prime below p divides p does with probability 1 / p: it saves a test to base
// 2 then, and pays as long as it costs less than that share of one.
static void print_division(void) {
    printf("\ntrial division in lanes\n bits  ns a prime   us a test  pays to  is done to\n");
    for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
        const prk_trial_table *table = prk_trial_primes_table();
        const double unit = results[UNIT][size][LANES].median;
        printf("%5d %11.3f %11.3f %8.0f %11u\n", sizes[size], division[size].median, unit / 1e3,
               unit / division[size].median,
               table->primes[prk_trial_depth((size_t)sizes[size]) - 1].prime);
    }
}

static void print_targets_of(const char *what, workload kind, size_t contender,
                             const double *targets) {
    for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
        const double reached = results[kind][size][contender].ratio;
        if (targets[size] > 0) {
            printf("%-28s %5d bits %10.2f %10.2f  %s\n", what, sizes[size], reached, targets[size],
                   reached >= targets[size] ? "reached" : "missed");
        }
    }
}

static void print_targets(void) {
    if (!has_lanes()) {
        return;
    }
    printf("\ntargets, in such ratios                        now   at least\n");
    print_targets_of("primes", PRIMES, LANES, batch_targets);
    print_targets_of("primes, one number alone", PRIMES, ALONE, alone_targets);
    print_targets_of("random odd, batches of 1024", ODD, LANES, odd_targets);
    print_targets_of("unit", UNIT, LANES, unit_targets);
}

static void write_json(FILE *file, const environment *e) {
    write_environment(file, e);
    for (size_t c = 0; c < contender_count; c++) {
        if (contenders[c].library != NULL) {
            write_peer(file, contenders[c].name, contenders[c].library->version());
        }
    }
    workload_name name = {.room = "big",
                          .subject = "large numbers",
                          .per = "number",
                          .command = "make bench-big",
                          .clock = "cpu",
                          .reference = "GMP"};
    char variant[64];
    for (int kind = 0; kind < WORKLOADS; kind++) {
        name.input = workload_names[kind];
        for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
            name.size = sizes[size];
            for (size_t c = 0; c < contender_count; c++) {
                if (takes_part((workload)kind, &contenders[c], sizes[size])) {
                    snprintf(variant, sizeof variant,
                             contenders[c].library == NULL ? "ours, %s" : "%s", contenders[c].name);
                    write_measurement(file, &name, variant, &results[kind][size][c], round_count);
                }
            }
        }
    }
    name = (workload_name){.room = "division",
                           .subject = "trial division in lanes, by one prime",
                           .per = "prime",
                           .command = "make bench-big",
                           .clock = "cpu"};
    for (int size = 0; has_lanes() && size < SIZES && sizes[size] <= largest; size++) {
        char input[32];
        snprintf(input, sizeof input, "%zu primes", prk_trial_depth((size_t)sizes[size]));
        name.input = input;
        name.size = sizes[size];
        write_measurement(file, &name, "ours, ifma", &division[size], round_count);
    }
}

// --- The program ---------------------------------------------------------------------------------

static void enlist(void) {
    if (prk_lanes_take(128)) {
        contenders[contender_count++] =
            (contender){.name = "ifma", .engine = PRK_ENGINE_IFMA, .is_unit = true};
        contenders[contender_count++] = (contender){
            .name = "ifma, alone", .engine = PRK_ENGINE_IFMA, .is_unit = true, .is_alone = true};
    }
    contenders[contender_count++] = (contender){.name = "gmp", .engine = PRK_ENGINE_GMP};
    gmp = (int)contender_count;
    contenders[contender_count++] =
        (contender){.name = "GMP", .library = &gmp_peer, .is_unit = true};
#if defined(PRK_HAS_FLINT)
    contenders[contender_count++] = (contender){.name = "FLINT", .library = &flint_peer};
#endif
#if defined(PRK_HAS_PARI)
    contenders[contender_count++] = (contender){.name = "PARI", .library = &pari_peer};
#endif
#if defined(PRK_HAS_OPENSSL)
    contenders[contender_count++] =
        (contender){// 128 random bases above: 16 seconds a number of 8192 bits.
                    .name = "OpenSSL",
                    .library = &openssl_peer,
                    .most_bits = 2048};
#endif
}

int main(int argc, char **argv) {
    uint64_t rounds = 9, bits = 8192;
    const number_option options[] = {{"rounds", 3, MAX_ROUNDS, &rounds},
                                     {"largest", 128, 8192, &bits},
                                     {"seed", 0, UINT32_MAX, &seed}};
    const json_file json = read_command_line("bench-big", argc, argv, options, 3);
    round_count = (int)rounds;
    largest = (int)bits;
    scratch = prk_scratch_create();
    limbs = malloc(MOST_NUMBERS * (size_t)(8192 / 64) * sizeof *limbs);
    if (scratch == NULL || limbs == NULL) {
        perror("bench-big");
        return 74;
    }
    mpz_inits(two, exponent, residue, (mpz_ptr)NULL);
    mpz_set_ui(two, 2);
    for (size_t i = 0; i < MOST_NUMBERS; i++) {
        mpz_init(powers[i]);
    }
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    enlist();
    for (int kind = 0; kind < WORKLOADS; kind++) {
        for (int size = 0; size < SIZES && sizes[size] <= largest; size++) {
            measure((workload)kind, size);
        }
    }
    for (int size = 0; has_lanes() && size < SIZES && sizes[size] <= largest; size++) {
        measure_division(size);
    }
    read_load(e.load_after);
    print_header(&e);
    for (int kind = 0; kind < WORKLOADS; kind++) {
        print_table((workload)kind);
    }
    if (has_lanes()) {
        print_few();
        print_division();
    }
    print_targets();
    if (json.file != NULL) {
        write_json(json.file, &e);
        close_json(&json);
    }
    free(limbs);
    prk_scratch_destroy(scratch);
    return 0;
}
