"""What all messages of imagedrop have in common."""

import json
import re
from importlib.resources import files

from fedora_messaging.message import Message

from .sentence import fill_sentence

# As shared/bus/amqp/wire.ts has it: drop ids and `policy` stand in the same field.
_ACCOUNT = re.compile(r"(?!policy$)[a-z][a-z0-9-]{2,31}")


def load_schema(topic):
    """The JSON schema of the bodies of one topic."""
    return json.loads((files(__package__) / "schemas" / f"{topic}.json").read_text("utf-8"))


class ImagedropMessage(Message):
    """A message of imagedrop. The classes of messages.py give topic, severity, schema and sentence."""

    sentence = ""

    @property
    def summary(self):
        return fill_sentence(self.sentence, self.body)

    def __str__(self):
        lines = [self.summary, *self._failure(), f"Drop: {self.body.get('drop', 'none yet')}"]
        return "\n".join(lines + ([f"See {self.url}"] if self.url else []))

    @property
    def url(self):
        """The page that announces the drop, else the compose that it is made of."""
        pages = [told.get("to") for told in self.body.get("told", []) if told.get("channel") == "page"]
        candidates = [*pages, self.body.get("compose", {}).get("location")]
        return next((one for one in candidates if re.match("https?://", one or "")), None)

    @property
    def app_name(self):
        return "imagedrop"

    @property
    def agent_name(self):
        """The person who asked or blessed; a drop is also superseded by a drop, or blessed by the policy."""
        by = self.body.get("by")
        return by if by is not None and _ACCOUNT.fullmatch(by) else None

    @property
    def usernames(self):
        return [] if self.agent_name is None else [self.agent_name]

    def _failure(self):
        failure = self.body.get("failure")
        return [failure["reason"]] if failure else []
