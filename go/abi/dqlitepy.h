/* dqlitepy.h: the C ABI of libdqlitepy, written by hand. It is the manual of the shim.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides are held to this file: the Go shim includes it, so the C compiler refuses a function that differs; a test
 * compares Python's table of signatures with it, and the symbols that the shipped library exports with both.
 *
 * Rules that hold for every function
 *   - A handle is a number (index and generation), never a pointer: a stale one is an error, never a crash. 0 is no handle.
 *   - The caller owns every dqlitepy_error and dqlitepy_result that it passes in. Neither may be NULL.
 *   - What runs for each statement takes sizes of 32 bits, and has its error in its result: ctypes hands such an argument over as it
 *     is, where one that has to be converted takes it as long as a tenth of a select.
 *   - Text and bytes passed in are borrowed for the length of the call. Text is UTF-8; where no size follows it, it ends in NUL.
 *   - Nothing here ever calls back into the caller, and no function lets a Go panic out: it becomes DQLITEPY_KIND_INTERNAL.
 *   - A handle has at most one operation under way. A function that begins one and cannot finish it within `slice_ms`
 *     returns DQLITEPY_PENDING; the caller looks for signals and calls dqlitepy_wait (nodes, connecting, closing),
 *     dqlitepy_continue (statements) or dqlitepy_dump_read again until it gets another status. No call blocks for longer than its slice by design.
 *   - Only dqlitepy_cancel and dqlitepy_release may be called while another thread is inside a call with the same handle.
 */
#ifndef DQLITEPY_H
#define DQLITEPY_H

#include <stdint.h>

/* Raised whenever anything below changes its meaning or layout. */
#define DQLITEPY_ABI_VERSION 15

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
	DQLITEPY_KIND_NOT_LEADER = 8,       /* the server asked is not the leader, or has ended the read: nothing was written */
	DQLITEPY_KIND_LEADERSHIP_LOST = 9,  /* the open transaction is gone, nothing of it was committed */
	DQLITEPY_KIND_AMBIGUOUS_COMMIT = 10,/* the write may or may not have been committed */
	DQLITEPY_KIND_INTERRUPTED = 11,     /* cancelled by dqlitepy_cancel */
	DQLITEPY_KIND_CONNECTION = 12,      /* the connection to the server broke; nothing can have been written */
	DQLITEPY_KIND_PROTOCOL = 13,        /* the server sent what the protocol does not allow */
	DQLITEPY_KIND_INTERNAL = 14,        /* a defect of this library */
	DQLITEPY_KIND_STALE = 15            /* what the server nearby has applied is older than the read may be */
} dqlitepy_kind;

