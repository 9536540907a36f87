// What is on the screen. Values are kept here and painted once a frame; a cell is written only when
// its text changes. No HTML from strings anywhere.

const FLASH_MS = 300;
const FLASH_PAUSE_MS = 500; // at most two flashes a second in one cell
const STALE_MS = 15000;
const TRADES_SHOWN = 40; // as many as fit are seen
const POINTS_MAX = 600;
const POINT_MS = 250; // of the line: one point for so long

const byId = (id) => document.getElementById(id);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setData(node, name, value) {
  if (value) {
    if (node.dataset[name] !== value) node.dataset[name] = value;
  } else if (name in node.dataset) {
    delete node.dataset[name];
  }
}

export function priceText(value) {
  if (typeof value !== 'number') return '–';
  const text = String(value);
  const point = text.indexOf('.');
  const digits = point < 0 ? 0 : text.length - point - 1;
  return value.toFixed(Math.min(4, Math.max(2, digits)));
}

/** For columns that are read at a glance: hundredths, but for the cheapest. */
function shortPrice(value) {
  return typeof value === 'number' && Math.abs(value) >= 1 ? value.toFixed(2) : priceText(value);
}

function signed(value, digits) {
  if (typeof value !== 'number') return '–';
  return (value > 0 ? '+' : value < 0 ? '−' : '') + Math.abs(value).toFixed(digits);
}

function volumeText(value) {
  if (typeof value !== 'number') return '–';
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return Math.round(value).toLocaleString('en-US');
}

export function ageText(ms) {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 10000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  if (ms < 120000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60000)} min`;
}

function timeText(ms) {
  const at = new Date(ms);
  const two = (number) => String(number).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.` +
    String(at.getMilliseconds()).padStart(3, '0');
}

/** Against the previous close, else against the open. */
function changeOf(data) {
  if (typeof data.change === 'number') {
    return { change: data.change, percent: data.changePercent };
  }
  if (typeof data.price !== 'number' || typeof data.open !== 'number' || data.open <= 0) return {};
  const change = data.price - data.open;
  return { change, percent: (change / data.open) * 100 };
}

function trendOf(value) {
  return value > 0 ? 'up' : value < 0 ? 'down' : '';
}

class Row {
  data = {};
  heardAt = NaN;
  #flashedAt = -Infinity;
  #cells = {};

