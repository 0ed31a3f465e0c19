// SPDX-License-Identifier: Apache-2.0
//
// primality.h: primality tests for one number and for batches.
//
// Below 2^64 every answer is exact. Above, `PRK_COMPOSITE` and `PRK_PRIME` are certain, the latter
// for numbers k 2^e + 1 and k 2^e - 1 with k < 2^e, and `PRK_PROBABLE_PRIME` means that the number
// passed Baillie-PSW [BaWa80] and the strong tests to random bases that were asked for. Citation
// keys are resolved in docs/REFERENCES.md.
//
// Every function may be called from any thread. None prints, aborts or sets errno (GMP itself
// aborts when malloc fails inside it; the memory a number needs is probed for before it is tested,
// and PRK_STATUS_NO_MEMORY returned). A prk_scratch belongs to one thread at a time.
//
// Numbers of any size are arrays of 64-bit limbs, least significant limb first. "Any" ends at
// PRK_MOST_BITS, for every function alike: PRK_STATUS_TOO_LARGE.

#ifndef PRIMALITY_H
#define PRIMALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prk_annotations.h"

#define PRK_VERSION_MAJOR 0
#define PRK_VERSION_MINOR 2
#define PRK_VERSION_PATCH 0
#define PRK_VERSION_STRING "0.2.0"

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a call.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelStatus") prk_status{
    PRK_STATUS_OK PRK_SWIFT_NAME("ok") = 0,
    /// A pointer is NULL, an offset decreases, or a number is outside the function's domain.
    PRK_STATUS_INVALID_ARGUMENT PRK_SWIFT_NAME("invalidArgument") = 1,
    PRK_STATUS_NO_MEMORY PRK_SWIFT_NAME("noMemory") = 2,
    /// PRIMALITY_LEVEL names a level that this machine lacks.
    PRK_STATUS_LEVEL_UNAVAILABLE PRK_SWIFT_NAME("levelUnavailable") = 3,
    /// PRIMALITY_LEVEL is no level's name. Only prk_level_status() says so; batches return
    /// PRK_STATUS_LEVEL_UNAVAILABLE for both.
    PRK_STATUS_LEVEL_UNKNOWN PRK_SWIFT_NAME("levelUnknown") = 4,
    /// The flag in prk_options was raised. Verdicts not reached are PRK_UNTESTED.
    PRK_STATUS_CANCELLED PRK_SWIFT_NAME("cancelled") = 5,
    /// A number has more than PRK_MOST_BITS bits. Nothing is written.
    PRK_STATUS_TOO_LARGE PRK_SWIFT_NAME("tooLarge") = 6,
    /// Checks of a long computation failed again and again: this machine errs. Nothing is decided.
    PRK_STATUS_UNRELIABLE PRK_SWIFT_NAME("unreliable") = 7,
} prk_status;

/// The size of the largest number that any function takes: 2^33 bits, a number of 1 GiB. Leading
/// zero limbs count. GMP ends the process at 2^37 bits, and a test computes products of twice a
/// number's size and more.
#define PRK_MOST_BITS 8589934592

/// What a test showed. Stored in one byte.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelVerdict") prk_verdict{
    /// 0 and 1.
    PRK_NEITHER PRK_SWIFT_NAME("neither") = 0,
    PRK_COMPOSITE PRK_SWIFT_NAME("composite") = 1,
    PRK_PROBABLE_PRIME PRK_SWIFT_NAME("probablePrime") = 2,
    PRK_PRIME PRK_SWIFT_NAME("prime") = 3,
    /// Not a verdict: left behind for numbers that a cancelled batch did not reach.
    PRK_UNTESTED PRK_SWIFT_NAME("untested") = 255,
} prk_verdict;

/// Instruction sets, in increasing order.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelSet") prk_level{
    PRK_LEVEL_PORTABLE PRK_SWIFT_NAME("portable") = 0,
    PRK_LEVEL_BMI2 PRK_SWIFT_NAME("bmi2") = 1,
    PRK_LEVEL_AVX2 PRK_SWIFT_NAME("avx2") = 2,
    PRK_LEVEL_AVX512_IFMA PRK_SWIFT_NAME("avx512ifma") = 3,
} prk_level;
#define PRK_LEVEL_COUNT 4

