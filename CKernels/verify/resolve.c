// SPDX-License-Identifier: Apache-2.0
//
// The canonical step of what a text gave. What is asked here is what the next number depends on;
// all other conditions are asked by the verifier.

#include "reader.h"

static bool refuse(prk_reader *reader, const prk_step *step, const char *condition) {
    return prk_refuse(reader->problem, PRK_CERTIFICATE_INVALID, step->number, step->line, "%s",
                      condition);
}

static bool is_positive(prk_reader *reader, const prk_step *step, mpz_srcptr x, const char *not) {
    return mpz_sgn(x) > 0 || refuse(reader, step, not);
}

// Whether t^2 < 4 n, n + 1 - t being the number of points of a curve over a prime field.
static bool is_trace(mpz_srcptr t, mpz_srcptr n) {
    if (2 * mpz_sizeinbase(t, 2) > mpz_sizeinbase(n, 2) + 5) {
        return false; // by size alone, as t has not been bounded yet
    }
    mpz_t square, bound;
    mpz_inits(square, bound, (mpz_ptr)NULL);
    mpz_mul(square, t, t);
    mpz_mul_2exp(bound, n, 2);
    const bool is = mpz_cmp(square, bound) < 0;
    mpz_clears(square, bound, (mpz_ptr)NULL);
    return is;
}

bool prk_resolve_trace(prk_reader *reader, prk_step *step, mpz_srcptr trace) {
    if (!is_positive(reader, step, step->n, "N is not positive") ||
        !is_positive(reader, step, step->s, "S is not positive")) {
        return false;
    }
    if (!is_trace(trace, step->n)) {
        return refuse(reader, step, "W^2 is not below 4 N");
    }
    mpz_add_ui(step->m, step->n, 1);
    mpz_sub(step->m, step->m, trace);
    if (!mpz_divisible_p(step->m, step->s)) {
        return refuse(reader, step, "S does not divide N + 1 - W");
    }
    mpz_divexact(step->q, step->m, step->s);
    return true;
}

bool prk_resolve_product(prk_reader *reader, prk_step *step) {
    if (!is_positive(reader, step, step->n, "N is not positive") ||
        !is_positive(reader, step, step->s, "S is not positive") ||
        !is_positive(reader, step, step->q, "R is not positive")) {
        return false;
    }
    mpz_mul(step->m, step->s, step->q);
    return true;
}

bool prk_resolve_quotient(prk_reader *reader, prk_step *step) {
    if (!is_positive(reader, step, step->n, "N is not positive") ||
        !is_positive(reader, step, step->q, "Q is not positive")) {
        return false;
    }
    if (mpz_sgn(step->m) <= 0 || !mpz_divisible_p(step->m, step->q)) {
        return refuse(reader, step, "Q does not divide M");
    }
    mpz_divexact(step->s, step->m, step->q);
    return true;
}

// Whether |x| <= n / 2. Where a text may say any x with |x| < n, x becomes that.
static bool is_within(mpz_ptr x, mpz_srcptr n, bool is_centred) {
    if (!is_centred && mpz_cmpabs(x, n) >= 0) {
        return false;
    }
    mpz_t twice;
    mpz_init(twice);
    mpz_mul_2exp(twice, x, 1);
    bool is = mpz_cmpabs(twice, n) <= 0;
    mpz_clear(twice);
    if (!is && !is_centred) {
        if (mpz_sgn(x) > 0) {
            mpz_sub(x, x, n);
        } else {
            mpz_add(x, x, n);
        }
        is = true;
    }
    return is;
}

