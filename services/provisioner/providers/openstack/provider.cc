#include "services/provisioner/providers/openstack/provider.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/openstack/cloud.h"
#include "services/provisioner/providers/openstack/servers.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/snapshot_wait.h"
#include "services/provisioner/providers/transport.h"

namespace weft::provisioner {
namespace {

using openstack::Cloud;
using openstack::Found;

constexpr absl::Duration kImagePoll = absl::Seconds(1);
// In which the image of a snapshot is seen that Nova has taken on.
constexpr absl::Duration kImageAppears = absl::Minutes(1);
constexpr absl::Duration kCleanUpTime = absl::Seconds(10);

// Keys in lower case, as the original had them; the default's name where there are none.
Properties Wanted(const Properties& given, const std::string& default_name) {
  Properties wanted;
  for (const auto& [key, value] : given) wanted[absl::AsciiStrToLower(key)] = value;
  if (wanted.empty() && !default_name.empty()) wanted["name"] = default_name;
  return wanted;
}

class OpenStackProvider : public Provider {
 public:
  OpenStackProvider(const ProviderRecord& record, const Transport& transport, Clock* clock)
      : record_(record), clock_(clock), cloud_(transport, record, clock) {}

  absl::Status Check(const Deadline& deadline) override { return cloud_.Check(deadline); }

  absl::StatusOr<Machine> Create(const MachineOrder& order, const Deadline& deadline) override {
    const Properties image = Wanted(order.image, record_.default_image);
    WEFT_RETURN_IF_ERROR(Understand(order, image));
    return Make(order, deadline, [&] { return cloud_.FindImage(image, deadline); });
  }

  absl::StatusOr<Machine> Get(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> servers, Servers(uuid, deadline));
    if (servers.empty()) return MachineUnknown(cloud_.who(), uuid);
    return Read(servers.front());
  }

