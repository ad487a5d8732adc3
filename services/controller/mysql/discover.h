#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/ids.h"
#include "common/mysql/session.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// What a server knows of those around it.
struct Around {
  HostPort source;  // empty: it replicates from nobody
  struct Replica {
    HostPort reported;  // report_host may be unset: then the host is empty
    ServerUuid uuid;    // empty where the version does not tell
    friend bool operator==(const Replica&, const Replica&) = default;
  };
  std::vector<Replica> replicas;
  std::set<std::string> dump_hosts;  // where the connections that read its binary log come from
};

// Three round trips.
absl::StatusOr<Around> LookAround(mysql::Session& session);

// Where each replica listens. A replica that reports no host, or one at which another server
// answers, is looked for at its port on the hosts that read the binary log; `identify` says who
// answers there. One that is found nowhere keeps the address it reports, if any: who takes the
// topology over must learn that it is there.
Farm::Neighbours Locate(const Around& around,
                        const std::function<absl::StatusOr<ServerUuid>(const HostPort&)>& identify);

}  // namespace weft::controller
