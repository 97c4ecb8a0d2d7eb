# SPDX-License-Identifier: GPL-2.0-or-later
"""Network cards served by parvis-netback, with stock frontends.

Every byte of every TCP stream is checked where it arrives.  netload is
tests/boot/netload.c.
"""

import pytest

import re

KILLS = 10
HOST4, GUEST4 = '10.66.0.1', '10.66.0.2'
HOST6, GUEST6 = 'fd66::1', 'fd66::2'
MAC = '00:16:3e:00:00:05'


def bridge(dom0):
    """The bridge of this class, with the host's addresses."""
    dom0.sh(f'ip link show xenbr0 >/dev/null 2>&1 || '
            f'{{ ip link add xenbr0 type bridge; '
            f'ip addr add {HOST4}/24 dev xenbr0; '
            f'ip addr add {HOST6}/64 dev xenbr0; '
            f'ip link set xenbr0 up; '
            f'(netload serve 7000 >/tmp/serve.log 2>&1 &) }}')


def guest(dom0, name, vif, **options):
    """A guest whose card is up."""
    dom0.create(name, mode='agent', vif=[vif], **options)
    dom0.wait_console(name, 'agent is ready')
    dom0.guest(name, 'until [ -d /sys/class/net/eth0 ]; do sleep 0.1; done; '
                     f'ip addr add {GUEST4}/24 dev eth0; '
                     f'ip addr add {GUEST6}/64 dev eth0; '
                     'ip link set eth0 up; (netload serve 7000 >/dev/null 2>&1 &); '
                     f'until ping -c 1 -W 1 {HOST4}; do :; done; '
                     f'until ping -6 -c 1 -W 1 {HOST6}; do :; done')


def traffic(dom0, name, mib=8):
    """TCP both ways over both families, and UDP there and back."""
    for address in (HOST4, HOST6):
        print(dom0.guest(name, f'netload send {address} 7000 {mib}; ', 120))
        print(dom0.guest(name, f'netload recv {address} 7000 {mib}', 120))
        print(dom0.guest(name, f'netload round {address} 7000 200', 120))


class BridgeTests:
    """A guest on a bridge, and what its card does."""

    def test_traffic(self, dom0):
        """Checked streams with every offload that the frontend has."""
        bridge(dom0)
        guest(dom0, 'n', f'mac={MAC}', vcpus=2, linux=self.frontend)
        assert 'tcp-segmentation-offload: on' in dom0.guest(
            'n', 'ethtool -k eth0')
        traffic(dom0, 'n')
        assert len(dom0.guest('n', 'ls /sys/class/net/eth0/queues').split()) == 4

    def test_without_offloads(self, dom0):
        """The same without segmentation and checksum offload."""
        dom0.guest('n', 'ethtool -K eth0 tso off gso off tx off sg off gro off')
        traffic(dom0, 'n', 4)
        dom0.guest('n', 'ethtool -K eth0 sg on tx on tso on gso on gro on')

    def test_flood(self, dom0):
        """Small packets as fast as they come, both ways; then still alive."""
        print(dom0.guest('n', f'netload packets {HOST4} 7000 64 20000', 120))
        print(dom0.sh(f'netload packets {GUEST4} 7000 64 20000', 120))
        dom0.guest('n', f'ping -c 3 {HOST4}')

    def test_kills(self, dom0):
        """A stream goes on while its backend is killed again and again."""
        dom0.guest('n', f'(netload send {HOST4} 7000 64 >/tmp/s 2>&1; '
                        'echo ended $? >>/tmp/s) &')
        dom0.guest('n', f'(netload recv {HOST4} 7000 64 >/tmp/r 2>&1; '
                        'echo ended $? >>/tmp/r) &')
        dom0.sh(f'left={KILLS}; while [ $left -gt 0 ]; do '
                'pid=$(pidof parvis-netback) && kill -9 $pid && '
                'left=$((left - 1)); usleep 300000; done', 120)
        for log in ('s', 'r'):
            dom0.guest('n', f'until grep -q ended /tmp/{log}; do sleep 0.2; '
                            'done', 300)
            out = dom0.guest('n', f'cat /tmp/{log}')
            print(out)
            assert 'ended 0' in out
        log = dom0.sh('cat /var/log/xen/parvis-devd.log')
        assert len(re.findall('was killed by signal 9', log)) >= KILLS
        assert dom0.complaints('n') == []

    def test_replace(self, dom0):
        """Another backend takes the card over."""
        dom0.sh('xl device-replace n vif0 || xl device-replace n 0')
        dom0.guest('n', f'netload send {HOST4} 7000 8')

    def test_end(self, dom0):
        """Nothing is left of it."""
        dom0.destroy('n')
        dom0.poll('! pidof parvis-netback', 20, 'the backend to end')
        assert 'vif' not in dom0.sh('ip -o link')


