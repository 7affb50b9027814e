# SPDX-License-Identifier: Apache-2.0
"""Each public attribute of the real rules is either implemented by the stand-ins or refused with a way out."""

import pytest

from tests.rulesets.starlark import RULESETS, Fail, Module

# The interface of rules_foreign_cc 0.15.1 and rules_python 2.3.2, without what Bazel gives to every rule.
_FOREIGN = """
    additional_inputs additional_tools alwayslink args build_data copts data defines deps dynamic_deps env
    executable_ldflags_vars includes install_prefix lib_name lib_source linkopts out_bin_dir out_binaries out_data_dirs
    out_data_files out_dll_dir out_headers_only out_include_dir out_interface_libs out_lib_dir out_shared_libs
    out_static_libs postfix_script set_file_prefix_map shared_ldflags_vars static_suffix targets tool_prefix tools_deps
"""
_CONFIGURE = """
    autoconf autoconf_options autogen autogen_command autogen_options autoreconf autoreconf_options configure_command
    configure_in_place configure_options configure_prefix configure_xcompile prefix_flag
"""
_LIBRARY = """
    data deps experimental_venvs_site_packages imports namespace_package_files precompile precompile_invalidation_mode
    precompile_optimize_level precompile_source_retention pyi_deps pyi_srcs srcs srcs_version
"""
_EXECUTABLE = """
    config_settings env interpreter_args legacy_create_init main main_module pyc_collection python_version stamp
"""
_WHEEL = """
    abi add_path_prefix author author_email classifiers compress config_settings console_scripts data_files deps
    description_content_type description_file dist_folder distribution entry_points extra_distinfo_files extra_requires
    extra_requires_files homepage license platform project_urls publish_args python_requires python_tag requires
    requires_file stamp strip_path_prefixes summary twine twine_binary version
"""

# File of the macro, and the real rule's attributes.
RULES = {
    "configure_make": ("rules_foreign_cc", "foreign_cc/private/configure_make.bzl", _FOREIGN + _CONFIGURE),
    "make": ("rules_foreign_cc", "foreign_cc/private/make.bzl", _FOREIGN),
    "py_binary": ("rules_python", "python/py_binary.bzl", _LIBRARY + _EXECUTABLE),
    "py_library": ("rules_python", "python/py_library.bzl", _LIBRARY),
    "py_test": ("rules_python", "python/py_test.bzl", _LIBRARY + _EXECUTABLE + "env_inherit"),
    "py_wheel": ("rules_python", "python/private/py_wheel.bzl", _WHEEL),
}

# What the Python rules of Bazel 7 itself take; beyond these the stand-in has to refuse.
_NATIVE = set(["data", "deps", "env", "env_inherit", "imports", "legacy_create_init", "main", "srcs", "stamp"])


@pytest.mark.parametrize(
    ("rule", "attribute"),
    [(rule, attribute) for rule, (_, _, attributes) in RULES.items() for attribute in attributes.split()],
)
def test_attribute_is_implemented_or_refused(rule: str, attribute: str) -> None:
    ruleset, path, _ = RULES[rule]
    module = Module(RULESETS / ruleset)
    macro = getattr(module.load(path), rule)
    module.calls.clear()
    try:
        macro(name="target", **{attribute: "value"})
    except Fail as failure:
        message = str(failure)
        assert message.startswith(f'{rule}(name = "target"): attribute "{attribute}" is not implemented')
        assert "DQLITEPY_BUILD=online" in message
        assert module.calls == []
        return
    ((called, attributes),) = module.calls
    assert attributes == {"name": "target", attribute: "value"}
    if called == rule:
        assert attribute in _NATIVE


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_refused_that_the_real_rule_does_not_have(rule: str) -> None:
    ruleset, path, attributes = RULES[rule]
    scope = vars(Module(RULESETS / ruleset).load(path))
    (refused,) = [value for name, value in scope.items() if name.startswith("REFUSED_BY_")]
    assert set(refused) <= set(attributes.split())


@pytest.mark.parametrize("where", ["python.toolchain", "pip.parse"])
def test_another_python_is_refused(where: str) -> None:
    refuse = Module(RULESETS / "rules_python").load("python/private/python_on_path.bzl").refuse_other_python
    refuse("3.13", "3.13", where)
    with pytest.raises(Fail, match=rf'{where}: python_version = "3.12".* is 3.13'):
        refuse("3.13", "3.12", where)
