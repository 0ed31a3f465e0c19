// SPDX-License-Identifier: Apache-2.0
//
// prk_proof.h: certificates of primality. Included by primality.h and installed beside it.
//
// A certificate is a text that lets anybody check that a number is prime without trusting who found
// the proof. It has steps; each shows that a number is prime if some smaller ones are, down to
// numbers below 2^64, which are tested. What a certificate says about itself counts for nothing.

#ifndef PRK_PROOF_H
#define PRK_PROOF_H

#include "primality.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Whose form a certificate is written in; told by its content.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelCertificateFormat") prk_certificate_format{
    PRK_CERTIFICATE_NONE PRK_SWIFT_NAME("none") = 0,
    /// JSON lines, our own.
    PRK_CERTIFICATE_JSON PRK_SWIFT_NAME("json") = 1,
    /// Primo 4, "Format=4".
    PRK_CERTIFICATE_PRIMO4 PRK_SWIFT_NAME("primo4") = 2,
    /// Primo 3, "Format=3" and older; read only.
    PRK_CERTIFICATE_PRIMO3 PRK_SWIFT_NAME("primo3") = 3,
    /// Math::Prime::Util's text.
    PRK_CERTIFICATE_MPU PRK_SWIFT_NAME("mpu") = 4,
    /// PARI's primecert, as GP prints it.
    PRK_CERTIFICATE_PARI PRK_SWIFT_NAME("pari") = 5,
} prk_certificate_format;

/// What became of a certificate.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelCertificateVerdict") prk_certificate_verdict{
    /// The number is prime.
    PRK_CERTIFICATE_VALID PRK_SWIFT_NAME("valid") = 0,
    /// A condition does not hold. This says nothing about the number.
    PRK_CERTIFICATE_INVALID PRK_SWIFT_NAME("invalid") = 1,
    /// The text is no certificate, or ends too early, or exceeds a limit.
    PRK_CERTIFICATE_UNREADABLE PRK_SWIFT_NAME("unreadable") = 2,
    /// A number above 2^64 is said to be prime and no step proves it.
    PRK_CERTIFICATE_INCOMPLETE PRK_SWIFT_NAME("incomplete") = 3,
} prk_certificate_verdict;

/// The first thing that is wrong, in words and where.
typedef struct PRK_SWIFT_NAME("KernelCertificateProblem") prk_certificate_problem {
    prk_certificate_verdict verdict;
    /// The step, as the certificate numbers it or from 1 on in the order of the text, which of JSON
    /// lines is i + 1; 0: no step.
    uint64_t step;
    /// The line of the text, from 1 on; 0: no line.
    uint64_t line;
    /// The condition or what is missing, one sentence without its end, NUL-terminated. Printable
    /// ASCII: bytes of the text appear as \xNN when they are not.
    char reason[200];
} prk_certificate_problem;

/// A certificate that was read. It is read first and verified then: verifying changes nothing in
/// it, so that several threads may verify one certificate at the same time.
typedef struct prk_certificate prk_certificate;

/// The largest certificate that is read, in bytes, and the most steps.
#define PRK_CERTIFICATE_MOST_BYTES 67108864
#define PRK_CERTIFICATE_MOST_STEPS 100000

/// Reads the first certificate of a text of `size` bytes. `*used`, unless NULL, is how many bytes
/// it took, blank lines after it included, so that a text with several is read one after the other:
/// a JSON certificate stops at its end line, a Primo or MPU one before the next head, and a PARI
/// text holds one. A text that is refused takes all bytes up to the next line that begins with
/// {"certificate".
///
/// PRK_STATUS_OK with `*certificate` NULL: `*problem` says why it is no certificate. A condition of
/// a step, even one that reading cannot go on without, is left to prk_certificate_verify().
/// PRK_STATUS_NO_MEMORY, PRK_STATUS_INVALID_ARGUMENT. No number has more than a million digits.
/// Without recursion; O(size) times the logarithms that products of large numbers take, half a
/// minute at the worst of 64 MB.
PRK_API prk_status prk_certificate_read(const char *text, size_t size,
                                        prk_certificate **certificate, size_t *used,
                                        prk_certificate_problem *problem);
