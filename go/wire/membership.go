// SPDX-License-Identifier: Apache-2.0

package wire

import "encoding/binary"

// Types of the requests and responses that are about the cluster.
const (
	RequestAdd      = 12
	RequestAssign   = 13
	RequestRemove   = 14
	RequestCluster  = 16
	RequestTransfer = 17
	RequestDescribe = 18
	RequestWeight   = 19

	ResponseServers  = 3
	ResponseMetadata = 10
)

// CodeFailed is what a server gives to whatever raft refuses, beside CodeBusy, CodeNotLeader and CodeLeadershipLost.
const CodeFailed = 1

// Roles of a member.
const (
	RoleVoter   = 0
	RoleStandBy = 1
	RoleSpare   = 2
)

// clusterWithRoles is the form of the answer to CLUSTER that tells roles.
const clusterWithRoles = 1

// leastMember is the size of a member with an empty address.
const leastMember = 3 * wordSize

// Member is a server with its role.
type Member struct {
	Server
	Role uint64
}

// describeWithPosition is the schema of DESCRIBE, and of its answer, that dqlite has by our patch features/log-position. Other
// servers refuse it with CodeParse.
const describeWithPosition = 1

// Metadata is what a server reports about itself.
type Metadata struct {
	FailureDomain uint64
	Weight        uint64
	Position      *Position // nil where it was not asked for
}

// Position is where a server is in the log, and what that takes.
type Position struct {
	Term      uint64
	LastIndex uint64 // of its log's last entry, 0 for none
	DiskBytes uint64
}

// AppendCluster asks for the members, as the server knows them. Answer: Servers.
func AppendCluster(buffer []byte) []byte {
	return appendWords(buffer, RequestCluster, clusterWithRoles)
}

// AppendAdd asks the leader for a new member, a spare. Answer: Empty.
func AppendAdd(buffer []byte, id uint64, address string) []byte {
	buffer, start := begin(buffer, RequestAdd, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, id)
	buffer = appendText(buffer, address)
	return finish(buffer, start)
}

// addMoved is the schema of ADD by which dqlite, by our patch bounds/moved-servers, takes a new address for a member. Other
// servers refuse it with CodeParse.
const addMoved = 1

// AppendMove asks the leader to reach a member at another address. Answer: Empty, or a failure with CodeParse.
func AppendMove(buffer []byte, id uint64, address string) []byte {
	buffer, start := begin(buffer, RequestAdd, addMoved)
	buffer = binary.LittleEndian.AppendUint64(buffer, id)
	buffer = appendText(buffer, address)
	return finish(buffer, start)
}

// AppendAssign asks the leader to give a member a role. Answer: Empty.
func AppendAssign(buffer []byte, id, role uint64) []byte {
	return appendWords(buffer, RequestAssign, id, role)
}

// AppendRemove asks the leader to remove a member. Answer: Empty.
func AppendRemove(buffer []byte, id uint64) []byte { return appendWords(buffer, RequestRemove, id) }

// AppendTransfer asks the leader to let a voter lead, 0 for the one with the newest log. Answer: Empty.
func AppendTransfer(buffer []byte, id uint64) []byte { return appendWords(buffer, RequestTransfer, id) }

// AppendDescribe asks what the server reports about itself. Answer: Metadata.
func AppendDescribe(buffer []byte) []byte { return appendWords(buffer, RequestDescribe, 0) }

// AppendDescribeWithPosition asks for more than a stock server knows to tell. Answer: Metadata, or a failure with CodeParse.
func AppendDescribeWithPosition(buffer []byte) []byte {
	buffer, start := begin(buffer, RequestDescribe, describeWithPosition)
	return finish(binary.LittleEndian.AppendUint64(buffer, 0), start)
}

// AppendWeight sets the server's weight. Answer: Empty.
func AppendWeight(buffer []byte, weight uint64) []byte {
	return appendWords(buffer, RequestWeight, weight)
}

func appendWords(buffer []byte, kind uint8, words ...uint64) []byte {
	buffer, start := begin(buffer, kind, 0)
	for _, word := range words {
		buffer = binary.LittleEndian.AppendUint64(buffer, word)
	}
	return finish(buffer, start)
}

// DecodeServers decodes the answer to CLUSTER.
func DecodeServers(frame Frame) ([]Member, error) {
	r, err := open(frame, ResponseServers)
	if err != nil {
		return nil, err
	}
	count := r.word()
	if count > uint64(len(r.rest))/leastMember {
		return nil, Errorf("%d members in %d bytes", count, len(r.rest))
	}
	members := make([]Member, count)
	for i := range members {
		id, address := r.word(), r.text()
		members[i] = Member{Server{id, string(address)}, r.word()}
		if members[i].Role > RoleSpare {
			return nil, Errorf("a member with the role %d", members[i].Role)
		}
	}
	return members, r.done("Servers")
}

// DecodeMetadata decodes the answer to DESCRIBE.
func DecodeMetadata(frame Frame) (Metadata, error) {
	r, err := open(frame, ResponseMetadata)
	if err != nil {
		return Metadata{}, err
	}
	metadata := Metadata{FailureDomain: r.word(), Weight: r.word()}
	if frame.Schema == describeWithPosition {
		metadata.Position = &Position{Term: r.word(), LastIndex: r.word(), DiskBytes: r.word()}
	}
	return metadata, r.done("Metadata")
}
