"""Asks the server: a search by GET or POST, its pages there and back."""

import re
from urllib.parse import urlencode

import requests

from . import cql2_text
from .text import dumps, loads

SESSION = requests.Session()


def ask(method, address, body=None):
    data = None if body is None else dumps(body).encode()
    response = SESSION.request(method, address, data=data, headers={"content-type": "application/json"} if body is not None else {}, timeout=60)
    assert response.status_code == 200, f"{method} {address} {dumps(body) if body else ''}: {response.status_code} {response.text[:1500]}"
    return loads(response.content.decode())


def as_query(search, is_text):
    """A body as a query string."""
    made = {}
    for name, value in search.items():
        if name == "filter":
            made |= {"filter": cql2_text.text(value)} if is_text else {"filter": dumps(value), "filter-lang": "cql2-json"}
        elif name == "sortby":
            made[name] = ",".join(("-" if each["direction"] == "desc" else "+") + each["field"] for each in value)
        elif name == "fields":
            made[name] = ",".join([*value.get("include", []), *(f"-{each}" for each in value.get("exclude", []))])
        elif name in ("intersects", "query"):
            made[name] = dumps(value)
        elif isinstance(value, list):
            made[name] = ",".join(map(str, value))
        else:
            made[name] = str(value)
    return urlencode(made)


def as_body(search, is_text):
    if is_text and "filter" in search:
        return search | {"filter": cql2_text.text(search["filter"]), "filter-lang": "cql2-text"}
    return search


def link(page, rel):
    return next((each for each in page["links"] if each["rel"] == rel), None)


def follow(found):
    method = found.get("method", "GET")
    return ask(method, found["href"], found.get("body") if method == "POST" else None)


def can_get(search):
    """Whether a query string can say it: a comma parts ids and fields, and `fields` what is missing from what is empty."""
    texts = [*search.get("ids", []), *search.get("collections", []), *search.get("fields", {}).get("include", []), *(each["field"] for each in search.get("sortby", []))]
    if any("," in text for text in texts):
        return False
    if search.get("fields", {}).get("exclude") and "include" not in search["fields"]:
        return False
    q = search.get("q")
    return not isinstance(q, list) or (len(q) > 1 and not any(re.search(r'[",]', term) for term in q))


def walk(url, path, search, *, method, is_text, limit):
    """Pages forward to the last, and back from there to the first: (pages, pages in reverse)."""
    asked = search | {"limit": limit}
    page = ask("GET", f"{url}{path}?{as_query(asked, is_text)}") if method == "GET" else ask("POST", url + path, as_body(asked, is_text))
    forward = [page]
    while link(page, "next"):
        page = follow(link(page, "next"))
        forward.append(page)
        assert len(forward) < 1000
    back = [page]
    while link(page, "prev"):
        page = follow(link(page, "prev"))
        back.append(page)
        assert len(back) < 1000
    return forward, back
