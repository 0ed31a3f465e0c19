// SPDX-License-Identifier: Apache-2.0
//
// Certificates of Math::Prime::Util: a head, then blocks in any order, each a type and lines of a
// key and a value. Blocks that nothing leads to, and a second one for a number, are allowed: MPU's
// own description of the form has them.

#include <stdlib.h>
#include <string.h>

#include "../include/prk_kernels.h"
#include "../system/memory.h"
#include "reader.h"

typedef enum key {
    KEY_N,
    KEY_A,
    KEY_B,
    KEY_M,
    KEY_Q,
    KEY_X,
    KEY_Y,
    KEY_S,
    KEY_R,
    KEY_J,
    KEY_T,
    KEY_LP,
    KEY_LQ,
    KEYS,
} key;
static const char *const key_names[KEYS] = {"N", "A", "B", "M", "Q",  "X", "Y",
                                            "S", "R", "J", "T", "LP", "LQ"};
#define BIT(name) (1u << KEY_##name)

// The types, and which keys each has.
typedef enum type { SMALL, ECPP, ECPP3, ECPP4, BLS3, BLS15, POCKLINGTON, BLS5, LUCAS, TYPES } type;
static const struct {
    const char *name;
    unsigned keys;
    bool has_primes; // Q[i]
    bool has_bases;  // A[i]
    prk_step_kind kind;
} types[TYPES] = {
    [SMALL] = {"Small", BIT(N), false, false, PRK_STEP_KINDS},
    [ECPP] = {"ECPP", BIT(N) | BIT(A) | BIT(B) | BIT(M) | BIT(Q) | BIT(X) | BIT(Y), false, false,
              PRK_STEP_CURVE},
    [ECPP3] = {"ECPP3", BIT(N) | BIT(S) | BIT(R) | BIT(A) | BIT(B) | BIT(T), false, false,
               PRK_STEP_CURVE},
    [ECPP4] = {"ECPP4", BIT(N) | BIT(S) | BIT(R) | BIT(J) | BIT(T), false, false, PRK_STEP_CURVE},
    [BLS3] = {"BLS3", BIT(N) | BIT(Q) | BIT(A), false, false, PRK_STEP_BLS3},
    [BLS15] = {"BLS15", BIT(N) | BIT(Q) | BIT(LP) | BIT(LQ), false, false, PRK_STEP_BLS15},
    [POCKLINGTON] = {"Pocklington", BIT(N) | BIT(Q) | BIT(A), false, false, PRK_STEP_POCKLINGTON},
    [BLS5] = {"BLS5", BIT(N), true, true, PRK_STEP_BLS5},
    [LUCAS] = {"Lucas", BIT(N) | BIT(A), true, false, PRK_STEP_LUCAS},
};

// Q[i] or A[i] as it was read. Sorted by what it is and i when the block ends.
typedef struct entry {
    bool is_base;
    uint64_t i;
    prk_span value;
} entry;

typedef struct mpu {
    prk_reader *reader;
    int base;
    uint64_t number; // of the block, 0 before the first
    bool is_open;    // a block is being read
    bool is_closed;  // it has had its line of dashes
    type type;
    prk_span head; // its first line
    unsigned present;
    prk_span values[KEYS];
    entry *entries;
    size_t count, room;
} mpu;

static bool read_value(mpu *m, key k, mpz_t value) {
    return prk_read_number(m->reader, m->values[k], m->base, key_names[k], m->number, value);
}

// The first word of a line, and what follows it.
static void split(prk_span line, prk_span *word, prk_span *rest) {
    size_t length = 0;
    while (length < line.length && line.start[length] != ' ' && line.start[length] != '\t') {
        length++;
    }
    *word = (prk_span){line.start, length, line.line};
    *rest = prk_span_trimmed(prk_span_from(line, length));
}

static bool begin_block(mpu *m, prk_span line, prk_span name) {
    m->number++;
    m->is_open = true;
    m->is_closed = false;
    m->head = line;
    m->present = 0;
    m->count = 0;
    for (int i = 0; i < TYPES; i++) {
        if (prk_span_is(name, types[i].name)) {
            m->type = (type)i;
            return true;
        }
    }
    return PRK_UNREADABLE(m->reader, m->number, line.line, "the block is of no known type: %.*s",
                          (int)(name.length < 40 ? name.length : 40), name.start);
}

