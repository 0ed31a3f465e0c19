// SPDX-License-Identifier: Apache-2.0
//
// The transforms and carries of one instruction set. The file that includes this one has defined
//
//     PRK_TARGET, PRK_SUFFIX, PRK_NAME
//     V                      lanes of a vector: 2, 4 or 8
//     reals                  the vector
//     all(x)                 x in each lane
//     fmadd(a, b, c)         a b + c; fmsub: a b - c; fnmadd: c - a b
//     largest(a, b)          of a >= 0 and the magnitude of b, lane by lane: NaN if one is
//     larger(a, b)           the same, with whatever for NaN
//     following(h, before)   the last lane of `before`, and then h but for its last lane
//     transpose(r)           V vectors of V lanes
//     choose(mask, a, b)     b in the lanes whose bits are set, else a
//
// Everything here is in place and reads each of its tables once, from front to back.

#include <string.h>

#include "../u64/montgomery64.h"
#include "fft.h"

#include "dft_body.h"

// --- The last 8 V points -------------------------------------------------------------------------

#define BLOCK (8 * V)
// Of a block: 7 twiddles of the node, and V - 1 of each of its 8 children.
#define BLOCK_TWIDDLES (16 + 16 * (V - 1))
// Of a node, so that what follows is aligned.
#define NODE_TWIDDLES(radix) ((radix) > 5 ? 16 : 8)

// Which of these it is, is known where this is compiled.
#define IS_INVERTED(product) ((product) < PRK_FFT_STORE)

// The node and its children, V rows of which are transposed at a time. What lies between is in
// memory: compilers keep the sixteen vectors of one part in registers, not those of all.
KERNEL void split_block(const double *w, double *re, double *im) {
    complexes z[8];
    UNROLL
    for (int u = 0; u < 8; u++) {
        z[u] = (complexes){load(re + V * u), load(im + V * u)};
    }
    turn_all(8, false, z, w);
    dft_8(false, z);
    UNROLL
    for (int u = 0; u < 8; u++) {
        store(re + V * u, z[u].re);
        store(im + V * u, z[u].im);
    }
}

KERNEL void join_block(const double *w, double *re, double *im) {
    complexes z[8];
    UNROLL
    for (int u = 0; u < 8; u++) {
        z[u] = (complexes){load(re + V * u), load(im + V * u)};
    }
    dft_8(true, z);
    turn_all(8, true, z, w);
    UNROLL
    for (int u = 0; u < 8; u++) {
        store(re + V * u, z[u].re);
        store(im + V * u, z[u].im);
    }
}

KERNEL void turn_lanes(bool inverse, complexes c[V], const double *w) {
    UNROLL
    for (int u = 1; u < V; u++) {
        const double *at = w + 2 * V * (u - 1);
        c[u] = turned(inverse, c[u], load(at), load(at + V));
    }
}

KERNEL void transpose_all(complexes c[V]) {
    reals x[V], y[V];
    UNROLL
    for (int u = 0; u < V; u++) {
        x[u] = c[u].re;
        y[u] = c[u].im;
    }
    transpose(x);
    transpose(y);
    UNROLL
    for (int u = 0; u < V; u++) {
        c[u] = (complexes){x[u], y[u]};
    }
}

KERNEL void multiply_points(prk_fft_product product, int count, complexes *c, const double *a_re,
                            const double *a_im, const double *b_re, const double *b_im) {
    UNROLL
    for (int u = 0; u < count; u++) {
        const complexes p = c[u];
        if (product == PRK_FFT_SQUARE || product == PRK_FFT_STORE_SQUARE) {
            c[u].re = fmsub(p.re, p.re, p.im * p.im);
            c[u].im = (p.re + p.re) * p.im;
        } else if (product != PRK_FFT_STORE) {
            c[u] = turned(false, p, load(a_re + V * u), load(a_im + V * u));
        }
        if (product == PRK_FFT_TIMES_PLUS) {
            c[u].re += load(b_re + V * u);
            c[u].im += load(b_im + V * u);
        }
    }
}

