// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
)

// normalEntryPoints sorts the groups of an entry_points.txt and the entries in each, and gives both one spelling.
func normalEntryPoints(text []byte) ([]byte, error) {
	groups := map[string][]string{}
	group := ""
	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			group = strings.TrimSpace(line[1 : len(line)-1])
		default:
			name, target, found := strings.Cut(line, "=")
			name, target = strings.TrimSpace(name), strings.TrimSpace(target)
			if !found || name == "" || target == "" || group == "" {
				return nil, fmt.Errorf("entry_points.txt, line %d is not \"name = module:object\" in a [group]: %q", number+1, line)
			}
			groups[group] = append(groups[group], name+" = "+target)
		}
	}
	var out bytes.Buffer
	for i, name := range sortedKeys(groups) {
		if i > 0 {
			out.WriteByte('\n')
		}
		sort.Strings(groups[name])
		fmt.Fprintf(&out, "[%s]\n%s\n", name, strings.Join(groups[name], "\n"))
	}
	return out.Bytes(), nil
}
