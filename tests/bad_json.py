"""Bodies that no plan can be read from, by name: such as are no JSON, and such as are JSON but no plan.

The names of groups are those of JSONTestSuite where its cases are meant: what must be refused (`n_`), and what readers
differ on (`i_`), which are read here, or are no plan.
"""

import json
from collections.abc import Iterator

from tests.asking import Answer
from tests.plans import clinic_plan
from tests.promises import broken

PLAN = json.dumps(clinic_plan("8"))
AMOUNT = '"8"'  # where odd numbers and texts are put in the plan
VALIDATE = "/v1/session-plans/validate"
BATCH, COMPARE = f"{VALIDATE}-batch", "/v1/session-plans/compare"
Bodies = Iterator[tuple[str, bytes]]

# fmt: off
ARRAYS = (
    '[1 true]', '[a\\u00e5]', '["": 1]', '[""],', '[,1]', '[1,,2]', '["x",,]', '["x"]]', '["",]', '["x"', '[x',
    '[3[4]]', '[1:2]', '[,]', '[-]', '[   , ""]', '["a",\n4\n,1,', '[1,]', '[1,,]', '["\x0ba"\\f]', '[*]', '[""',
    '[1,', '[1,\n1\n,1', '[{}', '[fals]', '[nul]', '[tru]', '[truee]', '[nulll]', '[True]', '[None]', '[undefined]',
    '[1]x', '[1]]', '["asd]', '[][', ']', '[', '[,', '[{', '["a', '["a"', '[1', '[ false, nul', '[ true, fals',
    '[ false, tru', "['", '[<null>]', '[\u2060]', '[\x0c]', '[\\u000A""]', '[1;2]', '(1)', '[1..2]', '[;]', '[/]',
    '[1/2]', '[@]', '[`1`]',
)
NUMBERS = (
    '++1234', '+1', '+Inf', '-01', '-1.0.', '-2.', '-NaN', '.-1', '.2e-3', '0.1.2', '0.3e+', '0.3e', '0.e1', '0E+',
    '0E', '0e+', '0e', '1.0e+', '1.0e-', '1.0e', '1 000.0', '1eE2', '2.e+3', '2.e-3', '2.e3', '9.e+', 'Inf', 'NaN',
    '\uff11', '1+2', '0x1', '0x42', 'Infinity', '0e+-1', '-123.123foo', '-Infinity', '-foo', '- 1', '-012', '-.123',
    '-1x', '1ea', '1.', '.123', '1.2a-3', '1.8011670033376514H-308', '012', '00', '1_000', "1'000", '8.', '0b1',
    '0o7', '1e1.5', '--1', '1-', '\u0661', '\u00b2', '\u2160', '1L', '1f', '1d', '5 mL', '8%', '$8', '#8', '~8', '!8',
    '8!', '\u22128',
)
OBJECTS = (
    '["x", truth]', '{[: "x"}', '{"x", null}', '{"x"::"b"}', '{\U0001f1e8\U0001f1ed}', '{"a":"a" 123}',
    "{key: 'value'}", '{"a":"0",}', '{"a" b}', '{:"b"}', '{"a" "b"}', '{"a":', '{"a"', '{1:1}', '{9999E9999:1}',
    '{null:null,null:null}', '{"id":0,,,,,}', "{'a':0}", '{"a":"b"}/**/', '{"a":"b"}/**//', '{"a":"b"}//',
    '{"a":"b"}/', '{"a":"b",,"c":"d"}', '{a: "b"}', '{"a":"a', '{ "foo" : "bar", "a" }', '{"a":"b"}#', '{}}', '{"":',
    '{"a":/*comment*/"b"}', '{', '{]', '{,', '{"a": true} "x"', '{[', '{"a', "{'a'", '{"a":"b"}#{}', '{"asd":"asd"',
    '{"a"=1}', '{"a";1}', '{"a":1;"b":2}', '{"x": true,', '{true:1}', '{[]:1}', '{{}:1}', '{"a":}', '{"a"}',
    '{"a":1 "b":2}', '{"a":1,,}', '{,"a":1}', '{"a":\u200b1}', '{\u00a0"a":1}', '{"a":1}\x00', '{"a":1}\x1a',
    '{"a":1}\u2028', '{"a":(1)}', '{"a":<!-- -->1}',
)
STRINGS = (
    '"\\uD800\\"', '"\\uD800\\u"', '"\\uD800\\u1"', '"\\uD800\\u1x"', '\u00e9', '"\\\x00"', '"\\x00"', '"\\\\\\"',
    '"\\\t"', '"\\\U0001f300"', '"\\"', '"\\u00A"', '"\\uD834\\uDd"', '"\\uD800\\uD800\\x"', '"\\a"', '"\\uqqqq"',
    '\\u0020"asd"', '\\n', '"', "'single quote'", 'abc', '"\\', '"a\x00a"', '"new\nline"', '"\t"', '"\\UA66D"', '""x',
    '"a" "b"', '"\\u"', '"\\0"', '"\\8"', '"\\\'"', '"\\x41"', '"\\u{41}"', '"\\u-041"', '"\\u 041"', '"\\u0x41"',
    '"\\u+041"', '"\\u00_1"', '\u201c8\u201d', '`8`', '"""8"""', "b'8'", 'u"8"', 'f"8"', '@"8"', '"\\v"', '"\\e"',
    '"\\N{BULLET}"', '"\\\n"',
)
STRUCTURES = (
    '<.>', '1]', '2@', '*', '["\\{["\\{["\\{["\\{', '<xml/>', '<?xml version="1.0"?><a/>', '---\nsessions: []',
    'sessions=1', 'a=1&b=2', '%7B%7D', '&quot;', '{}\n{}', '{} {}', '[] []', '// x\n{}', '/* x */ {}', '# x\n{}', ';',
    '...', '$', 'while(1);{}', ")]}',\n{}", 'for(;;);{}', 'callback({})', '({})', '0{}', 'null{}', '{}null', '\ufeff',
    '\ufeff{}', '{}\ufeff', '\u2028{}', '\u00a0{}', '\u3000{}', '\x0b{}', '\x0c{}', '\x1e{}', '\x85{}', 'data: {}',
    'nan', 'NULL', 'TRUE',
)
BYTES = (
    b"\xff", b"\xc0\xaf", b"\xc1\xbf", b"\xe5", b"\xe9", b"\xef\xbb{}", b"[a\xe5]", b"[\xff]", b"[1e1\xe5]",
    b"[0\xe5]", b"[123\xe5]", b'["\\u\xe5"]', b'["\\\xe5"]', b'{"\xb9":"0"}', b'"\x80"', b'"\xbf"', b'"\xc3"',
    b'"\xe2\x82"', b'"\xf0\x9f\x92"', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xed\xa0\x80"',
    b'"\xed\xbf\xbf"', b'"\xe0\x80\xaf"', b'"\xf0\x80\x80\xaf"', b'"\xc3\x28"', b"\x00", b"\x00\x00\x00{",
    b"{\x00}\x00", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"%PDF-1.4", b"\x89PNG", b"\x16\x03\x01",
    b"GET / HTTP/1.1\r\n\r\n", b"\x80\x02}q\x00.", b"\xa1aa\x01",
)
ODD_JSON = (
    'null', 'true', 'false', '0', '-0', '-1', '1e1', '1E400', '-1e999', '0.4e006', '1' * 100, '9' * 4301,
    '9' * 60_000, '0.' + '1' * 60_000, '1e' + '9' * 5000, '123.456e-789', '""', '"8"', '"\\ud800"',
    '"\\udfff\\ud800"', '"\\u0000"', '"\\uDBFF\\uDFFE"', '"\\ufdd0"', '"\\ufffe"', '"\\ud83d\\ude00"',
    '"\u2028\u2029"', '"\ufeff"', '"\x7f\x80"', '[]', '[[]]', '[null]', '{}', '{"":0}', '{"\\u0000":0}',
    '{"\\ud800":0}', '{"sessions":{}}', '{"sessions":null}', '{"a":1,"a":2}', '{"sessions":[],"sessions":[]}',
    '{"sessions":[],"\\u0073essions":[]}', '{"__proto__":{}}', '{"a":{"b":1,"b":1}}', '"' + 'a' * 60_000 + '"',
    '{"' + 'a' * 60_000 + '":1}', '"' + '\\u0041' * 9000 + '"', '[' + '0,' * 30_000 + '0]', '[' + '[],' * 20_000 + '0]',
    '{' + '"a":1,' * 9000 + '"a":1}', '[' * 29 + ']' * 29,
    '{' + ','.join(f'"k{number}":{number}' for number in range(4000)) + '}',
)
# What may not stand in the place of an amount, where a plan has all else.
ODD_AMOUNTS = (
    'null', 'true', '0', '-1', '-0', '1e1', '1E400', '1e-9', '1.0001', '1234567', '9' * 5000, '0.' + '0' * 5000 + '1',
    '[]', '{}', '["8"]', '""', '" 8"', '"8 "', '"8\\n"', '"+8"', '"1e1"', '"1_0"', '"08"', '".8"', '"8."', '"8,0"',
    '"\u0668"', '"\uff18"', '"\\ud800"', '"\\u0000"', '"NaN"', '"Infinity"', '"0x8"', '"8 mL"',
    '"' + '8' * 60_000 + '"', '"8","value":"8"', '"8","\\u0076alue":"9"',
)
# fmt: on
TOKENS = ("undefined", "None", "True", "nil", "1,5", "8;", "")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp037")
DEPTHS = (33, 100, 1000, 40_000)


