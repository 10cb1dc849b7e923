"""What is imported late: the table that is used and the imports that a type checker sees are the same."""

from __future__ import annotations

import ast
import inspect

import pytest

from handler.run import lazy


def declared():
    """(name, module) of each import that a type checker sees."""
    guarded = next(node for node in ast.parse(inspect.getsource(lazy)).body if isinstance(node, ast.If))
    return {
        alias.asname: statement.module
        for statement in guarded.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.asname == alias.name
    }


def test_the_table_is_what_a_type_checker_sees():
    assert declared() == lazy._WHERE


@pytest.mark.parametrize("name", sorted(lazy._WHERE))
def test_each_name_is_there_and_the_same_each_time(name):
    assert getattr(lazy, name) is getattr(lazy, name)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = lazy.nothing
