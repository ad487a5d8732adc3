#include "services/provisioner/ports/machine_address.h"

#include <cstdint>

namespace weft::provisioner {
namespace {

// Where a machine is a host of its own.
constexpr int kMysqlPort = 3306;

}  // namespace

HostPort HostPortOf(const MachineAddress& address) {
  const int port = address.port == 0 ? kMysqlPort : address.port;
  return {address.host, static_cast<uint16_t>(port)};
}

}  // namespace weft::provisioner
