#pragma once
// Errors in Fabric's words: a class of its exceptions and a message on one line. Pure.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::gateway {

inline constexpr char kGroupError[] = "GroupError";
inline constexpr char kServerError[] = "ServerError";
inline constexpr char kShardingError[] = "ShardingError";
inline constexpr char kProviderError[] = "ProviderError";
inline constexpr char kMachineError[] = "MachineError";
inline constexpr char kProcedureError[] = "ProcedureError";
inline constexpr char kConfigurationError[] = "ConfigurationError";
inline constexpr char kServiceError[] = "ServiceError";
inline constexpr char kTimeoutError[] = "TimeoutError";

// An error of that class. `type` is one of the above.
absl::Status FabricError(absl::string_view type, absl::string_view message);
// Fabric's words for a server of no group or of another one, by what the caller called both.
absl::Status NotInGroup(absl::string_view group, absl::string_view server);
// True for what FabricError made.
bool IsFabricError(const absl::Status& status);

// What a client reads of it: a plain command gives the message, a procedure the class before it.
// REQUIRES: IsFabricError.
std::string PlainText(const absl::Status& error);
std::string ProcedureText(const absl::Status& error);

// Whom a command is about, as far as its errors name them.
struct Subject {
  std::string group;    // as the caller wrote it
  std::string server;   // as the caller wrote it: a uuid or "host:port"
  std::string uuid;     // of that server, where it is known
  std::string address;  // the same
};

// The error of a request that makes the controller ask a server: where no reason came with it and
// the controller was there, it is that server that did not answer.
absl::Status OfServer(absl::Status error);

// An error of a controller as Fabric would have said it: by the reason of its ErrorDetail, or of an
// operation that failed. Where Fabric has no words of its own, ours, as an error of class
// `fallback`, with what to do next.
absl::Status Translate(const absl::Status& error, const Subject& subject,
                       absl::string_view fallback);

}  // namespace weft::gateway
