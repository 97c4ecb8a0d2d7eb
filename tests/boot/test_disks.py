# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks of guests: every format, what goes wrong, and what must survive it.

The control domain keeps the images on /data, a disk of the machine; another
disk of the machine is handed to guests as it is.  Guests run stock kernels.
"""

import os
import re
import subprocess
import time

import pytest

from conftest import LOGS, PVGRUB, hypervisor_under_test, need, need_tools, \
    scaled, tools_under_test, vm
from dom0 import Dom0

DATA = os.path.join(vm.BUILD, 'images', 'test-data.raw')
WHOLE = os.path.join(vm.BUILD, 'images', 'test-whole.raw')
MIB = 24

# Our name of a format, qemu-img's, and what it needs to make an exact size.
FORMATS = {'raw': ('raw', ''), 'qcow2': ('qcow2', ''),
           'vhd': ('vpc', '-o force_size=on'), 'vhdx': ('vhdx', ''),
           'vmdk': ('vmdk', '')}
LETTERS = dict(zip(list(FORMATS) + ['nbd'], 'abcdef'))

MACHINE = {'image': 'device_dom0', 'smp': 2, 'devices': (
    f'-drive if=none,id=d0,format=raw,snapshot=on,file={DATA}',
    '-device virtio-blk-pci,drive=d0',
    f'-drive if=none,id=d1,format=raw,snapshot=on,file={WHOLE}',
    '-device virtio-blk-pci,drive=d1')}


@pytest.fixture(scope='module', autouse=True)
def machine_disks():
    """Two disks of the machine: a file system for images, and an empty one."""
    if tools_under_test() == 'debian':
        pytest.skip("Debian's tools read few of these formats")
    os.makedirs(os.path.dirname(DATA), exist_ok=True)
    subprocess.run([os.path.join(vm.HERE, 'mkdisk'), '-o', DATA,
                    '--size', '600'], check=True)
    with open(WHOLE, 'wb') as f:
        f.truncate(64 << 20)


def prepare(dom0):
    """Mounts the file system for images."""
    dom0.sh('for m in virtio_pci virtio_blk ext4 loop xen-blkback; '
            'do modprobe $m; done')
    dom0.poll('[ -b /dev/vdb ]', 30, "the machine's disks")
    dom0.sh('mkdir -p /data && mount -t ext4 /dev/vda /data')


def disk(name):
    """The configuration of one format's disk."""
    if name == 'nbd':
        return f'nbd://127.0.0.1:10810/disk,raw,xvd{LETTERS[name]},w'
    return f'/data/g.{name},{name},xvd{LETTERS[name]},w'


