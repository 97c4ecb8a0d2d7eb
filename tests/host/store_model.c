/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_model.c: every sequence of operations up to a length, on few paths, by
 * two transactions and one client outside any, against a naive reference.
 *
 * The reference keeps whole states as small arrays.  A transaction there is a
 * copy of the state and a list of what was done and answered.  Required:
 *  - every answer of the store is the reference's;
 *  - a commit that succeeds is one where doing the same again on the current
 *    state gives the same answers, and leaves the state that results;
 *  - a commit fails only if somebody changed something since the start;
 *  - content, children and accounts agree at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/txn.h"
#include "store_fixture.h"

/* Paths; parents before children.  Index 0 is the root. */
static const char *const path[] = { "/", "/a", "/a/b", "/a/c", "/d" };
static const int parent[] = { -1, 0, 1, 1, 0 };
#define PATHS 5

struct state {
	char value[PATHS];	/* 0: absent, '-': empty */
};

enum verb { V_WRITE, V_RM, V_READ, V_DIR, V_START, V_COMMIT, V_ABORT };

struct op {
	enum verb verb;
	int p;
	char v;
};

static const struct op ops[] = {
	{ V_WRITE, 1, '1' }, { V_WRITE, 2, '2' }, { V_WRITE, 4, '4' },
	{ V_RM, 1, 0 },	     { V_RM, 2, 0 },	  { V_READ, 2, 0 },
	{ V_DIR, 1, 0 },     { V_WRITE, 3, '3' }, { V_START, 0, 0 },
	{ V_COMMIT, 0, 0 },  { V_ABORT, 0, 0 },
};
#define OPS ((int)(sizeof(ops) / sizeof(ops[0])))

#define ACTORS 3		/* 0 is outside any transaction */
#define DEPTH_MAX 8

struct done {
	const struct op *op;
	int answer;
};

struct ref_txn {
	bool open;
	bool disturbed;		/* the store changed since its start */
	struct state view;
	struct done log[DEPTH_MAX];
	int count;
};

struct world {
	struct state now;
	struct ref_txn txn[ACTORS];
};

/* ---- the reference ---- */

static void ref_create(struct state *s, int p)
{
	if (s->value[p])
		return;
	ref_create(s, parent[p]);
	s->value[p] = '-';
}

static void ref_remove(struct state *s, int p)
{
	int i;

	s->value[p] = 0;
	for (i = 1; i < PATHS; i++)
		if (parent[i] == p)
			ref_remove(s, i);
}

/* Does it and says what the answer is: -errno, a value, a set of children. */
static int ref_do(struct state *s, const struct op *op)
{
	int i, set = 0;

	switch (op->verb) {
	case V_WRITE:
		ref_create(s, op->p);
		s->value[op->p] = op->v;
		return 0;
	case V_RM:
		if (!s->value[op->p])
			return s->value[parent[op->p]] ? 0 : -ENOENT;
		ref_remove(s, op->p);
		return 0;
	case V_READ:
		return s->value[op->p] ? s->value[op->p] : -ENOENT;
	default:
		if (!s->value[op->p])
			return -ENOENT;
		for (i = 1; i < PATHS; i++)
			if (parent[i] == op->p && s->value[i])
				set |= 1 << i;
		return set;
	}
}

/* Whether the transaction could have run now instead; *@s becomes the result.
 */
static bool ref_replay(const struct ref_txn *t, struct state *s)
{
	int i;

	for (i = 0; i < t->count; i++)
		if (ref_do(s, t->log[i].op) != t->log[i].answer)
			return false;
	return true;
}

/* ---- the store ---- */

static int dir_set(const struct fx_reply *r)
{
	const char *name[PATHS];
	int i, j, set = 0, n = xs_split(r->body, r->len, name, PATHS);

	for (i = 0; i < n; i++)
		for (j = 1; j < PATHS; j++)
			if (!strcmp(strrchr(path[j], '/') + 1, name[i]) &&
			    parent[j] == 1)
				set |= 1 << j;
	return set;
}

static int store_do(struct client *c, uint32_t tx, const struct op *op)
{
	char value[2] = { op->v, 0 };
	struct fx_reply r;
	const char *p = path[op->p];

	switch (op->verb) {
	case V_WRITE:
		return fx_write(c, tx, p, value);
	case V_RM:
		return fx_rm(c, tx, p);
	case V_READ:
		fx_request(c, XS_READ, tx, p, strlen(p) + 1, &r);
		return r.err ? r.err : r.len ? r.body[0] : '-';
	default:
		return fx_dir(c, tx, p, &r) ? r.err : dir_set(&r);
	}
}

/* ---- both ---- */

static int seq_op[DEPTH_MAX], seq_actor[DEPTH_MAX];
static unsigned long sequences, commits, conflicts, spurious;

