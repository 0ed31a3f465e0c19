// SPDX-License-Identifier: Apache-2.0
//
// The job that pools run on a chunk, and the child's side of a process pool. Not installed.

#ifndef PRK_POOL_H
#define PRK_POOL_H

#include <poll.h>
#include <sys/types.h>

#include "prk_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// A 64-bit engine from outside this library, as a plain function: it must allocate nothing and
/// take no lock, since it runs in forked children. Writes one verdict per number, and the evidence
/// when `reports` is not NULL (zeroed before). Polls `cancel`, which may be NULL, and leaves
/// PRK_UNTESTED where it stopped.
typedef void (*prk_word_engine)(const uint64_t *n, uint8_t *verdicts, prk_report *reports,
                                size_t count, const uint32_t *cancel);

/// A word engine that divides: the least divisor of n >= 2 in a range, as prk_trial_cancellable,
/// under the rules for prk_word_engine.
typedef prk_status (*prk_word_divider)(uint64_t n, uint64_t from, uint64_t to,
                                       const uint32_t *cancel, uint64_t *divisor);

enum {
    PRK_WORKER_TEXT = 120,
    /// What a task returns that failed; no prk_status has this value.
    PRK_TASK_FAILED = 100,
};

/// What a worker runs instead of an engine: PRK_STATUS_OK, or PRK_TASK_FAILED and in `text`, of
/// PRK_WORKER_TEXT bytes and ended by a zero, why.
typedef uint32_t (*prk_worker_task)(void *context, const uint64_t *limbs, const uint64_t *offsets,
                                    size_t count, uint8_t *verdicts, char *text);

/// How the numbers of a run are tested: the same for every chunk and every worker.
typedef struct PRK_SWIFT_NAME("KernelJob") prk_job {
    /// Used when word_engine is NULL.
    prk_engine engine;
    /// What reports name as the engine when word_engine is used.
    uint8_t word_engine_name;
    bool wants_reports;
    /// Whether a worker process measures what a request takes: two system calls.
    bool wants_cpu_time;
    prk_word_engine word_engine;
    /// NULL when word_engine does not divide.
    prk_word_divider word_divider;
    /// NULL, or what is run on chunks; for processes that run more than C only.
    prk_worker_task task;
    void *task_context;
    prk_options options;
} prk_job;

/// Runs a job on one chunk: prk_test_batch, or the same contract with a word engine.
/// `reports` is written only when the job wants reports.
prk_status prk_job_run(const prk_job *job, const uint64_t *limbs, const uint64_t *offsets,
                       size_t count, prk_scratch *scratch, uint8_t *verdicts, prk_report *reports);

/// Runs a job on a part of one number, when its engine is complete trial division: the divisors of
/// n >= 2 in [from, to]. PRK_PRIME says that none of them divides n, and PRK_COMPOSITE comes with
/// the least that does, so that n is prime when each part says so, and else the smallest factor is
/// the least of all parts'. Writes the report whether the job wants it or not.
/// PRK_STATUS_INVALID_ARGUMENT for another engine.
prk_status prk_job_run_part(const prk_job *job, uint64_t n, uint64_t from, uint64_t to,
                            prk_scratch *scratch, uint8_t *verdict, prk_report *report);

/// What a worker is asked. A chunk comes with `count` + 1 offsets, unless each of its numbers has
/// one limb (count == limb_count), and with `limb_count` limbs; a part with nothing.
typedef struct PRK_SWIFT_NAME("WorkerRequest") prk_request {
    uint64_t count;
    uint64_t limb_count;
    /// Of a part: the arguments of prk_job_run_part.
    uint64_t n, from, to;
    uint64_t kind;
} prk_request;

/// What it answers; `count` verdict bytes (a part has one) and, if the job wants them, `count`
/// reports come with it.
typedef struct PRK_SWIFT_NAME("WorkerAnswer") prk_answer {
    uint64_t count;
    /// CPU time that the request took, in nanoseconds; 0 unless the job measures it.
    uint64_t cpu_ns;
    /// A prk_status, or PRK_TASK_FAILED.
    uint64_t status;
} prk_answer;

enum {
    PRK_REQUEST_CHUNK = 1,
    PRK_REQUEST_PART = 2,
    /// The poison pill: the worker leaves its loop and exits with status 0.
    PRK_REQUEST_STOP = 3,
};

/// How requests and answers travel. All behave alike; they differ in cost and in descriptors.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelChannel") prk_channel{
    /// Frames on a stream socket.
    PRK_CHANNEL_SOCKET PRK_SWIFT_NAME("socket") = 0,
    /// Frames on two pipes.
    PRK_CHANNEL_PIPE PRK_SWIFT_NAME("pipe") = 1,
    /// A mailbox in shared memory, and a socket for what does not fit.
    PRK_CHANNEL_SHM PRK_SWIFT_NAME("shm") = 2,
} prk_channel;

/// A worker process, as its owner sees it. For one thread at a time.
typedef struct prk_worker prk_worker;

