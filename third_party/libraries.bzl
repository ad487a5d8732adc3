"""Every library that Weft links, and the name by which BUILD files call it."""

load("//third_party/bazel:system_library.bzl", "system_repository", "system_tools")

def _absl(*targets, **others):
    """Maps absl/PACKAGE:TARGET to its pkg-config module, which Debian names absl_TARGET."""
    libraries = {}
    for target in targets:
        libraries["absl/" + target] = ["pkg-config:absl_" + target.rpartition(":")[2]]
    for target, module in others.pop("named").items():
        libraries["absl/" + target] = ["pkg-config:absl_" + module]
    return libraries

def system_libraries():
    """Declares the repositories; called once, by WORKSPACE."""
    system_repository(
        name = "boost",
        debian = ["libboost-dev"],
        headers = ["boost/asio.hpp"],
        libraries = {":asio": ["-lpthread"]},
    )
    system_repository(
        name = "cli11",
        debian = ["libcli11-dev"],
        headers = ["CLI/CLI.hpp"],
        libraries = {":cli11": []},
    )
    system_repository(
        name = "com_github_grpc_grpc",
        debian = ["libgrpc++-dev"],
        headers = ["grpcpp/grpcpp.h"],
        libraries = {
            ":grpc++": ["-lgrpc++", "-lgrpc", "-lgpr", "-lpthread"],
            ":grpc++_error_details": ["-lgrpc++_error_details"],
            # Reflection registers itself in a static initializer that nothing refers to.
            ":grpc++_reflection": [
                "-Wl,--push-state,--no-as-needed",
                "-lgrpc++_reflection",
                "-Wl,--pop-state",
            ],
        },
        library_deps = {
            ":grpc++": ["@com_google_protobuf//:protobuf"],
            ":grpc++_error_details": [":grpc++"],
            ":grpc++_reflection": [":grpc++"],
        },
    )
    system_repository(
        name = "com_github_jupp0r_prometheus_cpp",
        debian = ["prometheus-cpp-dev"],
        headers = ["prometheus/registry.h"],
        libraries = {
            ":core": ["-lprometheus-cpp-core"],
            ":pull": ["-lprometheus-cpp-pull"],
        },
        library_deps = {":pull": [":core"]},
    )
    system_repository(
        name = "com_google_absl",
        debian = ["libabsl-dev"],
        libraries = _absl(
            "algorithm:algorithm",
            "base:base",
            "base:core_headers",
            "base:log_severity",
            "cleanup:cleanup",
            "container:btree",
            "container:fixed_array",
            "container:flat_hash_map",
            "container:flat_hash_set",
            "container:inlined_vector",
            "container:node_hash_map",
            "container:node_hash_set",
            "debugging:failure_signal_handler",
            "debugging:stacktrace",
            "debugging:symbolize",
            "functional:any_invocable",
            "functional:bind_front",
            "functional:function_ref",
            "hash:hash",
            "memory:memory",
            "meta:type_traits",
            "numeric:bits",
            "numeric:int128",
            "status:status",
            "status:statusor",
            "strings:cord",
            "strings:str_format",
            "strings:strings",
            "time:time",
            "types:optional",
            "types:span",
            "types:variant",
            "utility:utility",
            named = {
                "algorithm:container": "algorithm_container",
                "flags:config": "flags_config",
                "flags:flag": "flags",
                "flags:parse": "flags_parse",
                "flags:reflection": "flags_reflection",
                "flags:usage": "flags_usage",
                "random:bit_gen_ref": "random_bit_gen_ref",
                "random:random": "random_random",
            },
        ),
    )
    system_repository(
        name = "com_google_benchmark",
        debian = ["libbenchmark-dev"],
        headers = ["benchmark/benchmark.h"],
        libraries = {
            ":benchmark": ["-lbenchmark", "-lpthread"],
            ":benchmark_main": ["-lbenchmark_main", "-lbenchmark", "-lpthread"],
        },
    )
    system_repository(
        name = "com_google_googletest",
        debian = [
            "libgmock-dev",
            "libgtest-dev",
        ],
        headers = [
            "gmock/gmock.h",
            "gtest/gtest.h",
        ],
        libraries = {
            ":gtest": ["-lgmock", "-lgtest", "-lpthread"],
            ":gtest_main": ["-lgmock_main", "-lgmock", "-lgtest", "-lpthread"],
        },
    )
    system_repository(
        name = "com_google_protobuf",
        debian = ["libprotobuf-dev"],
        headers = ["google/protobuf/message.h"],
        libraries = {":protobuf": ["-lprotobuf", "-lpthread"]},
    )
    system_repository(
        name = "curl",
        debian = ["libcurl4-openssl-dev"],
        libraries = {":curl": ["-lcurl"]},
    )
    system_repository(
        name = "expat",
        debian = ["libexpat1-dev"],
        headers = ["expat.h"],
        libraries = {":expat": ["-lexpat"]},
    )
    system_repository(
        name = "inih",
        debian = ["libinih-dev"],
        headers = ["ini.h"],
        libraries = {":inih": ["-linih"]},
    )
    system_repository(
        name = "libmicrohttpd",
        debian = ["libmicrohttpd-dev"],
        headers = ["microhttpd.h"],
        libraries = {":microhttpd": ["-lmicrohttpd"]},
    )

    # What the connector below is built on.
    system_repository(
        name = "mariadb_client",
        debian = ["libmariadb-dev"],
        headers = ["mariadb/mysql.h"],
        libraries = {":mariadb": ["-lmariadb"]},
    )
    system_repository(
        name = "mysql_connector_cpp",
        debian = [
            "libboost-dev",
            "libmysqlcppconn-dev",
        ],
        headers = ["mysql_driver.h"],
        libraries = {":mysqlcppconn": ["-lmysqlcppconn"]},
    )
    system_repository(
        name = "nlohmann_json",
        debian = ["nlohmann-json3-dev"],
        headers = ["nlohmann/json.hpp"],
        libraries = {":json": []},
    )
    system_repository(
        name = "openssl",
        debian = ["libssl-dev"],
        headers = ["openssl/ssl.h"],
        libraries = {
            ":crypto": ["-lcrypto"],
            ":ssl": [
                "-lssl",
                "-lcrypto",
            ],
        },
    )
    system_repository(
        name = "readline",
        debian = ["libreadline-dev"],
        headers = ["readline/readline.h"],
        libraries = {":readline": ["-lreadline"]},
    )
    system_repository(
        name = "spdlog",
        debian = ["libspdlog-dev"],
        headers = ["spdlog/spdlog.h"],
        libraries = {
            ":spdlog": [
                "-DSPDLOG_COMPILED_LIB",
                "-DSPDLOG_FMT_EXTERNAL",
                "-DSPDLOG_SHARED_LIB",
                "-lspdlog",
                "-lfmt",
                "-lpthread",
            ],
        },
    )
    system_repository(
        name = "yaml_cpp",
        debian = ["libyaml-cpp-dev"],
        headers = ["yaml-cpp/yaml.h"],
        libraries = {":yaml-cpp": ["-lyaml-cpp"]},
    )
    system_repository(
        name = "zlib",
        debian = ["zlib1g-dev"],
        headers = ["zlib.h"],
        libraries = {":zlib": ["-lz"]},
    )
    system_tools(
        name = "protobuf_tools",
        debian = [
            "protobuf-compiler",
            "protobuf-compiler-grpc",
        ],
        tools = [
            "grpc_cpp_plugin",
            "protoc",
        ],
    )
