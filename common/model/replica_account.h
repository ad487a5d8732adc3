#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/model/ids.h"

namespace weft {

// The MySQL account that one server alone logs in to its source with: "weft_r" and the server's
// uuid in 26 letters and digits (base 32), which is as long as a user's name may be (32). So a
// source can keep one replica out without the others, and tell by the name whose account it is.
std::string ReplicaAccount(const ServerUuid& replica);

// Whose account `user` is; nullopt: it is none of these.
std::optional<ServerUuid> ReplicaOfAccount(absl::string_view user);

}  // namespace weft
