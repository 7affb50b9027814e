// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// wheelTag is one compatibility tag for a platform with a native library.
type wheelTag struct {
	text     string
	platform platform
}

// platform is the last part of a tag: linux_MACHINE, or manylinux_MAJOR_MINOR_MACHINE, which promises to run with that glibc.
type platform struct {
	text      string
	machine   string
	manylinux bool
	glibc     version
}

type version struct{ major, minor int }

func (v version) less(other version) bool {
	return v.major < other.major || v.major == other.major && v.minor < other.minor
}

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

var (
	tagPattern      = regexp.MustCompile(`^[a-z0-9]+-[a-z0-9]+-([a-z0-9_]+)$`)
	platformPattern = regexp.MustCompile(`^(?:linux|manylinux_([0-9]+)_([0-9]+))_(x86_64|aarch64)$`)
)

func parseTag(text string) (wheelTag, error) {
	parts := tagPattern.FindStringSubmatch(text)
	if parts == nil {
		return wheelTag{}, fmt.Errorf("tag %q is not PYTHON-ABI-PLATFORM", text)
	}
	match := platformPattern.FindStringSubmatch(parts[1])
	if match == nil {
		return wheelTag{}, fmt.Errorf("platform %q is neither linux_MACHINE nor manylinux_X_Y_MACHINE on x86_64 or aarch64", parts[1])
	}
	result := wheelTag{text: text, platform: platform{text: parts[1], machine: match[3]}}
	if match[1] != "" {
		major, errMajor := strconv.Atoi(match[1])
		minor, errMinor := strconv.Atoi(match[2])
		if errMajor != nil || errMinor != nil {
			return wheelTag{}, fmt.Errorf("platform %q names no glibc version", parts[1])
		}
		result.platform.manylinux = true
		result.platform.glibc = version{major, minor}
	}
	return result, nil
}
