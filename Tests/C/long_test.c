// SPDX-License-Identifier: Apache-2.0
//
// Long tests: chains that err at a random place are repaired, and go on from a state that was saved
// on another arithmetic; tests that are killed, or cancelled, or find torn, foreign and stale files
// go on, or begin anew, and say the same as one that ran through.

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../CKernels/include/prk_system.h"
#include "../../CKernels/long/checkpoint.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/long/watch.h"
#include "lucas_pair.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static uint64_t below(uint64_t bound) { return next_random() % bound; }

// --- Checks --------------------------------------------------------------------------------------

enum { MOST_ARITHMETICS = 5 };

static size_t arithmetics_for(mpz_srcptr n, const prk_arithmetic **list) {
    size_t count = 0;
    list[count++] = &prk_redc;
    list[count++] = prk_scalar_arithmetic(n);
    if (prk_lanes_take(mpz_sizeinbase(n, 2))) {
        list[count++] = &prk_across;
    }
    if (prk_fft_takes(n)) {
        list[count++] = &prk_fft_fast;
        list[count++] = &prk_fft_careful;
    }
    return count;
}

// Something else stands there, as after a bit that flipped.
static void spoil(prk_chain *c, prk_residue *r) {
    mpz_t x;
    mpz_init(x);
    c->m.arithmetic->from(&c->m, x, r);
    mpz_combit(x, below(mpz_sizeinbase(c->m.n, 2) - 1));
    mpz_mod(x, x, c->m.n);
    c->m.arithmetic->to(&c->m, r, x);
    mpz_clear(x);
}

typedef struct recipe {
    mpz_t n, first, exponent, wanted, next;
    bool is_lucas;
} recipe;

static void make_recipe(recipe *r, bool is_lucas, bool is_large) {
    r->is_lucas = is_lucas;
    mpz_urandomb(r->n, state, is_large ? 2048 + below(400) : 66 + below(200));
    mpz_setbit(r->n, is_large ? 2500 : 300);
    mpz_setbit(r->n, 0);
    if (below(3) == 0) {
        mpz_urandomm(r->first, state, r->n);
    } else {
        mpz_set_ui(r->first, is_lucas ? 3 + below(9) : 2 + below(4));
    }
    mpz_rrandomb(r->exponent, state, 60 + below(700));
    mpz_mul_2exp(r->exponent, r->exponent, below(2) == 0 ? 0 : below(300));
    if (is_lucas) {
        lucas_by_definition(r->wanted, r->next, r->first, r->exponent, r->n);
    } else {
        mpz_powm(r->wanted, r->first, r->exponent, r->n);
    }
}

static void begin(prk_chain *c, const recipe *r, const prk_arithmetic *a) {
    (r->is_lucas ? prk_chain_begin_lucas : prk_chain_begin_power)(c, scratch, a, r->n, NULL,
                                                                  r->first, r->exponent);
}

static void expect_end(prk_chain *c, const recipe *r, const char *what) {
    mpz_t x;
    mpz_init(x);
    prk_chain_value(c, x);
    EXPECT(mpz_cmp(x, r->wanted) == 0, "%s, %s, by %s: another value", what,
           r->is_lucas ? "a Lucas sequence" : "a power", c->m.arithmetic->name);
    if (r->is_lucas && mpz_odd_p(r->exponent)) {
        prk_chain_next_value(c, x);
        EXPECT(mpz_cmp(x, r->next) == 0, "%s, by %s: another next value", what,
               c->m.arithmetic->name);
    }
    mpz_clear(x);
}

