// SPDX-License-Identifier: Apache-2.0

package sql

// Effect is what a statement does to the transaction if it succeeds.
type Effect uint8

const (
	NoEffect    Effect = iota
	Begins             // BEGIN
	Commits            // COMMIT, END
	RollsBack          // ROLLBACK
	Saves              // SAVEPOINT: begins a transaction where there is none
	Releases           // RELEASE: commits where the savepoint began the transaction
	RollsBackTo        // ROLLBACK TO: ends the savepoints inside the named one
)

func transactionEffect(tokens []token) (Effect, string) {
	c := cursor{tokens: tokens}
	switch {
	case c.accept("BEGIN"):
		return Begins, ""
	case c.accept("COMMIT"), c.accept("END"):
		return Commits, ""
	case c.accept("SAVEPOINT"):
		return Saves, c.peek().name()
	case c.accept("RELEASE"):
		if len(tokens) > 2 { // SAVEPOINT is a word that may be left out, and a name where it stands alone
			c.accept("SAVEPOINT")
		}
		return Releases, c.peek().name()
	case c.accept("ROLLBACK"):
		if c.accept("TRANSACTION") && !c.peek().is("TO") {
			c.next() // a name, which SQLite ignores
		}
		if !c.accept("TO") {
			return RollsBack, ""
		}
		if c.offset+1 < len(tokens) {
			c.accept("SAVEPOINT")
		}
		return RollsBackTo, c.peek().name()
	}
	return NoEffect, ""
}
