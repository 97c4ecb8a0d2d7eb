# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB2 boots the image by multiboot2, on BIOS and on UEFI alike."""

import os
import subprocess

import pytest

from conftest import hypervisor_under_test, need, need_tools, scaled, \
    tools_under_test, vm
from dom0 import Dom0


@pytest.fixture(scope='module')
def iso(images):
    """An image whose control domain runs the agent."""
    hyp, tools = hypervisor_under_test(), tools_under_test()
    need(hyp)
    need_tools(tools)
    out = os.path.join(vm.BUILD, 'images', 'test.iso')
    subprocess.run([os.path.join(vm.HERE, 'mkiso'), '--hypervisor', hyp,
                    '--kernel', images.linux('6.1') + '/vmlinuz',
                    '--initrd', images.dom0('6.1', tools),
                    '--kernel-args', 'parvis.mode=agent', '-o', out],
                   check=True)
    return out


@pytest.mark.parametrize('firmware', ['bios', 'uefi'])
def test_boots(iso, firmware):
    """From GRUB's menu to a working control domain and off again."""
    log = os.path.join(vm.BUILD, 'test', 'boot', f'iso-{firmware}.log')
    os.makedirs(os.path.dirname(log), exist_ok=True)
    cfg = vm.Config(iso=iso, firmware=firmware, smp=2, log=log)
    with vm.Machine(cfg) as machine:
        machine.expect(r'GRUB \((pc|efi)\) loads', scaled(120), "GRUB's menu")
        machine.expect(r'^parvis: agent is ready', scaled(240),
                       'the control domain')
        dom0 = Dom0(machine, scaled)
        assert dom0.list()['Domain-0']['vcpus'] == 2
        assert os.path.exists(log)
        efi = dom0.sh('[ -d /sys/firmware/efi ] && echo efi || echo bios')
        # A PV control domain sees the firmware through the hypervisor.
        assert efi.strip() in (firmware.replace('uefi', 'efi'), 'bios')
        assert dom0.complaints() == []
        dom0.power_off()
