// SPDX-License-Identifier: Apache-2.0
//
// make bench-long: what a squaring takes within one long test, by one thread and by several that
// share each transform.
//
// In each round every contender of a number is measured once, in an order that rotates: wall-clock
// time, since threads are to save it. "side by side" are as many threads of which each squares a
// number of its own: as much as the machine gives several threads at all, and so a bound on what
// they can reach together. Ratios are medians over the rounds, within which both were measured in
// turn. What several threads have computed is compared with what one has, digit by digit, and a
// difference ends the program with status 70.

// What measuring.h includes.
#define _GNU_SOURCE

#include <math.h>

#include "../../CKernels/long/chain.h"
#include "../../CKernels/modular/fft.c"
#include "../measuring.h"
#include "prk_system.h"

static int round_count;
static uint64_t thread_count;
static gmp_randstate_t state;

static void fail(const char *what) {
    fprintf(stderr, "bench-long: %s\n", what);
    exit(70);
}

static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(PRK_FFT_ALIGNMENT, aligned(bytes));
    if (memory == NULL) {
        perror("bench-long");
        exit(74);
    }
    memset(memory, 0, aligned(bytes));
    return memory;
}

static double wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// --- Numbers -------------------------------------------------------------------------------------

typedef enum kind { GENERAL, PROTH, MERSENNE, KINDS } kind;

static const char *const kind_names[KINDS] = {"general", "3*2^n+1", "2^n-1"};
// In ids no sign is left.
static const char *const kind_words[KINDS] = {"general", "3*2^n plus 1", "2^n minus 1"};

// A number of so many bits. False: it has no form.
static bool make_number(mpz_t n, prk_fft_form *form, kind what, uint64_t bits) {
    if (what == GENERAL) {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, 0);
        return false;
    }
    *form = what == PROTH ? (prk_fft_form){3, 2, bits - 2, 1}
                          : (prk_fft_form){1, 2, (bits - 1) | 1, -1};
    mpz_set_ui(n, (unsigned long)form->k);
    mpz_mul_2exp(n, n, form->exponent);
    if (form->c > 0) {
        mpz_add_ui(n, n, 1);
    } else {
        mpz_sub_ui(n, n, 1);
    }
    return true;
}

// --- Contenders ----------------------------------------------------------------------------------

enum { ONE, SHARED, BESIDE, CONTENDERS, MOST_THREADS = PRK_CREW_MOST };

// A modulus with a residue.
typedef struct user {
    prk_scratch *scratch;
    own *o;
    prk_modulus m;
    prk_residue *x;
} user;

static mpz_t n;
static prk_fft_shape shape;
static user users[MOST_THREADS + 1]; // one thread each, and the last one has them all
static measurement times[CONTENDERS];
static long repeats;
static prk_crew *crew; // those who square side by side

static void begin_user(user *u, uint64_t threads, mpz_srcptr start) {
    const prk_fft_kernels *k = prk_fft_active();
    u->scratch = prk_scratch_create();
    if (u->scratch == NULL) {
        perror("bench-long");
        exit(74);
    }
    prk_scratch_set_threads(u->scratch, (unsigned)threads);
    u->o = allocate(aligned(sizeof *u->o) + prk_fft_plan_bytes(&shape, k));
    u->m = (prk_modulus){.arithmetic = &prk_fft_fast, .n = n, .scratch = u->scratch, .own = u->o};
    u->o->is_exact = !prk_fft_plan_set(&u->o->plan, k, &shape, n,
                                       (unsigned char *)u->o + aligned(sizeof *u->o), u->scratch);
    if (u->o->is_exact) {
        fail("a modulus has a factor in common with its ring");
    }
    u->x = allocate(sizeof(prk_residue) + 2 * u->o->plan.room * sizeof(double));
    to(&u->m, u->x, start);
}

static void end_user(user *u) {
    free(u->x);
    free(u->o);
    prk_scratch_destroy(u->scratch);
}

static void square_some(user *u) {
    for (long i = 0; i < repeats; i++) {
        square(&u->m, u->x, 1, NULL);
    }
}

static void square_own(void *context, const prk_crew_member *me) {
    (void)context;
    // A crew whose threads do not get their time leaves all to one.
    for (unsigned i = me->number; i < thread_count; i += me->members) {
        square_some(&users[i]);
    }
}

// Nanoseconds of a squaring.
static double time_once(int contender) {
    const double from = wall_ns();
    if (contender == BESIDE) {
        prk_crew_run(crew, square_own, NULL);
    } else {
        square_some(&users[contender == SHARED ? thread_count : 0]);
    }
    const double each = (wall_ns() - from) / (double)repeats;
    return contender == BESIDE ? each / (double)thread_count : each;
}

