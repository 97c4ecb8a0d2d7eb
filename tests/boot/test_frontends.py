# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own frontends, with our backends and with those of the kernel.

ioload and netload check each byte; see them for what they do.  The guests' image
has no frontend of the kernel, so whatever works here works by ours.
"""

import pytest

HOST, GUEST = '10.67.0.1', '10.67.0.2'
HOST6, GUEST6 = 'fd67::1', 'fd67::2'
MAC = '00:16:3e:00:00:07'
MIB = 16
DRIVERS = '/sys/bus/xen/drivers'


class FrontendTests:
    """One guest with a disk and a card.  Subclasses say what serves them."""

    frontend = '6.1'
    target = '/f.raw,raw,xvda,w,direct-io=0'

    def disk(self, dom0):
        """The disk's specification."""
        dom0.sh(f'truncate -s {MIB}M /f.raw')
        return self.target

    def await_disk(self, dom0):
        """Waits until the guest has its disk."""
        dom0.guest('f', 'until [ -b /dev/xvda ]; do sleep 0.1; done', 60)

    def card_up(self, dom0):
        """Waits for the guest's card, and gives it its addresses."""
        dom0.guest('f', 'until [ -d /sys/class/net/eth0 ]; do sleep 0.1; done; '
                        f'ip addr add {GUEST}/24 dev eth0 && '
                        f'ip addr add {GUEST6}/64 dev eth0 && '
                        'ip link set eth0 up', 60)

    def traffic(self, dom0):
        """A little of it each way."""
        dom0.guest('f', f'until ping -c 1 -W 1 {HOST}; do :; done', 60)
        dom0.guest('f', f'netload send {HOST} 7000 2 && '
                        f'netload recv {HOST} 7000 2', 60)

    def test_connects(self, dom0):
        """Both devices come up, and are ours."""
        dom0.sh('ip link show xenbr0 || { ip link add xenbr0 type bridge; '
                f'ip addr add {HOST}/24 dev xenbr0; '
                f'ip addr add {HOST6}/64 dev xenbr0; '
                'ip link set xenbr0 up; '
                '(netload serve 7000 >/tmp/serve.log 2>&1 &) }')
        dom0.create('f', mode='agent', linux=self.frontend, vcpus=2,
                    memory=192, disk=[self.disk(dom0)],
                    vif=[f'mac={MAC},bridge=xenbr0'])
        dom0.wait_console('f', 'agent is ready')
        self.await_disk(dom0)
        self.card_up(dom0)
        dom0.guest('f', '(netload serve 7000 >/dev/null 2>&1 &)')
        drivers = dom0.guest('f', f'ls {DRIVERS}/parvis-*')
        assert 'vbd-51712' in drivers and 'vif-0' in drivers
        print(dom0.guest('f', 'dmesg | grep parvis-'))

    def test_disk(self, dom0):
        """Every block is where it was written, at depth 32."""
        print(dom0.guest('f', f'ioload fill /dev/xvda {MIB} 1 && '
                              f'ioload mix /dev/xvda {MIB} 1 32 5', 240))

    def test_file_system(self, dom0):
        """A file system, with its flushes and discards."""
        dom0.guest('f', '/usr/sbin/mke2fs -q -t ext4 /dev/xvda && modprobe ext4; '
                        'mount -o discard /dev/xvda /mnt && '
                        'dd if=/dev/urandom of=/tmp/r bs=64k count=80 && '
                        'cp /tmp/r /mnt/a && cp /tmp/r /mnt/b && rm /mnt/a && '
                        'sync && umount /mnt && /usr/sbin/e2fsck -fn /dev/xvda && '
                        'mount /dev/xvda /mnt && cmp /tmp/r /mnt/b && '
                        'umount /mnt && rm /tmp/r', 240)

    def test_card(self, dom0):
        """Checked streams both ways, IPv4 and IPv6, offloads on and off."""
        dom0.guest('f', f'until ping -c 1 -W 1 {HOST}; do :; done', 60)
        assert 'tcp-segmentation-offload: on' in dom0.guest(
            'f', 'ethtool -k eth0')
        for mib, setting in ((16, 'on'), (4, 'off')):
            dom0.guest('f', f'ethtool -K eth0 tx {setting} sg {setting} '
                            f'tso {setting} gso {setting}')
            for address in (HOST, HOST6):
                for way in ('send', 'recv'):
                    print(dom0.guest(
                        'f', f'netload {way} {address} 7000 {mib}', 240))
        dom0.guest('f', 'ethtool -K eth0 tx on sg on tso on gso on')
        print(dom0.guest('f', f'netload round {HOST} 7000 100', 120))
        print(dom0.guest('f', f'netload packets {HOST} 7000 64 5000', 120))
        print(dom0.sh(f'netload packets {GUEST} 7000 64 5000', 120))

    def test_multicast(self, dom0):
        """A group that was joined is heard; neighbours' discovery needs it."""
        dom0.guest('f', f'ip neigh flush dev eth0; ping -6 -c 1 {HOST6}')
        dom0.sh(f'ip neigh flush dev xenbr0; ping -6 -c 2 {GUEST6}')
        dom0.guest('f', 'ip link set eth0 promisc on; ip link set eth0 '
                        f'promisc off; ping -c 1 {HOST}')

    def test_backend_restarts(self, dom0):
        """A backend that closes and comes back, in the midst of load."""
        dom0.guest('f', f'(ioload fill /dev/xvda {MIB} 2 && '
                        f'ioload mix /dev/xvda {MIB} 2 32 8; '
                        'echo ended $? ) >/tmp/mix 2>&1 &')
        for kind in ('vbd', 'vif'):
            dom0.sh('b=`xenstore-ls -f / | sed -n "s|^\\('
                    f'{self.backend_regex(kind)}\\)/state = .*|\\1|p"`; '
                    '[ -n "$b" ] && xenstore-write $b/state 5')
        dom0.guest('f', 'until grep -q ended /tmp/mix; do sleep 0.2; done', 240)
        out = dom0.guest('f', 'cat /tmp/mix')
        assert 'ended 0' in out, out
        dom0.guest('f', f'until ping -c 1 -W 1 {HOST}; do :; done', 60)
        log = dom0.guest('f', 'dmesg | grep "waiting for the backend"')
        assert 'vbd' in log and 'vif' in log

    def test_card_bound_again(self, dom0):
        """A card whose driver lets go of it and takes it up again."""
        driver = f'{DRIVERS}/parvis-netfront'
        dom0.guest('f', f'echo vif-0 >{driver}/unbind && '
                        '[ ! -e /sys/class/net/eth0 ] && '
                        f'echo vif-0 >{driver}/bind')
        self.card_up(dom0)
        self.traffic(dom0)

    def test_disk_bound_again(self, dom0):
        """The same of a disk, which still has what was written."""
        driver = f'{DRIVERS}/parvis-blkfront'
        dom0.guest('f', 'ioload fill /dev/xvda 4 7 && '
                        f'echo vbd-51712 >{driver}/unbind && '
                        '[ ! -e /dev/xvda ] && '
                        f'echo vbd-51712 >{driver}/bind', 60)
        self.await_disk(dom0)
        dom0.guest('f', 'ioload check /dev/xvda 4 7 && '
                        'ioload mix /dev/xvda 4 7 32 1', 60)

    def test_modules_loaded_again(self, dom0):
        """All modules go and come back while their devices stay.

        Linux keeps a module that a device is bound to.
        """
        dom0.guest('f', 'ioload fill /dev/xvda 4 8 && '
                        f'echo vif-0 >{DRIVERS}/parvis-netfront/unbind && '
                        f'echo vbd-51712 >{DRIVERS}/parvis-blkfront/unbind && '
                        'rmmod parvis-netfront parvis-blkfront '
                        'parvis-frontend && '
                        '[ ! -e /sys/class/net/eth0 -a ! -e /dev/xvda ] && '
                        'modprobe parvis-netfront && modprobe parvis-blkfront',
                   60)
        self.card_up(dom0)
        self.await_disk(dom0)
        dom0.guest('f', 'ioload check /dev/xvda 4 8 && '
                        'ioload mix /dev/xvda 4 8 32 1', 60)
        self.traffic(dom0)


