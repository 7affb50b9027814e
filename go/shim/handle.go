// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// table gives out handles: numbers of which the low half is a slot and the high half how often the slot was used before, so
// that a stale handle finds nothing.
type table struct {
	mu    sync.Mutex
	slots []slot
	free  []uint32
}

type slot struct {
	generation uint32
	object     any
}

var handles table

func (t *table) add(object any) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) == 0 {
		t.slots = append(t.slots, slot{})
		t.free = append(t.free, uint32(len(t.slots)-1))
	}
	index := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.slots[index].object = object
	return uint64(t.slots[index].generation)<<32 | uint64(index+1)
}

// get returns nil for a handle that is not open.
func (t *table) get(handle uint64) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.find(handle); s != nil {
		return s.object
	}
	return nil
}

// remove tells whether the handle was open.
func (t *table) remove(handle uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.find(handle)
	if s == nil {
		return false
	}
	s.object = nil
	s.generation++
	t.free = append(t.free, uint32(handle)-1)
	return true
}

func (t *table) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.slots) - len(t.free)
}

func (t *table) find(handle uint64) *slot {
	index := uint32(handle) - 1 // of handle 0: beyond all slots
	if uint64(index) >= uint64(len(t.slots)) {
		return nil
	}
	s := &t.slots[index]
	if s.object == nil || s.generation != uint32(handle>>32) {
		return nil
	}
	return s
}
