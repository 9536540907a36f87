"""What records look like in numpy: a tick's 64 and a bar's 128 bytes, field by field (layout.md).

Prices stay exact integers of 1e-9 dollars; dollars() and decimal_price() convert. The bodies of a
tick lie over one another: `kind` says which fields mean something."""

from decimal import Decimal

from . import _library

PRICE_ONE = 10**9
PX_ABSENT = SIZE_ABSENT = 2**63 - 1
QUOTE_SIZE_ABSENT = SEQUENCE_ABSENT = TRADES_ABSENT = 2**32 - 1
TS_ABSENT = TRADE_ID_ABSENT = COUNT_UNKNOWN = 2**64 - 1
BYTE_ABSENT = 255

KINDS = {'trade': 1, 'quote': 2, 'luld': 3, 'imbalance': 4, 'index_value': 5, 'fair_value': 6,
         'status': 7, 'gap': 8, 'bar_1s': 16, 'bar_1m': 17, 'bar_5m': 18, 'bar_15m': 19,
         'bar_1h': 20, 'bar_1d': 21}
FLAGS = {'snapshot': 1, 'last_of_frame': 2, 'id_is_hash': 4, 'clipped': 8, 'maybe_bad': 16,
         'replayed': 32, 'delayed': 64, 'partial': 128, 'revised': 4}
WANTS = {'trades': 1, 'quotes': 2, 'bars_1s': 4, 'bars_1m': 8}

_HEAD = [('stamp', '<u8', 0), ('ts_event', '<u8', 8), ('ts_recv', '<u8', 16),
         ('instrument_id', '<u4', 24), ('kind', 'u1', 28), ('flags', 'u1', 29)]
_TICK = _HEAD + [
    ('venue', 'u1', 30), ('tape', 'u1', 31),
    # a trade
    ('price', '<i8', 32), ('size', '<i8', 40), ('trade_id', '<u8', 48), ('sequence', '<u4', 56),
    ('conditions', '4u1', 60),
    # a quote; `sequence` is at the same place
    ('bid_px', '<i8', 32), ('ask_px', '<i8', 40), ('bid_sz', '<u4', 48), ('ask_sz', '<u4', 52),
    ('ask_venue', 'u1', 60), ('condition', 'u1', 61), ('indicators', '2u1', 62),
    # a gap
    ('gap_begin', '<u8', 32), ('gap_end', '<u8', 40), ('gap_count', '<u8', 48),
    ('gap_reason', '<u4', 56),
    # a state of the feed
    ('state', '<u4', 32), ('state_before', '<u4', 36)]
_BAR_PRICES = ('open', 'high', 'low', 'close')
_BAR = _HEAD + [('ts_end', '<u8', 32)] + [
    (name, '<i8', 40 + 8 * i) for i, name in enumerate(
        _BAR_PRICES + ('volume', 'vwap', 'day_volume', 'day_vwap', 'official_open',
                       'trade_size_avg'))] + [('trades', '<u4', 120), ('coverage', '<u4', 124)]

# Columns of a frame: kind -> the fields that mean something.
_TRADE_FIELDS = ('price', 'size', 'trade_id', 'sequence')
_QUOTE_FIELDS = ('bid_px', 'ask_px', 'bid_sz', 'ask_sz', 'ask_venue', 'condition')
_PRICES = {'price', 'bid_px', 'ask_px', *_BAR_PRICES, 'vwap', 'day_vwap', 'official_open'}
_VOLUMES = {'size', 'volume', 'day_volume', 'trade_size_avg'}


def numpy():
    """The numpy module. Records are its arrays, so nothing reads a ring without it."""
    try:
        import numpy as module
    except ImportError as error:
        raise ImportError('ringside: records are numpy arrays: install numpy (Debian: '
                          'python3-numpy)') from error
    return module


def pandas():
    try:
        import pandas as module
    except ImportError as error:
        raise ImportError('ringside: to_frame() needs pandas (Debian: python3-pandas); without it '
                          'use the arrays of batch() and snapshot()') from error
    return module


_dtypes = {}


