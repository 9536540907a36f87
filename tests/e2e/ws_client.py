"""A WebSocket client from RFC 6455 over the standard library's sockets: text, binary, ping, close.

Written for tests: it masks what it sends, answers pings, refuses what the RFC forbids a server to
send, and knows nothing of Ringside.
"""

import base64
import collections
import hashlib
import json
import os
import socket
import struct
import threading

GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class WebSocketError(Exception):
    """The server broke the protocol, refused the upgrade or went away."""


class WebSocket:
    def __init__(self, host, port, path='/', headers=(), timeout=10.0):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.start = 0  # where the first unread byte lies in `buffer`
        self.close_code = None
        self.parts, self.kind = [], None  # of a message that is not whole yet
        self._write_lock = threading.Lock()
        try:
            self._upgrade(host, port, path, headers)
        except Exception:
            self.sock.close()
            raise

    def _upgrade(self, host, port, path, headers):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f'GET {path} HTTP/1.1', f'Host: {host}:{port}', 'Upgrade: websocket',
                 'Connection: Upgrade', f'Sec-WebSocket-Key: {key}', 'Sec-WebSocket-Version: 13']
        lines += [f'{name}: {value}' for name, value in headers]
        self.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        while b'\r\n\r\n' not in self.buffer:
            self._fill()
        head, rest = bytes(self.buffer).split(b'\r\n\r\n', 1)
        self.buffer, self.start = bytearray(rest), 0
        status, *fields = head.decode('latin-1').split('\r\n')
        answer = {}
        for field in fields:
            name, _, value = field.partition(':')
            answer[name.strip().lower()] = value.strip()
        if status.split(' ')[1:2] != ['101']:
            raise WebSocketError(f'upgrade refused: {status}')
        wanted = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if answer.get('sec-websocket-accept') != wanted:
            raise WebSocketError('the server accepted another key')
        if 'sec-websocket-extensions' in answer:
            raise WebSocketError('the server chose an extension that was not offered')

    def _fill(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise WebSocketError('the server closed the connection')
        self.append(data)

    def append(self, data):
        """Bytes that came from the server."""
        if self.start:
            del self.buffer[:self.start]
            self.start = 0
        self.buffer += data

    def _frame(self):
        """(is final, opcode, payload) of the next whole frame; reads the socket as needed."""
        while True:
            have = len(self.buffer) - self.start
            if have >= 2:
                first, second = self.buffer[self.start], self.buffer[self.start + 1]
                size, head = second & 0x7F, 2
                if second & 0x80:
                    raise WebSocketError('the server masked a frame')
                if first & 0x70:
                    raise WebSocketError('a reserved bit is set')
                if size == 126 and have >= 4:
                    size, head = struct.unpack_from('!H', self.buffer, self.start + 2)[0], 4
                elif size == 127 and have >= 10:
                    size, head = struct.unpack_from('!Q', self.buffer, self.start + 2)[0], 10
                elif size > 125:
                    self._fill()
                    continue
                if have >= head + size:
                    begin = self.start + head
                    self.start = begin + size
                    return bool(first & 0x80), first & 0x0F, bytes(self.buffer[begin:self.start])
            self._fill()

    def receive(self):
        """The next message: str for text, bytes for binary; None after the closing handshake."""
        while True:
            final, opcode, payload = self._frame()
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == PONG:
                pass
            elif opcode == CLOSE:
                self.close_code = struct.unpack('!H', payload[:2])[0] if payload else 1005
                self._send(CLOSE, payload)
                return None
            elif opcode > BINARY or (opcode == CONTINUATION) != (self.kind is not None):
                raise WebSocketError(f'opcode {opcode} is out of place')
            else:
                self.kind = self.kind or opcode
                self.parts.append(payload)
                if final:
                    whole, kind = b''.join(self.parts), self.kind
                    self.parts, self.kind = [], None
                    return whole.decode('utf-8') if kind == TEXT else whole

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack('!BB', 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack('!BBH', 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack('!BBQ', 0x80 | opcode, 0x80 | 127, size)
        pad = int.from_bytes((mask * (size // 4 + 1))[:size], 'big')
        masked = (int.from_bytes(payload, 'big') ^ pad).to_bytes(size, 'big')
        with self._write_lock:
            self.sock.sendall(head + mask + masked)

    def send_text(self, text):
        self._send(TEXT, text.encode())

    def send_json(self, value):
        self.send_text(json.dumps(value, separators=(',', ':')))

    def receive_json(self):
        message = self.receive()
        return None if message is None else json.loads(message)

    def close(self):
        try:
            self._send(CLOSE, struct.pack('!H', 1000))
        except OSError:
            pass  # the server is gone: there is nobody to tell
        self.sock.close()


class Collector(threading.Thread):
    """Keeps every message of one WebSocket. A thread of its own does nothing but empty the socket,
    so that a slow test is not a slow client; frames are taken apart when somebody looks."""

    def __init__(self, websocket):
        super().__init__(daemon=True)
        self.websocket = websocket
        self.error = None
        self._messages = []
        self._chunks = collections.deque()
        self._end = None  # why the socket's thread ended
        websocket.sock.settimeout(None)
        websocket._fill = self._take
        self.start()

    def run(self):
        try:
            while data := self.websocket.sock.recv(1 << 20):
                self._chunks.append(data)
            self._end = WebSocketError('the server closed the connection')
        except OSError as error:
            self._end = error

    def _take(self):
        """In place of the socket's own: bytes that have come, or BlockingIOError."""
        if not self._chunks:
            raise self._end or BlockingIOError()
        self.websocket.append(self._chunks.popleft())

    @property
    def messages(self):
        """Every message that has come so far."""
        try:
            while self.error is None and self.websocket.close_code is None:
                message = self.websocket.receive()
                if message is not None:
                    self._messages.append(message)
        except BlockingIOError:
            pass  # that is all for now
        except (OSError, WebSocketError) as error:
            self.error = error
        return self._messages

    def stop(self):
        try:
            self.websocket.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is already down
        self.join(10)
        self.websocket.sock.close()
