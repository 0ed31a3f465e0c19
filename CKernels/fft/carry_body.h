// SPDX-License-Identifier: Apache-2.0
//
// Carries of one number across vectors: what transform_body.h ends with.

// --- Carries -------------------------------------------------------------------------------------

// Added and taken away again it rounds what is below 2^51 to an integer, the even one at half.
#define ROUNDER 6755399441055744.0 // 1.5 2^52

typedef struct planes {
    reals low, high;
} planes;

// Not rint(): a call to it costs more than all else here.
static inline double nearest(double x) { return (x + ROUNDER) - ROUNDER; }

// The first digits of a plane, plus what is carried to them. As a rule two of them take it all.
KERNEL void add_carry(const prk_fft_carry *c, bool is_weighted, int plane, double *digits,
                      double carried) {
    UNROLL
    for (int i = 0; i < 6; i++) {
        if (i >= 2 && __builtin_expect(carried == 0, 1)) {
            return;
        }
        const double base = is_weighted ? c->first_base[plane][i] : c->base[0];
        const double inverse = is_weighted ? c->first_inverse_base[plane][i] : c->inverse_base[0];
        double d = digits[i];
        if (is_weighted) {
            d = nearest(d * c->first_inverse[plane][i]);
        }
        d += carried;
        carried = nearest(d * inverse);
        d -= carried * base;
        digits[i] = is_weighted ? d * c->first_weight[plane][i] : d;
    }
    digits[6] += is_weighted ? carried * c->first_weight[plane][6] : carried;
}

// The last digits, which stand at `digits`, plus what comes back to b^n. As a rule it stays in one.
KERNEL void add_top(const prk_fft_carry *c, double *digits, double carried) {
    for (unsigned i = c->top_at; i < 8 && carried != 0; i++) {
        double d = nearest(digits[i] * c->last_inverse[i]) + carried;
        carried = i < 7 ? nearest(d * c->last_inverse_base[i]) : 0;
        d -= carried * c->last_base[i];
        digits[i] = d * c->last_weight[i];
    }
}

// What is carried out of the highest digit.
KERNEL void wrap(const prk_fft_carry *c, prk_fft_ring ring, bool is_weighted, double *low,
                 double *high, double carried) {
    if (is_weighted) {
        // carried b^e_L = (h k + r) b^n, and k b^n = wrap_low.
        const double all = carried * c->top, k = (double)c->k;
        double h = nearest(all / k), r = all - h * k;
        if (__builtin_expect((all >= 0x1p50 && all < 0x1p100) || (all <= -0x1p50 && all > -0x1p100),
                             0)) {
            const __int128 whole = (__int128)(int64_t)carried * (int64_t)c->top;
            h = (double)(int64_t)(whole / (int64_t)c->k);
            r = (double)(int64_t)(whole % (int64_t)c->k);
            const double more = nearest(r / k); // 1, 0 or -1: what comes back is short
            h += more;
            r -= more * k;
        }
        add_top(c, high + c->points - 8, r * c->top_place);
        carried = h;
    }
    add_carry(c, is_weighted, 0, low, carried * c->wrap_low);
    if (ring != PRK_FFT_RIGHT) {
        add_carry(c, false, 1, high, carried * c->wrap_high);
    }
}

// Those of what exceeds a digit, and one for a factor.
#define MOST_LEVELS (PRK_FFT_MOST_CARRIES + 1)

typedef struct carry_state {
    reals before[MOST_LEVELS]; // of each level, what the vector before has carried
} carry_state;

// What goes on from one run of vectors to the next: what the highest digit of each plane has
// carried at each level, and the largest of all that was seen.
typedef struct carry_run {
    double carried[2][MOST_LEVELS];
    reals error, coefficient;
} carry_run;

// What of r exceeds a digit goes to the next one.
KERNEL reals settle_once(reals r, reals base, reals inverse, reals *before) {
    const reals rounder = all(ROUNDER);
    const reals h = fmadd(r, inverse, rounder) - rounder;
    const reals rest = fnmadd(h, base, r) + following(h, *before);
    *before = h;
    return rest;
}