def dtype(is_bar=False):
    """The structured dtype of a tick, or of a bar."""
    if is_bar not in _dtypes:
        fields = _BAR if is_bar else _TICK
        _dtypes[is_bar] = numpy().dtype({
            'names': [name for name, _, _ in fields],
            'formats': [form for _, form, _ in fields],
            'offsets': [offset for _, _, offset in fields],
            'itemsize': _library.BAR_BYTES if is_bar else _library.TICK_BYTES})
    return _dtypes[is_bar]


def concatenate(batches):
    """Batches as one array of the same dtype. numpy's own concatenate() lays the fields of such
    records one after another: right values, but twice the memory and no longer these bytes."""
    batches = list(batches)
    np = numpy()
    kind = batches[0].dtype if batches else dtype()
    whole = [np.ascontiguousarray(batch).view('u1') for batch in batches]
    return (np.concatenate(whole) if whole else np.empty(0, 'u1')).view(kind)


def sequences_of(records):
    """Each record's number in the ring it was read from."""
    return records['stamp'] // 2 - 1


def decimal_price(nanos):
    """One price, exactly: 225600000000 -> Decimal('225.6'). None where it is absent."""
    if int(nanos) == PX_ABSENT:
        return None
    return (Decimal(int(nanos)) / PRICE_ONE).normalize() + Decimal(0)


def dollars(nanos):
    """Prices as floats for arithmetic that may round; NaN where they are absent."""
    return _scaled(nanos, 9)


def sizes(raw, size_exponent=-6):
    """Trade sizes and volumes as floats; NaN where they are absent."""
    return _scaled(raw, -size_exponent)


def _scaled(raw, digits):
    np = numpy()
    raw = np.asarray(raw)
    return np.where(raw == PX_ABSENT, np.nan, raw / 10**digits)


def times(ts):
    """ns UTC as datetime64[ns]; NaT where they are absent."""
    np = numpy()
    ts = np.asarray(ts)
    return np.where(ts == TS_ABSENT, np.datetime64('NaT', 'ns'),
                    ts.astype('<i8').astype('datetime64[ns]'))


def to_frame(records, symbols=None, size_exponent=-6, exact=False):
    """A pandas DataFrame of ticks or bars, one row a record, indexed by ts_event (UTC).

    symbols  instrument id -> text, for a column `symbol`
    exact    prices and sizes stay integers of 1e-9 and 10^size_exponent
    What a record's kind does not have is missing (NaN); of gaps and states only the kind is shown.
    """
    pd, np = pandas(), numpy()
    is_bar = 'ts_end' in records.dtype.names
    columns = {'sequence_in_ring': sequences_of(records),
               'ts_recv': pd.to_datetime(times(records['ts_recv']), utc=True),
               'symbol': _named(pd, records['instrument_id'], symbols or str),
               'kind': _named(pd, records['kind'], lambda k: _KIND_NAMES.get(k, f'kind {k}')),
               'flags': records['flags']}
    groups = [((16, 255), [name for name, _, offset in _BAR if offset >= 40])] if is_bar else \
        [((1, 1), _TRADE_FIELDS), ((2, 2), _QUOTE_FIELDS)]
    for (first, last), fields in groups:
        belongs = (records['kind'] >= first) & (records['kind'] <= last)
        for field in fields:
            values = records[field]
            if not exact and field in _PRICES:
                values = dollars(values)
            elif not exact and field in _VOLUMES:
                values = sizes(values, size_exponent)
            if belongs.all():
                columns[field] = values
            elif values.dtype.kind == 'f':
                columns[field] = np.where(belongs, values, np.nan)
            else:  # integers with holes: pandas' own kind
                columns[field] = pd.array(np.where(belongs, values, 0), dtype=_nullable(values))
                columns[field][~belongs] = pd.NA
    if is_bar:
        columns['ts_end'] = pd.to_datetime(times(records['ts_end']), utc=True)
    index = pd.DatetimeIndex(times(records['ts_event']), tz='UTC', name='ts_event')
    return pd.DataFrame(columns, index=index)


def _named(pd, numbers, name):
    """A categorical column: each different number's name is asked once."""
    found, codes = numpy().unique(numbers, return_inverse=True)
    return pd.Categorical.from_codes(codes, [name(int(number)) for number in found])


_KIND_NAMES = {number: name for name, number in KINDS.items()}


def _nullable(values):
    name = values.dtype.name  # "uint32" -> "UInt32"
    return ('UInt' + name[4:]) if name.startswith('uint') else ('Int' + name[3:])
