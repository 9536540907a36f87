"""Attaches to one feed: events, symbols, last values, and the rings to read.

A Feed and its Rings belong to one thread. `with Feed(path) as feed:` attaches, or raises
RingsideError with the reason; at its end everything subscribed to is let go."""

import ctypes
import time
from ctypes import byref, c_char_p, c_uint32, c_void_p
from typing import NamedTuple, Optional

from . import _library, records
from ._library import AnswerStruct, Info, OK, Options, RingsideError, check
from .ring import Ring


class Answer(NamedTuple):
    """What the feed said of one symbol."""

    symbol: str
    instrument_id: Optional[int]
    state: str   # none (no answer yet), pending, live, idle, refused
    reason: str  # why it was refused, else "none"


class Feed:
    """One consumer of the feed at `path`, <run folder>/<feed>.sock.

    name      shown by `ringside top`
    timeout   seconds that `with` and wait_attached() wait for a feed; 0: not at all
    stale_ns  a heartbeat older than this is a dead writer
    """

    def __init__(self, path, name='python', timeout=0.0, stale_ns=0, retry_ns=0):
        self._library = _library.load()
        self._timeout = timeout
        self.epoch = 0  # of the memory that new rings read
        self.handle = None
        options = Options(ctypes.sizeof(Options), str(path).encode(), name.encode(), retry_ns,
                          stale_ns)
        handle = c_void_p()
        check(self._library.ringside_feed_open(byref(options), byref(handle)))
        self.handle = handle

    def __enter__(self):
        self.wait_attached(self._timeout)
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    def close(self):
        """Lets go of the feed. Rings and arrays made from it stay readable."""
        handle, self.handle = getattr(self, 'handle', None), None
        if handle:
            self._library.ringside_feed_close(handle)

    # --- attachment ---

    def poll(self):
        """Looks at the feed: 'none', 'attached' (a new epoch; rings go on with it by themselves),
        'lost' or 'resumed'. Attaches when it is time. Call it every few ms; follow() does."""
        event = _library.EVENTS[check(self._library.ringside_feed_poll(self.handle))]
        if event == 'attached':
            self.epoch = self.info().epoch
        return event

    def wait_attached(self, seconds=0.0):
        """Attaches, asking again for up to `seconds`. Raises RingsideError with the reason."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                check(self._library.ringside_feed_attach(self.handle))
                self.poll()
                return
            except RingsideError:
                if time.monotonic() >= deadline:
                    raise
            self.sleep(0.02)

    def sleep(self, seconds, *rings):
        """Sleeps until one of `rings` has news, the feed rings or the time is over. True: news."""
        handles = (c_void_p * len(rings))(*[ring.reader for ring in rings])
        return check(self._library.ringside_feed_sleep(
            self.handle, handles, len(rings), int(seconds * 1e9))) == OK

    def info(self):
        """The feed's facts: state, epoch, heartbeat_age_ns, symbol_count, size_exponent, ..."""
        info = Info(ctypes.sizeof(Info))
        check(self._library.ringside_feed_info(self.handle, byref(info)))
        return info

    @property
    def is_attached(self):
        return bool(self.info().is_attached)

    @property
    def trouble(self):
        """Why the feed is not attached; '' if there is nothing to say."""
        return self._library.ringside_feed_trouble(self.handle).decode('utf-8', 'replace')

    def report(self, *rings):
        """Shows `ringside top` how this consumer stands: the sum over `rings`."""
        sums = [sum(column) for column in zip(*(ring.receipt() for ring in rings))]
        if sums:
            check(self._library.ringside_feed_report(self.handle, *sums[1:4]))

    # --- symbols ---

    def subscribe(self, *symbols, kinds=('trades', 'quotes')):
        """Asks for `kinds` (trades, quotes, bars_1s, bars_1m) of symbols, now and after every
        restart of the feed. Returns an Answer for each."""
        answers = (AnswerStruct * len(symbols))()
        check(self._library.ringside_feed_subscribe(
            self.handle, _texts(symbols), len(symbols), _bits(kinds), answers))
        return [Answer(symbol,
                       None if answer.instrument_id == _library.INSTRUMENT_NONE
                       else answer.instrument_id,
                       _library.SYMBOL_STATES[answer.state],
                       self._library.ringside_refused_name(answer.reason).decode())
                for symbol, answer in zip(symbols, answers)]

    def unsubscribe(self, *symbols, kinds=('trades', 'quotes')):
        check(self._library.ringside_feed_unsubscribe(
            self.handle, _texts(symbols), len(symbols), _bits(kinds)))

    def instrument_id(self, symbol):
        """The number of a symbol in this epoch; None if the feed does not know it."""
        found = c_uint32()
        status = check(self._library.ringside_symbol_id(self.handle, symbol.encode(), byref(found)))
        return found.value if status == OK else None

    def symbol(self, instrument_id):
        """The text of an instrument id; '' if there is none."""
        text = ctypes.create_string_buffer(_library.SYMBOL_BYTES)
        check(self._library.ringside_symbol_text(self.handle, instrument_id, text))
        return text.value.decode('ascii', 'replace')

    def symbols(self):
        """Every symbol of the feed, in the order of their instrument ids."""
        return [self.symbol(i) for i in range(self._library.ringside_symbol_count(self.handle))]

    # --- records ---

    def ring(self, symbol, start='newest'):
        """The ticks of one symbol, from 'newest', 'oldest' or a sequence number on."""
        return Ring(self, _library.RING_TICKS, symbol, start)

    def bars(self, symbol, start='newest'):
        """The bars of one symbol."""
        return Ring(self, _library.RING_BARS, symbol, start)

    def tape(self, start='newest'):
        """Every tick of the feed, in publish order."""
        return Ring(self, _library.TAPE_TICKS, None, start)

    def bar_tape(self, start='newest'):
        """Every bar of the feed."""
        return Ring(self, _library.TAPE_BARS, None, start)

    def last(self, symbol, kind='trade'):
        """The newest record of a kind (trade, quote, bar_1s, bar_1m); None if there is none."""
        is_bar = kind.startswith('bar')
        out = records.numpy().zeros((), records.dtype(is_bar))
        instrument_id = self.instrument_id(symbol)
        if instrument_id is None:
            return None
        call = self._library.ringside_last_bar if is_bar else self._library.ringside_last_tick
        status = check(call(self.handle, instrument_id, records.KINDS[kind],
                            _library.pointer_to(out)))
        return out[()] if status == OK else None


def _texts(symbols):
    return (c_char_p * len(symbols))(*[symbol.encode() for symbol in symbols])


def _bits(kinds):
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    return sum(records.WANTS[kind] for kind in set(kinds))
