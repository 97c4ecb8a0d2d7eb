# SPDX-License-Identifier: GPL-2.0-or-later
"""Network cards of guests: every pair of ends, with what arrives compared.

The bridge xenbr0 joins guests and the control domain (10.9.0.1, fd09::1); a
network namespace of the control domain, behind a pair of virtual cards, is the
outside world that NAT leads to.  Guests run stock kernels.
"""

import re

import pytest

from conftest import tools_under_test

OFFLOADS = {'all': '', 'no-tso': 'tso off gso off', 'no-gro': 'gro off',
            'no-csum': 'tx off', 'no-sg': 'sg off tso off gso off tx off'}

# A test whose name has "::" in it would be taken for one of another class, and
# run after the others on a machine that has changed.
VERSIONS = ['IPv4', 'IPv6']


@pytest.fixture(scope='module', autouse=True)
def ours():
    """Debian's tools need their own scripts and bridges."""
    if tools_under_test() == 'debian':
        pytest.skip('for our own device daemon')


def bridge(dom0):
    """xenbr0 with addresses, and a server in the control domain."""
    dom0.sh('modprobe bridge; modprobe veth; modprobe xen-netback; '
            'ip link add xenbr0 type bridge && '
            'echo 0 >/proc/sys/net/ipv6/conf/xenbr0/accept_dad; '
            'ip link set xenbr0 up && ip addr add 10.9.0.1/24 dev xenbr0 && '
            'ip -6 addr add fd09::1/64 dev xenbr0; '
            'netload serve 5201 >/tmp/serve 2>&1 &')


def start(dom0, name, number, **options):
    """A guest on the bridge with addresses .NUMBER and ::NUMBER."""
    options.setdefault('vif', [f'mac=00:16:3e:09:00:{number:02x},bridge=xenbr0'])
    dom0.create(name, mode='agent', **options)
    dom0.wait_console(name, 'agent is ready', 240)
    give_address(dom0, name, 'eth0', number)


def give_address(dom0, name, card, number, net=0):
    """Addresses of the bridge's network, or of another."""
    dom0.guest(name, f'until [ -e /sys/class/net/{card} ]; do sleep 0.1; done; '
                     f'echo 0 >/proc/sys/net/ipv6/conf/{card}/accept_dad; '
                     f'ip link set {card} up && '
                     f'ip addr add 10.9.{net}.{number}/24 dev {card} && '
                     f'ip -6 addr add fd09:{net}::{number:x}/64 dev {card}')


def serve(dom0, name):
    """A server in a guest."""
    dom0.guest(name, '(netload serve 5201 >/tmp/serve 2>&1) </dev/null '
                     '>/dev/null 2>&1 & sleep 0.5')


