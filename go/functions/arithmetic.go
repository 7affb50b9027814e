// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"errors"
	"fmt"
	"math/big"
)

// Django multiplies and divides time spans, which are integers, by numbers.

func realOf(value Value) (float64, error) {
	switch value.Kind {
	case Integer:
		return float64(value.Integer), nil
	case Real:
		return value.Real, nil
	}
	return 0, fmt.Errorf("%v is no number", value)
}

func reals(left, right Value) (l, r float64, err error) {
	l, err = realOf(left)
	r, second := realOf(right)
	return l, r, errors.Join(err, second)
}

func times(left, right Value) (Value, error) {
	if left.Kind == Integer && right.Kind == Integer {
		result := new(big.Int).Mul(big.NewInt(left.Integer), big.NewInt(right.Integer))
		if !result.IsInt64() {
			return Value{}, errors.New("the product is no integer of 64 bits")
		}
		return integer(result.Int64()), nil
	}
	l, r, err := reals(left, right)
	return Value{Kind: Real, Real: l * r}, err
}

// ratio is always real, and rounded once.
func ratio(left, right Value) (Value, error) {
	l, r, err := reals(left, right)
	if err == nil && r == 0 {
		err = errors.New("division by zero")
	}
	if err != nil {
		return Value{}, err
	}
	if left.Kind == Integer && right.Kind == Integer {
		result, _ := big.NewRat(left.Integer, right.Integer).Float64()
		return Value{Kind: Real, Real: result}, nil
	}
	return Value{Kind: Real, Real: l / r}, nil
}
