// SPDX-License-Identifier: Apache-2.0
//
// Reads a certificate of any form, which its content tells.

#include <stdlib.h>
#include <string.h>

#include "reader.h"

typedef bool (*read_form)(prk_reader *);

// The first line that is neither blank nor, as MPU allows, a comment.
static bool first_line(prk_reader *reader, prk_span *line, bool *has_comments) {
    *has_comments = false;
    while (prk_next_line(reader, line)) {
        if (line->length > 0 && line->start[0] != '#') {
            return true;
        }
        *has_comments |= line->length > 0;
    }
    return false;
}

// NULL: of no known form. The reader then stands before its first line.
static read_form recognise(prk_reader *reader) {
    prk_span line;
    bool has_comments;
    if (!first_line(reader, &line, &has_comments)) {
        PRK_UNREADABLE(reader, 0, 0, "the text is empty");
        return NULL;
    }
    prk_unread_line(reader, line);
    if (prk_span_is(line, "[MPU - Primality Certificate]")) {
        return prk_read_mpu;
    }
    const char first = line.start[0];
    if (!has_comments && prk_span_is(line, "[PRIMO - Primality Certificate]")) {
        return prk_read_primo;
    }
    if (!has_comments && first == '{') {
        return prk_read_json;
    }
    // A vector may go on in the next line. No section's name begins with these.
    const char second = line.length > 1 ? line.start[1] : ' ';
    if (!has_comments && ((first >= '0' && first <= '9') ||
                          (first == '[' && (second == '[' || second == ' ' || second == '\t' ||
                                            (second >= '0' && second <= '9'))))) {
        return prk_read_pari;
    }
    PRK_UNREADABLE(reader, 0, line.line, "the text is no certificate of a known form");
    return NULL;
}

static void skip_blank_lines(prk_reader *reader) {
    prk_span line;
    while (prk_next_line(reader, &line)) {
        if (line.length > 0) {
            prk_unread_line(reader, line);
            return;
        }
    }
}

static const char json_head[] = "{\"certificate\"", mpu_head[] = "[MPU - ",
                  primo_head[] = "[PRIMO - ";

// Where the next line stands that begins like this, or the end of the text: that far goes the one
// before, and what follows a certificate that was refused may be read.
static size_t next_head(const char *text, size_t size, size_t from, const char *head) {
    const size_t length = strlen(head) + 1;
    while (size - from > length) {
        const char *line = memchr(text + from, '\n', size - from - length);
        if (line == NULL) {
            break;
        }
        if (memcmp(line + 1, head, length - 1) == 0) {
            return (size_t)(line - text) + 1;
        }
        from = (size_t)(line - text) + 1;
    }
    return size;
}

// Where the first certificate of a text ends at the latest.
static size_t first_size(const char *text, size_t size) {
    size_t start = 0;
    while (start < size && strchr(" \t\r\n", text[start]) != NULL && text[start] != '\0') {
        start++;
    }
    static const char *const heads[] = {json_head, mpu_head, primo_head};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const size_t length = strlen(heads[i]);
        const bool is_first = size - start >= length && memcmp(text + start, heads[i], length) == 0;
        if (is_first || (i == 0 && start < size && text[start] == '{')) {
            return next_head(text, size, start, heads[i]);
        }
    }
    return size;
}

static bool check_size(prk_reader *reader) {
    if (reader->size > PRK_CERTIFICATE_MOST_BYTES) {
        return PRK_UNREADABLE(reader, 0, 0, "the certificate has more than %d bytes",
                              PRK_CERTIFICATE_MOST_BYTES);
    }
    if (reader->size == 0) {
        return PRK_UNREADABLE(reader, 0, 0, "the text is empty");
    }
    const char *nul = memchr(reader->text, '\0', reader->size);
    if (nul != NULL) {
        uint64_t line = 1;
        for (const char *c = reader->text; (c = memchr(c, '\n', (size_t)(nul - c))) != NULL; c++) {
            line++;
        }
        return PRK_UNREADABLE(reader, 0, line, "there is a NUL byte");
    }
    // GMP aborts when it gets no memory. A certificate of a chain takes four times its text.
    void *volatile probe = malloc(8 * reader->size + (1 << 20));
    if (probe == NULL) {
        return prk_reader_starved(reader);
    }
    free(probe);
    return true;
}

// A condition of a step that did not hold is the verifier's to say, as the steps before it come
// first in the text and have not been looked at yet.
static bool is_broken(prk_reader *reader) {
    prk_certificate *certificate = reader->certificate;
    if (reader->status != PRK_STATUS_OK || mpz_cmp_ui(certificate->n, 1) <= 0 ||
        reader->problem->verdict != PRK_CERTIFICATE_INVALID) {
        return false;
    }
    prk_certificate_cut(certificate, reader->closed);
    certificate->broken = *reader->problem;
    *reader->problem = (prk_certificate_problem){.verdict = PRK_CERTIFICATE_VALID};
    return true;
}

prk_status prk_certificate_read(const char *text, size_t size, prk_certificate **certificate,
                                size_t *used, prk_certificate_problem *problem) {
    if ((text == NULL && size > 0) || certificate == NULL || problem == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *certificate = NULL;
    *problem = (prk_certificate_problem){.verdict = PRK_CERTIFICATE_VALID};
    const size_t first = first_size(text, size);
    prk_reader reader = {
        .text = text,
        .size = first,
        .problem = problem,
        .most_held = 16 * first + (64 << 20),
    };
    read_form read = NULL;
    if (check_size(&reader)) {
        read = recognise(&reader);
    }
    const size_t start = reader.at;
    size_t taken = 0;
    if (read != NULL) {
        reader.certificate = prk_certificate_create(PRK_CERTIFICATE_NONE);
        if (reader.certificate == NULL) {
            return PRK_STATUS_NO_MEMORY;
        }
        if (read(&reader)) {
            skip_blank_lines(&reader);
            taken = reader.at;
            *certificate = reader.certificate;
        } else if (is_broken(&reader)) {
            *certificate = reader.certificate;
        } else {
            prk_certificate_destroy(reader.certificate);
        }
    }
    if (used != NULL) {
        *used = taken > 0 ? taken : next_head(text, size, start, json_head);
    }
    free(reader.digits);
    return reader.status;
}
