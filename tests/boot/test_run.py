# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user types: the demonstration works, and says when it does not."""

import os
import subprocess

from conftest import hypervisor_under_test, need, need_tools, \
    scaled, tools_under_test, vm

RUN = os.path.join(vm.HERE, 'run-qemu')


def run(*args, limit):
    """Runs the launcher in batch mode: (exit status, output)."""
    done = subprocess.run([RUN, '--batch', '--mode', 'demo', *args],
                          capture_output=True, text=True, errors='replace',
                          timeout=limit, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def test_demonstration(images):
    """Boots, creates, attaches, lists, shuts down, powers off."""
    hyp, tools = hypervisor_under_test(), tools_under_test()
    need(hyp)
    need_tools(tools)
    rc, out = run('--hypervisor', hyp, '--initrd', images.dom0('6.1', tools),
                  '--slow', str(scaled(1)), limit=scaled(900))
    assert rc == 0, out[-4000:]
    assert 'run-qemu: all stages passed' in out
    assert 'host powered off by itself' in out
    if tools != 'debian':
        assert 'the guest reads and writes its disk' in out
        assert 'the guest uses its network' in out
        assert "the control domain reads the guest's file" in out


def test_failure_is_told(images):
    """A control domain that is no kernel: exit status, stage and console."""
    need(hypervisor_under_test())
    rc, out = run('--hypervisor', hypervisor_under_test(),
                  '--kernel', '/bin/busybox',
                  '--initrd', images.dom0('6.1', 'debian'),
                  '--slow', str(scaled(0.2)), limit=scaled(300))
    assert rc == 1
    assert 'FAILED at stage "control domain' in out
    assert 'last 60 lines of the console' in out


def test_missing_image_is_told():
    """A file that is not there is named."""
    rc, out = run('--hypervisor', '/nonexistent', limit=scaled(60))
    assert rc == 1 and '/nonexistent does not exist' in out
