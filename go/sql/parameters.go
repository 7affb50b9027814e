// SPDX-License-Identifier: Apache-2.0

package sql

import (
	"fmt"
	"strconv"
)

// MaxParameters is SQLite's limit on the number of a parameter.
const MaxParameters = 32766

// Parameter is one of those that a statement takes. Name is without its prefix; a bare ? has none.
type Parameter struct {
	Name  string
	Named bool
}

// numbering gives parameters their numbers as SQLite does: a bare ? the next one, ?NNN the one it says, and a name the next
// one where it first occurs.
type numbering struct {
	parameters []Parameter
	named      map[string]int // with the prefix: :a and @a are two
}

// number returns the index, from 0, of the parameter that a token stands for.
func (n *numbering) number(spelling string) (int, error) {
	if spelling == "?" {
		n.parameters = append(n.parameters, Parameter{})
		return len(n.parameters) - 1, n.check(len(n.parameters))
	}
	if spelling[0] == '?' {
		number, err := strconv.Atoi(spelling[1:])
		if err != nil || number < 1 || number > MaxParameters {
			return 0, fmt.Errorf("variable number must be between ?1 and ?%d", MaxParameters)
		}
		for len(n.parameters) < number {
			n.parameters = append(n.parameters, Parameter{})
		}
		n.name(number-1, spelling)
		return number - 1, nil
	}
	if index, known := n.named[spelling]; known {
		return index, nil
	}
	n.parameters = append(n.parameters, Parameter{})
	index := len(n.parameters) - 1
	n.name(index, spelling)
	return index, n.check(len(n.parameters))
}

func (n *numbering) name(index int, spelling string) {
	if n.named == nil {
		n.named = make(map[string]int)
	}
	n.named[spelling] = index
	if !n.parameters[index].Named {
		n.parameters[index] = Parameter{Name: spelling[1:], Named: true}
	}
}

func (n *numbering) check(count int) error {
	if count > MaxParameters {
		return fmt.Errorf("too many SQL variables")
	}
	return nil
}
