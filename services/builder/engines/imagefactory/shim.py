"""Has ImageFactory make one base image: `shim.py ORDER.json`, or `shim.py --version`.

Its own command ignores its configuration file under Python 3.9 and newer, and its daemon refuses every order, so it is
used as a library, as Koji does. Says one JSON object a line whenever something changes; the last has the final status.
"""

import json
import logging
import os
import sys
import zlib


def say(**what):
    print(json.dumps(what), flush=True)


def version():
    from imgfac import Version
    print("imagefactory", getattr(Version, "VERSION", "unknown"))


def configure(order):
    from imgfac.ApplicationConfiguration import ApplicationConfiguration
    from imgfac.PluginManager import PluginManager
    from imgfac.ReservationManager import ReservationManager

    work = order["work"]
    plugins = "/etc/imagefactory/plugins.d"
    ApplicationConfiguration(configuration={
        "verbose": True, "debug": True, "raw": False, "output": "log",
        "timeout": order["timeout"],
        "imgdir": os.path.join(work, "images"),
        "tmpdir": os.path.join(work, "tmp"),
        "plugins": plugins,
        "image_manager": "file",
        "image_manager_args": {"storage_path": os.path.join(work, "storage")},
        "oz_data_dir": os.path.join(work, "data"),
        "oz_screenshot_dir": os.path.join(work, "screenshots"),
        "rhevm_image_format": "qcow2",
        "tdl_require_root_pw": False,
    })
    PluginManager(plugins).load()
    # Two factories on one host would listen on the same port.
    reservations = ReservationManager()
    span = reservations.MAX_PORT - reservations.MIN_PORT
    reservations._listen_port = reservations.MIN_PORT + zlib.crc32(work.encode()) % span


def build(order):
    from imgfac.BuildDispatcher import BuildDispatcher

    with open(order["template"]) as template, open(order["answers"]) as answers:
        parameters = {"install_script": answers.read(), "generate_icicle": False}
        builder = BuildDispatcher().builder_for_base_image(template.read(), parameters=parameters)
    image = builder.base_image
    # Written before anything else is said: by it, a killed build's machine is found again.
    with open(order["identifier"], "w") as file:
        file.write(str(image.identifier))
    last = None
    while builder.base_thread.is_alive():
        builder.base_thread.join(2)
        now = dict(status=image.status, percent=image.percent_complete, activity=image.status_detail["activity"])
        if now != last:
            say(**now)
            last = now
    if image.status != "COMPLETE":
        say(status=image.status, error=str(image.status_detail["error"]))
        return 1
    os.replace(image.data, order["disk"])
    with open(order["machine"], "w") as file:
        file.write(str(image.parameters["libvirt_xml"]))
    say(status="COMPLETE", disk=order["disk"])
    return 0


def main(arguments):
    if arguments == ["--version"]:
        version()
        return 0
    with open(arguments[0]) as file:
        order = json.load(file)
    for name in ("images", "tmp", "storage", "data", "screenshots"):
        os.makedirs(os.path.join(order["work"], name), exist_ok=True)
    os.makedirs(os.path.dirname(order["disk"]), exist_ok=True)
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
    configure(order)
    return build(order)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
