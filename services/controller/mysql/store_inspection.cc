// What is amiss with the servers of a MysqlStore.
#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/model/accounts.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/grants.h"
#include "services/controller/mysql/migrations.h"
#include "services/controller/mysql/store.h"
#include "services/controller/mysql/store_rows.h"
#include "services/controller/mysql/store_sql.h"

namespace weft::controller {
namespace {

// One that is lost leaves a majority.
constexpr size_t kLeastMembers = 3;

constexpr absl::string_view kOnDatabase[] = {
    "SELECT", "INSERT", "UPDATE",     "DELETE",  "CREATE",         "ALTER",
    "DROP",   "INDEX",  "REFERENCES", "EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE"};

// Of one server; adds what is amiss.
class Inspection {
 public:
  Inspection(const MysqlStoreOptions& options, std::string member, bool in_use,
             std::vector<StoreDeviation>* found)
      : options_(options), member_(std::move(member)), in_use_(in_use), found_(found) {}

  void Run(mysql::Session& session) {
    Version(session);
    Settings(session);
    Rights(session);
    if (!options_.members.empty()) Replication(session);
  }

  void Add(std::string check, std::string expected, std::string found, std::string mend,
           bool blocks) {
    found_->push_back({member_, std::move(check), std::move(expected), std::move(found),
                       std::move(mend), blocks});
  }

 private:
  void Version(mysql::Session& session) {
    const mysql::ServerVersion& version = session.version();
    if (!version.mariadb && version.AtLeast(8, 4)) return;
    Add("version", "MySQL 8.4 or later", version.text, "upgrade it, or name another server", true);
  }

  // `row` has a column of the variable's name.
  void Setting(const Row& row, const std::string& name, const std::string& wanted, bool blocks,
               absl::string_view mend) {
    const std::string found = row.StringOr(name, "");
    if (found != wanted) Add(name, wanted, found, std::string(mend), blocks);
  }

  void Settings(mysql::Session& session) {
    const absl::StatusOr<mysql::ResultSet> rows = session.Query(store_sql::kInspectServer);
    if (!rows.ok() || rows->empty()) {
      Add("settings", "an answer", std::string(rows.status().message()), "see the server's log",
          true);
      return;
    }
    const Row row = rows->front();
    const bool replicated = !options_.members.empty();
    // A commit that a crash undoes is a change of primary that nobody remembers.
    Setting(row, "sync_binlog", "1", false, store_sql::kMendSyncBinlog);
    Setting(row, "innodb_flush_log_at_trx_commit", "1", false, store_sql::kMendFlushLog);
    if (!replicated) {
      Setting(row, "read_only", "0", true, store_sql::kMendReadOnly);
      return;
    }
    Setting(row, "enforce_gtid_consistency", "ON", true, store_sql::kMendGtidConsistency);
    Setting(row, "gtid_mode", "ON", true, store_sql::kMendGtidMode);
  }

  void Rights(mysql::Session& session) {
    const absl::StatusOr<mysql::ResultSet> rows = session.Query(store_sql::kGrantsOfAccount);
    if (!rows.ok()) return;  // it is told of above
    Grants grants;
    bool by_pattern = false;  // which names it matches is the server's to say, at the set-up
    for (const Row row : *rows) {
      grants.Add(row[0].value_or(""));
      by_pattern |= absl::StrContains(row[0].value_or(""), "%`.*");
    }
    const std::string scope = absl::StrCat(mysql::QuoteIdentifier(options_.database), ".*");
    std::vector<absl::string_view> missing;
    std::copy_if(std::begin(kOnDatabase), std::end(kOnDatabase), std::back_inserter(missing),
                 [&](absl::string_view right) { return !grants.Has(right, scope); });
    if (missing.empty() || by_pattern) return;
    Add("rights", absl::StrCat(absl::StrJoin(kOnDatabase, ", "), " on ", scope),
        absl::StrCat("without ", absl::StrJoin(missing, ", ")),
        StoreGrant(options_.database, session.options().user), true);
  }

  void Replication(mysql::Session& session) {
    const absl::StatusOr<mysql::ResultSet> rows = session.Query(store_sql::kAskMember);
    if (mysql::MysqlErrorCode(rows.status()) != 0) {
      Add("rights", "a right to the tables that tell who is the primary",
          std::string(rows.status().message()),
          absl::StrJoin(StoreMemberGrants(session.options().user), "; "), true);
      return;
    }
    if (!rows.ok()) return;
    Membership(ReadMemberAnswer(*rows));
    const absl::StatusOr<mysql::ResultSet> settings = session.Query(store_sql::kInspectReplication);
    if (!settings.ok()) return;
    for (const Row row : *settings) {
      const std::string name = row.StringOr("Variable_name", "");
      if (row.StringOr("Value", "") == "ON") continue;
      const bool mode = name == "group_replication_single_primary_mode";
      Add(name, "ON", row.StringOr("Value", ""),
          std::string(mode ? store_sql::kMendSinglePrimary : store_sql::kMendStartOnBoot), mode);
    }
  }

  void Membership(const MemberAnswer& answer) {
    if (answer.state != "ONLINE") {
      Add("state in the cluster", "ONLINE", DescribeMember(answer),
          std::string(store_sql::kMendMember), !in_use_);
      return;
    }
    const int declared = static_cast<int>(options_.members.size());
    if (answer.members != declared || answer.online != declared) {
      Add("members", absl::StrCat(declared, " members ONLINE, which are those of --store"),
          absl::StrCat(answer.online, " of ", answer.members, " members ONLINE"),
          absl::StrCat(store_sql::kMendMember,
                       " on those that are not; name each member in --store, and no other server"),
          !in_use_ || answer.members > declared);
    }
    if (answer.primaries > 1) {
      Add("mode", "a single primary", absl::StrCat(answer.primaries, " primaries"),
          std::string(store_sql::kMendSinglePrimary), true);
    }
  }

  const MysqlStoreOptions& options_;
  const std::string member_;
  const bool in_use_;  // it has been set up before: one that is away need not keep it from a change
  std::vector<StoreDeviation>* const found_;
};

}  // namespace

std::vector<StoreDeviation> MysqlStore::Inspect() {
  std::vector<StoreDeviation> found;
  std::vector<HostPort> servers = options_.members;
  if (servers.empty()) {
    servers = {{options_.connect.host, static_cast<uint16_t>(options_.connect.port)}};
  }
  const absl::StatusOr<SchemaStatus> schema = Schema();
  const bool in_use = schema.ok() && schema->found > 0;
  for (const HostPort& server : servers) {
    mysql::ConnectOptions connect = Login();
    connect.host = server.host;
    connect.port = server.port;
    connect.database.clear();
    Inspection inspection(options_, server.ToString(), in_use, &found);
    const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
    if (session.ok()) {
      inspection.Run(**session);
    } else if (mysql::MysqlErrorCode(session.status()) != 0 &&
               absl::IsUnauthenticated(session.status())) {
      inspection.Add("login", absl::StrCat("account ", connect.user, ", with its password"),
                     std::string(session.status().message()),
                     StoreGrant(options_.database, connect.user), !in_use);
    } else {
      inspection.Add("answer", "a server that answers", std::string(session.status().message()),
                     "start it", !in_use || options_.members.empty());
    }
  }
  if (!options_.members.empty() && options_.members.size() < kLeastMembers) {
    Inspection(options_, "the cluster", in_use, &found)
        .Add("size", "three members or more, so that one can be lost",
             absl::StrCat(options_.members.size()), "add members, and name them in --store", false);
  }
  return found;
}

}  // namespace weft::controller
