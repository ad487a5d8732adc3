// manage, event and statistics: what is of the gateway itself.
#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/model/ids.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;
using Sets = absl::StatusOr<std::vector<ResultSet>>;

constexpr size_t kMostProcedures = 1000;  // in one event.wait_for_procedures
constexpr int kMostPages = 20;            // of operations that statistics.group reads
constexpr int64_t kLongestTtl = 86400;

Sets None() { return std::vector<ResultSet>(); }

// --- manage

Sets Ping(Session&, const List&) { return None(); }

Sets Stop(Session& session, const List&) {
  WEFT_RETURN_IF_ERROR(session.here().stop());
  return None();
}

// The original's loggers are all of its own package.
bool IsModule(absl::string_view name) {
  const auto ours = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; };
  return (name == "mysql" || name == "mysql.fabric" || absl::StartsWith(name, "mysql.fabric.")) &&
         std::all_of(name.begin(), name.end(), ours) && name.back() != '.';
}

Sets SetLoggingLevel(Session&, const List& arguments) {
  static constexpr std::pair<absl::string_view, log::Level> kLevels[] = {
      {"CRITICAL", log::Level::kError},
      {"ERROR", log::Level::kError},
      {"WARNING", log::Level::kWarning},
      {"INFO", log::Level::kInfo},
      {"DEBUG", log::Level::kDebug}};
  const std::string module = TextOf(arguments[0]);
  if (!IsModule(module)) {
    return FabricError(kConfigurationError, absl::StrCat("No module named ", module));
  }
  const std::string name = absl::AsciiStrToUpper(TextOf(arguments[1]));
  for (const auto& [known, level] : kLevels) {
    if (name != known) continue;
    log::SetLevel(level);
    return None();
  }
  return FabricError(kConfigurationError, absl::StrCat("'", name, "'"));
}

Sets SetTtl(Session& session, const List& arguments) {
  const auto seconds = IntegerOf(arguments[0]);
  if (!seconds.has_value() || *seconds < 0 || *seconds > kLongestTtl) {
    return FabricError(kConfigurationError, absl::StrCat("Value (", TextOf(arguments[0]),
                                                         ") must be a number of "
                                                         "seconds from 0 to ",
                                                         kLongestTtl, "."));
  }
  session.here().set_ttl(static_cast<int>(*seconds));
  return None();
}

int64_t OpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int64_t count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count - 3;  // ".", ".." and the folder itself
}

Sets CountOpenFiles(Session&, const List&) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  ResultSet set;
  set.columns = {{"current", Type::kInteger}, {"max", Type::kInteger}};
  constexpr rlim_t kMostOnTheWire = 0x7fffffff;
  const auto most = static_cast<int64_t>(std::min(limit.rlim_cur, kMostOnTheWire));
  set.rows.push_back({{OpenFiles()}, {most}});
  return std::vector<ResultSet>{std::move(set)};
}

// --- statistics

// As Python prints a timedelta without its fraction: "2 days, 0:02:02".
std::string UptimeText(absl::Duration uptime) {
  const int64_t seconds = absl::ToInt64Seconds(uptime);
  const int64_t days = seconds / 86400;
  const std::string time =
      absl::StrFormat("%d:%02d:%02d", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  if (days == 0) return time;
  return absl::StrCat(days, days == 1 ? " day, " : " days, ", time);
}

Sets NodeStatistics(Session& session, const List&) {
  const Surroundings& here = session.here();
  ResultSet set;
  set.columns = {
      {"node_id", Type::kString}, {"node_uptime", Type::kString}, {"node_startup", Type::kString}};
  set.rows.push_back(
      {{std::string("0")},
       {UptimeText(std::max(here.clock->Now() - here.started, absl::ZeroDuration()))},
       {absl::FormatTime("%Y-%m-%d %H:%M:%S", here.started, absl::UTCTimeZone())}});
  return std::vector<ResultSet>{std::move(set)};
}

std::string Anywhere(const fabric::Value& pattern) {
  return absl::StrCat("%", TextOrEmpty(pattern), "%");
}

ResultSet CountsSet(const char* of) {
  ResultSet set;
  set.columns = {
      {of, Type::kString}, {"call_count", Type::kInteger}, {"call_abort", Type::kInteger}};
  return set;
}

Sets ProcedureStatistics(Session& session, const List& arguments) {
  std::vector<CallCounts::Count> counts = session.here().counts->All();
  // The order of the original's store, in which '_' comes after the letters.
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return absl::AsciiStrToUpper(a.method) < absl::AsciiStrToUpper(b.method);
  });
  ResultSet set = CountsSet("proc_name");
  for (const CallCounts::Count& count : counts) {
    if (!IsLike(count.method, Anywhere(arguments[0]))) continue;
    set.rows.push_back({{count.method}, {count.calls}, {count.failures}});
  }
  return std::vector<ResultSet>{std::move(set)};
}

