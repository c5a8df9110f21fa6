"""Answers its input."""
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        return [
            pb.InferenceResponse([pb.Tensor("output", pb.get_input_tensor_by_name(request, "input").as_numpy())])
            for request in requests
        ]
