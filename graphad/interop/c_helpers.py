"""Functions that C99 does not have; those that are called are written before the function."""

from __future__ import annotations

from collections.abc import Mapping

HELPERS: Mapping[str, str] = {
    "graphad_max": """\
/* The larger of two numbers; NaN if one of them is NaN. */
static inline double graphad_max(double x, double y)
{
    return x >= y || isnan(x) ? x : y;
}""",
    "graphad_min": """\
/* The smaller of two numbers; NaN if one of them is NaN. */
static inline double graphad_min(double x, double y)
{
    return x <= y || isnan(x) ? x : y;
}""",
    "graphad_sign": """\
/* -1, 0 or 1; NaN of NaN. */
static inline double graphad_sign(double x)
{
    return isnan(x) ? x : (double)((x > 0) - (x < 0));
}""",
    "graphad_logaddexp": """\
/* log(exp(x) + exp(y)) that does not overflow. */
static inline double graphad_logaddexp(double x, double y)
{
    const double d = x - y;
    if (x == y) {
        return x + 0.69314718055994530942;
    }
    return d > 0 ? x + log1p(exp(-d)) : d <= 0 ? y + log1p(exp(d)) : d;
}""",
    "graphad_power": """\
/* An integer power by repeated squaring. */
static inline double graphad_power(double x, int exponent)
{
    unsigned n = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;
    double square = x, result = 1.0;
    for (; n; n >>= 1) {
        if (n & 1u) {
            result *= square;
        }
        if (n > 1) {
            square *= square;
        }
    }
    return exponent < 0 ? 1.0 / result : result;
}""",
    "graphad_floor_divide": """\
/* The quotient rounded down, with the care that NumPy takes of rounding and of signs. */
static inline double graphad_floor_divide(double x, double y)
{
    double rest, quotient, down;
    if (y == 0) {
        return x / y;
    }
    rest = fmod(x, y);
    quotient = (x - rest) / y;
    if (rest != 0 && (y < 0) != (rest < 0)) {
        quotient -= 1.0;
    }
    if (quotient == 0) {
        return copysign(0.0, x / y);
    }
    down = floor(quotient);
    return quotient - down > 0.5 ? down + 1.0 : down;
}""",
    "graphad_remainder": """\
/* The remainder of the sign of the divisor. */
static inline double graphad_remainder(double x, double y)
{
    const double rest = fmod(x, y);
    if (y == 0 || isnan(rest)) {
        return rest;
    }
    if (rest == 0) {
        return copysign(0.0, y);
    }
    return (y < 0) != (rest < 0) ? rest + y : rest;
}""",
    "graphad_floor_divide_int": """\
/* The quotient rounded down; 0 if the divisor is 0. */
static inline int64_t graphad_floor_divide_int(int64_t x, int64_t y)
{
    if (y == 0) {
        return 0;
    }
    return x / y - (x % y != 0 && (x < 0) != (y < 0));
}""",
    "graphad_exponent": """\
/* The n for which the size of x is in [2^(n-1), 2^n). */
static inline int32_t graphad_exponent(double x)
{
    int exponent = 0;
    if (isfinite(x)) {
        (void)frexp(x, &exponent);
    }
    return (int32_t)exponent;
}""",
    "graphad_ldexp": """\
/* x times 2^n. */
static inline double graphad_ldexp(double x, int64_t n)
{
    return ldexp(x, n > 10000 ? 10000 : n < -10000 ? -10000 : (int)n);
}""",
    "graphad_log_expit": """\
/* log(1 / (1 + exp(-x))). */
static inline double graphad_log_expit(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}""",
    "graphad_xlogy": """\
/* x log(y), and 0 where x is 0. */
static inline double graphad_xlogy(double x, double y)
{
    return x == 0 && !isnan(y) ? 0.0 : x * log(y);
}""",
    "graphad_xlog1py": """\
/* x log(1 + y), and 0 where x is 0. */
static inline double graphad_xlog1py(double x, double y)
{
    return x == 0 && !isnan(y) ? 0.0 : x * log1p(y);
}""",
    "graphad_entr": """\
/* -x log(x), 0 at 0. */
static inline double graphad_entr(double x)
{
    return x > 0 ? -x * log(x) : x == 0 ? 0.0 : isnan(x) ? x : -INFINITY;
}""",
    "graphad_rel_entr": """\
/* x log(x / y), 0 at x = 0. */
static inline double graphad_rel_entr(double x, double y)
{
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    if (x > 0 && y > 0) {
        return x * log(x / y);
    }
    return x == 0 && y >= 0 ? 0.0 : INFINITY;
}""",
    "graphad_kl_div": """\
/* x log(x / y) - x + y, y at x = 0. */
static inline double graphad_kl_div(double x, double y)
{
    if (isnan(x) || isnan(y)) {
        return x + y;
    }
    if (x > 0 && y > 0) {
        return x * log(x / y) - x + y;
    }
    return x == 0 && y >= 0 ? y : INFINITY;
}""",
    "graphad_sinc": """\
/* sin(pi x) / (pi x), 1 at 0. */
static inline double graphad_sinc(double x)
{
    const double z = 3.14159265358979323846 * x;
    return z == 0 ? 1.0 : sin(z) / z;
}""",
}
"""Functions that C does not have; those that are called are written before the function."""
