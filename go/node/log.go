// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"sync"
	"time"
)

// Level of a log record: Python's own numbers.
type Level int64

const (
	Info    Level = 20
	Warning Level = 30
	Error   Level = 40
)

// Record is one line of the log.
type Record struct {
	Level   Level
	Time    time.Time
	Node    string // its address
	Message string
}

// keptRecords is how many records wait for a reader; the oldest go first.
const keptRecords = 1024

// Records of all nodes of the process, until someone reads them.
var records = newRing(keptRecords)

type ring struct {
	mu      sync.Mutex
	size    int
	waiting []Record
	dropped int
	some    chan struct{} // holds a token while records wait
}

func newRing(size int) *ring { return &ring{size: size, some: make(chan struct{}, 1)} }

func (r *ring) add(record Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == r.size {
		r.waiting = append(r.waiting[:0], r.waiting[1:]...)
		r.dropped++
	}
	r.waiting = append(r.waiting, record)
	select {
	case r.some <- struct{}{}:
	default:
	}
}

func (r *ring) take(patience time.Duration) []Record {
	select {
	case <-r.some:
	default: // of two cases that are ready, select would take either
		select {
		case <-r.some:
		case <-time.After(patience):
			return nil
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	taken, dropped := r.waiting, r.dropped
	r.waiting, r.dropped = nil, 0
	if dropped > 0 {
		lost := Record{Warning, taken[0].Time, "", fmt.Sprintf("%d older messages were dropped: nobody read them", dropped)}
		taken = append([]Record{lost}, taken...)
	}
	return taken
}

// TakeRecords waits for records and returns them, or nothing when the patience ends.
func TakeRecords(patience time.Duration) []Record { return records.take(patience) }

// logger writes for one node.
type logger struct{ node string }

func (l logger) write(level Level, format string, arguments []any) {
	records.add(Record{level, time.Now(), l.node, fmt.Sprintf(format, arguments...)})
}

func (l logger) info(format string, arguments ...any) { l.write(Info, format, arguments) }
func (l logger) warn(format string, arguments ...any) { l.write(Warning, format, arguments) }

// Warn writes for the node of an address what its server has to say: a limit of the machine is reached, a file cannot be written.
func Warn(address, message string) { logger{address}.warn("%s", message) }

// seldomPause is the time for which a seldom counts its messages.
const seldomPause = time.Second

// seldom writes so many messages in each seldomPause and no more: what strangers do is not to fill a disk with logs.
type seldom struct {
	log      logger
	most     int
	mu       sync.Mutex
	since    time.Time
	written  int
	withheld int
}

func (s *seldom) warn(format string, arguments ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.since) >= seldomPause {
		s.since, s.written = now, 0
	}
	if s.written == s.most {
		s.withheld++
		return
	}
	text := fmt.Sprintf(format, arguments...)
	if s.withheld > 0 {
		text = fmt.Sprintf("%s (%d messages like this were left out)", text, s.withheld)
	}
	s.written, s.withheld = s.written+1, 0
	s.log.warn("%s", text)
}