// d = r times `times`, less `less`. What is multiplied has been made short before, so that a
// product is exact.
KERNEL reals settle(reals r, reals base, reals inverse, int levels, bool has_times, reals times,
                    carry_state *s) {
    r = settle_once(r, base, inverse, &s->before[0]);
    if (has_times) {
        r = r * times;
    }
    r = settle_once(r, base, inverse, &s->before[1]);
    UNROLL
    for (int i = 2; i < levels; i++) {
        r = settle_once(r, base, inverse, &s->before[i]);
    }
    return r;
}

// Of all levels, in digits of what comes next.
static inline double carried_out(const double carried[MOST_LEVELS], double times) {
    double sum = carried[0] * times;
    for (int i = 1; i < MOST_LEVELS; i++) {
        sum += carried[i];
    }
    return sum;
}

KERNEL carry_state begin_run(const double carried[MOST_LEVELS]) {
    carry_state s;
    UNROLL
    for (int i = 0; i < MOST_LEVELS; i++) {
        s.before[i] = all(carried[i]);
    }
    return s;
}

KERNEL void end_run(double carried[MOST_LEVELS], const carry_state *s) {
    UNROLL
    for (int i = 0; i < MOST_LEVELS; i++) {
        carried[i] = s->before[i][V - 1];
    }
}

// Bits of 8 digits for the vector of V of them at `at`.
KERNEL unsigned bits_at(const uint8_t *bits, size_t at) {
    return (unsigned)bits[at / 8] >> (at % 8) & ((1U << V) - 1);
}

// Digits `first` to `end` - 1 of each plane.
KERNEL void carry_vectors(const prk_fft_carry *c, prk_fft_ring ring, bool is_weighted, int levels,
                          bool has_times, bool has_less, const double *work, double times,
                          const double *less, double *low, double *high, size_t first, size_t end,
                          carry_run *run) {
    const size_t m = c->points;
    const reals rounder = all(ROUNDER), scale = all(c->scale), factor = all(times);
    // high = im/sin theta, low = re - im cot theta.
    const double root = 0.57735026918962576451;
    const reals high_scale = ring == PRK_FFT_RIGHT ? scale : all(c->scale * 2 * root);
    const reals part = all(ring == PRK_FFT_SIXTH ? -root * c->scale : root * c->scale);
    const reals base = all(c->base[0]), inverse = all(c->inverse_base[0]);
    const reals long_base = all(c->base[1]), long_inverse = all(c->inverse_base[1]);
    const reals b = all(c->b), inverse_b = all(c->inverse_b);
    reals error = run->error, coefficient = run->coefficient;
    carry_state lower = begin_run(run->carried[0]), upper = begin_run(run->carried[1]);
    for (size_t j = first; j < end; j += V) {
        const reals re = load(work + j), im = load(work + m + j);
        planes r, w = {all(1), all(1)}, bases = {base, base}, inverses = {inverse, inverse};
        if (is_weighted) {
            const size_t v = j / 8, lane = j % 8, above = m / 8;
            const reals weight = load(c->lane + lane), unweight = load(c->inverse_lane + lane);
            const unsigned low_less = bits_at(c->less, j), high_less = bits_at(c->less, m + j);
            const unsigned low_longer = bits_at(c->longer, j),
                           high_longer = bits_at(c->longer, m + j);
            w.low = all(c->group[v]) * weight;
            w.high = all(c->group[above + v]) * weight;
            w.low = choose(low_less, w.low, w.low * inverse_b);
            w.high = choose(high_less, w.high, w.high * inverse_b);
            planes i = {all(c->inverse_group[v]) * unweight,
                        all(c->inverse_group[above + v]) * unweight};
            i.low = choose(low_less, i.low, i.low * b);
            i.high = choose(high_less, i.high, i.high * b);
            bases =
                (planes){choose(low_longer, base, long_base), choose(high_longer, base, long_base)};
            inverses = (planes){choose(low_longer, inverse, long_inverse),
                                choose(high_longer, inverse, long_inverse)};
            r = (planes){fmadd(re, i.low, rounder) - rounder, fmadd(im, i.high, rounder) - rounder};
            error = largest(error, fmsub(re, i.low, r.low));
            error = largest(error, fmsub(im, i.high, r.high));
        } else if (ring == PRK_FFT_RIGHT) {
            r = (planes){fmadd(re, scale, rounder) - rounder, fmadd(im, scale, rounder) - rounder};
            error = largest(error, fmsub(re, scale, r.low));
            error = largest(error, fmsub(im, scale, r.high));
        } else {
            const reals y = fmadd(re, scale, im * part);
            r = (planes){(y + rounder) - rounder, fmadd(im, high_scale, rounder) - rounder};
            error = largest(error, y - r.low);
            error = largest(error, fmsub(im, high_scale, r.high));
        }
        if (ring == PRK_FFT_THIRD) { // times X + 1
            r = (planes){r.low - r.high, r.low};
        }
        if (has_less) {
            r = (planes){r.low - load(less + j), r.high - load(less + m + j)};
        }
        coefficient = larger(coefficient, r.low);
        coefficient = larger(coefficient, r.high);
        r.low = settle(r.low, bases.low, inverses.low, levels, has_times, factor, &lower);
        r.high = settle(r.high, bases.high, inverses.high, levels, has_times, factor, &upper);
        if (is_weighted) {
            r = (planes){r.low * w.low, r.high * w.high};
        }
        store(low + j, r.low);
        store(high + j, r.high);
    }
    end_run(run->carried[0], &lower);
    end_run(run->carried[1], &upper);
    run->error = error;
    run->coefficient = coefficient;
}

