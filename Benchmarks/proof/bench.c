// SPDX-License-Identifier: Apache-2.0
//
// make bench-proof: certificates verified beside PARI's primecertisvalid, and random primes proved
// beside PARI, FLINT, Math::Prime::Util and python-flint.
//
// A time is the CPU time of the thread, or of the process beside. Certificates are PARI's, made in
// the beginning, and one after the other is verified by each level and by PARI in an order that
// rotates, as in bench-u64; texts are read before. A prime is proved once by each, or the median is
// taken of as many times as there are rounds where that costs little. Verdicts are compared: of
// primes, of a product of two, of each certificate that somebody makes, and of certificates with a
// digit changed. Status 1 says that they disagree.
//
// Peers prove up to --peers digits. Then many.c has many primes and many threads.
//
// PRK_HAS_FLINT and PRK_HAS_PARI say which libraries the program is linked with.

// What measuring.h includes.
#define _GNU_SOURCE

#include <stdarg.h>

#include <gmp.h>

#include "bench.h"
#include "peers.h"

enum { MOST_DIGITS = 1000, MOST_PRIMES = 100, MAX_PEERS = 5, PROVE_SIZES = 9, VERIFY_SIZES = 4 };

static const int prove_sizes[PROVE_SIZES] = {30, 50, 77, 100, 154, 200, 309, 500, 1000};
static const int verify_sizes[VERIFY_SIZES] = {100, 200, 309, 500};

uint64_t seed = 20240229, largest = 500, thread_count = 2;
int round_count;
static uint64_t prime_count = 10, certificate_count = 3, peer_largest = 309;

static const peer *peers[MAX_PEERS];
static size_t peer_count;

static size_t disagreements;

void disagree(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench-proof: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    disagreements++;
}

// --- Numbers and texts ---------------------------------------------------------------------------

gmp_randstate_t state;

void random_prime(mpz_t n, int digits) {
    mpz_t least, range;
    mpz_inits(least, range, (mpz_ptr)NULL);
    mpz_ui_pow_ui(least, 10, (unsigned long)digits - 1);
    mpz_mul_ui(range, least, 9);
    do {
        mpz_urandomm(n, state, range);
        mpz_add(n, n, least);
    } while (mpz_probab_prime_p(n, 24) == 0);
    mpz_clears(least, range, (mpz_ptr)NULL);
}

bool append(void *context, const char *bytes, size_t count) {
    text *t = context;
    if (count >= sizeof t->bytes - t->size) {
        return false;
    }
    memcpy(t->bytes + t->size, bytes, count);
    t->size += count;
    return true;
}

static prk_certificate *read_text(const char *bytes, size_t size) {
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem;
    if (prk_certificate_read(bytes, size, &certificate, NULL, &problem) == PRK_STATUS_OK &&
        certificate == NULL) {
        disagree("a certificate is not read: %s", problem.reason);
    }
    return certificate;
}

static bool is_valid(const prk_certificate *certificate) {
    prk_certificate_problem problem;
    return certificate != NULL &&
           prk_certificate_verify(certificate, NULL, &problem) == PRK_STATUS_OK &&
           problem.verdict == PRK_CERTIFICATE_VALID;
}

bool proves(const char *bytes, size_t size, const mpz_t n) {
    prk_certificate *certificate = read_text(bytes, size);
    bool is_proof = is_valid(certificate);
    if (certificate != NULL) {
        size_t limbs;
        mpz_t view;
        const uint64_t *number = prk_certificate_number(certificate, &limbs);
        mpz_roinit_n(view, (const mp_limb_t *)number, (mp_size_t)limbs);
        is_proof = is_proof && mpz_cmp(view, n) == 0;
    }
    prk_certificate_destroy(certificate);
    return is_proof;
}

// --- Verifying -----------------------------------------------------------------------------------

