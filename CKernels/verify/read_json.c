// SPDX-License-Identifier: Apache-2.0
//
// Our own form: one JSON object a line [RFC8259], a head, steps, and an end with a checksum of the
// lines before it. A text may hold many certificates. Each line is first looked through as JSON,
// which leaves where the values of known keys stand; then read as what it is.

#include <string.h>

#include "../include/prk_sha256.h"
#include "../numbers/digits.h"
#include "reader.h"

typedef enum key {
    KEY_CERTIFICATE,
    KEY_N,
    KEY_BITS,
    KEY_DIGITS,
    KEY_BY,
    KEY_I,
    KEY_KIND,
    KEY_D,
    KEY_T,
    KEY_S,
    KEY_J,
    KEY_A,
    KEY_B,
    KEY_X,
    KEY_Q,
    KEY_LP,
    KEY_LQ,
    KEY_BOUND,
    KEY_BASE,
    KEY_L,
    KEY_PLUS,
    KEY_END,
    KEY_SHA256,
    KEYS,
} key;
static const char *const key_names[KEYS] = {
    "certificate", "n", "bits", "digits", "by", "i",     "kind", "d", "t",    "s",   "j",     "a",
    "b",           "x", "q",    "lp",     "lq", "bound", "base", "l", "plus", "end", "sha256"};

// How much one object may hold: keys are compared with each other, and vectors with the bits of a
// word.
enum { MOST_KEYS = 64, MOST_DEPTH = 60 };

typedef enum json_type { JSON_STRING, JSON_NUMBER, JSON_ARRAY, JSON_OTHER } json_type;

typedef struct value {
    bool is_there;
    json_type type;
    prk_span text; // a string without its quotes, a vector with its brackets
} value;

// Where in a line, or in a vector of it.
typedef struct cursor {
    prk_reader *reader;
    prk_span line;   // without blanks at its ends
    size_t at;       // in it
    uint64_t number; // the step, from 1 on; 0: the head or the end
} cursor;

typedef struct json {
    cursor c;
    value values[KEYS];
    prk_span keys[MOST_KEYS];
    size_t key_count;
} json;

// --- A line as JSON ------------------------------------------------------------------------------

static bool refuse(cursor *c, const char *what) {
    return PRK_UNREADABLE(c->reader, c->number, c->line.line, "%s", what);
}

static bool refuse_syntax(cursor *c) {
    return PRK_UNREADABLE(c->reader, c->number, c->line.line,
                          "the line is no JSON object from byte %zu on", c->at + 1);
}

static char next_char(const cursor *c) {
    return c->at < c->line.length ? c->line.start[c->at] : '\0';
}

static void skip_blanks(cursor *c) {
    while (next_char(c) == ' ' || next_char(c) == '\t') {
        c->at++;
    }
}

