"""The end-to-end tests' own tools, shown to work and to fail: the expectation script on rows whose
answer is counted by hand, the WebSocket client against bytes written by hand, the bounded wait."""

import base64
import hashlib
import os
import socket
import tempfile
import threading
import unittest

import taq_expect
from harness import TimedOut, wait_until
from totals import Accounting, Totals, bar_differences
from ws_client import Collector, WebSocket, WebSocketError

MINUTE = 1514903400  # 2018-01-02 09:30:00 in New York

TRADES = f'''DT,EX,SYMBOL,COND,SIZE,PRICE,CORR
{MINUTE}.000900,N,YYY,,100,10.5,0
{MINUTE}.999999,P,YYY,I,7,99.99,0
{MINUTE + 1}.000000,T,YYY,F I,3,1.01,0
{MINUTE + 2}.000000,D,YYY,4 B,50,88,0
{MINUTE + 3}.000000,D,YYY,4,50,11.25,0
{MINUTE + 4}.000000,Z,YYY,F,1e+05,10.4,0
{MINUTE + 5}.000000,N,YYY,M,123456,10.45,0
{MINUTE + 5}.000000,N,YYY,,900,77,10
{MINUTE + 60}.000000,N,YYY,TI,5,12,0
{MINUTE + 119}.999999,N,YYY,@,5,12.5,0
'''
QUOTES = f'''DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL
{MINUTE}.000000,M,0,0,10.6,1,YYY
{MINUTE + 1}.123456,N,10.4,2,10.5,13,YYY
'''


