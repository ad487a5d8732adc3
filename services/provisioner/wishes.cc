#include "services/provisioner/wishes.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/access/passwords.h"
#include "services/provisioner/order_json.h"

namespace weft::provisioner {
namespace {

using nlohmann::json;

std::string Dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <typename Wish>
absl::StatusOr<Wish> Parse(const std::string& text, Wish (*read)(const json&)) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat("the operation's request: ", error.what()));
  }
}

}  // namespace

std::string ToJson(const CreateWish& wish) {
  json orders = json::array();
  for (const MachineOrder& order : wish.orders) orders.push_back(OrderToJson(order));
  return Dumped({{"provider", wish.provider},
                 {"snapshot", wish.snapshot},
                 {"orders", std::move(orders)},
                 {"unlisted", wish.unlisted},
                 {"wait", wish.wait},
                 {"reach_timeout_ms", absl::ToInt64Milliseconds(wish.reach_timeout)}});
}

absl::StatusOr<CreateWish> ParseCreateWish(const std::string& text) {
  return Parse<CreateWish>(text, [](const json& value) {
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
  return Dumped({{"provider", wish.provider}, {"machine", wish.machine}, {"force", wish.force}});
}

absl::StatusOr<DestroyWish> ParseDestroyWish(const std::string& text) {
  return Parse<DestroyWish>(text, [](const json& value) {
    DestroyWish wish;
    value.at("provider").get_to(wish.provider);
    value.at("machine").get_to(wish.machine);
    value.at("force").get_to(wish.force);
    return wish;
  });
}

std::string ToJson(const SnapshotWish& wish) {
  return Dumped({{"provider", wish.provider},
                 {"machine", wish.machine},
                 {"names", wish.names},
                 {"keep", wish.keep},
                 {"unlisted", wish.unlisted}});
}

std::string NotesOf(const MachineSnapshot& snapshot) {
  return Dumped({{"name", snapshot.name},
                 {"machine", snapshot.machine_uuid},
                 {"native_id", snapshot.native_id},
                 {"created_us", absl::ToUnixMicros(snapshot.created)},
                 {"bytes", snapshot.bytes}});
}

std::optional<MachineSnapshot> ParseSnapshotNotes(const std::string& text) {
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("name")) return std::nullopt;
  MachineSnapshot snapshot;
  snapshot.name = value.value("name", "");
  snapshot.machine_uuid = value.value("machine", "");
  snapshot.native_id = value.value("native_id", "");
  snapshot.created = absl::FromUnixMicros(value.value("created_us", int64_t{0}));
  snapshot.bytes = value.value("bytes", uint64_t{0});
  return snapshot;
}

absl::StatusOr<SnapshotWish> ParseSnapshotWish(const std::string& text) {
  return Parse<SnapshotWish>(text, [](const json& value) {
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
  return Dumped({{"machines", std::move(array)}});
}

std::string DestroyResult(const DestroyWish& wish, const absl::Status& ignored) {
  json result = {{"machine", wish.machine}};
  if (!ignored.ok()) result["provider_failed"] = std::string(ignored.message());
  return Dumped(result);
}

std::string SnapshotResult(const MachineSnapshot& snapshot,
                           const std::vector<std::string>& destroyed) {
  return Dumped({{"snapshot", snapshot.name}, {"bytes", snapshot.bytes}, {"destroyed", destroyed}});
}

std::string DestroyedResult(const std::vector<std::string>& names) {
  return Dumped({{"destroyed", names}});
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
