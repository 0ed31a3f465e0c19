// SPDX-License-Identifier: Apache-2.0
//
// Lanes that are shared: powers, terms of Lucas sequences and Lucas tests of numbers of all sizes,
// asked for by as many tasks as there may be, give what each gives alone.

#include <stdatomic.h>
#include <string.h>

#include "../../CKernels/include/prk_proof.h"
#include "../../CKernels/long/long.h"
#include "../../CKernels/share/team.h"
#include "lucas_pair.h"
#include "support.h"

static prk_scratch *scratch;
static gmp_randstate_t state;

static size_t below(size_t n) { return (size_t)(next_random() % n); }

// --- Powers --------------------------------------------------------------------------------------

typedef struct asked {
    mpz_t n, base, exponent, result, expected;
} asked;

static void make_asked(asked *a) {
    mpz_inits(a->n, a->base, a->exponent, a->result, a->expected, (mpz_ptr)NULL);
}

static void clear_asked(asked *a) {
    mpz_clears(a->n, a->base, a->exponent, a->result, a->expected, (mpz_ptr)NULL);
}

static void choose_modulus(mpz_ptr n, size_t bits) {
    mpz_urandomb(n, state, bits);
    if (below(4) == 0) { // all ones
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        mpz_sub_ui(n, n, 1);
    }
    mpz_setbit(n, bits - 1);
    mpz_setbit(n, 0);
}

// V_m(P, 1), bit by bit.
static void plain_term(mpz_ptr v, mpz_srcptr p, mpz_srcptr m, mpz_srcptr n) {
    mpz_t next;
    mpz_init(next);
    lucas_by_definition(v, next, p, m, n);
    mpz_mod(v, v, n);
    mpz_clear(next);
}

static void choose_asked(asked *a, size_t bits, bool is_lucas) {
    choose_modulus(a->n, bits);
    mpz_urandomm(a->base, state, a->n);
    mpz_urandomb(a->exponent, state, 1 + below(bits + 20));
    switch (below(10)) {
    case 0:
        mpz_set_ui(a->base, below(3));
        break;
    case 1:
        mpz_sub_ui(a->base, a->n, 1 + below(2));
        break;
    case 2:
        mpz_set_ui(a->exponent, below(3));
        break;
    case 3: // all ones
        mpz_set_ui(a->exponent, 0);
        mpz_setbit(a->exponent, bits);
        mpz_sub_ui(a->exponent, a->exponent, 1);
        break;
    default:
        break;
    }
    mpz_mod(a->base, a->base, a->n);
    if (is_lucas) {
        plain_term(a->expected, a->base, a->exponent, a->n);
    } else {
        mpz_powm(a->expected, a->base, a->exponent, a->n);
    }
}

// Each count of the kernel itself, of which lanes take numbers of all these sizes.
static void test_kernel(size_t bits, size_t count, bool is_lucas) {
    asked list[PRK_LANES];
    prk_lane_power powers[PRK_LANES];
    for (size_t i = 0; i < count; i++) {
        make_asked(&list[i]);
        choose_asked(&list[i], bits > 66 + i ? bits - below(3) : bits, is_lucas);
        if (i > 0 && below(3) == 0) { // of one n, as square roots are
            mpz_set(list[i].n, list[i - 1].n);
            mpz_mod(list[i].base, list[i].base, list[i].n);
            if (is_lucas) {
                plain_term(list[i].expected, list[i].base, list[i].exponent, list[i].n);
            } else {
                mpz_powm(list[i].expected, list[i].base, list[i].exponent, list[i].n);
            }
        }
        powers[i] = (prk_lane_power){list[i].n, list[i].base, list[i].exponent, list[i].result};
    }
    if (prk_lanes_take(bits)) {
#if defined(__x86_64__)
        EXPECT(prk_lanes_powers(powers, count, is_lucas, scratch, NULL) == PRK_STATUS_OK, "%zu",
               count);
        for (size_t i = 0; i < count; i++) {
            EXPECT(mpz_cmp(list[i].result, list[i].expected) == 0, "%zu bits, %zu of %zu, %d", bits,
                   i, count, is_lucas);
        }
#endif
    }
    EXPECT(prk_shared_powers(scratch, powers, count, is_lucas, NULL) == PRK_STATUS_OK, "%zu",
           count);
    for (size_t i = 0; i < count; i++) {
        EXPECT(mpz_cmp(list[i].result, list[i].expected) == 0, "%zu bits, %zu of %zu, %d", bits, i,
               count, is_lucas);
    }
    EXPECT(scratch->taken == 0, "%zu numbers are taken", scratch->taken);
    for (size_t i = 0; i < count; i++) {
        clear_asked(&list[i]);
    }
}

