// SPDX-License-Identifier: Apache-2.0
//
// Threads that help with one number: they take the tasks of a list until none is left, and sleep
// meanwhile.

#ifndef PRK_TEAM_H
#define PRK_TEAM_H

#include "share.h"

#pragma GCC visibility push(hidden)

typedef struct prk_team prk_team;

/// The caller's thread and `threads` - 1 others, or as many as the system gives.
/// PRK_STATUS_NO_MEMORY.
prk_status prk_team_make(prk_team **team, size_t threads);
/// Ends the threads, which have nothing to do. Accepts NULL.
void prk_team_destroy(prk_team *team);

/// How many threads share the tasks of a scratch: 1 where it has no team.
size_t prk_team_size(const prk_scratch *s);

/// Runs tasks 0 … count - 1, by the team of the scratch, of which each thread has a scratch of its
/// own without a team; without one the tasks run one after the other. Returns when all that began
/// have ended. The status of the first task, by number, that did not end well; after one that did
/// not, none begins.
prk_status prk_team_run(prk_scratch *s, size_t count, prk_shared_task task, void *context);

/// A part of a list: `count` of its elements from `first` on.
typedef prk_status (*prk_slice_task)(void *context, size_t first, size_t count, prk_scratch *s);

/// The same for a list of `count`, by slices of `each`, of which the last one may be shorter.
prk_status prk_team_run_slices(prk_scratch *s, size_t count, size_t each, prk_slice_task task,
                               void *context);

#pragma GCC visibility pop

#endif
