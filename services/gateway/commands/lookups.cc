#include "services/gateway/commands/lookups.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/fabric_error.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;
using fabric::Value;

// What callers can make the gateway keep or compute.
constexpr size_t kMostKept = 256;
constexpr size_t kLongestKey = 256;
constexpr size_t kMostPatterns = 1024;
constexpr size_t kMostRows = 200'000;  // in one answer, and in all that are kept

constexpr char kNotHeardYet[] =
    "No controller has told this gateway of the groups yet. Please, look at the controllers and "
    "try again.";

absl::Status NoGroup(const std::string& group) {
  return FabricError(kGroupError, absl::StrCat("Group (", group, ") does not exist."));
}

// The order of the original's store, which does not see the case of letters.
bool ComesBefore(absl::string_view a, absl::string_view b) {
  const std::string upper_a = absl::AsciiStrToUpper(a), upper_b = absl::AsciiStrToUpper(b);
  return upper_a != upper_b ? upper_a < upper_b : a < b;
}

std::vector<const RoutedGroup*> InOrder(const RouteSnapshot& snapshot) {
  std::vector<const RoutedGroup*> groups;
  for (const auto& [id, group] : snapshot.groups) groups.push_back(group.get());
  std::sort(groups.begin(), groups.end(),
            [](const auto* a, const auto* b) { return ComesBefore(a->id, b->id); });
  return groups;
}

std::string OrNone(const std::string& text) { return text.empty() ? "None" : text; }

// "a, b" without the blanks; none at all means every one.
absl::StatusOr<std::vector<std::string>> PatternsOf(const Value& value) {
  std::vector<std::string> patterns;
  for (const std::string& text : TextsOf(value)) {
    for (absl::string_view one : absl::StrSplit(text, ',')) {
      one = absl::StripAsciiWhitespace(one);
      if (!one.empty()) patterns.emplace_back(one);
    }
  }
  if (patterns.size() > kMostPatterns) {
    return FabricError(kServiceError, absl::StrCat("Too many patterns (", patterns.size(),
                                                   "). At most ", kMostPatterns, " are possible."));
  }
  if (patterns.empty()) patterns.push_back("%");
  return patterns;
}

// --- dump.*

bool IsSentTransactions(const RoutedServer& server) {
  return server.status != ServerStatus::kFaulty && server.status != ServerStatus::kConfiguring;
}

void AddRows(const RoutedGroup& group, ResultSet* set) {
  std::vector<std::pair<std::string, const RoutedServer*>> servers;
  for (const RoutedServer& server : group.servers) {
    if (IsSentTransactions(server)) servers.emplace_back(server.address.ToString(), &server);
  }
  std::sort(servers.begin(), servers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second->uuid) < std::tie(b.first, b.second->uuid);
  });
  for (const auto& [address, server] : servers) {
    set->rows.push_back({{server->uuid},
                         {group.id},
                         {server->address.host},
                         {int64_t{server->address.port}},
                         {int64_t{NumberOnWire(server->mode)}},
                         {int64_t{NumberOnWire(server->status)}},
                         {server->weight}});
  }
}

absl::StatusOr<ResultSet> DumpServers(const RouteSnapshot& snapshot, const Value& patterns) {
  ResultSet set;
  set.columns = {{"server_uuid", Type::kString}, {"group_id", Type::kString},
                 {"host", Type::kString},        {"port", Type::kInteger},
                 {"mode", Type::kInteger},       {"status", Type::kInteger},
                 {"weight", Type::kFloat}};
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> wanted, PatternsOf(patterns));
  const std::vector<const RoutedGroup*> groups = InOrder(snapshot);
  for (const std::string& pattern : wanted) {
    const std::string anywhere = absl::StrCat("%", pattern, "%");
    for (const RoutedGroup* group : groups) {
      if (IsLike(group->id, anywhere)) AddRows(*group, &set);
    }
    if (set.rows.size() > kMostRows) {
      return FabricError(kServiceError, "The patterns match too many servers. Please, give fewer.");
    }
  }
  return set;
}

