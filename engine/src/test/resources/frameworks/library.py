"""The modules of the standard library, and calls of what is harmless in it."""

import datetime
import importlib
import pkgutil
import sys
from zoneinfo import ZoneInfo

from terrarium.bridge import BaseBridge, handler

# Whose import does something (opens a browser, prints a poem), or which are many and alike.
NOT_IMPORTED = ("antigravity", "encodings.", "idlelib", "lib2to3", "test", "this", "turtle")

CALLS = """
sys.getsizeof(1)
sys.getsizeof('text', 7)
sys.getsizeof(object())
sys.getsizeof([1, 2])
sys.getsizeof({})
sys.getrefcount(1)
sys.intern('x')
sys.getdlopenflags()
sys._current_frames()
array.array('i', [1])
ast.parse('1')
asyncio.get_event_loop_policy()
asyncio.run(asyncio.sleep(0))
atexit.register(print)
base64.b64encode(b'x')
code.InteractiveInterpreter()
compileall.compile_dir('/nonexistent')
concurrent.futures.ThreadPoolExecutor(1).submit(len, 'ab').result(5)
contextvars.copy_context()
copy.deepcopy([1])
ctypes.c_int(3).value
ctypes.sizeof(ctypes.c_int)
ctypes.CDLL(None)
ctypes.util.find_library('c')
decimal.Decimal(1)
dis.dis(len)
email.utils.make_msgid()
faulthandler.is_enabled()
faulthandler.cancel_dump_traceback_later()
fcntl.flock(0, 8)
fcntl.ioctl(0, 0)
gc.get_referrers([])
getpass.getuser()
glob.glob('/*')
hashlib.sha3_256(b'').hexdigest()
hashlib.blake2b(b'').hexdigest()
http.client.HTTPConnection('127.0.0.1', 9)
inspect.signature(ast.parse)
locale.getlocale()
locale.getpreferredencoding()
logging.handlers.SysLogHandler()
lzma.compress(b'abc')
marshal.loads(marshal.dumps([1]))
mmap.mmap(-1, 10)
multiprocessing.Lock()
multiprocessing.Queue()
multiprocessing.Pipe()
multiprocessing.Value('i', 1)
multiprocessing.cpu_count()
multiprocessing.Process(target=len).start()
os.cpu_count()
os.getgroups()
os.getloadavg()
os.getpgid(0)
os.getpgrp()
os.getpid()
os.getppid()
os.getsid(0)
os.get_terminal_size()
os.killpg(0, 0)
os.openpty()
os.path.expanduser('~root')
os.pipe()
os.set_blocking(0, True)
os.statvfs('/')
os.system('true')
os.uname()
os.urandom(4)
os.waitpid(-1, 0)
pickle.loads(pickle.dumps([1]))
platform.node()
platform.platform()
plistlib.loads(b'<plist><dict/></plist>')
pwd.getpwnam('root')
random.SystemRandom().random()
re.compile(r'(a)(?<!b)\\1').match('aa')
resource.getrlimit(0)
resource.getrusage(0)
secrets.token_hex(4)
select.select([], [], [], 0)
selectors.DefaultSelector().select(0)
shutil.disk_usage('/')
shutil.which('true')
signal.getsignal(2)
signal.getitimer(0)
signal.signal(2, signal.SIG_DFL)
signal.valid_signals()
socket.gethostname()
socket.getfqdn()
socket.getservbyname('http')
socket.inet_aton('127.0.0.1')
socket.socketpair()
sqlite3.connect(':memory:')
ssl.create_default_context()
ssl.get_default_verify_paths()
subprocess.run(['/bin/true'])
symtable.symtable('1', 'x', 'eval')
tempfile.gettempdir()
threading.Thread(target=len, args=['']).start()
threading.get_native_id()
threading.stack_size()
time.thread_time()
time.tzset()
timeit.timeit('1', number=1)
tracemalloc.is_tracing()
unicodedata.normalize('NFC', 'a')
urllib.request.urlopen('http://127.0.0.1:9/')
uuid.uuid1()
uuid.uuid4()
weakref.finalize(set(), print)
xml.dom.minidom.parseString('<a/>')
xml.etree.ElementTree.fromstring('<a/>')
zlib.compress(b'abc')
zoneinfo.ZoneInfo('UTC')
len(zoneinfo.available_timezones())
""".strip().splitlines()


class Namespace(dict):
    """Imports what an expression names."""

    def __missing__(self, name: str) -> object:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            raise NameError(name) from None


class Library(BaseBridge):
    framework = "library"

    def _load_framework(self) -> None:
        self.namespace = Namespace(
            ZoneInfo=ZoneInfo, SUMMER=datetime.datetime(2026, 7, 1), __builtins__=__builtins__, __name__=__name__
        )

    @handler
    def modules(self) -> list[str]:
        folders = [each for each in sys.path if "python3.12" in each or "graalpy" in each]
        walked = [each.name for each in pkgutil.walk_packages(folders, onerror=lambda name: None)]
        names = dict.fromkeys([*sys.builtin_module_names, *sorted(sys.stdlib_module_names), *walked])
        return [each for each in names if not each.startswith(NOT_IMPORTED) and not each.endswith("__main__")]

    @handler
    def calls(self) -> list[str]:
        return CALLS

    @handler
    def load(self, name: str) -> str:
        return self._outcome(lambda: importlib.import_module(name))

    @handler
    def evaluate(self, name: str) -> str:
        for dotted in ("concurrent.futures", "ctypes.util", "email.utils", "http.client", "logging.handlers",
                       "urllib.request", "xml.dom.minidom", "xml.etree.ElementTree"):
            if name.startswith(dotted):
                self._outcome(lambda module=dotted: importlib.import_module(module))
        return self._outcome(lambda: eval(name, self.namespace))

    def _outcome(self, action: object) -> str:
        try:
            return str(action())
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