KERNEL void multiply_rows(prk_fft_product product, const double *w, double *re, double *im,
                          const double *a_re, const double *a_im, const double *b_re,
                          const double *b_im) {
    complexes c[V];
    UNROLL
    for (int u = 0; u < V; u++) {
        c[u] = (complexes){load(re + V * u), load(im + V * u)};
    }
    transpose_all(c);
    turn_lanes(false, c, w);
    dft(V, false, c);
    multiply_points(product, V, c, a_re, a_im, b_re, b_im);
    if (IS_INVERTED(product)) {
        dft(V, true, c);
        turn_lanes(true, c, w);
        transpose_all(c);
    }
    UNROLL
    for (int u = 0; u < V; u++) {
        store(re + V * u, c[u].re);
        store(im + V * u, c[u].im);
    }
}

// So many of the last kernels' blocks, which follow each other.
typedef void blocks(size_t count, const double *w, double *re, double *im, const double *a_re,
                    const double *a_im, const double *b_re, const double *b_im);

typedef struct leaves {
    blocks *of_product[PRK_FFT_PRODUCTS];
    size_t twiddles; // doubles that a block has
} leaves;

#define BLOCKS_OF(NAME, PRODUCT)                                                                   \
    PRK_TARGET static __attribute__((noinline)) void NAME##_##PRODUCT(                             \
        size_t count, const double *w, double *re, double *im, const double *a_re,                 \
        const double *a_im, const double *b_re, const double *b_im) {                              \
        NAME(PRODUCT, count, w, re, im, a_re, a_im, b_re, b_im);                                   \
    }

// A function for each product, of one that takes them all, and their table.
#define LEAVES(NAME, TWIDDLES)                                                                     \
    BLOCKS_OF(NAME, PRK_FFT_SQUARE)                                                                \
    BLOCKS_OF(NAME, PRK_FFT_TIMES)                                                                 \
    BLOCKS_OF(NAME, PRK_FFT_TIMES_PLUS)                                                            \
    BLOCKS_OF(NAME, PRK_FFT_STORE)                                                                 \
    BLOCKS_OF(NAME, PRK_FFT_STORE_SQUARE)                                                          \
    BLOCKS_OF(NAME, PRK_FFT_STORE_TIMES)                                                           \
    static const leaves NAME##_leaves = {{[PRK_FFT_SQUARE] = NAME##_PRK_FFT_SQUARE,                \
                                          [PRK_FFT_TIMES] = NAME##_PRK_FFT_TIMES,                  \
                                          [PRK_FFT_TIMES_PLUS] = NAME##_PRK_FFT_TIMES_PLUS,        \
                                          [PRK_FFT_STORE] = NAME##_PRK_FFT_STORE,                  \
                                          [PRK_FFT_STORE_SQUARE] = NAME##_PRK_FFT_STORE_SQUARE,    \
                                          [PRK_FFT_STORE_TIMES] = NAME##_PRK_FFT_STORE_TIMES},     \
                                         TWIDDLES};

KERNEL void all_blocks(prk_fft_product product, size_t count, const double *w, double *re,
                       double *im, const double *a_re, const double *a_im, const double *b_re,
                       const double *b_im) {
    for (size_t i = 0; i < count; i++) {
        split_block(w + BLOCK_TWIDDLES * i, re + BLOCK * i, im + BLOCK * i);
    }
    for (size_t i = 0; i < count; i++) {
        for (int g = 0; g < 8; g += V) {
            const size_t at = BLOCK * i + (size_t)(V * g);
            multiply_rows(product, w + BLOCK_TWIDDLES * i + 16 + 2 * (V - 1) * g, re + at, im + at,
                          a_re + at, a_im + at, b_re + at, b_im + at);
        }
    }
    for (size_t i = 0; i < count && IS_INVERTED(product); i++) {
        join_block(w + BLOCK_TWIDDLES * i, re + BLOCK * i, im + BLOCK * i);
    }
}

LEAVES(all_blocks, BLOCK_TWIDDLES)

// --- The last 4 V points, for finer lengths ------------------------------------------------------

#if V == 8
#define HALF_BLOCK (4 * V)
// Of a half block: 3 twiddles of the node, one of each of its 4 children by lanes, and 3 of their 8
// children by lanes.
#define HALF_TWIDDLES (8 + 2 * 4 * V + 2 * 3 * V)

