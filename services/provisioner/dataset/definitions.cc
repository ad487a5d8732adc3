#include "services/provisioner/dataset/definitions.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/quote.h"
#include "services/provisioner/dataset/dataset_sql.h"
#include "services/provisioner/dataset/late_keys.h"
#include "services/provisioner/dataset/logical_sql.h"

namespace weft::provisioner {
namespace {

// Below that the statement that makes them costs more than it saves.
constexpr uint64_t kLateKeysFromBytes = uint64_t{4} << 20;

// SHOW CREATE calls the statement's column differently for each kind.
std::string StatementOf(const mysql::ResultSet::Row& row) {
  for (const char* column : {"Create View", "Create Procedure", "Create Function",
                             "SQL Original Statement", "Create Event"}) {
    if (row.Get(column).has_value()) return *row.Get(column);
  }
  return "";
}

absl::StatusOr<std::vector<Program>> ReadKind(mysql::Session& source, absl::string_view list) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, source.Query(list));
  std::vector<Program> programs;
  for (const mysql::ResultSet::Row row : rows) {
    Program program;
    program.schema = row.StringOr("schema", "");
    program.name = row.StringOr("name", "");
    program.kind = row.StringOr("kind", "");
    const std::string name = absl::StrCat(mysql::QuoteIdentifier(program.schema), ".",
                                          mysql::QuoteIdentifier(program.name));
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet created,
                          source.Query(absl::StrFormat(sql::kShowCreate, program.kind, name)));
    if (!created.empty()) {
      program.statement = StatementOf(created.front());
      program.sql_mode = created.front().StringOr("sql_mode", "");
      program.collation = created.front().StringOr("collation_connection", "");
      program.time_zone = created.front().StringOr("time_zone", "");
    }
    if (program.statement.empty()) {
      return absl::PermissionDeniedError(
          absl::StrCat("the ", program.kind, " ", name, " cannot be read by the backup account"));
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

absl::Status Create(mysql::Session& target, const Program& program) {
  const std::string schema = mysql::QuoteIdentifier(program.schema);
  WEFT_RETURN_IF_ERROR(target.Execute(absl::StrFormat(sql::kUse, schema)));
  WEFT_RETURN_IF_ERROR(
      target
          .Execute(sql::kCreationMode,
                   {ModesFor(target.version(), program.sql_mode), program.collation})
          .status());
  if (!program.time_zone.empty()) {
    WEFT_RETURN_IF_ERROR(target.Execute(sql::kCreationZone, {program.time_zone}).status());
  }
  return Annotate(target.Execute(program.statement),
                  absl::StrCat(program.kind, " ", program.schema, ".", program.name));
}

// Each round makes those whose needs are there; one that makes none shows what is truly wrong.
absl::Status CreateAll(mysql::Session& target, std::vector<Program> programs) {
  while (!programs.empty()) {
    std::vector<Program> left;
    absl::Status failure;
    for (Program& program : programs) {
      absl::Status status = Create(target, program);
      if (status.ok()) continue;
      if (target.broken()) return status;
      failure = std::move(status);
      left.push_back(std::move(program));
    }
    if (left.size() == programs.size()) return failure;
    programs = std::move(left);
  }
  return absl::OkStatus();
}

// Nobody but SUPER may make what is not said to be deterministic, unless the server trusts.
class Trust {
 public:
  explicit Trust(mysql::Session& target) : target_(target) {}
  ~Trust() {
    if (changed_) target_.Execute(sql::kTrustCreatorsOff).IgnoreError();
  }
  absl::Status Gain() {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet now, target_.Query(sql::kTrustCreators));
    if (!now.empty() && now.front().BoolOr("value", false)) return absl::OkStatus();
    changed_ = true;
    return target_.Execute(sql::kTrustCreatorsOn);
  }

 private:
  mysql::Session& target_;
  bool changed_ = false;
};

}  // namespace

