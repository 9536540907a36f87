#!/usr/bin/env python3
"""Reads DBN files, versions 1 to 3, with nothing but the standard library.

Written from the description of the format, not from the recorder's C++, so that the two check one
another. As a program:

    dbn_reader.py FILE...              metadata, then every record, as JSON lines
    dbn_reader.py --totals FILE...     counts per kind and, per symbol, exact sums
    dbn_reader.py --metadata FILE...   metadata only
    dbn_reader.py --expect SUMS FILE...  totals against {"SYMBOL": {"trades": 3, ...}, ...}

A folder stands for every .dbn and .dbn.zst below it. Malformed input raises DbnError; a file that
is still being written, or was cut by a crash, is read to its last whole record with --allow-cut.
"""

import argparse
import io
import json
import os
import shutil
import struct
import subprocess
import sys

PRICE_NULL = 2**63 - 1
TS_NULL = 2**64 - 1
SIZE_NULL = 2**32 - 1
HEADER = struct.Struct('<BBHIQ')  # length in words of 4, rtype, publisher, instrument, ts_event


class DbnError(Exception):
    """The bytes are not a DBN file, or not a whole one."""


def _layout(*fields):
    """(name, struct code) pairs after the record header; names that begin with '_' are reserved."""
    packed = struct.Struct('<' + ''.join(code for _, code in fields))
    return [name for name, _ in fields], packed


_EVENT = (('price', 'q'), ('size', 'I'), ('action', 'c'), ('side', 'c'), ('flags', 'B'))
_TAIL = (('ts_recv', 'Q'), ('ts_in_delta', 'i'))
_LEVEL = (('bid_px', 'q'), ('ask_px', 'q'), ('bid_sz', 'I'), ('ask_sz', 'I'))
_BOTH_COUNTS = (('bid_ct', 'I'), ('ask_ct', 'I'))
_BOTH_VENUES = (('bid_pb', 'H'), ('_a', '2s'), ('ask_pb', 'H'), ('_b', '2s'))
_OHLCV = _layout(('open', 'q'), ('high', 'q'), ('low', 'q'), ('close', 'q'), ('volume', 'Q'))
_MBP1 = _layout(*_EVENT, ('depth', 'B'), *_TAIL, ('sequence', 'I'), *_LEVEL, *_BOTH_COUNTS)
_CMBP1 = _layout(*_EVENT, ('_r', '1s'), *_TAIL, ('_s', '4s'), *_LEVEL, *_BOTH_VENUES)
_BBO_HEAD = (('price', 'q'), ('size', 'I'), ('_r', '1s'), ('side', 'c'), ('flags', 'B'),
             ('_s', '1s'), ('ts_recv', 'Q'))
_BBO = _layout(*_BBO_HEAD, ('_t', '4s'), ('sequence', 'I'), *_LEVEL, *_BOTH_COUNTS)
_CBBO = _layout(*_BBO_HEAD, ('_t', '8s'), *_LEVEL, *_BOTH_VENUES)
_MBP10 = _layout(*_EVENT, ('depth', 'B'), *_TAIL, ('sequence', 'I'), ('levels', '320s'))
_STATUS = _layout(('ts_recv', 'Q'), ('action', 'H'), ('reason', 'H'), ('trading_event', 'H'),
                  ('is_trading', 'c'), ('is_quoting', 'c'), ('is_short_sell_restricted', 'c'),
                  ('_r', '7s'))
_IMBALANCE = _layout(
    ('ts_recv', 'Q'), ('ref_price', 'q'), ('auction_time', 'Q'), ('cont_book_clr_price', 'q'),
    ('auct_interest_clr_price', 'q'), ('ssr_filling_price', 'q'), ('ind_match_price', 'q'),
    ('upper_collar', 'q'), ('lower_collar', 'q'), ('paired_qty', 'I'),
    ('total_imbalance_qty', 'I'), ('market_imbalance_qty', 'I'), ('unpaired_qty', 'I'),
    ('auction_type', 'c'), ('side', 'c'), ('auction_status', 'B'), ('freeze_status', 'B'),
    ('num_extensions', 'B'), ('unpaired_side', 'c'), ('significant_imbalance', 'c'), ('_r', '1s'))
