#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot every micro-guest as control domain in QEMU and add up what they report.

run.py [NAME...]   HYP=IMAGE names another hypervisor, QEMU= another emulator,
                   CPU= another processor model, SMP= how many of them.
A test passes when its line says so, and all lines of a run count only when the
guest came to its end.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
HYP = os.environ.get("HYP", os.path.join(BUILD, "parvis"))
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
CPU = os.environ.get("CPU", "Haswell-noTSX")
SMP = os.environ.get("SMP", "2")
TIMEOUT = int(os.environ.get("TIMEOUT", "300"))


def images():
    """The names of all micro-guests that have been built."""
    where = os.path.join(BUILD, "guest")
    return sorted(f[:-4] for f in os.listdir(where) if f.endswith(".img"))


def boot(name):
    """Run one micro-guest; returns the lines of the serial console."""
    cmd = [QEMU, "-accel", "tcg", "-cpu", CPU, "-smp", SMP, "-m", "512",
           "-display", "none", "-monitor", "none", "-serial", "stdio",
           "-no-reboot", "-nodefaults", "-kernel", HYP,
           "-initrd", os.path.join(BUILD, "guest", name + ".img"),
           "-append", "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all"]
    proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    lines = []
    timer = __import__("threading").Timer(TIMEOUT, proc.kill)
    timer.start()
    for raw in proc.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        lines.append(line)
        if "MG DONE" in line:
            break
    timer.cancel()
    proc.kill()
    proc.wait()
    return lines


def report(name):
    """(passed, failed, skipped) of one micro-guest, with its failures shown."""
    lines = boot(name)
    text = "\n".join(lines)
    done = re.search(r"MG DONE (\d+) passed, (\d+) failed, (\d+) skipped", text)
    if not done:
        print(f"{name}: did not come to its end; last lines:")
        print("\n".join("  | " + l for l in lines[-30:]))
        return 0, 1, 0
    passed, failed, skipped = map(int, done.groups())
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
    if failed:
        print("\n".join("  | " + l for l in lines
                        if re.search(r"MG (  |FAIL)|parvis\)", l)))
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    for name in sys.argv[1:] or images():
        for i, n in enumerate(report(name)):
            total[i] += n
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
