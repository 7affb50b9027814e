// SPDX-License-Identifier: Apache-2.0

// Package sql reads just enough of a statement to know how to send it: which verb leads it, whether it yields rows, which
// parameters it takes, what it does to the transaction, and where it ends. It follows SQLite's tokenizer; whether a
// statement is right is for the server to say.
package sql

import "strings"

// Statement is what Parse finds out about the first statement of a text.
type Statement struct {
	Text       string      // the statement alone, without the blanks, comments and semicolon around it; "" if there is none
	Verb       string      // the keyword that decides what it does, in capitals: behind EXPLAIN and WITH
	Explain    bool        // EXPLAIN or EXPLAIN QUERY PLAN leads it
	With       bool        // WITH leads it
	Returning  bool        // a RETURNING clause ends it
	Multiple   bool        // more than blanks and comments follows behind its semicolon, as Python's sqlite3 sees it
	Parameters []Parameter // in SQLite's order
	Effect     Effect      // on the transaction
	Savepoint  string      // the name that Effect is about
	Setting    string      // the PRAGMA of the connection that it sets, in small letters
	Pragma     *Pragma     // nil for what is none, or is wrong
	Temporary  bool        // it makes what only this connection has: a temporary table, view, trigger or index, or an ATTACH
	Portable   bool        // it only reads, and the same on each connection

	question bool // a PRAGMA that only reads
	odd      bool // something stands before it that Python's sqlite3 does not skip to find out what it is

	source string // the text up to the end of the statement, its semicolon included
	tokens []token
	slots  []int // of each token that is a parameter: its index, else -1
}

// Parse reads the first statement of a text. The error is what SQLite would say of its parameters.
func Parse(text string) (*Statement, error) {
	statement := &Statement{}
	var numbers numbering
	s := scanner{sql: text}
	ends := newTerminator()
	first := s.next()
	for first.symbol(';') {
		s.odd = true
		first = s.next()
	}
	statement.odd = s.odd
	last := first.start
	t := first
	for ; t.kind != end && !ends.at(t); t = s.next() {
		slot := -1
		if t.kind == parameter {
			var err error
			if slot, err = numbers.number(t.text); err != nil {
				return nil, err
			}
		}
		statement.tokens = append(statement.tokens, t)
		statement.slots = append(statement.slots, slot)
		last = t.end
	}
	statement.source = text[:t.end]
	statement.Multiple = !statement.Empty() && !isBlank(text[t.end:])
	statement.Text = text[first.start:last]
	statement.Parameters = numbers.parameters
	statement.classify()
	return statement, nil
}

// Empty tells whether the text holds no statement: blanks, comments and semicolons at most.
func (s *Statement) Empty() bool { return len(s.tokens) == 0 }

// Rows tells whether the statement may yield rows, so that it has to be sent as a query. What is unknown counts as a query:
// a query of a statement that yields none is harmless, running one that yields rows without reading them is not.
func (s *Statement) Rows() bool {
	if s.Explain || s.Returning {
		return true
	}
	switch s.Verb {
	case "INSERT", "REPLACE", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "BEGIN", "COMMIT", "END", "ROLLBACK",
		"SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM", "ANALYZE", "REINDEX":
		return false
	}
	return true
}

// ReadOnly tells whether the statement surely writes nothing to the database: it can be lost without a trace.
func (s *Statement) ReadOnly() bool {
	return s.Explain || s.Verb == "SELECT" || s.Verb == "VALUES" || s.question || s.Setting != "" && s.Setting != "auto_vacuum"
}

// Modifies tells whether the statement inserts, updates or deletes, so that the counters of the connection are its own.
func (s *Statement) Modifies() bool {
	switch s.Verb {
	case "INSERT", "REPLACE", "UPDATE", "DELETE":
		return !s.Explain
	}
	return false
}

// BeginsImplicitly tells whether Python's sqlite3 opens a transaction before the statement: before what begins with one of
// four verbs, so not before WITH, nor where a semicolon or a byte order mark stands before the verb.
func (s *Statement) BeginsImplicitly() bool { return s.Modifies() && !s.With && !s.odd }

// isBlank tells whether Python's sqlite3 sees nothing in the text (lstrip_sql in CPython's _sqlite/statement.c).
func isBlank(text string) bool {
	for text != "" {
		switch {
		case strings.IndexByte(" \t\f\n\r", text[0]) >= 0:
			text = text[1:]
		case strings.HasPrefix(text, "--"):
			text = text[until(text, "\n"):]
		case strings.HasPrefix(text, "/*"):
			text = text[2+until(text[2:], "*/"):]
		default:
			return false
		}
	}
	return true
}

func (s *Statement) classify() {
	c := cursor{tokens: s.tokens}
	if c.accept("EXPLAIN") {
		s.Explain = true
		if c.accept("QUERY") {
			c.accept("PLAN")
		}
	}
	if c.accept("WITH") {
		s.With = true
		c.skipTables()
	}
	if t := c.peek(); t.kind == word {
		s.Verb = strings.ToUpper(t.text)
	} else if t.symbol('(') {
		s.Verb = "SELECT" // refused by SQLite, but a query if it is anything
	}
	if s.Modifies() {
		s.Returning = c.findOutside("RETURNING")
	}
	s.findLocal()
	s.findPortable()
	if !s.Explain && !s.With {
		s.Effect, s.Savepoint = transactionEffect(s.tokens)
	}
}

// cursor goes through the tokens of a statement.
type cursor struct {
	tokens []token
	offset int
}

func (c *cursor) peek() token {
	if c.offset < len(c.tokens) {
		return c.tokens[c.offset]
	}
	return token{}
}

func (c *cursor) next() token {
	t := c.peek()
	c.offset++
	return t
}

func (c *cursor) accept(keyword string) bool {
	found := c.peek().is(keyword)
	if found {
		c.offset++
	}
	return found
}

func (c *cursor) acceptSymbol(character byte) bool {
	found := c.peek().symbol(character)
	if found {
		c.offset++
	}
	return found
}

// skipTables goes past [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (select), … behind WITH.
func (c *cursor) skipTables() {
	c.accept("RECURSIVE")
	for {
		c.next()
		c.skipParentheses()
		c.accept("AS")
		c.accept("NOT")
		c.accept("MATERIALIZED")
		c.skipParentheses()
		if !c.acceptSymbol(',') {
			return
		}
	}
}

func (c *cursor) skipParentheses() {
	if !c.peek().symbol('(') {
		return
	}
	for depth := 0; c.offset < len(c.tokens); {
		switch t := c.next(); {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// findOutside looks for a keyword outside all parentheses.
func (c *cursor) findOutside(keyword string) bool {
	for c.offset < len(c.tokens) {
		if c.peek().symbol('(') {
			c.skipParentheses()
		} else if c.next().is(keyword) {
			return true
		}
	}
	return false
}
