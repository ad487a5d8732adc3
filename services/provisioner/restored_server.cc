#include "services/provisioner/restored_server.h"

#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/dialect.h"
#include "common/mysql/errors.h"
#include "services/provisioner/dataset/target_state.h"
#include "services/provisioner/ports/machine_address.h"
#include "services/provisioner/providers/persisted.h"

namespace weft::provisioner {

absl::Status DetachRestored(const FarmAccess& access, const MachineAddress& address) {
  const HostPort server = HostPortOf(address);
  const auto manager = access.Open(server, Duty::kManage);
  if (mysql::ClassifyContact(manager.status()) == mysql::Contact::kRejected) {
    WEFT_LOG(kWarning, "a restored server lets nobody look whether it replicates",
             {{"server", server.ToString()}, {"error", manager.status().message()}});
    return absl::OkStatus();
  }
  WEFT_RETURN_IF_ERROR(manager.status());
  WEFT_RETURN_IF_ERROR(Detach(**manager));
  if (mysql::DialectFor((*manager)->version()).skip_replica_start.empty()) return absl::OkStatus();
  // A provider that does not know the version has persisted both.
  for (const absl::string_view variable : kBothSkipReplicaStarts) {
    WEFT_RETURN_IF_ERROR((*manager)->Execute(mysql::statements::ResetSkipReplicaStart(variable)));
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner
