#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

constexpr auto kPlain = CommandKind::kPlain;
constexpr char kDumpParameters[] = "connector_version=None patterns=";
constexpr char kMappingPatterns[] =
    "--patterns is a comma separated list of parts of mapping identifiers; without it all are\n"
    "returned. --connector_version has no effect.";

constexpr CommandRow kRows[] = {
    {"statistics", "node", kPlain, "", "Say since when the node has been running.", ""},
    {"statistics", "group", kPlain, "group_id=None",
     "Count the promotions and demotions of groups.",
     "--group_id takes any part of a group's name."},
    {"statistics", "procedure", kPlain, "procedure_name=None",
     "Count the calls of commands and how many of them failed.",
     "--procedure_name takes any part of a command's name."},
    {"dump", "fabric_nodes", kPlain, "protocol=None", "List the addresses at which nodes answer.",
     "--protocol takes protocol.xmlrpc or protocol.mysql; without it both are listed."},
    {"dump", "shard_index", kPlain, kDumpParameters, "Dump the bounds of all enabled shards.",
     kMappingPatterns},
    {"dump", "sharding_information", kPlain, kDumpParameters,
     "Dump all that is known of the shards of tables.",
     "--patterns is a comma separated list of full table names (db.table), in which % and _ stand\n"
     "for any text and any letter; without it all are returned. --connector_version has no\n"
     "effect."},
    {"dump", "servers", kPlain, kDumpParameters, "Dump all servers that are not faulty.",
     "--patterns is a comma separated list of parts of group names; without it the servers of all\n"
     "groups are returned. --connector_version has no effect."},
    {"dump", "shard_tables", kPlain, kDumpParameters, "Dump all sharded tables.", kMappingPatterns},
    {"dump", "shard_maps", kPlain, kDumpParameters, "Dump all shard definitions.",
     kMappingPatterns},
    {"dump", "health", kPlain, kDumpParameters, "Count the servers of each group by their status.",
     "Both parameters have no effect.", true},
};

}  // namespace

absl::Span<const CommandRow> ReadRows() { return kRows; }

}  // namespace weft::fabric
