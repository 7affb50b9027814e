# SPDX-License-Identifier: Apache-2.0
"""The licence texts of everything that is linked into the library, out of the pinned sources themselves.

A repository rule, because the BUILD files that gazelle writes for Go modules do not export their licences.
"""

load("//third_party:pins.bzl", "PINS")

# What the compiler adds to each library that it links: its run-time functions and glibc's static remainder.
COMPILER_RUNTIME = {
    "zig": {
        "version": "0.17.1",
        "homepage": "https://ziglang.org",
        "licence": "MIT",
    },
}

# Component -> file below dist-info/licenses/COMPONENT -> where it comes from. The components are those of pins.bzl.
LICENCE_TEXTS = {
    "dqlite": {
        "LICENSE": Label("@dqlite_src//:LICENSE"),
        # LGPL-3.0, section 4b, asks for this one as well; dqlite's archive does not carry it.
        "GPL-3.0.txt": Label("//third_party/licenses:GPL-3.0.txt"),
    },
    "go": {
        # The same bytes as in the Go SDK, whose repository has no name that every module may use.
        "LICENSE": Label("@org_golang_x_sys//:LICENSE"),
        "PATENTS": Label("@org_golang_x_sys//:PATENTS"),
    },
    "go_dqlite": {"LICENSE": Label("@go_dqlite//:LICENSE")},
    "go_sync": {
        "LICENSE": Label("@org_golang_x_sync//:LICENSE"),
        "PATENTS": Label("@org_golang_x_sync//:PATENTS"),
    },
    "go_sys": {
        "LICENSE": Label("@org_golang_x_sys//:LICENSE"),
        "PATENTS": Label("@org_golang_x_sys//:PATENTS"),
    },
    "libuv": {
        "LICENSE": Label("@libuv_src//:LICENSE"),
        "LICENSE-extra": Label("@libuv_src//:LICENSE-extra"),
        "LICENSE-parts": Label("//third_party/licenses:libuv-parts.txt"),
    },
    # Of lz4 only the library is linked; its programs are under the GPL.
    "lz4": {"LICENSE": Label("@lz4_src//:lib/LICENSE")},
    "pkg_errors": {"LICENSE": Label("@com_github_pkg_errors//:LICENSE")},
    "regexp2": {
        "LICENSE": Label("@com_github_dlclark_regexp2_v2//:LICENSE"),
        # What was ported from .NET, whose licence it names.
        "ATTRIB": Label("@com_github_dlclark_regexp2_v2//:ATTRIB"),
    },
    "renameio": {"LICENSE": Label("@com_github_google_renameio//:LICENSE")},
    "retry": {"LICENSE": Label("@com_github_rican7_retry//:LICENSE")},
    "sqlite": {"LICENSE": Label("//third_party/licenses:sqlite.txt")},
    "yaml": {
        "LICENSE": Label("@in_gopkg_yaml_v2//:LICENSE"),
        "LICENSE.libyaml": Label("@in_gopkg_yaml_v2//:LICENSE.libyaml"),
        "NOTICE": Label("@in_gopkg_yaml_v2//:NOTICE"),
    },
    "zig": {
        "LICENSE": Label("//third_party/licenses:zig.txt"),
        "LICENSE-glibc-static": Label("//third_party/licenses:glibc-static.txt"),
    },
}

_BUILD = """\
# One file COMPONENT/NAME for each text.
filegroup(
    name = "licence_texts",
    srcs = glob(["*/**"]),
    visibility = ["//visibility:public"],
)
"""

def _licence_texts_impl(rctx):
    for path, label in rctx.attr.texts.items():
        rctx.symlink(rctx.path(Label(label)), path)
    rctx.file("BUILD.bazel", _BUILD)

_licence_texts = repository_rule(
    implementation = _licence_texts_impl,
    attrs = {
        "texts": attr.string_dict(doc = "Path in the new repository to canonical label.", mandatory = True),
    },
)

def licence_texts(name):
    """Declares the repository with the texts; to be called by a module extension.

    Args:
        name: of the repository; its target of the same name holds all files.
    """
    components = sorted(PINS.keys() + COMPILER_RUNTIME.keys())
    if components != sorted(LICENCE_TEXTS.keys()):
        fail("Each component that is linked needs its licence texts here: pinned are {}, texts are here for {}".format(
            components,
            sorted(LICENCE_TEXTS.keys()),
        ))
    texts = {
        component + "/" + path: str(label)
        for component, files in LICENCE_TEXTS.items()
        for path, label in files.items()
    }

    # Recipients of a modified LGPL library are owed the modifications.
    for component, pin in PINS.items():
        for patch in pin.get("patches", []):
            texts["{}/patches/{}".format(component, patch)] = str(Label("//third_party/{}/patches:{}".format(component, patch)))
    _licence_texts(name = name, texts = texts)
