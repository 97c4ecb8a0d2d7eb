/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostnet.h: the host's side of a guest's card: its interface, the bridge,
 * routes or NAT behind it, and a user's own script.
 *
 * All is done through netlink, nftables and /proc/sys by this process, which
 * must be root (CAP_NET_ADMIN).  Functions return 0 or -errno and say in
 * @fail (may be NULL) what failed and what helps.  They block for as long as
 * the kernel takes to change a table, never for a guest; plugging in and out
 * also for dnsmasq to start or to end, at most 15 s.  A script takes longer,
 * and runs beside the caller.  What a function that failed had done is undone.
 * The functions that undo may be called again, and for things that were never
 * done: what is not there is not an error.
 *
 * One thread at a time uses a struct hostnet.
 */
#ifndef DOM0_HOSTNET_HOSTNET_H
#define DOM0_HOSTNET_HOSTNET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/fail.h"

#define HOSTNET_NAME 16		/* an interface's name with its NUL */
#define HOSTNET_MAX_QUEUES 16
#define HOSTNET_MAX_IPS 16
#define HOSTNET_BRIDGE "xenbr0"		/* when the config names none */
#define HOSTNET_NAT_BRIDGE "parvisnat0"	/* the same for mode=nat */

struct hostnet;

/* One per process: a netlink socket and an nftables context. */
int hostnet_open(struct hostnet **out, struct fail *fail);
/* Accepts NULL.  Undoes nothing. */
void hostnet_close(struct hostnet *hn);
/*
 * For tests and odd installations, before the first use: where run-time files
 * go (default /run/parvis) and the user that dnsmasq becomes (default
 * "dnsmasq").  The strings must outlive @hn.
 */
void hostnet_set_paths(struct hostnet *hn, const char *run_dir,
		       const char *dnsmasq_user);

/* ---- names and addresses ---- */

/*
 * The name of the interface for card @devid of domain @domid: @vifname if it
 * is set, otherwise vifDOMID.DEVID.  -EINVAL for what cannot be one.
 */
int hostnet_vif_name(char out[HOSTNET_NAME], uint32_t domid, uint32_t devid,
		     const char *vifname, struct fail *fail);

struct hostnet_ip {
	uint8_t family;		/* 4 or 6 */
	uint8_t prefix;		/* bits */
	uint8_t addr[16];
};

/*
 * Reads a list such as "10.0.0.2 2001:db8::2/64" (blanks or commas between).
 * Without /BITS an address stands for itself alone.  How many were read, at
 * most HOSTNET_MAX_IPS, or -EINVAL.
 */
int hostnet_parse_ips(const char *text, struct hostnet_ip ip[HOSTNET_MAX_IPS],
		      struct fail *fail);

/* ---- the tap interface of a card that parvis-netback serves ---- */

/*
 * Creates the tap interface @name with @queues queues (1 to
 * HOSTNET_MAX_QUEUES) and puts a non-blocking, close-on-exec descriptor of
 * each into @fds.  Packets carry a struct virtio_net_hdr (10 bytes); checksum and
 * TCP segmentation (v4, v6, ECN) offloads are on.  The interface lasts as
 * long as one of its descriptors is open anywhere.  -EEXIST if an interface
 * has that name.
 *
 * The queues are off, so that nothing waits in them for nobody: who reads one
 * switches it on by hostnet_tap_queue() or TUNSETQUEUE.
 */
int hostnet_tap_create(struct hostnet *hn, const char *name,
		       unsigned int queues, int *fds, struct fail *fail);

/* Attaches or detaches the queue of @fd; no change if it is so already. */
int hostnet_tap_queue(int fd, bool on, struct fail *fail);

/* What the kernel may send through @fd: bits of TUN_F_* (linux/if_tun.h). */
int hostnet_tap_offload(int fd, unsigned int tun_f, struct fail *fail);

/*
 * Deletes the interface even while descriptors are open.  Only taps: another
 * kind of interface with that name stays and is -EINVAL.
 */
int hostnet_tap_delete(struct hostnet *hn, const char *name,
		       struct fail *fail);

/* ---- plugging an interface in ---- */

enum hostnet_mode { HOSTNET_MODE_BRIDGE, HOSTNET_MODE_ROUTE, HOSTNET_MODE_NAT };

/* "bridge", "route", "nat"; NULL or "" is bridge.  -EINVAL. */
int hostnet_parse_mode(const char *text, enum hostnet_mode *mode,
		       struct fail *fail);

