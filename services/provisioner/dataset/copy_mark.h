#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysql/session.h"

// The mark of a target whose copy is under way (sql::kMark), and what it remembers: whose copy it
// is (CopyOrder::job), and the settings that were changed for the time of the copy, so that whoever
// ends it puts them back. Sessions are of the restore account and write no binary log. All may be
// repeated.
namespace weft::provisioner {

// REQUIRES: it is not read-only.
absl::Status MakeMark(mysql::Session& restorer, const std::string& job);

// Whose copy is under way; nullopt: nobody's that is known.
absl::StatusOr<std::optional<std::string>> MakerOf(mysql::Session& restorer);

// Sets a global variable with a number for value, until the mark goes. REQUIRES: MakeMark.
absl::Status SetMeanwhile(mysql::Session& restorer, absl::string_view variable,
                          absl::string_view value);

// No event begins until the mark goes, whatever its definer may. REQUIRES: MakeMark.
absl::Status StopEvents(mysql::Session& restorer);

// Has DropMark leave them stopped. True: they ran before StopEvents.
absl::StatusOr<bool> KeepEventsStopped(mysql::Session& restorer);

// Puts the settings back and takes the mark away.
absl::Status DropMark(mysql::Session& restorer);

// Writes down that the data are whole although the last use of the CLONE plugin failed, which the
// server says until the next one (mysql::statements::kSettledClones). Nothing where it did not.
absl::Status SettleFailedClone(mysql::Session& restorer);

}  // namespace weft::provisioner
