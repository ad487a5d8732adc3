"""The formatters of others: clang-format and buildifier."""

import os
import pathlib
import shutil
import subprocess

import tree as repository

CLANG_FORMAT = "clang-format-14"
BUILDIFIER = "github.com/bazelbuild/buildtools/buildifier"
BUILDIFIER_VERSION = "v0.0.0-20260904073137-eaa4d125b423"

LINT = "duplicated-name,load,unused-variable"


def is_build(file):
    """What buildifier looks at."""
    return file.is_build or file.name == "WORKSPACE" or file.path.endswith(".bzl")


def _run(name, command, paths):
    """One line for a formatter: ok, FAIL with what it said, or skip."""
    process = subprocess.run(
        [*command, *paths],
        cwd=repository.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if process.returncode == 0:
        return f"ok {name}"
    # clang-format names every place; the files are enough, as the remedy is one command for each.
    lines = process.stdout.strip().splitlines()
    places = [line.partition(":")[0] for line in lines if "[-Wclang-format-violations]" in line]
    shown = "\n".join(sorted(set(places)) or lines[:40])
    return f"{shown}\nFAIL {name}"


def clang_format(paths):
    name = "C++ is formatted as .clang-format says"
    if not shutil.which(CLANG_FORMAT):
        return f"skip {name}: {CLANG_FORMAT} is not installed; run deploy/setup --dev"
    return _run(name, [CLANG_FORMAT, "--dry-run", "--Werror"], paths)


def _cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("WEFT_CACHE") or f"{base}/weft", "tools", BUILDIFIER_VERSION)


def find_buildifier():
    """The pinned buildifier, installed by the Go toolchain once into the cache folder; or why not."""
    binary = _cache() / "buildifier"
    if binary.exists():
        return binary, None
    if not shutil.which("go"):
        return None, "neither buildifier nor go is installed"
    binary.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.run(
        ["go", "install", f"{BUILDIFIER}@{BUILDIFIER_VERSION}"],
        env={**os.environ, "GOBIN": str(binary.parent), "GOFLAGS": "-mod=mod"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if process.returncode != 0 or not binary.exists():
        said = process.stdout.strip().splitlines() or ["no reason given"]
        return None, f"go could not install buildifier: {said[-1]}"
    return binary, None


def buildifier(paths):
    name = "build files are formatted as buildifier says"
    binary, why_not = find_buildifier()
    if binary is None:
        return f"skip {name}: {why_not}"
    return _run(name, [str(binary), "-mode=check", "-lint=warn", f"-warnings={LINT}"], paths)