#define HOSTNET_FILTER_MAC 1u
#define HOSTNET_FILTER_IP 2u

/*
 * A card as its configuration describes it.  An all-zero structure with a
 * name means: into xenbr0, nothing else.
 */
struct hostnet_vif {
	char name[HOSTNET_NAME];	/* the host's interface */
	enum hostnet_mode mode;
	const char *bridge;		/* NULL or "": the mode's default */
	const char *gatewaydev;		/* route: NULL or "": by the route to
					 * the world */
	uint32_t mtu;			/* 0: the bridge's own, or 1500 */
	uint8_t mac[6];			/* the guest's; nat: for its lease */
	const char *hostname;		/* nat: NULL or a name for the DNS */
	/*
	 * HOSTNET_FILTER_*: drop in the kernel what the guest sends from
	 * other addresses, whatever its backend lets through.
	 */
	uint32_t filters;
	unsigned int nr_ips;
	struct hostnet_ip ip[HOSTNET_MAX_IPS];
	/*
	 * Drop what the guest sends beyond so many bytes a second, but for
	 * @cap_burst of them; 0: no such bound.  Dropping makes a poor rate
	 * limit: this is for a backend that does not keep its own.
	 */
	uint64_t cap;
	uint32_t cap_burst;
};

/*
 * Makes the interface carry traffic: sets the MTU, plugs it into its bridge,
 * or adds its routes, or makes the NAT network (bridge, addresses, forwarding,
 * masquerading, dnsmasq) and plugs it in there; sets filters; brings it up.
 * The interface must exist: a tap, or a vifD.N of Linux's netback.
 * -ENODEV with the remedy if the interface or the bridge does not exist.
 */
int hostnet_vif_up(struct hostnet *hn, const struct hostnet_vif *vif,
		   struct fail *fail);

/*
 * Undoes hostnet_vif_up(); to be called also when the interface is gone
 * already.  The NAT network goes with its last interface.
 */
int hostnet_vif_down(struct hostnet *hn, const struct hostnet_vif *vif,
		     struct fail *fail);

/*
 * Removes what is left of interfaces that went without hostnet_vif_down(): NAT
 * networks without a card, filters of interfaces that are not there.  Not
 * while another process plugs in.
 */
void hostnet_sweep(struct hostnet *hn);

/* Does an interface with that name exist? */
bool hostnet_link_exists(struct hostnet *hn, const char *name);

/* The MTU that a guest behind @vif can use; what hostnet_vif_up() would set. */
int hostnet_vif_mtu(struct hostnet *hn, const struct hostnet_vif *vif,
		    uint32_t *mtu, struct fail *fail);

/* ---- a user's own script ---- */

/*
 * A running script.  The caller polls `pidfd` for reading (the script ended),
 * then calls hostnet_script_result(); the process is this library's to wait
 * for: a caller that reaps all its children would take it away.
 */
struct hostnet_script {
	pid_t pid;		/* 0: none */
	int pidfd;
	int errfd;		/* what it wrote to stderr, in a memfd */
	char what[64];		/* "vif-mine online" */
};

struct hostnet_script_args {
	const char *script;	/* a path, or a name below /etc/xen/scripts */
	const char *action;	/* online, offline, add, remove */
	const char *vif;	/* the interface */
	const char *xenbus_path;	/* backend/KIND/F/N */
	const char *bridge;	/* NULL: not set */
	const char *gatewaydev;	/* NULL: not set */
	const char *ip;		/* NULL: not set */
	uint32_t mtu;		/* 0: not set */
};

/*
 * Starts the script with the action as its argument and, in its environment,
 * script, vif, dev, XENBUS_PATH, XENBUS_BASE_PATH (backend), XENBUS_TYPE
 * (vif), and where set bridge, gatewaydev (also as netdev), ip, mtu.
 * A script reports success by leaving with 0; scripts made for Xen also write
 * hotplug-status = connected, or hotplug-error, below XENBUS_PATH: the caller
 * looks at these.
 */
int hostnet_script_start(struct hostnet_script *run,
			 const struct hostnet_script_args *args,
			 struct fail *fail);

/*
 * After pidfd became readable: collects the result and closes all.  0 if the
 * script left with 0; otherwise -EIO with the end of what it said on stderr.
 * -EAGAIN if it still runs.
 */
int hostnet_script_result(struct hostnet_script *run, struct fail *fail);

/* Kills a script that takes too long, with its children, and forgets it. */
void hostnet_script_kill(struct hostnet_script *run);

#endif
