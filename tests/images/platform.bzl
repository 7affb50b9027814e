# SPDX-License-Identifier: Apache-2.0
"""Files that are built for another platform than the one that asks for them."""

def _transition_impl(_, attr):
    return {"//command_line_option:platforms": str(attr.platform)}

_transition = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _files_for_platform_impl(ctx):
    return [DefaultInfo(files = depset(ctx.files.src))]

files_for_platform = rule(
    implementation = _files_for_platform_impl,
    doc = "The files of a target, built for `platform`.",
    attrs = {
        "platform": attr.label(mandatory = True),
        "src": attr.label(cfg = _transition, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
