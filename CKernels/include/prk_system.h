// SPDX-License-Identifier: Apache-2.0
//
// Clocks, signals, threads and what wakes them: what neither C17 nor Swift's Glibc module offers.
// Not installed, not part of the library's interface.

#ifndef PRK_SYSTEM_H
#define PRK_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// Monotonic time in nanoseconds.
uint64_t prk_clock_ns(void);

/// CPU time of the calling thread in nanoseconds.
uint64_t prk_thread_cpu_ns(void);

/// For a loop that waits for it some hundred cycles.
static inline void prk_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// A count that other threads increase.
static inline uint64_t prk_counter_read(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/// A zeroed flag on its own shared page, which forked children see raised; NULL: no memory.
uint32_t *prk_flag_create(void);
/// Accepts NULL. No other thread may use the flag any more; parts of it are destroyed before.
void prk_flag_destroy(uint32_t *flag);

/// A flag that is raised by itself, or with the whole. NULL: no memory, or 500 parts are there.
uint32_t *prk_flag_create_part(uint32_t *whole);

/// Raises such a flag, and its parts, and rings their bells. A signal handler may do it.
void prk_flag_raise(uint32_t *flag);

/// A descriptor that becomes readable when the flag is raised: for who waits in poll(). It belongs
/// to the flag. To be asked for before the flag is looked at. -1 with errno set.
int prk_flag_bell(uint32_t *flag);

/// A descriptor that prk_doorbell_ring makes readable until prk_doorbell_clear; -1 with errno set.
int prk_doorbell_create(void);
void prk_doorbell_ring(int doorbell);
void prk_doorbell_clear(int doorbell);

/// Waits, so long at most, while the word has this value.
void prk_futex_wait(uint32_t *word, uint32_t value, uint64_t nanoseconds);
void prk_futex_wake(uint32_t *word);
void prk_futex_wake_all(uint32_t *word);

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