/// The most requests that a worker can hold.
enum { PRK_WORKER_DEPTH = 64 };

/// Forks a worker that serves `job` until it is told to stop, its channel closes or the calling
/// thread ends. The child runs C only, from fork() to _exit(): no Swift, no inherited descriptor
/// but its channel. NULL with errno set. The calling thread must outlive the worker
/// (PR_SET_PDEATHSIG is tied to it).
prk_worker *prk_worker_create(prk_channel channel, const prk_job *job);

/// What a worker that is no child of a threaded process is told first. Its job's pointers are not
/// valid there; `engine` and `task` say what they stand for.
typedef struct prk_worker_setup {
    prk_job job;
    char engine[16];
    char task[64];
    pid_t owner;
    prk_channel channel;
} prk_worker_setup;

/// Such a worker's end of its channel.
typedef struct prk_channel_end prk_channel_end;

/// Its main function, in any language. It ends with prk_worker_serve.
typedef void (*prk_worker_main)(const prk_worker_setup *setup, prk_channel_end *end);

/// The flag that its owner raises.
const uint32_t *prk_worker_cancel_flag(const prk_channel_end *end);

/// Serves `job` until it is told to stop or its parent ends, and ends the process.
__attribute__((noreturn)) void prk_worker_serve(prk_channel_end *end, const prk_job *job);

/// A process that forks workers, as its owner sees it.
typedef struct prk_nursery prk_nursery;

/// Forks the process that forks workers of such a main function: to be called while the calling
/// process has one thread, so that each of them is as good as a process that has just begun. It
/// lives until that thread ends, for the rest of the program's life. NULL with errno set.
prk_nursery *prk_nursery_create(prk_worker_main main);

/// As prk_worker_create, by a nursery. For one thread at a time. ESRCH when the nursery has ended.
/// One that is stopped is continued; one that does not answer all the same is ended, and with it
/// its workers.
prk_worker *prk_worker_create_in(prk_nursery *nursery, const prk_worker_setup *setup);

/// As prk_worker_create, by starting this program anew; it must call prk_worker_adopt first. No
/// inherited descriptor but its channel is open when its main function begins.
prk_worker *prk_worker_spawn(const prk_worker_setup *setup);

/// Becomes a worker and does not return when this process was started by prk_worker_spawn.
void prk_worker_adopt(prk_worker_main main);

/// Raises the flag of a worker that a nursery forked or that was spawned.
void prk_worker_raise(prk_worker *worker);

/// What the task said of its failure to answer the oldest request: to be asked before
/// prk_worker_answer. PRK_WORKER_TEXT bytes at most, ended by a zero.
const char *prk_worker_text(const prk_worker *worker);

/// Frees what the owner holds. The process is to be reaped before.
void prk_worker_destroy(prk_worker *worker);

/// Sends a request, without waiting: what does not go at once is copied. A worker answers its
/// requests in their order. `offsets` may be NULL when each number has one limb, and need not begin
/// at 0: the first limb is at limbs[0] all the same. EAGAIN when the worker has no room for it,
/// which is never so when it holds nothing; else 0, ENOMEM or EPIPE. Never SIGPIPE.
int prk_worker_send(prk_worker *worker, const prk_request *request, const uint64_t *offsets,
                    const uint64_t *limbs);

/// Takes the newest request back if the worker has not begun it: only possible in shared memory.
/// Whether it did.
bool prk_worker_take_back(prk_worker *worker);

/// Wakes the worker if it sleeps although it has requests: to be called after one or more were
/// sent.
void prk_worker_wake(prk_worker *worker);

/// Moves what can be moved without waiting. 0 when the oldest request's answer is complete, EAGAIN
/// when it is not, EPIPE when the channel has ended or is broken, ENOMEM.
int prk_worker_poll(prk_worker *worker);

/// Whether that answer is in shared memory, or begins there. Costs a load; false for other
/// channels.
bool prk_worker_has_mail(const prk_worker *worker);

/// Monotonic time in nanoseconds.
uint64_t prk_clock_ns(void);

/// For a loop that waits for it some hundred cycles.
static inline void prk_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Copies a complete answer: `count` verdicts and, if the job wants them, reports.
void prk_worker_answer(prk_worker *worker, prk_answer *answer, uint8_t *verdicts,
                       prk_report *reports);

/// Whether a dead worker had begun its oldest request; true when that is not known. It had begun
/// none of the others.
bool prk_worker_has_started(const prk_worker *worker);

/// Says that the owner is about to poll(): the worker rings when it has answered half of what it
/// holds. False when the owner should not, since an answer has come.
bool prk_worker_announce_sleep(prk_worker *worker);

/// Says that the owner is back.
void prk_worker_announce_return(prk_worker *worker);

enum { PRK_WORKER_DESCRIPTORS = 3 };

