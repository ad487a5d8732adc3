"""What people get wrong on the command line, and how they are told."""

# As services/cli/exit_code.h has them.
FAILED, USAGE, NOT_FOUND, UNAVAILABLE, PERMISSION, CONFLICT = 1, 2, 3, 4, 5, 6
ATTENTION, INTERRUPTED = 8, 130

NOBODY = "00000000-0000-4000-8000-000000000000"

# What is wrong, the exit code, the reason, and the command. {primary}, {secondary}: servers of g1,
# which has a primary; {stranger}: a server of g2, which has none; {store}: the state store;
# {closed}: a port where nobody listens.
TABLE = [
    # --- words that mean nothing
    ("an unknown noun", USAGE, "USAGE", "frobnicate g1"),
    ("an unknown verb", USAGE, "USAGE", "group frobnicate g1"),
    ("an unknown option", USAGE, "USAGE", "group show g1 --frobnicate"),
    ("a missing argument", USAGE, "USAGE", "group show"),
    ("an argument too many", USAGE, "USAGE", "group show g1 g2"),
    ("a malformed number", USAGE, "USAGE", "group promote g1 --expected-epoch seven"),
    ("a negative number", USAGE, "USAGE", "group set g1 --acknowledgements=-1"),
    ("a malformed time", USAGE, "USAGE", "group promote g1 --write-stop-budget banana"),
    ("an unknown policy", USAGE, "USAGE", "group create g3 --durability paranoid"),
    ("an unknown status", USAGE, "USAGE", "server set {secondary} --status KING"),
    ("an unknown duty", USAGE, "USAGE", "account rotate sweeping"),

    # --- what does not exist
    ("an unknown group", NOT_FOUND, "UNKNOWN_GROUP", "group show nosuch"),
    ("a promotion of an unknown group", NOT_FOUND, "UNKNOWN_GROUP", "group promote nosuch"),
    ("an addition to an unknown group", NOT_FOUND, "UNKNOWN_GROUP", "group add nosuch {secondary}"),
    ("an explanation of an unknown group", NOT_FOUND, "UNKNOWN_GROUP", "why nosuch"),
    ("an unknown server by address", NOT_FOUND, "UNKNOWN_SERVER", "server show 127.0.0.1:{closed}"),
    ("an unknown server by uuid", NOT_FOUND, "UNKNOWN_SERVER", f"server show {NOBODY}"),
    ("a promotion of an unknown server", NOT_FOUND, "UNKNOWN_SERVER", f"group promote g1 {NOBODY}"),
    ("a promotion of another group's server", NOT_FOUND, "UNKNOWN_SERVER",
     "group promote g1 {stranger}"),
    ("a removal of another group's server", NOT_FOUND, "UNKNOWN_SERVER",
     "group remove g1 {stranger}"),
    ("an unknown operation", NOT_FOUND, "UNKNOWN_OPERATION", f"operation show {NOBODY}"),

    # --- malformed names
    ("a malformed uuid", USAGE, "MALFORMED_SERVER", "server show not/a/server"),
    ("a malformed operation", USAGE, "MALFORMED_OPERATION", "operation show 17"),
    ("a name with a double quote", USAGE, "MALFORMED_GROUP", 'group create a"b'),
    ("a name with a single quote", USAGE, "MALFORMED_GROUP", "group create a'b"),
    ("a name with a blank", USAGE, "MALFORMED_GROUP", ["group", "create", "a b"]),
    ("a name with a line break", USAGE, "MALFORMED_GROUP", ["group", "create", "a\nb"]),
    ("a name of 65 characters", USAGE, "MALFORMED_GROUP", f"group create {'g' * 65}"),
    ("a name of other letters", USAGE, "MALFORMED_GROUP", "group create größe"),

    # --- malformed addresses
    ("an address without a port's number", USAGE, "MALFORMED_ADDRESS", "group add g1 127.0.0.1:"),
    ("an address with a word as port", USAGE, "MALFORMED_ADDRESS", "group add g1 127.0.0.1:mysql"),
    ("a port beyond 65535", USAGE, "MALFORMED_ADDRESS", "group add g1 127.0.0.1:99999"),
    ("a port of zero", USAGE, "MALFORMED_ADDRESS", "group add g1 127.0.0.1:0"),
    ("an address without a host", USAGE, "MALFORMED_ADDRESS", "group add g1 :3306"),
    ("a host with a blank", USAGE, "MALFORMED_ADDRESS", ["group", "add", "g1", "db one:3306"]),
    ("an IPv6 address with a port of six digits", USAGE, "MALFORMED_ADDRESS",
     "group add g1 [::1]:123456"),
    ("an IPv6 address half in brackets", USAGE, "MALFORMED_ADDRESS", "group add g1 [fe80::1"),
    ("a malformed address to look up", USAGE, "MALFORMED_ADDRESS", "server lookup-uuid x:y:z"),

    # --- servers that cannot be taken
    ("an unreachable server", UNAVAILABLE, "SERVER_UNREACHABLE", "group add g1 127.0.0.1:{closed}"),
    ("an unreachable server by IPv6", UNAVAILABLE, "SERVER_UNREACHABLE",
     "group add g1 [::1]:{closed}"),
    ("a host that has no address", UNAVAILABLE, "SERVER_UNREACHABLE",
     "group add g1 nosuch.invalid:3306"),
    ("a server of this group", CONFLICT, "UUID_TAKEN", "group add g1 {secondary}"),
    ("a server of another group", CONFLICT, "UUID_TAKEN", "group add g1 {stranger}"),
    ("the state store as a server", FAILED, "STATE_STORE", "group add g1 {store}"),
    ("an adoption of owned servers", CONFLICT, "UUID_TAKEN", "group adopt {primary} g3"),
    ("an adoption of nothing", UNAVAILABLE, "SERVER_UNREACHABLE",
     "group adopt 127.0.0.1:{closed} g3"),

    # --- what may not be done now
    ("a group that exists", CONFLICT, "GROUP_EXISTS", "group create g1"),
    ("the end of a group with servers", FAILED, "GROUP_NOT_EMPTY", "group destroy g1"),
    ("a change on an old etag", CONFLICT, "ETAG_MOVED",
     "group set g1 --description x --etag 0"),
    ("a promotion in another epoch", CONFLICT, "EPOCH_MOVED",
     "group promote g1 --expected-epoch 99"),
    ("a promotion after another primary", CONFLICT, "PRIMARY_MOVED",
     "group promote g1 --expected-primary {secondary}"),
    ("a demotion of a group without primary", FAILED, "NO_PRIMARY", "group demote g2 --yes"),
    ("a demotion that nobody confirms", FAILED, "CONFIRMATION_MISSING", "group demote g1"),
    ("the removal of the primary", FAILED, "SERVER_IS_PRIMARY", "group remove g1 {primary}"),
    ("a rejoin of a server that is in its place", FAILED, "NOT_SET_ASIDE",
     "server rejoin {secondary}"),

    # --- illegal statuses, modes, weights
    ("a primary by decree", FAILED, "ILLEGAL_TRANSITION",
     "server set {secondary} --status primary"),
    ("a secondary declared faulty", FAILED, "ILLEGAL_TRANSITION",
     "server set {secondary} --status faulty"),
    ("a primary made spare", FAILED, "ILLEGAL_TRANSITION", "server set {primary} --status spare"),
    ("a secondary that takes writes", FAILED, "ILLEGAL_MODE",
     "server set {secondary} --mode read_write"),
    ("a primary that takes nothing", FAILED, "ILLEGAL_MODE", "server set {primary} --mode offline"),
    ("a weight above one", USAGE, "WEIGHT_OUT_OF_RANGE", "server set {secondary} --weight 1.5"),
    ("a weight below zero", USAGE, "WEIGHT_OUT_OF_RANGE", "server set {secondary} --weight=-0.5"),
    ("more acknowledgements than servers can give", USAGE, "BAD_ACKNOWLEDGEMENTS",
     "group set g1 --acknowledgements 70000"),
    ("a promotion rule that is none", USAGE, "USAGE",
     "server set {secondary} --promotion-rule never"),
    ("a zone that names a path", USAGE, "MALFORMED_ZONE",
     "server set {secondary} --zone a/b"),
    ("a change of nothing", USAGE, "USAGE", "server set {secondary}"),

    # --- the way to the controller
    ("a controller that is not there", UNAVAILABLE, "CONTROLLER_UNREACHABLE",
     "group list --controller 127.0.0.1:{closed}"),
]
