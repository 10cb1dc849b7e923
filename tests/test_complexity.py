"""No function has more than ten ways through it, counted as radon does.

ruff's limit (C901) counts statements that branch; `and`, `or`, conditional expressions and the parts of a comprehension
pass it, and a function may have twenty ways through it that nobody sees.
"""

import ast

import pytest

from tests.module_trees import HANDLER, MODULES, tree_of

MOST = 10
COUNTS = {
    ast.If: lambda node: 1,
    ast.IfExp: lambda node: 1,
    ast.Assert: lambda node: 1,
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.For: lambda node: 1 + bool(node.orelse),
    ast.While: lambda node: 1 + bool(node.orelse),
    ast.Try: lambda node: len(node.handlers) + bool(node.orelse),
    ast.comprehension: lambda node: 1 + len(node.ifs),
    ast.Match: lambda node: len(node.cases) - any(getattr(case.pattern, "pattern", 0) is None for case in node.cases),
}


def ways(node):
    """How many ways a part of a function adds; a function inside of it is counted by itself."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return 0
    own = COUNTS[type(node)](node) if type(node) in COUNTS else 0
    return own + sum(map(ways, ast.iter_child_nodes(node)))


def complexities(tree):
    """Every function of a module, and how many ways there are through it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, 1 + sum(map(ways, node.body))


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("return 1", 1),
        ("if a and b or c: pass\n    elif d: pass\n    else: pass", 5),
        ("return x if a else [y for y in b for z in y if z if not y]", 6),
        ("for x in a: pass\n    else: pass\n    while b: assert c", 5),
        ("try: pass\n    except A: pass\n    except B: pass\n    else: pass\n    finally: pass", 4),
        ("match a:\n        case 1: pass\n        case 2: pass\n        case _: pass", 3),
        ("with a, b: return lambda: c", 1),
        ("def g():\n        if a: pass\n    return g", 1),
    ],
)
def test_the_count_is_radon_s(body, count):
    assert dict(complexities(ast.parse(f"def f():\n    {body}")))["f"] == count


def test_no_function_has_more_than_ten_ways_through_it():
    above = {
        (str(path.relative_to(HANDLER)), name, count)
        for path in MODULES
        for name, count in complexities(tree_of(path))
        if count > MOST
    }
    assert above == set()