/// A way to test.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelEngine") prk_engine{
    /// PRK_ENGINE_U64 below 2^64; above whichever of the other three takes least time.
    PRK_ENGINE_AUTO PRK_SWIFT_NAME("auto") = 0,
    /// Complete trial division; below 2^64.
    PRK_ENGINE_TRIAL PRK_SWIFT_NAME("trial") = 1,
    /// Small primes; below 2^32 one strong test to a base that n chooses; from there to 2^64 strong
    /// base-2 test, almost extra strong Lucas test.
    PRK_ENGINE_U64 PRK_SWIFT_NAME("u64") = 2,
    /// Small primes; above 2^64 a proof when the form k 2^e + 1 or k 2^e - 1 has one; strong base-2
    /// test, extra strong Lucas test, random bases; any size.
    PRK_ENGINE_GMP PRK_SWIFT_NAME("gmp") = 3,
    /// The same tests, for eight numbers of 65 to 8192 bits at once, on level avx512ifma. Other
    /// sizes and other levels go to PRK_ENGINE_GMP, special forms where PRK_ENGINE_AUTO sends them.
    /// A number that has no others of about its size beside it costs about what it costs there.
    PRK_ENGINE_IFMA PRK_SWIFT_NAME("ifma") = 4,
    /// The same tests by transforms in double precision, for numbers of 2048 bits and more, other
    /// sizes by PRK_ENGINE_GMP. Of a number that is k b^n ± 1 with a small k, as its bits or its
    /// prk_form say, they take a third of the time. Rounding is watched; a probable prime is tested
    /// once more by integers up to 65,536 bits, by another length above, and so is a proof.
    PRK_ENGINE_FFT PRK_SWIFT_NAME("fft") = 5,
} prk_engine;

