#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/mysql/session.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// A running server whose files stand still: commits wait, and what was in memory alone is written.
// It goes on when this is destroyed. Not thread-safe.
class QuietSource {
 public:
  // `folder`: the server's, of this machine. Blocks until it is quiet: longer, the more dirty pages
  // there are. ABORTED SOURCE_BUSY: a
  // statement does not let it be for half a minute, or pages are not written within minutes.
  // CANCELLED by `watch`; UNAVAILABLE: it does not answer.
  static absl::StatusOr<std::unique_ptr<QuietSource>> Make(const FarmAccess& access,
                                                           const HostPort& source,
                                                           const std::string& folder,
                                                           const CopyWatch& watch, Clock* clock);
  ~QuietSource();
  QuietSource(const QuietSource&) = delete;
  QuietSource& operator=(const QuietSource&) = delete;

  // What it has executed; nothing comes to it.
  const GtidSet& executed() const { return executed_; }
  // Waits until it is quiet again, as Make does. A server may write for itself.
  absl::Status Settle(const CopyWatch& watch, Clock* clock);
  // Whether nothing was written since Make or Settle: then files that were copied meanwhile belong
  // together.
  absl::StatusOr<bool> WasQuiet();

 private:
  explicit QuietSource(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Lock(const HostPort& source, const CopyWatch& watch, Clock* clock);

  const std::string folder_;
  std::unique_ptr<mysql::Session> keeper_;   // holds the lock
  std::unique_ptr<mysql::Session> manager_;  // changed the settings
  std::string log_position_;
  GtidSet executed_;
};

}  // namespace weft::provisioner
