# SPDX-License-Identifier: Apache-2.0
"""Everything that others wrote and that ends up in libdqlitepy.so: the one table of pins.

A literal, so that Python tools (the SBOM, the provisioning of the air-gapped edition) read it with `ast`.

  archive    sha256 of the upstream archive; both editions of the build check the same sum
  patches    of third_party/NAME/patches, in the order in which they apply
  go_module  pinned by the h1 sum in go/go.sum instead, where the source is a Go module
"""

PINS = {
    "dqlite": {
        "version": "1.18.7",
        "homepage": "https://github.com/canonical/dqlite",
        "archive": "https://github.com/canonical/dqlite/archive/refs/tags/v1.18.7.tar.gz",
        "sha256": "cf244ef937d419edd93aed3960d8222b38f09af82acca78fde586c3d04c35a52",
        "strip_prefix": "dqlite-1.18.7",
        "licence": "LGPL-3.0-only WITH LGPL-3.0-linking-exception",
        "patches": [
            "0001-value-types.patch",
            "0002-exec-yields-rows.patch",
            "0003-abandoned-result.patch",
            "0004-row-header.patch",
            "0005-result-pages.patch",
            "0006-error-replaces-rows.patch",
            "0007-tcp-options.patch",
            "0008-nul-in-text.patch",
            "0009-interrupt.patch",
            "0010-changed-columns.patch",
            "0011-shrunk-database.patch",
            "0012-nameless-column.patch",
            "0013-cut-segment.patch",
            "0014-failed-commit.patch",
            "0015-process-wide-pragmas.patch",
            "0016-brief-statements.patch",
            "0017-crc.patch",
            "0019-idle-connections.patch",
            "0020-buffer-size.patch",
            "0021-shortcuts.patch",
            "0022-thread-number.patch",
            "0023-position.patch",
            "0024-signals.patch",
            "0025-closing-change.patch",
            "0026-told-leader.patch",
            "0027-refused-writes.patch",
            "0028-callers-writes.patch",
            "0029-local-send-buffer.patch",
            "0030-brief-rows.patch",
            "0031-brief-begin.patch",
            "0032-recent-query.patch",
            "0033-answer-last.patch",
            "0034-one-term.patch",
            "0035-automatic-checkpoint.patch",
            "0036-long-wal.patch",
        ],
    },
    "libuv": {
        "version": "1.50.0",
        "homepage": "https://github.com/libuv/libuv",
        "archive": "https://github.com/libuv/libuv/archive/refs/tags/v1.50.0.tar.gz",
        "sha256": "b1ec56444ee3f1e10c8bd3eed16ba47016ed0b94fe42137435aaf2e0bd574579",
        "strip_prefix": "libuv-1.50.0",
        "licence": "MIT AND BSD-2-Clause AND ISC",
        "patches": [
            "0001-thread-pool-of-16.patch",
            "0002-forked-child.patch",
            "0003-epoll-without-ring.patch",
        ],
    },
    "lz4": {
        "version": "1.10.0",
        "homepage": "https://github.com/lz4/lz4",
        "archive": "https://github.com/lz4/lz4/archive/refs/tags/v1.10.0.tar.gz",
        "sha256": "537512904744b35e232912055ccf8ec66d768639ff3abe5788d90d792ec5f48b",
        "strip_prefix": "lz4-1.10.0",
        "licence": "BSD-2-Clause",
    },
    "sqlite": {
        "version": "3.54.1",
        "homepage": "https://sqlite.org",
        "go_module": "github.com/mattn/go-sqlite3@v1.14.53",
        "licence": "blessing",
    },
    "go_dqlite": {
        "version": "3.0.4",
        "homepage": "https://github.com/canonical/go-dqlite",
        "go_module": "github.com/canonical/go-dqlite/v3@v3.0.4",
        "licence": "Apache-2.0",
    },
    "retry": {
        "version": "0.3.1",
        "homepage": "https://github.com/Rican7/retry",
        "go_module": "github.com/Rican7/retry@v0.3.1",
        "licence": "MIT",
    },
    "renameio": {
        "version": "1.0.1",
        "homepage": "https://github.com/google/renameio",
        "go_module": "github.com/google/renameio@v1.0.1",
        "licence": "Apache-2.0",
    },
    "pkg_errors": {
        "version": "0.9.1",
        "homepage": "https://github.com/pkg/errors",
        "go_module": "github.com/pkg/errors@v0.9.1",
        "licence": "BSD-2-Clause",
    },
    "yaml": {
        "version": "2.4.0",
        "homepage": "https://github.com/go-yaml/yaml",
        "go_module": "gopkg.in/yaml.v2@v2.4.0",
        "licence": "Apache-2.0 AND MIT",
    },
    "go_sync": {
        "version": "0.15.0",
        "homepage": "https://cs.opensource.google/go/x/sync",
        "go_module": "golang.org/x/sync@v0.15.0",
        "licence": "BSD-3-Clause",
    },
    "go_sys": {
        "version": "0.33.0",
        "homepage": "https://cs.opensource.google/go/x/sys",
        "go_module": "golang.org/x/sys@v0.33.0",
        "licence": "BSD-3-Clause",
    },
    "go": {
        "version": "1.27.3",
        "homepage": "https://go.dev",
        "go_module": "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64",
        "licence": "BSD-3-Clause",
    },
}
