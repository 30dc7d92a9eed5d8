"""Serves the WSGI application of an OpenStack service on loopback: serve.py MODULE PORT [threaded]."""

import importlib
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.serving import run_simple

module, port = sys.argv[1:3]
threaded = sys.argv[3:] == ['threaded']


@event.listens_for(Engine, 'before_cursor_execute', retval=True)
def begin_to_write(_connection, _cursor, statement, parameters, _context, _many):
    """Who reads first and then writes is refused by SQLite, at once, when another has begun to write in between: with that an image
    stays in `saving` for ever. Their own databases make such a transaction wait, and so does one that begins as a writer."""
    return ('BEGIN IMMEDIATE' if statement == 'BEGIN' else statement), parameters


# The services read the command line themselves when they are loaded.
del sys.argv[1:]
run_simple('127.0.0.1', int(port), importlib.import_module(module).application, threaded=threaded)