// Ours at each level that the machine has, from the highest on, and PARI last.
enum { MAX_VERIFIERS = PRK_LEVEL_COUNT + 1 };
static prk_level levels[PRK_LEVEL_COUNT];
static size_t level_count;

// PRIMALITY_LEVEL, or all.
static void choose_levels(void) {
    const char *forced = getenv("PRIMALITY_LEVEL");
    const bool is_forced = forced != NULL && forced[0] != '\0';
    for (int level = PRK_LEVEL_COUNT - 1; level >= 0; level--) {
        if (is_forced ? (prk_level)level == prk_active_level()
                      : prk_level_supported((prk_level)level)) {
            levels[level_count++] = (prk_level)level;
        }
    }
}

#if defined(PRK_HAS_PARI)

static measurement verified[VERIFY_SIZES][MAX_VERIFIERS];
static size_t verified_steps[VERIFY_SIZES], verified_bytes[VERIFY_SIZES];

static prk_certificate *certificates[MOST_CERTIFICATES];

static bool verify_once(size_t verifier, int place) {
    return verifier == level_count ? pari_verify_certificate(place) : is_valid(certificates[place]);
}

// The time of one certificate. What takes less than a millisecond is warmed up.
static double time_verifier(size_t verifier, int repeats) {
    bool all = true;
    if (verifier < level_count) {
        prk_take_level(levels[verifier]);
    }
    if (repeats > 1) {
        all = verify_once(verifier, 0);
    }
    const double start = thread_ns();
    for (int i = 0; i < repeats; i++) {
        for (int place = 0; place < (int)certificate_count; place++) {
            all = verify_once(verifier, place) && all;
        }
    }
    const double took = thread_ns() - start;
    if (!all) {
        disagree("%s refuses a certificate of PARI's",
                 verifier == level_count ? "PARI" : prk_level_name(levels[verifier]));
    }
    return took / repeats / (double)certificate_count;
}

// The last digit is one of a point's, which is then one of another curve; on y^2 = x^3 + b that may
// have the same order.
static void compare_changed(const char *bytes) {
    char *changed = strdup(bytes);
    char *last = changed == NULL ? NULL : changed + strlen(changed);
    while (last != NULL && last > changed && (*last < '0' || *last > '9')) {
        last--;
    }
    if (last == NULL || last == changed) {
        disagree("a certificate of PARI's has no digit");
    } else {
        *last = *last == '9' ? '8' : (char)(*last + 1);
        prk_certificate *certificate = read_text(changed, strlen(changed));
        pari_load_certificate(0, changed);
        const bool wanted = pari_verify_certificate(0);
        for (size_t i = 0; i < level_count; i++) {
            prk_take_level(levels[i]);
            if (is_valid(certificate) != wanted) {
                disagree("PARI %s a certificate with a digit changed, %s does not",
                         wanted ? "accepts" : "refuses", prk_level_name(levels[i]));
            }
        }
        prk_certificate_destroy(certificate);
    }
    free(changed);
}

static void make_certificates(int size) {
    mpz_t n;
    mpz_init(n);
    gmp_randseed_ui(state, seed + (uint64_t)verify_sizes[size]);
    for (int place = 0; place < (int)certificate_count; place++) {
        char decimal[MOST_DIGITS + 2];
        random_prime(n, verify_sizes[size]);
        pari_certificate_peer.load(mpz_get_str(decimal, 10, n));
        if (!pari_certificate_peer.prove()) {
            fprintf(stderr, "bench-proof: PARI has no certificate of %s\n", decimal);
            exit(1);
        }
        const char *written = pari_certificate_peer.certificate();
        if (place == 0) {
            compare_changed(written);
        }
        certificates[place] = read_text(written, strlen(written));
        pari_load_certificate(place, written);
        if (certificates[place] != NULL) {
            verified_steps[size] += prk_certificate_steps(certificates[place]);
        }
        verified_bytes[size] += strlen(written);
    }
    mpz_clear(n);
}

