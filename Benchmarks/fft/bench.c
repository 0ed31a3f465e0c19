// SPDX-License-Identifier: Apache-2.0
//
// make bench-fft: squaring modulo numbers of 4,000 to 4,000,000 bits, of all forms, beside GMP and
// FLINT, in one process.
//
// GMP's time of a squaring is that of mpz_powm to 2^(s + c) less that to 2^s, over c: squares and
// reductions alone. In each round every contender of a size is measured once, in an order that
// rotates; a time is CPU time of the thread, and a ratio that of the best times of the same run.
// What was squared is compared with GMP's integers, and a difference ends the program with status
// 70.
//
// FLINT is loaded, not linked: where BENCH_FLINT_LIBRARY says, or the system's.

// What measuring.h includes, and RTLD_DEEPBIND.
#define _GNU_SOURCE

#include <dlfcn.h>
#include <math.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "../../CKernels/long/long.h"
// For its plans, in which each instruction set can be measured.
#include "../../CKernels/modular/fft.c"
#include "../../Tests/C/transforms.h"
#include "../measuring.h"

static int round_count;
static uint64_t smallest, largest_size, seed;
static bool is_quick;
static prk_scratch *scratch;
static gmp_randstate_t state;
static const prk_fft_kernels *kernel_sets[3];
static size_t kernel_count;

static void fail(const char *what) {
    fprintf(stderr, "bench-fft: %s\n", what);
    exit(70);
}

static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(PRK_FFT_ALIGNMENT, aligned(bytes));
    if (memory == NULL) {
        perror("bench-fft");
        exit(74);
    }
    memset(memory, 0, aligned(bytes));
    return memory;
}

// --- The clock -----------------------------------------------------------------------------------

// Of the time stamp counter, which does not change with the core's frequency.
static double cycles_per_ns;

static void find_frequency(void) {
#if defined(__x86_64__)
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    const uint64_t first = __rdtsc();
    double ns = 0;
    do {
        clock_gettime(CLOCK_MONOTONIC, &to);
        ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    } while (ns < 5e7);
    cycles_per_ns = (double)(__rdtsc() - first) / ns;
#endif
}

// --- FLINT ---------------------------------------------------------------------------------------

typedef long flint_integer; // fmpz

static void (*flint_set)(flint_integer *, const mpz_t);
static void (*flint_multiply)(flint_integer *, const flint_integer *, const flint_integer *);
static const char *flint_version;

static void load_flint(void) {
    const char *const path = getenv("BENCH_FLINT_LIBRARY");
    const bool is_given = path != NULL && path[0] != '\0';
    static const char *const names[] = {"libflint.so", "libflint.so.17", "libflint.so.18",
                                        "libflint.so.19", "libflint.so.20"};
    void *library = is_given ? dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) : NULL;
    for (size_t i = 0; !is_given && library == NULL && i < sizeof names / sizeof names[0]; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        if (is_given) {
            fprintf(stderr, "bench-fft: %s\n", dlerror());
        }
        return;
    }
    void *const set = dlsym(library, "fmpz_set_mpz"), *const multiply = dlsym(library, "fmpz_mul");
    // A newer one's name is in its own memory, an older one has none.
    const char *const version = dlsym(library, "flint_version");
    if (set != NULL && multiply != NULL) {
        memcpy(&flint_set, &set, sizeof set); // no cast from an object to a function
        memcpy(&flint_multiply, &multiply, sizeof multiply);
        flint_version = version == NULL ? "?" : version;
    }
}

// --- Numbers -------------------------------------------------------------------------------------

typedef enum kind {
    GENERAL,
    PROTH,
    RATIONAL,
    PROTH_9999,
    MERSENNE,
    RIESEL,
    POWER_OF_TEN,
    KINDS
} kind;

static const char *const kind_names[KINDS] = {"general", "3*2^n+1", "2^n+1 rational", "9999*2^n+1",
                                              "2^n-1",   "3*2^n-1", "1000000^n+1"};

// In ids no sign is left.
static const char *const kind_words[KINDS] = {
    "general",     "3*2^n plus 1",  "2^n plus 1 rational", "9999*2^n plus 1",
    "2^n minus 1", "3*2^n minus 1", "1000000^n plus 1"};

