// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cfg_cpus.c: CPU masks, from text and to text.
 *
 * State: the caller's.  Invariant: struct cfg_cpus has as many masks in its
 * list as it says, and a mask in it names only CPUs below CFG_CPUS_MAX.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg_cpus.h"

/* ---- text to mask ---- */

/* Sets or clears CPUs @from to @to; false if they are out of range. */
static bool mask_range(uint8_t *mask, unsigned int max, unsigned long from,
		       unsigned long to, bool set)
{
	if (from > to || to >= max)
		return false;
	for (unsigned long n = from; n <= to; n++) {
		if (set)
			mask[n / 8] |= (uint8_t)(1u << n % 8);
		else
			mask[n / 8] &= (uint8_t)~(1u << n % 8);
	}
	return true;
}

/* One part between commas: "all", "3", "0-3", each with "^" to take away. */
static bool mask_part(const char *part, uint8_t *mask, unsigned int max)
{
	bool set = *part != '^';
	unsigned long from, to;
	char *end;

	if (!set)
		part++;
	if (!strcmp(part, "all"))
		return mask_range(mask, max, 0, max - 1, set);
	if (*part < '0' || *part > '9')
		return false;
	from = to = strtoul(part, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		to = strtoul(end + 1, &end, 10);
	return !*end && mask_range(mask, max, from, to, set);
}

int cfg_parse_cpus(const char *text, uint8_t *mask, unsigned int max)
{
	char *copy = strdup(text), *rest = copy, *part;
	int rc = copy ? 0 : -ENOMEM;

	memset(mask, 0, max / 8);
	while (!rc && (part = strsep(&rest, ","))) {
		while (*part == ' ')
			part++;
		if (!mask_part(part, mask, max))
			rc = -EINVAL;
	}
	free(copy);
	return rc;
}

/* ---- mask to text ---- */

static bool has_cpu(const uint8_t *mask, unsigned int n)
{
	return mask[n / 8] >> n % 8 & 1;
}

void cfg_cpus_text(const uint8_t *mask, unsigned int max, struct strbuf *out)
{
	unsigned int set = 0, n = 0;
	size_t start = out->len;

	for (unsigned int i = 0; i < max; i++)
		set += has_cpu(mask, i);
	if (set == max || !set) {
		strbuf_adds(out, set == max ? "all" : "none");
		return;
	}
	while (n < max) {
		unsigned int from = n;

		while (n < max && has_cpu(mask, n))
			n++;
		if (n > from)
			strbuf_printf(out, "%s%u", out->len > start ? "," : "",
				      from);
		if (n > from + 1)
			strbuf_printf(out, "-%u", n - 1);
		n += n == from;
	}
}

/* ---- the masks of a guest ---- */

const struct cfg_mask *cfg_cpus_of(const struct cfg_cpus *c, unsigned int n)
{
	return n < c->listed ? &c->list[n] : &c->rest;
}

bool cfg_mask_and(struct cfg_mask *mask, const struct cfg_mask *other)
{
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(mask->bits); i++)
		any |= mask->bits[i] &= other->bits[i];
	return any;
}

void cfg_cpus_free(struct cfg_cpus *c)
{
	free(c->list);
	memset(c, 0, sizeof(*c));
}

static int take_mask(const struct cfg_place *x, const struct cfg_value *v,
		     struct cfg_mask *to)
{
	static const struct cfg_mask nothing;

	if (v->kind == CFG_LIST)
		return cfg_want(x, "a list of strings, not of lists");
	if (strstr(v->text, "node"))
		return cfg_complain(x->file, v->line,
				    "%s: \"%.100s\": NUMA nodes are not built: name the CPUs themselves",
				    x->s->key, v->text);
	if (cfg_parse_cpus(v->text, to->bits, CFG_CPUS_MAX))
		return cfg_want(x, "CPUs such as \"0-3,^1\" or \"all\", or a list of such for each vCPU");
	if (!memcmp(to, &nothing, sizeof(nothing)))
		return cfg_want(x, "at least one CPU");
	return 0;
}

static int take_list(const struct cfg_place *x, struct cfg_cpus *c)
{
	for (const struct cfg_value *i = x->s->value->first; i; i = i->next) {
		struct cfg_mask *more = realloc(c->list, (c->listed + 1) *
						sizeof(*more));
		int rc;

		if (!more)
			return cfg_complain(x->file, i->line, "out of memory");
		c->list = more;
		rc = take_mask(x, i, &c->list[c->listed]);
		if (rc)
			return rc;
		c->listed++;
	}
	return 0;
}

int cfg_take_cpus(const struct cfg_place *x)
{
	struct cfg_cpus *c = x->to;

	cfg_cpus_free(c);
	c->given = true;
	memset(&c->rest, 0xff, sizeof(c->rest));
	if (x->s->value->kind == CFG_LIST)
		return take_list(x, c);
	return take_mask(x, x->s->value, &c->rest);
}
