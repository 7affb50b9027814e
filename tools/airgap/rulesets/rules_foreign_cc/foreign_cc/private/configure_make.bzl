# SPDX-License-Identifier: Apache-2.0
"""configure_make: a library that is built by ./configure && make && make install."""

load("@rules_cc//cc:find_cc_toolchain.bzl", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load(":attributes.bzl", "COMMON_ATTRIBUTES")
load(":expansion.bzl", "expand_all", "expand_locations")
load(":foreign_build.bzl", "run_foreign_build", "source_root")
load(":refusal.bzl", "REFUSED_BY_CONFIGURE_MAKE", "refuse")
load(":triplet.bzl", "cross_compile_options")

def _configure_make_impl(ctx):
    for attribute in ["autogen", "autoreconf"]:
        if getattr(ctx.attr, attribute) and not ctx.attr.configure_in_place:
            fail("{}: {} writes into the source folder, so it needs configure_in_place = True".format(
                ctx.label,
                attribute,
            ))

    def write_commands(assignments):
        sources = "$EXT_BUILD_ROOT/" + source_root(ctx.attr.lib_source)
        lines = []
        if ctx.attr.configure_in_place:
            lines += [
                "cp -rL --no-target-directory \"{}\" \"$BUILD_TMPDIR\"".format(sources),
                # Files older than what they are made from would make automake run again.
                "find \"$BUILD_TMPDIR\" -type f -exec touch -r \"{}\" {{}} +".format(sources),
            ]
            sources = "$BUILD_TMPDIR"
        if ctx.attr.autogen:
            lines.append("NOCONFIGURE=1 \"{}/{}\" {}".format(
                sources,
                ctx.attr.autogen_command,
                " ".join(ctx.attr.autogen_options),
            ))
        if ctx.attr.autoreconf:
            lines.append("autoreconf " + " ".join(ctx.attr.autoreconf_options))
        prefix = "$BUILD_TMPDIR/" + (ctx.attr.lib_name or ctx.label.name)
        options = [expand_all(ctx, "configure_options", option) for option in ctx.attr.configure_options]
        if ctx.attr.configure_xcompile:
            options += cross_compile_options(ctx)
        lines += [
            "mkdir -p \"{}\"".format(prefix),
            "{} \"{}/{}\" --prefix={} {}".format(
                assignments,
                sources,
                ctx.attr.configure_command,
                prefix,
                " ".join(options),
            ),
        ]
        arguments = " ".join([expand_locations(ctx, argument) for argument in ctx.attr.args])
        lines += ["make {} {}".format(target, arguments) for target in ctx.attr.targets]
        return lines + ["cp -rL --no-target-directory \"{}\" \"$INSTALLDIR\"".format(prefix)]

    return run_foreign_build(ctx, "CcConfigureMakeRule", write_commands)

configure_make_rule = rule(
    implementation = _configure_make_impl,
    attrs = dict(
        COMMON_ATTRIBUTES,
        autogen = attr.bool(doc = "Run autogen_command first."),
        autogen_command = attr.string(default = "autogen.sh"),
        autogen_options = attr.string_list(),
        autoreconf = attr.bool(doc = "Run autoreconf first."),
        autoreconf_options = attr.string_list(),
        configure_command = attr.string(default = "configure"),
        configure_in_place = attr.bool(doc = "Build in a copy of the sources instead of beside them."),
        configure_options = attr.string_list(),
        configure_xcompile = attr.bool(doc = "Tell configure when the target is another CPU than this machine's."),
        # autoconf's words: host is where the result runs.
        _build_triplet = attr.label(cfg = "exec", default = Label("//foreign_cc/private:triplet")),
        _host_triplet = attr.label(default = Label("//foreign_cc/private:triplet")),
    ),
    doc = "Runs configure with the compiler and flags of Bazel's C toolchain, then make.",
    fragments = ["cpp"],
    provides = [CcInfo],
    toolchains = use_cc_toolchain(mandatory = True),
)

def configure_make(name, **attributes):
    """Declares a configure_make target, or says which attribute stands in the way.

    Args:
        name: string
        **attributes: those of the real configure_make
    """
    refuse("configure_make", name, attributes, REFUSED_BY_CONFIGURE_MAKE)
    configure_make_rule(name = name, **attributes)
