#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

constexpr auto kPlain = CommandKind::kPlain;
constexpr auto kProcedure = CommandKind::kProcedure;

constexpr CommandRow kRows[] = {
    {"server", "set_mode", kProcedure, "server_id mode synchronous=True",
     "Set the mode of a server.",
     "mode is OFFLINE, READ_ONLY, WRITE_ONLY or READ_WRITE, or its number."},
    {"server", "clone", kProcedure,
     "group_id destn_address source_id=None timeout=None synchronous=True",
     "Copy the data of a group's server to another server.",
     "The destination must be empty and in no group. --source_id chooses the server to copy by\n"
     "UUID or host:port; without it a secondary is taken."},
    {"server", "list", kPlain,
     "provider_id generic_filters[]=None meta_filters[]=None skip_store=False",
     "List the machines that a provider has created.",
     "Filters (key=value) can be given repeatedly. With --skip_store the provider is asked\n"
     "instead of the state store."},
    {"server", "set_weight", kProcedure, "server_id weight synchronous=True",
     "Set the weight of a server.", "weight is a number above 0: its share of the reads."},
    {"server", "lookup_uuid", kPlain, "address timeout=None", "Ask a server for its UUID.",
     "--timeout says after how many seconds an unreachable server is given up."},
    {"server", "set_status", kProcedure, "server_id status update_only=False synchronous=True",
     "Set the status of a server.",
     "status is SECONDARY, SPARE or FAULTY, or its number. A primary is made by group promote.\n"
     "With --update_only only the state store changes."},
    {"server", "destroy", kProcedure,
     "provider_id machine_uuid force=False skip_store=False synchronous=True",
     "Destroy a virtual machine.",
     "A machine with a server in a group needs --force. With --skip_store the state store is\n"
     "left alone."},
    {"server", "create", kProcedure,
     "provider_id image[]=None flavor[]=None number_machines=1 availability_zone=None "
     "key_name=None security_groups=None private_network[]=None public_network=None "
     "userdata=None swap=None scheduler_hints[]=None meta[]=None datastore=None "
     "datastore_version=None size=None databases=None users=None configuration=None "
     "security=None skip_store=False wait_spawning=True synchronous=True",
     "Create virtual machines.",
     "--image, --flavor, --private_network, --scheduler_hints and --meta (key=value) can be\n"
     "given repeatedly. With --skip_store the state store is left alone; --wait_spawning returns\n"
     "without waiting until the machines run."},
    {"provider", "unregister", kProcedure, "provider_id synchronous=True",
     "Remove a provider without machines.", ""},
    {"provider", "register", kProcedure,
     "provider_id username password url tenant=None provider_type=OPENSTACK default_image=None "
     "default_flavor=None extra[]=None synchronous=True",
     "Register a provider of virtual machines.", "--extra (key=value) can be given repeatedly."},
    {"provider", "list", kPlain, "provider_id=None", "List all providers, or one.", ""},
    {"snapshot", "destroy", kProcedure,
     "provider_id machine_uuid skip_store=False synchronous=True",
     "Destroy the snapshots of a machine.", "With --skip_store the state store is left alone."},
    {"snapshot", "create", kProcedure,
     "provider_id machine_uuid skip_store=False wait_spawning=True synchronous=True",
     "Make a snapshot of a machine.",
     "With --skip_store the state store is left alone; --wait_spawning returns without waiting\n"
     "until the snapshot is complete."},
};

}  // namespace

absl::Span<const CommandRow> ServerRows() { return kRows; }

}  // namespace weft::fabric