_MBO = _layout(('order_id', 'Q'), ('price', 'q'), ('size', 'I'), ('flags', 'B'),
               ('channel_id', 'B'), ('action', 'c'), ('side', 'c'), *_TAIL, ('sequence', 'I'))
_STAT_HEAD = (('ts_recv', 'Q'), ('ts_ref', 'Q'), ('price', 'q'))
_STAT_TAIL = (('sequence', 'I'), ('ts_in_delta', 'i'), ('stat_type', 'H'), ('channel_id', 'H'),
              ('update_action', 'B'), ('stat_flags', 'B'))
_STAT_OLD = _layout(*_STAT_HEAD, ('quantity', 'i'), *_STAT_TAIL, ('_r', '6s'))
_STAT_V3 = _layout(*_STAT_HEAD, ('quantity', 'q'), *_STAT_TAIL, ('_r', '18s'))
_TEXT_V1 = _layout(('msg', '64s'))
_ERROR = _layout(('msg', '302s'), ('code', 'B'), ('is_last', 'B'))
_SYSTEM = _layout(('msg', '303s'), ('code', 'B'))
_MAPPING_V1 = _layout(('stype_in_symbol', '22s'), ('stype_out_symbol', '22s'), ('_r', '4s'),
                      ('start_ts', 'Q'), ('end_ts', 'Q'))
_MAPPING = _layout(('stype_in', 'B'), ('stype_in_symbol', '71s'), ('stype_out', 'B'),
                   ('stype_out_symbol', '71s'), ('start_ts', 'Q'), ('end_ts', 'Q'))
# Of a definition only what stands in front and the text; its size differs by version.
_DEFINITION = {
    1: _layout(('ts_recv', 'Q'), ('_a', '176s'), ('raw_symbol', '22s'), ('_b', '138s')),
    2: _layout(('ts_recv', 'Q'), ('_a', '176s'), ('raw_symbol', '71s'), ('_b', '129s')),
    3: _layout(('ts_recv', 'Q'), ('_a', '214s'), ('raw_symbol', '71s'), ('_b', '211s')),
}


def layout_of(rtype, version):
    """(name, field names, struct) of a record type, or None for one we do not know."""
    old = version == 1
    table = {
        0x00: ('trade', _layout(*_EVENT, ('depth', 'B'), *_TAIL, ('sequence', 'I'))),
        0x01: ('mbp_1', _MBP1), 0x0A: ('mbp_10', _MBP10), 0x11: ('ohlcv', _OHLCV),
        0x12: ('status', _STATUS), 0x13: ('definition', _DEFINITION[version]),
        0x14: ('imbalance', _IMBALANCE), 0x15: ('error', _TEXT_V1 if old else _ERROR),
        0x16: ('symbol_mapping', _MAPPING_V1 if old else _MAPPING),
        0x17: ('system', _TEXT_V1 if old else _SYSTEM),
        0x18: ('statistics', _STAT_V3 if version == 3 else _STAT_OLD),
        0x20: ('ohlcv_1s', _OHLCV), 0x21: ('ohlcv_1m', _OHLCV), 0x22: ('ohlcv_1h', _OHLCV),
        0x23: ('ohlcv_1d', _OHLCV), 0x24: ('ohlcv_eod', _OHLCV), 0xA0: ('mbo', _MBO),
        0xB1: ('cmbp_1', _CMBP1), 0xC0: ('cbbo_1s', _CBBO), 0xC1: ('cbbo_1m', _CBBO),
        0xC2: ('tcbbo', _CMBP1), 0xC3: ('bbo_1s', _BBO), 0xC4: ('bbo_1m', _BBO),
    }
    found = table.get(rtype)
    return found and (found[0], *found[1])


LAYOUTS = {version: {rtype: layout_of(rtype, version) for rtype in range(256)}
           for version in (1, 2, 3)}