static void measure_verifying(int size) {
    int repeats[MAX_VERIFIERS];
    make_certificates(size);
    for (size_t v = 0; v <= level_count; v++) {
        repeats[v] = repeats_of(time_verifier(v, 1) * (double)certificate_count);
    }
    for (int round = 0; round < round_count; round++) {
        for (size_t turn = 0; turn <= level_count; turn++) {
            const size_t v = (turn + (size_t)round) % (level_count + 1);
            verified[size][v].rounds[round] = time_verifier(v, repeats[v]);
        }
    }
    prk_take_level(levels[0]);
    for (size_t v = 0; v <= level_count; v++) {
        summarise(&verified[size][v], &verified[size][level_count], round_count);
    }
    for (size_t i = 0; i < certificate_count; i++) {
        prk_certificate_destroy(certificates[i]);
    }
}

static void print_verifying(void) {
    printf("\nverify, ms a certificate of PARI's primecert (%" PRIu64 " of each size)\n"
           "digits  steps    bytes",
           certificate_count);
    for (size_t v = 0; v < level_count; v++) {
        printf(" %11s", prk_level_name(levels[v]));
    }
    printf(" %11s   times PARI's speed:", "PARI");
    for (size_t v = 0; v < level_count; v++) {
        printf(" %11s", prk_level_name(levels[v]));
    }
    printf("\n");
    for (int size = 0; size < VERIFY_SIZES && verify_sizes[size] <= (int)largest; size++) {
        printf("%6d %6.1f %8.0f", verify_sizes[size],
               (double)verified_steps[size] / (double)certificate_count,
               (double)verified_bytes[size] / (double)certificate_count);
        for (size_t v = 0; v <= level_count; v++) {
            printf(" %11.3f", verified[size][v].median / 1e6);
        }
        printf("%22s", "");
        for (size_t v = 0; v < level_count; v++) {
            printf(" %11.2f", verified[size][v].ratio);
        }
        printf("\n");
    }
}

static void write_verifying(FILE *file) {
    workload_name name = {.room = "verify",
                          .subject = "certificates verified",
                          .per = "certificate",
                          .command = "make bench-proof",
                          .clock = "cpu",
                          .reference = "PARI"};
    char variant[64], input[64];
    for (int size = 0; size < VERIFY_SIZES && verify_sizes[size] <= (int)largest; size++) {
        snprintf(input, sizeof input, "primecert's, %d digits", verify_sizes[size]);
        name.input = input;
        for (size_t v = 0; v <= level_count; v++) {
            snprintf(variant, sizeof variant, v < level_count ? "ours, %s" : "%s",
                     v < level_count ? prk_level_name(levels[v]) : "PARI");
            write_measurement(file, &name, variant, &verified[size][v], round_count);
        }
    }
}

#else

static void measure_verifying(int size) { (void)size; }

static void write_verifying(FILE *file) { (void)file; }

static void print_verifying(void) {
    printf("\nverify: left out, since PARI makes the certificates: make bench-deps\n");
}

#endif

// --- Proving -------------------------------------------------------------------------------------

// Each "round" is a prime. Ours come twice: those that were proved, and those that were given up.
enum { OURS, GIVEN_UP, FIRST_PEER, MAX_PROVERS = FIRST_PEER + MAX_PEERS };

typedef struct proofs {
    measurement m;
    int count;
    double most, bytes; // bytes: the median, 0 of what makes no certificates
    double sizes[MOST_PRIMES];
} proofs;

static proofs proved[PROVE_SIZES][MAX_PROVERS];
// PARI's primecert, of the primes that ours proved.
static measurement reference[PROVE_SIZES];

static size_t prover_count(void) { return FIRST_PEER + peer_count; }
// Those who take part with numbers of that size.
static size_t provers_of(int size) {
    return prove_sizes[size] <= (int)peer_largest ? prover_count() : FIRST_PEER;
}

