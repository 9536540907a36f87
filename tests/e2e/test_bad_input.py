"""What goes wrong at start ends with one clear line on standard error and its exit code
(base/include/ringside/base/result.hpp), and starts nothing.

Each case names what it plants, the exit code, and what the line must contain.
"""

import os
import re
import resource
import select
import socket
import subprocess
import threading
import unittest

from harness import Lab, lines, wait_until
from pipeline import KEY, feed_config

USAGE, CONFIG, AUTH, CONNECT, MEMORY, BUSY, NOT_FOUND, TLS = 2, 3, 4, 5, 6, 7, 8, 9
IO, PERMISSION = 12, 14
PROGRAMS = [('ringside-feedhandler',), ('ringside-recorder',), ('ringside-stats',),
            ('ringside-gateway',), ('ringside', 'config', 'check'), ('ringside', 'up'),
            ('ringside', 'sim')]


class Forwarder(threading.Thread):
    """Hands connections to another loopback address on to `port`: a name that the certificate
    behind it does not have."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, 0))
        self.port, self.target = self.listener.getsockname()[1], port

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join(10)
        self.listener.close()

    def run(self):
        try:
            while True:
                near = self.listener.accept()[0]
                self.carry(near, socket.create_connection(('127.0.0.1', self.target)))
        except OSError:
            pass  # the listener is shut down: the test is over

    @staticmethod
    def carry(near, far):
        with near, far:
            while True:
                for sock in select.select([near, far], [], [])[0]:
                    try:
                        data = sock.recv(65536)
                        (far if sock is near else near).sendall(data)
                    except OSError:
                        data = b''
                    if not data:
                        return


class BadInput(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(env={'RINGSIDE_MASSIVE_KEY': KEY, 'RINGSIDE_SIM_KEY': KEY})
        self.addCleanup(self.lab.__exit__, None, None, None)

    def ends(self, argv, code, *words, env=None, limit=None, common=True):
        """Runs argv; it must end by itself with `code` and one line that matches every word."""
        extra = self.lab.common() if common else []
        done = subprocess.run(
            self.lab.argv(*argv) + extra + ['--log-level', 'error'], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, cwd=self.lab.dir, check=False,
            env={**self.lab.env, **(env or {})}, preexec_fn=limit)
        said = lines(done.stderr)
        claim = f'{" ".join(argv)}: exit {done.returncode}, said {done.stderr!r}'
        self.assertEqual(done.returncode, code, claim)
        self.assertEqual(len(said), 1, claim)
        self.assertRegex(said[0], r'^ringside[\w -]*: ', claim)
        for word in words:
            self.assertRegex(said[0], word, claim)
        self.assertNotIn(KEY, done.stderr + done.stdout)

    # --- the configuration, for every program ---

    def test_config_unknown_key(self):
        self.lab.write_config('[gateway]\nport = 0\n\n[feed.stocks]\nslotz = 5\n')
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.ends(program, CONFIG, r'ringside\.toml:5', r'feed\.stocks\.slotz')

    def test_config_value_out_of_range(self):
        self.lab.write_config('[gateway]\nport = 65536\n')
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.ends(program, CONFIG, r'ringside\.toml:2', r'gateway\.port', '65536', '65535')

    def test_config_wrong_type_and_broken_file(self):
        for text, word in (('[gateway]\nport = "many"\n', r'toml:2.*gateway\.port'),
                           ('[gateway\nport = 1\n', r'toml:1')):
            self.lab.write_config(text)
            for program in PROGRAMS:
                with self.subTest(program=program, text=text):
                    self.ends(program, CONFIG, word)

    def test_config_from_flags_and_environment(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.ends((*program, '--set', 'gateway.prot=1'), CONFIG, r'gateway\.prot')
                self.ends((*program, '--set', 'gateway.port'), USAGE, 'key=value')
                self.ends(program, CONFIG, 'RINGSIDE_GATEWAY_PORT|gateway.port', '-1',
                          env={'RINGSIDE_GATEWAY_PORT': '-1'})

    def test_missing_configuration_file(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.ends((*program, '--config', self.lab.path('none.toml')), NOT_FOUND,
                          r'none\.toml', common=False)

    def test_unknown_flag(self):
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.ends((*program, '--colour'), USAGE, '--colour', '--help')

    # --- the feed handler ---

    def point_at(self, port, **more):
        self.lab.write_config(feed_config('stocks', port, self.lab.run_dir, ['AAPL'],
                                          connect_attempts_max=2, **more) +
                              '[feed.options]\nenabled = false\n')

    def start_sim(self):
        sim = self.lab.start('ringside', 'sim', name='sim')
        return int(sim.wait_for(r'wss://[\w.]+:(\d+)').group(1))

    def test_wrong_certificate(self):
        port = self.start_sim()
        other = self.lab.path('other.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=other',
                        '-keyout', self.lab.path('other.key'), '-out', other], check=True,
                       capture_output=True)
        self.point_at(port, ca_file=other)
        self.ends(('ringside-feedhandler',), TLS, 'stocks', 'certificate')

    def test_certificate_of_another_host(self):
        port = self.start_sim()
        with Forwarder('127.0.0.2', port) as forwarder:
            self.point_at(forwarder.port, host='127.0.0.2')
            self.ends(('ringside-feedhandler',), TLS, 'stocks', r'127\.0\.0\.2')

    def test_bad_key(self):
        self.point_at(self.start_sim())
        self.ends(('ringside-feedhandler',), AUTH, 'stocks', 'key',
                  env={'RINGSIDE_MASSIVE_KEY': 'wrong'})

    def test_no_key(self):
        self.point_at(self.start_sim())
        del self.lab.env['RINGSIDE_MASSIVE_KEY']
        self.ends(('ringside-feedhandler',), NOT_FOUND, 'RINGSIDE_MASSIVE_KEY')

    def test_key_file_that_others_may_read(self):
        path = self.lab.path('key')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(KEY)
        os.chmod(path, 0o644)
        del self.lab.env['RINGSIDE_MASSIVE_KEY']
        self.point_at(self.start_sim(), key_file=path)
        self.ends(('ringside-feedhandler',), PERMISSION, re.escape(path))

    def test_refused_port(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
        self.start_sim()  # for its authority
        self.point_at(port)
        self.ends(('ringside-feedhandler',), CONNECT, 'stocks', str(port), '(?i)refused')

    def test_missing_authority_file(self):
        self.point_at(1, ca_file=self.lab.path('none.pem'))
        self.ends(('ringside-feedhandler',), NOT_FOUND, r'none\.pem')

    def test_not_enough_memory(self):
        self.start_sim()
        self.point_at(1, memory_mib=65536)
        self.ends(('ringside-feedhandler',), MEMORY, 'stocks', r'\d+ bytes', limit=lambda: (
            resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))))

    def test_second_feed_handler_for_the_same_feed(self):
        self.point_at(self.start_sim())
        self.lab.start('ringside-feedhandler')
        wait_until('the first one serves', lambda: self.lab.json(
            'top', '--once', '--interval', '50', '--format', 'json'))
        self.ends(('ringside-feedhandler',), BUSY, 'stocks')

    # --- the others ---

    def test_gateway_port_taken(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            self.ends(('ringside-gateway', '--set', f'gateway.port={port}'), BUSY, str(port))

    def test_gateway_beyond_loopback_without_authentication(self):
        self.ends(('ringside-gateway', '--set', 'gateway.address=0.0.0.0'), CONFIG,
                  r'gateway\.address', r'gateway\.tokens_file')

    def test_sim_port_taken_and_missing_files(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            self.ends(('ringside', 'sim', '--port', str(port)), BUSY, str(port))
        self.ends(('ringside', 'sim', '--taq', 'none.csv', 'none.csv.gz'), NOT_FOUND, r'none\.csv')

    def test_recorder_folder_that_is_a_file(self):
        self.ends(('ringside-recorder', '--set', f'recorder.dir={self.lab.config_path}'),
                  IO, r'ringside\.toml')

    def test_looking_where_nothing_runs(self):
        for verb in (('ls',), ('tail', 'AAPL'), ('top', '--once')):
            with self.subTest(verb=verb):
                self.ends(('ringside', *verb), NOT_FOUND, 'run')

    def test_run_time_folder_that_others_may_enter(self):
        os.mkdir(self.lab.run_dir, 0o755)
        os.chmod(self.lab.run_dir, 0o755)
        for program in (('ringside', 'up'), ('ringside', 'sim'), ('ringside-feedhandler',)):
            with self.subTest(program=program):
                self.ends(program, PERMISSION, '0755', '0700')


if __name__ == '__main__':
    unittest.main(verbosity=2)
