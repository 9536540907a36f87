"""Reads the tree for what neither compiler nor clang-tidy sees: closed doors between rooms,
outbound connects, banned calls (each with its replacement), long lines, files nobody builds.

First every rule is shown a planted fault and must find it, and a clean neighbour that it must leave
alone: a checker that cannot fail proves nothing.

    python3 tests/tidy/tidy_test.py            # the tree it lies in
    python3 tests/tidy/tidy_test.py DIR        # another one
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rules  # noqa: E402
from tree import File, read_tree  # noqa: E402

OPEN = '// Owns nothing.\n'
HEADER = '// Owns nothing.\n#pragma once\n'
UNDONE = 'TO' + 'DO'

# (what it shows, {path: text}, the rule that must find it or None, at which path:line)
PLANTED = [
    ('shm may not know net', {
        'shm/src/a.cpp': OPEN + '#include "ringside/net/loop.hpp"\n',
        'net/include/ringside/net/loop.hpp': HEADER}, 'door', 'shm/src/a.cpp:2'),
    ('net may not know shm, even in a block that is off', {
        'net/src/a.cpp': OPEN + '#if 0\n#  include "ringside/shm/ring.hpp"\n#endif\n',
        'shm/include/ringside/shm/ring.hpp': HEADER}, 'door', 'net/src/a.cpp:3'),
    ('a consumer may not know another', {
        'consumers/gateway/a.cpp': OPEN + '#include "../recorder/dbn.hpp"\n',
        'consumers/recorder/dbn.hpp': HEADER}, 'door', 'consumers/gateway/a.cpp:2'),
    ('a consumer may not know the feed handler', {
        'consumers/stats/a.cpp': OPEN + '#include "session.hpp"\n',
        'feedhandler/session.hpp': HEADER}, 'door', 'consumers/stats/a.cpp:2'),
    ('a same-named header beside the file is the one that is meant', {
        'consumers/stats/a.cpp': OPEN + '#include "session.hpp"\n',
        'consumers/stats/session.hpp': HEADER, 'feedhandler/session.hpp': HEADER}, None, ''),
    ('nobody includes the tools', {
        'feedhandler/a.cpp': OPEN + '#include "tools/sim/market.hpp"\n',
        'tools/sim/market.hpp': HEADER}, 'door', 'feedhandler/a.cpp:2'),
    ('tests may include any room', {
        'tests/net/a.cpp': OPEN + '#include "ringside/shm/ring.hpp"\n',
        'shm/include/ringside/shm/ring.hpp': HEADER}, None, ''),
    ('a room may not link another', {
        'consumers/gateway/CMakeLists.txt': 'target_link_libraries(a PRIVATE ringside::feed)\n'},
     'door', 'consumers/gateway/CMakeLists.txt:1'),
    ('a consumer may not connect outwards', {
        'consumers/gateway/a.cpp': OPEN + 'int f() { return ::connect(1, &in, sizeof(in)); }\n'},
     'outbound', 'consumers/gateway/a.cpp:2'),
    ('a consumer may connect to a unix socket', {
        'shm/src/a.cpp': OPEN + 'sockaddr_un un;\nint f() { return ::connect(1, &un, 2); }\n'},
     None, ''),
    ('a line of 101 columns', {'tests/a.py': '#' * 101 + '\n'}, 'long-line', 'tests/a.py:1'),
    ('a line of 100 columns', {'tools/a.sh': '#' * 100 + '\n'}, None, ''),
    ('a file of 501 lines', {'tools/a.sh': ':\n' * 501}, 'long-file', 'tools/a.sh:501'),
    ('an unfinished thought', {'docs/a.md': f'One.\n{UNDONE}: two.\n'}, 'unfinished',
     'docs/a.md:2'),
    ('no opening comment', {'net/src/a.cpp': 'int x;\n'}, 'opening', 'net/src/a.cpp:1'),
    ('a header without its guard', {'net/src/a.hpp': OPEN}, 'opening', 'net/src/a.hpp:1'),
    ('a home folder', {'docs/a.md': 'See /home' + '/jo/x.\n'}, 'trace', 'docs/a.md:1'),
    ('a folder that exists here', {'docs/a.md': 'See /plan' + 'ted/folder/x.\n'}, 'trace',
     'docs/a.md:1'),
    ('a path of a REST interface', {'docs/a.md': 'GET /api/market/quote\n'}, None, ''),
    ('a host nobody knows', {'docs/a.md': 'From https:/' + '/mirror.corp.lan/x\n'}, 'trace',
     'docs/a.md:1'),
    ('a clock', {'net/src/a.cpp': OPEN + 'auto t = std::chrono::system_clock::now();\n'}, 'clock',
     'net/src/a.cpp:2'),
    ('a clock by its old name', {'net/src/a.cpp': OPEN + 'auto t = time(nullptr);\n'}, 'clock',
     'net/src/a.cpp:2'),
    ('a clock in a comment and a string', {
        'net/src/a.cpp': OPEN + '// steady_clock\nconst char* s = "clock_gettime(";\n'}, None, ''),
    ('a digit separator is not a character', {
        'net/src/a.cpp': OPEN + "int a = 1'000; volatile int b = 2'000;\n"}, 'volatile',
     'net/src/a.cpp:2'),
    ('a sleeping test', {'tests/a/b.cpp': OPEN + 'std::this_thread::sleep_for(1ms);\n'}, 'sleep',
     'tests/a/b.cpp:2'),
    ('a sleeping script', {'tests/a/b.py': 'import time\ntime.' + 'sleep(1)\n'}, 'sleep',
     'tests/a/b.py:2'),
    ('a load without order', {'shm/src/a.cpp': OPEN + 'auto x = stamp.load();\n'}, 'order',
     'shm/src/a.cpp:2'),
    ('a store over two lines with its order', {
        'shm/src/a.cpp': OPEN + 's.store(f(1),\n  std::memory_order_release);\n'}, None, ''),
    ('a store with more arguments than an atomic has', {
        'net/src/a.cpp': OPEN + 'parser.store(field, at, bytes);\n'}, None, ''),
    ('a load whose order has a name of its own', {
        'shm/src/a.cpp': OPEN + 'constexpr auto relaxed = o;\nauto x = a.load(relaxed);\n'},
     None, ''),
    ('an atomic counted with an operator', {
        'shm/src/a.cpp': OPEN + 'std::atomic<int> count{0};\nvoid f() { count++; }\n'}, 'order',
     'shm/src/a.cpp:3'),
    ('a plain namesake of an atomic', {
        'shm/src/a.cpp': OPEN + 'struct A { std::atomic<int> n; };\nstruct B { int n = 0; };\n'},
     None, ''),
    ('a fence', {'shm/src/a.cpp': OPEN + 'std::atomic_thread_fence(o);\n'}, 'fence',
     'shm/src/a.cpp:2'),
    ('printing from a library', {'net/src/a.cpp': OPEN + 'std::printf("x");\n'}, 'stdout',
     'net/src/a.cpp:2'),
    ('printing from main', {'consumers/stats/main.cpp': OPEN + 'std::printf("x");\n'}, None, ''),
    ('writing into a buffer with its bound', {
        'net/src/a.cpp': OPEN + 'std::snprintf(b, n, "x");\n'}, None, ''),
    ('a copy without bound', {'net/src/a.cpp': OPEN + 'strcpy(a, b);\n'}, 'c-string',
     'net/src/a.cpp:2'),
    ('a number by C', {'net/src/a.cpp': OPEN + 'int a = std::stoi(s);\n'}, 'c-number',
     'net/src/a.cpp:2'),
    ('a price in a double', {'net/src/a.cpp': OPEN + 'double last_price = 0;\n'}, 'money',
     'net/src/a.cpp:2'),
    ('a throw', {'net/src/a.cpp': OPEN + 'void f() { throw 1; }\n'}, 'throw', 'net/src/a.cpp:2'),
    ('a source nobody builds', {
        'net/CMakeLists.txt': '# src/b.cpp\nadd(src/a.cpp)\n', 'net/src/a.cpp': OPEN,
        'net/src/b.cpp': OPEN}, 'unbuilt', 'net/src/b.cpp:1'),
    ('a header nobody includes', {'net/src/a.hpp': HEADER}, 'unbuilt', 'net/src/a.hpp:1'),
]


def findings_of(files):
    return sorted({finding for rule in rules.ALL for finding in rule(files)})


def self_test():
    """Returns the claims that do not hold."""
    broken = []
    exists = os.path.exists
    for claim, texts, rule, place in PLANTED:
        files = [File(path, text) for path, text in texts.items()]
        found = set()
        for check in rules.ALL:
            if check is rules.local_traces:
                found.update(check(files, lambda p: p.startswith('/plan' + 'ted') or exists(p)))
            else:
                found.update(check(files))
        # Planted trees are scraps: that nobody builds them counts only where it is the claim.
        found = {f for f in found if rule == 'unbuilt' or f[2] != 'unbuilt'}
        hits = {(f'{path}:{line}', name) for path, line, name, _ in found}
        if hits != ({(place, rule)} if rule else set()):
            broken.append(f'{claim}: expected {rule or "nothing"} {place}, found {sorted(hits)}')
    return broken


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), '..', '..')
    broken = self_test()
    for line in broken:
        print(f'self-test: {line}')
    files = read_tree(os.path.abspath(root))
    found = findings_of(files)
    for path, line, rule, message in found:
        print(f'{path}:{line}: {rule}: {message}')
    print(f'tidy: {len(PLANTED)} planted snippets, {len(broken)} broken; '
          f'{len(files)} files, {len(found)} findings')
    return 1 if broken or found or not files else 0


if __name__ == '__main__':
    sys.exit(main())
