// SPDX-License-Identifier: Apache-2.0
//
// A node and many clients in one process: those that do the node's work on their own threads (shortcuts), those that also
// write its log (callers' writes), and those of the socket. They insert, move, read, interrupt, copy and go away in the middle,
// beside snapshots, and while the node stops. What was acknowledged must be there after the last start, and no sum may ever
// be another.
//
// storm DIRECTORY ADDRESS ROUNDS COMMITS

#include "client.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITERS 6
#define ACCOUNTS 32
#define BALANCE 100
#define KEYS 100000 // of each writer
#define NAP 1000    // microseconds between two looks

static const char *directory, *address;
static atomic_bool over;       // of this round
static atomic_uint commits;    // of this round
static atomic_int faults;      // what must not be
static bool *acknowledged[WRITERS];
static unsigned tried[WRITERS]; // keys

static void fault(const char *what, long long number)
{
	fprintf(stderr, "fault: %s: %lld\n", what, number);
	atomic_fetch_add(&faults, 1);
}

static dqlite_node *start(void)
{
	dqlite_node *node = NULL;

	if (dqlite_node_create(1, address, directory, &node) != 0 || dqlite_node_set_bind_address(node, address) != 0 ||
	    dqlite_node_set_snapshot_params(node, 64, 128) != 0 || dqlite_node_set_busy_timeout(node, 5000) != 0 ||
	    dqlite_node_start(node) != 0) {
		fprintf(stderr, "the node did not start: %s\n", dqlite_node_errmsg(node));
		exit(1);
	}
	return node;
}

static void stop(dqlite_node *node)
{
	int rv = dqlite_node_stop(node);
	if (rv != 0) {
		fault("the node did not stop", rv);
	}
	dqlite_node_destroy(node);
}

// One key by itself, in a transaction, or with others in one statement; in the middle of it the connection may end.
static bool insert(struct client *c, unsigned writer, unsigned *state)
{
	unsigned first = tried[writer], n = 1;
	char sql[256];
	int kind;

	switch (rand_r(state) % 8) {
	case 0:
		n = 3;
		snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%u, 'a'), (%u, 'b'), (%u, 'c')", writer * KEYS + first,
			 writer * KEYS + first + 1, writer * KEYS + first + 2);
		break;
	case 1:
		snprintf(sql, sizeof sql, "INSERT INTO t SELECT %u, hex(zeroblob(20000))", writer * KEYS + first);
		break;
	default:
		snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%u, 'text')", writer * KEYS + first);
	}
	tried[writer] += n;
	if (rand_r(state) % 4 == 0) {
		kind = client_run(c, EXEC_SQL, "BEGIN IMMEDIATE");
		if (kind == RESULT) {
			bool undone = rand_r(state) % 4 == 0;
			kind = client_run(c, EXEC_SQL, sql);
			if (kind == RESULT) {
				kind = client_run(c, EXEC_SQL, undone ? "ROLLBACK" : "COMMIT");
			}
			if (kind == FAILURE) {
				client_run(c, EXEC_SQL, "ROLLBACK");
			}
			if (undone) {
				return kind != GONE;
			}
		}
	} else {
		kind = client_run(c, EXEC_SQL, sql);
	}
	if (kind == RESULT) {
		memset(&acknowledged[writer][first], true, n);
		atomic_fetch_add(&commits, 1);
	}
	return kind != GONE;
}

static bool move(struct client *c, unsigned *state)
{
	char sql[256];
	unsigned from = (unsigned)rand_r(state) % ACCOUNTS, to = (unsigned)rand_r(state) % ACCOUNTS;

	snprintf(sql, sizeof sql,
		 "UPDATE accounts SET balance = balance + CASE id WHEN %u THEN -1 WHEN %u THEN 1 ELSE 0 END "
		 "WHERE id IN (%u, %u) AND %u <> %u",
		 from, to, from, to, from, to);
	return client_run(c, EXEC_SQL, sql) != GONE;
}

static void *writer(void *argument)
{
	unsigned number = (unsigned)(uintptr_t)argument, state = number + 1;
	struct client *c = malloc(sizeof *c);

	while (!atomic_load(&over)) {
		if (!client_open(c, address, number % 3 != 0, number % 3 == 1)) {
			usleep(NAP);
			continue;
		}
		// A connection of its own for a while, whose end may come within a transaction.
		for (int i = 0; i < 50 && !atomic_load(&over) && tried[number] + 3 < KEYS; i++) {
			if (!insert(c, number, &state) || !move(c, &state)) {
				break;
			}
		}
		if (rand_r(&state) % 2 == 0) {
			client_run(c, EXEC_SQL, "BEGIN IMMEDIATE");
			client_send(c, EXEC_SQL, true, "UPDATE accounts SET balance = 0");
		}
		client_close(c);
	}
	free(c);
	return NULL;
}

