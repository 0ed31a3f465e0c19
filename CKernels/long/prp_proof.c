// SPDX-License-Identifier: Apache-2.0
//
// PRP proofs after Pietrzak [Piet19], in the form of GIMPS [GIMPSProof].
//
// With A = 3^k, B = A^(2^n) modulo N is what is to be shown. Let s_0 = ceil(n/2), s_1 = ceil(s_0/2)
// and so on. The middle M_0 = A^(2^s_0) halves the claim: with h_0 from the hash of B and M_0, one
// looks at A_1 = A^h_0 M_0 and B_1 = M_0^h_0 B, or that with B^2 where n is odd, of which B_1 =
// A_1^(2^s_0) has to hold; M_1 = A_1^(2^s_1) halves that, and so on. M_i is a product of powers of
// the residues A^(2^t), where t = s_i plus any sum of s_0, …, s_(i-1): with the residues at hand it
// takes 2^i - 1 powers to 64 bits, and no more squarings of the chain.

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../include/prk_sha256.h"
#include "../system/md5.h"
#include "chain.h"
#include "prp.h"

// --- Sizes ---------------------------------------------------------------------------------------

#define DEFAULT_MOST_POWER 8
// From so many squarings on the default is DEFAULT_MOST_POWER. Powers of 64 bits take some 100
// products each, and there are 2^power: a fiftieth of the test at 1,000,000 squarings.
#define DEFAULT_SQUARINGS 3750000

uint32_t prk_prp_most_power(const prk_prp_number *number) {
    uint64_t bits = 0;
    if (prk_prp_check(number, &bits) != PRK_STATUS_OK) {
        return 0;
    }
    // s_(power-1) > power makes the points of the chain ascend, and none reach n.
    uint32_t power = 0;
    uint64_t span = number->n;
    while (power < PRK_PRP_MOST_POWER) {
        span = (span + 1) / 2;
        if (span <= power + 1) {
            break;
        }
        power++;
    }
    return power;
}

uint32_t prk_prp_default_power(const prk_prp_number *number) {
    const uint32_t most = prk_prp_most_power(number);
    uint32_t power = DEFAULT_MOST_POWER;
    for (uint64_t least = DEFAULT_SQUARINGS; most > 0 && power > 1 && number->n < least;
         least /= 4) {
        power--;
    }
    return power < most ? power : most;
}

// --- The prover ----------------------------------------------------------------------------------

typedef struct prover {
    const prk_prp_number *number;
    const uint32_t *cancel;
    uint32_t *progress;
    int file; // -1: `kept` has the residues
    unsigned char *kept;
    uint32_t power;
    uint64_t spans[PRK_PRP_MOST_POWER];
    size_t each;   // bytes of a residue
    size_t record; // and of what the file has of it
    unsigned char *bytes;
    char head[512]; // of the file
    size_t head_size;
    prk_scratch *scratch;
    mpz_ptr n;
    prk_special_form form;
    bool has_form;
    prk_prp *result;
} prover;

// PRK_STATUS_OK, and the outcome says why it is over.
#define IS_OVER(p) ((p)->result->outcome != PRK_PRP_DONE)

static const prk_special_form *form_of(const prover *p) { return p->has_form ? &p->form : NULL; }

static void tell(const prover *p, uint64_t done) {
    if (p->progress != NULL) {
        const double all = (double)p->number->n + 100 * (double)((uint64_t)1 << p->power);
        prk_store(p->progress, (uint32_t)(1e6 * (double)done / all));
    }
}

// Where the chain has residue i, of 2^power: the sum of the spans that the bits of i + 1 name.
static uint64_t point(const prover *p, uint64_t i) {
    if (i + 1 == (uint64_t)1 << p->power) {
        return p->number->n;
    }
    uint64_t sum = 0;
    for (uint32_t level = 0; level < p->power; level++) {
        sum += ((i + 1) >> (p->power - 1 - level) & 1) != 0 ? p->spans[level] : 0;
    }
    return sum;
}

// --- The file of residues ------------------------------------------------------------------------
//
// Lines that say what it is about, and then each residue with a hash of itself and of its place, so
// that whatever ends a run leaves residues that are whole and at most one that is not.

#define HASH_BYTES 64

