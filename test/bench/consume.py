"""Consumes messages with an empty callback, as fedora-messaging's own client does it: URL QUEUE COUNT. Prints seconds."""

import sys
import time

from fedora_messaging import api, config, exceptions

url, queue, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
config.conf.load_config()
config.conf["amqp_url"] = url
config.conf["passive_declares"] = True
config.conf["qos"] = {"prefetch_size": 0, "prefetch_count": 250}
seen = 0
began = 0.0


def callback(_message):
    global seen, began
    if seen == 0:
        began = time.perf_counter()
    seen += 1
    if seen == count:
        print(time.perf_counter() - began, flush=True)
        raise exceptions.HaltConsumer()


arguments = {"durable": True, "auto_delete": False, "exclusive": False, "arguments": {}}
try:
    api.consume(callback, bindings=[], queues={queue: arguments})
except exceptions.HaltConsumer:
    pass
