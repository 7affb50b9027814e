// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTINUES UINT64_C(0xeeeeeeeeeeeeeeee)
#define REQUEST_WORDS (1 << 11)

struct request_buffer {
	uint64_t words[REQUEST_WORDS];
	size_t n;
};

static bool write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *data, size_t size)
{
	char *at = data;

	while (size > 0) {
		ssize_t n = recv(fd, at, size, 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static uint64_t header(size_t words, enum request type)
{
	return (uint64_t)words | (uint64_t)type << 32;
}

static void encode(struct request_buffer *r, enum request type, bool with_id, const char *text)
{
	r->n = 1;
	if (with_id) {
		r->words[r->n++] = 0;
	}
	if (text != NULL) {
		size_t words = strlen(text) / 8 + 1;
		if (r->n + words + 2 > REQUEST_WORDS) {
			abort();
		}
		r->words[r->n + words - 1] = 0;
		memcpy(&r->words[r->n], text, strlen(text));
		r->n += words;
	}
	if (type == OPEN) {
		r->words[r->n++] = 0; // flags
		r->words[r->n++] = 0; // the VFS, which has no name
	}
	r->words[0] = header(r->n - 1, type);
}

// The length of a body that is kept: a longer one is read and forgotten.
static bool read_body(struct client *c)
{
	size_t room = sizeof c->body / sizeof c->body[0];
	size_t left = c->words;
	size_t kept = left < room ? left : room;

	if (!read_all(c->fd, c->body, kept * 8)) {
		return false;
	}
	for (left -= kept; left > 0; left--) {
		// The last word tells whether more rows follow.
		if (!read_all(c->fd, &c->body[room - 1], 8)) {
			return false;
		}
	}
	return true;
}

int client_receive(struct client *c)
{
	uint64_t head;

	if (!read_all(c->fd, &head, sizeof head)) {
		return GONE;
	}
	c->words = (uint32_t)head;
	return read_body(c) ? (int)(head >> 32 & 0xff) : GONE;
}

bool client_send(struct client *c, enum request type, bool with_id, const char *text)
{
	struct request_buffer r;

	encode(&r, type, with_id, text);
	return write_all(c->fd, r.words, r.n * 8);
}

// Takes the shortcut where there is one; the type of the response, or GONE.
static int ask(struct client *c, struct request_buffer *r)
{
	static _Thread_local uint64_t answer[(1 << 13) + 1];
	size_t size = 0;

	if (c->wants_shortcut && c->shortcut == NULL) {
		c->wants_shortcut = dqlite_shortcut_open(c->fd, &c->shortcut) != DQLITE_NOTFOUND;
	}
	if (c->shortcut != NULL &&
	    dqlite_shortcut_call(c->shortcut, r->words, r->n * 8, c->may_wait, answer, sizeof answer, &size) == 0) {
		if (size == 0) {
			return client_receive(c);
		}
		c->words = (uint32_t)answer[0];
		memcpy(c->body, answer + 1, size - 8);
		return (int)(answer[0] >> 32 & 0xff);
	}
	return write_all(c->fd, r->words, r->n * 8) ? client_receive(c) : GONE;
}

int client_run(struct client *c, enum request type, const char *sql)
{
	struct request_buffer r;
	size_t room = sizeof c->body / sizeof c->body[0];

	encode(&r, type, type != OPEN && type != DUMP, sql);
	int kind = ask(c, &r);
	while (kind == ROWS && c->body[(c->words < room ? c->words : room) - 1] == CONTINUES) {
		kind = client_receive(c);
	}
	return kind;
}

int64_t client_integer(const struct client *c)
{
	return (int64_t)c->body[3];
}

bool client_open(struct client *c, const char *address, bool shortcut, bool may_wait)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const char *colon = strrchr(address, ':');
	uint64_t version = 1;
	int on = 1;

	to.sin_port = htons((uint16_t)atoi(colon + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .wants_shortcut = false };
	if (c->fd < 0) {
		return false;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 || !write_all(c->fd, &version, sizeof version) ||
	    client_run(c, OPEN, "main") != DATABASE) {
		client_close(c);
		return false;
	}
	c->wants_shortcut = shortcut;
	c->may_wait = may_wait;
	return true;
}

void client_close(struct client *c)
{
	if (c->shortcut != NULL) {
		dqlite_shortcut_close(c->shortcut);
		c->shortcut = NULL;
	}
	if (c->fd >= 0) {
		close(c->fd);
		c->fd = -1;
	}
}
