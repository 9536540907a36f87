"""A live feed for tests of clients: the simulator and a feed handler in a folder of their own, with
the trades and quotes of three symbols."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))

import harness  # noqa: E402
from harness import lines, wait_until  # noqa: E402,F401
from pipeline import Pipeline  # noqa: E402

SYMBOLS = ['AAPL', 'MSFT', 'SPY']
PYTHON_DIR = os.path.join(harness.SOURCE_DIR, 'shm', 'python')
BUILD_DIR = os.path.dirname(harness.BIN_DIR)
EXAMPLES_DIR = os.path.join(BUILD_DIR, 'examples')
LIBRARY = os.path.join(BUILD_DIR, 'shm', 'libringside.so.0')


class LiveFeed(Pipeline):
    """`with LiveFeed() as feed:` until the block ends."""

    def __init__(self):
        super().__init__({'stocks': SYMBOLS})

    def __enter__(self):
        super().__enter__()
        self.start_sim('--rate', '4000', '--stocks', '8', '--options', '0', linger_ms=200)
        self.start_handler()
        return self

    @property
    def socket(self):
        return self.run_path('stocks.sock')

    def start_client(self, name, argv, env=None):
        """A program that is none of ours, ended with the feed at the latest."""
        program = harness.Program(self, name, argv, env or self.env)
        self.programs.append(program)
        return program

    def restart(self):
        """A new feed handler, and so a new epoch."""
        self.handler.kill()
        self.handler.wait()
        self.start_handler()


def run(*argv, env=None, seconds=120):
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, env=env,
                          capture_output=True, text=True, timeout=seconds, check=False)


def receipts(text):
    """[(received, lost, pending, published)] of each receipt line."""
    return [tuple(map(int, found)) for found in re.findall(
        r'^receipt: received (\d+) lost (\d+) pending (\d+) of (\d+)$', text, re.M)]
