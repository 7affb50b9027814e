// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"math"
	"math/big"
	"math/bits"
)

// A real number is an integer times 2**-1074, and its square one times 2**-2148. So sums of them are kept as integers, without
// any rounding: the result does not depend on the order of the rows, rows can be taken out again, and what is equal is the same
// number as that of Python's module statistics, which calculates with fractions.

const (
	lowest      = 1074
	sumWords    = 34 // up to 2**63 numbers of up to 2**1024
	squareWords = 68
)

// moments is the sum of numbers and the sum of their squares, as two's complements of fixed size.
type moments struct {
	sum     [sumWords]uint64
	squares [squareWords]uint64
}

// add adds hi:lo times 2**shift to a number, or subtracts it.
func add(into []uint64, hi, lo uint64, shift uint, subtract bool) {
	at, by := shift/64, shift%64
	words := [3]uint64{lo << by, hi << by, 0}
	if by > 0 {
		words[1] |= lo >> (64 - by)
		words[2] = hi >> (64 - by)
	}
	var carry uint64
	for i := 0; at < uint(len(into)) && (i < len(words) || carry != 0); i++ {
		var word uint64
		if i < len(words) {
			word = words[i]
		}
		if subtract {
			into[at], carry = bits.Sub64(into[at], word, carry)
		} else {
			into[at], carry = bits.Add64(into[at], word, carry)
		}
		at++
	}
}

// addScaled counts ±mantissa·2**(exponent-1074) in, or out.
func (m *moments) addScaled(mantissa uint64, exponent uint, negative, out bool) {
	add(m.sum[:], 0, mantissa, exponent, negative != out)
	hi, lo := bits.Mul64(mantissa, mantissa)
	add(m.squares[:], hi, lo, 2*exponent, out)
}

func (m *moments) addInteger(value int64, out bool) {
	magnitude := uint64(value)
	if value < 0 {
		magnitude = -magnitude
	}
	m.addScaled(magnitude, lowest, value < 0, out)
}

func (m *moments) addReal(value float64, out bool) {
	written := math.Float64bits(value)
	mantissa, exponent := written&(1<<52-1), uint(written>>52)&0x7ff
	if exponent > 0 {
		mantissa |= 1 << 52
		exponent--
	}
	m.addScaled(mantissa, exponent, written>>63 != 0, out)
}

// whole reads a two's complement.
func whole(words []uint64) *big.Int {
	negative := words[len(words)-1]>>63 != 0
	magnitude := new(big.Int)
	var carry uint64 = 1
	for i := range words {
		word := words[i]
		if negative {
			word, carry = bits.Add64(^word, 0, carry)
		}
		magnitude.Or(magnitude, new(big.Int).Lsh(new(big.Int).SetUint64(word), uint(i)*64))
	}
	if negative {
		magnitude.Neg(magnitude)
	}
	return magnitude
}

// variance is the sum of the squared distances from the mean, divided by their number less so many; nil where there is none.
func (s *State) variance(less int64) *big.Rat {
	if s.count <= less || s.wild != 0 {
		return nil
	}
	n := big.NewInt(s.count)
	sum := whole(s.sum[:])
	above := new(big.Int).Mul(n, whole(s.squares[:]))
	above.Sub(above, sum.Mul(sum, sum))
	below := new(big.Int).Mul(n, big.NewInt(s.count-less))
	return new(big.Rat).SetFrac(above, below.Lsh(below, 2*lowest))
}

// varianceValue is an integer where all numbers were, and it is one.
func (s *State) varianceValue(less int64) Value {
	variance := s.variance(less)
	if variance == nil {
		return Value{}
	}
	if s.reals == 0 && variance.IsInt() && variance.Num().IsInt64() {
		return integer(variance.Num().Int64())
	}
	result, _ := variance.Float64()
	return Value{Kind: Real, Real: result}
}

// root is the square root, rounded once.
func (s *State) root(less int64) Value {
	variance := s.variance(less)
	if variance == nil {
		return Value{}
	}
	// The root of a number that is scaled by so many bits has more digits than a float; what is cut off behind them only has to
	// be seen to be there.
	const digits = 110
	above, below := new(big.Int).Set(variance.Num()), new(big.Int).Set(variance.Denom())
	half := (digits - above.BitLen() + below.BitLen()) / 2
	if half >= 0 {
		above.Lsh(above, uint(2*half))
	} else {
		below.Lsh(below, uint(-2*half))
	}
	quotient, rest := new(big.Int).QuoRem(above, below, new(big.Int))
	root := new(big.Int).Sqrt(quotient)
	if rest.Sign() != 0 || new(big.Int).Mul(root, root).Cmp(quotient) != 0 {
		root.Lsh(root, 1).SetBit(root, 0, 1)
		half++
	}
	scale := new(big.Int).Lsh(big.NewInt(1), uint(max(half, -half)))
	result := new(big.Rat).SetInt(root)
	if half >= 0 {
		result.SetFrac(root, scale)
	} else {
		result.SetInt(root.Mul(root, scale))
	}
	real, _ := result.Float64()
	return Value{Kind: Real, Real: real}
}

func varPop(s *State) Value { return s.varianceValue(0) }

func varSamp(s *State) Value { return s.varianceValue(1) }

func stddevPop(s *State) Value { return s.root(0) }

func stddevSamp(s *State) Value { return s.root(1) }
