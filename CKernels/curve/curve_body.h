// SPDX-License-Identifier: Apache-2.0
//
// How a claim about a point is looked at, over any arithmetic: one number's limbs, or eight numbers
// in lanes. The file that includes this one has defined
//
//     CURVE                     what stands before each function
//     limb                      a limb, of one number or of all lanes
//     field                     the modulus, with `size` limbs
//     multiply, square          out = a b; any of them may be the same array
//     combine                   out = ca a + cb b + cc c + above n, ca > 0, c may be NULL
//     pick                      the table's entry that digits choose, with their signs
//     keep                      x = y in some lanes
//
// Formulas are Jacobian, x = X / Z^2 and y = Y / (2 Z^3): with twice the ordinate no formula has to
// halve anything, and few have to double. W = a Z^4 goes with a point [CMO98, "modified"]. A point
// with Z is an affine point of the curve that has W in the place of a: so no multiple is ever
// divided by its Z, and a table of multiples needs one Z in common alone [Melo07].
//
// Why the answer holds modulo each prime p that divides n: doubling gives Z the factor 2 Y, and a
// sum the factor 2 H, H the difference of abscissas. Where 2 Y is not 0 modulo p the doubling is
// the right one and is not 0, and where H is not 0 modulo p the sum is. `product` has all these
// factors and is a unit modulo n at the end, or nothing is said: so each formula was the right one
// modulo each p, and no point on the way was 0.
//
// Bounds, which lanes need, in multiples of n: products are below 2, what combine() gives is
// between 0 and what its call says, and operands of products are below 32, so that 32^2 n <= R
// suffices.

// Some coordinates are constants of a call and are not changed.
typedef struct point {
    limb *x, *y, *z, *w;
} point;

// What a walk takes on its way.
enum { CURVE_ROOM = 8 };
typedef struct room {
    limb *t[CURVE_ROOM];
} room;

// P = 2 P. X and Y are below 8 before and after, Z and W below 2.
CURVE void double_point(const field *f, const point *p, const room *r) {
    limb *xx = r->t[0], *yy = r->t[1], *a = r->t[2], *b = r->t[3], *y4 = r->t[4], *e = r->t[5];
    square_two(f, xx, p->x, yy, p->y);
    combine(f, a, 3, xx, 1, p->w, 0, NULL, 0); // 8
    multiply(f, b, p->x, yy);
    square_two(f, y4, yy, e, a);
    multiply(f, p->z, p->z, p->y);
    multiply(f, p->w, p->w, y4);
    combine(f, p->x, 1, e, -2, b, 0, NULL, 4); // 6
    combine(f, b, 1, b, -1, p->x, 0, NULL, 6); // 8
    multiply(f, e, a, b);
    combine(f, p->y, 2, e, -1, y4, 0, NULL, 2); // 6
}

// P = P + (x, y), which are below 8.
CURVE void add_affine(const field *f, const point *p, const limb *x, const limb *y, const room *r) {
    limb *zz = r->t[0], *h = r->t[1], *s = r->t[2], *i = r->t[3], *v = r->t[4], *e = r->t[5];
    square(f, zz, p->z);
    multiply(f, h, x, zz);
    combine(f, h, 1, h, -1, p->x, 0, NULL, 8); // 10
    multiply(f, s, p->z, zz);
    multiply(f, s, s, y);
    combine(f, s, 1, s, -1, p->y, 0, NULL, 8); // 10
    combine(f, e, 2, h, 0, NULL, 0, NULL, 0);  // 20
    multiply(f, p->z, p->z, e);
    square(f, i, e);
    multiply(f, v, p->x, i);
    multiply(f, h, h, i); // J
    square_two(f, i, i, e, s);
    multiply(f, p->w, p->w, i);
    combine(f, p->x, 1, e, -1, h, -2, v, 6);   // 8
    combine(f, v, 1, v, -1, p->x, 0, NULL, 8); // 10
    multiply(f, v, v, s);
    multiply(f, h, h, p->y);
    combine(f, p->y, 2, v, -2, h, 0, NULL, 4); // 8
}

