"""Tests in Python, which use the machine's own interpreter and drive the built programs."""

def python_test(name, suite, data = [], source = None, environment = [], size = "large", alone = True):
    """One test file of the calling package, run by //tests/workload:python_test.sh.

    Args:
      name: of the test; its file is NAME.py unless `source` says another.
      suite: the suite of tests/run that it belongs to.
      data: what it reads and runs, besides itself.
      source: its file, where several tests share one.
      environment: variables for it, each "NAME=VALUE".
      size: as of any test; all but small ones start servers.
      alone: nothing runs beside it, as it is about how long something takes. Not of small ones.
    """
    source = source or name + ".py"
    servers = [] if size == "small" else (["exclusive"] if alone else []) + ["local"]
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tests/workload:python_test.sh"],
        args = ["%s/%s" % (native.package_name(), source)] + environment,
        data = data + [source],
        tags = servers + [suite],
    )
