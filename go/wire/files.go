// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
)

// maxFileName bounds what is taken for the name of a file; dqlite's own limit is lower.
const maxFileName = 4096

// Files takes the answer to DUMP apart while it comes in, since a whole database may be larger than memory should hold: one
// file after the other, first the database, then what was not written back to it from its WAL yet.
type Files struct {
	// next gives the next bytes of the body, good until it is called again.
	next func(size uint64) ([]byte, error)
	left uint64 // bytes of the body still to come
	file uint64 // of those, of the file that is open
	more uint64 // files behind it
}

// OpenFiles begins to read the body behind a header.
func OpenFiles(header Header, next func(size uint64) ([]byte, error)) (*Files, error) {
	if header.Type != ResponseFiles {
		return nil, Errorf("a response of type %d where %d was due", header.Type, ResponseFiles)
	}
	f := &Files{next: next, left: header.BodySize()}
	count, err := f.word()
	f.more = count
	return f, err
}

// Open begins the next file, once the one before it is read; found is false behind the last.
func (f *Files) Open() (name string, size uint64, found bool, err error) {
	switch {
	case f.file > 0:
		return "", 0, false, Errorf("%d bytes of a file that nobody reads", f.file)
	case f.more == 0 && f.left > 0:
		return "", 0, false, Errorf("%d bytes behind the last file", f.left)
	case f.more == 0:
		return "", 0, false, nil
	}
	f.more--
	if name, err = f.text(); err != nil {
		return "", 0, false, err
	}
	if f.file, err = f.word(); err != nil {
		return "", 0, false, err
	}
	if f.file > f.left || f.file%wordSize != 0 {
		return "", 0, false, Errorf("a file of %d bytes in an answer with %d left", f.file, f.left)
	}
	return name, f.file, true, nil
}

// Read returns the next bytes of the file, at most so many; none at its end.
func (f *Files) Read(most uint64) ([]byte, error) {
	size := min(most, f.file)
	if size == 0 {
		return nil, nil
	}
	piece, err := f.take(size)
	if err != nil {
		return nil, err
	}
	f.file -= size
	return piece, nil
}

func (f *Files) take(size uint64) ([]byte, error) {
	if size > f.left {
		return nil, Errorf("an answer that ends within its files")
	}
	piece, err := f.next(size)
	if err == nil {
		f.left -= size
	}
	return piece, err
}

func (f *Files) word() (uint64, error) {
	raw, err := f.take(wordSize)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(raw), nil
}

func (f *Files) text() (string, error) {
	var text []byte
	for len(text) < maxFileName {
		word, err := f.take(wordSize)
		if err != nil {
			return "", err
		}
		text = append(text, word...)
		if end := bytes.IndexByte(word, 0); end >= 0 {
			return string(text[:len(text)-wordSize+end]), nil
		}
	}
	return "", Errorf("the name of a file that does not end")
}
