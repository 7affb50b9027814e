# SPDX-License-Identifier: Apache-2.0
"""Attributes of the real rules that this stand-in refuses, each with what to do instead."""

_NO_PRECOMPILING = "sources are compiled when they are first imported"

REFUSED_BY_PY_LIBRARY = {
    "experimental_venvs_site_packages": "imports are found by the imports attribute",
    "namespace_package_files": "imports are found by the imports attribute",
    "precompile": _NO_PRECOMPILING,
    "precompile_invalidation_mode": _NO_PRECOMPILING,
    "precompile_optimize_level": _NO_PRECOMPILING,
    "precompile_source_retention": _NO_PRECOMPILING,
    "pyi_deps": "use deps",
    "pyi_srcs": "use data",
    "srcs_version": "there is only Python 3",
}

REFUSED_BY_PY_EXECUTABLE = dict(
    REFUSED_BY_PY_LIBRARY,
    config_settings = "set flags on the command line",
    interpreter_args = "use env",
    main_module = "use main",
    pyc_collection = _NO_PRECOMPILING,
    python_version = "there is one interpreter, that of python.toolchain in MODULE.bazel",
)

REFUSED_BY_PY_WHEEL = {
    "add_path_prefix": "name the folders as they shall be in the wheel",
    "compress": "the wheel is always compressed",
    "config_settings": "set flags on the command line",
    "console_scripts": "use entry_points",
    "data_files": "use deps",
    "dist_folder": "no NAME.dist target is made",
    "extra_requires_files": "use extra_requires",
    "publish_args": "no NAME.publish target is made",
    "requires_file": "use requires",
    "twine": "no NAME.publish target is made",
    "twine_binary": "no NAME.publish target is made",
}

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
            ) + "Leave it out, or build with the real rules_python: DQLITEPY_BUILD=online")