// Four rows of eight points: radix 4 down the rows, 2 between the halves of each, 4 in each half.
KERNEL void half_block(prk_fft_product product, const double *w, double *re, double *im,
                       const double *a_re, const double *a_im, const double *b_re,
                       const double *b_im) {
    const double *rows = w + 8, *lanes = rows + 2 * 4 * V;
    const reals signs = {1, 1, 1, 1, -1, -1, -1, -1};
    complexes c[4];
    reals x[4], y[4];
    UNROLL
    for (int u = 0; u < 4; u++) {
        c[u] = (complexes){load(re + V * u), load(im + V * u)};
    }
    turn_all(4, false, c, w);
    dft(4, false, c);
    UNROLL
    for (int u = 0; u < 4; u++) {
        c[u] = turned(false, c[u], load(rows + 2 * V * u), load(rows + 2 * V * u + V));
        x[u] = fmadd(signs, c[u].re, swap_halves(c[u].re));
        y[u] = fmadd(signs, c[u].im, swap_halves(c[u].im));
    }
    transpose_halves(x);
    transpose_halves(y);
    UNROLL
    for (int u = 0; u < 4; u++) {
        c[u] = (complexes){x[u], y[u]};
    }
    UNROLL
    for (int u = 1; u < 4; u++) {
        const double *at = lanes + 2 * V * (u - 1);
        c[u] = turned(false, c[u], load(at), load(at + V));
    }
    dft(4, false, c);
    multiply_points(product, 4, c, a_re, a_im, b_re, b_im);
    if (IS_INVERTED(product)) {
        dft(4, true, c);
        UNROLL
        for (int u = 1; u < 4; u++) {
            const double *at = lanes + 2 * V * (u - 1);
            c[u] = turned(true, c[u], load(at), load(at + V));
        }
        UNROLL
        for (int u = 0; u < 4; u++) {
            x[u] = c[u].re;
            y[u] = c[u].im;
        }
        transpose_halves(x);
        transpose_halves(y);
        UNROLL
        for (int u = 0; u < 4; u++) {
            c[u].re = fmadd(signs, x[u], swap_halves(x[u]));
            c[u].im = fmadd(signs, y[u], swap_halves(y[u]));
            c[u] = turned(true, c[u], load(rows + 2 * V * u), load(rows + 2 * V * u + V));
        }
        dft(4, true, c);
        turn_all(4, true, c, w);
    }
    UNROLL
    for (int u = 0; u < 4; u++) {
        store(re + V * u, c[u].re);
        store(im + V * u, c[u].im);
    }
}

KERNEL void half_blocks(prk_fft_product product, size_t count, const double *w, double *re,
                        double *im, const double *a_re, const double *a_im, const double *b_re,
                        const double *b_im) {
    for (size_t i = 0; i < count; i++) {
        const size_t at = HALF_BLOCK * i;
        half_block(product, w + HALF_TWIDDLES * i, re + at, im + at, a_re + at, a_im + at,
                   b_re + at, b_im + at);
    }
}

LEAVES(half_blocks, HALF_TWIDDLES)
#else
// Shorter vectors have blocks as short as that.
#define half_blocks_leaves all_blocks_leaves
#endif

// --- Depth first ---------------------------------------------------------------------------------

typedef struct walk {
    const prk_fft *f;
    const leaves *leaves;
    prk_fft_product product;
    size_t each, plane; // doubles of a point, and of all in a plane
    const double *w;    // of what comes next
    double *work;
    const double *a, *b;
} walk;

PRK_TARGET static void descend(walk *s, unsigned done, size_t at, size_t points);

// All children of a node of R `stride` points; those that are blocks at once.
PRK_TARGET static void descend_all(walk *s, unsigned done, size_t at, unsigned radix,
                                   size_t stride) {
    if (stride == s->f->block) {
        descend(s, done, at, radix * stride);
        return;
    }
    for (unsigned k = 0; k < radix; k++) {
        descend(s, done, at + k * stride, stride);
    }
}

