"""A Triton model that runs the ONNX file of its parameter `file` on the CPU with `threads` threads."""
import triton_python_backend_utils as pb
import json

import onnxruntime


class TritonPythonModel:
    def initialize(self, args):
        parameters = json.loads(args["model_config"])["parameters"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(parameters["threads"]["string_value"])
        file = parameters["file"]["string_value"]
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def execute(self, requests):
        responses = []
        for request in requests:
            image = pb.get_input_tensor_by_name(request, "input").as_numpy()
            (mask,) = self.session.run(None, {"input": image})
            responses.append(pb.InferenceResponse([pb.Tensor("ArgMax", mask)]))
        return responses
