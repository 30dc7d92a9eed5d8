"""Does with Koji's own library what it is told on standard input, one JSON value a line, and says what came of it."""

import json
import sys

import koji
import koji.xmlrpcplus


def decode(line):
    """What the hub would make of a request: Koji's own parser, and its own reading of keywords."""
    params, method = koji.xmlrpcplus.loads(line["xml"])
    args, keywords = koji.decode_args(*params)
    return {"method": method, "args": args, "keywords": keywords}


class Client:
    def __init__(self, hub):
        opts = {"max_retries": 3, "retry_interval": 0.1, "timeout": 60, "auth_timeout": 60}
        self.session = koji.ClientSession(hub, opts)

    def call(self, line):
        session = self.session
        name = line["call"]
        args, keywords = line.get("args", []), line.get("keywords", {})
        try:
            if name == "upload":
                return {"value": session.uploadWrapper(*args, **keywords)}
            if name == "ssl_login":
                return {"value": session.ssl_login(*args, **keywords)}
            if name == "login":
                session.opts["user"], session.opts["password"] = args
                return {"value": session.login()}
            if name == "multicall":
                session.multicall = True
                for one in args:
                    session.callMethod(one[0], *one[1:])
                return {"value": session.multiCall()}
            return {"value": session.callMethod(name, *args, **keywords)}
        except koji.GenericError as error:
            return {"fault": error.faultCode, "text": str(error)}
        except Exception as error:  # what else goes wrong is told too
            return {"error": type(error).__name__, "text": str(error)}


def main():
    client = None
    for text in sys.stdin:
        line = json.loads(text)
        if "hub" in line:
            client = Client(line["hub"])
            answer = {}
        elif "xml" in line:
            answer = decode(line)
        else:
            answer = client.call(line)
        print(json.dumps(answer, default=str), flush=True)


main()