@pytest.mark.long
class TestNets:
    """Two guests, of both kernels, and the control domain on one bridge."""

    boot = {'image': 'device_dom0', 'smp': 2}

    def test_start(self, dom0):
        bridge(dom0)
        start(dom0, 'a', 2, vcpus=2)
        start(dom0, 'b', 3, linux='6.12', memory=192)
        serve(dom0, 'b')
        # The bridge's network is fd09:0::/64, that is fd09::/64.
        for host in ('10.9.0.1', 'fd09::1', '10.9.0.3', 'fd09::3'):
            dom0.guest('a', f'ping -c 2 -W 5 {host}', 30)

    @pytest.mark.parametrize('host', ['10.9.0.1', 'fd09::1'], ids=VERSIONS)
    @pytest.mark.parametrize('name', ['a', 'b'])
    def test_host(self, dom0, name, host):
        """Guest and control domain, both ways, over IPv4 and IPv6."""
        for verb in ('send', 'recv'):
            print(dom0.guest(name, f'netload {verb} {host} 5201 16', 180))

    @pytest.mark.parametrize('host', ['10.9.0.3', 'fd09::3'], ids=VERSIONS)
    def test_guest(self, dom0, host):
        """Guest to guest, both ways."""
        for verb in ('send', 'recv'):
            print(dom0.guest('a', f'netload {verb} {host} 5201 16', 180))

    @pytest.mark.parametrize('which', OFFLOADS)
    def test_offloads(self, dom0, which):
        """A large transfer with each offload of the guest's switched off."""
        words = OFFLOADS[which]
        if words:
            dom0.guest('a', f'/usr/sbin/ethtool -K eth0 {words}')
        for host in ('10.9.0.1', '10.9.0.3', 'fd09::1'):
            for verb in ('send', 'recv'):
                dom0.guest('a', f'netload {verb} {host} 5201 8', 180)
        dom0.guest('a', '/usr/sbin/ethtool -K eth0 sg on tx on tso on gso on '
                        'gro on')

    def test_packets_and_round_trips(self, dom0):
        """Small datagrams: those sent in turn come back, all of them."""
        for host in ('10.9.0.1', '10.9.0.3'):
            out = dom0.guest('a', f'netload round {host} 5201 200', 120)
            assert ' 0 lost' in out
            print(out, dom0.guest('a', f'netload packets {host} 5201 64 2000',
                                  120))

    def test_large_datagrams(self, dom0):
        """Fragments, up to the largest datagram there is."""
        dom0.guest('a', 'ping -c 3 -s 1472 10.9.0.1 && '
                        'ping -c 3 -s 20000 10.9.0.1 && '
                        'ping -c 3 -s 60000 10.9.0.3', 60)

    def test_forged_addresses(self, dom0):
        """With filter=mac+ip only what the configuration says leaves."""
        dom0.sh('xl network-attach b mac=00:16:3e:09:00:07 bridge=xenbr0 '
                'ip=10.9.0.7 filter=mac+ip')
        dom0.guest('b', 'until [ -e /sys/class/net/eth1 ]; do sleep 0.1; done; '
                        'ip link set eth0 down; ip link set eth1 up; '
                        'ip addr add 10.9.0.7/24 dev eth1 && '
                        'ping -c 2 -W 5 10.9.0.1', 60)
        rc, _ = dom0.guest_status('b', 'ip addr add 10.9.0.8/32 dev eth1; '
                                       'ping -c 2 -W 2 -I 10.9.0.8 10.9.0.1')
        assert rc != 0
        rc, _ = dom0.guest_status(
            'b', 'ip link set eth1 down; ip link set eth1 address '
                 '00:16:3e:09:00:66; ip link set eth1 up; '
                 'ping -c 2 -W 2 10.9.0.1')
        assert rc != 0
        dom0.sh('xl network-detach b 1')
        dom0.guest('b', 'ip link set eth0 up')

    def test_rate(self, dom0):
        """A card of 8 Mb/s is not faster than that by half."""
        dom0.sh('xl network-attach a mac=00:16:3e:09:00:09 bridge=xenbr0 '
                'rate=8Mb/s')
        dom0.guest('a', 'until [ -e /sys/class/net/eth1 ]; do sleep 0.1; done; '
                        'ip link set eth0 down; ip link set eth1 up; '
                        'ip addr add 10.9.0.9/24 dev eth1')
        out = dom0.guest('a', 'netload send 10.9.0.1 5201 2', 120)
        assert int(re.search(r'(\d+) Mb/s', out).group(1)) < 12
        dom0.sh('xl network-detach a 1')
        dom0.guest('a', 'ip link set eth0 up')

    def second_card(self, dom0, spec, address):
        """A card of guest a that has the address and no other beside it."""
        dom0.sh(f'xl network-attach a mac=00:16:3e:09:00:0c {spec}')
        dom0.guest('a', 'until [ -e /sys/class/net/eth1 ]; do sleep 0.1; done; '
                        'ip link set eth0 down; ip link set eth1 up; '
                        f'ip addr add {address} dev eth1')

    def first_card(self, dom0):
        """Back to the first one alone."""
        dom0.sh('xl network-detach a 00:16:3e:09:00:0c')
        dom0.guest('a', 'ip link set eth0 up')

    def test_routed(self, dom0):
        """Without a bridge: the host knows the way to the card's address."""
        self.second_card(dom0, 'script=vif-route gatewaydev=xenbr0 '
                         'ip=10.9.7.2', '10.9.7.2/32')
        dom0.guest('a', 'ip route add 10.9.0.1 dev eth1 && '
                        'ping -c 2 -W 5 10.9.0.1 && '
                        'netload send 10.9.0.1 5201 4', 60)
        assert 'dev vif' in dom0.sh('ip route | grep ^10.9.7.2')
        self.first_card(dom0)
        assert dom0.sh('ip route | grep ^10.9.7.2 || true').strip() == ''

    def test_script(self, dom0):
        """A user's own script sets the card up and takes it down."""
        dom0.sh("mkdir -p /etc/xen/scripts; printf '#!/bin/sh\\n"
                "echo $1 $vif $bridge >>/tmp/mine\\n"
                "[ $1 = online ] || exit 0\\n"
                "ip link set $vif master $bridge && ip link set $vif up\\n' "
                ">/etc/xen/scripts/vif-mine && "
                "chmod +x /etc/xen/scripts/vif-mine")
        self.second_card(dom0, 'script=vif-mine bridge=xenbr0', '10.9.0.12/24')
        dom0.guest('a', 'ping -c 2 -W 5 10.9.0.1', 60)
        self.first_card(dom0)
        told = dom0.sh('cat /tmp/mine').splitlines()
        assert [line.split()[0] for line in told] == ['online', 'offline']
        assert all(line.endswith(' xenbr0') for line in told)

    def test_kernel_backend_beside_ours(self, dom0):
        """backendtype=vif and our own in one guest."""
        dom0.sh('xl network-attach a mac=00:16:3e:09:00:0b bridge=xenbr0 '
                'backendtype=vif')
        give_address(dom0, 'a', 'eth1', 2, net=1)
        dom0.sh('ip addr add 10.9.1.1/24 dev xenbr0')
        kinds = dom0.sh('xl network-list a')
        assert 'backend/vif/' in kinds and 'backend/pvif/' in kinds
        dom0.guest('a', 'netload send 10.9.1.1 5201 8 & '
                        'netload recv 10.9.0.1 5201 8 && wait $!', 120)
        dom0.sh('xl network-detach a 1')

    def test_fifty_attachments(self, dom0):
        """A second card comes and goes under traffic; nothing is left."""
        cycle = ('xl network-attach b mac=00:16:3e:09:00:0a bridge=xenbr0 && '
                 'xl network-detach b 00:16:3e:09:00:0a')
        dom0.guest('a', '(until [ -e /tmp/stop ]; do netload send 10.9.0.1 5201 '
                        '8 || echo BROKE; done; echo ended) >/tmp/load 2>&1 &')
        dom0.sh(cycle)
        before = dom0.counts()
        links = dom0.sh('ls /sys/class/net')
        dom0.sh(f'i=0; while [ $i -lt 50 ]; do {cycle} || exit 1; '
                'i=$((i + 1)); done', 900)
        dom0.poll('[ $(pidof parvis-netback | wc -w) = 2 ]', 30, 'two backends')
        after = dom0.counts()
        dom0.guest('a', 'touch /tmp/stop; until grep -q ended /tmp/load; '
                        'do sleep 0.2; done', 120)
        assert 'BROKE' not in dom0.guest('a', 'cat /tmp/load')
        assert (after['ports'], after['nodes']) == \
            (before['ports'], before['nodes'])
        assert dom0.sh('ls /sys/class/net') == links

    def test_guest_is_destroyed_under_traffic(self, dom0):
        dom0.guest('b', '(netload send 10.9.0.1 5201 4000) >/dev/null 2>&1 & '
                        'sleep 1')
        dom0.destroy('b')
        dom0.poll('[ $(pidof parvis-netback | wc -w) = 1 ]', 30, 'its backend')
        dom0.guest('a', 'netload send 10.9.0.1 5201 4', 120)

    def test_kernel_logs_are_clean(self, dom0):
        assert dom0.complaints() == []
        assert dom0.complaints('a') == []