// What was set as the aim with 512-bit vectors, as ratios to GMP; of a general number also what the
// rule of precision leaves of it. With 256-bit vectors it is 0.7 of that.
static const struct {
    uint64_t bits;
    double general, general_by_rule, proth;
} gates[] = {{4096, 5, 5, 9},      {8192, 5.5, 4.5, 15}, {16384, 7, 6.7, 24},
             {32768, 9, 9, 30},    {65536, 13, 13, 41},  {131072, 13.5, 13.5, 46},
             {262144, 16, 16, 58}, {1048576, 18, 18, 65}};

// 2^n + 1 of some more than so many bits whose digits are all alike, at the least length there is.
static prk_fft_form rational(const prk_fft_kernels *kernels, uint64_t bits) {
    mpz_t n;
    mpz_init(n);
    prk_fft_form best = {1, 2, bits, 1};
    prk_fft_shape s;
    mpz_setbit(n, bits);
    prk_fft_choose(&s, kernels, n, &best, 0);
    const size_t most = s.points;
    for (size_t points = most * 3 / 4 / 32 * 32; points <= most && points > 0; points += 32) {
        const prk_fft_form form = {1, 2, (bits + 2 * points - 1) / (2 * points) * 2 * points, 1};
        mpz_set_ui(n, 0);
        mpz_setbit(n, form.exponent);
        prk_fft_choose(&s, kernels, n, &form, 0);
        if (s.points == points && !s.is_pair) {
            best = form;
            break;
        }
    }
    mpz_clear(n);
    return best;
}

// A number of about so many bits, and its form. False: it has none.
static bool make_number(mpz_t n, prk_fft_form *form, kind what, const prk_fft_kernels *kernels,
                        uint64_t bits) {
    switch (what) {
    case GENERAL:
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, 0);
        return false;
    case PROTH:
        *form = (prk_fft_form){3, 2, bits - 2, 1};
        break;
    case RATIONAL:
        *form = rational(kernels, bits);
        break;
    case PROTH_9999:
        *form = (prk_fft_form){9999, 2, bits - 14, 1};
        break;
    case MERSENNE:
        *form = (prk_fft_form){1, 2, (bits - 1) | 1, -1};
        break;
    case RIESEL:
        *form = (prk_fft_form){3, 2, bits - 2, -1};
        break;
    default: { // a power of two as exponent, of some more bits at most
        uint64_t exponent = 128;
        while ((double)(2 * exponent) * log2(1e6) <= 1.3 * (double)bits) {
            exponent *= 2;
        }
        *form = (prk_fft_form){1, 1000000, exponent, 1};
        break;
    }
    }
    form_value(n, form);
    return true;
}

// --- Contenders ----------------------------------------------------------------------------------

typedef enum library { OURS, GMP_POWER, GMP_PRODUCT, FLINT_PRODUCT } library;

typedef struct contender {
    library who;
    kind what;
    const prk_fft_kernels *kernels;
    prk_fft_shape shape;
    prk_modulus m;
    own *o;
    prk_residue *x;
    mpz_t n;
    size_t bits;
    int reference; // GMP's power modulo a number of this size
    long repeats;
    double least_long, least_short; // of its two powers
    measurement times;
} contender;

enum { MAX_CONTENDERS = 40 };

static contender contenders[MAX_CONTENDERS];
static int contender_count;
static flint_integer flint_x, flint_y;

static void begin_ours(contender *c) {
    c->o = allocate(aligned(sizeof *c->o) + prk_fft_plan_bytes(&c->shape, c->kernels));
    c->m = (prk_modulus){.arithmetic = &prk_fft_fast, .n = c->n, .scratch = scratch, .own = c->o};
    c->o->is_exact = !prk_fft_plan_set(&c->o->plan, c->kernels, &c->shape, c->n,
                                       (unsigned char *)c->o + aligned(sizeof *c->o), scratch);
    if (c->o->is_exact) {
        fail("a modulus has a factor in common with its ring");
    }
    c->x = allocate(sizeof(prk_residue) + 2 * prk_fft_room(&c->shape, c->kernels) * sizeof(double));
    mpz_t x;
    mpz_init(x);
    mpz_urandomm(x, state, c->n);
    prk_fft_to_digits(&c->o->plan, digits_of(c->o, c->x), x);
    mpz_clear(x);
}