class OurBackends(FrontendTests):
    """Ours with ours: what no other pair can do."""

    def gone(self, dom0):
        """Waits until nothing is left of the disk, detached while in use."""
        dom0.poll('! xenstore-exists /libxl/$(xl domid f)/device/vbd/51712',
                  60, "the disk's entries to go")

    def attach(self, dom0):
        """Gives the disk again."""
        dom0.sh(f'xl block-attach f {self.target}')

    def backend_regex(self, kind):
        """Sed's pattern for the path of a backend's folder."""
        return f'/local/domain/0/backend/p{kind}/[0-9]*/[0-9]*'

    def test_shared_buffers(self, dom0):
        """All buffers are mapped once, and the card's can be switched."""
        assert 'pool announced' in dom0.guest('f', 'dmesg')
        stats = 'ethtool -S eth0 | grep staged_buffers'
        assert dom0.guest('f', stats).split()[-1] == '1024'
        for setting, count in (('off', '0'), ('on', '1024')):
            dom0.guest('f', 'ethtool --set-priv-flags eth0 staging-grants '
                            f'{setting}; until [ "$({stats})" = '
                            f'"     staged_buffers: {count}" ]; do sleep 0.1; '
                            'done', 30)
            dom0.guest('f', f'netload send {HOST} 7000 4', 120)
            dom0.guest('f', f'netload recv {HOST} 7000 4', 120)

    def test_kills(self, dom0):
        """Backends that die: the guest notices nothing."""
        dom0.guest('f', f'(ioload fill /dev/xvda {MIB} 3 && '
                        f'ioload mix /dev/xvda {MIB} 3 32 10; '
                        'echo ended $? ) >/tmp/mix 2>&1 &')
        dom0.guest('f', f'(netload send {HOST} 7000 50; echo ended $?) '
                        '>/tmp/send 2>&1 &')
        for program in ('parvis-blkback', 'parvis-netback'):
            dom0.sh('left=5; while [ $left -gt 0 ]; do pid=$(pidof '
                    f'{program}) && kill -9 $pid && left=$((left - 1)); '
                    'usleep 400000; done', 120)
        for log in ('/tmp/mix', '/tmp/send'):
            dom0.guest('f', f'until grep -q ended {log}; do sleep 0.2; done',
                       240)
            assert 'ended 0' in dom0.guest('f', f'cat {log}')