PRK_API void prk_certificate_destroy(prk_certificate *certificate);

PRK_API prk_certificate_format prk_certificate_form(const prk_certificate *certificate);
/// How many steps it has.
PRK_API size_t prk_certificate_steps(const prk_certificate *certificate);
/// The number that it proves prime: its limbs, which live as long as the certificate.
PRK_API const uint64_t *prk_certificate_number(const prk_certificate *certificate, size_t *limbs);

/// How to verify. All zero is the default.
typedef struct PRK_SWIFT_NAME("KernelVerifyOptions") prk_verify_options {
    /// sizeof(prk_verify_options), or 0 for that.
    uint32_t size;
    /// Part `part` of `parts` of the steps, 0 ... parts - 1, for the threads or processes that
    /// share them; parts 0 is 1. Each part also looks at what ties the steps together, which costs
    /// little.
    uint32_t part, parts;
    /// May be NULL. When another thread sets it, the call soon returns PRK_STATUS_CANCELLED.
    const uint32_t *cancel;
    /// May be NULL. Incremented by each step that was verified.
    uint64_t *done;
} prk_verify_options;

/// Verifies a certificate. PRK_STATUS_OK: `*problem` has the verdict, and PRK_CERTIFICATE_VALID has
/// no reason. Invalid with parts > 1: the first problem of this part. PRK_STATUS_CANCELLED,
/// PRK_STATUS_NO_MEMORY: no verdict.
PRK_API prk_status prk_certificate_verify(const prk_certificate *certificate,
                                          const prk_verify_options *options,
                                          prk_certificate_problem *problem);

/// Takes the next bytes of a text. False ends it.
typedef bool (*prk_text_sink)(void *context, const char *bytes, size_t count);

/// Writes a certificate in another form; not PRK_CERTIFICATE_PRIMO3. PRK_STATUS_OK with verdict
/// PRK_CERTIFICATE_INVALID: that form has no such step, as the problem says, and nothing was
/// written. A sink that says false: PRK_STATUS_CANCELLED. The certificate need not be valid.
PRK_API prk_status prk_certificate_write(const prk_certificate *certificate,
                                         prk_certificate_format format, prk_text_sink sink,
                                         void *context, prk_certificate_problem *problem);

// --- Proving -------------------------------------------------------------------------------------

/// What became of a search for a proof.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelProofVerdict") prk_proof_verdict{
    /// A certificate was written. Whoever wants to rely on it verifies it.
    PRK_PROOF_PROVED PRK_SWIFT_NAME("proved") = 0,
    PRK_PROOF_COMPOSITE PRK_SWIFT_NAME("composite") = 1,
    /// 0 and 1.
    PRK_PROOF_NEITHER PRK_SWIFT_NAME("neither") = 2,
    /// A probable prime of which no proof was found.
    PRK_PROOF_GAVE_UP PRK_SWIFT_NAME("gaveUp") = 3,
} prk_proof_verdict;

