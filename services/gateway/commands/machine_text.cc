#include "services/gateway/commands/machine_text.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace weft::gateway {
namespace {

std::string Text(const v1::MachineAddress& address) {
  return address.port() == 0 ? address.host() : absl::StrCat(address.host(), ":", address.port());
}

}  // namespace

std::string ZoneText(const v1::Machine& machine) {
  return absl::StrCat(machine.zone().empty() ? "-" : machine.zone(), ":",
                      machine.host().empty() ? "-" : machine.host());
}

std::string AddressesText(const std::string& type, const v1::Machine& machine) {
  const std::string first = machine.addresses().empty() ? "" : Text(machine.addresses(0));
  if (type == "null") return first;
  nlohmann::ordered_json shown = nlohmann::ordered_json::object();
  if (type == "docker") {
    shown = first;
  } else {
    for (const v1::MachineAddress& address : machine.addresses()) {
      shown[address.network()].push_back(Text(address));
    }
  }
  return shown.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace weft::gateway
