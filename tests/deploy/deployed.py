"""What the tests of deploy/kubernetes and deploy/compose have in common."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words, **more):
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=300, **more)


def obtained(name):
    """The folder of something of tests/interop/obtain."""
    done = run(ROOT / "tests/interop/obtain", name)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return pathlib.Path(done.stdout.strip())


def load_schemas():
    """From now on kubernetes_validate can be imported, and yaml, which it brings."""
    sys.path.append(str(obtained("kubernetes-validate-1.37.0")))


def kustomize():
    """The command that builds an overlay: kubectl's, where that is not too old for labels."""
    if shutil.which("kubectl") and "Kustomize Version: v5" in run("kubectl", "version",
                                                                  "--client").stdout:
        return ["kubectl", "kustomize"]
    return [obtained("kustomize-5.0.0") / "kustomize", "build"]


def flags_of(program):
    """The flags of a program, as its source has them: "weft-monitor"."""
    source = (ROOT / "services" / program.removeprefix("weft-") / "main.cc").read_text()
    return re.findall(r"ABSL_FLAG\(\s*[\w:<>]+,\s*(\w+)", source)
