"""kill -9 anywhere: readers attach again by themselves, the hole is recorded and counted, a dead
consumer's wishes end, nobody else notices, and `ringside up` starts what died again."""

import json
import os
import re
import signal
import sqlite3
import time
import unittest
from contextlib import closing

from harness import Lab, lines, wait_until
from pipeline import Pipeline
from totals import dbn_reader

SYMBOLS = ['AAPL', 'SPY']
CONSUMERS = ('recorder', 'stats', 'gateway', 'tail')


class Kill(unittest.TestCase):
    def setUp(self):
        self.pipeline = Pipeline({'stocks': SYMBOLS})
        self.addCleanup(self.pipeline.__exit__, None, None, None)
        self.pipeline.start_sim('--rate', '4000', '--stocks', '8', '--options', '0',
                                linger_ms=200)
        self.pipeline.start_handler()
        self.pipeline.start_consumers()
        self.tail = self.pipeline.start('ringside', 'tail', 'AAPL', '--format', 'json', name='tail')

    def rows(self):
        """{consumer: its row}; only those that are attached now."""
        found = {}
        for row in self.pipeline.readers('stocks'):
            for name in CONSUMERS:
                if name in row['name']:
                    found[name] = row
        return found

    def wait_received(self, names, more=200):
        """Until each of the consumers has read `more` records from now on."""
        def read():
            return {name: row['received'] for name, row in self.rows().items()}
        start = wait_until(lambda: f'{names} are attached: {self.rows()}', lambda: (
            lambda now: now if set(names) <= set(now) else None)(read()))
        wait_until(lambda: f'{names} read on from {start}: {self.rows()}', lambda: (
            lambda now: all(now.get(name, 0) >= start[name] + more for name in names))(read()))

    def notes(self):
        """What the tail said that is no record."""
        said = [json.loads(line) for line in lines(self.tail.out()) if line.endswith('}')]
        return [record['kind'] for record in said if record['kind'].startswith('feed_')]

    def test_feed_handler_killed_mid_stream(self):
        browser = self.pipeline.subscribe(['trades', 'quotes', 'status'], SYMBOLS)
        self.wait_received(CONSUMERS)
        gaps = []
        for round_number in range(3):
            epoch = self.pipeline.feed('stocks')['epoch']
            before_ns = time.time_ns()
            self.pipeline.handler.kill()
            self.pipeline.handler.wait()
            wait_until(lambda: f'the tail notices: {self.notes()}',
                       lambda: self.notes().count('feed_gone') == round_number + 1)
            begin = time.monotonic()
            self.pipeline.start_handler()
            self.wait_received(CONSUMERS)
            print(f'round {round_number}: everyone reads {time.monotonic() - begin:.2f} s after '
                  'the new feed handler was started')
            gaps.append((before_ns, time.time_ns()))
            now = self.pipeline.feed('stocks')
            self.assertNotEqual(now['epoch'], epoch)
            self.assertEqual(now['state'], 'live')
            wait_until('the tail tells of the new epoch',
                       lambda: self.notes().count('feed_restarted') == round_number + 1)
            count = len(browser.messages)
            wait_until(lambda: f'the browser reads on: {browser.error}',
                       lambda: len(browser.messages) > count + 100)
        self.assertIsNone(browser.error)
        self.check_browser_was_told(browser)
        self.check_partial_bars(gaps)
        self.assertEqual(self.pipeline.recorder.stop(), 0)
        self.check_recording(gaps)

    def check_browser_was_told(self, browser):
        states = [json.loads(m).get('state', json.loads(m).get('status'))
                  for m in browser.messages if '"status"' in m[:24]]
        self.assertIn('reconnecting', states)
        self.assertEqual(states[-1], 'live', states)

    def check_partial_bars(self, gaps):
        """A bar whose time has a hole in it says so."""
        def partial():
            row = next(r for r in self.pipeline.json('ls', '--feed', 'stats', '--format', 'json')
                       if r['symbol'] == 'AAPL')
            done = self.pipeline.run('ringside', 'tail', 'AAPL', '--feed', 'stats', '--kind',
                                     'bar', '--from', 'oldest', '--count', row['bars'],
                                     '--format', 'json')
            bars = [json.loads(line) for line in lines(done.stdout)]
            return all(any('partial' in bar['flags'] and int(bar['ts_event']) < end and
                           int(bar['ts_end']) > begin for bar in bars) for begin, end in gaps)
        wait_until('each hole is in a bar that says so', partial)

    def check_recording(self, gaps):
        """Each hole is a row of the catalog, and every file is whole."""
        path = os.path.join(self.pipeline.recordings, 'catalog.sqlite')
        with closing(sqlite3.connect(path)) as catalog:
            rows = catalog.execute("SELECT ts_begin, ts_end FROM gaps WHERE feed = 'stocks' AND "
                                   "kind = 'restart' ORDER BY ts_begin").fetchall()
            states = {row[0] for row in catalog.execute('SELECT state FROM files')}
        self.assertEqual(len(rows), len(gaps))
        for (begin, end), (before, after) in zip(rows, gaps):
            self.assertLess(begin, end)
            self.assertLess(begin, after)
            self.assertGreater(end, before)
        self.assertEqual(states, {'closed'})
        self.check_receipts(len(gaps) + 1)
        totals = dbn_reader.totals([self.pipeline.recordings])
        self.assertGreater(totals['records']['trade'], 100)
        self.assertEqual(totals['unmapped'], 0)

    def check_receipts(self, epoch_count):
        """For each epoch, also those whose writer was killed: received + lost = published, and
        everything received is in a file or accounted for."""
        folder = os.path.join(self.pipeline.recordings, 'receipts')
        receipts = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding='utf-8') as stream:
                receipts.append(json.load(stream))
        self.assertEqual(len({receipt['epoch'] for receipt in receipts}), epoch_count)
        for receipt in receipts:
            for tape in ('ticks', 'bars'):
                of = receipt[tape]
                self.assertEqual(of['start'] + of['received'] + of['lost'], of['published'], of)
                self.assertEqual(of['received'], sum(of[part] for part in (
                    'written', 'dropped', 'disk', 'ignored', 'marks', 'already_recorded')), of)
                self.assertEqual((of['lost'], of['dropped'], of['disk']), (0, 0, 0))

    def test_each_consumer_killed_and_nobody_else_notices(self):
        lone = self.pipeline.start('ringside', 'tail', 'NVDA', '--format', 'json', name='lone')
        wait_until('the lone symbol is live', lambda: self.state_of('NVDA') == 'live')
        self.wait_received(CONSUMERS)
        epoch = self.pipeline.feed('stocks')['epoch']
        programs = {'recorder': self.pipeline.recorder, 'stats': self.pipeline.stats,
                    'gateway': self.pipeline.gateway, 'tail': self.tail}
        for name, program in programs.items():
            program.kill()
            begin = time.monotonic()
            wait_until(lambda: f'the wishes of {name} end: {self.rows()}',
                       lambda: program.pid not in self.pids(), seconds=1)
            print(f'{name}: its subscriptions ended within {time.monotonic() - begin:.2f} s')
            others = [n for n, p in programs.items() if p.code() is None and n != name]
            if others:
                self.wait_received(others)
            for row in self.rows().values():
                self.assertEqual(row['lost'], 0)
        lone.kill()
        wait_until(lambda: f'NVDA, which nobody wants, is given up: '
                   f'{self.pipeline.run("ringside", "ls").stdout}',
                   lambda: self.state_of('NVDA') not in ('live', 'pending'))
        self.assertEqual(self.pipeline.feed('stocks')['epoch'], epoch)
        self.assertIsNone(self.pipeline.handler.code())

    def pids(self):
        return {row['pid'] for row in self.pipeline.readers('stocks')}

    def state_of(self, symbol):
        for row in self.pipeline.json('ls', '--format', 'json') or []:
            if row['symbol'] == symbol:
                return row['state']
        return None


