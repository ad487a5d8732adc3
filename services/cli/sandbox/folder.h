#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/files.h"

namespace weft::cli::sandbox {

// The most members that a sandbox's state store may have.
inline constexpr int kMaxStoreMembers = 5;

// Where things are in a sandbox's folder:
//   sandbox.json       the layout; there once everything stands
//   sandbox.lock       held while `up` or `down` works; its presence marks the folder as a sandbox
//   bin/               MySQL's client programs, runnable as they are
//   log/NAME.log       what each process of Weft wrote
//   run/NAME.*         commands and pid files of the processes
//   secrets/NAME       one password each, 0600
//   servers/PORT/      a MySQL server of a group (see common/mysqld/instance.h)
//   store/             the state store; of several members the first, then store-2/, ...
//   rescue/            transactions that were saved from errant servers
//   machines/          for a provider of local machines, if somebody registers one there
// Nothing else in it is a sandbox's, and so nothing else is ever removed.
class Folder {
 public:
  explicit Folder(absl::string_view dir) : dir_(AbsolutePath(dir)) {}

  const std::string& dir() const { return dir_; }
  std::string record() const { return dir_ + "/sandbox.json"; }
  std::string lock() const { return dir_ + "/sandbox.lock"; }
  std::string bin() const { return dir_ + "/bin"; }
  std::string rescue() const { return dir_ + "/rescue"; }
  // The `number`-th member of the state store, from 1.
  std::string store(int number = 1) const;
  // The programs of the controllers; none at first.
  std::string hooks() const { return dir_ + "/hooks.yaml"; }
  std::string server(int port) const;
  std::string log(absl::string_view process) const;
  std::string run(absl::string_view file) const;
  std::string secret(absl::string_view name) const;

  // True for whole ones and for what an interrupted `up` left.
  bool IsSandbox() const { return Exists(lock()) || Exists(record()); }

  // Makes the folder, and the folders in it, for a new sandbox, and locks it.
  // ALREADY_EXISTS: it is a sandbox, whole, half or in the making. FAILED_PRECONDITION: it holds
  // something else.
  absl::StatusOr<FileLock> Claim() const;

  // Locks a sandbox to take it down. NOT_FOUND: no such folder. FAILED_PRECONDITION: no sandbox.
  // ALREADY_EXISTS: `up` or another `down` works there.
  absl::StatusOr<FileLock> Take() const;

  // Removes what is a sandbox's, the lock last, and every folder that Claim made and that is empty
  // then. Returns whether the folder is gone. Servers and processes must have been stopped.
  absl::StatusOr<bool> Remove() const;

  // The folders of the servers that are there, whole or half-made, the store's included.
  std::vector<std::string> InstanceFolders() const;

 private:
  absl::Status CheckUsable() const;

  std::string dir_;
};

}  // namespace weft::cli::sandbox
