#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes .venv in the checkout: the package as it lies there, its library, and the tools that test and check it.
set -eu

fail() {
    printf 'dev: %s\nType: %s\n' "$1" "$2" >&2
    exit 1
}

runfiles=${RUNFILES_DIR:-$0.runfiles}
library=$runfiles/@LIBRARY@
header=$runfiles/@HEADER@
checkout=${BUILD_WORKSPACE_DIRECTORY:-}
[ -n "$checkout" ] || fail 'started without bazel, so there is no checkout to work in' 'tools/bazel run //tools:dev'
[ -f "$library" ] || fail "$library is missing" 'tools/bazel run //tools:dev'

choose='DQLITEPY_PYTHON=/path/python3.13 tools/bazel run //tools:dev'
python=${DQLITEPY_PYTHON:-python3}
command -v "$python" >/dev/null || fail "there is no $python on this machine" "$choose"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11))') ||
    fail "$python does not run" "$choose"
[ "${version#* }" = True ] || fail "$(command -v "$python") is Python ${version% *}, and dqlitepy needs 3.11" "$choose"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments" \
        "sudo apt-get install python3-venv   (or $choose)"

environment=$checkout/.venv
echo "dev: making $environment with Python ${version% *} ..."
"$python" -m venv --clear "$environment"

# Hypothesis has a module for each Python, the others run on all; the hashes are those of the build.
wanted=$environment/requirements.txt
"$environment/bin/python" - "$checkout/tools/pytest/requirements.txt" >"$wanted" <<'END'
import re, sys
tools = "hypothesis iniconfig librt mypy mypy-extensions packaging pathspec pluggy pygments pytest ruff sortedcontainers"
tools += " ast-serialize typing-extensions uvloop"
text = open(sys.argv[1]).read()
for entry in re.split(r"\n(?=[a-z])", text):
    if entry.partition("==")[0] in tools.split():
        print(entry)
END
echo 'dev: installing pytest, hypothesis, ruff and mypy ...'
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement "$wanted" ||
    fail 'the tools could not be installed (pip says why above)' 'tools/bazel run //tools:dev   (when the network is back)'

# No build backend is needed for a package that is imported from where it lies; the tests import each other from the top.
site=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$checkout/python" "$checkout" >"$site/dqlitepy.pth"
printf '#!/bin/sh\nexec "%s" -m dqlitepy "$@"\n' "$environment/bin/python" >"$environment/bin/dqlitepy"
chmod 755 "$environment/bin/dqlitepy"

folder=$checkout/python/dqlitepy/_lib/@FOLDER@
mkdir -p "$folder"
for file in "$library" "$header"; do
    # A process that has the old library open keeps it.
    cp "$file" "$folder/.${file##*/}.$$"
    chmod 644 "$folder/.${file##*/}.$$"
    mv -f "$folder/.${file##*/}.$$" "$folder/${file##*/}"
done
(cd / && "$environment/bin/python" -c 'import dqlitepy; print("dev: SQLite", dqlitepy.sqlite_version, "in dqlitepy", dqlitepy.__version__)')
echo 'dev: ready. After a change of C or Go, run this again. Type: . .venv/bin/activate && pytest'