// Some squares, with GMP's beside them.
static void check_ours(contender *c) {
    mpz_t unit, wanted, is;
    mpz_inits(unit, wanted, is, (mpz_ptr)NULL);
    if (c->shape.is_pair) { // 2/R
        prk_fft_ring_modulus(unit, &c->shape, PRK_FFT_SIXTH);
        mpz_mod(unit, unit, c->n);
        mpz_invert(unit, unit, c->n);
        mpz_mul_2exp(unit, unit, 1);
    } else {
        mpz_set_ui(unit, c->shape.form.k);
    }
    prk_fft_from_digits(&c->o->plan, wanted, digits_of(c->o, c->x));
    for (int i = 0; i < 3; i++) {
        multiply_digits(&c->m, c->x, c->x, 1, NULL);
        mpz_mul(wanted, wanted, wanted);
        mpz_mod(wanted, wanted, c->n);
        mpz_mul(wanted, wanted, unit);
        mpz_mod(wanted, wanted, c->n);
    }
    prk_fft_from_digits(&c->o->plan, is, digits_of(c->o, c->x));
    mpz_mod(is, is, c->n);
    if (mpz_cmp(is, wanted) != 0) {
        fprintf(stderr, "bench-fft: %s of %zu bits: ", kind_names[c->what], c->bits);
        fail("another residue than GMP's");
    }
    mpz_clears(unit, wanted, is, (mpz_ptr)NULL);
}

static double power_ns(mpz_srcptr n, mpz_ptr x, mpz_ptr exponent, mp_bitcnt_t squares) {
    mpz_set_ui(exponent, 0);
    mpz_setbit(exponent, squares);
    const double from = thread_ns();
    mpz_powm(x, x, exponent, n);
    return thread_ns() - from;
}

// One round: nanoseconds of a square.
static double time_once(contender *c) {
    static mpz_t x, y, exponent;
    static bool is_begun;
    if (!is_begun) {
        mpz_inits(x, y, exponent, (mpz_ptr)NULL);
        is_begun = true;
    }
    double from;
    switch (c->who) {
    case OURS:
        from = thread_ns();
        for (long i = 0; i < c->repeats; i++) {
            multiply_digits(&c->m, c->x, c->x, 1, NULL);
        }
        return (thread_ns() - from) / (double)c->repeats;
    case GMP_POWER: {
        mpz_urandomm(x, state, c->n);
        const mp_bitcnt_t some = 4;
        const double less = power_ns(c->n, x, exponent, some),
                     more = power_ns(c->n, x, exponent, some + (mp_bitcnt_t)c->repeats);
        c->least_short = fmin(c->least_short, less);
        c->least_long = fmin(c->least_long, more);
        return (more - less) / (double)c->repeats;
    }
    case GMP_PRODUCT:
        mpz_set(x, c->n);
        from = thread_ns();
        for (long i = 0; i < c->repeats; i++) {
            mpz_mul(y, x, x);
        }
        return (thread_ns() - from) / (double)c->repeats;
    default:
        flint_set(&flint_x, c->n);
        from = thread_ns();
        for (long i = 0; i < c->repeats; i++) {
            flint_multiply(&flint_y, &flint_x, &flint_x);
        }
        return (thread_ns() - from) / (double)c->repeats;
    }
}

static contender *add(library who, kind what, const prk_fft_kernels *kernels) {
    if (contender_count == MAX_CONTENDERS) {
        fail("too many contenders");
    }
    contender *c = &contenders[contender_count++];
    *c = (contender){.who = who, .what = what, .kernels = kernels, .reference = -1, .repeats = 8};
    mpz_init(c->n);
    return c;
}

// GMP's power modulo a number as long as c's, within 3 %.
static int reference_for(const contender *c) {
    for (int i = 0; i < contender_count; i++) {
        const contender *g = &contenders[i];
        if (g->who == GMP_POWER && fabs((double)g->bits / (double)c->bits - 1) < 0.03) {
            return i;
        }
    }
    mpz_srcptr n = c->n;
    contender *g = add(GMP_POWER, GENERAL, NULL);
    mpz_urandomb(g->n, state, mpz_sizeinbase(n, 2));
    mpz_setbit(g->n, mpz_sizeinbase(n, 2) - 1);
    mpz_setbit(g->n, 0);
    g->bits = mpz_sizeinbase(g->n, 2);
    return contender_count - 1;
}

