// SPDX-License-Identifier: Apache-2.0

package here

import "testing"

func TestANodeIsReachedWhereItListens(t *testing.T) {
	const outside, inside = "203.0.113.5:9000", "127.0.0.1:9001"
	if got := Reach(outside); got != outside {
		t.Error(got)
	}
	Listens(outside, inside)
	if got := Reach(outside); got != inside {
		t.Error(got)
	}
	if got := Reach(inside); got != inside {
		t.Error(got)
	}
	Forget(outside)
	if got := Reach(outside); got != outside {
		t.Error(got)
	}
}
