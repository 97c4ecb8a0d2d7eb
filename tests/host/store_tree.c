/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_tree.c: tests of the shared tree: versions do not disturb each other,
 * its shape stays right, and nothing leaks (the sanitizer counts).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <abi/io/xs_wire.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/tree.h"

static const struct perm owner = { 0, 0, 0 };

static void begin(struct tree *t)
{
	struct perms *p = perms_new(&owner, 1);

	assert_int_equal(tree_init(t, p, 1), 0);
	perms_put(p);
}

static int create(struct tree *t, const char *path, const char *value)
{
	struct perms *p = perms_new(&owner, 1);
	struct blob *b = blob_new(value, strlen(value));
	int rc = tree_create(t, path, strlen(path), p, b, 2);

	perms_put(p);
	blob_put(b);
	return rc;
}

static int set(struct tree *t, const char *path, const char *value)
{
	struct blob *b = blob_new(value, strlen(value));
	int rc = tree_set_value(t, path, strlen(path), b, 3);

	blob_put(b);
	return rc;
}

static bool is(const struct tree *t, const char *path, const char *value)
{
	const struct node *n = tree_find(t, path, strlen(path));

	return n && n->value && n->value->len == strlen(value) &&
	       !memcmp(n->value->data, value, n->value->len);
}

static void test_basics(void **state)
{
	struct tree t;
	size_t found;

	(void)state;
	begin(&t);
	assert_int_equal(create(&t, "/a", "1"), 0);
	assert_int_equal(create(&t, "/a", "1"), -EEXIST);
	assert_int_equal(create(&t, "/x/y", "1"), -ENOENT);
	assert_int_equal(create(&t, "/a/b", "2"), 0);
	assert_int_equal(set(&t, "/a/c", "2"), -ENOENT);
	assert_int_equal(set(&t, "/a/b", "3"), 0);
	assert_true(is(&t, "/a/b", "3"));
	assert_null(tree_find(&t, "/a/bb", 5));
	tree_find_nearest(&t, "/a/q/r", 6, &found);
	assert_int_equal(found, 2);
	tree_find_nearest(&t, "/q", 2, &found);
	assert_int_equal(found, 1);
	assert_int_equal(tree_remove(&t, "/", 1, 4), -EINVAL);
	assert_int_equal(tree_remove(&t, "/q", 2, 4), -ENOENT);
	assert_int_equal(tree_remove(&t, "/a", 2, 4), 0);
	assert_null(tree_find(&t, "/a/b", 4));
	assert_int_equal(t.root->kid_count, 0);
	assert_int_equal(t.root->kid_bytes, 0);
	tree_free(&t);
}

static void test_versions(void **state)
{
	struct tree t, old, older;

	(void)state;
	begin(&t);
	create(&t, "/a", "1");
	create(&t, "/a/b", "1");
	tree_share(&older, &t);
	set(&t, "/a/b", "2");
	create(&t, "/a/c", "2");
	tree_share(&old, &t);
	tree_remove(&t, "/a/b", 4, 5);
	set(&t, "/a/c", "3");
	assert_true(is(&older, "/a/b", "1"));
	assert_null(tree_find(&older, "/a/c", 4));
	assert_true(is(&old, "/a/b", "2"));
	assert_true(is(&old, "/a/c", "2"));
	assert_null(tree_find(&t, "/a/b", 4));
	assert_true(is(&t, "/a/c", "3"));
	tree_free(&t);
	assert_true(is(&old, "/a/c", "2"));
	tree_free(&older);
	tree_free(&old);
}

/* A change copies what is on the way and shares the rest. */
static void test_costs_what_it_touches(void **state)
{
	const struct node *before, *after;
	struct tree t, old;
	char path[32];
	int i, shared = 0;

	(void)state;
	begin(&t);
	for (i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "/n%d", i);
		create(&t, path, "v");
	}
	tree_share(&old, &t);
	set(&t, "/n5000", "w");
	for (i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "/n%d", i);
		before = tree_find(&old, path, strlen(path));
		after = tree_find(&t, path, strlen(path));
		shared += before == after;
	}
	/* Expected depth is about 2 ln n = 18; 80 is far out. */
	assert_true(shared > 10000 - 80);
	assert_true(shared < 10000);
	tree_free(&old);
	tree_free(&t);
}

