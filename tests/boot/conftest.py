# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the whole-system tests.

What is under test is chosen by the environment: HYP, the hypervisor ("xen" for
Debian's 4.17), and TOOLS, the control domain's tools (a directory, or
"debian").  By default both are ours.  A boot is dear, so the machine of a class
of tests is started once, by the class's `boot` attribute, and its tests run in
order on it; the first failure of a boot fails them all with the same report.
"""

import fcntl
import glob
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'scripts'))
sys.path.insert(0, HERE)

import vm          # pylint: disable=wrong-import-position
from dom0 import Dom0   # pylint: disable=wrong-import-position

PARVIS = os.path.join(vm.BUILD, 'parvis')
PVGRUB = os.path.join(vm.BUILD, 'dom0', 'lib', 'pvgrub64')
OUR_TOOLS = os.path.join(vm.BUILD, 'dom0', 'bin')
LOGS = os.path.join(vm.BUILD, 'test', 'boot')


def pytest_configure(config):
    """Marks what `make test` leaves to `make test-long`, for its time."""
    config.addinivalue_line('markers', 'long: only in make test-long')


def hypervisor_under_test():
    """Path of the hypervisor that HYP names."""
    name = os.environ.get('HYP') or PARVIS
    return vm.REAL_XEN if name == 'xen' else os.path.abspath(name)


def tools_under_test():
    """Directory of the tools that TOOLS names, or 'debian'."""
    name = os.environ.get('TOOLS') or OUR_TOOLS
    return name if name == 'debian' else os.path.abspath(name)


def need(path):
    """Skips what is not part of the tree yet; what is must be there."""
    if os.path.exists(path):
        return
    expected = [os.path.abspath(p) for p in os.environ.get('EXPECT', '').split()]
    if path in expected:
        pytest.fail(f'{path} was not built')
    pytest.skip(f'{path}: not in the tree yet')


def need_tools(tools):
    """Like need(), for a set of tools."""
    if tools != 'debian':
        need(os.path.join(tools, 'xl'))


class Images:
    """Ramdisks for the tests, each built once in a run.

    Workers of one run share them: who needs an image that no other has made
    yet, makes it under a lock of its name and notes the run's name beside it.
    """

    def __init__(self):
        self.dir = os.path.join(vm.BUILD, 'images')
        self.run = os.environ.get('PYTEST_XDIST_TESTRUNUID', str(os.getpid()))
        self.done = {}
        os.makedirs(self.dir, exist_ok=True)

    def _once(self, name, make):
        """Calls make(path) unless this run has made the file."""
        out = os.path.join(self.dir, name)
        if name in self.done:
            return out
        with open(f'{out}.made', 'a+', encoding='ascii') as note:
            fcntl.flock(note, fcntl.LOCK_EX)
            note.seek(0)
            if note.read() != self.run:
                make(out)
                note.truncate(0)
                note.write(self.run)
        self.done[name] = out
        return out

    def _mkimage(self, name, *args):
        return self._once(f'test-{name}.img', lambda out: subprocess.run(
            [os.path.join(vm.HERE, 'mkimage'), *args, '-o', out], check=True))

    def linux(self, version):
        """An unpacked kernel package."""
        return os.path.join(vm.CACHE, f'linux-{version}')

    def guest(self, version):
        """The ramdisk of a guest."""
        return self._mkimage(f'guest-{version}', 'guest',
                             '--linux', self.linux(version))

    def load_guest(self, version):
        """The same with programs that load disks and networks."""
        return self._mkimage(f'guest-load-{version}', 'guest', '--linux',
                             self.linux(version), *self.loads())

    def own_guest(self, version):
        """The same with our own frontends instead of the kernel's."""
        return self._mkimage(f'guest-own-{version}', 'guest', '--linux',
                             self.linux(version), '--frontends',
                             os.path.join(vm.BUILD, 'frontends', version),
                             *self.loads())

    def driver_guest(self, version, tools):
        """A guest that serves devices to others."""
        return self._mkimage(f'guest-driver-{version}', 'guest', '--linux',
                             self.linux(version), '--tools', tools,
                             *self.loads())

    def helper(self, name):
        """A static program made from a source file beside this one."""
        return self._once(name, lambda out: subprocess.run(
            ['gcc', '-O2', '-std=gnu11', '-static', '-pthread', '-Wall',
             '-Wextra', '-Werror', '-o', out, os.path.join(HERE, f'{name}.c')],
            check=True))

    def loads(self):
        """Arguments of mkimage for what load and file systems need."""
        args = []
        for name in ('ioload', 'netload'):
            args += ['--file', f'{self.helper(name)}:/usr/bin/{name}']
        for path in ('/sbin/mke2fs', '/sbin/e2fsck', '/sbin/ethtool'):
            args += ['--program', f'{path}:/usr/sbin/{os.path.basename(path)}']
        return args + ['--program', '/bin/dd:/usr/bin/dd',
                       '--file', '/etc/mke2fs.conf']

    def _guests(self, of):
        guests = []
        for v in ('6.1', '6.12'):
            guests += ['--guest', f'{v}:{self.linux(v)}/vmlinuz:{of(v)}']
        return guests

    def dom0(self, version, tools):
        """A control domain with guests of both kernels and micro-guests."""
        kind = 'debian' if tools == 'debian' else 'ours'
        guests = self._guests(self.guest)
        for path in sorted(glob.glob(os.path.join(vm.BUILD, 'guest', '*.img'))):
            guests += ['--file', f'{path}:/boot/guest-{os.path.basename(path)}']
        return self._mkimage(f'dom0-{version}-{kind}', 'dom0', '--linux',
                             self.linux(version), '--tools', tools,
                             '--store-clients', *guests,
                             '--program', '/usr/sbin/dnsmasq',
                             '--file', f'{self.helper("hostcount")}'
                             ':/usr/bin/hostcount')

    def own_dom0(self, version, tools):
        """The same with guests that have our own frontends."""
        return self.device_dom0(version, tools, self.own_guest, 'own')

    def device_dom0(self, version, tools, guest=None, name='devices'):
        """A control domain for tests of disks and networks."""
        guests = self._guests(guest or self.load_guest)
        kind = 'debian' if tools == 'debian' else 'ours'
        more = ['--hotplug'] if kind == 'debian' else [
            '--file', f'{self.driver_guest(version, tools)}:/boot/initrd-driver']
        return self._mkimage(f'dom0-{name}-{version}-{kind}', 'dom0',
                             '--linux', self.linux(version), '--tools', tools,
                             '--store-clients', *guests, *self.loads(),
                             *more,
                             '--program', '/usr/sbin/dnsmasq',
                             '--program', '/usr/bin/dbclient',
                             '--program', '/usr/bin/qemu-img',
                             '--program', '/usr/bin/qemu-storage-daemon',
                             '--file', f'{PVGRUB}:/usr/lib/parvis/pvgrub64',
                             '--file', f'{HERE}/gsh:/usr/bin/gsh',
                             '--file', f'{self.helper("gshwait")}'
                             ':/usr/bin/gshwait',
                             '--file', f'{self.helper("hostcount")}'
                             ':/usr/bin/hostcount')


@pytest.fixture(scope='session')
def images():
    """The session's ramdisks."""
    return Images()


@pytest.fixture(scope='class')
def dom0(request, images):
    """The booted machine of a test class, as its attribute `boot` describes.

    boot is a dict of vm.Config fields, and of: linux, the control domain's
    kernel; under, "hyp" (default) or "xen"; tools, "test" (default), "ours" or
    "debian"; image, the name of the method of Images that makes the ramdisk.  A
    class parametrised with boot gives it indirectly.
    """
    boot = dict(getattr(request, 'param', None) or request.cls.boot)
    linux = boot.pop('linux', '6.1')
    hyp = {'hyp': hypervisor_under_test(),
           'xen': vm.REAL_XEN}[boot.pop('under', 'hyp')]
    tools = {'test': tools_under_test(), 'ours': OUR_TOOLS,
             'debian': 'debian'}[boot.pop('tools', 'test')]
    image = getattr(images, boot.pop('image', 'dom0'))
    need(hyp)
    need_tools(tools)
    os.makedirs(LOGS, exist_ok=True)
    name = ''.join(c if c.isalnum() or c in '-.' else '_'
                   for c in request.node.nodeid.split('/')[-1])
    cfg = vm.Config(hypervisor=hyp, kernel=images.linux(linux) + '/vmlinuz',
                    initrd=image(linux, tools), mode='agent',
                    log=os.path.join(LOGS, f'{name}-{len(os.listdir(LOGS))}.log'),
                    **boot)
    with vm.Machine(cfg) as machine:
        try:
            machine.expect(r'^parvis: dom0 user space is up', scaled(180),
                           "the control domain's user space")
            machine.expect(r'^parvis: agent is ready', scaled(120),
                           "the control domain's tools")
        except vm.VmError as e:
            pytest.fail(str(e), pytrace=False)
        yield Dom0(machine, scaled)


@pytest.fixture(autouse=True)
def clean_slate(request):
    """What a failed test left running must not fail the tests after it."""
    yield
    failed = getattr(request.node, 'failed', False)
    machine = request.node.funcargs.get('dom0')
    if failed and machine and not machine.vm.ended:
        try:
            for name in set(machine.list()) - {'Domain-0'}:
                machine.status(f'xl destroy {name}')
        except vm.VmError:
            machine.vm.kill()


def scaled(seconds):
    """A time limit, stretched by SLOW on a loaded machine."""
    return seconds * float(os.environ.get('SLOW', '1'))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure on a machine shows the end of that machine's console."""
    outcome = yield
    report = outcome.get_result()
    item.failed = report.when == 'call' and report.failed
    machine = item.funcargs.get('dom0') if hasattr(item, 'funcargs') else None
    if item.failed and machine and \
            not (call.excinfo and call.excinfo.errisinstance(vm.VmError)):
        report.sections.append(('console', machine.vm.tail()))
