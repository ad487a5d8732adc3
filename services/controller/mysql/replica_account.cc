#include "services/controller/mysql/replica_account.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "common/base/status_macros.h"
#include "common/model/replica_account.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/sweep.h"

namespace weft::controller {
namespace {

// So that it has letters of both cases, a digit and a sign, whatever a server demands.
constexpr absl::string_view kMixture = "-Wf7";
// Longer is cut off: CHANGE REPLICATION SOURCE takes 32 characters.
constexpr size_t kLength = 32;

absl::StatusOr<std::vector<std::string>> HostsOf(Turn& turn, absl::string_view user) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(sql::kHostsOfUser, {user}));
  std::vector<std::string> hosts;
  for (const mysql::ResultSet::Row row : rows) hosts.push_back(row.StringOr("host", ""));
  return hosts;
}

absl::Status Lock(Turn& turn, absl::string_view user, const std::vector<std::string>& hosts,
                  bool locked) {
  for (const std::string& host : hosts) {
    WEFT_RETURN_IF_ERROR(
        turn.Change(locked ? "locking a replica's account" : "unlocking a replica's account",
                    sql::LockUser(mysql::QuoteAccount(user, host), locked)));
  }
  return absl::OkStatus();
}

absl::Status Make(Turn& turn, const ReplicaLogin& login) {
  WEFT_ASSIGN_OR_RETURN(std::vector<std::string> hosts,
                        HostsOf(turn, turn.options().replicate.user));
  if (hosts.empty()) hosts = {"%"};
  for (const std::string& host : hosts) {
    const std::string account = mysql::QuoteAccount(login.user, host);
    WEFT_RETURN_IF_ERROR(
        turn.ChangeSecret("making a replica's account",
                          sql::CreateUser(account, mysql::QuoteString(login.password))));
    WEFT_RETURN_IF_ERROR(
        turn.Change("granting a replica's account", sql::GrantReplication(account)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ReplicaPassword(absl::string_view shared, const ServerUuid& replica) {
  const std::string mac = access::Mac(shared, replica.text());
  return absl::StrCat(absl::BytesToHexString(mac).substr(0, kLength - kMixture.size()), kMixture);
}

absl::StatusOr<ReplicaLogin> LoginOfReplica(const FarmOptions& options, const ServerUuid& replica) {
  WEFT_ASSIGN_OR_RETURN(const std::string shared, options.replicate.password());
  return ReplicaLogin{.user = ReplicaAccount(replica),
                      .password = ReplicaPassword(shared, replica)};
}

absl::Status OpenAccountOf(Turn& turn, const ServerUuid& replica) {
  WEFT_ASSIGN_OR_RETURN(const ReplicaLogin login, LoginOfReplica(turn.options(), replica));
  return WithoutSuperReadOnly(turn, [&]() -> absl::Status {
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> hosts, HostsOf(turn, login.user));
    return hosts.empty() ? Make(turn, login) : Lock(turn, login.user, hosts, /*locked=*/false);
  });
}

absl::Status LockAccountOf(Turn& turn, const ServerUuid& replica) {
  const std::string user = ReplicaAccount(replica);
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> hosts, HostsOf(turn, user));
  if (hosts.empty()) return absl::NotFoundError(absl::StrCat("there is no account ", user));
  WEFT_RETURN_IF_ERROR(
      WithoutSuperReadOnly(turn, [&] { return Lock(turn, user, hosts, /*locked=*/true); }));
  KillOrder order;
  order.chosen = [&user](const ProcessRow& process) { return process.user == user; };
  order.may_act = [&turn] { return turn.MayAct(); };
  turn.session().set_statement_timeout(turn.deadline().Remaining());
  return KillUntilGone(turn.session(), order, turn.deadline(), turn.clock());
}

}  // namespace weft::controller
