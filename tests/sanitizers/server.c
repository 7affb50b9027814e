// SPDX-License-Identifier: Apache-2.0
//
// One bare dqlite node without Go and Python, so that a sanitizer sees all of its process.
//
// server DIRECTORY ADDRESS [ID [THRESHOLD TRAILING]]
//
// It says "ready" on standard output, and stops at the end of standard input or at SIGTERM. Its status is then 0, or what the
// sanitizer makes of it. The options are those of tests/patches/node.py, whose place it takes.

#include <dqlite.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

// The one of the first node of a cluster, as Python's nodes have it.
#define FIRST_ID "3297041220608546238"

static void wait_for_end(int signals)
{
	struct pollfd ends[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	char ignored[4096];

	for (;;) {
		if (poll(ends, 2, -1) < 0 && errno != EINTR) {
			return;
		}
		if (ends[1].revents != 0) {
			return;
		}
		if (ends[0].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
			return;
		}
	}
}

int main(int argc, char **argv)
{
	dqlite_node *node = NULL;
	sigset_t terminate;
	int signals, rv;

	if (argc != 3 && argc != 4 && argc != 6) {
		fprintf(stderr, "usage: %s DIRECTORY ADDRESS [ID [THRESHOLD TRAILING]]\n", argv[0]);
		return 2;
	}
	unsigned long long id = strtoull(argc > 3 ? argv[3] : FIRST_ID, NULL, 10);
	unsigned threshold = (unsigned)atoi(argc > 4 ? argv[4] : "512");
	unsigned trailing = (unsigned)atoi(argc > 5 ? argv[5] : "1024");

	// Before the node has threads, which inherit what is blocked.
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&terminate);
	sigaddset(&terminate, SIGTERM);
	sigprocmask(SIG_BLOCK, &terminate, NULL);
	signals = signalfd(-1, &terminate, SFD_CLOEXEC);

	if (signals < 0 || dqlite_node_create(id, argv[2], argv[1], &node) != 0 ||
	    dqlite_node_set_bind_address(node, argv[2]) != 0 ||
	    dqlite_node_set_snapshot_params(node, threshold, trailing) != 0 ||
	    dqlite_node_set_auto_recovery(node, false) != 0 || dqlite_node_start(node) != 0) {
		fprintf(stderr, "the node did not start: %s\n", dqlite_node_errmsg(node));
		dqlite_node_destroy(node);
		return 1;
	}
	if (write(STDOUT_FILENO, "ready\n", 6) == 6) {
		wait_for_end(signals);
	}
	close(signals);
	rv = dqlite_node_stop(node);
	if (rv != 0) {
		fprintf(stderr, "the node did not stop: %d\n", rv);
	}
	dqlite_node_destroy(node);
	return rv == 0 ? 0 : 1;
}
