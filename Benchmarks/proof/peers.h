// SPDX-License-Identifier: Apache-2.0
//
// Other programs' proofs and PARI's verifier. Each is a file of its own: their headers do not go
// together, and a call across files cannot be optimised away.

#ifndef PRK_BENCHMARKS_PROOF_PEERS_H
#define PRK_BENCHMARKS_PROOF_PEERS_H

#include <stdbool.h>

// A way to prove that a number is prime.
typedef struct peer {
    const char *name;
    const char *call;
    // NULL: the program is not here. Called first, and once or more.
    const char *(*version)(void);
    // Takes the number that prove() is about.
    void (*load)(const char *decimal);
    // Whether it is prime, by a proof.
    bool (*prove)(void);
    // The CPU time of the last prove(), in ns; NULL: the calling thread has spent it.
    double (*spent)(void);
    // The certificate that the last prove() made, in a form that ours reads; NULL: it makes none.
    const char *(*certificate)(void);
} peer;

extern const peer pari_certificate_peer, pari_peer, flint_peer, mpu_peer, python_flint_peer;

// primecertisvalid of PARI's own certificates.
void pari_load_certificate(int place, const char *text);
bool pari_verify_certificate(int place);

enum { MOST_CERTIFICATES = 8 };

#endif
