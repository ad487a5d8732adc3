#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/ids.h"

namespace weft::provisioner {

// How the data of a server get to another.
enum class CopyMethod { kAuto, kPlugin, kPhysical, kLogical };
absl::string_view ToString(CopyMethod method);                      // "plugin"
std::optional<CopyMethod> ParseCopyMethod(absl::string_view text);  // any letter case

struct CopyProgress {
  std::string phase;  // for people: "copy rows"
  uint64_t bytes = 0;
  uint64_t estimate = 0;  // of bytes; 0: not known
  uint64_t rows = 0;      // 0 where the method does not count them
};

// What a copy tells while it runs, and asks. The first two are called from any thread, several
// times a second.
struct CopyWatch {
  std::function<void(const CopyProgress&)> report;
  std::function<bool()> cancelled;
  // Asked before a target is emptied after a failure; empty: it may be. FAILED_PRECONDITION: it is
  // somebody's by now. UNAVAILABLE: nobody knows yet.
  std::function<absl::Status()> may_be_emptied;
  // RunCopy's own: told once the copy has got hold of its target (HoldTarget), so that what is
  // there from then on is its own. Empty: nobody wants to know.
  std::function<void()> on_hold;

  // CANCELLED once that was asked for.
  absl::Status MayGoOn() const;
  void TellHold() const {
    if (on_hold) on_hold();
  }
};

// What a copy did.
struct CopyFigures {
  uint64_t bytes = 0;
  uint64_t rows = 0;
  absl::Duration took;
};

// One copy. Source and target are checked already (copy_rules.h).
struct CopyOrder {
  HostPort source;
  HostPort target;
  // Whose copy it is: other makers of the same job are this one's earlier selves.
  std::string job;
  // One of them may have been at work on the target.
  bool resumed = false;
  // The most to read from the source in a second; 0: no bound.
  uint64_t bytes_per_second = 0;
  // How many tables or ranges are copied at once (logical).
  int streams = 4;
  // How long a target that died under the copy is waited for, so that it can be emptied.
  absl::Duration patience = absl::Minutes(1);
};

// The reason of an error: another copy onto the target is at work.
inline constexpr char kCloneUnderWay[] = "CLONE_UNDER_WAY";
// The reason of an error: a session that was ended on the target still undoes what it did.
inline constexpr char kTargetBusy[] = "TARGET_BUSY";

// UNAVAILABLE SOURCE_LOST: it does not answer any more; `found` says how.
absl::Status SourceLost(const HostPort& source, absl::string_view found);

// "312.5 MB", "1.0 GB": powers of ten, as disks and networks are sold.
std::string BytesText(uint64_t bytes);
// Of the bytes, at the speed so far; nullopt: not known. Pure.
std::optional<absl::Duration> TimeLeft(const CopyProgress& progress, absl::Duration elapsed);
// "copy rows: 312.5 MB of 1.0 GB, 45.0 MB/s, 15s left". Pure.
std::string ProgressText(const CopyProgress& progress, absl::Duration elapsed);

}  // namespace weft::provisioner
