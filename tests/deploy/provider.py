"""Stands in for a cloud's Terraform provider: knows its schema and nothing else, asks no cloud.

Run by the environment `terraform`: python provider.py ADDRESS SOCKET < {"provider": block, "resources": {name: block}}
It serves Terraform's plugin protocol 5 on that socket, prints what belongs into TF_REATTACH_PROVIDERS, and ends with its
standard input. With `mock_provider`, Terraform makes plans and answers itself; the schema is all that it asks. For a plan
of a given state nothing has changed in the cloud, and what is wanted can be had without making anything anew.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

TEXT, LIST = 2, 2  # a length and bytes follow; blocks are repeated


def field(number, value):
    """One field of a protocol buffer: bytes, text or a number."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value) if value else b""
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | TEXT) + _varint(len(content)) + content


def _varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def fields(message):
    """The bytes and texts of a message, by number; of a repeated one the last."""
    found, place = {}, 0
    while place < len(message):
        key, place = _number(message, place)
        length, place = _number(message, place)
        if key & 7 == TEXT:  # else it was the number itself
            found[key >> 3] = message[place : place + length]
            place += length
    return found


def _number(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def schema(block):
    """A `Schema` of the protocol."""
    return field(2, _block(block))


def _block(block):
    attributes = [
        field(2, field(1, name) + field(2, json.dumps(_type(kind))) + field(number, 1))
        for key, number in (("required", 4), ("optional", 5), ("computed", 6))
        for name, kind in block.get(key, {}).items()
    ]
    nested = [
        field(3, field(1, name) + field(2, _block(inner)) + field(3, LIST) + field(4, int(inner["is_required"])))
        for name, inner in block.get("blocks", {}).items()
    ]
    return b"".join(attributes + nested)


def _type(kind):
    outer, _, inner = kind.partition(" ")
    return [outer, inner] if inner else outer


def schemas(known):
    """The answer to GetSchema."""
    resources = (field(2, field(1, name) + field(2, schema(block))) for name, block in known["resources"].items())
    return field(1, schema(known["provider"])) + b"".join(resources)


def given(number):
    """An answer that gives back one part of what came, as its first."""
    return lambda request: field(1, fields(request)[number])


def upgraded(request):
    """A stored state as it was stored: a DynamicValue in JSON."""
    return field(1, field(2, fields(fields(request)[3])[1]))


ANSWERS = {
    "PrepareProviderConfig": given(1),  # the configuration
    "Configure": lambda _: b"",
    "ValidateResourceTypeConfig": lambda _: b"",
    "UpgradeResourceState": upgraded,
    "ReadResource": given(2),  # the state
    "PlanResourceChange": given(3),  # what is proposed
    "Stop": lambda _: b"",
}


class Provider(grpc.GenericRpcHandler):
    """Answers every method, each in the protocol's own bytes."""

    def __init__(self, known):
        schema = schemas(known)  # asked for several times in each command
        self.answers = ANSWERS | {"GetSchema": lambda _: schema}

    def service(self, details):
        answer = self.answers.get(
            details.method.rpartition("/")[2]
        )  # without one, grpc says that there is no such method
        return answer and grpc.unary_unary_rpc_method_handler(lambda request, _: answer(request))


def main(address, socket):
    known = json.loads(sys.stdin.readline())
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Provider(known)])
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    where = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True}
    print(json.dumps({address: {**where, "Addr": {"Network": "unix", "String": socket}}}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
