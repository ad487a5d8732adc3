"""Rules of the documents: what they say of the tree is so."""

import posixpath
import re

from rule import rule

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _slug(heading):
    """The anchor of a heading."""
    text = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _anchors(file):
    return {_slug(line.lstrip("#")) for line in file.lines if re.match(r"#+ ", line)}


@rule(
    "links of documents lead somewhere",
    bad=[
        ("docs/a.md", "See [b](b.md).\n"),
        ("docs/a.md", "# A\nSee [b](#b).\n"),
    ],
    good=[
        {"docs/a.md": "[b](b.md#the-b) [c](../c/d) [w](https://e.org)\n", "docs/b.md": "## The `B`\n",
         "c/d/e.h": ""},
    ],
)
def links(file, tree):
    if not file.path.endswith(".md"):
        return
    for number, line in enumerate(file.lines, 1):
        for target in _LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            full = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path))
            full = file.path if not path else full
            if full not in tree and not any(name.startswith(full + "/") for name in tree.files):
                yield number, f"'{target}' is not there"
            elif anchor and full in tree and anchor not in _anchors(tree.files[full]):
                yield number, f"'{full}' has no heading #{anchor}"


# The first text of a call, or what is assigned to a reason.
_REASON = re.compile(
    r'(?:\.reason = |\w\(\s*(?:absl::StatusCode::\w+,\s*)?(?:&?\w+,\s*){0,2}|\{)'
    r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"'
)
# Handled where it is given, or said before anybody can call.
_NOT_OF_THE_API = {"APPLIER_STOPPED", "BAD_FLAG"}


@rule(
    "docs/api.md lists every reason that the controller gives, and no other",
    bad=[
        {"docs/api.md": "`SEEN_ONCE`\n",
         "services/controller/a.cc": 'Refusal(absl::StatusCode::kAborted, "NEVER_SEEN", "x");\n'},
        {"docs/api.md": "| `NEVER_SEEN` | x |\n", "services/controller/a.cc": "\n"},
    ],
    good=[
        {"docs/api.md": "| `SEEN_ONCE`, `INVALID_ARGUMENT` | x |\n",
         "services/controller/a.cc": 'Refuse({.reason = "SEEN_ONCE"});\n'},
    ],
)
def reasons(file, tree):
    if file.path != "docs/api.md":
        return
    given, known = {}, set()
    for other in tree.files.values():
        if other.is_cpp and not other.is_test and other.path.startswith("services/controller/"):
            for match in _REASON.finditer(other.text):
                given.setdefault(match.group(1), other.path)
        if other.is_cpp and not other.is_test:
            known.update(text for _, text in other.literals)
    listed = {word: number for number, line in enumerate(file.lines, 1) if line.startswith("|")
              for word in re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", line.split("|")[1])}
    for reason, path in sorted(given.items()):
        variable = reason.startswith("WEFT_")  # of a hook's environment
        if reason not in listed and reason not in _NOT_OF_THE_API and not variable:
            yield 1, f"'{reason}' of {path} is not listed"
    for reason, number in listed.items():
        code = reason in ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION",
                          "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED")
        composed = reason.startswith(("ACCOUNT_", "PRIVILEGES_"))
        if reason not in known and not code and not composed:
            yield number, f"'{reason}' is given by nobody"


@rule(
    "docs/safety.md names the file of every guard beside its rule",
    bad=[
        {"docs/safety.md": "| 3 | `a.cc` |\n",
         "services/controller/core/b.cc": "if (x) return;  // guard: rule 3\n"},
    ],
    good=[
        {"docs/safety.md": "| 3 | a promise |\n| 3 | `a.cc` `b.cc` |\n",
         "services/controller/core/b.cc": "if (x) return;  // guard: rule 3\n"},
    ],
)
def guards(file, tree):
    if file.path != "docs/safety.md":
        return
    rows = {}
    for line in file.lines:
        match = re.match(r"\| (\d+) \|", line)
        if match:
            rows[match.group(1)] = rows.get(match.group(1), "") + line
    for other in tree.files.values():
        if not other.path.endswith(".cc") or not other.path.startswith("services/"):
            continue
        for number in set(re.findall(r"// guard: rule (\d+)", other.text)):
            if f"`{other.name}`" not in rows.get(number, ""):
                yield 1, f"the row of rule {number} does not name {other.path}"