struct Changes {
  int64_t promotions = 0;
  int64_t demotions = 0;
};

// A switchover demotes one server and promotes another.
void CountOperation(const v1::Operation& operation, std::map<std::string, Changes>* groups) {
  if (operation.state() != v1::Operation::SUCCEEDED) return;
  const bool failover = operation.kind() == "failover";
  const bool promotion = failover || operation.kind() == "promote";
  if (!promotion && operation.kind() != "demote") return;
  Changes& changes = (*groups)[std::string(absl::StripPrefix(operation.group(), "groups/"))];
  changes.promotions += promotion ? 1 : 0;
  const bool replaced = promotion && !failover &&
                        !absl::StrContains(operation.result_json(), "\"failover\":true") &&
                        !absl::StrContains(operation.result_json(), "\"old_primary\":\"\"");
  changes.demotions += !promotion || replaced ? 1 : 0;
}

Sets GroupStatistics(Session& session, const List& arguments) {
  std::map<std::string, Changes> groups;
  v1::ListOperationsRequest request;
  request.set_page_size(1000);
  for (int page = 0; page < kMostPages; ++page) {
    WEFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse response,
                          session.Call(&v1::Operations::Stub::ListOperations, request));
    for (const v1::Operation& operation : response.operations()) {
      CountOperation(operation, &groups);
    }
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  ResultSet set = CountsSet("group_id");
  for (const auto& [group, changes] : groups) {
    if (!IsLike(group, Anywhere(arguments[0]))) continue;
    set.rows.push_back({{group}, {changes.promotions}, {changes.demotions}});
  }
  return std::vector<ResultSet>{std::move(set)};
}

// --- event

// The events that mean something here, and the commands that do the same.
Sets Trigger(Session& session, const List& arguments) {
  static constexpr std::pair<absl::string_view, const char*> kEvents[] = {
      {"FAIL_OVER", "group.promote"},
      {"REPORT_ERROR", "threat.report_error"},
      {"REPORT_FAILURE", "threat.report_failure"}};
  const std::string event = TextOf(arguments[0]);
  std::vector<std::string> uuids;
  for (const auto& [name, method] : kEvents) {
    if (event != name) continue;
    fabric::Call call;
    for (const std::string& text : TextsOf(arguments[2])) call.arguments.push_back({text});
    // Of a group, FAIL_OVER takes no more than its name.
    if (event == "FAIL_OVER" && call.arguments.size() > 1) call.arguments.resize(1);
    for (const std::string& text : TextsOf(arguments[3])) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos) {
        return FabricError(kConfigurationError,
                           absl::StrCat("Invalid parameter (", TextOf(arguments[3]), ")."));
      }
      call.named.push_back({text.substr(0, equals), {text.substr(equals + 1)}});
    }
    WEFT_ASSIGN_OR_RETURN(List bound, Bind(*fabric::FindCommand(method), call));
    WEFT_ASSIGN_OR_RETURN(std::string uuid,
                          session.here().begin(session.user(), method, std::move(bound)));
    uuids.push_back(std::move(uuid));
  }
  return std::vector<ResultSet>{UuidSet(uuids)};
}

