// SPDX-License-Identifier: Apache-2.0
//
// Certificates: each published one with what is expected of it and, for broken ones, the step that
// is named; every form from every other; each condition of the forms by a text that has all others;
// texts that are cut, changed or hostile, none of which may prove another number.
//
// certificate_test [MANIFEST.tsv]
// certificate_test --seeds FOLDER: writes what a fuzzer may begin with

// getline, memmem
#define _GNU_SOURCE

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../CKernels/system/sha256.h"
#include "prk_proof.h"
#include "support.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static long texts, proofs, conversions, mutations;

// --- Texts and what is said of them --------------------------------------------------------------

typedef struct text {
    char *bytes;
    size_t size, room;
} text;

static void add_bytes(text *t, const char *bytes, size_t count) {
    if (t->size + count + 1 > t->room) {
        t->room = 2 * (t->size + count) + 64;
        t->bytes = realloc(t->bytes, t->room);
        if (t->bytes == NULL) {
            perror("certificate_test");
            exit(1);
        }
    }
    memcpy(t->bytes + t->size, bytes, count);
    t->size += count;
    t->bytes[t->size] = '\0';
}

static void add_text(text *t, const char *more) { add_bytes(t, more, strlen(more)); }

__attribute__((format(printf, 2, 3))) static void add_format(text *t, const char *format, ...) {
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    add_text(t, line);
}

static text copy_of(const char *bytes, size_t size) {
    text t = {NULL, 0, 0};
    add_bytes(&t, bytes, size);
    return t;
}

static void drop(text *t) {
    free(t->bytes);
    *t = (text){NULL, 0, 0};
}

static bool replace(text *t, const char *old, const char *new) {
    const char *at = memmem(t->bytes, t->size, old, strlen(old));
    if (at == NULL) {
        return false;
    }
    text changed = copy_of(t->bytes, (size_t)(at - t->bytes));
    add_text(&changed, new);
    at += strlen(old);
    add_bytes(&changed, at, (size_t)(t->bytes + t->size - at));
    drop(t);
    *t = changed;
    return true;
}

static text file_text(const char *path) {
    text t = {NULL, 0, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        EXPECT(file != NULL, "%s cannot be read", path);
        add_text(&t, "");
        return t;
    }
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        add_bytes(&t, block, got);
    }
    fclose(file);
    return t;
}

// Reads the first certificate into a block of just its size, so that a sanitizer sees what reads
// beyond it, and verifies it. `*number`, when not NULL, becomes what is proved.
static prk_certificate_problem judge(const char *bytes, size_t size, mpz_ptr number,
                                     prk_certificate **kept) {
    char *own = malloc(size + (size == 0));
    if (size > 0) {
        memcpy(own, bytes, size);
    }
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem;
    size_t used = SIZE_MAX;
    texts++;
    prk_status status = prk_certificate_read(own, size, &certificate, &used, &problem);
    EXPECT(status == PRK_STATUS_OK && used <= size, "status %d, %zu of %zu bytes", status, used,
           size);
    EXPECT((certificate == NULL) == (problem.verdict != PRK_CERTIFICATE_VALID), "verdict %d",
           problem.verdict);
    free(own);
    if (certificate != NULL) {
        status = prk_certificate_verify(certificate, NULL, &problem);
        EXPECT(status == PRK_STATUS_OK, "status %d", status);
        size_t limbs;
        const uint64_t *n = prk_certificate_number(certificate, &limbs);
        if (number != NULL) {
            mpz_import(number, limbs, -1, sizeof *n, 0, 0, n);
        }
        if (kept != NULL) {
            *kept = certificate;
        } else {
            prk_certificate_destroy(certificate);
        }
    }
    proofs += problem.verdict == PRK_CERTIFICATE_VALID;
    EXPECT(memchr(problem.reason, '\0', sizeof problem.reason) != NULL, "no end");
    EXPECT((problem.reason[0] == '\0') == (problem.verdict == PRK_CERTIFICATE_VALID), "%s",
           problem.reason);
    for (const char *c = problem.reason; *c != '\0'; c++) {
        EXPECT(*c >= ' ' && *c <= '~', "byte %d in a reason", *c);
    }
    return problem;
}

static void expect_text(const char *name, const text *t, prk_certificate_verdict verdict,
                        int64_t step, const char *reason) {
    const prk_certificate_problem p = judge(t->bytes, t->size, NULL, NULL);
    EXPECT(p.verdict == verdict && (step < 0 || p.step == (uint64_t)step) &&
               strstr(p.reason, reason) != NULL,
           "%s: verdict %d for %d, step %llu for %lld, line %llu: %s", name, p.verdict, verdict,
           (unsigned long long)p.step, (long long)step, (unsigned long long)p.line, p.reason);
}

static bool to_text(void *context, const char *bytes, size_t count) {
    add_bytes(context, bytes, count);
    return true;
}

// The certificate in another form; false: that has no such step.
static bool convert(const prk_certificate *certificate, prk_certificate_format format, text *t) {
    prk_certificate_problem problem;
    *t = (text){NULL, 0, 0};
    const prk_status status = prk_certificate_write(certificate, format, to_text, t, &problem);
    EXPECT(status == PRK_STATUS_OK, "status %d", status);
    EXPECT((t->bytes != NULL) == (problem.verdict == PRK_CERTIFICATE_VALID), "verdict %d: %s",
           problem.verdict, problem.reason);
    EXPECT(t->bytes != NULL || problem.reason[0] != '\0', "no reason");
    return t->bytes != NULL;
}

// --- Certificates that are at hand everywhere ----------------------------------------------------

static const char small_mpu[] = "[MPU - Primality Certificate]\n"
                                "Version 1.0\n"
                                "\n"
                                "Proof for:\n"
                                "N 1298074214633706907132624082305051\n"
                                "\n"
                                "Type BLS3\n"
                                "N  1298074214633706907132624082305051\n"
                                "Q  8653828097558046047550827215367\n"
                                "A  2\n"
                                "\n"
                                "Type ECPP\n"
                                "N  8653828097558046047550827215367\n"
                                "A  8476375758932934864904011294016\n"
                                "B  5887520290788771486798428757812\n"
                                "M  8653828097558043357370343090492\n"
                                "Q  46031000518925762539203952609\n"
                                "X  1804104548\n"
                                "Y  3954480127039705745063974594474\n"
                                "\n"
                                "Type BLS15\n"
                                "N  46031000518925762539203952609\n"
                                "Q  85259961323465451368249\n"
                                "LP 1\n"
                                "LQ 22\n"
                                "\n"
                                "Type ECPP\n"
                                "N  85259961323465451368249\n"
                                "A  -1\n"
                                "B  0\n"
                                "M  85259961324044652251936\n"
                                "Q  4233808496901197\n"
                                "X  3587071527\n"
                                "Y  36598682508445079409095\n";
static const char small_bls5[] = "[MPU - Primality Certificate]\n"
                                 "Version 1.0\n"
                                 "\n"
                                 "Proof for:\n"
                                 "N 2854495385411919762116571938898990272765493293\n"
                                 "\n"
                                 "Type BLS5\n"
                                 "N  2854495385411919762116571938898990272765493293\n"
                                 "Q[1]  836604743672895592648467742936398086976991\n"
                                 "----\n"
                                 "\n"
                                 "Type BLS5\n"
                                 "N  836604743672895592648467742936398086976991\n"
                                 "Q[1]  6353893788044135074207205893\n"
                                 "A[0]  3\n"
                                 "----\n"
                                 "\n"
                                 "Type BLS5\n"
                                 "N  6353893788044135074207205893\n"
                                 "Q[1]  72469\n"
                                 "Q[2]  751\n"
                                 "Q[3]  107\n"
                                 "----\n";
