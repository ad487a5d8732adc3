#pragma once
// What machines are to be like, as jobs keep it. Pure.

#include <nlohmann/json.hpp>

#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

nlohmann::json OrderToJson(const MachineOrder& order);
// Throws nlohmann::json::exception where a key is missing or of another type.
MachineOrder OrderFromJson(const nlohmann::json& value);

}  // namespace weft::provisioner
