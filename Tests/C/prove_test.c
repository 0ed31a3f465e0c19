// SPDX-License-Identifier: Apache-2.0
//
// Proofs by the factors of n - 1 and n + 1, and by curves. Each certificate is looked at twice: by
// conditions that are written here once more, with GMP's integers alone, and by the verifier.

#define _GNU_SOURCE // clocks, strdup

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "../../CKernels/prove/prove.h"
#include "affine.h"
#include "lucas_pair.h"
#include "proofs.h"
#include "support.h"

static gmp_randstate_t state;

// --- The text of a certificate -------------------------------------------------------------------

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
            const bool is_negative = *at == '-';
            at += is_negative;
            const bool is_hex = strncmp(at, "0x", 2) == 0;
            char *digits = strndup(at + (is_hex ? 2 : 0), (size_t)(end - at) - (is_hex ? 2 : 0));
            mpz_init_set_str(l->x[l->count], digits, is_hex ? 16 : 10);
            if (is_negative) {
                mpz_neg(l->x[l->count], l->x[l->count]);
            }
            l->count++;
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
        lucas_pair(s->n, pair[0], pair[1], s->plus, s->x, s->y);
        is_good = is_good && mpz_cmp(d, first) == 0 && mpz_sgn(s->x) == 0;
        mpz_divexact(s->z, s->plus, primes->x[i]);
        lucas_pair(s->n, pair[0], pair[1], s->z, s->x, s->y);
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
        lucas_pair(s->n, p.x[0], q.x[0], s->z, s->x, s->y);
        is_good = is_good && mpz_sgn(s->y) == 0;
        mpz_divexact(s->z, s->plus, s->q.x[0]);
        mpz_tdiv_q_2exp(s->z, s->z, 1);
        lucas_pair(s->n, p.x[0], q.x[0], s->z, s->x, s->y);
        is_good = is_good && mpz_sgn(s->y) != 0;
    }
    clear(&p);
    clear(&q);
    return is_good;
}

// Whether q > (n^(1/4) + 1)^2, by roots that are rounded up.
static bool is_large_enough(const mpz_t q, const mpz_t n) {
    mpz_t root;
    mpz_init(root);
    mpz_mul_2exp(root, n, 256);
    mpz_root(root, root, 4); // n^(1/4) 2^64
    mpz_add_ui(root, root, 1);
    mpz_t one;
    mpz_init_set_ui(one, 1);
    mpz_mul_2exp(one, one, 64);
    mpz_add(root, root, one);
    mpz_mul(root, root, root);
    mpz_mul_2exp(one, q, 128);
    const bool is = mpz_cmp(one, root) > 0;
    mpz_clears(root, one, (mpz_ptr)NULL);
    return is;
}

// Primo's point: of l = x^3 + a x + b, (l x, l^2) on y^2 = x^3 + a l^2 x + b l^3. The prime is n +
// 1
// - t over s, and becomes the step's.
static bool curve_is_good(step *s, const char *line) {
    list t, f, j, a, b, x;
    bool is_good =
        numbers_of(line, "t", &t) && numbers_of(line, "s", &f) && numbers_of(line, "x", &x);
    const bool has_j = numbers_of(line, "j", &j);
    is_good = numbers_of(line, "a", &a) != has_j && numbers_of(line, "b", &b) != has_j && is_good;
    mpz_sub(s->z, s->plus, t.x[0]);
    is_good = is_good && mpz_sgn(f.x[0]) > 0 && mpz_divisible_p(s->z, f.x[0]);
    mpz_init(s->q.x[0]);
    s->q.count = 1;
    mpz_divexact(s->q.x[0], s->z, f.x[0]);
    affine p = {.is_zero = false};
    mpz_t curve_a, curve_b, l;
    mpz_inits(p.x, p.y, curve_a, curve_b, l, (mpz_ptr)NULL);
    if (has_j) {
        mpz_ui_sub(l, 1728, j.x[0]);
        mpz_mul(curve_a, l, j.x[0]);
        mpz_mul(curve_b, curve_a, l);
        mpz_mul_ui(curve_a, curve_a, 3);
        mpz_mul_ui(curve_b, curve_b, 2);
    } else {
        mpz_set(curve_a, a.x[0]);
        mpz_set(curve_b, b.x[0]);
    }
    mpz_mul(l, x.x[0], x.x[0]);
    mpz_add(l, l, curve_a);
    mpz_mul(l, l, x.x[0]);
    mpz_add(l, l, curve_b);
    mpz_mod(l, l, s->n);
    mpz_mul(p.x, l, x.x[0]);
    mpz_mod(p.x, p.x, s->n);
    mpz_mul(p.y, l, l);
    mpz_mod(p.y, p.y, s->n);
    mpz_mul(curve_a, curve_a, p.y);
    mpz_mod(curve_a, curve_a, s->n);
    is_good = is_good && is_large_enough(s->q.x[0], s->n) && mpz_sgn(l) != 0 &&
              affine_multiply(&p, f.x[0], curve_a, s->n) && !p.is_zero &&
              affine_multiply(&p, s->q.x[0], curve_a, s->n) && p.is_zero;
    mpz_clears(p.x, p.y, curve_a, curve_b, l, (mpz_ptr)NULL);
    clear(&t), clear(&f), clear(&j), clear(&a), clear(&b), clear(&x);
    return is_good;
}

