// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"fmt"
	"math"
)

// State is what an aggregate knows of a group. It lies in SQLite's memory, zeroed at first, so that it holds no pointer of Go's.
type State struct {
	count int64 // of the values that are not NULL
	bits  int64 // of bit_and, bit_or and bit_xor
	reals int64 // how many are not integers
	wild  int64 // how many are infinite
	moments
}

// Aggregate is one function of many rows.
type Aggregate struct {
	Name string
	// Add and Remove count a value in and out. Remove is nil where that is impossible: it is no window function then.
	Add    func(*State, Value) error
	Remove func(*State, Value) error
	Result func(*State) Value
}

// AnyValue is the aggregate that gives the first value of a group that is not NULL. The shim has it, since it keeps a value.
const AnyValue = "any_value"

// Aggregates is all of them except AnyValue. Each has one argument, whose NULLs do not count, and is NULL of nothing.
func Aggregates() []Aggregate {
	variance := func(names []string, result func(*State) Value) (all []Aggregate) {
		for _, name := range names {
			all = append(all, Aggregate{name, named1(name, addMoment), named1(name, removeMoment), result})
		}
		return all
	}
	bitwise := func(name string, join func(a, b int64) int64) Aggregate {
		return Aggregate{Name: name, Result: bitsResult, Add: named1(name, func(s *State, value Value) error {
			bits, err := integerOf(value)
			if s.count++; s.count > 1 {
				bits = join(s.bits, bits)
			}
			s.bits = bits
			return err
		})}
	}
	all := []Aggregate{
		bitwise("bit_and", func(a, b int64) int64 { return a & b }),
		bitwise("bit_or", func(a, b int64) int64 { return a | b }),
		bitwise("bit_xor", func(a, b int64) int64 { return a ^ b }),
	}
	all = append(all, variance([]string{"var_pop"}, varPop)...)
	all = append(all, variance([]string{"var_samp", "variance"}, varSamp)...)
	all = append(all, variance([]string{"stddev_pop"}, stddevPop)...)
	return append(all, variance([]string{"stddev_samp", "stddev"}, stddevSamp)...)
}

// named1 passes NULL over, and names the function in errors.
func named1(name string, call func(*State, Value) error) func(*State, Value) error {
	return func(s *State, value Value) error {
		if value.Kind == Null {
			return nil
		}
		if err := call(s, value); err != nil {
			return fmt.Errorf("%s(): %w", name, err)
		}
		return nil
	}
}

func bitsResult(s *State) Value {
	if s.count == 0 {
		return Value{}
	}
	return integer(s.bits)
}

func addMoment(s *State, value Value) error { return s.count1(value, 1) }

func removeMoment(s *State, value Value) error { return s.count1(value, -1) }

func (s *State) count1(value Value, direction int64) error {
	if _, err := realOf(value); err != nil {
		return err
	}
	s.count += direction
	switch {
	case value.Kind == Integer:
		s.addInteger(value.Integer, direction < 0)
	case math.IsInf(value.Real, 0) || math.IsNaN(value.Real):
		s.reals += direction
		s.wild += direction
	default:
		s.reals += direction
		s.addReal(value.Real, direction < 0)
	}
	return nil
}
