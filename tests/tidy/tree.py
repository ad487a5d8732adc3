"""The files of the repository as the rules see them."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

# One token at a time: comment, raw string, string, character; what matches none of them is code.
_TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<mark>[^()\s\\]{0,16})\((?P<content>.*?)\)(?P=mark)")
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<char>(?<![0-9A-Za-z_])'(?:[^'\\\n]|\\.)*')""",
    re.DOTALL | re.VERBOSE,
)


class File:
    """A text file. `path` is relative to the root, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.name = path.rpartition("/")[2]

    @property
    def is_cpp(self):
        return self.path.endswith((".cc", ".h"))

    @property
    def is_test(self):
        """Part of tests only: never linked into what people run."""
        return (
            self.path.startswith("tests/")
            or self.path.endswith("_test.cc")
            or "/testing/" in self.path
        )

    @property
    def is_build(self):
        return self.name in ("BUILD", "BUILD.bazel")

    @functools.cached_property
    def lines(self):
        return self.text.splitlines()

    @functools.cached_property
    def _lexed(self):
        literals = []

        def blank(match):
            text = match.group()
            if match.group("comment"):
                return re.sub(r"[^\n]", " ", text)
            line = self.text.count("\n", 0, match.start()) + 1
            content = match.group("content") if match.group("raw") else text[1:-1]
            if not match.group("char"):
                literals.append((line, content))
            return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]

        return _TOKENS.sub(blank, self.text), literals

    @property
    def code(self):
        """C++ without comments and without what strings hold; lines and columns stay."""
        return self._lexed[0]

    @property
    def code_lines(self):
        return self.code.splitlines()

    @property
    def literals(self):
        """(line, content) of each string literal of a C++ file."""
        return self._lexed[1]

    @functools.cached_property
    def includes(self):
        """(line, path) of each #include "path"; system headers with their angle brackets."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', line)
            if match:
                found.append((number, match.group(1) or match.group(2)))
        return found


class Tree:
    """All files by path. Rules that need more than one file ask here."""

    def __init__(self, files):
        self.files = {file.path: file for file in files}

    def __contains__(self, path):
        return path in self.files

    def package_of(self, path):
        """The nearest BUILD.bazel at or above a file, or None."""
        folder = path.rpartition("/")[0]
        while folder:
            build = self.files.get(f"{folder}/BUILD.bazel")
            if build is not None:
                return build
            folder = folder.rpartition("/")[0]
        return None


def read_tree():
    """What git has, and what it would add: not what it ignores."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    files = []
    for name in sorted(set(names.decode().split("\0"))):
        path = ROOT / name
        if not name or path.is_symlink() or not path.is_file():
            continue
        try:
            files.append(File(name, path.read_text(encoding="utf-8")))
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return Tree(files)
