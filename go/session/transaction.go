// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"
	"strings"

	"dqlitepy.dev/go/sql"
)

// transaction follows what the connection's statements do, since dqlite's protocol does not tell.
type transaction struct {
	open       bool
	begun      bool // by BEGIN, not by a savepoint
	savepoints []string
}

func (t *transaction) begin() {
	if !t.open {
		*t = transaction{open: true, begun: true}
	}
}

func (t *transaction) end() { *t = transaction{} }

// apply takes over the effect of a statement that succeeded.
func (t *transaction) apply(statement *sql.Statement) {
	switch statement.Effect {
	case sql.Begins:
		t.begin()
	case sql.Commits, sql.RollsBack:
		t.end()
	case sql.Saves:
		t.open = true
		t.savepoints = append(t.savepoints, statement.Savepoint)
	case sql.Releases:
		if t.commits(statement) {
			t.end()
		} else if at := t.find(statement.Savepoint); at >= 0 {
			t.savepoints = t.savepoints[:at]
		}
	case sql.RollsBackTo:
		if at := t.find(statement.Savepoint); at >= 0 {
			t.savepoints = t.savepoints[:at+1]
		}
	}
}

// commits tells whether the statement, if it succeeds, makes the open transaction durable.
func (t *transaction) commits(statement *sql.Statement) bool {
	switch statement.Effect {
	case sql.Commits:
		return true
	case sql.Releases:
		return !t.begun && t.find(statement.Savepoint) == 0
	}
	return false
}

// find looks for the innermost savepoint of a name.
func (t *transaction) find(name string) int {
	for i, savepoint := range slices.Backward(t.savepoints) {
		if strings.EqualFold(savepoint, name) {
			return i
		}
	}
	return -1
}
