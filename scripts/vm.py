# SPDX-License-Identifier: GPL-2.0-or-later
"""One emulated machine: how QEMU is started, watched and talked to.

Used by run-qemu, the system tests and the benchmark.  A Machine owns one QEMU
process, a thread that reads its serial port (every line goes to a log with the
seconds since the start), and a QMP connection that tells why the machine
stopped.  All waiting has a limit; what goes wrong is a VmError whose text holds
what was waited for and the last lines of the console.
"""

import dataclasses
import hashlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
BUILD = os.environ.get('BUILD', os.path.join(TOP, 'build'))
CACHE = os.path.join(BUILD, 'cache')
REAL_XEN = os.path.join(CACHE, 'xen-4.17', 'xen')

# What a hypervisor or the control domain's kernel prints when it is lost.
FATAL = re.compile(r'^(?:\(\w+\) )?(?:Panic on CPU|PANIC|panic:)|'
                   r'^\[ *[\d.]+\] Kernel panic - not syncing|'
                   r'^parvis: tools failed to start', re.M)

# The serial port of real hardware is slow; its receive buffers are small, and
# so are a hypervisor's.  Typing goes in pieces of this size.
TYPE_CHUNK = 24
TYPE_PAUSE = 0.01


class VmError(Exception):
    """The machine did not do what was waited for."""


@dataclasses.dataclass
class Config:
    """What to boot and on which machine."""

    hypervisor: str = os.path.join(BUILD, 'parvis')
    kernel: str = os.path.join(CACHE, 'linux-6.1', 'vmlinuz')
    initrd: str = os.path.join(BUILD, 'images', 'dom0-6.1.img')
    hypervisor_args: str = ''
    kernel_args: str = ''
    dom0_mem: str = '1024M'
    mode: str = 'shell'
    qemu: str = ''
    cpu: str = ''
    smp: int = 2
    mem: int = 2048
    icount: bool = False
    devices: tuple = ()
    iso: str = ''
    firmware: str = 'bios'
    log: str = ''
    overlay: tuple = ()
    serial_files: tuple = ()


def find_qemu(name=''):
    """Path of the QEMU to use: $QEMU or NAME: a path, '7' or '10'."""
    name = name or os.environ.get('QEMU', '7')
    if name == '10':
        return os.path.join(CACHE, 'qemu10', 'bin', 'qemu')
    if name == '7':
        name = 'qemu-system-x86_64'
    path = shutil.which(name)
    if not path:
        raise VmError(f'{name}: not found; run scripts/install-deps run')
    return path


def default_cpu(qemu):
    """The fullest CPU model that this QEMU emulates right."""
    text = subprocess.run([qemu, '--version'], capture_output=True, text=True,
                          check=True).stdout
    m = re.search(r'version (\d+)\.', text)
    if m and int(m.group(1)) >= 8:
        return 'max'
    # Without what TCG would only warn about, a line for each CPU.
    return 'Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid'


def doubled(text):
    """QEMU separates modules by commas; inside one they are doubled."""
    return text.replace(',', ',,')


def command_line(cfg, qmp_path, initrd):
    """QEMU's arguments for a configuration."""
    qemu = find_qemu(cfg.qemu)
    cmd = [qemu, '-nodefaults', '-no-user-config', '-display', 'none',
           '-no-reboot', '-serial', 'stdio',
           '-qmp', f'unix:{qmp_path},server=on,wait=off',
           '-cpu', cfg.cpu or default_cpu(qemu),
           '-smp', str(cfg.smp), '-m', str(cfg.mem)]
    if cfg.icount:
        cmd += ['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off',
                '-rtc', 'base=2026-01-01T00:00:00,clock=vm']
    else:
        cmd += ['-accel', 'tcg,thread=multi']
    for path in cfg.serial_files:
        cmd += ['-serial', f'file:{path}']
    if cfg.iso:
        cmd += ['-cdrom', cfg.iso, '-boot', 'd']
        if cfg.firmware == 'uefi':
            cmd += ['-drive', 'if=pflash,unit=0,format=raw,readonly=on,'
                    'file=/usr/share/OVMF/OVMF_CODE.fd']
    else:
        hyp_args = (f'dom0_mem={cfg.dom0_mem},max:{cfg.dom0_mem} '
                    f'com1=115200,8n1 console=com1 {cfg.hypervisor_args}')
        dom0_args = ('console=hvc0 earlyprintk=xen panic=-1 '
                     f'parvis.mode={cfg.mode} {cfg.kernel_args}')
        modules = f'{doubled(cfg.kernel)} {doubled(dom0_args.strip())}'
        if initrd:
            modules += f',{doubled(initrd)}'
        cmd += ['-kernel', cfg.hypervisor, '-append', hyp_args.strip(),
                '-initrd', modules]
    for device in cfg.devices:
        cmd += device.split()
    return cmd


