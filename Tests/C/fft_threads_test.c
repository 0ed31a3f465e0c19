// SPDX-License-Identifier: Apache-2.0
//
// One transform by several threads: every product, carry and residue is, bit for bit, that of one
// thread, whatever the number of threads, and with what is no integer and no number. And the
// threads themselves: they sleep, take no signals, and may be fewer than asked for; a forked child
// does without.

#define _GNU_SOURCE

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// So many threads the system still gives.
static unsigned threads_left = 1000;

static int create_thread(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                         void *argument) {
    if (threads_left == 0) {
        return 11; // EAGAIN
    }
    threads_left--;
    return pthread_create(thread, attributes, run, argument);
}

#define pthread_create create_thread
#include "../../CKernels/system/crew.c"
#undef pthread_create

// Its plans are nobody else's to see.
#include "../../CKernels/modular/fft.c"
#include "support.h"
#include "transforms.h"

enum { MOST_THREADS = 4 };

static const prk_fft_kernels *kernel_sets[MOST_KERNEL_SETS];
static size_t kernel_count;
static prk_crew *crews[MOST_THREADS + 1]; // of so many
static gmp_randstate_t state;
static uint64_t compared, thirds; // of the latter, plans with a third carry

static uint64_t below(uint64_t bound) { return next_random() % bound; }

static void make_digits(double *digits, size_t count) {
    for (size_t j = 0; j < count; j++) {
        digits[j] = (double)below(1 << 16) - (1 << 15);
    }
}

static bool are_alike(const double *a, const double *b, size_t count) {
    compared++;
    return memcmp(a, b, count * sizeof *a) == 0;
}

// --- Products ------------------------------------------------------------------------------------

typedef struct arrays {
    size_t room;
    double *x, *a, *b, *wanted, *work;
} arrays;

static arrays allocate_arrays(size_t room) {
    arrays all = {room,
                  allocate_digits(room),
                  allocate_digits(room),
                  allocate_digits(room),
                  allocate_digits(room),
                  allocate_digits(room)};
    make_digits(all.x, room);
    make_digits(all.a, room);
    make_digits(all.b, room);
    return all;
}

static void free_arrays(arrays *all) {
    free(all->x);
    free(all->a);
    free(all->b);
    free(all->wanted);
    free(all->work);
}

static void test_product(const prk_fft_kernels *k, prk_fft *f, prk_fft_product product,
                         const arrays *t) {
    const size_t m = f->points;
    f->crew = NULL;
    k->multiply(f, product, t->x, t->x + m, t->wanted, t->a, t->b);
    for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
        const bool is_in_place = below(2) == 0;
        f->crew = crews[threads];
        memset(t->work, 0xa5, t->room * sizeof *t->work);
        if (is_in_place) {
            memcpy(t->work, t->x, 2 * m * sizeof *t->x);
        }
        const double *x = is_in_place ? t->work : t->x;
        k->multiply(f, product, x, x + m, t->work, t->a, t->b);
        EXPECT(are_alike(t->work, t->wanted, 2 * m),
               "%s: %zu points, ring %d, product %d, %u threads%s", k->name, m, f->ring, product,
               threads, is_in_place ? ", in place" : "");
    }
}

// Every radix at the root and below it, and lengths without a pass below the root.
static const size_t lengths[] = {96,   128,  160,  224,  256,  384,  448,  512,  640,  672,  768,
                                 1152, 1344, 1600, 1728, 1792, 2240, 3136, 4032, 4480, 8960, 13824};

static void test_products(const prk_fft_kernels *k) {
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        prk_fft f = {.points = 0};
        if (!prk_fft_set_radices(&f, lengths[i], k->lanes)) {
            continue;
        }
        arrays t = allocate_arrays(2 * lengths[i]);
        double *twiddles = allocate_digits(prk_fft_count_twiddles(&f, k->lanes));
        for (int ring = 0; ring < PRK_FFT_RINGS; ring++) {
            f.ring = (prk_fft_ring)ring;
            prk_fft_make_twiddles(&f, k->lanes, twiddles);
            for (int product = 0; product < PRK_FFT_PRODUCTS; product++) {
                if (lengths[i] < 1000 || product == ring || below(3) == 0) {
                    test_product(k, &f, (prk_fft_product)product, &t);
                }
            }
        }
        free(twiddles);
        free_arrays(&t);
    }
}

// --- Carries -------------------------------------------------------------------------------------

typedef enum damage { NONE, FRACTION, NO_NUMBER, INFINITE, TOO_LARGE, DAMAGES } damage;

