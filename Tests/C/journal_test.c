// SPDX-License-Identifier: Apache-2.0
//
// Journals of proofs by curves: a proof that was ended anywhere and went on writes the certificate,
// and the journal, of one that was not; a journal that lies leads to a valid certificate all the
// same.

#define _GNU_SOURCE // strndup

#include <stdarg.h>
#include <string.h>

#include "../../CKernels/prove/prove.h"
#include "support.h"

static gmp_randstate_t state;

// --- Texts ---------------------------------------------------------------------------------------

typedef struct text {
    char *start; // a NUL ends it
    size_t size;
    long calls;
    long most;      // calls that say true; 0: all of them
    uint32_t *flag; // raised with the last of these
} text;

static bool keep(void *context, const char *bytes, size_t count) {
    text *t = context;
    if (t->most > 0 && t->calls == t->most) {
        t->calls++;
        return false;
    }
    t->start = realloc(t->start, t->size + count + 1);
    memcpy(t->start + t->size, bytes, count);
    t->size += count;
    t->start[t->size] = 0;
    t->calls++;
    if (t->flag != NULL && t->calls == t->most) {
        *t->flag = 1;
    }
    return true;
}

static text copy_of(const char *start, size_t size) {
    text t = {.start = NULL};
    keep(&t, start, size);
    return t;
}

static bool are_equal(const text *a, const char *start, size_t size) {
    return a->size == size && (size == 0 || memcmp(a->start, start, size) == 0);
}

static long lines_in(const char *start, size_t size) {
    long count = 0;
    for (size_t i = 0; i < size; i++) {
        count += start[i] == '\n';
    }
    return count;
}

// Where the line begins, from 0 on; `*size` with its end.
static const char *line_at(const text *t, long line, size_t *size) {
    const char *at = t->start;
    for (; line > 0; line--) {
        at = strchr(at, '\n') + 1;
    }
    *size = (size_t)(strchr(at, '\n') + 1 - at);
    return at;
}

// --- Proofs --------------------------------------------------------------------------------------

static const prk_prove_options usual = {.only_curves = true, .journal_bits = 100};

static void random_prime(mpz_t p, mp_bitcnt_t bits) {
    do {
        mpz_urandomb(p, state, bits);
        mpz_setbit(p, bits - 1);
        mpz_nextprime(p, p);
    } while (mpz_sizeinbase(p, 2) != bits);
}

typedef struct outcome {
    prk_status status;
    prk_proof proof;
    text certificate, journal;
} outcome;

static outcome prove(const mpz_t n, prk_prove_options options, const char *kept, size_t size) {
    outcome o = {.status = PRK_STATUS_OK};
    options.journal = keep;
    options.journal_context = &o.journal;
    options.kept = kept;
    options.kept_size = size;
    o.status = prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep,
                         &o.certificate, &o.proof);
    return o;
}

static void forget(outcome *o) {
    free(o->certificate.start);
    free(o->journal.start);
}

static bool is_valid(const text *t, const mpz_t n) {
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem = {.verdict = PRK_CERTIFICATE_UNREADABLE};
    prk_certificate_read(t->start, t->size, &certificate, NULL, &problem);
    bool is = false;
    if (certificate != NULL) {
        size_t limbs = 0;
        const uint64_t *number = prk_certificate_number(certificate, &limbs);
        is = prk_certificate_verify(certificate, NULL, &problem) == PRK_STATUS_OK &&
             problem.verdict == PRK_CERTIFICATE_VALID && limbs == mpz_size(n) &&
             mpn_cmp((const mp_limb_t *)number, mpz_limbs_read(n), (mp_size_t)limbs) == 0;
    }
    prk_certificate_destroy(certificate);
    return is;
}

// A proof that was not ended, with its journal.
static outcome whole_proof(const mpz_t n, prk_prove_options options) {
    outcome o = prove(n, options, NULL, 0);
    EXPECT(o.status == PRK_STATUS_OK && o.proof.verdict == PRK_PROOF_PROVED, "%s", o.proof.tried);
    EXPECT(is_valid(&o.certificate, n), "it is not valid");
    EXPECT(o.journal.calls == lines_in(o.journal.start, o.journal.size), "a call a line");
    return o;
}

