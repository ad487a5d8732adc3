#include "services/provisioner/dataset/event_zones.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/logical_sql.h"

namespace weft::provisioner {
namespace {

absl::StatusOr<bool> Knows(mysql::Session& target, const std::string& zone) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, target.Query(sql::kKnowsZone, {zone}));
  return !rows.empty() && rows.front().BoolOr("known", false);
}

}  // namespace

absl::Status CheckEventZones(const FarmAccess& access, const HostPort& source,
                             const HostPort& target) {
  WEFT_ASSIGN_OR_RETURN(const auto reader, access.Open(source, Duty::kBackup));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet zones, reader->Query(sql::kEventZones));
  if (zones.empty()) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const auto restorer, access.Open(target, Duty::kRestore));
  for (const mysql::ResultSet::Row row : zones) {
    const std::string zone = row.StringOr("zone", "");
    WEFT_ASSIGN_OR_RETURN(const bool known, Knows(*restorer, zone));
    if (known) continue;
    return Refusal(absl::StatusCode::kFailedPrecondition, "UNKNOWN_TIME_ZONE",
                   absl::StrCat(target.ToString(), " does not know the time zone of event ",
                                row.StringOr("event", "")),
                   absl::StrCat("time zone ", zone, " in mysql.time_zone_name"), "none",
                   absl::StrCat("load the time zones there: mysql_tzinfo_to_sql "
                                "/usr/share/zoneinfo | mysql --host=",
                                target.host, " --port=", target.port, " --user=root -p mysql"));
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner
