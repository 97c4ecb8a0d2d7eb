# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole Debian as a guest: boots by its own GRUB configuration from its disk,
gets its address by DHCP, and lets the control domain in by ssh."""

import os
import subprocess

import pytest

from conftest import PVGRUB, need, tools_under_test, vm

DEBIAN = os.path.join(vm.CACHE, 'debian-12')
SSH = 'dbclient -y -y -i /etc/parvis/key root@$(cat /tmp/address)'


@pytest.fixture(scope='module', autouse=True)
def debian():
    """The disk; made once, kept in build/cache."""
    if tools_under_test() == 'debian':
        pytest.skip('needs the network that our own device daemon makes')
    need(PVGRUB)
    subprocess.run([os.path.join(vm.HERE, 'mkdebian')], check=True,
                   env={**os.environ, 'CACHE': vm.CACHE})


class TestDebian:
    """mmdebstrap's Debian 12 with its own kernel, initramfs and init."""

    boot = {'image': 'device_dom0', 'smp': 2, 'devices': (
                f'-drive if=none,id=d0,format=raw,snapshot=on,'
                f'file={DEBIAN}/disk.raw',
                '-device virtio-blk-pci,drive=d0'),
            'overlay': (f'{DEBIAN}/key:/etc/parvis/key',)}

    def test_loads_its_own_kernel(self, dom0):
        dom0.sh('modprobe virtio_pci; modprobe virtio_blk')
        dom0.poll('[ -b /dev/vda ]', 30, "the machine's disk")
        path = dom0.write_config('deb', {
            'name': 'deb', 'type': 'pv', 'memory': 256, 'vcpus': 1,
            'bootloader': 'pygrub', 'disk': ['phy:/dev/vda,xvda,w'],
            'vif': ['script=vif-nat'], 'on_crash': 'preserve'})
        dom0.sh(f'xl create {path}', 60)
        dom0.wait_console('deb', 'Linux version 6.1', 240)

    def test_comes_up(self, dom0):
        dom0.wait_console('deb', 'debian login:', 300)
        # This small Debian has no fsck, and its initramfs says so.
        assert [line for line in dom0.complaints('deb')
                if 'fsck not present' not in line] == []

    def test_address_by_dhcp(self, dom0):
        dom0.poll("awk '$3 ~ /^10\\./ { print $3 }' "
                  '/run/parvis/nat-parvisnat0/leases 2>/dev/null '
                  '>/tmp/address; [ -s /tmp/address ]', 60,
                  "the guest's lease")
        dom0.sh('ping -c 2 -W 5 $(cat /tmp/address)', 30)

    def test_answers_ssh(self, dom0):
        out = dom0.sh(f"{SSH} 'cat /etc/debian_version /proc/cmdline; "
                      "findmnt -no SOURCE,FSTYPE / || grep \" / \" /proc/mounts'"
                      ' 2>/dev/null', 120)
        assert out.startswith('12.')
        # What the disk's own grub.cfg says, and nobody else.
        assert 'root=UUID=' in out and 'net.ifnames=0' in out
        assert 'ext4' in out

    def test_copies_over_ssh(self, dom0):
        """Some megabytes through disk, network and cipher, and back."""
        dom0.sh('dd if=/dev/urandom of=/tmp/r bs=64k count=32 2>/dev/null && '
                f'{SSH} "cat >/root/r && sync" </tmp/r && '
                f'{SSH} "cat /root/r" </dev/null | cmp - /tmp/r', 180)

    def test_shuts_down(self, dom0):
        """Debian's own way down, by the toolstack's request."""
        dom0.sh('xl shutdown -w deb', 180)
        dom0.wait_gone('deb')

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []
