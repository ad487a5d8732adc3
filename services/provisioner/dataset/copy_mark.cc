#include "services/provisioner/dataset/copy_mark.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

bool IsNotThere(const absl::Status& status) {
  const int code = mysql::MysqlErrorCode(status);
  return code == mysql::kErrUnknownTable || code == mysql::kErrUnknownDatabase;
}

absl::Status PutSettingsBack(mysql::Session& restorer) {
  const auto noted = restorer.Query(sql::kNotedSettings);
  if (IsNotThere(noted.status())) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(noted.status());
  for (const mysql::ResultSet::Row row : *noted) {
    WEFT_RETURN_IF_ERROR(restorer.Execute(absl::StrFormat(
        sql::kSetGlobal, mysql::QuoteIdentifier(row.StringOr("name", "")), row.IntOr("value", 0))));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeMark(mysql::Session& restorer, const std::string& job) {
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kMakeMark));
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kMakeNotedSettings));
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kMakeMaker));
  return restorer.Execute(sql::kNoteMaker, {job}).status();
}

absl::StatusOr<std::optional<std::string>> MakerOf(mysql::Session& restorer) {
  const auto noted = restorer.Query(sql::kMaker);
  if (IsNotThere(noted.status())) return std::nullopt;
  WEFT_RETURN_IF_ERROR(noted.status());
  if (noted->empty()) return std::nullopt;
  return noted->front().StringOr("job", "");
}

absl::Status SetMeanwhile(mysql::Session& restorer, absl::string_view variable,
                          absl::string_view value) {
  WEFT_RETURN_IF_ERROR(restorer.Execute(absl::StrFormat(sql::kNoteSetting, variable, variable)));
  return restorer.Execute(absl::StrFormat(sql::kSetGlobalTo, variable, value));
}

absl::Status StopEvents(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet now, restorer.Query(sql::kEventsRun));
  if (now.empty() || !now.front().BoolOr("events_run", false)) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(restorer.Execute(sql::kNoteThatEventsRun));
  return restorer.Execute(sql::kEventsOff);
}

absl::StatusOr<bool> KeepEventsStopped(mysql::Session& restorer) {
  WEFT_ASSIGN_OR_RETURN(const uint64_t noted, restorer.Execute(sql::kForgetThatEventsRun, {}));
  return noted > 0;
}

absl::Status DropMark(mysql::Session& restorer) {
  WEFT_RETURN_IF_ERROR(PutSettingsBack(restorer));
  return restorer.Execute(sql::kDropMark);
}

absl::Status SettleFailedClone(mysql::Session& restorer) {
  if (!mysql::DialectFor(restorer.version()).can.clone_plugin) return absl::OkStatus();
  const auto failed = restorer.Query(mysql::statements::kHalfCloned);
  // Without the plugin there are no such tables, and there was no clone.
  if (mysql::MysqlErrorCode(failed.status()) == mysql::kErrUnknownTable) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(failed.status());
  if (failed->empty()) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(restorer.Execute(mysql::statements::kMakeSettledSchema));
  WEFT_RETURN_IF_ERROR(restorer.Execute(mysql::statements::kMakeSettledClones));
  return restorer.Execute(mysql::statements::kSettleClone, {failed->front().StringOr("began", "")})
      .status();
}

}  // namespace weft::provisioner
