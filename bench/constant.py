"""WSGI: answers what is in the file `CONSTANT`, as (headers, body), to whatever is asked."""

import os
import pickle
from pathlib import Path

HEADERS, BODY = pickle.loads(Path(os.environ["CONSTANT"]).read_bytes())


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