// The last steps of a certificate of Primo's, and of one more.
static const char small_primo[] = "[PRIMO - Primality Certificate]\n"
                                  "Version=4.3.2 - LX64\n"
                                  "Format=4\n"
                                  "TestCount=4\n"
                                  "\n"
                                  "[Comments]\n"
                                  "[1]\n"
                                  "S=nothing\n"
                                  "\n"
                                  "[Running Times (Wall-Clock)]\n"
                                  "1stPhase=5.44s\n"
                                  "\n"
                                  "[Candidate]\n"
                                  "File=/tmp/in\n"
                                  "N=$400000000000000000000000001B\n"
                                  "BinarySize=111\n"
                                  "\n"
                                  "[1]\n"
                                  "S=$96\n"
                                  "B=$2\n"
                                  "\n"
                                  "[2]\n"
                                  "S=$BC\n"
                                  "W=$98EB4742350CC\n"
                                  "A=-$23D6122587FBAF98F7F0A94C7\n"
                                  "B=-$22EA6C2FA52496B13C361D5AD3\n"
                                  "T=$6B887364\n"
                                  "\n"
                                  "[3]\n"
                                  "S=$83CF2\n"
                                  "Q=$16\n"
                                  "\n"
                                  "[4]\n"
                                  "S=$13347A0\n"
                                  "W=-$86DB101BE6\n"
                                  "A=-$1\n"
                                  "B=0\n"
                                  "T=$D5CE5E27\n"
                                  "\n"
                                  "[Signature]\n"
                                  "1=$7CC4\n";
// The same in format 3.
static const char small_primo3[] = "[PRIMO - Primality Certificate]\n"
                                   "Version=4.0.3 - LX64\n"
                                   "Format=3\n"
                                   "TestCount=5\n"
                                   "\n"
                                   "[Comments]\n"
                                   "Put here any comment...\n"
                                   "\n"
                                   "[Candidate]\n"
                                   "N$=400000000000000000000000001B\n"
                                   "\n"
                                   "[1]\n"
                                   "Type=1\n"
                                   "S$=96\n"
                                   "R$=6D3A06D3A06D3A06D3A06D3A07\n"
                                   "B$=2\n"
                                   "\n"
                                   "[2]\n"
                                   "Type=3\n"
                                   "S$=BC\n"
                                   "R$=94BBF382370C835CC2F57FE1\n"
                                   "A$=-23D6122587FBAF98F7F0A94C7\n"
                                   "B$=-22EA6C2FA52496B13C361D5AD3\n"
                                   "T$=6B887364\n"
                                   "\n"
                                   "[3]\n"
                                   "Type=2\n"
                                   "S$=83CF2\n"
                                   "R$=120DF3A6D90E7DC5EF39\n"
                                   "Q$=16\n"
                                   "\n"
                                   "[4]\n"
                                   "Type=3\n"
                                   "S$=13347A0\n"
                                   "R$=F0AA05B813C4D\n"
                                   "A$=-1\n"
                                   "B$=0\n"
                                   "T$=D5CE5E27\n"
                                   "\n"
                                   "[5]\n"
                                   "Type=0\n";
static const char small_pari[] =
    "[[1030291136596639351761062717, 63607142075252, 3241423594, 1030291136596639351761062709, "
    "[4215121326, 246323849244309081587435955]]]\n";
static const char small_tree[] =
    "[2854495385411919762116571938898990272765493293, [2, "
    "[836604743672895592648467742936398086976991, 2, [836604743672895592648467742936398086976991, "
    "[2, [6353893788044135074207205893, 2, [6353893788044135074207205893, [2, 72469, 751, "
    "107]]]]]]]]\n";

// With its checksum.
static void add_end(text *t, size_t from, const char *end) {
    char sum[65];
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    prk_sha256_add(&hash, t->bytes + from, t->size - from);
    prk_sha256_end_hex(&hash, sum);
    add_format(t, "{\"end\":\"%s\",\"sha256\":\"%s\"}\n", end, sum);
}

static const char json_head[] =
    "{\"certificate\":1,\"n\":\"0x400000000000000000000000001b\",\"bits\":111,\"digits\":34,"
    "\"by\":\"a test\"}\n";
static const char *const json_steps[] = {
    "{\"i\":0,\"kind\":\"bls3\",\"n\":\"0x400000000000000000000000001b\","
    "\"q\":\"0x6d3a06d3a06d3a06d3a06d3a07\",\"a\":2}\n",
    "{\"i\":1,\"kind\":\"ec\",\"n\":\"0x6d3a06d3a06d3a06d3a06d3a07\",\"t\":\"0x98eb4742350cc\","
    "\"s\":\"0xbc\",\"a\":\"-0x23d6122587fbaf98f7f0a94c7\","
    "\"b\":\"-0x22ea6c2fa52496b13c361d5ad3\",\"x\":1804104548}\n",
    "{\"i\":2,\"kind\":\"bls15\",\"n\":\"0x94bbf382370c835cc2f57fe1\","
    "\"q\":\"0x120df3a6d90e7dc5ef39\",\"lp\":1,\"lq\":22}\n",
    "{\"i\":3,\"kind\":\"ec\",\"n\":\"0x120df3a6d90e7dc5ef39\",\"t\":\"-0x86db101be6\","
    "\"s\":\"0x13347a0\",\"a\":-1,\"b\":0,\"x\":\"0xd5ce5e27\"}\n"};

static text small_json(void) {
    text t = {NULL, 0, 0};
    add_text(&t, json_head);
    for (size_t i = 0; i < LENGTH(json_steps); i++) {
        add_text(&t, json_steps[i]);
    }
    add_end(&t, 0, "0xf0aa05b813c4d");
    return t;
}

enum { SMALL = 7 };
static text small[SMALL];
static const char *const small_names[SMALL] = {"MPU",  "MPU BLS5",   "Primo 4", "Primo 3",
                                               "PARI", "PARI n - 1", "JSON"};

static void make_small(void) {
    const char *const fixed[] = {small_mpu,    small_bls5, small_primo,
                                 small_primo3, small_pari, small_tree};
    for (size_t i = 0; i < LENGTH(fixed); i++) {
        small[i] = copy_of(fixed[i], strlen(fixed[i]));
    }
    small[SMALL - 1] = small_json();
    for (size_t i = 0; i < SMALL; i++) {
        expect_text(small_names[i], &small[i], PRK_CERTIFICATE_VALID, 0, "");
    }
}

// --- SHA-256 -------------------------------------------------------------------------------------

