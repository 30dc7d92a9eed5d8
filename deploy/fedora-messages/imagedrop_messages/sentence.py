"""Fills a line for people with fields of a body. shared/events/sentence.ts says what the forms mean."""

import re

_FORM = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
_BRACKETED = re.compile(r" \((.*)\)", re.DOTALL)
_PARTS = re.compile(r"(#?)([\w.]+)(?:\[(\w+)=([\w-]+)(?:!(\w+))?\])?(?:: ([^|]+))?(?:\|(.+))?")


def fill_sentence(sentence, body):
    return _FORM.sub(lambda form: _fill(form[1], body), sentence)


def _fill(form, body):
    bracketed = _BRACKETED.fullmatch(form)
    if bracketed:
        text = _fill(bracketed[1], body)
        return f" ({text})" if text else ""
    count, path, key, wanted, without, each, otherwise = _PARTS.fullmatch(form).groups()
    found = _at(body, path)
    if not isinstance(found, list):
        is_plain = isinstance(found, (str, int, float)) and not isinstance(found, bool)
        return str(found) if is_plain else otherwise or "?"
    items = [
        item
        for item in found
        if (key is None or _at(item, key) == wanted) and (without is None or _at(item, without) is None)
    ]
    if count:
        return str(len(items))
    return ", ".join(fill_sentence(each or "?", item) for item in items)


def _at(body, path):
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body
