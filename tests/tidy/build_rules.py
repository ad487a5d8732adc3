"""Rules of the build files that buildifier does not know."""

import re

from rule import each_match, rule

_PACKAGE = 'package(default_visibility = ["//visibility:private"])\n'


def _code(build):
    """A BUILD file without comments."""
    return re.sub(r"#[^\n]*", "", build.text)


@rule(
    "build files are called BUILD.bazel",
    bad=[("common/model/BUILD", "")],
    good=[("common/model/BUILD.bazel", _PACKAGE)],
)
def build_name(file, tree):
    if file.name == "BUILD":
        yield 1, "call it BUILD.bazel"


@rule(
    "packages are private by default",
    bad=[("common/model/BUILD.bazel", 'package(default_visibility = ["//visibility:public"])\n')],
    good=[("common/model/BUILD.bazel", _PACKAGE), ("third_party/a/BUILD.bazel", "")],
)
def private_packages(file, tree):
    if file.is_build and not file.path.startswith("third_party/"):
        pattern = re.compile(r'default_visibility\s*=\s*\["(?!//visibility:private"\])')
        yield from each_match(pattern, file.lines, "'{}': private; each target says who may use it")


@rule(
    "every C++ file belongs to a target",
    bad=[
        {"common/model/a_test.cc": "", "common/model/BUILD.bazel": _PACKAGE},
        ("common/model/a.h", ""),
    ],
    good=[
        {
            "common/model/a.h": "",
            "common/model/BUILD.bazel": 'cc_library(\n    name = "a",\n    hdrs = ["a.h"],\n)\n',
        },
        {
            "tests/histories/sub/a.cc": "",
            "tests/histories/BUILD.bazel": 'cc_library(name = "a", srcs = glob(["sub/*.cc"]))\n',
        },
    ],
)
def no_orphans(file, tree):
    if not file.is_cpp:
        return
    build = tree.package_of(file.path)
    if build is None:
        yield 1, "no BUILD.bazel at or above it: nothing builds it"
        return
    package = build.path.rpartition("/")[0]
    name = file.path[len(package) + 1 :]
    text = _code(build)
    globs = re.findall(r'"([^"\n]*\*[^"\n]*)"', text)
    if f'"{name}"' not in text and not any(_matches(glob, name) for glob in globs):
        yield 1, f"{build.path} does not name it: nothing builds it"


def _matches(glob, name):
    pattern = re.escape(glob).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(pattern, name) is not None


@rule(
    "targets name files that exist",
    bad=[("common/model/BUILD.bazel", 'cc_test(\n    name = "a_test",\n    srcs = ["a_test.cc"],\n)\n')],
    good=[
        {
            "common/model/BUILD.bazel": 'cc_test(name = "a_test", srcs = ["a_test.cc"])\n',
            "common/model/a_test.cc": "",
        }
    ],
)
def files_exist(file, tree):
    if not file.is_build:
        return
    package = file.path.rpartition("/")[0]
    for number, line in enumerate(file.lines, 1):
        for name in re.findall(r'"([\w/.-]+\.(?:cc|h|py|sh|proto))"', line.partition("#")[0]):
            if f"{package}/{name}" not in tree:
                yield number, f"'{name}' does not exist"


@rule(
    "every test of the tree says it in its tags if it starts servers",
    bad=[
        (
            "tests/integration/BUILD.bazel",
            'cc_test(\n    name = "a_test",\n    srcs = ["a_test.cc"],\n)\n',
        )
    ],
    good=[
        (
            "tests/integration/BUILD.bazel",
            'cc_test(\n    name = "a_test",\n    tags = [\n        "exclusive",\n        "integration",\n    ],\n)\n',
        )
    ],
)
def tagged(file, tree):
    match = re.match(r"tests/(simulation|contract|integration|interop|chaos|browser)/", file.path)
    if not file.is_build or not match:
        return
    for test in re.finditer(r"^(cc|sh|py)_test\((.*?)^\)", _code(file), re.DOTALL | re.MULTILINE):
        tags = re.search(r"tags\s*=\s*\[(.*?)\]", test.group(2), re.DOTALL)
        known = re.findall(r'"(\w+)"', tags.group(1)) if tags else []
        if not set(known) & {"simulation", "contract", "integration", "interop", "chaos", "browser", "unit"}:
            line = file.text.count("\n", 0, test.start()) + 1
            yield line, f'expected a tag that names its suite ("{match.group(1)}" or "unit")'