static bool add_entry(mpu *m, bool is_base, uint64_t i, prk_span value) {
    // The product of the first 180,000 primes has more than a million digits.
    if (m->count == 360000) {
        return PRK_UNREADABLE(m->reader, m->number, value.line,
                              "there are more primes than N can have");
    }
    entry *grown = prk_memory_grown(m->entries, m->count, &m->room, sizeof *grown);
    if (grown == NULL) {
        return prk_reader_starved(m->reader);
    }
    m->entries = grown;
    m->entries[m->count++] = (entry){is_base, i, value};
    return true;
}

static bool read_key(mpu *m, prk_span line) {
    prk_span word, value;
    split(line, &word, &value);
    if (m->is_closed) {
        return PRK_UNREADABLE(m->reader, m->number, line.line, "the block has ended already");
    }
    for (int k = 0; k < KEYS; k++) {
        if (!prk_span_is(word, key_names[k]) || (types[m->type].keys >> k & 1) == 0) {
            continue;
        }
        if (m->present >> k & 1) {
            return PRK_UNREADABLE(m->reader, m->number, line.line, "%s is there twice",
                                  key_names[k]);
        }
        if (value.length == 0) {
            return PRK_UNREADABLE(m->reader, m->number, line.line, "%s is empty", key_names[k]);
        }
        m->present |= 1u << k;
        m->values[k] = value;
        return true;
    }
    const bool is_base = word.length > 0 && word.start[0] == 'A';
    if (word.length > 3 && word.start[1] == '[' && word.start[word.length - 1] == ']' &&
        (is_base ? types[m->type].has_bases : word.start[0] == 'Q' && types[m->type].has_primes)) {
        uint64_t i;
        if (!prk_span_count((prk_span){word.start + 2, word.length - 3, line.line}, &i)) {
            return PRK_UNREADABLE(m->reader, m->number, line.line,
                                  "what is within [] is no number");
        }
        if (value.length == 0) {
            return PRK_UNREADABLE(m->reader, m->number, line.line, "%c[%llu] is empty",
                                  word.start[0], (unsigned long long)i);
        }
        return add_entry(m, is_base, i, value);
    }
    return PRK_UNREADABLE(m->reader, m->number, line.line, "a %s block has no such line: %.*s",
                          types[m->type].name, (int)(line.length < 40 ? line.length : 40),
                          line.start);
}

// Primes first, then bases, by their numbers.
static int compare_entries(const void *left, const void *right) {
    const entry *a = left, *b = right;
    if (a->is_base != b->is_base) {
        return a->is_base ? 1 : -1;
    }
    return a->i < b->i ? -1 : a->i > b->i;
}

static bool read_prime(mpu *m, prk_step *step, const entry *e) {
    prk_step_prime *prime = prk_reader_add_prime(m->reader, step, e->value.line);
    if (prime == NULL ||
        !prk_read_number(m->reader, e->value, m->base, "Q[i]", m->number, prime->q)) {
        return false;
    }
    if (m->type == BLS5) {
        prime->has_base = true;
        mpz_set_ui(prime->a, 2);
    }
    return true;
}

