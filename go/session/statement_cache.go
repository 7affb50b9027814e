// SPDX-License-Identifier: Apache-2.0

package session

import "dqlitepy.dev/go/sql"

// longestKept is how long a text may be that a session keeps.
const longestKept = 4 << 10

// lastStatement is the one that a session parsed last. Programs run the same statement again and again, and reading it each
// time took more than a tenth of what this side does for a select by key.
type lastStatement struct {
	text      string
	statement *sql.Statement // nil for none
}

// Parse is sql.Parse, which it calls only for another text than the last one. Nobody may change the statement; it keeps a copy
// of the text.
func (s *Session) Parse(text []byte) (*sql.Statement, error) {
	if s.last.statement != nil && string(text) == s.last.text {
		return s.last.statement, nil
	}
	s.last = lastStatement{}
	statement, err := sql.Parse(string(text))
	if err == nil && len(text) <= longestKept {
		s.last = lastStatement{string(text), statement}
	}
	return statement, err
}
