#include "services/provisioner/providers/local/provider.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/local/machines.h"
#include "services/provisioner/providers/local/snapshots.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner {
namespace {

constexpr char kDefaultImage[] = "9.7";
constexpr char kDurable[] = "durable";
constexpr char kRelaxed[] = "relaxed";

absl::string_view StatusWord(MachineState state) {
  switch (state) {
    case MachineState::kPending:
      return "pending";
    case MachineState::kRunning:
      return "running";
    case MachineState::kStopped:
      return "stopped";
    case MachineState::kFailed:
      return "failed";
  }
  return "";
}

class LocalProvider : public Provider {
 public:
  LocalProvider(ProviderRecord record, local::Machines::Options options, Clock* clock)
      : record_(std::move(record)),
        machines_(std::move(options), clock),
        snapshots_(&machines_, clock) {}

  absl::Status Check(const Deadline&) override {
    const absl::Status made = MakeFolder(machines_.folder(), 0700);
    return made.ok() ? made : ProviderUnreachable(machines_.who(), made.message());
  }

  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    WEFT_ASSIGN_OR_RETURN(const local::Blueprint blueprint, BlueprintOf(order, nullptr));
    return machines_.Make(blueprint, deadline);
  }

  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline&) override {
    return machines_.Get(uuid);
  }

  absl::StatusOr<std::vector<Machine>> Search(const Properties& generic, const Properties& meta,
                                              const Deadline&) override {
    WEFT_RETURN_IF_ERROR(CheckKeys("filters", generic, {"name", "image", "status"}));
    std::vector<Machine> found;
    for (Machine& machine : machines_.All()) {
      const absl::StatusOr<local::MachineFile> file = machines_.FileOf(machine.uuid);
      const Properties own = {{"name", MachineName(machine.uuid)},
                              {"image", file.ok() ? file->image : ""},
                              {"status", std::string(StatusWord(machine.state))}};
      if (HoldsAll(own, generic) && HoldsAll(machine.meta, meta)) {
        found.push_back(std::move(machine));
      }
    }
    return found;
  }

  absl::Status Destroy(const std::string& uuid, const Deadline& deadline) override {
    return machines_.Remove(uuid, deadline);
  }

  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    return snapshots_.Take(uuid, name, terms);
  }

  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                             const Deadline&) override {
    return snapshots_.List(uuid);
  }

  absl::Status DestroySnapshot(const std::string& name, const Deadline&) override {
    return snapshots_.Remove(name);
  }

  absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    WEFT_ASSIGN_OR_RETURN(const local::SnapshotFile file, snapshots_.FileOf(snapshot));
    WEFT_ASSIGN_OR_RETURN(local::Blueprint blueprint, BlueprintOf(order, &file));
    blueprint.fill = [&](const std::string& data_dir) {
      return snapshots_.CopyTo(file, data_dir, terms);
    };
    return machines_.Make(blueprint, terms.deadline);
  }

 private:
  // What the order leaves open is as the snapshot has it, else as the provider does.
  absl::StatusOr<local::Blueprint> BlueprintOf(const MachineOrder& order,
                                               const local::SnapshotFile* snapshot) const {
    WEFT_RETURN_IF_ERROR(CheckOrder(order, {"user_data"}, "the local provider"));
    ProviderRecord defaults = record_;
    if (snapshot != nullptr) {
      defaults.default_image = snapshot->image;
      defaults.default_flavor = snapshot->flavor;
    }
    if (defaults.default_image.empty()) defaults.default_image = kDefaultImage;
    if (defaults.default_flavor.empty()) defaults.default_flavor = kDurable;
    local::Blueprint blueprint;
    local::MachineFile& machine = blueprint.machine;
    machine.uuid = order.uuid;
    machine.meta = order.meta;
    WEFT_ASSIGN_OR_RETURN(machine.image, ImageName(order, defaults));
    WEFT_RETURN_IF_ERROR(CheckKeys("flavor", order.flavor, {"name"}));
    machine.flavor = Value(order.flavor, "name");
    if (machine.flavor.empty()) machine.flavor = defaults.default_flavor;
    if (machine.flavor != kDurable && machine.flavor != kRelaxed) {
      return FlavorUnknown(machines_.who(), machine.flavor);
    }
    // Before anything is made.
    WEFT_RETURN_IF_ERROR(local::FindImage(machines_.who(), machine.image).status());
    for (absl::string_view line : absl::StrSplit(order.user_data, '\n', absl::SkipWhitespace())) {
      line = absl::StripAsciiWhitespace(line);
      blueprint.statements.emplace_back(absl::StripSuffix(line, ";"));
    }
    return blueprint;
  }

  const ProviderRecord record_;
  const local::Machines machines_;
  const local::Snapshots snapshots_;
};

absl::StatusOr<std::pair<int, int>> ParsePorts(const std::string& text) {
  std::pair<int, int> ports;
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  if (ends.size() == 2 && absl::SimpleAtoi(ends[0], &ports.first) &&
      absl::SimpleAtoi(ends[1], &ports.second) && ports.first > 0 && ports.first < ports.second &&
      ports.second <= 65535) {
    return ports;
  }
  return BadProvider("extra ports", "FIRST-LAST, as 21000-21099", text);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> NewLocalProvider(const ProviderRecord& record,
                                                           const InitialContent& content,
                                                           Clock* clock) {
  local::Machines::Options options;
  options.provider = record.id;
  options.content = content;
  options.folder = std::string(absl::StripPrefix(record.url, "file://"));
  if (options.folder.empty() || options.folder.front() != '/') {
    return BadProvider("url", "the absolute path of a folder, or file:///PATH", record.url);
  }
  options.folder = AbsolutePath(options.folder);
  for (const auto& [key, value] : record.extra) {
    if (key != "ports") return BadProvider("extra", "the key ports", key);
    WEFT_ASSIGN_OR_RETURN(options.ports, ParsePorts(value));
  }
  return std::make_unique<LocalProvider>(record, std::move(options), clock);
}

}  // namespace weft::provisioner
