// Is a results file whole, and what its version says it is? Asked whenever one is opened: an answer from a damaged file
// would be a wrong number, and writing to one makes it worse.
#pragma once

#include <filesystem>

namespace SQLite {
class Database;
}

namespace rooftile::analysis {

/// InputError "is damaged: ..." unless the pages of the file fit together (PRAGMA quick_check without the CHECKs of the
/// schema, which take ten times as long: 0.1 s per 100,000 results) and every table, column, index, view and trigger of
/// schema version `version` is there. What a user has added beside them is let alone. Reads only.
void require_sound(SQLite::Database& db, const std::filesystem::path& path, int version);

}  // namespace rooftile::analysis
