"""A headless Chromium with a fresh profile, driven over the DevTools protocol with the test's own
WebSocket client. Its background services are off: it opens the page it is told to and nothing else.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile

from harness import TimedOut, wait_until
from ws_client import WebSocket

FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--disable-dev-shm-usage', '--disable-extensions', '--no-default-browser-check',
         '--disable-features=OptimizationHints,MediaRouter,Translate', '--window-size=1280,900',
         '--remote-debugging-port=0']


class Browser:
    def __init__(self, timeout=60.0):
        program = shutil.which('chromium') or shutil.which('chromium-browser')
        if program is None:
            raise AssertionError('chromium is not installed (tools/install-deps test)')
        self.profile = tempfile.mkdtemp(prefix='ringside-e2e-chromium-')
        self.log_path = os.path.join(self.profile, 'log')
        self.timeout = timeout
        self.socket = None
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(
                [program, *FLAGS, f'--user-data-dir={self.profile}', 'about:blank'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, 'HOME': self.profile, 'TMPDIR': self.profile})
        self.number = 0
        self.events = []  # (method, params) of the page, in order

    def __enter__(self):
        try:
            self._attach()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _attach(self):
        port_file = os.path.join(self.profile, 'DevToolsActivePort')

        def where():
            if self.process.poll() is not None:
                raise AssertionError(f'chromium ended: {self.process.returncode}\n{self.log()}')
            try:
                with open(port_file, encoding='utf-8') as stream:
                    found = stream.read().split('\n')
            except FileNotFoundError:
                return None
            return found if len(found) == 2 else None

        port, path = wait_until('chromium writes its DevTools port', where, self.timeout)
        self.socket = WebSocket('127.0.0.1', int(port), path, timeout=self.timeout)
        target = self._call('Target.createTarget', {'url': 'about:blank'})['targetId']
        self.session = self._call('Target.attachToTarget',
                                  {'targetId': target, 'flatten': True})['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def __exit__(self, _kind, _error, _trace):
        if self.socket is not None:
            self.socket.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself
        self.process.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as stream:
            return stream.read()[-2000:]

    def _call(self, method, params=None, session=None):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': params or {}}
        if session:
            request['sessionId'] = session
        self.socket.send_json(request)
        while True:
            message = self.socket.receive_json()
            if message is None:
                raise AssertionError('chromium closed its DevTools socket')
            if message.get('id') == self.number:
                if 'error' in message:
                    raise AssertionError(f'{method}: {message["error"]["message"]}')
                return message['result']
            if 'method' in message:
                self.events.append((message['method'], message['params']))

    def call(self, method, params=None):
        """One DevTools command to the page; what the page says meanwhile is kept in `events`."""
        return self._call(method, params, self.session)

    def open(self, url):
        result = self.call('Page.navigate', {'url': url})
        if 'errorText' in result:
            raise AssertionError(f'{url}: {result["errorText"]}')

    def evaluate(self, expression):
        """The JSON value of a JavaScript expression in the page."""
        result = self.call('Runtime.evaluate', {
            'expression': f'JSON.stringify({expression})', 'returnByValue': True,
            'awaitPromise': True})
        if 'exceptionDetails' in result:
            raise AssertionError(f'{expression}: {result["exceptionDetails"]}')
        value = result['result'].get('value')
        return None if value is None else json.loads(value)

    def wait_for(self, claim, expression, seconds=None):
        """Waits until the expression is true in the page."""
        try:
            return wait_until(claim, lambda: self.evaluate(expression), seconds)
        except TimedOut as late:
            text = self.evaluate('document.body ? document.body.innerText.slice(0, 1500) : null')
            raise AssertionError(f'{late}; the page: {text!r}; {self.complaints()}') from None

    def complaints(self):
        """What the page's console reported as an error, and exceptions nobody caught."""
        found = []
        for method, params in self.events:
            if method == 'Runtime.exceptionThrown':
                found.append(params['exceptionDetails'].get('text', '') + ' ' + params[
                    'exceptionDetails'].get('exception', {}).get('description', ''))
            elif method == 'Runtime.consoleAPICalled' and params['type'] == 'error':
                found.append(' '.join(str(a.get('value', a.get('description'))) for a in
                                      params['args']))
            elif method == 'Log.entryAdded' and params['entry']['level'] == 'error':
                found.append(f'{params["entry"]["text"]} ({params["entry"].get("url", "")})')
        return found

    def screenshot(self, path):
        data = self.call('Page.captureScreenshot', {'format': 'png'})['data']
        with open(path, 'wb') as stream:
            stream.write(base64.b64decode(data))
