// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

const (
	// maxDumpSize is what a server can put into the one buffer that it sends a copy from, whose size it doubles and counts in
	// 32 bits: beyond 2 GiB it overwrites its memory. The rest is room for what is written meanwhile.
	maxDumpSize = 2<<30 - 64<<20

	// maxDumpPiece is how much of a copy is in memory at a time.
	maxDumpPiece = 1 << 20

	// maxFailureSize bounds what is read of a refusal.
	maxFailureSize = 64 << 10
)

// Dump is a copy of a database on its way: what was committed when the server made it, page by page, as SQLite keeps it in a
// file. It has a connection of its own, whose end gives back the memory that the server made the copy in. One goroutine at a
// time may use it.
type Dump struct {
	group *link.Group
	waker *link.Waker
	link  *link.Link
	files *wire.Files
	size  uint64
	ctx   context.Context // of the call under way
}

// OpenDump asks the leader for a copy of a database or, with anyServer, the first of the servers that answers, whose copy may
// lack the latest commits but needs no majority. It blocks until the copy begins to come in, or the leader timeout or the
// context ends.
func OpenDump(ctx context.Context, options leader.Options, anyServer bool) (*Dump, *fault.Error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	waker, err := link.NewWaker()
	if err != nil {
		return nil, fault.Errorf(fault.Connection, "%v", err)
	}
	d := &Dump{group: options.Group, waker: waker}
	failure := d.open(ctx, options, anyServer)
	if failure != nil {
		d.Close()
		return nil, failure
	}
	return d, nil
}

func (d *Dump) open(ctx context.Context, options leader.Options, anyServer bool) *fault.Error {
	options.AnyServer = anyServer
	options.Recall()
	var failure *fault.Error
	if d.link, failure = leader.Find(ctx, &options); failure != nil {
		return failure
	}
	d.link.Waker = d.waker
	if !anyServer { // no other server than the leader answers questions
		if failure := d.patiently(ctx, options.BusyTimeout, d.checkSize); failure != nil {
			return failure
		}
	}
	return d.patiently(ctx, options.BusyTimeout, func(ctx context.Context) (*fault.Error, error) {
		return d.request(ctx, options.Database)
	})
}

// patiently repeats a request while the server is busy: a checkpoint keeps even readers out, and to DUMP it only says "failed to
// open database".
func (d *Dump) patiently(ctx context.Context, timeout time.Duration, request func(context.Context) (*fault.Error, error)) *fault.Error {
	retry := newRetry(timeout)
	for {
		refusal, err := request(ctx)
		if err != nil {
			return d.lost(ctx, err)
		}
		if refusal == nil || refusal.Code != wire.CodeBusy {
			return refusal
		}
		pause, again := retry.next(&wire.Failure{Code: wire.CodeBusy, Message: checkpointing})
		if !again {
			return refusal
		}
		if err := sleep(ctx, pause); err != nil {
			return d.lost(ctx, err)
		}
	}
}

const codeCannotOpen = 14 // SQLITE_CANTOPEN

