#include "common/fabric/command_rows.h"

namespace weft::fabric {
namespace {

constexpr auto kPlain = CommandKind::kPlain;
constexpr auto kProcedure = CommandKind::kProcedure;
constexpr auto kLocal = CommandKind::kLocal;
constexpr char kReportParameters[] =
    "server_id reporter=unknown error=unknown update_only=False synchronous=True";
constexpr char kProtocolDetails[] =
    "--protocol takes xmlrpc (the default) or mysql, for which a user may have other passwords.";

constexpr CommandRow kRows[] = {
    {"manage", "teardown", kLocal, "", "Remove the state store and all that it holds.",
     "Nothing asks again. The node must not be running."},
    {"manage", "stop", kPlain, "", "Stop the node.", ""},
    {"manage", "setup", kLocal, "", "Create the state store and the user admin.",
     "The password of admin is taken from the configuration file, or asked for."},
    {"manage", "ping", kPlain, "", "Ask whether the node answers.", ""},
    {"manage", "start", kLocal, "daemonize=False", "Start the node.",
     "It runs in the foreground until it is stopped; with --daemonize in the background, writing\n"
     "to the file of logging.url."},
    {"manage", "logging_level", kPlain, "module level", "Change how much the node logs.",
     "level is one of CRITICAL, ERROR, WARNING, INFO and DEBUG."},
    {"manage", "set_ttl", kPlain, "ttl", "Change for how many seconds clients may keep an answer.",
     "", true},
    {"manage", "openfds", kPlain, "", "Count the file descriptors that the node has open.", "",
     true},
    {"role", "list", kLocal, "", "List the roles and what they permit.", ""},
    {"user", "roles", kLocal, "username protocol=None roles=None", "Replace the roles of a user.",
     "--roles is a comma separated list of identifiers or names as `role list` shows them; 0\n"
     "takes all roles away. --protocol takes xmlrpc (the default) or mysql."},
    {"user", "list", kLocal, "", "List the users and their roles.", ""},
    {"user", "add", kLocal, "username protocol=None roles=None", "Add a user.",
     "The password is asked for. --roles is a comma separated list of identifiers or names as\n"
     "`role list` shows them. --protocol takes xmlrpc (the default) or mysql."},
    {"user", "password", kLocal, "username protocol=None", "Change the password of a user.",
     kProtocolDetails},
    {"user", "delete", kLocal, "username protocol=None force=False", "Delete a user.",
     "Asks again unless --force is given. --protocol takes xmlrpc (the default) or mysql."},
    {"threat", "report_error", kProcedure, kReportParameters, "Report that a server gave an error.",
     "Enough reports by enough reporters within a time let the server be taken for dead sooner."},
    {"threat", "report_failure", kProcedure, kReportParameters,
     "Report that a server has certainly failed or cannot be reached.",
     "The report is checked before anything is done about it."},
    {"event", "trigger", kPlain, "event locks[]=None args[]=None kwargs[]=None",
     "Trigger an event by its name.",
     "Each procedure that this starts is listed by its UUID. --locks, --args and --kwargs\n"
     "(name=value) can be given repeatedly."},
    {"event", "wait_for_procedures", kPlain, "proc_uuids[]=None",
     "Wait until procedures have ended and show their results.",
     "--proc_uuids can be given repeatedly."},
};

}  // namespace

absl::Span<const CommandRow> NodeRows() { return kRows; }

}  // namespace weft::fabric
