// SPDX-License-Identifier: Apache-2.0
//
// The lines at the beginning of a PRP proof [GIMPSProof]:
//
//   PRP PROOF
//   VERSION=2
//   HASHSIZE=64
//   POWER=8
//   NUMBER=M216091
//
// each with a line feed at its end, in this order. NUMBER is Mp, 2^n+c or k*2^n+c.

#include <inttypes.h>
#include <string.h>

#include "../long/prp.h"
#include "certificate.h"

static const char first_line[] = "PRP PROOF\n";

bool prk_prp_is_proof(const char *text, size_t size) {
    return size >= sizeof first_line - 1 && memcmp(text, first_line, sizeof first_line - 1) == 0;
}

typedef struct lines {
    const char *text;
    size_t size, next;
    uint64_t line;
    prk_certificate_problem *problem;
} lines;

static bool refuse(lines *l, const char *what) {
    return prk_refuse(l->problem, PRK_CERTIFICATE_UNREADABLE, 0, l->line, "%s", what);
}

static bool is_at_end(const lines *l) { return l->next == l->size; }

static bool ends(lines *l) {
    return prk_refuse(l->problem, PRK_CERTIFICATE_INCOMPLETE, 0, l->line,
                      "the text ends within its first lines");
}

static bool take(lines *l, const char *word) {
    const size_t count = strlen(word);
    const size_t left = l->size - l->next;
    if (memcmp(l->text + l->next, word, count < left ? count : left) != 0) {
        return false;
    }
    l->next += count < left ? count : left;
    return count <= left;
}

// A word that has to stand there.
static bool need(lines *l, const char *word, const char *what) {
    return take(l, word) || (is_at_end(l) ? ends(l) : refuse(l, what));
}

// A number without a sign and leading zeros, below 2^63.
static bool read_number(lines *l, uint64_t *value, const char *what) {
    const size_t start = l->next;
    *value = 0;
    while (!is_at_end(l) && l->text[l->next] >= '0' && l->text[l->next] <= '9') {
        if (l->next - start == 18) {
            return refuse(l, what);
        }
        *value = 10 * *value + (uint64_t)(l->text[l->next++] - '0');
    }
    if (l->next == start) {
        return is_at_end(l) ? ends(l) : refuse(l, what);
    }
    return (l->text[start] != '0' || l->next == start + 1) || refuse(l, what);
}

static bool end_line(lines *l, const char *what) {
    if (!need(l, "\n", what)) {
        return false;
    }
    l->line++;
    return true;
}

static bool read_c(lines *l, int64_t *c) {
    static const char what[] = "NUMBER= is none of Mp, 2^n+c and k*2^n+c";
    const bool is_minus = take(l, "-");
    uint64_t size = 0;
    if ((!is_minus && !need(l, "+", what)) || !read_number(l, &size, what)) {
        return false;
    }
    *c = is_minus ? -(int64_t)size : (int64_t)size;
    return true;
}

static bool read_k_n_c(lines *l, prk_prp_number *number) {
    static const char what[] = "NUMBER= is none of Mp, 2^n+c and k*2^n+c";
    number->k = 1;
    if (take(l, "M")) {
        number->c = -1;
        return read_number(l, &number->n, what);
    }
    if (!take(l, "2^") && (!read_number(l, &number->k, what) || !need(l, "*2^", what))) {
        return false;
    }
    return read_number(l, &number->n, what) && read_c(l, &number->c);
}

static bool read_lines(lines *l, prk_prp_head *head) {
    uint64_t value = 0;
    if (!need(l, "PRP PROOF", "this is no PRP proof") || !end_line(l, "this is no PRP proof")) {
        return false;
    }
    if (!need(l, "VERSION=", "VERSION= does not follow") ||
        !read_number(l, &value, "VERSION= is no number")) {
        return false;
    }
    if (value != 1 && value != 2) {
        return refuse(l, "VERSION= is none of 1 and 2");
    }
    head->version = (uint32_t)value;
    if (!end_line(l, "VERSION= is none of 1 and 2") ||
        !need(l, "HASHSIZE=64", "HASHSIZE=64 does not follow, and no other size is read") ||
        !end_line(l, "HASHSIZE=64 does not follow, and no other size is read") ||
        !need(l, "POWER=", "POWER= does not follow") ||
        !read_number(l, &value, "POWER= is no number")) {
        return false;
    }
    if (value < 1 || value > PRK_PRP_MOST_POWER) {
        return refuse(l, "POWER= is not from 1 to 15");
    }
    head->power = (uint32_t)value;
    if (!is_at_end(l) && l->text[l->next] == 'x') {
        return refuse(l, "a proof of several parts, POWER=8x2, is not read");
    }
    if (!end_line(l, "POWER= is not from 1 to 15")) {
        return false;
    }
    if (!is_at_end(l) && l->text[l->next] == 'B') {
        return refuse(l, "a proof to another base than 3, BASE=, is not read");
    }
    if (!need(l, "NUMBER=", "NUMBER= does not follow") || !read_k_n_c(l, &head->number)) {
        return false;
    }
    if (!is_at_end(l) && l->text[l->next] == '/') {
        return refuse(l, "a proof about a number without known factors is read alone");
    }
    return end_line(l, "NUMBER= is none of Mp, 2^n+c and k*2^n+c");
}

prk_status prk_prp_read_head(const char *text, size_t size, prk_prp_head *head,
                             prk_certificate_problem *problem) {
    if (head == NULL || problem == NULL || (text == NULL && size > 0)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *head = (prk_prp_head){.version = 0};
    *problem = (prk_certificate_problem){.verdict = PRK_CERTIFICATE_VALID};
    lines l = {.text = text, .size = size, .line = 1, .problem = problem};
    if (size > 0 && !read_lines(&l, head)) {
        return PRK_STATUS_OK;
    }
    if (size == 0) {
        ends(&l);
        return PRK_STATUS_OK;
    }
    l.line--;
    switch (prk_prp_check(&head->number, &head->bits)) {
    case PRK_STATUS_OK:
        break;
    case PRK_STATUS_TOO_LARGE:
        refuse(&l, "NUMBER= is larger than any that is taken");
        break;
    default:
        refuse(&l, "NUMBER= is not k*2^n+c above 2^64 with k below 2^53, and c odd and below 2^31");
    }
    head->head = l.next;
    head->each = (head->bits + 7) / 8;
    head->total = head->head + (head->power + 1) * head->each;
    return PRK_STATUS_OK;
}
