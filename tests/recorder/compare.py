"""Holds recordings against expected sums: compare.py FOLDER EXPECTED.json. Exit 0 when equal."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))

import dbn_reader  # noqa: E402: found through the line above


def main(folder, expected_path):
    with open(expected_path, encoding='utf-8') as stream:
        expected = json.load(stream)
    got = dbn_reader.totals([folder])
    wrong = []
    for name in ('unmapped', 'out_of_order'):
        if got[name]:
            wrong.append(f'{name}: {got[name]}')
    if set(got['symbols']) != set(expected):
        wrong.append(f'symbols: {sorted(got["symbols"])}, not {sorted(expected)}')
    for symbol, sums in expected.items():
        found = got['symbols'].get(symbol, {})
        wrong += [f'{symbol}.{name}: {found.get(name)}, not {value}'
                  for name, value in sums.items() if found.get(name) != value]
    print('\n'.join(wrong) or f'{sum(got["records"].values())} records agree')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
