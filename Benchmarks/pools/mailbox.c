// SPDX-License-Identifier: Apache-2.0
//
// make bench-mailbox: what a request to a worker process and its answer cost, below Swift: the
// channels alone, with a worker that does nothing.
//
// Each round measures every row once, in an order that rotates; times are by the clock, since two
// processes take part. The owner waits as a pool's supervisor does: it looks for some microseconds
// before it sleeps.

// getloadavg
#define _GNU_SOURCE

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpool.h"
#include "prk_kernels.h"
#include "prk_system.h"

enum { MAX_ROUNDS = 1001, MAX_WORKERS = 64, LOOKS = 100 };
// Reports on so many numbers are 1 MB.
enum { LARGE_ANSWER = 13000 };

typedef struct row {
    const char *name;
    prk_channel channel;
    int depth, count, requests;
    bool wants_reports;
    // At most, ns a request or MB/s; 0: nothing was set as the aim.
    double target;
    double rounds[MAX_ROUNDS];
} row;

static row rows[] = {
    {"shm, depth 1", PRK_CHANNEL_SHM, 1, 1, 200000, false, 700, {0}},
    {"shm, depth 2", PRK_CHANNEL_SHM, 2, 1, 200000, false, 0, {0}},
    {"shm, depth 8", PRK_CHANNEL_SHM, 8, 1, 1000000, false, 0, {0}},
    {"shm, depth 64", PRK_CHANNEL_SHM, 64, 1, 2000000, false, 50, {0}},
    {"socket, depth 1", PRK_CHANNEL_SOCKET, 1, 1, 5000, false, 0, {0}},
    {"socket, depth 64", PRK_CHANNEL_SOCKET, 64, 1, 20000, false, 0, {0}},
    {"pipe, depth 1", PRK_CHANNEL_PIPE, 1, 1, 5000, false, 0, {0}},
    {"pipe, depth 64", PRK_CHANNEL_PIPE, 64, 1, 20000, false, 0, {0}},
    {"shm, answers of 1 MB", PRK_CHANNEL_SHM, 1, LARGE_ANSWER, 500, true, 0, {0}},
    {"socket, answers of 1 MB", PRK_CHANNEL_SOCKET, 1, LARGE_ANSWER, 200, true, 0, {0}},
    {"pipe, answers of 1 MB", PRK_CHANNEL_PIPE, 1, LARGE_ANSWER, 200, true, 0, {0}},
};
enum { ROWS = sizeof rows / sizeof rows[0] };
static double starts[MAX_ROUNDS];

static int round_count = 15, worker_count = 2;

static uint32_t nothing(void *context, const uint64_t *limbs, const uint64_t *offsets, size_t count,
                        uint8_t *verdicts, char *text) {
    (void)context;
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

/// Nanoseconds a request.
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
            while (held[i] > 0 && (!is_shm || prk_worker_has_mail(workers[i])) &&
                   prk_worker_poll(workers[i]) == 0) {
                prk_answer answer;
                prk_worker_answer(workers[i], &answer, verdicts, reports);
                held[i]--;
                if (++done == warm_up) {
                    start = prk_clock_ns();
                }
            }
            if (is_shm && slept) {
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
    return spent / r->requests;
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

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/// Sorts.
static double median(double *values) {
    qsort(values, (size_t)round_count, sizeof *values, compare_doubles);
    return round_count % 2 != 0 ? values[round_count / 2]
                                : (values[round_count / 2 - 1] + values[round_count / 2]) / 2;
}

static void print_target(double value, double target) {
    if (target > 0) {
        printf("   <= %.0f %s", target, value <= target ? "reached" : "MISSED");
    }
    printf("\n");
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"rounds", required_argument, NULL, 'r'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        switch (option) {
        case 'r':
            round_count = atoi(optarg);
            break;
        case 'w':
            worker_count = atoi(optarg);
            break;
        case 'h':
            printf("bench-mailbox [--rounds N] [--workers N]: ns a request by each channel\n");
            return 0;
        default:
            return 64;
        }
    }
    if (optind < argc || round_count < 1 || round_count > MAX_ROUNDS || worker_count < 1 ||
        worker_count > MAX_WORKERS) {
        fprintf(stderr, "bench-mailbox: give --rounds 1 to %d, --workers 1 to %d\n", MAX_ROUNDS,
                MAX_WORKERS);
        return 64;
    }
    double before[1] = {0}, after[1] = {0};
    (void)getloadavg(before, 1);
    for (int i = 0; i < round_count; i++) {
        starts[i] = measure_start();
        for (int j = 0; j < ROWS; j++) {
            row *r = &rows[(i + j) % ROWS];
            r->rounds[i] = measure(r);
        }
    }
    (void)getloadavg(after, 1);
    printf("%d workers, %d rounds, %d cores, load %.2f before\n\n", worker_count, round_count,
           prk_core_count(), before[0]);
    const double start = median(starts);
    printf("%-26s %10.1f us (min %.1f)", "start of all workers", start / 1e3, starts[0] / 1e3);
    print_target(start / 1e3, worker_count == 2 ? 600 : 0);
    for (int j = 0; j < ROWS; j++) {
        row *r = &rows[j];
        const double middle = median(r->rounds);
        if (r->wants_reports) {
            const double bytes = (double)r->count * (1 + sizeof(prk_report));
            printf("%-26s %10.0f MB/s (max %.0f)", r->name, bytes * 1e3 / middle,
                   bytes * 1e3 / r->rounds[0]);
        } else {
            printf("%-26s %10.1f ns (min %.1f)", r->name, middle, r->rounds[0]);
        }
        print_target(middle, r->target);
    }
    if (before[0] > 0.5) {
        printf("\nDo not trust these figures: the machine was busy before.\n");
    }
    return 0;
}
