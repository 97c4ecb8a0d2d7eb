# SPDX-License-Identifier: GPL-2.0-or-later
"""The control domain drives real devices, by MSI and through the IO-APIC."""

import os

import pytest

from conftest import vm

DISK = os.path.join(vm.BUILD, 'images', 'test-disk.raw')
SIZE_MB = 8

# A virtio disk and card (MSI-X), an AHCI disk (MSI), an e1000e card (MSI-X) and
# an e1000 card, which knows pins only.  Each card has a network of its own.
DEVICES = tuple(
    [f'-drive if=none,id=d{i},format=raw,snapshot=on,file={DISK}'
     for i in (0, 1)] +
    ['-device virtio-blk-pci,drive=d0', '-device ahci,id=ahci',
     '-device ide-hd,bus=ahci.0,drive=d1'] +
    [f'-netdev user,id=n{i},net=10.9.{i}.0/24,host=10.9.{i}.2'
     for i in (0, 1, 2)] +
    [f'-device {card},netdev=n{i},romfile='
     for i, card in enumerate(('virtio-net-pci', 'e1000e', 'e1000'))])

CARDS = {'virtio_net': 0, 'e1000e': 1, 'e1000': 2}

BOOTS = {'msi': {'devices': DEVICES},
         'ioapic': {'devices': DEVICES, 'kernel_args': 'pci=nomsi'}}


@pytest.fixture(scope='class', autouse=True)
def disk():
    """A disk of known content; machines write to their own snapshots."""
    os.makedirs(os.path.dirname(DISK), exist_ok=True)
    with open(DISK, 'wb') as f:
        for block in range(SIZE_MB * 256):
            f.write(block.to_bytes(8, 'big') * 512)


@pytest.mark.parametrize('dom0', BOOTS.values(), ids=BOOTS, indirect=True)
class TestDevices:
    """Disks keep what is written, cards reach their network."""

    def test_drivers_load(self, dom0):
        for module in ('virtio_pci', 'virtio_blk', 'virtio_net', 'ahci',
                       'sd_mod', 'e1000e', 'e1000'):
            dom0.sh(f'modprobe {module}')
        dom0.poll('[ -b /dev/vda ] && [ -b /dev/sda ]', 60, 'both disks')

    @pytest.mark.parametrize('name', ['vda', 'sda'])
    def test_disk(self, dom0, name):
        """Reads the known content, writes other content and reads that."""
        out = dom0.sh(f'dd if=/dev/{name} bs=4096 skip=1000 count=1 2>/dev/null'
                      ' | hexdump -n 8 -e \'8/1 "%02x"\'')
        assert out.strip() == f'{1000:016x}'
        dom0.sh(f'dd if=/dev/urandom of=/tmp/r bs=64k count=32 2>/dev/null && '
                f'dd if=/tmp/r of=/dev/{name} bs=64k seek=10 2>/dev/null && '
                'sync && echo 3 >/proc/sys/vm/drop_caches && '
                f'dd if=/dev/{name} bs=64k skip=10 count=32 2>/dev/null | '
                'cmp - /tmp/r', 120)

    @pytest.mark.parametrize('driver', CARDS)
    def test_network(self, dom0, driver):
        """The gateway of the card's own network answers."""
        net = f'10.9.{CARDS[driver]}'
        dom0.sh('for d in /sys/class/net/*; do [ "$(basename $(readlink '
                f'$d/device/driver 2>/dev/null))" = {driver} ] && '
                'echo ${d##*/} >/tmp/card; done; '
                'i=$(cat /tmp/card) && ip link set $i up && '
                f'ip addr add {net}.15/24 dev $i', 60)
        dom0.sh(f'ping -c 5 -W 5 {net}.2', 60)

    def test_interrupts(self, dom0):
        """They came, and by the way that this boot is about."""
        rows = [line for line in dom0.sh('cat /proc/interrupts').splitlines()
                if 'xen-pirq' in line and
                any(n in line for n in ('virtio', 'ahci', 'eth'))]
        kind = 'ioapic' if dom0.vm.cfg.kernel_args else 'msi'
        by_kind = [r for r in rows if kind in r]
        names = ' '.join(by_kind)
        assert 'virtio' in names and 'ahci' in names and 'eth' in names
        if kind == 'ioapic':
            assert by_kind == rows
        for row in by_kind:
            counts = [int(w) for w in row.split(':')[1].split()
                      if w.isdigit()][:dom0.vm.cfg.smp]
            assert sum(counts) > 0 or 'config' in row or 'eth' in row, row

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        dom0.power_off()
