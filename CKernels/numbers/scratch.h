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

struct prk_scratch {
    size_t reserved;               // limbs of n for which memory was probed
    prk_memory lanes, test, block; // of tests in lanes, of one number's test, of a batch
    // A stack, of which `taken` are in use. They keep their memory, which is what it is for.
    mpz_t numbers[PRK_SCRATCH_NUMBERS];
    size_t taken;
    // In CKernels/share: of who takes turns with others, and of whom others help; else NULL.
    struct seat *seat;
    struct prk_team *team;
    unsigned threads; // within one transform, as prk_scratch_set_threads() says
    prk_crew *crew;   // these, since they were needed; else NULL
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
