#include "services/provisioner/providers/local/snapshots.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/clone_statement.h"
#include "common/mysql/quote.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/local/checksums.h"
#include "services/provisioner/providers/local/local_sql.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner::local {
namespace {

namespace fs = std::filesystem;

constexpr char kPartial[] = ".partial";
constexpr absl::Duration kLongest = absl::Hours(24);
constexpr absl::Duration kPoll = absl::Milliseconds(100);

mysql::ConnectOptions RootOf(const Instance& server) {
  mysql::ConnectOptions connect;
  connect.unix_socket = server.socket();
  connect.user = "root";
  return connect;
}

// FAILED_PRECONDITION TABLES_LEFT_OUT: the server has tables whose rows a clone of it would lack.
absl::Status CheckClonesWhole(mysql::Session& root) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet tables,
                        root.Query(mysql::statements::kTablesWithoutTransactions));
  if (tables.empty()) return absl::OkStatus();
  const size_t more = tables.size() - 1;
  const std::string found = absl::StrCat(tables.front().StringOr("name", ""),
                                         more == 0 ? "" : absl::StrCat(" and ", more, " more"));
  return Refusal(absl::StatusCode::kFailedPrecondition, "TABLES_LEFT_OUT",
                 absl::StrCat("a snapshot of the running server would lack the rows of ", found),
                 "tables of the engine InnoDB", found,
                 "convert them (ALTER TABLE ... ENGINE = InnoDB), or stop the server first: of one "
                 "that is stopped every file is copied");
}

// Writes down what was copied, with a checksum of each file.
absl::Status Seal(const std::string& partial, const MayGoOn& may_go_on, SnapshotFile* file) {
  // It is that of the machine, not of its data.
  std::remove((partial + "/data/auto.cnf").c_str());
  WEFT_ASSIGN_OR_RETURN(Checksums sums, ChecksumsOf(partial + "/data", may_go_on));
  file->checksums = std::move(sums.of);
  file->snapshot.bytes = sums.bytes;
  return Write(partial + "/snapshot.json", *file);
}

}  // namespace

MayGoOn Snapshots::By(const CopyTerms& terms) const {
  return [this, terms]() -> absl::Status {
    if (terms.Cancelled()) return ProviderCancelled(machines_->who(), "a copy of data");
    if (terms.deadline.Passed()) return ProviderTooSlow(machines_->who(), "a copy of data");
    return absl::OkStatus();
  };
}

std::string Snapshots::Folder(const std::string& name) const {
  return absl::StrCat(machines_->folder(), "/snapshots/", name);
}

absl::Status Snapshots::CloneTo(const Instance& server, const std::string& to,
                                const CopyTerms& terms) const {
  mysql::ConnectOptions connect = RootOf(server);
  connect.statement_timeout = std::min(terms.deadline.Remaining(), kLongest);
  connect.read_timeout = connect.statement_timeout + absl::Seconds(1);
  WEFT_ASSIGN_OR_RETURN(auto session, mysql::Session::Open(connect));
  WEFT_RETURN_IF_ERROR(CheckClonesWhole(*session));
  const mysql::CloneStatement clone(std::move(session),
                                    absl::StrCat(local_sql::kCloneTo, mysql::QuoteString(to)));
  bool cancelled = false;
  while (!clone.done()) {
    cancelled = cancelled || terms.Cancelled();
    // Again and again: it may not have begun yet.
    if (cancelled) {
      const auto killer = mysql::Session::Open(RootOf(server));
      if (killer.ok())
        (*killer)->Execute(local_sql::kKillQuery, {clone.id()}).status().IgnoreError();
    }
    clock_->Sleep(kPoll);
  }
  if (cancelled && !clone.status().ok()) return ProviderCancelled(machines_->who(), "a snapshot");
  WEFT_RETURN_IF_ERROR(clone.status());
  // One may have been made meanwhile.
  WEFT_ASSIGN_OR_RETURN(const auto after, mysql::Session::Open(RootOf(server)));
  return CheckClonesWhole(*after);
}

absl::Status Snapshots::CopyData(const std::string& uuid, const std::string& to,
                                 const CopyTerms& terms) const {
  WEFT_ASSIGN_OR_RETURN(const Instance server, machines_->ServerOf(uuid));
  if (!server.Inspect().running) return CopyTree(server.data_dir(), to, By(terms));
  if (!CanClone(server.installation())) {
    return NotOffered(machines_->who(),
                      absl::StrCat("a snapshot of a running MySQL ", server.installation().version),
                      "stop the server first, or use MySQL 8.0.17 or later");
  }
  return CloneTo(server, to, terms);
}

