// SPDX-License-Identifier: Apache-2.0
//
// Proofs by quantity, on demand: `make soak-proofs`.
//
// soak_proofs SEED [--shard I/N] [--keep FOLDER]
//     Random primes are proved, by what the prover chooses and by curves alone, and their
//     certificates verified; some are written in each form, too, and kept in the folder; some are
//     proved again, and some proofs are cancelled. Composites have evidence.
//     PRIMALITY_TEST_MULTIPLIER scales how many. The digest is that of all certificates: for one
//     seed it is the same at every level.
// soak_proofs levels
//     What PRIMALITY_LEVEL may be on this machine.
//
// Shards are numbered from 1; all N of them together are one run.

#define _GNU_SOURCE // clocks, alarm

#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "prk_kernels.h"
#include "prk_sha256.h"
#include "proofs.h"
#include "support.h"

// A call that takes longer hangs.
#define MOST_SECONDS 1800
// Of what shows that a number is composite, in strong tests.
#define MOST_COST 100

// One number in so many.
enum { EVERY_WRITTEN = 50, EVERY_AGAIN = 10, EVERY_CANCELLED = 10 };

static gmp_randstate_t state;
static uint64_t seed, shard_index = 1, shard_count = 1, place, digest;
static long proofs, composites, cancelled, too_late, written;
static uint64_t slowest;
static const char *folder;

static void random_prime(mpz_t p, mp_bitcnt_t bits) { random_prime_of(state, p, bits); }

// Whether the next number is one of this shard's. It depends on seed and place alone, so that
// shards repeat nothing and a failure comes back.
static bool is_next_mine(void) {
    const uint64_t mine = place++;
    random_state = seed + mine * UINT64_C(0xD6E8FEB86659FD93);
    if (mine % shard_count != shard_index - 1) {
        return false;
    }
    gmp_randseed_ui(state, next_random());
    return true;
}

// --- Memory and cancelling -----------------------------------------------------------------------

// Blocks of GMP's are counted: a proof leaves none. No proof goes without them, so that a flag
// raised with one of them is raised at the same place each time.
static long live;
static uint64_t blocks, raise_at;
static uint32_t flag;
static uint64_t raised;

// CPU time, which neighbours on the machine do not change.
static uint64_t clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *counted(void *block) {
    if (block == NULL) {
        abort();
    }
    if (++blocks == raise_at) {
        raised = clock_now();
        __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
    }
    return block;
}

static void *counted_malloc(size_t size) {
    live++;
    return counted(malloc(size));
}

static void *counted_realloc(void *block, size_t before, size_t size) {
    (void)before;
    return counted(realloc(block, size));
}

static void counted_free(void *block, size_t size) {
    (void)size;
    live -= block != NULL;
    free(block);
}

// --- Proofs --------------------------------------------------------------------------------------

typedef struct number {
    mpz_t n;
    const char *name;
    unsigned long bits, index;
} number;

static char when_it_hangs[8192];
static void say_that_it_hangs(int signal) {
    (void)signal;
    const ssize_t count = write(STDOUT_FILENO, when_it_hangs, strlen(when_it_hangs));
    _exit(count < 0 ? 3 : 2);
}

static prk_status prove(const number *x, const prk_prove_options *options, text *t,
                        prk_proof *proof) {
    gmp_snprintf(when_it_hangs, sizeof when_it_hangs,
                 "soak-proofs: %s, %lu bits, number %lu, curves alone %d: %Zd takes longer than %d "
                 "s\n",
                 x->name, x->bits, x->index, options->only_curves, x->n, MOST_SECONDS);
    alarm(MOST_SECONDS);
    const prk_status status =
        prk_prove((const uint64_t *)mpz_limbs_read(x->n), mpz_size(x->n), options, keep, t, proof);
    alarm(0);
    return status;
}

#define EXPECT_OF(x, condition, ...)                                                               \
    do {                                                                                           \
        const int before_ = failures;                                                              \
        EXPECT(condition, __VA_ARGS__);                                                            \
        if (failures > before_ && failures <= 50) {                                                \
            gmp_printf("    %s, %lu bits, number %lu: %Zd\n", (x)->name, (x)->bits, (x)->index,    \
                       (x)->n);                                                                    \
        }                                                                                          \
    } while (0)

static void add_to_digest(const text *t) {
    char hex[65];
    prk_sha256_hex((const uint8_t *)t->start, t->size, hex);
    hex[16] = 0;
    digest += strtoull(hex, NULL, 16); // in any order
}

