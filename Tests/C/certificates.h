// SPDX-License-Identifier: Apache-2.0
//
// What the tests of texts of certificates share: texts, what is said of one, a small certificate of
// each form, and the published ones. The includer defines _GNU_SOURCE, for getline and memmem.

#ifndef PRK_TESTS_CERTIFICATES_H
#define PRK_TESTS_CERTIFICATES_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prk_proof.h"
#include "prk_sha256.h"
#include "support.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define OK PRK_CERTIFICATE_VALID
#define NO PRK_CERTIFICATE_INVALID
#define BAD PRK_CERTIFICATE_UNREADABLE
#define LACKS PRK_CERTIFICATE_INCOMPLETE

static long texts, proofs;

// --- Texts and what is said of them --------------------------------------------------------------

typedef struct text {
    char *bytes;
    size_t size, room;
} text;

static inline void add_bytes(text *t, const char *bytes, size_t count) {
    if (count >= t->room - t->size) { // with room for a NUL
        t->room = 2 * (t->size + count) + 64;
        t->bytes = realloc(t->bytes, t->room);
        if (t->bytes == NULL) {
            perror("the tests of certificates");
            exit(1);
        }
    }
    memcpy(t->bytes + t->size, bytes, count);
    t->size += count;
    t->bytes[t->size] = '\0';
}

static inline void add_text(text *t, const char *more) { add_bytes(t, more, strlen(more)); }

__attribute__((format(printf, 2, 3))) static inline void add_format(text *t, const char *format,
                                                                    ...) {
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    add_text(t, line);
}

static inline text copy_of(const char *bytes, size_t size) {
    text t = {NULL, 0, 0};
    add_bytes(&t, bytes, size);
    return t;
}

static inline void drop(text *t) {
    free(t->bytes);
    *t = (text){NULL, 0, 0};
}

static inline bool replace(text *t, const char *old, const char *new) {
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

static inline text file_text(const char *path) {
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
static inline prk_certificate_problem judge(const char *bytes, size_t size, mpz_ptr number,
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

static inline void expect_text(const char *name, const text *t, prk_certificate_verdict verdict,
                               int64_t step, const char *reason) {
    const prk_certificate_problem p = judge(t->bytes, t->size, NULL, NULL);
    EXPECT(p.verdict == verdict && (step < 0 || p.step == (uint64_t)step) &&
               strstr(p.reason, reason) != NULL,
           "%s: verdict %d for %d, step %llu for %lld, line %llu: %s", name, p.verdict, verdict,
           (unsigned long long)p.step, (long long)step, (unsigned long long)p.line, p.reason);
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
static inline void add_end(text *t, size_t from, const char *end) {
    char sum[65];
    prk_sha256_hex(t->bytes + from, t->size - from, sum);
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

static inline text small_json(void) {
    text t = {NULL, 0, 0};
    add_text(&t, json_head);
    for (size_t i = 0; i < LENGTH(json_steps); i++) {
        add_text(&t, json_steps[i]);
    }
    add_end(&t, 0, "0xf0aa05b813c4d");
    return t;
}

enum { MPU, BLS5, PRIMO, PRIMO3, PARI, TREE, JSON, SMALL };
static text small[SMALL];
static const char *const small_names[SMALL] = {"MPU",  "MPU BLS5",   "Primo 4", "Primo 3",
                                               "PARI", "PARI n - 1", "JSON"};

static inline void make_small(void) {
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
// The checksum that the lines before the last now have.
static inline void mend(text *t) {
    const char *last = memmem(t->bytes, t->size, "{\"end\"", 6);
    if (last == NULL) {
        return;
    }
    text mended = copy_of(t->bytes, (size_t)(last - t->bytes));
    add_end(&mended, 0, "0xf0aa05b813c4d");
    drop(t);
    *t = mended;
}
static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
// --- Published certificates ----------------------------------------------------------------------

// A line of a manifest, and the file that it is of.
typedef struct published {
    const char *name, *expect, *note;
    char path[4096];
} published;

// Each file of a manifest. False: it cannot be read.
static inline bool each_published(const char *manifest, void (*visit)(const published *)) {
    FILE *file = fopen(manifest, "r");
    EXPECT(file != NULL, "%s cannot be read", manifest);
    if (file == NULL) {
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        char *next = line;
        published p = {.name = strsep(&next, "\t"), .expect = strsep(&next, "\t")};
        strsep(&next, "\t");
        p.note = strsep(&next, "\t");
        if (p.name[0] == '#' || p.note == NULL) {
            continue;
        }
        snprintf(p.path, sizeof p.path, "%.*s%s", (int)(strrchr(manifest, '/') + 1 - manifest),
                 manifest, p.name);
        visit(&p);
    }
    free(line);
    fclose(file);
    return true;
}

// What needs seconds without lanes.
static inline bool is_large(const text *t) { return t->size > 50000; }

static inline void say_none_is_published(const char *program) {
    printf("%s: NO PUBLISHED CERTIFICATES ARE AT HAND: set PRIMALITY_SHARED to the folder that "
           "holds certs/\n",
           program);
}

#endif
