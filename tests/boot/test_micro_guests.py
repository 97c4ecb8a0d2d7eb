# SPDX-License-Identifier: GPL-2.0-or-later
"""The micro-guests as guests, beside their run as control domain in
tests/guest/run.py: what an ordinary domain may do and is refused."""

import glob
import os
import re

import pytest

from conftest import vm

NAMES = sorted(os.path.basename(os.path.dirname(path)) for path in
               glob.glob(os.path.join(vm.TOP, 'tests', 'guest', '*', 'main.c')))


class TestMicroGuests:
    """One control domain; each micro-guest is created in it and reports."""

    boot = {'smp': 2}

    @pytest.mark.parametrize('name', NAMES)
    def test_runs(self, dom0, name):
        """All its tests pass, and the guest ends by itself."""
        keys = {'name': name, 'type': 'pv', 'memory': 64, 'vcpus': 2,
                'kernel': f'/boot/guest-{name}.img', 'max_event_channels': 8192,
                'on_crash': 'destroy'}
        log = dom0.log(name)
        dom0.write_config(name, keys)
        dom0.sh(f'xl create -q /tmp/{name}.cfg')
        line = dom0.wait_console(name, 'MG DONE', 120)
        passed, failed = re.search(r'DONE (\d+) passed, (\d+) failed',
                                   line).groups()
        told = dom0.sh(f'grep -E "MG (FAIL|  )" {log} || true')
        assert int(failed) == 0, told
        assert int(passed) > 0
        dom0.wait_gone(name)

    def test_last_words_are_heard(self, dom0):
        """A guest that ends at once is read to its end by who created it,
        and the log has the same."""
        dom0.write_config('brief', {
            'name': 'brief', 'type': 'pv', 'memory': 64, 'vcpus': 1,
            'kernel': '/boot/guest-basic.img', 'on_crash': 'destroy'})
        for _ in range(3):
            dom0.sh(f'rm -f {dom0.log("brief")}')
            dom0.sh('timeout 100 xl create -q -c /tmp/brief.cfg </dev/null'
                    ' >/tmp/brief.out')
            dom0.wait_gone('brief')
            assert 'MG DONE' in dom0.sh('tail -n 3 /tmp/brief.out')
            dom0.sh(f'cmp /tmp/brief.out {dom0.log("brief")}')

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        dom0.power_off()
