"""What tidy_test knows about the tree: its files, their rooms, C++ text without comments.

Reads files only; no rule lives here. Standard library only.
"""

import os
import re
import subprocess

CPP = ('.cpp', '.hpp', '.h', '.c', '.cc', '.S')
SCRIPT = ('.py', '.sh', '.cmake')


class File:
    """One text file: `path` relative to the root, `text` as it is, `code` without comments."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.is_cpp = path.endswith(CPP)
        self.is_python = path.endswith('.py')
        self.is_cmake = path.endswith('CMakeLists.txt') or path.endswith('.cmake')
        self.is_shell = path.endswith('.sh') or text.startswith('#!/usr/bin/env bash')
        self.code = mask_cpp(text) if self.is_cpp else text

    @property
    def room(self):
        return room_of(self.path)

    def line_of(self, offset):
        return self.text.count('\n', 0, offset) + 1


def room_of(path):
    """"consumers/gateway/main.cpp" -> "consumers/gateway"; the root's own files -> ""."""
    parts = path.split('/')
    if len(parts) == 1:
        return ''
    if parts[0] in ('consumers', 'tools') and len(parts) > 2:
        return '/'.join(parts[:2])
    return parts[0]


def mask_cpp(text):
    """The same text with the insides of comments, strings and characters as blanks, so that a rule
    sees code only. Offsets and line numbers stay."""
    token = re.compile(
        r'R"(?P<delim>[^\s()\\]{0,16})\((?P<raw>.*?)\)(?P=delim)"'
        r'|"(?:[^"\\\n]|\\.)*"'
        r"|(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'"
        r'|//[^\n]*|/\*.*?\*/', re.S)

    def blank(match):
        word = match.group(0)
        if word.startswith('"') and _is_include(text, match.start()):
            return word
        return ''.join(c if c == '\n' else ' ' for c in word)

    return token.sub(blank, text)


def _is_include(text, offset):
    line = text[text.rfind('\n', 0, offset) + 1:offset]
    return re.fullmatch(r'\s*#\s*include\s*', line) is not None


def read_tree(root):
    """Every text file that is or would be under version control."""
    files = []
    for path in _paths(root):
        try:
            with open(os.path.join(root, path), encoding='utf-8') as stream:
                files.append(File(path, stream.read()))
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # an image, a compressed file, a deleted file, a link to a folder
    return files


def _paths(root):
    try:
        listed = subprocess.run(
            ['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
            check=True, capture_output=True).stdout
        return sorted(set(p for p in listed.decode().split('\0') if p))
    except (OSError, subprocess.CalledProcessError):
        pass  # an unpacked archive
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in ('build', '.git', '__pycache__')]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def include_names(files):
    """Name in an #include -> the paths it can mean: "ringside/shm/ring.hpp" and "ring.hpp"."""
    names = {}
    for file in files:
        if not file.path.endswith(('.hpp', '.h')):
            continue
        parts = file.path.split('/')
        for i in range(len(parts)):
            names.setdefault('/'.join(parts[i:]), []).append(file.path)
    return names


def resolve(file, name, names):
    """The paths of the tree that `#include "name"` in `file` can mean; [] for a foreign header."""
    beside = os.path.normpath(os.path.join(os.path.dirname(file.path), name))
    if beside in names.get(os.path.basename(name), []):
        return [beside]
    return names.get(name, [])


def call_arguments(code, open_paren):
    """The text between the parenthesis at `open_paren` and its partner."""
    depth = 0
    for i in range(open_paren, len(code)):
        if code[i] == '(':
            depth += 1
        elif code[i] == ')':
            depth -= 1
            if depth == 0:
                return code[open_paren + 1:i]
    return code[open_paren + 1:]
