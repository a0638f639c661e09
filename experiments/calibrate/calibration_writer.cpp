#include "calibrate/calibration_writer.hpp"

#include <iomanip>
#include <ostream>
#include <sstream>

namespace rooftile::calibrate {
namespace {

/// Four digits and a unit that people read: "1.046", "446 cycle", "2.2 us".
std::string value_text(const CalibrationConstant& constant, double value) {
  std::ostringstream text;
  text << std::setprecision(4);
  if (constant.dimension == Seconds::dimension) {
    text << value * 1e6 << " us";
  } else {
    text << value << (constant.dimension == Cycles::dimension ? " cycle" : "");
  }
  return text.str();
}

std::string percent(double fraction) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << 100 * fraction << " %";
  return text.str();
}

std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string listed(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += (text.size() == 1 ? "" : ", ") + name;
  return text + ']';
}

void write_constant(std::ostream& out, const FittedConstant& one) {
  out << "      " << one.constant->name << ": {value: " << value_text(*one.constant, one.value);
  if (one.from.empty()) {
    out << ", spread: " << value_text(*one.constant, one.spread) << "}\n";
  } else {
    out << ", from: " << quoted(one.from) << "}\n";
  }
}

void write_regime(std::ostream& out, const FamilyFit& fit) {
  out << "  " << name_of(fit.family.regime) << ":\n"
      << "    fitted_on: " << quoted(fit.family.fitted_on) << '\n'
      << "    profiles: " << listed(fit.profiles) << '\n'
      << "    rows: " << fit.rows << '\n'
      << "    fitted: " << fit.fitted << '\n'
      << "    error: {mape: " << percent(fit.after.mape) << ", median: " << percent(fit.after.median)
      << ", p95: " << percent(fit.after.p95) << ", bias: " << percent(fit.after.bias) << "}\n";
  if (!fit.errors.empty()) out << "    errors:\n";
  for (const KnownError& one : fit.errors) {
    out << "      - {gpu: " << one.profile << ", bound: " << name_of(one.bound) << ", rows: " << one.rows
        << ", mape: " << percent(one.mape) << "}\n";
  }
  if (!fit.left_out.empty()) out << "    left_out: " << listed(fit.left_out) << '\n';
  out << "    constants:" << (fit.constants.empty() ? " {}\n" : "\n");
  for (const FittedConstant& one : fit.constants) write_constant(out, one);
}

}  // namespace

void write_calibration(std::ostream& out, const std::vector<FamilyFit>& fits, const std::string& date,
                       const std::string& predictor) {
  out << "# Written by `rooftile calibrate` from experiments/calibration/plan.yaml: do not edit. `error` is that of "
         "rows\n"
         "# which were not fitted (folds grouped by batch x heads and lengths), `errors` the same by GPU and what "
         "decides,\n"
         "# however short the times; `left_out` are constants that the rows do not determine.\n"
      << "schema: rooftile.calibration/1\n"
      << "spec: " << fits.front().family.spec << '\n'
      << "predictor: " << predictor << '\n'
      << "date: " << date << '\n'
      << "regimes:\n";
  for (const FamilyFit& fit : fits) write_regime(out, fit);
}

}  // namespace rooftile::calibrate
