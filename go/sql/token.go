// SPDX-License-Identifier: Apache-2.0

package sql

import "strings"

type kind uint8

const (
	end       kind = iota
	word           // a keyword or a bare identifier
	quoted         // "x", `x` or [x]: an identifier (or, to SQLite, sometimes a string)
	text           // 'x'
	blob           // x'00'
	number         //
	parameter      // ?, ?1, :a, @a, #a, $a
	symbol         // any other single byte: operators, parentheses, commas, semicolons
)

type token struct {
	kind       kind
	start, end int    // offsets of bytes
	text       string // as it stands in the statement
}

func (t token) is(keyword string) bool {
	return t.kind == word && strings.EqualFold(t.text, keyword)
}

func (t token) symbol(character byte) bool {
	return t.kind == symbol && t.text[0] == character
}

// name is the identifier that the token stands for.
func (t token) name() string {
	if t.kind != quoted && t.kind != text {
		return t.text
	}
	quote := t.text[0]
	if quote == '[' {
		return strings.TrimSuffix(t.text[1:], "]")
	}
	inner := t.text[1:]
	if len(inner) > 0 && inner[len(inner)-1] == quote {
		inner = inner[:len(inner)-1]
	}
	return strings.ReplaceAll(inner, string([]byte{quote, quote}), string(quote))
}

func (t token) identifier() bool {
	return t.kind == word || t.kind == quoted || t.kind == text
}

// scanner cuts a statement into tokens as sqlite3GetToken does (tokenize.c of SQLite), without blanks and comments.
type scanner struct {
	sql    string
	offset int
	odd    bool // there was a blank that is none to Python's sqlite3, which looks at texts itself
}

func (s *scanner) next() token {
	s.skipBlank()
	start := s.offset
	if start == len(s.sql) {
		return token{end, start, start, ""}
	}
	kind, size := measure(s.sql[start:])
	s.offset += size
	return token{kind, start, s.offset, s.sql[start:s.offset]}
}

func (s *scanner) skipBlank() {
	for s.offset < len(s.sql) {
		rest := s.sql[s.offset:]
		switch {
		case isSpace(rest[0]) && rest[0] != '\v':
			size := spaceSize(rest)
			s.odd = s.odd || strings.Contains(rest[:size], "\v")
			s.offset += size
		case strings.HasPrefix(rest, byteOrderMark):
			s.odd = true
			s.offset += len(byteOrderMark)
		case strings.HasPrefix(rest, "--"):
			// Up to the line's end, with which a new blank begins.
			s.offset += until(rest, "\n")
			if strings.HasSuffix(s.sql[:s.offset], "\n") {
				s.offset--
			}
		case strings.HasPrefix(rest, "/*") && len(rest) > 2:
			s.offset += 2 + until(rest[2:], "*/")
		default:
			return
		}
	}
}

// byteOrderMark is a blank to SQLite wherever a token may begin.
const byteOrderMark = "\ufeff"

// spaceSize is the size of the blank at the beginning of sql. A vertical tab belongs to it, but cannot begin it: SQLite has
// two tables of characters, which differ in that.
func spaceSize(sql string) int {
	size := 1
	for size < len(sql) && isSpace(sql[size]) {
		size++
	}
	return size
}

// until is the size of what ends with the mark, or of everything where there is none.
func until(sql, mark string) int {
	if at := strings.Index(sql, mark); at >= 0 {
		return at + len(mark)
	}
	return len(sql)
}

// measure tells what the token at the beginning of sql, which is not blank, is and how many bytes it takes.
func measure(sql string) (kind, int) {
	switch c := sql[0]; {
	case c == '\'':
		return text, quotedSize(sql, c)
	case c == '"' || c == '`':
		return quoted, quotedSize(sql, c)
	case c == '[':
		return quoted, until(sql, "]")
	case (c == 'x' || c == 'X') && len(sql) > 1 && sql[1] == '\'':
		return blob, 1 + until(sql[2:], "'") + 1
	case c == '?':
		size := 1
		for size < len(sql) && isDigit(sql[size]) {
			size++
		}
		return parameter, size
	case c == ':' || c == '@' || c == '#' || c == '$':
		if size := parameterSize(sql); size > 1 {
			return parameter, size
		}
		return symbol, 1
	case isDigit(c) || c == '.' && len(sql) > 1 && isDigit(sql[1]):
		return number, numberSize(sql)
	case isIdentifier(c):
		size := 1
		for size < len(sql) && isIdentifier(sql[size]) {
			size++
		}
		return word, size
	default:
		return symbol, 1
	}
}

func quotedSize(sql string, quote byte) int {
	for i := 1; i < len(sql); i++ {
		if sql[i] != quote {
			continue
		}
		if i+1 < len(sql) && sql[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(sql)
}

// parameterSize measures a named parameter, which may hold :: and, last, a suffix in parentheses (as Tcl's variables do).
func parameterSize(sql string) int {
	size, named := 1, false
	for size < len(sql) {
		switch c := sql[size]; {
		case isIdentifier(c):
			named = true
			size++
		case c == '(' && named:
			for i := size + 1; i < len(sql) && !isSpace(sql[i]); i++ {
				if sql[i] == ')' {
					return i + 1
				}
			}
			return size
		case c == ':' && size+1 < len(sql) && sql[size+1] == ':':
			size += 2
		default:
			if !named {
				return 1
			}
			return size
		}
	}
	if !named {
		return 1
	}
	return size
}

// numberSize measures a number with all that stands at its end and cannot: SQLite refuses that as one token.
func numberSize(sql string) int {
	size := digits(sql, 0)
	if hexadecimal := len(sql) > 2 && sql[0] == '0' && (sql[1] == 'x' || sql[1] == 'X') && isHexadecimal(sql[2]); !hexadecimal {
		if size < len(sql) && sql[size] == '.' {
			size = digits(sql, size+1)
		}
		if size < len(sql) && (sql[size] == 'e' || sql[size] == 'E') {
			signed := size+1 < len(sql) && (sql[size+1] == '+' || sql[size+1] == '-')
			if at := size + 1; signed && at+1 < len(sql) && isDigit(sql[at+1]) {
				size = digits(sql, at+1)
			}
		}
	}
	for size < len(sql) && isIdentifier(sql[size]) {
		size++
	}
	return size
}

// digits goes past digits and what separates them.
func digits(sql string, at int) int {
	for at < len(sql) && (isDigit(sql[at]) || sql[at] == '_') {
		at++
	}
	return at
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

func isHexadecimal(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isIdentifier(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}