// All below a node of `points` points at `at`, after `done` passes.
PRK_TARGET static void descend(walk *s, unsigned done, size_t at, size_t points) {
    const prk_fft *f = s->f;
    const size_t re = at * s->each, im = re + s->plane;
    const double *w = s->w;
    if (done == f->passes) {
        const size_t count = points / f->block;
        s->w += s->leaves->twiddles * count;
        s->leaves->of_product[s->product](count, w, s->work + re, s->work + im, s->a + re,
                                          s->a + im, s->b + re, s->b + im);
        return;
    }
    const unsigned radix = f->radices[done];
    const size_t stride = points / radix;
    s->w += NODE_TWIDDLES(radix);
    split((int)radix, w, stride * s->each, stride * s->each, false, s->work + re, s->work + im);
    descend_all(s, done + 1, at, radix, stride);
    if (IS_INVERTED(s->product)) {
        join((int)radix, w, stride * s->each, stride * s->each, false, s->work + re, s->work + im);
    }
}

// --- By a crew -----------------------------------------------------------------------------------
//
// The root's pass goes by columns, of which each member has some, and each child is a member's.
// Children that are left over when all have equally many are split by columns, too, and their
// children shared. A member alone does what a caller without a crew does.

static const prk_crew_member alone = {NULL, 0, 1};

static prk_fft_columns columns_of(size_t count, const prk_crew_member *me) {
    return prk_fft_columns_of(count, me->number, me->members);
}

// Twiddles of a node and of all below it, after `done` passes.
static size_t twiddles_below(const walk *s, unsigned done) {
    size_t nodes = 1, sum = 0;
    for (unsigned i = done; i < s->f->passes; i++) {
        sum += nodes * NODE_TWIDDLES(s->f->radices[i]);
        nodes *= s->f->radices[i];
    }
    return sum + nodes * s->leaves->twiddles;
}

// Columns are done from both ends to the middle. Processors load on in the direction in which a row
// is read, and so what is beyond its end: that would be taken away from who has the columns there.
static size_t middle_of(size_t count) { return count / 2 / V * V; }

// A member's columns of a node of `points` points at `at`, after `done` passes.
PRK_TARGET static void pass_columns(walk *s, bool inverse, unsigned done, size_t at, size_t points,
                                    const double *w, const prk_crew_member *me) {
    const unsigned radix = s->f->radices[done];
    const size_t stride = points / radix;
    const prk_fft_columns c = columns_of(stride, me);
    const size_t middle = middle_of(c.count);
    double *re = s->work + at + c.first, *im = re + s->plane;
    (inverse ? join : split)((int)radix, w, stride, middle, false, re, im);
    (inverse ? join : split)((int)radix, w, stride, c.count - middle, true, re + middle,
                             im + middle);
}

// A member's children of the root, and its waits for others. `w` is of the first child.
PRK_TARGET static void descend_shared(walk *s, const double *w, const prk_crew_member *me) {
    const prk_fft *f = s->f;
    const unsigned radix = f->radices[0];
    const size_t stride = f->points / radix, each = twiddles_below(s, 1);
    const unsigned whole = f->passes < 2 ? radix : radix - radix % me->members;
    if (whole < radix) {
        for (unsigned k = whole; k < radix; k++) {
            pass_columns(s, false, 1, k * stride, stride, w + k * each, me);
        }
        prk_crew_wait(me);
    }
    for (unsigned k = whole * me->number / me->members; k < whole * (me->number + 1) / me->members;
         k++) {
        s->w = w + k * each;
        descend(s, 1, k * stride, stride);
    }
    if (whole == radix) {
        return;
    }
    const unsigned below = f->radices[1], left = (radix - whole) * below;
    const size_t shorter = stride / below, fewer = twiddles_below(s, 2);
    for (unsigned i = left * me->number / me->members; i < left * (me->number + 1) / me->members;
         i++) {
        const unsigned k = whole + i / below;
        s->w = w + k * each + NODE_TWIDDLES(below) + i % below * fewer;
        descend(s, 2, k * stride + i % below * shorter, shorter);
    }
    if (IS_INVERTED(s->product)) {
        prk_crew_wait(me);
        for (unsigned k = whole; k < radix; k++) {
            pass_columns(s, true, 1, k * stride, stride, w + k * each, me);
        }
    }
}

