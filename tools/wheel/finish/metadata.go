// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// origin says which input a METADATA header may come from, so that no value has two places.
type origin int

const (
	fromRaw     origin = iota // py_wheel knows it
	fromHeaders               // the --headers file
	fromHere                  // finish writes it; what a raw wheel says is dropped
)

// headerOrder is the order of the headers in METADATA, and the list of all that finish knows.
var headerOrder = []struct {
	name       string
	origin     origin
	repeatable bool
}{
	{"Metadata-Version", fromHere, false},
	{"Name", fromRaw, false},
	{"Version", fromRaw, false},
	{"Summary", fromHeaders, false},
	{"Keywords", fromHeaders, false},
	{"License-Expression", fromHeaders, false},
	{"License-File", fromHere, true},
	{"Classifier", fromHeaders, true},
	{"Project-URL", fromHeaders, true},
	{"Requires-Python", fromRaw, false},
	{"Requires-Dist", fromRaw, true},
	{"Provides-Extra", fromRaw, true},
	{"Description-Content-Type", fromHere, false},
}

// Metadata 2.4 is the first with License-Expression and License-File (PEP 639).
const metadataVersion = "2.4"

type headers map[string][]string

// parseHeaders reads "Name: value" lines up to the first empty one.
func parseHeaders(text []byte) (headers, error) {
	result := headers{}
	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		name, value, found := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !found || value == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d is not \"Name: value\": %q", number+1, line)
		}
		result[name] = append(result[name], value)
	}
	return result, nil
}

// mergeHeaders takes each header from where it belongs; one that finish does not know, or in the wrong place, is an error.
func mergeHeaders(raw, given headers) (headers, error) {
	merged := headers{}
	known := map[string]bool{}
	for _, header := range headerOrder {
		known[header.name] = true
		source := raw
		switch header.origin {
		case fromRaw:
			if len(given[header.name]) > 0 {
				return nil, fmt.Errorf("%s belongs to py_wheel, not into the headers file", header.name)
			}
		case fromHeaders:
			if len(raw[header.name]) > 0 {
				return nil, fmt.Errorf("%s belongs into the headers file, not to py_wheel", header.name)
			}
			source = given
		case fromHere:
			if len(given[header.name]) > 0 {
				return nil, fmt.Errorf("%s is written by finish, leave it out of the headers file", header.name)
			}
			continue
		}
		if values := source[header.name]; len(values) > 0 {
			if len(values) > 1 && !header.repeatable {
				return nil, fmt.Errorf("%s is given %d times", header.name, len(values))
			}
			merged[header.name] = values
		}
	}
	for _, source := range []headers{raw, given} {
		for _, name := range sortedKeys(source) {
			if !known[name] {
				return nil, fmt.Errorf("unknown header %s", name)
			}
		}
	}
	for _, name := range []string{"Name", "Version", "Summary", "License-Expression", "Requires-Python"} {
		if len(merged[name]) == 0 {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return merged, nil
}

var markerPattern = regexp.MustCompile(`^(.*?)\s*;\s*(.*)$`)

// normalRequirement gives requirements one spelling, "name>=1; extra == 'x'", whichever py_wheel wrote them.
func normalRequirement(requirement string) string {
	if parts := markerPattern.FindStringSubmatch(requirement); parts != nil {
		return parts[1] + "; " + strings.ReplaceAll(parts[2], `"`, `'`)
	}
	return requirement
}

// writeMetadata renders METADATA. licenceFiles are paths below .dist-info/licenses, which is what License-File names.
func writeMetadata(merged headers, licenceFiles []string, description []byte) ([]byte, error) {
	if len(bytes.TrimSpace(description)) == 0 {
		return nil, errors.New("the description is empty")
	}
	if len(licenceFiles) == 0 {
		return nil, errors.New("no licence text is given")
	}
	all := headers{
		"Metadata-Version":         {metadataVersion},
		"License-File":             licenceFiles,
		"Description-Content-Type": {"text/markdown"},
	}
	for name, values := range merged {
		all[name] = append([]string(nil), values...)
	}
	for i, requirement := range all["Requires-Dist"] {
		all["Requires-Dist"][i] = normalRequirement(requirement)
	}
	var text bytes.Buffer
	for _, header := range headerOrder {
		values := all[header.name]
		sort.Strings(values)
		for _, value := range values {
			fmt.Fprintf(&text, "%s: %s\n", header.name, value)
		}
	}
	text.WriteByte('\n')
	text.Write(bytes.TrimRight(description, "\n"))
	text.WriteByte('\n')
	return text.Bytes(), nil
}