// Q[0] of BLS5 is 2 and not written; a base that is not written is 2.
static bool read_primes(mpu *m, prk_step *step) {
    if (m->count > 0) {
        qsort(m->entries, m->count, sizeof *m->entries, compare_entries);
    }
    const entry two = {false, 0, {"2", 1, m->head.line}};
    if (m->type == BLS5 && !read_prime(m, step, &two)) {
        return false;
    }
    uint64_t next = 1;
    for (size_t i = 0; i < m->count; i++) {
        const entry *e = &m->entries[i];
        const unsigned long long place = e->i;
        if (i > 0 && compare_entries(e - 1, e) == 0) {
            return PRK_UNREADABLE(m->reader, m->number, e->value.line, "%c[%llu] is there twice",
                                  e->is_base ? 'A' : 'Q', place);
        }
        if (e->is_base) {
            if (e->i >= step->prime_count) {
                return PRK_UNREADABLE(m->reader, m->number, e->value.line,
                                      "there is A[%llu] and no Q[%llu]", place, place);
            }
            if (!prk_read_number(m->reader, e->value, m->base, "A[i]", m->number,
                                 step->primes[e->i].a)) {
                return false;
            }
        } else if (m->type == BLS5 && e->i == 0) { // who writes it may write nothing else
            if (!prk_read_number(m->reader, e->value, m->base, "Q[0]", m->number,
                                 step->primes[0].q)) {
                return false;
            }
            if (mpz_cmp_ui(step->primes[0].q, 2) != 0) {
                return prk_refuse(m->reader->problem, PRK_CERTIFICATE_INVALID, m->number,
                                  e->value.line, "Q[0] is not 2");
            }
        } else {
            if (e->i != next) {
                return PRK_UNREADABLE(m->reader, m->number, e->value.line,
                                      "there is Q[%llu] where Q[%llu] was expected", place,
                                      (unsigned long long)next);
            }
            next++;
            if (!read_prime(m, step, e)) {
                return false;
            }
        }
    }
    if (step->prime_count == 0) {
        return PRK_UNREADABLE(m->reader, m->number, m->head.line, "the block has no primes");
    }
    return m->type != LUCAS || read_value(m, KEY_A, step->a);
}

static bool read_one_prime(mpu *m, prk_step *step) {
    prk_step_prime *prime = prk_reader_add_prime(m->reader, step, m->head.line);
    if (prime == NULL || !read_value(m, KEY_Q, prime->q)) {
        return false;
    }
    if (m->type != BLS15) {
        prime->has_base = true;
        return read_value(m, KEY_A, prime->a);
    }
    prime->is_plus = true;
    return prk_read_int64(m->reader, m->values[KEY_LP], m->base, "LP", m->number, &prime->p) &&
           prk_read_int64(m->reader, m->values[KEY_LQ], m->base, "LQ", m->number, &prime->lucas_q);
}

static bool read_point(mpu *m, prk_step *step) {
    if (!read_value(m, KEY_M, step->m) || !read_value(m, KEY_Q, step->q) ||
        !read_value(m, KEY_A, step->a) || !read_value(m, KEY_B, step->b) ||
        !read_value(m, KEY_X, step->x) || !read_value(m, KEY_Y, step->y) ||
        !prk_resolve_quotient(m->reader, step)) {
        return false;
    }
    mpz_mod(step->a, step->a, step->n);
    mpz_mod(step->b, step->b, step->n);
    mpz_mod(step->x, step->x, step->n);
    mpz_mod(step->y, step->y, step->n);
    return true;
}

static bool read_primo(mpu *m, prk_step *step) {
    const bool has_j = m->type == ECPP4;
    return read_value(m, KEY_S, step->s) && read_value(m, KEY_R, step->q) &&
           (has_j ? read_value(m, KEY_J, step->j)
                  : read_value(m, KEY_A, step->primo_a) && read_value(m, KEY_B, step->primo_b)) &&
           read_value(m, KEY_T, step->t) && prk_resolve_product(m->reader, step) &&
           prk_resolve_point(m->reader, step, has_j, true);
}

// A number below 2^64 that needs no step.
static bool read_small(mpu *m) {
    mpz_t n;
    mpz_init(n);
    bool ok = read_value(m, KEY_N, n);
    if (ok && !prk_is_word(n)) {
        ok = prk_refuse(m->reader->problem, PRK_CERTIFICATE_INVALID, m->number, m->head.line,
                        "N is not below 2^64");
    } else if (ok && !prk_kernels()->is_prime(mpz_get_ui(n))) {
        ok = prk_refuse(m->reader->problem, PRK_CERTIFICATE_INVALID, m->number, m->head.line,
                        "N is not prime");
    }
    mpz_clear(n);
    return ok;
}

