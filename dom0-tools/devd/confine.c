// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine.c: becoming another program with little of root's rights: the server
 * of an image, which reads what a guest has written.
 *
 * It keeps the right to open any file, because the files that an image's chain
 * names may belong to anybody; but where the kernel has Landlock (Debian's
 * have) it opens none for writing but the image's own, and makes, renames and
 * removes none.  It has no network, no other process and, by a filter of
 * system calls (confine_calls.c), no way to start one.  No state.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "devd/confine.h"
#include "lib/xs_proto.h"

#define MAX_FILES 256		/* a chain of images is shorter */
#define MAX_THREADS 256		/* its pool has 64 */

#define ABI_TRUNCATE 3		/* the version that knows of truncation */
#define FS_TRUNCATE (1ull << 14)
#define FS_WRITE LANDLOCK_ACCESS_FS_WRITE_FILE
#define FS_CHANGE (LANDLOCK_ACCESS_FS_REMOVE_DIR | \
		   LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		   LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		   LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
		   LANDLOCK_ACCESS_FS_MAKE_FIFO | \
		   LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Allows @rights to @path, a file or all that is in a folder. */
static int allow(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	int rc;

	if (rule.parent_fd < 0)
		return -errno;
	rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		     &rule, 0) ? -errno : 0;
	close(rule.parent_fd);
	return rc;
}

/* Nothing can be written to any more but @writable ("": nothing at all). */
static int fence(const char *writable)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t write = FS_WRITE | (abi < ABI_TRUNCATE ? 0 : FS_TRUNCATE);
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = write | FS_CHANGE,
	};
	int rules, rc;

	if (abi < 1)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr,
			     sizeof(attr.handled_access_fs), 0);
	if (rules < 0)
		return -errno;
	/* QEMU tries there whether the kernel has the locks that it wants. */
	rc = allow(rules, "/dev/null", write);
	if (!rc && *writable)
		rc = allow(rules, writable, write);
	if (!rc && syscall(SYS_landlock_restrict_self, rules, 0))
		rc = -errno;
	close(rules);
	return rc;
}

/* Root's rights but one go, and none comes back. */
static int drop_rights(uint32_t uid)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1u << CAP_DAC_OVERRIDE,
		  .permitted = 1u << CAP_DAC_OVERRIDE,
		  .inheritable = 1u << CAP_DAC_OVERRIDE },
	};

	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) ||
	    setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
	    syscall(SYS_capset, &head, data) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0,
		  0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* An empty network, no shared memory with anybody.  What it listens on and what
 * it was given open stay. */
static int leave_namespaces(void)
{
	static const int kinds[] = { CLONE_NEWNET, CLONE_NEWIPC,
				     CLONE_NEWUTS };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		/* EINVAL: a kernel that was built without this kind. */
		if (unshare(kinds[i]) && errno != EINVAL)
			return -errno;
	return 0;
}

static int limit(int what, rlim_t most)
{
	struct rlimit r = { most, most };

	return setrlimit(what, &r) ? -errno : 0;
}

static int set_limits(void)
{
	int rc = limit(RLIMIT_CORE, 0);

	if (!rc)
		rc = limit(RLIMIT_NOFILE, MAX_FILES);
	if (!rc)
		rc = limit(RLIMIT_NPROC, MAX_THREADS);
	return rc;
}

bool confine_find(const char *program, char path[128])
{
	static const char *const dirs[] = { "/usr/local/bin/", "/usr/bin/",
					    "/bin/", "/usr/sbin/", "" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (*program == '/' && *dirs[i])
			continue;
		if (snprintf(path, 128, "%s%s", dirs[i], program) < 128 &&
		    *path == '/' && !access(path, X_OK))
			return true;
	}
	return false;
}

/* The program's path in a place of its own, which nobody can guess after it
 * has become the program. */
static char *place(const char *program)
{
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	if (!confine_find(program, at)) {
		munmap(at, 4096);
		errno = ENOENT;
		return NULL;
	}
	return at;
}

int confine_main(const char *uid_text, const char *writable, char **argv)
{
	char *program = place(argv[0]);
	uint32_t uid;
	int rc;

	if (xs_parse_u32(uid_text, INT32_MAX, &uid))
		return 2;
	if (!program) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		return 1;
	}
	rc = leave_namespaces();
	if (!rc)
		rc = drop_rights(uid);
	if (!rc)
		rc = fence(writable);
	if (!rc)
		rc = set_limits();
	if (!rc)
		rc = confine_calls(program);
	if (rc) {
		fprintf(stderr, "cannot give up root's rights: %s\n",
			strerror(-rc));
		return 1;
	}
	execv(program, argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	return 1;
}
