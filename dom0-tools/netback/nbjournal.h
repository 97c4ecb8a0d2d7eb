/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nbjournal.h: what must outlive a network backend, in memory that the device
 * daemon keeps.
 *
 * Packets may be lost, so requests are not noted: those without an answer are
 * simply taken again.  But an answer overwrites the slot of its request, and
 * a killed backend may leave some answers written and not published.  So each
 * batch of answers is first written here, then `to` is moved, then they are
 * copied into the ring, published there by one store, and `from` follows.
 * A successor finds
 *	from == to			nothing under way
 *	ring's rsp_prod == to		published; from lags
 *	otherwise			copies [from, to) into the ring again and
 *					publishes
 * and goes on with the request at `to`.  A frontend that falsifies its own
 * rsp_prod loses answers of its own.
 *
 * The rest is what the frontend once told us and will not repeat: hash
 * settings, multicast list, grants to keep mapped.  A predecessor may have
 * been taken over by its guest: every number is checked on use.
 */
#ifndef DOM0_NETBACK_NBJOURNAL_H
#define DOM0_NETBACK_NBJOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/proto.h"
#include "backend/ring.h"
#include "netback/hash.h"

#define NBJ_MAGIC 0x31746e7076617250ull
#define NBJ_RSP_BYTES 2048	/* 256 answers of 8 bytes, 128 of 12 */
#define NBJ_GREFS 512
#define NBJ_MCAST 64

struct nb_jring {
	uint32_t from, to;
	uint8_t rsp[NBJ_RSP_BYTES];
};

struct nb_jgref {
	uint32_t ref;
	uint32_t writable;
};

struct nb_jqueue {
	struct nb_jring tx, rx;
	uint32_t nr_gref;
	struct nb_jgref gref[NBJ_GREFS];
};

struct nb_journal {
	uint64_t magic;		/* 0: nothing to resume */
	struct bp_connect_net conn;	/* of what; resume == 0 */
	struct bp_stats stats;
	struct hash_state hash;
	uint32_t nr_mcast;
	uint8_t mcast[NBJ_MCAST][6];
	struct nb_jring ctrl;
	struct nb_jqueue queue[BP_NET_MAX_QUEUES];
};

/* Maps the journal @fd.  0 or -errno. */
int nbj_map(struct nb_journal **out, int fd);
void nbj_unmap(struct nb_journal *j);

/* Begins a journal for the connection @msg. */
void nbj_begin(struct nb_journal *j, const struct bp_connect_net *msg);
/* Is it of exactly this connection? */
bool nbj_matches(const struct nb_journal *j, const struct bp_connect_net *msg);
void nbj_end(struct nb_journal *j);

/*
 * Answers the next @n slots of @r with @rsp (@stride bytes each) so that a
 * crash at any instruction loses none.  True: the frontend wants an event.
 */
bool nbj_answer(struct bring *r, struct nb_jring *j, const void *rsp,
		uint32_t stride, uint32_t n);

/* The same for a ring taken up again; then attaches @r.  0 or -EUCLEAN. */
int nbj_resume(struct bring *r, struct nb_jring *j, void *page,
	       uint32_t slot_size, uint32_t stride);
/* For a new connection. */
int nbj_attach(struct bring *r, struct nb_jring *j, void *page,
	       uint32_t slot_size);

#endif