def written(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(text)
    return path


class TaqExpect(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            self.got = taq_expect.expect(written(folder, 't.csv', TRADES),
                                         written(folder, 'q.csv', QUOTES))

    def test_counts_and_sums_every_row_exactly(self):
        self.assertEqual(self.got['trades'], 9)
        self.assertEqual(self.got['quotes'], 2)
        self.assertEqual(self.got['sum_size'], 223_676 * 10**6)
        dollars = (1050 * 100 + 9999 * 7 + 101 * 3 + 8800 * 50 + 1125 * 50 + 1040 * 100_000 +
                   1045 * 123_456 + 1200 * 5 + 1250 * 5)  # cents
        self.assertEqual(self.got['sum_price_size'], dollars * 10**7 * 10**6)
        self.assertEqual(self.got['last_trade']['price'], 12_500_000_000)
        self.assertEqual(self.got['last_quote'], {
            'ts_ms': MINUTE * 1000 + 1123, 'bid': 10_400_000_000, 'ask': 10_500_000_000,
            'bid_size': 200, 'ask_size': 1300, 'exchange': 10})

    def test_odd_lots_and_average_prices_count_in_volume_only(self):
        bar = self.got['bars'][MINUTE * 1000]
        self.assertEqual((bar['open'], bar['high'], bar['low'], bar['close']),
                         (10_500_000_000, 11_250_000_000, 10_400_000_000, 10_400_000_000))
        # Everything but the official close, which is a report and not a trade.
        self.assertEqual(bar['volume'], 100_210 * 10**6)
        self.assertEqual(bar['trades'], 6)

    def test_form_t_and_odd_lots_move_no_price(self):
        bar = self.got['bars'][(MINUTE + 60) * 1000]
        self.assertEqual((bar['open'], bar['close'], bar['trades']), (12_500_000_000,) * 2 + (2,))
        self.assertEqual(len(self.got['bars']), 2)

    def test_refuses_a_price_that_does_not_fit(self):
        self.assertRaises(ValueError, taq_expect.nanos, '1.0000000001')


class Comparison(unittest.TestCase):
    """One planted fault each: a comparison that finds nothing proves nothing."""

    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            self.files = [written(folder, 't.csv', TRADES), written(folder, 'q.csv', QUOTES)]
            self.expected = taq_expect.expect(*self.files)
            self.trades = list(taq_expect.trades(self.files[0]))
            self.quotes = list(taq_expect.quotes(self.files[1]))

    def totals(self, trades, quotes):
        got = Totals('here')
        for ms, price, size, *_ in trades:
            got.trade(ms, price, size)
        for ms, bid, ask, bid_size, ask_size, _ in quotes:
            got.quote(ms, bid, ask, bid_size + ask_size)
        return [line.split(' is ')[0] for line in got.differences(self.expected)]

    def test_totals_find_what_is_missing_changed_or_out_of_order(self):
        self.assertEqual(self.totals(self.trades, self.quotes), [])
        self.assertEqual(self.totals(self.trades[1:], self.quotes), [
            'here: trades', 'here: sum_price_size', 'here: sum_size'])
        one_nano_more = [(ms, price + 1, *rest) for ms, price, *rest in self.trades[:1]]
        self.assertEqual(self.totals(one_nano_more + self.trades[1:], self.quotes),
                         ['here: sum_price_size'])
        self.assertEqual(self.totals(self.trades[::-1], self.quotes), ['here: last_trade'])
        self.assertEqual(self.totals(self.trades, self.quotes[::-1]), ['here: last_quote'])

    def test_bars_find_what_is_missing_invented_or_a_nano_off(self):
        bars = self.expected['bars']
        start = min(bars)

        def changed(**values):
            return {**bars, start: {**bars[start], **values}}
        self.assertEqual(bar_differences('here', bars, bars), [])
        for got, claim in (
                ({}, 'no bar'), ({**bars, 60_000: bars[start]}, 'no trade moved a price'),
                (changed(high=bars[start]['high'] + 1), 'high'), (changed(low=None), 'low'),
                (changed(volume=bars[start]['volume'] - 1), 'volume'),
                (changed(vwap=bars[start]['vwap'] + 1), 'vwap'), (changed(trades=5), 'trades')):
            found = bar_differences('here', got, bars)
            self.assertTrue(found and claim in found[0], (claim, found))

    def test_the_account_is_broken_by_a_loss_and_by_a_miscount(self):
        account = Accounting()
        account.add('good', 5, 5, 0)
        self.assertEqual(account.broken(), [])
        account.add('lost and told', 5, 4, 1)
        account.add('lost and not told', 5, 4, 0)
        self.assertEqual([row[0] for row in account.broken()],
                         ['lost and told', 'lost and not told'])


class Server:
    """Answers one connection with the accept line and then the bytes given; keeps what it got."""

    def __init__(self, reply):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.reply = reply
        self.got = bytearray()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        sock, _ = self.listener.accept()
        head = b''
        while b'\r\n\r\n' not in head:
            head += sock.recv(4096)
        key = head.split(b'Sec-WebSocket-Key: ')[1].split(b'\r\n')[0]
        accept = base64.b64encode(
            hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
        sock.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'
                     b'Connection: Upgrade\r\nSec-WebSocket-Accept: ' + accept + b'\r\n\r\n')
        sock.sendall(self.reply)
        while data := sock.recv(4096):
            self.got += data
        sock.close()


class WebSocketClient(unittest.TestCase):
    def connect(self, reply):
        self.server = Server(reply)
        client = WebSocket('127.0.0.1', self.server.port, '/ws')
        self.addCleanup(self.server.listener.close)
        self.addCleanup(client.sock.close)
        return client

    def test_joins_fragments_around_a_ping_and_answers_it(self):
        client = self.connect(b'\x01\x03abc' + b'\x89\x02hi' + b'\x80\x7e\x00\x80' + b'd' * 128 +
                              b'\x88\x02\x03\xe8')
        self.assertEqual(client.receive(), 'abc' + 'd' * 128)
        self.assertIsNone(client.receive())
        self.assertEqual(client.close_code, 1000)
        client.sock.shutdown(socket.SHUT_WR)
        self.server.thread.join(10)
        pong = bytes(self.server.got[:8])
        self.assertEqual(pong[:2], b'\x8a\x82')
        self.assertEqual(bytes(a ^ b for a, b in zip(pong[6:], pong[2:6])), b'hi')

    def test_refuses_a_masked_frame(self):
        client = self.connect(b'\x81\x81\x00\x00\x00\x00a')
        self.assertRaises(WebSocketError, client.receive)

    def test_collector_keeps_every_message_and_says_how_it_ended(self):
        client = self.connect(b'\x81\x01a\x81\x01b\x88\x00')
        collector = Collector(client)
        wait_until('two messages and a close', lambda: len(collector.messages) == 2 and
                   client.close_code)
        self.assertEqual((collector.messages, collector.error), (['a', 'b'], None))
        collector.stop()


class WaitUntil(unittest.TestCase):
    def test_returns_the_answer_and_gives_up_after_its_bound(self):
        self.assertEqual(wait_until('three', lambda: 3), 3)
        with self.assertRaisesRegex(TimedOut, 'the moon is green'):
            wait_until('the moon is green', lambda: False, seconds=0.05)


if __name__ == '__main__':
    unittest.main(verbosity=2)
