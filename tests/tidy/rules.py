"""The rules of tidy_test: each takes the files of a tree and yields findings.

A finding is (path, line, rule, message); the message says what to do instead.
"""

import os
import re

from tree import call_arguments, include_names, resolve, room_of

# --- doors -------------------------------------------------------------------------------------

LEAVES = {'base': {'base'}, 'shm': {'base', 'shm'}, 'net': {'base', 'net'}}
OPEN_ROOMS = ('tests', 'bench', 'tools')  # may include any room; nobody else includes them
LIBRARY_ROOMS = {
    'base': 'base', 'shm': 'shm', 'net': 'net', 'feed': 'feedhandler',
    'gateway': 'consumers/gateway', 'recorder': 'consumers/recorder',
    'stats': 'consumers/stats', 'bridge': 'consumers/bridge', 'sim': 'tools/sim',
    'cli': 'tools/cli',
}


def door_is_open(inside, outside):
    """May a file of room `inside` include a header of room `outside`?"""
    if inside.split('/')[0] in OPEN_ROOMS:
        return True
    if inside in LEAVES:
        return outside in LEAVES[inside]
    if inside == 'feedhandler' or inside.startswith('consumers'):
        return outside in ('base', 'shm', 'net', inside)
    return False


def closed_doors(files):
    names = include_names(files)
    for file in files:
        if file.is_cpp:
            for match in re.finditer(r'^\s*#\s*include\s*"([^"]+)"', file.code, re.M):
                meant = resolve(file, match.group(1), names)
                rooms = {room_of(path) for path in meant}
                if rooms and not any(door_is_open(file.room, room) for room in rooms):
                    yield (file.path, file.line_of(match.start(1)), 'door',
                           f'{file.room} may not include {" or ".join(sorted(rooms))}: move what '
                           'both need to base, shm or net')
        elif file.path.endswith('CMakeLists.txt'):
            for match in re.finditer(r'\bringside::(\w+)', _without_hash_comments(file.text)):
                room = LIBRARY_ROOMS.get(match.group(1))
                if room and file.room and not door_is_open(file.room, room):
                    yield (file.path, file.line_of(match.start()), 'door',
                           f'{file.room} may not link ringside::{match.group(1)}')


def outbound_connects(files):
    """Only the feed handler and the tools connect to a network address."""
    call = re.compile(r'(?<![\w.>])::connect\s*\(|\bio_uring_prep_connect\b|\bgetaddrinfo\s*\('
                      r'|\bcurl_easy_init\b|\bTcpConnect\w*|\btcp_connect\w*|\btls_connect\w*')
    for file in files:
        if not file.is_cpp or file.room.split('/')[0] in ('feedhandler', 'net') + OPEN_ROOMS:
            continue
        is_unix_only = 'sockaddr_un' in file.code and 'sockaddr_in' not in file.code
        for match in call.finditer(file.code):
            if is_unix_only and 'connect' in match.group(0) and 'curl' not in match.group(0):
                continue
            yield (file.path, file.line_of(match.start()), 'outbound',
                   'only feedhandler/ and tools/ connect outwards: a consumer reads memory and the '
                   'unix sockets it is given')


# --- text --------------------------------------------------------------------------------------

LINE_MAX = 100
FILE_LINES_MAX = 500
LONG_FILES = {  # path -> why it is one file
}


def long_lines(files):
    for file in files:
        if not (file.is_cpp or file.is_python or file.is_cmake or file.is_shell):
            continue
        for number, line in enumerate(file.text.split('\n'), 1):
            if len(line) > LINE_MAX:
                yield (file.path, number, 'long-line',
                       f'{len(line)} columns, at most {LINE_MAX}: break it')


def long_files(files):
    for file in files:
        code = file.is_cpp or file.is_python or file.is_cmake or file.is_shell
        lines = file.text.count('\n')
        if code and lines > FILE_LINES_MAX and file.path not in LONG_FILES:
            yield (file.path, lines, 'long-file',
                   f'{lines} lines, at most {FILE_LINES_MAX}: split it by job, or name it in '
                   'LONG_FILES (tests/tidy/rules.py) with the reason')


def unfinished(files):
    marks = re.compile(r'\b(' + 'TO' + 'DO|FIX' + 'ME|HA' + r'CK)\b')
    for file in files:
        for match in marks.finditer(file.text):
            yield (file.path, file.line_of(match.start()), 'unfinished',
                   f'{match.group(1)}: finish it, or write the limit into the docstring')


def opening_comment(files):
    """A source whose header tells may begin at once."""
    headers = {_stem(file.path) for file in files if file.path.endswith('.hpp')}
    for file in files:
        told = file.path.endswith('.cpp') and _stem(file.path) in headers
        if file.path.endswith(('.cpp', '.hpp')) and not told and not file.text.startswith('//'):
            yield (file.path, 1, 'opening',
                   'a file opens with what it owns, on which thread it runs, whether it allocates')
        if file.path.endswith('.hpp') and '#pragma once' not in file.text:
            yield (file.path, 1, 'opening', 'a header says #pragma once')