/// How to prove. All zero is the default. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelProveOptions") prk_prove_options {
    /// sizeof(prk_prove_options) as the caller knows it, or 0: that of this header. Fields that the
    /// library does not know have to be 0: PRK_STATUS_INVALID_ARGUMENT.
    uint32_t size;
    /// sizeof(prk_proof) as the caller knows it, or 0: that of this header. So many bytes of it are
    /// written.
    uint32_t proof_size;
    /// Only steps on elliptic curves.
    bool only_curves;
    /// A prk_certificate_format: only proofs that this form has words for, of the primes in them,
    /// too. PRK_CERTIFICATE_NONE and _JSON: any proof. _PRIMO3 is not written:
    /// PRK_STATUS_INVALID_ARGUMENT.
    uint8_t certificate_format;
    /// 0.
    uint8_t reserved[6];
    /// Chooses the curves that factor. The certificate depends on the
    /// number, the options and this.
    uint64_t seed;
    /// How much may be spent, in strong tests of n as far as it can be foretold. 0: curves may take
    /// as long as they do, and factors after them what takes about a second, or 1000 tests if that
    /// is more.
    uint64_t max_cost;
    /// May be NULL. When another thread sets it, the call returns PRK_STATUS_CANCELLED within 20
    /// ms, up to about 300,000 bits.
    const uint32_t *cancel;
    /// NULL, or the form of n. k b^n + 1, k b^n - 1, and factorials and primorials next to n have
    /// factors that need not be looked for. One that does not give n is as none.
    const prk_form *form;
    /// Numbers that may be prime factors of n - 1 or n + 1, or of numbers next to such factors that
    /// need a proof themselves, as in prk_test_batch: number i is factors[factor_offsets[i] ..<
    /// factor_offsets[i + 1]]. Each is proved before it is used; what does not divide or is
    /// composite is left out.
    const uint64_t *factors;
    const uint64_t *factor_offsets;
    size_t factor_count;
    /// May be NULL; 0 before the call. What is done, in millionths, as far as can be told: it stays
    /// 0 while factors are looked for, and never falls. Written as the cancel flag is read: another
    /// thread may look.
    uint32_t *progress;
    /// May be NULL. Takes what was found on the way, a whole line of JSON at a time, for a proof
    /// that is to go on when its process has ended: a first line that names n, then one for each
    /// step on a curve, and one for each curve that was computed. Once it says false it is not
    /// called again, and the proof goes on without it.
    prk_text_sink journal;
    void *journal_context;
    /// All lines that earlier calls for the same n gave to the journal, in order; may be NULL when
    /// `kept_size` is 0. What they say is looked up and not computed again, and the certificate is
    /// the one that it would have been. A line that does not hold is passed over, as is what
    /// follows the last end of a line, which whoever appends has to cut off. When the first line is
    /// about another n: PRK_STATUS_INVALID_ARGUMENT, and `tried` says so.
    const char *kept;
    size_t kept_size;
    /// Only steps from numbers of so many bits have lines; 0: 600.
    uint64_t journal_bits;
    /// How many threads work at this one number, up to 1024; 0 or 1: the caller's alone. The
    /// certificate is the same. Worth it from about 1000 bits on.
    uint32_t threads;
} prk_prove_options;

/// What a search for a proof found. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelProof") prk_proof {
    prk_proof_verdict verdict;
    /// Steps of the certificate.
    uint32_t steps;
    /// The evidence of a composite, as prk_test_batch reports it. PRK_METHOD_STRONG_RANDOM_BASE
    /// with PRK_REPORT_HAS_BASE: it fails the strong test to `base`. For probable primes what they
    /// passed. PRK_PROOF_PROVED: the method is the first step's kind, above 2^64.
    prk_report report;
    /// What was spent, in strong tests of n.
    uint64_t cost;
    /// What was tried, when it was given up: a sentence, NUL-terminated printable ASCII.
    char tried[400];
} prk_proof;

/// Looks for a proof that n is prime, by factors of n - 1 and n + 1 and by elliptic curves, and
/// hands the certificate, JSON lines whatever `certificate_format` is, to the sink in the end, at
/// once; prk_certificate_write() writes the form. PRK_STATUS_OK: `*proof` has the verdict; a text
/// was written for PRK_PROOF_PROVED alone. A sink that says false: PRK_STATUS_CANCELLED. `sink` may
/// be NULL. Forms and options out of range: PRK_STATUS_INVALID_ARGUMENT. `limbs` may be NULL when
/// there are none.
///
/// Below 2^64 a test decides. Above, small primes are divided out of n - 1 and n + 1; where they do
/// not suffice, curves prove any prime, in a time that grows with about the fourth power of its
/// bits. Methods that factor come where curves were not found, or do not go with the form.
/// With a form of n, primes of any size are proved by one long power or some.
PRK_API prk_status prk_prove(const uint64_t *limbs, size_t limb_count,
                             const prk_prove_options *options, prk_text_sink sink, void *context,
                             prk_proof *proof);

