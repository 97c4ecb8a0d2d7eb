// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frontend.c: the frontend's folder, and the event channels that it offers.
 *
 * The folder's place comes from the backend's own folder, which a guest cannot
 * write to.  What is in it is the guest's: see fe.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devd/devd.h"
#include "devd/fe.h"

int frontend_read(void *arg, const char *name, char *buf)
{
	struct dev *dev = arg;
	size_t len;
	char *value, path[DEV_PATH + FE_VALUE + 1];
	int rc;

	if (!dev->devd->xs)
		return -ENOTCONN;
	snprintf(path, sizeof(path), "%s/%s", dev->frontend, name);
	rc = xsc_read(dev->devd->xs, XSC_NO_TX, path, &value, &len);
	if (rc)
		return rc;
	/* Some write the terminating NUL with it. */
	while (len && !value[len - 1])
		len--;
	if (len >= FE_VALUE || memchr(value, 0, len))
		rc = -EINVAL;
	else
		memcpy(buf, value, len + 1);
	if (!rc)
		buf[len] = 0;
	free(value);
	return rc;
}

void frontend_read_state(struct dev *dev)
{
	char text[FE_VALUE];
	enum xb_state s;
	int rc = frontend_read(dev, "state", text);

	if (rc == -ENOENT) {
		dev->fe = XB_GONE;
		return;
	}
	if (rc)
		return;
	s = sm_parse_state(text);
	if (s < XB_STATES)
		dev->fe = s;
}

/* Replaces the frontend's ports in dev->conn by local ones. */
int frontend_bind(struct dev *dev, struct fail *fail)
{
	uint32_t *at[DEV_MAX_PORTS];
	unsigned int i, n = dev->ops->ports(dev, at);
	int port;

	dev->linked = true;
	dev->nr_ports = 0;
	for (i = 0; i < n; i++) {
		port = dev->devd->ports->bind(dev->evtchn, dev->domid, *at[i]);
		if (port < 0) {
			frontend_unbind(dev);
			return fail_errno(fail, port,
					  "cannot bind the frontend's event channel %u",
					  *at[i]);
		}
		*at[i] = (uint32_t)port;
		dev->port[dev->nr_ports++] = (uint32_t)port;
	}
	return 0;
}

void frontend_unbind(struct dev *dev)
{
	while (dev->linked && dev->nr_ports)
		dev->devd->ports->unbind(dev->evtchn,
					 dev->port[--dev->nr_ports]);
	dev->linked = dev->established = dev->unsure = false;
}
