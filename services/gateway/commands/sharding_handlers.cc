// The commands of sharding and dump.shard* of a node that has no shard: the truth in each case,
// and the original's errors for what is not there, checked in its order.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;
using Sets = absl::StatusOr<std::vector<ResultSet>>;

constexpr std::array<absl::string_view, 5> kTypes = {"RANGE", "RANGE_INTEGER", "RANGE_STRING",
                                                     "RANGE_DATETIME", "HASH"};

bool IsType(absl::string_view name) {
  return std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end();
}

template <typename... Parts>
absl::Status Error(const Parts&... parts) {
  return FabricError(kShardingError, absl::StrCat(parts...));
}

absl::Status NoMapping(const fabric::Value& id) {
  return Error("Shard Mapping with shard_mapping_id ", TextOf(id), " not found");
}

absl::Status NoDefinition(const fabric::Value& id) {
  return Error("Shard Mapping Definition with shard_mapping_id ", TextOf(id), " not found");
}

absl::Status NoTable(const fabric::Value& name) {
  return Error("Table name ", TextOf(name), " not found");
}

absl::Status NoShard(const fabric::Value& id) { return Error("Shard ", TextOf(id), " not found"); }

Sets Empty(std::vector<fabric::Column> columns) {
  ResultSet set;
  set.columns = std::move(columns);
  return std::vector<ResultSet>{std::move(set)};
}

Sets ListDefinitions(Session&, const List&) {
  return Empty({{"mapping_id", Type::kInteger},
                {"type_name", Type::kString},
                {"global_group_id", Type::kString}});
}

// A table that is not sharded is a row of nothing.
Sets LookUpTable(Session&, const List&) {
  ResultSet set;
  for (const char* name :
       {"mapping_id", "type_name", "table_name", "global_group", "column_name"}) {
    set.columns.push_back({name, Type::kString});
  }
  set.rows.push_back(List(set.columns.size(), {std::string()}));
  return std::vector<ResultSet>{std::move(set)};
}

// No table, no set.
Sets ListTables(Session&, const List& arguments) {
  if (IsType(TextOf(arguments[0]))) return std::vector<ResultSet>();
  return Error("Invalid Sharding Type ", TextOf(arguments[0]));
}

Sets LookUpServers(Session&, const List& arguments) {
  const std::string hint = absl::AsciiStrToUpper(TextOf(arguments[2]));
  if (hint == "LOCAL") return NoTable(arguments[0]);
  // What the original says of a mapping that it does not have.
  if (hint == "GLOBAL") return Error("list index out of range");
  return Error("Unknown lookup hint");
}

Sets DumpTables(Session&, const List&) {
  return Empty({{"schema_name", Type::kString},
                {"table_name", Type::kString},
                {"column_name", Type::kString},
                {"mapping_id", Type::kInteger}});
}

Sets DumpIndex(Session&, const List&) {
  return Empty({{"lower_bound", Type::kString},
                {"mapping_id", Type::kInteger},
                {"shard_id", Type::kInteger},
                {"group_id", Type::kString}});
}

Sets DumpInformation(Session&, const List&) {
  return Empty({{"schema_name", Type::kString},
                {"table_name", Type::kString},
                {"column_name", Type::kString},
                {"lower_bound", Type::kString},
                {"shard_id", Type::kInteger},
                {"type_name", Type::kString},
                {"group_id", Type::kString},
                {"global_group", Type::kString}});
}

absl::StatusOr<Deed> CreateDefinition(Session&, const List& arguments) {
  const std::string type = absl::AsciiStrToUpper(TextOf(arguments[0]));
  if (!IsType(type)) return Error("Invalid Sharding Type ", type);
  return Error(
      "This version of Weft does not shard data. Please, keep each application's data in one "
      "group.");
}

absl::StatusOr<Deed> OfDefinition(Session&, const List& arguments) {
  return NoDefinition(arguments[0]);
}

absl::StatusOr<Deed> OfMapping(Session&, const List& arguments) { return NoMapping(arguments[0]); }

absl::StatusOr<Deed> OfTable(Session&, const List& arguments) { return NoTable(arguments[0]); }

absl::StatusOr<Deed> OfShard(Session&, const List& arguments) { return NoShard(arguments[0]); }

constexpr Handler Plain(const char* method, PlainHandler handler) {
  return {method, Lane::kHere, kShardingError, handler, nullptr};
}

constexpr Handler Procedure(const char* method, ProcedureHandler handler) {
  return {method, Lane::kHere, kShardingError, nullptr, handler};
}

constexpr Handler kHandlers[] = {
    Plain("dump.shard_tables", &DumpTables),
    Plain("dump.shard_maps", &ListDefinitions),
    Plain("dump.shard_index", &DumpIndex),
    Plain("dump.sharding_information", &DumpInformation),
    Plain("sharding.list_definitions", &ListDefinitions),
    Plain("sharding.lookup_table", &LookUpTable),
    Plain("sharding.list_tables", &ListTables),
    Plain("sharding.lookup_servers", &LookUpServers),
    Procedure("sharding.create_definition", &CreateDefinition),
    Procedure("sharding.remove_definition", &OfDefinition),
    Procedure("sharding.add_table", &OfDefinition),
    Procedure("sharding.remove_table", &OfTable),
    Procedure("sharding.add_shard", &OfMapping),
    Procedure("sharding.remove_shard", &OfShard),
    Procedure("sharding.enable_shard", &OfShard),
    Procedure("sharding.disable_shard", &OfShard),
    Procedure("sharding.move_shard", &OfShard),
    Procedure("sharding.split_shard", &OfShard),
    Procedure("sharding.prune_shard", &OfTable),
};

}  // namespace

absl::Span<const Handler> ShardingHandlers() { return kHandlers; }

}  // namespace weft::gateway