/// Fills entries, PRK_WORKER_DESCRIPTORS at most, and returns how many: when one is ready,
/// prk_worker_poll has something to do or the worker has ended. No entry is left unused, since
/// poll() takes no more entries than the process may have descriptors.
int prk_worker_watch(const prk_worker *worker, struct pollfd *set);

/// The descriptor that is ready when the process has ended; -1 when the system gave none.
int prk_worker_process(const prk_worker *worker);

void prk_worker_kill(const prk_worker *worker);

/// Waits for the process to end, so many milliseconds at most; whether it has.
bool prk_worker_await_end(const prk_worker *worker, int milliseconds);

/// Waits for the end of a process that was killed or told to stop. Its exit status, with `*signal`
/// 0 or the signal that ended it; -1 when somebody else has reaped it.
int prk_worker_reap(const prk_worker *worker, int *signal);

/// A process that draws pictures until it is told to stop.
typedef struct prk_spinner prk_spinner;

/// What it has drawn.
typedef struct PRK_SWIFT_NAME("SpinnerTally") prk_spinner_tally {
    uint64_t frames;
    /// When the last one was drawn, by prk_clock_ns; before the first one, when it was created.
    uint64_t last_ns;
    /// The longest time between two of them, or before the first one.
    uint64_t longest_gap_ns;
} prk_spinner_tally;

/// Forks a child that writes `count` pictures of `size` bytes each, one every `period_ns` (below
/// a second) and round and round, to the descriptor `output`; to none, which counts all the same,
/// when that is negative. The child runs C only, and ends with the calling thread, which must
/// therefore live until prk_spinner_stop. NULL with errno set.
prk_spinner *prk_spinner_create(int output, const unsigned char *pictures, size_t size,
                                size_t count, uint32_t period_ns);

/// Its process id.
pid_t prk_spinner_process(const prk_spinner *spinner);

/// Tells it to stop, waits for its end and frees it: once. 0, or the signal that ended it: SIGKILL
/// when it could not be told, since it was stopped.
int prk_spinner_stop(prk_spinner *spinner, prk_spinner_tally *tally);

/// A descriptor that prk_doorbell_ring makes readable until prk_doorbell_clear; -1 with errno set.
int prk_doorbell_create(void);
void prk_doorbell_ring(int doorbell);
void prk_doorbell_clear(int doorbell);

/// A queue of messages of one size between processes, by its two ends: what is put into ends[1]
/// comes out of ends[0], whole, at one of the processes that wait for it. It has no lock, so none
/// is left behind by a process that is killed. 0, or -1 with errno set.
int prk_packets_create(int ends[2]);

/// Puts a message, waiting for room; false when nobody is left who could get it.
bool prk_packets_put(int end, const void *message, size_t size);

/// Waits for a message; false when nobody is left who could put one.
bool prk_packets_get(int end, void *message, size_t size);

/// A number that a worker of the chapter's pool has tested.
typedef struct PRK_SWIFT_NAME("CheckedNumber") prk_checked {
    /// 0: the worker has taken its pill.
    uint64_t n;
    /// Wall time of the test in nanoseconds.
    uint64_t ns;
    uint8_t verdict;
} prk_checked;

/// Forks a worker of the chapter's pool: it takes numbers, as uint64_t, out of `jobs` until it
/// takes a 0, and puts a prk_checked into `results` for each, and one for the pill. Its process id,
/// or -1 with errno set. Otherwise as prk_worker_create with a job for 64-bit numbers.
pid_t prk_chapter_worker_create(int jobs, int results, const prk_job *job);

/// Waits for a child. As prk_worker_reap.
int prk_reap(pid_t pid, int *signal);

/// Waits for a child that was told to end, or ends it when it is stopped or takes more than a
/// second. As prk_worker_reap.
int prk_end(pid_t pid, int *signal);

/// SipHash-2-4 [AuBe12] of the first `most` bytes of a file under the key (k0, k1), or of all that
/// there is, and how many bytes that were; the file's offset stays. 0, or an errno; ECANCELED when
/// `cancel`, which may be NULL, was raised.
int prk_file_digest(int file, uint64_t most, uint64_t k0, uint64_t k1, const uint32_t *cancel,
                    uint64_t *digest, uint64_t *size);

/// Names the calling thread; the kernel keeps 15 bytes.
void prk_thread_set_name(const char *name);

/// Lets the calling thread run on one core alone: of those that it may use the one at `place`,
/// counted from 0 and round and round. 0, or an errno.
int prk_thread_pin(int place);

/// The cores that this process may use, at least 1.
int prk_core_count(void);

/// Whether the process ignores a signal, or lets it have its default effect.
bool prk_signal_is_ignored(int signal);
bool prk_signal_is_default(int signal);

/// Lets the signals of crashes, and SIGQUIT, end the process as they end any: Swift's runtime has
/// handlers that print a report, and when another process has sent the signal they go on after it.
/// What is ignored stays ignored.
void prk_signals_restore(void);

/// "KILL" for SIGKILL; NULL for a number that is no signal.
const char *prk_signal_name(int signal);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
