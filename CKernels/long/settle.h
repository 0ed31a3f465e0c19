// SPDX-License-Identifier: Apache-2.0
//
// After how many squares a chain settles: where a power comes to 0, 1 or -1, or a Lucas sequence to
// 0, 2 or -2, and what follows is known.

#ifndef PRK_SETTLE_H
#define PRK_SETTLE_H

#include "chain.h"

#pragma GCC visibility push(hidden)

/// Whether so many squares after a chain are done sooner without looks between them: then
/// prk_chain_look_ahead() comes first.
bool prk_chain_is_far(const prk_chain *c, mp_bitcnt_t most);

/// Of a chain that has not run: whether x will have settled after `most` squares more, which is at
/// 0, 1 or -1, or in a Lucas chain at 0, 2 or -2, and at which of them. By another chain to there.
prk_status prk_chain_look_ahead(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                                bool *settles, int *small);

/// After how many more squares, at most `most`, x has settled for the first time, and at what;
/// `most`
/// + 1 if after none. The chain is done, and of no other use after that. Of one that is far it is
/// known that it settles, and `*small` is what prk_chain_look_ahead() said.
prk_status prk_chain_settle(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                            mp_bitcnt_t *squares, int *small);

#pragma GCC visibility pop

#endif
