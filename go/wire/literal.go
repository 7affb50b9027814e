// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// Literal spells the value in SQL, as sqlite3_expanded_sql does.
func (v Value) Literal() string {
	switch v.Type {
	case Null:
		return "NULL"
	case Float:
		return floatLiteral(v.Float())
	case Text, ISO8601:
		return "'" + strings.ReplaceAll(string(v.Bytes), "'", "''") + "'"
	case Blob:
		return "x'" + hex.EncodeToString(v.Bytes) + "'"
	default:
		return strconv.FormatInt(v.Int(), 10)
	}
}

// floatLiteral has 15 significant digits and always a point, so that it reads as a REAL.
func floatLiteral(number float64) string {
	switch {
	case math.IsNaN(number):
		return "NULL" // as which SQLite stores it
	case math.IsInf(number, 1):
		return "Inf"
	case math.IsInf(number, -1):
		return "-Inf"
	}
	digits, exponent, scientific := strings.Cut(strconv.FormatFloat(number, 'g', 15, 64), "e")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	if scientific {
		return digits + "e" + exponent
	}
	return digits
}