static int add_name(const struct node *kid, void *arg)
{
	strcat(arg, kid->name);
	strcat(arg, " ");
	return 0;
}

static void test_order(void **state)
{
	static const char *const names[] = { "/b", "/10", "/a", "/2", "/ab",
					     "/1", "/2x" };
	char all[64] = "";
	struct tree t;
	size_t i;

	(void)state;
	begin(&t);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		create(&t, names[i], "");
	tree_each_kid(t.root, add_name, all);
	assert_string_equal(all, "1 2 10 2x a ab b ");
	tree_free(&t);
}

struct sum {
	unsigned int nodes;
};

static int count(const struct node *n, const char *path, size_t len, void *arg)
{
	struct sum *s = arg;

	(void)n;
	assert_int_equal(strlen(path), len);
	s->nodes++;
	return 0;
}

/* The longest chain that a path can name, walked and freed. */
static void test_depth(void **state)
{
	char path[XENSTORE_ABS_PATH_MAX], buf[XENSTORE_ABS_PATH_MAX] = "/";
	struct sum sum = { 0 };
	struct tree t;
	size_t len;

	(void)state;
	begin(&t);
	for (len = 2; len < sizeof(path) - 1; len += 2) {
		memcpy(path + len - 2, "/d", 3);
		assert_int_equal(create(&t, path, "v"), 0);
	}
	tree_walk(t.root, buf, 1, count, &sum);
	assert_int_equal(sum.nodes, (len - 2) / 2 + 1);
	sum.nodes = 0;
	tree_walk_down(t.root, buf, 1, count, &sum);
	assert_int_equal(sum.nodes, (len - 2) / 2 + 1);
	assert_int_equal(tree_remove(&t, "/d", 2, 9), 0);
	tree_free(&t);
}

/* Heap order of priorities and sort order of names, in every version. */
static void check_shape(const struct node *n)
{
	if (!n)
		return;
	if (n->left)
		assert_true(n->left->prio <= n->prio);
	if (n->right)
		assert_true(n->right->prio <= n->prio);
	check_shape(n->left);
	check_shape(n->right);
	check_shape(n->kids);
}

#define NAMES 40
#define VERSIONS 6

/* Random changes to several versions against plain arrays. */
static void test_random(void **state)
{
	char want[VERSIONS][NAMES] = { { 0 } }, path[16], value[2] = "";
	struct tree t[VERSIONS];
	unsigned int seed = 12345, i, v, n;
	bool have;

	(void)state;
	begin(&t[0]);
	for (v = 1; v < VERSIONS; v++)
		tree_share(&t[v], &t[0]);
	for (i = 0; i < 60000; i++) {
		v = (unsigned int)rand_r(&seed) % VERSIONS;
		n = (unsigned int)rand_r(&seed) % NAMES;
		snprintf(path, sizeof(path), "/k%u", n);
		have = tree_find(&t[v], path, strlen(path)) != NULL;
		assert_int_equal(have, want[v][n] != 0);
		value[0] = (char)('a' + rand_r(&seed) % 26);
		switch (rand_r(&seed) % 8) {
		case 0 ... 2:
			assert_int_equal(create(&t[v], path, value),
					 have ? -EEXIST : 0);
			if (!have)
				want[v][n] = value[0];
			break;
		case 3 ... 5:
			assert_int_equal(
				tree_remove(&t[v], path, strlen(path), i),
				have ? 0 : -ENOENT);
			want[v][n] = 0;
			break;
		case 6:
			assert_int_equal(set(&t[v], path, value),
					 have ? 0 : -ENOENT);
			if (have)
				want[v][n] = value[0];
			break;
		default:
			if (rand_r(&seed) % 8)
				break;
			n = (unsigned int)rand_r(&seed) % VERSIONS;
			if (n == v)
				break;
			tree_free(&t[n]);
			tree_share(&t[n], &t[v]);
			memcpy(want[n], want[v], NAMES);
		}
	}
	for (v = 0; v < VERSIONS; v++) {
		check_shape(t[v].root->kids);
		for (n = 0; n < NAMES; n++) {
			snprintf(path, sizeof(path), "/k%u", n);
			value[0] = want[v][n];
			if (value[0])
				assert_true(is(&t[v], path, value));
		}
		tree_free(&t[v]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_costs_what_it_touches),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