/// One of several numbers that are to be proved: the arguments of prk_prove(), and what it returns.
typedef struct PRK_SWIFT_NAME("KernelProofAsked") prk_proof_asked {
    const uint64_t *limbs;
    size_t limb_count;
    const prk_prove_options *options;
    prk_text_sink sink;
    void *context;
    prk_proof *proof;
    prk_status status;
} prk_proof_asked;

/// Proves several numbers, in this thread, each as prk_prove() would and with the same certificate.
/// Where there are vectors of large numbers (AVX-512 IFMA), some take turns and share them, if
/// their options have one cancel flag, or none: of 100 digits they take three quarters of the time
/// of one after the other (`make bench-proof`). Numbers above 8192 bits gain nothing. Sinks are
/// called as proofs are found, in any order.
///
/// Each `status` says what became of that number. PRK_STATUS_NO_MEMORY: some were not begun, of
/// which the status is the same.
PRK_API prk_status prk_prove_many(prk_proof_asked *asked, size_t count);

// --- PRP proofs ----------------------------------------------------------------------------------
//
// Fermat's test of N = k 2^n + c to base 3 is a chain of n squarings: B = (3^k)^(2^n) modulo N,
// which is 3^(1-c) when N is a probable prime. A PRP proof, after Pietrzak [Piet19], lets anybody
// check with about n/2^power squarings that B was computed right. It proves no number prime: the
// verdict is PRK_PROBABLE_PRIME or PRK_COMPOSITE. The file is GIMPS's, and docs/PROOFS.md has it.

/// N = k 2^n + c: 1 <= k < 2^53, n >= 1, c odd and |c| < 2^31, N > 2^64.
typedef struct PRK_SWIFT_NAME("KernelPRPNumber") prk_prp_number {
    uint64_t k, n;
    int64_t c;
} prk_prp_number;

#define PRK_PRP_MOST_POWER 15

/// How to make or to verify a PRP proof. All zero is the default. Later versions add fields at the
/// end.
typedef struct PRK_SWIFT_NAME("KernelPRPOptions") prk_prp_options {
    /// sizeof(prk_prp_options) as the caller knows it, or 0: that of this header. Fields that the
    /// library does not know have to be 0: PRK_STATUS_INVALID_ARGUMENT.
    uint32_t size;
    /// To make one: 1 ... PRK_PRP_MOST_POWER, as far as n is long enough (prk_prp_most_power()); 0:
    /// prk_prp_default_power().
    uint32_t power;
    /// May be NULL. When another thread sets it, the call soon returns PRK_STATUS_CANCELLED.
    const uint32_t *cancel;
    /// May be NULL; 0 before the call. What is done, in millionths. Written as the cancel flag is
    /// read: another thread may look.
    uint32_t *progress;
    /// To make one: NULL, or a file, open for reading and writing, that keeps the 2^power residues
    /// which the proof needs, each of them on the disk before the next is computed. What it has of
    /// this number and power is not computed again, and the proof is the same; a last residue that
    /// is torn, and all that follows one that is damaged, is written again. NULL keeps them in
    /// memory.
    const int *residues;
} prk_prp_options;

/// What became of it.
typedef enum PRK_OPEN_ENUM PRK_SWIFT_NAME("KernelPRPOutcome") prk_prp_outcome{
    /// A proof was written, or is valid.
    PRK_PRP_DONE PRK_SWIFT_NAME("done") = 0,
    /// 3 divides N, which is composite: no residue to base 3 shows anything.
    PRK_PRP_BASE_DIVIDES PRK_SWIFT_NAME("baseDivides") = 1,
    /// The file of residues is about another number or power, or something else; it was left alone.
    PRK_PRP_FOREIGN_FILE PRK_SWIFT_NAME("foreignFile") = 2,
    /// The file of residues cannot be read or written: `file_error`.
    PRK_PRP_FILE_ERROR PRK_SWIFT_NAME("fileError") = 3,
} prk_prp_outcome;

