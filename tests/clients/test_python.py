"""The Python module against a live feed: batches, views, frames, last values, a restart, receipts.
Runs in an interpreter that has numpy and pandas."""

import os
import re
import subprocess
import sys
import unittest
from decimal import Decimal

from live import LIBRARY, LiveFeed, PYTHON_DIR, SYMBOLS, harness, receipts, run, wait_until

os.environ['RINGSIDE_LIBRARY'] = LIBRARY
sys.path.insert(0, PYTHON_DIR)

import numpy as np  # noqa: E402
import ringside  # noqa: E402

TRADE, QUOTE = ringside.KINDS['trade'], ringside.KINDS['quote']
SIZES = {'u64': 8, 'i64': 8, 'u32': 4, 'u8': 1, 'Kind': 1, 'u8[4]': 4, 'u8[2]': 2}


def documented(name):
    """{field: (offset, bytes)} of a type in docs/layout.md."""
    with open(os.path.join(harness.SOURCE_DIR, 'docs', 'layout.md'), encoding='utf-8') as stream:
        section = stream.read().split(f'### {name} (')[1].split('###')[0]
    rows = re.findall(r'^\| (\d+) \| `(\w+)` \| ([^|]+?) \|', section, re.M)
    return {field: (int(offset), SIZES[form]) for offset, field, form in rows if form in SIZES}


class Dtypes(unittest.TestCase):
    def assert_same(self, dtype, documented_fields, base=0, renamed=()):
        for field, (offset, size) in documented_fields.items():
            field = dict(renamed).get(field, field)
            if not field.endswith('_'):
                found, at = dtype.fields[field][:2]
                self.assertEqual((at, found.itemsize), (base + offset, size), field)

    def test_every_field_lies_where_the_page_says(self):
        ticks, bars = ringside.dtype(), ringside.dtype(is_bar=True)
        self.assertEqual((ticks.itemsize, bars.itemsize), (64, 128))
        self.assert_same(ticks, documented('TickRecord'))
        self.assert_same(ticks, documented('TradeBody'), 32)
        self.assert_same(ticks, documented('QuoteBody'), 32)
        self.assert_same(ticks, documented('GapBody'), 32,
                         {'ts_begin': 'gap_begin', 'ts_end': 'gap_end', 'count': 'gap_count',
                          'reason': 'gap_reason'}.items())
        self.assert_same(ticks, {k: v for k, v in documented('StatusBody').items()
                                 if not k.endswith('_')}, 32)
        self.assert_same(bars, documented('BarRecord'))

    def test_kinds_are_the_librarys(self):
        library = ringside.load_library()
        for name, number in ringside.KINDS.items():
            self.assertEqual(library.ringside_kind_name(number).decode(), name)

    def test_prices(self):
        self.assertEqual(ringside.decimal_price(225_600_000_000), Decimal('225.6'))
        self.assertEqual(str(ringside.decimal_price(230 * 10**9)), '230')
        self.assertEqual(ringside.decimal_price(-1), Decimal('-1e-9'))
        self.assertIsNone(ringside.decimal_price(ringside.PX_ABSENT))
        floats = ringside.dollars([1_500_000_000, ringside.PX_ABSENT])
        self.assertEqual(floats[0], 1.5)
        self.assertTrue(np.isnan(floats[1]))


