"""What a rule is. Every rule carries a sample it must catch: a rule that cannot fail is none."""

import dataclasses
import typing

RULES = []


@dataclasses.dataclass
class Rule:
    """One rule of the tree.

    check(file, tree) yields (line, message). bad and good map paths to texts: each bad sample,
    alone in a tree, must be caught at its own path; no good one may be. A sample may bring other
    files along: a dict of path to text, the first of which is judged.
    """

    name: str
    check: typing.Callable
    bad: list
    good: list


def rule(name, bad, good=()):
    """Registers the decorated check. Samples: (path, text), or a dict for several files."""

    def register(check):
        RULES.append(Rule(name, check, list(bad), list(good)))
        return check

    return register


def each_match(pattern, lines, message):
    """(line, message) for each line in which the compiled pattern is found."""
    for number, line in enumerate(lines, 1):
        match = pattern.search(line)
        if match:
            yield number, message.format(match.group().strip())
