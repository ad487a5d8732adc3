#include "services/controller/mysql/store_rows.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/controller/mysql/store_guard_rows.h"

namespace weft::controller {
namespace {

using nlohmann::json;

constexpr absl::string_view kTimeFormat = "%Y-%m-%d %H:%M:%E*S";

absl::Status Corrupt(absl::string_view field, absl::string_view found) {
  return ::weft::Refusal(
      absl::StatusCode::kDataLoss, "STORE_CORRUPT",
      absl::StrCat("the state store holds an impossible ", field, ": '", found.substr(0, 100), "'"),
      absl::StrCat("a ", field), found.substr(0, 100),
      "restore the state store from a backup; nothing but Weft may write there");
}

// Collects the first error, so that a row is read as a table of fields.
class Reader {
 public:
  explicit Reader(const Row& row) : row_(row) {}

  template <typename T>
  T Take(absl::string_view column, absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    if (status_.ok()) status_ = Corrupt(column, value.status().message());
    return T();
  }
  std::string Text(absl::string_view column) { return Take(column, row_.String(column)); }
  uint64_t Number(absl::string_view column) { return Take(column, row_.Uint(column)); }
  int64_t Signed(absl::string_view column) { return Take(column, row_.Int(column)); }
  double Real(absl::string_view column) { return Take(column, row_.Double(column)); }
  bool Flag(absl::string_view column) { return Take(column, row_.Bool(column)); }
  GtidSet Gtids(absl::string_view column) { return Take(column, GtidSet::Parse(Text(column))); }
  ServerUuid Uuid(absl::string_view column);
  absl::Time Instant(absl::string_view column);
  template <typename T>
  T Word(absl::string_view column, std::optional<T> (*parse)(absl::string_view)) {
    const std::string text = Text(column);
    const std::optional<T> value = parse(text);
    if (!value.has_value() && status_.ok()) status_ = Corrupt(column, text);
    return value.value_or(T());
  }
  json List(absl::string_view column);

  const absl::Status& status() const { return status_; }