@pytest.mark.long
class TestFormats:
    """File systems on every format, by both kernels' frontends."""

    boot = MACHINE

    def test_images(self, dom0):
        prepare(dom0)
        for name, (fmt, options) in FORMATS.items():
            dom0.sh(f'qemu-img create -q -f {fmt} {options} /data/g.{name} '
                    f'{MIB}M')
        dom0.sh(f'truncate -s {MIB}M /data/g.nbd; qemu-storage-daemon '
                '--blockdev file,node-name=f,filename=/data/g.nbd '
                '--nbd-server addr.type=inet,addr.host=127.0.0.1,'
                'addr.port=10810 --export nbd,id=e,node-name=f,writable=on,'
                'name=disk --daemonize --pidfile /run/nbd.pid')

    def test_guest_with_all(self, dom0):
        dom0.create('f', mode='agent', memory=192,
                    disk=[disk(name) for name in LETTERS])
        dom0.wait_console('f', 'agent is ready', 180)
        for letter in LETTERS.values():
            dom0.guest('f', f'until [ -b /dev/xvd{letter} ]; do sleep 0.1; done')
            size = dom0.guest('f', f'cat /sys/block/xvd{letter}/size')
            assert int(size) == MIB * 2048

    @pytest.mark.parametrize('name', LETTERS)
    def test_file_system(self, dom0, name):
        """Made, filled, unmounted, mounted, compared, checked."""
        dev, at = f'/dev/xvd{LETTERS[name]}', f'/mnt/{name}'
        dom0.guest('f', f'/usr/sbin/mke2fs -q -t ext4 {dev} && modprobe ext4; '
                        f'mkdir -p {at} && mount -t ext4 {dev} {at} && '
                        f'dd if=/dev/urandom of=/tmp/r bs=64k count=64 '
                        f'2>/dev/null && for i in 1 2 3; do '
                        f'cp /tmp/r {at}/f$i || exit 1; done && '
                        f'md5sum /tmp/r | cut -d" " -f1 >{at}/sum && '
                        f'umount {at}', 180)
        dom0.guest('f', f'mount -t ext4 {dev} {at} && for i in 1 2 3; do '
                        f'[ "$(md5sum <{at}/f$i | cut -d" " -f1)" = '
                        f'"$(cat {at}/sum)" ] || exit 1; done && umount {at} '
                        f'&& /usr/sbin/e2fsck -fn {dev}', 180)

    @pytest.mark.parametrize('name', FORMATS)
    def test_load_checks_every_block(self, dom0, name):
        """Random reads and writes, beyond what a file system would do."""
        dev = f'/dev/xvd{LETTERS[name]}'
        dom0.guest('f', f'dd if={dev} of=/tmp/keep bs=1M count=8 2>/dev/null && '
                        f'ioload mix {dev} 8 3 16 2 && '
                        f'dd if=/tmp/keep of={dev} bs=1M conv=fsync 2>/dev/null',
                   180)

    def test_grows(self, dom0):
        """An image in a format is made larger under its guest."""
        letter = LETTERS['qcow2']
        dom0.sh(f'xl block-resize f xvd{letter} {2 * MIB}', 60)
        dom0.guest('f', f'until [ $(cat /sys/block/xvd{letter}/size) = '
                        f'{MIB * 4096} ]; do sleep 0.1; done; '
                        f'dd if=/dev/urandom of=/tmp/end bs=1M count=1 && '
                        f'dd if=/tmp/end of=/dev/xvd{letter} bs=1M '
                        f'seek={2 * MIB - 1} conv=fsync && '
                        f'dd if=/dev/xvd{letter} bs=1M skip={2 * MIB - 1} '
                        f'iflag=direct | cmp - /tmp/end', 60)

    def test_other_kernel_reads_them(self, dom0):
        """The stock frontend of 6.12 finds what that of 6.1 wrote."""
        dom0.destroy('f')
        dom0.create('n', mode='agent', memory=256, linux='6.12',
                    disk=[disk(name) for name in LETTERS])
        dom0.wait_console('n', 'agent is ready', 240)
        for name, letter in LETTERS.items():
            dom0.guest('n', f'until [ -b /dev/xvd{letter} ]; do sleep 0.1; '
                            f'done; modprobe ext4; mkdir -p /mnt/{name}; '
                            f'mount -t ext4 /dev/xvd{letter} /mnt/{name} && '
                            f'for i in 1 2 3; do '
                            f'[ "$(md5sum </mnt/{name}/f$i | cut -d" " -f1)" = '
                            f'"$(cat /mnt/{name}/sum)" ] || exit 1; done; '
                            f'umount /mnt/{name}', 180)
        assert dom0.complaints('n') == []
        dom0.destroy('n')

    @pytest.mark.parametrize('name', FORMATS)
    def test_image_is_whole(self, dom0, name):
        """QEMU's own tool reads the same file system out of the image."""
        fmt = FORMATS[name][0]
        dom0.sh(f'qemu-img convert -f {fmt} -O raw /data/g.{name} /data/x.raw && '
                '/usr/sbin/e2fsck -fn /data/x.raw; r=$?; rm /data/x.raw; exit $r',
                120)

    def test_nothing_is_left(self, dom0):
        dom0.poll('! pidof parvis-blkback', 20, 'the backends to end')
        assert dom0.sh('pidof qemu-storage-daemon | wc -w').strip() == '1'
        assert dom0.sh('losetup -a') == ''

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []


class TestTroubles:
    """What goes wrong is said, at once, and loses nothing."""

    boot = MACHINE

    def refused(self, dom0, name, spec):
        """Creates a guest with a disk that will not do: what xl says."""
        path = dom0.config(name, disk=[spec])
        before = time.monotonic()
        rc, out = dom0.status(f'xl create {path}', 60)
        assert rc != 0, out
        assert time.monotonic() - before < scaled(30), 'it waited'
        assert dom0.status(f'xl domid {name}')[0] != 0, 'a guest is left'
        return out

    def test_start(self, dom0):
        prepare(dom0)
        dom0.sh(f'truncate -s {MIB}M /data/a.raw /data/b.raw /data/c.raw')
        dom0.create('t', mode='agent', disk=['/data/a.raw,raw,xvda,w'])
        dom0.wait_console('t', 'agent is ready', 180)

    def test_image_is_missing(self, dom0):
        out = self.refused(dom0, 'x', '/data/none.raw,raw,xvda,w')
        assert '/data/none.raw' in out and 'does not exist' in out

    def test_image_of_another_format(self, dom0):
        out = self.refused(dom0, 'x', '/data/b.raw,qcow2,xvda,w')
        assert 'b.raw' in out

    def test_image_is_in_use(self, dom0):
        """By another guest: refused, also for reading what is being written."""
        out = self.refused(dom0, 'x', '/data/a.raw,raw,xvda,w')
        assert '/data/a.raw' in out and 'use' in out
        self.refused(dom0, 'x', '/data/a.raw,raw,xvda,r')

    def test_image_is_shared_by_wish(self, dom0):
        """lock=shared on both sides is the documented way."""
        dom0.sh('xl block-attach t /data/b.raw,raw,xvdb,w,lock=shared')
        dom0.create('s', disk=['/data/b.raw,raw,xvda,w,lock=shared'])
        dom0.destroy('s')
        dom0.sh('xl block-detach t xvdb')

    def test_mounted_disk_is_refused(self, dom0):
        """A file system that the control domain has mounted."""
        out = self.refused(dom0, 'x', 'phy:/dev/vda,xvda,w')
        assert 'vda' in out

    def test_read_only(self, dom0):
        dom0.sh('xl block-attach t /data/c.raw,raw,xvdc,r')
        dom0.guest('t', 'until [ -b /dev/xvdc ]; do sleep 0.1; done')
        rc, _ = dom0.guest_status('t', 'ioload fill /dev/xvdc 1 1')
        assert rc != 0
        assert dom0.guest('t', 'cat /sys/block/xvdc/ro').strip() == '1'
        dom0.sh('xl block-detach t xvdc')

    def test_disk_full(self, dom0):
        """The host has no room: the guest gets an error, not a hang; what it
        had written stays, and it goes on once there is room."""
        dom0.sh('truncate -s 16M /data/small.fs && '
                '/usr/sbin/mke2fs -q -t ext4 -O ^has_journal /data/small.fs && '
                'mkdir -p /small && mount -t ext4 -o loop /data/small.fs /small '
                '&& dd if=/dev/zero of=/small/ballast bs=1M count=8 2>/dev/null '
                '&& truncate -s 32M /small/big.raw')
        dom0.sh('xl block-attach t /small/big.raw,raw,xvdd,w')
        dom0.guest('t', 'until [ -b /dev/xvdd ]; do sleep 0.1; done; '
                        'ioload fill /dev/xvdd 2 7')
        rc, out = dom0.guest_status('t', 'dd if=/dev/zero of=/dev/xvdd bs=1M '
                                         'seek=2 count=28 oflag=direct', 120)
        assert rc != 0, out
        dom0.guest('t', 'ioload check /dev/xvdd 2 7')
        log = dom0.sh('cat /var/log/xen/parvis-devd.log')
        assert re.search(r'xvdd|51760', log)
        dom0.sh('rm /small/ballast')
        dom0.guest('t', 'dd if=/dev/zero of=/dev/xvdd bs=1M seek=2 count=4 '
                        'oflag=direct', 120)
        dom0.sh('xl block-detach t xvdd && umount /small')

    def test_unplugged_by_force(self, dom0):
        """The guest's program gets an error; its other disks go on.  (Requests
        that Linux's frontend still queues in that moment are never answered by
        it, with any backend, so this program makes one at a time.)"""
        dom0.sh('xl block-attach t /data/c.raw,raw,xvdc,w')
        dom0.guest('t', 'until [ -b /dev/xvdc ]; do sleep 0.1; done; '
                        '(while /usr/bin/dd if=/dev/zero of=/dev/xvdc bs=4k '
                        'count=1 oflag=direct conv=nocreat 2>>/tmp/m; do '
                        'usleep 200000; done; echo ended >>/tmp/m) '
                        '>/dev/null 2>&1 & sleep 2; ! grep ended /tmp/m')
        dom0.sh('xl block-detach --force t xvdc', 60)
        dom0.guest('t', 'until grep ended /tmp/m; do sleep 0.2; done', 60)
        dom0.guest('t', 'ioload mix /dev/xvda 8 3 8 1')
        assert len(dom0.sh('xl block-list t').splitlines()) == 2

    def test_kernel_backend_beside_ours(self, dom0):
        """backendtype=phy and our own in one guest."""
        dom0.sh('xl block-attach t phy:/dev/vdb,xvde,w,backendtype=phy')
        dom0.guest('t', 'until [ -b /dev/xvde ]; do sleep 0.1; done')
        kinds = dom0.sh('xl block-list t')
        assert 'backend/vbd/' in kinds and 'backend/pvbd/' in kinds
        dom0.guest('t', 'ioload mix /dev/xvda 16 4 8 2 & '
                        'ioload mix /dev/xvde 16 5 8 2 && wait $!', 120)
        dom0.guest('t', 'ioload fill /dev/xvda 8 9 && dd if=/dev/xvda '
                        'of=/dev/xvde bs=1M count=8 conv=fsync 2>/dev/null && '
                        'ioload check /dev/xvde 8 9', 120)
        dom0.sh('xl block-detach t xvde')

    def test_hundred_attachments(self, dom0):
        """Another disk comes and goes under load; nothing is left of it."""
        attach = ('xl block-attach t /data/b.raw,raw,xvdb,w && '
                  'xl block-detach t xvdb')
        dom0.guest('t', '(until [ -e /tmp/stop ]; do ioload mix /dev/xvda 8 3 8 '
                        '5 || echo BROKE; done; echo ended) >/tmp/load 2>&1 &')
        dom0.sh(attach)
        before, files = dom0.counts(), self.open_files(dom0)
        dom0.sh(f'i=0; while [ $i -lt 100 ]; do {attach} || exit 1; '
                'i=$((i + 1)); done', 900)
        dom0.poll('[ $(pidof parvis-blkback | wc -w) = 1 ]', 30, 'one backend')
        after = dom0.counts()
        dom0.guest('t', 'touch /tmp/stop; until grep -q ended /tmp/load; '
                        'do sleep 0.2; done', 120)
        load = dom0.guest('t', 'cat /tmp/load')
        assert 'BROKE' not in load and 'FAILED' not in load
        assert {k: after[k] for k in ('ports', 'nodes') if k in after} == \
            {k: before[k] for k in ('ports', 'nodes') if k in before}
        assert abs(after['pages'] - before['pages']) < 64
        assert self.open_files(dom0) == files

    @staticmethod
    def open_files(dom0):
        """How many descriptors the daemons hold."""
        return dom0.sh('for n in parvis-devd parvisd xenstored; do for p in '
                       '$(pidof $n); do ls /proc/$p/fd | wc -l; done; done')

    def test_kernel_logs_are_clean(self, dom0):
        assert dom0.complaints() == []
        assert dom0.complaints('t') == []

    def test_powers_off(self, dom0):
        dom0.destroy('t')
        dom0.sh('umount /data')
        dom0.power_off()