class KernelBackends(FrontendTests):
    """xen-blkback and xen-netback, set up by Debian's tools on real Xen."""

    target = 'phy:/dev/loop0,xvda,w'

    def disk(self, dom0):
        dom0.sh('for m in loop xen-blkback xen-netback; do modprobe $m; done; '
                f'truncate -s {MIB}M /f.raw; losetup /dev/loop0 /f.raw')
        return self.target

    def gone(self, dom0):
        """Debian's tools have to be told again when it is not in use."""
        dom0.sh('xl block-detach f xvda', 60)

    def attach(self, dom0):
        """libxl waits for 10 s, which an emulated machine may need."""
        dom0.poll(f'xl block-attach f {self.target}', 60, 'the disk')

    def backend_regex(self, kind):
        """Sed's pattern for the path of a backend's folder."""
        return f'/local/domain/0/backend/{kind}/[0-9]*/[0-9]*'

    def test_save_restore(self, dom0):
        """A suspended guest comes back on another backend."""
        dom0.guest('f', f'ioload fill /dev/xvda {MIB} 5', 120)
        dom0.guest('f', f'(ioload mix /dev/xvda {MIB} 5 32 20; '
                        'echo ended $? ) >/tmp/mix 2>&1 &')
        dom0.sh('xl save f /f.save', 240)
        dom0.sh('xl restore /f.save', 240)
        dom0.guest('f', 'until grep -q ended /tmp/mix; do sleep 0.2; done', 240)
        assert 'ended 0' in dom0.guest('f', 'cat /tmp/mix')
        dom0.guest('f', f'until ping -c 1 -W 1 {HOST}; do :; done', 60)
        print(dom0.guest('f', f'netload recv {HOST} 7000 8', 120))


