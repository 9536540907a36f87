// The dashboard: joins the connection (feed.js) and the screen (view.js), keeps the watchlist.

import { Feed } from './feed.js';
import { View } from './view.js';

const STORE = 'ringside.watchlist';
const DEFAULT = ['SPY', 'QQQ', 'DIA', 'AAPL', 'TSLA', 'NVDA'];
const SYMBOLS_MAX = 200;
const HISTORY = 400;
const WORDS = {
  live: 'Live',
  delayed: 'Delayed',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Market closed',
};

const byId = (id) => document.getElementById(id);
const channelOf = (symbol) => (symbol.startsWith('O:') ? 'options' : 'quote');

let symbols = readSymbols();
let selected = '';
let messageCount = 0;
let lostCount = 0;

const view = new View({ select, remove });
const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
const feed = new Feed(`${scheme}://${location.host}/ws`, {
  onMessage,
  onClosed,
  onTokenNeeded,
  onRoundTrip: (ms) => view.latency(ms),
});

function readSymbols() {
  const asked = new URLSearchParams(location.search).get('symbols');
  if (asked) return asked.split(',').filter(isSymbol).slice(0, SYMBOLS_MAX);
  try {
    const kept = JSON.parse(localStorage.getItem(STORE));
    if (Array.isArray(kept)) return kept.filter(isSymbol).slice(0, SYMBOLS_MAX);
  } catch {
    // No storage, or something else in it: begin anew.
  }
  return DEFAULT;
}

function keepSymbols() {
  try {
    localStorage.setItem(STORE, JSON.stringify(symbols));
  } catch {
    // A private window: the list lives as long as the page.
  }
}

function isSymbol(text) {
  return typeof text === 'string' && /^[!#-[\]-~]{1,24}$/.test(text) && text !== '*';
}

function add(symbol) {
  if (symbols.includes(symbol)) return select(symbol);
  symbols = [...symbols, symbol];
  keepSymbols();
  view.setSymbols(symbols);
  feed.subscribe(channelOf(symbol), [symbol]);
  select(symbol);
}

function remove(symbol) {
  symbols = symbols.filter((each) => each !== symbol);
  keepSymbols();
  view.setSymbols(symbols);
  feed.unsubscribe(channelOf(symbol), [symbol]);
  if (symbol === selected) select(symbols[0] ?? '');
}

function select(symbol) {
  if (selected === symbol && symbol) return;
  if (selected) feed.unsubscribe('trades', [selected]);
  selected = symbol;
  view.select(symbol);
  if (!symbol) return;
  feed.subscribe('trades', [symbol]);
}

async function readHistory(symbol) {
  const path = `/api/market/trades/${encodeURIComponent(symbol)}?limit=${HISTORY}`;
  try {
    const answer = await fetch(path, { headers: authorization() });
    if (!answer.ok) return; // not carried yet: the live trades will do
    const { trades, sequence } = await answer.json();
    view.history(symbol, trades, sequence);
  } catch {
    // The socket tells about a lost gateway; no second message is needed.
  }
}

function authorization() {
  const token = sessionStorage.getItem('ringside.token');
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function onClosed(attempts) {
  const state = attempts > 3 ? 'offline' : 'reconnecting';
  view.status(state, `${WORDS[state]}: no gateway`);
}

function onTokenNeeded() {
  view.status('offline', 'Token needed');
  byId('login').hidden = false;
  byId('token').focus();
}

function onMessage(message) {
  messageCount += 1;
  switch (message.type) {
    case 'quote':
      return view.quote(message.data.symbol, message.data);
    case 'option_update':
      return view.quote(message.data.contractId, message.data);
    case 'market-data':
      if (message.channel === 'trades') view.trade(message.data, message.metadata.seq);
      return undefined;
    case 'subscribed':
      return onSubscribed(message);
    case 'status':
      return onStatus(message);
    case 'welcome':
      byId('version').textContent = `gateway ${message.version}`;
      return undefined;
    case 'lag':
      lostCount += message.count ?? 1;
      return view.note(`${lostCount.toLocaleString('en-US')} messages were lost on the way (${message.reason})`);
    case 'error':
      return onError(message);
    default:
      return undefined;
  }
}

function onSubscribed({ channels, snapshot }) {
  for (const each of snapshot) view.quote(each.symbol ?? each.contractId, each);
  // The stream is running: what was before it joins without a seam.
  const isSelected = snapshot.length === 1 && snapshot[0].symbol === selected;
  const isCarried = isSelected && snapshot[0].state !== 'pending';
  if (isCarried && channels?.includes('trades')) readHistory(selected);
}

function onStatus({ state, feeds }) {
  const others = feeds.filter((each) => each.state !== state && each.state !== 'live');
  const aside = others.map((each) => `${each.feed} ${each.state}`).join(', ');
  view.status(state, (WORDS[state] ?? state) + (aside ? ` (${aside})` : ''));
}

function onError(message) {
  if (message.code !== 'unauthorized') byId('hint').textContent = message.message;
}

byId('add').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId('symbol');
  const text = input.value.trim();
  // Capitals unless somebody means it: "BACpA" is a symbol too.
  const symbol = /^[a-z.:0-9]+$/.test(text) ? text.toUpperCase() : text;
  if (!isSymbol(symbol)) {
    byId('hint').textContent = 'A symbol has 1 to 24 letters, digits or signs.';
    return;
  }
  byId('hint').textContent = '';
  input.value = '';
  add(symbol);
});

let searchTimer = 0;
byId('symbol').addEventListener('input', (event) => {
  clearTimeout(searchTimer);
  const text = event.target.value.trim();
  if (!text) return;
  searchTimer = setTimeout(async () => {
    try {
      const answer = await fetch(`/api/market/search?limit=12&q=${encodeURIComponent(text)}`,
        { headers: authorization() });
      if (!answer.ok) return;
      const { results } = await answer.json();
      byId('found').replaceChildren(...results.map(({ symbol }) => new Option(symbol)));
    } catch {
      // Suggestions are a nicety.
    }
  }, 150);
});

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = byId('token').value.trim();
  byId('token').value = '';
  byId('login').hidden = true;
  sessionStorage.setItem('ringside.token', token);
  feed.setToken(token);
});

setInterval(() => {
  view.rate(messageCount);
  messageCount = 0;
}, 1000);

view.setSymbols(symbols);
for (const symbol of symbols) feed.subscribe(channelOf(symbol), [symbol]);
select(symbols[0] ?? '');
feed.start(sessionStorage.getItem('ringside.token') ?? '');
