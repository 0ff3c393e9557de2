/*
 * The yardstick of the scan: makes the calls of a plan PASSES times. For each pass, prints its milliseconds, its
 * milliseconds of processor time, and the number of calls that found something.
 *
 *   scan PLAN PASSES
 *
 * A plan has a line for each call: a letter and a path. The letters are those of take_scan.ts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int read_file(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n;
	while ((n = read(fd, text, sizeof text)) > 0)
		;
	close(fd);
	return n == 0;
}

static int list_directory(const char *path)
{
	DIR *dir = opendir(path);
	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		;
	closedir(dir);
	return 1;
}

static int call(char letter, const char *path)
{
	char text[PATH_MAX];
	struct stat st;

	switch (letter) {
	case 'f': return read_file(path);
	case 'd': return list_directory(path);
	case 'l': return readlink(path, text, sizeof text) >= 0;
	case 'p': return realpath(path, text) != NULL;
	case 's': return stat(path, &st) == 0;
	case 'i': return lstat(path, &st) == 0;
	}
	fprintf(stderr, "scan: no call has the letter %c\n", letter);
	exit(1);
}

static double now_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* The lines of a file, each ended by a NUL, followed by an empty one. */
static char *read_plan(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	if (file == NULL || fstat(fileno(file), &st) != 0) {
		perror(path);
		exit(1);
	}
	char *plan = calloc(1, st.st_size + 1);
	if (plan == NULL || fread(plan, 1, st.st_size, file) != (size_t)st.st_size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	for (char *c = plan; *c != '\0'; c++)
		if (*c == '\n')
			*c = '\0';
	return plan;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "Usage: scan PLAN PASSES\n");
		return 2;
	}
	char *plan = read_plan(argv[1]);
	for (int pass = atoi(argv[2]); pass > 0; pass--) {
		double start = now_ms(CLOCK_MONOTONIC);
		double used = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		int found = 0;
		for (char *line = plan; *line != '\0'; line += strlen(line) + 1)
			found += call(line[0], line + 2);
		printf("%.3f %.3f %d\n", now_ms(CLOCK_MONOTONIC) - start,
		       now_ms(CLOCK_PROCESS_CPUTIME_ID) - used, found);
	}
	return 0;
}