// What is carried out of both planes, and what carry() returns.
KERNEL double close_planes(const prk_fft_carry *c, prk_fft_ring ring, bool is_weighted,
                           const carry_run *run, double times, double *low, double *high) {
    add_carry(c, is_weighted, 1, high, carried_out(run->carried[0], times));
    wrap(c, ring, is_weighted, low, high, carried_out(run->carried[1], times));
    // As integers, of which that of NaN is the largest.
    int64_t errors[V], worst = 0;
    memcpy(errors, &run->error, sizeof errors);
    UNROLL
    for (int i = 0; i < V; i++) {
        const int64_t magnitude = errors[i] & INT64_MAX; // NaN may have a sign
        worst = magnitude > worst ? magnitude : worst;
    }
    double largest_error = 0, most = 0;
    memcpy(&largest_error, &worst, sizeof worst);
    UNROLL
    for (int i = 0; i < V; i++) {
        most = run->coefficient[i] > most ? run->coefficient[i] : most;
    }
    // What has no room for a fraction has no error. With a NaN the largest one may be lost.
    return largest_error == largest_error && most >= PRK_FFT_MOST_COEFFICIENT ? 1 : largest_error;
}

// How carries are done with one kind of digits.
typedef void carry_part(const prk_fft_carry *c, const double *work, double times,
                        const double *less, double *low, double *high, size_t first, size_t end,
                        carry_run *run);
typedef double carry_close(const prk_fft_carry *c, const carry_run *run, double times, double *low,
                           double *high);
typedef struct carry_kind {
    carry_part *part;
    carry_close *close;
} carry_kind;

