# SPDX-License-Identifier: GPL-2.0-or-later
"""The control domain boots on every kernel, emulator and number of CPUs."""

import os

import pytest

from conftest import vm

QEMU10 = os.path.join(vm.CACHE, 'qemu10', 'bin', 'qemu')

# Both emulators, both kernels, 1, 2 and 4 CPUs; QEMU 10 has SMEP and SMAP.
BOOTS = {
    '6.1-1cpu-qemu7': {'linux': '6.1', 'smp': 1},
    '6.1-2cpu-qemu10': {'linux': '6.1', 'smp': 2, 'qemu': QEMU10},
    '6.12-4cpu-qemu10': {'linux': '6.12', 'smp': 4, 'qemu': QEMU10},
    '6.12-2cpu-qemu7': {'linux': '6.12', 'smp': 2},
}


@pytest.mark.parametrize('dom0', BOOTS.values(), ids=BOOTS, indirect=True)
class TestDom0:
    """One boot, then what a healthy control domain shows."""

    boot = {}

    def test_is_control_domain(self, dom0):
        assert 'control_d' in dom0.sh('cat /proc/xen/capabilities')

    def test_cpus(self, dom0):
        assert int(dom0.sh('nproc')) == dom0.vm.cfg.smp

    def test_listed(self, dom0):
        row = dom0.list()['Domain-0']
        assert row['id'] == 0
        assert row['vcpus'] == dom0.vm.cfg.smp
        assert row['memory'] == 1024

    def test_info(self, dom0):
        rows = dict((part.strip() for part in line.split(':', 1))
                    for line in dom0.sh('xl info').splitlines() if ':' in line)
        assert rows['xen_major'] == '4' and rows['xen_minor'] == '17'
        assert int(rows['nr_cpus']) == dom0.vm.cfg.smp
        assert 0 < int(rows['free_memory']) < int(rows['total_memory']) <= 2048

    def test_clock(self, dom0):
        """Sleeping takes as long by the kernel's clock as by ours."""
        out = dom0.sh('read a b </proc/uptime; sleep 3; read c d </proc/uptime;'
                      ' echo $a $c').split()
        assert 2.9 < float(out[1]) - float(out[0]) < 10

    def test_interrupts_on_every_cpu(self, dom0):
        """Work pinned to each CPU ends: timers and IPIs arrive there."""
        for cpu in range(dom0.vm.cfg.smp):
            dom0.sh(f'taskset -c {cpu} sleep 0.2')

    def test_many_processes(self, dom0):
        dom0.sh('i=0; while [ $i -lt 300 ]; do /bin/busybox true; i=$((i+1));'
                ' done', 120)

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        dom0.power_off()