// Steps here and there, each part by another arithmetic; with `is_faulty` one residue is spoiled
// somewhere.
static void run_in_parts(const recipe *r, bool is_faulty) {
    const prk_arithmetic *list[MOST_ARITHMETICS];
    const size_t count = arithmetics_for(r->n, list);
    const mp_bitcnt_t bits = mpz_sizeinbase(r->exponent, 2);
    const mp_bitcnt_t zeros = mpz_scan1(r->exponent, 0);
    mp_bitcnt_t fault = is_faulty ? 1 + below(bits - 30) : 0, steps = 0;
    bool is_seen_by_half = false;
    prk_chain_state s = {.count = 0};
    mpz_t numbers[PRK_CHAIN_NUMBERS];
    for (int i = 0; i < PRK_CHAIN_NUMBERS; i++) {
        mpz_init(numbers[i]);
        s.numbers[i] = numbers[i];
    }
    scratch->repairs = (prk_repairs){0};
    bool is_done = false;
    while (!is_done) {
        prk_chain c;
        const uint32_t calm = 0;
        begin(&c, r, list[below(count)]);
        EXPECT(s.count == 0 || prk_chain_resume(&c, &s) == PRK_STATUS_OK, "%lu of %lu, %lu in %lu",
               (unsigned long)s.left, (unsigned long)bits, (unsigned long)s.multiplied,
               (unsigned long)s.blocks);
        const mp_bitcnt_t most = 1 + below(300);
        for (mp_bitcnt_t i = 0; i < most && !prk_chain_is_done(&c); i++, steps++) {
            EXPECT(prk_chain_run(&c, 1, &calm) == PRK_STATUS_OK, "a step");
            if (fault != 0 && steps >= fault && c.check.is_open) {
                fault = 0;
                // Where a ladder has ended, one residue is left.
                is_seen_by_half = r->is_lucas && c.left < zeros;
                const bool is_second = r->is_lucas && below(2) == 0 && !is_seen_by_half;
                const bool is_product = !r->is_lucas && below(4) == 0;
                spoil(&c, is_second ? c.y : is_product ? c.check.product : c.x);
            }
        }
        is_done = prk_chain_is_done(&c);
        if (is_done && !is_seen_by_half) {
            expect_end(&c, r, is_faulty ? "with a fault" : "without one");
        } else if (is_done) { // what was seen is right
            mpz_t x;
            mpz_init(x);
            prk_chain_value(&c, x);
            EXPECT(scratch->repairs.repaired == 0 || mpz_cmp(x, r->wanted) == 0, "repaired");
            mpz_clear(x);
        }
        prk_chain_save(&c, &s);
        prk_chain_end(&c);
    }
    if (!is_seen_by_half) {
        EXPECT(scratch->repairs.repaired == (is_faulty && fault == 0), "%lu repaired",
               (unsigned long)scratch->repairs.repaired);
    }
    EXPECT(scratch->repairs.checks > 0, "no checks");
    for (int i = 0; i < PRK_CHAIN_NUMBERS; i++) {
        mpz_clear(numbers[i]);
    }
}

static void test_checks(long rounds) {
    recipe r;
    mpz_inits(r.n, r.first, r.exponent, r.wanted, r.next, (mpz_ptr)NULL);
    const mp_bitcnt_t least = prk_check_least;
    for (long round = 0; round < rounds; round++) {
        prk_check_least = 40;
        make_recipe(&r, round % 2 == 1, round % 8 < 2);
        const prk_arithmetic *list[MOST_ARITHMETICS];
        const size_t count = arithmetics_for(r.n, list);
        for (size_t i = 0; i < count; i++) {
            prk_chain c;
            begin(&c, &r, list[i]);
            scratch->repairs = (prk_repairs){0};
            EXPECT(prk_chain_run(&c, (mp_bitcnt_t)-1, NULL) == PRK_STATUS_OK, "a chain");
            expect_end(&c, &r, "at once");
            EXPECT(scratch->repairs.checks > 0 && scratch->repairs.repaired == 0,
                   "%lu checks, %lu repaired", (unsigned long)scratch->repairs.checks,
                   (unsigned long)scratch->repairs.repaired);
            prk_chain_end(&c);
        }
        run_in_parts(&r, false);
        run_in_parts(&r, true);
        prk_check_least = (mp_bitcnt_t)-1; // the same without checks
        prk_chain c;
        begin(&c, &r, list[below(count)]);
        EXPECT(prk_chain_run(&c, (mp_bitcnt_t)-1, NULL) == PRK_STATUS_OK, "a chain");
        expect_end(&c, &r, "unchecked");
        prk_chain_end(&c);
    }
    prk_check_least = least;
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    mpz_clears(r.n, r.first, r.exponent, r.wanted, r.next, (mpz_ptr)NULL);
}

// A machine that errs in every stretch.
static void test_unreliable(void) {
    recipe r;
    mpz_inits(r.n, r.first, r.exponent, r.wanted, r.next, (mpz_ptr)NULL);
    const mp_bitcnt_t least = prk_check_least;
    prk_check_least = 40;
    make_recipe(&r, false, true);
    prk_chain c;
    begin(&c, &r, &prk_fft_fast);
    prk_status status = PRK_STATUS_OK;
    const uint32_t calm = 0;
    long steps = 0;
    while (status == PRK_STATUS_OK && !prk_chain_is_done(&c) && steps < 100000) {
        status = prk_chain_run(&c, 1, &calm);
        steps++;
        if (status == PRK_STATUS_OK && c.check.is_open && c.left == prk_check_stop(&c.check) + 1) {
            spoil(&c, c.x);
        }
    }
    EXPECT(status == PRK_STATUS_UNRELIABLE, "status %d after %ld steps", (int)status, steps);
    EXPECT(!c.m.arithmetic->is_watched, "integers were tried in the end");
    prk_chain_end(&c);
    prk_check_least = least;
    mpz_clears(r.n, r.first, r.exponent, r.wanted, r.next, (mpz_ptr)NULL);
}

