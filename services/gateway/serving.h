#pragma once
// Whether a server may take what a load balancer would send it.
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

enum class Role {
  kPrimary,  // writes: the primary of its group, in a mode that takes writes
  kReplica,  // reads: a SECONDARY, in a mode that takes reads
  kReader,   // reads: either of them
};

absl::string_view ToString(Role role);                  // "replica"
std::optional<Role> ParseRole(absl::string_view text);  // "primary", "replica", "reader"

// What a server is, in one word: "primary", "replica", "spare", "faulty" or "configuring". A
// PRIMARY that its group does not call its primary is "faulty".
absl::string_view RoleOf(const RoutedGroup& group, const RoutedServer& server);

// Why `server` of `group` may not serve as `role`, nullopt when it may. With a limit, `lag` must be
// known and no more than it; it is not asked of a primary.
struct NotServing {
  std::string reason;    // "WRONG_ROLE"
  std::string expected;  // "status SECONDARY"
  std::string found;     // "status FAULTY"
};
std::optional<NotServing> WhyNotServing(const RoutedGroup& group, const RoutedServer& server,
                                        Role role, std::optional<absl::Duration> lag_limit,
                                        std::optional<absl::Duration> lag);

}  // namespace weft::gateway
