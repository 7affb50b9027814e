# SPDX-License-Identifier: Apache-2.0
"""A repository with zig, one wrapper script a tool and target, and the C toolchains made of them."""

# The oldest glibc that the wheel promises to run on: manylinux_2_28.
_GLIBC = "2.28"

_CPUS = ["x86_64", "aarch64"]

_BUILD = """\
load("{config}", "zig_cc_toolchain")

package(default_visibility = ["//visibility:public"])

# Headers, libc stubs and the sources of compiler-rt for Linux; the wheel also carries those of a dozen other systems.
filegroup(
    name = "files",
    srcs = [
        "bin/ar",
        "zig",
    ] + glob([
        "lib/*.zig",
        "lib/compiler_rt/**",
        "lib/include/**",
        "lib/libc/glibc/**",
        "lib/libc/include/*-linux-any/**",
        "lib/libc/include/*-linux-gnu/**",
        "lib/libc/include/generic-glibc/**",
        "lib/libunwind/**",
        "lib/std/**",
    ]),
)
"""

_TOOLCHAIN = """
# The compiler of this CPU alone: the key of a compile action knows its tool by the files that it may read, not by its command.
filegroup(
    name = "files_{cpu}",
    srcs = [
        "bin/cc-{cpu}",
        ":files",
    ],
)

zig_cc_toolchain(
    name = "linux_{cpu}",
    cpu = "{cpu}",
    exec_cpu = "{exec_cpu}",
    files = ":files_{cpu}",
    glibc = "{glibc}",
)
"""

# TMPDIR is an action's own in the sandbox, and configure calls the compiler hundreds of times: so one cache for each action, begun
# from the libc stubs and compiler-rt that the repository rule has already built (15 s each time otherwise). What it built is no
# input of the action: zig notes inode numbers there, so that no two checkouts would have an action key in common. It is found
# through the link that the sandbox makes of this script; an action that cannot see it builds the same again.
#
# Outside a sandbox the folder may be in /tmp, where any user can make one of that name first and put objects into it.
_WRAPPER = """\
#!/bin/sh
here=${{0%/*}}/..
cache=${{TMPDIR:-/tmp}}/dqlitepy-zig-{version}-$(id -u)
built=$(dirname "$(readlink -f "$0")")/../cache
if [ ! -d "$cache" ]; then
    mine=$(mktemp -d "$cache.XXXXXX") || exit
    [ ! -d "$built" ] || {{ cp -r "$built/." "$mine" && chmod -R u+w "$mine"; }}
    mv -T "$mine" "$cache" 2>/dev/null || rm -rf "$mine"
fi
if [ -L "$cache" ] || [ ! -O "$cache" ]; then
    echo "$cache belongs to somebody else" >&2
    exit 1
fi
export ZIG_LIB_DIR="$here/lib" ZIG_GLOBAL_CACHE_DIR="$cache" ZIG_LOCAL_CACHE_DIR="$cache"
exec "$here/zig" {command} "$@"
"""

def _cc(cpu):
    # Undefined behaviour stays undefined as in any release compiler: zig's trap would abort inside SQLite and lz4, and its
    # run-time library adds 5 MB.
    return "cc -target {}-linux-gnu.{} -fno-sanitize=undefined".format(cpu, _GLIBC)

def _zig_sdk_impl(rctx):
    exec_cpu = {"amd64": "x86_64"}.get(rctx.os.arch, rctx.os.arch)
    if exec_cpu not in _CPUS:
        fail("dqlitepy is built on x86_64 and aarch64 machines, and this one is {}.\nBuild there with --platforms for another target.".format(rctx.os.arch))
    package = rctx.path(rctx.attr.wheel).dirname.get_child("site-packages", "ziglang")
    rctx.symlink(package.get_child("zig"), "zig")
    rctx.symlink(package.get_child("lib"), "lib")
    version = _run(rctx, ["./zig", "version"]).stdout.strip()

    commands = {"ar": "ar"}
    for cpu in _CPUS:
        commands["cc-" + cpu] = _cc(cpu)
    for name, command in commands.items():
        rctx.file("bin/" + name, _WRAPPER.format(version = version, command = command), executable = True)

    _fill_cache(rctx, exec_cpu)
    rctx.file("BUILD.bazel", _BUILD.format(config = Label(":cc_toolchain.bzl")) + "".join([
        _TOOLCHAIN.format(cpu = cpu, exec_cpu = exec_cpu, glibc = _GLIBC)
        for cpu in _CPUS
    ]))

def _fill_cache(rctx, cpu):
    """Links once for a CPU, so that no action has to build the libc stubs and compiler-rt again."""
    rctx.report_progress("building the libc stubs of zig once")
    environment = {"ZIG_LIB_DIR": "lib", "ZIG_GLOBAL_CACHE_DIR": "cache", "ZIG_LOCAL_CACHE_DIR": "cache"}
    rctx.file("warm.c", "int main(void) { return 0; }\n")
    for kind in [[], ["-shared", "-fPIC"]]:
        for strip in [[], ["-s"]]:
            _run(rctx, ["./zig"] + _cc(cpu).split(" ") + kind + strip + ["warm.c", "-lm", "-o", "warm"], environment)

    # The rest is the parsed standard library and scratch, 40 MB that each action would copy for nothing.
    for name in ["cache/z", "cache/tmp", "cache/b", "warm", "warm.c"]:
        rctx.delete(name)

def _run(rctx, command, environment = {}):
    result = rctx.execute(command, environment = environment)
    if result.return_code:
        fail("`{}` failed, so this machine cannot run the compiler: {}".format(" ".join(command), result.stderr))
    return result

zig_sdk = repository_rule(
    implementation = _zig_sdk_impl,
    attrs = {
        "wheel": attr.label(doc = "The BUILD file of the repository in which rules_python unpacked ziglang.", mandatory = True),
    },
)
