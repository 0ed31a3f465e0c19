// SPDX-License-Identifier: Apache-2.0
//
// Proofs by the factors of n - 1 and n + 1. Each certificate is looked at twice: by conditions that
// are written here once more, with GMP's integers alone, and by the verifier.

#define _GNU_SOURCE // clocks, strdup

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../../CKernels/long/long.h"
#include "../../CKernels/prove/prove.h"
#include "support.h"

static gmp_randstate_t state;

// --- The text of a certificate -------------------------------------------------------------------

typedef struct text {
    char *start;
    size_t size, room;
    int calls;
} text;

static bool keep(void *context, const char *bytes, size_t count) {
    text *t = context;
    if (t->room < t->size + count + 1) {
        t->room = 2 * (t->size + count + 1);
        t->start = realloc(t->start, t->room);
    }
    memcpy(t->start + t->size, bytes, count);
    t->size += count;
    t->start[t->size] = 0;
    t->calls++;
    return true;
}

// Numbers of a step, of one key.
typedef struct list {
    mpz_t x[200];
    size_t count;
} list;

static void clear(list *l) {
    for (size_t i = 0; i < l->count; i++) {
        mpz_clear(l->x[i]);
    }
    l->count = 0;
}

// All numbers after "key": up to what closes their brackets. False: there is no such key.
static bool numbers_of(const char *line, const char *key, list *l) {
    char pattern[32];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    l->count = 0;
    const char *at = strstr(line, pattern);
    if (at == NULL) {
        return false;
    }
    int depth = 0;
    for (at += strlen(pattern); l->count < 200;) {
        if (*at == '[' || *at == ']') {
            depth += *at++ == '[' ? 1 : -1;
        } else if (*at == ',' || *at == '"') {
            at++;
            continue;
        } else {
            const char *end = at + strcspn(at, ",\"]}");
            const bool is_hex = strncmp(at, "0x", 2) == 0;
            char *digits = strndup(at + (is_hex ? 2 : 0), (size_t)(end - at) - (is_hex ? 2 : 0));
            mpz_init_set_str(l->x[l->count++], digits, is_hex ? 16 : 10);
            free(digits);
            at = end + (*end == '"');
        }
        if (depth == 0) {
            break;
        }
    }
    return true;
}

// --- Conditions, once more -----------------------------------------------------------------------

typedef struct step {
    mpz_t n, minus, plus; // n, n - 1, n + 1
    list q, a, plus_q, l;
    mpz_t f, f2, x, y, z;
} step;

// f = the powers of the primes that divide m.
static bool set_part(mpz_t f, const list *q, const mpz_t m) {
    mpz_t rest;
    mpz_init_set(rest, m);
    bool is_good = true;
    for (size_t i = 0; i < q->count; i++) {
        is_good = is_good && mpz_cmp_ui(q->x[i], 1) > 0 && mpz_remove(rest, rest, q->x[i]) > 0;
    }
    mpz_divexact(f, m, rest);
    mpz_clear(rest);
    return is_good;
}

static bool base_is_good(step *s, const mpz_t a, const mpz_t q) {
    mpz_powm(s->x, a, s->minus, s->n);
    mpz_divexact(s->y, s->minus, q);
    mpz_powm(s->y, a, s->y, s->n);
    mpz_sub_ui(s->y, s->y, 1);
    mpz_gcd(s->y, s->y, s->n);
    return mpz_cmp_ui(s->x, 1) == 0 && mpz_cmp_ui(s->y, 1) == 0;
}

static bool bases_are_good(step *s) {
    bool is_good = set_part(s->f, &s->q, s->minus) && s->a.count == s->q.count;
    for (size_t i = 0; is_good && i < s->q.count; i++) {
        is_good = base_is_good(s, s->a.x[i], s->q.x[i]);
    }
    return is_good;
}

// u = U_m(p, q), v = V_m(p, q) modulo n, by the recurrences of doubling.
static void lucas(mpz_t u, mpz_t v, const mpz_t p, const mpz_t q, const mpz_t m, const mpz_t n) {
    mpz_t qm, t, d, two;
    mpz_inits(qm, t, d, two, (mpz_ptr)NULL);
    mpz_mul(d, p, p);
    mpz_submul_ui(d, q, 4);
    mpz_set_ui(two, 2);
    mpz_invert(two, two, n);
    mpz_set_ui(u, 0);
    mpz_set_ui(v, 2);
    mpz_set_ui(qm, 1);
    for (size_t bit = mpz_sizeinbase(m, 2); bit-- > 0;) {
        mpz_mul(u, u, v);
        mpz_mul(v, v, v);
        mpz_submul_ui(v, qm, 2);
        mpz_mul(qm, qm, qm);
        if (mpz_tstbit(m, bit)) {
            mpz_mul(t, p, u);
            mpz_add(t, t, v);
            mpz_mul(u, u, d);
            mpz_addmul(u, p, v);
            mpz_mul(v, u, two);
            mpz_mul(u, t, two);
            mpz_mul(qm, qm, q);
        }
        mpz_mod(u, u, n);
        mpz_mod(v, v, n);
        mpz_mod(qm, qm, n);
    }
    mpz_clears(qm, t, d, two, (mpz_ptr)NULL);
}

static bool discriminant_is_good(step *s, const mpz_t p, const mpz_t q, mpz_t d) {
    mpz_mul(d, p, p);
    mpz_submul_ui(d, q, 4);
    mpz_gcd(s->x, q, s->n);
    return mpz_jacobi(d, s->n) == -1 && mpz_cmp_ui(s->x, 1) == 0;
}

static bool sequences_are_good(step *s, const list *primes) {
    bool is_good = set_part(s->f2, primes, s->plus) && s->l.count == 2 * primes->count;
    mpz_t d, first;
    mpz_init(d);
    mpz_init(first);
    for (size_t i = 0; is_good && i < primes->count; i++) {
        const mpz_t *pair = (const mpz_t *)&s->l.x[2 * i];
        is_good = discriminant_is_good(s, pair[0], pair[1], d);
        if (i == 0) {
            mpz_set(first, d);
        }
        lucas(s->x, s->y, pair[0], pair[1], s->plus, s->n);
        is_good = is_good && mpz_cmp(d, first) == 0 && mpz_sgn(s->x) == 0;
        mpz_divexact(s->z, s->plus, primes->x[i]);
        lucas(s->x, s->y, pair[0], pair[1], s->z, s->n);
        mpz_gcd(s->x, s->x, s->n);
        is_good = is_good && mpz_cmp_ui(s->x, 1) == 0;
    }
    mpz_clear(d);
    mpz_clear(first);
    return is_good;
}