@pytest.mark.long
class TestNat:
    """A network behind address translation, out to another one."""

    boot = {'image': 'device_dom0', 'smp': 2}

    def test_outside_world(self, dom0):
        """A namespace with a server that sees who calls."""
        dom0.sh('modprobe veth; (unshare -n sleep 100000 & echo $! >/run/out); '
                'while [ "$(readlink /proc/$(cat /run/out)/ns/net)" = '
                '"$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done; '
                'ip link add out0 type veth && '
                'ip link set veth0 name out1 && '
                'ip link set out1 netns $(cat /run/out) && '
                'echo 0 >/proc/sys/net/ipv6/conf/out0/accept_dad; '
                'ip addr add 192.0.2.1/24 dev out0 && '
                'ip -6 addr add 2001:db8::1/64 dev out0 && '
                'ip link set out0 up && ip route add default via 192.0.2.2')
        dom0.sh('nsenter -n -t $(cat /run/out) sh -c "ip link set lo up && '
                'echo 0 >/proc/sys/net/ipv6/conf/out1/accept_dad && '
                'ip addr add 192.0.2.2/24 dev out1 && '
                'ip link set out1 up && '
                'ip -6 addr add 2001:db8::2/64 dev out1 && '
                '(netload serve 5201 >/tmp/serve 2>&1 &)"')
        dom0.sh('ping -c 2 -W 5 192.0.2.2 && ping -c 2 -W 5 2001:db8::2')

    def test_address_by_dhcp(self, dom0):
        dom0.create('n', mode='agent', vif=['script=vif-nat'])
        dom0.wait_console('n', 'agent is ready', 240)
        dom0.guest('n', 'until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; '
                        'udhcpc -i eth0 -n -q -t 10', 60)
        out = dom0.guest('n', 'ip -4 addr show dev eth0; cat /etc/resolv.conf')
        assert re.search(r'inet 10\.77\.\d+\.\d+/24', out)
        assert 'nameserver 10.77.' in out

    @pytest.mark.parametrize('verb', ['send', 'recv'])
    def test_ipv4(self, dom0, verb):
        dom0.guest('n', f'netload {verb} 192.0.2.2 5201 8', 120)

    @pytest.mark.parametrize('verb', ['send', 'recv'])
    def test_ipv6(self, dom0, verb):
        """The address is the guest's own choice, from the router's prefix."""
        dom0.guest('n', 'until ip -6 route | grep -q default; '
                        'do sleep 0.2; done', 30)
        dom0.guest('n', f'netload {verb} 2001:db8::2 5201 8', 120)

    def test_the_world_sees_the_host(self, dom0):
        """No address of the guests' network is known outside."""
        out = dom0.sh('nsenter -n -t $(cat /run/out) sh -c '
                      '"cat /proc/net/arp; ip -6 neigh"')
        assert '192.0.2.1' in out and '10.77.' not in out
        assert not re.search(r'^fd', out, re.M)

    def test_names(self, dom0):
        """The host answers DNS for the guest's name."""
        print(dom0.sh('cat /run/parvis/nat-*/hosts/* /run/parvis/nat-*/leases'))
        dom0.guest('n', 'nslookup n $(ip route | sed -n '
                        '"s/default via \\([^ ]*\\).*/\\1/p")', 30)

    def test_goes_with_its_last_guest(self, dom0):
        dom0.destroy('n')
        dom0.poll('[ ! -e /sys/class/net/parvisnat0 ]', 20, 'the network to go')
        dom0.poll('! pidof dnsmasq', 20, 'dnsmasq to end')

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []


