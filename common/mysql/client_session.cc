#include "common/mysql/client_session.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/model/replica_account.h"

namespace weft::mysql {

bool IsClientSession(absl::string_view user, absl::string_view command,
                     const std::vector<absl::string_view>& own) {
  // "mysql.session" and its kin are accounts of the server's own plugins.
  if (user == "system user" || user == "event_scheduler" || user == "unauthenticated user" ||
      absl::StartsWith(user, "mysql.")) {
    return false;
  }
  if (std::find(own.begin(), own.end(), user) != own.end()) return false;
  if (ReplicaOfAccount(user).has_value()) return false;
  return command != "Daemon" && !absl::StartsWith(command, "Binlog Dump");
}

}  // namespace weft::mysql
