"""What the providers' resources take: from the bindings that were generated from them, else from their documents."""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
PROVIDERS = {  # what the modules set of the provider itself
    "huaweicloud": {"optional": {"region": "string"}},
    "opentelekomcloud": {"optional": {"auth_url": "string", "region": "string", "tenant_name": "string"}},
}


@cache
def schemas_of(cloud):
    """By resource: `from`, `required`, `optional`, `computed`, `blocks`."""
    both = [json.loads((FOLDER / f"provider_{name}.json").read_text()) for name in ("documents", "schemas")]
    return {name: schema for part in both for name, schema in part.items() if name.startswith(f"{cloud}_")}
