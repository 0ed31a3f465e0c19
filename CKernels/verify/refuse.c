// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a certificate, in words.

#include <stdarg.h>
#include <stdio.h>

#include "certificate.h"

// Weak: where readers of certificates are built, they say it with the text's bytes made printable.
__attribute__((weak)) bool prk_refuse(prk_certificate_problem *problem,
                                      prk_certificate_verdict verdict, uint64_t step, uint64_t line,
                                      const char *format, ...) {
    problem->verdict = verdict;
    problem->step = step;
    problem->line = line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->reason, sizeof problem->reason, format, arguments);
    va_end(arguments);
    return false;
}
