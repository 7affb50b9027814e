// SPDX-License-Identifier: Apache-2.0

package sql

// Span is where a statement stands in a script, in bytes, without the blanks, comments and semicolons around it.
type Span struct{ Start, End int }

// Split cuts a script into its statements.
func Split(script string) (statements []Span) {
	s := scanner{sql: script}
	ends := newTerminator()
	begun := false
	for t := s.next(); t.kind != end; t = s.next() {
		switch {
		case ends.at(t):
			begun = false
		case begun:
			statements[len(statements)-1].End = t.end
		default:
			begun = true
			statements = append(statements, Span{t.start, t.end})
		}
	}
	return statements
}

// terminator finds the semicolon that ends a statement, by the automaton of sqlite3_complete: within CREATE TRIGGER it is the
// one behind a semicolon and END.
type terminator struct{ state uint8 }

const (
	atStart = iota
	inStatement
	behindExplain
	behindCreate
	inTrigger
	behindSemicolon // in a trigger
	behindEnd       // in a trigger, behind a semicolon
)

func newTerminator() terminator { return terminator{atStart} }

// at tells whether the token ends the statement, and begins the next one then.
func (e *terminator) at(t token) bool {
	if t.symbol(';') {
		switch e.state {
		case inTrigger, behindSemicolon:
			e.state = behindSemicolon
			return false
		}
		e.state = atStart
		return true
	}
	switch e.state {
	case atStart:
		switch {
		case t.is("EXPLAIN"):
			e.state = behindExplain
		case t.is("CREATE"):
			e.state = behindCreate
		default:
			e.state = inStatement
		}
	case behindExplain:
		switch {
		case t.is("CREATE"):
			e.state = behindCreate
		case t.is("EXPLAIN"), t.is("TEMP"), t.is("TEMPORARY"), t.is("TRIGGER"), t.is("END"):
			e.state = inStatement
		}
	case behindCreate:
		switch {
		case t.is("TRIGGER"):
			e.state = inTrigger
		case !t.is("TEMP") && !t.is("TEMPORARY"):
			e.state = inStatement
		}
	case behindSemicolon:
		if t.is("END") {
			e.state = behindEnd
		} else {
			e.state = inTrigger
		}
	case behindEnd:
		e.state = inTrigger
	}
	return false
}
