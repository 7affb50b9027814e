# SPDX-License-Identifier: Apache-2.0
"""The name that autoconf has for a machine, as a target that can be asked in the configuration of either machine."""

TripletInfo = provider(
    doc = "A machine's name.",
    fields = {"value": "string"},
)

triplet = rule(
    implementation = lambda ctx: [TripletInfo(value = ctx.attr.value)],
    doc = "Gives the name of the machine that it is configured for.",
    attrs = {"value": attr.string(mandatory = True)},
)

def cross_compile_options(ctx):
    """Returns what tells configure that the programs it makes do not run here; nothing where they do.

    Args:
        ctx: context of a rule with `_build_triplet` and `_host_triplet`
    Returns:
        list of strings
    """
    build = ctx.attr._build_triplet[TripletInfo].value
    host = ctx.attr._host_triplet[TripletInfo].value
    return [] if build == host else ["--host=" + host, "--build=" + build]
