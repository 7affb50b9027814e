// SPDX-License-Identifier: Apache-2.0

package sql

import "strings"

// settings are the PRAGMAs whose value belongs to the connection and not to the database.
var settings = set(
	"analysis_limit", "automatic_index", "cache_size", "cache_spill", "case_sensitive_like", "cell_size_check",
	"auto_vacuum", "checkpoint_fullfsync", "count_changes", "defer_foreign_keys", "empty_result_callbacks", "foreign_keys",
	"full_column_names", "fullfsync", "ignore_check_constraints", "legacy_alter_table", "max_page_count", "mmap_size",
	"query_only", "recursive_triggers", "reverse_unordered_selects", "secure_delete", "short_column_names",
	"temp_store", "threads", "trusted_schema", "writable_schema",
)

// questions are the PRAGMAs that take an argument and yet only read.
var questions = set(
	"foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check", "quick_check",
	"table_info", "table_list", "table_xinfo",
)

// actions are the PRAGMAs that write without an argument.
var actions = set("delete_database", "incremental_vacuum", "optimize", "shrink_memory", "wal_checkpoint")

func set(names ...string) map[string]bool {
	members := make(map[string]bool, len(names))
	for _, name := range names {
		members[name] = true
	}
	return members
}

// findLocal finds out what the statement leaves behind on its connection only.
func (s *Statement) findLocal() {
	c := cursor{tokens: s.tokens}
	switch {
	case s.Explain || s.With:
	case c.accept("PRAGMA"):
		s.readPragma(&c)
	case c.accept("ATTACH"):
		s.Temporary = true
	case c.accept("CREATE"):
		s.Temporary = c.peek().is("TEMP") || c.peek().is("TEMPORARY") || c.createsInTemp()
	}
}

// Pragma is a PRAGMA as its text shows it.
type Pragma struct {
	Schema   string // in small letters; "" where none is named
	Name     string // in small letters
	Sets     bool   // there is an argument
	Argument string
}

// Main tells whether the PRAGMA is about the database that is replicated.
func (p *Pragma) Main() bool { return p.Schema == "" || p.Schema == "main" }

func (s *Statement) readPragma(c *cursor) {
	pragma := &Pragma{Name: strings.ToLower(c.next().name())}
	if c.acceptSymbol('.') {
		pragma.Schema, pragma.Name = pragma.Name, strings.ToLower(c.next().name())
	}
	pragma.Sets = c.offset < len(c.tokens)
	switch {
	case !pragma.Sets:
		s.question = !actions[pragma.Name]
	case settings[pragma.Name]:
		s.Setting = pragma.Name
	default:
		s.question = questions[pragma.Name]
	}
	if c.readArgument(pragma) {
		s.Pragma = pragma
	}
}

// readArgument reads = value or (value), and nothing behind it. What is anything else is wrong, which is for the server to say.
func (c *cursor) readArgument(pragma *Pragma) bool {
	if !pragma.Sets {
		return true
	}
	parentheses := c.acceptSymbol('(')
	if !parentheses && !c.acceptSymbol('=') {
		return false
	}
	sign := ""
	if t := c.peek(); t.symbol('-') || t.symbol('+') {
		sign = strings.TrimPrefix(c.next().text, "+")
	}
	value := c.next()
	pragma.Argument = sign + value.name()
	return (value.kind == number || sign == "" && value.identifier()) && (!parentheses || c.acceptSymbol(')')) && c.offset == len(c.tokens)
}

// createsInTemp tells whether what follows CREATE goes into the schema temp by name.
func (c *cursor) createsInTemp() bool {
	c.accept("UNIQUE")
	c.accept("VIRTUAL")
	c.next() // TABLE, INDEX, VIEW or TRIGGER
	if c.accept("IF") {
		c.accept("NOT")
		c.accept("EXISTS")
	}
	schema := c.next()
	return c.peek().symbol('.') && strings.EqualFold(schema.name(), "temp")
}

// counters are the functions whose value belongs to the connection that wrote.
var counters = set("changes", "last_insert_rowid", "total_changes")

// readSettings are the settings that change what a SELECT returns, or whether it may.
var readSettings = set(
	"case_sensitive_like", "empty_result_callbacks", "full_column_names", "reverse_unordered_selects", "short_column_names",
	"trusted_schema", "writable_schema",
)

// ChangesReads tells whether a PRAGMA of the connection changes what a SELECT returns.
func ChangesReads(setting string) bool { return readSettings[setting] }

// findPortable finds out whether the statement only reads what every server has, and nothing of the connection's.
func (s *Statement) findPortable() {
	s.Portable = !s.Explain && (s.Verb == "SELECT" || s.Verb == "VALUES")
	for _, t := range s.tokens {
		name := strings.ToLower(t.name())
		s.Portable = s.Portable && !counters[name] && !strings.HasPrefix(name, "pragma_")
	}
}
