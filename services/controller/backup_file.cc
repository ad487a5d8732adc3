#include "services/controller/backup_file.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "services/controller/ports/inventory_image.h"

namespace weft::controller {
namespace {

using nlohmann::json;

constexpr int kFormat = 2;  // 1 had no inventory

std::string Sha256(absl::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

std::string Line(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

absl::Status Corrupt(absl::string_view why) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BACKUP_CORRUPT",
                         absl::StrCat("this is no whole backup of a state store: ", why),
                         "a file as `weft manage backup FILE` wrote it", why,
                         "take another copy of it, or another backup");
}

json ToJson(const Server& server) {
  return {{"uuid", server.uuid.text()},
          {"address", server.address.ToString()},
          {"status", std::string(ToString(server.status))},
          {"mode", std::string(ToString(server.mode))},
          {"weight", server.weight},
          {"promotion_rule", std::string(ToString(server.promotion_rule))},
          {"zone", server.zone},
          {"set_aside", server.set_aside},
          {"errant", server.errant}};
}

json ToJson(const Epoch& epoch) {
  return {{"number", epoch.number},
          {"primary", epoch.primary.text()},
          {"at_start", epoch.at_start.ToString()},
          {"started", TimeText(epoch.started)}};
}

json ToJson(const Group& group) {
  json object = {{"id", group.id},
                 {"description", group.description},
                 {"active", group.active},
                 {"durability", std::string(ToString(group.durability))},
                 {"acknowledgements", group.acknowledgements},
                 {"epoch", group.epoch},
                 {"primary", group.primary.text()},
                 {"acknowledgers_version", group.acknowledgers.version},
                 {"acknowledgers", json::array()},
                 {"watermark", group.watermark.ToString()},
                 {"history", json::array()},
                 {"settings", DocumentOf(group.settings)},
                 {"last_failover_epoch", group.last_failover.epoch},
                 {"last_failover_time", TimeText(group.last_failover.when)},
                 {"revision", group.revision},
                 {"servers", json::array()}};
  for (const ServerUuid& uuid : group.acknowledgers.servers) {
    object["acknowledgers"].push_back(uuid.text());
  }
  for (const Epoch& epoch : group.history) object["history"].push_back(ToJson(epoch));
  for (const Server& server : group.servers) object["servers"].push_back(ToJson(server));
  return object;
}

json ToJson(const Operation& operation) {
  return {{"id", operation.id},
          {"kind", operation.kind},
          {"group", operation.group},
          {"server", operation.server},
          {"request_id", operation.request_id},
          {"user", operation.user},
          {"state", std::string(ToString(operation.state))},
          {"progress", operation.progress},
          {"phase", operation.phase},
          {"error_reason", operation.error_reason},
          {"error_message", operation.error_message},
          {"result", operation.result},
          {"cancel_requested", operation.cancel_requested},
          {"created", TimeText(operation.created)},
          {"updated", TimeText(operation.updated)}};
}

bool AreTexts(const json& values) {
  return std::all_of(values.begin(), values.end(),
                     [](const json& value) { return value.is_string(); });
}

// A value can be had as a T without an exception.
template <typename T>
bool Is(const json& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string();
  } else if constexpr (std::is_floating_point_v<T>) {
    return value.is_number();
  } else if constexpr (std::is_integral_v<T>) {
    return value.is_number_unsigned();
  } else if constexpr (std::is_same_v<T, std::set<std::string>>) {
    return value.is_array() && AreTexts(value);
  } else {
    return value.is_object() && AreTexts(value);
  }
}

// Takes values out of an object. The first that is missing or makes no sense is the status.
class Reader {
 public:
  Reader(const json& object, absl::string_view what) : object_(object), what_(what) {}

  template <typename T>
  T Get(const char* name) {
    const auto it = object_.find(name);
    return it != object_.end() && Is<T>(*it) ? it->template get<T>() : Bad<T>(name);
  }
  std::string Text(const char* name) { return Get<std::string>(name); }
  template <typename T>
  T Word(const char* name, std::optional<T> (*parse)(absl::string_view)) {
    const std::optional<T> value = parse(Text(name));
    return value.has_value() ? *value : Bad<T>(name);
  }
  GtidSet Gtids(const char* name) {
    absl::StatusOr<GtidSet> set = GtidSet::Parse(Text(name));
    return set.ok() ? *std::move(set) : Bad<GtidSet>(name);
  }
  ServerUuid UuidIn(const std::string& text, const char* name) {
    if (text.empty()) return ServerUuid();
    absl::StatusOr<ServerUuid> uuid = ServerUuid::Parse(text);
    return uuid.ok() ? *std::move(uuid) : Bad<ServerUuid>(name);
  }
  ServerUuid Uuid(const char* name) { return UuidIn(Text(name), name); }
  absl::Time Time(const char* name) {
    absl::Time time;
    std::string error;
    return absl::ParseTime(absl::RFC3339_full, Text(name), &time, &error) ? time
                                                                          : Bad<absl::Time>(name);
  }
  const json& List(const char* name) {
    static const json kNone = json::array();
    const auto it = object_.find(name);
    if (it != object_.end() && it->is_array()) return *it;
    Bad<int>(name);
    return kNone;
  }
  void Take(const absl::Status& status) { status_.Update(status); }
  const absl::Status& status() const { return status_; }

