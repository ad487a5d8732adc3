#!/usr/bin/env python3
"""Writes compile_commands.json at the root, for clangd and clang-tidy.

    third_party/bazel/compile_commands.py [TARGET...]      default: //...

It asks Bazel for the commands and compiles nothing; generated headers are there after a build.
WEFT_BAZEL_STARTUP may hold Bazel startup options.
"""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Flags of GCC that clang does not know, and Bazel's own bookkeeping.
UNKNOWN_TO_CLANG = {
    "-fno-canonical-system-headers",
    "-Wno-free-nonheap-object",
    "-Wunused-but-set-parameter",
    "-Wno-maybe-uninitialized",
    "-MD",
}
WITH_VALUE = {"-MF", "-o", "-frandom-seed"}


def bazel(*words):
    startup = os.environ.get("WEFT_BAZEL_STARTUP", "").split()
    process = subprocess.run(["bazel", *startup, *words], cwd=ROOT, stdout=subprocess.PIPE)
    if process.returncode != 0 and not process.stdout:
        sys.exit(process.returncode)
    return process.stdout.decode()  # With --keep_going: what could be analysed.


def cleaned(arguments, output_path):
    """The command as clang takes it, to be run at the root."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in WITH_VALUE:
            skip = not skip
        elif argument not in UNKNOWN_TO_CLANG and not argument.startswith("-frandom-seed="):
            generated = argument.startswith("bazel-out/")
            kept.append(argument.replace("bazel-out", output_path, 1) if generated else argument)
    return kept


def commands(targets):
    """One entry for each source file of the repository; generated ones are left out."""
    output_path = bazel("info", "output_path").strip()
    query = f'mnemonic("CppCompile", set({" ".join(targets)}))'
    answer = bazel("aquery", "--output=jsonproto", "--include_artifacts=false", "--keep_going", query)
    entries = {}
    for action in json.loads(answer).get("actions", []):
        arguments = action["arguments"]
        source = arguments[arguments.index("-c") + 1]
        if source.startswith(("bazel-out/", "external/")):
            continue
        entries[source] = {
            "directory": str(ROOT),
            "file": str(ROOT / source),
            "arguments": cleaned(arguments, output_path),
        }
    return [entries[source] for source in sorted(entries)]


def main(targets):
    entries = commands(targets or ["//..."])
    path = ROOT / "compile_commands.json"
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(entries, indent=1))
    fresh.replace(path)
    print(f"compile_commands.json: {len(entries)} files")


if __name__ == "__main__":
    main(sys.argv[1:])
