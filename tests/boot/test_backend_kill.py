# SPDX-License-Identifier: GPL-2.0-or-later
"""Backends that die under load: the guest sees a pause and no error.

KILLS says how many (40; `make kill-backends` asks for 1,000).  The load checks
each block that it reads against what it last wrote there, at depth 32, and all
of them at its end.
"""

import os
import re

KILLS = int(os.environ.get('KILLS', '40'))
MIB = 16

# Kills so many backends of the program, one after the other: some time after
# it serves, which is between nothing and 150 ms, but every fourth in the middle
# of its start.
KILLER = ('seed=1; n=0; log=/var/log/xen/parvis-devd.log; '
          'deaths() {{ grep -c "killed by signal 9" $log; }}; '
          'served() {{ grep -c "served again" $log; }}; '
          'while [ $(deaths) -lt {kills} ]; do '
          'pid=$(pidof {program}) || {{ usleep 1000; continue; }}; '
          'was=$(served); kill -9 $pid 2>/dev/null || continue; '
          'n=$((n + 1)); '
          'seed=$(((seed * 1103515245 + 12345) & 0x7fffffff)); '
          '[ $((n % 4)) = 0 ] || '
          'until [ $(served) -gt $was ]; do usleep 5000; done; '
          'usleep $((seed / 65536 % 150 * 1000)); done')

LOAD = (f'(i=0; while [ ! -e /tmp/stop ]; do i=$((i + 1)); '
        f'ioload fill /dev/xvda {MIB} $i && ioload mix /dev/xvda {MIB} $i 32 5 '
        f'|| echo LOAD BROKE; done; echo load done) >/tmp/load 2>&1 &')


class TestKills:
    """One guest, one disk, a backend that never lives long."""

    boot = {'image': 'device_dom0', 'smp': 2, 'mem': 2048}

    def test_block(self, dom0):
        """Kills at any moment: nothing lost, nothing torn, no error seen."""
        dom0.sh(f'truncate -s {MIB}M /k.raw')
        dom0.create('k', mode='agent', disk=['/k.raw,,xvda'])
        dom0.wait_console('k', 'agent is ready')
        dom0.guest('k', 'until [ -b /dev/xvda ]; do sleep 0.1; done', 60)
        dom0.guest('k', LOAD)
        dom0.guest('k', 'until pidof ioload; do sleep 0.1; done')
        dom0.sh(KILLER.format(kills=KILLS, program='parvis-blkback'),
                60 + KILLS * 3)
        dom0.guest('k', 'touch /tmp/stop; until grep -q "load done" /tmp/load; '
                        'do sleep 0.2; done', 300)
        load = dom0.guest('k', 'cat /tmp/load')
        print(load)
        assert 'FAILED' not in load and 'BROKE' not in load
        assert load.count('mixed') >= 1
        errors = dom0.guest('k', "dmesg | grep -ciE 'I/O error|xvda: .*fail|"
                                 "blkfront: .*(unexpected|barrier|disabled)' "
                                 '|| true')
        assert errors.strip() == '0'
        log = dom0.sh('cat /var/log/xen/parvis-devd.log')
        deaths = len(re.findall('was killed by signal 9', log))
        served = re.findall(r'served again after (\d+) ms', log)
        print(f'{deaths} deaths, {len(served)} times served again, '
              f'after {sum(map(int, served)) / max(1, len(served)):.0f} ms on '
              f'average, {max(map(int, served), default=0)} at most')
        assert deaths >= KILLS
        assert dom0.complaints('k') == []
        dom0.destroy('k')

    def test_daemon(self, dom0):
        """The same of the device daemon's own worker, planned and not."""
        dom0.create('d', mode='agent', disk=['/k.raw,,xvda'])
        dom0.wait_console('d', 'agent is ready')
        dom0.guest('d', 'until [ -b /dev/xvda ]; do sleep 0.1; done', 60)
        dom0.guest('d', LOAD)
        for signal in ('HUP', 'KILL', 'HUP', 'KILL'):
            dom0.sh('sleep 2; k=$(cat /run/xen/parvis-devd.pid); w=$(cat '
                    '/proc/$k/task/$k/children | cut -d" " -f1); '
                    f'if [ {signal} = HUP ]; then kill -HUP $k; '
                    'else kill -9 $w; fi')
        dom0.guest('d', 'sleep 3; touch /tmp/stop; '
                        'until grep -q "load done" /tmp/load; '
                        'do sleep 0.2; done', 300)
        load = dom0.guest('d', 'cat /tmp/load')
        assert 'FAILED' not in load and 'BROKE' not in load
        dom0.destroy('d')
