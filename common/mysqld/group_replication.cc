#include "common/mysqld/group_replication.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/mysql/quote.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/group_replication_sql.h"
#include "common/mysqld/process.h"

namespace weft {
namespace {

namespace sql = group_replication_sql;

constexpr absl::Duration kPoll = absl::Milliseconds(200);
constexpr absl::string_view kAlreadyRunning = "ERROR 3093";

struct Seen {
  bool running = false;
  std::string state;  // Of itself.
  int online = 0;     // In its view.
  std::string executed;

  bool outside() const { return running && (state == "OFFLINE" || state == "ERROR"); }
};

class Assembly {
 public:
  Assembly(const std::vector<Instance>& members, absl::Duration timeout,
           const std::function<bool()>& cancelled)
      : members_(members),
        deadline_(Deadline::After(RealClock::Get(), timeout)),
        cancelled_(cancelled) {}

  absl::Status Run() {
    std::vector<Seen> seen = Look();
    if (!HasMajority(seen)) {
      const auto runs = [](const Seen& one) { return one.running; };
      if (!std::all_of(seen.begin(), seen.end(), runs)) return absl::OkStatus();
      WEFT_RETURN_IF_ERROR(Bootstrap(seen));
      seen = Look();
    }
    WEFT_RETURN_IF_ERROR(JoinAll(seen));
    return AwaitOnline();
  }

 private:
  absl::StatusOr<std::string> Say(const Instance& member, absl::string_view statement) const {
    SpawnOptions command;
    command.argv = ClientProgram(member.installation(), "mysql");
    if (command.argv.empty()) return absl::NotFoundError("this MySQL has no mysql client");
    for (const std::string& argument :
         {std::string("--user=root"), absl::StrCat("--socket=", member.socket()),
          std::string("--batch"), std::string("--skip-column-names"),
          absl::StrCat("--execute=", statement)}) {
      command.argv.push_back(argument);
    }
    command.environment = CleanEnvironment();
    WEFT_ASSIGN_OR_RETURN(const CommandResult result,
                          RunCommand(command, deadline_.Remaining(), cancelled_));
    if (result.exit_code == 0) return result.output;
    return absl::InternalError(
        absl::StrCat(member.address(), ": ", absl::StripAsciiWhitespace(result.output)));
  }

  Seen LookAt(const Instance& member) const {
    Seen seen;
    seen.running = member.Inspect().running;
    if (!seen.running) return seen;
    const absl::StatusOr<std::string> line = Say(member, sql::kLook);
    if (!line.ok()) return seen;
    // A set of several parts has line breaks, which the client writes as two characters.
    const std::vector<std::string> fields =
        absl::StrSplit(absl::StripAsciiWhitespace(*line), absl::MaxSplits('\t', 2));
    seen.state = fields[0];
    if (fields.size() > 1 && !absl::SimpleAtoi(fields[1], &seen.online)) seen.online = 0;
    if (fields.size() > 2) seen.executed = absl::StrReplaceAll(fields[2], {{"\\n", ""}});
    return seen;
  }

  std::vector<Seen> Look() const {
    std::vector<Seen> seen;
    seen.reserve(members_.size());
    for (const Instance& member : members_) seen.push_back(LookAt(member));
    return seen;
  }

  bool HasMajority(const std::vector<Seen>& seen) const {
    return std::any_of(seen.begin(), seen.end(), [this](const Seen& one) {
      return one.state == "ONLINE" && 2 * one.online > static_cast<int>(members_.size());
    });
  }

  absl::Status Bootstrap(const std::vector<Seen>& seen) const {
    size_t best = 0;
    for (size_t i = 1; i < seen.size(); ++i) {
      WEFT_ASSIGN_OR_RETURN(
          const std::string within,
          Say(members_[i], absl::StrCat(sql::kIsSubset, mysql::QuoteString(seen[best].executed),
                                        ", ", mysql::QuoteString(seen[i].executed), ")")));
      if (absl::StripAsciiWhitespace(within) == "1") best = i;
    }
    WEFT_RETURN_IF_ERROR(OnEach([&](size_t i) { return Release(members_[i]); }));
    return Say(members_[best], sql::kBootstrap).status();
  }

