// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints: files from which the chains of a test go on, on any machine.
//
// All numbers are little-endian, and of 64 bits where nothing else is said.
//
//     "primality checkpoint 1\n" and a NUL
//     bits of n; SHA-256 of n's bytes, lowest first and without zeros above, in 64 hexadecimal
//     digits the form: kind, k, b, n, step, c, as in prk_form; zeros where none is known alarms,
//     checks passed, stretches repaired how many chains follow, and for each:
//         its place in the test, from 1; 0 for a power, 1 for a Lucas sequence
//         SHA-256 of its kind, base or P, and exponent, in 64 digits
//         squares left, bits of the exponent not in the power yet
//         of the stretch not checked: squares left at its beginning, a block's, blocks, multiplied
//         how many residues follow, and for each its length in bytes, and these
//     SHA-256 of all before, in 64 digits
//
// A residue is 0 <= x < n: the power, or V_m and V_(m+1); then where the stretch begins, and the
// product of the residues at the ends of its blocks, or V_m and V_(m+1) there.

#ifndef PRK_CHECKPOINT_H
#define PRK_CHECKPOINT_H

#include "../include/prk_long.h"
#include "chain.h"

#pragma GCC visibility push(hidden)

enum { PRK_CHECKPOINT_REASON = 320, PRK_CHECKPOINT_CHAINS = 4096 };

typedef struct prk_kept_chain {
    uint64_t place, is_lucas;
    char key[65];
    prk_chain_state state; // its numbers are those below
    mpz_t numbers[PRK_CHAIN_NUMBERS];
} prk_kept_chain;

typedef struct prk_checkpoint {
    mpz_srcptr n;
    char digest[65]; // of n
    prk_form form;
    prk_repairs repairs;
    prk_kept_chain *chains;
    size_t count, room;
} prk_checkpoint;

/// An empty one, of n.
void prk_checkpoint_begin(prk_checkpoint *c, mpz_srcptr n, const prk_form *form);
void prk_checkpoint_end(prk_checkpoint *c);

/// Room for a chain more; NULL: there is no memory.
prk_kept_chain *prk_checkpoint_add(prk_checkpoint *c);
/// Forgets the chains from this one on.
void prk_checkpoint_cut(prk_checkpoint *c, size_t count);

/// SHA-256 of n, as the file has it.
void prk_checkpoint_digest(mpz_srcptr n, char digest[65]);

/// Writes the file `path` of a folder, which is made if it is missing, whole or not at all: it
/// grows at `part`, is flushed to the disk, then renamed; what was there is at `older` then. 0, or
/// an errno: EBUSY when another process writes there.
int prk_checkpoint_write(const prk_checkpoint *c, const char *folder, const char *path,
                         const char *older, const char *part);

/// Reads a file into an empty one. 0; ENOENT; or why not, with `reason`. Takes no more memory than
/// n's size makes reasonable, whatever the file says.
int prk_checkpoint_read(prk_checkpoint *c, const char *path, char reason[PRK_CHECKPOINT_REASON]);

#pragma GCC visibility pop

#endif
