# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests whose kernel is on their own disk: found by PV GRUB, inside the guest."""

import os
import subprocess

import pytest

from conftest import PVGRUB, need, tools_under_test, vm

DISK = os.path.join(vm.BUILD, 'images', 'test-loader-{}.raw')

# What Debian's update-grub writes, without what a PV guest has no use for.
GRUB_CFG = '''
set default="0"
set timeout=1
menuentry 'Debian GNU/Linux' --class debian {{
	insmod gzio
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	insmod part_{table}
	insmod ext2
	search --no-floppy --fs-uuid --set=root {uuid}
	echo	'Loading Linux ...'
	linux	/boot/vmlinuz root=UUID={uuid} ro console=hvc0 parvis.guest=agent
	echo	'Loading initial ramdisk ...'
	initrd	/boot/initrd.img
}}
'''

# One of a class of disks; the Debian image of test_debian.py is the other (GPT).
UUID = {'mbr': '11111111-2222-4333-8444-555555555555'}


def make_disk(images, table):
    """A disk with a partition table, a kernel, and the way to it."""
    out = DISK.format(table)
    config = f'{out}.cfg'
    with open(config, 'w', encoding='ascii') as f:
        f.write(GRUB_CFG.format(table={'mbr': 'msdos'}.get(table, table),
                                uuid=UUID[table]))
    subprocess.run([os.path.join(vm.HERE, 'mkdisk'), '-o', out, '--size', '64',
                    '--partition', table, '--uuid', UUID[table],
                    '--file', f'{images.linux("6.1")}/vmlinuz:/boot/vmlinuz',
                    '--file', f'{images.guest("6.1")}:/boot/initrd.img',
                    '--file', f'{config}:/boot/grub/grub.cfg'], check=True)
    return out


@pytest.fixture(scope='class', autouse=True)
def disks(images):
    """The disks, before the machine starts with them."""
    need(PVGRUB)
    for table in UUID:
        make_disk(images, table)


@pytest.mark.long
class TestLoader:
    """Through GRUB's menu to a shell, and again after a reboot."""

    boot = {'image': 'device_dom0', 'devices': tuple(
        part for i, table in enumerate(UUID) for part in (
            f'-drive if=none,id=l{i},format=raw,snapshot=on,'
            f'file={DISK.format(table)}',
            f'-device virtio-blk-pci,drive=l{i}'))}

    def config(self, dom0, name, disk):
        """A guest that boots from a disk of the control domain's."""
        keys = {'name': name, 'type': 'pv', 'memory': 256,
                'on_crash': 'preserve'}
        if tools_under_test() == 'debian':
            keys['kernel'] = '/usr/lib/parvis/pvgrub64'
        else:
            keys['bootloader'] = 'pygrub'
        path = dom0.write_config(name, keys)
        dom0.sh(f"echo 'disk = [ \"phy:{disk},xvda,w\" ]' >>{path}")
        return path

    def test_disk_is_there(self, dom0):
        dom0.sh('modprobe virtio_pci; modprobe virtio_blk; modprobe xen-blkback')
        dom0.poll('[ -b /dev/vda ]', 30, 'the disk')

    @pytest.mark.parametrize('name,disk', [('mbr', '/dev/vda')])
    def test_boots_by_its_own_configuration(self, dom0, name, disk):
        dom0.sh(f'xl create {self.config(dom0, name, disk)}', 120)
        dom0.wait_console(name, 'parvis: agent is ready', 180)
        assert f'root=UUID={UUID[name]}' in dom0.guest(name, 'cat /proc/cmdline')

    @pytest.mark.parametrize('name', UUID)
    def test_root_file_system(self, dom0, name):
        """The disk goes on from GRUB's driver to Linux's."""
        out = dom0.guest(name, 'modprobe ext4; mount /dev/xvda1 /mnt && '
                               'ls /mnt/boot && echo written >/mnt/new && '
                               'umount /mnt && mount /dev/xvda1 /mnt && '
                               'cat /mnt/new')
        assert out.split() == ['grub', 'initrd.img', 'vmlinuz', 'written']

    def test_reboot_goes_through_grub_again(self, dom0):
        dom0.guest_status('mbr', 'umount /mnt')
        dom0.sh(f'>{dom0.log("mbr")}')
        dom0.guest_status('mbr', '(sleep 1; reboot -f) >/dev/null 2>&1 &')
        dom0.wait_console('mbr', 'GNU GRUB', 120)
        dom0.wait_console('mbr', 'parvis: agent is ready', 180)
        dom0.guest('mbr', 'modprobe ext4; mount /dev/xvda1 /mnt && '
                          'grep written /mnt/new')

    def test_no_kernel_on_the_disk_is_told(self, dom0):
        """The guest's own loader says so, on the guest's console."""
        dom0.sh('modprobe loop; truncate -s 8M /tmp/empty; '
                'losetup /dev/loop6 /tmp/empty')
        dom0.sh(f'xl create {self.config(dom0, "empty", "/dev/loop6")}', 60)
        dom0.wait_console('empty', 'no disk of this guest has', 60)

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        for name in set(dom0.list()) - {'Domain-0'}:
            dom0.destroy(name)
        dom0.power_off()
