// SPDX-License-Identifier: Apache-2.0
//
// What tests of large numbers reuse: the inside of prk_scratch.

#ifndef PRK_SCRATCH_H
#define PRK_SCRATCH_H

#include <assert.h>
#include <gmp.h>

#include "../include/prk_kernels.h"
#include "../system/crew.h"
#include "../system/memory.h"

_Static_assert(GMP_NUMB_BITS == 64, "limbs are handed to GMP as they are");
_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are handed to GMP as they are");

#pragma GCC visibility push(hidden)

// What a condition of a proof and those that it calls take at once: eight points are 24, and more.
#define PRK_SCRATCH_NUMBERS 48

/// What was wrong in a test and was repaired, and how many checks of long chains it passed.
typedef struct prk_repairs {
    uint64_t alarms, checks, repaired;
} prk_repairs;

enum { PRK_KEPT_INVERSES = 2 };

/// An inverse of n that is wanted again, and modulo what. n is 0 where nothing is kept.
typedef struct prk_kept_inverse {
    mpz_t n, inverse;
    uint64_t modulus[2]; ///< what tells it from other moduli
} prk_kept_inverse;

struct prk_scratch {
    size_t reserved;               // limbs of n for which memory was probed
    prk_memory lanes, test, block; // of tests in lanes, of one number's test, of a batch
    // A stack, of which `taken` are in use. They keep their memory, which is what it is for.
    mpz_t numbers[PRK_SCRATCH_NUMBERS];
    size_t taken;
    prk_kept_inverse inverses[PRK_KEPT_INVERSES]; // the last one used comes first
    // In CKernels/share: of who takes turns with others, and of whom others help; else NULL.
    struct seat *seat;
    struct prk_team *team;
    // In CKernels/long: who looks at the chains of the test at hand, else NULL.
    void *watch;
    prk_repairs repairs; // of the test at hand
    unsigned threads;    // within one transform, as prk_scratch_set_threads() says
    prk_crew *crew;      // these, since they were needed; else NULL
};

/// A number of any value for the caller, who gives back all that it took by setting `taken` to what
/// it was before.
static inline mpz_ptr prk_scratch_take(prk_scratch *scratch) {
    assert(scratch->taken < PRK_SCRATCH_NUMBERS);
    return scratch->numbers[scratch->taken++];
}

/// Asks malloc for what a test of `limbs` limbs will need, since GMP aborts when it gets none.
prk_status prk_scratch_reserve(prk_scratch *scratch, size_t limbs);

/// The threads that share one transform, made when they are first asked for; NULL: there is one.
prk_crew *prk_scratch_crew(prk_scratch *scratch);

#pragma GCC visibility pop

#endif
