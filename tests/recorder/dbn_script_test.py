"""The Python DBN reader against bytes put together by hand: what it must read and refuse."""

import io
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'support'))

import dbn_reader as dbn  # noqa: E402: found through the line above

NOON = 1767355200 * 10**9  # 2026-01-02 12:00 UTC
OPEN = 2**64 - 1


def head(version=3, mappings=b'\0\0\0\0', symbols=b'\0\0\0\0', ts_out=0, schema=0xFFFF):
    width = b'' if version == 1 else struct.pack('<H', 71)
    body = b'MASSIVE.STOCKS\0\0' + struct.pack('<HQQQ', schema, NOON, OPEN, 0)
    body += struct.pack('<Q', OPEN) if version == 1 else b''
    body += bytes([1, 0, ts_out]) + width + bytes(47 if version == 1 else 53)
    body += bytes(4) + symbols + bytes(8) + mappings
    if version == 3:
        body += bytes(-len(body) % 8)
    return b'DBN' + bytes([version]) + struct.pack('<I', len(body)) + body


def record_head(words, rtype, publisher=66, instrument=7, ts_event=NOON):
    return struct.pack('<BBHIQ', words, rtype, publisher, instrument, ts_event)


def trade(price, size=100, ts_recv=NOON, instrument=7, flags=0x80):
    return record_head(12, 0x00, instrument=instrument) + struct.pack(
        '<qIccBBQiI', price, size, b'T', b'N', flags, 0, ts_recv, 5, 4711)


def quote(bid, ask):
    return record_head(20, 0xB1, 94) + struct.pack(
        '<qIccB1xQi4xqqIIH2xH2x', 2**63 - 1, 2**32 - 1, b'M', b'N', 0xC0, NOON, 1, bid, ask, 3, 4,
        71, 66)


def bar(rtype, close, volume, start=NOON):
    return record_head(14, rtype, 94, ts_event=start) + struct.pack('<qqqqQ', 1, 3, 1, close,
                                                                    volume)


def mapping(symbol, instrument=7):
    text = symbol.encode()
    return record_head(44, 0x16, 0, instrument) + struct.pack('<B71sB71sQQ', 1, text, 1, text, 0,
                                                              OPEN)


def system(text, rtype=0x17):
    tail = struct.pack('<303sB', text.encode(), 255) if rtype == 0x17 else \
        struct.pack('<302sBB', text.encode(), 7, 1)
    return record_head(80, rtype, 0, 0) + tail


def read(data, allow_cut=False):
    stream = io.BytesIO(data)
    metadata = dbn.read_metadata(stream)
    return metadata, list(dbn.read_records(stream, metadata, allow_cut))


class Reads(unittest.TestCase):
    def test_metadata_of_every_version(self):
        for version in (1, 2, 3):
            metadata, records = read(head(version))
            self.assertEqual(metadata['version'], version)
            self.assertEqual(metadata['dataset'], 'MASSIVE.STOCKS')
            self.assertEqual((metadata['start'], metadata['end']), (NOON, OPEN))
            self.assertEqual((metadata['stype_in'], metadata['stype_out']), (1, 0))
            self.assertEqual(records, [])

    def test_every_field_of_a_trade(self):
        _, (record,) = read(head() + trade(225_600_000_000))
        self.assertEqual(record, {
            'kind': 'trade', 'rtype': 0, 'publisher_id': 66, 'instrument_id': 7,
            'ts_event': NOON, 'price': 225_600_000_000, 'size': 100, 'action': 'T', 'side': 'N',
            'flags': 0x80, 'depth': 0, 'ts_recv': NOON, 'ts_in_delta': 5, 'sequence': 4711,
            'symbol': None})

    def test_both_sides_of_a_quote(self):
        _, (record,) = read(head() + quote(10_010_000_000, 10_020_000_000))
        self.assertEqual([record[name] for name in ('kind', 'bid_px', 'ask_px', 'bid_sz', 'ask_sz',
                                                    'bid_pb', 'ask_pb', 'price', 'size')],
                         ['cmbp_1', 10_010_000_000, 10_020_000_000, 3, 4, 71, 66,
                          dbn.PRICE_NULL, dbn.SIZE_NULL])

    def test_bars_and_marks(self):
        _, records = read(head() + bar(0x20, 2, 10) + bar(0x21, 3, 20) + system('gap') +
                          system('skipped', 0x15))
        self.assertEqual([r['kind'] for r in records],
                         ['ohlcv_1s', 'ohlcv_1m', 'system', 'error'])
        self.assertEqual((records[1]['close'], records[1]['volume']), (3, 20))
        self.assertEqual((records[2]['msg'], records[3]['msg'], records[3]['code']),
                         ('gap', 'skipped', 7))

    def test_symbols_from_in_band_mappings(self):
        _, records = read(head() + mapping('SPY') + trade(1) + mapping('QQQ', 8) +
                          trade(2, instrument=8))
        self.assertEqual([r['symbol'] for r in records if r['kind'] == 'trade'], ['SPY', 'QQQ'])

    def test_symbols_from_the_metadata_by_date(self):
        one = struct.pack('<I71sI', 1, b'SPY', 1) + struct.pack('<II71s', 20260102, 20260103, b'7')
        _, records = read(head(mappings=one) + trade(1) +
                          trade(2, ts_recv=NOON + 86400 * 10**9))
        self.assertEqual([r['symbol'] for r in records], ['SPY', None])

    def test_ts_out_behind_each_record(self):
        raw = bytes([14]) + trade(1)[1:] + struct.pack('<Q', 99)
        _, (record,) = read(head(ts_out=1) + raw)
        self.assertEqual((record['price'], record['ts_out']), (1, 99))

    def test_skips_types_it_does_not_know(self):
        _, records = read(head() + record_head(5, 0xEE) + bytes(4) + trade(1))
        self.assertEqual([r['kind'] for r in records], ['unknown', 'trade'])

    def test_dates(self):
        for seconds, date in ((0, 19700101), (951782400, 20000229), (951868800, 20000301),
                              (1767355200, 20260102), (1767225599, 20251231),
                              (4107542400, 21000301)):
            self.assertEqual(dbn.date_of(seconds * 10**9), date)


