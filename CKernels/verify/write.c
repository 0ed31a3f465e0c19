// SPDX-License-Identifier: Apache-2.0
//
// Writes a certificate in any form that has its steps. The whole text is made before any of it is
// given away, so that a step of which a form has none leaves nothing behind.

#include <stdlib.h>

#include "writer.h"

static bool write_form(prk_writer *w, prk_certificate_format format) {
    switch (format) {
    case PRK_CERTIFICATE_JSON:
        return prk_write_json(w);
    case PRK_CERTIFICATE_MPU:
        return prk_write_mpu(w);
    case PRK_CERTIFICATE_PRIMO4:
        return prk_write_primo(w);
    default:
        return prk_write_pari(w);
    }
}

prk_status prk_certificate_write(const prk_certificate *certificate, prk_certificate_format format,
                                 prk_text_sink sink, void *context,
                                 prk_certificate_problem *problem) {
    if (certificate == NULL || sink == NULL || problem == NULL ||
        (format != PRK_CERTIFICATE_JSON && format != PRK_CERTIFICATE_MPU &&
         format != PRK_CERTIFICATE_PRIMO4 && format != PRK_CERTIFICATE_PARI)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    *problem = certificate->broken;
    if (problem->verdict != PRK_CERTIFICATE_VALID) {
        return PRK_STATUS_OK; // of its last steps nothing is known
    }
    prk_writer w = {.certificate = certificate, .problem = problem};
    if (!prk_ties_find(certificate, &w.ties)) {
        return PRK_STATUS_NO_MEMORY;
    }
    const bool is_made = write_form(&w, format);
    prk_status status = w.text.is_lost ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    if (status == PRK_STATUS_OK && is_made && !sink(context, w.text.start, w.text.size)) {
        status = PRK_STATUS_CANCELLED;
    }
    prk_ties_free(&w.ties);
    free(w.text.start);
    return status;
}