static bool take(cursor *c, char wanted) {
    skip_blanks(c);
    if (next_char(c) != wanted) {
        return refuse_syntax(c);
    }
    c->at++;
    return true;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_string(cursor *c, prk_span *text, bool *has_escape) {
    if (!take(c, '"')) {
        return false;
    }
    *has_escape = false;
    const size_t start = c->at;
    for (;; c->at++) {
        const char next = next_char(c);
        if ((unsigned char)next < ' ') { // also the end of the line
            return refuse_syntax(c);
        }
        if (next == '"') {
            break;
        }
        if (next == '\\') {
            *has_escape = true;
            c->at++;
            const char escaped = next_char(c);
            if (escaped == '\0' || strchr("\"\\/bfnrtu", escaped) == NULL) {
                return refuse_syntax(c);
            }
            for (int i = 0; escaped == 'u' && i < 4; i++) {
                c->at++;
                if (!is_hex(next_char(c))) {
                    return refuse_syntax(c);
                }
            }
        }
    }
    *text = (prk_span){c->line.start + start, c->at - start, c->line.line};
    c->at++;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool skip_digits(cursor *c) {
    if (!is_digit(next_char(c))) {
        return refuse_syntax(c);
    }
    while (is_digit(next_char(c))) {
        c->at++;
    }
    return true;
}

// `*type` is JSON_OTHER for what is no integer.
static bool take_json_number(cursor *c, json_type *type) {
    *type = JSON_NUMBER;
    c->at += next_char(c) == '-';
    const bool is_zero = next_char(c) == '0';
    const size_t start = c->at;
    if (!skip_digits(c)) {
        return false;
    }
    if (is_zero && c->at > start + 1) {
        return refuse_syntax(c);
    }
    if (next_char(c) == '.') {
        *type = JSON_OTHER;
        c->at++;
        if (!skip_digits(c)) {
            return false;
        }
    }
    if (next_char(c) == 'e' || next_char(c) == 'E') {
        *type = JSON_OTHER;
        c->at++;
        c->at += next_char(c) == '-' || next_char(c) == '+';
        return skip_digits(c);
    }
    return true;
}

static bool take_word(cursor *c) {
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        if (prk_span_begins(prk_span_from(c->line, c->at), words[i])) {
            c->at += strlen(words[i]);
            return true;
        }
    }
    return refuse_syntax(c);
}

// A value that is neither a vector nor an object.
static bool take_plain(cursor *c, value *v) {
    const size_t start = c->at;
    bool has_escape;
    v->type = JSON_OTHER;
    if (next_char(c) == '"') {
        v->type = JSON_STRING;
        return take_string(c, &v->text, &has_escape);
    }
    if (next_char(c) == '-' || is_digit(next_char(c))) {
        if (!take_json_number(c, &v->type)) {
            return false;
        }
    } else if (!take_word(c)) {
        return false;
    }
    v->text = (prk_span){c->line.start + start, c->at - start, c->line.line};
    return true;
}

// Any value. What is open is told by a bit each, an object's being 1.
static bool take_value(cursor *c, value *v) {
    skip_blanks(c);
    const size_t start = c->at;
    if (next_char(c) != '[' && next_char(c) != '{') {
        return take_plain(c, v);
    }
    v->type = next_char(c) == '[' ? JSON_ARRAY : JSON_OTHER;
    uint64_t objects = 0;
    int depth = 0;
    bool wants_value = true; // else a comma or the end
    do {
        skip_blanks(c);
        const bool in_object = depth > 0 && (objects & 1) != 0;
        const char next = next_char(c);
        if (!wants_value && next == ',') {
            c->at++;
            wants_value = true;
            skip_blanks(c);
            if (next_char(c) == ']' || next_char(c) == '}') {
                return refuse_syntax(c);
            }
            continue;
        }
        if (depth > 0 && next == (in_object ? '}' : ']')) {
            c->at++;
            depth--;
            objects >>= 1;
            wants_value = false;
            continue;
        }
        if (!wants_value) {
            return refuse_syntax(c);
        }
        if (in_object) {
            prk_span name;
            bool has_escape;
            if (!take_string(c, &name, &has_escape) || !take(c, ':')) {
                return false;
            }
            skip_blanks(c);
        }
        if (next_char(c) == '[' || next_char(c) == '{') {
            if (depth == MOST_DEPTH) {
                return refuse(c, "the line is nested too deeply");
            }
            objects = objects << 1 | (next_char(c) == '{');
            depth++;
            c->at++;
        } else {
            value inner;
            if (!take_plain(c, &inner)) {
                return false;
            }
            wants_value = false;
        }
    } while (depth > 0);
    v->text = (prk_span){c->line.start + start, c->at - start, c->line.line};
    return true;
}

static bool take_member(json *j) {
    prk_span name;
    bool has_escape;
    if (!take_string(&j->c, &name, &has_escape)) {
        return false;
    }
    if (has_escape) {
        return refuse(&j->c, "a key has an escape");
    }
    if (j->key_count == MOST_KEYS) {
        return refuse(&j->c, "the line has too many keys");
    }
    for (size_t i = 0; i < j->key_count; i++) {
        if (name.length == j->keys[i].length &&
            memcmp(name.start, j->keys[i].start, name.length) == 0) {
            return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line, "%.*s is there twice",
                                  (int)(name.length < 40 ? name.length : 40), name.start);
        }
    }
    j->keys[j->key_count++] = name;
    value v = {.is_there = true};
    if (!take(&j->c, ':') || !take_value(&j->c, &v)) {
        return false;
    }
    for (int k = 0; k < KEYS; k++) {
        if (prk_span_is(name, key_names[k])) {
            j->values[k] = v;
        }
    }
    return true;
}

// Whether all of the line is UTF-8: no other form of a character than its shortest, no surrogates.
static bool is_utf8(prk_span line) {
    for (size_t i = 0; i < line.length;) {
        const unsigned char first = (unsigned char)line.start[i++];
        if (first < 0x80) {
            continue;
        }
        const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4 || line.length - i < (size_t)more) {
            return false;
        }
        uint32_t value = first & (0x3f >> more);
        for (int k = 0; k < more; k++) {
            const unsigned char next = (unsigned char)line.start[i++];
            if ((next & 0xc0) != 0x80) {
                return false;
            }
            value = value << 6 | (next & 0x3f);
        }
        if (value > 0x10ffff || (more == 2 && (value < 0x800 || value >> 11 == 0x1b)) ||
            (more == 3 && value < 0x10000)) {
            return false;
        }
    }
    return true;
}

