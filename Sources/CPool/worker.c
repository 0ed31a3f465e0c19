// SPDX-License-Identifier: Apache-2.0
//
// A worker process: from fork() to _exit() it runs this file, the beginning in process.c and the
// kernels, nothing else.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool_internal.h"

// By read and write, which pipes have too: SIGPIPE is ignored here.
static void put_all(int out, const void *bytes, size_t size) {
    const char *p = bytes;
    while (size > 0) {
        ssize_t put = write(out, p, size);
        if (put >= 0) {
            p += put;
            size -= (size_t)put;
        } else if (errno != EINTR) {
            _exit(0); // the owner is gone
        }
    }
}

void prk_get_all(int in, void *bytes, size_t size) {
    char *p = bytes;
    while (size > 0) {
        ssize_t got = read(in, p, size);
        if (got > 0) {
            p += got;
            size -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            _exit(0); // the owner is gone
        }
    }
}

typedef struct buffer {
    void *bytes;
    size_t size;
} buffer;

// Room for `size` bytes; what was there is gone. Grows, never shrinks: no allocation per chunk once
// the largest has been seen.
static void *room(buffer *b, size_t size) {
    if (size > b->size || b->bytes == NULL) {
        free(b->bytes);
        b->bytes = malloc(size + 1);
        b->size = size;
    }
    if (b->bytes == NULL) {
        _exit(ENOMEM); // the owner sees the status and knows which chunk it was
    }
    return b->bytes;
}

struct prk_evidence {
    /// How many numbers the request has, and the first place that may be put.
    size_t count, next;
    /// As it travels: the size of what follows, a length a number, bytes. Nothing is used before
    /// the first call.
    unsigned char *frame;
    size_t used, room;
};

/// Where the bytes begin.
static size_t evidence_head(const prk_evidence *e) { return (1 + e->count) * sizeof(uint64_t); }

static bool reserve_evidence(prk_evidence *e, size_t size) {
    if (size <= e->room) {
        return true;
    }
    const size_t room = size < 2 * e->room ? 2 * e->room : size;
    unsigned char *frame = realloc(e->frame, room);
    if (frame != NULL) {
        e->frame = frame;
        e->room = room;
    }
    return frame != NULL;
}

int prk_evidence_put(prk_evidence *e, size_t place, const void *bytes, size_t size) {
    if (place < e->next || place >= e->count) {
        return EINVAL;
    }
    const size_t head = evidence_head(e), used = e->used == 0 ? head : e->used;
    if (size > PRK_EVIDENCE_MOST - (used - head)) {
        return EFBIG;
    }
    if (!reserve_evidence(e, used + size)) {
        return ENOMEM;
    }
    if (e->used == 0) {
        memset(e->frame, 0xFF, head); // PRK_NO_EVIDENCE
    }
    const uint64_t length = size;
    memcpy(e->frame + (1 + place) * sizeof length, &length, sizeof length);
    if (size > 0) {
        memcpy(e->frame + used, bytes, size);
    }
    e->used = used + size;
    e->next = place + 1;
    return 0;
}

static void put_evidence(int out, prk_evidence *e) {
    const uint64_t size = e->used - sizeof size;
    memcpy(e->frame, &size, sizeof size);
    put_all(out, e->frame, e->used);
}

/// Begins with nothing for a request of `count` numbers, and gives back memory that few need.
static void reset_evidence(prk_evidence *e, size_t count) {
    enum { KEPT_ROOM = 1 << 20 };
    if (e->room > KEPT_ROOM) {
        free(e->frame);
        e->frame = NULL;
        e->room = 0;
    }
    e->count = count;
    e->next = e->used = 0;
}

typedef struct server {
    prk_channel_end end;
    prk_job job;
    prk_worker_resolve resolve;
    prk_scratch *scratch;
    /// Of the request at hand; NULL on a stream.
    prk_slot *slot;
    uint64_t answered, single;
    /// The offsets of numbers of one limb: 0, 1, 2 …
    buffer of_words;
    buffer request, verdicts, reports;
    prk_evidence evidence;
} server;

// A spin costs less than the wake-up that it may save, some 20 microseconds.
enum { SPINS = 200 };

static bool is_assigned(const prk_slot *slot) {
    return __atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) == PRK_SLOT_ASSIGNED;
}

static void await_mail(prk_mailbox *mail, const prk_slot *slot, pid_t parent) {
    for (;;) {
        for (int i = 0; i < SPINS; i++) {
            if (is_assigned(slot)) {
                return;
            }
            prk_relax();
        }
        // Either the owner sees the sleeper, or the sleeper sees the request. The bell is read
        // before, so that a ring in between is not slept through.
        const uint32_t bell = __atomic_load_n(&mail->bell, __ATOMIC_ACQUIRE);
        __atomic_store_n(&mail->worker_sleeps, 1, __ATOMIC_SEQ_CST);
        if (!is_assigned(slot)) {
            // A second, for an owner that ended without the worker being told.
            prk_futex_wait(&mail->bell, bell, 1000000000);
        }
        __atomic_store_n(&mail->worker_sleeps, 0, __ATOMIC_RELAXED);
        // A futex does not tell of the owner's end, as a channel does.
        if (getppid() != parent) {
            _exit(0);
        }
    }
}

/// Wakes the owner if it sleeps and the answer that it waits for has been given.
static void ring_if_awaited(const server *s) {
    prk_mailbox *mail = s->end.mailbox;
    // The owner writes `wake_at` and then looks for answers. The worker has written its answer and
    // now reads `wake_at`. With a fence between, at least one of them sees what the other wrote.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64_t wake_at = __atomic_load_n(&mail->wake_at, __ATOMIC_SEQ_CST);
    while (wake_at != 0 && s->answered >= wake_at) {
        // One ring is enough. The owner may have come back and gone to sleep again meanwhile.
        if (__atomic_compare_exchange_n(&mail->wake_at, &wake_at, 0, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST)) {
            prk_doorbell_ring(s->end.bell);
            break;
        }
    }
}

static prk_request next_request(server *s) {
    prk_request request;
    prk_mailbox *mail = s->end.mailbox;
    if (mail == NULL) {
        prk_get_all(s->end.in, &request, sizeof request);
        return request;
    }
    s->slot = &mail->slots[s->answered % PRK_WORKER_DEPTH];
    const uint64_t number = s->answered + 1;
    for (;;) {
        if (!is_assigned(s->slot)) {
            ring_if_awaited(s);
            await_mail(mail, s->slot, s->end.parent);
        }
        // The fence in ring_if_awaited() also keeps this before the reading of `taken_back`.
        __atomic_store_n(&mail->started, number, __ATOMIC_RELAXED);
        ring_if_awaited(s);
        while (__atomic_load_n(&mail->taken_back, __ATOMIC_SEQ_CST) == number) {
            prk_relax();
        }
        if (is_assigned(s->slot)) {
            break;
        }
        // It was taken back. The slot will have another one.
        __atomic_store_n(&mail->started, number - 1, __ATOMIC_RELAXED);
    }
    return s->slot->u.request;
}

/// The request's arrays; `offsets` becomes NULL for a part, and `forms` where none came.
static const uint64_t *arrays(server *s, const prk_request *request, const uint64_t **offsets,
                              const prk_form **forms) {
    const size_t count = (size_t)request->count, offset_count = prk_offset_count(request);
    const size_t limb_count = prk_limb_count(request);
    *offsets = NULL;
    *forms = NULL;
    if (request->kind == PRK_REQUEST_PART) {
        return NULL;
    }
    uint64_t *words;
    if (s->slot != NULL && prk_is_single(request)) {
        words = &s->single;
        *words = request->n;
    } else if (s->slot != NULL && !s->slot->request_streams) {
        words = (uint64_t *)(s->end.mailbox->requests + (size_t)s->slot->request_place * PRK_LINE);
    } else {
        const size_t size = (offset_count + limb_count) * sizeof *words + prk_forms_size(request);
        words = room(&s->request, size);
        prk_get_all(s->end.in, words, size);
    }
    if (request->has_forms != 0) {
        *forms = (const prk_form *)(words + offset_count + limb_count);
    }
    if (offset_count > 0) {
        // A slice of a batch has the batch's offsets.
        const uint64_t first = words[0];
        for (size_t i = 0; first != 0 && i < offset_count; i++) {
            words[i] -= first;
        }
        *offsets = words;
        return words + offset_count;
    }
    if (s->of_words.bytes == NULL || s->of_words.size < (count + 1) * sizeof *words) {
        uint64_t *of_words = room(&s->of_words, (count + 1) * sizeof *words);
        for (size_t i = 0; i <= count; i++) {
            of_words[i] = i;
        }
    }
    *offsets = s->of_words.bytes;
    return words;
}

