// SPDX-License-Identifier: Apache-2.0

// Package here knows where the nodes of this process listen whose addresses are not this machine's: behind NAT, or in a
// container, nobody may be able to reach himself by the address that others use.
package here

import "sync"

var (
	mu        sync.Mutex
	listening = map[string]string{}
)

// Listens says that a node of this process has an address, and listens at another one.
func Listens(address, at string) {
	mu.Lock()
	defer mu.Unlock()
	listening[address] = at
}

// Forget is for a node that has stopped.
func Forget(address string) {
	mu.Lock()
	defer mu.Unlock()
	delete(listening, address)
}

// Reach returns where this process dials an address.
func Reach(address string) string {
	mu.Lock()
	defer mu.Unlock()
	if at, found := listening[address]; found {
		return at
	}
	return address
}