std::string ModesFor(const mysql::ServerVersion& version, const std::string& modes) {
  static constexpr absl::string_view kGone[] = {"NO_AUTO_CREATE_USER",
                                                "NO_FIELD_OPTIONS",
                                                "NO_KEY_OPTIONS",
                                                "NO_TABLE_OPTIONS",
                                                "DB2",
                                                "MAXDB",
                                                "MSSQL",
                                                "MYSQL323",
                                                "MYSQL40",
                                                "ORACLE",
                                                "POSTGRESQL"};
  if (version.mariadb || !version.AtLeast(8, 0)) return modes;
  std::vector<absl::string_view> left;
  for (const absl::string_view mode : absl::StrSplit(modes, ',', absl::SkipEmpty())) {
    if (std::find(std::begin(kGone), std::end(kGone), mode) == std::end(kGone)) {
      left.push_back(mode);
    }
  }
  return absl::StrJoin(left, ",");
}

absl::Status SetUpCreator(mysql::Session& target, const mysql::ServerVersion& source) {
  WEFT_RETURN_IF_ERROR(target.Execute(sql::kLoadSession));
  const mysql::ServerVersion& version = target.version();
  const bool other_default = !version.mariadb && version.AtLeast(8, 0, 11) && !source.AtLeast(8, 0);
  return other_default ? target.Execute(sql::kOldCollation) : absl::OkStatus();
}

absl::StatusOr<std::vector<Schema>> ReadSchemas(mysql::Session& source) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, source.Query(sql::kSchemas));
  std::vector<Schema> schemas;
  for (const mysql::ResultSet::Row row : rows) {
    const std::string name = row.StringOr("name", "");
    if (name == sql::kMark) continue;
    WEFT_ASSIGN_OR_RETURN(
        const mysql::ResultSet created,
        source.Query(absl::StrFormat(sql::kShowCreateSchema, mysql::QuoteIdentifier(name))));
    if (created.empty()) return absl::NotFoundError(absl::StrCat("schema ", name, " is gone"));
    schemas.push_back({name, created.front().StringOr("Create Database", "")});
  }
  return schemas;
}

absl::Status MakeSchemas(mysql::Session& target, const std::vector<Schema>& schemas) {
  for (const Schema& schema : schemas) {
    WEFT_RETURN_IF_ERROR(
        Annotate(target.Execute(schema.statement), absl::StrCat("schema ", schema.name)));
  }
  return absl::OkStatus();
}

absl::Status ReadDefinitions(mysql::Session& source, std::vector<Table>* tables) {
  for (Table& table : *tables) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet created,
                          source.Query(absl::StrFormat(sql::kShowCreateTable, table.QuotedName())));
    if (created.empty()) return absl::NotFoundError(absl::StrCat(table.name, " is gone"));
    table.definition = created.front().StringOr("Create Table", "");
  }
  return absl::OkStatus();
}

absl::Status MakeTables(mysql::Session& target, std::vector<Table>* tables) {
  WEFT_RETURN_IF_ERROR(target.Execute(sql::kLaxCreation));
  for (Table& table : *tables) {
    KeysApart definition = {table.definition, ""};
    const bool apart =
        table.transactional && !table.referenced && table.bytes >= kLateKeysFromBytes;
    if (apart) definition = TakeKeysApart(definition.create);
    table.add_keys = definition.add_keys;
    const std::string schema = mysql::QuoteIdentifier(table.schema);
    WEFT_RETURN_IF_ERROR(target.Execute(absl::StrFormat(sql::kUse, schema)));
    WEFT_RETURN_IF_ERROR(
        Annotate(target.Execute(definition.create), absl::StrCat("table ", table.QuotedName())));
  }
  return absl::OkStatus();
}

absl::StatusOr<Programs> ReadPrograms(mysql::Session& source) {
  Programs all;
  for (const absl::string_view list : {sql::kRoutines, sql::kViews, sql::kTriggers, sql::kEvents}) {
    WEFT_ASSIGN_OR_RETURN(std::vector<Program> programs, ReadKind(source, list));
    // Views alone have no sql_mode of their own.
    if (list == sql::kViews) {
      for (Program& view : programs) view.sql_mode = "NO_ENGINE_SUBSTITUTION";
    }
    all.push_back(std::move(programs));
  }
  return all;
}

absl::Status MakePrograms(mysql::Session& target, Programs programs) {
  Trust trust(target);
  WEFT_RETURN_IF_ERROR(trust.Gain());
  for (std::vector<Program>& kind : programs) {
    WEFT_RETURN_IF_ERROR(CreateAll(target, std::move(kind)));
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner
