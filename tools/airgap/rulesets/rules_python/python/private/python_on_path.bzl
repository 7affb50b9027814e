# SPDX-License-Identifier: Apache-2.0
"""A Python toolchain around the interpreter that is installed."""

_BUILD = """\
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

py_runtime(
    name = "interpreter",
    interpreter_path = "{path}",
    python_version = "PY3",
    stub_shebang = "#!{path}",
)

py_runtime_pair(
    name = "runtimes",
    py3_runtime = ":interpreter",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtimes",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
"""

def python_version(ctx):
    """Returns path and version of the interpreter on PATH.

    Args:
        ctx: module_ctx or repository_ctx
    Returns:
        tuple of path and string such as "3.13"
    """
    path = ctx.which("python3")
    if not path:
        fail("there is no python3 on PATH")
    result = ctx.execute([path, "-I", "-c", "import sys; print('{}.{}'.format(*sys.version_info))"])
    if result.return_code:
        fail("{} cannot run: {}".format(path, result.stderr))
    return path, result.stdout.strip()

def refuse_other_python(found, wanted, where):
    """Fails if the interpreter on PATH is not the one that MODULE.bazel asks for.

    Args:
        found: string such as "3.13"
        wanted: string, the attribute's value
        where: string, the tag that asks
    """
    if wanted != found:
        fail("{}: python_version = \"{}\", but the interpreter of the air-gapped userland is {}.\n".format(
            where,
            wanted,
            found,
        ) + "Change MODULE.bazel, or build with the real rules_python: DQLITEPY_BUILD=online")

def _python_on_path_impl(rctx):
    path, found = python_version(rctx)
    for wanted in rctx.attr.wanted:
        refuse_other_python(found, wanted, "python.toolchain")
    rctx.file("BUILD.bazel", _BUILD.format(path = path))

python_on_path = repository_rule(
    implementation = _python_on_path_impl,
    attrs = {"wanted": attr.string_list(doc = "Versions that python.toolchain asks for.")},
    environ = ["PATH"],
    configure = True,
)