class _Cursor:
    """Takes numbers and text from the front of the metadata; never beyond its end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count, what):
        if self.at + count > len(self.data):
            raise DbnError(f'metadata: {what} needs {count} bytes, '
                           f'{len(self.data) - self.at} are left')
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, code, what):
        packed = struct.Struct('<' + code)
        return packed.unpack(self.take(packed.size, what))[0]

    def text(self, width, what):
        return _text(self.take(width, what), what)

    def count(self, each, what):
        value = self.number('I', what)
        if value * each > len(self.data) - self.at:
            raise DbnError(f'metadata: {value} {what} cannot be in '
                           f'{len(self.data) - self.at} bytes')
        return value


def _text(raw, what='text'):
    end = raw.find(b'\0')
    if end < 0:
        raise DbnError(f'{what} has no end within {len(raw)} bytes')
    if any(raw[end:]):
        raise DbnError(f'{what} has bytes behind its end')
    try:
        return raw[:end].decode('ascii')
    except UnicodeDecodeError as error:
        raise DbnError(f'{what} is not ASCII') from error


def read_metadata(stream):
    """The head of a file as a dict; the stream then stands at the first record."""
    prelude = stream.read(8)
    if prelude[:4] == b'\x28\xb5\x2f\xfd':
        raise DbnError('compressed with zstd')
    if prelude[1:4] == b'\x2a\x4d\x18' and prelude[0] & 0xF0 == 0x50:
        raise DbnError('a legacy DBZ file')
    if len(prelude) < 8 or prelude[:3] != b'DBN':
        raise DbnError('no DBN prelude')
    version = prelude[3]
    if version not in (1, 2, 3):
        raise DbnError(f'DBN version {version} is not known')
    length = struct.unpack('<I', prelude[4:])[0]
    if length < 100:
        raise DbnError(f'metadata length {length} is below 100')
    if version == 3 and length % 8 != 0:
        raise DbnError(f'metadata length {length} is not a multiple of 8')
    body = stream.read(length)
    if len(body) < length:
        raise DbnError(f'metadata of {length} bytes is cut after {len(body)}')
    return {'version': version, 'metadata_bytes': length, **_metadata_fields(version, body)}


def _metadata_fields(version, body):
    cursor = _Cursor(body)
    out = {'dataset': cursor.text(16, 'dataset'), 'schema': cursor.number('H', 'schema')}
    for name in ('start', 'end', 'limit'):
        out[name] = cursor.number('Q', name)
    if version == 1:
        cursor.take(8, 'record_count')
    for name in ('stype_in', 'stype_out', 'ts_out'):
        out[name] = cursor.number('B', name)
    width = 22 if version == 1 else cursor.number('H', 'symbol_cstr_len')
    if width == 0:
        raise DbnError('symbol_cstr_len is 0')
    reserved = cursor.take(47 if version == 1 else 53, 'reserved bytes')
    if any(reserved):
        raise DbnError('reserved bytes of the metadata are not zero')
    if cursor.number('I', 'schema_definition_length') != 0:
        raise DbnError('a schema definition, which nobody defines')
    for name in ('symbols', 'partial', 'not_found'):
        out[name] = [cursor.text(width, name) for _ in range(cursor.count(width, name))]
    mappings = {}
    for _ in range(cursor.count(width + 4, 'mappings')):
        raw_symbol = cursor.text(width, 'raw_symbol')
        mappings[raw_symbol] = [
            (cursor.number('I', 'start_date'), cursor.number('I', 'end_date'),
             cursor.text(width, 'mapped symbol'))
            for _ in range(cursor.count(8 + width, 'intervals'))]
    out['mappings'] = mappings
    rest = body[cursor.at:]
    if any(rest) or len(rest) > (7 if version == 3 else 0):
        raise DbnError(f'{len(rest)} bytes behind the metadata')
    return out


def date_of(ts):
    """The UTC date of an instant in ns as the number YYYYMMDD (civil calendar, no library)."""
    days = ts // 86_400_000_000_000 + 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return (year + era * 400 + (month <= 2)) * 10000 + month * 100 + day


class Symbols:
    """instrument_id -> symbol, from the metadata's intervals or from in-band mappings."""

    def __init__(self, metadata):
        self.live = {}
        self.intervals = {}
        for raw_symbol, intervals in metadata['mappings'].items():
            for start, end, mapped in intervals:
                if metadata['stype_out'] == 0 and mapped:
                    self.intervals.setdefault(int(mapped), []).append((start, end, raw_symbol))
                elif metadata['stype_in'] == 0:
                    self.intervals.setdefault(int(raw_symbol), []).append((start, end, mapped))

    def learn(self, record):
        self.live[record['instrument_id']] = record['stype_out_symbol'] or \
            record['stype_in_symbol']

    def find(self, record):
        instrument = record['instrument_id']
        if instrument in self.live:
            return self.live[instrument]
        date = date_of(index_ts(record))
        for start, end, symbol in self.intervals.get(instrument, ()):
            if start <= date < end:
                return symbol
        return None