@pytest.mark.long
class TestFlush:
    """What was acknowledged after a flush is on the machine's disk, even if the
    machine ends in that moment."""

    @pytest.mark.parametrize('kind', ['file', 'device'])
    def test_survives_a_killed_host(self, images, kind):
        hyp, tools = hypervisor_under_test(), tools_under_test()
        need(hyp)
        need(PVGRUB)
        need_tools(tools)
        os.makedirs(LOGS, exist_ok=True)
        host = os.path.join(vm.BUILD, 'images', f'test-flush-{kind}.raw')
        subprocess.run([os.path.join(vm.HERE, 'mkdisk'), '-o', host,
                        '--size', '64'], check=True)
        cfg = vm.Config(
            hypervisor=hyp, kernel=images.linux('6.1') + '/vmlinuz',
            initrd=images.device_dom0('6.1', tools), mode='agent',
            log=os.path.join(LOGS, f'flush-{kind}.log'),
            devices=(f'-drive if=none,id=d0,format=raw,file={host}',
                     '-device virtio-blk-pci,drive=d0'))
        with vm.Machine(cfg) as machine:
            machine.expect(r'^parvis: agent is ready', scaled(300), 'the tools')
            last = self.write_until_killed(Dom0(machine, scaled), kind)
        self.look(images, host, kind, last)

    @staticmethod
    def write_until_killed(dom0, kind):
        """The last block that the guest was told is safe."""
        dom0.sh('for m in virtio_pci virtio_blk ext4; do modprobe $m; done')
        dom0.poll('[ -b /dev/vda ]', 30, 'the disk')
        target = 'phy:/dev/vda,xvda,w'
        if kind == 'file':
            dom0.sh('mkdir /data && mount -t ext4 /dev/vda /data && '
                    'dd if=/dev/zero of=/data/f.raw bs=1M count=16 2>/dev/null '
                    '&& sync')
            target = '/data/f.raw,raw,xvda,w'
        dom0.create('w', mode='agent', disk=[target])
        dom0.wait_console('w', 'agent is ready', 180)
        dom0.guest('w', 'until [ -b /dev/xvda ]; do sleep 0.1; done; '
                        '(ioload flush /dev/xvda 16 5 >/dev/hvc0 2>&1) '
                        '>/dev/null 2>&1 &')
        dom0.wait_console('w', '^flushed [0-9]{2,}', 120)
        said = dom0.sh(f'grep -a "^flushed" {dom0.log("w")} | tail -n 1')
        dom0.vm.process.kill()
        return int(said.split()[1])

    @staticmethod
    def look(images, host, kind, last):
        """Reads the machine's disk as it was left."""
        image = host
        if kind == 'file':
            image = f'{host}.inner'
            subprocess.run(['/sbin/e2fsck', '-fy', host], check=False,
                           capture_output=True)
            subprocess.run(['/sbin/debugfs', '-R', f'dump /f.raw {image}',
                            host], check=True, capture_output=True)
        done = subprocess.run([images.helper('ioload'), 'found', image,
                               str(last), '5'], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout
        assert f'{last + 1} blocks are there' in done.stdout
