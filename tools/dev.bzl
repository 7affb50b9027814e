# SPDX-License-Identifier: Apache-2.0
"""`bazel run //tools:dev`: a script for /bin/sh, because it works with this machine's own Python."""

def _runfile(ctx, file):
    path = file.short_path
    return path[3:] if path.startswith("../") else ctx.workspace_name + "/" + path

def _dev_environment_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.expand_template(
        template = ctx.file._template,
        output = script,
        substitutions = {
            "@DEVELOP@": _runfile(ctx, ctx.file._develop),
            "@HEADER@": _runfile(ctx, ctx.file.header),
            "@LIBRARY@": _runfile(ctx, ctx.file.library),
        },
        is_executable = True,
    )
    runfiles = ctx.runfiles([ctx.file._develop, ctx.file.header, ctx.file.library])
    return [DefaultInfo(executable = script, runfiles = runfiles)]

dev_environment = rule(
    implementation = _dev_environment_impl,
    doc = "Makes a virtual environment in the checkout, with the package in place and this library.",
    attrs = {
        "header": attr.label(allow_single_file = True, mandatory = True),
        "library": attr.label(allow_single_file = True, mandatory = True),
        "_develop": attr.label(allow_single_file = True, default = Label("//tools:develop")),
        "_template": attr.label(allow_single_file = True, default = Label("//tools:dev.sh.tpl")),
    },
    executable = True,
)
