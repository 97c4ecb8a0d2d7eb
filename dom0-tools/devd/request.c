// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c: what the toolstack asks of a running backend: `request` in the
 * device's folder, answered in `reply`.
 *
 * One request at a time: dev->request is its word while it is carried out.
 * The node `request` is removed with the answer, in one transaction.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "devd/devd.h"
#include "lib/log.h"

static void answer(struct dev *dev, const char *how, const char *text)
{
	struct wbatch b = { 0 };
	int rc;

	if (!dev->request[0])
		return;
	wb_add(&b, "reply", "%s %s%s%s", dev->request, how, *text ? " " : "",
	       text);
	wb_remove(&b, "request");
	dev->request[0] = 0;
	rc = wb_write(&b, dev->devd->xs, dev->backend, "frontend");
	if (rc && rc != -ENOENT)
		log_err("%s: cannot answer: %s", dev->name, strerror(-rc));
}

void request_fail(struct dev *dev, const char *text)
{
	answer(dev, "error", text);
}

void request_done(struct dev *dev, const char *word, const char *more)
{
	if (!strcmp(dev->request, word))
		answer(dev, "ok", more);
}

static void ask_resize(struct dev *dev)
{
	if (dev->ops != &kind_pvbd) {
		request_fail(dev, "only a disk has a size");
		return;
	}
	if (dev->disk.changing) {
		request_fail(dev, "another medium is being inserted: try again");
		return;
	}
	dev->asked++;
	link_send(dev, BP_RESIZE);
}

static void ask_media(struct dev *dev)
{
	struct fail fail = { 0 };

	if (dev->ops != &kind_pvbd)
		request_fail(dev, "only a disk has a medium");
	else if (media_insert(dev, &fail))
		request_fail(dev, fail.text);
}

static void ask_replace(struct dev *dev)
{
	dev_replace(dev);
}

static void ask_stats(struct dev *dev)
{
	link_send(dev, BP_STATS);
}

static const struct {
	const char *word;
	void (*fn)(struct dev *dev);
} words[] = {
	{ "resize", ask_resize },
	{ "grow", grow_ask },
	{ "media", ask_media },
	{ "replace", ask_replace },
	{ "stats", ask_stats },
};

void request_take(struct dev *dev)
{
	char word[sizeof(dev->request)];

	if (!dev->ops->program ||
	    dev_config_text(dev, "request", word, sizeof(word)) || !word[0])
		return;
	/* The same is still under way; another means that nobody waits for
	 * the first any more. */
	if (!strcmp(dev->request, word) && dev->phase >= PH_DECIDES)
		return;
	strcpy(dev->request, word);
	if (dev->phase != PH_IDLE && dev->phase != PH_CONNECTED) {
		char text[64];

		snprintf(text, sizeof(text), "the device is %s: try again",
			 sm_phase_name(dev->phase));
		request_fail(dev, text);
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, word)) {
			words[i].fn(dev);
			return;
		}
	request_fail(dev, "no such request: resize, grow, media, replace, stats");
}

/*
 * The disk has another size or medium.  Writing the state again, unchanged,
 * is how a connected frontend hears of it.
 */
void request_ready(struct dev *dev)
{
	struct wbatch b = { 0 };
	char text[64];

	media_done(dev);
	blk_size_nodes(dev, &b);
	dev_write_state(dev, dev->own, &b);
	keep_put(dev);
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)dev->disk.ready.sectors);
	log_info("%s: now has %s sectors", dev->name, text);
	request_done(dev, "resize", text);
	request_done(dev, "grow", text);
	request_done(dev, "media", "");
}

void request_stats(struct dev *dev, const struct bp_stats *s)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "rd_req=%llu wr_req=%llu fl_req=%llu ds_req=%llu "
		 "rd_sect=%llu wr_sect=%llu rx_packets=%llu tx_packets=%llu "
		 "rx_bytes=%llu tx_bytes=%llu rx_drop=%llu tx_drop=%llu "
		 "errors=%llu",
		 (unsigned long long)s->rd_req, (unsigned long long)s->wr_req,
		 (unsigned long long)s->fl_req, (unsigned long long)s->ds_req,
		 (unsigned long long)s->rd_sect,
		 (unsigned long long)s->wr_sect,
		 (unsigned long long)s->rx_packets,
		 (unsigned long long)s->tx_packets,
		 (unsigned long long)s->rx_bytes,
		 (unsigned long long)s->tx_bytes,
		 (unsigned long long)s->rx_drop,
		 (unsigned long long)s->tx_drop,
		 (unsigned long long)s->errors);
	request_done(dev, "stats", text);
}
