// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"strings"
	"time"
	"unsafe"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/node"
	"dqlitepy.dev/go/pickle"
	"dqlitepy.dev/go/wire"
)

// longestValid keeps the last day of a certificate within what its format can say.
const longestValid = 100 * 365 * 24 * time.Hour

//export dqlitepy_take_log
func dqlitepy_take_log(slice_ms C.int32_t, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	records := node.TakeRecords(sliceOf(slice_ms))
	if len(records) == 0 {
		return C.DQLITEPY_PENDING
	}
	rows := make([][]wire.Value, len(records))
	for i, record := range records {
		seconds := float64(record.Time.UnixNano()) / float64(time.Second)
		rows[i] = []wire.Value{
			wire.IntegerValue(int64(record.Level)), wire.FloatValue(seconds), text(record.Node), text(record.Message),
		}
	}
	return handOverRows(rows, block, size, out)
}

//export dqlitepy_check_credentials
func dqlitepy_check_credentials(certificate C.dqlitepy_text, key C.dqlitepy_text, authority C.dqlitepy_text,
	address C.dqlitepy_text, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	loaded, err := credentials.Load(credentials.PEM{
		Certificate: textOf(certificate), Key: textOf(key), Authority: textOf(authority),
	})
	if err == nil && loaded != nil && textOf(address) != "" {
		err = loaded.CheckServer(textOf(address))
	}
	if err != nil {
		return report(out, fault.Errorf(fault.Node, "%v", err))
	}
	return C.DQLITEPY_OK
}

// trustIn reads the files of TLS. It returns nil if no authority is named: then there is no TLS.
func trustIn(certificate, key, authority C.dqlitepy_text) (*credentials.Credentials, *fault.Error) {
	trust, err := credentials.Open(credentials.Files{
		Certificate: textOf(certificate), Key: textOf(key), Authority: textOf(authority),
	})
	if err != nil {
		return nil, fault.Errorf(fault.Programming, "%v", err)
	}
	return trust, nil
}

//export dqlitepy_make_certificate
func dqlitepy_make_certificate(authority_certificate C.dqlitepy_text, authority_key C.dqlitepy_text, hosts C.dqlitepy_text,
	valid_seconds C.uint64_t, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	valid := longestValid
	if uint64(valid_seconds) < uint64(longestValid/time.Second) {
		valid = time.Duration(valid_seconds) * time.Second
	}
	authority := credentials.Pair{Certificate: textOf(authority_certificate), Key: textOf(authority_key)}
	var pair credentials.Pair
	var err error
	if authority.Certificate == "" && authority.Key == "" {
		pair, err = credentials.MakeAuthority(textOf(hosts), valid)
	} else {
		pair, err = credentials.Make(authority, lines(hosts), valid)
	}
	if err != nil {
		return report(out, fault.Errorf(fault.Node, "%v", err))
	}
	row := []wire.Value{text(pair.Certificate), text(pair.Key)}
	data, _, err := pickle.AppendRow(pickle.Begin(nil), row, false)
	if err != nil {
		return report(out, fault.Errorf(fault.Data, "%v", err))
	}
	handOver(pickle.End(data), block, size)
	return C.DQLITEPY_OK
}

// handOverRows writes a list of tuples.
func handOverRows(rows [][]wire.Value, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) C.int32_t {
	data := pickle.BeginList(pickle.Begin(nil))
	for _, row := range rows {
		var err error
		if data, _, err = pickle.AppendRow(data, row, false); err != nil {
			return report(out, fault.Errorf(fault.Data, "%v", err))
		}
	}
	handOver(pickle.End(pickle.EndList(data)), block, size)
	return C.DQLITEPY_OK
}

// lines are those that are not empty.
func lines(of C.dqlitepy_text) []string {
	return strings.FieldsFunc(textOf(of), func(r rune) bool { return r == '\n' })
}
