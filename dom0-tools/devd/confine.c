// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine.c: becoming another program with little of root's rights: the server
 * of an image, which reads what a guest has written.
 *
 * It keeps the right to open any file, because the files that an image's chain
 * names may belong to anybody; but where the kernel has Landlock (Debian's
 * have) it opens none for writing but the image's own, and makes, renames and
 * removes none.  No state.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "devd/devd.h"

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

int confine_main(const char *uid_text, const char *writable, char **argv)
{
	uint32_t uid;
	int rc;

	if (xs_parse_u32(uid_text, INT32_MAX, &uid))
		return 2;
	rc = drop_rights(uid);
	if (!rc)
		rc = fence(writable);
	if (rc) {
		fprintf(stderr, "cannot give up root's rights: %s\n",
			strerror(-rc));
		return 1;
	}
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	return 1;
}