static int by_text(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    for (; *x == *y && *x != '\n'; x++, y++) {
    }
    return (unsigned char)*x - (unsigned char)*y;
}

// The same lines in any order: those of curves come as they are found.
static bool has_lines(const text *t, const char *start, size_t size) {
    const size_t count = (size_t)lines_in(start, size);
    if (t->size != size || (size_t)lines_in(t->start, t->size) != count) {
        return false;
    }
    const char **lines = malloc((2 * count + 1) * sizeof *lines);
    for (int which = 0; which < 2; which++) {
        const char *at = which == 0 ? t->start : start;
        for (size_t i = 0; i < count; i++) {
            lines[(size_t)which * count + i] = at;
            at = strchr(at, '\n') + 1;
        }
        qsort(lines + (size_t)which * count, count, sizeof *lines, by_text);
    }
    bool are_same = true;
    for (size_t i = 0; i < count; i++) {
        are_same = are_same && by_text(&lines[i], &lines[count + i]) == 0;
    }
    free(lines);
    return are_same;
}

// Goes on from the first `size` bytes of the journal: everything is as it was, and what was kept is
// not done again.
static void go_on(const mpz_t n, const prk_prove_options *options, const outcome *whole,
                  size_t size) {
    // Not a NUL nor a byte more than that.
    char *kept = malloc(size + (size == 0));
    memcpy(kept, whole->journal.start, size);
    outcome o = prove(n, *options, kept, size);
    free(kept);
    size_t cut = size; // what whoever appends leaves of it
    while (cut > 0 && whole->journal.start[cut - 1] != '\n') {
        cut--;
    }
    EXPECT(o.status == PRK_STATUS_OK &&
               are_equal(&o.certificate, whole->certificate.start, whole->certificate.size),
           "another certificate after %zu bytes", size);
    EXPECT(has_lines(&o.journal, whole->journal.start + cut, whole->journal.size - cut),
           "another journal after %zu bytes", size);
    EXPECT(o.proof.cost == whole->proof.cost, "another cost");
    forget(&o);
}

static void test_going_on(mp_bitcnt_t bits, const prk_prove_options *options, long count) {
    mpz_t n;
    mpz_init(n);
    long lines = 0, cuts = 0;
    for (long i = 0; i < count; i++) {
        random_prime(n, bits);
        outcome whole = whole_proof(n, *options);
        EXPECT(whole.journal.calls >= 2, "%ld lines", whole.journal.calls);
        lines += whole.journal.calls;
        for (size_t size = 0; size <= whole.journal.size; size++) {
            if (size == 0 || whole.journal.start[size - 1] == '\n') {
                go_on(n, options, &whole, size);
                if (size > 0) { // all of a line but its end
                    go_on(n, options, &whole, size - 1);
                }
                cuts++;
            }
        }
        for (long j = 0; j < scaled(15); j++) {
            go_on(n, options, &whole, next_random() % whole.journal.size);
        }
        forget(&whole);
    }
    printf("journal_test: %lu bits: %ld lines, %ld cuts after one\n", (unsigned long)bits, lines,
           cuts);
    mpz_clear(n);
}

// Ended by the flag while a line is written, again and again, each time with what was kept.
static void test_ending(void) {
    mpz_t n;
    mpz_init(n);
    random_prime(n, 530);
    outcome whole = whole_proof(n, usual);
    text kept = {.start = NULL};
    long ends = 0;
    for (bool is_done = false; !is_done && ends < 1000;) {
        uint32_t flag = 0;
        text certificate = {.start = NULL};
        text more = {.most = 2, .flag = &flag};
        prk_prove_options options = usual;
        options.cancel = &flag;
        options.journal = keep;
        options.journal_context = &more;
        options.kept = kept.start;
        options.kept_size = kept.size;
        prk_proof proof;
        const prk_status status = prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n),
                                            &options, keep, &certificate, &proof);
        if (more.size > 0) {
            keep(&kept, more.start, more.size);
        }
        is_done = status == PRK_STATUS_OK;
        ends += !is_done;
        EXPECT(is_done || status == PRK_STATUS_CANCELLED, "%s", prk_status_name(status));
        EXPECT(!is_done || are_equal(&certificate, whole.certificate.start, whole.certificate.size),
               "another certificate");
        free(certificate.start);
        free(more.start);
    }
    EXPECT(ends > 8 && ends < 1000, "%ld ends", ends);
    free(kept.start);
    forget(&whole);
    mpz_clear(n);
}