// n < (b f + 1) (2 f^2 + (r - b) f + 1), and s = 0 or r^2 - 8 s no square, R = 2 f s + r.
static bool bls_is_good(step *s, const mpz_t b) {
    mpz_t rest, r, t;
    mpz_inits(rest, r, t, (mpz_ptr)NULL);
    mpz_divexact(rest, s->minus, s->f);
    mpz_mul_2exp(t, s->f, 1);
    mpz_fdiv_qr(rest, r, rest, t);
    mpz_mul(s->x, b, s->f);
    mpz_add_ui(s->x, s->x, 1);
    mpz_sub(s->y, r, b);
    mpz_addmul_ui(s->y, s->f, 2);
    mpz_mul(s->y, s->y, s->f);
    mpz_add_ui(s->y, s->y, 1);
    mpz_mul(s->x, s->x, s->y);
    mpz_mul(t, r, r);
    mpz_submul_ui(t, rest, 8);
    const bool is_good = mpz_even_p(s->f) && mpz_sgn(r) > 0 && mpz_cmp(s->n, s->x) < 0 &&
                         (mpz_sgn(rest) == 0 || mpz_sgn(t) < 0 || !mpz_perfect_square_p(t));
    mpz_clears(rest, r, t, (mpz_ptr)NULL);
    return is_good;
}

static bool bls7_is_good(step *s, const char *line) {
    list bound, base;
    bool is_good = numbers_of(line, "bound", &bound) && numbers_of(line, "base", &base);
    if (is_good) {
        mpz_divexact(s->z, s->minus, s->f);
        for (unsigned long p = 2; p < mpz_get_ui(bound.x[0]); p++) {
            is_good = is_good && !mpz_divisible_ui_p(s->z, p);
        }
        is_good = is_good && base_is_good(s, base.x[0], s->z) && bls_is_good(s, bound.x[0]);
    }
    clear(&bound);
    clear(&base);
    return is_good;
}

// Konyagin and Pomerance, as [CrPo05] theorem 4.1.6 has it. The last condition, on roots of a cubic
// polynomial, is what only composites fail: instead, no a with a f + 1 | n can be small here, which
// is looked at for a below 1000.
static bool konyagin_is_good(step *s) {
    mpz_t c1, c2, c3, c4, t;
    mpz_inits(c1, c2, c3, c4, t, (mpz_ptr)NULL);
    mpz_pow_ui(s->x, s->f, 10);
    mpz_pow_ui(s->y, s->n, 3);
    bool is_good = mpz_cmp(s->x, s->y) >= 0;
    mpz_divexact(t, s->minus, s->f);
    mpz_fdiv_qr(t, c1, t, s->f);
    mpz_fdiv_qr(c3, c2, t, s->f);
    mpz_mul(c4, c3, s->f);
    mpz_add(c4, c4, c2);
    for (unsigned long i = 0; i <= 5; i++) {
        mpz_mul_ui(t, s->f, i);
        mpz_add(t, t, c1);
        mpz_mul(t, t, t);
        mpz_add_ui(t, t, 4 * i);
        mpz_submul_ui(t, c4, 4);
        is_good = is_good && (mpz_sgn(t) < 0 || !mpz_perfect_square_p(t));
    }
    for (unsigned long i = 1; i < 1000; i++) {
        mpz_mul_ui(t, s->f, i);
        mpz_add_ui(t, t, 1);
        is_good = is_good && (mpz_cmp(t, s->n) >= 0 || !mpz_divisible_p(s->n, t));
    }
    mpz_clears(c1, c2, c3, c4, t, (mpz_ptr)NULL);
    return is_good;
}

static bool large_minus_is_good(step *s) {
    bool is_good = s->q.count == 1 && s->a.count == 1 && mpz_divisible_p(s->minus, s->q.x[0]);
    if (is_good) {
        mpz_mul_2exp(s->x, s->q.x[0], 1);
        mpz_add_ui(s->x, s->x, 1);
        mpz_mul(s->x, s->x, s->x);
        is_good = mpz_cmp(s->x, s->n) > 0;
        mpz_tdiv_q_2exp(s->x, s->minus, 1);
        mpz_powm(s->y, s->a.x[0], s->x, s->n);
        is_good = is_good && mpz_cmp(s->y, s->minus) == 0;
        mpz_divexact(s->x, s->minus, s->q.x[0]);
        mpz_tdiv_q_2exp(s->x, s->x, 1);
        mpz_powm(s->y, s->a.x[0], s->x, s->n);
        is_good = is_good && mpz_cmp(s->y, s->minus) != 0;
    }
    return is_good;
}

static bool large_plus_is_good(step *s, const char *line) {
    list p, q;
    numbers_of(line, "lp", &p);
    numbers_of(line, "lq", &q);
    bool is_good = s->q.count == 1 && p.count == 1 && q.count == 1 &&
                   mpz_divisible_p(s->plus, s->q.x[0]) &&
                   discriminant_is_good(s, p.x[0], q.x[0], s->z);
    if (is_good) {
        mpz_mul_2exp(s->x, s->q.x[0], 1);
        mpz_sub_ui(s->x, s->x, 1);
        mpz_mul(s->x, s->x, s->x);
        is_good = mpz_cmp(s->x, s->n) > 0;
        mpz_tdiv_q_2exp(s->z, s->plus, 1);
        lucas(s->x, s->y, p.x[0], q.x[0], s->z, s->n);
        is_good = is_good && mpz_sgn(s->y) == 0;
        mpz_divexact(s->z, s->plus, s->q.x[0]);
        mpz_tdiv_q_2exp(s->z, s->z, 1);
        lucas(s->x, s->y, p.x[0], q.x[0], s->z, s->n);
        is_good = is_good && mpz_sgn(s->y) != 0;
    }
    clear(&p);
    clear(&q);
    return is_good;
}

