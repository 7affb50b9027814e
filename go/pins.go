// SPDX-License-Identifier: Apache-2.0

//go:build pins

// Package pins keeps in the module graph, as direct requirements, what the build takes out of it with BUILD files of its own:
// go-sqlite3 carries SQLite's official amalgamation, so that go.sum is the one place that says which SQLite is linked, and the
// others are what go-dqlite needs.
package pins

import (
	_ "github.com/Rican7/retry"
	_ "github.com/canonical/go-dqlite/v3/app"
	_ "github.com/dlclark/regexp2/v2"
	_ "github.com/google/renameio"
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/pkg/errors"
	_ "golang.org/x/sync/semaphore"
	_ "golang.org/x/sys/unix"
	_ "gopkg.in/yaml.v2"
)
