"""What each package is tried with. The first line of a function's documentation is a cell of docs/compatibility.md."""

import importlib
import time
from importlib.metadata import version
from pathlib import Path

from terrarium.bridge import BaseBridge, handler


def humanize(module):
    """sizes, numbers, times, a list of texts"""
    from datetime import timedelta

    assert module.naturalsize(93_000_000) == "93.0 MB"
    assert module.intword(1_200_000) == "1.2 million"
    assert module.naturaldelta(timedelta(hours=3)) == "3 hours"
    assert module.natural_list(["a", "b", "c"]) == "a, b and c"


def yaml(module):
    """loading and dumping, anchors, tags, dates, several documents"""
    text = "a: &x [1, 2.5, true, null]\nb: *x\nc: 2026-01-31\nd: |\n  one\n  two\n"
    data = module.safe_load(text)
    assert data["a"] == [1, 2.5, True, None] == data["b"]
    assert data["c"].isoformat() == "2026-01-31"
    assert module.safe_load(module.safe_dump(data)) == data
    assert [*module.safe_load_all("1\n---\n2\n")] == [1, 2]
    try:
        module.safe_load("!!python/object/apply:os.system [ls]")
    except module.YAMLError:
        return
    raise AssertionError("an unsafe tag was loaded")


def jinja2(module):
    """loops, filters, inheritance, escaping, async rendering"""
    import asyncio

    loader = module.DictLoader({
        "base": "<{% block body %}{% endblock %}>",
        "page": "{% extends 'base' %}{% block body %}{% for x in xs %}{{ x | upper }},{% endfor %}{% endblock %}",
    })
    environment = module.Environment(loader=loader, autoescape=True)
    assert environment.get_template("page").render(xs=["a", "<"]) == "<A,&lt;,>"
    template = module.Environment(enable_async=True).from_string("{{ f() }}")

    async def f():
        return 1

    assert asyncio.run(template.render_async(f=f)) == "1"


