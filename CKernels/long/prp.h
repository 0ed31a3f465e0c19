// SPDX-License-Identifier: Apache-2.0
//
// What the prover and the verifier of PRP proofs share: the number, products modulo it, and the
// hash. Which products are wanted, and in which order, each of them knows by itself.

#ifndef PRK_PRP_H
#define PRK_PRP_H

#include "../include/prk_proof.h"
#include "../modular/modulus.h"
#include "../system/sha3.h"

#pragma GCC visibility push(hidden)

/// PRK_STATUS_INVALID_ARGUMENT for what is no such number, PRK_STATUS_TOO_LARGE for one that is not
/// taken. `*bits`: N's size.
prk_status prk_prp_check(const prk_prp_number *number, uint64_t *bits);

/// Whether options are ones that are known here, or NULL.
bool prk_prp_options_hold(const prk_prp_options *options);

/// n = k 2^n + c, of a number that prk_prp_check() accepts; prk_scratch_reserve was called.
void prk_prp_modulus(mpz_ptr n, const prk_prp_number *number);

/// Products modulo one n, by an arithmetic that is set up once. It keeps the scratch's memory of a
/// test, so that no chain may run meanwhile.
typedef struct prk_products {
    prk_modulus m;
    const prk_special_form *form;
    prk_residue *x, *y;
} prk_products;

/// n and `form`, which may be NULL, outlive it. An arithmetic that rounds has more room for errors
/// than that of a test: numbers here may be as far from random as 3.
prk_status prk_products_begin(prk_products *p, prk_scratch *scratch, mpz_srcptr n,
                              const prk_special_form *form);
/// r = base^exponent times `times`, or without it where it is NULL. The others are below n and
/// may be r. PRK_STATUS_CANCELLED and _NO_MEMORY leave r as it was.
prk_status prk_products_power(prk_products *p, mpz_ptr r, mpz_srcptr base, uint64_t exponent,
                              mpz_srcptr times, const uint32_t *cancel);
/// r = r^(2^count).
prk_status prk_products_squares(prk_products *p, mpz_ptr r, uint64_t count, const uint32_t *cancel);

/// hash = SHA3-256 of the hash before, unless `is_first`, and of a residue as the file has it; the
/// first 64 bits of it, little-endian.
uint64_t prk_prp_hash(uint8_t hash[PRK_SHA3_BYTES], bool is_first, const void *residue,
                      size_t count);

/// A residue as the file has it: `count` bytes, little-endian.
void prk_prp_to_bytes(void *bytes, size_t count, mpz_srcptr residue);
void prk_prp_from_bytes(mpz_ptr residue, const void *bytes, size_t count);

#pragma GCC visibility pop

#endif
