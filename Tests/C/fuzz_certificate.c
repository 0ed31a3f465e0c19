// SPDX-License-Identifier: Apache-2.0
//
// What libFuzzer runs over the readers of certificates: any bytes are read, and what was read is
// written in each form and read again. A certificate whose numbers are small is verified, too: what
// proves a number that is no prime ends the run. So does a PRP proof that is accepted, of bytes or
// of an honest one that was changed, when GMP computes another residue.
//
// fuzz_certificate [FOLDER OF TEXTS ...], linked with -fsanitize=fuzzer

// memmem
#define _GNU_SOURCE

#include "prk_sha256.h"
#include "proofs.h"

// Larger numbers take longer than they are worth here.
#define MOST_BITS 400
#define MOST_STEPS 12

static prk_certificate_verdict verify(const prk_certificate *certificate) {
    size_t limbs;
    const uint64_t *n = prk_certificate_number(certificate, &limbs);
    if (64 * limbs > MOST_BITS || prk_certificate_steps(certificate) > MOST_STEPS) {
        return PRK_CERTIFICATE_INCOMPLETE;
    }
    prk_certificate_problem problem;
    if (prk_certificate_verify(certificate, NULL, &problem) != PRK_STATUS_OK) {
        abort();
    }
    mpz_t view;
    if (problem.verdict == PRK_CERTIFICATE_VALID &&
        mpz_probab_prime_p(mpz_roinit_n(view, (const mp_limb_t *)n, (mp_size_t)limbs), 20) == 0) {
        abort();
    }
    return problem.verdict;
}

static void write_and_read(const prk_certificate *certificate, prk_certificate_verdict verdict) {
    static const prk_certificate_format formats[] = {PRK_CERTIFICATE_JSON, PRK_CERTIFICATE_PRIMO4,
                                                     PRK_CERTIFICATE_MPU, PRK_CERTIFICATE_PARI};
    for (int i = 0; i < 4; i++) {
        text t = {.start = NULL};
        prk_certificate_problem problem;
        prk_certificate *again = NULL;
        if (prk_certificate_write(certificate, formats[i], keep, &t, &problem) != PRK_STATUS_OK) {
            abort();
        }
        if (t.start == NULL) {
            continue;
        }
        prk_certificate_read(t.start, t.size, &again, NULL, &problem);
        // What is valid is so in every form.
        if (verdict == PRK_CERTIFICATE_VALID &&
            (again == NULL || verify(again) != PRK_CERTIFICATE_VALID)) {
            abort();
        }
        prk_certificate_destroy(again);
        free(t.start);
    }
}

// A text of JSON lines with the checksum that a fuzzer does not find.
static uint8_t *mend(const uint8_t *data, size_t *size) {
    const char end[] = "{\"end\":";
    const uint8_t *at = memmem(data, *size, end, sizeof end - 1);
    if (*size == 0 || data[0] != '{' || at == NULL) {
        return NULL;
    }
    const uint8_t *sum = memmem(at, *size - (size_t)(at - data), "\"sha256\":\"", 10);
    if (sum == NULL || (size_t)(data + *size - sum) < 10 + 64) {
        return NULL;
    }
    uint8_t *mended = malloc(*size);
    if (mended == NULL) {
        return NULL;
    }
    memcpy(mended, data, *size);
    char text[65];
    prk_sha256_hex(data, (size_t)(at - data), text);
    memcpy(mended + (sum - data) + 10, text, 64);
    return mended;
}

// --- PRP proofs ----------------------------------------------------------------------------------

// What is accepted has the residue that GMP computes. Numbers of this size are computed again when
// they are composite, so that no root of unity passes.
static void look_at_prp_proof(const char *bytes, size_t size) {
    prk_prp_head head;
    prk_certificate_problem problem;
    prk_prp result;
    if (prk_prp_read_head(bytes, size, &head, &problem) != PRK_STATUS_OK) {
        abort();
    }
    if (problem.verdict == PRK_CERTIFICATE_VALID && head.total == size && head.bits > MOST_BITS) {
        return;
    }
    if (prk_prp_verify(bytes, size, NULL, &result, &problem) != PRK_STATUS_OK) {
        abort();
    }
    if (problem.verdict != PRK_CERTIFICATE_VALID) {
        return;
    }
    mpz_t n, exponent, residue;
    mpz_inits(n, exponent, residue, (mpz_ptr)NULL);
    mpz_set_si(residue, head.number.c);
    mpz_set_ui(n, head.number.k);
    mpz_mul_2exp(n, n, head.number.n);
    mpz_add(n, n, residue);
    mpz_sub_ui(exponent, n, 1);
    mpz_set_ui(residue, 3);
    mpz_powm(residue, residue, exponent, n);
    if (result.verdict != (mpz_cmp_ui(residue, 1) == 0 ? PRK_PROBABLE_PRIME : PRK_COMPOSITE) ||
        (result.has_res64 && result.res64 != mpz_get_ui(residue))) {
        abort();
    }
    mpz_clears(n, exponent, residue, (mpz_ptr)NULL);
}

// An honest proof of the number that the first bytes name, and changes of it: a place and a byte.
static void change_prp_proof(const uint8_t *data, size_t size) {
    const prk_prp_number number = {1 + data[1] % 16u, 66 + data[2], 2 * (int64_t)data[3] - 255};
    text t = {.start = NULL};
    prk_prp result;
    if (prk_prp_prove(&number, NULL, keep, &t, &result) != PRK_STATUS_OK) {
        abort();
    }
    if (result.outcome == PRK_PRP_DONE) {
        look_at_prp_proof(t.start, t.size);
        for (size_t i = 4; i + 3 <= size; i += 3) {
            t.start[(data[i] + 256u * data[i + 1]) % t.size] = (char)data[i + 2];
        }
        look_at_prp_proof(t.start, t.size);
    }
    free(t.start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (prk_prp_is_proof((const char *)data, size)) {
        look_at_prp_proof((const char *)data, size);
    } else if (size > 6 && data[0] == 'p') {
        change_prp_proof(data, size);
        return 0;
    }
    uint8_t *mended = mend(data, &size);
    const char *text = (const char *)(mended != NULL ? mended : data);
    prk_certificate *certificate = NULL;
    prk_certificate_problem problem;
    size_t used = 0;
    if (prk_certificate_read(text, size, &certificate, &used, &problem) != PRK_STATUS_OK ||
        used > size || (size > 0 && used == 0)) {
        abort();
    }
    free(mended);
    if (certificate != NULL) {
        write_and_read(certificate, verify(certificate));
        prk_certificate_destroy(certificate);
    }
    return 0;
}