static void spoil_one(double *work, size_t length, damage kind, double scale) {
    // Next to where columns begin as often as elsewhere.
    const size_t at = below(2) == 0 ? below(length) : below(length / 8) * 8 + below(4);
    switch (kind) {
    case FRACTION:
        work[at] += 0.375 / scale;
        break;
    case NO_NUMBER:
        work[at] = NAN;
        break;
    case INFINITE:
        work[at] = -INFINITY;
        break;
    case TOO_LARGE:
        work[at] = 0x1p51 / scale;
        break;
    default:
        break;
    }
}

// What carry() returns is the same, or no number in both cases.
static void expect_carry(const prk_fft_kernels *k, prk_fft_carry *c, prk_fft_ring ring,
                         const arrays *t, double times, const double *less, const char *what) {
    const size_t m = c->points;
    c->crew = NULL;
    const double wanted = k->carry(c, ring, t->x, times, less, t->wanted, t->wanted + m);
    for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
        c->crew = crews[threads];
        memcpy(t->work, t->x, 2 * m * sizeof *t->x);
        double *to = below(2) == 0 ? t->work : t->b; // in place, or not
        const double error = k->carry(c, ring, t->work, times, less, to, to + m);
        EXPECT(error == wanted || (error != error && wanted != wanted),
               "%s: %zu points, ring %d, %s, %u threads: an error of %g, not %g", k->name, m, ring,
               what, threads, error, wanted);
        EXPECT(are_alike(to, t->wanted, 2 * m), "%s: %zu points, ring %d, %s, times %g, %u threads",
               k->name, m, ring, what, times, threads);
    }
    c->crew = NULL;
}

static void test_carry(const prk_fft_kernels *k, prk_fft_carry *c, prk_fft_ring ring, arrays *t) {
    static const double factors[] = {1, 2, 3, 255};
    static const char *const names[DAMAGES] = {"as it is", "a fraction", "no number", "infinite",
                                               "too large"};
    const size_t length = 2 * c->points;
    for (int kind = 0; kind < DAMAGES; kind++) {
        for (size_t j = 0; j < length; j++) { // coefficients of about 2^40, next to integers
            t->x[j] = ((double)(int64_t)below((uint64_t)1 << 41) - 0x1p40 +
                       ldexp((double)below(1024), -13)) /
                      c->scale;
        }
        for (int i = 0; i < (kind == NONE ? 1 : 3); i++) {
            spoil_one(t->x, length, (damage)kind, c->scale);
        }
        expect_carry(k, c, ring, t, factors[below(4)], NULL, names[kind]);
        expect_carry(k, c, ring, t, 1, below(2) == 0 ? t->a : NULL, names[kind]);
    }
}

static void test_carries(const prk_fft_kernels *k) {
    static const struct {
        size_t points;
        unsigned rows;
    } planes[] = {{96, 3},  {128, 4},  {224, 7},  {256, 8},  {512, 8},
                  {640, 5}, {1152, 3}, {1792, 1}, {3136, 7}, {13824, 8}};
    for (size_t i = 0; i < sizeof planes / sizeof planes[0]; i++) {
        const size_t m = planes[i].points;
        arrays t = allocate_arrays(2 * m);
        for (int ring = PRK_FFT_RIGHT; ring <= PRK_FFT_THIRD; ring++) {
            prk_fft_plan p = {.shape = {.points = m, .is_pair = true, .bits = 20}};
            prk_fft_set_carries(&p);
            prk_fft_carry *c = &p.carries[ring == PRK_FFT_THIRD];
            c->rows = planes[i].rows;
            test_carry(k, c, (prk_fft_ring)ring, &t);
        }
        free_arrays(&t);
    }
}

// --- Plans ---------------------------------------------------------------------------------------

typedef struct user {
    prk_scratch *scratch;
    own *o;
    prk_modulus m;
    prk_residue *x;
} user;

static user begin_user(const prk_fft_kernels *k, const prk_fft_shape *shape, mpz_srcptr n,
                       unsigned threads) {
    user u = {.scratch = prk_scratch_create()};
    prk_scratch_set_threads(u.scratch, threads);
    u.o = allocate_planes(aligned(sizeof *u.o) + prk_fft_plan_bytes(shape, k));
    u.m = (prk_modulus){.arithmetic = &prk_fft_fast, .n = n, .scratch = u.scratch, .own = u.o};
    u.o->is_exact = !prk_fft_plan_set(&u.o->plan, k, shape, n,
                                      (unsigned char *)u.o + aligned(sizeof *u.o), u.scratch);
    u.x = allocate_planes(sizeof(prk_residue) + 2 * u.o->plan.room * sizeof(double));
    return u;
}

