"""What tritonclient can ask for, over HTTP or gRPC: triton_checks.py http|grpc HOST:PORT."""
import sys

import numpy as np

import checks
from checks import check, fails

KIND, ADDRESS = sys.argv[1:3]
if KIND == "http":
    import tritonclient.http as api
else:
    import tritonclient.grpc as api


def field(answer, name):
    """Of a dict (HTTP) or of a message (gRPC)."""
    return answer[name] if isinstance(answer, dict) else getattr(answer, name)


def tensor(name, array, datatype, **options):
    value = api.InferInput(name, list(array.shape), datatype)
    value.set_data_from_numpy(array, **options)
    return value


def wanted(name, **options):
    return api.InferRequestedOutput(name, **options)


BYTES = np.arange(1000, dtype=np.uint8)


@check
def health(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("identity")
    assert not client.is_model_ready("nobody")


@check
def metadata(client):
    server = client.get_server_metadata()
    assert field(server, "name") and "binary_tensor_data" in field(server, "extensions"), server
    model = client.get_model_metadata("times")
    [x] = field(model, "inputs")
    assert field(x, "datatype") == "FP32" and [int(size) for size in field(x, "shape")] == [-1], model
    assert sorted(field(model, "versions")) == ["1", "2"], model
    fails(lambda: client.get_model_metadata("nobody"), "nobody")


@check
def configuration(client):
    config = client.get_model_config("times")
    config = config if isinstance(config, dict) else config.config
    assert field(config, "name") == "times" and int(field(config, "max_batch_size")) == 0
    [x] = field(config, "input")
    assert field(x, "data_type") in ("TYPE_FP32", 11), config


@check
def statistics(client):
    def count():
        answer = client.get_inference_statistics("identity")
        [model] = field(answer, "model_stats")
        return int(field(model, "inference_count"))

    before = count()
    for _ in range(3):
        client.infer("identity", [tensor("input", BYTES, "UINT8")])
    assert count() == before + 3


@check
def binary(client):
    result = client.infer("identity", [tensor("input", BYTES, "UINT8")], request_id="r-1")
    assert np.array_equal(result.as_numpy("output"), BYTES)
    assert field(result.get_response(), "id") == "r-1"


@check
def large(client):
    data = np.arange(25_165_824 // 4, dtype=np.uint32).view(np.uint8)
    result = client.infer("identity", [tensor("input", data, "UINT8")])
    assert np.array_equal(result.as_numpy("output"), data)


@check
def image_to_mask(client):
    image = np.random.default_rng(1).integers(0, 255, (1, 608, 968, 3), dtype=np.uint8)
    name = field(field(client.get_model_metadata("m1-small"), "inputs")[0], "name")
    result = client.infer("m1-small", [tensor(name, image, "UINT8")])
    [output] = field(result.get_response(), "outputs")
    mask = result.as_numpy(field(output, "name"))
    assert mask.size % (608 * 968) == 0 and mask.max() < 20, (mask.shape, mask.max())


@check
def half_precision(client):
    x = np.array([0.5, -2, 1000], dtype=np.float16)
    assert np.array_equal(client.infer("half", [tensor("x", x, "FP16")]).as_numpy("y"), x + x)


@check
def texts(client):
    x = np.array([b"bird", "Straße".encode(), b""], dtype=np.object_)
    assert list(client.infer("text", [tensor("x", x, "BYTES")]).as_numpy("y")) == list(x)


@check
def classification(client):
    x = np.array([[0.1, 0.7, 0.5, 0.2]], dtype=np.float32)
    result = client.infer("scores", [tensor("x", x, "FP32")], outputs=[wanted("y", class_count=2)])
    rows = result.as_numpy("y")
    assert rows.size == 2, rows
    first, second = [row.decode().split(":") for row in rows.reshape(-1)]
    assert first[1:] == ["1", "person"] and second[1:] == ["2", "car"], rows
    assert abs(float(first[0]) - 0.7) < 1e-6, rows


@check
def versions(client):
    x = np.array([1, 2], dtype=np.float32)
    for version, factor in ("1", 2), ("2", 3), ("", 3):
        result = client.infer("times", [tensor("x", x, "FP32")], model_version=version)
        assert np.array_equal(result.as_numpy("y"), x * factor), version
        assert field(result.get_response(), "model_version") == (version or "2")
    fails(lambda: client.infer("times", [tensor("x", x, "FP32")], model_version="7"))


@check
def compressed(client):
    if KIND == "http":
        for coding in "gzip", "deflate":
            result = client.infer(
                "identity",
                [tensor("input", BYTES, "UINT8")],
                request_compression_algorithm=coding,
                response_compression_algorithm=coding,
            )
            assert np.array_equal(result.as_numpy("output"), BYTES)
    else:
        for coding in "gzip", "deflate":
            result = client.infer("identity", [tensor("input", BYTES, "UINT8")], compression_algorithm=coding)
            assert np.array_equal(result.as_numpy("output"), BYTES)


@check
def repository(client):
    def state(name):
        index = client.get_model_repository_index()
        rows = index if isinstance(index, list) else index.models
        found = {field(row, "name"): row for row in rows}
        row = found[name]
        return row.get("state", "") if isinstance(row, dict) else row.state

    assert state("half") == "READY"
    client.unload_model("half")
    assert state("half") != "READY" and not client.is_model_ready("half")
    x = np.ones(1, dtype=np.float16)
    fails(lambda: client.infer("half", [tensor("x", x, "FP16")]))
    client.load_model("half")
    assert state("half") == "READY" and client.is_model_ready("half")
    assert client.infer("half", [tensor("x", x, "FP16")]).as_numpy("y")[0] == 2
    fails(lambda: client.load_model("nobody"), "nobody")


@check
def shared_memory_is_refused(client):
    calls = [
        lambda: client.register_system_shared_memory("region", "/nobody", 16),
        lambda: client.get_system_shared_memory_status(),
        lambda: client.get_cuda_shared_memory_status(),
    ]
    for call in calls:
        # Not the text that a broken connection or a missing path would give.
        fails(call, "shared memory")


@check
def errors(client):
    wrong_type = np.zeros(4, dtype=np.float32)
    fails(lambda: client.infer("identity", [tensor("input", wrong_type, "FP32")]), "FP32", "UINT8")
    fails(lambda: client.infer("nobody", [tensor("input", BYTES, "UINT8")]), "nobody")
    fails(lambda: client.infer("identity", [tensor("other", BYTES, "UINT8")]), "input")


if KIND == "http":

    @check
    def json_numbers(client):
        result = client.infer(
            "identity",
            [tensor("input", BYTES, "UINT8", binary_data=False)],
            outputs=[wanted("output", binary_data=False)],
        )
        assert np.array_equal(result.as_numpy("output"), BYTES)
        x = np.array([b"bird", b"car"], dtype=np.object_)
        result = client.infer(
            "text", [tensor("x", x, "BYTES", binary_data=False)], outputs=[wanted("y", binary_data=False)]
        )
        assert [str(text) for text in result.as_numpy("y")] == ["bird", "car"] or list(result.as_numpy("y")) == list(x)

    @check
    def several_at_once(client):
        calls = [client.async_infer("identity", [tensor("input", BYTES[:n], "UINT8")]) for n in range(1, 9)]
        assert [len(call.get_result().as_numpy("output")) for call in calls] == list(range(1, 9))

else:

    @check
    def stream(client):
        import queue

        answers = queue.Queue()
        client.start_stream(lambda result, error: answers.put((result, error)))
        for n in range(1, 9):
            client.async_stream_infer("identity", [tensor("input", BYTES[:n], "UINT8")], request_id=str(n))
        client.async_stream_infer("nobody", [tensor("input", BYTES, "UINT8")], request_id="bad")
        found = [answers.get(timeout=10) for _ in range(9)]
        client.stop_stream()
        good = {result.get_response().id: len(result.as_numpy("output")) for result, error in found if error is None}
        assert good == {str(n): n for n in range(1, 9)}, good
        [message] = [str(error) for _, error in found if error is not None]
        assert "nobody" in message, message


with api.InferenceServerClient(ADDRESS, **({"concurrency": 8} if KIND == "http" else {})) as server:
    checks.run(server)