// --- Files ---------------------------------------------------------------------------------------

static char folder[] = "/tmp/primality-long-XXXXXX";

static size_t list_files(char names[8][300]) {
    size_t count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.' && count < 8) {
            snprintf(names[count++], 300, "%s/%.200s", folder, e->d_name);
        }
    }
    closedir(d);
    return count;
}

static void remove_files(void) {
    char names[8][300];
    for (size_t count = list_files(names); count > 0; count--) {
        unlink(names[count - 1]);
    }
}

static prk_long *create(uint32_t ms, const char *in) {
    const prk_long_options options = {.checkpoint_ms = ms, .folder = in};
    prk_long *l = NULL;
    EXPECT(prk_long_create(&options, &l) == PRK_STATUS_OK && l != NULL, "create");
    return l;
}

static prk_status test(prk_engine engine, mpz_srcptr n, prk_long *l, uint64_t seed,
                       const uint32_t *cancel, prk_report *report) {
    const uint64_t offsets[2] = {0, mpz_size(n)};
    const prk_options options = {
        .seed = seed, .rounds = 1, .want_residue = true, .cancel = cancel, .long_tests = l};
    uint8_t verdict = PRK_UNTESTED;
    return prk_test_batch(engine, (const uint64_t *)mpz_limbs_read(n), offsets, 1, &options, NULL,
                          &verdict, report);
}

static void expect_same(const prk_report *is, const prk_report *wanted, const char *what) {
    EXPECT(is->verdict == wanted->verdict && is->method == wanted->method &&
               is->residue == wanted->residue && is->round == wanted->round &&
               is->lucas_p == wanted->lucas_p && is->lucas_condition == wanted->lucas_condition &&
               is->base == wanted->base,
           "%s: %u by %u, not %u by %u", what, is->verdict, is->method, wanted->verdict,
           wanted->method);
}

static bool read_notice(prk_long *l, const char *words) {
    char text[PRK_LONG_NOTICE];
    bool is_there = false;
    while (prk_long_read_notice(l, text)) {
        is_there = is_there || strstr(text, words) != NULL;
        if (strstr(text, words) == NULL) {
            printf("long_test: another notice: %s\n", text);
        }
    }
    return is_there;
}

// A child that is killed at any time, again and again, at other levels and by other engines.
static void test_kills(const char *what, mpz_srcptr n, long kills, uint64_t most_us) {
    prk_report wanted, report;
    EXPECT(test(PRK_ENGINE_FFT, n, NULL, 5, NULL, &wanted) == PRK_STATUS_OK, "a test");
    prk_long *l = create(1, folder);
    long killed = 0;
    for (long i = 0; i < kills; i++) {
        const pid_t child = fork();
        if (child == 0) {
            const prk_status status =
                test(i % 5 == 0 ? PRK_ENGINE_AUTO : PRK_ENGINE_FFT, n, l, 5, NULL, &report);
            _exit(status == PRK_STATUS_OK && report.verdict == wanted.verdict ? 0 : 1);
        }
        usleep((useconds_t)(2000 + below(most_us)));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        killed += WIFSIGNALED(status);
        EXPECT(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "%s: a child ended with %d", what,
               WEXITSTATUS(status));
    }
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "the last part");
    expect_same(&report, &wanted, what);
    char names[8][300];
    EXPECT(killed == 0 || list_files(names) >= 1, "there are checkpoints");
    EXPECT(prk_long_forget(l, (const uint64_t *)mpz_limbs_read(n), mpz_size(n)) == PRK_STATUS_OK,
           "forget");
    // Not even of those who were killed while they wrote.
    EXPECT(list_files(names) == 0, "%s: a file is left: %s", what, names[0]);
    prk_long_destroy(l);
}

