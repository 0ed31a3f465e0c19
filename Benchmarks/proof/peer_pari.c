// SPDX-License-Identifier: Apache-2.0

#include <pari/pari.h>
#include <string.h>

#include "peers.h"

static GEN n, certificates[MOST_CERTIFICATES];
static char *text;

static void begin(void) {
    static bool is_begun;
    if (!is_begun) {
        // No signal handlers, and GMP keeps its own memory functions: it is measured beside.
        pari_init_opts((size_t)64 << 20, 1 << 20, INIT_DFTm | INIT_noINTGMPm);
        sd_nbthreads("1", d_SILENT); // no others, whose time would not be seen
        paristack_setsize((size_t)64 << 20, (size_t)2 << 30);
        is_begun = true;
    }
}

static const char *version(void) {
    const char *number = strstr(paricfg_version, "Version ");
    begin();
    return number == NULL ? paricfg_version : number + strlen("Version ");
}

// In the place of what was kept before.
static void keep(GEN *place, const char *expression) {
    const pari_sp before = avma;
    if (*place != NULL) {
        gunclone(*place);
    }
    *place = gclone(gp_read_str(expression));
    set_avma(before);
}

static void load(const char *decimal) { keep(&n, decimal); }

static bool prove(void) {
    const pari_sp before = avma;
    const bool is_prime = isprime(n) != 0;
    set_avma(before);
    return is_prime;
}

static bool prove_with_certificate(void) {
    const pari_sp before = avma;
    const GEN certificate = primecert(n, 0);
    const bool is_prime = !isintzero(certificate);
    pari_free(text);
    text = is_prime ? GENtostr(certificate) : NULL;
    set_avma(before);
    return is_prime;
}

static const char *last_certificate(void) { return text; }

void pari_load_certificate(int place, const char *written) { keep(&certificates[place], written); }

bool pari_verify_certificate(int place) {
    const pari_sp before = avma;
    const bool is_valid = primecertisvalid(certificates[place]) != 0;
    set_avma(before);
    return is_valid;
}

const peer pari_certificate_peer = {
    .name = "PARI primecert",
    .call = "primecert(n), elliptic curves",
    .version = version,
    .load = load,
    .prove = prove_with_certificate,
    .certificate = last_certificate,
};

const peer pari_peer = {
    .name = "PARI isprime",
    .call = "isprime(n), APRCL mostly: proves, makes no certificate",
    .version = version,
    .load = load,
    .prove = prove,
};