// What is too large for the mailbox, and all evidence, follows through the socket. The owner reads
// it when this answer is its oldest one.
static void answer(server *s, const prk_answer *head, const void *verdicts, const void *reports,
                   size_t reports_size) {
    bool streams = true;
    prk_mailbox *mail = s->end.mailbox;
    s->answered++;
    if (mail == NULL) {
        put_all(s->end.out, head, sizeof *head);
    } else {
        streams = s->slot->answer_streams;
        s->slot->u.answer.head = *head;
        // The owner is rung when the next request begins, or when there is none.
        __atomic_store_n(&s->slot->state, PRK_SLOT_DONE, __ATOMIC_RELEASE);
    }
    if (streams) {
        put_all(s->end.out, verdicts, (size_t)head->count);
        put_all(s->end.out, reports, reports_size);
    }
    if (head->has_evidence != 0) {
        put_evidence(s->end.out, &s->evidence);
    }
}

static void serve_request(server *s, const prk_request *request) {
    const prk_job *job = &s->job;
    // A part has no arrays: its number is in the request.
    const bool is_part = request->kind == PRK_REQUEST_PART;
    const size_t count = is_part ? 1 : (size_t)request->count;
    const size_t reports_size = job->wants_reports ? count * sizeof(prk_report) : 0;
    const uint64_t *offsets;
    const prk_form *forms;
    const uint64_t *limbs = arrays(s, request, &offsets, &forms);

    uint8_t *verdicts;
    prk_report *reports = NULL;
    if (s->slot == NULL || s->slot->answer_streams) {
        verdicts = room(&s->verdicts, count);
        reports = room(&s->reports, reports_size);
    } else if (reports_size == 0 && count <= PRK_SLOT_VERDICTS) {
        verdicts = s->slot->u.answer.verdicts;
    } else {
        verdicts = s->end.mailbox->answers + (size_t)s->slot->answer_place * PRK_LINE;
        reports = (prk_report *)(verdicts + prk_reports_place(count));
    }
    prk_report of_part;
    const uint64_t start = job->wants_cpu_time ? prk_thread_cpu_ns() : 0;
    uint32_t status;
    bool has_evidence = false;
    if (is_part) {
        status = prk_job_run_part(job, request->n, request->from, request->to, s->scratch, verdicts,
                                  reports_size > 0 ? reports : &of_part);
    } else if (job->task != NULL) {
        if (reports_size > 0) {
            memset(reports, 0, reports_size); // no evidence but the verdict
        }
        // A forked worker on streams has nowhere to say why.
        char text[PRK_WORKER_TEXT];
        reset_evidence(&s->evidence, count);
        status = job->task(
            job->task_context, limbs, offsets, forms, count, (size_t)request->from,
            job->options.cancel, verdicts, &s->evidence,
            s->end.shared == NULL ? text : s->end.shared->texts[s->answered % PRK_WORKER_DEPTH]);
        has_evidence = status == PRK_STATUS_OK && s->evidence.used > 0;
    } else if (forms != NULL) {
        prk_job with_forms = *job;
        with_forms.options.forms = forms;
        status = prk_job_run(&with_forms, limbs, offsets, count, s->scratch, verdicts, reports);
    } else {
        status = prk_job_run(job, limbs, offsets, count, s->scratch, verdicts, reports);
    }
    const prk_answer head = {.count = count,
                             .cpu_ns = job->wants_cpu_time ? prk_thread_cpu_ns() - start : 0,
                             .status = status,
                             .has_evidence = has_evidence};
    answer(s, &head, verdicts, reports, reports_size);
}

const uint32_t *prk_worker_cancel_flag(const prk_channel_end *end) { return &end->shared->cancel; }

static void take_told_job(server *s) {
    const prk_worker_setup *told = &s->end.shared->told;
    const uint32_t *flag = s->job.options.cancel;
    if (s->resolve == NULL) {
        s->job = told->job;
    } else if (!s->resolve(told, &s->job)) {
        _exit(EINVAL);
    }
    s->job.options.cancel = flag;
}

// A call by name would be looked up in each worker, as process.c says, and the parent cannot call
// _exit() before. An address in a variable is looked up when the program begins.
static void (*const volatile leave)(int) = _exit;

void prk_worker_serve(prk_channel_end *end, const prk_job *job, prk_worker_resolve resolve) {
    server s = {.end = *end, .job = *job, .resolve = resolve, .scratch = prk_scratch_create()};
    if (s.scratch == NULL) {
        _exit(ENOMEM);
    }
    for (;;) {
        prk_request request = next_request(&s);
        if (request.kind >= PRK_REQUEST_TOLD) {
            request.kind -= PRK_REQUEST_TOLD;
            take_told_job(&s);
        }
        if (request.kind == PRK_REQUEST_STOP) {
            leave(0);
        }
        serve_request(&s, &request);
    }
}

void prk_worker_begin(const prk_channel_end *end) {
    const int kept[] = {end->in, end->out, end->bell};
    prk_child_begin(end->parent, kept, 3);
}
