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


def example_in(folder):
    """The resources of a copy of deploy/kubernetes/example, made in `folder` as a user does it; and what
    make-secrets did, a completed process."""
    load_schemas()
    import yaml

    for name in ("base", "example"):
        shutil.copytree(ROOT / "deploy/kubernetes" / name, folder / name)
    made = run(ROOT / "deploy/kubernetes/make-secrets", folder / "example")
    built = run(*kustomize(), folder / "example")
    if made.returncode != 0 or built.returncode != 0:
        raise RuntimeError(made.stderr + built.stderr)
    return list(yaml.safe_load_all(built.stdout)), made


def workloads(resources):
    """(resource, its pod, the pod's container) of each that runs a process."""
    for one in resources:
        if one["kind"] in ("StatefulSet", "Deployment"):
            pod = one["spec"]["template"]
            yield one, pod, pod["spec"]["containers"][0]


def flags_of(program):
    """The flags of a program, as its source has them: "weft-monitor"."""
    source = (ROOT / "services" / program.removeprefix("weft-") / "main.cc").read_text()
    return re.findall(r"ABSL_FLAG\(\s*[\w:<>]+,\s*(\w+)", source)