static void hash_record(const prover *p, uint64_t place, char text[HASH_BYTES + 1]) {
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    prk_sha256_add(&hash, p->head, p->head_size);
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(place >> (8 * i));
    }
    prk_sha256_add(&hash, bytes, sizeof bytes);
    prk_sha256_add(&hash, p->bytes, p->each);
    prk_sha256_end_hex(&hash, text);
}

static void fail(prover *p, int error) {
    p->result->outcome = PRK_PRP_FILE_ERROR;
    p->result->file_error = error;
}

// Reads so many bytes, or those that there are; -1 after an error.
static int64_t read_at(prover *p, void *bytes, size_t count, uint64_t offset) {
    size_t done = 0;
    while (done < count) {
        const ssize_t got =
            pread(p->file, (char *)bytes + done, count - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            fail(p, errno);
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (int64_t)done;
}

static bool write_at(prover *p, const void *bytes, size_t count, uint64_t offset) {
    for (size_t done = 0; done < count;) {
        const ssize_t put =
            pwrite(p->file, (const char *)bytes + done, count - done, (off_t)(offset + done));
        if (put < 0 && errno != EINTR) {
            fail(p, errno);
            return false;
        }
        done += put < 0 ? 0 : (size_t)put;
    }
    return true;
}

static uint64_t offset_of(const prover *p, uint64_t place) {
    return p->head_size + place * p->record;
}

static void cut(prover *p, uint64_t size) {
    if (ftruncate(p->file, (off_t)size) != 0) {
        fail(p, errno);
    }
}

static void flush(prover *p) {
    if (fdatasync(p->file) != 0) {
        fail(p, errno);
    }
}

// The residue at a place into `bytes`; false: it is not there, or not whole.
static bool load_bytes(prover *p, uint64_t place) {
    if (p->file < 0) {
        memcpy(p->bytes, p->kept + place * p->each, p->each);
        return true;
    }
    char said[HASH_BYTES], is[HASH_BYTES + 1];
    const uint64_t offset = offset_of(p, place);
    if (read_at(p, p->bytes, p->each, offset) != (int64_t)p->each ||
        read_at(p, said, sizeof said, offset + p->each) != (int64_t)sizeof said) {
        return false;
    }
    hash_record(p, place, is);
    return memcmp(said, is, sizeof said) == 0;
}

static bool load(prover *p, uint64_t place, mpz_ptr x) {
    if (!load_bytes(p, place)) {
        return false;
    }
    prk_prp_from_bytes(x, p->bytes, p->each);
    return mpz_cmp(x, p->n) < 0;
}

static void store(prover *p, uint64_t place, mpz_srcptr x) {
    prk_prp_to_bytes(p->bytes, p->each, x);
    if (p->file < 0) {
        memcpy(p->kept + place * p->each, p->bytes, p->each);
        return;
    }
    char hash[HASH_BYTES + 1];
    hash_record(p, place, hash);
    const uint64_t offset = offset_of(p, place);
    if (!write_at(p, p->bytes, p->each, offset) ||
        !write_at(p, hash, HASH_BYTES, offset + p->each)) {
        const prk_prp failure = *p->result;
        cut(p, offset); // so that a full disk has room again; when that fails, the hash says it
        *p->result = failure;
        return;
    }
    flush(p);
}

static void write_head(prover *p) {
    prk_prp_to_bytes(p->bytes, p->each, p->n);
    char hash[HASH_BYTES + 1];
    prk_sha256_hex(p->bytes, p->each, hash);
    const int size = snprintf(p->head, sizeof p->head,
                              "PRP RESIDUES\nVERSION=1\nPOWER=%" PRIu32 "\nNUMBER=%" PRIu64
                              "*2^%" PRIu64 "%+" PRId64 "\nSHA256=%s\n",
                              p->power, p->number->k, p->number->n, p->number->c, hash);
    p->head_size = (size_t)size;
}

// How many residues the file has, the last of them in x; it is cut after that. One that is empty,
// or has a part of the first lines, begins.
static uint64_t open_residues(prover *p, mpz_ptr x) {
    char head[sizeof p->head];
    const int64_t got = read_at(p, head, p->head_size, 0);
    if (got < 0) {
        return 0;
    }
    if (memcmp(head, p->head, (size_t)got) != 0) {
        p->result->outcome = PRK_PRP_FOREIGN_FILE;
        return 0;
    }
    if ((size_t)got < p->head_size) {
        if (write_at(p, p->head, p->head_size, 0)) {
            cut(p, p->head_size);
        }
        flush(p);
        return 0;
    }
    mpz_ptr next = prk_scratch_take(p->scratch);
    uint64_t count = 0;
    while (count < (uint64_t)1 << p->power && !IS_OVER(p) && !prk_is_cancelled(p->cancel) &&
           load(p, count, next)) {
        mpz_swap(x, next);
        count++;
    }
    p->scratch->taken--;
    if (!IS_OVER(p) && !prk_is_cancelled(p->cancel)) {
        cut(p, offset_of(p, count));
    }
    return count;
}

// --- The chain -----------------------------------------------------------------------------------

// Between looks at the clock of whoever waits.
#define SQUARINGS_AT_ONCE 1024

// The residues from `count` on, of which x is the last before; x is B then.
static prk_status run_chain(prover *p, uint64_t count, mpz_ptr x) {
    const uint64_t all = (uint64_t)1 << p->power, n = p->number->n;
    if (count == all) {
        return PRK_STATUS_OK;
    }
    uint64_t at = count == 0 ? 0 : point(p, count - 1);
    p->result->resumed = at;
    mpz_ptr exponent = prk_scratch_take(p->scratch);
    mpz_set_ui(exponent, p->number->k);
    mpz_mul_2exp(exponent, exponent, n);
    mpz_t base;
    static const mp_limb_t three = 3;
    prk_chain chain;
    prk_chain_begin_power(&chain, p->scratch, prk_arithmetic_for(p->n, form_of(p)), p->n,
                          form_of(p), mpz_roinit_n(base, &three, 1), exponent);
    const prk_chain_state there = {.left = n - at, .absorbed = n - at, .numbers = {x}, .count = 1};
    prk_status status = prk_chain_resume(&chain, &there);
    while (count < all && status == PRK_STATUS_OK && !IS_OVER(p)) {
        const uint64_t end = point(p, count);
        const uint64_t steps = end - at < SQUARINGS_AT_ONCE ? end - at : SQUARINGS_AT_ONCE;
        status = prk_chain_run(&chain, steps, p->cancel);
        at = n - chain.left;
        // Where a check has failed it has gone back, and what was stored since is written once
        // more.
        while (count > 0 && point(p, count - 1) > at) {
            count--;
        }
        tell(p, at);
        if (status == PRK_STATUS_OK && at == end) {
            prk_chain_value(&chain, x);
            store(p, count, x);
            count++;
        }
    }
    prk_chain_end(&chain);
    p->scratch->taken--;
    return status;
}

// --- The middles ---------------------------------------------------------------------------------

// middle = M_level: the product over the sums of the spans above, of which each span that is not in
// the sum gives its hash to the exponent. Two products that differ in the last such span make one,
// as soon as both are there, so that one of each kind waits.
static prk_status make_middle(prover *p, prk_products *products, uint32_t level,
                              const uint64_t *hashes, mpz_ptr middle) {
    prk_scratch *s = p->scratch;
    const size_t taken = s->taken;
    mpz_ptr waiting[PRK_PRP_MOST_POWER];
    uint32_t held = 0;
    for (uint32_t i = 0; i < level; i++) {
        waiting[i] = prk_scratch_take(s);
    }
    prk_status status = PRK_STATUS_OK;
    const uint64_t step = (uint64_t)1 << (p->power - 1 - level);
    for (uint64_t i = 0; i < (uint64_t)1 << level && status == PRK_STATUS_OK; i++) {
        if (!load(p, step * (2 * i + 1) - 1, middle)) {
            if (!IS_OVER(p)) {
                fail(p, EIO); // it was there, and was changed since
            }
            break;
        }
        uint32_t pairs = 0;
        for (; (i >> pairs & 1) != 0 && status == PRK_STATUS_OK; pairs++) {
            status = prk_products_power(products, middle, waiting[--held],
                                        hashes[level - 1 - pairs], middle, p->cancel);
        }
        if (i + 1 < (uint64_t)1 << level) {
            mpz_swap(middle, waiting[held++]);
        }
        tell(p, p->number->n + 100 * (((uint64_t)1 << level) + i));
    }
    s->taken = taken;
    return status;
}

// The lines at the beginning of the proof; how many bytes they have.
static size_t write_lines(const prover *p, char text[PRK_PRP_MOST_HEAD]) {
    char number[80];
    const prk_prp_number *n = p->number;
    if (n->k == 1 && n->c == -1) {
        snprintf(number, sizeof number, "M%" PRIu64, n->n);
    } else if (n->k == 1) {
        snprintf(number, sizeof number, "2^%" PRIu64 "%+" PRId64, n->n, n->c);
    } else {
        snprintf(number, sizeof number, "%" PRIu64 "*2^%" PRIu64 "%+" PRId64, n->k, n->n, n->c);
    }
    return (size_t)snprintf(text, PRK_PRP_MOST_HEAD,
                            "PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=%" PRIu32 "\nNUMBER=%s\n",
                            p->power, number);
}

// B and the middles, in a row.
static prk_status make_proof(prover *p, unsigned char *proof, mpz_srcptr b) {
    prk_products products;
    prk_status status = prk_products_begin(&products, p->scratch, p->n, form_of(p));
    uint64_t hashes[PRK_PRP_MOST_POWER];
    uint8_t hash[PRK_SHA3_BYTES];
    prk_prp_to_bytes(proof, p->each, b);
    prk_prp_hash(hash, true, proof, p->each);
    mpz_ptr middle = prk_scratch_take(p->scratch);
    for (uint32_t level = 0; level < p->power && status == PRK_STATUS_OK && !IS_OVER(p); level++) {
        status = make_middle(p, &products, level, hashes, middle);
        if (status == PRK_STATUS_OK && !IS_OVER(p)) {
            unsigned char *place = proof + (level + 1) * p->each;
            prk_prp_to_bytes(place, p->each, middle);
            hashes[level] = prk_prp_hash(hash, false, place, p->each);
        }
    }
    p->scratch->taken--;
    return status;
}

// The verdict, and 3^(N-1) = B 3^(c-1).
static void take_residue(prover *p, mpz_srcptr b) {
    const size_t taken = p->scratch->taken;
    mpz_ptr power = prk_scratch_take(p->scratch), residue = prk_scratch_take(p->scratch);
    mpz_set_ui(power, 3);
    mpz_set_si(residue, p->number->c - 1);
    mpz_powm(power, power, residue, p->n); // 3 has an inverse
    mpz_mul(residue, b, power);
    mpz_tdiv_r(residue, residue, p->n);
    p->result->verdict = mpz_cmp_ui(residue, 1) == 0 ? PRK_PROBABLE_PRIME : PRK_COMPOSITE;
    p->result->res64 = mpz_getlimbn(residue, 0);
    p->result->has_res64 = true;
    p->scratch->taken = taken;
}

static prk_status prove(prover *p, prk_text_sink sink, void *context, unsigned char *proof) {
    prk_scratch *s = p->scratch;
    mpz_ptr x = prk_scratch_take(s);
    mpz_set_ui(x, 3);
    mpz_powm_ui(x, x, p->number->k, p->n);
    write_head(p);
    const uint64_t count = p->file < 0 ? 0 : open_residues(p, x);
    prk_status status = prk_is_cancelled(p->cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    if (status == PRK_STATUS_OK && !IS_OVER(p)) {
        p->result->resumed = count == 0 ? 0 : point(p, count - 1);
        status = run_chain(p, count, x);
    }
    if (status == PRK_STATUS_OK && !IS_OVER(p)) {
        take_residue(p, x);
        status = make_proof(p, proof, x);
    }
    if (status == PRK_STATUS_OK && !IS_OVER(p)) {
        char lines[PRK_PRP_MOST_HEAD];
        const size_t head = write_lines(p, lines), body = (p->power + 1) * p->each;
        prk_md5 hash;
        prk_md5_begin(&hash);
        prk_md5_add(&hash, lines, head);
        prk_md5_add(&hash, proof, body);
        prk_md5_end_hex(&hash, p->result->md5);
        if (sink != NULL &&
            !(sink(context, lines, head) && sink(context, (const char *)proof, body))) {
            status = PRK_STATUS_CANCELLED;
        }
    }
    return status;
}

// --- Memory --------------------------------------------------------------------------------------

// Numbers of N's size that are there at once, besides what a test takes: N, the exponent, the
// chain's, those that wait, and those of an operation.
#define NUMBERS(power) ((power) + 12)

static size_t work_bytes(const prover *p) {
    const prk_arithmetic *a = prk_arithmetic_for(p->n, form_of(p));
    a = a->longer != NULL ? a->longer : a;
    return a->own_bytes(p->n, form_of(p)) + 2 * a->residue_bytes(p->n, form_of(p)) + 256;
}

// The number, its form and sizes. PRK_STATUS_OK: `scratch` and `n` are there.
static prk_status begin(prover *p, const prk_prp_number *number, uint32_t power) {
    uint64_t bits = 0;
    prk_status status = prk_prp_check(number, &bits);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    p->number = number;
    p->power = power == 0 ? prk_prp_default_power(number) : power;
    if (p->power == 0 || p->power > prk_prp_most_power(number)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    uint64_t span = number->n;
    for (uint32_t i = 0; i < p->power; i++) {
        span = (span + 1) / 2;
        p->spans[i] = span;
    }
    p->each = (size_t)((bits + 7) / 8);
    p->record = p->each + HASH_BYTES;
    p->scratch = prk_scratch_create();
    if (p->scratch == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    status = prk_scratch_reserve(p->scratch, 2 * ((size_t)((bits + 63) / 64) + 1));
    if (status == PRK_STATUS_OK) {
        p->n = prk_scratch_take(p->scratch);
        prk_prp_modulus(p->n, number);
        p->has_form = prk_special_form_of(p->n, &p->form);
    }
    return status;
}

prk_status prk_prp_room(const prk_prp_number *number, uint32_t power, uint64_t *memory,
                        uint64_t *residues, uint64_t *proof) {
    prk_prp result;
    prover p = {.result = &result};
    const prk_status status = begin(&p, number, power);
    if (status == PRK_STATUS_OK) {
        if (memory != NULL) {
            *memory = work_bytes(&p) + (uint64_t)p.each * (2 * NUMBERS(p.power) + 64);
        }
        if (residues != NULL) {
            *residues = sizeof p.head + ((uint64_t)1 << p.power) * p.record;
        }
        if (proof != NULL) {
            *proof = PRK_PRP_MOST_HEAD + (uint64_t)(p.power + 1) * p.each;
        }
    }
    prk_scratch_destroy(p.scratch);
    return status;
}

prk_status prk_prp_prove(const prk_prp_number *number, const prk_prp_options *options,
                         prk_text_sink sink, void *context, prk_prp *result) {
    static const prk_prp_options none;
    const prk_prp_options *o = options == NULL ? &none : options;
    if (result == NULL || !prk_prp_options_hold(options)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (prk_level_status() != PRK_STATUS_OK) {
        return PRK_STATUS_LEVEL_UNAVAILABLE;
    }
    *result = (prk_prp){.outcome = PRK_PRP_DONE};
    prover p = {.cancel = o->cancel,
                .progress = o->progress,
                .file = o->residues == NULL ? -1 : *o->residues,
                .result = result};
    prk_status status = begin(&p, number, o->power);
    unsigned char *proof = NULL;
    if (status == PRK_STATUS_OK && mpz_divisible_ui_p(p.n, 3) != 0) {
        result->outcome = PRK_PRP_BASE_DIVIDES;
        result->verdict = PRK_COMPOSITE;
    } else if (status == PRK_STATUS_OK) {
        result->power = p.power;
        const size_t all = (size_t)1 << p.power;
        p.bytes = malloc(p.each);
        proof = malloc((p.power + 1) * p.each);
        p.kept = p.file >= 0 || p.each > SIZE_MAX / all ? NULL : malloc(all * p.each);
        status = p.bytes == NULL || proof == NULL || (p.file < 0 && p.kept == NULL)
                     ? PRK_STATUS_NO_MEMORY
                     : prove(&p, sink, context, proof);
    }
    free(p.kept);
    free(proof);
    free(p.bytes);
    prk_scratch_destroy(p.scratch);
    return status;
}
