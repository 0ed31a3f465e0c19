// SPDX-License-Identifier: Apache-2.0
//
// Threads that go through one computation in step, of some ten microseconds from one step to the
// next. They wait for each other without the kernel for a while, and sleep after it.

#ifndef PRK_CREW_H
#define PRK_CREW_H

#pragma GCC visibility push(hidden)

enum {
    PRK_CREW_MOST = 64,   ///< members
    PRK_CREW_ROOM = 2048, ///< bytes of a member's room
};

typedef struct prk_crew prk_crew;

/// One of the threads in a run, and how many there are; number 0 is the one that calls
/// prk_crew_run(). Who works without a crew is number 0 of 1, and then `crew` may be NULL.
typedef struct prk_crew_member {
    prk_crew *crew;
    unsigned number, members;
} prk_crew_member;

/// What each member does.
typedef void prk_crew_work(void *context, const prk_crew_member *me);

/// A crew of the caller's thread and `members` - 1 others, at most PRK_CREW_MOST in all, or of as
/// many as the system gives. The others take no signals, and no time between two runs but for some
/// ten microseconds. NULL: the caller would be alone.
prk_crew *prk_crew_create(unsigned members);
/// Ends the threads; no run may be under way. Accepts NULL. In a child that was forked meanwhile it
/// gives the memory back, and leaves the threads to the parent.
void prk_crew_destroy(prk_crew *crew);

/// Runs `work` once in each member, and returns when all have ended. Any thread may call it, one at
/// a time. There is one member, the caller, in a child that was forked meanwhile, and for half a
/// second where waiting for the others takes longer than their work would.
void prk_crew_run(prk_crew *crew, prk_crew_work *work, void *context);

/// Within a run: returns when all of its members have called it, with what each wrote before it.
void prk_crew_wait(const prk_crew_member *me);

/// PRK_CREW_ROOM bytes in which a member leaves what the others read, aligned to 64. They stay as
/// they are from run to run.
void *prk_crew_room(prk_crew *crew, unsigned number);

#pragma GCC visibility pop

#endif
