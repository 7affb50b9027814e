// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"math"
)

// Tan may be replaced by that of C, which Python calls: the last digit may differ.
var Tan = math.Tan

func numbers() []Scalar {
	return []Scalar{
		strict("bitxor", 2, bitxor),
		strict("cot", 1, cot),
	}
}

func bitxor(_ Statement, arguments []Value) (Value, error) {
	left, err := integerOf(arguments[0])
	right, second := integerOf(arguments[1])
	if err := errors.Join(err, second); err != nil {
		return Value{}, fmt.Errorf("bitxor(): %w", err)
	}
	return integer(left ^ right), nil
}

// cot is NULL of what is no number, as SQLite's own functions of this kind are.
func cot(_ Statement, arguments []Value) (Value, error) {
	angle := arguments[0].Real
	switch arguments[0].Kind {
	case Integer:
		angle = float64(arguments[0].Integer)
	case Text, Blob:
		return Value{}, nil
	}
	tangent := Tan(angle)
	if tangent == 0 {
		return Value{}, errors.New("cot(): division by zero")
	}
	return Value{Kind: Real, Real: 1 / tangent}, nil
}
