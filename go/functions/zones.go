// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // minimal images have no zones
)

// mostZones bounds the cache. There are some 600 names.
const mostZones = 1000

var zones = struct {
	sync.Mutex
	known map[string]*time.Location
}{known: map[string]*time.Location{}}

// zone finds a time zone by its IANA name.
func zone(name string) (*time.Location, error) {
	zones.Lock()
	defer zones.Unlock()
	if found := zones.known[name]; found != nil {
		return found, nil
	}
	found, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("there is no time zone %s", quoted(name))
	}
	if len(zones.known) >= mostZones {
		clear(zones.known)
	}
	zones.known[name] = found
	return found, nil
}

func (m moment) unix() int64 { return (m.days-days1970)*secondsADay + m.micros/1_000_000 }

// offset is how many seconds a zone's clocks are ahead of UTC when they show this moment. What they show twice is the first of
// the two; what they leave out counts as before the change.
func (m moment) offset(in *time.Location) int64 {
	const dayAndMore = 26 * 60 * 60
	shown := m.unix()
	at := time.Unix(shown-dayAndMore, 0).In(in)
	for {
		_, before := at.Zone()
		_, end := at.ZoneBounds()
		if end.IsZero() {
			return int64(before)
		}
		_, after := end.Zone()
		if shown < end.Unix()+int64(max(before, after)) {
			return int64(before)
		}
		at = end
	}
}

// shift converts from the clocks of one zone to those of another.
func (m moment) shift(from, to *time.Location) (moment, error) {
	utc, err := m.plus(-m.offset(from) * 1_000_000)
	if err != nil {
		return moment{}, err
	}
	_, offset := time.Unix(utc.unix(), 0).In(to).Zone()
	return utc.plus(int64(offset) * 1_000_000)
}

var (
	isoTime     = regexp.MustCompile(`^(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d){0,2})?$`)
	writtenTime = regexp.MustCompile(`^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$`)
)

var errOffset = errors.New("the offset behind the time zone is no time")

// isTime tells whether Django takes it for a time.
func isTime(written string) (bool, error) {
	inRange := func(parts []string) bool {
		var f fields
		for i, into := range []*int64{&f.hour, &f.minute, &f.second} {
			*into, _ = number(parts[i+1])
		}
		_, fine := f.timeOfDay()
		return fine
	}
	if parts := isoTime.FindStringSubmatch(written); parts != nil && inRange(parts) {
		return true, nil
	}
	parts := writtenTime.FindStringSubmatch(written)
	if parts != nil && !inRange(parts) {
		return false, errOffset
	}
	return parts != nil, nil
}

// splitZone cuts what Django writes for a zone into a name and an offset, as in "Europe/Berlin+01:30". No name means the
// connection's.
func splitZone(written string) (name string, micros int64, err error) {
	for _, sign := range []string{"+", "-"} {
		at := strings.LastIndex(written, sign)
		if at < 0 || at == len(written)-1 {
			continue
		}
		offset := written[at+1:]
		if is, err := isTime(offset); err != nil || !is {
			if err != nil {
				return "", 0, err
			}
			continue
		}
		hours, minutes, found := strings.Cut(offset, ":")
		if !found {
			minutes = "0"
		}
		var h, m int64
		if !readAll([]string{hours, minutes}, &h, &m) {
			return "", 0, errOffset
		}
		micros = (h*60 + m) * 60 * 1_000_000
		if sign == "-" {
			micros = -micros
		}
		return written[:at], micros, nil
	}
	return written, 0, nil
}

var errNaive = errors.New("a time without a zone has no other one")

// zoneArgument is the name of a zone, or "" without one.
func zoneArgument(argument Value) (string, error) {
	switch argument.Kind {
	case Null:
		return "", nil
	case Text:
		return string(argument.Bytes), nil
	}
	return "", fmt.Errorf("%v is no time zone", argument)
}

// inZone converts from the zone of the connection to another one, as Django names the two. Which rules a zone has is the node's
// to know, and may change: so the result must not go into an index.
func (m moment) inZone(s Statement, wanted, connection Value) (moment, error) {
	to, err := zoneArgument(wanted)
	from, second := zoneArgument(connection)
	if err := errors.Join(err, second); err != nil {
		return moment{}, err
	}
	var own *time.Location
	if from != "" {
		if own, err = zone(from); err != nil {
			return moment{}, err
		}
		if m.dateOnly {
			return moment{}, errors.New("a date without a time has no zone")
		}
	}
	if wanted.Kind == Null || to == from && connection.Kind != Null {
		return m, nil
	}
	name, offset, err := splitZone(to)
	if err != nil {
		return moment{}, err
	}
	if m, err = m.plus(offset); err != nil {
		return moment{}, err
	}
	if name == "" {
		name = from
	}
	if own == nil {
		return moment{}, errNaive
	}
	if name == from {
		return m, nil
	}
	other, err := zone(name)
	if err != nil {
		return moment{}, err
	}
	if s.Stored() {
		return moment{}, errors.New("a conversion of time zones may not be used in an index, a CHECK or a generated column: the rules of zones change")
	}
	return m.shift(own, other)
}
