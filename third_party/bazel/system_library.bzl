"""Repositories that wrap libraries installed by Debian.

A target carries link options only: the headers lie in /usr/include, which the compiler searches by
itself (naming it again would break `#include_next`). Bazel does not watch that folder, so each
target also carries the installed version as an input: an upgrade changes the action keys, and no
stale object comes out of the disk cache. The versions are read when the Bazel server starts.
"""

_HINT = "run deploy/setup, which installs what is missing"

def _flags_of(ctx, module):
    result = ctx.execute(["pkg-config", "--libs", module])
    if result.return_code != 0:
        fail("pkg-config does not know %s (%s); %s" % (module, result.stderr.strip(), _HINT))

    # Shared libraries need naming once.
    flags = []
    for flag in result.stdout.strip().split(" "):
        if flag.startswith("-l") and flag not in flags:
            flags.append(flag)
    return flags

def _versions_of(ctx):
    result = ctx.execute(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n"] + ctx.attr.debian)
    if result.return_code != 0:
        fail("not installed: %s; %s" % (result.stderr.strip(), _HINT))
    return result.stdout

def _target(name, flags, deps):
    defines = [flag[2:] for flag in flags if flag.startswith("-D")]
    linkopts = [flag for flag in flags if not flag.startswith("-D")]

    # Bazel's toolchain begins every link with -no-as-needed. pkg-config names dozens of libraries
    # for one of Abseil; each that is not used would still be loaded by each process.
    if linkopts:
        linkopts = ["-Wl,--push-state,--as-needed"] + linkopts + ["-Wl,--pop-state"]
    lines = ["cc_library(", "    name = %r," % name]
    lines += ["    defines = %r," % defines, "    linkopts = %r," % linkopts]
    lines += ["    textual_hdrs = [\"//:versions.txt\"],"]
    if deps:
        lines += ["    deps = %r," % deps]
    return "\n".join(lines + [")"])

def _system_repository_impl(ctx):
    packages = {}
    for label, flags in ctx.attr.libraries.items():
        package, _, name = label.rpartition(":")
        expanded = []
        for flag in flags:
            if flag.startswith("pkg-config:"):
                expanded += _flags_of(ctx, flag[len("pkg-config:"):])
            else:
                expanded.append(flag)
        target = _target(name, expanded, ctx.attr.library_deps.get(label, []))
        packages.setdefault(package, []).append(target)
    for header in ctx.attr.headers:
        if not ctx.path("/usr/include/" + header).exists:
            fail("/usr/include/%s does not exist; %s" % (header, _HINT))
    ctx.file("versions.txt", _versions_of(ctx))
    packages.setdefault("", []).append("exports_files([\"versions.txt\"])")
    for package, targets in packages.items():
        head = "package(default_visibility = [\"//visibility:public\"])"
        path = (package + "/" if package else "") + "BUILD.bazel"
        ctx.file(path, "\n\n".join([head] + targets) + "\n")

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "debian": attr.string_list(doc = "Debian packages whose versions are part of the build."),
        "headers": attr.string_list(doc = "Headers under /usr/include that must exist."),
        "libraries": attr.string_list_dict(
            doc = "'package:target' -> link options and -D; 'pkg-config:NAME' is what it prints.",
        ),
        "library_deps": attr.string_list_dict(doc = "'package:target' -> labels it depends on."),
    },
    doc = "Makes a repository of cc_library targets from installed libraries.",
    local = True,
)

def _system_tools_impl(ctx):
    for tool in ctx.attr.tools:
        path = ctx.path("/usr/bin/" + tool)
        if not path.exists:
            fail("/usr/bin/%s does not exist; %s" % (tool, _HINT))
        ctx.symlink(path, tool)
    ctx.file("versions.txt", _versions_of(ctx))
    ctx.file("BUILD.bazel", "exports_files(%r, visibility = [\"//visibility:public\"])\n" %
                            (ctx.attr.tools + ["versions.txt"]))

system_tools = repository_rule(
    implementation = _system_tools_impl,
    attrs = {
        "debian": attr.string_list(doc = "Debian packages whose versions are part of the build."),
        "tools": attr.string_list(doc = "Names under /usr/bin."),
    },
    doc = "Makes a repository of programs from /usr/bin.",
    local = True,
)
