#include <ostream>

#include "report/page_text.hpp"
#include "rooftile/analysis/chart.hpp"

namespace rooftile::analysis {

void write_page(std::ostream& out, const Report& report) {
  const PageText text = page_text();
  out << text.before_data;
  write_json(out, report);
  out << text.behind_data;
}

}  // namespace rooftile::analysis
