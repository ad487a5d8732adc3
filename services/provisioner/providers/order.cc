#include "services/provisioner/providers/order.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"

namespace weft::provisioner {
namespace {

constexpr size_t kMaxName = 128;

}  // namespace

absl::Status CheckOrder(const MachineOrder& order, const std::set<std::string>& understood,
                        absl::string_view who) {
  WEFT_RETURN_IF_ERROR(CheckName("uuid", order.uuid));
  const std::pair<std::string, std::string> fields[] = {
      {"availability_zone", order.availability_zone},
      {"key_name", order.key_name},
      {"security_groups", absl::StrJoin(order.security_groups, ",")},
      {"private_networks", absl::StrJoin(order.private_networks, ",")},
      {"public_network", order.public_network},
      // May hold secrets: it is not shown.
      {"user_data", order.user_data.empty() ? "" : "some"},
      {"swap", order.swap},
      {"scheduler_hints", absl::StrJoin(order.scheduler_hints, ",", absl::PairFormatter("="))},
  };
  for (const auto& [name, value] : fields) {
    if (!value.empty() && !understood.contains(name)) {
      return BadOrder(name, absl::StrCat("none, as ", who, " knows no such thing"), value);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(absl::string_view field, const Properties& properties,
                       const std::set<std::string>& known) {
  for (const auto& [key, value] : properties) {
    if (!known.contains(key)) {
      return BadOrder(field, absl::StrCat("keys of ", absl::StrJoin(known, ", ")), key);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ImageName(const MachineOrder& order, const ProviderRecord& record) {
  WEFT_RETURN_IF_ERROR(CheckKeys("image", order.image, {"name"}));
  const std::string named = Value(order.image, "name");
  const std::string& name = named.empty() ? record.default_image : named;
  if (name.empty()) return BadOrder("image", "name=IMAGE, or a default image of the provider", "");
  return name;
}

bool HoldsAll(const Properties& properties, const Properties& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&properties](const auto& pair) {
    const auto found = properties.find(pair.first);
    return found != properties.end() && found->second == pair.second;
  });
}

std::string Value(const Properties& properties, absl::string_view key) {
  const auto found = properties.find(std::string(key));
  return found == properties.end() ? "" : found->second;
}

absl::Status CheckName(absl::string_view field, absl::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxName && absl::ascii_isalnum(name[0]) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_isalnum(c) || absl::StrContains("-_.", c);
                    });
  if (good) return absl::OkStatus();
  return BadOrder(field, "1 to 128 letters, digits, '-', '_' and '.'", name);
}

void SortByUuid(std::vector<Machine>& machines) {
  std::sort(machines.begin(), machines.end(),
            [](const Machine& a, const Machine& b) { return a.uuid < b.uuid; });
}

void SortByAge(std::vector<MachineSnapshot>& snapshots) {
  std::sort(snapshots.begin(), snapshots.end(),
            [](const MachineSnapshot& a, const MachineSnapshot& b) {
              return std::tie(a.created, a.name) < std::tie(b.created, b.name);
            });
}

std::string MachineName(absl::string_view uuid) { return absl::StrCat("machine-", uuid); }

std::string SnapshotName(absl::string_view uuid, absl::Time created) {
  return absl::StrCat("snapshot-", uuid, "-", absl::ToUnixSeconds(created));
}

}  // namespace weft::provisioner