def markdown_it(module):
    """CommonMark, tables, tokens"""
    markdown = module.MarkdownIt("commonmark").enable("table")
    html = markdown.render("# A *b*\n\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    assert "<h1>A <em>b</em></h1>" in html
    assert "<td>2</td>" in html
    assert [token.type for token in markdown.parse("- a")][0] == "bullet_list_open"


def bs4(module):
    """parsing by html.parser, CSS selectors, changing the tree"""
    soup = module.BeautifulSoup("<ul><li class=a>1<li>2</ul><p>x & y", "html.parser")
    assert [each.text for each in soup.select("li.a, p")] == ["12", "x & y"]
    soup.p.string = "z"
    assert str(soup.p) == "<p>z</p>"


def dateutil(module):
    """parsing, relative times, recurrences, time zones"""
    from datetime import datetime

    from dateutil import parser, relativedelta, rrule, tz

    moment = parser.parse("31 Jan 2026 10:00 +02:00")
    assert moment.astimezone(tz.UTC).hour == 8
    assert (moment + relativedelta.relativedelta(months=1)).day == 28
    days = rrule.rrule(rrule.DAILY, count=3, dtstart=datetime(2026, 1, 30))
    assert [each.day for each in days] == [30, 31, 1]
    assert tz.gettz("Europe/Vienna").utcoffset(datetime(2026, 7, 1)).seconds == 7200


def networkx(module):
    """shortest paths, PageRank in Python, cycles, GraphML out and in"""
    import io

    graph = module.DiGraph([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")])
    assert module.shortest_path(graph, "b", "d") == ["b", "c", "a", "d"]
    assert len([*module.simple_cycles(graph)]) == 1
    from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

    assert abs(sum(_pagerank_python(graph).values()) - 1) < 1e-9
    out = io.BytesIO()
    module.write_graphml(graph, out)
    out.seek(0)
    assert set(module.read_graphml(out)) == {"a", "b", "c", "d"}


def sympy(module):
    """algebra, calculus, solving, LaTeX, 50 digits"""
    x = module.symbols("x")
    assert module.factor(x**2 - 1) == (x - 1) * (x + 1)
    assert module.integrate(module.sin(x) * module.exp(x), x).diff(x).simplify() == module.sin(x) * module.exp(x)
    assert module.solve(x**2 - 2, x) == [-module.sqrt(2), module.sqrt(2)]
    assert module.latex(module.Rational(1, 3)) == r"\frac{1}{3}"
    assert str(module.pi.evalf(50)).endswith("93751")


def pydantic_settings(module):
    """settings from the environment and a file, nested ones, errors"""
    import os
    import tempfile

    from pydantic import BaseModel, ValidationError

    class Server(BaseModel):
        port: int

    class Settings(module.BaseSettings):
        model_config = module.SettingsConfigDict(env_prefix="TRY_", env_nested_delimiter="__")
        name: str = "default"
        server: Server

    with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
        file.write("TRY_NAME=filed\nTRY_SERVER__PORT=80\n")
        file.flush()
        settings = Settings(_env_file=file.name)
    assert (settings.name, settings.server.port) == ("filed", 80)
    os.environ["TRY_SERVER__PORT"] = "x"
    try:
        Settings()
    except ValidationError as error:
        assert error.errors()[0]["loc"] == ("server", "port")
        return
    finally:
        del os.environ["TRY_SERVER__PORT"]
    raise AssertionError("a port that is no number was taken")


def tenacity(module):
    """retries with backoff, plain and async"""
    import asyncio

    calls = []

    @module.retry(stop=module.stop_after_attempt(3), wait=module.wait_exponential(multiplier=0.001))
    def flaky():
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("not yet")
        return "done"

    assert flaky() == "done"

    @module.retry(stop=module.stop_after_attempt(2), reraise=True)
    async def failing():
        calls.append(1)
        raise KeyError("never")

    try:
        asyncio.run(failing())
    except KeyError:
        assert len(calls) == 5
        return
    raise AssertionError("it did not fail")


def httpx(module):
    """requests over a socket to a server in Python, streams, JSON, an async client"""
    import asyncio
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = "http://127.0.0.1:%d/" % server.socket.getsockname()[1]  # which it has since it listens
        with module.Client(trust_env=False) as client:
            assert client.post(url, json={"a": [1]}).json() == {"a": [1]}
            with client.stream("POST", url, content=b"x" * 100_000) as response:
                assert sum(map(len, response.iter_bytes())) == 100_000

        async def ask():
            transport = module.MockTransport(lambda request: module.Response(418, text=request.url.path))
            async with module.AsyncClient(transport=transport) as client:
                return await client.get("https://host/tea")

        response = asyncio.run(ask())
        assert (response.status_code, response.text) == (418, "/tea")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def docopt(module):
    """a usage text and its arguments"""
    arguments = module.docopt("Usage: ship new <name>... [--fast]", ["new", "a", "b", "--fast"])
    assert arguments["<name>"] == ["a", "b"]
    assert arguments["--fast"] is True


def msgpack(module):
    """packing and unpacking, streams, extension types"""
    data = {"a": [1, -1, 2**40, 1.5, None, True, b"x", "y"]}
    packed = module.packb(data)
    assert module.unpackb(packed) == data
    unpacker = module.Unpacker()
    unpacker.feed(packed * 2)
    assert [*unpacker] == [data, data]
    assert module.unpackb(module.packb(module.ExtType(5, b"z"))) == module.ExtType(5, b"z")


def rapidfuzz(module):
    """ratios, the best match, distances"""
    from rapidfuzz import distance, fuzz, process

    assert fuzz.ratio("this is a test", "this is a test!") > 96
    assert process.extractOne("cowboys", ["Atlanta Falcons", "dallas cowboys"])[0] == "dallas cowboys"
    assert distance.Levenshtein.distance("kitten", "sitting") == 3


def regex(module):
    """Unicode classes, fuzzy matching, recursion, overlapping matches"""
    assert module.findall(r"\p{Lu}\p{Ll}+", "Ärger und Öl") == ["Ärger", "Öl"]
    assert module.fullmatch(r"(?:cats){e<=1}", "cat").fuzzy_counts == (0, 0, 1)
    assert module.match(r"\((?:[^()]|(?R))*\)", "(a(b)c)d").group() == "(a(b)c)"
    assert module.findall("aa", "aaaa", overlapped=True) == ["aa"] * 3


def xxhash(module):
    """hashes of 32, 64 and 128 bits, in pieces"""
    assert module.xxh64(b"Nobody inspects").hexdigest() == module.xxh64_hexdigest(b"Nobody inspects")
    pieces = module.xxh3_128()
    pieces.update(b"Nobody ")
    pieces.update(b"inspects")
    assert pieces.digest() == module.xxh3_128_digest(b"Nobody inspects")
    assert module.xxh32(b"", seed=0).intdigest() == 0x02CC5D05


TRIALS = {
    "humanize": humanize,
    "PyYAML": yaml,
    "Jinja2": jinja2,
    "markdown-it-py": markdown_it,
    "beautifulsoup4": bs4,
    "python-dateutil": dateutil,
    "networkx": networkx,
    "sympy": sympy,
    "pydantic-settings": pydantic_settings,
    "tenacity": tenacity,
    "httpx": httpx,
    "docopt": docopt,
    "msgpack": msgpack,
    "RapidFuzz": rapidfuzz,
    "regex": regex,
    "xxhash": xxhash,
}


class Tried(BaseBridge):
    framework = "tried"

    @handler
    def names(self) -> list[str]:
        return [*TRIALS]

    @handler
    def attempt(self, name: str) -> dict[str, object]:
        trial = TRIALS[name]
        begin = time.perf_counter()
        module = importlib.import_module(trial.__name__)
        seconds = time.perf_counter() - begin
        trial(module)
        folders = [Path(each) for each in getattr(module, "__path__", ())]
        native = any(file for each in folders for file in each.rglob("*.so"))
        return {"version": version(name), "seconds": seconds, "native": native, "tried": trial.__doc__}
