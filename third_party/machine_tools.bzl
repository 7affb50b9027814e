# SPDX-License-Identifier: Apache-2.0
"""Builds C libraries with the machine's make and pkg-config, in whatever graph they are.

rules_foreign_cc builds both from source unless the toolchains of the preinstalled ones are registered before its own: minutes of
work, and its pkg-config 0.29.2 does not compile with GCC 15. A module that depends on this one cannot be asked to register
toolchains, and what it chose for its own targets must stay: so ours are chosen here, for what stands behind these targets alone.
"""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

_TOOLCHAINS = [
    str(Label("@rules_foreign_cc//toolchains:preinstalled_{}_toolchain".format(tool)))
    for tool in ["make", "pkgconfig"]
]

_SETTING = "//command_line_option:extra_toolchains"

def _transition_impl(settings, _attr):
    others = [toolchain for toolchain in settings[_SETTING] if toolchain not in _TOOLCHAINS]

    # The last one that fits is taken.
    return {_SETTING: others + _TOOLCHAINS}

_transition = transition(
    implementation = _transition_impl,
    inputs = [_SETTING],
    outputs = [_SETTING],
)

_FORWARDED = [CcInfo, OutputGroupInfo]

def _with_machine_tools_impl(ctx):
    target = ctx.attr.target
    default = target[DefaultInfo]
    return [DefaultInfo(files = default.files, runfiles = default.default_runfiles)] + [
        target[provider]
        for provider in _FORWARDED
        if provider in target
    ]

with_machine_tools = rule(
    implementation = _with_machine_tools_impl,
    doc = "Another target, and all that it depends on, built with the machine's make and pkg-config.",
    attrs = {
        "target": attr.label(
            doc = "A target of rules_foreign_cc.",
            mandatory = True,
        ),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    cfg = _transition,
)
