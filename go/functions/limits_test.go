// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// What takes long or much is bounded while a pattern is compiled, too: nothing can end that.
func TestPatternsThatMultiply(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("(?:", 20) + "a" + strings.Repeat("{1000})", 20),
		strings.Repeat("(?:a|", 1000) + "b" + strings.Repeat(")*", 1000),
		"(" + strings.Repeat("a?", 1000) + "){1000}" + strings.Repeat("a", 1000),
		`[` + strings.Repeat(`\w\p{L}`, 3000) + `]{1,100000}`,
		`(?i)` + strings.Repeat(`[^\W\d]`, 1000),
		`\w{2147483647}`,
	} {
		expression, err := compiled(pattern)
		if err != nil {
			continue
		}
		expression.MatchTimeout = 100 * time.Millisecond
		expression.MatchString("aaaaaaaaab")
	}
}

func TestTheStackOfAMatchIsBounded(t *testing.T) {
	expression, err := compiled(`^(?:(a)|b|(?=c))*$`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = expression.MatchString(strings.Repeat("ab", 2000000) + "d")
	if !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		t.Errorf("%.100v", err)
	}
}
