#include "services/provisioner/wishes.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/order_json.h"

namespace weft::provisioner {
namespace {

using nlohmann::json;

constexpr char kRequest[] = "the operation's request";

}  // namespace

std::string ToJson(const CreateWish& wish) {
  json orders = json::array();
  for (const MachineOrder& order : wish.orders) orders.push_back(OrderToJson(order));
  return Written({{"provider", wish.provider},
                  {"snapshot", wish.snapshot},
                  {"orders", std::move(orders)},
                  {"unlisted", wish.unlisted},
                  {"wait", wish.wait},
                  {"reach_timeout_ms", absl::ToInt64Milliseconds(wish.reach_timeout)}});
}

absl::StatusOr<CreateWish> ParseCreateWish(const std::string& text) {
  return ReadKept<CreateWish>(kRequest, text, [](const json& value) {
    CreateWish wish;
    value.at("provider").get_to(wish.provider);
    value.at("snapshot").get_to(wish.snapshot);
    for (const json& order : value.at("orders")) wish.orders.push_back(OrderFromJson(order));
    value.at("unlisted").get_to(wish.unlisted);
    value.at("wait").get_to(wish.wait);
    wish.reach_timeout = absl::Milliseconds(value.at("reach_timeout_ms").get<int64_t>());
    return wish;
  });
}

std::string ToJson(const DestroyWish& wish) {
  return Written({{"provider", wish.provider}, {"machine", wish.machine}, {"force", wish.force}});
}

absl::StatusOr<DestroyWish> ParseDestroyWish(const std::string& text) {
  return ReadKept<DestroyWish>(kRequest, text, [](const json& value) {
    DestroyWish wish;
    value.at("provider").get_to(wish.provider);
    value.at("machine").get_to(wish.machine);
    value.at("force").get_to(wish.force);
    return wish;
  });
}

std::string ToJson(const SnapshotWish& wish) {
  return Written({{"provider", wish.provider},
                  {"machine", wish.machine},
                  {"names", wish.names},
                  {"keep", wish.keep},
                  {"unlisted", wish.unlisted}});
}

std::string NotesOf(const MachineSnapshot& snapshot) {
  return Written({{"name", snapshot.name},
                  {"machine", snapshot.machine_uuid},
                  {"native_id", snapshot.native_id},
                  {"created_us", absl::ToUnixMicros(snapshot.created)},
                  {"bytes", snapshot.bytes}});
}

std::optional<MachineSnapshot> ParseSnapshotNotes(const std::string& text) {
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("name")) return std::nullopt;
  MachineSnapshot snapshot;
  snapshot.name = TextAt(value, {"name"});
  snapshot.machine_uuid = TextAt(value, {"machine"});
  snapshot.native_id = TextAt(value, {"native_id"});
  snapshot.created = absl::FromUnixMicros(NumberAt(value, {"created_us"}));
  snapshot.bytes = static_cast<uint64_t>(NumberAt(value, {"bytes"}));
  return snapshot;
}

absl::StatusOr<SnapshotWish> ParseSnapshotWish(const std::string& text) {
  return ReadKept<SnapshotWish>(kRequest, text, [](const json& value) {
    SnapshotWish wish;
    value.at("provider").get_to(wish.provider);
    value.at("machine").get_to(wish.machine);
    value.at("names").get_to(wish.names);
    value.at("keep").get_to(wish.keep);
    value.at("unlisted").get_to(wish.unlisted);
    return wish;
  });
}

std::string MachinesResult(const std::vector<Machine>& machines) {
  json array = json::array();
  for (const Machine& machine : machines) {
    json addresses = json::array();
    for (const MachineAddress& address : machine.addresses) {
      addresses.push_back(
          {{"network", address.network}, {"host", address.host}, {"port", address.port}});
    }
    array.push_back({{"uuid", machine.uuid},
                     {"provider_id", machine.provider_id},
                     {"av_zone", machine.zone},
                     {"addresses", std::move(addresses)}});
  }
  return Written({{"machines", std::move(array)}});
}

std::string DestroyResult(const DestroyWish& wish, const absl::Status& ignored) {
  json result = {{"machine", wish.machine}};
  if (!ignored.ok()) result["provider_failed"] = std::string(ignored.message());
  return Written(result);
}

std::string SnapshotResult(const MachineSnapshot& snapshot,
                           const std::vector<std::string>& destroyed) {
  return Written(
      {{"snapshot", snapshot.name}, {"bytes", snapshot.bytes}, {"destroyed", destroyed}});
}

std::string DestroyedResult(const std::vector<std::string>& names) {
  return Written({{"destroyed", names}});
}

std::string MachineUuidOf(const std::string& request_id, int index) {
  std::string bytes =
      access::Sha1(absl::StrCat("weft machine\n", request_id, "\n", index)).substr(0, 16);
  // A version 5 UUID (RFC 4122), but for the name space.
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x50);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string hex = absl::BytesToHexString(bytes);
  for (const size_t at : {8, 13, 18, 23}) hex.insert(at, "-");
  return hex;
}

}  // namespace weft::provisioner
