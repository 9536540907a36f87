"""The whole pipeline on a TAQ day: simulator, feed handler, recorder, statistics, gateway, each its
own process in a Lab, and what `ringside top` says about them."""

import json
import socket
import urllib.error
import urllib.request

from harness import Lab, wait_until
from ws_client import Collector, WebSocket

KEY = 'a-key-for-tests'
# Rings and tape hold the whole day, so that it can be read back from the oldest record.
SLOTS = 131_072
TAPE_SLOTS = 262_144


def feed_config(name, port, run_dir, symbols, **more):
    values = {'host': 'localhost', 'port': port, 'ca_file': f'{run_dir}/sim/ca.pem',
              'market': name, 'path': f'/{name}', 'symbols': symbols,
              'channels': ['T', 'Q', 'AM'],
              'default_slots': SLOTS, 'bar_slots': 4096, 'tape_slots': TAPE_SLOTS,
              'symbol_count_max': 64, 'backoff_ms_min': 50, 'backoff_ms_max': 500, **more}
    return f'[feed.{name}]\n' + ''.join(f'{key} = {json.dumps(value)}\n'
                                        for key, value in values.items())


class Pipeline(Lab):
    """`feeds`: {"stocks": [symbols], "options": [symbols]}; what is not named is switched off."""

    def __init__(self, feeds):
        super().__init__(env={'RINGSIDE_MASSIVE_KEY': KEY, 'RINGSIDE_SIM_KEY': KEY})
        self.feeds = feeds
        self.sim = self.handler = self.recorder = self.stats = self.gateway = None
        self.recordings = self.path('recordings')
        self.collectors = []

    def __exit__(self, *how):
        for collector in self.collectors:
            collector.stop()
        super().__exit__(*how)

    def start_sim(self, *flags, **more):
        """Starts the simulator and writes the configuration; `more`: keys of every feed."""
        self.sim = self.start('ringside', 'sim', *flags, name='sim')
        port = int(self.sim.wait_for(r'wss://[\w.]+:(\d+)').group(1))
        self.write_config(self.config(port, **more))
        return port

    def sim_command(self, line):
        """One line to the simulator's control socket; its answer."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(self.run_path('sim', 'control'))
            sock.sendall(line.encode() + b'\n')
            answer = b''
            while not answer.endswith(b'\n'):
                data = sock.recv(65536)
                if not data:
                    break
                answer += data
            return answer.decode().strip()

    def config(self, port, **more):
        text = ''
        for name in ('stocks', 'options'):
            if name in self.feeds:
                text += feed_config(name, port, self.run_dir, self.feeds[name], **more)
            else:
                text += f'[feed.{name}]\nenabled = false\n'
        return text + f'''
[recorder]
dir = "{self.recordings}"
flush_ms = 100
[stats]
slots = 65536
[gateway]
port = 0
backlog_bytes_max = 536870912
backlog_total_bytes_max = 1073741824
'''

    def start_handler(self):
        self.handler = self.start('ringside-feedhandler')
        self.wait_feeds_live()
        return self.handler

    def start_consumers(self):
        self.recorder = self.start('ringside-recorder')
        self.stats = self.start('ringside-stats')
        self.start_gateway()
        for feed in self.feeds:
            for name in ('recorder', 'stats', 'gateway'):
                wait_until(f'{name} is attached to {feed}', lambda: self.reader(feed, name))
        wait_until('the gateway is attached to the statistics',
                   lambda: self.reader('stats', 'gateway'))

    def start_gateway(self):
        self.gateway = self.start('ringside-gateway')
        self.gateway_port = int(self.gateway.wait_for(r'http://127\.0\.0\.1:(\d+)').group(1))

    # --- what the pipeline says about itself ---

    def top(self):
        """{feed: its sample}; {} while no feed runs."""
        status = self.json('top', '--once', '--interval', '50', '--format', 'json')
        return {feed['feed']: feed for feed in status['feeds']} if status else {}

    def feed(self, name):
        return self.top().get(name)

    def wait_feeds_live(self, seconds=None):
        def are_live():
            top = self.top()
            return all(top.get(name, {}).get('state') == 'live' and
                       top[name]['symbols_live'] >= len(symbols)
                       for name, symbols in self.feeds.items())
        wait_until(lambda: f'the feeds are live: {self.top()}', are_live, seconds)

    def readers(self, feed):
        """The rows of one feed's consumers, without the one that looks."""
        sample = self.feed(feed) or {}
        return [row for row in sample.get('readers', []) if row['name'] != 'ringside top']

    def reader(self, feed, name):
        """The row of the consumer whose name contains `name`; None when it is not attached."""
        for row in self.readers(feed):
            if name in row['name']:
                return row
        return None

    def get(self, path):
        """(status, text) of an HTTP request to the gateway."""
        request = urllib.request.Request(f'http://127.0.0.1:{self.gateway_port}{path}')
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        """{name with labels: value} of the gateway's /metrics."""
        _, text = self.get('/metrics')
        return {line.rsplit(' ', 1)[0]: float(line.rsplit(' ', 1)[1])
                for line in text.splitlines() if line and not line.startswith('#')}

    def subscribe(self, channels, symbols, policy='all'):
        """A WebSocket client that keeps what it gets, subscribed and acknowledged."""
        client = WebSocket('127.0.0.1', self.gateway_port, '/ws')
        client.send_json({'type': 'subscribe', 'channels': channels, 'symbols': symbols,
                          'policy': policy})
        collector = Collector(client)
        self.collectors.append(collector)
        wait_until(lambda: f'subscribed: {collector.messages}, {collector.error}',
                   lambda: any('"subscribed"' in message[:64] for message in collector.messages))
        return collector
