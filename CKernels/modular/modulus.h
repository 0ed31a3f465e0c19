// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo one large number, as a table that each way to do it fills. What is written over
// the table (CKernels/long) exists once, whatever the arithmetic.

#ifndef PRK_MODULUS_H
#define PRK_MODULUS_H

#include "../numbers/scratch.h"
#include "form.h"

#pragma GCC visibility push(hidden)

typedef struct prk_arithmetic prk_arithmetic;

/// A modulus in use. Its memory is its user's.
typedef struct prk_modulus {
    const prk_arithmetic *arithmetic;
    mpz_srcptr n;
    prk_scratch *scratch; // of which an operation takes numbers for its time
    void *own;            // what the arithmetic keeps: own_bytes()
} prk_modulus;

/// A residue in the arithmetic's form: residue_bytes(), which may be copied.
typedef struct prk_residue prk_residue;

enum { PRK_NOT_SMALL = 3 };

/// What small() says of x, 0 <= x < n.
static inline int prk_small_value(mpz_srcptr x, mpz_srcptr n, mpz_ptr room) {
    if (mpz_cmp_ui(x, 1) <= 0) {
        return (int)mpz_get_ui(x);
    }
    mpz_sub(room, n, x);
    if (mpz_cmp_ui(room, 2) <= 0) {
        return -(int)mpz_get_ui(room);
    }
    return mpz_cmp_ui(x, 2) == 0 ? 2 : PRK_NOT_SMALL;
}

/// How to compute modulo n. Operands and results may be the same residue where nothing else is
/// said. No operation takes memory, but for numbers of the scratch.
struct prk_arithmetic {
    const char *name;
    /// Memory that a modulus takes, and each of its residues. `form` is NULL where no form is used.
    size_t (*own_bytes)(mpz_srcptr n, const prk_special_form *form);
    size_t (*residue_bytes)(mpz_srcptr n, const prk_special_form *form);
    /// Begins: all but `own`'s bytes is set.
    void (*set)(prk_modulus *m, const prk_special_form *form);
    /// r = x, 0 <= x < n.
    void (*to)(const prk_modulus *m, prk_residue *r, mpz_srcptr x);
    /// x = r, 0 <= x < n.
    void (*from)(const prk_modulus *m, mpz_ptr x, const prk_residue *r);
    /// less = what square() and ladder() subtract to subtract r, which to() has made.
    void (*subtrahend)(const prk_modulus *m, prk_residue *less, const prk_residue *r);
    /// x = x^2 times `times`, or with times 1 less what `less` stands for, unless it is NULL.
    /// `times` is 1 or 2, and with `takes_times` any number below 2^8.
    void (*square)(const prk_modulus *m, prk_residue *x, uint32_t times, const prk_residue *less);
    /// x = x y.
    void (*multiply)(const prk_modulus *m, prk_residue *x, const prk_residue *y);
    /// y = x y less `less_y`, x = x^2 less `less_x`: both at once, since one may hide the other's
    /// latency. x is not y.
    void (*ladder)(const prk_modulus *m, prk_residue *x, prk_residue *y, const prk_residue *less_x,
                   const prk_residue *less_y);
    /// x = x times, times >= 1; NULL where that costs a multiplication.
    void (*times)(const prk_modulus *m, prk_residue *x, uint32_t times);
    /// Which of -2, -1, 0, 1 and 2 x is modulo n, or PRK_NOT_SMALL.
    int (*small)(const prk_modulus *m, const prk_residue *x);
    /// Whether GMP's mpz_powm takes less than a chain of products, as it does with this
    /// arithmetic's own reduction and no call between.
    bool has_power;
    /// Of one whose rounding is watched, else NULL: how many products since set() were computed a
    /// second time, exactly. All products are right; more than none say that `longer` is to go on,
    /// unless it is NULL.
    uint32_t (*alarms)(const prk_modulus *m);
    bool is_watched;
    const prk_arithmetic *longer;
    bool takes_times;
};

