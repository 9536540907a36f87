"""libringside.so exports exactly the names of shm/c/exports.txt, under its SONAME, and needs no
library but the compiler's and libc's.

    python3 tests/clients/exports_test.py LIBRARY [--write]     # --write: a new list
"""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, '..', '..', 'shm', 'c', 'exports.txt')
HEADERS = [os.path.join(HERE, '..', '..', 'shm', 'c', name)
           for name in ('ringside.h', 'ringside_reader.h')]
LIBRARY = ''


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def exported():
    names = (line.split() for line in run('nm', '-D', '--defined-only', LIBRARY).splitlines())
    # A, the version's own name, is no symbol that a program can call.
    return sorted(words[-1].split('@')[0] for words in names if words[-2] != 'A')


def read(path):
    with open(path, encoding='utf-8') as stream:
        return stream.read()


def listed():
    return read(LIST).split()


class Exports(unittest.TestCase):
    def test_the_names_are_those_of_the_list(self):
        self.assertEqual(exported(), listed())

    def test_every_name_is_declared_in_the_header(self):
        text = ''.join(read(path) for path in HEADERS)
        missing = [name for name in listed() if name + '(' not in text]
        self.assertEqual(missing, [])

    def test_the_soname_and_what_it_needs(self):
        dynamic = run('readelf', '-d', LIBRARY)
        needed = [line.split('[')[1].split(']')[0] for line in dynamic.splitlines()
                  if '(NEEDED)' in line]
        self.assertIn('[libringside.so.0]', dynamic)
        allowed = ('libstdc++.so', 'libgcc_s.so', 'libc.so', 'libm.so', 'ld-linux', 'libpthread')
        self.assertEqual([name for name in needed if not name.startswith(allowed)], [])


if __name__ == '__main__':
    LIBRARY = sys.argv[1]
    if '--write' in sys.argv:
        with open(LIST, 'w', encoding='utf-8') as out:
            out.write('\n'.join(exported()) + '\n')
    else:
        unittest.main(argv=sys.argv[:1])
