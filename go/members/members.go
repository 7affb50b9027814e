// SPDX-License-Identifier: Apache-2.0

// Package members remembers who belongs to a cluster, so that a client which was given one node's address finds the others
// when that node is gone.
package members

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"dqlitepy.dev/go/wire"
)

const (
	// mostMembers bounds whom one server's word makes a client dial.
	mostMembers = 256
	// mostClusters bounds what a program remembers that connects to ever new clusters.
	mostClusters = 256
	// freshFor is how long a list is good, before whoever uses the cluster next asks again.
	freshFor = 30 * time.Second
	// bootstrapID is what dqlite's Go library calls the first node of every cluster, so that it proves nothing.
	bootstrapID = 0x2dc171858c3155be
)

// Cluster is what is known of one, by the addresses that a client was given for it. All of its clients share it.
type Cluster struct {
	given   []string
	dueAt   atomic.Int64 // nanoseconds since the beginning
	mu      sync.Mutex
	members []wire.Member
}

// beginning is what times are counted from: the difference of two is that of a clock which nobody sets.
var beginning = time.Now()

var (
	mu       sync.Mutex
	clusters = make(map[string]*Cluster)
)

// Of returns what this process knows of the cluster whose given addresses these are. Members learned without
// TLS are not used by clients with TLS.
func Of(given []string, secure bool) *Cluster {
	key := strconv.FormatBool(secure) + "\n" + strings.Join(given, "\n")
	mu.Lock()
	defer mu.Unlock()
	c := clusters[key]
	if c == nil {
		if len(clusters) == mostClusters {
			for other := range clusters {
				delete(clusters, other)
				break
			}
		}
		c = &Cluster{given: slices.Clone(given)}
		clusters[key] = c
	}
	return c
}

// Learn replaces what is known by what the leader says.
func (c *Cluster) Learn(members []wire.Member) {
	if c == nil {
		return
	}
	c.dueAt.Store(int64(time.Since(beginning) + freshFor))
	good := Usable(c.given[0], members)
	if len(good) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = good
}

// Usable returns the members whose addresses a client may follow that has heard of them at the address from.
func Usable(from string, members []wire.Member) []wire.Member {
	var good []wire.Member
	for _, member := range members {
		if len(good) < mostMembers && Leads(from, member.Address) {
			good = append(good, member)
		}
	}
	return good
}

// Due tells one caller, when it is time, to ask for the members again.
func (c *Cluster) Due() bool {
	if c == nil {
		return false
	}
	due, now := c.dueAt.Load(), time.Since(beginning)
	return int64(now) >= due && c.dueAt.CompareAndSwap(due, int64(now+freshFor))
}

// Others returns the addresses that were not given, those of voters first: only they can lead.
func (c *Cluster) Others() []string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var voters, rest []string
	for _, member := range c.members {
		switch {
		case c.IsGiven(member.Address):
		case member.Role == wire.RoleVoter:
			voters = append(voters, member.Address)
		default:
			rest = append(rest, member.Address)
		}
	}
	return append(voters, rest...)
}

// IsGiven tells whether the client itself was given an address.
func (c *Cluster) IsGiven(address string) bool { return slices.Contains(c.given, address) }

// ErrOtherCluster is why a server is not used whose address was learned.
var ErrOtherCluster = errors.New("it now belongs to another cluster")

// Shares tells whether a server with these members belongs to the cluster. Where an address that was learned has got another
// cluster's node meanwhile, none of its members is one of ours.
func (c *Cluster) Shares(members []wire.Member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(members, func(member wire.Member) bool {
		return member.ID != bootstrapID && slices.ContainsFunc(c.members, func(known wire.Member) bool {
			return known.Server == member.Server
		})
	})
}

// Leads tells whether what a server calls an address is one that a client may follow: it neither leads to a socket of this
// machine's own nor garbles the log or the terminal that a message with it goes to. Only a server that is reached by such a
// socket itself may name what it likes, as an embedded node does, which has no address.
func Leads(from, to string) bool {
	if len(to) > maxAddress || strings.ContainsFunc(to, isForeign) {
		return false
	}
	if isLocal(from) {
		return true
	}
	host, port, err := net.SplitHostPort(to)
	if err != nil || host == "" || isLocal(host) {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// maxAddress is a little more than the longest DNS name with a port.
const maxAddress = 262

// isLocal recognizes an abstract unix socket.
func isLocal(address string) bool { return strings.HasPrefix(address, "@") }

func isForeign(r rune) bool {
	return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r)
}
