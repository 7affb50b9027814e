// SPDX-License-Identifier: Apache-2.0

// Package node runs dqlite nodes in this process and looks after who is in their clusters.
package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/here"
	"dqlitepy.dev/go/limits"
)

// embeddedAddress is what a node without an address is called in its cluster of one. Nobody dials it.
const embeddedAddress = "dqlitepy-embedded"

// Node is running until Stop.
type Node struct {
	server    *dqlite.Node
	directory string
	info      client.NodeInfo // its identity; the role is not kept
	bound     string          // where this process reaches it
	elsewhere bool            // it listens at another address than its own
	network   network
	log       logger
	end       context.CancelFunc // of everything that belongs to the node, except the server
	peers     *peers
	tunnels   *tunnels
	listener  *listener // nil without TLS
	roster    *roster   // nil for a node that only this process can reach
}

// started tells that this process has had a node.
var started atomic.Bool

// Start starts a node. It blocks until the node has read its data.
func Start(options Options) (*Node, error) {
	// Without one, the first loop of libuv aborts the process, and so does Go's runtime when it first waits.
	if !started.Load() && !limits.FilesLeft(8) {
		return nil, fmt.Errorf("the node in %s did not start: %w", options.Directory, explained(errors.New("too many open files")))
	}
	started.Store(true)
	if err := options.check(); err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(options.Directory)
	if err != nil {
		return nil, err
	}
	options.Directory = directory
	unlock, err := lockStart(directory)
	if err != nil {
		return nil, explained(err)
	}
	defer unlock()
	// Looked at before dqlite does: a node that was made and then did not start can never be freed again.
	if err := checkLock(directory); err != nil {
		return nil, err
	}
	writeHolder(directory) // also for those who come before it has started; whether it can be written is seen then
	info, fresh, err := identity(options)
	if err != nil {
		removeHolder(directory)
		return nil, err
	}
	n := &Node{directory: directory, info: info, log: logger{info.Address}}
	if err := n.start(options, fresh); err != nil {
		n.release()
		if used := checkLock(directory); errors.As(used, new(inUse)) { // by who does not take the lock of lockStart
			return nil, used
		}
		removeHolder(directory)
		if fresh {
			forgetInfo(directory)
		}
		return nil, fmt.Errorf("the node in %s did not start: %w", directory, explained(err))
	}
	if options.Address != "" && !options.Bare {
		n.roster = newRoster(n, options)
	}
	return n, nil
}

func (n *Node) start(options Options, fresh bool) error {
	var ctx context.Context
	ctx, n.end = context.WithCancel(context.Background())
	n.tunnels = newTunnels(n.log)
	n.network = network{credentials: options.TLS}
	if options.TLS != nil {
		options.TLS.OnReload(n.reloaded)
	}
	moved, err := n.hasMoved(ctx, options.MovedFrom)
	if err != nil {
		return err
	}
	at, err := n.bind(options.Address, cmp.Or(options.Bind, options.Address))
	if err != nil {
		return err
	}
	if fresh {
		err = writeInfo(n.directory, n.info, options.Join)
	} else if moved {
		err = rewriteInfo(n.directory, n.info)
	}
	if err != nil {
		return err
	}
	n.peers = &peers{network: n.network, ctx: ctx, tunnels: n.tunnels, coming: make(map[string]*arrival)}
	list := append(options.list(at), dqlite.WithDialFunc(n.peers.dial))
	server, err := options.server(n.info, n.directory, list)
	if err != nil {
		if options.Address != "" && n.listener == nil {
			return explainBind(cmp.Or(options.Bind, options.Address), err)
		}
		return err
	}
	if err := server.Start(); err != nil {
		if reason, found := strings.CutPrefix(err.Error(), "listen: "); found {
			return cannotListen(cmp.Or(options.Bind, options.Address), errors.New(reason)) // who listens there is no orphan
		}
		closeOrphan(at)
		return err
	}
	n.server = server
	if options.SetLimits != nil {
		options.SetLimits(n.info, options.Limits)
	}
	if n.listener != nil {
		go n.tunnels.serve(n.listener, options.TLS.Server(), n.bound)
	}
	return writeHolder(n.directory)
}

func (n *Node) reloaded(err error) {
	if err != nil {
		n.log.warn("%v", err)
		return
	}
	n.log.info("the TLS files have changed: new connections use them")
}

// bind decides where dqlite listens, and returns that: at an address of this machine, or with TLS behind a listener of our own.
func (n *Node) bind(address, at string) (string, error) {
	var err error
	if address == "" {
		n.bound, err = privateSocket()
		return n.bound, err
	}
	if n.network.credentials != nil {
		if err := n.network.credentials.CheckServer(address); err != nil {
			return "", err
		}
	}
	first, err := listen(at)
	if err != nil {
		return "", cannotListen(at, err)
	}
	if at != address {
		n.elsewhere = true
		here.Listens(address, reachable(first.Addr().String()))
	}
	if n.network.credentials != nil {
		n.listener = first
		n.bound, err = privateSocket()
		return n.bound, err
	}
	first.Close() // it only tells better than dqlite what is wrong
	at, err = numeric(at)
	n.bound = reachable(at)
	return at, err
}

func cannotListen(address string, err error) error {
	return fmt.Errorf("it cannot listen on %s (%v); is that address this machine's, and its port free?", address, err)
}

// explainBind says why dqlite could not have the address, of which it tells a number only: somebody has taken it since bind looked.
func explainBind(address string, failure error) error {
	first, err := listen(address)
	if err != nil {
		return cannotListen(address, err)
	}
	first.Close()
	return failure
}

// release stops what runs and frees what the node holds.
func (n *Node) release() error {
	n.end()
	if n.listener != nil {
		n.listener.Close()
		if n.server != nil {
			<-n.listener.stopped
		}
	}
	n.tunnels.close()
	if n.elsewhere {
		here.Forget(n.info.Address)
	}
	if n.peers != nil {
		n.peers.close()
	}
	if n.server != nil {
		return n.server.Close()
	}
	return nil
}

// Address is where clients in this process reach the node; "@…" is an abstract unix socket.
func (n *Node) Address() string {
	if n.info.Address == embeddedAddress {
		return n.bound
	}
	return n.info.Address
}

// Stop blocks until the node has stopped. No connection of this process may be streaming a result.
func (n *Node) Stop() error {
	if n.roster != nil {
		n.roster.stop()
	}
	removeHolder(n.directory)
	if err := n.release(); err != nil {
		return fmt.Errorf("the node in %s did not stop cleanly: %w", n.directory, err)
	}
	return nil
}

// privateSocket invents a name that no other process can guess or has taken.
func privateSocket() (string, error) {
	var name [16]byte
	if _, err := rand.Read(name[:]); err != nil {
		return "", err
	}
	return "@dqlitepy-" + hex.EncodeToString(name[:]), nil
}