static void enlist(uint64_t bits) {
    contender *c = add(GMP_POWER, GENERAL, NULL);
    make_number(c->n, NULL, GENERAL, NULL, bits);
    mpz_srcptr n = c->n;
    c = add(GMP_PRODUCT, GENERAL, NULL);
    mpz_set(c->n, n);
    if (flint_multiply != NULL) {
        c = add(FLINT_PRODUCT, GENERAL, NULL);
        mpz_set(c->n, n);
    }
    for (int i = 0; i < contender_count; i++) {
        contenders[i].bits = mpz_sizeinbase(contenders[i].n, 2);
        contenders[i].reference = i == 0 ? -1 : 0;
    }
    for (size_t k = 0; k < kernel_count; k++) {
        for (int what = 0; what < KINDS; what++) {
            c = add(OURS, (kind)what, kernel_sets[k]);
            prk_fft_form form;
            const bool has_form = make_number(c->n, &form, (kind)what, kernel_sets[k], bits);
            c->bits = mpz_sizeinbase(c->n, 2);
            prk_fft_choose(&c->shape, c->kernels, c->n, has_form ? &form : NULL, 0);
            if (c->shape.points == 0) {
                mpz_clear(c->n);
                contender_count--;
                continue;
            }
            begin_ours(c);
            check_ours(c);
            c->reference = reference_for(c);
        }
    }
}

static void discharge(void) {
    for (int i = 0; i < contender_count; i++) {
        mpz_clear(contenders[i].n);
        free(contenders[i].o);
        free(contenders[i].x);
    }
    contender_count = 0;
}

// So many repeats that a round takes two milliseconds, and a GMP power some eight squares.
static void measure(void) {
    for (int i = 0; i < contender_count; i++) {
        contender *c = &contenders[i];
        const double took = fmax(time_once(c), 100); // a difference may be nothing
        const double aim = is_quick ? 1e5 : c->who == GMP_POWER ? 1e7 : 2e6;
        c->repeats = (long)(aim / (took + 1)) + (c->who == GMP_POWER ? 8 : 1);
    }
    for (int i = 0; i < contender_count; i++) {
        contenders[i].least_long = contenders[i].least_short = INFINITY;
    }
    for (int r = 0; r < round_count; r++) {
        for (int i = 0; i < contender_count; i++) {
            contender *c = &contenders[(i + r) % contender_count];
            c->times.rounds[r] = time_once(c);
        }
    }
    for (int i = 0; i < contender_count; i++) {
        contender *c = &contenders[i];
        summarise(&c->times, c->reference < 0 ? NULL : &contenders[c->reference].times,
                  round_count);
        if (c->who == OURS) {
            check_ours(c);
        } else if (c->who == GMP_POWER) { // the least difference is that of least noise no more
            c->times.min = (c->least_long - c->least_short) / (double)c->repeats;
        }
    }
}

// --- Tables --------------------------------------------------------------------------------------

static const char *gate_of(const contender *c, uint64_t bits, double ratio, char text[32]) {
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        const double gate = c->what == GENERAL ? gates[i].general
                            : c->what == PROTH ? gates[i].proth
                                               : 0;
        if (gates[i].bits != bits || gate == 0 || c->kernels->lanes < 4) {
            continue;
        }
        const double part = c->kernels->lanes == 4 ? 0.7 : 1;
        const double by_rule = c->what == GENERAL ? gates[i].general_by_rule : gate;
        snprintf(text, 32, "%5.1f %s", part * gate,
                 ratio >= part * gate      ? "reached"
                 : ratio >= part * by_rule ? "rule's" // as far as the rule of precision lets it
                                           : "missed");
        return text;
    }
    return "";
}

