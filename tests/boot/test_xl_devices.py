# SPDX-License-Identifier: GPL-2.0-or-later
"""xl's commands for disks and network cards, on guests with stock frontends."""

import json

import pytest


def need_devices(dom0):
    """Skips where the control domain has no device daemon of ours."""
    if dom0.status('test -x /usr/bin/parvis-devd')[0]:
        pytest.skip('no parvis-devd among these tools')


def backends(run):
    """The backend processes of a domain."""
    return run('for p in /proc/[0-9]*; do grep -l "parvis-[bn]" $p/comm; done '
               '2>/dev/null || true').strip()


class TestDevices:
    """One guest with a disk, a drive and a card, and what xl does to them."""

    boot = {'image': 'device_dom0'}

    def test_create(self, dom0):
        """A guest comes up with what its configuration says."""
        need_devices(dom0)
        dom0.sh('ip link add xenbr0 type bridge; ip link set xenbr0 up; '
                'truncate -s 16M /a.raw /b.raw; '
                'printf cdrom >/cd.img; truncate -s 1M /cd.img')
        dom0.create('g', mode='agent',
                    disk=['/a.raw,,xvda', ',,xvdc,cdrom'],
                    vif=['mac=00:16:3e:00:00:01'])
        dom0.wait_console('g', 'agent')
        assert dom0.guest('g', 'cat /sys/block/xvda/size').strip() == '32768'
        rows = json.loads(dom0.sh('xl block-list -j g'))
        assert [(r['vdev'], r['state']) for r in rows] == [('xvda', 4), ('xvdc', 4)]
        nics = json.loads(dom0.sh('xl network-list --json g'))
        assert nics[0]['mac'] == '00:16:3e:00:00:01'
        cfg = json.loads(dom0.sh('xl list -l g'))[0]['config']
        assert cfg['disks'][0]['pdev_path'] == '/a.raw'
        assert cfg['nics'][0]['bridge'] == 'xenbr0'
        assert cfg['c_info']['name'] == 'g'
        assert cfg['b_info']['kernel'].startswith('/boot/vmlinuz')
        assert 'guest=agent' in cfg['b_info']['cmdline']

    def test_lists(self, dom0):
        """The columns of Xen's xl."""
        out = dom0.sh('xl block-list g').splitlines()
        assert out[0].split() == ['Vdev', 'BE', 'handle', 'state', 'evt-ch',
                                  'ring-ref', 'BE-path']
        assert out[1].split()[0] == '51712'
        assert '00:16:3e:00:00:01' in dom0.sh('xl network-list g')

    def test_plug(self, dom0):
        """A disk comes and goes while the guest runs, ten times."""
        for _ in range(10):
            dom0.sh('xl block-attach g /b.raw,,xvdb,w')
            dom0.guest('g', 'until [ -b /dev/xvdb ]; do sleep 0.1; done; '
                            'dd if=/dev/zero of=/dev/xvdb bs=64k count=4')
            dom0.sh('xl block-detach g xvdb')
        dom0.sh('xl network-attach g mac=00:16:3e:00:00:02')
        dom0.sh('xl network-detach g 00:16:3e:00:00:02')

    def test_kernel_backends(self, dom0):
        """The same by Linux's own backends, beside ours in one guest."""
        dom0.sh('modprobe loop; modprobe xen-blkback; modprobe xen-netback')
        for _ in range(3):
            dom0.sh('xl block-attach g /b.raw,,xvdb,w,backendtype=phy')
            dom0.guest('g', 'until [ -b /dev/xvdb ]; do sleep 0.1; done; '
                            'echo kernel | dd of=/dev/xvdb bs=512 conv=sync')
            dom0.sh('xl block-detach g xvdb')
            assert dom0.sh('head -c 6 /b.raw').strip() == 'kernel'
        assert dom0.sh('losetup -a || true').strip() == ''
        dom0.sh('xl network-attach g backendtype=vif,mac=00:16:3e:00:00:03')
        dom0.sh('xl network-detach g 00:16:3e:00:00:03')

    def test_resize(self, dom0):
        """A disk grows under the guest."""
        dom0.sh('xl block-resize g xvda 32')
        dom0.guest('g', 'until [ $(cat /sys/block/xvda/size) = 65536 ]; '
                        'do sleep 0.1; done')

    def test_media(self, dom0):
        """A medium comes into the drive and goes."""
        dom0.sh('xl cd-insert g xvdc /cd.img')
        dom0.guest('g', 'until [ "$(head -c 5 /dev/xvdc)" = cdrom ]; '
                        'do sleep 0.1; done')
        dom0.sh('xl cd-eject g xvdc')

    def test_backends(self, dom0):
        """A backend counts, and another takes its place."""
        stats = json.loads(dom0.sh('xl device-stats -j g xvda'))
        assert stats['reply']['rd_req'] > 0
        dom0.sh('xl device-replace g xvda')
        dom0.guest('g', 'dd if=/dev/xvda of=/dev/null bs=64k count=4 iflag=direct')

    def test_host_settings(self, dom0):
        """New cards and pinned vCPUs follow xl.conf, and only they."""
        dom0.sh('mkdir -p /etc/xen; ip link add hostbr type bridge; '
                'echo \'vif.default.bridge = "hostbr"; vm.cpumask = "1"\' '
                '>/etc/xen/xl.conf')
        assert '"bridge": "xenbr0"' in dom0.sh('xl list -l g')
        dom0.sh('xl network-attach g mac=00:16:3e:00:00:04')
        assert dom0.sh('ls /sys/class/net/hostbr/brif').strip()
        dom0.sh('xl network-detach g 00:16:3e:00:00:04')
        dom0.sh('xl vcpu-pin g 0 all')
        vcpu = json.loads(dom0.sh('xl vcpu-list --json g'))[0]
        assert vcpu['affinity_hard'] == '1'
        rc, out = dom0.status('xl vcpu-pin g 0 0')
        assert rc and 'vm.cpumask' in out
        dom0.sh('rm /etc/xen/xl.conf; ip link del hostbr; xl vcpu-pin g 0 all')

    def test_errors(self, dom0):
        """What cannot be is told at once, and leaves nothing."""
        rc, out = dom0.status('xl block-attach g /a.raw,,xvdd')
        assert rc and 'xvdd' in out and 'g' in out
        rc, out = dom0.status('xl block-attach g /nowhere,,xvdd')
        assert rc and '/nowhere' in out
        rc, out = dom0.status(f'xl create {dom0.config("h", disk=["/none.raw,,xvda"])}')
        assert rc and 'bringing up its devices: disk xvda' in out
        assert 'h' not in dom0.list()

    def test_reboot_and_end(self, dom0):
        """The devices of a restart are those of before, and then none is left."""
        dom0.sh('xl reboot -w g')
        dom0.poll('xl block-list -j g | grep -q "\\"state\\": 4"', 60,
                  'the restarted guest to have its disks')
        dom0.destroy('g')
        left = dom0.sh('xenstore-ls -f / | grep -E "backend/(pvbd|pvif)/[0-9]+|^/libxl/[1-9]" || true')
        assert left.strip() == ''
        assert backends(dom0.sh) == ''
        # What held a half-made guest has let go of it, too.
        dom0.poll('! xl list | grep -q null', 20, 'no domain to be left')


