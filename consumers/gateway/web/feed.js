// The connection to the gateway: one socket, subscriptions as state that is sent again after every
// reconnect, liveness by any message, clock and round trip by ping and pong. Knows no DOM.

const PING_MS = 1000;
const SILENCE_MS = 5000; // no message for so long: the line is dead whatever TCP says
const BACKOFF_MS = { base: 250, cap: 15000, stable: 10000 };

export class Feed {
  #handlers;
  #url;
  #socket = null;
  #generation = 0; // a late event of an old socket must not touch the new one
  #attempts = 0;
  #openedAt = 0;
  #heardAt = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #pingId = 0;
  #wanted = new Map(); // "trades" | "quote" | "options" -> Set of symbols
  #round = []; // the last round trips
  #token;
  #isReady = false; // welcomed, and authenticated where that is asked for
  #isHeld = false; // waits for a token: asking again without one is no use

  /** handlers: onMessage(message), onClosed(attempts), onRoundTrip(ms), onTokenNeeded() */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    addEventListener('online', () => this.#retryNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#retryNow();
    });
  }

  start(token = '') {
    this.#token = token;
    this.#connect();
    this.#pingTimer = setInterval(() => this.#tick(), PING_MS);
  }

  stop() {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#retryTimer);
    this.#generation += 1;
    this.#socket?.close();
  }

  setToken(token) {
    this.#token = token;
    this.#attempts = 0;
    this.#isHeld = false;
    this.#retryNow();
  }

  subscribe(channel, symbols) {
    const set = this.#wanted.get(channel) ?? new Set();
    const fresh = symbols.filter((symbol) => !set.has(symbol));
    for (const symbol of fresh) set.add(symbol);
    this.#wanted.set(channel, set);
    if (fresh.length > 0) this.#send(request('subscribe', channel, fresh));
  }

  unsubscribe(channel, symbols) {
    const set = this.#wanted.get(channel);
    const gone = symbols.filter((symbol) => set?.delete(symbol));
    if (gone.length > 0) this.#send(request('unsubscribe', channel, gone));
  }

  #send(message) {
    // What is not sent now is not lost: subscriptions are sent again when the socket is ready.
    if (this.#isReady) this.#socket.send(JSON.stringify(message));
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.addEventListener('message', (event) => isCurrent() && this.#heard(event.data));
    socket.addEventListener('close', () => isCurrent() && this.#closed());
  }

  #welcomed({ authRequired }) {
    if (!authRequired) return this.#ready();
    if (!this.#token) return this.#hold();
    this.#socket.send(JSON.stringify({ type: 'auth', token: this.#token }));
    return undefined;
  }

  #ready() {
    this.#openedAt = performance.now();
    this.#isReady = true;
    this.#round = [];
    for (const [channel, symbols] of this.#wanted) {
      if (symbols.size > 0) this.#send(request('subscribe', channel, [...symbols]));
    }
    this.#ping();
  }

  #hold() {
    this.#isHeld = true;
    this.#handlers.onTokenNeeded();
    this.#socket.close();
  }

  #heard(data) {
    this.#heardAt = performance.now();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // one bad message costs itself
    }
    if (message.type === 'pong') this.#pong(message);
    if (message.type === 'welcome') this.#welcomed(message);
    if (message.type === 'authenticated') this.#ready();
    if (message.type === 'error' && message.code === 'unauthorized') this.#hold();
    this.#handlers.onMessage(message);
  }

  #closed() {
    if (this.#openedAt && performance.now() - this.#openedAt > BACKOFF_MS.stable) this.#attempts = 0;
    this.#openedAt = 0;
    this.#socket = null;
    this.#isReady = false;
    if (this.#isHeld) return;
    this.#attempts += 1;
    this.#handlers.onClosed(this.#attempts);
    // Full jitter: a thousand pages do not come back in the same millisecond.
    const most = Math.min(BACKOFF_MS.cap, BACKOFF_MS.base * 2 ** Math.min(this.#attempts, 10));
    this.#retryTimer = setTimeout(() => this.#connect(), Math.random() * most);
  }

  #retryNow() {
    if (this.#socket === null && !this.#isHeld) this.#connect();
  }

  #tick() {
    if (this.#socket === null) return;
    if (performance.now() - this.#heardAt > SILENCE_MS) {
      this.#generation += 1; // its close event may take a minute
      this.#socket.close();
      this.#closed();
      return;
    }
    this.#ping();
  }

  #ping() {
    this.#pingId += 1;
    this.#send({ type: 'ping', id: this.#pingId, t: performance.now() });
  }

  #pong(message) {
    if (typeof message.t !== 'number') return;
    this.#round.push(performance.now() - message.t);
    if (this.#round.length > 5) this.#round.shift();
    // The middle of the last five: one busy frame is not the line's fault.
    const sorted = [...this.#round].sort((a, b) => a - b);
    this.#handlers.onRoundTrip(sorted[sorted.length >> 1]);
  }
}

function request(verb, channel, symbols) {
  if (channel === 'options') return { type: `${verb}_options`, contractIds: symbols };
  return channel === 'quote'
    ? { type: verb, symbols }
    : { type: verb, channel, symbols };
}
