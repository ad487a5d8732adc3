#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/mysqld/files.h"
#include "common/mysqld/instance.h"

namespace weft::provisioner {

// The data folder of a server of this machine, replaced by one that was filled beside it, so that
// whoever comes after a crash at any point can tell what was left. Beside the server's `data`:
//   data.incoming-*  being filled; nobody's
//   data.outgoing    what was in use: while it is there the swap is not over
//   data.removed-*   being removed
// and behind my.cnf the lines of a server in our hands: it starts no replication and no events, is
// read-only, and marks itself as an unfinished copy (sql::kMark) before anybody can connect. Not
// thread-safe; processes take turns by a lock in the server's folder.
class FolderSwap {
 public:
  explicit FolderSwap(Instance target);

  // To be filled. A name of its own, so that who was thought dead does not write into it.
  const std::string& incoming() const { return incoming_; }
  // Removes what earlier copies left beside the data.
  absl::Status Clear() const;
  // Keeps the lock until this is destroyed. UNAVAILABLE: another has held it for ten minutes.
  absl::Status Lock(Clock* clock);

  // REQUIRES: Lock. Takes the server into our hands and stops it; beside the filling of `incoming`.
  // After an error here or below: GoBack.
  absl::Status Halt();
  // REQUIRES: Halt. Gives `incoming` the files that are the server's own, lets the folders change
  // places and starts it.
  absl::Status Swap();
  // REQUIRES: the server's data are settled and its mark is gone. The old ones are removed.
  absl::Status Keep();
  // As it was before Halt, running; also on behalf of one that died. OK where nothing is to do.
  absl::Status GoBack();

 private:
  std::string Data() const { return target_.data_dir(); }
  std::string Outgoing() const { return Data() + ".outgoing"; }
  absl::Status Remove(const std::string& folder) const;
  absl::Status TakeIntoHands() const;
  // Whether my.cnf has our lines.
  bool InOurHands() const;
  absl::Status LetGo() const;

  const Instance target_;
  const std::string incoming_;
  std::optional<FileLock> lock_;
};

// GoBack for the server in `folder` of this machine, whose copy may have died. OK where the folder
// is none of a server, or empty.
absl::Status MendFolder(const std::string& folder, Clock* clock);

// A server's own files: who it is, how it is set up, and its keys.
bool IsServersOwn(absl::string_view name);

// my.cnf without what a swap wrote behind it. Pure.
std::string WithoutSwapLines(absl::string_view my_cnf);

}  // namespace weft::provisioner