 private:
  template <typename T>
  T Bad(const char* name) {
    status_.Update(Corrupt(absl::StrCat("a ", what_, " has no valid '", name, "'")));
    return T();
  }

  const json& object_;
  const std::string what_;
  absl::Status status_;
};

absl::StatusOr<Server> ReadServer(const json& object, const std::string& group) {
  Reader reader(object, "server");
  Server server;
  server.uuid = reader.Uuid("uuid");
  absl::StatusOr<HostPort> address = HostPort::Parse(reader.Text("address"));
  reader.Take(address.status());
  if (address.ok()) server.address = *std::move(address);
  server.group = group;
  server.status = reader.Word("status", ParseServerStatus);
  server.mode = reader.Word("mode", ParseServerMode);
  server.weight = reader.Get<double>("weight");
  server.promotion_rule = reader.Word("promotion_rule", ParsePromotionRule);
  server.zone = reader.Text("zone");
  server.set_aside = reader.Text("set_aside");
  server.errant = reader.Text("errant");
  if (!reader.status().ok()) return reader.status();
  return server;
}

absl::StatusOr<Epoch> ReadEpoch(const json& object) {
  Reader reader(object, "epoch");
  Epoch epoch{reader.Get<uint64_t>("number"), reader.Uuid("primary"), reader.Gtids("at_start"),
              reader.Time("started")};
  if (!reader.status().ok()) return reader.status();
  return epoch;
}

absl::Status ReadGroup(const json& object, StoreImage* image) {
  Reader reader(object, "group");
  Group group;
  group.id = reader.Text("id");
  group.description = reader.Text("description");
  group.active = reader.Get<bool>("active");
  group.durability = reader.Word("durability", ParseDurability);
  group.acknowledgements = reader.Get<uint32_t>("acknowledgements");
  group.epoch = reader.Get<uint64_t>("epoch");
  group.primary = reader.Uuid("primary");
  group.acknowledgers.version = reader.Get<uint64_t>("acknowledgers_version");
  for (const json& uuid : reader.List("acknowledgers")) {
    group.acknowledgers.servers.insert(
        reader.UuidIn(uuid.is_string() ? uuid.get<std::string>() : "none", "acknowledgers"));
  }
  group.watermark = reader.Gtids("watermark");
  group.settings = GroupSettingsOf(reader.Get<std::map<std::string, std::string>>("settings"));
  group.last_failover = {reader.Get<uint64_t>("last_failover_epoch"),
                         reader.Time("last_failover_time")};
  group.revision = reader.Get<uint64_t>("revision");
  for (const json& epoch : reader.List("history")) {
    WEFT_ASSIGN_OR_RETURN(Epoch read, ReadEpoch(epoch));
    group.history.push_back(std::move(read));
  }
  for (const json& server : reader.List("servers")) {
    WEFT_ASSIGN_OR_RETURN(Server read, ReadServer(server, group.id));
    group.servers.push_back(std::move(read));
  }
  image->groups.push_back(std::move(group));
  return reader.status();
}

absl::Status ReadOperation(const json& object, StoreImage* image) {
  Reader reader(object, "operation");
  Operation operation;
  operation.id = reader.Text("id");
  operation.kind = reader.Text("kind");
  operation.group = reader.Text("group");
  operation.server = reader.Text("server");
  operation.request_id = reader.Text("request_id");
  operation.user = reader.Text("user");
  operation.state = reader.Word("state", ParseOperationState);
  operation.progress = reader.Get<double>("progress");
  operation.phase = reader.Text("phase");
  operation.error_reason = reader.Text("error_reason");
  operation.error_message = reader.Text("error_message");
  operation.result = reader.Text("result");
  operation.cancel_requested = reader.Get<bool>("cancel_requested");
  operation.created = reader.Time("created");
  operation.updated = reader.Time("updated");
  image->operations.push_back(std::move(operation));
  return reader.status();
}

absl::Status ReadUser(const json& object, StoreImage* image) {
  Reader reader(object, "user");
  User user;
  user.name = reader.Text("name");
  user.disabled = reader.Get<bool>("disabled");
  user.roles = reader.Get<std::set<std::string>>("roles");
  user.revision = reader.Get<uint64_t>("revision");
  std::string name = user.name;
  image->users.users.emplace(std::move(name), std::move(user));
  return reader.status();
}

absl::Status ReadInventoryRow(const json& object, StoreImage* image) {
  Reader reader(object, "line of the inventory");
  const std::string table = reader.Text("inventory");
  image->inventory[table].push_back(reader.Get<InventoryRow>("row"));
  return reader.status();
}

absl::Status ReadHead(const json& object, StoreImage* image) {
  Reader reader(object, "first line");
  const int format = reader.Get<int>("weft_backup");
  WEFT_RETURN_IF_ERROR(reader.status());
  if (format > kFormat) {
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BACKUP_NEWER",
                           "this backup was made by a later version of Weft",
                           absl::StrCat("format ", kFormat), absl::StrCat("format ", format),
                           "restore it with the version that made it");
  }
  image->taken = reader.Time("taken");
  image->incarnation = reader.Get<uint64_t>("incarnation");
  image->lease.term = reader.Get<uint64_t>("term");
  image->users.version = reader.Get<uint64_t>("users_version");
  image->failover.enabled = reader.Get<bool>("failover_enabled");
  image->failover.reason = reader.Text("failover_reason");
  image->failover.user = reader.Text("failover_user");
  image->failover.since = reader.Time("failover_since");
  return reader.status();
}

