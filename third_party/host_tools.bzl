# SPDX-License-Identifier: Apache-2.0
"""The build tools that libuv's and dqlite's own build systems take from the host.

autoconf and its family cannot be made hermetic under rules_foreign_cc. So a missing one is named before anything is built,
and the versions of all of them enter the keys of the actions that use them: a shared cache never hands out what was made by
other tools.
"""

_TOOLS = ["autoconf", "automake", "libtoolize", "m4", "perl", "make", "pkg-config"]

def _host_tools_impl(rctx):
    missing = [tool for tool in _TOOLS if not rctx.which(tool)]
    if missing:
        fail("dqlitepy needs {} on this machine to build libuv and dqlite.\nType: apt-get install autoconf automake libtool m4 perl make pkg-config   (or your system's names for them)".format(
            ", ".join(missing),
        ))
    lines = []
    for tool in _TOOLS:
        result = rctx.execute([tool, "--version"])
        if result.return_code:
            fail("`{} --version` failed, so that tool cannot be used: {}".format(tool, result.stderr))

        # perl begins with an empty line.
        lines.append("{}: {}".format(tool, [line for line in result.stdout.splitlines() if line][0]))
    rctx.file("fingerprint.txt", "\n".join(lines) + "\n")
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "fingerprint",
    srcs = ["fingerprint.txt"],
    visibility = ["//visibility:public"],
)
""")

host_tools = repository_rule(
    implementation = _host_tools_impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)
