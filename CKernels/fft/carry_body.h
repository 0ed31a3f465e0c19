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

typedef struct carry_state {
    reals before[PRK_FFT_MOST_CARRIES + 1]; // of each level, what the vector before has carried
    reals largest;                          // coefficient
} carry_state;

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
    s->largest = larger(s->largest, r);
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
KERNEL double carried_out(const carry_state *s, double times) {
    double sum = s->before[0][V - 1] * times;
    UNROLL
    for (int i = 1; i <= PRK_FFT_MOST_CARRIES; i++) {
        sum += s->before[i][V - 1];
    }
    return sum;
}

// Bits of 8 digits for the vector of V of them at `at`.
KERNEL unsigned bits_at(const uint8_t *bits, size_t at) {
    return (unsigned)bits[at / 8] >> (at % 8) & ((1U << V) - 1);
}

KERNEL double carry_planes(const prk_fft_carry *c, prk_fft_ring ring, bool is_weighted, int levels,
                           bool has_times, bool has_less, const double *work, double times,
                           const double *less, double *low, double *high) {
    const size_t m = c->points;
    const reals rounder = all(ROUNDER), scale = all(c->scale), factor = all(times);
    // high = im/sin theta, low = re - im cot theta.
    const double root = 0.57735026918962576451;
    const reals high_scale = ring == PRK_FFT_RIGHT ? scale : all(c->scale * 2 * root);
    const reals part = all(ring == PRK_FFT_SIXTH ? -root * c->scale : root * c->scale);
    const reals base = all(c->base[0]), inverse = all(c->inverse_base[0]);
    const reals long_base = all(c->base[1]), long_inverse = all(c->inverse_base[1]);
    const reals b = all(c->b), inverse_b = all(c->inverse_b);
    reals error = all(0);
    carry_state lower = {.largest = all(0)}, upper = lower;
    for (size_t j = 0; j < m; j += V) {
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
        r.low = settle(r.low, bases.low, inverses.low, levels, has_times, factor, &lower);
        r.high = settle(r.high, bases.high, inverses.high, levels, has_times, factor, &upper);
        if (is_weighted) {
            r = (planes){r.low * w.low, r.high * w.high};
        }
        store(low + j, r.low);
        store(high + j, r.high);
    }
    add_carry(c, is_weighted, 1, high, carried_out(&lower, times));
    wrap(c, ring, is_weighted, low, high, carried_out(&upper, times));
    // What has no room for a fraction has no error.
    const reals coefficients = larger(lower.largest, upper.largest);
    double most = 0;
    UNROLL
    for (int i = 0; i < V; i++) {
        most = coefficients[i] > most ? coefficients[i] : most;
    }
    if (most >= PRK_FFT_MOST_COEFFICIENT) {
        return 1;
    }
    // As integers, of which that of NaN is the largest.
    int64_t errors[V], worst = 0;
    memcpy(errors, &error, sizeof errors);
    UNROLL
    for (int i = 0; i < V; i++) {
        const int64_t magnitude = errors[i] & INT64_MAX; // NaN may have a sign
        worst = magnitude > worst ? magnitude : worst;
    }
    double largest_error = 0;
    memcpy(&largest_error, &worst, sizeof worst);
    return largest_error;
}

// What is known where this is compiled costs nothing in the loop.
// A factor has a level of its own.
#define CARRIES(NAME, RING, WEIGHTED, LEVELS)                                                      \
    PRK_TARGET static __attribute__((noinline)) double NAME(                                       \
        const prk_fft_carry *c, const double *work, double times, const double *less, double *low, \
        double *high) {                                                                            \
        if (less != NULL) {                                                                        \
            return carry_planes(c, RING, WEIGHTED, LEVELS, false, true, work, 1, less, low, high); \
        }                                                                                          \
        if (times > 2) {                                                                           \
            return carry_planes(c, RING, WEIGHTED, LEVELS + 1, true, false, work, times, NULL,     \
                                low, high);                                                        \
        }                                                                                          \
        if (times == 2) {                                                                          \
            return carry_planes(c, RING, WEIGHTED, LEVELS, true, false, work, 2, NULL, low, high); \
        }                                                                                          \
        return carry_planes(c, RING, WEIGHTED, LEVELS, false, false, work, 1, NULL, low, high);    \
    }
CARRIES(carry_right, PRK_FFT_RIGHT, false, 2)
CARRIES(carry_sixth, PRK_FFT_SIXTH, false, 2)
CARRIES(carry_third, PRK_FFT_THIRD, false, 2)
CARRIES(carry_weighted_2, PRK_FFT_RIGHT, true, 2)
CARRIES(carry_weighted_3, PRK_FFT_RIGHT, true, 3)
CARRIES(carry_weighted_4, PRK_FFT_RIGHT, true, 4)

PRK_TARGET static double carry(const prk_fft_carry *c, prk_fft_ring ring, const double *work,
                               double times, const double *less, double *low, double *high) {
    switch (ring) {
    case PRK_FFT_SIXTH:
        return carry_sixth(c, work, times, less, low, high);
    case PRK_FFT_THIRD:
        return carry_third(c, work, times, less, low, high);
    default:
        return (!c->is_weighted   ? carry_right
                : c->carries == 2 ? carry_weighted_2
                : c->carries == 3 ? carry_weighted_3
                                  : carry_weighted_4)(c, work, times, less, low, high);
    }
}