// The root, where digits become points, and all below it.
PRK_TARGET static void walk_down(walk *s, const double *low, const double *high, const double *a,
                                 const double *b, const prk_crew_member *me) {
    const prk_fft *f = s->f;
    const unsigned radix = f->radices[0];
    const size_t stride = f->points / radix;
    const double fold[2] = {f->cosine, f->sine}, *below = f->twiddles + NODE_TWIDDLES(radix);
    const prk_fft_columns c = columns_of(stride * s->each, me);
    double *re = s->work + c.first, *im = re + s->plane;
    s->a = a == NULL ? s->work : a;
    s->b = b == NULL ? s->work : b;
    s->w = below;
    const double *turn = f->ring == PRK_FFT_SIXTH || f->ring == PRK_FFT_THIRD ? fold : NULL;
    const size_t middle = me->members < 2 ? c.count : middle_of(c.count);
    enter((int)radix, f->twiddles, stride * s->each, middle, false, low + c.first, high + c.first,
          re, im, turn);
    if (middle < c.count) {
        enter((int)radix, f->twiddles, stride * s->each, c.count - middle, true,
              low + c.first + middle, high + c.first + middle, re + middle, im + middle, turn);
    }
    if (me->members < 2) {
        descend_all(s, 1, 0, radix, stride);
    } else {
        prk_crew_wait(me);
        descend_shared(s, below, me);
    }
}

// Some columns of the root, when all below it is done.
PRK_TARGET static void walk_up(const walk *s, prk_fft_columns c) {
    const prk_fft *f = s->f;
    const unsigned radix = f->radices[0];
    const size_t stride = f->points / radix * s->each;
    const size_t middle = c.count == stride ? stride : middle_of(c.count);
    double *re = s->work + c.first, *im = re + s->plane;
    join((int)radix, f->twiddles, stride, middle, false, re, im);
    if (middle < c.count) {
        join((int)radix, f->twiddles, stride, c.count - middle, true, re + middle, im + middle);
    }
}

PRK_TARGET static void walk_all(walk *s, const double *low, const double *high, const double *a,
                                const double *b, const prk_crew_member *me) {
    walk_down(s, low, high, a, b, me);
    if (IS_INVERTED(s->product)) {
        prk_crew_wait(me);
        walk_up(s, columns_of(s->f->points / s->f->radices[0] * s->each, me));
    }
}

typedef prk_fft_call call;

static walk walk_of(const call *t) {
    return (walk){.f = t->f,
                  .leaves = t->f->block == BLOCK ? &all_blocks_leaves : &half_blocks_leaves,
                  .product = t->product,
                  .each = 1,
                  .plane = t->f->points,
                  .work = t->work};
}

PRK_TARGET static void multiply_member(const call *t, const prk_crew_member *me) {
    walk s = walk_of(t);
    walk_all(&s, t->low, t->high, t->a, t->b, me);
}

PRK_TARGET static void run_multiply(void *context, const prk_crew_member *me) {
    const call *t = context;
    multiply_member(t, me);
}

PRK_TARGET static void multiply(const prk_fft *f, prk_fft_product product, const double *low,
                                const double *high, double *work, const double *a,
                                const double *b) {
    call t = {f, NULL, product, low, high, work, a, b};
    if (f->crew == NULL) {
        multiply_member(&t, &alone);
    } else {
        prk_crew_run(f->crew, run_multiply, &t);
    }
}

// --- Cycles --------------------------------------------------------------------------------------

// Modulo x^m - 1 and x^m + 1; and back, where what comes from the second one is half as large. A
// member's columns of each.
PRK_TARGET static void split_halves(size_t m, const double *low, const double *high, double *work,
                                    const prk_crew_member *me) {
    const prk_fft_columns c = columns_of(m, me);
    for (size_t j = c.first; j < c.first + c.count; j += V) {
        const reals a = load(low + j), b = load(high + j);
        store(work + j, a + b);
        store(work + m + j, a - b);
    }
}

