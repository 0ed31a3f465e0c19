// SPDX-License-Identifier: Apache-2.0
//
// The bases below which one strong test decides, for all odd numbers from 3 to 2^32 [FoJa15]: finds
// them, and looks through all of those numbers for one of which a base says the wrong thing. Shares
// no code and no table with the kernels, but for the table that it makes.
//
// strong_bases find                   writes CKernels/tables/strong_bases.h to standard output
// strong_bases swift                  writes PurePrimality's copy of that table
// strong_bases checksum               whether the table is the one that was found
// strong_bases verify [--shard I/N]   every odd number from 3 to 2^32 with its base
//
// A hash puts each number into a bucket. A bucket's base is the least one, from 2 on, to which each
// prime of the bucket is a strong probable prime and no composite is. So the table depends on the
// hash alone, and not on how it is found. Finding takes some three minutes, verifying one and a
// half.

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../CKernels/tables/strong_bases.h"

// The hash: the leading bits of n times the odd number next to 2^32 / golden ratio, modulo 2^32.
// With half as many buckets a base is the right one for one bucket in ten, and with these for one
// in three: all bases stay below 64, and the table is two kilobytes.
#define MULTIPLIER UINT32_C(0x9E3779B1)
enum { BUCKET_BITS = 11, BUCKETS = 1 << BUCKET_BITS };

static uint32_t bucket_of(uint32_t n) { return (uint32_t)(n * MULTIPLIER) >> (32 - BUCKET_BITS); }

static void *allocated(void *memory) {
    if (memory == NULL) {
        perror("strong_bases");
        exit(1);
    }
    return memory;
}

// --- The strong test, many numbers in step -------------------------------------------------------

enum { LANES = 64 };

typedef struct group {
    uint32_t n[LANES], base[LANES];
    int count;
} group;

// Loops of this shape are what compilers make vectors of. Montgomery form with R = 2^32, residues
// canonical. x is base^((n - 1) / 2^(level + 1)), rounded down, and becomes that of this level.
__attribute__((noinline)) static void descend(const uint32_t *restrict n,
                                              const uint32_t *restrict inverse,
                                              const uint32_t *restrict one,
                                              const uint32_t *restrict base, uint32_t *restrict x,
                                              uint32_t *restrict passed, int level, int count) {
    const uint32_t here = UINT32_C(1) << level;
    for (int i = 0; i < count; i++) {
        const uint64_t t = (uint64_t)x[i] * x[i];
        const uint32_t qn = (uint32_t)((uint64_t)((uint32_t)t * inverse[i]) * n[i] >> 32);
        const uint32_t high = (uint32_t)(t >> 32);
        const uint32_t square = high - qn + (high < qn ? n[i] : 0);
        const uint64_t u = (uint64_t)square * base[i];
        const uint32_t rn = (uint32_t)((uint64_t)((uint32_t)u * inverse[i]) * n[i] >> 32);
        const uint32_t top = (uint32_t)(u >> 32);
        const uint32_t times_base = top - rn + (top < rn ? n[i] : 0);
        const uint32_t bit = (n[i] - 1) & here;
        const uint32_t y = bit ? times_base : square;
        x[i] = y;
        // With n - 1 = d 2^s: -1 counts at levels to s, 1 at level s, where the bit is set.
        const uint32_t beyond = (n[i] - 1) & (here - 1);
        const uint32_t from_minus_one = y ^ (n[i] - one[i]);
        const uint32_t from_one = (y ^ one[i]) | (bit ^ here);
        const uint32_t nearest = from_minus_one < from_one ? from_minus_one : from_one;
        passed[i] |= (nearest | beyond) == 0 ? 1 : 0;
    }
}

// Which numbers, odd and above 1, are strong probable primes to their bases: 1 or 0.
static void strong_tests(const group *g, uint32_t *passed) {
    uint32_t inverse[LANES], one[LANES], base[LANES], x[LANES];
    for (int i = 0; i < LANES; i++) {
        one[i] = (uint32_t)((UINT64_C(1) << 32) % g->n[i]);
        base[i] = (uint32_t)((uint64_t)one[i] * g->base[i] % g->n[i]);
        inverse[i] = 1;
        for (int bits = 1; bits < 32; bits *= 2) { // Newton
            inverse[i] *= 2 - g->n[i] * inverse[i];
        }
        x[i] = one[i];
        passed[i] = 0;
    }
    for (int level = 31; level >= 1; level--) {
        descend(g->n, inverse, one, base, x, passed, level, LANES);
    }
}