static void keep_in_folder(const number *x, bool only_curves, const char *form, const text *t) {
    char name[4096];
    snprintf(name, sizeof name, "%s/%lu-%lu-%s.%s", folder, x->bits, x->index,
             only_curves ? "curves" : "any", form);
    FILE *file = fopen(name, "w");
    EXPECT(file != NULL && fwrite(t->start, 1, t->size, file) == t->size, "%s", name);
    EXPECT(file != NULL && fclose(file) == 0, "%s", name);
}

// In each form, which is read and verified again. All have words for curves.
static void write_forms(const number *x, bool only_curves, const text *json) {
    static const struct {
        prk_certificate_format form;
        const char *name;
    } forms[] = {{PRK_CERTIFICATE_JSON, "json"},
                 {PRK_CERTIFICATE_PRIMO4, "primo"},
                 {PRK_CERTIFICATE_MPU, "mpu"},
                 {PRK_CERTIFICATE_PARI, "pari"}};
    for (int i = 0; i < 4; i++) {
        text t = {.start = NULL};
        prk_certificate_problem problem;
        if (write_in(json, forms[i].form, &t)) {
            written++;
            EXPECT_OF(x, proves(&t, x->n, forms[i].form, &problem), "%s: step %d: %s",
                      forms[i].name, (int)problem.step, problem.reason);
            if (folder != NULL) {
                keep_in_folder(x, only_curves, forms[i].name, &t);
            }
        } else {
            EXPECT_OF(x, !only_curves && i > 0, "%s has no words for it", forms[i].name);
        }
        free(t.start);
    }
}

// At a random block of those that the proof takes, once all that the process keeps is there: towers
// that the first proof made are found by the second, which takes fewer blocks.
static void cancel(const number *x, prk_prove_options options) {
    text t = {.start = NULL};
    prk_proof proof;
    const long live_before = live;
    const uint64_t before = blocks;
    prove(x, &options, &t, &proof);
    const uint64_t taken = blocks - before;
    free(t.start);
    t = (text){.start = NULL};
    flag = 0;
    options.cancel = &flag;
    raise_at = blocks + 1 + next_random() % taken;
    const prk_status status = prove(x, &options, &t, &proof);
    const uint64_t end = clock_now();
    raise_at = 0;
    EXPECT_OF(x, flag == 1, "another number of blocks");
    EXPECT_OF(x, status == PRK_STATUS_CANCELLED || status == PRK_STATUS_OK, "status %d", status);
    EXPECT_OF(x, (status == PRK_STATUS_OK) == (t.calls == 1), "%d texts", t.calls);
    EXPECT_OF(x, live == live_before, "%ld blocks are left", live - live_before);
    // With room for slow machines.
    EXPECT_OF(x, end - raised < UINT64_C(2000000000), "slow");
    slowest = end - raised > slowest ? end - raised : slowest;
    *(status == PRK_STATUS_OK ? &too_late : &cancelled) += 1;
    free(t.start);
}

static void prove_prime(const number *x, bool only_curves) {
    const prk_prove_options options = {.only_curves = only_curves};
    text t = {.start = NULL};
    prk_proof proof;
    prk_certificate_problem problem;
    const prk_status status = prove(x, &options, &t, &proof);
    EXPECT_OF(x, status == PRK_STATUS_OK && proof.verdict == PRK_PROOF_PROVED,
              "curves alone %d: status %d, verdict %d: %s", only_curves, status, proof.verdict,
              proof.tried);
    if (status != PRK_STATUS_OK || proof.verdict != PRK_PROOF_PROVED) {
        free(t.start);
        return;
    }
    proofs++;
    EXPECT_OF(x, t.calls == 1 && proof.report.verdict == PRK_PRIME, "report");
    EXPECT_OF(x, !only_curves || proof.report.method == PRK_METHOD_ECPP, "no curve");
    EXPECT_OF(x, proves(&t, x->n, PRK_CERTIFICATE_JSON, &problem), "curves alone %d, step %d: %s",
              only_curves, (int)problem.step, problem.reason);
    add_to_digest(&t);
    if (x->index % EVERY_WRITTEN == 0) {
        write_forms(x, only_curves, &t);
    }
    if (x->index % EVERY_AGAIN == 1) {
        text again = {.start = NULL};
        const long live_before = live;
        prove(x, &options, &again, &proof);
        EXPECT_OF(x, texts_are_equal(&t, &again), "another certificate");
        EXPECT_OF(x, live == live_before, "%ld blocks are left", live - live_before);
        free(again.start);
    }
    if (x->index % EVERY_CANCELLED == 2) {
        cancel(x, options);
    }
    free(t.start);
}

