"""Expressions made up from a seed: every function with arguments right and wrong, nested, with lambdas and accesses.

What is compared with Microsoft's engine has to be the same in every run, and a disagreement has to be found again: the
seed says it all.
"""

# ruff: noqa: E501 - tables of words are read as blocks

from collections.abc import Callable, Iterator
from random import Random

MAX_DEPTH = 4
_WRONG_TYPE = 0.06
_WRONG_COUNT = 0.02
_OTHER_CASE = 0.03

_STRINGS = (
    "", "a", "A", "b", "abc", "a,b;c", "hello World", "  padded ", "é", "ß", "İ", "ÀÉ", "Ω", "😀x", "it''s", "a-b_c", "x.y", "123", "-7",
    " 42 ", "1.5", "1e3", "true", "False", "null", "[x]", "{0}", "%20", "a/b", "a b", "key", "k1", "\t", "1,234", "+5", "0x1F",
    "ÿ", "ﬁ", "a\u0301", "ǅ", "zz", "aa", "ab",
)  # fmt: skip
_INTEGERS = ("0", "1", "2", "3", "5", "10", "-1", "-3", "100", "7", "255", "2147483647", "-2147483648", "2147483648", "9223372036854775807", "-9223372036854775808", "16", "17")  # fmt: skip
_NUMBER_TEXTS = ("1.5", "-0.5", "2.5", "1e3", "0.1", "1e-7", "123456789.123", "1.0", "-2.75", "3.14159", "1e20", "0.005", "999.995")  # fmt: skip
_JSON = (
    '{"a":1,"B":"x"}', "[1,2,3]", '"text"', "null", "true", "1.50", "12", '{"a":{"b":[1,{"c":null}]}}', "[]", "{}", '["b","a","B"]',
    '{"a":1,"a":2}', "[1, 2", "{a:1}", "'x'", " 1 ", "", "x", '{"x":1.0}', "[true,false,null]", '{"k1":"v","k2":[1]}', "1e5", "-1",
    "[1,2,]", '{"a":1,}', "/*c*/1", "//c\n1", "12345678901234567890", '"\\u00e9\\n"', "[[1],[2,[3]]]", "1 2", "[1]]", "True", "NULL", "-",
    "2020-01-01", '"2020-01-01T00:00:00Z"', "undefined", "[,]", "+1", "1.", ".5", "0x10", "010", "NaN", "Infinity", "-Infinity",
)  # fmt: skip
_DATES = (
    "2020-04-07T14:53:14Z", "2020-04-07 14:53:14Z", "2020-02-29", "2020-04-07T14:53:14+02:00", "2020-12-31T23:59:59.999Z", "0001-01-01",
    "9999-12-31T23:59:59Z", "2020-04-07T14:53", "20200407", "2020-13-01", "x", "2020-04-07T14:53:14.1234567Z", "2020-04-07T24:00:00Z",
    "2020-04", "2020-W15-2", "2019-02-29", "1969-12-31T23:59:59Z", "2020-04-07T14:53:14-0530", "04/07/2020", "7 April 2020",
    "2020-04-07T14:53:14 Z", "2020-04-07T1:2:3Z", "20200407T145314Z",
)  # fmt: skip
_DURATIONS = ("P1D", "PT1H", "-PT30M", "P1Y2M3DT4H5M6.5S", "P1W", "PT0S", "P", "x", "P1Y", "P1M", "-P400D", "PT36H", "P9999Y", "PT1.5H", "P1DT", "PT-1H", "P0D", "p1d", "PT0.001S")  # fmt: skip
_DATE_FORMATS = (
    "yyyy-MM-dd", "o", "O", "R", "r", "s", "u", "d", "D", "f", "F", "g", "G", "M", "m", "t", "T", "Y", "y", "U", "x", "", "HH:mm:ss.fff",
    "ddd dddd MMM MMMM", "h tt", "'q'yyyy", "yy y yyyyy", "zzz z K", "%d", "\\y yyyy", "FFF", "gg", "dd/MM/yy", "hh:mm:ss t", "yyyyMMddTHHmmssZ",
    "%", "fffffff", "ffffffff", "'x", "%h", "H:m:s", "q", "%y", "Z", "%%d", "\\",
)  # fmt: skip
_FORMATS = (
    "{0}", "{0}-{1}", "{1}{0}", "{0:N2}", "{0,10}|", "{0,-10}|", "{0:X}", "{0:D5}", "{0:x4}", "{{{0}}}", "{0", "{x}", "}", "{2}", "{0:F1}", "{0:E2}",
    "{0:P1}", "{0:C}", "{0:G3}", "{0:000}", "{0:#,##0.00}", "{0:0.##;(0.##);zero}", "{0:yyyy}", "plain", "{0:B}", "{0:R}", "{0:q}", "{0,3:D2}",
    "{0:N}", "{0:e}", "{0:D}", "{0:G}", "{0:0%}", "{0:#}", "{0:0.0}", "{0:0,}", "{0:0,,}", "{0:'a'0}", "{0:\\#0}", "{0:0e0}", "{ 0}", "{0 }", "{-1}",
    "{0:#.#}", "{0:00.00}", "{0:n0}", "{0:g}", "{0:f0}", "{0:X8}", "{0:0‰}", "{0:;;z}", "{0:E+0}", "{0:0.0E+00}", "{0:#0.0#;-}", "{0:}",
)  # fmt: skip
_URIS = (
    "https://a.com", "https://a.com/", "https://a.com/b/c", "http://A.com:8080/x?y=1#z", "https://a.com/b/", "a/b", "/x", "//h/p", "?q=1", "#f", "../up",
    "./here", "x y", "mailto:a@b.c", "ftp://f/x", "https://u:p@h/x", "", "not a uri", "https://a.com:99999", "https://", "file:///x/y", "é",
    "https://é.com/é", "c.json?sas", "HTTPS://A/B", "x://y/z", "https://a.com/%41%zz", "urn:x:y", "https://[::1]/x", "a:b", "/a//b", "..", "b/../c/./d",
)  # fmt: skip
_NETWORKS = (
    "10.0.0.0/16", "10.1.2.3/24", "192.168.0.0/30", "10.0.0.0/32", "10.0.0.0/31", "10.0.0.0", "0.0.0.0/0", "10.0.0.0/33", "fd00::/48", "fd00:1:2::/64",
    "fd00::/127", "::/0", "::ffff:1.2.3.4/120", "x", "", "10.0.0/24", "010.0.0.0/8", "fd00::/129", "1.2.3.4/30", "172.16.5.4/12",
)  # fmt: skip
# The engine counts subnets one by one: it is not asked for the millionth.
_SUBNETTED = ("10.0.0.0/16", "10.1.2.3/24", "192.168.0.0/30", "10.0.0.0/32", "10.0.0.0/31", "10.0.0.0/33", "fd00::/56", "fd00:1:2::/64", "x", "", "1.2.3.4/30", "192.168.7.7")  # fmt: skip
_BASE64 = ("aGVsbG8=", "eyJhIjoxfQ==", "YQ==", "YQ", "!!", "", "YWJj", " YWJj ", "/+8=", "MTIz", "bnVsbA==", "gICA", "YWJj\nZGVm", "YQ=a", "====", "W10=")  # fmt: skip
_DATA_URIS = ("data:,x", "data:;base64,YQ==", "data:text/plain;charset=utf-8;base64,aGk=", "data:text/plain,a%20b+c", "x", "data:", "data:;base64,!", "data:text/plain;charset=utf-16,a", "DATA:,x", "data:text/html,<p>", "data:;charset=utf8,a")  # fmt: skip
_TYPES = ("Microsoft.Web/sites", "Microsoft.Web/sites/slots", "Microsoft.Storage/storageAccounts", "a", "a/b", "Microsoft.Web", "Microsoft.Web/sites/", "")  # fmt: skip
_IDS = ("00000000-0000-0000-0000-000000000009", "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g", "/x/y", "rg", "site", "x", "")  # fmt: skip