/// What decided.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelMethod") prk_method{
    /// 0 and 1 are neither by definition.
    PRK_METHOD_DEFINITION PRK_SWIFT_NAME("definition") = 0,
    /// A prime factor was found, or all primes up to the square root were tried.
    PRK_METHOD_TRIAL_DIVISION PRK_SWIFT_NAME("trialDivision") = 1,
    /// Composite: failed the strong test to base 2.
    PRK_METHOD_STRONG_BASE2 PRK_SWIFT_NAME("strongBase2") = 2,
    /// Composite: the square of an integer.
    PRK_METHOD_SQUARE PRK_SWIFT_NAME("square") = 3,
    /// Composite: failed the extra strong Lucas test [Grant01].
    PRK_METHOD_EXTRA_STRONG_LUCAS PRK_SWIFT_NAME("extraStrongLucas") = 4,
    /// Composite: failed the almost extra strong Lucas test.
    PRK_METHOD_ALMOST_EXTRA_STRONG_LUCAS PRK_SWIFT_NAME("almostExtraStrongLucas") = 5,
    /// Composite: failed a strong test to a random base.
    PRK_METHOD_STRONG_RANDOM_BASE PRK_SWIFT_NAME("strongRandomBase") = 6,
    /// Passed the strong test to base 2 and a Lucas test. A proof below 2^64 [FeGa13].
    PRK_METHOD_BAILLIE_PSW PRK_SWIFT_NAME("bailliePSW") = 7,
    /// 2^e - 1: prime or composite by the test of Lucas and Lehmer [Lehm30]; composite without it,
    /// and without Lucas parameters, when e is.
    PRK_METHOD_LUCAS_LEHMER PRK_SWIFT_NAME("lucasLehmer") = 8,
    /// 2^e + 1: prime or composite by Pepin's test [Pepi77]; composite without it, and without a
    /// base, when e is no power of two.
    PRK_METHOD_PEPIN PRK_SWIFT_NAME("pepin") = 9,
    /// k 2^e + 1, 1 < k < 2^e, k odd: prime or composite by Proth's test [Prot78].
    PRK_METHOD_PROTH PRK_SWIFT_NAME("proth") = 10,
    /// k 2^e - 1, 1 < k < 2^e, k odd: prime or composite by the test of Lucas, Lehmer and Riesel
    /// [Ries69]; composite without Lucas parameters when the search for them met a factor.
    PRK_METHOD_LUCAS_LEHMER_RIESEL PRK_SWIFT_NAME("lucasLehmerRiesel") = 11,
    /// Below 2^32: prime or composite by the strong test to the base that a hash of n picks
    /// [FoJa15].
    PRK_METHOD_STRONG_HASHED_BASE PRK_SWIFT_NAME("strongHashedBase") = 12,
    // From here on: prime, by a certificate whose first step is of this kind; docs/PROOFS.md has
    // the conditions.
    /// Pocklington: a part F > sqrt(n) of n - 1.
    PRK_METHOD_POCKLINGTON PRK_SWIFT_NAME("pocklington") = 13,
    /// Morrison: a part F > sqrt(n) + 1 of n + 1.
    PRK_METHOD_MORRISON PRK_SWIFT_NAME("morrison") = 14,
    /// [BLS75] theorem 5: a part of n - 1 above about (n/2)^(1/3).
    PRK_METHOD_BLS5 PRK_SWIFT_NAME("bls5") = 15,
    /// [BLS75] theorem 7: the same, with a bound on the primes of the rest.
    PRK_METHOD_BLS7 PRK_SWIFT_NAME("bls7") = 16,
    /// Konyagin and Pomerance: a part F >= n^(3/10) of n - 1.
    PRK_METHOD_KONYAGIN PRK_SWIFT_NAME("konyagin") = 17,
    /// Parts of n - 1 and of n + 1.
    PRK_METHOD_COMBINED PRK_SWIFT_NAME("combined") = 18,
    /// [BLS75] theorem 3: one large prime of n - 1.
    PRK_METHOD_BLS3 PRK_SWIFT_NAME("bls3") = 19,
    /// [BLS75] theorem 15: one large prime of n + 1.
    PRK_METHOD_BLS15 PRK_SWIFT_NAME("bls15") = 20,
    /// A point on an elliptic curve with complex multiplication [AtMo93].
    PRK_METHOD_ECPP PRK_SWIFT_NAME("ecpp") = 21,
} prk_method;

/// Which optional fields of a prk_report hold something.
enum {
    PRK_REPORT_HAS_FACTOR = 1,
    PRK_REPORT_HAS_LUCAS = 2,
    PRK_REPORT_HAS_RESIDUE = 4,
    /// `round` counts from 1; the base is prk_random_base(n, seed, round).
    PRK_REPORT_HAS_ROUND = 8,
    PRK_REPORT_HAS_BASE = 16,
    /// Of `alarms`, `checks` and `repaired` one at least is not 0.
    PRK_REPORT_HAS_CHECKS = 32,
};

/// How a number passed the extra strong Lucas test, with n + 1 = d 2^s, d odd.
enum {
    /// It did not, or there was none.
    PRK_LUCAS_NONE = 0,
    /// U_d = 0 and V_d = 2 or -2 modulo n.
    PRK_LUCAS_U_IS_ZERO = 1,
    /// PRK_LUCAS_V_IS_ZERO + r: V_(d 2^r) = 0 modulo n, 0 <= r < s - 1.
    PRK_LUCAS_V_IS_ZERO = 2,
};