// One file of a test that was cancelled on its way, changed in every way.
static void test_damage(mpz_srcptr n, long changes) {
    prk_report wanted, report;
    EXPECT(test(PRK_ENGINE_FFT, n, NULL, 5, NULL, &wanted) == PRK_STATUS_OK, "a test");
    prk_long *l = create(0, folder);
    // A child raises the flag, sooner each time until the test has not ended before.
    prk_status status = PRK_STATUS_OK;
    for (useconds_t us = 20000; status == PRK_STATUS_OK && us > 100; us = us * 2 / 3) {
        uint32_t *flag = prk_flag_create();
        const pid_t child = fork();
        if (child == 0) {
            usleep(us);
            prk_flag_raise(flag);
            _exit(0);
        }
        status = test(PRK_ENGINE_FFT, n, l, 5, flag, &report);
        waitpid(child, NULL, 0);
        prk_flag_destroy(flag);
    }
    char names[8][300];
    EXPECT(status == PRK_STATUS_CANCELLED && list_files(names) == 1, "one checkpoint, status %d",
           (int)status);
    if (failures > 0) {
        return;
    }
    char digest[65];
    prk_checkpoint_digest(n, digest);
    prk_checkpoint whole, other;
    char reason[PRK_CHECKPOINT_REASON];
    prk_checkpoint_begin(&whole, n, NULL);
    EXPECT(prk_checkpoint_read(&whole, names[0], reason) == 0 && whole.count >= 1, "it is read");
    FILE *f = fopen(names[0], "rb");
    static unsigned char bytes[1 << 16];
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    EXPECT(size > 1000 && size < sizeof bytes, "%zu bytes", size);
    char path[400];
    snprintf(path, sizeof path, "%s/other", folder);
    for (long i = 0; i < changes; i++) {
        const size_t at = i < 200 ? (size_t)i : below(size), length = i % 2 == 0 ? at : size;
        const unsigned char before = bytes[at];
        if (length == size) {
            bytes[at] ^= (unsigned char)(1 << below(8));
        }
        f = fopen(path, "wb");
        fwrite(bytes, 1, length, f);
        fclose(f);
        bytes[at] = before;
        prk_checkpoint_begin(&other, n, NULL);
        EXPECT(prk_checkpoint_read(&other, path, reason) != 0 && other.count == 0,
               "change %ld is taken", i);
        prk_checkpoint_end(&other);
    }
    // A longer one, another kind of file, none.
    f = fopen(path, "wb");
    fwrite(bytes, 1, size, f);
    fputs("more", f);
    fclose(f);
    prk_checkpoint_begin(&other, n, NULL);
    EXPECT(prk_checkpoint_read(&other, path, reason) != 0, "more bytes");
    EXPECT(prk_checkpoint_read(&other, folder, reason) != 0, "a folder");
    unlink(path);
    EXPECT(prk_checkpoint_read(&other, path, reason) == ENOENT, "nothing");
    prk_checkpoint_end(&other);
    // Of another number.
    mpz_t m;
    mpz_init_set(m, n);
    mpz_add_ui(m, m, 2);
    prk_checkpoint_begin(&other, m, NULL);
    EXPECT(prk_checkpoint_read(&other, names[0], reason) != 0 && strstr(reason, "another number"),
           "of another number");
    prk_checkpoint_end(&other);
    mpz_clear(m);

    // The test goes on; with another seed, too.
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "goes on");
    expect_same(&report, &wanted, "it goes on");
    // The newest is torn: the older one.
    char older[400];
    snprintf(older, sizeof older, "%s/%.32s.older", folder, digest);
    EXPECT(rename(names[0], older) == 0, "rename");
    f = fopen(names[0], "wb");
    fwrite(bytes, 1, size / 2, f);
    fclose(f);
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "goes on");
    expect_same(&report, &wanted, "from the older one");
    EXPECT(read_notice(l, "the older one is"), "that is told");
    // Both are.
    f = fopen(older, "wb");
    fwrite(bytes, 1, 10, f);
    fclose(f);
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "begins anew");
    expect_same(&report, &wanted, "anew");
    EXPECT(read_notice(l, "is not used"), "that is told, too");
    // Of a chain that this test does not have.
    whole.chains[0].key[5] ^= 1;
    EXPECT(prk_checkpoint_write(&whole, folder, names[0], older, path) == 0, "write");
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "begins anew");
    expect_same(&report, &wanted, "anew after a foreign chain");
    EXPECT(read_notice(l, "another seed"), "that is told, too");
    // A state in which no chain can be.
    whole.chains[0].key[5] ^= 1;
    whole.chains[0].state.left = whole.chains[0].state.absorbed = (uint64_t)-1;
    EXPECT(prk_checkpoint_write(&whole, folder, names[0], older, path) == 0, "write");
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "begins anew");
    expect_same(&report, &wanted, "anew after a state that is none");
    EXPECT(read_notice(l, "another seed"), "that is told, too");
    prk_checkpoint_end(&whole);
    prk_long_destroy(l);
    remove_files();

    // Nothing can be written.
    l = create(1, "/proc/nowhere");
    EXPECT(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK, "goes on");
    expect_same(&report, &wanted, "without a folder");
    EXPECT(read_notice(l, "no checkpoint can be written"), "that is told, too");
    prk_long_destroy(l);
}

