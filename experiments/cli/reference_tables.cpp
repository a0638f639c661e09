#include "cli/reference_tables.hpp"

#include <cstdlib>

namespace rooftile::cli {

calibrate::Tables reference_tables(const Context& context) {
  const std::filesystem::path experiments = context.data.experiments();
  calibrate::Tables tables{experiments / "reference", experiments / "calibration" / "mapping.yaml", {}};
  const char* folder = std::getenv("ROOFTILE_REFERENCE_DIR");
  if (folder != nullptr && *folder != '\0') tables.reference = folder;
  return tables;
}

}  // namespace rooftile::cli
