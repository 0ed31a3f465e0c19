// SPDX-License-Identifier: Apache-2.0
//
// What the writers of all forms share: which of the steps are written, and how Primo gives curves.

#ifndef PRK_WRITER_H
#define PRK_WRITER_H

#include "../numbers/growing_text.h"
#include "ties.h"

#pragma GCC visibility push(hidden)

typedef struct prk_writer {
    const prk_certificate *certificate;
    prk_ties ties;
    prk_certificate_problem *problem;
    prk_growing_text text;
} prk_writer;

/// One of each form; each makes the whole text. False: a problem, or no memory.
bool prk_write_json(prk_writer *writer);
bool prk_write_mpu(prk_writer *writer);
bool prk_write_primo(prk_writer *writer);
bool prk_write_pari(prk_writer *writer);

/// Says why the form has no such step, for `return prk_has_none(...)`.
bool prk_has_none(prk_writer *writer, const prk_step *step, const char *why);
/// Whether the step at a place is written: what the proof needs, once for each number, and not for
/// numbers below 2^64.
bool prk_is_written(const prk_writer *writer, size_t place);
/// The step that proves n; NULL: none does, or none is needed.
const prk_step *prk_step_of(const prk_writer *writer, mpz_srcptr n);

/// t = n + 1 - m.
void prk_set_trace(mpz_ptr t, const prk_step *step);

/// How Primo gives a curve and a point: by J or A and B, and T. Any point has such a form: A = a, B
/// = b, T = x, so that L = y^2 and the curve is the one that y scales. W is the trace.
typedef struct prk_primo_curve {
    bool has_j;
    mpz_t j, a, b, t, w;
} prk_primo_curve;

/// prk_primo_curve_clear() takes what it leaves, even when it is false: a problem.
bool prk_primo_curve_init(prk_primo_curve *curve, prk_writer *writer, const prk_step *step);
void prk_primo_curve_clear(prk_primo_curve *curve);

#pragma GCC visibility pop

#endif
