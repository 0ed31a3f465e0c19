// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // O_CLOEXEC, O_DIRECTORY

#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../include/prk_sha256.h"
#include "../system/memory.h"

static const char magic[24] = "primality checkpoint 1\n";
enum { DIGEST = 64, FORM_FIELDS = 6, CHAIN_FIELDS = 9 };

// --- Memory --------------------------------------------------------------------------------------

void prk_checkpoint_begin(prk_checkpoint *c, mpz_srcptr n, const prk_form *form) {
    *c = (prk_checkpoint){.n = n};
    if (form != NULL) {
        c->form = *form;
    }
    prk_checkpoint_digest(n, c->digest);
}

prk_kept_chain *prk_checkpoint_add(prk_checkpoint *c) {
    prk_kept_chain *grown = prk_memory_grown(c->chains, c->count, &c->room, sizeof *c->chains);
    if (grown == NULL) {
        return NULL;
    }
    c->chains = grown;
    prk_kept_chain *chain = &grown[c->count++];
    *chain = (prk_kept_chain){.place = 0};
    for (int i = 0; i < PRK_CHAIN_NUMBERS; i++) {
        mpz_init(chain->numbers[i]);
    }
    // The list may move.
    for (size_t i = 0; i < c->count; i++) {
        for (int j = 0; j < PRK_CHAIN_NUMBERS; j++) {
            grown[i].state.numbers[j] = grown[i].numbers[j];
        }
    }
    return chain;
}

void prk_checkpoint_cut(prk_checkpoint *c, size_t count) {
    while (c->count > count) {
        c->count--;
        for (int i = 0; i < PRK_CHAIN_NUMBERS; i++) {
            mpz_clear(c->chains[c->count].numbers[i]);
        }
    }
}

void prk_checkpoint_end(prk_checkpoint *c) {
    prk_checkpoint_cut(c, 0);
    free(c->chains);
    c->chains = NULL;
    c->room = 0;
}

static size_t bytes_of(mpz_srcptr x) {
    return mpz_sgn(x) == 0 ? 0 : (mpz_sizeinbase(x, 2) + 7) / 8;
}

void prk_checkpoint_digest(mpz_srcptr n, char digest[65]) {
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    const size_t limbs = mpz_size(n), bytes = bytes_of(n);
    for (size_t i = 0; i < limbs; i++) {
        const mp_limb_t limb = mpz_getlimbn(n, (mp_size_t)i);
        uint8_t part[8];
        for (int j = 0; j < 8; j++) {
            part[j] = (uint8_t)(limb >> (8 * j));
        }
        prk_sha256_add(&hash, part, bytes - 8 * i < 8 ? bytes - 8 * i : 8);
    }
    prk_sha256_end_hex(&hash, digest);
}

// --- Writing -------------------------------------------------------------------------------------

typedef struct output {
    int file, error; // the first errno
    prk_sha256 hash;
} output;

static void put(output *o, const void *bytes, size_t count) {
    prk_sha256_add(&o->hash, bytes, count);
    for (const unsigned char *at = bytes; count > 0 && o->error == 0;) {
        const ssize_t written = write(o->file, at, count);
        if (written >= 0) {
            at += written;
            count -= (size_t)written;
        } else if (errno != EINTR) {
            o->error = errno;
        }
    }
}

static void put_word(output *o, uint64_t word) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(word >> (8 * i));
    }
    put(o, bytes, sizeof bytes);
}

static void put_number(output *o, mpz_srcptr x, void *room) {
    size_t count = 0;
    mpz_export(room, &count, -1, 1, 0, 0, x);
    put_word(o, count);
    put(o, room, count);
}

static void put_chain(output *o, const prk_kept_chain *chain, void *room) {
    const prk_chain_state *s = &chain->state;
    put_word(o, chain->place);
    put_word(o, chain->is_lucas);
    put(o, chain->key, DIGEST);
    const uint64_t words[] = {s->left,   s->absorbed,   s->start, s->block,
                              s->blocks, s->multiplied, s->count};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        put_word(o, words[i]);
    }
    for (size_t i = 0; i < s->count; i++) {
        put_number(o, s->numbers[i], room);
    }
}