static const char *const kind_names[] = {"pocklington", "bls5",     "bls7",     "bls3", "bls15",
                                         "morrison",    "combined", "konyagin", "ec"};
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
    case 8:
        clear(&s->a); // it may be the curve's
        return curve_is_good(s, line);
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
    prk_certificate_problem problem;
    EXPECT(proves(t, n, PRK_CERTIFICATE_JSON, &problem), "step %d: %s\n%.2000s", (int)problem.step,
           problem.reason, t->start);
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
    EXPECT(proof->report.size == sizeof(prk_report), "no report");
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

static void expect_composite(const mpz_t n, const prk_prove_options *options) {
    prk_proof proof;
    EXPECT(prove_with(n, options, &proof) == PRK_PROOF_COMPOSITE, "verdict %d", proof.verdict);
    EXPECT(evidence_holds(n, &proof.report), "method %d", proof.report.method);
}

// --- Factors -------------------------------------------------------------------------------------

static void random_prime(mpz_t p, mp_bitcnt_t bits) { random_prime_of(state, p, bits); }

// With one curve a step, and so none in lanes, or with as many as there may be. Both have to spend
// and to draw the same.
static void expect_factored_by(const mpz_t n, prk_scratch *s, bool one_by_one, prk_effort *effort) {
    prk_factoring f;
    mpz_t product, power;
    mpz_init_set_ui(product, 1);
    mpz_init(power);
    EXPECT(prk_factoring_begin(&f, n) == PRK_STATUS_OK, "begin");
    EXPECT(prk_factoring_settle(&f, effort, s) == PRK_STATUS_OK, "settle");
    bool found = false;
    while (f.part_count > 0 && prk_factoring_next_cost(&f) != UINT64_MAX) {
        const uint64_t limit =
            one_by_one ? effort->spent + prk_factoring_next_cost(&f) : UINT64_MAX;
        EXPECT(prk_factoring_step(&f, limit, effort, s, &found) == PRK_STATUS_OK, "step");
        EXPECT(effort->spent >= limit || !one_by_one, "more than one curve");
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

static void expect_factored(const mpz_t n, prk_scratch *s, uint64_t seed) {
    prk_effort at_once = {.most = UINT64_MAX, .seed = seed};
    prk_effort one_by_one = at_once;
    expect_factored_by(n, s, false, &at_once);
    expect_factored_by(n, s, true, &one_by_one);
    EXPECT(at_once.spent == one_by_one.spent && at_once.drawn == one_by_one.drawn,
           "%llu and %llu words", (unsigned long long)at_once.drawn,
           (unsigned long long)one_by_one.drawn);
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
                    const prk_curve_bound bound = {150, exponent};
                    status = prk_curve(g, n, &bound, prk_curve_sigma(&effort), s, NULL);
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

// --- Curves in lanes -----------------------------------------------------------------------------

// (X : Z) = k (x : 1) modulo p by Montgomery's ladder, of which Z is returned.
static uint64_t z_of_multiple(uint64_t p, uint64_t a24, uint64_t *x, uint64_t z, const mpz_t k) {
    const uint64_t x0 = *x, z0 = z;
#define TIMES(a, b) ((uint64_t)(a) * (b) % p)
    uint64_t r[2][2] = {{1 % p, 0}, {x0, z0}};
    for (mp_bitcnt_t bit = mpz_sizeinbase(k, 2); bit-- > 0;) {
        const int set = mpz_tstbit(k, bit);
        uint64_t *even = r[set], *odd = r[1 - set];
        const uint64_t u = TIMES(even[0] + p - even[1], odd[0] + odd[1]);
        const uint64_t v = TIMES(even[0] + even[1], odd[0] + p - odd[1]);
        const uint64_t plus = TIMES(even[0] + even[1], even[0] + even[1]);
        const uint64_t minus = TIMES(even[0] + p - even[1], even[0] + p - even[1]);
        const uint64_t e = (plus + p - minus) % p;
        odd[0] = TIMES(TIMES(u + v, u + v), z0);
        odd[1] = TIMES(TIMES(u + p - v, u + p - v), x0);
        even[0] = TIMES(plus, minus);
        even[1] = TIMES(e, (minus + TIMES(a24, e)) % p);
    }
#undef TIMES
    *x = r[0][0];
    return r[0][1];
}

// The least prime that is not below n; both below 2^14. GMP is asked once: the second stage goes
// through its primes ten thousand times.
static uint64_t prime_from(uint64_t n) {
    static uint16_t next[1 << 14];
    for (uint16_t i = (1 << 14) - 1, prime = 0; next[2] == 0 && i > 1; i--) {
        next[i] = prime = gmp_says_prime(i) ? i : prime;
    }
    return next[n];
}

// In which stage the curve of sigma has to find the prime p, below 2^30: 0, when it is made; 3: in
// none, if products of primes do not find it by chance.
static int stage_of(uint64_t p, uint64_t sigma, const prk_curve_bound *b, prk_scratch *s) {
    const size_t taken = s->taken;
    mpz_ptr x = prk_scratch_take(s), a24 = prk_scratch_take(s), t = prk_scratch_take(s);
    mpz_ptr n = prk_scratch_take(s);
    mpz_set_ui(n, p);
    int stage = 0;
    if (prk_curve_make(x, a24, t, n, sigma, s)) {
        uint64_t px = mpz_get_ui(x);
        const uint64_t a = mpz_get_ui(a24), z = z_of_multiple(p, a, &px, 1, b->exponent);
        stage = z == 0 ? 1 : 3;
        for (uint64_t q = prime_from(b->bound); stage == 3 && q < 50 * b->bound;
             q = prime_from(q + 1)) {
            uint64_t multiple = px;
            mpz_set_ui(t, q);
            stage = z_of_multiple(p, a, &multiple, z, t) == 0 ? 2 : 3;
        }
    }
    s->taken = taken;
    return stage;
}

typedef struct eight {
    mpz_t g[8];
    mpz_ptr list[8];
} eight;

static void eight_init(eight *e) {
    for (int i = 0; i < 8; i++) {
        mpz_init(e->g[i]);
        e->list[i] = e->g[i];
    }
}

static void eight_clear(eight *e) {
    for (int i = 0; i < 8; i++) {
        mpz_clear(e->g[i]);
    }
}

// Lanes against one curve after the other.
static void expect_alike(const mpz_t n, const prk_curve_bound *b, const uint64_t *sigmas,
                         size_t count, prk_scratch *s, eight *e) {
    if (!prk_lanes_take(mpz_sizeinbase(n, 2))) {
        return;
    }
    mpz_t alone;
    mpz_init(alone);
    EXPECT(prk_curves_in_lanes(e->list, n, b, sigmas, count, s, NULL) == PRK_STATUS_OK, "lanes");
    bool is_found = false;
    for (size_t i = 0; i < count; i++) {
        mpz_set_ui(alone, 1);
        if (!is_found) {
            EXPECT(prk_curve(alone, n, b, sigmas[i], s, NULL) == PRK_STATUS_OK, "alone");
        }
        EXPECT(mpz_cmp(alone, e->g[i]) == 0, "%d bits, curve %d of %d", (int)mpz_sizeinbase(n, 2),
               (int)i, (int)count);
        is_found = is_found || (mpz_cmp_ui(alone, 1) > 0 && mpz_cmp(alone, n) < 0);
    }
    mpz_clear(alone);
}

// One curve after the other against prk_curves: what it finds, and what it draws.
static void expect_curves(const mpz_t n, const prk_curve_bound *b, unsigned most, uint64_t seed,
                          prk_scratch *s) {
    prk_effort effort = {.most = UINT64_MAX, .seed = seed}, alone = effort;
    mpz_t g, h;
    mpz_inits(g, h, (mpz_ptr)NULL);
    unsigned run = 0, wanted = 0;
    EXPECT(prk_curves(g, n, b, most, &effort, s, &run) == PRK_STATUS_OK, "curves");
    do {
        prk_curve(h, n, b, prk_curve_sigma(&alone), s, NULL);
        wanted++;
    } while (wanted < most && wanted < 8 && (mpz_cmp_ui(h, 1) == 0 || mpz_cmp(h, n) == 0));
    EXPECT(run == wanted && effort.drawn == alone.drawn, "%u instead of %u", run, wanted);
    EXPECT(mpz_cmp(g, h) == 0, "another factor");
    mpz_clears(g, h, (mpz_ptr)NULL);
}

// A small prime is found in the stage in which it has to be, whatever the size.
static void test_curve_stages(const prk_curve_bound *b, prk_scratch *s) {
    mpz_t n, p, q;
    mpz_inits(n, p, q, (mpz_ptr)NULL);
    eight e;
    eight_init(&e);
    long found[4] = {0};
    for (int turn = 0; turn < (int)scaled(60); turn++) {
        // The least size and the most of each number of limbs.
        const int k = turn / 2 % 30 + 2 < 24 ? turn / 2 % 30 + 2 : 24 + turn / 2 % 16;
        const int bits = turn % 2 == 0 ? 52 * k - 4 : 52 * (k - 1) - 3;
        random_prime(p, 15 + next_random() % 9);
        mpz_set(n, p);
        do { // primes that no curve finds: one of all bits takes longer than the curves
            const mp_bitcnt_t left = (mp_bitcnt_t)(bits < 66 ? 66 : bits) - mpz_sizeinbase(n, 2);
            random_prime(q, left < 200 ? left : 100);
            mpz_mul(n, n, q);
        } while (mpz_sizeinbase(n, 2) < 65 || (int)mpz_sizeinbase(n, 2) + 1 < bits);
        uint64_t sigmas[8];
        for (int i = 0; i < 8; i++) {
            sigmas[i] = 6 + (next_random() >> (8 + next_random() % 48));
        }
        const size_t count = 1 + next_random() % 8;
        expect_alike(n, b, sigmas, count, s, &e);
        expect_curves(n, b, 1 + (unsigned)(next_random() % 12), next_random(), s);
        const int stage = stage_of(mpz_get_ui(p), sigmas[0], b, s);
        found[stage]++;
        prk_curve(e.g[0], n, b, sigmas[0], s, NULL);
        EXPECT(stage == 3 || mpz_divisible_p(e.g[0], p), "stage %d", stage);
    }
    EXPECT(found[1] > 0 && found[2] > 0, "%ld and %ld", found[1], found[2]);
    eight_clear(&e);
    mpz_clears(n, p, q, (mpz_ptr)NULL);
}

// All primes of n at the same time, and none, in each lane.
static void test_curves_of_all(const prk_curve_bound *b, prk_scratch *s) {
    mpz_t n, t;
    mpz_inits(n, t, (mpz_ptr)NULL);
    eight e;
    eight_init(&e);
    for (int i = 0; i < 24; i++) {
        const int stage = i % 3, place = i / 3;
        uint64_t sigmas[8];
        for (int j = 0; j < 8; j++) {
            sigmas[j] = 6 + (next_random() >> 8);
        }
        mpz_set_ui(n, 1);
        if (stage == 0) { // 16 u^3 v^4 is 0 modulo n: sigma (sigma^2 - 5) is
            sigmas[place] = next_random() >> 30 | 1;
            mpz_set_ui(t, sigmas[place]);
            mpz_mul(n, t, t);
            mpz_sub_ui(n, n, 5);
            mpz_mul(n, n, t);
            mpz_tdiv_q_2exp(n, n, mpz_scan1(n, 0));
        }
        mpz_set_ui(t, stage == 1 ? 1 << 13 : 1 << 19);
        while (stage > 0 && mpz_sizeinbase(n, 2) < 65 + (size_t)i) {
            mpz_nextprime(t, t);
            if (stage_of(mpz_get_ui(t), sigmas[place], b, s) == stage) {
                mpz_mul(n, n, t);
            }
        }
        prk_curve(t, n, b, sigmas[place], s, NULL);
        EXPECT(mpz_cmp(t, n) == 0, "not all, stage %d", stage);
        expect_alike(n, b, sigmas, 8, s, &e);
        expect_alike(n, b, &sigmas[place], 1, s, &e);
        // A factor at once beside it, in the lane after it: it comes second, and is the one.
        mpz_set_ui(t, 1000003);
        mpz_mul(n, n, t);
        sigmas[place] = mpz_get_ui(t) * (1 + next_random() % 1000);
        expect_alike(n, b, sigmas, 8, s, &e);
        // A prime has no factor.
        mpz_nextprime(n, n);
        expect_alike(n, b, sigmas, 8, s, &e);
        expect_curves(n, b, 8, next_random(), s);
    }
    eight_clear(&e);
    mpz_clears(n, t, (mpz_ptr)NULL);
}

static void test_curves(void) {
    prk_scratch *s = prk_scratch_create();
    mpz_t exponent, n;
    mpz_inits(exponent, n, (mpz_ptr)NULL);
    eight e;
    eight_init(&e);
    for (uint64_t bound = 105; bound <= 250; bound += 145) {
        prk_smooth_exponent(exponent, bound, n);
        const prk_curve_bound b = {.bound = bound, .exponent = exponent};
        test_curve_stages(&b, s);
        test_curves_of_all(&b, s);
    }
    // Cancelled before it begins and on its way, and as good as before afterwards.
    mpz_set_ui(n, 1);
    mpz_mul_2exp(n, n, 521);
    mpz_sub_ui(n, n, 1);
    const prk_curve_bound b = {.bound = 250, .exponent = exponent};
    const uint64_t sigmas[8] = {6, 7, 8, 9, 10, 11, 12, 13};
    const uint32_t cancel = 1;
    if (prk_lanes_take(521)) {
        EXPECT(prk_curves_in_lanes(e.list, n, &b, sigmas, 8, s, &cancel) == PRK_STATUS_CANCELLED,
               "cancelled");
    }
    prk_effort effort = {.most = UINT64_MAX, .cancel = &cancel};
    unsigned run = 0;
    EXPECT(prk_curves(e.g[0], n, &b, 8, &effort, s, &run) == PRK_STATUS_CANCELLED, "cancelled");
    expect_alike(n, &b, sigmas, 8, s, &e);
    EXPECT(s->taken == 0, "numbers are left");
    eight_clear(&e);
    mpz_clears(exponent, n, (mpz_ptr)NULL);
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

// Factors that the caller gives may suffice by their size before 2 is one of them, which some
// theorems want.
static void expect_proof_with(const mpz_t n, const mpz_t *factors, size_t count) {
    uint64_t limbs[8], offsets[3] = {0};
    for (size_t i = 0; i < count; i++) {
        mpz_export(limbs + offsets[i], NULL, -1, sizeof *limbs, 0, 0, factors[i]);
        offsets[i + 1] = offsets[i] + mpz_size(factors[i]);
    }
    const prk_prove_options options = {
        .factors = limbs, .factor_offsets = offsets, .factor_count = count};
    prk_proof proof;
    EXPECT(prove_with(n, &options, &proof) == PRK_PROOF_PROVED, "%s", proof.tried);
}

static void test_given_factors(void) {
    mpz_t n, m, q[2];
    mpz_inits(n, m, q[0], q[1], (mpz_ptr)NULL);
    mpz_set_str(n, "597385147298011570789", 10);
    mpz_set_str(q[0], "6717419381", 10);
    expect_proof_with(n, q, 1);
    for (long i = 0; i < scaled(200); i++) { // n = 1 modulo the first and -1 modulo the second
        const mp_bitcnt_t bits = 66 + next_random() % 100;
        random_prime(q[0], bits / 4 + next_random() % (bits / 4));
        do {
            random_prime(q[1], bits / 4 + next_random() % (bits / 4));
        } while (mpz_cmp(q[0], q[1]) == 0);
        mpz_mul(m, q[0], q[1]);
        mpz_mul_2exp(m, m, 1);
        mpz_invert(n, q[0], q[1]);
        mpz_mul(n, n, q[0]);
        mpz_mul_2exp(n, n, 1);
        mpz_ui_sub(n, 1, n);
        mpz_mod(n, n, m); // 1 - 2 q (1 / q modulo the other)
        do {
            mpz_add(n, n, m);
        } while (mpz_size(n) < 2 || mpz_probab_prime_p(n, 20) == 0);
        expect_proof_with(n, q, 2);
        expect_proof_with(n, q, 1);
        expect_proof_with(n, q + 1, 1);
    }
    mpz_clears(n, m, q[0], q[1], (mpz_ptr)NULL);
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
    refuted += search.refutation.is_composite;
    if (search.refutation.is_composite && search.refutation.base > 1) {
        const prk_report report = {.method = PRK_METHOD_STRONG_RANDOM_BASE,
                                   .base = search.refutation.base};
        mpz_t power, exponent;
        mpz_init_set_ui(power, search.refutation.base);
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
    for (long turn = 0; turn < scaled(24); turn++) {
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

// What a form tells of n - 1 or n + 1 is all of it, each prime once.
static void expect_factors_of_form(const prk_form *form) {
    mpz_t n, product, power;
    mpz_inits(n, product, power, (mpz_ptr)NULL);
    value_of(n, form);
    prk_search search = {.effort = {.most = 1}};
    const uint32_t raised = 1;
    bool is_known = false;
    EXPECT(prk_search_begin(&search, n) == PRK_STATUS_OK, "begin");
    EXPECT(form->kind == PRK_FORM_POWER ||
               prk_take_form(search.goals[0], form, &raised, &is_known) == PRK_STATUS_CANCELLED,
           "cancel");
    prk_search_end(&search);
    search = (prk_search){.effort = {.most = 1}};
    EXPECT(prk_search_begin(&search, n) == PRK_STATUS_OK &&
               prk_take_form(search.goals[0], form, NULL, &is_known) == PRK_STATUS_OK && is_known,
           "take");
    const prk_factoring *f = prk_goal_side(search.goals[0], form->c < 0);
    mpz_set_ui(product, 1);
    for (size_t i = 0; i < f->prime_count; i++) {
        EXPECT(f->primes[i].is_word && gmp_says_prime(mpz_get_ui(f->primes[i].p)), "a prime");
        mpz_pow_ui(power, f->primes[i].p, f->primes[i].exponent);
        mpz_mul(product, product, power);
        for (size_t j = 0; j < i; j++) {
            EXPECT(mpz_cmp(f->primes[i].p, f->primes[j].p) != 0, "twice");
        }
    }
    mpz_sub_ui(n, n, 1);
    mpz_add_ui(n, n, form->c < 0 ? 2 : 0);
    EXPECT(mpz_cmp(product, n) == 0, "kind %u: %llu, %llu", form->kind, (unsigned long long)form->n,
           (unsigned long long)form->step);
    prk_search_end(&search);
    mpz_clears(n, product, power, (mpz_ptr)NULL);
}

static void test_factors_of_forms(void) {
    for (int64_t c = -1; c <= 1; c += 2) {
        for (uint64_t n = 5; n < 400; n += 13) {
            for (uint64_t step = 1; step < 7; step++) {
                expect_factors_of_form(
                    &(prk_form){.kind = PRK_FORM_FACTORIAL, .n = n, .step = step, .c = c});
            }
            expect_factors_of_form(&(prk_form){.kind = PRK_FORM_PRIMORIAL, .n = n, .c = c});
            expect_factors_of_form(
                &(prk_form){.kind = PRK_FORM_POWER, .k = 3 * n, .b = n + 1, .n = 9, .c = c});
        }
        // Terms that are no small numbers.
        expect_factors_of_form(&(prk_form){.kind = PRK_FORM_FACTORIAL,
                                           .n = UINT64_C(10000000000000061),
                                           .step = UINT64_C(1234567890123),
                                           .c = c});
    }
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

// --- Forms of certificates -----------------------------------------------------------------------

typedef struct form_of_text {
    prk_certificate_format format;
    const char *name;
    long asked, proved;
} form_of_text;
static form_of_text forms_of_text[] = {{PRK_CERTIFICATE_PRIMO4, "primo", 0, 0},
                                       {PRK_CERTIFICATE_MPU, "mpu", 0, 0},
                                       {PRK_CERTIFICATE_PARI, "pari", 0, 0}};
enum { PRIMO, MPU, PARI, FORMS_OF_TEXT };

// Writes what was proved in the form, and reads and verifies that.
static void expect_written(const text *json, const mpz_t n, const form_of_text *form) {
    prk_certificate_problem problem;
    text t = {.start = NULL};
    check(json, n, mpz_sizeinbase(n, 2) <= 1500);
    EXPECT(write_in(json, form->format, &t) && t.calls == 1, "%s\n%.2000s", form->name,
           json->start);
    EXPECT(proves(&t, n, form->format, &problem), "%s: %s", form->name, problem.reason);
    free(t.start);
}

static bool prove_in_form(const mpz_t n, prk_prove_options options, form_of_text *form,
                          prk_proof *proof) {
    text t = {.start = NULL};
    options.certificate_format = (uint8_t)form->format;
    EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep, &t, proof) ==
               PRK_STATUS_OK,
           "%s", form->name);
    EXPECT(proof->report.size == sizeof(prk_report), "%s: no report", form->name);
    EXPECT(proof->verdict == PRK_PROOF_PROVED || proof->verdict == PRK_PROOF_GAVE_UP, "verdict %d",
           proof->verdict);
    form->asked++;
    if (proof->verdict == PRK_PROOF_PROVED) {
        form->proved++;
        expect_written(&t, n, form);
    } else {
        EXPECT(strncmp(proof->tried, form->name, strlen(form->name)) == 0 &&
                   strstr(proof->tried, "json") != NULL,
               "%s", proof->tried);
    }
    free(t.start);
    return proof->verdict == PRK_PROOF_PROVED;
}

static void expect_no_words(const mpz_t n, const prk_form *form, int in, const char *by) {
    prk_proof proof;
    const prk_prove_options options = {.max_cost = 1, .form = form};
    form_of_text uncounted = forms_of_text[in];
    EXPECT(!prove_in_form(n, options, &uncounted, &proof), "%s", uncounted.name);
    char words[100];
    snprintf(words, sizeof words, "%s has no words for proofs by %s with several primes, json has",
             uncounted.name, by);
    EXPECT(strstr(proof.tried, words) != NULL, "%s", proof.tried);
}

// Numbers that the theorem of their form proves with powers of few primes.
static void test_known_forms_in_forms(void) {
    mpz_t n;
    mpz_init(n);
    for (uint64_t b = 2; b <= 12; b++) {
        for (int64_t c = -1; c <= 1; c += 2) {
            prk_form form = {.kind = PRK_FORM_POWER, .k = 1, .b = b, .n = 420, .c = c};
            do {
                form.k++;
                value_of(n, &form);
            } while (mpz_probab_prime_p(n, 20) == 0);
            prk_proof proof;
            const prk_prove_options options = {.max_cost = 1, .form = &form};
            for (int in = MPU; in <= PARI; in++) {
                form_of_text uncounted = forms_of_text[in];
                if (c > 0) {
                    EXPECT(prove_in_form(n, options, &uncounted, &proof), "%llu * %llu^420 + 1: %s",
                           (unsigned long long)form.k, (unsigned long long)b, proof.tried);
                } else {
                    expect_no_words(n, &form, in, "n + 1");
                }
            }
            expect_no_words(n, &form, PRIMO, c > 0 ? "n - 1" : "n + 1");
        }
    }
    mpz_clear(n);
}

static void test_forms_of_text(void) {
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    prk_prove_options options = {.seed = 1};
    for (long i = 0; i < scaled(200); i++) {
        random_prime(n, 65 + (mp_bitcnt_t)(i % 56));
        for (int in = 0; in < FORMS_OF_TEXT; in++) {
            const bool is_proved = prove_in_form(n, options, &forms_of_text[in], &proof);
            EXPECT(is_proved || in == PRIMO, "%s", proof.tried);
        }
    }
    for (int in = 0; in < FORMS_OF_TEXT; in++) {
        const form_of_text *form = &forms_of_text[in];
        printf("prove_test: 65 to 120 bits in %s: %ld of %ld proved\n", form->name, form->proved,
               form->asked);
        EXPECT(5 * form->proved >= 3 * form->asked, "%s", form->name);
    }
    // Larger primes rest on primes that need a proof in the form, too.
    for (long i = 0; i < scaled(6); i++) {
        random_prime(n, 160 + (mp_bitcnt_t)(next_random() % 60));
        options.max_cost = 3000;
        for (int in = 0; in < FORMS_OF_TEXT; in++) {
            form_of_text uncounted = forms_of_text[in];
            prove_in_form(n, options, &uncounted, &proof);
        }
    }
    smooth_prime(n, 300, -1, 1103);
    expect_no_words(n, NULL, MPU, "n + 1");
    expect_no_words(n, NULL, PARI, "n + 1");
    expect_no_words(n, NULL, PRIMO, "n + 1");
    smooth_prime(n, 300, 1, 1103);
    expect_no_words(n, NULL, PRIMO, "n - 1");
    options.max_cost = 1;
    EXPECT(prove_in_form(n, options, &forms_of_text[MPU], &proof), "%s", proof.tried);
    EXPECT(prove_in_form(n, options, &forms_of_text[PARI], &proof), "%s", proof.tried);
    // Composites and words are what they are in any form.
    mpz_set_ui(n, 1000003);
    EXPECT(prove_in_form(n, options, &forms_of_text[PRIMO], &proof) && proof.steps == 0, "a word");
    mpz_mul(n, n, n);
    mpz_mul(n, n, n);
    options.certificate_format = PRK_CERTIFICATE_PARI;
    expect_composite(n, &options);
    options.certificate_format = PRK_CERTIFICATE_PRIMO3;
    EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                     &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "it is not written");
    options.certificate_format = 6;
    EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                     &proof) == PRK_STATUS_INVALID_ARGUMENT,
           "there is none such");
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

// Any prime has a proof by curves, in any form, and always the same one.
static void test_curve_proofs(mp_bitcnt_t bits, long count) {
    static const uint8_t forms[] = {PRK_CERTIFICATE_NONE, PRK_CERTIFICATE_PRIMO4,
                                    PRK_CERTIFICATE_MPU, PRK_CERTIFICATE_PARI};
    mpz_t n;
    mpz_init(n);
    prk_proof proof;
    for (long i = 0; i < count; i++) {
        random_prime(n, bits);
        const prk_prove_options options = {.only_curves = i % 4 != 1,
                                           .certificate_format = forms[i % 4]};
        EXPECT(prove_with(n, &options, &proof) == PRK_PROOF_PROVED, "%lu bits: %s",
               (unsigned long)bits, proof.tried);
        if (i % 8 == 0) {
            text t[2] = {{.start = NULL}, {.start = NULL}};
            for (int again = 0; again < 2; again++) {
                prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep,
                          &t[again], &proof);
            }
            EXPECT(texts_are_equal(&t[0], &t[1]), "another certificate");
            free(t[0].start), free(t[1].start);
        }
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
    EXPECT(texts_are_equal(&t[0], &t[1]), "another certificate");
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
    uint32_t progress = 0;
    options.progress = &progress;
    EXPECT(prk_prove(limbs, size, &options, NULL, NULL, &proof) == PRK_STATUS_OK &&
               proof.verdict == PRK_PROOF_PROVED && proof.report.method == PRK_METHOD_ECPP,
           "curves");
    EXPECT(progress > 500000 && progress <= 1000000, "progress %u", progress);
    options.progress = NULL;
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
        if (i % 2 == 0) {
            mpz_set_ui(n, 0);
            mpz_setbit(n, bits);
            mpz_nextprime(n, n);
        }
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
    // The product of a form of 300,000 bits, whose factors are no work.
    const prk_form form = {.kind = PRK_FORM_FACTORIAL, .n = 45002, .step = 2, .c = 1};
    value_of(n, &form);
    for (uint64_t delay = 1000000; delay < 200000000; delay *= 2) {
        raiser r = {.delay = delay};
        const prk_prove_options options = {.cancel = &r.flag, .form = &form};
        prk_proof proof;
        pthread_t thread;
        pthread_create(&thread, NULL, raise_later, &r);
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, NULL, NULL,
                         &proof) == PRK_STATUS_CANCELLED,
               "a form");
        const uint64_t end = clock_now();
        pthread_join(thread, NULL);
        cancelled++;
        worst = end - r.raised > worst ? end - r.raised : worst;
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
    test_curves();
    test_division();
    test_words();
    test_range(64, 0, scaled(3000));
    test_range(66, 12345, scaled(1500));
    test_range(80, 0, scaled(2000));
    test_range(96, 777, scaled(1000));
    test_smooth();
    test_chains();
    test_known_numbers();
    test_given_factors();
    test_composites();
    test_factors_of_forms();
    test_forms();
    test_forms_without_a_proof();
    test_known_forms_in_forms();
    test_forms_of_text();
    test_curve_proofs(65, scaled(64));
    test_curve_proofs(80, scaled(64));
    test_curve_proofs(128, scaled(40));
    test_curve_proofs(256, scaled(16));
    test_curve_proofs(332, scaled(8));
    test_curve_proofs(512, scaled(4));
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