PRK_TARGET static void join_halves(size_t m, double *work, prk_fft_columns c) {
    const reals two = all(2);
    for (size_t j = c.first; j < c.first + c.count; j += V) {
        const reals a = load(work + j), b = load(work + m + j);
        store(work + j, fmadd(two, b, a));
        store(work + m + j, fnmadd(two, b, a));
    }
}

// Half i, which is split off.
PRK_TARGET static void multiply_half(const call *t, unsigned i, const prk_crew_member *me) {
    const prk_fft_cycle *c = t->c;
    const size_t m = c->points >> i;
    const double *at = t->work + m;
    const call half = {&c->half[i], NULL,        t->product, at,
                       at + m / 2,  t->work + m, t->a + m,   t->b + m};
    multiply_member(&half, me);
}

// What is left when half i - 1 is split off, by one thread.
PRK_TARGET static void multiply_rest(const call *t, unsigned i) {
    const prk_fft_cycle *c = t->c;
    double *work = t->work;
    for (unsigned k = i; k < c->halves; k++) {
        const size_t m = c->points >> k;
        split_halves(m, work, work + m, work, &alone);
        multiply_half(t, k, &alone);
    }
    const size_t s = c->rest.points, behind = 2 * c->points;
    double *rest = work + behind;
    memcpy(rest, work, s * sizeof *rest);
    memset(rest + s, 0, s * sizeof *rest);
    const call last = {&c->rest, NULL, t->product,    rest,
                       rest + s, rest, t->a + behind, t->b + behind};
    multiply_member(&last, &alone);
    if (IS_INVERTED(t->product)) {
        memcpy(work, rest, s * sizeof *rest);
        for (unsigned k = c->halves; k-- > i;) {
            join_halves(c->points >> k, work, columns_of(c->points >> k, &alone));
        }
    }
}

// Halves are as large as all that is left when they are split off: so two members take one each.
// More share a half while it is long enough for that. What is left is to join the first half.
PRK_TARGET static void cycle_down(const call *t, const prk_crew_member *me) {
    const prk_fft_cycle *c = t->c;
    double *work = t->work;
    unsigned i = 0; // the half that one member has
    for (;; i++) {
        const size_t m = c->points >> i;
        split_halves(m, i == 0 ? t->low : work, i == 0 ? t->high : work + m, work, me);
        prk_crew_wait(me);
        if (me->members <= 2 || i + 1 == c->halves ||
            c->half[i].points < PRK_FFT_LEAST_SHARED / 2) {
            break;
        }
        multiply_half(t, i, me);
    }
    if (me->number == 0) {
        multiply_half(t, i, &alone);
    }
    if (me->number == me->members - 1) {
        multiply_rest(t, i + 1);
    }
    for (unsigned k = i; k > 0 && IS_INVERTED(t->product); k--) {
        prk_crew_wait(me);
        join_halves(c->points >> k, work, columns_of(c->points >> k, me));
    }
}

PRK_TARGET static void multiply_cycle_member(const call *t, const prk_crew_member *me) {
    cycle_down(t, me);
    if (IS_INVERTED(t->product)) {
        prk_crew_wait(me);
        join_halves(t->c->points, t->work, columns_of(t->c->points, me));
    }
}

PRK_TARGET static void run_multiply_cycle(void *context, const prk_crew_member *me) {
    multiply_cycle_member(context, me);
}

PRK_TARGET static void multiply_cycle(const prk_fft_cycle *c, prk_fft_product product,
                                      const double *low, const double *high, double *work,
                                      const double *a, const double *b) {
    call t = {NULL, c, product, low, high, work, a == NULL ? work : a, b == NULL ? work : b};
    if (c->crew == NULL) {
        multiply_cycle_member(&t, &alone);
    } else {
        prk_crew_run(c->crew, run_multiply_cycle, &t);
    }
}

#include "carry_body.h"

#define PASTE(a, b) a##b
#define NAME_OF(suffix) PASTE(prk_fft_, suffix)
const prk_fft_kernels NAME_OF(PRK_SUFFIX) = {.name = PRK_NAME,
                                             .lanes = V,
                                             .multiply = multiply,
                                             .multiply_cycle = multiply_cycle,
                                             .carry = carry,
                                             .multiply_carry = multiply_carry};
