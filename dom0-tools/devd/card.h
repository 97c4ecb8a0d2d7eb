/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * card.h: between the files that make up a card: net.c, card_config.c,
 * card_script.c and card_kernel.c.
 */
#ifndef DEVD_CARD_H
#define DEVD_CARD_H

#include "devd/devd.h"

/* Reads the folder; @c is zero where it says nothing.  0 or -errno */
int card_read_config(struct dev *dev, struct card_config *c,
		     struct fail *fail);
/* The guest's name, for the lease that a NAT network gives it; or "". */
void card_read_hostname(struct dev *dev, char *buf, size_t size);
/* Whether the folder still says what the card was made of. */
bool card_same(struct dev *dev);

/* A card anew: what it is to be, and a host to put it into. */
int card_begin(struct dev *dev, struct fail *fail);
/* Plugs it in, or has the user's script do it; -EINPROGRESS. */
int card_online(struct dev *dev, struct fail *fail);
/* Undoes all of that. */
void card_close(struct dev *dev);

/* Starts the user's script with `online`; -EINPROGRESS.  Its `offline` is due
 * from then on, whatever becomes of it. */
int card_script_online(struct dev *dev, struct fail *fail);
/* Ends what runs of it, and starts it with `offline`, if that is due.  Nobody
 * waits for that: the interface goes all the same. */
void card_script_offline(struct dev *dev);

#endif
