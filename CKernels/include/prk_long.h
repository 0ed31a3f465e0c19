// SPDX-License-Identifier: Apache-2.0
//
// prk_long.h: tests of one large number that take hours or days: how far they are, and what is kept
// of them, so that they go on after the process, or the machine, has ended.
//
// A prk_long is made once, before workers begin, and handed to prk_test_batch in prk_options. It
// lies in shared memory: processes that are forked later tell their progress in it, too.

#ifndef PRK_LONG_TESTS_H
#define PRK_LONG_TESTS_H

#include "primality.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Tests of smaller numbers do not tell, and are not kept.
#define PRK_LONG_LEAST_BITS 32768

enum {
    /// The longest path of a folder, with its NUL.
    PRK_LONG_FOLDER = 3072,
    /// The longest notice, with its NUL.
    PRK_LONG_NOTICE = 512,
    /// Notices that are kept until they are read.
    PRK_LONG_NOTICES = 16,
    /// Tests at once that tell their progress; further ones run without.
    PRK_LONG_SLOTS = 64,
};

/// All zero: progress alone. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelLongOptions") prk_long_options {
    /// sizeof(prk_long_options) as the caller knows it, or 0: that of this header.
    uint32_t size;
    /// So many milliseconds of a test at least lie between two checkpoints; 0: 60,000. One more is
    /// written when the test is cancelled.
    uint32_t checkpoint_ms;
    /// NULL, or a folder for checkpoints, which is made if its own folder is there: two files a
    /// number, of at most six times its size each and a little more for each step of its test that
    /// is done.
    const char *folder;
    /// Threads inside the arithmetic of one number that is large enough for them; 0 and 1: its own.
    uint32_t threads;
    /// 0.
    uint32_t reserved;
} prk_long_options;

typedef struct prk_long prk_long;

/// Where a test is: in one of the powers or Lucas sequences of which it consists.
typedef struct PRK_SWIFT_NAME("KernelLongProgress") prk_long_progress {
    /// The number's size, and its lowest limb.
    uint64_t bits, low;
    /// Squares, or steps of a ladder, that are done, and all of them.
    uint64_t done, total;
    /// Of those that are done, those that came from a checkpoint.
    uint64_t resumed;
    /// The base of a power, or P of a Lucas sequence; 0: it has more than 64 bits.
    uint64_t first;
    /// CPU-independent clock: when this chain of steps began here, and when it told this; in
    /// nanoseconds.
    uint64_t begun_ns, told_ns;
    /// The how-manieth chain of this test it is, from 1.
    uint32_t chain;
    /// Whether it is a Lucas sequence.
    uint32_t is_lucas;
    /// Products that were computed again since rounding was too coarse, checks that the test has
    /// passed, and stretches that were done again since a check failed.
    uint32_t alarms, checks, repaired;
    /// The process that tests.
    int32_t process;
} prk_long_progress;

/// PRK_STATUS_INVALID_ARGUMENT: the options are none, or the path is too long.
/// PRK_STATUS_NO_MEMORY.
PRK_API prk_status prk_long_create(const prk_long_options *options, prk_long **made);
/// Accepts NULL. No test may use it any more.
PRK_API void prk_long_destroy(prk_long *tests);

/// Reads slot 0 … PRK_LONG_SLOTS - 1; false: no test is telling there. Any thread of any process
/// may, at any time.
PRK_API bool prk_long_look(const prk_long *tests, size_t slot, prk_long_progress *progress);

/// The next notice that nobody has read: why a checkpoint was refused, or was not written. False:
/// there is none. One reader.
PRK_API bool prk_long_read_notice(prk_long *tests, char notice[PRK_LONG_NOTICE]);

/// Removes the checkpoints of a number whose result is where it belongs. Those of others stay.
PRK_API prk_status prk_long_forget(const prk_long *tests, const uint64_t *limbs, size_t limb_count);

#ifdef __cplusplus
}
#endif

#endif