@pytest.mark.long
class TestNet61(BridgeTests):
    """The frontend of Linux 6.1."""
    boot = {'image': 'device_dom0', 'smp': 2, 'mem': 2048}
    frontend = '6.1'

    def test_spoof(self, dom0):
        """Only its own addresses leave a guest whose card is filtered."""
        bridge(dom0)
        guest(dom0, 's', f'mac={MAC},ip={GUEST4} {GUEST6},filter=mac+ip')
        dom0.guest('s', f'ping -c 1 -W 2 {HOST4}')
        rc, _ = dom0.guest_status('s', 'ip addr add 10.66.0.3/24 dev eth0; '
                                  f'ping -c 1 -W 2 -I 10.66.0.3 {HOST4}')
        assert rc
        rc, _ = dom0.guest_status('s', 'ip link set eth0 down; ip link set eth0 '
                                  'address 00:16:3e:00:00:99; ip link set eth0 '
                                  f'up; sleep 1; ping -c 1 -W 2 {HOST4}')
        assert rc
        dom0.destroy('s')

    def test_nat(self, dom0):
        """DHCP, DNS's server and IPv6 by advertisement, and out by NAT."""
        dom0.create('t', mode='agent', vif=[f'mac={MAC},script=vif-nat'])
        dom0.wait_console('t', 'agent is ready')
        dom0.guest('t', 'until [ -d /sys/class/net/eth0 ]; do sleep 0.1; done; '
                        'ip link set eth0 up; udhcpc -i eth0 -n -q -t 10 -s '
                        '/bin/true -f > /tmp/lease 2>&1; cat /tmp/lease')
        lease = re.search(r'lease of (10\.77\.\d+\.\d+) obtained',
                          dom0.guest('t', 'cat /tmp/lease'))
        assert lease
        net = lease[1].rsplit('.', 1)[0]
        dom0.guest('t', f'ip addr add {lease[1]}/24 dev eth0; '
                        f'ip route add default via {net}.1; '
                        f'ping -c 2 -W 2 {net}.1; '
                        f'netload send {HOST4} 7000 8')
        dom0.guest('t', 'until ip -6 addr show dev eth0 | grep -q "inet6 fd"; '
                        'do sleep 0.3; done', 30)
        dom0.destroy('t')
        dom0.poll('! pidof dnsmasq', 20, 'dnsmasq to end')
        dom0.poll('[ ! -e /sys/class/net/parvisnat0 ]', 20, 'the network to go')

    def test_kernel_backend(self, dom0):
        """A card of Linux's xen-netback beside one of ours, in one guest."""
        bridge(dom0)
        dom0.sh('modprobe xen-netback; ip link add xenbr1 type bridge; '
                'ip addr add 10.67.0.1/24 dev xenbr1; ip link set xenbr1 up')
        dom0.create('v', mode='agent', vif=[
            f'mac={MAC}', 'mac=00:16:3e:00:00:06,bridge=xenbr1,backendtype=vif'])
        dom0.wait_console('v', 'agent is ready')
        dom0.guest('v', f'ip addr add {GUEST4}/24 dev eth0; '
                        'ip addr add 10.67.0.2/24 dev eth1; '
                        'ip link set eth0 up; ip link set eth1 up; '
                        f'until ping -c 1 -W 1 {HOST4}; do :; done; '
                        'until ping -c 1 -W 1 10.67.0.1; do :; done; '
                        f'netload send {HOST4} 7000 4; '
                        'netload send 10.67.0.1 7000 4', 120)
        dom0.destroy('v')
        dom0.sh('ip link del xenbr1')

    def test_no_bridge(self, dom0):
        """A bridge that is not there fails the create at once, with words."""
        rc, out = dom0.status('xl create ' + dom0.config(
            'u', vif=['bridge=nobr']))
        assert rc and 'nobr' in out and 'ip link add' in out
        assert 'u' not in dom0.list()


@pytest.mark.long
class TestNet612(BridgeTests):
    """The frontend of Linux 6.12, in a control domain with 6.12."""
    boot = {'image': 'device_dom0', 'linux': '6.12', 'smp': 2, 'mem': 2048}
    frontend = '6.12'