def index_ts(record):
    """What files are sorted by: ts_recv where the record has one, else ts_event."""
    return record.get('ts_recv', record['ts_event'])


def _record(version, raw, ts_out):
    length, rtype, publisher, instrument, ts_event = HEADER.unpack_from(raw)
    layout = LAYOUTS[version][rtype]
    if layout is None:
        return {'kind': 'unknown', 'rtype': rtype, 'bytes': length * 4}
    name, fields, packed = layout
    if len(raw) - (8 if ts_out else 0) < HEADER.size + packed.size:
        raise DbnError(f'{name} record of {len(raw)} bytes, '
                       f'{HEADER.size + packed.size} needed')
    out = {'kind': name, 'rtype': rtype, 'publisher_id': publisher, 'instrument_id': instrument,
           'ts_event': ts_event}
    for field, value in zip(fields, packed.unpack_from(raw, HEADER.size)):
        if field.startswith('_'):
            if any(value) and name not in ('definition',):
                raise DbnError(f'reserved bytes of a {name} record are not zero')
        elif isinstance(value, bytes):
            out[field] = value.hex() if field == 'levels' else \
                value.decode('latin-1') if len(value) == 1 else _text(value, field)
        else:
            out[field] = value
    if ts_out:
        out['ts_out'] = struct.unpack('<Q', raw[-8:])[0]
    return out


def read_records(stream, metadata, allow_cut=False):
    """Yields one dict per record. Ends at a cut record if allowed, else raises."""
    version, ts_out = metadata['version'], metadata['ts_out']
    symbols = Symbols(metadata)
    offset = 8 + metadata['metadata_bytes']
    while True:
        head = stream.read(1)
        if not head:
            return
        length = head[0] * 4
        if length < (24 if ts_out else 16):
            raise DbnError(f'record of {length} bytes at offset {offset}')
        raw = head + stream.read(length - 1)
        if len(raw) < length:
            if allow_cut:
                return
            raise DbnError(f'record at offset {offset} is cut: {len(raw)} of {length} bytes')
        record = _record(version, raw, ts_out)
        if record['kind'] == 'symbol_mapping':
            symbols.learn(record)
        if record['kind'] != 'unknown':
            record['symbol'] = symbols.find(record)
        yield record
        offset += length


def open_file(path):
    """A binary stream over a plain or compressed file."""
    if not path.endswith('.zst'):
        return open(path, 'rb')
    zstd = shutil.which('zstd')
    if zstd is None:
        raise DbnError(f'{path}: reading it needs the zstd command')
    done = subprocess.run([zstd, '-dc', path], capture_output=True, check=False)
    if done.returncode != 0:
        raise DbnError(f'{path}: {done.stderr.decode(errors="replace").strip()}')
    return io.BytesIO(done.stdout)


def files_below(paths):
    """The files named, and every DBN file below the folders named, sorted by path."""
    found = []
    for path in paths:
        if os.path.isdir(path):
            found += [os.path.join(folder, name) for folder, _, names in os.walk(path)
                      for name in names if name.endswith(('.dbn', '.dbn.zst'))]
        else:
            found.append(path)
    return sorted(found)