def _stem(path):
    return os.path.splitext(os.path.basename(path))[0]


# Hosts that a URL of the tree may name: vendors, standards, sources.
HOSTS = re.compile(
    r'(^|\.)(localhost|massive\.com|polygon\.io|twelvedata\.com|alphavantage\.co|databento\.com'
    r'|github\.com|github\.io|apache\.org|rfc-editor\.org|ietf\.org|w3\.org|debian\.org'
    r'|keepachangelog\.com|semver\.org|cran\.r-project\.org|wikipedia\.org|kernel\.org'
    r'|example(\.com|\.org|\.net)?|test|invalid)$')
SYSTEM_ROOTS = {'bin', 'boot', 'dev', 'etc', 'lib', 'lib64', 'opt', 'proc', 'run', 'sbin', 'sys',
                'tmp', 'usr', 'var'}


def local_traces(files, exists=os.path.exists):
    """Nothing of one person's machine: home folders, paths, addresses, keys, private hosts."""
    path = re.compile(r'(?<![\w./:}$<>*)-])/([A-Za-z_][\w.-]*)/([A-Za-z_][\w.-]*)')
    for file in files:
        for match in path.finditer(file.text):
            first, second = match.groups()
            home = first in ('home', 'Users', 'root')
            temporary = first == 'tmp' and not second.startswith('ringside')
            if home or temporary or (first not in SYSTEM_ROOTS and exists(match.group(0))):
                yield (file.path, file.line_of(match.start()), 'trace',
                       f'{match.group(0)} is a path of one machine: use a flag, a variable or a '
                       'relative path')
        for match in re.finditer(r'\b(?:https?|wss?)://(?:[^\s/@"\'`]*@)?([A-Za-z][\w.-]*\w)',
                                 file.text):
            if '.' in match.group(1) and not HOSTS.search(match.group(1)):
                yield (file.path, file.line_of(match.start()), 'trace',
                       f'{match.group(1)} is not among the hosts this project names (HOSTS)')
        for match in re.finditer(r'-----BEGIN [A-Z ]*PRIVATE ' + 'KEY-----', file.text):
            yield (file.path, file.line_of(match.start()), 'trace',
                   'a private key: make it at start or in the test')


# --- calls -------------------------------------------------------------------------------------

def _outside(*prefixes):
    return lambda path: not path.startswith(prefixes)


def _inside(*prefixes):
    return lambda path: path.startswith(prefixes)


def _library(path):
    prints = ('tests/', 'bench/', 'tools/cli/', 'shm/examples/')
    return not path.startswith(prints) and not path.endswith('main.cpp')


CLOCK = 'base/include/ringside/base/clock.hpp'
SLOT = 'shm/include/ringside/shm/slot.hpp'  # its pairs of words: docs/decisions/0009
BANNED = [  # (rule, pattern, where it counts, what to write instead)
    ('clock', r'\b(system|steady|high_resolution)_clock\b|\b(clock_gettime|gettimeofday)\s*\('
              r'|\b(std::)?time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)', _outside(CLOCK),
     'wall_ns() for an instant, monotonic_ns() for a duration (base/clock.hpp)'),
    ('sleep', r'\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.])(::)?sleep\s*\(',
     _inside('tests/'), 'wait on a condition with a bound'),
    ('fence', r'\b(atomic_thread_fence|atomic_signal_fence|__sync_synchronize|_mm_[lsm]fence)\b',
     _outside(SLOT),
     'an acquire or release on the word itself: the thread sanitizer sees no fence'),
    ('volatile', r'\bvolatile\b', _outside(), 'std::atomic with a named order'),
    ('asm', r'\b(asm|__asm__)\b', _outside('bench/'), 'C++; an instruction has an intrinsic'),
    ('stdout', r'(?<![\w:.>])(std::)?(printf|puts|putchar)\s*\(|\bstd::cout\b'
               r'|\bf(printf|puts|write)\s*\([^;]*\bstdout\b', _library,
     'return a value; base/log.hpp for a message; only main.cpp, tools/cli and examples print'),
    ('c-string', r'\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|strncpy)\s*\(', _outside(),
     'std::span and std::copy_n, std::string, snprintf with its bound'),
    ('c-number', r'\b(atoi|atol|atoll|atof|strto(d|f|ld|l|ll|ul|ull)|sscanf)\s*\('
                 r'|\bstd::sto(i|l|ll|ul|ull|f|d|ld)\s*\(', _outside(),
     'std::from_chars, or parse_decimal for prices and sizes (base/decimal.hpp)'),
    ('random', r'(?<![\w:.>])(std::)?s?rand\s*\(', _outside(), 'a seeded std::mt19937_64'),
    ('throw', r'\bthrow\b', _outside(), 'Result<T> off the path, an enum class on it'),
    ('shell', r'(?<![\w:.>])(std::)?(system|popen)\s*\(', _outside(), 'posix_spawn'),
    ('using', r'\busing\s+namespace\s+std\b', _outside(), 'the names you need'),
    ('money', r'\b(double|float)\s+\w*(price|_px|px_|vwap)\w*\b',
     _outside('tools/sim/', 'tests/', 'bench/'), 'std::int64_t nanos: a price is an integer'),
]
ATOMIC_CALL = re.compile(
    r'(?:\.|->)(load|store|exchange|fetch_(?:add|sub|and|or|xor)|test_and_set'
    r'|compare_exchange_(?:weak|strong))\s*\(')
