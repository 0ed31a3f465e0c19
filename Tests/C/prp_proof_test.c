// SPDX-License-Identifier: Apache-2.0
//
// PRP proofs: what the prover writes is what GMP computes after the description of the file, and
// what the verifier accepts; whatever is changed in it is refused; a run that was ended goes on to
// the same bytes.

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../CKernels/system/md5.h"
#include "../../CKernels/system/sha3.h"
#include "support.h"

typedef struct text {
    char *bytes;
    size_t size, room;
} text;

static bool append(void *context, const char *bytes, size_t count) {
    text *t = context;
    if (t->size + count > t->room) {
        t->room = 2 * (t->size + count);
        t->bytes = realloc(t->bytes, t->room);
    }
    memcpy(t->bytes + t->size, bytes, count);
    t->size += count;
    return true;
}

static const char *name(const prk_prp_number *n) {
    static char text[80];
    snprintf(text, sizeof text, "%" PRIu64 "*2^%" PRIu64 "%+" PRId64, n->k, n->n, n->c);
    return text;
}

// --- The hash ------------------------------------------------------------------------------------

// Of NIST's examples and test vectors (SHA3_256ShortMsg.rsp, and 200 bytes of 0xa3), and of
// lengths about a block's, computed by Python's hashlib.
static void check_sha3(void) {
    static const struct {
        const char *byte;
        size_t count;
        const char *digest;
    } cases[] = {
        {"", 0, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
        {"abc", 3, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
         "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376"},
        {"\xa3", 200, "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787"},
        {"\xa3", 135, "d51927265ca4bf0cc8b4453387700918c03f8894e395ad437d4573f3be4d2c34"},
        {"\xa3", 136, "0adf6bfb359ae40019b67d8c49c361574b70242a6b752de6f9e0d426ca177f7a"},
        {"\xa3", 137, "e2fa06eaa22fe60106af67d5f6ea093fe58f07d2dcfb06d51057953f114849a7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[200], digest[PRK_SHA3_BYTES];
        const bool is_one = strlen(cases[i].byte) == 1;
        for (size_t j = 0; j < cases[i].count; j++) {
            bytes[j] = (uint8_t)cases[i].byte[is_one ? 0 : j];
        }
        for (size_t cut = 0; cut <= cases[i].count; cut += 1 + cases[i].count / 5) {
            prk_sha3 hash;
            prk_sha3_begin(&hash);
            prk_sha3_add(&hash, bytes, cut);
            prk_sha3_add(&hash, bytes + cut, cases[i].count - cut);
            prk_sha3_end(&hash, digest);
            char hex[65];
            for (int j = 0; j < 32; j++) {
                snprintf(hex + 2 * j, 3, "%02x", digest[j]);
            }
            EXPECT(strcmp(hex, cases[i].digest) == 0, "%zu bytes: %s", cases[i].count, hex);
        }
    }
}

// The test suite of RFC 1321, and two that a block's end divides.
static void check_md5(void) {
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
        {"1234567890123456789012345678901234567890123456789012345",
         "c9ccf168914a1bcfc3229f1948e67da0"},
        {"12345678901234567890123456789012345678901234567890123456",
         "49f193adce178490e34d1b3a4ec0064c"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t size = strlen(cases[i].text);
        prk_md5 hash;
        char hex[33];
        prk_md5_begin(&hash);
        prk_md5_add(&hash, cases[i].text, size / 3);
        prk_md5_add(&hash, cases[i].text + size / 3, size - size / 3);
        prk_md5_end_hex(&hash, hex);
        EXPECT(strcmp(hex, cases[i].digest) == 0, "%s: %s", cases[i].text, hex);
    }
}

// --- The description, by GMP alone ---------------------------------------------------------------

typedef struct model {
    mpz_t n;
    size_t each;
    mpz_t residues[1 + PRK_PRP_MOST_POWER]; // B and the middles
} model;

static void set_modulus(mpz_t n, const prk_prp_number *number) {
    mpz_set_ui(n, number->k);
    mpz_mul_2exp(n, n, number->n);
    mpz_t c;
    mpz_init_set_si(c, number->c);
    mpz_add(n, n, c);
    mpz_clear(c);
}

static uint64_t hash_of(uint8_t hash[32], bool is_first, const mpz_t x, size_t each) {
    uint8_t *bytes = calloc(each, 1);
    mpz_export(bytes, NULL, -1, 1, 0, 0, x);
    prk_sha3 state;
    prk_sha3_begin(&state);
    prk_sha3_add(&state, hash, is_first ? 0 : 32);
    prk_sha3_add(&state, bytes, each);
    prk_sha3_end(&state, hash);
    free(bytes);
    uint64_t low;
    memcpy(&low, hash, 8);
    return low;
}

static void square_often(mpz_t x, uint64_t count, const mpz_t n) {
    for (; count > 0; count--) {
        mpz_mul(x, x, x);
        mpz_mod(x, x, n);
    }
}

static void power(mpz_t r, const mpz_t x, uint64_t h, const mpz_t n) {
    mpz_t e;
    mpz_init_set_ui(e, h);
    mpz_powm(r, x, e, n);
    mpz_clear(e);
}

// The middles by their definition, each by squarings of its own; B is `factor` times what it is.
static void make_model(model *m, const prk_prp_number *number, unsigned version, uint32_t power_,
                       const mpz_t factor) {
    mpz_init(m->n);
    set_modulus(m->n, number);
    m->each = (mpz_sizeinbase(m->n, 2) + 7) / 8;
    const uint64_t multiple = (uint64_t)1 << power_;
    uint64_t span = version == 1 ? (number->n + multiple - 1) / multiple * multiple : number->n;
    mpz_t a, t;
    mpz_inits(a, t, (mpz_ptr)NULL);
    mpz_set_ui(a, 3);
    power(a, a, number->k, m->n);
    mpz_init_set(m->residues[0], a);
    square_often(m->residues[0], span, m->n);
    mpz_mul(m->residues[0], m->residues[0], factor);
    mpz_mod(m->residues[0], m->residues[0], m->n);
    uint8_t hash[32];
    hash_of(hash, true, m->residues[0], m->each);
    for (uint32_t i = 0; i < power_; i++) {
        span = (span + 1) / 2;
        mpz_init_set(m->residues[i + 1], a);
        square_often(m->residues[i + 1], span, m->n);
        const uint64_t h = hash_of(hash, false, m->residues[i + 1], m->each);
        power(a, a, h, m->n);
        mpz_mul(a, a, m->residues[i + 1]);
        mpz_mod(a, a, m->n);
    }
    mpz_clears(a, t, (mpz_ptr)NULL);
}

static void write_model(const model *m, const prk_prp_number *number, unsigned version,
                        uint32_t power_, text *t) {
    char lines[200];
    const bool is_mersenne = number->k == 1 && number->c == -1;
    char number_text[90];
    if (is_mersenne) {
        snprintf(number_text, sizeof number_text, "M%" PRIu64, number->n);
    } else {
        snprintf(number_text, sizeof number_text, "%s", name(number) + (number->k == 1 ? 2 : 0));
    }
    snprintf(lines, sizeof lines, "PRP PROOF\nVERSION=%u\nHASHSIZE=64\nPOWER=%u\nNUMBER=%s\n",
             version, power_, number_text);
    t->size = 0;
    append(t, lines, strlen(lines));
    char *bytes = malloc(m->each);
    for (uint32_t i = 0; i <= power_; i++) {
        memset(bytes, 0, m->each);
        mpz_export(bytes, NULL, -1, 1, 0, 0, m->residues[i]);
        append(t, bytes, m->each);
    }
    free(bytes);
}

static void clear_model(model *m, uint32_t power_) {
    mpz_clear(m->n);
    for (uint32_t i = 0; i <= power_; i++) {
        mpz_clear(m->residues[i]);
    }
}

static prk_certificate_problem verify(const text *t, prk_prp *result) {
    prk_certificate_problem problem;
    const prk_status status = prk_prp_verify(t->bytes, t->size, NULL, result, &problem);
    EXPECT(status == PRK_STATUS_OK, "status %d", (int)status);
    return problem;
}

// --- Honest proofs -------------------------------------------------------------------------------

static void check_one(const prk_prp_number *number, uint32_t power_) {
    model m;
    text model_text = {0}, made = {0};
    mpz_t one;
    mpz_init_set_ui(one, 1);
    make_model(&m, number, 2, power_, one);
    write_model(&m, number, 2, power_, &model_text);
    prk_prp result, verified;
    const prk_prp_options options = {.power = power_};
    const prk_status status = prk_prp_prove(number, &options, append, &made, &result);
    EXPECT(status == PRK_STATUS_OK && result.outcome == PRK_PRP_DONE, "%s: %d", name(number),
           (int)status);
    EXPECT(made.size == model_text.size && memcmp(made.bytes, model_text.bytes, made.size) == 0,
           "%s, power %u: another proof than GMP's", name(number), power_);
    mpz_t residue, exponent;
    mpz_init_set_ui(residue, 3);
    mpz_init(exponent);
    mpz_sub_ui(exponent, m.n, 1);
    mpz_powm(residue, residue, exponent, m.n);
    const uint8_t verdict = mpz_cmp_ui(residue, 1) == 0 ? PRK_PROBABLE_PRIME : PRK_COMPOSITE;
    EXPECT(result.verdict == verdict && result.res64 == mpz_get_ui(residue), "%s", name(number));
    const prk_certificate_problem problem = verify(&made, &verified);
    EXPECT(problem.verdict == PRK_CERTIFICATE_VALID, "%s: %s", name(number), problem.reason);
    EXPECT(verified.verdict == verdict && verified.has_res64 &&
               verified.res64 == mpz_get_ui(residue) && verified.power == power_,
           "%s", name(number));
    mpz_clears(one, residue, exponent, (mpz_ptr)NULL);
    clear_model(&m, power_);
    free(made.bytes);
    if (number->n > 8000) { // GMP alone takes long
        free(model_text.bytes);
        return;
    }
    // Version 1: squarings up to a multiple of 2^power.
    mpz_init_set_ui(one, 1);
    make_model(&m, number, 1, power_, one);
    write_model(&m, number, 1, power_, &model_text);
    const prk_certificate_problem old = verify(&model_text, &verified);
    EXPECT(old.verdict == PRK_CERTIFICATE_VALID && verified.verdict == verdict, "%s: %s",
           name(number), old.reason);
    EXPECT(verified.has_res64 == (number->n % ((uint64_t)1 << power_) == 0), "%s", name(number));
    mpz_clear(one);
    clear_model(&m, power_);
    free(model_text.bytes);
}

static void check_honest(void) {
    // Mersenne primes, composites, primes and composites k 2^n + 1 and - 1, and 2^n + 3.
    static const prk_prp_number numbers[] = {
        {1, 67, -1},
        {1, 89, -1},
        {1, 521, -1},
        {1, 523, -1},
        {1, 607, -1},
        {1, 1000, -1},
        {1, 1279, -1},
        {3, 534, 1},
        {3, 408, 1},
        {5, 1947, 1},
        {7, 290, 1},
        {3, 827, -1},
        {3, 830, -1},
        {1, 784, 3},
        {1, 786, 3},
        {1, 512, 1},
        {9999, 700, 77},
        {1, 601, -111},
        {10, 300, -3},
        {1, 2048, 5},

        {1, 8209, -1},
        {7, 5001, -1},
        {(1ULL << 53) - 1, 99, 1},
        {(1ULL << 53) - 1, 14, 2147483647},
        {(1ULL << 52) + 1, 14, -2147483647},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        mpz_t n;
        mpz_init(n);
        set_modulus(n, &numbers[i]);
        const bool is_three = mpz_divisible_ui_p(n, 3) != 0;
        mpz_clear(n);
        if (is_three) {
            prk_prp result;
            const prk_status status = prk_prp_prove(&numbers[i], NULL, NULL, NULL, &result);
            EXPECT(status == PRK_STATUS_OK && result.outcome == PRK_PRP_BASE_DIVIDES, "%s",
                   name(&numbers[i]));
            continue;
        }
        const uint32_t most = prk_prp_most_power(&numbers[i]);
        for (uint32_t power_ = 1; power_ <= most; power_ += numbers[i].n < 700    ? 1
                                                            : numbers[i].n < 8000 ? 4
                                                                                  : 16) {
            check_one(&numbers[i], power_);
        }
    }
}

// --- Changed proofs ------------------------------------------------------------------------------

static void check_refused(const text *t, const char *what) {
    prk_prp result;
    const prk_certificate_problem problem = verify(t, &result);
    EXPECT(problem.verdict != PRK_CERTIFICATE_VALID, "%s: accepted", what);
}

static void check_changes(void) {
    static const prk_prp_number numbers[] = {{1, 521, -1}, {3, 534, 1}, {1, 523, -1}, {1, 784, 3}};
    for (size_t i = 0; i < 4; i++) {
        text t = {0};
        prk_prp result;
        const prk_prp_options options = {.power = 3};
        prk_prp_prove(&numbers[i], &options, append, &t, &result);
        prk_prp_head head;
        prk_certificate_problem problem;
        prk_prp_read_head(t.bytes, t.size, &head, &problem);
        EXPECT(problem.verdict == PRK_CERTIFICATE_VALID && head.total == t.size &&
                   head.number.k == numbers[i].k && head.number.n == numbers[i].n &&
                   head.number.c == numbers[i].c && head.version == 2 && head.power == 3,
               "%s", problem.reason);
        // Each byte of the lines, all bits of it; of the rest some.
        for (size_t place = 0; place < t.size; place++) {
            if (place >= head.head && !is_sampled(place + 10000 * i, 16)) {
                continue;
            }
            const char was = t.bytes[place];
            for (int bit = 0; bit < 8; bit += place < head.head ? 1 : 3) {
                t.bytes[place] = (char)(was ^ 1 << bit);
                check_refused(&t, "a bit");
            }
            t.bytes[place] = was;
        }
        // Cut, and longer.
        for (size_t size = 0; size < t.size; size += size < head.head ? 1 : 29) {
            const text cut = {t.bytes, size, 0};
            prk_certificate_problem why = verify(&cut, &result);
            EXPECT(why.verdict == PRK_CERTIFICATE_INCOMPLETE, "%zu of %zu bytes: %d %s", size,
                   t.size, (int)why.verdict, why.reason);
        }
        append(&t, "", 1);
        EXPECT(verify(&t, &result).verdict == PRK_CERTIFICATE_UNREADABLE, "a byte more");
        t.size--;
        // Residues in each other's place, all 0, all 1, and not below the number.
        char *body = t.bytes + head.head, *copy = malloc(t.size);
        memcpy(copy, t.bytes, t.size);
        for (uint32_t a = 0; a <= 3; a++) {
            for (uint32_t b = 0; b < a; b++) {
                memcpy(body + a * head.each, copy + head.head + b * head.each, head.each);
                memcpy(body + b * head.each, copy + head.head + a * head.each, head.each);
                check_refused(&t, "exchanged");
                memcpy(t.bytes, copy, t.size);
            }
            memset(body + a * head.each, 0, head.each);
            check_refused(&t, "0");
            body[a * head.each] = 1;
            if (memcmp(t.bytes, copy, t.size) != 0) { // B of a prime k 2^n + 1 is 1
                check_refused(&t, "1");
            }
            memset(body + a * head.each, 0xff, head.each);
            check_refused(&t, "too large");
            memcpy(t.bytes, copy, t.size);
        }
        memset(body, 0, 4 * head.each);
        check_refused(&t, "all 0");
        free(copy);
        free(t.bytes);
    }
}

static void check_lines(void) {
    static const char *const bad[] = {
        "PRP PROOF\r\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=3\nHASHSIZE=64\nPOWER=1\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=02\nHASHSIZE=64\nPOWER=1\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=32\nPOWER=1\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=0\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=16\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=-1\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=8x2\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=8\nBASE=5\nNUMBER=M521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M61\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M521/7\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M0521\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M999999999999999999\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M99999999999999999999999999\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=0*2^521-1\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=3*2^521+2\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=3*2^521+9999999999\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=9007199254740993*2^521+1\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=3*5^521+1\n",
        "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=1\nNUMBER=M521 \n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        prk_prp result;
        const text t = {(char *)bad[i], strlen(bad[i]), 0};
        const prk_certificate_problem problem = verify(&t, &result);
        EXPECT(problem.verdict == PRK_CERTIFICATE_UNREADABLE && problem.reason[0] != '\0', "%s: %d",
               bad[i], (int)problem.verdict);
    }
    // Sizes that nobody has memory for are known before any is asked for.
    static const char huge[] = "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=15\nNUMBER=M8000000011\n";
    prk_prp result;
    const text t = {(char *)huge, sizeof huge - 1, 0};
    EXPECT(verify(&t, &result).verdict == PRK_CERTIFICATE_INCOMPLETE, "huge");
}

// Whole proofs of a wrong residue, made by who knows a residue of small order: -1, or a power of 2
// modulo a Mersenne number. A prime's must not pass for a composite's.
static void check_roots(void) {
    mpz_t factor;
    mpz_init(factor);
    // Of the last the orders are looked at, of the others the residue is computed.
    static const prk_prp_number primes[] = {
        {1, 521, -1}, {1, 607, -1}, {3, 534, 1}, {1, 784, 3}, {1, 9689, -1}};
    for (size_t i = 0; i < 5; i++) {
        for (int kind = 0; kind < (primes[i].n > 9000 ? 2 : 40); kind++) {
            model m;
            text t = {0};
            mpz_set_si(factor, kind == 0 ? -1 : 1);
            mpz_mul_2exp(factor, factor, (mp_bitcnt_t)kind);
            make_model(&m, &primes[i], 2, 2, factor);
            write_model(&m, &primes[i], 2, 2, &t);
            prk_prp result;
            const prk_certificate_problem problem = verify(&t, &result);
            EXPECT(problem.verdict != PRK_CERTIFICATE_VALID, "%s by %d: accepted, verdict %d",
                   name(&primes[i]), kind, result.verdict);
            clear_model(&m, 2);
            free(t.bytes);
        }
    }
    mpz_clear(factor);
}

// --- Runs that were ended ------------------------------------------------------------------------

static int open_temporary(void) {
    char path[] = "/tmp/prp_proof_test.XXXXXX";
    const int file = mkstemp(path);
    unlink(path);
    return file;
}

// A file that may not grow beyond so many bytes, as on a disk that is full.
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
}

static prk_prp prove_with(const prk_prp_number *number, uint32_t power_, int file, text *t) {
    prk_prp result;
    t->size = 0;
    const prk_prp_options options = {.power = power_, .residues = &file};
    const prk_status status = prk_prp_prove(number, &options, append, t, &result);
    EXPECT(status == PRK_STATUS_OK, "status %d", (int)status);
    return result;
}

static void check_resumption(void) {
    const prk_prp_number number = {1, 2203, -1}, other = {1, 2207, -1};
    text whole = {0}, t = {0};
    prk_prp result;
    const prk_prp_options options = {.power = 5};
    prk_prp_prove(&number, &options, append, &whole, &result);
    const int file = open_temporary();
    result = prove_with(&number, 5, file, &t);
    EXPECT(result.outcome == PRK_PRP_DONE && result.resumed == 0, "%d", (int)result.outcome);
    EXPECT(t.size == whole.size && memcmp(t.bytes, whole.bytes, t.size) == 0, "with a file");
    const off_t size = lseek(file, 0, SEEK_END);
    char *kept = malloc((size_t)size), now[1];
    EXPECT(pread(file, kept, (size_t)size, 0) == size, "read");
    // Cut anywhere: what is whole is taken.
    uint64_t last = 0;
    for (off_t cut = 0; cut <= size; cut += 1 + size / 25) {
        EXPECT(ftruncate(file, 0) == 0 && pwrite(file, kept, (size_t)cut, 0) == cut, "cut");
        result = prove_with(&number, 5, file, &t);
        EXPECT(result.outcome == PRK_PRP_DONE && result.resumed >= last, "%" PRIu64,
               result.resumed);
        last = result.resumed;
        EXPECT(t.size == whole.size && memcmp(t.bytes, whole.bytes, t.size) == 0, "cut at %ld",
               (long)cut);
        EXPECT(lseek(file, 0, SEEK_END) == size, "size");
    }
    EXPECT(last > 2000, "%" PRIu64, last);
    // Changed anywhere behind the first lines: what is before is taken.
    for (off_t place = 200; place < size; place += 1 + size / 12) {
        now[0] = (char)(kept[place] ^ 4);
        EXPECT(pwrite(file, now, 1, place) == 1, "write");
        result = prove_with(&number, 5, file, &t);
        EXPECT(result.outcome == PRK_PRP_DONE && t.size == whole.size &&
                   memcmp(t.bytes, whole.bytes, t.size) == 0,
               "changed at %ld", (long)place);
    }
    // Of another number, power or kind.
    EXPECT(prove_with(&other, 5, file, &t).outcome == PRK_PRP_FOREIGN_FILE, "number");
    EXPECT(prove_with(&number, 4, file, &t).outcome == PRK_PRP_FOREIGN_FILE, "power");
    EXPECT(lseek(file, 0, SEEK_END) == size, "a foreign file was changed");
    EXPECT(pwrite(file, "hello, world", 12, 0) == 12, "write");
    EXPECT(prove_with(&number, 5, file, &t).outcome == PRK_PRP_FOREIGN_FILE, "text");
    close(file);
    result = prove_with(&number, 5, file, &t);
    EXPECT(result.outcome == PRK_PRP_FILE_ERROR && result.file_error == EBADF, "closed");
    const int full = open_temporary();
    limit_files(3000);
    result = prove_with(&number, 5, full, &t);
    EXPECT(result.outcome == PRK_PRP_FILE_ERROR && result.file_error == EFBIG, "full: %d",
           result.file_error);
    limit_files(0);
    result = prove_with(&number, 5, full, &t);
    EXPECT(result.outcome == PRK_PRP_DONE && result.resumed > 0 && t.size == whole.size &&
               memcmp(t.bytes, whole.bytes, t.size) == 0,
           "room again: %" PRIu64, result.resumed);
    close(full);
    free(kept);
    free(whole.bytes);
    free(t.bytes);
}

// --- Arguments -----------------------------------------------------------------------------------

static void check_arguments(void) {
    static const prk_prp_number bad[] = {{0, 521, 1},
                                         {1, 0, 1},
                                         {1, 521, 2},
                                         {1, 521, 0},
                                         {1, 64, -1},
                                         {3, 62, 1},
                                         {1ULL << 53, 521, 1},
                                         {1ULL << 52, 12, -1},
                                         {1, 521, INT64_C(1) << 31}};
    prk_prp result;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT(prk_prp_prove(&bad[i], NULL, NULL, NULL, &result) == PRK_STATUS_INVALID_ARGUMENT,
               "%s", name(&bad[i]));
        EXPECT(prk_prp_most_power(&bad[i]) == 0, "%s", name(&bad[i]));
    }
    const prk_prp_number number = {1, 521, -1}, large = {1, UINT64_MAX, -1};
    EXPECT(prk_prp_prove(&large, NULL, NULL, NULL, &result) == PRK_STATUS_TOO_LARGE, "large");
    for (uint32_t power_ = prk_prp_most_power(&number) + 1; power_ < 20; power_++) {
        const prk_prp_options options = {.power = power_};
        EXPECT(prk_prp_prove(&number, &options, NULL, NULL, &result) == PRK_STATUS_INVALID_ARGUMENT,
               "power %u", power_);
    }
    const uint32_t cancel = 1;
    const prk_prp_options cancelled = {.cancel = &cancel};
    EXPECT(prk_prp_prove(&number, &cancelled, NULL, NULL, &result) == PRK_STATUS_CANCELLED, "flag");
    const struct {
        uint64_t n;
        uint32_t power;
    } defaults[] = {{521, 1}, {4423, 3}, {100003, 5}, {1000003, 7}, {5000011, 8}, {136279841, 8}};
    for (size_t i = 0; i < 6; i++) {
        const prk_prp_number n = {1, defaults[i].n, -1};
        EXPECT(prk_prp_default_power(&n) == defaults[i].power, "%" PRIu64 ": %u", n.n,
               prk_prp_default_power(&n));
    }
    uint64_t memory, residues, proof;
    EXPECT(prk_prp_room(&number, 4, &memory, &residues, &proof) == PRK_STATUS_OK &&
               residues >= 16 * 66 && proof >= 5 * 66 && memory > 0,
           "room");
}

int main(void) {
    check_sha3();
    check_md5();
    check_arguments();
    check_honest();
    check_lines();
    check_changes();
    check_roots();
    check_resumption();
    printf("prp_proof_test: %s\n", failures == 0 ? "passed" : "FAILED");
    return failures != 0;
}
