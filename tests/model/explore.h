/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walk all states of a naive reference, breadth first, with the real thing
 * beside it.  A state is reached by replaying the operations that led to it
 * from the start; from each one every operation is tried once.  Failures
 * print the operations and abort.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct explore {
	const char *name;
	size_t size; /* of a reference's state, compared byte for byte */
	unsigned int ops;
	unsigned int max_depth, max_states;
	/* Bring the real thing to the start, and the reference's state. */
	void (*start)(void *state);
	/* One operation on both; false if results differ. */
	bool (*step)(void *state, unsigned int op);
	/* All that can be seen; NULL or what differs. */
	const char *(*compare)(const void *state);
	/* Take apart what the path has made; NULL or what was left. */
	const char *(*finish)(void *state);
	void (*describe)(unsigned int op, char *buf, size_t size);
};

#define EXPLORE_DEPTH 16

struct explore_node {
	uint32_t parent, hash_next;
	uint8_t op, depth;
};

static struct explore_node *explore_nodes;
static uint8_t *explore_states;
static uint32_t *explore_hash;
static unsigned int explore_count;
#define EXPLORE_HASH (1U << 18)

static inline uint32_t explore_hash_of(const struct explore *x, const void *s)
{
	const uint8_t *p = s;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < x->size; i++)
		h = (h ^ p[i]) * 16777619U;
	return h % EXPLORE_HASH;
}

static inline bool explore_add(const struct explore *x, const void *s,
			       uint32_t parent, unsigned int op,
			       unsigned int depth)
{
	uint32_t h = explore_hash_of(x, s), i;

	for (i = explore_hash[h]; i; i = explore_nodes[i - 1].hash_next)
		if (!memcmp(explore_states + (i - 1) * x->size, s, x->size))
			return false;
	if (explore_count == x->max_states)
		return false;
	memcpy(explore_states + explore_count * x->size, s, x->size);
	explore_nodes[explore_count] = (struct explore_node){
		.parent = parent, .op = (uint8_t)op, .depth = (uint8_t)depth,
		.hash_next = explore_hash[h],
	};
	explore_hash[h] = ++explore_count;
	return true;
}

static inline void explore_fail(const struct explore *x, const char *why,
				const uint8_t *path, unsigned int n)
{
	char text[80];

	fprintf(stderr, "%s: %s after:\n", x->name, why);
	for (unsigned int i = 0; i < n; i++) {
		x->describe(path[i], text, sizeof(text));
		fprintf(stderr, "\t%s\n", text);
	}
	abort();
}

/* From the start along @path; the last operation's result is compared too. */
static inline void explore_run(const struct explore *x, void *s,
			       const uint8_t *path, unsigned int n, void *end)
{
	const char *bad;

	x->start(s);
	for (unsigned int i = 0; i < n; i++)
		if (!x->step(s, path[i]))
			explore_fail(x, "results differ", path, i + 1);
	bad = x->compare(s);
	if (bad)
		explore_fail(x, bad, path, n);
	memcpy(end, s, x->size);
	bad = x->finish(s);
	if (bad)
		explore_fail(x, bad, path, n);
}

static inline unsigned int explore_path(uint32_t node, uint8_t *path)
{
	unsigned int n = explore_nodes[node].depth;

	for (unsigned int i = n; i-- > 0; node = explore_nodes[node].parent)
		path[i] = explore_nodes[node].op;
	return n;
}

/* Returns how many paths were run. */
static inline unsigned long explore(const struct explore *x)
{
	uint8_t path[EXPLORE_DEPTH + 1];
	void *s = calloc(1, x->size), *end = calloc(1, x->size);
	unsigned long runs = 0;
	unsigned int deepest = 0;

	explore_nodes = calloc(x->max_states, sizeof(*explore_nodes));
	explore_states = calloc(x->max_states, x->size);
	explore_hash = calloc(EXPLORE_HASH, sizeof(*explore_hash));
	explore_count = 0;
	explore_run(x, s, path, 0, end);
	explore_add(x, end, 0, 0, 0);
	for (uint32_t i = 0; i < explore_count; i++) {
		unsigned int n = explore_path(i, path);

		deepest = n;
		for (unsigned int op = 0; n < x->max_depth && op < x->ops;
		     op++) {
			path[n] = (uint8_t)op;
			explore_run(x, s, path, n + 1, end);
			runs++;
			explore_add(x, end, i, op, n + 1);
		}
	}
	printf("%s: %u states, %u deep, %lu transitions\n", x->name,
	       explore_count, deepest, runs);
	free(explore_nodes);
	free(explore_states);
	free(explore_hash);
	free(s);
	free(end);
	return runs;
}

#endif
