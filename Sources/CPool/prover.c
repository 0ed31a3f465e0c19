// SPDX-License-Identifier: Apache-2.0
//
// Proofs by a worker process. The certificates travel as evidence; what is of use before the end,
// or after a death, is in shared memory.

// MAP_ANONYMOUS
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "include/cpool.h"
#include "include/prk_prover.h"

enum { JOURNALS = 64 << 20 };

typedef struct slot {
    uint32_t progress;
    bool has_journal;
    /// Of whole lines: written when they are there.
    uint64_t size;
} slot;

typedef struct board {
    slot slots[PRK_PROVER_MOST];
    /// How much of the journals is one number's.
    uint64_t room;
    char journals[JOURNALS];
} board;

struct prk_prover {
    prk_prove_options options;
    board *board;
    /// What the factors are in: offsets, then limbs.
    uint64_t *factors;
};

void prk_prover_destroy(prk_prover *p) {
    if (p == NULL) {
        return;
    }
    if (p->board != NULL) {
        munmap(p->board, sizeof *p->board);
    }
    free(p->factors);
    free(p);
}

static bool copy_factors(prk_prover *p) {
    prk_prove_options *o = &p->options;
    if (o->factor_count == 0) {
        return true;
    }
    const size_t offsets = o->factor_count + 1, limbs = (size_t)o->factor_offsets[o->factor_count];
    p->factors = malloc((offsets + limbs) * sizeof *p->factors);
    if (p->factors == NULL) {
        return false;
    }
    memcpy(p->factors, o->factor_offsets, offsets * sizeof *p->factors);
    memcpy(p->factors + offsets, o->factors, limbs * sizeof *p->factors);
    o->factor_offsets = p->factors;
    o->factors = p->factors + offsets;
    return true;
}

prk_prover *prk_prover_create(const prk_prove_options *options) {
    prk_prover *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->options = *options;
    // Pages that are never used cost nothing.
    void *memory = mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    p->board = memory == MAP_FAILED ? NULL : memory;
    if (p->board == NULL || !copy_factors(p)) {
        prk_prover_destroy(p);
        return NULL;
    }
    return p;
}

void prk_prover_begin(prk_prover *p, size_t count) {
    memset(p->board->slots, 0, sizeof p->board->slots);
    p->board->room = JOURNALS / (count == 0 ? 1 : count);
}

static char *journal_of(const prk_prover *p, size_t place) {
    return p->board->journals + place * p->board->room;
}

void prk_prover_keep(prk_prover *p, size_t place, const char *kept, size_t size) {
    slot *s = &p->board->slots[place];
    s->has_journal = true;
    s->size = size < p->board->room ? size : p->board->room;
    if (s->size > 0) {
        memcpy(journal_of(p, place), kept, (size_t)s->size);
    }
}

uint32_t prk_prover_progress(const prk_prover *p, size_t place) {
    return __atomic_load_n(&p->board->slots[place].progress, __ATOMIC_RELAXED);
}

const char *prk_prover_journal(const prk_prover *p, size_t place, size_t *size) {
    const uint64_t now = __atomic_load_n(&p->board->slots[place].size, __ATOMIC_ACQUIRE);
    // A worker that went astray may have written anything there.
    *size = (size_t)(now < p->board->room ? now : p->board->room);
    return journal_of(p, place);
}

/// A number on its way.
typedef struct one {
    const prk_prover *prover;
    size_t place;
    prk_prove_options options;
    prk_proof proof;
    /// The answer, with the certificate after it.
    unsigned char *evidence;
    size_t size;
    bool has_no_memory;
} one;

static bool take_line(void *context, const char *line, size_t size) {
    const one *o = context;
    slot *s = &o->prover->board->slots[o->place];
    const uint64_t used = s->size;
    if (size > o->prover->board->room - used) {
        return false;
    }
    memcpy(journal_of(o->prover, o->place) + used, line, size);
    __atomic_store_n(&s->size, used + size, __ATOMIC_RELEASE);
    return true;
}