ORDER = re.compile(r'memory_order|\b(order|relaxed|acquire|release|acq_rel|seq_cst)\b')


def banned_calls(files):
    rules = [(rule, re.compile(pattern), where, instead)
             for rule, pattern, where, instead in BANNED]
    for file in files:
        if not file.is_cpp:
            continue
        for rule, pattern, where, instead in rules:
            if not where(file.path):
                continue
            for match in pattern.finditer(file.code):
                yield (file.path, file.line_of(match.start()), rule,
                       f'{match.group(0).strip()!r}: use {instead}')


def sleeping_scripts(files):
    for file in files:
        if file.is_python and file.path.startswith('tests/'):
            for match in re.finditer(r'^[^#\n]*\btime\.' + r'sleep\(', file.text, re.M):
                yield (file.path, file.line_of(match.start()), 'sleep',
                       'wait on a condition with a bound (tests/e2e/harness.py, wait_until)')


def atomic_orders(files):
    for file in files:
        if not file.is_cpp:
            continue
        for match in ATOMIC_CALL.finditer(file.code):
            arguments = call_arguments(file.code, match.end() - 1)
            is_foreign = match.group(1) == 'store' and arguments.count(',') > 1
            if not is_foreign and not ORDER.search(arguments):
                yield (file.path, file.line_of(match.start()), 'order',
                       f'{match.group(1)} names no memory order: name it, and its partner')
        yield from _atomic_operators(file)


def _atomic_operators(file):
    """`counter++` on an atomic is a hidden seq_cst operation."""
    declared = re.compile(r'\bstd::atomic(?:_ref)?\s*<[^;{}()]*>\s+(\w+)\s*[;{=(]')
    for name in {match.group(1) for match in declared.finditer(file.code)}:
        # A name after another word is a declaration: a plain namesake of another struct.
        operator = re.compile(rf'(?:\+\+|--)\s*{name}\b'
                              rf'|(?<![\w.>:])(?<![\w>&*] ){name}\s*(?:\+\+|--|[-+|&^]=|=(?!=))')
        for match in operator.finditer(file.code):
            line = file.code[file.code.rfind('\n', 0, match.start()) + 1:match.end()]
            if 'std::atomic' not in line:
                yield (file.path, file.line_of(match.start()), 'order',
                       f'{match.group(0)!r} on an atomic hides its order: call store or fetch_add')


# --- files nobody builds -----------------------------------------------------------------------

def unbuilt(files):
    named = set()
    for file in files:
        if file.is_cmake:
            folder = os.path.dirname(file.path)
            for word in re.findall(r'[^\s()"<>;:]+', _without_hash_comments(file.text)):
                if word.startswith(('${CMAKE_SOURCE_DIR}/', '${PROJECT_SOURCE_DIR}/')):
                    named.add(os.path.normpath(word.split('}/', 1)[1]))
                word = word.replace('${CMAKE_CURRENT_SOURCE_DIR}/', '')
                named.add(os.path.normpath(os.path.join(folder, word)))
    included = _included(files)
    imported = {name for file in files if file.is_python
                for name in re.findall(r'^\s*(?:import|from)\s+(\w+)', file.text, re.M)}
    for file in files:
        stem = os.path.splitext(os.path.basename(file.path))[0]
        if file.path.endswith(('.cpp', '.c', '.cc', '.S')):
            if file.path not in named:
                yield (file.path, 1, 'unbuilt', 'no CMakeLists.txt names it: build it or delete it')
        elif file.path.endswith(('.hpp', '.h')):
            if file.path not in included and file.path not in named:
                yield (file.path, 1, 'unbuilt', 'nobody includes it: use it or delete it')
        elif file.is_python and file.path.startswith('tests/'):
            if file.path not in named and stem not in imported:
                yield (file.path, 1, 'unbuilt', 'no test runs or imports it')


def _included(files):
    names = include_names(files)
    included = set()
    for file in files:
        if file.is_cpp:
            for name in re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', file.code, re.M):
                included.update(resolve(file, name, names))
    return included


def _without_hash_comments(text):
    return re.sub(r'#[^\n]*', '', text)


ALL = [closed_doors, outbound_connects, long_lines, long_files, unfinished, opening_comment,
       local_traces, banned_calls, sleeping_scripts, atomic_orders, unbuilt]