# What each function takes: s(tring), i(nteger), n(umber), b(oolean), a(rray), o(bject), v(alue of any kind), and by
# name; `*` repeats the last one up to three times, `?` may be left out.
_SIGNATURES: tuple[tuple[str, str, str], ...] = (
    ("concat", "s", "s s*"), ("concat", "a", "a a*"), ("concat", "s", "s v"), ("format", "s", "FORMAT v*"), ("format", "s", "FORMAT n n"), ("string", "s", "v"),
    ("toLower", "s", "s"), ("toUpper", "s", "s"), ("trim", "s", "s"), ("substring", "s", "s i i?"), ("replace", "s", "s s s"), ("split", "a", "s s"),
    ("split", "a", "s STRINGS"), ("join", "s", "STRINGS s"), ("join", "s", "a s"), ("startsWith", "b", "s s"), ("endsWith", "b", "s s"), ("indexOf", "i", "s s"),
    ("lastIndexOf", "i", "s s"), ("indexOf", "i", "a v"), ("lastIndexOf", "i", "a v"), ("padLeft", "s", "s i s?"), ("padLeft", "s", "i i"), ("contains", "b", "s s"),
    ("contains", "b", "a v"), ("contains", "b", "o s"), ("length", "i", "a"), ("length", "i", "s"), ("length", "i", "o"), ("empty", "b", "v"), ("first", "v", "a"),
    ("first", "s", "s"), ("last", "v", "a"), ("last", "s", "s"), ("take", "a", "a i"), ("take", "s", "s i"), ("skip", "a", "a i"), ("skip", "s", "s i"),
    ("array", "a", "v"), ("createArray", "a", "v*"), ("createObject", "o", "s v s v"), ("range", "a", "SMALL SMALL"), ("union", "a", "a a*"), ("union", "o", "o o*"),
    ("intersection", "a", "a a*"), ("intersection", "o", "o o*"), ("shallowMerge", "o", "OBJECTS"), ("items", "a", "o"), ("objectKeys", "a", "o"),
    ("flatten", "a", "ARRAYS"), ("distinct", "a", "a"), ("tryGet", "v", "o s"), ("tryGet", "v", "a i"), ("tryGet", "v", "v s i"), ("tryIndexFromEnd", "v", "a i"),
    ("tryIndexFromEnd", "v", "a i s"), ("indexFromEnd", "v", "a i"), ("add", "i", "i i"), ("sub", "i", "i i"), ("mul", "i", "i i"), ("div", "i", "i i"),
    ("mod", "i", "i i"), ("min", "i", "i i*"), ("max", "i", "i i*"), ("min", "n", "n n*"), ("max", "i", "INTEGERS"), ("int", "i", "s"), ("int", "i", "i"), ("float", "n", "s"),
    ("float", "n", "n"), ("if", "v", "b v v"), ("and", "b", "b b*"), ("or", "b", "b b*"), ("not", "b", "b"), ("coalesce", "v", "v v*"), ("true", "b", ""), ("false", "b", ""),
    ("null", "v", ""), ("equals", "b", "v v"), ("equals", "b", "s s"), ("equals", "b", "n i"), ("less", "b", "i i"), ("less", "b", "s s"), ("lessOrEquals", "b", "n n"),
    ("greater", "b", "s s"), ("greaterOrEquals", "b", "i n"), ("json", "v", "JSON"), ("json", "v", "JSON"), ("base64", "s", "s"), ("base64ToString", "s", "BASE64"),
    ("base64ToJson", "v", "BASE64"), ("dataUri", "s", "v"), ("dataUriToString", "s", "DATA"), ("bool", "b", "s"), ("bool", "b", "v"), ("fail", "v", "s"), ("uri", "s", "URI URI"),
    ("uriComponent", "s", "s"), ("uriComponentToString", "s", "s"), ("uniqueString", "s", "s s*"), ("guid", "s", "s s*"), ("dateTimeAdd", "s", "DATE DURATION DATEFORMAT?"),
    ("dateTimeToEpoch", "i", "DATE"), ("dateTimeFromEpoch", "s", "i"), ("parseUri", "o", "URI"), ("buildUri", "o", "URIPARTS"), ("parseCidr", "o", "NETWORK"),
    ("cidrSubnet", "s", "SUBNETTED LENGTH SMALL"), ("cidrHost", "s", "NETWORK SMALL"), ("resourceId", "s", "TYPE s s?"), ("resourceId", "s", "ID TYPE s"),
    ("subscriptionResourceId", "s", "TYPE s"), ("tenantResourceId", "s", "TYPE s"), ("extensionResourceId", "s", "ID TYPE s"), ("managementGroupResourceId", "s", "ID TYPE s"),
    ("map", "a", "a L1"), ("map", "a", "a L1"), ("filter", "a", "a P1"), ("filter", "a", "INTEGERS P1"), ("reduce", "v", "a v L2"), ("reduce", "v", "INTEGERS i R2"), ("sort", "a", "a C2"),
    ("sort", "a", "INTEGERS C2"), ("toObject", "o", "STRINGS K1 L1?"), ("groupBy", "o", "STRINGS K1 L1?"), ("mapValues", "o", "o M1"),
    ("pickZones", "v", "s s s i"), ("roleDefinitions", "v", "i"), ("parameters", "v", "i"), ("variables", "v", "i"), ("lambda", "v", "s v"), ("lambdaVariables", "v", "s"),
    ("resourceGroup", "o", "s i"), ("subscription", "o", "ID"), ("nothing", "v", "s"),
)  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "FORMAT": _FORMATS,
    "JSON": _JSON,
    "BASE64": _BASE64,
    "DATA": _DATA_URIS,
    "URI": _URIS,
    "DATE": _DATES,
    "DURATION": _DURATIONS,
    "DATEFORMAT": _DATE_FORMATS,
    "NETWORK": _NETWORKS,
    "SUBNETTED": _SUBNETTED,
    "TYPE": _TYPES,
    "ID": _IDS,
}
_KINDS = "siiabov"
_PROPERTIES = ("a", "B", "k1", "key", "scheme", "network", "missing", "length", "value")


