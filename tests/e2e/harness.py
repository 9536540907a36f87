"""What the end-to-end tests share: real programs in a run-time folder of their own, and waiting.

Nothing sleeps for a length of time: wait_until() asks a question until its answer is yes or a bound
is over. Every program is a process group that ends with the Lab, whatever happens; on a failure the
end of each program's log is printed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE_DIR = os.environ.get('RINGSIDE_SOURCE_DIR', os.path.abspath(os.path.join(HERE, '..', '..')))
BIN_DIR = os.environ.get('RINGSIDE_BIN_DIR', os.path.join(SOURCE_DIR, 'build', 'dev', 'bin'))
PATIENCE = float(os.environ.get('RINGSIDE_E2E_PATIENCE', '60'))  # seconds; a hang's bound
POLL = 0.02

_never = threading.Event()


class TimedOut(AssertionError):
    """A bounded wait ended."""


def wait_until(claim, question, seconds=None):
    """Asks `question` until it answers something true, which is returned. `claim` names what never
    became true; a string or a function."""
    deadline = time.monotonic() + (PATIENCE if seconds is None else seconds)
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimedOut(f'not within {seconds or PATIENCE:.0f} s: '
                           f'{claim() if callable(claim) else claim}')
        _never.wait(POLL)


class Program:
    """One running program: its log, its exit code, its end."""

    def __init__(self, lab, name, argv, env):
        self.name = name
        self.out_path = os.path.join(lab.dir, f'{name}.out')
        self.log_path = os.path.join(lab.dir, f'{name}.log')
        with open(self.out_path, 'wb') as out, open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                                            env=env, cwd=lab.dir, start_new_session=True)
        self.pid = self.process.pid

    def out(self):
        return _read(self.out_path)

    def log(self):
        return _read(self.log_path)

    def code(self):
        return self.process.poll()

    def wait(self, seconds=None):
        """Its exit code."""
        return wait_until(lambda: f'{self.name} ends; its log: {self.log()[-500:]}',
                          lambda: self.code() is not None, seconds) and self.code()

    def wait_for(self, pattern, seconds=None):
        """The match of `pattern` in what it printed; fails at once when the program has ended."""
        def look():
            text = self.out() + self.log()
            match = re.search(pattern, text)
            if match is None and self.code() is not None:
                raise AssertionError(f'{self.name} ended with {self.code()} before it said '
                                     f'{pattern!r}:\n{text[-2000:]}')
            return match
        return wait_until(lambda: f'{self.name} says {pattern!r}', look, seconds)

    def kill(self, sig=signal.SIGKILL):
        """One signal to this process alone."""
        os.kill(self.pid, sig)

    def stop(self, seconds=10):
        """SIGTERM and its exit code; what does not end is killed and fails."""
        if self.code() is None:
            self.kill(signal.SIGTERM)
        code = self.wait(seconds)
        self.end()
        return code

    def end(self):
        """The whole group is gone after this, also what the program started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nobody is left
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass  # in the kernel; nothing more can be done from here


class Lab:
    """A run-time folder, a configuration file, and the programs that use them."""

    def __init__(self, config='', env=None):
        self.dir = tempfile.mkdtemp(prefix='ringside-e2e-')
        self.run_dir = os.path.join(self.dir, 'run')
        self.config_path = os.path.join(self.dir, 'ringside.toml')
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith('RINGSIDE_') or k == 'RINGSIDE_SEED'}
        self.env.update(env or {})
        self.programs = []
        self.write_config(config)

    def write_config(self, config):
        with open(self.config_path, 'w', encoding='utf-8') as stream:
            stream.write(config)

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        for program in reversed(self.programs):
            program.end()
        if kind is not None and kind is not unittest.SkipTest:
            for program in self.programs:
                print(f'--- {program.name}: exit {program.code()}, end of its log')
                print((program.out() + program.log())[-3000:])
        shutil.rmtree(self.dir, ignore_errors=True)

    def argv(self, program, *args):
        """The command line of one of our programs, with this Lab's configuration."""
        return [binary(program), *map(str, args)]

    def common(self):
        return ['--config', self.config_path, '--run-dir', self.run_dir]

    def start(self, program, *args, name=None):
        """Starts `ringside-x` or (`ringside`, verb, ...) with the common flags."""
        name = name or f'{len(self.programs)}-{program}-{args[0] if args else ""}'.strip('-')
        started = Program(self, name, self.argv(program, *args, *self.common()), self.env)
        self.programs.append(started)
        return started

    def run(self, program, *args, seconds=60, common=True, env=None):
        """Runs to the end and returns the CompletedProcess with text output."""
        extra = self.common() if common else []
        return subprocess.run(self.argv(program, *args, *extra), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds, cwd=self.dir,
                              env={**self.env, **(env or {})}, check=False)

    def json(self, *args, seconds=60):
        """The JSON that `ringside ARGS` prints; None when it fails."""
        done = self.run('ringside', *args, seconds=seconds)
        if done.returncode != 0:
            return None
        return json.loads(done.stdout)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def run_path(self, *parts):
        return os.path.join(self.run_dir, *parts)


def binary(program):
    path = os.path.join(BIN_DIR, program)
    if not os.path.exists(path):
        raise AssertionError(f'{path} is not built')
    return path


def lines(text):
    return [line for line in text.split('\n') if line]


def _read(path):
    with open(path, encoding='utf-8', errors='replace') as stream:
        return stream.read()
