"""clang-tidy on the files that changed; each file is one case.

Changed since WEFT_TIDY_BASE; by default since the branch left origin/main, or, on that branch
itself, since the commit before. What does not fit into WEFT_TIDY_MINUTES (8) is reported as skipped.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLANG_TIDY = "clang-tidy-14"


def git(*words):
    process = subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL)
    return process.stdout.strip() if process.returncode == 0 else ""


def base():
    named = os.environ.get("WEFT_TIDY_BASE")
    if named:
        return git("rev-parse", "--verify", f"{named}^{{commit}}")
    left = git("merge-base", "HEAD", "origin/main")
    if left and left != git("rev-parse", "HEAD"):
        return left
    return git("rev-parse", "--verify", "HEAD~1")


def changed(since, known):
    """Sources to look at: changed ones, and for a changed header the source of its name."""
    names = git("diff", "--name-only", "--diff-filter=d", since).splitlines()
    names += git("ls-files", "--others", "--exclude-standard").splitlines()
    sources = set()
    for name in names:
        source = name[:-2] + ".cc" if name.endswith(".h") else name
        if source in known:
            sources.add(source)
    return sorted(sources)


def check(source, deadline):
    """The lines to print for one file."""
    name = f"clang-tidy {source}"
    if time.monotonic() > deadline:
        return f"skip {name}: the time for it was over (WEFT_TIDY_MINUTES)"
    process = subprocess.run(
        [CLANG_TIDY, "-p", str(ROOT), "--quiet", str(ROOT / source)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if process.returncode == 0:
        return f"ok {name}"
    return f"{process.stdout.strip() or process.stderr.strip()}\nFAIL {name}"


def main():
    if shutil.which(CLANG_TIDY) is None:
        print(f"skip clang-tidy: {CLANG_TIDY} is not installed; run deploy/setup --dev")
        return 0
    since = base()
    if not since:
        print("skip changed files: there is no earlier commit to compare with")
        return 0
    subprocess.run([ROOT / "third_party/bazel/compile_commands.py"], cwd=ROOT, check=True)
    entries = json.loads((ROOT / "compile_commands.json").read_text())
    known = {os.path.relpath(entry["file"], ROOT) for entry in entries}
    sources = changed(since, known)
    if not sources:
        print(f"skip changed files: no C++ file changed since {since[:12]}")
        return 0
    deadline = time.monotonic() + 60 * float(os.environ.get("WEFT_TIDY_MINUTES", "8"))
    good = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lambda source: check(source, deadline), sources):
            print(lines, flush=True)
            good &= "\nFAIL " not in lines
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