static void look_at_prime(const number *x) {
    const uint64_t offsets[2] = {0, mpz_size(x->n)};
    uint8_t verdict = PRK_UNTESTED;
    EXPECT_OF(x,
              prk_test_big_batch((const uint64_t *)mpz_limbs_read(x->n), offsets, &verdict, 1) ==
                      PRK_STATUS_OK &&
                  (verdict == PRK_PROBABLE_PRIME || verdict == PRK_PRIME),
              "the test before says %d", verdict);
    prove_prime(x, false);
    prove_prime(x, true);
}

static void soak_primes(unsigned long bits, long count) {
    number x = {.name = "random prime", .bits = bits};
    mpz_init(x.n);
    for (; x.index < (unsigned long)count; x.index++) {
        if (is_next_mine()) {
            random_prime(x.n, bits);
            look_at_prime(&x);
        }
    }
    mpz_clear(x.n);
}

// Of RFC 2409 and RFC 3526, from 1536 bits on; hard_test has the others.
static void soak_groups(void) {
    static const struct {
        unsigned long bits, c;
    } groups[] = {{1536, 741804}, {2048, 124476}, {3072, 1690314}, {4096, 240904}};
    number x = {.name = "RFC 3526", .index = 3}; // once
    mpz_init(x.n);
    for (int i = 0; i < (test_multiplier() >= 10 ? 4 : test_multiplier() >= 1 ? 2 : 0); i++) {
        if (is_next_mine()) {
            x.bits = groups[i].bits;
            modp_prime(x.n, x.bits, groups[i].c);
            look_at_prime(&x);
        }
    }
    mpz_clear(x.n);
}

// --- Composites ----------------------------------------------------------------------------------

static bool is_prime(const mpz_t p) { return mpz_probab_prime_p(p, 25) != 0; }

static void of_random(mpz_t n, unsigned long bits) {
    do {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, 0);
    } while (is_prime(n));
}

// (6 k + 1) (12 k + 1) (18 k + 1), all prime.
static void of_carmichael(mpz_t n, unsigned long bits) {
    mpz_t k, p[3];
    mpz_inits(k, p[0], p[1], p[2], (mpz_ptr)NULL);
    mpz_urandomb(k, state, bits / 3 - 3);
    mpz_setbit(k, bits / 3 - 4);
    for (bool found = false; !found; mpz_add_ui(k, k, 1)) {
        mpz_set_ui(n, 1);
        for (unsigned long i = 0; i < 3; i++) {
            mpz_mul_ui(p[i], k, 6 * (i + 1));
            mpz_add_ui(p[i], p[i], 1);
            mpz_mul(n, n, p[i]);
        }
        found = true;
        for (int i = 0; found && i < 3; i++) { // all by division before any by a power
            for (unsigned long q = 5; found && q < 300; q += 2) {
                found = !mpz_divisible_ui_p(p[i], q) || mpz_cmp_ui(p[i], q) == 0;
            }
        }
        for (int i = 0; found && i < 3; i++) {
            found = is_prime(p[i]);
        }
    }
    mpz_clears(k, p[0], p[1], p[2], (mpz_ptr)NULL);
}

// (a + 1) (k a + 1), both prime: strong pseudoprimes to many bases are such.
static void of_two(mpz_t n, unsigned long bits, unsigned long k) {
    mpz_t p;
    mpz_init(p);
    do {
        random_prime(p, bits / 2);
        mpz_sub_ui(n, p, 1);
        mpz_mul_ui(n, n, k);
        mpz_add_ui(n, n, 1);
    } while (!is_prime(n));
    mpz_mul(n, n, p);
    mpz_clear(p);
}

static void of_twice(mpz_t n, unsigned long bits) { of_two(n, bits, 2); }
static void of_more(mpz_t n, unsigned long bits) { of_two(n, bits, 3 + next_random() % 6); }

static void of_square(mpz_t n, unsigned long bits) {
    random_prime(n, bits / 2 + 1);
    mpz_mul(n, n, n);
}

static void of_cube(mpz_t n, unsigned long bits) {
    random_prime(n, bits / 3 + 1);
    mpz_pow_ui(n, n, 3);
}

static void of_close(mpz_t n, unsigned long bits) {
    mpz_t p;
    mpz_init(p);
    random_prime(n, bits / 2 + 1);
    mpz_nextprime(p, n);
    mpz_mul(n, n, p);
    mpz_clear(p);
}

// (4^p + 1) / 5, which passes the test to base 2 for odd p: the other half of Baillie-PSW tells it.
static void of_base_two(mpz_t n, unsigned long bits) {
    unsigned long p = (bits / 2 + next_random() % (bits / 4)) | 1;
    do {
        p += 2;
        mpz_set_ui(n, 1);
        mpz_mul_2exp(n, n, 2 * p);
        mpz_add_ui(n, n, 1);
        mpz_divexact_ui(n, n, 5);
    } while (!gmp_says_prime(p) || is_prime(n));
}

