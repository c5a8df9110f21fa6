"""KServe's Python server with two models: `identity` (V2 and V1) and `null`."""
from typing import Any, Dict, Union

import kserve
import numpy as np
from kserve import InferOutput, InferRequest, InferResponse


class Bytes(kserve.Model):
    def __init__(self, name: str):
        super().__init__(name)
        self.ready = True

    async def get_input_types(self):
        return [{"name": "input", "datatype": "UINT8", "shape": [-1]}]

    async def get_output_types(self):
        return [{"name": "output", "datatype": "UINT8", "shape": [-1]}]

    async def predict(self, payload: Union[Dict[str, Any], InferRequest], headers=None, response_headers=None):
        if isinstance(payload, dict):
            instances = payload["instances"]
            return {"predictions": instances if self.name == "identity" else [0]}
        data = payload.inputs[0].as_numpy()
        answer = data if self.name == "identity" else np.zeros(1, dtype=np.uint8)
        output = InferOutput("output", list(answer.shape), "UINT8")
        output.set_data_from_numpy(answer, binary_data=False)
        return InferResponse(payload.id, self.name, [output])


if __name__ == "__main__":
    kserve.ModelServer().start([Bytes("identity"), Bytes("null")])