/// A verdict and its evidence. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelReport") prk_report {
    /// How many bytes of it were written: `report_size` of the options.
    uint32_t size;
    /// The random base that showed a composite, or how many a probable prime passed.
    uint32_t round;
    /// The smallest prime factor, when dividing found one.
    uint64_t factor;
    /// RES64: the low 64 bits of 3^(n-1) mod n.
    uint64_t residue;
    /// CPU time of the thread that tested, in nanoseconds; 0 when it was not measured. Numbers
    /// that were tested together have equal shares of it: below 2^64 up to 256 of a batch, and
    /// those of one vector.
    uint64_t cpu_ns;
    /// Lucas parameters P and Q (discriminant P^2 - 4Q).
    int64_t lucas_p;
    int64_t lucas_q;
    /// The base of Pepin's or Proth's test: a prime n, and no composite, has base^((n-1)/2) = -1
    /// modulo n. Below 2^32 the base of the strong test, which a prime passes and a composite
    /// fails.
    uint64_t base;
    /// A prk_verdict.
    uint8_t verdict;
    /// A prk_method.
    uint8_t method;
    /// Of PRK_REPORT_HAS_….
    uint8_t fields;
    /// The engine that ran: PRK_ENGINE_AUTO never stands here.
    uint8_t engine;
    /// Of PRK_LUCAS_….
    uint32_t lucas_condition;
    /// Of a test by itself: products of which rounding was too coarse, which were computed again by
    /// integers.
    uint32_t alarms;
    /// Checks of long powers and Lucas sequences [Gerb17] that were passed, and stretches of them
    /// that were done again after a check that was not.
    uint32_t checks;
    uint32_t repaired;
    /// 0.
    uint32_t reserved;
} prk_report;

/// What kind of form a candidate is written in.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelFormKind") prk_form_kind{
    /// No form is known. All other fields are 0.
    PRK_FORM_NONE PRK_SWIFT_NAME("none") = 0,
    /// k b^n + c, with k >= 1 and b >= 2.
    PRK_FORM_POWER PRK_SWIFT_NAME("power") = 1,
    /// n (n - step) (n - 2 step) ... + c, down to the last positive factor, with step >= 1: n! + c
    /// for step 1. The product is 1 for n = 0.
    PRK_FORM_FACTORIAL PRK_SWIFT_NAME("factorial") = 2,
    /// n# + c: the product of the primes up to n, which is 1 below 2.
    PRK_FORM_PRIMORIAL PRK_SWIFT_NAME("primorial") = 3,
} prk_form_kind;

/// The form that a candidate is written in, as its giver says: a hint that a proof or an arithmetic
/// may go by when prk_form_matches has borne it out. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelForm") prk_form {
    /// A prk_form_kind.
    uint32_t kind;
    /// 0.
    uint32_t reserved;
    /// Of PRK_FORM_POWER, else 0. They stay as they are written: 4^5 has b = 4.
    uint64_t k, b;
    uint64_t n;
    /// Of PRK_FORM_FACTORIAL, else 0.
    uint64_t step;
    /// What is added: above -2^63.
    int64_t c;
} prk_form;

/// Good `rounds` for numbers that somebody may have made to pass Baillie-PSW, with a seed that
/// nobody knows beforehand, such as one from getrandom(2).
#define PRK_DEFAULT_ROUNDS 2

/// How to test. All zero is Baillie-PSW alone, no residue, not to be cancelled: enough for numbers
/// that nobody chose, and for others `rounds` and `seed` are to be set. Later versions add fields
/// at the end.
typedef struct PRK_SWIFT_NAME("KernelOptions") prk_options {
    /// sizeof(prk_options) as the caller knows it, or 0: that of this header. Fields that the
    /// library does not know have to be 0: PRK_STATUS_INVALID_ARGUMENT.
    uint32_t size;
    /// sizeof(prk_report) as the caller knows it, or 0: that of this header. So many bytes of each
    /// are written, and the next one is that far on.
    uint32_t report_size;
    /// Chooses the random bases. Base r of n depends on (seed, n, r) only.
    uint64_t seed;
    /// NULL, or a flag that another thread or process sets to non-zero to end the call. It is
    /// polled between numbers and, inside long tests, at least every 20 ms up to about 300,000
    /// bits; above, once per squaring.
    const uint32_t *cancel;
    /// Strong tests to random bases after Baillie-PSW, above 2^64 only (below it is exact). A
    /// composite passes r of them with probability at most 4^-r over the seed [Rabi80].
    uint32_t rounds;
    /// Compute RES64 for every n >= 1.
    bool want_residue;
    /// 0.
    uint8_t reserved[3];
    /// NULL, or the form of each number of the batch; PRK_FORM_NONE where none is known. Forms that
    /// are none of prk_form_kind, or whose fields are out of range: PRK_STATUS_INVALID_ARGUMENT,
    /// and nothing is written. They change no verdict. A number of thousands of bits that is k b^n
    /// ± 1 takes less time with its form.
    const prk_form *forms;
    /// sizeof(prk_form) as the caller knows it, or 0: that of this header. The next form is that
    /// far on. Fields that the library does not know have to be 0.
    uint32_t form_size;
    /// 0.
    uint32_t reserved_too;
    /// NULL, or who keeps tests of large numbers and tells where they are: prk_long.h.
    struct prk_long *long_tests;
} prk_options;