  // A member that tries to join what is gone, or is left of it alone, goes on for a minute and
  // heeds nobody meanwhile; so it is begun anew.
  absl::Status Release(const Instance& member) const {
    WEFT_ASSIGN_OR_RETURN(const std::string joins, Say(member, sql::kJoinsAtStart));
    if (absl::StripAsciiWhitespace(joins) == "0") return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(Say(member, sql::kDoNotJoinAtStart).status());
    WEFT_RETURN_IF_ERROR(member.Kill());
    return member.Start(deadline_.Remaining());
  }

  absl::Status JoinAll(const std::vector<Seen>& seen) const {
    return OnEach([&](size_t i) -> absl::Status {
      if (!seen[i].outside()) return absl::OkStatus();
      if (seen[i].state == "ERROR") WEFT_RETURN_IF_ERROR(Say(members_[i], sql::kStop).status());
      const absl::Status joined = Say(members_[i], sql::kJoin).status();
      // It had begun to by itself.
      return absl::StrContains(joined.message(), kAlreadyRunning) ? absl::OkStatus() : joined;
    });
  }

  // On all at once: each takes seconds.
  absl::Status OnEach(const std::function<absl::Status(size_t)>& work) const {
    std::vector<absl::Status> results(members_.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < members_.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = work(i); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& result : results) WEFT_RETURN_IF_ERROR(result);
    return absl::OkStatus();
  }

  absl::Status AwaitOnline() const {
    while (true) {
      std::vector<std::string> missing;
      const std::vector<Seen> seen = Look();
      for (size_t i = 0; i < seen.size(); ++i) {
        if (!seen[i].running || seen[i].state == "ONLINE") continue;
        missing.push_back(absl::StrCat(members_[i].address(), " is ", seen[i].state));
      }
      if (missing.empty()) break;
      if (cancelled_ && cancelled_()) return absl::CancelledError("interrupted");
      if (deadline_.Passed()) {
        return absl::DeadlineExceededError(
            absl::StrCat("not every member has joined: ", absl::StrJoin(missing, ", ")));
      }
      RealClock::Get()->Sleep(kPoll);
    }
    for (const Instance& member : members_) {
      if (member.Inspect().running) WEFT_RETURN_IF_ERROR(Say(member, sql::kJoinAtStart).status());
    }
    return absl::OkStatus();
  }

  const std::vector<Instance>& members_;
  const Deadline deadline_;
  const std::function<bool()>& cancelled_;
};

}  // namespace

std::vector<std::string> GroupReplicationLines(const GroupReplicationOptions& options, int index) {
  std::vector<std::string> seeds;
  seeds.reserve(options.ports.size());
  for (const int port : options.ports) seeds.push_back(absl::StrCat("127.0.0.1:", port));
  return {
      "plugin-load-add=group_replication.so",
      absl::StrCat("group-replication-group-name=", options.name),
      absl::StrCat("group-replication-local-address=", seeds[index]),
      absl::StrCat("group-replication-group-seeds=", absl::StrJoin(seeds, ",")),
      // Until there is something to join; Assemble persists ON.
      "group-replication-start-on-boot=OFF",
      "group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER",
      "group-replication-member-expel-timeout=0",
      "group-replication-exit-state-action=READ_ONLY",
      "group-replication-recovery-reconnect-interval=2",
      // What the sockets of so small a cluster need; the default is 1 GiB.
      "group-replication-message-cache-size=134217728",
  };
}

std::vector<std::string> GroupReplicationStatements(int version,
                                                    const GroupReplicationOptions& options) {
  return {
      CreateAccountStatement(version, sql::kRecoveryUser, "%", options.password),
      std::string(sql::kGrantRecovery),
      absl::StrCat(sql::kRecoverAs, mysql::QuoteString(options.password), sql::kRecoverChannel),
  };
}

std::vector<std::string> ClusterReaderStatements(absl::string_view user) {
  std::vector<std::string> statements;
  for (const absl::string_view what : sql::kGrantReading) {
    statements.push_back(absl::StrCat(what, mysql::QuoteAccount(user, "%")));
  }
  return statements;
}

absl::Status Assemble(const std::vector<Instance>& members, absl::Duration timeout,
                      const std::function<bool()>& cancelled) {
  return Assembly(members, timeout, cancelled).Run();
}

}  // namespace weft
