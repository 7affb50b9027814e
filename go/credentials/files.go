// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Files are where the certificates are, in PEM form. Without an authority there is no TLS.
type Files struct {
	Certificate, Key, Authority string
}

// largestFile is more than any chain of certificates takes.
const largestFile = 1 << 20

// Open is Load from files, which are read again when they have changed: what goes by them from then on is new connections.
func Open(files Files) (*Credentials, error) {
	stamps := files.stamps() // first, so that a change while they are being read is seen later
	pem, err := files.read()
	if err != nil {
		return nil, err
	}
	c, err := Load(pem)
	if c != nil {
		c.files, c.stamps = files, stamps
	}
	return c, err
}

func (f Files) paths() [3]string { return [3]string{f.Certificate, f.Key, f.Authority} }

func (f Files) read() (PEM, error) {
	var texts [3]string
	for i, path := range f.paths() {
		if path == "" {
			continue
		}
		text, err := readFile(path)
		if err != nil {
			return PEM{}, err
		}
		texts[i] = text
	}
	return PEM{Certificate: texts[0], Key: texts[1], Authority: texts[2]}, nil
}

func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, largestFile))
	if err != nil {
		return "", unreadable(path, err)
	}
	return string(data), nil
}

func unreadable(path string, err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("the TLS file %s cannot be read: %w", path, err)
}

// stamp tells one state of a file from the next. A zero one is that of a file which is not there.
type stamp struct {
	device, inode uint64
	size          int64
	written       unix.Timespec
	changed       unix.Timespec // also where a tool that copies has set the other one back
}

func (f Files) stamps() (stamps [3]stamp) {
	for i, path := range f.paths() {
		var status unix.Stat_t
		if path != "" && unix.Stat(path, &status) == nil {
			stamps[i] = stamp{uint64(status.Dev), status.Ino, status.Size, status.Mtim, status.Ctim}
		}
	}
	return stamps
}

// OnReload names who is told that changed files are in use, or with an error why they are not.
func (c *Credentials) OnReload(tell func(error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = tell
}

// Trouble is why files that have changed are not in use; nil while all is well.
func (c *Credentials) Trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

// current returns what connections are to be made with. Files that are broken, or half of which is still to be replaced, leave
// it as it was, until they change again.
func (c *Credentials) current() *material {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == (Files{}) {
		return c.material
	}
	stamps := c.files.stamps()
	if stamps == c.stamps {
		return c.material
	}
	c.stamps = stamps
	loaded, err := c.reload()
	if err != nil {
		err = fmt.Errorf("the TLS files have changed and cannot be used, so that the old ones stay in use: %w", err)
	} else {
		c.material = loaded
	}
	c.trouble = err
	if c.tell != nil {
		c.tell(err)
	}
	return c.material
}

func (c *Credentials) reload() (*material, error) {
	pem, err := c.files.read()
	if err != nil {
		return nil, err
	}
	loaded, err := parse(pem)
	switch {
	case err != nil:
		return nil, err
	case loaded == nil:
		return nil, errors.New("the authority's file is empty")
	case loaded.leaf == nil && c.material.leaf != nil:
		return nil, errors.New("the certificate's file is empty")
	}
	if err := loaded.check(time.Now()); err != nil {
		return nil, err
	}
	if c.serves == "" {
		return loaded, nil
	}
	return loaded, loaded.checkServer(c.serves)
}
