// SPDX-License-Identifier: Apache-2.0
//
// What a search by curves has found so far, as lines of JSON that outlive it. The next way down
// from a number and the invariants of a discriminant depend on nothing else: a search that looks
// here before it computes does what the first one did, and writes the same certificate.
//
// A line is a claim of whoever wrote the file. One that does not hold, or is no line of ours, is as
// if it was not there.

#include <stdlib.h>
#include <string.h>

#include "prove.h"

// What a step of fewer bits takes, some milliseconds, is not worth a line: all from there on takes
// a tenth of a second.
#define LEAST_BITS 600

// Digits of a discriminant, of which none has more than 7.
#define MOST_DIGITS 8

static const char head[] = "{\"journal\":1,\"n\":";

// --- Reading -------------------------------------------------------------------------------------

typedef struct reading {
    const char *at, *end;
} reading;

static bool skip(reading *r, const char *text) {
    const size_t size = strlen(text);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, text, size) != 0) {
        return false;
    }
    r->at += size;
    return true;
}

static size_t hex_digits(const reading *r) {
    const char *end = r->at;
    while (end < r->end && ((*end >= '0' && *end <= '9') || (*end >= 'a' && *end <= 'f'))) {
        end++;
    }
    return (size_t)(end - r->at);
}

// "0x…" or "-0x…" of no more digits than n has.
static bool take_number(prk_journal *j, reading *r, mpz_ptr x) {
    if (!skip(r, "\"")) {
        return false;
    }
    const bool is_negative = skip(r, "-");
    if (!skip(r, "0x")) {
        return false;
    }
    const size_t count = hex_digits(r);
    if (count == 0 || count > j->most_digits) {
        return false;
    }
    memcpy(j->digits, r->at, count);
    j->digits[count] = 0;
    r->at += count;
    if (!skip(r, "\"") || mpz_set_str(x, j->digits, 16) != 0) {
        return false;
    }
    if (is_negative) {
        mpz_neg(x, x);
    }
    return true;
}

static bool take_discriminant(reading *r, int32_t *d) {
    int32_t value = 0;
    int digits = 0;
    if (!skip(r, ",\"d\":-")) {
        return false;
    }
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (++digits > MOST_DIGITS) {
            return false;
        }
        value = 10 * value + (*r->at - '0');
    }
    *d = -value;
    return digits > 0;
}

// --- Lines ---------------------------------------------------------------------------------------

// A line about the number whose hexadecimal digits `n` points to, and what follows them.
struct prk_journal_line {
    const char *n, *end;
    size_t n_size;
    bool is_up;
};

static int by_number(const prk_journal_line *x, const prk_journal_line *y) {
    if (x->n_size != y->n_size) {
        return x->n_size < y->n_size ? -1 : 1;
    }
    const int order = memcmp(x->n, y->n, x->n_size);
    return order != 0 ? order : x->is_up - y->is_up;
}

