"""Run by the environment `validator`: judges JSON documents by CycloneDX 1.6, by Kubernetes, by GitLab's own schema of
pipelines, or by a schema with all its formats.

python validate.py cyclonedx|kubernetes|gitlab|SCHEMA.json < {"name": document, ...}     prints {"name": problem or null, ...}
"""

import importlib
import importlib.util
import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

ADDRESSES = "rfc3987_syntax"  # international ones


@cache
def grammar():
    """What judges them; making it costs more than all else."""
    del sys.modules[ADDRESSES]
    return importlib.import_module(ADDRESSES).is_valid_syntax


def is_valid_syntax(rule, text):
    return grammar()(rule, text)


sys.modules[ADDRESSES] = ModuleType(ADDRESSES)  # what jsonschema finds: the grammar is made when there is one to judge
sys.modules[ADDRESSES].is_valid_syntax = is_valid_syntax


def cyclonedx():
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    return lambda document: validator.validate_str(json.dumps(document))


def kubernetes():
    import kubernetes_validate

    def judge(document):
        try:
            kubernetes_validate.validate(document, "1.37", strict=True)
        except kubernetes_validate.ValidationError as error:
            return error.message
        return None

    return judge


def gitlab():
    import jsonschema

    (package,) = importlib.util.find_spec("check_jsonschema").submodule_search_locations
    path = Path(package) / "builtin_schemas/vendor/gitlab-ci.json"
    validator = jsonschema.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))
    return lambda document: next(validator.iter_errors(document), None)


def schema(path):
    import jsonschema

    kind = jsonschema.Draft202012Validator
    assert {"uri", "uri-reference", "date-time"} <= kind.FORMAT_CHECKER.checkers.keys()
    validator = kind(json.loads(Path(path).read_text(encoding="utf-8")), format_checker=kind.FORMAT_CHECKER)
    return lambda document: next(validator.iter_errors(document), None)


KINDS = {"cyclonedx": cyclonedx, "kubernetes": kubernetes, "gitlab": gitlab}
judge = KINDS[sys.argv[1]]() if sys.argv[1] in KINDS else schema(sys.argv[1])
problems = {name: judge(document) for name, document in json.load(sys.stdin).items()}
print(json.dumps({name: problem and str(problem) for name, problem in problems.items()}))
