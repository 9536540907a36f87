"""The examples in C and C++ against a live feed: they print what comes, go on over a restart of the
feed handler, and their receipts balance; their exit codes are those of docs/faults.md."""

import os
import signal
import unittest

from live import EXAMPLES_DIR, LiveFeed, lines, receipts, run, wait_until

LANGUAGES = ('c', 'cpp')


def example(name, language):
    return os.path.join(EXAMPLES_DIR, f'{name}_{language}')


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.feed = LiveFeed()
        cls.enterClassContext(cls.feed)

    def assert_balanced(self, receipt):
        received, lost, pending, published = receipt
        self.assertEqual(received + lost + pending, published)

    def test_follow_symbol_prints_every_record_it_counts(self):
        for language in LANGUAGES:
            with self.subTest(language):
                done = run(example('follow_symbol', language), self.feed.socket, 'AAPL', 300)
                self.assertEqual((done.returncode, done.stderr), (0, ''))
                records = [line.split() for line in lines(done.stdout)
                           if line.startswith('AAPL ')]
                self.assertEqual({words[1] for words in records}, {'trade', 'quote'})
                (receipt,) = receipts(done.stdout)
                self.assert_balanced(receipt)
                self.assertEqual(receipt[0], 300)
                lost_lines = sum(words[1] == 'lost' for words in records)
                self.assertEqual(len(records) - lost_lines, 300)

    def test_follow_everything_counts_each_kind(self):
        for language in LANGUAGES:
            with self.subTest(language):
                done = run(example('follow_everything', language), self.feed.socket, 2000)
                self.assertEqual((done.returncode, done.stderr), (0, ''))
                (receipt,) = receipts(done.stdout)
                self.assert_balanced(receipt)
                self.assertEqual(receipt[0], 2000)
                kinds = dict(line.split() for line in lines(done.stdout)
                             if not line.startswith('receipt'))
                self.assertEqual(sum(map(int, kinds.values())), 2000)
                self.assertLessEqual({'trade', 'quote'}, set(kinds))

    def test_they_end_after_their_seconds(self):
        for language in LANGUAGES:
            with self.subTest(language):
                done = run(example('follow_everything', language), self.feed.socket, 0, 1)
                self.assertEqual((done.returncode, done.stderr), (0, ''))
                (receipt,) = receipts(done.stdout)
                self.assert_balanced(receipt)
                self.assertGreater(receipt[0], 0)

    def test_they_go_on_with_the_next_epoch(self):
        started = {}
        for language in LANGUAGES:
            name = f'everything-{language}'
            argv = [example('follow_everything', language), self.feed.socket]
            started[language] = self.feed.start_client(name, argv)
            wait_until(f'{name} is attached', lambda: len(self.readers()) == len(started))
        self.wait_published(1000)
        self.feed.restart()
        wait_until('both are attached again', lambda: len(self.readers()) == len(started))
        self.wait_published(1000)
        for language, program in started.items():
            with self.subTest(language):
                program.kill(signal.SIGINT)
                self.assertEqual(program.wait(), 0)
                found = receipts(program.out())
                # C prints a receipt an epoch, C++ their sum.
                self.assertEqual(len(found), 2 if language == 'c' else 1)
                for receipt in found:
                    self.assert_balanced(receipt)
                    self.assertGreater(receipt[0], 0)

    def readers(self):
        return [row for row in self.feed.readers('stocks') if row['name'] == 'everything']

    def wait_published(self, more):
        def published():
            return self.feed.feed('stocks')['counters']['ticks_published']['value']
        before = published()
        wait_until(f'{more} more records', lambda: published() > before + more)

    def test_exit_codes(self):
        for language in LANGUAGES:
            for name, more in (('follow_symbol', ['AAPL']), ('follow_everything', [])):
                with self.subTest(f'{name} {language}'):
                    program = example(name, language)
                    done = run(program, '--help')
                    self.assertEqual((done.returncode, done.stderr), (0, ''))
                    self.assertIn('SOCKET', done.stdout)
                    self.assertEqual(run(program).returncode, 2)
                    nobody = run(program, self.feed.run_path('nobody.sock'), *more)
                    self.assertEqual(nobody.returncode, 8, nobody.stderr)
                    self.assertIn('nobody.sock', nobody.stderr)

    def test_a_refused_symbol(self):
        for language in LANGUAGES:
            with self.subTest(language):
                done = run(example('follow_symbol', language), self.feed.socket, 'NO BLANKS')
                self.assertEqual(done.returncode, 8, done.stdout)
                self.assertIn('bad_symbol', done.stderr)


if __name__ == '__main__':
    unittest.main()
