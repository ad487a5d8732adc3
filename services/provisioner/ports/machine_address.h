#pragma once

#include "common/model/ids.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// Where the MySQL of a machine listens; on a host of its own that is MySQL's own port. Pure.
HostPort HostPortOf(const MachineAddress& address);

}  // namespace weft::provisioner
