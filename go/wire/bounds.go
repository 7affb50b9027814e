// SPDX-License-Identifier: Apache-2.0

package wire

const (
	// MaxAnswer bounds a response that may hold as much as a database does: a page of rows, of which the last may have
	// values of any size, a failure that quotes its statement, a copy of a database. A server has one buffer for a response,
	// which it cannot make larger.
	MaxAnswer = 2 << 30

	// MaxShortAnswer bounds all other responses; the longest of them lists the members of a cluster.
	MaxShortAnswer = 1 << 20
)

// most is how many bytes the body of a response may have.
func (h Header) most() uint64 {
	switch h.Type {
	case ResponseRows, ResponseFailure, ResponseFiles:
		return MaxAnswer
	default:
		return MaxShortAnswer
	}
}

// Check refuses a response that promises more than any of its type can hold, before memory is taken for it.
func (h Header) Check() error {
	if size, most := h.BodySize(), h.most(); size > most {
		return Errorf("it promises an answer of %d bytes (type %d), where at most %d are possible", size, h.Type, most)
	}
	return nil
}
