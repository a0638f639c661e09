#include "rooftile/model/bound.hpp"

#include <algorithm>
#include <utility>

namespace rooftile {

std::int64_t floor_sum(std::int64_t n, std::int64_t m, std::int64_t a, std::int64_t b) {
  if (n <= 0) return 0;
  std::int64_t sum = 0;
  if (b < 0) {
    const std::int64_t q = floor_div(b, m);
    sum += n * q;
    b -= q * m;
  }
  for (;;) {
    if (a >= m) {
      const std::int64_t q = a / m;
      sum += (n - 1) * n / 2 * q;
      a -= q * m;
    }
    if (b >= m) {
      const std::int64_t q = b / m;
      sum += n * q;
      b -= q * m;
    }
    if (a == 0) return sum;
    const std::int64_t top = a * n + b;
    if (top < m) return sum;
    n = top / m;  // the lattice points below the line, counted along the other axis
    b = top % m;
    std::swap(m, a);
  }
}

std::int64_t sum_over(const Bound& bound, std::int64_t first, std::int64_t last) {
  if (last <= first) return 0;
  if (!bound.moves()) return (last - first) * value_at(bound, 0);
  const std::int64_t top = first_reaching(bound, bound.hi, first, last);
  const std::int64_t rise = std::min(first_reaching(bound, bound.lo + 1, first, last), top);
  return (rise - first) * bound.lo + (last - top) * bound.hi +
         floor_sum(top - rise, bound.div, bound.b, bound.c + bound.b * rise);
}

}  // namespace rooftile
