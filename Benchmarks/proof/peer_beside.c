// SPDX-License-Identifier: Apache-2.0
//
// Modules of other languages, each in a process that gets numbers and answers with the CPU time of
// each proof, and its certificate or what says that it is prime. Math::Prime::Util, in Perl, leaves
// proofs to Math::Prime::Util::GMP in 0.73. python-flint 0.9.0 has a FLINT of its own, 3.6.0, whose
// fmpz_is_prime proves by n - 1, n + 1 and APRCL, without a certificate.

#define _GNU_SOURCE // pipe2

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peers.h"

static const char perl_program[] =
    "use strict; use Math::Prime::Util 'prime_certificate'; use Math::Prime::Util::GMP;"
    "use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID); $| = 1;"
    "print \"$Math::Prime::Util::VERSION, GMP $Math::Prime::Util::GMP::VERSION\\n\";"
    "while (my $n = <STDIN>) { chomp $n;"
    "my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID); my $text = prime_certificate($n);"
    "my $took = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $start;"
    "printf \"%.9f %d\\n%s\", $took, length $text, $text; }";

static const char python_program[] =
    "import sys, time, flint\n"
    "print(flint.__version__ + ', FLINT ' + flint.__FLINT_VERSION__, flush=True)\n"
    "for line in sys.stdin:\n"
    "    n, start = flint.fmpz(line.strip()), time.process_time()\n"
    "    text = 'prime' if n.is_prime() else ''\n"
    "    took = time.process_time() - start\n"
    "    print('%.9f %d\\n%s' % (took, len(text), text), end='', flush=True)\n";

typedef struct beside {
    const char *command, *option, *program;
    FILE *requests, *answers;
    bool is_asked, is_here;
    char version[128];
    char *text;
    double took;
} beside;

static beside perl = {.command = "perl", .option = "-e", .program = perl_program};
static beside python = {.command = "python3", .option = "-c", .program = python_program};
static const char *n;

// The child has no other file open, so that it ends when this program does.
static bool begin(beside *b) {
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
        return false;
    }
    const pid_t child = fork();
    if (child == 0) {
        if (dup2(down[0], STDIN_FILENO) >= 0 && dup2(up[1], STDOUT_FILENO) >= 0 &&
            freopen("/dev/null", "w", stderr) != NULL) {
            execlp(b->command, b->command, b->option, b->program, (char *)NULL);
        }
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    b->requests = fdopen(down[1], "w");
    b->answers = fdopen(up[0], "r");
    return child > 0 && b->requests != NULL && b->answers != NULL;
}

static const char *version(beside *b) {
    if (!b->is_asked) {
        b->is_asked = true;
        signal(SIGPIPE, SIG_IGN);
        b->is_here = begin(b) && fgets(b->version, sizeof b->version, b->answers) != NULL;
        b->version[strcspn(b->version, "\n")] = '\0';
    }
    return b->is_here ? b->version : NULL;
}

static bool prove(beside *b) {
    char head[64];
    size_t size = 0;
    double seconds = 0;
    fprintf(b->requests, "%s\n", n);
    if (fflush(b->requests) != 0 || fgets(head, sizeof head, b->answers) == NULL ||
        sscanf(head, "%lf %zu", &seconds, &size) != 2) {
        fprintf(stderr, "bench-proof: %s ended\n", b->command);
        exit(74);
    }
    free(b->text);
    b->text = calloc(size + 1, 1);
    if (b->text == NULL || fread(b->text, 1, size, b->answers) != size) {
        fprintf(stderr, "bench-proof: %s ended within a certificate\n", b->command);
        exit(74);
    }
    b->took = seconds * 1e9;
    return size > 0;
}

static void load(const char *decimal) { n = decimal; }

static const char *perl_version(void) { return version(&perl); }
static bool perl_prove(void) { return prove(&perl); }
static double perl_spent(void) { return perl.took; }
static const char *perl_certificate(void) { return perl.text; }

static const char *python_version(void) { return version(&python); }
static bool python_prove(void) { return prove(&python); }
static double python_spent(void) { return python.took; }

const peer mpu_peer = {
    .name = "MPU",
    .call = "Math::Prime::Util's prime_certificate(n), a process beside",
    .version = perl_version,
    .load = load,
    .prove = perl_prove,
    .spent = perl_spent,
    .certificate = perl_certificate,
};

const peer python_flint_peer = {
    .name = "python-flint",
    .call = "fmpz.is_prime(), APRCL mostly: proves, makes no certificate; a process beside",
    .version = python_version,
    .load = load,
    .prove = python_prove,
    .spent = python_spent,
};