static void end_user(user *u) {
    free(u->x);
    free(u->o);
    prk_scratch_destroy(u->scratch);
}

// Squares, products and what is subtracted, with a product that is spoiled among them. Returns the
// largest error before that one.
static double run_user(user *u, const mpz_t start) {
    prk_residue *y = allocate_planes(sizeof(prk_residue) + 2 * u->o->plan.room * sizeof(double)),
                *less = allocate_planes(sizeof(prk_residue) + 2 * u->o->plan.room * sizeof(double));
    to(&u->m, u->x, start);
    to(&u->m, y, start);
    subtrahend(&u->m, less, y);
    square(&u->m, u->x, 1, NULL);
    square(&u->m, u->x, 2, NULL);
    square(&u->m, u->x, 1, less);
    const double largest = u->o->plan.largest;
    u->o->plan.fault_in = 1;
    u->o->plan.fault_factor = NAN;
    square(&u->m, u->x, 1, NULL);
    EXPECT(u->o->plan.alarms == 1, "%u alarms", u->o->plan.alarms);
    multiply(&u->m, u->x, y);
    square(&u->m, u->x, 3, NULL);
    free(y);
    free(less);
    return largest;
}

static void test_plan(const prk_fft_kernels *k, const prk_fft_form *form, size_t bits) {
    mpz_t n, start;
    mpz_inits(n, start, (mpz_ptr)NULL);
    if (form != NULL) {
        form_value(n, form);
    } else {
        mpz_urandomb(n, state, bits);
        mpz_setbit(n, bits - 1);
        mpz_setbit(n, 0);
    }
    mpz_urandomm(start, state, n);
    prk_fft_shape shape;
    prk_fft_choose(&shape, k, n, form, 0);
    EXPECT(shape.points != 0 && shape.is_pair == (form == NULL), "%zu bits: %zu points",
           mpz_sizeinbase(n, 2), shape.points);
    user one = begin_user(k, &shape, n, 1);
    const double largest = run_user(&one, start);
    EXPECT(one.scratch->crew == NULL, "a crew of one");
    thirds += one.o->plan.carries->carries > 2;
    const unsigned most = form == NULL ? 2 : MOST_THREADS; // a pair takes long to set up
    for (unsigned threads = 2; threads <= most; threads++) {
        user u = begin_user(k, &shape, n, threads);
        const bool is_shared = shape.points >= PRK_FFT_LEAST_SHARED;
        EXPECT((u.scratch->crew != NULL) == is_shared, "%zu points: a crew, or none", shape.points);
        EXPECT((u.o->plan.carries->crew != NULL) == is_shared, "%zu points", shape.points);
        const double error = run_user(&u, start);
        EXPECT(error == largest && error > 0 && error < MOST_ERROR, "errors of %g and %g", error,
               largest);
        const double *is = digits_of(u.o, u.x), *wanted = digits_of(one.o, one.x);
        EXPECT(are_alike(is, wanted, 2 * shape.points), "%s: %zu points, %s, %u threads", k->name,
               shape.points, form == NULL ? "a pair" : "a form", threads);
        end_user(&u);
    }
    end_user(&one);
    mpz_clears(n, start, (mpz_ptr)NULL);
}

// The same n in each ring: alone, weighted, with a third or fourth carry, modulo x^L - 1, a pair,
// and what is too short to be shared.
static void test_plans(const prk_fft_kernels *k) {
    static const prk_fft_form forms[] = {
        {1, 2, 27648 * 18, 1},  {3, 2, 524286, 1},  {9999, 2, 524275, 1}, {1, 10, 27648 * 5, 1},
        {1, 2, 27648 * 18, -1}, {3, 2, 700001, -1}, {3, 2, 100000, 1},    {1, 2, 86243, -1}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (k == prk_fft_active() || i % 3 == 2) {
            test_plan(k, &forms[i], 0);
        }
    }
    EXPECT(thirds > 0, "no plan has a third carry");
    test_plan(k, NULL, 100000);
    if (k == prk_fft_active()) {
        test_plan(k, NULL, 524288);
    }
}

// --- Cycles --------------------------------------------------------------------------------------

