#pragma once
// The answers of commands as MySQL-RPC sends them.
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"
#include "services/gateway/mysqlrpc/packets.h"

namespace weft::gateway::mysqlrpc {

enum class Format { kRows, kJson };

// Appends all packets of one result set. `status` goes into the last one.
void AppendResultSet(const fabric::ResultSet& set, absl::string_view table, uint16_t status,
                     PacketWriter& out, absl::string_view catalog = "fabric");

// Appends the answer of GROUP.COMMAND: a set of fabric_uuid, ttl and message, then those of the
// command, with no OK behind the last. As JSON it is one field instead. `table` is GROUP_COMMAND.
void AppendAnswer(const fabric::Answer& answer, int ttl, absl::string_view table, Format format,
                  PacketWriter& out);

}  // namespace weft::gateway::mysqlrpc
