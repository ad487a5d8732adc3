"""Rules of any text: what the repository does not speak of."""

import re
import subprocess

from rule import each_match, rule

# Written in pieces, so that this file keeps its own rules.
_MACHINE = re.compile(r"(?<![\w.$}])/(" + "|".join(("home", "root", "Users", "work")) + r")/\w")
_HOSTS = re.compile(
    r"\b(registry\.npm" r"js\.org|deb\.deb" r"ian\.org|(security|snapshot)\.deb" r"ian\.org"
    r"|py" r"pi\.org|pythonho" r"sted\.org|proxy\.gol" r"ang\.org|repo1?\.ma" r"ven\S*)"
)
_LATER = re.compile(r"\b(TO" r"DO(?!\(\w+\))|FIX" r"ME|XX" r"X|HA" r"CK)\b")


@rule(
    "no path of one machine",
    bad=[("docs/a.md", "See /" "root/weft.\n"), ("deploy/a", "cd /" "home/me/weft\n")],
    good=[("docs/a.md", "See ~/.cache/weft and $HOME/weft and /var/lib/weft.\n")],
)
def no_machine(file, tree):
    yield from each_match(_MACHINE, file.lines, "'{}' exists on one machine only")


@rule(
    "no host of a package registry",
    bad=[("deploy/a", "curl https://registry.npm" "js.org/x\n")],
    good=[("deploy/a", "npm pack x\n")],
)
def no_registry(file, tree):
    yield from each_match(_HOSTS, file.lines, "'{}': the machine's own configuration names it")


@rule(
    "work left for later has an owner",
    bad=[("common/model/a.h", "// TO" "DO: cache this\n"), ("docs/a.md", "FIX" "ME later\n")],
    good=[("common/model/a.h", "// TO" "DO(maria): cache this once ...\n")],
)
def owned(file, tree):
    if not file.path.startswith("LICENSE"):
        yield from each_match(_LATER, file.lines, "'{}': do it, drop it, or name who will")


@rule(
    "text ends with a newline and has no trailing blanks or tabs",
    bad=[
        ("common/model/a.h", "int a;"),
        ("common/model/b.h", "int a; \n"),
        ("common/model/c.cc", "\tint a;\n"),
    ],
    good=[("common/model/a.h", "int a;\n"), ("common/model/empty.h", "")],
)
def clean_ends(file, tree):
    checked = (".h", ".cc", ".py", ".proto", ".bazel", ".bzl", ".yml", ".yaml", ".sql")
    if not file.path.endswith(checked):
        return
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "no newline at the end"
    yield from each_match(re.compile(r"[ \t]$|^\t"), file.lines, "trailing blank or tab")


@rule(
    "scripts parse",
    bad=[("deploy/a", "#!/bin/bash\nif true; then\n"), ("tests/a.py", "def f(:\n")],
    good=[("deploy/a", "#!/bin/bash\ntrue\n"), ("tests/a.py", "def f():\n    pass\n")],
)
def scripts_parse(file, tree):
    if re.match(r"#!.*\b(bash|sh)$", file.lines[0] if file.lines else ""):
        shell = subprocess.run(["bash", "-n"], input=file.text, text=True, stderr=subprocess.PIPE)
        if shell.returncode != 0:
            yield 1, shell.stderr.strip().splitlines()[-1]
    elif file.path.endswith(".py"):
        try:
            compile(file.text, file.path, "exec")
        except SyntaxError as error:
            yield error.lineno or 1, str(error.msg)


_DECLARATION = re.compile(
    r"^\s*(message|enum|service|rpc)\s+\w+|^\s*([\w.<>, ]+\s)?\w+\s*=\s*\d+"
)
# Said once, in docs/api.md and beside each rpc: what every such field or message is.
_CONVENTIONAL = re.compile(
    r"^\s*(message\s+\w+(Request|Response)\b|\w+\s+(request_id|validate_only|page_size|page_token"
    r"|next_page_token)\s*=)"
)


@rule(
    "every part of the public API is documented",
    bad=[
        ("protos/weft/v1/a.proto", "// A group.\nmessage Group {\n  string name = 1;\n}\n"),
        ("protos/weft/v1/b.proto", "// S.\nservice Groups {\n  rpc Get(A) returns (B);\n}\n"),
    ],
    good=[
        (
            "protos/weft/v1/a.proto",
            "// A group.\nmessage Group {\n  // Its name.\n  string name = 1;\n  string b = 2;  // B.\n}\n",
        ),
        ("protos/weft/v1/b.proto", "// S.\nenum S {\n  S_UNSPECIFIED = 0;\n}\n"),
    ],
)
def documented(file, tree):
    if not re.match(r"protos/.*\.proto$", file.path):
        return
    for number, line in enumerate(file.lines, 1):
        if not _DECLARATION.match(line) or _CONVENTIONAL.match(line) or "_UNSPECIFIED = 0" in line:
            continue
        above = file.lines[number - 2].strip() if number > 1 else ""
        if "//" not in line and not above.startswith("//") and not above.endswith("*/"):
            yield number, f"'{line.strip()[:50]}' has no comment"
