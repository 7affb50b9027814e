// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"strings"
	"testing"

	"dqlitepy.dev/go/session"
)

func TestParseKeepsTheLastStatement(t *testing.T) {
	var s session.Session
	text := []byte("SELECT ?")
	first, err := s.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := s.Parse([]byte("SELECT ?")); again != first {
		t.Error("the same text was parsed again")
	}
	copy(text, "DELETE") // the caller's memory is the caller's
	if again, _ := s.Parse([]byte("SELECT ?")); again != first || first.Text != "SELECT ?" {
		t.Errorf("it changed with the caller's memory: %q", first.Text)
	}
	if other, _ := s.Parse([]byte("SELECT 1")); other.Text != "SELECT 1" {
		t.Errorf("another text gave %q", other.Text)
	}
	if _, err := s.Parse([]byte("SELECT ?0")); err == nil {
		t.Error("a wrong one gave no error")
	}
	if back, err := s.Parse([]byte("SELECT 1")); err != nil || back.Text != "SELECT 1" {
		t.Errorf("behind a wrong one: %v", err)
	}
}

func TestParseKeepsNoLongText(t *testing.T) {
	var s session.Session
	long := []byte("SELECT '" + strings.Repeat("x", 1<<20) + "'")
	first, err := s.Parse(long)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := s.Parse(long); again == first {
		t.Error("a mebibyte of text stays with the session")
	}
}
