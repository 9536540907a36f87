"""The same totals from every place a day can be counted at, and the comparison between them.

All money is integer nanos, all sizes integer millionths; JSON numbers are read as decimals, so no
value passes through a double. An absent side of a quote counts as the 0 that TAQ writes for it.
"""

import json
import os
import sys
from decimal import Decimal

from taq_expect import micros, nanos

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))

import dbn_reader  # noqa: E402

MINUTE_NS = 60 * 10**9


def exact_json(text):
    return json.loads(text, parse_float=Decimal)


def to_nanos(number):
    return nanos(str(number or 0))


def to_micros(number):
    return micros(str(number or 0))


class Totals:
    """Counts and exact sums of one symbol's trades and quotes, in the order they came."""

    def __init__(self, place):
        self.place = place
        self.trades = self.quotes = self.sum_price_size = self.sum_size = 0
        self.sum_bid = self.sum_ask = self.sum_quote_size = 0
        self.last_trade = self.last_quote = None  # (ms, price, size), (ms, bid, ask)
        self.sequences = {}  # kind: (how many, first, last) of the vendor's own numbers

    def trade(self, ms, price, size):
        self.trades += 1
        self.sum_price_size += price * size
        self.sum_size += size
        self.last_trade = (ms, price, size)

    def quote(self, ms, bid, ask, sizes):
        """`sizes`: both sides' shares together."""
        self.quotes += 1
        self.sum_bid += bid
        self.sum_ask += ask
        self.sum_quote_size += sizes
        self.last_quote = (ms, bid, ask)

    def number(self, kind, sequence):
        seen, first, _ = self.sequences.get(kind, (0, sequence, sequence))
        self.sequences[kind] = (seen + 1, first, sequence)

    def differences(self, expected):
        """Lines that say where this place differs from taq_expect.expect()."""
        last_trade, last_quote = expected['last_trade'], expected['last_quote']
        wanted = {name: expected[name] for name in (
            'trades', 'quotes', 'sum_price_size', 'sum_size', 'sum_bid', 'sum_ask',
            'sum_quote_size')}
        wanted['last_trade'] = tuple(last_trade[k] for k in ('ts_ms', 'price', 'size'))
        wanted['last_quote'] = tuple(last_quote[k] for k in ('ts_ms', 'bid', 'ask'))
        return [f'{self.place}: {name} is {getattr(self, name)}, expected {value}'
                for name, value in wanted.items() if getattr(self, name) != value]


def bar_differences(place, got, expected, vwap_unit=1):
    """`got`: {start ms: dict as of taq_expect.Bar}. Everything is exact; a VWAP is rounded to the
    nearest `vwap_unit` nanos. A field that `got` does not carry is not compared."""
    found = [f'{place}: no bar at {start}' for start in expected if start not in got]
    found += [f'{place}: a bar at {start} in which no trade moved a price' for start in got
              if start not in expected]
    for start in sorted(set(got) & set(expected)):
        for name, have in got[start].items():
            want = expected[start][name]
            if name == 'vwap' and have is not None and want is not None:
                error = abs(have * expected[start]['volume'] - expected[start]['notional'])
                if 2 * error <= vwap_unit * expected[start]['volume']:
                    continue
            if have != want:
                found.append(f'{place}: {name} at {start} is {have}, expected {want}')
    return found


def read_websocket(messages, symbol, place):
    """(Totals, stats' minute bars, the vendor's minute bars) of one symbol from raw messages."""
    totals, bars, aggregates = Totals(place), {}, {}
    for text in messages:
        if symbol not in text:
            continue
        message = exact_json(text)
        if message.get('type') != 'market-data' or message['data'].get('sym') != symbol:
            continue
        data, channel = message['data'], message['channel']
        if channel == 'trades':
            totals.trade(data['t'], to_nanos(data['p']), to_micros(data.get('ds', data['s'])))
        elif channel == 'quotes':
            totals.quote(data['t'], to_nanos(data.get('bp')), to_nanos(data.get('ap')),
                         (data.get('bs') or 0) + (data.get('as') or 0))
        elif data['e'] - data['s'] == 60_000:
            (bars if channel == 'bars' else aggregates)[data['s']] = {
                'open': to_nanos(data['o']), 'high': to_nanos(data['h']),
                'low': to_nanos(data['l']), 'close': to_nanos(data['c']),
                'volume': to_micros(data.get('dv', data['v'])), 'vwap': to_nanos(data['vw'])}
    return totals, bars, aggregates


def lost_by_websocket(messages):
    """What the gateway said it did not send to this client; a loss of unknown size counts as 1."""
    lags = (json.loads(message) for message in messages if '"lag"' in message[:24])
    return sum(1 if lag['count'] is None else lag['count'] for lag in lags)


def _price(value):
    return None if value is None else nanos(str(value))


def read_tail(text, place):
    """(Totals, {kind: {start ms: bar}}, lost) from the JSON lines of `ringside tail`. Of a bar that
    was published again, the last one counts."""
    totals, bars, lost = Totals(place), {}, 0
    for line in text.splitlines():
        record = exact_json(line)
        kind = record['kind']
        if kind in ('trade', 'quote'):
            totals.number(kind, record['vendor_sequence'])
        if kind == 'trade':
            totals.trade(int(record['ts_event']) // 10**6, to_nanos(record['price']),
                         to_micros(record['size']))
        elif kind == 'quote':
            totals.quote(int(record['ts_event']) // 10**6, to_nanos(record['bid_px']),
                         to_nanos(record['ask_px']),
                         (record['bid_sz'] or 0) + (record['ask_sz'] or 0))
        elif kind.startswith('bar'):
            bars.setdefault(kind, {})[int(record['ts_event']) // 10**6] = {
                'open': _price(record['open']), 'high': _price(record['high']),
                'low': _price(record['low']), 'close': _price(record['close']),
                'volume': to_micros(record['volume']), 'vwap': _price(record['vwap']),
                'trades': record['trades']}
        elif kind == 'lost':
            lost += record['count']
    return totals, bars, lost


def _or_zero(value, null):
    return 0 if value == null else value


def read_dbn(folder, symbols, place):
    """{symbol: Totals} from every DBN file below `folder`."""
    totals = {symbol: Totals(place) for symbol in symbols}
    for record in dbn_reader.iter_records([folder]):
        of = totals.get(record.get('symbol'))
        if of is None:
            continue
        ms = record['ts_event'] // 10**6
        if record['kind'] == 'trade':
            of.trade(ms, record['price'], record['size'] * 10**6)
        elif record['kind'] == 'cmbp_1':
            of.quote(ms, _or_zero(record['bid_px'], dbn_reader.PRICE_NULL),
                     _or_zero(record['ask_px'], dbn_reader.PRICE_NULL),
                     record['bid_sz'] + record['ask_sz'])
    return totals


class Accounting:
    """For each place what was published to it, what it received and what it lost."""

    def __init__(self):
        self.rows = []

    def add(self, place, published, received, lost):
        self.rows.append((place, published, received, lost))

    def broken(self):
        """Rows where something was lost, or where received + lost is not what was published."""
        return [row for row in self.rows if row[3] != 0 or row[2] + row[3] != row[1]]

    def print(self):
        width = max(len(row[0]) for row in self.rows)
        print(f'\n{"place":<{width}}  {"published":>12}  {"received":>12}  {"lost":>6}')
        for place, published, received, lost in self.rows:
            print(f'{place:<{width}}  {published:>12,}  {received:>12,}  {lost:>6,}')