// --- Cores ---------------------------------------------------------------------------------------

enum { TRIPS = 200, BATCHES = 20 };

// Two members send a word to and fro.
static void send_word(void *context, const prk_crew_member *me) {
    static _Alignas(128) uint32_t word;
    double *least = context;
    for (uint32_t b = 0; b < BATCHES && me->number < 2 && me->members > 1; b++) {
        const double from = wall_ns();
        for (uint32_t i = 0; i < TRIPS; i++) {
            const uint32_t mine = 2 * i + me->number;
            while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) != mine) {
                prk_relax();
            }
            __atomic_store_n(&word, i + 1 == TRIPS && me->number == 1 ? 0 : mine + 1,
                             __ATOMIC_RELEASE);
        }
        if (me->number == 0) {
            *least = fmin(*least, (wall_ns() - from) / TRIPS);
        }
    }
}

// Nanoseconds from one core to another and back, which is what sharing depends on: it is a hundred
// where they have a cache in common, and several hundreds else. A host may move virtual ones.
// Infinite: others have the cores.
static double round_trip(void) {
    double least = INFINITY;
    prk_crew_run(crew, send_word, &least);
    return least;
}

// --- Measuring -----------------------------------------------------------------------------------

// The number of squarings is that of the thread alone, so that both have the same digits now.
static void compare_digits(void) {
    user *one = &users[0], *shared = &users[thread_count];
    if (memcmp(digits_of(one->o, one->x), digits_of(shared->o, shared->x),
               2 * shape.points * sizeof(double)) != 0 ||
        one->o->plan.largest != shared->o->plan.largest) {
        fail("threads have computed other digits than one of them");
    }
}

// Returns how long a round trip takes between cores, before and after, the longer one.
static double measure(void) {
    const double trip = round_trip();
    const double from = wall_ns();
    repeats = 8;
    square_some(&users[0]);
    square_some(&users[thread_count]);
    compare_digits();
    repeats = (long)(4e7 / ((wall_ns() - from) / 16 + 1)) + 1;
    for (int r = 0; r < round_count; r++) {
        for (int i = 0; i < CONTENDERS; i++) {
            const int contender = (i + r) % CONTENDERS;
            times[contender].rounds[r] = time_once(contender);
        }
    }
    for (int i = 0; i < CONTENDERS; i++) {
        summarise(&times[i], i == ONE ? NULL : &times[ONE], round_count);
    }
    return fmax(trip, round_trip());
}

static void run(kind what, uint64_t bits, FILE *json) {
    prk_fft_form form;
    const bool has_form = make_number(n, &form, what, bits);
    prk_fft_choose(&shape, prk_fft_active(), n, has_form ? &form : NULL, 0);
    if (shape.points == 0) {
        fail("a number has no length");
    }
    mpz_t start;
    mpz_init(start);
    mpz_urandomm(start, state, n);
    for (uint64_t i = 0; i <= thread_count; i++) {
        begin_user(&users[i], i == thread_count ? thread_count : 1, start);
    }
    const double trip = measure();
    printf("%-9s %9" PRIu64 " %8zu %10.1f %10.1f %6.2f (%.2f-%.2f) %9.2f %9.1f %6.2f %8.0f%s\n",
           kind_names[what], bits, 2 * shape.points, times[ONE].median / 1e3,
           times[SHARED].median / 1e3, times[SHARED].ratio, times[SHARED].ratio_low,
           times[SHARED].ratio_high, times[ONE].min / times[SHARED].min, times[BESIDE].median / 1e3,
           times[BESIDE].ratio, trip,
           shape.points < PRK_FFT_LEAST_SHARED         ? "  not shared"
           : users[thread_count].scratch->crew == NULL ? "  no threads"
                                                       : "");
    fflush(stdout);
    for (int i = 0; i < CONTENDERS && json != NULL; i++) {
        static const char *const names[CONTENDERS] = {"one thread", "shared", "side by side"};
        const workload_name w = {"long",     "squaring",        kind_words[what], (int)bits,
                                 "squaring", "make bench-long", "wall",           names[ONE]};
        write_measurement(json, &w, names[i], &times[i], round_count);
    }
    for (uint64_t i = 0; i <= thread_count; i++) {
        end_user(&users[i]);
    }
    mpz_clear(start);
}

// --- Checks --------------------------------------------------------------------------------------

