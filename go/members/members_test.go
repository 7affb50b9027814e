// SPDX-License-Identifier: Apache-2.0

package members

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dqlitepy.dev/go/wire"
)

func member(id uint64, address string, role uint64) wire.Member {
	return wire.Member{Server: wire.Server{ID: id, Address: address}, Role: role}
}

func TestTheOthersAreThoseThatWereNotGivenVotersFirst(t *testing.T) {
	c := Of([]string{"10.0.0.1:9000"}, false)
	c.Learn([]wire.Member{
		member(bootstrapID, "10.0.0.1:9000", wire.RoleVoter), member(2, "10.0.0.2:9000", wire.RoleSpare),
		member(3, "[fe80::3%eth0]:9000", wire.RoleStandBy), member(4, "db4:9000", wire.RoleVoter),
	})
	if got := c.Others(); !slices.Equal(got, []string{"db4:9000", "10.0.0.2:9000", "[fe80::3%eth0]:9000"}) {
		t.Error(got)
	}
	if Of([]string{"10.0.0.1:9000"}, false) != c || Of([]string{"10.0.0.1:9000"}, true) == c {
		t.Error("what is known is shared by who was given the same, but not with and without TLS")
	}
	var nobody *Cluster
	nobody.Learn(nil)
	if nobody.Others() != nil || nobody.Due() {
		t.Error("nothing is known of the members where only the given servers count")
	}
}

func TestWhatAServerSaysIsBounded(t *testing.T) {
	c := Of([]string{"10.0.1.1:9000"}, false)
	hostile := []wire.Member{}
	for _, address := range []string{
		"", "@dqlitepy-embedded", "@:1", "/run/x:1", ":9000", "host", "host:", "host:0", "host:65536", "host:-1", "a b:1",
		"a\x1b[2J:1", "a\n:1", "a\xff:1", strings.Repeat("x", 300) + ":1", "::1:9000:",
	} {
		hostile = append(hostile, member(7, address, wire.RoleVoter))
	}
	c.Learn(hostile)
	if got := c.Others(); len(got) != 1 || got[0] != "/run/x:1" { // a name that no resolver knows
		t.Errorf("%q", got)
	}
	hostile = nil
	for i := range 10_000 {
		hostile = append(hostile, member(uint64(i), fmt.Sprintf("10.1.%d.%d:1", i/256, i%256), wire.RoleVoter))
	}
	c.Learn(hostile)
	if got := c.Others(); len(got) != mostMembers {
		t.Error(len(got))
	}
	for i := range 2 * mostClusters {
		Of([]string{fmt.Sprint(i)}, false)
	}
	if len(clusters) > mostClusters {
		t.Error(len(clusters))
	}
}

func TestOnlyASocketOfThisMachineLeadsToAnother(t *testing.T) {
	if Leads("10.0.0.1:9000", "@dqlite-1") || !Leads("@dqlite-1", "@dqlite-2") || Leads("@dqlite-1", "@\x1b[2J") {
		t.Error("an abstract socket is this machine's own business")
	}
}

func TestAMemberOfBothProvesThatTwoClustersAreOne(t *testing.T) {
	c := Of([]string{"10.0.2.1:9000"}, false)
	c.Learn([]wire.Member{member(bootstrapID, "10.0.2.1:9000", 0), member(2, "10.0.2.2:9000", 0)})
	for _, other := range [][]wire.Member{
		nil,
		{member(bootstrapID, "10.0.2.1:9000", 0)},                                // every cluster begins so
		{member(3, "10.0.2.2:9000", 0), member(bootstrapID, "10.0.2.1:9000", 0)}, // a new node at the old address
		{member(2, "10.0.2.3:9000", 0)},
	} {
		if c.Shares(other) {
			t.Error(other)
		}
	}
	if !c.Shares([]wire.Member{member(4, "10.0.2.4:9000", 0), member(2, "10.0.2.2:9000", 2)}) {
		t.Error("a member that has changed its role is the same")
	}
}

func TestTheMembersAreDueOnceToOneOfMany(t *testing.T) {
	c := Of([]string{"10.0.3.1:9000"}, false)
	if !c.Due() || c.Due() {
		t.Error("one caller asks when nothing is known yet")
	}
	c.dueAt.Store(0)
	c.Learn(nil)
	if c.Due() {
		t.Error("what was just learned is not due")
	}
}
