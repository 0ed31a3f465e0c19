// SPDX-License-Identifier: Apache-2.0
//
// make bench-mailbox: what a request to a worker process and its answer cost, below Swift: the
// channels alone, with a worker that does nothing.
//
// Each round measures every row once, in an order that rotates; times are by the clock, since two
// processes take part. The owner waits as a pool's supervisor does: it looks for some microseconds
// before it sleeps.

#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>

#include "../measuring.h"
#include "cpool.h"
#include "prk_system.h"

enum { MAX_WORKERS = 64, LOOKS = 100 };
// Reports on so many numbers are 1 MB.
enum { LARGE_ANSWER = 13000 };

typedef struct row {
    const char *name;
    prk_channel channel;
    int depth, count, requests;
    bool wants_reports;
    // At most, ns a request or a MB; 0: nothing was set as the aim.
    double target;
    measurement m;
} row;

static row rows[] = {
    {"shm", PRK_CHANNEL_SHM, 1, 1, 200000, false, 700, {.median = 0}},
    {"shm", PRK_CHANNEL_SHM, 2, 1, 200000, false, 0, {.median = 0}},
    {"shm", PRK_CHANNEL_SHM, 8, 1, 1000000, false, 0, {.median = 0}},
    {"shm", PRK_CHANNEL_SHM, 64, 1, 2000000, false, 50, {.median = 0}},
    {"socket", PRK_CHANNEL_SOCKET, 1, 1, 5000, false, 0, {.median = 0}},
    {"socket", PRK_CHANNEL_SOCKET, 64, 1, 20000, false, 0, {.median = 0}},
    {"pipe", PRK_CHANNEL_PIPE, 1, 1, 5000, false, 0, {.median = 0}},
    {"pipe", PRK_CHANNEL_PIPE, 64, 1, 20000, false, 0, {.median = 0}},
    {"shm", PRK_CHANNEL_SHM, 1, LARGE_ANSWER, 500, true, 200e3, {.median = 0}},
    {"socket", PRK_CHANNEL_SOCKET, 1, LARGE_ANSWER, 200, true, 0, {.median = 0}},
    {"pipe", PRK_CHANNEL_PIPE, 1, LARGE_ANSWER, 200, true, 0, {.median = 0}},
};
enum { ROWS = sizeof rows / sizeof rows[0] };
static measurement starts;

static int round_count = 15, worker_count = 2;

static uint32_t nothing(void *context, const uint64_t *limbs, const uint64_t *offsets,
                        const prk_form *forms, size_t count, size_t first, const uint32_t *cancel,
                        uint8_t *verdicts, prk_evidence *evidence, char *text) {
    (void)context;
    (void)first;
    (void)cancel;
    (void)forms;
    (void)evidence;
    (void)limbs;
    (void)offsets;
    (void)text;
    memset(verdicts, PRK_COMPOSITE, count);
    return PRK_STATUS_OK;
}

// The kind of engine that a pool runs on 64-bit numbers.
static void nothing_in_words(const uint64_t *n, uint8_t *verdicts, prk_report *reports,
                             size_t count, const uint32_t *cancel) {
    (void)n;
    (void)reports;
    (void)cancel;
    memset(verdicts, PRK_COMPOSITE, count);
}

static void fail(const char *what) {
    fprintf(stderr, "bench-mailbox: %s: %s\n", what, strerror(errno));
    exit(70);
}

static bool has_mail(prk_worker *const *workers) {
    for (int i = 0; i < worker_count; i++) {
        if (prk_worker_has_mail(workers[i])) {
            return true;
        }
    }
    return false;
}

