// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"net"
	"testing"
)

func TestAClientThatIsFoundTooLateIsAnError(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	search, cancel := context.WithTimeout(within(t), 0)
	defer cancel()
	nc := &nodeClient{address: "there:1", socket: here}
	nc.bind(search)
	there.Read(make([]byte, 1)) // until the search's end has closed it
	if found, err := nc.outlive(search, within(t)); found != nil || err == nil || err.Error() != "there:1: it did not answer in time" {
		t.Fatalf("%v, %v", found, err)
	}
}
