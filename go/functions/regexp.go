// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"container/list"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

const (
	// MatchTimeout bounds one match, since a pattern can take time without end.
	MatchTimeout = 5 * time.Second

	mostPatternBytes = 1 << 15
	mostTextBytes    = 1 << 24 // each character takes four bytes of Go's memory
	mostPatterns     = 200
	mostSlots        = 1 << 22 // of the stack of a match: 32 MiB
)

// patterns keeps those that were compiled, the latest in front.
var patterns = struct {
	sync.Mutex
	known  map[string]*list.Element // of *pattern
	recent *list.List
}{known: map[string]*list.Element{}, recent: list.New()}

type pattern struct {
	written  string
	compiled *regexp2.Regexp
}

func compiled(written string) (*regexp2.Regexp, error) {
	if found := lookUp(written); found != nil {
		return found, nil
	}
	translated, err := translate(written)
	if err != nil {
		return nil, err
	}
	expression, err := regexp2.Compile(translated, regexp2.OptionMaintainCaptureOrder(),
		regexp2.OptionMaxBacktrackingStackSize(mostSlots), regexp2.OptionMaxCachedRuneBufferLength(mostPatternBytes))
	if err != nil {
		return nil, err
	}
	expression.MatchTimeout = MatchTimeout
	keep(written, expression)
	return expression, nil
}

func lookUp(written string) *regexp2.Regexp {
	patterns.Lock()
	defer patterns.Unlock()
	found := patterns.known[written]
	if found == nil {
		return nil
	}
	patterns.recent.MoveToFront(found)
	return found.Value.(*pattern).compiled
}

func keep(written string, expression *regexp2.Regexp) {
	patterns.Lock()
	defer patterns.Unlock()
	if patterns.known[written] != nil {
		return // another thread was faster
	}
	patterns.known[written] = patterns.recent.PushFront(&pattern{written, expression})
	if patterns.recent.Len() > mostPatterns {
		oldest := patterns.recent.Remove(patterns.recent.Back()).(*pattern)
		delete(patterns.known, oldest.written)
	}
}

// matches tells whether a pattern is found in a text: regexp(pattern, text), or text REGEXP pattern.
func matches(_ Statement, arguments []Value) (Value, error) {
	if arguments[0].Kind != Text {
		return Value{}, fmt.Errorf("regexp(): %v is no pattern", arguments[0])
	}
	written := string(arguments[0].Bytes)
	if len(written) > mostPatternBytes {
		return Value{}, fmt.Errorf("regexp(): a pattern has at most %d bytes, and this one %d", mostPatternBytes, len(written))
	}
	subject := textOf(arguments[1])
	if len(subject) > mostTextBytes {
		return Value{}, fmt.Errorf("regexp(): a text has at most %d bytes, and this one %d", mostTextBytes, len(subject))
	}
	expression, err := compiled(written)
	if err != nil {
		return Value{}, fmt.Errorf("regexp(): the pattern %s: %w", quoted(written), err)
	}
	began := time.Now()
	found, err := expression.MatchString(string(subject))
	switch {
	case errors.Is(err, regexp2.ErrBacktrackingStackLimit):
		return Value{}, fmt.Errorf("regexp(): the pattern %s takes too much memory", quoted(written))
	case err != nil && time.Since(began) >= MatchTimeout/2:
		return Value{}, fmt.Errorf("regexp(): the pattern %s takes longer than %v seconds", quoted(written), MatchTimeout.Seconds())
	case err != nil:
		return Value{}, fmt.Errorf("regexp(): the pattern %s: %w", quoted(written), err)
	}
	return truth(found), nil
}
