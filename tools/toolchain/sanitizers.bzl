# SPDX-License-Identifier: Apache-2.0
"""The compiler of --config=asan and --config=tsan: this machine's gcc, or the userland's in the air-gapped edition.

zig cc has no run-time library of AddressSanitizer, and gcc brings both. What it makes is run where it was made, so nothing
here has to be pinned: no wheel is built by it. The repository is made only when one of the two configurations asks for it.
"""

_SANITIZERS = ["address", "thread"]

_BUILD = """\
load("{config}", "gcc_cc_toolchain")

package(default_visibility = ["//visibility:public"])
"""

_TOOLCHAIN = """
filegroup(
    name = "files_{sanitizer}",
    srcs = glob(["{sanitizer}/**"]),
)

gcc_cc_toolchain(
    name = "{sanitizer}",
    cpu = "{cpu}",
    files = ":files_{sanitizer}",
    include_directories = {include_directories},
    # The compiler has it anyway. cgo looks for it among the flags: only then does it tell ThreadSanitizer what happens before
    # what at each call between Go and C.
    compile_flags = ["-fsanitize={sanitizer}"],
)
"""

# In the compiler itself and not among its flags: configure's own tests then find what the library is made with.
_CC = """\
#!/bin/sh
# {version}
exec {gcc} {flags} -fno-omit-frame-pointer "$@"
"""

_HELP = "Type: apt-get install gcc libc6-dev   (or your system's names for them)"

def _sanitizers_impl(rctx):
    gcc, ar = rctx.which("gcc"), rctx.which("ar")
    if not gcc or not ar:
        fail("--config=asan and --config=tsan need gcc and ar on this machine.\n" + _HELP)
    rctx.file("probe.c", "int main(void) { return 0; }\n")
    for sanitizer in _SANITIZERS:
        probe = rctx.execute([gcc, "-fsanitize=" + sanitizer, "probe.c", "-o", "probe"])
        if probe.return_code or rctx.execute(["./probe"]).return_code:
            fail("{} makes no programs with -fsanitize={} that run here: {}\n{}".format(gcc, sanitizer, probe.stderr, _HELP))

    # The version is in the script, and so in the keys of all that it makes.
    version = rctx.execute([gcc, "--version"]).stdout.splitlines()[0]
    searched = rctx.execute([gcc, "-E", "-Wp,-v", "probe.c"]).stderr.splitlines()
    build = _BUILD.format(config = Label(":cc_toolchain.bzl"))
    for sanitizer in _SANITIZERS:
        flags = "-fsanitize=" + sanitizer
        if sanitizer == "thread":
            rctx.symlink(Label(":tsan_threads.h"), "thread/include/threads.h")
            flags += ' -I "${0%/*}/include"'
        rctx.file(sanitizer + "/cc", _CC.format(version = version, gcc = gcc, flags = flags), executable = True)
        rctx.file(sanitizer + "/ar", "#!/bin/sh\nexec {} \"$@\"\n".format(ar), executable = True)
        build += _TOOLCHAIN.format(
            sanitizer = sanitizer,
            cpu = {"amd64": "x86_64"}.get(rctx.os.arch, rctx.os.arch),
            # Debian's headers of the kernel are links to elsewhere below /usr.
            include_directories = ["/usr"] + [str(rctx.path(line.strip()).realpath) for line in searched if line.startswith(" /")],
        )
    rctx.file("BUILD.bazel", build)

sanitizers = repository_rule(
    implementation = _sanitizers_impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)