static bool take_text(void *context, const char *text, size_t size) {
    one *o = context;
    unsigned char *evidence = realloc(o->evidence, o->size + size);
    o->has_no_memory = evidence == NULL;
    if (evidence == NULL) {
        return false;
    }
    memcpy(evidence + o->size, text, size);
    o->evidence = evidence;
    o->size += size;
    return true;
}

static void begin(one *o, const prk_prover *p, size_t place, const prk_form *form,
                  const uint32_t *cancel) {
    slot *s = &p->board->slots[place];
    *o = (one){.prover = p, .place = place, .options = p->options};
    o->evidence = calloc(1, sizeof(prk_prover_answer));
    o->size = sizeof(prk_prover_answer);
    o->options.cancel = cancel;
    o->options.form = form == NULL || form->kind == PRK_FORM_NONE ? NULL : form;
    o->options.progress = &s->progress;
    if (s->has_journal) {
        o->options.journal = take_line;
        o->options.journal_context = o;
        o->options.kept = journal_of(p, place);
        o->options.kept_size = (size_t)s->size;
    }
}

static uint8_t verdict_on(const prk_prover_answer *answer) {
    if (answer->status != PRK_STATUS_OK) {
        return PRK_UNTESTED;
    }
    switch (answer->proof.verdict) {
    case PRK_PROOF_COMPOSITE:
        return PRK_COMPOSITE;
    case PRK_PROOF_NEITHER:
        return PRK_NEITHER;
    default:
        return PRK_PROBABLE_PRIME; // whoever verifies the certificate says more
    }
}

/// Puts what was found of one; an errno.
static int put(const one *o, const prk_prover_answer *answer, prk_evidence *evidence,
               size_t place) {
    memcpy(o->evidence, answer, sizeof *answer);
    return prk_evidence_put(evidence, place, o->evidence, o->size);
}

uint32_t prk_prover_task(void *context, const uint64_t *limbs, const uint64_t *offsets,
                         const prk_form *forms, size_t count, size_t first, const uint32_t *cancel,
                         uint8_t *verdicts, prk_evidence *evidence, char *text) {
    const prk_prover *p = context;
    if (first > PRK_PROVER_MOST || count > PRK_PROVER_MOST - first) {
        strcpy(text, "too many numbers at once");
        return PRK_TASK_FAILED;
    }
    one *all = calloc(count, sizeof *all);
    prk_proof_asked *asked = calloc(count, sizeof *asked);
    bool has_memory = all != NULL && asked != NULL;
    for (size_t i = 0; has_memory && i < count; i++) {
        begin(&all[i], p, first + i, forms == NULL ? NULL : &forms[i], cancel);
        has_memory = all[i].evidence != NULL;
        asked[i] = (prk_proof_asked){.limbs = limbs + offsets[i],
                                     .limb_count = (size_t)(offsets[i + 1] - offsets[i]),
                                     .options = &all[i].options,
                                     .sink = take_text,
                                     .context = &all[i],
                                     .proof = &all[i].proof};
    }
    if (has_memory) {
        // What became of each is in `asked`.
        (void)prk_prove_many(asked, count);
    }
    for (size_t i = 0; has_memory && i < count; i++) {
        const prk_prover_answer answer = {.status = all[i].has_no_memory ? PRK_STATUS_NO_MEMORY
                                                                         : asked[i].status,
                                          .proof = all[i].proof};
        verdicts[i] = verdict_on(&answer);
        has_memory = put(&all[i], &answer, evidence, i) == 0;
    }
    for (size_t i = 0; all != NULL && i < count; i++) {
        free(all[i].evidence);
    }
    free(all);
    free(asked);
    if (!has_memory) {
        memset(verdicts, PRK_UNTESTED, count);
    }
    return has_memory ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
}
