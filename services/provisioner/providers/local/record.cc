#include "services/provisioner/providers/local/record.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft::provisioner::local {
namespace {

using nlohmann::json;

absl::Status WriteJson(const std::string& path, const json& value) {
  return WriteFileAtomically(
      path, absl::StrCat(value.dump(2, ' ', false, json::error_handler_t::replace), "\n"), 0600);
}

template <typename Value>
absl::StatusOr<Value> ReadJson(const std::string& path, Value (*read)(const json&)) {
  WEFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace

absl::Status Write(const std::string& path, const MachineFile& machine) {
  return WriteJson(path, {{"uuid", machine.uuid},
                          {"image", machine.image},
                          {"flavor", machine.flavor},
                          {"port", machine.port},
                          {"admin_port", machine.admin_port},
                          {"meta", machine.meta}});
}

absl::StatusOr<MachineFile> ReadMachineFile(const std::string& path) {
  return ReadJson<MachineFile>(path, [](const json& value) {
    MachineFile machine;
    value.at("uuid").get_to(machine.uuid);
    value.at("image").get_to(machine.image);
    value.at("flavor").get_to(machine.flavor);
    value.at("port").get_to(machine.port);
    value.at("admin_port").get_to(machine.admin_port);
    value.at("meta").get_to(machine.meta);
    return machine;
  });
}

absl::Status Write(const std::string& path, const SnapshotFile& file) {
  return WriteJson(path, {{"name", file.snapshot.name},
                          {"machine", file.snapshot.machine_uuid},
                          {"created", absl::ToUnixMicros(file.snapshot.created)},
                          {"bytes", file.snapshot.bytes},
                          {"image", file.image},
                          {"flavor", file.flavor},
                          {"meta", file.meta},
                          {"sha256", file.checksums}});
}

absl::StatusOr<SnapshotFile> ReadSnapshotFile(const std::string& path) {
  return ReadJson<SnapshotFile>(path, [](const json& value) {
    SnapshotFile file;
    value.at("name").get_to(file.snapshot.name);
    value.at("machine").get_to(file.snapshot.machine_uuid);
    file.snapshot.created = absl::FromUnixMicros(value.at("created").get<int64_t>());
    value.at("bytes").get_to(file.snapshot.bytes);
    file.snapshot.native_id = file.snapshot.name;
    value.at("image").get_to(file.image);
    value.at("flavor").get_to(file.flavor);
    value.at("meta").get_to(file.meta);
    value.at("sha256").get_to(file.checksums);
    return file;
  });
}

}  // namespace weft::provisioner::local