 private:
  const Row& row_;
  absl::Status status_;
};

absl::StatusOr<ServerUuid> UuidOf(absl::string_view text) {
  if (text.empty()) return ServerUuid();
  return ServerUuid::Parse(text);
}

absl::StatusOr<absl::Time> TimeOf(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(kTimeFormat, text, absl::UTCTimeZone(), &time, &error)) return time;
  return Corrupt("time", text);
}

ServerUuid Reader::Uuid(absl::string_view column) { return Take(column, UuidOf(Text(column))); }

absl::Time Reader::Instant(absl::string_view column) { return Take(column, TimeOf(Text(column))); }

// An aggregate over no rows is NULL: an empty list.
json Reader::List(absl::string_view column) {
  const mysql::ResultSet::Cell& cell = row_.Get(column);
  if (!cell.has_value()) return json::array();
  json list = json::parse(*cell, nullptr, /*allow_exceptions=*/false);
  if (list.is_array()) return list;
  if (status_.ok()) status_ = Corrupt(column, *cell);
  return json::array();
}

// A member that is absent or of another type is the type's default, which the callers' parsers then
// refuse; json::value would throw.
std::string TextIn(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

template <typename T>
T NumberIn(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number() ? it->get<T>() : T();
}

absl::StatusOr<Server> ReadServer(const json& object) {
  if (!object.is_object()) return Corrupt("server", object.dump());
  Server server;
  WEFT_ASSIGN_OR_RETURN(server.uuid, ServerUuid::Parse(TextIn(object, "uuid")));
  server.address = {TextIn(object, "host"), NumberIn<uint16_t>(object, "port")};
  server.group = TextIn(object, "group");
  const std::string status = TextIn(object, "status");
  const std::string mode = TextIn(object, "mode");
  const std::optional<ServerStatus> parsed_status = ParseServerStatus(status);
  const std::optional<ServerMode> parsed_mode = ParseServerMode(mode);
  if (!parsed_status.has_value()) return Corrupt("server status", status);
  if (!parsed_mode.has_value()) return Corrupt("server mode", mode);
  const std::string rule = TextIn(object, "promotion_rule");
  const std::optional<PromotionRule> parsed_rule = ParsePromotionRule(rule);
  if (!parsed_rule.has_value()) return Corrupt("promotion rule", rule);
  server.status = *parsed_status;
  server.mode = *parsed_mode;
  server.weight = NumberIn<double>(object, "weight");
  server.set_aside = TextIn(object, "set_aside");
  server.errant = TextIn(object, "errant");
  server.promotion_rule = *parsed_rule;
  server.zone = TextIn(object, "zone");
  return server;
}

absl::StatusOr<Epoch> ReadEpoch(const json& object) {
  if (!object.is_object()) return Corrupt("epoch", object.dump());
  Epoch epoch;
  epoch.number = NumberIn<uint64_t>(object, "number");
  WEFT_ASSIGN_OR_RETURN(epoch.primary, UuidOf(TextIn(object, "primary_uuid")));
  WEFT_ASSIGN_OR_RETURN(epoch.at_start, GtidSet::Parse(TextIn(object, "at_start")));
  WEFT_ASSIGN_OR_RETURN(epoch.started, TimeOf(TextIn(object, "started")));
  return epoch;
}

absl::string_view GoalWord(Goal goal) {
  switch (goal) {
    case Goal::kKeep:
      return "KEEP";
    case Goal::kPromote:
      return "PROMOTE";
    case Goal::kDemote:
      return "DEMOTE";
  }
  return "";
}

std::optional<Goal> ParseGoal(absl::string_view text) {
  for (const Goal goal : {Goal::kKeep, Goal::kPromote, Goal::kDemote}) {
    if (GoalWord(goal) == text) return goal;
  }
  return std::nullopt;
}

Intent ReadIntent(Reader& reader) {
  Intent intent;
  intent.goal = reader.Word("intent_goal", ParseGoal);
  intent.target = reader.Uuid("intent_target");
  intent.failover = reader.Flag("intent_failover");
  intent.operation = reader.Text("intent_operation");
  const int64_t micros = reader.Signed("intent_write_stop_budget_us");
  intent.write_stop_budget = micros == BudgetMicros(absl::InfiniteDuration())
                                 ? absl::InfiniteDuration()
                                 : absl::Microseconds(micros);
  intent.reopen = reader.Flag("intent_reopen");
  intent.given_up = reader.Text("intent_given_up");
  intent.given_up_message = reader.Text("intent_given_up_message");
  return intent;
}

absl::Status ReadLists(Reader& reader, Group* group) {
  for (const json& server : reader.List("servers")) {
    WEFT_ASSIGN_OR_RETURN(Server read, ReadServer(server));
    group->servers.push_back(std::move(read));
  }
  for (const json& epoch : reader.List("history")) {
    WEFT_ASSIGN_OR_RETURN(Epoch read, ReadEpoch(epoch));
    group->history.push_back(std::move(read));
  }
  for (const json& uuid : reader.List("acknowledgers")) {
    const std::string text = uuid.is_string() ? uuid.get<std::string>() : std::string();
    WEFT_ASSIGN_OR_RETURN(ServerUuid read, ServerUuid::Parse(text));
    group->acknowledgers.servers.insert(std::move(read));
  }
  std::sort(group->servers.begin(), group->servers.end(),
            [](const Server& a, const Server& b) { return a.uuid < b.uuid; });
  std::sort(group->history.begin(), group->history.end(),
            [](const Epoch& a, const Epoch& b) { return a.number < b.number; });
  return reader.status();
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<Lease> ReadLeaseRow(const Row& row) {
  Reader reader(row);
  Lease lease{reader.Text("holder"), reader.Number("term"), reader.Number("renewal")};
  if (!reader.status().ok()) return reader.status();
  return lease;
}

absl::StatusOr<Group> ReadGroupRow(const Row& row) {
  Reader reader(row);
  Group group;
  group.id = reader.Text("id");
  group.description = reader.Text("description");
  group.active = reader.Flag("active");
  group.durability = reader.Word("durability", ParseDurability);
  group.acknowledgements = static_cast<uint32_t>(reader.Number("acknowledgements"));
  group.epoch = reader.Number("epoch");
  group.primary = reader.Uuid("primary_uuid");
  group.acknowledgers.version = reader.Number("acknowledgers_version");
  group.watermark = reader.Gtids("watermark");
  group.intent = ReadIntent(reader);
  group.settings = reader.Take("settings", ReadSettings(reader.Text("settings")));
  group.last_failover = {reader.Number("failover_epoch"), reader.Instant("failover_at")};
  group.hooks = reader.Take("hooks", ReadHooks(reader.Text("hooks")));
  // A store that lost the row has its switch on.
  const std::string failover = row.StringOr("failover_switch", "{}");
  group.failover_switch = reader.Take("failover_switch", ReadFailoverSwitch(failover));
  group.restored = reader.Flag("restored");
  group.revision = reader.Number("revision");
  WEFT_RETURN_IF_ERROR(ReadLists(reader, &group));
  return group;
}

absl::StatusOr<Server> ReadServerJson(const std::string& text) {
  return ReadServer(json::parse(text, nullptr, /*allow_exceptions=*/false));
}

absl::StatusOr<Operation> ReadOperationRow(const Row& row) {
  Reader reader(row);
  Operation operation;
  operation.id = reader.Text("id");
  operation.kind = reader.Text("kind");
  operation.group = reader.Text("group_id");
  operation.server = reader.Text("server");
  operation.request_id = row.StringOr("request_id", "");
  operation.user = reader.Text("user");
  operation.state = reader.Word("state", ParseOperationState);
  operation.progress = reader.Real("progress");
  operation.phase = reader.Text("phase");
  operation.error_reason = reader.Text("error_reason");
  operation.error_message = reader.Text("error_message");
  operation.result = reader.Text("result");
  operation.cancel_requested = reader.Flag("cancel_requested");
  operation.created = reader.Instant("created");
  operation.updated = reader.Instant("updated");
  if (!reader.status().ok()) return reader.status();
  return operation;
}

absl::StatusOr<Event> ReadEventRow(const Row& row) {
  Reader reader(row);
  Event event;
  event.sequence = reader.Number("sequence");
  event.when = reader.Instant("happened");
  event.group = reader.Text("group_id");
  event.server = reader.Text("server");
  event.operation = reader.Text("operation");
  event.kind = reader.Text("kind");
  event.text = reader.Text("text");
  event.user = row.StringOr("user", "");
  if (!reader.status().ok()) return reader.status();
  return event;
}

std::string UuidsAsJson(const std::set<ServerUuid>& servers) {
  json list = json::array();
  for (const ServerUuid& uuid : servers) list.push_back(uuid.text());
  return Dump(list);
}

std::string ServersAsJson(const std::vector<Server>& servers) {
  json list = json::array();
  for (const Server& server : servers) {
    list.push_back({{"uuid", server.uuid.text()},
                    {"host", server.address.host},
                    {"port", server.address.port},
                    {"status", std::string(ToString(server.status))},
                    {"mode", std::string(ToString(server.mode))},
                    {"weight", server.weight},
                    {"set_aside", server.set_aside},
                    {"errant", server.errant},
                    {"promotion_rule", std::string(ToString(server.promotion_rule))},
                    {"zone", server.zone}});
  }
  return Dump(list);
}

std::string HistoryAsJson(const std::vector<Epoch>& history) {
  json list = json::array();
  for (const Epoch& epoch : history) {
    list.push_back({{"number", epoch.number},
                    {"primary_uuid", epoch.primary.text()},
                    {"at_start", epoch.at_start.ToString()},
                    {"started", TimeText(epoch.started)}});
  }
  return Dump(list);
}

mysql::Params IntentParams(const Intent& intent) {
  return {GoalWord(intent.goal),
          intent.target.text(),
          intent.failover,
          intent.operation,
          BudgetMicros(intent.write_stop_budget),
          intent.reopen,
          intent.given_up,
          intent.given_up_message};
}

mysql::Params ServerParams(const Server& server) {
  return {server.uuid.text(),
          server.address.host,
          static_cast<int>(server.address.port),
          ToString(server.status),
          ToString(server.mode),
          server.weight,
          server.set_aside,
          server.errant,
          ToString(server.promotion_rule),
          Dump({{"zone", server.zone}})};
}

mysql::Params GroupParams(const Group& group) {
  mysql::Params params = {group.id,
                          group.description,
                          group.active,
                          ToString(group.durability),
                          group.acknowledgements,
                          group.epoch,
                          group.primary.text(),
                          group.acknowledgers.version,
                          UuidsAsJson(group.acknowledgers.servers),
                          group.watermark.ToString()};
  params = Join(std::move(params), IntentParams(group.intent));
  return Join(std::move(params), {ServersAsJson(group.servers), HistoryAsJson(group.history),
                                  SettingsAsJson(group.settings), group.last_failover.epoch,
                                  TimeText(group.last_failover.when)});
}

mysql::Params OperationParams(const Operation& operation) {
  return {operation.id,
          operation.kind,
          operation.group,
          operation.server,
          operation.request_id,
          operation.user,
          ToString(operation.state),
          operation.progress,
          operation.phase,
          operation.error_reason,
          operation.error_message,
          operation.result,
          operation.cancel_requested,
          TimeText(operation.created),
          TimeText(operation.updated)};
}

mysql::Params ProgressParams(const Operation& operation) {
  return {operation.id,     ToString(operation.state),  operation.progress,
          operation.phase,  operation.error_reason,     operation.error_message,
          operation.result, TimeText(operation.updated)};
}

std::string TimeText(absl::Time time) { return StoreTimeText(time); }

int64_t BudgetMicros(absl::Duration budget) { return absl::ToInt64Microseconds(budget); }

mysql::Params Join(mysql::Params first, mysql::Params rest) {
  std::move(rest.begin(), rest.end(), std::back_inserter(first));
  return first;
}

}  // namespace weft::controller