/// Memory that tests of large numbers reuse. For one thread at a time.
typedef struct prk_scratch prk_scratch;

// --- One number below 2^64 -----------------------------------------------------------------------

/// Whether n is prime; exact. What small primes miss costs one strong test below 2^32 and about 1.4
/// above, prime or not: there a strong test and a Lucas test hide each other's latency. When the
/// forced level is unavailable the portable kernel answers.
PRK_API bool prk_is_prime_u64(uint64_t n);

/// The smallest prime factor of n by complete trial division; `*factor` is n when n is prime.
/// n < 2 or NULL: PRK_STATUS_INVALID_ARGUMENT. At most 4/15 of sqrt(n) divisions.
PRK_API prk_status prk_smallest_factor_u64(uint64_t n, uint64_t *factor);

/// The least divisor above 1 of n in [from, to] that is 2, 3, 5 or coprime to 30, and whose square
/// does not exceed n; 0 when there is none. Ranges may be handed to different workers: the least of
/// their non-zero answers is the smallest prime factor. n < 2 or NULL: PRK_STATUS_INVALID_ARGUMENT.
PRK_API prk_status prk_trial_range_u64(uint64_t n, uint64_t from, uint64_t to, uint64_t *divisor);

// --- Batches -------------------------------------------------------------------------------------

/// Exact verdicts of `count` numbers: PRK_NEITHER, PRK_COMPOSITE or PRK_PRIME. Numbers of like size
/// together are tested fastest; from about a hundred on a number costs what it will in a longer
/// batch.
PRK_API prk_status prk_test_u64_batch(const uint64_t *PRK_COUNTED_BY(count) PRK_NOESCAPE n,
                                      uint8_t *PRK_COUNTED_BY(count) PRK_NOESCAPE verdicts,
                                      size_t count);

/// Baillie-PSW verdicts of `count` numbers of any size, exact below 2^64. Number i is
/// limbs[offsets[i] ..< offsets[i + 1]]; `offsets` has count + 1 entries. Leading zero limbs are
/// allowed and an empty number is 0. Decreasing offsets: PRK_STATUS_INVALID_ARGUMENT, and nothing
/// is written; nor is it when one number is too large. `limbs` may be NULL when every number is
/// empty.
PRK_API prk_status prk_test_big_batch(const uint64_t *limbs, const uint64_t *offsets,
                                      uint8_t *verdicts, size_t count);

/// The general form: any engine, options, reusable scratch (NULL: one is made for the call) and,
/// when `reports` is not NULL, the evidence and CPU time of each number.
///
/// A number of more than 64 bits given to PRK_ENGINE_TRIAL or PRK_ENGINE_U64 is
/// PRK_STATUS_INVALID_ARGUMENT, and nothing is written. `options` may be NULL: all zero. So is what
/// says of itself that it is smaller than options or reports were in version 0.2.
PRK_API prk_status prk_test_batch(prk_engine engine, const uint64_t *limbs, const uint64_t *offsets,
                                  size_t count, const prk_options *options, prk_scratch *scratch,
                                  uint8_t *verdicts, prk_report *reports);

