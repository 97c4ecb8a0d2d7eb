/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugger.h: plugging cards in and out, in a process of its own: what it takes
 * (nftables, a DHCP server to be started or ended) may take long, and the
 * daemon has other devices to serve.
 *
 * One plugger for all cards.  It does one thing after the other in the order
 * in which it was told, so a name that is used again soon is plugged out
 * before it is plugged in, also when another worker has taken over meanwhile.
 */
#ifndef DEVD_PLUGGER_H
#define DEVD_PLUGGER_H

#include "devd/devd.h"

/* Plugs the card in: card_plugged() will be called.  0 or -errno */
int plug_in(struct dev *dev, struct fail *fail);
/* Undoes it; nobody waits.  What was not done yet will not be done. */
void plug_out(struct dev *dev);

/* The process itself: its exit code. */
int plug_main(const char *run_dir);

#endif
