// SPDX-License-Identifier: Apache-2.0

// Package layers_test holds the module to the direction that its imports take.
package layers_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "dqlitepy.dev/go/"

// allowed is what each package may import of this module.
var allowed = map[string][]string{
	"shim":        {"credentials", "fault", "leader", "link", "node", "session", "marshal", "pickle", "sql", "wire"},
	"session":     {"fault", "leader", "link", "marshal", "pickle", "sql", "wire"},
	"leader":      {"credentials", "fault", "link", "members", "wire"},
	"node":        {"credentials", "members", "wire"},
	"credentials": {},
	"fault":       {},
	"link":        {"wire"},
	"marshal":     {"wire"},
	"members":     {"wire"},
	"pickle":      {"wire"},
	"sql":         {},
	"wire":        {},
}

func TestImportsPointDownwards(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		folder := filepath.Dir(file)
		seen[folder] = true
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range syntax.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			name, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(allowed[folder], name) {
				t.Errorf("%s imports %s", file, name)
			}
			if path == "C" && folder != "shim" {
				t.Errorf("%s uses cgo: only the shim may", file)
			}
			if path == "database/sql" || strings.HasSuffix(path, "go-dqlite/v3/driver") {
				t.Errorf("%s imports %s, which runs a write twice when its answer is lost", file, path)
			}
		}
	}
	for folder := range allowed {
		if !seen[folder] {
			t.Errorf("no files of the package %s are here", folder)
		}
	}
	if len(seen) != len(allowed) {
		t.Errorf("packages %v, but rules for %v", seen, allowed)
	}
}

// dated recognizes a time that is torn off its monotonic clock, by which Go counts otherwise.
var dated = regexp.MustCompile(`\.Unix(Nano|Micro|Milli)?\(\)|\.Round\(0\)|\.(Hour|Minute|Second)\(\)`)

func TestNothingIsDecidedByAClockThatCanBeSet(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		logs := file == filepath.Join("shim", "clusters.go") // the time of a log record
		if found := dated.Find(source); found != nil && !logs && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s uses %s: a machine's date jumps when it is set", file, found)
		}
	}
}