static bool take_object(json *j) {
    if (!is_utf8(j->c.line)) {
        return refuse(&j->c, "the line is not UTF-8");
    }
    j->c.at = 0;
    j->key_count = 0;
    memset(j->values, 0, sizeof j->values);
    if (!take(&j->c, '{')) {
        return false;
    }
    skip_blanks(&j->c);
    bool has_more = next_char(&j->c) != '}';
    while (has_more) {
        if (!take_member(j)) {
            return false;
        }
        skip_blanks(&j->c);
        has_more = next_char(&j->c) == ',';
        j->c.at += has_more;
    }
    return take(&j->c, '}') && (j->c.at == j->c.line.length || refuse_syntax(&j->c));
}

// --- Values --------------------------------------------------------------------------------------

static bool wants(json *j, key k) {
    if (!j->values[k].is_there) {
        return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line, "%s is missing",
                              key_names[k]);
    }
    return true;
}

static bool refuse_type(json *j, key k) {
    return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line, "%s is of another type",
                          key_names[k]);
}

static bool read_span(json *j, key k, const value *v, mpz_t out) {
    if (v->type == JSON_NUMBER || v->type == JSON_STRING) {
        return prk_read_number(j->c.reader, v->text, PRK_NUMBER_JSON, key_names[k], j->c.number,
                               out);
    }
    return refuse_type(j, k);
}

static bool read_integer(json *j, key k, mpz_t out) {
    return wants(j, k) && read_span(j, k, &j->values[k], out);
}

static bool read_int64(json *j, key k, int64_t *out) {
    if (!wants(j, k)) {
        return false;
    }
    if (j->values[k].type != JSON_NUMBER) {
        return refuse_type(j, k);
    }
    return prk_read_int64(j->c.reader, j->values[k].text, PRK_NUMBER_DECIMAL, key_names[k],
                          j->c.number, out);
}

static bool read_count(json *j, key k, uint64_t *out) {
    if (!wants(j, k)) {
        return false;
    }
    const value *v = &j->values[k];
    return (v->type == JSON_NUMBER && prk_span_count(v->text, out)) || refuse_type(j, k);
}

// A vector is walked element by element. It has been looked through, so that its form is right.
static bool begin_walk(json *j, key k, cursor *w) {
    if (!wants(j, k)) {
        return false;
    }
    if (j->values[k].type != JSON_ARRAY) {
        return refuse_type(j, k);
    }
    *w = (cursor){j->c.reader, j->values[k].text, 1, j->c.number};
    return true;
}

// The next element; false: there is none.
static bool walk_on(cursor *w, value *v) {
    skip_blanks(w);
    if (next_char(w) == ',') {
        w->at++;
        skip_blanks(w);
    }
    return next_char(w) != ']' && take_value(w, v);
}

static bool refuse_lengths(json *j, key primes, key bases) {
    return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line,
                          "%s and %s are not equally long", key_names[primes], key_names[bases]);
}

// Two vectors of the same length: primes, and a base each or, with `is_plus`, [p, q] each.
static bool read_primes(json *j, prk_step *step, key primes, key bases, bool is_plus) {
    cursor p, b;
    if (!begin_walk(j, primes, &p) || !begin_walk(j, bases, &b)) {
        return false;
    }
    value v, of;
    while (walk_on(&p, &v)) {
        if (!walk_on(&b, &of)) {
            return refuse_lengths(j, primes, bases);
        }
        prk_step_prime *prime = prk_reader_add_prime(j->c.reader, step, j->c.line.line);
        if (prime == NULL || !read_span(j, primes, &v, prime->q)) {
            return false;
        }
        prime->is_plus = is_plus;
        if (!is_plus) {
            if (!read_span(j, bases, &of, prime->a)) {
                return false;
            }
            // 0 in a form that leaves it to the verifier to find one.
            prime->has_base = step->kind != PRK_STEP_PARI_MINUS || mpz_sgn(prime->a) != 0;
            continue;
        }
        if (of.type != JSON_ARRAY) {
            return refuse_type(j, bases);
        }
        cursor pair = {j->c.reader, of.text, 1, j->c.number};
        value first, second, third;
        if (!walk_on(&pair, &first) || !walk_on(&pair, &second) || walk_on(&pair, &third) ||
            first.type != JSON_NUMBER || second.type != JSON_NUMBER) {
            return refuse_type(j, bases);
        }
        if (!prk_read_int64(j->c.reader, first.text, PRK_NUMBER_DECIMAL, "p", j->c.number,
                            &prime->p) ||
            !prk_read_int64(j->c.reader, second.text, PRK_NUMBER_DECIMAL, "q", j->c.number,
                            &prime->lucas_q)) {
            return false;
        }
    }
    if (walk_on(&b, &of)) {
        return refuse_lengths(j, primes, bases);
    }
    return step->prime_count > 0 || refuse(&j->c, "the step has no primes");
}

