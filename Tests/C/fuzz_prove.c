// SPDX-License-Identifier: Apache-2.0
//
// What libFuzzer runs over prk_prove: bytes become a number, options, a form, factors, and a moment
// to cancel at. No composite is proved and no prime is composite, as GMP knows them; what is proved
// has a valid certificate, in the form that was asked for; what costs may be what it has to has a
// proof or is composite; and the same call again says the same.
//
// fuzz_prove [FOLDER OF INPUTS ...], linked with -fsanitize=fuzzer

#include <stdio.h>

#include "fuzz_input.h"
#include "proofs.h"

// Of numbers that are proved whatever it costs, and of those of forms.
enum { MOST_BITS = 200, MOST_FORM_BITS = 1500, MOST_FACTORS = 6, MOST_FACTOR_LIMBS = 5 };

// --- Cancelling ----------------------------------------------------------------------------------

// The flag is raised when GMP has asked for so many blocks: at the same moment each time.
static uint64_t blocks_to_raise;
static uint32_t flag;

static void *counted(void *block) {
    if (block == NULL) {
        abort();
    }
    if (blocks_to_raise > 0 && --blocks_to_raise == 0) {
        flag = 1;
    }
    return block;
}

static void *counted_malloc(size_t size) { return counted(malloc(size)); }

static void *counted_realloc(void *block, size_t before, size_t size) {
    (void)before;
    return counted(realloc(block, size));
}

static void plain_free(void *block, size_t size) {
    (void)size;
    free(block);
}

// --- What the bytes say --------------------------------------------------------------------------

// Of up to 25 bytes.
static void large(input *in, mpz_t n) {
    const unsigned count = byte(in) % (MOST_BITS / 8 + 1);
    mpz_set_ui(n, 0);
    for (unsigned i = 0; i < count; i++) {
        mpz_mul_2exp(n, n, 8);
        mpz_add_ui(n, n, byte(in));
    }
}

// k b^n + c and the like, with a value that is not too large. False: fields that are out of range.
static void read_form(input *in, prk_form *form, mpz_t value) {
    const uint8_t what = byte(in);
    *form = (prk_form){.kind = what % 4, .c = (int8_t)byte(in)};
    if (what & 64) {
        form->c = (what & 32) != 0 ? 1 : -1;
    }
    mpz_set_ui(value, 1);
    if (form->kind == PRK_FORM_POWER) {
        form->k = bytes(in, 1 + what / 16 % 2);
        form->b = bytes(in, what & 128 ? 1 : 3);
        form->n = byte(in) %
                  (MOST_FORM_BITS / (mpz_set_ui(value, form->b | 2), mpz_sizeinbase(value, 2)));
        mpz_ui_pow_ui(value, form->b, form->n);
        mpz_mul_ui(value, value, form->k);
    } else if (form->kind == PRK_FORM_FACTORIAL) {
        form->n = byte(in);
        form->step = byte(in) % 8;
        if (form->step > 0) {
            mpz_mfac_uiui(value, form->n, form->step);
        }
    } else if (form->kind == PRK_FORM_PRIMORIAL) {
        form->n = bytes(in, 2) % 1100;
        mpz_primorial_ui(value, form->n);
    } else {
        form->c = what & 32 ? form->c : 0;
        mpz_set_ui(value, 0);
    }
    if (form->c >= 0) {
        mpz_add_ui(value, value, (unsigned long)form->c);
    } else {
        mpz_sub_ui(value, value, (unsigned long)-form->c);
    }
    if (what == 0xFF) { // what no form is
        form->reserved = byte(in);
        form->kind += byte(in);
    }
    mpz_abs(value, value);
}

static bool is_valid(const prk_form *form) {
    const bool has_power = form->k != 0 || form->b != 0;
    return form->reserved == 0 && form->c != INT64_MIN &&
           (form->kind == PRK_FORM_POWER       ? form->k >= 1 && form->b >= 2 && form->step == 0
            : form->kind == PRK_FORM_FACTORIAL ? !has_power && form->step >= 1
            : form->kind == PRK_FORM_PRIMORIAL
                ? !has_power && form->step == 0
                : form->kind == PRK_FORM_NONE && !has_power && form->n == 0 && form->step == 0 &&
                      form->c == 0);
}

