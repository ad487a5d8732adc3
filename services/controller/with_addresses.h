#pragma once
// Texts for people name servers by their addresses. Pure.
#include <string>

#include "absl/strings/string_view.h"
#include "common/model/group.h"

namespace weft::controller {

// `text` with the address in place of each uuid of a server of `group`, as far as its record has
// one. A uuid that begins a GTID set ("UUID:1-5") stays: it is the source of transactions there.
std::string WithAddresses(absl::string_view text, const Group& group);

}  // namespace weft::controller
