// SPDX-License-Identifier: Apache-2.0
//
// Texts of certificates that are cut, changed or hostile, none of which may prove another number.
//
// damage_test [MANIFEST.tsv]

// getline, memmem
#define _GNU_SOURCE

#include <ctype.h>

#include "certificates.h"

static long mutations;

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

// Of so much, all where the commit chooses it and a part otherwise: what a reader does with a text
// shows in a part, and only what takes too long needs all.
static size_t much_of(uint64_t place, size_t all) { return is_sampled(place, 6) ? all : all / 32; }

static void test_hostile(void) {
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
        const size_t most = i == 0 ? PRK_CERTIFICATE_MOST_BYTES // of which one more is too many
                                   : much_of(i, PRK_CERTIFICATE_MOST_BYTES);
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
    size_t count = much_of(LENGTH(long_texts), 1000000);
    add_format(&t, "[PRIMO - Primality Certificate]\nFormat=4\nTestCount=%zu\n[Candidate]\n",
               count);
    add_text(&t, "N=$4000000000000000000000000000000000000000000000000000000000000001B\n");
    for (size_t i = 1; i <= count; i++) { // q = n, as far as reading looks
        add_format(&t, "[%zu]\nS=$1\nW=$1\nA=0\nB=$1\nT=0\n", i);
    }
    expect_quick("a million steps of Primo", &t);
    drop(&t);
    add_text(&t, "[MPU - Primality Certificate]\nVersion 1.0\nProof for:\n"
                 "N 1298074214633706907132624082305051\n");
    count = much_of(LENGTH(long_texts) + 1, 1000000);
    for (size_t i = 0; i < count; i++) {
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

// --- Published certificates, changed
// ---------------------------------------------------------------

static void test_published(const published *p) {
    if (strcmp(p->expect, "valid") != 0 || strstr(p->name, ".jsonl") != NULL) {
        return;
    }
    text t = file_text(p->path);
    if (!is_large(&t)) {
        test_mutations(p->name, &t, scaled(t.size < 3000 ? 200 : 20));
    }
    drop(&t);
}

int main(int argc, char **argv) {
    make_small();
    test_cut();
    test_bytes();
    for (int i = 0; i < SMALL; i++) {
        test_mutations(small_names[i], &small[i], scaled(3000));
    }
    test_hostile();
    for (int next = 1; next < argc; next++) {
        each_published(argv[next], test_published);
    }
    if (argc < 2) {
        say_none_is_published("damage_test");
    }
    for (int i = 0; i < SMALL; i++) {
        drop(&small[i]);
    }
    printf("damage_test: %s: %ld texts, %ld proofs, %ld changed texts: %d failures\n",
           prk_compiler(), texts, proofs, mutations, failures);
    return failures > 0;
}
