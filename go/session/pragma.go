// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/sql"
)

// Some PRAGMAs set what dqlite has taken over: how a commit gets to the disk, when the WAL is copied, who waits for a lock.
// Programs set them all the same, read them back, and go by the rows. So they are answered here, as SQLite answers where it
// keeps what it has, and are not sent: a server refuses some of them, and one that is asked would answer of itself.

// kept are the values of PRAGMAs that change nothing, of one connection. They begin as SQLite's own.
type kept struct {
	synchronous, walAutocheckpoint, journalSizeLimit, mmapSize int64
	readUncommitted                                            int64
}

func newKept() kept {
	return kept{synchronous: 2, walAutocheckpoint: 1000, journalSizeLimit: -1}
}

const largestMmap = 0x7fff0000 // SQLITE_MAX_MMAP_SIZE

func statementOf(text string) (*sql.Statement, *fault.Error) {
	statement, err := sql.Parse(text)
	if err != nil {
		return nil, fault.Errorf(fault.Internal, "%v", err)
	}
	return statement, nil
}

func number(name string, value int64) (*sql.Statement, *fault.Error) {
	return statementOf(fmt.Sprintf("SELECT %d AS %s", value, name))
}

// noRows is what a PRAGMA does that sets something and tells nothing.
func noRows() (*sql.Statement, *fault.Error) { return statementOf("") }

func refused(pragma *sql.Pragma, why string) (*sql.Statement, *fault.Error) {
	return nil, &fault.Error{Kind: fault.SQLite, Code: codeAuth, Message: fmt.Sprintf("PRAGMA %s = %s is refused: %s", pragma.Name, pragma.Argument, why)}
}

// standInFor returns the statement that runs in the place of a PRAGMA, nil where the PRAGMA itself does.
func (s *Session) standInFor(pragma *sql.Pragma) (*sql.Statement, *fault.Error) {
	switch pragma.Name { // which belong to the connection, or to the process of the server, whatever schema is named
	case "busy_timeout":
		if pragma.Sets {
			s.options.BusyTimeout = time.Duration(max(atoi(pragma.Argument), 0)) * time.Millisecond
		}
		return number("timeout", s.options.BusyTimeout.Milliseconds())
	case "wal_autocheckpoint":
		if pragma.Sets {
			s.kept.walAutocheckpoint = max(atoi(pragma.Argument), 0)
		}
		return number("wal_autocheckpoint", s.kept.walAutocheckpoint)
	case "read_uncommitted":
		if !pragma.Sets {
			return number("read_uncommitted", s.kept.readUncommitted)
		}
		s.kept.readUncommitted = boolean(pragma.Argument)
		return noRows()
	case "hard_heap_limit", "soft_heap_limit":
		if pragma.Sets {
			return refused(pragma, "it would hold for the whole process of the server, and so for all of its clients. "+
				"Limit the memory of that process instead")
		}
	case "temp_store_directory":
		if pragma.Sets {
			return refused(pragma, "it would hold for the whole process of the server, and so for all of its clients. "+
				"Set SQLITE_TMPDIR where that process starts instead")
		}
	}
	if !pragma.Main() {
		return nil, nil // temporary databases are files of their own, and nobody else's
	}
	switch pragma.Name {
	case "journal_mode":
		if pragma.Sets {
			return statementOf("PRAGMA journal_mode")
		}
	case "synchronous":
		return s.synchronous(pragma)
	case "journal_size_limit":
		if pragma.Sets {
			s.kept.journalSizeLimit = max(decimalOrHexadecimal(pragma.Argument), -1)
		}
		return number("journal_size_limit", s.kept.journalSizeLimit)
	case "mmap_size":
		if pragma.Sets {
			s.kept.mmapSize = min(max(decimalOrHexadecimal(pragma.Argument), 0), largestMmap)
		}
		return number("mmap_size", s.kept.mmapSize)
	case "page_size":
		if pragma.Sets {
			return noRows()
		}
	case "locking_mode":
		if pragma.Sets && strings.EqualFold(pragma.Argument, "exclusive") {
			return refused(pragma, "a database of dqlite is never one connection's alone. BEGIN IMMEDIATE keeps other writers out")
		}
		return statementOf("SELECT 'normal' AS locking_mode")
	case "wal_checkpoint":
		return statementOf("SELECT 0 AS busy, -1 AS log, -1 AS checkpointed")
	}
	return nil, nil
}

func (s *Session) synchronous(pragma *sql.Pragma) (*sql.Statement, *fault.Error) {
	if !pragma.Sets {
		return number("synchronous", s.kept.synchronous)
	}
	if s.transaction.open {
		return nil, &fault.Error{Kind: fault.SQLite, Code: 1, Message: "Safety level may not be changed inside a transaction"}
	}
	s.kept.synchronous = max((level(pragma.Argument)+1)&7, 1) - 1
	return noRows()
}

// level reads a word or a number as getSafetyLevel does (pragma.c of SQLite).
func level(argument string) int64 {
	if argument != "" && '0' <= argument[0] && argument[0] <= '9' {
		return atoi(argument) & 0xff
	}
	for value, words := range [][]string{{"no", "off", "false"}, {"on", "yes", "true"}, {"full"}, {"extra"}} {
		if slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, argument) }) {
			return int64(value)
		}
	}
	return 1
}

// boolean reads a word or a number as sqlite3GetBoolean does.
func boolean(argument string) int64 {
	for _, word := range []string{"on", "yes", "true"} {
		if strings.EqualFold(word, argument) {
			return 1
		}
	}
	if argument != "" && '0' <= argument[0] && argument[0] <= '9' && atoi(argument)&0xff != 0 {
		return 1
	}
	return 0
}

// atoi reads the number at the beginning of a text as sqlite3Atoi does: 0 where there is none, or none of 32 bits.
func atoi(text string) int64 {
	value := decimalOrHexadecimal(text)
	if value != int64(int32(value)) {
		return 0
	}
	return value
}

func decimalOrHexadecimal(text string) int64 {
	digits := strings.TrimLeft(text, "+-")
	base, hexadecimal := 10, len(digits) > 2 && (digits[:2] == "0x" || digits[:2] == "0X")
	if hexadecimal {
		base, digits = 16, digits[2:]
	}
	end := strings.IndexFunc(digits, func(c rune) bool {
		return !('0' <= c && c <= '9' || hexadecimal && ('a' <= c && c <= 'f' || 'A' <= c && c <= 'F'))
	})
	if end >= 0 {
		digits = digits[:end]
	}
	value, _ := strconv.ParseInt(digits, base, 64) // the largest where it is too large
	if strings.HasPrefix(text, "-") {
		return -value
	}
	return value
}

// autoVacuum is the mode that a PRAGMA asks for, -1 for none.
func autoVacuum(pragma *sql.Pragma) int64 {
	if pragma == nil || pragma.Name != "auto_vacuum" || !pragma.Sets || !pragma.Main() {
		return -1
	}
	mode, known := map[string]int64{"0": 0, "none": 0, "1": 1, "full": 1, "2": 2, "incremental": 2}[strings.ToLower(pragma.Argument)]
	if !known {
		return -1
	}
	return mode
}