class Refuses(unittest.TestCase):
    def bad(self, data, message):
        with self.assertRaisesRegex(dbn.DbnError, message):
            read(data)

    def test_other_files(self):
        self.bad(b'', 'no DBN prelude')
        self.bad(b'DBN', 'no DBN prelude')
        self.bad(b'EBN' + head()[3:], 'no DBN prelude')
        self.bad(b'DBN\4' + head()[4:], 'version 4')
        self.bad(b'\x51\x2a\x4d\x18' + bytes(20), 'legacy DBZ')
        self.bad(b'\x28\xb5\x2f\xfd' + bytes(20), 'zstd')

    def test_metadata_that_lies(self):
        self.bad(b'DBN\3' + struct.pack('<I', 99) + bytes(99), 'below 100')
        self.bad(b'DBN\3' + struct.pack('<I', 2**32 - 8) + bytes(99), 'cut after 99')
        self.bad(b'DBN\3' + struct.pack('<I', 121) + bytes(121), 'multiple of 8')
        many = struct.pack('<I', 2**32 - 1)
        self.bad(head(mappings=many), '4294967295 mappings')
        self.bad(head(symbols=many), '4294967295 symbols')
        data = bytearray(head())
        data[60] = 1
        self.bad(bytes(data), 'reserved')

    def test_records_that_cannot_be(self):
        self.bad(head() + bytes(16), 'record of 0 bytes at offset 128')
        self.bad(head() + bytes([3]) + bytes(15), 'record of 12 bytes')
        self.bad(head() + record_head(4, 0x00), 'trade record of 16 bytes, 48 needed')
        dirty = bytearray(quote(1, 2))
        dirty[31] = 1
        self.bad(head() + bytes(dirty), 'reserved bytes of a cmbp_1')

    def test_a_cut_file_unless_told_otherwise(self):
        data = head() + trade(1) + trade(2)
        for cut in range(1, 48):
            self.bad(data[:-cut], 'is cut')
            _, records = read(data[:-cut], allow_cut=True)
            self.assertEqual([r['price'] for r in records], [1])


class Totals(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='ringside-dbn-')
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, data):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as stream:
            stream.write(data)
        return path

    def test_exact_sums_per_symbol(self):
        self.write('a.dbn', head() + mapping('SPY') + trade(100_000_000_001, 3, NOON) +
                   trade(200_000_000_002, 4, NOON + 1) + bar(0x20, 2, 7) + bar(0x21, 2, 8))
        self.write('b.dbn', head() + mapping('SPY', 9) + quote(1, 2) +
                   trade(300_000_000_000, 1, NOON + 5, 9, 0x84) + trade(1, 1, NOON + 4, 9))
        out = dbn.totals([self.dir])
        self.assertEqual(out['files'], 2)
        self.assertEqual(out['records'], {'symbol_mapping': 2, 'trade': 4, 'ohlcv_1s': 1,
                                          'ohlcv_1m': 1, 'cmbp_1': 1})
        spy = out['symbols']['SPY']
        self.assertEqual((spy['trades'], spy['volume']), (4, 9))
        self.assertEqual(spy['notional'], 300_000_000_003 + 800_000_000_008 + 300_000_000_001)
        self.assertEqual(spy['last_price'], 300_000_000_000)
        self.assertEqual((spy['bar_1s_volume'], spy['bar_1m_volume']), (7, 8))
        self.assertEqual((out['unmapped'], out['flagged_gap'], out['out_of_order']), (1, 1, 3))

    def test_as_a_program(self):
        path = self.write('a.dbn', head() + mapping('SPY') + trade(1))
        script = os.path.join(HERE, '..', 'support', 'dbn_reader.py')
        done = subprocess.run([sys.executable, script, path], capture_output=True, text=True,
                              check=True)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        bad = self.write('bad.dbn', head() + bytes(16))
        done = subprocess.run([sys.executable, script, '--totals', bad], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('bad.dbn: record of 0 bytes', done.stderr)

    def test_differences_name_what_differs(self):
        path = self.write('a.dbn', head() + mapping('SPY') + trade(5, 3))
        self.assertEqual(dbn.differences([path], {'SPY': {'trades': 1, 'notional': 15}}), [])
        self.assertEqual(dbn.differences([path], {'SPY': {'trades': 2}}), ['SPY.trades: 1, not 2'])
        self.assertEqual(dbn.differences([path], {'QQQ': {'trades': 1}}),
                         ["symbols: ['SPY'], not ['QQQ']", 'QQQ.trades: None, not 1'])

    def test_compressed_files(self):
        path = self.write('a.dbn', head() + mapping('SPY') + trade(1))
        subprocess.run(['zstd', '-q', path], check=True)
        os.remove(path)
        self.assertEqual(dbn.totals([self.dir])['symbols']['SPY']['trades'], 1)


if __name__ == '__main__':
    unittest.main()