/// Whether it slept.
static bool await(prk_worker *const *workers) {
    for (int look = 0; look < LOOKS; look++) {
        if (has_mail(workers)) {
            return false;
        }
        prk_relax();
    }
    struct pollfd set[MAX_WORKERS * PRK_WORKER_DESCRIPTORS];
    bool may_sleep = true;
    int count = 0;
    for (int i = 0; i < worker_count; i++) {
        may_sleep = prk_worker_announce_sleep(workers[i]) && may_sleep;
        count += prk_worker_watch(workers[i], set + count);
    }
    poll(set, (nfds_t)count, may_sleep ? 1000 : 0);
    for (int i = 0; i < worker_count; i++) {
        prk_worker_announce_return(workers[i]);
    }
    return true;
}

/// Nanoseconds a request, or a MB of answers.
static double measure(const row *r) {
    static uint64_t limbs[LARGE_ANSWER];
    static uint8_t verdicts[LARGE_ANSWER];
    static prk_report reports[LARGE_ANSWER];
    // An engine's reports come with the time of each number, which would be what is measured.
    prk_job job = {.wants_reports = r->wants_reports};
    if (r->wants_reports) {
        job.task = nothing;
    } else {
        job.word_engine = nothing_in_words;
    }
    prk_worker *workers[MAX_WORKERS];
    int held[MAX_WORKERS] = {0};
    for (int i = 0; i < worker_count; i++) {
        workers[i] = prk_worker_create(r->channel, &job);
        if (workers[i] == NULL) {
            fail("fork");
        }
    }
    const prk_request request = {
        .kind = PRK_REQUEST_CHUNK, .count = (uint64_t)r->count, .limb_count = (uint64_t)r->count};
    // The first part is no part of the time: the workers have yet to run.
    const int warm_up = r->requests / 8;
    const int all = r->requests + warm_up;
    uint64_t start = prk_clock_ns();
    int sent = 0, done = 0;
    while (done < all) {
        for (int i = 0; i < worker_count; i++) {
            bool was_sent = false;
            while (sent < all && held[i] < r->depth) {
                const int error = prk_worker_send(workers[i], &request, NULL, limbs);
                if (error == EAGAIN) {
                    break;
                }
                if (error != 0) {
                    errno = error;
                    fail("send");
                }
                held[i]++;
                sent++;
                was_sent = true;
            }
            if (was_sent) {
                prk_worker_wake(workers[i]);
            }
        }
        // As the supervisor: a worker that has many is left alone for a moment. Whoever looks at
        // the slot that it is writing to takes the line away from it.
        for (int i = 0; i < 8 && r->depth >= 16; i++) {
            prk_relax();
        }
        const bool slept = !has_mail(workers) && await(workers);
        for (int i = 0; i < worker_count; i++) {
            const bool is_shm = r->channel == PRK_CHANNEL_SHM;
            // A stream is no mail: what a poll has read of it has to be taken when it is whole.
            while (held[i] > 0 && (!is_shm || slept || prk_worker_has_mail(workers[i])) &&
                   prk_worker_poll(workers[i]) == 0) {
                prk_answer answer;
                prk_worker_answer(workers[i], &answer, verdicts, reports);
                held[i]--;
                if (++done == warm_up) {
                    start = prk_clock_ns();
                }
            }
            if (is_shm && slept && held[i] == 0) {
                (void)prk_worker_poll(workers[i]); // clears its bell
            }
        }
    }
    const double spent = (double)(prk_clock_ns() - start);
    const prk_request stop = {.kind = PRK_REQUEST_STOP};
    for (int i = 0; i < worker_count; i++) {
        (void)prk_worker_send(workers[i], &stop, NULL, NULL);
        prk_worker_wake(workers[i]);
        int signal;
        if (prk_worker_reap(workers[i], &signal) != 0 || signal != 0) {
            fail("a worker died");
        }
        prk_worker_destroy(workers[i]);
    }
    const double megabytes = (double)r->count * (1 + sizeof(prk_report)) / 1e6;
    return spent / r->requests / (r->wants_reports ? megabytes : 1);
}