static void test_cycles(const prk_fft_kernels *k) {
    static const size_t points[] = {256, 448, 768, 1792, 6144, 13824, 32768};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const prk_fft_shape shape = {.points = points[i],
                                     .form = {1, 2, 16 * 2 * (uint64_t)points[i], -1}};
        mpz_t n;
        mpz_init(n);
        form_value(n, &shape.form);
        user u = begin_user(k, &shape, n, 1);
        prk_fft_cycle *c = &u.o->plan.cycle;
        const size_t m = points[i];
        if (c->halves == 0) {
            end_user(&u);
            mpz_clear(n);
            continue;
        }
        arrays t = allocate_arrays(u.o->plan.room);
        for (int product = 0; product < PRK_FFT_PRODUCTS; product++) {
            memcpy(t.wanted, t.a, t.room * sizeof *t.wanted); // what is behind the planes is room
            k->multiply_cycle(c, (prk_fft_product)product, t.x, t.x + m, t.wanted, t.a, t.b);
            for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
                c->crew = crews[threads];
                memcpy(t.work, t.a, t.room * sizeof *t.work);
                k->multiply_cycle(c, (prk_fft_product)product, t.x, t.x + m, t.work, t.a, t.b);
                EXPECT(are_alike(t.work, t.wanted, t.room), "%s: %zu points of a cycle, product %d",
                       k->name, m, product);
            }
            c->crew = NULL;
        }
        free_arrays(&t);
        end_user(&u);
        mpz_clear(n);
    }
}

// --- Threads -------------------------------------------------------------------------------------

typedef struct counts {
    _Alignas(64) unsigned at_work[MOST_THREADS];
    unsigned members;
} counts;

// Each step reads what all others have written in the step before.
static void count_steps(void *context, const prk_crew_member *me) {
    counts *c = context;
    for (unsigned step = 1; step <= 200; step++) {
        c->at_work[me->number] = step;
        prk_crew_wait(me);
        for (unsigned i = 0; i < me->members; i++) {
            EXPECT(c->at_work[i] == step, "member %u is not at step %u", i, step);
        }
        prk_crew_wait(me);
    }
    if (me->number == 0) {
        c->members = me->members;
    }
}

static void test_steps(void) {
    for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
        for (int run = 0; run < 3; run++) {
            counts c = {{0}, 0};
            prk_crew_run(crews[threads], count_steps, &c);
            EXPECT(c.members == threads, "%u members of %u", c.members, threads);
        }
    }
    EXPECT(prk_crew_create(0) == NULL && prk_crew_create(1) == NULL, "a crew of one");
    prk_crew_destroy(NULL);
    prk_crew_destroy(prk_crew_create(3)); // that has never run
}

static void say_members(void *context, const prk_crew_member *me) {
    if (me->number == 0) {
        *(unsigned *)context = me->members;
    }
}