static void explain(int n)
{
	int i;

	for (i = 0; i < n; i++)
		fprintf(stderr, "  actor %d: verb %d path %s\n", seq_actor[i],
			ops[seq_op[i]].verb, path[ops[seq_op[i]].p]);
}

static void require(bool ok, const char *what, int n)
{
	if (ok)
		return;
	fprintf(stderr, "model: %s, after:\n", what);
	explain(n);
	exit(1);
}

static void compare(struct fx *fx, const struct state *want, int n)
{
	const struct node *node;
	int i, nodes = 2;	/* /tool and what is below */

	for (i = 0; i < PATHS; i++) {
		node = tree_find(&fx->s.tree, path[i], strlen(path[i]));
		require(!!node == !!want->value[i], "wrong set of nodes", n);
		if (!node)
			continue;
		nodes++;
		require((node->value && node->value->len ?
				 node->value->data[0] :
				 '-') == want->value[i],
			"wrong value", n);
	}
	require(store_domain(&fx->s, 0)->nodes == nodes, "wrong account", n);
}

static void disturb(struct world *w, int actor)
{
	int i;

	for (i = 1; i < ACTORS; i++)
		if (i != actor)
			w->txn[i].disturbed = true;
}

static void end_txn(struct world *w, struct client *c, uint32_t tx, int actor,
		    bool commit, int n)
{
	struct ref_txn *t = &w->txn[actor];
	struct state result = w->now;
	bool could = ref_replay(t, &result);
	int rc;

	t->open = false;
	if (!commit) {
		rc = fx_call(c, XS_TRANSACTION_END, tx, "F", 2);
		require(rc == 0, "an abort fails", n);
		return;
	}
	rc = fx_commit(c, tx);
	require(rc == 0 || rc == -EAGAIN, "odd answer of a commit", n);
	if (rc == 0) {
		require(could, "a commit that is not serial", n);
		w->now = result;
		commits++;
		disturb(w, actor);
	} else {
		require(t->disturbed, "a commit fails without reason", n);
		conflicts++;
		spurious += could;
	}
}

/* Runs the first @n steps; false if the last one makes no sense there. */
static bool run(int n)
{
	struct fx fx;
	struct world w = { 0 };
	struct client *c;
	uint32_t tx[ACTORS] = { 0 };
	bool sense = true;
	int i;

	fx_init(&fx);
	c = fx_socket(&fx);
	w.now.value[0] = '-';
	for (i = 0; i < n && sense; i++) {
		const struct op *op = &ops[seq_op[i]];
		int actor = seq_actor[i], got, want;
		struct ref_txn *t = &w.txn[actor];

		if (op->verb == V_START) {
			sense = actor && !t->open;
			if (!sense)
				break;
			*t = (struct ref_txn){ .open = true, .view = w.now };
			tx[actor] = fx_tx(c);
			continue;
		}
		sense = op->verb < V_START ? !actor || t->open : t->open;
		if (!sense)
			break;
		if (op->verb > V_START) {
			end_txn(&w, c, tx[actor], actor, op->verb == V_COMMIT,
				i + 1);
			continue;
		}
		want = ref_do(actor ? &t->view : &w.now, op);
		got = store_do(c, actor ? tx[actor] : 0, op);
		require(got == want, "wrong answer", i + 1);
		if (actor)
			t->log[t->count++] = (struct done){ op, want };
		else if (op->verb == V_WRITE || op->verb == V_RM)
			disturb(&w, 0);
	}
	if (sense) {
		sequences++;
		compare(&fx, &w.now, n);
	}
	fx_end(&fx);
	return sense;
}

static void explore(int n, int depth)
{
	for (seq_actor[n] = 0; seq_actor[n] < ACTORS; seq_actor[n]++)
		for (seq_op[n] = 0; seq_op[n] < OPS; seq_op[n]++)
			if (run(n + 1) && n + 1 < depth)
				explore(n + 1, depth);
}

/* Longer sequences, at random. */
static void sample(unsigned long count)
{
	unsigned int seed = 4711;
	int n;

	while (count--) {
		for (n = 0; n < DEPTH_MAX; n++) {
			do {
				seq_actor[n] = rand_r(&seed) % ACTORS;
				seq_op[n] = rand_r(&seed) % OPS;
			} while (!run(n + 1));
		}
	}
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 4;

	if (depth < 1 || depth > DEPTH_MAX) {
		fprintf(stderr, "depth 1..%d\n", DEPTH_MAX);
		return 2;
	}
	explore(0, depth);
	sample(2000);
	printf("store_model: %lu sequences to depth %d and beyond, %lu commits, %lu refused (%lu that could have been)\n",
	       sequences, depth, commits, conflicts, spurious);
	return 0;
}