static const char *const kind_names[] = {"pocklington", "bls5",     "bls7",     "bls3",
                                         "bls15",       "morrison", "combined", "konyagin"};
enum { KINDS = sizeof kind_names / sizeof kind_names[0] };
static long kinds_seen[KINDS];

static int kind_of(const char *line) {
    for (int i = 0; i < KINDS; i++) {
        char pattern[40];
        snprintf(pattern, sizeof pattern, "\"kind\":\"%s\"", kind_names[i]);
        if (strstr(line, pattern) != NULL) {
            return i;
        }
    }
    return -1;
}

static bool step_is_good(step *s, const char *line) {
    const mp_limb_t limb = 1;
    mpz_t one;
    mpz_roinit_n(one, &limb, 1);
    const int kind = kind_of(line);
    numbers_of(line, "q", &s->q);
    numbers_of(line, "a", &s->a);
    numbers_of(line, "plus", &s->plus_q);
    numbers_of(line, "l", &s->l);
    mpz_sub_ui(s->minus, s->n, 1);
    mpz_add_ui(s->plus, s->n, 1);
    kinds_seen[kind < 0 ? 0 : kind]++;
    switch (kind) {
    case 0:
        return bases_are_good(s) && (mpz_mul(s->x, s->f, s->f), mpz_cmp(s->x, s->n) > 0);
    case 1:
        return bases_are_good(s) && bls_is_good(s, one);
    case 2:
        return bases_are_good(s) && bls7_is_good(s, line);
    case 3:
        return large_minus_is_good(s);
    case 4:
        return large_plus_is_good(s, line);
    case 5:
        return sequences_are_good(s, &s->q) &&
               (mpz_sub_ui(s->x, s->f2, 1), mpz_mul(s->x, s->x, s->x), mpz_cmp(s->x, s->n) > 0);
    case 6:
        if (!bases_are_good(s) || !sequences_are_good(s, &s->plus_q)) {
            return false;
        }
        mpz_mul(s->x, s->f, s->f2);
        mpz_mul(s->x, s->x, mpz_cmp(s->f, s->f2) > 0 ? s->f : s->f2);
        mpz_mul_2exp(s->y, s->n, 1);
        return mpz_even_p(s->f) && mpz_even_p(s->f2) && mpz_cmp(s->y, s->x) < 0;
    case 7:
        return bases_are_good(s) && konyagin_is_good(s);
    default:
        return false;
    }
}

// Primes of a step that need a step, and those that have one.
static list wanted, shown;

static void remember(list *l, const mpz_t x) {
    for (size_t i = 0; i < l->count; i++) {
        if (mpz_cmp(l->x[i], x) == 0) {
            return;
        }
    }
    if (l->count < 200) {
        mpz_init_set(l->x[l->count++], x);
    }
}

static bool primes_are_good(const list *q, const mpz_t n) {
    bool is_good = true;
    for (size_t i = 0; i < q->count; i++) {
        if (mpz_size(q->x[i]) <= 1) {
            is_good = is_good && gmp_says_prime(mpz_get_ui(q->x[i]));
        } else {
            is_good = is_good && mpz_cmp(q->x[i], n) < 0;
            remember(&wanted, q->x[i]);
        }
    }
    return is_good;
}

static bool brute_check(const char *certificate, const mpz_t n) {
    char *copy = strdup(certificate);
    step s;
    mpz_inits(s.n, s.minus, s.plus, s.f, s.f2, s.x, s.y, s.z, (mpz_ptr)NULL);
    wanted.count = shown.count = 0;
    remember(&wanted, n);
    bool is_good = true, has_end = false;
    int lines = 0;
    char *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        list number;
        if (strncmp(line, "{\"end\"", 6) == 0) {
            has_end = true;
            continue;
        }
        is_good = is_good && numbers_of(line, "n", &number) && !has_end;
        if (lines++ == 0) {
            is_good = is_good && mpz_cmp(number.x[0], n) == 0;
        } else {
            mpz_set(s.n, number.x[0]);
            const bool holds = step_is_good(&s, line);
            is_good =
                is_good && holds && primes_are_good(&s.q, s.n) && primes_are_good(&s.plus_q, s.n);
            remember(&shown, s.n);
            clear(&s.q);
            clear(&s.a);
            clear(&s.plus_q);
            clear(&s.l);
        }
        clear(&number);
    }
    if (mpz_size(n) > 1) {
        is_good = is_good && wanted.count == shown.count;
        for (size_t i = 0; i < wanted.count; i++) {
            bool is_shown = false;
            for (size_t j = 0; j < shown.count; j++) {
                is_shown = is_shown || mpz_cmp(wanted.x[i], shown.x[j]) == 0;
            }
            is_good = is_good && is_shown;
        }
    }
    clear(&wanted);
    clear(&shown);
    mpz_clears(s.n, s.minus, s.plus, s.f, s.f2, s.x, s.y, s.z, (mpz_ptr)NULL);
    free(copy);
    return is_good && has_end;
}

// --- Proving -------------------------------------------------------------------------------------

// As brute_check, or the verifier alone for numbers of which that would take too long.
static void check(const text *t, const mpz_t n, bool by_brute_force) {
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem;
    size_t used = 0;
    const prk_status status =
        prk_certificate_read(t->start, t->size, &certificate, &used, &problem);
    EXPECT(status == PRK_STATUS_OK && certificate != NULL && used == t->size, "%s", problem.reason);
    if (certificate != NULL) {
        size_t limbs = 0;
        const uint64_t *number = prk_certificate_number(certificate, &limbs);
        EXPECT(limbs == mpz_size(n) &&
                   mpn_cmp((const mp_limb_t *)number, mpz_limbs_read(n), (mp_size_t)limbs) == 0,
               "another number");
        EXPECT(prk_certificate_verify(certificate, NULL, &problem) == PRK_STATUS_OK &&
                   problem.verdict == PRK_CERTIFICATE_VALID,
               "step %d: %s\n%.2000s", (int)problem.step, problem.reason, t->start);
    }
    prk_certificate_destroy(certificate);
    if (by_brute_force) {
        EXPECT(brute_check(t->start, n), "brute force says no:\n%.2000s", t->start);
    }
}

