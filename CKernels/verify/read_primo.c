// SPDX-License-Identifier: Apache-2.0
//
// Primo's certificates, formats 4 and 3: sections of Key=Value. A chain: the N of a step is the R
// of the one before.

#include <string.h>

#include "reader.h"

// What a line belongs to.
typedef enum section {
    SECTION_HEAD,
    SECTION_CANDIDATE,
    SECTION_STEP,
    SECTION_COMMENTS, // free text
    SECTION_OTHER,    // of which nothing is read
} section;

typedef enum key { KEY_S, KEY_W, KEY_R, KEY_J, KEY_T, KEY_A, KEY_B, KEY_Q, KEY_TYPE, KEYS } key;
static const char *const key_names[KEYS] = {"S", "W", "R", "J", "T", "A", "B", "Q", "Type"};
#define BIT(name) (1u << KEY_##name)

typedef struct primo {
    prk_reader *reader;
    section section;
    uint64_t format, test_count; // 0: not said yet
    prk_span head;               // its first line
    bool has_format, has_count, has_candidate;
    uint64_t number;  // of the step, 0 before the first
    prk_span step;    // its first line
    unsigned present; // keys of the step
    prk_span values[KEYS];
    mpz_t next, w; // the n of the next step; a W
    bool is_ended; // format 3: by a step of type 0
} primo;

static bool is_old(const primo *p) { return p->format < 4; }

// A line [name] and its name.
static bool is_header(prk_span line, prk_span *name) {
    if (line.length < 2 || line.start[0] != '[' || line.start[line.length - 1] != ']') {
        return false;
    }
    *name = prk_span_trimmed((prk_span){line.start + 1, line.length - 2, line.line});
    return true;
}

static bool is_number(prk_span name) {
    for (size_t i = 0; i < name.length; i++) {
        if (name.start[i] < '0' || name.start[i] > '9') {
            return false;
        }
    }
    return name.length > 0;
}

static bool split(const primo *p, prk_span line, prk_span *name, prk_span *value) {
    const char *sign = memchr(line.start, '=', line.length);
    if (sign == NULL || line.start[0] == '[') {
        return PRK_UNREADABLE(p->reader, p->section == SECTION_STEP ? p->number : 0, line.line,
                              "the line is no key and value: %.*s",
                              (int)(line.length < 40 ? line.length : 40), line.start);
    }
    const size_t length = (size_t)(sign - line.start);
    *name = prk_span_trimmed((prk_span){line.start, length, line.line});
    *value = prk_span_trimmed(prk_span_from(line, length + 1));
    return true;
}

static bool read_head(primo *p, prk_span line) {
    prk_span name, value;
    if (!split(p, line, &name, &value)) {
        return false;
    }
    const bool is_format = prk_span_is(name, "Format");
    if (!is_format && !prk_span_is(name, "TestCount")) {
        return true;
    }
    bool *has = is_format ? &p->has_format : &p->has_count;
    if (*has) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "%s is there twice",
                              is_format ? "Format" : "TestCount");
    }
    *has = true;
    if (!prk_span_count(value, is_format ? &p->format : &p->test_count)) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "%s is no number",
                              is_format ? "Format" : "TestCount");
    }
    if (is_format && (p->format < 1 || p->format > 4)) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "the format is none of 1 to 4");
    }
    p->reader->certificate->format = is_format && is_old(p) ? PRK_CERTIFICATE_PRIMO3
                                     : is_format            ? PRK_CERTIFICATE_PRIMO4
                                                            : p->reader->certificate->format;
    return true;
}

static bool read_candidate(primo *p, prk_span line) {
    prk_span name, value;
    if (!split(p, line, &name, &value)) {
        return false;
    }
    if (!prk_span_is(name, is_old(p) ? "N$" : "N")) {
        return true;
    }
    if (p->has_candidate) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "N is there twice");
    }
    p->has_candidate = true;
    return prk_read_candidate(p->reader, value, is_old(p) ? PRK_NUMBER_HEX : PRK_NUMBER_PRIMO4);
}

static bool read_key(primo *p, prk_span line) {
    prk_span name, value;
    if (!split(p, line, &name, &value)) {
        return false;
    }
    for (int k = 0; k < KEYS; k++) {
        // Format 3 marks its hexadecimal keys; its type is decimal. Format 4 has no R and no type.
        prk_span bare = name;
        if (is_old(p) && k != KEY_TYPE) {
            if (name.length == 0 || name.start[name.length - 1] != '$') {
                continue;
            }
            bare.length--;
        }
        const bool is_known = is_old(p) ? k != KEY_W : k != KEY_R && k != KEY_TYPE;
        if (!is_known || !prk_span_is(bare, key_names[k])) {
            continue;
        }
        if (p->present >> k & 1) {
            return PRK_UNREADABLE(p->reader, p->number, line.line, "%s is there twice",
                                  key_names[k]);
        }
        p->present |= 1u << k;
        p->values[k] = value;
        return true;
    }
    return true;
}