// --- What is refused, and who takes no more ------------------------------------------------------

static void test_refusing(void) {
    mpz_t n, other;
    mpz_inits(n, other, (mpz_ptr)NULL);
    random_prime(n, 256);
    random_prime(other, 256);
    outcome whole = whole_proof(n, usual);
    size_t first = 0;
    line_at(&whole.journal, 0, &first);
    static const struct {
        const char *text, *reason;
    } refused[] = {
        {"\n", "is no journal"},
        {"my notes", "is no journal"},
        {"{\"journal\":1,\"n\":\"0x1\"}\n", "another number"},
        {"{\"journal\":2,\"n\":\"0x1\"}\n", "is no journal"},
        {"{\"journal\":1,\"n\":", NULL}, // cut off
        {"{\"journal\":1,\"n\":\"0x1", "is no journal"},
        {"{", NULL},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *reason = refused[i].reason;
        outcome o = prove(n, usual, refused[i].text, strlen(refused[i].text));
        EXPECT(o.status == (reason == NULL ? PRK_STATUS_OK : PRK_STATUS_INVALID_ARGUMENT), "%s: %s",
               refused[i].text, prk_status_name(o.status));
        EXPECT(reason == NULL || (strstr(o.proof.tried, reason) != NULL && o.journal.calls == 0 &&
                                  o.certificate.calls == 0),
               "%s: %s", refused[i].text, o.proof.tried);
        forget(&o);
    }
    outcome o = prove(other, usual, whole.journal.start, whole.journal.size);
    EXPECT(o.status == PRK_STATUS_INVALID_ARGUMENT && strstr(o.proof.tried, "another number"), "%s",
           o.proof.tried);
    forget(&o);
    o = prove(n, usual, NULL, 5);
    EXPECT(o.status == PRK_STATUS_INVALID_ARGUMENT, "a text that is not there");
    forget(&o);
    // Short steps have no lines, and those that have are found all the same.
    prk_prove_options options = usual;
    options.journal_bits = 0;
    o = prove(n, options, NULL, 0);
    EXPECT(o.journal.calls == 0 &&
               are_equal(&o.certificate, whole.certificate.start, whole.certificate.size),
           "lines of short steps");
    forget(&o);
    o = prove(n, options, whole.journal.start, whole.journal.size);
    EXPECT(are_equal(&o.certificate, whole.certificate.start, whole.certificate.size), "short");
    forget(&o);
    // A sink that takes no more is not called again.
    for (long most = 1; most < 5; most++) {
        text some = {.most = most}, certificate = {.start = NULL};
        options = usual;
        options.journal = keep;
        options.journal_context = &some;
        prk_proof proof;
        EXPECT(prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, keep,
                         &certificate, &proof) == PRK_STATUS_OK,
               "it goes on");
        EXPECT(some.calls == most + 1 &&
                   are_equal(&certificate, whole.certificate.start, whole.certificate.size),
               "%ld calls", some.calls);
        free(some.start);
        free(certificate.start);
    }
    forget(&whole);
    mpz_clears(n, other, (mpz_ptr)NULL);
}

// --- Lies ----------------------------------------------------------------------------------------

typedef struct way {
    mpz_t n, t, s, q, v;
    long d;
} way;

static void hex_after(const char *line, const char *key, mpz_t x) {
    const char *at = strstr(line, key) + strlen(key);
    char *digits = strndup(at, strcspn(at, "\""));
    const bool is_negative = *digits == '-';
    mpz_set_str(x, digits + 2 + is_negative, 16);
    if (is_negative) {
        mpz_neg(x, x);
    }
    free(digits);
}

