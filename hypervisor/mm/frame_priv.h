/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of mm/: a domain's list of frames, under its page_lock. */
#ifndef MM_FRAME_PRIV_H
#define MM_FRAME_PRIV_H

#include <mm/frame.h>

void frame_list_append(struct domain *d, mfn_t m);
void frame_list_remove(struct domain *d, mfn_t m);

#endif
