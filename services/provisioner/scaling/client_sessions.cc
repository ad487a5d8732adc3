#include "services/provisioner/scaling/client_sessions.h"

#include "common/base/status_macros.h"
#include "common/mysql/client_session.h"
#include "services/provisioner/scaling/client_sessions_sql.h"

namespace weft::provisioner {

absl::StatusOr<int> CountClientSessions(const FarmAccess& access, const HostPort& server,
                                        const std::vector<std::string>& own) {
  WEFT_ASSIGN_OR_RETURN(const auto session, access.Open(server, Duty::kManage, absl::Seconds(5)));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session->Query(sql::kProcesses));
  int sessions = 0;
  for (const mysql::ResultSet::Row row : rows) {
    const bool is_client = mysql::IsClientSession(
        row.StringOr("User", ""), row.StringOr("Command", ""), {own.begin(), own.end()});
    if (is_client) ++sessions;
  }
  return sessions;
}

}  // namespace weft::provisioner
