"""The yardstick: the service's own headers and bytes, sent by the bare server. What is posted is only read."""

from tests.benchmarks.peers import given

STATUS = {"list": "200 OK", "one": "200 OK", "304": "304 Not Modified", "validate": "200 OK"}
READY = {lane: (status, given.headers(lane), [given.body(lane)]) for lane, status in STATUS.items()}


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
        lane = "validate"
    elif "HTTP_IF_NONE_MATCH" in environ:
        lane = "304"
    else:
        lane = "list" if environ["PATH_INFO"] == given.LIST_PATH else "one"
    status, headers, body = READY[lane]
    start_response(status, headers)
    return body
