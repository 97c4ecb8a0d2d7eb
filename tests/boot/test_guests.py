# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests: kernels, CPUs, their whole life, many at once, nothing leaked."""

import os
import re

import pytest

# For grep -E in the control domain as well as for Python.
UP = r'^guest: user space is up: Linux ([^ ]+), ([0-9]+) CPUs'


class TestGuests:
    """The life of guests, with the tools under test."""

    boot = {'smp': 2, 'mem': 3072}

    @pytest.mark.parametrize('linux', ['6.1', '6.12'])
    @pytest.mark.parametrize('vcpus', [1, 4])
    def test_boots(self, dom0, linux, vcpus):
        """A stock kernel reaches its user space on all its CPUs."""
        dom0.create('g', linux=linux, vcpus=vcpus, memory=192)
        m = re.match(UP, dom0.wait_console('g', UP, 180))
        assert m.group(1).startswith(linux + '.') and int(m.group(2)) == vcpus
        row = dom0.list()['g']
        assert row['vcpus'] == vcpus and row['memory'] == 192
        assert dom0.complaints('g') == []
        dom0.destroy('g')
        assert list(dom0.list()) == ['Domain-0']

    def test_pause(self, dom0):
        """A paused guest does not run; an unpaused one does again."""
        dom0.create('p')
        dom0.wait_console('p', UP)
        dom0.sh('xl pause p')
        assert 'p' in dom0.list()['p']['state']
        before = dom0.list()['p']['time']
        dom0.sh('sleep 2')
        assert dom0.list()['p']['time'] == before
        dom0.sh('xl unpause p')
        assert 'p' not in dom0.list()['p']['state']
        dom0.destroy('p')

    def test_shutdown(self, dom0):
        """xl shutdown asks the guest, which ends itself."""
        dom0.create('s', mode='shell')
        dom0.wait_console('s', 'You are in a paravirtual guest')
        dom0.sh('xl shutdown -w s', 120)
        dom0.wait_gone('s')
        end = dom0.sh(f'tail -n 5 {dom0.log("s")}')
        assert re.search('reboot: (Power down|System halted)', end)

    def test_poweroff_action(self, dom0):
        dom0.create('o', mode='poweroff', on_poweroff='destroy')
        dom0.wait_console('o', UP)
        dom0.wait_gone('o', 90)

    def test_poweroff_preserved(self, dom0):
        """on_poweroff=preserve keeps the dead guest for inspection."""
        dom0.create('k', mode='poweroff', on_poweroff='preserve')
        dom0.poll("xl list | grep -q '^k .* ---s'", 90, 'a preserved guest')
        dom0.destroy('k')

    def test_reboot_action(self, dom0):
        """on_reboot=restart starts it again, as a new domain."""
        dom0.create('r', mode='reboot', on_reboot='restart')
        first = dom0.list()['r']['id']
        dom0.poll(f'[ "$(xl domid r 2>/dev/null || echo {first})" != {first} ]',
                  120, 'a second life of the guest')
        dom0.sh('xl destroy r || xl destroy r')
        dom0.wait_gone('r')

    def test_crash_action(self, dom0):
        dom0.create('c', mode='crash', on_crash='destroy')
        dom0.wait_console('c', 'Kernel panic')
        dom0.wait_gone('c', 90)

    def test_fork_storm(self, dom0):
        """A kernel build's worth of processes, and a kernel log without complaint."""
        dom0.create('f', mode='forks=6000', vcpus=2, memory=192)
        dom0.wait_console('f', '^guest: forks done', 900)
        assert dom0.complaints('f') == []
        dom0.destroy('f')

    def test_others_are_answered_while_a_kernel_is_unpacked(self, dom0):
        """Two guests wait for one fresh kernel; a third request does not."""
        dom0.sh('cp /boot/vmlinuz-6.1 /tmp/fresh')
        for name in 'u', 'v':
            dom0.config(name, kernel='/tmp/fresh')
        rc, out = dom0.status(
            'for g in u v; do (xl create -q -p /tmp/$g.cfg && '
            'touch /tmp/made.$g) & done; n=0;'
            'until [ -e /tmp/made.u -o -e /tmp/made.v ]; do'
            ' xl pause nobody 2>/tmp/said && exit 1;'
            ' grep -q "no domain" /tmp/said || exit 1; n=$((n+1)); done;'
            'wait; ls /tmp/made.u /tmp/made.v && echo answered $n', 120)
        assert rc == 0, out
        answered = int(re.search(r'answered (\d+)', out).group(1))
        assert answered >= 3
        dom0.destroy('u')
        dom0.destroy('v')
        dom0.sh('rm /tmp/fresh /tmp/made.*')

    def test_refused_config_leaves_nothing(self, dom0):
        """A guest that cannot be built is undone whole."""
        before = dom0.counts()
        rc, out = dom0.status(f"xl create {dom0.config('bad', memory=100000)}")
        assert rc != 0 and out.strip()
        assert list(dom0.list()) == ['Domain-0']
        after = dom0.counts()
        assert after == before

    def test_dom0_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        dom0.power_off()


class TestManyGuests:
    """Numbers: twenty guests at once, a hundred one after the other."""

    boot = {'smp': 2, 'mem': 4096, 'dom0_mem': '768M'}
    count = 20

    def test_twenty_at_once(self, dom0):
        for i in range(self.count):
            dom0.create(f'm{i}', memory=112)
        for i in range(self.count):
            dom0.wait_console(f'm{i}', UP, 300)
        rows = dom0.list()
        assert len(rows) == self.count + 1
        for i in range(self.count):
            dom0.sh(f'xl destroy m{i}')
        assert list(dom0.list()) == ['Domain-0']

    def test_hundred_lives_leak_nothing(self, dom0):
        """Exact counts of pages, ports, grants, store nodes: none is lost."""
        cfg = dom0.config('x', memory=96)
        loop = ('i=0; while [ $i -lt {} ]; do xl create -q -p ' + cfg +
                ' && xl destroy x || exit 1; i=$((i+1)); done')
        # What is kept for later use, in any layer, is taken by the first few.
        dom0.sh(loop.format(3), 120)
        before = dom0.counts()
        dom0.sh(loop.format(100), 900)
        after = dom0.counts()
        assert after == before
        if os.environ.get('HYP') != 'xen':
            assert {'all_active', 'all_mapped', 'all_ports'} <= set(after)

    def test_powers_off(self, dom0):
        dom0.power_off()
