// SPDX-License-Identifier: Apache-2.0
//
// What travels beside numbers and verdicts, on every channel: the forms of candidates, and the
// evidence of tasks, from workers that keep to the protocol and from workers that do not.

// pause, kill
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../Sources/CPool/pool_internal.h"
#include "support.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static const char *const channel_names[] = {"pipe", "socket", "shm"};

/// Polls until there is an answer or an error; ETIMEDOUT when a worker says too little for either.
static int await_answer(prk_worker *w) {
    for (int patience = 500; patience > 0;) {
        const int result = prk_worker_poll(w);
        if (result != EAGAIN) {
            return result;
        }
        struct pollfd set[PRK_WORKER_DESCRIPTORS];
        const int count = prk_worker_watch(w, set);
        const bool may_sleep = prk_worker_announce_sleep(w);
        // Only a wait for nothing counts.
        const int ready = poll(set, (nfds_t)count, may_sleep ? 20 : 0);
        patience -= ready == 0 && may_sleep;
        prk_worker_announce_return(w);
    }
    return ETIMEDOUT;
}

static void end(prk_worker *w) {
    int signal;
    prk_worker_kill(w);
    (void)prk_worker_reap(w, &signal);
    prk_worker_destroy(w);
}

static void stop(prk_worker *w) {
    const prk_request pill = {.kind = PRK_REQUEST_STOP};
    (void)prk_worker_send(w, &pill, NULL, NULL);
    prk_worker_wake(w);
    int signal;
    EXPECT(prk_worker_reap(w, &signal) == 0 && signal == 0, "its end");
    prk_worker_destroy(w);
}

// --- Workers that keep to the protocol -----------------------------------------------------------

// Each number says how much evidence it wants.
enum { NONE = 1000, FAILS = 1001, OUT_OF_ORDER = 1002 };

static size_t length_for(uint64_t n) {
    static const size_t lengths[] = {0, 1, 63, 64, 65, 4096, 1 << 20, 20 << 20};
    return lengths[n % 8];
}

static unsigned char byte_of(uint64_t n, size_t i) {
    return (unsigned char)(n * 31 + i * 7 + (i >> 8));
}

static uint32_t prove(void *context, const uint64_t *limbs, const uint64_t *offsets,
                      const prk_form *forms, size_t count, size_t first, const uint32_t *cancel,
                      uint8_t *verdicts, prk_evidence *evidence, char *text) {
    (void)context;
    (void)first;
    (void)cancel;
    EXPECT(forms == NULL, "forms that nobody sent");
    memset(verdicts, PRK_COMPOSITE, count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t n = limbs[offsets[i]];
        if (n == NONE) {
            continue;
        }
        if (n == FAILS) {
            strcpy(text, "no");
            return PRK_TASK_FAILED;
        }
        if (n == OUT_OF_ORDER) {
            // What is refused leaves what was put before.
            const bool is_refused =
                prk_evidence_put(evidence, i, "ab", 2) == 0 &&
                prk_evidence_put(evidence, i, "cd", 2) == EINVAL &&
                prk_evidence_put(evidence, count, "cd", 2) == EINVAL &&
                prk_evidence_put(evidence, i + 1, "cd", PRK_EVIDENCE_MOST - 1) == EFBIG;
            verdicts[i] = is_refused ? PRK_PRIME : PRK_COMPOSITE;
            continue;
        }
        const size_t size = length_for(n);
        unsigned char *bytes = malloc(size + 1);
        for (size_t j = 0; j < size; j++) {
            bytes[j] = byte_of(n, j);
        }
        if (prk_evidence_put(evidence, i, size == 0 ? NULL : bytes, size) != 0) {
            strcpy(text, "not taken");
            return PRK_TASK_FAILED;
        }
        free(bytes);
    }
    return PRK_STATUS_OK;
}