static void print_size(uint64_t bits) {
    printf("\n%-15s %9s %-9s %7s %6s %7s %7s %10s %12s %7s  gate\n", "form", "bits", "kernels",
           "2M", "digit", "sigma", "error", "us", "cycles", "x GMP");
    for (int i = 0; i < contender_count; i++) {
        const contender *c = &contenders[i];
        const double us = c->times.min / 1e3, cycles = c->times.min * cycles_per_ns;
        const double ratio =
            c->reference < 0 ? 1 : contenders[c->reference].times.min / c->times.min;
        if (c->who != OURS) {
            printf("%-15s %9zu %-9s %7s %6s %7s %7s %10.3f %12.0f %7.2f\n",
                   c->who == GMP_POWER     ? "mpz_powm"
                   : c->who == GMP_PRODUCT ? "mpz_mul"
                                           : "fmpz_mul",
                   c->bits, "", "", "", "", "", us, cycles, ratio);
            continue;
        }
        char name[40], gate[32];
        snprintf(name, sizeof name, "%s%s", kind_names[c->what],
                 c->shape.is_pair && c->what != GENERAL ? "*" : "");
        printf("%-15s %9zu %-9s %7zu %6.2f %7.4f %7.4f %10.3f %12.0f %7.2f %s%s\n", name, c->bits,
               c->kernels->name, 2 * c->shape.points,
               (double)c->bits / (double)(2 * c->shape.points), c->shape.sigma, c->o->plan.largest,
               us, cycles, ratio, gate_of(c, bits, ratio, gate),
               c->o->plan.alarms > 0 ? " ALARMS" : "");
    }
    fflush(stdout);
}

static void write_size(FILE *file, uint64_t bits) {
    for (int i = 0; i < contender_count; i++) {
        const contender *c = &contenders[i];
        if (c->reference < 0 && i > 0) {
            continue; // of a number of another size
        }
        char variant[48];
        snprintf(variant, sizeof variant, "%s",
                 c->who == OURS          ? c->kernels->name
                 : c->who == GMP_POWER   ? "mpz_powm"
                 : c->who == GMP_PRODUCT ? "mpz_mul"
                                         : "fmpz_mul");
        const workload_name w = {"fft",
                                 "squaring",
                                 kind_words[c->what],
                                 (int)bits,
                                 "squaring",
                                 "make bench-fft",
                                 "cpu",
                                 c->what == GENERAL ? "mpz_powm" : NULL};
        write_measurement(file, &w, variant, &c->times, round_count);
    }
}

// --- Parts and costs -----------------------------------------------------------------------------

typedef struct parts {
    double transform, carry; // nanoseconds
} parts;

// Of a square modulo 2^n + 1, or 2^n - 1, of equal digits: a transform, and a carry.
static parts measure_parts(const prk_fft_kernels *kernels, size_t points, int c, int rounds) {
    const unsigned bits = 16;
    const prk_fft_shape shape = {.points = points, .form = {1, 2, (uint64_t)bits * 2 * points, c}};
    mpz_t n;
    mpz_init(n);
    form_value(n, &shape.form);
    own *o = allocate(aligned(sizeof *o) + prk_fft_plan_bytes(&shape, kernels));
    prk_fft_plan_set(&o->plan, kernels, &shape, n, (unsigned char *)o + aligned(sizeof *o),
                     scratch);
    const size_t room = prk_fft_room(&shape, kernels), m = points;
    double *x = allocate(room * sizeof *x), *work = allocate(room * sizeof *work);
    mpz_urandomm(n, state, n);
    prk_fft_to_digits(&o->plan, x, n);
    parts best = {INFINITY, INFINITY};
    long repeats = 1;
    for (int r = -1; r < rounds; r++) {
        double from = thread_ns();
        for (long i = 0; i < repeats; i++) {
            if (c < 0) {
                kernels->multiply_cycle(&o->plan.cycle, PRK_FFT_SQUARE, x, x + m, work, NULL, NULL);
            } else {
                kernels->multiply(&o->plan.rings[0], PRK_FFT_SQUARE, x, x + m, work, NULL, NULL);
            }
        }
        const double transform = (thread_ns() - from) / (double)repeats;
        from = thread_ns();
        for (long i = 0; i < repeats; i++) {
            kernels->carry(o->plan.carries, PRK_FFT_RIGHT, work, 1, NULL, x, x + m);
        }
        const double carry = (thread_ns() - from) / (double)repeats;
        if (r < 0) {
            repeats = (long)((is_quick ? 2e4 : 3e5) / (transform + carry + 1)) + 1;
            continue;
        }
        best.transform = fmin(best.transform, transform);
        best.carry = fmin(best.carry, carry);
    }
    free(x);
    free(work);
    free(o);
    mpz_clear(n);
    return best;
}

