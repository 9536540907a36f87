"""`cmake --install` into a folder, which then moves: find_package and pkg-config, C and C++, the
examples and the Python module work from there, and nothing in it names the place it came from.

    python3 tests/install/install_test.py CMAKE BUILD_DIR CC CXX
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE_DIR = os.path.abspath(os.path.join(HERE, '..', '..'))
CMAKE, BUILD_DIR, CC, CXX = sys.argv[1:5]
NOT_FOUND = 8  # docs/faults.md
# Where what is no third party's lies: the compiler's own headers, libc's and the kernel's.
SYSTEM = re.compile(r'^/usr/(include/(c\+\+|x86_64-linux-gnu|[a-z_0-9-]+\.h$'
                    r'|(sys|bits|gnu|asm|asm-generic|linux|arpa|netinet|rpc|net)/)|lib/)')


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f'{shlex.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}')
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix='ringside-install-')
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        first = os.path.join(cls.dir, 'first')
        run(CMAKE, '--install', BUILD_DIR, '--component', 'sdk', '--prefix', first)
        cls.prefix = os.path.join(cls.dir, 'moved', 'here')
        os.makedirs(os.path.dirname(cls.prefix))
        os.rename(first, cls.prefix)
        cls.first = first
        cls.lib = os.path.dirname(next(
            os.path.join(folder, name) for folder, _, names in os.walk(cls.prefix)
            for name in names if name == 'libringside_shm.a'))
        cls.env = {**os.environ, 'LD_LIBRARY_PATH': cls.lib, 'CC': CC, 'CXX': CXX,
                   'PKG_CONFIG_PATH': os.path.join(cls.lib, 'pkgconfig')}

    def files(self, *ends):
        return sorted(os.path.join(folder, name)
                      for folder, _, names in os.walk(self.prefix) for name in names
                      if name.endswith(ends))

    def package(self, name):
        return shlex.split(run('pkg-config', '--cflags', '--libs', name, env=self.env))

    def compile(self, source, package, *flags):
        """Compiles one file with what pkg-config says and returns the program."""
        out = os.path.join(self.dir, os.path.basename(source).replace('.', '_'))
        compiler = [CC, '-std=c11'] if source.endswith('.c') else [CXX, '-std=c++20']
        run(*compiler, '-Wall', '-Wextra', '-Werror', *flags, source, *self.package(package),
            '-o', out)
        return out

    def check_output(self, language, text):
        found = re.match(rf'{language} .*layout (\d+) attach (-?\d+)\n$', text)
        self.assertIsNotNone(found, text)
        self.assertEqual(abs(int(found.group(2))), NOT_FOUND)

    def test_find_package(self):
        build = os.path.join(self.dir, 'project')
        run(CMAKE, '-S', os.path.join(HERE, 'project'), '-B', build,
            f'-DCMAKE_PREFIX_PATH={self.prefix}', env=self.env)
        run(CMAKE, '--build', build, env=self.env)
        bare = {k: v for k, v in os.environ.items() if k != 'LD_LIBRARY_PATH'}
        for language in ('c', 'cpp'):  # CMake's own rpath finds the library
            self.check_output(language, run(os.path.join(build, f'user_{language}'), env=bare,
                                            cwd=self.dir))

    def test_pkg_config(self):
        for language, package in (('c', 'ringside'), ('cpp', 'ringside-shm')):
            program = self.compile(os.path.join(HERE, 'project', f'main.{language}'), package)
            self.check_output(language, run(program, env=self.env, cwd=self.dir))

    def test_the_examples_are_there_and_build(self):
        sources = [path for path in self.files('.c', '.cpp') if '/examples/' in path]
        self.assertEqual(len(sources), 4)
        for source in sources:
            package = 'ringside' if source.endswith('.c') else 'ringside-shm'
            program = self.compile(source, package)
            self.assertIn('SOCKET', run(program, '--help', env=self.env))

    def test_python_finds_the_library_beside_it(self):
        (init,) = self.files('__init__.py')
        env = {k: v for k, v in os.environ.items() if k != 'RINGSIDE_LIBRARY'}
        env['PYTHONPATH'] = os.path.dirname(os.path.dirname(init))
        text = run(sys.executable, '-B', '-c', 'import ringside; print(ringside.version())',
                   env=env)
        self.assertRegex(text, r'^\d+\.\d+\.\d+\n$')

    def test_every_header_stands_alone_and_needs_no_third_party(self):
        headers = self.files('.hpp', '.h')
        self.assertGreater(len(headers), 15)
        for header in headers:
            with self.subTest(header):
                name = os.path.relpath(header, os.path.join(self.prefix, 'include'))
                if name == 'ringside_reader.h':  # says itself that ringside.h is meant
                    continue
                text = run(CXX, '-std=c++20', '-M', '-x', 'c++', '-I',
                           os.path.join(self.prefix, 'include'), '-include', header, os.devnull)
                used = [path for path in text.replace('\\\n', ' ').split()[1:]
                        if path != os.devnull]
                foreign = [path for path in used
                           if not path.startswith(self.prefix + '/') and not SYSTEM.match(path)]
                self.assertEqual(foreign, [])
                run(CXX, '-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-x', 'c++',
                    '-I', os.path.join(self.prefix, 'include'), '-include', header, os.devnull)

    def test_no_file_names_where_it_came_from(self):
        for path in self.files('.cmake', '.pc', '.h', '.hpp', '.py'):
            with open(path, encoding='utf-8') as stream:
                text = stream.read()
            for place in (SOURCE_DIR, BUILD_DIR, self.first):
                self.assertNotIn(place, text, path)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
