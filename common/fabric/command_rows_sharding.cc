#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

constexpr auto kPlain = CommandKind::kPlain;
constexpr auto kProcedure = CommandKind::kProcedure;

constexpr CommandRow kRows[] = {
    {"sharding", "list_definitions", kPlain, "", "List the shard definitions.", ""},
    {"sharding", "remove_definition", kProcedure, "shard_mapping_id synchronous=True",
     "Remove a shard definition.", "It must have neither tables nor shards."},
    {"sharding", "move_shard", kProcedure, "shard_id group_id update_only=False synchronous=True",
     "Move a shard to another group.",
     "With --update_only only the state store changes and no data is copied."},
    {"sharding", "disable_shard", kProcedure, "shard_id synchronous=True", "Disable a shard.",
     "Clients are not led to a disabled shard."},
    {"sharding", "remove_table", kProcedure, "table_name synchronous=True",
     "Take a table out of its shard definition.", "table_name is db.table."},
    {"sharding", "split_shard", kProcedure,
     "shard_id group_id split_value=None update_only=False synchronous=True",
     "Split a shard in two, the upper part going to another group.",
     "--split_value is the lowest key of the upper part; by HASH it may be left out. With\n"
     "--update_only only the state store changes and no data is copied."},
    {"sharding", "create_definition", kProcedure, "type_name group_id synchronous=True",
     "Define a way to shard.",
     "type_name is RANGE, RANGE_INTEGER, RANGE_STRING, RANGE_DATETIME or HASH, group_id the "
     "global\n"
     "group."},
    {"sharding", "add_shard", kProcedure,
     "shard_mapping_id groupid_lb_list state=DISABLED synchronous=True",
     "Add shards to a shard definition.",
     "groupid_lb_list is a comma separated list of group/lower_bound, by HASH of groups.\n"
     "--state takes ENABLED or DISABLED."},
    {"sharding", "add_table", kProcedure,
     "shard_mapping_id table_name column_name synchronous=True",
     "Add a table to a shard definition.",
     "table_name is db.table, column_name the column whose value says the shard."},
    {"sharding", "lookup_table", kPlain, "table_name", "Look up how a table is sharded.",
     "table_name is db.table."},
    {"sharding", "enable_shard", kProcedure, "shard_id synchronous=True", "Enable a shard.", ""},
    {"sharding", "remove_shard", kProcedure, "shard_id synchronous=True",
     "Remove a disabled shard.", ""},
    {"sharding", "list_tables", kPlain, "sharding_type", "List the tables sharded by a type.",
     "sharding_type is given in capitals, as to create_definition."},
    {"sharding", "prune_shard", kProcedure, "table_name synchronous=True",
     "Delete the rows of a table that do not belong to the shard they are in.",
     "table_name is db.table."},
    {"sharding", "lookup_servers", kPlain, "table_name key hint=LOCAL",
     "List the servers that hold a key of a sharded table.",
     "With --hint=GLOBAL the servers of the global group."},
};

}  // namespace

absl::Span<const CommandRow> ShardingRows() { return kRows; }

}  // namespace weft::fabric
