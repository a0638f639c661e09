// Observed times that today's model is held against: rows of tables (calibrate/observations.hpp) or of a results
// database.
#pragma once

#include <string>
#include <vector>

#include "calibrate/observations.hpp"
#include "question/catalogues.hpp"
#include "rooftile/analysis/compare.hpp"

namespace rooftile::validate {

/// An observed call, and how it is asked again.
struct Observed {
  analysis::Comparison row{};                    ///< nothing is predicted yet
  std::vector<experiments::Setting> settings{};  ///< leaves of the profile that differed
};

/// "published", and the tables of the calibration plan where a folder for them is known: all that can be read here.
[[nodiscard]] std::vector<std::string> tables_at_hand(const std::filesystem::path& plan,
                                                      const calibrate::Tables& where);

/// The rows of these tables. InputError for a table that is not there, with the nearest name, and for malformed rows.
[[nodiscard]] std::vector<Observed> observed_in_tables(const std::vector<std::string>& names,
                                                       const calibrate::Tables& where,
                                                       experiments::Catalogues& catalogues);

/// The observed times of a results database. InputError for a setting that no profile could take.
[[nodiscard]] std::vector<Observed> observed_in_store(const analysis::Store& store);

/// Which of them are wanted; empty members do not restrict.
struct Wanted {
  std::string profile{};
  std::string kernel{};
  Seconds from{0};                ///< shorter times are left out
  std::int64_t least_seq_kv = 1;  ///< attention over fewer keys, too
};
/// InputError for a profile or kernel that none of the rows has.
[[nodiscard]] std::vector<Observed> chosen(std::vector<Observed> rows, const Wanted& wanted);

}  // namespace rooftile::validate
