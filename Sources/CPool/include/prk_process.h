// SPDX-License-Identifier: Apache-2.0
//
// Child processes that run C only.

#ifndef PRK_PROCESS_H
#define PRK_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

/// fork(), with all signals blocked in the child until it begins: its parent's handlers are not for
/// it.
pid_t prk_fork(void);

/// Begins a child's life: its end with its parent's, its signals, its descriptors, of which these
/// stay open (see prk_close_all_but).
void prk_child_begin(pid_t parent, const int *kept, int count);

/// Puts the null device in the place of the standard streams.
void prk_silence(void);

/// Waits for a child. Its exit status, with `*signal`
/// 0 or the signal that ended it; -1 when somebody else has reaped it.
int prk_reap(pid_t pid, int *signal);

/// Waits for a child that was told to end, or ends it when it is stopped or takes more than a
/// second. As prk_worker_reap.
int prk_end(pid_t pid, int *signal);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
