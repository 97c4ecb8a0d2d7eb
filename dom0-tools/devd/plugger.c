// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plugger.c: both sides of the plugger: the daemon's, which queues orders, and
 * the process that carries them out.
 *
 * State: devd->plug.  The first order of the queue is the only one that the
 * process has, so the socket never fills; when the process dies, that order
 * has failed, and the next starts another process.  The process ends at the
 * end of its socket, after what it had begun; the one of the next worker waits
 * for it, by a lock on a file.
 */
#include "devd/plugger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"

enum { PLUG_IN = 200, PLUG_OUT, PLUG_DONE };

struct plug_msg {
	struct bp_head head;
	struct hostnet_vif vif;		/* its strings are here: */
	char bridge[32], gatewaydev[32], hostname[64];
};

struct plug_answer {
	struct bp_head head;
	int32_t rc;
	char text[1024];
};

struct plug_order {
	struct plug_order *next;
	struct dev *dev;	/* NULL: nobody waits */
	bool sent;
	struct plug_msg msg;
};

/* ---- the daemon's side ---- */

static void send_next(struct devd *d);

static struct plug_order *take_first(struct plugger *p)
{
	struct plug_order *o = p->first;

	p->first = o->next;
	if (!p->first)
		p->last = &p->first;
	return o;
}

/* The first order is carried out, or cannot be. */
static void done(struct devd *d, int rc, const char *text)
{
	struct plug_order *o = take_first(&d->plug);
	struct dev *dev = o->dev;
	struct fail fail = { 0 };

	if (rc)
		fail_set(&fail, rc, "%s", text);
	if (rc && !dev)
		log_warn("%s: %s", o->msg.vif.name, text);
	free(o);
	if (!dev)
		return;
	dev->card.plugging = NULL;
	card_plugged(dev, rc ? &fail : NULL);
}

static void hang_up(struct devd *d)
{
	if (d->plug.sock < 0)
		return;
	ev_io_del(d->loop, &d->plug.io);
	close(d->plug.sock);
	d->plug.sock = -1;
}

static void on_answer(struct ev_io *io, uint32_t revents)
{
	struct devd *d = container_of(io, struct devd, plug.io);
	struct plug_answer a;
	int n, len = bp_recv(d->plug.sock, &a, sizeof(a), NULL, 0, &n);

	(void)revents;
	if (len == -EAGAIN || len == -EINTR)
		return;
	if (len != (int)sizeof(a) || a.head.type != PLUG_DONE ||
	    !d->plug.first || !d->plug.first->sent) {
		/* Its end is reported, and answers what it had. */
		hang_up(d);
		proc_kill(&d->plug.proc);
		return;
	}
	a.text[sizeof(a.text) - 1] = 0;
	done(d, a.rc < 0 ? a.rc : 0, a.text);
	send_next(d);
}

static void on_end(struct proc *p, int status)
{
	struct devd *d = container_of(p, struct devd, plug.proc);
	char how[80], text[400];

	proc_describe(status, how, sizeof(how));
	snprintf(text, sizeof(text), "the process that plugs cards in %s: %s",
		 how, p->said[0] ? p->said : "it said nothing");
	log_err("%s", text);
	hang_up(d);
	if (d->plug.first && d->plug.first->sent)
		done(d, -EIO, text);
	send_next(d);
}

static int start(struct devd *d)
{
	const char *argv[] = { d->self_exe, "--plug", d->run_dir, NULL };
	struct proc_spec spec = { .argv = argv,
				  .envp = (const char *const *)environ };
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	spec.fd3 = fds[1];
	snprintf(d->plug.proc.name, sizeof(d->plug.proc.name), "plugger");
	d->plug.proc.ended = on_end;
	rc = proc_spawn(d->loop, &d->plug.proc, &spec);
	close(fds[1]);
	d->plug.io = (struct ev_io){ fds[0], EPOLLIN, on_answer };
	if (!rc)
		rc = ev_io_add(d->loop, &d->plug.io);
	if (rc) {
		proc_kill(&d->plug.proc);
		close(fds[0]);
		return rc;
	}
	d->plug.sock = fds[0];
	return 0;
}

static void send_next(struct devd *d)
{
	struct plugger *p = &d->plug;
	int rc;

	while (p->first && !p->first->sent) {
		/* What nobody waits for any more; its end is ordered, too. */
		if (p->first->msg.head.type == PLUG_IN && !p->first->dev) {
			free(take_first(p));
			continue;
		}
		/* One that is just ending answers by its end. */
		if (p->sock < 0 && proc_runs(&p->proc))
			return;
		rc = p->sock < 0 ? start(d) : 0;
		if (!rc)
			rc = bp_send(p->sock, &p->first->msg.head, NULL, 0);
		if (!rc) {
			p->first->sent = true;
			return;
		}
		if (rc == -EPIPE) {
			hang_up(d);
			continue;
		}
		done(d, rc, strerror(-rc));
	}
}