// A line of a thread's status.
static bool read_status(const char *thread, const char *key, char value[64]) {
    char path[320], line[256];
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *file = fopen(path, "r");
    bool is_found = false;
    while (file != NULL && !is_found && fgets(line, sizeof line, file) != NULL) {
        const size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            snprintf(value, 64, "%.63s", line + length + 2);
            value[strcspn(value, "\n")] = '\0';
            is_found = true;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return is_found;
}

// How many threads of crews there are, and how many of them do not sleep.
static unsigned count_threads(unsigned *awake, unsigned *open_to_signals) {
    DIR *folder = opendir("/proc/self/task");
    unsigned count = 0;
    *awake = *open_to_signals = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char name[64], value[64];
        if (entry->d_name[0] == '.' || !read_status(entry->d_name, "Name", name) ||
            strcmp(name, "primality-crew") != 0) {
            continue;
        }
        count++;
        if (read_status(entry->d_name, "State", value)) {
            *awake += value[0] != 'S';
        }
        if (read_status(entry->d_name, "SigBlk", value)) {
            const unsigned long blocked = strtoul(value, NULL, 16), wanted = 1UL << (SIGTERM - 1) |
                                                                             1UL << (SIGINT - 1) |
                                                                             1UL << (SIGUSR1 - 1);
            *open_to_signals += (blocked & wanted) != wanted;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

static void test_sleep(void) {
    unsigned awake = 0, open_to_signals = 0, count = 0;
    // Some ten microseconds as a rule, and on a busy machine as long as it takes.
    for (int tries = 0; tries < 1000; tries++) {
        count = count_threads(&awake, &open_to_signals);
        if (awake == 0) {
            break;
        }
        usleep(10000);
    }
    EXPECT(count == 1 + 2 + 3, "%u threads", count);
    EXPECT(awake == 0, "%u of %u threads do not sleep", awake, count);
    EXPECT(open_to_signals == 0, "%u of %u threads take signals", open_to_signals, count);
}

static void test_few_threads(void) {
    for (unsigned made = 0; made < 3; made++) {
        threads_left = made;
        prk_crew *crew = prk_crew_create(5);
        threads_left = 1000;
        unsigned members = 1;
        EXPECT((crew == NULL) == (made == 0), "a crew with %u threads", made);
        if (crew != NULL) {
            prk_crew_run(crew, say_members, &members);
        }
        EXPECT(members == made + 1, "%u members with %u threads", members, made);
        prk_crew_destroy(crew);
    }
    // A scratch does with one thread.
    prk_scratch *s = prk_scratch_create();
    threads_left = 0;
    prk_scratch_set_threads(s, 4);
    EXPECT(prk_scratch_crew(s) == NULL, "a crew without threads");
    threads_left = 1000;
    EXPECT(prk_scratch_crew(s) != NULL, "no crew");
    prk_scratch_set_threads(s, 1);
    EXPECT(prk_scratch_crew(s) == NULL, "a crew of one");
    prk_scratch_destroy(s);
}

// Members that come late, as where other programs have the cores.
static void be_late(void *context, const prk_crew_member *me) {
    say_members(context, me);
    if (me->number > 0) {
        usleep(5000);
    }
    prk_crew_wait(me);
}

static void test_late_members(void) {
    unsigned members = 0, runs = 0;
    prk_crew *crew = prk_crew_create(3);
    alone_ns = UINT64_C(3600) * 1000000000;
    for (; runs < 1000 && members != 1; runs++) {
        prk_crew_run(crew, be_late, &members);
    }
    EXPECT(members == 1 && runs > 1, "%u members after %u runs", members, runs);
    crew->alone_until = 0; // the time is over
    prk_crew_run(crew, say_members, &members);
    EXPECT(members == 3, "%u members", members);
    prk_crew_destroy(crew);
    alone_ns = 0;
}

// A child has the scratch, and one thread: it computes the same, and gives the memory back.
static void test_fork(void) {
    const prk_fft_form form = {3, 2, 524286, 1};
    mpz_t n, start;
    mpz_inits(n, start, (mpz_ptr)NULL);
    form_value(n, &form);
    mpz_urandomm(start, state, n);
    prk_fft_shape shape;
    prk_fft_choose(&shape, prk_fft_active(), n, &form, 0);
    user one = begin_user(prk_fft_active(), &shape, n, 1),
         two = begin_user(prk_fft_active(), &shape, n, 2);
    run_user(&one, start);
    to(&two.m, two.x, start);
    square(&two.m, two.x, 1, NULL); // the threads are awake
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        two.o->plan.alarms = 0;
        run_user(&two, start);
        const bool is_right =
            are_alike(digits_of(two.o, two.x), digits_of(one.o, one.x), 2 * shape.points);
        end_user(&two);
        _exit(is_right ? 0 : 1);
    }
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0,
           "a forked child ends with %d", status);
    run_user(&two, start);
    EXPECT(are_alike(digits_of(two.o, two.x), digits_of(one.o, one.x), 2 * shape.points),
           "after a fork");
    end_user(&one);
    end_user(&two);
    mpz_clears(n, start, (mpz_ptr)NULL);
}

int main(void) {
    gmp_randinit_default(state);
    const char *shard = getenv("PRIMALITY_TEST_SHARD");
    const unsigned long seed = shard == NULL ? 0 : strtoul(shard, NULL, 10);
    gmp_randseed_ui(state, seed);
    random_state += seed;
    kernel_count = find_kernels(kernel_sets);
    alone_ns = 0; // on busy machines, too, all threads are to be seen at work
    test_few_threads();
    test_late_members();
    for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
        crews[threads] = prk_crew_create(threads);
        if (crews[threads] == NULL) {
            perror("fft_threads_test");
            return 1;
        }
    }
    test_steps();
    test_sleep();
    for (size_t i = 0; i < kernel_count; i++) {
        test_products(kernel_sets[i]);
        test_carries(kernel_sets[i]);
        test_cycles(kernel_sets[i]);
        test_plans(kernel_sets[i]);
    }
    test_fork();
    for (unsigned threads = 2; threads <= MOST_THREADS; threads++) {
        prk_crew_destroy(crews[threads]);
    }
    gmp_randclear(state);
    printf("fft_threads_test: %s, level %s: %llu arrays are those of one thread; %d failures\n",
           prk_compiler(), prk_level_name(prk_active_level()), (unsigned long long)compared,
           failures);
    return failures > 0;
}