static void *reader(void *argument)
{
	unsigned number = (unsigned)(uintptr_t)argument, state = number + 100;
	struct client *c = malloc(sizeof *c);
	char sql[128];

	while (!atomic_load(&over)) {
		if (!client_open(c, address, number % 2 == 0, true)) {
			usleep(NAP);
			continue;
		}
		for (int i = 0; i < 200 && !atomic_load(&over); i++) {
			int kind = client_run(c, QUERY_SQL, "SELECT sum(balance) AS n FROM accounts");
			if (kind == ROWS && client_integer(c) != ACCOUNTS * BALANCE) {
				fault("a sum", client_integer(c));
			}
			snprintf(sql, sizeof sql, "SELECT v FROM t WHERE k = %d", rand_r(&state) % KEYS);
			if (kind == GONE || client_run(c, QUERY_SQL, sql) == GONE) {
				break;
			}
		}
		client_close(c);
	}
	free(c);
	return NULL;
}

// What has no end is interrupted, and what is long is left.
static void *interrupter(void *argument)
{
	static const char *const forever =
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
	struct client *c = malloc(sizeof *c);
	unsigned state = 77;

	(void)argument;
	while (!atomic_load(&over)) {
		if (!client_open(c, address, false, false)) {
			usleep(NAP);
			continue;
		}
		for (int i = 0; i < 10 && !atomic_load(&over); i++) {
			bool heard = client_send(c, QUERY_SQL, true, forever) && (rand_r(&state) % 2 == 0 || client_receive(c) != GONE) &&
				     client_send(c, INTERRUPT, true, NULL);
			int kind = heard ? ROWS : GONE;
			while (kind != EMPTY && kind != GONE) {
				kind = client_receive(c);
			}
			if (kind == GONE) {
				break;
			}
		}
		client_send(c, QUERY_SQL, true, forever);
		client_close(c);
	}
	free(c);
	return NULL;
}

static void *copier(void *argument)
{
	struct client *c = malloc(sizeof *c);

	(void)argument;
	while (!atomic_load(&over)) {
		if (!client_open(c, address, true, false)) {
			usleep(NAP);
			continue;
		}
		client_run(c, DUMP, "main");
		client_run(c, EXEC_SQL, "DELETE FROM t WHERE v = 'none'");
		client_close(c);
	}
	free(c);
	return NULL;
}

static void prepare(void)
{
	struct client *c = malloc(sizeof *c);
	char sql[128];

	while (!client_open(c, address, true, true)) {
		usleep(NAP);
	}
	client_run(c, EXEC_SQL, "CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v TEXT)");
	client_run(c, EXEC_SQL, "CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, balance INTEGER)");
	for (int i = 0; i < ACCOUNTS; i++) {
		snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO accounts VALUES (%d, %d)", i, BALANCE);
		if (client_run(c, EXEC_SQL, sql) != RESULT) {
			fault("an account", i);
		}
	}
	client_close(c);
	free(c);
}

static void check(void)
{
	struct client *c = malloc(sizeof *c);
	char sql[128];
	unsigned total = 0;

	if (!client_open(c, address, true, true)) {
		fault("no connection at the end", 0);
	}
	for (unsigned w = 0; w < WRITERS; w++) {
		for (unsigned i = 0; i < tried[w]; i++) {
			if (!acknowledged[w][i]) {
				continue;
			}
			total++;
			snprintf(sql, sizeof sql, "SELECT count(*) AS n FROM t WHERE k = %u", w * KEYS + i);
			if (client_run(c, QUERY_SQL, sql) != ROWS || client_integer(c) != 1) {
				fault("an acknowledged row is missing", w * KEYS + i);
			}
		}
	}
	if (client_run(c, QUERY_SQL, "SELECT sum(balance) AS n FROM accounts") != ROWS || client_integer(c) != ACCOUNTS * BALANCE) {
		fault("the last sum", client_integer(c));
	}
	client_close(c);
	free(c);
	printf("%u acknowledged rows\n", total);
}

int main(int argc, char **argv)
{
	static void *(*const roles[])(void *) = { reader, reader, reader, interrupter, interrupter, copier };
	enum { OTHERS = sizeof roles / sizeof roles[0] };
	pthread_t threads[WRITERS + OTHERS];

	if (argc != 5) {
		fprintf(stderr, "usage: %s DIRECTORY ADDRESS ROUNDS COMMITS\n", argv[0]);
		return 2;
	}
	directory = argv[1];
	address = argv[2];
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < WRITERS; i++) {
		acknowledged[i] = calloc(KEYS, sizeof *acknowledged[i]);
	}
	for (int round = 0; round < atoi(argv[3]); round++) {
		dqlite_node *node = start();
		prepare();
		atomic_store(&over, false);
		atomic_store(&commits, 0);
		for (uintptr_t i = 0; i < WRITERS; i++) {
			pthread_create(&threads[i], NULL, writer, (void *)i);
		}
		for (uintptr_t i = 0; i < OTHERS; i++) {
			pthread_create(&threads[WRITERS + i], NULL, roles[i], (void *)i);
		}
		while (atomic_load(&commits) < (unsigned)atoi(argv[4])) {
			usleep(NAP);
		}
		// Every other round, the node goes first.
		if (round % 2 == 0) {
			stop(node);
		}
		atomic_store(&over, true);
		for (int i = 0; i < WRITERS + OTHERS; i++) {
			pthread_join(threads[i], NULL);
		}
		if (round % 2 != 0) {
			stop(node);
		}
	}
	dqlite_node *node = start();
	check();
	stop(node);
	for (int i = 0; i < WRITERS; i++) {
		free(acknowledged[i]);
	}
	return atomic_load(&faults) == 0 ? 0 : 1;
}
