# SPDX-License-Identifier: Apache-2.0
"""Brings the C sources of pins.bzl, and the two Go modules that are built by BUILD files of our own."""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")
load("//third_party/host_tools:client.bzl", "host_tools")
load("//tools/wheel:licence_texts.bzl", "LICENCE_TEXTS", "licence_texts")
load(":go_modules.bzl", "pinned_go_module")
load(":patch_groups.bzl", "applied_patches")
load(":pins.bzl", "PINS")
load(":resolved_modules.bzl", "resolved_modules")

# Go modules of pins.bzl that go_deps does not bring: two of our own (go_modules.bzl), and the SDK.
_NOT_THE_GRAPHS = ["go", "go_dqlite", "sqlite"]

_SOURCES = """\
package(default_visibility = ["//visibility:public"])
filegroup(name = "srcs", srcs = glob(["**"]))
exports_files(glob(["**"]))
"""

def _patched_archive(name, component, patch_set = "all"):
    pin = PINS[component]
    http_archive(
        name = name,
        url = pin["archive"],
        sha256 = pin["sha256"],
        strip_prefix = pin["strip_prefix"],
        patches = [
            Label("//third_party/{}/patches:{}".format(component, patch))
            for patch in applied_patches(pin, patch_set)
        ],
        patch_args = ["-p1"],
        build_file_content = _SOURCES,
    )

def _third_party_impl(module_ctx):
    _patched_archive("dqlite_src", "dqlite")
    _patched_archive("dqlite_src_fixes", "dqlite", patch_set = "fixes")
    _patched_archive("libuv_src", "libuv")
    _patched_archive("lz4_src", "lz4")
    go_sum = module_ctx.read(Label("//go:go.sum"))
    pinned_go_module(
        name = "sqlite_src",
        go_sum = go_sum,
        component = "sqlite",
        build_file_content = _SOURCES,
        directories = {"": ["sqlite3-binding.c", "sqlite3-binding.h"]},
    )
    pinned_go_module(
        name = "go_dqlite",
        go_sum = go_sum,
        component = "go_dqlite",
        build_file = Label("//third_party/go_dqlite:overlay.BUILD.bazel"),
        directories = {
            "": ["LICENSE", "node.go"],
            "app": [],
            "client": [],
            "driver": [],
            "internal/bindings": [],
            "internal/protocol": [],
            "logging": [],
            "tracing": [],
        },
    )
    host_tools(name = "host_tools")
    licence_texts(name = "licence_texts")
    resolved_modules(
        name = "resolved_modules",
        modules = {
            pin["go_module"].partition("@")[0]: str(LICENCE_TEXTS[component]["LICENSE"])
            for component, pin in PINS.items()
            if "go_module" in pin and component not in _NOT_THE_GRAPHS
        },
    )

    # Everything is pinned by hash, so nothing of this belongs into a consumer's MODULE.bazel.lock.
    return module_ctx.extension_metadata(reproducible = True)

third_party = module_extension(implementation = _third_party_impl)