// Of a line "down"; false: it is none.
static bool read_way(const char *line, way *w) {
    if (strncmp(line, "{\"down\":", 8) != 0) {
        return false;
    }
    hex_after(line, "{\"down\":\"", w->n);
    hex_after(line, "\"t\":\"", w->t);
    hex_after(line, "\"s\":\"", w->s);
    w->d = atol(strstr(line, "\"d\":") + 4);
    mpz_add_ui(w->q, w->n, 1);
    mpz_sub(w->q, w->q, w->t);
    mpz_divexact(w->q, w->q, w->s);
    mpz_mul_2exp(w->v, w->n, 2);
    mpz_submul(w->v, w->t, w->t);
    EXPECT(w->d < 0 && mpz_divisible_ui_p(w->v, (unsigned long)-w->d), "no norm");
    mpz_divexact_ui(w->v, w->v, (unsigned long)-w->d);
    EXPECT(mpz_perfect_square_p(w->v), "no norm");
    mpz_sqrt(w->v, w->v);
    return true;
}

// The journal with a text in the place of a line, or of none.
static text with_line(const text *journal, long line, bool replaces, const char *other,
                      size_t size) {
    size_t length = 0;
    const char *at = line_at(journal, line, &length);
    text t = copy_of(journal->start, (size_t)(at - journal->start));
    keep(&t, other, size);
    at += replaces ? length : 0;
    keep(&t, at, (size_t)(journal->start + journal->size - at));
    return t;
}

static long lies_told;

// A line that does not hold is passed over: it is computed again, and nothing else is.
static void expect_passed_over(const mpz_t n, const outcome *whole, long line, const char *lie,
                               size_t size) {
    size_t length = 0;
    const char *true_line = line_at(&whole->journal, line, &length);
    for (int replaces = 0; replaces < 2; replaces++) {
        text kept = with_line(&whole->journal, line, replaces != 0, lie, size);
        outcome o = prove(n, usual, kept.start, kept.size);
        EXPECT(are_equal(&o.certificate, whole->certificate.start, whole->certificate.size),
               "another certificate by %.300s", lie);
        EXPECT(replaces ? are_equal(&o.journal, true_line, length) : o.journal.size == 0,
               "%d: not computed again, or too much: %.300s", replaces, lie);
        // A lie that is followed for a while costs a step.
        EXPECT(o.proof.cost == whole->proof.cost, "it was followed: %.300s", lie);
        forget(&o);
        free(kept.start);
        lies_told++;
    }
}

// As GMP's printf.
static void tell(const mpz_t n, const outcome *whole, long line, const char *format, ...) {
    char *lie = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int size = gmp_vasprintf(&lie, format, arguments);
    va_end(arguments);
    expect_passed_over(n, whole, line, lie, (size_t)size);
    free(lie);
}

static const char down_line[] =
    "{\"down\":\"0x%Zx\",\"d\":%ld,\"t\":\"%s0x%Zx\",\"s\":\"0x%Zx\"}\n";

static void tell_way(const mpz_t n, const outcome *whole, long line, const way *w) {
    mpz_t t;
    mpz_init(t);
    mpz_abs(t, w->t);
    tell(n, whole, line, down_line, w->n, w->d, mpz_sgn(w->t) < 0 ? "-" : "", t, w->s);
    mpz_clear(t);
}

static long composites, not_fundamental;

