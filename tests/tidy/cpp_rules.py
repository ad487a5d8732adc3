"""Rules of C++ text: what may be called where."""

import re

from rule import each_match, rule


def shipped(file):
    return file.is_cpp and not file.is_test


@rule(
    "time comes from common/base/clock.h",
    bad=[
        ("services/monitor/a.cc", "absl::Time t = absl::Now();\n"),
        ("tests/chaos/a.cc", "auto t = std::chrono::steady_clock::now();\n"),
        ("common/rpc/a.cc", "time_t t = time(nullptr);\n"),
    ],
    good=[
        ("common/base/clock.cc", "absl::Time t = absl::Now();\n"),
        ("common/rpc/a.cc", "absl::Time t = clock->Now();  // not absl::Now()\n"),
    ],
)
def one_clock(file, tree):
    pattern = re.compile(
        r"absl::(Now|GetCurrentTimeNanos)\(|chrono::\w+_clock|\bclock_gettime\(|\bgettimeofday\("
        r"|(?<![\w.>:])(std::|::)?time\((nullptr|NULL|0)\)"
    )
    if file.is_cpp and not file.path.startswith("common/base/"):
        yield from each_match(pattern, file.code_lines, "'{}': take a Clock or a time")


@rule(
    "nothing sleeps but the clock",
    bad=[
        ("tests/chaos/a.cc", "std::this_thread::sleep_for(1s);\n"),
        ("services/monitor/a.cc", "absl::SleepFor(absl::Seconds(1));\n"),
        ("common/mysqld/a.cc", "usleep(10);\n"),
    ],
    good=[("services/monitor/a.cc", "clock->Sleep(absl::Seconds(1));\n")],
)
def no_sleep(file, tree):
    pattern = re.compile(r"\bsleep_(for|until)\b|\bSleepFor\b|(?<![\w.>])(::)?(u|nano)?sleep\(")
    if file.is_cpp and not file.path.startswith("common/base/clock"):
        yield from each_match(pattern, file.code_lines, "'{}': wait on a condition, or Clock::Sleep")


@rule(
    "locks come from common/base/mutex.h",
    bad=[
        ("common/rpc/a.h", "absl::Mutex mutex_;\n"),
        ("common/rpc/b.h", "#include <mutex>\nstd::mutex mutex_;\n"),
        ("common/rpc/c.h", '#include "absl/synchronization/notification.h"\n'),
    ],
    good=[("common/rpc/a.h", "Mutex mutex_;\n"), ("common/base/mutex.h", "std::mutex mutex_;\n")],
)
def one_mutex(file, tree):
    pattern = re.compile(
        r"absl::(Mutex\w*|CondVar|Notification|BlockingCounter|ReaderMutexLock)\b"
        r"|std::((shared_|recursive_|timed_)?mutex|lock_guard|unique_lock|scoped_lock|"
        r"condition_variable\w*)\b"
    )
    if not file.is_cpp or file.path.startswith("common/base/mutex"):
        return
    yield from each_match(pattern, file.code_lines, "'{}': use weft::Mutex, which TSan understands")
    for line, path in file.includes:
        if path.startswith("absl/synchronization/"):
            yield line, f"{path}: use common/base/mutex.h, which TSan understands"


@rule(
    "flags end in main.cc",
    bad=[
        ("services/monitor/prober.cc", "ABSL_FLAG(int, port, 1, 2);\n"),
        ("services/monitor/a.cc", "int p = absl::GetFlag(FLAGS_port);\n"),
    ],
    good=[("services/monitor/main.cc", "ABSL_FLAG(int, port, 1, 2);\n")],
)
def flags_in_main(file, tree):
    pattern = re.compile(r"\bABSL_(DECLARE_)?FLAG\(|absl::[GS]etFlag\b")
    if file.is_cpp and not file.name.endswith("main.cc"):
        yield from each_match(pattern, file.code_lines, "'{}': take an Options struct")


# Names of privileges, alone in a literal, read like statements.
PRIVILEGES = ("SHOW VIEW", "SHOW DATABASES", "LOCK TABLES")
SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+(INTO|IGNORE)\s|REPLACE\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|USER|DATABASE|SCHEMA|ROLE|INDEX|FUNCTION|EVENT|TRIGGER)\s"
    r"|SET\s+(GLOBAL|SESSION|PERSIST|PERSIST_ONLY|@@\S*|\w+\s*=)\s?|SHOW\s+[A-Z]|(CHANGE|RESET)\s+[A-Z]"
    r"|(START|STOP)\s+(REPLICA|SLAVE|TRANSACTION|GROUP_REPLICATION)|GRANT\s|REVOKE\s|FLUSH\s+[A-Z]"
    r"|KILL\s|PURGE\s|(UN)?INSTALL\s+(PLUGIN|COMPONENT)|CLONE\s|LOCK\s+(TABLES|INSTANCE)"
    r"|UNLOCK\s+(TABLES|INSTANCE)|TRUNCATE\s|CALL\s|XA\s)"
)


