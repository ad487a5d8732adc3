#pragma once
// What each command does, but for lookups: a table from its name to a function.
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/fabric/value.h"
#include "services/gateway/commands/procedure_book.h"
#include "services/gateway/commands/session.h"

namespace weft::gateway {

// Where a command runs.
enum class Lane {
  kHere,     // at once: it neither blocks nor asks anybody
  kChanges,  // it waits for the controllers
  kThreats,  // the same, for what must be heard while changes run
  kWaits,    // it waits for what runs in the other lanes
};

// `arguments` are bound: one for each parameter. Errors as Session has them, or Fabric's own.
using PlainHandler = absl::StatusOr<std::vector<fabric::ResultSet>> (*)(
    Session& session, const fabric::List& arguments);
using ProcedureHandler = absl::StatusOr<Deed> (*)(Session& session, const fabric::List& arguments);

// Plain or a procedure.
struct Handler {
  const char* method;
  Lane lane;
  // The class of errors for which Fabric has no words.
  const char* fallback;
  PlainHandler plain;
  ProcedureHandler procedure;
  // What Fabric found out before such a procedure began: its errors have no class.
  absl::Status (*before)(Session& session, const fabric::List& arguments) = nullptr;
};

absl::Span<const Handler> GroupHandlers();
absl::Span<const Handler> ServerHandlers();
absl::Span<const Handler> ThreatHandlers();
absl::Span<const Handler> NodeHandlers();      // manage, event, statistics
absl::Span<const Handler> ShardingHandlers();  // sharding, and dump.shard*
absl::Span<const Handler> ProviderHandlers();  // provider, snapshot, machines of server

// nullptr where there is none of that name.
const Handler* FindHandler(const std::string& method);

}  // namespace weft::gateway
