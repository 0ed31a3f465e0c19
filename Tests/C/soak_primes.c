// SPDX-License-Identifier: Apache-2.0
//
// Known primes of thousands of digits by transforms, on demand: `make soak-primes`.
//
// soak_primes FILE [--digits MOST] [--shard I/N]
//     Each line of the file is EXPRESSION<TAB>DIGITS<TAB>SOURCE. The prime that the expression
//     gives has to be one for the engine of transforms, with the form that it is written in. The
//     next number of its kind is composite: 3^(n-1) modulo n has the last 64 bits that GMP finds,
//     up to MOST_EXACT bits, and those that it has without its form, at any size.
//
// Shards are numbered from 1; all N of them together are one run.

#define _GNU_SOURCE // clocks

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "prk_kernels.h"
#include "support.h"

// Of a number whose residue GMP computes too: a second or two at its end.
#define MOST_EXACT 20000

enum { MOST_LINES = 1000 };

typedef struct line {
    char expression[64], source[32];
    unsigned long digits;
} line;

static line lines[MOST_LINES];
static prk_scratch *scratch;

// --- Numbers and their forms ---------------------------------------------------------------------

static bool parse(const char *text, prk_form *form) {
    unsigned long long k = 0, b = 0, n = 0;
    long long c = 0;
    char end = 0;
    if (sscanf(text, "%llu*%llu^%llu%lld%c", &k, &b, &n, &c, &end) == 4) {
        *form = (prk_form){.kind = PRK_FORM_POWER, .k = k, .b = b, .n = n, .c = c};
    } else if (sscanf(text, "%llu^%llu%lld%c", &b, &n, &c, &end) == 3) {
        *form = (prk_form){.kind = PRK_FORM_POWER, .k = 1, .b = b, .n = n, .c = c};
    } else if (sscanf(text, "%llu!%lld%c", &n, &c, &end) == 2) {
        *form = (prk_form){.kind = PRK_FORM_FACTORIAL, .n = n, .step = 1, .c = c};
    } else if (sscanf(text, "%llu#%lld%c", &n, &c, &end) == 2) {
        *form = (prk_form){.kind = PRK_FORM_PRIMORIAL, .n = n, .c = c};
    } else {
        return false;
    }
    return true;
}

static void set_value(mpz_t value, const prk_form *f) {
    if (f->kind == PRK_FORM_POWER) {
        mpz_ui_pow_ui(value, f->b, f->n);
        mpz_mul_ui(value, value, f->k);
    } else if (f->kind == PRK_FORM_FACTORIAL) {
        mpz_fac_ui(value, f->n);
    } else {
        mpz_primorial_ui(value, f->n);
    }
    if (f->c >= 0) {
        mpz_add_ui(value, value, (unsigned long)f->c);
    } else {
        mpz_sub_ui(value, value, (unsigned long)-f->c);
    }
}

// Of the same kind, odd, and composite for every prime of the list.
static void set_next(prk_form *f) {
    if (f->kind == PRK_FORM_PRIMORIAL) {
        f->n = odd_prime_from(f->n + 2, 2);
    } else if (f->kind == PRK_FORM_POWER && f->k == 1 && f->c > 0) {
        f->b += 2;
    } else {
        f->n += f->kind == PRK_FORM_POWER && f->k == 1 ? 2 : 1;
    }
}

// --- Tests ---------------------------------------------------------------------------------------

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static prk_report test(const char *what, mpz_srcptr n, const prk_form *form, bool want_residue) {
    const uint64_t offsets[2] = {0, mpz_size(n)};
    const prk_options options = {.want_residue = want_residue, .forms = form};
    uint8_t verdict = PRK_UNTESTED;
    prk_report report = {.verdict = PRK_UNTESTED};
    const prk_status status = prk_test_batch(PRK_ENGINE_FFT, (const uint64_t *)mpz_limbs_read(n),
                                             offsets, 1, &options, scratch, &verdict, &report);
    EXPECT(status == PRK_STATUS_OK, "%s: status %d", what, (int)status);
    return report;
}

static uint64_t exact_residue(mpz_srcptr n) {
    mpz_t base, exponent;
    mpz_init_set_ui(base, 3);
    mpz_init(exponent);
    mpz_sub_ui(exponent, n, 1);
    mpz_powm(base, base, exponent, n);
    const uint64_t residue = mpz_getlimbn(base, 0);
    mpz_clears(base, exponent, (mpz_ptr)NULL);
    return residue;
}

