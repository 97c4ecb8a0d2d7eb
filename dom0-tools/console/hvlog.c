/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvlog.c: the hypervisor's log, copied to a file as it is written.
 *
 * The hypervisor keeps a ring; `hv_index` is how far it was read, and only
 * what is newer is fetched.
 */
#include "console/daemon.h"

#include <abi/core.h>
#include <abi/sysctl.h>
#include <errno.h>
#include <string.h>

#include "lib/hv.h"
#include "lib/log.h"

#define PIECE 16384u

int hvlog_open(struct daemon *d)
{
	int rc, port;

	rc = logfile_open(&d->hv_log, d->o.log_dir, "hypervisor", "");
	if (rc)
		return rc;
	port = hv_evtchn_bind_virq(d->hv, VIRQ_CON_RING);
	if (port < 0)
		return port;
	d->hv_port = (uint32_t)port;
	hvlog_read(d);
	return 0;
}

void hvlog_read(struct daemon *d)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
	char *buf = hv_buf_alloc(d->hv, PIECE);
	uint32_t got;
	int rc;

	if (!buf) {
		log_err("no memory to read the hypervisor's log");
		return;
	}
	do {
		op.u.readconsole.clear = 0;
		op.u.readconsole.incremental = 1;
		op.u.readconsole.index = d->hv_index;
		op.u.readconsole.buffer.p = buf;
		op.u.readconsole.count = PIECE;
		rc = hv_sysctl(d->hv, &op);
		got = rc ? 0 : op.u.readconsole.count;
		if (got > PIECE)
			got = PIECE;
		if (!rc)
			d->hv_index = op.u.readconsole.index;
		logfile_write(&d->hv_log, &d->o.hv_style, buf, got);
	} while (got == PIECE);
	if (rc)
		log_err("cannot read the hypervisor's log: %s", strerror(-rc));
	hv_buf_free(d->hv, buf, PIECE);
}