static void read_number(input *in, mpz_t n, const mpz_t value_of_form) {
    mpz_t p;
    mpz_init(p);
    const uint8_t what = byte(in);
    large(in, n);
    switch (what % 12) {
    case 0:
        break;
    case 1:
    case 2:
    case 3:
        mpz_nextprime(n, n);
        break;
    case 4: // of two primes
        mpz_tdiv_q_2exp(n, n, mpz_sizeinbase(n, 2) / 2);
        mpz_nextprime(n, n);
        mpz_mul_ui(p, n, 1 + what / 12 % 4);
        mpz_nextprime(p, p);
        mpz_mul(n, n, p);
        break;
    case 5: // (a + 1) (k a + 1)
        mpz_tdiv_q_2exp(n, n, mpz_sizeinbase(n, 2) / 2);
        mpz_nextprime(n, n);
        mpz_sub_ui(p, n, 1);
        mpz_mul_ui(p, p, 2 + what / 12);
        mpz_add_ui(p, p, 1);
        mpz_mul(n, n, p);
        break;
    case 6: // a power
        mpz_tdiv_q_2exp(n, n, mpz_sizeinbase(n, 2) / 2 + 8);
        mpz_nextprime(n, n);
        mpz_pow_ui(n, n, 2 + what / 12 % 2);
        break;
    case 7: // (6 k + 1) (12 k + 1) (18 k + 1)
        mpz_tdiv_q_2exp(n, n, 2 * (mpz_sizeinbase(n, 2) / 3) + 3);
        mpz_mul_ui(n, n, 6);
        mpz_mul_ui(p, n, 2);
        mpz_add_ui(p, p, 1);
        mpz_mul(p, p, p);
        mpz_mul_ui(n, n, 3);
        mpz_add_ui(n, n, 1);
        mpz_mul(n, n, p);
        break;
    case 8: // with many twos in n - 1 or n + 1, and a prime if there is one near
    case 9: {
        const mp_bitcnt_t twos = 1 + what / 12 * 3;
        mpz_tdiv_q_2exp(n, n, mpz_sizeinbase(n, 2) + twos > MOST_BITS ? twos : 0);
        mpz_mul_2exp(n, n, twos);
        mpz_setbit(n, twos);
        mpz_set_ui(p, 1);
        mpz_mul_2exp(p, p, twos + 1);
        mpz_add_ui(n, n, what % 12 == 8 ? 2 : 0);
        mpz_sub_ui(n, n, 1);
        for (int tries = 0; tries < 100 && mpz_probab_prime_p(n, 2) == 0; tries++) {
            mpz_add(n, n, p);
        }
        break;
    }
    default:
        mpz_set(n, value_of_form);
    }
    mpz_clear(p);
}

typedef struct factors {
    uint64_t limbs[MOST_FACTORS * MOST_FACTOR_LIMBS];
    uint64_t offsets[MOST_FACTORS + 1];
    size_t count;
    bool is_valid;
} factors;

// Some divide n - 1 or n + 1, or n itself; others are what the bytes say, 0 and 1 among them.
static void read_factors(input *in, factors *f, const mpz_t n) {
    mpz_t x;
    mpz_init(x);
    f->count = byte(in) % (MOST_FACTORS + 1);
    f->is_valid = true;
    f->offsets[0] = 0;
    for (size_t i = 0; i < f->count; i++) {
        const uint8_t what = byte(in);
        if (what % 4 == 0) {
            large(in, x);
        } else if (what % 4 == 1) {
            mpz_set(x, n);
        } else {
            mpz_add_ui(x, n, what & 4 ? 1 : 0);
            mpz_sub_ui(x, x, what & 4 || mpz_sgn(x) == 0 ? 0 : 1);
            for (unsigned long q = 2; mpz_sgn(x) > 0 && q < (what & 8 ? 10000ul : 100ul); q++) {
                while (mpz_divisible_ui_p(x, q)) {
                    mpz_divexact_ui(x, x, q);
                }
            }
        }
        size_t limbs = mpz_size(x);
        if (limbs > MOST_FACTOR_LIMBS) {
            mpz_set_ui(x, what);
            limbs = mpz_size(x);
        }
        uint64_t *to = f->limbs + f->offsets[i];
        memcpy(to, mpz_limbs_read(x), limbs * sizeof *to);
        if ((what & 16) != 0 && limbs < MOST_FACTOR_LIMBS) {
            to[limbs++] = 0;
        }
        f->offsets[i + 1] = f->offsets[i] + limbs;
    }
    if (f->count > 0 && byte(in) == 0xFF) {
        f->offsets[0] = f->offsets[1] + 1;
        f->is_valid = false;
    }
    mpz_clear(x);
}