static const char *prover_name(size_t prover) {
    return prover == OURS       ? "ours"
           : prover == GIVEN_UP ? "given up"
                                : peers[prover - FIRST_PEER]->name;
}

typedef struct attempt {
    double took;
    prk_proof_verdict verdict;
    const char *certificate;
    size_t size;
} attempt;

static text written;

// With the verifying, without which ours says nothing.
static attempt prove_ours(const mpz_t n) {
    attempt a = {.certificate = written.bytes};
    prk_proof proof;
    written.size = 0;
    const double start = thread_ns();
    const prk_status status =
        prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), NULL, append, &written, &proof);
    if (status != PRK_STATUS_OK) {
        fprintf(stderr, "bench-proof: prk_prove: status %d\n", (int)status);
        exit(1);
    }
    if (proof.verdict == PRK_PROOF_PROVED && !proves(written.bytes, written.size, n)) {
        disagree("our verifier refuses our prover's certificate");
    }
    a.took = thread_ns() - start;
    a.verdict = proof.verdict;
    a.size = written.size;
    return a;
}

static attempt prove_by(const peer *p, const char *decimal) {
    attempt a = {.verdict = PRK_PROOF_COMPOSITE};
    p->load(decimal);
    const double start = thread_ns();
    if (p->prove()) {
        a.verdict = PRK_PROOF_PROVED;
    }
    a.took = p->spent != NULL ? p->spent() : thread_ns() - start;
    if (p->certificate != NULL && a.verdict == PRK_PROOF_PROVED) {
        a.certificate = p->certificate();
        a.size = strlen(a.certificate);
    }
    return a;
}

static attempt prove_once(size_t prover, const mpz_t n) {
    if (prover == OURS) {
        return prove_ours(n);
    }
    char decimal[2 * MOST_DIGITS + 2];
    return prove_by(peers[prover - FIRST_PEER], mpz_get_str(decimal, 10, n));
}

// The median of some times of what is over soon.
static attempt prove_often(size_t prover, const mpz_t n) {
    const double most = 20e6;
    double times[MAX_ROUNDS];
    attempt a = prove_once(prover, n);
    int count = a.took > most ? 1 : 1 + (int)(most / (a.took + 1));
    count = count < round_count ? count : round_count;
    times[0] = a.took;
    for (int i = 1; i < count; i++) {
        a = prove_once(prover, n);
        times[i] = a.took;
    }
    a.took = median_of(times, count);
    return a;
}

// A product of two primes is composite for everybody.
static void compare_composite(int size) {
    const int digits = prove_sizes[size];
    mpz_t n, factor;
    mpz_inits(n, factor, (mpz_ptr)NULL);
    random_prime(n, digits / 2);
    random_prime(factor, digits - digits / 2);
    mpz_mul(n, n, factor);
    for (size_t prover = 0; prover < provers_of(size); prover++) {
        if (prover != GIVEN_UP && prove_once(prover, n).verdict != PRK_PROOF_COMPOSITE) {
            disagree("%s does not say that a product of %d digits is composite",
                     prover_name(prover), digits);
        }
    }
    mpz_clears(n, factor, (mpz_ptr)NULL);
}

static void note(proofs *p, const attempt *a) {
    p->sizes[p->count] = (double)a->size;
    p->m.rounds[p->count++] = a->took;
    p->most = a->took > p->most ? a->took : p->most;
}

static void take_turn(int size, size_t prover, const mpz_t n, bool *is_ours, double *by_reference) {
    const attempt a = prove_often(prover, n);
    if (a.verdict != PRK_PROOF_PROVED && (prover != OURS || a.verdict != PRK_PROOF_GAVE_UP)) {
        disagree("%s calls a prime of %d digits composite", prover_name(prover), prove_sizes[size]);
        return;
    }
    if (prover != OURS && a.certificate != NULL && !proves(a.certificate, a.size, n)) {
        disagree("our verifier refuses a certificate of %s's", prover_name(prover));
    }
    if (prover == OURS) {
        *is_ours = a.verdict == PRK_PROOF_PROVED;
    }
    if (prover == FIRST_PEER) {
        *by_reference = a.took;
    }
    note(&proved[size][prover == OURS && a.verdict == PRK_PROOF_GAVE_UP ? GIVEN_UP : prover], &a);
}