static prk_proof_verdict prove_with(const mpz_t n, const prk_prove_options *options,
                                    prk_proof *proof) {
    text t = {.start = NULL};
    const prk_status status =
        prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), options, keep, &t, proof);
    EXPECT(status == PRK_STATUS_OK, "%s", prk_status_name(status));
    EXPECT((proof->verdict == PRK_PROOF_PROVED) == (t.calls == 1) && t.calls <= 1, "text");
    if (proof->verdict == PRK_PROOF_PROVED && t.calls == 1) {
        check(&t, n, mpz_sizeinbase(n, 2) <= 1500);
    }
    free(t.start);
    return proof->verdict;
}

static prk_proof_verdict prove(const mpz_t n, uint64_t max_cost, prk_proof *proof) {
    const prk_prove_options options = {.size = sizeof options, .max_cost = max_cost};
    return prove_with(n, &options, proof);
}

// Whether the evidence shows that n is composite. What tests of special forms say is for their own
// tests to look at.
static bool evidence_holds(const mpz_t n, const prk_report *report) {
    if (report->method >= PRK_METHOD_LUCAS_LEHMER &&
        report->method <= PRK_METHOD_LUCAS_LEHMER_RIESEL) {
        return true;
    }
    if ((report->fields & PRK_REPORT_HAS_FACTOR) != 0) {
        return report->factor > 1 && mpz_divisible_ui_p(n, report->factor) &&
               mpz_cmp_ui(n, report->factor) != 0;
    }
    if (report->method == PRK_METHOD_SQUARE) {
        return mpz_perfect_square_p(n) != 0;
    }
    prk_scratch *s = prk_scratch_create();
    bool passed = true;
    mpz_t base;
    mpz_init_set_ui(base, report->method == PRK_METHOD_STRONG_BASE2 ? 2 : report->base);
    if (report->method == PRK_METHOD_EXTRA_STRONG_LUCAS) {
        uint32_t condition = PRK_LUCAS_NONE;
        if (report->lucas_p != 0) {
            prk_extra_strong_lucas_test(s, prk_fastest_arithmetic(n), n, (uint32_t)report->lucas_p,
                                        NULL, &condition);
        }
        passed = condition != PRK_LUCAS_NONE;
    } else if (mpz_cmp_ui(base, 1) > 0) {
        prk_strong_test(s, prk_fastest_arithmetic(n), n, base, NULL, &passed);
    }
    mpz_clear(base);
    prk_scratch_destroy(s);
    return !passed;
}

static void expect_composite(const mpz_t n, const prk_prove_options *options) {
    prk_proof proof;
    EXPECT(prove_with(n, options, &proof) == PRK_PROOF_COMPOSITE, "verdict %d", proof.verdict);
    EXPECT(evidence_holds(n, &proof.report), "method %d", proof.report.method);
}

// --- Factors -------------------------------------------------------------------------------------

static void random_prime(mpz_t p, mp_bitcnt_t bits) {
    do {
        mpz_urandomb(p, state, bits);
        mpz_setbit(p, bits - 1);
        mpz_nextprime(p, p);
    } while (mpz_sizeinbase(p, 2) != bits);
}

static void expect_factored(const mpz_t n, prk_scratch *s, uint64_t seed) {
    prk_factoring f;
    prk_effort effort = {.most = UINT64_MAX, .seed = seed};
    mpz_t product, power;
    mpz_init_set_ui(product, 1);
    mpz_init(power);
    EXPECT(prk_factoring_begin(&f, n) == PRK_STATUS_OK, "begin");
    EXPECT(prk_factoring_settle(&f, &effort, s) == PRK_STATUS_OK, "settle");
    bool found = false;
    while (f.part_count > 0 && prk_factoring_next_cost(&f) != UINT64_MAX) {
        EXPECT(prk_factoring_step(&f, &effort, s, &found) == PRK_STATUS_OK, "step");
    }
    for (size_t i = 0; i < f.prime_count; i++) {
        EXPECT(mpz_probab_prime_p(f.primes[i].p, 20) != 0, "a factor is composite");
        mpz_pow_ui(power, f.primes[i].p, f.primes[i].exponent);
        mpz_mul(product, product, power);
    }
    EXPECT(mpz_cmp(product, n) == 0 && mpz_cmp_ui(f.rest, 1) == 0, "the product");
    prk_factoring_end(&f);
    mpz_clear(product);
    mpz_clear(power);
}

static void test_factors(void) {
    prk_scratch *s = prk_scratch_create();
    mpz_t n, p, q, g, exponent;
    mpz_inits(n, p, q, g, exponent, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(60); i++) {
        random_prime(p, 10 + next_random() % 22);
        random_prime(q, 20 + next_random() % 60);
        mpz_mul(n, p, q);
        mpz_mul(n, n, p); // a square in it, now and then a power of one prime
        if (i % 3 == 0) {
            random_prime(q, 17 + next_random() % 14);
            mpz_mul(n, n, q);
        }
        expect_factored(i % 7 == 0 ? p : n, s, (uint64_t)i);
        mpz_pow_ui(n, p, 2 + (unsigned long)(i % 5));
        expect_factored(n, s, (uint64_t)i);
    }
    // Each method, of one to many limbs: what it says divides, and it says something.
    for (mp_bitcnt_t bits = 40; bits <= 1400; bits += bits < 300 ? 37 : 400) {
        long found[2] = {0, 0};
        prk_effort effort = {.most = UINT64_MAX, .seed = bits};
        for (int turn = 0; turn < 8; turn++) {
            random_prime(p, 17);
            random_prime(q, bits - 17);
            mpz_mul(n, p, q);
            for (int method = 0; method < 2; method++) {
                prk_status status;
                if (method == 0) {
                    status = prk_minus_one(g, n, 600, &effort, s);
                } else {
                    prk_smooth_exponent(exponent, 150, g);
                    status = prk_curve(g, n, 150, exponent, &effort, s);
                }
                EXPECT(status == PRK_STATUS_OK && mpz_divisible_p(n, g), "method %d", method);
                found[method] += mpz_cmp(g, p) == 0;
            }
        }
        EXPECT(found[0] >= 3 && found[1] >= 4, "%d bits: %ld %ld of 8", (int)bits, found[0],
               found[1]);
    }
    // The least common multiple of 1 ... 20, and words of all kinds.
    mpz_t twenty;
    mpz_init(twenty);
    prk_smooth_exponent(twenty, 20, g);
    EXPECT(mpz_cmp_ui(twenty, 232792560) == 0, "lcm");
    mpz_clear(twenty);
    for (uint64_t i = 1; i < 3000; i++) {
        const uint64_t x = i % 2 == 0 ? i : next_random() >> (i % 60);
        uint64_t primes[16], rest = x == 0 ? 1 : x;
        const int count = prk_primes_of_u64(rest, primes);
        for (int j = 0; j < count; j++) {
            EXPECT(gmp_says_prime(primes[j]) && rest % primes[j] == 0, "%d", (int)x);
            while (rest % primes[j] == 0) {
                rest /= primes[j];
            }
        }
        EXPECT(rest == 1, "%llu", (unsigned long long)x);
    }
    mpz_clears(n, p, q, g, exponent, (mpz_ptr)NULL);
    prk_scratch_destroy(s);
}