class Up(unittest.TestCase):
    """The supervisor: what dies is started again, and nothing outlives it."""

    ROLES = ('sim', 'feedhandler', 'recorder', 'stats', 'gateway')

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.up = self.lab.start('ringside', 'up', '--set', 'gateway.port=0', name='up')
        self.up.wait_for(r'dashboard: http://127\.0\.0\.1:\d+')

    def pids(self):
        """{role: its latest process}."""
        return {role: int(pid) for role, pid in
                re.findall(r'(\w+) started(?: again)?, process (\d+)', self.up.log())}

    def live(self):
        status = self.lab.json('top', '--once', '--interval', '50', '--format', 'json')
        feeds = {feed['feed']: feed.get('state') for feed in (status or {'feeds': []})['feeds']}
        return feeds.get('stocks') == 'live' and feeds.get('options') == 'live'

    def test_a_dead_child_is_started_again(self):
        wait_until('both feeds are live', self.live)
        for role in self.ROLES:
            old = self.pids()[role]
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: f'{role} is started again: {self.up.log()[-600:]}',
                       lambda: self.pids()[role] != old)
            wait_until(lambda: f'both feeds are live after {role} died', self.live)
        self.assertIsNone(self.up.code())

    def test_ctrl_c_ends_everything(self):
        pids = self.pids()
        self.assertEqual(set(pids), set(self.ROLES))
        self.up.kill(signal.SIGINT)
        self.assertEqual(self.up.wait(), 0)
        self.assertEqual([role for role, pid in pids.items() if is_alive(pid)], [])

    def test_nothing_outlives_a_killed_supervisor(self):
        pids = self.pids()
        self.up.kill(signal.SIGKILL)
        wait_until(lambda: f'all children are gone: {[p for p in pids.values() if is_alive(p)]}',
                   lambda: not any(is_alive(pid) for pid in pids.values()))


def is_alive(pid):
    """Is there a process of that number that is not a zombie?"""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as stream:
            return stream.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


if __name__ == '__main__':
    unittest.main(verbosity=2)
