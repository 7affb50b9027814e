// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dqlitepy.dev/go/fault"
)

func TestAStaleHandleFindsNothing(t *testing.T) {
	var handles table
	first := handles.add("first")
	second := handles.add("second")
	if first == 0 || first == second || handles.get(first) != "first" || handles.get(second) != "second" {
		t.Fatalf("%d %d", first, second)
	}
	if !handles.remove(first) || handles.remove(first) || handles.get(first) != nil {
		t.Error("a handle outlived its removal")
	}
	third := handles.add("third")
	if third == first || handles.get(first) != nil || handles.get(third) != "third" || handles.count() != 2 {
		t.Errorf("the slot of %d was given out again as %d", first, third)
	}
	for _, handle := range []uint64{0, 1 << 32, uint64(len(handles.slots)) + 1, 1<<64 - 1} {
		if handles.get(handle) != nil || handles.remove(handle) {
			t.Errorf("%d was never given out", handle)
		}
	}
}

func TestMessagesAreCutAtACharacter(t *testing.T) {
	const room = 2031 // DQLITEPY_MESSAGE_SIZE without the NUL
	for message, want := range map[string]string{
		"short":                     "short",
		"":                          "",
		"a\x00b\xff":                "a\uFFFDb\uFFFD",
		strings.Repeat("x", room):   strings.Repeat("x", room),
		strings.Repeat("x", room+1): strings.Repeat("x", room),
		strings.Repeat("x", room-1) + "é" + "tail": strings.Repeat("x", room-1),
		strings.Repeat("x", room-2) + "é" + "tail": strings.Repeat("x", room-2) + "é",
		strings.Repeat("\U0001F600", room/4+1):     strings.Repeat("\U0001F600", room/4),
	} {
		if got := fitMessage(message); got != want || !utf8.ValidString(got) {
			t.Errorf("%.20q: %d bytes, want %d", message, len(got), len(want))
		}
	}
}

func TestVersionsAreThoseOfTheModules(t *testing.T) {
	manifest, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if line := "github.com/canonical/go-dqlite/v3 v" + goDqliteVersion + "\n"; !strings.Contains(string(manifest), line) {
		t.Errorf("go.mod does not ask for %s", line)
	}
	if linkage != nil {
		t.Error(linkage)
	}
	for _, name := range []string{"sqlite 3.", "dqlite 1.", "raft 0.", "libuv 1.", "lz4 1.", "go-dqlite 3.", "go 1."} {
		if !strings.Contains("\n"+versions(), "\n"+name) {
			t.Errorf("%q is missing in %q", name, versions())
		}
	}
}

func TestAJobIsWaitedForInSlices(t *testing.T) {
	release := make(chan struct{})
	j := startJob(func(ctx context.Context) *fault.Error {
		<-release
		return fault.Errorf(fault.Node, "done")
	})
	if j.wait(0) {
		t.Error("done before its time")
	}
	close(release)
	if !j.wait(time.Minute) || j.failure.Message != "done" {
		t.Errorf("%+v", j.failure)
	}
	if j = startJob(func(context.Context) *fault.Error { panic("x") }); !j.wait(time.Minute) || j.failure.Kind != fault.Internal {
		t.Errorf("a panic became %+v", j.failure)
	}
	j = startJob(func(ctx context.Context) *fault.Error { <-ctx.Done(); return nil })
	if j.cancel(); !j.wait(time.Minute) || j.failure != nil {
		t.Errorf("%+v", j.failure)
	}
}
