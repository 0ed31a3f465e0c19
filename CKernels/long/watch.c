// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // MAP_ANONYMOUS, kill

#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../include/prk_sha256.h"
#include "../include/prk_system.h"
#include "checkpoint.h"

size_t prk_watch_least_bits = PRK_LONG_LEAST_BITS;

// --- What processes share ------------------------------------------------------------------------

enum { SLOT_WORDS = (sizeof(prk_long_progress) + 7) / 8 };

// Words are written by who owns it, and read by others at any time: `turn` is odd meanwhile.
typedef struct slot {
    uint32_t turn;
    int32_t owner; // a process; 0: free
    uint64_t words[SLOT_WORDS];
} slot;

struct prk_long {
    uint64_t checkpoint_ns;
    uint32_t threads;
    char folder[PRK_LONG_FOLDER]; // "": none
    slot slots[PRK_LONG_SLOTS];
    // Of notices, so many have been begun, and so many of each turn are written.
    uint32_t begun, read;
    uint32_t written[PRK_LONG_NOTICES];
    char notices[PRK_LONG_NOTICES][PRK_LONG_NOTICE];
};

#define DEFAULT_CHECKPOINT_MS 60000
#define MOMENT_NS UINT64_C(1000000000)

prk_status prk_long_create(const prk_long_options *options, prk_long **made) {
    if (made == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *made = NULL;
    prk_long_options used = {0};
    if (options != NULL) {
        const size_t size = options->size == 0 ? sizeof used : options->size;
        if (size < sizeof used ||
            !prk_are_zero((const unsigned char *)options + sizeof used, size - sizeof used)) {
            return PRK_STATUS_INVALID_ARGUMENT;
        }
        used = *options;
    }
    if (used.folder != NULL && (used.folder[0] == '\0' || strlen(used.folder) >= PRK_LONG_FOLDER)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_long *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l == MAP_FAILED) {
        return PRK_STATUS_NO_MEMORY;
    }
    l->checkpoint_ns =
        UINT64_C(1000000) * (used.checkpoint_ms == 0 ? DEFAULT_CHECKPOINT_MS : used.checkpoint_ms);
    l->threads = used.threads == 0 ? 1 : used.threads;
    if (used.folder != NULL) {
        strcpy(l->folder, used.folder);
    }
    *made = l;
    return PRK_STATUS_OK;
}

void prk_long_destroy(prk_long *tests) {
    if (tests != NULL) {
        munmap(tests, sizeof *tests);
    }
}

static bool has_ended(int32_t process) { return kill(process, 0) != 0 && errno == ESRCH; }

bool prk_long_look(const prk_long *tests, size_t place, prk_long_progress *progress) {
    if (place >= PRK_LONG_SLOTS) {
        return false;
    }
    const slot *s = &tests->slots[place];
    // Who has died while writing leaves it odd.
    for (int tries = 0; tries < 1000; tries++) {
        const uint32_t turn = __atomic_load_n(&s->turn, __ATOMIC_ACQUIRE);
        const int32_t owner = __atomic_load_n(&s->owner, __ATOMIC_RELAXED);
        if (owner == 0 || turn == 0 || has_ended(owner)) {
            return false;
        }
        if (turn % 2 == 1) {
            prk_relax();
            continue;
        }
        uint64_t words[SLOT_WORDS] = {0};
        for (size_t i = 0; i < SLOT_WORDS; i++) {
            words[i] = __atomic_load_n(&s->words[i], __ATOMIC_RELAXED);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&s->turn, __ATOMIC_RELAXED) == turn) {
            memcpy(progress, words, sizeof *progress);
            return true;
        }
    }
    return false;
}

