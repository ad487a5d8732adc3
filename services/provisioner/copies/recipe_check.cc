#include "services/provisioner/copies/recipe_check.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {

absl::StatusOr<RecipeFindings> CheckRecipe(const FarmAccess& access, absl::string_view address,
                                           absl::string_view role) {
  const std::optional<Role> wanted = ParseRole(role);
  if (!wanted.has_value()) {
    return Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_ROLE", "there is no such role",
                   "member, async-member or standalone", role, "name one of these");
  }
  WEFT_ASSIGN_OR_RETURN(const HostPort server, HostPort::Parse(address));
  WEFT_ASSIGN_OR_RETURN(const auto session, access.Open(server, Duty::kManage));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session->Query(sql::kGlobalVariables));
  Variables variables;
  for (const mysql::ResultSet::RowData& row : rows.rows()) {
    variables[absl::AsciiStrToLower(row[0].value_or(""))] = row[1].value_or("");
  }
  const mysql::ServerVersion& version = session->version();
  const int number = version.major * 10000 + version.minor * 100 + version.patch;
  unsigned id = 0;
  if (!absl::SimpleAtoi(variables["server_id"], &id)) id = 0;
  RecipeFindings findings;
  findings.uuid = variables["server_uuid"];
  findings.version = version.text;
  findings.deviations = CheckAgainst(*wanted, number, variables);
  const std::string& reported = variables["report_host"];
  findings.recipe = RenderRecipe(*wanted, number, id, reported.empty() ? server.host : reported);
  return findings;
}

}  // namespace weft::provisioner