/// Transforms in double precision, for an n that prk_fft_takes(): the fastest one, one with more
/// room for errors of rounding, and one with more than that, which has another length as a rule.
extern const prk_arithmetic prk_fft_fast, prk_fft_careful, prk_fft_shortest;

/// GMP's products with Montgomery's reduction [Mont85]; with division for n that is even, or so
/// long that division takes less.
extern const prk_arithmetic prk_redc;
/// prk_redc, or for an odd n of 2 to 8 limbs a table with products of its own, which take less time
/// at each of these sizes.
const prk_arithmetic *prk_scalar_arithmetic(mpz_srcptr n);
/// GMP's products modulo k 2^e ± 1, which `form` has to say.
extern const prk_arithmetic prk_special;
/// AVX-512 IFMA, the limbs of one number across the vectors; for an odd n that prk_lanes_take().
extern const prk_arithmetic prk_across;

/// From how many bits on lanes of transforms are faster than those of IFMA, and how many numbers of
/// so many bits it takes at least that they are faster than one number after the other, by
/// transforms or by whatever is fastest; SIZE_MAX: they never are.
size_t prk_fft_lanes_crossover(void);
size_t prk_fft_lanes_least(size_t bits, bool is_alone_by_transforms);

/// Whether a group of so many numbers, of so many 52-bit limbs at most, is tested sooner one by
/// one, by prk_exact_arithmetic(), than in lanes.
bool prk_each_is_faster(size_t count, size_t limbs);

// --- Which one (crossover.c) ---------------------------------------------------------------------
//
// `form` is NULL, or n's. An arithmetic that has no use for a form does without.

/// The arithmetic that takes least time for a test of n, which has about as many steps as n has
/// bits.
const prk_arithmetic *prk_arithmetic_for(mpz_srcptr n, const prk_special_form *form);
/// For a power, or a term of a Lucas sequence: transforms take a while to set up.
const prk_arithmetic *prk_arithmetic_for_power(mpz_srcptr n, const prk_special_form *form,
                                               mpz_srcptr exponent);
/// For a computation that another party has done with prk_arithmetic_for_power(): where that
/// rounds, another length.
const prk_arithmetic *prk_arithmetic_to_verify(mpz_srcptr n, const prk_special_form *form,
                                               mpz_srcptr exponent);

/// The fastest of those that compute with integers, and the fastest of GMP's alone.
const prk_arithmetic *prk_exact_arithmetic(mpz_srcptr n, const prk_special_form *form);
const prk_arithmetic *prk_gmp_arithmetic(mpz_srcptr n, const prk_special_form *form);

/// The one in which what `used` computed is computed once more: an exact one up to so many bits,
/// else one of another length. NULL: `used` is exact.
const prk_arithmetic *prk_other_arithmetic(const prk_arithmetic *used, mpz_srcptr n,
                                           const prk_special_form *form);
#define PRK_MOST_EXACT_AGAIN 65536

/// Whether transforms take n: odd, and of PRK_FFT_LEAST_BITS to PRK_FFT_MOST_BITS bits.
bool prk_fft_takes(mpz_srcptr n);
#define PRK_FFT_LEAST_BITS 2048
#define PRK_FFT_MOST_BITS ((size_t)1 << 30)

/// From how many bits on prk_arithmetic_for() takes transforms for any odd n, and at the earliest
/// for an n whose form has a ring.
size_t prk_fft_crossover(void);
size_t prk_fft_form_crossover(void);

/// For tests: x[i] = x[i] y[i] / R modulo n, below 2n, R = 2^(52 k) >= 16 n; the square where y is
/// NULL. x and y are below 4n.
prk_status prk_across_products(prk_scratch *scratch, mpz_srcptr n, mpz_t *x, mpz_t *y,
                               size_t count);

#pragma GCC visibility pop

#endif