static bool read_value(primo *p, key k, mpz_t value) {
    return prk_read_number(p->reader, p->values[k], is_old(p) ? PRK_NUMBER_HEX : PRK_NUMBER_PRIMO4,
                           key_names[k], p->number, value);
}

static bool wants(primo *p, unsigned keys) {
    for (int k = 0; k < KEYS; k++) {
        if ((keys & ~p->present) >> k & 1) {
            return PRK_UNREADABLE(p->reader, p->number, p->step.line, "%s is missing",
                                  key_names[k]);
        }
        if ((keys & 1u << k) != 0 && p->values[k].length == 0) {
            return PRK_UNREADABLE(p->reader, p->number, p->values[k].line, "%s is empty",
                                  key_names[k]);
        }
    }
    return true;
}

static bool read_curve(primo *p, prk_step *step, bool has_j) {
    if (!(has_j ? read_value(p, KEY_J, step->j)
                : read_value(p, KEY_A, step->primo_a) && read_value(p, KEY_B, step->primo_b)) ||
        !read_value(p, KEY_T, step->t)) {
        return false;
    }
    const bool has_order =
        is_old(p) ? read_value(p, KEY_R, step->q) && prk_resolve_product(p->reader, step)
                  : read_value(p, KEY_W, p->w) && prk_resolve_trace(p->reader, step, p->w);
    return has_order && prk_resolve_point(p->reader, step, has_j, true);
}

// Type 1: n - 1 = s R and a base. Type 2: n + 1 = s R and Lucas' Q.
static bool read_part(primo *p, prk_step *step, bool is_plus) {
    if (!read_value(p, is_plus ? KEY_Q : KEY_B, step->a)) {
        return false;
    }
    if (is_old(p)
            ? !read_value(p, KEY_R, step->q) || !prk_resolve_given_part(p->reader, step, is_plus)
            : !prk_resolve_part(p->reader, step, is_plus)) {
        return false;
    }
    return true;
}

// Which type format 4 means, by its keys.
static bool find_type(primo *p, uint64_t *type) {
    const unsigned curve = BIT(W) | BIT(J) | BIT(A) | BIT(T);
    const unsigned has = p->present;
    *type = (has & BIT(J)) != 0 ? 4 : (has & curve) != 0 ? 3 : (has & BIT(Q)) != 0 ? 2 : 1;
    const unsigned keys[] = {0, BIT(S) | BIT(B), BIT(S) | BIT(Q),
                             BIT(S) | BIT(W) | BIT(A) | BIT(B) | BIT(T),
                             BIT(S) | BIT(W) | BIT(J) | BIT(T)};
    if (*type == 3 && (has & (BIT(A) | BIT(B))) == 0) {
        return PRK_UNREADABLE(p->reader, p->number, p->step.line, "J is missing, or A and B");
    }
    if (*type == 1 && (has & BIT(B)) == 0) {
        return PRK_UNREADABLE(p->reader, p->number, p->step.line,
                              has == 0 ? "the step has no keys" : "the step is of no known type");
    }
    for (int k = 0; k < KEYS; k++) {
        if ((has & ~keys[*type]) >> k & 1) {
            return PRK_UNREADABLE(p->reader, p->number, p->values[k].line,
                                  "the step has keys of two types: %s", key_names[k]);
        }
    }
    return wants(p, keys[*type]);
}

static bool find_old_type(primo *p, uint64_t *type) {
    if (!wants(p, BIT(TYPE))) {
        return false;
    }
    const unsigned keys[] = {0, BIT(S) | BIT(R) | BIT(B), BIT(S) | BIT(R) | BIT(Q),
                             BIT(S) | BIT(R) | BIT(A) | BIT(B) | BIT(T),
                             BIT(S) | BIT(R) | BIT(J) | BIT(T)};
    if (!prk_span_count(p->values[KEY_TYPE], type) || *type > 4) {
        return PRK_UNREADABLE(p->reader, p->number, p->values[KEY_TYPE].line,
                              "the step is of no known type");
    }
    return wants(p, keys[*type]);
}

