#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

constexpr auto kPlain = CommandKind::kPlain;
constexpr auto kProcedure = CommandKind::kProcedure;

constexpr CommandRow kRows[] = {
    {"group", "activate", kProcedure, "group_id synchronous=True",
     "Let a group fail over by itself.",
     "From then on a primary that is found dead is replaced without asking."},
    {"group", "description", kProcedure, "group_id description=None synchronous=True",
     "Change or remove a group's description.", "Without --description the old one is removed."},
    {"group", "deactivate", kProcedure, "group_id synchronous=True",
     "Stop a group from failing over by itself.",
     "Its servers are still watched; what is found is only reported."},
    {"group", "create", kProcedure, "group_id description=None synchronous=True",
     "Create an empty group.", ""},
    {"group", "remove", kProcedure, "group_id server_id synchronous=True",
     "Take a server out of a group.",
     "server_id is the server's UUID or its host:port. A primary cannot be removed: demote it or\n"
     "promote another server first."},
    {"group", "add", kProcedure, "group_id address timeout=None update_only=False synchronous=True",
     "Add a server to a group.",
     "address is host or host:port. The server follows the primary of the group, if there is one.\n"
     "With --update_only only the state store changes and the server's replication is left as\n"
     "it is. --timeout says after how many seconds an unreachable server is given up."},
    {"group", "health", kPlain, "group_id", "Say which servers of a group are alive and replicate.",
     "A second table lists servers that replicate from somebody who is not the primary."},
    {"group", "lookup_servers", kPlain, "group_id server_id=None status=None mode=None",
     "List the servers of a group.",
     "--status takes PRIMARY, SECONDARY, SPARE, FAULTY or CONFIGURING, --mode takes OFFLINE,\n"
     "READ_ONLY, WRITE_ONLY or READ_WRITE, and --server_id one UUID or host:port."},
    {"group", "destroy", kProcedure, "group_id synchronous=True", "Remove a group without servers.",
     "A group that a shard or a shard definition uses cannot be removed."},
    {"group", "demote", kProcedure, "group_id update_only=False synchronous=True",
     "Turn the primary of a group into a secondary.",
     "The group has no primary afterwards. With --update_only only the state store changes."},
    {"group", "promote", kProcedure, "group_id slave_id=None update_only=False synchronous=True",
     "Make a server the primary of its group.",
     "--slave_id chooses the server by UUID or host:port; without it the best one is taken. With\n"
     "a living primary this is a switchover, otherwise a failover. With --update_only only the\n"
     "state store changes."},
    {"group", "lookup_groups", kPlain, "group_id=None", "List all groups, or one.", ""},
    {"group", "activate_all", kProcedure, "synchronous=True",
     "Let every group fail over by itself.", "", true},
    {"group", "deactivate_all", kProcedure, "synchronous=True",
     "Stop every group from failing over by itself.", "", true},
};

}  // namespace

absl::Span<const CommandRow> GroupRows() { return kRows; }

}  // namespace weft::fabric
