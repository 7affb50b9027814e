# SPDX-License-Identifier: Apache-2.0
"""Turns attribute values into shell text: locations, make variables, and $$NAME$$ placeholders."""

def expand_placeholders(text):
    """Turns $$NAME$$, the real ruleset's spelling of a shell variable, into $NAME.

    Args:
        text: string
    Returns:
        string
    """
    parts = text.split("$$")
    if len(parts) % 2 == 0:
        fail("a $$NAME$$ is not closed in: " + text)
    return "".join([("$" + part if index % 2 else part) for index, part in enumerate(parts)])

def expand_locations(ctx, text):
    """Expands $(location) and $(execpath) alone, as the real rules do for `args`.

    Args:
        ctx: rule context
        text: string
    Returns:
        string, shell text
    """
    return expand_placeholders(ctx.expand_location(text, ctx.attr.data + ctx.attr.build_data))

def expand_all(ctx, attribute, text):
    """Expands locations (as absolute paths: the build runs elsewhere than in the exec root) and make variables.

    Args:
        ctx: rule context
        attribute: string, named in errors
        text: string
    Returns:
        string, shell text
    """
    for variable in ["BUILD_TMPDIR", "EXT_BUILD_DEPS", "INSTALLDIR"]:
        # The real rules let this pass and build with a path that ends in a stray dollar sign.
        if "$$" + variable + "$$" in text:
            fail("{}: write $${} instead of $${}$$ in {}, where $$ is make's escape of $".format(
                ctx.label,
                variable,
                variable,
                attribute,
            ))
    text = text.replace("$$EXT_BUILD_ROOT$$", "$$EXT_BUILD_ROOT")
    if "EXT_BUILD_ROOT" not in text:
        text = text.replace("$(execpath ", "$$EXT_BUILD_ROOT/$(execpath ")
    located = ctx.expand_location(text, ctx.attr.data + ctx.attr.build_data + ctx.attr.toolchains)
    return expand_placeholders(ctx.expand_make_variables(attribute, located, {}))