absl::Status ReadLine(const json& object, StoreImage* image) {
  if (!object.is_object()) return Corrupt("a line is no JSON object");
  if (object.contains("weft_backup")) return ReadHead(object, image);
  if (object.contains("group")) return ReadGroup(object["group"], image);
  if (object.contains("operation")) return ReadOperation(object["operation"], image);
  if (object.contains("user")) return ReadUser(object["user"], image);
  if (object.contains("inventory")) return ReadInventoryRow(object, image);
  return Corrupt("a line is of no known kind");
}

}  // namespace

std::string EncodeBackup(const StoreImage& image) {
  std::string text = Line({{"weft_backup", kFormat},
                           {"taken", TimeText(image.taken)},
                           {"incarnation", image.incarnation},
                           {"term", image.lease.term},
                           {"users_version", image.users.version},
                           {"failover_enabled", image.failover.enabled},
                           {"failover_reason", image.failover.reason},
                           {"failover_user", image.failover.user},
                           {"failover_since", TimeText(image.failover.since)}});
  for (const Group& group : image.groups) absl::StrAppend(&text, Line({{"group", ToJson(group)}}));
  for (const Operation& operation : image.operations) {
    absl::StrAppend(&text, Line({{"operation", ToJson(operation)}}));
  }
  for (const auto& [name, user] : image.users.users) {
    absl::StrAppend(&text, Line({{"user",
                                  {{"name", name},
                                   {"disabled", user.disabled},
                                   {"roles", user.roles},
                                   {"revision", user.revision}}}}));
  }
  for (const auto& [table, rows] : image.inventory) {
    for (const InventoryRow& row : rows) {
      absl::StrAppend(&text, Line({{"inventory", table}, {"row", row}}));
    }
  }
  return absl::StrCat(text, Line({{"sha256", Sha256(text)}}));
}

absl::StatusOr<StoreImage> DecodeBackup(absl::string_view text) {
  const size_t last = text.substr(0, text.size() - (text.empty() ? 0 : 1)).rfind('\n');
  if (last == absl::string_view::npos) return Corrupt("it has no lines");
  const absl::string_view body = text.substr(0, last + 1);
  const json end = json::parse(text.substr(last + 1), nullptr, /*allow_exceptions=*/false);
  if (!end.is_object() || !end.contains("sha256") || end["sha256"] != json(Sha256(body))) {
    return Corrupt("its checksum does not fit");
  }
  StoreImage image;
  image.taken = absl::InfinitePast();
  for (const absl::string_view line : absl::StrSplit(body, '\n', absl::SkipEmpty())) {
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    const bool is_head = object.is_object() && object.contains("weft_backup");
    if (is_head != (image.taken == absl::InfinitePast()))
      return Corrupt("it has no one first line");
    WEFT_RETURN_IF_ERROR(ReadLine(object, &image));
  }
  if (image.taken == absl::InfinitePast()) return Corrupt("it has no first line");
  const absl::Status storable = CheckStorable(image.inventory);
  if (!storable.ok()) return Corrupt(storable.message());
  return image;
}

}  // namespace weft::controller
