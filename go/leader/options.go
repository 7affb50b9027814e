// SPDX-License-Identifier: Apache-2.0

// Package leader finds the server of a cluster that leads it, opens the database there, and asks a majority of the others
// whether it still does. What comes out is a link.Link. All of it may block, so it runs beside the thread that waits for it.
package leader

import (
	"strings"
	"time"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// Options say where to connect to.
type Options struct {
	Servers       []string // addresses, of which at least one must answer
	Database      string
	AnyServer     bool                     // not only the leader will do; the database is not opened
	Local         bool                     // Servers names one node of this process: no redirect is followed
	Group         *link.Group              // the sessions that this one belongs to
	Credentials   *credentials.Credentials // nil without TLS
	BusyTimeout   time.Duration
	LeaderTimeout time.Duration     // how long to look for a leader, at first and whenever it is lost
	FindShortcut  link.FindShortcut // nil where no server is in this process

	// Who reads at the nearest server, and not at the leader:
	Nearby       bool          // such reads may be wanted: the leader tells positions
	NearbyFirst  bool          // the first of the servers is the nearest
	MaxStaleness time.Duration // how old such a read may be; 0 for as old as it likes

	Members *members.Cluster // whom the leader named; nil where only the given servers count. Recall sets it
}

// Recall finds what this process knows of the cluster already.
func (o *Options) Recall() {
	if !o.Local && !o.AnyServer {
		o.Members = members.Of(o.Servers, o.Credentials != nil)
	}
}

// flags are those by which the leader opens a database.
func (o *Options) flags() uint32 {
	if o.Nearby {
		return wire.OpenPositions
	}
	return 0
}

// Check refuses what can never work.
func (o *Options) Check() *fault.Error {
	if len(o.Servers) == 0 {
		return fault.Errorf(fault.Programming, "no server to connect to: name at least one address")
	}
	for _, text := range append([]string{o.Database}, o.Servers...) {
		if strings.IndexByte(text, 0) >= 0 {
			return fault.Errorf(fault.Programming, "the name of a database or server holds a NUL character")
		}
	}
	if o.Database == "" || o.Database == ":memory:" {
		// SQLite keeps both to itself, and a server without our patches is ended by the first statement.
		return fault.Errorf(fault.Programming, "%q cannot be the name of a database", o.Database)
	}
	return nil
}
