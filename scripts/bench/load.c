/*
 * Loads a server: keeps connections busy for a while, with one request at a time on each. Prints the number of answers,
 * the duration in milliseconds, and the time of the slowest answer.
 *
 *	load PORT CONNECTIONS MILLISECONDS REQUEST
 *
 * REQUEST is a file with a complete HTTP/1.1 request. "############" in it is replaced by a different number in each
 * request. An answer other than 200 ends the program with status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 8192, MARK_BYTES = 12 };

struct connection {
	int fd;
	size_t sent;		/* of the request */
	char *request;
	char head[HEAD_BYTES];	/* of the answer, until its end is found */
	size_t head_bytes;
	long long left;		/* bytes of the answer's body still to come, -1 while in the head */
	double since;
};

static char *request;
static size_t request_bytes;
static size_t marks[16], mark_count;
static unsigned long long asked, answered;
static double slowest;

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_request(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		fail(path);
	fseek(file, 0, SEEK_END);
	request_bytes = ftell(file);
	rewind(file);
	request = malloc(request_bytes + 1);
	if (fread(request, 1, request_bytes, file) != request_bytes)
		fail(path);
	request[request_bytes] = 0;
	for (char *at = request; (at = strstr(at, "############")) && mark_count < 16; at += MARK_BYTES)
		marks[mark_count++] = at - request;
	fclose(file);
}

static void start(struct connection *c)
{
	char number[MARK_BYTES + 1];
	snprintf(number, sizeof(number), "%012llu", asked++ % 1000000000000ULL);
	for (size_t i = 0; i < mark_count; i++)
		memcpy(c->request + marks[i], number, MARK_BYTES);
	c->sent = 0;
	c->head_bytes = 0;
	c->left = -1;
	c->since = now_ms();
}

static void send_more(struct connection *c)
{
	while (c->sent < request_bytes) {
		ssize_t n = send(c->fd, c->request + c->sent, request_bytes - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			fail("send");
		c->sent += n;
	}
}

/* Finds the end of the head, if it has arrived, and the length of the body. */
static void read_head(struct connection *c)
{
	c->head[c->head_bytes] = 0;
	char *end = strstr(c->head, "\r\n\r\n");
	if (!end) {
		if (c->head_bytes == HEAD_BYTES - 1)
			fail("the head of an answer is too long");
		return;
	}
	if (strncmp(c->head, "HTTP/1.1 200 ", 13)) {
		fprintf(stderr, "load: %.400s\n", c->head);
		exit(1);
	}
	char *length = strcasestr(c->head, "\r\ncontent-length:");
	if (!length || length > end) {
		fprintf(stderr, "load: an answer without its length: %.200s\n", c->head);
		exit(1);
	}
	c->left = atoll(length + 17) - (long long)(c->head_bytes - (end + 4 - c->head));
}

static void receive(struct connection *c)
{
	static char body[1 << 18];
	for (;;) {
		char *to = c->left < 0 ? c->head + c->head_bytes : body;
		size_t most = c->left < 0 ? HEAD_BYTES - 1 - c->head_bytes : sizeof(body);
		ssize_t n = recv(c->fd, to, most, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			fail("receive");
		if (c->left < 0) {
			c->head_bytes += n;
			read_head(c);
		} else {
			c->left -= n;
		}
		if (c->left == 0) {
			double took = now_ms() - c->since;
			if (took > slowest)
				slowest = took;
			answered++;
			start(c);
			send_more(c);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: load PORT CONNECTIONS MILLISECONDS REQUEST\n");
		return 2;
	}
	int count = atoi(argv[2]);
	read_request(argv[4]);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int poll = epoll_create1(0);
	struct connection *all = calloc(count, sizeof(*all));
	for (int i = 0; i < count; i++) {
		struct connection *c = &all[i];
		int one = 1;
		c->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)))
			fail("connect");
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		c->request = malloc(request_bytes);
		memcpy(c->request, request, request_bytes);
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
		/* Nonblocking from here on. */
		if (fcntl(c->fd, F_SETFL, O_NONBLOCK))
			fail("fcntl");
		start(c);
		if (epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event))
			fail("epoll_ctl");
	}
	double began = now_ms(), until = began + atof(argv[3]);
	while (now_ms() < until) {
		struct epoll_event events[64];
		int n = epoll_wait(poll, events, 64, 100);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			if (events[i].events & EPOLLOUT)
				send_more(c);
			if (events[i].events & EPOLLIN)
				receive(c);
		}
	}
	printf("%llu %.3f %.3f\n", answered, now_ms() - began, slowest);
	return 0;
}