static void test_prime(const line *l, const prk_form *form, mpz_ptr n) {
    set_value(n, form);
    const size_t digits = mpz_sizeinbase(n, 10); // or one more
    EXPECT(digits == l->digits || digits == l->digits + 1, "%s has %zu digits", l->expression,
           digits);
    const double begin = seconds();
    const prk_report report = test(l->expression, n, form, false);
    const bool is_right = report.verdict == PRK_PRIME || report.verdict == PRK_PROBABLE_PRIME;
    EXPECT(is_right && report.engine == PRK_ENGINE_FFT, "%s (%s): verdict %u by engine %u",
           l->expression, l->source, report.verdict, report.engine);
    printf("soak-primes: %s, %lu digits: %s by method %u, %.2f s\n", l->expression, l->digits,
           report.verdict == PRK_PRIME ? "prime"
           : is_right                  ? "probable prime"
                                       : "COMPOSITE",
           report.method, seconds() - begin);
}

static void test_next(const line *l, const prk_form *form, mpz_ptr n) {
    char what[96];
    snprintf(what, sizeof what, "what comes after %s", l->expression);
    set_value(n, form);
    const double begin = seconds();
    const prk_report report = test(what, n, form, true);
    EXPECT(report.verdict == PRK_COMPOSITE && report.residue != 1, "%s: verdict %u", what,
           report.verdict);
    const bool is_exact = mpz_sizeinbase(n, 2) <= MOST_EXACT;
    if (is_exact) {
        const uint64_t wanted = exact_residue(n);
        EXPECT(report.residue == wanted, "%s: RES64 %016" PRIX64 ", not %016" PRIX64, what,
               report.residue, wanted);
    }
    // With base 2 the form is read off the number's bits.
    const bool has_form = form->kind == PRK_FORM_POWER && form->b != 2;
    if (has_form) {
        const prk_report other = test(what, n, NULL, true);
        EXPECT(report.residue == other.residue,
               "%s: RES64 %016" PRIX64 " by its form, %016" PRIX64 " without", what, report.residue,
               other.residue);
    }
    printf("soak-primes: %s: composite, RES64 %016" PRIX64 "%s%s, %.2f s\n", what, report.residue,
           is_exact ? ", as by GMP" : "", has_form ? ", as without its form" : "",
           seconds() - begin);
}

// --- The list ------------------------------------------------------------------------------------

static size_t read_lines(const char *name) {
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        perror(name);
        exit(66);
    }
    char text[256];
    size_t count = 0;
    while (fgets(text, sizeof text, file) != NULL) {
        line *l = &lines[count];
        if (count == MOST_LINES ||
            sscanf(text, "%63[^\t]\t%lu\t%31[^\n]", l->expression, &l->digits, l->source) != 3) {
            fprintf(stderr, "soak-primes: %s:%zu is no line of known primes\n", name, count + 1);
            exit(65);
        }
        count++;
    }
    fclose(file);
    return count;
}

static int usage(void) {
    fputs("usage: soak_primes FILE [--digits MOST] [--shard I/N]\n", stderr);
    return 64;
}

int main(int argc, char **argv) {
    uint64_t index = 1, shards = 1, most = UINT64_MAX;
    if (argc % 2 != 0) {
        return usage();
    }
    for (int i = 2; i < argc; i += 2) {
        if (!(strcmp(argv[i], "--digits") == 0 && sscanf(argv[i + 1], "%" SCNu64, &most) == 1) &&
            !(strcmp(argv[i], "--shard") == 0 &&
              sscanf(argv[i + 1], "%" SCNu64 "/%" SCNu64, &index, &shards) == 2 && index >= 1 &&
              index <= shards)) {
            return usage();
        }
    }
    scratch = prk_scratch_create();
    if (scratch == NULL) {
        perror("soak-primes");
        return 71;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    const size_t count = read_lines(argv[1]);
    mpz_t n;
    mpz_init(n);
    long primes = 0, composites = 0;
    // What takes long comes first, so that shards end together.
    for (size_t i = count; i-- > 0;) {
        prk_form form;
        if ((count - 1 - i) % shards != index - 1 || lines[i].digits > most) {
            continue;
        }
        if (!parse(lines[i].expression, &form)) {
            EXPECT(false, "%s is no form", lines[i].expression);
            continue;
        }
        test_prime(&lines[i], &form, n);
        primes++;
        set_next(&form);
        test_next(&lines[i], &form, n);
        composites++;
    }
    mpz_clear(n);
    prk_scratch_destroy(scratch);
    printf("soak-primes: %ld primes, %ld composites: %d problems\n", primes, composites, failures);
    return failures != 0;
}