// The division of both neighbours in one pass.
static void test_division(void) {
    mpz_t n, side;
    mpz_inits(n, side, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(40); i++) {
        mpz_urandomb(n, state, 65 + next_random() % 300);
        mpz_setbit(n, 0);
        prk_factoring f[2];
        for (int j = 0; j < 2; j++) {
            mpz_set(side, n);
            mpz_sub_ui(side, side, 1);
            mpz_add_ui(side, side, 2 * (unsigned long)j);
            prk_factoring_begin(&f[j], side);
        }
        EXPECT(prk_factoring_divide(&f[0], &f[1], n) == PRK_STATUS_OK, "divide");
        for (int j = 0; j < 2; j++) {
            mpz_sub_ui(side, n, 1);
            mpz_add_ui(side, side, 2 * (unsigned long)j);
            size_t count = 0;
            for (unsigned long p = 2; p < 65536; p += p == 2 ? 1 : 2) {
                count += mpz_divisible_ui_p(side, p) && gmp_says_prime(p);
                EXPECT(!mpz_divisible_ui_p(f[j].rest, p), "%lu is left", p);
            }
            EXPECT(count == f[j].prime_count, "%zu", count);
            prk_factoring_end(&f[j]);
        }
    }
    mpz_clears(n, side, (mpz_ptr)NULL);
}

// --- Ranges --------------------------------------------------------------------------------------

static void test_words(void) {
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    for (uint64_t i = 0; i < 600; i++) {
        const uint64_t x = i < 400 ? i : UINT64_MAX - (i - 400);
        mpz_set_ui(n, x);
        const prk_proof_verdict verdict = prove(n, 0, &proof);
        EXPECT(verdict == (x < 2               ? PRK_PROOF_NEITHER
                           : gmp_says_prime(x) ? PRK_PROOF_PROVED
                                               : PRK_PROOF_COMPOSITE),
               "%llu", (unsigned long long)x);
        EXPECT(proof.steps == 0, "steps");
    }
    mpz_clear(n);
}

// All numbers from 2^bits + from on.
static void test_range(mp_bitcnt_t bits, unsigned long from, long count) {
    mpz_t n;
    mpz_init(n);
    mpz_setbit(n, bits);
    mpz_add_ui(n, n, from);
    for (long i = 0; i < count; i++, mpz_add_ui(n, n, 1)) {
        prk_proof proof;
        const bool is_prime = mpz_probab_prime_p(n, 20) != 0;
        EXPECT(prove(n, 0, &proof) == (is_prime ? PRK_PROOF_PROVED : PRK_PROOF_COMPOSITE),
               "2^%d + %lu: %s", (int)bits, from + (unsigned long)i, proof.tried);
        EXPECT(is_prime || evidence_holds(n, &proof.report), "2^%d + %lu", (int)bits,
               from + (unsigned long)i);
    }
    mpz_clear(n);
}

// --- Constructed numbers -------------------------------------------------------------------------

// A prime with a neighbour of primes below `smooth` only: n - sign = product.
static void smooth_prime(mpz_t n, mp_bitcnt_t bits, int sign, uint64_t smooth) {
    do {
        mpz_set_ui(n, 2);
        while (mpz_sizeinbase(n, 2) < bits) {
            mpz_mul_ui(n, n, odd_prime_from(3 + next_random() % (smooth - 3), -2));
        }
        mpz_add_ui(n, n, (unsigned long)(1 + sign));
        mpz_sub_ui(n, n, 1);
    } while (mpz_probab_prime_p(n, 20) == 0);
}

static void test_smooth(void) {
    static const mp_bitcnt_t sizes[] = {66, 130, 256, 400, 700, 1024};
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int turn = 0; turn < 3; turn++) {
                smooth_prime(n, sizes[i], sign, turn == 0 ? 1103 : 60000);
                EXPECT(prove(n, 100, &proof) == PRK_PROOF_PROVED, "%d bits, n %c 1 smooth: %s",
                       (int)sizes[i], sign > 0 ? '-' : '+', proof.tried);
                EXPECT(proof.steps == 1, "steps");
            }
        }
    }
    mpz_clear(n);
}

// n = 2 h q ± 1 with a large prime q, which itself is of the kind: a tree of several steps.
static void test_chains(void) {
    mpz_t n, q;
    mpz_inits(n, q, (mpz_ptr)NULL);
    prk_proof proof;
    for (long turn = 0; turn < scaled(6); turn++) {
        smooth_prime(q, 100, turn % 2 == 0 ? 1 : -1, 2000);
        for (int level = 0; level < 4; level++) {
            for (unsigned long h = 1;; h++) {
                mpz_mul_ui(n, q, 2 * h);
                if ((turn + level) % 3 == 0) {
                    mpz_sub_ui(n, n, 1);
                } else {
                    mpz_add_ui(n, n, 1);
                }
                if (mpz_probab_prime_p(n, 20) != 0) {
                    break;
                }
            }
            mpz_set(q, n);
        }
        EXPECT(prove(n, 5000, &proof) == PRK_PROOF_PROVED, "%s", proof.tried);
    }
    mpz_clears(n, q, (mpz_ptr)NULL);
}

