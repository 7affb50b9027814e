// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
	"strings"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

func checkStatement(statement *sql.Statement) *fault.Error {
	if statement.Multiple {
		return fault.Errorf(fault.Programming, "You can only execute one statement at a time.")
	}
	if strings.IndexByte(statement.Text, 0) >= 0 {
		return fault.Errorf(fault.Programming, "the query contains a null character")
	}
	return nil
}

const (
	// maxRequestSize bounds what a statement brings: each node keeps it about seven times in memory for a while (the request,
	// SQLite's copy, the pages of the write-ahead log, the entry of raft's log, its way to the disk, the pages of the database).
	maxRequestSize = 256 << 20

	codeError  = 1  // SQLITE_ERROR: above all, what the schema does not have
	codeTooBig = 18 // SQLITE_TOOBIG
	codeAuth   = 23 // SQLITE_AUTH: what an authorizer refuses
)

func checkParameters(statement *sql.Statement, parameters []wire.Value) *fault.Error {
	if uses, supplied := len(statement.Parameters), len(parameters); uses != supplied {
		return fault.Errorf(fault.Programming, "Incorrect number of bindings supplied. The current statement uses %d, and there are %d supplied.",
			uses, supplied)
	}
	total := 0
	for i := range parameters {
		total += len(parameters[i].Bytes)
		if total > maxRequestSize {
			return &fault.Error{Kind: fault.Data, Code: codeTooBig, Message: fmt.Sprintf(
				"string or blob too big: the parameters of a statement are limited to %d MiB together, since every node keeps "+
					"several copies in memory; split it into several rows, or keep it in a file", maxRequestSize>>20)}
		}
	}
	return nil
}

// DataError is the failure of a parameter that the protocol cannot carry.
func DataError(err error) *fault.Error {
	if errors.Is(err, marshal.ErrNUL) {
		return fault.Errorf(fault.Programming, "%v", err)
	}
	return fault.Errorf(fault.Data, "%v", err)
}
