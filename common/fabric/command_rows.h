#pragma once
// The rows behind command_table.h, one function for each few groups of commands.
#include "absl/types/span.h"
#include "common/fabric/command_table.h"

namespace weft::fabric {

struct CommandRow {
  const char* group;
  const char* name;
  CommandKind kind;
  // Words: a bare one is mandatory, `name=None|True|False|NUMBER|TEXT` has that default, and a
  // name that ends in [] is a list.
  const char* parameters;
  const char* summary;
  const char* details;
  bool is_addition = false;
};

absl::Span<const CommandRow> GroupRows();     // group
absl::Span<const CommandRow> ReadRows();      // statistics, dump
absl::Span<const CommandRow> NodeRows();      // manage, threat, event, role, user
absl::Span<const CommandRow> ServerRows();    // server, provider, snapshot
absl::Span<const CommandRow> ShardingRows();  // sharding

}  // namespace weft::fabric
