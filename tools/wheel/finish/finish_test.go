// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var hostMachine = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]

// rawMembers is a raw wheel as rules_python writes it; the test's own executable stands for the library.
func rawMembers(t *testing.T) map[string]string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	library, err := os.ReadFile(executable)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"pkg/__init__.py":                         "x = 1\n",
		"pkg/_lib/libx.so":                        string(library),
		"some_pkg-1.0.dist-info/METADATA":         "Metadata-Version: 2.1\nName: Some.Pkg\nVersion: 1.0\nRequires-Python: >=3.11\nProvides-Extra: dev\nRequires-Dist: pytest>=8 ;extra == \"dev\"\n\n",
		"some_pkg-1.0.dist-info/WHEEL":            "Wheel-Version: 1.0\nTag: py3-none-any\n",
		"some_pkg-1.0.dist-info/RECORD":           "",
		"some_pkg-1.0.dist-info/entry_points.txt": "[console_scripts]\nz=pkg:z\na = pkg:a",
	}
}

func writeZip(t *testing.T, members map[string]string, order []string) string {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range order {
		member, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write([]byte(members[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "raw.whl", out.String())
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// arguments are those of a run that succeeds, for the raw wheel given.
func arguments(t *testing.T, raw string) (args []string, out string) {
	t.Helper()
	tag := "py3-none-linux_" + hostMachine
	out = filepath.Join(t.TempDir(), "some_pkg-1.0-"+tag+".whl")
	return []string{
		"--raw", raw,
		"--out", out,
		"--tag", tag,
		"--headers", writeFile(t, "headers", "Summary: text\nLicense-Expression: MIT\nClassifier: B\nClassifier: A\n"),
		"--description", writeFile(t, "README.md", "# Title\n\nümlaut\n\n"),
		"--dist-info", "licenses/LICENSE=" + writeFile(t, "LICENSE", "licence"),
		"--dist-info", "sboms/x.json=" + writeFile(t, "x.json", "{}"),
	}, out
}

func finish(t *testing.T, members map[string]string, order []string) []byte {
	t.Helper()
	args, out := arguments(t, writeZip(t, members, order))
	if err := run(args); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSameContentsGiveTheSameBytes(t *testing.T) {
	members := rawMembers(t)
	order := sortedKeys(members)
	first := finish(t, members, order)

	// Another writer of the same wheel: other order, spelling, version of METADATA, and folder entries.
	slices.Reverse(order)
	members["some_pkg-1.0.dist-info/METADATA"] = "Metadata-Version: 2.2\r\nRequires-Dist: pytest>=8; extra == 'dev'\r\nVersion: 1.0\r\nName: Some.Pkg\r\nRequires-Python: >=3.11\r\nProvides-Extra: dev\r\nDescription-Content-Type: text/plain\r\n\r\nother text"
	members["some_pkg-1.0.dist-info/entry_points.txt"] = "\n[ console_scripts ]\na=pkg:a\n\nz = pkg:z\n"
	members["some_pkg-1.0.dist-info/WHEEL"] = "Generator: other\n"
	second := finish(t, members, append([]string{"pkg/"}, order...))

	if !bytes.Equal(first, second) {
		t.Error("two raw wheels with the same contents gave different bytes")
	}
}

func TestArchive(t *testing.T) {
	members := rawMembers(t)
	content := finish(t, members, sortedKeys(members))
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	got := map[string]string{}
	for _, member := range archive.File {
		names = append(names, member.Name)
		data, err := readMember(member)
		if err != nil {
			t.Fatal(err)
		}
		got[member.Name] = string(data)
		mode := os.FileMode(0o644)
		if strings.HasSuffix(member.Name, ".so") {
			mode = 0o755
		}
		if member.Mode() != mode || member.Modified.Year() != 1980 || member.Method != zip.Deflate || len(member.Extra) > 0 {
			t.Errorf("%s: mode %v, date %v, method %d, extra %x", member.Name, member.Mode(), member.Modified, member.Method, member.Extra)
		}
	}
	info := "some_pkg-1.0.dist-info/"
	want := []string{
		"pkg/__init__.py", "pkg/_lib/libx.so", info + "METADATA", info + "WHEEL", info + "entry_points.txt",
		info + "licenses/LICENSE", info + "sboms/x.json", info + "RECORD",
	}
	if !slices.Equal(names, want) {
		t.Errorf("files are %q, want %q", names, want)
	}
	wantMetadata := `Metadata-Version: 2.4
Name: Some.Pkg
Version: 1.0
Summary: text
License-Expression: MIT
License-File: LICENSE
Classifier: A
Classifier: B
Requires-Python: >=3.11
Requires-Dist: pytest>=8; extra == 'dev'
Provides-Extra: dev
Description-Content-Type: text/markdown

# Title

ümlaut
`
	if got[info+"METADATA"] != wantMetadata {
		t.Errorf("METADATA is\n%s\nwant\n%s", got[info+"METADATA"], wantMetadata)
	}
	if want := "[console_scripts]\na = pkg:a\nz = pkg:z\n"; got[info+"entry_points.txt"] != want {
		t.Errorf("entry_points.txt is %q, want %q", got[info+"entry_points.txt"], want)
	}
	// The digest was made with `printf 'x = 1\n' | openssl dgst -sha256 -binary | basenc --base64url`.
	if want := "pkg/__init__.py,sha256=nia_NpkRxFwkPGhBR7I_yeHc_PJX0pmhxjIBam_NM_Q,6\n"; !strings.HasPrefix(got[info+"RECORD"], want) {
		t.Errorf("RECORD begins %.90q, want %q", got[info+"RECORD"], want)
	}
	if !strings.HasSuffix(got[info+"RECORD"], "\n"+info+"RECORD,,\n") {
		t.Error("RECORD does not end with itself")
	}
}

func TestRefusals(t *testing.T) {
	metadata := "some_pkg-1.0.dist-info/METADATA"
	for _, test := range []struct {
		name   string
		change func(members map[string]string)
		want   string
	}{
		{"no library", func(m map[string]string) { delete(m, "pkg/_lib/libx.so") }, "holds no .so file"},
		{"library is text", func(m map[string]string) { m["pkg/_lib/libx.so"] = "text" }, "not an ELF file"},
		{"climbing name", func(m map[string]string) { m["../evil.py"] = "" }, "not a plain relative path"},
		{"absolute name", func(m map[string]string) { m["/evil.py"] = "" }, "not a plain relative path"},
		{"name with a space", func(m map[string]string) { m["pkg/a b.py"] = "" }, "only printable ASCII"},
		{"no METADATA", func(m map[string]string) { delete(m, metadata) }, "holds no METADATA"},
		{"second dist-info", func(m map[string]string) { m["other-1.dist-info/METADATA"] = "" }, "two .dist-info folders"},
		{"unknown dist-info file", func(m map[string]string) { m["some_pkg-1.0.dist-info/x"] = "" }, "--dist-info"},
		{"header of the headers file", func(m map[string]string) { m[metadata] = "Summary: x\n" + m[metadata] }, "Summary belongs into the headers file"},
		{"unknown header", func(m map[string]string) { m[metadata] = "Platform: x\n" + m[metadata] }, "unknown header Platform"},
		{"two versions", func(m map[string]string) { m[metadata] = "Version: 2\n" + m[metadata] }, "Version is given 2 times"},
		{"version not normal", func(m map[string]string) { m[metadata] = strings.Replace(m[metadata], "1.0", "1.0-rc1", 1) }, "normal form"},
		{"other version than --out", func(m map[string]string) { m[metadata] = strings.Replace(m[metadata], "1.0", "1.1", 1) }, "make it some_pkg-1.1-"},
		{"broken line", func(m map[string]string) { m[metadata] = "nonsense\n" + m[metadata] }, `not "Name: value"`},
		{"entry without group", func(m map[string]string) { m["some_pkg-1.0.dist-info/entry_points.txt"] = "a = b" }, "entry_points.txt, line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			members := rawMembers(t)
			test.change(members)
			args, out := arguments(t, writeZip(t, members, sortedKeys(members)))
			err := run(args)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("a wheel was written all the same")
			}
		})
	}
}

func TestFileTwiceIsRefused(t *testing.T) {
	members := rawMembers(t)
	args, _ := arguments(t, writeZip(t, members, append(sortedKeys(members), "pkg/__init__.py")))
	if err := run(args); err == nil || !strings.Contains(err.Error(), "pkg/__init__.py twice") {
		t.Errorf("error is %v", err)
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	licence := writeFile(t, "LICENSE", "text")
	for _, test := range []struct{ name, flag, value, want string }{
		{"no file", "--raw", "/nonexistent", "not a wheel"},
		{"no tag", "--tag", "nonsense", "not PYTHON-ABI-PLATFORM"},
		{"other system", "--tag", "py3-none-win_amd64", "neither linux_MACHINE nor"},
		{"other machine", "--tag", "py3-none-linux_" + map[string]string{"x86_64": "aarch64", "aarch64": "x86_64"}[hostMachine], "built for"},
		{"metadata by hand", "--dist-info", "METADATA=" + licence, "writes this file itself"},
		{"record by hand", "--dist-info", "RECORD=" + licence, "writes this file itself"},
		{"no equals sign", "--dist-info", "licenses/x", "not PATH=FILE"},
		{"given twice", "--dist-info", "licenses/LICENSE=" + licence, "given twice"},
		{"climbing path", "--dist-info", "../x=" + licence, "not a plain relative path"},
		{"empty text", "--dist-info", "licenses/empty=" + writeFile(t, "empty", "\n"), "is empty"},
		{"empty description", "--description", writeFile(t, "empty", "\n"), "description is empty"},
		{"name in headers file", "--headers", writeFile(t, "headers", "Name: x\n"), "belongs to py_wheel"},
		{"no summary", "--headers", writeFile(t, "headers", "License-Expression: MIT\n"), "Summary is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			members := rawMembers(t)
			args, _ := arguments(t, writeZip(t, members, sortedKeys(members)))
			err := run(append(args, test.flag, test.value))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestGlibcVersions(t *testing.T) {
	for text, want := range map[string]version{"2.28": {2, 28}, "2.2.5": {2, 2}} {
		if got, err := parseGlibcVersion(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"PRIVATE", "ABI_DT_RELR", "2", ""} {
		if got, err := parseGlibcVersion(text); err == nil {
			t.Errorf("%q passed as %v", text, got)
		}
	}
	if (version{2, 28}).less(version{2, 9}) || !(version{2, 28}).less(version{2, 34}) {
		t.Error("versions are compared as text")
	}
}
