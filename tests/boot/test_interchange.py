# SPDX-License-Identifier: GPL-2.0-or-later
"""Either half beside the other's counterpart: Debian's tools on the hypervisor
under test, and our tools on Debian's real Xen."""

import re

import pytest

from test_guests import UP

PAIRS = {'debian-tools': {'tools': 'debian'},
         'real-xen': {'under': 'xen', 'tools': 'ours'}}


@pytest.mark.parametrize('dom0', PAIRS.values(), ids=PAIRS, indirect=True)
class TestInterchange:
    """Create, list, pause, unpause, shut down, destroy."""

    def test_create_and_list(self, dom0):
        dom0.create('a', mode='shell', vcpus=2)
        assert re.match(UP, dom0.wait_console('a', UP, 180)).group(2) == '2'
        row = dom0.list()['a']
        assert (row['memory'], row['vcpus']) == (128, 2)

    def test_names(self, dom0):
        number = dom0.sh('xl domid a').strip()
        assert dom0.sh(f'xl domname {number}').strip() == 'a'

    def test_info(self, dom0):
        assert re.search(r'^xen_major +: 4$', dom0.sh('xl info'), re.M)

    def test_pause_unpause(self, dom0):
        dom0.sh('xl pause a')
        assert 'p' in dom0.list()['a']['state']
        dom0.sh('xl unpause a')
        assert 'p' not in dom0.list()['a']['state']

    def test_store(self, dom0):
        """Debian's clients read what the tools wrote."""
        number = dom0.sh('xl domid a').strip()
        assert dom0.sh('xenstore-read '
                       f'/local/domain/{number}/name').strip() == 'a'

    def test_vcpu_list(self, dom0):
        rows = dom0.sh('xl vcpu-list a').splitlines()
        assert len([r for r in rows if r.startswith('a ')]) == 2

    def test_shutdown(self, dom0):
        dom0.wait_console('a', 'You are in a paravirtual guest')
        dom0.sh('xl shutdown -w a', 120)
        dom0.wait_gone('a')

    def test_create_paused_and_destroy(self, dom0):
        dom0.sh(f"xl create -p {dom0.config('b')}", 120)
        assert 'p' in dom0.list()['b']['state']
        dom0.destroy('b')
        assert list(dom0.list()) == ['Domain-0']

    def test_kernel_log_is_clean(self, dom0):
        assert dom0.complaints() == []

    def test_powers_off(self, dom0):
        dom0.power_off()