class TestDriverDomain:
    """A guest that serves a disk and a card to another guest."""

    boot = {'image': 'device_dom0', 'mem': 2304}

    def test_serves(self, dom0):
        """The other guest writes to a disk, and sends, through the first."""
        need_devices(dom0)
        dom0.create('drv', memory=256, mode='driver', driver_domain=1,
                    ramdisk='/boot/initrd-driver')
        dom0.wait_console('drv', 'agent')
        dom0.guest('drv', 'truncate -s 8M /img.raw; ip link add br0 type bridge;'
                          'ip addr add 10.9.0.1/24 dev br0; ip link set br0 up')
        dom0.create('g', mode='agent', disk=['/img.raw,,xvda,backend=drv'],
                    vif=['backend=drv,bridge=br0'])
        dom0.wait_console('g', 'agent')
        dom0.guest('g', 'echo through the driver domain | '
                        'dd of=/dev/xvda bs=512 conv=sync oflag=direct')
        assert 'through the driver domain' in dom0.guest(
            'drv', 'head -c 25 /img.raw')
        dom0.guest('g', 'ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up')
        dom0.guest('g', 'ping -c 3 -w 20 10.9.0.1')
        rows = json.loads(dom0.sh('xl block-list -j g'))
        assert rows[0]['backend_domid'] == dom0.list()['drv']['id']

    def test_errors(self, dom0):
        """What the driver domain cannot open is told from there."""
        rc, out = dom0.status('xl block-attach g /nowhere,,xvdb,backend=drv')
        assert rc and '/nowhere' in out
        rc, out = dom0.status('xl block-attach drv /x,,xvdb,backend=g')
        assert rc and 'driver_domain=1' in out

    def test_end(self, dom0):
        """Nothing is left behind."""
        dom0.sh('xl block-detach g xvda')
        dom0.destroy('g')
        assert backends(lambda c: dom0.guest('drv', c)) == ''
        dom0.destroy('drv')
