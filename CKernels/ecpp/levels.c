// SPDX-License-Identifier: Apache-2.0
//
// Class polynomials as towers of fields of prime degree [EnMo03]. The conjugates of a class
// invariant stand in the order of a composition series of the class group. From the top, each run
// of p of them, a coset, is the roots of one polynomial of degree p. Their sum y, or where sums
// collide a mixture with other coefficients, generates the field below; the other coefficients are
// W(y) / V'(y), with V = ∏(X - y_k) and W = Σ c_k ∏(X - y_l) over l ≠ k. V and W have integers as
// coefficients. The y_k are the conjugates of the next level.

#include <assert.h>
#include <stdlib.h>

#include "tower.h"

// Bits for what rounding adds up to, and for the distance to an integer that shows that they
// sufficed.
#define GUARD 44
#define SPARE 24 // beyond what a level is estimated to need
#define LEAST_DISTANCE 20
#define MOST_ATTEMPTS 4

// --- Memory --------------------------------------------------------------------------------------

mpz_t *prk_numbers_make(size_t count) {
    mpz_t *numbers = malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        mpz_init(numbers[i]);
    }
    return numbers;
}

void prk_numbers_free(mpz_t *numbers, size_t count) {
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        mpz_clear(numbers[i]);
    }
    free(numbers);
}

prk_tower_level *prk_tower_add(prk_tower *tower, unsigned degree, size_t width) {
    assert(tower->count < PRK_MOST_GROUP_STEPS);
    prk_tower_level *l = &tower->levels[tower->count++];
    *l = (prk_tower_level){.degree = degree, .width = width};
    l->derivative = prk_numbers_make(width);
    l->parts = prk_numbers_make(width * degree);
    return l->derivative == NULL || l->parts == NULL ? NULL : l;
}

void prk_tower_clear(prk_tower *tower) {
    for (size_t i = 0; i < tower->count; i++) {
        prk_tower_level *l = &tower->levels[i];
        prk_numbers_free(l->derivative, l->width);
        prk_numbers_free(l->parts, l->degree * l->width);
    }
    tower->count = 0;
}

// --- Conjugates ----------------------------------------------------------------------------------

// A complex number below 2^size, with bits - size bits after the point.
typedef struct value {
    prk_complex z;
    int64_t size;
} value;

static value *make_values(size_t count) {
    value *values = malloc(count * sizeof *values);
    for (size_t i = 0; values != NULL && i < count; i++) {
        prk_complex_init(&values[i].z);
        values[i].size = 0;
    }
    return values;
}

static void free_values(value *values, size_t count) {
    for (size_t i = 0; values != NULL && i < count; i++) {
        prk_complex_clear(&values[i].z);
    }
    free(values);
}

// Gives it the size it has, at least 1; `after` bits are after the point.
static void settle(value *v, int64_t after, int64_t bits) {
    const size_t re = mpz_sizeinbase(v->z.re, 2), im = mpz_sizeinbase(v->z.im, 2);
    const int64_t size = (int64_t)(re > im ? re : im) - after;
    v->size = size < 1 ? 1 : size;
    prk_rescale(v->z.re, v->z.re, after, bits - v->size);
    prk_rescale(v->z.im, v->z.im, after, bits - v->size);
}

static void set_conjugate(value *v, const value *w) {
    mpz_set(v->z.re, w->z.re);
    mpz_neg(v->z.im, w->z.im);
    v->size = w->size;
}

// One tower in the making. `partners`: where the complex conjugate of each value is.
typedef struct work {
    prk_tower *tower;
    prk_class_group group;
    prk_conjugate *conjugates;
    size_t *partners;
    value *values; // of the level, `count` of them
    size_t count;
    int64_t bits, needed; // of this attempt, and what it found to be needed
    prk_complex product;  // for a while
    mpz_t temporary[2];
    const uint32_t *cancel;
} work;