// What is known where this is compiled costs nothing in the loop.
// A factor has a level of its own.
#define CARRIES(NAME, RING, WEIGHTED, LEVELS)                                                      \
    PRK_TARGET static __attribute__((noinline)) void NAME##_part(                                  \
        const prk_fft_carry *c, const double *work, double times, const double *less, double *low, \
        double *high, size_t first, size_t end, carry_run *run) {                                  \
        if (less != NULL) {                                                                        \
            carry_vectors(c, RING, WEIGHTED, LEVELS, false, true, work, 1, less, low, high, first, \
                          end, run);                                                               \
        } else if (times > 2) {                                                                    \
            carry_vectors(c, RING, WEIGHTED, LEVELS + 1, true, false, work, times, NULL, low,      \
                          high, first, end, run);                                                  \
        } else if (times == 2) {                                                                   \
            carry_vectors(c, RING, WEIGHTED, LEVELS, true, false, work, 2, NULL, low, high, first, \
                          end, run);                                                               \
        } else {                                                                                   \
            carry_vectors(c, RING, WEIGHTED, LEVELS, false, false, work, 1, NULL, low, high,       \
                          first, end, run);                                                        \
        }                                                                                          \
    }                                                                                              \
    PRK_TARGET static __attribute__((noinline)) double NAME##_close(                               \
        const prk_fft_carry *c, const carry_run *run, double times, double *low, double *high) {   \
        return close_planes(c, RING, WEIGHTED, run, times, low, high);                             \
    }                                                                                              \
    static const carry_kind NAME = {NAME##_part, NAME##_close};
CARRIES(carry_right, PRK_FFT_RIGHT, false, 2)
CARRIES(carry_sixth, PRK_FFT_SIXTH, false, 2)
CARRIES(carry_third, PRK_FFT_THIRD, false, 2)
CARRIES(carry_weighted_2, PRK_FFT_RIGHT, true, 2)
CARRIES(carry_weighted_3, PRK_FFT_RIGHT, true, 3)
CARRIES(carry_weighted_4, PRK_FFT_RIGHT, true, 4)

static const carry_kind *kind_of(const prk_fft_carry *c, prk_fft_ring ring) {
    switch (ring) {
    case PRK_FFT_SIXTH:
        return &carry_sixth;
    case PRK_FFT_THIRD:
        return &carry_third;
    default:
        return !c->is_weighted   ? &carry_right
               : c->carries == 2 ? &carry_weighted_2
               : c->carries == 3 ? &carry_weighted_3
                                 : &carry_weighted_4;
    }
}

KERNEL carry_run no_run(void) { return (carry_run){{{0}, {0}}, all(0), all(0)}; }

// --- Carries by a crew ---------------------------------------------------------------------------
//
// What a level carries out of a digit depends on as many digits below it as there are levels. So a
// member begins a row as if nothing were carried to it, which is seen in the first LEAD digits
// alone; when all have ended, these are done once more, with what the digits before them have
// carried. Each digit gets what one thread gives it.

#define LEAD (V < 8 ? 8 : V)

_Static_assert(LEAD >= MOST_LEVELS, "no level reaches further");
_Static_assert(LEAD % V == 0 && PRK_FFT_COLUMNS % LEAD == 0, "a row has whole vectors");

// What a member leaves.
typedef struct member_carries {
    carry_run run;
    double carried[8][2][MOST_LEVELS]; // out of its columns of each row
    double first[8][2][LEAD];          // coefficients of its first digits, which may be overwritten
} member_carries;

_Static_assert(sizeof(member_carries) <= PRK_CREW_ROOM, "it has room");

typedef struct carry_call {
    const call *product; // that comes before, or NULL
    const prk_fft_carry *c;
    const carry_kind *kind;
    const double *work;
    double times;
    const double *less;
    double *low, *high;
    unsigned members; // that took part
} carry_call;

static member_carries *carries_of(const carry_call *t, unsigned member) {
    return prk_crew_room(t->c->crew, member);
}

// So many columns are joined, and carried while they are cached.
#define AT_ONCE 512

PRK_TARGET static void carry_some(const carry_call *t, member_carries *left, carry_run *run,
                                  size_t stride, prk_fft_columns some, bool is_begin) {
    for (unsigned row = 0; row < t->c->rows; row++) {
        const size_t first = row * stride + some.first, end = first + some.count;
        memcpy(run->carried, left->carried[row], sizeof run->carried);
        if (is_begin) {
            memset(run->carried, 0, sizeof run->carried);
        }
        if (is_begin) {
            memcpy(left->first[row][0], t->work + first, sizeof left->first[row][0]);
            memcpy(left->first[row][1], t->work + t->c->points + first, sizeof left->first[row][1]);
        }
        t->kind->part(t->c, t->work, t->times, t->less, t->low, t->high, first, end, run);
        memcpy(left->carried[row], run->carried, sizeof run->carried);
    }
}

PRK_TARGET static void carry_columns(void *context, const prk_crew_member *me) {
    carry_call *t = context;
    const size_t stride = t->c->points / t->c->rows;
    const prk_fft_columns own = columns_of(stride, me);
    member_carries *left = carries_of(t, me->number);
    const bool is_ring = t->product != NULL && t->product->f != NULL,
               is_cycle = t->product != NULL && t->product->f == NULL;
    walk s = {.f = NULL};
    if (is_ring) {
        s = walk_of(t->product);
        walk_down(&s, t->product->low, t->product->high, t->product->a, t->product->b, me);
        prk_crew_wait(me);
    } else if (is_cycle) {
        cycle_down(t->product, me);
        prk_crew_wait(me);
    }
    carry_run run = no_run();
    for (size_t done = 0; done < own.count; done += AT_ONCE) {
        const prk_fft_columns some = {own.first + done,
                                      own.count - done < AT_ONCE ? own.count - done : AT_ONCE};
        if (is_ring) {
            walk_up(&s, some);
        } else if (is_cycle) {
            join_halves(t->product->c->points, t->product->work, some);
        }
        carry_some(t, left, &run, stride, some, done == 0);
    }
    left->run = run;
    if (me->number == 0) {
        t->members = me->members;
    }
}

PRK_TARGET static __attribute__((noinline)) double
carry_shared(const call *product, const prk_fft_carry *c, const carry_kind *kind,
             const double *work, double times, const double *less, double *low, double *high) {
    carry_call t = {product, c, kind, work, times, less, low, high, 0};
    prk_crew_run(c->crew, carry_columns, &t);
    const size_t stride = c->points / c->rows;
    carry_run run = no_run();
    for (unsigned row = 0; row < c->rows; row++) {
        for (unsigned member = 0; member < t.members; member++) {
            const prk_fft_columns its = prk_fft_columns_of(stride, member, t.members);
            const size_t first = row * stride + its.first;
            if (its.count == 0) {
                continue;
            }
            const member_carries *left = carries_of(&t, member);
            if (first > 0) {
                if (work == low) {
                    memcpy(low + first, left->first[row][0], sizeof left->first[row][0]);
                    memcpy(high + first, left->first[row][1], sizeof left->first[row][1]);
                }
                kind->part(c, work, times, less, low, high, first, first + LEAD, &run);
            }
            memcpy(run.carried, left->carried[row], sizeof run.carried);
        }
    }
    for (unsigned member = 0; member < t.members; member++) {
        const carry_run *its = &carries_of(&t, member)->run;
        run.error = largest(run.error, its->error);
        run.coefficient = larger(run.coefficient, its->coefficient);
    }
    return kind->close(c, &run, times, low, high);
}

PRK_TARGET static double carry(const prk_fft_carry *c, prk_fft_ring ring, const double *work,
                               double times, const double *less, double *low, double *high) {
    const carry_kind *kind = kind_of(c, ring);
    if (c->crew != NULL) {
        return carry_shared(NULL, c, kind, work, times, less, low, high);
    }
    carry_run run = no_run();
    kind->part(c, work, times, less, low, high, 0, c->points, &run);
    return kind->close(c, &run, times, low, high);
}

PRK_TARGET static double multiply_carry(const prk_fft_call *product, const prk_fft_carry *c,
                                        prk_fft_ring ring, double times, const double *less,
                                        double *low, double *high) {
    call t = *product;
    if (c->crew != NULL) {
        if (t.f == NULL) {
            t.a = t.a == NULL ? t.work : t.a;
            t.b = t.b == NULL ? t.work : t.b;
        }
        return carry_shared(&t, c, kind_of(c, ring), t.work, times, less, low, high);
    }
    if (t.f != NULL) {
        multiply(t.f, t.product, t.low, t.high, t.work, t.a, t.b);
    } else {
        multiply_cycle(t.c, t.product, t.low, t.high, t.work, t.a, t.b);
    }
    return carry(c, ring, t.work, times, less, low, high);
}
