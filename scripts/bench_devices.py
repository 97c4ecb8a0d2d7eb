# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of `make bench` about disks and networks.

One boot for each pair of backends and frontends: a guest with a disk (a RAM
disk of the control domain, so that no real device's time is in it) and a card
on a bridge.  Debian's Xen runs its own tools with their scripts and the kernel's
backends.  As everything in the icount mode these are instructions, of all
domains and of the hypervisor together, on one CPU.
"""

import lzma
import os
import struct
import subprocess

import vm

MEMORY = 2048

# Key, words, unit, the ratio to real Xen that we aim at, with stock frontends
# and with our own.  Ratios are of costs: 1.2 times as fast is 0.83.
ROWS = [
    *[(f'host_{verb}_{depth}',
       f'no guest: {verb} 4 KiB, depth {depth}', 'instr/block', None, None)
      for verb in ('read', 'write') for depth in (1, 32)],
    *[(f'blk_{verb}_{how}_{depth}',
       f'disk: {verb} 4 KiB, {how}, depth {depth}', 'instr/block', 1.0, 1.0)
      for verb in ('read', 'write') for how in ('seq', 'rand')
      for depth in (1, 32)],
    ('host_tcp', 'no guest: TCP, loopback', 'instr/MiB', None, None),
    ('host_udp', 'no guest: packet of 64 bytes', 'instr', None, None),
    ('host_round_trip', 'no guest: round trip', 'instr', None, None),
    ('tap_tcp', 'two taps, no guest: TCP', 'instr/MiB', None, None),
    ('tap_udp', 'two taps, no guest: 64-byte packet', 'instr', None, None),
    ('tap_round_trip', 'two taps, no guest: round trip', 'instr', None, None),
    ('tcp_from_guest', 'net: TCP from guest to host', 'instr/MiB', 0.83, 0.5),
    ('tcp_to_guest', 'net: TCP from host to guest', 'instr/MiB', 0.83, 0.5),
    ('udp_from_guest', 'net: packet of 64 bytes from guest', 'instr', 0.67, 0.33),
    ('udp_to_guest', 'net: packet of 64 bytes to guest', 'instr', 0.67, 0.33),
    ('round_trip', 'net: round trip', 'instr', 1.0, 1.0),
    ('create_plain', 'xl create without devices', 'instr', None, None),
    ('create_devices', 'xl create with a disk and a card', 'instr', 0.1, None),
    ('attach_disk', 'xl block-attach', 'instr', 0.1, None),
    ('attach_card', 'xl network-attach', 'instr', 0.1, None),
    ('memory_disk', 'memory for a disk', 'bytes', None, None),
    ('memory_card', 'memory for a card', 'bytes', None, None),
]



def programs(images):
    """Builds what runs in the domains: arguments of mkimage."""
    args = []
    for name, source in (('bench', 'tests/bench/bench.c'),
                         ('hostcount', 'tests/boot/hostcount.c'),
                         ('taprelay', 'tests/bench/taprelay.c'),
                         ('ioload', 'tests/boot/ioload.c'),
                         ('netload', 'tests/boot/netload.c')):
        out = os.path.join(images, name)
        subprocess.run(['gcc', '-O2', '-std=gnu11', '-static', '-pthread',
                        '-o', out, os.path.join(vm.TOP, source)], check=True)
        args += ['--file', f'{out}:/usr/bin/{name}']
    return args


def unpacked(kernel, out):
    """The ELF kernel of an XZ bzImage: unpacking it is not the subject here."""
    with open(kernel, 'rb') as f:
        image = f.read()
    offset, size = struct.unpack_from('<II', image, 0x248)
    payload = image[(image[0x1f1] + 1) * 512 + offset:][:size]
    with open(out, 'wb') as f:
        f.write(lzma.LZMADecompressor().decompress(payload))
    return out


def build(name, tools, extra):
    """The control domain's ramdisk, with the guest's in it."""
    images = os.path.join(vm.BUILD, 'images')
    linux = os.path.join(vm.CACHE, 'linux-6.1')
    mkimage = os.path.join(vm.HERE, 'mkimage')
    common = programs(images)
    guest = os.path.join(images, f'bench-devices-guest-{name}.img')
    subprocess.run([mkimage, 'guest', '--linux', linux, '-o', guest, *common,
                    '--file', f'{vm.TOP}/tests/bench/job-guest:/etc/parvis/job',
                    *extra], check=True)
    dom0 = os.path.join(images, f'bench-devices-dom0-{name}.img')
    kernel = unpacked(f'{linux}/vmlinuz',
                      os.path.join(images, 'bench-vmlinux'))
    hotplug = ['--hotplug'] if tools == 'debian' else []
    subprocess.run([mkimage, 'dom0', '--linux', linux, '--tools', tools,
                    *hotplug, *common, '--guest',
                    f'6.1:{kernel}:{guest}', '--file',
                    f'{vm.TOP}/tests/bench/job-devices:/etc/parvis/job',
                    '-o', dom0], check=True)
    return dom0


def measure(name, hypervisor, hypervisor_args, tools, extra=()):
    """The text of one run, with its BENCH lines."""
    dom0 = build(name, tools, extra)
    cfg = vm.Config(
        hypervisor=hypervisor, initrd=dom0, icount=True, smp=1, mem=MEMORY,
        kernel=os.path.join(vm.CACHE, 'linux-6.1', 'vmlinuz'), mode='job',
        hypervisor_args=hypervisor_args,
        log=os.path.join(vm.BUILD, f'bench-{name}-devices.log'))
    with vm.Machine(cfg) as machine:
        machine.expect(r'^parvis: job ended rc=0', 3600, 'the job')
        return machine.text


def own_frontends(run):
    """The same with our own frontends, for what they are compared in."""
    values = run(extra=('--frontends',
                        os.path.join(vm.BUILD, 'frontends', '6.1')))
    return {k: v for k, v in values.items() if k.startswith(
        ('host_', 'tap_', 'blk_', 'tcp_', 'udp_', 'round_', 'memory_'))}


def table(ours, own, xen):
    """The report, as lines: ours with stock frontends, with ours, Xen's."""
    yield (f'\n{"":36}{"stock fronts":>13}{"our fronts":>13}{"Xen 4.17":>13}'
           '  ratio target        ratio target')
    for key, words, unit, goal, own_goal in ROWS:
        a, o, b = ours.get(key), own.get(key), xen.get(key)
        line = f'{words:36}' + ''.join(
            f'{v:>13,}' if v is not None else f'{"-":>13}' for v in (a, o, b))
        line += verdict(a, b, goal)
        if own:
            line += verdict(o, b, own_goal)
        yield f'{line}  {unit}'


def verdict(value, reference, goal):
    """A ratio, what it should be, and whether it is."""
    if value is None or not reference:
        return f'{"":21}'
    ratio = value / reference
    if goal is None:
        return f'  {ratio:5.2f}{"":14}'
    word = 'met' if ratio <= goal else 'MISSED'
    return f'  {ratio:5.2f} {goal:6.2f} {word:6}'