// Whether x^L - 1 has this length: its halves have it.
static bool has_cycle(const prk_fft_kernels *kernels, size_t points) {
    prk_fft f = {.points = 0};
    unsigned halves = 0;
    for (; points % 2 == 0 && prk_fft_set_radices(&f, points / 2, kernels->lanes); points /= 2) {
        halves++;
    }
    return halves > 0 && prk_fft_set_radices(&f, 2 * points, kernels->lanes);
}

static const char *radices_of(const prk_fft *f) {
    static char text[4 * PRK_FFT_MOST_PASSES];
    text[0] = '\0';
    for (unsigned i = 0; i < f->passes; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i == 0 ? "" : " ",
                 f->radices[i]);
    }
    return text;
}

static void print_parts(void) {
    static const size_t lengths[] = {128,  192,  256,  384,  448,  512,   768,   1024,  1536,
                                     1792, 3072, 3456, 6144, 6912, 13824, 27648, 55296, 110592};
    printf("\nA square modulo 2^n + 1 by its parts\n%-9s %7s %-12s %12s %12s %14s %12s\n",
           "kernels", "M", "radices", "transform us", "carry us", "cycles a point", "its carry");
    for (size_t k = 0; k < kernel_count; k++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            prk_fft f = {.points = 0};
            if (!prk_fft_set_radices(&f, lengths[i], kernel_sets[k]->lanes) ||
                lengths[i] * 40 > largest_size + 20000) {
                continue;
            }
            const parts p = measure_parts(kernel_sets[k], lengths[i], 1, round_count);
            printf("%-9s %7zu %-12s %12.3f %12.3f %14.2f %12.2f\n", kernel_sets[k]->name,
                   lengths[i], radices_of(&f), p.transform / 1e3, p.carry / 1e3,
                   p.transform * cycles_per_ns / (double)lengths[i],
                   p.carry * cycles_per_ns / (double)lengths[i]);
            fflush(stdout);
        }
    }
}

// Initialisers in C of what a square takes at each length.
static void print_costs(const environment *e) {
    for (size_t k = 0; k < kernel_count; k++) {
        for (int c = 1; c >= -1; c -= 2) {
            printf("// %s, %s: points, and nanoseconds of a square modulo 2^n %+d. %s\n",
                   kernel_sets[k]->name, c > 0 ? "rings" : "cycles", c, e->cpu);
            int column = 0;
            const size_t most = largest_size / 32 < 128 ? 128 : largest_size / 32;
            for (size_t points = PRK_FFT_LEAST_POINTS; points <= most; points += 32) {
                prk_fft f = {.points = 0};
                if (c > 0 ? prk_fft_set_radices(&f, points, kernel_sets[k]->lanes)
                          : has_cycle(kernel_sets[k], points)) {
                    const parts p = measure_parts(kernel_sets[k], points, c, round_count);
                    printf("{%zu, %.0f},%s", points, p.transform + p.carry,
                           ++column % 6 == 0 ? "\n" : " ");
                    fflush(stdout);
                }
            }
            printf("\n");
        }
    }
}

// --- Whole tests ---------------------------------------------------------------------------------

// 2^(n - 1) modulo a random n, beside mpz_powm.
static void print_tests(void) {
    static const struct {
        uint64_t bits;
        double gate;
    } tests[] = {{8192, 0}, {16384, 0}, {65536, 12}};
    mpz_t n, base, exponent, is, wanted;
    mpz_inits(n, base, exponent, is, wanted, (mpz_ptr)NULL);
    mpz_set_ui(base, 2);
    printf("\n2^(n-1) modulo a random n\n%9s %10s %10s %7s  gate\n", "bits", "ms", "mpz_powm",
           "x GMP");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (tests[i].bits > largest_size || (is_quick && tests[i].bits > 8192)) {
            continue;
        }
        make_number(n, NULL, GENERAL, NULL, tests[i].bits);
        mpz_sub_ui(exponent, n, 1);
        double best = INFINITY, gmp = INFINITY;
        for (int r = 0; r < (tests[i].bits > 20000 || is_quick ? 1 : 3); r++) {
            double from = thread_ns();
            if (prk_power(scratch, &prk_fft_fast, is, base, exponent, n, NULL, NULL) !=
                PRK_STATUS_OK) {
                fail("no memory");
            }
            best = fmin(best, thread_ns() - from);
            from = thread_ns();
            mpz_powm(wanted, base, exponent, n);
            gmp = fmin(gmp, thread_ns() - from);
            if (mpz_cmp(is, wanted) != 0) {
                fail("another power than mpz_powm's");
            }
        }
        const double ratio = gmp / best;
        printf("%9" PRIu64 " %10.1f %10.1f %7.2f", tests[i].bits, best / 1e6, gmp / 1e6, ratio);
        if (tests[i].gate > 0) {
            printf("  %.0f %s", tests[i].gate, ratio >= tests[i].gate ? "reached" : "missed");
        }
        printf("\n");
        fflush(stdout);
    }
    mpz_clears(n, base, exponent, is, wanted, (mpz_ptr)NULL);
}

