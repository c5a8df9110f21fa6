"""MLServer's models: `identity` answers its input, `null` one byte."""
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Bytes(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        answer = np.zeros(1, dtype=np.uint8)
        if self.name == "identity":
            answer = NumpyCodec.decode_input(payload.inputs[0]).astype(np.uint8).reshape(-1)
        output = NumpyCodec.encode_output("output", answer)
        output.shape = [len(answer)]
        return InferenceResponse(id=payload.id, model_name=self.name, outputs=[output])
