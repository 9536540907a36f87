"""A day of real trades and quotes through the whole pipeline at full speed: simulator, TLS, feed
handler, rings, then recorder, statistics and a WebSocket client. Each place must hold exactly what
an independent script computes from the CSV, and nothing may be lost anywhere."""

import json
import unittest

import taq_expect
import taq_made
from harness import wait_until
from pipeline import Pipeline
from totals import (Accounting, bar_differences, lost_by_websocket, read_dbn, read_tail,
                    read_websocket)

VENDOR_VWAP_UNIT = 1000  # the vendor's bars round it to a millionth of a dollar
TICKS_ONLY = ('ringside tail',)  # the others follow the bars' tape too
OPTION = 'O:{}180119C00160000'


class Day:
    """One symbol of the replay and what must come of it."""

    def __init__(self, symbol, feed, files):
        self.symbol, self.feed, self.files = symbol, feed, files
        self.expected = taq_expect.expect(*files, market=feed)
        self.ticks = self.expected['trades'] + self.expected['quotes']

    def sim_flags(self):
        return ['--taq', *self.files, f'symbol={self.symbol}', f'market={self.feed}']


class TaqReplay(unittest.TestCase):
    maxDiff = None

    def replay(self, days):
        """Runs the replay and compares every place; `days` come from Day."""
        feeds = {}
        for day in days:
            feeds.setdefault(day.feed, []).append(day.symbol)
        with Pipeline(feeds) as pipeline:
            self.pipeline, self.days, self.accounting = pipeline, days, Accounting()
            pipeline.start_sim(*[flag for day in days for flag in day.sim_flags()],
                               '--speed', 'max', '--wait-for', '1000000')
            pipeline.start_handler()
            pipeline.start_consumers()
            browser = pipeline.subscribe(['trades', 'quotes', 'aggregates', 'bars'],
                                         [day.symbol for day in days])
            tails = {day.symbol: pipeline.start(
                'ringside', 'tail', day.symbol, '--feed', day.feed, '--from', 'oldest', '--kind',
                'trade,quote', '--count', day.ticks, '--format', 'json', name=f'tail-{i}')
                for i, day in enumerate(days)}
            for feed in feeds:
                wait_until('tails are attached', lambda: pipeline.reader(feed, 'tail'))
            before = self.published_and_received()
            pipeline.sim_command('start')
            pipeline.sim.wait_for('end of stream')
            for tail in tails.values():
                self.assertEqual(tail.wait(), 0)
            self.wait_for_consumers(browser)
            differences = []
            self.account_readers(before)
            for day in days:
                differences += self.compare_rings(day, tails[day.symbol])
                differences += self.compare_stats(day)
            pipeline.recorder.stop()
            differences += self.compare_files()
            differences += self.compare_browser(browser)
            self.accounting.print()
            self.assertEqual(differences, [])
            self.assertEqual(self.accounting.broken(), [])

    def wait_for_consumers(self, browser):
        """Until every reader has read everything and the client has its last message."""
        def are_done():
            return all(row['lag'] == 0 and row['received'] + row['lost'] >= self.ticks_of(feed)
                       for feed in self.pipeline.feeds for row in self.pipeline.readers(feed))
        wait_until(lambda: f'every consumer has read everything: {self.pipeline.top()}', are_done)
        counts = [0]

        def is_quiet():
            """No new message since the last look: bars come last."""
            before, counts[0] = counts[0], len(browser.messages)
            return before == counts[0] and counts[0] >= sum(day.ticks for day in self.days)
        wait_until(lambda: f'the client has its messages: {len(browser.messages)}, '
                           f'{browser.error}, {lost_by_websocket(browser.messages)} lost',
                   is_quiet)

    def ticks_of(self, feed):
        return sum(day.ticks for day in self.days if day.feed == feed)

    def compare_rings(self, day, tail):
        """The ring as a live reader saw it, as it lies there now, and its last values."""
        live, _, lost = read_tail(tail.out(), f'{day.symbol} ring, read live')
        self.accounting.add(f'ring {day.symbol} -> tail', day.ticks, live.trades + live.quotes,
                            lost)
        for kind, (seen, first, last) in live.sequences.items():
            self.accounting.add(f"vendor's numbers, {day.symbol} {kind}s", last - first + 1, seen,
                                last - first + 1 - seen)
        done = self.pipeline.run('ringside', 'tail', day.symbol, '--feed', day.feed, '--from',
                                 'oldest', '--kind', 'trade,quote', '--count', day.ticks,
                                 '--format', 'json')
        later, _, _ = read_tail(done.stdout, f'{day.symbol} ring, read later')
        row = self.listed(day.feed, day.symbol)
        found = live.differences(day.expected) + later.differences(day.expected)
        return found + self.compare_last(day, row) + self.compare_vendor_bars(day, row)

    def listed(self, feed, symbol):
        rows = self.pipeline.json('ls', '--feed', feed, '--format', 'json')
        return next(row for row in rows if row['symbol'] == symbol)

    def compare_last(self, day, row):
        trade, quote = day.expected['last_trade'], day.expected['last_quote']
        got = [(taq_expect.nanos(str(row['trade']['price'])), trade['price'], 'last price'),
               (int(row['trade']['ts_event']) // 10**6, trade['ts_ms'], 'time of the last trade'),
               (int(row['quote']['ts_event']) // 10**6, quote['ts_ms'], 'time of the last quote')]
        return [f'{day.symbol}: {what} is {have}, expected {want}'
                for have, want, what in got if have != want]

    def bars_in(self, feed, symbol, count):
        done = self.pipeline.run('ringside', 'tail', symbol, '--feed', feed, '--from', 'oldest',
                                 '--kind', 'bar', '--count', count, '--format', 'json')
        return read_tail(done.stdout, f'{symbol} bars of {feed}')[1]

    def compare_vendor_bars(self, day, row):
        """The vendor's minute bars, as the feed handler took them over."""
        priced = {start: bar for start, bar in day.expected['bars'].items()
                  if bar['open'] is not None}
        bars = self.bars_in(day.feed, day.symbol, row['bars']).get('bar_1m', {})
        for bar in bars.values():
            bar.pop('trades')  # the vendor sends an average size, no count
        return bar_differences(f'{day.symbol} AM', bars, priced, VENDOR_VWAP_UNIT)

    def compare_stats(self, day):
        row = self.listed('stats', day.symbol)
        bars = self.bars_in('stats', day.symbol, row['bars'])
        found = bar_differences(f'{day.symbol} 1 m bars of stats', bars.get('bar_1m', {}),
                                day.expected['bars'])
        days = list(bars.get('bar_1d', {}).items())
        if len(days) != 1:
            return found + [f'{day.symbol}: {len(days)} day bars']
        return found + bar_differences(f'{day.symbol} day', {0: days[0][1]},
                                       {0: day.expected['day']})

    def compare_browser(self, browser):
        found, expected_count, received = [], 0, 0
        for day in self.days:
            totals, bars, aggregates = read_websocket(browser.messages, day.symbol,
                                                      f'{day.symbol} by WebSocket')
            found += totals.differences(day.expected)
            found += bar_differences(f'{day.symbol} bars by WebSocket', bars, day.expected['bars'])
            found += bar_differences(f'{day.symbol} AM by WebSocket', aggregates, {
                start: bar for start, bar in day.expected['bars'].items()
                if bar['open'] is not None}, VENDOR_VWAP_UNIT)
            expected_count += day.ticks
            received += totals.trades + totals.quotes
        self.accounting.add('gateway -> browser', expected_count, received,
                            lost_by_websocket(browser.messages))
        return found

    def published_and_received(self):
        """{(feed, consumer): (published on the tapes it follows, received, lost)}."""
        top, found = self.pipeline.top(), {}
        for feed in self.pipeline.feeds:
            for row in self.pipeline.readers(feed):
                tapes = ('ticks',) if row['name'] in TICKS_ONLY else ('ticks', 'bars')
                found[feed, row['name']] = (sum(top[feed][tape] for tape in tapes),
                                            row['received'], row['lost'])
        return found

    def account_readers(self, before):
        """What each consumer reports itself, since the replay began."""
        sent = json.loads(self.pipeline.sim_command('stats'))['sent']
        for feed, sample in self.pipeline.top().items():
            if feed not in self.pipeline.feeds:
                continue
            counters = {name: counter['value'] for name, counter in sample['counters'].items()}
            events = sum(counters[f'events_{kind}'] for kind in ('trades', 'quotes', 'bars_1m'))
            self.accounting.add(f'vendor -> {feed} handler', sum(sent[feed].values()), events,
                                counters['events_rejected'] + counters['gaps'])
            status = before[feed, 'gateway'][0]  # what was published before the first event
            self.accounting.add(f'{feed} handler -> rings', events,
                                sample['ticks'] + sample['bars'] - status,
                                counters['events_refused'] + counters['events_unwanted'])
        for place, now in self.published_and_received().items():
            if place in before:
                self.accounting.add(' -> '.join(place), *(
                    b - a for a, b in zip(before[place], now)))

    def compare_files(self):
        """What the recorder left, read by the reader that was written from the format alone."""
        symbols = [day.symbol for day in self.days]
        totals = read_dbn(self.pipeline.recordings, symbols, 'DBN')
        for feed in self.pipeline.feeds:
            rows = [totals[day.symbol] for day in self.days if day.feed == feed]
            self.accounting.add(f'{feed} -> DBN files', self.ticks_of(feed),
                                sum(of.trades + of.quotes for of in rows), 0)
        return [f'{day.symbol} {line}' for day in self.days
                for line in totals[day.symbol].differences(day.expected)]

    def test_one_real_day(self):
        self.replay([Day('XXX', 'stocks', (taq_expect.TRADES, taq_expect.QUOTES))])

    def test_two_symbols_at_once_on_both_feeds(self):
        with Pipeline({}) as folder:
            made = taq_made.make(folder.dir, 'YYY', 20_000)
            real = (taq_expect.TRADES, taq_expect.QUOTES)
            self.replay([Day('XXX', 'stocks', real), Day('YYY', 'stocks', made),
                         Day(OPTION.format('XXX'), 'options', real),
                         Day(OPTION.format('YYY'), 'options', made)])


if __name__ == '__main__':
    unittest.main(verbosity=2)
