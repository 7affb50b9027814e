// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Patterns are those of Python's module re. The engine takes those of .NET, which are nearly the same: what differs is written
// anew here, or refused.

// translation reads a pattern from left to right.
type translation struct {
	rest  string
	out   strings.Builder
	modes []mode // of each group that is open, and of the whole
	empty bool   // nothing yet but global flags
}

// mode is what flags say inside of a group.
type mode struct{ verbose, ascii bool }

func (t *translation) mode() *mode { return &t.modes[len(t.modes)-1] }

func translate(written string) (string, error) {
	t := &translation{rest: strings.ToValidUTF8(written, "\uFFFD"), modes: []mode{{}}, empty: true}
	for t.rest != "" {
		began := t.rest
		if err := t.item(); err != nil {
			return "", err
		}
		t.empty = t.empty && strings.HasPrefix(began, "(?")
	}
	return t.out.String(), nil
}

// take cuts the next character off.
func (t *translation) take() string {
	_, size := utf8.DecodeRuneInString(t.rest)
	taken := t.rest[:size]
	t.rest = t.rest[size:]
	return taken
}

func (t *translation) item() error {
	switch taken := t.take(); {
	case taken == `\`:
		return t.escape(false)
	case taken == "[":
		return t.set()
	case taken == "(":
		return t.group()
	case taken == ")":
		if len(t.modes) > 1 {
			t.modes = t.modes[:len(t.modes)-1]
		}
		t.out.WriteString(")")
	case taken == "{" && strings.HasPrefix(t.rest, ",") && t.isCount():
		t.out.WriteString("{0")
	case taken == "#" && t.mode().verbose:
		_, t.rest, _ = strings.Cut(t.rest, "\n")
	case t.mode().verbose && strings.Contains(" \t\n\r\f\v", taken):
	default:
		t.out.WriteString(taken)
	}
	return nil
}

// isCount tells whether {,n} follows.
func (t *translation) isCount() bool {
	inside, _, closed := strings.Cut(t.rest, "}")
	_, err := strconv.ParseUint(strings.TrimPrefix(inside, ","), 10, 31)
	return closed && err == nil
}

func (t *translation) open(written string) {
	t.modes = append(t.modes, *t.mode())
	t.out.WriteString(written)
}

// group translates what begins with a parenthesis, which was read.
func (t *translation) group() error {
	extension, is := strings.CutPrefix(t.rest, "?")
	if !is {
		t.open("(")
		return nil
	}
	for _, same := range []string{":", "=", "!", "<=", "<!", ">", "("} {
		if rest, is := strings.CutPrefix(extension, same); is {
			if same == "(" {
				id, after, closed := strings.Cut(rest, ")")
				if !closed {
					return errors.New("missing ), unterminated name")
				}
				t.rest = after
				t.open("(?(" + id + ")")
				return nil
			}
			t.rest = rest
			t.open("(?" + same)
			return nil
		}
	}
	if comment, is := strings.CutPrefix(extension, "#"); is {
		_, rest, closed := strings.Cut(comment, ")")
		if !closed {
			return errors.New("missing ), unterminated comment")
		}
		t.rest = rest
		return nil
	}
	if rest, is := strings.CutPrefix(extension, "P<"); is {
		t.rest = rest
		t.open("(?<")
		name, _, _ := strings.Cut(rest, ">")
		if strings.ContainsAny(name, "-()") {
			return fmt.Errorf("bad character in group name %q", name)
		}
		return nil
	}
	if rest, is := strings.CutPrefix(extension, "P="); is {
		name, after, closed := strings.Cut(rest, ")")
		if !closed {
			return errors.New("missing ), unterminated name")
		}
		t.rest = after
		t.out.WriteString(`\k<` + name + ">")
		return nil
	}
	return t.flags(extension)
}

// flags translates (?aim) and (?aim-s:…).
func (t *translation) flags(extension string) error {
	end := strings.IndexAny(extension, ":)")
	if end < 0 || strings.Trim(extension[:end], "aimsux-") != "" || strings.Count(extension[:end], "-") > 1 {
		return fmt.Errorf("unknown extension ?%.1s", extension)
	}
	flags, global := extension[:end], extension[end] == ')'
	if global && !t.empty {
		return errors.New("global flags not at the start of the expression")
	}
	t.rest = extension[end+1:]
	on, off, _ := strings.Cut(flags, "-")
	kept := func(flags string) string { return strings.NewReplacer("a", "", "u", "", "x", "").Replace(flags) }
	written := kept(on)
	if kept(off) != "" {
		written += "-" + kept(off)
	}
	if !global {
		t.open("(?" + written + ":")
	} else if written != "" {
		t.out.WriteString("(?" + written + ")")
	}
	// Comments and blanks are left out here, so that the engine needs no such flag.
	t.mode().verbose = (t.mode().verbose || strings.Contains(on, "x")) && !strings.Contains(off, "x")
	t.mode().ascii = t.mode().ascii || strings.Contains(on, "a")
	return nil
}

// set translates [...], whose bracket was read.
func (t *translation) set() error {
	t.out.WriteString("[")
	if rest, is := strings.CutPrefix(t.rest, "^"); is {
		t.rest = rest
		t.out.WriteString("^")
	}
	for first := true; t.rest != ""; first = false {
		switch taken := t.take(); {
		case taken == "]" && !first:
			t.out.WriteString("]")
			return nil
		case taken == "]" || taken == "[": // .NET subtracts sets, and has classes [:word:]
			t.out.WriteString(`\` + taken)
		case taken == `\`:
			if err := t.escape(true); err != nil {
				return err
			}
		default:
			t.out.WriteString(taken)
		}
	}
	return errors.New("unterminated character set")
}

// classes are the sets whose characters differ, without brackets; the capital letter stands for all others.
var classes = map[bool]map[string]string{
	false: {"w": `\p{L}\p{N}_`, "s": `\s\x1c-\x1f`, "d": `\d`},
	true:  {"w": `a-zA-Z0-9_`, "s": ` \t\n\r\f\v`, "d": `0-9`},
}

// escape translates what follows a backslash, which was read.
func (t *translation) escape(inSet bool) error {
	if t.rest == "" {
		return errors.New("bad escape (end of pattern)")
	}
	taken := t.take()
	small := strings.ToLower(taken)
	set, isClass := classes[t.mode().ascii][small]
	switch {
	case isClass && small == taken && inSet:
		t.out.WriteString(set)
	case isClass && small == taken:
		t.out.WriteString("[" + set + "]")
	case isClass && !inSet:
		t.out.WriteString("[^" + set + "]")
	case taken >= "0" && taken <= "9":
		return t.digits(taken, inSet)
	case taken == "Z" && !inSet:
		t.out.WriteString(`\z`)
	case taken == "x":
		return t.code(2)
	case taken == "u":
		return t.code(4)
	case taken == "U":
		return t.code(8)
	case isClass, strings.Contains("afnrtvpP", taken), !inSet && strings.Contains("AbBz", taken), inSet && taken == "b":
		t.out.WriteString(`\` + taken)
	case small >= "a" && small <= "z":
		return fmt.Errorf(`bad escape \%s`, taken)
	default:
		t.literal(taken)
	}
	return nil
}

// literal writes a character that stands for itself, in a set or outside.
func (t *translation) literal(character string) {
	value, _ := utf8.DecodeRuneInString(character)
	switch {
	case value < 0x80 && value > ' ' && value != 0x7f && !isLetterOrDigit(value):
		t.out.WriteString(`\` + character)
	case value <= ' ' || value == 0x7f:
		fmt.Fprintf(&t.out, `\x%02x`, value)
	default:
		t.out.WriteString(character)
	}
}

func isLetterOrDigit(value rune) bool {
	return value >= '0' && value <= '9' || value >= 'a' && value <= 'z' || value >= 'A' && value <= 'Z' || value == '_'
}

// code translates the number of a character in hexadecimal digits.
func (t *translation) code(digits int) error {
	if len(t.rest) < digits {
		return errors.New("incomplete escape")
	}
	value, err := strconv.ParseUint(t.rest[:digits], 16, 32)
	if err != nil || value > utf8.MaxRune {
		return fmt.Errorf("bad escape of a character: %q", t.rest[:digits])
	}
	t.rest = t.rest[digits:]
	t.literal(string(rune(value)))
	return nil
}

// digits translates a number: of a group, or of a character in octal digits.
func (t *translation) digits(taken string, inSet bool) error {
	isOctal := func(text string) bool { return strings.Trim(text, "01234567") == "" }
	number := taken
	for len(number) < 3 && t.rest != "" && t.rest[0] >= '0' && t.rest[0] <= '9' {
		octal := taken == "0" || inSet || len(number) == 2
		if octal && !isOctal(number+t.rest[:1]) {
			break
		}
		number += t.take()
	}
	if len(number) == 3 || taken == "0" || inSet {
		value, err := strconv.ParseUint(number, 8, 32)
		if err != nil || value > 0o377 {
			return fmt.Errorf(`octal escape value \%s outside of range 0-0o377`, number)
		}
		t.literal(string(rune(value)))
		return nil
	}
	t.out.WriteString(`\k<` + number + ">")
	return nil
}
