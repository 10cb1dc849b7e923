"""The providers' schemas, read from the bindings that were generated from them: python -m tests.deploy.bindings FOLDER.

FOLDER holds the packages of bindings.txt, as `pip download` leaves them. Nothing in them is imported or run: their
classes are parsed. Prints what provider_schemas.json holds, for the resources that the modules use.
"""

import ast
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

OTC = {
    "opentelekomcloud_ces_alarmrule": "ces_alarmrule",
    "opentelekomcloud_fgs_async_invoke_config_v2": "fgs_async_invoke_config_v2",
    "opentelekomcloud_fgs_function_v2": "fgs_function_v2",
    "opentelekomcloud_fgs_trigger_v2": "fgs_trigger_v2",
    "opentelekomcloud_identity_agency_v3": "identity_agency_v3",
    "opentelekomcloud_identity_role_v3": "identity_role_v3",
    "opentelekomcloud_lts_group_v2": "lts_group_v2",
    "opentelekomcloud_lts_stream_v2": "lts_stream_v2",
    "opentelekomcloud_obs_bucket": "obs_bucket",
}
HUAWEI = {
    "huaweicloud_fgs_function": "functiongraph/function",
    "huaweicloud_identity_agency": "iam/agency",
    "huaweicloud_identity_role": "iam/role",
    "huaweicloud_lts_group": "lts/group",
    "huaweicloud_lts_stream": "lts/stream",
    "huaweicloud_obs_bucket": "obs/bucket",
}
FROM_CDKTF = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"}
SIMPLE = {"str": "string", "Number": "number", "bool": "bool", "int": "number", "float": "number"}
WRAPPERS = ("Optional", "Union", "Input")
LISTS = ("Sequence", "List", "Mapping")


def main(folder):
    schemas = _from_cdktf(*_only(folder, "cdktf_cdktf_provider_opentelekomcloud-*.whl"))
    schemas |= _from_pulumi(*_only(folder, "pulumi_huaweicloud-*.tar.gz"))
    print(json.dumps(schemas, indent=1, sort_keys=True))


def _only(folder, pattern):
    (path,) = Path(folder).glob(pattern)
    return path.name, _texts(path)


def _texts(path):
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return {
                name: archive.read(name).decode() for name in archive.namelist() if name.endswith(("py", "METADATA"))
            }
    with tarfile.open(path) as archive:
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read().decode()
            for member in archive
            if member.name.endswith(".py")
        }


def _from_cdktf(package, texts):
    (metadata,) = [text for name, text in texts.items() if name.endswith("METADATA")]
    (provider,) = set(re.findall(r"^# CDKTF prebuilt bindings for (\S+ provider version \S+)", metadata, re.MULTILINE))
    found = {}
    for resource, module in OTC.items():
        classes = _classes(texts[f"cdktf_cdktf_provider_opentelekomcloud/{module}/__init__.py"])
        name = module.title().replace("_", "")
        schema = _block(classes, f"{name}Config", lambda block: block, FROM_CDKTF)
        schema["computed"] = _computed(classes[name], schema)
        found[resource] = {"from": f"{package}: {provider}", **schema}
    return found


def _from_pulumi(package, texts):
    """The bridge to Terraform makes names plural: a block's own name is the singular."""
    found = {}
    for resource, module in HUAWEI.items():
        folder, name = module.split("/")
        classes = _classes(texts[f"pulumi_huaweicloud/{module}.py"])
        classes |= _classes(texts.get(f"pulumi_huaweicloud/{folder}/_inputs.py", ""))
        schema = _block(classes, f"{name.title()}Args", lambda block: block.removesuffix("s"))
        known = _block(classes, f"_{name.title()}State", lambda block: block.removesuffix("s"))
        schema["computed"] = {key: kind for key, kind in known["optional"].items() if key not in _all(schema)}
        schema["computed"]["id"] = "string"  # every resource of Pulumi has one, which its classes do not say
        found[resource] = {"from": package, **schema}
    return found


def _classes(text):
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def _block(classes, name, named, without=()):
    """What that class takes: arguments with their types, and blocks, by whether they are required."""
    (takes,) = [node for node in classes[name].body if getattr(node, "name", "") == "__init__"]
    block = {"required": {}, "optional": {}, "blocks": {}}
    for argument, default in zip(takes.args.kwonlyargs, takes.args.kw_defaults, strict=True):
        if argument.arg in without:
            continue
        kind = _kind(argument.annotation)
        if kind.rpartition(" ")[2] in classes:
            inner = _block(classes, kind.rpartition(" ")[2], named)
            block["blocks"][named(argument.arg)] = {"is_required": default is None, **inner}
        else:
            block["required" if default is None else "optional"][argument.arg] = kind
    return block


def _kind(annotation):
    """An annotation in Terraform's words: `string`, `list string`, `map string`; for a block the name of its class."""
    match annotation:
        case ast.Constant(value=name):
            return name
        case ast.Subscript(value=outer, slice=inner) if _name(outer) in WRAPPERS:
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return next(kind for kind in map(_kind, parts) if kind not in ("IResolvable", "map any"))
        case ast.Subscript(value=outer, slice=inner) if _name(outer) in LISTS:
            return f"map {_kind(inner.elts[1])}" if isinstance(inner, ast.Tuple) else f"list {_kind(inner)}"
        case ast.Subscript(value=outer):
            return f"map {'any' if _name(outer) == 'Dict' else _name(outer)}"
    return SIMPLE.get(_name(annotation), _name(annotation))


def _name(node):
    return getattr(node, "attr", None) or getattr(node, "id", "")


def _computed(resource, schema):
    """What can only be read: the simple properties that are no arguments."""
    properties = [node for node in resource.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    kinds = {node.name: _kind(node.returns) for node in properties if _name(node.decorator_list[0]) == "property"}
    return {
        name: kind
        for name, kind in sorted(kinds.items())
        if kind in ("string", "number", "list string") and not name.endswith("_input") and name not in _all(schema)
    }


def _all(schema):
    return {*schema["required"], *schema["optional"], *schema["blocks"]}


if __name__ == "__main__":
    main(sys.argv[1])
