// SPDX-License-Identifier: Apache-2.0
//
// How the steps of a certificate hang together.

#ifndef PRK_TIES_H
#define PRK_TIES_H

#include "certificate.h"

#pragma GCC visibility push(hidden)

typedef struct prk_ties {
    /// The places of the steps, by falling n; those of one n as in the text.
    size_t *order;
    /// Whether the candidate's proof needs a step, by its place in the text.
    bool *is_reached;
} prk_ties;

/// False: no memory.
bool prk_ties_find(const prk_certificate *certificate, prk_ties *ties);
void prk_ties_free(prk_ties *ties);
/// Where in `order` the steps for n begin; the number of steps: there are none.
size_t prk_ties_of(const prk_certificate *certificate, const prk_ties *ties, mpz_srcptr n);

#pragma GCC visibility pop

#endif