class Imports(unittest.TestCase):
    """What is missing is named, in an interpreter of its own."""

    def python(self, code, **env):
        return subprocess.run([sys.executable, '-B', '-c', code], capture_output=True, text=True,
                              env={**os.environ, 'PYTHONPATH': PYTHON_DIR, **env}, timeout=60,
                              check=False)

    def test_no_library(self):
        done = self.python('import ringside; ringside.version()', RINGSIDE_LIBRARY='nowhere.so')
        self.assertIn('ImportError: ringside: no libringside.so.0: set RINGSIDE_LIBRARY',
                      done.stderr)

    def test_no_numpy_and_no_pandas(self):
        for name, call in (('numpy', 'ringside.dtype()'),
                           ('pandas', 'ringside.to_frame(None)')):
            done = self.python(f'import sys; sys.modules["{name}"] = None\n'
                               f'import ringside; print(ringside.version()); {call}')
            self.assertNotEqual(done.stdout, '')
            self.assertRegex(done.stderr, f'ImportError: ringside: .*python3-{name}')

    def test_a_library_of_another_layout(self):
        done = self.python('from ringside import _library\n_library.LAYOUT_VERSION = 999\n'
                           '_library.load()')
        self.assertIn('use both of one release', done.stderr)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.live = LiveFeed()
        cls.enterClassContext(cls.live)

    def setUp(self):
        self.feed = self.enterContext(ringside.Feed(self.live.socket, name='py', timeout=20))
        self.answers = self.feed.subscribe(*SYMBOLS)

    def fill(self, ring, count):
        """At least `count` new records of a ring, as they come."""
        return ringside.concatenate(
            ring.follow_batches(seconds=harness.PATIENCE, count=count))

    def assert_balanced(self, ring):
        receipt = ring.receipt()
        self.assertTrue(receipt.is_balanced, receipt)
        return receipt

    def test_the_feed_tells_what_it_is(self):
        info = self.feed.info()
        self.assertEqual((info.feed, info.state, info.is_attached), ('stocks', 'live', 1))
        self.assertEqual((info.layout_version, info.size_exponent), (2, -6))
        self.assertEqual([answer.symbol for answer in self.answers], SYMBOLS)
        self.assertEqual({answer.state for answer in self.answers}, {'live'})
        self.assertLessEqual(set(SYMBOLS), set(self.feed.symbols()))
        number = self.feed.instrument_id('AAPL')
        self.assertEqual(self.feed.symbol(number), 'AAPL')
        self.assertIsNone(self.feed.instrument_id('NOTTHERE'))

    def test_refused(self):
        answer, = self.feed.subscribe('NO BLANKS')
        self.assertEqual((answer.state, answer.reason), ('refused', 'bad_symbol'))
        with self.assertRaisesRegex(ringside.RingsideError, 'attach to the feed and subscribe'):
            self.feed.ring('NO BLANKS')

    def test_nobody_there(self):
        with self.assertRaisesRegex(ringside.RingsideError, 'nobody.sock') as caught:
            with ringside.Feed(self.live.run_path('nobody.sock')):
                pass
        self.assertEqual(caught.exception.code, 8)

    def test_batches_are_consecutive_and_balance(self):
        ring = self.feed.ring('AAPL')
        records = self.fill(ring, 500)
        receipt = self.assert_balanced(ring)
        self.assertEqual(receipt.received, len(records))
        numbers = ringside.sequences_of(records)
        self.assertEqual(int(numbers[-1] - numbers[0]) + 1, len(records) + receipt.lost)
        self.assertEqual(set(records['instrument_id']), {self.feed.instrument_id('AAPL')})
        self.assertEqual(set(records['kind']), {TRADE, QUOTE})
        quotes = records[records['kind'] == QUOTE]
        self.assertTrue((quotes['bid_px'] < quotes['ask_px']).all())
        self.feed.report(ring)

    def test_one_by_one(self):
        ring = self.feed.tape()
        seen = list(ring.follow(seconds=harness.PATIENCE, count=50))
        self.assertEqual(len(seen), 50)
        numbers = [int(ringside.sequences_of(record)) for record in seen]
        self.assertEqual(numbers, sorted(numbers))
        for record in ring:  # what is there now, then it ends
            self.assertIn(record['kind'], ringside.KINDS.values())
        self.assert_balanced(ring)

    def test_starts(self):
        oldest = self.feed.ring('SPY', start='oldest')
        first = self.fill(oldest, 10)
        number = int(ringside.sequences_of(first)[5])
        again = self.feed.ring('SPY', start=number)
        self.assertEqual(self.fill(again, 1).tobytes(), first[5:6].tobytes())

    def test_a_view_is_the_memory_and_read_only(self):
        ring = self.feed.tape(start='oldest')
        records = self.fill(ring, 1000)
        view = ring.view()
        self.assertFalse(view.flags.writeable)
        self.assertFalse(view.flags.owndata)
        with self.assertRaises(ValueError):
            view['price'][0] = 1
        sequences = ring.sequences(view)
        slots = np.nonzero(sequences >= 0)[0]
        self.assertTrue((sequences[slots] % len(view) == slots).all())
        copies = {int(number): bytes(record.tobytes())
                  for number, record in zip(ringside.sequences_of(records), records)}
        compared = 0
        for slot in slots:
            in_place = bytes(view[slot].tobytes())
            if ring.valid(sequences, view)[slot] and int(sequences[slot]) in copies:
                self.assertEqual(in_place, copies[int(sequences[slot])])
                compared += 1
            if compared == 100:
                break
        self.assertEqual(compared, 100)

    def test_a_view_outlives_ring_and_feed(self):
        feed = ringside.Feed(self.live.socket, timeout=20)
        feed.wait_attached(20)
        ring = feed.tape(start='oldest')
        view = ring.view()
        ring.close()
        feed.close()
        del ring, feed
        self.assertGreater(int(view['stamp'].max()), 0)

    def test_a_snapshot_is_in_order_and_consumes_nothing(self):
        ring = self.feed.ring('MSFT', start='oldest')
        wait_until('the ring holds something', lambda: ring.receipt().pending > 20)
        before = ring.receipt().received
        records = ring.snapshot()
        numbers = ringside.sequences_of(records)
        self.assertGreater(len(records), 20)
        self.assertTrue((np.diff(numbers.astype('i8')) == 1).all())
        self.assertEqual(ring.receipt().received, before)

    def test_last_values(self):
        trade = wait_until('a trade', lambda: self.feed.last('AAPL'))
        self.assertEqual(trade['kind'], TRADE)
        self.assertGreater(ringside.decimal_price(trade['price']), 0)
        self.assertEqual(wait_until('a quote', lambda: self.feed.last('AAPL', 'quote'))['kind'],
                         QUOTE)
        self.assertIsNone(self.feed.last('NOTTHERE'))

    def test_a_frame_in_one_line(self):
        ring = self.feed.ring('AAPL')
        records = self.fill(ring, 300)
        frame = ring.to_frame(records)
        self.assertEqual(len(frame), len(records))
        self.assertEqual(set(frame['symbol']), {'AAPL'})
        trades, quotes = frame[frame['kind'] == 'trade'], frame[frame['kind'] == 'quote']
        self.assertTrue(trades['price'].notna().all() and trades['bid_px'].isna().all())
        self.assertTrue(quotes['bid_px'].notna().all() and quotes['price'].isna().all())
        self.assertEqual(str(frame.index.tz), 'UTC')
        self.assertEqual(frame.index.astype('i8').tolist(), records['ts_event'].tolist())
        exact = ring.to_frame(records, exact=True)
        self.assertEqual(exact['bid_px'].dropna().astype(int).tolist(),
                         records['bid_px'][records['kind'] == QUOTE].tolist())
        self.assertGreater(len(ring.to_frame()), 0)

    def test_bars(self):
        self.feed.subscribe('AAPL', kinds='bars_1m')
        bars = self.feed.bars('AAPL', start='oldest').batch()
        self.assertEqual(bars.dtype, ringside.dtype(is_bar=True))
        tape = self.feed.bar_tape(start='oldest')
        frame = tape.to_frame(tape.batch())
        self.assertIn('vwap', frame.columns)

    def test_the_example(self):
        done = run(sys.executable, '-B',
                   os.path.join(harness.SOURCE_DIR, 'shm', 'examples', 'follow_symbol.py'),
                   self.live.socket, 'AAPL', 100, env={**os.environ, 'PYTHONPATH': PYTHON_DIR})
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        (received, lost, pending, published), = receipts(done.stdout)
        self.assertEqual(received, 100)
        self.assertEqual(received + lost + pending, published)

    def test_z_a_ring_goes_on_over_a_restart(self):
        ring, tape = self.feed.ring('AAPL'), self.feed.tape()
        self.fill(ring, 100)
        epoch, before = self.feed.epoch, ring.receipt().received
        self.live.restart()
        records = self.fill(ring, 5000)  # the old epoch's end, then the new one
        self.assertNotEqual(self.feed.epoch, epoch)
        receipt = self.assert_balanced(ring)
        self.assertEqual(receipt.received, before + len(records))
        self.assertEqual(set(records[-100:]['instrument_id']), {self.feed.instrument_id('AAPL')})
        self.fill(tape, 20_000)
        self.assert_balanced(tape)


if __name__ == '__main__':
    unittest.main()
