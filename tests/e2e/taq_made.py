"""Makes a TAQ day of its own: rows with what real files hold and one day of one symbol may lack
(every sale condition, sub-penny prices, sizes that R writes as 1e+05, rows that correct others)."""

import csv
import gzip
import os
import random
from decimal import Decimal

OPEN_S = 1514903400  # 2018-01-02 09:30:00 in New York
CONDITIONS = ['', '@', 'F', 'I', 'F I', 'FTI', 'T', 'TI', '4 B', '4', 'Z', 'R  I', 'N', 'C  I', 'L',
              'O', '5', '6', 'Q', 'M', 'X', 'P', 'U', '7 V', 'H', '9']
SEED = int(os.environ.get('RINGSIDE_SEED', '20180102'))


def make(folder, symbol, count, seed=SEED):
    """Writes `count` trades and `count` quotes; returns the two paths."""
    chance = random.Random(f'{seed}-{symbol}')
    mid = Decimal(chance.randrange(2_000, 40_000)) / 100
    when = OPEN_S * 1_000_000
    trades, quotes = [], []
    for _ in range(count):
        when += chance.choice([0, 7, 999, 1000, 180_000])
        mid = max(Decimal('0.5'), mid + Decimal(chance.randrange(-3, 4)) / 100)
        tick = Decimal(chance.randrange(0, 10_000)) / 10**4 if chance.random() < 0.1 else Decimal(0)
        size = '1e+05' if chance.random() < 0.01 else str(chance.randrange(1, 3000))
        condition = chance.choice(CONDITIONS) if chance.random() < 0.5 else ''
        correction = '12' if chance.random() < 0.005 else '0'
        trades.append([_seconds(when), chance.choice('ABJKMNPTVXYZD'), symbol, condition, size,
                       mid + tick, correction])
        when += chance.choice([0, 3, 1000])
        empty = chance.random() < 0.02
        quotes.append([_seconds(when), chance.choice('ABJKMNPTVXYZ'), 0 if empty else mid - 1,
                       0 if empty else chance.randrange(1, 50), mid + 1, chance.randrange(1, 50),
                       symbol])
    return (_write(os.path.join(folder, f'trades_{symbol}.csv.gz'),
                   'DT EX SYMBOL COND SIZE PRICE CORR', trades),
            _write(os.path.join(folder, f'quotes_{symbol}.csv.gz'),
                   'DT EX BID BIDSIZ OFR OFRSIZ SYMBOL', quotes))


def _seconds(microseconds):
    return f'{microseconds // 1_000_000}.{microseconds % 1_000_000:06}'


def _write(path, head, rows):
    with gzip.open(path, 'wt', newline='', compresslevel=1) as stream:
        writer = csv.writer(stream)
        writer.writerow(head.split())
        writer.writerows(rows)
    return path