// CPU time of a power of 2 with so many squares, checked or not.
static double power_ns(mpz_srcptr exponent, prk_scratch *scratch, bool is_checked, mpz_ptr result) {
    prk_check_least = is_checked ? 1 : (mp_bitcnt_t)-1;
    mpz_t view;
    static const mp_limb_t two = 2;
    prk_chain c;
    const uint64_t before = prk_thread_cpu_ns();
    prk_chain_begin_power(&c, scratch, &prk_fft_fast, n, NULL, mpz_roinit_n(view, &two, 1),
                          exponent);
    if (prk_chain_run(&c, (mp_bitcnt_t)-1, NULL) != PRK_STATUS_OK) {
        fail("no memory");
    }
    const double ns = (double)(prk_thread_cpu_ns() - before);
    prk_chain_value(&c, result);
    prk_chain_end(&c);
    return ns;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// What checks cost in a power of so many squares, modulo a number of 8,192 bits: the ratio does not
// depend on its size.
static void run_checks(uint64_t squares) {
    const mp_bitcnt_t least = prk_check_least;
    prk_scratch *scratch = prk_scratch_create();
    mpz_t exponent, one, other;
    mpz_inits(exponent, one, other, (mpz_ptr)NULL);
    prk_fft_form form;
    make_number(n, &form, GENERAL, 8192);
    mpz_urandomb(exponent, state, squares);
    mpz_setbit(exponent, squares - 1);
    double ratios[MAX_ROUNDS];
    for (int round = 0; round < round_count; round++) {
        double ns[2] = {0, 0};
        for (int i = 0; i < 2; i++) {
            const bool is_checked = (round + i) % 2 == 1;
            ns[is_checked] = power_ns(exponent, scratch, is_checked, is_checked ? one : other);
        }
        if (mpz_cmp(one, other) != 0) {
            fail("checks change a power");
        }
        ratios[round] = 100 * (ns[1] / ns[0] - 1);
    }
    qsort(ratios, (size_t)round_count, sizeof *ratios, by_size);
    printf("checks     %8" PRIu64 " squares: %5.2f %% more, from %.2f to %.2f\n", squares,
           ratios[round_count / 2], ratios[0], ratios[round_count - 1]);
    mpz_clears(exponent, one, other, (mpz_ptr)NULL);
    prk_scratch_destroy(scratch);
    prk_check_least = least;
}

int main(int argc, char **argv) {
    static const uint64_t sizes[] = {131072, 262144, 524288, 1048576, 4194304};
    uint64_t rounds = 15, smallest = 524288, largest = 4194304, seed = 20261130;
    uint64_t checked = 1000000; // squares
    thread_count = 2;
    const number_option options[] = {
        {"rounds", 2, MAX_ROUNDS, &rounds},       {"threads", 2, MOST_THREADS, &thread_count},
        {"smallest", 131072, 4194304, &smallest}, {"largest", 131072, 4194304, &largest},
        {"checks", 1000, 1000000, &checked},      {"seed", 0, UINT32_MAX, &seed}};
    const json_file json = read_command_line("bench-long", argc, argv, options, 6);
    round_count = (int)rounds;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, seed);
    mpz_init(n);
    crew = prk_crew_create((unsigned)thread_count);
    if (crew == NULL) {
        perror("bench-long");
        return 74;
    }
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    print_machine(&e, "");
    printf("threads    %" PRIu64
           ", on %d cores\n\n%-9s %9s %8s %10s %10s %6s %11s %9s %9s %6s %8s\n",
           thread_count, prk_core_count(), "form", "bits", "digits", "one us", "shared us", "ratio",
           "95 %", "of best", "beside us", "beside", "trip ns");
    char *written = NULL;
    size_t size = 0;
    FILE *measurements = json.file == NULL ? NULL : open_memstream(&written, &size);
    if (json.file != NULL && measurements == NULL) {
        perror("bench-long");
        return 74;
    }
    for (int what = 0; what < KINDS; what++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (sizes[i] >= smallest && sizes[i] <= largest) {
                run((kind)what, sizes[i], measurements);
            }
        }
    }
    printf("\n");
    run_checks(checked < 32768 ? checked : 32768);
    if (checked > 32768) {
        run_checks(checked);
    }
    read_load(e.load_after);
    print_load(&e);
    if (json.file != NULL) {
        write_environment(json.file, &e);
        write_peer(json.file, "GMP", gmp_version);
        fclose(measurements);
        fwrite(written, 1, size, json.file);
        free(written);
        close_json(&json);
    }
    prk_crew_destroy(crew);
    mpz_clear(n);
    gmp_randclear(state);
    return 0;
}
