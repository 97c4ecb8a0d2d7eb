// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The block frontend on the bus: disks come and go here.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "blkfront.h"

static int fb_probe(struct xenbus_device *bus,
		    const struct xenbus_device_id *id)
{
	struct fb_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	char name[DISK_NAME_LEN];
	int err;

	if (!disk)
		return -ENOMEM;
	disk->fe.bus = bus;
	err = fb_geometry(disk);
	if (!err)
		err = fb_disk_name(disk->vdev, name, sizeof(name));
	if (err) {
		xenbus_dev_fatal(bus, err, "reading virtual-device");
		kfree(disk);
		return err;
	}
	fb_disk_setup(disk);
	dev_set_drvdata(&bus->dev, disk);
	fe_attach(&disk->fe, bus, &fb_ops);
	return 0;
}

static void fb_remove(struct xenbus_device *bus)
{
	struct fb_disk *disk = dev_get_drvdata(&bus->dev);

	fe_detach(&disk->fe);
	dev_set_drvdata(&bus->dev, NULL);
	fb_disk_free(disk);
}

static void fb_changed(struct xenbus_device *bus, enum xenbus_state state)
{
	struct fb_disk *disk = dev_get_drvdata(&bus->dev);

	fe_backend_changed(&disk->fe, state);
}

static int fb_resume(struct xenbus_device *bus)
{
	struct fb_disk *disk = dev_get_drvdata(&bus->dev);

	fe_resumed(&disk->fe);
	return 0;
}

static const struct xenbus_device_id fb_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver fb_driver = {
	.name = "parvis-blkfront",
	.ids = fb_ids,
	.probe = fb_probe,
	.remove = fb_remove,
	.resume = fb_resume,
	.otherend_changed = fb_changed,
	.allow_rebind = true,
};

static int __init fb_init(void)
{
	if (!xen_domain() || !xen_has_pv_disk_devices())
		return -ENODEV;
	return xenbus_register_frontend(&fb_driver);
}
module_init(fb_init);

static void __exit fb_exit(void)
{
	xenbus_unregister_driver(&fb_driver);
}
module_exit(fb_exit);

MODULE_DESCRIPTION("Block device frontend for Xen's blkif protocol");
MODULE_AUTHOR("The Parvis developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vbd");