// FIPS 180-4's examples, and a million of "a" in pieces of every size below 150.
static void test_sha256(void) {
    static const struct {
        const char *text, *sum;
    } published[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    char sum[65];
    prk_sha256 hash;
    for (size_t i = 0; i < LENGTH(published); i++) {
        prk_sha256_begin(&hash);
        prk_sha256_add(&hash, published[i].text, strlen(published[i].text));
        prk_sha256_end_hex(&hash, sum);
        EXPECT(strcmp(sum, published[i].sum) == 0, "%s", published[i].text);
    }
    char piece[150];
    memset(piece, 'a', sizeof piece);
    prk_sha256_begin(&hash);
    for (size_t left = 1000000, next = 0; left > 0;) {
        const size_t taken = next < left ? next : left;
        prk_sha256_add(&hash, piece, taken);
        left -= taken;
        next = (next + 1) % sizeof piece;
    }
    prk_sha256_end_hex(&hash, sum);
    EXPECT(strcmp(sum, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") == 0,
           "a million of a");
}

// --- Conditions of the forms ---------------------------------------------------------------------

typedef struct change {
    int of; // which small certificate
    const char *old, *new;
    prk_certificate_verdict verdict;
    int64_t step;
    const char *reason;
} change;

enum { MPU, BLS5, PRIMO, PRIMO3, PARI, TREE, JSON };
#define OK PRK_CERTIFICATE_VALID
#define NO PRK_CERTIFICATE_INVALID
#define BAD PRK_CERTIFICATE_UNREADABLE
#define LACKS PRK_CERTIFICATE_INCOMPLETE

static const change changes[] = {
    // Primo 4: keys.
    {PRIMO, "S=$96", "S=", BAD, 1, "S is empty"},
    {PRIMO, "S=$96\n", "", BAD, 1, "S is missing"},
    {PRIMO, "S=$96", "S=$96\nS=$96", BAD, 1, "S is there twice"},
    {PRIMO, "S=$96", "S=$9G", BAD, 1, "no digit to base 16"},
    {PRIMO, "S=$96", "S=$96 7", BAD, 1, "no digit"},
    {PRIMO, "S=$96", "S=$", BAD, 1, "has no digits"},
    {PRIMO, "S=$96", "S=96x", BAD, 1, "no digit to base 10"},
    {PRIMO, "S=$96", "S=150", OK, 0, ""},
    {PRIMO, "S=$96", "S=0x96", OK, 0, ""},
    {PRIMO, "S=$96", " S = $96 ", OK, 0, ""},
    {PRIMO, "S=$96", "S=$96\nExtra=$1\nExtra=$1\nR=7", OK, 0, ""},
    {PRIMO, "S=$96", "S=$96\ngarbage", BAD, 1, "no key and value"},
    {PRIMO, "B=$2\n", "", BAD, 1, "no known type"},
    {PRIMO, "B=$2", "B=$2\nQ=$3", BAD, 1, "keys of two types"},
    {PRIMO, "T=$6B887364\n", "", BAD, 2, "T is missing"},
    {PRIMO, "T=$6B887364", "J=$5\nT=$6B887364", BAD, 2, "keys of two types"},
    {PRIMO, "A=-$1\nB=0\n", "", BAD, 4, "J is missing, or A and B"},
    {PRIMO, "Q=$16\n", "", BAD, 3, "no known type"},
    // Sections.
    {PRIMO, "[2]", "[3]", BAD, 2, "numbered 3 where 2 was expected"},
    {PRIMO, "[2]", "[02]", OK, 0, ""},
    {PRIMO, "[2]", "[2", BAD, 1, "no key and value"},
    {PRIMO, "[1]\nS=$96", "[2]\nS=$96", BAD, 1, "numbered 2 where 1 was expected"},
    {PRIMO, "TestCount=4", "TestCount=5", BAD, 0, "TestCount is 5 and there are 4 steps"},
    {PRIMO, "TestCount=4\n", "", BAD, 0, "TestCount is missing"},
    {PRIMO, "TestCount=4", "TestCount=four", BAD, 0, "TestCount is no number"},
    {PRIMO, "TestCount=4", "TestCount=4\nTestCount=4", BAD, 0, "TestCount is there twice"},
    {PRIMO, "Format=4\n", "", BAD, 0, "Format is missing"},
    {PRIMO, "Format=4", "Format=5", BAD, 0, "none of 1 to 4"},
    {PRIMO, "Format=4", "Format=3", BAD, 0, "before the candidate"},
    {PRIMO, "[Candidate]", "[Candidates]", BAD, 0, "before the candidate"},
    {PRIMO, "BinarySize", "N=$5\nBinarySize", BAD, 0, "N is there twice"},
    {PRIMO, "[Signature]", "[Candidate]\nN=$7\n[Signature]", BAD, 0, "N is there twice"},
    {PRIMO, "[Signature]", "[Anything else]\nwhatever it says\n[5\n[Signature]", OK, 0, ""},
    {PRIMO, "[Signature]", "[PRIMO - Primality Certificate]\n[Signature]", OK, 0, ""},
    {PRIMO, "[Comments]", "[Comments]\n\xc3\xa9\xff [x]", OK, 0, ""},
    {PRIMO, "N=$4", "N=-$4", NO, 0, "less than 2"},
    {PRIMO, "N=$400000000000000000000000001B", "N=$1", NO, 0, "less than 2"},
    {PRIMO, "N=$400000000000000000000000001B", "N=", BAD, 0, "the candidate is empty"},
    {PRIMO, "N=$400000000000000000000000001B", "N=$400000000000000000000000001A", NO, 1, ""},
    // Values.
    {PRIMO, "S=$BC", "S=0", NO, 2, "S is not positive"},
    {PRIMO, "S=$BC", "S=-$BC", NO, 2, "S is not positive"},
    {PRIMO, "S=$BC", "S=$BB", NO, 2, "S does not divide N + 1 - W"},
    {PRIMO, "W=$98", "W=$FF0000000098", NO, 2, "W^2 is not below 4 N"},
    {PRIMO, "A=-$23D6122587FBAF98F7F0A94C7", "A=-$6D3A06D3A06D3A06D3A06D3A06", NO, 2,
     "|A| is above N / 2"},
    {PRIMO, "T=$6B887364", "T=-$1", NO, 2, "T is not within"},
    {PRIMO, "T=$6B887364", "T=$6D3A06D3A06D3A06D3A06D3A07", NO, 2, "T is not within"},
    {PRIMO, "A=-$1\nB=0\nT=$D5CE5E27", "A=0\nB=0\nT=0", NO, 4, "L is 0"},
    {PRIMO, "A=-$1\nB=0\n", "J=0\n", NO, 4, "J is 0 or 1728"},
    {PRIMO, "A=-$1\nB=0\n", "J=$6C0\n", NO, 4, "J is 0 or 1728"},
    {PRIMO, "A=-$1\nB=0\n", "J=$120DF3A6D90E7DC5EF30\n", NO, 4, "|J| is above N / 2"},
    {PRIMO, "A=-$1\nB=0\n", "A=0\nB=0\n", NO, 4, "singular"},
    {PRIMO, "S=$83CF2", "S=$83CF0", NO, 3, "S does not divide N + 1"},
    {PRIMO, "S=$96", "S=$95", NO, 1, "S does not divide N - 1"},
    {PRIMO, "B=$2", "B=$1", NO, 1, ""},
    {PRIMO, "B=$2", "B=$100000000000000000000000000000000000000000000000000", BAD, 1, "more than"},
    // A chain that ends above 2^64.
    {PRIMO, "\n[4]\nS=$13347A0\nW=-$86DB101BE6\nA=-$1\nB=0\nT=$D5CE5E27\n", "", BAD, 0,
     "TestCount is 4 and there are 3 steps"},
    // Primo 3.
    {PRIMO3, "S$=96", "S$=", BAD, 1, "S is empty"},
    {PRIMO3, "S$=96", "S=96", BAD, 1, "S is missing"},
    {PRIMO3, "S$=96", "S$=$96", BAD, 1, "no digit"},
    {PRIMO3, "Type=1", "Type=5", BAD, 1, "no known type"},
    {PRIMO3, "Type=1\n", "", BAD, 1, "Type is missing"},
    {PRIMO3, "Type=1", "Type=2", BAD, 1, "Q is missing"},
    {PRIMO3, "R$=6D3A06D3A06D3A06D3A06D3A07", "R$=6D3A06D3A06D3A06D3A06D3A08", NO, 1, "R S is not"},
    {PRIMO3, "R$=94BB", "R$=104BB", NO, 2, "not below 2 sqrt(N)"},
    {PRIMO3, "R$=94BB", "R$=-94BB", NO, 2, "R is not positive"},
    {PRIMO3, "Type=0", "Type=0\n[6]\nType=0", BAD, 6, "ended the certificate already"},
    {PRIMO3, "\n[5]\nType=0\n", "", BAD, 0, "TestCount is 5 and there are 4"},
    // MPU.
    {MPU, "Version 1.0", "Version 2.0", BAD, 0, "version"},
    {MPU, "Version 1.0\n", "", BAD, 0, "Version is missing"},
    {MPU, "Version 1.0", "Version 1.0\nBase 11", BAD, 0, "none of 10, 16, 62"},
    {MPU, "Version 1.0", "Version 1.0\nBase 16", NO, 1, "q does not divide n - 1"},
    {MPU, "Version 1.0", "Version 1.0\nBase 10\n# a comment", OK, 0, ""},
    {MPU, "Proof for:\n", "", BAD, 0, "no such line"},
    {MPU, "Type BLS3", "Type BLS4", BAD, 1, "no known type: BLS4"},
    {MPU, "Type BLS3\n", "", BAD, 0, "Type was expected"},
    {MPU, "A  2", "A  2\nA  2", BAD, 1, "A is there twice"},
    {MPU, "A  2", "A", BAD, 1, "A is empty"},
    {MPU, "A  2\n", "", BAD, 1, "A is missing"},
    {MPU, "A  2", "A  2\nX  2", BAD, 1, "no such line"},
    {MPU, "A  2", "A  2x", BAD, 1, "no digit"},
    {MPU, "A  2", "A  2 # two", BAD, 1, "no digit"},
    {MPU, "A  2", "A  2\n# two", OK, 0, ""},
    {MPU, "A  2", "A  2\n----", BAD, 1, "no such line"},
    {MPU, "LQ 22", "LQ 18446744073709551638", BAD, 3, "does not fit 64 bits"},
    {MPU, "LQ 22", "LQ 23", NO, 3, ""},
    {MPU, "Q  46031000518925762539203952609", "Q  0", NO, 2, "Q is not positive"},
    {MPU, "M  8653828097558043357370343090492", "M  9653828097558043357370343090492", NO, 2, ""},
    {MPU, "Type BLS15\nN  46031000518925762539203952609", "Type BLS15\nN  46031000518925762539203",
     LACKS, 2, "no step proves it"},
    {MPU, "N 1298074214633706907132624082305051", "N 46031000518925762539203952609", OK, 0, ""},
    {MPU, "N 1298074214633706907132624082305051", "N 1298074214633706907132624082305053", LACKS, 0,
     "no step proves the candidate"},
    {MPU, "Type BLS3", "Type Small\nN 5791\n\nType BLS3", OK, 0, ""},
    {MPU, "Type BLS3", "Type Small\nN 5793\n\nType BLS3", NO, 1, "N is not prime"},
    {MPU, "Type BLS3", "Type Small\nN 18446744073709551629\n\nType BLS3", NO, 1, "below 2^64"},
    {MPU, "Q  8653828097558046047550827215367", "Q  1298074214633706907132624082305051", NO, 1,
     "q is not below N"},
    {BLS5, "----\n", "", BAD, 1, "line of dashes"},
    {BLS5, "----", "----\nA[0] 2", BAD, 1, "ended already"},
    {BLS5, "Q[2]  751", "Q[3]  751", BAD, 3, "there is Q[3] where Q[2] was expected"},
    {BLS5, "Q[2]  751\n", "", BAD, 3, "there is Q[3] where Q[2] was expected"},
    {BLS5, "Q[2]  751", "Q[1]  751", BAD, 3, "Q[1] is there twice"},
    {BLS5, "A[0]  3", "A[2]  3", BAD, 2, "there is A[2] and no Q[2]"},
    {BLS5, "A[0]  3", "A[x]  3", BAD, 2, "no number"},
    {BLS5, "A[0]  3", "A[0]  2", NO, 2, ""},
    {BLS5, "A[0]  3", "A[0]  3\nA[1] 2", OK, 0, ""},
    {BLS5, "A[0]  3", "A[0]  3\nQ[0] 2", OK, 0, ""},
    {BLS5, "A[0]  3", "A[0]  3\nQ[0] 3", NO, 2, "Q[0] is not 2"},
    {BLS5, "Q[2]  751", "Q[2]  753", NO, 3, "q is not prime"},
    {BLS5, "Q[2]  751", "Q[2]  757", NO, 3, ""},
    // PARI.
    {PARI, "]]]\n", "]]\n", BAD, 1, "the text ends where"},
    {PARI, "]]]\n", "]]] ]\n", BAD, 1, "the end"},
    {PARI, "]]]\n", "]]]\n5\n", BAD, 1, "the end"},
    {PARI, ", 3241423594", ",\n\t 3241423594 \r\n", OK, 0, ""},
    {PARI, "3241423594", "324 1423594", BAD, 1, "stands where"},
    {PARI, "3241423594", "-3241423594", NO, 1, "S is not positive"},
    {PARI, "3241423594", "3241423595", NO, 1, "S does not divide"},
    {PARI, "3241423594", "", BAD, 1, "a number"},
    {PARI, "63607142075252", "", BAD, 1, "a number"},
    {PARI, "4215121326", "-1030291136596639347545941391", OK, 0, ""},
    {PARI, "4215121326", "4215121327", NO, 1, ""},
    {PARI, "[[1030291136596639351761062717", "[[1030291136596639351761062718", NO, 1, ""},
    {TREE, "[2, 72469, 751, 107]", "[]", BAD, 3, "a number was expected"},
    {TREE, "[2, 72469, 751, 107]", "[2, 72469, 751, 109]", NO, 3, ""},
    {TREE, "[2, 72469, 751, 107]", "[2, 72469, 751, [107, 2, 107]]", OK, 0, ""},
    {TREE, "[2, 72469, 751, 107]", "[2, 72469, 751, [107, 2, 109]]", NO, -1, "another number"},
    {TREE, "[6353893788044135074207205893, [2,", "[6353893788044135074207205891, [2,", NO, -1,
     "N is not the p"},
    {TREE,
     "[2, [6353893788044135074207205893, 2, [6353893788044135074207205893, [2, 72469, 751, "
     "107]]]]",
     "[2, 6353893788044135074207205893]", LACKS, 2, "no step proves it"},
    {TREE, "]]]]]]]]", "]]]]]]]", BAD, -1, "the text ends where"},
    // JSON; what changes more than the last line gets a new checksum.
    {JSON, "\"digits\":34", "\"digits\":33", BAD, 0, "so many digits"},
    {JSON, "\"bits\":111", "\"bits\":110", BAD, 0, "so many bits"},
    {JSON, ",\"digits\":34", "", OK, 0, ""},
    {JSON, "\"certificate\":1", "\"certificate\":2", BAD, 0, "no known version"},
    {JSON, "\"n\":\"0x400000000000000000000000001b\",\"bits\"", "\"bits\"", BAD, 0, "n is missing"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\\u00e9 \\\"\",\"more\":[1,{\"a\":[]},-2.5e+3,null]", OK,
     0, ""},
    {JSON, "\"by\":\"a test\"", "\"by\":7", BAD, 0, "by is of another type"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"a\",\"by\":\"b\"", BAD, 0, "by is there twice"},
    {JSON, "\"by\":\"a test\"", "\"x\\u0079\":1", BAD, 0, "escape"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"a\tb\"", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\xc3\xa9 \xf0\x9f\x98\x80\"", OK, 0, ""},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\xc3\"", BAD, 0, "UTF-8"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\xc0\x80\"", BAD, 0, "UTF-8"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\xed\xa0\x80\"", BAD, 0, "UTF-8"},
    {JSON, "\"by\":\"a test\"", "\"by\":\"\xf4\x90\x80\x80\"", BAD, 0, "UTF-8"},
    {JSON, "\"by\":\"a test\"", "\"z\":[1,]", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":[,1]", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":[1 2]", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":[1}", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":{\"a\"}", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":01", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":+1", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "\"z\":tru", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"", "", BAD, 0, "no JSON object"},
    {JSON, "\"by\":\"a test\"}", "\"by\":\"a test\"} x", BAD, 0, "no JSON object"},
    {JSON, "\"i\":2", "\"i\":3", BAD, 3, "i is 3 where 2 was expected"},
    {JSON, "\"i\":2", "\"i\":\"2\"", BAD, 3, "i is of another type"},
    {JSON, "\"i\":2,", "", BAD, 3, "i is missing"},
    {JSON, "\"bls15\"", "\"bls16\"", BAD, 3, "no known kind: bls16"},
    {JSON, "\"kind\":\"bls15\",", "", BAD, 3, "kind is missing"},
    {JSON, "\"lq\":22", "\"lq\":22.0", BAD, 3, "lq is of another type"},
    {JSON, "\"lq\":22", "\"lq\":\"22\"", BAD, 3, "lq is of another type"},
    {JSON, "\"lq\":22", "\"lq\":18446744073709551638", BAD, 3, "does not fit 64 bits"},
    {JSON, "\"lq\":22", "\"lq\":23", NO, 3, ""},
    {JSON, "\"lq\":22", "\"lq\":22,\"unknown\":true", OK, 0, ""},
    {JSON, "\"s\":\"0xbc\"", "\"s\":188", OK, 0, ""},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"188\"", OK, 0, ""},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"0xBC\"", OK, 0, ""},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"bc\"", BAD, 2, "no digit to base 10"},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"\"", BAD, 2, "s is empty"},
    {JSON, "\"s\":\"0xbc\"", "\"s\":[188]", BAD, 2, "s is of another type"},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"0xbc\",\"j\":7", BAD, 2, "by j and by a and b"},
    {JSON, "\"s\":\"0xbc\"", "\"s\":\"0xbc\",\"d\":-40", OK, 0, ""},
    {JSON, "\"b\":0,", "", BAD, 4, "b is missing"},
    {JSON, "\"a\":-1", "\"a\":\"0x120df3a6d90e7dc5ef38\"", OK, 0, ""}, // n - 1
    {JSON, "\"n\":\"0x94bbf382370c835cc2f57fe1\"", "\"n\":\"0x94bbf382370c835cc2f57fe3\"", LACKS, 2,
     "no step proves it"},
};

