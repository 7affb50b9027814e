// SPDX-License-Identifier: Apache-2.0

// Command finish turns the raw wheel of any py_wheel into the one that is published, whose bytes depend on its contents alone.
//
// Versions of py_wheel differ in their METADATA, their order of files, their dates and in the zlib of the Python that runs them.
// This program takes the payload and the name, version and requirements from the raw wheel and writes everything else itself; the
// deflate is Go's, pinned with the Go SDK. It refuses to write a platform tag that the native library inside does not keep.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

type options struct {
	raw         string
	out         string
	tag         string
	headers     string
	description string
	distInfo    distInfoFlag
}

// distInfoFlag collects repeated --dist-info PATH=FILE: FILE enters the wheel's .dist-info folder as PATH.
type distInfoFlag map[string]string

func (f distInfoFlag) String() string { return fmt.Sprint(map[string]string(f)) }

func (f distInfoFlag) Set(value string) error {
	name, file, found := strings.Cut(value, "=")
	if !found || name == "" || file == "" {
		return fmt.Errorf("%q is not PATH=FILE", value)
	}
	if other, twice := f[name]; twice {
		return fmt.Errorf("%s is given twice: %s and %s", name, other, file)
	}
	f[name] = file
	return nil
}

func parseOptions(arguments []string) (options, error) {
	opts := options{distInfo: distInfoFlag{}}
	flags := flag.NewFlagSet("finish", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run's caller prints the error, once
	flags.StringVar(&opts.raw, "raw", "", "wheel that py_wheel wrote")
	flags.StringVar(&opts.out, "out", "", "wheel to write; its file name has to follow from name, version and tag")
	flags.StringVar(&opts.tag, "tag", "", "compatibility tag, such as py3-none-manylinux_2_28_x86_64")
	flags.StringVar(&opts.headers, "headers", "", "file with the METADATA headers that py_wheel does not give")
	flags.StringVar(&opts.description, "description", "", "Markdown file that becomes the description")
	flags.Var(opts.distInfo, "dist-info", "PATH=FILE: a further file of the .dist-info folder (repeatable)")
	if err := flags.Parse(arguments); err != nil {
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for name, value := range map[string]string{
		"raw": opts.raw, "out": opts.out, "tag": opts.tag, "headers": opts.headers, "description": opts.description,
	} {
		if value == "" {
			return opts, fmt.Errorf("--%s is missing", name)
		}
	}
	return opts, nil
}

func run(arguments []string) error {
	opts, err := parseOptions(arguments)
	if err != nil {
		return err
	}
	raw, err := readRawWheel(opts.raw)
	if err != nil {
		return fmt.Errorf("%s: %w", opts.raw, err)
	}
	tag, err := parseTag(opts.tag)
	if err != nil {
		return err
	}
	if err := checkLibraries(raw.payload, tag.platform); err != nil {
		return err
	}
	finished, err := finishWheel(raw, tag, opts)
	if err != nil {
		return err
	}
	if want := finished.fileName(); filepath.Base(opts.out) != want {
		return fmt.Errorf("--out is named %s, but its name, version and tag make it %s", filepath.Base(opts.out), want)
	}
	archive, err := finished.archive()
	if err != nil {
		return err
	}
	return os.WriteFile(opts.out, archive, 0o644)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "finish:", err)
		os.Exit(1)
	}
}