// checkSize does not ask the server for a copy that is too large for it.
func (d *Dump) checkSize(ctx context.Context) (*fault.Error, error) {
	frame, err := d.ask(ctx, func(buffer []byte) []byte {
		return wire.AppendQuerySQL(buffer, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", nil)
	})
	if err != nil {
		return nil, err
	}
	if frame.Type == wire.ResponseFailure {
		return refusalOf(frame)
	}
	row := make([]wire.Value, 1)
	if err := onlyRow(frame, row); err != nil {
		return nil, err
	}
	if size := row[0].Int(); size > maxDumpSize {
		return fault.Errorf(fault.NotSupported, "the database has %d bytes: dqlite's protocol can copy at most %d in one piece; "+
			"read it by SQL instead, as iterdump() does, or VACUUM it first", size, int64(maxDumpSize)), nil
	}
	return nil, nil
}

// refusalOf makes an Error of a failure that the server sent.
func refusalOf(frame wire.Frame) (*fault.Error, error) {
	failure, err := wire.DecodeFailure(frame)
	if err != nil {
		return nil, err
	}
	if failure.Code == wire.CodeNotLeader {
		return nil, leader.ErrNotLeader
	}
	return &fault.Error{Kind: fault.SQLite, Code: int32(failure.Code), Message: failure.Message}, nil
}

// request asks for the copy and takes what comes before its first page.
func (d *Dump) request(ctx context.Context, database string) (*fault.Error, error) {
	d.link.Queue(func(buffer []byte) []byte { return wire.AppendDump(buffer, database) })
	d.ctx = ctx
	raw, err := d.piece(wire.HeaderSize)
	if err != nil {
		return nil, err
	}
	header, err := wire.DecodeHeader(raw)
	if err == nil {
		err = header.Check()
	}
	if err != nil {
		return nil, err
	}
	if header.Type == wire.ResponseFailure && header.BodySize() <= maxFailureSize {
		body, err := d.piece(header.BodySize())
		if err != nil {
			return nil, err
		}
		refusal, err := refusalOf(wire.Frame{Header: header, Body: body})
		if err == nil && refusal.Code == wire.CodeNoSuchDatabase {
			refusal.Code, refusal.Message = codeCannotOpen, fmt.Sprintf("the server has no database '%s': "+
				"nobody has opened it since the server started, or the name is wrong", database)
		}
		return refusal, err
	}
	if d.files, err = wire.OpenFiles(header, d.piece); err != nil {
		return nil, err
	}
	_, size, found, err := d.files.Open()
	if err == nil && !found {
		err = wire.Errorf("a copy that contains no file")
	}
	d.size = size
	return nil, err
}

func (d *Dump) ask(ctx context.Context, encode func([]byte) []byte) (wire.Frame, error) {
	d.link.Queue(encode)
	return await(ctx, d.link, d.link.Receive)
}

// await repeats a receive that ends with its slice until something has come in or the context ends.
func await[T any](ctx context.Context, l *link.Link, receive func(deadline time.Time) (T, error)) (T, error) {
	stop := context.AfterFunc(ctx, l.Waker.Raise)
	defer stop()
	for {
		received, err := receive(time.Now().Add(time.Hour))
		switch {
		case err == nil:
			return received, nil
		case ctx.Err() != nil:
			return received, ctx.Err()
		case !errors.Is(err, link.ErrSliceEnded) && !errors.Is(err, link.ErrCancelled):
			return received, errors.New(link.Describe(err))
		}
	}
}

func (d *Dump) piece(size uint64) ([]byte, error) {
	return await(d.ctx, d.link, func(deadline time.Time) ([]byte, error) { return d.link.ReceivePiece(size, deadline) })
}

// Size is the number of bytes that the copy has.
func (d *Dump) Size() uint64 { return d.size }

// Next returns the next bytes of the copy, good until the next call; none at its end. It blocks until they have come in or the
// context ends, which ends the copy.
func (d *Dump) Next(ctx context.Context) ([]byte, *fault.Error) {
	d.ctx = ctx
	piece, err := d.files.Read(maxDumpPiece)
	if err == nil && len(piece) == 0 {
		err = d.finish()
	}
	if err != nil {
		return nil, d.lost(ctx, err)
	}
	return piece, nil
}

// finish checks what comes behind the database.
func (d *Dump) finish() error {
	for {
		name, size, found, err := d.files.Open()
		if err != nil || !found {
			return err
		}
		if size > 0 {
			return fmt.Errorf("the server, of a dqlite before 1.18, sends a part of the database in a second file (%s, %d bytes), "+
				"which is not supported: upgrade it, or copy by SQL, as iterdump() does", name, size)
		}
	}
}

func (d *Dump) lost(ctx context.Context, err error) *fault.Error {
	switch {
	case ctx.Err() != nil:
		return fault.Deadly(fault.Interruption())
	case errors.As(err, new(*wire.Error)):
		return fault.Deadly(fault.Errorf(fault.Protocol, "%v", err))
	default:
		return fault.Deadly(fault.Errorf(fault.Connection,
			"the copy of the database broke off (%v): what has arrived is not a whole database; begin again", err))
	}
}

// Close frees what the copy holds, also before its end.
func (d *Dump) Close() {
	if d.link != nil {
		d.group.DrainInBackground(d.link)
		d.link = nil
	}
	d.waker.Close()
}

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