static void measure_proving(int size) {
    mpz_t n;
    mpz_init(n);
    gmp_randseed_ui(state, seed + (uint64_t)prove_sizes[size]);
    compare_composite(size);
    for (size_t i = 0; i < prime_count; i++) {
        bool is_ours = false;
        double by_reference = 0;
        random_prime(n, prove_sizes[size]);
        for (size_t turn = 0; turn < provers_of(size); turn++) {
            const size_t prover = (turn + i) % provers_of(size);
            if (prover != GIVEN_UP) {
                take_turn(size, prover, n, &is_ours, &by_reference);
            }
        }
        if (is_ours) {
            reference[size].rounds[proved[size][OURS].count - 1] = by_reference;
        }
    }
    for (size_t prover = 0; prover < provers_of(size); prover++) {
        proofs *p = &proved[size][prover];
        if (p->count > 0) {
            summarise(&p->m,
                      prover == OURS && provers_of(size) > FIRST_PEER ? &reference[size] : NULL,
                      p->count);
            p->bytes = median_of(p->sizes, p->count);
        }
    }
    mpz_clear(n);
}

static void print_proving(void) {
    printf("\nprove, ms a random prime, median and most of %" PRIu64
           "; ours with the verifying, proved and given up apart; FLINT, in Python too, and PARI's "
           "isprime make no certificate\n"
           "digits  %17s",
           prime_count, "ours");
    for (size_t prover = OURS; prover < prover_count(); prover++) {
        printf(" %19s", prover == OURS ? "proved" : prover_name(prover));
    }
    if (peer_count > 0) {
        printf("   proved: times %s's speed", peers[0]->name);
    }
    printf("\n");
    for (int size = 0; size < PROVE_SIZES && prove_sizes[size] <= (int)largest; size++) {
        const proofs *row = proved[size];
        printf("%6d  %3d of %3" PRIu64 " proved", prove_sizes[size], row[OURS].count, prime_count);
        for (size_t prover = OURS; prover < prover_count(); prover++) {
            if (row[prover].count > 0) {
                printf(" %9.2f %9.2f", row[prover].m.median / 1e6, row[prover].most / 1e6);
            } else {
                printf(" %9s %9s", "-", "-");
            }
        }
        if (provers_of(size) > FIRST_PEER && row[OURS].count > 0) {
            printf("   %9.2f", row[OURS].m.ratio);
        }
        printf("\n");
    }
}

static bool makes_certificates(size_t prover) {
    return prover == OURS ||
           (prover >= FIRST_PEER && peers[prover - FIRST_PEER]->certificate != NULL);
}

static void print_bytes(void) {
    printf("\nbytes of a certificate, median; ours are JSON lines\ndigits");
    for (size_t prover = 0; prover < prover_count(); prover++) {
        if (makes_certificates(prover)) {
            printf(" %14s", prover_name(prover));
        }
    }
    printf("\n");
    for (int size = 0; size < PROVE_SIZES && prove_sizes[size] <= (int)largest; size++) {
        printf("%6d", prove_sizes[size]);
        for (size_t prover = 0; prover < prover_count(); prover++) {
            if (makes_certificates(prover) && proved[size][prover].count > 0) {
                printf(" %14.0f", proved[size][prover].bytes);
            } else if (makes_certificates(prover)) {
                printf(" %14s", "-");
            }
        }
        printf("\n");
    }
}

// --- The program ---------------------------------------------------------------------------------

