"""Rules of the floors: who may include what. Bazel's visibility enforces the rest."""

import re

from rule import rule

TESTS = 6
# The first pattern that matches a path says its floor.
FLOORS = [
    (re.compile(pattern), floor)
    for pattern, floor in (
        (r"^tests/|_test\.cc$|/testing/", TESTS),
        (r"^common/(access|base|fabric|model|version)/", 0),
        (r"^common/log/", 2),
        (r"^common/(mysql|mysqld|rpc)/", 3),
        (r"^services/[^/]+/main\.cc$", 5),
        (r"^services/controller/core/", 1),
        (r"^services/monitor/detector", 1),
        (r"^services/provisioner/recipes", 1),
        (r"^services/provisioner/scaling/plan", 1),
        (r"^services/gateway/mysqlrpc/", 1),
        (r"^services/cli/render", 1),
        (r"^services/[^/]+/ports/", 2),
        (r"^services/[^/]+/mysql/", 3),
        (r"^services/", 4),
    )
]
PURE = 1
LAST_WITHOUT_PROTO = 2


def floor_of(path):
    for pattern, floor in FLOORS:
        if pattern.search(path):
            return floor
    return None


def service_of(path):
    match = re.match(r"services/([^/]+)/", path)
    return match.group(1) if match else None


@rule(
    "every C++ file stands on a floor",
    bad=[("common/gadgets/a.h", "#pragma once\n")],
    good=[("common/model/a.h", "#pragma once\n")],
)
def has_floor(file, tree):
    if file.is_cpp and floor_of(file.path) is None:
        yield 1, "this folder has no floor; give it one in tests/tidy/floors.py"


@rule(
    "includes go down only",
    bad=[
        ("common/model/a.h", '#include "common/mysql/session.h"\n'),
        ("services/controller/core/a.cc", '#include "services/controller/reconciler.h"\n'),
        ("services/controller/ports/a.h", '#include "services/controller/mysql/b.h"\n'),
    ],
    good=[
        ("services/controller/reconciler.cc", '#include "services/controller/core/decide.h"\n'),
        ("services/controller/core/a.cc", '#include "common/model/gtid_set.h"\n'),
    ],
)
def includes_down(file, tree):
    if not file.is_cpp:
        return
    own = floor_of(file.path)
    for line, path in file.includes:
        other = floor_of(path)
        if own is not None and other is not None and other > own:
            yield line, f"floor {own} includes {path} of floor {other}"


@rule(
    "no service includes another",
    bad=[("services/monitor/a.cc", '#include "services/controller/core/decide.h"\n')],
    good=[("services/monitor/a_test.cc", '#include "services/controller/core/decide.h"\n')],
)
def services_apart(file, tree):
    if not file.is_cpp or file.is_test:
        return
    own = service_of(file.path)
    for line, path in file.includes:
        other = service_of(path)
        if other is not None and other != own:
            yield line, f"{path} belongs to another service; talk to it by its API"


@rule(
    "what ships includes nothing of the tests",
    bad=[
        ("services/monitor/a.cc", '#include "services/monitor/testing/fake.h"\n'),
        ("common/mysql/a.cc", '#include "gtest/gtest.h"\n'),
        ("common/mysql/b.cc", "#include <gmock/gmock.h>\n"),
    ],
    good=[("common/mysql/a_test.cc", '#include "gtest/gtest.h"\n')],
)
def no_tests_shipped(file, tree):
    if not file.is_cpp or file.is_test:
        return
    for line, path in file.includes:
        if path.startswith("tests/") or "/testing/" in path or re.match(r"<?g(test|mock)/", path):
            yield line, f"{path} is for tests only"


@rule(
    "no generated API on floors 0 to 2",
    bad=[
        ("common/model/a.h", '#include "protos/weft/v1/groups.pb.h"\n'),
        ("services/controller/core/a.h", "#include <grpcpp/grpcpp.h>\n"),
        ("services/controller/ports/a.h", '#include "protos/weft/v1/groups.grpc.pb.h"\n'),
    ],
    good=[("services/controller/a.cc", '#include "protos/weft/v1/groups.pb.h"\n')],
)
def no_proto_below(file, tree):
    floor = floor_of(file.path)
    if not file.is_cpp or floor is None or floor > LAST_WITHOUT_PROTO:
        return
    for line, path in file.includes:
        if path.endswith(".pb.h") or re.match(r"<?(grpcpp|google/protobuf)/", path):
            yield line, f"floor {floor} includes {path}; convert above it"


@rule(
    "pure code has neither clock nor log",
    bad=[
        ("services/controller/core/a.cc", '#include "common/base/clock.h"\n'),
        ("services/monitor/detector.cc", '#include "common/log/log.h"\n'),
    ],
    good=[
        ("services/monitor/prober.cc", '#include "common/base/clock.h"\n'),
        ("services/monitor/detector_test.cc", '#include "common/base/manual_clock.h"\n'),
    ],
)
def pure_is_pure(file, tree):
    if not file.is_cpp or floor_of(file.path) != PURE:
        return
    for line, path in file.includes:
        if re.match(r"common/(base/(manual_)?clock\.h|log/)", path):
            yield line, f"{path}: time is an argument here, and what there is to say is a result"


CONNECTOR = re.compile(r"<?(cppconn/|mysql_(driver|connection|error)\.h|mysql/|mysql\.h|mariadb)")


@rule(
    "the connector stays in common/mysql",
    bad=[
        ("services/controller/mysql/a.cc", "#include <cppconn/exception.h>\n"),
        ("tests/contract/a.cc", "#include <mysql_driver.h>\n"),
        (
            "common/mysqld/BUILD.bazel",
            'cc_library(name = "a", deps = ["@mysql_connector_cpp//:mysqlcppconn"])\n',
        ),
    ],
    good=[
        ("common/mysql/session.cc", "#include <mysql_driver.h>\n"),
        ("services/controller/mysql/a.cc", '#include "common/mysql/session.h"\n'),
    ],
)
def connector_stays(file, tree):
    if file.path.startswith(("common/mysql/", "third_party/")):
        return
    if file.is_cpp:
        for line, path in file.includes:
            if CONNECTOR.match(path):
                yield line, f"{path} is the connector's; use common/mysql/session.h"
    elif file.is_build:
        for line, text in enumerate(file.lines, 1):
            if "@mysql_connector_cpp" in text:
                yield line, "depend on //common/mysql instead of the connector"
