// SPDX-License-Identifier: Apache-2.0

// Package layers_test holds the module to the direction that its imports take.
package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
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
	"shim":        {"credentials", "fault", "functions", "leader", "link", "node", "session", "marshal", "pickle", "sql", "wire"},
	"session":     {"fault", "leader", "link", "marshal", "pickle", "sql", "wire"},
	"leader":      {"credentials", "fault", "here", "limits", "link", "members", "wire"},
	"node":        {"credentials", "here", "limits", "members", "wire"},
	"credentials": {},
	"fault":       {},
	"here":        {},
	"limits":      {},
	"functions":   {},
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

// together is files that refer to each other, since what they do is one thing.
var together = []string{
	"credentials: credentials.go files.go", // certificates, and the files that they are read from again
	"functions: arithmetic.go dates.go functions.go hashes.go numbers.go parse.go random.go regexp.go texts.go zones.go", // the table, its values, and what it names
	"node: cluster.go identity.go leader.go moved.go node.go node_client.go roles.go roster.go state.go",                 // a node, and what it does about its cluster
	"node: peers.go tunnels.go",                // the two ends of what nodes say to each other
	"shim: clusters.go nodes.go tasks.go",      // what a task is about, and the task
	"shim: connections.go results.go",          // a result belongs to its connection
	"sql: effect.go local.go statement.go",     // a statement is scanned as far as its effect is known
	"wire: response.go rows.go",                // rows are responses
	"session: execute.go stream.go",            // the rows of a statement, which begins again where it finds the database locked
	"session: execute_many.go insert_batch.go", // the rows of executemany, which go together where they can
}

// Calls go from file to file in one direction, so that a file can be read when those that it calls are known.
// Types do not count: all files of a package share its main one.
func TestFilesReferInOneDirection(t *testing.T) {
	var circles []string
	for _, folder := range slices.Sorted(maps.Keys(allowed)) {
		for _, circle := range circlesIn(t, folder) {
			circles = append(circles, folder+": "+strings.Join(circle, " "))
		}
	}
	slices.Sort(circles)
	if wanted := slices.Sorted(slices.Values(together)); !slices.Equal(circles, wanted) {
		t.Errorf("files that refer to each other: %q, want %q", circles, wanted)
	}
}

// circlesIn finds the files of a package that lead back to themselves.
func circlesIn(t *testing.T, folder string) (circles [][]string) {
	t.Helper()
	arrows := references(t, folder)
	reached := map[string]map[string]bool{}
	var reach func(from, at string)
	reach = func(from, at string) {
		for next := range arrows[at] {
			if !reached[from][next] {
				reached[from][next] = true
				reach(from, next)
			}
		}
	}
	for file := range arrows {
		reached[file] = map[string]bool{}
		reach(file, file)
	}
	for _, file := range slices.Sorted(maps.Keys(reached)) {
		circle := []string{file}
		for other := range reached[file] {
			if other != file && reached[other][file] {
				circle = append(circle, other)
			}
		}
		slices.Sort(circle)
		if len(circle) > 1 && circle[0] == file {
			circles = append(circles, circle)
		}
	}
	return circles
}

// references is which files of a package use functions, methods, constants and variables of which others.
func references(t *testing.T, folder string) map[string]map[string]bool {
	t.Helper()
	fileSet := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fileSet, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	uses := map[*ast.Ident]types.Object{}
	checker := types.Config{Importer: strangers{}, Error: func(error) {}} // what is unknown of other packages
	own, _ := checker.Check(folder, fileSet, files, &types.Info{Uses: uses})
	arrows := map[string]map[string]bool{}
	place := func(at token.Pos) string { return filepath.Base(fileSet.Position(at).Filename) }
	for name, object := range uses {
		switch object := object.(type) {
		case *types.Func, *types.Const:
		case *types.Var:
			if object.Parent() != own.Scope() {
				continue
			}
		default:
			continue
		}
		if object.Pkg() != own {
			continue
		}
		if from, to := place(name.Pos()), place(object.Pos()); from != to {
			if arrows[from] == nil {
				arrows[from] = map[string]bool{}
			}
			arrows[from][to] = true
		}
	}
	return arrows
}

// strangers imports every package as an empty one.
type strangers struct{}

func (strangers) Import(path string) (*types.Package, error) {
	stranger := types.NewPackage(path, filepath.Base(path))
	stranger.MarkComplete()
	return stranger, nil
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
		// The time of a log record, the rules of time zones, and the number that carries a date.
		shows := slices.Contains([]string{"shim/clusters.go", "functions/zones.go", "functions/random.go"}, filepath.ToSlash(file))
		if found := dated.Find(source); found != nil && !shows && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s uses %s: a machine's date jumps when it is set", file, found)
		}
	}
}