// --- Numbers, a segment at a time ----------------------------------------------------------------

// A segment has this many odd numbers.
enum { SEGMENT = 1 << 20, SEGMENTS = 1 << 11 };

static uint32_t number_at(uint32_t segment, uint32_t i) { return 2 * (segment * SEGMENT + i) + 1; }

static bool small_composite[1 << 16], composite[SEGMENT];

static void sieve_small(void) {
    for (uint32_t p = 2; p < 1 << 16; p++) {
        for (uint32_t m = p * p; !small_composite[p] && p < 1 << 8 && m < 1 << 16; m += p) {
            small_composite[m] = true;
        }
    }
}

static void sieve(uint32_t segment) {
    const uint64_t low = number_at(segment, 0), high = low + 2 * (uint64_t)SEGMENT;
    memset(composite, 0, sizeof composite);
    for (uint64_t p = 3; p < 1 << 16 && p * p < high; p += 2) {
        if (small_composite[p]) {
            continue;
        }
        uint64_t first = (low + p - 1) / p * p;
        first = first < p * p ? p * p : first;
        for (uint64_t m = (first | 1) == first ? first : first + p; m < high; m += 2 * p) {
            composite[(m - low) / 2] = true;
        }
    }
}

// --- Finding -------------------------------------------------------------------------------------

// What a new base of a bucket has to get right before all numbers are gone through: small numbers,
// which a base may divide or be congruent to 1 to; products of the form (k + 1)(rk + 1), which are
// most strong pseudoprimes; and composites that have passed with an earlier base.
typedef struct hurdle {
    uint32_t n;
    bool is_prime;
} hurdle;

typedef struct bucket {
    uint32_t base;
    hurdle *hurdles;
    size_t count, capacity;
    // How many segments in a row the base was right about, all of them being SEGMENTS.
    int clean;
    bool failed; // in this segment
} bucket;

static bucket buckets[BUCKETS];

static void add_hurdle(uint32_t n, bool is_prime) {
    bucket *b = &buckets[bucket_of(n)];
    if (b->count == b->capacity) {
        b->capacity = b->capacity == 0 ? 16 : 2 * b->capacity;
        b->hurdles = allocated(realloc(b->hurdles, b->capacity * sizeof *b->hurdles));
    }
    b->hurdles[b->count++] = (hurdle){n, is_prime};
}

// Whether the base is right about the hurdles.
static bool clears_hurdles(const bucket *b, uint32_t base) {
    for (size_t first = 0; first < b->count; first += LANES) {
        group g;
        uint32_t passed[LANES];
        const size_t left = b->count - first;
        for (size_t i = 0; i < LANES; i++) {
            g.n[i] = b->hurdles[first + (i < left ? i : 0)].n;
            g.base[i] = base;
        }
        strong_tests(&g, passed);
        for (size_t i = 0; i < LANES && i < left; i++) {
            if (passed[i] != b->hurdles[first + i].is_prime) {
                return false;
            }
        }
    }
    return true;
}

static void take_next_base(bucket *b) {
    do {
        b->base++;
    } while (!clears_hurdles(b, b->base));
}

static void add_known_hurdles(void) {
    enum { SMALL = 1 << 14, LARGEST_RATIO = 24, PRIMES = LARGEST_RATIO << 16 };
    static bool no_prime[PRIMES];
    for (uint32_t p = 2; p * p < PRIMES; p++) {
        for (uint32_t m = p * p; !no_prime[p] && m < PRIMES; m += p) {
            no_prime[m] = true;
        }
    }
    for (uint32_t n = 3; n < SMALL; n += 2) {
        add_hurdle(n, !no_prime[n]);
    }
    for (uint64_t ratio = 2; ratio <= LARGEST_RATIO; ratio++) {
        for (uint64_t k = 2; (k + 1) * (ratio * k + 1) <= UINT32_MAX; k += 2) {
            if (!no_prime[k + 1] && !no_prime[ratio * k + 1]) {
                add_hurdle((uint32_t)((k + 1) * (ratio * k + 1)), false);
            }
        }
    }
}