// Those about one number in the order in which they were written.
static int by_number_and_place(const void *a, const void *b) {
    const prk_journal_line *x = a, *y = b;
    const int order = by_number(x, y);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static bool take_line(prk_journal *j, reading r) {
    prk_journal_line line = {.end = r.end};
    if (skip(&r, "{\"up\":\"0x")) {
        line.is_up = true;
    } else if (!skip(&r, "{\"down\":\"0x")) {
        return true;
    }
    line.n = r.at;
    line.n_size = hex_digits(&r);
    prk_journal_line *grown = prk_memory_grown(j->lines, j->count, &j->room, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    j->lines = grown;
    j->lines[j->count++] = line;
    return true;
}

// Whether a text is the beginning of n's head and nothing else: it was cut off when it was written.
static bool is_cut_head(const prk_growing_text *ours, const char *text, size_t size) {
    return size < ours->size && memcmp(text, ours->start, size) == 0;
}

static void put_head(prk_growing_text *t, mpz_srcptr n) {
    prk_text_put(t, "%s\"", head);
    prk_text_put_hex(t, n, "0x", 16);
    prk_text_put(t, "\"}\n");
}

// `*problem`: why the text is not to be gone on with.
static prk_status take_text(prk_journal *j, mpz_srcptr n, const char *text, size_t size,
                            const char **problem) {
    const char *line = memchr(text, '\n', size), *end = text + size;
    prk_growing_text ours = {.start = NULL};
    put_head(&ours, n);
    if (ours.is_lost) {
        free(ours.start);
        return PRK_STATUS_NO_MEMORY;
    }
    j->has_head = line != NULL && (size_t)(line + 1 - text) == ours.size &&
                  memcmp(text, ours.start, ours.size) == 0;
    if (!j->has_head && (line != NULL || !is_cut_head(&ours, text, size))) {
        const bool is_one =
            size >= sizeof head - 1 && line != NULL && memcmp(text, head, sizeof head - 1) == 0;
        *problem = is_one ? "the journal is that of another number, or its first line was damaged"
                          : "what is to be gone on with is no journal of a proof";
    }
    free(ours.start);
    while (j->has_head && ++line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (next == NULL) {
            break; // it was cut off
        }
        if (!take_line(j, (reading){line, next})) {
            return PRK_STATUS_NO_MEMORY;
        }
        line = next;
    }
    return PRK_STATUS_OK;
}

prk_status prk_journal_begin(prk_journal *j, mpz_srcptr n, const prk_prove_options *o,
                             const char **problem) {
    *problem = NULL;
    *j = (prk_journal){.sink = o->journal,
                       .context = o->journal_context,
                       .least_bits = o->journal_bits == 0 ? LEAST_BITS : o->journal_bits};
    j->most_digits = mpz_sizeinbase(n, 16);
    if (o->kept_size == 0) {
        return PRK_STATUS_OK;
    }
    j->digits = malloc(j->most_digits + 1);
    if (j->digits == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    const prk_status status = take_text(j, n, o->kept, o->kept_size, problem);
    if (j->count > 0) {
        qsort(j->lines, j->count, sizeof *j->lines, by_number_and_place);
    }
    return status;
}

void prk_journal_end(prk_journal *j) {
    free(j->lines);
    free(j->digits);
}

// --- Looking -------------------------------------------------------------------------------------

// The lines about n of one kind: `*count` from the one that is returned.
static const prk_journal_line *lines_of(const prk_journal *j, mpz_srcptr n, bool is_up,
                                        size_t *count) {
    *count = 0;
    prk_growing_text digits = {.start = NULL};
    if (j->count > 0) {
        prk_text_put_hex(&digits, n, "", 16);
    }
    if (j->count == 0 || digits.is_lost) { // without memory all is computed again
        free(digits.start);
        return NULL;
    }
    const prk_journal_line key = {.n = digits.start, .n_size = digits.size, .is_up = is_up};
    size_t low = 0, high = j->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (by_number(&j->lines[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low + *count < j->count && by_number(&j->lines[low + *count], &key) == 0) {
        ++*count;
    }
    free(digits.start);
    return j->lines + low;
}

// D, t and s of a line.
static bool take_way(prk_journal *j, const prk_journal_line *line, prk_down *down) {
    reading r = {line->n + line->n_size, line->end};
    return skip(&r, "\"") && take_discriminant(&r, &down->d) && skip(&r, ",\"t\":") &&
           take_number(j, &r, down->t) && skip(&r, ",\"s\":") && take_number(j, &r, down->s) &&
           skip(&r, "}") && r.at == r.end;
}

prk_status prk_journal_way(prk_search *search, prk_goal *goal, bool *found) {
    prk_journal *j = &search->journal;
    prk_status status = PRK_STATUS_OK;
    size_t count = 0;
    const prk_journal_line *lines = lines_of(j, goal->n, false, &count);
    *found = false;
    while (goal->kept < count && !*found && status == PRK_STATUS_OK) {
        if (prk_is_cancelled(search->effort.cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        if (!take_way(j, &lines[goal->kept++], &goal->down)) {
            continue;
        }
        status = prk_down_look(&goal->down, goal->n, search->scratch, search->effort.cancel, found);
        if (status == PRK_STATUS_OK && *found) {
            // What a look costs is not what the search spends, which is to go as it went.
            prk_effort apart = {.most = UINT64_MAX, .cancel = search->effort.cancel};
            status = prk_is_probable_prime(goal->down.q, &apart, search->scratch, found);
        }
    }
    return status;
}

bool prk_journal_has_way(prk_search *search, const prk_goal *goal) {
    prk_journal *j = &search->journal;
    size_t count = 0;
    const prk_journal_line *lines = lines_of(j, goal->n, false, &count);
    bool has = false;
    if (count > 0) {
        prk_down other;
        prk_down_init(&other);
        for (size_t i = 0; i < count && !has; i++) {
            has = take_way(j, &lines[i], &other) && other.d == goal->down.d &&
                  mpz_cmp(other.t, goal->down.t) == 0 && mpz_cmp(other.s, goal->down.s) == 0;
        }
        prk_down_clear(&other);
    }
    return has;
}

bool prk_journal_invariant(prk_search *search, const prk_goal *goal, mpz_ptr invariant) {
    prk_journal *j = &search->journal;
    size_t count = 0;
    const prk_journal_line *lines = lines_of(j, goal->n, true, &count);
    // The last one: what it takes the place of did not serve.
    while (count-- > 0) {
        int32_t d = 0;
        reading r = {lines[count].n + lines[count].n_size, lines[count].end};
        if (skip(&r, "\"") && take_discriminant(&r, &d) && d == goal->down.d &&
            skip(&r, ",\"j\":") && take_number(j, &r, invariant) && skip(&r, "}") &&
            r.at == r.end && mpz_sgn(invariant) >= 0 && mpz_cmp(invariant, goal->n) < 0) {
            return true;
        }
    }
    return false;
}

// --- Writing -------------------------------------------------------------------------------------

static void put_number(prk_growing_text *t, const char *before, mpz_srcptr x) {
    prk_text_put(t, "%s\"", before);
    prk_text_put_hex(t, x, "0x", 16);
    prk_text_put(t, "\"");
}

// A sink that takes no more is left alone; the search goes on without it.
static void hand_over(prk_journal *j, const prk_growing_text *t) {
    if (t->is_lost || !j->sink(j->context, t->start, t->size)) {
        j->sink = NULL;
    }
}

static void write_line(prk_search *search, const prk_goal *goal, bool is_up) {
    prk_journal *j = &search->journal;
    if (j->sink == NULL || mpz_sizeinbase(goal->n, 2) < j->least_bits) {
        return;
    }
    prk_growing_text t = {.start = NULL};
    if (!j->has_head) {
        put_head(&t, search->goals[0]->n);
        hand_over(j, &t);
        j->has_head = true;
        t.size = 0;
    }
    put_number(&t, is_up ? "{\"up\":" : "{\"down\":", goal->n);
    prk_text_put(&t, ",\"d\":%ld", (long)goal->down.d);
    if (is_up) {
        put_number(&t, ",\"j\":", goal->shown.j);
    } else {
        put_number(&t, ",\"t\":", goal->down.t);
        put_number(&t, ",\"s\":", goal->down.s);
    }
    prk_text_put(&t, "}\n");
    if (j->sink != NULL) {
        hand_over(j, &t);
    }
    free(t.start);
}

void prk_journal_write_way(prk_search *search, const prk_goal *goal) {
    write_line(search, goal, false);
}

void prk_journal_write_invariant(prk_search *search, const prk_goal *goal) {
    write_line(search, goal, true);
}
