/* dqlitepy.h: the C ABI of libdqlitepy, written by hand. It is the manual of the shim.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides are held to this file: the Go shim includes it, so the C compiler refuses a function that differs; a test
 * compares Python's table of signatures with it, and the symbols that the shipped library exports with both.
 *
 * Rules that hold for every function
 *   - A handle is a number (index and generation), never a pointer: a stale one is an error, never a crash. 0 is no handle.
 *   - The caller owns every dqlitepy_error and dqlitepy_result that it passes in. `error` may not be NULL.
 *   - Text and bytes passed in are borrowed for the length of the call. Text is UTF-8; where no size follows it, it ends in NUL.
 *   - Nothing here ever calls back into the caller, and no function lets a Go panic out: it becomes DQLITEPY_KIND_INTERNAL.
 *   - A handle has at most one operation under way. A function that begins one and cannot finish it within `slice_ms`
 *     returns DQLITEPY_PENDING; the caller looks for signals and calls dqlitepy_wait (nodes, connecting, closing) or
 *     dqlitepy_continue (statements) until it gets another status. No call blocks for longer than its slice by design.
 *   - Only dqlitepy_cancel and dqlitepy_release may be called while another thread is inside a call with the same handle.
 */
#ifndef DQLITEPY_H
#define DQLITEPY_H

#include <stdint.h>

/* Raised whenever anything below changes its meaning or layout. */
#define DQLITEPY_ABI_VERSION 2

/* cgo drops `const` from parameters; a typedef keeps its re-declaration of our functions identical to ours. */
typedef const char *dqlitepy_text;
typedef const void *dqlitepy_bytes;
typedef const struct dqlitepy_node_options *dqlitepy_node_options_in;
typedef const struct dqlitepy_connect_options *dqlitepy_connect_options_in;

typedef enum dqlitepy_status {
	DQLITEPY_OK = 0,      /* done */
	DQLITEPY_PENDING = 1, /* the slice ended first: continue, or cancel and continue */
	DQLITEPY_ERROR = 2    /* failed: the error struct says how */
} dqlitepy_status;

/* Who has to act, which decides the class of the Python exception. */
typedef enum dqlitepy_kind {
	DQLITEPY_KIND_NONE = 0,
	DQLITEPY_KIND_SQLITE = 1,           /* the server's SQLite refused: `code` is its extended result code */
	DQLITEPY_KIND_PROGRAMMING = 2,      /* wrong parameters, wrong use of an open handle */
	DQLITEPY_KIND_BAD_HANDLE = 3,       /* closed, or never opened */
	DQLITEPY_KIND_NOT_SUPPORTED = 4,    /* cannot work over dqlite's protocol; the message says why */
	DQLITEPY_KIND_DATA = 5,             /* a value that cannot cross: text that is not UTF-8, a parameter too large */
	DQLITEPY_KIND_NODE = 6,             /* a node did not start or stop */
	DQLITEPY_KIND_NO_LEADER = 7,        /* no server answered as leader in time; the message names each one tried */
	DQLITEPY_KIND_NOT_LEADER = 8,       /* the server asked is not the leader: nothing ran */
	DQLITEPY_KIND_LEADERSHIP_LOST = 9,  /* the open transaction is gone, nothing of it was committed */
	DQLITEPY_KIND_AMBIGUOUS_COMMIT = 10,/* the write may or may not have been committed */
	DQLITEPY_KIND_INTERRUPTED = 11,     /* cancelled by dqlitepy_cancel */
	DQLITEPY_KIND_CONNECTION = 12,      /* the connection broke; nothing can have been written */
	DQLITEPY_KIND_PROTOCOL = 13,        /* the server sent what the protocol does not allow */
	DQLITEPY_KIND_INTERNAL = 14         /* a defect of this library */
} dqlitepy_kind;

typedef enum dqlitepy_error_flag {
	DQLITEPY_ERROR_BROKEN = 1 /* the connection cannot be used again: close it */
} dqlitepy_error_flag;

#define DQLITEPY_MESSAGE_SIZE 2032

typedef struct dqlitepy_error {
	int32_t kind;   /* dqlitepy_kind */
	int32_t code;   /* extended SQLite result code, 0 where there is none */
	uint32_t flags; /* dqlitepy_error_flag, or-ed */
	uint32_t message_size; /* bytes of `message` in use, without its NUL */
	char message[DQLITEPY_MESSAGE_SIZE]; /* UTF-8, cut at a character, NUL-terminated */
} dqlitepy_error;

