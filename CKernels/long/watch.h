// SPDX-License-Identifier: Apache-2.0
//
// Who looks at the chains of a test: tells where they are, and keeps them.
//
// A test does the same chains in the same order whenever it is done with the same number, seed and
// engine. So what is kept are chains by their place: of one that is done its last value, and of the
// one under way where it is. A test that begins again takes them up one after the other.

#ifndef PRK_WATCH_H
#define PRK_WATCH_H

#include "../include/prk_long.h"
#include "chain.h"

#pragma GCC visibility push(hidden)

/// PRK_LONG_LEAST_BITS. A test may lower it; nothing else writes it.
extern size_t prk_watch_least_bits;

/// From here to prk_watch_close() the chains on this scratch are those of a test of n. `form` is
/// NULL, or n's. n outlives it. Without memory nothing is watched.
void prk_watch_open(prk_scratch *scratch, prk_long *tests, mpz_srcptr n, const prk_form *form);
/// Nothing when none is open. Files stay.
void prk_watch_close(prk_scratch *scratch);

#pragma GCC visibility pop

#endif