def check_files(cfg):
    """Says plainly what is missing before QEMU says it obscurely."""
    wanted = [cfg.iso] if cfg.iso else [cfg.hypervisor, cfg.kernel, cfg.initrd]
    for path in filter(None, wanted):
        if not os.path.exists(path):
            raise VmError(f'{path} does not exist; build it with make')


class Qmp(threading.Thread):
    """Listens to QEMU's events; remembers why the machine stopped."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.reason = None
        self.replies = []
        self.lock = threading.Condition()
        self.sock = None

    def connect(self, process, limit=30):
        """Connects and leaves negotiation mode; false if QEMU ended."""
        end = time.monotonic() + limit
        while time.monotonic() < end and process.poll() is None:
            try:
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(self.path)
                self.sock = sock
                break
            except OSError:
                sock.close()
                time.sleep(0.02)
        if self.sock:
            self.start()
            self.command('qmp_capabilities')
        return self.sock is not None

    def command(self, name, limit=30, **arguments):
        """Runs one command and returns its answer."""
        with self.lock:
            before = len(self.replies)
            request = {'execute': name, 'arguments': arguments}
            self.sock.sendall(json.dumps(request).encode() + b'\n')
            if not self.lock.wait_for(lambda: len(self.replies) > before, limit):
                raise VmError(f'QMP command {name}: no answer')
            return self.replies[-1]

    def run(self):
        try:
            for line in self.sock.makefile('r'):
                msg = json.loads(line)
                with self.lock:
                    if msg.get('event') == 'SHUTDOWN':
                        self.reason = msg['data']['reason']
                    elif 'return' in msg or 'error' in msg:
                        self.replies.append(msg)
                    self.lock.notify_all()
        except (OSError, ValueError):
            pass


class Machine:
    """A running QEMU.  Use as a context manager: the end kills it."""

    def __init__(self, cfg, echo=None):
        """ECHO, if given, is called with every piece of console text."""
        check_files(cfg)
        self.cfg = cfg
        self.dir = tempfile.mkdtemp(prefix='parvis-vm-')
        self.echo = echo
        self.lock = threading.Condition()
        self.text = ''
        self.seen = 0            # where the next expect() starts
        self.ended = False
        self.last_id = 0
        self.log = open(cfg.log or os.path.join(self.dir, 'log'), 'w',
                        buffering=1, encoding='latin-1')
        cmd = command_line(cfg, os.path.join(self.dir, 'qmp'),
                           self._with_overlay())
        self.log.write('# ' + ' '.join(cmd) + '\n')
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.qmp = Qmp(os.path.join(self.dir, 'qmp'))
        self.qmp.connect(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _with_overlay(self):
        """The ramdisk, with the configuration's overlay files appended."""
        if not self.cfg.overlay or not self.cfg.initrd or self.cfg.iso:
            return self.cfg.initrd
        out = os.path.join(self.dir, 'initrd')
        overlay = os.path.join(self.dir, 'overlay')
        cmd = [os.path.join(HERE, 'mkimage'), 'overlay', '-o', overlay]
        for spec in self.cfg.overlay:
            cmd += ['--file', spec]
        subprocess.run(cmd, check=True)
        with open(out, 'wb') as f:
            for part in (self.cfg.initrd, overlay):
                with open(part, 'rb') as g:
                    shutil.copyfileobj(g, f)
        return out

    def _read(self):
        fd = self.process.stdout.fileno()
        line = ''
        while True:
            piece = os.read(fd, 65536)
            if not piece:
                break
            text = piece.decode('latin-1').replace('\r', '')
            now = time.monotonic() - self.started
            line += text
            *lines, line = line.split('\n')
            for done in lines:
                self.log.write(f'[{now:9.3f}] {done}\n')
            with self.lock:
                self.text += text
                self.lock.notify_all()
            if self.echo:
                self.echo(piece)
        with self.lock:
            if line:
                self.log.write(f'[{self.uptime():9.3f}] {line}\n')
            self.ended = True
            self.lock.notify_all()

    def uptime(self):
        """Seconds since QEMU was started."""
        return time.monotonic() - self.started

    def tail(self, lines=60):
        """The last lines of the console, for a report."""
        body = '\n'.join(self.text.rstrip().split('\n')[-lines:])
        return (f'--- last {lines} lines of the console after '
                f'{self.uptime():.1f} s (log: {self.log.name}) ---\n{body}\n---')

    def fail(self, why):
        """Raises a VmError with the end of the console."""
        raise VmError(f'{why}\n{self.tail()}')

    def expect(self, pattern, limit, what=None, fatal=FATAL):
        """Waits for PATTERN after the place where the last wait ended.

        Returns the match.  Fails when LIMIT seconds pass, QEMU ends, or the
        text shows a panic first.
        """
        regex = re.compile(pattern, re.M)
        what = what or f'{pattern!r}'
        end = time.monotonic() + limit
        with self.lock:
            while True:
                m = regex.search(self.text, self.seen)
                bad = fatal.search(self.text, self.seen) if fatal else None
                if bad and (not m or bad.start() < m.start()):
                    self.lock.wait(1.0)   # let the rest of a panic arrive
                    self.fail(f'waiting for {what}: found '
                              f'{bad.group(0).strip()!r} instead')
                if m:
                    self.seen = m.end()
                    return m
                if self.ended:
                    self.fail(f'waiting for {what}: the machine ended '
                              f'({self.why_ended()})')
                left = end - time.monotonic()
                if left <= 0:
                    self.fail(f'waiting for {what}: nothing within {limit} s')
                self.lock.wait(left)

    def type(self, text):
        """Types text on the serial port, no faster than it can be read."""
        data = text.encode('latin-1') if isinstance(text, str) else text
        for i in range(0, len(data), TYPE_CHUNK):
            try:
                self.process.stdin.write(data[i:i + TYPE_CHUNK])
                self.process.stdin.flush()
            except OSError:
                return
            time.sleep(TYPE_PAUSE)

    def why_ended(self):
        """QEMU's own words for the reason of the end."""
        code = self.process.poll()
        return self.qmp.reason or f'QEMU exit status {code}'

    def wait_off(self, limit):
        """Waits until the machine has powered itself off."""
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.fail(f'the host did not power off within {limit} s')
        self.reader.join(10)
        self.qmp.join(5)
        if self.qmp.reason != 'guest-shutdown' or self.process.returncode:
            self.fail('the host did not power itself off: '
                      f'{self.why_ended()}')

    def kill(self):
        """Ends QEMU in any case, and removes the working files."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(10)
        self.log.close()
        if self.cfg.log:
            shutil.rmtree(self.dir, ignore_errors=True)

    # Commands in the control domain, in mode "agent" (scripts/image/agent).

    def run(self, command, limit=60):
        """Runs a shell command in the control domain: (status, output)."""
        self.last_id += 1
        name = str(self.last_id)
        request = f'@{name} {short_sum(command)} {command}\n'
        if '\n' in command or len(request) > 4000:
            raise ValueError('a command is one line of less than 4000 bytes')
        end = time.monotonic() + limit
        for _ in range(5):
            start = len(self.text)
            self.type(request)
            if not self._wait_line(start, rf'^@{name} (?:run|start|nak)\n', 20):
                self.type('\n')
                continue
            done = rf'^@{name} (?:nak|end (\d+) (\w+))\n'
            m = self._wait_line(start, done, end - time.monotonic())
            if not m:
                self.fail(f'command in dom0 did not end within {limit} s: '
                          f'{command}')
            if m.group(1):
                out = self._answer(start, name)
                if short_sum(out) == m.group(2):
                    return int(m.group(1)), out
        return self.fail(f'no clean answer to a command in dom0: {command}')

    def check(self, command, limit=60):
        """Like run(), but fails unless the status is 0; returns the output."""
        rc, out = self.run(command, limit)
        if rc:
            self.fail(f'command in dom0 failed with {rc}: {command}\n{out}')
        return out

    def _wait_line(self, start, pattern, limit):
        regex = re.compile(pattern, re.M)
        end = time.monotonic() + limit
        with self.lock:
            while True:
                m = regex.search(self.text, start)
                if m:
                    return m
                bad = FATAL.search(self.text, start)
                if bad:
                    self.lock.wait(1.0)
                    self.fail(f'while a command ran in dom0: {bad.group(0)!r}')
                if self.ended:
                    self.fail('while a command ran in dom0, the machine ended '
                              f'({self.why_ended()})')
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.lock.wait(left)

    def _answer(self, start, name):
        text = self.text[start:]
        begin = text.rindex(f'@{name} start')
        lines = re.findall(rf'^@{name} \|(.*)$', text[begin:], re.M)
        return ''.join(line + '\n' for line in lines)


def short_sum(text):
    """The sum that the agent uses."""
    return hashlib.md5(text.encode('latin-1')).hexdigest()[:8]


def relay(machine, source, sink, quit_key=b'\x01'):
    """Joins a terminal to the machine until it ends or Ctrl-A x is typed."""
    pending = False
    while machine.process.poll() is None:
        ready, _, _ = select.select([source], [], [], 0.2)
        if not ready:
            continue
        data = os.read(source, 1024)
        if not data:
            return
        out = b''
        for byte in (data[i:i + 1] for i in range(len(data))):
            if pending:
                pending = False
                if byte == b'x':
                    os.write(sink, b'\r\nrun-qemu: machine killed\r\n')
                    machine.process.send_signal(signal.SIGTERM)
                    return
                out += byte if byte == quit_key else quit_key + byte
            elif byte == quit_key:
                pending = True
            else:
                out += byte
        machine.type(out)
