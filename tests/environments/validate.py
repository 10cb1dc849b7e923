"""Run by the environment `validator`: judges JSON documents by CycloneDX 1.6, by Kubernetes, by GitLab's own schema of
pipelines, or by a schema with all its formats.

python validate.py cyclonedx|kubernetes|gitlab|SCHEMA.json < {"name": document, ...}     prints {"name": problem or null, ...}
"""

import json
import sys
from pathlib import Path


def cyclonedx():
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    return lambda document: validator.validate_str(json.dumps(document))


def without_addresses():
    """The grammar of addresses, which jsonschema would load, costs most of a process that never asks for it."""
    sys.modules["rfc3987_syntax"] = None


def kubernetes():
    without_addresses()
    import kubernetes_validate

    def judge(document):
        try:
            kubernetes_validate.validate(document, "1.37", strict=True)
        except kubernetes_validate.ValidationError as error:
            return error.message
        return None

    return judge


def gitlab():
    without_addresses()
    import check_jsonschema
    import jsonschema

    path = Path(check_jsonschema.__file__).parent / "builtin_schemas/vendor/gitlab-ci.json"
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
