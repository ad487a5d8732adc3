#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/model/ids.h"

namespace weft {

// What a server is in its group. The words are Fabric's (reference: section "server status").
enum class ServerStatus { kSpare, kSecondary, kPrimary, kFaulty, kConfiguring };

// Which transactions connectors may send to a server.
enum class ServerMode { kOffline, kReadOnly, kWriteOnly, kReadWrite };

// Whether a server may become the primary; the preferred first.
enum class PromotionRule {
  kPrefer,
  kNeutral,
  kPreferNot,  // only where no server of the rules above can
  kMustNot,    // never; it may acknowledge all the same, and what it holds counts
};

absl::string_view ToString(ServerStatus status);                        // "SECONDARY"
absl::string_view ToString(ServerMode mode);                            // "READ_ONLY"
absl::string_view ToString(PromotionRule rule);                         // "PREFER_NOT"
std::optional<ServerStatus> ParseServerStatus(absl::string_view text);  // any letter case
std::optional<ServerMode> ParseServerMode(absl::string_view text);
std::optional<PromotionRule> ParsePromotionRule(absl::string_view text);

// The record of one server: what the state store says of it.
struct Server {
  ServerUuid uuid;
  HostPort address;
  std::string group;  // empty: registered, in no group
  ServerStatus status = ServerStatus::kSecondary;
  ServerMode mode = ServerMode::kReadOnly;
  double weight = 1.0;  // 0..1: share of reads; and the order of preference among equals
  // Of a primary it says nothing: it stays until another is promoted.
  PromotionRule promotion_rule = PromotionRule::kNeutral;
  // The place it stands in, which may be lost as a whole; empty: none named (ValidateZone).
  std::string zone;

  // Why Weft keeps this server out although it may be reachable; empty when it does not.
  // A server set aside is FAULTY, follows nobody and acknowledges nothing until told to rejoin.
  std::string set_aside;
  // Transactions the group does not know (GTID set text), where set_aside is for that reason.
  std::string errant;

  friend bool operator==(const Server&, const Server&) = default;
};

// The mode a server gets when it takes `status` (Fabric's defaults).
ServerMode DefaultMode(ServerStatus status);

// True when a user may ask for `from` -> `to` (Fabric's table: SPARE <-> SECONDARY, SPARE or
// SECONDARY -> FAULTY only by threat reports, FAULTY -> SPARE; PRIMARY only by promotion).
bool IsLegalTransition(ServerStatus from, ServerStatus to);

// True when a server of `status` may have `mode` (PRIMARY: READ_WRITE, WRITE_ONLY; SECONDARY:
// READ_ONLY, OFFLINE; SPARE: OFFLINE, READ_ONLY; FAULTY: OFFLINE).
bool IsLegalMode(ServerStatus status, ServerMode mode);

}  // namespace weft
