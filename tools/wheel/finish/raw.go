// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// rawWheel is what a raw wheel contributes: its payload and three files of its .dist-info folder.
type rawWheel struct {
	payload     map[string][]byte
	metadata    []byte
	entryPoints []byte
}

func readRawWheel(file string) (*rawWheel, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("not a wheel: %w", err)
	}
	defer archive.Close()

	raw := &rawWheel{payload: map[string][]byte{}}
	distInfo := ""
	seen := map[string]bool{}
	for _, member := range archive.File {
		if strings.HasSuffix(member.Name, "/") {
			continue
		}
		if err := checkMemberName(member.Name); err != nil {
			return nil, err
		}
		if seen[member.Name] {
			return nil, fmt.Errorf("holds %s twice", member.Name)
		}
		seen[member.Name] = true
		content, err := readMember(member)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member.Name, err)
		}
		folder, name, _ := strings.Cut(member.Name, "/")
		if !strings.HasSuffix(folder, ".dist-info") {
			raw.payload[member.Name] = content
			continue
		}
		if distInfo != "" && distInfo != folder {
			return nil, fmt.Errorf("holds two .dist-info folders, %s and %s", distInfo, folder)
		}
		distInfo = folder
		switch name {
		case "METADATA":
			raw.metadata = content
		case "entry_points.txt":
			raw.entryPoints = content
		case "WHEEL", "RECORD":
			// Written anew.
		default:
			return nil, fmt.Errorf("holds %s; give files of the .dist-info folder to finish by --dist-info", member.Name)
		}
	}
	if raw.metadata == nil {
		return nil, errors.New("holds no METADATA")
	}
	if len(raw.payload) == 0 {
		return nil, errors.New("holds no file besides its .dist-info folder")
	}
	return raw, nil
}

func readMember(member *zip.File) ([]byte, error) {
	stream, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return io.ReadAll(stream) // checks size and CRC
}

// checkMemberName refuses names that installers unpack differently or outside their folder.
func checkMemberName(name string) error {
	for _, char := range []byte(name) {
		if char <= ' ' || char >= 0x7f || char == '\\' || char == ',' || char == '"' {
			return fmt.Errorf("file name %q: only printable ASCII without space, comma, quote and backslash is portable", name)
		}
	}
	if name == "" || path.IsAbs(name) || path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("file name %q is not a plain relative path", name)
	}
	return nil
}