static void test_powers(void) {
    static const size_t limits[] = {65, 100, 152, 204, 256, 464, 520, 1040};
    for (int is_lucas = 0; is_lucas < 2; is_lucas++) {
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
            for (long round = 0; round < scaled(6); round++) {
                test_kernel(limits[i] + below(9), 1 + below(PRK_LANES), is_lucas);
            }
        }
        test_kernel(66, PRK_LANES, is_lucas);
        test_kernel(8192, 3, is_lucas);
        test_kernel(40, 5, is_lucas); // none of the lanes'
    }
}

// --- Tasks ---------------------------------------------------------------------------------------

enum { MOST_TASKS = 60 };

typedef struct tasks {
    size_t bits;
    int done[MOST_TASKS];
    size_t at_once, most_at_once;
    size_t failing; // this one fails, if there is such a one
    const uint32_t *cancel;
    bool is_nested;
} tasks;

// An odd number that passes the Lucas test, as far as a reference says, or any.
static void expect_lucas(prk_scratch *s, size_t bits, const uint32_t *cancel) {
    mpz_t n;
    uint32_t p = 0, condition = 0, expected = 0;
    mpz_init(n);
    choose_modulus(n, bits);
    if (below(2) == 0) {
        mpz_nextprime(n, n);
    }
    if (mpz_perfect_square_p(n) == 0 && prk_lucas_parameter(n, &p)) {
        EXPECT(prk_extra_strong_lucas_test(scratch, prk_arithmetic_for(n, NULL), n, NULL, p, NULL,
                                           &expected) == PRK_STATUS_OK,
               "memory");
        const prk_status status = prk_shared_lucas_test(s, n, p, cancel, &condition);
        EXPECT(status == PRK_STATUS_OK ? condition == expected : cancel != NULL, "%u, %u",
               condition, expected);
    }
    mpz_clear(n);
}

// Numbers of all sizes, words among them, most of them prime.
static void expect_strong(prk_scratch *s, size_t bits, const uint32_t *cancel) {
    static const mp_limb_t two = 2;
    mpz_t n[PRK_LANES], base;
    mpz_srcptr list[PRK_LANES];
    bool passed[PRK_LANES];
    const size_t count = 1 + below(PRK_LANES);
    for (size_t i = 0; i < count; i++) {
        mpz_init(n[i]);
        choose_modulus(n[i], 3 + below(bits));
        if (below(4) != 0) {
            mpz_nextprime(n[i], n[i]);
        }
        list[i] = n[i];
    }
    const prk_status status = prk_shared_strong_tests(s, list, count, cancel, passed);
    for (size_t i = 0; i < count; i++) {
        bool expected = mpz_probab_prime_p(n[i], 25) != 0;
        if (mpz_size(n[i]) > 1) {
            EXPECT(prk_strong_test(scratch, prk_arithmetic_for(n[i], NULL), n[i], NULL,
                                   mpz_roinit_n(base, &two, 1), NULL, &expected) == PRK_STATUS_OK,
                   "memory");
        }
        EXPECT(status == PRK_STATUS_OK ? passed[i] == expected : cancel != NULL, "%zu of %zu", i,
               count);
        mpz_clear(n[i]);
    }
}

static prk_status nested(void *context, size_t i, prk_scratch *s) {
    (void)i;
    tasks *all = context;
    expect_lucas(s, all->bits, NULL);
    return PRK_STATUS_OK;
}

static prk_status ask(void *context, size_t i, prk_scratch *s) {
    tasks *all = context;
    all->at_once++;
    all->most_at_once = all->at_once > all->most_at_once ? all->at_once : all->most_at_once;
    prk_status status = PRK_STATUS_OK;
    for (size_t round = 0; round < 1 + i % 4 && status == PRK_STATUS_OK; round++) {
        const bool is_lucas = below(2) == 0;
        asked list[PRK_LANES];
        prk_lane_power powers[PRK_LANES];
        const size_t count = 1 + below(PRK_LANES);
        for (size_t k = 0; k < count; k++) {
            make_asked(&list[k]);
            choose_asked(&list[k], 60 + below(all->bits), is_lucas);
            powers[k] = (prk_lane_power){list[k].n, list[k].base, list[k].exponent, list[k].result};
        }
        status = prk_shared_powers(s, powers, count, is_lucas, all->cancel);
        for (size_t k = 0; k < count; k++) {
            EXPECT(status != PRK_STATUS_OK || mpz_cmp(list[k].result, list[k].expected) == 0,
                   "task %zu, %zu of %zu", i, k, count);
            clear_asked(&list[k]);
        }
        expect_lucas(s, 65 + below(all->bits), all->cancel);
        expect_strong(s, all->bits, all->cancel);
    }
    if (all->is_nested && status == PRK_STATUS_OK) {
        status = prk_share_lanes(s, all->bits, 3, PRK_LANES, nested, all);
    }
    EXPECT(s->taken == 0, "%zu numbers are taken", s->taken);
    all->at_once--;
    all->done[i]++;
    return i == all->failing ? PRK_STATUS_NO_MEMORY : status;
}