class Unplugging:
    """The end of both devices: the last tests of every class."""

    def test_unplug_in_use(self, dom0):
        """A mounted disk is not taken away; its last user closes it."""
        dom0.guest('f', 'modprobe ext4; /usr/sbin/mke2fs -q -t ext4 /dev/xvda '
                        '&& mount /dev/xvda /mnt && echo alive >/mnt/x')
        rc, out = dom0.status('xl block-detach f xvda', 120)
        assert rc != 0, out
        dom0.guest('f', 'dmesg | grep "in use; will be closed"; '
                        'dd if=/dev/urandom of=/mnt/y bs=64k count=64 && sync '
                        '&& echo 3 >/proc/sys/vm/drop_caches && md5sum /mnt/y '
                        '>/mnt/sum && umount /mnt', 120)
        dom0.guest('f', 'until [ ! -e /dev/xvda ]; do sleep 0.1; done', 60)
        self.gone(dom0)
        assert '51712' not in dom0.sh('xl block-list f')

    def test_plugged_again(self, dom0):
        """What was written before and after the detach is there."""
        self.attach(dom0)
        dom0.guest('f', 'until [ -b /dev/xvda ]; do sleep 0.1; done; '
                        'mount /dev/xvda /mnt && grep alive /mnt/x && '
                        'md5sum -c /mnt/sum && umount /mnt && '
                        '/usr/sbin/e2fsck -fn /dev/xvda', 120)

    def test_unplug_by_force(self, dom0):
        """Programs get errors for what is under way, however much."""
        dom0.guest('f', f'(ioload fill /dev/xvda {MIB} 6 && echo filled; '
                        f'ioload mix /dev/xvda {MIB} 6 32 600; '
                        'echo ended $? ) >/tmp/mix 2>&1 & '
                        'until grep filled /tmp/mix; do sleep 0.2; done; '
                        'sleep 2; ! grep ended /tmp/mix', 240)
        dom0.sh('xl block-detach --force f xvda', 60)
        dom0.guest('f', 'until grep ended /tmp/mix; do sleep 0.2; done; '
                        '! grep "ended 0" /tmp/mix && '
                        'until [ ! -e /dev/xvda ]; do sleep 0.1; done', 60)

    def test_unplug_busy_card(self, dom0):
        """A card goes at once, in the midst of load."""
        dom0.guest('f', f'(netload send {HOST} 7000 20000 >/dev/null 2>&1 &) '
                        '; sleep 2; ethtool -S eth0')
        dom0.sh(f'xl network-detach f {MAC}', 60)
        dom0.guest('f', 'until [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; '
                        'done; kill $(pidof netload)')
        dom0.poll('! xenstore-exists /libxl/$(xl domid f)/device/vif/0', 30,
                  "the card's entries to go")

    def test_end(self, dom0):
        """Neither side has complained about anything."""
        assert dom0.complaints('f') == []
        dom0.destroy('f')


class TestOurs61(Unplugging, OurBackends):
    """A guest of Linux 6.1."""
    boot = {'image': 'own_dom0', 'smp': 2, 'mem': 2048, 'tools': 'ours'}


@pytest.mark.long
class TestOurs612(Unplugging, OurBackends):
    """A guest of Linux 6.12."""
    boot = {'image': 'own_dom0', 'smp': 2, 'mem': 2048, 'tools': 'ours'}
    frontend = '6.12'


@pytest.mark.long
class TestKernel61(Unplugging, KernelBackends):
    """A guest of Linux 6.1."""
    boot = {'image': 'own_dom0', 'smp': 2, 'mem': 2048, 'under': 'xen',
            'tools': 'debian'}


@pytest.mark.long
class TestKernel612(Unplugging, KernelBackends):
    """A guest of Linux 6.12."""
    boot = {'image': 'own_dom0', 'smp': 2, 'mem': 2048, 'under': 'xen',
            'tools': 'debian'}
    frontend = '6.12'
