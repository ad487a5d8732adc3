#include "services/provisioner/mysql/inventory_rows.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

using nlohmann::json;

constexpr char kTimeFormat[] = "%E4Y-%m-%d %H:%M:%E6S";

absl::Status Corrupt(absl::string_view field, absl::string_view found) {
  return Refusal(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                 absl::StrCat("the state store holds a ", field, " that makes no sense"),
                 absl::StrCat("a ", field), found, "restore the row, or the store");
}

// JSON knows no other texts than UTF-8; a provider's words may be anything.
std::string Dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<absl::Time> ReadTime(const Row& row, absl::string_view column) {
  const std::string text = row.StringOr(column, "");
  absl::Time time;
  std::string error;
  if (absl::ParseTime(kTimeFormat, text, &time, &error)) return time;
  return Corrupt(column, text);
}

absl::StatusOr<json> ReadJson(const Row& row, absl::string_view column) {
  const std::string text = row.StringOr(column, "");
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return Corrupt(column, text);
  return value;
}

absl::StatusOr<Properties> ReadProperties(const Row& row, absl::string_view column) {
  WEFT_ASSIGN_OR_RETURN(const json object, ReadJson(row, column));
  Properties properties;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) return Corrupt(column, key);
    properties[key] = value.get<std::string>();
  }
  return properties;
}

std::string AddressesAsJson(const std::vector<MachineAddress>& addresses) {
  json array = json::array();
  for (const MachineAddress& address : addresses) {
    array.push_back({{"network", address.network},
                     {"host", address.host},
                     {"port", address.port},
                     {"public", address.is_public}});
  }
  return Dumped(array);
}

absl::StatusOr<std::vector<MachineAddress>> ReadAddresses(const Row& row) {
  WEFT_ASSIGN_OR_RETURN(const json array, ReadJson(row, "addresses"));
  std::vector<MachineAddress> addresses;
  for (const json& one : array) {
    if (!one.is_object()) return Corrupt("addresses", Dumped(one));
    addresses.push_back({.network = one.value("network", ""),
                         .host = one.value("host", ""),
                         .port = one.value("port", 0),
                         .is_public = one.value("public", false)});
  }
  return addresses;
}

}  // namespace

std::string TimeText(absl::Time time) {
  return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone());
}

std::string TextsAsJson(const std::vector<std::string>& texts) { return Dumped(json(texts)); }

absl::StatusOr<ProviderEntry> ReadProviderRow(const Row& row) {
  ProviderEntry entry;
  entry.record.id = row.StringOr("id", "");
  entry.record.type = row.StringOr("type", "");
  entry.record.url = row.StringOr("url", "");
  entry.record.user = row.StringOr("user", "");
  entry.record.password = row.StringOr("password", "");
  entry.record.tenant = row.StringOr("tenant", "");
  entry.record.default_image = row.StringOr("default_image", "");
  entry.record.default_flavor = row.StringOr("default_flavor", "");
  WEFT_ASSIGN_OR_RETURN(entry.record.extra, ReadProperties(row, "extra"));
  WEFT_ASSIGN_OR_RETURN(entry.created, ReadTime(row, "created"));
  return entry;
}

mysql::Params ProviderParams(const ProviderEntry& entry) {
  const ProviderRecord& record = entry.record;
  return {record.id,
          record.type,
          record.url,
          record.user,
          record.password,
          record.tenant,
          record.default_image,
          record.default_flavor,
          Dumped(json(record.extra)),
          TimeText(entry.created)};
}

absl::StatusOr<MachineEntry> ReadMachineRow(const Row& row) {
  MachineEntry entry;
  entry.machine.uuid = row.StringOr("uuid", "");
  entry.machine.provider_id = row.StringOr("provider_id", "");
  const std::string stage = row.StringOr("stage", "");
  const std::optional<Stage> known = ParseStage(stage);
  if (!known.has_value()) return Corrupt("stage", stage);
  entry.stage = *known;
  entry.machine.native_id = row.StringOr("native_id", "");
  entry.machine.zone = row.StringOr("zone", "");
  entry.machine.host = row.StringOr("host", "");
  WEFT_ASSIGN_OR_RETURN(entry.machine.addresses, ReadAddresses(row));
  entry.machine.detail = row.StringOr("detail", "");
  WEFT_ASSIGN_OR_RETURN(entry.machine.meta, ReadProperties(row, "meta"));
  entry.operation = row.StringOr("operation", "");
  WEFT_ASSIGN_OR_RETURN(entry.created, ReadTime(row, "created"));
  return entry;
}

mysql::Params MachineParams(const MachineEntry& entry) {
  const Machine& machine = entry.machine;
  return {machine.uuid,
          machine.provider_id,
          ToString(entry.stage),
          machine.native_id,
          machine.zone,
          machine.host,
          AddressesAsJson(machine.addresses),
          machine.detail,
          Dumped(json(machine.meta)),
          entry.operation,
          TimeText(entry.created)};
}

absl::StatusOr<SnapshotEntry> ReadSnapshotRow(const Row& row) {
  SnapshotEntry entry;
  entry.snapshot.name = row.StringOr("name", "");
  entry.provider_id = row.StringOr("provider_id", "");
  entry.snapshot.machine_uuid = row.StringOr("machine_uuid", "");
  entry.snapshot.native_id = row.StringOr("native_id", "");
  entry.snapshot.bytes = row.UintOr("bytes", 0);
  WEFT_ASSIGN_OR_RETURN(entry.snapshot.created, ReadTime(row, "created"));
  return entry;
}

mysql::Params SnapshotParams(const SnapshotEntry& entry) {
  return {entry.snapshot.name,      entry.provider_id,    entry.snapshot.machine_uuid,
          entry.snapshot.native_id, entry.snapshot.bytes, TimeText(entry.snapshot.created)};
}

absl::StatusOr<Job> ReadJobRow(const Row& row) {
  Job job;
  job.id = row.StringOr("id", "");
  job.kind = row.StringOr("kind", "");
  job.group = row.StringOr("group_id", "");
  job.server = row.StringOr("server", "");
  job.request_id = row.StringOr("request_id", "");
  job.user = row.StringOr("user", "");
  const std::string state = row.StringOr("state", "");
  const std::optional<JobState> known = ParseJobState(state);
  if (!known.has_value()) return Corrupt("state", state);
  job.state = *known;
  WEFT_ASSIGN_OR_RETURN(job.progress, row.Double("progress"));
  job.phase = row.StringOr("phase", "");
  job.error_reason = row.StringOr("error_reason", "");
  job.error_message = row.StringOr("error_message", "");
  job.result = row.StringOr("result", "");
  job.cancel_requested = row.BoolOr("cancel_requested", false);
  WEFT_ASSIGN_OR_RETURN(job.created, ReadTime(row, "created"));
  WEFT_ASSIGN_OR_RETURN(job.updated, ReadTime(row, "updated"));
  job.holder = row.StringOr("holder", "");
  job.renewal = row.UintOr("renewal", 0);
  job.request = row.StringOr("request", "");
  job.notes = row.StringOr("notes", "");
  return job;
}

}  // namespace weft::provisioner