static void test_tasks(size_t count, size_t most, bool is_nested) {
    tasks all = {.bits = 70 + below(200), .failing = MOST_TASKS, .is_nested = is_nested};
    EXPECT(prk_share_lanes(scratch, all.bits, count, most, ask, &all) == PRK_STATUS_OK, "%zu",
           count);
    for (size_t i = 0; i < count; i++) {
        EXPECT(all.done[i] == 1, "task %zu of %zu ran %d times", i, count, all.done[i]);
    }
    const size_t at_once = count < most ? count : most;
    EXPECT(all.most_at_once == (count == 0                 ? 0
                                : prk_lanes_take(all.bits) ? at_once
                                                           : 1),
           "%zu of %zu, at most %zu, were at once", all.most_at_once, count, most);
    EXPECT(scratch->seat == NULL && scratch->taken == 0, "the scratch");
}

// The first that fails ends those that have not begun, and all that have end.
static void test_ends(void) {
    tasks all = {.bits = 100, .failing = 5};
    EXPECT(prk_share_lanes(scratch, all.bits, MOST_TASKS, 4, ask, &all) == PRK_STATUS_NO_MEMORY,
           "the status");
    EXPECT(all.done[5] == 1 && all.done[MOST_TASKS - 1] == 0 && all.at_once == 0, "the tasks");
    const uint32_t cancelled = 1;
    all = (tasks){.bits = 300, .failing = MOST_TASKS, .cancel = &cancelled};
    EXPECT(prk_share_lanes(scratch, all.bits, MOST_TASKS, 7, ask, &all) == PRK_STATUS_CANCELLED,
           "cancelled");
    EXPECT(all.done[MOST_TASKS - 1] == 0 && all.at_once == 0, "the tasks");
}

// --- Teams ---------------------------------------------------------------------------------------

typedef struct round {
    atomic_int done[MOST_TASKS];
    size_t failing;
    uint64_t seed;
} round;

static prk_status raise(void *context, size_t i, prk_scratch *s) {
    round *r = context;
    EXPECT(s->team == NULL, "a task has a team");
    mpz_t n, e, result, expected;
    mpz_inits(n, e, result, expected, (mpz_ptr)NULL);
    mpz_set_ui(n, r->seed | 1);
    mpz_ui_pow_ui(e, 3, 40 + i);
    mpz_mul(n, n, e);
    const prk_lane_power asked = {n, e, e, result};
    const prk_status status = prk_shared_powers(s, &asked, 1, false, NULL);
    mpz_powm(expected, e, e, n);
    EXPECT(status == PRK_STATUS_OK && mpz_cmp(result, expected) == 0, "task %zu", i);
    mpz_clears(n, e, result, expected, (mpz_ptr)NULL);
    r->done[i]++;
    return i == r->failing || i == r->failing + 1 ? PRK_STATUS_NO_MEMORY + (i != r->failing)
                                                  : PRK_STATUS_OK;
}

static void test_team(size_t threads) {
    prk_team *team = NULL;
    EXPECT(prk_team_make(&team, threads) == PRK_STATUS_OK, "%zu threads", threads);
    scratch->team = team;
    EXPECT(prk_team_size(scratch) == (threads == 0 ? 1 : threads), "%zu threads", threads);
    for (size_t count = 0; count < MOST_TASKS; count += count < 5 ? 1 : 7) {
        round r = {.failing = MOST_TASKS, .seed = next_random()};
        EXPECT(prk_team_run(scratch, count, raise, &r) == PRK_STATUS_OK, "%zu tasks", count);
        for (size_t i = 0; i < count; i++) {
            EXPECT(r.done[i] == 1, "task %zu of %zu ran %d times", i, count, (int)r.done[i]);
        }
        if (count > 2) {
            round failing = {.failing = count / 2, .seed = next_random()};
            EXPECT(prk_team_run(scratch, count, raise, &failing) != PRK_STATUS_OK, "%zu tasks",
                   count);
            for (size_t i = 0; i < count / 2; i++) {
                EXPECT(failing.done[i] == 1, "task %zu ran %d times", i, (int)failing.done[i]);
            }
        }
    }
    EXPECT(scratch->team == team && scratch->taken == 0, "the scratch");
    scratch->team = NULL;
    prk_team_destroy(team);
}

// --- Proofs --------------------------------------------------------------------------------------

