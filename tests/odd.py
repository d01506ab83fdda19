"""Odd things that a client may send: targets, queries, header values and bodies, as they stand on the wire.

Texts are in Latin-1, one character for each byte, as WSGI has them.
"""

# fmt: off
TARGETS = (
    "/", "/docs", "/try", "/livez", "/v1/areas", "/v1/problems/not_found", "/static/api/page.css",
    "/v1/session-plans/validate", "/v1/session-plans/validate-batch",
    "*", "//", "/%00", "/%ff", "/%zz", "/static/%00", "/static/../../etc/passwd", "/static/api", "/v1/areas/%0d%0aX",
    "/v1/releases/99999999999999999999", "/v1/areas/" + "a" * 30_000, "/v1/problems/" + "%C3%A9" * 3000,
    "", "?", "/?", "http://localhost/v1", "/v1/../v1", "/v1//areas", "/V1/areas", "/v1/areas/", "/v1/areas;x=1",
    "/v1/areas%2Fcalf", "/v1/areas/%2e%2e", "/v1/releases/0", "/v1/releases/01", "/v1/releases/%D9%A1", "/\xff\xfe",
    "/v1/areas/%ED%A0%80", "/v1/areas/%C0%AF", "/v1/areas/calf%20", "/v1/areas/calf%0a", "/v1/areas/" + "a-" * 100,
    "/static/", "/static", "/static//api/page.css", "/static/api/page.css/", "/static/api/page.css%00.txt",
)
QUERIES = (
    "", "?limit=%32", "?%zz=%00&%ff", "?=&=&&=", "?" + "&".join(f"a{k}=1" for k in range(1001)), "?" + "a" * 60_000,
    "?q=" + "%F0%9F%92%89" * 2000, "?limit=" + "9" * 5000, "?release=" + "9" * 9, "?\xff=\xfe", "?after=%0aERROR",
    "??", "?release=1;limit=2", "?release[]=1", "?release=+1", "?release=1%00", "?limit=1&limit=1", "?__proto__=1",
    "?after=%ED%A0%80", "?q=%", "?after=" + "a-" * 200 + "a", "?limit=0x1", "?limit=1e0", "?limit=-0", "?LIMIT=1",
)
KEYS = (  # as a partner's key may come, or be made up
    "Bearer scl_live_" + "a" * 43, "Bearer scl_test_" + "0" * 64, "bearer scl_live_", "Bearer scl_live_\xff",
    "Bearer  x", "Bearer x y", "Bearer\tx", "Bearer " + "x" * 9000, "Token x", "Basic Og==", "Basic \xff", "Bearer", "",
    'Digest username="', "Bearer null", "Bearer scl_live_AAAA, Bearer scl_live_BBBB", "=", "Bearer \x00",
)
LENGTHS = ("-5", "abc", "\xb2", "9" * 5000, "5, 5", "0x5", "", "0", "00", " 5", "5 ", "+5", "1e3", "\xd9\xa5")
HEADERS: dict[str, tuple[str, ...]] = {
    "CONTENT_TYPE": (
        "application/json; x*=bogus''y", "application/json; charset*=utf-8''hex", "application/json; charset=hex",
        "application/json; charset=punycode", "application/json; charset=undefined", "application/json; charset=\xff",
        "multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 9000,
        "application/x-www-form-urlencoded", "application/json; charset=" + "a" * 9000, ";", "*/*", 'a/b; c="',
        "application/JSON", "application/json;charset=utf-8;charset=utf-16", "text/json", "application/json, text/html",
        "application/problem+json", "\x00", "application/json\t", "application / json", "",
    ),
    "HTTP_HOST": (
        "evil.example", "", "a b", "localhost:99999", "[::1", "\xff", "localhost, localhost", "_", "a" * 9000,
        "localhost.", "LOCALHOST", "localhost:", "localhost@evil.example", "127.1", "[::1]:80", "localhost/x", "*",
    ),
    "HTTP_ACCEPT": (
        "\xff", 'text/html;q="', "a/b;q=1e999", ";" * 9000, '"\\' * 9000, "a/b," * 3000, "*/*;q=0", "text/html",
        "application/xml", "application/json;q=nan", "application/json;q=-1", "application/json;version=99", ",,,",
    ),
    "HTTP_ACCEPT_ENCODING": (
        ";q=;;,", "\xff", '"' * 9000, "*;q=0", "gzip;q=1e999", "identity;q=0, " * 900, "br", "zstd", "gzip", "*",
        "br;q=0.001, zstd;q=0.002", "x-gzip", "identity;q=0", "compress", "gzip;q=inf",
    ),
    "HTTP_ACCEPT_LANGUAGE": ("de;q=9", "\xff", "x-" * 5000, "*"),
    "HTTP_ACCEPT_CHARSET": ("utf-16", "\xff", "*;q=0"),
    "HTTP_IF_NONE_MATCH": ('"""', '"a",' * 3000, "\xff", 'W/"', "*, *", "*", '""', "W/*"),
    "HTTP_IF_MATCH": ('"a"', "*", "\xff"),
    "HTTP_IF_RANGE": ('"a"', "\xff", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "HTTP_IF_MODIFIED_SINCE": (
        "xx", "Thu, 99 Nov 99999 99:99:99 GMT", "\xff", "0" * 5000, "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    ),
    "HTTP_IF_UNMODIFIED_SINCE": ("xx", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "HTTP_RANGE": (
        "bytes=0-1", "bytes=9-0", "bytes=" + "9" * 5000 + "-", "bytes=-", "x", "bytes=0-1,5-6", "bytes=-0", "bytes=--1",
        "bytes=1-" + "9" * 30, "bytes=\xb2-", "bytes=0-" + "0" * 5000, "lines=0-1", "bytes=+1-2", "bytes= 1 - 2",
        "bytes=99999-", "bytes=-99999",
    ),
    "HTTP_COOKIE": ("a=b; " * 3000, "\xff=;;", "=" * 5000, "csrftoken=\x00; sessionid='"),
    "HTTP_AUTHORIZATION": KEYS,
    "HTTP_PROXY_AUTHORIZATION": ("Basic \xff",),
    "HTTP_X_API_KEY": ("scl_live_" + "a" * 43, "\xff"),
    "HTTP_X_REQUEST_ID": ("a" * 9000, "\xff", "a\tb", "a" * 64, "a-b-c-d-e", "x\r\nSet-Cookie: a=b", "%0d%0a" * 3),
    "HTTP_FORWARDED": ("for=\xff;;proto=", 'for="[::1', "by=,,"),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4, " * 2000, "\xff", "::1%eth0", "999.1.1.1", "1.2.3.4:80", "unknown", ","),
    "HTTP_X_FORWARDED_HOST": (";;", "evil.example"),
    "HTTP_X_FORWARDED_PORT": ("99999", "\xff"),
    "HTTP_X_FORWARDED_PREFIX": ("/x",),
    "HTTP_X_FORWARDED_PROTO": ("\xff", "https,http", "https"),
    "HTTP_X_REAL_IP": ("\xff", "1.2.3.4"),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "\xff", "post"),
    "HTTP_X_ORIGINAL_URL": ("/v1/releases/1", "\xff"),
    "HTTP_ORIGIN": ("null", "\xff", "http://[", "https://evil.example", "https://a.example " * 500, ""),
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ("\xff", "GET", "POST", ""),
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ("\xff", "x-" * 9000, "authorization,,"),
    "HTTP_REFERER": ("\xff", "http://[", "javascript:1"),
    "HTTP_USER_AGENT": ("\xff", "a" * 9000, "() { :;}; x", ""),
    "HTTP_EXPECT": ("100-continue", "\xff"),
    "HTTP_CONNECTION": ("upgrade", "close, \xff"),
    "HTTP_UPGRADE": ("websocket", "h2c"),
    "HTTP_TE": ("trailers", "\xff"),
    "HTTP_PROXY": ("http://evil.example",),
    "HTTP_CONTENT_ENCODING": ("gzip", "\xff", "identity", "br, gzip", ""),
    "HTTP_TRANSFER_ENCODING": ("chunked", "gzip, chunked", "identity", "\xff"),
    "CONTENT_LENGTH": LENGTHS,
}
BODIES = (
    b"", b"\x00", b"\xff" * 100, b"a=1&" * 100_000, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
    b"{" * 100_000, b'"' + b"\\" * 1001, b"9" * 100_000, b'{"a":' * 40_000, b"NaN", b"\xed\xa0\x80", b'"\\ud800"',
)
METHODS = (
    "GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY", "get", "\xff",
    "", "GET ", "G" * 9000,
)
# fmt: on
