// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks in C share: times of rounds and what becomes of them, the machine, JSON and
// the command line. The includer defines _GNU_SOURCE, for clock_gettime and getloadavg.

#ifndef PRK_BENCHMARKS_MEASURING_H
#define PRK_BENCHMARKS_MEASURING_H

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prk_kernels.h"

enum { MAX_ROUNDS = 1001 };

// Nanoseconds of each round.
typedef struct measurement {
    double rounds[MAX_ROUNDS];
    double median, min, mad;
    // The reference's time divided by this one, and its 95 % interval; 0 when there is none.
    double ratio, ratio_low, ratio_high;
} measurement;

// --- Statistics ----------------------------------------------------------------------------------

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double *values, int count) {
    double sorted[MAX_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

// The 95 % interval of the median of `values` by the bootstrap's percentiles [EfTi93].
static void bootstrap(const double *values, int count, double *low, double *high) {
    enum { RESAMPLINGS = 2000 };
    static double medians[RESAMPLINGS];
    double drawn[MAX_ROUNDS];
    uint64_t words[MAX_ROUNDS];
    for (int i = 0; i < RESAMPLINGS; i++) {
        prk_random_words(0, (uint64_t)i * (uint64_t)count, words, (size_t)count);
        for (int j = 0; j < count; j++) {
            drawn[j] = values[words[j] % (uint64_t)count];
        }
        medians[i] = median_of(drawn, count);
    }
    qsort(medians, RESAMPLINGS, sizeof *medians, compare_doubles);
    *low = medians[RESAMPLINGS / 40];
    *high = medians[RESAMPLINGS - 1 - RESAMPLINGS / 40];
}

// Median, minimum and median absolute deviation, and the ratio of `reference` to m, when there is
// one.
static inline void summarise(measurement *m, const measurement *reference, int round_count) {
    double other[MAX_ROUNDS];
    m->median = median_of(m->rounds, round_count);
    m->min = m->rounds[0];
    for (int r = 0; r < round_count; r++) {
        m->min = m->rounds[r] < m->min ? m->rounds[r] : m->min;
        other[r] = m->rounds[r] < m->median ? m->median - m->rounds[r] : m->rounds[r] - m->median;
    }
    m->mad = median_of(other, round_count);
    for (int r = 0; reference != NULL && r < round_count; r++) {
        other[r] = reference->rounds[r] / m->rounds[r];
    }
    m->ratio = m->ratio_low = m->ratio_high = 0;
    if (reference != NULL) {
        m->ratio = median_of(other, round_count);
        bootstrap(other, round_count, &m->ratio_low, &m->ratio_high);
    }
}

static inline double thread_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// How many passes take a millisecond, when one takes so many nanoseconds.
static inline int repeats_of(double took) { return took >= 1e6 ? 1 : 1 + (int)(1e6 / (took + 1)); }

// --- The environment -----------------------------------------------------------------------------

typedef struct environment {
    char cpu[128];
    double load_before[3], load_after[3];
} environment;

static inline void read_cpu_model(environment *e) {
    char line[256];
    snprintf(e->cpu, sizeof e->cpu, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            value[strcspn(value, "\n")] = '\0';
            snprintf(e->cpu, sizeof e->cpu, "%.120s", value + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static inline void read_load(double load[3]) {
    if (getloadavg(load, 3) != 3) {
        load[0] = load[1] = load[2] = -1;
    }
}

static const char *compiler(void) {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

// `about` the level: what it is the level of.
static inline void print_machine(const environment *e, const char *about) {
    printf("CPU        %s\nlevel      %s%s\nlibrary    %s, %s\nbenchmark  %s\n", e->cpu,
           prk_level_name(prk_active_level()), about, prk_version(), prk_compiler(), compiler());
}

static inline void print_load(const environment *e) {
    printf("load       %.2f %.2f %.2f before, %.2f %.2f %.2f after\n", e->load_before[0],
           e->load_before[1], e->load_before[2], e->load_after[0], e->load_after[1],
           e->load_after[2]);
}

// --- JSON ----------------------------------------------------------------------------------------

static void write_string(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            fprintf(file, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(file, "\\u%04x", c);
        } else {
            fputc(c, file);
        }
    }
    fputc('"', file);
}

static void write_pair(FILE *file, const char *key, const char *text) {
    fprintf(file, "    \"%s\": ", key);
    write_string(file, text);
    fputs(",\n", file);
}

// The form is that of the report of `primality bench`, whose --peers reads it. Begins the object,
// and the one of the environment; what else belongs there may follow.
static inline void write_environment(FILE *file, const environment *e) {
    fputs("{\n  \"format\": \"primality-peers/1\",\n  \"environment\": {\n", file);
    write_pair(file, "cpu", e->cpu);
    write_pair(file, "level", prk_level_name(prk_active_level()));
    write_pair(file, "library", prk_version());
    write_pair(file, "library_compiler", prk_compiler());
    write_pair(file, "benchmark_compiler", compiler());
    fprintf(file,
            "    \"load_before\": [%.2f, %.2f, %.2f],\n    \"load_after\": [%.2f, %.2f, %.2f],\n",
            e->load_before[0], e->load_before[1], e->load_before[2], e->load_after[0],
            e->load_after[1], e->load_after[2]);
    fputs("    \"peers\": [", file);
}

// Another library, with its version.
static inline void write_peer(FILE *file, const char *name, const char *version) {
    static bool begun;
    char text[128];
    snprintf(text, sizeof text, "%s %s", name, version);
    fputs(begun ? ", " : "", file);
    write_string(file, text);
    begun = true;
}

// A name as a part of an id: "random odd 64-bit" is random-odd-64-bit.
static void write_slug(FILE *file, const char *text) {
    bool is_inside = false;
    for (bool has_begun = false; *text != '\0'; text++) {
        const char c = (char)(*text >= 'A' && *text <= 'Z' ? *text + 'a' - 'A' : *text);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            fputs(has_begun && !is_inside ? "-" : "", file);
            fputc(c, file);
            is_inside = has_begun = true;
        } else {
            is_inside = false;
        }
    }
}

// What a measurement's contenders have in common. Without a size it is 0, and what nothing is
// compared with has no reference.
typedef struct workload_name {
    const char *room, *subject, *input;
    int size;
    const char *per, *command;
    const char *clock; // cpu, wall
    const char *reference;
} workload_name;

static void write_id(FILE *file, const workload_name *w, const char *variant) {
    fprintf(file, "\"peer.%s.", w->room);
    write_slug(file, w->input);
    if (w->size > 0) {
        fprintf(file, "-%d", w->size);
    }
    fputc('.', file);
    write_slug(file, variant);
    fputc('"', file);
}

static inline void write_measurement(FILE *file, const workload_name *w, const char *variant,
                                     const measurement *m, int round_count) {
    static bool begun;
    fputs(begun ? ",\n    {\"id\": " : "]\n  },\n  \"measurements\": [\n    {\"id\": ", file);
    begun = true;
    write_id(file, w, variant);
    fprintf(file,
            ", \"section\": \"peer\", \"subject\": \"%s\", \"variant\": \"%s\", \"input\": "
            "\"%s\", \"per\": \"%s\", \"command\": \"%s\"",
            w->subject, variant, w->input, w->per, w->command);
    if (w->size > 0) {
        fprintf(file, ", \"size\": %d", w->size);
    }
    if (w->reference != NULL && strcmp(variant, w->reference) != 0) {
        fputs(", \"reference\": ", file);
        write_id(file, w, w->reference);
    }
    fprintf(file, ",\n     \"%s\": {\"median\": %.3f, \"minimum\": %.3f, \"mad\": %.3f, ", w->clock,
            m->median, m->min, m->mad);
    for (int r = 0; r < round_count; r++) {
        fprintf(file, "%s%.3f", r == 0 ? "\"rounds\": [" : ", ", m->rounds[r]);
    }
    fputs("]}}", file);
}

// --- The command line ----------------------------------------------------------------------------

// An option that takes a number.
typedef struct number_option {
    const char *name;
    uint64_t least, most;
    uint64_t *value;
} number_option;

enum { MAX_OPTIONS = 8 };

typedef struct json_file {
    const char *path;
    FILE *file; // NULL: none is wanted
} json_file;

static void print_usage(FILE *file, const char *program, const number_option *numbers, int count) {
    fprintf(file, "usage: %s", program);
    for (int i = 0; i < count; i++) {
        fprintf(file, " [--%s %" PRIu64 "..%" PRIu64 "]", numbers[i].name, numbers[i].least,
                numbers[i].most);
    }
    fputs(" [--json FILE]\n", file);
}

static uint64_t parse_number(const char *program, const char *text, uint64_t least, uint64_t most) {
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n < least || n > most) {
        fprintf(stderr, "%s: %s is not a number from %" PRIu64 " to %" PRIu64 "\n", program, text,
                least, most);
        exit(64);
    }
    return n;
}

// Sets what options give and opens the file of --json, first: a name that cannot be written should
// not cost a whole run. Ends the program where that fails, or where the level does not exist.
static inline json_file read_command_line(const char *program, int argc, char **argv,
                                          const number_option *numbers, int count) {
    struct option options[MAX_OPTIONS + 3] = {{0}};
    json_file json = {NULL, NULL};
    for (int i = 0; i < count; i++) {
        options[i] = (struct option){numbers[i].name, required_argument, NULL, i};
    }
    options[count] = (struct option){"json", required_argument, NULL, count};
    options[count + 1] = (struct option){"help", no_argument, NULL, count + 1};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == count) {
            json.path = optarg;
        } else if (option >= 0 && option < count) {
            const number_option *number = &numbers[option];
            *number->value = parse_number(program, optarg, number->least, number->most);
        } else if (option == count + 1) {
            print_usage(stdout, program, numbers, count);
            exit(0);
        } else {
            print_usage(stderr, program, numbers, count);
            exit(64);
        }
    }
    if (prk_level_status() != PRK_STATUS_OK) {
        fprintf(stderr, "%s: PRIMALITY_LEVEL names no level that this machine has\n", program);
        exit(69);
    }
    json.file = json.path == NULL ? NULL : fopen(json.path, "w");
    if (json.path != NULL && json.file == NULL) {
        perror(json.path);
        exit(74);
    }
    return json;
}

static inline void close_json(const json_file *json) {
    fputs("\n  ]\n}\n", json->file);
    if (ferror(json->file) | fclose(json->file)) {
        perror(json->path);
        exit(74);
    }
}

#endif
