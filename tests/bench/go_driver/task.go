// SPDX-License-Identifier: Apache-2.0

package main

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// task is one line of input.
type task struct {
	Operation  string  `json:"operation"`
	Directory  string  `json:"directory"`  // of node
	Address    string  `json:"address"`    // of node and connect; "@…" is an abstract socket
	Threshold  uint64  `json:"threshold"`  // of node: log entries between two snapshots
	Trailing   uint64  `json:"trailing"`   // of node: log entries kept behind one
	Database   string  `json:"database"`   // of connect
	SQL        string  `json:"sql"`        // of each, many, together
	Parameters [][]any `json:"parameters"` // of each, many, together: those of each run
	Threads    int     `json:"threads"`    // of together
}

// reply is one line of output.
type reply struct {
	Seconds []float64 `json:"seconds,omitempty"`
	Address string    `json:"address,omitempty"` // that the node listens on
	Error   string    `json:"error,omitempty"`
}

// rows are the parameters as the driver wants them.
func (t *task) rows() ([][]driver.NamedValue, error) {
	rows := make([][]driver.NamedValue, len(t.Parameters))
	for i, parameters := range t.Parameters {
		rows[i] = make([]driver.NamedValue, len(parameters))
		for j, parameter := range parameters {
			value, err := valueOf(parameter)
			if err != nil {
				return nil, err
			}
			rows[i][j] = driver.NamedValue{Ordinal: j + 1, Value: value}
		}
	}
	return rows, nil
}

func valueOf(parameter any) (driver.Value, error) {
	switch parameter := parameter.(type) {
	case json.Number:
		if strings.ContainsAny(parameter.String(), ".eE") {
			return parameter.Float64()
		}
		return parameter.Int64()
	case string, nil:
		return parameter, nil
	default:
		return nil, fmt.Errorf("a parameter of the type %T", parameter)
	}
}

func since(start time.Time) []float64 { return []float64{time.Since(start).Seconds()} }