def no_json() -> Bodies:
    """Bodies that are no JSON."""
    groups = {
        "n_array": ARRAYS,
        "n_number": NUMBERS,
        "n_object": OBJECTS,
        "n_string": STRINGS,
        "n_structure": STRUCTURES,
    }
    for group, texts in groups.items():
        yield from ((f"{group} {text[:40]!r}", text.encode()) for text in texts)
    yield from ((f"n_bytes {some[:40]!r}", some) for some in BYTES)
    yield from ((f"encoding {name}", PLAN.encode(name)) for name in ENCODINGS)
    yield from ((f"cut after {length} bytes", PLAN[:length].encode()) for length in range(2, len(PLAN)))
    for text in (*NUMBERS, *STRINGS, *TOKENS):
        yield f"amount {text[:40]!r}", PLAN.replace(AMOUNT, text).encode()
    for code in range(0x20):
        yield f"control {code:#04x} in a text", PLAN.replace(AMOUNT, f'"8{chr(code)}"').encode()
        if chr(code) not in "\t\n\r":
            yield f"control {code:#04x} between", PLAN.replace(AMOUNT, f"{chr(code)}{AMOUNT}").encode()
    yield "a great many constants", b"[" + b"NaN," * 15_000 + b"NaN]"
    for depth in DEPTHS:
        yield f"{depth} lists", b"[" * depth + b"]" * depth
        yield f"{depth} objects", b'{"a":' * depth + b"1" + b"}" * depth
        yield f"{depth} lists that do not end", b"[" * depth


