"""Follows one symbol and prints its trades and quotes, then what was received and lost.

    PYTHONPATH=<prefix>/share/ringside/python python3 follow_symbol.py SOCKET SYMBOL [COUNT]
"""

import sys

import ringside


def price(nanos):
    return ringside.decimal_price(nanos)  # exact


def main(path, symbol, count=None):
    with ringside.Feed(path, name='follow.py', timeout=5) as feed:
        answer, = feed.subscribe(symbol)
        if answer.state == 'refused':
            print(f'{symbol}: {answer.reason}', file=sys.stderr)
            return 8
        ring = feed.ring(symbol)
        try:
            for tick in ring.follow(count=count):
                if tick['kind'] == ringside.KINDS['trade']:
                    print(symbol, 'trade', price(tick['price']))
                elif tick['kind'] == ringside.KINDS['quote']:
                    print(symbol, 'quote', price(tick['bid_px']), price(tick['ask_px']))
        except KeyboardInterrupt:
            pass
        print(ring.to_frame().describe())
        sums = ring.receipt()
        print(f'receipt: received {sums.received} lost {sums.lost} pending {sums.pending} '
              f'of {sums.published - sums.start}')
    return 0


if __name__ == '__main__':
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None))
    except ringside.RingsideError as error:
        print(f'follow_symbol.py: {error}', file=sys.stderr)
        sys.exit(error.code)