@rule(
    "SQL stands in *_sql.h and schema/*.sql",
    bad=[
        ("services/controller/mysql/a.cc", 'session->Run("SELECT 1 FROM t");\n'),
        ("common/mysql/b.cc", 'Run("STOP REPLICA IO_THREAD");\n'),
        ("common/mysql/c.cc", 'Run(R"(\n  UPDATE weft.groups SET epoch = 1)");\n'),
    ],
    good=[
        ("common/mysql/dialect_sql.h", 'constexpr char k[] = "SELECT 1 FROM t";\n'),
        ("common/mysql/a.cc", 'Fail("SELECTED nothing"); // "SELECT 1"\n'),
        ("common/mysql/a_test.cc", 'Run("SELECT 1");\n'),
    ],
)
def sql_in_its_place(file, tree):
    if not shipped(file) or re.search(r"_sql\.(h|cc)$", file.path):
        return
    for line, literal in file.literals:
        if SQL.match(literal.replace("\\n", "\n")) and literal not in PRIVILEGES:
            yield line, f"'{literal.strip()[:40]}': SQL text exists once, in a *_sql.h, with a name"


@rule(
    "interfaces take absl::string_view",
    bad=[("common/model/a.h", "bool Valid(std::string_view name);\n")],
    good=[("common/model/a.h", "bool Valid(absl::string_view name);\n")],
)
def absl_string_view(file, tree):
    if file.is_cpp:
        pattern = re.compile(r"std::string_view\b")
        yield from each_match(pattern, file.code_lines, "'{}' is not Debian's absl::string_view")


@rule(
    "a skipped test says why",
    bad=[("common/model/a_test.cc", "GTEST_SKIP();\n")],
    good=[("common/model/a_test.cc", 'GTEST_SKIP() << "no mysqld";\n')],
)
def skip_with_reason(file, tree):
    if file.is_cpp:
        yield from each_match(re.compile(r"GTEST_SKIP\(\)\s*;"), file.code_lines, "'{}': << why")


@rule(
    "no test is switched off",
    bad=[("common/model/a_test.cc", "TEST(GtidSetTest, DISABLED_Merges) {}\n")],
    good=[("common/model/a_test.cc", "TEST(GtidSetTest, Merges) {}\n")],
)
def none_disabled(file, tree):
    if file.is_cpp:
        yield from each_match(re.compile(r"\bDISABLED_\w+"), file.code_lines, "'{}' never runs")


@rule(
    "headers begin with #pragma once",
    bad=[("common/model/a.h", "#ifndef A_H_\n#define A_H_\n#endif\n")],
    good=[("common/model/a.h", "// What it is.\n#pragma once\n")],
)
def pragma_once(file, tree):
    if file.path.endswith(".h") and "#pragma once" not in file.lines[:10]:
        yield 1, "expected #pragma once near the top"


@rule(
    "nothing is called util, helper or manager",
    bad=[
        ("common/model/string_util.h", "#pragma once\n"),
        ("common/model/a.h", "class GroupManager {};\n"),
    ],
    good=[("common/model/a.h", "class Group {};\n")],
)
def says_what_it_is(file, tree):
    if file.path.startswith("third_party/"):
        return
    if re.search(r"(util|utils|helper|helpers|manager)(_test)?\.\w+$", file.path):
        yield 1, "the name says nothing about what it does"
    if file.is_cpp:
        pattern = re.compile(r"\b(class|struct|namespace)\s+\w*(Util|Utils|Helper|Manager|util)s?\b")
        yield from each_match(pattern, file.code_lines, "'{}': the name says nothing")


@rule(
    "old replication words live in the legacy gateway and the dialects",
    bad=[
        ("services/controller/a.h", "int slave_count = 0;\n"),
        ("common/model/a.h", "Server FindMaster();\n"),
    ],
    good=[
        ("services/gateway/a.cc", "int slave_count = 0;\n"),
        ("services/controller/a.h", "int replica_count = 0;\n"),
    ],
)
def todays_words(file, tree):
    exempt = ("services/gateway/", "common/mysql/", "common/mysqld/", "tests/interop/")
    if file.is_cpp and not file.path.startswith(exempt) and "_sql." not in file.path:
        pattern = re.compile(r"\b\w*([Ss]lave|[Mm]aster)\w*\b")
        yield from each_match(pattern, file.code_lines, "'{}': source/replica, primary/secondary")