// Composites that pass end their bucket's base.
static void try_group(group *g) {
    uint32_t passed[LANES];
    for (int i = g->count; i < LANES; i++) {
        g->n[i] = 9;
        g->base[i] = 2;
    }
    strong_tests(g, passed);
    for (int i = 0; i < g->count; i++) {
        bucket *b = &buckets[bucket_of(g->n[i])];
        if (passed[i]) {
            add_hurdle(g->n[i], false);
            b->failed = true;
            if (b->base == g->base[i]) {
                take_next_base(b);
            }
        }
    }
    g->count = 0;
}

// Goes round and round through all odd composites until each bucket's base has been right about
// all of them.
static void find_bases(void) {
    sieve_small();
    add_known_hurdles();
    for (int i = 0; i < BUCKETS; i++) {
        buckets[i].base = 1;
        take_next_base(&buckets[i]);
    }
    int open = BUCKETS;
    for (uint32_t turn = 0; open > 0; turn++) {
        const uint32_t segment = turn % SEGMENTS;
        group g = {.count = 0};
        sieve(segment);
        for (uint32_t i = 0; i < SEGMENT; i++) {
            const uint32_t n = number_at(segment, i);
            const bucket *b = &buckets[bucket_of(n)];
            if (composite[i] && b->clean < SEGMENTS) {
                g.n[g.count] = n;
                g.base[g.count++] = b->base;
                if (g.count == LANES) {
                    try_group(&g);
                }
            }
        }
        try_group(&g);
        open = 0;
        for (int i = 0; i < BUCKETS; i++) {
            bucket *b = &buckets[i];
            if (b->clean < SEGMENTS) {
                b->clean = b->failed ? 0 : b->clean + 1;
                b->failed = false;
                open += b->clean < SEGMENTS;
            }
        }
        if (turn % 64 == 63) {
            fprintf(stderr, "strong_bases: %" PRIu32 " segments of %d, %d buckets open\n", turn + 1,
                    SEGMENTS, open);
        }
    }
}

// --- Tables --------------------------------------------------------------------------------------

// FNV-1a, 64 bits.
static uint64_t checksum(const uint8_t *bytes, size_t count) {
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001B3);
    }
    return sum;
}

static void write_header(void) {
    uint8_t bases[BUCKETS], largest = 0;
    for (int i = 0; i < BUCKETS; i++) {
        bases[i] = (uint8_t)buckets[i].base;
        largest = bases[i] > largest ? bases[i] : largest;
        if (buckets[i].base > 63) {
            fprintf(stderr, "strong_bases: base %" PRIu32 " is more than the kernels take\n",
                    buckets[i].base);
            exit(1);
        }
    }
    printf(
        "// SPDX-License-Identifier: Apache-2.0\n//\n"
        "// Generated by `make strong-bases` (Tests/C/strong_bases.c) from nothing. Do not edit.\n"
        "//\n"
        "// A strong test to base prk_strong_bases[(n * PRK_STRONG_MULTIPLIER mod 2^32) >>\n"
        "// PRK_STRONG_SHIFT] tells primes from composites for every odd n from 3 to 2^32. "
        "`make\n// verify-strong-bases` tries them all.\n\n"
        "#ifndef PRK_TABLES_STRONG_BASES_H\n#define PRK_TABLES_STRONG_BASES_H\n\n"
        "#include <stdint.h>\n\n"
        "#define PRK_STRONG_MULTIPLIER UINT32_C(0x%" PRIX32 ")\n"
        "#define PRK_STRONG_SHIFT %d\n"
        "#define PRK_STRONG_COUNT %d\n"
        "#define PRK_STRONG_LARGEST %d\n"
        "// FNV-1a of the bases, a byte each.\n"
        "#define PRK_STRONG_CHECKSUM UINT64_C(0x%016" PRIX64 ")\n"
        "static const uint8_t prk_strong_bases[PRK_STRONG_COUNT] __attribute__((aligned(64))) = {",
        MULTIPLIER, 32 - BUCKET_BITS, BUCKETS, largest, checksum(bases, BUCKETS));
    for (int i = 0; i < BUCKETS; i++) {
        printf("%s%d,", i % 24 == 0 ? "\n    " : " ", bases[i]);
    }
    printf("\n};\n\n#endif\n");
}