/* ---- the library ------------------------------------------------------------------------------------------------- */

/* The handshake: the caller compares both with what it was written against before it calls anything else. */
int32_t dqlitepy_abi_version(void);
uint64_t dqlitepy_error_size(void);

/* Gives back a block that a result or an out-parameter of this library handed over. NULL is allowed. */
void dqlitepy_free(void *block);

/* One line each, "name version": sqlite, dqlite, raft, libuv, lz4, go-dqlite, go. The caller frees *block. */
int32_t dqlitepy_versions(void **block, uint64_t *size, dqlitepy_error *error);

/* How many handles are open (nodes, connections): lets a test prove that nothing leaks. */
uint64_t dqlitepy_open_handles(void);

/* ---- waiting, closing -------------------------------------------------------------------------------------------- */

/* Waits at most slice_ms for the operation under way on a node or on a connection that is being opened or closed. Where
 * opening fails, the handle ends with the error. */
int32_t dqlitepy_wait(uint64_t handle, int32_t slice_ms, dqlitepy_error *error);

/* Ends the operation under way on the handle, from any thread; returns at once. The operation then fails with
 * DQLITEPY_KIND_INTERRUPTED, or completes if it was just done. Nothing happens where nothing is under way. */
int32_t dqlitepy_cancel(uint64_t handle, dqlitepy_error *error);

/* Begins to close a node or a connection; dqlitepy_wait ends it, and the handle with it. A connection's open transaction
 * is rolled back. Closing a node first breaks the connections that still use it. */
int32_t dqlitepy_close(uint64_t handle, int32_t slice_ms, dqlitepy_error *error);

/* Closes in the background and returns at once; for finalizers. A stale handle is ignored. */
void dqlitepy_release(uint64_t handle);

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

typedef struct dqlitepy_node_options {
	dqlitepy_text directory;      /* must exist */
	dqlitepy_text address;        /* "" = an abstract socket that only this process can reach */
	uint64_t id;                  /* 0 = the first node of a cluster of its own */
	uint64_t snapshot_threshold;  /* log entries between two snapshots */
	uint64_t snapshot_trailing;   /* log entries kept behind a snapshot */
	uint32_t snapshot_dynamic;    /* 1 = keep fewer trailing entries where the snapshot is small */
	uint32_t auto_recovery;       /* 1 = may delete damaged segments and snapshots at start */
	uint32_t busy_timeout_ms;     /* how long the server queues a writer behind another one */
	uint32_t network_latency_ms;  /* 0 = dqlite's defaults (heartbeat 500 ms, election 3 s) */
} dqlitepy_node_options;

/* Begins to start a node in this process. */
int32_t dqlitepy_node_start(dqlitepy_node_options_in options, int32_t slice_ms, uint64_t *node, dqlitepy_error *error);

/* The address that clients of the node use; "@..." is an abstract unix socket. The caller frees *block. */
int32_t dqlitepy_node_address(uint64_t node, void **block, uint64_t *size, dqlitepy_error *error);

/* ---- connections ------------------------------------------------------------------------------------------------- */

typedef struct dqlitepy_connect_options {
	dqlitepy_text servers;      /* addresses, one a line */
	dqlitepy_text database;     /* name of the database within the cluster */
	uint64_t node;              /* 0, or the node in this process that `servers` names: then no redirect is followed */
	uint32_t busy_timeout_ms;   /* how long to retry a statement that finds the database locked */
	uint32_t leader_timeout_ms; /* how long to look for a leader */
	dqlitepy_text tls_certificate; /* PEM, with any intermediates behind it; "" = none, unless the server wants one */
	dqlitepy_text tls_key;         /* PEM, of the certificate; "" where there is none */
	dqlitepy_text tls_authority;   /* PEM, what the servers' certificates are checked against; "" = no TLS at all */
} dqlitepy_connect_options;

/* Begins to find the leader and to open the database on it. */
int32_t dqlitepy_connect(dqlitepy_connect_options_in options, int32_t slice_ms, uint64_t *connection, dqlitepy_error *error);

/* 1 inside a transaction, 0 outside, as far as this connection can know. */
int32_t dqlitepy_in_transaction(uint64_t connection, int32_t *in_transaction, dqlitepy_error *error);

/* ---- statements -------------------------------------------------------------------------------------------------- */

