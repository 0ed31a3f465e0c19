// SPDX-License-Identifier: Apache-2.0
//
// Whether a long chain is still right. Alarms find errors of rounding; a processor or a memory that
// errs is found here, and the chain goes on from where it was right last.
//
// Powers: with residues u_0, u_1, … at the ends of blocks of L squares, u_i+1 = u_i^(2^L) a^e_i, so
// that u_0 (u_0 … u_m-1)^(2^L) a^(e_0 + … + e_m-1) = u_0 u_1 … u_m. A product a block and L squares
// a check see an error anywhere, since the two sides come from different computations [Gerb17],
// [LiGa22].
//
// Lucas sequences, of which V_m = x and V_(m + 1) = y are known: y^2 - P x y + x^2 + P^2 - 4 = 0. A
// step of the ladder multiplies the left side by x^2 or y^2, so that it never becomes 0 again.
// Where x alone is left, x^2 - 4 is D times a square: (D (x^2 - 4)|n) is not -1, which a square
// less 2 keeps. That sees half of all errors.

#ifndef PRK_CHECK_H
#define PRK_CHECK_H

#include "../modular/modulus.h"

#pragma GCC visibility push(hidden)

/// What a check looks at of a chain.
typedef struct prk_checked {
    const prk_modulus *m;
    mpz_srcptr exponent, first; // the base, or P
    bool is_lucas;
    uint32_t times;    // a square may be times the base; 0: it may not
    mp_bitcnt_t left;  // squares to come
    mp_bitcnt_t zeros; // of a Lucas chain, so many of the last ones have no y
    size_t residue_bytes;
    prk_residue *x, *y; // y of a power is room
} prk_checked;

/// Of a chain that is checked. A stretch is what lies between two checks.
typedef struct prk_check {
    bool is_on;                            // the chain is long enough
    bool is_open;                          // a stretch has begun, and is not checked yet
    mp_bitcnt_t start;                     // squares that were left at the stretch's beginning
    mp_bitcnt_t block, blocks, multiplied; // and how many blocks' ends are in `product`
    prk_residue *x, *y;                    // at the beginning; y of a Lucas chain
    prk_residue *product, *room;           // of a power
    unsigned failed;                       // checks in a row
} prk_check;

/// Chains of fewer squares are not checked. A test may lower it; nothing else writes it.
extern mp_bitcnt_t prk_check_least;

/// How many residues it keeps.
size_t prk_check_residues(const prk_check *k, bool is_lucas);
/// Lays them out.
void prk_check_lay(prk_check *k, bool is_lucas, size_t residue_bytes, unsigned char *memory);

/// Begins a stretch where the chain is.
void prk_check_open(prk_check *k, const prk_checked *c);

/// How many squares are left at the end of the block that the chain is in: at most as many as now.
mp_bitcnt_t prk_check_stop(const prk_check *k);

/// What is to be done at the end of a block. At the end of a stretch that is closed, and `*failed`
/// says whether something was wrong: then the chain is to go back to `start` and what was there.
/// PRK_STATUS_CANCELLED leaves all as it is.
prk_status prk_check_block(prk_check *k, const prk_checked *c, const uint32_t *cancel,
                           bool *failed);

#pragma GCC visibility pop

#endif