typedef enum dqlitepy_error_flag {
	DQLITEPY_ERROR_BROKEN = 1,          /* the connection cannot be used again: close it. Its node was closed */
	DQLITEPY_ERROR_TRANSACTION_LOST = 2 /* the transaction that was open is gone, nothing of it was committed */
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

/* How many handles are open (nodes, connections, copies, pollers): lets a test prove that nothing leaks. */
uint64_t dqlitepy_open_handles(void);

/* ---- waiting, closing -------------------------------------------------------------------------------------------- */

/* Waits at most slice_ms for the operation under way on a node, or on a connection or copy that is being opened or closed. Where
 * opening fails, the handle ends with the error. */
int32_t dqlitepy_wait(uint64_t handle, int32_t slice_ms, dqlitepy_error *error);

/* Ends the operation under way on the handle, from any thread; returns at once. The operation then fails with
 * DQLITEPY_KIND_INTERRUPTED, or completes if it was just done. Nothing happens where nothing is under way. */
int32_t dqlitepy_cancel(uint64_t handle, dqlitepy_error *error);

/* Begins to close a node, a connection or a copy; dqlitepy_wait ends it, and the handle with it. A connection's open transaction
 * is rolled back. Closing a node first breaks the connections that still use it. */
int32_t dqlitepy_close(uint64_t handle, int32_t slice_ms, dqlitepy_error *error);

/* Closes in the background and returns at once; for finalizers. A stale handle is ignored. */
void dqlitepy_release(uint64_t handle);

/* ---- event loops ------------------------------------------------------------------------------------------------- */

/* Opens a poller, one for each event loop. Its descriptor, which remains the poller's, is readable when dqlitepy_poller_take has
 * something to tell. */
int32_t dqlitepy_poller_open(uint64_t *poller, int32_t *descriptor, dqlitepy_error *error);

/* Has the poller name the handle, from now on, when an operation can go on that returned DQLITEPY_PENDING to a call with a
 * slice of 0; such a call never waits. An operation that is under way now is named as well, if it is not one of
 * dqlitepy_execute and the like. A handle has one poller at most, whose closing changes nothing but that nobody is told any more. */
int32_t dqlitepy_attach(uint64_t handle, uint64_t poller, dqlitepy_error *error);

/* Writes at most `capacity` handles to `ready` and their number to `count`, without waiting: those with an operation that is
 * to be called again (dqlitepy_wait, dqlitepy_continue, …), with a slice of 0. It may be too early, or nothing may be under
 * way; then that call or its omission does no harm. */
int32_t dqlitepy_poller_take(uint64_t poller, uint64_t *ready, uint32_t capacity, uint32_t *count, dqlitepy_error *error);

/* Closes a poller and its descriptor. A stale one is ignored. */
void dqlitepy_poller_close(uint64_t poller);

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

typedef struct dqlitepy_node_options {
	dqlitepy_text directory;      /* must exist */
	dqlitepy_text address;        /* host:port; "" = an abstract socket that only this process can reach */
	uint64_t id;                  /* 0 = as the directory says, or a new one */
	uint64_t snapshot_threshold;  /* log entries between two snapshots */
	uint64_t snapshot_trailing;   /* log entries kept behind a snapshot */
	uint64_t snapshot_threshold_bytes; /* as many bytes of entries make a snapshot, too; 0 = 32 MiB */
	uint64_t snapshot_trailing_bytes; /* at most so many bytes of entries are kept behind one; 0 = 32 MiB */
	uint32_t snapshot_dynamic;    /* 1 = keep fewer trailing entries where the snapshot is small */
	uint32_t auto_recovery;       /* 1 = may delete damaged segments and snapshots at start */
	uint32_t busy_timeout_ms;     /* how long the server queues a writer behind another one */
	uint32_t network_latency_ms;  /* 0 = dqlite's defaults (heartbeat 500 ms, election 3 s) */
	dqlitepy_text bind;           /* host:port to listen on where that is another one, such as 0.0.0.0:port; "" = address */
	dqlitepy_text moved_from;     /* the address that the directory has from before the node moved; "" = it has not */
	dqlitepy_text join;           /* addresses of nodes whose cluster a new node joins, one a line; "" = it begins its own */
	dqlitepy_text tls_certificate; /* path of a PEM file, any intermediates behind the certificate */
	dqlitepy_text tls_key;        /* path of a PEM file, the certificate's key */
	dqlitepy_text tls_authority;  /* path of a PEM file, what others' certificates are checked against; "" = no TLS. The
	                                 files are read again when they have changed; what cannot be used changes nothing */
	uint64_t failure_domain;      /* nodes that fail together have the same */
	uint64_t max_connections;     /* of clients at a time; 0 = dqlite's default, 10,000 */
	uint64_t max_request_bytes;   /* of requests over 64 KiB that are under way; 0 = dqlite's default, 512 MiB */
	uint64_t wal_limit;           /* bytes of a WAL from which on what keeps it is ended; 0 = dqlite's default, 1 GiB */
	uint64_t idle_transaction_ms; /* how long a transaction may hear nothing of its client, while others wait; 0 = for ever */
	uint32_t voters;              /* how many nodes should vote: odd, at least 3 */
	uint32_t standbys;            /* how many nodes should follow the log without a vote */
	uint32_t roles_interval_ms;   /* between two looks of the leader at who has which role */
	uint32_t bare;                /* 1 = neither joins nor looks after roles; for a node without an address the same */
} dqlitepy_node_options;

/* Begins to start a node in this process. */
int32_t dqlitepy_node_start(dqlitepy_node_options_in options, int32_t slice_ms, uint64_t *node, dqlitepy_error *error);

/* The address that clients of the node use; "@..." is an abstract unix socket. The caller frees *block. */
int32_t dqlitepy_node_address(uint64_t node, void **block, uint64_t *size, dqlitepy_error *error);

/* What the nodes of this process have to say, and what happened to their clusters. Waits at most slice_ms for it; PENDING is
 * that there was nothing. *block is the pickle of a list of tuples (level, seconds since the epoch, address of the node,
 * message) with the levels of Python's logging. The caller frees *block. */
int32_t dqlitepy_take_log(int32_t slice_ms, void **block, uint64_t *size, dqlitepy_error *error);

/* ---- clusters ---------------------------------------------------------------------------------------------------- */

typedef enum dqlitepy_role {
	DQLITEPY_ROLE_VOTER = 0,   /* has the data and a vote */
	DQLITEPY_ROLE_STANDBY = 1, /* has the data */
	DQLITEPY_ROLE_SPARE = 2    /* has neither */
} dqlitepy_role;

/* What a task does, which fields of dqlitepy_task it reads beside timeout_ms, and the tuples of its result. Ids of 2^63 and
 * above come as negative numbers: the same 64 bits. Those from LEADER to WEIGH also read `servers` and the
 * tls fields. A change is repeated until it has happened, found to have happened, refused, or out of time. */
typedef enum dqlitepy_operation {
	DQLITEPY_NODE_READY = 1,       /* node: until it is a member of its cluster and that has a leader: () */
	DQLITEPY_NODE_HANDOVER = 2,    /* node: gives its leadership and its vote to others, if there are any: () */
	DQLITEPY_NODE_STATE = 3,       /* node: (id, address, role or None, leader's id, leader's address or "", term, last index) */
	DQLITEPY_LEADER = 4,           /* (id, address) */
	DQLITEPY_MEMBERS = 5,          /* one (id, address, role) each, as the leader knows them */
	DQLITEPY_VIEW = 6,             /* address: the leader's (id, address), "" for none; then as MEMBERS: as that node knows them */
	DQLITEPY_ADD = 7,              /* id (0 = a new one), address, role: (id,) */
	DQLITEPY_ASSIGN = 8,           /* id, or 0 and address; role: () */
	DQLITEPY_TRANSFER = 9,         /* id, or 0 and address: until that node leads: () */
	DQLITEPY_REMOVE = 10,          /* id, or 0 and address: () */
	DQLITEPY_DESCRIBE = 11,        /* address: (failure domain, weight), from our nodes with (…, term, last index, bytes on disk) */
	DQLITEPY_CONNECTIONS = 12,     /* address: one each (id, state, milliseconds since it came, since it was heard or told anything,
					  and since its transaction or its write began, or 0; its address or "", database or "") */
	DQLITEPY_WEIGH = 13,           /* address, weight: () */
	DQLITEPY_LAST_ENTRY = 14,      /* directory of a stopped node: (term, index) */
	DQLITEPY_RECONFIGURE = 15,     /* directory of a stopped node; members, one "id role address" a line: () */
	DQLITEPY_NODE_CONNECTIONS = 16 /* node: as CONNECTIONS */
} dqlitepy_operation;

/* The state of a connection in the result of CONNECTIONS. */
typedef enum dqlitepy_connection_state {
	DQLITEPY_CONNECTION_LOCAL = 1,       /* it comes from the node's own process */
	DQLITEPY_CONNECTION_RUNNING = 2,     /* it waits for an answer */
	DQLITEPY_CONNECTION_TRANSACTION = 4, /* it has one open */
	DQLITEPY_CONNECTION_LOCK = 8,        /* it writes, so that nobody else does */
	DQLITEPY_CONNECTION_WAITING = 16     /* what it runs waits for that of another one */
} dqlitepy_connection_state;

typedef struct dqlitepy_task {
	dqlitepy_text servers;         /* addresses of nodes, one a line */
	dqlitepy_text tls_certificate; /* as in dqlitepy_node_options */
	dqlitepy_text tls_key;
	dqlitepy_text tls_authority;
	dqlitepy_text address;
	dqlitepy_text directory;
	dqlitepy_text members;
	uint64_t node;
	uint64_t id;
	uint64_t weight;
	int32_t operation;   /* dqlitepy_operation */
	int32_t role;        /* dqlitepy_role */
	uint32_t timeout_ms; /* of the whole; directories are not bound by it */
	uint32_t reserved;
} dqlitepy_task;

typedef const struct dqlitepy_task *dqlitepy_task_in;

/* Begins a task. dqlitepy_wait goes on; after OK the handle holds the result, after ERROR it has ended. Nodes and clusters may
 * have any number of tasks under way. Cancelled, a change may or may not have happened. */
int32_t dqlitepy_begin_task(dqlitepy_task_in task, int32_t slice_ms, uint64_t *handle, dqlitepy_error *error);

/* The result of a task that ended OK: the pickle of a list of tuples. The handle ends. The caller frees *block. */
int32_t dqlitepy_take_result(uint64_t handle, void **block, uint64_t *size, dqlitepy_error *error);

/* Fails where connections with these files' contents could not work: a certificate that has expired, has no SAN or does not
 * belong to the key or the authority. With the address of a node also where its certificate does not name that host. */
int32_t dqlitepy_check_credentials(dqlitepy_text certificate, dqlitepy_text key, dqlitepy_text authority,
				   dqlitepy_text address, dqlitepy_error *error);

/* Makes a certificate and its key (ECDSA, P-256): that of an authority (CA) called `hosts` where both authority texts are "",
 * otherwise one that the authority signs, for `hosts`: DNS names and IP addresses, one a line. *block is the pickle of the tuple
 * (certificate, key), both PEM. The caller frees *block. */
int32_t dqlitepy_make_certificate(dqlitepy_text authority_certificate, dqlitepy_text authority_key, dqlitepy_text hosts,
				  uint64_t valid_seconds, void **block, uint64_t *size, dqlitepy_error *error);

/* ---- connections ------------------------------------------------------------------------------------------------- */

typedef enum dqlitepy_reads {
	DQLITEPY_READS_LEADER = 0,  /* all statements run at the leader */
	DQLITEPY_READS_NEAREST = 1, /* with DQLITEPY_NEARBY, at the server that answers first */
	DQLITEPY_READS_FIRST = 2    /* the same, but at the first of `servers` if that answers */
} dqlitepy_reads;

typedef struct dqlitepy_connect_options {
	dqlitepy_text servers;      /* addresses, one a line */
	dqlitepy_text database;     /* name of the database within the cluster */
	uint64_t node;              /* 0, or the node in this process that `servers` names: then no redirect is followed */
	uint32_t busy_timeout_ms;   /* how long to retry a statement that finds the database locked */
	uint32_t leader_timeout_ms; /* how long to look for a leader */
	dqlitepy_text tls_certificate; /* as in dqlitepy_node_options; "" = none, unless the server wants one */
	dqlitepy_text tls_key;         /* as there; "" where there is no certificate */
	dqlitepy_text tls_authority;   /* as there; "" = no TLS at all */
	uint32_t reads;             /* dqlitepy_reads */
	uint32_t max_staleness_ms;  /* how old a read nearby may be; 0 = as old as it likes */
} dqlitepy_connect_options;

/* Begins to find the leader and to open the database on it: all servers are tried at the same time, and the leader that they
 * name.
 *
 * A connection outlives its leader. When the server is not the leader any more, or the connection to it ends, then
 *   - a statement of which nothing can have been written and nothing was handed out runs again, once a leader is found: a
 *     SELECT outside a transaction, whatever the server refused as not being the leader, whatever could not be sent, and the
 *     first statement of a transaction together with its `begin`. One that may have run already runs a second time at most;
 *   - a write outside a transaction, or a COMMIT, whose answer does not come is DQLITEPY_KIND_AMBIGUOUS_COMMIT;
 *   - inside a transaction the statement is DQLITEPY_KIND_LEADERSHIP_LOST;
 *   - rows that were still to be fetched are DQLITEPY_KIND_CONNECTION;
 *   - where no leader is found within leader_timeout_ms, the statement is DQLITEPY_KIND_NO_LEADER.
 * A server that says nothing is waited for, unless a majority of the others follows another leader by then.
 * Whatever it was, the next statement looks for the leader and runs there. PRAGMAs that belong to a connection (foreign_keys,
 * cache_size, ...) are set again. Temporary tables, views and triggers and ATTACHed databases are gone; a connection that had
 * made some is told so once, instead of a silent second run or before the next statement runs. last_insert_rowid(),
 * changes() and total_changes() of SQL begin anew.
 * With another value of `reads` than DQLITEPY_READS_LEADER it finds a server that reads, and the leader when it is needed. */
int32_t dqlitepy_connect(dqlitepy_connect_options_in options, int32_t slice_ms, uint64_t *connection, dqlitepy_error *error);

/* 1 inside a transaction, 0 outside, as far as this connection can know. */
int32_t dqlitepy_in_transaction(uint64_t connection, int32_t *in_transaction, dqlitepy_error *error);

/* Leaves an operation that was not continued to its end, with the link to the leader, so that the connection can be used again:
 * the next operation looks for the leader. Whether the statement ran nobody knows. transaction_lost becomes 1 if a transaction
 * was open, which is gone, else 0. Never waits; nothing happens where no operation is under way. */
int32_t dqlitepy_give_up(uint64_t connection, int32_t *transaction_lost, dqlitepy_error *error);

/* The address of the leader that the connection found last. The caller frees *block. */
int32_t dqlitepy_leader_address(uint64_t connection, void **block, uint64_t *size, dqlitepy_error *error);

/* What the connection has written and read, as an index in the cluster's log: 0 where it knows of none, and always with
 * DQLITEPY_READS_LEADER. Another connection sees all of it after dqlitepy_await_position, until it is given another position.
 * `given` is the one that this connection was given, 0 for none. */
int32_t dqlitepy_position(uint64_t connection, uint64_t *position, uint64_t *given, dqlitepy_error *error);
int32_t dqlitepy_await_position(uint64_t connection, uint64_t position, dqlitepy_error *error);

/* ---- statements -------------------------------------------------------------------------------------------------- */

typedef enum dqlitepy_result_flag {
	DQLITEPY_RESULT_ROWS = 1, /* the statement yields rows: `data` begins with the names of its columns */
	DQLITEPY_RESULT_MORE = 2, /* more rows follow: dqlitepy_fetch */
	DQLITEPY_RESULT_DML = 4,  /* INSERT, UPDATE, DELETE or REPLACE, which a BEGIN may have to precede */
	DQLITEPY_RESULT_CHANGES = 8 /* as DML, or the same behind WITH: `changes` and `last_insert_id` count */
} dqlitepy_result_flag;

/* What one call brought. `data` is a pickle (protocol 5 opcodes, values only, no memo, no GLOBAL) that the shim itself wrote
 * from the server's pages: from dqlitepy_execute the tuple (names, rows), from dqlitepy_fetch the rows alone. `names` is a
 * tuple of str or None, `rows` a list of tuples of None, int, float, str, bytes; and of bytearray instead of str with
 * DQLITEPY_TEXT_AS_BYTES. The caller frees `data`.
 * What is small, as one row is, comes in `small`: that saves the caller two calls. It stands first, so that the struct itself can be
 * given to what reads a pickle. */
#define DQLITEPY_SMALL_SIZE 512

typedef struct dqlitepy_result {
	uint8_t small[DQLITEPY_SMALL_SIZE]; /* the data_size bytes of `data`, where they fit: nothing is to be freed then */
	void *data;             /* NULL where its bytes are in `small` */
	uint64_t data_size;
	uint64_t row_count;     /* rows in `data` */
	int64_t last_insert_id; /* of the last INSERT; meaningful with DQLITEPY_RESULT_CHANGES */
	int64_t changes;        /* rows changed; meaningful with DQLITEPY_RESULT_CHANGES; -1 where the server does not tell */
	uint32_t flags;         /* dqlitepy_result_flag, or-ed */
	uint32_t reserved;
	dqlitepy_error error;   /* filled where the call returns DQLITEPY_ERROR */
} dqlitepy_result;

typedef enum dqlitepy_execute_flag {
	DQLITEPY_TEXT_AS_BYTES = 1, /* a text arrives as bytearray, whatever bytes it has, a blob as bytes: for text_factory and
				       converters */
	DQLITEPY_NEARBY = 4,        /* a SELECT or VALUES outside a transaction may run at the server nearby, which answers by what it
				       has applied: nothing that may still be lost, and nothing older than what this connection has
				       written and read. Where it has not applied that within busy_timeout_ms, or is older than
				       max_staleness_ms: DQLITEPY_KIND_STALE */
	DQLITEPY_LINEARIZABLE = 2   /* a statement that only reads waits until a majority of the voters has named its server as the
				       leader, and so sees every write that was acknowledged, to whomever, before it began. Without
				       it a leader that was cut off from the others, but not from us, goes on for some seconds to
				       answer by what it knows. Within a transaction it counts for the first statement, which takes
				       the snapshot. Where no majority answers within leader_timeout_ms: DQLITEPY_KIND_NO_LEADER */
} dqlitepy_execute_flag;

/* Runs one statement. `parameters` is marshal.dumps(tuple, 2) of exact None, bool, int (64 bits), float, str and bytes objects,
 * or empty for none; their number is checked against the statement's. `begin` is "" or the text of the BEGIN that has to precede
 * INSERT, UPDATE, DELETE and REPLACE outside a transaction; it travels in one request with the statement.
 * A result that was still streaming on the connection is dropped. */
int32_t dqlitepy_execute(uint64_t connection, dqlitepy_text sql, uint32_t sql_size, dqlitepy_bytes parameters,
			 uint32_t parameters_size, dqlitepy_text begin, uint32_t flags, int32_t slice_ms,
			 dqlitepy_result *result);

/* Runs one statement that yields no rows once for each tuple of `rows`, which is marshal.dumps(list of tuples, 2).
 * `changes` is the sum. Outside a transaction and with "" as `begin` each run commits by itself, as in sqlite3. Where it fails,
 * `result` tells of the rows that ran before, with DQLITEPY_RESULT_CHANGES if there was one. */
int32_t dqlitepy_execute_many(uint64_t connection, dqlitepy_text sql, uint32_t sql_size, dqlitepy_bytes rows,
			      uint32_t rows_size, dqlitepy_text begin, uint32_t flags, int32_t slice_ms,
			      dqlitepy_result *result);

/* Goes on with the dqlitepy_execute, dqlitepy_execute_many or dqlitepy_fetch that returned DQLITEPY_PENDING. */
int32_t dqlitepy_continue(uint64_t connection, int32_t slice_ms, dqlitepy_result *result);

/* The next batch, about 256 KiB, of the result that is streaming. It may be ready: while the caller was busy with the batch before,
 * what came in was decoded by another thread, unless `slice_ms` was 0. */
int32_t dqlitepy_fetch(uint64_t connection, int32_t slice_ms, dqlitepy_result *result);

/* Drops the result that is streaming, so that its locks and memory go. */
int32_t dqlitepy_discard(uint64_t connection, int32_t slice_ms, dqlitepy_result *result);

/* What a statement is, without running it: the pickle of a tuple with, for each parameter that it takes, its name without the
 * prefix or None for a bare `?` (a `?NNN` has the name "NNN"); and in `flags` whether it may yield rows (DQLITEPY_RESULT_ROWS)
 * and whether a BEGIN may have to precede it (DQLITEPY_RESULT_DML). The caller frees *block. */
int32_t dqlitepy_describe(dqlitepy_text sql, uint64_t sql_size, uint32_t *flags, void **block, uint64_t *size,
			  dqlitepy_error *error);

/* Whether rows can be stored as they are. */
typedef enum dqlitepy_fit {
	DQLITEPY_FIT_NONE = 0,    /* one is no tuple, or has a value that cannot cross */
	DQLITEPY_FIT_ALL = 1,
	DQLITEPY_FIT_IF_BYTES = 2 /* there are blobs, and marshal writes any object that gives out its memory as one: ask for types */
} dqlitepy_fit;

/* Tells in `fit` whether dqlitepy_execute_many would take `rows`; looks at nothing else, and waits for nothing. */
int32_t dqlitepy_check_rows(dqlitepy_bytes rows, uint64_t rows_size, int32_t *fit, dqlitepy_error *error);

/* The text of a statement with a literal in the place of each parameter, for tracing. `parameters` as for dqlitepy_execute;
 * those that are missing stay as they are. The caller frees *block. */
int32_t dqlitepy_expand(dqlitepy_text sql, uint64_t sql_size, dqlitepy_bytes parameters, uint64_t parameters_size,
			void **block, uint64_t *size, dqlitepy_error *error);

/* The declared types of the columns that a statement yields, which dqlite's protocol does not carry: the pickle of a tuple with
 * the type of each column that is one of a table, None for any other. `schema` is marshal.dumps(tuple, 2) of the CREATE
 * statements of the database; the SQLite in this library compiles the statement against tables that they make in memory. The
 * tuple is empty where it cannot. The caller frees *block. */
int32_t dqlitepy_declared_types(dqlitepy_text sql, uint64_t sql_size, dqlitepy_bytes schema, uint64_t schema_size,
				void **block, uint64_t *size, dqlitepy_error *error);

/* Cuts a script into its statements: the pickle of a list with, for each, the tuple (start, end) of its offsets in bytes,
 * without the blanks, comments and semicolons around it. The caller frees *block. */
int32_t dqlitepy_split(dqlitepy_text script, uint64_t script_size, void **block, uint64_t *size, dqlitepy_error *error);

/* ---- copies of whole databases ----------------------------------------------------------------------------------- */

typedef enum dqlitepy_dump_flag {
	DQLITEPY_DUMP_ANY_SERVER = 1 /* from the first server that answers: needs no leader, may lack the latest commits */
} dqlitepy_dump_flag;

/* Begins to copy a database as it was committed last, in the format of SQLite's files; dqlitepy_wait goes on until the copy
 * begins to come in. The server makes it in its memory, where it takes as much as the database until the handle is closed. A
 * database of more than 1984 MiB is refused, unless DQLITEPY_DUMP_ANY_SERVER is given: then nobody can ask for its size, and a
 * server with more than 2 GiB fails. */
int32_t dqlitepy_dump(dqlitepy_connect_options_in options, uint32_t flags, int32_t slice_ms, uint64_t *dump,
		      dqlitepy_error *error);

/* The number of bytes that the copy has. */
int32_t dqlitepy_dump_size(uint64_t dump, uint64_t *size, dqlitepy_error *error);

/* The next bytes of the copy, at most 1 MiB; a size of 0 at its end, and only then is it whole. After DQLITEPY_PENDING it is
 * called again. The caller frees *block. */
int32_t dqlitepy_dump_read(uint64_t dump, int32_t slice_ms, void **block, uint64_t *size, dqlitepy_error *error);

#endif /* DQLITEPY_H */