// The checksum that the lines before the last now have.
static void mend(text *t) {
    const char *last = memmem(t->bytes, t->size, "{\"end\"", 6);
    if (last == NULL) {
        return;
    }
    text mended = copy_of(t->bytes, (size_t)(last - t->bytes));
    add_end(&mended, 0, "0xf0aa05b813c4d");
    drop(t);
    *t = mended;
}

static void test_changes(void) {
    for (size_t i = 0; i < LENGTH(changes); i++) {
        const change *c = &changes[i];
        text t = copy_of(small[c->of].bytes, small[c->of].size);
        EXPECT(replace(&t, c->old, c->new), "%s: %s is not there", small_names[c->of], c->old);
        if (c->of == JSON) {
            mend(&t);
        }
        char name[200];
        snprintf(name, sizeof name, "%s with %.60s for %.60s", small_names[c->of], c->new, c->old);
        expect_text(name, &t, c->verdict, c->step, c->reason);
        drop(&t);
    }
}

static void test_whole_texts(void) {
    // Ends of lines, a last one without, blank lines around: no part of a certificate.
    for (int i = 0; i < JSON; i++) {
        text t = {NULL, 0, 0};
        add_text(&t, i == PARI ? "" : "\r\n \t\r\n");
        for (size_t k = 0; k < small[i].size; k++) {
            add_text(&t, small[i].bytes[k] == '\n' ? "\r" : "");
            add_bytes(&t, small[i].bytes + k, 1);
        }
        expect_text(small_names[i], &t, OK, 0, "");
        t.size -= 2;
        expect_text(small_names[i], &t, OK, 0, "");
        add_text(&t, "\n\n\n");
        expect_text(small_names[i], &t, OK, 0, "");
        drop(&t);
    }
    for (int i = 0; i < SMALL; i++) { // a NUL byte anywhere
        for (size_t k = 0; k < small[i].size; k += 7) {
            text t = copy_of(small[i].bytes, small[i].size);
            t.bytes[k] = '\0';
            expect_text(small_names[i], &t, BAD, 0, "NUL");
            drop(&t);
        }
    }
    // The checksum is over bytes as they stand.
    text t = copy_of(small[JSON].bytes, small[JSON].size);
    replace(&t, "\n", "\r\n");
    expect_text("JSON", &t, BAD, 0, "sha256 is not");
    mend(&t);
    expect_text("JSON", &t, OK, 0, "");
    replace(&t, "\"end\":\"0xf0aa05b813c4d\"", "\"end\":\"0x7\"");
    expect_text("JSON", &t, NO, 0, "the end is no number");
    drop(&t);
    t = copy_of(small[JSON].bytes, small[JSON].size - 1);
    expect_text("JSON", &t, OK, 0, "");
    drop(&t);
    // Two steps for one number, a step that nothing needs, and a number that needs none.
    static const struct {
        const char *step, *reason;
        int64_t number;
    } more[] = {
        {"{\"i\":4,\"kind\":\"bls15\",\"n\":\"0x94bbf382370c835cc2f57fe1\","
         "\"q\":\"0x120df3a6d90e7dc5ef39\",\"lp\":1,\"lq\":22}\n",
         "another step proves N already", 5},
        {"{\"i\":4,\"kind\":\"lucas\",\"n\":\"0x10000000000000000000000000001\",\"q\":[2],\"a\":3}"
         "\n",
         "does not need N", 5},
        {"{\"i\":4,\"kind\":\"lucas\",\"n\":\"0xf0aa05b813c4d\",\"q\":[2],\"a\":3}\n",
         "needs no step", 5},
    };
    for (size_t i = 0; i < LENGTH(more); i++) {
        t = small_json();
        const char *last = memmem(t.bytes, t.size, "{\"end\"", 6);
        t.size = (size_t)(last - t.bytes);
        add_text(&t, more[i].step);
        add_end(&t, 0, "0xf0aa05b813c4d");
        expect_text("JSON", &t, NO, more[i].number, more[i].reason);
        drop(&t);
    }
    // Steps in any order.
    add_text(&t, json_head);
    for (size_t i = LENGTH(json_steps); i-- > 0;) {
        text step = copy_of(json_steps[i], strlen(json_steps[i]));
        step.bytes[5] = (char)('3' - (int)i);
        add_bytes(&t, step.bytes, step.size);
        drop(&step);
    }
    add_end(&t, 0, "0xf0aa05b813c4d");
    expect_text("JSON", &t, OK, 0, "");
    drop(&t);
    // Small numbers.
    static const struct {
        const char *text;
        prk_certificate_verdict verdict;
        const char *reason;
    } few[] = {
        {"", BAD, "empty"},
        {" \n\n", BAD, "empty"},
        {"hello\n", BAD, "no certificate of a known form"},
        {"[MPU - Primality Certificate", BAD, "no certificate of a known form"},
        {"[PRIMO - Primality Certificate]", BAD, "Format is missing"},
        {"[MPU - Primality Certificate]", BAD, "ends before the candidate"},
        {"# comment\n[MPU - Primality Certificate]\nVersion 1.0\nProof for:\nN 2\n", OK, ""},
        {"[MPU - Primality Certificate]\nVersion 1.0\nProof for:\nN 4\n", NO, "not prime"},
        {"[MPU - Primality Certificate]\nVersion 1.0\nBase 62\nProof for:\nN z\n", OK, ""}, // 61
        {"18446744073709551557", OK, ""},
        {"18446744073709551557 \n", OK, ""},
        {"18446744073709551557.", BAD, "the end"},
        {"18446744073709551629", LACKS, "no step proves the candidate"},
        {"15", NO, "not prime"},
        {"0", NO, "less than 2"},
        {"[]", BAD, "form"},
        {"[18446744073709551629, ", BAD, "ends where"},
        {"[[", BAD, "ends where"},
        {"{}", BAD, "no head"},
        {"{", BAD, "no JSON object"},
    };
    for (size_t i = 0; i < LENGTH(few); i++) {
        t = copy_of(few[i].text, strlen(few[i].text));
        expect_text(few[i].text, &t, few[i].verdict, few[i].verdict == BAD ? -1 : 0, few[i].reason);
        drop(&t);
    }
    t = copy_of("{\"certificate\":1,\"n\":\"0x7\"}\n", 28);
    add_end(&t, 0, "0x7");
    expect_text("7", &t, OK, 0, "");
    drop(&t);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Certificates one after another, of which one is no good.
static void test_many(void) {
    text t = {NULL, 0, 0};
    for (int i = 0; i < 5; i++) {
        add_bytes(&t, small[JSON].bytes, small[JSON].size - (i == 2 ? 9 : 0));
        add_text(&t, i % 2 == 0 ? "\n" : "\n\n");
    }
    size_t at = 0;
    int good = 0, bad = 0;
    while (at < t.size) {
        prk_certificate *certificate;
        prk_certificate_problem problem;
        size_t used;
        prk_certificate_read(t.bytes + at, t.size - at, &certificate, &used, &problem);
        EXPECT(used > 0, "nothing was taken at %zu", at);
        if (certificate == NULL) {
            bad++;
        } else {
            prk_certificate_verify(certificate, NULL, &problem);
            good += problem.verdict == OK;
        }
        prk_certificate_destroy(certificate);
        at += used > 0 ? used : t.size;
    }
    EXPECT(good == 4 && bad == 1, "%d good, %d bad", good, bad);
    drop(&t);
    // More text than one certificate may have, each of which costs what it is.
    while (t.size <= PRK_CERTIFICATE_MOST_BYTES) {
        add_bytes(&t, small[JSON].bytes, small[JSON].size);
    }
    const double start = seconds_now();
    long count = 0;
    for (at = 0; at < t.size; count++) {
        prk_certificate *certificate;
        prk_certificate_problem problem;
        size_t used = 0;
        prk_certificate_read(t.bytes + at, t.size - at, &certificate, &used, &problem);
        EXPECT(certificate != NULL && used == small[JSON].size, "at %zu: %zu bytes: %s", at, used,
               problem.reason);
        prk_certificate_destroy(certificate);
        at += used > 0 ? used : t.size;
    }
    const double took = seconds_now() - start;
    EXPECT(took < 30, "%ld certificates were read in %.1f s", count, took);
    drop(&t);
    for (int i = MPU; i <= PRIMO3; i++) { // whose head ends what is before it
        add_bytes(&t, small[i].bytes, small[i].size);
        add_bytes(&t, small[i].bytes, small[i].size);
        prk_certificate *certificate;
        prk_certificate_problem problem;
        size_t used;
        prk_certificate_read(t.bytes, t.size, &certificate, &used, &problem);
        EXPECT(certificate != NULL && used == small[i].size, "%s: %zu of %zu bytes: %s",
               small_names[i], used, small[i].size, problem.reason);
        prk_certificate_destroy(certificate);
        drop(&t);
    }
}

// Parts, the flag, the counter, and arguments.
static void test_options(void) {
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem = judge(small[MPU].bytes, small[MPU].size, NULL, &certificate);
    if (certificate == NULL) {
        return;
    }
    EXPECT(prk_certificate_form(certificate) == PRK_CERTIFICATE_MPU &&
               prk_certificate_steps(certificate) == 4,
           "%zu steps", prk_certificate_steps(certificate));
    prk_verify_options options;
    for (uint32_t parts = 1; parts < 7; parts++) {
        uint64_t done = 0;
        for (uint32_t part = 0; part < parts; part++) {
            options = (prk_verify_options){.part = part, .parts = parts, .done = &done};
            const prk_status status = prk_certificate_verify(certificate, &options, &problem);
            EXPECT(status == PRK_STATUS_OK && problem.verdict == OK, "part %u of %u: %s", part,
                   parts, problem.reason);
        }
        EXPECT(done == 4, "%u parts did %llu steps", parts, (unsigned long long)done);
    }
    // A step that is wrong is wrong to the part that has it; what ties steps together, to all.
    text t = copy_of(small[MPU].bytes, small[MPU].size);
    replace(&t, "LQ 22", "LQ 23");
    for (int kind = 0; kind < 2; kind++) {
        prk_certificate *broken = NULL;
        judge(t.bytes, t.size, NULL, &broken);
        int refusals = 0;
        for (uint32_t part = 0; broken != NULL && part < 4; part++) {
            options = (prk_verify_options){.part = part, .parts = 4};
            prk_certificate_verify(broken, &options, &problem);
            refusals += problem.verdict != OK;
            EXPECT(problem.verdict == OK || problem.step == (kind == 0 ? 3 : 4), "step %llu: %s",
                   (unsigned long long)problem.step, problem.reason);
        }
        EXPECT(refusals == (kind == 0 ? 1 : 4), "%d of 4 parts refuse it", refusals);
        prk_certificate_destroy(broken);
        replace(&t, "LQ 23", "LQ 22");
        replace(&t, "M  85259961324044652251936\nQ  4233808496901197\n",
                "M  85259961324044652251936\nQ  8467616993802394\n"); // twice that: no prime
    }
    drop(&t);
    const uint32_t raised = 1;
    options = (prk_verify_options){.cancel = &raised};
    EXPECT(prk_certificate_verify(certificate, &options, &problem) == PRK_STATUS_CANCELLED, "flag");
    options = (prk_verify_options){.part = 2, .parts = 2};
    EXPECT(prk_certificate_verify(certificate, &options, &problem) == PRK_STATUS_INVALID_ARGUMENT,
           "part");
    options = (prk_verify_options){.size = 4};
    EXPECT(prk_certificate_verify(certificate, &options, &problem) == PRK_STATUS_INVALID_ARGUMENT,
           "size");
    EXPECT(prk_certificate_write(certificate, PRK_CERTIFICATE_PRIMO3, to_text, NULL, &problem) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "Primo 3 is not written");
    EXPECT(prk_certificate_verify(NULL, NULL, &problem) == PRK_STATUS_INVALID_ARGUMENT, "NULL");
    EXPECT(prk_certificate_read(NULL, 1, &certificate, NULL, &problem) ==
               PRK_STATUS_INVALID_ARGUMENT,
           "NULL");
    prk_certificate_destroy(certificate);
    prk_certificate_destroy(NULL);
}

// --- From form to form ---------------------------------------------------------------------------

static const prk_certificate_format written[] = {PRK_CERTIFICATE_JSON, PRK_CERTIFICATE_PRIMO4,
                                                 PRK_CERTIFICATE_MPU, PRK_CERTIFICATE_PARI};

// To each form that has it, and from there to each again; all prove the same number. Which forms
// have it is returned, a bit each.
static unsigned test_round_trips(const char *name, const text *t) {
    prk_certificate *first = NULL;
    unsigned has = 0;
    mpz_t n, other;
    mpz_inits(n, other, (mpz_ptr)NULL);
    judge(t->bytes, t->size, n, &first);
    for (size_t i = 0; first != NULL && i < LENGTH(written); i++) {
        text there, back;
        if (!convert(first, written[i], &there)) {
            EXPECT(written[i] != PRK_CERTIFICATE_JSON, "%s: our own form has every step", name);
            continue;
        }
        has |= 1u << written[i];
        prk_certificate *second = NULL;
        const prk_certificate_problem p = judge(there.bytes, there.size, other, &second);
        EXPECT(p.verdict == OK && mpz_cmp(n, other) == 0 &&
                   prk_certificate_form(second) == written[i],
               "%s to form %d: verdict %d, step %llu: %s", name, written[i], p.verdict,
               (unsigned long long)p.step, p.reason);
        for (size_t k = 0; second != NULL && k < LENGTH(written); k++) {
            if (convert(second, written[k], &back)) {
                prk_certificate *third = NULL;
                prk_certificate_problem problem;
                prk_certificate_read(back.bytes, back.size, &third, NULL, &problem);
                EXPECT(third != NULL, "%s to forms %d, %d: %s", name, written[i], written[k],
                       problem.reason);
                if (k == i && third != NULL) { // nothing is lost on the way
                    EXPECT(back.size == there.size &&
                               memcmp(back.bytes, there.bytes, back.size) == 0,
                           "%s: form %d does not come back as it was", name, written[i]);
                }
                prk_certificate_destroy(third);
                conversions++;
                drop(&back);
            }
        }
        prk_certificate_destroy(second);
        drop(&there);
        conversions++;
    }
    prk_certificate_destroy(first);
    mpz_clears(n, other, (mpz_ptr)NULL);
    return has;
}

static void test_forms(void) {
    // Which forms each has: JSON, Primo 4, MPU, PARI.
    static const unsigned wanted[SMALL] = {0x16, 0x32, 0x16, 0x16, 0x36, 0x22, 0x16};
    for (int i = 0; i < SMALL; i++) {
        const unsigned has = test_round_trips(small_names[i], &small[i]);
        EXPECT(has == wanted[i], "%s: forms %x for %x", small_names[i], has, wanted[i]);
    }
}

// --- Cut and changed -----------------------------------------------------------------------------

// What was changed may prove the same number, and no other. But MPU's form lets the head name any
// number that a block proves, or that is below 2^64.
static void expect_no_other(const char *name, const text *t, mpz_srcptr n) {
    mpz_t other;
    mpz_init(other);
    const prk_certificate_problem p = judge(t->bytes, t->size, other, NULL);
    const bool is_mpu = t->size > 5 && memcmp(t->bytes, "[MPU", 4) == 0;
    EXPECT(p.verdict != OK || mpz_cmp(n, other) == 0 ||
               (is_mpu && mpz_probab_prime_p(other, 20) != 0),
           "%s proves another number", name);
    mpz_clear(other);
    mutations++;
}

static void test_cut(void) {
    mpz_t n;
    mpz_init(n);
    for (int i = 0; i < SMALL; i++) {
        judge(small[i].bytes, small[i].size, n, NULL);
        for (size_t size = 0; size < small[i].size; size++) {
            const text t = {small[i].bytes, size, 0};
            expect_no_other(small_names[i], &t, n);
        }
    }
    mpz_clear(n);
}

static bool is_field(char c) { return isalnum((unsigned char)c) || c == '-' || c == '$'; }

// One byte is another; or one field is longer, shorter, gone, negative, larger by 2, that of
// another place; or one line is gone, there twice, or stands elsewhere.
static void mutate(text *t) {
    const size_t at = (size_t)(next_random() % t->size);
    size_t from = at, to = at;
    const uint64_t how = next_random() % 12;
    if (how < 3) {
        static const char bytes[] = "0123456789abcdefABCDEF-$[]{}\",:=\n \r#TNQSx\\\xff";
        t->bytes[at] = bytes[next_random() % (sizeof bytes - 1)];
        return;
    }
    if (how < 9) {
        while (from > 0 && is_field(t->bytes[from - 1])) {
            from--;
        }
        while (to < t->size && is_field(t->bytes[to])) {
            to++;
        }
    } else {
        while (from > 0 && t->bytes[from - 1] != '\n') {
            from--;
        }
        while (to < t->size && t->bytes[to] != '\n') {
            to++;
        }
        to += to < t->size;
    }
    text changed = copy_of(t->bytes, from);
    switch (how) {
    case 3: // longer
        add_bytes(&changed, t->bytes + from, to - from);
        add_text(&changed, next_random() % 2 == 0 ? "0" : "1");
        break;
    case 4: // shorter
        add_bytes(&changed, t->bytes + from, to > from ? to - from - 1 : 0);
        break;
    case 5: // negative, or a prefix
        add_text(&changed, next_random() % 2 == 0 ? "-" : "0x");
        add_bytes(&changed, t->bytes + from, to - from);
        break;
    case 6: // larger by 2, mostly
        add_bytes(&changed, t->bytes + from, to - from);
        if (to > from) {
            changed.bytes[changed.size - 1] = (char)(changed.bytes[changed.size - 1] + 2);
        }
        break;
    case 7: { // from elsewhere
        const size_t other = (size_t)(next_random() % t->size);
        size_t end = other;
        while (end < t->size && is_field(t->bytes[end])) {
            end++;
        }
        add_bytes(&changed, t->bytes + other, end - other);
        break;
    }
    case 9: // twice
        add_bytes(&changed, t->bytes + from, to - from);
        add_bytes(&changed, t->bytes + from, to - from);
        break;
    default: // gone
        break;
    }
    add_bytes(&changed, t->bytes + to, t->size - to);
    if (how == 11) { // and at the end
        add_bytes(&changed, t->bytes + from, to - from);
    }
    drop(t);
    *t = changed;
}

static void test_mutations(const char *name, const text *t, long count) {
    mpz_t n;
    mpz_init(n);
    judge(t->bytes, t->size, n, NULL);
    const bool is_json = t->bytes[0] == '{';
    for (long i = 0; i < count; i++) {
        text changed = copy_of(t->bytes, t->size);
        do {
            mutate(&changed);
        } while (changed.size > 0 && next_random() % 4 == 0);
        if (is_json && next_random() % 4 != 0) {
            mend(&changed);
        }
        expect_no_other(name, &changed, n);
        drop(&changed);
    }
    mpz_clear(n);
}

// Every byte by three others.
static void test_bytes(void) {
    mpz_t n;
    mpz_init(n);
    for (int i = 0; i < SMALL; i++) {
        judge(small[i].bytes, small[i].size, n, NULL);
        text t = copy_of(small[i].bytes, small[i].size);
        for (size_t at = 0; at < t.size; at++) {
            const char was = t.bytes[at];
            for (int k = 0; k < 3; k++) {
                t.bytes[at] = k == 0   ? (char)(was ^ 1)
                              : k == 1 ? (char)(was + 2)
                                       : (char)next_random();
                expect_no_other(small_names[i], &t, n);
            }
            t.bytes[at] = was;
        }
        drop(&t);
    }
    mpz_clear(n);
}

// --- Hostile -------------------------------------------------------------------------------------

static void expect_quick(const char *name, const text *t) {
    const double start = seconds_now();
    const prk_certificate_problem p = judge(t->bytes, t->size, NULL, NULL);
    const double took = seconds_now() - start;
    EXPECT(p.verdict != OK, "%s is said to prove something", name);
    EXPECT(took < 10, "%s took %.1f s: %s", name, took, p.reason);
}

static void fill(text *t, const char *head, const char *piece, size_t size, const char *tail) {
    *t = (text){NULL, 0, 0};
    add_text(t, head);
    const size_t length = strlen(piece);
    while (t->size + length + strlen(tail) <= size) {
        add_bytes(t, piece, length);
    }
    add_text(t, tail);
}

static void test_hostile(void) {
    const size_t most = PRK_CERTIFICATE_MOST_BYTES;
    static const struct {
        const char *name, *head, *piece, *tail;
    } long_texts[] = {
        {"[", "", "[", ""},
        {"{", "", "{", ""},
        {"lines", "", "\n", ""},
        {"blanks", "", " ", "4"},
        {"comments", "", "#\n", "[MPU - Primality Certificate]"},
        {"a number", "", "7", ""},
        {"a number in brackets", "[[", "7", ""},
        {"a nested value", "{\"certificate\":1,\"x\":", "[", "7"},
        {"nested objects", "{\"certificate\":1,\"x\":", "{\"a\":", "7"},
        {"many keys", "{", "\"a\":1,", "\"a\":1}"},
        {"many values", "{\"certificate\":1,\"n\":\"0x7\",\"x\":[", "1,", "1]}"},
        {"a number in JSON", "{\"certificate\":1,\"n\":\"0x", "7", "\"}"},
        {"a decimal number in JSON", "{\"certificate\":1,\"n\":\"", "7", "\"}"},
        {"many primes in JSON",
         "{\"certificate\":1,\"n\":\"0x10000000000000001\"}\n"
         "{\"i\":0,\"kind\":\"bls5\",\"n\":\"0x10000000000000001\",\"a\":[],\"q\":[",
         "2,", "2]}"},
        {"sections of Primo",
         "[PRIMO - Primality Certificate]\nFormat=4\n[Candidate]\nN=$10000000000000001\n", "[1]\n",
         ""},
        {"comments of Primo", "[PRIMO - Primality Certificate]\nFormat=4\n[Comments]\n", "[1]\n",
         ""},
        {"a candidate of Primo",
         "[PRIMO - Primality Certificate]\nFormat=4\nTestCount=1\n[Candidate]\nN=$", "F", "\n"},
        {"an old candidate of Primo",
         "[PRIMO - Primality Certificate]\nFormat=3\nTestCount=1\n[Candidate]\nN$=", "F", "\n"},
        {"a candidate of MPU", "[MPU - Primality Certificate]\nVersion 1.0\nProof for:\nN ", "9",
         "\n"},
        {"blocks of MPU", "[MPU - Primality Certificate]\nVersion 1.0\nProof for:\nN 7\n",
         "Type Small\nN 7\n", "Type"},
        {"primes of MPU",
         "[MPU - Primality Certificate]\nVersion 1.0\nProof for:\nN 7\nType BLS5\nN 7\n",
         "Q[1] 2\n", "Type"},
        {"entries of PARI", "[18446744073709551629, [", "2, ", "2]]"},
        {"a tree of PARI", "[18446744073709551629, [",
         "[18446744073709551629, 2, [18446744073709551629, [", "2]]"},
    };
    for (size_t i = 0; i < LENGTH(long_texts); i++) {
        text t;
        fill(&t, long_texts[i].head, long_texts[i].piece, most, long_texts[i].tail);
        expect_quick(long_texts[i].name, &t);
        if (i == 0) {
            add_text(&t, "[");
            expect_text("too long", &t, BAD, 0, "bytes");
        }
        drop(&t);
    }
    // A million steps, each of which is right.
    text t = {NULL, 0, 0};
    add_text(&t, "[PRIMO - Primality Certificate]\nFormat=4\nTestCount=1000000\n[Candidate]\n"
                 "N=$4000000000000000000000000000000000000000000000000000000000000001B\n");
    for (int i = 1; i <= 1000000; i++) { // q = n, as far as reading looks
        add_format(&t, "[%d]\nS=$1\nW=$1\nA=0\nB=$1\nT=0\n", i);
    }
    expect_quick("a million steps of Primo", &t);
    drop(&t);
    add_text(&t, "[MPU - Primality Certificate]\nVersion 1.0\nProof for:\n"
                 "N 1298074214633706907132624082305051\n");
    for (int i = 1; i <= 1000000; i++) {
        add_text(&t, "Type BLS3\nN 1298074214633706907132624082305051\nQ 7\nA 2\n");
    }
    expect_quick("a million blocks of MPU", &t);
    drop(&t);
    // Few bytes that ask for much memory: a large N that each step divides by 1.
    add_text(&t, "[PRIMO - Primality Certificate]\nFormat=4\nTestCount=100000\n[Candidate]\nN=$");
    for (int i = 0; i < 800000; i++) {
        add_text(&t, "F");
    }
    add_text(&t, "\n");
    for (int i = 1; i <= 100000; i++) {
        add_format(&t, "[%d]\nS=$1\nW=$2\nA=0\nB=$1\nT=0\n", i);
    }
    expect_text("much memory", &t, BAD, -1, "bytes");
    expect_quick("much memory", &t);
    drop(&t);
}

// --- Published certificates ----------------------------------------------------------------------

// What a manifest's note says of where the certificate is broken: 0: the candidate, -1: nothing.
static int64_t noted_step(const char *note) {
    static const char *const words[] = {" step ", " steps ", " block ", "step ", "steps "};
    if (strstr(note, "N changed") != NULL || strstr(note, "N in ") != NULL) {
        return 0;
    }
    if (strstr(note, "second block removed") != NULL || strstr(note, "first block kept") != NULL ||
        strstr(note, "unknown block") != NULL) {
        return 1;
    }
    for (size_t i = 0; i < LENGTH(words); i++) {
        const char *at = strstr(note, words[i]);
        if (at != NULL && isdigit((unsigned char)at[strlen(words[i])])) {
            return atoll(at + strlen(words[i]));
        }
    }
    return -1;
}

static prk_certificate_verdict noted_verdict(const char *name, const char *note) {
    if (strstr(note, "unknown") != NULL || strstr(note, "empty") != NULL ||
        strstr(note, "non-hex") != NULL || strstr(note, "no steps") != NULL ||
        strstr(note, "steps cut") != NULL || strstr(note, "swapped") != NULL ||
        strstr(note, "not renumbered") != NULL) {
        return BAD;
    }
    // MPU finds steps by their N: where that is another one, none is found.
    const bool is_gone = strstr(note, "block removed") != NULL ||
                         strstr(note, "block kept") != NULL || strstr(note, "N in ") != NULL ||
                         strstr(note, "N changed") != NULL || strstr(name, "_c_Q1_0") != NULL;
    return is_gone ? LACKS : NO;
}

// A line of thery/coqprime's numbers, n - 1 = F R by one base, in our form.
static bool from_coqprime(const char *line, text *t) {
    char n[1024], kind[32];
    unsigned long base;
    const char *factors = strstr(line, "\"F\": [");
    const char *theorem = strstr(line, "\"theorem\": \"");
    if (factors == NULL || theorem == NULL ||
        sscanf(line, "{\"N\": \"%1000[0-9]\", \"a\": %lu", n, &base) != 2 ||
        sscanf(theorem, "\"theorem\": \"%30[A-Za-z0-9]", kind) != 1) {
        return false;
    }
    char q[1024];
    int used;
    text bases = {NULL, 0, 0};
    add_format(t, "{\"certificate\":1,\"n\":\"%s\"}\n", n);
    add_format(t, "{\"i\":0,\"kind\":\"%s\",\"n\":\"%s\",\"q\":[",
               kind[0] == 'P' ? "pocklington" : "bls5", n);
    char end[1024] = "7"; // where no factor is below 2^64, that is what is wrong
    const char *at = factors + strlen("\"F\": [");
    while (sscanf(at, "[\"%1000[0-9]\", %*d]%n", q, &used) == 1) {
        add_format(t, "%s\"%s\"", bases.size > 0 ? "," : "", q);
        add_format(&bases, "%s%lu", bases.size > 0 ? "," : "", base);
        if (strlen(q) < 20 || (strlen(q) == 20 && strcmp(q, "18446744073709551616") < 0)) {
            strcpy(end, q);
        }
        at += used;
        at += strspn(at, ", ");
    }
    add_format(t, "],\"a\":[%s]}\n", bases.size > 0 ? bases.bytes : "");
    add_end(t, 0, end);
    drop(&bases);
    return true;
}

static void test_coqprime(const char *path) {
    text file = file_text(path);
    long count = 0, without = 0;
    for (char *line = strtok(file.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        text t = {NULL, 0, 0};
        if (from_coqprime(line, &t)) {
            // Some have a factor above 2^64 whose proof is elsewhere; 3 is below what theorems ask.
            const prk_certificate_problem p = judge(t.bytes, t.size, NULL, NULL);
            EXPECT(p.verdict == OK || p.verdict == LACKS || strstr(line, "\"N\": \"3\"") != NULL,
                   "%.60s: %s", line, p.reason);
            without += p.verdict == LACKS;
            count++;
        }
        drop(&t);
    }
    EXPECT(count > 1000 && without < 40, "%ld lines, %ld without a proof of a factor", count,
           without);
    drop(&file);
}

static void test_manifest(const char *manifest) {
    FILE *file = fopen(manifest, "r");
    if (file == NULL) {
        EXPECT(file != NULL, "%s cannot be read", manifest);
        return;
    }
    char *line = NULL;
    size_t room = 0;
    long count = 0;
    while (getline(&line, &room, file) > 0) {
        char *next = line;
        const char *name = strsep(&next, "\t"), *expect = strsep(&next, "\t");
        strsep(&next, "\t");
        const char *note = strsep(&next, "\t");
        if (name[0] == '#' || note == NULL) {
            continue;
        }
        char path[4096];
        snprintf(path, sizeof path, "%.*s%s", (int)(strrchr(manifest, '/') + 1 - manifest),
                 manifest, name);
        if (strstr(name, ".jsonl") != NULL) { // numbers in forms of their own
            if (strstr(name, "coqprime") != NULL) {
                test_coqprime(path);
            }
            continue;
        }
        count++;
        text t = file_text(path);
        const bool is_broken = strncmp(name, "broken", 6) == 0;
        const bool is_large = t.size > 50000; // seconds without lanes
        if (strcmp(expect, "valid") == 0) {
            expect_text(name, &t, OK, 0, "");
            if (!is_large) {
                test_round_trips(name, &t);
                test_mutations(name, &t, scaled(t.size < 3000 ? 200 : 20));
            }
        } else {
            const char *reason = strncmp(name, "forged", 6) == 0 ? "Z is not a unit" : "";
            expect_text(name, &t, is_broken ? noted_verdict(name, note) : NO,
                        is_broken ? noted_step(note) : 1, reason);
        }
        drop(&t);
    }
    EXPECT(count > 60, "%ld certificates", count);
    free(line);
    fclose(file);
}

// What a fuzzer may begin with: a file of each form.
static int write_seeds(const char *folder) {
    for (int i = 0; i < SMALL; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/small%d.txt", folder, i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(small[i].bytes, 1, small[i].size, file) != small[i].size ||
            fclose(file) != 0) {
            perror(path);
            return 1;
        }
        drop(&small[i]);
    }
    return 0;
}

int main(int argc, char **argv) {
    make_small();
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        return write_seeds(argv[2]);
    }
    test_sha256();
    test_changes();
    test_whole_texts();
    test_many();
    test_options();
    test_forms();
    test_cut();
    test_bytes();
    for (int i = 0; i < SMALL; i++) {
        test_mutations(small_names[i], &small[i], scaled(3000));
    }
    test_hostile();
    for (int next = 1; next < argc; next++) {
        test_manifest(argv[next]);
    }
    if (argc < 2) {
        printf(
            "certificate_test: NO PUBLISHED CERTIFICATES ARE AT HAND: set PRIMALITY_SHARED to the "
            "folder that holds certs/\n");
    }
    for (int i = 0; i < SMALL; i++) {
        drop(&small[i]);
    }
    printf("certificate_test: %s: %ld texts, %ld proofs, %ld conversions, %ld changed texts: %d "
           "failures\n",
           prk_compiler(), texts, proofs, conversions, mutations, failures);
    return failures > 0;
}