static void plug_soon(struct ev_timer *t)
{
	send_next(container_of(t, struct devd, plug.soon));
}

static int order(struct dev *dev, uint32_t type)
{
	struct devd *d = dev->devd;
	struct card *c = &dev->card;
	struct plug_order *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	if (!d->plug.last) {
		d->plug.last = &d->plug.first;
		d->plug.sock = -1;
		d->plug.proc.log_fd = -1;
		d->plug.soon.fn = plug_soon;
	}
	o->msg.head = (struct bp_head){ type, sizeof(o->msg) };
	o->msg.vif = c->config.vif;
	memcpy(o->msg.bridge, c->config.bridge, sizeof(c->config.bridge));
	memcpy(o->msg.gatewaydev, c->config.gatewaydev,
	       sizeof(c->config.gatewaydev));
	memcpy(o->msg.hostname, c->hostname, sizeof(c->hostname));
	if (type == PLUG_IN) {
		o->dev = dev;
		c->plugging = o;
	}
	*d->plug.last = o;
	d->plug.last = &o->next;
	return 0;
}

int plug_in(struct dev *dev, struct fail *fail)
{
	int rc = order(dev, PLUG_IN);

	if (rc)
		return fail_errno(fail, rc, "plugging in");
	/* In part, even if it fails: the process may be killed. */
	dev->card.plugged = true;
	/* Not from here: what fails at once is answered later as well. */
	ev_timer_set(dev->devd->loop, &dev->devd->plug.soon, 0);
	return -EINPROGRESS;
}

void plug_out(struct dev *dev)
{
	struct card *c = &dev->card;
	int rc;

	if (c->plugging)
		c->plugging->dev = NULL;
	c->plugging = NULL;
	rc = order(dev, PLUG_OUT);
	if (rc)
		log_err("%s: cannot be plugged out: %s", dev->name,
			strerror(-rc));
	else
		ev_timer_set(dev->devd->loop, &dev->devd->plug.soon, 0);
}

/* ---- the process ---- */

static int carry_out(struct hostnet *hn, struct plug_msg *m, struct fail *fail)
{
	m->bridge[sizeof(m->bridge) - 1] = 0;
	m->gatewaydev[sizeof(m->gatewaydev) - 1] = 0;
	m->hostname[sizeof(m->hostname) - 1] = 0;
	m->vif.bridge = m->bridge;
	m->vif.gatewaydev = m->gatewaydev;
	m->vif.hostname = m->hostname[0] ? m->hostname : NULL;
	return m->head.type == PLUG_IN ? hostnet_vif_up(hn, &m->vif, fail) :
					 hostnet_vif_down(hn, &m->vif, fail);
}

/* Until the plugger of an earlier worker has ended. */
static int await_turn(const char *run_dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/plugger.lock", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX))
		return -errno;
	return 0;	/* held by this open file until the end */
}

int plug_main(const char *run_dir)
{
	struct fail fail = { 0 };
	struct hostnet *hn;
	struct plug_msg m;
	int n, rc = await_turn(run_dir);

	if (rc) {
		fprintf(stderr, "%s: %s\n", run_dir, strerror(-rc));
		return 1;
	}
	fcntl(BP_SOCKET, F_SETFD, FD_CLOEXEC);
	if (hostnet_open(&hn, &fail)) {
		fprintf(stderr, "%s\n", fail.text);
		return 1;
	}
	hostnet_set_paths(hn, run_dir, "dnsmasq");
	/* dnsmasq has a user of its own, and reads what is written here. */
	umask(022);
	/* The last plugger, or its orders, may have been lost. */
	hostnet_sweep(hn);
	while (bp_recv(BP_SOCKET, &m, sizeof(m), NULL, 0, &n) ==
	       (int)sizeof(m)) {
		struct plug_answer a = {
			.head = { PLUG_DONE, sizeof(a) },
		};

		fail = (struct fail){ 0 };
		a.rc = carry_out(hn, &m, &fail);
		snprintf(a.text, sizeof(a.text), "%s", fail.text);
		bp_send(BP_SOCKET, &a.head, NULL, 0);
	}
	hostnet_close(hn);
	return 0;
}
