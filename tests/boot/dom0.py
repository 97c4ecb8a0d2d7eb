# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests do in a control domain: guests, their consoles, counts.

A Dom0 wraps a booted vm.Machine whose control domain runs the agent.  All state
is in the machine; names of guests are the tests' own.  Only xl's command line
and the files of the console daemon's log are used, so the same tests run on our
tools and on Debian's.
"""

import re
import shlex

CONSOLE = '/var/log/xen/console/guest-{}.log'

# Lines of a kernel log that no healthy boot has.
COMPLAINTS = ('BUG:|WARNING:|Oops|general protection|Unhandled|soft lockup|'
              'rcu.*(stall|starved)|Bad page|bad pte|double fault|'
              'unable to handle|segfault|traps:|Xen hypercall failed')

# Complaints of the same stock kernels on real Xen under QEMU: not ours to mend.
KNOWN = re.compile(r'cannot obtain EFI|hpet.*disabled|TSC.*unstable|'
                   r'x86/mm: Checked W\+X')


class Dom0:
    """The control domain of a running machine."""

    def __init__(self, machine, scaled):
        self.vm = machine
        self.scaled = scaled
        self.warm = False

    def sh(self, command, limit=60):
        """Runs a command that must succeed; returns its output."""
        return self.vm.check(command, self.scaled(limit))

    def status(self, command, limit=60):
        """Runs a command; returns (status, output)."""
        return self.vm.run(command, self.scaled(limit))

    # Guests

    def config(self, name, linux='6.1', memory=128, vcpus=1, mode='quiet',
               **keys):
        """Writes /tmp/NAME.cfg and returns its path."""
        values = {'name': name, 'type': 'pv',
                  'kernel': f'/boot/vmlinuz-{linux}',
                  'ramdisk': f'/boot/initrd-{linux}',
                  'memory': memory, 'vcpus': vcpus,
                  'extra': f'console=hvc0 panic=-1 parvis.guest={mode}',
                  'on_crash': 'destroy', **keys}
        return self.write_config(name, values)

    def write_config(self, name, values):
        """Writes these keys to /tmp/NAME.cfg and returns its path."""
        text = ''.join(f'{k}="{v}"\\n' if isinstance(v, str) else f'{k}={v}\\n'
                       for k, v in values.items())
        path = f'/tmp/{name}.cfg'
        self.sh(f"printf {shlex.quote(text)} >{path}; rm -f {self.log(name)}")
        return path

    def create(self, name, limit=120, **options):
        """Creates and starts a guest."""
        self.sh(f'xl create {self.config(name, **options)}', limit)

    def destroy(self, name):
        """Destroys a guest and waits until it is gone."""
        self.sh(f'xl destroy {name}')
        self.wait_gone(name)

    def list(self):
        """The guests of `xl list`: name to its row's fields."""
        rows = [line.split() for line in self.sh('xl list').splitlines()[1:]]
        return {r[0]: {'id': int(r[1]), 'memory': int(r[2]), 'vcpus': int(r[3]),
                       'state': r[4], 'time': float(r[5])} for r in rows}

    def wait_gone(self, name, limit=60):
        """Waits until a guest does not exist any more."""
        self.poll(f'! xl domid {name} >/dev/null 2>&1', limit,
                  f'guest {name} to be gone')

    def poll(self, condition, limit, what):
        """Waits, in the control domain, until a shell condition holds."""
        if not self._within(condition, limit):
            self.vm.fail(f'waited {self.scaled(limit):.0f} s for {what}')

    def _within(self, condition, limit):
        """Whether a shell condition comes true within the limit."""
        end = f'$(($(cut -d. -f1 /proc/uptime) + {self.scaled(limit):.0f}))'
        rc, _ = self.vm.run(
            f'e={end}; until {condition}; do '
            '[ $(cut -d. -f1 /proc/uptime) -lt $e ] || exit 1; sleep 0.2; done',
            self.scaled(limit) + 60)
        return rc == 0

    # Consoles

    @staticmethod
    def log(name):
        """The console daemon's log of a guest."""
        return CONSOLE.format(name)

    def wait_console(self, name, pattern, limit=120):
        """Waits until a guest has printed a line; returns that line."""
        quoted = shlex.quote(pattern)
        found = f'grep -aqE {quoted} {self.log(name)} 2>/dev/null'
        if not self._within(found, limit):
            _, end = self.vm.run(f'xl list; tail -n 40 {self.log(name)}')
            self.vm.fail(f"guest {name} did not print '{pattern}' within "
                         f'{self.scaled(limit):.0f} s; its console:\n{end}')
        lines = self.sh(f'grep -aE {quoted} {self.log(name)} | tail -n 1')
        return lines.rstrip('\r\n')

    def guest(self, name, command, limit=60):
        """Runs a command in a guest of mode "agent" that must succeed."""
        rc, out = self.guest_status(name, command, limit)
        if rc:
            self.vm.fail(f'command in guest {name} failed with {rc}: '
                         f'{command}\n{out}')
        return out

    def guest_status(self, name, command, limit=60):
        """Runs a command in a guest of mode "agent": (status, output)."""
        limit = self.scaled(limit)
        return self.vm.run(f'gsh {name} {limit:.0f} {shlex.quote(command)}',
                           limit + 60)

    def complaints(self, name=None):
        """Lines of a guest's console, or our own kernel log, that complain."""
        source = f'cat {self.log(name)}' if name else 'dmesg'
        text = self.sh(f"{source} | grep -aiE '{COMPLAINTS}' || true", 120)
        return [line for line in text.splitlines() if not KNOWN.search(line)]

    # Counts

    def counts(self):
        """What the host has in use: pages, ports, grants, domains, nodes."""
        words = dict(w.split('=') for w in self.sh('hostcount').split())
        words['nodes'] = self.sh('xenstore-ls -f / | grep -vc "^ *$"')
        words.update(self.counts_of_all())
        return {k: int(v) for k, v in words.items()}

    def counts_of_all(self):
        """Grants and ports of all domains together, by our debug keys.

        Nothing on another hypervisor, whose keys list them in other words.
        """
        text = self.sh('xl debug-keys ge; xl dmesg | grep " of all: " | '
                       'tail -n 2')
        return {f'all_{k}': v for k, v in re.findall(r'(\w+)=(\d+)', text)}

    def power_off(self, limit=90):
        """Ends the control domain; the host must switch itself off."""
        rc, _ = self.vm.run('(sleep 1; poweroff -f) >/dev/null 2>&1 &')
        assert rc == 0
        self.vm.wait_off(self.scaled(limit))