void AddEnded(const Ended& ended, std::vector<ResultSet>* sets) {
  if (!ended.outcome.ok()) {
    sets->push_back(FailureSet(ended.uuid, ProcedureText(ended.outcome.status())));
    return;
  }
  for (ResultSet& set : SetsOf(ended)) sets->push_back(std::move(set));
}

// An operation of Weft may be waited for like a procedure.
absl::StatusOr<Ended> AwaitOperation(Session& session, const std::string& uuid) {
  v1::GetOperationRequest request;
  request.set_name(absl::StrCat("operations/", uuid));
  const auto found = session.CallAsSelf(&v1::Operations::Stub::GetOperation, request);
  if (absl::IsNotFound(found.status())) {
    return FabricError(kProcedureError, absl::StrCat("Procedure (", uuid, ") was not found."));
  }
  WEFT_RETURN_IF_ERROR(found.status());
  const absl::StatusOr<v1::Operation> operation = session.Await(*found);
  Subject subject;
  subject.group = std::string(absl::StripPrefix(found->group(), "groups/"));
  subject.server = subject.uuid = std::string(absl::StripPrefix(found->server(), "servers/"));
  if (!operation.ok()) {
    return Ended{uuid, Translate(operation.status(), subject, kProcedureError), {}, {}};
  }
  return Ended{uuid, Deed{{true}, {absl::StrCat("_", operation->kind())}},
               rpc::FromProto(operation->create_time()), rpc::FromProto(operation->update_time())};
}

Sets WaitForProcedures(Session& session, const List& arguments) {
  std::vector<std::string> uuids;
  for (const std::string& text : TextsOf(arguments[0])) {
    const auto uuid = ServerUuid::Parse(text);
    if (!uuid.ok()) {
      return FabricError(kProcedureError, "badly formed hexadecimal UUID string");
    }
    uuids.push_back(uuid->text());
  }
  if (uuids.empty()) {
    return FabricError(kProcedureError,
                       "Please, specify which procedure(s) you will be waiting for.");
  }
  if (uuids.size() > kMostProcedures) {
    return FabricError(kProcedureError, absl::StrCat("Please, wait for at most ", kMostProcedures,
                                                     " procedures at once."));
  }
  std::vector<ResultSet> sets;
  for (const std::string& uuid : uuids) {
    ProcedureBook* const book = session.here().book;
    if (!book->Knows(uuid)) {
      WEFT_ASSIGN_OR_RETURN(const Ended ended, AwaitOperation(session, uuid));
      AddEnded(ended, &sets);
      continue;
    }
    const auto ended = book->Wait(uuid, session.deadline().Remaining());
    if (!ended.has_value()) {
      return FabricError(kTimeoutError, absl::StrCat("Procedure (", uuid, ") has not ended yet."));
    }
    AddEnded(*ended, &sets);
  }
  return sets;
}

constexpr Handler kHandlers[] = {
    {"manage.ping", Lane::kHere, kServiceError, &Ping, nullptr},
    {"manage.stop", Lane::kHere, kServiceError, &Stop, nullptr},
    {"manage.logging_level", Lane::kHere, kServiceError, &SetLoggingLevel, nullptr},
    {"manage.set_ttl", Lane::kHere, kServiceError, &SetTtl, nullptr},
    {"manage.openfds", Lane::kHere, kServiceError, &CountOpenFiles, nullptr},
    {"event.trigger", Lane::kHere, kProcedureError, &Trigger, nullptr},
    {"event.wait_for_procedures", Lane::kWaits, kProcedureError, &WaitForProcedures, nullptr},
    {"statistics.node", Lane::kHere, kServiceError, &NodeStatistics, nullptr},
    {"statistics.procedure", Lane::kHere, kServiceError, &ProcedureStatistics, nullptr},
    {"statistics.group", Lane::kChanges, kServiceError, &GroupStatistics, nullptr},
};

}  // namespace

absl::Span<const Handler> NodeHandlers() { return kHandlers; }

}  // namespace weft::gateway