/// A test of N to base 3 whose residue is proved. Later versions add fields at the end.
typedef struct PRK_SWIFT_NAME("KernelPRP") prk_prp {
    prk_prp_outcome outcome;
    /// PRK_PROBABLE_PRIME or PRK_COMPOSITE; never PRK_PRIME.
    uint8_t verdict;
    /// Whether `res64` is known: not from a file of version 1 with squarings beyond n.
    bool has_res64;
    uint8_t reserved[2];
    /// The low 64 bits of 3^(N-1) mod N: GIMPS's residue of type 1.
    uint64_t res64;
    uint32_t power;
    /// An errno, with PRK_PRP_FILE_ERROR.
    int32_t file_error;
    /// Squarings that `residues` had.
    uint64_t resumed;
    /// Of a proof that was made: the MD5 of all its bytes, by which GIMPS names it, NUL-terminated.
    char md5[40];
} prk_prp;

/// The power that is taken when none is given: 8 from 3,750,000 squarings on, and one less for each
/// fourth of that, at least 1.
PRK_API uint32_t prk_prp_default_power(const prk_prp_number *number);
/// The largest power that can be made: each part has to have more squarings than there are middles.
/// 0: none; or no such number.
PRK_API uint32_t prk_prp_most_power(const prk_prp_number *number);

/// About how much memory the making of a proof takes, and how many bytes the file of residues and
/// the proof have; each pointer may be NULL. PRK_STATUS_INVALID_ARGUMENT, PRK_STATUS_TOO_LARGE.
PRK_API prk_status prk_prp_room(const prk_prp_number *number, uint32_t power, uint64_t *memory,
                                uint64_t *residues, uint64_t *proof);

/// Tests N to base 3 and makes the proof of the residue, which goes to the sink in the end; NULL:
/// nowhere. n squarings, and some 100 2^power products. PRK_STATUS_OK: `*prp` has the outcome, and
/// with PRK_PRP_DONE the verdict. A sink that says false: PRK_STATUS_CANCELLED.
/// PRK_STATUS_NO_MEMORY; PRK_STATUS_INVALID_ARGUMENT: no such number or power. Whoever wants to
/// rely on the proof verifies it.
PRK_API prk_status prk_prp_prove(const prk_prp_number *number, const prk_prp_options *options,
                                 prk_text_sink sink, void *context, prk_prp *prp);

/// What the first lines of a PRP proof say.
typedef struct PRK_SWIFT_NAME("KernelPRPHead") prk_prp_head {
    prk_prp_number number;
    /// 1: n is raised to a multiple of 2^power. 2: it is as it is.
    uint32_t version;
    uint32_t power;
    /// Bytes of the lines, of each residue, and of the whole.
    uint64_t head, each, total;
    /// The size of N.
    uint64_t bits;
} prk_prp_head;

/// As many bytes as the lines can have.
#define PRK_PRP_MOST_HEAD 256

/// Whether a text begins as a PRP proof does.
PRK_API bool prk_prp_is_proof(const char *text, size_t size);

/// Reads the lines at the beginning of a PRP proof. PRK_STATUS_OK: `*problem` has
/// PRK_CERTIFICATE_VALID, or why it is none (_UNREADABLE), or that it ends too early (_INCOMPLETE).
/// Nothing is taken from memory.
PRK_API prk_status prk_prp_read_head(const char *text, size_t size, prk_prp_head *head,
                                     prk_certificate_problem *problem);

/// Verifies a PRP proof, all `size` bytes of it. PRK_STATUS_OK: `*problem` has the verdict on the
/// proof, and with PRK_CERTIFICATE_VALID `*prp` has what N is by it. It takes n/2^power squarings
/// and some 200 products for each of the middles; memory for some numbers of N's size.
PRK_API prk_status prk_prp_verify(const char *text, size_t size, const prk_prp_options *options,
                                  prk_prp *prp, prk_certificate_problem *problem);

#ifdef __cplusplus
}
#endif

#endif
