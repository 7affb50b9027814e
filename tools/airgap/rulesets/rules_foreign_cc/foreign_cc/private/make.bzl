# SPDX-License-Identifier: Apache-2.0
"""make: a library that is built by make PREFIX=… install alone."""

load("@rules_cc//cc:find_cc_toolchain.bzl", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load(":attributes.bzl", "COMMON_ATTRIBUTES")
load(":expansion.bzl", "expand_locations", "expand_placeholders")
load(":foreign_build.bzl", "run_foreign_build", "source_root")
load(":refusal.bzl", "REFUSED_BY_MAKE", "refuse")

def _make_impl(ctx):
    def write_commands(assignments):
        arguments = " ".join([expand_locations(ctx, argument) for argument in ctx.attr.args])
        prefix = expand_placeholders(ctx.attr.install_prefix)
        return [
            "find \"$EXT_BUILD_ROOT/{}\" -mindepth 1 -maxdepth 1 -exec ln -s -t . {{}} +".format(source_root(ctx.attr.lib_source)),
        ] + [
            "{} make {} {} PREFIX={}".format(assignments, target, arguments, prefix)
            for target in ctx.attr.targets
        ]

    return run_foreign_build(ctx, "CcMakeMakeRule", write_commands)

make_rule = rule(
    implementation = _make_impl,
    attrs = dict(
        COMMON_ATTRIBUTES,
        install_prefix = attr.string(
            doc = "Value of PREFIX; $$INSTALLDIR$$ is where outputs are looked for.",
            default = "$$INSTALLDIR$$",
        ),
    ),
    doc = "Runs make with the compiler and flags of Bazel's C toolchain in its environment.",
    fragments = ["cpp"],
    provides = [CcInfo],
    toolchains = use_cc_toolchain(mandatory = True),
)

def make(name, **attributes):
    """Declares a make target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real make
    """
    refuse("make", name, attributes, REFUSED_BY_MAKE)
    make_rule(name = name, **attributes)
