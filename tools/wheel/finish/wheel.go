// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"strings"
)

// finishedWheel is a wheel ready to be written, RECORD excepted.
type finishedWheel struct {
	name     string
	version  string
	tag      string
	distInfo string
	payload  map[string][]byte
	info     map[string][]byte // below distInfo
}

var (
	separators     = regexp.MustCompile(`[-_.]+`)
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	versionPattern = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*)?$`)
)

func finishWheel(raw *rawWheel, tag wheelTag, opts options) (*finishedWheel, error) {
	rawHeaders, err := parseHeaders(raw.metadata)
	if err != nil {
		return nil, fmt.Errorf("%s: METADATA: %w", opts.raw, err)
	}
	given, err := readHeadersFile(opts.headers)
	if err != nil {
		return nil, err
	}
	merged, err := mergeHeaders(rawHeaders, given)
	if err != nil {
		return nil, fmt.Errorf("METADATA of %s with %s: %w", opts.raw, opts.headers, err)
	}
	name, versionText := merged["Name"][0], merged["Version"][0]
	if !namePattern.MatchString(name) {
		return nil, fmt.Errorf("%q is not a name of a distribution", name)
	}
	if !versionPattern.MatchString(versionText) {
		return nil, fmt.Errorf("%q is not a version in its normal form", versionText)
	}
	wheel := &finishedWheel{
		name:    strings.ToLower(separators.ReplaceAllString(name, "_")),
		version: versionText,
		tag:     tag.text,
		payload: raw.payload,
		info:    map[string][]byte{},
	}
	wheel.distInfo = wheel.name + "-" + wheel.version + ".dist-info"

	var licenceFiles []string
	for _, path := range sortedKeys(opts.distInfo) {
		if err := checkMemberName(path); err != nil {
			return nil, fmt.Errorf("--dist-info: %w", err)
		}
		content, err := os.ReadFile(opts.distInfo[path])
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(content)) == 0 {
			return nil, fmt.Errorf("%s, to become %s, is empty", opts.distInfo[path], path)
		}
		wheel.info[path] = content
		if licence, found := strings.CutPrefix(path, "licenses/"); found {
			licenceFiles = append(licenceFiles, licence)
		}
	}
	own := map[string][]byte{
		"WHEEL": []byte("Wheel-Version: 1.0\nGenerator: dqlitepy\nRoot-Is-Purelib: false\nTag: " + tag.text + "\n"),
	}
	description, err := os.ReadFile(opts.description)
	if err != nil {
		return nil, err
	}
	if own["METADATA"], err = writeMetadata(merged, licenceFiles, description); err != nil {
		return nil, err
	}
	if raw.entryPoints != nil {
		if own["entry_points.txt"], err = normalEntryPoints(raw.entryPoints); err != nil {
			return nil, err
		}
	}
	for path, content := range own {
		if _, taken := wheel.info[path]; taken {
			return nil, fmt.Errorf("--dist-info %s: finish writes this file itself", path)
		}
		wheel.info[path] = content
	}
	if _, taken := wheel.info["RECORD"]; taken {
		return nil, fmt.Errorf("--dist-info RECORD: finish writes this file itself")
	}
	return wheel, nil
}

func readHeadersFile(file string) (headers, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	given, err := parseHeaders(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return given, nil
}

func (w *finishedWheel) fileName() string {
	return w.name + "-" + w.version + "-" + w.tag + ".whl"
}

// archive writes the payload sorted by name, then .dist-info as PEP 427 recommends, RECORD at the very end.
func (w *finishedWheel) archive() ([]byte, error) {
	var out, record bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range sortedKeys(w.payload) {
		if err := addMember(archive, &record, name, w.payload[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(w.info) {
		if err := addMember(archive, &record, w.distInfo+"/"+name, w.info[name]); err != nil {
			return nil, err
		}
	}
	recordName := w.distInfo + "/RECORD"
	fmt.Fprintf(&record, "%s,,\n", recordName)
	if err := writeMember(archive, recordName, record.Bytes()); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func addMember(archive *zip.Writer, record *bytes.Buffer, name string, content []byte) error {
	digest := sha256.Sum256(content)
	fmt.Fprintf(record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(digest[:]), len(content))
	return writeMember(archive, name, content)
}

const (
	zipVersion    = 20       // deflate
	createdOnUnix = 3 << 8   // installers read the file mode only then
	dosDate1980   = 1<<5 | 1 // 1980-01-01, the earliest that zip can express
	regularFile   = 0o100000 // S_IFREG
)

// writeMember compresses by itself: CreateRaw leaves no data descriptor, no time stamp and no other default of archive/zip behind.
func writeMember(archive *zip.Writer, name string, content []byte) error {
	var packed bytes.Buffer
	compressor, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := compressor.Write(content); err != nil {
		return err
	}
	if err := compressor.Close(); err != nil {
		return err
	}
	mode := uint32(0o644)
	if isLibrary(name) {
		mode = 0o755
	}
	member, err := archive.CreateRaw(&zip.FileHeader{
		Name:               name,
		CreatorVersion:     createdOnUnix | zipVersion,
		ReaderVersion:      zipVersion,
		Method:             zip.Deflate,
		ModifiedDate:       dosDate1980,
		CRC32:              crc32.ChecksumIEEE(content),
		CompressedSize64:   uint64(packed.Len()),
		UncompressedSize64: uint64(len(content)),
		ExternalAttrs:      (regularFile | mode) << 16,
	})
	if err != nil {
		return err
	}
	_, err = member.Write(packed.Bytes())
	return err
}