static void test_known_numbers(void) {
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    mpz_setbit(n, 255);
    mpz_sub_ui(n, n, 19);
    EXPECT(prove(n, 10, &proof) == PRK_PROOF_GAVE_UP && proof.tried[0] != 0, "%s", proof.tried);
    EXPECT(strstr(proof.tried, "n - 1: ") != NULL && proof.report.verdict == PRK_PROBABLE_PRIME,
           "%s", proof.tried);
    // With a factor that is known of the number next to the large prime of n - 1 [Bern06].
    mpz_t factor;
    mpz_init_set_str(factor, "75445702479781427272750846543864801", 10);
    const uint64_t offsets[2] = {0, mpz_size(factor)};
    const prk_prove_options options = {.max_cost = 1000,
                                       .factors = (const uint64_t *)mpz_limbs_read(factor),
                                       .factor_offsets = offsets,
                                       .factor_count = 1};
    EXPECT(prove_with(n, &options, &proof) == PRK_PROOF_PROVED && proof.steps > 1, "%s",
           proof.tried);
    mpz_clear(factor);
    static const unsigned long mersenne[] = {67, 89, 107, 127, 257, 521, 607, 1279};
    for (size_t i = 0; i < sizeof mersenne / sizeof mersenne[0]; i++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, mersenne[i]);
        mpz_sub_ui(n, n, 1);
        const bool is_prime = mersenne[i] != 67 && mersenne[i] != 257;
        EXPECT(prove(n, 0, &proof) == (is_prime ? PRK_PROOF_PROVED : PRK_PROOF_COMPOSITE),
               "2^%lu - 1", mersenne[i]);
        EXPECT(!is_prime || proof.steps == 1, "2^%lu - 1", mersenne[i]);
    }
    // The least k 2^e - 1 with k = 2^e - 1 that is prime, which no power of 2 alone proves.
    for (unsigned long e = 33; e < 100; e++) {
        mpz_set_ui(n, 0);
        mpz_setbit(n, e);
        mpz_sub_ui(n, n, 1);
        mpz_mul_2exp(n, n, e);
        mpz_sub_ui(n, n, 1);
        if (mpz_probab_prime_p(n, 20) != 0) {
            EXPECT(prove(n, 0, &proof) == PRK_PROOF_PROVED, "e = %lu: %s", e, proof.tried);
        }
    }
    mpz_clear(n);
}

// --- Composites ----------------------------------------------------------------------------------

// The search without a test before. It proves nothing wrong, and what it says is composite is.
static long refuted;
static void expect_no_proof(const mpz_t n) {
    prk_search search = {.effort = {.most = 2000000, .seed = 1}};
    search.scratch = prk_scratch_create();
    EXPECT(prk_search_begin(&search, n) == PRK_STATUS_OK, "begin");
    EXPECT(prk_search_run(&search) == PRK_STATUS_OK, "run");
    if (search.goals[0]->state == PRK_GOAL_DONE) {
        prk_growing_text t = {.start = NULL};
        uint64_t steps = 0;
        prk_write_certificate(&t, n, &search, &steps);
        char *copy = strndup(t.start, t.size);
        EXPECT(!brute_check(copy, n), "a composite is proved:\n%s", copy);
        free(copy);
        free(t.start);
    }
    refuted += search.evidence.is_composite;
    if (search.evidence.is_composite && search.evidence.base > 1) {
        const prk_report report = {.method = PRK_METHOD_STRONG_RANDOM_BASE,
                                   .base = search.evidence.base};
        mpz_t power, exponent;
        mpz_init_set_ui(power, search.evidence.base);
        mpz_init(exponent);
        mpz_sub_ui(exponent, n, 1);
        mpz_powm(power, power, exponent, n);
        EXPECT(mpz_cmp_ui(power, 1) == 0 || evidence_holds(n, &report), "evidence");
        mpz_clear(power);
        mpz_clear(exponent);
    }
    prk_search_end(&search);
    prk_scratch_destroy(search.scratch);
}

static void test_composites(void) {
    mpz_t n, p, q;
    mpz_inits(n, p, q, (mpz_ptr)NULL);
    const prk_prove_options options = {.size = 0};
    // Carmichael numbers (6k + 1) (12k + 1) (18k + 1).
    long carmichaels = 0;
    for (unsigned long k = 400000; carmichaels < scaled(20); k++) {
        if (!gmp_says_prime(6 * k + 1) || !gmp_says_prime(12 * k + 1) ||
            !gmp_says_prime(18 * k + 1)) {
            continue;
        }
        carmichaels++;
        mpz_set_ui(n, 6 * k + 1);
        mpz_mul_ui(n, n, 12 * k + 1);
        mpz_mul_ui(n, n, 18 * k + 1);
        expect_composite(n, &options);
        expect_no_proof(n);
    }
    // p (2 p - 1) and the like: strong pseudoprimes to many bases are of such forms.
    for (long turn = 0; turn < scaled(60); turn++) {
        random_prime(p, 33 + next_random() % 60);
        for (unsigned long k = 2 + (unsigned long)(turn % 3);; mpz_nextprime(p, p)) {
            mpz_sub_ui(q, p, 1);
            mpz_mul_ui(q, q, k);
            mpz_add_ui(q, q, 1);
            if (mpz_probab_prime_p(q, 20) != 0) {
                break;
            }
        }
        mpz_mul(n, p, q);
        expect_composite(n, &options);
        expect_no_proof(n);
        mpz_mul(n, p, p);
        expect_composite(n, &options);
        expect_no_proof(n);
        random_prime(q, 40 + next_random() % 40);
        mpz_mul(n, p, q);
        expect_composite(n, &options);
        expect_no_proof(n);
    }
    // [Arna95]: strong pseudoprimes to all prime bases below 200 and 306.
    static const char *const arnault[] = {
        "803837457453639491257079614341942108138837688287558145837488917522297427376533365218650233"
        "6"
        "1639607017838234999876865811",
        "3317044064679887385961981",
        "318665857834031151167461",
    };
    for (size_t i = 0; i < sizeof arnault / sizeof arnault[0]; i++) {
        mpz_set_str(n, arnault[i], 10);
        if (mpz_even_p(n) || mpz_probab_prime_p(n, 30) != 0) {
            continue;
        }
        expect_composite(n, &options);
        expect_no_proof(n);
    }
    EXPECT(refuted > 0, "none");
    mpz_clears(n, p, q, (mpz_ptr)NULL);
}

