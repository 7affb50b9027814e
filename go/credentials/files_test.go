// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder holds the three files of one node.
type folder struct {
	*testing.T
	Files
}

func newFolder(t *testing.T, pem PEM) folder {
	t.Helper()
	path := t.TempDir()
	f := folder{t, Files{filepath.Join(path, "node.pem"), filepath.Join(path, "node.key"), filepath.Join(path, "ca.pem")}}
	f.replace(pem)
	return f
}

func (f folder) replace(pem PEM) {
	f.Helper()
	for path, text := range map[string]string{f.Certificate: pem.Certificate, f.Key: pem.Key, f.Authority: pem.Authority} {
		f.write(path, text)
	}
}

// write puts a new file in the place of the old one.
func (f folder) write(path, text string) {
	f.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.Fatal(err)
	}
}

func opened(t *testing.T, files Files) *Credentials {
	t.Helper()
	c, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChangedFilesAreUsedOnceAllOfThemFitTogether(t *testing.T) {
	old, next := authority(t), authority(t)
	f := newFolder(t, made(t, old, "127.0.0.1"))
	c := opened(t, f.Files)
	if err := c.CheckServer("127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	var told []string
	c.OnReload(func(err error) {
		if err == nil {
			told = append(told, "")
			return
		}
		told = append(told, err.Error())
	})
	first := c.current()
	replacement, elsewhere := made(t, next, "127.0.0.1"), made(t, next, "127.0.0.2")
	for _, step := range []struct{ path, text, trouble string }{
		{f.Authority, "", "the authority (CA) is missing"},
		{f.Authority, next.Certificate, "the authority (CA) did not sign the certificate"},
		{f.Certificate, replacement.Certificate, "the key does not belong to the certificate"},
		{f.Key, "half a k", "holds no key in PEM form"},
		{f.Certificate, elsewhere.Certificate, "holds no key in PEM form"},
		{f.Key, elsewhere.Key, "the certificate is not one for 127.0.0.1"},
		{f.Certificate, replacement.Certificate, "the key does not belong to the certificate"},
	} {
		f.write(step.path, step.text)
		if c.current() != first || c.Trouble() == nil || !strings.Contains(c.Trouble().Error(), step.trouble) {
			t.Errorf("%q expected, not %v", step.trouble, c.Trouble())
		}
	}
	before := len(told)
	if c.current() != first || len(told) != before || before != 7 {
		t.Errorf("one complaint for each change: %q", told)
	}
	f.write(f.Key, replacement.Key)
	second := c.current()
	if second == first || c.Trouble() != nil || told[before] != "" || second.leaf.Issuer.String() != first.leaf.Issuer.String() {
		t.Errorf("%v %q", c.Trouble(), told)
	}
	if slices.Equal(second.leaf.Raw, first.leaf.Raw) || c.current() != second {
		t.Error("the files are used once, until they change")
	}
	if err := os.Remove(f.Key); err != nil {
		t.Fatal(err)
	}
	if c.current() != second || !strings.Contains(c.Trouble().Error(), "cannot be read: no such file") {
		t.Error(c.Trouble())
	}
}

func TestAnAuthorityAloneIsReadAgainToo(t *testing.T) {
	old, next := authority(t), authority(t)
	f := newFolder(t, PEM{Authority: old.Certificate})
	c := opened(t, Files{Authority: f.Authority})
	first := c.current()
	f.write(f.Authority, next.Certificate)
	if c.current() == first || c.Trouble() != nil {
		t.Error(c.Trouble())
	}
	if got, err := Open(Files{}); got != nil || err != nil {
		t.Error(got, err)
	}
	if _, err := Open(Files{Authority: filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "none cannot be read") {
		t.Error(err)
	}
}
