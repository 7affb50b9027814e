// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Exported functions that do nothing which could panic, and have no error to report it in.
var withoutGuard = map[string]bool{
	"dqlitepy_abi_version":  true,
	"dqlitepy_error_size":   true,
	"dqlitepy_free":         true,
	"dqlitepy_open_handles": true,
	"dqlitepy_poller_close": true,
	"dqlitepy_release":      true,
	"dqlitepyWarned":        true, // called by C, which takes no error
}

func TestEveryExportBeginsWithTheGuard(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v %v", files, err)
	}
	exported := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Doc == nil || !strings.Contains(commentText(function.Doc), "//export ") {
				continue
			}
			exported++
			if beginsWithTheGuard(function) == withoutGuard[function.Name.Name] {
				t.Errorf("%s: %s", file, function.Name.Name)
			}
		}
	}
	if exported < 20 {
		t.Errorf("only %d exported functions were found", exported)
	}
}

func commentText(comments *ast.CommentGroup) (all string) {
	for _, comment := range comments.List {
		all += comment.Text + "\n"
	}
	return all
}

func beginsWithTheGuard(function *ast.FuncDecl) bool {
	deferred, ok := function.Body.List[0].(*ast.DeferStmt)
	if !ok {
		return false
	}
	called, ok := deferred.Call.Fun.(*ast.Ident)
	return ok && (called.Name == "guard" || called.Name == "guardCall") // the second, of what SQLite calls
}

// panicking calls work as an exported function does. The types are cgo's, which a test cannot name.
func panicking[E, S any](guard func(*E, *S), work func()) (failure E, status S) {
	defer guard(&failure, &status)
	work()
	return failure, status
}

func TestAPanicBecomesAnError(t *testing.T) {
	failure, status := panicking(guard, func() { panic("boom") })
	message := make([]byte, failure.message_size)
	for i := range message {
		message[i] = byte(failure.message[i])
	}
	if status != 2 || failure.kind != 14 || !strings.Contains(string(message), "boom") {
		t.Error(status, failure.kind, string(message))
	}
	if _, status := panicking(guard, func() {}); status != 0 {
		t.Error(status)
	}
}