ResultSet DumpHealth(const RouteSnapshot& snapshot) {
  ResultSet set;
  set.columns = {{"group_id", Type::kString},
                 {"primary", Type::kInteger},
                 {"secondary", Type::kInteger},
                 {"spare", Type::kInteger},
                 {"faulty", Type::kInteger}};
  for (const RoutedGroup* group : InOrder(snapshot)) {
    const auto count = [&](ServerStatus status) {
      return Value{int64_t{
          std::count_if(group->servers.begin(), group->servers.end(),
                        [status](const RoutedServer& server) { return server.status == status; })}};
    };
    set.rows.push_back({{group->id},
                        count(ServerStatus::kPrimary),
                        count(ServerStatus::kSecondary),
                        count(ServerStatus::kSpare),
                        count(ServerStatus::kFaulty)});
  }
  return set;
}

absl::StatusOr<ResultSet> DumpNodes(const FabricNode& node, const Value& protocol) {
  ResultSet set;
  set.columns = {{"host", Type::kString}, {"port", Type::kInteger}};
  const std::string wanted = TextOrEmpty(protocol);
  bool known = wanted.empty();
  const auto add = [&](absl::string_view name, const HostPort& address) {
    known |= wanted == name;
    if (address.empty() || (!wanted.empty() && wanted != name)) return;
    set.rows.push_back({{address.host}, {int64_t{address.port}}});
  };
  add("protocol.mysql", node.mysql);  // in the original's order
  add("protocol.xmlrpc", node.xmlrpc);
  if (known) return set;
  return FabricError(kServiceError, absl::StrCat("Protocol (", wanted, ") is not supported."));
}

// --- lookups

absl::StatusOr<ResultSet> LookUpGroups(const RouteSnapshot& snapshot, const Value& group_id) {
  ResultSet set;
  set.columns = {{"group_id", Type::kString},
                 {"description", Type::kString},
                 {"failure_detector", Type::kBoolean},
                 {"master_uuid", Type::kString}};
  const auto add = [&](const RoutedGroup& group) {
    set.rows.push_back(
        {{group.id}, {OrNone(group.description)}, {group.active}, {OrNone(group.primary)}});
  };
  if (group_id.is_nil()) {
    for (const RoutedGroup* group : InOrder(snapshot)) add(*group);
    return set;
  }
  const auto found = snapshot.groups.find(TextOf(group_id));
  if (found == snapshot.groups.end()) return NoGroup(TextOf(group_id));
  add(*found->second);
  return set;
}

// However its address is written; nullptr where there is none.
const RouteSnapshot::Place* PlaceOf(const RouteSnapshot& snapshot, const std::string& id) {
  if (const RouteSnapshot::Place* const place = snapshot.Find(id)) return place;
  const absl::StatusOr<HostPort> address = HostPort::Parse(id);
  return address.ok() ? snapshot.Find(address->ToString()) : nullptr;
}

absl::StatusOr<std::vector<const RoutedServer*>> ServersOf(const RouteSnapshot& snapshot,
                                                           const RoutedGroup& group,
                                                           const Value& server_id) {
  std::vector<const RoutedServer*> servers;
  if (server_id.is_nil()) {
    for (const RoutedServer& server : group.servers) servers.push_back(&server);
    return servers;
  }
  const std::string id = TextOf(server_id);
  const RouteSnapshot::Place* const place = PlaceOf(snapshot, id);
  if (place == nullptr) {
    return FabricError(kServerError, absl::StrCat("Server (", id, ") does not exist."));
  }
  if (place->group->id != group.id) return NotInGroup(group.id, id);
  servers.push_back(place->server);
  return servers;
}