static void look_at_composite(const number *x, bool only_curves) {
    const prk_prove_options options = {.only_curves = only_curves};
    text t = {.start = NULL};
    prk_proof proof;
    const long live_before = live;
    const prk_status status = prove(x, &options, &t, &proof);
    EXPECT_OF(x, status == PRK_STATUS_OK && proof.verdict == PRK_PROOF_COMPOSITE && t.calls == 0,
              "curves alone %d: status %d, verdict %d", only_curves, status, proof.verdict);
    EXPECT_OF(x, evidence_holds(x->n, &proof.report), "method %d", proof.report.method);
    EXPECT_OF(x, proof.cost <= MOST_COST, "costs %" PRIu64, proof.cost);
    EXPECT_OF(x, live == live_before, "%ld blocks are left", live - live_before);
    free(t.start);
}

static void soak_composites(unsigned long bits) {
    static const struct {
        const char *name;
        void (*make)(mpz_t n, unsigned long bits);
        long count, count_above_300, count_above_1000;
    } kinds[] = {
        {"random", of_random, 500, 200, 20},       {"Carmichael", of_carmichael, 50, 8, 1},
        {"p (2 p - 1)", of_twice, 100, 20, 2},     {"(a + 1) (k a + 1)", of_more, 100, 20, 2},
        {"square", of_square, 50, 50, 10},         {"cube", of_cube, 50, 50, 10},
        {"of close primes", of_close, 50, 50, 10}, {"(4^p + 1) / 5", of_base_two, 20, 20, 10},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const long count = scaled(bits > 1000  ? kinds[k].count_above_1000
                                  : bits > 300 ? kinds[k].count_above_300
                                               : kinds[k].count);
        number x = {.name = kinds[k].name, .bits = bits};
        mpz_init(x.n);
        for (; x.index < (unsigned long)count; x.index++) {
            if (is_next_mine()) {
                kinds[k].make(x.n, bits);
                look_at_composite(&x, false);
                look_at_composite(&x, true);
                composites++;
            }
        }
        mpz_clear(x.n);
    }
}

// --- All of it -----------------------------------------------------------------------------------

static void soak(void) {
    static const unsigned long sizes[] = {1024, 512, 332, 256, 200, 128, 80, 65};
    mp_set_memory_functions(counted_malloc, counted_realloc, counted_free);
    signal(SIGALRM, say_that_it_hangs);
    gmp_randinit_mt(state);
    // What takes long comes first, so that shards end together.
    soak_groups();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        soak_primes(sizes[i], scaled(sizes[i] > 1000 ? 20 : 1000));
        soak_composites(sizes[i]);
    }
    gmp_randclear(state);
    printf("soak-proofs: %s %" PRIu64 "/%" PRIu64 ": %ld texts in other forms, %ld cancelled and "
           "%ld too late, the slowest after %.1f CPU ms\n",
           prk_level_name(prk_kernels()->level), shard_index, shard_count, written, cancelled,
           too_late, (double)slowest / 1e6);
    printf("soak-proofs: digest %" PRIu64 "/%" PRIu64 " of seed %" PRIu64 ": %016" PRIx64 "\n",
           shard_index, shard_count, seed, digest);
    printf("soak-proofs: %ld proofs, %ld composites: %d problems\n", proofs, composites, failures);
}

static int usage(void) {
    fputs("usage: soak_proofs SEED [--shard I/N] [--keep FOLDER]\n       soak_proofs levels\n",
          stderr);
    return 64;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "levels") == 0) {
        for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
            if (prk_kernels_at((prk_level)level) != NULL) {
                puts(prk_level_name((prk_level)level));
            }
        }
        return 0;
    }
    char *end = NULL;
    if (argc < 2 || argc % 2 != 0 || (seed = strtoull(argv[1], &end, 10), *end != 0)) {
        return usage();
    }
    for (int i = 2; i < argc; i += 2) {
        if (strcmp(argv[i], "--keep") == 0) {
            folder = argv[i + 1];
        } else if (strcmp(argv[i], "--shard") != 0 ||
                   sscanf(argv[i + 1], "%" SCNu64 "/%" SCNu64, &shard_index, &shard_count) != 2 ||
                   shard_index < 1 || shard_index > shard_count) {
            return usage();
        }
    }
    if (prk_level_status() != PRK_STATUS_OK) { // or it would be a run of another level
        fputs("soak-proofs: PRIMALITY_LEVEL is none of this machine's\n", stderr);
        return 64;
    }
    soak();
    return failures != 0;
}
