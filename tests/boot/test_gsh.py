# SPDX-License-Identifier: GPL-2.0-or-later
"""gshwait by itself: no machine is booted, files are its console and its log."""

import os
import subprocess
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


class Console:
    """A guest's console: what is typed into it, and the daemon's log of it."""

    def __init__(self, program, folder):
        self.program = program
        self.tty, self.log = folder / 'tty', folder / 'log'
        self.tty.write_text('')
        self.log.write_text('@7 |of an earlier run\n@7 end 9\n')
        self.process = None

    def start(self, limit=20):
        """Asks; returns when the request was typed."""
        self.process = subprocess.Popen(
            [self.program, self.log, self.tty, '7', str(limit), '@7 sum do it'],
            stdout=subprocess.PIPE, text=True)
        self.typed()

    def typed(self):
        """Waits until the request has been typed, and takes it away."""
        until = time.monotonic() + 20
        while self.tty.read_text() != '@7 sum do it\n':
            assert time.monotonic() < until, self.tty.read_text()
            time.sleep(0.01)
        self.tty.write_text('')

    def say(self, text):
        """The guest prints."""
        with open(self.log, 'a', encoding='utf-8') as log:
            log.write(text)

    def end(self):
        """Exit status and output."""
        out, _ = self.process.communicate(timeout=30)
        return self.process.returncode, out


@pytest.fixture(scope='module', name='program')
def fixture_program(tmp_path_factory):
    """The program, as the images have it but for the libraries."""
    out = tmp_path_factory.mktemp('gsh') / 'gshwait'
    subprocess.run(['gcc', '-O1', '-std=gnu11', '-Wall', '-Wextra', '-Werror',
                    '-fsanitize=address,undefined', '-o', out,
                    os.path.join(HERE, 'gshwait.c')], check=True)
    return out


@pytest.fixture(name='console')
def fixture_console(program, tmp_path):
    """A console on which the request has been typed."""
    console = Console(program, tmp_path)
    console.start()
    yield console
    console.process.kill()
    console.process.wait()


def test_answer(console):
    """Output and status, of this request alone, whatever else is printed."""
    console.say('@7 run\r\n@6 |no\n[   1.0] kernel\n@7 start\n@7 |one\r\n')
    console.say('@7 |t')
    time.sleep(0.1)
    console.say('wo\n@6 end 0\n@7 end 3\n')
    assert console.end() == (3, 'one\ntwo\n')


def test_starts_again(console):
    """An answer that begins anew replaces what there was of it."""
    console.say('@7 run\n@7 start\n@7 |half\n@7 start\n@7 |whole\n@7 end 0\n')
    assert console.end() == (0, 'whole\n')


def test_not_understood(console):
    """A request that was garbled on its way is typed again."""
    console.say('@7 nak\n')
    console.typed()
    console.say('@7 run\n@7 end 0\n')
    assert console.end() == (0, '')


def test_log_emptied(console):
    """A log that was emptied is read from its beginning."""
    console.say('@7 run\n')
    time.sleep(0.2)
    console.log.write_text('')
    time.sleep(0.2)
    console.say('@7 |x\n@7 end 0\n')
    assert console.end() == (0, 'x\n')


def test_long_line(console):
    """A line without an end neither grows nor hides the next one."""
    console.say('@7 run\n@7 |' + 'x' * 100000 + '\n@7 end 0\n')
    status, out = console.end()
    assert status == 0 and set(out) == {'x', '\n'} and len(out) < 66000


def test_late(program, tmp_path):
    """No answer in time: its own status and a line that says so."""
    console = Console(program, tmp_path)
    console.start(limit=1)
    assert console.end() == (124, 'gsh: no answer within 1 s\n')


def test_no_log(program, tmp_path):
    """A log that is not there is no answer that is late."""
    result = subprocess.run([program, tmp_path / 'none', tmp_path / 'tty', '7',
                             '5', 'x'], check=False, capture_output=True,
                            text=True)
    assert result.returncode == 125 and 'none' in result.stderr
