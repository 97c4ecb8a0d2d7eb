// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake kernel's bus, with one device on it, and its store.
 *
 * State owned: the store's entries, a path and a value each.
 */
#include <stdarg.h>
#include "fake_inside.h"

static struct { char path[64], value[32]; } entry[256];
static unsigned int entries;

static int find(const char *dir, const char *node)
{
	char path[64];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	for (i = 0; i < entries; i++)
		if (!strcmp(entry[i].path, path))
			return (int)i;
	return -1;
}

const char *fake_get(const char *dir, const char *node)
{
	int i = find(dir, node);

	return i < 0 ? NULL : entry[i].value;
}

void fake_set(const char *dir, const char *node, const char *value)
{
	int i = find(dir, node);

	if (i < 0) {
		fake_must(entries < 256, "the store is full");
		i = (int)entries++;
	}
	snprintf(entry[i].path, sizeof(entry[i].path), "%s/%s", dir, node);
	snprintf(entry[i].value, sizeof(entry[i].value), "%s", value);
}

int xenbus_transaction_start(struct xenbus_transaction *xbt)
{
	xbt->id = 1;
	return fake_fails() ? -ENOMEM : 0;
}

int xenbus_transaction_end(struct xenbus_transaction xbt, int cancel)
{
	(void)xbt, (void)cancel;
	return 0;
}

static void note_state(const char *value)
{
	size_t used = strlen(fake.states);

	if (used < sizeof(fake.states) - 1)
		fake.states[used] = value[0];
}

int xenbus_printf(struct xenbus_transaction xbt, const char *dir,
		  const char *node, const char *format, ...)
{
	char value[32];
	va_list args;

	(void)xbt;
	fake_sleeps("writing to the store under a lock");
	if (fake_fails())
		return -ENOMEM;
	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	fake_set(dir, node, value);
	if (!strcmp(node, "state"))
		note_state(value);
	return 0;
}

int xenbus_scanf(struct xenbus_transaction xbt, const char *dir,
		 const char *node, const char *format, ...)
{
	const char *value = fake_get(dir, node);
	va_list args;
	int got;

	(void)xbt;
	fake_sleeps("reading the store under a lock");
	va_start(args, format);
	got = value ? vsscanf(value, format, args) : -ENOENT;
	va_end(args);
	return got ? got : -ERANGE;
}

void *xenbus_read(struct xenbus_transaction xbt, const char *dir,
		  const char *node, unsigned int *length)
{
	const char *value = fake_get(dir, node);
	char *copy = value ? kasprintf(GFP_NOIO, "%s", value) : NULL;

	(void)xbt, (void)length;
	return copy ? copy : ERR_PTR(value ? -ENOMEM : -ENOENT);
}

unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int dflt)
{
	unsigned int value;

	return xenbus_scanf(XBT_NIL, dir, node, "%u", &value) == 1 ? value :
								     dflt;
}

int xenbus_exists(struct xenbus_transaction xbt, const char *dir,
		  const char *node)
{
	(void)xbt;
	return find(dir, node) >= 0;
}

int xenbus_rm(struct xenbus_transaction xbt, const char *dir, const char *node)
{
	int i = find(dir, node);

	(void)xbt;
	if (i < 0)
		return -ENOENT;
	entry[i] = entry[--entries];
	return 0;
}

int xenbus_switch_state(struct xenbus_device *dev, enum xenbus_state state)
{
	char value[2] = { (char)('0' + state), 0 };

	fake_sleeps("a state written under a lock");
	if (dev->state == state)
		return 0;
	dev->state = state;
	fake_set(dev->nodename, "state", value);
	note_state(value);
	return 0;
}

int xenbus_frontend_closed(struct xenbus_device *dev)
{
	return xenbus_switch_state(dev, XenbusStateClosed);
}

void dev_info(const struct device *dev, const char *format, ...)
{
	(void)dev, (void)format;
}

void xenbus_dev_error(struct xenbus_device *dev, int err, const char *f, ...)
{
	(void)dev, (void)err, (void)f;
	fake_sleeps("an error reported under a lock");
}

void xenbus_dev_fatal(struct xenbus_device *dev, int err, const char *f, ...)
{
	(void)err, (void)f;
	xenbus_switch_state(dev, XenbusStateClosing);
}

int xenbus_register_frontend(struct xenbus_driver *driver)
{
	fake.driver = driver;
	return 0;
}

void xenbus_unregister_driver(struct xenbus_driver *driver)
{
	(void)driver;
}

void fake_bus_start(void)
{
	entries = 0;
	fake.bus.nodename = "fe";
	fake.bus.otherend = "be";
	fake.bus.state = XenbusStateInitialising;
	fake_set("fe", "virtual-device", "51712");
	fake_set("fe", "mac", "00:16:3e:00:00:07");
}