static void tell(slot *s, const prk_long_progress *progress) {
    uint64_t words[SLOT_WORDS] = {0};
    memcpy(words, progress, sizeof *progress);
    // An odd turn may have been left behind by who died.
    const uint32_t turn = __atomic_load_n(&s->turn, __ATOMIC_RELAXED) | 1;
    __atomic_store_n(&s->turn, turn, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (size_t i = 0; i < SLOT_WORDS; i++) {
        __atomic_store_n(&s->words[i], words[i], __ATOMIC_RELAXED);
    }
    __atomic_store_n(&s->turn, turn + 1, __ATOMIC_RELEASE);
}

// A free slot, or one whose process is no more.
static slot *take_slot(prk_long *l) {
    const int32_t own = (int32_t)getpid();
    for (size_t i = 0; i < PRK_LONG_SLOTS; i++) {
        slot *s = &l->slots[i];
        int32_t owner = __atomic_load_n(&s->owner, __ATOMIC_RELAXED);
        const bool is_dead = owner != 0 && owner != own && has_ended(owner);
        if ((owner == 0 || is_dead) &&
            __atomic_compare_exchange_n(&s->owner, &owner, own, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            __atomic_store_n(&s->turn, 0, __ATOMIC_RELEASE); // it has told nothing yet
            return s;
        }
    }
    return NULL;
}

static void notice(prk_long *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void notice(prk_long *l, const char *format, ...) {
    uint32_t turn = __atomic_load_n(&l->begun, __ATOMIC_ACQUIRE);
    do {
        if (turn - __atomic_load_n(&l->read, __ATOMIC_ACQUIRE) >= PRK_LONG_NOTICES) {
            return; // nobody reads them
        }
    } while (!__atomic_compare_exchange_n(&l->begun, &turn, turn + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    const uint32_t place = turn % PRK_LONG_NOTICES;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(l->notices[place], PRK_LONG_NOTICE, format, arguments);
    va_end(arguments);
    __atomic_store_n(&l->written[place], turn + 1, __ATOMIC_RELEASE);
}

bool prk_long_read_notice(prk_long *tests, char text[PRK_LONG_NOTICE]) {
    const uint32_t turn = tests->read, place = turn % PRK_LONG_NOTICES;
    if (__atomic_load_n(&tests->written[place], __ATOMIC_ACQUIRE) != turn + 1) {
        return false;
    }
    memcpy(text, tests->notices[place], PRK_LONG_NOTICE);
    __atomic_store_n(&tests->read, turn + 1, __ATOMIC_RELEASE);
    return true;
}

// --- Files ---------------------------------------------------------------------------------------

typedef struct paths {
    char newest[PRK_LONG_FOLDER + 64], older[PRK_LONG_FOLDER + 64], part[PRK_LONG_FOLDER + 64];
} paths;

static void name_files(const prk_long *l, const char digest[65], paths *p) {
    snprintf(p->newest, sizeof p->newest, "%s/%.32s.checkpoint", l->folder, digest);
    snprintf(p->older, sizeof p->older, "%s/%.32s.older", l->folder, digest);
    snprintf(p->part, sizeof p->part, "%s/%.32s.part", l->folder, digest);
}

prk_status prk_long_forget(const prk_long *tests, const uint64_t *limbs, size_t limb_count) {
    if (tests == NULL || (limbs == NULL && limb_count > 0)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (tests->folder[0] != '\0') {
        mpz_t view;
        char digest[65];
        paths p;
        prk_checkpoint_digest(mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count),
                              digest);
        name_files(tests, digest, &p);
        unlink(p.newest);
        unlink(p.older);
        unlink(p.part);
    }
    return PRK_STATUS_OK;
}

// --- A test --------------------------------------------------------------------------------------

struct prk_watch {
    prk_chain_watcher watcher;
    prk_long *tests;
    slot *slot; // NULL: all are taken
    prk_checkpoint kept;
    paths paths;
    uint64_t written_ns;
    size_t chains; // that have begun
    int said;      // the last errno that was told
    prk_long_progress progress;
};

// A file of the folder, which its user knows.
static const char *name_of(const struct prk_watch *w, const char *path) {
    return path + strlen(w->tests->folder) + 1;
}

static void begin_chain(prk_chain *c);
static void look_at_chain(prk_chain *c, bool is_stopping);

// The file, or the older one.
static void read_files(struct prk_watch *w) {
    char reason[PRK_CHECKPOINT_REASON];
    const int newest = prk_checkpoint_read(&w->kept, w->paths.newest, reason);
    if (newest == 0) {
        return;
    }
    char why[PRK_CHECKPOINT_REASON];
    const int older = prk_checkpoint_read(&w->kept, w->paths.older, why);
    if (newest != ENOENT) {
        notice(w->tests, "%.200s is not used: %s; %s", name_of(w, w->paths.newest), reason,
               older == 0 ? "the older one is" : "the test begins anew");
    }
    if (older != 0 && older != ENOENT) {
        notice(w->tests, "%.200s is not used: %s", name_of(w, w->paths.older), why);
    }
}

void prk_watch_open(prk_scratch *s, prk_long *tests, mpz_srcptr n, const prk_form *form) {
    struct prk_watch *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return;
    }
    w->watcher = (prk_chain_watcher){begin_chain, look_at_chain};
    w->tests = tests;
    w->slot = take_slot(tests);
    w->written_ns = prk_clock_ns();
    w->progress.bits = mpz_sizeinbase(n, 2);
    w->progress.low = mpz_getlimbn(n, 0);
    w->progress.process = (int32_t)getpid();
    prk_checkpoint_begin(&w->kept, n, form);
    if (tests->folder[0] != '\0') {
        name_files(tests, w->kept.digest, &w->paths);
        read_files(w);
        s->repairs = w->kept.repairs;
    }
    s->watch = w;
    prk_scratch_set_threads(s, tests->threads);
}

void prk_watch_close(prk_scratch *s) {
    struct prk_watch *w = s->watch;
    if (w == NULL) {
        return;
    }
    if (w->slot != NULL) {
        __atomic_store_n(&w->slot->owner, 0, __ATOMIC_RELEASE);
    }
    prk_checkpoint_end(&w->kept);
    free(w);
    s->watch = NULL;
    prk_scratch_set_threads(s, 1);
}

// --- A chain -------------------------------------------------------------------------------------

static void find_key(const prk_chain *c, char key[65]) {
    char part[65];
    prk_sha256 hash;
    prk_sha256_begin(&hash);
    prk_sha256_add(&hash, c->is_lucas ? "lucas" : "power", 5);
    prk_checkpoint_digest(c->first, part);
    prk_sha256_add(&hash, part, 64);
    prk_checkpoint_digest(c->exponent, part);
    prk_sha256_add(&hash, part, 64);
    prk_sha256_end_hex(&hash, key);
}

static uint64_t done_of(const prk_chain *c) { return mpz_sizeinbase(c->exponent, 2) - c->left; }

// Takes up what is kept of it.
static void begin_chain(prk_chain *c) {
    struct prk_watch *w = c->m.scratch->watch;
    c->place = ++w->chains;
    if (w->kept.count >= c->place) {
        prk_kept_chain *chain = &w->kept.chains[c->place - 1];
        char key[65];
        find_key(c, key);
        if (chain->is_lucas != c->is_lucas || strcmp(chain->key, key) != 0 ||
            prk_chain_resume(c, &chain->state) == PRK_STATUS_INVALID_ARGUMENT) {
            notice(w->tests,
                   "what %.200s has from step %zu on is not used: it is of a test with another "
                   "seed, engine or base",
                   name_of(w, w->paths.newest), c->place);
            prk_checkpoint_cut(&w->kept, c->place - 1);
        }
    }
    w->progress.chain = (uint32_t)c->place;
    w->progress.is_lucas = c->is_lucas;
    w->progress.first = mpz_size(c->first) <= 1 ? mpz_getlimbn(c->first, 0) : 0;
    w->progress.total = mpz_sizeinbase(c->exponent, 2);
    w->progress.begun_ns = prk_clock_ns();
    w->progress.resumed = w->progress.done = c->is_set ? done_of(c) : 0;
}

// The chain as one of those that are kept, the last of them.
static bool keep(struct prk_watch *w, prk_chain *c) {
    if (c->place > PRK_CHECKPOINT_CHAINS) {
        return false;
    }
    prk_checkpoint_cut(&w->kept, c->place);
    if (w->kept.count < c->place && prk_checkpoint_add(&w->kept) == NULL) {
        return false;
    }
    prk_kept_chain *chain = &w->kept.chains[c->place - 1];
    chain->place = c->place;
    chain->is_lucas = c->is_lucas;
    find_key(c, chain->key);
    prk_chain_save(c, &chain->state);
    return w->kept.count == c->place;
}

static void write_file(struct prk_watch *w, prk_chain *c) {
    w->kept.repairs = c->m.scratch->repairs;
    const int error = prk_checkpoint_write(&w->kept, w->tests->folder, w->paths.newest,
                                           w->paths.older, w->paths.part);
    if (error != 0 && error != w->said) {
        notice(w->tests, "no checkpoint can be written to %.200s: %s; the test goes on",
               w->tests->folder, strerror(error));
    }
    w->said = error;
    w->written_ns = prk_clock_ns();
}

static void look_at_chain(prk_chain *c, bool is_stopping) {
    struct prk_watch *w = c->m.scratch->watch;
    const prk_repairs *repairs = &c->m.scratch->repairs;
    w->progress.done = done_of(c);
    w->progress.told_ns = prk_clock_ns();
    w->progress.alarms = (uint32_t)repairs->alarms;
    w->progress.checks = (uint32_t)repairs->checks;
    w->progress.repaired = (uint32_t)repairs->repaired;
    if (w->slot != NULL) {
        tell(w->slot, &w->progress);
    }
    if (w->tests->folder[0] == '\0') {
        return;
    }
    // The flag that ends a test may be raised between two chains, where nobody looks: so what a
    // chain came to is written at its end, unless that was computed in a moment.
    const bool is_done = prk_chain_is_done(c);
    const uint64_t age = w->progress.told_ns - w->written_ns;
    const bool is_due = age >= w->tests->checkpoint_ns || (is_done && age >= MOMENT_NS);
    if ((is_due || is_stopping || is_done) && keep(w, c) && (is_due || is_stopping)) {
        write_file(w, c);
    }
}