  constructor(symbol, actions) {
    this.symbol = symbol;
    this.node = document.createElement('tr');
    this.node.dataset.symbol = symbol;
    for (const field of ['symbol', 'price', 'change', 'changePercent', 'bid', 'ask', 'volume',
      'age']) {
      const cell = document.createElement('td');
      cell.dataset.field = field;
      cell.textContent = '–';
      this.#cells[field] = cell;
      this.node.append(cell);
    }
    const pick = document.createElement('button');
    pick.type = 'button';
    pick.className = 'pick';
    pick.textContent = symbol;
    this.#cells.symbol.className = 'text';
    this.#cells.symbol.replaceChildren(pick);
    const drop = document.createElement('button');
    drop.type = 'button';
    drop.className = 'drop';
    drop.textContent = '×';
    drop.setAttribute('aria-label', `Remove ${symbol}`);
    drop.addEventListener('click', (event) => {
      event.stopPropagation();
      actions.remove(symbol);
    });
    const last = document.createElement('td');
    last.append(drop);
    this.node.append(last);
    this.node.addEventListener('click', () => actions.select(symbol));
    pick.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
      if (step) {
        event.preventDefault();
        this.node[step]?.querySelector('.pick')?.focus();
      } else if (event.key === 'Delete') {
        actions.remove(symbol);
      }
    });
  }

  update(data, now) {
    const before = this.data.price;
    this.data = data;
    this.heardAt = now;
    if (typeof before === 'number' && data.price !== before) this.#flash(data.price - before, now);
  }

  #flash(difference, now) {
    if (now - this.#flashedAt < FLASH_PAUSE_MS) return;
    this.#flashedAt = now;
    setData(this.#cells.price, 'flash', trendOf(difference));
    setTimeout(() => setData(this.#cells.price, 'flash', ''), FLASH_MS);
  }

  paint() {
    const { data } = this;
    const { change, percent } = changeOf(data);
    setText(this.#cells.price, shortPrice(data.price));
    setText(this.#cells.change, signed(change, 2));
    const arrow = change > 0 ? '▲ ' : change < 0 ? '▼ ' : '';
    setText(this.#cells.changePercent, arrow + signed(percent, 2));
    setData(this.#cells.change, 'trend', trendOf(change));
    setData(this.#cells.changePercent, 'trend', trendOf(change));
    setText(this.#cells.bid, shortPrice(data.bid));
    setText(this.#cells.ask, shortPrice(data.ask));
    setText(this.#cells.volume, volumeText(data.volume));
  }

  paintAge(now) {
    const age = now - this.heardAt;
    setText(this.#cells.age, ageText(age));
    setData(this.node, 'stale', age > STALE_MS ? 'yes' : '');
  }
}

/** The line of the selected symbol's prices. */
class Spark {
  #canvas = byId('spark');
  #points = [];
  #colors = getComputedStyle(document.documentElement);

  reset() {
    this.#points = [];
  }

  add(price, at) {
    const last = this.#points.at(-1);
    if (last && at - last.at < POINT_MS) {
      last.price = price;
      return;
    }
    this.#points.push({ price, at });
    if (this.#points.length > POINTS_MAX) this.#points.shift();
  }

  /** Draws; returns how much time is seen. */
  paint() {
    const canvas = this.#canvas;
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const context = canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    if (this.#points.length < 2) return 'waiting for prices';
    this.#draw(context, width, height);
    const span = this.#points.at(-1).at - this.#points[0].at;
    return span < 90000 ? `last ${Math.round(span / 1000)} s` : `last ${Math.round(span / 60000)} min`;
  }

  #draw(context, width, height) {
    const prices = this.#points.map((point) => point.price);
    const low = Math.min(...prices);
    const high = Math.max(...prices);
    const range = high - low || Math.max(Math.abs(high) * 1e-4, 1e-4);
    const right = width - 58; // room for the labels
    const top = 10;
    const bottom = height - 8;
    const first = this.#points[0].at;
    const x = (at) => ((at - first) / (this.#points.at(-1).at - first)) * right;
    const y = (price) => bottom - ((price - low) / range) * (bottom - top);
    const isUp = prices.at(-1) >= prices[0];
    const color = this.#colors.getPropertyValue(isUp ? '--up' : '--down').trim();
    const soft = this.#colors.getPropertyValue('--soft').trim();
    context.strokeStyle = this.#colors.getPropertyValue('--line').trim();
    context.lineWidth = 1;
    for (const price of high === low ? [high] : [low, high]) {
      context.beginPath();
      context.moveTo(0, Math.round(y(price)) + 0.5);
      context.lineTo(right, Math.round(y(price)) + 0.5);
      context.stroke();
    }
    context.beginPath();
    for (const { price, at } of this.#points) context.lineTo(x(at), y(price));
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.stroke();
    context.lineTo(right, bottom);
    context.lineTo(0, bottom);
    context.closePath();
    context.globalAlpha = 0.13;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(right, y(prices.at(-1)), 3, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = soft;
    context.textBaseline = 'middle';
    context.fillText(shortPrice(high), right + 8, top + 1);
    if (high !== low) context.fillText(shortPrice(low), right + 8, bottom - 1);
  }
}

export class View {
  #rows = new Map();
  #body = document.querySelector('#rows tbody');
  #dirty = new Set();
  #isFrameAsked = false;
  #selected = '';
  #spark = new Spark();
  #trades = [];
  #hasTrades = false;
  #tradeRows = [];
  #actions;
  #heardAt = NaN;

  /** actions: select(symbol), remove(symbol) */
  constructor(actions) {
    this.#actions = actions;
    const body = document.querySelector('#trades tbody');
    for (let i = 0; i < TRADES_SHOWN; i += 1) {
      const row = document.createElement('tr');
      for (let j = 0; j < 3; j += 1) row.append(document.createElement('td'));
      row.firstChild.className = 'text';
      body.append(row);
      this.#tradeRows.push(row);
    }
    setInterval(() => this.#paintAges(), 250);
    new ResizeObserver(() => this.#ask()).observe(byId('spark'));
  }

  setSymbols(symbols) {
    for (const [symbol, row] of this.#rows) {
      if (symbols.includes(symbol)) continue;
      row.node.remove();
      this.#rows.delete(symbol);
      this.#dirty.delete(symbol);
    }
    this.#body.querySelector('.empty')?.parentElement.remove();
    for (const symbol of symbols) {
      if (this.#rows.has(symbol)) continue;
      const row = new Row(symbol, this.#actions);
      this.#rows.set(symbol, row);
      this.#body.append(row.node);
    }
    if (symbols.length === 0) {
      const row = document.createElement('tr');
      const cell = document.createElement('td');
      cell.className = 'empty';
      cell.colSpan = 9;
      cell.textContent = 'No symbols yet: add one above.';
      row.append(cell);
      this.#body.append(row);
    }
  }

  select(symbol) {
    this.#selected = symbol;
    for (const row of this.#rows.values()) {
      if (row.symbol === symbol) row.node.setAttribute('aria-current', 'true');
      else row.node.removeAttribute('aria-current');
    }
    setText(byId('name'), symbol || '–');
    setText(byId('chart-title'), symbol || 'Price');
    this.#trades = [];
    this.#hasTrades = true;
    this.#spark.reset();
    this.#dirty.add(symbol);
    this.#ask();
  }

  quote(symbol, data) {
    const row = this.#rows.get(symbol);
    if (!row) return;
    const now = performance.now();
    this.#heardAt = now;
    row.update(data, now);
    if (symbol === this.#selected && typeof data.price === 'number') {
      this.#spark.add(data.price, now);
    }
    this.#dirty.add(symbol);
    this.#ask();
  }

  /** The vendor's trade object, and its place in the live stream. */
  trade(data, sequence) {
    if (data.sym !== this.#selected) return;
    this.#heardAt = performance.now();
    const quote = this.#rows.get(data.sym)?.data ?? {};
    // Who was in a hurry: the buyer at the ask or above it, the seller at the bid or below it.
    const side = data.p >= quote.ask ? 'up' : data.p <= quote.bid ? 'down' : '';
    this.#trades.unshift({ at: data.t, price: data.p, size: data.ds ?? data.s, side, sequence });
    if (this.#trades.length > TRADES_SHOWN) this.#trades.pop();
    this.#hasTrades = true;
    this.#ask();
  }

  /** What was traded before `sequence`, where the live stream goes on. */
  history(symbol, trades, sequence) {
    if (symbol !== this.#selected) return;
    const older = trades.map((data) =>
      ({ at: data.t, price: data.p, size: data.ds ?? data.s, side: '' }));
    const newer = this.#trades.filter((trade) => trade.sequence >= sequence);
    this.#trades = [...newer, ...older.reverse()].slice(0, TRADES_SHOWN);
    const now = performance.now();
    const newest = trades.at(-1)?.t;
    this.#spark.reset();
    for (const { p, t } of trades) this.#spark.add(p, now - (newest - t));
    this.#hasTrades = true;
    this.#ask();
  }

  status(state, text) {
    byId('light').dataset.state = state;
    setText(byId('status'), text);
    document.title = state === 'live' ? 'Ringside' : `${text} – Ringside`;
  }

  latency(ms) {
    setText(byId('latency'), `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
  }

  rate(perSecond) {
    setText(byId('rate'), `${perSecond.toLocaleString('en-US')}/s`);
  }

  note(text) {
    setText(byId('note'), text);
  }

  #ask() {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#isFrameAsked = false;
    for (const symbol of this.#dirty) this.#rows.get(symbol)?.paint();
    if (this.#dirty.has(this.#selected)) this.#paintDetail();
    this.#dirty.clear();
    setText(byId('span'), this.#spark.paint());
    if (this.#hasTrades) this.#paintTrades();
    this.#hasTrades = false;
  }

  #paintDetail() {
    const data = this.#rows.get(this.#selected)?.data ?? {};
    const { change, percent } = changeOf(data);
    setText(byId('big'), shortPrice(data.price));
    const text = typeof change === 'number' ? `${signed(change, 2)} (${signed(percent, 2)} %)` : '';
    setText(byId('big-change'), text);
    setData(byId('big-change'), 'trend', trendOf(change));
    const figures = { ...data, spread: data.ask - data.bid };
    for (const node of document.querySelectorAll('[data-figure]')) {
      const value = figures[node.dataset.figure];
      const isSpread = node.dataset.figure === 'spread';
      const shown = isSpread && Number.isFinite(value) ? Number(value.toFixed(4)) : value;
      setText(node, Number.isFinite(shown) ? priceText(shown) : '–');
    }
  }

  #paintTrades() {
    this.#tradeRows.forEach((row, index) => {
      const trade = this.#trades[index];
      const [time, price, size] = row.children;
      setText(time, trade ? timeText(trade.at) : '');
      setText(price, trade ? priceText(trade.price) : '');
      setText(size, trade ? Number(trade.size).toLocaleString('en-US') : '');
      setData(price, 'trend', trade?.side ?? '');
    });
  }

  #paintAges() {
    const now = performance.now();
    for (const row of this.#rows.values()) row.paintAge(now);
    setText(byId('age'), ageText(now - this.#heardAt));
  }
}