  absl::StatusOr<std::vector<Machine>> Search(const Properties& generic, const Properties& meta,
                                              const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckKeys("filter", generic, {"name", "id", "status"}));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> servers, cloud_.Servers("", deadline));
    std::vector<Machine> machines;
    for (const Json& server : servers) {
      if (!openstack::IsOurs(server, record_.id)) continue;
      WEFT_ASSIGN_OR_RETURN(Machine machine, Read(server));
      if (HoldsAll(openstack::GenericOf(server), generic) && HoldsAll(machine.meta, meta)) {
        machines.push_back(std::move(machine));
      }
    }
    SortByUuid(machines);
    return machines;
  }

  absl::Status Destroy(const std::string& uuid, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("uuid", uuid));
    // Before the server: once it is gone, nobody would look for them.
    WEFT_RETURN_IF_ERROR(cloud_.TakeAddresses(MachineName(uuid), deadline));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> servers, Servers(uuid, deadline));
    for (const Json& server : servers) {
      WEFT_RETURN_IF_ERROR(cloud_.DeleteServer(TextAt(server, {"id"}), deadline));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<MachineSnapshot> CreateSnapshot(const std::string& uuid, const std::string& name,
                                                 const CopyTerms& terms) override {
    const Deadline& deadline = terms.deadline;
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> begun, Snapshots(name, deadline));
    if (begun.empty()) {
      WEFT_ASSIGN_OR_RETURN(const Machine machine, Get(uuid, deadline));
      const Properties properties = {{openstack::kSnapshotProperty, "True"},
                                     {openstack::kMachineProperty, uuid},
                                     {openstack::kSnapshotProviderProperty, record_.id}};
      WEFT_RETURN_IF_ERROR(cloud_.SaveServer(machine.native_id, name, properties, deadline));
    }
    auto saved = AwaitActive(name, terms);
    if (IsOver(saved.status(), terms)) {
      // What is not whole is not kept.
      DestroySnapshot(name, Deadline::After(clock_, kCleanUpTime)).IgnoreError();
    }
    return saved;
  }

  absl::StatusOr<std::vector<MachineSnapshot>> ListSnapshots(const std::string& uuid,
                                                             const Deadline& deadline) override {
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> images, Snapshots("", deadline));
    std::vector<MachineSnapshot> snapshots;
    for (const Json& image : images) {
      if (TextAt(image, {"status"}) != "active") continue;
      WEFT_ASSIGN_OR_RETURN(MachineSnapshot snapshot, ReadSnapshot(image));
      if (uuid.empty() || snapshot.machine_uuid == uuid) snapshots.push_back(std::move(snapshot));
    }
    SortByAge(snapshots);
    return snapshots;
  }

  absl::Status DestroySnapshot(const std::string& name, const Deadline& deadline) override {
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", name));
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> images, Snapshots(name, deadline));
    for (const Json& image : images) {
      WEFT_RETURN_IF_ERROR(cloud_.DeleteImage(TextAt(image, {"id"}), deadline));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Machine> Restore(const std::string& snapshot, const MachineOrder& order,
                                  const CopyTerms& terms) override {
    const Deadline& deadline = terms.deadline;
    WEFT_RETURN_IF_ERROR(CheckName("snapshot", snapshot));
    WEFT_RETURN_IF_ERROR(Understand(order, {{"name", snapshot}}));
    return Make(order, deadline, [&]() -> absl::StatusOr<std::string> {
      WEFT_ASSIGN_OR_RETURN(const std::vector<Json> images, Snapshots(snapshot, deadline));
      for (const Json& image : images) {
        if (TextAt(image, {"status"}) == "active") return TextAt(image, {"id"});
      }
      return SnapshotUnknown(cloud_.who(), snapshot);
    });
  }

 private:
  absl::Status Understand(const MachineOrder& order, const Properties& image) const {
    WEFT_RETURN_IF_ERROR(
        CheckOrder(order,
                   {"availability_zone", "key_name", "security_groups", "private_networks",
                    "public_network", "user_data", "swap", "scheduler_hints"},
                   cloud_.who()));
    WEFT_RETURN_IF_ERROR(CheckKeys("image", image,
                                   {"name", "id", "status", "visibility", "owner", "architecture",
                                    "os_distro", "os_version", "mindisk", "minram"}));
    if (image.empty()) return BadOrder("image", "a search, or a default of the provider", "");
    const Properties flavor = Wanted(order.flavor, record_.default_flavor);
    if (flavor.empty()) return BadOrder("flavor", "a search, or a default of the provider", "");
    return CheckKeys("flavor", flavor,
                     {"name", "id", "ram", "vcpus", "disk", "swap", "rxtx_factor"});
  }

  template <typename FindImage>
  absl::StatusOr<Machine> Make(const MachineOrder& order, const Deadline& deadline,
                               FindImage find_image) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> existing, Servers(order.uuid, deadline));
    if (existing.empty()) {
      Found found;
      WEFT_ASSIGN_OR_RETURN(found.image_id, find_image());
      WEFT_ASSIGN_OR_RETURN(
          found.flavor_id,
          cloud_.FindFlavor(Wanted(order.flavor, record_.default_flavor), deadline));
      for (const std::string& label : order.private_networks) {
        WEFT_ASSIGN_OR_RETURN(const std::string id, cloud_.FindNetwork(label, deadline));
        found.network_ids.push_back(id);
      }
      WEFT_ASSIGN_OR_RETURN(const Json body, ServerOf(order, found, record_.id));
      WEFT_RETURN_IF_ERROR(cloud_.CreateServer(body, deadline).status());
    }
    WEFT_ASSIGN_OR_RETURN(const std::string id, KeepTheFirst(order.uuid, deadline));
    if (!order.public_network.empty()) {
      WEFT_RETURN_IF_ERROR(
          cloud_.GiveAddress(id, order.public_network, MachineName(order.uuid), deadline));
    }
    return Get(order.uuid, deadline);
  }

  // Nova knows no request ids: two who ask at once make two. Each of them keeps the oldest.
  absl::StatusOr<std::string> KeepTheFirst(const std::string& uuid, const Deadline& deadline) {
    WEFT_ASSIGN_OR_RETURN(const std::vector<Json> servers, Servers(uuid, deadline));
    if (servers.empty()) return MachineUnknown(cloud_.who(), uuid);
    for (size_t i = 1; i < servers.size(); ++i) {
      WEFT_RETURN_IF_ERROR(cloud_.DeleteServer(TextAt(servers[i], {"id"}), deadline));
    }
    return TextAt(servers.front(), {"id"});
  }

  // Those of this provider, oldest first.
  absl::StatusOr<std::vector<Json>> Servers(const std::string& uuid, const Deadline& deadline) {
    WEFT_ASSIGN_OR_RETURN(std::vector<Json> servers, cloud_.Servers(MachineName(uuid), deadline));
    std::erase_if(servers,
                  [this](const Json& each) { return !openstack::IsOurs(each, record_.id); });
    return servers;
  }

  absl::StatusOr<std::vector<Json>> Snapshots(const std::string& name, const Deadline& deadline) {
    Properties filters = {{openstack::kSnapshotProperty, "True"},
                          {openstack::kSnapshotProviderProperty, record_.id}};
    if (!name.empty()) filters["name"] = name;
    WEFT_ASSIGN_OR_RETURN(std::vector<Json> images, cloud_.Images(filters, deadline));
    std::erase_if(images,
                  [this](const Json& each) { return !openstack::IsSnapshot(each, record_.id); });
    return images;
  }

  absl::StatusOr<Machine> Read(const Json& server) const {
    auto machine = openstack::MachineOf(server, record_.id);
    return machine.ok() ? machine : cloud_.Garbage(machine.status().message(), server);
  }

  absl::StatusOr<MachineSnapshot> ReadSnapshot(const Json& image) const {
    auto snapshot = openstack::ReadSnapshot(image);
    return snapshot.ok() ? snapshot : cloud_.Garbage(snapshot.status().message(), image);
  }

  // Nova makes the image before it answers, and deletes it where it fails.
  absl::StatusOr<MachineSnapshot> AwaitActive(const std::string& name, const CopyTerms& terms) {
    const Deadline& deadline = terms.deadline;
    const Deadline appears = Deadline::After(clock_, kImageAppears);
    bool seen = false;
    while (true) {
      if (terms.Lost()) return ProviderWorkMoved(cloud_.who(), "a snapshot");
      if (terms.Cancelled()) return ProviderCancelled(cloud_.who(), "a snapshot");
      const auto images = Snapshots(name, PollDeadline(deadline, clock_));
      if (!images.ok() && !AsksAgain(images.status(), deadline)) return images.status();
      if (images.ok()) {
        const std::string status = images->empty() ? "" : TextAt(images->front(), {"status"});
        if (status == "active") return ReadSnapshot(images->front());
        if (status == "killed" || status == "deleted") {
          return ProviderRefused(cloud_.who(), "save a server", "its image is " + status);
        }
        if (images->empty() && (seen || appears.Passed())) {
          return ProviderRefused(cloud_.who(), "save a server",
                                 seen ? "its image is gone again" : "it made no image");
        }
        seen = !images->empty();
      }
      if (deadline.Passed()) return ProviderTooSlow(cloud_.who(), "a snapshot");
      clock_->Sleep(std::min(kImagePoll, deadline.Remaining()));
    }
  }

  const ProviderRecord record_;
  Clock* const clock_;
  Cloud cloud_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> NewOpenStackProvider(const ProviderRecord& record,
                                                               Clock* clock) {
  WEFT_ASSIGN_OR_RETURN(const Transport transport,
                        TransportOf(record, {"auth_system", "interface", "project_domain_name",
                                             "region_name", "user_domain_name"}));
  const std::string system = Value(record.extra, "auth_system");
  if (!system.empty() && system != "keystone") {
    return BadProvider("extra auth_system", "keystone", system);
  }
  if (absl::EndsWith(transport.base, "/v2.0")) {
    return BadProvider("url", "that of Keystone v3", record.url);
  }
  if (record.user.empty() || record.password.empty() || record.tenant.empty()) {
    return BadProvider("login", "a user, a password and a tenant", "one of them empty");
  }
  return std::make_unique<OpenStackProvider>(record, transport, clock);
}

}  // namespace weft::provisioner
