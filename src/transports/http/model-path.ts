/** The model that a path names. */
export interface ModelPath {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
}

/** The parameters of a path below `/v2/models/:model` or `/v2/models/:model/versions/:version`. */
export interface ModelParams {
  readonly model: string;
  readonly version?: string;
}

/** The model that a path's parameters name. */
export function modelOf({ model, version }: ModelParams): ModelPath {
  return { modelName: model, modelVersion: version };
}
