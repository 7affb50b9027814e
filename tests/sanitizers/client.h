// SPDX-License-Identifier: Apache-2.0
//
// A client of dqlite's protocol for one thread, over a socket or, in the process of the node, over a shortcut.

#ifndef DQLITEPY_TESTS_CLIENT_H
#define DQLITEPY_TESTS_CLIENT_H

#include <dqlite.h>
#include <stdbool.h>
#include <stdint.h>

enum request { LEADER = 0, OPEN = 3, EXEC_SQL = 8, QUERY_SQL = 9, INTERRUPT = 10, CLUSTER = 16, DUMP = 15, DESCRIBE = 18 };
enum response { FAILURE = 0, DATABASE = 4, RESULT = 6, ROWS = 7, EMPTY = 8 };

// No response at all: the connection has ended.
#define GONE (-1)

struct client {
	int fd;
	bool wants_shortcut;      // looks for one with each request until it has it
	bool may_wait;            // writes the log itself
	dqlite_shortcut *shortcut;
	uint64_t body[1 << 13];   // of the last response, or as much as has room
	uint32_t words;           // of the last response
};

// Connects to 127.0.0.1:PORT and opens the database; false where there is no node, or no more.
bool client_open(struct client *c, const char *address, bool shortcut, bool may_wait);
void client_close(struct client *c);

// Sends a request and does not read: `text` follows a word of zeroes (`with_id`), or begins the body.
bool client_send(struct client *c, enum request type, bool with_id, const char *text);

// Reads one response; its type, or GONE.
int client_receive(struct client *c);

// Sends a statement and reads all of its answer; the type of the last response, or GONE.
int client_run(struct client *c, enum request type, const char *sql);

// The one integer of a result of one row, whose column's name has up to seven letters.
int64_t client_integer(const struct client *c);

#endif