// The odd multiples 1, 3, 5, … of (x, y), and twice it, as affine points of one curve.
typedef struct table {
    size_t count;  // 2^(width - 1)
    limb *entries; // x and y by turns
    limb *steps;   // of each sum 2 H, count - 1
    limb *twice_x, *twice_y;
    limb *z, *w; // Z in common, and a Z^4
} table;

CURVE limb *entry_of(const field *f, const table *t, size_t i) {
    return t->entries + 2 * i * (size_t)f->size;
}

// x and y are below 8, a below 2; none is an array of the table or the room.
CURVE prk_status make_table(const field *f, table *t, const limb *x, const limb *y, const limb *a,
                            const room *r, const uint32_t *cancel) {
    const size_t size = (size_t)f->size;
    limb *u = r->t[0], *v = r->t[1], *c = r->t[2], *g = r->t[3], *e = r->t[4];
    limb *dx = t->twice_x, *dy = t->twice_y, *first = entry_of(f, t, 0);
    // Twice the point with Z = Y, and the point itself with that Z.
    square_two(f, u, x, v, y);
    combine(f, u, 3, u, 1, a, 0, NULL, 0); // 8
    multiply(f, first, x, v);
    square_two(f, first + size, v, e, u);
    multiply(f, t->w, a, first + size);
    combine(f, dx, 1, e, -2, first, 0, NULL, 4); // 6
    combine(f, e, 1, first, -1, dx, 0, NULL, 6); // 8
    multiply(f, e, e, u);
    combine(f, dy, 2, e, -1, first + size, 0, NULL, 2); // 6
    // Each is the one before plus twice the point, both with the same Z, which gets the factor 2 H.
    for (size_t i = 1; i < t->count; i++) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const limb *px = entry_of(f, t, i - 1), *py = px + size;
        limb *qx = entry_of(f, t, i), *qy = qx + size, *h = t->steps + (i - 1) * size;
        combine(f, h, 2, px, -2, dx, 0, NULL, 16); // 32
        combine(f, v, 1, py, -1, dy, 0, NULL, 8);  // 16
        square_two(f, c, h, e, v);
        multiply(f, g, px, c);
        multiply(f, dx, dx, c);
        combine(f, qx, 1, e, -1, g, -1, dx, 4);  // 6
        combine(f, g, 2, g, -2, dx, 0, NULL, 4); // 8: (2 H)^3
        multiply(f, dy, dy, g);
        combine(f, e, 1, dx, -1, qx, 0, NULL, 6); // 8
        multiply(f, e, e, v);
        combine(f, qy, 2, e, -1, dy, 0, NULL, 2); // 6
    }
    // All to the last one's Z.
    memcpy(t->z, y, size * sizeof *y);
    if (t->count == 1) {
        return PRK_STATUS_OK;
    }
    memcpy(c, t->steps + (t->count - 2) * size, size * sizeof *c);
    for (size_t i = t->count - 1; i-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        limb *px = entry_of(f, t, i), *py = px + size;
        square(f, u, c);
        multiply(f, px, px, u);
        multiply(f, v, u, c);
        multiply(f, py, py, v);
        if (i > 0) {
            multiply(f, c, c, t->steps + (i - 1) * size);
        }
    }
    multiply(f, t->z, t->z, c);
    square(f, u, u);
    multiply(f, t->w, t->w, u);
    return PRK_STATUS_OK;
}

// A scalar for each lane, as digits: `lanes` of them in a row.
typedef struct windows {
    const int8_t *digits;
    size_t count;
    unsigned width;
} windows;

// P = the multiple of the table's point that the digits say; Z less the table's. `x` and `y` are
// room for an entry. One step for each window.
CURVE prk_status walk(const field *f, const table *t, const windows *w, const point *p, limb *x,
                      limb *y, const room *r, const uint32_t *cancel) {
    const size_t bytes = (size_t)f->size * sizeof(limb);
    memcpy(p->z, f->one, bytes);
    memcpy(p->w, t->w, bytes);
    pick(f, p->x, p->y, t, w->digits + (w->count - 1) * CURVE_LANES);
    for (size_t i = w->count - 1; i-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (unsigned j = 0; j < w->width; j++) {
            double_point(f, p, r);
        }
        pick(f, x, y, t, w->digits + i * CURVE_LANES);
        add_affine(f, p, x, y, r);
    }
    return PRK_STATUS_OK;
}

