#include "services/controller/mysql/admission_facts.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/grants.h"
#include "services/controller/mysql/look.h"

namespace weft::controller {
namespace {

int Number(const mysql::ServerVersion& version) {
  return version.major * 10000 + version.minor * 100 + version.patch;
}

absl::StatusOr<std::unique_ptr<mysql::Session>> OpenWithin(const Opener& opener,
                                                           const HostPort& address, Duty duty,
                                                           const Deadline& deadline) {
  Opener::OpenOptions how;
  how.connect = deadline.Remaining();
  if (how.connect <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError(absl::StrCat(address.ToString(), ": out of time"));
  }
  WEFT_ASSIGN_OR_RETURN(auto session, opener.Open(address, duty, how));
  session->set_statement_timeout(deadline.Remaining());
  return session;
}

absl::StatusOr<std::vector<Privilege>> MissingPrivileges(mysql::Session& session, Duty duty) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kGrants));
  Grants grants;
  for (const mysql::ResultSet::Row row : rows) grants.Add(row[0].value_or(""));
  return grants.Missing(PrivilegesOf(duty, Number(session.version())));
}

// Logs in for a duty: that alone proves the account and its password.
DutyFacts TryDuty(const Opener& opener, const FarmOptions& options, const HostPort& address,
                  Duty duty, const Deadline& deadline) {
  DutyFacts facts;
  facts.user = options.Of(duty).user;
  auto session = OpenWithin(opener, address, duty, deadline);
  if (!session.ok()) {
    facts.error = std::string(session.status().message());
    return facts;
  }
  facts.admitted = true;
  if (auto missing = MissingPrivileges(**session, duty); missing.ok()) {
    facts.missing = *std::move(missing);
  } else {
    facts.admitted = false;
    facts.error = std::string(missing.status().message());
  }
  return facts;
}

absl::Status ReadVariables(mysql::Session& session, ServerFacts* facts) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kVariables));
  for (const mysql::ResultSet::Row row : rows) {
    facts->variables[absl::AsciiStrToLower(row[0].value_or(""))] = row[1].value_or("");
  }
  return absl::OkStatus();
}

absl::Status ReadPlugins(mysql::Session& session, ServerFacts* facts) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session.Query(sql::kPlugins));
  for (const mysql::ResultSet::Row row : rows) {
    if (row.StringOr("status", "") != "ACTIVE") continue;
    facts->plugins.insert(absl::AsciiStrToLower(row.StringOr("name", "")));
  }
  return absl::OkStatus();
}

absl::Status ReadPreset(mysql::Session& session, const LookMemory& memory, ServerFacts* facts) {
  if (!memory.replica_preset) return absl::OkStatus();
  const absl::string_view name = memory.semi_sync.replica->replica_enabled;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet source, session.Query(sql::kVariableSource, {name}));
  const std::string path = source.empty() ? "" : source.front().StringOr("path", "");
  facts->replica_preset_by = path.empty() ? "a persisted value" : path;
  return absl::OkStatus();
}

absl::Status ReadChannels(mysql::Session& session, const mysql::Dialect& dialect,
                          ServerFacts* facts) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<mysql::ReplicaStatus> channels,
                        mysql::ReadReplicaStatus(session, dialect));
  for (const mysql::ReplicaStatus& channel : channels) {
    if (!channel.channel.empty()) facts->foreign_channels.push_back(channel.channel);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServerFacts> GatherFacts(const Opener& opener, const FarmOptions& options,
                                        const HostPort& address, const Deadline& deadline,
                                        Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(const auto session, OpenWithin(opener, address, Duty::kManage, deadline));
  ServerFacts facts;
  facts.address = address;
  facts.version = session->version();
  const mysql::Dialect dialect = mysql::DialectFor(facts.version);
  if (!dialect.can.gtid) return facts;
  LookMemory memory;
  const absl::Status asked = [&]() -> absl::Status {
    // Its privileges first: what they forbid would fail the rest in words of less use.
    DutyFacts& manage = facts.duties[Duty::kManage];
    manage.user = options.manage.user;
    manage.admitted = true;
    WEFT_ASSIGN_OR_RETURN(manage.missing, MissingPrivileges(*session, Duty::kManage));
    WEFT_RETURN_IF_ERROR(ReadVariables(*session, &facts));
    WEFT_RETURN_IF_ERROR(Prime(*session, &memory));
    facts.half_cloned = memory.half_cloned;
    WEFT_ASSIGN_OR_RETURN(facts.observation, LookAt(*session, &memory, clock->MonotonicNow()));
    facts.observation.contact = Contact::kAnswered;
    WEFT_RETURN_IF_ERROR(ReadPlugins(*session, &facts));
    WEFT_RETURN_IF_ERROR(ReadPreset(*session, memory, &facts));
    return ReadChannels(*session, dialect, &facts);
  }();
  const bool lacks_rights = !facts.duties[Duty::kManage].missing.empty() &&
                            asked.code() == absl::StatusCode::kPermissionDenied;
  if (!asked.ok() && !lacks_rights) return Annotate(asked, address.ToString());
  for (const Duty duty : {Duty::kReplicate, Duty::kBackup, Duty::kRestore}) {
    facts.duties[duty] = TryDuty(opener, options, address, duty, deadline);
  }
  return facts;
}

std::map<ServerUuid, AdmissionContext::Peer> AskPeers(const Opener& opener, const Group& group,
                                                      const Deadline& deadline) {
  std::map<ServerUuid, AdmissionContext::Peer> peers;
  for (const Server& record : group.servers) {
    auto session = OpenWithin(opener, record.address, Duty::kManage, deadline);
    if (!session.ok()) continue;
    auto rows = (*session)->Query(sql::kPeer);
    if (!rows.ok() || rows->empty()) continue;
    auto executed = GtidSet::Parse(rows->front().StringOr("executed", ""));
    if (!executed.ok()) continue;
    peers[record.uuid] = {rows->front().StringOr("server_id", ""), *std::move(executed)};
  }
  return peers;
}

}  // namespace weft::controller