/// NULL when there is no memory.
PRK_API prk_scratch *prk_scratch_create(void);
/// Accepts NULL.
PRK_API void prk_scratch_destroy(prk_scratch *scratch);

/// Writes base `round` (from 1) that `seed` gives for n into `base`, which has room for
/// `limb_count` limbs: uniform in [2, n - 2]. n < 5 or NULL: PRK_STATUS_INVALID_ARGUMENT.
PRK_API prk_status prk_random_base(const uint64_t *limbs, size_t limb_count, uint64_t seed,
                                   uint32_t round, uint64_t *base);

/// Whether a form gives the number; false for PRK_FORM_NONE. Exact.
///
/// A form that cannot have the number's size is refused before anything is computed, so hostile
/// values cost nothing. Else it takes some multiplications of the number's size, and memory for
/// some such numbers: PRK_STATUS_NO_MEMORY. NULL, a kind that is none, or fields out of range:
/// PRK_STATUS_INVALID_ARGUMENT. `limbs` may be NULL when there are none.
PRK_API prk_status prk_form_matches(const prk_form *form, const uint64_t *limbs, size_t limb_count,
                                    bool *matches);

// --- Windows -------------------------------------------------------------------------------------

/// Sieves `count` consecutive odd numbers by small primes: candidate i is (start | 1) + 2 i, and
/// its mark is bit i % 64 of survivors[i / 64]. Every prime is marked, small ones too; 1 is not,
/// and neither is any multiple of a prime up to a depth other than that prime. Marks beyond the
/// last candidate are 0. What is marked is to be tested; 2 is the caller's to think of.
///
/// `start` is any number, 0 too; leading zero limbs are allowed, and NULL when there are no limbs.
/// `survivors` has (count + 63) / 64 places. NULL for it with count > 0, or for `start` with limbs:
/// PRK_STATUS_INVALID_ARGUMENT, and nothing is written.
///
/// The depth is where dividing by one more prime costs more than the tests it saves: it grows with
/// the numbers' size and with count, from 53 to 2^16. One division of the start by a 64-bit number
/// for about four primes, then at most 2.2 marks a candidate; below 2^64 that is some 60 us and 1.5
/// ns a candidate. `cancel` is as in prk_options, polled at each division and at least every
/// millisecond below a million bits; PRK_STATUS_CANCELLED leaves the marks undefined. Takes no
/// memory but 26 KB of the stack.
PRK_API prk_status prk_sieve_window(const uint64_t *start, size_t limb_count, size_t count,
                                    const uint32_t *cancel, uint64_t *survivors);

// --- Levels, statuses and versions ---------------------------------------------------------------

/// The level in use. The best that machine and system support, or the one that the environment's
/// PRIMALITY_LEVEL names (portable, bmi2, avx2, avx512ifma; empty is as unset), read once.
PRK_API prk_level prk_active_level(void);

/// PRK_STATUS_OK, or why the level that PRIMALITY_LEVEL names cannot be used.
PRK_API prk_status prk_level_status(void);

PRK_API bool prk_level_supported(prk_level level);
/// NULL for a value that is no level.
PRK_API const char *prk_level_name(prk_level level);

/// What a status says, such as "too large". NULL for a value that is no status.
PRK_API const char *prk_status_name(prk_status status);

/// Names as they stand in JSON, such as "probable-prime", "ifma" and "baillie-psw". NULL for a
/// value that is none. Values of one kind follow each other from 0 on, PRK_UNTESTED apart.
PRK_API const char *prk_verdict_name(prk_verdict verdict);
PRK_API const char *prk_engine_name(prk_engine engine);
PRK_API const char *prk_method_name(prk_method method);

/// PRK_VERSION_STRING of the library, which may differ from the header's.
PRK_API const char *prk_version(void);
/// The version of GMP at run time.
PRK_API const char *prk_gmp_version(void);
/// The C compiler that built the library, with its version.
PRK_API const char *prk_compiler(void);

#ifdef __cplusplus
}
#endif

#include "prk_long.h"
#include "prk_proof.h"
#include "prk_search.h"

#endif