// --- The program ---------------------------------------------------------------------------------

// Takes an option without a value out of the command line.
static bool take_option(int *argc, char **argv, const char *name) {
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof *argv);
            (*argc)--;
            return true;
        }
    }
    return false;
}

static void choose_kernels(bool has_levels) {
    kernel_sets[kernel_count++] = prk_fft_active();
    if (!has_levels) {
        return;
    }
#if defined(__x86_64__)
    if (prk_fft_active() != &prk_fft_avx2 && prk_level_supported(PRK_LEVEL_AVX2)) {
        kernel_sets[kernel_count++] = &prk_fft_avx2;
    }
#endif
    if (prk_fft_active() != &prk_fft_portable) {
        kernel_sets[kernel_count++] = &prk_fft_portable;
    }
}

int main(int argc, char **argv) {
    static const uint64_t sizes[] = {4096,   8192,   16384,  32768,   65536,
                                     131072, 262144, 524288, 1048576, 4194304};
    uint64_t rounds = 7;
    const number_option options[] = {{"rounds", 1, MAX_ROUNDS, &rounds},
                                     {"smallest", 4096, 4194304, &smallest},
                                     {"largest", 4096, 4194304, &largest_size},
                                     {"seed", 0, UINT32_MAX, &seed}};
    smallest = 4096;
    largest_size = 1048576;
    seed = 20261130;
    const bool has_levels = take_option(&argc, argv, "--levels"),
               has_costs = take_option(&argc, argv, "--costs"),
               has_parts = take_option(&argc, argv, "--parts"),
               has_tests = take_option(&argc, argv, "--tests");
    is_quick = take_option(&argc, argv, "--quick");
    const bool has_rows = !has_costs && !has_parts && !has_tests;
    const json_file json = read_command_line("bench-fft", argc, argv, options, 4);
    round_count = is_quick ? 2 : (int)rounds;
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("bench-fft");
        return 74;
    }
    gmp_randinit_default(state);
    gmp_randseed_ui(state, seed);
    environment e;
    read_cpu_model(&e);
    read_load(e.load_before);
    find_frequency();
    load_flint();
    choose_kernels(has_levels);
    if (has_costs) {
        print_costs(&e);
        return 0;
    }
    print_machine(&e, "");
    printf(
        "GMP        %s\nFLINT      %s\ncycles     of the time stamp counter, %.2f a nanosecond\n",
        gmp_version, flint_version == NULL ? "none" : flint_version, cycles_per_ns);
    printf("* a number of that form, by the rings for any number\n");
    // Until the load afterwards is known, which stands before them.
    char *written = NULL;
    size_t size = 0;
    FILE *measurements = json.file == NULL ? NULL : open_memstream(&written, &size);
    if (json.file != NULL && measurements == NULL) {
        perror("bench-fft");
        return 74;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] < smallest || sizes[i] > largest_size || (!has_rows && json.file == NULL)) {
            continue;
        }
        enlist(sizes[i]);
        measure();
        print_size(sizes[i]);
        if (measurements != NULL) {
            write_size(measurements, sizes[i]);
        }
        discharge();
    }
    if (has_rows || has_parts) {
        print_parts();
    }
    if (has_rows || has_tests) {
        print_tests();
    }
    read_load(e.load_after);
    print_load(&e);
    if (json.file != NULL) {
        write_environment(json.file, &e);
        write_peer(json.file, "GMP", gmp_version);
        if (flint_version != NULL) {
            write_peer(json.file, "FLINT", flint_version);
        }
        fclose(measurements);
        fwrite(written, 1, size, json.file);
        free(written);
        close_json(&json);
    }
    gmp_randclear(state);
    prk_scratch_destroy(scratch);
    return 0;
}
