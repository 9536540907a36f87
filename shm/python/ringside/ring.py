"""Reads one ring or tape: batches as numpy arrays, or the ring's own bytes without a copy.

A Ring belongs to one thread. It goes on over restarts of the feed handler: receipt() is the sum of
all epochs."""

import time
from ctypes import byref, c_size_t
from typing import NamedTuple

from . import _library, records
from ._library import LAPPED, Handle, ReceiptStruct, RingsideError, check

BATCH_MAX = 4096


class Receipt(NamedTuple):
    """What a reader can account for: received + lost + pending == published - start."""

    start: int = 0
    received: int = 0
    lost: int = 0
    pending: int = 0
    published: int = 0
    torn: int = 0

    @property
    def is_balanced(self):
        return self.received + self.lost + self.pending == self.published - self.start


class Ring:
    """One reader's place. Made by Feed.ring(), Feed.bars(), Feed.tape() and Feed.bar_tape()."""

    def __init__(self, feed, which, symbol, start):
        self._feed, self._which, self._symbol = feed, which, symbol
        self.is_bar = which in (_library.RING_BARS, _library.TAPE_BARS)
        library = _library.load()
        self._poll = library.ringside_poll_bars if self.is_bar else library.ringside_poll_ticks
        self._library = library
        self._ended = Receipt()  # sum of the epochs before this one
        self._record_bytes = _library.BAR_BYTES if self.is_bar else _library.TICK_BYTES
        self._buffer = self._handle = None
        self._open(start)

    # --- new records ---

    def batch(self, count_max=BATCH_MAX):
        """Up to count_max new records as a structured array of their own, perhaps empty. What is
        lost is in receipt().lost. Cost: one call of the library, no wait."""
        room = min(count_max, BATCH_MAX)
        if self._buffer is None:
            self._buffer = records.numpy().empty(BATCH_MAX * self._record_bytes, 'u1')
            self._address = _library.pointer_to(self._buffer)
        count = self._fill(room)
        if count == 0 and self._epoch != self._feed.epoch and self._reopen():
            count = self._fill(room)
        # As bytes: numpy copies a structured array field by field.
        bytes_used = self._buffer[:count * self._record_bytes].copy()
        return bytes_used.view(records.dtype(self.is_bar))

    def _fill(self, room):
        count = c_size_t()
        status = check(self._poll(self.reader, self._address, room, byref(count)))
        if status == LAPPED and count.value == 0:  # the hole is counted: go on behind it
            check(self._poll(self.reader, self._address, room, byref(count)))
        return count.value

    def __iter__(self):
        """The records that are there now, one by one; ends when there is nothing new."""
        while True:
            batch = self.batch()
            if not len(batch):
                return
            yield from batch

    def follow(self, seconds=None, count=None):
        """Records as they come, until `seconds` passed or `count` came; else for ever. Attaches
        again when the feed handler was restarted."""
        for batch in self.follow_batches(seconds, count):
            yield from batch

    def follow_batches(self, seconds=None, count=None):
        """As follow(), a structured array at a time: fewer steps of the interpreter."""
        deadline = None if seconds is None else time.monotonic() + seconds
        left = count
        while left is None or left > 0:
            if deadline is not None and time.monotonic() >= deadline:
                return
            batch = self.batch(BATCH_MAX if left is None else min(left, BATCH_MAX))
            if len(batch):
                left = None if left is None else left - len(batch)
                yield batch
                continue
            self._feed.poll()  # a new epoch: the next batch() goes on with it
            self._feed.sleep(0.005, self)

    @property
    def reader(self):
        """The library's handle."""
        return None if self._handle is None else self._handle.value

    @property
    def has_news(self):
        return self._library.ringside_has_news(self.reader) == 1

    def receipt(self):
        """Sum over all epochs read; `start` and `published` too."""
        now = ReceiptStruct()
        check(self._library.ringside_account(self.reader, byref(now)))
        return Receipt(*(before + getattr(now, name)
                         for before, name in zip(self._ended, Receipt._fields)))

    @property
    def lost(self):
        return self.receipt().lost

    # --- the ring itself ---

    def view(self):
        """The ring's slots as a read-only structured array over the shared memory: nothing is
        copied, and the writer goes on replacing them. Read sequences() first, then the fields,
        then ask valid(): only what was whole before and after may be believed. The array keeps the
        memory mapped."""
        return self._bytes().view(records.dtype(self.is_bar))

    def _bytes(self):
        return records.numpy().asarray(_Memory(self._handle))

    def sequences(self, view=None):
        """For each slot of the ring the number of the whole record it holds now; -1: none."""
        np = records.numpy()
        stamps = (self.view() if view is None else view)['stamp'].copy()
        whole = (stamps != 0) & (stamps % 2 == 0)
        return np.where(whole, (stamps // 2).astype('<i8') - 1, -1)

    def valid(self, sequences, view=None):
        """Which slots still hold the record that `sequences` names, so that whatever was read of
        them since is of that one record. A mask over the slots."""
        return (sequences >= 0) & (self.sequences(view) == sequences)

    def snapshot(self):
        """Everything whole in the ring, oldest first, as an array of its own; consumes nothing."""
        view = self.view()
        sequences = self.sequences(view)
        copy = self._bytes().copy().view(view.dtype)
        mask = self.valid(sequences, view)
        return copy[mask][records.numpy().argsort(sequences[mask], kind='stable')]

    def to_frame(self, batch=None, exact=False):
        """A pandas DataFrame of `batch`; of everything in the ring if none is given."""
        batch = self.snapshot() if batch is None else batch
        info = self._feed.info()
        return records.to_frame(batch, self._feed.symbol, info.size_exponent, exact)

    def close(self):
        """Lets go of the reader. Arrays of view() stay good."""
        self._handle = None

    # --- epochs ---

    def _open(self, start):
        sequence = 0
        if isinstance(start, str):
            start = _library.STARTS[start]
        else:
            start, sequence = _library.START_SEQUENCE, start
        instrument_id = 0 if self._symbol is None else self._feed.instrument_id(self._symbol)
        handle = None
        if instrument_id is not None:
            handle = Handle(self._feed.handle, self._which, instrument_id, start, sequence)
        if handle is None or not handle.is_open:
            raise RingsideError(8, f'no ring of {self._symbol or "everything"}: attach to the feed '
                                   'and subscribe first')
        self._handle, self._epoch = handle, self._feed.epoch

    def _reopen(self):
        """The epoch's writer is gone and all it wrote was read: on to the next, from its beginning.
        False: the new feed handler has no such ring yet."""
        self._library.ringside_settle(self.reader)
        ended = self.receipt()
        try:
            self._open('oldest')
        except RingsideError:
            return False  # batch() asks again; receipt() still counts the old epoch
        self._ended = ended
        return True


class _Memory:
    """numpy's array interface over a reader's slots; holds the reader, and so the mapping."""

    def __init__(self, handle):
        self._handle = handle
        address, slots, record_bytes = handle.memory()
        self.__array_interface__ = {'data': (address, True), 'shape': (slots * record_bytes,),
                                    'typestr': '|u1', 'version': 3}

