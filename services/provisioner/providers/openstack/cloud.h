#pragma once
// What the provider asks of Nova, Glance and Neutron, each as one function.
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/openstack/session.h"

namespace weft::provisioner::openstack {

// Errors are those of Provider. Thread-safe.
class Cloud {
 public:
  Cloud(const Transport& transport, const ProviderRecord& record, Clock* clock)
      : session_(transport, record), clock_(clock) {}

  const std::string& who() const { return session_.who(); }
  absl::Status Garbage(absl::string_view expected, const Json& found) const {
    return session_.Garbage(expected, found);
  }

  // Logs in, and asks Nova.
  absl::Status Check(const Deadline& deadline);

  // The first that has these properties. IMAGE_UNKNOWN, FLAVOR_UNKNOWN, NETWORK_UNKNOWN.
  absl::StatusOr<std::string> FindImage(const Properties& wanted, const Deadline& deadline);
  absl::StatusOr<std::string> FindFlavor(const Properties& wanted, const Deadline& deadline);
  absl::StatusOr<std::string> FindNetwork(const std::string& label, const Deadline& deadline);

  // Of this name exactly; all for an empty one. Oldest first.
  absl::StatusOr<std::vector<Json>> Servers(const std::string& name, const Deadline& deadline);
  absl::StatusOr<std::string> CreateServer(const Json& body, const Deadline& deadline);
  // Gone when this returns; OK where there is none.
  absl::Status DeleteServer(const std::string& id, const Deadline& deadline);

  // Gives the server an address of the pool, which is marked with `mark`, unless there is one so
  // marked. Waits until the server has a port.
  absl::Status GiveAddress(const std::string& server_id, const std::string& pool,
                           const std::string& mark, const Deadline& deadline);
  // Takes back what was marked so. OK without Neutron.
  absl::Status TakeAddresses(const std::string& mark, const Deadline& deadline);

  // Images with these properties (Glance compares their texts).
  absl::StatusOr<std::vector<Json>> Images(const Properties& filters, const Deadline& deadline);
  absl::Status SaveServer(const std::string& id, const std::string& image_name,
                          const Properties& properties, const Deadline& deadline);
  absl::Status DeleteImage(const std::string& id, const Deadline& deadline);

 private:
  absl::StatusOr<std::optional<std::string>> PortOf(const std::string& server_id,
                                                    const Deadline& deadline);

  Session session_;
  Clock* const clock_;
};

}  // namespace weft::provisioner::openstack
