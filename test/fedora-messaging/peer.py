"""A program of somebody else on the bus, made with the real fedora-messaging library and our schema package.

peer.py describe         for each line of standard input: make the message, validate it, say what people are shown
peer.py publish          for each line: publish it, say what became of it
peer.py consume QUEUE N  consume N messages, say what they are; those that the library refuses are said too

A line is a JSON object {"subject", "body"}. FEDORA_MESSAGING_CONF names the broker.
"""

import json
import logging
import sys

import jsonschema
from fedora_messaging import api, config, exceptions, message


class Complaints(logging.Handler):
    """What the library says about messages that are not as they should be."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage()[:200])


complaints = Complaints()
logging.getLogger("fedora_messaging").addHandler(complaints)


def say(**what):
    print(json.dumps(what), flush=True)


def description(one):
    return {
        "class": type(one).__name__,
        "id": one.id,
        "topic": one.topic,
        "severity": one.severity,
        "summary": one.summary,
        "text": str(one),
        "url": one.url,
        "app": one.app_name,
        "agent": one.agent_name,
        "usernames": one.usernames,
        "packages": one.packages,
        "headers": one._headers,
        "body": one.body,
    }


def messages():
    for line in sys.stdin:
        wanted = json.loads(line)
        yield message.get_class("imagedrop." + wanted["subject"])(body=wanted["body"])


def describe():
    for one in messages():
        try:
            one.validate()
            say(**description(one), complaints=complaints.said)
        except jsonschema.ValidationError as error:
            say(refused=str(error).splitlines()[0])


def publish():
    for one in messages():
        try:
            api.publish(one)
            say(id=one.id)
        except jsonschema.ValidationError as error:
            say(refused=str(error).splitlines()[0])


def consume(queue, count):
    left = int(count)

    def callback(one):
        nonlocal left
        left -= 1
        say(**description(one), complaints=complaints.said)
        if left == 0:
            raise exceptions.HaltConsumer()

    bindings = [{"exchange": "amq.topic", "queue": queue, "routing_keys": ["#"]}]
    queues = {queue: {"durable": True, "auto_delete": False, "exclusive": False, "arguments": {}}}
    try:
        api.consume(callback, bindings=bindings, queues=queues)
    except Exception:
        # Halting ends as an error, which Twisted wraps in another.
        if left > 0:
            raise


config.conf.load_config()
{"describe": describe, "publish": publish, "consume": consume}[sys.argv[1]](*sys.argv[2:])
