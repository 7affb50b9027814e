# SPDX-License-Identifier: Apache-2.0
"""Attributes of the real rules that this stand-in refuses, each with what to do instead."""

_STATIC_ONLY = "only static libraries are built"
_DEPRECATED = "use build_data"
_ON_PATH = "tools are taken from PATH as they are"

_REFUSED = {
    "additional_inputs": _DEPRECATED,
    "additional_tools": _DEPRECATED,
    "dynamic_deps": _STATIC_ONLY,
    "executable_ldflags_vars": "use env = {\"LDFLAGS\": …}",
    "out_dll_dir": "only Linux is built",
    "out_interface_libs": _STATIC_ONLY,
    "out_shared_libs": _STATIC_ONLY,
    "shared_ldflags_vars": _STATIC_ONLY,
    "static_suffix": _STATIC_ONLY,
    "tool_prefix": _ON_PATH,
    "tools_deps": _DEPRECATED,
}

REFUSED_BY_MAKE = dict(_REFUSED)

REFUSED_BY_CONFIGURE_MAKE = dict(
    _REFUSED,
    autoconf = "use autoreconf",
    autoconf_options = "use autoreconf_options",
    configure_prefix = _ON_PATH,
    install_prefix = "the installation is found by the target's name",
    prefix_flag = "only --prefix= is passed",
)

def refuse(rule_name, target_name, given, refused):
    """Fails if an attribute is set that only the real rule knows.

    Args:
        rule_name: string, the rule as the BUILD file calls it
        target_name: string, the target that is being declared
        given: iterable of strings, the names of the attributes that were set
        refused: dict of attribute name to what to do instead
    """
    for attribute in given:
        if attribute in refused:
            fail("{}(name = \"{}\"): attribute \"{}\" is not implemented by the air-gapped stand-in ({}).\n".format(
                rule_name,
                target_name,
                attribute,
                refused[attribute],
            ) + "Leave it out, or build with the real rules_foreign_cc: DQLITEPY_BUILD=online")
