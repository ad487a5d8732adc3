#include "services/provisioner/dataset/server_facts.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/own_schemas.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/replica_status.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/dataset/data_places.h"
#include "services/provisioner/dataset/dataset_sql.h"

namespace weft::provisioner {
namespace {

absl::Status ReadData(mysql::Session& session, ServerFacts* facts) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet schemas, session.Query(sql::kSchemas));
  for (const mysql::ResultSet::Row row : schemas) {
    const std::string name = row.StringOr("name", "");
    if (name == sql::kMark) facts->half_copied = true;
    if (!IsOwnSchema(name)) facts->schemas.push_back(name);
  }
  WEFT_RETURN_IF_ERROR(SeeFreshSizes(session));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet bytes, session.Query(sql::kBytes));
  facts->bytes = bytes.empty() ? 0 : bytes.front().UintOr("bytes", 0);
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet tables,
                        session.Query(mysql::statements::kTablesWithoutTransactions));
  for (const mysql::ResultSet::Row row : tables) {
    facts->not_transactional.push_back(row.StringOr("name", ""));
  }
  return absl::OkStatus();
}

absl::Status ReadReplication(mysql::Session& session, ServerFacts* facts) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ReadReplicaStatus(session, facts->dialect()));
  for (const mysql::ReplicaStatus& channel : channels) {
    if (channel.receiver == mysql::ReceiverState::kStopped && !channel.applier_running) continue;
    facts->follows.push_back(absl::StrCat(channel.source_host, ":", channel.source_port));
  }
  return absl::OkStatus();
}

void LookAround(ServerFacts* facts) {
  facts->folder = FolderOf(facts->address, facts->uuid, facts->Variable("datadir"));
  if (facts->folder.empty()) return;
  std::error_code error;
  const std::filesystem::space_info space =
      std::filesystem::space(facts->Variable("datadir"), error);
  if (!error) facts->free_bytes = space.available;
}

}  // namespace

std::string ServerFacts::Variable(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string FolderOf(const HostPort& address, const ServerUuid& uuid, const std::string& datadir) {
  std::string data = datadir;
  while (!data.empty() && data.back() == '/') data.pop_back();
  const std::string folder = std::filesystem::path(data).parent_path().string();
  const auto instance = Instance::Open(folder);
  if (!instance.ok() || instance->port() != address.port) return "";
  return instance->Inspect().server_uuid == uuid.text() ? folder : "";
}

absl::StatusOr<Home> HomeOf(mysql::Session& session) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet self, session.Query(sql::kWhereItIs));
  if (self.empty()) return Home();
  const std::string data = self.front().StringOr("datadir", "");
  WEFT_ASSIGN_OR_RETURN(const ServerUuid uuid,
                        ServerUuid::Parse(self.front().StringOr("uuid", "")));
  const mysql::ConnectOptions& options = session.options();
  const HostPort address{options.host, static_cast<uint16_t>(options.port)};
  if (FolderOf(address, uuid, data).empty()) return Home();
  return Home{.data = data, .socket = self.front().StringOr("socket", "")};
}

absl::Status SeeFreshSizes(mysql::Session& session) {
  const mysql::ServerVersion& version = session.version();
  if (version.mariadb || !version.AtLeast(8, 0)) return absl::OkStatus();
  return session.Execute(sql::kFreshStatistics);
}

absl::StatusOr<ServerFacts> GatherFacts(const FarmAccess& access, const HostPort& address,
                                        Duty reader) {
  ServerFacts facts;
  facts.address = address;
  WEFT_ASSIGN_OR_RETURN(const auto session, access.Open(address, reader));
  facts.version = session->version();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet variables, session->Query(sql::kGlobalVariables));
  for (const mysql::ResultSet::RowData& row : variables.rows()) {
    facts.variables[absl::AsciiStrToLower(row[0].value_or(""))] = row[1].value_or("");
  }
  WEFT_ASSIGN_OR_RETURN(facts.uuid, ServerUuid::Parse(facts.Variable("server_uuid")));
  WEFT_RETURN_IF_ERROR(ReadData(*session, &facts));
  if (facts.dialect().can.clone_plugin) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet plugin,
                          session->Query(mysql::statements::kClonePluginActive));
    facts.clone_active = !plugin.empty() && plugin.front().StringOr("status", "") == "ACTIVE";
  }
  WEFT_ASSIGN_OR_RETURN(const auto manager, access.Open(address, Duty::kManage));
  WEFT_RETURN_IF_ERROR(ReadReplication(*manager, &facts));
  LookAround(&facts);
  if (reader == Duty::kBackup && !facts.folder.empty()) {
    WEFT_ASSIGN_OR_RETURN(facts.outside, DataOutside(*session, facts.Variable("datadir")));
  }
  return facts;
}

}  // namespace weft::provisioner