static void lie_about_way(const mpz_t n, const outcome *whole, long line, way *w) {
    static const long others[] = {0,       1,           3,           -1,       -2,
                                  -5,      -99999999,   -4194304,    -4194303, -4194311,
                                  4194304, -2147483647, 999999999999};
    const long d = w->d;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        w->d = others[i];
        tell_way(n, whole, line, w);
    }
    for (long k = 2; k < 30; k++) { // a norm, of a discriminant that is not fundamental
        if (mpz_divisible_ui_p(w->v, (unsigned long)k) && d * k * k > -4000000) {
            w->d = d * k * k;
            tell_way(n, whole, line, w);
            not_fundamental++;
        }
    }
    w->d = d;
    mpz_t right;
    mpz_init_set(right, w->t);
    mpz_add_ui(w->t, right, 1);
    tell_way(n, whole, line, w);
    mpz_add(w->t, right, w->q);
    tell_way(n, whole, line, w);
    mpz_sub(w->t, right, w->n);
    tell_way(n, whole, line, w);
    mpz_set_ui(w->t, 0);
    tell_way(n, whole, line, w);
    mpz_set(w->t, right);
    mpz_set(right, w->s);
    mpz_set_ui(w->s, 0);
    tell_way(n, whole, line, w);
    mpz_set_ui(w->s, 1);
    tell_way(n, whole, line, w);
    mpz_mul(w->s, right, w->q); // q = 1
    tell_way(n, whole, line, w);
    mpz_add_ui(w->s, right, 1);
    tell_way(n, whole, line, w);
    for (unsigned long p = 3; p < 3000; p += 2) { // q composite
        if (mpz_divisible_ui_p(right, p)) {
            mpz_divexact_ui(w->s, right, p);
            tell_way(n, whole, line, w);
            composites += mpz_cmp_ui(w->s, 3) > 0;
            mpz_mul(w->s, w->s, w->q); // q = p
            tell_way(n, whole, line, w);
        }
    }
    mpz_set(w->s, right);
    mpz_clear(right);
}

static void test_lies_about_ways(void) {
    mpz_t n;
    mpz_init(n);
    way w;
    mpz_inits(w.n, w.t, w.s, w.q, w.v, (mpz_ptr)NULL);
    for (long i = 0; i < scaled(2); i++) {
        random_prime(n, 300);
        outcome whole = whole_proof(n, usual);
        for (long line = 1; line < whole.journal.calls; line += 3) {
            size_t size = 0;
            if (read_way(line_at(&whole.journal, line, &size), &w)) {
                lie_about_way(n, &whole, line, &w);
            }
        }
        forget(&whole);
    }
    EXPECT(composites > 0 && not_fundamental > 0, "%ld composites, %ld discriminants", composites,
           not_fundamental);
    mpz_clears(n, w.n, w.t, w.s, w.q, w.v, (mpz_ptr)NULL);
}

static void test_lies_about_invariants(void) {
    mpz_t n, of, j;
    mpz_inits(n, of, j, (mpz_ptr)NULL);
    random_prime(n, 400);
    outcome whole = whole_proof(n, usual);
    long told = 0;
    for (long line = 1; line < whole.journal.calls; line++) {
        size_t size = 0;
        const char *text = line_at(&whole.journal, line, &size);
        if (strncmp(text, "{\"up\":", 6) != 0) {
            continue;
        }
        told++;
        static const char up_line[] = "{\"up\":\"0x%Zx\",\"d\":%ld,\"j\":\"0x%Zx\"}\n";
        hex_after(text, "{\"up\":\"", of);
        hex_after(text, "\"j\":\"", j);
        const long d = atol(strstr(text, "\"d\":") + 4);
        // Of two lines the last one counts: a lie before the line is not even looked at.
        tell(n, &whole, line, up_line, of, d - 1, j);
        mpz_add(j, j, of);
        tell(n, &whole, line, up_line, of, d, j);
        mpz_sub(j, j, of);
        mpz_add_ui(j, j, 1);
        tell(n, &whole, line, up_line, of, d, j);
        mpz_set_ui(j, 0);
        tell(n, &whole, line, up_line, of, d, j);
        mpz_set_ui(j, 1728);
        tell(n, &whole, line, up_line, of, d, j);
        mpz_set_ui(j, 1);
        tell(n, &whole, line, up_line, of, d, j);
        tell(n, &whole, line, "{\"up\":\"0x%Zx\",\"d\":%ld,\"j\":\"-0x1\"}\n", of, d);
        tell(n, &whole, line, "{\"up\":\"0x%Zx\",\"d\":%ld,\"j\":\"0x%Zx}\n", of, d, j);
    }
    EXPECT(told > 2, "%ld lines", told);
    forget(&whole);
    mpz_clears(n, of, j, (mpz_ptr)NULL);
}

// What is no line of ours.
static void test_noise(void) {
    mpz_t n;
    mpz_init(n);
    random_prime(n, 256);
    outcome whole = whole_proof(n, usual);
    size_t size = 0;
    char right[2000];
    const char *at = line_at(&whole.journal, 1, &size);
    memcpy(right, at, size);
    right[size] = 0;
    static const char *const noise[] = {
        "\n",
        "\n\n\n",
        "{}\n",
        "{\"down\":\"0x\"}\n",
        "{\"down\":\"0x1\"}\n",
        "{\"up\":\"0x\n",
        "{\"down\":\"0xg\",\"d\":-3}\n",
        "{\"journal\":1,\"n\":\"0x5\"}\n",
        "\xff\xfe\x80\n",
        "{\"down\":\"0x00000000000000000000\",\"d\":-3,\"t\":\"0x0\",\"s\":\"0x0\"}\n"};
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        expect_passed_over(n, &whole, 1, noise[i], strlen(noise[i]));
    }
    // A byte more, less or other, NUL among them.
    for (size_t i = 0; i + 1 < size; i++) {
        char changed[2001];
        memcpy(changed, right, i);
        memcpy(changed + i, right + i + 1, size - i - 1);
        expect_passed_over(n, &whole, 1, changed, size - 1);
        memcpy(changed + i + 1, right + i, size - i);
        changed[i] = (char)(i % 2 == 0 ? 0 : right[i] == '1' ? '2' : '1');
        expect_passed_over(n, &whole, 1, changed, size + 1);
        memcpy(changed + i + 1, right + i + 1, size - i - 1);
        expect_passed_over(n, &whole, 1, changed, size);
    }
    // A line of 10 MB: noise, or a number that is too long.
    const size_t long_size = 10000000;
    char *line = malloc(long_size);
    for (int kind = 0; kind < 4; kind++) {
        memset(line, kind == 0 ? 0 : kind == 1 ? '{' : 'f', long_size);
        if (kind == 2) {
            memcpy(line, "{\"down\":\"0x", 11);
        } else if (kind == 3) {
            const size_t head = (size_t)(strstr(right, "\"t\":\"0x") == NULL
                                             ? strstr(right, "\"t\":\"-0x") + 8 - right
                                             : strstr(right, "\"t\":\"0x") + 7 - right);
            memcpy(line, right, head);
        }
        line[long_size - 1] = '\n';
        expect_passed_over(n, &whole, 1, line, long_size);
    }
    free(line);
    forget(&whole);
    mpz_clear(n);
}

// Lines that hold and are not those of the first search: other ways down, the same line twice, and
// bytes changed anywhere. The certificate may be another one, and is valid.
static void test_other_truths(void) {
    mpz_t n;
    mpz_init(n);
    random_prime(n, 256);
    outcome whole = whole_proof(n, usual);
    prk_scratch *s = prk_scratch_create();
    prk_way *way = NULL;
    prk_down down;
    prk_down_init(&down);
    EXPECT(prk_way_make(&way, n, NULL) == PRK_STATUS_OK, "way");
    long others = 0;
    bool found = true;
    for (int i = 0; i < 6 && found; i++) {
        EXPECT(prk_way_next(way, s, &down, &found) == PRK_STATUS_OK, "next");
        if (i == 0 || !found) {
            continue;
        }
        mpz_t t;
        mpz_init(t);
        mpz_abs(t, down.t);
        char *line = NULL;
        const int size = gmp_asprintf(&line, down_line, n, (long)down.d,
                                      mpz_sgn(down.t) < 0 ? "-" : "", t, down.s);
        text kept = with_line(&whole.journal, 1, i % 2 == 0, line, (size_t)size);
        outcome o = prove(n, usual, kept.start, kept.size);
        EXPECT(o.status == PRK_STATUS_OK && is_valid(&o.certificate, n), "another way");
        // It is the way that the certificate goes.
        others += !are_equal(&o.certificate, whole.certificate.start, whole.certificate.size);
        forget(&o);
        free(kept.start);
        free(line);
        mpz_clear(t);
    }
    EXPECT(others > 0, "the journal was not looked at");
    prk_way_destroy(way);
    prk_down_clear(&down);
    prk_scratch_destroy(s);
    for (long line = 1; line < whole.journal.calls; line++) {
        size_t size = 0;
        const char *at = line_at(&whole.journal, line, &size);
        text kept = with_line(&whole.journal, line, false, at, size);
        outcome o = prove(n, usual, kept.start, kept.size);
        EXPECT(are_equal(&o.certificate, whole.certificate.start, whole.certificate.size) &&
                   o.journal.size == 0,
               "a line twice");
        forget(&o);
        free(kept.start);
    }
    size_t head = 0;
    line_at(&whole.journal, 0, &head);
    for (long i = 0; i < scaled(300); i++) {
        text kept = copy_of(whole.journal.start, whole.journal.size);
        for (uint64_t changes = 1 + next_random() % 20; changes > 0; changes--) {
            static const char likely[] = "0123456789abcdef\"{}:,-x\n";
            const uint64_t random = next_random();
            kept.start[head + random % (kept.size - head)] =
                random >> 40 & 1 ? (char)(random >> 48) : likely[(random >> 48) % 24];
        }
        outcome o = prove(n, usual, kept.start, kept.size);
        EXPECT(o.status == PRK_STATUS_OK && is_valid(&o.certificate, n), "noise");
        forget(&o);
        free(kept.start);
    }
    forget(&whole);
    mpz_clear(n);
}

// --- Several ways from one number ----------------------------------------------------------------

// So many ways down from n, the first ones of them kept, are those that come without a journal.
static void test_several_ways(void) {
    mpz_t n;
    mpz_init(n);
    random_prime(n, 256);
    enum { WAYS = 5 };
    mpz_t q[WAYS];
    text whole = {.start = NULL};
    for (long kept = -1; kept <= WAYS; kept++) {
        size_t size = 0;
        if (kept >= 0) { // a head and so many lines
            size = (size_t)(kept < whole.calls - 1 ? line_at(&whole, kept + 1, &size) - whole.start
                                                   : (ptrdiff_t)whole.size);
        }
        text more = {.start = NULL};
        prk_prove_options options = usual;
        options.journal = keep;
        options.journal_context = kept < 0 ? &whole : &more;
        options.kept = whole.start;
        options.kept_size = size;
        prk_search search = {
            .options = &options, .effort = {.most = UINT64_MAX}, .scratch = prk_scratch_create()};
        const char *problem = NULL;
        EXPECT(prk_journal_begin(&search.journal, n, &options, &problem) == PRK_STATUS_OK &&
                   problem == NULL,
               "begin");
        EXPECT(prk_search_begin(&search, n) == PRK_STATUS_OK, "begin");
        prk_goal *goal = search.goals[0];
        for (int i = 0; i < WAYS; i++) {
            EXPECT(prk_descend(&search, goal) == PRK_STATUS_OK && goal->state == PRK_GOAL_WAITS,
                   "way %d", i);
            if (kept < 0) {
                mpz_init_set(q[i], goal->down.q);
            }
            EXPECT(mpz_cmp(q[i], goal->down.q) == 0, "%ld kept, way %d is another one", kept, i);
            EXPECT((goal->way == NULL) == (i < kept), "%ld kept, way %d computed", kept, i);
        }
        EXPECT(kept < 0 || are_equal(&more, whole.start + size, whole.size - size), "%ld kept",
               kept);
        prk_search_end(&search);
        prk_journal_end(&search.journal);
        prk_scratch_destroy(search.scratch);
        free(more.start);
    }
    EXPECT(whole.calls == WAYS + 1, "%ld lines", whole.calls);
    for (int i = 0; i < WAYS; i++) {
        mpz_clear(q[i]);
    }
    free(whole.start);
    mpz_clear(n);
}

int main(void) {
    gmp_randinit_default(state);
    gmp_randseed_ui(state, 20261001);
    const prk_prove_options mixed = {.journal_bits = 65, .max_cost = 100000};
    test_going_on(160, &usual, scaled(4));
    test_going_on(200, &mixed, scaled(4));
    test_going_on(332, &mixed, scaled(1));
    test_going_on(530, &usual, scaled(1));
    test_ending();
    test_refusing();
    test_several_ways();
    test_lies_about_ways();
    test_lies_about_invariants();
    test_noise();
    test_other_truths();
    printf("journal_test: %ld lies\njournal_test: %d failures\n", lies_told, failures);
    gmp_randclear(state);
    return failures != 0;
}
