// SPDX-License-Identifier: Apache-2.0

package sql

import "strings"

// Expand returns the text of the statement, comments and its semicolon included, with a literal in the place of each of its
// first count parameters.
func (s *Statement) Expand(count int, literal func(index int) string) string {
	var expanded strings.Builder
	copied := 0
	for i, slot := range s.slots {
		if slot < 0 || slot >= count {
			continue
		}
		expanded.WriteString(s.source[copied:s.tokens[i].start])
		expanded.WriteString(literal(slot))
		copied = s.tokens[i].end
	}
	expanded.WriteString(s.source[copied:])
	return expanded.String()
}