def no_plan() -> Bodies:
    """Bodies that are JSON, and no plan."""
    yield from ((f"i_structure {text[:40]!r}", text.encode()) for text in ODD_JSON)
    yield from ((f"amount {text[:40]}", PLAN.replace(AMOUNT, text).encode()) for text in ODD_AMOUNTS)


def placed(body: bytes) -> dict[str, bytes]:
    """The body as it is sent to be checked: as a plan, within a batch and within a comparison."""
    return {
        VALIDATE: body,
        BATCH: b'{"plans":[' + body + b"]}",
        COMPARE: b'{"plans":[' + body + b'],"from_release":1}',
    }


def every_request() -> Iterator[tuple[str, str, bytes, int]]:
    """Name, path, body and the status that is due: an envelope whose plan is JSON is read, and tells what is wrong."""
    for name, body in no_json():
        yield from ((name, path, sent, 400) for path, sent in placed(body).items())
    for name, body in no_plan():
        yield from ((name, path, sent, 400 if path == VALIDATE else 200) for path, sent in placed(body).items())


def wrong(path: str, body: bytes, due: int, answer: Answer) -> list[str]:
    """What is wrong with the answer: another status, no fault with a pointer, or a promise that is broken."""
    problem = json.loads(answer.plain)
    where = {BATCH: "items", COMPARE: "unreadable"}.get(path, "")
    faults = problem.get("errors", []) if due == 400 else [fault for item in problem[where] for fault in item["errors"]]
    found = [] if answer.status == due else [f"{answer.status} instead of {due}"]
    found += [] if faults and all("pointer" in fault for fault in faults) else ["no place is told"]
    return [*found, *broken("POST", path, body, answer)]
