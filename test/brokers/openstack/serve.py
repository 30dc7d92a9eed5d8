"""Serves the WSGI application of an OpenStack service on loopback: serve.py MODULE PORT [threaded]."""

import importlib
import sys

from werkzeug.serving import run_simple

module, port = sys.argv[1:3]
threaded = sys.argv[3:] == ['threaded']
# The services read the command line themselves when they are loaded.
del sys.argv[1:]
run_simple('127.0.0.1', int(port), importlib.import_module(module).application, threaded=threaded)