absl::StatusOr<ResultSet> LookUpServers(const RouteSnapshot& snapshot, const List& arguments) {
  ResultSet set;
  set.columns = {{"server_uuid", Type::kString},
                 {"address", Type::kString},
                 {"status", Type::kString},
                 {"mode", Type::kString},
                 {"weight", Type::kFloat}};
  const auto group = snapshot.groups.find(TextOf(arguments[0]));
  if (group == snapshot.groups.end()) return NoGroup(TextOf(arguments[0]));
  WEFT_ASSIGN_OR_RETURN(const std::vector<const RoutedServer*> servers,
                        ServersOf(snapshot, *group->second, arguments[1]));
  std::optional<ServerStatus> status;
  if (absl::AsciiStrToUpper(TextOrEmpty(arguments[2])) == "CONFIGURING") {
    status = ServerStatus::kConfiguring;
  } else if (!arguments[2].is_nil()) {
    WEFT_ASSIGN_OR_RETURN(status, StatusOfArgument(arguments[2]));
  }
  std::optional<ServerMode> mode;
  if (!arguments[3].is_nil()) {
    WEFT_ASSIGN_OR_RETURN(mode, ModeOfArgument(arguments[3]));
  }
  for (const RoutedServer* server : servers) {
    if (server->status != status.value_or(server->status)) continue;
    if (server->mode != mode.value_or(server->mode)) continue;
    set.rows.push_back({{server->uuid},
                        {server->address.ToString()},
                        {std::string(ToString(server->status))},
                        {std::string(ToString(server->mode))},
                        {server->weight}});
  }
  return set;
}

fabric::Answer AnswerOf(absl::StatusOr<ResultSet> set) {
  if (!set.ok()) return {PlainText(set.status()), {}};
  fabric::Answer answer;
  answer.sets.push_back(*std::move(set));
  return answer;
}

}  // namespace

bool Lookups::Answers(const std::string& method) {
  static constexpr std::array<absl::string_view, 5> kAnswered = {
      "dump.fabric_nodes", "dump.health", "dump.servers", "group.lookup_groups",
      "group.lookup_servers"};
  return std::find(kAnswered.begin(), kAnswered.end(), method) != kAnswered.end();
}

fabric::Answer Lookups::Make(const std::string& method, const List& arguments,
                             const RouteSnapshot* snapshot) const {
  if (method == "dump.fabric_nodes") return AnswerOf(DumpNodes(node_, arguments[0]));
  if (snapshot == nullptr) return {kNotHeardYet, {}};
  if (method == "dump.servers") return AnswerOf(DumpServers(*snapshot, arguments[1]));
  if (method == "dump.health") return AnswerOf(DumpHealth(*snapshot));
  if (method == "group.lookup_groups") return AnswerOf(LookUpGroups(*snapshot, arguments[0]));
  return AnswerOf(LookUpServers(*snapshot, arguments));
}

Reply Lookups::Find(const std::string& method, const List& arguments) {
  std::shared_ptr<const RouteSnapshot> snapshot = routes_->Get();
  std::string key = method;
  // A connector's version does not change what it is answered.
  for (size_t i = method == "dump.servers" ? 1 : 0; i < arguments.size(); ++i) {
    const Value& argument = arguments[i];
    const std::string text = TextOrEmpty(argument);
    absl::StrAppend(&key, " ", argument.data.index(), ":", text.size(), ":", text);
  }
  const bool keep = key.size() <= kLongestKey;
  if (keep) {
    MutexLock lock(&mutex_);
    if (kept_for_ == snapshot) {
      if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
    }
  }
  Reply reply(Make(method, arguments, snapshot.get()));
  // Errors are as many as what can be asked for.
  if (!keep || !reply->error.empty()) return reply;
  MutexLock lock(&mutex_);
  const size_t rows = reply->sets.front().rows.size();
  if (kept_for_ != snapshot || kept_.size() >= kMostKept || kept_rows_ + rows > kMostRows) {
    kept_.clear();
    kept_rows_ = 0;
  }
  kept_for_ = std::move(snapshot);
  const auto [place, added] = kept_.try_emplace(std::move(key), reply);
  if (added) kept_rows_ += rows;
  return place->second;
}

std::optional<Lookups::Known> Lookups::FindServer(const std::string& id) const {
  const std::shared_ptr<const RouteSnapshot> snapshot = routes_->Get();
  if (snapshot == nullptr) return std::nullopt;
  const RouteSnapshot::Place* const place = PlaceOf(*snapshot, id);
  if (place == nullptr) return std::nullopt;
  return Known{place->server->uuid, place->group->id, place->server->address.ToString()};
}

}  // namespace weft::gateway