/// Nanoseconds until all workers have answered a first request.
static double measure_start(void) {
    const prk_job job = {.word_engine = nothing_in_words};
    const prk_request request = {.kind = PRK_REQUEST_CHUNK, .count = 1, .limb_count = 1};
    const uint64_t limb = 7;
    prk_worker *workers[MAX_WORKERS];
    const uint64_t start = prk_clock_ns();
    for (int i = 0; i < worker_count; i++) {
        workers[i] = prk_worker_create(PRK_CHANNEL_SHM, &job);
        if (workers[i] == NULL) {
            fail("fork");
        }
        (void)prk_worker_send(workers[i], &request, NULL, &limb);
        prk_worker_wake(workers[i]);
    }
    for (int i = 0; i < worker_count; i++) {
        while (!prk_worker_has_mail(workers[i])) {
            prk_relax();
        }
    }
    const double spent = (double)(prk_clock_ns() - start);
    for (int i = 0; i < worker_count; i++) {
        int signal;
        prk_worker_kill(workers[i]);
        (void)prk_worker_reap(workers[i], &signal);
        prk_worker_destroy(workers[i]);
    }
    return spent;
}

static void print_row(const char *name, double time, const char *unit, double median, double least,
                      double target) {
    printf("%-26s %10.1f %s (min %.1f)", name, median / time, unit, least / time);
    if (target > 0) {
        printf("   <= %.0f %s", target / time, median <= target ? "reached" : "MISSED");
    }
    printf("\n");
}

static void write_json(FILE *file, const environment *e) {
    write_environment(file, e);
    workload_name name = {.room = "mailbox",
                          .subject = "workers started, below Swift",
                          .input = "start",
                          .per = "start",
                          .command = "make bench-mailbox",
                          .clock = "wall"};
    write_measurement(file, &name, "shm", &starts, round_count);
    for (int j = 0; j < ROWS; j++) {
        const row *r = &rows[j];
        name.subject = r->wants_reports ? "answers of 1 MB, below Swift"
                                        : "a request and its answer, below Swift";
        name.input = r->wants_reports ? "megabyte" : "request";
        name.per = r->wants_reports ? "MB" : "request";
        name.size = r->wants_reports ? 0 : r->depth;
        name.reference = "pipe";
        write_measurement(file, &name, r->name, &r->m, round_count);
    }
}

int main(int argc, char **argv) {
    uint64_t rounds = 15, workers = 2;
    const number_option options[] = {{"rounds", 1, MAX_ROUNDS, &rounds},
                                     {"workers", 1, MAX_WORKERS, &workers}};
    const json_file json = read_command_line("bench-mailbox", argc, argv, options, 2);
    round_count = (int)rounds;
    worker_count = (int)workers;
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    for (int i = 0; i < round_count; i++) {
        starts.rounds[i] = measure_start();
        for (int j = 0; j < ROWS; j++) {
            row *r = &rows[(i + j) % ROWS];
            r->m.rounds[i] = measure(r);
        }
    }
    read_load(e.load_after);
    printf("%s; %d workers, %d rounds, %d cores\n", e.cpu, worker_count, round_count,
           prk_core_count());
    print_load(&e);
    summarise(&starts, NULL, round_count);
    print_row("start of all workers", 1e3, "us", starts.median, starts.min,
              worker_count == 2 ? 600e3 : 0);
    for (int j = 0; j < ROWS; j++) {
        row *r = &rows[j];
        char name[64];
        snprintf(name, sizeof name, r->wants_reports ? "%s, answers, a MB" : "%s, depth %d",
                 r->name, r->depth);
        summarise(&r->m, NULL, round_count);
        print_row(name, r->wants_reports ? 1e3 : 1, r->wants_reports ? "us" : "ns", r->m.median,
                  r->m.min, r->target);
    }
    if (e.load_before[0] > 0.5) {
        printf("\nDo not trust these figures: the machine was busy before.\n");
    }
    if (json.file != NULL) {
        write_json(json.file, &e);
        close_json(&json);
    }
    return 0;
}
