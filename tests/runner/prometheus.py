"""Checks deploy/prometheus with promtool; one case for each file."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"


def kind_of(path):
    """promtool's command for a file, by what it holds; None for other files."""
    text = path.read_text()
    if "scrape_configs:" in text:
        return ["check", "config"]
    if "rule_files:" in text and "tests:" in text:
        return ["test", "rules"]
    if "groups:" in text:
        return ["check", "rules"]
    return None


def main():
    files = sorted([*FOLDER.glob("**/*.yml"), *FOLDER.glob("**/*.yaml")])
    if not files:
        print("skip deploy/prometheus: there are no files yet")
        return 0
    if shutil.which("promtool") is None:
        print("skip deploy/prometheus: promtool is not installed; run deploy/setup --dev")
        return 0
    failed = False
    for path in files:
        command = kind_of(path)
        if command is None:
            continue
        name = f"promtool {' '.join(command)} {path.relative_to(ROOT)}"
        process = subprocess.run(
            ["promtool", *command, path.name],
            cwd=path.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if process.returncode == 0:
            print(f"ok {name}")
        else:
            failed = True
            print(process.stdout, end="")
            print(f"FAIL {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