static bool end_block(mpu *m) {
    if (!m->is_open) {
        return true;
    }
    m->is_open = false;
    for (int k = 0; k < KEYS; k++) {
        if ((types[m->type].keys & ~m->present) >> k & 1) {
            return PRK_UNREADABLE(m->reader, m->number, m->head.line, "%s is missing",
                                  key_names[k]);
        }
    }
    if (m->type == BLS5 && !m->is_closed) {
        return PRK_UNREADABLE(m->reader, m->number, m->head.line,
                              "the line of dashes at the end is missing");
    }
    // Blocks that nothing leads to may have larger numbers than the candidate.
    const size_t bits = m->reader->bits;
    m->reader->bits = 0;
    if (m->type == SMALL) {
        const bool is_read = read_small(m);
        m->reader->bits = bits;
        return is_read;
    }
    prk_step *step = prk_reader_add_step(m->reader, types[m->type].kind, m->number, m->head.line);
    bool ok = step != NULL && read_value(m, KEY_N, step->n);
    if (ok && mpz_cmp_ui(step->n, 1) <= 0) {
        ok = prk_refuse(m->reader->problem, PRK_CERTIFICATE_INVALID, m->number, m->head.line,
                        "N is less than 2");
    }
    if (ok) {
        m->reader->bits = mpz_sizeinbase(step->n, 2);
        ok = m->type == ECPP                        ? read_point(m, step)
             : m->type == ECPP3 || m->type == ECPP4 ? read_primo(m, step)
             : types[m->type].has_primes            ? read_primes(m, step)
                                                    : read_one_prime(m, step);
    }
    ok = ok && prk_reader_close_step(m->reader, step);
    m->reader->bits = bits;
    return ok;
}

// A line that is neither blank nor a comment.
static bool next_line(mpu *m, prk_span *line) {
    while (prk_next_line(m->reader, line)) {
        if (line->length > 0 && line->start[0] != '#') {
            return true;
        }
    }
    return false;
}

static bool read_head(mpu *m) {
    bool has_version = false, has_base = false, has_title = false;
    prk_span line, word, value;
    next_line(m, &line); // which told the form
    while (next_line(m, &line)) {
        split(line, &word, &value);
        if (prk_span_is(word, "Version") && !has_version) {
            has_version = true;
            if (!prk_span_is(value, "1.0")) {
                return PRK_UNREADABLE(m->reader, 0, line.line, "the version is not 1.0");
            }
        } else if (prk_span_is(word, "Base") && !has_base && !has_title) {
            has_base = true;
            m->base = prk_span_is(value, "10")   ? 10
                      : prk_span_is(value, "16") ? 16
                      : prk_span_is(value, "62") ? 62
                                                 : 0;
            if (m->base == 0) {
                return PRK_UNREADABLE(m->reader, 0, line.line, "the base is none of 10, 16, 62");
            }
        } else if (prk_span_is(line, "Proof for:") && !has_title) {
            has_title = true;
        } else if (has_title && prk_span_is(word, "N")) {
            if (!has_version) {
                return PRK_UNREADABLE(m->reader, 0, line.line, "Version is missing");
            }
            return prk_read_candidate(m->reader, value, m->base);
        } else {
            return PRK_UNREADABLE(m->reader, 0, line.line,
                                  "the head has no such line, or has it twice: %.*s",
                                  (int)(line.length < 40 ? line.length : 40), line.start);
        }
    }
    return PRK_UNREADABLE(m->reader, 0, m->reader->line, "the text ends before the candidate");
}

static bool read_blocks(mpu *m) {
    prk_span line, word, value;
    while (next_line(m, &line)) {
        split(line, &word, &value);
        if (prk_span_is(word, "Type")) {
            if (!end_block(m) || !begin_block(m, line, value)) {
                return false;
            }
        } else if (prk_span_is(line, "[MPU - Primality Certificate]")) { // another certificate
            prk_unread_line(m->reader, line);
            break;
        } else if (!m->is_open) {
            return PRK_UNREADABLE(m->reader, 0, line.line, "Type was expected: %.*s",
                                  (int)(line.length < 40 ? line.length : 40), line.start);
        } else if (line.start[0] == '-' && types[m->type].has_primes && !m->is_closed) {
            m->is_closed = true;
        } else if (!read_key(m, line)) {
            return false;
        }
    }
    return end_block(m);
}

bool prk_read_mpu(prk_reader *reader) {
    mpu m = {.reader = reader, .base = 10};
    reader->certificate->format = PRK_CERTIFICATE_MPU;
    const bool ok = read_head(&m) && read_blocks(&m);
    free(m.entries);
    return ok;
}
