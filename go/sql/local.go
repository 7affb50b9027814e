// SPDX-License-Identifier: Apache-2.0

package sql

import "strings"

// settings are the PRAGMAs whose value belongs to the connection and not to the database.
var settings = set(
	"analysis_limit", "automatic_index", "cache_size", "cache_spill", "case_sensitive_like", "cell_size_check",
	"checkpoint_fullfsync", "count_changes", "defer_foreign_keys", "empty_result_callbacks", "foreign_keys",
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

func (s *Statement) readPragma(c *cursor) {
	name := c.next()
	if c.acceptSymbol('.') {
		name = c.next()
	}
	key := strings.ToLower(name.name())
	if argument := c.offset < len(c.tokens); !argument {
		s.question = !actions[key]
	} else if settings[key] {
		s.Setting = key
	} else {
		s.question = questions[key]
	}
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