// --- Forms ---------------------------------------------------------------------------------------

static void value_of(mpz_t n, const prk_form *form) {
    if (form->kind == PRK_FORM_POWER) {
        mpz_ui_pow_ui(n, form->b, form->n);
        mpz_mul_ui(n, n, form->k);
    } else if (form->kind == PRK_FORM_FACTORIAL) {
        mpz_mfac_uiui(n, form->n, form->step);
    } else {
        mpz_primorial_ui(n, form->n);
    }
    if (form->c < 0) {
        mpz_sub_ui(n, n, (unsigned long)-form->c);
    } else {
        mpz_add_ui(n, n, (unsigned long)form->c);
    }
}

// Whether it is prime is for GMP to say; a proof must take no factoring at all.
static void expect_form(const prk_form *form) {
    mpz_t n;
    mpz_init(n);
    value_of(n, form);
    if (mpz_cmp_ui(n, 1) > 0) {
        prk_proof proof;
        const prk_prove_options options = {.max_cost = 1, .form = form};
        const bool is_prime = mpz_probab_prime_p(n, 20) != 0;
        const prk_proof_verdict verdict = prove_with(n, &options, &proof);
        EXPECT(verdict == (is_prime ? PRK_PROOF_PROVED : PRK_PROOF_COMPOSITE),
               "kind %u: %llu %llu %llu %llu %lld: %d %s", form->kind, (unsigned long long)form->k,
               (unsigned long long)form->b, (unsigned long long)form->n,
               (unsigned long long)form->step, (long long)form->c, verdict, proof.tried);
        EXPECT(verdict != PRK_PROOF_PROVED || proof.steps <= 1, "steps");
        EXPECT(verdict != PRK_PROOF_COMPOSITE || evidence_holds(n, &proof.report), "method %d",
               proof.report.method);
    }
    mpz_clear(n);
}

static void test_forms(void) {
    static const uint64_t bases[] = {2, 3, 6, 10, 12, 30, 1000003, 210, 4294967311};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        for (long turn = 0; turn < scaled(12); turn++) {
            const uint64_t most = 1300 / (uint64_t)(64 - __builtin_clzll(bases[i]));
            const uint64_t n = most / 8 + next_random() % most;
            for (uint64_t k = 1 + next_random() % 1000, end = k + 12; k < end; k++) {
                for (int64_t c = -1; c <= 1; c += 2) {
                    expect_form(
                        &(prk_form){.kind = PRK_FORM_POWER, .k = k, .b = bases[i], .n = n, .c = c});
                }
            }
        }
    }
    static const uint64_t factorials[] = {27, 30, 32, 37, 38, 41, 73, 77, 94, 116, 154, 166};
    static const uint64_t primorials[] = {61, 89, 317, 337, 379, 991, 1019, 1021, 2221, 2657};
    for (int64_t c = -1; c <= 1; c += 2) {
        for (size_t i = 0; i < sizeof factorials / sizeof factorials[0]; i++) {
            for (uint64_t step = 1; step <= 3; step++) {
                expect_form(&(prk_form){
                    .kind = PRK_FORM_FACTORIAL, .n = factorials[i], .step = step, .c = c});
            }
        }
        for (size_t i = 0; i < sizeof primorials / sizeof primorials[0]; i++) {
            expect_form(&(prk_form){.kind = PRK_FORM_PRIMORIAL, .n = primorials[i], .c = c});
        }
        for (uint64_t n = 3; n < 200; n += 7) {
            expect_form(&(prk_form){.kind = PRK_FORM_FACTORIAL, .n = n, .step = 1, .c = c});
            expect_form(&(prk_form){.kind = PRK_FORM_PRIMORIAL, .n = 10 * n, .c = c});
        }
    }
    // A form that is not n's, and one that tells nothing.
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    mpz_setbit(n, 89);
    mpz_sub_ui(n, n, 1);
    const prk_form other = {.kind = PRK_FORM_POWER, .k = 1, .b = 3, .n = 56, .c = 1};
    const prk_prove_options options = {.form = &other};
    EXPECT(prove_with(n, &options, &proof) == PRK_PROOF_PROVED, "%s", proof.tried);
    mpz_setbit(n, 100);
    mpz_nextprime(n, n);
    prk_form far = {.kind = PRK_FORM_POWER, .k = 1, .b = 2, .n = 100};
    mpz_t power;
    mpz_init(power);
    mpz_setbit(power, 100);
    mpz_sub(power, n, power);
    if (mpz_fits_slong_p(power)) {
        far.c = mpz_get_si(power);
        const prk_prove_options more = {.form = &far};
        EXPECT(prove_with(n, &more, &proof) == PRK_PROOF_PROVED, "%s", proof.tried);
    }
    mpz_clear(power);
    mpz_clear(n);
}

// --- Options -------------------------------------------------------------------------------------

// A composite whose form would do without a test is found all the same when no proof is tried.
static void test_forms_without_a_proof(void) {
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    for (unsigned long k = 2; k <= 48; k += 2) {
        mpz_ui_pow_ui(n, 3, 800);
        mpz_mul_ui(n, n, k);
        mpz_add_ui(n, n, 1);
        const prk_form form = {.kind = PRK_FORM_POWER, .k = k, .b = 3, .n = 800, .c = 1};
        const prk_prove_options options = {.only_curves = true, .form = &form};
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                         &proof) == PRK_STATUS_OK,
               "status");
        EXPECT((proof.verdict == PRK_PROOF_COMPOSITE) == (mpz_probab_prime_p(n, 24) == 0),
               "%lu * 3^800 + 1: %d", k, proof.verdict);
    }
    mpz_clear(n);
}