static void test_arguments(void) {
    prk_long *l = NULL;
    EXPECT(prk_long_create(NULL, NULL) == PRK_STATUS_INVALID_ARGUMENT, "no place");
    EXPECT(prk_long_create(NULL, &l) == PRK_STATUS_OK && l != NULL, "no options");
    prk_long_progress p;
    for (size_t i = 0; i < PRK_LONG_SLOTS + 3; i++) {
        EXPECT(!prk_long_look(l, i, &p), "a test in slot %zu", i);
    }
    char text[PRK_LONG_NOTICE];
    EXPECT(!prk_long_read_notice(l, text), "a notice");
    EXPECT(prk_long_forget(l, NULL, 1) == PRK_STATUS_INVALID_ARGUMENT, "no limbs");
    EXPECT(prk_long_forget(l, NULL, 0) == PRK_STATUS_OK, "0");
    prk_long_destroy(l);
    prk_long_destroy(NULL);
    static char path[PRK_LONG_FOLDER + 1];
    memset(path, 'x', PRK_LONG_FOLDER);
    prk_long_options options = {.folder = path};
    EXPECT(prk_long_create(&options, &l) == PRK_STATUS_INVALID_ARGUMENT, "a long path");
    options = (prk_long_options){.size = 4};
    EXPECT(prk_long_create(&options, &l) == PRK_STATUS_INVALID_ARGUMENT, "a small size");
}

// A test tells where it is while it runs, in another process as well.
static void test_progress(mpz_srcptr n) {
    prk_long *l = create(0, NULL);
    const pid_t child = fork();
    if (child == 0) {
        prk_report report;
        _exit(test(PRK_ENGINE_FFT, n, l, 5, NULL, &report) == PRK_STATUS_OK ? 0 : 1);
    }
    prk_long_progress p = {0}, before = {0};
    long seen = 0;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (prk_long_look(l, 0, &p)) {
            EXPECT(p.bits == mpz_sizeinbase(n, 2) && p.low == mpz_getlimbn(n, 0) &&
                       p.process == child && p.done <= p.total && p.total > 0 && p.chain >= 1,
                   "%lu of %lu squares of %lu bits", (unsigned long)p.done, (unsigned long)p.total,
                   (unsigned long)p.bits);
            EXPECT(p.chain > before.chain || p.done >= before.done, "it went back");
            seen += p.done != before.done;
            before = p;
        }
        usleep(500);
    }
    EXPECT(status == 0 && seen >= 3, "%ld states were seen", seen);
    EXPECT(!prk_long_look(l, 0, &p), "its slot is free");
    prk_long_destroy(l);
}

int main(void) {
    gmp_randinit_default(state);
    scratch = prk_scratch_create();
    if (scratch == NULL || mkdtemp(folder) == NULL) {
        perror("long_test");
        return 1;
    }
    const long rounds = scaled(400);
    test_arguments();
    test_checks(rounds);
    test_unreliable();
    prk_watch_least_bits = 4000;
    prk_check_least = 4000;
    mpz_t n;
    // Composite, of two large primes: its strong test, and RES64.
    mpz_t other;
    mpz_init_set_ui(n, 3);
    mpz_mul_2exp(n, n, 7559);
    mpz_sub_ui(n, n, 1);
    mpz_init_set_ui(other, 3);
    mpz_mul_2exp(other, other, 5134);
    mpz_sub_ui(other, other, 1);
    mpz_mul(n, n, other);
    mpz_clear(other);
    test_progress(n);
    test_damage(n, scaled(600));
    test_kills("a composite number", n, scaled(25), 20000);
    // By its form: Proth's test of a prime, and what confirms it; LLR's.
    mpz_set_ui(n, 3);
    mpz_mul_2exp(n, n, 20909);
    mpz_add_ui(n, n, 1);
    test_kills("a number of Proth's", n, scaled(10), 60000);
    mpz_set_ui(n, 3);
    mpz_mul_2exp(n, n, 18819);
    mpz_sub_ui(n, n, 1);
    test_kills("a number of Riesel's", n, scaled(10), 60000);
    mpz_clear(n);
    rmdir(folder);
    prk_scratch_destroy(scratch);
    printf("long_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures != 0;
}
