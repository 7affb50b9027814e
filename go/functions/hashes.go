// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

func hashes() []Scalar {
	functions := []Scalar{
		strict("sha2", 2, sha2),
		strict("sha3", 2, sha3Of),
	}
	for name, algorithm := range map[string]func() hash.Hash{
		"md5":    md5.New,
		"sha1":   sha1.New,
		"sha224": sha256.New224,
		"sha256": sha256.New,
		"sha384": sha512.New384,
		"sha512": sha512.New,
	} {
		functions = append(functions, strict(name, 1, func(s Statement, arguments []Value) (Value, error) {
			return digest(s, algorithm(), arguments[0])
		}))
	}
	return functions
}

// ErrInterrupted ends a function whose statement was given up. SQLite reports the interruption by itself.
var ErrInterrupted = errors.New("interrupted")

// digest is the hash of a text or blob in hexadecimal digits.
func digest(s Statement, state hash.Hash, value Value) (Value, error) {
	const piece = 1 << 22
	data := textOf(value)
	for len(data) > piece {
		state.Write(data[:piece])
		data = data[piece:]
		if s.Interrupted() {
			return Value{}, ErrInterrupted
		}
	}
	state.Write(data)
	return text(hex.EncodeToString(state.Sum(nil))), nil
}

// sized chooses an algorithm by the length of its result.
func sized(name string, algorithms map[int64]func() hash.Hash) func(Statement, []Value) (Value, error) {
	return func(s Statement, arguments []Value) (Value, error) {
		bits, err := integerOf(arguments[1])
		algorithm, known := algorithms[bits]
		if err != nil || !known {
			return Value{}, fmt.Errorf("%s(): the length is 224, 256, 384 or 512 bits, not %v", name, arguments[1])
		}
		return digest(s, algorithm(), arguments[0])
	}
}

var sha2 = sized("sha2", map[int64]func() hash.Hash{
	224: sha256.New224, 256: sha256.New, 384: sha512.New384, 512: sha512.New,
})

var sha3Of = sized("sha3", map[int64]func() hash.Hash{
	224: func() hash.Hash { return sha3.New224() },
	256: func() hash.Hash { return sha3.New256() },
	384: func() hash.Hash { return sha3.New384() },
	512: func() hash.Hash { return sha3.New512() },
})
