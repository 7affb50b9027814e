# SPDX-License-Identifier: Apache-2.0
# Fetches by whichever client the machine has.

# download URL FILE SECONDS
download() {
    if command -v curl >/dev/null; then
        curl -fsSL --connect-timeout 5 --max-time "$3" -o "$2" "$1"
    elif command -v wget >/dev/null; then
        timeout "$3" wget -q --timeout=5 --tries=1 -O "$2" "$1"
    elif [ -x /usr/lib/apt/apt-helper ]; then
        timeout "$3" /usr/lib/apt/apt-helper -o Acquire::Retries=0 download-file "$1" "$2" >/dev/null
    else
        echo "there is no curl and no wget" >&2
        false
    fi
}