/// Takes an answer to these numbers and looks at its evidence.
static void check_answer(prk_worker *w, const uint64_t *n, size_t count, const char *what) {
    EXPECT(await_answer(w) == 0, "%s", what);
    bool wants_any = false;
    for (size_t i = 0; i < count; i++) {
        wants_any = wants_any || n[i] != NONE;
    }
    const uint64_t *lengths;
    const uint8_t *next = prk_worker_evidence(w, &lengths);
    EXPECT((next != NULL) == wants_any && (lengths != NULL) == wants_any, "%s: any", what);
    for (size_t i = 0; next != NULL && i < count; i++) {
        if (n[i] == NONE) {
            EXPECT(lengths[i] == PRK_NO_EVIDENCE, "%s: number %zu has some", what, i);
            continue;
        }
        EXPECT(lengths[i] == length_for(n[i]), "%s: number %zu", what, i);
        size_t wrong = 0;
        for (size_t j = 0; j < lengths[i]; j++) {
            wrong += next[j] != byte_of(n[i], j);
        }
        EXPECT(wrong == 0, "%s: number %zu: %zu bytes", what, i, wrong);
        next += lengths[i];
    }
    prk_answer answer;
    static uint8_t verdicts[70000];
    static prk_report reports[70000];
    prk_worker_answer(w, &answer, verdicts, reports);
    EXPECT(answer.status == PRK_STATUS_OK && answer.count == count, "%s: the answer", what);
    EXPECT(memchr(verdicts, PRK_UNTESTED, count) == NULL && verdicts[count - 1] == PRK_COMPOSITE,
           "%s: verdicts", what);
}

/// Says of each number whether its form gives it; PRK_PROBABLE_PRIME where there are no forms at
/// all, PRK_NEITHER where there is none.
static uint32_t look_at_forms(void *context, const uint64_t *limbs, const uint64_t *offsets,
                              const prk_form *forms, size_t count, size_t first,
                              const uint32_t *cancel, uint8_t *verdicts, prk_evidence *evidence,
                              char *text) {
    (void)context;
    (void)first;
    (void)cancel;
    (void)evidence;
    (void)text;
    for (size_t i = 0; i < count; i++) {
        bool matches = false;
        if (forms == NULL) {
            verdicts[i] = PRK_PROBABLE_PRIME;
        } else if (forms[i].kind == PRK_FORM_NONE) {
            verdicts[i] = PRK_NEITHER;
        } else if (prk_form_matches(&forms[i], limbs + offsets[i], offsets[i + 1] - offsets[i],
                                    &matches) == PRK_STATUS_OK) {
            verdicts[i] = matches ? PRK_PRIME : PRK_COMPOSITE;
        } else {
            verdicts[i] = PRK_UNTESTED;
        }
    }
    return PRK_STATUS_OK;
}

static prk_request chunk(size_t count) {
    return (prk_request){.kind = PRK_REQUEST_CHUNK, .count = count, .limb_count = count};
}

static void test_evidence_travels(prk_channel channel, bool wants_reports) {
    const char *name = channel_names[channel];
    const prk_job job = {.task = prove, .wants_reports = wants_reports};
    prk_worker *w = prk_worker_create(channel, &job);
    EXPECT(w != NULL, "a worker");
    // Each length alone, with none beside it, and all of them together.
    uint64_t mixed[] = {NONE, 0, 1, 2, 3, 4, 5, 6, 7, NONE, 7, 0, NONE};
    enum { ALL = sizeof mixed / sizeof mixed[0] };
    for (uint64_t n = 0; n < 8; n++) {
        const uint64_t numbers[3] = {NONE, n, NONE};
        for (size_t first = 0; first < 3; first++) {
            const prk_request request = chunk(3 - first);
            EXPECT(prk_worker_send(w, &request, NULL, numbers + first) == 0, "%s", name);
            prk_worker_wake(w);
            check_answer(w, numbers + first, 3 - first, name);
        }
    }
    prk_request request = chunk(ALL);
    EXPECT(prk_worker_send(w, &request, NULL, mixed) == 0, "%s", name);
    prk_worker_wake(w);
    check_answer(w, mixed, ALL, name);
    // As many requests as it takes; some have evidence, and answers that stream lie among others.
    static uint64_t small[PRK_WORKER_DEPTH];
    size_t sent = 0;
    for (size_t i = 0; i < PRK_WORKER_DEPTH; i++) {
        small[i] = i % 3 == 0 ? NONE : i % 6;
        request = chunk(1);
        if (prk_worker_send(w, &request, NULL, small + i) != 0) {
            break;
        }
        sent++;
    }
    prk_worker_wake(w);
    for (size_t i = 0; i < sent; i++) {
        check_answer(w, small + i, 1, name);
    }
    EXPECT(sent == PRK_WORKER_DEPTH, "%s: %zu were sent", name, sent);
    // A request and an answer that are too large for the mailbox.
    enum { MANY = 70000 };
    static uint64_t many[MANY];
    for (size_t i = 0; i < MANY; i++) {
        many[i] = i % 5 == 0 ? NONE : i % 6;
    }
    request = chunk(MANY);
    EXPECT(prk_worker_send(w, &request, NULL, many) == 0, "%s", name);
    prk_worker_wake(w);
    check_answer(w, many, MANY, name);
    stop(w);
}

/// Numbers 2^(i % 100) + i of one limb or two with their forms, but for every seventh, which has
/// none, and every eleventh, whose form is another number's.
enum { FORMED = 60000 };
static uint64_t formed_limbs[2 * FORMED], formed_offsets[FORMED + 1];
static prk_form formed_forms[FORMED];

static uint8_t expected_of(size_t i) {
    return i % 7 == 0 ? PRK_NEITHER : i % 11 == 0 ? PRK_COMPOSITE : PRK_PRIME;
}

static void make_formed(bool of_one_limb) {
    size_t next = 0;
    for (size_t i = 0; i < FORMED; i++) {
        const size_t n = i % (of_one_limb ? 60 : 100);
        formed_offsets[i] = next;
        formed_limbs[next++] = (n < 64 ? UINT64_C(1) << n : 0) + i;
        if (n >= 64) {
            formed_limbs[next++] = UINT64_C(1) << (n - 64);
        }
        const int64_t c = (int64_t)i + (expected_of(i) == PRK_COMPOSITE);
        formed_forms[i] = (prk_form){0};
        if (expected_of(i) != PRK_NEITHER) {
            formed_forms[i] = (prk_form){.kind = PRK_FORM_POWER, .k = 1, .b = 2, .n = n, .c = c};
        }
    }
    formed_offsets[FORMED] = next;
}

static void send_formed(prk_worker *w, size_t first, size_t count, bool has_forms) {
    const uint64_t *offsets = formed_offsets + first;
    const prk_request request = {.kind = PRK_REQUEST_CHUNK,
                                 .count = count,
                                 .limb_count = offsets[count] - offsets[0],
                                 .has_forms = has_forms};
    EXPECT(prk_worker_send_forms(w, &request, offsets, formed_limbs + offsets[0],
                                 has_forms ? formed_forms + first : NULL) == 0,
           "send");
    prk_worker_wake(w);
}

static void check_formed(prk_worker *w, size_t first, size_t count, bool has_forms) {
    static uint8_t verdicts[FORMED];
    prk_answer answer = {0};
    EXPECT(await_answer(w) == 0, "an answer");
    prk_worker_answer(w, &answer, verdicts, NULL);
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        wrong += verdicts[i] != (has_forms ? expected_of(first + i) : PRK_PROBABLE_PRIME);
    }
    EXPECT(wrong == 0, "%zu of %zu from %zu", wrong, count, first);
}

static void test_forms_travel(prk_channel channel, bool of_one_limb) {
    // The last two do not fit into the mailbox.
    static const size_t counts[] = {1, 2, 3, 24, 25, 1000, 4000, 20000, FORMED - 5};
    const prk_job job = {.task = look_at_forms};
    prk_worker *w = prk_worker_create(channel, &job);
    make_formed(of_one_limb);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t first = 0; first < 5; first++) {
            for (int has_forms = 0; has_forms <= 1; has_forms++) {
                send_formed(w, first, counts[i], has_forms);
                check_formed(w, first, counts[i], has_forms);
            }
        }
    }
    // Several at once, with forms and without.
    for (size_t i = 0; i < 20; i++) {
        send_formed(w, 3 * i, 1 + i % 3, i % 4 != 0);
    }
    for (size_t i = 0; i < 20; i++) {
        check_formed(w, 3 * i, 1 + i % 3, i % 4 != 0);
    }
    stop(w);
}

/// An engine in a worker gets the forms, too: it refuses one that is none.
static void test_engines_have_forms(prk_channel channel) {
    const prk_job job = {.engine = PRK_ENGINE_AUTO};
    prk_worker *w = prk_worker_create(channel, &job);
    const uint64_t n[2] = {7, 9}, offsets[3] = {0, 1, 2};
    const prk_request request = {
        .kind = PRK_REQUEST_CHUNK, .count = 2, .limb_count = 2, .has_forms = 1};
    for (uint64_t b = 2; b-- > 0;) {
        const prk_form forms[2] = {{0},
                                   {.kind = PRK_FORM_POWER, .k = 1, .b = 1 + b, .n = 3, .c = 1}};
        prk_answer answer;
        uint8_t verdicts[2];
        EXPECT(prk_worker_send_forms(w, &request, offsets, n, forms) == 0, "send");
        prk_worker_wake(w);
        EXPECT(await_answer(w) == 0, "an answer");
        prk_worker_answer(w, &answer, verdicts, NULL);
        EXPECT(answer.status == (b == 1 ? PRK_STATUS_OK : PRK_STATUS_INVALID_ARGUMENT), "status %u",
               answer.status);
        EXPECT(b == 0 || (verdicts[0] == PRK_PRIME && verdicts[1] == PRK_COMPOSITE), "verdicts");
    }
    stop(w);
}

static void test_what_is_refused(prk_channel channel) {
    const prk_job job = {.task = prove};
    prk_worker *w = prk_worker_create(channel, &job);
    const uint64_t numbers[3] = {5, FAILS, 6};
    prk_request request = chunk(3);
    uint8_t verdicts[3];
    const uint64_t *lengths;
    prk_answer answer;
    // What a task has put before it failed is dropped; the next answer is not touched by it.
    EXPECT(prk_worker_send(w, &request, NULL, numbers) == 0, "send");
    prk_worker_wake(w);
    EXPECT(await_answer(w) == 0, "a failure");
    EXPECT(prk_worker_evidence(w, &lengths) == NULL && lengths == NULL, "of a failure");
    prk_worker_answer(w, &answer, verdicts, NULL);
    EXPECT(answer.status == PRK_TASK_FAILED, "status %u", answer.status);
    const uint64_t next[3] = {NONE, OUT_OF_ORDER, NONE};
    EXPECT(prk_worker_send(w, &request, NULL, next) == 0, "send");
    prk_worker_wake(w);
    EXPECT(await_answer(w) == 0, "an answer");
    const uint8_t *bytes = prk_worker_evidence(w, &lengths);
    EXPECT(bytes != NULL && lengths[0] == PRK_NO_EVIDENCE && lengths[1] == 2 &&
               lengths[2] == PRK_NO_EVIDENCE && memcmp(bytes, "ab", 2) == 0,
           "what was put first");
    prk_worker_answer(w, &answer, verdicts, NULL);
    EXPECT(answer.status == PRK_STATUS_OK && verdicts[1] == PRK_PRIME, "refusals");
    stop(w);
}

// --- Workers that do not -------------------------------------------------------------------------

/// What a worker sends for evidence on two numbers.
typedef struct forgery {
    const char *name;
    /// Of the head.
    uint64_t count;
    uint32_t has_evidence;
    /// It goes on living, so that what it sends is all that the owner sees.
    bool stays;
    /// The frame: its size, the lengths, and how many bytes follow.
    uint64_t size, lengths[2], sent;
    int expected;
} forgery;

enum { HEAD = 16 };
static const forgery forgeries[] = {
    {"sound", 2, 1, false, HEAD + 5, {5, PRK_NO_EVIDENCE}, 5, 0},
    {"sound, both", 2, 1, true, HEAD + 5, {2, 3}, 5, 0},
    {"sound and empty", 2, 1, false, HEAD, {0, 0}, 0, 0},
    {"sound and none", 2, 1, false, HEAD, {PRK_NO_EVIDENCE, PRK_NO_EVIDENCE}, 0, 0},
    {"no room for lengths", 2, 1, true, HEAD - 1, {5, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"size 0", 2, 1, true, 0, {5, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"the largest size", 2, 1, true, UINT64_MAX, {5, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"one byte more than the most",
     2,
     1,
     true,
     HEAD + PRK_EVIDENCE_MOST + 1,
     {PRK_EVIDENCE_MOST + 1, PRK_NO_EVIDENCE},
     100,
     EPIPE},
    {"the most, of which little comes",
     2,
     1,
     false,
     HEAD + PRK_EVIDENCE_MOST,
     {PRK_EVIDENCE_MOST, PRK_NO_EVIDENCE},
     100,
     EPIPE},
    {"a length that is too great", 2, 1, true, HEAD + 5, {6, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"a length that is too small", 2, 1, true, HEAD + 5, {4, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"a length that wraps", 2, 1, true, HEAD + 5, {UINT64_MAX - 1, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"lengths that wrap together", 2, 1, true, HEAD + 5, {UINT64_MAX - 1, 7}, 5, EPIPE},
    {"none, and bytes", 2, 1, true, HEAD + 5, {PRK_NO_EVIDENCE, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"half of it", 2, 1, false, HEAD + (20 << 20), {20 << 20, PRK_NO_EVIDENCE}, 10 << 20, EPIPE},
    {"a flag that is none", 2, 2, true, HEAD + 5, {5, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"another count", 1, 1, true, HEAD + 5, {5, PRK_NO_EVIDENCE}, 5, EPIPE},
    {"another count without evidence", 0, 0, true, 0, {0, 0}, 0, EPIPE},
    {"100 MB", 2, 1, false, HEAD + (100 << 20), {PRK_NO_EVIDENCE, 100 << 20}, 100 << 20, 0},
};
enum { FORGERIES = sizeof forgeries / sizeof forgeries[0] };

static void put(int out, const void *bytes, size_t size) {
    for (const char *p = bytes; size > 0;) {
        const ssize_t put = write(out, p, size);
        if (put < 0) {
            _exit(1);
        }
        p += put;
        size -= (size_t)put;
    }
}

/// Answers one request of two numbers as the setup's task says.
static void forge(const prk_worker_setup *setup, prk_channel_end *e) {
    const forgery *f = &forgeries[setup->task[0] - 'a'];
    const bool stays = f->stays || setup->task[1] != 0;
    const prk_answer head = {.count = f->count, .has_evidence = f->has_evidence};
    const uint8_t verdicts[2] = {PRK_COMPOSITE, PRK_PRIME};
    if (e->mailbox == NULL) {
        unsigned char request[sizeof(prk_request) + 2 * sizeof(uint64_t)];
        prk_get_all(e->in, request, sizeof request);
        put(e->out, &head, sizeof head);
        put(e->out, verdicts, sizeof verdicts);
    } else {
        prk_slot *slot = &e->mailbox->slots[0];
        while (__atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) != PRK_SLOT_ASSIGNED) {
            usleep(100);
        }
        __atomic_store_n(&e->mailbox->started, 1, __ATOMIC_SEQ_CST);
        slot->u.answer.head = head;
        memcpy(slot->u.answer.verdicts, verdicts, sizeof verdicts);
        __atomic_store_n(&slot->state, PRK_SLOT_DONE, __ATOMIC_SEQ_CST);
        prk_doorbell_ring(e->bell);
    }
    if (f->has_evidence != 0) {
        static unsigned char bytes[1 << 16];
        memset(bytes, 0xA5, sizeof bytes);
        put(e->out, &f->size, sizeof f->size);
        put(e->out, f->lengths, sizeof f->lengths);
        for (uint64_t left = f->sent; left > 0;) {
            const size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
            put(e->out, bytes, size);
            left -= size;
        }
    }
    while (stays) {
        pause();
    }
    _exit(0);
}

static prk_worker *forging_worker(prk_nursery *nursery, prk_channel channel, int which,
                                  bool stays) {
    prk_worker_setup setup = {.channel = channel, .owner = getpid()};
    setup.task[0] = (char)('a' + which);
    setup.task[1] = stays ? 's' : 0;
    prk_worker *w = prk_worker_create_in(nursery, &setup);
    const prk_request request = chunk(2);
    const uint64_t n[2] = {7, 9};
    EXPECT(w != NULL && prk_worker_send(w, &request, NULL, n) == 0, "a forging worker");
    prk_worker_wake(w);
    return w;
}

static int forgery_named(const char *name) {
    int i = 0;
    while (strcmp(forgeries[i].name, name) != 0) {
        i++;
    }
    return i;
}

/// The size of this process's memory.
static size_t memory(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    if (file == NULL || fscanf(file, "%lu", &pages) != 1) {
        return 0;
    }
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_forgeries(prk_nursery *nursery, prk_channel channel) {
    for (int i = 0; i < FORGERIES; i++) {
        const forgery *f = &forgeries[i];
        const size_t before = memory();
        prk_worker *w = forging_worker(nursery, channel, i, false);
        const int found = await_answer(w);
        EXPECT(found == f->expected, "%s, %s: %d", f->name, channel_names[channel], found);
        if (f->sent < 1000 && !IS_SANITIZED) {
            EXPECT(memory() < before + (16 << 20), "%s takes memory", f->name);
        }
        if (found == 0) {
            const uint64_t *lengths;
            const uint8_t *bytes = prk_worker_evidence(w, &lengths);
            EXPECT(bytes != NULL && memcmp(lengths, f->lengths, sizeof f->lengths) == 0,
                   "%s: its lengths", f->name);
            EXPECT(f->sent == 0 || (bytes[0] == 0xA5 && bytes[f->sent - 1] == 0xA5),
                   "%s: its bytes", f->name);
            prk_answer answer;
            uint8_t verdicts[2];
            prk_worker_answer(w, &answer, verdicts, NULL);
            EXPECT(verdicts[0] == PRK_COMPOSITE && verdicts[1] == PRK_PRIME, "%s: its verdicts",
                   f->name);
            EXPECT(prk_worker_evidence(w, &lengths) == NULL, "%s: it is gone", f->name);
        }
        end(w);
    }
}

/// An owner does not wait for a worker that goes on no more.
static void test_a_pause(prk_nursery *nursery, prk_channel channel) {
    prk_worker *w = forging_worker(nursery, channel, forgery_named("half of it"), true);
    // Until all has come that will.
    for (int still = 0; still < 20;) {
        const size_t before = w == NULL ? 0 : memory();
        EXPECT(prk_worker_poll(w) == EAGAIN, "a worker that pauses");
        usleep(5000);
        still = memory() == before ? still + 1 : 0;
    }
    prk_worker_kill(w);
    EXPECT(await_answer(w) == EPIPE, "its end");
    end(w);
}

/// When there is no memory for the evidence, or for its copy, the owner says so.
static void test_no_memory(prk_nursery *nursery, prk_channel channel) {
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    const rlim_t saved = limit.rlim_cur;
    const struct {
        size_t most;
        int expected;
    } cases[] = {{40 << 20, ENOMEM}, {150 << 20, ENOMEM}, {400 << 20, 0}};
    for (int i = 0; i < 3; i++) {
        prk_worker *w = forging_worker(nursery, channel, forgery_named("100 MB"), false);
        limit.rlim_cur = memory() + cases[i].most;
        setrlimit(RLIMIT_AS, &limit);
        const int found = await_answer(w);
        limit.rlim_cur = saved;
        setrlimit(RLIMIT_AS, &limit);
        EXPECT(found == cases[i].expected, "%zu bytes, %s: %d", cases[i].most,
               channel_names[channel], found);
        end(w);
    }
}

int main(void) {
    // A call that blocks for ever ends this program.
    alarm(900);
    // For the program's life, as it is.
    static prk_nursery *nursery;
    nursery = prk_nursery_create(forge);
    EXPECT(nursery != NULL, "a nursery");
    for (int channel = PRK_CHANNEL_PIPE; channel <= PRK_CHANNEL_SHM; channel++) {
        test_evidence_travels((prk_channel)channel, false);
        test_evidence_travels((prk_channel)channel, true);
        test_what_is_refused((prk_channel)channel);
        test_forms_travel((prk_channel)channel, false);
        test_forms_travel((prk_channel)channel, true);
        test_engines_have_forms((prk_channel)channel);
        test_forgeries(nursery, (prk_channel)channel);
        test_a_pause(nursery, (prk_channel)channel);
        if (!IS_SANITIZED) {
            test_no_memory(nursery, (prk_channel)channel);
        }
    }
    if (failures > 0) {
        printf("channel_test: %d failures\n", failures);
        return 1;
    }
    printf("channel_test: passed\n");
    return 0;
}