typedef enum dqlitepy_result_flag {
	DQLITEPY_RESULT_ROWS = 1, /* the statement yields rows: `data` begins with the names of its columns */
	DQLITEPY_RESULT_MORE = 2, /* more rows follow: dqlitepy_fetch */
	DQLITEPY_RESULT_DML = 4   /* INSERT, UPDATE, DELETE or REPLACE: `changes` and `last_insert_id` count */
} dqlitepy_result_flag;

/* What one call brought. `data` is a pickle (protocol 5 opcodes, values only, no memo, no GLOBAL) that the shim itself wrote
 * from the server's pages: from dqlitepy_execute the tuple (names, rows), from dqlitepy_fetch the rows alone. `names` is a
 * tuple of str or None, `rows` a list of tuples of None, int, float, str, bytes; and of bytearray instead of str with
 * DQLITEPY_TEXT_AS_BYTES. The caller frees `data`. */
typedef struct dqlitepy_result {
	void *data;
	uint64_t data_size;
	uint64_t row_count;     /* rows in `data` */
	int64_t last_insert_id; /* of the last INSERT; meaningful with DQLITEPY_RESULT_DML */
	int64_t changes;        /* rows changed; meaningful with DQLITEPY_RESULT_DML; -1 where the server does not tell */
	uint32_t flags;         /* dqlitepy_result_flag, or-ed */
	uint32_t reserved;
} dqlitepy_result;

typedef enum dqlitepy_execute_flag {
	DQLITEPY_TEXT_AS_BYTES = 1 /* a text arrives as bytearray, whatever bytes it has, a blob as bytes: for text_factory and converters */
} dqlitepy_execute_flag;

/* Runs one statement. `parameters` is marshal.dumps(tuple, 2) of exact None, int (64 bits), float, str and bytes objects, or
 * empty for none; their number is checked against the statement's. `begin` is "" or the text of the BEGIN that has to precede
 * INSERT, UPDATE, DELETE and REPLACE outside a transaction; it travels in one request with the statement.
 * A result that was still streaming on the connection is dropped. */
int32_t dqlitepy_execute(uint64_t connection, dqlitepy_text sql, uint64_t sql_size, dqlitepy_bytes parameters,
			 uint64_t parameters_size, dqlitepy_text begin, uint32_t flags, int32_t slice_ms,
			 dqlitepy_result *result, dqlitepy_error *error);

/* Runs one statement that yields no rows once for each tuple of `rows`, which is marshal.dumps(list of tuples, 2).
 * `changes` is the sum. Outside a transaction and with "" as `begin` each run commits by itself, as in sqlite3. Where it fails,
 * `result` tells of the rows that ran before, with DQLITEPY_RESULT_DML if there was one. */
int32_t dqlitepy_execute_many(uint64_t connection, dqlitepy_text sql, uint64_t sql_size, dqlitepy_bytes rows,
			      uint64_t rows_size, dqlitepy_text begin, uint32_t flags, int32_t slice_ms,
			      dqlitepy_result *result, dqlitepy_error *error);

/* Goes on with the dqlitepy_execute, dqlitepy_execute_many or dqlitepy_fetch that returned DQLITEPY_PENDING. */
int32_t dqlitepy_continue(uint64_t connection, int32_t slice_ms, dqlitepy_result *result, dqlitepy_error *error);

/* The next batch, about 256 KiB, of the result that is streaming. */
int32_t dqlitepy_fetch(uint64_t connection, int32_t slice_ms, dqlitepy_result *result, dqlitepy_error *error);

/* Drops the result that is streaming, so that its locks and memory go. */
int32_t dqlitepy_discard(uint64_t connection, int32_t slice_ms, dqlitepy_error *error);

/* The parameters that a statement takes, without running it: the pickle of a tuple with, for each, its name without the prefix
 * or None for a bare `?`. A `?NNN` has the name "NNN". The caller frees *block. */
int32_t dqlitepy_parameters(dqlitepy_text sql, uint64_t sql_size, void **block, uint64_t *size, dqlitepy_error *error);

/* Cuts a script into its statements: the pickle of a list with, for each, the tuple (start, end) of its offsets in bytes,
 * without the blanks, comments and semicolons around it. `complete` is what sqlite3_complete says of the script: 1 where a
 * semicolon that ends a statement comes last. The caller frees *block. */
int32_t dqlitepy_split(dqlitepy_text script, uint64_t script_size, int32_t *complete, void **block, uint64_t *size,
		       dqlitepy_error *error);

#endif /* DQLITEPY_H */
