# SPDX-License-Identifier: Apache-2.0
"""Programs in C that --config=asan or --config=tsan builds with its sanitizer, beside a package that stays what it is.

The edge to such a program changes the compiler, so that Python's tests load the library that ships and start a server of the
other kind. Without one of the two configurations these targets, and the tests that need them, are skipped as incompatible.
"""

# Of every test that needs a sanitizer.
ONLY_SANITIZED = select({
    Label("//tools/config:without_sanitizer"): ["@platforms//:incompatible"],
    "//conditions:default": [],
})

_SANITIZER = str(Label("//tools/config:sanitizer"))
_MODE = str(Label("//tools/config:mode"))
_TOOLCHAINS = "//command_line_option:extra_toolchains"

def _transition_impl(settings, attr):
    sanitizer = attr.sanitizer or settings[_SANITIZER]
    if sanitizer == "none":
        return {name: settings[name] for name in [_SANITIZER, _MODE, _TOOLCHAINS]}
    return {
        _SANITIZER: sanitizer,
        _MODE: "sanitized",
        _TOOLCHAINS: [str(Label("@sanitizers//:" + sanitizer))],
    }

_sanitized_transition = transition(
    implementation = _transition_impl,
    inputs = [_SANITIZER, _MODE, _TOOLCHAINS],
    outputs = [_SANITIZER, _MODE, _TOOLCHAINS],
)

def _impl(ctx):
    program = ctx.file.program
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = program, is_executable = True)
    providers = [DefaultInfo(
        executable = executable,
        runfiles = ctx.runfiles(files = [executable, program] + ctx.files.data),
    )]
    if ctx.attr.env:
        providers.append(RunEnvironmentInfo(environment = {
            name: ctx.expand_location(value, targets = ctx.attr.data)
            for name, value in ctx.attr.env.items()
        }))
    return providers

_ATTRS = {
    "data": attr.label_list(allow_files = True),
    "env": attr.string_dict(),
    "program": attr.label(
        allow_single_file = True,
        cfg = _sanitized_transition,
        mandatory = True,
    ),
    "sanitizer": attr.string(
        doc = "Which one, whatever the configuration says; empty for that of the configuration.",
        values = ["", "address", "thread"],
    ),
    "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
}

sanitized_binary = rule(
    doc = "A program, made with the sanitizer of the configuration.",
    implementation = _impl,
    attrs = _ATTRS,
    executable = True,
)

sanitized_test = rule(
    doc = "A test that is a program, made with the sanitizer of the configuration.",
    implementation = _impl,
    attrs = _ATTRS,
    test = True,
)
