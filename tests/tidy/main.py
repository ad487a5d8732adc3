"""The tidy test. Each rule is one case, and so is the proof that the rule can fail.

Without arguments: all rules on the whole tree. `main.py PATH...`: only what is said about these
files. Lines: "ok NAME", "FAIL NAME", "skip NAME: reason".
"""

import sys

import build_rules  # noqa: F401  (registers its rules)
import cpp_rules  # noqa: F401
import doc_rules  # noqa: F401
import floors  # noqa: F401
import formatters
import rule
import size_rules  # noqa: F401
import text_rules  # noqa: F401
import tree as repository


def judge(one, files, tree):
    """Problems of one rule, as "path:line: message"."""
    return [
        f"{file.path}:{line}: {message}" for file in files for line, message in one.check(file, tree)
    ]


def sample_of(sample):
    """The judged file of a sample, and its tree."""
    texts = sample if isinstance(sample, dict) else dict([sample])
    files = [repository.File(path, text) for path, text in texts.items()]
    return files[0], repository.Tree(files)


def self_test(one):
    """What is wrong with the rule itself: samples it misses, and samples it should let pass."""
    wrong = [] if one.bad else ["it has no sample that it must catch"]
    for sample in one.bad:
        file, tree = sample_of(sample)
        if not judge(one, [file], tree):
            wrong.append(f"it does not catch its bad sample {file.path}")
    for sample in one.good:
        file, tree = sample_of(sample)
        wrong += [f"it objects to a good sample: {said}" for said in judge(one, [file], tree)]
    return wrong


def report(name, problems):
    for problem in problems:
        print(problem)
    print(f"{'FAIL' if problems else 'ok'} {name}")
    return not problems


def main(paths):
    tree = repository.read_tree()
    files = [file for file in tree.files.values() if not paths or file.path in paths]
    good = True
    for one in rule.RULES:
        good &= report(f"{one.name} (can fail)", self_test(one))
        good &= report(one.name, judge(one, files, tree))
    sources = [file.path for file in files if file.is_cpp]
    builds = [file.path for file in files if formatters.is_build(file)]
    for run, chosen in ((formatters.clang_format, sources), (formatters.buildifier, builds)):
        if chosen:
            lines = run(chosen)
            print(lines)
            good &= not lines.splitlines()[-1].startswith("FAIL")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
