# SPDX-License-Identifier: Apache-2.0
"""Which build tools the machine has that builds libuv, lz4 and dqlite, as an input of those actions.

autoconf and its family cannot be made hermetic under rules_foreign_cc. So a missing one is named before anything is made with
it, and the versions of all of them enter the keys of the actions that use them: a shared cache never hands out what was made by
other tools. The question is an action, because with remote execution another machine has the tools than the one that Bazel runs
on, which may have none.
"""

def _host_tools_fingerprint_impl(ctx):
    versions = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run(
        mnemonic = "HostTools",
        executable = ctx.executable._ask,
        arguments = [versions.path],
        inputs = [ctx.file._client],
        outputs = [versions],
        # Another machine's answer is worth nothing here.
        execution_requirements = {"no-cache": "1"},
        progress_message = "Asking for the versions of autoconf and the like",
        # The PATH on which rules_foreign_cc finds them.
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([versions]))]

host_tools_fingerprint = rule(
    implementation = _host_tools_fingerprint_impl,
    doc = "A file with the versions of the tools on PATH where actions run; fails where one is missing.",
    attrs = {
        "_ask": attr.label(allow_single_file = True, cfg = "exec", default = Label(":fingerprint.sh"), executable = True),
        "_client": attr.label(
            doc = "Changes where Bazel and the actions are on one machine and a tool of it changes.",
            allow_single_file = True,
            default = Label("@host_tools//:client.txt"),
        ),
    },
)