static void print_header(const environment *e) {
    print_machine(e, ", by which ours proves");
    for (size_t i = 0; i < peer_count; i++) {
        printf("%-14s %s, %s\n", peers[i]->name, peers[i]->version(), peers[i]->call);
    }
#if !defined(PRK_HAS_PARI)
    printf("PARI       not here: make bench-deps\n");
#endif
#if !defined(PRK_HAS_FLINT)
    printf("FLINT      not here: make bench-deps\n");
#endif
    if (mpu_peer.version() == NULL) {
        printf("MPU        not here: make bench-deps\n");
    }
    if (python_flint_peer.version() == NULL) {
        printf("python-flint  not here: pip install python-flint for the python3 in the PATH\n");
    }
    print_load(e);
    printf("rounds     %d, seed %" PRIu64 "; CPU times of one thread\n", round_count, seed);
}

// Without a reference: ours has not all the primes.
static void write_proving(FILE *file) {
    workload_name name = {.room = "prove",
                          .subject = "random primes proved",
                          .per = "prime",
                          .command = "make bench-proof",
                          .clock = "cpu"};
    char input[64];
    for (int size = 0; size < PROVE_SIZES && prove_sizes[size] <= (int)largest; size++) {
        snprintf(input, sizeof input, "%d digits", prove_sizes[size]);
        name.input = input;
        for (size_t prover = 0; prover < prover_count(); prover++) {
            const proofs *p = &proved[size][prover];
            if (p->count > 0) {
                write_measurement(file, &name,
                                  prover == OURS       ? "ours, proved"
                                  : prover == GIVEN_UP ? "ours, given up"
                                                       : prover_name(prover),
                                  &p->m, p->count);
            }
        }
    }
}

static void write_json(FILE *file, const environment *e) {
    write_environment(file, e);
    for (size_t i = 0; i < peer_count; i++) {
        write_peer(file, peers[i]->name, peers[i]->version());
    }
    write_verifying(file);
    write_proving(file);
    write_many(file, write_measurement);
}

// The first is the one with which ours is compared.
static void enlist(void) {
#if defined(PRK_HAS_PARI)
    peers[peer_count++] = &pari_certificate_peer;
    peers[peer_count++] = &pari_peer;
#endif
#if defined(PRK_HAS_FLINT)
    peers[peer_count++] = &flint_peer;
#endif
    peers[peer_count++] = &mpu_peer;
    peers[peer_count++] = &python_flint_peer;
    size_t here = 0;
    for (size_t i = 0; i < peer_count; i++) {
        if (peers[i]->version() != NULL) {
            peers[here++] = peers[i];
        }
    }
    peer_count = here;
}

int main(int argc, char **argv) {
    uint64_t rounds = 9;
    const number_option options[] = {{"rounds", 1, MAX_ROUNDS, &rounds},
                                     {"largest", 30, MOST_DIGITS, &largest},
                                     {"seed", 0, UINT32_MAX, &seed},
                                     {"primes", 1, MOST_PRIMES, &prime_count},
                                     {"certificates", 1, MOST_CERTIFICATES, &certificate_count},
                                     {"peers", 0, MOST_DIGITS, &peer_largest},
                                     {"threads", 0, 1024, &thread_count}};
    const json_file json = read_command_line("bench-proof", argc, argv, options, 7);
    round_count = (int)rounds;
    gmp_randinit_default(state);
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    choose_levels();
    enlist();
    for (int size = 0; size < VERIFY_SIZES && verify_sizes[size] <= (int)largest; size++) {
        measure_verifying(size);
    }
    for (int size = 0; size < PROVE_SIZES && prove_sizes[size] <= (int)largest; size++) {
        measure_proving(size);
    }
    measure_many();
    read_load(e.load_after);
    print_header(&e);
    print_verifying();
    print_proving();
    print_bytes();
    print_many();
    printf("\nverdicts %s\n", disagreements == 0 ? "agree" : "DISAGREE");
    if (json.file != NULL) {
        write_json(json.file, &e);
        close_json(&json);
    }
    gmp_randclear(state);
    return disagreements != 0;
}