typedef struct text {
    char *start;
    size_t size;
} text;

static bool keep(void *context, const char *bytes, size_t count) {
    text *t = context;
    t->start = malloc(count);
    t->size = count;
    memcpy(t->start, bytes, count);
    return true;
}

// Primes and composites of many sizes, 0, 1, words, options that are not valid and one that is
// cancelled, among each other: each gets what it gets alone.
static void test_proofs(size_t count, bool only_curves) {
    enum { MOST = 50 };
    static const size_t sizes[] = {1, 3, 40, 64, 65, 66, 90, 128, 160, 200, 256, 300};
    const uint32_t cancelled = 1;
    mpz_t n[MOST];
    text texts[MOST] = {{0}};
    prk_proof proofs[MOST];
    prk_prove_options options[MOST];
    prk_proof_asked asked[MOST];
    for (size_t i = 0; i < count; i++) {
        mpz_init(n[i]);
        mpz_urandomb(n[i], state, sizes[below(sizeof sizes / sizeof sizes[0])]);
        if (below(5) != 0) {
            mpz_nextprime(n[i], n[i]);
        }
        options[i] = (prk_prove_options){.only_curves = only_curves, .seed = i % 3};
        if (i % 11 == 7) {
            options[i].certificate_format = 99;
        } else if (i % 11 == 8) {
            options[i].cancel = &cancelled;
        }
        asked[i] = (prk_proof_asked){(const uint64_t *)mpz_limbs_read(n[i]),
                                     mpz_size(n[i]),
                                     &options[i],
                                     keep,
                                     &texts[i],
                                     &proofs[i],
                                     0};
    }
    EXPECT(prk_prove_many(asked, count) == PRK_STATUS_OK, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        text alone = {0};
        prk_proof proof;
        const prk_status status =
            prk_prove(asked[i].limbs, asked[i].limb_count, &options[i], keep, &alone, &proof);
        EXPECT(status == asked[i].status, "number %zu: status %d and %d", i, (int)status,
               (int)asked[i].status);
        EXPECT(status != PRK_STATUS_OK ||
                   (proof.verdict == proofs[i].verdict && proof.steps == proofs[i].steps &&
                    proof.cost == proofs[i].cost),
               "number %zu: another proof", i);
        EXPECT(alone.size == texts[i].size &&
                   (alone.size == 0 || memcmp(alone.start, texts[i].start, alone.size) == 0),
               "number %zu: another certificate", i);
        free(alone.start);
        free(texts[i].start);
        mpz_clear(n[i]);
    }
}

// Any number of threads has one certificate.
static void test_threads(size_t bits) {
    mpz_t n;
    mpz_init(n);
    mpz_urandomb(n, state, bits);
    mpz_setbit(n, bits - 1);
    mpz_nextprime(n, n);
    text first = {0};
    for (uint32_t threads = 0; threads < 6; threads += threads < 3 ? 1 : 2) {
        prk_prove_options options = {.only_curves = true, .threads = threads};
        prk_proof proof;
        text t = {0};
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep, &t,
                         &proof) == PRK_STATUS_OK &&
                   proof.verdict == PRK_PROOF_PROVED,
               "%u threads", threads);
        if (threads == 0) {
            first = t;
            continue;
        }
        EXPECT(t.size == first.size && t.size > 0 && memcmp(t.start, first.start, t.size) == 0,
               "%u threads: another certificate", threads);
        free(t.start);
        const uint32_t cancelled = 1;
        options.cancel = &cancelled;
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                         &proof) == PRK_STATUS_CANCELLED,
               "%u threads, cancelled", threads);
        options.threads = 1025;
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                         &proof) == PRK_STATUS_INVALID_ARGUMENT,
               "threads");
    }
    free(first.start);
    mpz_clear(n);
}

int main(void) {
    scratch = prk_scratch_create();
    gmp_randinit_default(state);
    gmp_randseed_ui(state, next_random());
    test_powers();
    for (size_t count = 0; count <= MOST_TASKS; count += count < 4 ? 1 : 14) {
        test_tasks(count, 1, false);
        test_tasks(count, PRK_LANES, false);
        test_tasks(count, PRK_SHARED_TASKS, count % 2 == 0);
    }
    test_ends();
    for (size_t count = 0; count <= 50; count += count < 3 ? 1 : 16) {
        test_proofs(count, count % 2 == 0);
    }
    for (size_t threads = 0; threads < 6; threads++) {
        test_team(threads);
    }
    test_threads(200);
    test_threads(500);
    gmp_randclear(state);
    prk_scratch_destroy(scratch);
    printf("share_test: %s, level %s: %d failures\n", prk_compiler(),
           prk_level_name(prk_active_level()), failures);
    return failures != 0;
}