// --- Steps ---------------------------------------------------------------------------------------

static bool read_curve(json *j, prk_step *step) {
    const bool has_j = j->values[KEY_J].is_there;
    if (has_j && (j->values[KEY_A].is_there || j->values[KEY_B].is_there)) {
        return refuse(&j->c, "the curve is given by j and by a and b");
    }
    if (j->values[KEY_D].is_there && !read_int64(j, KEY_D, &step->d)) {
        return false;
    }
    mpz_t trace;
    mpz_init(trace);
    const bool ok =
        read_integer(j, KEY_T, trace) && read_integer(j, KEY_S, step->s) &&
        (has_j ? read_integer(j, KEY_J, step->j)
               : read_integer(j, KEY_A, step->primo_a) && read_integer(j, KEY_B, step->primo_b)) &&
        read_integer(j, KEY_X, step->t) && prk_resolve_trace(j->c.reader, step, trace) &&
        prk_resolve_point(j->c.reader, step, has_j, false);
    mpz_clear(trace);
    return ok;
}

static bool read_one_prime(json *j, prk_step *step) {
    prk_step_prime *prime = prk_reader_add_prime(j->c.reader, step, j->c.line.line);
    if (prime == NULL || !read_integer(j, KEY_Q, prime->q)) {
        return false;
    }
    if (step->kind == PRK_STEP_BLS3) {
        prime->has_base = true;
        return read_integer(j, KEY_A, prime->a);
    }
    prime->is_plus = true;
    return read_int64(j, KEY_LP, &prime->p) && read_int64(j, KEY_LQ, &prime->lucas_q);
}

static bool read_lucas(json *j, prk_step *step) {
    cursor p;
    value v;
    if (!read_integer(j, KEY_A, step->a) || !begin_walk(j, KEY_Q, &p)) {
        return false;
    }
    while (walk_on(&p, &v)) {
        prk_step_prime *prime = prk_reader_add_prime(j->c.reader, step, j->c.line.line);
        if (prime == NULL || !read_span(j, KEY_Q, &v, prime->q)) {
            return false;
        }
    }
    return step->prime_count > 0 || refuse(&j->c, "the step has no primes");
}

static bool read_kind(json *j, prk_step *step) {
    switch (step->kind) {
    case PRK_STEP_CURVE:
        return read_curve(j, step);
    case PRK_STEP_PRIMO_MINUS:
    case PRK_STEP_PRIMO_PLUS: {
        const bool is_plus = step->kind == PRK_STEP_PRIMO_PLUS;
        return read_integer(j, KEY_S, step->s) &&
               read_integer(j, is_plus ? KEY_Q : KEY_B, step->a) &&
               prk_resolve_part(j->c.reader, step, is_plus);
    }
    case PRK_STEP_BLS3:
    case PRK_STEP_BLS15:
        return read_one_prime(j, step);
    case PRK_STEP_LUCAS:
        return read_lucas(j, step);
    case PRK_STEP_MORRISON:
        return read_primes(j, step, KEY_Q, KEY_L, true);
    case PRK_STEP_COMBINED:
        return read_primes(j, step, KEY_Q, KEY_A, false) &&
               read_primes(j, step, KEY_PLUS, KEY_L, true);
    case PRK_STEP_BLS7:
        return read_integer(j, KEY_BOUND, step->bound) && read_integer(j, KEY_BASE, step->a) &&
               read_primes(j, step, KEY_Q, KEY_A, false);
    default:
        return read_primes(j, step, KEY_Q, KEY_A, false);
    }
}