// As a string of ASCII characters, which lies in the program and is initialised by nobody.
static void write_swift(void) {
    printf("// SPDX-License-Identifier: Apache-2.0\n//\n"
           "// Generated by `make strong-bases` (Tests/C/strong_bases.c). Do not edit.\n\n"
           "extension Pure64 {\n"
           "    /// The base of the strong test that decides for an odd number from 3 to 2³² "
           "[FoJa15].\n"
           "    @inline(__always)\n"
           "    static func strongBase(for n: UInt32) -> UInt64 {\n"
           "        let place = (n &* 0x%" PRIX32 ") &>> %d\n"
           "        // The string has %d characters, and the shift leaves as many places.\n"
           "        return UInt64(unsafe strongBases.utf8Start[Int(place)])\n"
           "    }\n\n"
           "    /// A base a character.\n    ///\n"
           "    /// A string that is no String lies in the program as it is, and nothing "
           "initialises it.\n"
           "    @inline(__always)\n"
           "    private static var strongBases: StaticString {\n        \"\"\"\n",
           MULTIPLIER, 32 - BUCKET_BITS, BUCKETS);
    for (int i = 0; i < PRK_STRONG_COUNT; i++) {
        if (i % 16 == 0) {
            printf("        ");
        }
        printf("\\u{%x}", prk_strong_bases[i]);
        if (i % 16 == 15) {
            printf(i + 1 < PRK_STRONG_COUNT ? "\\\n" : "\n");
        }
    }
    printf("        \"\"\"\n    }\n}\n");
}

static int compare_checksum(void) {
    const uint64_t found = checksum(prk_strong_bases, PRK_STRONG_COUNT);
    if (found != PRK_STRONG_CHECKSUM) {
        printf("strong_bases: the table's checksum is %016" PRIX64 ", not %016" PRIX64 "\n", found,
               PRK_STRONG_CHECKSUM);
        return 1;
    }
    printf("strong_bases: %d bases to %d, checksum %016" PRIX64 "\n", PRK_STRONG_COUNT,
           PRK_STRONG_LARGEST, found);
    return 0;
}

// --- Verifying -----------------------------------------------------------------------------------

static int failures;

static void verify_group(const group *g, const bool *is_composite) {
    uint32_t passed[LANES];
    strong_tests(g, passed);
    for (int i = 0; i < LANES; i++) {
        if (passed[i] == is_composite[i] && g->n[i] != 1 && failures++ < 50) {
            printf("strong_bases: %" PRIu32 " to base %" PRIu32 ": %s passes\n", g->n[i],
                   g->base[i], passed[i] ? "composite, and" : "prime, and not one that");
        }
    }
}

static int verify(uint32_t index, uint32_t count) {
    uint64_t primes = 0, tested = 0;
    sieve_small();
    // Segments are dealt out in turn, so that each shard has numbers of every size.
    for (uint32_t segment = index - 1; segment < SEGMENTS; segment += count) {
        sieve(segment);
        for (uint32_t i = 0; i < SEGMENT; i += LANES) {
            group g;
            for (uint32_t k = 0; k < LANES; k++) {
                const uint32_t n = number_at(segment, i + k);
                g.n[k] = n;
                g.base[k] =
                    prk_strong_bases[(uint32_t)(n * PRK_STRONG_MULTIPLIER) >> PRK_STRONG_SHIFT];
                primes += n > 1 && !composite[i + k];
            }
            verify_group(&g, composite + i);
        }
        tested += SEGMENT;
    }
    // pi(2^32), OEIS A007053, without 2: the sieve itself is checked when it has seen everything.
    if (count == 1 && primes != 203280220) {
        printf("strong_bases: %" PRIu64 " odd primes below 2^32\n", primes);
        failures++;
    }
    printf("strong_bases: verified %" PRIu32 "/%" PRIu32 ": %" PRIu64
           " odd numbers below 2^32, %" PRIu64 " primes, %d failures\n",
           index, count, tested, primes, failures);
    return failures != 0;
}

int main(int argc, char **argv) {
    uint32_t index = 1, count = 1;
    if (argc == 2 && strcmp(argv[1], "find") == 0) {
        find_bases();
        write_header();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "swift") == 0) {
        write_swift();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "checksum") == 0) {
        return compare_checksum();
    }
    if ((argc == 2 || (argc == 4 && strcmp(argv[2], "--shard") == 0 &&
                       sscanf(argv[3], "%" SCNu32 "/%" SCNu32, &index, &count) == 2 && index >= 1 &&
                       index <= count)) &&
        strcmp(argv[1], "verify") == 0) {
        return verify(index, count);
    }
    fputs("usage: strong_bases find|swift|checksum\n       strong_bases verify [--shard I/N]\n",
          stderr);
    return 64;
}
