#include "services/provisioner/providers/persisted.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/provisioner/http/json.h"

namespace weft::provisioner {
namespace {

// In microseconds. A server passes over a smaller number than 2^32, or does not start.
constexpr uint64_t kTimestamp = 1'577'836'800'000'000;
// Of the file that a server before 8.0.29 writes, which later ones read too.
constexpr char kEmpty[] = R"({"Version": 1, "mysql_server": {}})";

Json Told(std::initializer_list<absl::string_view> names) {
  Json told;
  // A server passes over what it does not know, and keeps it.
  for (const absl::string_view name : names) {
    told[std::string(name)] = {
        {"Value", "ON"}, {"Metadata", {{"Timestamp", kTimestamp}, {"User", ""}, {"Host", ""}}}};
  }
  return told;
}

}  // namespace

std::string SkipReplicaStartMembers(std::initializer_list<absl::string_view> names) {
  const std::string object = Written(Told(names));
  return object.substr(1, object.size() - 2);
}

absl::StatusOr<std::string> WithSkipReplicaStart(const std::string& text,
                                                 std::initializer_list<absl::string_view> names) {
  Json file = Json::parse(text.empty() ? kEmpty : text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object() || NumberAt(file, {"Version"}) < 1) {
    return Refusal(absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED",
                   absl::StrCat("the saved server's ", kPersistedFile, " cannot be read"),
                   "JSON with a Version", absl::StrCat(text.size(), " bytes of something else"),
                   "use another snapshot");
  }
  const Json told = Told(names);
  const bool is_old = NumberAt(file, {"Version"}) == 1;
  file.merge_patch(is_old ? Json{{"mysql_server", {{"mysql_server_static_options", told}}}}
                          : Json{{"mysql_static_variables", told}});
  return Written(file);
}

}  // namespace weft::provisioner
