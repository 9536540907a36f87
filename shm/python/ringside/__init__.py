"""Reads Ringside feeds from Python: shared memory as numpy arrays, through libringside.so.

    import ringside
    with ringside.Feed('run/stocks.sock', timeout=5) as feed:
        feed.subscribe('AAPL')
        ring = feed.ring('AAPL')
        for record in ring.follow(count=10):
            print(record['kind'], record['ts_event'])
        print(ring.receipt(), ring.to_frame())

docs/clients.md tells the rest. Reading needs numpy, to_frame() needs pandas; neither is needed to
import this module."""

from ._library import RingsideError, load as load_library
from .feed import Answer, Feed
from .records import (BYTE_ABSENT, COUNT_UNKNOWN, FLAGS, KINDS, PRICE_ONE, PX_ABSENT,
                      QUOTE_SIZE_ABSENT, SEQUENCE_ABSENT, SIZE_ABSENT, TRADE_ID_ABSENT,
                      TRADES_ABSENT, TS_ABSENT, concatenate, decimal_price, dollars, dtype,
                      sequences_of, sizes, times, to_frame)
from .ring import Receipt, Ring

__all__ = ['Answer', 'BYTE_ABSENT', 'COUNT_UNKNOWN', 'FLAGS', 'Feed', 'KINDS', 'PRICE_ONE',
           'PX_ABSENT', 'QUOTE_SIZE_ABSENT', 'Receipt', 'Ring', 'RingsideError', 'SEQUENCE_ABSENT',
           'SIZE_ABSENT', 'TRADES_ABSENT', 'TRADE_ID_ABSENT', 'TS_ABSENT', 'concatenate',
           'decimal_price', 'dollars', 'dtype', 'load_library', 'sequences_of', 'sizes', 'times',
           'to_frame', 'version']


def version():
    """The library's version, "0.1.0". Loads it."""
    return load_library().ringside_version().decode()