static void test_options(void) {
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    random_prime(n, 140);
    const uint64_t *limbs = (const uint64_t *)mpz_limbs_read(n);
    const size_t size = mpz_size(n);
    // The same text each time, with a zero limb on top, too; another seed may give another one.
    text t[3] = {{.start = NULL}, {.start = NULL}, {.start = NULL}};
    uint64_t longer[8] = {0};
    memcpy(longer, limbs, size * sizeof *limbs);
    prk_prove_options options = {.seed = 5};
    EXPECT(prk_prove(limbs, size, &options, keep, &t[0], &proof) == PRK_STATUS_OK, "first");
    EXPECT(prk_prove(longer, size + 2, &options, keep, &t[1], &proof) == PRK_STATUS_OK, "second");
    EXPECT(t[0].size == t[1].size && (t[0].size == 0 || strcmp(t[0].start, t[1].start) == 0),
           "another certificate");
    options.seed = 6;
    EXPECT(prk_prove(limbs, size, &options, keep, &t[2], &proof) == PRK_STATUS_OK, "third");
    for (int i = 0; i < 3; i++) {
        free(t[i].start);
    }
    uint32_t flag = 1;
    options.cancel = &flag;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_CANCELLED, "cancel");
    options.cancel = NULL;
    options.only_curves = true;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_OK &&
               proof.verdict == PRK_PROOF_GAVE_UP,
           "curves");
    options.only_curves = false;
    options.reserved[1] = 1;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "reserved");
    options.reserved[1] = 0;
    options.size = 8;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "a size that no version had");
    options.size = sizeof options;
    options.proof_size = 8;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "a size that no version had");
    options.proof_size = 0;
    // A caller of a later version, whose further fields are 0, or not.
    struct {
        prk_prove_options known;
        uint64_t more;
    } later = {.known = {.size = sizeof later, .max_cost = 1}};
    EXPECT(prk_prove(limbs, size, &later.known, NULL, NULL, &proof) == PRK_STATUS_OK, "zero");
    later.more = 1;
    EXPECT(prk_prove(limbs, size, &later.known, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "an unknown field");
    options.factor_count = 1;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "factors");
    EXPECT(prk_prove(NULL, 1, NULL, NULL, NULL, &proof) == PRK_STATUS_INVALID_ARGUMENT, "limbs");
    EXPECT(prk_prove(NULL, 0, NULL, NULL, NULL, &proof) == PRK_STATUS_OK &&
               proof.verdict == PRK_PROOF_NEITHER,
           "0");
    EXPECT(prk_prove(limbs, size, NULL, NULL, NULL, NULL) == PRK_STATUS_INVALID_ARGUMENT, "proof");
    mpz_clear(n);
}

static uint64_t clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

typedef struct raiser {
    uint32_t flag;
    uint64_t delay, raised;
} raiser;

static void *raise_later(void *context) {
    raiser *r = context;
    nanosleep(&(struct timespec){.tv_nsec = (long)r->delay}, NULL);
    r->raised = clock_now();
    __atomic_store_n(&r->flag, 1, __ATOMIC_RELAXED);
    return NULL;
}

// At several moments of long work; the time is printed, and expected with room for slow machines.
static void test_cancelling(void) {
    mpz_t n;
    mpz_init(n);
    uint64_t worst = 0;
    int cancelled = 0;
    static const mp_bitcnt_t sizes[] = {255, 512, 1024, 2048, 3000};
    for (int i = 0; i < 10; i++) {
        const mp_bitcnt_t bits = sizes[i / 2];
        mpz_set_ui(n, 0);
        mpz_setbit(n, bits);
        mpz_nextprime(n, n);
        raiser r = {.delay = 20000000 + 40000000 * (uint64_t)i};
        const prk_prove_options options = {.cancel = &r.flag, .max_cost = 100000000};
        prk_proof proof;
        pthread_t thread;
        pthread_create(&thread, NULL, raise_later, &r);
        const prk_status status = prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n),
                                            &options, NULL, NULL, &proof);
        const uint64_t end = clock_now();
        pthread_join(thread, NULL);
        if (status == PRK_STATUS_CANCELLED) {
            cancelled++;
            worst = end - r.raised > worst ? end - r.raised : worst;
        } else {
            EXPECT(status == PRK_STATUS_OK, "%d bits", (int)bits); // nothing is left to be tried
        }
    }
    printf("prove_test: %d cancelled, the slowest after %.1f ms\n", cancelled, (double)worst / 1e6);
    EXPECT(worst < UINT64_C(2000000000), "slow");
    mpz_clear(n);
}

// --- Figures -------------------------------------------------------------------------------------

static double cpu_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *x, const void *y) {
    const double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

// Random primes: how long, and how many; nothing is asked but that what is written is right.
static void print_figures(void) {
    static const mp_bitcnt_t sizes[] = {65, 80, 100, 128, 160, 200};
    mpz_t n;
    mpz_init(n);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const long count = scaled(sizes[i] > 130 ? 20 : 100);
        double *times = malloc((size_t)count * sizeof *times);
        long proved = 0;
        for (long j = 0; j < count; j++) {
            random_prime(n, sizes[i]);
            prk_proof proof;
            const double start = cpu_now();
            text t = {.start = NULL};
            prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), NULL, keep, &t, &proof);
            times[j] = cpu_now() - start;
            proved += proof.verdict == PRK_PROOF_PROVED;
            EXPECT(sizes[i] > 128 || proof.verdict == PRK_PROOF_PROVED, "%s", proof.tried);
            if (proof.verdict == PRK_PROOF_PROVED) {
                check(&t, n, true);
            }
            free(t.start);
        }
        qsort(times, (size_t)count, sizeof *times, by_value);
        printf("prove_test: %3d bits: %ld of %ld proved, median %.3f ms, 90%% %.3f ms, most %.3f "
               "ms\n",
               (int)sizes[i], proved, count, times[count / 2] * 1e3, times[count * 9 / 10] * 1e3,
               times[count - 1] * 1e3);
        free(times);
    }
    mpz_clear(n);
}

int main(void) {
    gmp_randinit_default(state);
    gmp_randseed_ui(state, 20260729);
    test_factors();
    test_division();
    test_words();
    test_range(64, 0, scaled(3000));
    test_range(66, 12345, scaled(1500));
    test_range(80, 0, scaled(2000));
    test_range(96, 777, scaled(1000));
    test_smooth();
    test_chains();
    test_known_numbers();
    test_composites();
    test_forms();
    test_forms_without_a_proof();
    test_options();
    test_cancelling();
    print_figures();
    printf("prove_test: steps by theorem:");
    for (int i = 0; i < KINDS; i++) {
        printf(" %s %ld", kind_names[i], kinds_seen[i]);
    }
    printf("\nprove_test: %d failures\n", failures);
    gmp_randclear(state);
    return failures != 0;
}
