"""Finds libringside.so and declares its functions (shm/c/ringside.h). ctypes lets go of the
interpreter's lock during each call. Standard library only."""

import ctypes
import os
from ctypes import (CDLL, POINTER, Structure, byref, c_char, c_char_p, c_int, c_int32, c_size_t,
                    c_uint32, c_uint64, c_void_p)

LAYOUT_VERSION = 2  # of the memory that _records.py describes
TICK_BYTES, BAR_BYTES = 64, 128
SONAME = 'libringside.so.0'

OK, EMPTY, LAPPED = 0, 1, 2
EVENTS = ('none', 'attached', 'lost', 'resumed')
SYMBOL_STATES = ('none', 'pending', 'live', 'idle', 'refused')
RING_TICKS, RING_BARS, TAPE_TICKS, TAPE_BARS = 1, 2, 3, 4
STARTS = {'newest': 0, 'oldest': 1}
START_SEQUENCE = 2
INSTRUMENT_NONE = 2**32 - 1
SYMBOL_BYTES = 25


class RingsideError(Exception):
    """What the library refused; `code` is an exit code of docs/faults.md."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Options(Structure):
    _fields_ = [('size', c_size_t), ('path', c_char_p), ('name', c_char_p),
                ('retry_ns', c_uint64), ('stale_ns', c_uint64), ('answer_ms_max', c_uint32),
                ('reserved_', c_uint32)]


class Info(Structure):
    """What a feed says of itself; see ringside_info in ringside.h."""

    _fields_ = [('size', c_size_t), ('_feed', c_char * 16), ('epoch', c_uint64),
                ('heartbeat_age_ns', c_uint64), ('_state', c_uint32), ('is_attached', c_uint32),
                ('layout_version', c_uint32), ('price_exponent', c_int32),
                ('size_exponent', c_int32), ('venue_base', c_uint32), ('symbol_count', c_uint32),
                ('symbol_capacity', c_uint32), ('writer_pid', c_uint32), ('reserved_', c_uint32)]

    @property
    def feed(self):
        return self._feed.decode('ascii', 'replace')

    @property
    def state(self):
        return load().ringside_state_name(self._state).decode()


class AnswerStruct(Structure):
    _fields_ = [('instrument_id', c_uint32), ('state', c_uint32), ('reason', c_uint32),
                ('reserved_', c_uint32)]


class ReceiptStruct(Structure):
    _fields_ = [(name, c_uint64)
                for name in ('start', 'received', 'lost', 'pending', 'published', 'torn')]


_PROTOTYPES = {  # name: (result, arguments)
    'version': (c_char_p, []),
    'layout_version': (c_uint32, []),
    'tick_bytes': (c_uint32, []),
    'bar_bytes': (c_uint32, []),
    'error_text': (c_char_p, []),
    'kind_name': (c_char_p, [c_uint32]),
    'state_name': (c_char_p, [c_uint32]),
    'refused_name': (c_char_p, [c_uint32]),
    'feed_open': (c_int, [POINTER(Options), POINTER(c_void_p)]),
    'feed_close': (None, [c_void_p]),
    'feed_poll': (c_int, [c_void_p]),
    'feed_attach': (c_int, [c_void_p]),
    'feed_trouble': (c_char_p, [c_void_p]),
    'feed_info': (c_int, [c_void_p, POINTER(Info)]),
    'feed_sleep': (c_int, [c_void_p, POINTER(c_void_p), c_size_t, c_uint64]),
    'feed_report': (c_int, [c_void_p, c_uint64, c_uint64, c_uint64]),
    'feed_subscribe': (c_int, [c_void_p, POINTER(c_char_p), c_size_t, c_uint32,
                               POINTER(AnswerStruct)]),
    'feed_unsubscribe': (c_int, [c_void_p, POINTER(c_char_p), c_size_t, c_uint32]),
    'symbol_count': (c_uint32, [c_void_p]),
    'symbol_id': (c_int, [c_void_p, c_char_p, POINTER(c_uint32)]),
    'symbol_text': (c_int, [c_void_p, c_uint32, c_char_p]),
    'symbol_state': (c_int, [c_void_p, c_uint32]),
    'last_tick': (c_int, [c_void_p, c_uint32, c_uint32, c_void_p]),
    'last_bar': (c_int, [c_void_p, c_uint32, c_uint32, c_void_p]),
    'reader_open': (c_int, [c_void_p, c_uint32, c_uint32, c_uint32, c_uint64, POINTER(c_void_p)]),
    'reader_close': (None, [c_void_p]),
    'poll_ticks': (c_int, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    'poll_bars': (c_int, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    'has_news': (c_int, [c_void_p]),
    'settle': (c_int, [c_void_p]),
    'account': (c_int, [c_void_p, POINTER(ReceiptStruct)]),
    'ring_memory': (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_uint64), POINTER(c_uint32)]),
    'prefault': (c_int, [c_void_p]),
}


def _candidates():
    """RINGSIDE_LIBRARY alone if it is set; else beside the module, where an installation has it
    (<prefix>/share/ringside/python/ringside), and the system's."""
    named = os.environ.get('RINGSIDE_LIBRARY')
    if named:
        return [named]
    here = os.path.dirname(os.path.abspath(__file__))
    return [os.path.join(here, SONAME), SONAME]


_library = None


def load():
    """The library, loaded and checked once.

    Raises ImportError when there is none, or one that reads another layout of memory."""
    global _library
    if _library is not None:
        return _library
    tried = []
    for path in _candidates():
        try:
            found = CDLL(path)
            break
        except OSError as error:
            tried.append(str(error))
    else:
        raise ImportError(f'ringside: no {SONAME}: set RINGSIDE_LIBRARY to its path; tried: '
                          + '; '.join(tried))
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(found, f'ringside_{name}')
        function.restype, function.argtypes = result, arguments
    layout = (found.ringside_layout_version(), found.ringside_tick_bytes(),
              found.ringside_bar_bytes())
    if layout != (LAYOUT_VERSION, TICK_BYTES, BAR_BYTES):
        raise ImportError(f'ringside: {path} has layout version, tick and bar bytes {layout}, this '
                          f'module reads {(LAYOUT_VERSION, TICK_BYTES, BAR_BYTES)}: use both of '
                          'one release')
    _library = found
    return found


def check(status):
    """The answer of a call; RingsideError if it is an error."""
    if status < 0:
        raise RingsideError(-status, load().ringside_error_text().decode('utf-8', 'replace'))
    return status


class Handle:
    """An open reader. Closes when the last Ring or array that uses its memory is gone."""

    def __init__(self, feed_handle, ring, instrument_id, start, sequence):
        self.library = load()
        self.value = c_void_p()
        self.is_open = check(self.library.ringside_reader_open(
            feed_handle, ring, instrument_id, start, sequence, byref(self.value))) == OK

    def __del__(self):
        if getattr(self, 'value', None):
            self.library.ringside_reader_close(self.value)

    def memory(self):
        """(address, slots, bytes of one)"""
        address, slots, record = c_void_p(), c_uint64(), c_uint32()
        check(self.library.ringside_ring_memory(self.value, byref(address), byref(slots),
                                                byref(record)))
        return address.value, slots.value, record.value


def pointer_to(array):
    """The address of a numpy array's first byte."""
    return ctypes.c_void_p(array.ctypes.data)
