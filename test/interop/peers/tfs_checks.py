"""A TensorFlow Serving client with TensorFlow's own messages: tfs_checks.py GRPC_HOST:PORT."""
import sys

import grpc
import numpy as np
from min_tfs_client.requests import TensorServingClient
from min_tfs_client.tensors import tensor_proto_to_ndarray
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

import checks
from checks import check

HOST, PORT = sys.argv[1].rsplit(":", 1)
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
channel = grpc.insecure_channel(sys.argv[1], options=UNLIMITED)


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@check
def predict(client):
    x = np.array([1, 2.5], dtype=np.float32)
    response = client.predict_request("times", {"x": x})
    assert np.array_equal(tensor_proto_to_ndarray(response.outputs["y"]), x * 3)
    # What clients read when they know no tensor_content.
    assert list(response.outputs["y"].float_val) == [3, 7.5]
    assert response.model_spec.name == "times" and response.model_spec.version.value == 2


@check
def version(client):
    x = np.array([1, 2], dtype=np.float32)
    response = client.predict_request("times", {"x": x}, model_version=1)
    assert np.array_equal(tensor_proto_to_ndarray(response.outputs["y"]), x * 2)


@check
def bytes_and_texts(client):
    data = np.arange(200, dtype=np.uint8)
    response = client.predict_request("identity", {"input": data})
    assert np.array_equal(tensor_proto_to_ndarray(response.outputs["output"]), data)
    request = PredictRequest()
    request.model_spec.name = "text"
    request.inputs["x"].dtype = 7
    request.inputs["x"].tensor_shape.dim.add().size = 2
    request.inputs["x"].string_val.extend([b"bird", b""])
    response = PredictionServiceStub(channel).Predict(request, 10)
    assert list(response.outputs["y"].string_val) == [b"bird", b""]


@check
def tensor_content(_client):
    request = PredictRequest()
    request.model_spec.name = "times"
    request.model_spec.signature_name = "serving_default"
    x = request.inputs["x"]
    x.dtype = 1
    x.tensor_shape.dim.add().size = 1_100_000
    x.tensor_content = np.ones(1_100_000, dtype=np.float32).tobytes()
    response = PredictionServiceStub(channel).Predict(request, 20)
    assert len(response.outputs["y"].float_val) == 1_100_000 and response.outputs["y"].float_val[-1] == 3


@check
def metadata(_client):
    request = GetModelMetadataRequest()
    request.model_spec.name = "times"
    request.metadata_field.append("signature_def")
    response = PredictionServiceStub(channel).GetModelMetadata(request, 10)
    signatures = SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures), response
    default = signatures.signature_def["serving_default"]
    assert default.inputs["x"].dtype == 1 and default.method_name == "tensorflow/serving/predict", default
    assert [dim.size for dim in default.inputs["x"].tensor_shape.dim] == [-1], default


@check
def status(_client):
    request = GetModelStatusRequest()
    request.model_spec.name = "times"
    response = ModelServiceStub(channel).GetModelStatus(request, 10)
    found = {row.version: row.state for row in response.model_version_status}
    assert found == {1: 30, 2: 30}, response


@check
def errors(client):
    x = np.array([1], dtype=np.float32)
    assert code_of(lambda: client.predict_request("nobody", {"x": x})) == grpc.StatusCode.NOT_FOUND
    assert code_of(lambda: client.predict_request("times", {"z": x})) == grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: client.predict_request("times", {"x": x}, model_version=9)) == grpc.StatusCode.NOT_FOUND


checks.run(TensorServingClient(HOST, int(PORT)))
