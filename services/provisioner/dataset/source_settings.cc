#include "services/provisioner/dataset/source_settings.h"

#include <cstdio>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

// innodb_max_dirty_pages_pct and its low water mark, which the server lowers with it. As the server
// writes them: with a fraction or, before 5.7, without.
struct DirtyPages {
  std::string most;
  std::string low_water;

  bool at_once() const {
    double percent = 0;
    return absl::SimpleAtod(most, &percent) && percent == 0;
  }
};

std::string NoteOf(const std::string& folder) { return folder + "/run/dirty-pages-before"; }

absl::StatusOr<DirtyPages> ReadDirtyPages(mysql::Session& manager) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, manager.Query(sql::kDirtyPagesLimits));
  if (rows.empty()) return absl::InternalError("the server does not say what pages may be dirty");
  return DirtyPages{rows.front().StringOr("most", ""), rows.front().StringOr("low_water", "")};
}

// nullopt: there is none that can be read.
std::optional<DirtyPages> ReadNote(const std::string& folder) {
  const absl::StatusOr<std::string> text = ReadFile(NoteOf(folder));
  if (!text.ok()) return std::nullopt;
  const std::vector<std::string> fields = absl::StrSplit(absl::StripAsciiWhitespace(*text), ' ');
  double number = 0;
  for (const std::string& field : fields) {
    if (!absl::SimpleAtod(field, &number)) return std::nullopt;
  }
  if (fields.size() != 2) return std::nullopt;
  return DirtyPages{fields[0], fields[1]};
}

}  // namespace

absl::Status FlushAtOnce(mysql::Session& manager, const std::string& folder) {
  WEFT_ASSIGN_OR_RETURN(const DirtyPages now, ReadDirtyPages(manager));
  // What an earlier copy changed is not how it was before; a note of a time before a restart says
  // nothing any more.
  const bool changed_by_copy = now.at_once() && ReadNote(folder).has_value();
  if (!changed_by_copy) {
    WEFT_RETURN_IF_ERROR(WriteFileAtomically(
        NoteOf(folder), absl::StrCat(now.most, " ", now.low_water, "\n"), 0640));
  }
  return manager.Execute(absl::StrFormat(sql::kSetDirtyPagesMost, "0"));
}

absl::Status FlushAsBefore(mysql::Session& manager, const std::string& folder) {
  const std::optional<DirtyPages> before = ReadNote(folder);
  if (!before.has_value()) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const DirtyPages now, ReadDirtyPages(manager));
  if (now.at_once()) {  // neither restarted nor set by anybody else
    WEFT_RETURN_IF_ERROR(manager.Execute(absl::StrFormat(sql::kSetDirtyPagesMost, before->most)));
    WEFT_RETURN_IF_ERROR(
        manager.Execute(absl::StrFormat(sql::kSetDirtyPagesLowWater, before->low_water)));
  }
  std::remove(NoteOf(folder).c_str());
  return absl::OkStatus();
}

absl::Status MendSource(const FarmAccess& access, const std::string& folder) {
  if (folder.empty() || !ReadNote(folder).has_value()) return absl::OkStatus();
  const absl::StatusOr<Instance> source = Instance::Open(folder);
  if (absl::IsNotFound(source.status())) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(source.status());
  if (!source->Inspect().running) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const HostPort address, HostPort::Parse(source->address()));
  WEFT_ASSIGN_OR_RETURN(const auto manager, access.Open(address, Duty::kManage));
  return FlushAsBefore(*manager, folder);
}

}  // namespace weft::provisioner
