"""Rules of size. What is over today is listed in ratchet.txt and may only shrink."""

import ast
import pathlib
import re

from rule import rule

FILE_LINES = 400
FUNCTION_LINES = 60
SOURCES = (".cc", ".h", ".py", ".sh", ".bzl", ".go", ".js", ".ts")


def read_ratchet(text):
    """{(kind, name): allowed lines}. Each line: kind, path or path:function, number, why."""
    allowed = {}
    for line in text.splitlines():
        words = line.split(None, 3)
        if words and not line.startswith("#"):
            allowed[words[0], words[1]] = int(words[2])
    return allowed


def ratchet():
    return read_ratchet(pathlib.Path(__file__).with_name("ratchet.txt").read_text())


@rule(
    "files stay under 400 lines",
    bad=[("common/model/a.cc", "int x;\n" * 400)],
    good=[("common/model/a.cc", "int x;\n" * 399), ("docs/a.md", "x\n" * 1000)],
)
def short_files(file, tree):
    limit = ratchet().get(("file", file.path), FILE_LINES - 1)
    script = "." not in file.name and file.text.startswith("#!")
    if (file.path.endswith(SOURCES) or script) and len(file.lines) > limit:
        yield len(file.lines), f"{len(file.lines)} lines, {limit} allowed: split it by what it does"


def cpp_functions(code):
    """(name, first line, last line) of each function body at namespace or class scope.

    `code` has neither comments nor strings (see tree.File.code). A brace opens a body if what
    stands before it, since the last statement, has a parameter list and is no type or namespace.
    """
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    stack, head, line = [], "", 1
    for character in code:
        if character == "\n":
            line += 1
        if character == "{":
            inside = any(kind == "body" for kind, _, _ in stack)
            stack.append((_kind_of(head, inside), _name_of(head), line))
            head = ""
        elif character == "}":
            kind, name, first = stack.pop() if stack else ("block", "", line)
            if kind == "body":
                yield name, first, line
            # A member initializer's braces are part of what stands before the body.
            head = " )" if kind == "initializer" else ""
        elif character == ";":
            head = ""
        else:
            head += character


def _kind_of(head, inside_body):
    if inside_body:
        return "block"
    if re.search(r"\b(namespace|extern)\b", head) and "(" not in head:
        return "scope"
    if re.search(r"\b(class|struct|union|enum)\b[^()]*$", head):
        return "scope"
    if ")" not in head or re.search(r"=\s*$", head):
        return "block"
    after = head[head.rindex(")") + 1 :]
    return "initializer" if re.search(r"[,:]\s*\w+(<.*>)?\s*$", after) and "->" not in after else "body"


def _name_of(head):
    test = re.search(r"\bTEST(?:_[FP])?\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    names = re.findall(r"([~\w:]+|operator\S+)\s*\(", head)
    return names[0] if names else "function"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


LONG = "int Long(int a) {\n" + "  ++a;\n" * 60 + "}\n"


@rule(
    "functions stay under 60 lines",
    bad=[
        ("common/model/a.cc", "namespace weft {\n" + LONG + "}\n"),
        ("common/model/b.cc", "class A {\n public:\n  A() : a_{1}, b_(2) {\n" + "f();\n" * 60 + "}};\n"),
        ("tests/a.py", "def long():\n" + "    pass\n" * 60),
    ],
    good=[
        ("common/model/a.h", "class A {\n" + "  int F() const { return 1; }\n" * 80 + "};\n"),
        ("common/model/b.cc", "const int kTable[] = {\n" + "  1,\n" * 80 + "};\n"),
    ],
)
def short_functions(file, tree):
    if file.is_cpp:
        functions = cpp_functions(file.code)
    elif file.path.endswith(".py"):
        functions = python_functions(file.text)
    else:
        return
    for name, first, last in functions:
        length = last - first + 1
        limit = ratchet().get(("function", f"{file.path}:{name}"), FUNCTION_LINES)
        if length > limit:
            yield first, f"{name} has {length} lines, {limit} allowed: name its parts"