@pytest.mark.long
class TestDriverDomain:
    """A guest that serves a disk and a network to another guest."""

    boot = {'image': 'device_dom0', 'smp': 2}

    def test_driver_domain_starts(self, dom0):
        dom0.create('drv', mode='driver', memory=256, driver_domain=1,
                    ramdisk='/boot/initrd-driver')
        dom0.wait_console('drv', 'agent is ready', 240)
        dom0.guest('drv', 'pidof parvis-devd && truncate -s 16M /d.raw && '
                          'ip link add xenbr0 type bridge && '
                          'ip link set xenbr0 up && '
                          'ip addr add 10.9.5.1/24 dev xenbr0')
        dom0.guest('drv', '(netload serve 5201 >/tmp/serve 2>&1) </dev/null '
                          '>/dev/null 2>&1 &')

    def test_guest_is_served(self, dom0):
        dom0.create('u', mode='agent',
                    disk=['format=raw,vdev=xvda,access=rw,backend=drv,'
                          'direct-io=0,target=/d.raw'],
                    vif=['mac=00:16:3e:09:05:02,bridge=xenbr0,backend=drv'])
        dom0.wait_console('u', 'agent is ready', 240)
        dom0.guest('u', 'until [ -b /dev/xvda ]; do sleep 0.1; done; '
                        'ioload mix /dev/xvda 8 3 8 2', 120)
        dom0.guest('u', 'until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; '
                        'ip link set eth0 up; ip addr add 10.9.5.2/24 dev eth0; '
                        'netload send 10.9.5.1 5201 8 && '
                        'netload recv 10.9.5.1 5201 8', 180)

    def test_control_domain_serves_nothing(self, dom0):
        assert dom0.status('pidof parvis-blkback parvis-netback')[0] != 0
        assert '/d.raw' not in dom0.sh('ls /')

    def test_ends(self, dom0):
        dom0.destroy('u')
        dom0.guest('drv', 'for i in 1 2 3 4 5 6 7 8 9 10; do '
                          'pidof parvis-blkback parvis-netback || exit 0; '
                          'sleep 1; done; exit 1', 30)
        dom0.destroy('drv')

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []
