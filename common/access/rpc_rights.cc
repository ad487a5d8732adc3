#include "common/access/rpc_rights.h"

#include <algorithm>

namespace weft::access {
namespace {

// Where Fabric has a command that does the same, its name. A look that makes the controller connect
// to an address of the caller's choice (CheckServer) needs the right to add what it finds there.
constexpr MethodRight kMethods[] = {
    {"/weft.v1.Groups/CreateGroup", {"group", "create"}},
    {"/weft.v1.Groups/GetGroup", {"group", "lookup_servers"}},
    {"/weft.v1.Groups/ListGroups", {"group", "lookup_groups"}},
    {"/weft.v1.Groups/UpdateGroup", {"group", "description"}},
    {"/weft.v1.Groups/DestroyGroup", {"group", "destroy"}},
    {"/weft.v1.Groups/ActivateGroup", {"group", "activate"}},
    {"/weft.v1.Groups/DeactivateGroup", {"group", "deactivate"}},
    {"/weft.v1.Groups/PromoteGroup", {"group", "promote"}},
    {"/weft.v1.Groups/DemoteGroup", {"group", "demote"}},
    {"/weft.v1.Groups/AdoptGroup", {"group", "adopt"}},
    {"/weft.v1.Groups/ExplainGroup", {"group", "health"}},
    {"/weft.v1.Groups/ExplainDurability", {"group", "health"}},
    {"/weft.v1.Groups/AcknowledgeFailover", {"group", "acknowledge"}},
    {"/weft.v1.Groups/SetMaintenance", {"group", "maintenance"}},

    {"/weft.v1.Servers/GetServer", {"group", "lookup_servers"}},
    {"/weft.v1.Servers/ListServers", {"group", "lookup_servers"}},
    {"/weft.v1.Servers/AddServer", {"group", "add"}},
    {"/weft.v1.Servers/RemoveServer", {"group", "remove"}},
    {"/weft.v1.Servers/UpdateServer", {"server", "set_status"}},
    {"/weft.v1.Servers/CheckServer", {"group", "add"}},
    {"/weft.v1.Servers/RejoinServer", {"server", "rejoin"}},
    {"/weft.v1.Servers/LookupServerUuid", {"server", "lookup_uuid"}},

    {"/weft.v1.Operations/GetOperation", {"operation", "lookup"}},
    {"/weft.v1.Operations/ListOperations", {"operation", "list"}},
    {"/weft.v1.Operations/WaitOperation", {"operation", "lookup"}},
    {"/weft.v1.Operations/WatchOperation", {"operation", "lookup"}},
    {"/weft.v1.Operations/CancelOperation", {"operation", "cancel"}},
    {"/weft.v1.Operations/ListEvents", {"event", "list"}},

    {"/weft.v1.Topology/WatchTopology", {"dump", "topology"}},
    {"/weft.v1.Topology/GetTopology", {"dump", "topology"}},

    {"/weft.v1.Health/Report", {"monitor", "report"}},
    {"/weft.v1.Health/GetHealth", {"group", "health"}},
    {"/weft.v1.Health/WatchHealth", {"dump", "topology"}},

    {"/weft.v1.Threats/ReportError", {"threat", "report_error"}},
    {"/weft.v1.Threats/ReportFailure", {"threat", "report_failure"}},

    {"/weft.v1.Node/GetNodeStatus", {"node", "status"}},
    {"/weft.v1.Node/SetUpStore", {"manage", "setup"}},
    {"/weft.v1.Node/TearDownStore", {"manage", "teardown"}},
    {"/weft.v1.Node/RotateAccount", {"manage", "rotate_account"}},
    {"/weft.v1.Node/SetFailover", {"manage", "failover"}},
    {"/weft.v1.Node/BackUpStore", {"manage", "backup"}},
    {"/weft.v1.Node/RestoreStore", {"manage", "restore"}},

    {"/weft.v1.Copies/CloneServer", {"server", "clone"}},
    {"/weft.v1.Copies/CheckRecipe", {"group", "add"}},

    {"/weft.v1.Machines/RegisterProvider", {"provider", "register"}},
    {"/weft.v1.Machines/UnregisterProvider", {"provider", "unregister"}},
    {"/weft.v1.Machines/ListProviders", {"provider", "list"}},
    {"/weft.v1.Machines/CheckProvider", {"provider", "check"}},
    {"/weft.v1.Machines/CreateMachines", {"server", "create"}},
    {"/weft.v1.Machines/GetMachine", {"server", "list"}},
    {"/weft.v1.Machines/ListMachines", {"server", "list"}},
    {"/weft.v1.Machines/DestroyMachine", {"server", "destroy"}},
    {"/weft.v1.Machines/CreateSnapshot", {"snapshot", "create"}},
    {"/weft.v1.Machines/ListSnapshots", {"snapshot", "list"}},
    {"/weft.v1.Machines/DestroySnapshots", {"snapshot", "destroy"}},
    {"/weft.v1.Machines/RestoreSnapshot", {"snapshot", "restore"}},

    {"/weft.v1.Scaling/ScaleGroup", {"group", "scale"}},
    {"/weft.v1.Scaling/HealGroup", {"group", "heal"}},

    {"/weft.v1.Users/CreateUser", {"user", "add"}},
    {"/weft.v1.Users/DeleteUser", {"user", "delete"}},
    {"/weft.v1.Users/SetPassword", {"user", "password"}},
    {"/weft.v1.Users/SetRoles", {"user", "roles"}},
    {"/weft.v1.Users/SetDisabled", {"user", "disable"}},
    {"/weft.v1.Users/GetUser", {"user", "list"}},
    {"/weft.v1.Users/ListUsers", {"user", "list"}},
    {"/weft.v1.Users/ListRoles", {"role", "list"}},
    {"/weft.v1.Users/WatchUsers", {"gateway", "watch_users"}},
    {"/weft.v1.Users/ReportLogins", {"gateway", "report_logins"}},
    {"/weft.v1.Users/IssueToken", {"token", "issue"}},
    {"/weft.v1.Users/RotateKey", {"manage", "rotate_key"}},
};

}  // namespace

absl::Span<const MethodRight> AllMethodRights() { return kMethods; }

std::optional<Right> RightOf(absl::string_view method) {
  const auto* const found =
      std::find_if(std::begin(kMethods), std::end(kMethods),
                   [&](const MethodRight& entry) { return entry.method == method; });
  if (found == std::end(kMethods)) return std::nullopt;
  return found->right;
}

}  // namespace weft::access
