#pragma once
// A machine in Fabric's words. Pure.
#include <string>

#include "protos/weft/v1/machines.pb.h"

namespace weft::gateway {

// "zone:host", "-" for what is not known.
std::string ZoneText(const v1::Machine& machine);

// As the original had it of each type of provider ("null", "docker", ...), however many addresses
// there are: of "null" bare text, of "docker" the JSON of one address, of "openstack", and so of
// every other, the JSON of {network: [address, ...]}. A port is behind a colon.
std::string AddressesText(const std::string& type, const v1::Machine& machine);

}  // namespace weft::gateway
