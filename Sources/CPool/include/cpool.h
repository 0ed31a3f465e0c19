// SPDX-License-Identifier: Apache-2.0
//
// Worker processes: how an owner makes them, asks them and sees them end, and what they run.

#ifndef CPOOL_H
#define CPOOL_H

#include <poll.h>
#include <sys/types.h>

#include "prk_job.h"
#include "prk_process.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// What a worker is asked. A chunk comes with `count` + 1 offsets, unless each of its numbers has
/// one limb (count == limb_count), with `limb_count` limbs, and with `count` forms when it says so;
/// a part with nothing.
typedef struct PRK_SWIFT_NAME("WorkerRequest") prk_request {
    uint64_t count;
    uint64_t limb_count;
    /// Of a part: the arguments of prk_job_run_part. Of a chunk's piece, `from` is where it begins.
    uint64_t n, from, to;
    uint32_t kind;
    /// 1 when forms come with it, else 0.
    uint32_t has_forms;
} prk_request;

/// What it answers; `count` verdict bytes (a part has one) and, if the job wants them, `count`
/// reports come with it, and then the evidence of a task that gave any.
typedef struct PRK_SWIFT_NAME("WorkerAnswer") prk_answer {
    uint64_t count;
    /// CPU time that the request took, in nanoseconds; 0 unless the job measures it.
    uint64_t cpu_ns;
    /// A prk_status, or PRK_TASK_FAILED.
    uint32_t status;
    /// 1 when evidence follows, else 0.
    uint32_t has_evidence;
} prk_answer;

/// The most evidence that one answer may carry, of all its numbers together: 1 GiB. An owner takes
/// a worker that announces more for a broken one.
#define PRK_EVIDENCE_MOST ((size_t)1 << 30)

/// The length of the evidence on a number that has none.
#define PRK_NO_EVIDENCE UINT64_MAX

/// Adds the evidence on number `place` of the request that a task works on: a copy of `size` bytes,
/// 0 or more. Places increase from call to call. 0; EINVAL for a place that does not, or that the
/// request does not have; EFBIG when all would be more than PRK_EVIDENCE_MOST; ENOMEM. Nothing is
/// added unless it is 0. O(size), amortised; the first call takes 8 bytes a number of the request.
int prk_evidence_put(prk_evidence *evidence, size_t place, const void *bytes, size_t size);

enum {
    PRK_REQUEST_CHUNK = 1,
    PRK_REQUEST_PART = 2,
    /// The poison pill: the worker leaves its loop and exits with status 0.
    PRK_REQUEST_STOP = 3,
    /// Added to the kind of the first request after prk_worker_tell; not for callers.
    PRK_REQUEST_TOLD = 16,
};

/// How requests and answers travel. All behave alike; they differ in cost and in descriptors.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelChannel") prk_channel{
    /// Frames on two pipes.
    PRK_CHANNEL_PIPE PRK_SWIFT_NAME("pipe") = 0,
    /// Frames on a stream socket.
    PRK_CHANNEL_SOCKET PRK_SWIFT_NAME("socket") = 1,
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

/// Forks a worker that may serve other jobs later (prk_worker_tell). Its flag is its own
/// (prk_worker_raise), whatever the job's is. Otherwise as prk_worker_create.
prk_worker *prk_worker_create_to_stay(prk_channel channel, const prk_job *job);

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

/// Makes the job that a setup stands for. `*job` is the last one; its task and its flag stay.
/// Returns false when the setup stands for none: then the worker exits.
typedef bool (*prk_worker_resolve)(const prk_worker_setup *setup, prk_job *job);

/// The flag that its owner raises.
const uint32_t *prk_worker_cancel_flag(const prk_channel_end *end);

/// Serves `job`, and after it those that the owner tells, until it is told to stop or its parent
/// ends; then it ends the process. `resolve` makes the later jobs. NULL: what the owner's pointers
/// mean is the same here, as in a forked child.
__attribute__((noreturn)) void prk_worker_serve(prk_channel_end *end, const prk_job *job,
                                                prk_worker_resolve resolve);

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

/// Moves a worker to the core where the caller is, which is about to wait. It may leave again. To
/// no effect for a nursery's workers.
void prk_worker_bring(const prk_worker *worker);

/// Raises the flag of a worker that has its own: one that stays, that a nursery forked or that was
/// spawned. It stays raised until prk_worker_tell.
void prk_worker_raise(prk_worker *worker);

/// Sets the job of all requests from the next one on, and lowers the flag. Only for a worker that
/// has its own flag, and while it holds nothing. The job's functions must have been part of the
/// program when the worker was forked. Costs a copy; the worker reads it with its next request.
void prk_worker_tell(prk_worker *worker, const prk_worker_setup *setup);

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

/// As prk_worker_send, with the form of each number when the request's has_forms is 1; else `forms`
/// is NULL.
int prk_worker_send_forms(prk_worker *worker, const prk_request *request, const uint64_t *offsets,
                          const uint64_t *limbs, const prk_form *forms);

/// Takes the newest request back if the worker has not begun it: only possible in shared memory.
/// Whether it did.
bool prk_worker_take_back(prk_worker *worker);

/// Wakes the worker if it sleeps although it has requests: to be called after one or more were
/// sent.
void prk_worker_wake(prk_worker *worker);

/// Moves what can be moved without waiting. 0 when the oldest request's answer is complete, EAGAIN
/// when it is not, EPIPE when the channel has ended or is broken, ENOMEM when there is no memory
/// for the answer: the worker is of no use any more then. Memory for evidence grows with the bytes
/// that have come, not with the length that a worker announces.
int prk_worker_poll(prk_worker *worker);

/// Whether that answer is in shared memory, or begins there. Costs a load; false for other
/// channels.
bool prk_worker_has_mail(const prk_worker *worker);

/// The evidence of the oldest request's complete answer, valid until prk_worker_answer: the bytes
/// on the numbers one after the other. `*lengths` has a length a number, PRK_NO_EVIDENCE for none;
/// all of them were checked. NULL for both when the answer has no evidence.
const uint8_t *prk_worker_evidence(const prk_worker *worker, const uint64_t **lengths);

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

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
