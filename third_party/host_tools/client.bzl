# SPDX-License-Identifier: Apache-2.0
"""The build tools of the machine that Bazel runs on, which need not be there.

Bazel does not ask an action again whose inputs are the same. This file is an input of fingerprint.bzl's action: it is made anew
when Bazel's server starts, and changes when one of the machine's tools was upgraded.
"""

_TOOLS = ["autoconf", "automake", "libtoolize", "m4", "perl", "make", "pkg-config"]

def _host_tools_impl(rctx):
    lines = []
    for tool in _TOOLS:
        path = rctx.which(tool)
        said = rctx.execute([path, "--version"]).stdout if path else "absent"

        # perl begins with an empty line.
        lines.append("{}: {}".format(tool, ([line for line in said.splitlines() if line] + ["unknown"])[0]))
    rctx.file("client.txt", "\n".join(lines) + "\n")
    rctx.file("BUILD.bazel", "exports_files([\"client.txt\"])\n")

host_tools = repository_rule(
    implementation = _host_tools_impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)
