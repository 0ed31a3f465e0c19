// SPDX-License-Identifier: Apache-2.0
//
// A second look at what passed a test in an arithmetic that rounds.
//
// Alarms find errors of rounding. What they do not find, such as a length whose errors are larger
// than was measured, or a processor that computes wrong, makes a prime look composite as a rule.
// The other way round the last residue would have to be the right one by chance. A prime that is
// announced is worth the time all the same: most numbers are none.

#include "long.h"

prk_status prk_confirm(prk_scratch *s, const prk_arithmetic *used, mpz_srcptr n,
                       const prk_special_form *form, prk_repeatable_test test, void *context,
                       bool *passed) {
    *passed = true;
    const prk_arithmetic *other = prk_other_arithmetic(used, n, form);
    if (other == NULL) {
        return PRK_STATUS_OK;
    }
    const prk_status status = test(context, s, other, passed);
    if (status != PRK_STATUS_OK || *passed || !other->is_watched) {
        return status;
    }
    return test(context, s, prk_exact_arithmetic(n, form), passed);
}
