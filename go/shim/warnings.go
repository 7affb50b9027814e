// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <dqlite.h>

extern void dqlitepyWarned(char *address, char *message);

// The function that dqlite calls has const arguments, which cgo does not know.
static void warned(const char *address, const char *message)
{
	dqlitepyWarned((char *)address, (char *)message);
}

static void hear_warnings(void) { dqlite_set_warning_func(warned); }
*/
import "C"

// Before the first node starts: what the nodes have to say that no client asks for goes to their log.
func init() { C.hear_warnings() }
