"""Runs a model over gRPC with nothing of BlindAI: Debian's python3-grpcio and python3-protobuf, and the .proto file that the
server gives by reflection. Every input is ones of the first shape that fits; each output is printed as JSON, in hexadecimal.

    BLINDAI_KEY_FILE=owner.key python3 grpc_by_reflection.py HOST:PORT MODEL

The server must say "unattestedClients": true. A stock client verifies nothing: this one takes the certificate that it is
shown and sends the key to it, so it is for trying what is served, and not for data or keys that matter.
"""

import json
import math
import os
import ssl
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
HEALTH = "/grpc.health.v1.Health/Check"
SERVICE = "inference.GRPCInferenceService"
TIMEOUT_SECONDS = 30

ONE = {
    "BOOL": b"\x01",
    "UINT8": b"\x01",
    "INT8": b"\x01",
    "UINT16": b"\x01\x00",
    "INT16": b"\x01\x00",
    "FP16": b"\x00\x3c",
    "UINT32": b"\x01\x00\x00\x00",
    "INT32": b"\x01\x00\x00\x00",
    "FP32": b"\x00\x00\x80\x3f",
    "UINT64": b"\x01" + bytes(7),
    "INT64": b"\x01" + bytes(7),
    "FP64": bytes(6) + b"\xf0\x3f",
    "BYTES": b"\x01\x00\x00\x001",
}


def connect(target):
    host, port = target.rsplit(":", 1)
    root = ssl.get_server_certificate((host, int(port)), timeout=TIMEOUT_SECONDS).encode()
    options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.max_receive_message_length", -1)]
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(root), options)


def field_of(message, wanted):
    """The bytes of one field of a message whose fields are all bytes. Source: Protocol Buffers, "Encoding"."""

    def varint(at):
        value, shift = 0, 0
        while True:
            byte = message[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value, at

    at = 0
    while at < len(message):
        tag, at = varint(at)
        if tag & 7 != 2:
            raise ValueError("the answer of reflection has a field that is not bytes")
        length, at = varint(at)
        if tag >> 3 == wanted:
            return message[at : at + length]
        at += length
    raise ValueError(f"the answer of reflection has no field {wanted}")


def file_of_symbol(channel, symbol, metadata):
    """Asks reflection for a file. Its own messages are read by hand: what describes them would have to be asked for, too."""
    question = b"\x22" + bytes([len(symbol)]) + symbol.encode()
    call = channel.stream_stream(REFLECTION)
    (answer,) = call(iter([question]), metadata=metadata, timeout=TIMEOUT_SECONDS)
    # FileDescriptorResponse has the one field of FileDescriptorSet.
    return descriptor_pb2.FileDescriptorSet.FromString(field_of(answer, 4)).file


def message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(name)
    get = getattr(message_factory, "GetMessageClass", None)
    return get(descriptor) if get else message_factory.MessageFactory(pool).GetPrototype(descriptor)


def method_of(channel, pool, service, name):
    method = pool.FindServiceByName(service).FindMethodByName(name)
    request, answer = (message_class(pool, kind.full_name) for kind in (method.input_type, method.output_type))
    call = channel.unary_unary(
        f"/{service}/{name}", request_serializer=request.SerializeToString, response_deserializer=answer.FromString
    )
    return request, lambda message, **how: call(message, timeout=TIMEOUT_SECONDS, **how)


def main(target, model):
    with open(os.environ["BLINDAI_KEY_FILE"], encoding="utf-8") as file:
        metadata = [("authorization", f"Bearer {file.read().strip()}")]
    with connect(target) as channel:
        pool = descriptor_pool.DescriptorPool()
        for symbol in (SERVICE, "grpc.health.v1.Health"):
            for file in file_of_symbol(channel, symbol, metadata):
                pool.Add(file)

        asks_health, health = method_of(channel, pool, "grpc.health.v1.Health", "Check")
        status = health(asks_health(service=SERVICE)).status

        asks_metadata, model_metadata = method_of(channel, pool, SERVICE, "ModelMetadata")
        asks_infer, infer = method_of(channel, pool, SERVICE, "ModelInfer")
        request = asks_infer(model_name=model, id="1")
        for known in model_metadata(asks_metadata(name=model), metadata=metadata).inputs:
            shape = [max(length, 1) for length in known.shape]
            request.inputs.add(name=known.name, datatype=known.datatype, shape=shape)
            request.raw_input_contents.append(ONE[known.datatype] * math.prod(shape))
        answer = infer(request, metadata=metadata)
        outputs = [
            {"name": output.name, "datatype": output.datatype, "shape": list(output.shape), "data": data.hex()}
            for output, data in zip(answer.outputs, answer.raw_output_contents)
        ]
        print(json.dumps({"healthy": status == 1, "model": answer.model_name, "id": answer.id, "outputs": outputs}))


if __name__ == "__main__":
    main(*sys.argv[1:])