static bool is_cancelled(const uint32_t *cancel) {
    return cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

static prk_status fill_values(work *w) {
    prk_periods periods;
    const prk_invariant *invariant = &w->tower->invariant;
    if (!prk_periods_init(&periods, invariant->discriminant, (mp_bitcnt_t)w->bits, w->group.h)) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < w->count && status == PRK_STATUS_OK; i++) {
        const size_t partner = w->partners[i];
        if (partner < i) {
            set_conjugate(&w->values[i], &w->values[partner]);
            continue;
        }
        value *v = &w->values[i];
        const int64_t after = prk_conjugate_value(&v->z, invariant, &w->conjugates[i], &periods);
        if (partner == i) {
            mpz_set_ui(v->z.im, 0);
        }
        settle(v, after, w->bits);
        status = is_cancelled(w->cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    }
    prk_periods_clear(&periods);
    return status;
}

// --- How many bits -------------------------------------------------------------------------------

static unsigned log2_above(size_t n) {
    unsigned bits = 0;
    while (n >> bits != 0) {
        bits++;
    }
    return bits;
}

// Those of W and V, if every y is a trace: of the largest product of all roots of one polynomial
// and the traces of the others. In parts of 1024; a size is rounded up to a bit, so by half of one.
static int64_t level_height(int64_t *sizes, size_t width, unsigned degree) {
    int64_t sum = 0, most = 0;
    for (size_t k = 0; k < width; k++) {
        int64_t largest = 0, product = 512;
        for (unsigned i = 0; i < degree; i++) {
            const int64_t each = sizes[k * degree + i];
            product += each;
            largest = each > largest ? each : largest;
        }
        sizes[k] = largest + 256 * log2_above(degree);
        const int64_t rounded = sizes[k] + 512 > 1024 ? sizes[k] + 512 : 1024;
        sum += rounded;
        most = product - rounded > most ? product - rounded : most;
    }
    return sum + most;
}

static prk_status choose_bits(work *w) {
    const size_t h = w->group.h;
    int64_t *sizes = malloc(h * sizeof *sizes);
    if (sizes == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < h; i++) {
        sizes[i] = prk_conjugate_size(&w->tower->invariant, &w->conjugates[i]);
    }
    int64_t most = sizes[0];
    size_t width = h;
    for (size_t i = 0; i < w->group.steps; i++) {
        width /= w->group.primes[i];
        const int64_t height = level_height(sizes, width, w->group.primes[i]);
        most = height > most ? height : most;
    }
    w->bits = most / 1024 + most / 32768 + GUARD + SPARE;
    free(sizes);
    return PRK_STATUS_OK;
}

// --- Symmetric functions -------------------------------------------------------------------------

// x and what is before it are taken in: s_(j+1) += x s_j. sizes[j] is the size of the largest
// product in s_j.
static void take_in(work *w, value *s, const int64_t *sizes, const value *x, unsigned taken) {
    for (unsigned j = taken; j > 0; j--) {
        const int64_t cut = w->bits + sizes[j + 1] - sizes[j] - x->size;
        prk_complex_mul(&w->product, &s[j - 1].z, &x->z, (mp_bitcnt_t)cut, w->temporary);
        mpz_add(s[j].z.re, s[j].z.re, w->product.re);
        mpz_add(s[j].z.im, s[j].z.im, w->product.im);
    }
    prk_rescale(w->product.re, x->z.re, w->bits - x->size, w->bits - sizes[1]);
    prk_rescale(w->product.im, x->z.im, w->bits - x->size, w->bits - sizes[1]);
    mpz_add(s[0].z.re, s[0].z.re, w->product.re);
    mpz_add(s[0].z.im, s[0].z.im, w->product.im);
}

// s_1 … s_p of p values.
static void symmetric_functions(work *w, value *s, const value *v, unsigned degree) {
    int64_t sizes[PRK_MOST_TOWER_DEGREE + 1] = {0};
    unsigned order[PRK_MOST_TOWER_DEGREE];
    for (unsigned i = 0; i < degree; i++) { // the largest first
        unsigned j = i;
        for (; j > 0 && v[order[j - 1]].size < v[i].size; j--) {
            order[j] = order[j - 1];
        }
        order[j] = i;
    }
    for (unsigned i = 0; i < degree; i++) {
        sizes[i + 1] = sizes[i] + v[order[i]].size;
        mpz_set_ui(s[i].z.re, 0);
        mpz_set_ui(s[i].z.im, 0);
    }
    for (unsigned i = 0; i < degree; i++) {
        take_in(w, s, sizes, &v[order[i]], i);
    }
    for (unsigned i = 0; i < degree; i++) {
        settle(&s[i], w->bits - sizes[i + 1], w->bits);
    }
}

// --- The generator -------------------------------------------------------------------------------

// The choice of y = s_1 + c s_2 + c^2 s_3 + …: the trace alone for c = 0, then 1, -1, 2, -2, 3, -3.
static bool set_choice(prk_tower_level *l, unsigned tried) {
    const int64_t c = (tried % 2 == 0 ? -1 : 1) * (int64_t)((tried + 1) / 2);
    l->mix[0] = 1;
    for (unsigned j = 1; j < l->degree; j++) {
        l->mix[j] = c * l->mix[j - 1];
    }
    return tried <= 6;
}

static void generator(work *w, value *y, const value *s, const prk_tower_level *l) {
    int64_t size = 0;
    for (unsigned j = 0; j < l->degree; j++) {
        size = l->mix[j] != 0 && s[j].size > size ? s[j].size : size;
    }
    const int64_t after = w->bits - size;
    mpz_set_ui(y->z.re, 0);
    mpz_set_ui(y->z.im, 0);
    for (unsigned j = 0; j < l->degree && l->mix[j] != 0; j++) {
        prk_rescale(w->product.re, s[j].z.re, w->bits - s[j].size, after);
        prk_rescale(w->product.im, s[j].z.im, w->bits - s[j].size, after);
        mpz_mul_si(w->product.re, w->product.re, l->mix[j]);
        mpz_mul_si(w->product.im, w->product.im, l->mix[j]);
        mpz_add(y->z.re, y->z.re, w->product.re);
        mpz_add(y->z.im, y->z.im, w->product.im);
    }
    settle(y, after, w->bits);
}

// Whether no two are nearer than about 2^-half, half of the bits. As the product of all is counted
// in them, what is wrong with two that are equal is less.
static prk_status are_distinct(work *w, const value *y, size_t count, bool *distinct) {
    mpz_t *places = prk_numbers_make(2 * count);
    if (places == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t k = 0; k < count; k++) {
        prk_rescale(places[2 * k], y[k].z.re, w->bits - y[k].size, w->bits / 2);
        prk_rescale(places[2 * k + 1], y[k].z.im, w->bits - y[k].size, w->bits / 2);
    }
    *distinct = true;
    for (size_t k = 1; k < count && *distinct; k++) {
        for (size_t l = 0; l < k && *distinct; l++) {
            bool is_near = true;
            for (size_t part = 0; part < 2 && is_near; part++) {
                mpz_sub(w->temporary[0], places[2 * k + part], places[2 * l + part]);
                is_near = mpz_cmpabs_ui(w->temporary[0], 4) <= 0;
            }
            *distinct = !is_near;
        }
        if (is_cancelled(w->cancel)) {
            prk_numbers_free(places, 2 * count);
            return PRK_STATUS_CANCELLED;
        }
    }
    prk_numbers_free(places, 2 * count);
    return PRK_STATUS_OK;
}

// y of each coset, if one choice tells them apart.
static prk_status choose_generator(work *w, value *y, const value *s, prk_tower_level *l,
                                   bool *found) {
    prk_status status = PRK_STATUS_OK;
    *found = false;
    for (unsigned tried = 0; status == PRK_STATUS_OK && !*found && set_choice(l, tried); tried++) {
        for (size_t k = 0; k < l->width; k++) {
            generator(w, &y[k], s + k * l->degree, l);
            if (w->partners[k] == k) {
                mpz_set_ui(y[k].z.im, 0);
            }
        }
        status = are_distinct(w, y, l->width, found);
    }
    return status;
}

// --- The product tree ----------------------------------------------------------------------------

// V and the W of each coefficient: rows of `width` numbers, of which a node has those from `place`
// on. A node's polynomial is below about 2^size and has bits - size bits after the point, so that
// products of all are as long at each node. V is monic, without its leading coefficient.
typedef struct tree {
    mpz_t *numbers, *spare;
    size_t width, rows;
    int64_t bits;
    const uint32_t *cancel;
} tree;

typedef struct node {
    size_t place, degree;
    int64_t size;
} node;

// sum += the coefficient of X^k of the product of two polynomials.
static void add_products(mpz_ptr sum, mpz_t *a, size_t count_a, mpz_t *b, size_t count_b,
                         size_t k) {
    for (size_t i = k < count_b ? 0 : k - count_b + 1; i < count_a && i <= k; i++) {
        mpz_addmul(sum, a[i], b[k - i]);
    }
}

static void add_cut(mpz_ptr sum, mpz_srcptr x, int64_t cut, mpz_ptr t) {
    mpz_tdiv_q_2exp(t, x, (mp_bitcnt_t)cut);
    mpz_add(sum, sum, t);
}

// Row `row` of two neighbours: V V, or W V + V W, where the V are X^a + … and X^b + ….
static prk_status combine_row(tree *t, const node *a, const node *b, size_t row) {
    mpz_t *v = t->numbers + a->place, *r = v + row * t->width;
    mpz_t *v2 = t->numbers + b->place, *r2 = v2 + row * t->width;
    mpz_ptr cut = t->spare[t->width];
    const size_t degree = a->degree + b->degree;
    for (size_t k = 0; k < degree; k++) {
        mpz_ptr sum = t->spare[k];
        mpz_set_ui(sum, 0);
        add_products(sum, r, a->degree, v2, b->degree, k);
        if (row != 0) {
            add_products(sum, v, a->degree, r2, b->degree, k);
        }
        mpz_tdiv_q_2exp(sum, sum, (mp_bitcnt_t)t->bits);
        if (k >= b->degree) {
            add_cut(sum, r[k - b->degree], b->size, cut);
        }
        if (k >= a->degree) {
            add_cut(sum, r2[k - a->degree], a->size, cut);
        }
        if (is_cancelled(t->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
    }
    for (size_t k = 0; k < degree; k++) {
        mpz_swap(r[k], t->spare[k]);
    }
    return PRK_STATUS_OK;
}

// nodes[0] becomes the product of all.
static prk_status multiply_all(tree *t, node *nodes, size_t count) {
    if (count == 1) {
        return PRK_STATUS_OK;
    }
    const size_t half = count / 2;
    prk_status status = multiply_all(t, nodes, half);
    if (status == PRK_STATUS_OK) {
        status = multiply_all(t, nodes + half, count - half);
    }
    node *a = nodes, *b = nodes + half;
    for (size_t row = t->rows;
         row-- > 0 && status == PRK_STATUS_OK;) { // V, which the others need, last
        status = combine_row(t, a, b, row);
    }
    a->degree += b->degree;
    a->size += b->size;
    return status;
}

// A leaf of one real y: X - y and c.
static void set_real_leaf(tree *t, const node *n, const value *y, const value *c, size_t row,
                          int64_t bits) {
    mpz_t *r = t->numbers + n->place + row * t->width;
    const value *x = row == 0 ? y : c;
    prk_rescale(r[0], x->z.re, bits - x->size, t->bits - n->size);
    if (row == 0) {
        mpz_neg(r[0], r[0]);
    }
}

// Of two conjugates: X^2 - 2 Re(y) X + |y|^2 and 2 Re(c) X - 2 Re(c y'), y' the conjugate of y.
static void set_complex_leaf(tree *t, const node *n, const value *y, const value *c, size_t row,
                             int64_t bits) {
    mpz_t *r = t->numbers + n->place + row * t->width;
    const value *x = row == 0 ? y : c;
    const int64_t after = t->bits - n->size;
    mpz_mul(r[0], x->z.re, y->z.re);
    mpz_addmul(r[0], x->z.im, y->z.im);
    prk_rescale(r[0], r[0], 2 * bits - x->size - y->size, after + (row != 0));
    prk_rescale(r[1], x->z.re, bits - x->size, after + 1);
    mpz_neg(r[row == 0 ? 1 : 0], r[row == 0 ? 1 : 0]);
}

// The leaves, each real y and each pair of conjugates once.
static size_t set_leaves(work *w, tree *t, node *nodes, const value *y, const value *s,
                         const prk_tower_level *l) {
    size_t count = 0, place = 0;
    for (size_t k = 0; k < l->width; k++) {
        const bool is_real = w->partners[k] == k;
        if (w->partners[k] < k) {
            continue;
        }
        node *n = &nodes[count++];
        *n = (node){place, is_real ? 1 : 2, is_real ? y[k].size : 2 * y[k].size};
        place += n->degree;
        for (unsigned j = 0; j < l->degree; j++) { // V in the row of s_1
            (is_real ? set_real_leaf : set_complex_leaf)(t, n, &y[k], &s[k * l->degree + j], j,
                                                         w->bits);
        }
    }
    return count;
}

// --- One level -----------------------------------------------------------------------------------

// z = the integer next to x / 2^after, if that is near.
static bool round_off(mpz_ptr z, mpz_srcptr x, int64_t after, mpz_ptr t) {
    if (after < GUARD / 2) {
        return false;
    }
    mpz_set_ui(t, 1);
    mpz_mul_2exp(t, t, (mp_bitcnt_t)after - 1);
    mpz_add(t, t, x);
    mpz_fdiv_q_2exp(z, t, (mp_bitcnt_t)after);
    mpz_mul_2exp(t, z, (mp_bitcnt_t)after);
    mpz_sub(t, t, x);
    return mpz_sgn(t) == 0 || mpz_sizeinbase(t, 2) <= (size_t)after - LEAST_DISTANCE;
}

static bool round_level(prk_tower_level *l, tree *t, int64_t after) {
    mpz_ptr temporary = t->spare[0], v = t->spare[t->width];
    bool is_near = true;
    for (size_t i = 0; i < l->width; i++) {
        is_near = is_near && round_off(v, t->numbers[i], after, temporary);
        if (i > 0) {
            mpz_mul_ui(l->derivative[i - 1], v, i);
        }
    }
    mpz_set_ui(l->derivative[l->width - 1], l->width);
    for (size_t i = l->width; i < l->width * l->degree && is_near; i++) {
        is_near = round_off(l->parts[i], t->numbers[i], after, temporary);
    }
    return is_near;
}

// The bits that the tree needs: for the product of all V, and for a W that is larger.
static int64_t tree_bits(const value *y, const value *s, const prk_tower_level *l, int64_t *extra) {
    int64_t sum = 0;
    *extra = 0;
    for (size_t k = 0; k < l->width; k++) {
        sum += y[k].size;
        for (unsigned j = 1; j < l->degree; j++) {
            const int64_t more = s[k * l->degree + j].size - y[k].size;
            *extra = more > *extra ? more : *extra;
        }
    }
    *extra += GUARD;
    return sum + *extra;
}

static prk_status make_level(work *w, const value *y, const value *s, prk_tower_level *l,
                             bool *is_near) {
    int64_t after;
    tree t = {.width = l->width,
              .rows = l->degree,
              .bits = tree_bits(y, s, l, &after),
              .cancel = w->cancel};
    w->needed = t.bits > w->needed ? t.bits : w->needed;
    *is_near = t.bits <= w->bits;
    if (!*is_near) {
        return PRK_STATUS_OK;
    }
    const size_t numbers = t.width * t.rows;
    t.numbers = prk_numbers_make(numbers);
    t.spare = prk_numbers_make(t.width + 1);
    node *nodes = malloc(t.width * sizeof *nodes);
    prk_status status = PRK_STATUS_NO_MEMORY;
    if (t.numbers != NULL && t.spare != NULL && nodes != NULL) {
        status = multiply_all(&t, nodes, set_leaves(w, &t, nodes, y, s, l));
    }
    if (status == PRK_STATUS_OK) {
        *is_near = round_level(l, &t, after);
    }
    free(nodes);
    prk_numbers_free(t.spare, t.width + 1);
    prk_numbers_free(t.numbers, numbers);
    return status;
}

// The last one, over the rational numbers: the s are integers.
static bool make_last_level(const work *w, const value *s, prk_tower_level *l) {
    bool is_near = true;
    mpz_t t;
    mpz_init(t);
    for (unsigned j = 0; j < l->degree && is_near; j++) {
        is_near = round_off(l->parts[j], s[j].z.re, w->bits - s[j].size, t);
    }
    mpz_clear(t);
    mpz_set_ui(l->derivative[0], 1);
    return is_near;
}

// From the values of this level to those of the next one.
static prk_status go_down(work *w, unsigned degree, bool *is_near) {
    const size_t width = w->count / degree;
    prk_tower_level *l = prk_tower_add(w->tower, degree, width);
    value *s = make_values(w->count), *y = make_values(width);
    prk_status status = l == NULL || s == NULL || y == NULL ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    if (status == PRK_STATUS_OK) {
        for (size_t k = 0; k < width && status == PRK_STATUS_OK; k++) {
            symmetric_functions(w, s + k * degree, w->values + k * degree, degree);
            w->partners[k] = w->partners[k * degree] / degree;
            status = is_cancelled(w->cancel) ? PRK_STATUS_CANCELLED : status;
        }
    }
    if (status == PRK_STATUS_OK) {
        if (width == 1) {
            *is_near = make_last_level(w, s, l);
        } else {
            status = choose_generator(w, y, s, l, is_near);
            if (status == PRK_STATUS_OK && *is_near) {
                status = make_level(w, y, s, l, is_near);
            }
        }
    }
    free_values(s, w->count);
    free_values(w->values, w->count);
    w->values = y;
    w->count = width;
    return status;
}

// --- The tower -----------------------------------------------------------------------------------

static void set_partners(work *w) {
    for (size_t i = 0; i < w->group.h; i++) {
        const prk_quadratic partner =
            prk_invariant_partner(&w->tower->invariant, &w->conjugates[i]);
        w->partners[i] = prk_class_place(&w->group, &partner);
    }
}

// Asks malloc for what an attempt takes, since GMP aborts when it gets none: the values and their
// symmetric functions have two numbers each, and so much again is the tree and what it is rounded
// to.
static bool has_memory(const work *w) {
    void *volatile probe = malloc(8 * w->group.h * ((size_t)w->bits / 8 + 64));
    free(probe);
    return probe != NULL;
}

static prk_status attempt(work *w, bool *is_made) {
    const size_t h = w->group.h;
    if (!has_memory(w)) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_tower_clear(w->tower);
    set_partners(w);
    w->values = make_values(h);
    w->count = h;
    w->needed = 0;
    prk_status status = w->values == NULL ? PRK_STATUS_NO_MEMORY : fill_values(w);
    *is_made = true;
    for (size_t i = 0; i < w->group.steps && status == PRK_STATUS_OK && *is_made; i++) {
        status = go_down(w, w->group.primes[i], is_made);
    }
    if (h == 1 && status == PRK_STATUS_OK) {
        status = go_down(w, 1, is_made);
    }
    free_values(w->values, w->count);
    w->values = NULL;
    return status;
}

static prk_status attempts(work *w, bool *is_made) {
    const size_t h = w->group.h;
    w->partners = malloc(h * sizeof *w->partners);
    w->conjugates = malloc(h * sizeof *w->conjugates);
    if (w->partners == NULL || w->conjugates == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < h; i++) {
        w->conjugates[i] = prk_invariant_conjugate(&w->tower->invariant, &w->group.forms[i]);
    }
    prk_status status = choose_bits(w);
    for (int i = 0; i < MOST_ATTEMPTS && status == PRK_STATUS_OK && !*is_made; i++) {
        status = attempt(w, is_made);
        const int64_t more = w->bits + w->bits / 2, needed = w->needed + SPARE;
        w->bits = needed > more ? needed : more;
    }
    return status;
}

prk_status prk_tower_raise(prk_tower *tower, size_t h, const uint32_t *cancel, bool *is_made) {
    *is_made = false;
    work w = {.tower = tower, .cancel = cancel};
    prk_status status = prk_class_group_make(&w.group, tower->invariant.discriminant, h);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    prk_complex_init(&w.product);
    mpz_inits(w.temporary[0], w.temporary[1], (mpz_ptr)NULL);
    status = attempts(&w, is_made);
    mpz_clears(w.temporary[0], w.temporary[1], (mpz_ptr)NULL);
    prk_complex_clear(&w.product);
    free(w.partners);
    free(w.conjugates);
    prk_class_group_clear(&w.group);
    if (status != PRK_STATUS_OK || !*is_made) {
        prk_tower_clear(tower);
    }
    return status;
}
