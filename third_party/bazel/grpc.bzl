"""cc_grpc_library: C++ messages and services of .proto files."""

def _generate_impl(ctx):
    headers, sources = [], []
    for proto in ctx.files.srcs:
        base = proto.basename[:-len(".proto")]
        headers += [ctx.actions.declare_file(base + end) for end in [".pb.h", ".grpc.pb.h"]]
        sources += [ctx.actions.declare_file(base + end) for end in [".pb.cc", ".grpc.pb.cc"]]
    descriptors = ctx.actions.declare_file(ctx.label.name + ".descriptors")

    arguments = ctx.actions.args()
    arguments.add("-I.")
    arguments.add("-I/usr/include")
    arguments.add("--cpp_out=" + ctx.bin_dir.path)
    arguments.add("--plugin=protoc-gen-grpc=" + ctx.executable._plugin.path)
    arguments.add("--grpc_out=" + ctx.bin_dir.path)
    arguments.add("--include_imports")
    arguments.add("--include_source_info")
    arguments.add("--descriptor_set_out=" + descriptors.path)
    arguments.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = depset(ctx.files.srcs + ctx.files._versions),
        tools = [ctx.executable._plugin],
        outputs = headers + sources + [descriptors],
        mnemonic = "Protoc",
        progress_message = "Generating %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(
            descriptors = depset([descriptors]),
            headers = depset(headers),
            sources = depset(sources),
        ),
    ]

_generate = rule(
    implementation = _generate_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"]),
        "_plugin": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "@protobuf_tools//:grpc_cpp_plugin",
            executable = True,
        ),
        "_protoc": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "@protobuf_tools//:protoc",
            executable = True,
        ),
        "_versions": attr.label(
            allow_single_file = True,
            default = "@protobuf_tools//:versions.txt",
        ),
    },
)

def cc_grpc_library(name, srcs, visibility = None):
    """Generates and compiles all of srcs together.

    Include the results by path: "protos/weft/v1/groups.pb.h", "protos/weft/v1/groups.grpc.pb.h".
    NAME_descriptors is a FileDescriptorSet with comments, for tools such as grpcurl.

    Args:
      name: the cc_library.
      srcs: .proto files of this package; they may import each other by path from the root, and
        whatever Debian installs under /usr/include (google/protobuf/*.proto).
      visibility: of all targets.
    """
    _generate(
        name = name + "_generated",
        srcs = srcs,
    )
    native.filegroup(
        name = name + "_descriptors",
        srcs = [name + "_generated"],
        output_group = "descriptors",
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_headers",
        srcs = [name + "_generated"],
        output_group = "headers",
    )
    native.filegroup(
        name = name + "_sources",
        srcs = [name + "_generated"],
        output_group = "sources",
    )
    native.cc_library(
        name = name,
        srcs = [name + "_sources"],
        hdrs = [name + "_headers"],
        copts = ["-w"],
        visibility = visibility,
        deps = [
            "@com_github_grpc_grpc//:grpc++",
            "@com_google_protobuf//:protobuf",
        ],
    )
