// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"strings"
	"testing"
)

func TestPatternsAreThoseOfPython(t *testing.T) {
	for _, check := range []struct {
		pattern, text string
		want          bool
	}{
		{`\Aa\Z`, "a\n", false},
		{`a$`, "a\n", true},
		{`[[a]`, "[", true},
		{`[]a]`, "]", true},
		{`[^]a]`, "]", false},
		{`[a-z-[aeiou]]`, "e]", true}, // .NET subtracts the second set
		{`[[:alpha:]]`, ":]", true},
		{`(?P<x>a)(b)\2\1`, "abba", true}, // .NET counts named groups last
		{`(a)(?(1)b|c)`, "ab", true},
		{`(?P<x>a)?(?(x)b|c)`, "c", true},
		{`a{,2}b`, "aab", true},
		{`^a{,2}b`, "aaab", false},
		{`(?x) a b # comment (
			c`, "abc", true},
		{`(?x:a b)c d`, "abc d", true},
		{`(?i)É`, "é", true},
		{`(?a)\w`, "é", false},
		{`\w`, "é", true},
		{`^\w$`, "\u0301", false}, // .NET counts marks
		{`^[\w]$`, "½", true},
		{`\s`, "\x1c", true},
		{`^\S$`, "\x1c", false},
		{`\U0001F600`, "😀", true},
		{`\x41\u00e9\101\0`, "AéA\x00", true},
		{`a(?#comment)b`, "ab", true},
		{`a++b`, "aab", true},
		{`a++a`, "aaa", false},
		{`(?>a+)a`, "aaa", false},
		{`(?<=a)b`, "ab", true},
		{`(?<!a)b`, "ab", false},
		{`\.\-\ \#\é`, ".- #é", true},
		{`a|`, "", true},
		{`{`, "{", true},
		{`a{x}`, "a{x}", true},
		{"\xff", "\xff", true},
		{"a\x00b", "a\x00b", true},
		{`[\]\-\\^]`, "^", true},
		{`[\b]`, "\b", true},
		{`(a)\1`, "aa", true},
		{`(?m)^b$`, "a\nb\nc", true},
		{`a.b`, "a\nb", false},
		{`(?s)a.b`, "a\nb", true},
	} {
		expression, err := compiled(check.pattern)
		if err != nil {
			t.Errorf("%s: %v", check.pattern, err)
			continue
		}
		got, err := expression.MatchString(strings.ToValidUTF8(check.text, "\uFFFD"))
		if err != nil || got != check.want {
			t.Errorf("%s in %q: %v, %v", check.pattern, check.text, got, err)
		}
	}
}

func TestPatternsThatPythonRefuses(t *testing.T) {
	for _, pattern := range []string{
		`(`, `)`, `[`, `[a`, `\`, `a**`, `*a`, `(?P<a-b>x)`, `(?<x>a)`, `(?'x'a)`, `\q`, `\G`, `\Qa\E`, `\1`, `(?P=x)`, `a(?i)b`,
		`(?`, `(?P`, `(?P<`, `(?(1`, `(?#`, `\x1`, `\u12`, `\U00110000`, `\777`, `[\8]`, `(?i`, `(?--i:a)`, `[z-a]`, `(?Lx)a`,
	} {
		if _, err := compiled(pattern); err == nil {
			t.Errorf("%s is taken", pattern)
		}
	}
}

func TestThePatternsThatAreKeptAreBounded(t *testing.T) {
	for i := range 3 * mostPatterns {
		if _, err := compiled(strings.Repeat("a", i)); err != nil {
			t.Fatal(err)
		}
	}
	if patterns.recent.Len() != mostPatterns || len(patterns.known) != mostPatterns {
		t.Error(patterns.recent.Len(), len(patterns.known))
	}
}

// A pattern is read by recursion. A stack that is too deep ends the process.
func TestDeepPatterns(t *testing.T) {
	for _, piece := range []string{"(", "(?:", "[", "(?=", "(?(1)", `\`, "a|", "(a", "(?:a{99}", "(?i:"} {
		pattern := strings.Repeat(piece, mostPatternBytes/len(piece))
		if expression, err := compiled(pattern + strings.Repeat(")", strings.Count(pattern, "("))); err == nil {
			expression.MatchString("aaaa")
		}
	}
}

func FuzzPatterns(f *testing.F) {
	f.Add(`(?P<x>a)[\w]{,2}(?(x)b)\x41`, "aa")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 200 {
			return
		}
		if expression, err := compiled(pattern); err == nil {
			expression.MatchTimeout = 1e8
			expression.MatchString(text)
		}
	})
}