static void put_all(output *o, const prk_checkpoint *c, void *room) {
    put(o, magic, sizeof magic);
    put_word(o, mpz_sizeinbase(c->n, 2));
    put(o, c->digest, DIGEST);
    const uint64_t form[FORM_FIELDS] = {c->form.kind, c->form.k,    c->form.b,
                                        c->form.n,    c->form.step, (uint64_t)c->form.c};
    for (int i = 0; i < FORM_FIELDS; i++) {
        put_word(o, form[i]);
    }
    put_word(o, c->repairs.alarms);
    put_word(o, c->repairs.checks);
    put_word(o, c->repairs.repaired);
    put_word(o, c->count);
    for (size_t i = 0; i < c->count; i++) {
        put_chain(o, &c->chains[i], room);
    }
    char digest[65];
    prk_sha256_end_hex(&o->hash, digest);
    prk_sha256_begin(&o->hash);
    put(o, digest, DIGEST);
}

static void flush_folder(const char *folder) {
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        fsync(file); // some file systems cannot, and the file itself is there
        close(file);
    }
}

// The file in which the next checkpoint grows, empty, and nobody else's as long as it is open; -1
// with errno set, which is EBUSY when somebody else writes there. Who died while writing has left
// it, and it serves again.
static int open_part(const char *folder, const char *part) {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    for (int tries = 0; tries < 10; tries++) {
        int file = open(part, flags, 0666);
        if (file < 0 && errno == ENOENT && mkdir(folder, 0777) == 0) {
            file = open(part, flags, 0666);
        }
        if (file < 0) {
            return -1;
        }
        struct stat opened, there;
        int error = flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? EBUSY : errno;
        // It may have got its other name since it was opened.
        const bool is_there = error == 0 && fstat(file, &opened) == 0 && stat(part, &there) == 0 &&
                              opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
        if (is_there && ftruncate(file, 0) == 0) {
            return file;
        }
        error = is_there ? errno : error;
        close(file);
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    errno = EBUSY;
    return -1;
}

int prk_checkpoint_write(const prk_checkpoint *c, const char *folder, const char *path,
                         const char *older, const char *part) {
    void *room = malloc(bytes_of(c->n) + 16);
    if (room == NULL) {
        return ENOMEM;
    }
    output o = {.file = open_part(folder, part)};
    if (o.file < 0) {
        const int error = errno;
        free(room);
        return error;
    }
    prk_sha256_begin(&o.hash);
    put_all(&o, c, room);
    free(room);
    if (o.error == 0 && fsync(o.file) != 0) {
        o.error = errno;
    }
    if (o.error == 0 && rename(path, older) != 0 && errno != ENOENT) {
        o.error = errno;
    }
    if (o.error == 0 && rename(part, path) != 0) {
        o.error = errno;
    }
    if (o.error != 0) {
        unlink(part);
    }
    close(o.file); // it was flushed: nothing is left to fail
    if (o.error != 0) {
        return o.error;
    }
    flush_folder(folder);
    return 0;
}

// --- Reading -------------------------------------------------------------------------------------

typedef struct input {
    const unsigned char *at;
    size_t left;
    bool is_short;
} input;

static const unsigned char *get(input *in, size_t count) {
    if (in->left < count) {
        in->is_short = true;
        return NULL;
    }
    const unsigned char *at = in->at;
    in->at += count;
    in->left -= count;
    return at;
}

static uint64_t get_word(input *in) {
    const unsigned char *bytes = get(in, 8);
    uint64_t word = 0;
    for (int i = 0; bytes != NULL && i < 8; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static bool get_number(input *in, mpz_ptr x, size_t most) {
    const uint64_t count = get_word(in);
    const unsigned char *bytes = count > most ? NULL : get(in, (size_t)count);
    if (bytes == NULL) {
        return false;
    }
    mpz_import(x, (size_t)count, -1, 1, 0, 0, bytes);
    return true;
}

// False: it is none.
static bool get_chain(input *in, prk_kept_chain *chain, size_t most) {
    prk_chain_state *s = &chain->state;
    chain->place = get_word(in);
    chain->is_lucas = get_word(in);
    const unsigned char *key = get(in, DIGEST);
    if (key == NULL) {
        return false;
    }
    memcpy(chain->key, key, DIGEST);
    uint64_t *const words[] = {&s->left,  &s->absorbed, &s->start,
                               &s->block, &s->blocks,   &s->multiplied};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *words[i] = get_word(in);
    }
    const uint64_t count = get_word(in);
    if (in->is_short || count == 0 || count > PRK_CHAIN_NUMBERS || chain->is_lucas > 1) {
        return false;
    }
    s->count = (size_t)count;
    for (size_t i = 0; i < s->count; i++) {
        if (!get_number(in, s->numbers[i], most)) {
            return false;
        }
    }
    return true;
}

#define REFUSE(...)                                                                                \
    do {                                                                                           \
        snprintf(reason, PRK_CHECKPOINT_REASON, __VA_ARGS__);                                      \
        return EINVAL;                                                                             \
    } while (0)

static int read_bytes(prk_checkpoint *c, const unsigned char *bytes, size_t size, char *reason) {
    input in = {.at = bytes, .left = size};
    const unsigned char *begins = get(&in, sizeof magic);
    if (begins == NULL || memcmp(begins, magic, 21) != 0) {
        REFUSE("it does not begin as a checkpoint does");
    }
    if (memcmp(begins, magic, sizeof magic) != 0) {
        REFUSE("it is of another version of the format");
    }
    char digest[65];
    if (size < sizeof magic + DIGEST) {
        REFUSE("it is cut off after %zu bytes", size);
    }
    prk_sha256_hex(bytes, size - DIGEST, digest);
    if (memcmp(digest, bytes + size - DIGEST, DIGEST) != 0) {
        REFUSE("it is torn or cut off: its checksum is another one");
    }
    in.left -= DIGEST;
    const uint64_t bits = get_word(&in);
    const unsigned char *of_n = get(&in, DIGEST);
    if (of_n == NULL || bits != mpz_sizeinbase(c->n, 2) || memcmp(of_n, c->digest, DIGEST) != 0) {
        REFUSE("it is of another number, of %llu bits", (unsigned long long)bits);
    }
    for (int i = 0; i < FORM_FIELDS; i++) {
        get_word(&in); // for people: the number itself says all
    }
    c->repairs.alarms = get_word(&in);
    c->repairs.checks = get_word(&in);
    c->repairs.repaired = get_word(&in);
    const uint64_t count = get_word(&in);
    for (uint64_t i = 0; i < count; i++) {
        prk_kept_chain *chain = i < PRK_CHECKPOINT_CHAINS ? prk_checkpoint_add(c) : NULL;
        if (chain == NULL || !get_chain(&in, chain, bytes_of(c->n)) || chain->place != i + 1) {
            REFUSE("chain %llu of it is none", (unsigned long long)i + 1);
        }
    }
    if (in.is_short || in.left != 0) {
        REFUSE("it has another length than it says");
    }
    return 0;
}

// All of an open file of at most so many bytes.
static unsigned char *read_file(int file, size_t most, size_t *size, int *error) {
    struct stat status;
    *error = 0;
    if (fstat(file, &status) != 0) {
        *error = errno;
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < 0 || (uint64_t)status.st_size > most) {
        *error = EFBIG;
        return NULL;
    }
    unsigned char *bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    *size = 0;
    while (*size < (size_t)status.st_size && *error == 0) {
        const ssize_t got = read(file, bytes + *size, (size_t)status.st_size - *size);
        if (got > 0) {
            *size += (size_t)got;
        } else if (got == 0) {
            break;
        } else if (errno != EINTR) {
            *error = errno;
        }
    }
    return bytes;
}

int prk_checkpoint_read(prk_checkpoint *c, const char *path, char reason[PRK_CHECKPOINT_REASON]) {
    // Of a FIFO, open() would wait.
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        const int error = errno;
        snprintf(reason, PRK_CHECKPOINT_REASON, "%s", strerror(error));
        return error;
    }
    const size_t each = bytes_of(c->n) + 8;
    const size_t chain = 8 * CHAIN_FIELDS + DIGEST;
    // One is under way; of most that are done there is one number.
    const size_t most = 4096 + (PRK_CHAIN_NUMBERS + 64) * each + PRK_CHECKPOINT_CHAINS * chain;
    size_t size = 0;
    int error = 0;
    unsigned char *bytes = read_file(file, most, &size, &error);
    close(file);
    if (bytes == NULL || error != 0) {
        snprintf(reason, PRK_CHECKPOINT_REASON, "%s",
                 error == EFBIG ? "it is no file, or larger than one of this number can be"
                                : strerror(error));
        free(bytes);
        return error;
    }
    error = read_bytes(c, bytes, size, reason);
    free(bytes);
    if (error != 0) {
        prk_checkpoint_cut(c, 0);
        c->repairs = (prk_repairs){0};
    }
    return error;
}
