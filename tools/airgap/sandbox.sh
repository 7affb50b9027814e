# SPDX-License-Identifier: Apache-2.0
# Commands inside the userland.

# in_userland BWRAP-OPTION... -- COMMAND...
#
# The root is bubblewrap's own tmpfs, so that the checkout and the cache keep their paths wherever they lie.
# /dev is the host's: with a devpts of its own bubblewrap nests a second user namespace, which nobody could join later.
# So is /proc: bubblewrap covers parts of its own, and the kernel then refuses Bazel's sandbox a third one.
in_userland() {
    bwrap --ro-bind "$userland/usr" /usr --ro-bind "$userland/etc" /etc \
        --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
        --bind /proc /proc --dev-bind /dev /dev --ro-bind /sys /sys --bind /tmp /tmp --dir /run --dir /var/tmp \
        --bind "$cache" "$cache" "$@"
}

# exported PATTERN  prints the names of the exported variables that match this extended regular expression as a whole.
exported() {
    env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' | grep -xE "$1" || :
}