// --- A call --------------------------------------------------------------------------------------

typedef struct later_options {
    prk_prove_options known;
    uint64_t more;
} later_options;

typedef struct later_proof {
    prk_proof known;
    uint64_t more;
} later_proof;

typedef struct outcome {
    prk_status status;
    later_proof proof;
    text t;
} outcome;

#define UNTOUCHED UINT64_C(0xA5A5A5A5A5A5A5A5)

static void call(const uint64_t *limbs, size_t count, const prk_prove_options *options,
                 outcome *o) {
    memset(o, 0, sizeof *o);
    memset(&o->proof, 0xA5, sizeof o->proof);
    o->status = prk_prove(limbs, count, options, keep, &o->t, &o->proof.known);
}

static void expect_valid(const mpz_t n, const outcome *o, uint8_t format) {
    prk_certificate_problem problem;
    FAIL_UNLESS(o->t.calls == 1 && proves(&o->t, n, PRK_CERTIFICATE_JSON, &problem), "%Zd: %s", n,
                problem.reason);
    if (format != PRK_CERTIFICATE_NONE && format != PRK_CERTIFICATE_JSON) {
        text t = {.start = NULL};
        FAIL_UNLESS(write_in(&o->t, (prk_certificate_format)format, &t) &&
                        proves(&t, n, (prk_certificate_format)format, &problem),
                    "%Zd in form %d: %s", n, format, problem.reason);
        free(t.start);
    }
}

static void expect_right(const mpz_t n, const outcome *o, const prk_prove_options *options) {
    const prk_proof *proof = &o->proof.known;
    const bool is_prime = mpz_probab_prime_p(n, 40) != 0;
    FAIL_UNLESS((proof->verdict == PRK_PROOF_PROVED) == (o->t.calls > 0), "%Zd: %d texts", n,
                o->t.calls);
    FAIL_UNLESS((proof->verdict == PRK_PROOF_NEITHER) == (mpz_cmp_ui(n, 2) < 0), "%Zd", n);
    switch (proof->verdict) {
    case PRK_PROOF_PROVED:
        FAIL_UNLESS(is_prime, "%Zd", n);
        expect_valid(n, o, options->certificate_format);
        break;
    case PRK_PROOF_COMPOSITE:
        FAIL_UNLESS(!is_prime && evidence_holds(n, &proof->report), "%Zd: method %d", n,
                    proof->report.method);
        break;
    case PRK_PROOF_GAVE_UP:
        FAIL_UNLESS(is_prime && options->max_cost != 0 && mpz_size(n) > 1, "%Zd: %s", n,
                    proof->tried);
        FAIL_UNLESS(memchr(proof->tried, 0, sizeof proof->tried) != NULL && proof->tried[0] != 0,
                    "%Zd", n);
        break;
    default:
        break;
    }
}

