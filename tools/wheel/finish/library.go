// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

var machines = map[string]elf.Machine{"x86_64": elf.EM_X86_64, "aarch64": elf.EM_AARCH64}

// glibcLibraries are the shared libraries that every glibc system has; a wheel may need no other.
var glibcLibraries = map[string]bool{
	"ld-linux-aarch64.so.1": true,
	"ld-linux-x86-64.so.2":  true,
	"libc.so.6":             true,
	"libdl.so.2":            true,
	"libm.so.6":             true,
	"libpthread.so.0":       true,
	"libresolv.so.2":        true,
	"librt.so.1":            true,
}

// checkLibraries refuses a platform that a native library in the payload would not load on.
func checkLibraries(payload map[string][]byte, target platform) error {
	found := false
	for _, name := range sortedKeys(payload) {
		if !isLibrary(name) {
			continue
		}
		found = true
		if err := checkLibrary(payload[name], target); err != nil {
			return fmt.Errorf("%s does not fit the platform %s: %w", name, target.text, err)
		}
	}
	if !found {
		return errors.New("the raw wheel holds no .so file: is the native library missing from the package's data?")
	}
	return nil
}

func isLibrary(name string) bool { return strings.HasSuffix(name, ".so") }

func checkLibrary(content []byte, target platform) error {
	library, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("not an ELF file: %w", err)
	}
	if library.Machine != machines[target.machine] {
		return fmt.Errorf("built for %v", library.Machine)
	}
	if !target.manylinux {
		return nil
	}
	needed, err := library.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, name := range needed {
		if !glibcLibraries[name] {
			return fmt.Errorf("needs %s, which is no part of glibc", name)
		}
	}
	required, err := requiredGlibc(library)
	if err != nil {
		return err
	}
	if target.glibc.less(required) {
		return fmt.Errorf("needs glibc %v", required)
	}
	return nil
}

// requiredGlibc is the highest GLIBC_x.y among the versions of the symbols that the library imports.
func requiredGlibc(library *elf.File) (version, error) {
	highest := version{}
	symbols, err := library.ImportedSymbols()
	if err != nil {
		return highest, err
	}
	for _, symbol := range symbols {
		number, isGlibc := strings.CutPrefix(symbol.Version, "GLIBC_")
		if !isGlibc {
			continue
		}
		needed, err := parseGlibcVersion(number)
		if err != nil {
			return highest, fmt.Errorf("%s needs %s: %w", symbol.Name, symbol.Version, err)
		}
		if highest.less(needed) {
			highest = needed
		}
	}
	return highest, nil
}

// parseGlibcVersion reads "2.28" and "2.2.5"; GLIBC_PRIVATE and the like bind to one glibc build and are refused.
func parseGlibcVersion(text string) (version, error) {
	parts := strings.Split(text, ".")
	if len(parts) < 2 {
		return version{}, errors.New("not a public version of glibc")
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	if errMajor != nil || errMinor != nil {
		return version{}, errors.New("not a public version of glibc")
	}
	return version{major, minor}, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
