// SPDX-License-Identifier: Apache-2.0

// Go_driver runs a dqlite node as dqlitepy does, and the benchmark's statements on a node through go-dqlite's own driver.
// It reads one task a line on standard input, as JSON, and answers each with a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := serve(bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "go_driver:", err)
		os.Exit(1)
	}
}

func serve(input *bufio.Reader, output *json.Encoder) error {
	program := &program{}
	defer program.close()
	tasks := json.NewDecoder(input)
	tasks.UseNumber()
	for tasks.More() {
		var next task
		if err := tasks.Decode(&next); err != nil {
			return err
		}
		answer, err := program.run(next)
		if err != nil {
			answer = reply{Error: err.Error()}
		}
		if err := output.Encode(answer); err != nil {
			return err
		}
	}
	return nil
}