def generated_expressions(seed: int, count: int) -> list[str]:
    """So many different expressions, the same for the same seed; every function is called from time to time."""
    random = Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        for signature in _SIGNATURES:
            text = f"[{_Writer(random).call(signature, random.randint(0, MAX_DEPTH - 1))}]"
            if len(text) < 2000:
                found[text] = None
    return list(found)[:count]


class _Writer:
    """Writes one expression; `names` are the variables of the lambdas around, with what they hold."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names: list[tuple[str, str]] = []

    def call(self, signature: tuple[str, str, str], depth: int) -> str:
        name, _, wanted = signature
        arguments = [text for token in wanted.split() for text in self._arguments(token, depth)]
        if self._chance(_WRONG_COUNT):
            arguments = arguments[:-1] if arguments and self._chance(0.5) else [*arguments, "1"]
        if self._chance(_OTHER_CASE):
            name = self._random.choice((name.lower(), name.upper()))
        space = self._random.choice(("", " ")) if self._chance(0.1) else ""
        return f"{name}({f',{space}'.join(arguments)})"

    def _arguments(self, token: str, depth: int) -> Iterator[str]:
        times = 1
        if token.endswith("*"):
            token, times = token[:-1], self._random.randint(0, 3)
        elif token.endswith("?"):
            token, times = token[:-1], self._random.randint(0, 1)
        for _ in range(times):
            yield self._argument(token, depth)

    def _argument(self, token: str, depth: int) -> str:
        if self._chance(_WRONG_TYPE):
            return self._value(self._random.choice(_KINDS), depth)
        special: dict[str, Callable[[int], str]] = {
            "L1": lambda below: self._lambda(("v", "i"), "v", below),
            "M1": lambda below: self._lambda(("v",), "v", below),
            "P1": lambda below: self._lambda(("v", "i"), "b", below),
            "K1": lambda below: self._lambda(("s",), "s", below),
            "L2": lambda below: self._lambda(("v", "v", "i"), "v", below, least=2),
            "R2": lambda below: self._lambda(("i", "i", "i"), "i", below, least=2),
            "C2": lambda below: self._lambda(("v", "v"), "b", below, least=2),
            "STRINGS": lambda below: self._list("s", below),
            "INTEGERS": lambda below: self._list("i", below),
            "OBJECTS": lambda below: self._list("o", below),
            "ARRAYS": lambda below: self._list("a", below),
            "SMALL": lambda _: str(self._random.randint(-2, 12)),
            "LENGTH": lambda _: str(self._random.choice((8, 16, 20, 24, 28, 30, 32, 33, 64, 65, 129, -1))),
            "URIPARTS": lambda _: self._uri_parts(),
        }
        if token in _CHOICES:
            return _quoted(self._random.choice(_CHOICES[token]))
        if token in special:
            return special[token](depth - 1)
        return self._value(token, depth)

    def _value(self, kind: str, depth: int) -> str:
        """An expression that probably has that kind."""
        names = [name for name, held in self._names if held in (kind, "v")]
        if names and self._chance(0.6):
            return f"lambdaVariables('{self._random.choice(names)}')"
        if depth > 0 and self._chance(0.75):
            fitting = [one for one in _SIGNATURES if one[1] == kind or kind == "v"]
            text = self.call(self._random.choice(fitting), depth - 1)
            return text + self._access() if self._chance(0.08) else text
        return self._leaf(kind, depth)

    def _leaf(self, kind: str, depth: int) -> str:
        match kind:
            case "s":
                return _quoted(self._random.choice(_STRINGS), is_escaped=True)
            case "i":
                return self._random.choice(_INTEGERS)
            case "n":
                is_whole = self._chance(0.3)
                return self._random.choice(_INTEGERS) if is_whole else f"json('{self._random.choice(_NUMBER_TEXTS)}')"
            case "b":
                return self._random.choice(("true()", "false()"))
            case "a":
                return self._list(self._random.choice("siisv"), depth - 1)
            case "o":
                names = self._random.sample(("a", "B", "A", "b", "k1", "key", "é", ""), self._random.randint(0, 3))
                parts = [f"'{name}',{self._value(self._random.choice('siiva'), depth - 1)}" for name in names]
                return f"createObject({','.join(parts)})"
            case _:
                return "null()" if self._chance(0.15) else self._leaf(self._random.choice("sinbao"), depth)

    def _list(self, kind: str, depth: int) -> str:
        items = [self._value(kind, depth) for _ in range(self._random.randint(0, 4))]
        return f"createArray({','.join(items)})"

    def _lambda(self, held: tuple[str, ...], wanted: str, depth: int, *, least: int = 1) -> str:
        count = self._random.randint(least, len(held))
        if self._chance(_WRONG_COUNT):
            count += 1
        names = [self._random.choice(("x", "y", "item", "X", "acc")) for _ in range(count)]
        before = self._names
        self._names = [*before, *zip(names, (*held, "v"), strict=False)]
        body = self._value(wanted, max(depth, 1))
        self._names = before
        return f"lambda({''.join(_quoted(name) + ',' for name in names)}{body})"

    def _uri_parts(self) -> str:
        choose = self._random.choice
        parts = [
            f"'scheme','{choose(('https', 'http', 'HTTP', 'ftp', ''))}'",
            f"'host','{choose(('a.com', 'A', '1.2.3.4', ''))}'",
        ]
        if self._chance(0.5):
            parts.append(f"'port',{choose(('80', '443', '8080', '-1', '0', '70000', 'null()'))}")
        if self._chance(0.5):
            parts.append(f"'path','{choose(('x', '/x/y', 'a b', '', '/../x', 'é?#', '%20'))}'")
        if self._chance(0.5):
            parts.append(f"'query','{choose(('x=1', '?x=1', '', 'a b', 'é'))}'")
        return f"createObject({','.join(parts)})"

    def _access(self) -> str:
        if self._chance(0.6):
            return f".{self._random.choice(_PROPERTIES)}"
        return f"[{self._random.choice(('0', '1', '-1', '9', repr('a'), 'null()'))}]"

    def _chance(self, of: float) -> bool:
        return self._random.random() < of


def _quoted(text: str, *, is_escaped: bool = False) -> str:
    return f"'{text}'" if is_escaped else "'" + text.replace("'", "''") + "'"