absl::StatusOr<MachineSnapshot> Snapshots::Take(const std::string& uuid, const std::string& name,
                                                const CopyTerms& terms) const {
  const absl::StatusOr<SnapshotFile> made = FileOf(name);
  if (made.ok()) return made->snapshot;
  if (!absl::IsNotFound(made.status())) return made.status();
  WEFT_ASSIGN_OR_RETURN(const MachineFile machine, machines_->FileOf(uuid));
  WEFT_RETURN_IF_ERROR(MakeFolder(Folder(""), 0700));
  // Whatever else is there by halves was cut off.
  WEFT_ASSIGN_OR_RETURN(
      const FileLock lock,
      FileLock::TryAcquire(absl::StrCat(machines_->folder(), "/", uuid, "/snapshot.lock")));
  SnapshotFile file;
  file.image = machine.image;
  file.flavor = machine.flavor;
  file.meta = machine.meta;
  file.snapshot.machine_uuid = uuid;
  // As it is read back.
  file.snapshot.created = absl::FromUnixMicros(absl::ToUnixMicros(clock_->Now()));
  file.snapshot.name = name;
  file.snapshot.native_id = name;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder(""), code)) {
    const std::string left = entry.path().filename().string();
    if (absl::EndsWith(left, kPartial) && absl::StrContains(left, uuid)) {
      WEFT_RETURN_IF_ERROR(RemoveTree(entry.path().string()));
    }
  }
  const std::string partial = Folder(file.snapshot.name + kPartial);
  WEFT_RETURN_IF_ERROR(MakeFolder(partial, 0700));
  absl::Status status = CopyData(uuid, partial + "/data", terms);
  if (status.ok()) status = Seal(partial, By(terms), &file);
  if (status.ok() && rename(partial.c_str(), Folder(file.snapshot.name).c_str()) != 0) {
    status = FileError(errno, "rename", partial);
  }
  if (status.ok()) return file.snapshot;
  RemoveTree(partial).IgnoreError();
  return status;
}

std::vector<MachineSnapshot> Snapshots::List(const std::string& uuid) const {
  std::vector<MachineSnapshot> snapshots;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder(""), code)) {
    if (absl::EndsWith(entry.path().string(), kPartial)) continue;
    const absl::StatusOr<SnapshotFile> file =
        ReadSnapshotFile(entry.path().string() + "/snapshot.json");
    if (!file.ok() || (!uuid.empty() && file->snapshot.machine_uuid != uuid)) continue;
    snapshots.push_back(file->snapshot);
  }
  SortByAge(snapshots);
  return snapshots;
}

absl::Status Snapshots::Remove(const std::string& name) const {
  WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
  // At once, so that who copies it meanwhile finds nothing rather than a part.
  const std::string removed = Folder(absl::StrCat(name, ".removed", kPartial));
  WEFT_RETURN_IF_ERROR(RemoveTree(removed));
  if (rename(Folder(name).c_str(), removed.c_str()) != 0 && errno != ENOENT) {
    return FileError(errno, "rename", Folder(name));
  }
  return RemoveTree(removed);
}

absl::StatusOr<SnapshotFile> Snapshots::FileOf(const std::string& name) const {
  WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
  absl::StatusOr<SnapshotFile> file = ReadSnapshotFile(Folder(name) + "/snapshot.json");
  if (absl::IsNotFound(file.status())) return SnapshotUnknown(machines_->who(), name);
  return file;
}

absl::Status Snapshots::CopyTo(const SnapshotFile& file, const std::string& data_dir,
                               const CopyTerms& terms) const {
  const std::string folder = Folder(file.snapshot.name);
  absl::Status status = CopyTree(folder + "/data", data_dir, By(terms));
  // What has arrived counts: the snapshot may be destroyed, or its disk fail, while it is read.
  if (status.ok() || absl::IsNotFound(status)) {
    status = Verify(folder, data_dir, file.checksums, By(terms));
  }
  if (!absl::IsDataLoss(status) || Exists(folder)) return status;
  return SnapshotUnknown(machines_->who(), file.snapshot.name);
}

}  // namespace weft::provisioner::local
