# SPDX-License-Identifier: Apache-2.0
"""One repository an unpacked wheel, and one of aliases to all of them."""

load(":requirements.bzl", "normal_name", "required_distributions")

_WHEELS = "DQLITEPY_WHEELS"

_WHEEL_BUILD = """\
load("@rules_python//python:py_library.bzl", "py_library")

package(default_visibility = ["//visibility:public"])

filegroup(
    name = "dist_info",
    srcs = glob(["site-packages/*.dist-info/**"]),
)

filegroup(
    name = "data",
    srcs = glob(["bin/**", "data/**", "include/**"], allow_empty = True),
)

py_library(
    name = "pkg",
    srcs = glob(["site-packages/**/*.py"], allow_empty = True),
    data = [":data"] + glob(
        ["site-packages/**"],
        exclude = ["**/*.py", "**/*.pyc"],
    ),
    imports = ["site-packages"],
    deps = {deps},
)
"""

# Where an installer would put the parts of NAME-VERSION.data.
_DATA_FOLDERS = {
    "data": "data",
    "headers": "include",
    "platlib": "site-packages",
    "purelib": "site-packages",
    "scripts": "bin",
}

def _find_wheel(rctx):
    folder = rctx.os.environ.get(_WHEELS)
    if not folder:
        fail("{} does not name the folder of wheels: build through tools/bazel, which fills one".format(_WHEELS))
    found = []

    # Not watched: a change of wheels changes the folder's name, and Bazel gives up when a folder that it watched is deleted.
    for path in rctx.path(folder).readdir(watch = "no"):
        parts = path.basename.removesuffix(".whl").split("-")
        if path.basename.endswith(".whl") and normal_name(parts[0]) == rctx.attr.distribution:
            if parts[1] == rctx.attr.version:
                found.append(path)
    if len(found) != 1:
        fail("{} wheels of {}=={} in {}, where one is needed: run tools/bazel again, which fetches it".format(
            len(found),
            rctx.attr.distribution,
            rctx.attr.version,
            folder,
        ))
    return found[0]

def _unpack(rctx, wheel):
    # Bazel knows archives by their extension.
    fetched = rctx.download("file://{}".format(wheel), "wheel.zip")
    if fetched.sha256 not in rctx.attr.sha256:
        fail("{} has the sha256 {}, which the requirements file does not list for {}=={}: delete it and run tools/bazel again".format(
            wheel,
            fetched.sha256,
            rctx.attr.distribution,
            rctx.attr.version,
        ))
    rctx.extract("wheel.zip", "site-packages")
    rctx.delete("wheel.zip")

    # A BUILD file in a wheel would cut its folder off from the globs.
    strays = rctx.execute(["find", "site-packages", "-name", "BUILD", "-o", "-name", "BUILD.bazel"])
    for stray in strays.stdout.splitlines():
        rctx.delete(stray)

    for folder in rctx.path("site-packages").readdir():
        if not folder.basename.endswith(".data"):
            continue
        for part in folder.readdir():
            target = _DATA_FOLDERS.get(part.basename)
            if not target:
                fail("{} has files for an unknown place: {}".format(wheel, part))
            moved = rctx.execute(["sh", "-c", "mkdir -p \"$2\" && cp -R \"$1/.\" \"$2\"", "sh", part, target])
            if moved.return_code:
                fail("{} cannot be unpacked: {}".format(wheel, moved.stderr))
        rctx.delete(folder)

def _wheel_repository_impl(rctx):
    _unpack(rctx, _find_wheel(rctx))
    dist_info = [
        folder
        for folder in rctx.path("site-packages").readdir()
        if folder.basename.endswith(".dist-info")
    ]
    metadata = rctx.read(dist_info[0].get_child("METADATA"))
    deps = required_distributions(metadata, rctx.attr.extras, rctx.attr.locked)
    rctx.file("BUILD.bazel", _WHEEL_BUILD.format(deps = ["@{}//{}".format(rctx.attr.hub, name) for name in deps]))

wheel_repository = repository_rule(
    implementation = _wheel_repository_impl,
    attrs = {
        "distribution": attr.string(mandatory = True, doc = "Normal name."),
        "extras": attr.string_list(doc = "Extras whose requirements are needed too."),
        "hub": attr.string(mandatory = True, doc = "Repository of aliases, in which the needed wheels are looked up."),
        "locked": attr.string_list(doc = "Normal names of all distributions of the hub."),
        "sha256": attr.string_list(mandatory = True, doc = "The wheel has to have one of them."),
        "version": attr.string(mandatory = True),
    },
    doc = "Unpacks a wheel out of the folder that {} names.".format(_WHEELS),
    environ = [_WHEELS],
)

_ALIASES_BUILD = """\
package(default_visibility = ["//visibility:public"])

[alias(name = name, actual = "@{repository}//:" + name) for name in ["data", "dist_info", "pkg"]]

alias(
    name = "{package}",
    actual = ":pkg",
)
"""

def _hub_repository_impl(rctx):
    rctx.file("BUILD.bazel", "")
    for package in rctx.attr.packages:
        rctx.file(package + "/BUILD.bazel", _ALIASES_BUILD.format(
            package = package,
            repository = rctx.attr.prefix + package,
        ))

hub_repository = repository_rule(
    implementation = _hub_repository_impl,
    attrs = {
        "packages": attr.string_list(doc = "Normal names."),
        "prefix": attr.string(mandatory = True, doc = "What stands before the name in that of a wheel's repository."),
    },
    doc = "One package of aliases a distribution.",
)