bool prk_resolve_point(prk_reader *reader, prk_step *step, bool has_j, bool is_centred) {
    mpz_srcptr n = step->n;
    if (mpz_cmp_ui(n, 3) <= 0) {
        return refuse(reader, step, "N is not above 3");
    }
    step->is_primo = true;
    mpz_t a, b, l, power;
    mpz_inits(a, b, l, power, (mpz_ptr)NULL);
    bool ok = true;
    if (has_j) {
        const bool is_small = is_within(step->j, n, is_centred);
        mpz_mod(l, step->j, n);
        mpz_ui_sub(power, 1728, step->j); // 1728 - J
        mpz_mod(power, power, n);
        if (!is_small) {
            ok = refuse(reader, step, is_centred ? "|J| is above N / 2" : "|J| is not below N");
        } else if (mpz_sgn(l) == 0 || mpz_sgn(power) == 0) {
            ok = refuse(reader, step, "J is 0 or 1728");
        } else {
            mpz_mul(a, l, power); // J (1728 - J)
            mpz_mod(a, a, n);
            mpz_mul(b, a, power);
            mpz_mul_ui(b, b, 2);
            mpz_mod(b, b, n);
            mpz_mul_ui(a, a, 3);
            mpz_mod(a, a, n);
        }
    } else if (!is_within(step->primo_a, n, is_centred)) {
        ok = refuse(reader, step, is_centred ? "|A| is above N / 2" : "|A| is not below N");
    } else if (!is_within(step->primo_b, n, is_centred)) {
        ok = refuse(reader, step, is_centred ? "|B| is above N / 2" : "|B| is not below N");
    } else {
        mpz_set(a, step->primo_a);
        mpz_set(b, step->primo_b);
    }
    if (ok && (mpz_sgn(step->t) < 0 || mpz_cmp(step->t, n) >= 0)) {
        ok = refuse(reader, step, "T is not within 0 and N - 1");
    }
    if (ok) {
        mpz_mul(l, step->t, step->t); // L = (T^2 + a) T + b
        mpz_add(l, l, a);
        mpz_mod(l, l, n);
        mpz_mul(l, l, step->t);
        mpz_add(l, l, b);
        mpz_mod(l, l, n);
        ok = mpz_sgn(l) != 0 || refuse(reader, step, "L is 0");
    }
    if (ok) {
        mpz_mul(step->x, step->t, l);
        mpz_mod(step->x, step->x, n);
        mpz_mul(power, l, l);
        mpz_mod(step->y, power, n);
        mpz_mul(a, a, step->y);
        mpz_mod(step->a, a, n);
        mpz_mul(b, b, step->y);
        mpz_mod(b, b, n);
        mpz_mul(b, b, l);
        mpz_mod(step->b, b, n);
    }
    mpz_clears(a, b, l, power, (mpz_ptr)NULL);
    return ok;
}

bool prk_resolve_part(prk_reader *reader, prk_step *step, bool is_plus) {
    if (mpz_cmp_ui(step->n, 1) <= 0) {
        return refuse(reader, step, "N is less than 2");
    }
    if (mpz_sgn(step->s) <= 0) {
        return refuse(reader, step, "S is not positive");
    }
    prk_step_prime *prime = prk_reader_add_prime(reader, step, step->line);
    if (prime == NULL) {
        return false;
    }
    prime->is_plus = is_plus;
    if (is_plus) {
        mpz_add_ui(prime->q, step->n, 1);
    } else {
        mpz_sub_ui(prime->q, step->n, 1);
    }
    if (!mpz_divisible_p(prime->q, step->s)) {
        return refuse(reader, step,
                      is_plus ? "S does not divide N + 1" : "S does not divide N - 1");
    }
    mpz_divexact(prime->q, prime->q, step->s);
    return true;
}

bool prk_resolve_given_part(prk_reader *reader, prk_step *step, bool is_plus) {
    if (mpz_sgn(step->q) <= 0) {
        return refuse(reader, step, "R is not positive");
    }
    if (!prk_resolve_part(reader, step, is_plus)) {
        return false;
    }
    if (mpz_cmp(step->primes[0].q, step->q) != 0) {
        return refuse(reader, step, is_plus ? "R S is not N + 1" : "R S is not N - 1");
    }
    mpz_set_ui(step->q, 0); // the list has it
    return true;
}
