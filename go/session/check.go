// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"strings"

	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

func checkStatement(statement *sql.Statement) *Error {
	if statement.Multiple {
		return Errorf(Programming, "You can only execute one statement at a time.")
	}
	if strings.IndexByte(statement.Text, 0) >= 0 {
		return Errorf(Programming, "the query contains a null character")
	}
	return nil
}

const (
	maxValueSize   = 1_000_000_000 // SQLite's limit on a text or blob
	maxRequestSize = 1<<32 - 1<<20 // dqlite's limit on a message, with room for the statement

	codeTooBig = 18 // SQLITE_TOOBIG
)

func checkParameters(statement *sql.Statement, parameters []wire.Value) *Error {
	if uses, supplied := len(statement.Parameters), len(parameters); uses != supplied {
		return Errorf(Programming, "Incorrect number of bindings supplied. The current statement uses %d, and there are %d supplied.",
			uses, supplied)
	}
	total := 0
	for i := range parameters {
		size := len(parameters[i].Bytes)
		total += size + 16
		if size > maxValueSize || total > maxRequestSize {
			return &Error{Kind: Data, Code: codeTooBig, Message: "string or blob too big"}
		}
	}
	return nil
}

// DataError tells of a parameter that cannot cross.
func DataError(err error) *Error {
	if errors.Is(err, marshal.ErrNUL) {
		return Errorf(Programming, "%v", err)
	}
	return Errorf(Data, "%v", err)
}