// The arrays of a look, each of `size` limbs.
typedef struct look {
    point p, spare;
    limb *x, *y, *a, *product, *left, *right;
    room r;
    table t;
    windows first, last; // digits of s | 1, and of q - 2 or q + 2
    unsigned even;       // the lanes whose s is even
} look;

enum { CURVE_ARRAYS = 2 * 4 + 6 + CURVE_ROOM + 4 };

// Arrays for a look whose tables have up to `entries` points.
CURVE void lay_out(look *l, limb *memory, size_t size, size_t entries) {
    limb **const arrays[CURVE_ARRAYS - CURVE_ROOM] = {
        &l->p.x,     &l->p.y,     &l->p.z,       &l->p.w,       &l->spare.x, &l->spare.y,
        &l->spare.z, &l->spare.w, &l->x,         &l->y,         &l->a,       &l->product,
        &l->left,    &l->right,   &l->t.twice_x, &l->t.twice_y, &l->t.z,     &l->t.w};
    for (size_t i = 0; i < CURVE_ARRAYS - CURVE_ROOM; i++, memory += size) {
        *arrays[i] = memory;
    }
    for (size_t i = 0; i < CURVE_ROOM; i++, memory += size) {
        l->r.t[i] = memory;
    }
    l->t.entries = memory;
    l->t.steps = memory + 2 * entries * size;
}

CURVE size_t limbs_laid_out(size_t size, size_t entries) {
    return (CURVE_ARRAYS + 3 * entries) * size;
}

// From x, y and a: at the end the claim holds where `product` is a unit, X of p is `left`, and Y of
// p is less `right` for q - 2, or `right` for q + 2.
CURVE prk_status run(const field *f, look *l, const uint32_t *cancel) {
    const size_t bytes = (size_t)f->size * sizeof(limb);
    const room *r = &l->r;
    l->t.count = (size_t)1 << (l->first.width - 1);
    prk_status status = make_table(f, &l->t, l->x, l->y, l->a, r, cancel);
    if (status == PRK_STATUS_OK) {
        status = walk(f, &l->t, &l->first, &l->p, l->left, l->right, r, cancel);
    }
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (l->even != 0) { // (s + 1) P - P
        memcpy(l->spare.x, l->p.x, bytes);
        memcpy(l->spare.y, l->p.y, bytes);
        memcpy(l->spare.z, l->p.z, bytes);
        memcpy(l->spare.w, l->p.w, bytes);
        static const int8_t minus_one[] = {-1, -1, -1, -1, -1, -1, -1, -1};
        pick(f, l->left, l->right, &l->t, minus_one);
        add_affine(f, &l->spare, l->left, l->right, r);
        keep(f, l->p.x, l->spare.x, l->even);
        keep(f, l->p.y, l->spare.y, l->even);
        keep(f, l->p.z, l->spare.z, l->even);
        keep(f, l->p.w, l->spare.w, l->even);
    }
    multiply(f, l->product, l->p.z, l->t.z);
    memcpy(l->x, l->p.x, bytes);
    memcpy(l->y, l->p.y, bytes);
    memcpy(l->a, l->p.w, bytes);
    l->t.count = (size_t)1 << (l->last.width - 1);
    status = make_table(f, &l->t, l->x, l->y, l->a, r, cancel);
    if (status == PRK_STATUS_OK) {
        status = walk(f, &l->t, &l->last, &l->p, l->left, l->right, r, cancel);
    }
    if (status != PRK_STATUS_OK) {
        return status;
    }
    multiply(f, l->product, l->product, l->t.z);
    multiply(f, l->product, l->product, l->p.z);
    square(f, l->left, l->p.z);
    multiply(f, l->right, l->left, l->p.z);
    multiply(f, l->left, l->left, l->t.twice_x);
    multiply(f, l->right, l->right, l->t.twice_y);
    return PRK_STATUS_OK;
}
