#include "services/provisioner/dataset/data_places.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

// "ibdata1:12M;/disk2/ibdata2:50M:autoextend"
std::vector<std::string> FilesOfSystemTablespace(absl::string_view setting) {
  std::vector<std::string> files;
  for (const absl::string_view file : absl::StrSplit(setting, ';', absl::SkipEmpty())) {
    files.emplace_back(file.substr(0, file.find(':')));
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> PlacesByServer(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet settings, session.Query(sql::kPlacesOfInnodb));
  std::vector<std::string> places;
  for (const mysql::ResultSet::RowData& row : settings.rows()) {
    const std::string value = row[1].value_or("");
    if (row[0].value_or("") != "innodb_data_file_path") {
      places.push_back(value);
      continue;
    }
    const std::vector<std::string> files = FilesOfSystemTablespace(value);
    places.insert(places.end(), files.begin(), files.end());
  }
  const bool files_shown = session.version().AtLeast(5, 7);
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet tablespaces,
      session.Query(files_shown ? sql::kTablespaceFiles : sql::kOldTablespaceFiles));
  for (const mysql::ResultSet::Row row : tablespaces) places.push_back(row.StringOr("path", ""));
  return places;
}

}  // namespace

bool LiesOutside(const std::string& data_folder, const std::string& path) {
  if (!absl::StartsWith(path, "/") && !absl::StrContains(path, "..")) return false;
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::path(data_folder) / "", error);
  const fs::path place = fs::weakly_canonical(fs::path(data_folder) / path, error);
  const fs::path relative = (place / "").lexically_relative(folder);
  return relative.empty() || *relative.begin() == "..";
}

bool LeadsElsewhere(const std::string& path) {
  std::error_code error;
  return absl::EndsWith(path, ".isl") || fs::is_symlink(path, error);
}

absl::StatusOr<std::vector<std::string>> DataOutside(mysql::Session& session,
                                                     const std::string& data_folder) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> places, PlacesByServer(session));
  std::vector<std::string> outside;
  for (const std::string& place : places) {
    if (LiesOutside(data_folder, place)) outside.push_back(place);
  }
  std::error_code error;
  fs::recursive_directory_iterator entry(data_folder, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    if (LeadsElsewhere(entry->path().string())) outside.push_back(entry->path().string());
  }
  return outside;
}

}  // namespace weft::provisioner
