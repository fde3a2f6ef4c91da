"""Free text: the words of a text, and whether `q` finds them. STAC API free-text, basic and advanced."""

import re
import unicodedata

from .instants import microseconds


def words_of(text):
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.category(char).startswith("M")).casefold()
    marked = "".join(char if unicodedata.category(char)[0] in "LN" else " " for char in plain)
    return marked.split()


def strings_in(value):
    if isinstance(value, str):
        return [] if microseconds(value, dates=False) is not None else [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in strings_in(part)] if isinstance(value, list) else []


def has_phrase(texts, phrase):
    """`texts`: lists of words. Whether the phrase's words stand side by side in one of them; false without any word."""
    wanted = words_of(phrase)
    return bool(wanted) and any(words[at : at + len(wanted)] == wanted for words in texts for at in range(len(words)))


TOKENS = re.compile(r'"([^"]*)"|([()])|([+-])(?=[^\s)])|([^\s()"]+)')


def tokens_of(q):
    tokens = []
    for quoted, bracket, sign, word in TOKENS.findall(q):
        if bracket or sign:
            tokens.append(bracket or sign)
        elif word in ("AND", "OR"):
            tokens.append(word)
        else:
            tokens.append(("term", word or quoted))
    return tokens


def advanced(q, texts):
    """OR < AND < term; side by side is OR; +term must be there and -term must not, and then others need not."""
    tokens = tokens_of(q)

    def term():
        token = tokens.pop(0)
        if token == "(":
            value = clauses()
            assert tokens.pop(0) == ")"
            return value
        return has_phrase(texts, token[1])

    def both():
        sign = tokens.pop(0) if tokens[0] in ("+", "-") else ""
        value = term()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            negated = tokens[0] == "-"
            if tokens[0] in ("+", "-"):
                tokens.pop(0)
            value = (term() != negated) and value
        return sign, value

    def clauses():
        found = [both()]
        while tokens and tokens[0] != ")":
            if tokens[0] == "OR":
                tokens.pop(0)
            found.append(both())
        required = [value for sign, value in found if sign == "+"]
        optional = [value for sign, value in found if sign == ""]
        if any(value for sign, value in found if sign == "-"):
            return False
        return all(required) if required else (any(optional) if optional else True)

    value = clauses()
    assert not tokens
    return value


def finds(q, strings):
    """`q`: text, or a list of terms of which one must be there."""
    texts = [words_of(text) for text in strings]
    terms = q if isinstance(q, list) else [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,])+', q) if part.strip()]
    if isinstance(q, list) or len(terms) > 1:
        return any(has_phrase(texts, term) for term in terms)
    return bool(terms) and advanced(q, texts)