static bool end_step(primo *p) {
    uint64_t type = 0;
    if (p->is_ended) {
        return PRK_UNREADABLE(p->reader, p->number, p->step.line,
                              "a step of type 0 has ended the certificate already");
    }
    if (is_old(p) ? !find_old_type(p, &type) : !find_type(p, &type)) {
        return false;
    }
    if (type == 0) {
        p->is_ended = true;
        return true;
    }
    const prk_step_kind kinds[] = {PRK_STEP_KINDS, PRK_STEP_PRIMO_MINUS, PRK_STEP_PRIMO_PLUS,
                                   PRK_STEP_CURVE, PRK_STEP_CURVE};
    prk_step *step = prk_reader_add_step(p->reader, kinds[type], p->number, p->step.line);
    if (step == NULL || !read_value(p, KEY_S, step->s)) {
        return false;
    }
    mpz_set(step->n, p->number == 1 ? p->reader->certificate->n : p->next);
    if (type >= 3 ? !read_curve(p, step, type == 4) : !read_part(p, step, type == 2)) {
        return false;
    }
    mpz_set(p->next, prk_step_need(step, 0));
    return prk_reader_close_step(p->reader, step);
}

static bool end_section(primo *p) { return p->section != SECTION_STEP || end_step(p); }

static bool begin_step(primo *p, prk_span line, prk_span name) {
    uint64_t number;
    if (!p->has_candidate) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "a step stands before the candidate");
    }
    if (!prk_span_count(name, &number) || number != p->number + 1) {
        return PRK_UNREADABLE(p->reader, p->number + 1, line.line,
                              "the step is numbered %.*s where %llu was expected",
                              (int)(name.length < 20 ? name.length : 20), name.start,
                              (unsigned long long)p->number + 1);
    }
    p->number = number;
    p->step = line;
    p->present = 0;
    p->section = SECTION_STEP;
    return true;
}

// A line [name]. A number in comments is text, unless the steps have come to it.
static bool begin_section(primo *p, prk_span line, prk_span name) {
    if (is_number(name)) {
        return end_section(p) && begin_step(p, line, name);
    }
    if (!end_section(p)) {
        return false;
    }
    if (p->section == SECTION_HEAD && !p->has_format) {
        return PRK_UNREADABLE(p->reader, 0, p->head.line, "Format is missing");
    }
    if (prk_span_is(name, "Candidate")) {
        p->section = SECTION_CANDIDATE;
    } else if (prk_span_is(name, "Comments")) {
        p->section = SECTION_COMMENTS;
    } else if (prk_span_is(name, "PRIMO - Primality Certificate")) {
        return PRK_UNREADABLE(p->reader, 0, line.line, "the head is there twice");
    } else {
        p->section = SECTION_OTHER;
    }
    return true;
}

static bool is_comment(const primo *p, prk_span name) {
    uint64_t number;
    return p->section == SECTION_COMMENTS && is_number(name) &&
           !(p->has_candidate && prk_span_count(name, &number) && number == p->number + 1);
}

static bool read_lines(primo *p) {
    prk_span line, name;
    if (!prk_next_line(p->reader, &p->head)) { // which told the form
        return false;
    }
    bool is_whole = false; // another certificate follows
    while (!is_whole && prk_next_line(p->reader, &line)) {
        if (line.length == 0) {
            continue;
        }
        if (is_header(line, &name) && !is_comment(p, name)) {
            if (p->has_candidate && p->number == p->test_count && p->section != SECTION_COMMENTS &&
                prk_span_is(name, "PRIMO - Primality Certificate")) {
                prk_unread_line(p->reader, line);
                is_whole = true;
            } else if (!begin_section(p, line, name)) {
                return false;
            }
            continue;
        }
        if ((p->section == SECTION_HEAD && !read_head(p, line)) ||
            (p->section == SECTION_CANDIDATE && !read_candidate(p, line)) ||
            (p->section == SECTION_STEP && !read_key(p, line))) {
            return false;
        }
    }
    if (!end_section(p)) {
        return false;
    }
    if (!p->has_format) {
        return PRK_UNREADABLE(p->reader, 0, p->head.line, "Format is missing");
    }
    if (!p->has_candidate) {
        return PRK_UNREADABLE(p->reader, 0, p->reader->line, "the text ends before the candidate");
    }
    if (!p->has_count) {
        return PRK_UNREADABLE(p->reader, 0, p->head.line, "TestCount is missing");
    }
    if (p->test_count != p->number) {
        return PRK_UNREADABLE(p->reader, 0, p->reader->line,
                              "TestCount is %llu and there are %llu steps",
                              (unsigned long long)p->test_count, (unsigned long long)p->number);
    }
    return true;
}

bool prk_read_primo(prk_reader *reader) {
    primo p = {.reader = reader, .section = SECTION_HEAD};
    reader->certificate->format = PRK_CERTIFICATE_PRIMO4;
    mpz_init(p.next);
    mpz_init(p.w);
    const bool ok = read_lines(&p);
    mpz_clear(p.next);
    mpz_clear(p.w);
    return ok;
}