int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    mp_set_memory_functions(counted_malloc, counted_realloc, plain_free);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    mpz_t n, value;
    mpz_inits(n, value, (mpz_ptr)NULL);
    const uint8_t what = byte(&in), more = byte(&in), sizes = byte(&in);
    prk_form form;
    factors f;
    uint32_t progress = 0;
    read_form(&in, &form, value);
    read_number(&in, n, value);
    read_factors(&in, &f, n);
    later_options options = {.known = {.only_curves = (what & 1) != 0,
                                       .certificate_format = what >> 1 & 7,
                                       .form = what & 16 ? &form : NULL,
                                       .progress = what & 32 ? &progress : NULL,
                                       .seed = bytes(&in, more & 1 ? 8 : 1)}};
    if ((what & 64) != 0) {
        options.known.factors = f.limbs;
        options.known.factor_offsets = f.offsets;
        options.known.factor_count = f.count;
    }
    if ((what & 128) != 0 || mpz_sizeinbase(n, 2) > MOST_BITS + 16) {
        options.known.max_cost = 1 + bytes(&in, more & 2 ? 1 : 2) % 2000;
        if (mpz_sizeinbase(n, 2) > MOST_BITS + 16) {
            options.known.max_cost = 1 + options.known.max_cost % 20;
        }
    }
    uint64_t raise_at = 0;
    if ((more & 4) != 0) {
        options.known.cancel = &flag;
        raise_at = bytes(&in, more & 8 ? 1 : 2);
    }
    bool is_valid_call = options.known.certificate_format <= PRK_CERTIFICATE_PARI &&
                         options.known.certificate_format != PRK_CERTIFICATE_PRIMO3 &&
                         (options.known.form == NULL || is_valid(&form)) &&
                         (options.known.factor_count == 0 || f.is_valid);
    switch (sizes % 16) {
    case 0:
        options.known.size = sizeof options.known;
        break;
    case 1:
        options.known.size = sizeof options;
        break;
    case 2:
        options.known.size = sizeof options;
        options.more = byte(&in);
        is_valid_call = is_valid_call && options.more == 0;
        break;
    case 3:
        options.known.size = 1 + byte(&in) % sizeof options.known;
        is_valid_call = is_valid_call && options.known.size == sizeof options.known;
        break;
    case 4:
        options.known.reserved[byte(&in) % 6] = byte(&in);
        is_valid_call = is_valid_call && memcmp(options.known.reserved, "\0\0\0\0\0", 6) == 0;
        break;
    default:
        break;
    }
    switch (sizes / 16 % 8) {
    case 0:
        options.known.proof_size = sizeof(prk_proof);
        break;
    case 1:
        options.known.proof_size = sizeof(later_proof);
        break;
    case 2:
        options.known.proof_size = 1 + bytes(&in, 2) % sizeof(prk_proof);
        is_valid_call = is_valid_call && options.known.proof_size == sizeof(prk_proof);
        break;
    default:
        break;
    }
    // With zeros on top now and then.
    uint64_t limbs[2 * MOST_FORM_BITS / 64 + 8] = {0};
    size_t count = mpz_size(n);
    if (count > sizeof limbs / sizeof limbs[0] - 4) {
        mpz_clears(n, value, (mpz_ptr)NULL);
        return -1;
    }
    memcpy(limbs, mpz_limbs_read(n), count * sizeof *limbs);
    count += more & 16 ? more >> 6 : 0;

    outcome first, second;
    flag = raise_at == 0;
    blocks_to_raise = raise_at;
    call(limbs, count, &options.known, &first);
    blocks_to_raise = 0;
    const bool may_be_cancelled = options.known.cancel != NULL && flag != 0;
    FAIL_UNLESS(first.status == (is_valid_call ? PRK_STATUS_OK : PRK_STATUS_INVALID_ARGUMENT) ||
                    (is_valid_call && may_be_cancelled && first.status == PRK_STATUS_CANCELLED),
                "%Zd: status %d", n, first.status);
    FAIL_UNLESS(first.proof.more == (first.status != PRK_STATUS_INVALID_ARGUMENT &&
                                             options.known.proof_size == sizeof(later_proof)
                                         ? 0
                                         : UNTOUCHED),
                "%Zd: behind the proof", n);
    FAIL_UNLESS(progress <= 1000000, "%Zd: progress %u", n, progress);
    if (first.status == PRK_STATUS_OK) {
        expect_right(n, &first, &options.known);
    } else {
        FAIL_UNLESS(first.t.calls == 0, "%Zd: a text all the same", n);
    }
    if ((more & 32) != 0 && first.status == PRK_STATUS_OK) {
        options.known.cancel = NULL;
        call(limbs, count, &options.known, &second);
        const prk_proof *a = &first.proof.known, *b = &second.proof.known;
        FAIL_UNLESS(second.status == PRK_STATUS_OK && texts_are_equal(&first.t, &second.t) &&
                        a->verdict == b->verdict && a->cost == b->cost && a->steps == b->steps &&
                        strcmp(a->tried, b->tried) == 0,
                    "%Zd: otherwise the second time", n);
        free(second.t.start);
    }
    free(first.t.start);
    mpz_clears(n, value, (mpz_ptr)NULL);
    return 0;
}