static bool read_step(json *j) {
    uint64_t i;
    j->c.number = j->c.reader->certificate->count + 1;
    if (!read_count(j, KEY_I, &i)) {
        return false;
    }
    if (i != j->c.number - 1) {
        return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line,
                              "i is %llu where %llu was expected", (unsigned long long)i,
                              (unsigned long long)j->c.number - 1);
    }
    if (!wants(j, KEY_KIND)) {
        return false;
    }
    if (j->values[KEY_KIND].type != JSON_STRING) {
        return refuse_type(j, KEY_KIND);
    }
    const prk_span name = j->values[KEY_KIND].text;
    int kind = 0;
    while (kind < PRK_STEP_KINDS && !prk_span_is(name, prk_step_kind_names[kind])) {
        kind++;
    }
    if (kind == PRK_STEP_KINDS) {
        return PRK_UNREADABLE(j->c.reader, j->c.number, j->c.line.line,
                              "the step is of no known kind: %.*s",
                              (int)(name.length < 40 ? name.length : 40), name.start);
    }
    prk_step *step =
        prk_reader_add_step(j->c.reader, (prk_step_kind)kind, j->c.number, j->c.line.line);
    if (step == NULL || !read_integer(j, KEY_N, step->n)) {
        return false;
    }
    if (mpz_cmp_ui(step->n, 1) <= 0) {
        return prk_refuse(j->c.reader->problem, PRK_CERTIFICATE_INVALID, j->c.number,
                          j->c.line.line, "n is less than 2");
    }
    return read_kind(j, step) && prk_reader_close_step(j->c.reader, step);
}

// --- Head and end --------------------------------------------------------------------------------

static bool read_head(json *j) {
    uint64_t version, count;
    if (!j->values[KEY_CERTIFICATE].is_there) {
        return refuse(&j->c, "the line is no head of a certificate");
    }
    if (!read_count(j, KEY_CERTIFICATE, &version)) {
        return false;
    }
    if (version != 1) {
        return refuse(&j->c, "the certificate is of no known version");
    }
    const value *n = &j->values[KEY_N];
    if (!wants(j, KEY_N)) {
        return false;
    }
    if (n->type != JSON_STRING && n->type != JSON_NUMBER) {
        return refuse_type(j, KEY_N);
    }
    if (!prk_read_candidate(j->c.reader, n->text, PRK_NUMBER_JSON)) {
        return false;
    }
    mpz_srcptr candidate = j->c.reader->certificate->n;
    if (j->values[KEY_BITS].is_there) {
        if (!read_count(j, KEY_BITS, &count)) {
            return false;
        }
        if (count != mpz_sizeinbase(candidate, 2)) {
            return refuse(&j->c, "bits is not the bit length of n");
        }
    }
    if (j->values[KEY_DIGITS].is_there) {
        if (!read_count(j, KEY_DIGITS, &count)) {
            return false;
        }
        if (count != prk_decimal_digits(candidate)) {
            return refuse(&j->c, "digits is not the number of decimal digits of n");
        }
    }
    if (j->values[KEY_BY].is_there && j->values[KEY_BY].type != JSON_STRING) {
        return refuse_type(j, KEY_BY);
    }
    return true;
}

static bool read_end(json *j, const char sum[65]) {
    j->c.number = 0;
    if (!wants(j, KEY_SHA256)) {
        return false;
    }
    if (j->values[KEY_SHA256].type != JSON_STRING) {
        return refuse_type(j, KEY_SHA256);
    }
    if (!prk_span_is(j->values[KEY_SHA256].text, sum)) {
        return refuse(&j->c, "sha256 is not that of the lines before");
    }
    j->c.reader->certificate->end_line = j->c.line.line;
    return read_integer(j, KEY_END, j->c.reader->certificate->end);
}

bool prk_read_json(prk_reader *reader) {
    reader->certificate->format = PRK_CERTIFICATE_JSON;
    json j = {.c = {.reader = reader}};
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    bool has_head = false;
    size_t start = reader->at;
    while (prk_next_line(reader, &j.c.line)) {
        j.c.number = has_head ? reader->certificate->count + 1 : 0;
        if (!take_object(&j)) {
            return false;
        }
        if (has_head && j.values[KEY_END].is_there && !j.values[KEY_I].is_there) {
            char sum[65];
            prk_sha256_end_hex(&hash, sum);
            return read_end(&j, sum);
        }
        if (!(has_head ? read_step(&j) : read_head(&j))) {
            return false;
        }
        has_head = true;
        prk_sha256_add(&hash, reader->text + start, reader->at - start);
        start = reader->at;
    }
    return PRK_UNREADABLE(reader, 0, reader->line, "the text ends before the certificate's end");
}
