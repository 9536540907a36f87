"""The dashboard in a real browser: prices move, the light is green, the latency is shown, and when
the feed handler dies the light says so and comes back by itself."""

import os
import signal
import unittest

from browser import Browser
from harness import BIN_DIR, Lab, wait_until

SHOTS = os.path.join(BIN_DIR, '..', 'shots')
SYMBOLS = ['SPY', 'QQQ', 'DIA', 'AAPL', 'TSLA', 'NVDA']
PRICES = ('Object.fromEntries([...document.querySelectorAll("tr[data-symbol]")].map(row => '
          '[row.dataset.symbol, row.querySelector("td[data-field=price]")?.textContent]))')
LIGHT = 'document.querySelector("#light")?.dataset.state'


class Page(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.__exit__, None, None, None)
        self.up = self.lab.start('ringside', 'up', '--set', 'gateway.port=0', name='up')
        self.url = self.up.wait_for(r'http://127\.0\.0\.1:\d+/?').group(0)

    def test_prices_move_under_a_green_light(self):
        with Browser() as browser:
            browser.open(self.url)
            browser.wait_for('the light is green', f'{LIGHT} === "live"')
            browser.wait_for('every default symbol has a row with a price', f'''(() => {{
                const prices = {PRICES};
                return {SYMBOLS}.every(s => /[0-9]/.test(prices[s] ?? ""));
            }})()''')
            first = browser.evaluate(PRICES)

            def moved():
                now = browser.evaluate(PRICES)
                return [s for s in SYMBOLS if now.get(s) != first.get(s)]
            wait_until('three prices have moved', lambda: len(moved()) >= 3)
            browser.wait_for('the latency is a number', '/[0-9]/.test(document.querySelector('
                             '"#latency")?.textContent ?? "")')
            browser.wait_for('the day has a volume', '/[0-9]/.test(document.querySelector('
                             '"tr[data-symbol=SPY] td[data-field=volume]")?.textContent ?? "")')
            os.makedirs(SHOTS, exist_ok=True)
            browser.screenshot(os.path.join(SHOTS, 'dashboard.png'))
            self.assertEqual(browser.complaints(), [])

    def test_the_light_goes_out_with_the_feed_handler_and_comes_back(self):
        with Browser() as browser:
            browser.open(self.url)
            browser.wait_for('the light is green', f'{LIGHT} === "live"')
            status = wait_until('top answers', lambda: self.lab.json('top', '--once', '--format',
                                                                     'json'))
            pid = next(feed['pid'] for feed in status['feeds'] if feed['feed'] == 'stocks')
            os.kill(pid, signal.SIGKILL)
            browser.wait_for('the light is not green', f'{LIGHT} !== "live"')
            browser.wait_for('the light is green again', f'{LIGHT} === "live"')
            first = browser.evaluate(PRICES)
            wait_until('prices move again', lambda: browser.evaluate(PRICES) != first)


if __name__ == '__main__':
    unittest.main(verbosity=2)