def iter_records(paths, allow_cut=False):
    """Every record of every file, one file after another."""
    for path in files_below(paths):
        try:
            with open_file(path) as stream:
                yield from read_records(stream, read_metadata(stream), allow_cut)
        except DbnError as error:
            raise DbnError(f'{path}: {error}') from error


def _empty_symbol():
    return {'trades': 0, 'volume': 0, 'notional': 0, 'last_price': None, 'last_trade_ts': 0,
            'quotes': 0, 'bars_1s': 0, 'bars_1m': 0, 'bar_1s_volume': 0, 'bar_1m_volume': 0}


def totals(paths, allow_cut=False):
    """Counts per kind; per symbol exact sums. `notional` is the sum of price x size in 1e-9."""
    out = {'files': 0, 'records': {}, 'symbols': {}, 'unmapped': 0, 'flagged_gap': 0,
           'out_of_order': 0, 'skipped_marks': []}
    for path in files_below(paths):
        out['files'] += 1
        last_ts = 0
        for record in iter_records([path], allow_cut):
            kind = record['kind']
            out['records'][kind] = out['records'].get(kind, 0) + 1
            if kind == 'unknown':
                continue
            out['out_of_order'] += index_ts(record) < last_ts
            last_ts = max(last_ts, index_ts(record))
            if kind in ('error', 'system'):
                out['skipped_marks'].append(record['msg'])
            out['flagged_gap'] += bool(record.get('flags', 0) & 0x04)
            _add_to_symbol(out, record)
    return out


def _add_to_symbol(out, record):
    kind = record['kind']
    if kind not in ('trade', 'cmbp_1', 'ohlcv_1s', 'ohlcv_1m'):
        return
    if record['symbol'] is None:
        out['unmapped'] += 1
    row = out['symbols'].setdefault(record['symbol'] or f'#{record["instrument_id"]}',
                                    _empty_symbol())
    if kind == 'trade':
        row['trades'] += 1
        if record['price'] != PRICE_NULL and record['size'] != SIZE_NULL:
            row['volume'] += record['size']
            row['notional'] += record['price'] * record['size']
        if index_ts(record) >= row['last_trade_ts']:
            row['last_trade_ts'], row['last_price'] = index_ts(record), record['price']
    elif kind == 'cmbp_1':
        row['quotes'] += 1
    else:
        cadence = kind[-2:]
        row[f'bars_{cadence}'] += 1
        row[f'bar_{cadence}_volume'] += record['volume']


def differences(paths, expected):
    """What the files say otherwise than `expected`, symbol -> {name of a total: value}."""
    got = totals(paths)
    wrong = [f'{name}: {got[name]}' for name in ('unmapped', 'out_of_order') if got[name]]
    if set(got['symbols']) != set(expected):
        wrong.append(f'symbols: {sorted(got["symbols"])}, not {sorted(expected)}')
    for symbol, sums in expected.items():
        found = got['symbols'].get(symbol, {})
        wrong += [f'{symbol}.{name}: {found.get(name)}, not {value}'
                  for name, value in sums.items() if found.get(name) != value]
    return wrong


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('paths', nargs='+', metavar='FILE')
    parser.add_argument('--totals', action='store_true', help='counts and exact sums only')
    parser.add_argument('--metadata', action='store_true', help='metadata only')
    parser.add_argument('--expect', metavar='SUMS', help='a JSON file of totals per symbol')
    parser.add_argument('--allow-cut', action='store_true', help='a last record may be cut')
    args = parser.parse_args(argv)
    try:
        if args.totals:
            print(json.dumps(totals(args.paths, args.allow_cut), sort_keys=True))
            return 0
        if args.expect:
            with open(args.expect, encoding='utf-8') as stream:
                wrong = differences(args.paths, json.load(stream))
            print('\n'.join(wrong) or 'equal')
            return 1 if wrong else 0
        for path in files_below(args.paths):
            with open_file(path) as stream:
                metadata = read_metadata(stream)
                print(json.dumps({'path': path, **metadata}))
                if not args.metadata:
                    for record in read_records(stream, metadata, args.allow_cut):
                        print(json.dumps(record))
    except (DbnError, OSError) as error:
        print(f'dbn_reader: {error}', file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
