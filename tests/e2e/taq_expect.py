"""What must come out of a day of TAQ trades and quotes: counts, exact sums, one-minute bars.

Written from docs/vendor.md and the tape's condition rules alone; it shares nothing with the
programs. All money is integer nanos (1e-9 dollars), all sizes integer millionths of a share, so
every comparison is exact.

    python3 tests/e2e/taq_expect.py TRADES.csv.gz QUOTES.csv.gz     # JSON on standard output
"""

import csv
import gzip
import json
import os
import sys
from decimal import Decimal
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, '..', 'data', 'taq')
TRADES = os.path.join(DATA, 'trades_XXX_2018-01-02.csv.gz')
QUOTES = os.path.join(DATA, 'quotes_XXX_2018-01-02.csv.gz')

NANOS = 10**9
MICROS = 10**6
MINUTE_MS = 60_000

# The tape's letter -> the vendor's condition id, for a symbol of tape A (CTA).
CTA = {
    'B': 2, 'E': 3, 'I': 37, 'C': 7, 'X': 9, '4': 10, 'T': 12, 'U': 13, 'F': 14, 'M': 15, 'Q': 16,
    'O': 17, '5': 18, '6': 19, 'N': 20, 'H': 21, 'P': 22, 'K': 23, 'J': 24, 'R': 29, 'L': 30,
    'Z': 32, '9': 38, 'V': 52, '7': 53,
}
# Ids whose trades must not move these statistics; every other id allows them. With several
# conditions a trade moves a statistic only if all of them allow it.
NO_HIGH_LOW = {2, 7, 12, 13, 15, 16, 20, 21, 29, 37, 52, 53}
NO_OPEN_CLOSE = NO_HIGH_LOW | {5, 10, 22, 32, 33}
NO_VOLUME = {15, 16, 38}

OPTION_AUTO = 209

# The tape's participant letter -> the vendor's exchange id.
EXCHANGES = {
    'A': 1, 'B': 2, 'C': 3, 'D': 4, 'I': 6, 'J': 7, 'K': 8, 'M': 9, 'N': 10, 'P': 11, 'T': 12,
    'Q': 12, 'L': 14, 'V': 15, 'W': 16, 'X': 17, 'Y': 18, 'Z': 19, 'H': 20, 'U': 21,
}


def nanos(text):
    """"157.8" -> 157800000000; refuses what does not fit, instead of rounding it."""
    return _exact(Decimal(text) * NANOS, text)


def micros(text):
    return _exact(Decimal(text) * MICROS, text)


def _exact(value, text):
    if value != value.to_integral_value():
        raise ValueError(f'{text} has more digits than its unit')
    return int(value)


def milliseconds(text):
    """Seconds with decimals -> whole milliseconds, cut off."""
    return int(Decimal(text) * 1000)


def condition_ids(letters):
    return [CTA[letter] for letter in letters if letter not in ' @']


def rows(path):
    opener = gzip.open if path.endswith('.gz') else open
    with opener(path, 'rt', newline='') as stream:
        yield from csv.DictReader(stream)


def exchange_id(letter, market):
    return EXCHANGES[letter] if market == 'stocks' else 300 + ord(letter) - ord('A')


def trades(path, market='stocks'):
    """Each row as (milliseconds, price in nanos, size in millionths, condition ids, exchange).

    A row with CORR of 10 and above cancels or corrects another one and is no trade. Stock
    conditions mean nothing in the options market: there each trade has the automatic one.
    """
    for row in rows(path):
        if int(row.get('CORR') or 0) >= 10:
            continue
        conditions = condition_ids(row['COND']) if market == 'stocks' else [OPTION_AUTO]
        yield (milliseconds(row['DT']), nanos(row['PRICE']), micros(row['SIZE']), conditions,
               exchange_id(row['EX'], market))


def quotes(path, market='stocks'):
    """Each row as (milliseconds, bid, ask in nanos, bid, ask size in shares, exchange)."""
    for row in rows(path):
        yield (milliseconds(row['DT']), nanos(row['BID']), nanos(row['OFR']),
               int(Decimal(row['BIDSIZ'])) * 100, int(Decimal(row['OFRSIZ'])) * 100,
               exchange_id(row['EX'], market))


class Bar:
    """One window: prices in nanos (None: no trade moved them), sizes in millionths."""

    def __init__(self):
        self.open = self.high = self.low = self.close = None
        self.volume = self.notional = self.trades = 0

    def add(self, price, size, conditions):
        moves_extremes = NO_HIGH_LOW.isdisjoint(conditions)
        moves_ends = NO_OPEN_CLOSE.isdisjoint(conditions)
        if moves_extremes:
            self.high = price if self.high is None else max(self.high, price)
            self.low = price if self.low is None else min(self.low, price)
        if moves_ends:
            self.open = price if self.open is None else self.open
            self.close = price
        if NO_VOLUME.isdisjoint(conditions):
            self.volume += size
            self.notional += price * size
            self.trades += 1

    @property
    def is_priced(self):
        """A window in which no trade may move a price has no bar."""
        return self.high is not None or self.open is not None

    def vwap(self):
        """Rounded to the nearest nano, a tie to the even one."""
        return round(Fraction(self.notional, self.volume)) if self.volume else None

    def as_dict(self):
        return {'open': self.open, 'high': self.high, 'low': self.low, 'close': self.close,
                'volume': self.volume, 'notional': self.notional, 'vwap': self.vwap(),
                'trades': self.trades}


def expect(trades_path=TRADES, quotes_path=QUOTES, market='stocks'):
    """Everything at once, as a dictionary of integers."""
    day, bars = Bar(), {}
    trade_count = sum_price_size = size_sum = 0
    last_trade = None
    for ms, price, size, conditions, exchange in trades(trades_path, market):
        trade_count += 1
        sum_price_size += price * size
        size_sum += size
        last_trade = {'ts_ms': ms, 'price': price, 'size': size, 'conditions': conditions,
                      'exchange': exchange}
        bars.setdefault(ms - ms % MINUTE_MS, Bar()).add(price, size, conditions)
        day.add(price, size, conditions)
    quote_count = bid_sum = ask_sum = size_total = 0
    last_quote = None
    for ms, bid, ask, bid_size, ask_size, exchange in quotes(quotes_path, market):
        quote_count += 1
        bid_sum, ask_sum = bid_sum + bid, ask_sum + ask
        size_total += bid_size + ask_size
        last_quote = {'ts_ms': ms, 'bid': bid, 'ask': ask, 'bid_size': bid_size,
                      'ask_size': ask_size, 'exchange': exchange}
    return {
        'trades': trade_count, 'sum_price_size': sum_price_size, 'sum_size': size_sum,
        'last_trade': last_trade,
        'quotes': quote_count, 'sum_bid': bid_sum, 'sum_ask': ask_sum,
        'sum_quote_size': size_total, 'last_quote': last_quote,
        'bars': {start: bar.as_dict() for start, bar in sorted(bars.items()) if bar.is_priced},
        'day': day.as_dict(),
    }


def main():
    if len(sys.argv) not in (1, 3):
        sys.exit('taq_expect: usage: taq_expect.py [TRADES.csv.gz QUOTES.csv.gz]')
    try:
        result = expect(*sys.argv[1:])
    except OSError as error:
        sys.exit(f'taq_expect: {error}')
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == '__main__':
    main()
